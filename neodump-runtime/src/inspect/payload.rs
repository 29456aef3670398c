//! What a record owns elsewhere: payloads behind references, elements and entries in the image.

use super::form::Form;
use super::image::Image;
use super::read::number;
use super::schema::{Type, TypeId};
use super::value::{Entries, How, Node, Value};
use crate::bounds::{Extent, add, align_up, is_zero, mul, to_u64, to_usize};
use crate::dump::{REFERENCE_BITS, framework};
use crate::error::Result;

/// Bytes of the record of an `ImageVec`.
const IMAGE_VEC: usize = 24;
/// Bytes of a reference to a payload.
pub(super) const REFERENCE_SIZE: u64 = 16;

/// A reference to a payload.
#[derive(Clone, Copy)]
pub(super) struct Payload {
    section: u64,
    offset: u64,
    pub(super) len: u64,
}

impl Payload {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let (place, len) = bytes.split_at_checked(8).unwrap_or((bytes, &[]));
        let place = number(place) as u64;
        let (section, offset) = (place >> REFERENCE_BITS, place & ((1 << REFERENCE_BITS) - 1));
        Self { section, offset, len: number(len) as u64 }
    }
}

impl<'a> Image<'a> {
    /// Where the payload of `length` bytes behind a reference at `owner` is: in the section of the owner, behind it,
    /// unless it was allocated by another owner of the same.
    pub(super) fn payload_bytes(
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
    pub(super) fn payload(&self, owner: u64, reference: Payload, ty: TypeId, shared: bool) -> Result<u64> {
        let ty = self.schema().ty(ty);
        let length = mul(reference.len, ty.size());
        let length = length.filter(|length| *length > 0 || reference.len <= self.header().file_len());
        let length =
            length.ok_or_else(|| self.refuse(owner, format!("a payload of {} records", reference.len)))?;
        self.payload_bytes(owner, reference, length, ty.align(), shared)
    }

    pub(super) fn sequence(&self, owner: u64, bytes: &[u8], ty: TypeId, shared: bool) -> Result<Node<'a>> {
        let reference = Payload::of(bytes);
        let at = self.payload(owner, reference, ty, shared)?;
        self.elements(at, ty, reference.len, None)
    }

    pub(super) fn bytes_behind(&self, owner: u64, bytes: &[u8]) -> Result<Extent> {
        let reference = Payload::of(bytes);
        let at = self.payload_bytes(owner, reference, reference.len, 1, false)?;
        Ok(Extent::new(at, reference.len))
    }

    /// The one value of a shared slice is a reference, which owns the elements.
    pub(super) fn shared_slice(&self, value: Value, ty: &Type<'a>, bytes: &[u8]) -> Result<Node<'a>> {
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
    pub(super) fn image_payload(&self, offset: u64, bytes: &[u8], size: u64) -> Result<Extent> {
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

    pub(super) fn image_vec(&self, value: Value, bytes: &[u8], ty: TypeId) -> Result<Node<'a>> {
        let extent = self.image_payload(value.offset, bytes, self.schema().ty(ty).size())?;
        let len = number(bytes.get(8..16).unwrap_or(&[])) as u64;
        self.elements(extent.offset, ty, len, None)
    }

    pub(super) fn image_map(&self, value: Value, ty: &Type<'a>, bytes: &[u8]) -> Result<Node<'a>> {
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
    pub(super) fn entries(&self, key: TypeId, value: Option<TypeId>, count: u64) -> Result<Entries> {
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
    pub(super) fn index_of(&self, value: Value, bytes: &[u8], count: u64) -> Result<Extent> {
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
    pub(super) fn place_of(&self, bytes: &[u8]) -> Extent {
        let offset = bytes.as_ptr().addr().wrapping_sub(self.bytes().as_ptr().addr());
        Extent::new(to_u64(offset), to_u64(bytes.len()))
    }
}
