//! What a Kubernetes API server sent to upstream's webhook, what that webhook answered, and where we differ.
//!
//! Shared with the tests of the webhook program, which get the same answers through HTTPS.

use std::{fs, path::Path};

use serde_json::Value;

/// A recording from which we differ on purpose: the row of the table of differences in CONFORMANCE.md, and our answer.
pub struct Difference {
    pub case: &'static str,
    pub row: u8,
    code: Option<u16>,
    patched: &'static [&'static str],
    sentence: &'static str,
}

const INIT_CONTENTS: &str = "/spec/initContainers/0/securityContext/windowsOptions/gmsaCredentialSpec";

pub const DIFFERENCES: &[Difference] = &[
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

#[derive(Debug, PartialEq)]
pub struct Answer {
    pub allowed: bool,
    pub code: Option<u64>,
    pub message: String,
    pub patch: Vec<Value>,
}

/// A file of the recordings.
pub fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The reviews in a folder of recordings, by name.
pub fn reviews(folder: &Path) -> Vec<(String, Value)> {
    let mut reviews = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.contains(".mutate") || name.contains(".validate") {
            reviews.push((name, read(&path)));
        }
    }
    assert!(reviews.len() >= 61, "only {} recordings were found", reviews.len());
    reviews
}

/// Reads an answer off the wire, as the API server does.
pub fn answer(review: &Value) -> Answer {
    let response = &review["response"];
    assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(review["kind"], "AdmissionReview");
    assert_eq!(response["patch"].is_string(), response["patchType"] == "JSONPatch");
    let patch: Option<k8s_openapi::ByteString> = serde_json::from_value(response["patch"].clone()).unwrap();
    Answer {
        allowed: response["allowed"].as_bool().unwrap(),
        code: response["status"]["code"].as_u64(),
        message: response["status"]["message"].as_str().unwrap_or_default().to_owned(),
        patch: patch.map(|patch| serde_json::from_slice(&patch.0).unwrap()).unwrap_or_default(),
    }
}

/// Judges our answers to recordings: each as upstream's, or different on purpose.
#[derive(Default)]
pub struct Judge {
    differing: Vec<String>,
}

impl Judge {
    pub fn judge(&mut self, name: &str, case: &Value, ours: &Value) {
        assert_eq!(ours["response"]["uid"], case["request"]["request"]["uid"]);
        let (ours, upstream) = (answer(ours), answer(&case["upstream"]));
        if let Some(difference) = DIFFERENCES.iter().find(|difference| difference.case == name) {
            assert_ne!(
                ours, upstream,
                "{name} is listed as a difference (row {}) and is none",
                difference.row
            );
            assert_eq!(ours.code, difference.code.map(u64::from), "{name}: {}", ours.message);
            assert_eq!(ours.allowed, difference.code.is_none(), "{name}");
            assert!(ours.message.starts_with(difference.sentence), "{name}: {}", ours.message);
            let patched: Vec<_> =
                ours.patch.iter().map(|operation| operation["path"].as_str().unwrap()).collect();
            assert_eq!(patched, difference.patched, "{name}");
            self.differing.push(name.to_owned());
            return;
        }
        assert_eq!((ours.allowed, ours.code), (upstream.allowed, upstream.code), "{name}: {}", ours.message);
        assert_eq!(ours.patch, upstream.patch, "{name}");
        // Where upstream goes on to quote the contents, ours names the fault instead.
        let sentence = upstream.message.split(": unable to parse").next().unwrap();
        assert!(ours.message.starts_with(sentence), "{name}: `{}` for `{sentence}`", ours.message);
    }

    /// Ends the session: every difference must have been met.
    pub fn close(self) {
        let met = &self.differing;
        assert_eq!(met.len(), DIFFERENCES.len(), "of the differences only {met:?} were met");
    }
}
