//! A buffer.

use super::object::Pos;
use super::slots::SLOTS;
use super::text::{BufferText, UndoState};
use crate::rt::Dumpable;
use crate::value::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The number of a buffer. No number is used twice.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[dump(transparent)]
pub struct BufferId(pub u64);

/// When the file of a buffer was changed, as the file system told it when it was read.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct FileTime {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Nanoseconds.
    pub nanos: u32,
    /// Bytes of the file.
    pub size: u64,
}

/// A buffer: a text and what a program says of it.
#[derive(Dumpable)]
#[dump(validate = Buffer::check)]
pub struct Buffer {
    /// Its number.
    pub id: BufferId,
    /// The only object that stands for it. Its name is there.
    pub handle: Value,
    /// The buffer whose text this one shows.
    pub base: Option<BufferId>,
    /// The text.
    #[dump(shared)]
    pub text: Rc<RefCell<BufferText>>,
    /// Where the program works.
    pub pt: Pos,
    /// Where the accessible part starts.
    pub begv: Pos,
    /// Where it ends.
    pub zv: Pos,
    /// The mark: a marker, which may be in no buffer.
    pub mark: Value,
    /// What the text's tick was when it was last saved on its own.
    pub autosave_modified: i64,
    /// Where a window started when it last showed the buffer, in characters.
    pub last_window_start: u64,
    /// The window that last showed the buffer.
    #[dump(skip = "windows belong to the process")]
    pub last_selected_window: Option<u64>,
    /// Whether no hook runs for the buffer.
    #[dump(skip = "belongs to the program that made the buffer for itself")]
    pub inhibit_hooks: bool,
    /// What variables hold here: an alist.
    pub locals: Value,
    /// The keymap that is in force here, or nil.
    pub keymap: Value,
    /// The variables that the machine knows by number: see `slots.rs`.
    pub slots: [Value; SLOTS],
    /// Which of them the buffer has for itself, a bit each.
    pub local_flags: u64,
    /// Overlays by the order in which they were made.
    pub overlays: BTreeMap<u64, Value>,
    /// What can be undone.
    #[dump(shared)]
    pub undo: Rc<RefCell<UndoState>>,
    /// When the visited file was changed.
    pub file_time: Option<FileTime>,
}

impl Buffer {
    /// Whether the two show one text.
    pub fn shares_text(&self, other: &Buffer) -> bool {
        Rc::ptr_eq(&self.text, &other.text)
    }

    /// Whether the variable of this slot has a value of the buffer's own.
    pub fn has_slot(&self, slot: u8) -> bool {
        self.local_flags & 1 << slot != 0
    }

    /// Makes only what lies between two places accessible, or all of the text.
    pub(crate) fn narrow(&mut self, bounds: Option<(Pos, Pos)>) {
        (self.begv, self.zv) = bounds.unwrap_or((Pos::FIRST, self.text.borrow().end()));
        self.pt = self.pt.clamp(self.begv, self.zv);
    }

    /// Whether what a program could not have broken is whole.
    fn check(&self) -> Result<(), &'static str> {
        let Ok(text) = self.text.try_borrow() else { return Err("is being edited") };
        let ordered = self.begv <= self.pt && self.pt <= self.zv;
        if !(ordered && text.has(self.begv) && text.has(self.pt) && text.has(self.zv)) {
            return Err("has a place outside of its text");
        }
        if !text.props.check(1, text.end().char) {
            return Err("has text properties where there is no text");
        }
        Ok(())
    }
}
