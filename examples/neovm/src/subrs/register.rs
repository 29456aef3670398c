//! Registers, rectangles, bookmarks.

use super::{SubrDesc, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::managers::{Bookmark, LispString, Register};
use crate::object::{Kind, Vector};
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: &[SubrDesc] = &[
    subr("set-register", 2, 2, |vm, a| {
        let name = name(vm, a[0])?;
        if a[1].is_nil() {
            vm.registers.registers.remove(&name);
        } else {
            let content = from_value(vm, a[1])?;
            vm.registers.registers.insert(name, content);
        }
        Ok(a[1])
    }),
    subr("get-register", 1, 1, |vm, a| {
        let name = name(vm, a[0])?;
        match vm.registers.registers.get(&name).cloned() {
            Some(content) => Ok(to_value(vm, content)),
            None => Ok(Value::NIL),
        }
    }),
    subr("register-kind", 1, 1, |vm, a| {
        let name = name(vm, a[0])?;
        let kind = match vm.registers.registers.get(&name) {
            None => return Ok(Value::NIL),
            Some(Register::Text(_)) => "text",
            Some(Register::Number(_)) => "number",
            Some(Register::Marker(_)) => "marker",
            Some(Register::Rectangle(_)) => "rectangle",
            Some(Register::FrameConfig(_)) => "frame-configuration",
            Some(Register::File(_)) => "file",
            Some(Register::KbdMacro(_)) => "kbd-macro",
        };
        Ok(vm.intern(kind))
    }),
    subr("register-names", 0, 0, |vm, _| {
        let mut names: Vec<char> = vm.registers.registers.keys().copied().collect();
        names.sort_unstable();
        let names: Vec<Value> = names.into_iter().map(|name| Value::int(name as usize)).collect();
        Ok(vm.heap.list(&names))
    }),
    subr("increment-register", 2, 2, |vm, a| {
        let (by, name) = (vm.fixnum(a[0])?, name(vm, a[1])?);
        match vm.registers.registers.get_mut(&name) {
            Some(Register::Number(n)) => {
                *n = n.wrapping_add(by);
                let n = *n;
                Ok(vm.heap.integer(n))
            }
            _ => Err(vm.error("Register does not contain a number")),
        }
    }),
    subr("killed-rectangle", 0, 0, |vm, _| {
        let lines = vm.rectangle.killed.clone();
        Ok(vm.list_of_strings(&lines))
    }),
    subr("set-killed-rectangle", 1, 1, |vm, a| {
        vm.rectangle.killed = vm.strings_of_list(a[0])?;
        Ok(a[0])
    }),
    subr("bookmark-store", 2, 2, |vm, a| {
        let (name, bookmark) = (vm.lisp_string(a[0])?, bookmark_of(vm, a[1])?);
        vm.bookmarks.store(name, bookmark);
        Ok(a[0])
    }),
    subr("bookmark-get", 1, 1, |vm, a| {
        let name = vm.lisp_string(a[0])?;
        match vm.bookmarks.get(&name).cloned() {
            Some(bookmark) => Ok(bookmark_list(vm, bookmark)),
            None => Ok(Value::NIL),
        }
    }),
    subr("bookmark-delete", 1, 1, |vm, a| {
        let name = vm.lisp_string(a[0])?;
        Ok(Value::bool(vm.bookmarks.delete(&name)))
    }),
    subr("bookmark-rename", 2, 2, |vm, a| {
        let (old, new) = (vm.lisp_string(a[0])?, vm.lisp_string(a[1])?);
        Ok(Value::bool(vm.bookmarks.rename(&old, new)))
    }),
    // Notes that a bookmark was used: it comes first.
    subr("bookmark-touch", 1, 1, |vm, a| {
        let name = vm.lisp_string(a[0])?;
        if vm.bookmarks.get(&name).is_some() {
            vm.bookmarks.touch(name);
        }
        Ok(a[0])
    }),
    subr("bookmark-all-names", 0, 0, |vm, _| {
        let names = vm.bookmarks.recent.clone();
        Ok(vm.list_of_strings(&names))
    }),
    subr("bookmarks-modified-p", 0, 0, |vm, _| Ok(Value::bool(vm.bookmarks.modified))),
    subr("set-bookmarks-modified", 1, 1, |vm, a| {
        vm.bookmarks.modified = a[0].is_true();
        Ok(a[0])
    }),
];

fn name(vm: &mut Vm, v: Value) -> LispResult<char> {
    let c = vm.check_char(v)?;
    char::from_u32(c).ok_or_else(|| vm.wrong_type(sym::characterp, v))
}

/// What a value is in a register: by its type, as programs give them. `(file . NAME)` is a file, a list of strings a rectangle,
/// a vector keys, and what else is an object stands for a place.
fn from_value(vm: &mut Vm, v: Value) -> LispResult<Register> {
    if let Some(text) = LispString::of(&vm.heap, v) {
        return Ok(Register::Text(text));
    }
    if let Some(n) = v.as_fixnum() {
        return Ok(Register::Number(n));
    }
    if let Some(keys) = vm.heap.get::<Vector>(v) {
        return Ok(Register::KbdMacro(keys.slots.to_vec()));
    }
    let (head, rest) = (vm.heap.car(v), vm.heap.cdr(v));
    if head == sym::file {
        return vm.lisp_string(rest).map(Register::File);
    }
    if head == sym::frame_configuration {
        return Ok(Register::FrameConfig(v));
    }
    if v.is_cons() && head.is_str() {
        return vm.strings_of_list(v).map(Register::Rectangle);
    }
    Ok(Register::Marker(v))
}

fn to_value(vm: &mut Vm, content: Register) -> Value {
    match content {
        Register::Text(text) => text.to_value(&mut vm.heap),
        Register::Number(n) => vm.heap.integer(n),
        Register::Marker(v) | Register::FrameConfig(v) => v,
        Register::Rectangle(lines) => vm.list_of_strings(&lines),
        Register::File(name) => {
            let name = name.to_value(&mut vm.heap);
            vm.heap.cons(sym::file, name)
        }
        Register::KbdMacro(keys) => vm.heap.vector(keys),
    }
}

/// The parts of a bookmark, as they stand in its alist.
const PARTS: [&str; 4] = ["filename", "front-context-string", "rear-context-string", "annotation"];

fn bookmark_of(vm: &mut Vm, alist: Value) -> LispResult<Bookmark> {
    let entries = vm.proper_list(alist)?;
    let part = |vm: &mut Vm, name: &str| {
        let key = vm.intern(name);
        entries
            .iter()
            .find(|&&entry| vm.heap.car(entry) == key)
            .map_or(Value::NIL, |&entry| vm.heap.cdr(entry))
    };
    let mut texts = PARTS.map(|_| None);
    for (text, name) in texts.iter_mut().zip(PARTS) {
        let value = part(vm, name);
        *text = vm.lisp_string_or_nil(value)?;
    }
    let [filename, front_context, rear_context, annotation] = texts;
    let position = match part(vm, "position") {
        Value::NIL => 1,
        position => vm.fixnum(position)?,
    };
    let handler = part(vm, "handler");
    Ok(Bookmark { filename, position, front_context, rear_context, annotation, handler })
}

fn bookmark_list(vm: &mut Vm, bookmark: Bookmark) -> Value {
    let mut entries = Vec::new();
    let texts = [bookmark.filename, bookmark.front_context, bookmark.rear_context, bookmark.annotation];
    for (text, name) in texts.into_iter().zip(PARTS) {
        let (key, text) = (vm.intern(name), vm.string_or_nil(text));
        entries.push(vm.heap.cons(key, text));
    }
    let position = vm.heap.integer(bookmark.position);
    let pairs = [(vm.intern("position"), position), (vm.intern("handler"), bookmark.handler)];
    for (key, value) in pairs {
        entries.push(vm.heap.cons(key, value));
    }
    vm.heap.list(&entries)
}

/// Whether a value can be typed: a sequence of events.
pub(super) fn is_keys(vm: &Vm, v: Value) -> bool {
    matches!(vm.heap.kind(v), Some(Kind::Vector | Kind::Str))
}
