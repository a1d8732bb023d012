//! Reviews and facts, each part of which a fuzzer's bytes choose.

use ::arbitrary::{Arbitrary, Result, Unstructured};
use gmsa_types::CredentialSpecName;
use serde_json::{Map, Value, json};

use crate::{
    AccessAnswer, ContainerList, CredSpecAnswer, Facts,
    place::{CONTENTS_FIELD, NAME_FIELD},
    samples::{
        self, INVALID_NAMES, NAMES, SERVICE_ACCOUNT, UNANSWERED, ambiguous_contents, found, question,
        respelt_contents,
    },
};

/// The bytes of an AdmissionReview of a pod, every part of them chosen by a fuzzer: any operation, gMSA fields at any place
/// and in any state. It can always be read as a [`Request`](crate::Request).
///
/// A fuzzer that starts from raw bytes finds the edges of the reader; one that starts from these is behind it with every
/// input.
///
/// ```
/// use arbitrary::{Arbitrary, Unstructured};
/// use gmsa_admission::{Facts, Policy, Request, samples, samples::ReviewBytes, validate};
///
/// let mut input = Unstructured::new(b"whatever a fuzzer has come up with");
/// let review = ReviewBytes::arbitrary(&mut input)?;
/// let facts = Facts::arbitrary(&mut input)?;
/// let request = Request::from_slice(review.as_slice())?;
/// let response = validate(&request, &Policy::default()).respond(&facts);
/// assert_eq!(response.uid(), samples::UID);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewBytes(Vec<u8>);

impl ReviewBytes {
    /// The creation of a pod of which every gMSA field is in order: a name, and perhaps what it stands for.
    ///
    /// # Errors
    ///
    /// None: without bytes left, the fuzzer's input goes on with zeros. It is a `Result` as all that takes such an input.
    pub fn proper_creation(u: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Self::of("CREATE", "", &pod(u, proper_options)?, &Value::Null))
    }

    /// The body.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The body.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }

    fn of(operation: &str, sub_resource: &str, pod: &Value, old: &Value) -> Self {
        Self(samples::review(operation, sub_resource, pod, old).to_string().into_bytes())
    }
}

impl<'a> Arbitrary<'a> for ReviewBytes {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let operation = *u.choose(&["CREATE", "CREATE", "UPDATE", "UPDATE", "DELETE", "CONNECT"])?;
        let sub_resource = *u.choose(&["", "", "ephemeralcontainers", "status"])?;
        let new = pod(u, options)?;
        let old = match u.int_in_range(0..=2_u8)? {
            // An update without the old pod is none.
            0 if operation != "UPDATE" => Value::Null,
            0 | 1 => new.clone(),
            _ => pod(u, options)?,
        };
        Ok(Self::of(operation, sub_resource, &new, &old))
    }
}

/// Answers for some of the names, each of any kind.
impl<'a> Arbitrary<'a> for Facts<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut facts = Self::default();
        for name in NAMES {
            let contents = match u.int_in_range(0..=7_u8)? {
                0 => None,
                1 => Some(CredSpecAnswer::NotFound),
                2 => Some(CredSpecAnswer::Empty),
                3 => Some(CredSpecAnswer::Unavailable("etcd is away".into())),
                _ => found(name),
            };
            if let (Ok(valid), Some(contents)) = (CredentialSpecName::try_from(name), contents) {
                facts.insert_credential_spec(valid, contents);
            }
            let access = match u.int_in_range(0..=7_u8)? {
                0 => continue,
                1 => AccessAnswer::Deny { reason: String::arbitrary(u)?.into() },
                2 => AccessAnswer::Unavailable("timed out".into()),
                _ => AccessAnswer::Allow,
            };
            facts.insert_access(question(name), access);
        }
        Ok(facts)
    }
}

fn pod(u: &mut Unstructured<'_>, options: fn(&mut Unstructured<'_>) -> Result<Value>) -> Result<Value> {
    let mut spec = Map::new();
    spec.insert("serviceAccountName".to_owned(), json!(SERVICE_ACCOUNT));
    if u.ratio(1, 4)? {
        spec.insert("hostname".to_owned(), json!("web"));
    }
    security_context(u, &mut spec, options)?;
    for list in ContainerList::ALL {
        let mut containers = Vec::new();
        for index in 0..u.int_in_range(0..=3_u8)? {
            let mut container = Map::new();
            container.insert("name".to_owned(), json!(format!("c{index}")));
            security_context(u, &mut container, options)?;
            containers.push(Value::Object(container));
        }
        spec.insert(list.field().to_owned(), Value::from(containers));
    }
    let metadata = if u.arbitrary()? { json!({"name": "web-0"}) } else { json!({"generateName": "web-"}) };
    Ok(json!({"metadata": metadata, "spec": spec}))
}

fn security_context(
    u: &mut Unstructured<'_>,
    owner: &mut Map<String, Value>,
    options: fn(&mut Unstructured<'_>) -> Result<Value>,
) -> Result<()> {
    let context = match u.int_in_range(0..=7_u8)? {
        0 => return Ok(()),
        1 => Value::Null,
        2 => json!({"windowsOptions": null}),
        3 => json!({"runAsNonRoot": true}),
        _ => json!({"windowsOptions": options(u)?}),
    };
    owner.insert("securityContext".to_owned(), context);
    Ok(())
}

fn proper_options(u: &mut Unstructured<'_>) -> Result<Value> {
    let name = *u.choose(&NAMES)?;
    Ok(match u.int_in_range(0..=2_u8)? {
        0 => json!({NAME_FIELD: name}),
        1 => json!({NAME_FIELD: name, CONTENTS_FIELD: samples::contents(name)}),
        _ => json!({NAME_FIELD: name, CONTENTS_FIELD: respelt_contents(name)}),
    })
}

fn options(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut options = Map::new();
    let name = match u.int_in_range(0..=7_u8)? {
        0 => Value::Null,
        1 => json!(UNANSWERED),
        2 => json!(u.choose(&INVALID_NAMES)?),
        3 => json!(String::arbitrary(u)?),
        _ => json!(u.choose(&NAMES)?),
    };
    options.insert(NAME_FIELD.to_owned(), name);
    let of = u.choose(&NAMES)?;
    let contents = match u.int_in_range(0..=7_u8)? {
        0 | 1 => Value::Null,
        2 => json!(ambiguous_contents(of)),
        3 => json!(respelt_contents(of)),
        4 => json!(String::arbitrary(u)?),
        _ => json!(samples::contents(of)),
    };
    options.insert(CONTENTS_FIELD.to_owned(), contents);
    if u.ratio(1, 8)? {
        options.insert("hostProcess".to_owned(), json!(bool::arbitrary(u)?));
    }
    Ok(Value::Object(options))
}
