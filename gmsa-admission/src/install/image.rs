use std::{fmt, str::FromStr};

/// A container image by tag or by digest.
///
/// Prefer a digest: a tag can come to mean another image, and this one may read every credential spec. A reference with
/// neither means `latest` and is refused.
///
/// Source: distribution `reference/regexp.go`, the grammar that container runtimes read references with.
///
/// ```
/// use gmsa_admission::install::Image;
///
/// let image: Image = "registry.example.com:5000/gmsa/webhook:v0.1.0".parse()?;
/// assert_eq!(image.as_str(), "registry.example.com:5000/gmsa/webhook:v0.1.0");
/// let error = Image::try_from("gmsa/webhook").unwrap_err();
/// assert_eq!(error.to_string(), "image has neither a tag nor a digest; write one, such as `:v1.2.3`");
/// # Ok::<(), gmsa_admission::install::InvalidImage>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image(String);

impl Image {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
///
/// [`InvalidImage`] if the text is no reference, or has neither a tag nor a digest. `TryFrom<String>` and `FromStr` do
/// the same.
impl TryFrom<&str> for Image {
    type Error = InvalidImage;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        check(text).map_err(|fault| InvalidImage { fault })?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Image {
    type Error = InvalidImage;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::try_from(text.as_str())
    }
}

impl FromStr for Image {
    type Err = InvalidImage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text)
    }
}

impl AsRef<str> for Image {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no [`Image`]. That type has an example.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("image {fault}")]
pub struct InvalidImage {
    fault: &'static str,
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("must not be empty");
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("must not contain spaces or line breaks");
    }
    let (named, digest) = match text.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (text, None),
    };
    // A colon before the last slash is that of a port.
    let (repository, tag) = match named.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (named, None),
    };
    check_repository(repository)?;
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err("has a tag that is none: up to 128 letters, digits, `_`, `.` and `-`");
    }
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Err("has a digest that is none: `sha256:` and 64 lower-case hexadecimal digits");
    }
    if tag.is_none() && digest.is_none() {
        return Err("has neither a tag nor a digest; write one, such as `:v1.2.3`");
    }
    Ok(())
}

fn check_repository(repository: &str) -> Result<(), &'static str> {
    if repository.len() > 255 {
        return Err("has a repository of more than 255 characters");
    }
    // The first part is a registry if it looks like a host, as `localhost`, `a.b` and `a:5000` do.
    let path = match repository.split_once('/') {
        Some((host, path)) if host == "localhost" || host.contains(['.', ':']) => {
            if !is_host(host) {
                return Err("has a registry that is no host name");
            }
            path
        }
        _ => repository,
    };
    match path.split('/').all(is_path_part) {
        true => Ok(()),
        false => Err(
            "has a repository that is none: lower-case letters and digits, with `.`, `_` or `-` between them",
        ),
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = |name: &str| {
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    port.is_none_or(is_port) && (is_address(name) || name.split('.').all(is_label))
}

/// Letters and digits, joined by one `.`, by `_` or `__`, or by hyphens.
fn is_path_part(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(is_word)
        && part.ends_with(is_word)
        && part
            .split(is_word)
            .all(|joint| matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-'))
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

fn is_digest(digest: &str) -> bool {
    let hex = |length: usize, text: &str| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match digest.split_once(':') {
        Some(("sha256", text)) => hex(64, text),
        Some(("sha512", text)) => hex(128, text),
        _ => false,
    }
}
