/// Where a documented value is no mistake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Nowhere.
    Never,
    /// In the documentation's own domain, where whoever follows it may be.
    InContoso,
}

/// The starts of SIDs and GUIDs that published samples have.
///
/// Sources: Microsoft, "Create gMSAs for Windows containers"; Kubernetes, "Configure GMSA for Windows Pods and
/// containers"; AWS, "Using gMSAs for Windows containers".
const SAMPLES: &[(&str, Right)] = &[
    ("S-1-5-21-1111111111-2222222222-3333333333", Right::Never),
    ("S-1-5-21-1234567890-1234567890-", Right::Never),
    ("12345678-1234-", Right::Never),
    ("a1b2c3d4-e5f6-", Right::Never),
    ("S-1-5-21-702590844-1001920913-2680819671", Right::InContoso),
    ("S-1-5-21-2126449477-2524075714-3094792973", Right::InContoso),
    ("S-1-5-21-2126479477-2524075714-3094792973", Right::InContoso),
    ("56d9b66c-d746-4f87-bd26-26760cfdca2e", Right::InContoso),
    ("244818ae-87ac-4fcd-92ec-e79e5252348a", Right::InContoso),
    ("244818ae-87ca-4fcd-92ec-e79e5252348a", Right::InContoso),
];

/// Whether a value in normal form is from a sample, and the domain is not that of the sample.
pub(super) fn is_copied(value: &str, domain: Option<&str>) -> bool {
    let in_contoso = domain.is_some_and(|domain| domain.eq_ignore_ascii_case("contoso.com"));
    SAMPLES
        .iter()
        .any(|(start, right)| value.starts_with(start) && !(in_contoso && *right == Right::InContoso))
}
