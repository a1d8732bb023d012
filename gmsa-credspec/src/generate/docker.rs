use std::fmt;

use gmsa_types::CredentialSpec;

use crate::generate::{WriteError, write_windows_powershell};

/// A credential spec as a file for Docker: its name below the `CredentialSpecs` folder of the daemon, its contents
/// in the layout of Windows PowerShell, and the option that names it.
///
/// `Debug` shows the name alone.
///
/// Source: moby/moby, `daemon/oci_windows.go`; Microsoft, "Run a container with a gMSA".
///
/// ```
/// use gmsa_credspec::generate::DockerFile;
/// # let spec = gmsa_types::CredentialSpec::default();
/// let file = DockerFile::new("contoso_webapp1.json", &spec)?;
/// assert_eq!(file.arguments(), ["--security-opt", "credentialspec=file://contoso_webapp1.json"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DockerFile {
    name: String,
    contents: String,
}

impl DockerFile {
    /// Writes a credential spec for the file of this name.
    ///
    /// The name has no folder in it, at most 255 UTF-16 code units, and is one that Windows accepts.
    ///
    /// Source: Microsoft, "Naming Files, Paths, and Namespaces".
    ///
    /// # Errors
    /// [`DockerFileError`], if it is no such name or the document cannot be written.
    ///
    /// ```
    /// use gmsa_credspec::generate::DockerFile;
    /// # let spec = gmsa_types::CredentialSpec::default();
    /// let error = DockerFile::new("C:\\specs\\webapp1.json", &spec).unwrap_err();
    /// assert_eq!(error.to_string(), r#"file name is not valid: it has none of `\ / : * ? " < > |`"#);
    /// ```
    pub fn new(name: impl Into<String>, spec: &CredentialSpec) -> Result<Self, DockerFileError> {
        let name = name.into();
        match broken_rule(&name) {
            Some(rule) => Err(DockerFileError::Name { rule }),
            None => {
                let contents = write_windows_powershell(spec).map_err(DockerFileError::Write)?;
                Ok(Self { name, contents })
            }
        }
    }

    /// The name of the file, below `CredentialSpecs`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The contents of the file. Keep them out of logs.
    pub fn contents(&self) -> &str {
        &self.contents
    }

    /// The value of the option: `credentialspec=file://NAME`, for `--security-opt` and Compose's `security_opt`.
    pub fn security_option(&self) -> String {
        format!("credentialspec=file://{}", self.name)
    }

    /// The two arguments of `docker run`. They are not quoted for any shell.
    pub fn arguments(&self) -> [String; 2] {
        ["--security-opt".to_owned(), self.security_option()]
    }
}

/// Shows the name alone: contents belong in no log.
impl fmt::Debug for DockerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why there is no [`DockerFile`].
///
/// ```
/// use gmsa_credspec::generate::{DockerFile, DockerFileError};
///
/// let error = DockerFile::new("nul.json", &gmsa_types::CredentialSpec::default()).unwrap_err();
/// assert_eq!(error, DockerFileError::Name { rule: "it is the name of a device" });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DockerFileError {
    /// The name is not one of a file in the folder.
    #[error("file name is not valid: {rule}")]
    Name {
        /// The rule that it breaks, in words.
        rule: &'static str,
    },
    /// The document cannot be written.
    #[error("{0}")]
    Write(WriteError),
}

/// Source: Microsoft, "Naming Files, Paths, and Namespaces".
fn broken_rule(name: &str) -> Option<&'static str> {
    let device = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = device.strip_prefix("COM").or_else(|| device.strip_prefix("LPT"));
    if name.is_empty() {
        Some("it is empty")
    } else if name.encode_utf16().count() > 255 {
        Some("it has at most 255 characters")
    } else if name.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|']) {
        Some("it has none of `\\ / : * ? \" < > |`")
    } else if name.contains(char::is_control) {
        Some("it has no control characters")
    } else if name.ends_with(['.', ' ']) {
        Some("it does not end with a dot or a space")
    } else if matches!(&*device, "CON" | "PRN" | "AUX" | "NUL")
        || numbered
            .is_some_and(|number| matches!(number, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9"))
    {
        Some("it is the name of a device")
    } else {
        None
    }
}
