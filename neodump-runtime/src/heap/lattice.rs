//! Evenly spaced points, and the question whether a number is one of them, without a division.

/// The numbers `first + k * stride` for every `k` below a count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lattice {
    first: u64,
    /// The inverse of the odd part of the stride, modulo 2^64.
    inverse: u64,
    /// The logarithm of the even part of the stride.
    shift: u32,
    count: u64,
}

impl Lattice {
    /// No numbers.
    pub(crate) const NONE: Self = Self { first: 0, inverse: 1, shift: 0, count: 0 };

    /// All numbers.
    pub(crate) const ALL: Self = Self { first: 0, inverse: 0, shift: 0, count: 1 };

    /// The points from `first` on. `stride` is not 0, and the points do not wrap around.
    pub(crate) const fn new(first: u64, stride: u64, count: u64) -> Self {
        let shift = stride.trailing_zeros();
        let odd = stride >> shift;
        // Newton's iteration: each step doubles the number of right bits, of which the start has five.
        let mut inverse = odd.wrapping_mul(3) ^ 2;
        let mut step = 0;
        while step < 4 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
            step += 1;
        }
        Self { first, inverse, shift, count }
    }

    /// Whether `number` is one of the points.
    ///
    /// Multiplying by the inverse and rotating is a one-to-one map of all numbers that takes
    /// `k * stride` to `k`, so only points come out below the count.
    #[inline]
    pub(crate) const fn contains(&self, number: u64) -> bool {
        number.wrapping_sub(self.first).wrapping_mul(self.inverse).rotate_right(self.shift) < self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_points_are_in_a_lattice() {
        for stride in [1, 8, 16, 24, 40, 48, 56, 72, 1000, 4096, 6144 << 8] {
            for first in [0, 3, 0x1234_5678, u64::MAX - 7] {
                let count = 1000;
                let lattice = Lattice::new(first, stride, count);
                for near in 0..count + 10 {
                    let point = first.wrapping_add(near * stride);
                    assert_eq!(lattice.contains(point), near < count);
                    for offset in [1, 2, 4, 8, stride / 2, stride - 1] {
                        let inside = offset % stride == 0 && near + offset / stride < count;
                        assert_eq!(lattice.contains(point.wrapping_add(offset)), inside, "{stride} {offset}");
                    }
                }
                assert!(!lattice.contains(first.wrapping_sub(stride)));
            }
        }
        assert!(Lattice::ALL.contains(0) && Lattice::ALL.contains(u64::MAX));
        assert!(!Lattice::NONE.contains(0) && !Lattice::NONE.contains(u64::MAX));
    }
}
