//! Roles and bindings that come, change and go: the answers are those of an index that is built afresh from what is left.

use arbitrary::{Arbitrary, Unstructured};
use gmsa_rbac::{AccessQuestion, Rbac, RbacObject};

pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut watched = Rbac::default();
    let mut left: Vec<RbacObject> = Vec::new();
    while !input.is_empty() && left.len() < 64 {
        match input.int_in_range(0..=11_u8).unwrap() {
            0 => watched.aggregate(),
            1..=3 if !left.is_empty() => {
                let object = left.remove(input.choose_index(left.len()).unwrap());
                assert!(remove(&mut watched, &object));
            }
            _ => {
                let object = RbacObject::arbitrary(&mut input).unwrap();
                left.retain(|other| key(other) != key(&object));
                left.push(object.clone());
                watched.insert(object);
            }
        }
        let question = AccessQuestion::arbitrary(&mut input).unwrap();
        // Holds in a world that changes, too, and keeps what is remembered between changes in use.
        assert_eq!(watched.answer(&question).is_allowed(), watched.grants(&question).next().is_some());
    }
    let mut fresh = Rbac::default();
    left.into_iter().for_each(|object| fresh.insert(object));
    for namespace in ["a", "b", "a:b"] {
        for account in ["x", "y", "b:x"] {
            for spec in ["s", "t", "S", "*", ""] {
                let question = AccessQuestion::new(namespace, account, spec);
                assert_eq!(watched.explain(&question), fresh.explain(&question));
                assert!(watched.grants(&question).eq(fresh.grants(&question)));
            }
        }
    }
    assert_eq!(watched.who_can_use("s"), fresh.who_can_use("s"));
}

fn key(object: &RbacObject) -> (&str, Option<&str>, Option<&str>) {
    let metadata = object.metadata();
    (object.kind(), metadata.namespace.as_deref(), metadata.name.as_deref())
}

fn remove(rbac: &mut Rbac, object: &RbacObject) -> bool {
    let (_, namespace, name) = key(object);
    let (namespace, name) = (namespace.unwrap_or_default(), name.unwrap_or_default());
    match object {
        RbacObject::ClusterRole(_) => rbac.remove_cluster_role(name),
        RbacObject::Role(_) => rbac.remove_role(namespace, name),
        RbacObject::ClusterRoleBinding(_) => rbac.remove_cluster_role_binding(name),
        RbacObject::RoleBinding(_) => rbac.remove_role_binding(namespace, name),
    }
}
