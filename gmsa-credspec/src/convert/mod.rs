//! Takes credential specs from one consumer's form to another's.
//!
//! [`convert`] writes a document in any [`Form`]; the other items are the forms as types, to be read and printed one
//! at a time. What a form cannot hold is an error that names it by pointer. Nothing is left out in silence: where
//! leaving out is wanted there is a function that does it and says what it left out.
//!
//! | form | what comes out | holds the document |
//! |---|---|---|
//! | `document` | indented JSON | yes |
//! | `canonical` | the compact JSON of a pod's `gmsaCredentialSpec` | yes |
//! | `powershell` | the bytes that `New-CredentialSpec` writes | yes |
//! | `resource-yaml`, `resource-json` | a `GMSACredentialSpec` | known keys and types only, others are errors |
//! | `helm-values` | values of upstream's chart | what the chart has a place for, the rest is an error |
//! | `docker-raw` | `credentialspec=raw://JSON`, a value of `--security-opt` | yes |
//! | `docker-file` | the contents of a file below `CredentialSpecs` | yes |
//! | `compose` | lines of a service: `security_opt` with the document, or `credential_spec` with the given file | with no file name |
//! | `swarm` | `config://NAME`, a value of `--credential-spec` | no, it names it |
//! | `ecs` | `credentialSpecs` of a container definition | no, it names a file |
//! | `oci` | a part of a runtime's `config.json` | yes |
//! | `aws-linux`, `aws-windows` | indented JSON, the plug-in's input as an object or as text | yes, for AWS's plug-in |
//!
//! `canonical`, `docker-raw` and `swarm` are one line without a line feed; the others end with one.
//!
//! ```
//! use gmsa_credspec::convert::{ConvertOptions, Form, convert};
//!
//! let spec = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"],"Extra":1}"#)?;
//! let options = ConvertOptions::default();
//! assert_eq!(
//!     convert(&spec, Form::DockerRaw, &options)?,
//!     r#"credentialspec=raw://{"CmsPlugins":["ActiveDirectory"],"Extra":1}"#,
//! );
//!
//! let options = ConvertOptions { name: Some("webapp1".parse()?), ..options };
//! let error = convert(&spec, Form::ResourceYaml, &options).unwrap_err();
//! assert_eq!(error.to_string(), "`/*` is an unknown key, which an API server drops");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aws;
mod docker;
mod ecs;
mod form;
mod kubernetes;
mod oci;
mod service;
mod spec_path;
mod write;

pub use aws::{AwsError, AwsErrorKind, to_aws_linux, to_aws_windows};
pub use docker::{DockerOption, DockerOptionError, RawContents, RegistryValue};
pub use ecs::{EcsArn, EcsEntry, EcsEntryError, EcsLocation};
pub use form::{Form, UnknownForm};
pub use kubernetes::{
    Loss, LossKind, ResourceError, from_resource, from_resource_lossy, to_resource, to_resource_lossy,
};
pub use oci::{OciError, from_oci, to_oci};
pub use service::{ConfigName, ServiceSource, ServiceSourceError};
pub use spec_path::{SpecPath, SpecPathError};
pub use write::{ConvertError, ConvertOptions, convert};
