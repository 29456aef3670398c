//! What a running machine keeps of the imports of its image.

use super::{Binding, Import, NativeType};

/// The slots of an image's imports, with the names of the natives in them: two pieces of memory, however many there are.
#[derive(Debug, Default)]
pub struct Bound {
    /// The offset of each slot in the `imports` segment, ascending, the type of what it was filled with, and where its
    /// name ends in `names`.
    slots: Vec<(usize, NativeType, usize)>,
    names: String,
}

impl Bound {
    /// Those of these imports, which are in the order of their slots, with what each was bound to.
    pub fn of(imports: &[Import<'_>], bindings: &[Binding]) -> Self {
        let mut names = String::with_capacity(imports.iter().map(|import| import.name.len()).sum());
        let slots = imports.iter().zip(bindings).map(|(import, binding)| {
            names.push_str(&import.name);
            (import.slot, binding.ty(), names.len())
        });
        Self { slots: slots.collect(), names }
    }

    /// The offset of the slot of an import, and its type, by its position.
    pub fn slot(&self, position: usize) -> Option<(usize, NativeType)> {
        self.slots.get(position).map(|(slot, ty, _)| (*slot, *ty))
    }

    /// The name of the native whose slot starts at this offset of the `imports` segment.
    pub fn name_at(&self, slot: usize) -> Option<&str> {
        let at = self.slots.binary_search_by_key(&slot, |(slot, ..)| *slot).ok()?;
        let start = at.checked_sub(1).map_or(0, |before| self.slots[before].2);
        self.names.get(start..self.slots[at].2)
    }
}
