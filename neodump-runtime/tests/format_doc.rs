//! `docs/format.md` says what the writer does: a reader that knows nothing but its tables finds everything
//! in an image. (The tables of the container are compared with the code's constants in `image`.)

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::marker::PhantomData;
use std::num::NonZero;
use std::ops::{Bound, Range, RangeFrom, RangeInclusive, RangeTo};
use std::path::PathBuf;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::{AtomicPtr, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use neodump_runtime::record::Record;
use neodump_runtime::{
    AdoptImage, Dumpable, Dumper, Image, ImageMap, ImageOption, ImageSet, ImageStr, ImageVec, Interner,
    Natives, ProcessPtr, Symbol,
};
use twox_hash::XxHash3_64;

const DOC: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/format.md"));

/// The cells of the tables under a heading, row by row.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let mut lines = DOC.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading);
    assert!(lines.next().is_some(), "docs/format.md has no heading {heading}");
    let table = lines.take_while(|line| !line.starts_with('#'));
    let table = table.filter(|line| line.starts_with('|') && !line.starts_with("|--"));
    table
        .map(|line| line.split(" | ").map(|cell| cell.trim_matches(['|', ' ']).to_owned()).collect())
        .collect()
}

/// One field of a documented record: offset and size.
fn field(heading: &str, name: &str) -> (usize, usize) {
    let row = rows(heading).into_iter().find(|row| row.get(2).is_some_and(|field| field == name));
    let row = row.unwrap_or_else(|| panic!("{heading} documents no {name}"));
    (row[0].parse().expect("an offset"), row[1].parse().expect("a size"))
}

/// The number in a documented field of the record at `at`.
#[track_caller]
fn number(bytes: &[u8], at: usize, heading: &str, name: &str) -> u64 {
    let (offset, size) = field(heading, name);
    let mut number = [0; 8];
    number[..size].copy_from_slice(&bytes[at + offset..at + offset + size]);
    u64::from_le_bytes(number)
}

/// The length of a documented record, whose fields leave no gaps.
fn length(heading: &str) -> usize {
    let mut end = 0;
    for row in rows(heading) {
        if let (Ok(offset), Ok(size)) = (row[0].parse::<usize>(), row[1].parse::<usize>()) {
            assert_eq!(offset, end, "{heading} has a gap before {}", row[2]);
            end += size;
        }
    }
    end
}

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[dump(unsafe(word), objects(Pair = 1, Text = 2, Named = 3), symbol = 0, immediate(7))]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Pair {
    first: Value,
    rest: Value,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Text {
    len: u32,
    #[dump(unsafe(tail = len))]
    bytes: [u8; 0],
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Named {
    mark: u64,
    names: Vec<String>,
}

#[derive(Default)]
struct Heap;

impl AdoptImage for Heap {
    fn adopt(_: Image) -> Self {
        Self
    }
    fn image(&self) -> Option<&Image> {
        None
    }
}

#[derive(Dumpable)]
#[dump(section = "faces", version = 3)]
struct Faces {
    heights: Vec<u16>,
}

#[derive(Dumpable)]
#[dump(image = "documented", version = 7)]
struct Vm {
    nested: Vec<Vec<u8>>,
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    faces: Faces,
    root: Value,
    squares: ImageVec<u32>,
    table: ImageMap<Value, u16>,
    #[dump(native)]
    double: fn(u32) -> u32,
}

/// The number of entries of the documented map.
const TABLE_LEN: usize = 21;

fn double(number: u32) -> u32 {
    number * 2
}

fn word<T>(object: T, tag: usize) -> Value {
    Value(Box::into_raw(Box::new(object)).expose_provenance() | tag)
}

/// A text and its bytes, in memory that is never freed.
fn text(bytes: &[u8]) -> Value {
    let words = vec![0_u64; (4 + bytes.len()).div_ceil(8)].leak();
    let start = words.as_mut_ptr().cast::<u8>();
    let len = u32::try_from(bytes.len()).expect("a short text");
    // SAFETY: the memory was just allocated, with room for the length.
    unsafe { start.cast::<u32>().write(len) };
    // SAFETY: there is room for the bytes behind the length.
    let tail = unsafe { start.add(4) };
    // SAFETY: as above; the two do not overlap.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), tail, bytes.len()) };
    Value(start.expose_provenance() | 2)
}

/// An image, and its sections in file order: name, offset and length.
struct File {
    bytes: Vec<u8>,
    sections: Vec<(String, usize, usize)>,
    base: u64,
}

impl File {
    fn new() -> Self {
        let mut symbols = Interner::with_names(&["nil", "t"]);
        let symbol = symbols.intern("foo");
        let named = word(Named { mark: 5, names: vec!["x".into(), "yy".into()] }, 3);
        let list = word(Pair { first: named, rest: Value((symbol.id() as usize) << 3) }, 1);
        let texts = word(Pair { first: text(b"hello, there"), rest: text(b"") }, 1);
        let root = word(Pair { first: list, rest: texts }, 1);
        let keys = [root, list, Value(1 << 3), Value(7), Value(0)];
        let mut vm = Vm {
            nested: vec![b"ab".to_vec(), Vec::new(), b"cde".to_vec()],
            heap: Heap,
            symbols,
            faces: Faces { heights: vec![10, 20] },
            root,
            squares: vec![1, 4, 9].into(),
            table: keys
                .into_iter()
                .chain((5..).map(|number| Value(number << 3 | 7)))
                .zip(0..TABLE_LEN as u16)
                .collect(),
            double,
        };
        let natives = Natives::new().function("double", double as fn(u32) -> u32);
        let (bytes, _) =
            Dumper::new().natives(&natives).to_bytes(&mut vm).expect("the machine can be dumped");
        let header = |name| number(&bytes, 0, "Header", name);
        let table = header("section table offset") as usize;
        let record = length("Section record");
        let sections = (0..header("section count") as usize).map(|index| {
            let at = table + index * record;
            let (offset, size) = field("Section record", "name");
            let name = &bytes[at + offset..at + offset + size];
            let name = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
            let number = |name| number(&bytes, at, "Section record", name) as usize;
            (name, number("offset"), number("length"))
        });
        Self { sections: sections.collect(), base: header("preferred base"), bytes }
    }

    fn section(&self, name: &str) -> &[u8] {
        let (_, offset, length) = self.sections.iter().find(|(known, ..)| known == name).expect(name);
        &self.bytes[*offset..offset + length]
    }

    /// The bytes behind a reference, and how many records they are.
    fn reference(&self, section: &str, at: usize) -> (usize, usize, usize) {
        let section = self.section(section);
        let place = number(section, at, "Reference", "place");
        let len = number(section, at, "Reference", "len");
        ((place >> 48) as usize, (place & ((1 << 48) - 1)) as usize, len as usize)
    }
}

#[test]
fn sections_are_those_of_the_documentation_in_their_order() {
    let file = File::new();
    let named = |row: &Vec<String>| match row[1].strip_prefix('`') {
        Some(name) => Some(name.trim_end_matches('`').to_owned()),
        None => row[1].starts_with("one a manager").then(|| "faces".to_owned()),
    };
    let documented: Vec<_> = rows("The sections of an image").iter().filter_map(named).collect();
    let found: Vec<_> = file.sections.iter().map(|(name, ..)| name.clone()).collect();
    assert_eq!(found, documented);
}

#[test]
fn the_documented_sizes_are_those_of_the_stored_records() {
    fn of<T: Dumpable>() -> Record {
        T::RECORD
    }
    #[derive(Dumpable)]
    struct Natively {
        #[dump(native)]
        _function: Option<fn(u32) -> u32>,
    }
    #[derive(Dumpable)]
    struct Statically {
        #[dump(native)]
        _data: &'static u64,
    }
    #[derive(Dumpable)]
    struct MaybeStatically {
        #[dump(native)]
        _data: Option<&'static u64>,
    }
    let known: &[(&str, &[Record])] = &[
        ("()", &[of::<()>()]),
        ("PhantomData<T>", &[of::<PhantomData<String>>()]),
        ("bool", &[of::<bool>()]),
        ("u8", &[of::<u8>(), of::<i8>()]),
        ("u64", &[of::<u64>(), of::<i64>(), of::<usize>(), of::<isize>()]),
        ("u128", &[of::<u128>(), of::<i128>()]),
        ("f64", &[of::<f64>()]),
        ("char", &[of::<char>()]),
        ("NonZero<u32>", &[of::<NonZero<u32>>()]),
        ("[u16; 3]", &[of::<[u16; 3]>()]),
        ("(u8, u32)", &[of::<(u8, u32)>()]),
        ("Cell<u32>", &[of::<Cell<u32>>()]),
        ("AtomicU64", &[of::<AtomicU64>()]),
        ("word", &[of::<Value>()]),
        ("Symbol", &[of::<Symbol>()]),
        ("&T, NonNull<T>", &[of::<&Pair>(), of::<NonNull<Pair>>()]),
        (
            "*const T, *mut T, AtomicPtr<T>",
            &[of::<*const Pair>(), of::<*mut Pair>(), of::<AtomicPtr<Pair>>()],
        ),
        ("ProcessPtr<T>", &[of::<ProcessPtr<u8>>()]),
        ("ImageVec<T>", &[of::<ImageVec<u16>>(), of::<ImageVec<Value>>()]),
        ("ImageStr", &[of::<ImageStr>()]),
        ("ImageMap<K, V>, ImageSet<K>", &[of::<ImageMap<u8, Value>>(), of::<ImageSet<ImageStr>>()]),
        ("ImageOption<u32>", &[of::<ImageOption<u32>>()]),
        ("Option<NonZero<u32>>", &[of::<Option<NonZero<u32>>>()]),
        ("Option<&T>", &[of::<Option<&Pair>>(), of::<Option<NonNull<Pair>>>()]),
        ("Option<u32>", &[of::<Option<u32>>()]),
        ("OnceCell<u32>, OnceLock<u32>", &[of::<OnceCell<u32>>(), of::<OnceLock<u32>>()]),
        (
            "RefCell<u32>, Mutex<u32>, RwLock<u32>",
            &[of::<RefCell<u32>>(), of::<Mutex<u32>>(), of::<RwLock<u32>>()],
        ),
        ("Cow<u32>", &[of::<Cow<'static, u32>>()]),
        ("Result<u8, u32>", &[of::<Result<u8, u32>>()]),
        ("Bound<u32>", &[of::<Bound<u32>>()]),
        ("Range<u32>", &[of::<Range<u32>>()]),
        ("RangeFrom<u32>, RangeTo<u32>", &[of::<RangeFrom<u32>>(), of::<RangeTo<u32>>()]),
        ("RangeInclusive<u32>", &[of::<RangeInclusive<u32>>()]),
        ("Duration", &[of::<Duration>()]),
        ("String, Box<str>, Cow<str>", &[of::<String>(), of::<Box<str>>(), of::<Cow<'static, str>>()]),
        ("OsString, PathBuf", &[of::<OsString>(), of::<PathBuf>()]),
        (
            "Vec<T>, VecDeque<T>, Box<[T]>, Cow<[T]>",
            &[of::<Vec<u8>>(), of::<VecDeque<u8>>(), of::<Box<[u8]>>(), of::<Cow<'static, [u8]>>()],
        ),
        ("Box<T>", &[of::<Box<u8>>()]),
        ("Rc<T>, Arc<T>", &[of::<Rc<u8>>(), of::<Arc<u8>>()]),
        ("rc::Weak<T>, sync::Weak<T>", &[of::<std::rc::Weak<u8>>(), of::<std::sync::Weak<u8>>()]),
        ("Rc<[T]>, Arc<[T]>", &[of::<Rc<[u8]>>(), of::<Arc<[u8]>>()]),
        ("Rc<str>, Arc<str>", &[of::<Rc<str>>(), of::<Arc<str>>()]),
        ("HashMap<K, V>, BTreeMap<K, V>", &[of::<HashMap<u8, u8>>(), of::<BTreeMap<u8, u8>>()]),
        ("HashSet<K>, BTreeSet<K>", &[of::<HashSet<u8>>(), of::<BTreeSet<u8>>()]),
        ("Interner", &[of::<Interner>()]),
        ("native function", &[of::<Natively>()]),
        ("native static", &[of::<Statically>(), of::<MaybeStatically>()]),
    ];
    let rows: Vec<_> =
        rows("Stored records").into_iter().filter(|row| row[1].parse::<usize>().is_ok()).collect();
    let documented: Vec<_> = rows.iter().map(|row| row[0].replace('`', "")).collect();
    assert_eq!(documented, known.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (row, (name, records)) in rows.iter().zip(known) {
        for record in *records {
            let tier = if record.in_place { "in place" } else { "hydrated" };
            let found = [record.size.to_string(), record.align.to_string(), tier.to_owned()];
            assert_eq!(found, row[1..4], "{name}");
        }
    }
}

#[test]
fn objects_are_where_the_documented_arena_records_say() {
    let file = File::new();
    let arenas = file.section("Arenas");
    let record = length("Arena record");
    assert_eq!(arenas.len(), 3 * record);
    let arena = |index: usize| move |name| number(arenas, index * record, "Arena record", name) as usize;

    // Text has no words, Pair has, Named is hydrated: this is the documented order.
    let (texts, pairs, named) = (arena(0), arena(1), arena(2));
    let ordinals = [texts("type"), pairs("type"), named("type")];
    assert_eq!(ordinals, [1, 0, 2], "types are numbered in the order of the schema text");
    let counts = [texts("object count"), pairs("object count"), named("object count")];
    assert_eq!(counts, [2, 3, 1]);
    assert_eq!([texts("stride"), pairs("stride"), named("stride")], [0, 16, size_of::<Named>()]);
    assert_eq!([texts("offset"), texts("length")], [0, 16 + 8]);
    assert_eq!([pairs("offset"), pairs("length")], [64, 48]);
    assert_eq!(named("offset"), 128);
    assert_eq!(file.section("HeapImage").len(), 128 + size_of::<Named>());

    // Trailing arrays: the texts, in whichever order they were met.
    let starts = file.section("ObjectStarts");
    assert_eq!((starts.len(), texts("starts offset")), (8, 0));
    let bits = u64::from_le_bytes(starts.try_into().expect("one word"));
    let heap = file.section("HeapImage");
    let offsets: Vec<usize> = (0..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| bit * 8).collect();
    let mut found = Vec::new();
    for offset in offsets {
        let len = u32::from_le_bytes(heap[offset..offset + 4].try_into().expect("four bytes"));
        found.push(&heap[offset + 4..offset + 4 + len as usize]);
    }
    found.sort_unstable();
    assert_eq!(found, [&b""[..], b"hello, there"]);

    // Side records, and what they own.
    assert_eq!(named("side offset"), 0);
    let (section, at, len) = file.reference("Hydration", 0);
    assert_eq!((section, at, len), (2, 16, 2));
    let strings: Vec<_> = (0..2).map(|index| file.reference("Hydration", at + index * 16)).collect();
    assert_eq!(strings, [(2, 48, 1), (2, 49, 2)]);
    assert_eq!(&file.section("Hydration")[48..], b"xyy");
    let mark = std::mem::offset_of!(Named, mark);
    assert_eq!(heap[128 + mark..128 + mark + 8], 5_u64.to_le_bytes());
}

#[test]
fn payloads_lie_as_the_documented_example_draws_them() {
    let file = File::new();
    let root = file.section("Root");
    let record = Vm::RECORD.size;
    let (section, at, len) = file.reference("Root", 0);
    assert_eq!((section, at, len), (3, record, 3));
    let elements: Vec<_> = (0..3).map(|index| file.reference("Root", at + index * 16)).collect();
    let end = record + 48;
    assert_eq!(elements, [(3, end, 2), (3, end + 2, 0), (3, end + 2, 3)]);
    assert_eq!(&root[end..], b"abcde");

    let (section, at, len) = file.reference("faces", 0);
    assert_eq!((section, at, len), (4, Faces::RECORD.size, 2));
    assert_eq!(file.section("faces")[at..], [10, 0, 20, 0]);
}

#[test]
fn an_image_vec_points_at_its_elements_and_is_listed_for_relocation() {
    let file = File::new();
    let root = file.section("Root");
    let shape = Vm::shape();
    let neodump_runtime::schema::ShapeKind::Struct(fields) = shape.kind else { panic!("a struct") };
    let squares = fields.iter().find(|field| field.name == "squares").expect("the field").offset;
    let start = number(root, squares, "ImageVec record", "start");
    assert_eq!(number(root, squares, "ImageVec record", "len"), 3);
    assert_eq!(number(root, squares, "ImageVec record", "capacity"), 0);
    assert_eq!(length("ImageVec record"), <ImageVec<u32> as Dumpable>::RECORD.size);
    let at = (start - file.base) as usize;
    assert_eq!(file.bytes[at..at + 12], [1, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0]);
    assert_eq!(file.section("HeapBytes"), &file.bytes[at..at + 12]);
}

#[test]
fn a_key_is_found_through_the_documented_map() {
    let file = File::new();
    let root = file.section("Root");
    let neodump_runtime::schema::ShapeKind::Struct(fields) = Vm::shape().kind else { panic!("a struct") };
    let table = fields.iter().find(|field| field.name == "table").expect("the field").offset;
    let record = |name| number(root, table, "ImageMap record", name);
    assert_eq!(length("ImageMap record"), <ImageMap<Value, u16> as Dumpable>::RECORD.size);
    let count = record("entry count") as usize;
    assert_eq!((count, record("live")), (TABLE_LEN, 0));
    let heap = file.section("HeapImage").as_ptr().addr() - file.bytes.as_ptr().addr();
    assert_eq!(record("origin") - file.base, heap as u64);

    let [entries, index] = ["entries", "index"].map(|name| (record(name) - file.base) as usize);
    let u32_at =
        |at: usize| u32::from_le_bytes(file.bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    let u64_at = |at: usize| u64::from_le_bytes(file.bytes[at..at + 8].try_into().expect("eight bytes"));
    let buckets = count.next_power_of_two();
    let fold = |hash: u64, number: u64| {
        let x = hash.rotate_left(23) ^ number;
        let x = (0..2).fold(x, |x, _| (x ^ x >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93));
        x ^ x >> 32
    };
    // A word is hashed as what it refers to.
    let hash = |bits: u64| match bits & 7 {
        0 => fold(0, bits >> 3),
        7 => fold(0, bits),
        _ => fold(0, (bits & !7) - record("origin")),
    };
    let find = |bits: u64| {
        let bucket = hash(bits) as usize & (buckets - 1);
        let [start, end] = [bucket, bucket + 1].map(|bucket| u32_at(index + bucket * 4));
        let named = (start..end).map(|at| u32_at(index + (buckets + 1 + at) * 4));
        named.map(|entry| entries + entry * 16).find(|&at| u64_at(at) == bits).map(|at| u64_at(at + 8) as u16)
    };
    for entry in 0..count {
        // The keys are numbered as they were inserted.
        assert_eq!(find(u64_at(entries + entry * 16)), Some(entry as u16));
    }
    assert_eq!(find(1 << 20 | 7), None);
}

#[test]
fn a_name_is_found_through_the_documented_index() {
    let file = File::new();
    let table = file.section("SymbolTable");
    let header = |name| number(table, 0, "Symbol table header", name) as usize;
    assert_eq!(length("Symbol table header"), 64);
    assert_eq!([header("layout"), header("symbol count"), header("name count")], [1, 3, 3]);
    assert_eq!(header("section length"), table.len());
    let entries = (header("symbols offset") - header("index offset")) / length("Index entry");
    assert_eq!(entries, 8);

    let find = |name: &[u8]| {
        let hash = XxHash3_64::oneshot(name);
        let mut slot = hash as usize & (entries - 1);
        loop {
            let at = header("index offset") + slot * length("Index entry");
            let id = number(table, at, "Index entry", "name") as usize;
            if id == 0 {
                return None;
            }
            let record = header("names offset") + (id - 1) * length("Name record");
            let number = |name| number(table, record, "Name record", name) as usize;
            let start = header("bytes offset") + number("offset");
            if &table[start..start + number("length")] == name {
                assert_eq!(
                    u64::from_le_bytes([0, 0, 0, 0, table[at], table[at + 1], table[at + 2], table[at + 3]])
                        >> 32,
                    hash >> 32
                );
                return Some(number("symbol") - 1);
            }
            slot = (slot + 1) & (entries - 1);
        }
    };
    assert_eq!([find(b"nil"), find(b"t"), find(b"foo"), find(b"bar")], [Some(0), Some(1), Some(2), None]);
}

#[test]
fn a_native_is_found_through_the_documented_records() {
    let file = File::new();
    let natives = file.section("Natives");
    let header = |name| number(natives, 0, "Natives header", name) as usize;
    assert_eq!([header("layout"), header("import count"), header("slots length")], [1, 1, 8]);
    let at = length("Natives header");
    let record = |name| number(natives, at, "Native record", name) as usize;
    assert_eq!([record("kind"), record("align"), record("size"), record("slot offset")], [1, 8, 8, 0]);
    let strings = &natives[at + length("Native record")..];
    assert_eq!(strings.len(), header("strings length"));
    let text =
        |offset: usize, len: usize| String::from_utf8_lossy(&strings[offset..offset + len]).into_owned();
    assert_eq!(text(record("name offset"), record("name length")), "double");
    assert_eq!(text(record("type offset"), record("type length")), "fn(u32) -> u32");
    assert_eq!(file.section("Imports"), [0; 8]);
}

#[test]
fn the_schema_text_keeps_to_its_grammar() {
    let file = File::new();
    let text = std::str::from_utf8(file.section("Schema")).expect("UTF-8");
    for line in text.lines() {
        let block = !line.starts_with(' ');
        let known = if block {
            ["type ", "word ", "struct ", "enum "].iter().any(|kind| line.starts_with(kind))
                && (line.contains(" in place") || line.contains(" hydrated"))
        } else {
            let rest = line.trim_start();
            ["note ", "const ", "repr ", "of "].iter().any(|start| rest.starts_with(start))
                || rest.split_once(": ").is_some()
                || rest.split_once(" = ").is_some()
        };
        assert!(known, "{line:?} is not in the documented grammar");
    }
    assert!(text.starts_with("struct format_doc::Vm: "), "{text}");
    assert!(
        text.contains("\nstruct format_doc::Faces section \"faces\" version 3: 16 bytes align 8 hydrated\n")
    );
}
