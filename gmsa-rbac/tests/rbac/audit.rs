//! Each rule of the audit: what it finds, and what it leaves alone.

use std::{env, fs, path::PathBuf};

use crate::world::{
    account, cluster_role, cluster_role_binding, group, rbac, role, role_binding, rule, use_of, user,
};
use gmsa_rbac::{
    AccessQuestion, Rbac,
    audit::{Audit, RULES, WorkloadUse},
};
use gmsa_types::finding::{Finding, ObjectRef};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

fn workload(path: &str, specs: &[&str]) -> WorkloadUse {
    let (namespace, account) = path.split_once('/').unwrap();
    let object = ObjectRef::named("Deployment", "web").in_namespace(namespace);
    specs.iter().fold(WorkloadUse::new(object, namespace, account), |workload, spec| {
        workload.using_at(*spec, "/spec/template/spec")
    })
}

/// `ID OBJECT POINTER: MESSAGE; HELP`.
fn lines(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let object = finding.object().map(ToString::to_string).unwrap_or_default();
        let pointer = finding.pointer();
        let help = finding.help().unwrap_or_default();
        assert!(finding.why().is_some_and(|why| !why.is_empty()));
        format!("{} {object} {pointer}: {}; {help}", finding.id(), finding.message())
    };
    findings.iter().map(line).collect()
}

fn audit(rbac: &Rbac) -> Vec<String> {
    lines(&Audit::of(rbac).findings())
}

/// A role `r` that permits `s`, bound by the binding in namespace `a`.
fn bound(subjects: &[Value]) -> Rbac {
    rbac([cluster_role("r", &[use_of(&["s"])]), role_binding("a/b", "ClusterRole/r", subjects)])
}

#[test]
fn a_grant_of_just_what_is_needed_is_clean() {
    let world = bound(&[account("a/x")]);
    let audit = Audit::of(&world)
        .credential_specs(["s"])
        .service_accounts([("a", "x")])
        .workload(workload("a/x", &["s", "s"]));
    assert_eq!(lines(&audit.findings()), [""; 0]);
    assert_eq!(lines(&Audit::of(&Rbac::default()).findings()), [""; 0]);
}

#[test]
fn gr101_a_wildcard_that_reaches_pods() {
    let wild =
        cluster_role("wild", &[rule(&["get"], &[""], &["pods"], &[]), rule(&["*"], &["*"], &["*"], &[])]);
    let bind = |subject: Value| rbac([wild.clone(), role_binding("a/b", "ClusterRole/wild", &[subject])]);
    assert_eq!(
        audit(&bind(account("a/x"))),
        [
            "GR101 RoleBinding a/b /roleRef: rules[1] of ClusterRole `wild` has `*`, which permits the pods of service \
          account `a/x` to `use` credential specs; bind a ClusterRole that names the credential spec in \
          `resourceNames`"
        ]
    );
    // People are not pods, and this account's pods are elsewhere.
    assert!(audit(&bind(group("system:masters"))).is_empty());
    assert!(audit(&bind(user("alice"))).is_empty());
    assert!(!audit(&bind(account("c/x"))).iter().any(|line| line.starts_with("GR101")));
    // A wildcard with names still reaches those.
    let named = cluster_role("named", &[rule(&["*"], &["windows.k8s.io"], &["*"], &["s"])]);
    let world = rbac([named, cluster_role_binding("b", "ClusterRole/named", &[account("a/x")])]);
    assert_eq!(audit(&world).len(), 1, "and the binding of the cluster is not told as well");
    // It does not permit `use`.
    let reads = cluster_role("reads", &[rule(&["get"], &["*"], &["*"], &[])]);
    assert!(audit(&rbac([reads, role_binding("a/b", "ClusterRole/reads", &[account("a/x")])])).is_empty());
}

#[test]
fn gr102_a_rule_without_names() {
    let world = rbac([role("a/r", &[use_of(&["s"]), use_of(&[])])]);
    assert_eq!(
        audit(&world),
        ["GR102 Role a/r /rules/1: rules[1] permits `use` of every credential spec; list the names in \
          `resourceNames`, in a role for each credential spec"]
    );
    assert!(
        audit(&rbac([cluster_role(
            "r",
            &[rule(&["get"], &["windows.k8s.io"], &["gmsacredentialspecs"], &[])]
        )]))
        .is_empty()
    );
    // Also as `*`, if the rule is about them; of what is about everything GR101 speaks.
    for (written, found) in [
        (rule(&["*"], &["windows.k8s.io"], &["gmsacredentialspecs"], &[]), 1),
        (rule(&["*"], &["windows.k8s.io"], &["*"], &[]), 1),
        (rule(&["use"], &["*"], &["gmsacredentialspecs"], &[]), 1),
        (rule(&["*"], &["*"], &["*"], &[]), 0),
        (rule(&["*"], &["windows.k8s.io"], &["*"], &["s"]), 0),
    ] {
        assert_eq!(audit(&rbac([cluster_role("r", &[written])])).len(), found);
    }
    // What a controller gathered is told of the role that it comes from.
    let mut aggregated = cluster_role("r", &[use_of(&[])]);
    aggregated["aggregationRule"] = json!({"clusterRoleSelectors": []});
    assert!(audit(&rbac([aggregated])).is_empty());
}

#[test]
fn gr103_the_default_service_account() {
    let expected = "GR103 RoleBinding a/b /subjects/1: ClusterRole `r` lets every pod of namespace `a` that names no \
                    service account `use` `s`; give the workload a service account of its own, and bind that";
    for default in [account("a/default"), user("system:serviceaccount:a:default")] {
        assert_eq!(audit(&bound(&[account("a/x"), default])), [expected]);
    }
    assert!(audit(&bound(&[account("a/default2")])).is_empty());
}

#[test]
fn gr104_a_group_of_service_accounts() {
    let told = |pods: &str| {
        format!(
            "GR104 RoleBinding a/b /subjects/0: ClusterRole `r` lets {pods} `use` `s`; bind the service accounts that need it"
        )
    };
    assert_eq!(audit(&bound(&[group("system:serviceaccounts")])), [told("all pods in namespace `a`")]);
    assert_eq!(audit(&bound(&[group("system:serviceaccounts:a")])), [told("all pods in namespace `a`")]);
    let names = ["s", "t", "u", "v", "w"];
    let world = rbac([
        cluster_role("r", &[use_of(&names)]),
        cluster_role_binding("b", "ClusterRole/r", &[group("system:serviceaccounts")]),
    ]);
    assert!(audit(&world).iter().any(|line| line.contains(
        "lets all pods in the cluster (group `system:serviceaccounts`) `use` `s`, `t`, `u` and 2 more"
    )));
    assert!(audit(&bound(&[group("developers")])).is_empty());
}

#[test]
fn gr105_the_groups_of_everybody() {
    for everybody in ["system:authenticated", "system:unauthenticated"] {
        let found = audit(&bound(&[group(everybody)]));
        let message = format!(
            "GR105 RoleBinding a/b /subjects/0: ClusterRole `r` is bound to `{everybody}`, for `use` of `s`"
        );
        assert!(found[0].starts_with(&message) && found.len() == 1, "{found:?}");
    }
    assert!(audit(&bound(&[group("authenticated")])).is_empty());
}

#[test]
fn gr106_a_binding_for_the_whole_cluster() {
    let world = |subjects: &[Value]| {
        rbac([cluster_role("r", &[use_of(&["s"])]), cluster_role_binding("b", "ClusterRole/r", subjects)])
    };
    assert_eq!(
        audit(&world(&[account("a/x"), account("a/y")])),
        [
            "GR106 ClusterRoleBinding b : ClusterRole `r` is bound in every namespace, to the pods of service account \
          `a/x` and of 1 more subject; bind it with a RoleBinding in the namespace of the pods"
        ]
    );
    assert_eq!(
        audit(&world(&[user("alice"), group("devs")])),
        [
            "GR106 ClusterRoleBinding b : ClusterRole `r` is bound in every namespace, to User `alice` and 1 more \
             subject; bind the service accounts of the pods, with a RoleBinding in their namespace"
        ]
    );
    assert!(audit(&world(&[])).is_empty());
    // A wildcard elsewhere in the role makes it no better; `cluster-admin` is bound this way in every cluster.
    let wild = rule(&["*"], &["*"], &["*"], &["my-configmap"]);
    for (rules, found) in [(vec![use_of(&["s"]), wild.clone()], 1), (vec![wild], 0)] {
        let world =
            rbac([cluster_role("r", &rules), cluster_role_binding("b", "ClusterRole/r", &[user("alice")])]);
        assert_eq!(audit(&world).iter().filter(|line| line.starts_with("GR106")).count(), found);
    }
}

#[test]
fn gr201_a_credential_spec_that_nobody_may_use() {
    let world = bound(&[account("a/x")]);
    let found = Audit::of(&world).credential_specs(["s", "lonely"]).findings();
    assert_eq!(
        lines(&found),
        [
            "GR201 GMSACredentialSpec lonely : no service account may `use` `lonely`; bind a role that names it to the \
          service account of the pods, or delete it"
        ]
    );
    // Bound to people, or in the wrong namespace, it is as good as not bound.
    for subject in [user("alice"), account("c/x")] {
        let found = Audit::of(&bound(&[subject])).credential_specs(["s"]).findings();
        assert!(found.iter().any(|finding| finding.id().as_str() == "GR201"));
    }
    let all =
        rbac([cluster_role("r", &[use_of(&[])]), role_binding("a/b", "ClusterRole/r", &[account("a/x")])]);
    let found = Audit::of(&all).credential_specs(["s", "lonely"]).findings();
    assert!(found.iter().all(|finding| finding.id().as_str() != "GR201"));
}

#[test]
fn gr202_a_rule_that_names_no_credential_spec() {
    let world =
        rbac([cluster_role("r", &[use_of(&["webapp1", "web-app0", "*", "gmsa-WebApp1", "elsewhere"])])]);
    let told = |at: usize, message: &str, help: &str| {
        format!("GR202 ClusterRole r /rules/0/resourceNames/{at}: {message}; {help}")
    };
    let star = told(
        2,
        "`*` is no wildcard in `resourceNames`, and no credential spec has that name",
        "list the names",
    );
    let impossible = told(
        3,
        "no credential spec can be called `gmsa-WebApp1`",
        "name `gmsa-webapp1` instead, if that is meant",
    );
    assert_eq!(audit(&world), [star.clone(), impossible], "others may exist");
    let found = Audit::of(&world).credential_specs(["webapp0", "webapp1"]).findings();
    let found: Vec<_> = lines(&found).into_iter().filter(|line| line.starts_with("GR202")).collect();
    assert_eq!(
        found,
        [
            told(1, "there is no credential spec `web-app0`", "name `webapp0` instead, if that is meant"),
            star,
            told(
                3,
                "no credential spec can be called `gmsa-WebApp1`",
                "name `gmsa-webapp1` instead, if that is meant"
            ),
            told(
                4,
                "there is no credential spec `elsewhere`",
                "create the credential spec, or take the name away"
            ),
        ]
    );
}

#[test]
fn gr202_speaks_of_rules_that_list_the_resource() {
    let found = |rule: Value| {
        lines(&Audit::of(&rbac([cluster_role("r", &[rule])])).credential_specs(["webapp1"]).findings())
    };
    assert_eq!(
        found(rule(&["get"], &["windows.k8s.io"], &["gmsacredentialspecs"], &["webap1"])),
        [
            "GR202 ClusterRole r /rules/0/resourceNames/0: there is no credential spec `webap1`; name `webapp1` \
             instead, if that is meant",
            "GR201 GMSACredentialSpec webapp1 : no service account may `use` `webapp1`; bind a role that names it to \
             the service account of the pods, or delete it"
        ]
        .map(ToOwned::to_owned)
    );
    // These may be the names of other things.
    for other in [
        rule(&["*"], &["*"], &["*"], &["my-configmap"]),
        rule(&["get"], &[""], &["configmaps"], &["my-configmap"]),
        rule(&["get"], &["example.com"], &["gmsacredentialspecs"], &["other"]),
    ] {
        assert!(!found(other).iter().any(|line| line.starts_with("GR202")));
    }
}

#[test]
fn gr203_a_role_that_is_missing() {
    let bind = |role: &str| {
        let made = cluster_role("use-webapp0", &[use_of(&["webapp0"])]);
        audit(&rbac([made, role_binding("a/b", role, &[account("a/x")])]))
    };
    assert_eq!(
        bind("ClusterRole/use-webap0"),
        [
            "GR203 RoleBinding a/b /roleRef: there is no `ClusterRole` `use-webap0`; bind ClusterRole `use-webapp0` \
          instead, if that is meant"
        ]
    );
    assert_eq!(
        bind("Role/gone"),
        ["GR203 RoleBinding a/b /roleRef: there is no `Role` `gone`; create the role, or delete the binding"]
    );
    for there in ["ClusterRole/use-webapp0", "ClusterRole/view", "ClusterRole/system:node"] {
        assert!(bind(there).is_empty());
    }
    for name in ["use-webapp0", "view"] {
        let mut binding = role_binding("a/b", &format!("ClusterRole/{name}"), &[account("a/x")]);
        binding["roleRef"]["apiGroup"] = json!("rbac.authorization.k8s.io/v1");
        assert_eq!(
            audit(&rbac([cluster_role("use-webapp0", &[use_of(&["webapp0"])]), binding])),
            [
                "GR203 RoleBinding a/b /roleRef/apiGroup: the API group `rbac.authorization.k8s.io/v1` has no roles; \
                 write `rbac.authorization.k8s.io`, or leave `apiGroup` out"
            ]
        );
    }
}

#[test]
fn gr204_a_service_account_that_is_missing() {
    let world = bound(&[account("a/web"), account("a/wbe"), account("a/y"), account("a/zz")]);
    let found = Audit::of(&world).service_accounts([("a", "web"), ("c", "zz")]).findings();
    let told = |at: usize, name: &str, help: &str| {
        format!("GR204 RoleBinding a/b /subjects/{at}: there is no service account `a/{name}`; {help}")
    };
    assert_eq!(
        lines(&found),
        [
            told(1, "wbe", "create the service account, or take the subject away"),
            told(2, "y", "create the service account, or take the subject away"),
            told(3, "zz", "there is one of that name in namespace `c`"),
        ]
    );
    let near = Audit::of(&bound(&[account("a/webb")])).service_accounts([("a", "web")]).findings();
    assert_eq!(lines(&near), [told(0, "webb", "bind `a/web` instead, if that is meant")]);
    let by_user =
        Audit::of(&bound(&[user("system:serviceaccount:a:webb"), user("system:serviceaccount:a:web")]))
            .service_accounts([("a", "web")])
            .findings();
    assert_eq!(lines(&by_user), [told(0, "webb", "bind `a/web` instead, if that is meant")]);
    assert!(audit(&world).is_empty(), "nobody said which there are");
    let default = Audit::of(&bound(&[account("a/default")])).service_accounts([("a", "web")]).findings();
    assert!(default.iter().all(|finding| finding.id().as_str() != "GR204"));
}

#[test]
fn gr205_a_binding_in_another_namespace() {
    let told = |at: usize, subject: &str| {
        format!(
            "GR205 RoleBinding a/b /subjects/{at}: {subject} has no pods in namespace `a`, where this binding counts; make the binding in namespace `c`"
        )
    };
    let subjects = [
        account("c/x"),
        account("a/x"),
        user("system:serviceaccount:c:x"),
        group("system:serviceaccounts:c"),
        user("x"),
    ];
    assert_eq!(
        audit(&bound(&subjects)),
        [
            told(0, "ServiceAccount `c/x`"),
            told(2, "User `system:serviceaccount:c:x`"),
            told(3, "Group `system:serviceaccounts:c`"),
        ]
    );
}

#[test]
fn gr206_a_subject_that_is_nobody() {
    let nameless = json!({"kind": "ServiceAccount", "name": "x"});
    let subjects = [
        json!({"kind": "Serviceaccount", "name": "x"}),
        json!({"kind": "ServiceAccount", "apiGroup": "rbac.authorization.k8s.io", "namespace": "a", "name": "x"}),
        nameless.clone(),
        json!({"kind": "Group", "apiGroup": "v1", "name": "g"}),
    ];
    let told = |at: usize, fault: &str| format!("GR206 RoleBinding a/b /subjects/{at}: {fault}");
    let group = "`rbac.authorization.k8s.io`; leave `apiGroup` out";
    assert_eq!(
        audit(&bound(&subjects)),
        [
            told(
                0,
                "`Serviceaccount` `x` is nobody: there is no such kind of subject; write `ServiceAccount`, `User` \
                     or `Group`"
            ),
            told(1, &format!("ServiceAccount `x` is nobody: its kind has not the API group {group}")),
            told(3, "Group `g` is nobody: its kind has not the API group `v1`; leave `apiGroup` out"),
        ]
    );
    let world =
        rbac([cluster_role("r", &[use_of(&["s"])]), cluster_role_binding("b", "ClusterRole/r", &[nameless])]);
    assert_eq!(
        audit(&world),
        [
            "GR206 ClusterRoleBinding b /subjects/0: ServiceAccount `x` is nobody: it has no namespace; write the \
          namespace of the service account"
        ]
    );
}

#[test]
fn gr301_a_workload_that_is_not_permitted() {
    let world = bound(&[account("a/y")]);
    let found = Audit::of(&world).workload(workload("a/x", &["s"])).findings();
    assert_eq!(
        lines(&found),
        [
            "GR301 Deployment a/web /spec/template/spec: service account `a/x` may not `use` credential spec `s`: \
          ClusterRole `r` would allow it, but RoleBinding `a/b` binds it to others only; kubectl create rolebinding \
          use-gmsa-s:x --clusterrole=r --serviceaccount=a:x --namespace=a \
          --dry-run=client -o yaml | kubectl apply -f -"
        ]
    );
    let found = Audit::of(&Rbac::default()).workload(workload("a/", &["s"])).findings();
    let found = lines(&found);
    assert!(found[0].contains("service account `a/default` may not `use` credential spec `s`; echo"));
    assert!(Audit::of(&world).workload(workload("a/y", &["s"])).findings().is_empty());
}

#[test]
fn gr302_a_workload_that_names_no_credential_spec() {
    let world = bound(&[account("a/x")]);
    let audit = Audit::of(&world).workload(workload("a/x", &["S", "other"]));
    let told =
        |message: &str, help: &str| format!("GR302 Deployment a/web /spec/template/spec: {message}; {help}");
    let upper = told("no credential spec can be called `S`", "name `s` instead, if that is meant");
    assert_eq!(
        lines(&audit.findings()).into_iter().filter(|line| line.starts_with("GR302")).collect::<Vec<_>>(),
        std::slice::from_ref(&upper)
    );
    let found = lines(&audit.credential_specs(["s"]).findings());
    assert_eq!(found, [upper, told("there is no credential spec `other`", "create the credential spec")]);
}

proptest! {
    /// Whatever the names are: the audit ends, shows each finding on one line, and says the same twice.
    #[test]
    fn any_text_may_be_audited(names in vec(any::<String>(), 6), others in vec("[a-c:/*]{0,3}", 6)) {
        let subjects = [account(&format!("a/{}", names[0])), group(&names[1]), user(&others[0]), user(&others[1])];
        let world = rbac([
            cluster_role(&others[2], &[use_of(&[&names[2], &others[3]])]),
            cluster_role_binding(&names[3], &format!("ClusterRole/{}", others[2]), &subjects),
            role_binding(&format!("a/{}", names[4]), &format!("Role/{}", names[5]), &subjects),
        ]);
        let used = WorkloadUse::new(ObjectRef::unnamed("Pod"), &*others[4], &*names[0]).using(&*names[2]).using(&*others[5]);
        let audit = Audit::of(&world)
            .credential_specs([&names[2], &others[4]])
            .service_accounts([(&others[4], &names[1])])
            .workload(used.clone());
        let findings = audit.findings();
        prop_assert!(findings.iter().all(|finding| finding.to_string().lines().count() == 1));
        prop_assert!(findings.iter().all(|finding| !finding.message().contains('\n')));
        prop_assert_eq!(findings, audit.findings());
        let grants = gmsa_rbac::minimize([&used], None);
        let mut granted = Rbac::default();
        grants.objects().into_iter().for_each(|object| granted.insert(object));
        for spec in used.uses() {
            let question = AccessQuestion::new(used.namespace(), used.service_account(), spec.name());
            let left_out = grants.left_out().iter().any(|left_out| left_out.credential_spec() == spec.name());
            prop_assert_ne!(granted.answer(&question).is_allowed(), left_out);
        }
    }
}

#[test]
fn ids_are_in_order_and_every_rule_has_a_test() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id().as_str()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    let tests =
        fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/rbac/audit.rs")).unwrap();
    for id in ids {
        assert!(tests.contains(&format!("fn {}_", id.to_lowercase())), "{id}");
    }
}

/// `UPDATE_RULES=1 cargo test -p gmsa-rbac audit` writes it anew.
#[test]
fn the_list_of_rules_is_that_of_the_code() {
    let mut text =
        "# Rules of the audit\n\nMade from `gmsa_rbac::audit::RULES`; a test keeps it true. An id is never \
                    used again.\n\n| id | name | severity | finds | because |\n|---|---|---|---|---|\n"
            .to_owned();
    for rule in &RULES {
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            rule.id(),
            rule.name(),
            rule.severity(),
            rule.summary(),
            rule.why()
        );
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("RULES.md");
    if env::var_os("UPDATE_RULES").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text);
}
