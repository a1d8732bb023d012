//! Credential specs inside the options of container tools: what `convert` writes, it reads.

use gmsa_credspec::{
    convert::{DockerOption, from_oci},
    source::Source,
};
use gmsa_types::CredentialSpec;
use serde_json::Value;

/// The credential spec that an option carries; `None` if the text is no option.
pub(crate) fn read(source: &Source) -> Option<Result<CredentialSpec, String>> {
    let text = source.text().trim();
    let is_option = |text: &str| {
        text.starts_with("--security-opt")
            || text.get(..15).is_some_and(|name| name.eq_ignore_ascii_case("credentialspec="))
    };
    if is_option(text) {
        return Some(of_docker(text));
    }
    let is_reference = ["config://", "credentialspec:", "credentialspecdomainless:", "--credential-spec"];
    if is_reference.iter().any(|prefix| text.starts_with(prefix)) {
        return Some(Err(reference("the option")));
    }
    let [document] = source.documents() else { return None };
    let value = document.root()?.to_value();
    of_service(&value).or_else(|| value.get("services")?.as_object()?.values().find_map(of_service)).or_else(
        || {
            value.pointer("/windows/credentialSpec")?;
            Some(from_oci(&value).map_err(|error| error.to_string()))
        },
    )
}

/// A service of Compose, or an entry of ECS.
fn of_service(service: &Value) -> Option<Result<CredentialSpec, String>> {
    if service.get("credential_spec").is_some() || service.get("credentialSpecs").is_some() {
        return Some(Err(reference("it")));
    }
    let options = service.get("security_opt")?.as_array()?;
    // Compose reads `$$` as `$`.
    let option =
        options.iter().filter_map(Value::as_str).rev().find(|option| option.starts_with("credentialspec"))?;
    Some(of_docker(&option.replace("$$", "$")))
}

fn of_docker(option: &str) -> Result<CredentialSpec, String> {
    match option.parse() {
        Ok(DockerOption::Raw(contents)) => {
            contents.read().map_err(|error| format!("the raw document: {error}"))
        }
        Ok(_) => Err(reference("the option")),
        Err(error) => Err(error.to_string()),
    }
}

fn reference(what: &str) -> String {
    format!("{what} only names a credential spec; give the file that it names")
}
