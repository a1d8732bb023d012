//! The recordings that are not answered as upstream answered them.

/// A recording from which we differ on purpose: the row of the second table in CONFORMANCE.md, and our answer.
pub(crate) struct Difference {
    pub(crate) case: &'static str,
    pub(crate) row: u8,
    pub(crate) code: Option<u16>,
    pub(crate) patched: &'static [&'static str],
    pub(crate) sentence: &'static str,
}

const INIT_CONTENTS: &str = "/spec/initContainers/0/securityContext/windowsOptions/gmsaCredentialSpec";

pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        case: "init-inline.validate",
        row: 1,
        code: Some(422),
        patched: &[],
        sentence: "init container \"init0\" has a GMSA cred spec set, but does not define the name of the \
                   corresponding resource",
    },
    Difference { case: "init-name.mutate", row: 1, code: None, patched: &[INIT_CONTENTS], sentence: "" },
    Difference {
        case: "init-name.validate",
        row: 4,
        code: Some(422),
        patched: &[],
        sentence: "init container \"init0\" names GMSA cred spec \"webapp0\", but it was not expanded",
    },
    Difference {
        case: "init-unauthorized.mutate",
        row: 1,
        code: None,
        patched: &[INIT_CONTENTS],
        sentence: "",
    },
    Difference {
        case: "init-unauthorized.validate",
        row: 1,
        code: Some(403),
        patched: &[],
        sentence: "service account \"one\" is not authorized to `use` GMSA cred spec \"webapp2\"",
    },
    Difference {
        case: "ephemeral-inline.validate.ephemeralcontainers",
        row: 2,
        code: Some(422),
        patched: &[],
        sentence: "ephemeral container \"ephemeral-inline\" has a GMSA cred spec set, but does not define the name \
                   of the corresponding resource",
    },
    Difference {
        case: "preset-dup-first.validate",
        row: 3,
        code: Some(422),
        patched: &[],
        sentence: "the GMSA cred spec contents for pod \"preset-dup-first\" does not match the contents of GMSA \
                   resource \"webapp0\": ",
    },
    Difference {
        case: "name-empty-string.mutate",
        row: 6,
        code: Some(422),
        patched: &[],
        sentence: "pod \"name-empty-string\" has an empty GMSA cred spec name",
    },
];
