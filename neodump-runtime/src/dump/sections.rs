//! The sections of an image that is written: their bodies, put in their order.

use std::time::Instant;

use super::plan::Plan;
use super::writer::{FIRST_MANAGER, HEAP, HYDRATION, IMPORTS, ROOT, WORDS, Writer};
use super::{DumpReport, ImageRoot, root_name};
use crate::error::{DumpError, Result};
use crate::heap::WriteSlots;
use crate::image::{self, Identity, Layout, SectionSpec, SegmentKind};
use crate::native;
use crate::record::{Place, Refusal};
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
    pub(crate) const ARENAS: &str = "Arenas";
    pub(crate) const SCHEMA: &str = "Schema";
}

/// The bytes of one record of the Arenas section.
pub(crate) const ARENA_RECORD: usize = 64;

/// The sections of an image, ready to be written.
pub(crate) struct Sections {
    pub(crate) identity: Identity,
    pub(crate) layout: Layout,
    bodies: Vec<Vec<u8>>,
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
    /// Writes every object into its slot.
    pub(crate) fn write_arenas(&mut self, plan: &Plan) -> Result<(), (*const u8, Box<Refusal>)> {
        for arena in &plan.arenas {
            self.enter(HYDRATION);
            let slots = WriteSlots {
                first: Place { pool: HEAP, offset: arena.first },
                stride: arena.ty.size,
                offsets: arena.offsets.as_deref(),
                side: Place { pool: HYDRATION, offset: arena.side },
            };
            // SAFETY: traced objects of the arena's type.
            unsafe { (arena.ty.write)(&arena.objects, slots, self) }?;
        }
        Ok(())
    }
}

impl Sections {
    pub(crate) fn bodies(&self) -> Vec<&[u8]> {
        self.bodies.iter().map(Vec::as_slice).collect()
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
        let relocations = writer.relocations();
        let imports = writer.imports.clone();
        let root_hash = graph.root_hash();
        let mut sections: Vec<(SectionSpec, Vec<u8>)> = Vec::new();
        let bytes_pool = writer.bytes_pool();
        let mut pools: Vec<Vec<u8>> =
            writer.pools.iter_mut().map(|pool| std::mem::take(&mut pool.bytes)).collect();
        let heap_bytes = pools.pop().unwrap_or_default();
        let managers = graph.root_sections();
        for (number, body) in (0..).zip(pools) {
            let spec = match number {
                HEAP => spec(framework::HEAP, SegmentKind::Rw, 0),
                WORDS => spec(framework::WORDS, SegmentKind::Rw, 0),
                HYDRATION => spec(framework::HYDRATION, SegmentKind::Rw, 0),
                ROOT => spec(framework::ROOT, SegmentKind::Rw, root_hash),
                manager => {
                    let (section, ty) = managers[(manager - FIRST_MANAGER) as usize];
                    SectionSpec::new(section.name, SegmentKind::Rw, section.version, graph.hash(ty))
                }
            };
            sections.push((spec, body));
        }
        let (arenas, starts) = encode_arenas(plan);
        sections.push((spec(framework::BYTES, SegmentKind::Ro, 0), heap_bytes));
        sections.push((spec(framework::STARTS, SegmentKind::Ro, 0), starts));
        let symbols = writer.symbols.take().unwrap_or_default();
        sections.push((spec(crate::symbols::SECTION, SegmentKind::Ro, 0), symbols));
        sections.push((spec(framework::IMPORTS, SegmentKind::Imports, 0), vec![0; imports.slots_len()]));
        sections.push((spec(framework::ARENAS, SegmentKind::Meta, 0), arenas));
        sections.push((spec(native::SECTION, SegmentKind::Meta, 0), imports.encode()));
        sections.push((spec(crate::reloc::SECTION, SegmentKind::Meta, 0), relocations.encode()?));
        sections.push((spec(framework::SCHEMA, SegmentKind::Meta, root_hash), graph.text().into_bytes()));
        let layout = Layout::new(sections.iter().map(|(spec, body)| (spec.clone(), body.len() as u64)))?;
        let identity = Identity {
            name: R::NAME.to_owned(),
            version: R::VERSION,
            root_hash,
            natives_hash: native::natives_hash(imports.imports()),
            fingerprint: [0; 32],
        };
        let mut bodies: Vec<Vec<u8>> = sections.into_iter().map(|(_, body)| body).collect();

        let base = image::preferred_base(R::NAME);
        let imports_start = layout.section(framework::IMPORTS).map_or(0, |(_, placed)| placed.extent.offset);
        for (at, target) in std::mem::take(&mut writer.pointers) {
            let section = if target.pool == bytes_pool { bytes_pool } else { target.pool };
            let start = if section == IMPORTS {
                imports_start
            } else {
                layout.sections()[section as usize].extent.offset
            };
            let address = base + start + target.offset;
            let offset = at.offset as usize;
            bodies[at.pool as usize][offset..offset + 8].copy_from_slice(&address.to_le_bytes());
        }
        if layout.sections().first().map(|heap| base + heap.extent.offset)
            != heap_address::<R>(managers.len()).ok()
        {
            return Err(DumpError::Serialization {
                path: root_name::<R>(),
                problem: "the heap is not where its pointers say".to_owned(),
            });
        }
        Ok(Self { identity, layout, bodies, relocations: relocations.count() })
    }
}

/// The Arenas and ObjectStarts sections.
fn encode_arenas(plan: &Plan) -> (Vec<u8>, Vec<u8>) {
    let mut records = Vec::with_capacity(plan.arenas.len() * ARENA_RECORD);
    let mut starts: Vec<u8> = Vec::new();
    for arena in &plan.arenas {
        let stride = if arena.offsets.is_some() { 0 } else { arena.ty.size as u64 };
        records.extend_from_slice(&arena.ordinal.to_le_bytes());
        records.extend_from_slice(&0_u32.to_le_bytes());
        let numbers = [
            arena.first,
            arena.objects.len() as u64,
            stride,
            arena.bytes,
            arena.side,
            starts.len() as u64,
            0,
        ];
        for number in numbers {
            records.extend_from_slice(&number.to_le_bytes());
        }
        if let Some(offsets) = &arena.offsets {
            let mut bitmap = vec![0_u64; (arena.bytes / 8).div_ceil(64) as usize];
            for offset in offsets {
                bitmap[(offset / 8 / 64) as usize] |= 1 << (offset / 8 % 64);
            }
            starts.extend(bitmap.iter().flat_map(|word| word.to_le_bytes()));
        }
    }
    (records, starts)
}
