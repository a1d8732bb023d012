//! Webhook configurations, as they are applied to a cluster. What they should look like lies under `tests/golden`; to
//! write that anew, run the tests with `UPDATE_GOLDEN=1` and read the difference.

use std::collections::BTreeMap;

use crate::golden::assert_golden;
use gmsa_admission::configuration::{
    CaBundle, CertificateRef, ConfigurationError, EndpointUrl, FailurePolicy, NamespaceLabel, Namespaces,
    ServiceEndpoint, TimeoutSeconds, Trust, WebhookConfiguration, WebhookPath,
};
use gmsa_admission::template::Enforcement;
use serde_json::Value;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

fn service() -> ServiceEndpoint {
    ServiceEndpoint::new("gmsa-system", "gmsa-webhook").unwrap()
}

fn by_service() -> WebhookConfiguration {
    WebhookConfiguration::new(service(), Trust::CaBundle(CaBundle::from_pem(PEM.as_bytes()).unwrap()))
}

fn by_url() -> WebhookConfiguration {
    WebhookConfiguration::new(
        EndpointUrl::try_from("https://gmsa.contoso.com:8443/hooks/").unwrap(),
        Trust::SystemRoots,
    )
    .named("contoso-gmsa")
    .unwrap()
    .paths(WebhookPath::try_from("/expand").unwrap(), WebhookPath::try_from("/check").unwrap())
    .in_namespaces(Namespaces::except_upstream_opt_outs())
    .timeout(TimeoutSeconds::try_from(30).unwrap())
    .on_failed_expansion(FailurePolicy::Ignore)
    .label("team", "identity")
}

fn by_cert_manager() -> WebhookConfiguration {
    let certificate = CertificateRef::new("gmsa-system", "gmsa-webhook").unwrap();
    WebhookConfiguration::new(service().at_port(8443).unwrap(), Trust::CertManager(certificate))
        .in_namespaces(Namespaces::OptedIn(NamespaceLabel::new("contoso.com/gmsa", "enabled").unwrap()))
        .without_labels()
}

#[test]
fn the_configurations_are_as_recorded() {
    for (name, webhook) in [("service", by_service()), ("url", by_url()), ("cert-manager", by_cert_manager())]
    {
        assert_golden(&format!("webhook-{name}-mutating.json"), &webhook.mutating());
        assert_golden(&format!("webhook-{name}-validating.json"), &webhook.validating());
    }
}

#[test]
fn whatever_is_chosen_enforcement_fails_closed_and_heeds_no_label_of_a_pod() {
    for webhook in [by_service(), by_url(), by_cert_manager()] {
        let validating = webhook.validating().webhooks.unwrap();
        let mutating = webhook.mutating().webhooks.unwrap();
        assert_eq!((validating.len(), mutating.len()), (1, 1));
        let (validating, mutating) = (&validating[0], &mutating[0]);
        assert_eq!(validating.failure_policy.as_deref(), Some("Fail"));
        assert_eq!(mutating.reinvocation_policy.as_deref(), Some("IfNeeded"));
        assert_eq!((&validating.object_selector, &mutating.object_selector), (&None, &None));
        assert_eq!(validating.rules, mutating.rules);
        assert_eq!(validating.match_conditions, mutating.match_conditions);
        assert_eq!(validating.namespace_selector, mutating.namespace_selector);
        // Kubernetes asks for three labels at least.
        for name in [&validating.name, &mutating.name] {
            assert!(name.split('.').count() >= 3);
            gmsa_types::check_dns_subdomain("name", name).unwrap();
        }
    }
}

#[test]
fn templates_are_checked_beside_pods_and_advice_holds_nothing_up() {
    for (enforcement, policy) in [(Enforcement::Warn, "Ignore"), (Enforcement::Deny, "Fail")] {
        let webhook = by_service().templates(enforcement);
        let validating = webhook.validating().webhooks.unwrap();
        assert_eq!(validating[0], by_service().validating().webhooks.unwrap()[0]);
        assert_eq!(webhook.mutating(), by_service().mutating());
        assert_eq!(validating[1].failure_policy.as_deref(), Some(policy));
        let service = validating[1].client_config.service.as_ref().unwrap();
        assert_eq!(service.path.as_deref(), Some("/template"));
    }
    assert_golden(
        "webhook-templates-validating.json",
        &by_service().templates(Enforcement::Warn).validating(),
    );
}

#[test]
fn the_match_condition_is_short_enough_for_every_api_server_to_evaluate() {
    let hook = &by_service().validating().webhooks.unwrap()[0];
    let conditions = hook.match_conditions.as_ref().unwrap();
    assert_eq!(conditions.len(), 1);
    // Optionals and two-variable comprehensions are younger than match conditions.
    for young in [".?", "[?", "transformList", "distinct", "orValue"] {
        assert!(!conditions[0].expression.contains(young));
    }
}

#[test]
fn urls_are_refused_where_the_api_server_refuses_them() {
    for good in [
        "https://gmsa.contoso.com",
        "https://gmsa.contoso.com/",
        "https://10.0.0.1:8443",
        "https://[fd00::1]:8443/gmsa",
        "https://webhook_1/a/b.c~d",
    ] {
        let url = EndpointUrl::try_from(good).unwrap();
        assert_eq!(url.as_str(), good.trim_end_matches('/'));
    }
    let why = |text: &str| EndpointUrl::try_from(text).unwrap_err().to_string();
    for (bad, rule) in [
        ("http://gmsa.contoso.com", "it starts with https://"),
        ("HTTPS://gmsa.contoso.com", "it starts with https://"),
        ("gmsa.contoso.com", "it starts with https://"),
        ("", "it starts with https://"),
        ("https://", "it names a host"),
        ("https:///mutate", "it names a host"),
        ("https://:443", "it names a host"),
        ("https://a b", "it names a host"),
        ("https://fd00::1/", "its port is a number from 1 to 65535"),
        ("https://[fd00::zz]", "an address in brackets is one of IPv6"),
        ("https://user:secret@gmsa", "it has no user information"),
        ("https://gmsa?timeout=5s", "it has no query"),
        ("https://gmsa/#top", "it has no fragment"),
        ("https://gmsa:", "its port is a number from 1 to 65535"),
        ("https://gmsa:0", "its port is a number from 1 to 65535"),
        ("https://gmsa:+1", "its port is a number from 1 to 65535"),
        ("https://gmsa:65536", "its port is a number from 1 to 65535"),
        ("https://[fd00::1]8443", "its port is a number from 1 to 65535"),
        ("https://gmsa//a", "the parts of its path have letters, digits, `-`, `.`, `_` and `~` only"),
        ("https://gmsa/%2e", "the parts of its path have letters, digits, `-`, `.`, `_` and `~` only"),
    ] {
        assert_eq!(why(bad), format!("webhook URL is not valid: {rule}"), "{bad}");
        assert!(!why(bad).contains("secret"));
    }
}

#[test]
fn services_paths_and_timeouts_are_those_that_kubernetes_takes() {
    assert_eq!(service().at_port(0).unwrap_err().to_string(), "service port must be from 1 to 65535, not 0");
    for (namespace, name) in [("", "a"), ("a", ""), ("A", "a"), ("a", "a.b")] {
        assert!(ServiceEndpoint::new(namespace, name).is_err());
    }
    for (path, good) in [
        ("/mutate", true),
        ("/v1/mutate.gmsa", true),
        ("", false),
        ("/", false),
        ("//", false),
        ("/a//b", false),
        ("/Mutate", false),
        ("/mutate?x", false),
    ] {
        assert_eq!(WebhookPath::try_from(path).is_ok(), good, "{path}");
    }
    for (seconds, good) in [(0, false), (1, true), (30, true), (31, false), (255, false)] {
        assert_eq!(TimeoutSeconds::try_from(seconds).is_ok(), good, "{seconds}");
    }
    assert!(by_service().named("GMSA").is_err());
}

#[test]
fn a_ca_bundle_has_certificates_and_nothing_that_would_be_a_secret() {
    let rule = |pem: &str| match CaBundle::from_pem(pem.as_bytes()) {
        Ok(_) => String::new(),
        Err(error) => error.to_string().replace("CA bundle is not valid: ", ""),
    };
    assert_eq!(rule(PEM), "");
    assert_eq!(rule(&PEM.replace('\n', "\r\n")), "");
    assert_eq!(rule(&format!("Issuer: contoso\n{PEM}{PEM}")), "");
    // Two lines, and a length that needs two bytes.
    let long = format!("MIIBAA{}\n{}=", "A".repeat(58), "A".repeat(283));
    assert_eq!(rule(&PEM.replace("MAMCAQE=", &long)), "");
    assert_eq!(rule(""), "there is no certificate in it");
    assert_eq!(rule("MAMCAQE="), "there is no certificate in it");
    assert_eq!(
        rule(&PEM.replace("CERTIFICATE", "RSA PRIVATE KEY")),
        "it holds certificates only, and no key"
    );
    assert_eq!(
        rule(&format!("{PEM}{}", PEM.replace("CERTIFICATE", "EC PRIVATE KEY"))),
        "it holds certificates only, and no key"
    );
    assert_eq!(rule(PEM.trim_end_matches("-\n")), "each certificate has a begin and an end");
    assert_eq!(
        rule(&format!("{}{PEM}", "-----BEGIN CERTIFICATE-----\n")),
        "each certificate has a begin and an end"
    );
    assert_eq!(rule("-----END CERTIFICATE-----"), "each certificate has a begin and an end");
    assert_eq!(rule(&PEM.replace("MAMCAQE=", "MAMCAQE")), "a certificate is base64");
    for not_der in ["", "MA==", "MAQCAQE=", "MAMCAQEA", "MQMCAQE=", "MIA="] {
        assert_eq!(rule(&PEM.replace("MAMCAQE=", not_der)), "a certificate is one DER sequence", "{not_der}");
    }
    let error = CaBundle::from_pem(b"\xff").unwrap_err();
    assert_eq!(error.to_string(), "CA bundle is not valid: it is PEM, which is text");
    assert_eq!(format!("{:?}", CaBundle::from_pem(PEM.as_bytes()).unwrap()), "CaBundle(63 bytes)");
}

#[test]
fn a_selector_says_what_include_says() {
    let label = |key: &str, value: &str| NamespaceLabel::new(key, value).unwrap();
    let choices = [
        Namespaces::All,
        Namespaces::OptedIn(label("contoso.com/gmsa", "enabled")),
        Namespaces::Except(Vec::new()),
        Namespaces::Except(vec![label("exempt", "")]),
        Namespaces::except_upstream_opt_outs(),
    ];
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let namespaces = [
        (labels(&[]), [true, false, true, true, true]),
        (labels(&[("contoso.com/gmsa", "enabled")]), [true, true, true, true, true]),
        (labels(&[("contoso.com/gmsa", "no")]), [true, false, true, true, true]),
        (labels(&[("exempt", "")]), [true, false, true, false, true]),
        (labels(&[("gmsa-webhook", "disabled")]), [true, false, true, true, false]),
        (labels(&[("gmsa-webhook", "enabled")]), [true, false, true, true, true]),
        (labels(&[("windows.k8s.io/disabled", "true")]), [true, false, true, true, false]),
    ];
    for (labels, expected) in namespaces {
        for (choice, expected) in choices.iter().zip(expected) {
            assert_eq!(choice.include(&labels), expected, "{choice:?} {labels:?}");
            assert_eq!(selects(&serde_json::to_value(choice.selector()).unwrap(), &labels), expected);
        }
    }
}

/// As an API server reads a selector.
fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    assert_eq!(selector["matchLabels"], Value::Null);
    selector["matchExpressions"].as_array().into_iter().flatten().all(|requirement| {
        let values = requirement["values"].as_array().unwrap();
        let value = labels.get(requirement["key"].as_str().unwrap());
        let is_in = value.is_some_and(|value| values.iter().any(|one| one == value));
        is_in == (requirement["operator"] == "In")
    })
}

#[test]
fn labels_of_namespaces_are_those_that_kubernetes_takes() -> Result<(), ConfigurationError> {
    NamespaceLabel::new("a", "")?;
    NamespaceLabel::new("contoso.com/Gmsa_x.y", "On-1")?;
    for (key, value) in [
        ("", "a"),
        ("/a", "a"),
        ("A/b", "a"),
        ("a/b/c", "a"),
        ("a/", "a"),
        ("-a", "a"),
        ("a", "é"),
        ("a", "b."),
    ] {
        assert!(NamespaceLabel::new(key, value).is_err(), "{key}={value}");
    }
    assert!(NamespaceLabel::new("a".repeat(64), "").is_err());
    Ok(())
}
