//! Watchers of variables.

use super::{SubrDesc, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::Watcher;
use crate::rt::Symbol;
use crate::symbols::{SymbolCell, sym};
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("add-variable-watcher", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let symbol = vm.indirect_variable(symbol);
        let watchers = vm.watchers.watchers.entry(symbol).or_default();
        if !watchers.iter().any(|watcher| watcher.callback == a[1]) {
            watchers.push(Watcher { callback: a[1] });
        }
        vm.obarray.cell_mut(symbol).flags |= SymbolCell::WATCHED;
        Ok(Value::NIL)
    }),
    subr("remove-variable-watcher", 2, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let symbol = vm.indirect_variable(symbol);
        if let Some(watchers) = vm.watchers.watchers.get_mut(&symbol) {
            watchers.retain(|watcher| watcher.callback != a[1]);
            if watchers.is_empty() {
                vm.watchers.watchers.remove(&symbol);
                vm.obarray.cell_mut(symbol).flags &= !SymbolCell::WATCHED;
            }
        }
        Ok(Value::NIL)
    }),
    subr("get-variable-watchers", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let symbol = vm.indirect_variable(symbol);
        let callbacks = callbacks(vm, symbol);
        Ok(vm.heap.list(&callbacks))
    }),
];

fn callbacks(vm: &Vm, symbol: Symbol) -> Vec<Value> {
    let watchers = vm.watchers.watchers.get(&symbol).map(Vec::as_slice).unwrap_or_default();
    watchers.iter().map(|watcher| watcher.callback).collect()
}

impl Vm {
    /// Tells the watchers of a variable what is about to happen to it. The value is safe from collections meanwhile; what
    /// else the caller holds is not, unless it is a root.
    #[inline]
    pub(crate) fn tell_watchers(
        &mut self,
        symbol: Symbol,
        value: Value,
        operation: Value,
        place: Value,
    ) -> LispResult<()> {
        if self.obarray.cell(symbol).flags & SymbolCell::WATCHED == 0 {
            return Ok(());
        }
        self.tell_all(symbol, value, operation, place)
    }

    /// Tells the watchers of a variable that a dynamic binding ends. An error of theirs does not stop the bindings from
    /// ending, and nothing is collected: the value of the form that ends is held by nobody else.
    #[inline]
    pub(crate) fn tell_watchers_of_end(&mut self, symbol: Symbol, old: Value, place: Value) {
        if self.obarray.cell(symbol).flags & SymbolCell::WATCHED != 0 {
            self.no_collection += 1;
            // The end of a binding has no caller who could take the error.
            let _ = self.tell_all(symbol, old, sym::unlet, place);
            self.no_collection -= 1;
        }
    }

    #[cold]
    fn tell_all(&mut self, symbol: Symbol, value: Value, operation: Value, place: Value) -> LispResult<()> {
        let value = if value == Value::UNBOUND { Value::NIL } else { value };
        let callbacks = callbacks(self, symbol);
        // One watcher may remove another, which is told all the same.
        let base = self.stack.len();
        self.stack.extend_from_slice(&callbacks);
        let mut tell = |callback: &Value| {
            self.funcall(*callback, &[Value::symbol(symbol), value, operation, place]).map(drop)
        };
        let result = callbacks.iter().try_for_each(&mut tell);
        self.stack.truncate(base);
        result
    }
}
