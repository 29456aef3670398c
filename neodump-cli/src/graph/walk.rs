//! Walks over the records of an image, by its schema: what they refer to, and what they own.
//!
//! Nothing of the file is believed. Payloads are in bounds of their section, and together take no more bytes than it
//! has, so a walk over all objects ends in a time that the length of the file bounds. There is no recursion: what is
//! inside of a record is a frame, and what it owns elsewhere is a job.

use std::collections::VecDeque;

use neodump_runtime::bounds::{Extent, add, mul};
use neodump_runtime::inspect::{Image, TypeId};
use neodump_runtime::{DumpError, Result};

use super::compile;
use super::layout::{Layouts, ListId, Many, Op, What};
use super::listed::Listed;
use super::way::{Way, Ways};

/// The low bits of a reference's place that are the offset; the section is above.
const PLACE_BITS: u32 = 48;
/// Stands for the field that is met.
const OWN: u32 = u32::MAX;

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PayloadKind {
    /// Elements of an `ImageVec` or `ImageStr`: they stay where they are.
    Vector,
    /// Entries of an `ImageMap` or `ImageSet`.
    Map,
    /// The index of one.
    Index,
    /// Hydrated: a value, elements or entries that Rust owns.
    Hydrated(Many),
}

/// A payload of one owner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payload {
    pub(crate) kind: PayloadKind,
    pub(crate) extent: Extent,
    /// How many records.
    pub(crate) count: u64,
    /// The field of the owner that it belongs to, numbered over all variants.
    pub(crate) top: u32,
}

/// What a walk shows.
pub(crate) trait Visit {
    /// Whether the way to each place is kept.
    const WAYS: bool = false;

    /// A run of records begins.
    fn run(&mut self, _extent: Extent) {}

    /// The run that was begun last is at its end.
    fn end_run(&mut self) {}

    /// A word or pointer at `at`, with the offset that it leads to if it is relocated.
    ///
    /// # Errors
    ///
    /// What ends the walk.
    fn reference(&mut self, at: At, word: Option<TypeId>, target: Option<u64>, weak: bool) -> Result<()>;

    /// A symbol at `at`.
    fn symbol(&mut self, _at: u64) {}

    /// The number of a native function at `at`.
    fn native(&mut self, _at: u64) {}

    /// The first `width` bytes at `at` say where a payload is.
    fn payload(&mut self, _at: u64, _width: u64, _payload: Payload) {}

    /// A reference at `at`, in the owner's field `top`, to a payload of one record that several owners share. It is
    /// walked when it is asked for.
    ///
    /// # Errors
    ///
    /// What ends the walk.
    fn shared(&mut self, at: At, top: u32, shared: SharedAt) -> Result<()>;
}

/// A value that several owners share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedAt {
    /// The place that all references to it have.
    pub(crate) place: u64,
    pub(crate) list: ListId,
    /// Whether this reference keeps nothing.
    pub(crate) weak: bool,
}

/// Where something is that a walk shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    /// The offset in the file.
    pub(crate) offset: u64,
    /// The way to it, if ways are kept.
    pub(crate) way: Way,
}

/// Records that wait to be walked.
#[derive(Debug, Clone, Copy)]
struct Job {
    list: ListId,
    many: Many,
    at: u64,
    count: u64,
    stride: u64,
    top: u32,
    way: Way,
}

/// Records that are walked, at one of them.
#[derive(Debug, Clone, Copy)]
struct Frame {
    list: ListId,
    many: Many,
    /// The offset of the record.
    at: u64,
    index: u64,
    count: u64,
    stride: u64,
    /// The next place of the record.
    next: usize,
    top: u32,
    /// The way to what the records are in.
    way: Way,
}

impl Frame {
    /// One record, which is part of what `way` leads to.
    fn of_one(list: ListId, at: u64, top: u32, way: Way) -> Self {
        Self { list, many: Many::One, at, index: 0, count: 1, stride: 0, next: 0, top, way }
    }
}

/// Walks the records of one image.
#[derive(Debug)]
pub(crate) struct Walker<'i, 'a> {
    image: &'i Image<'a>,
    layouts: Layouts<'a>,
    listed: Listed,
    /// Where the sections are, in their order, and how many bytes of each are left to be owned.
    sections: Vec<(Extent, u64)>,
    /// How many values without bytes are left.
    weightless: u64,
    jobs: VecDeque<Job>,
    frames: Vec<Frame>,
    ways: Ways,
}

impl<'i, 'a> Walker<'i, 'a> {
    /// A walker over `image`, which meets symbols if they are asked for.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`] for a schema that no machine has.
    pub(crate) fn new(image: &'i Image<'a>, symbols: bool) -> Result<Self> {
        let schema = image.section("Schema").map_or(0, |section| section.extent.offset);
        let mut walker = Self {
            image,
            layouts: compile::layouts(image.schema(), schema, symbols)?,
            listed: Listed::new(image),
            sections: Vec::new(),
            weightless: 0,
            jobs: VecDeque::new(),
            frames: Vec::new(),
            ways: Ways::default(),
        };
        walker.restart();
        Ok(walker)
    }

    /// Forgets what was owned, so that all can be walked again.
    pub(crate) fn restart(&mut self) {
        let sections = self.image.header().sections().iter();
        self.sections = sections.map(|placed| (placed.extent, placed.extent.length)).collect();
        self.weightless = self.image.header().file_len();
        self.jobs.clear();
        self.frames.clear();
        self.ways.clear();
    }

    pub(crate) fn image(&self) -> &'i Image<'a> {
        self.image
    }

    pub(crate) fn layouts(&self) -> &Layouts<'a> {
        &self.layouts
    }

    pub(crate) fn listed(&self) -> &Listed {
        &self.listed
    }

    pub(crate) fn ways(&self) -> &Ways {
        &self.ways
    }

    /// Walks an object and what it owns: the object at `slot`, of the type with this place among the object types,
    /// with its side record.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`] for what breaks the format, and those of the visitor.
    pub(crate) fn object(
        &mut self,
        ordinal: usize,
        slot: Extent,
        side: Option<Extent>,
        visit: &mut impl Visit,
    ) -> Result<()> {
        let Some(layout) = self.layouts.object(ordinal) else { return Ok(()) };
        let (list, side_list, tail) = (layout.slot, layout.side, layout.tail);
        let job =
            |list, at, many, count, stride, top| Job { list, many, at, count, stride, top, way: Way::START };
        visit.run(slot);
        self.records(job(list, slot.offset, Many::One, 1, 0, OWN), visit)?;
        if let Some(tail) = tail {
            // The size of the object is that of its elements, rounded up.
            let bytes = slot.length.saturating_sub(tail.offset);
            let count = bytes.checked_div(tail.stride).unwrap_or(0);
            let Some(at) = add(slot.offset, tail.offset) else {
                return Err(self.refuse(slot.offset, "the trailing array is behind the file".to_owned()));
            };
            let mut elements = job(tail.list, at, Many::Elements, count, tail.stride, tail.top);
            if !self.layouts.list(tail.list).is_quiet() && count > 0 {
                elements.way = self.ways.path(Way::START, tail.path);
                self.records(elements, visit)?;
            }
        }
        visit.end_run();
        if let Some(side) = side {
            self.jobs.push_back(job(side_list, side.offset, Many::One, 1, side.length, OWN));
        }
        self.drain(visit)
    }

    /// Walks the record of `list` at `at`, and what it owns.
    ///
    /// # Errors
    ///
    /// As [`object`](Self::object).
    pub(crate) fn record(&mut self, list: ListId, at: u64, visit: &mut impl Visit) -> Result<()> {
        let stride = self.layouts.list(list).size;
        self.jobs.push_back(Job { list, many: Many::One, at, count: 1, stride, top: OWN, way: Way::START });
        self.drain(visit)
    }

    /// Walks the payload at `place` that several owners share.
    ///
    /// # Errors
    ///
    /// As [`object`](Self::object).
    pub(crate) fn shared(&mut self, place: u64, list: ListId, visit: &mut impl Visit) -> Result<()> {
        let extent = self.claim_place(place, 1, list)?;
        let payload = Payload { kind: PayloadKind::Hydrated(Many::One), extent, count: 1, top: 0 };
        visit.payload(extent.offset, 0, payload);
        self.record(list, extent.offset, visit)
    }

    /// The offset in the file that the place of a reference stands for.
    pub(crate) fn offset_of(&self, place: u64) -> Option<u64> {
        let (section, _) = self.sections.get((place >> PLACE_BITS) as usize)?;
        section.offset.checked_add(place & ((1 << PLACE_BITS) - 1))
    }

    fn drain(&mut self, visit: &mut impl Visit) -> Result<()> {
        while let Some(job) = self.jobs.pop_front() {
            // Claimed in bounds of a section, or a record of the framework's own.
            visit.run(Extent::new(job.at, job.count.saturating_mul(job.stride)));
            self.records(job, visit)?;
            visit.end_run();
        }
        Ok(())
    }

    /// Walks the records of a job; what they own becomes jobs.
    fn records<V: Visit>(&mut self, job: Job, visit: &mut V) -> Result<()> {
        let Job { list, many, at, count, stride, top, way } = job;
        if self.layouts.list(list).is_quiet() || count == 0 {
            return Ok(());
        }
        self.frames.push(Frame { list, many, at, index: 0, count, stride, next: 0, top, way });
        while let Some(frame) = self.frames.last_mut() {
            let Some(&op) = self.layouts.list(frame.list).ops.get(frame.next) else {
                frame.index += 1;
                frame.next = 0;
                frame.at = frame.at.saturating_add(frame.stride);
                if frame.index >= frame.count {
                    self.frames.pop();
                }
                continue;
            };
            frame.next += 1;
            let frame = *frame;
            if let Err(error) = self.place::<V>(frame, op, visit) {
                self.frames.clear();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Shows one place of a record.
    fn place<V: Visit>(&mut self, frame: Frame, op: Op, visit: &mut V) -> Result<()> {
        let at = frame.at.saturating_add(op.at);
        let top = if frame.top == OWN { op.top } else { frame.top };
        let way = |ways: &mut Ways| {
            if !V::WAYS {
                return Way::START;
            }
            let way = match frame.many {
                Many::One => frame.way,
                Many::Elements => ways.index(frame.way, frame.index),
                Many::Entries => ways.entry(frame.way, frame.list, frame.at, frame.index),
            };
            ways.path(way, op.path)
        };
        match op.what {
            What::Reference { weak, word } => {
                let target = self.listed.target(at, self.number(at)?);
                if target.is_some() || word.is_some() {
                    let at = At { offset: at, way: way(&mut self.ways) };
                    visit.reference(at, word, target, weak)?;
                }
            }
            What::Symbol => visit.symbol(at),
            What::Native => visit.native(at),
            What::Vector(list) => {
                let Some(start) = self.listed.target(at, self.number(at)?) else { return Ok(()) };
                let count = self.number(at.saturating_add(8))?;
                let extent = self.claim_at(start, count, list)?;
                visit.payload(at, 16, Payload { kind: PayloadKind::Vector, extent, count, top });
                let way = way(&mut self.ways);
                self.later(list, Many::Elements, extent, count, top, way);
            }
            What::Map(list) => {
                let Some(start) = self.listed.target(at, self.number(at)?) else { return Ok(()) };
                let count = self.number(at.saturating_add(8))?;
                let extent = self.claim_at(start, count, list)?;
                visit.payload(at, 40, Payload { kind: PayloadKind::Map, extent, count, top });
                let index_at = at.saturating_add(16);
                if let Some(start) = self.listed.target(index_at, self.number(index_at)?) {
                    // The entries were found in the file, so their number is far from overflow.
                    let numbers = count.next_power_of_two() + 1 + count;
                    let extent = self.claim(start, numbers, 4)?;
                    visit.payload(
                        index_at,
                        0,
                        Payload { kind: PayloadKind::Index, extent, count: numbers, top },
                    );
                }
                let way = way(&mut self.ways);
                self.later(list, Many::Entries, extent, count, top, way);
            }
            What::Payload(list, many) => {
                let (place, count) = (self.number(at)?, self.number(at.saturating_add(8))?);
                let extent = self.claim_place(place, count, list)?;
                visit.payload(at, 16, Payload { kind: PayloadKind::Hydrated(many), extent, count, top });
                let way = way(&mut self.ways);
                self.later(list, many, extent, count, top, way);
            }
            What::Shared { list, weak } => {
                let (place, count) = (self.number(at)?, self.number(at.saturating_add(8))?);
                if !weak || count > 0 {
                    let at = At { offset: at, way: way(&mut self.ways) };
                    visit.shared(at, top, SharedAt { place, list, weak })?;
                }
            }
            What::Choice(number) => {
                let choice = self.layouts.choice(number);
                let tag = choice.map_or(0, |choice| choice.tag);
                let value = self.tag(at, tag)?;
                let list = choice.and_then(|choice| {
                    choice.lists.iter().find(|(known, _)| *known == value).map(|(_, list)| *list)
                });
                if let Some(list) = list {
                    let way = way(&mut self.ways);
                    self.frames.push(Frame::of_one(list, at, top, way));
                }
            }
            What::Nest(list) => {
                let way = way(&mut self.ways);
                self.frames.push(Frame::of_one(list, at, top, way));
            }
            What::Repeat(list, count) => {
                let way = way(&mut self.ways);
                let stride = self.layouts.list(list).size;
                let many = Many::Elements;
                self.frames.push(Frame { list, many, at, index: 0, count, stride, next: 0, top, way });
            }
        }
        Ok(())
    }

    fn later(&mut self, list: ListId, many: Many, extent: Extent, count: u64, top: u32, way: Way) {
        let stride = self.layouts.list(list).size;
        if count > 0 && extent.length > 0 {
            self.jobs.push_back(Job { list, many, at: extent.offset, count, stride, top, way });
        }
    }

    fn number(&self, at: u64) -> Result<u64> {
        self.image.number_at(at).ok_or_else(|| self.refuse(at, "the file ends here".to_owned()))
    }

    fn tag(&self, at: u64, width: u32) -> Result<u64> {
        let bytes = self.image.bytes_at(Extent::new(at, u64::from(width)));
        let bytes = bytes.ok_or_else(|| self.refuse(at, "the file ends here".to_owned()))?;
        Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// Takes the records that a reference leads to.
    fn claim_place(&mut self, place: u64, count: u64, list: ListId) -> Result<Extent> {
        let Some(offset) = self.offset_of(place) else {
            let section = place >> PLACE_BITS;
            return Err(
                self.refuse(0, format!("a payload is in section number {section}, which there is not"))
            );
        };
        let size = self.layouts.list(list).size;
        self.claim_in((place >> PLACE_BITS) as usize, offset, count, size)
    }

    /// Takes the records at an offset.
    fn claim_at(&mut self, offset: u64, count: u64, list: ListId) -> Result<Extent> {
        let size = self.layouts.list(list).size;
        self.claim(offset, count, size)
    }

    fn claim(&mut self, offset: u64, count: u64, size: u64) -> Result<Extent> {
        let Some(section) = self.image.section_at(offset) else {
            return Err(self.refuse(offset, "a payload is in no section".to_owned()));
        };
        self.claim_in(section.number as usize, offset, count, size)
    }

    fn claim_in(&mut self, section: usize, offset: u64, count: u64, size: u64) -> Result<Extent> {
        let refused = |walker: &Self, problem: String| Err(walker.refuse(offset, problem));
        let Some(length) = mul(count, size) else {
            return refused(self, format!("a payload of {count} records of {size} bytes"));
        };
        let extent = Extent::new(offset, length);
        if size == 0 {
            let Some(left) = self.weightless.checked_sub(count) else {
                return refused(
                    self,
                    format!("{count} values without bytes are more than the file can hold"),
                );
            };
            self.weightless = left;
            return Ok(extent);
        }
        let Some((bounds, left)) = self.sections.get_mut(section) else {
            return refused(self, format!("a payload is in section number {section}, which there is not"));
        };
        if !bounds.contains(extent) {
            return refused(
                self,
                format!("a payload of {count} records of {size} bytes ends behind its section"),
            );
        }
        let Some(rest) = left.checked_sub(length) else {
            return refused(
                self,
                "the payloads of the section are larger than it: bytes have two owners".to_owned(),
            );
        };
        *left = rest;
        Ok(extent)
    }

    /// The error for what is wrong at an offset.
    pub(crate) fn refuse(&self, offset: u64, problem: String) -> DumpError {
        let section = self.image.section_at(offset).map_or("file", |section| section.name).to_owned();
        DumpError::format(section, offset, problem)
    }
}
