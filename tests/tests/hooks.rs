//! The machine's own code around a dump and a load: when it runs, what it sees, and what its errors do.

mod shapes;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::ptr::NonNull;

use neodump_runtime::{
    DumpError, Dumpable, ImageRoot, ImageVec, Interner, LoadOptions, Natives, Symbol, dump_to_bytes,
    load_bytes,
};
use shapes::{Heap, How, Machine, WAYS, dumped, leak, loaded, release};

thread_local! {
    /// What ran, in its order.
    static EVENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// Where a hook is to fail.
    static FAIL: Cell<&'static str> = const { Cell::new("") };
}

fn event(event: &str) -> Result<(), Refused> {
    EVENTS.with_borrow_mut(|events| events.push(event.to_owned()));
    if FAIL.get() == event { Err(Refused(event.to_owned())) } else { Ok(()) }
}

/// Lets a hook fail until the end of the test.
fn failing(hook: &'static str) -> impl Drop {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            FAIL.set("");
        }
    }
    FAIL.set(hook);
    Reset
}

/// What ran since the last call.
fn events() -> Vec<String> {
    EVENTS.take()
}

/// An error of the machine's own.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} says no", self.0)
    }
}

#[derive(Dumpable)]
#[dump(object, validate = Self::check)]
#[repr(C)]
struct Ring {
    capacity: u32,
    used: Cell<u32>,
    items: ImageVec<u8>,
    names: HashMap<String, u32>,
    #[dump(unsafe(pointer))]
    next: Cell<Option<NonNull<Ring>>>,
}

impl Ring {
    fn check(&self) -> Result<(), String> {
        event("object").map_err(|refused| refused.to_string())?;
        // Hydrated and in-place fields are there, and so are other objects.
        let next = self.next.get().map(|next| {
            // SAFETY: a live object: the load has completed all of them.
            unsafe { next.as_ref() }
        });
        if self.used.get() > self.capacity || next.is_some_and(|next| next.names.len() != 2) {
            return Err(format!("{} of {} are used", self.used.get(), self.capacity));
        }
        Ok(())
    }
}

#[derive(Dumpable)]
#[dump(
    image = "hooks",
    version = 1,
    before_dump = Vm::quiesce,
    after_load = Vm::resume,
    validate = Vm::check
)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    #[dump(unsafe(pointer))]
    ring: NonNull<Ring>,
    names: HashMap<String, Symbol>,
    guard: RefCell<u32>,
    #[dump(unsafe(pointer))]
    garbage: Vec<NonNull<Ring>>,
    #[dump(derived = Self::count)]
    count: usize,
    #[dump(skip = "belongs to the process")]
    started: bool,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

impl Vm {
    fn new() -> Self {
        let mut symbols = Interner::new();
        let names = ["a", "b"].map(|name| (name.to_owned(), symbols.intern(name))).into();
        let second = ring(3, None);
        Self {
            heap: Heap::default(),
            symbols,
            ring: ring(1, Some(second)),
            names,
            guard: RefCell::new(7),
            garbage: vec![ring(99, None)],
            count: 0,
            started: true,
        }
    }

    fn count(&self) -> usize {
        let _ = event("derived");
        self.names.len()
    }

    fn quiesce(&mut self) -> Result<(), Refused> {
        self.garbage.clear();
        event("before_dump")
    }

    fn check(&self) -> Result<(), Refused> {
        assert!(self.heap.image.is_some() && !self.started);
        assert_eq!((self.names.len(), self.count), (2, 2));
        event("image")
    }

    fn resume(&mut self) -> Result<(), Refused> {
        assert_eq!(self.symbols.lookup(b"a"), Some(self.names["a"]));
        self.started = true;
        *self.guard.get_mut() += 1;
        event("after_load")
    }
}

fn ring(used: u32, next: Option<NonNull<Ring>>) -> NonNull<Ring> {
    let names = HashMap::from([("x".to_owned(), 1), ("y".to_owned(), 2)]);
    let next = Cell::new(next);
    let ring = Ring { capacity: 8, used: Cell::new(used), items: vec![1, 2].into(), names, next };
    NonNull::new(leak(ring)).expect("a box is not null")
}

#[track_caller]
fn refused<R: ImageRoot>(result: Result<R, DumpError>) -> String {
    match result {
        Ok(_) => panic!("loaded"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn before_dump_runs_first_and_what_it_drops_is_not_in_the_image() {
    let _alone = shapes::alone();
    let mut vm = Vm::new();
    events();
    let bytes = dumped(&mut vm, &Natives::new());
    assert_eq!(events(), ["before_dump"]);
    assert!(vm.garbage.is_empty());
    let (back, report) = loaded::<Vm>(&bytes, How::Bytes, &Natives::new());
    assert_eq!(report.objects.iter().map(|(_, count)| count).sum::<usize>(), 2);
    release(back);
}

#[test]
fn a_dump_that_before_dump_refuses_says_so_and_leaves_no_file() {
    let mut vm = Vm::new();
    let _failing = failing("before_dump");
    let dir = tempfile::tempdir().unwrap();
    let error = neodump_runtime::dump(&mut vm, dir.path().join("vm.ndump")).unwrap_err().to_string();
    assert_eq!(error, "cannot dump vm (before_dump): before_dump says no");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn hooks_of_a_load_run_in_their_order_on_a_complete_machine() {
    let _alone = shapes::alone();
    let bytes = dumped(&mut Vm::new(), &Natives::new());
    for how in WAYS {
        events();
        let (mut vm, _) = loaded::<Vm>(&bytes, how, &Natives::new());
        let audited: &[&str] = match how {
            How::Bytes | How::BytesElsewhere | How::FileCopied | How::FilePatched => {
                &["object", "object", "image"]
            }
            // The caller promised that neodump wrote the file: what it wrote was valid.
            _ => &[],
        };
        assert_eq!(events(), [&["derived"], audited, &["after_load"]].concat(), "{how:?}");
        assert!(vm.started && *vm.guard.borrow() == 8);
        // What a hook changed is the machine's own, and is dumped as such.
        assert!(dumped(&mut vm, &Natives::new()) != bytes);
        release(vm);
    }
}

#[test]
fn an_object_that_its_own_validation_refuses_is_named() {
    let mut vm = Vm::new();
    // SAFETY: a live object.
    unsafe { vm.ring.as_ref() }.used.set(9);
    let bytes = dump_to_bytes(&mut vm).unwrap();
    events();
    let error = refused(load_bytes::<Vm>(&bytes));
    assert!(error.contains("Ring (validate)") && error.contains("9 of 8 are used"), "{error}");
    assert!(!events().contains(&"after_load".to_owned()));
}

#[test]
fn a_machine_that_its_own_validation_refuses_is_not_loaded() {
    let bytes = dump_to_bytes(&mut Vm::new()).unwrap();
    events();
    let _failing = failing("image");
    let error = refused(load_bytes::<Vm>(&bytes));
    assert!(error.contains("validate") && error.contains("image says no"), "{error}");
    assert_eq!(events(), ["derived", "object", "object", "image"]);
}

#[test]
fn a_load_that_after_load_refuses_says_so() {
    let bytes = dump_to_bytes(&mut Vm::new()).unwrap();
    events();
    let _failing = failing("after_load");
    let error = refused(load_bytes::<Vm>(&bytes));
    assert!(error.contains("after_load says no"), "{error}");
    assert_eq!(events().last().map(String::as_str), Some("after_load"));
}

/// A machine whose interner is outside of it.
#[derive(Dumpable)]
#[dump(image = "hooks-outside", version = 1, after_load = Self::resume)]
struct Outside {
    #[dump(heap)]
    heap: Heap,
    names: Vec<Symbol>,
}

impl Outside {
    fn resume(&mut self) -> Result<(), Refused> {
        event("after_load")
    }
}

#[test]
fn a_refused_load_interns_nothing() {
    let mut symbols = Interner::new();
    let names = ["one", "two"].map(|name| symbols.intern(name)).to_vec();
    let mut vm = Outside { heap: Heap::default(), names };
    let bytes = neodump_runtime::Dumper::new().interner(&symbols).to_bytes(&mut vm).unwrap().0;
    let mut process = Interner::with_names(&["nil", "two"]);
    let fails = failing("after_load");
    refused(LoadOptions::new().interner(&mut process).load_bytes::<Outside>(&bytes));
    assert_eq!((process.len(), process.lookup(b"one")), (2, None));
    drop(fails);
    let vm: Outside = LoadOptions::new().interner(&mut process).load_bytes(&bytes).unwrap();
    assert_eq!(process.len(), 3);
    assert_eq!(vm.names, [process.lookup(b"one"), process.lookup(b"two")].map(Option::unwrap));
}

/// Hooks that return nothing, and are not methods.
#[derive(Dumpable)]
#[dump(image = "hooks-plain", version = 1, before_dump = hooks::before, after_load = hooks::after)]
struct Plain {
    number: u32,
}

mod hooks {
    pub(super) fn before(vm: &mut super::Plain) {
        vm.number += 1;
    }

    pub(super) fn after(vm: &mut super::Plain) {
        vm.number *= 10;
    }
}

/// A machine that puts its visitors aside for a dump.
#[derive(Dumpable)]
#[dump(image = "hooks-aside", version = 1, before_dump = Self::close, after_dump = Self::open)]
struct House {
    visitors: Vec<Guest>,
    #[dump(skip = "only while a dump is going on")]
    outside: Vec<Guest>,
    rooms: RefCell<HashMap<Guest, u32>>,
    #[dump(skip = "what the test asks for")]
    refuses: bool,
}

/// Dumped in the order of names; one of them has nothing to be ordered by.
#[derive(Dumpable, Clone, PartialEq, Eq, Debug)]
struct Guest(String);

impl std::hash::Hash for Guest {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl House {
    fn new() -> Self {
        let guest = |name: &str| Guest(name.to_owned());
        let rooms = [("a", 1), ("b", 2)].map(|(name, room)| (guest(name), room)).into();
        Self { visitors: vec![guest("v")], outside: Vec::new(), rooms: RefCell::new(rooms), refuses: false }
    }

    fn close(&mut self) -> Result<(), &'static str> {
        self.outside = std::mem::take(&mut self.visitors);
        if self.refuses { Err("the party goes on") } else { Ok(()) }
    }

    fn open(&mut self) {
        assert!(self.visitors.is_empty(), "it runs once");
        self.visitors = std::mem::take(&mut self.outside);
    }
}

#[test]
fn what_was_put_aside_is_back_after_a_dump_and_not_in_the_image() {
    let mut house = House::new();
    let folder = tempfile::tempdir().unwrap();
    neodump_runtime::dump(&mut house, folder.path().join("house.ndump")).unwrap();
    assert_eq!((house.visitors.len(), house.outside.len()), (1, 0));
    let bytes = dump_to_bytes(&mut house).unwrap();
    assert_eq!((house.visitors.len(), house.outside.len()), (1, 0));
    let back: House = load_bytes(&bytes).unwrap();
    assert_eq!((back.visitors.len(), back.outside.len(), back.rooms.borrow().len()), (0, 0, 2));
}

#[test]
fn what_was_put_aside_is_back_after_a_dump_that_was_refused_wherever_that_was() {
    let mut house = House::new();
    house.refuses = true;
    let error = dump_to_bytes(&mut house).unwrap_err().to_string();
    assert_eq!(error, "cannot dump house (before_dump): the party goes on");
    assert_eq!((house.visitors.len(), house.outside.len()), (1, 0));
    house.refuses = false;
    // By the trace.
    std::mem::forget(house.rooms.borrow_mut());
    assert!(dump_to_bytes(&mut house).unwrap_err().to_string().starts_with("cannot dump house.rooms: "));
    assert_eq!((house.visitors.len(), house.outside.len()), (1, 0));
    house.rooms = RefCell::default();
    // By the file system, when the machine has been read.
    let error = neodump_runtime::dump(&mut house, "/dev/null/house.ndump").unwrap_err();
    assert!(matches!(error, DumpError::Io { .. }), "{error}");
    assert_eq!((house.visitors.len(), house.outside.len()), (1, 0));
    // And when the natives are at fault, which are looked at first.
    let natives = Natives::new()
        .function("f", hooks::before as fn(&mut Plain))
        .function("f", hooks::after as fn(&mut Plain));
    assert!(neodump_runtime::Dumper::new().natives(&natives).to_bytes(&mut house).is_err());
    assert_eq!((house.visitors.len(), house.outside.len()), (1, 0));
}

#[test]
fn what_was_put_aside_is_back_when_the_machines_own_code_unwinds() {
    let mut house = House::new();
    let mut tell = |_| std::panic::resume_unwind(Box::new(()));
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        neodump_runtime::Dumper::new().progress(&mut tell).to_bytes(&mut house).is_ok()
    }));
    assert!(unwound.is_err());
    assert_eq!((house.visitors.len(), house.outside.len()), (1, 0));
}

#[test]
fn hooks_may_return_nothing() {
    let mut vm = Plain { number: 3 };
    let bytes = dump_to_bytes(&mut vm).unwrap();
    assert_eq!((vm.number, load_bytes::<Plain>(&bytes).unwrap().number), (4, 40));
}

#[test]
fn a_held_lock_or_borrow_refuses_the_dump_with_its_path() {
    let mut vm = Vm::new();
    std::mem::forget(vm.guard.borrow_mut());
    assert_eq!(
        dump_to_bytes(&mut vm).unwrap_err().to_string(),
        "cannot dump vm.guard: this RefCell is mutably borrowed while it is being dumped; release it in before_dump"
    );
}
