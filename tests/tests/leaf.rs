//! A walk leaves out what it would show nothing of: no conversion runs for it, and no element is looked at.

mod shapes;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Mutex;

use neodump_runtime::heap::Edges;
use neodump_runtime::{
    Dumpable, ImageMap, ImageOption, ImageStr, ImageVec, Natives, Object, ObjectType, Symbol,
};
use shapes::{Heap, How, Machine, dumped, leak, loaded, release};

thread_local! {
    static CONVERTED: Cell<usize> = const { Cell::new(0) };
}

/// Bytes, stored as they are, and counted.
mod bytes {
    pub(super) type Stored = Vec<u8>;

    pub(super) fn to_stored(text: &String) -> Stored {
        super::CONVERTED.set(super::CONVERTED.get() + 1);
        text.as_bytes().to_vec()
    }

    pub(super) fn from_stored(stored: Stored) -> Result<String, std::string::FromUtf8Error> {
        String::from_utf8(stored)
    }
}

type Link = Option<NonNull<Text>>;

/// Something that a walk shows an object of.
mod link {
    use super::{Link, Text};

    #[derive(neodump_runtime::Dumpable)]
    pub(super) struct Stored {
        #[dump(unsafe(pointer))]
        pub(super) to: Vec<std::ptr::NonNull<Text>>,
    }

    pub(super) fn to_stored(link: &Link) -> Stored {
        super::CONVERTED.set(super::CONVERTED.get() + 1);
        Stored { to: link.iter().copied().collect() }
    }

    pub(super) fn from_stored(stored: Stored) -> Result<Link, String> {
        Ok(stored.to.first().copied())
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Text {
    #[dump(with = bytes)]
    text: String,
    lines: ImageVec<u64>,
    #[dump(cache)]
    hash: Cell<u64>,
}

fn text(text: &str) -> NonNull<Text> {
    let text = Text { text: text.to_owned(), lines: vec![1, 2].into(), hash: Cell::new(0) };
    NonNull::new(leak(text)).expect("a box is not null")
}

#[derive(Dumpable)]
#[dump(image = "leaf", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    #[dump(with = bytes)]
    own: String,
    #[dump(with = link)]
    link: Link,
    #[dump(unsafe(pointer))]
    texts: Vec<NonNull<Text>>,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

impl Vm {
    fn new() -> Self {
        Self {
            heap: Heap::default(),
            own: "own".to_owned(),
            link: Some(text("linked")),
            texts: vec![text("a"), text("b")],
        }
    }
}

/// What a collector is shown of a machine and its objects.
fn edges(vm: &Vm) -> usize {
    let mut count = 0;
    let mut see = |_: *const u8, _: &'static ObjectType| count += 1;
    let mut edges = Edges::new(&mut see);
    let Ok(()) = Dumpable::walk(vm, &mut edges);
    for object in &vm.texts {
        // SAFETY: a live object.
        let Ok(()) = unsafe { Text::walk_object(object.as_ptr(), &mut edges) };
    }
    // SAFETY: nothing has changed since.
    unsafe { edges.finish() };
    count
}

#[test]
fn a_walk_converts_only_what_may_show_something() {
    let _alone = shapes::alone();
    let mut vm = Vm::new();
    CONVERTED.set(0);
    assert_eq!(edges(&vm), 3, "the link and two texts");
    assert_eq!(CONVERTED.get(), 1, "the link");
    CONVERTED.set(0);
    let bytes = dumped(&mut vm, &Natives::new());
    // Once when it is written, for the machine and three objects; the link is traced too.
    let once = 1 + 3 + 2;
    assert_eq!(CONVERTED.get() % once, 0, "{}", CONVERTED.get());
    let (back, _) = loaded::<Vm>(&bytes, How::Bytes, &Natives::new());
    assert_eq!(edges(&back), 3);
    // SAFETY: live objects.
    let texts = back.texts.iter().chain(&back.link).map(|text| unsafe { text.as_ref() }.text.clone());
    assert_eq!(texts.collect::<Vec<_>>(), ["a", "b", "linked"]);
    assert_eq!(back.own, "own");
    release(back);
}

#[derive(Dumpable)]
enum Plain {
    Number(u32),
    Words(Vec<String>, [u8; 2]),
    Nothing,
}

#[derive(Dumpable)]
struct Holder<T> {
    list: Vec<T>,
    name: Option<String>,
}

/// A type that contains its like.
#[derive(Dumpable)]
struct Tree {
    name: String,
    below: Vec<Tree>,
    beside: Option<Box<Tree>>,
}

#[derive(Dumpable)]
#[repr(C)]
struct Names(Symbol);

#[derive(Dumpable)]
struct Called {
    #[dump(native)]
    call: fn(u32) -> u32,
}

#[test]
fn what_can_hold_no_reference_is_known_when_it_is_compiled() {
    const {
        assert!(<u8 as Dumpable>::LEAF && <String as Dumpable>::LEAF && <ImageStr as Dumpable>::LEAF);
        assert!(
            <Vec<u8> as Dumpable>::LEAF
                && <ImageVec<u64> as Dumpable>::LEAF
                && <VecDeque<char> as Dumpable>::LEAF
        );
        assert!(<Option<Vec<u8>> as Dumpable>::LEAF);
        assert!(<[Vec<String>; 2] as Dumpable>::LEAF && <Cell<u32> as Dumpable>::LEAF);
        assert!(<ImageMap<u32, ImageStr> as Dumpable>::LEAF && <ImageOption<u64> as Dumpable>::LEAF);
        assert!(Plain::LEAF && Holder::<u8>::LEAF && Text::LEAF);
        // Conservative: behind a second indirection nothing is known.
        assert!(!<Vec<Vec<u8>> as Dumpable>::LEAF && !Tree::LEAF);
        assert!(!<HashMap<u8, u8> as Dumpable>::LEAF && !<BTreeMap<String, u8> as Dumpable>::LEAF);
        // A lock may be held, and a walk says so.
        assert!(
            !<Mutex<u8> as Dumpable>::LEAF && !<RefCell<u8> as Dumpable>::LEAF && !<Rc<u8> as Dumpable>::LEAF
        );
        assert!(
            !Names::LEAF && !Holder::<Symbol>::LEAF && !<Option<Symbol> as Dumpable>::LEAF && !Called::LEAF
        );
        assert!(!<Vec<Names> as Dumpable>::LEAF && !<ImageVec<Symbol> as Dumpable>::LEAF && !Vm::LEAF);
    }
}
