//! What each node holds, as a number that does not depend on where anything lies.
//!
//! The bytes of its record and of what it owns count as they are; a pointer counts as the type of what it leads to,
//! a symbol and a native as its name, a payload as its length. So an object has the same digest in two images, wherever
//! it is in them and whatever number its symbols have. [`Digests::deep`] adds what is reached in a few steps.

use std::collections::HashMap;

use neodump_runtime::Result;
use neodump_runtime::bounds::Extent;
use neodump_runtime::image::checksum;
use neodump_runtime::inspect::{Image, TypeId};

use super::build::Graph;
use super::layout::ListId;
use super::listed::Listed;
use super::nodes::{Node, Nodes};
use super::scheme::Scheme;
use super::walk::{At, Payload, PayloadKind, SharedAt, Visit, Walker};
use crate::output::Progress;

/// How many steps a deep digest sees.
const STEPS: usize = 3;
/// Nodes between two signs of life.
const SIGN: u32 = 1 << 16;

/// Folds a number into a digest.
pub(crate) fn mix(digest: u64, number: u64) -> u64 {
    let mixed = (digest.rotate_left(23) ^ number).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}

/// The digests of all nodes.
#[derive(Debug)]
pub(crate) struct Digests {
    /// Of what the node itself holds.
    pub(crate) own: Vec<u64>,
    /// The same with what it leads to in a few steps.
    pub(crate) deep: Vec<u64>,
}

impl Digests {
    /// The digests of a graph.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`](neodump_runtime::DumpError) for what breaks the format.
    pub(crate) fn new(graph: &Graph<'_, '_>, progress: &Progress) -> Result<Self> {
        let image = graph.walker.image();
        let mut walker = Walker::new(image, true)?;
        let names = Names::new(image);
        let listed = graph.walker.listed();
        let mut digester = Digester {
            names: &names,
            image,
            listed,
            nodes: &graph.nodes,
            digest: 0,
            runs: Vec::new(),
            shared: HashMap::new(),
        };
        let count = graph.nodes.count();
        let mut own = Vec::with_capacity(count);
        // Of the image type nothing but its fields is compared.
        own.push(0);
        for root in graph.nodes.roots() {
            digester.digest = checksum(root.field.name.as_bytes());
            walker.record(root.list(), root.record.offset, &mut digester)?;
            own.push(digester.digest);
        }
        let all = graph.nodes.objects();
        for (arena, (_, ordinal)) in image.arenas().iter().zip(graph.nodes.runs()) {
            let side = arena.side();
            let side_size = side.length.checked_div(arena.count()).unwrap_or(0);
            for object in arena.objects() {
                digester.digest = names.types.get(ordinal).copied().unwrap_or(0);
                let side = (side_size > 0)
                    .then(|| Extent::new(side.offset.saturating_add(object.index * side_size), side_size));
                walker.object(ordinal, object.extent(), side, &mut digester)?;
                own.push(digester.digest);
                if (own.len() as u32).is_multiple_of(SIGN) {
                    progress.show("digests", own.len() as u64, all);
                }
            }
        }
        for shared in graph.nodes.shared() {
            // What is shared was met in what was walked before it.
            let list = digester.shared.get(&shared.place).copied().unwrap_or(shared.list);
            digester.digest = names.of_list(list);
            walker.shared(shared.place, list, &mut digester)?;
            own.push(digester.digest);
        }
        let mut deep = own.clone();
        for _ in 0..STEPS {
            let next = (0_u32..).zip(&deep).map(|(node, digest)| {
                let targets = graph.edges.of(node).iter();
                targets.fold(*digest, |sum, to| mix(sum, deep.get(*to as usize).copied().unwrap_or(0)))
            });
            deep = next.collect();
        }
        Ok(Self { own, deep })
    }
}

/// What things are called, as numbers.
struct Names {
    /// The name of each object type.
    types: Vec<u64>,
    lists: Vec<u64>,
    /// The name of each symbol.
    symbols: Vec<u64>,
    /// The name of each native, by the offset of its slot in the file.
    natives: HashMap<u64, u64>,
    /// By type, where it is one of words with symbols.
    schemes: Vec<Option<Scheme>>,
}

impl Names {
    fn new(image: &Image<'_>) -> Self {
        let schema = image.schema();
        let name = |id: &TypeId| schema.types().get(id.index()).map_or("", |ty| ty.name());
        let imports = image.section("Imports").map_or(0, |section| section.extent.offset);
        let natives = image.natives().iter();
        Self {
            types: schema.objects().iter().map(|id| checksum(name(id).as_bytes())).collect(),
            lists: schema.types().iter().map(|ty| checksum(ty.name().as_bytes())).collect(),
            symbols: (0..image.symbol_count())
                .map(|id| {
                    let name = checksum(image.symbol(id).unwrap_or_default());
                    mix(name, u64::from(image.is_interned(id)))
                })
                .collect(),
            natives: natives
                .map(|native| (imports.saturating_add(native.slot as u64), checksum(native.name.as_bytes())))
                .collect(),
            schemes: schema.types().iter().map(Scheme::of).collect(),
        }
    }

    fn symbol(&self, id: u32) -> u64 {
        self.symbols.get(id as usize).copied().unwrap_or(u64::from(id))
    }

    fn of_list(&self, list: ListId) -> u64 {
        self.lists.get(list.0 as usize).copied().unwrap_or(1)
    }
}

struct Digester<'n, 'i, 'a> {
    names: &'n Names,
    image: &'i Image<'a>,
    listed: &'n Listed,
    nodes: &'n Nodes<'i, 'a>,
    digest: u64,
    /// How far the runs that are open have come, and where they end.
    runs: Vec<(u64, u64)>,
    /// The lists of shared values by place: with symbols, lists have other numbers than in the graph.
    shared: HashMap<u64, ListId>,
}

impl Digester<'_, '_, '_> {
    fn add(&mut self, number: u64) {
        self.digest = mix(self.digest, number);
    }

    /// Adds the bytes of the run up to `at`, and goes on behind `width` more.
    fn skip(&mut self, at: u64, width: u64) {
        let Some((from, _)) = self.runs.last_mut() else { return };
        let start = *from;
        *from = start.max(at.saturating_add(width));
        self.add_bytes(start, at);
    }

    /// Adds bytes that the schema says nothing of: pointers to natives may be among them.
    fn add_bytes(&mut self, start: u64, end: u64) {
        let Some(extent) = Extent::between(start, end).filter(|extent| extent.length > 0) else { return };
        if self.listed.count(extent) == 0 {
            if let Some(bytes) = self.image.bytes_at(extent) {
                self.add(checksum(bytes));
            }
            return;
        }
        let mut at = start;
        while at < end {
            // Up to the end of a word.
            let next = (at / 8 + 1).saturating_mul(8).min(end);
            let target = self.image.number_at(at).and_then(|word| self.listed.target(at, word));
            match target.filter(|_| next - at == 8) {
                Some(target) => self.add_target(target),
                None => {
                    let bytes = self.image.bytes_at(Extent::new(at, next - at)).unwrap_or_default();
                    self.add(checksum(bytes));
                }
            }
            at = next;
        }
    }

    /// Adds the type of the object that an address leads to, or the name of the native.
    fn add_target(&mut self, target: u64) {
        let ordinal = self.nodes.at(target).and_then(|node| self.nodes.ordinal(node));
        self.add(match ordinal {
            Some(ordinal) => self.names.types.get(ordinal).copied().unwrap_or(0),
            // Tags of up to four bits lie below the slot of a native.
            None => self.names.natives.get(&(target & !15)).copied().unwrap_or(0),
        });
    }
}

impl Visit for Digester<'_, '_, '_> {
    fn run(&mut self, extent: Extent) {
        self.runs.push((extent.offset, extent.offset.saturating_add(extent.length)));
    }

    fn end_run(&mut self) {
        if let Some((from, end)) = self.runs.pop() {
            self.add_bytes(from, end);
        }
    }

    #[inline]
    fn reference(&mut self, at: At, word: Option<TypeId>, target: Option<u64>, _: bool) -> Result<()> {
        self.skip(at.offset, 8);
        let Some(target) = target else {
            let bits = self.image.number_at(at.offset).unwrap_or(0);
            let scheme = word.and_then(|word| self.names.schemes.get(word.index()).copied().flatten());
            let symbol = scheme.and_then(|scheme| scheme.symbol(bits));
            self.add(symbol.map_or(bits, |symbol| self.names.symbol(symbol)));
            return Ok(());
        };
        self.add_target(target);
        Ok(())
    }

    fn symbol(&mut self, at: u64) {
        self.skip(at, 4);
        let bytes = self.image.bytes_at(Extent::new(at, 4)).and_then(|bytes| bytes.first_chunk());
        let symbol = bytes.map_or(u64::MAX, |bytes| self.names.symbol(u32::from_le_bytes(*bytes)));
        self.add(symbol);
    }

    fn native(&mut self, at: u64) {
        self.skip(at, 4);
        let bytes = self.image.bytes_at(Extent::new(at, 4)).and_then(|bytes| bytes.first_chunk());
        // Numbers start with 1; 0 is none.
        let number = bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
        let native = number.checked_sub(1).and_then(|index| self.image.natives().get(index));
        self.add(native.map_or(0, |native| checksum(native.name.as_bytes())));
    }

    fn payload(&mut self, at: u64, width: u64, payload: Payload) {
        // An index follows from the entries, and where they lie.
        if payload.kind != PayloadKind::Index && width > 0 {
            self.skip(at, width);
            self.add(payload.count);
        }
    }

    fn shared(&mut self, at: At, _: u32, shared: SharedAt) -> Result<()> {
        self.skip(at.offset, 16);
        self.shared.entry(shared.place).or_insert(shared.list);
        self.add(self.names.of_list(shared.list));
        Ok(())
    }
}

/// The name that says which nodes of two images are of one kind.
pub(crate) fn kind_name(graph: &Graph<'_, '_>, node: u32) -> String {
    let image = graph.walker.image();
    let name = |id: TypeId| image.schema().types().get(id.index()).map_or("", |ty| ty.name());
    match graph.nodes.node(node) {
        Node::Root => String::new(),
        Node::Field(field) => graph.nodes.roots().get(field).map_or("", |root| root.field.name).to_owned(),
        Node::Object(object) => name(object.ty).to_owned(),
        Node::Shared(shared) => {
            let list = graph.nodes.shared().get(shared).map_or(usize::MAX, |shared| shared.list.0 as usize);
            image.schema().types().get(list).map_or("sequence", |ty| ty.name()).to_owned()
        }
    }
}
