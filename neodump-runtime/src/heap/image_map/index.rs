//! The frozen index: which entries of an image have which hash.
//!
//! Entries are sorted into `buckets` by the low bits of their hash: first `buckets + 1` numbers, where bucket
//! `n` starts among what follows; then the numbers of the entries, bucket by bucket, ascending in each.
//! So there is one index for given entries, and checking it costs a pass whatever the hashes are: with probing,
//! keys that collide would make the audit of a hostile file quadratic.

use std::fmt;

/// An index over `len` entries.
#[derive(Clone, Copy)]
pub(super) struct Index<'a> {
    starts: &'a [u32],
    order: &'a [u32],
}

/// Which rule an index breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexFault {
    /// The start of a bucket is below the one before it, or the last is not the number of entries.
    Start(usize),
    /// The entry at a place of the order does not exist, or is not above the one before it in the bucket.
    Order(usize),
    /// An entry is in a bucket that is not that of its hash.
    Bucket(usize),
    /// Two entries have the same key.
    Same(usize, usize),
    /// An entry is one of too many whose hashes are equal in all bits.
    Crowd(usize),
}

impl fmt::Display for IndexFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(at) => write!(f, "bucket {at} of the index does not start where the one before ends"),
            Self::Order(at) => write!(f, "place {at} of the index names no entry, or one out of order"),
            Self::Bucket(entry) => write!(f, "entry {entry} is not in the bucket of its hash"),
            Self::Same(first, second) => write!(f, "entries {first} and {second} have the same key"),
            Self::Crowd(entry) => write!(
                f,
                "more than {CROWD} keys have the hash of entry {entry}: somebody chose them to collide; leave them out"
            ),
        }
    }
}

/// How many keys may have one hash of 64 bits. By chance two never do; the limit bounds what it costs to compare
/// keys that were chosen to.
const CROWD: usize = 64;

impl<'a> Index<'a> {
    /// The most entries that an index can number.
    pub(super) const MOST: usize = u32::MAX as usize - 1;

    /// The number of buckets of an index over `len` entries, which are at most [`MOST`](Self::MOST).
    pub(super) const fn buckets(len: usize) -> usize {
        len.next_power_of_two()
    }

    /// The length of an index over `len` entries, which are at most [`MOST`](Self::MOST).
    pub(super) const fn words(len: usize) -> usize {
        Self::buckets(len) + 1 + len
    }

    /// The index in `words`, which is as long as one over `len` entries, or empty.
    #[inline]
    pub(super) fn new(words: &'a [u32], len: usize) -> Self {
        let (starts, order) = words.split_at(words.len().saturating_sub(len));
        Self { starts, order }
    }

    /// Sorts entries with these hashes into buckets, in `words`.
    pub(super) fn fill(words: &mut [u32], hashes: &[u64]) {
        let mask = Self::buckets(hashes.len()) as u64 - 1;
        let (starts, order) = words.split_at_mut(mask as usize + 2);
        starts.fill(0);
        for hash in hashes {
            starts[(hash & mask) as usize + 1] += 1;
        }
        // Now each start is the size of the bucket before; then where the bucket before starts; and when its
        // entries are in place, where it ends.
        let mut sum = 0;
        for start in &mut starts[1..] {
            sum += std::mem::replace(start, sum);
        }
        for (entry, hash) in (0..).zip(hashes) {
            let next = &mut starts[(hash & mask) as usize + 1];
            order[*next as usize] = entry;
            *next += 1;
        }
    }

    /// The numbers of the entries that may have a hash; none if the index is not one.
    #[inline]
    pub(super) fn bucket(self, hash: u64) -> &'a [u32] {
        let Some(mask) = self.starts.len().checked_sub(2) else { return &[] };
        let bucket = hash as usize & mask;
        let (start, end) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        self.order.get(start..end).unwrap_or(&[])
    }

    /// Checks that the starts lead through the order from end to end, and each bucket names entries that exist,
    /// ascending.
    pub(super) fn check(self) -> Result<(), IndexFault> {
        if self.starts.first() != Some(&0) {
            return Err(IndexFault::Start(0));
        }
        let len = self.order.len();
        for (bucket, pair) in self.starts.windows(2).enumerate() {
            let (start, end) = (pair[0] as usize, pair[1] as usize);
            if start > end || end > len {
                return Err(IndexFault::Start(bucket + 1));
            }
            let named = &self.order[start..end];
            for (at, &entry) in named.iter().enumerate() {
                if entry as usize >= len || at > 0 && named[at - 1] >= entry {
                    return Err(IndexFault::Order(start + at));
                }
            }
        }
        if self.starts.last().map(|&end| end as usize) != Some(len) {
            return Err(IndexFault::Start(self.starts.len() - 1));
        }
        Ok(())
    }

    /// Checks that every entry is in the bucket of its hash. Of an index that [`check`](Self::check) accepts,
    /// each entry is then named once: a bucket names it once, and no other may.
    pub(super) fn check_hashes(self, hashes: &[u64]) -> Result<(), IndexFault> {
        let mask = self.starts.len().saturating_sub(2) as u64;
        for (number, bucket) in (0..).zip(self.buckets_of_order()) {
            for &entry in bucket {
                if hashes[entry as usize] & mask != number {
                    return Err(IndexFault::Bucket(entry as usize));
                }
            }
        }
        Ok(())
    }

    /// Checks that no two entries are the `same`, and that telling so is not made to cost more than a pass.
    pub(super) fn check_keys(
        self,
        hashes: &[u64],
        mut same: impl FnMut(usize, usize) -> bool,
    ) -> Result<(), IndexFault> {
        let mut entries: Vec<usize> = Vec::new();
        for bucket in self.buckets_of_order().filter(|bucket| bucket.len() > 1) {
            entries.clear();
            entries.extend(bucket.iter().map(|&entry| entry as usize));
            entries.sort_unstable_by_key(|&entry| (hashes[entry], entry));
            for alike in entries.chunk_by(|&first, &second| hashes[first] == hashes[second]) {
                if alike.len() > CROWD {
                    return Err(IndexFault::Crowd(alike[0]));
                }
                for (at, &second) in alike.iter().enumerate() {
                    if let Some(&first) = alike[..at].iter().find(|&&first| same(first, second)) {
                        return Err(IndexFault::Same(first, second));
                    }
                }
            }
        }
        Ok(())
    }

    /// The numbers of the entries of each bucket.
    fn buckets_of_order(self) -> impl Iterator<Item = &'a [u32]> {
        let order = self.order;
        self.starts.windows(2).map(move |pair| order.get(pair[0] as usize..pair[1] as usize).unwrap_or(&[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(hashes: &[u64]) -> Vec<u32> {
        let mut words = vec![7; Index::words(hashes.len())];
        Index::fill(&mut words, hashes);
        words
    }

    #[test]
    fn every_entry_is_in_the_bucket_of_its_hash() {
        for hashes in [vec![0], vec![5, 5, 5], vec![3, 2, 1, 0], (0..100).map(|n| n * 0x1234_5677).collect()]
        {
            let words = filled(&hashes);
            let index = Index::new(&words, hashes.len());
            assert_eq!(index.check(), Ok(()));
            assert_eq!(index.check_hashes(&hashes), Ok(()));
            for (entry, hash) in (0..).zip(&hashes) {
                assert!(index.bucket(*hash).contains(&entry));
            }
        }
    }

    #[test]
    fn keys_that_are_the_same_are_found_and_crowds_refused() {
        let hashes = [9, 1, 9, 9, 2];
        let words = filled(&hashes);
        let index = Index::new(&words, hashes.len());
        assert_eq!(index.check_keys(&hashes, |_, _| false), Ok(()));
        assert_eq!(index.check_keys(&hashes, |a, b| (a, b) == (2, 3)), Err(IndexFault::Same(2, 3)));
        for (count, expected) in [(CROWD, Ok(())), (CROWD + 1, Err(IndexFault::Crowd(0)))] {
            let hashes = vec![77; count];
            let words = filled(&hashes);
            assert_eq!(Index::new(&words, count).check_keys(&hashes, |_, _| false), expected);
        }
    }

    #[test]
    fn every_other_index_is_refused() {
        let hashes: Vec<u64> = (0..20_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let right = filled(&hashes);
        for at in 0..right.len() {
            for wrong in [0, 1, 19, 20, 21, u32::MAX] {
                let mut words = right.clone();
                if std::mem::replace(&mut words[at], wrong) == wrong {
                    continue;
                }
                let index = Index::new(&words, hashes.len());
                let refused = index.check().is_err() || index.check_hashes(&hashes).is_err();
                assert!(refused, "word {at} may be {wrong}");
                // What is refused is never followed out of bounds.
                hashes.iter().for_each(|hash| assert!(index.bucket(*hash).len() <= hashes.len()));
            }
        }
    }
}
