use std::fmt;

use gmsa_types::{AsWritten, CredentialSpec, Guid, HostAccountConfig};
use serde_json::{Value, json};

use crate::generate::PluginInput;
use crate::json::{self, Node, read_object};
use crate::pointer::Segment;
use crate::{CanonicalContents, JsonPointer, ReadError};

/// The document with the input of AWS's plug-in as credentials-fetcher on Linux takes it: an object
/// `{"CredentialArn": "..."}`. A document that has it so already stays as it is.
///
/// Nothing else is changed. The ARN is not judged.
///
/// Sources: aws/credentials-fetcher, `README.md`; AWS, "Use gMSA for Windows containers" and "for Linux containers".
///
/// # Errors
/// [`AwsError`]: another plug-in, none, or an input that is not one ARN and nothing else.
///
/// ```
/// use gmsa_credspec::convert::{to_aws_linux, to_aws_windows};
///
/// let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:gmsa";
/// let windows = gmsa_credspec::read(&format!(
///     r#"{{"ActiveDirectoryConfig":{{"HostAccountConfig":{{
///         "PluginGUID":"{{859E1386-BDB4-49E8-85C7-3070B13920E1}}",
///         "PluginInput":"{{\"credentialArn\":\"{arn}\"}}"}}}}}}"#,
/// ))?;
/// let linux = to_aws_linux(&windows)?;
/// let text = serde_json::to_string(&linux)?;
/// assert!(text.contains(&format!(r#""PluginInput":{{"CredentialArn":"{arn}"}}"#)));
/// assert!(to_aws_windows(&linux)? == windows);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_aws_linux(spec: &CredentialSpec) -> Result<CredentialSpec, AwsError> {
    with_input(spec, |arn| AsWritten::Other(json!({ "CredentialArn": arn })))
}

/// The document with the input of AWS's plug-in as the plug-in on Windows takes it: a string that holds
/// `{"credentialArn":"..."}`. A document that has it so already keeps its input but for the white space.
///
/// See [`to_aws_linux`] for the other direction and an example.
///
/// # Errors
/// [`AwsError`]: another plug-in, none, or an input that is not one ARN and nothing else.
pub fn to_aws_windows(spec: &CredentialSpec) -> Result<CredentialSpec, AwsError> {
    with_input(spec, |arn| AsWritten::Expected(json!({ "credentialArn": arn }).to_string()))
}

/// Which part of a document stands between it and AWS's two forms. The message repeats no value.
///
/// ```
/// use gmsa_credspec::convert::{AwsErrorKind, to_aws_linux};
///
/// let error = to_aws_linux(&gmsa_types::CredentialSpec::default()).unwrap_err();
/// assert_eq!(error.kind(), AwsErrorKind::NoHostAccountConfig);
/// assert_eq!(error.to_string(), "`/ActiveDirectoryConfig/HostAccountConfig` is missing or not an object");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    pointer: JsonPointer,
    kind: AwsErrorKind,
}

impl AwsError {
    /// The part. A key inside a text that holds JSON follows the place of the text.
    pub fn pointer(&self) -> &JsonPointer {
        &self.pointer
    }

    /// What is wrong with it.
    pub fn kind(&self) -> AwsErrorKind {
        self.kind
    }

    fn new(kind: AwsErrorKind, field: Option<&str>, inner: Option<&str>) -> Self {
        let steps = [Some("ActiveDirectoryConfig"), Some("HostAccountConfig"), field, inner];
        let path: Vec<Segment<'_>> =
            steps.into_iter().flatten().map(|step| Segment::Key(step.into())).collect();
        Self { pointer: JsonPointer::new(&path), kind }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.pointer, self.kind)
    }
}

impl std::error::Error for AwsError {}

/// The kind of an [`AwsError`], which has an example. `Display` is the end of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AwsErrorKind {
    /// A program built a document that no text could have been.
    NoDocument,
    /// There is no plug-in.
    NoHostAccountConfig,
    /// The plug-in is not AWS's.
    OtherPlugin,
    /// The plug-in has no input, or one that is neither an object nor text that holds one, read strictly.
    NoObject,
    /// The input has no ARN: `CredentialArn` in an object, `credentialArn` in text, as a string.
    NoArn,
    /// The input has a key that the other form has no place for.
    NoPlace,
}

impl fmt::Display for AwsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDocument => "is of a document that cannot be read",
            Self::NoHostAccountConfig => "is missing or not an object",
            Self::OtherPlugin => "is not the plug-in of AWS",
            Self::NoObject => "is neither an object nor a string that holds one",
            Self::NoArn => "has no ARN of a credential, as a string",
            Self::NoPlace => "has no place in the other form of the input",
        })
    }
}

fn with_input(
    spec: &CredentialSpec,
    write: impl FnOnce(&str) -> AsWritten<String>,
) -> Result<CredentialSpec, AwsError> {
    // invariant: from here on the nesting is limited.
    CanonicalContents::from_spec(spec).map_err(|error: ReadError| AwsError {
        pointer: error.pointer().clone(),
        kind: AwsErrorKind::NoDocument,
    })?;
    let mut spec = spec.clone();
    let host = spec
        .active_directory_config
        .as_mut()
        .and_then(AsWritten::expected_mut)
        .and_then(|directory| directory.host_account_config.as_mut())
        .and_then(AsWritten::expected_mut)
        .ok_or_else(|| AwsError::new(AwsErrorKind::NoHostAccountConfig, None, None))?;
    let arn = arn(host)?;
    host.plugin_input = Some(write(&arn));
    Ok(spec)
}

fn arn(host: &HostAccountConfig) -> Result<String, AwsError> {
    let guid = |text: &str| text.parse::<Guid>().ok();
    let aws = PluginInput::AwsLinux { credential_arn: String::new() }.plugin_guid();
    let found = host.plugin_guid.as_ref().and_then(AsWritten::expected).and_then(|text| guid(text));
    if found.is_none() || found != guid(&aws) {
        return Err(AwsError::new(AwsErrorKind::OtherPlugin, Some("PluginGUID"), None));
    }
    let error = |kind, key| AwsError::new(kind, Some("PluginInput"), key);
    let no_object = || error(AwsErrorKind::NoObject, None);
    match host.plugin_input.as_ref().ok_or_else(no_object)? {
        AsWritten::Other(Value::Object(members)) => {
            if let Some(key) = members.keys().find(|key| *key != "CredentialArn") {
                return Err(error(AwsErrorKind::NoPlace, Some(key)));
            }
            let arn = members.get("CredentialArn").and_then(Value::as_str);
            arn.map(str::to_owned).ok_or_else(|| error(AwsErrorKind::NoArn, None))
        }
        AsWritten::Other(_) => Err(no_object()),
        AsWritten::Expected(text) => {
            let Ok(Node { value: json::Value::Object(members), .. }) = read_object(text, 8) else {
                return Err(no_object());
            };
            if let Some(member) = members.iter().find(|member| member.key != "credentialArn") {
                return Err(error(AwsErrorKind::NoPlace, Some(&member.key)));
            }
            match members.first().map(|member| &member.node.value) {
                Some(json::Value::String(arn)) => Ok(arn.to_string()),
                _ => Err(error(AwsErrorKind::NoArn, None)),
            }
        }
    }
}
