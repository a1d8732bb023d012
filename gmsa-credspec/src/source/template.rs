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

/// Where the first template of a text is, if it has one.
pub(super) fn first_template(text: &str) -> Option<usize> {
    [("{{", "}}"), ("{%", "%}")]
        .into_iter()
        .filter_map(|(open, close)| {
            let at = text.find(open)?;
            text.get(at..)?.contains(close).then_some(at)
        })
        .min()
}
