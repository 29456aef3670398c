//! Abbreviations. A table is known by the symbol that is its name, whose value it is.

use super::keyword::{given, keyword};
use super::{MANY, SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::{Abbrev, LispString};
use crate::rt::Symbol;
use crate::symbols::SymbolCell;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("define-abbrev-table", 2, MANY, define_table),
    subr("abbrev-table-p", 1, 1, |vm, a| {
        Ok(Value::bool(a[0].as_symbol().is_some_and(|name| vm.abbrevs.tables.contains_key(&name))))
    }),
    subr("abbrev-table-names", 0, 0, |vm, _| {
        let names: Vec<Value> = vm.abbrevs.order.iter().map(|&name| Value::symbol(name)).collect();
        Ok(vm.heap.list(&names))
    }),
    subr("define-abbrev", 3, MANY, |vm, a| {
        let (table, name) = (table(vm, a[0])?, vm.lisp_string(a[1])?);
        let expansion = vm.lisp_string_or_nil(a[2])?;
        let args = a.get(4..).unwrap_or_default();
        let count = given(vm, args, ":count").map(|count| vm.index(count)).transpose()?.unwrap_or(0);
        let system = keyword(vm, args, ":system").is_true();
        let Some(table) = vm.abbrevs.tables.get_mut(&table) else { return Ok(Value::NIL) };
        match expansion {
            Some(expansion) => {
                table.abbrevs.insert(name, Abbrev { expansion, hook: arg(a, 3), count, system });
            }
            None => _ = table.abbrevs.remove(&name),
        }
        Ok(a[1])
    }),
    subr("abbrev-expansion", 1, 2, |vm, a| {
        let found = find(vm, a[0], arg(a, 1))?;
        let text = found
            .and_then(|(table, name)| Some(vm.abbrevs.tables[&table].abbrevs.get(&name)?.expansion.clone()));
        Ok(vm.string_or_nil(text))
    }),
    // Expands and counts: `(EXPANSION . HOOK)`, or nil.
    subr("abbrev-use", 1, 2, |vm, a| {
        let Some((table, name)) = find(vm, a[0], arg(a, 1))? else { return Ok(Value::NIL) };
        let table = vm.abbrevs.tables.get_mut(&table);
        let Some(abbrev) = table.and_then(|table| table.abbrevs.get_mut(&name)) else {
            return Ok(Value::NIL);
        };
        abbrev.count += 1;
        let (expansion, hook) = (abbrev.expansion.clone(), abbrev.hook);
        let expansion = expansion.to_value(&mut vm.heap);
        Ok(vm.heap.cons(expansion, hook))
    }),
    // What is known of an abbreviation of this very table: `(EXPANSION HOOK COUNT SYSTEM)`.
    subr("abbrev-info", 2, 2, |vm, a| {
        let (table, name) = (table(vm, a[0])?, vm.lisp_string(a[1])?);
        let Some(abbrev) = vm.abbrevs.tables[&table].abbrevs.get(&name).cloned() else {
            return Ok(Value::NIL);
        };
        let expansion = abbrev.expansion.to_value(&mut vm.heap);
        Ok(vm.heap.list(&[expansion, abbrev.hook, Value::int(abbrev.count), Value::bool(abbrev.system)]))
    }),
    subr("abbrev-list", 1, 1, |vm, a| {
        let table = table(vm, a[0])?;
        let mut names: Vec<LispString> = vm.abbrevs.tables[&table].abbrevs.keys().cloned().collect();
        names.sort_by(|one, other| one.bytes().cmp(other.bytes()));
        Ok(vm.list_of_strings(&names))
    }),
    subr("clear-abbrev-table", 1, 1, |vm, a| {
        let table = table(vm, a[0])?;
        if let Some(table) = vm.abbrevs.tables.get_mut(&table) {
            table.abbrevs.clear();
        }
        Ok(Value::NIL)
    }),
    subr("abbrev-table-get", 2, 2, |vm, a| {
        let name = table(vm, a[0])?;
        let key = vm.bytes_of(a[1])?.to_vec();
        let table = &vm.abbrevs.tables[&name];
        match key.as_slice() {
            b":parents" => {
                let parents: Vec<Value> = table.parents.iter().map(|&parent| Value::symbol(parent)).collect();
                Ok(vm.heap.list(&parents))
            }
            b":case-fixed" => Ok(Value::bool(table.case_fixed)),
            b":enabled" => Ok(Value::bool(table.enabled)),
            _ => {
                let properties = vm.heap.list_elements(table.properties, usize::MAX);
                Ok(properties.chunks_exact(2).find(|pair| pair[0] == a[1]).map_or(Value::NIL, |pair| pair[1]))
            }
        }
    }),
    subr("abbrev-table-put", 3, 3, |vm, a| {
        let name = table(vm, a[0])?;
        put(vm, name, a[1], a[2])?;
        Ok(a[2])
    }),
    subr("global-abbrev-table", 0, 0, |vm, _| Ok(vm.abbrevs.global_table)),
    subr("set-global-abbrev-table", 1, 1, |vm, a| {
        table(vm, a[0])?;
        vm.abbrevs.global_table = a[0];
        Ok(a[0])
    }),
    subr("abbrev-mode-on-p", 0, 0, |vm, _| Ok(Value::bool(vm.abbrevs.abbrev_mode))),
    subr("set-abbrev-mode", 1, 1, |vm, a| {
        vm.abbrevs.abbrev_mode = a[0].is_true();
        Ok(a[0])
    }),
];

/// The name of a table that there is.
fn table(vm: &mut Vm, v: Value) -> LispResult<Symbol> {
    match v.as_symbol().filter(|name| vm.abbrevs.tables.contains_key(name)) {
        Some(name) => Ok(name),
        None => {
            let predicate = vm.intern("abbrev-table-p");
            Err(vm.wrong_type(predicate, v))
        }
    }
}

/// The table that has an abbreviation, starting from one, or from the global one for nil; and the name under which it has
/// it: as it is written, or in small letters where case does not count.
fn find(vm: &mut Vm, name: Value, start: Value) -> LispResult<Option<(Symbol, LispString)>> {
    let name = vm.lisp_string(name)?;
    let start = if start.is_nil() { vm.abbrevs.global_table } else { start };
    let start = table(vm, start)?;
    let lower = LispString::text(name.lossy().to_lowercase().into_bytes());
    let exact = vm.abbrevs.find(start, &name).map(|table| (table, name));
    Ok(exact.or_else(|| {
        let table = vm.abbrevs.find(start, &lower)?;
        (!vm.abbrevs.tables[&table].case_fixed).then_some((table, lower))
    }))
}

fn put(vm: &mut Vm, name: Symbol, key: Value, value: Value) -> LispResult<()> {
    match vm.bytes_of(key)?.to_vec().as_slice() {
        b":parents" => {
            let parents = vm.proper_list(value)?;
            let parents =
                parents.into_iter().map(|parent| table(vm, parent)).collect::<LispResult<Vec<Symbol>>>()?;
            vm.abbrevs.define(name).parents = parents;
        }
        b":case-fixed" => vm.abbrevs.define(name).case_fixed = value.is_true(),
        b":enabled" => vm.abbrevs.define(name).enabled = value.is_true(),
        _ => {
            let properties = vm.abbrevs.define(name).properties;
            let properties = vm.plist_put(properties, key, value);
            vm.abbrevs.define(name).properties = properties;
        }
    }
    Ok(())
}

/// `(define-abbrev-table NAME DEFINITIONS [DOC] PROPERTIES..)`; a definition is `(NAME EXPANSION HOOK PROPERTIES..)`.
fn define_table(vm: &mut Vm, a: &[Value]) -> LispResult {
    let name = vm.check_symbol(a[0])?;
    vm.abbrevs.define(name);
    if vm.abbrevs.global_table.is_nil() {
        vm.abbrevs.global_table = a[0];
    }
    let cell = vm.obarray.cell_mut(name);
    cell.flags |= SymbolCell::SPECIAL;
    cell.value = a[0];
    let mut args = &a[2..];
    if args.first().is_some_and(|doc| doc.is_str() || doc.is_nil()) {
        args = &args[1..];
    }
    for pair in args.chunks_exact(2) {
        put(vm, name, pair[0], pair[1])?;
    }
    for definition in vm.proper_list(a[1])? {
        let parts = vm.proper_list(definition)?;
        let (abbrev, expansion) = (vm.lisp_string(arg(&parts, 0))?, vm.lisp_string(arg(&parts, 1))?);
        let args = parts.get(3..).unwrap_or_default();
        let count = given(vm, args, ":count").map(|count| vm.index(count)).transpose()?.unwrap_or(0);
        let system = keyword(vm, args, ":system").is_true();
        let abbrev_value = Abbrev { expansion, hook: arg(&parts, 2), count, system };
        vm.abbrevs.define(name).abbrevs.insert(abbrev, abbrev_value);
    }
    Ok(a[0])
}
