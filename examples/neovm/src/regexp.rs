//! Regular expressions of Emacs, by way of `fancy-regex`.
//!
//! What is different is said where it is translated: there are no syntax tables here, so a word is Unicode's, and a group
//! with a number of its own (`\(?3:`) is refused.

use fancy_regex::Regex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Patterns that a thread keeps compiled, at most.
const KEPT: usize = 100;

thread_local! {
    static COMPILED: RefCell<HashMap<(String, bool), Rc<Regex>>> = RefCell::new(HashMap::new());
}

/// Forgets what this thread has compiled.
pub fn forget() {
    COMPILED.with_borrow_mut(HashMap::clear);
}

/// How many patterns this thread has compiled and kept.
pub fn compiled() -> usize {
    COMPILED.with_borrow(HashMap::len)
}

/// The places of a match and of its groups, in bytes.
pub(crate) type Groups = Vec<Option<(usize, usize)>>;

/// Where a pattern matches first, from a byte on.
///
/// # Errors
///
/// A message about the pattern, or about a match that took too many steps.
pub(crate) fn search(pattern: &str, fold: bool, text: &str, from: usize) -> Result<Option<Groups>, String> {
    let regex = compile(pattern, fold)?;
    let found = regex.captures_from_pos(text, from).map_err(|error| error.to_string())?;
    Ok(found.map(|groups| groups.iter().map(|group| group.map(|g| (g.start(), g.end()))).collect()))
}

fn compile(pattern: &str, fold: bool) -> Result<Rc<Regex>, String> {
    let key = (pattern.to_owned(), fold);
    if let Some(regex) = COMPILED.with_borrow(|known| known.get(&key).cloned()) {
        return Ok(regex);
    }
    let translated = format!("(?{}){}", if fold { "mi" } else { "m" }, translate(pattern)?);
    let regex = Rc::new(Regex::new(&translated).map_err(|error| error.to_string())?);
    COMPILED.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, Rc::clone(&regex));
    });
    Ok(regex)
}

/// Characters of symbols besides those of words, as part of a bracket.
const SYMBOL: &str = r"\w_\-+*/<>=!?$%&~^:.";

/// The pattern in the syntax of `fancy-regex`, lines counting.
fn translate(pattern: &str) -> Result<String, String> {
    let chars: Vec<char> = pattern.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    // Whether an alternative starts here, where `^` is an anchor and `*` is itself.
    let mut start = true;
    while at < chars.len() {
        let c = chars[at];
        at += 1;
        let was_start = std::mem::replace(&mut start, false);
        match c {
            '\\' => {
                let Some(&c) = chars.get(at) else { return Err("Trailing backslash".into()) };
                at += 1;
                match c {
                    '(' => {
                        out.push('(');
                        start = true;
                        if chars.get(at) == Some(&'?') {
                            if chars.get(at + 1) != Some(&':') {
                                return Err("Invalid regular expression: a group with a number".into());
                            }
                            out.push_str("?:");
                            at += 2;
                        }
                    }
                    ')' => out.push(')'),
                    '|' => {
                        out.push('|');
                        start = true;
                    }
                    '{' => {
                        let end = (at..chars.len()).find(|&i| chars[i..].starts_with(&['\\', '}']));
                        let Some(end) = end else { return Err(r"Unmatched \{".into()) };
                        let mut count: String = chars[at..end].iter().collect();
                        if count.starts_with(',') {
                            count.insert(0, '0');
                        }
                        out.push_str(&format!("{{{count}}}"));
                        at = end + 2;
                    }
                    '`' => out.push_str(r"\A"),
                    '\'' => out.push_str(r"\z"),
                    'b' | 'B' | 'w' | 'W' => out.extend(['\\', c]),
                    '<' => out.push_str(r"\b(?=\w)"),
                    '>' => out.push_str(r"\b(?<=\w)"),
                    '_' => {
                        let side = chars.get(at).copied().unwrap_or(' ');
                        at += 1;
                        out.push_str(&match side {
                            '<' => format!("(?<![{SYMBOL}])(?=[{SYMBOL}])"),
                            '>' => format!("(?<=[{SYMBOL}])(?![{SYMBOL}])"),
                            _ => return Err("Invalid regular expression: _ without < or >".into()),
                        });
                    }
                    's' | 'S' => {
                        let class = chars.get(at).copied().unwrap_or('\0');
                        at += 1;
                        let not = if c == 'S' { "^" } else { "" };
                        out.push_str(&match class {
                            '-' | ' ' => format!(r"[{not}\s]"),
                            'w' => format!(r"[{not}\w]"),
                            '_' => format!("[{not}{SYMBOL}]"),
                            '"' => format!("[{not}\"]"),
                            '.' => format!(r"[{not}\p{{P}}]"),
                            '(' => format!(r"[{not}(\[{{]"),
                            ')' => format!(r"[{not})\]}}]"),
                            _ => return Err("Invalid syntax designator".into()),
                        });
                    }
                    '1'..='9' => out.push_str(&format!(r"(?:\{c})")),
                    '=' => return Err("Invalid regular expression: no point in a string".into()),
                    c => literal(&mut out, c),
                }
            }
            '[' => at = bracket(&mut out, &chars, at)?,
            '.' => out.push_str(r"[^\n]"),
            '^' if was_start => {
                out.push('^');
                start = true;
            }
            '$' if at == chars.len()
                || chars[at..].starts_with(&['\\', ')'])
                || chars[at..].starts_with(&['\\', '|']) =>
            {
                out.push('$');
            }
            '*' | '+' | '?' if !was_start => out.push(c),
            c => literal(&mut out, c),
        }
    }
    Ok(out)
}

fn literal(out: &mut String, c: char) {
    if c.is_ascii_punctuation() || c == ' ' {
        out.push('\\');
    }
    out.push(c);
}

/// Translates `[...]` from behind the bracket; the place behind its end.
fn bracket(out: &mut String, chars: &[char], mut at: usize) -> Result<usize, String> {
    out.push('[');
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    loop {
        let Some(&c) = chars.get(at) else { return Err("Unmatched [ or [^".into()) };
        if c == ']' && at > first {
            out.push(']');
            return Ok(at + 1);
        }
        if chars[at..].starts_with(&['[', ':'])
            && let Some(end) = (at..chars.len()).find(|&i| chars[i..].starts_with(&[':', ']']))
        {
            let name: String = chars[at + 2..end].iter().collect();
            out.push_str(match name.as_str() {
                "alpha" => r"\p{Alphabetic}",
                "alnum" => r"\p{Alphabetic}\p{N}",
                "digit" => "0-9",
                "xdigit" => "0-9a-fA-F",
                "upper" => r"\p{Lu}",
                "lower" => r"\p{Ll}",
                "space" => r"\s",
                "blank" => r"\t\p{Zs}",
                "word" => r"\w",
                "punct" => r"\p{P}\p{S}",
                "cntrl" => r"\x00-\x1f\x7f",
                "ascii" | "unibyte" => r"\x00-\x7f",
                "nonascii" | "multibyte" => r"\x{80}-\x{10ffff}",
                "print" => r"\x20-\x7e\x{a0}-\x{10ffff}",
                "graph" => r"\x21-\x7e\x{a1}-\x{10ffff}",
                _ => return Err(format!("Invalid character class name [:{name}:]")),
            });
            at = end + 2;
            continue;
        }
        literal(out, c);
        at += 1;
        if chars.get(at) == Some(&'-') && chars.get(at + 1).is_some_and(|&c| c != ']') {
            out.push('-');
            literal(out, chars[at + 1]);
            at += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(pattern: &str, text: &str) -> Option<Groups> {
        search(pattern, false, text, 0).unwrap()
    }

    #[test]
    fn patterns_mean_what_they_mean_in_emacs() {
        for (pattern, text, wanted) in [
            (r"b+", "abbc", Some((1, 3))),
            (r"(x)|{1}", "(x)|{1}", Some((0, 7))),
            (r"\(a\|b\)\1", "xabb", Some((2, 4))),
            (r"a\{2,3\}", "caaaa", Some((1, 4))),
            (r"^b", "a\nb", Some((2, 3))),
            (r"a$", "a\nb", Some((0, 1))),
            (r"a^b$c", "a^b$c", Some((0, 5))),
            (r"*a", "b*a", Some((1, 3))),
            (r"\`b", "a\nb", None),
            (r"[]a-c-]+", "x]b-y", Some((1, 4))),
            (r"[^[:space:]\]+", " \\ab ", Some((2, 4))),
            (r"\_<a-b\_>", "xa-b a-b", Some((5, 8))),
            (r"\<lo", "hello lo", Some((6, 8))),
            (r"\s-+", "a  b", Some((1, 3))),
            (r"a.b", "a\nb", None),
        ] {
            assert_eq!(groups(pattern, text).map(|g| g[0].unwrap()), wanted, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_in_words() {
        for (pattern, wanted) in
            [("[a", "Unmatched [ or [^"), ("a\\", "Trailing backslash"), ("a\\{2", r"Unmatched \{")]
        {
            assert_eq!(search(pattern, false, "", 0).unwrap_err(), wanted);
        }
    }

    #[test]
    fn a_thread_forgets_what_it_has_compiled() {
        groups("abc", "abc");
        assert!(compiled() > 0);
        forget();
        assert_eq!(compiled(), 0);
    }
}
