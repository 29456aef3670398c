//! Text out of a file, as errors show it: it does nothing to a terminal or a log, and it ends.

/// The longest text that is shown of one thing, in characters.
pub(crate) const LONGEST: usize = 400;

/// Whether a character does something other than to stand there: it controls a terminal, ends a line, or turns the
/// direction of the text around it.
pub(crate) fn is_control(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

/// The text with control characters escaped, its start if it has more than [`LONGEST`] characters.
pub(crate) fn shown(text: &str) -> String {
    shown_to(text.to_owned(), LONGEST)
}

/// As [`shown`], of at most `most` characters.
pub(crate) fn shown_to(text: String, most: usize) -> String {
    if text.len() <= most && !text.contains(is_control) {
        return text;
    }
    let mut shown = String::new();
    let mut rest = text.chars();
    for c in rest.by_ref().take(most) {
        if is_control(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    if !rest.as_str().is_empty() {
        shown.push_str("..");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_shown_ends_and_holds_no_control_character() {
        assert_eq!(shown("vm::Face\u{e4}"), "vm::Face\u{e4}");
        assert_eq!(shown("\x1b]0;pwned\x07"), "\\u{1b}]0;pwned\\u{7}");
        assert_eq!(shown("a\u{202e}b\u{9b}"), "a\\u{202e}b\\u{9b}");
        let whole = "\u{e4}".repeat(LONGEST);
        assert_eq!(shown(&whole), whole);
        assert_eq!(shown(&format!("{whole}b")), format!("{whole}.."));
    }
}
