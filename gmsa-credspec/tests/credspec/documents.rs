//! The leaves and objects of the documents that the strategies make, for tests that change one of them.

use gmsa_credspec::strategy::Json;

/// The keys and values of an object.
pub(crate) type Members = Vec<(String, Json)>;

/// The number of values that hold no others.
pub(crate) fn leaves(json: &Json) -> usize {
    match json {
        Json::Array(items) if !items.is_empty() => items.iter().map(leaves).sum(),
        Json::Object(members) if !members.is_empty() => members.iter().map(|(_, value)| leaves(value)).sum(),
        _ => 1,
    }
}

/// The n-th value that holds no others.
pub(crate) fn leaf_mut<'j>(json: &'j mut Json, n: &mut usize) -> Option<&'j mut Json> {
    let is_leaf = match json {
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => true,
    };
    if is_leaf {
        let hit = *n == 0;
        *n = n.wrapping_sub(1);
        return hit.then_some(json);
    }
    match json {
        Json::Array(items) => items.iter_mut().find_map(|item| leaf_mut(item, n)),
        Json::Object(members) => members.iter_mut().find_map(|(_, value)| leaf_mut(value, n)),
        _ => None,
    }
}

/// Calls `visit` on every object that has a key, and counts them.
pub(crate) fn visit_objects(json: &mut Json, visit: &mut dyn FnMut(&mut Members)) -> usize {
    match json {
        Json::Array(items) => items.iter_mut().map(|item| visit_objects(item, visit)).sum(),
        Json::Object(members) if !members.is_empty() => {
            let inner: usize = members.iter_mut().map(|(_, value)| visit_objects(value, visit)).sum();
            visit(members);
            inner + 1
        }
        _ => 0,
    }
}
