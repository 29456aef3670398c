//! Numbers as people read them.

/// A count with its thousands apart: `5,204,113`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes in the unit that leaves one to four digits: `17 B`, `4.2 KiB`, `118 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    if number < 1024 {
        return format!("{number} B");
    }
    let mut value = number as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// A time in the unit that leaves one to three digits: `850 ns`, `6.1 ms`.
pub(crate) fn nanoseconds(number: u64) -> String {
    if number < 1000 {
        return format!("{number} ns");
    }
    let mut value = number as f64;
    let mut unit = "ns";
    for next in ["us", "ms", "s"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// An offset in the file: `0x1a0f8`, as the commands take it.
pub(crate) fn offset(number: u64) -> String {
    format!("{number:#x}")
}

/// A hash or checksum.
pub(crate) fn hash(number: u64) -> String {
    format!("{number:016x}")
}

/// The share of `part` in `whole`: `41.2 %`.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    format!("{:.1} %", part as f64 * 100.0 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(["0", "999", "1,000", "5,204,113"], [0, 999, 1000, 5_204_113].map(count).as_slice());
        assert_eq!(
            ["0 B", "1023 B", "1.0 KiB", "10 KiB", "118 MiB"],
            [0, 1023, 1024, 10_240, 118 << 20].map(bytes).as_slice()
        );
        assert_eq!(
            ["0 ns", "999 ns", "1.0 us", "6.1 ms", "12 s"],
            [0, 999, 1000, 6_120_000, 12_000_000_000].map(nanoseconds).as_slice()
        );
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(1, 0), "");
    }
}
