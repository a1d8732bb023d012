//! How many instructions each case takes, a number that no other program on the machine changes:
//! `cargo bench -p gmsa-benches --bench instructions [WORD...]`.
//!
//! It runs itself below valgrind for each case, and callgrind counts while [`counted`] runs. The crate that does this,
//! gungraun, wants a program of the same version installed beside it, and each case written down a second time.

use std::{
    io,
    process::{Command, ExitCode},
};

use gmsa_benches::{Case, Operation, Record, asked_for, tables};

/// Has this program do what callgrind watches: the case of the name before it.
const COUNTED: &str = "--counted";

fn main() -> io::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [name, .., last] = words.as_slice()
        && last == COUNTED
    {
        run(name);
        return Ok(ExitCode::SUCCESS);
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!(
            "valgrind is not installed (Debian and Ubuntu: apt-get install valgrind): nothing is counted"
        );
        return Ok(ExitCode::SUCCESS);
    }
    let mut record = Record::of("instructions");
    for case in asked_for() {
        let instructions = count(&case)?;
        println!("{:<64} {instructions:>14}", case.name());
        record.insert(case.name(), vec![instructions]);
        record.save()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run(name: &str) {
    let cases = tables().into_iter().flat_map(|table| table.cases);
    let case = cases.into_iter().find(|case| case.name() == name).expect("a case");
    let mut operation = case.prepare();
    // After a few, one is as the other: the allocator has what it needs.
    (0..4).for_each(|_| operation());
    counted(&mut operation, repetitions(&case));
}

/// Callgrind knows it by this name.
#[inline(never)]
fn counted(operation: &mut Operation, repetitions: u64) {
    (0..repetitions).for_each(|_| operation());
}

fn repetitions(case: &Case) -> u64 {
    if case.is_heavy() { 2 } else { 64 }
}

/// The instructions of one repetition.
fn count(case: &Case) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*::counted*"])
        .arg(std::env::current_exe()?)
        .args([case.name(), COUNTED])
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| name == "PATH"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match collected {
        Some(count @ 1..) if output.status.success() => Ok(count / repetitions(case)),
        _ => Err(io::Error::other(said)),
    }
}
