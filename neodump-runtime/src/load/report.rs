//! What a load did, and what it cost.

use std::fmt;
use std::time::Duration;

use crate::image::Way;

/// What a type or a section got, and so what it costs at load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Its stored form is its memory form: a load copies or maps it.
    InPlace,
    /// It owns what the image cannot: a load makes it anew.
    Hydrated,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InPlace => "in place",
            Self::Hydrated => "hydrated",
        })
    }
}

/// What a load did for one section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SectionLoad {
    /// The section: a manager's, `Root` for the fields of the image without one, or `Hydration` for those fields of heap
    /// objects that are hydrated.
    pub name: &'static str,
    /// What it got. `Hydration` and `Root` are hydrated whenever they are there.
    pub tier: Tier,
    /// The stored records that were hydrated: that of the manager or objects, and those of all values that they own. A run
    /// of numbers or a string counts once. None in place.
    pub records: u64,
    /// The time that this took, with the machine's own code that hydration calls (`with`, `derived`, `Hash`).
    pub time: Duration,
}

/// What a load did.
#[derive(Debug, Clone, Default)]
pub struct LoadReport {
    /// How the image got to where it is.
    pub way: Option<Way>,
    /// The bytes of the image.
    pub bytes: u64,
    /// The objects of each type.
    pub objects: Vec<(&'static str, usize)>,
    /// The pages (4 KiB) of the image that the load wrote, outside `imports`.
    pub pages_written: u64,
    /// The pages of `imports` that the load wrote.
    pub import_pages: u64,
    /// The words that were moved, none at the preferred base.
    pub relocations: u64,
    /// The symbol words and ids of handles that were renumbered.
    pub fixups: u64,
    /// The fields that a `relink` function put right when all else was loaded.
    pub relinked: u64,
    /// The entries of `ImageMap`s that were hashed again, because symbols among their keys were renumbered.
    pub rehashed: usize,
    /// The objects that were written at load, by type: those with hydrated fields.
    pub hydrated: Vec<(&'static str, usize)>,
    /// What hydration did for each section: objects, the root, and the managers in the order of their fields.
    pub sections: Vec<SectionLoad>,
    /// The time to open the image, check its header and bring it into memory.
    pub place: Duration,
    /// The time to audit.
    pub audit: Duration,
    /// The time to bind natives and symbols.
    pub bind: Duration,
    /// The time to hydrate objects and managers.
    pub hydrate: Duration,
    /// The time of `validate` and `after_load`.
    pub hooks: Duration,
}

impl LoadReport {
    /// The time of the whole load.
    pub fn total(&self) -> Duration {
        self.place + self.audit + self.bind + self.hydrate + self.hooks
    }

    /// The objects of all types.
    pub fn object_count(&self) -> usize {
        self.objects.iter().map(|(_, count)| count).sum()
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = self.way.map_or_else(String::new, |way| way.to_string());
        write!(
            f,
            "{} bytes, {} objects, {way} in {:?} (place {:?}, audit {:?}, bind {:?}, hydrate {:?}, hooks {:?}), \
             {} pages written, {} relocations, {} fixups",
            self.bytes,
            self.object_count(),
            self.total(),
            self.place,
            self.audit,
            self.bind,
            self.hydrate,
            self.hooks,
            self.pages_written,
            self.relocations,
            self.fixups
        )?;
        if self.relinked > 0 {
            write!(f, ", {} fields relinked", self.relinked)?;
        }
        if self.rehashed != 0 {
            write!(f, "\n  {} entries of maps hashed again", self.rehashed)?;
        }
        for (name, count) in &self.hydrated {
            write!(f, "\n  {count} objects of {name} hydrated")?;
        }
        let (flat, hydrated): (Vec<_>, Vec<_>) =
            self.sections.iter().partition(|section| section.tier == Tier::InPlace);
        for SectionLoad { name, records, time, .. } in hydrated {
            let plural = if records == 1 { "" } else { "s" };
            write!(f, "\n  section {name} hydrated: {records} record{plural} in {time:?}")?;
        }
        if !flat.is_empty() {
            let names: Vec<&str> = flat.iter().map(|section| section.name).collect();
            write!(f, "\n  in place: {}", names.join(", "))?;
        }
        Ok(())
    }
}
