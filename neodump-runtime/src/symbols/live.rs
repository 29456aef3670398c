//! The live layer: symbols and names that are in no image.

use hashbrown::HashTable;

use super::Symbol;

/// Symbols and names in memory that grows. Ids here count from zero; the interner adds those of the
/// frozen layer.
#[derive(Clone, Default)]
pub(super) struct Live {
    /// The name id of each symbol, in either layer.
    symbols: Vec<u32>,
    names: Vec<Name>,
    /// The bytes of all names, one after the other.
    bytes: Vec<u8>,
    /// Every name, by its hash.
    index: HashTable<u32>,
}

#[derive(Clone, Copy)]
struct Name {
    start: usize,
    hash: u64,
    len: u32,
    /// The id of the interned symbol + 1, zero for none.
    interned: u32,
}

impl Name {
    fn bytes<'a>(&self, all: &'a [u8]) -> &'a [u8] {
        &all[self.start..self.start + self.len as usize]
    }
}

impl Live {
    pub(super) fn symbols(&self) -> &[u32] {
        &self.symbols
    }

    pub(super) fn push_symbol(&mut self, name: u32) {
        self.symbols.push(name);
    }

    pub(super) fn names(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name_bytes(&self, name: u32) -> Option<&[u8]> {
        Some(self.names.get(name as usize)?.bytes(&self.bytes))
    }

    pub(super) fn name_hash(&self, name: u32) -> Option<u64> {
        Some(self.names.get(name as usize)?.hash)
    }

    pub(super) fn interned_as(&self, name: u32) -> Option<Symbol> {
        self.names.get(name as usize)?.interned.checked_sub(1).map(Symbol::from_id)
    }

    pub(super) fn set_interned(&mut self, name: u32, symbol: Option<Symbol>) {
        if let Some(name) = self.names.get_mut(name as usize) {
            name.interned = symbol.map_or(0, |symbol| symbol.id() + 1);
        }
    }

    pub(super) fn find_name(&self, bytes: &[u8], hash: u64) -> Option<u32> {
        let equal = |&name: &u32| {
            let name = &self.names[name as usize];
            name.hash == hash && name.bytes(&self.bytes) == bytes
        };
        self.index.find(hash, equal).copied()
    }

    /// Adds a name that is not there yet. The caller keeps the number of names below that of symbols.
    pub(super) fn add_name(&mut self, bytes: &[u8], hash: u64) -> u32 {
        let Ok(len) = u32::try_from(bytes.len()) else {
            panic!("a symbol name has {} bytes, the interner takes at most {}", bytes.len(), u32::MAX);
        };
        let id = self.names.len() as u32;
        self.names.push(Name { start: self.bytes.len(), hash, len, interned: 0 });
        self.bytes.extend_from_slice(bytes);
        self.index.insert_unique(hash, id, |&name| self.names[name as usize].hash);
        id
    }
}
