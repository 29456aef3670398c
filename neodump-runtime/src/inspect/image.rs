//! An image: what its header and tables say, as plain data over its bytes.

use std::collections::HashMap;
use std::marker::PhantomData;

use super::arena::{Arena, Object, Sizes, Starts};
use super::schema::{Schema, TypeId};
use crate::bounds::{Extent, to_u64};
use crate::dump::framework;
use crate::error::{DumpError, Result};
use crate::heap::{ArenaSections, ArenaTable, ArenaType};
use crate::image::{self, ImageHeader, Placed, SegmentKind};
use crate::load::check_sections;
use crate::native::{self, Import};
use crate::reloc::{self, Relocations};
use crate::symbols::{self, Frozen, Symbol};

/// An image of any machine, over the bytes of its file.
///
/// What it hands out is in bounds of the file. Whether the bytes are those that were written is for
/// [`verify`](Self::verify).
#[derive(Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    header: ImageHeader,
    relocations: Relocations<'a>,
    symbols: Option<Symbols<'a>>,
    natives: Vec<Import<'a>>,
    schema_text: &'a str,
    schema: Schema<'a>,
    arenas: Vec<Arena<'a>>,
    /// The place of the arena of each type in `arenas`.
    arena_of: HashMap<TypeId, usize>,
    payloads: u64,
}

/// A symbol table with the lifetime of its bytes.
#[derive(Debug)]
struct Symbols<'a> {
    frozen: Frozen,
    bytes: PhantomData<&'a [u8]>,
}

/// A section of an image.
#[derive(Debug, Clone, Copy)]
pub struct Section<'i> {
    /// Its place in the section table.
    pub number: u32,
    /// Its name.
    pub name: &'i str,
    /// The segment that it is in.
    pub segment: SegmentKind,
    /// The version that its author gave it.
    pub version: u32,
    /// The hash of the schema of what it holds; 0 for most of the framework's own.
    pub schema_hash: u64,
    /// The checksum that the writer recorded.
    pub checksum: u64,
    /// Where it is, without the padding after it.
    pub extent: Extent,
    /// The same with the padding: what the checksum covers.
    pub covered: Extent,
}

impl<'a> Image<'a> {
    /// Reads header, tables, schema and arenas of the image whose file is `bytes`, at any address.
    ///
    /// What it costs does not depend on the number of objects, but for those of varying sizes, whose
    /// starts are counted.
    ///
    /// # Errors
    ///
    /// Those of a load for a file that is no image, of another container version, truncated, or whose
    /// tables are damaged. Damage to the sections' contents is found by [`verify`](Self::verify).
    pub fn of(bytes: &'a [u8]) -> Result<Self> {
        let header = ImageHeader::parse(bytes, to_u64(bytes.len()))?;
        let section = |name: &str| {
            let placed = header.section(name);
            let placed = placed
                .ok_or_else(|| DumpError::format(name, 0, "the section is missing from the section table"))?;
            let body = placed.extent.of(bytes).ok_or_else(|| {
                DumpError::format(name, placed.extent.offset, "the file ends in the section")
            })?;
            Ok::<_, DumpError>((placed, body))
        };
        let (placed, text) = section(framework::SCHEMA)?;
        let schema_text = std::str::from_utf8(text).map_err(|error| {
            let at = placed.extent.offset.saturating_add(to_u64(error.valid_up_to()));
            DumpError::format(framework::SCHEMA, at, "text is not UTF-8")
        })?;
        let schema = Schema::parse(schema_text, placed.extent.offset)?;
        check_sections(&header, schema.managers().map(|(name, _)| name))?;

        let (placed, body) = section(reloc::SECTION)?;
        let relocations = header.decode_relocations(placed, body, header.segment(SegmentKind::Rw))?;
        let (placed, body) = section(native::SECTION)?;
        let natives = native::decode(body).map_err(|error| error.within(placed.extent.offset))?;
        if native::natives_hash(&natives) != header.identity().natives_hash {
            let problem = "the natives are not those of the header";
            return Err(DumpError::format(native::SECTION, placed.extent.offset, problem));
        }
        let (placed, body) = section(symbols::SECTION)?;
        let symbols = Symbols::of(body).map_err(|error| error.within(placed.extent.offset))?;

        let (table, rows) = section(framework::ARENAS)?;
        let (heap, _) = section(framework::HEAP)?;
        let (hydration, _) = section(framework::HYDRATION)?;
        let (starts, bitmaps) = section(framework::STARTS)?;
        let places = ArenaSections {
            table: table.extent.offset,
            heap: heap.extent,
            hydration: hydration.extent,
            starts: starts.extent,
        };
        let table = ArenaTable::read(rows, &arena_types(&schema), places)?;
        let arenas = arenas(&table, &schema, places, bitmaps)?;
        let arena_of = arenas.iter().map(Arena::ty).zip(0..).collect();
        let payloads = hydration.extent.offset.saturating_add(table.side_end);
        Ok(Self {
            bytes,
            relocations,
            symbols,
            natives,
            schema_text,
            schema,
            arenas,
            arena_of,
            payloads,
            header,
        })
    }

    /// Compares the checksum of every section with the one that the writer recorded, and the padding
    /// between sections with zeros: one pass over the file.
    ///
    /// # Errors
    ///
    /// [`DumpError::ChecksumMismatch`] for the first section that differs.
    pub fn verify(&self) -> Result<()> {
        image::verify_bytes(self.bytes, &self.header)?;
        image::verify_padding_bytes(self.bytes, &self.header)
    }

    /// All bytes of the file.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes at `extent`, if the file has them.
    pub fn bytes_at(&self, extent: Extent) -> Option<&'a [u8]> {
        extent.of(self.bytes)
    }

    /// The number of eight bytes at `offset`, if the file has them.
    pub fn number_at(&self, offset: u64) -> Option<u64> {
        let bytes = self.bytes_at(Extent::new(offset, 8))?;
        bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// The header, with the places of segments and sections.
    pub fn header(&self) -> &ImageHeader {
        &self.header
    }

    /// All sections, in the order of the file.
    pub fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        let sections = self.header.sections().iter().zip(self.header.checksums());
        (0..).zip(sections).map(|(number, (placed, sum))| Section::of(number, placed, *sum))
    }

    /// The section called `name`.
    pub fn section(&self, name: &str) -> Option<Section<'_>> {
        self.sections().find(|section| section.name == name)
    }

    /// The section that has the byte at `offset`.
    pub fn section_at(&self, offset: u64) -> Option<Section<'_>> {
        // Of those that start at one offset only the last has bytes.
        let sections = self.header.sections();
        let number = sections.partition_point(|placed| placed.extent.offset <= offset).checked_sub(1)?;
        let placed = sections.get(number).filter(|placed| placed.extent.holds(offset))?;
        let checksum = self.header.checksums().get(number).copied()?;
        Some(Section::of(u32::try_from(number).ok()?, placed, checksum))
    }

    /// The words that hold addresses: see [`relocated`](Self::relocated).
    pub fn relocations(&self) -> &Relocations<'a> {
        &self.relocations
    }

    /// The natives that the image needs, in the order of their slots.
    pub fn natives(&self) -> &[Import<'a>] {
        &self.natives
    }

    /// The number of symbols: their ids are `0..symbol_count`.
    pub fn symbol_count(&self) -> u32 {
        self.symbols.as_ref().map_or(0, |symbols| symbols.frozen.len())
    }

    /// The name of the symbol with this id.
    pub fn symbol(&self, id: u32) -> Option<&[u8]> {
        self.symbols.as_ref()?.frozen.name(Symbol::from_id(id))
    }

    /// The id of the interned symbol of this name.
    pub fn symbol_of(&self, name: &[u8]) -> Option<u32> {
        self.symbols.as_ref()?.frozen.lookup(name).map(|symbol| symbol.id())
    }

    /// Checks every byte of the symbol table.
    pub(super) fn audit_symbols(&self) -> Result<()> {
        let start = self.section(symbols::SECTION).map_or(0, |section| section.extent.offset);
        let audited = self.symbols.as_ref().map_or(Ok(()), |symbols| symbols.frozen.audit());
        audited.map_err(|error| error.within(start))
    }

    /// Whether the symbol with this id is the one that its name looks up.
    pub fn is_interned(&self, id: u32) -> bool {
        self.symbols.as_ref().is_some_and(|symbols| symbols.frozen.is_interned(Symbol::from_id(id)))
    }

    /// The schema as it stands in the file.
    pub fn schema_text(&self) -> &'a str {
        self.schema_text
    }

    /// The schema as a table of types.
    pub fn schema(&self) -> &Schema<'a> {
        &self.schema
    }

    /// All arenas, in the order of the file.
    pub fn arenas(&self) -> &[Arena<'a>] {
        &self.arenas
    }

    /// The arena of a heap object type.
    pub fn arena_of(&self, ty: TypeId) -> Option<&Arena<'a>> {
        self.arenas.get(self.arena_number(ty)?)
    }

    /// The place of the arena of a heap object type in [`arenas`](Self::arenas).
    pub fn arena_number(&self, ty: TypeId) -> Option<usize> {
        self.arena_of.get(&ty).copied()
    }

    /// The number of objects of all types.
    pub fn object_count(&self) -> u64 {
        self.arenas.iter().map(|arena| arena.count).sum()
    }

    /// All objects, arena by arena.
    pub fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        self.arenas.iter().flat_map(Arena::objects)
    }

    /// The object that has the byte at `offset`.
    pub fn object_at(&self, offset: u64) -> Option<Object> {
        // Of those that start at one offset only the last has objects.
        let after = self.arenas.partition_point(|arena| arena.extent.offset <= offset);
        self.arenas.get(after.checked_sub(1)?)?.object_at(offset)
    }

    /// The side record of an object: where its hydrated fields are.
    pub fn side_record(&self, object: Object) -> Option<Extent> {
        self.arena_of(object.ty)?.side_record(object.index).filter(|extent| extent.length > 0)
    }

    /// Where the payloads of objects start: behind all side records of section `Hydration`.
    pub fn payloads_start(&self) -> u64 {
        self.payloads
    }
}

impl<'i> Section<'i> {
    fn of(number: u32, placed: &'i Placed, checksum: u64) -> Self {
        Self {
            number,
            name: &placed.spec.name,
            segment: placed.spec.segment,
            version: placed.spec.version,
            schema_hash: placed.spec.schema_hash,
            checksum,
            extent: placed.extent,
            covered: placed.covered,
        }
    }
}

impl<'a> Symbols<'a> {
    fn of(bytes: &'a [u8]) -> Result<Option<Self>> {
        if bytes.is_empty() {
            return Ok(None);
        }
        // SAFETY: the bytes are borrowed for as long as the table is used, so they are readable and
        // do not change.
        let frozen = unsafe { Frozen::new(bytes.as_ptr(), bytes.len()) }?;
        Ok(Some(Self { frozen, bytes: PhantomData }))
    }
}

/// The heap object types of a schema, as the table of arenas needs them.
fn arena_types<'s>(schema: &'s Schema<'_>) -> Vec<ArenaType<'s>> {
    let types = schema.objects().iter().filter_map(|id| {
        let ty = schema.types().get(id.index())?;
        let object = ty.object()?;
        Some(ArenaType {
            name: ty.name(),
            size: object.size,
            side: object.side,
            tail: object.tail.is_some(),
            hydrated: !ty.in_place(),
            rw: ty.rw(),
        })
    });
    types.collect()
}

fn arenas<'a>(
    table: &ArenaTable,
    schema: &Schema<'_>,
    sections: ArenaSections,
    bitmaps: &'a [u8],
) -> Result<Vec<Arena<'a>>> {
    let mut arenas = Vec::with_capacity(table.places.len());
    for place in &table.places {
        // The table has one place for each heap object type of the schema.
        let Some(&ty) = schema.objects().get(place.ordinal) else { continue };
        let Some(object) = schema.ty(ty).object() else { continue };
        let sizes = match place.starts {
            None => Sizes::Equal(object.size),
            Some((start, words)) => {
                let bitmap = Extent::new(start, words.saturating_mul(8));
                let at = sections.starts.offset.saturating_add(start);
                let bytes = bitmap.of(bitmaps).unwrap_or(&[]);
                Sizes::Varying(Starts::new(bytes, place.count, place.bytes, at)?)
            }
        };
        // The table was found in bounds of its sections, and these are in the file.
        let (first, side) = (sections.heap.offset + place.first, sections.hydration.offset + place.side);
        arenas.push(Arena {
            ty,
            ordinal: place.ordinal,
            count: place.count,
            extent: Extent::new(first, place.bytes),
            side: Extent::new(side, place.count.saturating_mul(object.side)),
            side_size: object.side,
            sizes,
        });
    }
    Ok(arenas)
}
