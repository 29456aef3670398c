//! Hash tables and equality.

use super::{MANY, SubrDesc, arg, subr};
use crate::equal;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::{HashTable, Test, Weakness};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 17] = [
    subr("eq", 2, 2, |vm, a| Ok(Value::bool(a[0] == a[1] || vm.same_bare_symbol(a[0], a[1])))),
    subr("eql", 2, 2, |vm, a| Ok(Value::bool(equal::eql(&vm.heap, a[0], a[1])))),
    subr("equal", 2, 2, |vm, a| Ok(Value::bool(equal::equal(&vm.heap, a[0], a[1])))),
    subr("sxhash-equal", 1, 1, |vm, a| Ok(Value::int(equal::sxhash(&vm.heap, a[0]) as usize >> 3))),
    subr("make-hash-table", 0, MANY, make),
    subr("hash-table-p", 1, 1, |vm, a| Ok(Value::bool(vm.heap.get::<HashTable>(a[0]).is_some()))),
    subr("gethash", 2, 3, |vm, a| {
        table(vm, a[1])?;
        Ok(vm.heap.gethash(a[1], a[0]).unwrap_or(arg(a, 2)))
    }),
    subr("puthash", 3, 3, |vm, a| {
        table(vm, a[2])?;
        vm.heap.puthash(a[2], a[0], a[1]);
        Ok(a[1])
    }),
    subr("remhash", 2, 2, |vm, a| {
        table(vm, a[1])?;
        vm.heap.remhash(a[1], a[0]);
        Ok(Value::NIL)
    }),
    subr("clrhash", 1, 1, |vm, a| {
        table(vm, a[0])?;
        vm.heap.clrhash(a[0]);
        Ok(a[0])
    }),
    subr("hash-table-count", 1, 1, |vm, a| Ok(Value::int(table(vm, a[0])?.count()))),
    subr("hash-table-test", 1, 1, |vm, a| {
        Ok(match table(vm, a[0])?.test() {
            Test::Eq => sym::eq,
            Test::Eql => sym::eql,
            Test::Equal => sym::equal,
        })
    }),
    subr("hash-table-weakness", 1, 1, |vm, a| {
        Ok(match table(vm, a[0])?.weak {
            Weakness::None => Value::NIL,
            Weakness::Key => sym::key,
            Weakness::Value => sym::value,
            Weakness::KeyOrValue => sym::key_or_value,
            Weakness::KeyAndValue => sym::key_and_value,
        })
    }),
    subr("maphash", 2, 2, |vm, a| {
        table(vm, a[1])?;
        let entries = vm.heap.hash_entries(a[1]);
        vm.stack.extend(entries.iter().flat_map(|e| [e.key, e.value]));
        for entry in entries {
            vm.funcall(a[0], &[entry.key, entry.value])?;
        }
        Ok(Value::NIL)
    }),
    subr("hash-table-keys", 1, 1, |vm, a| {
        table(vm, a[0])?;
        let keys: Vec<Value> = vm.heap.hash_entries(a[0]).iter().map(|e| e.key).collect();
        Ok(vm.heap.list(&keys))
    }),
    subr("hash-table-values", 1, 1, |vm, a| {
        table(vm, a[0])?;
        let values: Vec<Value> = vm.heap.hash_entries(a[0]).iter().map(|e| e.value).collect();
        Ok(vm.heap.list(&values))
    }),
    subr("copy-hash-table", 1, 1, |vm, a| {
        let (test, weak) = (table(vm, a[0])?.test(), table(vm, a[0])?.weak);
        let entries = vm.heap.hash_entries(a[0]);
        let copy = vm.heap.hash_table(test, weak);
        vm.heap.set_hash_entries(copy, entries);
        Ok(copy)
    }),
];

fn table(vm: &mut Vm, v: Value) -> LispResult<&HashTable> {
    if vm.heap.get::<HashTable>(v).is_none() {
        return Err(vm.wrong_type(sym::hash_table_p, v));
    }
    match vm.heap.get::<HashTable>(v) {
        Some(table) => Ok(table),
        None => Err(crate::error::Flow::Signal(sym::wrong_type_argument, Value::NIL)),
    }
}

fn make(vm: &mut Vm, a: &[Value]) -> LispResult {
    let (mut test, mut weak) = (Test::Eql, Weakness::None);
    for pair in a.chunks(2) {
        match (pair[0], arg(pair, 1)) {
            (sym::key_test, sym::eq) => test = Test::Eq,
            (sym::key_test, sym::eql) => test = Test::Eql,
            (sym::key_test, sym::equal) => test = Test::Equal,
            (sym::key_weakness, Value::NIL) => weak = Weakness::None,
            (sym::key_weakness, sym::key) => weak = Weakness::Key,
            (sym::key_weakness, sym::value) => weak = Weakness::Value,
            (sym::key_weakness, sym::key_or_value) => weak = Weakness::KeyOrValue,
            (sym::key_weakness, sym::key_and_value | Value::T) => weak = Weakness::KeyAndValue,
            (sym::key_size, _) => {}
            (key, value) => {
                let message =
                    format!("Invalid argument of make-hash-table: {} {}", vm.prin1(key), vm.prin1(value));
                return Err(vm.error(message));
            }
        }
    }
    Ok(vm.heap.hash_table(test, weak))
}
