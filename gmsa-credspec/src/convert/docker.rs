use std::{fmt, str::FromStr};

use gmsa_types::CredentialSpec;

use crate::convert::{SpecPath, SpecPathError};
use crate::{CanonicalContents, ReadError, read};

/// The value of `docker run --security-opt` that gives a container its credential spec.
///
/// It is read as Docker reads it: the name of the option and the scheme in any case, the rest as it is. `Display` and
/// `Debug` hide a raw document; [`security_option`](Self::security_option) and [`arguments`](Self::arguments) do not.
///
/// Source: moby/moby, `daemon/oci_windows.go`, `setWindowsCredentialSpec`.
///
/// ```
/// use gmsa_credspec::convert::DockerOption;
///
/// let option: DockerOption = "--security-opt CredentialSpec=FILE://webapp1.json".parse()?;
/// assert_eq!(option.security_option(), "credentialspec=file://webapp1.json");
/// assert_eq!(option.arguments(), ["--security-opt", "credentialspec=file://webapp1.json"]);
///
/// let error = "credentialspec=config://webapp1".parse::<DockerOption>().unwrap_err();
/// assert!(error.to_string().starts_with("invalid credential spec security option - "));
/// # Ok::<(), gmsa_credspec::convert::DockerOptionError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DockerOption {
    /// `file://`: a file below the `CredentialSpecs` folder.
    File(SpecPath),
    /// `registry://`: a value in the registry.
    Registry(RegistryValue),
    /// `raw://`: the document itself.
    Raw(RawContents),
}

impl DockerOption {
    /// The option that carries a document itself, as ASCII. A command line of Windows has at most 32,767 characters,
    /// with the NUL at its end; nothing here checks that.
    ///
    /// Source: Microsoft, "CreateProcessW".
    ///
    /// # Errors
    /// [`ReadError`](crate::ReadError) for a document that no text could have been.
    ///
    /// ```
    /// use gmsa_credspec::convert::DockerOption;
    ///
    /// let spec = gmsa_credspec::read(r#"{"CmsPlugins": ["ActiveDirectory"]}"#)?;
    /// let option = DockerOption::raw(&spec)?;
    /// assert_eq!(option.security_option(), r#"credentialspec=raw://{"CmsPlugins":["ActiveDirectory"]}"#);
    /// assert_eq!(option.to_string(), "credentialspec=raw://(hidden)");
    /// # Ok::<(), gmsa_credspec::ReadError>(())
    /// ```
    pub fn raw(spec: &CredentialSpec) -> Result<Self, ReadError> {
        CanonicalContents::from_spec(spec).map(|contents| Self::Raw(RawContents(ascii(contents.as_str()))))
    }

    /// The value of the option, exactly. With a raw document it belongs in no log.
    pub fn security_option(&self) -> String {
        match self {
            Self::Raw(raw) => format!("credentialspec=raw://{}", raw.0),
            shown => shown.to_string(),
        }
    }

    /// The two arguments of `docker run`. They are not quoted for any shell.
    pub fn arguments(&self) -> [String; 2] {
        ["--security-opt".to_owned(), self.security_option()]
    }

    /// The option that counts among several, such as Compose's `security_opt`: the last, if all of them are right.
    ///
    /// # Errors
    /// [`DockerOptionError`] of the first option that is not right. Docker for Windows knows no other options than
    /// this one.
    ///
    /// ```
    /// use gmsa_credspec::convert::DockerOption;
    ///
    /// let last = DockerOption::last_of(["credentialspec=file://a.json", "credentialspec=file://b.json"])?;
    /// assert_eq!(last.unwrap().security_option(), "credentialspec=file://b.json");
    /// # Ok::<(), gmsa_credspec::convert::DockerOptionError>(())
    /// ```
    pub fn last_of<'o>(
        options: impl IntoIterator<Item = &'o str>,
    ) -> Result<Option<Self>, DockerOptionError> {
        options.into_iter().try_fold(None, |_, option| Ok(Some(option.parse()?)))
    }
}

/// Reads `credentialspec=SCHEME://VALUE`, with or without `--security-opt` and a space or `=` in front.
///
/// # Errors
/// [`DockerOptionError`]. What stands behind `raw://` is not read here; [`RawContents::read`] does that.
impl FromStr for DockerOption {
    type Err = DockerOptionError;

    fn from_str(text: &str) -> Result<Self, DockerOptionError> {
        let option = match text.strip_prefix("--security-opt") {
            Some(rest) if rest.starts_with(['=', ' ', '\t']) => {
                rest.strip_prefix('=').unwrap_or_else(|| rest.trim_start())
            }
            _ => text,
        };
        let (name, value) = option.split_once('=').ok_or(DockerOptionError::NoEqualsSign)?;
        if !name.eq_ignore_ascii_case("credentialspec") {
            return Err(DockerOptionError::OtherOption);
        }
        let (scheme, value) = value.split_once("://").ok_or(DockerOptionError::Value)?;
        if value.is_empty() {
            return Err(DockerOptionError::Value);
        }
        match &*scheme.to_ascii_lowercase() {
            "file" => value.parse().map(Self::File).map_err(DockerOptionError::Path),
            "registry" => value.parse().map(Self::Registry),
            "raw" => Ok(Self::Raw(RawContents(value.to_owned()))),
            "config" => Err(DockerOptionError::Config),
            _ => Err(DockerOptionError::Value),
        }
    }
}

/// Hides a raw document.
impl fmt::Display for DockerOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "credentialspec=file://{path}"),
            Self::Registry(value) => write!(f, "credentialspec=registry://{value}"),
            Self::Raw(_) => f.write_str("credentialspec=raw://(hidden)"),
        }
    }
}

/// Hides a raw document.
impl fmt::Debug for DockerOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Registry(value) => f.debug_tuple("Registry").field(value).finish(),
            Self::Raw(raw) => f.debug_tuple("Raw").field(raw).finish(),
        }
    }
}

/// The name of a registry value below
/// `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Virtualization\Containers\CredentialSpecs`: any text without
/// control characters that is not empty.
///
/// Source: moby/moby, `daemon/oci_windows.go`, `readCredentialSpecRegistry`.
///
/// ```
/// use gmsa_credspec::convert::RegistryValue;
///
/// assert_eq!("webapp1".parse::<RegistryValue>()?.as_str(), "webapp1");
/// # Ok::<(), gmsa_credspec::convert::DockerOptionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryValue(String);

impl RegistryValue {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
/// [`DockerOptionError::Value`].
impl FromStr for RegistryValue {
    type Err = DockerOptionError;

    fn from_str(name: &str) -> Result<Self, DockerOptionError> {
        if name.is_empty() || name.contains(char::is_control) {
            return Err(DockerOptionError::Value);
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for RegistryValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands behind `raw://`. Docker passes it to Windows unread; [`read`](Self::read) reads it.
///
/// `Debug` shows the length alone.
///
/// ```
/// use gmsa_credspec::convert::DockerOption;
///
/// let option: DockerOption = "credentialspec=raw://{}".parse()?;
/// let DockerOption::Raw(raw) = option else { panic!("it is raw") };
/// assert_eq!(raw.as_str(), "{}");
/// assert_eq!(format!("{raw:?}"), "RawContents(2 bytes)");
/// # Ok::<(), gmsa_credspec::convert::DockerOptionError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RawContents(String);

impl RawContents {
    /// The text, as it was written. Keep it out of logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the text as a document, strictly.
    ///
    /// # Errors
    /// [`ReadError`](crate::ReadError), as from [`read`](crate::read()).
    ///
    /// ```
    /// use gmsa_credspec::convert::DockerOption;
    ///
    /// let option: DockerOption = r#"credentialspec=raw://{"CmsPlugins":["ActiveDirectory"]}"#.parse()?;
    /// let DockerOption::Raw(raw) = option else { panic!("it is raw") };
    /// assert!(raw.read()?.cms_plugins.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self) -> Result<CredentialSpec, ReadError> {
        read(&self.0)
    }
}

/// Shows the length alone, in bytes.
impl fmt::Debug for RawContents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawContents({} bytes)", self.0.len())
    }
}

/// Why a text is not a [`DockerOption`], in Docker's words where it has some. The text is not repeated.
///
/// ```
/// use gmsa_credspec::convert::{DockerOption, DockerOptionError, SpecPathError};
///
/// let error = |text: &str| text.parse::<DockerOption>().unwrap_err();
/// assert_eq!(error("credentialspec:file://webapp1.json"), DockerOptionError::NoEqualsSign);
/// assert_eq!(
///     error(r"credentialspec=file://C:\specs\webapp1.json"),
///     DockerOptionError::Path(SpecPathError::Absolute),
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DockerOptionError {
    /// There is no `=`. Docker's client lets `credentialspec:` through, and its daemon does not.
    #[error("invalid security option: no equals sign in supplied value")]
    NoEqualsSign,
    /// It is another option than `credentialspec`.
    #[error("security option not supported: it is not `credentialspec`")]
    OtherOption,
    /// The scheme is not known, or nothing stands behind it.
    #[error(
        "invalid credential spec security option - value must be prefixed by 'file://', 'registry://', or \
         'raw://' followed by a non-empty value"
    )]
    Value,
    /// `config://`, which is for the services of a swarm.
    #[error(
        "invalid credential spec security option - value must be prefixed by 'file://', 'registry://', or \
         'raw://' followed by a non-empty value; 'config://' is for services of a swarm"
    )]
    Config,
    /// The path is not one below the folder.
    #[error("{0}")]
    Path(SpecPathError),
}

/// The same JSON text in printable ASCII. Beyond ASCII there is nothing outside its strings.
pub(super) fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}
