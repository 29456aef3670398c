//! Making the graph: one walk over everything that is reached from nowhere but its own place.

use neodump_runtime::bounds::Extent;
use neodump_runtime::image::SegmentKind;
use neodump_runtime::inspect::{Image, TypeId};
use neodump_runtime::{DumpError, Result};

use super::edges::{Edges, TooMany};
use super::nodes::{Nodes, Shared};
use super::tally::{Owner, Tallies};
use super::walk::{At, Payload, SharedAt, Visit, Walker};
use crate::output::Progress;

/// Objects between two signs of life.
const STEP: u64 = 1 << 16;

/// Who refers to whom in an image, and what everybody owns.
#[derive(Debug)]
pub(crate) struct Graph<'i, 'a> {
    pub(crate) walker: Walker<'i, 'a>,
    pub(crate) nodes: Nodes<'i, 'a>,
    /// The references that keep what they lead to.
    pub(crate) edges: Edges,
    /// Those that do not.
    pub(crate) weak: Vec<(u32, u32)>,
    /// The bytes that each node owns. Those of the image type are what nobody else owns.
    pub(crate) own: Vec<u64>,
    pub(crate) tallies: Tallies,
    /// Where payloads start, with their length and owner, ascending.
    claims: Vec<(u64, u64, u32)>,
}

impl<'i, 'a> Graph<'i, 'a> {
    /// Reads the graph of `image`.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`] for what breaks the format.
    pub(crate) fn new(image: &'i Image<'a>, progress: &Progress) -> Result<Self> {
        let mut walker = Walker::new(image, false)?;
        let nodes = Nodes::new(image)?;
        let count = nodes.count();
        let mut builder = Builder {
            edges: Edges::with_capacity(count),
            weak: Vec::new(),
            own: Vec::with_capacity(count),
            tallies: Tallies::default(),
            claims: Vec::new(),
            ro: image.header().segment(SegmentKind::Ro),
            owner: Owner::Field(0),
            node: 0,
            bytes: 0,
            top: None,
            nodes,
        };
        builder.root()?;
        builder.fields(&mut walker)?;
        builder.objects(&mut walker, progress)?;
        builder.shared_values(&mut walker)?;
        let Builder { nodes, edges, weak, mut own, tallies, mut claims, .. } = builder;
        claims.sort_unstable();
        let all: u64 = own.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes));
        if let Some(rest) = own.first_mut() {
            *rest = image.header().file_len().saturating_sub(all);
        }
        Ok(Self { walker, nodes, edges, weak, own, tallies, claims })
    }

    /// The node that owns the byte at an offset in the file.
    pub(crate) fn owner_of(&self, offset: u64) -> Option<u32> {
        if let Some(node) = self.nodes.at(offset) {
            return Some(node);
        }
        for arena in self.walker.image().arenas() {
            let side = arena.side();
            if side.holds(offset) {
                let size = side.length.checked_div(arena.count())?;
                let object = arena.object((offset - side.offset).checked_div(size)?)?;
                return self.nodes.of_object(object);
            }
        }
        let after = self.claims.partition_point(|(start, ..)| *start <= offset);
        let claim = after.checked_sub(1).and_then(|at| self.claims.get(at));
        if let Some((_, _, node)) = claim.filter(|(start, length, _)| offset - start < *length) {
            return Some(*node);
        }
        let of_root = self.nodes.roots().iter().position(|root| {
            root.section.is_some_and(|section| section.holds(offset)) || root.record.holds(offset)
        });
        // A number of a field follows that of the image type.
        of_root.map(|field| field as u32 + 1)
    }
}

struct Builder<'i, 'a> {
    nodes: Nodes<'i, 'a>,
    edges: Edges,
    weak: Vec<(u32, u32)>,
    own: Vec<u64>,
    tallies: Tallies,
    claims: Vec<(u64, u64, u32)>,
    /// Where segment `ro` is.
    ro: Extent,
    /// Whose row is written.
    owner: Owner,
    node: u32,
    bytes: u64,
    /// The field that all that is met belongs to, if it is not the field that it is met in.
    top: Option<u32>,
}

fn too_many(_: TooMany) -> DumpError {
    DumpError::format("Relocations", 0, "more references than this tool numbers")
}

impl Builder<'_, '_> {
    fn root(&mut self) -> Result<()> {
        for field in 0..self.nodes.roots().len() {
            // A schema has fewer than 2^32 lines.
            self.edges.push(field as u32 + 1).map_err(too_many)?;
        }
        self.end_row(0);
        Ok(())
    }

    /// Ends the row of a node whose own record has so many bytes.
    fn end_row(&mut self, record: u64) {
        self.edges.end_row();
        self.own.push(record.saturating_add(std::mem::take(&mut self.bytes)));
        self.node = self.node.saturating_add(1);
    }

    fn fields(&mut self, walker: &mut Walker<'_, '_>) -> Result<()> {
        for root in self.nodes.roots().to_vec() {
            self.owner = Owner::Field(root.place);
            walker.record(root.list(), root.record.offset, self)?;
            let own = match root.section {
                // A manager's payloads are in its section too, and counted as such.
                Some(section) => section.length.saturating_sub(self.bytes),
                None => root.record.length,
            };
            self.end_row(own);
        }
        Ok(())
    }

    fn objects(&mut self, walker: &mut Walker<'_, '_>, progress: &Progress) -> Result<()> {
        let image = walker.image();
        let all = self.nodes.objects();
        let mut done = 0_u64;
        let ordinals: Vec<usize> = self.nodes.runs().map(|(_, ordinal)| ordinal).collect();
        for (arena, ordinal) in image.arenas().iter().zip(ordinals) {
            self.owner = Owner::Object(ordinal);
            let (side, count) = (arena.side(), arena.count());
            let side_size = side.length.checked_div(count).unwrap_or(0);
            for object in arena.objects() {
                let side = (side_size > 0)
                    .then(|| Extent::new(side.offset.saturating_add(object.index * side_size), side_size));
                walker.object(ordinal, object.extent(), side, self)?;
                self.end_row(object.len.saturating_add(side_size));
                done += 1;
                if done.is_multiple_of(STEP) {
                    progress.show("objects", done, all);
                }
            }
        }
        Ok(())
    }

    /// Walks the shared values that were met, which may lead to more.
    fn shared_values(&mut self, walker: &mut Walker<'_, '_>) -> Result<()> {
        let mut next = 0;
        while let Some(&Shared { place, list, owner, top }) = self.nodes.shared().get(next) {
            next += 1;
            self.owner = owner;
            self.top = Some(top);
            walker.shared(place, list, self)?;
            self.end_row(0);
        }
        Ok(())
    }

    fn lead_to(&mut self, node: u32, weak: bool) -> Result<()> {
        if weak {
            self.weak.push((self.node, node));
            return Ok(());
        }
        self.edges.push(node).map_err(too_many)
    }
}

impl Visit for Builder<'_, '_> {
    #[inline]
    fn reference(&mut self, _: At, _: Option<TypeId>, target: Option<u64>, weak: bool) -> Result<()> {
        // What is no object is the slot of a native.
        match target.and_then(|target| self.nodes.at(target)) {
            Some(node) => self.lead_to(node, weak),
            None => Ok(()),
        }
    }

    fn payload(&mut self, _: u64, _: u64, payload: Payload) {
        self.bytes = self.bytes.saturating_add(payload.extent.length);
        let in_ro = self.ro.contains(payload.extent);
        self.tallies.count(self.owner, self.top.unwrap_or(payload.top) as usize, &payload, in_ro);
        if payload.extent.length > 0 {
            self.claims.push((payload.extent.offset, payload.extent.length, self.node));
        }
    }

    fn shared(&mut self, _: At, top: u32, shared: SharedAt) -> Result<()> {
        let SharedAt { place, list, weak } = shared;
        let shared = Shared { place, list, owner: self.owner, top: self.top.unwrap_or(top) };
        let Some(node) = self.nodes.meet(shared) else { return Err(too_many(TooMany)) };
        self.lead_to(node, weak)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use neodump_tests::fixture::Vm;

    use super::*;

    fn fixture() -> Vec<u8> {
        Vm::full().dump().expect("the fixture dumps")
    }

    fn graph<'i, 'a>(image: &'i Image<'a>) -> Graph<'i, 'a> {
        Graph::new(image, &Progress::new()).expect("a sound image")
    }

    /// The fixture has a field of every kind, so this holds the walk to what the writer wrote.
    #[test]
    fn every_byte_of_every_payload_has_one_owner() {
        let bytes = fixture();
        let image = Image::of(&bytes).expect("an image");
        let graph = graph(&image);
        let mut ends: Vec<(u64, u64)> = graph.claims.iter().map(|(at, len, _)| (*at, at + len)).collect();
        for arena in image.arenas() {
            ends.push((arena.extent().offset, arena.extent().offset + arena.extent().length));
            ends.push((arena.side().offset, arena.side().offset + arena.side().length));
        }
        ends.extend(
            graph
                .nodes
                .roots()
                .iter()
                .map(|root| (root.record.offset, root.record.offset + root.record.length)),
        );
        ends.sort_unstable();
        for pair in ends.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{:#x?} have two owners", pair);
        }
        for name in [
            "HeapImage",
            "HeapWords",
            "HeapBytes",
            "Hydration",
            "Root",
            "registers",
            "scalars",
            "owned",
            "library",
            "maps",
        ] {
            let section = image.section(name).expect("a section").extent;
            let end = section.offset + section.length;
            let mut at = section.offset;
            for (start, stop) in ends.iter().filter(|(start, stop)| *start >= section.offset && *stop <= end)
            {
                // The record of the image type has room for the managers, as zeros.
                let gap = Extent::new(at, start - at);
                let is_zero = bytes[gap.offset as usize..(gap.offset + gap.length) as usize]
                    .iter()
                    .all(|byte| *byte == 0);
                assert!(is_zero && (gap.length < 64 || name == "Root"), "{name}: nobody owns {gap:#x?}");
                at = *stop;
            }
            assert!(end - at < 64 || name == "Root", "{name}: nobody owns the end from {at:#x} to {end:#x}");
        }
    }

    #[test]
    fn every_relocated_word_that_leads_to_an_object_is_a_reference() {
        struct Words(BTreeSet<u64>, BTreeSet<u64>);
        impl Visit for Words {
            fn reference(&mut self, at: At, _: Option<TypeId>, target: Option<u64>, _: bool) -> Result<()> {
                self.0.extend(target.map(|_| at.offset));
                Ok(())
            }
            fn payload(&mut self, at: u64, width: u64, _: Payload) {
                self.1.extend((at..at + width).step_by(8));
            }
            fn shared(&mut self, _: At, _: u32, _: SharedAt) -> Result<()> {
                Ok(())
            }
        }
        let bytes = fixture();
        let image = Image::of(&bytes).expect("an image");
        let graph = graph(&image);
        let mut walker = Walker::new(&image, false).expect("a sound schema");
        let mut words = Words(BTreeSet::new(), BTreeSet::new());
        for root in graph.nodes.roots() {
            walker.record(root.list(), root.record.offset, &mut words).expect("a sound image");
        }
        for (arena, (_, ordinal)) in image.arenas().iter().zip(graph.nodes.runs()) {
            for object in arena.objects() {
                let side = image.side_record(object);
                walker.object(ordinal, object.extent(), side, &mut words).expect("a sound image");
            }
        }
        for shared in graph.nodes.shared() {
            walker.shared(shared.place, shared.list, &mut words).expect("a sound image");
        }
        let heap = image.section("HeapImage").expect("a section").extent;
        for word in image.relocated().filter(|word| heap.holds(word.target)) {
            let is_known = words.0.contains(&word.offset) || words.1.contains(&word.offset);
            assert!(is_known, "the word at {:#x} leads to {:#x}", word.offset, word.target);
        }
        assert!(words.0.len() > 20, "{}", words.0.len());
    }

    #[test]
    fn every_object_is_reached_and_every_byte_of_the_file_is_counted_once() {
        let bytes = fixture();
        let image = Image::of(&bytes).expect("an image");
        let graph = graph(&image);
        let paths = crate::graph::Paths::new(&graph.edges, 0);
        let lost: Vec<u32> = (0..graph.nodes.count() as u32).filter(|node| !paths.reaches(*node)).collect();
        let weakly: BTreeSet<u32> = graph.weak.iter().map(|(_, to)| *to).collect();
        assert!(lost.iter().all(|node| weakly.contains(node)), "{lost:?}");
        assert_eq!(graph.own.iter().sum::<u64>(), bytes.len() as u64);
    }
}
