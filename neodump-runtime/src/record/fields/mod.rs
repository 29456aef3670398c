//! The fields of a live machine, one after the other: what [`testing`](crate::testing) changes, and finds
//! again.
//!
//! [`Dumpable::fields`] shows every place of a value that can be changed on its own, a *leaf*, with the way to
//! it. What is done there is the task: list all leaves, change one, or tell what one holds. So the derive
//! writes one function for all three, from the field list that it writes the others from.

mod keyed;
mod leaves;
mod owned;
mod pointers;
mod policies;
mod sequences;

use std::any::TypeId;
use std::collections::{BTreeSet, HashSet};

pub(crate) use keyed::{image_map, keyed};
pub(crate) use leaves::*;
pub(crate) use owned::*;
pub(crate) use pointers::{pointer, sample_pointer, symbol};
pub use pointers::{sample_word, word};
pub use policies::{FieldsOf, FieldsOfFallback};
pub(crate) use sequences::*;

use super::{Dumpable, Step, fault};
use crate::dump::ImageRoot;
use crate::heap::{Group, ObjectType};
use crate::native::Natives;

/// How deep a value that is made for a test may nest: values that own their like end there.
const DEPTH: u32 = 5;

/// How often a type is entered that contains its like: so often that its fields that do are seen.
const NESTED: usize = 2;

/// What is done at the leaves.
enum Task {
    /// Each is noted.
    List(Listed),
    /// The one at `path` is changed, once `skip` of them were passed.
    Change { path: String, skip: usize, outcome: Option<Outcome> },
    /// The one at `path` says what it holds.
    Tell { path: String, text: Option<String> },
}

/// A field of a type: the type, the variant if the type is an enum, the field's name.
pub(crate) type FieldOf = (TypeId, Option<&'static str>, &'static str);

/// A way to a place in a machine, and the fields that it goes through.
pub(crate) struct Way {
    /// The way, as errors show it.
    pub(crate) path: String,
    /// The fields on it, outermost first.
    pub(crate) fields: Vec<FieldOf>,
}

/// The leaves of a value, and what is no leaf.
#[derive(Default)]
pub(crate) struct Listed {
    /// The ways to all leaves, in the order in which they were met.
    pub(crate) leaves: Vec<Way>,
    known: BTreeSet<String>,
    /// The fields that the ways go through, without those of the element that is looked at.
    met: HashSet<FieldOf>,
    /// Those that its ways go through besides.
    met_further: HashSet<FieldOf>,
    /// The ways to what cannot be changed, and why.
    pub(crate) fixed: Vec<(Way, String)>,
    /// The ways to fields that are not stored, and the attributes that say so.
    pub(crate) left_out: Vec<(Way, String)>,
}

/// What became of a leaf that was to be changed.
pub(crate) enum Outcome {
    /// It held something, and holds something else now.
    Changed { before: String, after: String },
    /// It cannot be changed, for this reason.
    Fixed(String),
}

/// What a machine has that its leaves may be changed to.
#[derive(Default)]
pub(crate) struct Around {
    /// The words of the machine, by type; those that its author made come first.
    pub(crate) words: Vec<(TypeId, u64)>,
    /// Objects of each type.
    pub(crate) objects: Vec<(*mut u8, &'static ObjectType)>,
    /// The groups of object types behind the tags of words.
    groups: Vec<Group>,
}

/// How many different words are kept.
const WORDS: usize = 256;

/// Sees every leaf of the values that it is led through.
pub struct Fields<'a> {
    task: Task,
    /// The way from the root, outermost first.
    steps: Vec<Step>,
    /// The fields on it.
    fields: Vec<FieldOf>,
    root: String,
    /// The types of the values on the way: one that contains its like is entered twice.
    inside: Vec<TypeId>,
    natives: &'a Natives,
    around: &'a mut Around,
    depth: u32,
    /// How many values around this one have like ones before them, which stand for them.
    further: u32,
    /// The bytes that a leaf without memory of its own had before it was changed, to put them back.
    undo: Option<(*mut u8, Vec<std::mem::MaybeUninit<u8>>)>,
}

impl<'a> Fields<'a> {
    fn new(task: Task, natives: &'a Natives, around: &'a mut Around) -> Self {
        let (steps, fields, inside, root) = (Vec::new(), Vec::new(), Vec::new(), String::new());
        Self { task, steps, fields, root, inside, natives, around, depth: 0, further: 0, undo: None }
    }

    pub(crate) fn list(natives: &'a Natives, around: &'a mut Around) -> Self {
        Self::new(Task::List(Listed::default()), natives, around)
    }

    /// `skip` tells apart objects of a type that have a place at the same path.
    pub(crate) fn change(path: &str, skip: usize, natives: &'a Natives, around: &'a mut Around) -> Self {
        Self::new(Task::Change { path: path.to_owned(), skip, outcome: None }, natives, around)
    }

    pub(crate) fn tell(path: &str, natives: &'a Natives, around: &'a mut Around) -> Self {
        Self::new(Task::Tell { path: path.to_owned(), text: None }, natives, around)
    }

    pub(crate) fn into_listed(self) -> Listed {
        match self.task {
            Task::List(listed) => listed,
            _ => Listed::default(),
        }
    }

    pub(crate) fn into_outcome(self) -> Option<Outcome> {
        match self.task {
            Task::Change { outcome, .. } => outcome,
            _ => None,
        }
    }

    pub(crate) fn into_text(self) -> Option<String> {
        match self.task {
            Task::Tell { text, .. } => text,
            _ => None,
        }
    }

    /// Whether there is nothing left to do.
    pub(crate) fn is_done(&self) -> bool {
        match &self.task {
            Task::List(_) => false,
            Task::Change { outcome, .. } => outcome.is_some(),
            Task::Tell { text, .. } => text.is_some(),
        }
    }

    pub(crate) fn is_changing(&self) -> bool {
        matches!(self.task, Task::Change { .. })
    }

    /// Whether a leaf is looked for in another machine than the one that it was listed in.
    pub(crate) fn is_telling(&self) -> bool {
        matches!(self.task, Task::Tell { .. })
    }

    fn path(&self) -> String {
        let innermost_first: Vec<Step> = self.steps.iter().rev().cloned().collect();
        fault::render(&self.root, &innermost_first)
    }

    /// Does `then` one step further from the root.
    pub fn step(&mut self, step: Step, then: impl FnOnce(&mut Self)) {
        if self.is_done() {
            return;
        }
        let fields = self.fields.len();
        if let (Step::Field(name), Some(owner)) = (&step, self.inside.last()) {
            let variant = match self.steps.last() {
                Some(Step::Variant(variant)) => Some(*variant),
                _ => None,
            };
            self.fields.push((*owner, variant, *name));
        }
        self.steps.push(step);
        then(self);
        self.steps.pop();
        self.fields.truncate(fields);
    }

    /// Does `then` with an element that has others in front of it, mostly like it. Of its leaves those are listed whose
    /// way goes through a field that none in front of it has, such as one of another variant.
    pub(crate) fn further(&mut self, then: impl FnOnce(&mut Self)) {
        self.further += 1;
        then(self);
        self.further -= 1;
        if let (0, Task::List(listed)) = (self.further, &mut self.task) {
            let met = std::mem::take(&mut listed.met_further);
            listed.met.extend(met);
        }
    }

    /// The way to where it is.
    fn way(&self) -> Way {
        Way { path: self.path(), fields: self.fields.clone() }
    }

    /// Shows the leaves of a value.
    ///
    /// # Safety
    ///
    /// `this` must be a live value that nobody else looks at.
    pub unsafe fn value<T: Dumpable>(&mut self, this: *mut T) {
        let id = TypeId::of::<T::Id>();
        if self.is_done() || self.inside.iter().filter(|inside| **inside == id).count() == NESTED {
            return;
        }
        self.inside.push(id);
        // SAFETY: forwarded from the caller.
        unsafe { T::fields(this, self) };
        self.inside.pop();
    }

    /// The objects whose leaves may be shown.
    pub(crate) fn objects(&self) -> Vec<(*mut u8, &'static ObjectType)> {
        self.around.objects.clone()
    }

    /// Shows the leaves of a machine.
    ///
    /// # Safety
    ///
    /// `machine` must be a live value that nobody else looks at.
    pub(crate) unsafe fn machine<R: ImageRoot>(&mut self, machine: *mut R) {
        self.root = crate::dump::root_name::<R>();
        // SAFETY: forwarded from the caller.
        unsafe { self.value(machine) };
        self.root.clear();
    }

    /// Shows the leaves of an object.
    ///
    /// # Safety
    ///
    /// `object` must be a live object of this type that nobody else looks at.
    pub(crate) unsafe fn object(&mut self, object: *mut u8, ty: &'static ObjectType) {
        let name = crate::dump::snake(ty.short_name());
        let was_done = self.is_done();
        self.step(Step::Object(name), |f| {
            f.inside.push(ty.id);
            // SAFETY: forwarded from the caller.
            unsafe { (ty.fields)(object, f) };
            f.inside.pop();
        });
        if was_done || !self.is_done() || !self.is_changing() {
            return;
        }
        // SAFETY: as above: the object is live, whatever its fields hold now.
        if !unsafe { self.is_still(object, ty) } {
            return self.take_back("says of which type the object is".to_owned());
        }
        if let Some(validate) = ty.validate {
            // SAFETY: as above.
            if let Err(error) = unsafe { validate(object) } {
                self.take_back(format!("the object refuses it: {error}"));
            }
        }
    }

    /// Whether the words of an object still say of which type it is.
    ///
    /// # Safety
    ///
    /// `object` must be a live object of this type but for a leaf that was just changed.
    unsafe fn is_still(&self, object: *mut u8, ty: &'static ObjectType) -> bool {
        let of_it = self.around.groups.iter().filter(|group| group.types.iter().any(|one| one.is(ty)));
        // SAFETY: the caller promises an object, and the functions read its header only.
        let kept = of_it.map(|group| unsafe { group.type_of(object) });
        kept.into_iter().all(|found| found.is_some_and(|found| found.is(ty)))
    }

    /// Takes the change of an object back: no load would accept it, and the machine must not meet it.
    fn take_back(&mut self, why: String) {
        if let Some((at, bytes)) = self.undo.take() {
            // SAFETY: the bytes of a leaf of the object, as they were before.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast::<u8>(), at, bytes.len()) };
        }
        self.end(Outcome::Fixed(why));
    }

    /// One place that can be changed on its own: `tell` says what it holds, `change` makes it hold something
    /// else, or says why it cannot.
    ///
    /// # Safety
    ///
    /// `this` must be a live value that nobody else looks at.
    pub unsafe fn leaf<T>(
        &mut self,
        this: *mut T,
        tell: impl Fn(&T) -> String,
        change: impl FnOnce(&mut T, &mut Self) -> Result<(), String>,
    ) {
        if self.is_done() {
            return;
        }
        let way = self.way();
        let here = &way.path;
        match &mut self.task {
            Task::List(listed) => {
                let shows_more =
                    self.further == 0 || way.fields.iter().any(|field| !listed.met.contains(field));
                if shows_more && listed.known.insert(here.clone()) {
                    let met = if self.further == 0 { &mut listed.met } else { &mut listed.met_further };
                    met.extend(&way.fields);
                    listed.leaves.push(way);
                }
            }
            Task::Tell { path, text } => {
                if path == here {
                    // SAFETY: the caller promises a live value.
                    *text = Some(tell(unsafe { &*this }));
                }
            }
            Task::Change { path, skip, .. } => {
                if path != here {
                    return;
                }
                if *skip > 0 {
                    *skip -= 1;
                    return;
                }
                if !std::mem::needs_drop::<T>() {
                    // SAFETY: a live value is as many bytes, some of which may be padding.
                    let bytes = unsafe { std::slice::from_raw_parts(this.cast(), size_of::<T>()) };
                    self.undo = Some((this.cast(), bytes.to_vec()));
                }
                // SAFETY: the caller promises a live value that nobody else looks at.
                let value = unsafe { &mut *this };
                let before = tell(value);
                let changed = change(value, self);
                self.end(match changed {
                    Ok(()) => Outcome::Changed { before, after: tell(value) },
                    Err(why) => Outcome::Fixed(why),
                });
            }
        }
    }

    fn end(&mut self, with: Outcome) {
        if let Task::Change { outcome, .. } = &mut self.task {
            *outcome = Some(with);
        }
    }

    /// A place that cannot be changed.
    pub fn fixed(&mut self, why: impl Into<String>) {
        let way = self.way();
        if let Task::List(listed) = &mut self.task
            && listed.known.insert(way.path.clone())
        {
            listed.fixed.push((way, why.into()));
        }
    }

    /// A field that is not stored.
    pub fn left_out(&mut self, field: &'static str, policy: &'static str) {
        self.step(Step::Field(field), |f| {
            let way = f.way();
            if let Task::List(listed) = &mut f.task
                && listed.known.insert(way.path.clone())
            {
                listed.left_out.push((way, policy.to_owned()));
            }
        });
    }

    /// A value that was not there before, if one can be made.
    pub fn sample<T: Dumpable>(&mut self) -> Option<T> {
        if self.depth == DEPTH {
            return None;
        }
        self.depth += 1;
        let value = T::sample(self);
        self.depth -= 1;
        value
    }
}
