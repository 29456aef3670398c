//! Writing an interner as the bytes of a SymbolTable section.

use super::layout::{ENTRY, Layout, NAME, SYMBOL, get_u64, put_u32, put_u64};
use super::{Interner, SECTION, Symbol, hash_name};
use crate::error::{DumpError, Result};

impl Interner {
    /// The SymbolTable section of this interner.
    ///
    /// The bytes depend on the names of the symbols in the order of their ids, and on which are
    /// interned; not on which of them came from an image, and not on anything that happened before.
    ///
    /// Fails only where a damaged image that was never audited has no name for a symbol.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let names = self.names_in_order()?;
        let bytes_len = names.ids.iter().filter_map(|&id| self.name_bytes(id)).map(<[u8]>::len).sum();
        let (symbols_len, names_len) = (names.of_symbol.len() as u32, names.ids.len() as u32);
        let Some(layout) = Layout::of(symbols_len, names_len, bytes_len) else {
            let problem = format!("{symbols_len} symbols do not fit into memory; intern fewer");
            return Err(DumpError::Serialization { path: SECTION.to_owned(), problem });
        };
        let mut bytes = vec![0; layout.bytes_at];
        bytes.reserve_exact(bytes_len);
        bytes[..layout.names_at].copy_from_slice(&layout.header());
        for (id, &name) in names.of_symbol.iter().enumerate() {
            put_u32(&mut bytes, layout.symbols_at + id * SYMBOL, name);
        }
        for (encoded, &id) in names.ids.iter().enumerate() {
            let Some(name) = self.name_bytes(id) else { continue };
            let record = layout.names_at + encoded * NAME;
            let offset = bytes.len() - layout.bytes_at;
            put_u64(&mut bytes, record, offset as u64);
            put_u32(&mut bytes, record + 8, name.len() as u32);
            put_u32(&mut bytes, record + 12, self.interned_as(id).map_or(0, |symbol| symbol.id() + 1));
            insert(&mut bytes, &layout, self.name_hash(id, name), encoded as u32);
            bytes.extend_from_slice(name);
        }
        Ok(bytes)
    }

    /// The names in the order in which symbols first use them.
    fn names_in_order(&self) -> Result<Names> {
        let known = self.frozen().names() as usize + self.live().names();
        let mut encoded = vec![u32::MAX; known];
        let mut names = Names { ids: Vec::with_capacity(known), of_symbol: Vec::with_capacity(self.len()) };
        for id in 0..self.len() as u32 {
            let name = self.name_id(Symbol::from_id(id)).filter(|&name| self.name_bytes(name).is_some());
            let Some((name, slot)) = name.and_then(|name| Some((name, encoded.get_mut(name as usize)?)))
            else {
                let problem = format!("symbol {id} has no name in the image that it came from");
                return Err(DumpError::format(SECTION, 0, problem));
            };
            if *slot == u32::MAX {
                *slot = names.ids.len() as u32;
                names.ids.push(name);
            }
            names.of_symbol.push(*slot);
        }
        Ok(names)
    }

    fn name_hash(&self, id: u32, name: &[u8]) -> u64 {
        let live = id.checked_sub(self.frozen().names()).and_then(|live| self.live().name_hash(live));
        live.unwrap_or_else(|| hash_name(name))
    }
}

/// The names to be written.
struct Names {
    /// Their ids in the interner; the position is the id in the section.
    ids: Vec<u32>,
    /// The id in the section of each symbol's name.
    of_symbol: Vec<u32>,
}

/// Puts a name into the first empty entry from its hash. At most half of the entries are full.
fn insert(bytes: &mut [u8], layout: &Layout, hash: u64, name: u32) {
    let mask = layout.entries - 1;
    let mut at = hash as usize & mask;
    while get_u64(bytes, layout.index_at + at * ENTRY).is_some_and(|entry| entry != 0) {
        at = (at + 1) & mask;
    }
    let entry = layout.index_at + at * ENTRY;
    put_u32(bytes, entry, (hash >> 32) as u32);
    put_u32(bytes, entry + 4, name + 1);
}
