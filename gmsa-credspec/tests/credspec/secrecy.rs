//! Nothing that is shown repeats a document.

use std::fmt::{Debug, Display};

use gmsa_credspec::{CanonicalContents, Comparison, compare, read};

const MARKER: &str = "hunter2";

fn check_debug(shown: &impl Debug) {
    for text in [format!("{shown:?}"), format!("{shown:#?}")] {
        assert!(!text.contains(MARKER), "{text}");
    }
}

fn check<T: Debug + Display>(shown: &T) {
    check_debug(shown);
    assert!(!shown.to_string().contains(MARKER), "{shown}");
}

#[test]
fn no_read_error_repeats_the_text() {
    let mut refused = 0;
    for inner in [
        "\"hunter2\"",
        "\"hunter2",
        "hunter2",
        "\"hunter2\\x\"",
        "\"hunter2\\ud800\"",
        "\"hunter2\u{1}\"",
        "[\"hunter2\",]",
        "{\"hunter2\":1,\"hunter2\":2}",
        "{\"hunter2\":{\"Sid\":1,\"Sid\":2}}",
        "{\"hunter2\" hunter2}",
        "1e999",
        "01",
        "{\"$serde_json::private::hunter2\":\"hunter2\"}",
    ] {
        let nested = format!("{}{inner}", "{\"hunter2\":".repeat(70));
        for text in [
            format!("{{\"PluginInput\":{inner}}}"),
            format!("{{\"hunter2\":[{inner}]}}"),
            format!("{{\"hunter2\":{inner}}} hunter2"),
            format!("\u{feff}{inner}"),
            inner.to_owned(),
            nested,
        ] {
            for error in [read(&text).err(), CanonicalContents::from_json(&text).err()].into_iter().flatten()
            {
                refused += 1;
                check(&error);
                check(error.pointer());
                check(&error.kind());
                check_debug(&compare(&text, &text));
                check_debug(&compare("{}", &text));
                let wire = serde_json::to_string(&text).unwrap();
                if let Err(error) = serde_json::from_str::<CanonicalContents<'_>>(&wire) {
                    check(&error);
                }
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn no_difference_repeats_a_value_or_an_unknown_key() {
    let left = r#"{"Sid":"hunter2","PluginInput":"hunter2","hunter2":["hunter2",{"hunter2":1}],"Name":{"hunter2":1}}"#;
    for right in [
        "{}",
        r#"{"Sid":"hunter2!","PluginInput":1,"hunter2":[{"hunter2":1}],"Name":{"hunter2-":1}}"#,
        r#"{"Sid":["hunter2"],"PluginInput":{"hunter2":null},"hunter2":"hunter2"}"#,
    ] {
        for comparison in [compare(left, right), compare(right, left)] {
            check_debug(&comparison);
            let Comparison::Different(differences) = comparison else { panic!("they differ") };
            for difference in &differences {
                check(difference);
                check(difference.pointer());
                check_debug(&difference.kind());
            }
        }
    }
}

#[test]
fn contents_show_their_length_alone() {
    let contents = CanonicalContents::from_json(r#"{"PluginInput":"hunter2"}"#).unwrap();
    check_debug(&contents);
    assert_eq!(format!("{contents:?}"), "CanonicalContents(25 bytes)");
    check_debug(&read(r#"{"PluginInput":"hunter2","hunter2":"hunter2"}"#).unwrap());
}
