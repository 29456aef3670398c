//! Loading symbols into an interner that has some: planned first, applied last.

use super::interner::MAX_SYMBOLS;
use super::layout::SYMBOL;
use super::{Frozen, Interner, SECTION, Symbol, hash_name};
use crate::error::{DumpError, Result};

/// What a commit will do: the symbol of an interner for each symbol of an image.
///
/// Interned symbols become those of the same name, made where there are none. Uninterned symbols
/// always become new ones. Dropping this leaves the interner as it was.
#[derive(Clone, Debug)]
#[must_use = "a stage changes nothing before it is committed"]
pub struct Staged {
    frozen: Frozen,
    /// The interner that this was made for: its changes, and its symbols.
    revision: u64,
    len: usize,
    /// The new id of each symbol; `None` where all keep their ids.
    remap: Option<Vec<u32>>,
    /// The ids in the image of the symbols that the interner does not have, in order: they get the
    /// ids from `len` on.
    added: Vec<u32>,
    /// Whether the commit reads the image's symbols in place instead of copying them.
    adopt: bool,
}

impl Staged {
    /// Whether every symbol keeps its id, so that no symbol word needs a fixup.
    pub fn is_identity(&self) -> bool {
        self.remap.is_none()
    }

    /// The symbol in the interner, after the commit, of a symbol in the image; `None` for an id that the
    /// image does not have.
    pub fn remap(&self, symbol: Symbol) -> Option<Symbol> {
        match &self.remap {
            None => (symbol.id() < self.frozen.len()).then_some(symbol),
            Some(remap) => remap.get(symbol.id() as usize).copied().map(Symbol::from_id),
        }
    }

    /// The number of symbols in the image.
    pub fn len(&self) -> u32 {
        self.frozen.len()
    }

    /// Whether the image has no symbols.
    pub fn is_empty(&self) -> bool {
        self.frozen.is_empty()
    }

    /// The number of symbols that the commit adds.
    pub fn added(&self) -> usize {
        if self.adopt { self.frozen.len() as usize - self.len } else { self.added.len() }
    }
}

impl Interner {
    /// Plans to add the symbols of an image, whose names the commit copies: after it, the image is
    /// not needed. Takes time linear in the image's symbols.
    ///
    /// Fails where a damaged table that was never audited has no name for a symbol, or where there
    /// would be more than 2^32 - 2 symbols.
    pub fn stage(&self, frozen: &Frozen) -> Result<Staged> {
        let mut remap = Vec::with_capacity(frozen.len() as usize);
        let mut added = Vec::new();
        for id in 0..frozen.len() {
            let symbol = Symbol::from_id(id);
            let Some(name) = frozen.name(symbol) else {
                let at = frozen.layout().symbols_at + id as usize * SYMBOL;
                return Err(DumpError::format(SECTION, at as u64, format!("symbol {id} has no name")));
            };
            let known = if frozen.is_interned(symbol) { self.lookup(name) } else { None };
            let target = match known {
                Some(symbol) => symbol.id(),
                None => {
                    let next = self.len() + added.len();
                    if next >= MAX_SYMBOLS {
                        let problem = format!("there would be more than {MAX_SYMBOLS} symbols; intern fewer");
                        return Err(DumpError::Deserialization { path: SECTION.to_owned(), problem });
                    }
                    added.push(id);
                    next as u32
                }
            };
            remap.push(target);
        }
        let identity = remap.iter().zip(0..).all(|(&target, id)| target == id);
        let remap = (!identity).then_some(remap);
        Ok(Staged { frozen: *frozen, revision: self.revision(), len: self.len(), remap, added, adopt: false })
    }

    /// Plans to add the symbols of an image, and to read them in place where that is possible: where all
    /// symbols of this interner are interned and are the image's first ones. Then it takes time linear in
    /// this interner's symbols, and the commit O(1); otherwise it is [`stage`](Self::stage).
    ///
    /// A committed interner is one that was made of `frozen`: [`Frozen::new`] says for how long its memory stays.
    pub fn stage_in_place(&self, frozen: &Frozen) -> Result<Staged> {
        let same = |symbol: Symbol| {
            self.is_interned(symbol)
                && frozen.is_interned(symbol)
                && self.get_name(symbol).is_some_and(|name| frozen.name(symbol) == Some(name))
        };
        let len = self.len();
        if len > frozen.len() as usize || !(0..len as u32).map(Symbol::from_id).all(same) {
            return self.stage(frozen);
        }
        let revision = self.revision();
        Ok(Staged { frozen: *frozen, revision, len, remap: None, added: Vec::new(), adopt: true })
    }

    /// Adds the symbols of a stage that was made for this interner.
    ///
    /// Fails, and changes nothing, where the interner was changed since.
    pub fn commit(&mut self, staged: Staged) -> Result<()> {
        if staged.revision != self.revision() || staged.len != self.len() {
            return Err(DumpError::Deserialization {
                path: SECTION.to_owned(),
                problem: format!(
                    "the interner has {} symbols and {} changes, it had {} and {} when the load began; load again",
                    self.len(),
                    self.revision(),
                    staged.len,
                    staged.revision
                ),
            });
        }
        let frozen = staged.frozen;
        if staged.adopt {
            // A stage that was made before this commit must not fit the interner afterwards.
            *self = Self::from_frozen(frozen).at_revision(staged.revision + 1);
            return Ok(());
        }
        for &id in &staged.added {
            let id = Symbol::from_id(id);
            // The stage has read every name.
            let name = frozen.name(id).unwrap_or_default();
            let hash = hash_name(name);
            let name = self.find_name(name, hash).unwrap_or_else(|| self.add_name(name, hash));
            let symbol = self.push_symbol(name);
            if frozen.is_interned(id) && self.interned_as(name).is_none() {
                self.set_interned(name, Some(symbol));
            }
        }
        Ok(())
    }
}
