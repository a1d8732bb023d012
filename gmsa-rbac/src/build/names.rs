//! What things are called: the one place that makes names.

/// `use-gmsa-SPEC`, or `use-gmsa-SPEC:SPEC:..` for several. No credential spec has a colon in its name, so
/// different sets have different names.
pub(crate) fn use_role_name<'n>(specs: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = specs.into_iter().collect();
    bounded(format!("use-gmsa-{}", names.join(":")))
}

/// `use-gmsa-SPEC:ACCOUNT`, for a binding to one account.
pub(crate) fn account_binding_name(spec: &str, account: &str) -> String {
    bounded(format!("use-gmsa-{spec}:{account}"))
}

/// The name, or the first of `NAME::2`, `NAME::3` and so on that is free; no other name here has `::` in it.
pub(crate) fn first_free(name: &str, is_free: impl Fn(&str) -> bool) -> String {
    let mut found = name.to_owned();
    let mut number = 1_usize;
    while !is_free(&found) {
        number = number.saturating_add(1);
        found = bounded(format!("{name}::{number}"));
    }
    found
}

/// The name, or if it is over 253 bytes its start and a hash of all of it.
///
/// RBAC names have no limit of their own; this is that of most objects, and what tools reckon with.
fn bounded(name: String) -> String {
    const LIMIT: usize = 253;
    if name.len() <= LIMIT {
        return name;
    }
    // FNV-1a, 64 bit: the same in every version of this crate, which the standard hasher does not promise.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // In bytes: names as they are printed somewhere may have any characters.
    let mut start = name;
    while start.len() > LIMIT - 17 {
        start.pop();
    }
    format!("{start}-{hash:016x}")
}
