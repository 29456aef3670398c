//! The interner: names to symbols and back, over both layers.

use std::collections::BTreeMap;
use std::fmt;

use super::live::Live;
use super::{Frozen, Symbol, hash_name};

/// A table of symbols: interned ones, found by their names, and uninterned ones.
///
/// A clone is independent: what is interned in one is not in the other. (Both go on reading the same
/// image; see [`Frozen::new`] for how long that must stay.)
///
/// Hashes have a fixed seed, because they are stored; do not intern unlimited names that an opponent chooses.
#[derive(Clone)]
pub struct Interner {
    /// Symbols and names with the lowest ids.
    frozen: Frozen,
    /// What became of names of the frozen layer whose interned symbol is no longer the stored one:
    /// its id + 1, zero for none. Rarely anything, so looked at only where it is not empty.
    changed: BTreeMap<u32, u32>,
    live: Live,
    /// Counts the changes, so that a commit is refused when its stage is out of date.
    revision: u64,
}

impl Default for Interner {
    fn default() -> Self {
        Self::new()
    }
}

impl Interner {
    /// An interner without symbols.
    pub fn new() -> Self {
        Self::from_frozen(Frozen::EMPTY)
    }

    /// An interner whose symbols `0..` have these names, for the ids that a machine knows as constants.
    ///
    /// # Panics
    ///
    /// A name is listed twice: its ids would not be those of the list.
    pub fn with_names<N: AsRef<[u8]>>(names: &[N]) -> Self {
        let mut interner = Self::new();
        for (id, name) in names.iter().enumerate() {
            let name = name.as_ref();
            let symbol = interner.intern(name);
            assert!(symbol.id() as usize == id, "symbol name \"{}\" is listed twice", name.escape_ascii());
        }
        interner
    }

    /// The interner of an image, in O(1): its symbols keep their ids, new ones follow.
    ///
    /// The names are those of [`Frozen`], so audit it first where its bytes are not trusted.
    pub fn from_frozen(frozen: Frozen) -> Self {
        Self { frozen, changed: BTreeMap::new(), live: Live::default(), revision: 0 }
    }

    /// The interned symbol of this name, made if there is none.
    ///
    /// # Panics
    ///
    /// There are 2^32 - 2 symbols already, or the name is longer than 4 GiB.
    pub fn intern(&mut self, name: impl AsRef<[u8]>) -> Symbol {
        let name = name.as_ref();
        let hash = hash_name(name);
        let found = self.find_name(name, hash);
        if let Some(symbol) = found.and_then(|id| self.interned_as(id)) {
            return symbol;
        }
        let id = found.unwrap_or_else(|| self.add_name(name, hash));
        let symbol = self.push_symbol(id);
        self.set_interned(id, Some(symbol));
        symbol
    }

    /// The interned symbol of this name.
    pub fn lookup(&self, name: &[u8]) -> Option<Symbol> {
        self.interned_as(self.find_name(name, hash_name(name))?)
    }

    /// A new symbol that no lookup finds. Its name is stored once with all symbols of that name.
    ///
    /// # Panics
    ///
    /// As [`intern`](Self::intern) does.
    pub fn uninterned(&mut self, name: impl AsRef<[u8]>) -> Symbol {
        let name = name.as_ref();
        let hash = hash_name(name);
        let id = self.find_name(name, hash).unwrap_or_else(|| self.add_name(name, hash));
        self.push_symbol(id)
    }

    /// Makes a symbol uninterned: it keeps its id and name, and interning the name again makes another
    /// symbol. Tells whether the symbol was interned.
    pub fn unintern(&mut self, symbol: Symbol) -> bool {
        match self.name_id(symbol) {
            Some(name) if self.interned_as(name) == Some(symbol) => {
                self.set_interned(name, None);
                true
            }
            _ => false,
        }
    }

    /// The name of a symbol.
    ///
    /// # Panics
    ///
    /// This interner has no such symbol.
    pub fn name(&self, symbol: Symbol) -> &[u8] {
        match self.get_name(symbol) {
            Some(name) => name,
            None => {
                panic!("symbol {} is of another interner: this one has {} symbols", symbol.id(), self.len())
            }
        }
    }

    /// The name of a symbol, `None` if this interner has no such symbol.
    pub fn get_name(&self, symbol: Symbol) -> Option<&[u8]> {
        self.name_bytes(self.name_id(symbol)?)
    }

    /// Whether [`lookup`](Self::lookup) of the symbol's name finds it.
    pub fn is_interned(&self, symbol: Symbol) -> bool {
        self.name_id(symbol).and_then(|name| self.interned_as(name)) == Some(symbol)
    }

    /// Whether this interner has given out the symbol, interned or not.
    pub fn contains(&self, symbol: Symbol) -> bool {
        (symbol.id() as usize) < self.len()
    }

    /// The number of symbols: their ids are `0..len`.
    pub fn len(&self) -> usize {
        self.frozen.len() as usize + self.live.symbols().len()
    }

    /// Whether there are no symbols.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of symbols that are read from an image.
    pub fn frozen_len(&self) -> usize {
        self.frozen.len() as usize
    }

    /// All symbols, uninterned ones too, with their names, in the order of their ids.
    pub fn iter(&self) -> Iter<'_> {
        Iter { interner: self, next: 0, end: self.len() as u32 }
    }

    pub(super) fn frozen(&self) -> &Frozen {
        &self.frozen
    }

    pub(super) fn live(&self) -> &Live {
        &self.live
    }

    pub(super) fn at_revision(self, revision: u64) -> Self {
        Self { revision, ..self }
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// The id of a symbol's name. Name ids count through the layers as symbol ids do.
    pub(super) fn name_id(&self, symbol: Symbol) -> Option<u32> {
        match symbol.id().checked_sub(self.frozen.len()) {
            None => self.frozen.name_id(symbol),
            Some(live) => self.live.symbols().get(live as usize).copied(),
        }
    }

    pub(super) fn name_bytes(&self, name: u32) -> Option<&[u8]> {
        match name.checked_sub(self.frozen.names()) {
            None => self.frozen.name_bytes(name),
            Some(live) => self.live.name_bytes(live),
        }
    }

    /// The interned symbol of a name.
    pub(super) fn interned_as(&self, name: u32) -> Option<Symbol> {
        match name.checked_sub(self.frozen.names()) {
            Some(live) => self.live.interned_as(live),
            None if self.changed.is_empty() => self.frozen.interned_as(name),
            None => match self.changed.get(&name) {
                Some(id) => id.checked_sub(1).map(Symbol::from_id),
                None => self.frozen.interned_as(name),
            },
        }
    }

    pub(super) fn set_interned(&mut self, name: u32, symbol: Option<Symbol>) {
        self.revision += 1;
        match name.checked_sub(self.frozen.names()) {
            Some(live) => self.live.set_interned(live, symbol),
            None => {
                self.changed.insert(name, symbol.map_or(0, |symbol| symbol.id() + 1));
            }
        }
    }

    pub(super) fn find_name(&self, name: &[u8], hash: u64) -> Option<u32> {
        let live = || Some(self.frozen.names() + self.live.find_name(name, hash)?);
        self.frozen.find_name(name, hash).or_else(live)
    }

    pub(super) fn add_name(&mut self, name: &[u8], hash: u64) -> u32 {
        // Before the name is added, so that a full interner stays as it was.
        self.assert_room();
        self.frozen.names() + self.live.add_name(name, hash)
    }

    pub(super) fn push_symbol(&mut self, name: u32) -> Symbol {
        self.assert_room();
        let symbol = Symbol::from_id(self.len() as u32);
        self.live.push_symbol(name);
        self.revision += 1;
        symbol
    }

    /// Ids + 1 are stored, and there are never more names than symbols.
    fn assert_room(&self) {
        assert!(self.len() < MAX_SYMBOLS, "the interner is full: it has {} symbols", self.len());
    }
}

/// The most symbols that an interner has.
pub(super) const MAX_SYMBOLS: usize = u32::MAX as usize - 1;

impl fmt::Debug for Interner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interner")
            .field("frozen", &self.frozen.len())
            .field("live", &self.live.symbols().len())
            .finish_non_exhaustive()
    }
}

impl<'a> IntoIterator for &'a Interner {
    type Item = (Symbol, &'a [u8]);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The symbols of an interner: see [`Interner::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    interner: &'a Interner,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Symbol, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.end {
            let symbol = Symbol::from_id(self.next);
            self.next += 1;
            // Only a damaged table has symbols without names.
            if let Some(name) = self.interner.get_name(symbol) {
                return Some((symbol, name));
            }
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some((self.end - self.next) as usize))
    }
}
