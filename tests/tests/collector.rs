//! What a collector may ask of an image, and what asking costs: nothing is written.

use std::collections::HashSet;
use std::os::unix::fs::FileExt;

use neodump_runtime::heap::{Edges, ObjectType};
use neodump_runtime::{Dumpable, Image, LoadOptions, LoadReport, Natives, Placement, Way};
use neodump_tests::fixture::{DESCRIPTORS, Value, Vm, double, natives, plain, square};

/// A machine elsewhere than at its base, which belongs to the tests that map.
fn load(bytes: &[u8]) -> Vm {
    let names = natives();
    LoadOptions::new().natives(&names).placement(Placement::Elsewhere).load_bytes(bytes).expect("loaded")
}

/// A machine that is mapped at its base.
fn mapped(bytes: &[u8], trusted: bool) -> (Vm, LoadReport, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vm.ndump");
    std::fs::write(&path, bytes).expect("written");
    let (names, mut report) = (natives(), LoadReport::default());
    let options = LoadOptions::new().natives(&names).report(&mut report);
    let options = if trusted { options.trusted() } else { options };
    // SAFETY: this test wrote the file, and nobody changes it.
    let vm: Vm = unsafe { options.map(&path) }.expect("mapped");
    assert_eq!(report.way, Some(Way::AtBase));
    (vm, report, folder)
}

/// Tests that need the preferred base take turns.
static BASE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// The written pages of this process from `start` on: present and no longer the file's, or swapped out.
fn written(start: usize, len: usize) -> Vec<usize> {
    let pagemap = std::fs::File::open("/proc/self/pagemap").expect("linux");
    let pages = (start / 4096)..(start + len).div_ceil(4096);
    let mut entries = vec![0; pages.len() * 8];
    pagemap.read_exact_at(&mut entries, pages.start as u64 * 8).expect("readable");
    let entries = entries.as_chunks::<8>().0.iter().map(|entry| u64::from_le_bytes(*entry));
    let is_written = |entry: u64| entry >> 62 & 1 == 1 || (entry >> 63 & 1 == 1 && entry >> 61 & 1 == 0);
    pages.zip(entries).filter(|(_, entry)| is_written(*entry)).map(|(page, _)| page).collect()
}

/// The first object, and the bytes of all.
fn extent(image: &Image) -> (usize, usize) {
    let arenas = image.arenas();
    let ends: Vec<_> =
        arenas.iter().filter_map(|arena| Some((arena.objects().next()?.addr(), arena.bytes()))).collect();
    let (first, last) = (ends[0].0, ends[ends.len() - 1]);
    (first, last.0 + last.1 - first)
}

/// A machine with enough objects that pages differ: `count` conses, and nothing that is hydrated.
fn plain_machine(count: i32) -> Vm {
    let mut vm = Vm::empty();
    for number in 0..count {
        vm.root = vm.cons(Value::int(number), vm.root);
    }
    vm
}

#[test]
fn the_objects_of_an_image_are_told_from_all_other_addresses() {
    let mut vm = load(&Vm::full().dump().expect("dumped"));
    let own = vm.cons(Value::NIL, Value::NIL);
    vm.list.push(own);
    let image = vm.image().expect("an image");
    let (first, len) = extent(image);
    let mut starts = HashSet::new();
    for arena in image.arenas() {
        assert_eq!((arena.objects().count(), arena.is_empty()), (arena.len(), false));
        for object in arena.objects() {
            assert!(starts.insert(object.addr()));
            assert!(image.arena_of(object).is_some_and(|found| found.object_type().is(arena.object_type())));
        }
    }
    for address in first - 64..first + len + 64 {
        let pointer = std::ptr::without_provenance(address);
        assert_eq!(image.contains(pointer), (first..first + len).contains(&address), "{address:#x}");
        assert_eq!(image.is_object(pointer), starts.contains(&address), "{address:#x}");
    }
    for value in vm.reachable(1000) {
        let object = value.address().expect("an object");
        assert_eq!(image.contains(object), value != own);
    }
    for outside in [0, 1, usize::MAX, first.wrapping_sub(1), std::ptr::from_ref(&vm).addr()] {
        let outside = std::ptr::without_provenance(outside);
        assert!(!image.contains(outside) && !image.is_object(outside) && image.arena_of(outside).is_none());
        assert!(!image.marks().is_marked(outside));
    }
}

#[test]
fn every_edge_of_every_object_is_shown() {
    let mut vm = Vm::full();
    let before = vm.collect();
    let loaded = load(&vm.dump().expect("dumped"));
    let image = loaded.image().expect("an image");
    let mut edges = 0;
    for arena in image.arenas() {
        for object in arena.objects() {
            let mut see = |to: *const u8, ty: &'static ObjectType| {
                assert!(image.is_object(to), "edges of an image that nobody has changed stay inside");
                assert!(image.arena_of(to).is_some_and(|arena| arena.object_type().is(ty)));
                edges += 1;
            };
            // SAFETY: an object of the image.
            unsafe { image.walk(object, &mut see) };
        }
    }
    println!("{edges} edges of {} objects", image.arenas().iter().map(|arena| arena.len()).sum::<usize>());
    assert!(edges > 20);
    assert_eq!(before.own, image.arenas().iter().map(|arena| arena.len()).sum::<usize>());
}

#[test]
fn a_machine_at_its_base_writes_no_page_until_it_is_changed() {
    let _turn = BASE.lock();
    let bytes = plain_machine(50_000).dump().expect("dumped");
    for trusted in [true, false] {
        let (mut vm, report, _folder) = mapped(&bytes, trusted);
        println!("{report}");
        assert_eq!((report.pages_written, report.relocations), (0, 0));
        let image = vm.image().expect("an image");
        let (first, len) = extent(image);
        assert_eq!(written(first, len), [], "the load has written a page");
        image.written_objects(|_, _| panic!("nothing is written"));
        let found = vm.collect();
        assert_eq!((found.in_image, found.own), (50_000, 0));
        assert_eq!(written(first, len), [], "marks are outside of the image");
        assert!(vm.dump().expect("dumped") == bytes);
        assert_eq!(written(first, len), [], "a dump writes nothing");
        // One write is one page.
        let cons = vm.root.as_cons().expect("a cons");
        cons.car.set(Value::int(-1));
        let pages = written(first, len);
        assert_eq!(pages, [std::ptr::from_ref(cons).addr() / 4096]);
        let mut told = Vec::new();
        vm.image().expect("an image").written_objects(|object, _| told.push(object.addr()));
        assert!(told.contains(&std::ptr::from_ref(cons).addr()));
        assert!(
            told.len() <= 257
                && told.iter().all(|object| object / 4096 == pages[0] || (object + 16) / 4096 == pages[0])
        );
        // SAFETY: the machine is not used again.
        unsafe { vm.release() };
    }
}

#[test]
fn only_what_is_hydrated_is_written_and_it_lies_together() {
    let _turn = BASE.lock();
    let mut vm = plain_machine(20_000);
    for number in 0..100 {
        let table = vm.table(&[(Value::int(number), Value::NIL)], &["note"], None);
        vm.root = vm.cons(table, vm.root);
    }
    let (vm, report, _folder) = mapped(&vm.dump().expect("dumped"), true);
    let (first, len) = extent(vm.image().expect("an image"));
    let (pages, all) = (written(first, len), len.div_ceil(4096));
    println!("{} of {all} pages written: {report}", pages.len());
    assert_eq!(report.hydrated.iter().map(|(_, count)| count).sum::<usize>(), 100);
    assert!(pages.len() <= 6 && pages.len() as u64 <= report.pages_written, "{pages:?}");
    assert!(pages.windows(2).all(|two| two[0] + 1 == two[1]), "{pages:?}");
    // SAFETY: the machine is not used again.
    unsafe { vm.release() };
}

#[test]
fn a_barrier_tells_which_objects_were_written() {
    let bytes = plain_machine(1000).dump().expect("dumped");
    let mut vm = load(&bytes);
    // Own memory: nothing is known, so all may have been written.
    let mut count = 0;
    vm.image().expect("an image").written_objects(|_, _| count += 1);
    assert_eq!(count, 1000);
    let mut image = take(&mut vm);
    image.use_barrier();
    image.written_objects(|_, _| panic!("nothing is written"));
    let third = vm.reachable(3)[2].address().expect("an object");
    let outside = vm.cons(Value::NIL, Value::NIL).address().expect("an object");
    for object in [third, third, outside, std::ptr::null_mut()] {
        image.note_write(object);
    }
    let mut told = Vec::new();
    image.written_objects(|object, ty| told.push((object, ty.short_name())));
    assert_eq!(told, [(third, "Cons")]);
}

/// The image of a machine, to be told of writes.
fn take(vm: &mut Vm) -> Image {
    std::mem::take(&mut vm.heap).into_image().expect("an image")
}

#[test]
fn marks_are_one_bit_an_object_and_can_be_cleared() {
    let vm = load(&plain_machine(1000).dump().expect("dumped"));
    let image = vm.image().expect("an image");
    let mut marks = image.marks();
    let objects: Vec<_> = image.arenas().iter().flat_map(|arena| arena.objects()).collect();
    for (index, object) in objects.iter().enumerate() {
        assert!(!marks.is_marked(*object));
        assert!(marks.mark(*object) && !marks.mark(*object) && marks.is_marked(*object));
        assert_eq!(marks.count(), index + 1);
    }
    let copy = marks.clone();
    marks.clear();
    assert_eq!((marks.count(), copy.count()), (0, 1000));
}

#[test]
fn objects_see_the_copies_of_this_process_natives() {
    static OTHER: [neodump_tests::fixture::Descriptor; 2] = {
        let mut other = DESCRIPTORS;
        other[0].arity = 77;
        other[1].arity = 78;
        other
    };
    let bytes = Vm::full().dump().expect("dumped");
    // The functions are exchanged, as after a change of the host, and the statics have other contents.
    let names = Natives::new()
        .function("double", square as fn(&mut Vm, Value) -> Value)
        .function("square", double as fn(&mut Vm, Value) -> Value)
        .function("plain", plain as fn(u32) -> u32)
        .data("double.descriptor", &OTHER[0])
        .data("square.descriptor", &OTHER[1]);
    for placement in [Placement::Copied, Placement::Elsewhere] {
        let options = LoadOptions::new().natives(&names).placement(placement);
        let mut vm: Vm = options.load_bytes(&bytes).expect("loaded");
        let subrs: Vec<_> = vm.reachable(1000).into_iter().filter_map(Value::as_subr).collect();
        let mut seen = Vec::new();
        for subr in subrs {
            assert!(!std::ptr::eq(subr.descriptor, &OTHER[0]) && !std::ptr::eq(subr.descriptor, &OTHER[1]));
            seen.push((subr.descriptor.arity, (subr.function)(&mut vm, Value::int(5)).bits() >> 3));
        }
        seen.sort_unstable();
        assert_eq!(seen, [(77, 25), (78, 10)]);
        assert_eq!((vm.owned.hook)(&mut vm, Value::int(5)), Value::int(10));
    }
}

#[test]
fn what_is_mapped_is_not_moved_by_anything() {
    let vm = load(&Vm::full().dump().expect("dumped"));
    let addresses: Vec<_> = vm.reachable(1000);
    let mut moved = Box::new(vm);
    moved.mutate(1000);
    moved.collect();
    moved.dump().expect("dumped");
    let text = moved.describe();
    assert!(addresses.iter().all(|value| {
        moved.image().is_some_and(|image| value.address().is_some_and(|address| image.is_object(address)))
    }));
    assert_eq!(moved.describe(), text);
}

/// State behind a lock that somebody may hold.
#[derive(Dumpable)]
struct Guarded {
    value: std::sync::Mutex<Value>,
}

#[test]
fn a_collection_does_not_go_on_past_what_it_cannot_look_into() {
    let vm = Vm::empty();
    let guarded = Guarded { value: std::sync::Mutex::new(vm.cons(Value::NIL, Value::NIL)) };
    let count = || {
        let mut met = 0;
        let mut see = |_: *const u8, _: &'static ObjectType| met += 1;
        let mut edges = Edges::new(&mut see);
        let Ok(()) = Dumpable::walk(&guarded, &mut edges);
        // SAFETY: nothing has changed since the walk.
        unsafe { edges.finish() };
        drop(edges);
        met
    };
    assert_eq!(count(), 1);
    let held = guarded.value.lock().expect("not poisoned");
    let refused =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(count)).expect_err("the value is hidden");
    let message = refused.downcast_ref::<String>().expect("a message");
    assert!(message.contains("would be lost") && message.contains("locked"), "{message}");
    drop(held);
    assert_eq!(count(), 1);
}
