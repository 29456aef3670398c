//! Reading the relocations from untrusted bytes: after this, every listed word is a whole word of its
//! section and is listed once.

use super::fields::{class, run, start, table};
use super::{Class, LONGEST_GAP, MAX_CLASSES, PAGE, SECTION, WORD, WORDS_PER_BITMAP};
use crate::bounds::{Extent, Record, mul, to_u64, to_usize};
use crate::error::{DumpError, Result};

/// The words of one section in one class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    pub(super) section: u32,
    pub(super) class: Class,
    /// Where the section is in the file.
    pub(super) extent: Extent,
    pub(super) runs: &'a [[u8; run::SIZE]],
}

/// A stretch of words of a table, 64 to a bitmap word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    /// The number of the first word in its section, a multiple of 64.
    pub(super) first_word: u64,
    pub(super) bitmap: &'a [[u8; 8]],
}

/// All words to relocate, as they lie in the image: nothing is copied.
#[derive(Clone, Debug, Default)]
pub struct Relocations<'a> {
    pub(super) tables: Vec<Table<'a>>,
    bitmap: &'a [[u8; 8]],
    classes: Vec<Class>,
}

impl<'a> Relocations<'a> {
    /// Reads the section [`SECTION`], whose bytes lie at `base` in the file. `relocatable` gives the
    /// extent of a section by its number, or nothing if its words may not be relocated.
    pub fn decode(bytes: &'a [u8], base: u64, relocatable: impl Fn(u32) -> Option<Extent>) -> Result<Self> {
        let record = Record::read(bytes, 0, start::SIZE, SECTION, base)?;
        record.expect_zero(start::RESERVED)?;
        let class_count = record.number(start::CLASS_COUNT)?;
        if class_count > to_u64(MAX_CLASSES) {
            let problem = format!("found {class_count}, expected at most {MAX_CLASSES}");
            return Err(record.refuse(start::CLASS_COUNT, problem));
        }
        let mut rest = Rest { bytes, at: start::SIZE, base };
        let class_rows = rest.rows::<{ class::SIZE }>(class_count)?;
        let tables_at = rest.offset();
        let table_rows = rest.rows::<{ table::SIZE }>(record.number(start::TABLE_COUNT)?)?;
        let runs_at = rest.offset();
        let run_rows = rest.rows::<{ run::SIZE }>(record.number(start::RUN_COUNT)?)?;
        let bitmap = rest.rows::<8>(record.number(start::BITMAP_COUNT)?)?;
        rest.finish()?;

        let mut classes: Vec<Class> = Vec::with_capacity(class_rows.len());
        for row in class_rows {
            let record = Record::read(row, 0, class::SIZE, SECTION, base)?;
            record.expect(class::BASE, class::BASE_IMAGE)?;
            record.expect_zero(class::RESERVED)?;
            let shift = record.number(class::SHIFT)? as u8;
            if shift > 63 || classes.last().is_some_and(|last| last.shift >= shift) {
                return Err(
                    record.refuse(class::SHIFT, format!("found {shift}, expected ascending, at most 63"))
                );
            }
            classes.push(Class { shift });
        }

        let mut tables: Vec<Table<'a>> = Vec::with_capacity(table_rows.len());
        let mut runs = run_rows;
        let mut checker = RunChecker { bitmap, next_bitmap: 0, at: runs_at };
        for (row, at) in table_rows.iter().zip((tables_at..).step_by(table::SIZE)) {
            let record = Record::read(row, 0, table::SIZE, SECTION, at)?;
            let section = record.number32(table::SECTION)?;
            let extent = relocatable(section).ok_or_else(|| {
                record.refuse(table::SECTION, format!("section number {section} is not in segment rw"))
            })?;
            let number = record.number32(table::CLASS)?;
            let class = *classes
                .get(number as usize)
                .ok_or_else(|| record.refuse(table::CLASS, format!("there is no class {number}")))?;
            if tables.last().is_some_and(|last| (last.section, last.class) >= (section, class)) {
                return Err(record.refuse(table::SECTION, "the tables are not in ascending order"));
            }
            let count = record.number(table::RUN_COUNT)?;
            let (mine, others) = to_usize(count)
                .filter(|&count| count > 0)
                .and_then(|count| runs.split_at_checked(count))
                .ok_or_else(|| {
                    record.refuse(table::RUN_COUNT, format!("found {count}, {} left", runs.len()))
                })?;
            checker.check(mine, extent)?;
            runs = others;
            tables.push(Table { section, class, extent, runs: mine });
        }
        if !runs.is_empty() || checker.next_bitmap != to_u64(bitmap.len()) {
            return Err(DumpError::format(SECTION, runs_at, "runs or bitmap words belong to no table"));
        }
        let all = Self { tables, bitmap, classes };
        all.refuse_overlap(tables_at)?;
        Ok(all)
    }

    /// The classes, by shift.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The number of words listed: one pass over the bitmaps.
    pub fn count(&self) -> u64 {
        // Every bitmap word belongs to exactly one run.
        self.bitmap.iter().map(|word| u64::from(u64::from_le_bytes(*word).count_ones())).sum()
    }

    /// The number of words listed in section number `section`.
    pub fn count_in(&self, section: u32) -> u64 {
        let runs = self.tables_of(section).flat_map(|table| self.runs(table.runs));
        runs.flat_map(|run| run.bitmap).map(|word| u64::from(u64::from_le_bytes(*word).count_ones())).sum()
    }

    /// The number of distinct pages (4 KiB) that hold listed words: what relocation in place would write.
    pub fn pages(&self) -> u64 {
        let Some(end) = self.tables.iter().filter_map(|table| table.extent.end()).max() else { return 0 };
        let mut pages = vec![0u64; to_usize(end / PAGE / 64).map_or(0, |last| last + 1)];
        for table in &self.tables {
            for run in self.runs(table.runs) {
                for (word, bits) in (run.first_word..).step_by(64).zip(run.bitmap) {
                    let bits = u64::from_le_bytes(*bits);
                    if bits == 0 {
                        continue;
                    }
                    // 64 words are 512 bytes: they lie on one page, or on two that follow each other.
                    let byte = |index: u32| table.extent.offset + (word + u64::from(index)) * WORD;
                    let first = byte(bits.trailing_zeros()) / PAGE;
                    let last = byte(63 - bits.leading_zeros()) / PAGE;
                    for page in [first, last] {
                        if let Some(seen) = pages.get_mut((page / 64) as usize) {
                            *seen |= 1 << (page % 64);
                        }
                    }
                }
            }
        }
        pages.iter().map(|seen| u64::from(seen.count_ones())).sum()
    }

    /// Calls `visit` with every listed word: section number, word number in the section, class. By
    /// section, then class, then word.
    pub fn for_each(&self, mut visit: impl FnMut(u32, u64, Class)) {
        for table in &self.tables {
            for run in self.runs(table.runs) {
                for (word, bits) in (run.first_word..).step_by(64).zip(run.bitmap) {
                    let mut bits = u64::from_le_bytes(*bits);
                    while bits != 0 {
                        visit(table.section, word + u64::from(bits.trailing_zeros()), table.class);
                        bits &= bits - 1;
                    }
                }
            }
        }
    }

    /// Every listed word with its offset in the file, in the order of [`for_each`](Self::for_each).
    #[cfg(feature = "inspect")]
    pub(crate) fn places(&self) -> impl Iterator<Item = (u64, Class)> + '_ {
        self.tables.iter().flat_map(move |table| {
            self.words(table).flat_map(move |(first, bits)| {
                let mut bits = bits;
                std::iter::from_fn(move || {
                    let bit = (bits != 0).then(|| u64::from(bits.trailing_zeros()))?;
                    bits &= bits - 1;
                    // `decode` found the word inside of its section.
                    Some((table.extent.offset + (first + bit) * WORD, table.class))
                })
            })
        })
    }

    /// The class in which word number `word` of section number `section` is listed, if it is.
    pub fn class_of(&self, section: u32, word: u64) -> Option<Class> {
        let table = self.tables_of(section).find(|table| {
            let after = table.runs.partition_point(|run| first_word(run) <= word);
            let run = after.checked_sub(1).and_then(|at| table.runs.get(at)).map(|run| self.run(run));
            run.is_some_and(|run| {
                let index = word - run.first_word;
                let bits = run.bitmap.get((index / WORDS_PER_BITMAP) as usize);
                bits.is_some_and(|bits| u64::from_le_bytes(*bits) >> (index % WORDS_PER_BITMAP) & 1 == 1)
            })
        })?;
        Some(table.class)
    }

    fn tables_of(&self, section: u32) -> impl Iterator<Item = &Table<'a>> {
        let from = self.tables.partition_point(|table| table.section < section);
        self.tables.iter().skip(from).take_while(move |table| table.section == section)
    }

    pub(super) fn runs(&self, runs: &'a [[u8; run::SIZE]]) -> impl Iterator<Item = Run<'a>> {
        runs.iter().map(|run| self.run(run))
    }

    fn run(&self, row: &[u8; run::SIZE]) -> Run<'a> {
        let first = number(row, run::FIRST_BITMAP.offset);
        let extent = Extent::new(first, number(row, run::BITMAP_COUNT.offset));
        // `decode` found the run inside the bitmap; an empty run stands for the impossible.
        let bitmap = to_usize(extent.offset)
            .zip(extent.end().and_then(to_usize))
            .and_then(|(first, end)| self.bitmap.get(first..end))
            .unwrap_or(&[]);
        Run { first_word: first_word(row), bitmap }
    }

    /// Refuses a word that two classes of a section list.
    fn refuse_overlap(&self, at: u64) -> Result<()> {
        for (index, table) in self.tables.iter().enumerate() {
            let others =
                self.tables.iter().skip(index + 1).take_while(|other| other.section == table.section);
            for other in others {
                let mut mine = self.words(table);
                let mut theirs = self.words(other);
                let (mut a, mut b) = (mine.next(), theirs.next());
                while let (Some((word, bits)), Some((other_word, other_bits))) = (a, b) {
                    if word == other_word && bits & other_bits != 0 {
                        let both = word + u64::from((bits & other_bits).trailing_zeros());
                        let problem = format!(
                            "word {both} of section number {} is in the classes {} and {}",
                            table.section, table.class.shift, other.class.shift
                        );
                        return Err(DumpError::format(SECTION, at, problem));
                    }
                    if word <= other_word {
                        a = mine.next();
                    }
                    if other_word <= word {
                        b = theirs.next();
                    }
                }
            }
        }
        Ok(())
    }

    /// The bitmap words of `table`, each with the number of its first word.
    fn words(&self, table: &Table<'a>) -> impl Iterator<Item = (u64, u64)> {
        self.runs(table.runs).flat_map(|run| {
            (run.first_word..).step_by(64).zip(run.bitmap.iter().map(|bits| u64::from_le_bytes(*bits)))
        })
    }
}

/// The number of eight bytes at `offset` of a run record.
fn number(row: &[u8; run::SIZE], offset: usize) -> u64 {
    let (numbers, _) = row.as_chunks::<8>();
    numbers.get(offset / 8).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

pub(super) fn first_word(row: &[u8; run::SIZE]) -> u64 {
    number(row, run::FIRST_WORD.offset)
}

/// The bytes of the section that are not read yet.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
    base: u64,
}

impl<'a> Rest<'a> {
    fn offset(&self) -> u64 {
        self.base.saturating_add(to_u64(self.at))
    }

    fn rows<const N: usize>(&mut self, count: u64) -> Result<&'a [[u8; N]]> {
        let length = mul(count, to_u64(N));
        let bytes = length.and_then(|length| Extent::new(to_u64(self.at), length).of(self.bytes));
        let Some(bytes) = bytes else {
            let problem = format!("{count} records of {N} bytes expected, {} bytes left", self.left());
            return Err(DumpError::format(SECTION, self.offset(), problem));
        };
        self.at += bytes.len();
        let (rows, _) = bytes.as_chunks();
        Ok(rows)
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn finish(&self) -> Result<()> {
        match self.left() {
            0 => Ok(()),
            left => Err(DumpError::format(SECTION, self.offset(), format!("{left} bytes after the bitmaps"))),
        }
    }
}

/// Checks the runs of one table after the other: in order, apart, inside their section, and together
/// all of the bitmap.
struct RunChecker<'a> {
    bitmap: &'a [[u8; 8]],
    next_bitmap: u64,
    at: u64,
}

impl RunChecker<'_> {
    fn check(&mut self, runs: &[[u8; run::SIZE]], extent: Extent) -> Result<()> {
        // Only whole words are words.
        let words = extent.length / WORD;
        let mut lowest = 0;
        for row in runs {
            let record = Record::read(row, 0, run::SIZE, SECTION, self.at)?;
            record.expect(run::FIRST_BITMAP, self.next_bitmap)?;
            let first = first_word(row);
            if !first.is_multiple_of(WORDS_PER_BITMAP) || first < lowest {
                let problem = format!("found {first}, expected a multiple of 64, at least {lowest}");
                return Err(record.refuse(run::FIRST_WORD, problem));
            }
            let count = number(row, run::BITMAP_COUNT.offset);
            let bitmap = Extent::new(self.next_bitmap, count);
            let bits = to_usize(bitmap.offset)
                .zip(bitmap.end().and_then(to_usize))
                .and_then(|(from, to)| self.bitmap.get(from..to))
                .ok_or_else(|| {
                    record.refuse(run::BITMAP_COUNT, format!("there are no {count} bitmap words left"))
                })?;
            let ends = bits.first().zip(bits.last());
            let Some((first_bits, last_bits)) =
                ends.map(|(a, b)| (u64::from_le_bytes(*a), u64::from_le_bytes(*b)))
            else {
                return Err(record.refuse(run::BITMAP_COUNT, "the run is empty"));
            };
            if first_bits == 0 || last_bits == 0 {
                return Err(
                    record.refuse(run::FIRST_BITMAP, "the run starts or ends with a bitmap word of zero")
                );
            }
            let last = mul(count - 1, WORDS_PER_BITMAP)
                .and_then(|words| words.checked_add(first))
                .and_then(|word| word.checked_add(u64::from(63 - last_bits.leading_zeros())));
            if last.is_none_or(|last| last >= words) {
                let problem = format!("the run lists words after the {words} words of its section");
                return Err(record.refuse(run::FIRST_WORD, problem));
            }
            // The words of the run are words of a section, so these sums are small.
            lowest = first + (count + to_u64(LONGEST_GAP) + 1) * WORDS_PER_BITMAP;
            self.next_bitmap += count;
            self.at = self.at.saturating_add(to_u64(run::SIZE));
        }
        Ok(())
    }
}
