//! The lines of a listing: what each byte of the file is, in the order of the file.

use std::fmt::Write as _;

use crate::bounds::{Extent, is_zero, to_u64};
use crate::inspect::Image;

/// The bytes of a line.
const WIDTH: usize = 16;

/// Bytes with a meaning.
struct Part {
    extent: Extent,
    path: String,
    said: String,
}

/// What is known of the bytes of an image.
pub(super) struct Listing<'i, 'a> {
    image: &'i Image<'a>,
    leaves: Vec<Part>,
    /// Records whose parts are leaves: they name what no part has, a tag or padding.
    around: Vec<Part>,
}

impl<'i, 'a> Listing<'i, 'a> {
    pub(super) fn new(image: &'i Image<'a>) -> Self {
        Self { image, leaves: Vec::new(), around: Vec::new() }
    }

    /// Says what these bytes are.
    pub(super) fn leaf(&mut self, offset: u64, size: u64, path: &str, said: String) {
        if size > 0 {
            self.leaves.push(Part { extent: Extent::new(offset, size), path: path.to_owned(), said });
        }
    }

    /// The same, of bytes that were borrowed of the image.
    pub(super) fn borrowed(&mut self, bytes: &[u8], path: &str, said: String) {
        let all = self.image.bytes().as_ptr_range();
        let at = bytes.as_ptr();
        if all.contains(&at) {
            let offset = at.addr() - all.start.addr();
            self.leaf(to_u64(offset), to_u64(bytes.len()), path, said);
        }
    }

    /// Says whose bytes these are where no leaf has them.
    pub(super) fn around(&mut self, offset: u64, size: u64, path: &str, said: String) {
        if size > 0 {
            self.around.push(Part { extent: Extent::new(offset, size), path: path.to_owned(), said });
        }
    }

    /// Appends the lines of the bytes of `extent`.
    pub(super) fn write(&mut self, extent: Extent, text: &mut String) {
        // Stable: of two leaves at one place the first was met first.
        self.leaves.sort_by_key(|part| part.extent.offset);
        self.around.sort_by_key(|part| part.extent.offset);
        let end = extent.offset.saturating_add(extent.length);
        let first = self.leaves.partition_point(|part| part.extent.offset < extent.offset);
        let mut at = extent.offset;
        for part in self.leaves[first..].iter().take_while(|part| part.extent.offset < end) {
            let start = part.extent.offset;
            // What several own is shown once.
            if start < at {
                continue;
            }
            self.rest(Extent::new(at, start - at), text);
            self.lines(part.extent, &part.path, &part.said, text);
            at = start.saturating_add(part.extent.length);
        }
        self.rest(Extent::new(at, end.saturating_sub(at)), text);
    }

    /// Appends bytes that no leaf has, split where a record around them starts or ends.
    fn rest(&self, extent: Extent, text: &mut String) {
        let end = extent.offset.saturating_add(extent.length);
        let mut at = extent.offset;
        while at < end {
            let around = self.innermost(at);
            let starts = self.around.partition_point(|part| part.extent.offset <= at);
            let next = self.around.get(starts).map_or(end, |part| part.extent.offset);
            let stop = around.map_or(end, |part| part.extent.offset.saturating_add(part.extent.length));
            let to = end.min(next).min(stop).max(at + 1);
            let (path, said) = around.map_or(("", ""), |part| (&*part.path, &*part.said));
            self.lines(Extent::new(at, to - at), path, said, text);
            at = to;
        }
    }

    /// The smallest record that has the byte at `offset`.
    fn innermost(&self, offset: u64) -> Option<&Part> {
        let before = self.around.partition_point(|part| part.extent.offset <= offset);
        let holds = self.around[..before].iter().filter(|part| part.extent.holds(offset));
        holds.min_by_key(|part| part.extent.length)
    }

    /// Appends bytes, a line for sixteen; zeros that mean nothing are counted.
    fn lines(&self, extent: Extent, path: &str, said: &str, text: &mut String) {
        let Some(bytes) = self.image.bytes_at(extent) else { return };
        let is_named = !path.is_empty() || !said.is_empty();
        // Writing to a `String` cannot fail.
        if is_zero(bytes) && (bytes.len() > WIDTH || !is_named) {
            let _ = writeln!(text, "{:08x}  {} zeros{}", extent.offset, bytes.len(), after(path, said));
            return;
        }
        let mut zeros: Option<(usize, usize)> = None;
        let flush = |zeros: &mut Option<(usize, usize)>, text: &mut String| {
            if let Some((line, count)) = zeros.take() {
                let at = extent.offset + to_u64(line * WIDTH);
                let _ = writeln!(text, "{at:08x}  {count} zeros");
            }
        };
        for (line, chunk) in bytes.chunks(WIDTH).enumerate() {
            if line > 0 && is_zero(chunk) {
                let (_, count) = zeros.get_or_insert((line, 0));
                *count += chunk.len();
                continue;
            }
            flush(&mut zeros, text);
            let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let note = if line == 0 { after(path, said) } else { String::new() };
            let at = extent.offset + to_u64(line * WIDTH);
            let _ = writeln!(text, "{at:08x}  {}{note}", hex.join(" "));
        }
        flush(&mut zeros, text);
    }
}

fn after(path: &str, said: &str) -> String {
    match (path, said) {
        ("", "") => String::new(),
        (path, "") => format!("  {path}"),
        ("", said) => format!("  {said}"),
        (path, said) => format!("  {path}  {said}"),
    }
}
