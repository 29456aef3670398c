//! Patterns of file names: the part of Emacs' regular expressions that lists of modes use.

/// What one character of a name may be.
enum Item<'a> {
    /// This byte.
    Byte(u8),
    /// Any byte but a newline.
    Any,
    /// One of a set, or none of it.
    Set { bytes: &'a [u8], none: bool },
    /// The start of the name.
    Start,
    /// The end of the name.
    End,
}

impl Item<'_> {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Item::Byte(wanted) => *wanted == byte,
            Item::Any => byte != b'\n',
            Item::Set { bytes, none } => in_set(bytes, byte) != *none,
            Item::Start | Item::End => false,
        }
    }
}

fn in_set(mut set: &[u8], byte: u8) -> bool {
    loop {
        set = match set {
            [] => return false,
            [from, b'-', to, rest @ ..] => {
                if (*from..=*to).contains(&byte) {
                    return true;
                }
                rest
            }
            [one, rest @ ..] => {
                if *one == byte {
                    return true;
                }
                rest
            }
        };
    }
}

/// The first item of a pattern and the rest. A bracket that is not closed is a byte like others.
fn item(pattern: &[u8]) -> Option<(Item<'_>, &[u8])> {
    Some(match pattern {
        [] => return None,
        [b'\\', b'`', rest @ ..] => (Item::Start, rest),
        [b'\\', b'\'', rest @ ..] => (Item::End, rest),
        [b'\\', byte, rest @ ..] => (Item::Byte(*byte), rest),
        [b'^', rest @ ..] => (Item::Start, rest),
        [b'$'] => (Item::End, &[]),
        [b'.', rest @ ..] => (Item::Any, rest),
        [b'[', rest @ ..] => {
            let (none, rest) = match rest {
                [b'^', rest @ ..] => (true, rest),
                _ => (false, rest),
            };
            match rest.iter().skip(1).position(|&b| b == b']') {
                Some(end) => (Item::Set { bytes: &rest[..=end], none }, &rest[end + 2..]),
                None => (Item::Byte(b'['), &pattern[1..]),
            }
        }
        [byte, rest @ ..] => (Item::Byte(*byte), rest),
    })
}

/// Whether a pattern is found anywhere in a name: bytes, `.`, `[sets]`, each with `?`, `*` or `+`, and the anchors of
/// start and end.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    (0..=name.len()).any(|at| matches_at(pattern, name, at))
}

/// Recursion is as deep as the pattern has repeated items, never as the name is long.
fn matches_at(mut pattern: &[u8], name: &[u8], mut at: usize) -> bool {
    while let Some((item, rest)) = item(pattern) {
        let (least, most, rest) = match rest {
            [b'?', rest @ ..] => (0, 1, rest),
            [b'*', rest @ ..] => (0, usize::MAX, rest),
            [b'+', rest @ ..] => (1, usize::MAX, rest),
            _ => (1, 1, rest),
        };
        match item {
            Item::Start if at != 0 => return false,
            Item::End if at != name.len() => return false,
            Item::Start | Item::End => {}
            _ => {
                let run = name[at..].iter().take(most).take_while(|&&byte| item.takes(byte)).count();
                if least != most {
                    return run >= least && (least..=run).rev().any(|n| matches_at(rest, name, at + n));
                }
                if run == 0 {
                    return false;
                }
                at += 1;
            }
        }
        pattern = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_of_file_names_are_those_of_emacs() {
        for (pattern, name, found) in [
            (r"\.el\'", "a.el", true),
            (r"\.el\'", "a.elc", false),
            (r"\.el\'", "axel", false),
            (r"\.h[hp]*\'", "x.hpp", true),
            (r"\.[ch]\'", "x.c", true),
            (r"\.[^ch]\'", "x.c", false),
            (r"[0-9]+\.log\'", "trace17.log", true),
            (r"[0-9]+\.log\'", "trace.log", false),
            (r"\`Makefile\'", "Makefile", true),
            (r"\`Makefile\'", "GMakefile", false),
            (r"\.jpe?g\'", "x.jpg", true),
            (r"\.jpe?g\'", "x.jpeeg", false),
            (r"/etc/.*rc", "/etc/deep/down/bashrc", true),
            ("[", "a[b", true),
            ("", "anything", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), found, "{pattern} in {name}");
        }
    }
}
