use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value;

use crate::AsWritten;

/// Defines one object of the document. Every field is optional and [`AsWritten`], and keys that the format does
/// not know are kept, so that whatever a file says survives a round trip. `Debug` names the type alone, and the
/// errors of `Deserialize` say nothing that the document says: the contents of a credential spec stay out of logs.
macro_rules! document_object {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $field_doc:literal])* $field:ident: $ty:ty = $key:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Default, PartialEq, Serialize)]
        #[expect(clippy::exhaustive_structs, reason = "documents are built field by field; the format last grew in 2021")]
        pub struct $name {
            $(
                $(#[doc = $field_doc])*
                #[serde(rename = $key, skip_serializing_if = "Option::is_none")]
                pub $field: Option<AsWritten<$ty>>,
            )*
            /// Keys that the format does not know, by name. A known key in here would be written a second time.
            #[serde(flatten)]
            pub unknown: BTreeMap<String, Value>,
        }

        impl $name {
            /// The keys that the format knows in this object, as they are spelt, in the order in which
            /// `New-CredentialSpec` writes them.
            pub const KEYS: &'static [&'static str] = &[$($key),*];
        }

        /// Names the type alone: the contents of a credential spec stay out of logs.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        /// Takes an object with whatever is in it, and refuses another type and a key that occurs twice. Errors
        /// repeat nothing of the document.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;

                impl<'de> Visitor<'de> for Object {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    // A document that was encoded twice is a string. The error that serde has for it quotes all of it.
                    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
                        Err(E::custom("invalid type: string, expected an object"))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some(key) = map.next_key::<String>()? {
                            // An explicit null is a value of the wrong type, not an absent key.
                            let repeated = match key.as_str() {
                                $($key => object.$field.replace(map.next_value()?).is_some(),)*
                                _ => object.unknown.insert(key, map.next_value()?).is_some(),
                            };
                            if repeated {
                                return Err(A::Error::custom("a key occurs twice in an object"));
                            }
                        }
                        Ok(object)
                    }
                }

                // Not `deserialize_map`: some formats then refuse other types without asking the visitor.
                deserializer.deserialize_any(Object)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use crate::json_schema::{described, object};

                let properties = [$((
                    $key.to_owned(),
                    described(generator.subschema_for::<$ty>(), &[$($field_doc),*]).to_value(),
                )),*];
                described(object(properties.into_iter().collect()), &[$($doc),*])
            }
        }
    };
}

document_object! {
    /// A credential spec: the JSON document that tells Windows which identity a container gets.
    ///
    /// The model holds what the document says, right or wrong, and keeps keys it does not know. To judge a
    /// document, parse its values ([`DomainSid`](crate::DomainSid), [`Guid`](crate::Guid), ...).
    ///
    /// What it cannot hold is a key that occurs twice. At the top that is an error; an object further down that
    /// repeats a known key is not of the expected type, and keeps the last of the values, as `serde_json` does.
    /// Whoever has to know reads the text.
    ///
    /// Source: Microsoft, "Create gMSAs for Windows containers", and `CredentialSpec.psm1`, `New-CredentialSpec`.
    ///
    /// ```
    /// use gmsa_types::CredentialSpec;
    ///
    /// let text = r#"{"CmsPlugins":["ActiveDirectory"],"DomainJoinConfig":{"NetBiosName":false},"Extra":1}"#;
    /// let spec: CredentialSpec = serde_json::from_str(text)?;
    /// assert!(spec.unknown.contains_key("Extra"));
    /// assert_eq!(serde_json::to_string(&spec)?, text);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    CredentialSpec {
        /// The container managed-service plug-ins; always `["ActiveDirectory"]`.
        cms_plugins: Vec<AsWritten<String>> = "CmsPlugins",
        /// The domain, and the account that the container's `LocalSystem` and `NetworkService` act as.
        domain_join_config: DomainJoinConfig = "DomainJoinConfig",
        /// The accounts that the container may log on as.
        active_directory_config: ActiveDirectoryConfig = "ActiveDirectoryConfig",
    }
}

document_object! {
    /// The domain of a credential spec and its machine account.
    ///
    /// Source: Microsoft, "Troubleshoot gMSAs for Windows containers"; `CredentialSpec.psm1`, `New-CredentialSpec`.
    ///
    /// ```
    /// use gmsa_types::{DomainJoinConfig, DomainSid};
    ///
    /// let domain: DomainJoinConfig = serde_json::from_str(r#"{"Sid":"S-1-5-21-1-2-3","Guid":null}"#)?;
    /// let sid = domain.sid.as_ref().and_then(|sid| sid.expected()).ok_or("no SID")?;
    /// assert!(DomainSid::try_from(sid.as_str()).is_ok());
    /// // `null` is there, and is no text.
    /// assert!(domain.guid.is_some_and(|guid| guid.expected().is_none()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    DomainJoinConfig {
        /// The security identifier of the *domain* (the Kubernetes page once said "of the gMSA", wrongly).
        sid: String = "Sid",
        /// The account's SAM name, without domain and without the trailing `$`.
        machine_account_name: String = "MachineAccountName",
        /// The `objectGUID` of the domain object.
        guid: String = "Guid",
        /// The DNS name of the forest's root domain.
        dns_tree_name: String = "DnsTreeName",
        /// The DNS name of the domain.
        dns_name: String = "DnsName",
        /// The NetBIOS name of the domain.
        net_bios_name: String = "NetBiosName",
    }
}

document_object! {
    /// The Active Directory part of a credential spec.
    ///
    /// Source: Microsoft, "Create gMSAs for Windows containers"; `CredentialSpec.psm1`, `New-CredentialSpec`.
    ///
    /// ```
    /// use gmsa_types::{ActiveDirectoryConfig, GroupManagedServiceAccount};
    ///
    /// let entry = |scope: &str| GroupManagedServiceAccount {
    ///     name: Some("WebApp1".into()),
    ///     scope: Some(scope.into()),
    ///     ..GroupManagedServiceAccount::default()
    /// };
    /// let directory = ActiveDirectoryConfig {
    ///     group_managed_service_accounts: Some(
    ///         vec![entry("contoso.com").into(), entry("CONTOSO").into()].into(),
    ///     ),
    ///     ..ActiveDirectoryConfig::default()
    /// };
    /// assert_eq!(
    ///     serde_json::to_string(&directory)?,
    ///     r#"{"GroupManagedServiceAccounts":[{"Name":"WebApp1","Scope":"contoso.com"},{"Name":"WebApp1","Scope":"CONTOSO"}]}"#,
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ActiveDirectoryConfig {
        /// The accounts, normally one entry for the DNS and one for the NetBIOS name of the domain.
        group_managed_service_accounts: Vec<AsWritten<GroupManagedServiceAccount>> = "GroupManagedServiceAccounts",
        /// How a host that is not joined to the domain gets the account's password.
        host_account_config: HostAccountConfig = "HostAccountConfig",
    }
}

document_object! {
    /// One account that the container may log on as, in one scope.
    ///
    /// [`ActiveDirectoryConfig`] has an example.
    ///
    /// Source: `CredentialSpec.psm1`, `New-CredentialSpec`.
    GroupManagedServiceAccount {
        /// The account's SAM name, without the trailing `$`.
        name: String = "Name",
        /// The domain, by DNS or NetBIOS name.
        scope: String = "Scope",
    }
}

document_object! {
    /// The plug-in through which a host outside the domain fetches the account's password.
    ///
    /// Source: Microsoft, "ICcgDomainAuthCredentials", and "Create gMSAs for Windows containers".
    ///
    /// ```
    /// use gmsa_types::HostAccountConfig;
    ///
    /// let host = HostAccountConfig {
    ///     portable_ccg_version: Some("1".into()),
    ///     plugin_guid: Some("{CCC2A336-D7F3-4818-A213-272B7924213E}".into()),
    ///     ..HostAccountConfig::default()
    /// };
    /// assert_eq!(
    ///     serde_json::to_string(&host)?,
    ///     r#"{"PortableCcgVersion":"1","PluginGUID":"{CCC2A336-D7F3-4818-A213-272B7924213E}"}"#,
    /// );
    /// assert_eq!(format!("{host:?}"), "HostAccountConfig { .. }");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    HostAccountConfig {
        /// The version of the plug-in interface; always the string `"1"`.
        portable_ccg_version: String = "PortableCcgVersion",
        /// The COM class of the plug-in, in braces.
        plugin_guid: String = "PluginGUID",
        /// What is handed to the plug-in: its own format, and possibly a secret. A string, except for the
        /// object that AWS's credentials-fetcher for Linux wants.
        plugin_input: String = "PluginInput",
    }
}
