use std::borrow::Cow;

use crate::{
    Fault, InvalidValue,
    invalid::Flaw,
    text::{check_length, check_not_empty, ignores_ascii_case, validated_text},
};

/// The DNS name of a domain: labels of letters, digits and `-`, at most 63 characters each and 255 in all,
/// without a trailing dot.
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

    fn normal(text: &str) -> Result<Cow<'_, str>, Flaw> {
        check_not_empty(text)?;
        let mut start = 0;
        for label in text.split('.') {
            check_part(label, |c| c.is_ascii_alphanumeric()).map_err(|flaw| flaw.after(start))?;
            if label.len() > 63 {
                return Err(Flaw::at(Fault::Rule("a label has at most 63 characters"), start));
            }
            start += label.len() + 1;
        }
        check_length(text, 255)?;
        Ok(Cow::Borrowed(text))
    }
}

validated_text!(DnsName);
ignores_ascii_case!(DnsName);

/// Checks that `text` is a DNS-1123 subdomain, the form of most Kubernetes object names: up to 253 lower-case
/// letters, digits, `-` and `.`, where each part between dots starts and ends with a letter or digit.
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
    subdomain(text).map_err(|flaw| flaw.of(what, text))
}

/// Checks that `text` is a DNS-1123 label, the form of namespace, container and host names: up to 63 lower-case
/// letters, digits and `-`, starting and ending with a letter or digit.
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
    label(text).map_err(|flaw| flaw.of(what, text))
}

/// Checks that `text` is a DNS-1035 label, the form of service names: a DNS-1123 label that starts with a letter.
///
/// From Kubernetes 1.34 on an API server may take a digit in front too; no earlier one does.
///
/// `what` names the kind of value in the error.
///
/// # Errors
///
/// [`InvalidValue`] with the place of the first fault.
///
/// Source: Kubernetes `apimachinery/pkg/util/validation/validation.go`, `IsDNS1035Label`.
///
/// ```
/// gmsa_types::check_dns_1035_label("service name", "gmsa-webhook")?;
/// assert!(gmsa_types::check_dns_1035_label("service name", "9webhook").is_err());
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
pub fn check_dns_1035_label(what: &'static str, text: &str) -> Result<(), InvalidValue> {
    let starts_with_digit = text.starts_with(|c: char| c.is_ascii_digit());
    let first = || match starts_with_digit {
        true => Err(Flaw::at(Fault::Rule("it starts with a letter"), 0)),
        false => Ok(()),
    };
    label(text).and_then(|()| first()).map_err(|flaw| flaw.of(what, text))
}

pub(crate) fn subdomain(text: &str) -> Result<(), Flaw> {
    check_not_empty(text)?;
    let mut start = 0;
    for part in text.split('.') {
        check_part(part, is_lower_alphanumeric).map_err(|flaw| flaw.after(start))?;
        start += part.len() + 1;
    }
    check_length(text, 253)
}

pub(crate) fn label(text: &str) -> Result<(), Flaw> {
    check_not_empty(text)?;
    check_part(text, is_lower_alphanumeric)?;
    check_length(text, 63)
}

fn is_lower_alphanumeric(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9')
}

fn check_part(part: &str, is_alphanumeric: fn(char) -> bool) -> Result<(), Flaw> {
    if let Some((at, c)) = part.char_indices().find(|&(_, c)| c != '-' && !is_alphanumeric(c)) {
        return Err(Flaw::at(Fault::Character(c), at));
    }
    let rule = Fault::Rule("each part starts and ends with a letter or digit");
    if part.is_empty() || part.starts_with('-') {
        return Err(Flaw::at(rule, 0));
    }
    if part.ends_with('-') {
        return Err(Flaw::at(rule, part.len() - 1));
    }
    Ok(())
}
