//! Who may use a credential spec.

use std::process::ExitCode;

use gmsa_examples::program::{BAD, FAINT, GOOD, NOTE, one_line, print, styled};
use gmsa_rbac::{Holder, Pods};
use serde_json::{Value, json};

use crate::{Output, inventory::Inventory};

/// Prints everybody who may; the exit code is 1 if no pods are among them.
pub(crate) fn tell(credential_spec: &str, inventory: &Inventory, output: Output) -> ExitCode {
    let holders = inventory.rbac().who_can_use(credential_spec);
    let exists = inventory.credential_specs.as_ref().map(|specs| specs.contains(credential_spec));
    let (serving, others): (Vec<&Holder>, Vec<&Holder>) =
        holders.iter().partition(|holder| *holder.pods() != Pods::None);
    let text = match output {
        Output::Json => {
            let holders: Vec<Value> = holders.iter().map(as_json).collect();
            let answer = json!({"credentialSpec": credential_spec, "exists": exists, "holders": holders});
            format!("{answer:#}\n")
        }
        Output::Text => {
            let credential_spec = one_line(credential_spec);
            let mut text = String::new();
            if exists == Some(false) {
                text += &format!("{}: there is no credential spec {credential_spec}\n", styled(NOTE, "note"));
            }
            text += &match serving.len() {
                0 => format!("{}: no pods may use {credential_spec}\n", styled(BAD, "nobody")),
                _ => format!("{} {credential_spec}:\n", styled(GOOD, "may use")),
            };
            serving.iter().for_each(|holder| text += &line(holder, holder.pods()));
            if !others.is_empty() {
                text += "permitted, but of no use to pods:\n";
                others.iter().for_each(|holder| text += &line(holder, holder.grant().subject()));
            }
            text
        }
    };
    print(&text, if serving.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn line(holder: &Holder, who: impl std::fmt::Display) -> String {
    format!("  {who}\n      {}\n", styled(FAINT, holder.grant().chain()))
}

fn as_json(holder: &Holder) -> Value {
    let grant = holder.grant();
    let (subject, role, binding) = (grant.subject(), grant.role(), grant.binding());
    let pods = match holder.pods() {
        Pods::OfAccount { namespace, name } => json!({"namespace": namespace, "serviceAccount": name}),
        Pods::OfNamespace { namespace } => json!({"namespace": namespace}),
        Pods::All => json!({}),
        Pods::None => Value::Null,
    };
    json!({
        "pods": pods,
        "subject": {"kind": subject.kind(), "namespace": subject.namespace(), "name": subject.name()},
        "binding": {"kind": binding.kind(), "namespace": binding.namespace(), "name": binding.name()},
        "role": {"kind": role.kind(), "namespace": role.namespace(), "name": role.name()},
        "rule": grant.rule(),
        "reason": grant.reason(),
    })
}
