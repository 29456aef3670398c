//! Files, features, definitions that are loaded later, and what is obsolete.

use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::{Autoload, AutoloadKind, Awaited, LispString, Obsolete, base_name};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("load", 1, 5, |vm, a| vm.load_file(a[0], arg(a, 1).is_true())),
    subr("load-in-progress-p", 0, 0, |vm, _| Ok(Value::bool(!vm.roots.loads_in_progress.is_empty()))),
    subr("loads-in-progress", 0, 0, |vm, _| {
        let names = vm.roots.loads_in_progress.clone();
        Ok(vm.list_of_strings(&names))
    }),
    subr("require-stack", 0, 0, |vm, _| {
        let features: Vec<Value> =
            vm.roots.require_stack.iter().map(|&feature| Value::symbol(feature)).collect();
        Ok(vm.heap.list(&features))
    }),
    subr("loaded-files", 0, 0, |vm, _| {
        let names = vm.autoloads.loaded_files.clone();
        Ok(vm.list_of_strings(&names))
    }),
    subr("featurep", 1, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        if !vm.is_provided(a[0]) || arg(a, 1).is_nil() {
            return Ok(Value::bool(vm.is_provided(a[0])));
        }
        let property = vm.intern("subfeatures");
        let list = vm.get_property(symbol, property);
        Ok(Value::bool(vm.heap.list_elements(list, usize::MAX).contains(&a[1])))
    }),
    subr("provide", 1, 2, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        if arg(a, 1).is_true() {
            let property = vm.intern("subfeatures");
            vm.put_property(symbol, property, a[1]);
        }
        vm.provide(a[0]).map(|()| a[0])
    }),
    subr("require", 1, 3, |vm, a| vm.require(a[0], arg(a, 1), arg(a, 2).is_true())),
    subr("autoload", 2, 5, autoload),
    subr("autoloadp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.car(a[0]) == sym::autoload))),
    subr("autoload-do-load", 1, 3, |vm, a| {
        if arg(a, 2) == sym::macro_ && !vm.is_autoloaded_macro(a[0]) {
            return Ok(a[0]);
        }
        vm.autoload_do_load(a[0], arg(a, 1))
    }),
    // What was declared of a symbol, loaded or not: `(FILE DOC INTERACTIVE TYPE)`.
    subr("autoload-entry", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let Some(entry) = vm.autoloads.entries.get(&symbol).cloned() else { return Ok(Value::NIL) };
        Ok(entry_list(vm, entry))
    }),
    subr("eval-after-load", 2, 2, |vm, a| {
        let awaited = awaited(vm, a[0])?;
        vm.autoloads.after_load.entry(awaited.clone()).or_default().push(a[1]);
        let there = match awaited {
            Awaited::Feature(_) => vm.is_provided(a[0]),
            Awaited::File(name) => {
                vm.autoloads.loaded_files.iter().any(|f| base_name(f.bytes()) == name.bytes())
            }
        };
        if there {
            vm.run_action(a[1])?;
        }
        Ok(Value::NIL)
    }),
    subr("after-load-actions", 1, 1, |vm, a| {
        let awaited = awaited(vm, a[0])?;
        let actions = vm.autoloads.after_load.get(&awaited).cloned().unwrap_or_default();
        Ok(vm.heap.list(&actions))
    }),
    subr("make-obsolete", 2, 3, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        vm.autoloads.obsolete_functions.insert(symbol, Obsolete { instead: a[1], since: arg(a, 2) });
        Ok(a[0])
    }),
    subr("make-obsolete-variable", 2, 4, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        vm.autoloads.obsolete_variables.insert(symbol, Obsolete { instead: a[1], since: arg(a, 2) });
        Ok(a[0])
    }),
    subr("obsolete-function-info", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let info = vm.autoloads.obsolete_functions.get(&symbol).copied();
        Ok(info.map_or(Value::NIL, |info| vm.heap.list(&[info.instead, info.since])))
    }),
    subr("obsolete-variable-info", 1, 1, |vm, a| {
        let symbol = vm.check_symbol(a[0])?;
        let info = vm.autoloads.obsolete_variables.get(&symbol).copied();
        Ok(info.map_or(Value::NIL, |info| vm.heap.list(&[info.instead, info.since])))
    }),
];

/// The file of this name, or the feature of this symbol.
fn awaited(vm: &mut Vm, v: Value) -> LispResult<Awaited> {
    match v.as_symbol() {
        Some(symbol) => Ok(Awaited::Feature(LispString::text(vm.symbols.name(symbol)))),
        None => {
            let file = vm.lisp_string(v)?;
            Ok(Awaited::File(LispString::text(base_name(file.bytes()))))
        }
    }
}

fn autoload(vm: &mut Vm, a: &[Value]) -> LispResult {
    let (symbol, file) = (vm.check_symbol(a[0])?, vm.lisp_string(a[1])?);
    let kind = match arg(a, 4) {
        sym::macro_ | Value::T => AutoloadKind::Macro,
        sym::keymap => AutoloadKind::Keymap,
        _ => AutoloadKind::Function,
    };
    let docstring = LispString::of(&vm.heap, arg(a, 2));
    let entry = Autoload { file, docstring, interactive: arg(a, 3).is_true(), kind };
    let list = entry_list(vm, entry.clone());
    let stub = vm.heap.cons(sym::autoload, list);
    if !vm.set_stub(a[0], stub)? {
        return Ok(Value::NIL);
    }
    vm.autoloads.entries.insert(symbol, entry);
    Ok(Value::NIL)
}

fn entry_list(vm: &mut Vm, entry: Autoload) -> Value {
    let kind = match entry.kind {
        AutoloadKind::Function => Value::NIL,
        AutoloadKind::Macro => sym::macro_,
        AutoloadKind::Keymap => sym::keymap,
    };
    let file = entry.file.to_value(&mut vm.heap);
    let doc = vm.string_or_nil(entry.docstring);
    vm.heap.list(&[file, doc, Value::bool(entry.interactive), kind])
}

impl Vm {
    /// A list of new strings.
    pub(crate) fn list_of_strings(&mut self, texts: &[LispString]) -> Value {
        let values: Vec<Value> = texts.iter().map(|text| text.to_value(&mut self.heap)).collect();
        self.heap.list(&values)
    }

    /// The texts of a list of strings.
    pub(crate) fn strings_of_list(&mut self, list: Value) -> LispResult<Vec<LispString>> {
        let values = self.proper_list(list)?;
        values.into_iter().map(|value| self.lisp_string(value)).collect()
    }
}
