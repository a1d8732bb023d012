//! What an installed definition does other than ours.
#![cfg(feature = "schemars")]

use gmsa_types::{
    crd::{Constraint, Definition, Difference, DifferenceKind, SelectableField, compare, definition},
    finding::Severity,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use serde_json::{Value, json};

/// The definition in the form that a cluster returns it, changed.
fn changed(definition: &Definition, change: impl Fn(&mut Value)) -> CustomResourceDefinition {
    let mut crd = serde_json::to_value(definition.build()).unwrap();
    change(&mut crd);
    serde_json::from_value(crd).unwrap()
}

/// The definition with its first version changed, at a place of the schema.
fn changed_at(
    definition: &Definition,
    place: &str,
    change: impl Fn(&mut serde_json::Map<String, Value>),
) -> CustomResourceDefinition {
    changed(definition, |crd| {
        let pointer = place.replace("[]", "/items").replace('.', "/properties/");
        let schema = crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema").unwrap();
        change(schema.pointer_mut(&pointer).unwrap().as_object_mut().unwrap());
    })
}

fn lines(found: &[Difference]) -> Vec<String> {
    found.iter().map(|difference| format!("{}: {difference}", difference.severity())).collect()
}

fn found(installed: &CustomResourceDefinition, ours: &Definition) -> Vec<String> {
    lines(&compare(installed, &ours.build()))
}

fn upstream() -> Definition {
    Definition::upstream()
}

fn strict() -> Definition {
    Definition::strict()
}

/// What kubernetes-sigs/windows-gmsa installs: no columns, no short names, and so no categories.
fn as_upstream_installs_it(crd: &mut Value) {
    let names = crd["spec"]["names"].as_object_mut().unwrap();
    names.retain(|key, _| ["kind", "plural"].contains(&key.as_str()));
    for version in crd["spec"]["versions"].as_array_mut().unwrap() {
        version.as_object_mut().unwrap().remove("additionalPrinterColumns");
    }
}

#[test]
fn a_definition_does_not_differ_from_itself() {
    for definition in [upstream(), strict(), strict().keep_unknown_fields(), strict().require_identity()] {
        let definition = definition.selectable(SelectableField::ALL);
        assert_eq!(compare(&definition.build(), &definition.build()), []);
    }
}

#[test]
fn upstream_s_own_lacks_what_kubectl_shows_and_nothing_else() {
    let expected = [
        "info: does not have the short name `gmsa`",
        "info: does not have the short name `gmsacs`",
        "info: is not in the category `gmsa`",
        "info: v1: does not show the column `Account`",
        "info: v1: does not show the column `Domain`",
        "info: v1: does not show the column `Plugin`",
        "info: v1: does not show the column `Age`",
        "info: v1alpha1: does not show the column `Account`",
        "info: v1alpha1: does not show the column `Domain`",
        "info: v1alpha1: does not show the column `Plugin`",
        "info: v1alpha1: does not show the column `Age`",
    ];
    assert_eq!(found(&changed(&upstream(), as_upstream_installs_it), &upstream()), expected);
}

#[test]
fn what_a_cluster_adds_to_a_definition_is_no_difference() {
    let installed = changed(&strict(), |crd| {
        crd["metadata"]["uid"] = json!("1");
        crd["status"] = json!({"storedVersions": ["v1"], "conditions": [], "acceptedNames": {"kind": "x", "plural": "y"}});
        for version in crd["spec"]["versions"].as_array_mut().unwrap() {
            let schema = &mut version["schema"]["openAPIV3Schema"];
            schema["description"] = json!("other words");
            schema["properties"]["apiVersion"] = json!({"type": "string"});
            schema["properties"]["kind"] = json!({"type": "string"});
            schema["properties"]["metadata"] = json!({"type": "object"});
            let list = &mut schema["properties"]["credspec"]["properties"]["CmsPlugins"];
            list["x-kubernetes-list-type"] = json!("atomic");
            list["uniqueItems"] = json!(false);
            list["items"]["nullable"] = json!(false);
        }
    });
    assert_eq!(compare(&installed, &strict().build()), []);
}

#[test]
fn an_old_upstream_definition_drops_the_plug_in() {
    let installed = changed_at(&upstream(), ".credspec.ActiveDirectoryConfig", |directory| {
        directory["properties"].as_object_mut().unwrap().remove("HostAccountConfig").unwrap();
    });
    let differences = compare(&installed, &definition());
    assert_eq!(
        lines(&differences),
        ["error: v1 .credspec.ActiveDirectoryConfig.HostAccountConfig: drops this field"]
    );
    assert_eq!(differences[0].version(), Some("v1"));
    assert_eq!(differences[0].path(), ".credspec.ActiveDirectoryConfig.HostAccountConfig");
    assert_eq!(differences[0].kind(), &DifferenceKind::Prunes);
    // And the other way round.
    assert_eq!(
        lines(&compare(&definition(), &installed)),
        ["warning: v1 .credspec.ActiveDirectoryConfig.HostAccountConfig: keeps this field, which ours drops",]
    );
}

#[test]
fn upstream_accepts_what_the_strict_one_refuses_and_refuses_nothing_more() {
    let differences = compare(&definition(), &strict().build());
    for difference in &differences {
        assert!(matches!(difference.kind(), DifferenceKind::Accepts(_)), "{difference}");
        assert_eq!(difference.severity(), Severity::Warning);
    }
    let has = |path: &str, constraint: Constraint| {
        let kind = DifferenceKind::Accepts(constraint);
        for version in ["v1", "v1alpha1"] {
            let is_it = |found: &&Difference| {
                found.version() == Some(version) && found.path() == path && *found.kind() == kind
            };
            assert_eq!(differences.iter().filter(is_it).count(), 1, "{path}: {kind}");
        }
    };
    has("", Constraint::Required("credspec".to_owned()));
    has(".credspec.CmsPlugins", Constraint::MinItems(1));
    has(".credspec.CmsPlugins", Constraint::MaxItems(16));
    has(".credspec.CmsPlugins", Constraint::Rule("'ActiveDirectory' in self".to_owned()));
    has(".credspec.DomainJoinConfig", Constraint::Required("Sid".to_owned()));
    has(
        ".credspec.ActiveDirectoryConfig.HostAccountConfig.PortableCcgVersion",
        Constraint::OneOf(vec![json!("1")]),
    );
    let shown: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert!(shown.contains(&"v1: accepts an object without `credspec`".to_owned()));
    assert!(
        shown.contains(
            &"v1 .credspec.ActiveDirectoryConfig.HostAccountConfig.PortableCcgVersion: \
          accepts a value other than `\"1\"`"
                .to_owned()
        )
    );

    // The other way round the same stands there as a refusal.
    let turned = compare(&strict().build(), &definition());
    assert_eq!(turned.len(), differences.len());
    for difference in &turned {
        assert!(matches!(difference.kind(), DifferenceKind::Refuses(_)), "{difference}");
        assert_eq!(difference.severity(), Severity::Error);
    }
}

#[test]
fn unknown_keys_are_dropped_or_kept_at_every_level() {
    let places = [
        "",
        " .credspec",
        " .credspec.ActiveDirectoryConfig",
        " .credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[]",
        " .credspec.ActiveDirectoryConfig.HostAccountConfig",
        " .credspec.DomainJoinConfig",
    ];
    let expected = |severity: &str, words: &str| {
        let lines =
            |version: &str| places.map(|place| format!("{severity}: {version}{place}: {words} unknown keys"));
        [lines("v1"), lines("v1alpha1")].concat()
    };
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let keeps = upstream().keep_unknown_fields();
    assert_eq!(sorted(found(&definition(), &keeps)), sorted(expected("error", "drops")));
    assert_eq!(sorted(found(&keeps.build(), &upstream())), sorted(expected("warning", "keeps")));

    // As definitions of `v1beta1` could have it.
    let always = changed(&upstream(), |crd| crd["spec"]["preserveUnknownFields"] = json!(true));
    assert_eq!(sorted(found(&always, &upstream())), sorted(expected("warning", "keeps")));
    assert_eq!(found(&always, &keeps), Vec::<String>::new());
}

#[test]
fn a_level_without_properties_keeps_what_is_kept_around_it() {
    let keeps = upstream().keep_unknown_fields();
    let installed = changed_at(&keeps, ".credspec", |document| {
        document.remove("properties");
    });
    let expected = [
        "warning: v1 .credspec.ActiveDirectoryConfig: accepts any value",
        "warning: v1 .credspec.CmsPlugins: accepts any value",
        "warning: v1 .credspec.DomainJoinConfig: accepts any value",
    ];
    assert_eq!(found(&installed, &keeps), expected);
    let installed = changed_at(&keeps, ".credspec.DomainJoinConfig", |domain| {
        domain.remove("properties");
        domain.remove("x-kubernetes-preserve-unknown-fields");
    });
    let lines = found(&installed, &upstream());
    assert!(lines.contains(&"warning: v1 .credspec.DomainJoinConfig.Sid: accepts any value".to_owned()));
}

#[test]
fn versions_names_and_the_scope_are_compared() {
    type Change = fn(&mut Value);
    let cases: [(Change, &[&str]); 11] = [
        (|crd| crd["spec"]["versions"][1]["served"] = json!(false), &["error: v1alpha1: is not served"]),
        (
            |crd| drop(crd["spec"]["versions"].as_array_mut().unwrap().remove(1)),
            &["error: v1alpha1: is not served"],
        ),
        (
            |crd| {
                crd["spec"]["versions"][0]["storage"] = json!(false);
                crd["spec"]["versions"][1]["storage"] = json!(true);
            },
            &["warning: v1: is not the version that is stored"],
        ),
        (
            |crd| {
                let mut version = crd["spec"]["versions"][1].clone();
                version["name"] = json!("v2");
                crd["spec"]["versions"].as_array_mut().unwrap().push(version);
            },
            &["warning: v2: is served, and ours does not have it"],
        ),
        (
            |crd| {
                crd["status"] = json!({"storedVersions": ["v1alpha2", "v1"], "conditions": [],
                    "acceptedNames": {"kind": "", "plural": ""}});
            },
            &["error: v1alpha2: has stored objects, so that the API server refuses a definition without it"],
        ),
        (
            |crd| crd["spec"]["scope"] = json!("Namespaced"),
            &["error: has the scope `Namespaced`, which cannot be changed without deleting every object"],
        ),
        (
            |crd| crd["spec"]["group"] = json!("auth.k8s.io"),
            &["error: is a definition of the group `auth.k8s.io`, and so of another resource"],
        ),
        (
            |crd| crd["spec"]["names"]["plural"] = json!("credspecs"),
            &["error: has the plural `credspecs`, and so is another resource"],
        ),
        (
            |crd| crd["spec"]["names"]["kind"] = json!("GMSA\n\u{202e}Spec"),
            &["error: has the kind `GMSA\\n\\u{202e}Spec`"],
        ),
        (
            |crd| crd["spec"]["conversion"] = json!({"strategy": "Webhook"}),
            &["error: converts versions by the strategy `Webhook`"],
        ),
        (|crd| drop(crd["spec"].as_object_mut().unwrap().remove("conversion")), &[]),
    ];
    for (change, expected) in cases {
        assert_eq!(found(&changed(&upstream(), change), &upstream()), expected);
    }
}

#[test]
fn a_field_that_cannot_be_selected_by_is_told() {
    let ours = upstream().selectable([SelectableField::Sid, SelectableField::Guid]);
    let installed = upstream().selectable([SelectableField::Guid]).build();
    let expected = ["v1", "v1alpha1"].map(|version| {
        format!("info: {version}: does not let clients select by `.credspec.DomainJoinConfig.Sid`")
    });
    assert_eq!(found(&installed, &ours), expected);
    assert_eq!(compare(&ours.build(), &definition()), []);
}

#[test]
fn bounds_and_choices_are_compared_by_what_they_allow() {
    let sid = ".credspec.DomainJoinConfig.Sid";
    let cases = [
        ("maxLength", json!(300), vec!["warning: accepts a text of more than 255 characters"]),
        ("maxLength", json!(200), vec!["error: refuses a text of more than 200 characters"]),
        ("minLength", json!(0), vec!["warning: accepts a text of less than 1 characters"]),
        ("minLength", json!(9), vec!["error: refuses a text of less than 9 characters"]),
        ("format", json!("sid"), vec!["error: refuses a value that `format: \"sid\"` does not allow"]),
        ("enum", json!(["a"]), vec!["error: refuses a value other than `\"a\"`"]),
        ("nullable", json!(true), vec!["warning: accepts `null`"]),
        (
            "type",
            json!("integer"),
            vec![
                "error: refuses a value that is not of the type `integer`",
                "warning: accepts a value that is not of the type `string`",
            ],
        ),
    ];
    for (keyword, value, expected) in cases {
        let installed = changed_at(&strict(), sid, |schema| {
            schema.insert(keyword.to_owned(), value.clone());
        });
        let expected: Vec<_> =
            expected.iter().map(|line| line.replacen(": ", &format!(": v1 {sid}: "), 1)).collect();
        assert_eq!(found(&installed, &strict()), expected, "{keyword}");
    }
    let version = ".credspec.ActiveDirectoryConfig.HostAccountConfig.PortableCcgVersion";
    let installed = changed_at(&strict(), version, |schema| {
        schema.insert("enum".to_owned(), json!(["1", "2"]));
    });
    assert_eq!(
        found(&installed, &strict()),
        [format!("warning: v1 {version}: accepts a value other than `\"1\"`")]
    );
    let installed = changed_at(&upstream(), ".credspec.DomainJoinConfig", |schema| {
        schema.insert("minProperties".to_owned(), json!(1));
        schema.insert("maxProperties".to_owned(), json!(6));
    });
    assert_eq!(
        found(&installed, &upstream()),
        [
            "error: v1 .credspec.DomainJoinConfig: refuses an object of less than 1 keys",
            "error: v1 .credspec.DomainJoinConfig: refuses an object of more than 6 keys",
        ]
    );
}

#[test]
fn another_pattern_or_rule_may_refuse_and_may_accept() {
    let guid = ".credspec.DomainJoinConfig.Guid";
    let installed = changed_at(&strict(), guid, |schema| {
        schema.insert("pattern".to_owned(), json!("^\n$"));
        schema
            .insert("x-kubernetes-validations".to_owned(), json!([{"rule": " self != '' ", "message": "m"}]));
        schema.remove("not");
    });
    let lines = found(&installed, &strict());
    assert_eq!(lines[0], format!(r"error: v1 {guid}: refuses a text that does not match the pattern `^\n$`"));
    assert_eq!(
        lines[1],
        format!("error: v1 {guid}: refuses a value for which the rule `self != ''` does not hold")
    );
    assert!(lines[2].starts_with(&format!("warning: v1 {guid}: accepts a text that does not match")));
    assert!(lines[3].starts_with(&format!("warning: v1 {guid}: accepts a value that `not: {{")));
    assert_eq!(lines.len(), 4);

    // What a rule says to the user is no part of what it refuses.
    let installed = changed_at(&strict(), ".credspec.CmsPlugins", |schema| {
        schema["x-kubernetes-validations"][0]["message"] = json!("other words");
    });
    assert_eq!(compare(&installed, &strict().build()), []);
}

#[test]
fn maps_are_compared_by_the_schema_of_their_values() {
    let installed = changed_at(&upstream(), ".credspec.DomainJoinConfig", |schema| {
        schema.remove("properties");
        schema.insert("additionalProperties".to_owned(), json!({"type": "string", "maxLength": 9}));
    });
    let lines = found(&installed, &upstream());
    assert_eq!(lines.len(), 7, "{lines:#?}");
    assert_eq!(lines[0], "warning: v1 .credspec.DomainJoinConfig: keeps unknown keys");
    assert_eq!(
        lines[1],
        "error: v1 .credspec.DomainJoinConfig.DnsName: refuses a text of more than 9 characters"
    );
    let any = changed_at(&upstream(), ".credspec.DomainJoinConfig", |schema| {
        schema.remove("properties");
        schema.insert("additionalProperties".to_owned(), json!(true));
    });
    assert!(
        found(&any, &upstream())
            .contains(&"warning: v1 .credspec.DomainJoinConfig.Guid: accepts any value".to_owned())
    );
    assert_eq!(
        lines_of_map(&installed, &any),
        [
            "error: v1 .credspec.DomainJoinConfig.*: refuses a value that is not of the type `string`",
            "error: v1 .credspec.DomainJoinConfig.*: refuses a text of more than 9 characters",
        ]
    );
    assert_eq!(
        lines_of_map(&any, &installed),
        ["warning: v1 .credspec.DomainJoinConfig.*: accepts any value"]
    );
}

fn lines_of_map(installed: &CustomResourceDefinition, ours: &CustomResourceDefinition) -> Vec<String> {
    let mut lines = lines(&compare(installed, ours));
    lines.retain(|line| !line.contains("`null`"));
    lines
}

#[test]
fn a_version_without_a_schema_drops_everything() {
    let installed = changed(&upstream(), |crd| {
        crd["spec"]["versions"][0]["schema"] = json!({"openAPIV3Schema": {"type": "object"}});
    });
    assert_eq!(found(&installed, &upstream()), ["error: v1 .credspec: drops this field"]);
}

/// A schema of `levels`, in one of the ways in which a schema can be in another.
fn nested(levels: usize, wrap: impl Fn(JSONSchemaProps) -> JSONSchemaProps) -> CustomResourceDefinition {
    let mut schema = JSONSchemaProps { type_: Some("string".to_owned()), ..JSONSchemaProps::default() };
    for _ in 1..levels {
        schema = wrap(schema);
    }
    let mut crd = definition();
    crd.spec.versions[0].schema.as_mut().unwrap().open_api_v3_schema = Some(schema);
    crd
}

#[test]
fn deep_schemas_are_not_followed() {
    let object = |schema| JSONSchemaProps {
        type_: Some("object".to_owned()),
        properties: Some([("a".to_owned(), schema)].into()),
        ..JSONSchemaProps::default()
    };
    let list = |schema| JSONSchemaProps {
        type_: Some("array".to_owned()),
        items: Some(JSONSchemaPropsOrArray::Schema(Box::new(schema))),
        ..JSONSchemaProps::default()
    };
    let not = |schema| JSONSchemaProps { not: Some(Box::new(schema)), ..JSONSchemaProps::default() };
    let all_of = |schema| JSONSchemaProps { all_of: Some(vec![schema]), ..JSONSchemaProps::default() };
    let too_deep = "error: v1: has a schema that is nested too deeply to compare";
    for crd in [nested(65, object), nested(65, list), nested(65, not), nested(500, all_of)] {
        assert!(found(&crd, &upstream()).contains(&too_deep.to_owned()));
        assert_eq!(lines(&compare(&crd, &crd)), [too_deep]);
    }
    for crd in [nested(64, object), nested(64, list), nested(64, not)] {
        assert_eq!(compare(&crd, &crd), []);
    }
}

#[test]
fn the_paths_of_strange_keys_stay_in_their_line() {
    let installed = changed_at(&upstream(), ".credspec", |document| {
        document["properties"]["a\nb\u{202e}"] = json!({"type": "string"});
    });
    assert_eq!(
        found(&installed, &upstream()),
        [r"warning: v1 .credspec.a\nb\u{202e}: keeps this field, which ours drops"]
    );
}
