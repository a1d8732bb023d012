//! What was measured, kept below Cargo's target folder between the programs that measure and the one that shows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use serde::{Deserialize, Serialize};

/// Numbers by the name of the case, and at which commit they were taken.
pub struct Record {
    path: PathBuf,
    commit: Option<String>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// None where git was missing.
    commit: Option<String>,
    numbers: Vec<u64>,
}

impl Record {
    /// What was measured of this kind so far.
    pub fn of(kind: &str) -> Self {
        let path = target().join("gmsa-benches").join(format!("{kind}.json"));
        let entries = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let commit = said(Command::new("git").args(["rev-parse", "--short", "HEAD"]));
        Self { path, commit, entries: entries.unwrap_or_default() }
    }

    /// The numbers of a case.
    pub fn get(&self, name: &str) -> Option<&[u64]> {
        self.entries.get(name).map(|entry| entry.numbers.as_slice())
    }

    /// Puts down the numbers of a case, in place of earlier ones.
    pub fn insert(&mut self, name: &str, numbers: Vec<u64>) {
        self.entries.insert(name.to_owned(), Entry { commit: self.commit.clone(), numbers });
    }

    /// The commits at which the numbers of these cases were taken.
    pub fn commits<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> BTreeSet<Option<&str>> {
        let entries = names.into_iter().filter_map(|name| self.entries.get(name));
        entries.map(|entry| entry.commit.as_deref()).collect()
    }

    /// Keeps it.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if the file cannot be written.
    pub fn save(&self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.path, serde_json::to_vec_pretty(&self.entries)?)
    }
}

/// The one line that a program prints, if it is there and succeeds.
pub fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Cargo's target folder, in which this program lies.
pub fn target() -> PathBuf {
    let program = std::env::current_exe().expect("a program has a path");
    // Cargo leaves the tag out of a folder that was there before.
    let marks = ["CACHEDIR.TAG", ".rustc_info.json"];
    let is_target = |folder: &&Path| marks.iter().any(|mark| folder.join(mark).is_file());
    program.ancestors().find(is_target).expect("Cargo built it").to_owned()
}
