//! Where the results of the program go.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What a subcommand comes to: its exit code, or all that is wrong with the input.
pub(crate) type Done = Result<ExitCode, Vec<String>>;

/// One thing that is wrong with the input.
pub(crate) fn wrong<T>(message: impl ToString) -> Result<T, Vec<String>> {
    Err(vec![message.to_string()])
}

/// The exit code for findings and differences.
pub(crate) fn code(is_clean: bool) -> ExitCode {
    if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Writes a file as a whole or not at all: into another file beside it, which then takes its name and, if it was
/// there, its permissions.
pub(crate) fn write_file(path: &Path, text: &str, may_replace: bool) -> Result<(), Vec<String>> {
    let failed = |error: io::Error| vec![format!("{}: {error}", path.display())];
    let is_there = path.symlink_metadata().is_ok();
    if is_there && !may_replace {
        return wrong(format!("{}: the file is there already; give --force to replace it", path.display()));
    }
    // Where the path is a link, the file that it leads to is the one to replace.
    let path = &if is_there { path.canonicalize().map_err(failed)? } else { path.to_path_buf() };
    let permissions = path.metadata().ok().map(|metadata| metadata.permissions());
    let (beside, mut file) = file_beside(path).map_err(failed)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions)))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}

fn file_beside(path: &Path) -> io::Result<(PathBuf, fs::File)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(beside);
    let file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
    Ok((beside, file))
}
