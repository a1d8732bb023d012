use std::{fmt, str::FromStr};

use serde_json::{Value, json};

use crate::convert::{DockerOptionError, RegistryValue, SpecPath, SpecPathError};

/// Where a service gets its credential spec from: the value of `docker service create --credential-spec`, and the
/// mapping `credential_spec` of a Compose file. Neither carries a document.
///
/// `FromStr` and `Display` are the first notation, in which the scheme is in lower case;
/// [`from_compose`](Self::from_compose) and [`to_compose`](Self::to_compose) are the second.
///
/// Sources: docker/cli, `cli/command/service/opts.go`, `credentialSpecOpt`; docker/cli,
/// `cli/compose/convert/service.go`, `convertCredentialSpec`; Compose specification, `credential_spec`.
///
/// ```
/// use gmsa_credspec::convert::ServiceSource;
/// use serde_json::json;
///
/// let source: ServiceSource = "config://webapp1".parse()?;
/// assert_eq!(source.to_compose(), json!({"config": "webapp1"}));
/// assert_eq!(ServiceSource::from_compose(&json!({"file": "x.json"}))?.to_string(), "file://x.json");
/// # Ok::<(), gmsa_credspec::convert::ServiceSourceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceSource {
    /// A config of the swarm, by name or id.
    Config(ConfigName),
    /// A file below `CredentialSpecs` on each node.
    File(SpecPath),
    /// A registry value on each node.
    Registry(RegistryValue),
}

impl ServiceSource {
    /// Reads the value of `credential_spec` in a Compose file. An empty text counts as absent, as in Docker, and so
    /// does an extension key (`x-...`).
    ///
    /// # Errors
    /// [`ServiceSourceError`] for no source, several, something else than texts under these three keys, and names that
    /// are not valid.
    ///
    /// ```
    /// use gmsa_credspec::convert::ServiceSource;
    /// use serde_json::json;
    ///
    /// let error = ServiceSource::from_compose(&json!({"config": "a", "file": "b.json"})).unwrap_err();
    /// assert_eq!(error.to_string(), r#"invalid credential spec: cannot specify both "Config" and "File""#);
    /// ```
    pub fn from_compose(value: &Value) -> Result<Self, ServiceSourceError> {
        let members = value.as_object().ok_or(ServiceSourceError::NotAMapping)?;
        let known = |key: &str| matches!(key, "config" | "file" | "registry") || key.starts_with("x-");
        if !members.keys().all(|key| known(key)) {
            return Err(ServiceSourceError::UnknownKey);
        }
        let text = |key: &'static str| match members.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(&**text).filter(|text| !text.is_empty())),
            Some(_) => Err(ServiceSourceError::NotText { key }),
        };
        match (text("config")?, text("file")?, text("registry")?) {
            (Some(name), None, None) => name.parse().map(Self::Config),
            (None, Some(path), None) => path.parse().map(Self::File).map_err(ServiceSourceError::Path),
            (None, None, Some(name)) => registry(name),
            (None, None, None) => Err(ServiceSourceError::Nothing),
            (config, file, registry) => Err(ServiceSourceError::Several {
                config: config.is_some(),
                file: file.is_some(),
                registry: registry.is_some(),
            }),
        }
    }

    /// The value of `credential_spec` in a Compose file.
    pub fn to_compose(&self) -> Value {
        match self {
            Self::Config(name) => json!({ "config": name.as_str() }),
            Self::File(path) => json!({ "file": path.as_str() }),
            Self::Registry(value) => json!({ "registry": value.as_str() }),
        }
    }

    /// The two arguments of `docker service create`. They are not quoted for any shell.
    pub fn arguments(&self) -> [String; 2] {
        ["--credential-spec".to_owned(), self.to_string()]
    }
}

/// Reads `config://NAME`, `file://PATH` or `registry://VALUE`, with or without `--credential-spec` and a space or `=`
/// in front.
///
/// # Errors
/// [`ServiceSourceError::Prefix`] for another scheme, or that of the name behind it.
impl FromStr for ServiceSource {
    type Err = ServiceSourceError;

    fn from_str(text: &str) -> Result<Self, ServiceSourceError> {
        let value = match text.strip_prefix("--credential-spec") {
            Some(rest) if rest.starts_with(['=', ' ', '\t']) => {
                rest.strip_prefix('=').unwrap_or_else(|| rest.trim_start())
            }
            _ => text,
        };
        match value.split_once("://") {
            Some(("config", name)) => name.parse().map(Self::Config),
            Some(("file", path)) => path.parse().map(Self::File).map_err(ServiceSourceError::Path),
            Some(("registry", name)) => registry(name),
            _ => Err(ServiceSourceError::Prefix),
        }
    }
}

impl fmt::Display for ServiceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(name) => write!(f, "config://{name}"),
            Self::File(path) => write!(f, "file://{path}"),
            Self::Registry(value) => write!(f, "registry://{value}"),
        }
    }
}

/// The name of a config of a swarm: 1 to 64 ASCII letters, digits, `-`, `_` and `.`, the first and the last a letter
/// or digit.
///
/// Source: moby/swarmkit, `manager/controlapi`, `validateConfigOrSecretAnnotations`.
///
/// ```
/// use gmsa_credspec::convert::ConfigName;
///
/// assert_eq!("webapp1.json".parse::<ConfigName>()?.as_str(), "webapp1.json");
/// # Ok::<(), gmsa_credspec::convert::ServiceSourceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigName(String);

impl ConfigName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
/// [`ServiceSourceError::ConfigName`].
impl FromStr for ConfigName {
    type Err = ServiceSourceError;

    fn from_str(name: &str) -> Result<Self, ServiceSourceError> {
        let is_end = |c: char| c.is_ascii_alphanumeric();
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let fits = name.len() <= 64 && name.starts_with(is_end) && name.ends_with(is_end);
        if fits && name.bytes().all(is_inner) {
            Ok(Self(name.to_owned()))
        } else {
            Err(ServiceSourceError::ConfigName)
        }
    }
}

impl fmt::Display for ConfigName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why something is not a [`ServiceSource`]. No text is repeated.
///
/// ```
/// use gmsa_credspec::convert::{ServiceSource, ServiceSourceError};
///
/// let error = |text: &str| text.parse::<ServiceSource>().unwrap_err();
/// assert_eq!(error("raw://{}"), ServiceSourceError::Prefix);
/// assert_eq!(error("config://-webapp1"), ServiceSourceError::ConfigName);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceSourceError {
    /// The option has another scheme. A service takes no `raw://`.
    #[error(
        "invalid credential spec: value must be prefixed with \"config://\", \"file://\", or \"registry://\""
    )]
    Prefix,
    /// `credential_spec` is not a mapping.
    #[error("`credential_spec` is not a mapping")]
    NotAMapping,
    /// `credential_spec` has a key that Compose does not know.
    #[error("`credential_spec` has a key that is not `config`, `file` or `registry`")]
    UnknownKey,
    /// A value is not a text.
    #[error("`credential_spec.{key}` is not a string")]
    NotText {
        /// The key: `config`, `file` or `registry`.
        key: &'static str,
    },
    /// `credential_spec` names no source.
    #[error("`credential_spec` has none of `config`, `file` and `registry`")]
    Nothing,
    /// `credential_spec` names several sources.
    #[error("invalid credential spec: cannot specify both {}", several(*.config, *.file, *.registry))]
    Several {
        /// Whether `config` is there.
        config: bool,
        /// Whether `file` is there.
        file: bool,
        /// Whether `registry` is there.
        registry: bool,
    },
    /// The name of the config is not valid.
    #[error(
        "config name is not valid: it has 1 to 64 of `[a-zA-Z0-9-_.]`, and starts and ends with one of `[a-zA-Z0-9]`"
    )]
    ConfigName,
    /// The name of the registry value is not valid.
    #[error("registry value is not valid: it is empty or has control characters")]
    RegistryValue,
    /// The path is not one below the folder.
    #[error("{0}")]
    Path(SpecPathError),
}

fn several(config: bool, file: bool, registry: bool) -> String {
    let named = [(config, "\"Config\""), (file, "\"File\""), (registry, "\"Registry\"")];
    let names: Vec<&str> =
        named.into_iter().filter_map(|(is_there, name)| is_there.then_some(name)).collect();
    match names.as_slice() {
        [one, two, three] => format!("{one}, {two}, and {three}"),
        fewer => fewer.join(" and "),
    }
}

fn registry(name: &str) -> Result<ServiceSource, ServiceSourceError> {
    let value = name.parse().map_err(|_: DockerOptionError| ServiceSourceError::RegistryValue)?;
    Ok(ServiceSource::Registry(value))
}
