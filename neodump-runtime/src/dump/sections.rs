//! The sections of an image that is written: their bodies, put in their order.

use std::time::Instant;

use super::link::Bases;
use super::plan::Plan;
use super::pool::Pool;
use super::writer::{FIRST_MANAGER, HEAP, HYDRATION, ROOT, WORDS, Writer};
use super::{DumpReport, ImageRoot};
use crate::error::{DumpError, Result};
use crate::heap::{ARENA_RECORD, WriteSlots};
use crate::image::{self, Identity, Layout, SectionSpec, SegmentKind};
use crate::native;
use crate::record::{Place, Refusal};
use crate::reloc::{Class, RelocationsBuilder};
use crate::schema::TypeGraph;

/// The names and versions of the framework's own sections.
pub(crate) mod framework {
    /// The version of all of them: that of the container.
    pub(crate) const VERSION: u32 = crate::image::CONTAINER_VERSION;
    pub(crate) const HEAP: &str = "HeapImage";
    pub(crate) const WORDS: &str = "HeapWords";
    pub(crate) const HYDRATION: &str = "Hydration";
    pub(crate) const ROOT: &str = "Root";
    pub(crate) const BYTES: &str = "HeapBytes";
    pub(crate) const STARTS: &str = "ObjectStarts";
    pub(crate) const IMPORTS: &str = "Imports";
    pub(crate) const ARENAS: &str = crate::heap::ARENAS;
    pub(crate) const SCHEMA: &str = "Schema";
}

/// The sections of an image, ready to be written.
pub(crate) struct Sections {
    pub(crate) identity: Identity,
    pub(crate) layout: Layout,
    /// The bytes of each section: HeapImage's are those of its arenas, one after the other.
    bodies: Vec<Vec<Vec<u8>>>,
    pub(crate) relocations: u64,
}

/// The sections behind `rw`: HeapBytes, ObjectStarts, SymbolTable; Imports; Arenas, Natives,
/// Relocations, Schema.
const BEHIND_RW: usize = 8;

/// The address of the first object at the preferred base: the sections' number decides it.
pub(crate) fn heap_address<R: ImageRoot>(managers: usize) -> Result<u64> {
    let sections = FIRST_MANAGER as usize + managers + BEHIND_RW;
    Ok(image::preferred_base(R::NAME) + image::header_region_length(sections)?)
}

/// Refuses sections that are not fields of the root, and two of one name.
pub(crate) fn check_sections(graph: &TypeGraph) -> Result<()> {
    let refuse = |section: &str, problem: &str| {
        Err(DumpError::Serialization { path: format!("section {section}"), problem: problem.to_owned() })
    };
    let root = graph.root_sections();
    for (index, (section, _)) in root.iter().enumerate() {
        if root[..index].iter().any(|(before, _)| before.name == section.name) {
            return refuse(
                section.name,
                "two fields of the image type have this section; rename one of them",
            );
        }
    }
    for (section, ty) in graph.sections() {
        if !root.iter().any(|(_, known)| *known == ty) {
            return refuse(
                section.name,
                "a section is a field of the image type; move it there, or remove #[dump(section)]",
            );
        }
    }
    Ok(())
}

impl Writer<'_> {
    /// Writes every object that was not written when it was met.
    pub(crate) fn write_arenas(&mut self, plan: &Plan) -> Result<(), (*const u8, Box<Refusal>)> {
        for arena in &plan.arenas {
            self.enter(HYDRATION);
            let met = &mut self.objects.arenas[usize::from(arena.ordinal)];
            let ty = met.ty;
            if ty.at_once {
                continue;
            }
            let (objects, offsets) = (std::mem::take(&mut met.objects), std::mem::take(&mut met.offsets));
            let slots = WriteSlots {
                first: Place { pool: self.arena_pool(arena.ordinal), offset: 0 },
                stride: ty.size,
                offsets: ty.tail.is_some().then_some(&offsets),
                side: Place { pool: HYDRATION, offset: arena.side },
            };
            // SAFETY: traced objects of the arena's type.
            unsafe { (ty.write)(&objects, slots, self) }?;
            self.objects.arenas[usize::from(arena.ordinal)].offsets = offsets;
        }
        Ok(())
    }

    /// Puts the arenas into the order and to the places of the plan.
    fn take_heap(&mut self, plan: &Plan) -> Vec<Pool> {
        let ends = plan.arenas.iter().skip(1).map(|next| next.first).chain([plan.heap_bytes]);
        plan.arenas
            .iter()
            .zip(ends)
            .map(|(arena, end)| {
                let number = self.arena_pool(arena.ordinal) as usize;
                let mut pool = std::mem::take(&mut self.pools[number]);
                pool.extend((end - arena.first) as usize);
                pool
            })
            .collect()
    }
}

impl Sections {
    pub(crate) fn bodies(&self) -> Vec<Vec<&[u8]>> {
        self.bodies.iter().map(|body| body.iter().map(Vec::as_slice).collect()).collect()
    }

    /// Sums the sections; the header region.
    pub(crate) fn seal(&self, report: &mut DumpReport) -> Result<Vec<u8>> {
        let started = Instant::now();
        let header = image::sealed_header(&self.identity, &self.layout, &self.bodies())?;
        report.checksum = started.elapsed();
        Ok(header)
    }

    pub(crate) fn assemble<R: ImageRoot>(
        graph: &TypeGraph,
        plan: &Plan,
        mut writer: Writer<'_>,
    ) -> Result<Self> {
        let spec = |name: &str, segment, hash| SectionSpec::new(name, segment, framework::VERSION, hash);
        let root_hash = graph.root_hash();
        let managers = graph.root_sections();
        let mut sections: Vec<(SectionSpec, Vec<Pool>)> = Vec::new();
        let (arenas, starts) = encode_arenas(plan, &writer);
        for number in 0..writer.bytes_pool() {
            let pool = std::mem::take(&mut writer.pools[number as usize]);
            sections.push(match number {
                HEAP => (spec(framework::HEAP, SegmentKind::Rw, 0), writer.take_heap(plan)),
                WORDS => (spec(framework::WORDS, SegmentKind::Rw, 0), vec![pool]),
                HYDRATION => (spec(framework::HYDRATION, SegmentKind::Rw, 0), vec![pool]),
                ROOT => (spec(framework::ROOT, SegmentKind::Rw, root_hash), vec![pool]),
                manager => {
                    let (section, ty) = managers[(manager - FIRST_MANAGER) as usize];
                    let hash = graph.hash(ty);
                    (SectionSpec::new(section.name, SegmentKind::Rw, section.version, hash), vec![pool])
                }
            });
        }
        let bytes_pool = writer.bytes_pool() as usize;
        let imports = &writer.imports;
        let natives_hash = native::natives_hash(imports.imports());
        let bytes = std::mem::take(&mut writer.pools[bytes_pool].bytes);
        let symbols = writer.symbols.take().unwrap_or_default();
        let others: [_; BEHIND_RW] = [
            (framework::BYTES, SegmentKind::Ro, 0, bytes),
            (framework::STARTS, SegmentKind::Ro, 0, starts),
            (crate::symbols::SECTION, SegmentKind::Ro, 0, symbols),
            (framework::IMPORTS, SegmentKind::Imports, 0, vec![0; imports.slots_len()]),
            (framework::ARENAS, SegmentKind::Meta, 0, arenas),
            (native::SECTION, SegmentKind::Meta, 0, imports.encode()),
            (crate::reloc::SECTION, SegmentKind::Meta, 0, Vec::new()),
            (framework::SCHEMA, SegmentKind::Meta, root_hash, graph.text().into_bytes()),
        ];
        for (name, segment, hash, bytes) in others {
            sections.push((spec(name, segment, hash), vec![Pool::from(bytes)]));
        }

        // Of the segments, `meta` is the last: what has an address does not move when the relocations are there.
        let base = image::preferred_base(R::NAME);
        let bases = Bases::of_layout(plan, &layout_of(&sections)?, base);
        let relocations = link(&mut sections, &bases);
        for (spec, body) in &mut sections {
            if spec.name == crate::reloc::SECTION {
                *body = vec![Pool::from(relocations.encode()?)];
            }
        }
        let layout = layout_of(&sections)?;
        let identity = Identity {
            name: R::NAME.to_owned(),
            version: R::VERSION,
            root_hash,
            natives_hash,
            fingerprint: None,
        };
        let bodies = sections.into_iter().map(|(_, body)| body.into_iter().map(|pool| pool.bytes).collect());
        Ok(Self { identity, layout, bodies: bodies.collect(), relocations: relocations.count() })
    }
}

fn layout_of(sections: &[(SectionSpec, Vec<Pool>)]) -> Result<Layout> {
    Layout::new(sections.iter().map(|(spec, body)| {
        let len: u64 = body.iter().map(|pool| pool.bytes.len() as u64).sum();
        (spec.clone(), len)
    }))
}

/// Gives every word its address, and lists them.
fn link(sections: &mut [(SectionSpec, Vec<Pool>)], bases: &Bases) -> RelocationsBuilder {
    let mut relocations = RelocationsBuilder::new();
    for (number, (_, body)) in (0..).zip(sections) {
        let mut first = 0;
        for pool in body {
            pool.link(bases);
            for (&shift, words) in &pool.linked {
                if words.count() > 0 {
                    relocations.bitmap(number, Class { shift }).merge_at(first, words);
                }
            }
            // Arenas but the last are multiples of 64 bytes.
            first += pool.bytes.len() / 8;
        }
    }
    relocations
}

/// The Arenas and ObjectStarts sections.
fn encode_arenas(plan: &Plan, writer: &Writer<'_>) -> (Vec<u8>, Vec<u8>) {
    let mut records = Vec::with_capacity(plan.arenas.len() * ARENA_RECORD);
    let mut starts: Vec<u8> = Vec::new();
    for place in &plan.arenas {
        let arena = &writer.objects.arenas[usize::from(place.ordinal)];
        let stride = if arena.ty.tail.is_some() { 0 } else { arena.ty.size as u64 };
        records.extend_from_slice(&u32::from(place.ordinal).to_le_bytes());
        records.extend_from_slice(&0_u32.to_le_bytes());
        let numbers =
            [place.first, arena.count() as u64, stride, arena.end, place.side, starts.len() as u64, 0];
        for number in numbers {
            records.extend_from_slice(&number.to_le_bytes());
        }
        if arena.ty.tail.is_some() {
            let mut bitmap = vec![0_u64; (arena.end / 8).div_ceil(64) as usize];
            for offset in &arena.offsets {
                bitmap[(offset / 8 / 64) as usize] |= 1 << (offset / 8 % 64);
            }
            starts.extend(bitmap.iter().flat_map(|word| word.to_le_bytes()));
        }
    }
    (records, starts)
}
