//! Text with a gap where it is edited.

use crate::chars;

/// Internally encoded text with a gap in it, so that edits near the last one move few bytes. Offsets count from 0.
#[derive(Default)]
pub struct GapBuffer {
    bytes: Vec<u8>,
    gap_start: usize,
    gap_end: usize,
    /// Characters of all text, and of the text before the gap.
    chars: usize,
    gap_chars: usize,
}

/// The stored form: the text. Where the gap is and what lies in it are nobody's business.
pub mod logical {
    use super::GapBuffer;
    use std::convert::Infallible;

    /// The text alone.
    pub type Stored = Vec<u8>;

    /// The text, without the gap.
    pub fn to_stored(text: &GapBuffer) -> Stored {
        text.bytes_in(0, text.len())
    }

    /// Text with its gap at the end.
    pub fn from_stored(stored: Stored) -> Result<GapBuffer, Infallible> {
        Ok(GapBuffer::from_bytes(stored))
    }
}

impl GapBuffer {
    /// Text with its gap at the end.
    pub fn from_bytes(bytes: Vec<u8>) -> GapBuffer {
        let (len, chars) = (bytes.len(), chars::count(&bytes));
        GapBuffer { bytes, gap_start: len, gap_end: len, chars, gap_chars: chars }
    }

    /// Bytes of text.
    pub fn len(&self) -> usize {
        self.bytes.len() - (self.gap_end - self.gap_start)
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Characters of text.
    pub fn chars(&self) -> usize {
        self.chars
    }

    /// The text before the gap and behind it.
    pub fn halves(&self) -> (&[u8], &[u8]) {
        (&self.bytes[..self.gap_start], &self.bytes[self.gap_end..])
    }

    /// The text between two byte offsets, as far as there is text.
    pub fn bytes_in(&self, from: usize, to: usize) -> Vec<u8> {
        let (before, behind) = self.halves();
        let part = |half: &[u8], start: usize| {
            let clamp = |at: usize| at.saturating_sub(start).min(half.len());
            half[clamp(from)..clamp(to.max(from))].to_vec()
        };
        let mut out = part(before, 0);
        out.extend(part(behind, before.len()));
        out
    }

    /// The text from a byte offset up to the gap or the end: what can be looked at without copying.
    fn run_from(&self, at: usize) -> &[u8] {
        let (before, behind) = self.halves();
        match at.checked_sub(before.len()) {
            None => &before[at..],
            Some(at) => behind.get(at..).unwrap_or_default(),
        }
    }

    /// The byte at an offset.
    pub fn byte(&self, at: usize) -> Option<u8> {
        self.run_from(at).first().copied()
    }

    /// The character at a byte offset and its length.
    pub fn char_at(&self, at: usize) -> Option<(u32, usize)> {
        let run = self.run_from(at);
        if run.is_empty() { None } else { Some(chars::decode(run)) }
    }

    /// The byte offset of the character before one.
    pub fn before(&self, at: usize) -> usize {
        let mut at = at.saturating_sub(1);
        while at > 0 && matches!(self.byte(at), Some(0x80..=0xBF)) {
            at -= 1;
        }
        at
    }

    /// The byte offset of a character, or of the end.
    pub fn byte_of(&self, char: usize) -> usize {
        if self.chars == self.len() {
            return char.min(self.chars);
        }
        let (mut at_char, mut at) = if char >= self.gap_chars && char.abs_diff(self.gap_chars) < char {
            (self.gap_chars, self.gap_start)
        } else {
            (0, 0)
        };
        while at_char < char {
            let Some((_, len)) = self.char_at(at) else { break };
            (at_char, at) = (at_char + 1, at + len);
        }
        at
    }

    /// Characters before a byte offset.
    pub fn char_of(&self, byte: usize) -> usize {
        if self.chars == self.len() {
            return byte.min(self.chars);
        }
        let (mut chars, mut at) =
            if byte >= self.gap_start { (self.gap_chars, self.gap_start) } else { (0, 0) };
        while at < byte {
            let Some((_, len)) = self.char_at(at) else { break };
            (chars, at) = (chars + 1, at + len);
        }
        chars
    }

    fn move_gap(&mut self, to: usize) {
        let to = to.min(self.len());
        self.gap_chars = self.char_of(to);
        if to < self.gap_start {
            let moved = self.gap_start - to;
            self.bytes.copy_within(to..self.gap_start, self.gap_end - moved);
            (self.gap_start, self.gap_end) = (to, self.gap_end - moved);
        } else {
            let moved = to - self.gap_start;
            self.bytes.copy_within(self.gap_end..self.gap_end + moved, self.gap_start);
            (self.gap_start, self.gap_end) = (to, self.gap_end + moved);
        }
    }

    /// Inserts text of so many characters at the byte offset of a character.
    pub fn insert(&mut self, at: usize, text: &[u8], chars: usize) {
        self.move_gap(at);
        if self.gap_end - self.gap_start < text.len() {
            let room = text.len() + self.bytes.len() / 4 + 64;
            let behind = self.bytes.split_off(self.gap_end);
            self.bytes.resize(self.gap_start + room, 0);
            self.gap_end = self.bytes.len();
            self.bytes.extend(behind);
        }
        self.bytes[self.gap_start..self.gap_start + text.len()].copy_from_slice(text);
        self.gap_start += text.len();
        self.gap_chars += chars;
        self.chars += chars;
    }

    /// Deletes the text between the byte offsets of two characters.
    pub fn delete(&mut self, from: usize, to: usize) {
        let chars = self.char_of(to).saturating_sub(self.char_of(from));
        self.move_gap(from);
        self.gap_end = (self.gap_end + to.saturating_sub(from)).min(self.bytes.len());
        self.chars -= chars;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Edit {
        Insert(prop::sample::Index, String),
        Delete(prop::sample::Index, prop::sample::Index),
    }

    fn edit() -> impl Strategy<Value = Edit> {
        let at = any::<prop::sample::Index>;
        prop_oneof![
            (at(), "[a-cé漢😀\n]{0,9}").prop_map(|(at, text)| Edit::Insert(at, text)),
            (at(), at()).prop_map(|(from, to)| Edit::Delete(from, to)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn a_text_with_a_gap_is_the_text(edits in prop::collection::vec(edit(), 1..40)) {
            let mut text = GapBuffer::default();
            let mut plain: Vec<char> = Vec::new();
            for edit in edits {
                match edit {
                    Edit::Insert(at, new) => {
                        let at = at.index(plain.len() + 1);
                        text.insert(text.byte_of(at), new.as_bytes(), new.chars().count());
                        plain.splice(at..at, new.chars());
                    }
                    Edit::Delete(from, to) => {
                        let (from, to) = (from.index(plain.len() + 1), to.index(plain.len() + 1));
                        let (from, to) = (from.min(to), from.max(to));
                        text.delete(text.byte_of(from), text.byte_of(to));
                        plain.drain(from..to);
                    }
                }
                let whole: String = plain.iter().collect();
                prop_assert_eq!(text.bytes_in(0, text.len()), whole.as_bytes());
                prop_assert_eq!(text.chars(), plain.len());
                for (char, (byte, c)) in whole.char_indices().enumerate() {
                    prop_assert_eq!(text.byte_of(char), byte);
                    prop_assert_eq!(text.char_of(byte), char);
                    prop_assert_eq!(text.char_at(byte), Some((u32::from(c), c.len_utf8())));
                    prop_assert_eq!(text.before(byte + c.len_utf8()), byte);
                }
                prop_assert_eq!(text.char_at(whole.len()), None);
                let again = logical::from_stored(logical::to_stored(&text));
                let Ok(again) = again;
                prop_assert_eq!((again.halves().0, again.chars()), (whole.as_bytes(), plain.len()));
            }
        }
    }
}
