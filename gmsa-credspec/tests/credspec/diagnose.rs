//! What texts come to, and the laws that hold for every text.

use std::{collections::BTreeSet, fs, path::Path};

use gmsa_credspec::diagnose::{
    CheckId, Confidence, Diagnosis, Expected, OBSERVATION_LIMIT, ObservationKind, Outcome, StatusOf, Verdict,
    checks, diagnose, known_causes,
};
use proptest::prelude::*;

fn of(text: &str) -> Diagnosis {
    diagnose(text, &Expected::default())
}

fn expecting(domain: &str) -> Expected {
    match domain {
        "-" => Expected::default(),
        domain => Expected::default().domain(domain.parse().unwrap()),
    }
}

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn recorded() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnose");
    let mut texts: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    texts.sort();
    texts
}

#[test]
fn recorded_texts_have_the_verdict_and_the_cause_that_the_table_says() {
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnose/expected.tsv"))
        .unwrap();
    let texts = recorded();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in table.lines().filter(|line| !line.starts_with('#')) {
        let [file, verdict, cause, confidence, domain] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let (_, text) =
            texts.iter().find(|(name, _)| name == file).unwrap_or_else(|| panic!("no text {file}"));
        seen.insert(file.to_owned());
        let diagnosis = diagnose(text, &expecting(domain));
        let top = diagnosis.causes().first();
        let actual = (
            word(diagnosis.verdict()),
            top.map_or("-", |cause| cause.id()).to_owned(),
            top.map(|cause| word(cause.confidence())).unwrap_or_else(|| "-".to_owned()),
        );
        if actual != (verdict.to_owned(), cause.to_owned(), confidence.to_owned()) {
            wrong.push(format!("{file}: {actual:?}, not {verdict} {cause} {confidence}\n{diagnosis:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unlisted: Vec<&String> =
        texts.iter().map(|(name, _)| name).filter(|name| !seen.contains(*name)).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
}

#[test]
fn every_cause_is_found_in_some_recorded_text() {
    let mut left: BTreeSet<&str> = known_causes().map(|cause| cause.id()).collect();
    for (_, text) in recorded() {
        for domain in ["-", "sales.contoso.com", "fabrikam.test"] {
            for cause in diagnose(&text, &expecting(domain)).causes() {
                left.remove(cause.id());
            }
        }
    }
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_delivered_credential_spec_is_no_more_than_that() {
    let diagnosis =
        of("PS C:\\> nltest /parentdomain\r\ncontoso.com. (1)\r\nThe command completed successfully\r\n");
    assert_eq!(diagnosis.verdict(), Verdict::NotEnough);
    assert!(diagnosis.causes().is_empty());
    assert_eq!(diagnosis.domain().unwrap().as_str(), "contoso.com");
    assert_eq!(
        diagnosis.summary(),
        "the credential spec reached the container; whether the identity works needs the next check"
    );
    assert_eq!(
        diagnosis.observations()[0].meaning(),
        "the credential spec reached the container and names the domain `contoso.com`; this is read from local \
         configuration and shows nothing about the domain itself"
    );
    let next = diagnosis.next_check().unwrap();
    assert_eq!(next.id(), CheckId::Dns);
    assert_eq!(next.command_for(diagnosis.domain()), "nslookup -type=SRV _ldap._tcp.dc._msdcs.contoso.com");
}

#[test]
fn the_parent_domain_is_suspicious_only_against_an_expectation() {
    let text = "contoso.com. (1)";
    assert_eq!(of(text).verdict(), Verdict::NotEnough);
    assert_eq!(diagnose(text, &expecting("contoso.com")).verdict(), Verdict::NotEnough);
    let diagnosis = diagnose(text, &expecting("sales.contoso.com"));
    assert_eq!((diagnosis.verdict(), diagnosis.causes()[0].id()), (Verdict::Broken, "GD102"));
    // A name that merely ends alike is not below it.
    assert_eq!(diagnose(text, &expecting("notcontoso.com")).causes()[0].id(), "GD103");
    assert_eq!(
        diagnosis.causes()[0].next()[1].command(),
        Some("New-CredentialSpec -AccountName ACCOUNT -Domain sales.contoso.com")
    );
}

#[test]
fn evidence_names_the_lines() {
    let text = "\n\nI_NetLogonControl failed: Status = 1722 0x6ba RPC_S_SERVER_UNAVAILABLE\n\
        PS C:\\> nltest /sc_reset:contoso.com\nFlags: 30 HAS_IP  HAS_TIMESERV\nTrusted DC Name \\\\dc1.contoso.com\n\
        Trusted DC Connection Status Status = 0 0x0 NERR_Success\nThe command completed successfully\n";
    let diagnosis = of(text);
    let lines =
        |id: &str| diagnosis.causes().iter().find(|cause| cause.id() == id).unwrap().evidence().to_vec();
    assert_eq!(lines("GD105"), [7]);
    assert_eq!(lines("GD104"), [3]);
    // The repair explains the failure before it.
    let confidence = |id: &str| diagnosis.causes().iter().find(|c| c.id() == id).unwrap().confidence();
    assert_eq!((confidence("GD105"), confidence("GD104")), (Confidence::Likely, Confidence::Possible));
    let domain_controller = diagnosis.observations().iter().find(|o| o.line() == 6).unwrap();
    assert!(
        matches!(domain_controller.kind(), ObservationKind::DomainController { name: Some(name) } if name.as_str() == "dc1.contoso.com")
    );
}

#[test]
fn good_and_bad_numbers_in_one_output_are_no_repair() {
    let output = "Trusted DC Connection Status Status = 1311 0x51f ERROR_NO_LOGON_SERVERS\n\
        Trust Verification Status = 0 0x0 NERR_Success\nThe command completed successfully\n";
    let diagnosis = of(output);
    assert_eq!(diagnosis.verdict(), Verdict::Broken);
    assert!(!diagnosis.observations().iter().any(|o| *o.kind() == ObservationKind::ChannelRepaired));
    // Nor is a channel that was up and went down.
    let diagnosis = of("Connection Status = 0 0x0 NERR_Success\nThe command completed successfully\n\
        I_NetLogonControl failed: Status = 1722 0x6ba RPC_S_SERVER_UNAVAILABLE\n");
    assert_eq!(diagnosis.verdict(), Verdict::Broken);
    assert!(!diagnosis.observations().iter().any(|o| *o.kind() == ObservationKind::ChannelRepaired));
}

#[test]
fn contradicting_numbers_never_read_as_success() {
    for pair in ["0 0x6ba", "1722 0x0"] {
        let diagnosis = of(&format!("Trusted DC Connection Status Status = {pair} NERR_Success"));
        assert_eq!(diagnosis.verdict(), Verdict::Broken, "{pair}");
    }
}

#[test]
fn the_three_spellings_of_one_error_are_one_error() {
    for number in ["#3489792023", "#-805175273", "(0xD0020017)", "(0xc0020017)"] {
        let diagnosis = of(&format!("hcs::CreateComputeSystem 2856a: winapi error {number}."));
        let kinds: Vec<_> = diagnosis.observations().iter().map(|o| o.kind().clone()).collect();
        assert!(
            matches!(kinds[..], [ObservationKind::ComputeError { ntstatus: 0xC002_0017, .. }]),
            "{number}: {kinds:?}"
        );
    }
}

#[test]
fn a_status_goes_to_the_command_before_it_where_its_label_is_foreign() {
    let text = "nltest /parentdomain\nEchec : Status = 1722 0x6ba RPC_S_SERVER_UNAVAILABLE\n\
        nltest /query\nEchec : Status = 1722 0x6ba RPC_S_SERVER_UNAVAILABLE\n";
    let of_what: Vec<_> = of(text)
        .observations()
        .iter()
        .filter_map(|o| match o.kind() {
            ObservationKind::Status { of, .. } => Some((o.line(), *of)),
            _ => None,
        })
        .collect();
    assert_eq!(of_what, [(2, StatusOf::ParentDomain), (4, StatusOf::SecureChannel)]);
}

#[test]
fn the_guided_order_goes_on_where_the_text_ends() {
    let next = |text: &str| of(text).next_check().map(|check| check.id());
    assert_eq!(next(""), Some(CheckId::ParentDomain));
    assert_eq!(next("contoso.com. (1)"), Some(CheckId::Dns));
    assert_eq!(next("contoso.com. (1)\nsvr hostname = dc1.contoso.com"), Some(CheckId::SecureChannel));
    let channel = "contoso.com. (1)\nsvr hostname = dc1\nTrust Verification Status = 1787 0x6fb X\n";
    assert_eq!(next(channel), Some(CheckId::Kerberos));
    let ticket = format!("{channel}A ticket to krbtgt has been retrieved successfully.\n");
    assert_eq!(next(&ticket), Some(CheckId::CcgLog));
    assert_eq!(next(&format!("{ticket}Containers-CCG Event ID: 2")), None);
    // There is no identity to ask about.
    assert_eq!(next("Getting parent domain failed: Status = 1722 0x6ba X"), None);
    assert_eq!(next("Connection Status = 0 0x0 NERR_Success"), None);
    assert_eq!(checks().len(), 5);
}

#[test]
fn a_weak_source_is_never_likely() {
    for (_, text) in recorded() {
        for cause in of(&text).causes() {
            let mark = word(cause.source().mark());
            assert!(
                cause.confidence() < Confidence::Likely || matches!(mark.as_str(), "read" | "tested"),
                "{}",
                cause.id()
            );
        }
    }
}

#[test]
fn a_diagnosis_is_data() {
    let value = serde_json::to_value(of("Trust Verification Status = 1787 0x6fb ERROR_NO_TRUST_SAM_ACCOUNT"))
        .unwrap();
    assert_eq!(value["verdict"], "broken");
    assert_eq!(value["causes"][0]["id"], "GD203");
    assert_eq!(value["causes"][0]["confidence"], "likely");
    assert_eq!(value["causes"][0]["evidence"], serde_json::json!([1]));
    assert_eq!(
        value["observations"][0],
        serde_json::json!({
            "line": 1, "kind": "status", "of": "secure-channel", "code": 1787, "name": "ERROR_NO_TRUST_SAM_ACCOUNT"
        })
    );
}

#[test]
fn nothing_of_a_text_is_repeated_but_names_and_numbers() {
    // What users paste beside the outputs.
    let secret = "Hunter2-correct-horse";
    for (name, text) in recorded() {
        let salted: String = text
            .lines()
            .flat_map(|line| [format!("password={secret}"), line.to_owned(), format!("{line} {secret}")])
            .collect::<Vec<_>>()
            .join("\n");
        let diagnosis = of(&salted);
        let shown = format!("{diagnosis:?}{}", serde_json::to_string(&diagnosis).unwrap());
        let meanings: String = diagnosis.observations().iter().map(|o| o.meaning()).collect();
        assert!(!shown.contains(secret) && !meanings.contains(secret), "{name}");
    }
}

#[test]
fn long_lines_are_read_in_one_pass() {
    // Where every place of a line reads on to the line's end, this does not come to an end.
    for unit in
        ["=", "= ", "=1 ", "\\\\", "0x", "-1", "event id ", "(1) ", "17763.", "\u{2019}", "::", "a. (1)"]
    {
        let text = unit.repeat(200_000 / unit.len());
        assert_eq!(of(&text).verdict(), Verdict::NotEnough, "{unit}");
    }
}

#[test]
fn a_text_that_never_ends_is_cut_off_and_not_healthy() {
    let text = "Connection Status = 0 0x0 NERR_Success\n".repeat(OBSERVATION_LIMIT + 1);
    let diagnosis = of(&text);
    assert_eq!(diagnosis.observations().len(), OBSERVATION_LIMIT);
    assert!(diagnosis.is_truncated());
    assert_eq!(diagnosis.verdict(), Verdict::NotEnough);
}

/// Lines that mean something, in pieces, so that they also come broken.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(recorded().into_iter().flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>()),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(a, b)| format!("Status = {a} {b:#x} X")),
        1 => any::<i64>().prop_map(|a| format!("winapi error #{a}")),
        1 => "\\PC{0,40}",
        1 => "[=0x:#()\\\\ -9a-fé]{0,30}",
    ]
}

fn texts() -> impl Strategy<Value = String> {
    let end = proptest::sample::select(vec!["\n", "\r\n", " ", "\n    ", "\r", ""]);
    proptest::collection::vec((piece(), end), 0..12)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, end)| [piece, end.to_owned()]).collect())
}

proptest! {
    #[test]
    fn any_text_is_diagnosed(text in any::<String>()) {
        let diagnosis = of(&text);
        prop_assert!(diagnosis.observations().len() <= OBSERVATION_LIMIT);
    }

    #[test]
    fn verdict_causes_and_observations_agree(text in texts(), domain in proptest::sample::select(vec!["-", "contoso.com", "sales.contoso.com"])) {
        let diagnosis = diagnose(&text, &expecting(domain));
        let lines = text.split('\n').count();
        prop_assert!(diagnosis.observations().is_sorted_by_key(|o| o.line()));
        prop_assert!(diagnosis.observations().iter().all(|o| (1..=lines).contains(&o.line())));
        prop_assert!(diagnosis.causes().is_sorted_by_key(|cause| std::cmp::Reverse(cause.confidence())));
        let fails: Vec<usize> =
            diagnosis.observations().iter().filter(|o| o.outcome() == Outcome::Fails).map(|o| o.line()).collect();
        match diagnosis.verdict() {
            Verdict::Broken => prop_assert!(!diagnosis.causes().is_empty()),
            Verdict::Healthy => prop_assert!(diagnosis.causes().iter().all(|c| c.confidence() == Confidence::Unlikely)),
            Verdict::NotEnough => {}
        }
        prop_assert!(fails.is_empty() || diagnosis.verdict() == Verdict::Broken);
        // Each failure is evidence of something.
        for line in fails {
            prop_assert!(diagnosis.causes().iter().any(|cause| cause.evidence().contains(&line)));
        }
        for cause in diagnosis.causes() {
            prop_assert!(!cause.evidence().is_empty() && cause.evidence().is_sorted());
        }
    }

    #[test]
    fn a_status_other_than_zero_is_never_healthy(before in texts(), after in texts(), code in 1..=u32::MAX) {
        let success = "Trusted DC Connection Status Status = 0 0x0 NERR_Success\nThe command completed successfully";
        let text = format!("{before}\nTrust Verification Status = {code} {code:#x} X\n{success}\n{after}");
        prop_assert_eq!(of(&text).verdict(), Verdict::Broken);
    }

    #[test]
    fn line_ends_and_indentation_make_no_difference(at in 0..recorded().len()) {
        let text = &recorded()[at].1;
        let plain = of(text);
        let ids = |diagnosis: &Diagnosis| diagnosis.causes().iter().map(|c| (c.id(), c.confidence(), c.evidence().to_vec())).collect::<Vec<_>>();
        for other in [text.replace("\r\n", "\n").replace('\n', "\r\n"), text.replace("\r\n", "\n").replace('\n', "\n  "), format!("\u{feff}{text}")] {
            let other = of(&other);
            prop_assert_eq!(plain.verdict(), other.verdict());
            prop_assert_eq!(ids(&plain), ids(&other));
        }
    }
}
