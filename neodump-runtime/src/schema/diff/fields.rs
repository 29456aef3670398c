//! What changed between two lists of fields.

use std::collections::{HashMap, HashSet};

use super::change::{ChangeKind, Width};
use super::found::Found;
use super::keys;
use crate::schema::text::FieldText;

/// The longest list of fields that are compared two by two for renamed ones.
const MOST_RENAMED: usize = 64;

/// Tells the changes from `old` to `new`, the fields of one struct or variant. `rename` gives a type of the old
/// schema the name that it has in the new one.
pub(super) fn compare(
    variant: Option<&str>,
    old: &[FieldText<'_>],
    new: &[FieldText<'_>],
    rename: &dyn Fn(&str) -> String,
    found: &mut Found,
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
            if let Some(at) = gone.iter().position(|was| same(*was)) {
                let was = gone.remove(at);
                before[place] = Some(was);
                found.made(|| ChangeKind::FieldRenamed { from: label(old[was].name), to: label(field.name) });
            }
        }
    }
    for (field, was) in new.iter().zip(&before) {
        match was.map(|was| &old[was]) {
            None => found.made(|| ChangeKind::FieldAdded {
                field: label(field.name),
                ty: field.ty.map(str::to_owned),
                offset: field.offset,
                policy: field.policy.to_owned(),
            }),
            Some(old) => one(&label, old, field, rename, found),
        }
    }
    for was in gone {
        let field = &old[was];
        found.made(|| ChangeKind::FieldRemoved {
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
        found.made(|| ChangeKind::Reordered {
            variant: variant.map(str::to_owned),
            from: names(&sorted),
            to: names(&kept),
        });
    }
    moved(old, new, &before, &label, found);
}

/// What changed of a field that both have, but for its offset.
fn one(
    label: &dyn Fn(&str) -> String,
    old: &FieldText<'_>,
    new: &FieldText<'_>,
    rename: &dyn Fn(&str) -> String,
    found: &mut Found,
) {
    if old.policy != new.policy {
        found.made(|| ChangeKind::Policy {
            field: label(new.name),
            from: old.policy.to_owned(),
            to: new.policy.to_owned(),
        });
    }
    if old.side != new.side {
        found.made(|| ChangeKind::Place { field: label(new.name), to_side: new.side });
    }
    if old.ty.map(rename).as_deref() == new.ty {
        return;
    }
    let (from, to) = (old.ty.unwrap_or("no type"), new.ty.unwrap_or("no type"));
    // A field that begins or ceases to be stored says so by its attribute already.
    if old.policy == new.policy || (old.ty.is_some() && new.ty.is_some()) {
        found.made(|| ChangeKind::FieldRetyped {
            field: label(new.name),
            from: from.to_owned(),
            to: to.to_owned(),
            width: Width::of(from, to),
        });
    }
}

/// Tells the runs of fields that moved together.
fn moved(
    old: &[FieldText<'_>],
    new: &[FieldText<'_>],
    before: &[Option<usize>],
    label: &dyn Fn(&str) -> String,
    found: &mut Found,
) {
    // By how much the fields of a run moved, its first and last field, and how many they are.
    let mut run: Option<(i128, usize, usize, usize)> = None;
    let mut tell = |run: &mut Option<(i128, usize, usize, usize)>| {
        let Some((_, first, last, count)) = run.take() else { return };
        let offsets = before[first].and_then(|was| old[was].offset).zip(new[first].offset);
        let Some((from, to)) = offsets else { return };
        found.followed(|| ChangeKind::Moved {
            first: label(new[first].name),
            last: (count > 1).then(|| label(new[last].name)),
            count,
            from,
            to,
        });
    };
    for (place, (field, was)) in new.iter().zip(before).enumerate() {
        let offsets = was.and_then(|was| Some((old[was].offset?, field.offset?)));
        let Some((from, to)) = offsets else {
            // What is not stored neither moves nor ends a run.
            if field.offset.is_some() {
                tell(&mut run);
            }
            continue;
        };
        let by = i128::from(to) - i128::from(from);
        match &mut run {
            Some((known, _, last, count)) if *known == by => {
                *count += 1;
                *last = place;
            }
            _ => {
                tell(&mut run);
                run = (by != 0).then_some((by, place, place, 1));
            }
        }
    }
    tell(&mut run);
}
