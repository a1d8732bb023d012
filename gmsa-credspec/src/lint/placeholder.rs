/// Whether a text is one that somebody was to fill in, or has a part like that.
///
/// The forms are those of published samples: `<NAME>`, `${NAME}`, `$NAME`, `$NAME$`, `{{ name }}`, `%s`, `XXX`, `...`,
/// `YOUR_NAME`, `CHANGEME`, `%NAME%`, `[name]`, `@@NAME@@`, `__NAME__` and the like.
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
        || is_told(text)
        || is_enclosed(text)
}

/// Words that ask for a value. Those that may be part of a name count in capitals alone.
fn is_told(text: &str) -> bool {
    const WORDS: [&str; 4] = ["TODO", "PLACEHOLDER", "CHANGEME", "REPLACEME"];
    const NAMED: [&str; 3] = ["GMSA-ACCOUNT-SID", "GMSA-ACCOUNT-NAME", "GMSA-ACCOUNT-GUID"];
    const YOURS: [&str; 8] = ["domain", "gmsa", "account", "company", "forest", "name", "sid", "guid"];
    let is_alone = WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    let is_word = || text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word));
    let alike = text.to_ascii_uppercase().replace(['_', ' '], "-");
    let is_your = |word: &str| {
        let word = word.to_ascii_lowercase();
        word.strip_prefix("your").is_some_and(|rest| YOURS.iter().any(|of| rest.starts_with(of)))
    };
    is_alone
        || is_word()
        || text.contains("ARN-SECRET")
        || ["CHANGE-ME", "REPLACE-ME"].iter().any(|words| has_words(&alike, words))
        || NAMED.iter().any(|words| has_words(&alike, words))
        || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_your)
}

/// Whether the words are there, and no part of longer ones.
fn has_words(text: &str, words: &str) -> bool {
    let continues = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(words).any(|(at, found)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text.get(at.saturating_add(found.len())..).and_then(|rest| rest.chars().next());
        !continues(before) && !continues(after)
    })
}

/// `%WORD%`, `@@WORD@@` and `__WORD__`, and a word that is in brackets as a whole.
fn is_enclosed(text: &str) -> bool {
    let is_name = |inside: &str| {
        inside.starts_with(|c: char| c.is_ascii_alphabetic())
            && inside.chars().all(|c| c.is_ascii_alphanumeric() || "_- .".contains(c))
    };
    let inside = |open: &str, close: &str| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    // With digits, it may be a GUID that is not written right: GC603.
    let in_brackets = [("[", "]"), ("{", "}")]
        .iter()
        .filter_map(|(open, close)| inside(open, close))
        .any(|inside| is_name(inside) && !inside.contains(|c: char| c.is_ascii_digit()));
    let has_at = text.matches("@@").nth(1).is_some() && text.split("@@").skip(1).any(is_name);
    let is_underlined = text
        .split(['.', '\\'])
        .any(|part| part.strip_prefix("__").and_then(|rest| rest.strip_suffix("__")).is_some_and(is_name));
    in_brackets || has_at || is_underlined || has_percent(text)
}

/// Not between the escapes of a URI: the word does not start like one.
fn has_percent(text: &str) -> bool {
    let mut parts = text.split('%').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_word =
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let is_escape = part.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
        let is_whole = text.len() == part.len().saturating_add(2);
        if parts.peek().is_some() && is_word && (is_whole || !is_escape) {
            return true;
        }
    }
    false
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
