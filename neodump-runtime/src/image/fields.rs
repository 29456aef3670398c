//! Where each field of the container's fixed-size records is: the tables of `docs/format.md` as constants.

use crate::bounds::Field;

/// The fields of the header.
pub(crate) mod header {
    use super::Field;

    pub(crate) const MAGIC: Field = Field::first("magic", 16);
    pub(crate) const CONTAINER_VERSION: Field = MAGIC.then("container version", 4);
    pub(crate) const HEADER_LENGTH: Field = CONTAINER_VERSION.then("header length", 4);
    pub(crate) const WORD_SIZE: Field = HEADER_LENGTH.then("word size", 1);
    pub(crate) const BYTE_ORDER: Field = WORD_SIZE.then("byte order", 1);
    pub(crate) const FINGERPRINT_KIND: Field = BYTE_ORDER.then("fingerprint kind", 1);
    pub(crate) const RESERVED_A: Field = FINGERPRINT_KIND.then("reserved (1)", 5);
    pub(crate) const SEGMENT_ALIGN: Field = RESERVED_A.then("segment alignment", 4);
    pub(crate) const IMAGE_VERSION: Field = SEGMENT_ALIGN.then("image version", 4);
    pub(crate) const PREFERRED_BASE: Field = IMAGE_VERSION.then("preferred base", 8);
    pub(crate) const FILE_LENGTH: Field = PREFERRED_BASE.then("file length", 8);
    pub(crate) const IMAGE_NAME: Field = FILE_LENGTH.then("image name", 64);
    pub(crate) const ROOT_SCHEMA_HASH: Field = IMAGE_NAME.then("root schema hash", 8);
    pub(crate) const NATIVES_HASH: Field = ROOT_SCHEMA_HASH.then("natives hash", 8);
    pub(crate) const FINGERPRINT: Field = NATIVES_HASH.then("executable fingerprint", 32);
    pub(crate) const SECTION_COUNT: Field = FINGERPRINT.then("section count", 4);
    pub(crate) const SEGMENT_COUNT: Field = SECTION_COUNT.then("segment count", 4);
    pub(crate) const SEGMENT_TABLE: Field = SEGMENT_COUNT.then("segment table offset", 8);
    pub(crate) const SECTION_TABLE: Field = SEGMENT_TABLE.then("section table offset", 8);
    pub(crate) const REGION_LENGTH: Field = SECTION_TABLE.then("header region length", 8);
    pub(crate) const RESERVED_B: Field = REGION_LENGTH.then("reserved (2)", 48);
    pub(crate) const CHECKSUM: Field = RESERVED_B.then("header checksum", 8);
    /// The bytes of the header.
    pub(crate) const SIZE: usize = CHECKSUM.end();
}

/// The fields of a segment record.
pub(crate) mod segment {
    use super::Field;

    pub(crate) const KIND: Field = Field::first("kind", 4);
    pub(crate) const RESERVED_A: Field = KIND.then("reserved (1)", 4);
    pub(crate) const OFFSET: Field = RESERVED_A.then("offset", 8);
    pub(crate) const LENGTH: Field = OFFSET.then("length", 8);
    pub(crate) const RESERVED_B: Field = LENGTH.then("reserved (2)", 8);
    /// The bytes of a segment record.
    pub(crate) const SIZE: usize = RESERVED_B.end();
}

/// The fields of a section record.
pub(crate) mod section {
    use super::Field;

    pub(crate) const NAME: Field = Field::first("name", 32);
    pub(crate) const SEGMENT: Field = NAME.then("segment", 4);
    pub(crate) const VERSION: Field = SEGMENT.then("version", 4);
    pub(crate) const OFFSET: Field = VERSION.then("offset", 8);
    pub(crate) const LENGTH: Field = OFFSET.then("length", 8);
    pub(crate) const SCHEMA_HASH: Field = LENGTH.then("schema hash", 8);
    pub(crate) const CHECKSUM: Field = SCHEMA_HASH.then("checksum", 8);
    pub(crate) const RESERVED: Field = CHECKSUM.then("reserved", 8);
    /// The bytes of a section record.
    pub(crate) const SIZE: usize = RESERVED.end();
}

/// Every field of the header, in order: together they are all of its bytes.
pub const HEADER_FIELDS: &[Field] = &[
    header::MAGIC,
    header::CONTAINER_VERSION,
    header::HEADER_LENGTH,
    header::WORD_SIZE,
    header::BYTE_ORDER,
    header::FINGERPRINT_KIND,
    header::RESERVED_A,
    header::SEGMENT_ALIGN,
    header::IMAGE_VERSION,
    header::PREFERRED_BASE,
    header::FILE_LENGTH,
    header::IMAGE_NAME,
    header::ROOT_SCHEMA_HASH,
    header::NATIVES_HASH,
    header::FINGERPRINT,
    header::SECTION_COUNT,
    header::SEGMENT_COUNT,
    header::SEGMENT_TABLE,
    header::SECTION_TABLE,
    header::REGION_LENGTH,
    header::RESERVED_B,
    header::CHECKSUM,
];

/// Every field of a segment record, in order.
pub const SEGMENT_FIELDS: &[Field] =
    &[segment::KIND, segment::RESERVED_A, segment::OFFSET, segment::LENGTH, segment::RESERVED_B];

/// Every field of a section record, in order.
pub const SECTION_FIELDS: &[Field] = &[
    section::NAME,
    section::SEGMENT,
    section::VERSION,
    section::OFFSET,
    section::LENGTH,
    section::SCHEMA_HASH,
    section::CHECKSUM,
    section::RESERVED,
];
