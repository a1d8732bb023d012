use std::collections::{BTreeMap, VecDeque};

use super::Item;
use crate::json::{Member, Node, Value};

/// Pairs the entries of two lists of accounts: those that are the same first, then those with the same name and scope
/// but for ASCII case, each in their order. The pairs come in the order of the left list, then what is only on the
/// right. Mirrored lists make mirrored pairs.
pub(super) fn pairs<'n, 't, 'u>(
    left: &'n [Node<'t>],
    right: &'n [Node<'u>],
) -> Vec<(Item<'n, 't>, Item<'n, 'u>)> {
    let mut partner: BTreeMap<usize, usize> = BTreeMap::new();
    let mut free: Vec<(usize, &Node<'u>)> = right.iter().enumerate().collect();
    for key in [exact as fn(&Node<'_>) -> Option<String>, by_account] {
        let mut waiting: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
        for (index, node) in &free {
            if let Some(key) = key(node) {
                waiting.entry(key).or_default().push_back(*index);
            }
        }
        for (index, node) in left.iter().enumerate() {
            if partner.contains_key(&index) {
                continue;
            }
            if let Some(other) = key(node).and_then(|key| waiting.get_mut(&key)).and_then(VecDeque::pop_front)
            {
                partner.insert(index, other);
            }
        }
        let taken: std::collections::BTreeSet<usize> = partner.values().copied().collect();
        free.retain(|(index, _)| !taken.contains(index));
    }
    let both = left.iter().enumerate().map(|(index, node)| {
        let other = partner.get(&index).and_then(|other| Some((*other, right.get(*other)?)));
        (Some((index, node)), other)
    });
    both.chain(free.into_iter().map(|entry| (None, Some(entry)))).collect()
}

/// The entry in canonical form.
fn exact(node: &Node<'_>) -> Option<String> {
    let mut out = String::new();
    crate::canonical::write(node, &mut out);
    Some(out)
}

/// Name and scope of the account, if the entry has both.
fn by_account(node: &Node<'_>) -> Option<String> {
    let Value::Object(members) = &node.value else { return None };
    let name = text(members, "Name")?.to_ascii_lowercase();
    let scope = text(members, "Scope")?.to_ascii_lowercase();
    Some(format!("{}:{name}{scope}", name.len()))
}

pub(super) fn text<'n>(members: &'n [Member<'_>], key: &str) -> Option<&'n str> {
    match members.iter().find(|member| member.key == key).map(|member| &member.node.value) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
