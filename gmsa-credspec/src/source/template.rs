/// Whether a template starts here: of Go, Helm, Jinja or Mustache.
///
/// Neither JSON nor, in practice, YAML has two braces in a row outside quotes: JSON wants a key after the first,
/// and a YAML mapping that is itself a key has no form in JSON.
pub(super) fn is_template(rest: &str) -> bool {
    rest.starts_with("{{") || rest.starts_with("{%")
}

/// Whether a place holder stands here where JSON wants a value: a template, `<NAME>`, `$NAME`, `${NAME}` or `%s`.
pub(super) fn is_place_holder(rest: &str) -> bool {
    is_template(rest) || rest.starts_with(['<', '$', '%'])
}

/// Where the first template of a YAML text is, outside quotes and comments, if it has one.
pub(super) fn first_template(text: &str) -> Option<usize> {
    let mut line_start = 0_usize;
    for line in text.split_inclusive('\n') {
        let found = [("{{", "}}"), ("{%", "%}")].into_iter().filter_map(|(open, close)| {
            let (before, after) = line.split_once(open)?;
            let quoted = ['"', '\''].into_iter().any(|quote| before.matches(quote).count() % 2 == 1);
            let comment = before.trim_start().starts_with('#') || before.contains(" #");
            (after.contains(close) && !quoted && !comment).then_some(before.len())
        });
        if let Some(column) = found.min() {
            return Some(line_start.saturating_add(column));
        }
        line_start = line_start.saturating_add(line.len());
    }
    None
}
