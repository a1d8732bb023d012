/// The candidate that takes the fewest edits to become `text`, without regard to ASCII case, if these are few.
pub(super) fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Nothing that is known is longer, and the distance takes quadratic time.
    if text.len() > 64 {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (distance(text, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| distance.saturating_mul(3) <= candidate.len())
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, a) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row, vec![index.saturating_add(1)]).into_iter();
        let mut corner = diagonal.next().unwrap_or_default();
        for (b, above) in right.iter().zip(diagonal) {
            let left = row.last().copied().unwrap_or_default();
            let changed = usize::from(!a.eq_ignore_ascii_case(b));
            row.push(corner.saturating_add(changed).min(above.saturating_add(1)).min(left.saturating_add(1)));
            corner = above;
        }
    }
    row.last().copied().unwrap_or_default()
}
