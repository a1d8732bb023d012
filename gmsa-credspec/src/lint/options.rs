use std::{collections::BTreeSet, fmt};

use gmsa_types::{Guid, finding::RuleId};

use super::{nearest::nearest, rule, rules, target::Target};
use crate::generate::DomainFacts;

/// What [`lint`](super::lint) knows beside the text.
///
/// `Debug` shows neither the facts nor the GUID, which are contents of a credential spec.
///
/// ```
/// use gmsa_credspec::lint::{LintOptions, Target};
///
/// let options = LintOptions::default().with_target(Target::Kubernetes).allow("GC611")?;
/// let error = LintOptions::default().allow("GC661").unwrap_err();
/// assert_eq!(error.to_string(), "no rule `GC661`: did you mean `GC601`?");
/// # Ok::<(), gmsa_credspec::lint::UnknownRule>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LintOptions {
    pub(super) target: Target,
    pub(super) allowed: BTreeSet<RuleId>,
    pub(super) facts: Option<DomainFacts>,
    pub(super) gmsa_guid: Option<Guid>,
    pub(super) file_name: Option<String>,
}

impl LintOptions {
    /// Says who is going to read the document.
    #[must_use]
    pub fn with_target(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// Leaves the findings of a rule out; its id in either case.
    ///
    /// # Errors
    /// [`UnknownRule`], if there is no rule with this id.
    pub fn allow(mut self, id: &str) -> Result<Self, UnknownRule> {
        let rule = rule(id).ok_or_else(|| UnknownRule::new(id))?;
        self.allowed.insert(rule.id());
        Ok(self)
    }

    /// Compares the document with what Active Directory says about the domain.
    ///
    /// ```
    /// use gmsa_credspec::{generate::DomainFacts, lint::{LintOptions, lint}, source::{ReadOptions, read_source}};
    ///
    /// # let facts = DomainFacts {
    /// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
    /// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
    /// #     dns_root: "contoso.com".parse()?,
    /// #     forest: "contoso.com".parse()?,
    /// #     net_bios_name: "CONTOSO".parse()?,
    /// # };
    /// let text = br#"{"DomainJoinConfig": {"Guid": "7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64"}}"#;
    /// let source = read_source(text, &ReadOptions::new());
    /// let findings = lint(&source, &LintOptions::default().with_facts(facts));
    /// let finding = findings.iter().find(|finding| finding.id().as_str() == "GC306").ok_or("no finding")?;
    /// assert_eq!(finding.pointer().as_str(), "/DomainJoinConfig/Guid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_facts(self, facts: DomainFacts) -> Self {
        Self { facts: Some(facts), ..self }
    }

    /// Gives the `objectGUID` of the account, which is taken for that of the domain by mistake.
    #[must_use]
    pub fn with_gmsa_guid(self, gmsa_guid: Guid) -> Self {
        Self { gmsa_guid: Some(gmsa_guid), ..self }
    }

    /// Says which file the text is from. Findings name it.
    #[must_use]
    pub fn with_file_name(self, file_name: &str) -> Self {
        Self { file_name: Some(file_name.to_owned()), ..self }
    }

    /// Who is going to read the document.
    pub fn target(&self) -> Target {
        self.target
    }
}

impl fmt::Debug for LintOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LintOptions")
            .field("target", &self.target)
            .field("allowed", &self.allowed)
            .field("file_name", &self.file_name)
            .finish_non_exhaustive()
    }
}

/// An id that no rule has.
///
/// ```
/// use gmsa_credspec::lint::LintOptions;
///
/// let error = LintOptions::default().allow("GC30").unwrap_err();
/// assert!(error.nearest().is_some_and(|id| id.starts_with("GC30")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRule {
    id: String,
    nearest: Option<&'static str>,
}

impl UnknownRule {
    /// The id of a rule that looks like it.
    pub fn nearest(&self) -> Option<&'static str> {
        self.nearest
    }

    fn new(id: &str) -> Self {
        let nearest = nearest(id, rules().iter().map(|rule| rule.id().as_str()));
        Self { id: id.chars().take(40).collect(), nearest }
    }
}

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no rule `{}`", self.id.escape_debug())?;
        self.nearest.map_or(Ok(()), |nearest| write!(f, ": did you mean `{nearest}`?"))
    }
}

impl std::error::Error for UnknownRule {}
