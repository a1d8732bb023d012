//! Holds what the READMEs promise about versions, and what the registry and docs.rs are told, against the manifests.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

const LIBRARIES: [&str; 4] = ["gmsa-types", "gmsa-credspec", "gmsa-rbac", "gmsa-admission"];

/// Dependencies of which no type is in an interface. Whoever adds one decides whether it is one of these, or public: then
/// it is in the table of the README, and a major version of it is one of ours.
const PRIVATE: [&str; 5] =
    ["granit-parser", "kube-cel", "serde-transcode", "serde_path_to_error", "thiserror"];

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What cargo says the manifests mean. `.ci/wine` asks it beforehand, for a file: a program under Wine hears nothing from
/// one of Linux.
fn metadata() -> Vec<u8> {
    if let Some(file) = env::var_os("CARGO_METADATA") {
        return fs::read(file).unwrap();
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version=1", "--manifest-path"])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    cargo.stdout
}

/// The libraries as cargo reads their manifests, by name.
fn packages() -> BTreeMap<String, Value> {
    let metadata: Value = serde_json::from_slice(&metadata()).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let named = packages.map(|package| (package["name"].as_str().unwrap().to_owned(), package.clone()));
    named.filter(|(name, _)| LIBRARIES.contains(&name.as_str())).collect()
}

/// The dependencies of a package that its users get, by name.
fn dependencies(package: &Value) -> BTreeMap<&str, &Value> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|one| one["kind"].is_null()).map(|one| (one["name"].as_str().unwrap(), one)).collect()
}

/// `1.2.3` as a table says it: what a caret requirement lets nothing past, or `0.2` of `0.2.3`.
fn major(version: &str) -> String {
    let parts: Vec<&str> = version.trim_start_matches('^').split('.').collect();
    if parts[0] == "0" { format!("0.{}", parts[1]) } else { parts[0].to_owned() }
}

/// The Kubernetes versions that CI builds: those of the step `versions`, and the workspace's own.
fn kubernetes_versions() -> BTreeSet<String> {
    let script = file(".ci/run");
    let list = script
        .lines()
        .find_map(|line| line.trim().strip_prefix("for version in "))
        .expect("a step `versions`");
    let own = file(".cargo/config.toml");
    let own =
        own.lines().find_map(|line| line.strip_prefix("K8S_OPENAPI_ENABLED_VERSION = ")).expect("a version");
    let others = list.trim_end_matches("; do").split(' ').map(str::to_owned);
    others.chain([own.trim_matches('"').to_owned()]).collect()
}

/// The text below the heading `Versions`, and the cells of the table in it, the newest row by column.
fn versions_of(name: &str) -> (String, BTreeMap<String, String>) {
    let readme = file(&format!("{name}/README.md"));
    let (_, section) =
        readme.split_once("# Versions\n").unwrap_or_else(|| panic!("{name} has a section `Versions`"));
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let mut rows = section.lines().filter(|line| line.starts_with('|'));
    let (head, newest) = (rows.next().unwrap(), rows.nth(1).unwrap());
    (section.to_owned(), cells(head).into_iter().zip(cells(newest)).collect())
}

#[test]
fn the_table_of_each_readme_has_the_versions_of_the_manifest() {
    for (name, package) in packages() {
        let (section, table) = versions_of(&name);
        let mut expected = BTreeMap::new();
        expected.insert(name.clone(), major(package["version"].as_str().unwrap()));
        expected.insert("Rust".to_owned(), package["rust_version"].as_str().unwrap().to_owned());
        let kubernetes = kubernetes_versions();
        let range = format!("{} to {}", kubernetes.first().unwrap(), kubernetes.last().unwrap());
        expected.insert("Kubernetes".to_owned(), range);
        for (dependency, one) in dependencies(&package) {
            let version = one["req"].as_str().unwrap();
            if LIBRARIES.contains(&dependency) {
                assert_eq!(
                    version,
                    format!("^{}", package["version"].as_str().unwrap()),
                    "{name} on {dependency}"
                );
                assert!(section.contains(&format!("`{dependency}`")), "{name} on {dependency}");
            } else if !PRIVATE.contains(&dependency) {
                expected.insert(dependency.to_owned(), major(version));
            }
        }
        // It comes with gmsa-types.
        if name == "gmsa-credspec" {
            expected.insert("k8s-openapi".to_owned(), versions_of("gmsa-types").1["k8s-openapi"].clone());
        }
        assert_eq!(table, expected, "{name}");
    }
}

#[test]
fn the_other_texts_say_the_same() {
    let packages = packages();
    let package = &packages["gmsa-types"];
    let rust = format!("minimum Rust version is {}", package["rust_version"].as_str().unwrap());
    let kubernetes = kubernetes_versions();
    let range = format!("{}\nto {} work", kubernetes.first().unwrap(), kubernetes.last().unwrap());
    let openapi = major(dependencies(package)["k8s-openapi"]["req"].as_str().unwrap());
    let line = format!("k8s-openapi = {{ version = \"{openapi}\", features = [\"v1_");
    assert!(file("README.md").contains(&rust) && file("CHANGELOG.md").contains(&rust), "{rust}");
    assert!(file("README.md").contains(&range), "{range}");
    for readme in ["", "gmsa-types/", "gmsa-credspec/", "gmsa-rbac/", "gmsa-admission/"] {
        let text = file(&format!("{readme}README.md")).replace('\n', " ");
        assert!(text.contains(&line), "{readme}README.md has not `{line}`");
    }
}

/// Each step of `.ci/run` is a job, so that a "no" says which question it answers.
#[test]
fn the_workflow_asks_what_the_script_asks() {
    let (script, workflow) = (file(".ci/run"), file(".github/workflows/ci.yml"));
    let between = |text: &str, start: &str, end: char, separator: &str| -> Vec<String> {
        let list = text.lines().find_map(|line| line.trim().strip_prefix(start)).expect(start);
        list.trim_end_matches(end).split(separator).map(str::to_owned).collect()
    };
    assert_eq!(between(&script, "steps=\"", '"', " "), between(&workflow, "step: [", ']', ", "));
}

#[test]
fn the_registry_gets_all_that_it_shows() {
    for (name, package) in packages() {
        for field in ["description", "license", "readme", "documentation", "rust_version"] {
            assert!(package[field].is_string(), "{name} has no {field}");
        }
        for list in ["keywords", "categories"] {
            let length = package[list].as_array().unwrap().len();
            assert!((1..=5).contains(&length), "{name} has {length} {list}, of five that may be");
        }
        assert!(package["publish"].is_null(), "{name} is for everybody");
    }
}

/// docs.rs has no `.cargo/config.toml` of ours, and k8s-openapi does not build without a Kubernetes version.
#[test]
fn docs_rs_is_told_a_kubernetes_version_in_a_way_that_cargo_takes() {
    for (name, package) in packages() {
        let docs_rs = &package["metadata"]["docs"]["rs"];
        assert_eq!(docs_rs["all-features"], true, "{name}");
        let strings = |key: &str| -> Vec<String> {
            let list = docs_rs[key].as_array().into_iter().flatten();
            list.map(|one| one.as_str().unwrap().to_owned()).collect()
        };
        let (features, arguments) = (strings("features"), strings("cargo-args"));
        let dependencies = dependencies(&package);
        for feature in &features {
            let (dependency, _) = feature.split_once('/').expect("a feature of a dependency");
            assert!(dependencies.contains_key(dependency), "{name} does not depend on {dependency} itself");
        }
        let told = |texts: &[String], start: &str| texts.iter().any(|text| text.starts_with(start));
        assert!(
            told(&features, "k8s-openapi/v1_") || told(&arguments, "env.K8S_OPENAPI_ENABLED_VERSION="),
            "{name} chooses no Kubernetes version for docs.rs",
        );
    }
}
