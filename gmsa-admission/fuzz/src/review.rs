//! Any bytes, to both endpoints, with no facts and with all: no panic, answers that an API server takes, nothing allowed for
//! want of knowledge.

use gmsa_admission::{Facts, Operation, Policy, Request, Response, mutate, samples, validate};
use serde_json::Value;

/// The lists of containers that there are, told apart from those of the crate, whose walk of them is on trial.
const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

pub fn run(body: &[u8]) {
    let request = match Request::from_slice(body) {
        Ok(request) => request,
        Err(error) => {
            let uid = error.uid().to_owned();
            if let Some(response) = error.into_response() {
                check(&uid, &response);
                assert!(!response.allowed());
            }
            return;
        }
    };
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<Request<'_>>(&text).unwrap(), request, "a request survives a file");

    let policy = Policy::default().with_random_hostname(true);
    let (mutation, validation) = (mutate(&request, &policy), validate(&request, &policy));
    let (nothing, everything) = (Facts::default(), samples::permissive_facts());
    let mutations = [mutation.respond(&nothing), mutation.respond(&everything)];
    let validations = [validation.respond(&nothing), validation.respond(&everything)];
    for [ignorant, knowing] in [&mutations, &validations] {
        check(request.uid(), ignorant);
        check(request.uid(), knowing);
        assert!(knowing.allowed() || !ignorant.allowed(), "less knowledge allowed more");
    }
    if request.operation() == Operation::Create
        && request.sub_resource().is_empty()
        && request.pod().is_some()
    {
        // What is skipped is not read, and need not even be text.
        let Ok(review) = serde_json::from_slice::<Value>(body) else { return };
        let object = &review["request"]["object"];
        if validations[0].allowed() {
            for options in places(object) {
                let fields = [&options["gmsaCredentialSpecName"], &options["gmsaCredentialSpec"]];
                assert!(fields.iter().all(|field| field.is_null()), "allowed with nothing known");
            }
        }
    }
}

/// Every place of a pod that can have `windowsOptions`.
pub(super) fn places(pod: &Value) -> Vec<&Value> {
    let mut places = vec![&pod["spec"]["securityContext"]["windowsOptions"]];
    for list in LISTS {
        for container in pod["spec"][list].as_array().into_iter().flatten() {
            places.push(&container["securityContext"]["windowsOptions"]);
        }
    }
    places
}

fn check(uid: &str, response: &Response<'_>) {
    let wire: Value = serde_json::from_slice(&response.to_vec()).unwrap();
    let response = &wire["response"];
    assert_eq!(response["uid"], uid);
    assert_eq!(response["patch"].is_null(), response["patchType"].is_null());
    assert_eq!(response["allowed"] == true, response["status"].is_null());
    if let Some(code) = response["status"]["code"].as_u64() {
        assert!((400..=599).contains(&code));
        assert!(response["patch"].is_null() && response["status"]["reason"].is_string());
    }
    for warning in response["warnings"].as_array().into_iter().flatten() {
        let warning = warning.as_str().unwrap();
        assert!(warning.len() <= 120 && warning.chars().all(|c| c == ' ' || c.is_ascii_graphic()));
    }
}
