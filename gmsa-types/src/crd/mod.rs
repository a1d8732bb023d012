//! The `CustomResourceDefinition` of [`GmsaCredentialSpec`](crate::GmsaCredentialSpec), and how two definitions
//! differ.
//!
//! | to | use |
//! |---|---|
//! | replace upstream's definition, or be replaced by it | [`definition`], [`Definition::upstream`] |
//! | have the API server refuse documents that cannot work | [`Definition::strict`] |
//! | keep keys that a later Windows may bring | [`Definition::keep_unknown_fields`] |
//! | find credential specs with `kubectl get --field-selector` | [`Definition::selectable`] |
//! | know what the definition in a cluster drops or refuses | [`compare`] |
//!
//! The schema is made from [`CredentialSpec`](crate::CredentialSpec) in all of them, and what the strict one asks of
//! texts from [`DomainSid`](crate::DomainSid), [`Guid`](crate::Guid) and the other validated types.
//!
//! What to know before the strict definition takes the place of the one in a cluster:
//!
//! ```
//! use gmsa_types::{
//!     crd::{Constraint, Definition, DifferenceKind, compare, definition},
//!     finding::Severity,
//! };
//!
//! let installed = definition();
//! let ours = Definition::strict().keep_unknown_fields().build();
//!
//! // Until then keys that nobody knows are lost, and documents that cannot work are let through ...
//! let found = compare(&installed, &ours);
//! assert!(found.iter().any(|difference| difference.severity() == Severity::Error));
//! assert!(found.iter().any(|difference| matches!(difference.kind(), DifferenceKind::Accepts(_))));
//!
//! // ... and from then on they are refused.
//! let refused = compare(&ours, &installed);
//! let without_sid = DifferenceKind::Refuses(Constraint::Required("Sid".to_owned()));
//! assert!(refused.iter().any(|difference| *difference.kind() == without_sid));
//! ```

mod compare;
mod difference;
mod schema;
mod selectable;
mod strict;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceColumnDefinition, CustomResourceConversion, CustomResourceDefinition,
    CustomResourceDefinitionNames, CustomResourceDefinitionSpec, CustomResourceDefinitionVersion,
    CustomResourceValidation, JSONSchemaProps, SelectableField as JsonPath,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::{GROUP, KIND, PLURAL, V1, V1ALPHA1};

pub use compare::compare;
pub use difference::{Constraint, Difference, DifferenceKind};
pub use selectable::SelectableField;

/// The definition to install in a cluster: [`Definition::upstream`] without options.
///
/// ```
/// let crd = gmsa_types::crd::definition();
/// assert_eq!(crd.metadata.name.as_deref(), Some("gmsacredentialspecs.windows.k8s.io"));
/// println!("{}", serde_json::to_string_pretty(&crd)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn definition() -> CustomResourceDefinition {
    Definition::upstream().build()
}

/// A definition in the making.
///
/// All have `v1`, which is stored, and the deprecated `v1alpha1`, with one schema for both; columns and short names
/// for `kubectl get`; and the annotation without which the API server refuses a definition in a `*.k8s.io` group.
///
/// ```
/// use gmsa_types::crd::{Definition, SelectableField};
///
/// let crd = Definition::strict().selectable(SelectableField::ALL).build();
/// for version in &crd.spec.versions {
///     assert_eq!(version.selectable_fields.as_ref().map(Vec::len), Some(7));
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Definition {
    is_strict: bool,
    requires_identity: bool,
    keeps_unknown_fields: bool,
    selectable: Vec<SelectableField>,
}

impl Definition {
    /// A definition that stores and prunes what upstream's does, so that either can replace the other: the same
    /// versions, the same schema, nothing required.
    ///
    /// The API server drops keys that the schema does not have, and refuses values of another type.
    ///
    /// Source: kubernetes-sigs/windows-gmsa, `admission-webhook/deploy/gmsa-crd.yml`.
    ///
    /// ```
    /// use gmsa_types::crd::{Definition, definition};
    ///
    /// assert_eq!(Definition::upstream().build(), definition());
    /// ```
    pub fn upstream() -> Self {
        Self {
            is_strict: false,
            requires_identity: false,
            keeps_unknown_fields: false,
            selectable: Vec::new(),
        }
    }

    /// A definition with which the API server refuses documents that cannot give an identity.
    ///
    /// | place | refused | rule of the lint |
    /// |---|---|---|
    /// | `credspec` | missing, `{}` | GC704 |
    /// | `CmsPlugins` | missing, empty, without `ActiveDirectory` | GC204 |
    /// | `DomainJoinConfig` | one without `ActiveDirectoryConfig`, or the reverse; one of its six values missing | GC206 |
    /// | `Sid` | anything but the SID of a domain; that of an account with a message of its own | GC301-GC303 |
    /// | `Guid` | what [`Guid`](crate::Guid) does not read | GC304 |
    /// | `MachineAccountName`, `Name` | what [`AccountName`](crate::AccountName) does not read; a domain at the end | GC501-GC503 |
    /// | `MachineAccountName` | none of the accounts, which are compared without regard to ASCII case | GC504 |
    /// | `NetBiosName` | what [`NetBiosName`](crate::NetBiosName) does not read; the DNS name | GC401 |
    /// | `DnsName`, `DnsTreeName` | what is no DNS name; the two swapped | GC404, GC406 |
    /// | `GroupManagedServiceAccounts` | missing, empty; an entry without `Name` or `Scope` | GC207, GC511 |
    /// | `Scope` | what is no name of a domain; one with a dot has to be a DNS name | GC511 |
    /// | `HostAccountConfig` | one of its three values missing; a version other than `"1"`; a `PluginGUID` not of the form 8-4-4-4-12 | GC601-GC603 |
    ///
    /// It accepts what some directory may hold, even where the lint of gmsa-credspec warns: letters outside ASCII and
    /// `_` in domain names, a domain name of one label, a GUID in any case and form, a single scope, accounts of other
    /// domains, plug-ins that nobody knows. A `PluginGUID` may stand with or without braces and need not be
    /// hexadecimal, since the one in Microsoft's documentation is not. A document with nothing but `CmsPlugins` gives
    /// no identity and no wrong one; [`require_identity`](Self::require_identity) refuses it too.
    ///
    /// Sizes are bounded by what fits into a pod, which takes 64 KiB of contents, and so is the cost of the rules. The
    /// rules about several fields, and those with a message, are CEL, which API servers evaluate by default from
    /// Kubernetes 1.25 on.
    ///
    /// Objects that are stored already stay as they are. The API server checks them when somebody updates them, and
    /// from Kubernetes 1.30 on only the parts that change. [`compare`] tells what a change of definitions means; what
    /// is stored can be linted before.
    ///
    /// ```
    /// use gmsa_types::crd::Definition;
    ///
    /// let crd = serde_json::to_value(Definition::strict().build())?;
    /// let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    /// assert_eq!(schema["required"], serde_json::json!(["credspec"]));
    /// let document = &schema["properties"]["credspec"];
    /// assert_eq!(document["properties"]["CmsPlugins"]["minItems"], 1);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn strict() -> Self {
        Self { is_strict: true, ..Self::upstream() }
    }

    /// Requires `credspec` and in it all of `CmsPlugins`, `DomainJoinConfig` and `ActiveDirectoryConfig`.
    ///
    /// ```
    /// use gmsa_types::crd::{Definition, DifferenceKind, compare};
    ///
    /// let ours = Definition::strict();
    /// let stricter = ours.clone().require_identity();
    /// let found = compare(&stricter.build(), &ours.build());
    /// let refused: Vec<_> = found.iter().map(ToString::to_string).collect();
    /// assert_eq!(refused[0], "v1 .credspec: refuses an object without `ActiveDirectoryConfig`");
    /// ```
    pub fn require_identity(self) -> Self {
        Self { requires_identity: true, ..self }
    }

    /// Keeps keys that the schema does not have, in the object and at every level of the document
    /// (`x-kubernetes-preserve-unknown-fields`).
    ///
    /// Without it a key that a later Windows brings is lost, and so is a key in the wrong case, which the strict
    /// definition then misses. With it both are stored and reach Windows, whose parser may read the second one: use it
    /// together with the lint.
    ///
    /// Source: Kubernetes, "Extend the Kubernetes API with CustomResourceDefinitions", controlling pruning.
    ///
    /// ```
    /// use gmsa_types::crd::Definition;
    ///
    /// let crd = serde_json::to_value(Definition::upstream().keep_unknown_fields().build())?;
    /// let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    /// assert_eq!(schema["properties"]["credspec"]["x-kubernetes-preserve-unknown-fields"], true);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn keep_unknown_fields(self) -> Self {
        Self { keeps_unknown_fields: true, ..self }
    }

    /// Lets clients select by these fields, as in
    /// `kubectl get gmsacredentialspecs --field-selector credspec.DomainJoinConfig.MachineAccountName=WebApp1`.
    ///
    /// Kubernetes has it from 1.30 on, by default from 1.31 on; an API server that does not know it drops it.
    ///
    /// Source: Kubernetes, "Selectable Fields for Custom Resources" (KEP-4358).
    ///
    /// ```
    /// use gmsa_types::crd::{Definition, SelectableField};
    ///
    /// let crd = Definition::upstream().selectable([SelectableField::DnsName]).build();
    /// let fields = crd.spec.versions[0].selectable_fields.as_ref().ok_or("none")?;
    /// assert_eq!(fields[0].json_path, ".credspec.DomainJoinConfig.DnsName");
    /// # Ok::<(), &str>(())
    /// ```
    pub fn selectable(mut self, fields: impl IntoIterator<Item = SelectableField>) -> Self {
        self.selectable.extend(fields);
        self.selectable.sort_unstable();
        self.selectable.dedup();
        self
    }

    /// The definition, ready to be applied: without `status` and `resourceVersion`.
    ///
    /// ```
    /// let crd = gmsa_types::crd::Definition::strict().build();
    /// assert_eq!(crd.spec.versions.len(), 2);
    /// ```
    #[must_use]
    pub fn build(&self) -> CustomResourceDefinition {
        CustomResourceDefinition {
            metadata: ObjectMeta {
                name: Some(format!("{PLURAL}.{GROUP}")),
                // The API server refuses a definition in a `*.k8s.io` group that has no such link.
                annotations: Some([("api-approved.kubernetes.io".to_owned(), KEP.to_owned())].into()),
                ..ObjectMeta::default()
            },
            spec: CustomResourceDefinitionSpec {
                group: GROUP.to_owned(),
                scope: "Cluster".to_owned(),
                names: names(),
                versions: vec![
                    CustomResourceDefinitionVersion { storage: true, ..self.version(V1) },
                    CustomResourceDefinitionVersion { deprecated: Some(true), ..self.version(V1ALPHA1) },
                ],
                conversion: Some(CustomResourceConversion { strategy: "None".to_owned(), webhook: None }),
                preserve_unknown_fields: None,
            },
            status: None,
        }
    }

    fn version(&self, name: &str) -> CustomResourceDefinitionVersion {
        let path = |field: &SelectableField| JsonPath { json_path: field.json_path().to_owned() };
        let selectable: Vec<_> = self.selectable.iter().map(path).collect();
        CustomResourceDefinitionVersion {
            name: name.to_owned(),
            served: true,
            schema: Some(CustomResourceValidation { open_api_v3_schema: Some(self.schema()) }),
            additional_printer_columns: Some(columns()),
            selectable_fields: (!selectable.is_empty()).then_some(selectable),
            ..CustomResourceDefinitionVersion::default()
        }
    }

    fn schema(&self) -> JSONSchemaProps {
        let mut schema = schema::resource();
        if self.is_strict {
            schema::visit(&mut schema, "", &strict::tighten);
        }
        if self.requires_identity {
            schema::visit(&mut schema, "", &strict::require_identity);
        }
        if self.keeps_unknown_fields {
            schema::visit(&mut schema, "", &|_, schema| {
                if schema.type_.as_deref() == Some("object") {
                    schema.x_kubernetes_preserve_unknown_fields = Some(true);
                }
            });
        }
        schema
    }
}

const KEP: &str = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-windows/689-windows-gmsa";

fn names() -> CustomResourceDefinitionNames {
    CustomResourceDefinitionNames {
        kind: KIND.to_owned(),
        list_kind: Some(format!("{KIND}List")),
        plural: PLURAL.to_owned(),
        singular: Some(KIND.to_ascii_lowercase()),
        short_names: Some(vec!["gmsa".to_owned(), "gmsacs".to_owned()]),
        // Not `all`: `kubectl delete all --all` must not take the cluster's identities away.
        categories: Some(vec!["gmsa".to_owned()]),
    }
}

fn columns() -> Vec<CustomResourceColumnDefinition> {
    let column = |name: &str, type_: &str, path: &str| CustomResourceColumnDefinition {
        name: name.to_owned(),
        type_: type_.to_owned(),
        json_path: path.to_owned(),
        ..CustomResourceColumnDefinition::default()
    };
    let of = |name, field: SelectableField| column(name, "string", field.json_path());
    vec![
        of("Account", SelectableField::MachineAccountName),
        of("Domain", SelectableField::DnsName),
        CustomResourceColumnDefinition { priority: Some(1), ..of("Plugin", SelectableField::PluginGuid) },
        column("Age", "date", ".metadata.creationTimestamp"),
    ]
}
