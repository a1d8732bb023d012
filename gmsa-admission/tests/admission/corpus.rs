//! Replays the corpus of the fuzz targets, and changes of it that a generator makes up: what fuzzing found stays found, and
//! a machine without a fuzzer can go on looking.
//!
//! `FUZZ_SECONDS=120 cargo test --release -p gmsa-admission --all-features --test admission corpus -- --nocapture` looks for that
//! long with each target. An input that fails is printed, and is one more file for the corpus.

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::fuzz;

/// How often a changed file is tried for each file of the corpus, unless a time is given.
const ROUNDS: usize = 16;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Runs one input, and prints it before the test fails of it.
fn run(target: &str, law: fuzz::Law, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| law(input))) {
        eprintln!("{target} fails of {}", input.escape_ascii());
        resume_unwind(panic);
    }
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit.max(1)
    }

    /// One to four changes: a byte set, put in or taken out, a piece taken out or said twice, a piece of another file.
    fn change(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        const TELLING: &[u8] = b"{}[]\",:\\\0\n -+.eE0129aAnsu$@/\xff\xfe\xef\xbb\xbf";
        for _ in 0..=self.below(4) {
            let at = self.below(input.len() + 1);
            let end = (at + self.below(24)).min(input.len());
            let byte = match self.below(2) {
                0 => TELLING[self.below(TELLING.len())],
                _ => u8::try_from(self.below(256)).unwrap(),
            };
            match self.below(6) {
                0 if at < input.len() => input[at] = byte,
                1 => input.insert(at, byte),
                2 if at < input.len() => drop(input.remove(at)),
                3 => drop(input.drain(at..end)),
                4 => {
                    let piece = input[at..end].to_vec();
                    input.splice(at..at, piece);
                }
                _ => {
                    let from = self.below(other.len() + 1);
                    let until = (from + self.below(64)).min(other.len());
                    input.splice(at..end, other[from..until].iter().copied());
                }
            }
        }
    }
}

#[test]
fn the_corpus_and_what_is_near_it_break_no_law() {
    let seconds = env::var("FUZZ_SECONDS").ok().map(|text| text.parse().expect("FUZZ_SECONDS is a number"));
    for (target, law) in fuzz::TARGETS {
        let files = corpus(target);
        assert!(!files.is_empty(), "{target} has no corpus");
        files.iter().for_each(|file| run(target, law, file));
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let start = Instant::now();
        let mut runs = 0;
        let goes_on = |runs: usize| match seconds {
            Some(seconds) => start.elapsed() < Duration::from_secs(seconds),
            None => runs < ROUNDS * files.len(),
        };
        while goes_on(runs) {
            let mut input = files[numbers.below(files.len())].clone();
            let other = numbers.below(files.len());
            numbers.change(&mut input, &files[other]);
            run(target, law, &input);
            runs += 1;
        }
        println!("{target}: {} files, {runs} changes of them", files.len());
    }
}

/// A target that is forgotten in one of the places is not run, there or here.
#[test]
fn each_target_has_a_binary_and_a_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |folder: PathBuf| -> Vec<String> {
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| stem(entry.unwrap().path())).collect();
        names.sort();
        names
    };
    let mut targets = fuzz::TARGETS.map(|(name, _)| name);
    targets.sort_unstable();
    assert_eq!(names(folder.join("fuzz_targets")), targets);
    assert_eq!(names(folder.join("corpus")), targets);
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for target in targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
    }
}
