//! The container: header, segment table, section table, and the image in memory.
//!
//! `docs/format.md` draws every structure byte by byte; a test compares it with the constants here.
//!
//! An image is written by giving each section its place ([`Layout`]), filling the bodies, and
//! [`write_atomic`]. It is read in the order [`Source::header`] (which refuses a damaged header),
//! one of the ways of [`Region`] (which refuse damaged sections unless told otherwise), and
//! [`Region::relocate`].

mod checksum;
mod executable;
mod fields;
mod header;
mod layout;
#[cfg(all(target_os = "linux", not(miri)))]
#[path = "mapped_linux.rs"]
mod mapped;
#[cfg(not(all(target_os = "linux", not(miri))))]
#[path = "mapped_portable.rs"]
mod mapped;
#[cfg(all(target_os = "linux", not(miri)))]
#[path = "memory_linux.rs"]
mod memory;
#[cfg(not(all(target_os = "linux", not(miri))))]
#[path = "memory_portable.rs"]
mod memory;
mod open;
mod region;
mod source;
#[cfg(test)]
mod tests;
mod verify;
mod ways;
mod write;

pub use checksum::{Checksum, checksum};
pub use executable::{Fingerprint, Strict};
pub use fields::{HEADER_FIELDS, SECTION_FIELDS, SEGMENT_FIELDS};
pub use header::{ImageHeader, encode_header};
pub use layout::{
    Identity, Layout, Placed, SectionSpec, SegmentKind, check_image_name, header_region_length,
    preferred_base,
};
pub(crate) use memory::advise_huge;
pub(crate) use open::{open_image, open_regular};
pub use region::{Region, Relocated, UnmapGuard, Way};
pub use source::Source;
#[cfg(feature = "inspect")]
pub(crate) use verify::{verify_bytes, verify_padding_bytes};
pub use verify::{verify_checksums, verify_padding};
pub use ways::{Check, Placement};
pub(crate) use write::{Replacement, folder_of, join, replace_by, sealed_header};
pub use write::{to_bytes, write_atomic};

/// The first bytes of every image: a byte above 127, the name, both line ends, the end-of-file
/// character, and bytes that no text has, so that a transfer that changes text is noticed.
pub const MAGIC: [u8; 16] = *b"\x89NEODUMP\r\n\x1a\n\x00\xff\x00\xff";
/// The version of the container that this build writes and reads.
pub const CONTAINER_VERSION: u32 = 1;
/// Bytes in a word.
pub const WORD_SIZE: u8 = 8;
/// The byte order: 1 is little-endian.
pub const BYTE_ORDER: u8 = 1;
/// Segments start at multiples of this and are multiples of this long: the largest page size in use.
pub const SEGMENT_ALIGN: u64 = 64 << 10;
/// Sections start at multiples of this: a cache line.
pub const SECTION_ALIGN: u64 = 64;
/// The preferred base is a multiple of this: a huge page.
pub const BASE_ALIGN: u64 = 2 << 20;
/// The number of segments.
pub const SEGMENT_COUNT: u32 = 4;
/// The most sections an image may have.
pub const MAX_SECTIONS: u32 = 4096;
/// No byte of an image at its preferred base has this address or a higher one, so that every address
/// fits into the payload of a NaN box.
pub const ADDRESS_LIMIT: u64 = 1 << 46;
