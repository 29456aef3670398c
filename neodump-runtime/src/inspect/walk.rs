//! A walk over all that a stored record holds and owns, as events, with the path to each value.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::image::Image;
use super::value::{Elements, Entries, Member, Node, Value};
use crate::bounds::to_u64;
use crate::error::{DumpError, Result};

/// Values that a walk may meet for each byte of the file: fields without bytes make it more than one. More are
/// found only where bytes have several owners, which would make a walk last without end.
const VALUES_PER_BYTE: u64 = 64;

/// How a value hangs on the one that it is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// It is what the walk started with.
    Start,
    /// A field of a struct or variant, with the attribute that says how it is stored.
    Field(&'a str, &'a str),
    /// An element.
    Index(u64),
    /// The key of an entry.
    Key(u64),
    /// The value of an entry.
    Entry(u64),
    /// The value behind `Some`, a box or a shared pointer: no step of its own.
    Inner,
}

/// What a walk meets.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// A value without parts, or whose parts follow until its [`Close`](Self::Close) where `open` says so.
    Value {
        /// How it hangs on the value that is open.
        step: Step<'a>,
        /// The type and place, unless it is part of what is shared.
        value: Option<Value>,
        /// What it holds.
        node: Node<'a>,
        /// Whether its parts follow.
        open: bool,
    },
    /// A field that is not stored.
    NotStored {
        /// The field.
        step: Step<'a>,
    },
    /// A value that has several owners and was met before.
    Again {
        /// How it hangs on the value that is open.
        step: Step<'a>,
        /// The offset that tells it apart.
        offset: u64,
    },
    /// Parts that were left out.
    More {
        /// How many.
        count: u64,
    },
    /// The value that is open has no more parts.
    Close,
}

/// A walk over a value: see [`Image::walk`].
pub struct Walk<'i, 'a> {
    image: &'i Image<'a>,
    start: Option<Value>,
    stack: Vec<Frame<'a>>,
    /// What several owners share and was met.
    shared: HashSet<u64>,
    /// Values that may still be met.
    budget: u64,
    limit: u64,
    deepest: usize,
}

/// A value that is open.
struct Frame<'a> {
    step: Step<'a>,
    parts: Parts<'a>,
    next: u64,
}

enum Parts<'a> {
    Members(Vec<Member<'a>>),
    Tail(Vec<Member<'a>>, Elements),
    Elements(Elements),
    Entries(Entries),
    One(Option<Value>),
    Node(Option<Box<Node<'a>>>),
}

enum Part<'a> {
    Value(Step<'a>, Value),
    Node(Step<'a>, Node<'a>),
    NotStored(Step<'a>),
    More(u64),
}

impl<'a> Image<'a> {
    /// Walks a value and all that it owns. References to objects are shown, not followed.
    ///
    /// The walk has a list of what is open instead of a call for each level, and ends whatever the bytes are.
    pub fn walk(&self, value: Value) -> Walk<'_, 'a> {
        Walk {
            image: self,
            start: Some(value),
            stack: Vec::new(),
            shared: HashSet::new(),
            budget: self.header().file_len().saturating_mul(VALUES_PER_BYTE),
            limit: u64::MAX,
            deepest: usize::MAX,
        }
    }
}

impl<'a> Walk<'_, 'a> {
    /// Shows at most so many elements of each sequence and entries of each map.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Shows no parts of values that are so deep, where the start is at 0.
    #[must_use]
    pub fn deepest(mut self, deepest: usize) -> Self {
        self.deepest = deepest;
        self
    }

    /// The way from the start to the value that is open, as in `rows[3].name`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.stack {
            push_step(&mut path, frame.step);
        }
        path
    }

    /// The same, up to a part of the value that is open.
    pub fn path_to(&self, step: Step<'_>) -> String {
        let mut path = self.path();
        // A value whose parts follow is open already.
        if self.stack.last().is_none_or(|frame| frame.step != step || frame.next > 0) {
            push_step(&mut path, step);
        }
        path
    }

    /// The next event; nothing when the walk is over.
    ///
    /// # Errors
    ///
    /// Those of [`Image::read`], with the path to the value, after which the walk is over.
    #[expect(clippy::should_implement_trait, reason = "an iterator of results would go on after an error")]
    pub fn next(&mut self) -> Result<Option<Event<'a>>> {
        let result = self.step();
        if result.is_err() {
            self.stack.clear();
            self.start = None;
        }
        result
    }

    fn step(&mut self) -> Result<Option<Event<'a>>> {
        if let Some(start) = self.start.take() {
            return self.meet(Step::Start, start).map(Some);
        }
        let Some(frame) = self.stack.last_mut() else { return Ok(None) };
        let index = frame.next;
        frame.next += 1;
        let Some(part) = frame.parts.get(index, self.limit) else {
            self.stack.pop();
            return Ok(Some(Event::Close));
        };
        match part {
            Part::More(count) => Ok(Some(Event::More { count })),
            Part::NotStored(step) => Ok(Some(Event::NotStored { step })),
            Part::Node(step, node) => self.show(step, None, node).map(Some),
            Part::Value(step, value) => self.meet(step, value).map(Some),
        }
    }

    fn meet(&mut self, step: Step<'a>, value: Value) -> Result<Event<'a>> {
        let at_path = |error: DumpError, walk: &Self| match error {
            DumpError::ImageFormat { section, offset, problem, .. } => {
                let mut path = walk.path();
                push_step(&mut path, step);
                DumpError::ImageFormat { section, offset, path, problem }
            }
            other => other,
        };
        let node = self.image.read(value).map_err(|error| at_path(error, self))?;
        let bytes = match &node {
            Node::Text(bytes) | Node::Bytes(bytes) => to_u64(bytes.len()),
            _ => 0,
        };
        let spent = self.budget.checked_sub(bytes.saturating_add(1));
        let spent = spent.ok_or_else(|| self.image.refuse(value.offset, "bytes have more than one owner"));
        self.budget = spent.map_err(|error| at_path(error, self))?;
        if let (Node::Fields(_), Some(object)) = (&node, self.image.object_of(value))
            && let Some(tail) = self.image.tail_of(object).map_err(|error| at_path(error, self))?
        {
            let Node::Fields(members) = node.clone() else { return Ok(Event::Close) };
            return Ok(self.open(step, Some(value), node, Parts::Tail(members, tail)));
        }
        self.show(step, Some(value), node)
    }

    fn show(&mut self, step: Step<'a>, value: Option<Value>, node: Node<'a>) -> Result<Event<'a>> {
        let parts = match &node {
            Node::Fields(members) | Node::Variant(_, members) => Parts::Members(members.clone()),
            Node::Elements(elements) => Parts::Elements(*elements),
            Node::Entries(entries) => Parts::Entries(*entries),
            Node::One(value) => Parts::One(Some(*value)),
            Node::Shared(offset, inner) => {
                if !self.shared.insert(*offset) {
                    return Ok(Event::Again { step, offset: *offset });
                }
                Parts::Node(Some(inner.clone()))
            }
            _ => return Ok(Event::Value { step, value, node, open: false }),
        };
        Ok(self.open(step, value, node, parts))
    }

    fn open(&mut self, step: Step<'a>, value: Option<Value>, node: Node<'a>, parts: Parts<'a>) -> Event<'a> {
        let open = self.stack.len() < self.deepest;
        if open {
            self.stack.push(Frame { step, parts, next: 0 });
        }
        Event::Value { step, value, node, open }
    }
}

impl<'a> Parts<'a> {
    fn get(&mut self, index: u64, limit: u64) -> Option<Part<'a>> {
        let member = |member: &Member<'a>| {
            let step = Step::Field(member.name, member.policy);
            member.value.map_or(Part::NotStored(step), |value| Part::Value(step, value))
        };
        let at = usize::try_from(index).ok()?;
        match self {
            Self::Members(members) => members.get(at).map(member),
            Self::Tail(members, tail) => match members.get(at) {
                Some(of) if of.policy.starts_with("tail = ") => {
                    Some(Part::Node(Step::Field(of.name, of.policy), Node::Elements(*tail)))
                }
                found => found.map(member),
            },
            Self::Elements(elements) => match index == limit && elements.count > limit {
                true => Some(Part::More(elements.count - limit)),
                false if index > limit => None,
                false => elements.get(index).map(|value| Part::Value(Step::Index(index), value)),
            },
            Self::Entries(entries) => {
                let number = index / 2;
                if number >= limit {
                    let more = entries.count.checked_sub(limit).filter(|more| *more > 0);
                    return more.filter(|_| index == limit.saturating_mul(2)).map(Part::More);
                }
                let (key, value) = entries.get(number)?;
                match (index.is_multiple_of(2), value) {
                    (true, _) => Some(Part::Value(Step::Key(number), key)),
                    (false, Some(value)) => Some(Part::Value(Step::Entry(number), value)),
                    // A set has keys only.
                    (false, None) => Some(Part::Node(Step::Entry(number), Node::Unit)),
                }
            }
            Self::One(value) => value.take().map(|value| Part::Value(Step::Inner, value)),
            Self::Node(node) => node.take().map(|node| Part::Node(Step::Inner, *node)),
        }
    }
}

fn push_step(path: &mut String, step: Step<'_>) {
    // Writing to a `String` cannot fail.
    let _ = match step {
        Step::Start | Step::Inner => Ok(()),
        Step::Field(name, _) if path.is_empty() => write!(path, "{name}"),
        Step::Field(name, _) => write!(path, ".{name}"),
        Step::Index(index) => write!(path, "[{index}]"),
        Step::Key(index) => write!(path, "[key {index}]"),
        Step::Entry(index) => write!(path, "[entry {index}]"),
    };
}
