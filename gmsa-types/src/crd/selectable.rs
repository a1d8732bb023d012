/// A field by which clients may select credential specs.
///
/// These are the texts of the document outside lists, which alone can be selected by. `PluginInput` is not among
/// them: it may hold a secret, and `PortableCcgVersion` is always the same. An API server takes at most eight.
///
/// Source: `apiextensions-apiserver` `pkg/apis/apiextensions/validation/validation.go`,
/// `ValidateCustomResourceSelectableFields`.
///
/// ```
/// use gmsa_types::crd::SelectableField;
///
/// let field = SelectableField::MachineAccountName;
/// assert_eq!(field.json_path(), ".credspec.DomainJoinConfig.MachineAccountName");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SelectableField {
    /// The account that the container runs as.
    MachineAccountName,
    /// The DNS name of the domain.
    DnsName,
    /// The DNS name of the forest's root domain.
    DnsTreeName,
    /// The NetBIOS name of the domain.
    NetBiosName,
    /// The SID of the domain.
    Sid,
    /// The GUID of the domain.
    Guid,
    /// The COM class of the plug-in. Objects without one have the empty text.
    PluginGuid,
}

impl SelectableField {
    /// Every field.
    ///
    /// ```
    /// use gmsa_types::crd::SelectableField;
    ///
    /// assert!(SelectableField::ALL.len() <= 8);
    /// ```
    pub const ALL: [Self; 7] = [
        Self::MachineAccountName,
        Self::DnsName,
        Self::DnsTreeName,
        Self::NetBiosName,
        Self::Sid,
        Self::Guid,
        Self::PluginGuid,
    ];

    /// The path from the root of the object, as definitions have it. A field selector has it without the first dot.
    ///
    /// ```
    /// use gmsa_types::crd::SelectableField;
    ///
    /// assert_eq!(SelectableField::Sid.json_path(), ".credspec.DomainJoinConfig.Sid");
    /// ```
    pub const fn json_path(self) -> &'static str {
        match self {
            Self::MachineAccountName => ".credspec.DomainJoinConfig.MachineAccountName",
            Self::DnsName => ".credspec.DomainJoinConfig.DnsName",
            Self::DnsTreeName => ".credspec.DomainJoinConfig.DnsTreeName",
            Self::NetBiosName => ".credspec.DomainJoinConfig.NetBiosName",
            Self::Sid => ".credspec.DomainJoinConfig.Sid",
            Self::Guid => ".credspec.DomainJoinConfig.Guid",
            Self::PluginGuid => ".credspec.ActiveDirectoryConfig.HostAccountConfig.PluginGUID",
        }
    }
}
