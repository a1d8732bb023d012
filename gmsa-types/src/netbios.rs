use std::borrow::Cow;

use crate::{
    Fault, InvalidValue,
    text::{ignores_ascii_case, validated_text},
};

/// The NetBIOS name of a domain: 1 to 15 bytes, not starting with a dot, without `\ / : * ? " < > |` and
/// control characters.
///
/// Case is kept, and ignored in comparisons.
///
/// Source: Microsoft, "Naming conventions in Active Directory" (KB 909264); Kubernetes `validation.go`,
/// `validWindowsUserDomainRegex`.
///
/// ```
/// use gmsa_types::NetBiosName;
///
/// let domain: NetBiosName = "CONTOSO".parse()?;
/// assert_eq!(domain, NetBiosName::try_from("contoso")?);
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
pub struct NetBiosName(String);

impl NetBiosName {
    const WHAT: &'static str = "NetBIOS name";

    fn normal(text: &str) -> Result<Cow<'_, str>, InvalidValue> {
        if text.is_empty() {
            return Err(InvalidValue::new(Self::WHAT, Fault::Empty));
        }
        if text.starts_with('.') {
            return Err(InvalidValue::at_byte(Self::WHAT, Fault::Rule("it does not start with a dot"), 0));
        }
        let wrong = |c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c);
        if let Some((at, c)) = text.char_indices().find(|(_, c)| wrong(*c)) {
            return Err(InvalidValue::at_byte(Self::WHAT, Fault::Character(c), at));
        }
        if text.len() > 15 {
            return Err(InvalidValue::new(Self::WHAT, Fault::TooLong { limit: 15, length: text.len() }));
        }
        Ok(Cow::Borrowed(text))
    }
}

validated_text!(NetBiosName);
ignores_ascii_case!(NetBiosName);
