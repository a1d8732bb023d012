use std::{fmt, str::FromStr};

/// Who is going to read the document. Some rules depend on it.
///
/// ```
/// use gmsa_credspec::lint::Target;
///
/// let target: Target = "aws-linux".parse()?;
/// assert_eq!(target, Target::AwsLinux);
/// assert_eq!(Target::default().to_string(), "any");
/// # Ok::<(), gmsa_credspec::lint::UnknownTarget>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// Not known: what is right for one of them is right.
    #[default]
    Any,
    /// Kubernetes, by the resource or a pod's `gmsaCredentialSpec`.
    Kubernetes,
    /// Docker on Windows.
    Docker,
    /// Amazon ECS and EKS on Windows.
    AwsWindows,
    /// Amazon ECS on Linux, by credentials-fetcher.
    AwsLinux,
}

impl Target {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Any, Self::Kubernetes, Self::Docker, Self::AwsWindows, Self::AwsLinux];

    /// The name: `any`, `kubernetes`, `docker`, `aws-windows`, `aws-linux`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Kubernetes => "kubernetes",
            Self::Docker => "docker",
            Self::AwsWindows => "aws-windows",
            Self::AwsLinux => "aws-linux",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(text: &str) -> Result<Self, UnknownTarget> {
        Self::ALL.iter().copied().find(|target| target.as_str() == text).ok_or(UnknownTarget(()))
    }
}

/// A text that names no [`Target`].
///
/// ```
/// use gmsa_credspec::lint::Target;
///
/// let error = "podman".parse::<Target>().unwrap_err();
/// assert_eq!(error.to_string(), "target is none of `any`, `kubernetes`, `docker`, `aws-windows`, `aws-linux`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("target is none of `any`, `kubernetes`, `docker`, `aws-windows`, `aws-linux`")]
pub struct UnknownTarget(());
