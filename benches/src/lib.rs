//! What is measured: named cases, each with its input and with a check of what it does, beside the alternatives and the
//! floor. The programs beside this folder take times, allocations and instructions of the same cases.

mod access;
mod admission;
mod alternative;
mod credspec;
mod hostile;
mod record;
mod review;
mod verdict;

pub use record::{Record, said, target};

/// What a case does again and again. It asserts its result.
pub type Operation = Box<dyn FnMut()>;

/// Something to measure.
pub struct Case {
    name: String,
    what: &'static str,
    floor: Option<String>,
    size: Option<usize>,
    heavy: bool,
    prepare: Box<dyn Fn() -> Operation>,
}

impl Case {
    /// A case whose input is made when it is `prepare`d, which also checks thoroughly, once, what the operation does.
    fn new(name: impl Into<String>, what: &'static str, prepare: impl Fn() -> Operation + 'static) -> Self {
        Self { name: name.into(), what, floor: None, size: None, heavy: false, prepare: Box::new(prepare) }
    }

    fn over(self, floor: impl Into<String>) -> Self {
        Self { floor: Some(floor.into()), ..self }
    }

    fn sized(self, size: usize) -> Self {
        Self { size: Some(size), ..self }
    }

    fn heavy_if(self, heavy: bool) -> Self {
        Self { heavy, ..self }
    }

    /// What it is called, in words between slashes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does, for people.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The name of the case that it is held against.
    pub fn floor(&self) -> Option<&str> {
        self.floor.as_deref()
    }

    /// The size of its input, in a table of growing inputs. Cases that do the same have the same `what`.
    pub fn size(&self) -> Option<usize> {
        self.size
    }

    /// Whether few repetitions must do.
    pub fn is_heavy(&self) -> bool {
        self.heavy
    }

    /// Makes the input, and checks the operation on it.
    pub fn prepare(&self) -> Operation {
        (self.prepare)()
    }
}

/// Cases that are shown together.
pub struct Table {
    /// Its heading.
    pub title: &'static str,
    /// What the sizes count, if it shows how the cost grows.
    pub unit: Option<&'static str>,
    /// Its rows.
    pub cases: Vec<Case>,
}

/// Everything that is measured.
pub fn tables() -> Vec<Table> {
    [admission::tables(), hostile::tables(), credspec::tables(), access::tables()]
        .into_iter()
        .flatten()
        .collect()
}

/// The cases whose names contain a word of the command line, or all if it has none. What has a dash is Cargo's.
pub fn asked_for() -> Vec<Case> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let asked = |case: &Case| words.is_empty() || words.iter().any(|word| case.name.contains(word.as_str()));
    let cases: Vec<Case> = tables().into_iter().flat_map(|table| table.cases).filter(asked).collect();
    if cases.is_empty() {
        eprintln!("no case has {} in its name", words.join(" or "));
    }
    cases
}

/// Keeps an input for as long as the program runs, so that operations can borrow from it.
fn kept<T>(input: T) -> &'static T {
    Box::leak(Box::new(input))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_fit_a_folder_and_floors_are_cases() {
        let cases: Vec<Case> = tables().into_iter().flat_map(|table| table.cases).collect();
        let names: BTreeSet<&str> = cases.iter().map(Case::name).collect();
        assert_eq!(names.len(), cases.len());
        for case in &cases {
            // Criterion cuts the names of its folders.
            assert!(case.name().len() <= 64, "{}", case.name());
            assert!(case.floor().is_none_or(|floor| names.contains(floor)), "{}", case.name());
        }
    }

    #[test]
    fn every_small_case_does_what_it_says() {
        let is_small = |case: &Case| !case.is_heavy() && case.size().is_none_or(|size| size < 10_000);
        for case in tables().into_iter().flat_map(|table| table.cases).filter(is_small) {
            let mut operation = case.prepare();
            operation();
            operation();
        }
    }
}
