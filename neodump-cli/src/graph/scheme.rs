//! Which words of a machine are symbols.

use neodump_runtime::inspect::{Form, Type};

/// The tag of symbols, of a type of words that is derived: one that is written by hand says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scheme {
    bits: u32,
    tag: u64,
}

impl Scheme {
    /// The scheme, if it is a type of words with symbols.
    pub(crate) fn of(ty: &Type<'_>) -> Option<Self> {
        let Form::Word(scheme) = ty.form() else { return None };
        Some(Self { bits: scheme.bits, tag: scheme.symbol? }).filter(|scheme| scheme.bits < 64)
    }

    /// The symbol that a word is.
    pub(crate) fn symbol(self, word: u64) -> Option<u32> {
        let is_symbol = word & ((1 << self.bits) - 1) == self.tag;
        u32::try_from(word >> self.bits).ok().filter(|_| is_symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_symbols_selects_words() {
        let scheme = Scheme { bits: 3, tag: 0b001 };
        assert_eq!(scheme.symbol(7 << 3 | 1), Some(7));
        assert_eq!(scheme.symbol(7 << 3 | 2), None);
        assert_eq!(scheme.symbol(u64::MAX << 3 | 1), None);
    }
}
