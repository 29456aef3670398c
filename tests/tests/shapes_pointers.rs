//! Typed pointers, each by itself, in `Option`, in `Cell` and in atomics, and transparent wrappers of them.

mod shapes;

use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};

use neodump_runtime::{Dumpable, ImageOption, ImageVec, Natives, Object};
use shapes::{Heap, Machine, carry, leak};

/// What machines with a garbage collector of their own hold.
#[derive(Dumpable)]
#[dump(bound = "T: Object")]
#[repr(transparent)]
struct Gc<T>(#[dump(unsafe(pointer))] NonNull<T>);

impl<T> Clone for Gc<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Gc<T> {}

impl<T> PartialEq for Gc<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> fmt::Debug for Gc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A wrapper of a wrapper, stored as what it wraps.
#[derive(Dumpable)]
#[dump(transparent, bound = "T: Object")]
#[repr(transparent)]
struct Root<T>(Gc<T>);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Leaf {
    number: u64,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node<'x> {
    shared: &'x Leaf,
    optional: Option<&'x Leaf>,
    in_cell: Cell<&'x Leaf>,
    optional_in_cell: Cell<Option<&'x Node<'x>>>,
    #[dump(unsafe(pointer))]
    unsafe_cell: UnsafeCell<Option<NonNull<Node<'x>>>>,
    #[dump(unsafe(pointer))]
    not_null: NonNull<Leaf>,
    #[dump(unsafe(pointer))]
    optional_not_null: Option<NonNull<Leaf>>,
    #[dump(unsafe(pointer))]
    constant: *const Leaf,
    #[dump(unsafe(pointer))]
    mutable: *mut Node<'x>,
    #[dump(unsafe(pointer))]
    null: *const Leaf,
    #[dump(unsafe(pointer))]
    constant_in_cell: Cell<*const Leaf>,
    #[dump(unsafe(pointer))]
    atomic: AtomicPtr<Node<'x>>,
    #[dump(unsafe(pointer))]
    atomic_null: AtomicPtr<Leaf>,
    gc: Gc<Leaf>,
    optional_gc: Option<Gc<Node<'x>>>,
    no_gc: Option<Gc<Leaf>>,
    gc_in_cell: Cell<Option<Gc<Leaf>>>,
    root: Root<Leaf>,
    optional_root: Option<Root<Leaf>>,
    image_option: ImageOption<Gc<Leaf>>,
    pointers: [Option<&'x Leaf>; 3],
    many: ImageVec<Option<Gc<Leaf>>>,
}

#[derive(Dumpable)]
#[dump(image = "shapes-pointers", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    root: Gc<Node<'static>>,
    leaf: &'static Leaf,
    /// An `Option` of a nullable pointer needs a tag, and is hydrated.
    #[dump(unsafe(pointer))]
    nullable: Option<*const Leaf>,
    #[dump(unsafe(pointer))]
    null: Option<*const Leaf>,
    #[dump(unsafe(pointer))]
    none: Option<*const Leaf>,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

fn node(leaf: &'static Leaf) -> Node<'static> {
    let pointer = NonNull::from(leaf);
    Node {
        shared: leaf,
        optional: Some(leaf),
        in_cell: Cell::new(leaf),
        optional_in_cell: Cell::new(None),
        unsafe_cell: UnsafeCell::new(None),
        not_null: pointer,
        optional_not_null: Some(pointer),
        constant: leaf,
        mutable: std::ptr::null_mut(),
        null: std::ptr::null(),
        constant_in_cell: Cell::new(leaf),
        atomic: AtomicPtr::new(std::ptr::null_mut()),
        atomic_null: AtomicPtr::new(std::ptr::null_mut()),
        gc: Gc(pointer),
        optional_gc: None,
        no_gc: None,
        gc_in_cell: Cell::new(Some(Gc(pointer))),
        root: Root(Gc(pointer)),
        optional_root: Some(Root(Gc(pointer))),
        image_option: ImageOption::some(Gc(pointer)),
        pointers: [Some(leaf), None, Some(leaf)],
        many: vec![None, Some(Gc(pointer))].into(),
    }
}

/// A node whose pointers to nodes all lead to itself.
fn looped(leaf: &'static Leaf) -> Gc<Node<'static>> {
    let object = leak(node(leaf));
    let pointer = NonNull::new(object).expect("a box is not null");
    // SAFETY: the node is live, and nothing else refers to it yet.
    let node = unsafe { &mut *object };
    node.mutable = object;
    node.atomic = AtomicPtr::new(object);
    node.optional_gc = Some(Gc(pointer));
    *node.unsafe_cell.get_mut() = Some(pointer);
    // SAFETY: objects live as long as the test.
    node.optional_in_cell.set(Some(unsafe { &*object }));
    Gc(pointer)
}

fn check_node(gc: Gc<Node<'static>>, leaf: &Leaf, number: u64) {
    // SAFETY: a live object, as long as the test looks.
    let node = unsafe { gc.0.as_ref() };
    let pointer = NonNull::from(leaf);
    assert_eq!(leaf.number, number);
    assert!(
        [node.shared, node.in_cell.get()].into_iter().chain(node.optional).all(|to| std::ptr::eq(to, leaf))
    );
    assert!(node.optional_in_cell.get().is_some_and(|to| std::ptr::eq(to, node)));
    // SAFETY: nothing writes to the cell.
    assert_eq!(unsafe { *node.unsafe_cell.get() }, Some(gc.0));
    assert_eq!((node.not_null, node.optional_not_null), (pointer, Some(pointer)));
    assert_eq!((node.constant, node.mutable), (pointer.as_ptr().cast_const(), gc.0.as_ptr()));
    assert!(node.null.is_null() && node.atomic_null.load(Ordering::Relaxed).is_null());
    assert_eq!(node.constant_in_cell.get(), pointer.as_ptr().cast_const());
    assert_eq!(node.atomic.load(Ordering::Relaxed), gc.0.as_ptr());
    assert_eq!((node.gc, node.optional_gc, node.no_gc), (Gc(pointer), Some(gc), None));
    assert_eq!((node.gc_in_cell.get(), node.root.0), (Some(Gc(pointer)), Gc(pointer)));
    assert_eq!(node.optional_root.as_ref().map(|root| root.0), Some(Gc(pointer)));
    assert_eq!(node.image_option.get(), Some(Gc(pointer)));
    let pointers = node.pointers.map(|to| to.map(NonNull::from));
    assert_eq!(pointers, [Some(pointer), None, Some(pointer)]);
    assert_eq!(*node.many, [None, Some(Gc(pointer))]);
}

#[test]
fn typed_pointers_survive_every_way_of_a_load() {
    // SAFETY: leaked.
    let leaf: &'static Leaf = unsafe { &*leak(Leaf { number: 42 }) };
    let mut vm = Vm {
        heap: Heap::default(),
        root: looped(leaf),
        leaf,
        nullable: Some(leaf),
        null: Some(std::ptr::null()),
        none: None,
    };
    let reports = carry(
        &mut vm,
        &Natives::new(),
        |vm| {
            check_node(vm.root, vm.leaf, 42);
            assert_eq!(
                (vm.nullable, vm.null, vm.none),
                (Some(&raw const *vm.leaf), Some(std::ptr::null()), None)
            );
        },
        |vm| {
            // SAFETY: leaked.
            vm.leaf = unsafe { &*leak(Leaf { number: 43 }) };
            vm.root = looped(vm.leaf);
        },
        |vm| check_node(vm.root, vm.leaf, 43),
    );
    for (how, report) in reports {
        assert!(report.hydrated.is_empty(), "every pointer is in place");
        assert_eq!(
            (report.relocations == 0, report.pages_written == 0),
            (how.at_base(), how.at_base()),
            "{how:?}"
        );
    }
}

#[test]
fn transparent_wrappers_of_pointers_are_in_place_with_their_niche() {
    fn in_place<T: Dumpable>() -> bool {
        T::RECORD.in_place && T::RECORD.size == 8
    }
    assert!(in_place::<Gc<Leaf>>() && in_place::<Option<Gc<Leaf>>>() && in_place::<Option<Root<Leaf>>>());
    assert!(
        in_place::<Option<&Leaf>>()
            && in_place::<Cell<Option<NonNull<Leaf>>>>()
            && in_place::<AtomicPtr<Leaf>>()
    );
    assert!(!in_place::<Option<*const Leaf>>() && !in_place::<Option<Cell<&Leaf>>>());
}
