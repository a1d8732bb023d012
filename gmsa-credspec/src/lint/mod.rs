//! Judges credential specs by what the documentation, the sources of their consumers and other people's mistakes
//! teach, and repairs what a program can repair.
//!
//! [`lint`] takes a [`Source`] and returns every [`Finding`], with the id of its rule ([`rules`]), its place in the
//! text and, where there is one, a fix. [`fix`] applies the fixes and writes the documents again. Neither looks at a
//! directory: that a document is without findings says that its form is right and its values go together.
//!
//! ```
//! use gmsa_credspec::lint::{LintOptions, fix, lint};
//! use gmsa_credspec::source::{ReadOptions, read_source};
//!
//! let text = r#"{
//!   "CmsPlugins": ["ActiveDirectory"],
//!   "DomainJoinConfig": {
//!     "Sid": "S-1-5-21-3623811015-3361044348-30300820-1104",
//!     "MachineAccountName": "WebApp1",
//!     "Guid": "7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64",
//!     "DnsTreeName": "corp.example",
//!     "DnsName": "corp.example",
//!     "NetBiosName": "CORP"
//!   },
//!   "ActiveDirectoryConfig": {"GroupManagedServiceAccounts": [
//!     {"Name": "WebApp1", "Scope": "corp.example"},
//!     {"Name": "WebApp1", "Scope": "CORP"}
//!   ]}
//! }"#;
//! let source = read_source(text.as_bytes(), &ReadOptions::new());
//! let options = LintOptions::default().allow("GC306")?.allow("GC611")?;
//! let findings = lint(&source, &options);
//! assert_eq!(findings.len(), 1);
//! assert_eq!(
//!     findings[0].to_string(),
//!     "error[GC302] /DomainJoinConfig/Sid: this is the SID of an account, not of the domain",
//! );
//! assert_eq!(findings[0].position().map(|position| position.to_string()).as_deref(), Some("line 4, column 12"));
//!
//! let fixed = fix(&source, &options)?;
//! assert!(fixed.remaining().is_empty());
//! assert!(fixed.text().contains(r#""Sid": "S-1-5-21-3623811015-3361044348-30300820","#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accounts;
mod carrier;
mod document;
mod domain;
mod fix;
mod host_account;
mod inline;
mod keys;
mod nearest;
mod options;
mod place;
mod placeholder;
mod plugin_input;
mod report;
mod resource;
mod rule;
mod samples;
mod target;
mod write;

use gmsa_types::{KIND, finding::Finding};

pub use fix::{FixFailure, Fixed, fix};
pub use options::{LintOptions, UnknownRule};
pub use rule::{Rule, rule, rules};
pub use target::{Target, UnknownTarget};

use crate::source::{Document, Form, Node, Source, Syntax};
use place::Field;
use report::{Report, Spec};

/// What there is to say about a source: sorted by place, each thing once. See the [module](self) for an example.
///
/// It never fails, and its time grows with the length of the text.
pub fn lint(source: &Source, options: &LintOptions) -> Vec<Finding> {
    let mut report = Report::new(options);
    if carrier::check_raw_option(source, &mut report) {
        return report.finish();
    }
    document::check_source(source, &mut report);
    let mut specs = Vec::new();
    for document in source.documents() {
        report.enter(document);
        document::check(source, document, &mut report);
        match document.root() {
            Some(root) => specs.append(&mut check_tree(document, root, &mut report)),
            None => carrier::check_plain(source, document, &mut report),
        }
    }
    document::check_specs(&specs, &mut report);
    // A manifest is not what the cmdlet writes.
    if let (Some(path), [document]) = (&options.file_name, source.documents())
        && *document.form() == Form::Spec
        && document.syntax() == Syntax::Json
    {
        report.enter(document);
        carrier::check_file_name(path, &mut report);
    }
    report.finish()
}

/// Checks the document by what it is, and returns the credential specs in it.
fn check_tree<'s>(document: &Document, root: &'s Node, report: &mut Report<'_>) -> Vec<Field<'s>> {
    let root = Field::root(root);
    match document.form() {
        Form::Spec => vec![check_spec(root, false, report)],
        Form::Resource(_) => check_resource(&root, false, report),
        Form::List(_) => {
            let items = root.get("items").map(|items| items.items()).unwrap_or_default();
            let (resources, others): (Vec<_>, Vec<_>) = items.iter().partition(|item| {
                item.get("kind")
                    .and_then(|kind| kind.node().as_str())
                    .is_some_and(|kind| kind.eq_ignore_ascii_case(KIND))
                    || item.get("kind").is_none() && item.get("credspec").is_some()
            });
            for item in others {
                carrier::check(item, report);
            }
            resources.into_iter().flat_map(|item| check_resource(item, true, report)).collect()
        }
        Form::Other(_) if root.get("credspec").is_some() => check_resource(&root, false, report),
        Form::Other(_) => {
            carrier::check(&root, report);
            Vec::new()
        }
        Form::Unknown => match carrier::check(&root, report) {
            carrier::Carries::Specs(specs) => {
                specs.into_iter().map(|spec| check_spec(spec, false, report)).collect()
            }
            carrier::Carries::Options => Vec::new(),
            // Somebody meant it to be a credential spec, and nothing of one is in it.
            carrier::Carries::Nothing => vec![check_spec(root, false, report)],
        },
    }
}

fn check_resource<'s>(root: &Field<'s>, in_list: bool, report: &mut Report<'_>) -> Vec<Field<'s>> {
    report.enter_resource(root);
    let specs = resource::check(root, in_list, report);
    specs.into_iter().map(|spec| check_spec(spec, true, report)).collect()
}

fn check_spec<'s>(field: Field<'s>, is_resource: bool, report: &mut Report<'_>) -> Field<'s> {
    let spec = Spec::new(field.clone(), is_resource);
    keys::check(&spec, report);
    if spec.is_object() {
        domain::check(&spec, report);
        accounts::check(&spec, report);
        host_account::check(&spec, report);
    }
    field
}
