use gmsa_types::{AccountName, CredentialSpec, CredentialSpecName, GmsaCredentialSpec};

use crate::generate::WriteError;
use crate::generate::ordered::with_document;
use crate::generate::yaml::{quoted, write_block};
use crate::json::Value;

/// The resource of a credential spec, for a Kubernetes client.
///
/// ```
/// use gmsa_credspec::generate::resource;
/// # let spec = gmsa_types::CredentialSpec::default();
/// let resource = resource("gmsa-webapp1".parse()?, spec);
/// assert_eq!(resource.metadata.name.as_deref(), Some("gmsa-webapp1"));
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
pub fn resource(name: CredentialSpecName<'_>, spec: CredentialSpec) -> GmsaCredentialSpec {
    let mut resource = GmsaCredentialSpec::default();
    resource.metadata.name = Some(name.into());
    resource.credspec = Some(spec.into());
    resource
}

/// A name for the resource of an account's credential spec: the account in lower case with `-` for `_`, as
/// upstream's chart forms it. Where that is no valid name, `-` stands for other characters as well and is dropped
/// from the ends of parts; `None` if nothing is left.
///
/// Source: kubernetes-sigs/windows-gmsa, `charts/gmsa/templates/credentialspec.yaml`.
///
/// ```
/// use gmsa_credspec::generate::suggested_resource_name;
///
/// assert_eq!(suggested_resource_name(&"Web_App1".parse()?).unwrap().as_str(), "web-app1");
/// assert_eq!(suggested_resource_name(&"Web App (1)".parse()?).unwrap().as_str(), "web-app--1");
/// assert!(suggested_resource_name(&"_".parse()?).is_none());
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
pub fn suggested_resource_name(account: &AccountName) -> Option<CredentialSpecName<'static>> {
    let lower = account.as_str().to_lowercase();
    let replaced = lower.replace(|c: char| !matches!(c, 'a'..='z' | '0'..='9' | '.'), "-");
    let parts: Vec<&str> =
        replaced.split('.').map(|part| part.trim_matches('-')).filter(|part| !part.is_empty()).collect();
    CredentialSpecName::try_from(parts.join(".")).ok()
}

/// Writes the manifest of a credential spec's resource, as YAML.
///
/// Texts are in double quotes, and characters beyond printable ASCII are escapes, so that no reader of YAML takes
/// them for something else. Keys and types that the format does not know are written as well; an API server drops
/// the one and refuses the other.
///
/// Source: kubernetes-sigs/windows-gmsa, `admission-webhook/deploy/gmsa-crd.yml`; YAML 1.1 and 1.2.
///
/// # Errors
/// [`WriteError`] for a document that no text could have been
/// ([`NoDocument`](crate::generate::WriteErrorKind::NoDocument)), or a key that is too long
/// ([`LongKey`](crate::generate::WriteErrorKind::LongKey)).
///
/// ```
/// use gmsa_credspec::generate::write_manifest;
///
/// let spec = gmsa_credspec::read(r#"{"DomainJoinConfig":{"NetBiosName":"NO"}}"#)?;
/// assert_eq!(
///     write_manifest(&"no-webapp1".parse()?, &spec)?,
///     r#"apiVersion: windows.k8s.io/v1
/// kind: GMSACredentialSpec
/// metadata:
///   name: "no-webapp1"
/// credspec:
///   DomainJoinConfig:
///     NetBiosName: "NO"
/// "#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_manifest(name: &CredentialSpecName<'_>, spec: &CredentialSpec) -> Result<String, WriteError> {
    with_document(spec, |document| {
        let mut out = format!(
            "apiVersion: windows.k8s.io/v1\nkind: GMSACredentialSpec\nmetadata:\n  name: {}\ncredspec:",
            quoted(name.as_str())
        );
        let is_empty = matches!(&document.value, Value::Object(members) if members.is_empty());
        out.push_str(if is_empty { " " } else { "\n  " });
        write_block(document, 2, &mut Vec::new(), &mut out)?;
        out.push('\n');
        Ok(out)
    })
}
