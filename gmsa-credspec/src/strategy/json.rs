use serde_json::Value;

/// A JSON value that keeps the literal of a number, and the order and number of keys: it can be a document that no
/// strict reader takes.
///
/// ```
/// use gmsa_credspec::strategy::Json;
///
/// let twice = vec![("a".to_owned(), Json::Number("1e0".to_owned())), ("a".to_owned(), Json::Null)];
/// assert_eq!(Json::Object(twice).plain(), r#"{"a":1e0,"a":null}"#);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "JSON has these types")]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Self>),
    /// An object: its keys and values, in their order.
    Object(Vec<(String, Self)>),
}

/// Every choice that writing a document leaves open: order of keys, white space, escapes.
///
/// The bytes are the choices, in turn and again from the start; without any, the text is compact and plain.
///
/// ```
/// use gmsa_credspec::strategy::{Json, Taste};
///
/// let document = Json::Object(vec![("a".to_owned(), Json::Null)]);
/// assert_eq!(document.written(&Taste::default()), r#"{"a":null}"#);
/// let other = document.written(&Taste::new(&[3, 1, 4]));
/// assert_ne!(other, r#"{"a":null}"#);
/// assert!(gmsa_credspec::compare(&other, r#"{"a":null}"#).is_equal());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taste(Vec<u8>);

impl Taste {
    /// The taste of these choices.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

/// A text on its way, and how far the taste has been heeded.
struct Pen<'t> {
    taste: &'t [u8],
    at: usize,
    out: String,
}

impl Pen<'_> {
    fn pick(&mut self, choices: usize) -> usize {
        let turn = self.at.checked_rem(self.taste.len()).unwrap_or(0);
        self.at = self.at.wrapping_add(1);
        usize::from(self.taste.get(turn).copied().unwrap_or(0)).checked_rem(choices).unwrap_or(0)
    }

    fn space(&mut self) {
        let spaces = ["", "", " ", "\n", "\r\n\t"];
        let space = spaces.get(self.pick(spaces.len())).copied().unwrap_or_default();
        self.out.push_str(space);
    }
}

impl Json {
    /// The document, compactly and plainly.
    pub fn plain(&self) -> String {
        self.written(&Taste::default())
    }

    /// The document in one of the ways that say the same.
    pub fn written(&self, taste: &Taste) -> String {
        let mut pen = Pen { taste: &taste.0, at: 0, out: String::new() };
        self.write(&mut pen);
        pen.out
    }

    fn write(&self, pen: &mut Pen<'_>) {
        pen.space();
        match self {
            Self::Null => pen.out.push_str("null"),
            Self::Bool(value) => pen.out.push_str(if *value { "true" } else { "false" }),
            Self::Number(literal) => pen.out.push_str(literal),
            Self::Text(text) => write_text(text, pen),
            Self::Array(items) => {
                pen.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        pen.out.push(',');
                    }
                    item.write(pen);
                }
                pen.space();
                pen.out.push(']');
            }
            Self::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                let turn = if members.is_empty() { 0 } else { pen.pick(members.len()) };
                members.rotate_left(turn);
                if pen.pick(2) == 1 {
                    members.reverse();
                }
                pen.out.push('{');
                for (index, (key, value)) in members.into_iter().enumerate() {
                    if index > 0 {
                        pen.out.push(',');
                    }
                    pen.space();
                    write_text(key, pen);
                    pen.space();
                    pen.out.push(':');
                    value.write(pen);
                }
                pen.space();
                pen.out.push('}');
            }
        }
        pen.space();
    }
}

/// Numbers become the literals that `serde_json` writes.
impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
        }
    }
}

fn write_text(text: &str, pen: &mut Pen<'_>) {
    pen.out.push('"');
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
        match (pen.pick(6), short) {
            (0..=3, _) if !must => pen.out.push(character),
            (0..=4, Some(short)) => pen.out.push_str(short),
            (choice, _) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    pen.out.push_str(&if choice == 5 {
                        format!("\\u{unit:04X}")
                    } else {
                        format!("\\u{unit:04x}")
                    });
                }
            }
        }
    }
    pen.out.push('"');
}
