//! The rule of the lock, on texts alone.

use super::{Format, Part};
use crate::schema::diff;

/// Says whether `format` may follow the `accepted` snapshot: where a hash has moved, its version has to be
/// a higher one.
///
/// # Errors
///
/// Which version to bump, what to run then, and what changed.
pub fn check(accepted: Option<&str>, format: &Format) -> Result<(), String> {
    let Some(accepted) = accepted else { return Ok(()) };
    let Some(old) = Accepted::read(accepted) else {
        return Err(
            "the accepted snapshot holds no format; remove it, then run `cargo insta review`".to_owned()
        );
    };
    let mut problems = Vec::new();
    for part in format.parts() {
        // A part that is new or gone has moved the hash of the image, whose version answers for it.
        let Some(before) = old.parts.iter().find(|before| before.name == part.name) else { continue };
        let (Some(was), Some(is)) = (before.version, part.version) else { continue };
        if before.hash == part.hash && is >= was {
            continue;
        }
        let name = &part.name;
        if is == was {
            problems.push(format!(
                "layout of {name} changed but version is still {is}: bump it, then run `cargo insta review`"
            ));
        } else if is < was {
            problems.push(format!(
                "version of {name} went from {was} back to {is}: make it {}, then run `cargo insta review`",
                was.saturating_add(1)
            ));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let text = format.text();
    let changes = Accepted::read(&text).map_or_else(Vec::new, |new| diff(old.schema, new.schema).lines());
    problems.extend(changes.into_iter().map(|change| format!("  {change}")));
    Err(problems.join("\n"))
}

/// An accepted snapshot.
struct Accepted<'a> {
    parts: Vec<Part>,
    schema: &'a str,
}

impl<'a> Accepted<'a> {
    /// Reads the text of a snapshot file: insta's own lines, then that of [`Format::text`].
    fn read(file: &'a str) -> Option<Self> {
        let start = match file.strip_prefix("format of ") {
            Some(_) => 0,
            None => file.find("\nformat of ")? + 1,
        };
        let text = &file[start..];
        let (head, schema) = text.split_once("\n\n")?;
        let mut lines = head.lines();
        let first = Part {
            name: lines.next()?.strip_prefix("format of ")?.to_owned(),
            version: version(lines.next()?.strip_prefix("version: ")?)?,
            hash: hash(lines.next()?.strip_prefix("hash: ")?)?,
        };
        let mut parts = vec![first];
        for line in lines {
            let (name, rest) = line.split_once(": version ")?;
            let (number, sum) = rest.split_once(" hash ")?;
            parts.push(Part { name: name.to_owned(), version: version(number)?, hash: hash(sum)? });
        }
        Some(Self { parts, schema })
    }
}

/// A version as the snapshot has it: a number, or `-` for none.
fn version(text: &str) -> Option<Option<u32>> {
    if text == "-" { Some(None) } else { text.parse().ok().map(Some) }
}

fn hash(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}
