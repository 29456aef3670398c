//! Linking: every word that refers to a place in the image gets its address, and is listed as a relocation.

use std::collections::BTreeMap;

use super::plan::Plan;
use super::pool::{Pool, Target};
use super::sections::framework;
use crate::image::Layout;
use crate::reloc::Bitmap;

/// The address of each base that words are relative to.
pub(crate) struct Bases([u64; Target::BASES]);

impl Bases {
    /// Those of the arenas, in a HeapImage at `heap`.
    pub(crate) fn of_arenas(plan: &Plan, heap: u64) -> Self {
        let mut bases = [0; Target::BASES];
        for arena in &plan.arenas {
            bases[Target::arena(arena.ordinal, 0).base()] = heap + arena.first;
        }
        Self(bases)
    }

    /// All of them, in an image at `base`.
    pub(crate) fn of_layout(plan: &Plan, layout: &Layout, base: u64) -> Self {
        let start = |name| layout.section(name).map_or(0, |(_, placed)| base + placed.extent.offset);
        let mut bases = Self::of_arenas(plan, start(framework::HEAP));
        bases.0[Target::HEAP.base()] = start(framework::HEAP);
        bases.0[Target::WORDS.base()] = start(framework::WORDS);
        bases.0[Target::BYTES.base()] = start(framework::BYTES);
        bases.0[Target::IMPORTS.base()] = start(framework::IMPORTS);
        bases
    }
}

impl Pool {
    /// Gives every word that waits its address.
    pub(crate) fn link(&mut self, bases: &Bases) {
        let targets = self.take_targets();
        let words = self.bytes.as_chunks_mut::<8>().0;
        let targets = &targets[..targets.len().min(words.len())];
        let (whole, rest) = targets.as_chunks::<64>();
        let (whole_words, rest_words) = words.split_at_mut(whole.len() * 64);
        let mut unshifted = Bitmap::for_section(targets.len() * 8);
        let mut first = 0;
        for (targets, words) in whole.iter().zip(whole_words.as_chunks_mut::<64>().0) {
            list(link_words(targets, words, bases), targets, first, &mut unshifted, &mut self.linked);
            first += 64;
        }
        let rest_words = &mut rest_words[..rest.len()];
        let (mut last_targets, mut last_words) = ([Target::NONE; 64], [[0; 8]; 64]);
        last_targets[..rest.len()].copy_from_slice(rest);
        last_words[..rest.len()].copy_from_slice(rest_words);
        let waiting = link_words(&last_targets, &mut last_words, bases);
        list(waiting, &last_targets, first, &mut unshifted, &mut self.linked);
        rest_words.copy_from_slice(&last_words[..rest.len()]);
        self.linked.entry(0).or_default().merge(&unshifted);
    }
}

/// Arenas smaller than this together are not worth a thread.
const WORTH_A_THREAD: usize = 4 << 20;

/// Links the arenas that are written already, as far as their words wait for other arenas only, on another
/// processor beside `work`. What is not linked then, is later: with all other words.
pub(crate) fn link_beside<T>(
    written: &mut [(u32, Pool)],
    plan: &Plan,
    heap: u64,
    work: impl FnOnce() -> T,
) -> T {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let bytes: usize = written.iter().map(|(_, pool)| pool.bytes.len()).sum();
    if processors == 1 || bytes < WORTH_A_THREAD {
        return work();
    }
    let bases = Bases::of_arenas(plan, heap);
    std::thread::scope(|scope| {
        let link = || {
            for (_, pool) in written.iter_mut().filter(|(_, pool)| !pool.waits_for_layout()) {
                pool.link(&bases);
            }
        };
        // Without room for a thread, nothing is linked yet.
        let _ = std::thread::Builder::new().spawn_scoped(scope, link);
        work()
    })
}

/// Which of 64 words wait for addresses, and all bits of their shifts.
struct Waiting {
    words: u64,
    shifts: u8,
}

/// Which words are pointers is as good as random, so a branch a word would be half of the cost: the base of
/// no target is zero.
fn link_words(targets: &[Target; 64], words: &mut [[u8; 8]; 64], bases: &Bases) -> Waiting {
    let mut waiting = Waiting { words: 0, shifts: 0 };
    for (position, (target, word)) in targets.iter().zip(words).enumerate() {
        let base = bases.0[target.base()] << target.shift();
        *word = u64::from_le_bytes(*word).wrapping_add(base).to_le_bytes();
        waiting.words |= u64::from(!target.is_none()) << position;
        waiting.shifts |= target.shift();
    }
    waiting
}

fn list(
    waiting: Waiting,
    targets: &[Target; 64],
    first: usize,
    unshifted: &mut Bitmap,
    linked: &mut BTreeMap<u8, Bitmap>,
) {
    if waiting.shifts == 0 {
        if waiting.words != 0 {
            unshifted.set_all(first, waiting.words);
        }
        return;
    }
    for (word, target) in (first..).zip(targets).filter(|(_, target)| !target.is_none()) {
        match target.shift() {
            0 => unshifted.set(word),
            shift => linked.entry(shift).or_default().set(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases() -> Bases {
        let mut bases = [0; Target::BASES];
        bases[Target::arena(0, 0).base()] = 0x1000_0000;
        bases[Target::arena(254, 0).base()] = 0x2000_0000;
        bases[Target::BYTES.base()] = 0x3000_0000;
        Bases(bases)
    }

    #[test]
    fn words_get_their_addresses_and_all_other_bytes_stay() {
        let mut pool = Pool::zeroed(200 * 8 + 4);
        pool.bytes.fill(0xAA);
        pool.put_word(0, 0x10 + 3, Target::arena(0, 0));
        pool.put_word(63 * 8, 0x20, Target::arena(254, 0));
        pool.put_word(64 * 8, 0x30 << 8 | 7, Target::arena(254, 8));
        pool.put_word(199 * 8, 0, Target::BYTES);
        pool.link(&bases());
        let word = |index: usize| u64::from_le_bytes(pool.bytes[index * 8..][..8].try_into().expect("8"));
        assert_eq!(word(0), 0x1000_0013);
        assert_eq!(word(63), 0x2000_0020);
        assert_eq!(word(64), 0x2000_0030 << 8 | 7);
        assert_eq!(word(199), 0x3000_0000);
        assert_eq!(word(65), 0xAAAA_AAAA_AAAA_AAAA);
        assert_eq!(pool.bytes[1600..], [0xAA; 4]);
        let listed: Vec<_> =
            pool.linked.iter().map(|(shift, words)| (*shift, words.iter().collect::<Vec<_>>())).collect();
        assert_eq!(listed, [(0, vec![0, 63, 199]), (8, vec![64])]);
    }

    #[test]
    fn nothing_is_linked_twice() {
        let mut pool = Pool::zeroed(16);
        pool.put_word(8, 0, Target::arena(0, 0));
        pool.link(&bases());
        let once = pool.bytes.clone();
        pool.link(&bases());
        assert_eq!(pool.bytes, once);
    }
}
