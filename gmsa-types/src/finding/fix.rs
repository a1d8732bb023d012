use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// A change that removes a finding: a list of edits, made one after another, all of them or none.
///
/// The pointers of an edit hold for the document as the edits before it leave it, and start at the document that
/// the finding's pointer starts at. The edits are data and hold values of the document; `Debug` shows none.
///
/// ```
/// use gmsa_types::finding::{Edit, Fix};
/// use serde_json::json;
///
/// // The second edit names the key as the first one leaves it.
/// let fix = Fix::new(
///     "write the name of the account",
///     [Edit::rename_key("/machineAccountName", "MachineAccountName"),
///      Edit::replace("/MachineAccountName", json!("WebApp1"))],
/// );
/// let fixed = fix.apply(&json!({"machineAccountName": "WebApp1$"}))?;
/// assert_eq!(fixed, json!({"MachineAccountName": "WebApp1"}));
/// assert!(!format!("{fix:?}").contains("WebApp1"));
/// # Ok::<(), gmsa_types::finding::FixError>(())
/// ```
#[derive(Clone, PartialEq, Serialize)]
pub struct Fix {
    title: String,
    edits: Vec<Edit>,
}

impl Fix {
    /// A fix: what it does, in the imperative and without a value of the document, and the edits that do it.
    pub fn new(title: impl Into<String>, edits: impl IntoIterator<Item = Edit>) -> Self {
        Self { title: title.into(), edits: edits.into_iter().collect() }
    }

    /// What it does, such as `drop the RID`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The edits, in the order in which they are made.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Applies the fix to a document.
    ///
    /// A key that is renamed stays where it is among the others, and a new one comes last. What that means for the
    /// text depends on the program: `serde_json` keeps the keys of an object sorted, unless its feature
    /// `preserve_order` is on.
    ///
    /// # Errors
    /// [`FixError`] for a document that an edit does not fit, such as one that was changed since the finding was
    /// made.
    ///
    /// ```
    /// use gmsa_types::finding::{Edit, Fix, FixErrorKind};
    /// use serde_json::json;
    ///
    /// let fix = Fix::new("spell the key as Windows does", [Edit::rename_key("/Domain/sid", "Sid")]);
    /// assert_eq!(fix.apply(&json!({"Domain": {"sid": "S-1"}}))?, json!({"Domain": {"Sid": "S-1"}}));
    ///
    /// let both = json!({"Domain": {"sid": "S-1", "Sid": "S-2"}});
    /// assert_eq!(fix.apply(&both).unwrap_err().kind(), FixErrorKind::KeyTaken);
    /// # Ok::<(), gmsa_types::finding::FixError>(())
    /// ```
    pub fn apply(&self, document: &Value) -> Result<Value, FixError> {
        let mut document = document.clone();
        for (index, edit) in self.edits.iter().enumerate() {
            edit.make(&mut document).map_err(|kind| FixError { edit: index, kind })?;
        }
        Ok(document)
    }
}

/// Shows the title and how many edits there are; their values belong in no log.
impl fmt::Debug for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fix").field("title", &self.title).field("edits", &self.edits).finish()
    }
}

/// One edit of a document. The pointers are JSON pointers (RFC 6901).
///
/// All but two are operations of JSON Patch (RFC 6902), under the names that they have there; `renameKey` keeps the
/// key's place, and `rewrite` is about the text alone. `Debug` shows the name of the operation.
///
/// ```
/// use gmsa_types::finding::Edit;
/// use serde_json::json;
///
/// let edit = Edit::replace("/DomainJoinConfig/Sid", json!("S-1-5-21-1-2-3"));
/// assert_eq!(
///     serde_json::to_value(&edit)?,
///     json!({"op": "replace", "pointer": "/DomainJoinConfig/Sid", "value": "S-1-5-21-1-2-3"}),
/// );
/// assert_eq!(format!("{edit:?}"), "Replace(..)");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Edit {
    /// Puts another value in the place of one that is there.
    Replace {
        /// The value that goes.
        pointer: String,
        /// The value that comes.
        value: Value,
    },
    /// Takes a member or an item away.
    Remove {
        /// The value that goes; not the whole document.
        pointer: String,
    },
    /// Adds a member under a key that is not there, or an item at an index (before the item that is there now) or
    /// at `-`, the end.
    Add {
        /// The place of the new value.
        pointer: String,
        /// The value that comes.
        value: Value,
    },
    /// Gives a member another key, which must not be there already.
    RenameKey {
        /// The member.
        pointer: String,
        /// Its new key.
        to: String,
    },
    /// Takes a value from one place and adds it at another.
    Move {
        /// The value that moves.
        from: String,
        /// The place where it is added, once it is gone from the other; see [`Edit::Add`].
        to: String,
    },
    /// Writes the text of the document anew: as plain JSON or YAML in UTF-8, without byte order mark, comments
    /// or trailing commas. The document itself stays the same.
    Rewrite,
}

impl Edit {
    /// An [`Edit::Replace`].
    pub fn replace(pointer: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Replace { pointer: pointer.into(), value: value.into() }
    }

    /// An [`Edit::Remove`].
    pub fn remove(pointer: impl Into<String>) -> Self {
        Self::Remove { pointer: pointer.into() }
    }

    /// An [`Edit::Add`].
    pub fn add(pointer: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Add { pointer: pointer.into(), value: value.into() }
    }

    /// An [`Edit::RenameKey`].
    pub fn rename_key(pointer: impl Into<String>, to: impl Into<String>) -> Self {
        Self::RenameKey { pointer: pointer.into(), to: to.into() }
    }

    /// An [`Edit::Move`].
    pub fn move_value(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self::Move { from: from.into(), to: to.into() }
    }

    fn make(&self, document: &mut Value) -> Result<(), FixErrorKind> {
        match self {
            Self::Replace { pointer, value } => {
                *document.pointer_mut(pointer).ok_or(FixErrorKind::NotFound)? = value.clone();
                Ok(())
            }
            Self::Remove { pointer } => take(document, pointer).map(drop),
            Self::Add { pointer, value } => add(document, pointer, value.clone()),
            Self::RenameKey { pointer, to } => rename_key(document, pointer, to),
            Self::Move { from, to } => {
                let value = take(document, from)?;
                add(document, to, value)
            }
            Self::Rewrite => Ok(()),
        }
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replace { .. } => "Replace(..)",
            Self::Remove { .. } => "Remove(..)",
            Self::Add { .. } => "Add(..)",
            Self::RenameKey { .. } => "RenameKey(..)",
            Self::Move { .. } => "Move(..)",
            Self::Rewrite => "Rewrite",
        })
    }
}

/// Why a fix does not fit a document.
///
/// ```
/// use gmsa_types::finding::{Edit, Fix, FixErrorKind};
/// use serde_json::json;
///
/// let fix = Fix::new("drop both", [Edit::remove("/a"), Edit::remove("/b")]);
/// let error = fix.apply(&json!({"a": 1})).unwrap_err();
/// assert_eq!((error.edit(), error.kind()), (1, FixErrorKind::NotFound));
/// assert_eq!(error.to_string(), "edit 2 of the fix does not fit the document: no value at its pointer");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("edit {} of the fix does not fit the document: {kind}", edit.saturating_add(1))]
pub struct FixError {
    edit: usize,
    kind: FixErrorKind,
}

impl FixError {
    /// The index of the edit that does not fit, counted from 0. The message counts from 1.
    pub fn edit(&self) -> usize {
        self.edit
    }

    /// What does not fit.
    pub fn kind(&self) -> FixErrorKind {
        self.kind
    }
}

/// The kind of a [`FixError`], which has an example. `Display` is the end of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FixErrorKind {
    /// There is no value at a pointer, or nothing to put one into.
    #[error("no value at its pointer")]
    NotFound,
    /// The key is there already.
    #[error("the key is there already")]
    KeyTaken,
    /// The index is no number, or lies behind the end.
    #[error("the array has no such index")]
    Index,
    /// The whole document can be replaced, but not removed, renamed or added.
    #[error("it is about the whole document")]
    WholeDocument,
}

/// The container that a pointer leads into, and the last step, unescaped.
fn container<'d>(document: &'d mut Value, pointer: &str) -> Result<(&'d mut Value, String), FixErrorKind> {
    let (parent, last) = pointer.rsplit_once('/').ok_or(FixErrorKind::WholeDocument)?;
    let parent = document.pointer_mut(parent).ok_or(FixErrorKind::NotFound)?;
    Ok((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn take(document: &mut Value, pointer: &str) -> Result<Value, FixErrorKind> {
    let taken = document.pointer(pointer).cloned();
    match container(document, pointer)? {
        (Value::Object(members), key) => {
            let taken = taken.ok_or(FixErrorKind::NotFound)?;
            // Not `Map::remove`, which moves the last member into the gap where the order is kept.
            members.retain(|other, _| *other != key);
            Ok(taken)
        }
        (Value::Array(items), index) => {
            let index = array_index(&index).filter(|index| *index < items.len());
            Ok(items.remove(index.ok_or(FixErrorKind::Index)?))
        }
        _ => Err(FixErrorKind::NotFound),
    }
}

fn add(document: &mut Value, pointer: &str, value: Value) -> Result<(), FixErrorKind> {
    match container(document, pointer)? {
        (Value::Object(members), key) if members.contains_key(&key) => Err(FixErrorKind::KeyTaken),
        (Value::Object(members), key) => {
            members.insert(key, value);
            Ok(())
        }
        (Value::Array(items), index) => {
            let index = if index == "-" { Some(items.len()) } else { array_index(&index) };
            let index = index.filter(|index| *index <= items.len()).ok_or(FixErrorKind::Index)?;
            items.insert(index, value);
            Ok(())
        }
        _ => Err(FixErrorKind::NotFound),
    }
}

fn rename_key(document: &mut Value, pointer: &str, to: &str) -> Result<(), FixErrorKind> {
    let (Value::Object(members), key) = container(document, pointer)? else {
        return Err(FixErrorKind::NotFound);
    };
    if !members.contains_key(&key) {
        return Err(FixErrorKind::NotFound);
    }
    if members.contains_key(to) {
        return Err(FixErrorKind::KeyTaken);
    }
    let renamed = std::mem::take(members).into_iter();
    *members = renamed
        .map(|(old, value)| (if old == key { to.to_owned() } else { old }, value))
        .collect::<Map<_, _>>();
    Ok(())
}

/// Source: RFC 6901, section 4: digits without a leading zero.
fn array_index(step: &str) -> Option<usize> {
    let digits = step.bytes().all(|byte| byte.is_ascii_digit()) && (step == "0" || !step.starts_with('0'));
    if digits { step.parse().ok() } else { None }
}
