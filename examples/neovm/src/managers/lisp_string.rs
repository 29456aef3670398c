//! Text that a manager keeps.

use crate::chars;
use crate::error::LispResult;
use crate::heap::Heap;
use crate::machine::Vm;
use crate::object::Str;
use crate::rt::{Dumpable, ImageVec};
use crate::symbols::sym;
use crate::value::Value;
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A Lisp string as the managers keep it: bytes and how many characters they are. It is never a `String`: names of
/// files, abbrevs and bookmarks may hold bytes that no encoding explains.
#[derive(Dumpable, Clone, Default, PartialEq, Eq)]
#[repr(C)]
pub struct LispString {
    bytes: ImageVec<u8>,
    chars: u64,
    multibyte: bool,
}

impl LispString {
    /// Text in the internal encoding. As in the heap, ASCII text is never multibyte, so that equal text has one form.
    pub fn text(bytes: impl Into<Vec<u8>>) -> LispString {
        let bytes = bytes.into();
        let multibyte = !bytes.is_ascii();
        LispString { chars: chars::count(&bytes) as u64, bytes: bytes.into(), multibyte }
    }

    /// Bytes, each a character.
    pub fn unibyte(bytes: impl Into<Vec<u8>>) -> LispString {
        let bytes = bytes.into();
        LispString { chars: bytes.len() as u64, bytes: bytes.into(), multibyte: false }
    }

    /// What a string object holds, without its text properties; `None` of anything else.
    pub fn of(heap: &Heap, v: Value) -> Option<LispString> {
        let str = heap.get::<Str>(v)?;
        Some(LispString { bytes: str.bytes.clone(), chars: str.chars, multibyte: str.multibyte != 0 })
    }

    /// A new string object of the same text. Its characters are counted anew: strings of the heap rely on the number.
    pub fn to_value(&self, heap: &mut Heap) -> Value {
        let bytes = self.bytes.to_vec();
        if self.multibyte { heap.string(bytes) } else { heap.unibyte(bytes) }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many characters it has.
    pub fn chars(&self) -> usize {
        self.chars as usize
    }

    /// Whether the bytes are encoded text, not characters of one byte.
    pub fn is_multibyte(&self) -> bool {
        self.multibyte
    }

    /// The text for people: what is no UTF-8 is replaced.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

impl From<&str> for LispString {
    fn from(text: &str) -> LispString {
        LispString::text(text)
    }
}

impl Hash for LispString {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
        self.multibyte.hash(state);
    }
}

impl fmt::Debug for LispString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes.escape_ascii())
    }
}

impl Vm {
    /// The text of a string argument.
    ///
    /// # Errors
    ///
    /// `wrong-type-argument` when it is no string.
    pub fn lisp_string(&mut self, v: Value) -> LispResult<LispString> {
        LispString::of(&self.heap, v).ok_or_else(|| self.wrong_type(sym::stringp, v))
    }

    /// The text of a string argument that may be nil.
    ///
    /// # Errors
    ///
    /// As [`Vm::lisp_string`].
    pub fn lisp_string_or_nil(&mut self, v: Value) -> LispResult<Option<LispString>> {
        if v.is_nil() { Ok(None) } else { self.lisp_string(v).map(Some) }
    }

    /// A string object of the text, nil for none.
    pub fn string_or_nil(&mut self, text: Option<LispString>) -> Value {
        text.map_or(Value::NIL, |text| text.to_value(&mut self.heap))
    }
}
