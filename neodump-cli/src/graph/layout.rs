//! What a walk of records follows: the schema, compiled to short lists.

use neodump_runtime::inspect::TypeId;

/// The number of a [`List`]: that of a type is its place in the schema; those of map entries follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ListId(pub(crate) u32);

/// The number of a [`Segment`] with all that follow it; 0 is the empty path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PathId(pub(super) u32);

/// What of one record leads elsewhere, or is stored elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    /// Bytes of the record.
    pub(crate) size: u64,
    /// The alignment of the record.
    pub(crate) align: u64,
    pub(super) ops: Vec<Op>,
    /// Work to walk one record: bounded by its size, so that no schema makes a walk long.
    pub(super) weight: u64,
}

impl List {
    /// Whether records of it lead nowhere and own nothing.
    pub(crate) fn is_quiet(&self) -> bool {
        self.ops.is_empty()
    }
}

/// One place of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Op {
    /// The offset in the record.
    pub(super) at: u64,
    /// The place of the field in its struct or enum, numbered over all variants.
    pub(super) top: u32,
    /// The way from the record to the place.
    pub(super) path: PathId,
    pub(super) what: What,
}

/// What is at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// A word or pointer, which leads to an object if it is relocated.
    Reference {
        /// Whether it keeps nothing.
        weak: bool,
        /// The type of the word; none for a pointer.
        word: Option<TypeId>,
    },
    /// A symbol; left out where symbols are not asked for.
    Symbol,
    /// The number of a native function; left out where symbols are not asked for.
    Native,
    /// An `ImageVec` of such elements.
    Vector(ListId),
    /// An `ImageMap` or `ImageSet` of such entries.
    Map(ListId),
    /// A reference to a payload of such records.
    Payload(ListId, Many),
    /// A reference to a payload that several owners share; a weak one may lead nowhere.
    Shared {
        /// What is shared.
        list: ListId,
        /// Whether it keeps nothing.
        weak: bool,
    },
    /// One of several lists, by a tag: the number of a [`Choice`].
    Choice(u32),
    /// A record inside of the record.
    Nest(ListId),
    /// So many records inside of the record.
    Repeat(ListId, u64),
}

/// How the records of a payload stand in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Many {
    /// As itself: the one value of a `Box`.
    One,
    /// By number.
    Elements,
    /// By key.
    Entries,
}

/// An enum or an option.
#[derive(Debug, Clone, Default)]
pub(super) struct Choice {
    /// Bytes of the tag, at the start of the record.
    pub(super) tag: u32,
    /// The lists by value of the tag; others lead nowhere.
    pub(super) lists: Vec<(u64, ListId)>,
}

/// One step of a path inside of a record, and what follows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) segment: Segment<'a>,
    pub(super) next: PathId,
}

/// One step of a path inside of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Segment<'a> {
    Field(&'a str),
    Variant(&'a str),
    KeyOf,
}

/// What is known of a heap object type.
#[derive(Debug, Clone)]
pub(crate) struct ObjectLayout {
    /// What is in the slot.
    pub(crate) slot: ListId,
    /// What is in the side record; its offsets count from the start of the side record.
    pub(crate) side: ListId,
    /// Offset, stride and elements of the trailing array, and its field.
    pub(crate) tail: Option<Tail>,
}

/// The trailing array of an object type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tail {
    pub(crate) offset: u64,
    pub(crate) stride: u64,
    pub(crate) list: ListId,
    pub(super) path: PathId,
    pub(crate) top: u32,
}

/// All lists of a schema.
#[derive(Debug, Default)]
pub(crate) struct Layouts<'a> {
    pub(super) lists: Vec<List>,
    pub(super) choices: Vec<Choice>,
    pub(super) paths: Vec<Node<'a>>,
    /// By the place of the type among the object types.
    pub(super) objects: Vec<ObjectLayout>,
    /// The types of the keys of lists that are entries.
    pub(super) keys: Vec<(ListId, TypeId)>,
}

impl<'a> Layouts<'a> {
    /// The list with this number; an empty one for a number of other layouts.
    pub(crate) fn list(&self, id: ListId) -> &List {
        const NONE: &List = &List { size: 0, align: 1, ops: Vec::new(), weight: 0 };
        self.lists.get(id.0 as usize).unwrap_or(NONE)
    }

    /// The layout of an object type, by its place among the object types.
    pub(crate) fn object(&self, ordinal: usize) -> Option<&ObjectLayout> {
        self.objects.get(ordinal)
    }

    /// The type of the keys of entries.
    pub(crate) fn key_of(&self, list: ListId) -> Option<TypeId> {
        let at = self.keys.binary_search_by_key(&list, |(entry, _)| *entry).ok()?;
        self.keys.get(at).map(|(_, key)| *key)
    }

    pub(super) fn choice(&self, number: u32) -> Option<&Choice> {
        self.choices.get(number as usize)
    }

    /// The steps of a path.
    pub(crate) fn segments(&self, path: PathId) -> impl Iterator<Item = Segment<'a>> + '_ {
        let mut next = path;
        std::iter::from_fn(move || {
            // Number 0 is the empty path.
            let node = self.paths.get((next.0 as usize).checked_sub(1)?)?;
            next = node.next;
            Some(node.segment)
        })
    }
}

/// The list of a type.
pub(crate) fn list_of(ty: TypeId) -> ListId {
    // A schema has fewer than 2^32 types.
    ListId(ty.index() as u32)
}
