//! What changed between two schema texts, type by type and field by field.

mod change;
mod fields;
mod found;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

pub use change::{Change, ChangeKind, Width};

use self::found::Found;
use super::text::{SchemaText, TypeKind, TypeText, base_name};
use crate::shown::{LONGEST, shown_to};

/// The longest list of changes that is told.
const MOST: usize = 40;
/// The longest list of types that are compared two by two for renamed ones.
const MOST_RENAMED: usize = 64;

/// The changes from one schema to another: those that somebody made first, then what followed from them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchemaDiff {
    changes: Vec<Change>,
    /// How many there are besides.
    more: usize,
    /// Why a text could not be read, if one could not.
    unread: Option<String>,
}

impl SchemaDiff {
    /// The changes, the first forty.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// How many changes there are besides those of [`changes`](Self::changes).
    pub fn more(&self) -> usize {
        self.more
    }

    /// Whether the two say the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.unread.is_none()
    }

    /// Line by line what changed, the first forty changes. A line has about 400 characters at most.
    pub fn lines(&self) -> Vec<String> {
        let line = |change: &Change| shown_to(change.to_string(), LONGEST);
        let mut lines: Vec<String> = self.changes.iter().map(line).collect();
        if self.more > 0 {
            lines.push(format!("and {} more", self.more));
        }
        lines.extend(self.unread.clone());
        lines
    }
}

impl fmt::Display for SchemaDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

/// The changes from schema `old` to schema `new`, which are canonical texts.
///
/// ```
/// let old = "struct vm::Face: 4 bytes align 2 in place\n  weight: u16 at 2\n";
/// let new = "struct vm::Face: 4 bytes align 4 in place\n  weight: u32 at 0\n";
/// let diff = neodump_runtime::schema::diff(old, new);
/// assert_eq!(diff.lines()[0], "Face.weight u16 -> u32 (widened)");
/// ```
pub fn diff(old: &str, new: &str) -> SchemaDiff {
    match (SchemaText::parse(old), SchemaText::parse(new)) {
        (Ok(old), Ok(new)) => Comparison::new(&old, &new).diff(),
        (Err(error), _) | (_, Err(error)) => SchemaDiff {
            unread: Some(format!("what changed cannot be told: {error}")),
            ..SchemaDiff::default()
        },
    }
}

/// Two schemas, with the names that mean the same in both.
struct Comparison<'a> {
    old: &'a SchemaText<'a>,
    new: &'a SchemaText<'a>,
    /// The paths of types that look renamed, and their new ones.
    renamed: Vec<(&'a str, &'a str)>,
    /// For each name without its path the path, `None` where types of several paths have it.
    short: HashMap<&'a str, Option<&'a str>>,
}

impl<'a> Comparison<'a> {
    fn new(old: &'a SchemaText<'a>, new: &'a SchemaText<'a>) -> Self {
        let mut short: HashMap<&str, Option<&str>> = HashMap::new();
        for ty in old.types.iter().chain(&new.types) {
            let path = path(ty.name);
            let known = short.entry(base_name(path)).or_insert(Some(path));
            *known = known.filter(|known| *known == path);
        }
        let mut comparison = Self { old, new, renamed: Vec::new(), short };
        comparison.find_renamed();
        comparison
    }

    /// Pairs what is gone with what is new and made of the same.
    fn find_renamed(&mut self) {
        fn only<'a>(of: &'a SchemaText<'a>, than: &SchemaText<'_>) -> Vec<&'a TypeText<'a>> {
            let known: HashSet<&str> = than.types.iter().map(|ty| ty.name).collect();
            let own = of.types.iter().filter(|ty| ty.kind != TypeKind::Leaf);
            own.filter(|ty| !known.contains(ty.name)).collect()
        }
        let (gone, mut come) = (only(self.old, self.new), only(self.new, self.old));
        if gone.len() > MOST_RENAMED || come.len() > MOST_RENAMED {
            return;
        }
        for was in gone {
            let same = |is: &&TypeText<'_>| {
                if !may_be_same(was, is) {
                    return false;
                }
                let pair = [(path(was.name), path(is.name))];
                let mapped = |text: &str| replace(text, &pair).into_owned();
                mapped(was.name) == is.name && same_but_name(was, is, &mapped)
            };
            if let Some(found) = come.iter().position(same) {
                let is = come.remove(found);
                self.renamed.push((path(was.name), path(is.name)));
            }
        }
    }

    /// The new name of a type of the old schema.
    fn rename(&self, name: &str) -> String {
        replace(name, &self.renamed).into_owned()
    }

    /// A name without its path, where no other type has that name.
    fn label(&self, name: &str) -> String {
        let path = path(name);
        let short = base_name(path);
        match self.short.get(short) {
            Some(Some(_)) => name.replacen(path, short, 1),
            _ => name.to_owned(),
        }
    }

    fn diff(&self) -> SchemaDiff {
        let old_names: Vec<String> = self.old.types.iter().map(|ty| self.rename(ty.name)).collect();
        let old_keys = keys(old_names.iter().map(String::as_str));
        let new_keys = keys(self.new.types.iter().map(|ty| ty.name));
        let old: HashMap<_, usize> = old_keys.iter().copied().zip(0..).collect();
        let kept: HashSet<_> = new_keys.iter().copied().collect();
        // The old types are numbered after the new ones.
        let of_old = self.new.types.len();
        // What the framework's own types are made of follows from the fields that have them.
        let (mut found, mut leaves) = (Found::first(), Found::first());
        for (number, (ty, key)) in self.new.types.iter().zip(&new_keys).enumerate() {
            let before = old.get(key).and_then(|at| Some((at, self.old.types.get(*at)?)));
            let Some((at, before)) = before else {
                let found = if ty.kind == TypeKind::Leaf { &mut leaves } else { &mut found };
                found.of(number);
                found.made(|| ChangeKind::TypeAdded);
                continue;
            };
            if before.name != ty.name && ty.kind != TypeKind::Leaf {
                found.of(of_old + at);
                found.made(|| ChangeKind::TypeRenamed { to: ty.name.to_owned() });
            }
            found.of(number);
            self.compare(before, ty, &mut found);
        }
        for (number, (ty, key)) in (of_old..).zip(self.old.types.iter().zip(&old_keys)) {
            if !kept.contains(key) {
                let found = if ty.kind == TypeKind::Leaf { &mut leaves } else { &mut found };
                found.of(number);
                found.made(|| ChangeKind::TypeRemoved);
            }
        }
        let found = if found.is_empty() { leaves } else { found };
        let count = found.count();
        let changes = found.into_told().filter_map(|(number, kind)| {
            let ty = match number.checked_sub(of_old) {
                Some(number) => self.old.types.get(number)?,
                None => self.new.types.get(number)?,
            };
            let version = ty.section.map(|(_, version)| version);
            Some(Change { ty: self.label(ty.name), version, kind })
        });
        let changes: Vec<Change> = changes.collect();
        SchemaDiff { more: count.saturating_sub(changes.len()), changes, unread: None }
    }

    /// Tells the changes of one type.
    fn compare(&self, old: &TypeText<'_>, new: &TypeText<'_>, found: &mut Found) {
        if old.kind != new.kind {
            found.made(|| ChangeKind::Kind { from: old.kind.name(), to: new.kind.name() });
        }
        match (old.section, new.section) {
            (Some((from, was)), Some((to, is))) if from == to => {
                if was != is {
                    found.made(|| ChangeKind::Version { section: to.to_owned(), from: was, to: is });
                }
            }
            (None, None) => {}
            (from, to) => {
                let name = |section: Option<(&str, u32)>| section.map(|(name, _)| name.to_owned());
                found.made(|| ChangeKind::Section { from: name(from), to: name(to) });
            }
        }
        let rename = |name: &str| self.rename(name);
        variants(old, new, &rename, found);
        fields::compare(None, &old.fields, &new.fields, &rename, found);
        lists("note", &old.notes, &new.notes, found);
        let constant = |(ty, value): &(&str, &str)| format!("{ty} = {value}");
        let consts = |list: &[(&str, &str)]| list.iter().map(constant).collect::<Vec<_>>();
        lists("const", &consts(&old.consts), &consts(&new.consts), found);
        let params: Vec<String> = old.params.iter().map(|name| rename(name)).collect();
        lists("of", &params, &new.params, found);
        if old.repr != new.repr {
            let text = |repr: Option<&str>| repr.map(str::to_owned);
            found.made(|| ChangeKind::Line { what: "repr", from: text(old.repr), to: text(new.repr) });
        }
        properties(old, new, found);
    }
}

/// Tells the changes of the variants of an enum and of their fields.
fn variants(old: &TypeText<'_>, new: &TypeText<'_>, rename: &dyn Fn(&str) -> String, found: &mut Found) {
    let old_keys = keys(old.variants.iter().map(|variant| variant.name));
    let new_keys = keys(new.variants.iter().map(|variant| variant.name));
    let known: HashMap<_, usize> = old_keys.iter().copied().zip(0..).collect();
    let kept: HashSet<_> = new_keys.iter().copied().collect();
    let mut gone: Vec<usize> = (0..old.variants.len()).filter(|at| !kept.contains(&old_keys[*at])).collect();
    let come = new_keys.iter().filter(|key| !known.contains_key(*key)).count();
    let may_be_renamed = gone.len() <= MOST_RENAMED && come <= MOST_RENAMED;
    for (variant, key) in new.variants.iter().zip(&new_keys) {
        let (name, discriminant) = (variant.name, variant.discriminant);
        if let Some(before) = known.get(key).map(|at| &old.variants[*at]) {
            if before.discriminant != discriminant {
                let from = before.discriminant;
                found.made(|| ChangeKind::Discriminant { variant: name.to_owned(), from, to: discriminant });
            }
            fields::compare(Some(name), &before.fields, &variant.fields, rename, found);
            continue;
        }
        let same = |at: &usize| {
            let before = &old.variants[*at];
            if before.discriminant != discriminant || before.fields.len() != variant.fields.len() {
                return false;
            }
            let mut differ = Found::counted();
            fields::compare(None, &before.fields, &variant.fields, rename, &mut differ);
            differ.is_empty()
        };
        // The bound comes first: a file may have as many variants as it likes.
        let renamed = if may_be_renamed { gone.iter().position(same) } else { None };
        match renamed.map(|found| gone.remove(found)) {
            Some(was) => found.made(|| ChangeKind::VariantRenamed {
                from: old.variants[was].name.to_owned(),
                to: name.to_owned(),
            }),
            None => found.made(|| ChangeKind::VariantAdded { variant: name.to_owned(), discriminant }),
        }
    }
    for variant in gone.into_iter().map(|at| &old.variants[at]) {
        let (name, discriminant) = (variant.name, variant.discriminant);
        found.made(|| ChangeKind::VariantRemoved { variant: name.to_owned(), discriminant });
    }
}

/// Tells what is in one of two lists only: in pairs where each has as many of their own.
fn lists<A: AsRef<str>, B: AsRef<str>>(what: &'static str, old: &[A], new: &[B], found: &mut Found) {
    let (in_old, in_new): (HashSet<&str>, HashSet<&str>) =
        (old.iter().map(A::as_ref).collect(), new.iter().map(B::as_ref).collect());
    let gone: Vec<&str> = old.iter().map(A::as_ref).filter(|text| !in_new.contains(text)).collect();
    let come: Vec<&str> = new.iter().map(B::as_ref).filter(|text| !in_old.contains(text)).collect();
    let mut line = |from: Option<&str>, to: Option<&str>| {
        let text = |text: Option<&str>| text.map(str::to_owned);
        found.made(|| ChangeKind::Line { what, from: text(from), to: text(to) });
    };
    if gone.len() == come.len() {
        gone.iter().zip(&come).for_each(|(from, to)| line(Some(from), Some(to)));
    } else {
        gone.iter().for_each(|from| line(Some(from), None));
        come.iter().for_each(|to| line(None, Some(to)));
    }
    let same = old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.as_ref() == new.as_ref());
    if gone.is_empty() && come.is_empty() && !same {
        let text = |names: Vec<&str>| Some(names.join(", "));
        found.made(|| ChangeKind::Line {
            what,
            from: text(old.iter().map(A::as_ref).collect()),
            to: text(new.iter().map(B::as_ref).collect()),
        });
    }
}

/// Tells the numbers and flags that differ.
fn properties(old: &TypeText<'_>, new: &TypeText<'_>, found: &mut Found) {
    let mut push = |what, from: String, to: String| {
        if from != to {
            found.followed(|| ChangeKind::Property { what, from, to });
        }
    };
    let bytes = |size: u64| format!("{size} bytes");
    push("size", bytes(old.size), bytes(new.size));
    push("alignment", old.align.to_string(), new.align.to_string());
    let tier = |in_place| if in_place { "in place" } else { "hydrated" }.to_owned();
    push("tier", tier(old.in_place), tier(new.in_place));
    let flags = |flags: &[&str]| if flags.is_empty() { "none".to_owned() } else { flags.join(" ") };
    push("flags", flags(&old.flags), flags(&new.flags));
    match (old.object, new.object) {
        (Some(old), Some(new)) => {
            push("size of the object", bytes(old.size), bytes(new.size));
            push("alignment of the object", old.align.to_string(), new.align.to_string());
            let text = |kind: Option<u64>| kind.map_or_else(|| "none".to_owned(), |kind| kind.to_string());
            push("kind", text(old.kind), text(new.kind));
            push("side record", bytes(old.side), bytes(new.side));
            let text = |tail: Option<(u64, u64)>| {
                tail.map_or_else(|| "none".to_owned(), |(at, stride)| format!("at {at} stride {stride}"))
            };
            push("trailing array", text(old.tail), text(new.tail));
        }
        (old, new) => {
            let text = |object: bool| if object { "heap object" } else { "value" }.to_owned();
            push("role", text(old.is_some()), text(new.is_some()));
        }
    }
}

/// Whether two types are alike in what is compared at once.
fn may_be_same(old: &TypeText<'_>, new: &TypeText<'_>) -> bool {
    let of = |ty: &TypeText<'_>| {
        (ty.kind, ty.size, ty.align, ty.fields.len(), ty.variants.len(), ty.params.len(), ty.notes.len())
    };
    of(old) == of(new)
}

/// Whether two types differ in nothing but their names.
fn same_but_name(old: &TypeText<'_>, new: &TypeText<'_>, rename: &dyn Fn(&str) -> String) -> bool {
    let mut differ = Found::counted();
    variants(old, new, rename, &mut differ);
    fields::compare(None, &old.fields, &new.fields, rename, &mut differ);
    let params: Vec<String> = old.params.iter().map(|name| rename(name)).collect();
    lists("of", &params, &new.params, &mut differ);
    properties(old, new, &mut differ);
    differ.is_empty()
        && (old.kind, old.repr, &old.notes, &old.consts) == (new.kind, new.repr, &new.notes, &new.consts)
        && old.section.map(|(name, _)| name) == new.section.map(|(name, _)| name)
        // Types without anything of their own are alike without being the same.
        && !(old.fields.is_empty() && old.variants.is_empty() && old.notes.is_empty())
}

/// What finds a name again: how many of the same were before it, too.
fn keys<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    names
        .map(|name| {
            let count = counts.entry(name).or_insert(0);
            *count += 1;
            (name, *count)
        })
        .collect()
}

/// A name without its parameters.
fn path(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}

/// The text with each path that is in `renamed` replaced.
fn replace<'a>(text: &'a str, renamed: &[(&str, &str)]) -> Cow<'a, str> {
    let ends = |c: char| matches!(c, '<' | '>' | ',' | ';' | ' ');
    if !renamed.iter().any(|(old, _)| text.contains(old)) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    for part in text.split_inclusive(ends) {
        let name = part.trim_end_matches(ends);
        let new = renamed.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| *new);
        result.push_str(new);
        result.push_str(&part[name.len()..]);
    }
    Cow::Owned(result)
}
