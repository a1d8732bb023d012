use std::borrow::Cow;

use crate::{
    Fault, InvalidValue,
    text::{ignores_ascii_case, validated_text},
};

/// The SAM name of an Active Directory account as credential specs carry it: without the domain and without
/// the trailing `$`.
///
/// 1 to 20 bytes, no control character, none of `" / \ [ ] : ; | = , + * ? < > @ $`, and not only dots and
/// spaces. Names over 15 characters are legal here but cannot be a computer's NetBIOS name. Compared without
/// regard to ASCII case, as Active Directory does.
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

    fn normal(text: &str) -> Result<Cow<'_, str>, InvalidValue> {
        let error = |fault| Err(InvalidValue::new(Self::WHAT, fault));
        if text.is_empty() {
            return error(Fault::Empty);
        }
        let wrong = |c: char| c.is_control() || r#""/\[]:;|=,+*?<>@$"#.contains(c);
        if let Some((at, c)) = text.char_indices().find(|(_, c)| wrong(*c)) {
            return Err(InvalidValue::at_byte(Self::WHAT, Fault::Character(c), at));
        }
        if text.chars().all(|c| matches!(c, '.' | ' ')) {
            return error(Fault::Rule("it has more than dots and spaces"));
        }
        if text.len() > 20 {
            return error(Fault::TooLong { limit: 20, length: text.len() });
        }
        Ok(Cow::Borrowed(text))
    }
}

validated_text!(AccountName);
ignores_ascii_case!(AccountName);
