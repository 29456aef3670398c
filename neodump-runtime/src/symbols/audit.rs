//! The audit of a SymbolTable section: what makes its parts agree, checked on untrusted bytes.

use super::layout::{ENTRY, NAME, SYMBOL, get_u32};
use super::{Frozen, SECTION, Symbol, hash_name};
use crate::error::{DumpError, Result};

impl Frozen {
    /// Checks every byte of the section.
    ///
    /// Afterwards each symbol has a name, no two names are equal, each name is found through the
    /// index, each interned symbol is found by its own name and no other symbol is, every probe ends,
    /// and no byte is unaccounted for. Takes time linear in the section's length (with a sort of the
    /// names that collide in the index), whatever the bytes are. Offsets in errors count from the
    /// start of the section.
    pub fn audit(&self) -> Result<()> {
        self.audit_symbols()?;
        let hashes = self.audit_names()?;
        self.audit_entries()?;
        self.audit_probes(&hashes)
    }

    /// Symbols use the names in the order of the records, all of them, and the gap is zero.
    fn audit_symbols(&self) -> Result<()> {
        let layout = self.layout();
        let mut next = 0;
        for id in 0..layout.symbols {
            let at = layout.symbols_at + id as usize * SYMBOL;
            match get_u32(self.bytes(), at) {
                Some(name) if name < next => {}
                Some(name) if name == next && next < layout.names => next += 1,
                found => {
                    let found = found.map_or_else(|| "nothing".to_owned(), |name| name.to_string());
                    let problem =
                        format!("symbol {id} has name {found}, expected at most {next} of {}", layout.names);
                    return Err(DumpError::format(SECTION, at as u64, problem));
                }
            }
        }
        if next != layout.names {
            let problem = format!("{next} of {} names belong to a symbol", layout.names);
            return Err(DumpError::format(SECTION, layout.symbols_at as u64, problem));
        }
        let gap = layout.symbols_at + layout.symbols as usize * SYMBOL..layout.bytes_at;
        match self.bytes().get(gap.clone()) {
            Some(zeros) if zeros.iter().all(|&byte| byte == 0) => Ok(()),
            _ => {
                Err(DumpError::format(SECTION, gap.start as u64, "the gap before the name bytes is not zero"))
            }
        }
    }

    /// Names lie one after the other, fill the name bytes, and are interned as a symbol of theirs.
    /// Gives the hash of each.
    fn audit_names(&self) -> Result<Vec<u64>> {
        let layout = self.layout();
        let mut hashes = Vec::with_capacity(layout.names as usize);
        let mut end = 0;
        for name in 0..layout.names {
            let at = (layout.names_at + name as usize * NAME) as u64;
            let (Some((offset, len, symbol)), Some(bytes)) = (self.name_record(name), self.name_bytes(name))
            else {
                return Err(DumpError::format(
                    SECTION,
                    at,
                    format!("name {name} does not lie in the name bytes"),
                ));
            };
            if offset != end {
                let problem = format!("name {name} lies at {offset}, expected {end}");
                return Err(DumpError::format(SECTION, at, problem));
            }
            end += len;
            // Zero says that no symbol of this name is interned.
            if let Some(symbol) = symbol.checked_sub(1)
                && self.name_id(Symbol::from_id(symbol)) != Some(name)
            {
                let problem =
                    format!("name {name} is interned as symbol {symbol}, which does not have that name");
                return Err(DumpError::format(SECTION, at + 12, problem));
            }
            hashes.push(hash_name(bytes));
        }
        if end != layout.bytes_len {
            let problem = format!("names take {end} bytes, expected {}", layout.bytes_len);
            return Err(DumpError::format(SECTION, layout.bytes_at as u64, problem));
        }
        Ok(hashes)
    }

    /// The index has each name exactly once.
    fn audit_entries(&self) -> Result<()> {
        let layout = self.layout();
        let mut seen = vec![false; layout.names as usize];
        for at in 0..layout.entries {
            let (upper, id) = self.entry(at).unwrap_or_default();
            let Some(name) = id.checked_sub(1) else {
                if upper != 0 {
                    return Err(self.entry_error(at, "an empty entry has a hash".to_owned()));
                }
                continue;
            };
            match seen.get_mut(name as usize) {
                Some(seen) if !*seen => *seen = true,
                Some(_) => return Err(self.entry_error(at, format!("name {name} has a second entry"))),
                None => {
                    let problem = format!("an entry has name {name} of {}", layout.names);
                    return Err(self.entry_error(at, problem));
                }
            }
        }
        match seen.iter().position(|&seen| !seen) {
            None => Ok(()),
            Some(name) => {
                let problem = format!("name {name} has no entry in the index");
                Err(DumpError::format(SECTION, layout.index_at as u64, problem))
            }
        }
    }

    /// Each name is found by probing from its hash, and no two names are equal.
    ///
    /// Equal names have equal hashes and therefore lie in one run of full entries, so it is enough
    /// to compare within runs.
    fn audit_probes(&self, hashes: &[u64]) -> Result<()> {
        let layout = self.layout();
        let full = |at: usize| self.entry(at).and_then(|(upper, id)| Some((upper, id.checked_sub(1)?)));
        let mask = layout.entries - 1;
        let Some(empty) = (0..layout.entries).find(|&at| full(at).is_none()) else {
            return Err(
                self.entry_error(0, "the index has no empty entry, expected at least half".to_owned())
            );
        };
        let mut run = Vec::new();
        // From one empty entry around to the same one, so that no run is cut in two.
        for step in 1..=layout.entries {
            let at = (empty + step) & mask;
            let Some((upper, name)) = full(at) else {
                self.audit_run(&mut run)?;
                run.clear();
                continue;
            };
            let Some(&hash) = hashes.get(name as usize) else {
                return Err(self.entry_error(at, format!("an entry has name {name} of {}", layout.names)));
            };
            if upper != (hash >> 32) as u32 {
                let problem = format!("name {name} has hash {upper:#x}, expected {:#x}", hash >> 32);
                return Err(self.entry_error(at, problem));
            }
            let distance = at.wrapping_sub(hash as usize) & mask;
            if distance > run.len() {
                return Err(self.entry_error(at, format!("name {name} cannot be reached from its hash")));
            }
            run.push((hash, name));
        }
        Ok(())
    }

    /// No two names of a run are equal.
    fn audit_run(&self, run: &mut [(u64, u32)]) -> Result<()> {
        run.sort_unstable();
        for same in run.chunk_by_mut(|one, other| one.0 == other.0).filter(|same| same.len() > 1) {
            same.sort_unstable_by_key(|&(_, name)| self.name_bytes(name));
            for pair in same.windows(2) {
                let (one, other) = (pair[0].1, pair[1].1);
                if self.name_bytes(one) == self.name_bytes(other) {
                    let at = self.layout().names_at + one.max(other) as usize * NAME;
                    let problem = format!("names {one} and {other} are equal");
                    return Err(DumpError::format(SECTION, at as u64, problem));
                }
            }
        }
        Ok(())
    }

    fn entry_error(&self, at: usize, problem: String) -> DumpError {
        DumpError::format(SECTION, (self.layout().index_at + at * ENTRY) as u64, problem)
    }
}
