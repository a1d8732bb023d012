/// Whether a text is one that somebody was to fill in, or has a part like that.
///
/// The forms are those of published samples: `<NAME>`, `${NAME}`, `$NAME`, `$NAME$`, `{{ name }}`, `%s`, `XXX`, `...`
/// and `YOUR_NAME`.
pub(super) fn is_placeholder(text: &str) -> bool {
    // A GUID in braces twice, as a chart writes that adds them itself: GC603.
    let braced = text.starts_with("{{") && gmsa_types::Guid::try_from(text.trim_matches(['{', '}'])).is_ok();
    text.contains("{{") && !braced
        || text.contains("{%")
        || text.contains("${")
        || text.contains("...")
        || text.contains('\u{2026}')
        || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_crosses)
        || is_yours(text)
        || is_format(text)
        || has_angle(text)
        || has_variable(text)
}

fn is_crosses(word: &str) -> bool {
    word.len() >= 3 && (word.bytes().all(|byte| byte == b'X') || word.bytes().all(|byte| byte == b'x'))
}

fn is_yours(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-')).any(|word| {
        ["your_", "your-"]
            .iter()
            .any(|start| word.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)))
    })
}

/// `%s`, not the `%20` of a URI.
fn is_format(text: &str) -> bool {
    text.match_indices('%').any(|(at, _)| {
        let rest = text.get(at.saturating_add(1)..).unwrap_or_default();
        let mut rest = rest.chars();
        matches!(rest.next(), Some('s' | 'v' | 'q'))
            && !rest.next().is_some_and(|c| c.is_ascii_alphanumeric())
    })
}

fn has_angle(text: &str) -> bool {
    text.split('<').skip(1).any(|rest| {
        rest.split_once('>').is_some_and(|(inside, _)| {
            inside.starts_with(|c: char| c.is_alphabetic())
                && inside.chars().all(|c| c.is_alphanumeric() || " _-.$".contains(c))
        })
    })
}

/// A `$` at the end belongs to an account, and one within a word may be anything.
fn has_variable(text: &str) -> bool {
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let starts = !before.is_alphanumeric() && before != '$';
        if character == '$'
            && starts
            && characters.peek().is_some_and(|c| c.is_ascii_alphabetic() || *c == '_')
        {
            return true;
        }
        before = character;
    }
    false
}
