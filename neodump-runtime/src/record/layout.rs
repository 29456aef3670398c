//! Sizes and offsets of stored records, computed at compile time.

/// Size, alignment and tier of a stored record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// Whether the stored form is the memory form.
    pub in_place: bool,
    /// Whether all-zero bytes are no valid value and `Option<Self>` uses them as its `None`, by
    /// guarantee of the language.
    pub niche: bool,
    /// Whether a stored record must be in the `rw` segment: it holds words, pointers or symbols,
    /// or has interior mutability.
    pub rw: bool,
    /// Whether the record owns more than its own bytes (a payload elsewhere), so that many of
    /// them are written and audited from a queue.
    pub owns: bool,
    /// Whether the bytes of a value are its stored form as they are: no padding, nothing to look
    /// at one by one. Slices of such values are copied whole.
    pub copy: bool,
    /// Whether a walk of a value shows nothing: it holds no word, pointer, symbol or native, nor anything
    /// that cannot be looked into. See [`Dumpable::LEAF`](super::Dumpable::LEAF), which looks behind indirections too.
    pub leaf: bool,
    /// Whether something is done to the value at its address when all else of the load is done (`relink`):
    /// it must not be moved by the load, as entries of keyed collections and converted values are.
    pub pinned: bool,
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Sections start at multiples of 64 bytes, so no record in one can be aligned to more.
const fn checked_align(align: usize) -> usize {
    assert!(align <= 64, "a stored value is aligned to at most 64 bytes: lower its #[repr(align(..))]");
    align
}

/// `offset` rounded up to a multiple of `align`, a power of two.
const fn align_up(offset: usize, align: usize) -> usize {
    (offset + align - 1) & !(align - 1)
}

impl Record {
    /// The record of a field that is not stored: it has no bytes, and the type around it has to be
    /// hydrated.
    pub const SKIPPED: Self = Self::hydrated(0, 1).with_leaf();

    /// A stored form that is the memory form of `T`, without words.
    pub const fn in_place<T>() -> Self {
        Self {
            size: size_of::<T>(),
            align: align_of::<T>(),
            in_place: true,
            niche: false,
            rw: false,
            owns: false,
            copy: false,
            leaf: false,
            pinned: false,
        }
    }

    /// The same, with bytes that are copied whole.
    pub const fn with_copy(self) -> Self {
        Self { copy: true, leaf: true, ..self }
    }

    /// The same, with nothing that a walk shows.
    pub const fn with_leaf(self) -> Self {
        Self { leaf: true, ..self }
    }

    /// A stored form of its own.
    pub const fn hydrated(size: usize, align: usize) -> Self {
        Self {
            size,
            align,
            in_place: false,
            niche: false,
            rw: false,
            owns: false,
            copy: false,
            leaf: false,
            pinned: false,
        }
    }

    /// The same, in the `rw` segment.
    pub const fn with_rw(self) -> Self {
        Self { rw: true, ..self }
    }

    /// The same, owning a payload.
    pub const fn with_owns(self) -> Self {
        Self { owns: true, ..self }
    }

    /// The same, needed at its address until the end of the load.
    pub const fn with_pinned(self) -> Self {
        Self { pinned: true, ..self }
    }

    /// The same, of a value that the load moves when it has read it.
    ///
    /// ```compile_fail,E0080
    /// use std::collections::HashMap;
    /// use neodump_runtime::Dumpable;
    ///
    /// #[derive(Dumpable)]
    /// struct Text {
    ///     #[dump(relink = Text::me)]
    ///     me: *const Text,
    /// }
    ///
    /// impl Text {
    ///     fn me(&self) -> *const Text {
    ///         self
    ///     }
    /// }
    ///
    /// #[derive(Dumpable)]
    /// #[dump(image = "texts", version = 1)]
    /// struct Vm {
    ///     by_name: HashMap<String, Text>,
    /// }
    ///
    /// let _ = neodump_runtime::dump_to_bytes(&mut Vm { by_name: HashMap::new() });
    /// ```
    ///
    /// # Panics
    ///
    /// At compile time: the value has to stay where it is.
    pub(crate) const fn moved(self) -> Self {
        assert!(
            !self.pinned,
            "a `relink` field is put right where it is at the end of the load, and the entries of keyed collections \
             and values of `with` are moved before: put the type that has it into a Box"
        );
        self
    }

    /// The same, with zero as the `None` of an `Option`.
    pub const fn with_niche(self) -> Self {
        Self { niche: true, ..self }
    }

    /// The same, of at least one byte: shared values of a type without bytes are still different
    /// values, and so need different places.
    pub(crate) const fn with_identity(self) -> Self {
        Self { size: max(self.size, 1), ..self }
    }

    /// The record of a wrapper that has the memory form of its content: `#[repr(transparent)]`.
    /// Interior mutability makes it `rw` and takes the niche away.
    pub const fn cell(self) -> Self {
        Self { rw: true, niche: false, ..self }
    }

    /// The record of an enum of this memory size and alignment; `explicit` if it has an explicit
    /// `repr` that makes its layout known.
    pub const fn of_enum(size: usize, align: usize, explicit: bool, variants: &[&[Record]]) -> Self {
        let align = checked_align(align);
        let mut sum = Self { in_place: explicit, ..Self::hydrated(size, align).with_leaf() };
        let mut v = 0;
        while v < variants.len() {
            sum = sum.absorb(variants[v]);
            v += 1;
        }
        if !sum.in_place {
            sum.size = 4;
            sum.align = 4;
            let mut v = 0;
            while v < variants.len() {
                let (end, align) = end_of(variants[v], 4);
                sum.size = max(sum.size, end);
                sum.align = max(sum.align, align);
                v += 1;
            }
            sum.size = align_up(sum.size, sum.align);
        }
        sum
    }

    /// The record of a union of this memory size and alignment.
    pub const fn of_union(size: usize, align: usize, fields: &[Record]) -> Self {
        // A tag that selects no field is refused by a walk.
        Self { in_place: true, ..Self::hydrated(size, checked_align(align)) }.absorb(fields)
    }

    /// Where the payloads of a `#[repr(C)]` enum start in memory: after the tag, aligned for every
    /// field of every variant.
    pub const fn payload_start(tag_size: usize, aligns: &[usize]) -> usize {
        let mut align = 1;
        let mut i = 0;
        while i < aligns.len() {
            align = max(align, aligns[i]);
            i += 1;
        }
        align_up(tag_size, align)
    }

    const fn absorb(mut self, fields: &[Record]) -> Self {
        let mut i = 0;
        while i < fields.len() {
            self.in_place &= fields[i].in_place;
            self.rw |= fields[i].rw;
            self.owns |= fields[i].owns;
            self.pinned |= fields[i].pinned;
            self.leaf &= fields[i].leaf;
            i += 1;
        }
        self
    }
}

/// Where `fields` laid out one after the other from `start` end, and the largest alignment.
const fn end_of(fields: &[Record], start: usize) -> (usize, usize) {
    let mut at = start;
    let mut align = 1;
    let mut i = 0;
    while i < fields.len() {
        at = align_up(at, fields[i].align) + fields[i].size;
        align = max(align, fields[i].align);
        i += 1;
    }
    (at, align)
}

/// The stored form of a struct or variant: where each of its `N` fields goes.
#[derive(Debug, Clone, Copy)]
pub struct Layout<const N: usize> {
    /// The whole record.
    pub record: Record,
    /// The offset of each field in the record.
    pub offsets: [usize; N],
    /// For an object: the record beside the slot that holds the fields which are hydrated into it.
    pub side: Record,
    /// The offset of each hydrated field in the side record.
    pub side_offsets: [usize; N],
    /// Which fields are in the slot of an object (the others are in its side record).
    pub in_slot: [bool; N],
}

impl<const N: usize> Layout<N> {
    /// The layout of a struct of this memory size and alignment whose fields are at
    /// `memory_offsets`.
    pub const fn of_struct(
        fields: [Record; N],
        memory_offsets: [usize; N],
        size: usize,
        align: usize,
    ) -> Self {
        let align = checked_align(align);
        let whole = Record { in_place: true, ..Record::hydrated(size, align).with_leaf() };
        let mut layout = Self::of_fields(whole.absorb(&fields), fields, memory_offsets, 0);
        if !layout.record.in_place {
            let (end, align) = end_of(&fields, 0);
            // A value of which nothing is stored still counts for a byte, so that a file cannot ask for
            // more of them than it is long.
            layout.record.size = max(align_up(end, align), if size > 0 { 1 } else { 0 });
            layout.record.align = align;
        }
        layout
    }

    /// The layout of a `#[repr(transparent)]` struct: as [`of_struct`](Self::of_struct), keeping
    /// what is known of the bytes of the one field that has a size.
    pub const fn of_transparent(
        fields: [Record; N],
        memory_offsets: [usize; N],
        size: usize,
        align: usize,
    ) -> Self {
        let mut layout = Self::of_struct(fields, memory_offsets, size, align);
        let mut i = 0;
        while i < N {
            layout.record.niche |= fields[i].niche && fields[i].size == size;
            layout.record.copy |= fields[i].copy && fields[i].size == size;
            i += 1;
        }
        layout
    }

    /// The same, of a type whose values are checked one by one, and so not copied as bytes.
    #[must_use]
    pub const fn validated(mut self) -> Self {
        self.record.copy = false;
        self
    }

    /// The layout of one variant of an enum whose record is `whole`. In place, its fields are at
    /// `memory_offsets`; else they follow the `u32` variant index.
    pub const fn of_variant(whole: Record, fields: [Record; N], memory_offsets: [usize; N]) -> Self {
        Self::of_fields(whole, fields, memory_offsets, 4)
    }

    /// The layout of records one after the other, as in the entries of a map.
    pub const fn of_sequence(fields: [Record; N]) -> Self {
        let (end, align) = end_of(&fields, 0);
        let whole = Record::hydrated(align_up(end, align), align).with_leaf().absorb(&fields);
        let mut layout = Self::of_fields(Record { in_place: false, ..whole }, fields, [0; N], 0);
        layout.record.size = align_up(end, align);
        layout
    }

    /// The offsets of fields of these sizes and alignments that C lays out one after the other from
    /// `start`: those of a variant of an enum with an explicit `repr`.
    pub const fn c_offsets(start: usize, sizes: [usize; N], aligns: [usize; N]) -> [usize; N] {
        let mut offsets = [0; N];
        let mut at = start;
        let mut i = 0;
        while i < N {
            at = align_up(at, aligns[i]);
            offsets[i] = at;
            at += sizes[i];
            i += 1;
        }
        offsets
    }

    const fn of_fields(
        record: Record,
        fields: [Record; N],
        memory_offsets: [usize; N],
        start: usize,
    ) -> Self {
        let mut offsets = memory_offsets;
        let mut side_offsets = [0; N];
        let mut in_slot = [false; N];
        let mut side = Record::hydrated(0, 1);
        let mut at = start;
        let mut i = 0;
        while i < N {
            if !record.in_place {
                at = align_up(at, fields[i].align);
                offsets[i] = at;
                at += fields[i].size;
            }
            in_slot[i] = fields[i].in_place;
            if !fields[i].in_place {
                side.size = align_up(side.size, fields[i].align);
                side_offsets[i] = side.size;
                side.size += fields[i].size;
                side.align = max(side.align, fields[i].align);
                side.rw |= fields[i].rw;
                side.owns |= fields[i].owns;
                side.pinned |= fields[i].pinned;
            }
            i += 1;
        }
        side.size = align_up(side.size, side.align);
        Self { record, offsets, side, side_offsets, in_slot }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_line_is_the_largest_alignment() {
        assert_eq!(Layout::of_struct([], [], 64, 64).record.align, 64);
        assert_eq!(Record::of_enum(64, 64, true, &[]).align, 64);
    }

    #[test]
    #[should_panic(expected = "aligned to at most 64 bytes")]
    fn a_struct_of_larger_alignment_is_refused() {
        Layout::of_struct([], [], 128, 128);
    }

    #[test]
    #[should_panic(expected = "aligned to at most 64 bytes")]
    fn an_enum_of_larger_alignment_is_refused() {
        Record::of_enum(128, 128, true, &[]);
    }
}
