//! Fields of an object with their paths, and the checks of their JSON types.

use std::fmt;

use serde_json::Value;

use super::error::FieldError;

/// A value and where it stands. Walking it and asking for types collects the errors on the way.
///
/// Kubernetes takes `null` as absent, and so does this.
#[derive(Clone)]
pub(super) struct Field<'v> {
    path: Path,
    value: Option<&'v Value>,
}

impl<'v> Field<'v> {
    pub(super) fn root(value: &'v Value) -> Self {
        Self { path: Path::default(), value: Some(value) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_set(&self) -> bool {
        self.value.is_some_and(|value| !value.is_null())
    }

    /// The field of this name; it may be absent.
    pub(super) fn child(&self, name: &'static str) -> Self {
        let value = self.value.and_then(|value| value.get(name));
        Self { path: self.path.with(Segment::Field(name)), value }
    }

    /// The field at a path of names, `a.b.c`.
    pub(super) fn descendant(&self, names: impl IntoIterator<Item = &'static str>) -> Self {
        names.into_iter().fold(self.clone(), |field, name| field.child(name))
    }

    /// Whether an object stands here, or nothing; all else is an error.
    pub(super) fn object(&self, errors: &mut Vec<FieldError>) -> bool {
        self.typed(errors, "object", Value::is_object)
    }

    /// The text here, the empty one included; anything but text or nothing is an error.
    pub(super) fn text(&self, errors: &mut Vec<FieldError>) -> Option<&'v str> {
        self.typed(errors, "string", Value::is_string);
        self.value?.as_str()
    }

    /// The text here, or an error if there is none.
    pub(super) fn required_text(&self, errors: &mut Vec<FieldError>) -> Option<&'v str> {
        let text = self.text(errors).filter(|text| !text.is_empty());
        if text.is_none() && !self.value.is_some_and(|value| !value.is_null() && !value.is_string()) {
            errors.push(FieldError::required(self, ""));
        }
        text
    }

    pub(super) fn boolean(&self, errors: &mut Vec<FieldError>) -> Option<bool> {
        self.typed(errors, "boolean", Value::is_boolean);
        self.value?.as_bool()
    }

    /// The items of the list here, `null`s among them; anything but a list or nothing is an error.
    pub(super) fn items(&self, errors: &mut Vec<FieldError>) -> Vec<Self> {
        self.typed(errors, "array", Value::is_array);
        let items = self.value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let at = |index| self.path.with(Segment::Index(index));
        items.iter().enumerate().map(|(index, item)| Self { path: at(index), value: Some(item) }).collect()
    }

    /// As [`items`](Self::items), for lists of text; a `null` among them is an error.
    pub(super) fn texts(&self, errors: &mut Vec<FieldError>) -> Vec<&'v str> {
        let mut texts = Vec::new();
        for item in self.items(errors) {
            match item.value {
                Some(Value::String(text)) => texts.push(text.as_str()),
                other => errors.push(FieldError::wrong_type(&item, "string", type_name(other))),
            }
        }
        texts
    }

    fn typed(&self, errors: &mut Vec<FieldError>, expected: &'static str, is: fn(&Value) -> bool) -> bool {
        match self.value {
            None | Some(Value::Null) => true,
            Some(value) if is(value) => true,
            other => {
                errors.push(FieldError::wrong_type(self, expected, type_name(other)));
                false
            }
        }
    }
}

/// The type as messages about schemas name it.
pub(super) fn type_name(value: Option<&Value>) -> &'static str {
    match value {
        None | Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(number)) if number.is_f64() => "number",
        Some(Value::Number(_)) => "integer",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

/// The place of a field. All names come from this crate, so that a path repeats nothing of the object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Segment>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment {
    Field(&'static str),
    Index(usize),
}

impl Path {
    fn with(&self, segment: Segment) -> Self {
        Self(self.0.iter().copied().chain([segment]).collect())
    }

    pub(super) fn pointer(&self) -> String {
        let segment = |segment: &Segment| match segment {
            Segment::Field(name) => format!("/{name}"),
            Segment::Index(index) => format!("/{index}"),
        };
        self.0.iter().map(segment).collect()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if at == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
