//! The types as JSON Schema. The patterns stay within what ECMA-262 and RE2 (Kubernetes) both read, and accept what
//! the parsers of the types accept.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::{
    AccountName, AsWritten, CredentialSpec, CredentialSpecName, DnsName, DomainSid, GmsaCredentialSpec, Guid,
    KIND, NetBiosName, ServiceAccountRef, Sid,
};

/// An object of these properties, none of them required.
pub(crate) fn object(properties: Map<String, Value>) -> Schema {
    json_schema!({"type": "object", "properties": properties})
}

/// The schema with the first paragraph of a documentation comment as its description.
pub(crate) fn described(mut schema: Schema, comment: &[&str]) -> Schema {
    let lines = comment.iter().map(|line| line.trim()).take_while(|line| !line.is_empty());
    schema.insert("description".to_owned(), lines.collect::<Vec<_>>().join(" ").into());
    schema
}

/// The schema of a value that is well formed, which is that of the expected type.
impl<T: JsonSchema> JsonSchema for AsWritten<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

macro_rules! schema {
    ($name:ident $(<$lifetime:lifetime>)?, $generator:ident => $schema:expr) => {
        /// The schema of a value that is well formed.
        impl JsonSchema for $name $(<$lifetime>)? {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> Cow<'static, str> {
                concat!("gmsa_types::", stringify!($name)).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

/// A number below 2^32 without leading zeros.
const U32: &str = "(0|[1-9][0-9]{0,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}|\
    4294[0-8][0-9]{5}|42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[01][0-9]{2}|42949672[0-8][0-9]|\
    429496729[0-5])";

const DNS_SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

schema!(CredentialSpecName<'_>, _generator => json_schema!({
    "description": "The name of a GMSACredentialSpec resource.",
    "type": "string",
    "maxLength": 253,
    "pattern": DNS_SUBDOMAIN,
}));

schema!(ServiceAccountRef, _generator => json_schema!({
    "description": "A service account: its namespace and its name.",
    "type": "object",
    "properties": {
        "namespace": {"type": "string", "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
        "name": {"type": "string", "maxLength": 253, "pattern": DNS_SUBDOMAIN},
    },
    "required": ["namespace", "name"],
}));

schema!(AccountName, _generator => {
    let refused = r#"\x00-\x1f\x7f-\x9f"/\\\[\]:;|=,+*?<>@$"#;
    json_schema!({
        "description": "The SAM name of an account, without domain and without the trailing `$`.",
        "type": "string",
        "maxLength": 20,
        "pattern": format!("^[^{refused}]*[^{refused}. ][^{refused}]*$"),
    })
});

schema!(DnsName, _generator => {
    let label = "[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?";
    json_schema!({
        "description": "The DNS name of a domain, without a trailing dot.",
        "type": "string",
        "maxLength": 255,
        "pattern": format!(r"^{label}(\.{label})*$"),
    })
});

schema!(NetBiosName, _generator => {
    let refused = r#"\x00-\x1f\x7f-\x9f\\/:*?"<>|"#;
    json_schema!({
        "description": "The NetBIOS name of a domain.",
        "type": "string",
        "maxLength": 15,
        "pattern": format!("^[^{refused}. ]$|^[^{refused}.][^{refused}]*[^{refused} ]$"),
    })
});

schema!(Guid, _generator => {
    let hyphens = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";
    json_schema!({
        "description": "A GUID, but not the nil GUID.",
        "type": "string",
        "maxLength": 38,
        "pattern": format!(r"^([0-9A-Fa-f]{{32}}|{hyphens}|\{{{hyphens}\}}|\({hyphens}\))$"),
        "not": {"pattern": r"^[-{}()0]*$"},
    })
});

schema!(Sid, _generator => json_schema!({
    "description": "A security identifier.",
    "type": "string",
    "pattern": format!("^S-1-({U32}|0x[0-9A-Fa-f]{{12}})(-{U32}){{1,15}}$"),
    "not": {"pattern": "^S-1-0x0000"},
}));

schema!(DomainSid, _generator => json_schema!({
    "description": "The security identifier of a domain.",
    "type": "string",
    "maxLength": 41,
    "pattern": format!("^S-1-5-21(-{U32}){{3}}$"),
}));

schema!(GmsaCredentialSpec, generator => json_schema!({
    "description": "A credential spec under a name, for the whole cluster.",
    "type": "object",
    "properties": {
        "apiVersion": {"type": "string", "enum": GmsaCredentialSpec::API_VERSIONS},
        "kind": {"type": "string", "enum": [KIND]},
        "metadata": {"type": "object"},
        "credspec": generator.subschema_for::<CredentialSpec>(),
    },
}));
