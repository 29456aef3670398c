//! Trailing arrays: objects of one type with different sizes, found by their starts.

mod shapes;

use std::cell::Cell;
use std::ptr::{NonNull, with_exposed_provenance_mut};

use neodump_runtime::{Dumpable, Natives, Object};
use shapes::{Heap, How, Machine, carry, dumped, loaded, release};

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Vector {
    len: u32,
    mark: Cell<u8>,
    #[dump(unsafe(tail = len))]
    #[dump(unsafe(pointer))]
    items: [Cell<Option<NonNull<Vector>>>; 0],
}

/// The elements begin in what is padding without them.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Bytes {
    #[dump(unsafe(pointer))]
    owner: *const Vector,
    len: u16,
    #[dump(unsafe(tail = len))]
    bytes: [u8; 0],
}

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(C)]
struct Slot {
    name: u16,
    open: bool,
    #[dump(unsafe(pointer))]
    to: *const Bytes,
    more: [u32; 3],
}

/// A stride that is no multiple of the address granule of other types, and a hydrated field before.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(16))]
struct Frame {
    names: Vec<String>,
    count: Cell<u64>,
    #[dump(unsafe(tail = count))]
    slots: [Slot; 0],
}

#[derive(Dumpable)]
#[dump(image = "shapes-tail", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    #[dump(unsafe(pointer))]
    vectors: Vec<NonNull<Vector>>,
    #[dump(unsafe(pointer))]
    bytes: Vec<*const Bytes>,
    #[dump(unsafe(pointer))]
    frames: Vec<*mut Frame>,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

/// Makes an object with `len` trailing elements.
fn allocate<T: Object, E: Copy>(head: T, elements: &[E]) -> *mut T {
    let tail = T::TAIL.expect("a type with a trailing array");
    assert_eq!((tail.stride, elements.is_empty() || size_of::<E>() == tail.stride), (size_of::<E>(), true));
    let size = (tail.offset + tail.stride * elements.len()).max(size_of::<T>());
    let layout = std::alloc::Layout::from_size_align(size, align_of::<T>()).expect("a layout").pad_to_align();
    // SAFETY: the layout has bytes: every head has.
    let object = unsafe { std::alloc::alloc_zeroed(layout) };
    // SAFETY: room for the head.
    unsafe { object.cast::<T>().write(head) };
    // SAFETY: in bounds by the layout.
    let first = unsafe { object.add(tail.offset) }.cast::<E>();
    // SAFETY: as above; elements follow the head, where it has padding at most.
    unsafe { first.copy_from_nonoverlapping(elements.as_ptr(), elements.len()) };
    with_exposed_provenance_mut(object.expose_provenance())
}

fn vector(items: &[Option<NonNull<Vector>>]) -> NonNull<Vector> {
    let head = Vector { len: items.len() as u32, mark: Cell::new(0), items: [] };
    NonNull::new(allocate(head, items)).expect("allocated")
}

fn items<'a>(vector: NonNull<Vector>) -> &'a [Cell<Option<NonNull<Vector>>>] {
    // SAFETY: a live object.
    let len = unsafe { (*vector.as_ptr()).len };
    // SAFETY: as above.
    let first = unsafe { &raw const (*vector.as_ptr()).items };
    // SAFETY: as many elements as the head says follow it.
    unsafe { std::slice::from_raw_parts(first.cast(), len as usize) }
}

fn bytes<'a>(bytes: *const Bytes) -> &'a [u8] {
    // SAFETY: a live object.
    let len = unsafe { (*bytes).len };
    // SAFETY: as above.
    let first = unsafe { &raw const (*bytes).bytes };
    // SAFETY: as many elements as the head says follow it.
    unsafe { std::slice::from_raw_parts(first.cast(), usize::from(len)) }
}

fn slots<'a>(frame: *const Frame) -> &'a [Slot] {
    // SAFETY: a live object.
    let len = unsafe { (*frame).count.get() };
    // SAFETY: as above.
    let first = unsafe { &raw const (*frame).slots };
    // SAFETY: as many elements as the head says follow it.
    unsafe { std::slice::from_raw_parts(first.cast(), len as usize) }
}

fn text(owner: NonNull<Vector>, content: &[u8]) -> *const Bytes {
    let head = Bytes { owner: owner.as_ptr(), len: content.len() as u16, bytes: [] };
    allocate(head, content)
}

fn machine() -> Vm {
    let empty = vector(&[]);
    let one = vector(&[Some(empty)]);
    let many = vector(&[Some(one), None, Some(empty), Some(one), None]);
    items(one)[0].set(Some(many));
    let long: Vec<_> = (0..1000).map(|index| [Some(one), None, Some(many)][index % 3]).collect();
    let vectors = vec![many, vector(&long), empty, one];
    let bytes = (0..24).map(|len| text(many, &b"abcdefghijklmnopqrstuvwxyz"[..len])).collect::<Vec<_>>();
    let slot =
        |name| Slot { name, open: name % 2 == 1, to: bytes[usize::from(name)], more: [name.into(); 3] };
    let frames = (0..4_u16).map(|count| {
        let slots: Vec<_> = (0..count).map(slot).collect();
        let names = (0..count).map(|name| format!("slot {name}")).collect();
        allocate(Frame { names, count: Cell::new(count.into()), slots: [] }, &slots)
    });
    Vm { heap: Heap::default(), vectors, frames: frames.collect(), bytes }
}

fn check(vm: &Vm) {
    let [many, long, empty, one] = vm.vectors[..] else { panic!("{} vectors", vm.vectors.len()) };
    assert!(items(empty).is_empty());
    assert_eq!(items(one), [Cell::new(Some(many))]);
    assert_eq!(items(many), [Some(one), None, Some(empty), Some(one), None].map(Cell::new));
    assert!(
        items(long)
            .iter()
            .enumerate()
            .all(|(index, item)| item.get() == [Some(one), None, Some(many)][index % 3])
    );
    for (len, text) in vm.bytes.iter().enumerate() {
        assert_eq!(bytes(*text), &b"abcdefghijklmnopqrstuvwxyz"[..len]);
        // SAFETY: a live object.
        assert!(std::ptr::eq(unsafe { (**text).owner }, many.as_ptr()));
    }
    for (count, frame) in vm.frames.iter().enumerate() {
        // SAFETY: a live object.
        let names = unsafe { &(**frame).names };
        let slots = slots(*frame);
        assert_eq!((names.len(), slots.len()), (count, count));
        for (name, slot) in slots.iter().enumerate() {
            assert_eq!(
                (usize::from(slot.name), slot.open, slot.more),
                (name, name % 2 == 1, [name as u32; 3])
            );
            assert_eq!((slot.to, &names[name]), (vm.bytes[name], &format!("slot {name}")));
        }
    }
}

#[test]
fn trailing_arrays_survive_every_way_of_a_load() {
    let _alone = shapes::alone();
    carry(
        &mut machine(),
        &Natives::new(),
        check,
        |vm| {
            items(vm.vectors[0])[1].set(Some(vector(&[None, Some(vm.vectors[2])])));
            vm.bytes.push(text(vm.vectors[3], b"fresh"));
            // SAFETY: a live object that nothing else borrows.
            unsafe { &mut *vm.frames[1] }.names.push("pushed".to_owned());
        },
        |vm| {
            let fresh = items(vm.vectors[0])[1].get().expect("a fresh vector");
            assert_eq!(items(fresh), [None, Some(vm.vectors[2])].map(Cell::new));
            assert_eq!(bytes(vm.bytes[24]), b"fresh");
            // SAFETY: a live object.
            assert_eq!(unsafe { &(*vm.frames[1]).names }[..], ["slot 0", "pushed"]);
        },
    );
}

#[test]
fn objects_of_varying_size_are_found_by_their_starts() {
    let _alone = shapes::alone();
    let dump = dumped(&mut machine(), &Natives::new());
    for how in [How::Bytes, How::MappedPatched] {
        let (vm, _) = loaded::<Vm>(&dump, how, &Natives::new());
        let image = vm.heap.image.as_ref().expect("an image");
        let mut known: Vec<*const u8> =
            vm.vectors.iter().map(|vector| vector.as_ptr().cast_const().cast()).collect();
        known.extend(vm.bytes.iter().map(|bytes| bytes.cast::<u8>()));
        known.extend(vm.frames.iter().map(|frame| frame.cast_const().cast::<u8>()));
        known.sort();
        let mut found = Vec::new();
        for arena in image.arenas() {
            let objects: Vec<*const u8> = arena.objects().map(<*mut u8>::cast_const).collect();
            assert_eq!(objects.len(), arena.len());
            assert!(objects.is_sorted());
            // Every address of the arena, and no other, is in it; its objects alone start objects.
            for offset in 0..arena.bytes() {
                let address = objects[0].wrapping_add(offset);
                assert_eq!(image.is_object(address), objects.contains(&address), "{how:?} {offset}");
                assert!(
                    image.arena_of(address).is_some_and(|found| found.object_type().is(arena.object_type()))
                );
            }
            found.extend(objects);
        }
        found.sort();
        assert_eq!(found, known);
        release(vm);
    }
}

#[test]
fn a_walk_of_a_mapped_object_shows_the_pointers_in_its_trailing_array() {
    let _alone = shapes::alone();
    let dump = dumped(&mut machine(), &Natives::new());
    let (vm, _) = loaded::<Vm>(&dump, How::Mapped, &Natives::new());
    let image = vm.heap.image.as_ref().expect("an image");
    let mut edges = Vec::new();
    // SAFETY: the start of an object of the image.
    unsafe { image.walk(vm.vectors[0].as_ptr().cast(), &mut |to, ty| edges.push((to, ty.short_name()))) };
    let expected =
        [vm.vectors[3], vm.vectors[2], vm.vectors[3]].map(|to| (to.as_ptr().cast_const().cast(), "Vector"));
    assert_eq!(edges, expected);
    release(vm);
}
