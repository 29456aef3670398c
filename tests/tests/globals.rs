//! `global`: what a machine keeps in statics is part of its image, and each machine has its own.

mod shapes;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ptr::NonNull;
use std::sync::{Mutex, RwLock};

use neodump_runtime::global::{Active, Captured, GlobalError, activate, begin, deactivate};
use neodump_runtime::{DumpError, Dumpable, LoadOptions, Natives, ObjectType, dump_to_bytes};
use shapes::{Heap, Machine, WAYS, alone, dumped, leak, loaded, release};

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Plist {
    text: String,
    number: u64,
}

/// The charsets of a machine: a manager with a section of its own, which refers to its heap.
#[derive(Dumpable, Default)]
#[dump(section = "charsets", version = 2)]
struct Charsets {
    #[dump(unsafe(pointer))]
    by_name: HashMap<String, NonNull<Plist>>,
    priority: Vec<String>,
    is_unified: bool,
}

#[derive(Dumpable, Default, Debug, PartialEq, Clone)]
struct Fontsets {
    ordered: Vec<String>,
    generation: u64,
}

thread_local! {
    static CHARSETS: RefCell<Active<Charsets>> = RefCell::default();
}
static FONTSETS: RwLock<Active<Fontsets>> =
    RwLock::new(Active::new(Fontsets { ordered: Vec::new(), generation: 7 }));
static REGISTRY: Mutex<Active<BTreeMap<u8, u8>>> = Mutex::new(Active::new(BTreeMap::new()));

#[derive(Dumpable)]
#[dump(image = "globals", version = 1, after_load = Vm::check_after, validate = Vm::check)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    number: u32,
    #[dump(global = CHARSETS)]
    charsets: Captured<Charsets>,
    #[dump(global = FONTSETS)]
    fontsets: Captured<Fontsets>,
    #[dump(global = self::REGISTRY)]
    registry: Captured<BTreeMap<u8, u8>>,
}

impl Vm {
    fn new(number: u32) -> Self {
        let empty = BTreeMap::from([(number as u8, 1)]);
        Self {
            heap: Heap::default(),
            number,
            charsets: Captured::default(),
            fontsets: Captured::default(),
            registry: Captured::new(empty),
        }
    }

    /// Nothing is in the statics yet, and the machine sees its states in its own fields.
    fn check(&self) -> Result<(), String> {
        assert_eq!(self.charsets.get().expect("held").priority, [self.number.to_string()]);
        if self.number == 666 { Err("not this number".to_owned()) } else { Ok(()) }
    }

    fn check_after(&mut self) -> Result<(), String> {
        assert!(self.fontsets.get().is_some());
        if self.number == 667 { Err("nor this one".to_owned()) } else { Ok(()) }
    }
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

/// Fills the statics, as a machine does when it boots.
fn boot(number: u32) -> Vm {
    let mut vm = Vm::new(number);
    activate(&mut vm).expect("free");
    let plist = leak(Plist { text: format!("plist of {number}"), number: number.into() });
    CHARSETS.with_borrow_mut(|charsets| {
        charsets.by_name.insert("unicode".to_owned(), NonNull::new(plist).expect("a box is not null"));
        charsets.priority.push(number.to_string());
        charsets.is_unified = true;
    });
    let mut fontsets = FONTSETS.write().expect("not poisoned");
    fontsets.ordered.push(format!("han of {number}"));
    drop(fontsets);
    vm
}

/// What the statics say.
fn statics() -> (Vec<String>, Vec<String>, Vec<String>, Vec<u8>) {
    let charsets = CHARSETS.with_borrow(|charsets| {
        let texts = charsets.by_name.values().map(|plist| {
            // SAFETY: an object of a machine that lives.
            unsafe { plist.as_ref() }.text.clone()
        });
        (charsets.priority.clone(), texts.collect())
    });
    let registry = REGISTRY.lock().expect("not poisoned").keys().copied().collect();
    (charsets.0, charsets.1, FONTSETS.read().expect("not poisoned").ordered.clone(), registry)
}

/// What the statics say when machine `number` is active, with these fontsets more.
fn of(number: u32, more: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>, Vec<u8>) {
    let fontsets =
        std::iter::once(format!("han of {number}")).chain(more.iter().map(|more| (*more).to_owned()));
    (vec![number.to_string()], vec![format!("plist of {number}")], fontsets.collect(), vec![number as u8])
}

fn nobody() -> (Vec<String>, Vec<String>, Vec<String>, Vec<u8>) {
    assert_eq!(FONTSETS.read().expect("not poisoned").generation, 7, "what the program started with");
    <_>::default()
}

fn push(fontset: &str) {
    FONTSETS.write().expect("not poisoned").ordered.push(fontset.to_owned());
}

#[test]
fn a_clone_takes_over_and_hands_back_twice() {
    let _alone = alone();
    assert_eq!(statics(), nobody());
    let mut live = boot(1);
    let bytes = dump_to_bytes(&mut live).expect("dumps");
    for how in WAYS {
        let (mut clone, _) = loaded::<Vm>(&bytes, how, &Natives::new());
        assert_eq!(statics(), of(1, &[]), "{how:?}: the machine that was loaded is active");
        push("clone's");
        for _ in 0..2 {
            activate(&mut live).expect("free");
            assert_eq!(statics(), of(1, &[]), "{how:?}: the live machine has its own");
            activate(&mut clone).expect("free");
            assert_eq!(statics(), of(1, &["clone's"]), "{how:?}: and so has the clone");
        }
        activate(&mut clone).expect("nothing changes");
        assert_eq!(statics(), of(1, &["clone's"]));
        release(clone);
        assert_eq!(statics(), nobody(), "{how:?}: the active machine has gone");
        activate(&mut live).expect("free");
    }
    drop(live);
    assert_eq!(statics(), nobody());
}

#[test]
fn the_image_is_the_same_wherever_the_state_is() {
    let _alone = alone();
    let mut vm = boot(2);
    let active = dumped(&mut vm, &Natives::new());
    assert_eq!(statics(), of(2, &[]), "a dump leaves the statics as they are");
    let other = boot(3);
    assert!(dumped(&mut vm, &Natives::new()) == active, "aside in the statics");
    deactivate(&mut vm).expect("free");
    assert!(vm.charsets.get().is_some());
    assert!(dumped(&mut vm, &Natives::new()) == active, "held by the machine");
    deactivate(&mut vm).expect("nothing to do");
    assert_eq!(statics(), of(3, &[]));
    drop(other);
    let (mut back, _) = loaded::<Vm>(&active, shapes::How::BytesElsewhere, &Natives::new());
    assert!(dumped(&mut back, &Natives::new()) == active, "loaded elsewhere");
    release(back);
}

#[test]
fn a_load_that_fails_leaves_the_statics_as_they_were() {
    let _alone = alone();
    let mut live = boot(4);
    let is_untouched = || {
        assert_eq!(statics(), of(4, &[]));
        assert!(CHARSETS.with_borrow(Active::is_owned));
    };
    for (number, says) in [(666, "not this number"), (667, "nor this one")] {
        let mut bad = boot(number);
        let bytes = dump_to_bytes(&mut bad).expect("dumps");
        drop(bad);
        assert!(!CHARSETS.with_borrow(Active::is_owned), "nobody is active");
        assert_eq!(statics(), nobody());
        activate(&mut live).expect("free");
        let refused = LoadOptions::new().load_bytes::<Vm>(&bytes).map(drop).expect_err("refused").to_string();
        assert!(refused.contains(says), "{refused}");
        is_untouched();
    }
    let bytes = dump_to_bytes(&mut live).expect("dumps");
    // A thread-local that is borrowed, a lock that is held: nothing is half committed.
    let charsets = CHARSETS.with_borrow(|_| LoadOptions::new().load_bytes::<Vm>(&bytes).map(drop));
    is_refused(charsets, "Vm.charsets (global)", "the thread-local is borrowed");
    is_untouched();
    let registry = {
        let _held = REGISTRY.lock().expect("not poisoned");
        LoadOptions::new().load_bytes::<Vm>(&bytes).map(drop)
    };
    is_refused(registry, "Vm.registry (global)", "the static is locked");
    is_untouched();
    // Damage is found before.
    let refused = LoadOptions::new().load_bytes::<Vm>(&bytes[..bytes.len() - 1]).map(drop);
    refused.expect_err("refused");
    is_untouched();
}

#[track_caller]
fn is_refused(result: Result<(), DumpError>, field: &str, says: &str) {
    match result {
        Err(DumpError::Deserialization { path, problem }) => {
            assert_eq!(path, field);
            assert!(problem.starts_with(says), "{problem}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_activation_is_whole_or_nothing() {
    let _alone = alone();
    let mut live = boot(5);
    let mut other = Vm::new(6);
    let held = REGISTRY.lock().expect("not poisoned");
    let error: GlobalError = activate(&mut other).expect_err("the last static is locked");
    drop(held);
    assert_eq!((error.field(), &error.to_string()[..23]), ("Vm.registry", "Vm.registry: the static"));
    assert_eq!(statics(), of(5, &[]));
    assert!(other.charsets.get().is_some(), "the machine holds its states as before");
    activate(&mut other).expect("free");
    activate(&mut live).expect("free");
    assert_eq!(statics(), of(5, &[]));
}

#[test]
fn a_load_can_leave_the_active_machine_active() {
    let _alone = alone();
    let mut live = boot(8);
    let bytes = dump_to_bytes(&mut live).expect("dumps");
    push("more");
    let mut back = LoadOptions::new().inactive().load_bytes::<Vm>(&bytes).expect("loads");
    assert_eq!(statics(), of(8, &["more"]));
    assert_eq!(back.fontsets.get().expect("held").ordered, ["han of 8"]);
    back.fontsets.get_mut().expect("held").ordered.push("last".to_owned());
    activate(&mut back).expect("free");
    assert_eq!(statics(), of(8, &["last"]));
    release(back);
}

#[test]
fn a_static_that_is_held_refuses_the_dump_with_the_way_to_it() {
    let _alone = alone();
    let mut vm = boot(9);
    let borrowed = CHARSETS.with_borrow_mut(|_| dump_to_bytes(&mut vm)).expect_err("refused").to_string();
    assert!(borrowed.contains("vm.charsets") && borrowed.contains("borrowed"), "{borrowed}");
    let held = FONTSETS.write().expect("not poisoned");
    let locked = dump_to_bytes(&mut vm).expect_err("refused").to_string();
    assert!(locked.contains("vm.fontsets") && locked.contains("locked"), "{locked}");
    drop(held);
    dump_to_bytes(&mut vm).expect("dumps");
}

#[test]
fn a_collector_sees_the_objects_of_statics() {
    let _alone = alone();
    let vm = boot(10);
    let mut seen = 0;
    let mut see = |_: *const u8, _: &'static ObjectType| seen += 1;
    let mut edges = neodump_runtime::heap::Edges::new(&mut see);
    let Ok(()) = Dumpable::walk(&vm, &mut edges);
    // SAFETY: nothing has changed.
    unsafe { edges.finish() };
    assert_eq!(seen, 1, "the plist, which only the thread-local refers to");
}

/// A machine without pointers, so that it can be sent.
#[derive(Dumpable)]
#[dump(image = "sent", version = 1)]
struct Sent {
    #[dump(global = COUNTS)]
    counts: Captured<Vec<u32>>,
}

thread_local! {
    static COUNTS: RefCell<Active<Vec<u32>>> = const { RefCell::new(Active::new(Vec::new())) };
}

#[test]
fn a_machine_goes_to_another_thread_when_it_is_not_active() {
    let mut vm = Sent { counts: Captured::new(vec![1]) };
    activate(&mut vm).expect("free");
    COUNTS.with_borrow_mut(|counts| counts.push(2));
    let mut vm = std::thread::spawn(move || {
        let error = activate(&mut vm).expect_err("it is in the static of the other thread");
        assert!(error.to_string().contains("another thread"), "{error}");
        let refused = dump_to_bytes(&mut vm).expect_err("nor can it be dumped here").to_string();
        assert!(refused.contains("sent.counts") && refused.contains("another thread"), "{refused}");
        assert!(deactivate(&mut vm).is_err());
        vm
    })
    .join()
    .expect("no panic");
    deactivate(&mut vm).expect("here it is");
    assert!(COUNTS.with_borrow(|counts| counts.is_empty()));
    let there = std::thread::spawn(move || {
        activate(&mut vm).expect("free");
        COUNTS.with_borrow_mut(|counts| counts.push(3));
        let counts = COUNTS.with_borrow(|counts| counts.to_vec());
        drop(vm);
        (counts, COUNTS.with_borrow(|counts| counts.len()))
    });
    assert_eq!(there.join().expect("no panic"), (vec![1, 2, 3], 0));
}

#[test]
fn hostile_bytes_of_a_state_are_refused_by_the_audit() {
    let _alone = alone();
    let mut vm = boot(11);
    let bytes = dump_to_bytes(&mut vm).expect("dumps");
    let mut forge = neodump_tests::forge::Forge::new(&bytes);
    let section = forge.section("charsets");
    let neodump_runtime::schema::ShapeKind::Struct(fields) = Charsets::shape().kind else {
        panic!("a struct")
    };
    let flag = fields.iter().find(|field| field.name == "is_unified").expect("a field");
    let at = section.start + flag.offset;
    assert_eq!(forge.bytes()[at], 1);
    forge.bytes()[at] = 2;
    let refused =
        LoadOptions::new().load_bytes::<Vm>(forge.sealed()).map(drop).expect_err("refused").to_string();
    assert!(refused.contains("vm.charsets.is_unified") && refused.contains('2'), "{refused}");
    assert_eq!(statics(), of(11, &[]));
}

#[test]
fn activations_nest_like_calls_and_leave_every_state_where_it_was() {
    let _alone = alone();
    let (mut outer, mut inner) = (Vm::new(1), Vm::new(2));
    let note = |text: &str| CHARSETS.with_borrow_mut(|charsets| charsets.priority.push(text.to_owned()));
    let priority = || CHARSETS.with_borrow(|charsets| charsets.priority.clone());
    let nobodys = priority();
    let running = begin(&mut outer).unwrap();
    note("outer");
    let nested = begin(&mut inner).unwrap();
    note("inner");
    // The activation of one machine does not end with another.
    let twice = begin(&mut inner).unwrap();
    let error = twice.end(&mut outer).unwrap_err();
    assert!(error.to_string().contains("that of another machine"), "{error}");
    assert_eq!(priority(), ["inner"]);
    nested.end(&mut inner).unwrap();
    assert_eq!(priority(), ["outer"]);
    note("outer again");
    running.end(&mut outer).unwrap();
    assert_eq!(priority(), nobodys);
    let held = |vm: &Vm| vm.charsets.get().expect("held by the machine").priority.clone();
    assert_eq!(
        (held(&outer), held(&inner)),
        (vec!["outer".into(), "outer again".into()], vec!["inner".into()])
    );
}

/// A machine that counts its activations.
#[derive(Dumpable)]
#[dump(image = "counted", version = 1)]
struct Counted {
    #[dump(global = COUNTED)]
    names: Captured<Vec<u32>>,
    #[dump(skip = "only while programs run")]
    running: neodump_runtime::global::Activations,
}

thread_local! {
    static COUNTED: RefCell<Active<Vec<u32>>> = const { RefCell::new(Active::new(Vec::new())) };
}

impl Counted {
    fn new(names: &[u32]) -> Self {
        Self { names: Captured::new(names.to_vec()), running: Default::default() }
    }

    fn enter(&mut self) {
        self.try_enter().expect("nobody holds the names");
    }

    fn try_enter(&mut self) -> Result<(), neodump_runtime::global::GlobalError> {
        neodump_runtime::global::Activations::enter(self, |vm| &mut vm.running)
    }

    fn leave(&mut self) {
        neodump_runtime::global::Activations::leave(self, |vm| &mut vm.running);
    }
}

#[test]
fn counted_activations_nest_within_a_machine_and_between_machines() {
    let names = || COUNTED.with_borrow(|names| (**names).clone());
    let (mut outer, mut inner) = (Counted::new(&[1]), Counted::new(&[2]));
    outer.enter();
    outer.enter();
    inner.enter();
    assert_eq!((names(), inner.running.is_active()), (vec![2], true));
    inner.leave();
    assert_eq!(names(), [1]);
    outer.leave();
    assert!(names() == [1] && outer.running.is_active() && outer.names.get().is_none());
    outer.leave();
    assert!(names().is_empty() && !outer.running.is_active());
    assert_eq!((outer.names.get(), inner.names.get()), (Some(&vec![1]), Some(&vec![2])));
    // One that was never begun is not ended.
    outer.leave();
    assert_eq!(outer.names.get(), Some(&vec![1]));
    // A machine can go to another thread when its programs have ended.
    let there = std::thread::spawn(move || {
        outer.enter();
        let seen = COUNTED.with_borrow(|names| (**names).clone());
        outer.leave();
        seen
    });
    assert_eq!(there.join().unwrap(), [1]);
}

#[test]
fn a_static_that_is_held_is_left_alone_and_the_machine_is_told() {
    let mut vm = Counted::new(&[3]);
    let error = COUNTED.with_borrow(|_| vm.try_enter()).expect_err("somebody looks at the names");
    assert!(error.to_string().contains("names"), "{error}");
    assert!(!vm.running.is_active() && vm.names.get().is_some());
    vm.leave();
    assert!(!vm.running.is_active() && vm.names.get().is_some());
    vm.enter();
    assert_eq!(COUNTED.with_borrow(|names| (**names).clone()), [3]);
    vm.leave();
    assert_eq!(vm.names.get(), Some(&vec![3]));
}
