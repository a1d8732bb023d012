//! Texts for the validated types: most of them right, some just over a limit or one character away, and noise.
//!
//! For whoever checks or shows what people type. The strategies one level up make values that are right.
//!
//! ```
//! use gmsa_types::{DnsName, strategy};
//! use proptest::{prelude::*, test_runner::TestRunner};
//!
//! // The place that an error names can be marked in the text.
//! TestRunner::default().run(&strategy::text::dns_name(), |text| {
//!     if let Err(error) = DnsName::try_from(text.as_str()) {
//!         prop_assert!(error.at().is_none_or(|at| text.is_char_boundary(at)));
//!     }
//!     Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(dead_code, reason = "not every test uses all of them")]

use proptest::prelude::*;

/// Texts that `valid` makes, the same with one character put in, replaced or taken out, and noise.
pub fn near(valid: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    let valid = valid.boxed();
    let character = prop_oneof![
        proptest::sample::select(
            "-.{}()$@/\\\"': \t\0\u{7f}\u{9f}_0x9aFZ\u{fc}\u{202e}".chars().collect::<Vec<_>>()
        ),
        any::<char>(),
    ];
    let edited = (valid.clone(), any::<prop::sample::Index>(), character, 0..3).prop_map(
        |(text, place, character, edit)| {
            let mut characters: Vec<char> = text.chars().collect();
            match edit {
                0 => characters.insert(place.index(characters.len() + 1), character),
                _ if characters.is_empty() => {}
                1 => *place.get_mut(&mut characters) = character,
                _ => drop(characters.remove(place.index(characters.len()))),
            }
            characters.into_iter().collect()
        },
    );
    prop_oneof![3 => valid, 3 => edited, 1 => "\\PC{0,12}"]
}

/// Names of Kubernetes objects, up to and just over 253 characters.
pub fn object_name() -> impl Strategy<Value = String> {
    near(prop_oneof!["[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", "[a-z0-9]{62,64}", "[a-z0-9.]{250,256}"])
}

/// Service accounts, as `NAMESPACE/NAME` and as user names.
pub fn service_account() -> impl Strategy<Value = String> {
    near(prop_oneof!["[a-z0-9-]{1,9}/[a-z0-9.-]{1,9}", "system:serviceaccount:[a-z-]{1,9}:[a-z0-9.-]{1,9}"])
}

/// Names of Active Directory accounts.
pub fn account_name() -> impl Strategy<Value = String> {
    near("[A-Za-z0-9._ \u{fc}-]{1,21}")
}

/// DNS names of domains, up to and just over each limit.
pub fn dns_name() -> impl Strategy<Value = String> {
    near(prop_oneof![
        "[A-Za-z0-9]{1,4}(\\.[A-Za-z0-9-]{1,6}){0,3}",
        "[A-Za-z0-9]{62,64}(\\.[a-z]{1,3})?",
        "([a-z]{61,63}\\.){3}[a-z]{60,64}",
    ])
}

/// NetBIOS names of domains.
pub fn netbios_name() -> impl Strategy<Value = String> {
    near("[A-Za-z0-9. \u{fc}-]{1,16}")
}

/// GUIDs in all their forms, zero among them.
pub fn guid() -> impl Strategy<Value = String> {
    const D: &str = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
    near(prop_oneof![
        D,
        "[0-9a-fA-F]{32}",
        D.prop_map(|d| format!("{{{d}}}")),
        D.prop_map(|d| format!("({d})")),
        "[{(]?0{8}-0{4}-0{4}-0{4}-0{12}[})]?",
    ])
}

/// Security identifiers: of accounts, domains and anything else, up to and just over each limit.
pub fn sid() -> impl Strategy<Value = String> {
    near(prop_oneof![
        "S-1-(0|[1-9][0-9]{0,9})(-(0|[1-9][0-9]{0,9})){0,17}",
        "S-1-0x0{0,4}[0-9a-fA-F]{8,12}(-[1-9]){1,3}",
        "S-1-5-21(-[1-9][0-9]{0,8}){2,5}",
        "S-1-5-21-(0|[0-9]{9,11}|42949672[0-9]{2})-1-429496729[0-9]",
    ])
}
