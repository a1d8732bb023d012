//! What nearly allowed it, each kind, and what the fixes do.

use std::collections::BTreeSet;

use crate::world::{
    account, cluster_role, cluster_role_binding, group, insert, near_misses, question, rbac, role,
    role_binding, rule, use_of, user,
};
use gmsa_rbac::{
    AccessQuestion, Answer, BindingRef, Change, NearMissKind, Rbac, RbacObject, RoleRef, RuleDifference,
    SubjectDifference,
};
use gmsa_types::CredentialSpecName;
use k8s_openapi::api::rbac::v1::ClusterRole;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, from_value, json};

const SPECS: &[&str] = &["gmsacredentialspecs"];
const GROUP: &[&str] = &["windows.k8s.io"];

/// A world in which account `a/x` holds the cluster role `r` of this one rule.
fn holding(rule: Value) -> Rbac {
    rbac([cluster_role("r", &[rule]), role_binding("a/b", "ClusterRole/r", &[account("a/x")])])
}

/// The sentence and the fix of the nearest miss of `a/x` with `webapp0`.
fn nearest(rbac: &Rbac) -> (String, String) {
    let misses = near_misses(rbac, &question("a/x", "webapp0"));
    let miss = misses.first().expect("a near miss");
    (miss.to_string(), miss.fix().unwrap_or_default().to_owned())
}

const OWN_GRANT: &str = "echo '{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRole\",\
    \"metadata\":{\"name\":\"use-gmsa-webapp0\"},\"rules\":[{\"apiGroups\":[\"windows.k8s.io\"],\
    \"resources\":[\"gmsacredentialspecs\"],\"resourceNames\":[\"webapp0\"],\"verbs\":[\"use\"]}]}' \
    | kubectl apply -f -\n\
    kubectl create rolebinding use-gmsa-webapp0:x --clusterrole=use-gmsa-webapp0 --serviceaccount=a:x --namespace=a \
    --dry-run=client -o yaml | kubectl apply -f -";

const BIND_R: &str = "kubectl create rolebinding use-gmsa-webapp0:x --clusterrole=r --serviceaccount=a:x --namespace=a \
     --dry-run=client -o yaml | kubectl apply -f -";

#[test]
fn a_rule_of_a_bound_role_says_what_it_lacks() {
    let patch = |field: &str, written: &str, wanted: &str| {
        let path = format!("/rules/0/{field}/0");
        format!(
            "kubectl patch clusterrole/r --type=json '--patch=[{{\"op\":\"test\",\"path\":\"{path}\",\"value\":\
             \"{written}\"}},{{\"op\":\"replace\",\"path\":\"{path}\",\"value\":\"{wanted}\"}}]'"
        )
    };
    for (rule, lacks, fix) in [
        (use_of(&["webapp1"]), "it named `webapp0`", OWN_GRANT.to_owned()),
        (use_of(&["*"]), "it named `webapp0` (`*` is no wildcard in resourceNames)", OWN_GRANT.to_owned()),
        (
            use_of(&["WebApp0", "webapp1"]),
            "it named `webapp0`, not `WebApp0`",
            patch("resourceNames", "WebApp0", "webapp0"),
        ),
        (rule(&["get", "list"], GROUP, SPECS, &[]), "it had the verb `use`", OWN_GRANT.to_owned()),
        (
            rule(&["USE"], GROUP, SPECS, &["webapp0"]),
            "it had the verb `use`, not `USE`",
            patch("verbs", "USE", "use"),
        ),
        (
            rule(&["use"], &["windows.k8s.io/v1"], SPECS, &["webapp0"]),
            "it had the API group `windows.k8s.io`, not `windows.k8s.io/v1`",
            patch("apiGroups", "windows.k8s.io/v1", "windows.k8s.io"),
        ),
        (
            rule(&["use"], &["Windows.k8s.io"], SPECS, &["webapp0"]),
            "it had the API group `windows.k8s.io`, not `Windows.k8s.io`",
            patch("apiGroups", "Windows.k8s.io", "windows.k8s.io"),
        ),
        (
            rule(&["use"], &[""], SPECS, &["webapp0"]),
            "it had the API group `windows.k8s.io`, not ``",
            patch("apiGroups", "", "windows.k8s.io"),
        ),
        // To correct these rules would take something from, or give something to, whoever else holds them.
        (
            rule(&["use"], &[""], &["pods", "gmsacredentialspecs"], &["webapp0"]),
            "it had the API group `windows.k8s.io`, not ``",
            OWN_GRANT.to_owned(),
        ),
        (rule(&["USE"], GROUP, SPECS, &[]), "it had the verb `use`, not `USE`", OWN_GRANT.to_owned()),
        (
            rule(&["*"], &["*"], &["gmsacredentialspecs/status"], &["webapp0"]),
            "it had the resource `gmsacredentialspecs`, not `gmsacredentialspecs/status`",
            OWN_GRANT.to_owned(),
        ),
    ] {
        let (sentence, found) = nearest(&holding(rule));
        assert_eq!(
            sentence,
            format!(
                "ClusterRole `r`, which RoleBinding `a/b` binds to the account, would allow it in rules[0] if {lacks}"
            )
        );
        assert_eq!(found, fix, "{lacks}");
    }
    for resource in [
        "GMSACredentialSpec",
        "gmsacredentialspec",
        "GmsaCredentialSpecs",
        "gmsacredentialspecs.windows.k8s.io",
    ] {
        let (sentence, fix) = nearest(&holding(rule(&["use"], GROUP, &[resource], &["webapp0"])));
        assert!(
            sentence.ends_with(&format!("it had the resource `gmsacredentialspecs`, not `{resource}`")),
            "{sentence}"
        );
        assert_eq!(fix, patch("resources", resource, "gmsacredentialspecs"));
    }
}

#[test]
fn a_name_that_no_resource_can_have_is_to_be_changed_in_the_pod() {
    let rbac = holding(use_of(&["webapp0"]));
    let misses = near_misses(&rbac, &question("a/x", "WebApp0"));
    assert_eq!(misses[0].fix(), Some("in the pod, name the credential spec `webapp0`"));
    let meant = CredentialSpecName::try_from("webapp0").unwrap();
    assert_eq!(misses[0].change(), Some(&Change::NameInPod(meant)));
    let expected = RuleDifference::NameCase { index: 0, written: "webapp0".into(), asked: "WebApp0".into() };
    let NearMissKind::Rule { differences, .. } = misses[0].kind() else { panic!("{}", misses[0]) };
    assert_eq!(*differences, [expected]);
    assert!(near_misses(&rbac, &question("a/x", "")).is_empty());
}

#[test]
fn several_differences_are_listed_together() {
    let (sentence, fix) =
        nearest(&holding(rule(&["Use"], &["windows"], &["gmsacredentialspec"], &["webapp0"])));
    assert!(
        sentence.ends_with(
            "if it had the resource `gmsacredentialspecs`, not `gmsacredentialspec` and it had the API group \
             `windows.k8s.io`, not `windows` and it had the verb `use`, not `Use`"
        ),
        "{sentence}"
    );
    assert_eq!(fix.matches("\"op\":\"replace\"").count(), 3);
}

#[test]
fn rules_about_other_things_are_not_near() {
    for rule in [
        rule(&["*"], &[""], &["pods"], &[]),
        rule(&["get"], &["apps"], &["*"], &[]),
        rule(&["get"], &["*"], &["*"], &["other"]),
        rule(&["get"], GROUP, SPECS, &["other"]),
        json!({"verbs": ["use"], "nonResourceURLs": ["*"]}),
    ] {
        assert_eq!(near_misses(&holding(rule), &question("a/x", "webapp0")), []);
    }
}

#[test]
fn a_binding_in_another_namespace_is_found() {
    let rbac = rbac([
        cluster_role("r", &[use_of(&["webapp0"])]),
        role_binding("b/b", "ClusterRole/r", &[account("a/x")]),
        role("c/r", &[use_of(&["webapp0"])]),
        role_binding("c/b", "Role/r", &[account("a/x")]),
    ]);
    let misses = near_misses(&rbac, &question("a/x", "webapp0"));
    assert_eq!(
        misses[0].to_string(),
        "RoleBinding `b/b` of ClusterRole `r` would allow it, but not in namespace `a`"
    );
    assert_eq!(misses[0].fix(), Some(BIND_R));
    // A Role of another namespace cannot be bound here.
    assert_eq!(
        misses[1].to_string(),
        "RoleBinding `c/b` of Role `c/r` would allow it, but not in namespace `a`"
    );
    assert_eq!(misses[1].fix(), Some(OWN_GRANT));
    assert_eq!(misses.len(), 2, "the roles are mentioned once");
}

#[test]
fn a_missing_role_is_reported_with_the_one_that_is_meant() {
    let bound = |reference: &str| role_binding("a/b", reference, &[account("a/x")]);
    let made = cluster_role("use-webapp0", &[use_of(&["webapp0"])]);
    let bind = BIND_R.replace("--clusterrole=r", "--clusterrole=use-webapp0");
    for reference in
        ["ClusterRole/use-webap0", "ClusterRole/Use-WebApp0", "Role/use-webapp0", "clusterrole/use-webapp0"]
    {
        let (sentence, fix) = nearest(&rbac([made.clone(), bound(reference)]));
        let (kind, name) = reference.split_once('/').unwrap();
        assert_eq!(
            sentence,
            format!(
                "RoleBinding `a/b` refers to `{kind}` `{name}`, which cannot be found; there is ClusterRole `use-webapp0`"
            )
        );
        assert_eq!(fix, bind);
    }
    let mut misspelt = bound("ClusterRole/use-webapp0");
    misspelt["roleRef"]["apiGroup"] = json!("windows.k8s.io");
    let (sentence, fix) = nearest(&rbac([made, misspelt]));
    assert_eq!(
        sentence,
        "RoleBinding `a/b` refers to `ClusterRole` `use-webapp0` of the API group `windows.k8s.io`, which has no \
         roles; there is ClusterRole `use-webapp0`"
    );
    assert_eq!(fix, bind);
    // Nobody else waits for the role.
    let (sentence, fix) = nearest(&rbac([bound("ClusterRole/gone")]));
    assert_eq!(sentence, "RoleBinding `a/b` refers to `ClusterRole` `gone`, which cannot be found");
    let create = OWN_GRANT.lines().next().unwrap().replace("use-gmsa-webapp0", "gone");
    assert_eq!(fix, create);
    let (_, fix) = nearest(&rbac([bound("Role/gone")]));
    assert_eq!(fix, create.replace("ClusterRole", "Role").replace(r#""gone""#, r#""gone","namespace":"a""#));
    for other in [
        role_binding("c/b", "ClusterRole/gone", &[account("c/y")]),
        cluster_role_binding("b", "ClusterRole/gone", &[group("system:serviceaccounts:a")]),
    ] {
        assert_eq!(nearest(&rbac([bound("ClusterRole/gone"), other])).1, OWN_GRANT);
    }
    assert_eq!(nearest(&rbac([bound("ClusterRole/a%b")])).1, OWN_GRANT, "no role can have that name");
    // A name that a command could take for a flag, and one that needs quotes.
    for name in ["--dry-run", "its; rm"] {
        let (_, fix) = nearest(&rbac([bound(&format!("ClusterRole/{name}"))]));
        assert_eq!(fix, create.replace("gone", name));
    }
    for name in [r"a\nb", r#"a"b"#, "a'; calc; echo '", "a\u{2019}; calc; echo \u{2018}"] {
        assert_eq!(
            nearest(&rbac([bound(&format!("ClusterRole/{name}"))])).1,
            OWN_GRANT,
            "echo may change it, or a shell takes it for more than a word"
        );
    }
    // The nearest role allows something else, and so is not what to bind.
    let (sentence, fix) =
        nearest(&rbac([bound("ClusterRole/view0"), cluster_role("view", &[use_of(&["webapp1"])])]));
    assert!(sentence.ends_with("there is ClusterRole `view`"), "{sentence}");
    assert_eq!(fix, OWN_GRANT);
}

#[test]
fn a_role_that_is_not_bound_is_found_unless_it_was_made_for_everything() {
    let role = cluster_role("r", &[use_of(&["webapp0"])]);
    let others = role_binding("a/b", "ClusterRole/r", &[account("a/y"), user("alice")]);
    let (sentence, fix) = nearest(&rbac([role.clone()]));
    assert_eq!(sentence, "ClusterRole `r` would allow it, but is not bound in this namespace");
    assert_eq!(fix, BIND_R);
    let (sentence, fix) = nearest(&rbac([role, others]));
    assert_eq!(sentence, "ClusterRole `r` would allow it, but RoleBinding `a/b` binds it to others only");
    assert_eq!(fix, BIND_R);
    let (sentence, fix) = nearest(&rbac([crate::world::role("a/local", &[use_of(&["webapp0"])])]));
    assert_eq!(sentence, "Role `a/local` would allow it, but is not bound in this namespace");
    assert_eq!(fix, BIND_R.replace("--clusterrole=r", "--role=local"));
    let admin = rbac([cluster_role("cluster-admin", &[rule(&["*"], &["*"], &["*"], &[])])]);
    assert_eq!(near_misses(&admin, &question("a/x", "webapp0")), []);
    // A role that grants more than is asked for is named, but another is to be bound.
    for rules in [
        vec![use_of(&["webapp0", "webapp1"])],
        vec![use_of(&[])],
        vec![use_of(&["webapp0"]), rule(&["get"], &[""], &["secrets"], &[])],
    ] {
        let (sentence, fix) = nearest(&rbac([cluster_role("r", &rules)]));
        assert_eq!(sentence, "ClusterRole `r` would allow it, but is not bound in this namespace");
        assert_eq!(fix, OWN_GRANT);
    }
}

#[test]
fn the_subject_that_is_nearest_is_told_of_wherever_it_stands() {
    let misspelt = json!({"kind": "serviceaccount", "namespace": "a", "name": "x"});
    for other in [account("c/x"), group("system:authenticated"), user("x")] {
        for (subjects, at) in [([other.clone(), misspelt.clone()], 1), ([misspelt.clone(), other], 0)] {
            let role = cluster_role("r", &[use_of(&["webapp0"])]);
            let (sentence, fix) =
                nearest(&rbac([role, cluster_role_binding("b", "ClusterRole/r", &subjects)]));
            let expected =
                format!("subjects[{at}] is a subject of kind `serviceaccount`, not `ServiceAccount`");
            assert!(sentence.ends_with(&expected), "{sentence}");
            assert!(fix.contains(&format!(r#""path":"/subjects/{at}""#)), "{fix}");
        }
    }
}

#[test]
fn a_subject_that_misses_the_account_is_found() {
    let role = cluster_role("r", &[use_of(&["webapp0"])]);
    let cases = [
        (
            json!({"kind": "ServiceAccount", "namespace": "a", "name": "x", "apiGroup": "rbac.authorization.k8s.io"}),
            "the account but with the API group `rbac.authorization.k8s.io`, which its kind does not have",
        ),
        (json!({"kind": "ServiceAccount", "name": "x"}), "a ServiceAccount of that name without a namespace"),
        (
            json!({"kind": "serviceAccount", "namespace": "a", "name": "x"}),
            "a subject of kind `serviceAccount`, not `ServiceAccount`",
        ),
        (account("a/X"), "a ServiceAccount written `X`"),
        (
            json!({"kind": "ServiceAccount", "namespace": "a", "name": "system:serviceaccount:a:x"}),
            "a ServiceAccount written `system:serviceaccount:a:x`",
        ),
        (
            json!({"kind": "User", "apiGroup": "v1", "name": "system:serviceaccount:a:x"}),
            "the account but with the API group `v1`, which its kind does not have",
        ),
    ];
    for (subject, difference) in &cases {
        let binding = cluster_role_binding("b", "ClusterRole/r", &[user("alice"), subject.clone()]);
        let (sentence, fix) = nearest(&rbac([role.clone(), binding]));
        let prefix = "ClusterRoleBinding `b` of ClusterRole `r` would allow it, but subjects[1] is ";
        assert_eq!(sentence, format!("{prefix}{difference}"));
        let quoted = |value: &Value| value.to_string();
        assert_eq!(
            fix,
            format!(
                "kubectl patch clusterrolebinding/b --type=json '--patch=[{{\"op\":\"test\",\"path\":\
                 \"/subjects/1/kind\",\"value\":{}}},{{\"op\":\"test\",\"path\":\"/subjects/1/name\",\"value\":{}}},\
                 {{\"op\":\"replace\",\"path\":\"/subjects/1\",\"value\":{{\"kind\":\"ServiceAccount\",\"name\":\"x\",\
                 \"namespace\":\"a\"}}}}]'",
                quoted(&subject["kind"]),
                quoted(&subject["name"])
            )
        );
        // Nothing is made of a subject in a binding of too large a role.
        let wild = rbac([
            cluster_role("r", &[rule(&["*"], &["*"], &["*"], &[])]),
            cluster_role_binding("b", "ClusterRole/r", std::slice::from_ref(subject)),
        ]);
        assert_eq!(nearest(&wild).1, OWN_GRANT);
    }
    // There may be users and groups of these names, who should keep the role.
    for (subject, difference) in [
        (user("x"), "a User written `x`, which is not the user name of the account"),
        (user("a:x"), "a User written `a:x`, which is not the user name of the account"),
        (
            group("system:serviceaccount:a"),
            "a Group written `system:serviceaccount:a`, which is no group of the account",
        ),
    ] {
        let (sentence, fix) =
            nearest(&rbac([role.clone(), cluster_role_binding("b", "ClusterRole/r", &[subject])]));
        assert!(
            sentence.ends_with(&format!("would allow it, but subjects[0] is {difference}")),
            "{sentence}"
        );
        assert_eq!(fix, BIND_R);
    }
    // These may well be meant for somebody else, who should keep the role.
    for (subject, difference) in [
        (account("c/x"), SubjectDifference::OtherNamespace { written: "c".into() }),
        (group("system:authenticated"), SubjectDifference::Authenticated),
    ] {
        let rbac = rbac([role.clone(), role_binding("a/b", "ClusterRole/r", &[subject])]);
        let misses = near_misses(&rbac, &question("a/x", "webapp0"));
        assert_eq!(
            *misses[0].kind(),
            NearMissKind::Subject {
                binding: BindingRef::RoleBinding { namespace: "a".into(), name: "b".into() },
                role: RoleRef::ClusterRole { name: "r".into() },
                subject: 0,
                difference,
            }
        );
        assert_eq!(misses[0].fix(), Some(BIND_R));
    }
}

#[test]
fn the_smallest_change_comes_first_and_the_list_is_short() {
    let mut world = rbac([
        cluster_role("case", &[use_of(&["WebApp0"])]),
        role_binding("a/b1", "ClusterRole/case", &[account("a/x")]),
        cluster_role("verb", &[rule(&["get"], GROUP, SPECS, &["webapp0"])]),
        role_binding("a/b2", "ClusterRole/verb", &[account("a/x")]),
        cluster_role("name", &[use_of(&["webapp1"])]),
        role_binding("a/b3", "ClusterRole/name", &[account("a/x")]),
        role_binding("a/b4", "ClusterRole/gone", &[account("a/x")]),
        cluster_role("r", &[use_of(&["webapp0"])]),
        role_binding("a/b5", "ClusterRole/r", &[user("x")]),
        role_binding("c/b6", "ClusterRole/r", &[account("a/x")]),
        cluster_role("unbound", &[use_of(&["webapp0"])]),
    ]);
    let asked = question("a/x", "webapp0");
    let order: Vec<_> = near_misses(&world, &asked)
        .iter()
        .map(|miss| match miss.kind() {
            NearMissKind::Rule { role, .. } | NearMissKind::NotBound { role, .. } => role.name().to_owned(),
            NearMissKind::Subject { binding, .. }
            | NearMissKind::OtherNamespace { binding, .. }
            | NearMissKind::MissingRole { binding, .. } => binding.name().to_owned(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(order, ["case", "b5", "verb", "b6", "name", "b4", "unbound"]);
    insert(&mut world, (0..20).map(|n| cluster_role(&format!("more-{n}"), &[use_of(&["webapp0"])])));
    let misses = near_misses(&world, &asked);
    assert_eq!(misses.len(), Rbac::MAX_NEAR_MISSES);
    assert!(misses[0].to_string().contains("`case`"));
    let Answer::Deny(cheap) = world.answer(&asked) else { panic!("denied") };
    assert!(cheap.near_misses().is_empty());
    assert_eq!(cheap.missing_roles().len(), 1);
}

#[test]
fn names_that_a_shell_or_a_log_would_stumble_over_are_quoted() {
    let (_, fix) = nearest(&rbac([cluster_role("its; $(rm)", &[use_of(&["webapp0"])])]));
    assert_eq!(fix, BIND_R.replace("--clusterrole=r", "'--clusterrole=its; $(rm)'"));
    let (_, fix) = nearest(&rbac([cluster_role("it's; rm", &[use_of(&["webapp0"])])]));
    assert_eq!(fix, OWN_GRANT, "shells escape a quote in different ways");
    let (sentence, fix) = nearest(&rbac([cluster_role("two\nlines", &[use_of(&["webapp0"])])]));
    assert_eq!(sentence, r"ClusterRole `two\nlines` would allow it, but is not bound in this namespace");
    assert_eq!(fix, OWN_GRANT);
    // No command can be made for an account that cannot be.
    let world = rbac([cluster_role("r", &[use_of(&["webapp0"])])]);
    let misses = near_misses(&world, &AccessQuestion::new("a", "x; rm", "webapp0"));
    assert_eq!(misses[0].fix(), None);
}

#[test]
fn an_aggregated_role_is_not_to_be_patched() {
    let mut aggregated = cluster_role("r", &[rule(&["USE"], GROUP, SPECS, &["webapp0"])]);
    aggregated["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]});
    let world = rbac([aggregated, role_binding("a/b", "ClusterRole/r", &[account("a/x")])]);
    assert_eq!(nearest(&world).1, OWN_GRANT);
}

/// Each kind of near miss, alone in its world: the change allows it, nothing smaller that is listed does, and it is
/// the number of objects that is said here.
#[test]
fn each_kind_has_the_smallest_change_that_allows_it() {
    let granting = || cluster_role("r", &[use_of(&["webapp0"])]);
    let to_x = |role: &str| role_binding("a/b", role, &[account("a/x")]);
    let held = |rule: Value| vec![cluster_role("r", &[rule]), to_x("ClusterRole/r")];
    let bound = |subject: Value| vec![granting(), role_binding("a/b", "ClusterRole/r", &[subject])];
    let worlds = [
        (
            "bound in another namespace",
            vec![granting(), role_binding("c/b", "ClusterRole/r", &[account("a/x")])],
            1,
        ),
        ("lacks the name", held(use_of(&["webapp1"])), 2),
        ("name in another case", held(use_of(&["WebApp0"])), 1),
        ("the verb is get", held(rule(&["get"], GROUP, SPECS, &["webapp0"])), 2),
        ("the verb is misspelt", held(rule(&["Use"], GROUP, SPECS, &["webapp0"])), 1),
        ("the resource is misspelt", held(rule(&["use"], GROUP, &["gmsacredentialspec"], &["webapp0"])), 1),
        ("the group is misspelt", held(rule(&["use"], &["windows.k8s.io/v1"], SPECS, &["webapp0"])), 1),
        ("the role is missing", vec![to_x("ClusterRole/gone")], 1),
        ("the role is misspelt", vec![granting(), to_x("ClusterRole/R")], 1),
        ("the subject is of another kind", bound(user("x")), 1),
        ("the subject is in another namespace", bound(account("c/x")), 1),
        ("bound to another account", bound(account("a/y")), 1),
        ("not bound", vec![granting()], 1),
    ];
    let asked = question("a/x", "webapp0");
    for (kind, objects, size) in worlds {
        let world = rbac(objects);
        let misses = near_misses(&world, &asked);
        let allows = |objects: &[RbacObject]| {
            let mut changed = world.clone();
            objects.iter().for_each(|object| changed.insert(object.clone()));
            changed.answer(&asked).is_allowed()
        };
        let sizes: Vec<usize> = misses.iter().map(|miss| miss.change().unwrap().objects().len()).collect();
        let change = misses[0].change().unwrap().objects();
        assert_eq!(change.len(), size, "{kind}");
        assert_eq!(sizes.iter().min(), Some(&size), "{kind}");
        assert!(allows(change), "{kind}");
        for left_out in 0..size {
            let mut part = change.to_vec();
            part.remove(left_out);
            assert!(!allows(&part), "{kind}");
        }
    }
}

#[test]
fn a_corrected_object_keeps_its_labels_and_annotations() {
    let mut role = cluster_role("r", &[use_of(&["WebApp0"]), rule(&["get"], GROUP, SPECS, &["webapp0"])]);
    role["metadata"]["labels"] = json!({"team": "shop"});
    role["metadata"]["annotations"] =
        json!({"owner": "shop", "kubectl.kubernetes.io/last-applied-configuration": "{}"});
    let world = rbac([role.clone(), role_binding("a/b", "ClusterRole/r", &[account("a/x")])]);
    let misses = near_misses(&world, &question("a/x", "webapp0"));
    let [RbacObject::ClusterRole(corrected)] = misses[0].change().unwrap().objects() else {
        panic!("{:?}", misses[0])
    };
    role["rules"][0]["resourceNames"] = json!(["webapp0"]);
    role["metadata"]["annotations"] = json!({"owner": "shop"});
    assert_eq!(*corrected, from_value::<ClusterRole>(role).unwrap());
}

/// The kind, namespace and name of an object.
fn identity(object: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    (text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
}

/// The object that a command makes, by what it is given and its flags alone. Where the cluster is known, no name that is
/// taken is proposed: `kubectl apply` would change whatever has it.
fn create(rbac: &mut Rbac, taken: &mut BTreeSet<(String, String, String)>, command: &str) {
    let mut create = |object: Value| {
        assert!(taken.insert(identity(&object)), "the name is taken: {command}");
        insert(rbac, [object]);
    };
    if let Some(object) = command.strip_prefix("echo '") {
        return create(serde_json::from_str(object.strip_suffix("' | kubectl apply -f -").unwrap()).unwrap());
    }
    let command = command.strip_suffix(" --dry-run=client -o yaml | kubectl apply -f -").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let flag = |name: &str| {
        words.iter().find_map(|word| word.strip_prefix(&format!("--{name}="))).map(ToOwned::to_owned)
    };
    let role = |kind: &str, name: String| json!({"kind": kind, "name": name});
    match words[..4] {
        ["kubectl", "create", "rolebinding", name] => {
            let subject = flag("serviceaccount").unwrap().replace(':', "/");
            let reference = flag("clusterrole").map(|name| role("ClusterRole", name));
            let mut object = role_binding(
                &format!("{}/{name}", flag("namespace").unwrap()),
                "ClusterRole/",
                &[account(&subject)],
            );
            object["roleRef"] = reference.unwrap_or_else(|| role("Role", flag("role").unwrap()));
            create(object);
        }
        _ => panic!("{command}"),
    }
}

/// Applies the operations of a `kubectl patch` command to the object among `objects`.
fn patch(objects: &[Value], command: &str) -> Value {
    let (_, rest) = command.split_once("kubectl patch ").unwrap();
    let (target, rest) = rest.split_once(' ').unwrap();
    let namespace = rest.strip_prefix("--namespace=").and_then(|rest| rest.split(' ').next());
    let (kind, name) = target.split_once('/').unwrap();
    let mut object = objects
        .iter()
        .rfind(|object| {
            object["kind"].as_str().unwrap().eq_ignore_ascii_case(kind)
                && object["metadata"]["name"] == name
                && object["metadata"]["namespace"].as_str() == namespace
        })
        .unwrap()
        .clone();
    let (_, operations) = command.split_once("'--patch=").unwrap();
    let operations: Vec<Value> = serde_json::from_str(operations.trim_end_matches('\'')).unwrap();
    for operation in operations {
        let place = object.pointer_mut(operation["path"].as_str().unwrap()).unwrap();
        match operation["op"].as_str().unwrap() {
            "test" => assert_eq!(*place, operation["value"]),
            "replace" => *place = operation["value"].clone(),
            other => panic!("{other}"),
        }
    }
    object
}

fn is_new(objects: &[Value], object: &RbacObject) -> bool {
    let object = serde_json::to_value(object).unwrap();
    !objects.iter().any(|there| identity(there) == identity(&object))
}

fn any_object() -> impl Strategy<Value = Value> {
    let rules = || {
        let one = |from: &'static [&'static str]| vec(select(from), 1..2);
        let odd = (
            one(&["use", "USE", "get", "*"]),
            one(&["windows.k8s.io", "windows.k8s.io/v1", "", "*"]),
            one(&["gmsacredentialspecs", "GMSACredentialSpec", "gmsacredentialspecs/status", "*", "pods"]),
            vec(select(&["s", "S", "t", "*"][..]), 0..3),
        );
        vec(odd.prop_map(|(verbs, groups, resources, names)| rule(&verbs, &groups, &resources, &names)), 0..3)
    };
    let subjects = || {
        vec(
            select(vec![
                account("a/x"),
                account("a/y"),
                account("b/x"),
                user("x"),
                group("system:serviceaccounts:a"),
                group("system:authenticated"),
                json!({"kind": "ServiceAccount", "name": "x"}),
            ]),
            0..3,
        )
    };
    // The names of the fixes themselves are taken now and then, and roles that every cluster has are missing.
    let names =
        || select(&["r1", "r2", "r3", "use-gmsa-s", "use-gmsa-s", "use-gmsa-s:x", "use-gmsa-s::2"][..]);
    let references = || {
        let kinds = select(&["ClusterRole", "ClusterRole", "ClusterRole", "Role", "clusterrole"][..]);
        let groups = select(
            &["rbac.authorization.k8s.io", "rbac.authorization.k8s.io", "", "rbac.authorization.k8s.io/v1"][..],
        );
        let names = prop_oneof![6 => names(), 1 => select(&["view", "system:node"][..])];
        (groups, kinds, names)
            .prop_map(|(group, kind, name)| json!({"apiGroup": group, "kind": kind, "name": name}))
    };
    let referring = |mut binding: Value, role: Value| {
        binding["roleRef"] = role;
        binding
    };
    let spaces = || select(&["a", "b"][..]);
    prop_oneof![
        2 => (names(), rules()).prop_map(|(name, rules)| cluster_role(name, &rules)),
        1 => (spaces(), names(), rules())
            .prop_map(|(namespace, name, rules)| role(&format!("{namespace}/{name}"), &rules)),
        2 => (names(), references(), subjects()).prop_map(move |(name, role, subjects)| {
            referring(cluster_role_binding(name, "ClusterRole/", &subjects), role)
        }),
        2 => (spaces(), names(), references(), subjects()).prop_map(
            move |(namespace, name, role, subjects)| {
                referring(role_binding(&format!("{namespace}/{name}"), "ClusterRole/", &subjects), role)
            }
        ),
    ]
}

/// What a fix would make is called like something that is there already, or that others wait for.
#[test]
fn a_name_that_is_taken_is_left_alone() {
    let others = |role: &str| cluster_role_binding("everyone", role, &[group("system:serviceaccounts")]);
    let again = OWN_GRANT.replace(r#""use-gmsa-webapp0""#, r#""use-gmsa-webapp0::2""#);
    let again = again.replace("clusterrole=use-gmsa-webapp0", "clusterrole=use-gmsa-webapp0::2");
    let get = rule(&["get"], GROUP, SPECS, &["webapp0"]);
    let everyone = || others("ClusterRole/use-gmsa-webapp0");
    assert_eq!(nearest(&rbac([cluster_role("use-gmsa-webapp0", &[get]), everyone()])).1, again);
    assert_eq!(nearest(&rbac([everyone()])).1, again, "others wait for the role");
    let made = cluster_role("use-gmsa-webapp0", &[use_of(&["webapp0"])]);
    let (_, fix) = nearest(&rbac([
        made,
        role_binding("a/use-gmsa-webapp0:x", "ClusterRole/use-gmsa-webapp0", &[account("a/batch")]),
    ]));
    assert_eq!(
        fix,
        "kubectl create rolebinding use-gmsa-webapp0:x::2 --clusterrole=use-gmsa-webapp0 --serviceaccount=a:x \
         --namespace=a --dry-run=client -o yaml | kubectl apply -f -"
    );
    // Nor does anybody make the roles that a cluster has, or one that a reference cannot reach.
    for name in ["view", "edit", "admin", "cluster-admin", "system:node"] {
        let bound = role_binding("a/b", &format!("ClusterRole/{name}"), &[account("a/x")]);
        assert_eq!(nearest(&rbac([bound])).1, OWN_GRANT, "{name}");
    }
    let mut bound = role_binding("a/b", "ClusterRole/foo", &[account("a/x")]);
    bound["roleRef"]["apiGroup"] = json!("rbac.authorization.k8s.io/v1");
    assert_eq!(nearest(&rbac([bound])).1, OWN_GRANT);
}

#[test]
fn what_others_hold_is_not_corrected() {
    let misspelt = cluster_role("r", &[rule(&["USE"], GROUP, SPECS, &["webapp0"])]);
    let mine = role_binding("a/b", "ClusterRole/r", &[account("a/x")]);
    let shared = role_binding("b/b", "ClusterRole/r", &[account("b/y")]);
    assert_eq!(nearest(&rbac([misspelt.clone(), mine.clone(), shared])).1, OWN_GRANT);
    let mut gathered = misspelt;
    gathered["metadata"]["labels"] = json!({"to-edit": "true"});
    let mut edit = cluster_role("edit", &[]);
    edit["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"to-edit": "true"}}]});
    assert_eq!(nearest(&rbac([gathered, mine, edit.clone()])).1, OWN_GRANT);
    // Whatever role is made, this one has it.
    edit["aggregationRule"] = json!({"clusterRoleSelectors": [{}]});
    let world = rbac([edit, role_binding("a/b", "ClusterRole/gone", &[account("a/x")])]);
    let misses = near_misses(&world, &question("a/x", "webapp0"));
    assert_eq!((misses[0].fix(), misses[0].change()), (None, None));
    assert_eq!(world.grant_for(&question("a/x", "webapp0")), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * ProptestConfig::default().cases))]

    /// Whatever is proposed makes the answer yes, as commands and as objects alike, and no part of it would do. It
    /// gives nobody else anything and takes nothing from anybody. What commands create has a name that is free, and
    /// gives the account nothing else; what they patch gives it no name that the rule did not have in some spelling.
    #[test]
    fn a_fix_allows_what_was_asked_and_no_more(objects in vec(any_object(), 0..14)) {
        let asked = question("a/x", "s");
        let others =
            [question("a/y", "s"), question("b/x", "s"), question("a/y", "t"), question("b/x", "t"), question("a/x", "u")];
        let more_for_the_account = question("a/x", "t");
        let world = rbac(objects.iter().cloned());
        let Answer::Deny(refusal) = world.explain(&asked) else { return Ok(()) };
        prop_assert!(refusal.near_misses().len() <= Rbac::MAX_NEAR_MISSES);
        for miss in refusal.near_misses() {
            let fix = miss.fix().unwrap();
            prop_assert!(!miss.to_string().contains('\n'));
            let change = miss.change().unwrap().objects();
            let mut applied = world.clone();
            prop_assert_eq!(!fix.starts_with("kubectl patch "), change.iter().all(|object| is_new(&objects, object)));
            change.iter().for_each(|object| applied.insert(object.clone()));
            prop_assert!(applied.answer(&asked).is_allowed(), "{miss}: {change:?}");
            for left_out in 0..change.len() {
                let mut part = world.clone();
                let kept = change.iter().enumerate().filter(|(index, _)| *index != left_out);
                kept.for_each(|(_, object)| part.insert(object.clone()));
                prop_assert!(!part.answer(&asked).is_allowed(), "{miss}: too much of {change:?}");
            }

            let mut fixed = world.clone();
            if !fix.starts_with("kubectl patch ") {
                let mut taken = objects.iter().map(identity).collect();
                fix.lines().for_each(|command| create(&mut fixed, &mut taken, command));
                let other = &more_for_the_account;
                prop_assert_eq!(fixed.answer(other).is_allowed(), world.answer(other).is_allowed(), "{}", fix);
            } else {
                insert(&mut fixed, [patch(&objects, fix)]);
            }
            for other in &others {
                prop_assert_eq!(fixed.answer(other).is_allowed(), world.answer(other).is_allowed(), "{}", fix);
            }
            for spec in ["s", "t", "u"] {
                let people = |world: &Rbac| -> BTreeSet<String> {
                    let holders = world.who_can_use(spec);
                    holders.iter().map(|holder| holder.grant().subject().to_string()).collect()
                };
                let (before, mut after) = (people(&world), people(&fixed));
                prop_assert!(before.is_subset(&after), "{}", fix);
                let account = ["ServiceAccount `a/x`"];
                after.retain(|who| !account.contains(&who.as_str()));
                prop_assert!(after.is_subset(&before), "{}", fix);
            }
            prop_assert!(fixed.answer(&asked).is_allowed(), "{miss}: {fix}");
            for other in &others {
                prop_assert_eq!(fixed.answer(other), applied.answer(other), "{}", fix);
            }
        }
    }

    #[test]
    fn any_text_may_be_asked_about(namespace: String, account: String, spec: String, objects in vec(any_object(), 0..8)) {
        let world = rbac(objects);
        let question = AccessQuestion::new(namespace, account, spec);
        prop_assert_eq!(world.explain(&question).is_allowed(), world.answer(&question).is_allowed());
    }
}
