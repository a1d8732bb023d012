//! Which sets of credential specs to make roles of, and where to bind them.
//!
//! In each namespace, the roles that are bound there must make up the set of each account from those roles that lie
//! within it. The cost is the number of roles plus, for each namespace, of those bound there.
//!
//! Only intersections of the accounts' sets need be tried: a role can be widened to what all accounts have in common
//! that hold it, and is as right as before.

use std::collections::{BTreeMap, BTreeSet};

use super::Needs;

type Specs<'w> = BTreeSet<&'w str>;
/// The sets that the accounts of each namespace need.
type Wanted<'w> = BTreeMap<&'w str, BTreeSet<Specs<'w>>>;

/// Roles, as sets of credential specs, and in which namespaces to bind which of them.
pub(super) struct Cover<'w> {
    roles: Vec<Specs<'w>>,
    bound: BTreeMap<&'w str, Vec<usize>>,
    proven: bool,
}

/// More candidates than these make the search too long.
const MOST_CANDIDATES: usize = 12;

impl<'w> Cover<'w> {
    pub(super) fn of(needs: &Needs<'w>) -> Self {
        let mut wanted: Wanted<'w> = BTreeMap::new();
        for ((namespace, _), specs) in needs {
            wanted.entry(namespace).or_default().insert(specs.clone());
        }
        let candidates = closed_sets(wanted.values().flatten());
        candidates.and_then(|candidates| exact(&wanted, candidates)).unwrap_or_else(|| simple(&wanted))
    }

    pub(super) fn roles(&self) -> &[Specs<'w>] {
        &self.roles
    }

    /// The indices of the roles to bind, by namespace.
    pub(super) fn bound(&self) -> &BTreeMap<&'w str, Vec<usize>> {
        &self.bound
    }

    pub(super) fn is_proven(&self) -> bool {
        self.proven
    }

    fn cost(&self) -> usize {
        self.roles.len().saturating_add(self.bound.values().map(Vec::len).sum())
    }

    /// The cover that binds these sets, with the roles that this takes.
    fn binding(sets: BTreeMap<&'w str, BTreeSet<Specs<'w>>>, proven: bool) -> Self {
        let roles: BTreeSet<&Specs<'w>> = sets.values().flatten().collect();
        let mut roles: Vec<Specs<'w>> = roles.into_iter().cloned().collect();
        roles.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let indices = |bound: &BTreeSet<Specs<'w>>| {
            let all = roles.iter().enumerate();
            all.filter(|(_, role)| bound.contains(*role)).map(|(index, _)| index).collect()
        };
        let bound = sets.iter().map(|(namespace, bound)| (*namespace, indices(bound))).collect();
        Self { roles, bound, proven }
    }
}

/// The sets and all their intersections but the empty one, the smallest first; `None` if there are too many.
fn closed_sets<'s, 'w: 's>(sets: impl Iterator<Item = &'s Specs<'w>>) -> Option<Vec<Specs<'w>>> {
    let mut closed: BTreeSet<Specs<'w>> = BTreeSet::new();
    for set in sets {
        if closed.contains(set) {
            continue;
        }
        let meets: Vec<Specs<'w>> = closed.iter().map(|other| other & set).collect();
        closed.insert(set.clone());
        closed.extend(meets.into_iter().filter(|meet| !meet.is_empty()));
        if closed.len() > MOST_CANDIDATES {
            return None;
        }
    }
    let mut closed: Vec<_> = closed.into_iter().collect();
    closed.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    Some(closed)
}

/// The cover of the least cost, by trying every family of candidates. A family is a bit mask.
fn exact<'w>(wanted: &Wanted<'w>, candidates: Vec<Specs<'w>>) -> Option<Cover<'w>> {
    let families = 1_usize.checked_shl(u32::try_from(candidates.len()).ok()?)?;
    let sets: BTreeSet<&Specs<'w>> = wanted.values().flatten().collect();
    let made_up: BTreeMap<&Specs<'w>, Vec<bool>> =
        sets.into_iter().map(|set| (set, families_that_make_up(set, &candidates, families))).collect();
    // For each namespace, the family to bind out of each family of roles. Namespaces that want the same share it.
    let mut tables: BTreeMap<&BTreeSet<Specs<'w>>, Vec<Option<usize>>> = BTreeMap::new();
    for sets in wanted.values() {
        tables.entry(sets).or_insert_with(|| {
            let enough = |family: usize| {
                sets.iter().all(|set| {
                    made_up.get(set).and_then(|table| table.get(family)).copied().unwrap_or_default()
                })
            };
            let mut table: Vec<Option<usize>> = Vec::with_capacity(families);
            for family in 0..families {
                let own = enough(family).then_some(family);
                let smaller =
                    bits(family).filter_map(|bit| table.get(family & !(1 << bit)).copied().flatten());
                table.push(smaller.chain(own).min_by_key(|bound| (bound.count_ones(), *bound)));
            }
            table
        });
    }
    let cost = |family: &usize| -> Option<u32> {
        wanted.values().try_fold(family.count_ones(), |cost, sets| {
            let bound = (*tables.get(sets)?.get(*family)?)?;
            Some(cost.saturating_add(bound.count_ones()))
        })
    };
    let (_, family) = (0..families).filter_map(|family| Some((cost(&family)?, family))).min()?;
    let bound = wanted.iter().map(|(namespace, sets)| {
        let bound =
            tables.get(sets).and_then(|table| table.get(family).copied().flatten()).unwrap_or_default();
        (*namespace, bits(bound).filter_map(|bit| candidates.get(bit).cloned()).collect())
    });
    Some(Cover::binding(bound.collect(), true))
}

/// For each family, whether its members within `set` make it up.
fn families_that_make_up(set: &Specs<'_>, candidates: &[Specs<'_>], families: usize) -> Vec<bool> {
    let inside: Vec<Option<&Specs<'_>>> =
        candidates.iter().map(|candidate| Some(candidate).filter(|inner| inner.is_subset(set))).collect();
    (0..families)
        .map(|family| {
            let members = || bits(family).filter_map(|bit| inside.get(bit).copied().flatten());
            set.iter().all(|spec| members().any(|member| member.contains(spec)))
        })
        .collect()
}

fn bits(mask: usize) -> impl Iterator<Item = usize> {
    (0..MOST_CANDIDATES).filter(move |bit| mask >> bit & 1 == 1)
}

/// The best of three: a role for each set of an account, a role for each credential spec, and a role for each set
/// that is not made up of others in its namespace.
fn simple<'w>(wanted: &Wanted<'w>) -> Cover<'w> {
    let whole = wanted.clone();
    let single = wanted.iter().map(|(namespace, sets)| {
        (*namespace, sets.iter().flatten().map(|spec| BTreeSet::from([*spec])).collect())
    });
    let irreducible = wanted.iter().map(|(namespace, sets)| {
        let made_up = |set: &Specs<'w>| {
            let parts: Vec<&Specs<'w>> =
                sets.iter().filter(|other| other.len() < set.len() && other.is_subset(set)).collect();
            set.iter().all(|spec| parts.iter().any(|part| part.contains(spec)))
        };
        (*namespace, sets.iter().filter(|set| !made_up(set)).cloned().collect())
    });
    let mut best = Cover::binding(single.collect(), false);
    for other in [Cover::binding(irreducible.collect(), false), Cover::binding(whole, false)] {
        if other.cost() < best.cost() {
            best = other;
        }
    }
    best
}
