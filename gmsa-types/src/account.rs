use std::borrow::Cow;

use crate::{
    Fault,
    invalid::Flaw,
    text::{check_length, check_not_empty, ignores_ascii_case, validated_text},
};

/// The SAM name of an Active Directory account as credential specs carry it: without the domain and without
/// the trailing `$`.
///
/// 1 to 20 characters (not bytes), no control character, none of `" / \ [ ] : ; | = , + * ? < > @ $`, and not
/// only dots and spaces. Names over 15 characters are legal here but cannot be a computer's NetBIOS name. Compared
/// without regard to ASCII case, as Active Directory does.
///
/// Source: Microsoft, "sAMAccountName"; [MS-SAMR] 3.1.1.6.
///
/// ```
/// use gmsa_types::AccountName;
///
/// let account: AccountName = "WebApp1".parse()?;
/// assert_eq!(account, AccountName::try_from("webapp1")?);
/// assert!(AccountName::try_from("WebApp1$").is_err());
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
pub struct AccountName(String);

impl AccountName {
    const WHAT: &'static str = "account name";

    fn normal(text: &str) -> Result<Cow<'_, str>, Flaw> {
        check_not_empty(text)?;
        let wrong = |c: char| c.is_control() || r#""/\[]:;|=,+*?<>@$"#.contains(c);
        if let Some((at, c)) = text.char_indices().find(|(_, c)| wrong(*c)) {
            return Err(Flaw::at(Fault::Character(c), at));
        }
        check_length(text, 20)?;
        if text.chars().all(|c| matches!(c, '.' | ' ')) {
            return Err(Flaw::new(Fault::Rule("it consists of dots and spaces only")));
        }
        Ok(Cow::Borrowed(text))
    }
}

validated_text!(AccountName);
ignores_ascii_case!(AccountName);
