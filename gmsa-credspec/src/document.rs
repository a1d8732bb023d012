use gmsa_types::CredentialSpec;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, IntoDeserializer, Visitor};

use crate::json::{DEPTH_LIMIT, Fault, Node, Value, read_object};
use crate::number::Decoded;
use crate::pointer::Segment;
use crate::read_error::{ReadError, ReadErrorKind};

/// Reads a credential spec document, strictly.
///
/// The document has to be JSON without tricks; what it *says* is kept, right or wrong, with the keys and types
/// that the format does not know.
///
/// # Errors
/// [`ReadError`] for a text that is not exactly one JSON object, read strictly: see [`ReadErrorKind`].
///
/// ```
/// use gmsa_credspec::read;
///
/// let spec = read(r#"{"CmsPlugins":["ActiveDirectory"],"Extra":1}"#)?;
/// assert!(spec.cms_plugins.is_some());
/// assert!(spec.unknown.contains_key("Extra"));
/// # Ok::<(), gmsa_credspec::ReadError>(())
/// ```
pub fn read(text: &str) -> Result<CredentialSpec, ReadError> {
    let document = read_object(text, DEPTH_LIMIT)?;
    let reserved = |fault: Box<Fault<'_>>| ReadError::new(text, &fault);
    refuse_reserved_keys(&document).map_err(reserved)?;
    let start = document.offset;
    // The model takes any object, so that keys with a meaning to serde_json are all that it could refuse.
    CredentialSpec::deserialize(document).map_err(|_| reserved(Fault::new(ReadErrorKind::ReservedKey, start)))
}

/// With features that any crate of a program may turn on, serde_json reads an object with one of its private
/// keys as a number or as raw JSON. The document would then say something else than its text.
fn refuse_reserved_keys<'n>(node: &'n Node<'_>) -> Result<(), Box<Fault<'n>>> {
    match &node.value {
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            refuse_reserved_keys(item).map_err(|fault| fault.within(Segment::Index(index)))
        }),
        Value::Object(members) => members.iter().try_for_each(|member| {
            let inner = if member.key.starts_with("$serde_json::private::") {
                Err(Fault::new(ReadErrorKind::ReservedKey, member.offset))
            } else {
                refuse_reserved_keys(&member.node)
            };
            inner.map_err(|fault| fault.within(Segment::Key((&*member.key).into())))
        }),
        _ => Ok(()),
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Boolean(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.decode(), number.literal()) {
                // serde_json keeps the sign of minus zero, too.
                (_, "-0") => visitor.visit_f64(-0.0),
                (Decoded::Integer(integer), _) => match u64::try_from(integer) {
                    Ok(natural) => visitor.visit_u64(natural),
                    Err(_) => visitor.visit_i64(integer),
                },
                (Decoded::Float(float), literal) => match literal.parse() {
                    Ok(natural) => visitor.visit_u64(natural),
                    Err(_) => visitor.visit_f64(float),
                },
            },
            Value::String(text) => text.into_deserializer().deserialize_any(visitor),
            Value::Array(items) => SeqDeserializer::new(items.into_iter()).deserialize_any(visitor),
            Value::Object(members) => {
                MapDeserializer::new(members.into_iter().map(|member| (member.key, member.node)))
                    .deserialize_any(visitor)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
