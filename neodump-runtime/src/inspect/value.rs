//! Values: where a stored record is, and what one level of it holds. `read` reads it.

use super::arena::Object;
use super::image::Image;
use super::schema::{Schema, TypeId};
use crate::bounds::{Extent, add, mul};
use crate::dump::framework;

/// A stored record: a type and where its bytes are. [`Image::read`] says what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    /// The type.
    pub ty: TypeId,
    /// The offset of the record.
    pub offset: u64,
    pub(super) how: How,
}

/// What a record is besides its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum How {
    Plain,
    /// A heap object, and the offset of its side record.
    Object(Object, u64),
    /// A union, whose tag only the machine can read.
    Union,
    /// The record of the image type: managers are elsewhere.
    Root,
}

/// What a stored record holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// Nothing.
    Unit,
    /// `true` or `false`.
    Bool(bool),
    /// A number without a sign.
    Unsigned(u128),
    /// A number with a sign.
    Signed(i128),
    /// A float; one of four bytes was widened.
    Float(f64),
    /// A character.
    Char(char),
    /// Seconds and nanoseconds.
    Duration(u64, u32),
    /// The id of a symbol.
    Symbol(u32),
    /// A word that is neither an object nor a symbol, as its bits.
    Immediate(u64),
    /// A reference to a heap object.
    Object(Object),
    /// An address of the image at which no object starts: the offset.
    Address(u64),
    /// No value: `None`, a null pointer, no native.
    None,
    /// An import, by its place in [`Image::natives`].
    Native(usize),
    /// UTF-8, or bytes in the encoding of the system.
    Text(&'a [u8]),
    /// Bytes: a sequence of `u8`, or what the schema does not explain.
    Bytes(&'a [u8]),
    /// One value behind or in this one: `Some`, `Box`.
    One(Value),
    /// Fields of a struct or tuple.
    Fields(Vec<Member<'a>>),
    /// A variant and its fields.
    Variant(&'a str, Vec<Member<'a>>),
    /// Elements.
    Elements(Elements),
    /// Entries of a map or set.
    Entries(Entries),
    /// A reference to a value that has owners elsewhere: its offset.
    Weak(u64),
    /// A value that has several owners, told apart by its offset.
    Shared(u64, Box<Node<'a>>),
}

/// A field of a [`Node`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// The name, or the position in a tuple.
    pub name: &'a str,
    /// The value; `None` for a field that is not stored.
    pub value: Option<Value>,
    /// The attribute that says how it is stored, empty for a plain field.
    pub policy: &'a str,
}

/// Records of one type, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elements {
    /// The type of each.
    pub ty: TypeId,
    /// The number of elements.
    pub count: u64,
    /// Where all of them are.
    pub extent: Extent,
    pub(super) stride: u64,
}

impl Elements {
    /// Element number `index`.
    pub fn get(&self, index: u64) -> Option<Value> {
        let at = mul(index, self.stride).filter(|_| index < self.count)?;
        Some(Value { ty: self.ty, offset: add(self.extent.offset, at)?, how: How::Plain })
    }
}

/// Entries of a map or set, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entries {
    /// The type of the keys.
    pub key: TypeId,
    /// The type of the values; `None` for a set.
    pub value: Option<TypeId>,
    /// The number of entries.
    pub count: u64,
    /// Where all of them are.
    pub extent: Extent,
    pub(super) stride: u64,
    pub(super) value_at: u64,
}

impl Entries {
    /// Key and value of entry number `index`.
    pub fn get(&self, index: u64) -> Option<(Value, Option<Value>)> {
        let at = mul(index, self.stride).filter(|_| index < self.count)?;
        let at = add(self.extent.offset, at)?;
        let key = Value { ty: self.key, offset: at, how: How::Plain };
        let value = match self.value {
            None => None,
            Some(ty) => Some(Value { ty, offset: add(at, self.value_at)?, how: How::Plain }),
        };
        Some((key, value))
    }
}

impl Image<'_> {
    /// The record of type `ty` at `offset`.
    pub fn value(&self, ty: TypeId, offset: u64) -> Value {
        Value { ty, offset, how: How::Plain }
    }

    /// The record of an object, with its side record and its trailing array.
    pub fn object_value(&self, object: Object) -> Value {
        let side = self.side_record(object).map_or(0, |side| side.offset);
        Value { ty: object.ty, offset: object.offset, how: How::Object(object, side) }
    }

    /// The record of the image type; its managers are read from their own sections.
    pub fn root_value(&self) -> Value {
        let offset = self.section(framework::ROOT).map_or(0, |section| section.extent.offset);
        Value { ty: TypeId(0), offset, how: How::Root }
    }

    /// The record of the manager that has the section of this name.
    pub fn manager_value(&self, section: &str) -> Option<Value> {
        let (name, ty) = self.schema().managers().find(|(name, _)| *name == section)?;
        let offset = self.section(name)?.extent.offset;
        Some(Value { ty, offset, how: How::Plain })
    }

    /// Whether a value is a union, whose bytes only the machine can read.
    pub(super) fn is_union(value: Value) -> bool {
        value.how == How::Union
    }

    /// The heap object that a value is the record of.
    pub fn object_of(&self, value: Value) -> Option<Object> {
        match value.how {
            How::Object(object, _) => Some(object),
            _ => None,
        }
    }
}

impl Entries {
    pub(super) fn align(&self, image: &Image<'_>) -> u64 {
        let schema: &Schema<'_> = image.schema();
        let value = self.value.map_or(1, |value| schema.ty(value).align());
        schema.ty(self.key).align().max(value)
    }

    pub(super) fn at(self, offset: u64) -> Self {
        Self { extent: Extent::new(offset, self.extent.length), ..self }
    }
}
