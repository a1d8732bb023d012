use super::error::SourceErrorKind;

/// How much [`read_source`](super::read_source) reads.
///
/// Time and memory are bounded by these numbers, whatever the text says. The defaults are far beyond what people
/// have: Kubernetes stores no object above 1.5 MiB, and a pod carries a document of at most 64 KiB.
///
/// Source: etcd, `--max-request-bytes`; Kubernetes `pkg/apis/core/validation/validation.go`,
/// `maxGMSACredentialSpecLength`.
///
/// ```
/// use gmsa_credspec::source::{ReadOptions, SourceErrorKind, read_source};
///
/// let source = read_source(br#"{"CmsPlugins":[]}"#, &ReadOptions::new().max_bytes(10));
/// let fault = source.documents()[0].fault().ok_or("it is longer")?;
/// assert_eq!(fault.kind(), &SourceErrorKind::TooLarge { limit: 10 });
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    pub(super) max_bytes: usize,
    pub(super) max_depth: u8,
    pub(super) max_documents: usize,
    pub(super) max_nodes: usize,
}

impl ReadOptions {
    /// The defaults: 1 MiB, 64 levels, 1024 documents, 65536 values.
    pub const fn new() -> Self {
        Self { max_bytes: 1 << 20, max_depth: 64, max_documents: 1024, max_nodes: 1 << 16 }
    }

    /// The greatest size of a source, in bytes as they are in the file. What the aliases of YAML repeat counts
    /// against the same number once more.
    #[must_use]
    pub const fn max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }

    /// How deeply objects and arrays may be nested; the document itself is level 1.
    #[must_use]
    pub const fn max_depth(self, max_depth: u8) -> Self {
        Self { max_depth, ..self }
    }

    /// How many documents are read; one more is a fault.
    #[must_use]
    pub const fn max_documents(self, max_documents: usize) -> Self {
        Self { max_documents, ..self }
    }

    /// How many values are read, in all documents together. What the aliases of YAML repeat counts every time.
    #[must_use]
    pub const fn max_nodes(self, max_nodes: usize) -> Self {
        Self { max_nodes, ..self }
    }
}

/// As [`ReadOptions::new`].
impl Default for ReadOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What is left of the limits that hold for all documents of a source together.
pub(super) struct Budget {
    max_nodes: usize,
    nodes: usize,
    #[cfg(feature = "yaml")]
    repeated_bytes: usize,
}

impl Budget {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Self {
            max_nodes: options.max_nodes,
            nodes: options.max_nodes,
            #[cfg(feature = "yaml")]
            repeated_bytes: options.max_bytes,
        }
    }

    pub(super) fn nodes(&mut self, count: usize) -> Result<(), SourceErrorKind> {
        self.nodes =
            self.nodes.checked_sub(count).ok_or(SourceErrorKind::TooManyNodes { limit: self.max_nodes })?;
        Ok(())
    }

    /// For a copy of a value that the text has once.
    #[cfg(feature = "yaml")]
    pub(super) fn repeated(&mut self, nodes: usize, bytes: usize) -> Result<(), SourceErrorKind> {
        self.nodes(nodes)?;
        self.repeated_bytes =
            self.repeated_bytes.checked_sub(bytes).ok_or(SourceErrorKind::TooMuchRepetition)?;
        Ok(())
    }
}
