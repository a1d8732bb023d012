//! What was measured, kept below Cargo's target folder between the programs that measure and the one that shows it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Numbers by the name of the case.
pub struct Record {
    path: PathBuf,
    numbers: BTreeMap<String, Vec<u64>>,
}

impl Record {
    /// What was measured of this kind so far.
    pub fn of(kind: &str) -> Self {
        let path = target().join("gmsa-benches").join(format!("{kind}.json"));
        let numbers = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Self { path, numbers: numbers.unwrap_or_default() }
    }

    /// The numbers of a case.
    pub fn get(&self, name: &str) -> Option<&[u64]> {
        self.numbers.get(name).map(Vec::as_slice)
    }

    /// Puts down the numbers of a case, in place of earlier ones.
    pub fn insert(&mut self, name: &str, numbers: Vec<u64>) {
        self.numbers.insert(name.to_owned(), numbers);
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
        fs::write(&self.path, serde_json::to_vec_pretty(&self.numbers)?)
    }
}

/// Cargo's target folder, in which this program lies.
pub fn target() -> PathBuf {
    let program = std::env::current_exe().expect("a program has a path");
    let is_target = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    program.ancestors().find(is_target).expect("Cargo built it").to_owned()
}
