//! From the schema to lists.
//!
//! The schema comes out of a file. Types that contain themselves are refused, and so is a type with more to follow
//! than its bytes can hold: so a walk takes a time that the length of the file bounds.

use std::collections::HashMap;

use neodump_runtime::inspect::{Body, Discriminant, Field, Form, Schema, Type, TypeId};
use neodump_runtime::{DumpError, bounds};

use super::layout::{
    Choice, Layouts, List, ListId, Many, Node, ObjectLayout, Op, PathId, Segment, Tail, What, list_of,
};

/// Lists up to this length become part of those around them.
const SHORT: usize = 4;
/// No schema has more places.
const MOST_OPS: usize = 1 << 20;

/// The lists of all types of `schema`, whose text lies at `offset` in the file, with the places of symbols if they
/// are asked for.
///
/// # Errors
///
/// [`DumpError::ImageFormat`] for a schema that no machine has.
pub(crate) fn layouts<'a>(schema: &Schema<'a>, offset: u64, symbols: bool) -> Result<Layouts<'a>, DumpError> {
    let mut compiler = Compiler {
        schema,
        symbols,
        offset,
        layouts: Layouts { lists: vec![List::default(); schema.types().len()], ..Layouts::default() },
        entries: HashMap::new(),
        later: Vec::new(),
        ops: 0,
    };
    compiler.types()?;
    compiler.entries()?;
    compiler.objects()?;
    let mut layouts = compiler.layouts;
    layouts.keys.sort_unstable_by_key(|(list, _)| *list);
    Ok(layouts)
}

struct Compiler<'s, 'a> {
    schema: &'s Schema<'a>,
    symbols: bool,
    offset: u64,
    layouts: Layouts<'a>,
    /// The lists of entries that have a number, by the types of key and value.
    entries: HashMap<(TypeId, Option<TypeId>), ListId>,
    /// Those whose places are not known yet.
    later: Vec<(ListId, TypeId, Option<TypeId>)>,
    ops: usize,
}

/// How far a type is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Waiting,
    Done,
}

impl<'a> Compiler<'_, 'a> {
    fn refuse(&self, ty: TypeId, problem: &str) -> DumpError {
        let name = self.schema.types().get(ty.index()).map_or("", |ty| ty.name());
        DumpError::format("Schema", self.offset, format!("type {name} {problem}"))
    }

    fn ty(&self, id: TypeId) -> Result<&Type<'a>, DumpError> {
        self.schema.types().get(id.index()).ok_or_else(|| self.refuse(id, "is missing"))
    }

    /// The types whose records are inside of those of `id`.
    fn parts(&self, id: TypeId) -> Result<Vec<TypeId>, DumpError> {
        let ty = self.ty(id)?;
        Ok(match ty.body() {
            Body::Word => Vec::new(),
            Body::Struct(fields) => fields.iter().filter_map(|field| field.ty).collect(),
            Body::Enum(_, variants) => {
                variants.iter().flat_map(|variant| &variant.fields).filter_map(|field| field.ty).collect()
            }
            Body::Leaf => match ty.form() {
                Form::Same | Form::Tagged | Form::Niche | Form::Array(_) => {
                    ty.of().first().copied().into_iter().collect()
                }
                _ => Vec::new(),
            },
        })
    }

    /// Compiles all types, each after its parts.
    fn types(&mut self) -> Result<(), DumpError> {
        let mut states = vec![State::New; self.schema.types().len()];
        let ids = self.schema.types().iter().filter_map(|ty| self.schema.find(ty.name()));
        let ids: Vec<TypeId> = ids.collect();
        for start in ids {
            // Each level: a type, its parts, and how many of them are done.
            let mut levels = Vec::new();
            if states[start.index()] == State::New {
                states[start.index()] = State::Waiting;
                levels.push((start, self.parts(start)?, 0));
            }
            while let Some((id, parts, next)) = levels.last_mut() {
                let id = *id;
                let Some(&part) = parts.get(*next) else {
                    let list = self.compile(id)?;
                    self.layouts.lists[id.index()] = list;
                    states[id.index()] = State::Done;
                    levels.pop();
                    continue;
                };
                *next += 1;
                match states[part.index()] {
                    State::Done => {}
                    State::Waiting => return Err(self.refuse(part, "contains itself")),
                    State::New => {
                        states[part.index()] = State::Waiting;
                        let below = self.parts(part)?;
                        levels.push((part, below, 0));
                    }
                }
            }
        }
        Ok(())
    }

    /// The list of a type whose parts are compiled. That of an object type is its slot.
    fn compile(&mut self, id: TypeId) -> Result<List, DumpError> {
        let ty = self.ty(id)?.clone();
        let mut list = List { size: ty.size(), align: ty.align().max(1), ..List::default() };
        if let Some(object) = ty.object() {
            list.size = object.size;
        }
        match ty.body() {
            Body::Word => self.push(id, &mut list, 0, 8, What::Reference { weak: false, word: Some(id) })?,
            Body::Struct(fields) => {
                let is_object = ty.object().is_some();
                self.fields(id, &mut list, fields, 0, |schema, field| !is_object || in_slot(schema, field))?;
            }
            Body::Enum(_, variants) => {
                let tag = match ty.form() {
                    // An integer has sixteen bytes at most.
                    Form::Enum(Discriminant::Repr(size, _)) => (*size).min(8) as u32,
                    _ => 4,
                };
                let mask = if tag == 8 { u64::MAX } else { (1 << (8 * tag)) - 1 };
                let mut choice = Choice { tag, lists: Vec::new() };
                let mut first = 0;
                for (index, variant) in (0..).zip(variants) {
                    let mut inner = List { size: list.size, align: list.align, ..List::default() };
                    self.fields(id, &mut inner, &variant.fields, first, |_, _| true)?;
                    // A variant has fewer than 2^32 fields.
                    first = first.saturating_add(variant.fields.len() as u32);
                    if inner.is_quiet() {
                        continue;
                    }
                    for op in &mut inner.ops {
                        op.path = self.layouts.path(Segment::Variant(variant.name), op.path);
                    }
                    list.weight = list.weight.max(inner.weight);
                    // The discriminant as its integer stores it.
                    let value = if ty.in_place() { variant.discriminant as u64 & mask } else { index };
                    let number = self.add(inner);
                    choice.lists.push((value, number));
                }
                self.choose(id, &mut list, choice)?;
            }
            Body::Leaf => self.leaf(id, &ty, &mut list)?,
        }
        self.check(id, &mut list)?;
        Ok(list)
    }

    /// Appends the fields that `wanted` takes, numbered from `first`.
    fn fields(
        &mut self,
        id: TypeId,
        list: &mut List,
        fields: &[Field<'a>],
        first: u32,
        wanted: impl Fn(&Schema<'a>, &Field<'a>) -> bool,
    ) -> Result<(), DumpError> {
        for (top, field) in (first..).zip(fields) {
            let Some(ty) = field.ty.filter(|_| wanted(self.schema, field)) else { continue };
            // A manager's record is in a section of its own.
            if self.ty(ty)?.section().is_some() || field.policy.starts_with("tail = ") {
                continue;
            }
            let from = list.ops.len();
            self.nest(id, list, field.offset, list_of(ty))?;
            let weak = field.policy == "weak";
            for op in list.ops.iter_mut().skip(from) {
                op.top = top;
                op.path = self.layouts.path(Segment::Field(field.name), op.path);
                if let What::Reference { weak: is_weak, .. } = &mut op.what {
                    *is_weak |= weak;
                }
            }
        }
        Ok(())
    }

    /// Appends a record inside of the record.
    fn nest(&mut self, id: TypeId, list: &mut List, at: u64, inner: ListId) -> Result<(), DumpError> {
        let part = self.layouts.list(inner);
        let (size, weight) = (part.size, part.weight);
        // A long list stays where it is: it may be part of many.
        let ops = if part.ops.len() <= SHORT { Some(part.ops.clone()) } else { None };
        let fits = bounds::add(at, size).is_some_and(|end| end <= list.size);
        if !fits {
            return Err(self.refuse(id, "has a field that ends behind it"));
        }
        list.weight = list.weight.saturating_add(weight);
        self.more_ops(id, ops.as_ref().map_or(1, Vec::len))?;
        match ops {
            // In bounds: the part was found in bounds of itself.
            Some(ops) => list.ops.extend(ops.into_iter().map(|op| Op { at: at + op.at, ..op })),
            None => list.ops.push(Op { at, top: 0, path: PathId::default(), what: What::Nest(inner) }),
        }
        Ok(())
    }

    /// Counts places before they are made.
    fn more_ops(&mut self, id: TypeId, more: usize) -> Result<(), DumpError> {
        self.ops = self.ops.saturating_add(more);
        if self.ops > MOST_OPS {
            return Err(
                self.refuse(id, "is one too many: together they have more in them than a machine has")
            );
        }
        Ok(())
    }

    /// Appends a place of so many bytes.
    fn push(
        &mut self,
        id: TypeId,
        list: &mut List,
        at: u64,
        width: u64,
        what: What,
    ) -> Result<(), DumpError> {
        if bounds::add(at, width).is_none_or(|end| end > list.size) {
            return Err(self.refuse(id, "is smaller than what it is"));
        }
        self.more_ops(id, 1)?;
        list.weight = list.weight.saturating_add(1);
        list.ops.push(Op { at, top: 0, path: PathId::default(), what });
        Ok(())
    }

    /// Appends a choice that leads somewhere.
    fn choose(&mut self, id: TypeId, list: &mut List, choice: Choice) -> Result<(), DumpError> {
        if choice.lists.is_empty() {
            return Ok(());
        }
        // Fewer than `MOST_OPS`.
        let number = self.layouts.choices.len() as u32;
        let tag = u64::from(choice.tag);
        self.layouts.choices.push(choice);
        self.push(id, list, 0, tag, What::Choice(number))
    }

    /// Gives a list a number of its own.
    fn add(&mut self, list: List) -> ListId {
        // Fewer than the lines of the schema.
        let number = ListId(self.layouts.lists.len() as u32);
        self.layouts.lists.push(list);
        number
    }

    fn leaf(&mut self, id: TypeId, ty: &Type<'a>, list: &mut List) -> Result<(), DumpError> {
        let mut of = ty.of().iter().copied();
        let mut param = || of.next().ok_or_else(|| self.refuse(id, "has no parameter"));
        let what = match ty.form() {
            Form::Symbol | Form::NativeFunction if !self.symbols => return Ok(()),
            Form::NativeFunction => What::Native,
            Form::Symbol => What::Symbol,
            Form::Pointer => What::Reference { weak: false, word: None },
            Form::Same | Form::Niche => {
                let content = param()?;
                return self.nest(id, list, 0, list_of(content));
            }
            Form::Tagged => {
                let content = list_of(param()?);
                if self.layouts.list(content).is_quiet() {
                    return Ok(());
                }
                let mut inner = List { size: list.size, align: list.align, ..List::default() };
                let at = self.layouts.list(content).align;
                self.nest(id, &mut inner, at, content)?;
                list.weight = inner.weight;
                let number = self.add(inner);
                return self.choose(id, list, Choice { tag: 1, lists: vec![(1, number)] });
            }
            Form::Array(count) => {
                let element = list_of(param()?);
                let inner = self.layouts.list(element);
                if inner.is_quiet() {
                    return Ok(());
                }
                if inner.size.checked_mul(*count) != Some(list.size) {
                    return Err(self.refuse(id, "has not the size of its elements"));
                }
                list.weight = inner.weight.saturating_mul(*count);
                What::Repeat(element, *count)
            }
            Form::ImageVec => What::Vector(list_of(param()?)),
            Form::ImageStr => What::Vector(self.bytes()),
            Form::ImageMap => {
                let (key, value) = (param()?, param().ok());
                What::Map(self.entry(key, value))
            }
            Form::Keyed => {
                let (key, value) = (param()?, param().ok());
                What::Payload(self.entry(key, value), Many::Entries)
            }
            Form::Sequence => What::Payload(list_of(param()?), Many::Elements),
            Form::Boxed => What::Payload(list_of(param()?), Many::One),
            Form::Text | Form::SystemText => What::Payload(self.bytes(), Many::Elements),
            Form::Shared => What::Shared { list: list_of(param()?), weak: false },
            Form::Weak => What::Shared { list: list_of(param()?), weak: true },
            form @ (Form::SharedSequence | Form::SharedText) => {
                let element = if form == &Form::SharedText { self.bytes() } else { list_of(param()?) };
                let mut inner = List { size: 16, align: 8, ..List::default() };
                self.push(id, &mut inner, 0, 16, What::Payload(element, Many::Elements))?;
                What::Shared { list: self.add(inner), weak: false }
            }
            _ => return Ok(()),
        };
        let width = match what {
            What::Symbol | What::Native => 4,
            What::Reference { .. } => 8,
            What::Vector(_) => 24,
            What::Map(_) => 40,
            What::Repeat(..) => list.size,
            _ => 16,
        };
        self.push(id, list, 0, width, what)
    }

    /// The list of bytes.
    fn bytes(&mut self) -> ListId {
        self.add(List { size: 1, align: 1, ..List::default() })
    }

    /// The number of the list of entries.
    fn entry(&mut self, key: TypeId, value: Option<TypeId>) -> ListId {
        if let Some(known) = self.entries.get(&(key, value)) {
            return *known;
        }
        let number = self.add(List::default());
        self.entries.insert((key, value), number);
        self.later.push((number, key, value));
        number
    }

    /// The lists of entries: the key's record, then the value's at its alignment.
    fn entries(&mut self) -> Result<(), DumpError> {
        for (number, key, value) in std::mem::take(&mut self.later) {
            let size_of = |list: &List| (list.size, list.align);
            let (key_size, key_align) = size_of(self.layouts.list(list_of(key)));
            let (value_size, value_align) =
                value.map_or((0, 1), |value| size_of(self.layouts.list(list_of(value))));
            let align = key_align.max(value_align);
            let at = bounds::align_up(key_size, value_align);
            let size =
                at.and_then(|at| bounds::add(at, value_size)).and_then(|end| bounds::align_up(end, align));
            let (Some(at), Some(size)) = (at, size) else {
                return Err(self.refuse(key, "is too large for a key"));
            };
            let mut list = List { size, align, ..List::default() };
            self.nest(key, &mut list, 0, list_of(key))?;
            for op in &mut list.ops {
                op.path = self.layouts.path(Segment::KeyOf, op.path);
            }
            if let Some(value) = value {
                self.nest(value, &mut list, at, list_of(value))?;
            }
            self.check(key, &mut list)?;
            self.layouts.lists[number.0 as usize] = list;
            self.layouts.keys.push((number, key));
        }
        Ok(())
    }

    /// The side records and trailing arrays of object types.
    fn objects(&mut self) -> Result<(), DumpError> {
        let objects: Vec<TypeId> = self.schema.objects().to_vec();
        for id in objects {
            let ty = self.ty(id)?.clone();
            let Some(object) = ty.object() else { continue };
            let mut side = List { size: object.side, align: 8, ..List::default() };
            self.fields(id, &mut side, ty.fields(), 0, |schema, field| !in_slot(schema, field))?;
            self.check(id, &mut side)?;
            let side = self.add(side);
            let tail = match object.tail {
                None => None,
                Some((offset, stride)) => {
                    let field = (0..).zip(ty.fields()).find(|(_, field)| field.policy.starts_with("tail = "));
                    let element = field.and_then(|(_, field)| field.ty).and_then(|array| {
                        let array = self.schema.types().get(array.index())?;
                        array.of().first().copied()
                    });
                    let (Some((top, field)), Some(element)) = (field, element) else {
                        return Err(self.refuse(id, "has no field for its trailing array"));
                    };
                    let list = list_of(element);
                    if self.layouts.list(list).size > stride {
                        return Err(self.refuse(id, "has elements that are larger than their stride"));
                    }
                    let path = self.layouts.path(Segment::Field(field.name), PathId::default());
                    Some(Tail { offset, stride, list, path, top })
                }
            };
            self.layouts.objects.push(ObjectLayout { slot: list_of(id), side, tail });
        }
        Ok(())
    }

    /// Refuses a list that is longer to walk than its bytes are worth.
    fn check(&mut self, id: TypeId, list: &mut List) -> Result<(), DumpError> {
        // In the order of their bytes, whatever that of the fields is.
        list.ops.sort_by_key(|op| op.at);
        let most = list.size.saturating_add(1).saturating_mul(64);
        if list.weight > most {
            return Err(self.refuse(id, "has more in it than its bytes can hold"));
        }
        Ok(())
    }
}

impl<'a> Layouts<'a> {
    /// A path that starts with `segment`.
    fn path(&mut self, segment: Segment<'a>, next: PathId) -> PathId {
        self.paths.push(Node { segment, next });
        // One for each place and level.
        PathId(self.paths.len() as u32)
    }
}

/// Whether a field of an object is in its slot: the others are hydrated, and in its side record.
pub(crate) fn in_slot(schema: &Schema<'_>, field: &Field<'_>) -> bool {
    let converted = ["with", "handle", "remote"].contains(&field.policy);
    let ty = field.ty.and_then(|ty| schema.types().get(ty.index()));
    !converted && ty.is_some_and(Type::in_place)
}
