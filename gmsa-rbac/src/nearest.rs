//! The word that was probably meant by one that is not there.

/// The text that is the least number of edits from `wanted`, if any is near enough to be a slip of the pen: one edit,
/// or one in three bytes. The first of several.
pub(crate) fn nearest<'t>(wanted: &str, texts: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let limit = (wanted.len() / 3).max(1);
    texts
        .filter(|text| text.len().abs_diff(wanted.len()) <= limit && text.len() <= LONGEST)
        .map(|text| (distance(wanted, text), text))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, text)| text)
}

/// Longer names than Kubernetes has for most objects are not worth the quadratic time.
const LONGEST: usize = 253;

/// How many bytes must be inserted, deleted or replaced to make `a` into `b`, without regard to ASCII case
/// (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        for (cell, y) in row.iter_mut().zip([None].into_iter().chain(b.bytes().map(Some))) {
            let Some(y) = y else {
                *cell = left;
                continue;
            };
            let replaced = diagonal.saturating_add(usize::from(!x.eq_ignore_ascii_case(&y)));
            diagonal = *cell;
            left = replaced.min(left.min(diagonal).saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances_are_levenshtein() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("use-webapp0", "use-webap0", 1),
            ("USE", "use", 0),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn only_a_slip_of_the_pen_is_near() {
        let names = ["view", "use-webapp1", "use-webapp0"];
        assert_eq!(nearest("use-webap0", names.into_iter()), Some("use-webapp0"));
        assert_eq!(nearest("edit", names.into_iter()), None);
    }
}
