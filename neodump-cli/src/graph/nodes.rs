//! The numbers of nodes: the image type, its fields, the objects in the order of the arenas, then shared values.

use std::collections::HashMap;

use neodump_runtime::bounds::Extent;
use neodump_runtime::inspect::{Arena, Field, Image, Object, TypeId};
use neodump_runtime::schema::base_name;
use neodump_runtime::{DumpError, Result};

use super::layout::{ListId, list_of};
use super::tally::Owner;

/// A node of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    /// The image type.
    Root,
    /// A field of the image type, by its place.
    Field(usize),
    /// A heap object.
    Object(Object),
    /// A value that several owners share, by its number.
    Shared(usize),
}

/// A stored field of the image type: a root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RootField<'a> {
    /// Its place in the image type.
    pub(crate) place: usize,
    pub(crate) field: Field<'a>,
    pub(crate) ty: TypeId,
    /// The record: at the start of a section of its own, or in section Root.
    pub(crate) record: Extent,
    /// The section that is all the field's: that of a manager, or the symbol table.
    pub(crate) section: Option<Extent>,
}

/// A value that several owners share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared {
    pub(crate) place: u64,
    pub(crate) list: ListId,
    /// Who was met first of those that share it, with its field.
    pub(crate) owner: Owner,
    pub(crate) top: u32,
}

/// Where the nodes of an arena are.
#[derive(Debug, Clone, Copy)]
struct Run {
    extent: Extent,
    stride: Option<u64>,
    first: u32,
    ordinal: usize,
}

/// All nodes of an image.
#[derive(Debug)]
pub(crate) struct Nodes<'i, 'a> {
    image: &'i Image<'a>,
    roots: Vec<RootField<'a>>,
    runs: Vec<Run>,
    /// The number of the first shared value.
    first_shared: u32,
    shared: Vec<Shared>,
    by_place: HashMap<(u64, ListId), u32>,
    /// How many heap object types have a name, without their paths.
    namesakes: HashMap<&'a str, u32>,
}

impl<'i, 'a> Nodes<'i, 'a> {
    /// The nodes of `image`; shared values are added as they are met.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`] for an image that lacks a section, or has more objects than 32 bits number.
    pub(crate) fn new(image: &'i Image<'a>) -> Result<Self> {
        let roots = roots(image)?;
        let mut next = roots.len() as u64 + 1;
        let mut runs = Vec::with_capacity(image.arenas().len());
        for arena in image.arenas() {
            let too_many = || DumpError::format("Arenas", 0, "more objects than this tool numbers");
            let first = u32::try_from(next).map_err(|_| too_many())?;
            let (extent, stride, ordinal) = (arena.extent(), arena.stride(), arena.ordinal());
            runs.push(Run { extent, stride, first, ordinal });
            next = next.saturating_add(arena.count());
            u32::try_from(next).map_err(|_| too_many())?;
        }
        let mut namesakes = HashMap::new();
        for ty in image.schema().objects().iter().filter_map(|ty| image.schema().types().get(ty.index())) {
            let count = namesakes.entry(base_name(ty.name())).or_insert(0_u32);
            *count = count.saturating_add(1);
        }
        // Checked above.
        let first_shared = next as u32;
        let (shared, by_place) = (Vec::new(), HashMap::new());
        Ok(Self { image, roots, runs, first_shared, shared, by_place, namesakes })
    }

    /// The name of an object as a place is read: `Cons#12`, with its path where other types have the name.
    pub(crate) fn object_name(&self, object: Object) -> String {
        let whole = self.image.schema().types().get(object.ty.index()).map_or("", |ty| ty.name());
        let base = base_name(whole);
        let is_alone = self.namesakes.get(base).is_none_or(|count| *count < 2);
        format!("{}#{}", if is_alone { base } else { whole }, object.index)
    }

    /// The fields of the image type that are stored.
    pub(crate) fn roots(&self) -> &[RootField<'a>] {
        &self.roots
    }

    /// How many nodes there are.
    pub(crate) fn count(&self) -> usize {
        self.first_shared as usize + self.shared.len()
    }

    /// How many heap objects there are.
    pub(crate) fn objects(&self) -> u64 {
        u64::from(self.first_shared) - self.roots.len() as u64 - 1
    }

    /// What the number stands for.
    pub(crate) fn node(&self, number: u32) -> Node {
        if number == 0 {
            return Node::Root;
        }
        let number_of_roots = self.roots.len();
        if number as usize <= number_of_roots {
            return Node::Field(number as usize - 1);
        }
        if let Some(shared) = number.checked_sub(self.first_shared) {
            return Node::Shared(shared as usize);
        }
        let run = self.runs.partition_point(|run| run.first <= number).saturating_sub(1);
        let object = self
            .runs
            .get(run)
            .zip(self.arena(run))
            .and_then(|(run, arena)| arena.object(u64::from(number - run.first)));
        object.map_or(Node::Root, Node::Object)
    }

    fn arena(&self, run: usize) -> Option<&'i Arena<'a>> {
        self.image.arenas().get(run)
    }

    /// The number of an object.
    pub(crate) fn of_object(&self, object: Object) -> Option<u32> {
        let run = self.image.arena_number(object.ty)?;
        let index = u32::try_from(object.index).ok()?;
        Some(self.runs.get(run)?.first.saturating_add(index))
    }

    /// The number of the object that has the byte at an offset in the file.
    pub(crate) fn at(&self, offset: u64) -> Option<u32> {
        let after = self.runs.partition_point(|run| run.extent.offset <= offset);
        let index = after.checked_sub(1)?;
        let run = self.runs.get(index).filter(|run| run.extent.holds(offset))?;
        let number = match run.stride {
            Some(stride) => (offset - run.extent.offset).checked_div(stride)?,
            None => self.arena(index)?.object_at(offset)?.index,
        };
        // The number of an object of the arena, all of which have 32 bits.
        Some(run.first + number as u32)
    }

    /// The number of the first node of each arena, with the place of its type among the object types.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.runs.iter().map(|run| (run.first, run.ordinal))
    }

    /// The place of the type of an object node among the object types.
    pub(crate) fn ordinal(&self, number: u32) -> Option<usize> {
        if number as usize <= self.roots.len() || number >= self.first_shared {
            return None;
        }
        let run = self.runs.partition_point(|run| run.first <= number).checked_sub(1)?;
        self.runs.get(run).map(|run| run.ordinal)
    }

    /// The shared values that were met.
    pub(crate) fn shared(&self) -> &[Shared] {
        &self.shared
    }

    /// The number of a shared value that was met.
    pub(crate) fn of_shared(&self, place: u64, list: ListId) -> Option<u32> {
        self.by_place.get(&(place, list)).copied()
    }

    /// The number of a shared value, which gets one when it is met.
    pub(super) fn meet(&mut self, shared: Shared) -> Option<u32> {
        if let Some(number) = self.of_shared(shared.place, shared.list) {
            return Some(number);
        }
        let number = u32::try_from(self.count()).ok()?;
        self.shared.push(shared);
        self.by_place.insert((shared.place, shared.list), number);
        Some(number)
    }
}

fn roots<'a>(image: &Image<'a>) -> Result<Vec<RootField<'a>>> {
    let schema = image.schema();
    let Some(root) = schema.root() else { return Ok(Vec::new()) };
    let section = |name: &str| {
        let found = image.section(name);
        found
            .map(|section| section.extent)
            .ok_or_else(|| DumpError::format(name, 0, "the section is missing"))
    };
    let record = section("Root")?;
    let mut roots = Vec::new();
    for (place, field) in root.fields().iter().enumerate() {
        let Some(ty) = field.ty else { continue };
        let Some(shape) = schema.types().get(ty.index()) else { continue };
        let (inside, at, own) = match shape.section() {
            Some((name, _)) => {
                let section = section(name)?;
                (section, section.offset, Some(section))
            }
            None if shape.name() == "Interner" => (record, record.offset, Some(section("SymbolTable")?)),
            None => (record, record.offset.saturating_add(field.offset), None),
        };
        let extent = Extent::new(at, shape.size());
        if !inside.contains(extent) {
            let problem = format!("field {} ends behind its section", field.name);
            return Err(DumpError::format("Root", at, problem));
        }
        roots.push(RootField { place, field: *field, ty, record: extent, section: own });
    }
    Ok(roots)
}

impl RootField<'_> {
    /// The list of the field's record.
    pub(crate) fn list(&self) -> ListId {
        list_of(self.ty)
    }
}
