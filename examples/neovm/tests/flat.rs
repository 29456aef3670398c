//! Large tables cost a load nothing. Alone in its process, so that the image lies at its base.

use neodump_runtime::image::SegmentKind;
use neodump_runtime::{LoadReport, Placement, Way};
use neovm::object::{Test, Weakness};
use neovm::value::Value;
use neovm::{Vm, image, pages};

const ENTRIES: usize = 200_000;
const SYMBOLS: usize = 100_000;

/// A machine with entries in tables of every test, and symbols with values.
fn machine() -> Vm {
    let mut vm = Vm::new();
    let tests = [Test::Eq, Test::Eql, Test::Equal];
    let tables = tests.map(|test| vm.heap.hash_table(test, Weakness::None));
    let mut keys = Vec::new();
    for number in 0..ENTRIES {
        let (which, text) = (number % 3, format!("key {number}"));
        let key = match (which, number % 4) {
            (0, _) => vm.heap.cons(Value::int(number), Value::NIL),
            (1, 0) => vm.heap.float(number as f64),
            (1, _) => Value::int(number),
            (_, 0) => vm.heap.string(text),
            (_, _) => {
                let text = vm.heap.string(text);
                vm.heap.list(&[text, Value::int(number)])
            }
        };
        vm.heap.puthash(tables[which], key, Value::int(number));
        if which == 0 {
            keys.push(key);
        }
    }
    let keys = vm.heap.vector(keys);
    for (name, value) in
        [("by-eq", tables[0]), ("by-eql", tables[1]), ("by-equal", tables[2]), ("all-keys", keys)]
    {
        let symbol = vm.symbols.intern(name);
        vm.obarray.cell_mut(symbol).value = value;
    }
    for number in 0..SYMBOLS {
        let symbol = vm.symbols.intern(format!("variable-{number}"));
        vm.obarray.cell_mut(symbol).value = Value::int(number);
    }
    vm
}

/// What tells that every kind of key is found.
const LOOK: &str = "(list (hash-table-count by-eq) (gethash (aref all-keys 1000) by-eq) (gethash (list 3000) by-eq)
    (gethash 103 by-eql) (gethash 4.0 by-eql) (gethash \"key 8\" by-equal) (gethash (list \"key 11\" 11) by-equal)
    variable-77777)";
const SEEN: &str = "(66667 3000 nil 103 4 8 11 77777)";

#[test]
fn a_machine_with_large_tables_loads_flat_and_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.ndump");
    let mut vm = machine();
    assert_eq!(vm.eval_to_string(LOOK).unwrap(), SEEN);
    vm.dump_to_file(&path).unwrap();
    drop(vm);

    let mut report = LoadReport::default();
    // SAFETY: the file was just written, and nobody else knows it.
    let vm = unsafe { image::options().trusted().report(&mut report).map(&path) };
    let mut vm: Vm = vm.unwrap();
    assert_eq!((report.way, report.pages_written, report.hydrated.len()), (Some(Way::AtBase), 0, 0));
    let written = || pages::written_in(&path, SegmentKind::Rw);
    assert_eq!(written(), Some(0));
    assert_eq!(vm.eval_to_string(LOOK).unwrap(), SEEN);
    assert_eq!(written(), Some(0), "looking writes nothing");

    // What changes costs pages, and not tables.
    vm.eval_str("(setq variable-5 'changed) (puthash (aref all-keys 0) 'changed by-eq) (remhash 103 by-eql)")
        .unwrap();
    let seen = vm.eval_to_string("(list variable-5 (gethash (aref all-keys 0) by-eq) (gethash 103 by-eql))");
    assert_eq!(seen.unwrap(), "(changed changed nil)");
    assert!(written().unwrap() <= 5, "{:?} pages", written());

    // The changed machine dumps again, and its image finds everything elsewhere too.
    let bytes = vm.dump_to_bytes().unwrap();
    let options = image::options().placement(Placement::Elsewhere);
    let mut back: Vm = options.load_bytes(&bytes).unwrap();
    let seen =
        back.eval_to_string("(list variable-5 (gethash (aref all-keys 0) by-eq) (gethash 103 by-eql))");
    assert_eq!(seen.unwrap(), "(changed changed nil)");
    back.eval_str("(puthash 103 103 by-eql)").unwrap();
    assert_eq!(back.eval_to_string(LOOK).unwrap(), SEEN);
}
