use std::{fmt, str::FromStr};

/// The path of a file below Docker's `CredentialSpecs` folder, as it was written.
///
/// It has no drive and no share, and does not leave the folder. Docker lets a path leave whose text still starts like
/// the folder's (`..\CredentialSpecs2\x.json`); this does not. A single slash in front counts for nothing, as in Docker.
///
/// Source: moby/moby, `daemon/oci_windows.go`, `readCredentialSpecFile`.
///
/// ```
/// use gmsa_credspec::convert::{SpecPath, SpecPathError};
///
/// let path: SpecPath = r"team-a\webapp1.json".parse()?;
/// assert_eq!(path.as_str(), r"team-a\webapp1.json");
/// assert_eq!(r"C:\webapp1.json".parse::<SpecPath>(), Err(SpecPathError::Absolute));
/// assert_eq!(r"team-a\..\..\webapp1.json".parse::<SpecPath>(), Err(SpecPathError::Outside));
/// # Ok::<(), SpecPathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecPath(String);

impl SpecPath {
    /// The path, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SpecPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// # Errors
/// [`SpecPathError`].
impl FromStr for SpecPath {
    type Err = SpecPathError;

    fn from_str(path: &str) -> Result<Self, SpecPathError> {
        check(path)?;
        Ok(Self(path.to_owned()))
    }
}

impl TryFrom<String> for SpecPath {
    type Error = SpecPathError;

    fn try_from(path: String) -> Result<Self, SpecPathError> {
        check(&path)?;
        Ok(Self(path))
    }
}

/// Why a text is not a [`SpecPath`], which has an example. Absolute and outside are in Docker's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SpecPathError {
    /// It has a drive, or starts with a share.
    #[error("invalid credential spec - file:// path cannot be absolute")]
    Absolute,
    /// It leaves the folder.
    #[error("invalid credential spec - file:// path must be under `CredentialSpecs`")]
    Outside,
    /// It is empty, or is the folder itself.
    #[error("invalid credential spec - file:// path names no file")]
    NoFile,
    /// No file of Windows has a name with this in it.
    #[error("invalid credential spec - file:// path has none of `: * ? \" < > |` and no control characters")]
    Character,
}

fn check(path: &str) -> Result<(), SpecPathError> {
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let mut start = path.chars();
    match (start.next(), start.next()) {
        (Some(drive), Some(':')) if drive.is_ascii_alphabetic() => return Err(SpecPathError::Absolute),
        (Some(first), Some(second)) if is_slash(first) && is_slash(second) => {
            return Err(SpecPathError::Absolute);
        }
        _ => {}
    }
    if path.contains(|c: char| matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') || c.is_control()) {
        return Err(SpecPathError::Character);
    }
    let mut depth = 0_usize;
    for part in path.split(is_slash) {
        match part {
            "" | "." => {}
            ".." => depth = depth.checked_sub(1).ok_or(SpecPathError::Outside)?,
            // Windows drops dots and spaces from the end of a name, so that this could be `..` once more.
            _ if part.trim_end_matches(['.', ' ']).is_empty() => return Err(SpecPathError::Outside),
            _ => depth = depth.saturating_add(1),
        }
    }
    let names_folder = path.ends_with(is_slash) || matches!(path.rsplit(is_slash).next(), Some("." | ".."));
    if depth == 0 || names_folder { Err(SpecPathError::NoFile) } else { Ok(()) }
}
