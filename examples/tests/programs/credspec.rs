//! Runs the program `credspec` as a user does. What it prints is checked in under `tests/golden`; to write it anew, run
//! the tests with `UPDATE_GOLDEN=1` and read the difference.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::runner::{self, check_golden, text};

fn command(arguments: &[&str]) -> Command {
    runner::command("credspec", arguments)
}

fn run(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    runner::run("credspec", arguments, input)
}

/// Runs it and returns what it prints.
fn printed(arguments: &[&str], input: impl AsRef<[u8]>, code: i32) -> String {
    let output = run(arguments, input);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
    assert!(!output.stdout.contains(&0x1b), "colours go to terminals only");
    text(&output.stdout)
}

fn json(arguments: &[&str], input: impl AsRef<[u8]>, code: i32) -> Value {
    serde_json::from_str(&printed(&[arguments, &["--output", "json"]].concat(), input, code)).unwrap()
}

/// What it says on the standard error, with nothing on the standard output.
fn refused(arguments: &[&str], input: impl AsRef<[u8]>) -> String {
    let output = run(arguments, input);
    let says = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {says}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert!(says.starts_with("error: "), "{arguments:?}: {says}");
    says
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("credspec-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

const FACTS: &str = "\
DNSRoot     : corp.example
DomainSID   : S-1-5-21-3623811015-3361044348-30300820
Forest      : corp.example
NetBIOSName : CORP
ObjectGUID  : 7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64
";

const ACCOUNT_SID: &str = "S-1-5-21-3623811015-3361044348-30300820-1104";

const PASSWORD: &str = "hunter2-not-to-be-shown";

fn spec() -> String {
    printed(&["new", "--facts", "-", "--account", "WebApp1"], FACTS, 0)
}

fn wrong_spec() -> String {
    spec().replace("S-1-5-21-3623811015-3361044348-30300820", ACCOUNT_SID)
}

/// Whose plug-in gets a password.
fn secret_spec() -> String {
    let plugin = "{33333333-3333-4333-8333-333333333333}";
    printed(&["new", "--facts", "-", "--account", "WebApp1", "--plugin", plugin, PASSWORD], FACTS, 0)
}

#[test]
fn new_takes_facts_as_text_or_options() {
    let from_list = spec();
    check_golden("credspec-new.json", &from_list);
    let options = [
        "new",
        "--sid=S-1-5-21-3623811015-3361044348-30300820",
        "--guid=7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64",
        "--dns-root=corp.example",
        "--forest=corp.example",
        "--net-bios-name=CORP",
        "--account=WebApp1$",
    ];
    assert_eq!(printed(&options, "", 0), from_list);
    // As `Get-ADDomain > facts.txt` of Windows PowerShell 5.1 writes it.
    let utf16: Vec<u8> = format!("\u{feff}{FACTS}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(printed(&["new", "--facts", "-", "--account", "WebApp1"], utf16, 0), from_list);
    let resource = ["--form", "resource-yaml", "--additional-account", "Log@dev.corp.example"];
    let resource = [&options[..], &resource, &["--rancher", "team-a:gmsa-user"]].concat();
    check_golden("credspec-new.yaml", &printed(&resource, "", 0));
}

#[test]
fn new_knows_the_plug_ins() {
    let id = "7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64";
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gmsa-AbCdEf";
    for (options, input) in [
        (
            &["--azure-key-vault", id, "https://vault.vault.azure.net/secrets/gmsa"][..],
            format!("ObjectId={id};SecretUri=https://vault.vault.azure.net/secrets/gmsa"),
        ),
        (&["--aws-arn", arn], format!(r#"{{"credentialArn":"{arn}"}}"#)),
        (&["--rancher", "team-a:gmsa"], "team-a:gmsa".to_owned()),
        (&["--plugin", id, "as it is"], "as it is".to_owned()),
    ] {
        let arguments = [&["new", "--facts", "-", "--account", "WebApp1"], options].concat();
        let made: Value = serde_json::from_str(&printed(&arguments, FACTS, 0)).unwrap();
        let host = &made["ActiveDirectoryConfig"]["HostAccountConfig"];
        assert_eq!(host["PluginInput"], input.as_str());
    }
    let linux = ["new", "--facts", "-", "--account", "WebApp1", "--aws-linux-arn", arn];
    let made: Value = serde_json::from_str(&printed(&linux, FACTS, 0)).unwrap();
    let host = &made["ActiveDirectoryConfig"]["HostAccountConfig"];
    assert_eq!(host["PluginInput"]["CredentialArn"], arn);
}

#[test]
fn new_reads_a_secret_from_a_file() {
    let secret = folder("secret").join("input");
    fs::write(&secret, format!("{PASSWORD}\n")).unwrap();
    let at = format!("@{}", path(&secret));
    let plugin = ["--plugin", "33333333-3333-4333-8333-333333333333", &at];
    let made = printed(&[&["new", "--facts", "-", "--account", "WebApp1"], &plugin[..]].concat(), FACTS, 0);
    assert_eq!(made, secret_spec());
}

#[test]
fn new_refuses_what_makes_no_credential_spec() {
    let facts = ["new", "--facts", "-"];
    for (arguments, input, says) in [
        (&["--account", ""][..], FACTS, "must not be empty"),
        (&["--account", r"CORP\WebApp1"], FACTS, "drop everything up to"),
        (&["--account", "a", "--additional-account", "a"], FACTS, "additional account 1"),
        (&["--account", "a", "--rancher", "x"], FACTS, "NAMESPACE:SECRET"),
        (&["--account", "a", "--plugin", "x", PASSWORD], FACTS, "--plugin"),
        (&["--account", "a", "--plugin", "x"], FACTS, "2 values required"),
        (&["--account", "a", "--rancher", "x:y", "--aws-arn", "x"], FACTS, "cannot be used with"),
        (&["--account", "a", "--name", "Not A Name", "--form", "resource-yaml"], FACTS, "--name"),
        (&["--account", "a", "--form", "pdf"], FACTS, "possible values"),
        (&["--account", "a", "--force"], FACTS, "--out"),
        (&["--account", "a"], "", "`DomainSID` is missing"),
        (&["--account", "a"], "{", "error: -: "),
        (&["--account", "a", "--sid", "S-1-5-21-1-2-3"], FACTS, "cannot be used with"),
    ] {
        let told = refused(&[&facts[..], arguments].concat(), input);
        assert!(told.contains(says), "{arguments:?}: {told}");
        assert!(!told.contains(PASSWORD));
    }
    let told = refused(&["new", "--account", "a", "--sid", ACCOUNT_SID], "");
    assert!(told.contains("drop the last part"), "{told}");
    let told = refused(&["new", "--account", "a"], "");
    for option in ["--sid", "--guid", "--dns-root", "--forest", "--net-bios-name"] {
        assert!(told.contains(option), "{told}");
    }
}

#[test]
fn new_writes_a_file_once() {
    let folder = folder("out");
    let file = folder.join("webapp1.json");
    let arguments = ["new", "--facts", "-", "--account", "WebApp1", "--out", path(&file)];
    assert_eq!(printed(&arguments, FACTS, 0), "");
    assert_eq!(fs::read_to_string(&file).unwrap(), spec());

    fs::write(&file, "mine").unwrap();
    assert!(refused(&arguments, FACTS).contains("--force"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    printed(&[&arguments[..], &["--force"]].concat(), FACTS, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), spec());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");

    let nowhere = folder.join("no/such/folder.json");
    refused(&["new", "--facts", "-", "--account", "WebApp1", "--out", path(&nowhere)], FACTS);
}

#[test]
fn lint_shows_the_line_with_a_caret() {
    let told = printed(&["lint"], wrong_spec(), 1);
    check_golden("credspec-lint.txt", &told);
    let lines: Vec<_> = told.lines().collect();
    let title = lines.iter().position(|line| line.starts_with("error[GC302]: ")).unwrap();
    assert_eq!(lines[title + 1].trim_start(), "--> -:6:12");
    let source = lines[title + 3];
    assert_eq!(source.split_once(" | ").unwrap().1, format!(r#"    "Sid": "{ACCOUNT_SID}","#));
    let caret = lines[title + 4].find('^').unwrap();
    assert_eq!(caret, source.find("\"S-1").unwrap());
    assert_eq!(lines[title + 4].matches('^').count(), ACCOUNT_SID.len() + 2);
    assert!(lines.last().unwrap().contains("1 error"), "{told}");
}

#[test]
fn lint_accepts_what_new_makes() {
    for form in ["document", "resource-yaml", "powershell"] {
        let made = printed(&["new", "--facts", "-", "--account", "WebApp1", "--form", form], FACTS, 0);
        let answer = json(&["lint"], &made, 0);
        assert_eq!((&answer["errors"], &answer["warnings"]), (&0.into(), &0.into()), "{answer:#}");
    }
}

#[test]
fn lint_takes_facts_to_compare_with() {
    let facts = folder("facts").join("domain.txt");
    fs::write(&facts, FACTS).unwrap();
    assert_eq!(json(&["lint", "--facts", path(&facts)], spec(), 0)["errors"], 0);
    fs::write(&facts, "DNSRoot : corp.example").unwrap();
    assert!(refused(&["lint", "--facts", path(&facts)], spec()).contains("domain.txt: "));
}

#[test]
fn lint_reads_folders_in_order() {
    let folder = folder("folders");
    fs::create_dir(folder.join("a")).unwrap();
    for (name, contents) in [
        ("b.yaml", wrong_spec()),
        ("a/c.TXT", wrong_spec()),
        ("a.json", wrong_spec()),
        ("z.yml", spec()),
        ("notes.md", wrong_spec()),
    ] {
        fs::write(folder.join(name), contents).unwrap();
    }
    let answer = json(&["lint", path(&folder)], "", 1);
    let findings = answer["findings"].as_array().unwrap();
    let mut files: Vec<_> = findings
        .iter()
        .filter(|finding| finding["id"] == "GC302")
        .map(|finding| Path::new(finding["object"]["file"].as_str().unwrap()))
        .collect();
    assert_eq!(answer["files"], 4);
    files.iter_mut().for_each(|file| *file = file.strip_prefix(&folder).unwrap());
    // As paths: what is between them is the system's.
    assert_eq!(files, ["a/c.TXT", "a.json", "b.yaml"].map(Path::new));
}

#[test]
fn lint_says_where_a_document_cannot_be_read() {
    let told = printed(&["lint"], "{\n  \"CmsPlugins\": [\n", 1);
    assert!(told.contains("--> -:"), "{told}");
    assert!(told.contains("is missing"), "{told}");
    let answer = json(&["lint"], b"{\"CmsPlugins\": \xff}", 1);
    assert!(answer["errors"].as_u64().unwrap() > 0);
}

#[test]
fn lint_never_shows_what_a_plug_in_gets() {
    let secret = secret_spec();
    let compact = printed(&["canonical"], &secret, 0);
    let account_sid = |text: &str| text.replace("S-1-5-21-3623811015-3361044348-30300820", ACCOUNT_SID);
    let broken = |text: &str| text.replace("\"PluginGUID\":", "\"PluginGUID\"");
    let mut texts = vec![
        account_sid(&secret),
        account_sid(&compact),
        broken(&secret),
        broken(&compact),
        broken(&compact).replace("PluginInput", "PlugnInpt"),
        broken(&compact).replace("PluginInput", "Plugin\\u0049nput"),
        // The value is where the text stops being a document.
        compact.replace(PASSWORD, &format!("{PASSWORD}\" {PASSWORD}")),
        compact.replace("\"PluginInput\":\"", "\"PluginInput\":"),
        // Another spelling, another type, a comment, a document in quotes.
        account_sid(&compact.replace("PluginInput", "plugin_input")),
        account_sid(&compact.replace("PluginInput", "PlugnInpt")),
        account_sid(&compact.replace("PluginInput", "Plugin\\u0049nput")),
        account_sid(&compact.replace(&format!("\"{PASSWORD}\""), &format!("{{\"x\":[\"{PASSWORD}\"]}}"))),
        account_sid(&format!("{} // PluginInput: {PASSWORD}\n", spec().trim_end())),
        Value::from(compact.as_str()).to_string(),
        format!("kind: GMSACredentialSpec\ncredspec: {}\n", Value::from(compact.as_str())),
    ];
    let yaml = printed(&["convert", "--form", "resource-yaml"], &secret, 0);
    texts.push(account_sid(&yaml));
    texts.push(format!("{yaml}\t x: [\n"));
    texts.push(account_sid(
        &yaml.replace(&format!("\"{PASSWORD}\""), &format!("|\n        a\n        {PASSWORD}")),
    ));
    for input in texts {
        for arguments in [&["lint"][..], &["lint", "--output", "json"], &["fix", "--output", "json"]] {
            let output = run(arguments, &input);
            let all = text(&output.stdout) + &text(&output.stderr);
            assert!(!all.is_empty());
            assert!(!all.contains(PASSWORD), "{arguments:?} of {input}: {all}");
        }
    }
    // The mask stands in the place of the value, and the caret still points at the place.
    let told = printed(&["lint"], account_sid(&compact), 1);
    let source = told.lines().position(|line| line.contains("S-1-5")).unwrap();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[source + 1].find('^'), lines[source].find("\"S-1-5"), "{told}");
}

#[test]
fn lint_survives_texts_that_are_hard_to_show() {
    for value in ["\u{1b}[31m", "\u{9b}31m", "\u{202e}", "\u{e4}\u{4e16}", "\t\t", &"x".repeat(100_000)] {
        let input = spec().replace("\"Sid\": \"", &format!("\"x\": \"{value}\", \"Sid\": \"{value}"));
        let told = text(&run(&["lint"], &input).stdout);
        assert!(!told.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{told}");
        assert!(told.lines().all(|line| line.len() < 1000), "{told}");
    }
}

#[test]
fn lint_leaves_out_what_is_allowed() {
    let ids = |arguments: &[&str], code| -> Vec<String> {
        let answer = json(arguments, wrong_spec(), code);
        let findings = answer["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(ids(&["lint"], 1).contains(&"GC302".to_owned()));
    assert!(!ids(&["lint", "--allow", "GC302"], 0).contains(&"GC302".to_owned()));
    assert!(refused(&["lint", "--allow", "GC999"], spec()).contains("GC999"));
}

#[test]
fn lint_explains_its_rules() {
    let table = printed(&["lint", "--rules"], "", 0);
    check_golden("credspec-rules.txt", &table);
    let rules = json(&["lint", "--rules"], "", 0);
    assert_eq!(table.lines().count(), rules.as_array().unwrap().len());
    for rule in rules.as_array().unwrap() {
        let id = rule["id"].as_str().unwrap();
        assert!(table.contains(id));
        let told = printed(&["lint", "--explain", id], "", 0);
        assert!(told.contains(rule["why"].as_str().unwrap()), "{told}");
    }
    assert!(refused(&["lint", "--explain", "GC999"], "").contains("GC999"));
}

#[test]
fn lint_refuses_what_it_cannot_use() {
    let empty = folder("empty");
    for (arguments, says) in [
        (&["lint", "no/such/file.json"][..], "no/such/file.json: "),
        (&["lint", path(&empty)], "has no .json"),
        (&["lint", "-", "-"], "only once"),
        (&["lint", "--target", "mars"], "possible values"),
        (&["lint", "--output", "xml"], "possible values"),
        (&["lint", "--facts", "no/such/facts"], "no/such/facts"),
        (&["lint", "--facts", "-"], "give a file"),
        (&["lint", "README.md", "no/such/file.json"], "no/such/file.json: "),
    ] {
        assert!(refused(arguments, spec()).contains(says), "{arguments:?}");
    }
}

#[test]
fn fix_prints_the_mended_text_alone() {
    let output = run(&["fix"], wrong_spec());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("fixed[GC302]"), "{}", text(&output.stderr));
    assert_eq!(printed(&["canonical"], &output.stdout, 0), printed(&["canonical"], spec(), 0));
    // What is mended needs no mending.
    let again = run(&["fix"], &output.stdout);
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn fix_changes_files_where_it_is_told_to() {
    let folder = folder("fix");
    let (wrong, right) = (folder.join("wrong.json"), folder.join("right.json"));
    fs::write(&wrong, wrong_spec()).unwrap();
    fs::write(&right, spec()).unwrap();
    assert!(refused(&["fix", path(&folder)], "").contains("--write"));
    assert_eq!(fs::read_to_string(&wrong).unwrap(), wrong_spec());

    let report = printed(&["fix", "--write", path(&folder)], "", 0);
    assert!(report.contains("wrong.json: fixed[GC302]"), "{report}");
    assert_eq!(printed(&["compare", path(&wrong), path(&right)], "", 0), "equal\n");
    assert_eq!(fs::read_to_string(&right).unwrap(), spec());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    assert!(refused(&["fix", "--write"], spec()).contains("name some"));
}

#[test]
fn canonical_prints_the_inlined_bytes_alone() {
    let (mut inlined, mut compared) = (0, 0);
    let folder = folder("vectors");
    let (left, right) = (folder.join("left.json"), folder.join("right.json"));
    for vector in vectors() {
        let field = |name: &str| vector[name].as_str();
        if let (Some(credspec), Some(contents)) = (field("credspec"), field("contents")) {
            inlined += 1;
            assert_eq!(printed(&["canonical"], credspec, 0), contents);
        } else if let (Some(a), Some(b), Some(equal)) = (field("a"), field("b"), vector["equal"].as_bool()) {
            compared += 1;
            fs::write(&left, a).unwrap();
            fs::write(&right, b).unwrap();
            let code = if equal { 0 } else { 1 };
            let output = run(&["compare", path(&left), path(&right)], "");
            // What is not equal may also be what cannot be read strictly.
            let is_refused = !equal && output.status.code() == Some(2);
            assert!(is_refused || output.status.code() == Some(code), "{a} {b}");
        }
    }
    assert!(inlined > 0 && compared > 0, "{inlined} inlined, {compared} compared");
}

fn vectors() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gmsa-credspec/tests/vectors/inline.jsonl");
    fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn canonical_is_the_same_from_every_form() {
    let canonical = printed(&["canonical"], spec(), 0);
    assert!(canonical.starts_with('{') && canonical.ends_with('}') && !canonical.contains(['\n', ' ']));
    let forms = ["document", "powershell", "resource-yaml", "resource-json", "docker-file", "canonical"];
    for form in forms {
        let converted = printed(&["convert", "--form", form], spec(), 0);
        assert_eq!(printed(&["canonical"], &converted, 0), canonical, "{form}");
    }
    assert_eq!(json(&["canonical"], spec(), 0)["contents"], canonical.as_str());
}

#[test]
fn canonical_keeps_what_could_pass_for_a_colour() {
    let input = "{\"CmsPlugins\":[\"\u{9b}31m\u{7f}\"]}";
    assert_eq!(printed(&["canonical"], input, 0), input);
}

#[test]
fn canonical_refuses_what_no_consumer_forgives() {
    for (input, says) in [
        ("\u{feff}{\"CmsPlugins\":[]}", "byte order mark"),
        ("{\"CmsPlugins\":[],}", ":1:"),
        ("{\"CmsPlugins\":[]} // x", "comment"),
        ("{\"CmsPlugins\":[],\"CmsPlugins\":[]}", "error: -:1:18: duplicate key"),
        ("{\"CmsPlugins\":[]} {\"CmsPlugins\":[]}", "2 documents; give one"),
        ("{\"CmsPlugins\":[1e999]}", "error: -:1:16: "),
        ("{\"CmsPlugins\":[", "is missing"),
        ("{\"x\":1,\"x\":1}", "error: -:1:8: duplicate key"),
        ("x: 1", "holds no credential spec"),
        ("[]", "error: -:1:1: "),
        ("", "holds no credential spec"),
        ("credspec: text\nkind: GMSACredentialSpec\n", "not an object"),
        ("kind: GMSACredentialSpec\ncredspec: {a: 1, a: 2}\n", "key that its object has already"),
    ] {
        assert!(refused(&["canonical"], input).contains(says), "{input:?}");
    }
    assert!(refused(&["canonical", "no/such/file"], "").contains("no/such/file: "));
}

#[test]
fn convert_reads_what_people_have() {
    let utf16: Vec<u8> = format!("\u{feff}{}", spec()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(printed(&["convert"], utf16, 0), spec());
    let yaml = printed(&["convert", "--form", "resource-yaml", "--name", "kept"], spec(), 0);
    assert_eq!(printed(&["convert", "--form", "resource-yaml"], &yaml, 0), yaml, "the name is kept");
    let answer = json(&["convert", "--form", "canonical"], spec(), 0);
    assert_eq!(answer["text"], printed(&["canonical"], spec(), 0));
}

#[test]
fn convert_writes_every_form() {
    for form in [
        "document",
        "resource-yaml",
        "resource-json",
        "docker-raw",
        "docker-file",
        "compose",
        "swarm",
        "ecs",
        "oci",
        "helm-values",
        "canonical",
        "powershell",
    ] {
        let converted = printed(&["convert", "--form", form], spec(), 0);
        assert!(converted.to_lowercase().contains("webapp1"), "{form}: {converted}");
    }
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gmsa-AbCdEf";
    let made = ["new", "--facts", "-", "--account", "WebApp1"];
    let windows = printed(&[&made[..], &["--aws-arn", arn]].concat(), FACTS, 0);
    let linux = printed(&[&made[..], &["--aws-linux-arn", arn]].concat(), FACTS, 0);
    assert_eq!(printed(&["convert", "--form", "aws-linux"], &windows, 0), linux);
    assert_eq!(printed(&["convert", "--form", "aws-windows"], &linux, 0), windows);
}

#[test]
fn convert_refuses_what_it_cannot_write() {
    let resource = ["convert", "--form", "resource-yaml"];
    for (arguments, input, says) in [
        (&resource[..], "{\"CmsPlugins\":[]}".to_owned(), "form `resource-yaml`"),
        (&["convert"], "{\"CmsPlugins\":[]".to_owned(), "error: -:1:"),
        (&["convert"], "[]".to_owned(), "holds no credential spec"),
        (&["convert"], format!("{0}{0}", spec()), "one at a time"),
        (&["convert", "--form", "x"], spec(), "possible values"),
        (&["convert", "no/such/file"], spec(), "no/such/file: "),
    ] {
        assert!(refused(arguments, &input).contains(says), "{arguments:?} {input}");
    }
}

#[test]
fn compare_follows_the_webhook() {
    let folder = folder("compare");
    let file = folder.join("pod.json");
    fs::write(&file, printed(&["canonical"], spec(), 0)).unwrap();
    let arguments = ["compare", "-", path(&file)];
    assert_eq!(printed(&arguments, spec(), 0), "equal\n");
    assert_eq!(json(&arguments, spec(), 0)["equal"], true);
    check_golden("credspec-compare.txt", &printed(&arguments, wrong_spec(), 1));
    let answer = json(&arguments, wrong_spec(), 1);
    assert_eq!(answer["differences"][0]["pointer"], "/DomainJoinConfig/Sid");
    for (arguments, input) in [
        (&["compare", "-", "-"][..], spec()),
        (&["compare", "-"], spec()),
        (&["compare", "-", "no/such/file"], spec()),
        (&arguments, "{".to_owned()),
        (&arguments, "\u{feff}".to_owned() + &spec()),
    ] {
        refused(arguments, input);
    }
}

#[test]
fn diff_says_what_differs() {
    let folder = folder("diff");
    let file = folder.join("a.yaml");
    fs::write(&file, printed(&["convert", "--form", "resource-yaml"], spec(), 0)).unwrap();
    let arguments = ["diff", "-", path(&file)];
    assert_eq!(printed(&arguments, spec(), 0), "no difference\n");
    assert_eq!(json(&arguments, spec(), 0)["equal"], true);
    check_golden("credspec-diff.txt", &printed(&arguments, wrong_spec(), 1));
    let answer = json(&arguments, wrong_spec(), 1);
    assert_eq!(answer["differences"].as_array().unwrap().len(), 1, "{answer}");
    let told = printed(&arguments, secret_spec(), 1);
    assert!(!told.contains(PASSWORD), "{told}");
    refused(&["diff", "-", "-"], spec());
    refused(&arguments, "{");
}

#[test]
fn diagnose_ranks_causes() {
    let broken = "nltest /sc_verify:corp.example\n\
        Trusted DC Connection Status Status = 1311 0x51f ERROR_NO_LOGON_SERVERS\n\
        The command completed successfully\n";
    let told = printed(&["diagnose", "--domain", "corp.example"], broken, 1);
    check_golden("credspec-diagnose.txt", &told);
    let answer = json(&["diagnose", "--domain", "corp.example"], broken, 1);
    assert_eq!(answer["verdict"], "broken");
    assert_eq!(answer["causes"][0]["id"], "GD201");
    assert_eq!(answer["nextCheck"]["command"], "nltest /parentdomain");

    let healthy = "nltest /sc_verify:corp.example\n\
        Trusted DC Connection Status Status = 0 0x0 NERR_Success\n";
    assert!(printed(&["diagnose"], healthy, 0).starts_with("healthy: "));
    let utf16: Vec<u8> = format!("\u{feff}{healthy}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(printed(&["diagnose", "-"], utf16, 0).starts_with("healthy: "));
    assert!(printed(&["diagnose"], "it does not work", 1).starts_with("not enough to tell: "));
    refused(&["diagnose", "no/such/file"], "");
    refused(&["diagnose", "--domain", "not a domain"], "");
}

#[test]
fn help_has_examples_and_exit_codes() {
    for subcommand in ["new", "lint", "fix", "convert", "canonical", "compare", "diff", "diagnose"] {
        let help = printed(&[subcommand, "--help"], "", 0);
        assert!(
            help.contains(&format!("  credspec {subcommand}"))
                || help.contains(&format!("| credspec {subcommand}")),
            "{help}"
        );
        assert!(help.contains("Exit codes:\n  0"), "{help}");
    }
    assert!(printed(&["--help"], "", 0).contains("Examples:"));
    assert_eq!(run(&[], "").status.code(), Some(2));
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    for arguments in [&["lint", "--rules"][..], &["canonical"], &["lint"], &["diagnose"], &["convert"]] {
        let mut child = command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let _ = child.stdin.take().unwrap().write_all(wrong_spec().as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn what_convert_writes_it_reads() {
    let canonical = printed(&["canonical"], spec(), 0);
    for form in [
        "document",
        "resource-yaml",
        "resource-json",
        "docker-raw",
        "docker-file",
        "compose",
        "oci",
        "canonical",
        "powershell",
    ] {
        let written = printed(&["convert", "--form", form, "--name", "webapp1"], spec(), 0);
        let document = printed(&["convert", "--form", "canonical"], &written, 0);
        assert_eq!(document, canonical, "{form}");
        // PowerShell ends its lines as Windows does, and that is strict JSON too.
        let inlined: Value = serde_json::from_str(&printed(&["canonical"], &written, 0)).unwrap();
        assert_eq!(inlined, serde_json::from_str::<Value>(&canonical).unwrap(), "{form}");
    }
    for form in ["swarm", "ecs"] {
        let arguments = ["convert", "--form", form, "--name", "webapp1", "--file-name", "webapp1.json"];
        let written = printed(&arguments, spec(), 0);
        assert!(refused(&["convert"], &written).contains("only names a credential spec"), "{form}");
    }
    assert!(refused(&["canonical"], format!("{canonical}{canonical}")).contains("2 documents; give one"));
}
