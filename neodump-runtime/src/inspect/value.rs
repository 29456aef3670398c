//! Values: a stored record read one level at a time.

use super::arena::Object;
use super::form::{Discriminant, Form, Scheme};
use super::image::Image;
use super::schema::{Body, Field, Schema, Type, TypeId};
use crate::bounds::{Extent, add, align_up, is_zero, mul, to_u64, to_usize};
use crate::dump::{REFERENCE_BITS, framework};
use crate::error::{DumpError, Result};

/// A stored record: a type and where its bytes are. [`Image::read`] says what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    /// The type.
    pub ty: TypeId,
    /// The offset of the record.
    pub offset: u64,
    how: How,
}

/// What a record is besides its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum How {
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
    stride: u64,
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
    stride: u64,
    value_at: u64,
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

impl<'a> Image<'a> {
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

    /// What a stored record holds, one level of it. Wrappers that are stored as their content (`Cell`, `Mutex`,
    /// transparent types) are seen through.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`] for bytes that no value of the type is stored as.
    pub fn read(&self, value: Value) -> Result<Node<'a>> {
        let value = self.content(value)?;
        self.read_form(value, self.type_of(value)?)
    }

    /// The record that a wrapper is stored as, or the value itself.
    pub(super) fn content(&self, mut value: Value) -> Result<Value> {
        // Types do not contain themselves, so this ends.
        loop {
            let ty = self.type_of(value)?;
            match ty.of().first() {
                Some(inner) if ty.form() == &Form::Same => value = self.inside(value, ty, *inner, 0)?,
                _ => return Ok(value),
            }
        }
    }

    pub(super) fn type_of(&self, value: Value) -> Result<&Type<'a>> {
        let ty = self.schema().types().get(value.ty.index());
        ty.ok_or_else(|| self.refuse(value.offset, "the type is of another schema"))
    }

    fn read_form(&self, value: Value, ty: &Type<'a>) -> Result<Node<'a>> {
        let bytes = match value.how {
            How::Object(object, _) => self.bytes_of(object.extent())?,
            _ => self.record(value, ty)?,
        };
        if value.how == How::Union {
            return Ok(Node::Bytes(bytes));
        }
        let refuse = |problem: String| Err(self.refuse(value.offset, problem));
        match ty.form() {
            Form::Same | Form::Opaque => Ok(Node::Bytes(bytes)),
            Form::Nothing => Ok(Node::Unit),
            Form::Bool => match bytes.first() {
                Some(0) => Ok(Node::Bool(false)),
                Some(1) => Ok(Node::Bool(true)),
                found => refuse(format!("{} is no bool", found.copied().unwrap_or_default())),
            },
            Form::Unsigned => Ok(Node::Unsigned(number(bytes))),
            Form::Signed => Ok(Node::Signed(signed(bytes))),
            Form::Float => Ok(Node::Float(match bytes.first_chunk() {
                Some(eight) => f64::from_le_bytes(*eight),
                None => f64::from(f32::from_bits(u32::try_from(number(bytes)).unwrap_or(0))),
            })),
            Form::Char => match u32::try_from(number(bytes)).ok().and_then(char::from_u32) {
                Some(c) => Ok(Node::Char(c)),
                None => refuse(format!("{:#x} is no character", number(bytes))),
            },
            Form::Duration => {
                let (seconds, nanoseconds) = bytes.split_at_checked(8).unwrap_or((bytes, &[]));
                let (seconds, nanoseconds) = (number(seconds), number(nanoseconds));
                match (u64::try_from(seconds), u32::try_from(nanoseconds)) {
                    (Ok(seconds), Ok(nanoseconds)) if nanoseconds < 1_000_000_000 => {
                        Ok(Node::Duration(seconds, nanoseconds))
                    }
                    _ => refuse(format!("a duration has {nanoseconds} nanoseconds")),
                }
            }
            Form::Symbol => self.symbol_node(value.offset, number(bytes)),
            Form::Word(scheme) => self.word(value.offset, bytes, scheme),
            Form::Pointer => self.pointer(value.offset, bytes, false),
            Form::ProcessPointer => Ok(Node::None),
            Form::NativeFunction => match to_usize(number(bytes) as u64) {
                Some(0) => Ok(Node::None),
                Some(import) if import <= self.natives().len() => Ok(Node::Native(import - 1)),
                _ => refuse(format!("import {}, there are {}", number(bytes), self.natives().len())),
            },
            Form::NativeStatic => self.native_static(value.offset, bytes),
            Form::Niche => match ty.of().first() {
                Some(_) if bytes.iter().all(|byte| *byte == 0) => Ok(Node::None),
                Some(inner) => Ok(Node::One(self.inside(value, ty, *inner, 0)?)),
                None => Ok(Node::Bytes(bytes)),
            },
            Form::Tagged => match (bytes.first(), ty.of().first()) {
                (Some(0), Some(_)) => Ok(Node::None),
                (Some(1), Some(inner)) => {
                    let at = self.schema().ty(*inner).align();
                    Ok(Node::One(self.inside(value, ty, *inner, at)?))
                }
                (found, _) => {
                    refuse(format!("{} is no tag of an option", found.copied().unwrap_or_default()))
                }
            },
            Form::Array(count) => match ty.of().first() {
                Some(inner) => self.elements(value.offset, *inner, *count, Some(value_extent(value, ty))),
                None => Ok(Node::Bytes(bytes)),
            },
            Form::Struct => self.fields(value, ty, ty.fields()).map(Node::Fields),
            Form::Enum(how) => self.variant(value, ty, bytes, *how),
            Form::Boxed => {
                let inner = self.parameter(value, ty, 0)?;
                let reference = Payload::of(bytes);
                if reference.len != 1 {
                    return refuse(format!("a box of {} values", reference.len));
                }
                let at = self.payload(value.offset, reference, inner, false)?;
                Ok(Node::One(self.value(inner, at)))
            }
            Form::Sequence => self.sequence(value.offset, bytes, self.parameter(value, ty, 0)?, false),
            Form::Text | Form::SystemText => {
                let extent = self.bytes_behind(value.offset, bytes)?;
                self.text(extent, ty.form() == &Form::Text)
            }
            Form::Keyed => {
                let (key, stored) = (self.parameter(value, ty, 0)?, ty.of().get(1).copied());
                let reference = Payload::of(bytes);
                let entries = self.entries(key, stored, reference.len)?;
                let at = self.payload_bytes(
                    value.offset,
                    reference,
                    entries.extent.length,
                    entries.align(self),
                    false,
                )?;
                Ok(Node::Entries(entries.at(at)))
            }
            Form::Shared => {
                let inner = self.parameter(value, ty, 0)?;
                let at = self.payload(value.offset, Payload::of(bytes), inner, true)?;
                Ok(Node::Shared(at, Box::new(Node::One(self.value(inner, at)))))
            }
            Form::Weak if bytes.iter().all(|byte| *byte == 0) => Ok(Node::None),
            Form::Weak => {
                let inner = self.parameter(value, ty, 0)?;
                self.payload(value.offset, Payload::of(bytes), inner, true).map(Node::Weak)
            }
            Form::SharedSequence | Form::SharedText => self.shared_slice(value, ty, bytes),
            Form::ImageVec => self.image_vec(value, bytes, self.parameter(value, ty, 0)?),
            Form::ImageStr => {
                let extent = self.image_payload(value.offset, bytes, 1)?;
                self.text(extent, true)
            }
            Form::ImageMap => self.image_map(value, ty, bytes),
        }
    }

    /// The parameter of a type that cannot do without.
    fn parameter(&self, value: Value, ty: &Type<'_>, index: usize) -> Result<TypeId> {
        let found = ty.of().get(index).copied();
        found.ok_or_else(|| {
            self.refuse(value.offset, format!("the schema does not say what {} holds", ty.name()))
        })
    }

    fn record(&self, value: Value, ty: &Type<'_>) -> Result<&'a [u8]> {
        self.bytes_of(value_extent(value, ty))
    }

    fn bytes_of(&self, extent: Extent) -> Result<&'a [u8]> {
        // Nothing lies across sections, and a record of no bytes may be where one ends.
        let inside = extent.length == 0
            || self.section_at(extent.offset).is_some_and(|section| section.extent.contains(extent));
        let bytes = self.bytes_at(extent).filter(|_| inside);
        bytes.ok_or_else(|| {
            self.refuse(extent.offset, format!("{} bytes do not fit into the section", extent.length))
        })
    }

    /// The error about the bytes at `offset`.
    pub(super) fn refuse(&self, offset: u64, problem: impl Into<String>) -> DumpError {
        let section = self.section_at(offset).map_or_else(|| "file".to_owned(), |s| s.name.to_owned());
        DumpError::format(section, offset, problem)
    }

    /// The part of type `inner` at `at` in the record of `value`.
    fn inside(&self, value: Value, ty: &Type<'_>, inner: TypeId, at: u64) -> Result<Value> {
        let size = self.schema().ty(inner).size();
        let part = add(value.offset, at).map(|offset| Extent::new(offset, size));
        match part.filter(|part| value_extent(value, ty).contains(*part)) {
            Some(part) => Ok(self.value(inner, part.offset)),
            None => {
                Err(self.refuse(value.offset, format!("the schema puts a part at {at} behind {}", ty.name())))
            }
        }
    }

    fn fields(&self, value: Value, ty: &Type<'a>, fields: &[Field<'a>]) -> Result<Vec<Member<'a>>> {
        fields.iter().map(|field| self.member(value, ty, field)).collect()
    }

    fn member(&self, value: Value, ty: &Type<'a>, field: &Field<'a>) -> Result<Member<'a>> {
        let (name, policy) = (field.name, field.policy);
        let Some(inner) = field.ty else { return Ok(Member { name, value: None, policy }) };
        let stored = self.schema().ty(inner);
        let found = match value.how {
            How::Root if stored.section().is_some() => {
                let (section, _) = stored.section().unwrap_or_default();
                let at = self.section(section).map(|section| section.extent.offset);
                let at =
                    at.ok_or_else(|| self.refuse(value.offset, format!("there is no section {section}")))?;
                self.value(inner, at)
            }
            How::Object(object, side) => {
                let (whole, start) = match ty.object() {
                    Some(of) if field.side => (Extent::new(side, of.side), side),
                    _ => (object.extent(), object.offset),
                };
                let part = add(start, field.offset).map(|offset| Extent::new(offset, stored.size()));
                let part = part.filter(|part| whole.contains(*part)).ok_or_else(|| {
                    self.refuse(start, format!("the schema puts field {name} behind {}", ty.name()))
                })?;
                self.value(inner, part.offset)
            }
            _ => self.inside(value, ty, inner, field.offset)?,
        };
        // The fields of a union have patterns of the tag as policies; what has a tag itself is a union.
        let how = if policy.starts_with("tag = ") { How::Union } else { found.how };
        Ok(Member { name, value: Some(Value { how, ..found }), policy })
    }

    fn variant(&self, value: Value, ty: &Type<'a>, bytes: &[u8], how: Discriminant) -> Result<Node<'a>> {
        let Body::Enum(_, variants) = ty.body() else { return Ok(Node::Unit) };
        let size = match how {
            Discriminant::Repr(size, _) => size,
            Discriminant::Index => 4,
        };
        let tag = to_usize(size).and_then(|size| bytes.get(..size));
        let tag =
            tag.ok_or_else(|| self.refuse(value.offset, format!("{} has no room for its tag", ty.name())))?;
        let (found, variant) = match how {
            Discriminant::Index => {
                let index = number(tag);
                (index as i128, to_usize(index as u64).and_then(|index| variants.get(index)))
            }
            Discriminant::Repr(_, is_signed) => {
                let found = if is_signed { signed(tag) } else { number(tag) as i128 };
                (found, variants.iter().find(|variant| variant.discriminant == found))
            }
        };
        match variant {
            Some(variant) => Ok(Node::Variant(variant.name, self.fields(value, ty, &variant.fields)?)),
            None => Err(self.refuse(value.offset, format!("{found} is no variant of {}", ty.name()))),
        }
    }

    fn symbol_node(&self, offset: u64, id: u128) -> Result<Node<'a>> {
        match u32::try_from(id).ok().filter(|id| *id < self.symbol_count()) {
            Some(id) => Ok(Node::Symbol(id)),
            None => Err(self.refuse(offset, format!("symbol {id}, there are {}", self.symbol_count()))),
        }
    }

    fn word(&self, offset: u64, bytes: &[u8], scheme: &Scheme) -> Result<Node<'a>> {
        let bits = number(bytes) as u64;
        if let Some(word) = self.relocated_at(offset) {
            return Ok(match self.object_at(word.target) {
                Some(object) => Node::Object(object),
                None => Node::Address(word.target),
            });
        }
        match scheme.symbol_of(bits) {
            Some(id) => self.symbol_node(offset, id.into()),
            None => Ok(Node::Immediate(bits)),
        }
    }

    fn pointer(&self, offset: u64, bytes: &[u8], import: bool) -> Result<Node<'a>> {
        let address = number(bytes) as u64;
        if address == 0 {
            return Ok(Node::None);
        }
        let target = address.wrapping_sub(self.header().preferred_base());
        match self.object_at(target).filter(|_| !import) {
            Some(object) if object.offset == target => Ok(Node::Object(object)),
            _ if target < self.header().file_len() => Ok(Node::Address(target)),
            _ => Err(self.refuse(offset, format!("address {address:#x} is not in the image"))),
        }
    }

    fn native_static(&self, offset: u64, bytes: &[u8]) -> Result<Node<'a>> {
        let Node::Address(target) = self.pointer(offset, bytes, true)? else { return Ok(Node::None) };
        let start = self.section(framework::IMPORTS).map_or(0, |section| section.extent.offset);
        let slot = target.checked_sub(start).and_then(to_usize);
        let found = slot.and_then(|slot| self.natives().iter().position(|native| native.slot == slot));
        found.map(Node::Native).ok_or_else(|| self.refuse(offset, format!("no import is at {target:#x}")))
    }

    /// `count` records of type `ty` from `offset`, inside of `whole` if that is given.
    fn elements(&self, offset: u64, ty: TypeId, count: u64, whole: Option<Extent>) -> Result<Node<'a>> {
        let stride = self.schema().ty(ty).size();
        let extent = mul(count, stride).map(|length| Extent::new(offset, length));
        let extent = extent.filter(|extent| whole.is_none_or(|whole| whole.contains(*extent)));
        // Records without bytes can be counted without end; the file bounds them.
        let extent = extent.filter(|extent| extent.length > 0 || count <= self.header().file_len());
        let Some(extent) = extent else {
            return Err(self.refuse(offset, format!("{count} records of {stride} bytes do not fit")));
        };
        let bytes = self.bytes_of(extent)?;
        if stride == 1 && self.schema().ty(ty).form() == &Form::Unsigned {
            return Ok(Node::Bytes(bytes));
        }
        Ok(Node::Elements(Elements { ty, count, extent, stride }))
    }

    /// Where the payload of `length` bytes behind a reference at `owner` is: in the section of the owner, behind it,
    /// unless it was allocated by another owner of the same.
    fn payload_bytes(
        &self,
        owner: u64,
        reference: Payload,
        length: u64,
        align: u64,
        shared: bool,
    ) -> Result<u64> {
        let refuse = |problem: String| Err(self.refuse(owner, problem));
        let Some(of_owner) = self.section_at(owner) else {
            return refuse("the reference is in no section".into());
        };
        let found =
            u32::try_from(reference.section).ok().and_then(|number| self.header().relocatable(number));
        let Some(section) = found.filter(|_| shared || reference.section == u64::from(of_owner.number))
        else {
            return refuse(format!("payload in section {}, expected {}", reference.section, of_owner.number));
        };
        let payload = add(section.offset, reference.offset).map(|at| Extent::new(at, length));
        let payload = payload.filter(|payload| section.contains(*payload));
        let Some(payload) = payload.filter(|_| reference.offset.is_multiple_of(align)) else {
            return refuse(format!(
                "payload of {length} bytes, aligned to {align}, at {:#x} of its section of {} bytes",
                reference.offset, section.length
            ));
        };
        if shared && reference.len != 1 {
            return refuse(format!("a shared payload of {} values", reference.len));
        }
        if !shared && length > 0 && payload.offset <= owner {
            return refuse("the payload lies before its owner: payloads lie in owner order".to_owned());
        }
        Ok(payload.offset)
    }

    /// Where the records of type `ty` behind a reference are.
    fn payload(&self, owner: u64, reference: Payload, ty: TypeId, shared: bool) -> Result<u64> {
        let ty = self.schema().ty(ty);
        let length = mul(reference.len, ty.size());
        let length = length.filter(|length| *length > 0 || reference.len <= self.header().file_len());
        let length =
            length.ok_or_else(|| self.refuse(owner, format!("a payload of {} records", reference.len)))?;
        self.payload_bytes(owner, reference, length, ty.align(), shared)
    }

    fn sequence(&self, owner: u64, bytes: &[u8], ty: TypeId, shared: bool) -> Result<Node<'a>> {
        let reference = Payload::of(bytes);
        let at = self.payload(owner, reference, ty, shared)?;
        self.elements(at, ty, reference.len, None)
    }

    fn bytes_behind(&self, owner: u64, bytes: &[u8]) -> Result<Extent> {
        let reference = Payload::of(bytes);
        let at = self.payload_bytes(owner, reference, reference.len, 1, false)?;
        Ok(Extent::new(at, reference.len))
    }

    fn text(&self, extent: Extent, checked: bool) -> Result<Node<'a>> {
        let bytes = self.bytes_of(extent)?;
        match std::str::from_utf8(bytes) {
            Err(error) if checked => {
                let at = extent.offset.saturating_add(to_u64(error.valid_up_to()));
                Err(self.refuse(at, "text is not UTF-8"))
            }
            _ => Ok(Node::Text(bytes)),
        }
    }

    /// The one value of a shared slice is a reference, which owns the elements.
    fn shared_slice(&self, value: Value, ty: &Type<'a>, bytes: &[u8]) -> Result<Node<'a>> {
        let at = self.payload_bytes(value.offset, Payload::of(bytes), REFERENCE_SIZE, 8, true)?;
        let reference = self.bytes_of(Extent::new(at, REFERENCE_SIZE))?;
        let content = if ty.form() == &Form::SharedText {
            let extent = self.bytes_behind(at, reference)?;
            self.text(extent, true)?
        } else {
            self.sequence(at, reference, self.parameter(value, ty, 0)?, false)?
        };
        Ok(Node::Shared(at, Box::new(content)))
    }

    /// Where the payload of an `ImageVec` record is, whose elements have `size` bytes.
    fn image_payload(&self, offset: u64, bytes: &[u8], size: u64) -> Result<Extent> {
        let (start, rest) = bytes.split_at_checked(8).unwrap_or((bytes, &[]));
        let len = number(rest.get(..8).unwrap_or(rest)) as u64;
        let length = mul(len, size).filter(|length| *length > 0 || len <= self.header().file_len());
        let length = length.ok_or_else(|| self.refuse(offset, format!("{len} elements of {size} bytes")))?;
        if bytes.len() == IMAGE_VEC && !bytes.get(16..).is_some_and(is_zero) {
            return Err(self.refuse(offset, "the capacity is not 0: the elements are not in the image"));
        }
        if length == 0 {
            // The start of nothing is no address.
            return Ok(Extent::new(offset, 0));
        }
        let start = (number(start) as u64).wrapping_sub(self.header().preferred_base());
        let extent = Extent::new(start, length);
        let section = self.section_at(start).filter(|section| section.extent.contains(extent));
        match section {
            Some(section) if [framework::WORDS, framework::BYTES].contains(&section.name) => {}
            _ => {
                return Err(self
                    .refuse(offset, format!("{length} bytes at {start:#x}: not in HeapWords or HeapBytes")));
            }
        }
        let same =
            self.section_at(offset).map(|section| section.number) == section.map(|section| section.number);
        if same && start <= offset {
            return Err(
                self.refuse(offset, "the elements lie before their owner: payloads lie in owner order")
            );
        }
        Ok(extent)
    }

    fn image_vec(&self, value: Value, bytes: &[u8], ty: TypeId) -> Result<Node<'a>> {
        let extent = self.image_payload(value.offset, bytes, self.schema().ty(ty).size())?;
        let len = number(bytes.get(8..16).unwrap_or(&[])) as u64;
        self.elements(extent.offset, ty, len, None)
    }

    fn image_map(&self, value: Value, ty: &Type<'a>, bytes: &[u8]) -> Result<Node<'a>> {
        let entries = self.entries(self.parameter(value, ty, 0)?, ty.of().get(1).copied(), 0)?;
        let extent = self.image_payload(value.offset, bytes, entries.stride)?;
        let count = number(bytes.get(8..16).unwrap_or(&[])) as u64;
        self.bytes_of(extent)?;
        if !bytes.get(32..).is_some_and(is_zero) {
            return Err(self.refuse(value.offset, "the live layer is not 0"));
        }
        let heap = self.section(framework::HEAP).map_or(0, |section| section.extent.offset);
        let heap = if count == 0 { 0 } else { heap.wrapping_add(self.header().preferred_base()) };
        let origin = number(bytes.get(24..32).unwrap_or(&[])) as u64;
        if origin != heap {
            let problem = format!("objects are hashed from {origin:#x}, expected {heap:#x}");
            return Err(self.refuse(value.offset, problem));
        }
        Ok(Node::Entries(Entries { count, extent, ..entries }))
    }

    /// Entries of these types, so many of them; where they are is for the caller to say.
    fn entries(&self, key: TypeId, value: Option<TypeId>, count: u64) -> Result<Entries> {
        let schema = self.schema();
        let (size, mut align) = (schema.ty(key).size(), schema.ty(key).align());
        let mut end = Some(size);
        let mut value_at = 0;
        if let Some(value) = value.map(|value| schema.ty(value)) {
            value_at = align_up(size, value.align()).unwrap_or(u64::MAX);
            end = add(value_at, value.size());
            align = align.max(value.align());
        }
        let stride = end.and_then(|end| align_up(end, align));
        let length = stride.and_then(|stride| mul(count, stride));
        let length = length.filter(|length| *length > 0 || count <= self.header().file_len());
        match (stride, length) {
            (Some(stride), Some(length)) => {
                Ok(Entries { key, value, count, extent: Extent::new(0, length), stride, value_at })
            }
            _ => Err(self.refuse(0, format!("{count} entries are more than the file can hold"))),
        }
    }

    /// The elements of the trailing array of an object, if its type has one.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); the array does not end in the object.
    pub fn tail_of(&self, object: Object) -> Result<Option<Elements>> {
        let ty = self.type_of(self.object_value(object))?;
        let Some((at, stride)) = ty.object().and_then(|object| object.tail) else { return Ok(None) };
        let refuse = |problem: &str| self.refuse(object.offset, format!("{}: {problem}", ty.name()));
        let tail = ty.fields().iter().find(|field| field.policy.starts_with("tail = "));
        let tail = tail.ok_or_else(|| refuse("the schema does not say which field is the trailing array"))?;
        let element = tail.ty.and_then(|array| self.schema().ty(array).of().first().copied());
        let element =
            element.ok_or_else(|| refuse("the schema does not say what the trailing array holds"))?;
        let counter = tail.policy.strip_prefix("tail = ").unwrap_or_default();
        let field = ty.fields().iter().find(|field| field.name == counter);
        let field = field.ok_or_else(|| refuse("the schema does not say what counts the trailing array"))?;
        let member = self.member(self.object_value(object), ty, field)?;
        let count = match member.value.map(|value| self.read(value)).transpose()? {
            Some(Node::Unsigned(count)) => u64::try_from(count).ok(),
            Some(Node::Signed(count)) => u64::try_from(count).ok(),
            _ => None,
        };
        let extent = count.and_then(|count| Some(Extent::new(add(object.offset, at)?, mul(count, stride)?)));
        match extent.zip(count).filter(|(extent, _)| object.extent().contains(*extent)) {
            Some((extent, count)) => Ok(Some(Elements { ty: element, count, extent, stride })),
            None => Err(refuse("the trailing array does not end in the object")),
        }
    }

    /// Whether a value is a union, whose bytes only the machine can read.
    pub(super) fn is_union(value: Value) -> bool {
        value.how == How::Union
    }

    /// What a value owns elsewhere, of the value itself and not of its parts: where it is and how it is aligned.
    pub(super) fn payloads(&self, value: Value) -> Result<Vec<(Extent, u64)>> {
        let ty = self.type_of(value)?;
        if value.how != How::Plain {
            return Ok(Vec::new());
        }
        let (Ok(bytes), parameter) =
            (self.record(value, ty), ty.of().first().map(|id| self.schema().ty(*id)))
        else {
            return Ok(Vec::new());
        };
        let align = parameter.map_or(1, Type::align);
        let of_node = |node: Node<'a>| match node {
            Node::Elements(elements) => elements.extent,
            Node::Entries(entries) => entries.extent,
            Node::Text(bytes) | Node::Bytes(bytes) => self.place_of(bytes),
            Node::One(value) => Extent::new(value.offset, parameter.map_or(0, Type::size)),
            _ => Extent::default(),
        };
        let node = match ty.form() {
            Form::Boxed | Form::Sequence | Form::Text | Form::SystemText | Form::Keyed => self.read(value)?,
            Form::ImageVec | Form::ImageStr | Form::ImageMap => self.read(value)?,
            Form::Shared | Form::SharedSequence | Form::SharedText => self.read(value)?,
            _ => return Ok(Vec::new()),
        };
        Ok(match node {
            Node::Shared(at, inner) => match ty.form() {
                // Different values have different places, so each has a byte at least.
                Form::Shared => vec![(Extent::new(at, parameter.map_or(0, Type::size).max(1)), align)],
                _ => vec![(Extent::new(at, REFERENCE_SIZE), 8), (of_node(*inner), align)],
            },
            Node::Entries(entries) if ty.form() == &Form::ImageMap => {
                let index = self.index_of(value, bytes, entries.count)?;
                vec![(entries.extent, entries.align(self)), (index, 4)]
            }
            Node::Entries(entries) => vec![(entries.extent, entries.align(self))],
            node => vec![(of_node(node), align)],
        })
    }

    /// Checks that the index of an `ImageMap` has each of its `count` entries once, in order. What the keys hash to is for
    /// the machine to say.
    pub(super) fn check_index(&self, value: Value, index: Extent, count: u64) -> Result<()> {
        let refuse = |problem: &str| Err(self.refuse(value.offset, format!("the index: {problem}")));
        let (numbers, _) = self.bytes_of(index)?.as_chunks::<4>();
        let numbers = |from: usize, to: usize| {
            numbers.get(from..to).unwrap_or(&[]).iter().map(|n| u32::from_le_bytes(*n))
        };
        let buckets = count.checked_next_power_of_two().and_then(to_usize).unwrap_or(0);
        let all = to_usize(count).unwrap_or(0);
        let first = buckets.saturating_add(1);
        let mut seen = vec![false; all];
        let mut start = 0;
        for (bucket, end) in numbers(1, first).enumerate() {
            let end = end as usize;
            if (bucket == 0 && numbers(0, 1).next() != Some(0)) || end < start || end > all {
                return refuse("a bucket does not start where the one before ended");
            }
            let mut last = None;
            for entry in numbers(first + start, first + end) {
                let fresh = seen.get_mut(entry as usize).is_some_and(|seen| !std::mem::replace(seen, true));
                if !fresh || last.is_some_and(|last| last >= entry) {
                    return refuse("a place has an entry twice, none, or out of order");
                }
                last = Some(entry);
            }
            start = end;
        }
        if start == all { Ok(()) } else { refuse("it does not have all entries") }
    }

    /// Where the index of an `ImageMap` with `count` entries is.
    fn index_of(&self, value: Value, bytes: &[u8], count: u64) -> Result<Extent> {
        if count == 0 {
            return Ok(Extent::default());
        }
        let starts = count.checked_next_power_of_two().and_then(|buckets| add(buckets, 1));
        let length = starts.and_then(|starts| mul(add(starts, count)?, 4));
        let start =
            (number(bytes.get(16..24).unwrap_or(&[])) as u64).wrapping_sub(self.header().preferred_base());
        let extent = length.map(|length| Extent::new(start, length));
        let section = self.section_at(start);
        let section = section.filter(|section| [framework::WORDS, framework::BYTES].contains(&section.name));
        extent
            .filter(|extent| section.is_some_and(|section| section.extent.contains(*extent)))
            .ok_or_else(|| self.refuse(value.offset, "the index is not in HeapWords or HeapBytes"))
    }

    /// Where bytes of this image are.
    fn place_of(&self, bytes: &[u8]) -> Extent {
        let offset = bytes.as_ptr().addr().wrapping_sub(self.bytes().as_ptr().addr());
        Extent::new(to_u64(offset), to_u64(bytes.len()))
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
    fn align(&self, image: &Image<'_>) -> u64 {
        let schema: &Schema<'_> = image.schema();
        let value = self.value.map_or(1, |value| schema.ty(value).align());
        schema.ty(self.key).align().max(value)
    }

    fn at(self, offset: u64) -> Self {
        Self { extent: Extent::new(offset, self.extent.length), ..self }
    }
}

/// Bytes of the record of an `ImageVec`.
const IMAGE_VEC: usize = 24;
/// Bytes of a reference to a payload.
const REFERENCE_SIZE: u64 = 16;

/// A reference to a payload.
#[derive(Clone, Copy)]
struct Payload {
    section: u64,
    offset: u64,
    len: u64,
}

impl Payload {
    fn of(bytes: &[u8]) -> Self {
        let (place, len) = bytes.split_at_checked(8).unwrap_or((bytes, &[]));
        let place = number(place) as u64;
        let (section, offset) = (place >> REFERENCE_BITS, place & ((1 << REFERENCE_BITS) - 1));
        Self { section, offset, len: number(len) as u64 }
    }
}

fn value_extent(value: Value, ty: &Type<'_>) -> Extent {
    Extent::new(value.offset, ty.size())
}

/// The little-endian number in at most sixteen bytes.
fn number(bytes: &[u8]) -> u128 {
    bytes.iter().take(16).rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// The same with a sign.
fn signed(bytes: &[u8]) -> i128 {
    let unused = 128 - 8 * bytes.len().clamp(1, 16);
    (number(bytes) as i128) << unused >> unused
}
