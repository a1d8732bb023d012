//! Strategies for property tests: documents, the ways to write one, and texts that only look like one.
//!
//! ```
//! use gmsa_credspec::{CanonicalContents, strategy};
//! use proptest::{prelude::*, test_runner::TestRunner};
//!
//! let ways = (strategy::document(), strategy::taste(), strategy::taste());
//! TestRunner::default().run(&ways, |(document, one, other)| {
//!     let (one, other) = (document.written(&one), document.written(&other));
//!     prop_assert_eq!(CanonicalContents::from_json(&one), CanonicalContents::from_json(&other));
//!     Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod json;

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
};

pub use json::{Json, Taste};

use crate::source::Encoding;

/// Objects with numbers of any kind, keys of the format among others, and no key twice.
pub fn document() -> impl Strategy<Value = Json> {
    object(number_literal().boxed())
}

/// The same, with numbers that are exact both as 64-bit integers and as floating-point numbers.
pub fn exact_document() -> impl Strategy<Value = Json> {
    object(exact_number().boxed())
}

/// A way to write documents.
pub fn taste() -> impl Strategy<Value = Taste> {
    vec(any::<u8>(), 1..40).prop_map(|bytes| Taste::new(&bytes))
}

/// Keys: those of the format, those near them, and any text.
pub fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
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

/// Numbers as JSON writes them, of up to 25 digits on either side of the point.
pub fn number_literal() -> impl Strategy<Value = String> {
    prop_oneof![exact_number(), "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?"]
}

/// Contents that a pod may carry: a valid credential spec, written in any way.
pub fn contents() -> impl Strategy<Value = String> {
    (gmsa_types::strategy::credential_spec(), taste())
        .prop_filter_map("a document that is no JSON", |(spec, taste)| {
            Some(Json::from(serde_json::to_value(spec).ok()?).written(&taste))
        })
}

/// Contents that no pod may carry, for readers disagree on what they say, or say nothing: a key twice at the top or
/// further down, data after the end, a byte order mark, half a surrogate pair, too many levels, a comment, an end too
/// early, and values that are no object.
pub fn hostile_contents() -> impl Strategy<Value = String> {
    let of = |make: fn(&str) -> String| contents().prop_map(move |text| make(text.trim()));
    prop_oneof![
        // The same key once escapes are resolved.
        of(|text| inside(text, "\"Extra\":1,\"\\u0045xtra\":1")),
        of(|text| inside(text, "\"Extra\":{\"Sid\":\"a\",\"Sid\":\"b\"}")),
        of(|text| format!("{text} {{}}")),
        of(|text| format!("\u{feff}{text}")),
        of(|text| inside(text, "\"Extra\":\"\\ud800\"")),
        of(|text| inside(text, &format!("\"Extra\":{}{}", "[".repeat(80), "]".repeat(80)))),
        of(|text| inside(text, "/* \"Sid\" */\"Extra\":1")),
        of(|text| text.strip_suffix('}').unwrap_or(text).to_owned()),
        select(&["", "null", "[]", "{", "\"{}\"", "0", "{'a':1}", "{\"a\":NaN}", "{\"a\":1e999}"][..])
            .prop_map(str::to_owned),
    ]
}

/// A text as the bytes of a file, in any of the encodings that [`read_source`](crate::source::read_source) reads; not
/// every text can be told apart without a byte order mark, so those of UTF-16 have one.
pub fn encoded(text: impl Strategy<Value = String>) -> impl Strategy<Value = (Encoding, Vec<u8>)> {
    let encodings = select(vec![Encoding::Utf8, Encoding::Utf8Bom, Encoding::Utf16Le, Encoding::Utf16Be]);
    (text, encodings).prop_map(|(text, encoding)| {
        let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
        let bytes = match encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::Utf8Bom => format!("\u{feff}{text}").into_bytes(),
            Encoding::Utf16Le => units().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => units().flat_map(u16::to_be_bytes).collect(),
        };
        (encoding, bytes)
    })
}

/// The text of an object with these members before its own.
fn inside(text: &str, members: &str) -> String {
    text.replacen('{', &format!("{{{members},"), 1)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~]{0,12}",
        1 => any::<String>(),
        1 => select(vec![
            "S-1-5-21-1-2-3", "<b>&'\"", "\u{2028}\u{2029}", "\u{e2}\u{2020}", "\u{7f}\u{80}", "\u{1}\u{1f}", "\u{feff}", "😀",
        ])
        .prop_map(str::to_owned),
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

fn value(number: BoxedStrategy<String>) -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        number.prop_map(Json::Number),
        text().prop_map(Json::Text),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Json::Array),
            btree_map(key(), inner, 0..6).prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn object(number: BoxedStrategy<String>) -> impl Strategy<Value = Json> {
    btree_map(key(), value(number), 0..6).prop_map(|members| Json::Object(members.into_iter().collect()))
}
