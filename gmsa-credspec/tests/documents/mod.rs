//! Documents as proptest strategies: what they say, and the ways to write it.

use proptest::prelude::*;

/// A JSON value that keeps the literal of a number and the order and number of keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Self>),
    Object(Members),
}

/// The keys and values of an object.
pub(crate) type Members = Vec<(String, Json)>;

/// The source of every choice that writing a document leaves open: order, white space, escapes.
pub(crate) struct Taste {
    bytes: Vec<u8>,
    at: usize,
}

impl Taste {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), at: 0 }
    }

    fn pick(&mut self, choices: usize) -> usize {
        let byte = self.bytes.get(self.at % self.bytes.len().max(1)).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % choices
    }

    fn space(&mut self, out: &mut String) {
        out.push_str(["", "", " ", "\n", "\r\n\t"][self.pick(5)]);
    }
}

impl Json {
    /// Writes the document compactly and plainly.
    pub(crate) fn plain(&self) -> String {
        self.written(&mut Taste::new(&[]))
    }

    /// Writes the document in one of the ways that say the same.
    pub(crate) fn written(&self, taste: &mut Taste) -> String {
        let mut out = String::new();
        self.write(taste, &mut out);
        out
    }

    fn write(&self, taste: &mut Taste, out: &mut String) {
        taste.space(out);
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(literal) => out.push_str(literal),
            Self::Text(text) => write_text(text, taste, out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(taste, out);
                }
                taste.space(out);
                out.push(']');
            }
            Self::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                let turn = if members.is_empty() { 0 } else { taste.pick(members.len()) };
                members.rotate_left(turn);
                if taste.pick(2) == 1 {
                    members.reverse();
                }
                out.push('{');
                for (index, (key, value)) in members.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    taste.space(out);
                    write_text(key, taste, out);
                    taste.space(out);
                    out.push(':');
                    value.write(taste, out);
                }
                taste.space(out);
                out.push('}');
            }
        }
        taste.space(out);
    }

    /// The number of values that hold no others.
    pub(crate) fn leaves(&self) -> usize {
        match self {
            Self::Array(items) if !items.is_empty() => items.iter().map(Self::leaves).sum(),
            Self::Object(members) if !members.is_empty() => {
                members.iter().map(|(_, value)| value.leaves()).sum()
            }
            _ => 1,
        }
    }

    /// The n-th value that holds no others.
    pub(crate) fn leaf_mut(&mut self, n: &mut usize) -> Option<&mut Self> {
        let is_leaf = match self {
            Self::Array(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            _ => true,
        };
        if is_leaf {
            let hit = *n == 0;
            *n = n.wrapping_sub(1);
            return hit.then_some(self);
        }
        match self {
            Self::Array(items) => items.iter_mut().find_map(|item| item.leaf_mut(n)),
            Self::Object(members) => members.iter_mut().find_map(|(_, value)| value.leaf_mut(n)),
            _ => None,
        }
    }

    /// Calls `visit` on every object that has a key, and counts them.
    pub(crate) fn visit_objects(&mut self, visit: &mut dyn FnMut(&mut Members)) -> usize {
        match self {
            Self::Array(items) => items.iter_mut().map(|item| item.visit_objects(visit)).sum(),
            Self::Object(members) if !members.is_empty() => {
                let inner: usize = members.iter_mut().map(|(_, value)| value.visit_objects(visit)).sum();
                visit(members);
                inner + 1
            }
            _ => 0,
        }
    }
}

fn write_text(text: &str, taste: &mut Taste, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        let short = match character {
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '/' => Some("\\/"),
            '\u{8}' => Some("\\b"),
            '\u{c}' => Some("\\f"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            '\t' => Some("\\t"),
            _ => None,
        };
        let must = matches!(character, '"' | '\\' | '\0'..='\u{1f}');
        match (taste.pick(6), short) {
            (0..=3, _) if !must => out.push(character),
            (0..=4, Some(short)) => out.push_str(short),
            (choice, _) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&if choice == 5 {
                        format!("\\u{unit:04X}")
                    } else {
                        format!("\\u{unit:04x}")
                    });
                }
            }
        }
    }
    out.push('"');
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~]{0,12}",
        1 => any::<String>(),
        1 => proptest::sample::select(vec![
            "S-1-5-21-1-2-3", "<b>&'\"", "\u{2028}\u{2029}", "\u{e2}\u{2020}", "\u{7f}\u{80}", "\u{1}\u{1f}", "\u{feff}", "😀",
        ])
        .prop_map(str::to_owned),
    ]
}

pub(crate) fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "CmsPlugins",
            "DomainJoinConfig",
            "ActiveDirectoryConfig",
            "Sid",
            "Guid",
            "NetBiosName",
            "GroupManagedServiceAccounts",
            "HostAccountConfig",
            "Name",
            "Scope",
            "PluginInput",
            "sid",
            "",
            "a/b~c",
        ])
        .prop_map(str::to_owned),
        text(),
    ]
}

/// Numbers with an exact decimal value that survives both 64-bit integers and floating point.
fn exact_number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|integer| integer.to_string()),
        (-1_000_000_i32..1_000_000, 0_u32..4)
            .prop_map(|(whole, quarters)| format!("{whole}.{:02}", quarters * 25)),
        Just("0".to_owned()),
    ]
}

pub(crate) fn number_literal() -> impl Strategy<Value = String> {
    prop_oneof![exact_number(), "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?"]
}

fn value(number: BoxedStrategy<String>) -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        number.prop_map(Json::Number),
        text().prop_map(Json::Text),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            proptest::collection::btree_map(key(), inner, 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn object(number: BoxedStrategy<String>) -> impl Strategy<Value = Json> {
    proptest::collection::btree_map(key(), value(number), 0..6)
        .prop_map(|members| Json::Object(members.into_iter().collect()))
}

/// Documents with numbers of any kind and no duplicate keys.
pub(crate) fn document() -> impl Strategy<Value = Json> {
    object(number_literal().boxed())
}

/// Documents whose numbers are exact as 64-bit integers and floating-point numbers.
pub(crate) fn exact_document() -> impl Strategy<Value = Json> {
    object(exact_number().boxed())
}

pub(crate) fn taste() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..40)
}
