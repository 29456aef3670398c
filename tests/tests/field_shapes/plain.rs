//! Numbers, text, structs: what is stored as it is, and values that refer to objects.

use super::*;

#[test]
fn shape_01_numbers_flags_and_characters_are_as_they_were() {
    equal((1u8, 2u16, u32::MAX, u64::MAX, (i32::MIN, i64::MIN, usize::MAX), (-0.5f64, true, '\u{10ffff}')));
}

#[test]
fn shape_02_optional_numbers_are_as_they_were() {
    equal((Some(u64::MAX), None::<u32>, Some('x'), None::<char>, Some(false)));
}

#[test]
fn shape_03_arrays_are_as_they_were() {
    carried(([i64::MIN, 0, 3, 4, 5, 6, 7, 8], [float(1.5), fixnum(2)]), |(space, values)| {
        assert_eq!(space[0], i64::MIN);
        assert_eq!((number(values[0]), values[1]), (1.5, fixnum(2)));
    });
}

#[test]
fn shape_04_plain_ids_are_kept_and_symbols_follow_the_interner() {
    #[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
    #[dump(transparent)]
    #[repr(transparent)]
    struct BufferId(u64);
    #[derive(Dumpable)]
    #[dump(image = "ids", version = 1)]
    struct Vm {
        buffers: Vec<BufferId>,
        symbols: ImageVec<Symbol>,
    }
    let mut interner = Interner::new();
    let symbols = vec![interner.intern(b"car"), interner.intern(b"cdr")];
    let mut vm = Vm { buffers: vec![BufferId(9)], symbols: symbols.into() };
    let (bytes, _) = Dumper::new().interner(&interner).to_bytes(&mut vm).expect("dumps");
    let mut other = Interner::with_names(&["nil", "cdr"]);
    let back: Vm = LoadOptions::new().interner(&mut other).load_bytes(&bytes).expect("loads");
    assert_eq!(back.buffers, [BufferId(9)]);
    assert_eq!(back.symbols[..], [other.intern(b"car"), other.intern(b"cdr")]);
}

#[test]
fn shape_05_newtypes_over_strings_are_keys() {
    #[derive(Dumpable, Clone, PartialEq, Eq, Hash, Debug)]
    #[dump(transparent)]
    struct Key(Vec<u8>);
    equal(HashMap::from([(Key(vec![0xff, 0]), 1u32), (Key(Vec::new()), 2)]));
}

#[test]
fn shape_06_values_refer_to_the_same_objects() {
    let shared = float(2.5);
    carried((shared, fixnum(4), shared), |(first, second, third)| {
        assert_eq!((number(*first), *second, first), (2.5, fixnum(4), third));
    });
}

#[test]
fn shape_07_lists_of_values_are_as_they_were() {
    let (one, two) = (float(1.0), float(2.0));
    carried((Some(one), vec![one, two], Some(vec![two]), vec![vec![one], Vec::new()]), |(a, b, c, d)| {
        let [one, two] = b[..] else { panic!("two values") };
        assert_eq!((number(one), number(two)), (1.0, 2.0));
        assert_eq!((a, c, d), (&Some(one), &Some(vec![two]), &vec![vec![one], Vec::new()]));
    });
}

#[test]
fn shape_08_strings_of_the_machine_keep_raw_bytes_and_their_counts() {
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    #[repr(C)]
    struct LispString {
        bytes: ImageVec<u8>,
        chars: usize,
        /// -1 for unibyte.
        size_byte: i64,
    }
    equal(vec![
        LispString { bytes: vec![0xc3, 0xa9].into(), chars: 1, size_byte: 2 },
        LispString { bytes: vec![0xff, 0].into(), chars: 2, size_byte: -1 },
        LispString { bytes: Vec::new().into(), chars: 0, size_byte: -1 },
    ]);
}

#[test]
fn shape_09_text_and_bytes_are_as_they_were() {
    equal(("\u{e9}".to_owned(), vec![0u8, 255], Some(String::new()), None::<Vec<u8>>));
}

#[test]
fn shape_10_tuples_and_association_lists_keep_their_order() {
    equal((vec![(3u32, "c".to_owned()), (1, "a".to_owned())], (1u8, (2u16, 'x'))));
}

#[test]
fn shape_11_structs_nest() {
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    struct Mode {
        name: String,
        parent: Option<Box<Mode>>,
        keywords: Vec<Keyword>,
    }
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    struct Keyword {
        pattern: String,
        group: usize,
    }
    let keyword = Keyword { pattern: "x".to_owned(), group: 1 };
    let parent = Mode { name: "prog".to_owned(), parent: None, keywords: vec![keyword] };
    equal(Mode { name: "lisp".to_owned(), parent: Some(Box::new(parent)), keywords: Vec::new() });
}
