//! What each field of each type owns.

use super::layout::Many;
use super::{Payload, PayloadKind};

/// Who owns something: a heap object type, or a field of the image type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// The place of the type among the object types.
    Object(usize),
    /// The place of the field in the image type.
    Field(usize),
}

/// What one field owns outside of the records that it is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Bytes of vectors and strings that lie in the image.
    pub(crate) vector_bytes: u64,
    /// Bytes of maps that lie in the image, with their indexes.
    pub(crate) map_bytes: u64,
    /// Those of the bytes of vectors and maps that are in segment `ro`.
    pub(crate) ro_bytes: u64,
    /// Bytes of what is read into values that Rust owns.
    pub(crate) hydrated_bytes: u64,
    /// How many such values: each is an allocation at a load.
    pub(crate) hydrated_values: u64,
    /// How many entries are put into keyed collections at a load.
    pub(crate) hydrated_entries: u64,
}

impl Tally {
    /// All bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.vector_bytes.saturating_add(self.map_bytes).saturating_add(self.hydrated_bytes)
    }

    /// Adds another tally.
    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.vector_bytes, other.vector_bytes),
            (&mut self.map_bytes, other.map_bytes),
            (&mut self.ro_bytes, other.ro_bytes),
            (&mut self.hydrated_bytes, other.hydrated_bytes),
            (&mut self.hydrated_values, other.hydrated_values),
            (&mut self.hydrated_entries, other.hydrated_entries),
        ] {
            *mine = mine.saturating_add(theirs);
        }
    }

    fn count(&mut self, payload: &Payload, in_ro: bool) {
        let length = payload.extent.length;
        let mut one = Self { ro_bytes: if in_ro { length } else { 0 }, ..Self::default() };
        match payload.kind {
            PayloadKind::Vector => one.vector_bytes = length,
            PayloadKind::Map | PayloadKind::Index => one.map_bytes = length,
            PayloadKind::Hydrated(many) => {
                one.hydrated_bytes = length;
                // Nothing is allocated for an empty collection.
                one.hydrated_values = u64::from(payload.count > 0);
                one.hydrated_entries = if many == Many::Entries { payload.count } else { 0 };
            }
        }
        self.add(&one);
    }
}

/// The tallies of all owners, by field.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    objects: Vec<Vec<Tally>>,
    fields: Vec<Vec<Tally>>,
}

impl Tallies {
    /// The tallies of an owner: one for each of its fields, as far as they own something.
    pub(crate) fn of(&self, owner: Owner) -> &[Tally] {
        let tallies = match owner {
            Owner::Object(ordinal) => self.objects.get(ordinal),
            Owner::Field(field) => self.fields.get(field),
        };
        tallies.map_or(&[], Vec::as_slice)
    }

    /// The tally of one field.
    pub(crate) fn of_field(&self, owner: Owner, field: usize) -> Tally {
        self.of(owner).get(field).copied().unwrap_or_default()
    }

    /// The sum over all fields of an owner.
    pub(crate) fn sum(&self, owner: Owner) -> Tally {
        self.of(owner).iter().fold(Tally::default(), |mut sum, tally| {
            sum.add(tally);
            sum
        })
    }

    pub(super) fn count(&mut self, owner: Owner, field: usize, payload: &Payload, in_ro: bool) {
        let (owners, owner) = match owner {
            Owner::Object(ordinal) => (&mut self.objects, ordinal),
            Owner::Field(field) => (&mut self.fields, field),
        };
        if owners.len() <= owner {
            owners.resize_with(owner + 1, Vec::new);
        }
        let Some(fields) = owners.get_mut(owner) else { return };
        if fields.len() <= field {
            fields.resize(field + 1, Tally::default());
        }
        if let Some(tally) = fields.get_mut(field) {
            tally.count(payload, in_ro);
        }
    }
}
