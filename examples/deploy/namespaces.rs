//! The namespaces in which pods are checked: all of them, unless somebody insists.

use clap::Args;
use gmsa_admission::configuration::{NamespaceLabel, Namespaces};
use gmsa_examples::program::NOTE;

#[derive(Args)]
pub(crate) struct Choice {
    /// Leaves out what upstream's installation leaves out: the namespaces with the label gmsa-webhook=disabled or
    /// windows.k8s.io/disabled=true. For the time of a migration: whoever may create pods in one of them can give them
    /// any identity of the cluster.
    #[arg(long, group = "namespaces")]
    except_upstream_opt_outs: bool,

    /// Leaves out the namespaces with this label, with the same consequence; may be given more than once.
    #[arg(long, group = "namespaces", value_name = "KEY=VALUE", value_parser = label)]
    except_namespaces: Vec<NamespaceLabel>,

    /// Checks the namespaces with this label and no others, with the same consequence for those.
    #[arg(long, group = "namespaces", value_name = "KEY=VALUE", value_parser = label)]
    only_namespaces: Option<NamespaceLabel>,
}

impl Choice {
    /// The namespaces; that some are left out is noted, since nothing else will tell.
    pub(crate) fn namespaces(&self) -> Namespaces {
        let namespaces = match &self.only_namespaces {
            Some(label) => Namespaces::OptedIn(label.clone()),
            None if self.except_upstream_opt_outs => Namespaces::except_upstream_opt_outs(),
            None if self.except_namespaces.is_empty() => return Namespaces::All,
            None => Namespaces::Except(self.except_namespaces.clone()),
        };
        anstream::eprintln!(
            "{NOTE}note{NOTE:#}: not every namespace is checked: whoever may create pods in the others, or label \
             namespaces, can give pods any identity of the cluster"
        );
        namespaces
    }
}

fn label(text: &str) -> Result<NamespaceLabel, String> {
    let (key, value) = text.split_once('=').ok_or("a label is KEY=VALUE")?;
    NamespaceLabel::new(key, value).map_err(|error| error.to_string())
}
