//! Pairs and lists.

use super::{MANY, SubrDesc, arg, subr};
use crate::equal::{eql, equal};
use crate::error::LispResult;
use crate::heap::Heap;
use crate::machine::Vm;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 42] = [
    subr("cons", 2, 2, |vm, a| Ok(vm.heap.cons(a[0], a[1]))),
    subr("car", 1, 1, |vm, a| vm.checked_car(a[0])),
    subr("cdr", 1, 1, |vm, a| vm.checked_cdr(a[0])),
    subr("car-safe", 1, 1, |vm, a| Ok(vm.heap.car(a[0]))),
    subr("cdr-safe", 1, 1, |vm, a| Ok(vm.heap.cdr(a[0]))),
    subr("setcar", 2, 2, |vm, a| match vm.heap.as_cons(a[0]) {
        Some(cons) => {
            cons.car.set(a[1]);
            Ok(a[1])
        }
        None => Err(vm.wrong_type(sym::consp, a[0])),
    }),
    subr("setcdr", 2, 2, |vm, a| match vm.heap.as_cons(a[0]) {
        Some(cons) => {
            cons.cdr.set(a[1]);
            Ok(a[1])
        }
        None => Err(vm.wrong_type(sym::consp, a[0])),
    }),
    subr("list", 0, MANY, |vm, a| Ok(vm.heap.list(a))),
    subr("cons*", 1, MANY, list_star),
    subr("cl-list*", 1, MANY, list_star),
    subr("make-list", 2, 2, |vm, a| {
        let n = vm.index(a[0])?;
        Ok((0..n).fold(Value::NIL, |list, _| vm.heap.cons(a[1], list)))
    }),
    subr("consp", 1, 1, |_, a| Ok(Value::bool(a[0].is_cons()))),
    subr("atom", 1, 1, |_, a| Ok(Value::bool(!a[0].is_cons()))),
    subr("listp", 1, 1, |_, a| Ok(Value::bool(a[0].is_cons() || a[0].is_nil()))),
    subr("nlistp", 1, 1, |_, a| Ok(Value::bool(!(a[0].is_cons() || a[0].is_nil())))),
    subr("null", 1, 1, |_, a| Ok(Value::bool(a[0].is_nil()))),
    subr("not", 1, 1, |_, a| Ok(Value::bool(a[0].is_nil()))),
    subr("proper-list-p", 1, 1, |vm, a| Ok(vm.proper_list(a[0]).map_or(Value::NIL, |l| Value::int(l.len())))),
    subr("nth", 2, 2, |vm, a| {
        let tail = nthcdr(vm, a[0], a[1])?;
        vm.checked_car(tail)
    }),
    subr("nthcdr", 2, 2, |vm, a| nthcdr(vm, a[0], a[1])),
    subr("last", 1, 2, |vm, a| {
        let n = if arg(a, 1).is_nil() { 1 } else { vm.index(arg(a, 1))? };
        let len = vm.heap.list_length(a[0]);
        nthcdr(vm, Value::int(len.saturating_sub(n)), a[0])
    }),
    subr("append", 0, MANY, append),
    subr("nconc", 0, MANY, |vm, a| {
        let mut result = Value::NIL;
        let mut tail = Value::NIL;
        for &list in a {
            match vm.heap.as_cons(tail) {
                Some(last) => last.cdr.set(list),
                None if tail.is_nil() => result = list,
                None => return Err(vm.wrong_type(sym::consp, tail)),
            }
            if list.is_cons() {
                tail = list;
                while vm.heap.cdr(tail).is_cons() {
                    tail = vm.heap.cdr(tail);
                }
            } else if list.is_true() && result == list {
                tail = list;
            }
        }
        Ok(result)
    }),
    subr("nreverse", 1, 1, |vm, a| reverse(vm, a[0])),
    subr("reverse", 1, 1, |vm, a| reverse(vm, a[0])),
    subr("memq", 2, 2, |vm, a| member(vm, a, |_, x, y| x == y)),
    subr("memql", 2, 2, |vm, a| member(vm, a, eql)),
    subr("member", 2, 2, |vm, a| member(vm, a, equal)),
    subr("assq", 2, 2, |vm, a| assoc(vm, a, |heap, x, key| heap.car(x) == key)),
    subr("assoc", 2, 3, |vm, a| {
        if arg(a, 2).is_nil() {
            return assoc(vm, a, |heap, x, key| equal(heap, heap.car(x), key));
        }
        for pair in vm.proper_list(a[1])? {
            let key = vm.heap.car(pair);
            if pair.is_cons() && vm.funcall(a[2], &[key, a[0]])?.is_true() {
                return Ok(pair);
            }
        }
        Ok(Value::NIL)
    }),
    subr("rassq", 2, 2, |vm, a| assoc(vm, a, |heap, x, value| heap.cdr(x) == value)),
    subr("rassoc", 2, 2, |vm, a| assoc(vm, a, |heap, x, value| equal(heap, heap.cdr(x), value))),
    subr("delq", 2, 2, |vm, a| delete(vm, a, |_, x, y| x == y)),
    subr("remq", 2, 2, |vm, a| delete(vm, a, |_, x, y| x == y)),
    subr("delete", 2, 2, |vm, a| delete(vm, a, equal)),
    subr("remove", 2, 2, |vm, a| delete(vm, a, equal)),
    subr("copy-sequence", 1, 1, super::sequence::copy),
    subr("plist-get", 2, 3, |vm, a| {
        let mut rest = a[0];
        while rest.is_cons() {
            let next = vm.heap.cdr(rest);
            if vm.heap.car(rest) == a[1] {
                return Ok(vm.heap.car(next));
            }
            rest = vm.heap.cdr(next);
        }
        Ok(Value::NIL)
    }),
    subr("plist-put", 3, 4, |vm, a| Ok(vm.plist_put(a[0], a[1], a[2]))),
    subr("plist-member", 2, 3, |vm, a| {
        let mut rest = a[0];
        while rest.is_cons() && vm.heap.car(rest) != a[1] {
            rest = vm.heap.cdr(vm.heap.cdr(rest));
        }
        Ok(rest)
    }),
    subr("number-sequence", 1, 3, |vm, a| {
        let from = vm.fixnum(a[0])?;
        let to = if arg(a, 1).is_nil() { from } else { vm.fixnum(arg(a, 1))? };
        let step = if arg(a, 2).is_nil() { 1 } else { vm.fixnum(arg(a, 2))? };
        if step == 0 {
            return Err(vm.error("The increment can not be zero"));
        }
        let mut values = Vec::new();
        let mut n = from;
        while if step > 0 { n <= to } else { n >= to } {
            values.push(vm.heap.integer(n));
            n += step;
        }
        Ok(vm.heap.list(&values))
    }),
    subr("safe-length", 1, 1, |vm, a| Ok(Value::int(vm.heap.list_length(a[0])))),
];

fn list_star(vm: &mut Vm, a: &[Value]) -> LispResult {
    let Some((&tail, values)) = a.split_last() else { return Ok(Value::NIL) };
    Ok(vm.heap.list_with_tail(values, tail))
}

fn nthcdr(vm: &mut Vm, n: Value, list: Value) -> LispResult {
    let n = vm.fixnum(n)?;
    let mut rest = list;
    for _ in 0..n {
        if rest.is_nil() {
            break;
        }
        rest = vm.checked_cdr(rest)?;
    }
    Ok(rest)
}

fn append(vm: &mut Vm, a: &[Value]) -> LispResult {
    let Some((&tail, firsts)) = a.split_last() else { return Ok(Value::NIL) };
    let mut result = tail;
    for &sequence in firsts.iter().rev() {
        let values = vm.sequence_values(sequence)?;
        result = vm.heap.list_with_tail(&values, result);
    }
    Ok(result)
}

fn reverse(vm: &mut Vm, sequence: Value) -> LispResult {
    if sequence.is_cons() || sequence.is_nil() {
        let mut values = vm.proper_list(sequence)?;
        values.reverse();
        return Ok(vm.heap.list(&values));
    }
    let mut values = vm.sequence_values(sequence)?;
    values.reverse();
    vm.sequence_like(sequence, values)
}

fn member(vm: &mut Vm, a: &[Value], same: fn(&Heap, Value, Value) -> bool) -> LispResult {
    let mut rest = a[1];
    while let Some(link) = vm.heap.as_cons(rest) {
        if same(&vm.heap, link.car.get(), a[0]) {
            return Ok(rest);
        }
        rest = link.cdr.get();
    }
    if rest.is_nil() { Ok(rest) } else { Err(vm.wrong_type(sym::listp, a[1])) }
}

fn assoc(vm: &mut Vm, a: &[Value], same: fn(&Heap, Value, Value) -> bool) -> LispResult {
    let mut rest = a[1];
    while let Some(link) = vm.heap.as_cons(rest) {
        let pair = link.car.get();
        if pair.is_cons() && same(&vm.heap, pair, a[0]) {
            return Ok(pair);
        }
        rest = link.cdr.get();
    }
    if rest.is_nil() { Ok(rest) } else { Err(vm.wrong_type(sym::listp, a[1])) }
}

/// A sequence without some elements; the list given is left alone, which `delq` allows.
fn delete(vm: &mut Vm, a: &[Value], same: fn(&Heap, Value, Value) -> bool) -> LispResult {
    let values = vm.sequence_values(a[1])?;
    let kept: Vec<Value> = values.iter().copied().filter(|&v| !same(&vm.heap, v, a[0])).collect();
    if kept.len() == values.len() { Ok(a[1]) } else { vm.sequence_like(a[1], kept) }
}

impl Vm {
    pub(crate) fn checked_car(&mut self, v: Value) -> LispResult {
        if v.is_cons() || v.is_nil() { Ok(self.heap.car(v)) } else { Err(self.wrong_type(sym::listp, v)) }
    }

    pub(crate) fn checked_cdr(&mut self, v: Value) -> LispResult {
        if v.is_cons() || v.is_nil() { Ok(self.heap.cdr(v)) } else { Err(self.wrong_type(sym::listp, v)) }
    }

    /// The elements of a list that ends in nil.
    pub(crate) fn proper_list(&mut self, list: Value) -> LispResult<Vec<Value>> {
        let mut out = Vec::new();
        let mut rest = list;
        while let Some(link) = self.heap.as_cons(rest) {
            out.push(link.car.get());
            rest = link.cdr.get();
            if out.len() > self.heap.objects() {
                return Err(self.signal(sym::circular_list, &[list]));
            }
        }
        if rest.is_nil() { Ok(out) } else { Err(self.wrong_type(sym::listp, rest)) }
    }

    /// A property list with one property set: the same list when it had the property.
    pub(crate) fn plist_put(&mut self, plist: Value, property: Value, value: Value) -> Value {
        let mut rest = plist;
        let mut last = Value::NIL;
        while rest.is_cons() {
            last = self.heap.cdr(rest);
            if self.heap.car(rest) == property {
                if let Some(cons) = self.heap.as_cons(last) {
                    cons.car.set(value);
                }
                return plist;
            }
            rest = self.heap.cdr(last);
        }
        let added = self.heap.list(&[property, value]);
        match self.heap.as_cons(last) {
            Some(cons) => {
                cons.cdr.set(added);
                plist
            }
            None => added,
        }
    }

    pub(crate) fn put_property(&mut self, symbol: crate::rt::Symbol, property: Value, value: Value) {
        let plist = self.plist_put(self.obarray.cell(symbol).plist, property, value);
        self.obarray.cell_mut(symbol).plist = plist;
    }
}
