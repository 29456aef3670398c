//! All buffers.

use super::object::{BufferHandle, Marker, Pos};
use super::slots::{BUFFER_VARIABLES, DIRECTORY, SEEDS, SLOTS};
use super::state::{Buffer, BufferId};
use super::text::{BufferText, UndoState};
use crate::heap::Heap;
use crate::object::{Header, Kind};
use crate::rt::Dumpable;
use crate::value::Value;
use crate::variable::Place;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// A narrowing that only its label can undo.
#[derive(Dumpable, Clone, Copy)]
pub struct Restriction {
    /// The label.
    pub label: Value,
    /// A marker where it starts.
    pub start: Value,
    /// A marker where it ends.
    pub end: Value,
}

/// All buffers, and what they have in common.
#[derive(Dumpable)]
#[dump(section = "buffers", version = 3, validate = BufferManager::check)]
pub struct BufferManager {
    buffers: HashMap<BufferId, Buffer>,
    /// The living ones as `buffer-list` shows them.
    order: Vec<BufferId>,
    current: BufferId,
    made: u64,
    pub(crate) made_overlays: u64,
    /// Narrowings with labels, the innermost last.
    pub(crate) restrictions: HashMap<BufferId, Vec<Restriction>>,
    /// What the variables of [`super::slots`] hold where a buffer has no value of its own.
    #[dump(overlay = SEEDS)]
    pub(crate) defaults: [Value; SLOTS],
}

impl Default for BufferManager {
    fn default() -> BufferManager {
        BufferManager {
            buffers: HashMap::new(),
            order: Vec::new(),
            current: BufferId(0),
            made: 0,
            made_overlays: 0,
            restrictions: HashMap::new(),
            defaults: SEEDS,
        }
    }
}

impl BufferManager {
    /// A living buffer.
    pub fn get(&self, id: BufferId) -> Option<&Buffer> {
        self.buffers.get(&id)
    }

    /// A living buffer, to write.
    pub fn get_mut(&mut self, id: BufferId) -> Option<&mut Buffer> {
        self.buffers.get_mut(&id)
    }

    /// The current buffer. A machine has one from its start to its end.
    pub fn current(&self) -> Option<&Buffer> {
        self.buffers.get(&self.current)
    }

    /// The current buffer, to write.
    pub fn current_mut(&mut self) -> Option<&mut Buffer> {
        self.buffers.get_mut(&self.current)
    }

    /// Makes a living buffer the current one; whether it lives.
    pub fn select(&mut self, id: BufferId) -> bool {
        let lives = self.buffers.contains_key(&id);
        if lives {
            self.current = id;
        }
        lives
    }

    /// The living buffers in their order.
    pub fn order(&self) -> &[BufferId] {
        &self.order
    }

    /// All living buffers, in no order.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Buffer> {
        self.buffers.values_mut()
    }

    /// Puts a living buffer last in the order.
    pub fn bury(&mut self, id: BufferId) {
        if let Some(at) = self.order.iter().position(|&other| other == id) {
            self.order[at..].rotate_left(1);
        }
    }

    /// The number behind a handle, if the buffer lives.
    pub fn id_of(&self, heap: &Heap, handle: Value) -> Option<BufferId> {
        let id = BufferId(heap.get::<BufferHandle>(handle)?.id);
        self.buffers.contains_key(&id).then_some(id)
    }

    /// The name of a living buffer.
    pub fn name(&self, heap: &Heap, id: BufferId) -> Value {
        let handle = self.get(id).map_or(Value::NIL, |buffer| buffer.handle);
        heap.get::<BufferHandle>(handle).map_or(Value::NIL, |handle| handle.name.get())
    }

    /// The living buffer of a name.
    pub fn named(&self, heap: &Heap, name: &[u8]) -> Option<BufferId> {
        self.order.iter().copied().find(|&id| heap.as_bytes(self.name(heap, id)) == Some(name))
    }

    /// A name that no living buffer has: the given one, or one with a number behind it.
    pub fn free_name(&self, heap: &Heap, name: &[u8], ignore: &[u8]) -> Vec<u8> {
        let free = |name: &[u8]| name == ignore || self.named(heap, name).is_none();
        if free(name) {
            return name.to_vec();
        }
        let mut number = 2u64;
        loop {
            let numbered = [name, format!("<{number}>").as_bytes()].concat();
            if free(&numbered) {
                return numbered;
            }
            number += 1;
        }
    }

    /// Makes a buffer with an empty text, or one that shows the text of another.
    pub fn make(&mut self, heap: &mut Heap, name: Value, base: Option<BufferId>) -> BufferId {
        self.made += 1;
        let id = BufferId(self.made);
        let (name, last_name) = (Cell::new(name), Cell::new(Value::NIL));
        let hidden = heap.as_bytes(name.get()).is_some_and(|name| name.first() == Some(&b' '));
        let handle = heap
            .adopt(BufferHandle { header: Header::new(Kind::BufferHandle), id: id.0, name, last_name }, 0);
        let mut slots = [Value::NIL; SLOTS];
        for desc in &BUFFER_VARIABLES {
            if let Place::Slot { slot, always: true } = desc.place {
                slots[usize::from(slot)] = self.defaults[usize::from(slot)];
            }
        }
        // A base that is indirect itself stands for its own.
        let base = base.and_then(|base| self.get(base)).map(|base| base.base.unwrap_or(base.id));
        let shared = base
            .and_then(|base| self.get(base))
            .map(|base| (base.text.clone(), base.undo.clone(), [base.pt, base.begv, base.zv]));
        let (text, undo, [pt, begv, zv]) = shared.unwrap_or_else(|| {
            let text = BufferText::new(heap.marker_chain());
            let undo = UndoState { list: Value::bool(hidden), in_progress: false };
            (Rc::new(RefCell::new(text)), Rc::new(RefCell::new(undo)), [Pos::FIRST; 3])
        });
        let buffer = Buffer {
            id,
            handle,
            base,
            text,
            pt,
            begv,
            zv,
            mark: heap.marker(),
            autosave_modified: 0,
            last_window_start: 1,
            last_selected_window: None,
            inhibit_hooks: false,
            locals: Value::NIL,
            keymap: Value::NIL,
            slots,
            local_flags: 0,
            overlays: BTreeMap::new(),
            undo,
            file_time: None,
        };
        self.buffers.insert(id, buffer);
        self.order.push(id);
        id
    }

    /// Takes a buffer out: its markers and overlays are in no buffer from now on, and its name is its last name.
    pub(crate) fn remove(&mut self, heap: &mut Heap, id: BufferId) {
        let Some(buffer) = self.buffers.remove(&id) else { return };
        self.order.retain(|&other| other != id);
        self.restrictions.remove(&id);
        if let Some(handle) = heap.get::<BufferHandle>(buffer.handle) {
            handle.last_name.set(handle.name.replace(Value::NIL));
        }
        let heap = &*heap;
        heap.unlink(buffer.text.borrow().chain, |marker| match heap.get::<Marker>(marker) {
            Some(marker) if marker.buffer.get() == buffer.handle => {
                marker.buffer.set(Value::NIL);
                marker.was_placed.set(true);
                false
            }
            _ => true,
        });
        for &overlay in buffer.overlays.values() {
            if let Some(overlay) = heap.get::<super::object::Overlay>(overlay) {
                overlay.buffer.set(Value::NIL);
            }
        }
    }

    /// The folder of the process, which a buffer without one of its own is in.
    pub(crate) fn process_directory(&self) -> Value {
        self.defaults[DIRECTORY]
    }

    /// Puts buffers without a folder of their own in that of the process.
    pub(crate) fn enter_directory(&mut self, directory: Value) {
        for slot in self.buffers.values_mut().map(|buffer| &mut buffer.slots[DIRECTORY]) {
            if slot.is_nil() {
                *slot = directory;
            }
        }
    }

    /// Undoes [`BufferManager::enter_directory`]: buffers that are in the folder of the process have none.
    pub(crate) fn leave_directory(&mut self, heap: &Heap) {
        let directory = heap.as_bytes(self.process_directory());
        for slot in self.buffers.values_mut().map(|buffer| &mut buffer.slots[DIRECTORY]) {
            if heap.as_bytes(*slot) == directory {
                *slot = Value::NIL;
            }
        }
    }

    /// Whether there is a current buffer, and the order is that of the living ones.
    fn check(&self) -> Result<(), String> {
        if self.current().is_none() {
            return Err(format!("buffer {} is current and there is none", self.current.0));
        }
        let mut order = self.order.clone();
        order.sort_unstable();
        let mut living: Vec<BufferId> = self.buffers.keys().copied().collect();
        living.sort_unstable();
        if order != living || living.last().is_some_and(|id| id.0 > self.made) {
            return Err("the order of the buffers is not that of the living ones".to_owned());
        }
        match self.buffers.iter().find(|(id, buffer)| buffer.id != **id) {
            Some((id, _)) => Err(format!("buffer {} has another's number", id.0)),
            None => Ok(()),
        }
    }

    /// Whether what the buffers have in the heap is theirs.
    pub(crate) fn check_objects(&self, heap: &Heap) -> Result<(), String> {
        for (&id, buffer) in &self.buffers {
            let fail = |what: &str| Err(format!("buffer {} {what}", id.0));
            if heap.get::<BufferHandle>(buffer.handle).map(|handle| handle.id) != Some(id.0) {
                return fail("has the handle of another");
            }
            let text = buffer.text.borrow();
            if heap.kind(text.chain) != Some(Kind::MarkerChain) {
                return fail("has no chain of markers");
            }
            if !heap.markers(text.chain).all(|marker| text.has(marker.pos.get())) {
                return fail("has a marker outside of its text");
            }
            let end = text.end().char;
            let holds = |overlay: &Value| {
                heap.get::<super::object::Overlay>(*overlay)
                    .is_some_and(|o| 1 <= o.start.get() && o.start <= o.end && o.end.get() <= end)
            };
            if !buffer.overlays.values().all(holds) {
                return fail("has an overlay outside of its text");
            }
        }
        Ok(())
    }
}
