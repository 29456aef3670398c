//! What the schema says of the words of a machine.

use neodump_runtime::inspect::{Schema, Type, TypeId};

/// Which words are symbols, of a type of words that is derived: one that is written by hand says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scheme {
    bits: u32,
    tag: u64,
}

impl Scheme {
    /// The scheme of a type of words with symbols.
    pub(crate) fn of(schema: &Schema<'_>, word: TypeId) -> Option<Self> {
        schema.types().get(word.index()).and_then(Self::read)
    }

    /// The scheme, if it is a type of words with symbols.
    pub(crate) fn read(ty: &Type<'_>) -> Option<Self> {
        let note = |start: &str| ty.notes().iter().find_map(|note| note.strip_prefix(start));
        let bits = note("bits = ")?.split(',').next()?.parse().ok().filter(|bits| *bits < 64)?;
        Some(Self { bits, tag: number(note("symbol = ")?)? })
    }

    /// The symbol that a word is.
    pub(crate) fn symbol(self, word: u64) -> Option<u32> {
        let is_symbol = word & ((1 << self.bits) - 1) == self.tag;
        u32::try_from(word >> self.bits).ok().filter(|_| is_symbol)
    }
}

/// A number as Rust writes it.
fn number(text: &str) -> Option<u64> {
    let digits = text.replace('_', "");
    match digits.get(..2) {
        Some("0b") => u64::from_str_radix(&digits[2..], 2).ok(),
        Some("0x") => u64::from_str_radix(&digits[2..], 16).ok(),
        Some("0o") => u64::from_str_radix(&digits[2..], 8).ok(),
        _ => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_rust_writes_them() {
        assert_eq!(["0b101", "0x1f", "7", "1_000"].map(number), [Some(5), Some(31), Some(7), Some(1000)]);
        assert_eq!(["", "0b", "é", "0bé", "TAG"].map(number), [None; 5]);
    }

    #[test]
    fn the_tag_of_symbols_selects_words() {
        let scheme = Scheme { bits: 3, tag: 0b001 };
        assert_eq!(scheme.symbol(7 << 3 | 1), Some(7));
        assert_eq!(scheme.symbol(7 << 3 | 2), None);
        assert_eq!(scheme.symbol(u64::MAX << 3 | 1), None);
    }
}
