//! The validated texts: what each accepts, and what its errors say.

use std::{
    collections::hash_map::DefaultHasher,
    fmt::{Debug, Display},
    hash::{Hash, Hasher},
    str::FromStr,
};

use gmsa_types::{
    AccountName, CredentialSpecName, DnsName, DomainSid, Fault, Guid, InvalidValue, NetBiosName,
    ServiceAccountRef, Sid, check_dns_1035_label, check_dns_label, check_dns_subdomain, strategy::text,
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// What holds for every validated text: reading `text` succeeds exactly if `expected`, what was read is a fixed
/// point, and an error points at a character of the text.
fn obeys_the_laws<T>(text: &str, expected: bool)
where
    T: FromStr<Err = InvalidValue> + TryFrom<String, Error = InvalidValue>,
    T: Display + Debug + Clone + PartialEq + Serialize + DeserializeOwned,
{
    let read = T::from_str(text);
    assert_eq!(read, T::try_from(text.to_owned()), "FromStr and TryFrom agree on {text:?}");
    assert_eq!(read.is_ok(), expected, "{text:?}: {read:?}");
    match read {
        Ok(value) => {
            assert_eq!(T::from_str(&value.to_string()).as_ref(), Ok(&value));
            assert_eq!(T::from_str(&value.to_string()).unwrap().to_string(), value.to_string());
            let json = serde_json::to_value(&value).unwrap();
            assert_eq!(serde_json::from_value::<T>(json).unwrap(), value);
        }
        Err(error) => points_into(text, &error),
    }
}

fn points_into(text: &str, error: &InvalidValue) {
    let message = error.to_string();
    let Some(at) = error.at() else {
        assert!(!message.contains("(character "), "{message}");
        assert!(!matches!(error.fault(), Fault::Character(_)), "{message}");
        return;
    };
    let rest = text.get(at..).expect("a character boundary");
    let character = rest.chars().next().expect("a character of the text");
    if let Fault::Character(wrong) = error.fault() {
        assert_eq!(*wrong, character);
    }
    let place = text.get(..at).unwrap().chars().count() + 1;
    assert!(message.ends_with(&format!(" (character {place})")), "{message} for {text:?}");
    assert!(!message.chars().any(char::is_control), "{message:?}");
}

/// A text of the type that is a JSON string.
fn is_a_string<T>(text: &str)
where
    T: FromStr + AsRef<str> + Into<String> + Serialize + DeserializeOwned + Display,
{
    let Ok(value) = T::from_str(text) else { return };
    let json = serde_json::to_value(&value).unwrap();
    assert_eq!(json.as_str(), Some(value.as_ref()));
    assert_eq!(value.to_string(), value.as_ref());
    assert_eq!(Into::<String>::into(value), json.as_str().unwrap());
    assert!(serde_json::from_value::<T>(serde_json::json!([text])).is_err());
}

/// Equality, order and hash of two texts that differ in ASCII case alone, or otherwise.
fn ignores_case<T>(left: &str, right: &str)
where
    T: FromStr<Err = InvalidValue> + Debug + Ord + Hash,
{
    let (Ok(one), Ok(other)) = (T::from_str(left), T::from_str(right)) else { return };
    let order = left.to_ascii_lowercase().cmp(&right.to_ascii_lowercase());
    let same = order.is_eq();
    let hash = |value: &T| {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(one == other, same);
    assert_eq!(one.cmp(&other), order);
    assert_eq!(one.partial_cmp(&other), Some(one.cmp(&other)));
    if same {
        assert_eq!(hash(&one), hash(&other));
    }
}

// The oracles say the rules of the sources once more, by other means than the parsers.

fn is_subdomain(text: &str) -> bool {
    (1..=253).contains(&text.len()) && text.split('.').all(|part| is_label(part, usize::MAX))
}

fn is_label(text: &str, longest: usize) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.len() <= longest
        && bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
}

fn is_dns_name(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.len() <= 255 && !text.is_empty() && lower.split('.').all(|part| is_label(part, 63))
}

fn is_account_name(text: &str) -> bool {
    let count = text.chars().count();
    (1..=20).contains(&count)
        && !text.trim_matches(['.', ' ']).is_empty()
        && text.chars().all(|c| !c.is_control() && !"\"/\\[]:;|=,+*?<>@$".contains(c))
}

fn is_netbios_name(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    (1..=15).contains(&characters.len())
        && characters[0] != '.'
        && characters[characters.len() - 1] != ' '
        && characters.iter().all(|c| !c.is_control() && !"\\/:*?\"<>|".contains(*c))
}

fn is_guid(text: &str) -> bool {
    let digit = |c: char| if c.is_ascii_hexdigit() { '0' } else { c };
    let shape: String = text.chars().map(digit).collect();
    let d = "00000000-0000-0000-0000-000000000000";
    let shapes = [d.to_owned(), "0".repeat(32), format!("{{{d}}}"), format!("({d})")];
    shapes.contains(&shape) && text.chars().any(|c| c.is_ascii_hexdigit() && c != '0')
}

fn is_sid(text: &str) -> bool {
    let decimal = |part: &&str| part.parse::<u64>().is_ok_and(|n| n < 1 << 32 && n.to_string() == **part);
    let parts: Vec<&str> = text.split('-').collect();
    let [s, revision, authority, subauthorities @ ..] = parts.as_slice() else { return false };
    let hexadecimal = authority.strip_prefix("0x").is_some_and(|digits| {
        let value = u64::from_str_radix(digits, 16);
        digits.len() == 12 && !digits.contains('+') && value.is_ok_and(|n| n >= 1 << 32)
    });
    (*s, *revision) == ("S", "1")
        && (decimal(authority) || hexadecimal)
        && (1..=15).contains(&subauthorities.len())
        && subauthorities.iter().all(decimal)
}

fn is_domain_sid(text: &str) -> bool {
    is_sid(text) && text.starts_with("S-1-5-21-") && text.matches('-').count() == 6
}

fn is_service_account(text: &str) -> bool {
    let parts = match text.strip_prefix("system:serviceaccount:") {
        Some(parts) => parts.split_once(':'),
        None => text.split_once('/'),
    };
    parts.is_some_and(|(namespace, name)| is_label(namespace, 63) && is_subdomain(name))
}

proptest! {
    #[test]
    fn credential_spec_names(text in text::object_name()) {
        obeys_the_laws::<CredentialSpecName<'static>>(&text, is_subdomain(&text));
        is_a_string::<CredentialSpecName<'static>>(&text);
        prop_assert_eq!(CredentialSpecName::try_from(text.as_str()), text.parse::<CredentialSpecName<'_>>());
        prop_assert_eq!(check_dns_subdomain("pod name", &text).is_ok(), is_subdomain(&text));
        prop_assert_eq!(check_dns_label("namespace", &text).is_ok(), is_label(&text, 63));
        let starts_with_digit = text.starts_with(|c: char| c.is_ascii_digit());
        let service = check_dns_1035_label("service name", &text);
        prop_assert_eq!(service.is_ok(), is_label(&text, 63) && !starts_with_digit);
        for error in [check_dns_label("namespace", &text), service].into_iter().filter_map(Result::err) {
            points_into(&text, &error);
        }
    }

    #[test]
    fn account_names(text in text::account_name(), other in text::account_name()) {
        obeys_the_laws::<AccountName>(&text, is_account_name(&text));
        is_a_string::<AccountName>(&text);
        ignores_case::<AccountName>(&text, &other);
        ignores_case::<AccountName>(&text, &text.to_ascii_uppercase());
    }

    #[test]
    fn dns_names(text in text::dns_name(), other in text::dns_name()) {
        obeys_the_laws::<DnsName>(&text, is_dns_name(&text));
        is_a_string::<DnsName>(&text);
        ignores_case::<DnsName>(&text, &other);
        ignores_case::<DnsName>(&text, &text.to_ascii_uppercase());
    }

    #[test]
    fn netbios_names(text in text::netbios_name(), other in text::netbios_name()) {
        obeys_the_laws::<NetBiosName>(&text, is_netbios_name(&text));
        is_a_string::<NetBiosName>(&text);
        ignores_case::<NetBiosName>(&text, &other);
        ignores_case::<NetBiosName>(&text, &text.to_ascii_uppercase());
    }

    #[test]
    fn guids(text in text::guid()) {
        obeys_the_laws::<Guid>(&text, is_guid(&text));
        is_a_string::<Guid>(&text);
        if let Ok(guid) = text.parse::<Guid>() {
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            prop_assert_eq!(guid.as_str().replace('-', ""), digits.to_ascii_lowercase());
            prop_assert_eq!(guid.braced().parse::<Guid>(), Ok(guid));
        }
    }

    #[test]
    fn sids(text in text::sid()) {
        obeys_the_laws::<Sid>(&text, is_sid(&text));
        obeys_the_laws::<DomainSid>(&text, is_domain_sid(&text));
        is_a_string::<Sid>(&text);
        is_a_string::<DomainSid>(&text);
        if let Ok(sid) = text.parse::<Sid>() {
            prop_assert!(sid.as_str().eq_ignore_ascii_case(&text));
            let (rest, _) = text.rsplit_once('-').unwrap();
            prop_assert_eq!(sid.domain().is_some(), is_domain_sid(rest));
        }
        if let Ok(domain) = text.parse::<DomainSid>() {
            let account = format!("{domain}-1103").parse::<Sid>().unwrap();
            prop_assert_eq!(account.domain(), Some(domain.clone()));
            prop_assert_eq!(String::from(Sid::from(domain)), text);
        }
    }

    #[test]
    fn service_accounts(text in text::service_account()) {
        obeys_the_laws::<ServiceAccountRef>(&text, is_service_account(&text));
        if let Ok(account) = text.parse::<ServiceAccountRef>() {
            let parts = ServiceAccountRef::new(account.namespace(), account.name());
            prop_assert_eq!(parts.as_ref(), Ok(&account));
            prop_assert_eq!(account.user_name().parse(), Ok(account));
        }
    }

    /// The proposal is a valid name, is never the text itself, and says the same to somebody who ignores case and
    /// reads `_` and spaces as `-`.
    #[test]
    fn nearest_names(text in "[ ]?[A-Za-z0-9_ .-]{0,12}[ /]?") {
        let folded = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        match CredentialSpecName::nearest(&text) {
            Some(name) => {
                prop_assert_eq!(name.as_str(), folded);
                prop_assert!(!is_subdomain(&text));
            }
            None => prop_assert!(is_subdomain(&text) || !is_subdomain(&folded)),
        }
    }
}

#[track_caller]
fn refuses<T: FromStr<Err = InvalidValue> + Debug>(text: &str, message: &str) {
    let error = text.parse::<T>().unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn names_of_credential_specs_are_dns_subdomains() {
    for name in ["gmsa-webapp1", "webapp1", "0", "team-a.webapp1", &"a".repeat(253)] {
        assert_eq!(CredentialSpecName::try_from(name).unwrap().as_str(), name);
    }
    // As the Kubernetes task page prints them.
    type Name = CredentialSpecName<'static>;
    refuses::<Name>("gmsa-WebApp1", "credential spec name must not contain `W` (character 6)");
    refuses::<Name>("gmsa-Webapp1", "credential spec name must not contain `W` (character 6)");

    refuses::<Name>("", "credential spec name must not be empty");
    refuses::<Name>("web_app", "credential spec name must not contain `_` (character 4)");
    refuses::<Name>("../secrets", EDGE_1);
    refuses::<Name>("-a", EDGE_1);
    refuses::<Name>("a..b", &EDGE_1.replace('1', "3"));
    refuses::<Name>("a-.b", &EDGE_1.replace('1', "2"));
    refuses::<Name>("a.b.", &EDGE_1.replace('1', "4"));
    refuses::<Name>(&"a".repeat(254), "credential spec name must have at most 253 characters, not 254");
}

const EDGE_1: &str =
    "credential spec name is not valid: each part starts and ends with a letter or digit (character 1)";

#[test]
fn the_nearest_name_is_what_was_meant() {
    let nearest = |text| CredentialSpecName::nearest(text).map(String::from);
    assert_eq!(nearest("gmsa-WebApp1").as_deref(), Some("gmsa-webapp1"));
    assert_eq!(nearest(" Web App_1\n").as_deref(), Some("web-app-1"));
    assert_eq!(nearest("gmsa-webapp1"), None);
    assert_eq!(nearest(""), None);
    assert_eq!(nearest("web/app"), None);
    assert_eq!(nearest("\u{dc}ber"), None);
}

#[test]
fn a_place_is_counted_in_characters_and_given_in_bytes() {
    let error = "m\u{fc}ll$".parse::<AccountName>().unwrap_err();
    assert_eq!(error.at(), Some(5));
    assert_eq!(error.to_string(), "account name must not contain `$` (character 5)");
    let error = "\u{fc}/a".parse::<ServiceAccountRef>().unwrap_err();
    assert_eq!(error.to_string(), "namespace must not contain `\u{fc}` (character 1)");
    let error = "a/b/\u{fc}".parse::<ServiceAccountRef>().unwrap_err();
    assert_eq!(error.at(), Some(3));
    assert_eq!(error.to_string(), "service account name must not contain `/` (character 4)");
    let error = ServiceAccountRef::new("a", "b/").unwrap_err();
    assert_eq!(error.to_string(), "service account name must not contain `/` (character 2)");
}

#[test]
fn a_character_that_would_spoil_a_line_is_escaped() {
    refuses::<DnsName>("a\nb", r"DNS name must not contain `\n` (character 2)");
    refuses::<DnsName>("a\u{202e}b", r"DNS name must not contain `\u{202e}` (character 2)");
    refuses::<DnsName>("a\u{feff}", r"DNS name must not contain `\u{feff}` (character 2)");
    refuses::<DnsName>("a'", "DNS name must not contain `'` (character 2)");
    refuses::<NetBiosName>("A\\b", r"NetBIOS name must not contain `\` (character 2)");
    refuses::<NetBiosName>("A\"b", "NetBIOS name must not contain `\"` (character 2)");
}

#[test]
fn account_names_have_20_characters_at_most() {
    for name in ["WebApp1", "web app.1", "12345678901234567890", &"\u{fc}".repeat(20)] {
        assert_eq!(name.parse::<AccountName>().unwrap().as_str(), name);
    }
    refuses::<AccountName>("", "account name must not be empty");
    refuses::<AccountName>("WebApp1$", "account name must not contain `$` (character 8)");
    refuses::<AccountName>("CONTOSO\\WebApp1", r"account name must not contain `\` (character 8)");
    refuses::<AccountName>("WebApp1@contoso.com", "account name must not contain `@` (character 8)");
    refuses::<AccountName>("123456789012345678901", "account name must have at most 20 characters, not 21");
    refuses::<AccountName>(". .", "account name is not valid: it consists of dots and spaces only");
}

#[test]
fn dns_names_are_those_of_hosts() {
    for name in ["contoso.com", "Contoso.COM", "contoso", "1.2", "xn--mller-kva.example"] {
        assert_eq!(name.parse::<DnsName>().unwrap().as_str(), name);
    }
    let edge = "DNS name is not valid: each part starts and ends with a letter or digit (character 12)";
    refuses::<DnsName>("contoso.com.", edge);
    refuses::<DnsName>("my_domain.com", "DNS name must not contain `_` (character 3)");
    let label = "a".repeat(64);
    refuses::<DnsName>(
        &format!("b.{label}"),
        "DNS name is not valid: a label has at most 63 characters (character 3)",
    );
    let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(63)].join(".");
    assert!(long.parse::<DnsName>().is_ok());
    refuses::<DnsName>(&format!("{long}.e"), "DNS name must have at most 255 characters, not 257");
}

#[test]
fn netbios_names_have_15_characters_at_most() {
    for name in ["CONTOSO", "FUM-GLOBAL", "NO", "A&B", "123456789012345", &"\u{fc}".repeat(15)] {
        assert_eq!(name.parse::<NetBiosName>().unwrap().as_str(), name);
    }
    refuses::<NetBiosName>("1234567890123456", "NetBIOS name must have at most 15 characters, not 16");
    refuses::<NetBiosName>(".A", "NetBIOS name is not valid: it does not start with a dot (character 1)");
    refuses::<NetBiosName>("A ", "NetBIOS name is not valid: it does not end with a space (character 2)");
    refuses::<NetBiosName>("A:B", "NetBIOS name must not contain `:` (character 2)");
}

#[test]
fn guids_are_read_in_four_forms_and_kept_in_one() {
    let d = "244818ae-87ac-4fcd-92ec-e79e5252348a";
    let forms = [
        d,
        "244818AE-87AC-4FCD-92EC-E79E5252348A",
        "244818ae87ac4fcd92ece79e5252348a",
        "{244818ae-87ac-4fcd-92ec-e79e5252348a}",
        "(244818ae-87ac-4fcd-92ec-e79e5252348a)",
    ];
    for form in forms {
        assert_eq!(form.parse::<Guid>().unwrap().as_str(), d);
    }
    refuses::<Guid>("", "GUID must not be empty");
    refuses::<Guid>("{}", "GUID must not be empty");
    refuses::<Guid>("{244818ae-87ac-4fcd-92ec-e79e5252348a", "GUID must not contain `{` (character 1)");
    // Printed in Microsoft's own sample.
    refuses::<Guid>("{GDMA0342-266A-4D1P-831J-20990E82944F}", "GUID must not contain `G` (character 2)");
    refuses::<Guid>("{244818ae87ac4fcd92ece79e5252348a}", DIGITS);
    refuses::<Guid>("244818ae-87ac-4fcd-92ec-e79e5252348", DIGITS);
    refuses::<Guid>("24481-8ae", "GUID is not valid: hyphens divide it as 8-4-4-4-12 (character 6)");
    refuses::<Guid>("00000000-0000-0000-0000-000000000000", "GUID is not valid: it is the nil GUID");
}

const DIGITS: &str = "GUID is not valid: it has 32 hexadecimal digits as 8-4-4-4-12";

#[test]
fn every_sid_has_one_text() {
    for sid in ["S-1-0-0", "S-1-5-32-544", "S-1-5-21-4294967295-0-1-500", "S-1-0x100000000000-1"] {
        assert_eq!(sid.parse::<Sid>().unwrap().as_str(), sid);
    }
    let numbers = |count: usize| format!("S-1-5{}", "-1".repeat(count));
    assert!(numbers(15).parse::<Sid>().is_ok());
    refuses::<Sid>(&numbers(16), "SID is not valid: it has 1 to 15 subauthorities");
    assert!("S-1-0x000100000000-1".parse::<Sid>().is_ok());
    refuses::<Sid>(
        "S-1-0x0000ffffffff-1",
        "SID is not valid: an authority below 4294967296 is decimal (character 5)",
    );
    assert_eq!("S-1-0x10000000ABCD-1".parse::<Sid>().unwrap().as_str(), "S-1-0x10000000abcd-1");
    refuses::<Sid>("", "SID must not be empty");
    refuses::<Sid>("S-2-5-21", "SID is not valid: it starts with `S-1-` (character 1)");
    refuses::<Sid>("s-1-5-21", "SID is not valid: it starts with `S-1-` (character 1)");
    refuses::<Sid>("S-1-5", "SID is not valid: it has 1 to 15 subauthorities");
    refuses::<Sid>("S-1-5-", "SID is not valid: a number is missing (character 6)");
    refuses::<Sid>("S-1-5-021", "SID is not valid: its numbers have no leading zero (character 7)");
    refuses::<Sid>("S-1-5-4294967296", "SID is not valid: its numbers are below 4294967296 (character 7)");
    refuses::<Sid>("S-1-5-+1", "SID must not contain `+` (character 7)");
    refuses::<Sid>("S-1-5-21 ", "SID must not contain ` ` (character 9)");
    refuses::<Sid>("S-1-0x5-32", "SID is not valid: an authority in hexadecimal has 12 digits (character 5)");
}

#[test]
fn the_sid_of_an_account_is_not_that_of_its_domain() {
    let domain = "S-1-5-21-2126449477-2524075714-3094792973";
    assert_eq!(domain.parse::<DomainSid>().unwrap().as_str(), domain);
    assert_eq!(domain.parse::<Sid>().unwrap().domain(), None);
    refuses::<DomainSid>(
        &format!("{domain}-1103"),
        "domain SID is not valid: it has three numbers after `S-1-5-21-`; a fourth makes it the SID of an account",
    );
    refuses::<DomainSid>("S-1-5-32-544", "domain SID is not valid: it starts with `S-1-5-21-` (character 1)");
    refuses::<DomainSid>("S-1-5-21-1-2", "domain SID is not valid: it has three numbers after `S-1-5-21-`");
    refuses::<DomainSid>("S-1-5-21-x", "domain SID must not contain `x` (character 10)");
}

#[test]
fn service_accounts_are_written_in_two_ways() {
    let account: ServiceAccountRef = "team-a/web.app".parse().unwrap();
    assert_eq!((account.namespace(), account.name()), ("team-a", "web.app"));
    assert_eq!(account.to_string(), "team-a/web.app");
    assert_eq!("system:serviceaccount:team-a:web.app".parse(), Ok(account.clone()));
    let json = serde_json::json!({"namespace": "team-a", "name": "web.app"});
    assert_eq!(serde_json::to_value(&account).unwrap(), json);
    assert_eq!(serde_json::from_value::<ServiceAccountRef>(json).unwrap(), account);

    let error = serde_json::from_str::<ServiceAccountRef>(r#"{"namespace":"A","name":"b"}"#).unwrap_err();
    assert!(error.to_string().starts_with("namespace must not contain `A` (character 1)"), "{error}");
    type Ref = ServiceAccountRef;
    refuses::<Ref>("default", "service account is not valid: it is written NAMESPACE/NAME");
    refuses::<Ref>("system:node:a", "service account is not valid: it is written NAMESPACE/NAME");
    refuses::<Ref>("system:serviceaccount:a/b", "service account is not valid: it is written NAMESPACE/NAME");
    refuses::<Ref>("/a", "namespace must not be empty");
    refuses::<Ref>("a/", "service account name must not be empty");
    refuses::<Ref>("system:serviceaccount:a:B", "service account name must not contain `B` (character 25)");
    refuses::<Ref>("team.a/b", "namespace must not contain `.` (character 5)");
}

#[test]
fn serde_errors_are_those_of_the_parsers() {
    let error = serde_json::from_str::<Guid>(r#""x""#).unwrap_err();
    assert!(error.to_string().starts_with("GUID must not contain `x` (character 1)"), "{error}");
}
