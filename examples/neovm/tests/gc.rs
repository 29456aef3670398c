//! The collector frees what is not reached and nothing else.

use neovm::Output;
use neovm::Vm;
use neovm::heap::Heap;
use neovm::object::{HashTable, Test, Weakness};
use neovm::value::Value;

fn collect(heap: &mut Heap, roots: &[Value]) {
    // SAFETY: the tests use only what their roots reach afterwards.
    unsafe { heap.collect(&mut |f| roots.iter().for_each(|&v| f.value(v))) }
}

#[test]
fn what_is_reached_survives_and_the_rest_is_freed() {
    let mut heap = Heap::new();
    let mut list = Value::NIL;
    for n in 0..10_000usize {
        let text = heap.string(format!("item {n}"));
        let slots = heap.vector(vec![text, Value::int(n)]);
        list = heap.cons(slots, list);
        heap.cons(Value::NIL, Value::NIL);
        heap.float(n as f64);
    }
    assert_eq!(heap.objects(), 50_000);
    collect(&mut heap, &[list]);
    assert_eq!(heap.objects(), 30_000);
    let values = heap.list_elements(list, usize::MAX);
    for (n, slots) in values.iter().rev().enumerate() {
        let text = heap.as_slots(*slots).unwrap()[0];
        assert_eq!(heap.as_bytes(text).unwrap(), format!("item {n}").as_bytes());
    }
    collect(&mut heap, &[]);
    assert_eq!(heap.objects(), 0);
}

#[test]
fn freed_conses_are_used_again() {
    let mut heap = Heap::new();
    for _ in 0..20 {
        let mut list = Value::NIL;
        for n in 0..50_000usize {
            list = heap.cons(Value::int(n), list);
        }
        assert_eq!(heap.list_elements(list, usize::MAX).len(), 50_000);
        collect(&mut heap, &[]);
    }
    assert_eq!(heap.objects(), 0);
}

#[test]
fn circular_structure_is_freed() {
    let mut heap = Heap::new();
    let cell = heap.cons(Value::NIL, Value::NIL);
    let slots = heap.vector(vec![cell; 3]);
    heap.as_cons(cell).unwrap().car.set(slots);
    heap.as_cons(cell).unwrap().cdr.set(cell);
    collect(&mut heap, &[slots]);
    assert_eq!(heap.objects(), 2);
    collect(&mut heap, &[]);
    assert_eq!(heap.objects(), 0);
}

#[test]
fn weak_tables_let_go_of_what_nothing_else_reaches() {
    for (weak, kept) in [
        (Weakness::None, 4),
        (Weakness::Key, 2),
        (Weakness::Value, 2),
        (Weakness::KeyOrValue, 3),
        (Weakness::KeyAndValue, 1),
    ] {
        let mut heap = Heap::new();
        let table = heap.hash_table(Test::Eq, weak);
        let held = heap.string("held");
        let mut held_too = vec![table, held];
        for (key_held, value_held) in [(true, true), (true, false), (false, true), (false, false)] {
            let (key, value) = (heap.string("k"), heap.string("v"));
            heap.puthash(table, key, value);
            held_too.extend(key_held.then_some(key));
            held_too.extend(value_held.then_some(value));
        }
        collect(&mut heap, &held_too);
        assert_eq!(heap.get::<HashTable>(table).unwrap().count() as u64, kept, "{weak:?}");
        assert_eq!(heap.hash_entries(table).len() as u64, kept);
    }
}

#[test]
fn a_chain_of_weak_keys_lives_as_long_as_its_first() {
    let mut heap = Heap::new();
    let table = heap.hash_table(Test::Eq, Weakness::Key);
    let keys: Vec<Value> = (0..100).map(|_| heap.string("key")).collect();
    for pair in keys.windows(2).rev() {
        heap.puthash(table, pair[0], pair[1]);
    }
    collect(&mut heap, &[table, keys[0]]);
    assert_eq!(heap.hash_entries(table).len(), 99);
    collect(&mut heap, &[table]);
    assert_eq!(heap.hash_entries(table).len(), 0);
}

#[test]
fn a_long_list_and_a_deep_nest_are_traced_on_a_small_stack() {
    let run = || {
        let mut heap = Heap::new();
        let (mut long, mut deep) = (Value::NIL, Value::NIL);
        for n in 0..1_000_000usize {
            long = heap.cons(Value::int(n), long);
            deep = heap.cons(deep, Value::NIL);
        }
        let slots = heap.vector(vec![long, deep]);
        collect(&mut heap, &[slots]);
        assert_eq!(heap.objects(), 2_000_001);
    };
    std::thread::Builder::new().stack_size(64 << 10).spawn(run).unwrap().join().unwrap();
}

/// What the demonstration prints when a collection happens at every so many safe points.
fn demo(every: u32) -> (String, u64) {
    let run = move || demo_here(every);
    std::thread::Builder::new().stack_size(64 << 20).spawn(run).unwrap().join().unwrap()
}

fn demo_here(every: u32) -> (String, u64) {
    let mut vm = Vm::new();
    vm.stack_budget = 48 << 20;
    vm.output = Output::Captured(Vec::new());
    vm.gc_every = every;
    vm.load_text("boot.el", include_bytes!("../lisp/boot.el").to_vec()).unwrap();
    vm.load_text("subr.el", include_bytes!("../lisp/subr.el").to_vec()).unwrap();
    vm.load_text("demo.el", include_bytes!("../lisp/demo.el").to_vec()).unwrap();
    vm.eval_str("(demo)").unwrap();
    let Output::Captured(text) = &vm.output else { unreachable!() };
    (String::from_utf8(text.clone()).unwrap(), vm.heap.collections())
}

#[test]
fn a_program_does_not_notice_how_often_is_collected() {
    let (calm, none) = demo(0);
    assert_eq!(none, 0);
    assert!(calm.contains("fib 92: 7540113804746346429"));
    for every in [1, 37] {
        let (stressed, many) = demo(every);
        assert!(many > 100, "{many}");
        assert_eq!(stressed, calm);
    }
}

#[test]
fn code_that_cuts_itself_off_while_it_runs_is_still_there() {
    let mut vm = Vm::boot().unwrap();
    vm.gc_every = 1;
    for text in [
        "(let ((code (list 'progn '(setcdr code nil) '(identity 1) '(list (identity 1) 2))))
           (defvar code) (set 'code code) (eval code t))",
        "(defvar form (list 'list '(progn (setcdr form nil) (identity (list 1))) '(identity (list 2)))) (eval form t)",
        "(let ((l (list 1 2 3))) (mapcar (lambda (x) (setcdr l nil) (identity (list x))) l))",
        "(let ((l (list 3 1 2))) (sort l (lambda (a b) (setcdr l nil) (< (identity a) b))))",
        "(let ((h (make-hash-table))) (puthash 1 (list 'a) h) (puthash 2 (list 'b) h)
           (let (seen) (maphash (lambda (k v) (clrhash h) (push (cons k (identity v)) seen)) h) seen))",
        "(condition-case e (unwind-protect (signal 'error (list (list 1) 2)) (identity (list 3))) (error e))",
        "(catch (list 'tag) (let ((tag (list 'x))) (catch tag (unwind-protect (throw tag (list 1 2)) (identity 3)))))",
    ] {
        vm.eval_to_string(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}
