//! The smallest grant: its names, and its three forms.

use crate::world::question;
use gmsa_rbac::{AccessQuestion, ProposedGrant, Rbac};
use gmsa_types::Fault;
use proptest::prelude::*;

#[test]
fn the_manifest_quotes_what_yaml_would_take_for_something_else() {
    let grant = ProposedGrant::new(&question("null/true", "1e3")).unwrap();
    assert_eq!(
        grant.manifest(),
        r#"apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: "use-gmsa-1e3"
rules:
- apiGroups: ["windows.k8s.io"]
  resources: ["gmsacredentialspecs"]
  resourceNames: ["1e3"]
  verbs: ["use"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: "use-gmsa-1e3:true"
  namespace: "null"
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: "use-gmsa-1e3"
subjects:
- kind: ServiceAccount
  name: "true"
  namespace: "null"
"#
    );
}

#[test]
fn names_that_no_object_can_have_get_no_commands() {
    for (question, what) in [
        (AccessQuestion::new("a\nb", "x", "s"), "namespace"),
        (AccessQuestion::new("a.b", "x", "s"), "namespace"),
        (AccessQuestion::new("a", "x;rm -rf /", "s"), "service account name"),
        (AccessQuestion::new("a", "x", "$(s)"), "credential spec name"),
        (AccessQuestion::new("a", "x", "*"), "credential spec name"),
    ] {
        assert_eq!(ProposedGrant::new(&question).unwrap_err().what(), what);
    }
    // `--resource-name=` without a value is close to a grant of every name.
    assert_eq!(ProposedGrant::new(&question("a/x", "")).unwrap_err().fault(), &Fault::Empty);
}

fn dns_name(labels: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    proptest::collection::vec("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", labels)
        .prop_map(|labels| labels.join("."))
        .prop_filter("too long", |name| name.len() <= 253)
}

proptest! {
    #[test]
    fn a_proposal_allows_exactly_what_was_asked(
        namespace in dns_name(1..2), account in dns_name(1..5), spec in dns_name(1..5), other in dns_name(1..5),
    ) {
        let asked = AccessQuestion::new(&*namespace, &*account, &*spec);
        let grant = ProposedGrant::new(&asked).unwrap();
        prop_assert_eq!(&grant, &ProposedGrant::new(&asked).unwrap());
        prop_assert!(grant.role_name().len() <= 253 && grant.binding_name().len() <= 253);
        let mut rbac = Rbac::default();
        rbac.insert_cluster_role(grant.cluster_role());
        rbac.insert_role_binding(grant.role_binding());
        prop_assert!(rbac.answer(&asked).is_allowed());
        for (question, differs) in [
            (AccessQuestion::new(&*namespace, &*account, &*other), other != spec),
            (AccessQuestion::new(&*namespace, &*other, &*spec), other != account),
            (AccessQuestion::new("elsewhere", &*account, &*spec), namespace != "elsewhere"),
        ] {
            prop_assert_eq!(rbac.answer(&question).is_allowed(), !differs);
        }
        let manifest = grant.manifest();
        let commands = grant.commands().join("\n");
        for text in [&namespace, &account, &spec] {
            prop_assert!(commands.contains(text.as_str()));
            let quoted = format!("\"{text}\"");
            prop_assert!(manifest.contains(&quoted));
        }
    }

    #[test]
    fn long_names_stay_apart(stem in "[a-z]{245}", a in "[a-z]{8}", b in "[a-z]{8}") {
        prop_assume!(a != b);
        let name = |end: &str| {
            let spec = format!("{stem}{end}");
            ProposedGrant::new(&question("a/x", &spec)).unwrap().role_name().to_owned()
        };
        prop_assert_ne!(name(&a), name(&b));
        prop_assert_eq!(name(&a).len(), 253);
    }
}
