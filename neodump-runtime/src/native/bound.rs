//! What a running machine keeps of the imports of its image.

use super::Import;

/// The slots of an image's imports, with the names of the natives in them: two pieces of memory, however many there are.
#[derive(Debug, Default)]
pub struct Bound {
    /// The offset of each slot in the `imports` segment, ascending, and where its name ends in `names`.
    slots: Vec<(usize, usize)>,
    names: String,
}

impl Bound {
    /// Those of these imports, which are in the order of their slots.
    pub fn of(imports: &[Import<'_>]) -> Self {
        let mut names = String::with_capacity(imports.iter().map(|import| import.name.len()).sum());
        let slots = imports.iter().map(|import| {
            names.push_str(&import.name);
            (import.slot, names.len())
        });
        Self { slots: slots.collect(), names }
    }

    /// The offset of the slot of an import, by its position.
    pub fn slot(&self, position: usize) -> Option<usize> {
        self.slots.get(position).map(|(slot, _)| *slot)
    }

    /// The name of the native whose slot starts at this offset of the `imports` segment.
    pub fn name_at(&self, slot: usize) -> Option<&str> {
        let at = self.slots.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        let start = at.checked_sub(1).map_or(0, |before| self.slots[before].1);
        self.names.get(start..self.slots[at].1)
    }
}
