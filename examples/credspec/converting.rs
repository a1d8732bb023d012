//! `credspec convert` and `credspec canonical`: one credential spec in another form.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use gmsa_examples::program::print;
use gmsa_types::{AsWritten, CredentialSpec, CredentialSpecName};
use serde_json::json;

use crate::{
    Output,
    input::Input,
    output::{Done, print_exactly, write_file},
    pending::{ConvertOptions, Form, convert as write},
};

/// Writes one credential spec in the form that somebody else takes.
#[derive(Args)]
#[command(after_help = CONVERT_EXAMPLES)]
pub(crate) struct Convert {
    /// A file with one credential spec in whatever form; the standard input if there is none, or for `-`.
    #[arg(default_value = "-")]
    path: PathBuf,

    #[command(flatten)]
    written: Written,
}

/// In which form to write, and where to.
#[derive(Args)]
pub(crate) struct Written {
    /// The form: document, resource-yaml, resource-json, docker-raw, docker-file, compose, ecs, oci, aws-linux,
    /// aws-windows, helm-values, canonical or powershell.
    #[arg(long, default_value = "document", value_parser = parse_form, hide_default_value = false)]
    form: Form,

    /// The name of the resource; made from the account's name if there is none.
    #[arg(long, value_parser = parse_name)]
    name: Option<CredentialSpecName<'static>>,

    /// The name of the file that Docker, Compose or ECS reads, such as contoso_webapp1.json.
    #[arg(long, value_name = "NAME")]
    file_name: Option<String>,

    /// Writes a file instead of the standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Replaces the file, if it is there.
    #[arg(long, requires = "out")]
    force: bool,

    /// How to print: json puts the text into an object.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const CONVERT_EXAMPLES: &str = "\
Examples:
  credspec convert webapp1.json --form resource-yaml --name gmsa-webapp1
  kubectl get gmsacredentialspec gmsa-webapp1 -o yaml | credspec convert --form powershell > contoso_webapp1.json
  credspec convert webapp1.yaml --form docker-raw

Exit codes:
  0  it is written
  2  the input cannot be used, or the form cannot hold it; nothing is printed on the standard output";

/// Prints the contents that a pod with this credential spec gets, byte for byte: no newline at the end.
///
/// JSON has to be strict, since what is inlined from a cluster was strict, too.
#[derive(Args)]
#[command(after_help = CANONICAL_EXAMPLES)]
pub(crate) struct Canonical {
    /// A file with one credential spec, on its own or in its resource; the standard input if there is none, or for
    /// `-`.
    #[arg(default_value = "-")]
    path: PathBuf,

    /// How to print: json puts the text into an object.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const CANONICAL_EXAMPLES: &str = "\
Examples:
  credspec canonical < webapp1.json
  kubectl get gmsacredentialspec gmsa-webapp1 -o json | credspec canonical | sha256sum

Exit codes:
  0  it is printed
  2  the input cannot be used; nothing is printed on the standard output";

fn parse_form(text: &str) -> Result<Form, String> {
    text.parse().map_err(|_| {
        let known: Vec<_> = Form::ALL.iter().map(|form| form.as_str()).collect();
        format!("choose one of {}", known.join(", "))
    })
}

fn parse_name(text: &str) -> Result<CredentialSpecName<'static>, gmsa_types::InvalidValue> {
    text.parse()
}

pub(crate) fn convert(arguments: Convert) -> Done {
    let input = Input::read(&arguments.path)?;
    let head_name = input.source.credential_specs().find_map(|found| {
        found.resource()?.name().and_then(|name| CredentialSpecName::try_from(name.to_owned()).ok())
    });
    let spec = input.spec()?;
    arguments.written.write(&spec, head_name, &arguments.path)
}

impl Written {
    /// Writes a credential spec that came from `path`. Where no name is given, that of the resource goes on being
    /// its name, and one made from the account's comes last.
    pub(crate) fn write(
        &self,
        spec: &CredentialSpec,
        name: Option<CredentialSpecName<'static>>,
        path: &Path,
    ) -> Done {
        let mut options = ConvertOptions::default();
        if let Some(name) = self.name.clone().or(name).or_else(|| suggested_name(spec)) {
            options = options.with_name(name);
        }
        if let Some(file_name) = self.file_name.clone().or_else(|| file_name(spec)) {
            options = options.with_file_name(file_name);
        }
        let text = write(spec, self.form, &options)
            .map_err(|error| vec![format!("{}: form `{}`: {error}", path.display(), self.form)])?;
        match (&self.out, self.output) {
            (Some(out), _) => {
                write_file(out, &text, self.force)?;
                anstream::eprintln!("wrote {}", out.display());
                Ok(ExitCode::SUCCESS)
            }
            (None, Output::Text) => Ok(print_exactly(&text, ExitCode::SUCCESS)),
            (None, Output::Json) => {
                let value = json!({"form": self.form.as_str(), "text": text});
                Ok(print(&format!("{value:#}\n"), ExitCode::SUCCESS))
            }
        }
    }
}

fn account(spec: &CredentialSpec) -> Option<gmsa_types::AccountName> {
    let AsWritten::Expected(domain) = spec.domain_join_config.as_ref()? else { return None };
    domain.machine_account_name.as_ref()?.expected()?.parse().ok()
}

fn suggested_name(spec: &CredentialSpec) -> Option<CredentialSpecName<'static>> {
    gmsa_credspec::generate::suggested_resource_name(&account(spec)?)
}

fn file_name(spec: &CredentialSpec) -> Option<String> {
    let AsWritten::Expected(domain) = spec.domain_join_config.as_ref()? else { return None };
    let domain = domain.net_bios_name.as_ref()?.expected()?.parse().ok()?;
    Some(gmsa_credspec::generate::default_file_name(&domain, &account(spec)?))
}

pub(crate) fn canonical(arguments: Canonical) -> Done {
    let contents = Input::read(&arguments.path)?.contents()?;
    Ok(match arguments.output {
        Output::Text => print_exactly(contents.as_str(), ExitCode::SUCCESS),
        Output::Json => print(&format!("{:#}\n", json!({"contents": contents.as_str()})), ExitCode::SUCCESS),
    })
}
