/// A place in a text, for a reader to look at. Both numbers count from 1, and columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    /// The position of a byte of `text`. Lines end with a line feed, so CR LF ends one line.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let (earlier, line) = before.rsplit_once('\n').map_or((None, before), |(a, b)| (Some(a), b));
        let ended = earlier.map_or(0, |lines| lines.matches('\n').count().saturating_add(1));
        Self { line: ended.saturating_add(1), column: line.chars().count().saturating_add(1) }
    }
}
