//! Kubernetes manifests in files: read from YAML or JSON, and written back as YAML.
//!
//! [`read`] takes files and folders as `kubectl apply -R -f` does, and gives single objects, lists taken apart.
//! All or nothing: if anything cannot be read, there are only errors, each with its file, line and column and
//! what to do about it. No message repeats a value of a document, since credential specs are among them.

use std::{
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{manifest_json, manifest_yaml};

/// One object of a manifest file.
#[derive(Clone, PartialEq)]
pub struct Manifest {
    /// The file, as the caller named it; `-` is the standard input.
    pub file: String,
    /// The document of the file, from 0; empty documents are not counted.
    pub document: usize,
    /// The line on which the document's first key stands, from 1.
    pub line: u64,
    /// Where in the document the object stands, as a JSON pointer: empty, or an item of a List.
    pub pointer: String,
    /// The object, with `apiVersion` and `kind`.
    pub object: Value,
}

/// Names the place, not the object: credential specs belong in no log.
impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, document, line, pointer, object: _ } = self;
        f.debug_struct("Manifest")
            .field("file", file)
            .field("document", document)
            .field("line", line)
            .field("pointer", pointer)
            .finish_non_exhaustive()
    }
}

/// Why a file could not be read, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    /// The file or folder, as the caller named it.
    pub file: String,
    /// Line and column, from 1, if the fault is at a place in the file.
    pub place: Option<(u64, u64)>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}; {}", self.message, self.remedy)
    }
}

impl std::error::Error for ManifestError {}

/// The message about a path that holds nothing.
pub const NO_OBJECT: &str = "holds no Kubernetes object";

/// The greatest file that is read. An API server takes objects of 3 MiB.
const SIZE_LIMIT: u64 = 32 * 1024 * 1024;

/// The manifests in `paths`, in their order: files of whatever name, `-` for the standard input, and folders, of
/// which all `.yaml`, `.yml` and `.json` files are read, those of subfolders too, sorted by path. Links to
/// folders are not followed within a folder.
///
/// # Errors
///
/// All that is wrong with any of the files, in the same order. A path that yields no object at all is an error.
pub fn read<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Manifest>, Vec<ManifestError>> {
    let mut manifests = Vec::new();
    let mut errors = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let before = errors.len();
        let mut documents = 0;
        match files(path) {
            Ok(files) => {
                for file in files {
                    let name = file.display().to_string();
                    let bytes = contents(&file).map_err(|error| vec![error]);
                    match bytes.and_then(|bytes| parse_documents(&name, &bytes)) {
                        Ok((found, count)) => {
                            manifests.extend(found);
                            documents += count;
                        }
                        Err(found) => errors.extend(found),
                    }
                }
            }
            Err(error) => errors.push(error),
        }
        // A List without items is an object too: an empty cluster, say.
        if documents == 0 && before == errors.len() {
            errors.push(ManifestError {
                file: path.display().to_string(),
                place: None,
                message: NO_OBJECT.to_owned(),
                remedy: "name a `.yaml`, `.yml` or `.json` file, or a folder that has some",
            });
        }
    }
    if errors.is_empty() { Ok(manifests) } else { Err(errors) }
}

/// The manifests in the bytes of one file. `file` goes into manifests and errors; if it ends in `.json` the bytes
/// are read as JSON, else as YAML. `-` may hold either.
///
/// # Errors
///
/// All that is wrong with the file, or the first fault of its syntax.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Vec<Manifest>, Vec<ManifestError>> {
    parse_documents(file, bytes).map(|(manifests, _)| manifests)
}

/// The manifests, and how many documents there were that are not empty.
fn parse_documents(file: &str, bytes: &[u8]) -> Result<(Vec<Manifest>, usize), Vec<ManifestError>> {
    let text = text(file, bytes).map_err(|error| vec![error])?;
    let is_json = Path::new(file).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let documents = if is_json {
        manifest_json::documents(file, text)
    } else if file == "-" && text.trim_start().starts_with('{') {
        // A flow mapping of YAML may start so as well.
        manifest_json::documents(file, text)
            .or_else(|errors| manifest_yaml::documents(file, text).map_err(|_| errors))
    } else {
        manifest_yaml::documents(file, text)
    }?;

    let count = documents.len();
    let mut manifests = Vec::new();
    let mut errors = Vec::new();
    for (document, Document { line, column, value }) in documents.into_iter().enumerate() {
        match objects(value) {
            Ok(objects) => manifests.extend(objects.into_iter().map(|(pointer, object)| Manifest {
                file: file.to_owned(),
                document,
                line,
                pointer,
                object,
            })),
            Err((message, remedy)) => {
                let place = Some((line, column));
                errors.push(ManifestError { file: file.to_owned(), place, message, remedy });
            }
        }
    }
    if errors.is_empty() { Ok((manifests, count)) } else { Err(errors) }
}

/// An object as YAML, such that [`parse`] reads it back unchanged, and so does `kubectl`: text that YAML 1.1 takes
/// for something else, such as `NO` or `0123`, stands in quotes.
///
/// # Errors
///
/// None for any JSON value that is known; the writer's signature has one.
pub fn to_yaml(object: &Value) -> Result<String, String> {
    manifest_yaml::write(object)
}

/// A document of a file, whatever it holds, and where it starts.
pub(crate) struct Document {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) value: Value,
}

fn files(path: &Path) -> Result<Vec<PathBuf>, ManifestError> {
    if path == Path::new("-") || !fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let path = entry.path();
            if entry.file_type().map_err(|error| unreadable(&path, &error))?.is_dir() {
                folders.push(path);
            } else if is_manifest(&path)
                && fs::metadata(&path).map_err(|error| unreadable(&path, &error))?.is_file()
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn contents(path: &Path) -> Result<Vec<u8>, ManifestError> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(SIZE_LIMIT + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes))
    };
    match read {
        Ok(length) if length as u64 > SIZE_LIMIT => Err(ManifestError {
            file: path.display().to_string(),
            place: None,
            message: format!("is larger than {} MiB", SIZE_LIMIT / (1024 * 1024)),
            remedy: "split it, if it is a manifest at all",
        }),
        Ok(_) => Ok(bytes),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> ManifestError {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "check the permissions",
        _ => "check that it is a readable file",
    };
    // The number of the operating system's error says nothing more than its text, which on Windows is a sentence.
    let text = error.to_string();
    let message = text.split(" (os error").next().unwrap_or_default().trim_end_matches('.').to_lowercase();
    ManifestError { file: path.display().to_string(), place: None, message, remedy }
}

/// The bytes as text without a byte order mark.
fn text<'b>(file: &str, bytes: &'b [u8]) -> Result<&'b str, ManifestError> {
    let fault = |at: usize, message: &str, remedy| ManifestError {
        file: file.to_owned(),
        place: Some(place_of(bytes, at)),
        message: message.to_owned(),
        remedy,
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let remedy = "save it as UTF-8; in Windows PowerShell, `Out-File -Encoding utf8`";
        return Err(fault(0, "is UTF-16, not UTF-8", remedy));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            Some(at) => Err(fault(at, "holds a NUL byte, so it is no text", "name a text file")),
            None => Ok(text),
        },
        Err(error) => {
            Err(fault(error.valid_up_to(), "is not UTF-8", "save it as UTF-8, if it is text at all"))
        }
    }
}

/// Line and column of a byte, both from 1; the column counts characters.
pub(crate) fn place_of(bytes: &[u8], at: usize) -> (u64, u64) {
    let before = bytes.get(..at).unwrap_or(bytes);
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count();
    (line as u64 + 1, column as u64 + 1)
}

/// The objects of a document: itself, or the items of a list, of lists in it too. The items of a typed list such
/// as `PodList` may leave out their kind, as API servers do.
fn objects(value: Value) -> Result<Vec<(String, Value)>, (String, &'static str)> {
    let what = "a manifest is an object with `apiVersion` and `kind`, or a List of such";
    let mut objects = Vec::new();
    let mut pending = vec![(String::new(), value)];
    while let Some((pointer, mut value)) = pending.pop() {
        let at = |message: String| match pointer.is_empty() {
            true => message,
            false => format!("`{pointer}`: {message}"),
        };
        let Some(fields) = value.as_object_mut() else {
            return Err((at(format!("expected an object, found {}", type_name(&value))), what));
        };
        let [version, kind] =
            ["apiVersion", "kind"].map(|key| fields.get(key).and_then(Value::as_str).map(str::to_owned));
        let (Some(version), Some(kind)) = (version, kind) else {
            if ["CmsPlugins", "DomainJoinConfig"].iter().any(|key| fields.contains_key(*key)) {
                let remedy = "make it the `credspec` of a GMSACredentialSpec";
                return Err((at("a bare credential spec, not a resource".to_owned()), remedy));
            }
            return Err((at("`apiVersion` or `kind` is missing, or no text".to_owned()), what));
        };
        let item_kind = kind.strip_suffix("List");
        match (item_kind, fields.get_mut("items").map(Value::take)) {
            (Some(item_kind), Some(Value::Array(mut items))) => {
                for item in items.iter_mut().filter(|_| !item_kind.is_empty()) {
                    if let Some(fields) = item.as_object_mut() {
                        fields.entry("apiVersion").or_insert_with(|| version.clone().into());
                        fields.entry("kind").or_insert_with(|| item_kind.into());
                    }
                }
                let placed = |(index, item)| (format!("{pointer}/items/{index}"), item);
                pending.extend(items.into_iter().enumerate().map(placed).rev());
            }
            (Some(""), None | Some(Value::Null)) => {}
            (Some(""), Some(_)) => return Err((at("`items` of a List is no list".to_owned()), what)),
            (_, items) => {
                if let Some(items) = items {
                    fields.insert("items".to_owned(), items);
                }
                objects.push((pointer, value));
            }
        }
    }
    Ok(objects)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
