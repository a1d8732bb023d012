use std::borrow::Cow;

use crate::{
    Fault, InvalidValue,
    text::{ignores_ascii_case, validated_text},
};

/// The DNS name of a domain: labels of letters, digits and `-`, at most 63 bytes each and 255 in all, without a
/// trailing dot.
///
/// Case is kept, and ignored in comparisons. Names with non-ASCII letters exist in Active Directory; they are
/// refused here, since the tools around credential specs handle ASCII alone.
///
/// Source: RFC 1123 section 2.1; Microsoft, "Naming conventions in Active Directory" (KB 909264).
///
/// ```
/// use gmsa_types::DnsName;
///
/// let domain: DnsName = "Contoso.com".parse()?;
/// assert_eq!(domain, DnsName::try_from("contoso.com")?);
/// assert!(DnsName::try_from("contoso.com.").is_err());
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
pub struct DnsName(String);

impl DnsName {
    const WHAT: &'static str = "DNS name";

    fn normal(text: &str) -> Result<Cow<'_, str>, InvalidValue> {
        check_length(Self::WHAT, text, 255)?;
        let mut start = 0;
        for label in text.split('.') {
            if label.len() > 63 {
                let rule = "a label has at most 63 bytes";
                return Err(InvalidValue::at_byte(Self::WHAT, Fault::Rule(rule), start));
            }
            check_part(Self::WHAT, label, start, |c| c.is_ascii_alphanumeric())?;
            start += label.len() + 1;
        }
        Ok(Cow::Borrowed(text))
    }
}

validated_text!(DnsName);
ignores_ascii_case!(DnsName);

/// Checks that `text` is a DNS-1123 subdomain, the form of most Kubernetes object names: at most 253 bytes of
/// lower-case letters, digits, `-` and `.`, where each part between dots starts and ends with a letter or digit.
///
/// `what` names the kind of value in the error.
///
/// # Errors
///
/// [`InvalidValue`] with the place of the first fault.
///
/// Source: Kubernetes `apimachinery/pkg/util/validation/validation.go`, `IsDNS1123Subdomain`.
///
/// ```
/// gmsa_types::check_dns_subdomain("pod name", "web-0.example")?;
/// assert!(gmsa_types::check_dns_subdomain("pod name", "Web").is_err());
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
pub fn check_dns_subdomain(what: &'static str, text: &str) -> Result<(), InvalidValue> {
    check_length(what, text, 253)?;
    let mut start = 0;
    for part in text.split('.') {
        check_part(what, part, start, is_lower_alphanumeric)?;
        start += part.len() + 1;
    }
    Ok(())
}

/// Checks that `text` is a DNS-1123 label, the form of namespace, container and host names: at most 63 bytes
/// of lower-case letters, digits and `-`, starting and ending with a letter or digit.
///
/// `what` names the kind of value in the error.
///
/// # Errors
///
/// [`InvalidValue`] with the place of the first fault.
///
/// Source: Kubernetes `apimachinery/pkg/util/validation/validation.go`, `IsDNS1123Label`.
///
/// ```
/// gmsa_types::check_dns_label("namespace", "team-a")?;
/// assert!(gmsa_types::check_dns_label("namespace", "team.a").is_err());
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
pub fn check_dns_label(what: &'static str, text: &str) -> Result<(), InvalidValue> {
    check_length(what, text, 63)?;
    check_part(what, text, 0, is_lower_alphanumeric)
}

fn check_length(what: &'static str, text: &str, limit: usize) -> Result<(), InvalidValue> {
    match text.len() {
        0 => Err(InvalidValue::new(what, Fault::Empty)),
        length if length > limit => Err(InvalidValue::new(what, Fault::TooLong { limit, length })),
        _ => Ok(()),
    }
}

fn is_lower_alphanumeric(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9')
}

fn check_part(
    what: &'static str,
    part: &str,
    start: usize,
    is_alphanumeric: fn(char) -> bool,
) -> Result<(), InvalidValue> {
    if let Some((at, c)) = part.char_indices().find(|&(_, c)| c != '-' && !is_alphanumeric(c)) {
        return Err(InvalidValue::at_byte(what, Fault::Character(c), start + at));
    }
    let edge = |at| {
        let rule = "each part starts and ends with a letter or digit";
        Err(InvalidValue::at_byte(what, Fault::Rule(rule), at))
    };
    if part.is_empty() || part.starts_with('-') {
        return edge(start);
    }
    if part.ends_with('-') {
        return edge(start + part.len() - 1);
    }
    Ok(())
}
