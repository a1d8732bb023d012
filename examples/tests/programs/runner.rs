//! Runs a program as a user does, from the root of the workspace, and compares what it prints with what is checked in
//! under `tests/golden`. To write that anew, run the tests with `UPDATE_GOLDEN=1` and read the difference.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(executable(program));
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn run(program: &str, arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = command(program, arguments).spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    child.wait_with_output().unwrap()
}

/// Cargo builds these before it runs the tests, whichever of them.
fn executable(program: &str) -> &'static str {
    match program {
        "access" => env!("CARGO_BIN_EXE_access"),
        "credspec" => env!("CARGO_BIN_EXE_credspec"),
        "deploy" => env!("CARGO_BIN_EXE_deploy"),
        "review" => env!("CARGO_BIN_EXE_review"),
        "simulate" => env!("CARGO_BIN_EXE_simulate"),
        other => panic!("there is no program `{other}`"),
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub fn check_golden(name: &str, actual: &str) {
    let actual = with_slashes(actual);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{name} has changed");
}

/// The text with paths as they are checked in: between a folder of the examples and a file that it found there, a program
/// on Windows writes `\`, in JSON `\\`.
fn with_slashes(text: &str) -> String {
    const EXAMPLES: &str = "examples/manifests/";
    if !cfg!(windows) {
        return text.to_owned();
    }
    let mut pieces = text.split(EXAMPLES);
    let mut slashed = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let is_of_path = |c: char| c.is_ascii_alphanumeric() || ['-', '.', '\\'].contains(&c);
        let (path, rest) = piece.split_at(piece.find(|c| !is_of_path(c)).unwrap_or(piece.len()));
        slashed.extend([EXAMPLES, &path.replace(r"\\", "/").replace('\\', "/"), rest]);
    }
    slashed
}
