//! What changed between two schema texts, type by type and field by field.

mod change;
mod fields;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

pub use change::{Change, ChangeKind, Width};

use super::text::{SchemaText, TypeKind, TypeText};

/// The longest list of changes that is printed.
const MOST: usize = 40;
/// The longest list of types that are compared two by two for renamed ones.
const MOST_RENAMED: usize = 64;

/// The changes from one schema to another: those that somebody made first, then what followed from them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchemaDiff {
    changes: Vec<Change>,
    /// Why a text could not be read, if one could not.
    unread: Option<String>,
}

impl SchemaDiff {
    /// The changes.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether the two say the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.unread.is_none()
    }

    /// Line by line what changed, the first forty changes.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.changes.iter().take(MOST).map(Change::to_string).collect();
        if self.changes.len() > MOST {
            lines.push(format!("and {} more", self.changes.len() - MOST));
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
        (Ok(old), Ok(new)) => SchemaDiff { changes: Comparison::new(&old, &new).changes(), unread: None },
        (Err(error), _) | (_, Err(error)) => {
            SchemaDiff { changes: Vec::new(), unread: Some(format!("what changed cannot be told: {error}")) }
        }
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
            let known = short.entry(last(path)).or_insert(Some(path));
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
        let short = last(path);
        match self.short.get(short) {
            Some(Some(_)) => name.replacen(path, short, 1),
            _ => name.to_owned(),
        }
    }

    fn changes(&self) -> Vec<Change> {
        let old_names: Vec<String> = self.old.types.iter().map(|ty| self.rename(ty.name)).collect();
        let old_keys = keys(old_names.iter().map(String::as_str));
        let new_keys = keys(self.new.types.iter().map(|ty| ty.name));
        let old: HashMap<_, &TypeText<'_>> = old_keys.iter().copied().zip(&self.old.types).collect();
        let (mut changes, mut leaves) = (Vec::new(), Vec::new());
        let mut push = |ty: &TypeText<'_>, kind| {
            let version = ty.section.map(|(_, version)| version);
            // What the framework's own types are made of follows from the fields that have them.
            let is_leaf =
                matches!(kind, ChangeKind::TypeAdded | ChangeKind::TypeRemoved) && ty.kind == TypeKind::Leaf;
            let list = if is_leaf { &mut leaves } else { &mut changes };
            list.push(Change { ty: self.label(ty.name), version, kind });
        };
        for (ty, key) in self.new.types.iter().zip(&new_keys) {
            let Some(before) = old.get(key) else {
                push(ty, ChangeKind::TypeAdded);
                continue;
            };
            if before.name != ty.name && ty.kind != TypeKind::Leaf {
                push(before, ChangeKind::TypeRenamed { to: ty.name.to_owned() });
            }
            let mut kinds = Vec::new();
            self.compare(before, ty, &mut kinds);
            kinds.into_iter().for_each(|kind| push(ty, kind));
        }
        let kept: HashSet<_> = new_keys.into_iter().collect();
        for (ty, key) in self.old.types.iter().zip(&old_keys) {
            if !kept.contains(key) {
                push(ty, ChangeKind::TypeRemoved);
            }
        }
        if changes.is_empty() {
            return leaves;
        }
        // Stable: within each half the order is that of the types.
        changes.sort_by_key(|change| change.kind.is_consequence());
        changes
    }

    /// Appends the changes of one type.
    fn compare(&self, old: &TypeText<'_>, new: &TypeText<'_>, changes: &mut Vec<ChangeKind>) {
        if old.kind != new.kind {
            changes.push(ChangeKind::Kind { from: old.kind.name(), to: new.kind.name() });
        }
        match (old.section, new.section) {
            (Some((from, was)), Some((to, is))) if from == to => {
                if was != is {
                    changes.push(ChangeKind::Version { section: to.to_owned(), from: was, to: is });
                }
            }
            (from, to) => {
                let name = |section: Option<(&str, u32)>| section.map(|(name, _)| name.to_owned());
                if from.is_some() || to.is_some() {
                    changes.push(ChangeKind::Section { from: name(from), to: name(to) });
                }
            }
        }
        let rename = |name: &str| self.rename(name);
        variants(old, new, &rename, changes);
        fields::compare(None, &old.fields, &new.fields, &rename, changes);
        lists("note", &old.notes, &new.notes, changes);
        let constant = |(ty, value): &(&str, &str)| format!("{ty} = {value}");
        let consts = |list: &[(&str, &str)]| list.iter().map(constant).collect::<Vec<_>>();
        lists("const", &consts(&old.consts), &consts(&new.consts), changes);
        let params: Vec<String> = old.params.iter().map(|name| rename(name)).collect();
        lists("of", &params, &new.params, changes);
        if old.repr != new.repr {
            let text = |repr: Option<&str>| repr.map(str::to_owned);
            changes.push(ChangeKind::Line { what: "repr", from: text(old.repr), to: text(new.repr) });
        }
        properties(old, new, changes);
    }
}

/// Appends the changes of the variants of an enum and of their fields.
fn variants(
    old: &TypeText<'_>,
    new: &TypeText<'_>,
    rename: &dyn Fn(&str) -> String,
    changes: &mut Vec<ChangeKind>,
) {
    let old_keys = keys(old.variants.iter().map(|variant| variant.name));
    let new_keys = keys(new.variants.iter().map(|variant| variant.name));
    let known: HashMap<_, usize> = old_keys.iter().copied().zip(0..).collect();
    let kept: HashSet<_> = new_keys.iter().copied().collect();
    let mut gone: Vec<usize> = (0..old.variants.len()).filter(|at| !kept.contains(&old_keys[*at])).collect();
    for (variant, key) in new.variants.iter().zip(&new_keys) {
        let (name, discriminant) = (variant.name.to_owned(), variant.discriminant);
        if let Some(before) = known.get(key).map(|at| &old.variants[*at]) {
            if before.discriminant != discriminant {
                let from = before.discriminant;
                changes.push(ChangeKind::Discriminant { variant: name, from, to: discriminant });
            }
            fields::compare(Some(variant.name), &before.fields, &variant.fields, rename, changes);
            continue;
        }
        let same = |at: &usize| {
            let before = &old.variants[*at];
            let mut differ = Vec::new();
            fields::compare(None, &before.fields, &variant.fields, rename, &mut differ);
            before.discriminant == discriminant && differ.is_empty()
        };
        let renamed = gone.iter().position(same).filter(|_| gone.len() <= MOST_RENAMED);
        changes.push(match renamed.map(|found| gone.remove(found)) {
            Some(was) => ChangeKind::VariantRenamed { from: old.variants[was].name.to_owned(), to: name },
            None => ChangeKind::VariantAdded { variant: name, discriminant },
        });
    }
    for at in gone {
        let (variant, discriminant) = (old.variants[at].name.to_owned(), old.variants[at].discriminant);
        changes.push(ChangeKind::VariantRemoved { variant, discriminant });
    }
}

/// Appends what is in one of two lists only: in pairs where each has as many of their own.
fn lists<A: AsRef<str>, B: AsRef<str>>(
    what: &'static str,
    old: &[A],
    new: &[B],
    changes: &mut Vec<ChangeKind>,
) {
    let (in_old, in_new): (HashSet<&str>, HashSet<&str>) =
        (old.iter().map(A::as_ref).collect(), new.iter().map(B::as_ref).collect());
    let gone: Vec<&str> = old.iter().map(A::as_ref).filter(|text| !in_new.contains(text)).collect();
    let come: Vec<&str> = new.iter().map(B::as_ref).filter(|text| !in_old.contains(text)).collect();
    let line = |from: Option<&&str>, to: Option<&&str>| {
        let text = |text: Option<&&str>| text.map(|text| (*text).to_owned());
        ChangeKind::Line { what, from: text(from), to: text(to) }
    };
    if gone.len() == come.len() {
        changes.extend(gone.iter().zip(&come).map(|(from, to)| line(Some(from), Some(to))));
    } else {
        changes.extend(gone.iter().map(|from| line(Some(from), None)));
        changes.extend(come.iter().map(|to| line(None, Some(to))));
    }
    let same = old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.as_ref() == new.as_ref());
    if gone.is_empty() && come.is_empty() && !same {
        let text = |names: Vec<&str>| Some(names.join(", "));
        let (from, to) =
            (text(old.iter().map(A::as_ref).collect()), text(new.iter().map(B::as_ref).collect()));
        changes.push(ChangeKind::Line { what, from, to });
    }
}

/// Appends the numbers and flags that differ.
fn properties(old: &TypeText<'_>, new: &TypeText<'_>, changes: &mut Vec<ChangeKind>) {
    let mut push = |what, from: String, to: String| {
        if from != to {
            changes.push(ChangeKind::Property { what, from, to });
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

/// Whether two types differ in nothing but their names.
fn same_but_name(old: &TypeText<'_>, new: &TypeText<'_>, rename: &dyn Fn(&str) -> String) -> bool {
    let mut differ = Vec::new();
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

/// The last part of a path.
fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
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
