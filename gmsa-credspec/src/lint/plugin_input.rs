//! The grammars of the plug-ins that are known, as far as they can be seen in an input.

use gmsa_types::Guid;
use serde_json::Value;

use crate::generate::{PluginFault, PluginInput};

/// Azure Key Vault, on AKS.
pub(super) const AZURE: &str = "ccc2a336-d7f3-4818-a213-272b7924213e";
/// AWS, on Windows and on Linux.
pub(super) const AWS: &str = "859e1386-bdb4-49e8-85c7-3070b13920e1";
/// Rancher.
pub(super) const RANCHER: &str = "e4781092-f116-4b79-b55e-28eb6a224e26";
/// FiftyNine's plug-in for Key Vault, and VMware TKGI.
pub(super) const KEYS_AND_VALUES: &str = "f919de1a-efc4-4902-b7e5-56a314a87262";
/// The sample of Microsoft's page about the interface.
pub(super) const STUB: &str = "cfca0441-511d-4b2a-862e-20348a78760b";
/// An experiment that is published.
pub(super) const EXPERIMENT: &str = "defff03c-3245-465f-8391-cc586a2d1f32";

/// A plug-in whose inputs are recognised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Azure,
    Aws,
    KeysAndValues,
}

impl Dialect {
    /// The dialect that a text is in beyond doubt.
    pub(super) fn of(text: &str) -> Option<Self> {
        let has = |key| pairs(text).any(|(name, _)| name.trim().eq_ignore_ascii_case(key));
        if has("ObjectId") || has("SecretUri") {
            Some(Self::Azure)
        } else if has("keyVaultName") || has("DOMAINNAME") && has("PASSWORD") {
            Some(Self::KeysAndValues)
        } else if arn(text).is_some() {
            Some(Self::Aws)
        } else {
            None
        }
    }

    pub(super) fn guid(self) -> &'static str {
        match self {
            Self::Azure => AZURE,
            Self::Aws => AWS,
            Self::KeysAndValues => KEYS_AND_VALUES,
        }
    }
}

/// What is wrong with an input: it is not read, or read and doubtful.
pub(super) enum Doubt {
    /// It does not follow the grammar.
    Grammar(String),
    /// It names no valid resource of AWS.
    Arn(String),
    /// The plug-in takes it otherwise than it looks.
    Azure(&'static str),
}

pub(super) fn check(guid: &Guid, text: &str) -> Vec<Doubt> {
    match guid.as_str() {
        AZURE => azure(text),
        AWS => aws(text),
        RANCHER => rancher(text),
        KEYS_AND_VALUES => keys_and_values(text),
        STUB if text.matches(':').count() < 2 => grammar("the sample plug-in takes `Domain:User:Password`"),
        _ => Vec::new(),
    }
}

/// `a=b;c=d`
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|part| part.split_once('='))
}

fn find<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    pairs(text).find(|(name, _)| name.trim().eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

fn grammar(rule: &str) -> Vec<Doubt> {
    vec![Doubt::Grammar(rule.to_owned())]
}

fn told(faults: &[PluginFault], doubt: fn(String) -> Doubt) -> Vec<Doubt> {
    faults.iter().map(|fault| doubt(fault.to_string())).collect()
}

/// Source: microsoft/Azure-Key-Vault-Plugin-gMSA.
fn azure(text: &str) -> Vec<Doubt> {
    let (Some(object_id), Some(uri)) = (find(text, "ObjectId"), find(text, "SecretUri")) else {
        let missing =
            if find(text, "ObjectId").is_none() { "`ObjectId` is missing" } else { "`SecretUri` is missing" };
        return grammar(missing);
    };
    let mut doubts = Vec::new();
    if pairs(text).any(|(name, value)| name.trim() != name || value.trim() != value) {
        doubts.push(Doubt::Azure("white space around `;` or `=`, which the plug-in does not trim"));
    }
    let Ok(object_id) = Guid::try_from(object_id.trim()) else {
        doubts.extend(grammar("`ObjectId` is no GUID"));
        return doubts;
    };
    let uri = uri.trim();
    let secure = match uri.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("http://") => {
            doubts.push(Doubt::Azure("`http://` in place of `https://`"));
            format!("https://{}", uri.get(7..).unwrap_or_default())
        }
        _ => uri.to_owned(),
    };
    let trimmed = secure.trim_end_matches('/');
    if trimmed != secure {
        doubts.push(Doubt::Azure("`/` at the end of the secret URI"));
    }
    // `https:`, nothing, the host, `secrets`, the name and the version.
    let parts: Vec<&str> = trimmed.split('/').collect();
    let versionless = match parts.as_slice() {
        [scheme, "", host, "secrets", name, _] => {
            doubts.push(Doubt::Azure("version in the secret URI, which pins an old password"));
            format!("{scheme}//{host}/secrets/{name}")
        }
        _ => trimmed.to_owned(),
    };
    let input = PluginInput::AzureKeyVault { object_id, secret_uri: versionless };
    doubts.extend(told(&input.faults(), Doubt::Grammar));
    doubts
}

/// The ARN in an input for AWS on Windows, whatever it looks like.
pub(super) fn arn(text: &str) -> Option<String> {
    match serde_json::from_str(text).ok()? {
        Value::Object(members) => {
            let member = members.iter().find(|(key, _)| key.eq_ignore_ascii_case("credentialArn"))?;
            Some(member.1.as_str()?.to_owned())
        }
        _ => None,
    }
}

/// Source: AWS, "Use gMSA for Windows containers"; aws/amazon-ecs-agent.
fn aws(text: &str) -> Vec<Doubt> {
    match arn(text) {
        Some(arn) => check_arn(arn),
        None => grammar("the plug-in takes a JSON object with `credentialArn`, in a string"),
    }
}

pub(super) fn check_arn(credential_arn: String) -> Vec<Doubt> {
    if super::placeholder::is_placeholder(&credential_arn) {
        return Vec::new();
    }
    let is_region = credential_arn.split(':').nth(3).is_none_or(is_region);
    let doubts = told(&PluginInput::AwsWindows { credential_arn }.faults(), Doubt::Arn);
    if doubts.is_empty() && !is_region {
        return vec![Doubt::Arn(
            "credential ARN of the plug-in is not valid: its region is not like `eu-west-1`".to_owned(),
        )];
    }
    doubts
}

/// Two letters, words, and a digit: `eu-west-1`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.as_slice() {
        [area, words @ .., number] => {
            let is_number = number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit());
            area.len() == 2
                && is_word(area)
                && !words.is_empty()
                && words.iter().all(|part| is_word(part))
                && is_number
        }
        _ => false,
    }
}

/// Source: rancher/Rancher-Plugin-gMSA.
fn rancher(text: &str) -> Vec<Doubt> {
    match text.split_once(':') {
        Some((namespace, secret)) if !secret.contains(':') => {
            let (namespace, secret) = (namespace.to_owned(), secret.to_owned());
            told(&PluginInput::Rancher { namespace, secret }.faults(), Doubt::Grammar)
        }
        _ => grammar("the plug-in takes `namespace:secret`, with exactly one `:`"),
    }
}

/// Sources: FiftyNine.CCG.KeyVault; VMware, TKGI.
fn keys_and_values(text: &str) -> Vec<Doubt> {
    let has = |keys: &[&str]| keys.iter().all(|key| find(text, key).is_some());
    if has(&["keyVaultName", "clientId", "keyVaultSecret"]) || has(&["DOMAINNAME", "USERNAME", "PASSWORD"]) {
        return Vec::new();
    }
    grammar(
        "the plug-in takes `keyVaultName=…;clientId=…;keyVaultSecret=…` or `DOMAINNAME=…;USERNAME=…;PASSWORD=…`",
    )
}

/// Whether a password stands in the input in clear text.
pub(super) fn has_password(guid: Option<&Guid>, text: &str) -> bool {
    let named = pairs(text).any(|(name, value)| {
        let name = name.trim();
        !value.is_empty() && ["password", "pwd", "passwd"].iter().any(|word| name.eq_ignore_ascii_case(word))
    });
    let is_other = guid.is_none_or(|guid| !matches!(guid.as_str(), AZURE | AWS | RANCHER));
    let three = text.splitn(3, ':').filter(|part| !part.is_empty()).count() == 3;
    let is_account = three && !text.contains(['/', '{', ';', '=']) && !text.starts_with("arn:");
    named || is_other && is_account
}
