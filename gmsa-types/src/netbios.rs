use std::borrow::Cow;

use crate::{
    Fault,
    invalid::Flaw,
    text::{check_length, check_not_empty, ignores_ascii_case, validated_text},
};

/// The NetBIOS name of a domain: 1 to 15 characters, not starting with a dot, not ending with a space, without
/// `\ / : * ? " < > |` and control characters.
///
/// Case is kept, and ignored in comparisons. A space at the end is padding to NetBIOS, so two such names would be
/// the same one.
///
/// Source: Microsoft, "Naming conventions in Active Directory" (KB 909264); Kubernetes
/// `pkg/apis/core/validation/validation.go`, `validNetBiosRegex`; RFC 1001 section 14.1.
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

    fn normal(text: &str) -> Result<Cow<'_, str>, Flaw> {
        check_not_empty(text)?;
        if text.starts_with('.') {
            return Err(Flaw::at(Fault::Rule("it does not start with a dot"), 0));
        }
        let wrong = |c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c);
        if let Some((at, c)) = text.char_indices().find(|(_, c)| wrong(*c)) {
            return Err(Flaw::at(Fault::Character(c), at));
        }
        if text.ends_with(' ') {
            return Err(Flaw::at(Fault::Rule("it does not end with a space"), text.len()));
        }
        check_length(text, 15)?;
        Ok(Cow::Borrowed(text))
    }
}

validated_text!(NetBiosName);
ignores_ascii_case!(NetBiosName);
