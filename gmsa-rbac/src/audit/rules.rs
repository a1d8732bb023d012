//! The rules of the audit, by id, and the form of their reports.

use gmsa_types::finding::{Finding, RuleId, Severity};

use super::{bindings, roles, scene::Scene, wide, workloads};

/// A rule of the audit: its id, and what it is about. [`RULES`] has an example.
#[derive(Debug)]
pub struct AuditRule {
    id: RuleId,
    name: &'static str,
    severity: Severity,
    summary: &'static str,
    why: &'static str,
    check: fn(&Scene<'_>, &Report<'_>) -> Vec<Finding>,
}

/// Makes the findings of one rule.
pub(super) struct Report<'r>(&'r AuditRule);

impl AuditRule {
    /// The id, such as `GR101`.
    pub fn id(&self) -> RuleId {
        self.id
    }

    /// The rule in a few words, such as `wildcard-grant`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How bad its findings are.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What it finds.
    pub fn summary(&self) -> &'static str {
        self.summary
    }

    /// Why that matters.
    pub fn why(&self) -> &'static str {
        self.why
    }

    pub(super) fn check(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        findings.extend((self.check)(scene, &Report(self)));
    }
}

impl Report<'_> {
    pub(super) fn finding(&self, message: impl Into<String>) -> Finding {
        Finding::new(self.0.id, self.0.severity, message).because(self.0.why)
    }
}

/// Every rule, by id. An id is never used again for another rule.
///
/// `GR1..` are about grants that are too wide, `GR2..` about roles and bindings that lead nowhere, `GR3..` about
/// workloads.
///
/// ```
/// use gmsa_rbac::audit::RULES;
///
/// assert_eq!((RULES[0].id().as_str(), RULES[0].name()), ("GR101", "wildcard-grant"));
/// ```
pub static RULES: [AuditRule; 14] = [
    AuditRule {
        id: RuleId::new("GR101"),
        name: "wildcard-grant",
        severity: Severity::Warning,
        summary: "a role with `*` for verbs, API groups or resources is bound to service accounts",
        why: "`*` includes `use` of credential specs, those to come too, though nobody may have thought of it",
        check: wide::wildcard_grant,
    },
    AuditRule {
        id: RuleId::new("GR102"),
        name: "every-credential-spec",
        severity: Severity::Warning,
        summary: "a rule about credential specs permits `use`, also as `*`, without `resourceNames`",
        why: "a rule without names permits every credential spec, those to come too",
        check: wide::every_credential_spec,
    },
    AuditRule {
        id: RuleId::new("GR103"),
        name: "default-service-account",
        severity: Severity::Warning,
        summary: "`use` is bound to the service account `default`",
        why: "every pod of the namespace that names no service account runs as `default`",
        check: wide::default_service_account,
    },
    AuditRule {
        id: RuleId::new("GR104"),
        name: "group-of-service-accounts",
        severity: Severity::Warning,
        summary: "`use` is bound to `system:serviceaccounts`, or to the group of a namespace",
        why: "every service account is in these groups, those to come too",
        check: wide::group_of_service_accounts,
    },
    AuditRule {
        id: RuleId::new("GR105"),
        name: "group-of-everybody",
        severity: Severity::Warning,
        summary: "`use` is bound to `system:authenticated` or `system:unauthenticated`",
        why: "the access question leaves these groups out, so it helps no pod; whoever asks with the groups of a token \
              would permit everybody",
        check: wide::group_of_everybody,
    },
    AuditRule {
        id: RuleId::new("GR106"),
        name: "cluster-wide-binding",
        severity: Severity::Warning,
        summary: "a role made for credential specs is bound by a `ClusterRoleBinding`, be it to people",
        why: "a role binding in the namespace of the pods is enough, and shows there who may be what",
        check: wide::cluster_wide_binding,
    },
    AuditRule {
        id: RuleId::new("GR201"),
        name: "unused-credential-spec",
        severity: Severity::Warning,
        summary: "no service account may `use` a credential spec",
        why: "no pod can run with it",
        check: roles::unused_credential_spec,
    },
    AuditRule {
        id: RuleId::new("GR202"),
        name: "no-such-credential-spec",
        severity: Severity::Warning,
        summary: "a rule, of whatever verbs, names a credential spec that does not exist, or cannot",
        why: "`resourceNames` are compared as they are written; the name grants nothing until somebody creates a \
              credential spec of that name",
        check: roles::no_such_credential_spec,
    },
    AuditRule {
        id: RuleId::new("GR203"),
        name: "no-such-role",
        severity: Severity::Error,
        summary: "a binding refers to a role that does not exist, or to an API group that has none",
        why: "the binding grants nothing, until somebody creates a role of that name",
        check: bindings::no_such_role,
    },
    AuditRule {
        id: RuleId::new("GR204"),
        name: "no-such-service-account",
        severity: Severity::Warning,
        summary: "`use` is bound to a service account that does not exist, by its name or by its user name",
        why: "it grants nothing, until somebody creates a service account of that name",
        check: bindings::no_such_service_account,
    },
    AuditRule {
        id: RuleId::new("GR205"),
        name: "other-namespace",
        severity: Severity::Warning,
        summary: "a role binding binds `use` to service accounts of another namespace",
        why: "a role binding counts in its own namespace, and pods run in that of their service account",
        check: bindings::other_namespace,
    },
    AuditRule {
        id: RuleId::new("GR206"),
        name: "subject-of-nobody",
        severity: Severity::Error,
        summary: "`use` is bound to a subject of no kind that there is, with another's API group, or without a namespace",
        why: "the API server refuses the binding; offline, the subject stands for nobody",
        check: bindings::subject_of_nobody,
    },
    AuditRule {
        id: RuleId::new("GR301"),
        name: "workload-not-permitted",
        severity: Severity::Error,
        summary: "the service account of a workload may not `use` the credential spec that the pods name",
        why: "the pods are refused",
        check: workloads::not_permitted,
    },
    AuditRule {
        id: RuleId::new("GR302"),
        name: "workload-without-credential-spec",
        severity: Severity::Error,
        summary: "a workload names a credential spec that does not exist, or cannot",
        why: "the pods are refused",
        check: workloads::without_credential_spec,
    },
];
