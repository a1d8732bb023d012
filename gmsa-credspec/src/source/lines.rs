use gmsa_types::finding::SourcePosition;

/// Where the lines of a text are, so that the position of any byte is found in constant time.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Line and column, both from 0, at each multiple of [`STEP`] bytes.
    marks: Vec<(usize, usize)>,
}

const STEP: usize = 256;

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut mark = (0, 0);
        let marks = text.as_bytes().chunks(STEP).map(|chunk| {
            let here = mark;
            mark = chunk.iter().fold(here, after);
            here
        });
        let marks = marks.collect();
        Self { text, marks }
    }

    /// The position of some bytes of the text.
    pub(super) fn position(&self, start: usize, end: usize) -> SourcePosition {
        let start = start.min(self.text.len());
        let index = start / STEP;
        // A text that ends at a mark has no mark for its end.
        let (index, mark) = match (self.marks.get(index), self.marks.last()) {
            (Some(mark), _) => (index, *mark),
            (None, Some(mark)) => (self.marks.len().saturating_sub(1), *mark),
            (None, None) => (0, (0, 0)),
        };
        let from = index.saturating_mul(STEP);
        let (line, column) =
            self.text.as_bytes().get(from..start).unwrap_or_default().iter().fold(mark, after);
        SourcePosition::new(
            line.saturating_add(1),
            column.saturating_add(1),
            start,
            end.min(self.text.len()).saturating_sub(start),
        )
    }
}

fn after((line, column): (usize, usize), byte: &u8) -> (usize, usize) {
    match byte {
        b'\n' => (line.saturating_add(1), 0),
        // The bytes of a character after its first.
        0x80..=0xbf => (line, column),
        _ => (line, column.saturating_add(1)),
    }
}
