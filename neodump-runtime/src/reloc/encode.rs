//! The stored form of the relocations: classes, tables, runs, bitmaps.

use super::fields::{class, run, start, table};
use super::{Class, LONGEST_GAP, MAX_CLASSES, RelocationsBuilder, SECTION};
use crate::bounds::to_u64;
use crate::error::{DumpError, Result};

/// A stretch of bitmap words without a long gap: first and number.
type Run = (usize, usize);

impl RelocationsBuilder {
    /// The bytes of the section [`SECTION`].
    ///
    /// Refused: more than [`MAX_CLASSES`] classes, a shift above 63, and a word in two classes.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let tables: Vec<_> = self
            .tables
            .iter()
            .map(|(&(section, class), bitmap)| (section, class, bitmap.words(), runs(bitmap.words())))
            .filter(|(.., runs)| !runs.is_empty())
            .collect();
        let mut classes: Vec<Class> = tables.iter().map(|&(_, class, ..)| class).collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() > MAX_CLASSES {
            return Err(refuse(format!("{} relocation classes; use at most {MAX_CLASSES}", classes.len())));
        }
        if let Some(class) = classes.iter().find(|class| class.shift > 63) {
            return Err(refuse(format!("a relocation class is shifted by {}; use at most 63", class.shift)));
        }
        self.refuse_overlap()?;

        let run_count = tables.iter().map(|(.., runs)| runs.len()).sum::<usize>();
        let bitmap_count = tables.iter().flat_map(|(.., runs)| runs).map(|&(_, count)| count).sum::<usize>();
        let mut bytes = Vec::with_capacity(
            start::SIZE
                + classes.len() * class::SIZE
                + tables.len() * table::SIZE
                + run_count * run::SIZE
                + bitmap_count * size_of::<u64>(),
        );

        let mut record = [0; start::SIZE];
        start::CLASS_COUNT.put_number(&mut record, to_u64(classes.len()));
        start::TABLE_COUNT.put_number(&mut record, to_u64(tables.len()));
        start::RUN_COUNT.put_number(&mut record, to_u64(run_count));
        start::BITMAP_COUNT.put_number(&mut record, to_u64(bitmap_count));
        bytes.extend_from_slice(&record);
        for this in &classes {
            let mut record = [0; class::SIZE];
            class::BASE.put_number(&mut record, class::BASE_IMAGE);
            class::SHIFT.put_number(&mut record, u64::from(this.shift));
            bytes.extend_from_slice(&record);
        }
        for (section, this, _, runs) in &tables {
            let mut record = [0; table::SIZE];
            let number = classes.iter().position(|class| class == this).unwrap_or(0);
            table::SECTION.put_number(&mut record, u64::from(*section));
            table::CLASS.put_number(&mut record, to_u64(number));
            table::RUN_COUNT.put_number(&mut record, to_u64(runs.len()));
            bytes.extend_from_slice(&record);
        }
        let mut bitmap = 0;
        for &(first, count) in tables.iter().flat_map(|(.., runs)| runs) {
            let mut record = [0; run::SIZE];
            run::FIRST_WORD.put_number(&mut record, to_u64(first * 64));
            run::FIRST_BITMAP.put_number(&mut record, to_u64(bitmap));
            run::BITMAP_COUNT.put_number(&mut record, to_u64(count));
            bytes.extend_from_slice(&record);
            bitmap += count;
        }
        for (_, _, words, runs) in &tables {
            for &(first, count) in runs {
                bytes.extend(words.iter().skip(first).take(count).flat_map(|word| word.to_le_bytes()));
            }
        }
        Ok(bytes)
    }

    /// Refuses a word that two classes of a section list: it would move twice.
    fn refuse_overlap(&self) -> Result<()> {
        let mut tables = self.tables.iter().peekable();
        let mut seen: Vec<u64> = Vec::new();
        while let Some((&(section, _), bitmap)) = tables.next() {
            if tables.peek().is_none_or(|(next, _)| next.0 != section) && seen.is_empty() {
                continue;
            }
            if seen.len() < bitmap.words().len() {
                seen.resize(bitmap.words().len(), 0);
            }
            for (at, (seen, word)) in seen.iter_mut().zip(bitmap.words()).enumerate() {
                if *seen & word != 0 {
                    let index = at * 64 + (*seen & word).trailing_zeros() as usize;
                    return Err(refuse(format!(
                        "word {index} of section number {section} is in two relocation classes; list it in one"
                    )));
                }
                *seen |= word;
            }
            if tables.peek().is_none_or(|(next, _)| next.0 != section) {
                seen.clear();
            }
        }
        Ok(())
    }
}

/// The runs of `words`: they start and end with a word that is not zero, and more than
/// [`LONGEST_GAP`] zero words lie between them.
fn runs(words: &[u64]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, _) in words.iter().enumerate().filter(|&(_, &word)| word != 0) {
        match runs.last_mut() {
            Some((first, count)) if at - (*first + *count) <= LONGEST_GAP => *count = at - *first + 1,
            _ => runs.push((at, 1)),
        }
    }
    runs
}

fn refuse(problem: String) -> DumpError {
    DumpError::Serialization { path: format!("section {SECTION}"), problem }
}
