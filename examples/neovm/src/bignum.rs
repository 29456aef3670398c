//! Integers of any size, through `num-bigint`.

pub use num_bigint::BigInt;
use num_bigint::Sign;

/// The number of a sign and limbs, lowest first.
pub fn from_limbs(negative: bool, limbs: &[u64]) -> BigInt {
    let digits: Vec<u32> = limbs.iter().flat_map(|&l| [l as u32, (l >> 32) as u32]).collect();
    BigInt::from_slice(if negative { Sign::Minus } else { Sign::Plus }, &digits)
}

/// The sign and the limbs of a number, lowest first, the highest not zero.
pub fn to_limbs(n: &BigInt) -> (bool, Vec<u64>) {
    let (sign, limbs) = n.to_u64_digits();
    (sign == Sign::Minus, limbs)
}

/// The nearest double.
pub fn to_f64(n: &BigInt) -> f64 {
    // Decimal text is slow and exactly rounded; bignums next to floats are rare.
    n.to_string().parse().unwrap_or(f64::NAN)
}

/// The integer part of a double, unless it is infinite or not a number.
pub fn from_f64(f: f64) -> Option<BigInt> {
    if !f.is_finite() {
        return None;
    }
    let f = f.trunc();
    let bits = f.abs().to_bits();
    let exponent = (bits >> 52) as i64 - 1075;
    let mantissa = (bits & ((1 << 52) - 1)) | (u64::from(bits >> 52 != 0) << 52);
    let magnitude = if exponent >= 0 {
        BigInt::from(mantissa) << exponent
    } else {
        BigInt::from(mantissa) >> (-exponent).min(64)
    };
    Some(if f < 0.0 { -magnitude } else { magnitude })
}
