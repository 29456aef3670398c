//! Vectors, records, and what works on any sequence.

use super::{MANY, SubrDesc, arg, subr};
use crate::chars;
use crate::error::{Flow, LispResult};
use crate::machine::Vm;
use crate::object::{BoolVector, Kind, Record, Str, Vector};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 25] = [
    subr("vector", 0, MANY, |vm, a| Ok(vm.heap.vector(a.to_vec()))),
    subr("make-vector", 2, 2, |vm, a| {
        let n = vm.index(a[0])?;
        Ok(vm.heap.vector(vec![a[1]; n]))
    }),
    subr("vconcat", 0, MANY, |vm, a| {
        let mut values = Vec::new();
        for &sequence in a {
            values.extend(vm.sequence_values(sequence)?);
        }
        Ok(vm.heap.vector(values))
    }),
    subr("record", 1, MANY, |vm, a| Ok(vm.heap.slots::<Record>(a.to_vec()))),
    subr("make-record", 3, 3, |vm, a| {
        let n = vm.index(a[1])?;
        let mut slots = vec![a[2]; n + 1];
        slots[0] = a[0];
        Ok(vm.heap.slots::<Record>(slots))
    }),
    subr("bool-vector", 0, MANY, |vm, a| {
        let values = a.to_vec();
        Ok(vm.make_bool_vector(&values))
    }),
    subr("make-bool-vector", 2, 2, |vm, a| {
        let n = vm.index(a[0])?;
        let byte = if a[1].is_true() { 0xFF } else { 0 };
        Ok(vm.heap.bool_vector(n, vec![byte; n.div_ceil(8)]))
    }),
    subr("vectorp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.kind(a[0]) == Some(Kind::Vector)))),
    subr("recordp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.kind(a[0]) == Some(Kind::Record)))),
    subr("bool-vector-p", 1, 1, |vm, a| Ok(Value::bool(vm.heap.kind(a[0]) == Some(Kind::BoolVector)))),
    subr("char-table-p", 1, 1, |vm, a| Ok(Value::bool(vm.heap.kind(a[0]) == Some(Kind::CharTable)))),
    subr("byte-code-function-p", 1, 1, |vm, a| Ok(Value::bool(vm.heap.kind(a[0]) == Some(Kind::ByteCode)))),
    subr("arrayp", 1, 1, |vm, a| Ok(Value::bool(vm.is_array(a[0])))),
    subr("sequencep", 1, 1, |vm, a| Ok(Value::bool(a[0].is_cons() || a[0].is_nil() || vm.is_array(a[0])))),
    subr("length", 1, 1, |vm, a| Ok(Value::int(vm.length(a[0])?))),
    subr("aref", 2, 2, |vm, a| {
        let at = vm.index(a[1])?;
        vm.element(a[0], at)?.ok_or_else(|| vm.signal(sym::args_out_of_range, a))
    }),
    subr("aset", 3, 3, aset),
    subr("elt", 2, 2, |vm, a| {
        let at = vm.index(a[1])?;
        if a[0].is_cons() || a[0].is_nil() {
            let values = vm.heap.list_elements(a[0], at + 1);
            return values.get(at).copied().ok_or_else(|| vm.signal(sym::args_out_of_range, a));
        }
        vm.element(a[0], at)?.ok_or_else(|| vm.signal(sym::args_out_of_range, a))
    }),
    subr("fillarray", 2, 2, |vm, a| {
        for at in 0..vm.length(a[0])? {
            aset(vm, &[a[0], Value::int(at), a[1]])?;
        }
        Ok(a[0])
    }),
    subr("mapcar", 2, 2, |vm, a| {
        let values = map(vm, a)?;
        Ok(vm.heap.list(&values))
    }),
    subr("mapc", 2, 2, |vm, a| map(vm, a).map(|_| a[1])),
    subr("mapcan", 2, 2, |vm, a| {
        let lists = map(vm, a)?;
        let mut values = Vec::new();
        for list in lists {
            values.extend(vm.heap.list_elements(list, usize::MAX));
        }
        Ok(vm.heap.list(&values))
    }),
    subr("mapconcat", 2, 3, |vm, a| {
        let values = map(vm, a)?;
        let mut parts = Vec::new();
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 && arg(a, 2).is_true() {
                parts.push(a[2]);
            }
            parts.push(value);
        }
        super::string::concat(vm, &parts)
    }),
    subr("sort", 2, 2, sort),
    subr("seq-subseq", 2, 3, |vm, a| {
        let values = vm.sequence_values(a[0])?;
        let (from, to) = vm.range(a[0], values.len(), a[1], arg(a, 2))?;
        vm.sequence_like(a[0], values[from..to].to_vec())
    }),
];

/// Calls a function with each element; the values, which are left on the stack too, where the caller's frame ends.
fn map(vm: &mut Vm, a: &[Value]) -> LispResult<Vec<Value>> {
    let values = vm.sequence_values(a[1])?;
    vm.stack.extend_from_slice(&values);
    let mut results = Vec::with_capacity(values.len());
    for value in values {
        let result = vm.funcall(a[0], &[value])?;
        vm.stack.push(result);
        results.push(result);
    }
    Ok(results)
}

/// A stable merge sort that calls Lisp to compare: a list is returned anew, an array is sorted in its place.
fn sort(vm: &mut Vm, a: &[Value]) -> LispResult {
    let mut values = vm.sequence_values(a[0])?;
    vm.stack.extend_from_slice(&values);
    let mut width = 1;
    while width < values.len() {
        let mut merged = Vec::with_capacity(values.len());
        for run in values.chunks(2 * width) {
            let (left, right) = run.split_at(width.min(run.len()));
            let (mut l, mut r) = (0, 0);
            while l < left.len() && r < right.len() {
                if vm.funcall(a[1], &[right[r], left[l]])?.is_true() {
                    merged.push(right[r]);
                    r += 1;
                } else {
                    merged.push(left[l]);
                    l += 1;
                }
            }
            merged.extend_from_slice(&left[l..]);
            merged.extend_from_slice(&right[r..]);
        }
        values = merged;
        width *= 2;
    }
    match vm.heap.as_slots_mut(a[0]) {
        Some(slots) => {
            slots.copy_from_slice(&values);
            Ok(a[0])
        }
        None => vm.sequence_like(a[0], values),
    }
}

fn aset(vm: &mut Vm, a: &[Value]) -> LispResult {
    let at = vm.index(a[1])?;
    match vm.heap.kind(a[0]) {
        Some(Kind::CharTable) => {
            let c = vm.check_char(a[1])?;
            vm.heap.char_table_set(a[0], c, c, a[2]);
            return Ok(a[2]);
        }
        Some(Kind::Vector | Kind::Record) => {
            if let Some(slot) = vm.heap.as_slots_mut(a[0]).and_then(|slots| slots.get_mut(at)) {
                *slot = a[2];
                return Ok(a[2]);
            }
        }
        Some(Kind::BoolVector) => {
            let vector = vm.heap.get_mut::<BoolVector>(a[0]).filter(|v| (at as u64) < v.len);
            if let Some(vector) = vector {
                let bit = 1 << (at % 8);
                let byte = &mut vector.bits_mut()[at / 8];
                *byte = if a[2].is_true() { *byte | bit } else { *byte & !bit };
                return Ok(a[2]);
            }
        }
        Some(Kind::Str) => return vm.set_char(a, at),
        _ => return Err(vm.wrong_type(sym::arrayp, a[0])),
    }
    Err(vm.signal(sym::args_out_of_range, &a[..2]))
}

pub(super) fn copy(vm: &mut Vm, a: &[Value]) -> LispResult {
    if a[0].is_nil() {
        return Ok(a[0]);
    }
    if let Some(str) = vm.heap.get::<Str>(a[0]) {
        let (bytes, count, multibyte) = (str.bytes.to_vec(), str.chars as usize, str.multibyte != 0);
        return Ok(vm.heap.string_parts(bytes, count, multibyte));
    }
    let values = vm.sequence_values(a[0])?;
    vm.sequence_like(a[0], values)
}

impl Vm {
    fn is_array(&self, v: Value) -> bool {
        matches!(self.heap.kind(v), Some(Kind::Vector | Kind::Str | Kind::BoolVector | Kind::CharTable))
    }

    fn make_bool_vector(&mut self, values: &[Value]) -> Value {
        let mut bits = vec![0; values.len().div_ceil(8)];
        for (at, _) in values.iter().enumerate().filter(|(_, v)| v.is_true()) {
            bits[at / 8] |= 1 << (at % 8);
        }
        self.heap.bool_vector(values.len(), bits)
    }

    /// A length or index.
    pub(crate) fn index(&mut self, v: Value) -> LispResult<usize> {
        v.as_fixnum().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| self.wrong_type(sym::wholenump, v))
    }

    pub(crate) fn length(&mut self, v: Value) -> LispResult<usize> {
        if self.heap.kind(v) == Some(Kind::CharTable) {
            return Ok(chars::MAX_CHAR as usize);
        }
        if let Some(str) = self.heap.get::<Str>(v) {
            return Ok(str.chars as usize);
        }
        if let Some(vector) = self.heap.get::<BoolVector>(v) {
            return Ok(vector.len as usize);
        }
        match self.heap.as_slots(v) {
            Some(slots) => Ok(slots.len()),
            None if v.is_cons() || v.is_nil() => self.proper_list(v).map(|l| l.len()),
            None => Err(self.wrong_type(sym::sequencep, v)),
        }
    }

    /// An element of an array; `None` past its end.
    fn element(&mut self, array: Value, at: usize) -> LispResult<Option<Value>> {
        if self.heap.kind(array) == Some(Kind::CharTable) {
            return Ok((at <= chars::MAX_CHAR as usize).then(|| self.heap.char_table_get(array, at as u32)));
        }
        if let Some(slots) = self.heap.as_slots(array) {
            return Ok(slots.get(at).copied());
        }
        if let Some(vector) = self.heap.get::<BoolVector>(array) {
            let bit = vector.bits().get(at / 8).map(|byte| Value::bool(byte & (1 << (at % 8)) != 0));
            return Ok(bit.filter(|_| (at as u64) < vector.len));
        }
        if let Some(str) = self.heap.get::<Str>(array) {
            if at >= str.chars as usize {
                return Ok(None);
            }
            let c = if str.multibyte == 0 {
                u32::from(str.bytes[at])
            } else {
                chars::decode(&str.bytes[chars::offset(&str.bytes, at)..]).0
            };
            return Ok(Some(Value::int(c as usize)));
        }
        Err(self.wrong_type(sym::arrayp, array))
    }

    /// The elements of a sequence.
    pub(crate) fn sequence_values(&mut self, v: Value) -> LispResult<Vec<Value>> {
        if v.is_cons() || v.is_nil() {
            return self.proper_list(v);
        }
        if let Some(str) = self.heap.get::<Str>(v) {
            if str.multibyte == 0 {
                return Ok(str.bytes.iter().map(|&b| Value::int(b.into())).collect());
            }
            return Ok(chars::all(&str.bytes).into_iter().map(|c| Value::int(c as usize)).collect());
        }
        if let Some(vector) = self.heap.get::<BoolVector>(v) {
            let bit = |at: u64| vector.bits()[at as usize / 8] & (1 << (at % 8)) != 0;
            return Ok((0..vector.len).map(|at| Value::bool(bit(at))).collect());
        }
        match self.heap.as_slots(v) {
            Some(slots) => Ok(slots.to_vec()),
            None => Err(self.wrong_type(sym::sequencep, v)),
        }
    }

    /// A new sequence of the type of another.
    pub(crate) fn sequence_like(&mut self, like: Value, values: Vec<Value>) -> LispResult {
        Ok(match self.heap.kind(like) {
            None => self.heap.list(&values),
            Some(Kind::Str) => self.string_of_chars(&values)?,
            Some(Kind::BoolVector) => self.make_bool_vector(&values),
            Some(Kind::Record) => self.heap.slots::<Record>(values),
            Some(_) => self.heap.slots::<Vector>(values),
        })
    }

    /// The bounds `from` and `to` of a part of a sequence, each possibly counted from the end.
    pub(crate) fn range(
        &mut self,
        v: Value,
        len: usize,
        from: Value,
        to: Value,
    ) -> LispResult<(usize, usize)> {
        let bound = |vm: &mut Vm, bound: Value, default: usize| -> LispResult<i64> {
            match bound {
                Value::NIL => Ok(default as i64),
                _ => vm.fixnum(bound).map(|n| if n < 0 { n + len as i64 } else { n }),
            }
        };
        let (start, end) = (bound(self, from, 0)?, bound(self, to, len)?);
        if 0 <= start && start <= end && end <= len as i64 {
            Ok((start as usize, end as usize))
        } else {
            let flow: Flow = self.signal(sym::args_out_of_range, &[v, from, to]);
            Err(flow)
        }
    }
}
