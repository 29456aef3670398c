//! Buffers as such.

use super::{MANY, SubrDesc, UNEVALLED, arg, subr};
use crate::buffer::object::{BufferHandle, FrameHandle, TimerHandle, WindowHandle};
use crate::buffer::saved::Part;
use crate::buffer::slots::DIRECTORY;
use crate::buffer::state::FileTime;
use crate::buffer::{Buffer, BufferId};
use crate::error::LispResult;
use crate::machine::{Vm, symbol_of};
use crate::value::Value;
use crate::variable;

pub(super) static SUBRS: [SubrDesc; 39] = [
    subr("bufferp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.get::<BufferHandle>(a[0]).is_some()))),
    subr("buffer-live-p", 1, 1, |vm, a| Ok(Value::bool(vm.buffers.id_of(&vm.heap, a[0]).is_some()))),
    subr("get-buffer", 1, 1, |vm, a| {
        if vm.heap.get::<BufferHandle>(a[0]).is_some() {
            return Ok(if vm.buffers.id_of(&vm.heap, a[0]).is_some() { a[0] } else { Value::NIL });
        }
        let name = vm.name_arg(a[0])?;
        Ok(handle(vm, vm.buffers.named(&vm.heap, &name)))
    }),
    subr("get-buffer-create", 1, 2, |vm, a| {
        if vm.heap.get::<BufferHandle>(a[0]).is_some() {
            return Ok(a[0]);
        }
        let name = vm.name_arg(a[0])?;
        let id = match vm.buffers.named(&vm.heap, &name) {
            Some(id) => id,
            None => make_buffer(vm, name, None, arg(a, 1))?,
        };
        Ok(handle(vm, Some(id)))
    }),
    subr("generate-new-buffer-name", 1, 2, |vm, a| {
        let name = vm.name_arg(a[0])?;
        let ignore = if arg(a, 1).is_nil() { Vec::new() } else { vm.name_arg(a[1])? };
        let name = vm.buffers.free_name(&vm.heap, &name, &ignore);
        Ok(vm.heap.string(name))
    }),
    subr("generate-new-buffer", 1, 2, |vm, a| {
        let name = vm.name_arg(a[0])?;
        let name = vm.buffers.free_name(&vm.heap, &name, b"");
        let id = make_buffer(vm, name, None, arg(a, 1))?;
        Ok(handle(vm, Some(id)))
    }),
    subr("make-indirect-buffer", 2, 4, |vm, a| {
        let base = vm.buffer_arg(a[0])?;
        let name = vm.name_arg(a[1])?;
        if vm.buffers.named(&vm.heap, &name).is_some() {
            let name = String::from_utf8_lossy(&name).into_owned();
            return Err(vm.error(format!("Buffer name `{name}' is in use")));
        }
        let id = make_buffer(vm, name, Some(base), arg(a, 3))?;
        if arg(a, 2).is_true() {
            vm.clone_state(base, id);
        }
        Ok(handle(vm, Some(id)))
    }),
    subr("buffer-base-buffer", 0, 1, |vm, a| {
        let id = vm.buffer_arg(arg(a, 0))?;
        let base = vm.buffers.get(id).and_then(|buffer| buffer.base);
        Ok(handle(vm, base))
    }),
    subr("set-buffer", 1, 1, |vm, a| {
        let id = vm.buffer_arg(a[0])?;
        vm.buffers.select(id);
        Ok(handle(vm, Some(id)))
    }),
    subr("current-buffer", 0, 0, |vm, _| vm.here().map(|buffer| buffer.handle)),
    subr("buffer-name", 0, 1, |vm, a| {
        let of = if arg(a, 0).is_nil() { vm.here()?.handle } else { a[0] };
        match vm.heap.get::<BufferHandle>(of) {
            Some(handle) => Ok(handle.name.get()),
            None => Err(wrong_buffer(vm, of)),
        }
    }),
    subr("buffer-last-name", 0, 1, |vm, a| {
        let of = if arg(a, 0).is_nil() { vm.here()?.handle } else { a[0] };
        match vm.heap.get::<BufferHandle>(of) {
            Some(handle) => Ok(handle.last_name.get()),
            None => Err(wrong_buffer(vm, of)),
        }
    }),
    subr("rename-buffer", 1, 2, |vm, a| {
        let mut name = vm.name_arg(a[0])?;
        if name.is_empty() {
            return Err(vm.error("Empty string is invalid as a buffer name"));
        }
        let here = vm.here()?;
        let (id, handle) = (here.id, here.handle);
        match vm.buffers.named(&vm.heap, &name) {
            Some(other) if other == id && arg(a, 1).is_nil() => return Ok(a[0]),
            Some(_) if arg(a, 1).is_true() => {
                let own = vm.heap.as_bytes(vm.buffers.name(&vm.heap, id)).unwrap_or_default().to_vec();
                name = vm.buffers.free_name(&vm.heap, &name, &own);
            }
            Some(_) => {
                let name = String::from_utf8_lossy(&name).into_owned();
                return Err(vm.error(format!("Buffer name `{name}' is in use")));
            }
            None => {}
        }
        let name = vm.heap.string(name);
        if let Some(handle) = vm.heap.get::<BufferHandle>(handle) {
            handle.last_name.set(handle.name.replace(name));
        }
        Ok(name)
    }),
    subr("kill-buffer", 0, 1, |vm, a| {
        if vm.heap.get::<BufferHandle>(arg(a, 0)).is_some() && vm.buffers.id_of(&vm.heap, a[0]).is_none() {
            return Ok(Value::NIL);
        }
        let id = vm.buffer_arg(arg(a, 0))?;
        vm.kill_buffer(id).map(|()| Value::T)
    }),
    subr("buffer-list", 0, 1, |vm, _| {
        let handles: Vec<Value> = vm.buffers.order().iter().map(|&id| handle(vm, Some(id))).collect();
        Ok(vm.heap.list(&handles))
    }),
    subr("bury-buffer", 0, 1, |vm, a| {
        let id = vm.buffer_arg(arg(a, 0))?;
        vm.buffers.bury(id);
        Ok(Value::NIL)
    }),
    subr("other-buffer", 0, 3, |vm, a| {
        let id = vm.buffer_arg(arg(a, 0))?;
        let other = vm.other_buffer(id)?;
        Ok(handle(vm, Some(other)))
    }),
    subr("save-current-buffer", 0, UNEVALLED, |vm, a| saving(vm, a[0], Part::Current)),
    subr("save-excursion", 0, UNEVALLED, |vm, a| saving(vm, a[0], Part::Excursion)),
    subr("save-restriction", 0, UNEVALLED, |vm, a| saving(vm, a[0], Part::Restriction)),
    subr("buffer-modified-p", 0, 1, |vm, a| {
        let id = vm.buffer_arg(arg(a, 0))?;
        Ok(Value::bool(text(vm, id, |text| text.modified > text.saved)))
    }),
    subr("set-buffer-modified-p", 1, 1, set_modified),
    subr("restore-buffer-modified-p", 1, 1, set_modified),
    subr("buffer-modified-tick", 0, 1, |vm, a| {
        let id = vm.buffer_arg(arg(a, 0))?;
        let tick = text(vm, id, |text| text.modified);
        Ok(vm.heap.integer(tick))
    }),
    subr("buffer-chars-modified-tick", 0, 1, |vm, a| {
        let id = vm.buffer_arg(arg(a, 0))?;
        let tick = text(vm, id, |text| text.chars_modified);
        Ok(vm.heap.integer(tick))
    }),
    subr("set-buffer-auto-saved", 0, 0, |vm, _| {
        let id = vm.here()?.id;
        let tick = text(vm, id, |text| text.modified);
        if let Some(buffer) = vm.buffers.current_mut() {
            buffer.autosave_modified = tick;
        }
        Ok(Value::NIL)
    }),
    subr("recent-auto-save-p", 0, 0, |vm, _| {
        let (id, saved) = (vm.here()?.id, vm.here()?.autosave_modified);
        Ok(Value::bool(text(vm, id, |text| text.saved < saved)))
    }),
    subr("set-visited-file-modtime", 0, 1, |vm, a| {
        let seconds = if arg(a, 0).is_nil() { 0 } else { vm.fixnum(a[0])? };
        let size = vm.here()?.text.borrow().gap.len() as u64;
        if let Some(buffer) = vm.buffers.current_mut() {
            buffer.file_time = (seconds != 0).then_some(FileTime { seconds, nanos: 0, size });
        }
        Ok(Value::NIL)
    }),
    subr("visited-file-modtime", 0, 0, |vm, _| {
        let seconds = vm.here()?.file_time.map_or(0, |time| time.seconds);
        Ok(vm.heap.integer(seconds))
    }),
    subr("barf-if-buffer-read-only", 0, 1, |vm, _| vm.check_writable().map(|()| Value::NIL)),
    subr("undo-boundary", 0, 0, |vm, _| {
        vm.undo_boundary();
        Ok(Value::NIL)
    }),
    subr("selected-window", 0, 0, |vm, _| Ok(vm.handles.window(&mut vm.heap, 1))),
    subr("selected-frame", 0, 0, |vm, _| Ok(vm.handles.frame(&mut vm.heap, 1))),
    // The only object for a window or frame of this number.
    subr("window-of-number", 1, 1, |vm, a| {
        let id = vm.index(a[0])? as u64;
        Ok(vm.handles.window(&mut vm.heap, id))
    }),
    subr("frame-of-number", 1, 1, |vm, a| {
        let id = vm.index(a[0])? as u64;
        Ok(vm.handles.frame(&mut vm.heap, id))
    }),
    subr("timer-create", 0, MANY, |vm, _| Ok(vm.handles.new_timer(&mut vm.heap))),
    subr("windowp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.get::<WindowHandle>(a[0]).is_some()))),
    subr("framep", 1, 1, |vm, a| Ok(Value::bool(vm.heap.get::<FrameHandle>(a[0]).is_some()))),
    subr("timerp", 1, 1, |vm, a| Ok(Value::bool(vm.heap.get::<TimerHandle>(a[0]).is_some()))),
];

/// The handle of a buffer, nil for none.
fn handle(vm: &Vm, id: Option<BufferId>) -> Value {
    id.and_then(|id| vm.buffers.get(id)).map_or(Value::NIL, |buffer| buffer.handle)
}

fn wrong_buffer(vm: &mut Vm, v: Value) -> crate::error::Flow {
    let predicate = vm.intern("bufferp");
    vm.wrong_type(predicate, v)
}

fn text<T: Default>(vm: &Vm, id: BufferId, f: impl FnOnce(&crate::buffer::text::BufferText) -> T) -> T {
    vm.buffers.get(id).map_or_else(T::default, |buffer| f(&buffer.text.borrow()))
}

fn make_buffer(vm: &mut Vm, name: Vec<u8>, base: Option<BufferId>, inhibit: Value) -> LispResult<BufferId> {
    if name.is_empty() {
        return Err(vm.error("Empty string for buffer name is not allowed"));
    }
    let name = vm.heap.string(name);
    let directory = vm.buffers.current().map(|buffer| buffer.slots[DIRECTORY]);
    let id = vm.buffers.make(&mut vm.heap, name, base);
    if let Some(buffer) = vm.buffers.get_mut(id) {
        buffer.inhibit_hooks = inhibit.is_true();
        buffer.slots[DIRECTORY] = directory.unwrap_or(buffer.slots[DIRECTORY]);
    }
    Ok(id)
}

fn set_modified(vm: &mut Vm, a: &[Value]) -> LispResult {
    let mut text = vm.here()?.text.borrow_mut();
    if a[0].is_nil() {
        text.saved = text.modified;
    } else if text.modified <= text.saved {
        text.modified += 1;
    }
    Ok(a[0])
}

/// Evaluates forms and puts a part of the state of buffers back, however they end.
fn saving(vm: &mut Vm, forms: Value, part: Part) -> LispResult {
    let saved = vm.save_state(part)?;
    vm.stack.push(saved.state);
    let result = vm.progn(forms);
    vm.restore_state(saved);
    result
}

impl Vm {
    /// A name given as a string.
    pub(crate) fn name_arg(&mut self, v: Value) -> LispResult<Vec<u8>> {
        if !v.is_str() {
            return Err(self.wrong_type(crate::symbols::sym::stringp, v));
        }
        self.text_of(v).map(|(bytes, _)| bytes)
    }

    /// Another living buffer, one that is not hidden if there is one.
    fn other_buffer(&mut self, id: BufferId) -> LispResult<BufferId> {
        let hidden = |id| {
            self.heap
                .as_bytes(self.buffers.name(&self.heap, id))
                .is_none_or(|name| name.first() == Some(&b' '))
        };
        match self.buffers.order().iter().copied().find(|&other| other != id && !hidden(other)) {
            Some(other) => Ok(other),
            None => match self.buffers.named(&self.heap, b"*scratch*").filter(|&other| other != id) {
                Some(scratch) => Ok(scratch),
                None => {
                    let name = self.buffers.free_name(&self.heap, b"*scratch*", b"");
                    make_buffer(self, name, None, Value::NIL)
                }
            },
        }
    }

    /// Kills a buffer, and those that show its text if it is its own.
    fn kill_buffer(&mut self, id: BufferId) -> LispResult<()> {
        let here = self.here()?.id;
        if self.buffers.get(id).is_some_and(|buffer| !buffer.inhibit_hooks) {
            self.buffers.select(id);
            let hook = self.global("kill-buffer-hook");
            let functions =
                if hook.is_cons() { self.heap.list_elements(hook, usize::MAX) } else { vec![hook] };
            let base = self.stack.len();
            self.stack.extend(&functions);
            let mut functions = functions.into_iter().filter(|f| f.is_true() && *f != Value::T);
            let result = functions.try_for_each(|function| self.funcall(function, &[]).map(drop));
            self.stack.truncate(base);
            self.buffers.select(here);
            result?;
        }
        let indirect = |buffer: &Buffer| (buffer.base == Some(id)).then_some(buffer.id);
        let indirect: Vec<BufferId> =
            self.buffers.order().iter().filter_map(|&id| indirect(self.buffers.get(id)?)).collect();
        for id in indirect {
            self.kill_buffer(id)?;
        }
        // The hook may have killed it.
        if self.buffers.get(id).is_none() {
            return Ok(());
        }
        if self.here()?.id == id {
            let other = self.other_buffer(id)?;
            self.buffers.select(other);
        }
        self.buffers.remove(&mut self.heap, id);
        self.modes.forget_buffer(id.0);
        Ok(())
    }

    /// Gives a buffer the variables, overlays, narrowing and mark of another.
    fn clone_state(&mut self, from: BufferId, to: BufferId) {
        let Some(source) = self.buffers.get(from) else { return };
        let (slots, flags, keymap, locals) = (source.slots, source.local_flags, source.keymap, source.locals);
        let (mark, new_mark) = (source.mark, self.buffers.get(to).map(|buffer| buffer.mark));
        let overlays: Vec<Value> = source.overlays.values().copied().collect();
        let mut copies = Vec::new();
        for pair in self.heap.list_elements(locals, usize::MAX) {
            let (name, value) = (self.heap.car(pair), self.heap.cdr(pair));
            copies.push(self.heap.cons(name, value));
        }
        let locals = self.heap.list(&copies);
        if let Some(buffer) = self.buffers.get_mut(to) {
            (buffer.slots, buffer.local_flags, buffer.keymap, buffer.locals) = (slots, flags, keymap, locals);
        }
        if let (Some((_, pos)), Some(new_mark)) = (self.marker_place(mark), new_mark) {
            self.place_marker(new_mark, Some((to, pos)));
        }
        for overlay in overlays {
            self.copy_overlay(overlay, to);
        }
    }
}

/// Makes the variables that belong to buffers, what the conditions of buffers say, and the first buffer.
pub(super) fn define(vm: &mut Vm) {
    variable::all().for_each(|desc| vm.define_forward(desc));
    let name = vm.heap.string("*scratch*");
    let id = vm.buffers.make(&mut vm.heap, name, None);
    vm.buffers.select(id);
    for (condition, message, parent) in [
        ("buffer-read-only", "Buffer is read-only", None),
        ("beginning-of-buffer", "Beginning of buffer", None),
        ("end-of-buffer", "End of buffer", None),
        ("mark-inactive", "The mark is not active now", None),
        ("search-failed", "Search failed", None),
        ("cyclic-variable-indirection", "Symbol's chain of variable indirections contains a loop", None),
        ("text-read-only", "Text is read-only", Some("buffer-read-only")),
    ] {
        let symbol = vm.intern(condition);
        let parent = parent.map(|parent| vm.intern(parent));
        let conditions: Vec<Value> =
            std::iter::once(symbol).chain(parent).chain([crate::symbols::sym::error]).collect();
        let conditions = vm.heap.list(&conditions);
        let message = vm.heap.string(message);
        vm.put_property(symbol_of(symbol), crate::symbols::sym::error_conditions, conditions);
        vm.put_property(symbol_of(symbol), crate::symbols::sym::error_message, message);
    }
}
