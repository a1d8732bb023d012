//! Reads the gMSA fields of a pod. This is the one visitor over the places of a pod that come from outside.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::json::{Object, Text};
use crate::{
    ContainerList, GmsaFields, Place, Pod,
    place::{CONTENTS_FIELD, NAME_FIELD},
};

/// A pod, or the template of one, read from JSON or from a `serde_json::Value`.
#[derive(Default)]
pub(crate) struct PodWire<'a> {
    pub(crate) pod: Pod<'a>,
    /// How many gMSA keys the visitor met, `null` ones included.
    pub(crate) keys: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for PodWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(ObjectWire { metadata, spec }) = Object::deserialize(deserializer)?;
        let metadata = metadata.map(|Object(metadata)| metadata).unwrap_or_default();
        let SpecWire { mut pod, keys } = spec.unwrap_or_default();
        pod.name = metadata.name.unwrap_or_default().0;
        pod.generate_name = metadata.generate_name.unwrap_or_default().0;
        Ok(Self { pod, keys })
    }
}

#[derive(Deserialize)]
struct ObjectWire<'a> {
    #[serde(borrow)]
    metadata: Option<Object<MetadataWire<'a>>>,
    #[serde(borrow)]
    spec: Option<SpecWire<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetadataWire<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) generate_name: Option<Text<'a>>,
}

#[derive(Default)]
struct SpecWire<'a> {
    pod: Pod<'a>,
    keys: usize,
}

/// A key of a pod's `spec`. The container lists come from [`ContainerList`] and are named nowhere else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SpecKey {
    Containers(ContainerList),
    SecurityContext,
    ServiceAccountName,
    Hostname,
    Os,
    Other,
}

impl SpecKey {
    /// A bit of its own for each key.
    const fn bit(self) -> u16 {
        match self {
            Self::Containers(list) => 1 << (list as u16),
            Self::SecurityContext => 1 << 8,
            Self::ServiceAccountName => 1 << 9,
            Self::Hostname => 1 << 10,
            Self::Os => 1 << 11,
            Self::Other => 1 << 12,
        }
    }
}

impl<'de> Deserialize<'de> for SpecKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = SpecKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<SpecKey, E> {
                self.visit_bytes(key.as_bytes())
            }

            fn visit_bytes<E>(self, key: &[u8]) -> Result<SpecKey, E> {
                Ok(match key {
                    b"securityContext" => SpecKey::SecurityContext,
                    b"serviceAccountName" => SpecKey::ServiceAccountName,
                    b"hostname" => SpecKey::Hostname,
                    b"os" => SpecKey::Os,
                    _ => ContainerList::ALL
                        .into_iter()
                        .find(|list| list.field().as_bytes() == key)
                        .map_or(SpecKey::Other, SpecKey::Containers),
                })
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SpecWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpecVisitor;
        impl<'de> Visitor<'de> for SpecVisitor {
            type Value = SpecWire<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pod's spec")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SpecWire<'de>, A::Error> {
                let mut spec = SpecWire::default();
                let mut seen = 0;
                while let Some(key) = map.next_key::<SpecKey>()? {
                    if key == SpecKey::Other {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    // Which of two equal keys counts depends on the reader, so neither does.
                    if seen & key.bit() != 0 {
                        return Err(de::Error::custom("duplicate key in the pod's spec"));
                    }
                    seen |= key.bit();
                    spec.take(key, &mut map)?;
                }
                spec.pod.gmsa.sort_unstable_by_key(|fields| fields.place);
                Ok(spec)
            }
        }
        deserializer.deserialize_map(SpecVisitor)
    }
}

impl<'de> SpecWire<'de> {
    fn take<A: MapAccess<'de>>(&mut self, key: SpecKey, map: &mut A) -> Result<(), A::Error> {
        let text = |value: Option<Text<'de>>| value.unwrap_or_default().0;
        match key {
            SpecKey::Containers(list) => map.next_value_seed(Containers { list, spec: self })?,
            SpecKey::SecurityContext => {
                let options = map
                    .next_value::<Option<Object<SecurityContext<'de>>>>()?
                    .and_then(|Object(context)| context.windows_options);
                if let Some(options) = options {
                    self.pod.host_process = options.host_process;
                    self.add(Place::Pod, Cow::Borrowed(""), options);
                }
            }
            SpecKey::ServiceAccountName => self.pod.service_account = text(map.next_value()?),
            SpecKey::Hostname => self.pod.hostname = text(map.next_value()?),
            SpecKey::Os => {
                self.pod.os =
                    text(map.next_value::<Option<Object<Os<'de>>>>()?.and_then(|Object(os)| os.name));
            }
            SpecKey::Other => {}
        }
        Ok(())
    }

    fn add(&mut self, place: Place, container: Cow<'de, str>, options: WindowsOptions<'de>) {
        let WindowsOptions { name, contents, host_process } = options;
        self.keys += usize::from(name.is_some()) + usize::from(contents.is_some());
        let value = |field: Option<Option<Text<'de>>>| field.flatten().map(|text| text.0);
        let (name, contents) = (value(name), value(contents));
        if name.is_some() || contents.is_some() {
            self.pod.gmsa.push(GmsaFields { place, container, name, contents, host_process });
        }
    }
}

/// Reads a list of containers into the pod, keeping only those with gMSA fields.
struct Containers<'s, 'de> {
    list: ContainerList,
    spec: &'s mut SpecWire<'de>,
}

impl<'de> DeserializeSeed<'de> for Containers<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Containers<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of containers")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { list, spec } = self;
        let mut index = 0;
        while let Some(Object(container)) = seq.next_element::<Object<Container<'de>>>()? {
            let name = container.name.unwrap_or_default().0;
            if list == ContainerList::EphemeralContainers {
                spec.pod.ephemeral_containers.push(name.clone());
            }
            if let Some(options) =
                container.security_context.and_then(|Object(context)| context.windows_options)
            {
                spec.add(Place::Container { list, index }, name, options);
            }
            index += 1;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    security_context: Option<Object<SecurityContext<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityContext<'a> {
    #[serde(borrow)]
    windows_options: Option<WindowsOptions<'a>>,
}

/// The outer option of a field tells whether the key is there, the inner one whether it is not `null`.
struct WindowsOptions<'a> {
    name: Option<Option<Text<'a>>>,
    contents: Option<Option<Text<'a>>>,
    host_process: Option<bool>,
}

impl<'de: 'a, 'a> Deserialize<'de> for WindowsOptions<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OptionsVisitor;
        impl<'de> Visitor<'de> for OptionsVisitor {
            type Value = WindowsOptions<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("windowsOptions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WindowsOptions<'de>, A::Error> {
                let mut options = WindowsOptions { name: None, contents: None, host_process: None };
                let mut host_process = None;
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    let again = match key.0.as_ref() {
                        NAME_FIELD => options.name.replace(map.next_value()?).is_some(),
                        CONTENTS_FIELD => options.contents.replace(map.next_value()?).is_some(),
                        "hostProcess" => host_process.replace(map.next_value()?).is_some(),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            false
                        }
                    };
                    if again {
                        return Err(de::Error::custom("duplicate key in windowsOptions"));
                    }
                }
                options.host_process = host_process.flatten();
                Ok(options)
            }
        }
        deserializer.deserialize_map(OptionsVisitor)
    }
}

#[derive(Deserialize)]
struct Os<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}
