//! What the validating policies check, in the order in which a denial is told.

use gmsa_types::{GROUP, PLURAL, VERB_USE};

use super::{
    has, of,
    places::{
        Owners, Variable, ephemeral_containers_of, inherited_variable, introduced_variables, of_introduced,
        request_variables, sentences,
    },
    quoted,
};
use crate::place::{CONTENTS_FIELD, NAME_FIELD};

/// How many different credential specs one pod may name.
///
/// An API server stops a policy at a cost of 10 000 000, and each access check costs 350 000: 28 would fit, and
/// leave nothing for the rest.
///
/// Source: Kubernetes `apiserver/pkg/cel/library/cost.go`, `CallCost`, and `apiserver/pkg/apis/cel/config.go`.
pub(crate) const MOST_NAMES: usize = 26;

/// One validation of a policy.
pub(crate) struct Check {
    pub(crate) expression: String,
    /// What is said where the message expression says nothing.
    pub(crate) message: String,
    /// It never fails: an API server evaluates it whether or not it is needed, and logs failures.
    pub(crate) message_expression: Option<String>,
    pub(crate) reason: Reason,
}

/// Of the reasons that Kubernetes allows here, those that the webhook's answers have.
#[derive(Clone, Copy)]
pub(crate) enum Reason {
    Forbidden,
    Invalid,
}

impl Reason {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "Forbidden",
            Self::Invalid => "Invalid",
        }
    }
}

/// A policy's variables, each of which may use those before it, and its checks.
#[derive(Default)]
pub(crate) struct Program {
    pub(crate) variables: Vec<Variable>,
    pub(crate) checks: Vec<Check>,
}

/// The program of a policy. With the contents of credential specs by name, which is a CEL map, contents are
/// compared with those.
///
/// The sentences are those of the webhook, without its advice. No message has contents in it.
pub(crate) fn program(specs: Option<&str>) -> Program {
    let (name, contents) = (of("c", NAME_FIELD), of("c", CONTENTS_FIELD));
    let (has_name, has_contents) = (has("c", NAME_FIELD), has("c", CONTENTS_FIELD));
    let mut program = Program::default();
    program.variables.extend(request_variables());
    program.variables.extend(introduced_variables());
    program.variables.push(inherited_variable());
    program.variables.push(("account", "object.spec.?serviceAccountName.orValue('')".to_owned()));
    let names = of_introduced(&has_name, |_| name.clone());
    program.variables.push((
        "names",
        format!("(variables.inherited.filter(c, {has_name}).map(c, {name}) +\n{names}).distinct()"),
    ));
    program.variables.push((
        "access",
        format!(
            "authorizer.serviceAccount(request.namespace, variables.account).group({}).resource({})\
             .namespace(request.namespace)",
            quoted(GROUP),
            quoted(PLURAL)
        ),
    ));

    program.checks.push(unchanged());
    let nameless = "' has a GMSA cred spec set, but does not define the name of the corresponding resource'";
    program.none(
        "nameless",
        format!(
            "variables.inherited.filter(c, !{has_name}).map(c, {} + {nameless}) +\n{}",
            Owners::Pod.called(),
            sentences(&format!("!{has_name}"), "", nameless)
        ),
        "a GMSA cred spec is set without the name of the corresponding resource",
    );
    program.none(
        "unnamed",
        sentences(&format!("{has_name} && {name} == ''"), "", "' has an empty GMSA cred spec name'"),
        "a GMSA cred spec name is empty",
    );
    if let Some(specs) = specs {
        program.none(
            "unknown",
            format!(
                "variables.names.filter(n, n != '' && !(n in {specs}))\
                 .map(n, 'cred spec ' + n + ' does not exist in the index of cred specs')"
            ),
            "a GMSA cred spec does not exist in the index of cred specs",
        );
    }
    program.checks.push(Check {
        expression: format!("variables.names.size() <= {MOST_NAMES}"),
        message: format!(
            "the pod names more than {MOST_NAMES} GMSA cred specs, and the policy can check no more"
        ),
        message_expression: None,
        reason: Reason::Invalid,
    });
    program.checks.push(Check {
        expression: "variables.account != ''".to_owned(),
        message: "service account \"\" is not authorized to `use` a GMSA cred spec".to_owned(),
        message_expression: None,
        reason: Reason::Forbidden,
    });
    program.checks.extend((0..MOST_NAMES).map(may_use));
    program.none(
        "unexpanded",
        sentences(
            &format!("{has_name} && !{has_contents}"),
            "",
            &format!("' names GMSA cred spec \"' + {name} + '\", but it was not expanded'"),
        ),
        "a GMSA cred spec is named, but it was not expanded",
    );
    if let Some(specs) = specs {
        program.none(
            "mismatched",
            sentences(
                &format!(
                    "{has_name} && {has_contents} && {name} in {specs} && {contents} != {specs}[{name}]"
                ),
                "the GMSA cred spec contents for ",
                &format!("' does not match the contents of GMSA resource \"' + {name} + '\"'"),
            ),
            "GMSA cred spec contents do not match the contents of the GMSA resource",
        );
    }
    program
}

impl Program {
    /// Adds a variable with sentences, and the check that there are none.
    fn none(&mut self, variable: &'static str, sentences: String, message: &str) {
        self.variables.push((variable, sentences));
        let variable = format!("variables.{variable}");
        self.checks.push(Check {
            expression: format!("{variable}.size() == 0"),
            message: message.to_owned(),
            // `string`, because an API server takes nothing whose type it does not know to be that.
            message_expression: Some(format!("string({variable}.size() == 0 ? '' : {variable}[0])")),
            reason: Reason::Invalid,
        });
    }
}

/// One check a name: a check has no budget for more than two, and so the message can tell which.
fn may_use(index: usize) -> Check {
    let is_absent = format!("variables.names.size() <= {index}");
    let name = format!("variables.names[{index}]");
    Check {
        expression: format!(
            "{is_absent} || variables.access.name({name}).check({}).allowed()",
            quoted(VERB_USE)
        ),
        message: "the service account is not authorized to `use` a GMSA cred spec".to_owned(),
        message_expression: Some(format!(
            "string({is_absent} ? '' : 'service account \"' + variables.account + \
             '\" is not authorized to `use` GMSA cred spec \"' + {name} + '\"')"
        )),
        reason: Reason::Forbidden,
    }
}

/// The API server itself lets nobody change an ephemeral container; the policy does not rely on it.
fn unchanged() -> Check {
    let field =
        |owner: &str, field: &str| format!("{owner}.?securityContext.?windowsOptions.?{field}.orValue('')");
    let same =
        [NAME_FIELD, CONTENTS_FIELD].map(|name| format!("{} == {}", field("c", name), field("o", name)));
    Check {
        expression: format!(
            "!variables.ephemeral || {}.all(o, {}.exists(c, c.name == o.name && {}))",
            ephemeral_containers_of("oldObject"),
            ephemeral_containers_of("object"),
            same.join(" && ")
        ),
        message: "cannot update an existing pod's GMSA settings".to_owned(),
        message_expression: None,
        reason: Reason::Forbidden,
    }
}
