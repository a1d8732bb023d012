//! Makes credential specs out of what Active Directory says about a domain, and writes them in the forms that
//! their consumers take.
//!
//! This is what PowerShell's `New-CredentialSpec` does on a host that is joined to the domain, as functions
//! of their input. [`DomainFacts`] are the five facts about the domain, [`Generator`] puts them together with
//! accounts and a [`PluginInput`], and the result is a `CredentialSpec`.
//!
//! | form | for | function |
//! |---|---|---|
//! | canonical JSON | a pod's `gmsaCredentialSpec` | [`CanonicalContents::from_spec`](crate::CanonicalContents::from_spec) |
//! | indented JSON | people, version control | [`write_pretty`] |
//! | the bytes of Windows PowerShell 5.1 | Docker, comparison with files that are there already | [`write_windows_powershell`], [`DockerFile`] |
//! | resource manifest, YAML | `kubectl apply` | [`write_manifest`] |
//! | resource, typed | a Kubernetes client | [`resource`] |
//! | values of upstream's chart, YAML | `helm install` | [`write_helm_values`] |
//!
//! A writer takes any document, right or wrong, and either writes all of it or says which part its form cannot
//! hold. `canonical` and `pretty` JSON, the PowerShell layout and the manifest are read back as the same document.
//!
//! Source: `CredentialSpec.psm1` 1.1.0 in MicrosoftDocs/Virtualization-Documentation, `New-CredentialSpec`.
//!
//! ```
//! use gmsa_credspec::generate::{DomainFacts, Generator, write_manifest};
//! use gmsa_types::CredentialSpecName;
//!
//! let facts: DomainFacts = r#"{
//!     "DomainSID": {"Value": "S-1-5-21-2126449477-2524075714-3094792973"},
//!     "ObjectGUID": "244818ae-87ac-4fcd-92ec-e79e5252348a",
//!     "DNSRoot": "contoso.com", "Forest": "contoso.com", "NetBIOSName": "CONTOSO"
//! }"#.parse()?;
//! let spec = Generator::new(facts, "WebApp1").build()?;
//! let yaml = write_manifest(&CredentialSpecName::try_from("gmsa-webapp1")?, &spec)?;
//! assert!(yaml.contains(r#"    Sid: "S-1-5-21-2126449477-2524075714-3094792973""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod docker;
mod facts;
mod facts_text;
mod file_name;
mod generator;
mod helm;
mod json_text;
mod ordered;
mod plugin;
mod resource;
mod write_error;
mod yaml;

pub(crate) use account::read_account;
pub use account::{AccountFault, AdditionalAccount};
pub use docker::{DockerFile, DockerFileError};
pub use facts::{DomainFacts, Fact, FactError, FactFault, FactsError};
pub use file_name::{default_file_name, historical_file_name, is_affected};
pub use generator::{GenerateError, GenerateFault, Generator};
pub use helm::write_helm_values;
pub use json_text::{write_pretty, write_windows_powershell};
pub use plugin::{PluginFault, PluginInput};
pub use resource::{resource, suggested_resource_name, write_manifest};
pub use write_error::{WriteError, WriteErrorKind};
pub(crate) use yaml::write_block;
