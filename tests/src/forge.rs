//! Takes an image apart, changes it, and makes it whole again: checksums that fit, so that only an
//! audit can refuse it.

use std::ops::Range;

use neodump_runtime::image::{
    HEADER_FIELDS, Identity, ImageHeader, Layout, SectionSpec, checksum, encode_header, to_bytes,
};

/// An image whose bytes may be changed at will.
#[derive(Clone)]
pub struct Forge {
    bytes: Vec<u8>,
    header: ImageHeader,
}

impl Forge {
    /// Takes an image.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn new(bytes: &[u8]) -> Self {
        let header = ImageHeader::parse(bytes, bytes.len() as u64).expect("a sound header");
        Self { bytes: bytes.to_vec(), header }
    }

    /// The header as it was.
    pub fn header(&self) -> &ImageHeader {
        &self.header
    }

    /// The bytes, to be changed.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Where the content of a section is.
    ///
    /// # Panics
    ///
    /// If there is no such section.
    pub fn section(&self, name: &str) -> Range<usize> {
        let placed = self.header.section(name).unwrap_or_else(|| panic!("there is no section {name}"));
        placed.extent.offset as usize..(placed.extent.offset + placed.extent.length) as usize
    }

    /// The content of every section, in the order of the file.
    pub fn contents(&self) -> Vec<(String, Range<usize>)> {
        let names = self.header.sections().iter().map(|placed| placed.spec.name.clone());
        names.map(|name| (name.clone(), self.section(&name))).collect()
    }

    /// The address that a byte of the file has at the preferred base.
    pub fn address(&self, offset: usize) -> u64 {
        self.header.preferred_base() + offset as u64
    }

    /// The number at an offset of the file.
    pub fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight bytes"))
    }

    /// Writes a number at an offset of the file.
    pub fn put(&mut self, at: usize, value: u64) {
        self.bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// The image with checksums that fit its bytes, the header as it was written.
    ///
    /// # Panics
    ///
    /// Never: the header is one that was parsed.
    pub fn sealed(&mut self) -> &[u8] {
        let sums: Vec<u64> = self
            .header
            .sections()
            .iter()
            .map(|placed| {
                let covered = placed.covered;
                checksum(&self.bytes[covered.offset as usize..(covered.offset + covered.length) as usize])
            })
            .collect();
        let region =
            encode_header(self.header.identity(), self.header.layout(), &sums).expect("a sound header");
        self.bytes[..region.len()].copy_from_slice(&region);
        &self.bytes
    }

    /// The image with a header checksum that fits its bytes, all else as it is.
    ///
    /// # Panics
    ///
    /// Never: every header has a checksum.
    pub fn sealed_header(&mut self) -> &[u8] {
        let field = HEADER_FIELDS.last().expect("a checksum");
        let region = self.header.header_len() as usize;
        self.bytes[field.offset..field.end()].fill(0);
        let sum = checksum(&self.bytes[..region]);
        field.put_number(&mut self.bytes, sum);
        &self.bytes
    }

    /// The identity and the sections with their bodies, to be written anew by [`assemble`].
    pub fn apart(&self) -> (Identity, Vec<(SectionSpec, Vec<u8>)>) {
        let sections = self.header.sections().iter().map(|placed| {
            let body = self.bytes[self.section(&placed.spec.name)].to_vec();
            (placed.spec.clone(), body)
        });
        (self.header.identity().clone(), sections.collect())
    }
}

/// Writes an image of any sections.
///
/// # Panics
///
/// If no layout holds them.
pub fn assemble(identity: &Identity, sections: &[(SectionSpec, Vec<u8>)]) -> Vec<u8> {
    let specs = sections.iter().map(|(spec, body)| (spec.clone(), body.len() as u64));
    let layout = Layout::new(specs).expect("a layout");
    let bodies: Vec<&[u8]> = sections.iter().map(|(_, body)| body.as_slice()).collect();
    to_bytes(identity, &layout, &bodies).expect("an image")
}
