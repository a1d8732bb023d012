//! Objects as they were recorded, beside this file.

use std::{env, fs, path::Path};

use serde::Serialize;

/// The object is as recorded under that name; with `UPDATE_GOLDEN=1` it is recorded.
pub fn assert_golden(name: &str, object: &impl Serialize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let actual = format!("{:#}\n", serde_json::to_value(object).unwrap());
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(actual == expected, "{} differs; UPDATE_GOLDEN=1 writes it\n{actual}", path.display());
}
