use gmsa_types::finding::{Finding, RuleId, Severity};

use super::{
    accounts as a, carrier as c, document as d, domain as j, host_account as h, keys as k, place::Field,
    resource as r,
};

/// A rule of the lint. [`rules`] lists them.
///
/// ```
/// use gmsa_credspec::lint::rule;
/// use gmsa_types::finding::Severity;
///
/// let rule = rule("GC302").ok_or("no such rule")?;
/// assert_eq!((rule.id().as_str(), rule.severity()), ("GC302", Severity::Error));
/// assert!(rule.fixable() && !rule.source().is_empty());
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    pub(super) title: &'static str,
    pub(super) section: &'static str,
    pub(super) why: &'static str,
    pub(super) fixable: bool,
    pub(super) source: &'static str,
}

impl Rule {
    /// Its id, such as `GC302`. Ids do not change, and are not used again.
    pub const fn id(&self) -> RuleId {
        RuleId::new(self.id)
    }

    /// How bad its findings are; some are milder, where the title says so, or depend on the target.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What it finds.
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// The part of the document that it is about, in words.
    pub const fn section(&self) -> &'static str {
        self.section
    }

    /// Why that matters.
    pub const fn why(&self) -> &'static str {
        self.why
    }

    /// Whether some of its findings have a fix.
    pub const fn fixable(&self) -> bool {
        self.fixable
    }

    /// What it is known from.
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// A finding at a value.
    pub(super) fn at(&self, field: &Field<'_>, message: impl Into<String>) -> Finding {
        self.finding(message).at(field.pointer()).in_source(field.position())
    }

    /// A finding about no value in particular.
    pub(super) fn finding(&self, message: impl Into<String>) -> Finding {
        Finding::new(self.id(), self.severity, message).because(self.why)
    }

    /// The rule, for findings that are less bad than usual.
    pub(super) const fn graded(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}

/// All rules, by id.
///
/// ```
/// use gmsa_credspec::lint::rules;
///
/// assert!(rules().is_sorted_by_key(|rule| rule.id()));
/// ```
pub fn rules() -> &'static [Rule] {
    RULES
}

/// The rule with an id, in either case.
///
/// ```
/// use gmsa_credspec::lint::rule;
///
/// assert_eq!(rule("gc302").map(|rule| rule.title()), Some("`Sid` is the SID of an account"));
/// ```
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

static RULES: &[Rule] = &[
    d::GC101,
    d::GC102,
    d::GC103,
    d::GC104,
    d::GC105,
    d::GC106,
    d::GC107,
    d::GC108,
    d::GC109,
    k::GC201,
    k::GC202,
    k::GC203,
    k::GC204,
    k::GC205,
    k::GC206,
    k::GC207,
    k::GC208,
    j::GC301,
    j::GC302,
    j::GC303,
    j::GC304,
    j::GC305,
    j::GC306,
    j::GC307,
    j::GC401,
    j::GC402,
    j::GC403,
    j::GC404,
    j::GC405,
    j::GC406,
    j::GC407,
    j::GC408,
    a::GC501,
    a::GC502,
    a::GC503,
    a::GC504,
    a::GC505,
    a::GC506,
    a::GC507,
    a::GC508,
    a::GC509,
    a::GC510,
    a::GC511,
    h::GC601,
    h::GC602,
    h::GC603,
    h::GC604,
    h::GC605,
    h::GC606,
    h::GC607,
    h::GC608,
    h::GC609,
    h::GC610,
    h::GC611,
    h::GC612,
    r::GC701,
    r::GC702,
    r::GC703,
    r::GC704,
    r::GC705,
    c::GC801,
    c::GC802,
    c::GC803,
    c::GC804,
];

/// Declares the rules of one section as constants, each with its documentation.
macro_rules! section {
    ($section:literal; $($(#[doc = $doc:literal])* $id:ident $severity:ident $($fixable:ident)?: $title:literal, $why:literal, $source:literal;)*) => {
        $(
            $(#[doc = $doc])*
            pub(super) const $id: $crate::lint::Rule = $crate::lint::Rule {
                id: stringify!($id),
                severity: gmsa_types::finding::Severity::$severity,
                title: $title,
                section: $section,
                why: $why,
                fixable: section!(@ $($fixable)?),
                source: $source,
            };
        )*
    };
    (@ fix) => { true };
    (@) => { false };
}
pub(super) use section;
