//! What cannot be dumped or loaded is refused in words: with the path from the root, or with what
//! differs.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Mutex, RwLock};

use neodump_runtime::{DumpError, Dumpable, Dumper, LoadOptions, Natives, Symbol, dump_to_bytes};
use neodump_tests::fixture::{DESCRIPTORS, Register, Value, Vm, double, natives, plain, square};

#[track_caller]
fn refused(vm: &mut Vm, path: &str, problem: &str) {
    match vm.dump() {
        Err(DumpError::Serialization { path: found, problem: text }) => {
            assert_eq!(found, path, "{text}");
            assert!(text.contains(problem), "{text}");
        }
        other => panic!("{:?}", other.map(|bytes| bytes.len())),
    }
}

#[test]
fn a_word_of_an_unlisted_tag_is_refused_with_its_path() {
    let mut vm = Vm::full();
    let bad = vm.cons(Value::int(1), Value::from_bits(0b001));
    vm.registers.map = HashMap::from([('a', Register::Nest(Box::new(Register::Val { value: bad })))]);
    refused(
        &mut vm,
        "vm.registers.map['a']::Nest.0::Val.value \u{2192} cons.cdr",
        "word 0x0000000000000001 has a tag that the scheme does not list",
    );
}

#[test]
fn a_pointer_to_an_unlisted_kind_is_refused_with_its_path() {
    let mut vm = Vm::full();
    let stranger = vm.heap.vector(&[]);
    let address = stranger.address().expect("an object");
    // SAFETY: the kind byte of a vector that nobody has looked at.
    unsafe { address.write(200) };
    vm.root = vm.cons(Value::NIL, vm.heap.vector(&[Value::NIL, stranger]));
    refused(
        &mut vm,
        "vm.root \u{2192} cons.cdr \u{2192} vector.data[1]",
        "whose kind is not listed behind its tag",
    );
}

#[test]
fn a_path_leads_through_every_kind_of_owner() {
    let bad = Value::from_bits(0b001);
    let why = "has a tag that the scheme does not list";
    let mut vm = Vm::full();
    vm.owned.tuple.2 = bad;
    refused(&mut vm, "vm.owned.tuple.2", why);
    let mut vm = Vm::full();
    vm.owned.image_values.push(bad);
    refused(&mut vm, "vm.owned.image_values[3]", why);
    let mut vm = Vm::full();
    vm.registers.stack.borrow_mut().push(bad);
    refused(&mut vm, "vm.registers.stack[2]", why);
    let mut vm = Vm::full();
    vm.scalars.values[1].set(bad);
    refused(&mut vm, "vm.scalars.values[1]", why);
    let mut vm = Vm::full();
    vm.list.push(vm.record(&[("a", Value::NIL), ("b", bad)], &[]));
    refused(&mut vm, "vm.list[4] \u{2192} record.slots[1]", why);
    let mut vm = Vm::full();
    vm.list.push(vm.table(&[(Value::int(7), bad)], &[], None));
    let error = vm.dump().expect_err("refused").to_string();
    assert!(error.starts_with("cannot dump vm.list[4] \u{2192} table.map["), "{error}");
    let mut vm = Vm::full();
    let symbol = vm.symbols.intern("foo");
    vm.registers.by_symbol.insert(symbol, bad);
    refused(&mut vm, &format!("vm.registers.by_symbol[symbol {}]", symbol.id()), why);
}

#[test]
fn the_path_to_what_is_deep_is_shortened() {
    let mut vm = Vm::full();
    let mut list = vm.cons(Value::from_bits(0b001), Value::NIL);
    for _ in 0..100_000 {
        list = vm.cons(Value::NIL, list);
    }
    vm.root = list;
    let error = vm.dump().expect_err("refused").to_string();
    assert!(error.len() < 4000, "{} bytes: {}", error.len(), &error[..200]);
    assert!(error.starts_with("cannot dump vm.root \u{2192} cons.cdr"), "{}", &error[..100]);
    assert!(error.contains("cons.car: word"), "{error}");
}

#[test]
fn a_locked_mutex_is_refused_and_not_waited_for() {
    let mut vm = Vm::full();
    let lock: *const Mutex<Vec<u32>> = &raw const vm.owned.mutex;
    // SAFETY: the machine outlives the guard.
    let guard = unsafe { &*lock }.lock();
    refused(
        &mut vm,
        "vm.owned.mutex",
        "this Mutex is locked while it is being dumped; release it in before_dump",
    );
    drop(guard);
    assert!(vm.dump().is_ok());
}

#[test]
fn a_lock_held_for_writing_is_refused_and_readers_are_not() {
    let mut vm = Vm::full();
    let lock: *const RwLock<Vec<Value>> = &raw const vm.library.lock;
    // SAFETY: the machine outlives the guards.
    let lock = unsafe { &*lock };
    let guard = lock.write();
    refused(
        &mut vm,
        "vm.library.lock",
        "this RwLock is locked for writing while it is being dumped; release it in before_dump",
    );
    drop(guard);
    let guard = lock.read();
    assert!(vm.dump().is_ok());
    drop(guard);
}

#[test]
fn a_range_that_was_iterated_to_its_end_is_refused_with_its_path() {
    let mut vm = Vm::full();
    vm.library.letters = 'a'..='c';
    assert_eq!(vm.library.letters.by_ref().count(), 3);
    refused(&mut vm, "vm.library.letters", "this RangeInclusive was iterated to its end");
    vm.library.letters = 'a'..='c';
    vm.library.letters.next();
    assert_eq!(Vm::load(&vm.dump().expect("dumped")).expect("loaded").library.letters, 'b'..='c');
}

#[test]
fn a_mutably_borrowed_cell_is_refused_and_a_borrowed_one_is_not() {
    let mut vm = Vm::full();
    let cell: *const RefCell<String> = &raw const vm.owned.cell;
    // SAFETY: the machine outlives the borrows.
    let cell = unsafe { &*cell };
    let borrow = cell.borrow_mut();
    refused(&mut vm, "vm.owned.cell", "this RefCell is mutably borrowed");
    drop(borrow);
    let borrow = cell.borrow();
    assert!(vm.dump().is_ok());
    drop(borrow);
    let shared = vm.registers.stack.clone();
    let borrow = shared.borrow_mut();
    let error = vm.dump().expect_err("refused").to_string();
    assert!(error.starts_with("cannot dump vm.registers.stack: this RefCell is mutably borrowed"), "{error}");
    drop(borrow);
}

#[test]
fn an_unregistered_native_is_refused_with_its_path_and_type() {
    fn other(_: &mut Vm, value: Value) -> Value {
        Value::int(value.bits() as i32 ^ 0x55)
    }
    let mut vm = Vm::full();
    vm.owned.hook = other;
    refused(
        &mut vm,
        "vm.owned.hook",
        "is not registered (nothing is registered there); register it with Natives",
    );
    let mut vm = Vm::full();
    let error = Dumper::new().to_bytes(&mut vm).expect_err("refused").to_string();
    assert!(error.contains("\u{2192} subr.") || error.contains("vm.owned."), "{error}");
    let few = Natives::new()
        .function("double", double as fn(&mut Vm, Value) -> Value)
        .function("square", square as fn(&mut Vm, Value) -> Value)
        .function("plain", plain as fn(u32) -> u32)
        .data("double.descriptor", &DESCRIPTORS[0]);
    let error = Dumper::new().natives(&few).to_bytes(&mut vm).expect_err("refused").to_string();
    assert!(error.contains("\u{2192} subr.descriptor: native 0x"), "{error}");
}

#[test]
fn a_map_whose_order_nothing_fixes_is_refused_with_its_path() {
    let mut vm = Vm::full();
    let keys = [vm.cons(Value::NIL, Value::NIL), vm.cons(Value::NIL, Value::NIL)];
    vm.registers.by_object = HashMap::from([(keys[0], 1), (keys[1], 2)]);
    refused(&mut vm, "vm.registers.by_object", "nothing but addresses fixes the order of those keys");
    // Reached by another way, the keys have an order.
    vm.list.extend(keys);
    assert!(vm.dump().is_ok());

    #[derive(Dumpable, PartialEq, Eq, Hash)]
    struct Orderless {
        map: std::collections::BTreeMap<u8, u8>,
    }

    #[derive(Dumpable)]
    #[dump(image = "orderless", version = 1)]
    struct Machine {
        map: HashMap<Orderless, u8>,
    }

    let entry = |number: u8| (Orderless { map: [(number, number)].into() }, number);
    let error =
        dump_to_bytes(&mut Machine { map: [entry(1), entry(2)].into() }).expect_err("refused").to_string();
    assert!(
        error.starts_with("cannot dump machine.map: nothing but hashes fixes the order of keys"),
        "{error}"
    );
}

#[test]
fn a_symbol_that_is_in_no_interner_is_refused() {
    let mut vm = Vm::full();
    let count = vm.symbols.len() as u32;
    vm.list.push(Value::symbol(Symbol::from_id(count)));
    let error = vm.dump().expect_err("refused").to_string();
    assert!(error.contains(&format!("symbol {count} is not in the interner, which has {count}")), "{error}");
}

#[test]
fn one_address_that_is_met_as_two_types_is_refused() {
    let mut vm = Vm::full();
    let cons = vm.cons(Value::NIL, Value::NIL);
    let float = Value::from_bits(cons.bits() - Value::CONS + Value::FLOAT);
    vm.list.extend([cons, float]);
    let error = vm.dump().expect_err("refused").to_string();
    assert!(error.contains("one address has one type"), "{error}");
}

#[test]
fn a_hook_that_says_no_before_a_dump_is_heard() {
    #[derive(Dumpable)]
    #[dump(image = "busy", version = 1, before_dump = Busy::quiesce)]
    struct Busy {
        jobs: u32,
    }
    impl Busy {
        fn quiesce(&mut self) -> Result<(), String> {
            if self.jobs == 0 { Ok(()) } else { Err(format!("{} jobs are running", self.jobs)) }
        }
    }
    let error = dump_to_bytes(&mut Busy { jobs: 2 }).expect_err("refused").to_string();
    assert_eq!(error, "cannot dump busy (before_dump): 2 jobs are running");
    assert!(dump_to_bytes(&mut Busy { jobs: 0 }).is_ok());
}

#[test]
fn natives_that_are_missing_or_of_another_type_are_all_listed() {
    let bytes = Vm::full().dump().expect("dumped");
    let few = Natives::new()
        .function("double", plain as fn(u32) -> u32)
        .function("square", square as fn(&mut Vm, Value) -> Value)
        .data("double.descriptor", &DESCRIPTORS[0]);
    let error = LoadOptions::new().natives(&few).load_bytes::<Vm>(&bytes).err().expect("refused");
    assert!(error.is_stale());
    let text = error.to_string();
    for expected in [
        "native \"double\" has another type: fn(&",
        " in the image, fn(u32) -> u32 in this build\n",
        "native \"plain\" is missing: expected fn(u32) -> u32\n",
        "native \"square.descriptor\" is missing: expected ",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(!text.contains("native \"square\""), "{text}");
}

#[test]
fn hooks_that_say_no_after_a_load_are_heard() {
    let mut vm = Vm::full();
    vm.list = vec![Value::int(-13)];
    let error = Vm::load(&vm.dump().expect("dumped")).err().expect("refused");
    assert_eq!(error.to_string(), "cannot load after_load: the list is cursed");
    assert!(!error.is_stale());
    vm.list = vec![Value::NIL; 1001];
    let error = Vm::load(&vm.dump().expect("dumped")).err().expect("refused");
    assert_eq!(error.to_string(), "cannot load validate: a list of 1001");
    let mut vm = Vm::full();
    vm.root = vm.record(&[("a", Value::NIL)], &[]);
    let record = vm.root.address().expect("an object").cast::<neodump_tests::fixture::Record>();
    // SAFETY: nobody looks at the record.
    unsafe { (*record).slots.push(Cell::new(Value::NIL)) };
    let error = Vm::load(&vm.dump().expect("dumped")).err().expect("refused");
    assert_eq!(error.to_string(), "cannot load Record (validate): 2 slots with 1 names");
    let mut vm = Vm::full();
    vm.owned.timeout = std::time::Duration::from_secs(1 << 40);
    let error = Vm::load(&vm.dump().expect("dumped")).err().expect("refused");
    assert!(error.to_string().contains("ms are more than a year"), "{error}");
}

#[test]
fn the_same_natives_under_another_order_are_the_same() {
    let mut vm = Vm::full();
    let bytes = vm.dump().expect("dumped");
    let other = Natives::new()
        .data("square.descriptor", &DESCRIPTORS[1])
        .function("plain", plain as fn(u32) -> u32)
        .extend(&Natives::new().function("square", square as fn(&mut Vm, Value) -> Value))
        .function("double", double as fn(&mut Vm, Value) -> Value)
        .data("double.descriptor", &DESCRIPTORS[0])
        .function("more", natives as fn() -> Natives);
    let (again, _) = Dumper::new().natives(&other).to_bytes(&mut vm).expect("dumped");
    assert!(bytes == again);
    let loaded: Vm = LoadOptions::new().natives(&other).load_bytes(&bytes).expect("loaded");
    assert_eq!(loaded.describe(), vm.describe());
}
