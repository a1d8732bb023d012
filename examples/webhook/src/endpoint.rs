/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Mutate,
    Validate,
    /// Advice about the pods that a workload will have.
    Template,
}

impl Endpoint {
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            "/mutate" => Some(Self::Mutate),
            "/validate" => Some(Self::Validate),
            "/template" => Some(Self::Template),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Mutate => "mutate",
            Self::Validate => "validate",
            Self::Template => "template",
        }
    }
}
