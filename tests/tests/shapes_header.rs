//! Headers: a mark and a count that have their own value in every image, and a kind byte.

mod shapes;

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use neodump_runtime::{Dumpable, ImageVec, Natives};
use shapes::{Heap, How, Machine, carry, dumped, leak, loaded, release};

const WHITE: u8 = 0;
const BLACK: u8 = 2;

/// In place in every object.
#[derive(Dumpable)]
#[repr(C)]
struct Header {
    /// The image's objects are black, whatever they were.
    #[dump(bake = Cell::new(BLACK))]
    mark: Cell<u8>,
    kind: u8,
    flags: u16,
    /// What the image's objects hold on to each other is not counted.
    #[dump(bake = AtomicU32::new(1 << 30))]
    count: AtomicU32,
    /// The collector's chain of all objects.
    #[dump(bake = Cell::new(std::ptr::null_mut()))]
    next: Cell<*mut Node>,
}

impl Header {
    fn new(kind: u8, flags: u16) -> Self {
        let (mark, count, next) = (Cell::new(WHITE), AtomicU32::new(3), Cell::new(std::ptr::null_mut()));
        Self { mark, kind, flags, count, next }
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    header: Header,
    #[dump(unsafe(pointer))]
    to: Cell<Option<NonNull<Node>>>,
    #[dump(unsafe(pointer))]
    items: ImageVec<Cell<Option<NonNull<Node>>>>,
}

#[derive(Dumpable)]
#[dump(image = "shapes-header", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    #[dump(unsafe(pointer))]
    root: NonNull<Node>,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

fn node(flags: u16, to: Option<NonNull<Node>>) -> NonNull<Node> {
    let node = Node { header: Header::new(1, flags), to: Cell::new(to), items: vec![Cell::new(to)].into() };
    NonNull::new(leak(node)).expect("a box is not null")
}

fn at<'a>(node: NonNull<Node>) -> &'a Node {
    // SAFETY: a live object, as long as the test looks.
    unsafe { node.as_ref() }
}

fn machine() -> Vm {
    let second = node(0xabcd, None);
    let root = node(7, Some(second));
    at(second).to.set(Some(root));
    // The collector has linked them: what is only in the chain is not in the image.
    at(root).header.next.set(node(9, None).as_ptr());
    Vm { heap: Heap::default(), root }
}

fn check(vm: &Vm) {
    let root = at(vm.root);
    let second = root.to.get().expect("a second node");
    assert_eq!((root.header.kind, root.header.flags, at(second).header.flags), (1, 7, 0xabcd));
    assert_eq!((at(second).to.get(), root.items[0].get()), (Some(vm.root), Some(second)));
}

#[test]
fn headers_are_baked_at_no_cost_at_load() {
    let _alone = shapes::alone();
    let reports = carry(
        &mut machine(),
        &Natives::new(),
        check,
        |vm| {
            let header = &at(vm.root).header;
            header.mark.set(WHITE);
            header.count.fetch_add(1, Ordering::Relaxed);
            at(vm.root).to.set(Some(node(0xabcd, Some(vm.root))));
        },
        |vm| assert_eq!(at(at(vm.root).to.get().expect("a fresh node")).to.get(), Some(vm.root)),
    );
    for (how, report) in reports {
        assert!(report.hydrated.is_empty());
        assert_eq!(report.pages_written == 0, how.at_base(), "{how:?}");
    }
}

#[test]
fn every_loaded_object_has_the_baked_mark_count_and_chain() {
    let _alone = shapes::alone();
    let bytes = dumped(&mut machine(), &Natives::new());
    for how in shapes::WAYS {
        let (vm, report) = loaded::<Vm>(&bytes, how, &Natives::new());
        assert_eq!(report.objects.iter().map(|(_, count)| count).sum::<usize>(), 2);
        for header in [&at(vm.root).header, &at(at(vm.root).to.get().expect("a node")).header] {
            assert_eq!((header.mark.get(), header.count.load(Ordering::Relaxed)), (BLACK, 1 << 30));
            assert!(header.next.get().is_null());
        }
        release(vm);
    }
}

#[test]
fn marks_of_the_images_objects_are_outside_of_it() {
    let _alone = shapes::alone();
    let bytes = dumped(&mut machine(), &Natives::new());
    let (vm, _) = loaded::<Vm>(&bytes, How::Mapped, &Natives::new());
    let image = vm.heap.image.as_ref().expect("an image");
    let mut marks = image.marks();
    let mut stack = vec![vm.root.as_ptr().cast_const().cast::<u8>()];
    while let Some(object) = stack.pop() {
        assert!(image.contains(object) && image.is_object(object));
        if marks.mark(object) {
            // SAFETY: the start of an object of the image.
            unsafe { image.walk(object, &mut |to, _| stack.push(to)) };
        }
    }
    assert_eq!(marks.count(), 2);
    let mut written = 0;
    image.written_objects(|_, _| written += 1);
    assert_eq!(written, 0, "marking wrote to the image");
    release(vm);
}
