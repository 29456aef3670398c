//! Reading one level of a stored record.

use super::arena::Object;
use super::form::{Discriminant, Form, Scheme};
use super::image::Image;
use super::payload::Payload;
use super::schema::{Body, Field, Type, TypeId};
use super::value::{Elements, How, Member, Node, Value};
use crate::bounds::{Extent, add, mul, to_u64, to_usize};
use crate::dump::framework;
use crate::error::{DumpError, Result};

impl<'a> Image<'a> {
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

    pub(super) fn read_form(&self, value: Value, ty: &Type<'a>) -> Result<Node<'a>> {
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
    pub(super) fn parameter(&self, value: Value, ty: &Type<'_>, index: usize) -> Result<TypeId> {
        let found = ty.of().get(index).copied();
        found.ok_or_else(|| {
            self.refuse(value.offset, format!("the schema does not say what {} holds", ty.name()))
        })
    }

    pub(super) fn record(&self, value: Value, ty: &Type<'_>) -> Result<&'a [u8]> {
        self.bytes_of(value_extent(value, ty))
    }

    pub(super) fn bytes_of(&self, extent: Extent) -> Result<&'a [u8]> {
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
    pub(super) fn inside(&self, value: Value, ty: &Type<'_>, inner: TypeId, at: u64) -> Result<Value> {
        let size = self.schema().ty(inner).size();
        let part = add(value.offset, at).map(|offset| Extent::new(offset, size));
        match part.filter(|part| value_extent(value, ty).contains(*part)) {
            Some(part) => Ok(self.value(inner, part.offset)),
            None => {
                Err(self.refuse(value.offset, format!("the schema puts a part at {at} behind {}", ty.name())))
            }
        }
    }

    pub(super) fn fields(
        &self,
        value: Value,
        ty: &Type<'a>,
        fields: &[Field<'a>],
    ) -> Result<Vec<Member<'a>>> {
        fields.iter().map(|field| self.member(value, ty, field)).collect()
    }

    pub(super) fn member(&self, value: Value, ty: &Type<'a>, field: &Field<'a>) -> Result<Member<'a>> {
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

    pub(super) fn variant(
        &self,
        value: Value,
        ty: &Type<'a>,
        bytes: &[u8],
        how: Discriminant,
    ) -> Result<Node<'a>> {
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

    pub(super) fn symbol_node(&self, offset: u64, id: u128) -> Result<Node<'a>> {
        match u32::try_from(id).ok().filter(|id| *id < self.symbol_count()) {
            Some(id) => Ok(Node::Symbol(id)),
            None => Err(self.refuse(offset, format!("symbol {id}, there are {}", self.symbol_count()))),
        }
    }

    pub(super) fn word(&self, offset: u64, bytes: &[u8], scheme: &Scheme) -> Result<Node<'a>> {
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

    pub(super) fn pointer(&self, offset: u64, bytes: &[u8], import: bool) -> Result<Node<'a>> {
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

    pub(super) fn native_static(&self, offset: u64, bytes: &[u8]) -> Result<Node<'a>> {
        let Node::Address(target) = self.pointer(offset, bytes, true)? else { return Ok(Node::None) };
        let start = self.section(framework::IMPORTS).map_or(0, |section| section.extent.offset);
        let slot = target.checked_sub(start).and_then(to_usize);
        let found = slot.and_then(|slot| self.natives().iter().position(|native| native.slot == slot));
        found.map(Node::Native).ok_or_else(|| self.refuse(offset, format!("no import is at {target:#x}")))
    }

    /// `count` records of type `ty` from `offset`, inside of `whole` if that is given.
    pub(super) fn elements(
        &self,
        offset: u64,
        ty: TypeId,
        count: u64,
        whole: Option<Extent>,
    ) -> Result<Node<'a>> {
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

    pub(super) fn text(&self, extent: Extent, checked: bool) -> Result<Node<'a>> {
        let bytes = self.bytes_of(extent)?;
        match std::str::from_utf8(bytes) {
            Err(error) if checked => {
                let at = extent.offset.saturating_add(to_u64(error.valid_up_to()));
                Err(self.refuse(at, "text is not UTF-8"))
            }
            _ => Ok(Node::Text(bytes)),
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
}

fn value_extent(value: Value, ty: &Type<'_>) -> Extent {
    Extent::new(value.offset, ty.size())
}

/// The little-endian number in at most sixteen bytes.
pub(super) fn number(bytes: &[u8]) -> u128 {
    bytes.iter().take(16).rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// The same with a sign.
fn signed(bytes: &[u8]) -> i128 {
    let unused = 128 - 8 * bytes.len().clamp(1, 16);
    (number(bytes) as i128) << unused >> unused
}
