//! Modes, as the macros that define them and programs see them. A buffer is named by itself, by its number, or by nil for the current one.

use super::custom::unknown;
use super::keyword::{given, keyword};
use super::{MANY, SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::{FontLock, FontLockKeyword, MajorMode, MinorMode};
use crate::rt::Symbol;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    // `(mode-register-major MODE NAME BODY :parent P :hook H :keymap K :syntax-table S :abbrev-table A)`
    subr("mode-register-major", 3, MANY, register_major),
    // `(mode-register-minor MODE LIGHTER KEYMAP BODY GLOBAL)`
    subr("mode-register-minor", 5, 5, |vm, a| {
        let mode = vm.check_symbol(a[0])?;
        let minor = MinorMode { lighter: a[1], keymap: a[2], body: a[3], global: a[4].is_true() };
        vm.modes.minor.insert(mode, minor);
        Ok(a[0])
    }),
    subr("mode-set-font-lock", 2, 4, set_font_lock),
    subr("major-mode-info", 2, 2, major_info),
    subr("minor-mode-info", 2, 2, minor_info),
    subr("major-modes", 0, 0, |vm, _| Ok(sorted(vm, vm.modes.major.keys().copied().collect()))),
    subr("minor-modes", 0, 0, |vm, _| Ok(sorted(vm, vm.modes.minor.keys().copied().collect()))),
    subr("fundamental-mode-symbol", 0, 0, |vm, _| Ok(vm.modes.fundamental_mode)),
    subr("set-fundamental-mode-symbol", 1, 1, |vm, a| {
        vm.check_symbol(a[0])?;
        vm.modes.fundamental_mode = a[0];
        Ok(a[0])
    }),
    subr("mode-of-buffer", 0, 1, |vm, a| {
        let buffer = number(vm, arg(a, 0))?;
        Ok(vm.modes.major_of(buffer))
    }),
    subr("mode-set-of-buffer", 2, 2, |vm, a| {
        let buffer = number(vm, a[0])?;
        vm.check_symbol(a[1])?;
        vm.modes.set_major_of(buffer, a[1]);
        Ok(a[1])
    }),
    // `(mode-set-minor MODE ON BUFFER)`: everywhere when BUFFER is `t`.
    subr("mode-set-minor", 2, 3, |vm, a| {
        vm.check_symbol(a[0])?;
        let buffer = if arg(a, 2) == Value::T { None } else { Some(number(vm, arg(a, 2))?) };
        vm.modes.set_minor(buffer, a[0], a[1].is_true());
        Ok(a[1])
    }),
    subr("mode-minor-on-p", 1, 2, |vm, a| {
        let buffer = number(vm, arg(a, 1))?;
        Ok(Value::bool(vm.modes.is_on(buffer, a[0])))
    }),
    subr("minor-modes-of-buffer", 0, 1, |vm, a| {
        let buffer = number(vm, arg(a, 0))?;
        let modes = vm.modes.buffer_minor.get(&buffer).cloned().unwrap_or_default();
        Ok(vm.heap.list(&modes))
    }),
    subr("global-minor-modes", 0, 0, |vm, _| Ok(vm.heap.list(&vm.modes.global_minor))),
    subr("mode-forget-buffer", 1, 1, |vm, a| {
        let buffer = number(vm, a[0])?;
        vm.modes.forget_buffer(buffer);
        Ok(Value::NIL)
    }),
    // The first of `derived-mode-parents` is the mode itself.
    subr("derived-mode-parents", 1, 1, |vm, a| {
        let parents = parents(vm, a[0]);
        Ok(vm.heap.list(&parents))
    }),
    subr("provided-mode-derived-p", 2, MANY, |vm, a| {
        let parents = parents(vm, a[0]);
        let mut wanted =
            a[1..].iter().flat_map(|v| if v.is_cons() { vm.heap.list_elements(*v, 100) } else { vec![*v] });
        Ok(wanted.find(|mode| parents.contains(mode)).unwrap_or(Value::NIL))
    }),
    subr("auto-mode-add", 2, 3, |vm, a| {
        let pattern = vm.lisp_string(a[0])?;
        vm.check_symbol(a[1])?;
        let entry = (pattern, a[1]);
        let list = &mut vm.modes.auto_mode_alist;
        list.retain(|(pattern, mode)| (pattern, *mode) != (&entry.0, a[1]));
        if arg(a, 2).is_true() {
            list.push(entry)
        } else {
            list.insert(0, entry)
        }
        Ok(a[1])
    }),
    subr("auto-mode-entries", 0, 0, |vm, _| {
        let entries = vm.modes.auto_mode_alist.clone();
        let mut list = Vec::with_capacity(entries.len());
        for (pattern, mode) in entries {
            let pattern = pattern.to_value(&mut vm.heap);
            list.push(vm.heap.cons(pattern, mode));
        }
        Ok(vm.heap.list(&list))
    }),
    subr("mode-for-file", 1, 1, |vm, a| {
        for (pattern, mode) in vm.modes.auto_mode_alist.clone() {
            let pattern = pattern.to_value(&mut vm.heap);
            if super::matching::matches(vm, pattern, a[0])? {
                return Ok(mode);
            }
        }
        Ok(vm.modes.fundamental_mode)
    }),
];

/// The number of a buffer: of the current one for nil.
fn number(vm: &mut Vm, v: Value) -> LispResult<u64> {
    if v.is_nil() {
        return Ok(vm.buffers.current().map_or(0, |buffer| buffer.id.0));
    }
    match vm.buffers.id_of(&vm.heap, v) {
        Some(id) => Ok(id.0),
        None => vm.index(v).map(|n| n as u64),
    }
}

fn sorted(vm: &mut Vm, mut symbols: Vec<Symbol>) -> Value {
    symbols.sort_by_key(|symbol| symbol.id());
    let values: Vec<Value> = symbols.into_iter().map(Value::symbol).collect();
    vm.heap.list(&values)
}

/// A mode and those that it is derived from, each once.
fn parents(vm: &Vm, mode: Value) -> Vec<Value> {
    let (mut all, mut at) = (Vec::new(), Some(mode));
    while let Some(mode) = at.filter(|mode| !all.contains(mode)) {
        all.push(mode);
        at = mode.as_symbol().and_then(|mode| vm.modes.major.get(&mode)?.parent);
    }
    all
}

fn register_major(vm: &mut Vm, a: &[Value]) -> LispResult {
    let (mode, pretty_name, args) = (vm.check_symbol(a[0])?, vm.lisp_string(a[1])?, &a[3..]);
    let font_lock = vm.modes.major.remove(&mode).and_then(|old| old.font_lock);
    let major = MajorMode {
        pretty_name,
        parent: given(vm, args, ":parent"),
        hook: given(vm, args, ":hook"),
        keymap: given(vm, args, ":keymap"),
        syntax_table: given(vm, args, ":syntax-table"),
        abbrev_table: given(vm, args, ":abbrev-table"),
        body: a[2],
        font_lock,
    };
    vm.modes.major.insert(mode, major);
    Ok(a[0])
}

/// `(mode-set-font-lock MODE KEYWORDS CASE-FOLD SYNTAX-TABLE)`; a keyword is `(PATTERN FACE :group N :override B :lax B)`.
fn set_font_lock(vm: &mut Vm, a: &[Value]) -> LispResult {
    let mode = vm.check_symbol(a[0])?;
    let mut keywords = Vec::new();
    for rule in vm.proper_list(a[1])? {
        let parts = vm.proper_list(rule)?;
        let (pattern, face) = (vm.lisp_string(arg(&parts, 0))?, vm.check_symbol(arg(&parts, 1))?);
        let args = parts.get(2..).unwrap_or_default();
        let group = match given(vm, args, ":group") {
            Some(group) => vm.index(group)?,
            None => 0,
        };
        let overrides = keyword(vm, args, ":override").is_true();
        let lax = keyword(vm, args, ":lax").is_true();
        keywords.push(FontLockKeyword { pattern, face, group, overrides, lax });
    }
    let font_lock = FontLock {
        keywords,
        case_fold: arg(a, 2).is_true(),
        syntax_table: vm.lisp_string_or_nil(arg(a, 3))?,
    };
    match vm.modes.major.get_mut(&mode) {
        Some(major) => major.font_lock = Some(font_lock),
        None => return Err(no_mode(vm, a[0])),
    }
    Ok(a[0])
}

fn no_mode(vm: &mut Vm, mode: Value) -> crate::error::Flow {
    let message = format!("{} is no mode", vm.prin1(mode));
    vm.error(message)
}

fn major_info(vm: &mut Vm, a: &[Value]) -> LispResult {
    let mode = vm.check_symbol(a[0])?;
    let Some(major) = vm.modes.major.get(&mode).cloned() else { return Ok(Value::NIL) };
    let key = vm.bytes_of(a[1])?.to_vec();
    Ok(match key.as_slice() {
        b"name" => major.pretty_name.to_value(&mut vm.heap),
        b"parent" => major.parent.unwrap_or(Value::NIL),
        b"hook" => major.hook.unwrap_or(Value::NIL),
        b"keymap" => major.keymap.unwrap_or(Value::NIL),
        b"syntax-table" => major.syntax_table.unwrap_or(Value::NIL),
        b"abbrev-table" => major.abbrev_table.unwrap_or(Value::NIL),
        b"body" => major.body,
        b"font-lock" => match major.font_lock {
            Some(font_lock) => font_lock_list(vm, font_lock),
            None => Value::NIL,
        },
        _ => return Err(unknown(vm, a[1])),
    })
}

/// `(KEYWORDS CASE-FOLD SYNTAX-TABLE)`; a keyword is `(PATTERN FACE GROUP OVERRIDE LAX)`.
fn font_lock_list(vm: &mut Vm, font_lock: FontLock) -> Value {
    let mut rules = Vec::with_capacity(font_lock.keywords.len());
    for rule in font_lock.keywords {
        let pattern = rule.pattern.to_value(&mut vm.heap);
        let parts = [
            pattern,
            Value::symbol(rule.face),
            Value::int(rule.group),
            Value::bool(rule.overrides),
            Value::bool(rule.lax),
        ];
        rules.push(vm.heap.list(&parts));
    }
    let rules = vm.heap.list(&rules);
    let syntax = vm.string_or_nil(font_lock.syntax_table);
    vm.heap.list(&[rules, Value::bool(font_lock.case_fold), syntax])
}

fn minor_info(vm: &mut Vm, a: &[Value]) -> LispResult {
    let mode = vm.check_symbol(a[0])?;
    let Some(minor) = vm.modes.minor.get(&mode) else { return Ok(Value::NIL) };
    let (lighter, keymap, body, global) = (minor.lighter, minor.keymap, minor.body, minor.global);
    Ok(match vm.bytes_of(a[1])? {
        b"lighter" => lighter,
        b"keymap" => keymap,
        b"body" => body,
        b"global" => Value::bool(global),
        _ => return Err(unknown(vm, a[1])),
    })
}

impl Vm {
    /// The name of the mode that all buffers start with, before the library says otherwise.
    pub(super) fn define_fundamental_mode(&mut self) {
        self.modes.fundamental_mode = sym::fundamental_mode;
    }
}
