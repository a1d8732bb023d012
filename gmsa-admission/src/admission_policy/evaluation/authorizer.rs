//! The part of the authorizer that the policies ask: may a service account do something with one object of a
//! namespace. Each step of the question is a map with one member more.
//!
//! Source: Kubernetes `apiserver/pkg/cel/library/authz.go`.

#![expect(clippy::disallowed_types, reason = "the evaluator's own maps are such")]

use std::{collections::HashMap, sync::Arc};

use gmsa_rbac::{AccessQuestion, Rbac};
use gmsa_types::{GROUP, PLURAL, VERB_USE, check_dns_label, check_dns_subdomain};
use kube_cel::cel::{
    Context, ExecutionError, FunctionContext, ResolveResult, Value as Cel,
    extractors::This,
    objects::{Key, Map},
};

pub(super) fn register(context: &mut Context<'_>, rbac: &Arc<Rbac>) {
    context.add_variable_from_value("authorizer", HashMap::<String, Cel>::new());
    context.add_function("serviceAccount", service_account);
    for step in [GROUP_STEP, "resource", "namespace", "name"] {
        context.add_function(
            step,
            |call: &FunctionContext<'_, '_>, This(question): This<Cel>, value: Arc<String>| {
                with(call, &question, &[(call.name, value.as_str())])
            },
        );
    }
    let rbac = Arc::clone(rbac);
    context.add_function(
        "check",
        move |call: &FunctionContext<'_, '_>,
              This(question): This<Cel>,
              verb: Arc<String>|
              -> ResolveResult {
            let of =
                |step: &str| part(&question, step).ok_or_else(|| call.error("the question lacks a part"));
            let namespace = of("namespace")?;
            // Anything else would be another question than the one that the evaluator of permissions knows.
            if (of(GROUP_STEP)?, of("resource")?, verb.as_str()) != (GROUP, PLURAL, VERB_USE)
                || namespace != of(ACCOUNT_NAMESPACE)?
            {
                return Err(call.error("the question is not about the `use` of a credential spec"));
            }
            let question = AccessQuestion::new(namespace, of(ACCOUNT)?, of("name")?);
            Ok(Cel::Bool(rbac.answer(&question).is_allowed()))
        },
    );
    context.add_function("allowed", |This(decision): This<bool>| decision);
}

const GROUP_STEP: &str = "group";
const ACCOUNT: &str = "serviceAccount";
const ACCOUNT_NAMESPACE: &str = "serviceAccountNamespace";

fn service_account(
    call: &FunctionContext<'_, '_>,
    This(authorizer): This<Cel>,
    namespace: Arc<String>,
    name: Arc<String>,
) -> ResolveResult {
    check_dns_label("namespace", &namespace).map_err(|error| call.error(error))?;
    check_dns_subdomain("service account name", &name).map_err(|error| call.error(error))?;
    with(call, &authorizer, &[(ACCOUNT, &name), (ACCOUNT_NAMESPACE, &namespace)])
}

/// The question with more parts.
fn with(call: &FunctionContext<'_, '_>, question: &Cel, parts: &[(&str, &str)]) -> ResolveResult {
    let Cel::Map(Map { map }) = question else {
        return Err::<Cel, ExecutionError>(call.error("not a question"));
    };
    let mut map = HashMap::clone(map);
    map.extend(parts.iter().map(|(step, value)| (Key::from(*step), Cel::from(*value))));
    Ok(Cel::Map(Map { map: Arc::new(map) }))
}

fn part<'q>(question: &'q Cel, step: &str) -> Option<&'q str> {
    let Cel::Map(Map { map }) = question else { return None };
    match map.get(&Key::from(step))? {
        Cel::String(value) => Some(value.as_str()),
        _ => None,
    }
}
