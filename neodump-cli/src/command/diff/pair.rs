//! Which nodes of two images are the same, and which one became which.
//!
//! Offsets shift when one object is inserted, so they say nothing. Nodes of one kind are matched by what they hold:
//!
//! 1. with the same deep digest: the same, with the same around them;
//! 2. with the same digest of their own: the same, but something that they lead to differs. If they lead to
//!    other objects than before, they are *relinked*;
//! 3. of what is left, nodes on the same way from the root, or in the same place of the same owner, *changed*;
//! 4. what is still left was *removed* or *added*.

use std::collections::HashMap;

use crate::graph::{Digests, Graph, kind_name, mix};

/// One of the two images.
#[derive(Debug)]
pub(super) struct Side<'g, 'i, 'a> {
    pub(super) graph: &'g Graph<'i, 'a>,
    pub(super) digests: &'g Digests,
}

/// What became of the nodes of one kind.
#[derive(Debug, Default)]
pub(super) struct Fate {
    /// How many are the same, relinked ones left out.
    pub(super) same: u64,
    pub(super) added: Vec<u32>,
    pub(super) removed: Vec<u32>,
    /// In the first image and the second.
    pub(super) changed: Vec<(u32, u32)>,
    pub(super) relinked: Vec<(u32, u32)>,
}

/// Nodes of one kind with what tells them apart, sorted.
type Sorted = Vec<(u64, u64, u32)>;

impl Side<'_, '_, '_> {
    fn own(&self, node: u32) -> u64 {
        self.digests.own.get(node as usize).copied().unwrap_or(0)
    }

    /// The nodes by the name of their kind.
    fn kinds(&self) -> HashMap<String, Sorted> {
        let nodes = &self.graph.nodes;
        let mut kinds: HashMap<String, Sorted> = HashMap::new();
        let of = |node: u32| {
            let deep = self.digests.deep.get(node as usize).copied().unwrap_or(0);
            (self.own(node), deep, node)
        };
        let first_object = nodes.roots().len() as u32 + 1;
        let first_shared = first_object.saturating_add(nodes.objects() as u32);
        let starts: Vec<u32> = nodes.runs().map(|(first, _)| first).chain([first_shared]).collect();
        for pair in starts.windows(2) {
            let [start, end] = *pair else { continue };
            if start < end {
                kinds.insert(kind_name(self.graph, start), (start..end).map(of).collect());
            }
        }
        // Fields of the image type start with a dot, which no type does.
        for node in 1..first_object {
            kinds.insert(format!(".{}", kind_name(self.graph, node)), vec![of(node)]);
        }
        for node in first_shared..nodes.count() as u32 {
            kinds.entry(format!("shared {}", kind_name(self.graph, node))).or_default().push(of(node));
        }
        kinds.values_mut().for_each(|nodes| nodes.sort_unstable());
        kinds
    }

    /// For each wanted node the digest of its shortest way from the root, and that of its place in its owner.
    fn places(&self, wanted: &[u32]) -> HashMap<u32, (u64, u64)> {
        let count = self.graph.nodes.count();
        let mut is_wanted = vec![false; count];
        for node in wanted {
            if let Some(slot) = is_wanted.get_mut(*node as usize) {
                *slot = true;
            }
        }
        let mut places = HashMap::with_capacity(wanted.len());
        let mut ways = vec![0_u64; count];
        let mut found = vec![0_u32];
        if let Some(start) = ways.first_mut() {
            *start = 1;
        }
        let mut next = 0;
        while let Some(&node) = found.get(next) {
            next += 1;
            let way = ways.get(node as usize).copied().unwrap_or(0);
            for (place, &target) in (0..).zip(self.graph.edges.of(node)) {
                let Some(slot) = ways.get_mut(target as usize).filter(|slot| **slot == 0) else { continue };
                *slot = mix(way, place).max(1);
                if is_wanted.get(target as usize) == Some(&true) {
                    places.insert(target, (*slot, mix(self.own(node), place)));
                }
                found.push(target);
            }
        }
        places
    }
}

/// What became of the nodes of all kinds, by name.
pub(super) fn fates(a: &Side<'_, '_, '_>, b: &Side<'_, '_, '_>) -> Vec<(String, Fate)> {
    let (mut old, mut new) = (a.kinds(), b.kinds());
    let mut names: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    let mut fates = Vec::with_capacity(names.len());
    let mut deep = Vec::new();
    for name in names {
        let (old, new) = (old.remove(&name).unwrap_or_default(), new.remove(&name).unwrap_or_default());
        let mut fate = Fate::default();
        let (mut left, mut right) = (Vec::new(), Vec::new());
        merge(&old, &new, |row| (row.0, row.1), |_, _| fate.same += 1, &mut left, &mut right);
        let mut pairs = Vec::new();
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        merge(&left, &right, |row| (row.0, 0), |a, b| pairs.push((a, b)), &mut gone, &mut come);
        fate.removed = gone.iter().map(|row| row.2).collect();
        fate.added = come.iter().map(|row| row.2).collect();
        deep.push(pairs);
        fates.push((name, fate));
    }
    pair_by_place(a, b, &mut fates);
    let mut became: HashMap<u32, u32> = HashMap::new();
    for (old, new) in fates.iter().flat_map(|(_, fate)| &fate.changed) {
        became.insert(*old, *new);
    }
    for ((_, fate), pairs) in fates.iter_mut().zip(deep) {
        for (old, new) in pairs {
            let (from, to) = (a.graph.edges.of(old), b.graph.edges.of(new));
            let is_same =
                |(old, new): (&u32, &u32)| a.own(*old) == b.own(*new) || became.get(old) == Some(new);
            if from.len() == to.len() && from.iter().zip(to).all(is_same) {
                fate.same += 1;
            } else {
                fate.relinked.push((old, new));
            }
        }
    }
    fates
}

/// Goes over two sorted lists at once: pairs with equal keys, and what has none.
fn merge(
    old: &[(u64, u64, u32)],
    new: &[(u64, u64, u32)],
    key: impl Fn(&(u64, u64, u32)) -> (u64, u64),
    mut pair: impl FnMut(u32, u32),
    left: &mut Sorted,
    right: &mut Sorted,
) {
    let (mut a, mut b) = (old.iter().peekable(), new.iter().peekable());
    while let (Some(one), Some(other)) = (a.peek(), b.peek()) {
        match key(one).cmp(&key(other)) {
            std::cmp::Ordering::Equal => {
                pair(one.2, other.2);
                a.next();
                b.next();
            }
            std::cmp::Ordering::Less => left.extend(a.next()),
            std::cmp::Ordering::Greater => right.extend(b.next()),
        }
    }
    left.extend(a);
    right.extend(b);
}

/// Makes pairs of what was removed and added in one place.
fn pair_by_place(a: &Side<'_, '_, '_>, b: &Side<'_, '_, '_>, fates: &mut [(String, Fate)]) {
    let all = |pick: fn(&Fate) -> &Vec<u32>| -> Vec<u32> {
        fates.iter().flat_map(|(_, fate)| pick(fate)).copied().collect()
    };
    let (gone, come) = (all(|fate| &fate.removed), all(|fate| &fate.added));
    if gone.is_empty() || come.is_empty() {
        return;
    }
    let (old, new) = (a.places(&gone), b.places(&come));
    for (_, fate) in fates {
        for pick in [|place: &(u64, u64)| place.0, |place: &(u64, u64)| place.1] {
            let mut by_place: HashMap<u64, u32> = HashMap::new();
            for node in fate.added.iter().rev() {
                if let Some(place) = new.get(node) {
                    by_place.insert(pick(place), *node);
                }
            }
            let mut taken = Vec::new();
            fate.removed.retain(|node| {
                let other = old.get(node).and_then(|place| by_place.remove(&pick(place)));
                if let Some(other) = other {
                    fate.changed.push((*node, other));
                    taken.push(other);
                }
                other.is_none()
            });
            taken.sort_unstable();
            fate.added.retain(|node| taken.binary_search(node).is_err());
        }
    }
}
