//! Char tables.

use super::{SubrDesc, arg, subr};
use crate::chars::MAX_CHAR;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::Kind;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("make-char-table", 1, 2, |vm, a| {
        let purpose = vm.check_symbol(a[0])?;
        let name = vm.symbols.intern("char-table-extra-slots");
        let extras = vm.get_property(purpose, Value::symbol(name)).as_fixnum().unwrap_or(0).clamp(0, 10);
        Ok(vm.heap.char_table(a[0], arg(a, 1), extras as usize))
    }),
    subr("char-table-subtype", 1, 1, |vm, a| {
        vm.check_char_table(a[0])?;
        Ok(vm.heap.char_table_purpose(a[0]))
    }),
    subr("char-table-parent", 1, 1, |vm, a| {
        vm.check_char_table(a[0])?;
        Ok(vm.heap.char_table_parent(a[0]))
    }),
    subr("set-char-table-parent", 2, 2, |vm, a| {
        vm.check_char_table(a[0])?;
        if a[1].is_true() {
            vm.check_char_table(a[1])?;
        }
        if vm.heap.set_char_table_parent(a[0], a[1]) {
            Ok(a[1])
        } else {
            Err(vm.error("Loop in parent of char table"))
        }
    }),
    subr("char-table-extra-slot", 2, 2, |vm, a| {
        vm.check_char_table(a[0])?;
        let at = vm.index(a[1])?;
        vm.heap.char_table_extra(a[0], at).ok_or_else(|| vm.signal(sym::args_out_of_range, a))
    }),
    subr("set-char-table-extra-slot", 3, 3, |vm, a| {
        vm.check_char_table(a[0])?;
        let at = vm.index(a[1])?;
        if vm.heap.set_char_table_extra(a[0], at, a[2]) {
            Ok(a[2])
        } else {
            Err(vm.signal(sym::args_out_of_range, &a[..2]))
        }
    }),
    subr("char-table-range", 2, 2, |vm, a| {
        vm.check_char_table(a[0])?;
        if a[1].is_nil() {
            return Ok(vm.heap.char_table_default(a[0]));
        }
        let (from, _) = vm.char_range(a[1])?;
        Ok(vm.heap.char_table_get(a[0], from))
    }),
    subr("set-char-table-range", 3, 3, |vm, a| {
        vm.check_char_table(a[0])?;
        if a[1].is_nil() {
            vm.heap.set_char_table_default(a[0], a[2]);
        } else {
            let (from, to) = vm.char_range(a[1])?;
            vm.heap.char_table_set(a[0], from, to, a[2]);
        }
        Ok(a[2])
    }),
    subr("map-char-table", 2, 2, |vm, a| {
        vm.check_char_table(a[1])?;
        // The values are roots here, should the function take them out of the table.
        let runs = vm.heap.char_table_runs(a[1]);
        vm.stack.extend(runs.iter().map(|(_, value)| *value));
        for (range, value) in runs {
            let (from, to) = (Value::int(*range.start() as usize), Value::int(*range.end() as usize));
            let key = if from == to { from } else { vm.heap.cons(from, to) };
            vm.funcall(a[0], &[key, value])?;
        }
        Ok(Value::NIL)
    }),
];

impl Vm {
    pub(crate) fn check_char_table(&mut self, v: Value) -> LispResult<()> {
        if self.heap.kind(v) == Some(Kind::CharTable) {
            Ok(())
        } else {
            Err(self.wrong_type(sym::char_table_p, v))
        }
    }

    /// A character, a pair of the first and last of a range, or `t` for all.
    pub(crate) fn char_range(&mut self, v: Value) -> LispResult<(u32, u32)> {
        if v == Value::T {
            return Ok((0, MAX_CHAR));
        }
        if !v.is_cons() {
            return self.check_char(v).map(|c| (c, c));
        }
        let (from, to) = (self.heap.car(v), self.heap.cdr(v));
        Ok((self.check_char(from)?, self.check_char(to)?))
    }
}
