//! What changed between two lists of fields.

use std::collections::{HashMap, HashSet};

use super::change::{ChangeKind, Width};
use super::keys;
use crate::schema::text::FieldText;

/// The longest list of fields that are compared two by two for renamed ones.
const MOST_RENAMED: usize = 64;

/// Appends the changes from `old` to `new`, the fields of one struct or variant. `rename` gives a type of the old
/// schema the name that it has in the new one.
pub(super) fn compare(
    variant: Option<&str>,
    old: &[FieldText<'_>],
    new: &[FieldText<'_>],
    rename: &dyn Fn(&str) -> String,
    changes: &mut Vec<ChangeKind>,
) {
    let label = |name: &str| match variant {
        Some(variant) => format!("{variant}.{name}"),
        None => name.to_owned(),
    };
    let old_keys = keys(old.iter().map(|field| field.name));
    let new_keys = keys(new.iter().map(|field| field.name));
    let places: HashMap<_, usize> = old_keys.iter().copied().zip(0..).collect();
    let kept: HashSet<_> = new_keys.iter().copied().collect();
    // For each new field the old one that it was, and those of both that have no other.
    let mut before: Vec<Option<usize>> = new_keys.iter().map(|key| places.get(key).copied()).collect();
    let mut gone: Vec<usize> = (0..old.len()).filter(|place| !kept.contains(&old_keys[*place])).collect();
    let come: Vec<usize> = (0..new.len()).filter(|place| before[*place].is_none()).collect();
    if gone.len() <= MOST_RENAMED && come.len() <= MOST_RENAMED {
        for place in come {
            let field = &new[place];
            let same = |was: usize| {
                let old = &old[was];
                old.ty.map(rename).as_deref() == field.ty
                    && (old.policy, old.side) == (field.policy, field.side)
                    && (was == place || (old.offset.is_some() && old.offset == field.offset))
            };
            if let Some(found) = gone.iter().position(|was| same(*was)) {
                let was = gone.remove(found);
                before[place] = Some(was);
                let (from, to) = (label(old[was].name), label(field.name));
                changes.push(ChangeKind::FieldRenamed { from, to });
            }
        }
    }
    for (field, was) in new.iter().zip(&before) {
        match was.map(|was| &old[was]) {
            None => changes.push(ChangeKind::FieldAdded {
                field: label(field.name),
                ty: field.ty.map(str::to_owned),
                offset: field.offset,
                policy: field.policy.to_owned(),
            }),
            Some(old) => one(&label(field.name), old, field, rename, changes),
        }
    }
    for was in gone {
        let field = &old[was];
        changes.push(ChangeKind::FieldRemoved {
            field: label(field.name),
            ty: field.ty.map(str::to_owned),
            offset: field.offset,
        });
    }
    let kept: Vec<usize> = before.iter().copied().flatten().collect();
    if !kept.is_sorted() {
        let mut sorted = kept.clone();
        sorted.sort_unstable();
        let names = |places: &[usize]| places.iter().map(|place| old[*place].name.to_owned()).collect();
        changes.push(ChangeKind::Reordered {
            variant: variant.map(str::to_owned),
            from: names(&sorted),
            to: names(&kept),
        });
    }
    moved(old, new, &before, &label, changes);
}

/// What changed of a field that both have, but for its offset.
fn one(
    name: &str,
    old: &FieldText<'_>,
    new: &FieldText<'_>,
    rename: &dyn Fn(&str) -> String,
    changes: &mut Vec<ChangeKind>,
) {
    if old.policy != new.policy {
        changes.push(ChangeKind::Policy {
            field: name.to_owned(),
            from: old.policy.to_owned(),
            to: new.policy.to_owned(),
        });
    }
    if old.side != new.side {
        changes.push(ChangeKind::Place { field: name.to_owned(), to_side: new.side });
    }
    if old.ty.map(rename).as_deref() == new.ty {
        return;
    }
    let (from, to) = (old.ty.unwrap_or("no type"), new.ty.unwrap_or("no type"));
    // A field that begins or ceases to be stored says so by its attribute already.
    if old.policy == new.policy || (old.ty.is_some() && new.ty.is_some()) {
        changes.push(ChangeKind::FieldRetyped {
            field: name.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            width: Width::of(from, to),
        });
    }
}

/// Appends the runs of fields that moved together.
fn moved(
    old: &[FieldText<'_>],
    new: &[FieldText<'_>],
    before: &[Option<usize>],
    label: &dyn Fn(&str) -> String,
    changes: &mut Vec<ChangeKind>,
) {
    let mut run: Option<(i128, ChangeKind)> = None;
    for (field, was) in new.iter().zip(before) {
        let offsets = was.and_then(|was| Some((old[was].offset?, field.offset?)));
        let Some((from, to)) = offsets else {
            // What is not stored neither moves nor ends a run.
            if field.offset.is_some() {
                changes.extend(run.take().map(|(_, moved)| moved));
            }
            continue;
        };
        let by = i128::from(to) - i128::from(from);
        match &mut run {
            Some((known, ChangeKind::Moved { last, count, .. })) if *known == by => {
                *count += 1;
                *last = Some(label(field.name));
            }
            _ => {
                changes.extend(run.take().map(|(_, moved)| moved));
                let first = label(field.name);
                run = (by != 0).then_some((by, ChangeKind::Moved { first, last: None, count: 1, from, to }));
            }
        }
    }
    changes.extend(run.map(|(_, moved)| moved));
}
