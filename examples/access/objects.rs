//! Roles and bindings to apply.

use std::process::ExitCode;

use gmsa_examples::{
    manifest,
    program::{NOTE, bad_input, one_line, print_exactly},
};
use gmsa_rbac::{AccessQuestion, ProposedGrant, RbacObject};
use serde_json::json;

use crate::{Output, inventory::Inventory};

/// Prints a role for each credential spec and, for each service account, its binding.
pub(crate) fn grant(namespace: &str, accounts: &[String], specs: &[String], output: Output) -> ExitCode {
    let mut objects: Vec<RbacObject> = Vec::new();
    for spec in specs {
        for account in accounts {
            let question = AccessQuestion::new(namespace, account, spec);
            match ProposedGrant::new(&question) {
                Ok(grant) => {
                    for object in [grant.cluster_role().into(), grant.role_binding().into()] {
                        if !objects.contains(&object) {
                            objects.push(object);
                        }
                    }
                }
                Err(error) => return bad_input([error]),
            }
        }
    }
    print_objects(&objects, output, ExitCode::SUCCESS)
}

/// Prints the fewest objects that let the workloads in; the exit code is 1 if something is left out.
pub(crate) fn minimize(inventory: &Inventory, output: Output) -> ExitCode {
    let grants = gmsa_rbac::minimize(&inventory.workloads, inventory.credential_specs.as_ref());
    for left_out in grants.left_out() {
        anstream::eprintln!("{NOTE}left out{NOTE:#}: {}", one_line(left_out));
    }
    if !grants.is_proven_smallest() {
        anstream::eprintln!(
            "{NOTE}note{NOTE:#}: there may be a smaller set; too many accounts share credential specs"
        );
    }
    for workload in inventory.workloads.iter().filter(|workload| workload.service_account() == "default") {
        anstream::eprintln!(
            "{NOTE}note{NOTE:#}: {} runs as `default`, as every pod of the namespace does that names no service \
             account; what it may use, they may use",
            one_line(workload.object())
        );
    }
    let code = if grants.left_out().is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) };
    if output == Output::Json {
        let proven = grants.is_proven_smallest();
        let list =
            json!({"apiVersion": "v1", "kind": "List", "items": grants.objects(), "provenSmallest": proven});
        return print_exactly(&format!("{list:#}\n"), code);
    }
    print_objects(&grants.objects(), output, code)
}

fn print_objects(objects: &[RbacObject], output: Output, code: ExitCode) -> ExitCode {
    if output == Output::Json {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        return print_exactly(&format!("{list:#}\n"), code);
    }
    match objects.iter().map(|object| manifest::to_yaml(&json!(object))).collect::<Result<Vec<_>, _>>() {
        Ok(documents) => print_exactly(&documents.join("---\n"), code),
        Err(error) => bad_input([error]),
    }
}
