//! Reading whole folders of Lisp and checking that what is printed reads back as the same.

use crate::equal::same_structure;
use crate::heap::Heap;
use crate::printer::{self, Labels, Style};
use crate::reader::Source;
use crate::rt::Interner;
use crate::symbols;
use crate::value::Value;
use std::path::{Path, PathBuf};

/// Every `.el` file under a folder, in a fixed order.
pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut work = vec![folder.to_path_buf()];
    while let Some(folder) = work.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                work.push(path);
            } else if path.extension().is_some_and(|e| e == "el") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
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
        let text = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
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
