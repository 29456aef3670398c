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
#[dump(validate = LispString::check)]
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

    /// Whether the number of characters is that of the bytes.
    fn check(&self) -> Result<(), String> {
        let chars = if self.multibyte { chars::count(&self.bytes) } else { self.bytes.len() };
        if self.chars == chars as u64 {
            return Ok(());
        }
        Err(format!("text of {chars} characters says that it has {}", self.chars))
    }

    /// A new string object of the same text. Its characters are counted anew, as for every new string.
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

#[cfg(test)]
mod tests {
    use super::*;
    use neodump_runtime::{dump_to_bytes, load_bytes};
    use std::collections::HashMap;

    #[derive(Dumpable)]
    #[dump(image = "texts", version = 1)]
    struct Texts {
        list: Vec<LispString>,
        names: HashMap<LispString, LispString>,
    }

    fn load(list: Vec<LispString>, name: LispString) -> Result<Texts, String> {
        let names = HashMap::from([(name.clone(), name)]);
        let bytes = dump_to_bytes(&mut Texts { list, names }).map_err(|error| error.to_string())?;
        load_bytes(&bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn texts_come_back() {
        let texts = vec![LispString::text("a\u{e4}"), LispString::unibyte(vec![0xe4]), LispString::default()];
        let back = load(texts.clone(), LispString::text("\u{e4}")).expect("loaded");
        assert!(back.list == texts && back.names.len() == 1);
    }

    #[test]
    fn text_with_a_wrong_number_of_characters_is_refused() {
        let wrong = LispString { chars: 2, ..LispString::text("\u{e4}") };
        let error = load(vec![LispString::text("a"), wrong.clone()], LispString::default()).err();
        let expected = "cannot load texts.list[1] (validate of LispString, section Root): text of 1 characters says that it has 2";
        assert_eq!(error.as_deref(), Some(expected));
        assert!(load(Vec::new(), wrong).is_err(), "as a key or value of a map");
    }
}
