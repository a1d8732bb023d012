//! `credspec convert` and `credspec canonical`: one credential spec in another form.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use gmsa_credspec::{
    CanonicalContents,
    convert::{ConvertOptions, Form, convert as write},
};
use gmsa_examples::program::print_exactly;
use gmsa_types::{CredentialSpec, CredentialSpecName};
use serde_json::json;

use crate::{
    Output,
    input::Input,
    output::{Done, write_file, wrong},
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
    /// The form.
    #[arg(long, default_value = "document", value_parser = forms())]
    form: Form,

    /// The name of the resource; made from the account's name if there is none.
    #[arg(long, value_parser = parse_name)]
    name: Option<CredentialSpecName<'static>>,

    /// The name of the file that Docker, Compose or ECS reads; made from domain and account if there is none.
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
  kubectl get gmsacredentialspec gmsa-webapp1 -o yaml | credspec convert --form powershell
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

fn forms() -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Form::ALL.iter().map(|form| form.as_str())).try_map(|form| form.parse())
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
    /// Writes a credential spec that came from `path`. Where no name is given, that of its resource goes on being
    /// its name.
    pub(crate) fn write(
        &self,
        spec: &CredentialSpec,
        name: Option<CredentialSpecName<'static>>,
        path: &Path,
    ) -> Done {
        let options = ConvertOptions { name: self.name.clone().or(name), file_name: self.file_name.clone() };
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
                Ok(print_exactly(&format!("{value:#}\n"), ExitCode::SUCCESS))
            }
        }
    }
}

pub(crate) fn canonical(arguments: Canonical) -> Done {
    let name = arguments.path.display();
    let text = Input::read(&arguments.path)?.contents()?;
    let contents = CanonicalContents::from_json(&text).or_else(|error| wrong(format!("{name}: {error}")))?;
    Ok(match arguments.output {
        Output::Text => print_exactly(contents.as_str(), ExitCode::SUCCESS),
        Output::Json => {
            print_exactly(&format!("{:#}\n", json!({"contents": contents.as_str()})), ExitCode::SUCCESS)
        }
    })
}
