//! Rules of roles: what they permit the `use` of, and what keeps them from it.

use std::fmt;

use gmsa_types::{GROUP, KIND, PLURAL, VERB_USE};
use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::quote::shown;

/// Whether a rule allows `use` of the credential spec `name`.
///
/// `*` stands for every verb, group and resource, but is a literal among the resource names; no names at all stand
/// for every name. `gmsacredentialspecs/status` and `*/status` are about subresources, which nobody asks for here.
///
/// Source: Kubernetes `pkg/apis/rbac/v1/evaluation_helpers.go`.
pub(crate) fn allows(rule: &PolicyRule, name: &str) -> bool {
    match uses(rule) {
        Some(Uses::Every) => true,
        Some(Uses::Named(names)) => names.iter().any(|listed| listed == name),
        None => false,
    }
}

/// Whether a rule permits the `use` of any credential spec: no other rule has a part in any answer.
///
/// ```
/// use k8s_openapi::api::rbac::v1::PolicyRule;
///
/// let mut rule = PolicyRule { verbs: vec!["*".into()], ..PolicyRule::default() };
/// (rule.api_groups, rule.resources) = (Some(vec!["windows.k8s.io".into()]), Some(vec!["*".into()]));
/// assert!(gmsa_rbac::permits_use(&rule));
/// rule.verbs = vec!["get".into()];
/// assert!(!gmsa_rbac::permits_use(&rule));
/// ```
pub fn permits_use(rule: &PolicyRule) -> bool {
    uses(rule).is_some()
}

/// What a rule permits the `use` of.
pub(crate) enum Uses<'r> {
    Every,
    Named(&'r [String]),
}

/// What a rule permits the `use` of, if anything.
pub(crate) fn uses(rule: &PolicyRule) -> Option<Uses<'_>> {
    let names = list(&rule.resource_names);
    (has(&rule.verbs, VERB_USE) && has(list(&rule.api_groups), GROUP) && has(list(&rule.resources), PLURAL))
        .then_some(if names.is_empty() { Uses::Every } else { Uses::Named(names) })
}

/// Whether all that a rule grants is `use` of the credential spec `name`.
pub(crate) fn allows_only(rule: &PolicyRule, name: &str) -> bool {
    allows_named_only(rule, name) && list(&rule.resource_names).iter().all(|listed| listed == name)
}

/// Whether all that a rule grants is `use` of credential specs that it names, `name` among them.
fn allows_named_only(rule: &PolicyRule, name: &str) -> bool {
    let only = |list: &[String], value: &str| !list.is_empty() && list.iter().all(|entry| entry == value);
    only(&rule.verbs, VERB_USE)
        && only(list(&rule.api_groups), GROUP)
        && only(list(&rule.resources), PLURAL)
        && list(&rule.resource_names).iter().any(|listed| listed == name)
        && list(&rule.non_resource_urls).is_empty()
}

/// A scalar to replace in a rule.
pub(crate) struct Correction<'d> {
    pub(crate) field: &'static str,
    pub(crate) index: usize,
    pub(crate) written: &'d str,
    pub(crate) wanted: &'d str,
}

/// What to replace so that a rule allows `name`, and the rule that it then is, if the differences are all in
/// spelling, and if the rule then grants no more than `use` of the credential specs that it names.
pub(crate) fn corrections<'d>(
    rule: &PolicyRule,
    differences: &'d [RuleDifference],
    name: &str,
) -> Option<(Vec<Correction<'d>>, PolicyRule)> {
    let corrections: Vec<_> = differences.iter().map(RuleDifference::correction).collect::<Option<_>>()?;
    let mut corrected = rule.clone();
    for Correction { field, index, wanted, .. } in &corrections {
        let list = match *field {
            "verbs" => Some(&mut corrected.verbs),
            "apiGroups" => corrected.api_groups.as_mut(),
            "resources" => corrected.resources.as_mut(),
            _ => corrected.resource_names.as_mut(),
        };
        *list?.get_mut(*index)? = (*wanted).to_owned();
    }
    allows_named_only(&corrected, name).then_some((corrections, corrected))
}

/// Whether a rule is about anything, rather than about credential specs.
pub(crate) fn has_wildcard(rule: &PolicyRule) -> bool {
    [&rule.verbs[..], list(&rule.api_groups), list(&rule.resources)]
        .iter()
        .any(|list| list.iter().any(|entry| entry == "*"))
}

/// Whether a rule lists the API group or the resource of credential specs, so that whoever wrote it thought of them.
pub(crate) fn mentions_specs(rule: &PolicyRule) -> bool {
    list(&rule.api_groups).iter().any(|group| group == GROUP) || lists_specs(rule)
}

/// Whether a rule lists the resource `gmsacredentialspecs` itself.
pub(crate) fn lists_specs(rule: &PolicyRule) -> bool {
    list(&rule.resources).iter().any(|resource| resource == PLURAL)
}

/// The credential specs that a rule names, to whatever end; none if it does not list their resource itself, since
/// the names may then be those of other things.
pub(crate) fn named_specs(rule: &PolicyRule) -> &[String] {
    match lists_specs(rule) && has(list(&rule.api_groups), GROUP) {
        true => list(&rule.resource_names),
        false => &[],
    }
}

/// What keeps a rule, which is about credential specs, from allowing `use` of the one in question.
///
/// Indices count from 0. Shown as the end of a sentence that says what the rule would have to have.
///
/// Source: Kubernetes `pkg/apis/rbac/v1/evaluation_helpers.go`.
///
/// ```
/// use gmsa_rbac::{AccessQuestion, Answer, NearMissKind, ProposedGrant, Rbac, RuleDifference};
///
/// let question = AccessQuestion::new("team-a", "web", "webapp0");
/// let grant = ProposedGrant::new(&question)?;
/// let mut role = grant.cluster_role();
/// for rule in role.rules.iter_mut().flatten() {
///     rule.verbs = vec!["get".to_owned()];
/// }
/// let mut rbac = Rbac::default();
/// rbac.insert(role);
/// rbac.insert(grant.role_binding());
/// let Answer::Deny(refusal) = rbac.explain(&question) else { panic!("to read it is not to use it") };
/// let NearMissKind::Rule { differences, .. } = refusal.near_misses()[0].kind() else { panic!("another kind") };
/// assert_eq!(differences, &[RuleDifference::VerbMissing]);
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleDifference {
    /// The verb `use` is in a form that is not compared equal, such as `USE`.
    VerbMisspelt {
        /// Its index in `verbs`.
        index: usize,
        /// The verb as written.
        written: String,
    },
    /// The rule lists other verbs only, such as `get`.
    VerbMissing,
    /// The API group is not `windows.k8s.io`, though the resource is `gmsacredentialspecs`: `windows.k8s.io/v1`, the
    /// empty group, or the like.
    ApiGroup {
        /// Its index in `apiGroups`; `None` if the list is empty.
        index: Option<usize>,
        /// The group as written.
        written: String,
    },
    /// The resource is the kind, the singular, a subresource, or in another case.
    Resource {
        /// Its index in `resources`.
        index: usize,
        /// The resource as written.
        written: String,
    },
    /// The name in question is listed in another case.
    NameCase {
        /// Its index in `resourceNames`.
        index: usize,
        /// The name as written.
        written: String,
        /// The name in question.
        asked: String,
    },
    /// `resourceNames` lists `*`, which is no wildcard there.
    NameStar {
        /// The name in question.
        asked: String,
    },
    /// `resourceNames` lists other names only.
    NameMissing {
        /// The name in question.
        asked: String,
    },
}

impl RuleDifference {
    /// What keeps `rule` from allowing `name`; `None` if it is not about credential specs, or allows it.
    pub(crate) fn find(rule: &PolicyRule, name: &str) -> Option<Vec<Self>> {
        let mut differences = Vec::new();
        let resources = list(&rule.resources);
        // A group is recognised by the resource beside it; with `*` for a resource, many rules would be near.
        let mut about_specs = resources.iter().any(|resource| resource == PLURAL);
        if !has(resources, PLURAL) {
            let (index, written) = position(resources, resembles_resource)?;
            about_specs = true;
            differences.push(Self::Resource { index, written });
        }
        let groups = list(&rule.api_groups);
        if !has(groups, GROUP) {
            let near = position(groups, resembles_group);
            if near.is_none() && !about_specs {
                return None;
            }
            let (index, written) = near.or_else(|| position(groups, |_| true)).unzip();
            differences.push(Self::ApiGroup { index, written: written.unwrap_or_default() });
        }
        if !has(&rule.verbs, VERB_USE) {
            differences.push(match position(&rule.verbs, resembles_verb) {
                Some((index, written)) => Self::VerbMisspelt { index, written },
                None => Self::VerbMissing,
            });
        }
        let names = list(&rule.resource_names);
        if !names.is_empty() && !names.iter().any(|listed| listed == name) {
            // No rule names the empty name.
            let asked = Some(name).filter(|name| !name.is_empty())?.to_owned();
            differences.push(match position(names, |listed| listed.eq_ignore_ascii_case(name)) {
                Some((index, written)) => Self::NameCase { index, written, asked },
                None if names.iter().any(|listed| listed == "*") => Self::NameStar { asked },
                None => Self::NameMissing { asked },
            });
        }
        (!differences.is_empty()).then_some(differences)
    }

    /// How large a change it is to remove the difference: spelling is the least, another name the greatest.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::VerbMisspelt { .. }
            | Self::Resource { .. }
            | Self::NameCase { .. }
            | Self::ApiGroup { .. } => 1,
            Self::VerbMissing | Self::NameStar { .. } => 2,
            Self::NameMissing { .. } => 3,
        }
    }

    /// What to replace, if the difference is one of spelling.
    fn correction(&self) -> Option<Correction<'_>> {
        let (field, index, written, wanted) = match self {
            Self::VerbMisspelt { index, written } => ("verbs", *index, written, VERB_USE),
            Self::ApiGroup { index: Some(index), written } => ("apiGroups", *index, written, GROUP),
            Self::Resource { index, written } => ("resources", *index, written, PLURAL),
            Self::NameCase { index, written, asked } => ("resourceNames", *index, written, asked.as_str()),
            _ => return None,
        };
        Some(Correction { field, index, written, wanted })
    }
}

/// The end of a sentence that says what a rule would have to have.
impl fmt::Display for RuleDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VerbMisspelt { written, .. } => {
                write!(f, "it had the verb `{VERB_USE}`, not {}", shown(written))
            }
            Self::VerbMissing => write!(f, "it had the verb `{VERB_USE}`"),
            Self::ApiGroup { written, .. } => {
                write!(f, "it had the API group `{GROUP}`, not {}", shown(written))
            }
            Self::Resource { written, .. } => {
                write!(f, "it had the resource `{PLURAL}`, not {}", shown(written))
            }
            Self::NameCase { written, asked, .. } => {
                write!(f, "it named {}, not {}", shown(asked), shown(written))
            }
            Self::NameStar { asked } => {
                write!(f, "it named {} (`*` is no wildcard in resourceNames)", shown(asked))
            }
            Self::NameMissing { asked } => write!(f, "it named {}", shown(asked)),
        }
    }
}

fn list(list: &Option<Vec<String>>) -> &[String] {
    list.as_deref().unwrap_or_default()
}

fn has(list: &[String], value: &str) -> bool {
    list.iter().any(|entry| entry == "*" || entry == value)
}

fn position(list: &[String], matches: impl Fn(&str) -> bool) -> Option<(usize, String)> {
    list.iter().enumerate().find(|(_, entry)| matches(entry)).map(|(index, entry)| (index, entry.clone()))
}

fn resembles_verb(written: &str) -> bool {
    written.trim_matches([' ', '/']).eq_ignore_ascii_case(VERB_USE)
}

fn resembles_group(written: &str) -> bool {
    let group = written.trim().split('/').next().unwrap_or_default();
    group.eq_ignore_ascii_case(GROUP)
}

fn resembles_resource(written: &str) -> bool {
    let resource = written.trim().split(['/', '.']).next().unwrap_or_default();
    let letters: String = resource.chars().filter(char::is_ascii_alphanumeric).collect();
    letters.eq_ignore_ascii_case(PLURAL) || letters.eq_ignore_ascii_case(KIND)
}
