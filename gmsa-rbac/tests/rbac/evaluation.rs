//! The evaluator against a second one, written straight from the rules with no index and no care for cost.

use crate::world::{
    account, cluster_role, cluster_role_binding, group, insert, question, rbac, role, role_binding, use_of,
};
use gmsa_rbac::{
    AccessQuestion, Answer, Rbac, RbacObject,
    audit::Audit,
    permits_use,
    strategy::{self, CREDENTIAL_SPECS, NAMESPACES, SERVICE_ACCOUNTS},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

/// All reasons for which the objects allow it, and the messages of all roles that are missing.
fn naive(objects: &[Value], question: &AccessQuestion<'_>) -> (Vec<String>, Vec<String>) {
    let (mut reasons, mut missing) = (Vec::new(), Vec::new());
    let mut bindings: Vec<&Value> = objects
        .iter()
        .filter(|object| {
            object["kind"] == "ClusterRoleBinding"
                || object["kind"] == "RoleBinding"
                    && question.namespace() != ""
                    && object["metadata"]["namespace"] == question.namespace()
        })
        .collect();
    bindings.sort_by_key(|binding| {
        (binding["kind"] != "ClusterRoleBinding", binding["metadata"]["name"].as_str().unwrap().to_owned())
    });
    for binding in bindings {
        let namespace = binding["metadata"]["namespace"].as_str().unwrap_or("");
        let subjects = binding["subjects"].as_array().unwrap();
        let Some(subject) = subjects.iter().find(|subject| applies(subject, namespace, question)) else {
            continue;
        };
        let (kind, name) =
            (binding["roleRef"]["kind"].as_str().unwrap(), binding["roleRef"]["name"].as_str().unwrap());
        let role = objects.iter().find(|object| {
            object["kind"] == kind
                && object["metadata"]["name"] == name
                && (kind == "ClusterRole"
                    || !namespace.is_empty() && object["metadata"]["namespace"] == namespace)
        });
        let Some(role) = role else {
            let lower = kind.to_lowercase();
            missing.push(format!("{lower}.rbac.authorization.k8s.io \"{name}\" not found"));
            continue;
        };
        if role["rules"].as_array().unwrap().iter().any(|rule| allows(rule, question.credential_spec())) {
            let of = |object: &Value, namespace: &str| match namespace {
                "" => {
                    format!("{} \"{}\"", object["kind"].as_str().unwrap(), object["name"].as_str().unwrap())
                }
                _ => format!(
                    "{} \"{}/{namespace}\"",
                    object["kind"].as_str().unwrap(),
                    object["name"].as_str().unwrap()
                ),
            };
            let subject_namespace = match subject["kind"].as_str().unwrap() {
                "ServiceAccount" => subject["namespace"].as_str().unwrap_or(namespace),
                _ => "",
            };
            let named = json!({"kind": binding["kind"], "name": binding["metadata"]["name"]});
            reasons.push(format!(
                "RBAC: allowed by {} of {kind} \"{name}\" to {}",
                of(&named, namespace),
                of(subject, subject_namespace)
            ));
        }
    }
    (reasons, missing)
}

fn applies(subject: &Value, namespace: &str, question: &AccessQuestion<'_>) -> bool {
    let name = subject["name"].as_str().unwrap();
    let user = format!("system:serviceaccount:{}:{}", question.namespace(), question.service_account());
    match subject["kind"].as_str().unwrap() {
        "User" => name == user,
        "Group" => {
            name == "system:serviceaccounts"
                || name == format!("system:serviceaccounts:{}", question.namespace())
        }
        "ServiceAccount" => {
            let namespace = subject["namespace"].as_str().unwrap_or(namespace);
            !namespace.is_empty() && user == format!("system:serviceaccount:{namespace}:{name}")
        }
        _ => false,
    }
}

fn allows(rule: &Value, name: &str) -> bool {
    let has = |field: &str, wanted: &str| {
        rule[field].as_array().is_some_and(|list| list.iter().any(|entry| entry == "*" || entry == wanted))
    };
    let names = rule["resourceNames"].as_array();
    has("verbs", "use")
        && has("apiGroups", "windows.k8s.io")
        && has("resources", "gmsacredentialspecs")
        && names.is_none_or(|names| names.is_empty() || names.iter().any(|entry| entry == name))
}

fn as_value(object: RbacObject) -> Value {
    serde_json::to_value(object).unwrap()
}

fn any_object() -> impl Strategy<Value = Value> {
    strategy::object().prop_map(as_value)
}

fn key(object: &Value) -> (&Value, &Value, &Value) {
    (&object["kind"], &object["metadata"]["namespace"], &object["metadata"]["name"])
}

/// The objects that are left when each takes the place of those before it with its kind, namespace and name.
fn last_of_each(objects: &[Value]) -> Vec<Value> {
    let replaced =
        |index: usize, object: &Value| objects[index + 1..].iter().any(|later| key(later) == key(object));
    objects
        .iter()
        .enumerate()
        .filter(|(index, object)| !replaced(*index, object))
        .map(|(_, o)| o.clone())
        .collect()
}

fn remove(rbac: &mut Rbac, object: &Value) -> bool {
    let name = object["metadata"]["name"].as_str().unwrap();
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or("");
    match object["kind"].as_str().unwrap() {
        "ClusterRole" => rbac.remove_cluster_role(name),
        "Role" => rbac.remove_role(namespace, name),
        "ClusterRoleBinding" => rbac.remove_cluster_role_binding(name),
        _ => rbac.remove_role_binding(namespace, name),
    }
}

fn same(rbac: &Rbac, objects: &[Value], question: &AccessQuestion<'_>) -> Result<(), TestCaseError> {
    let (reasons, missing) = naive(objects, question);
    let grants: Vec<_> = rbac.grants(question).map(|grant| grant.reason()).collect();
    prop_assert_eq!(&grants, &reasons);
    match rbac.answer(question) {
        Answer::Allow(grant) => {
            prop_assert_eq!(Some(&grant.reason()), reasons.first());
            // The reason does not say which rule.
            prop_assert_eq!(Some(grant), rbac.grants(question).next());
        }
        Answer::Deny(refusal) => {
            prop_assert!(reasons.is_empty());
            let found: Vec<_> = refusal.missing_roles().iter().map(ToString::to_string).collect();
            prop_assert_eq!(found, missing);
        }
    }
    prop_assert_eq!(rbac.explain(question).is_allowed(), !reasons.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * ProptestConfig::default().cases))]

    #[test]
    fn the_index_changes_no_answer(
        objects in vec(any_object(), 0..40),
        questions in vec(strategy::question(), 8),
    ) {
        let rbac = rbac(objects.iter().cloned());
        let objects = last_of_each(&objects);
        for question in &questions {
            same(&rbac, &objects, question)?;
        }
    }

    #[test]
    fn a_service_account_is_a_user_with_two_groups(
        objects in vec(any_object(), 0..40),
        question in strategy::question(),
    ) {
        let rbac = rbac(last_of_each(&objects));
        let groups = question.groups();
        let groups = groups.iter().map(String::as_str);
        let user = question.user_name();
        prop_assert_eq!(
            rbac.allows_user(&user, groups, question.namespace(), question.credential_spec()),
            rbac.answer(&question).is_allowed()
        );
    }

    #[test]
    fn rules_that_permit_no_use_change_no_answer(
        objects in vec(any_object(), 0..40),
        question in strategy::question(),
    ) {
        let all = rbac(last_of_each(&objects));
        let needed = objects.into_iter().map(|mut object| {
            if let Some(rules) = object["rules"].as_array_mut() {
                rules.retain(|rule| permits_use(&serde_json::from_value(rule.clone()).unwrap()));
            }
            object
        });
        let needed = rbac(last_of_each(&needed.collect::<Vec<_>>()));
        prop_assert_eq!(all.answer(&question).is_allowed(), needed.answer(&question).is_allowed());
    }

    #[test]
    fn what_is_removed_no_longer_counts(
        objects in vec(any_object(), 1..40),
        removed in vec(any::<prop::sample::Index>(), 1..6),
        questions in vec(strategy::question(), 8),
    ) {
        let mut rbac = rbac(objects.iter().cloned());
        let mut left = last_of_each(&objects);
        for index in removed {
            let object = index.get(&objects);
            prop_assert_eq!(remove(&mut rbac, object), left.iter().any(|other| key(other) == key(object)));
            left.retain(|other| key(other) != key(object));
        }
        for question in &questions {
            same(&rbac, &left, question)?;
        }
    }
}

/// What a watch brings.
#[derive(Debug, Clone)]
enum Event {
    Insert(Value),
    Remove(prop::sample::Index),
    Aggregate,
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => any_object().prop_map(Event::Insert),
        3 => any::<prop::sample::Index>().prop_map(Event::Remove),
        1 => Just(Event::Aggregate),
    ]
}

/// Roles that aggregate one another, now and then, and bindings to them.
fn any_aggregating_event() -> impl Strategy<Value = Event> {
    let binding = (select(&["b1", "b2"][..]), select(&["r1", "r2", "r3"][..])).prop_map(|(name, role)| {
        let subject = json!({"kind": "ServiceAccount", "namespace": "a", "name": "x"});
        Event::Insert(cluster_role_binding(name, &format!("ClusterRole/{role}"), &[subject]))
    });
    prop_oneof![
        5 => strategy::aggregating_role().prop_map(|role| Event::Insert(as_value(role))),
        3 => binding,
        2 => any::<prop::sample::Index>().prop_map(Event::Remove),
        2 => Just(Event::Aggregate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    /// Whatever was inserted, replaced and removed before: the answers, near misses and all, are those of an index that
    /// is built afresh from what is left, and so are the holders and the audit.
    #[test]
    fn an_index_that_was_changed_is_as_one_that_is_built_afresh(events in vec(any_event(), 0..60)) {
        let mut watched = Rbac::default();
        let mut left: Vec<Value> = Vec::new();
        for event in events {
            match event {
                Event::Insert(object) => {
                    insert(&mut watched, [object.clone()]);
                    left.retain(|other| key(other) != key(&object));
                    left.push(object);
                }
                Event::Remove(index) if !left.is_empty() => {
                    let removed = left.remove(index.index(left.len()));
                    prop_assert!(remove(&mut watched, &removed));
                }
                Event::Remove(_) => {}
                Event::Aggregate => watched.aggregate(),
            }
        }
        let fresh = rbac(left.iter().cloned());
        // Nothing is left behind that no question comes upon: the index of a watch would grow for ever.
        prop_assert_eq!(format!("{watched:?}"), format!("{fresh:?}"));
        for namespace in NAMESPACES {
            for account in SERVICE_ACCOUNTS {
                for spec in CREDENTIAL_SPECS {
                    let question = AccessQuestion::new(*namespace, *account, *spec);
                    prop_assert_eq!(watched.explain(&question), fresh.explain(&question));
                    same(&watched, &left, &question)?;
                }
            }
        }
        for spec in CREDENTIAL_SPECS {
            prop_assert_eq!(watched.who_can_use(spec), fresh.who_can_use(spec));
        }
        let findings = |rbac: &Rbac| Audit::of(rbac).credential_specs(["s", "t"]).findings();
        prop_assert_eq!(findings(&watched), findings(&fresh));
    }

    /// The rules that were aggregated go when they are forgotten, and come back as those of the roles that are left.
    #[test]
    fn aggregated_rules_come_and_go_as_in_an_index_that_is_built_afresh(
        events in vec(any_aggregating_event(), 0..40),
    ) {
        let mut watched = Rbac::default();
        let mut left: Vec<Value> = Vec::new();
        for event in events {
            match event {
                Event::Insert(object) => {
                    insert(&mut watched, [object.clone()]);
                    left.retain(|other| key(other) != key(&object));
                    left.push(object);
                }
                Event::Remove(index) if !left.is_empty() => {
                    remove(&mut watched, &left.remove(index.index(left.len())));
                }
                Event::Remove(_) => {}
                Event::Aggregate => watched.aggregate(),
            }
        }
        let questions = |rbac: &Rbac| -> Vec<_> {
            let ask = |spec: &&str| rbac.explain(&AccessQuestion::new("a", "x", *spec));
            CREDENTIAL_SPECS.iter().map(ask).collect()
        };
        let mut fresh = rbac(left);
        fresh.aggregate();
        watched.aggregate();
        prop_assert_eq!(format!("{watched:?}"), format!("{fresh:?}"));
        prop_assert_eq!(questions(&watched), questions(&fresh));
        watched.aggregate();
        prop_assert_eq!(questions(&watched), questions(&fresh));
        // An object of no consequence, so that what was aggregated is forgotten.
        for rbac in [&mut watched, &mut fresh] {
            insert(rbac, [cluster_role("forget", &[])]);
        }
        prop_assert_eq!(format!("{watched:?}"), format!("{fresh:?}"));
        let plain = fresh.clone();
        prop_assert_eq!(questions(&watched), questions(&plain));
        fresh.aggregate();
        watched.aggregate();
        prop_assert_eq!(questions(&watched), questions(&fresh));
    }

    /// Exactly the service accounts of whose pods a holder stands for are allowed.
    #[test]
    fn the_holders_are_those_who_are_allowed(objects in vec(any_object(), 0..40)) {
        let rbac = rbac(objects);
        for spec in CREDENTIAL_SPECS {
            let holders = rbac.who_can_use(spec);
            for namespace in ["a", "b"] {
                for account in ["x", "y", "z"] {
                    let allowed = rbac.answer(&AccessQuestion::new(namespace, account, *spec)).is_allowed();
                    let held = holders.iter().any(|holder| holder.pods().include(namespace, account));
                    prop_assert_eq!(held, allowed, "{} {} {}", namespace, account, spec);
                }
            }
        }
    }
}

/// The properties above would hold of a world in which nothing is ever allowed.
#[test]
fn random_worlds_have_yes_no_and_missing_roles_in_them() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut yes, mut no, mut missing) = (0, 0, 0);
    for _ in 0..1000 {
        let objects = vec(any_object(), 0..40).new_tree(&mut runner).unwrap().current();
        let question = strategy::question().new_tree(&mut runner).unwrap().current();
        match rbac(objects).answer(&question) {
            Answer::Allow(_) => yes += 1,
            Answer::Deny(refusal) if refusal.missing_roles().is_empty() => no += 1,
            Answer::Deny(_) => missing += 1,
        }
    }
    assert!(yes > 20 && no > 20 && missing > 20, "{yes} {no} {missing}");
}

#[test]
fn an_object_takes_the_place_of_the_one_of_its_name() {
    let asked = question("a/x", "s");
    let mut rbac = rbac([
        cluster_role("r", &[use_of(&["s"])]),
        role_binding("a/b", "ClusterRole/r", &[account("a/x"), group("system:serviceaccounts")]),
    ]);
    assert!(rbac.answer(&asked).is_allowed());
    insert(&mut rbac, [role_binding("a/b", "ClusterRole/r", &[account("a/y")])]);
    assert!(!rbac.answer(&asked).is_allowed());
    assert!(!rbac.answer(&question("a/z", "s")).is_allowed(), "the group went with the old binding");
    assert!(rbac.answer(&question("a/y", "s")).is_allowed());
    insert(&mut rbac, [cluster_role("r", &[use_of(&["t"])])]);
    assert!(!rbac.answer(&question("a/y", "s")).is_allowed());
}

#[test]
fn a_group_bound_twice_in_a_binding_is_reported_by_its_first_subject() {
    let rbac = rbac([
        cluster_role("r", &[use_of(&["s"])]),
        role_binding("a/b", "ClusterRole/r", &[group("system:serviceaccounts:a"), account("a/x")]),
    ]);
    let Answer::Allow(grant) = rbac.answer(&question("a/x", "s")) else { panic!("bound") };
    assert_eq!((grant.subject().kind(), grant.subject().name()), ("Group", "system:serviceaccounts:a"));
    assert_eq!((grant.binding().kind(), grant.binding().namespace()), ("RoleBinding", Some("a")));
    assert_eq!((grant.role().kind(), grant.role().namespace(), grant.rule()), ("ClusterRole", None, 0));
    assert_eq!(grant.to_string(), grant.reason());
}

#[test]
fn somebody_who_is_listed_twice_holds_it_once() {
    let account = json!({"kind": "ServiceAccount", "name": "x", "namespace": "a"});
    let twice = [account.clone(), json!({"kind": "Group", "name": "g"}), account];
    let rbac = rbac([cluster_role("r", &[use_of(&["s"])]), role_binding("a/b", "ClusterRole/r", &twice)]);
    let holders = rbac.who_can_use("s");
    let subjects: Vec<_> = holders.iter().map(|holder| holder.grant().subject().to_string()).collect();
    assert_eq!(subjects, ["ServiceAccount `a/x`", "Group `g`"]);
}

#[test]
fn a_missing_role_is_reported_once_and_stops_nothing() {
    let mut rbac = rbac([
        role_binding("a/b1", "Role/gone", &[account("a/x")]),
        role_binding("a/b2", "Role/gone", &[account("a/x")]),
    ]);
    let asked = question("a/x", "s");
    assert_eq!(rbac.answer(&asked).reason(), r#"RBAC: role.rbac.authorization.k8s.io "gone" not found"#);
    insert(
        &mut rbac,
        [
            cluster_role_binding("b", "Role/gone", &[account("a/x")]),
            role("a/other", &[use_of(&["s"])]),
            cluster_role_binding("c", "Elf/e", &[account("a/x")]),
            role_binding("a/b0", "ClusterRole/gone", &[account("a/x")]),
        ],
    );
    assert_eq!(
        rbac.answer(&asked).reason(),
        "RBAC: [role.rbac.authorization.k8s.io \"gone\" not found, unsupported role reference kind: \"Elf\", \
         clusterrole.rbac.authorization.k8s.io \"gone\" not found]"
    );
    insert(&mut rbac, [role_binding("a/b3", "Role/other", &[account("a/x")])]);
    assert!(rbac.answer(&asked).is_allowed());
}

#[test]
fn what_the_api_server_would_refuse_grants_nothing() {
    let role = cluster_role("r", &[use_of(&["s"])]);
    let asked = question("a/x", "s");
    let with = |binding: Value| rbac([role.clone(), binding]).answer(&asked).is_allowed();
    assert!(with(role_binding("a/b", "ClusterRole/r", &[account("a/x")])));
    let subject = json!({"kind": "ServiceAccount", "name": "x", "apiGroup": "rbac.authorization.k8s.io"});
    assert!(!with(role_binding("a/b", "ClusterRole/r", &[subject])));
    let subject = json!({"kind": "Group", "name": "system:serviceaccounts", "apiGroup": "v1"});
    assert!(!with(role_binding("a/b", "ClusterRole/r", &[subject])));
    let mut binding = role_binding("a/b", "ClusterRole/r", &[account("a/x")]);
    binding["roleRef"]["apiGroup"] = json!("apps");
    assert!(!with(binding));
    let mut homeless = role_binding("a/b", "ClusterRole/r", &[account("a/x")]);
    homeless["metadata"]["namespace"] = json!(null);
    assert!(!with(homeless.clone()));
    let nowhere = AccessQuestion::new("", "x", "s");
    homeless["subjects"] = json!([group("system:serviceaccounts")]);
    assert!(!rbac([role, homeless]).answer(&nowhere).is_allowed());
}

#[test]
fn an_aggregated_role_has_its_rules_until_it_is_given_those_of_the_roles_it_selects() {
    let labelled = |name: &str, label: &str, rules: &[Value]| {
        let mut role = cluster_role(name, rules);
        role["metadata"]["labels"] = json!({label: "yes"});
        role
    };
    let aggregated = |name: &str, label: &str, selector: Value| {
        let mut role = labelled(name, label, &[]);
        role["aggregationRule"] = json!({"clusterRoleSelectors": [selector]});
        role
    };
    let by_label = |label: &str| json!({"matchLabels": {label: "yes"}});
    let bound = cluster_role_binding("b", "ClusterRole/all", &[account("a/x")]);
    let allowed = |rbac: &Rbac, spec: &str| rbac.answer(&question("a/x", spec)).is_allowed();

    // Through another aggregated role, which selects the first one in turn.
    let mut rbac = rbac([
        bound,
        aggregated("all", "outer", by_label("inner")),
        aggregated(
            "some",
            "inner",
            json!({"matchExpressions": [{"key": "leaf", "operator": "Exists"},
            {"key": "leaf", "operator": "NotIn", "values": ["no"]}, {"key": "x", "operator": "DoesNotExist"}]}),
        ),
        aggregated("back", "leaf", by_label("outer")),
        labelled("leaf", "leaf", &[use_of(&["s"])]),
    ]);
    // As they stand, roles have the rules that they say.
    assert!(!allowed(&rbac, "s"));
    rbac.aggregate();
    assert!(allowed(&rbac, "s"));
    assert!(!allowed(&rbac, "t"));
    // With other roles, what was given is no longer true.
    insert(&mut rbac, [labelled("leaf2", "leaf", &[use_of(&["t"])])]);
    assert!(!allowed(&rbac, "s"));
    rbac.aggregate();
    assert!(allowed(&rbac, "s") && allowed(&rbac, "t"));
    rbac.remove_cluster_role("leaf");
    assert!(!allowed(&rbac, "s"));
    rbac.aggregate();
    assert!(!allowed(&rbac, "s") && allowed(&rbac, "t"));
    // A selector that cannot be read selects nothing, not even by its other half.
    insert(
        &mut rbac,
        [aggregated(
            "all",
            "outer",
            json!({"matchLabels": {"leaf": "yes"}, "matchExpressions": [{"key": "leaf", "operator": "exists"}]}),
        )],
    );
    rbac.aggregate();
    assert!(!allowed(&rbac, "t"));
    // What the role says itself may be stale, and is no reason to leave out what the controller will put there.
    let mut filled = aggregated("all", "outer", by_label("leaf"));
    filled["rules"] = json!([use_of(&["u"])]);
    insert(&mut rbac, [filled]);
    assert!(allowed(&rbac, "u"));
    assert!(!allowed(&rbac, "t"));
    rbac.aggregate();
    assert!(allowed(&rbac, "u") && allowed(&rbac, "t"));
}

#[test]
fn the_roles_of_every_cluster_are_assumed_when_they_are_asked_for() {
    let labelled = |name: &str, role: &str, spec: &str| {
        let mut object = cluster_role(name, &[use_of(&[spec])]);
        object["metadata"]["labels"] =
            json!({format!("rbac.authorization.k8s.io/aggregate-to-{role}"): "true"});
        object
    };
    let bound = |role: &str| {
        role_binding(&format!("a/{role}"), &format!("ClusterRole/{role}"), &[account(&format!("a/{role}"))])
    };
    let mut rbac = rbac([
        labelled("one", "view", "v"),
        labelled("two", "edit", "e"),
        labelled("three", "admin", "a"),
        bound("view"),
        bound("edit"),
        bound("admin"),
        bound("cluster-admin"),
    ]);
    let allowed = |rbac: &Rbac, role: &str| {
        let asked = |spec: &&str| rbac.answer(&question(&format!("a/{role}"), spec)).is_allowed();
        ["v", "e", "a", "other"].into_iter().filter(asked).collect::<Vec<_>>().join(" ")
    };
    for role in ["view", "edit", "admin", "cluster-admin"] {
        assert_eq!(allowed(&rbac, role), "");
    }
    rbac.assume_built_in_roles();
    rbac.aggregate();
    for (role, specs) in
        [("view", "v"), ("edit", "v e"), ("admin", "v e a"), ("cluster-admin", "v e a other")]
    {
        assert_eq!(allowed(&rbac, role), specs);
    }
    // Those that are there stay as they are.
    insert(&mut rbac, [cluster_role("cluster-admin", &[use_of(&["s"])])]);
    rbac.assume_built_in_roles();
    assert_eq!(allowed(&rbac, "cluster-admin"), "");
}
