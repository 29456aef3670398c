//! What is stored of an object is what it is in memory: where objects, slots and bytes lie in an image, and what a load
//! changes of them.

use neodump_runtime::image::{SegmentKind, Source};
use neodump_runtime::{AdoptImage, LoadReport, Placement, Way};
use neovm::object::{Cons, Float, HashTable, Kind, Overlay, Str, Vector};
use neovm::value::Value;
use neovm::{Vm, image};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something of every kind, some of it empty.
const STATE: &str = "(setq it (list \"\" (vector) (bool-vector) (make-hash-table) (record 'only-a-type) 1.5 (expt 3 99)
    \"text\\0\" (list 'a 1 \"b\" #'car (symbol-function 'cdr) (selected-frame)) (vector 'a 1 \"b\" #'car (make-symbol \"own\")))
  empty (list \"\" (vector)))";

/// One at a time: the preferred base is free for one image only.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A machine in memory and the file that it was made of.
struct Loaded {
    vm: Vm,
    file: Vec<u8>,
    report: LoadReport,
    /// Where the first byte of the file is, or would be.
    start: usize,
}

impl Loaded {
    fn new(placement: Placement) -> Loaded {
        let mut vm = Vm::boot().unwrap();
        vm.eval_str(STATE).unwrap();
        let file = vm.dump_to_bytes().unwrap();
        drop(vm);
        let mut report = LoadReport::default();
        let vm: Vm = image::options().placement(placement).report(&mut report).load_bytes(&file).unwrap();
        let heap =
            Source::Bytes(&file).header().unwrap().section("HeapImage").unwrap().extent.offset as usize;
        let first = vm.heap.image().unwrap().arenas()[0].objects().next().unwrap();
        Loaded { start: first.addr() - heap, vm, file, report }
    }

    /// The bytes of a section in the file.
    fn range(&self, section: &str) -> Range<usize> {
        let extent = Source::Bytes(&self.file).header().unwrap().section(section).unwrap().extent;
        extent.offset as usize..(extent.offset + extent.length) as usize
    }

    /// The bytes of a section in memory.
    fn memory(&self, section: &str) -> Vec<u8> {
        let range = self.range(section);
        let first = std::ptr::with_exposed_provenance::<u8>(self.start + range.start);
        // SAFETY: the image of the machine, which lives as long as `self`, has the section here; nobody writes meanwhile.
        unsafe { std::slice::from_raw_parts(first, range.len()) }.to_vec()
    }

    fn released(self) {
        // SAFETY: nothing of the machine was kept.
        unsafe { self.vm.release() };
    }
}

/// The words of a run of bytes.
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()))
}

#[test]
fn at_its_base_an_image_is_in_memory_what_it_is_in_the_file() {
    let _alone = alone();
    let loaded = Loaded::new(Placement::Preferred);
    assert_eq!(loaded.report.way, Some(Way::AtBase));
    assert_eq!((loaded.report.relocations, loaded.report.fixups), (0, 0));
    for section in ["HeapImage", "HeapWords", "HeapBytes", "ObjectStarts"] {
        assert!(loaded.memory(section) == loaded.file[loaded.range(section)], "{section}");
    }
    loaded.released();
}

#[test]
fn elsewhere_what_refers_has_moved_with_the_image_and_kept_its_tag_and_nothing_else_has_changed() {
    let _alone = alone();
    let loaded = Loaded::new(Placement::Elsewhere);
    let header = Source::Bytes(&loaded.file).header().unwrap();
    let delta = (loaded.start as u64).wrapping_sub(header.preferred_base());
    assert_ne!(delta, 0);
    let (mut moved, mut kept) = (0, 0);
    for section in ["HeapImage", "HeapWords"] {
        let memory = loaded.memory(section);
        for (now, stored) in words(&memory).zip(words(&loaded.file[loaded.range(section)])) {
            if now == stored {
                kept += 1;
                continue;
            }
            assert_eq!(now.wrapping_sub(stored), delta, "{section}");
            let offset = stored.wrapping_sub(header.preferred_base());
            assert!(offset < loaded.file.len() as u64, "{stored:#x} lies in the image");
            moved += 1;
        }
    }
    assert!(loaded.memory("HeapBytes") == loaded.file[loaded.range("HeapBytes")]);
    // Halves of conses are words and nothing else: those that refer have moved, and kept their tags.
    let image = loaded.vm.heap.image().unwrap();
    let conses = image.arenas().iter().find(|arena| arena.object_type().short_name() == "Cons").unwrap();
    let first = conses.objects().next().unwrap().addr() - loaded.start;
    let stored = &loaded.file[first..first + conses.bytes()];
    let first = first - loaded.range("HeapImage").start;
    let now = &loaded.memory("HeapImage")[first..first + conses.bytes()];
    let mut tags = [(0, 0); 8];
    for (now, stored) in words(now).zip(words(stored)) {
        assert_eq!(now & 7, stored & 7);
        let (moved, kept) = &mut tags[(now & 7) as usize];
        *(if now == stored { kept } else { moved }) += 1;
    }
    for (tag, (moved, kept)) in tags.into_iter().enumerate() {
        match tag {
            3 | 4 | 5 | 7 => assert!(moved > 0 && kept == 0, "tag {tag}: {moved} {kept}"),
            // Symbols and integers.
            0 | 2 | 6 => assert!(moved == 0 && kept > 0, "tag {tag}: {moved} {kept}"),
            _ => assert_eq!((moved, kept), (0, 0), "tag {tag}"),
        }
    }
    assert!(moved <= loaded.report.relocations && kept > 0, "{moved} of {}", loaded.report.relocations);
    // Symbols of an interner that starts from the image have the ids of the file: no fixup writes them.
    assert_eq!(loaded.report.fixups, 0);
    loaded.released();
}

#[test]
fn objects_of_a_type_lie_side_by_side_each_as_large_as_its_type() {
    let loaded = Loaded::new(Placement::Elsewhere);
    let mut types = 0;
    for arena in loaded.vm.heap.image().unwrap().arenas() {
        let ty = arena.object_type();
        let size = match ty.short_name() {
            "Cons" => size_of::<Cons>(),
            "Float" => size_of::<Float>(),
            "Str" => size_of::<Str>(),
            "Vector" => size_of::<Vector>(),
            "HashTable" => size_of::<HashTable>(),
            "Overlay" => size_of::<Overlay>(),
            _ => ty.size(),
        };
        assert_eq!(ty.size(), size);
        let addresses: Vec<usize> = arena.objects().map(|object| object.addr()).collect();
        assert_eq!(addresses.len(), arena.len());
        let next = |pair: &[usize]| pair[1] - pair[0];
        assert!(
            addresses.windows(2).all(|pair| next(pair) >= size && next(pair).is_multiple_of(8)),
            "{ty:?}"
        );
        if arena.bytes() == size * arena.len() {
            assert!(addresses.windows(2).all(|pair| next(pair) == size), "{}", ty.short_name());
            types += 1;
        }
    }
    assert!(types >= 20, "{types} types of one size");
    assert_eq!((size_of::<Cons>(), size_of::<Float>()), (16, 24));
    loaded.released();
}

#[test]
fn a_header_in_the_file_says_what_the_object_is_is_marked_and_is_in_no_list() {
    let loaded = Loaded::new(Placement::Elsewhere);
    let mut kinds = 0;
    for arena in loaded.vm.heap.image().unwrap().arenas() {
        let ty = arena.object_type();
        if ty.short_name() == "Cons" {
            continue;
        }
        for object in arena.objects() {
            let at = object.addr() - loaded.start;
            let header: Vec<u64> = words(&loaded.file[at..at + 16]).collect();
            // The mark, the kind, padding that is zero; then the link of the sweep list.
            let kind = match ty.short_name() {
                "Str" => Kind::Str as u8,
                "Float" => Kind::Float as u8,
                _ => ty.kind().unwrap(),
            };
            assert_eq!(header, [1 | u64::from(kind) << 8, 0], "{}", ty.short_name());
        }
        kinds += 1;
    }
    assert!(kinds >= 20, "{kinds} kinds");
    loaded.released();
}

#[test]
fn slots_and_bytes_lie_in_the_image_aligned_and_what_is_empty_has_a_place_of_its_own() {
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        let mut loaded = Loaded::new(placement);
        let inside = loaded.start..loaded.start + loaded.file.len();
        let words = loaded.range("HeapWords");
        let words = loaded.start + words.start..loaded.start + words.end;
        let mut seen = 0;
        for arena in loaded.vm.heap.image().unwrap().arenas() {
            let tag = match arena.object_type().short_name() {
                "Str" => neovm::value::TAG_STR,
                "Vector" | "Record" | "Lambda" | "ByteCode" => neovm::value::TAG_VECLIKE,
                _ => continue,
            };
            for object in arena.objects() {
                let value = Value::at(object.addr(), tag);
                if let Some(slots) = loaded.vm.heap.as_slots(value).filter(|slots| !slots.is_empty()) {
                    let slots = slots.as_ptr_range();
                    assert!(slots.start.addr().is_multiple_of(8));
                    assert!(words.contains(&slots.start.addr()) && slots.end.addr() <= words.end);
                    seen += 1;
                }
                if let Some(bytes) = loaded.vm.heap.as_bytes(value).filter(|bytes| !bytes.is_empty()) {
                    assert!(inside.contains(&bytes.as_ptr().addr()));
                    seen += 1;
                }
            }
        }
        assert!(seen > 1000, "{seen}");
        let vm = &mut loaded.vm;
        let ask = |vm: &mut Vm, text: &str| vm.eval_to_string(text).unwrap();
        assert_eq!(ask(vm, "empty"), "(\"\" [])");
        assert_eq!(ask(vm, "(list (eq (car it) (car empty)) (eq (nth 1 it) (nth 1 empty)))"), "(nil nil)");
        assert_eq!(ask(vm, "(mapcar #'length (seq-take it 3))"), "(0 0 0)");
        // What was empty is filled as in any machine, and its neighbours are as they were.
        vm.eval_str("(puthash 'k 'v (nth 3 it)) (setcar it (concat (car it) \"more\")) (garbage-collect)")
            .unwrap();
        assert_eq!(
            ask(vm, "(list (car it) empty (gethash 'k (nth 3 it)) (nth 5 it))"),
            "(\"more\" (\"\" []) v 1.5)"
        );
        loaded.released();
    }
}

#[test]
fn the_segments_hold_what_is_written_what_is_only_read_and_what_is_dropped_after_the_load() {
    let loaded = Loaded::new(Placement::Elsewhere);
    let header = Source::Bytes(&loaded.file).header().unwrap();
    let segment = |name: &str| header.section(name).unwrap().spec.segment;
    for (name, wanted) in [
        ("HeapImage", SegmentKind::Rw),
        ("HeapWords", SegmentKind::Rw),
        ("HeapBytes", SegmentKind::Ro),
        ("SymbolTable", SegmentKind::Ro),
        ("Imports", SegmentKind::Imports),
        ("Relocations", SegmentKind::Meta),
        ("Schema", SegmentKind::Meta),
    ] {
        assert_eq!(segment(name), wanted, "{name}");
    }
    // A list of 32 bytes for each pointer was most of what a hand-written dump was made of.
    let relocations = loaded.range("Relocations").len();
    let words = (loaded.range("HeapImage").len() + loaded.range("HeapWords").len()) / 8;
    assert!(relocations * 8 <= words * 2, "{relocations} bytes for {words} words");
    loaded.released();
}
