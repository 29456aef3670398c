//! Where each field of the relocation records is: the tables of `docs/format.md` as constants.

use crate::bounds::Field;

/// The fields of the start of the section.
pub(crate) mod start {
    use super::Field;

    pub(crate) const CLASS_COUNT: Field = Field::first("class count", 4);
    pub(crate) const TABLE_COUNT: Field = CLASS_COUNT.then("table count", 4);
    pub(crate) const RUN_COUNT: Field = TABLE_COUNT.then("run count", 8);
    pub(crate) const BITMAP_COUNT: Field = RUN_COUNT.then("bitmap word count", 8);
    pub(crate) const RESERVED: Field = BITMAP_COUNT.then("reserved", 8);
    /// The bytes of the record.
    pub(crate) const SIZE: usize = RESERVED.end();
}

/// The fields of a class record.
pub(crate) mod class {
    use super::Field;

    pub(crate) const BASE: Field = Field::first("base", 1);
    pub(crate) const SHIFT: Field = BASE.then("shift", 1);
    pub(crate) const RESERVED: Field = SHIFT.then("reserved", 6);
    /// The bytes of the record.
    pub(crate) const SIZE: usize = RESERVED.end();
    /// The only base there is: the address of the image.
    pub(crate) const BASE_IMAGE: u64 = 0;
}

/// The fields of a table record.
pub(crate) mod table {
    use super::Field;

    pub(crate) const SECTION: Field = Field::first("section", 4);
    pub(crate) const CLASS: Field = SECTION.then("class", 4);
    pub(crate) const RUN_COUNT: Field = CLASS.then("run count", 8);
    /// The bytes of the record.
    pub(crate) const SIZE: usize = RUN_COUNT.end();
}

/// The fields of a run record.
pub(crate) mod run {
    use super::Field;

    pub(crate) const FIRST_WORD: Field = Field::first("first word", 8);
    pub(crate) const FIRST_BITMAP: Field = FIRST_WORD.then("first bitmap word", 8);
    pub(crate) const BITMAP_COUNT: Field = FIRST_BITMAP.then("bitmap word count", 8);
    /// The bytes of the record.
    pub(crate) const SIZE: usize = BITMAP_COUNT.end();
}

/// Every field of the start of the section, in order.
pub const RELOCATIONS_FIELDS: &[Field] =
    &[start::CLASS_COUNT, start::TABLE_COUNT, start::RUN_COUNT, start::BITMAP_COUNT, start::RESERVED];
/// Every field of a class record, in order.
pub const CLASS_FIELDS: &[Field] = &[class::BASE, class::SHIFT, class::RESERVED];
/// Every field of a table record, in order.
pub const TABLE_FIELDS: &[Field] = &[table::SECTION, table::CLASS, table::RUN_COUNT];
/// Every field of a run record, in order.
pub const RUN_FIELDS: &[Field] = &[run::FIRST_WORD, run::FIRST_BITMAP, run::BITMAP_COUNT];
