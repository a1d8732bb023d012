//! What the program reads: the standard input, files and folders.

use std::{
    fs,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use gmsa_credspec::{
    CanonicalContents,
    source::{Encoding, Form, FoundSpec, ReadOptions, Source, Syntax, read_source},
};
use gmsa_types::CredentialSpec;

use crate::{carrier, output::wrong};

/// The endings of the files in a folder that are read.
const ENDINGS: [&str; 4] = ["json", "yaml", "yml", "txt"];

/// The greatest file that is read, that of [`ReadOptions`]; a byte more is kept, which makes it a fault.
const SIZE_LIMIT: u64 = 1 << 20;

/// The greatest text that is diagnosed; logs are longer than documents.
const TEXT_LIMIT: u64 = 32 << 20;

/// A file, as the user named it, and what is in it.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) source: Source,
}

impl Input {
    /// The file, or the standard input for `-`.
    pub(crate) fn read(path: &Path) -> Result<Self, Vec<String>> {
        let bytes = bytes(path, SIZE_LIMIT)?;
        Ok(Self { name: path.display().to_string(), source: read_source(&bytes, &ReadOptions::new()) })
    }

    /// The one credential spec in the file.
    fn credential_spec(&self) -> Result<FoundSpec<'_>, Vec<String>> {
        let name = &self.name;
        self.refuse_faults()?;
        let mut specs: Vec<_> = self.source.credential_specs().collect();
        match (specs.pop(), specs.len()) {
            (Some(spec), 0) => Ok(spec),
            (Some(_), more) => wrong(format!("{name}: {} credential specs; give one at a time", more + 1)),
            (None, _) => wrong(format!("{name}: holds no credential spec")),
        }
    }

    /// The one credential spec, as the document model has it.
    pub(crate) fn spec(&self) -> Result<CredentialSpec, Vec<String>> {
        if let Some(carried) = carrier::read(&self.source) {
            return carried.or_else(|error| wrong(format!("{}: {error}", self.name)));
        }
        let found = self.credential_spec()?;
        self.refuse_repeated_keys(&found)?;
        match found.node().to_credential_spec() {
            Some(spec) => Ok(spec),
            None => wrong(self.at(&found, "the credential spec is not an object")),
        }
    }

    /// The contents that a pod with the one credential spec gets: what a resource holds, or else the text as it is.
    ///
    /// JSON is read strictly, since no consumer of it forgives what the other subcommands do, and it may be any
    /// object, since all are inlined alike.
    pub(crate) fn contents(&self) -> Result<String, Vec<String>> {
        let documents = self.source.documents();
        let is_resource = documents.iter().any(|document| match document.form() {
            Form::Resource(head) => head.kind().is_some(),
            form => matches!(form, Form::List(_)),
        });
        let text = self.source.text();
        let strict = CanonicalContents::from_json(text);
        let is_carrier = carrier::read(&self.source).is_some();
        if strict.is_ok() && !is_resource && !is_carrier && self.source.encoding() == Encoding::Utf8 {
            return Ok(text.to_owned());
        }
        if is_carrier {
            return self.resource_contents();
        }
        self.refuse_faults()?;
        self.refuse_forgiven()?;
        match (strict, documents) {
            (_, [_, _, ..]) if !is_resource => {
                wrong(format!("{}: {} documents; give one", self.name, documents.len()))
            }
            (Err(error), [document]) if !is_resource && document.syntax() == Syntax::Json => {
                wrong(format!("{}:{}:{}: {}", self.name, error.line(), error.column(), error.kind()))
            }
            _ => self.resource_contents(),
        }
    }

    fn resource_contents(&self) -> Result<String, Vec<String>> {
        let spec = self.spec()?;
        if carrier::read(&self.source).is_some() {
            let contents = CanonicalContents::from_spec(&spec).map(CanonicalContents::into_string);
            return contents.or_else(|error| wrong(format!("{}: {error}", self.name)));
        }
        let found = self.credential_spec()?;
        let place = found.node().position();
        let contents = match self.source.documents().get(found.document()).map(|document| document.syntax()) {
            // The text itself: through the model, numbers would be rounded twice.
            Some(Syntax::Json) => {
                let text = self.source.text().get(place.offset..place.end()).unwrap_or_default();
                CanonicalContents::from_json(text).map(CanonicalContents::into_string)
            }
            _ => CanonicalContents::from_spec(&spec).map(CanonicalContents::into_string),
        };
        contents.or_else(|error| wrong(self.at(&found, &error.to_string())))
    }

    fn refuse_faults(&self) -> Result<(), Vec<String>> {
        let faults = self.source.documents().iter().filter_map(|document| document.fault()).map(|fault| {
            let at = fault.position();
            let help = fault.help().map(|help| format!("; {help}")).unwrap_or_default();
            format!("{}:{}:{}: {}{help}", self.name, at.line, at.column, fault.kind())
        });
        none(faults)
    }

    fn refuse_forgiven(&self) -> Result<(), Vec<String>> {
        let documents = self.source.documents().iter().flat_map(|document| document.forgiven());
        let forgiven = self.source.forgiven().iter().chain(documents);
        none(forgiven.map(|forgiven| {
            let at = forgiven.position();
            let kind = forgiven.kind();
            format!("{}:{}:{}: {kind}; `credspec fix` can mend it", self.name, at.line, at.column)
        }))
    }

    /// Which of two values counts, readers do not agree on.
    fn refuse_repeated_keys(&self, found: &FoundSpec<'_>) -> Result<(), Vec<String>> {
        let root = self.source.documents().get(found.document()).and_then(|document| document.root());
        let mut repeated = Vec::new();
        for (_, node) in root.into_iter().flat_map(|root| root.walk()) {
            let mut keys: Vec<_> = node.members().iter().collect();
            // Stable, so that of equal keys the later one is named.
            keys.sort_by_key(|member| member.key());
            repeated.extend(keys.windows(2).filter(|pair| pair[0].key() == pair[1].key()).map(|pair| {
                let at = pair[1].key_position();
                format!("{}:{}:{}: key that its object has already", self.name, at.line, at.column)
            }));
        }
        none(repeated)
    }

    fn at(&self, found: &FoundSpec<'_>, message: &str) -> String {
        let at = found.node().position();
        format!("{}:{}:{}: {message}", self.name, at.line, at.column)
    }
}

fn none(errors: impl IntoIterator<Item = String>) -> Result<(), Vec<String>> {
    let errors: Vec<_> = errors.into_iter().collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// All that is in `paths`, in their order, the files of a folder sorted.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Input>, Vec<String>> {
    if paths.iter().filter(|path| is_standard_input(path)).count() > 1 {
        return wrong("the standard input can be read only once");
    }
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    for path in or_standard_input(paths) {
        match files(&path) {
            Ok(files) if files.is_empty() => {
                errors.push(format!("{}: the folder has no .json, .yaml, .yml or .txt file", path.display()))
            }
            Ok(files) => {
                for file in files {
                    match Input::read(&file) {
                        Ok(input) => inputs.push(input),
                        Err(error) => errors.extend(error),
                    }
                }
            }
            Err(error) => errors.push(format!("{}: {error}", path.display())),
        }
    }
    if errors.is_empty() { Ok(inputs) } else { Err(errors) }
}

/// Nothing stands for the standard input.
pub(crate) fn or_standard_input(paths: &[PathBuf]) -> Vec<PathBuf> {
    if paths.is_empty() { vec!["-".into()] } else { paths.to_vec() }
}

pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A text of whatever encoding, for reading words in it.
pub(crate) fn text(path: &Path) -> Result<String, Vec<String>> {
    let bytes = bytes(path, TEXT_LIMIT)?;
    if bytes.len() as u64 > TEXT_LIMIT {
        return wrong(format!("{}: more than {TEXT_LIMIT} bytes", path.display()));
    }
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().copied().map(unit).collect();
        String::from_utf16_lossy(&units)
    };
    Ok(match bytes.as_slice() {
        // What `>` of Windows PowerShell 5.1 writes.
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => String::from_utf8_lossy(bytes).into_owned(),
    })
}

fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Vec<String>> {
    let mut bytes = Vec::new();
    let limit = limit + 1;
    let read = if is_standard_input(path) {
        if io::stdin().is_terminal() {
            anstream::eprintln!("reading from the standard input; `--help` tells more");
        }
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => wrong(format!("{}: {error}", path.display())),
    }
}

/// The file, or those in the folder and its subfolders, sorted by path. Links to folders are not followed.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if is_standard_input(path) || !path.metadata()?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let (mut files, mut folders) = (Vec::new(), vec![path.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)) && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
