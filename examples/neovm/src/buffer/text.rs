//! What buffers that share a text share: the text, its properties and markers, and what can be undone.

use super::gap::{self, GapBuffer};
use super::interval::Intervals;
use super::object::Pos;
use crate::rt::Dumpable;
use crate::value::Value;

/// A text. A buffer and those that are indirect to it have one together.
#[derive(Dumpable)]
pub struct BufferText {
    /// The characters.
    #[dump(with = gap::logical)]
    pub gap: GapBuffer,
    /// Counts changes of text and of properties.
    pub modified: i64,
    /// Counts changes of text.
    pub chars_modified: i64,
    /// What `modified` was when the text was saved.
    pub saved: i64,
    /// Text properties, by characters counted from 1.
    pub props: Intervals,
    /// The markers: a [`super::object::MarkerChain`].
    pub chain: Value,
}

impl BufferText {
    /// An empty text whose markers hang on this chain.
    pub fn new(chain: Value) -> BufferText {
        let (gap, props) = (GapBuffer::default(), Intervals::default());
        BufferText { gap, modified: 1, chars_modified: 1, saved: 1, props, chain }
    }

    /// The end of the text.
    pub fn end(&self) -> Pos {
        Pos { char: self.gap.chars() as u64 + 1, byte: self.gap.len() as u64 + 1 }
    }

    /// The place of a character, counted from 1, or the end when there are fewer.
    pub fn pos(&self, char: u64) -> Pos {
        let char = char.clamp(1, self.end().char);
        Pos { char, byte: self.gap.byte_of(char as usize - 1) as u64 + 1 }
    }

    /// The place of the character that starts at a byte, counted from 1.
    pub fn pos_of_byte(&self, byte: u64) -> Pos {
        let byte = byte.clamp(1, self.end().byte);
        Pos { char: self.gap.char_of(byte as usize - 1) as u64 + 1, byte }
    }

    /// The character at a place.
    pub fn char_at(&self, at: Pos) -> Option<u32> {
        self.gap.char_at(at.byte as usize - 1).map(|(c, _)| c)
    }

    /// The place behind the character at a place.
    pub fn next(&self, at: Pos) -> Pos {
        match self.gap.char_at(at.byte as usize - 1) {
            Some((_, len)) => Pos { char: at.char + 1, byte: at.byte + len as u64 },
            None => at,
        }
    }

    /// The place of the character before a place.
    pub fn previous(&self, at: Pos) -> Pos {
        if at.char <= 1 {
            return at;
        }
        Pos { char: at.char - 1, byte: self.gap.before(at.byte as usize - 1) as u64 + 1 }
    }

    /// The bytes between two places.
    pub fn bytes(&self, from: Pos, to: Pos) -> Vec<u8> {
        self.gap.bytes_in(from.byte as usize - 1, to.byte as usize - 1)
    }

    /// Whether a place is that of a character, or the end.
    pub(crate) fn has(&self, at: Pos) -> bool {
        at.char >= 1 && at <= self.end() && self.pos(at.char) == at
    }
}

/// What can be undone in a text.
#[derive(Dumpable, Default)]
pub struct UndoState {
    /// The list that `buffer-undo-list` shows: `t` when nothing is recorded.
    pub list: Value,
    /// Whether an undo is running.
    #[dump(skip = "no program runs in an image")]
    pub in_progress: bool,
}
