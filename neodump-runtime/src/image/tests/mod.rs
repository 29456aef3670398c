//! The promises of the container.

use std::path::{Path, PathBuf};

use super::*;
use crate::reloc::{self, Class, RelocationsBuilder};

mod files;
mod memory;

/// An image in the making: every word of `cells` and every third word of `table` points at the start of `rw`.
struct Sample {
    identity: Identity,
    layout: Layout,
    bodies: Vec<Vec<u8>>,
    relocations: RelocationsBuilder,
}

impl Sample {
    fn new(name: &str, cells: usize) -> Self {
        let identity = Identity {
            name: name.to_string(),
            version: 47,
            root_hash: 0x1111,
            natives_hash: 0x2222,
            fingerprint: Fingerprint::new(Strict::Stamped, &[7; 32]),
        };
        let base = preferred_base(name) + header_region_length(6).expect("few sections");
        let mut relocations = RelocationsBuilder::new();
        let mut words = Vec::new();
        for index in 0..cells {
            words.extend((base | 0b011).to_le_bytes());
            relocations.set(0, Class::UNSHIFTED, index);
        }
        let mut table = vec![0xaa; 37];
        for index in (0..4usize).step_by(3) {
            table[index * 8..][..8].copy_from_slice(&(base << 8 | 5).to_le_bytes());
            relocations.set(1, Class { shift: 8 }, index);
        }
        let bodies = vec![
            words,
            table,
            b"the bytes of every string".to_vec(),
            Vec::new(),
            vec![0; 16],
            relocations.encode().expect("few relocations"),
        ];
        let specs = [
            ("cells", SegmentKind::Rw),
            ("table", SegmentKind::Rw),
            ("bytes", SegmentKind::Ro),
            ("nothing", SegmentKind::Ro),
            ("natives", SegmentKind::Imports),
            (reloc::SECTION, SegmentKind::Meta),
        ];
        let specs = specs.map(|(name, segment)| SectionSpec::new(name, segment, 1, 0x3333));
        let layout = Layout::new(specs.into_iter().zip(bodies.iter().map(|body| body.len() as u64)));
        Self { identity, layout: layout.expect("a layout"), bodies, relocations }
    }

    fn bodies(&self) -> Vec<&[u8]> {
        self.bodies.iter().map(Vec::as_slice).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        to_bytes(&self.identity, &self.layout, &self.bodies()).expect("the image as bytes")
    }

    fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join("vm.ndump");
        let written = write_atomic(&path, &self.identity, &self.layout, &self.bodies()).expect("written");
        assert_eq!(written, self.layout.file_len());
        path
    }

    /// Every byte of `rw`, `ro` and `imports` is what was written, moved by the delta.
    fn assert_in(&self, region: &Region) {
        for (number, (placed, body)) in self.layout.sections().iter().zip(&self.bodies).enumerate().take(5) {
            let mut expected = body.clone();
            for (&(section, class), bitmap) in &self.relocations.tables {
                if section as usize == number {
                    for index in bitmap.iter() {
                        let word: &mut [u8; 8] =
                            (&mut expected[index * 8..][..8]).try_into().expect("a word");
                        let moved = u64::from_le_bytes(*word).wrapping_add(region.delta() << class.shift);
                        *word = moved.to_le_bytes();
                    }
                }
            }
            // SAFETY: nobody writes to the image of this test.
            let found = unsafe { region.bytes(placed.extent) };
            assert!(found == Some(&expected), "{} {}", placed.spec.name, region.way());
        }
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn unmap(region: Region) {
    // SAFETY: the tests keep no pointer into the region.
    unsafe { region.unmap() }.expect("unmapped");
}

fn own(source: &Source<'_>, placement: Placement) -> crate::error::Result<Region> {
    Region::own(source, &source.header()?, Check::Checksums, placement)
}

fn map(source: &Source<'_>, placement: Placement) -> crate::error::Result<Region> {
    let header = source.header()?;
    // SAFETY: the files of these tests are changed by nobody.
    unsafe { Region::map(source, &header, Check::Checksums, placement) }
}
