//! Reading whole folders of Lisp and checking that what is printed reads back as the same.

use crate::equal::same_structure;
use crate::heap::Heap;
use crate::printer::{self, Labels, Style};
use crate::reader::Source;
use crate::rt::Interner;
use crate::symbols;
use crate::value::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every `.el` and `.el.gz` file under a folder, in a fixed order. Links to folders are not followed.
pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut work = vec![folder.to_path_buf()];
    while let Some(folder) = work.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                work.push(path);
            } else if is_source(&path) && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_source(path: &Path) -> bool {
    path.to_str().is_some_and(|name| name.ends_with(".el") || name.ends_with(".el.gz"))
}

/// The text of a file, unpacked by `gzip` where it is packed.
pub fn contents(path: &Path) -> Result<Vec<u8>, String> {
    if path.extension().is_none_or(|extension| extension != "gz") {
        return std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    }
    let output = Command::new("gzip").arg("-dc").arg(path).output();
    let output = output.map_err(|error| format!("gzip, for {}: {error}", path.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("gzip, for {}: {}", path.display(), said.trim()));
    }
    Ok(output.stdout)
}

/// What was read from a folder.
pub struct Corpus {
    /// The heap with every form.
    pub heap: Heap,
    /// The symbols of the forms.
    pub symbols: Interner,
    /// How many files.
    pub files: usize,
    /// The forms of all files.
    pub forms: Vec<Value>,
    /// What the reader noted.
    pub notes: Vec<String>,
}

/// Reads every form of every file.
pub fn read(folder: &Path) -> Result<Corpus, String> {
    let mut corpus = Corpus {
        heap: Heap::new(),
        symbols: symbols::interner(),
        files: 0,
        forms: Vec::new(),
        notes: Vec::new(),
    };
    for path in files(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let text = contents(&path)?;
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let mut source = Source::file(name, text);
        while let Some(form) =
            source.read(&mut corpus.heap, &mut corpus.symbols).map_err(|error| error.to_string())?
        {
            corpus.forms.push(form);
        }
        corpus.notes.append(&mut source.notes);
        corpus.files += 1;
    }
    Ok(corpus)
}

/// Prints each form, reads it again and compares; the forms that differ, and how many bytes were printed.
pub fn check(corpus: &mut Corpus) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut bytes = 0;
    let style = Style { labels: Labels::Shared, ..Style::PRIN1 };
    for &form in &corpus.forms {
        let text = printer::to_bytes(&corpus.heap, &corpus.symbols, form, style);
        bytes += text.len();
        let shown = || String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned();
        let mut source = Source::file("printed", text.clone());
        match source.read(&mut corpus.heap, &mut corpus.symbols) {
            Ok(Some(again)) if !same_structure(&corpus.heap, &corpus.symbols, form, again) => {
                wrong.push(format!("differs: {}", shown()));
            }
            Ok(Some(_)) if source.position() == text.len() => {}
            Ok(_) => wrong.push(format!("is not one form: {}", shown())),
            Err(error) => wrong.push(format!("{error}: {}", shown())),
        }
    }
    (wrong, bytes)
}
