//! The Arenas section, read from untrusted bytes.

use crate::bounds::{self, Extent, Field, Record, to_u64};
use crate::error::{DumpError, Result};

/// The name of the section.
pub(crate) const SECTION: &str = "Arenas";
/// Arenas start at multiples of this.
pub(crate) const ARENA_ALIGN: u64 = 64;
/// The side records of an arena start at multiples of this.
pub(crate) const SIDE_ALIGN: u64 = 16;

/// The fields of an arena record.
mod field {
    use super::Field;

    pub(super) const TYPE: Field = Field::first("type", 4);
    pub(super) const RESERVED_A: Field = TYPE.then("reserved (1)", 4);
    pub(super) const OFFSET: Field = RESERVED_A.then("offset", 8);
    pub(super) const COUNT: Field = OFFSET.then("object count", 8);
    pub(super) const STRIDE: Field = COUNT.then("stride", 8);
    pub(super) const LENGTH: Field = STRIDE.then("length", 8);
    pub(super) const SIDE: Field = LENGTH.then("side offset", 8);
    pub(super) const STARTS: Field = SIDE.then("starts offset", 8);
    pub(super) const RESERVED_B: Field = STARTS.then("reserved (2)", 8);
}

/// Bytes of one record.
pub(crate) const ARENA_RECORD: usize = field::RESERVED_B.end();

/// What the table must agree with of one object type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArenaType<'n> {
    pub(crate) name: &'n str,
    /// Bytes of an object without its trailing array.
    pub(crate) size: u64,
    /// Bytes of a side record.
    pub(crate) side: u64,
    /// Whether objects have a trailing array, so that their sizes vary.
    pub(crate) tail: bool,
    pub(crate) hydrated: bool,
    pub(crate) rw: bool,
}

/// Where the sections are in the file that the table places arenas in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArenaSections {
    /// The start of the Arenas section.
    pub(crate) table: u64,
    pub(crate) heap: Extent,
    pub(crate) hydration: Extent,
    pub(crate) starts: Extent,
}

/// The place of one arena: in bounds of its sections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArenaPlace {
    /// The place of the type among the object types of the schema.
    pub(crate) ordinal: usize,
    /// In HeapImage.
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    /// The offset of the side records in Hydration.
    pub(crate) side: u64,
    /// The offset of the bitmap in ObjectStarts and its words of eight bytes, where sizes vary.
    pub(crate) starts: Option<(u64, u64)>,
}

/// The arenas of an image, in their order.
#[derive(Debug, Clone)]
pub(crate) struct ArenaTable {
    pub(crate) places: Vec<ArenaPlace>,
    heap_end: u64,
    starts_end: u64,
    /// Where the payloads in Hydration start.
    pub(crate) side_end: u64,
}

impl ArenaTable {
    /// Reads the table and compares it with the object types: the same types in the order that the
    /// format gives them, one after the other without gaps. Whether objects start where ObjectStarts
    /// says is for the audit. HeapImage and ObjectStarts end where the last arena says.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`] in section Arenas.
    pub(crate) fn read(table: &[u8], types: &[ArenaType<'_>], sections: ArenaSections) -> Result<Self> {
        let mut order: Vec<(usize, &ArenaType<'_>)> = types.iter().enumerate().collect();
        order.sort_by_key(|(ordinal, ty)| (ty.hydrated, ty.rw, *ordinal));
        let expected = order.len() * ARENA_RECORD;
        if table.len() != expected {
            let problem = format!("{} bytes, expected {expected} for {} types", table.len(), order.len());
            return Err(DumpError::format(SECTION, sections.table, problem));
        }
        let places = Vec::with_capacity(order.len());
        let mut read = Self { places, heap_end: 0, starts_end: 0, side_end: 0 };
        for ((ordinal, ty), row) in order.into_iter().zip(table.as_chunks::<ARENA_RECORD>().0) {
            let at = sections.table.saturating_add(to_u64(read.places.len() * ARENA_RECORD));
            let record = Record::read(row, 0, ARENA_RECORD, SECTION, at)?;
            read.arena(ordinal, ty, &record, at, sections)?;
        }
        let filled =
            [("HeapImage", sections.heap, read.heap_end), ("ObjectStarts", sections.starts, read.starts_end)];
        for (name, section, expected) in filled {
            if section.length != expected {
                let problem = format!("{} bytes, expected {expected} by the Arenas section", section.length);
                return Err(DumpError::format(name, section.offset, problem));
            }
        }
        Ok(read)
    }

    fn arena(
        &mut self,
        ordinal: usize,
        ty: &ArenaType<'_>,
        record: &Record<'_>,
        at: u64,
        sections: ArenaSections,
    ) -> Result<()> {
        let expect = |field: Field, found: u64, expected: Option<u64>| match expected {
            Some(expected) if expected == found => Ok(()),
            expected => {
                let expected = expected.map_or_else(|| "less".to_owned(), |number| number.to_string());
                let problem = format!("arena of {} has {} {found}, expected {expected}", ty.name, field.name);
                Err(DumpError::format(SECTION, at, problem))
            }
        };
        let first = record.number(field::OFFSET)?;
        let count = record.number(field::COUNT)?;
        let stride = record.number(field::STRIDE)?;
        let bytes = record.number(field::LENGTH)?;
        let side = record.number(field::SIDE)?;
        let start = record.number(field::STARTS)?;
        expect(field::TYPE, record.number(field::TYPE)?, Some(to_u64(ordinal)))?;
        expect(field::RESERVED_A, record.number(field::RESERVED_A)?, Some(0))?;
        expect(field::RESERVED_B, record.number(field::RESERVED_B)?, Some(0))?;
        expect(field::OFFSET, first, bounds::align_up(self.heap_end, ARENA_ALIGN))?;
        expect(field::SIDE, side, bounds::align_up(self.side_end, SIDE_ALIGN))?;
        expect(field::STARTS, start, Some(self.starts_end))?;
        let end = bounds::add(first, bytes).filter(|end| *end <= sections.heap.length);
        expect(field::LENGTH, bytes, end.map(|_| bytes))?;
        let mut starts = None;
        if ty.tail {
            expect(field::STRIDE, stride, Some(0))?;
            // Objects are aligned to eight bytes; ObjectStarts has a bit for each eight of the arena.
            expect(field::LENGTH, bytes, Some(bytes).filter(|bytes| bytes.is_multiple_of(8)))?;
            // Every object has at least eight bytes, so the count is bounded by the section.
            expect(field::COUNT, count, Some(count).filter(|count| *count <= bytes / 8))?;
            let words = (bytes / 8).div_ceil(64);
            let end = bounds::mul(words, 8).and_then(|len| bounds::add(start, len));
            let end = end.filter(|end| *end <= sections.starts.length);
            expect(field::LENGTH, bytes, end.map(|_| bytes))?;
            self.starts_end = end.unwrap_or(self.starts_end);
            starts = Some((start, words));
        } else {
            expect(field::STRIDE, stride, Some(ty.size))?;
            expect(field::LENGTH, bytes, bounds::mul(count, stride))?;
        }
        let side_end = bounds::mul(count, ty.side)
            .and_then(|len| bounds::add(side, len))
            .filter(|end| *end <= sections.hydration.length);
        expect(field::COUNT, count, side_end.map(|_| count))?;
        self.heap_end = end.unwrap_or(self.heap_end);
        self.side_end = side_end.unwrap_or(self.side_end);
        self.places.push(ArenaPlace { ordinal, first, count, bytes, side, starts });
        Ok(())
    }
}
