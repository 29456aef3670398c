//! Fontsets: which fonts are tried for which characters, in which order.

use super::font::FontSpec;
use super::table::Table;
use crate::machine::Vm;
use crate::managers::LispString;
use crate::rt::{Dumpable, ImageVec};
use neodump_runtime::global::ByThread;
use std::thread::ThreadId;

/// What is tried for a character.
#[derive(Dumpable, Clone, Debug)]
#[repr(C, u8)]
pub enum FontChoice {
    /// A font like this.
    Font(FontSpec),
    /// None: what comes after is not tried.
    Nothing,
}

/// The fonts for some characters.
#[derive(Dumpable, Clone, Debug)]
#[repr(C)]
pub struct FontRange {
    /// The first character.
    pub from: u32,
    /// The last character.
    pub to: u32,
    /// What is tried, in order.
    pub choices: ImageVec<FontChoice>,
}

/// A fontset.
#[derive(Dumpable, Clone, Debug, Default)]
#[repr(C)]
pub struct Fontset {
    /// By character; ranges do not overlap and go up.
    pub ranges: ImageVec<FontRange>,
    /// What is tried when nothing else has the character: not set is not the same as set to nothing.
    pub fallback: Fallback,
}

/// What is tried at last.
#[derive(Dumpable, Clone, Debug, Default)]
#[repr(C, u8)]
pub enum Fallback {
    /// The default fontset decides.
    #[default]
    Inherited,
    /// These, in order.
    Choices(ImageVec<FontChoice>),
}

/// How a font is put among those that are there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Add {
    /// It replaces them.
    Replace,
    /// It is tried first.
    Prepend,
    /// It is tried last.
    Append,
}

impl Add {
    fn put(self, choices: &mut ImageVec<FontChoice>, choice: FontChoice) {
        choices.with_vec(|choices| match self {
            Add::Replace => *choices = vec![choice],
            Add::Prepend => choices.insert(0, choice),
            Add::Append => choices.push(choice),
        });
    }
}

impl Fontset {
    /// Adds what is tried for the characters from one to another, both among them.
    pub fn add(&mut self, from: u32, to: u32, choice: &FontChoice, add: Add) {
        let (mut ranges, mut next) = (Vec::with_capacity(self.ranges.len() + 2), from);
        for range in std::mem::take(&mut self.ranges).into_vec() {
            if range.to < from || range.from > to {
                ranges.push(range);
                continue;
            }
            // The part in front keeps what it has, the common part gets the font, the part behind keeps what it has.
            let FontRange { from: first, to: last, choices } = range;
            if first < from {
                ranges.push(FontRange { from: first, to: from - 1, choices: choices.clone() });
            }
            let (start, end) = (first.max(from), last.min(to));
            if next < start {
                ranges.push(FontRange { from: next, to: start - 1, choices: vec![choice.clone()].into() });
            }
            next = end + 1;
            if last > to {
                ranges.push(FontRange { from: to + 1, to: last, choices: choices.clone() });
            }
            let mut common = choices;
            add.put(&mut common, choice.clone());
            ranges.push(FontRange { from: start, to: end, choices: common });
        }
        if next <= to {
            ranges.push(FontRange { from: next, to, choices: vec![choice.clone()].into() });
        }
        ranges.sort_by_key(|range| range.from);
        self.ranges = ranges.into();
    }

    /// Adds what is tried at last.
    pub fn add_fallback(&mut self, choice: FontChoice, add: Add) {
        match &mut self.fallback {
            Fallback::Choices(choices) => add.put(choices, choice),
            Fallback::Inherited => self.fallback = Fallback::Choices(vec![choice].into()),
        }
    }

    /// What is tried for a character, in order.
    pub fn choices(&self, character: u32) -> &[FontChoice] {
        let at = self.ranges.partition_point(|range| range.to < character);
        match self.ranges.get(at).filter(|range| range.from <= character) {
            Some(range) => &range.choices,
            None => match &self.fallback {
                Fallback::Choices(choices) => choices,
                Fallback::Inherited => &[],
            },
        }
    }
}

/// All fontsets. The registry of the machine that runs belongs to the process: see [`crate::active`].
#[derive(Dumpable, Clone, Debug, Default)]
#[dump(section = "fontsets", version = 2)]
pub struct Fontsets {
    /// By full name, in the order of definition; the first is the default.
    fontsets: Table<LispString, Fontset>,
    /// Short names: alias, full name.
    aliases: ImageVec<(LispString, LispString)>,
    /// Counts changes: what a display has made of a fontset holds as long as this number.
    generation: u64,
}

impl Fontsets {
    /// The full name of a fontset, by itself or by an alias. Names have no case.
    pub fn resolve(&self, name: &LispString) -> Option<&LispString> {
        let is = |other: &LispString| other.bytes().eq_ignore_ascii_case(name.bytes());
        let alias = self.aliases.iter().find(|alias| is(&alias.0)).map(|alias| &alias.1);
        alias.or_else(|| self.names().find(|name| is(name)))
    }

    /// The full name of the default fontset.
    pub fn default_name(&self) -> Option<&LispString> {
        self.names().next()
    }

    /// A fontset by its full name.
    pub fn get(&self, name: &LispString) -> Option<&Fontset> {
        self.fontsets.get(name)
    }

    /// Changes a fontset, which is made if there is none of this full name.
    pub fn change(&mut self, name: &LispString, change: impl FnOnce(&mut Fontset)) {
        if self.get(name).is_none() {
            self.fontsets.insert(name.clone(), Fontset::default());
        }
        if let Some(fontset) = self.fontsets.get_mut(name) {
            change(fontset);
        }
        self.generation += 1;
    }

    /// Gives a fontset a short name.
    pub fn define_alias(&mut self, alias: LispString, name: LispString) {
        self.aliases.with_vec(|aliases| {
            aliases.retain(|old| old.0 != alias);
            aliases.push((alias, name));
        });
        self.generation += 1;
    }

    /// The short name of a fontset.
    pub fn alias_of(&self, name: &LispString) -> Option<&LispString> {
        self.aliases.iter().find(|alias| alias.1 == *name).map(|alias| &alias.0)
    }

    /// All full names, in the order of definition.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &LispString> {
        self.fontsets.iter().map(|(name, _)| name)
    }

    /// How often a fontset changed.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

/// The fontsets of all machines that run.
pub(crate) static ACTIVE: ByThread<Fontsets> = ByThread::new();

/// Reads the fontsets of the machine that runs on a thread, from any thread: what draws text does so on threads of its own.
/// `None` when no machine runs there.
pub fn with_active_on<R>(thread: ThreadId, read: impl FnOnce(&Fontsets) -> R) -> Option<R> {
    ACTIVE.with_active_on(thread, read)
}

impl Vm {
    /// Reads or changes the fontsets, wherever they are at the moment. What is called runs no Lisp.
    pub fn with_fontsets<R>(&mut self, f: impl FnOnce(&mut Fontsets) -> R) -> R {
        match self.fontsets.get_mut() {
            Some(fontsets) => f(fontsets),
            None => ACTIVE.with_mine(|active| f(active)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::font::FontSpec;
    use crate::rt::{ImageOption, Symbol};
    use proptest::prelude::*;

    fn font(n: u32) -> FontChoice {
        FontChoice::Font(FontSpec { family: ImageOption::some(Symbol::from_id(n)), ..FontSpec::default() })
    }

    fn families(choices: &[FontChoice]) -> Vec<u32> {
        let family = |choice: &FontChoice| match choice {
            FontChoice::Font(spec) => spec.family.get().map(|symbol| symbol.id()),
            FontChoice::Nothing => None,
        };
        choices.iter().filter_map(family).collect()
    }

    proptest! {
        #[test]
        fn every_character_has_the_fonts_that_its_ranges_were_given(
            steps in prop::collection::vec((0..40u32, 0..40u32, 0..3u8), 0..12),
        ) {
            let (mut fontset, mut model) = (Fontset::default(), vec![Vec::new(); 40]);
            for (n, (from, to, how)) in (0u32..).zip(steps) {
                let (from, to) = (from.min(to), from.max(to));
                let add = [Add::Replace, Add::Prepend, Add::Append][usize::from(how)];
                fontset.add(from, to, &font(n), add);
                for fonts in &mut model[from as usize..=to as usize] {
                    match add {
                        Add::Replace => *fonts = vec![n],
                        Add::Prepend => fonts.insert(0, n),
                        Add::Append => fonts.push(n),
                    }
                }
            }
            for (character, fonts) in (0u32..).zip(&model) {
                prop_assert_eq!(&families(fontset.choices(character)), fonts);
            }
            let overlap = fontset.ranges.windows(2).any(|pair| pair[0].to >= pair[1].from);
            prop_assert!(!overlap && fontset.ranges.iter().all(|range| range.from <= range.to));
        }
    }
}
