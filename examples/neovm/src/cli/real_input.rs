//! `neovm real-input`: every form of whole folders of Lisp, dumped, and compared in fresh processes.

use super::images::{self, Trust, dumped};
use super::progress::Meter;
use super::{Failure, STACK, say, start_again_and_listen};
use crate::corpus;
use crate::machine::Vm;
use crate::pages;
use crate::printer::{self, Labels, Style};
use crate::reader::Source;
use crate::value::Value;
use neodump_runtime::image::SegmentKind;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

/// The variable that holds the list of `(FILE . FORMS)`.
const ROOT: &str = "real-input";

/// Shared structure gets labels, so that equal texts mean equal identity as well.
const STYLE: Style = Style { labels: Labels::Shared, ..Style::PRIN1 };

fn io(what: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{}: {error}", what.display())
}

fn print(vm: &Vm, form: Value) -> Vec<u8> {
    printer::to_bytes(&vm.heap, &vm.symbols, form, STYLE)
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    hasher.finish()
}

/// What was read, beside the machine that holds it.
struct Input {
    files: usize,
    forms: usize,
    text_bytes: usize,
}

/// Reads every form of every file into the machine. The printed text of all goes to `text`; a line for each file with
/// its length, its hash, the number of its forms and its name goes to `index`.
fn read(vm: &mut Vm, folders: &[&str], text: &Path, index: &Path) -> Result<Input, String> {
    let mut input = Input { files: 0, forms: 0, text_bytes: 0 };
    let create = |path| std::fs::File::create(path).map(BufWriter::new).map_err(io(path));
    let (mut text_out, mut index_out) = (create(text)?, create(index)?);
    let (mut list, mut meter) = (Vec::new(), Meter::new());
    for folder in folders {
        for path in corpus::files(folder.as_ref()).map_err(|error| format!("{folder}: {error}"))? {
            let name = path.display().to_string();
            let mut source = Source::file(name.clone(), corpus::contents(&path)?);
            let (mut forms, mut printed) = (Vec::new(), Vec::new());
            while let Some(form) =
                source.read(&mut vm.heap, &mut vm.symbols).map_err(|error| error.to_string())?
            {
                forms.push(form);
                printed.extend(print(vm, form));
                printed.push(b'\n');
            }
            text_out.write_all(&printed).map_err(io(text))?;
            let line = format!("{} {:016x} {} {name}\n", printed.len(), hash(&printed), forms.len());
            index_out.write_all(line.as_bytes()).map_err(io(index))?;
            input.files += 1;
            meter.tell(|| format!("read {} files, {} forms: {name}", input.files, input.forms));
            input.forms += forms.len();
            input.text_bytes += printed.len();
            let name = vm.heap.string(name);
            let forms = vm.heap.list(&forms);
            list.push(vm.heap.cons(name, forms));
        }
    }
    text_out.flush().map_err(io(text))?;
    index_out.flush().map_err(io(index))?;
    let list = vm.heap.list(&list);
    vm.set_global(ROOT, list);
    Ok(input)
}

/// `real-input DIR...`.
pub(super) fn run(folders: &[&str]) -> Result<(), Failure> {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let file = |name| folder.path().join(name).to_string_lossy().into_owned();
    let (image, text, index) = (file("real-input.ndump"), file("text"), file("index"));
    let start = Instant::now();
    let mut vm = Vm::new();
    vm.stack_budget = STACK / 4 * 3;
    let input = read(&mut vm, folders, text.as_ref(), index.as_ref())?;
    say(&format!(
        "read and printed {} files, {} forms, {} symbols, {} bytes of printed text in {:.1} s",
        input.files,
        input.forms,
        vm.symbols.len(),
        input.text_bytes,
        start.elapsed().as_secs_f64()
    ));
    let start = Instant::now();
    let report = images::dump_with_progress(&mut vm, &image)?;
    let wall = start.elapsed();
    say(&dumped("real-input.ndump", &report));
    say(&format!("  with the collection before it {:.1} ms", wall.as_secs_f64() * 1e3));
    drop(vm);

    let mut equal = true;
    let mut mapped = Check::default();
    for trust in [Trust::Trusted, Trust::Audited] {
        let said = start_again_and_listen(&["real-input-check", trust.option(), &image, &index, &text])?;
        let (told, last) = said.trim_end().rsplit_once('\n').unwrap_or(("", said.trim_end()));
        say(&format!("\na fresh process, {}:\n{told}", trust.option()));
        let check = Check::parse(last).ok_or_else(|| format!("the fresh process said '{last}'"))?;
        equal &= check.equal && (check.files, check.forms) == (input.files, input.forms);
        if trust == Trust::Trusted {
            mapped = check;
        }
    }
    say(&format!(
        "\n{{\"files\":{},\"forms\":{},\"objects\":{},\"image_bytes\":{},\"relocations\":{},\"dump_ms\":{:.1},\
         \"way\":\"{}\",\"load_us\":{},\"pages_written\":{},\"equal\":{equal}}}",
        input.files,
        input.forms,
        report.object_count(),
        report.image_bytes,
        report.relocations,
        report.total().as_secs_f64() * 1e3,
        mapped.way,
        mapped.load_us,
        mapped.pages_written,
    ));
    if equal { Ok(()) } else { Err(Failure::Work("the loaded forms are not those that were read".into())) }
}

/// What a fresh process found, in the last line that it says.
#[derive(Default)]
struct Check {
    way: String,
    load_us: u128,
    pages_written: u64,
    files: usize,
    forms: usize,
    equal: bool,
}

impl Check {
    fn line(&self) -> String {
        let Check { way, load_us, pages_written, files, forms, equal } = self;
        format!("{way} {load_us} {pages_written} {files} {forms} {equal}")
    }

    fn parse(line: &str) -> Option<Check> {
        let words: Vec<&str> = line.split(' ').collect();
        let [way, load_us, pages_written, files, forms, equal] = words[..] else { return None };
        Some(Check {
            way: way.into(),
            load_us: load_us.parse().ok()?,
            pages_written: pages_written.parse().ok()?,
            files: files.parse().ok()?,
            forms: forms.parse().ok()?,
            equal: equal.parse().ok()?,
        })
    }
}

/// `real-input-check TRUST IMAGE INDEX TEXT`: in the fresh process.
pub(super) fn check(trust: Trust, image: &str, index: &str, text: &str) -> Result<(), Failure> {
    let (mut vm, report) = images::load(image, trust)?;
    say(&report.to_string());
    let way = report.way.map_or_else(String::new, |way| way.to_string());
    let written = |segment| pages::written_in(image.as_ref(), segment);
    if trust != Trust::Audited && way == "at-base" {
        let (rw, imports) = (written(SegmentKind::Rw), written(SegmentKind::Imports));
        say(&format!("pages the system says were written: rw {}, imports {}", shown(rw), shown(imports)));
    }
    let start = Instant::now();
    let index_text = std::fs::read_to_string(index).map_err(io(index.as_ref()))?;
    let text_bytes = std::fs::read(text).map_err(io(text.as_ref()))?;
    let (mut rest, mut list) = (&text_bytes[..], vm.global(ROOT));
    let (mut files, mut forms, mut wrong) = (0, 0, Vec::new());
    for line in index_text.lines() {
        let mut words = line.splitn(4, ' ');
        let mut word = || words.next().ok_or_else(|| format!("{index}: '{line}' is no line of an index"));
        let (length, hashed, count, name) = (word()?, word()?, word()?, word()?);
        let length = length.parse::<usize>().ok().filter(|&length| length <= rest.len());
        let length = length.ok_or_else(|| format!("{text}: ends in {name}"))?;
        let (expected, after) = rest.split_at(length);
        rest = after;
        let file = vm.heap.car(list);
        list = vm.heap.cdr(list);
        let found = vm.heap.list_elements(vm.heap.cdr(file), usize::MAX);
        let mut printed = Vec::with_capacity(length);
        for &form in &found {
            printed.extend(print(&vm, form));
            printed.push(b'\n');
        }
        files += usize::from(file.is_cons());
        forms += found.len();
        let same = vm.heap.as_bytes(vm.heap.car(file)) == Some(name.as_bytes())
            && found.len().to_string() == count
            && format!("{:016x}", hash(&printed)) == hashed
            && printed == expected;
        if !same {
            wrong.push(name);
        }
    }
    let equal = wrong.is_empty() && rest.is_empty() && list.is_nil();
    for name in wrong.iter().take(20) {
        eprintln!("{name}: the loaded forms print otherwise");
    }
    say(&format!("printed and compared in {:.1} s", start.elapsed().as_secs_f64()));
    if trust != Trust::Audited && way == "at-base" {
        vm.eval_str("(garbage-collect)")?;
        say(&format!(
            "pages of rw written once all is printed and collected: {}",
            shown(written(SegmentKind::Rw))
        ));
    }
    let (load_us, pages_written) = (report.total().as_micros(), report.pages_written);
    say(&Check { way, load_us, pages_written, files, forms, equal }.line());
    Ok(())
}

fn shown(pages: Option<usize>) -> String {
    pages.map_or_else(|| "unknown".into(), |pages| pages.to_string())
}
