//! The slot in the executable that a stamp fills.

/// The bytes of a marker.
const MARKER: usize = 16;
/// The bytes of a fingerprint.
pub(super) const FINGERPRINT: usize = 32;

/// What is in the executable.
#[repr(C, align(16))]
struct Slot {
    start: [u8; MARKER],
    fingerprint: [u8; FINGERPRINT],
    end: [u8; MARKER],
}

const START: [u8; MARKER] = *b"\xa7ndump\xf1stamp\xd3\x1e<<";
const END: [u8; MARKER] = *b">>\x1e\xd3pmats\xf1pmudn\xa7";

/// Zeros until a stamp writes it in the file.
#[used]
static SLOT: Slot = Slot { start: START, fingerprint: [0; FINGERPRINT], end: END };

/// What the slot of this executable holds.
pub(super) fn read() -> [u8; FINGERPRINT] {
    let fingerprint = &raw const SLOT.fingerprint;
    // Volatile: the compiler knows the static as zeros, which the file need not hold any more.
    // SAFETY: the field of a static is there for ever, and nothing writes to it while the process runs.
    unsafe { fingerprint.read_volatile() }
}

/// Where slots are in the bytes of an executable, and what finds them.
#[cfg(any(feature = "stamp", test))]
pub(super) mod find {
    use std::hint::black_box;
    use std::ops::Range;

    use super::{END, FINGERPRINT, MARKER, START};

    const MASK: u8 = 0xa5;

    /// A marker as this executable holds it for comparison: not the marker itself, so that a constant of this code
    /// can never be half of a slot.
    const fn masked(marker: [u8; MARKER]) -> [u8; MARKER] {
        let mut masked = marker;
        let mut index = 0;
        while index < MARKER {
            masked[index] ^= MASK;
            index += 1;
        }
        masked
    }

    static MASKED_START: [u8; MARKER] = masked(START);
    static MASKED_END: [u8; MARKER] = masked(END);

    /// The places of the fingerprints of all slots, in order.
    pub(crate) fn slots(bytes: &[u8]) -> Vec<Range<usize>> {
        // The compiler must not undo the mask.
        let mask = black_box(MASK);
        let is = |bytes: &[u8], masked: &[u8; MARKER]| {
            bytes.iter().zip(masked).all(|(byte, masked)| byte ^ mask == *masked)
        };
        let whole = MARKER + FINGERPRINT + MARKER;
        let mut slots: Vec<Range<usize>> = Vec::new();
        let mut next = 0;
        for (at, window) in bytes.windows(whole).enumerate() {
            let (start, rest) = window.split_at(MARKER);
            let (_, end) = rest.split_at(FINGERPRINT);
            if at >= next && is(start, &MASKED_START) && is(end, &MASKED_END) {
                slots.push(at + MARKER..at + MARKER + FINGERPRINT);
                next = at + whole;
            }
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(fill: u8) -> Vec<u8> {
        [&START[..], &[fill; FINGERPRINT], &END[..]].concat()
    }

    #[test]
    fn an_executable_that_nobody_stamped_has_an_empty_slot() {
        assert_eq!(read(), [0; FINGERPRINT]);
    }

    #[test]
    fn every_slot_is_found_wherever_it_lies_and_half_of_one_is_none() {
        assert!(find::slots(&[]).is_empty());
        assert_eq!(find::slots(&slot(7)), std::slice::from_ref(&(16..48)));
        let bytes = [&[1, 2, 3], &slot(0)[..], &START, &slot(9), &END].concat();
        assert_eq!(find::slots(&bytes), [19..51, 99..131]);
        let mut half = slot(1);
        half.pop();
        assert!(find::slots(&half).is_empty());
        assert!(find::slots(&[&START[..], &END].concat()).is_empty());
        assert!(find::slots(&[&END[..], &[0; FINGERPRINT], &START].concat()).is_empty());
    }
}
