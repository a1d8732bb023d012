use std::fmt;

use serde_json::Value;

use crate::finding::Severity;

/// One thing in which an installed definition is not what ours is. [`compare`](super::compare) finds them.
///
/// `Display` says it in one line, with the version and the path in front:
/// `v1 .credspec.ActiveDirectoryConfig.HostAccountConfig: drops this field`. What is said is about the installed
/// definition, seen from ours.
///
/// ```
/// use gmsa_types::{crd::{compare, definition}, finding::Severity};
///
/// let mut installed = definition();
/// installed.spec.versions.pop();
/// let found = compare(&installed, &definition());
/// assert_eq!(found[0].to_string(), "v1alpha1: is not served");
/// assert_eq!((found[0].version(), found[0].path()), (Some("v1alpha1"), ""));
/// assert_eq!(found[0].severity(), Severity::Error);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub(super) version: Option<String>,
    pub(super) path: String,
    pub(super) kind: DifferenceKind,
}

impl Difference {
    /// The version of the resource, or none where it is about the definition as a whole.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The field, from the root of an object, as in `.credspec.CmsPlugins[]`. Empty for the object itself, and where
    /// it is not about a field.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What differs.
    pub fn kind(&self) -> &DifferenceKind {
        &self.kind
    }

    /// How bad it is for whoever relies on ours.
    ///
    /// An error where the installed definition loses or refuses what ours keeps and accepts, or where ours cannot take
    /// its place; a warning where it lets more through; information where only convenience is missing.
    pub fn severity(&self) -> Severity {
        use DifferenceKind as Kind;

        match self.kind {
            Kind::Group { .. }
            | Kind::Kind { .. }
            | Kind::Plural { .. }
            | Kind::Scope { .. }
            | Kind::Conversion { .. }
            | Kind::NotServed
            | Kind::StillStored
            | Kind::Prunes
            | Kind::PrunesUnknown
            | Kind::Refuses(_)
            | Kind::TooDeep => Severity::Error,
            Kind::NotStored
            | Kind::AlsoServed
            | Kind::Keeps
            | Kind::KeepsUnknown
            | Kind::Unchecked
            | Kind::Accepts(_) => Severity::Warning,
            Kind::NoShortName(_) | Kind::NoCategory(_) | Kind::NoColumn(_) | Kind::NotSelectable(_) => {
                Severity::Info
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The names come out of an object that anybody may have written.
        let version = self.version.as_deref().map(Shown);
        match (version, self.path.as_str()) {
            (Some(version), "") => write!(f, "{version}: ")?,
            (Some(version), path) => write!(f, "{version} {}: ", Shown(path))?,
            (None, _) => {}
        }
        self.kind.fmt(f)
    }
}

/// What an installed definition does that ours does not, or the reverse.
///
/// `Display` is what [`Difference`] says behind the version and the path.
///
/// ```
/// use gmsa_types::crd::{DifferenceKind, compare, definition};
///
/// let mut installed = definition();
/// installed.spec.names.short_names = None;
/// let found = compare(&installed, &definition());
/// let DifferenceKind::NoShortName(name) = found[0].kind() else { panic!("it has none") };
/// assert!(definition().spec.names.short_names.unwrap().contains(name));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// It is a definition of another API group, and so of another resource.
    Group {
        /// Its group.
        installed: String,
    },
    /// It has another kind.
    Kind {
        /// Its kind.
        installed: String,
    },
    /// It has another plural, and so is another resource.
    Plural {
        /// Its plural.
        installed: String,
    },
    /// Its objects are in namespaces, or the reverse. The API server lets nobody change that: the definition has to be
    /// deleted first, and all objects go with it.
    Scope {
        /// Its scope.
        installed: String,
    },
    /// It converts versions in another way.
    Conversion {
        /// Its strategy.
        installed: String,
    },
    /// A short name that `kubectl` does not know.
    NoShortName(String),
    /// A category that its objects are not in.
    NoCategory(String),
    /// The version is missing, or not served.
    NotServed,
    /// Another version is stored.
    NotStored,
    /// The version is served and ours does not have it: clients that use it will fail.
    AlsoServed,
    /// Objects are stored in the version and ours does not have it. The API server refuses ours until they are
    /// written anew and `status.storedVersions` does not list the version.
    StillStored,
    /// It drops the field from every object that is written.
    Prunes,
    /// It keeps the field, which ours drops.
    Keeps,
    /// It drops keys that its schema does not have, and ours keeps them.
    PrunesUnknown,
    /// It keeps keys that its schema does not have, and ours drops them.
    KeepsUnknown,
    /// It keeps the field whatever its value is, and ours checks it.
    Unchecked,
    /// It refuses what ours accepts. For patterns and rules: what ours may accept, since nobody compares those.
    Refuses(Constraint),
    /// It accepts what ours refuses, or may refuse.
    Accepts(Constraint),
    /// The column that `kubectl get` does not show.
    NoColumn(String),
    /// The path that no field selector may name.
    NotSelectable(String),
    /// Its schema is nested more deeply than [`compare`](super::compare) looks.
    TooDeep,
}

impl fmt::Display for DifferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { installed } => {
                write!(f, "is a definition of the group `{}`, and so of another resource", Shown(installed))
            }
            Self::Kind { installed } => write!(f, "has the kind `{}`", Shown(installed)),
            Self::Plural { installed } => {
                write!(f, "has the plural `{}`, and so is another resource", Shown(installed))
            }
            Self::Scope { installed } => {
                write!(
                    f,
                    "has the scope `{}`, which cannot be changed without deleting every object",
                    Shown(installed)
                )
            }
            Self::Conversion { installed } => {
                write!(f, "converts versions by the strategy `{}`", Shown(installed))
            }
            Self::NoShortName(name) => write!(f, "does not have the short name `{}`", Shown(name)),
            Self::NoCategory(name) => write!(f, "is not in the category `{}`", Shown(name)),
            Self::NotServed => f.write_str("is not served"),
            Self::NotStored => f.write_str("is not the version that is stored"),
            Self::AlsoServed => f.write_str("is served, and ours does not have it"),
            Self::StillStored => {
                f.write_str("has stored objects, so that the API server refuses a definition without it")
            }
            Self::Prunes => f.write_str("drops this field"),
            Self::Keeps => f.write_str("keeps this field, which ours drops"),
            Self::PrunesUnknown => f.write_str("drops unknown keys"),
            Self::KeepsUnknown => f.write_str("keeps unknown keys"),
            Self::Unchecked => f.write_str("accepts any value"),
            Self::Refuses(constraint) => write!(f, "refuses {constraint}"),
            Self::Accepts(constraint) => write!(f, "accepts {constraint}"),
            Self::NoColumn(name) => write!(f, "does not show the column `{}`", Shown(name)),
            Self::NotSelectable(path) => write!(f, "does not let clients select by `{}`", Shown(path)),
            Self::TooDeep => f.write_str("has a schema that is nested too deeply to compare"),
        }
    }
}

/// What a schema asks of a value. `Display` names the values that do not have it: `a text of more than 20 characters`.
///
/// ```
/// use gmsa_types::crd::Constraint;
///
/// assert_eq!(Constraint::MaxLength(20).to_string(), "a text of more than 20 characters");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Constraint {
    /// The value has this JSON type.
    Type(String),
    /// The value is not `null`.
    NotNull,
    /// The object has this key.
    Required(String),
    /// The value is one of these.
    OneOf(Vec<Value>),
    /// The text has at least so many characters.
    MinLength(i64),
    /// The text has at most so many characters.
    MaxLength(i64),
    /// The list has at least so many items.
    MinItems(i64),
    /// The list has at most so many items.
    MaxItems(i64),
    /// The object has at least so many keys.
    MinProperties(i64),
    /// The object has at most so many keys.
    MaxProperties(i64),
    /// The text matches this regular expression.
    Pattern(String),
    /// This CEL rule holds.
    Rule(String),
    /// What another keyword of the schema says.
    Other {
        /// The keyword.
        keyword: &'static str,
        /// Its value.
        value: Value,
    },
}

impl Constraint {
    /// Whether every value that meets this one meets `other` too, as far as that can be seen.
    pub(super) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::MinLength(ours), Self::MinLength(theirs))
            | (Self::MinItems(ours), Self::MinItems(theirs))
            | (Self::MinProperties(ours), Self::MinProperties(theirs)) => ours >= theirs,
            (Self::MaxLength(ours), Self::MaxLength(theirs))
            | (Self::MaxItems(ours), Self::MaxItems(theirs))
            | (Self::MaxProperties(ours), Self::MaxProperties(theirs)) => ours <= theirs,
            (Self::OneOf(ours), Self::OneOf(theirs)) => ours.iter().all(|value| theirs.contains(value)),
            _ => self == other,
        }
    }

    /// Whether every value meets it.
    pub(super) fn asks_nothing(&self) -> bool {
        matches!(self, Self::MinLength(..=0) | Self::MinItems(..=0) | Self::MinProperties(..=0))
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(name) => write!(f, "a value that is not of the type `{}`", Shown(name)),
            Self::NotNull => f.write_str("`null`"),
            Self::Required(key) => write!(f, "an object without `{}`", Shown(key)),
            Self::OneOf(values) => {
                f.write_str("a value other than")?;
                for (at, value) in values.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma} `{}`", Shown(&value.to_string()))?;
                }
                Ok(())
            }
            Self::MinLength(least) => write!(f, "a text of less than {least} characters"),
            Self::MaxLength(most) => write!(f, "a text of more than {most} characters"),
            Self::MinItems(least) => write!(f, "a list of less than {least} items"),
            Self::MaxItems(most) => write!(f, "a list of more than {most} items"),
            Self::MinProperties(least) => write!(f, "an object of less than {least} keys"),
            Self::MaxProperties(most) => write!(f, "an object of more than {most} keys"),
            Self::Pattern(pattern) => {
                write!(f, "a text that does not match the pattern `{}`", Shown(pattern))
            }
            Self::Rule(rule) => write!(f, "a value for which the rule `{}` does not hold", Shown(rule)),
            Self::Other { keyword, value } => {
                write!(f, "a value that `{keyword}: {}` does not allow", Shown(&value.to_string()))
            }
        }
    }
}

/// Text in one line, without characters that would disguise it.
struct Shown<'t>(&'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::finding::one_line(f, self.0)
    }
}
