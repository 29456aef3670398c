//! Charsets: sets of characters and the codes they have in each.

use super::table::Table;
use crate::heap::Heap;
use crate::machine::Vm;
use crate::object::Vector;
use crate::rt::{Dumpable, ImageOption, ImageVec, Symbol};
use crate::value::{MOST_NEGATIVE_FIXNUM, MOST_POSITIVE_FIXNUM, Value};
use neodump_runtime::global::Active;
use std::cell::RefCell;

/// How codes become characters.
#[derive(Dumpable, Clone, Debug)]
#[repr(C, u8)]
pub enum Method {
    /// The index of a code and this number are the character.
    Offset(i64),
    /// A vector of codes and characters in turn, or a string: the name of a file that has them.
    Map(Value),
    /// Some codes of another charset.
    Subset(Subset),
    /// The characters of other charsets, each with what is added to its codes.
    Superset(ImageVec<(Symbol, i64)>),
}

/// Some codes of another charset.
#[derive(Dumpable, Clone, Copy, Debug)]
#[repr(C)]
pub struct Subset {
    /// The other charset.
    pub parent: Symbol,
    /// Its first code that is taken.
    pub min: i64,
    /// Its last code that is taken.
    pub max: i64,
    /// What is added to a code of the other charset to get one of this.
    pub offset: i64,
}

/// A charset.
#[derive(Dumpable, Clone, Debug)]
#[repr(C)]
pub struct Charset {
    /// Its number, from 0 in the order of definition.
    pub id: i64,
    /// How many bytes a code has, 1 to 4.
    pub dimension: i64,
    /// The least and the greatest value of each byte, the last byte of a code first.
    pub code_space: [i64; 8],
    /// The least code.
    pub min_code: i64,
    /// The greatest code.
    pub max_code: i64,
    /// The final byte that designates it in ISO 2022.
    pub iso_final: ImageOption<i64>,
    /// Its revision in ISO 2022.
    pub iso_revision: ImageOption<i64>,
    /// Its leading byte in the old internal encoding.
    pub emacs_mule_id: ImageOption<i64>,
    /// Whether the ASCII characters have their own codes.
    pub ascii_compatible: bool,
    /// Whether it is only for characters that no other charset has.
    pub supplementary: bool,
    /// A code that stands for none.
    pub invalid_code: ImageOption<i64>,
    /// How codes become characters.
    pub method: Method,
    /// What maps its characters to those of Unicode: a vector, the name of a file, or nil.
    pub unify_map: Value,
    /// Whether that map is in use.
    pub unified: bool,
    /// Its properties in order.
    pub plist: ImageVec<(Symbol, Value)>,
}

impl Charset {
    /// How many codes each byte has, the last byte first.
    fn widths(&self) -> [i64; 4] {
        let space = &self.code_space;
        [0, 2, 4, 6].map(|at| (space[at + 1] - space[at] + 1).max(1))
    }

    /// The place of a code among all codes of the code space.
    pub fn index(&self, code: i64) -> Option<i64> {
        if code < 0 || code >> (8 * self.dimension.clamp(1, 4)) != 0 {
            return None;
        }
        let (mut index, mut step) = (0, 1);
        for (nth, width) in self.widths().into_iter().enumerate().take(self.dimension.clamp(1, 4) as usize) {
            let byte = code >> (8 * nth) & 0xFF;
            if byte < self.code_space[nth * 2] || byte > self.code_space[nth * 2 + 1] {
                return None;
            }
            index += (byte - self.code_space[nth * 2]) * step;
            step *= width;
        }
        Some(index)
    }

    /// The code at a place.
    pub fn code(&self, index: i64) -> Option<i64> {
        let (mut code, mut rest) = (0, index);
        for (nth, width) in self.widths().into_iter().enumerate().take(self.dimension.clamp(1, 4) as usize) {
            code |= (self.code_space[nth * 2] + rest.rem_euclid(width)) << (8 * nth);
            rest = rest.div_euclid(width);
        }
        (rest == 0).then_some(code)
    }

    /// What a program could not have defined: codes are computed with these numbers as they are.
    fn check(&self) -> bool {
        let pairs = self.code_space.as_chunks::<2>().0;
        let space = pairs.iter().all(|[min, max]| 0 <= *min && min <= max && *max <= 255);
        let fixnum = |n: i64| (MOST_NEGATIVE_FIXNUM..=MOST_POSITIVE_FIXNUM).contains(&n);
        let method = match &self.method {
            Method::Offset(offset) => fixnum(*offset),
            Method::Map(_) => true,
            Method::Subset(subset) => fixnum(subset.offset),
            Method::Superset(parts) => parts.iter().all(|part| fixnum(part.1)),
        };
        space && (1..=4).contains(&self.dimension) && fixnum(self.min_code) && fixnum(self.max_code) && method
    }

    /// The place of the least code: characters are counted from there.
    fn first_index(&self) -> i64 {
        self.index(self.min_code).unwrap_or(0)
    }

    fn in_range(&self, code: i64) -> bool {
        (self.min_code..=self.max_code).contains(&code)
    }
}

/// The codes and characters of a map; none of a map that is a file's name, as no files of maps are read.
fn pairs(heap: &Heap, map: Value) -> impl Iterator<Item = (i64, i64)> {
    let slots = heap.get::<Vector>(map).map_or(&[][..], |vector| &vector.slots);
    slots.chunks_exact(2).filter_map(|pair| Some((pair[0].as_fixnum()?, pair[1].as_fixnum()?)))
}

/// All charsets of a machine. The registry of the machine that runs belongs to the thread: see [`crate::active`].
#[derive(Dumpable, Clone, Debug, Default)]
#[dump(section = "charsets", version = 1)]
pub struct Charsets {
    charsets: Table<Symbol, Charset>,
    /// Other names: name, charset.
    aliases: ImageVec<(Symbol, Symbol)>,
    /// All charsets, the most wanted first.
    priority: ImageVec<Symbol>,
    next_id: i64,
}

/// How many charsets may refer to each other in a row.
const DEPTH: usize = 16;
/// How many charsets may be asked for the code of one character.
const ASKED: usize = 256;

impl Charsets {
    /// Says which charset no program could have defined.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.charsets.iter().find(|(_, charset)| !charset.check()) {
            Some((name, _)) => {
                Err(format!("the charset with the name {} has codes that no charset has", name.id()))
            }
            None => Ok(()),
        }
    }

    /// The charset of a name or an alias.
    pub fn get(&self, name: Symbol) -> Option<&Charset> {
        self.charsets.get(&self.base(name))
    }

    /// The charset of a name or an alias, to write.
    pub fn get_mut(&mut self, name: Symbol) -> Option<&mut Charset> {
        let name = self.base(name);
        self.charsets.get_mut(&name)
    }

    /// The name that an alias stands for, else the name itself.
    pub fn base(&self, name: Symbol) -> Symbol {
        self.aliases.iter().find(|alias| alias.0 == name).map_or(name, |alias| alias.1)
    }

    /// Defines a charset. One that is new gets a number and the least priority.
    pub fn define(&mut self, name: Symbol, mut charset: Charset) {
        if self.aliases.iter().any(|alias| alias.0 == name) {
            self.aliases.with_vec(|aliases| aliases.retain(|alias| alias.0 != name));
        }
        match self.charsets.get(&name) {
            Some(old) => charset.id = old.id,
            None => {
                charset.id = self.next_id;
                self.next_id += 1;
                // A supplementary charset is asked after all others.
                let before = self.priority.iter().take_while(|&&other| !self.is_supplementary(other)).count();
                let at = if charset.supplementary { self.priority.len() } else { before };
                self.priority.with_vec(|priority| priority.insert(at, name));
            }
        }
        self.charsets.insert(name, charset);
    }

    fn is_supplementary(&self, name: Symbol) -> bool {
        self.charsets.get(&name).is_some_and(|charset| charset.supplementary)
    }

    /// Makes a name stand for a charset.
    pub fn define_alias(&mut self, alias: Symbol, charset: Symbol) {
        let base = self.base(charset);
        self.aliases.with_vec(|aliases| {
            aliases.retain(|old| old.0 != alias);
            aliases.push((alias, base));
        });
    }

    /// The names of all charsets and their aliases, the newest first.
    pub fn names(&self) -> Vec<Symbol> {
        let names = self.charsets.iter().map(|(name, _)| *name);
        names.chain(self.aliases.iter().map(|alias| alias.0)).collect::<Vec<_>>().into_iter().rev().collect()
    }

    /// All charsets, the most wanted first.
    pub fn priority(&self) -> &[Symbol] {
        &self.priority
    }

    /// Puts charsets before all others.
    pub fn prefer(&mut self, first: &[Symbol]) {
        let mut order: Vec<Symbol> = Vec::with_capacity(self.priority.len());
        let first = first.iter().map(|&name| self.base(name));
        for name in first.chain(self.priority.iter().copied()) {
            if !order.contains(&name) {
                order.push(name);
            }
        }
        self.priority = order.into();
    }

    /// The character of a code.
    pub fn decode(&self, name: Symbol, code: i64, heap: &Heap) -> Option<i64> {
        let (mut name, mut code) = (name, code);
        for _ in 0..DEPTH {
            let charset = self.get(name)?;
            if !charset.in_range(code) {
                return None;
            }
            if charset.unified
                && let Some(pair) = pairs(heap, charset.unify_map).find(|pair| pair.0 == code)
            {
                return Some(pair.1);
            }
            match &charset.method {
                Method::Offset(offset) => return Some(charset.index(code)? - charset.first_index() + offset),
                Method::Map(map) => {
                    return pairs(heap, *map).find(|pair| pair.0 == code).map(|pair| pair.1);
                }
                Method::Subset(subset) => {
                    (name, code) = (subset.parent, code - subset.offset);
                    if code < subset.min || code > subset.max {
                        return None;
                    }
                }
                Method::Superset(parts) => {
                    // The first part that has the code; parts of parts are parts of their own in every charset known.
                    let part = parts.iter().find(|&&(part, offset)| {
                        let inner = self.get(part);
                        inner.is_some_and(|p| p.in_range(code - offset) && p.index(code - offset).is_some())
                    })?;
                    (name, code) = (part.0, code - part.1);
                }
            }
        }
        None
    }

    /// The code of a character.
    pub fn encode(&self, name: Symbol, character: i64, heap: &Heap) -> Option<i64> {
        self.encode_within(name, character, heap, &mut Vec::new())
    }

    fn encode_within(
        &self,
        name: Symbol,
        character: i64,
        heap: &Heap,
        asked: &mut Vec<Symbol>,
    ) -> Option<i64> {
        let charset = self.get(name)?;
        // A charset that was asked once has no other answer, and so many are more than any program means.
        if asked.contains(&name) || asked.len() == ASKED {
            return None;
        }
        asked.push(name);
        let unified =
            charset.unified.then(|| pairs(heap, charset.unify_map).find(|pair| pair.1 == character));
        if let Some(Some(pair)) = unified {
            return Some(pair.0);
        }
        let code = match &charset.method {
            Method::Offset(offset) => {
                let index = character - offset + charset.first_index();
                if index < 0 { None } else { charset.code(index) }
            }
            Method::Map(map) => pairs(heap, *map).find(|pair| pair.1 == character).map(|pair| pair.0),
            Method::Subset(subset) => self
                .encode_within(subset.parent, character, heap, asked)
                .filter(|code| (subset.min..=subset.max).contains(code))
                .map(|code| code + subset.offset),
            Method::Superset(parts) => parts.iter().find_map(|&(part, offset)| {
                self.encode_within(part, character, heap, asked).map(|code| code + offset)
            }),
        };
        code.filter(|&code| charset.in_range(code))
    }
}

thread_local! {
    /// The registry of the machine that runs on this thread.
    pub(crate) static ACTIVE: RefCell<Active<Charsets>> = RefCell::default();
}

/// Reads the registry of the machine that runs on this thread; it is empty when none does. Code without a machine at
/// hand, such as that of a display, asks here.
///
/// # Panics
///
/// When called while the registry is changed.
pub fn with_active<R>(read: impl FnOnce(&Charsets) -> R) -> R {
    ACTIVE.with_borrow(|active| read(active))
}

impl Vm {
    /// Reads or changes the charsets, wherever they are at the moment. What is called runs no Lisp: a collection could
    /// not look at them.
    pub fn with_charsets<R>(&mut self, f: impl FnOnce(&mut Charsets, &Heap) -> R) -> R {
        match self.charsets.get_mut() {
            Some(charsets) => f(charsets, &self.heap),
            None => ACTIVE.with_borrow_mut(|active| f(active, &self.heap)),
        }
    }
}
