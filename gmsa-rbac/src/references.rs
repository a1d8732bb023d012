use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How often each role of one namespace, or of the cluster, is referred to, and which of these are not there.
#[derive(Debug, Clone, Default)]
pub(crate) struct References {
    counts: BTreeMap<Arc<str>, usize>,
    missing: BTreeSet<Arc<str>>,
}

impl References {
    /// Counts a reference to a role; `exists` is whether the role is there.
    pub(crate) fn add(&mut self, role: &str, exists: bool) {
        if let Some(count) = self.counts.get_mut(role) {
            *count = count.saturating_add(1);
            return;
        }
        let role: Arc<str> = role.into();
        if !exists {
            self.missing.insert(Arc::clone(&role));
        }
        self.counts.insert(role, 1);
    }

    /// Takes back a reference that was counted.
    pub(crate) fn remove(&mut self, role: &str) {
        let Some(count) = self.counts.get_mut(role) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.counts.remove(role);
            self.missing.remove(role);
        }
    }

    /// Notes that a role is there now.
    pub(crate) fn role_added(&mut self, role: &str) {
        self.missing.remove(role);
    }

    /// Notes that a role is no longer there.
    pub(crate) fn role_removed(&mut self, role: &str) {
        if let Some((role, _)) = self.counts.get_key_value(role) {
            self.missing.insert(Arc::clone(role));
        }
    }

    /// What stands in `held` under roles that are not there. Goes through the fewer of the two.
    pub(crate) fn missing_among<'h, V>(
        &'h self,
        held: &'h BTreeMap<Arc<str>, V>,
    ) -> impl Iterator<Item = &'h V> {
        let fewer_held = held.len() <= self.missing.len();
        let from_held = fewer_held.then_some(held).into_iter().flatten();
        let from_held = from_held.filter(|(role, _)| self.missing.contains(*role)).map(|(_, value)| value);
        let from_missing = (!fewer_held).then_some(&self.missing).into_iter().flatten();
        from_held.chain(from_missing.filter_map(|role| held.get(role)))
    }
}
