//! The rule of the lock, on texts alone.

use super::Part;
use crate::image::checksum;
use crate::schema::diff;

/// Says whether `part` may follow the `accepted` snapshot: where the layout has changed, the version has to be a
/// higher one.
///
/// # Errors
///
/// Which version to bump, what to run then, and what changed.
pub fn check(accepted: Option<&str>, part: &Part) -> Result<(), String> {
    let Some(accepted) = accepted else { return Ok(()) };
    // A checkout may have other ends of lines.
    let accepted = accepted.replace("\r\n", "\n");
    let Some(old) = Accepted::read(&accepted) else {
        return Err(
            "the accepted snapshot holds no format; remove it, then run `cargo insta review`".to_owned()
        );
    };
    let name = &part.name;
    if old.name != *name {
        return Err(format!(
            "the accepted snapshot is of {}, not of {name}; remove it, then run `cargo insta review`",
            old.name
        ));
    }
    if old.hash != layout_hash(old.schema) {
        return Err(
            "the accepted snapshot was edited: its hash is not that of its layout; restore it".to_owned()
        );
    }
    let (Some(was), Some(is)) = (old.version, part.version) else { return Ok(()) };
    if is > was || is == was && old.schema.trim_end() == part.schema.trim_end() {
        return Ok(());
    }
    let mut lines = vec![if is < was {
        let next = was.saturating_add(1);
        format!(
            "version of {name} went from {was} back to {is}: make it {next}, then run `cargo insta review`"
        )
    } else {
        format!("layout of {name} changed but version is still {is}: bump it, then run `cargo insta review`")
    }];
    lines.extend(diff(old.schema, &part.schema).lines().into_iter().map(|change| format!("  {change}")));
    Err(lines.join("\n"))
}

/// The hash of a layout; insta answers for the ends of texts.
pub(super) fn layout_hash(schema: &str) -> u64 {
    checksum(schema.trim_end().as_bytes())
}

/// An accepted snapshot.
struct Accepted<'a> {
    name: &'a str,
    version: Option<u32>,
    hash: u64,
    schema: &'a str,
}

impl<'a> Accepted<'a> {
    /// Reads the text of a snapshot file: insta's own lines, then that of [`Part::text`].
    fn read(file: &'a str) -> Option<Self> {
        let start = match file.strip_prefix("format of ") {
            Some(_) => 0,
            None => file.find("\nformat of ")? + 1,
        };
        let (head, schema) = file[start..].split_once("\n\n")?;
        let mut lines = head.lines();
        let name = lines.next()?.strip_prefix("format of ")?;
        let version = match lines.next()?.strip_prefix("version: ")? {
            "-" => None,
            number => Some(number.parse().ok()?),
        };
        let hash = u64::from_str_radix(lines.next()?.strip_prefix("hash: ")?, 16).ok()?;
        lines.next().is_none().then_some(Self { name, version, hash, schema })
    }
}
