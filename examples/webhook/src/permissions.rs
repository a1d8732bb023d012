//! Who may use what, as a watch of roles and bindings tells.
//!
//! Only a yes counts, and only while all four kinds are connected. Whatever else comes out is asked of the API server:
//! a binding that has not come yet, another authorizer that permits it. So it does not matter if something is missing
//! here; what has been taken away must not stay, and the watch bounds how long it can.

use std::{
    collections::BTreeSet,
    fmt,
    marker::PhantomData,
    sync::{Arc, PoisonError, RwLock, RwLockWriteGuard},
};

use gmsa_rbac::{AccessQuestion, Rbac, RbacObject, permits_use};
use k8s_openapi::{
    Metadata,
    api::{
        authorization::v1::SubjectAccessReviewSpec,
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{Api, Client};
use serde::de::DeserializeOwned;

use crate::{
    metrics::Metrics,
    watch::{Store, Watch},
};

/// The roles that permit the `use` of credential specs, and the bindings of these.
pub(crate) struct Permissions {
    held: RwLock<Held>,
    watches: [Watch; 4],
}

/// Namespace and name; without a namespace what belongs to the cluster.
type Key = (String, String);

#[derive(Default)]
struct Held {
    rbac: Rbac,
    /// By kind, what of it is in `rbac`.
    keys: [BTreeSet<Key>; 4],
}

const CLUSTER_ROLES: usize = 0;
const ROLES: usize = 1;
const CLUSTER_ROLE_BINDINGS: usize = 2;
const ROLE_BINDINGS: usize = 3;
const RESOURCES: [&str; 4] = ["clusterroles", "roles", "clusterrolebindings", "rolebindings"];

impl Permissions {
    pub(crate) fn new(metrics: &Arc<Metrics>) -> Self {
        let watches = RESOURCES.map(|resource| Watch::new(resource, Arc::clone(metrics)));
        Self { held: RwLock::default(), watches }
    }

    /// Whether roles and bindings let this user `use` the credential spec in question. A no may be none.
    pub(crate) fn allows(&self, user: &SubjectAccessReviewSpec, question: &AccessQuestion<'_>) -> bool {
        if !self.watches.iter().all(Watch::is_connected) {
            return false;
        }
        let groups = user.groups.iter().flatten().map(String::as_str);
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        user.user.as_deref().filter(|name| !name.is_empty()).is_some_and(|name| {
            held.rbac.allows_user(name, groups, question.namespace(), question.credential_spec())
        })
    }

    /// Watches, for good.
    pub(crate) async fn follow(&self, client: Client) {
        tokio::join!(
            self.follow_kind::<ClusterRole>(client.clone()),
            self.follow_kind::<Role>(client.clone()),
            self.follow_kind::<ClusterRoleBinding>(client.clone()),
            self.follow_kind::<RoleBinding>(client),
        );
    }

    async fn follow_kind<K: Kind>(&self, client: Client) {
        let [cluster_roles, roles, cluster_role_bindings, role_bindings] = &self.watches;
        let watch = match K::INDEX {
            CLUSTER_ROLES => cluster_roles,
            ROLES => roles,
            CLUSTER_ROLE_BINDINGS => cluster_role_bindings,
            _ => role_bindings,
        };
        // Bindings of a role that did not matter were not kept.
        let bindings: &[&Watch] = match K::INDEX {
            CLUSTER_ROLES => &[cluster_role_bindings, role_bindings],
            ROLES => &[role_bindings],
            _ => &[],
        };
        let store = Objects::<K> { held: &self.held, bindings, kind: PhantomData };
        watch.follow(Api::all(client), &store).await;
    }
}

/// The objects of one kind.
struct Objects<'a, K> {
    held: &'a RwLock<Held>,
    /// What has to be listed again when another role matters.
    bindings: &'a [&'a Watch],
    kind: PhantomData<fn(K)>,
}

/// A kind of roles or bindings.
trait Kind:
    kube::Resource<DynamicType = ()>
    + Metadata<Ty = ObjectMeta>
    + Into<RbacObject>
    + Clone
    + fmt::Debug
    + DeserializeOwned
{
    const INDEX: usize;

    /// The object, less what no answer depends on; `None` if none depends on it at all.
    fn needed(self, held: &Held) -> Option<Self>;

    fn remove(rbac: &mut Rbac, key: &Key) -> bool;
}

impl Kind for ClusterRole {
    const INDEX: usize = CLUSTER_ROLES;

    fn needed(self, _: &Held) -> Option<Self> {
        // Of an aggregated role the rules are there: a controller fills them in.
        let rules = rules(self.rules)?;
        Some(Self { metadata: named(&self.metadata), rules: Some(rules), ..Self::default() })
    }

    fn remove(rbac: &mut Rbac, (_, name): &Key) -> bool {
        rbac.remove_cluster_role(name)
    }
}

impl Kind for Role {
    const INDEX: usize = ROLES;

    fn needed(self, _: &Held) -> Option<Self> {
        let rules = rules(self.rules)?;
        Some(Self { metadata: named(&self.metadata), rules: Some(rules) })
    }

    fn remove(rbac: &mut Rbac, (namespace, name): &Key) -> bool {
        rbac.remove_role(namespace, name)
    }
}

impl Kind for ClusterRoleBinding {
    const INDEX: usize = CLUSTER_ROLE_BINDINGS;

    fn needed(self, held: &Held) -> Option<Self> {
        held.has_role("", &self.role_ref).then(|| Self { metadata: named(&self.metadata), ..self })
    }

    fn remove(rbac: &mut Rbac, (_, name): &Key) -> bool {
        rbac.remove_cluster_role_binding(name)
    }
}

impl Kind for RoleBinding {
    const INDEX: usize = ROLE_BINDINGS;

    fn needed(self, held: &Held) -> Option<Self> {
        let namespace = self.metadata.namespace.as_deref().unwrap_or_default();
        held.has_role(namespace, &self.role_ref).then(|| Self { metadata: named(&self.metadata), ..self })
    }

    fn remove(rbac: &mut Rbac, (namespace, name): &Key) -> bool {
        rbac.remove_role_binding(namespace, name)
    }
}

fn rules(rules: Option<Vec<PolicyRule>>) -> Option<Vec<PolicyRule>> {
    let mut rules = rules.unwrap_or_default();
    rules.retain(permits_use);
    rules.shrink_to_fit();
    (!rules.is_empty()).then_some(rules)
}

fn named(metadata: &ObjectMeta) -> ObjectMeta {
    let (namespace, name) = (metadata.namespace.clone(), metadata.name.clone());
    ObjectMeta { namespace, name, ..ObjectMeta::default() }
}

fn key(metadata: &ObjectMeta) -> Key {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (text(&metadata.namespace), text(&metadata.name))
}

impl Held {
    /// Whether a binding of that namespace refers to a role that is kept.
    fn has_role(&self, namespace: &str, role: &RoleRef) -> bool {
        let [cluster_roles, roles, ..] = &self.keys;
        let key = |namespace: &str| (namespace.to_owned(), role.name.clone());
        match role.kind.as_str() {
            "ClusterRole" => cluster_roles.contains(&key("")),
            _ => roles.contains(&key(namespace)),
        }
    }

    fn keys(&mut self, kind: usize) -> Option<&mut BTreeSet<Key>> {
        self.keys.get_mut(kind)
    }

    /// Whether it is there for the first time.
    fn insert<K: Kind>(&mut self, object: K) -> bool {
        let key = key(object.metadata());
        self.rbac.insert(object);
        self.keys(K::INDEX).is_some_and(|keys| keys.insert(key))
    }

    fn remove<K: Kind>(&mut self, key: &Key) {
        K::remove(&mut self.rbac, key);
        self.keys(K::INDEX).map(|keys| keys.remove(key));
    }
}

impl<K: Kind> Objects<'_, K> {
    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn list_bindings_again(&self) {
        self.bindings.iter().for_each(|watch| watch.list_again());
    }
}

impl<K: Kind> Store<K> for Objects<'_, K> {
    type Kept = K;

    fn keep(&self, object: K) -> Option<K> {
        object.needed(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, all: Vec<K>) {
        let mut held = self.write();
        let mut gone = held.keys(K::INDEX).cloned().unwrap_or_default();
        let mut are_new = false;
        for object in all {
            gone.remove(&key(object.metadata()));
            are_new |= held.insert(object);
        }
        for key in &gone {
            held.remove::<K>(key);
        }
        drop(held);
        if are_new {
            self.list_bindings_again();
        }
    }

    fn apply(&self, object: K) {
        let mut held = self.write();
        let key = key(object.metadata());
        let is_new = match object.needed(&held) {
            Some(object) => held.insert(object),
            None => {
                held.remove::<K>(&key);
                false
            }
        };
        drop(held);
        if is_new {
            self.list_bindings_again();
        }
    }

    fn delete(&self, object: K) {
        self.write().remove::<K>(&key(object.metadata()));
    }
}
