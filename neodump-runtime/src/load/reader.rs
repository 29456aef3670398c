//! Hydration: values out of stored records, in two passes.
//!
//! The first pass makes every slot valid and runs no user code that could see the image: records
//! are read shell first, and what is behind an indirection is filled from a list of jobs, so depth
//! costs no stack. The second pass fills keyed collections and runs conversions, last queued first:
//! what is inside a value is queued behind it, and so complete before it. What is shared has a place of
//! its own in that order.

use std::any::TypeId;
use std::collections::HashMap;

use super::account::{Account, Spent};
use super::memory::SectionMemory;
use super::order::{Group, Groups};
use crate::dump::REFERENCE_BITS;
use crate::heap::{AdoptImage, Image, Kept};
use crate::native::{Bound, NativeType};
use crate::record::{At, Reference};
use crate::schema::{CheckedTypes, SectionDecl};
use crate::symbols::{Frozen, Interner};

struct Fill {
    group: Group,
    section: u32,
    values: *mut u8,
    payload: At,
    count: usize,
    fill: unsafe fn(*mut u8, At, usize, &mut Reader<'_>),
}

/// A reference to a shared value that owns nothing.
struct Weak {
    this: *mut u8,
    place: u64,
    owner: TypeId,
    refer: unsafe fn(*mut u8, *const u8),
}

/// Work of the second pass.
pub(crate) enum Second {
    /// Moves staged entries into a keyed collection.
    Put {
        map: *mut u8,
        staged: *mut u8,
        count: usize,
        put: unsafe fn(*mut u8, *mut u8, usize) -> Result<(), String>,
        discard: unsafe fn(*mut u8, usize),
    },
    /// Runs a function of the machine over one value to make another.
    Run {
        from: *mut u8,
        to: *mut u8,
        function: *const (),
        run: unsafe fn(*mut u8, *mut u8, *const ()) -> Result<(), String>,
        /// Drops what `from` points at, if the work owns it.
        discard: Option<unsafe fn(*mut u8)>,
    },
    /// Gives an id of the dumping process its number in this one.
    Renumber {
        field: *mut u8,
        /// The function and the stored id: what it says of one id is asked once.
        id: HandleId,
        renumber: Renumber,
    },
}

/// Writes the new number of an id to a field, by a function or, if the number is known, without.
pub(crate) type Renumber =
    unsafe fn(*mut u8, *const (), Option<*const u8>) -> Result<Option<Renumbered>, String>;

/// An id as an image holds it, with the function that renumbers such ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct HandleId {
    pub(crate) function: *const (),
    pub(crate) ty: TypeId,
    /// The bytes of the record, zeros behind them.
    pub(crate) stored: [u8; HandleId::MAX],
}

impl HandleId {
    /// The longest record of an id.
    pub(crate) const MAX: usize = 16;
}

/// The new number of an id, kept for the other places that hold it.
pub(crate) struct Renumbered {
    pub(crate) _kept: Kept,
    pub(crate) value: *const u8,
}

/// A field that is put right when all else is loaded.
pub(crate) struct Relink {
    pub(crate) owner: *mut u8,
    pub(crate) field: *mut u8,
    pub(crate) function: *const (),
    pub(crate) run: unsafe fn(*mut u8, *mut u8, *const ()) -> Result<(), String>,
    /// The owner and its field, for messages.
    pub(crate) name: &'static str,
    /// Whether the owner is the image: its fields come last.
    pub(crate) is_root: bool,
}

/// Makes values of stored records.
pub struct Reader<'a> {
    /// By the ordinal of the section.
    sections: &'a [SectionMemory],
    managers: &'a [(&'static str, usize)],
    imports: &'a Bound,
    imports_start: *mut u8,
    jobs: Vec<Fill>,
    /// Each with the section that it is for.
    second: Vec<(Group, (u32, Second))>,
    account: Account,
    shared: HashMap<(u64, TypeId), (*const u8, Group)>,
    /// The references to shared values that own nothing, made when all owners are.
    weak: Vec<Weak>,
    groups: Groups,
    /// The group of what is being read.
    current: Group,
    frozen: Option<Frozen>,
    /// Whether the symbols were loaded into an interner that is not the machine's.
    external_interner: bool,
    image: Option<Image>,
    /// What the machine's type cannot be loaded with, found while it was read.
    problem: Option<String>,
    first_pass_done: bool,
    /// In the order in which they were met.
    relinks: Vec<Relink>,
    renumbered: HashMap<HandleId, Renumbered>,
    /// The ids that were renumbered.
    fixups: u64,
    /// The types whose values are checked before they are converted.
    checked: &'a CheckedTypes,
}

impl<'a> Reader<'a> {
    #[expect(clippy::too_many_arguments, reason = "the results of the steps before, each used once")]
    pub(crate) fn new(
        sections: &'a [SectionMemory],
        managers: &'a [(&'static str, usize)],
        imports: &'a Bound,
        imports_start: *mut u8,
        frozen: Option<Frozen>,
        external_interner: bool,
        image: Image,
        checked: &'a CheckedTypes,
    ) -> Self {
        Self {
            sections,
            managers,
            imports,
            imports_start,
            jobs: Vec::new(),
            second: Vec::new(),
            account: Account::new(sections),
            shared: HashMap::new(),
            weak: Vec::new(),
            groups: Groups::new(),
            current: Group::ROOT,
            frozen,
            external_interner,
            image: Some(image),
            problem: None,
            first_pass_done: false,
            relinks: Vec::new(),
            renumbered: HashMap::new(),
            fixups: 0,
            checked,
        }
    }

    /// Whether a stored value of the type is checked before it is converted.
    pub(crate) fn checks(&self, id: TypeId) -> bool {
        self.checked.contains(id)
    }

    /// The payload behind an audited reference.
    pub(crate) fn payload(&self, reference: Reference) -> (At, usize) {
        let section = (reference.place >> REFERENCE_BITS) as usize;
        let offset = reference.place & ((1 << REFERENCE_BITS) - 1);
        match self.sections.get(section) {
            Some(section) => (section.at(offset), reference.len as usize),
            None => self.broken("a payload reference"),
        }
    }

    /// Puts off the reading of `count` values into the memory at `values`. So many count as `records`: numbers that are
    /// copied together are one.
    pub(crate) fn later(
        &mut self,
        values: *mut u8,
        payload: At,
        (count, records): (usize, usize),
        fill: unsafe fn(*mut u8, At, usize, &mut Reader<'_>),
    ) {
        self.account.add(records);
        let section = self.account.current();
        self.jobs.push(Fill { group: self.current, section, values, payload, count, fill });
    }

    /// A value was made of bytes behind a reference.
    pub(crate) fn made_of_bytes(&mut self) {
        self.account.add(1);
    }

    /// What hydration cost a section, when it is done: the values that it owns elsewhere, and the time.
    pub(super) fn spent(&mut self, section: u32) -> Spent {
        self.account.of(section)
    }

    /// Queues the move of staged entries into a keyed collection for the second pass.
    pub(crate) fn put_later(
        &mut self,
        map: *mut u8,
        staged: *mut u8,
        count: usize,
        put: unsafe fn(*mut u8, *mut u8, usize) -> Result<(), String>,
        discard: unsafe fn(*mut u8, usize),
    ) {
        self.after_fill(Second::Put { map, staged, count, put, discard });
    }

    /// Queues work for the second pass.
    pub(crate) fn after_fill(&mut self, work: Second) {
        self.second.push((self.current, (self.account.current(), work)));
    }

    /// Runs `hydrate` over objects, whose work of the second pass goes before that of the root.
    pub(crate) fn in_objects(&mut self, hydrate: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.current, Group::OBJECTS);
        hydrate(self);
        self.current = before;
    }

    /// The value that other owners of a shared payload have already.
    pub(crate) fn shared(&mut self, reference: Reference, id: TypeId) -> Option<*const u8> {
        let (value, group) = self.shared.get(&(reference.place, id)).copied()?;
        self.groups.refer(self.current, group);
        Some(value)
    }

    /// Notes the value of a shared payload when its first owner is read, and puts off the reading of its
    /// content.
    pub(crate) fn now_shared(
        &mut self,
        reference: Reference,
        id: TypeId,
        value: *mut u8,
        fill: unsafe fn(*mut u8, At, usize, &mut Reader<'_>),
    ) {
        let group = self.groups.add(self.current);
        self.shared.insert((reference.place, id), (value, group));
        let (payload, _) = self.payload(reference);
        self.account.add(1);
        let section = self.account.current();
        self.jobs.push(Fill { group, section, values: value, payload, count: 1, fill });
    }

    /// Puts off a reference that owns nothing until the owners of its value have been read.
    pub(crate) fn weak(
        &mut self,
        this: *mut u8,
        reference: Reference,
        owner: TypeId,
        refer: unsafe fn(*mut u8, *const u8),
    ) {
        self.weak.push(Weak { this, place: reference.place, owner, refer });
    }

    /// The address of the function with an import number. One of another type ends the load before anybody calls it.
    pub(crate) fn native(&mut self, number: u32, ty: NativeType) -> usize {
        let Some((slot, bound)) = number.checked_sub(1).and_then(|index| self.imports.slot(index as usize))
        else {
            self.broken("the number of an import")
        };
        if bound != ty {
            self.problem = Some(format!(
                "import {number} is no function of type {ty}, but of another type of that name; list the one that the \
                 field takes"
            ));
        }
        let slot = self.imports_start.wrapping_add(slot).cast::<usize>();
        // SAFETY: the slot is in the `imports` segment, and the load has filled it.
        unsafe { slot.read() }
    }

    /// Ends the load of an image that breaks the contract of [`map`](crate::map): it was trusted, and
    /// says something that neodump never wrote.
    ///
    /// # Panics
    ///
    /// Always.
    #[cold]
    #[track_caller]
    pub fn broken(&self, what: &str) -> ! {
        // Unreachable for images that were audited; for trusted ones the caller promised that it is.
        panic!(
            "{what} in the image is invalid: the file is not what neodump wrote, contrary to the contract of `map`"
        )
    }

    /// Makes the heap, which takes the image over.
    pub fn adopt<H: AdoptImage>(&mut self) -> H {
        self.account.enter_root();
        match self.image.take() {
            Some(image) => H::adopt(image),
            None => self.broken("a second heap"),
        }
    }

    /// The interner of the image.
    pub(crate) fn interner(&mut self) -> Interner {
        if self.external_interner {
            self.problem = Some(
                "the machine holds an interner, and LoadOptions::interner names another; use one of them"
                    .to_owned(),
            );
        }
        match self.frozen.take() {
            Some(frozen) => Interner::from_frozen(frozen),
            None => Interner::new(),
        }
    }

    /// Where a field of the root is: the start of its section if it has one.
    pub fn field(&mut self, at: At, section: Option<SectionDecl>) -> At {
        let place = section.and_then(|section| self.managers.iter().find(|(name, _)| *name == section.name));
        match place {
            Some((_, ordinal)) => {
                self.account.enter(*ordinal as u32);
                self.sections[*ordinal].at(0)
            }
            None => {
                self.account.enter_root();
                at
            }
        }
    }

    /// Runs the jobs of the first pass.
    pub(crate) fn first_pass(&mut self) {
        while let Some(job) = self.jobs.pop() {
            self.current = job.group;
            self.account.enter(job.section);
            // SAFETY: the job was queued with the final address of its values and their payload.
            unsafe { (job.fill)(job.values, job.payload, job.count, self) };
        }
        // Before the second pass: conversions may drop owners.
        for weak in std::mem::take(&mut self.weak) {
            let Some((value, _)) = self.shared.get(&(weak.place, weak.owner)) else {
                self.broken("a weak reference")
            };
            // SAFETY: queued with the final address of the reference, and a function for owners of this type.
            unsafe { (weak.refer)(weak.this, *value) };
        }
        self.account.enter_root();
        std::mem::replace(&mut self.groups, Groups::new()).sort(&mut self.second);
        self.first_pass_done = true;
    }

    /// Runs the work of the second pass.
    ///
    /// # Errors
    ///
    /// Those of the machine's own conversions.
    pub(crate) fn second_pass(&mut self) -> Result<(), String> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        while let Some((_, (section, work))) = self.second.pop() {
            self.account.enter(section);
            match work {
                Second::Put { map, staged, count, put, .. } => {
                    // SAFETY: queued with the final address of the map and its staged entries.
                    unsafe { put(map, staged, count) }?;
                }
                // SAFETY: queued with the final addresses of both and a function of their types.
                Second::Run { from, to, function, run, .. } => unsafe { run(from, to, function) }?,
                Second::Renumber { field, id, renumber } => {
                    self.fixups += 1;
                    let known = self.renumbered.get(&id).map(|known| known.value);
                    // SAFETY: queued with the final address of the field and a function of its type, which
                    // is part of what the known numbers are found by.
                    if let Some(new) = unsafe { renumber(field, id.function, known) }? {
                        self.renumbered.insert(id, new);
                    }
                }
            }
        }
        Ok(())
    }

    /// The ids of handles that the second pass renumbered.
    pub(crate) fn fixups(&self) -> u64 {
        self.fixups
    }

    /// Puts off a field until all else is loaded.
    pub(crate) fn relink_later(&mut self, relink: Relink) {
        self.relinks.push(relink);
    }

    /// Puts the fields right that were put off, those of the image last; says how many.
    ///
    /// # Errors
    ///
    /// Those of the machine's own functions, with the name of the field.
    pub(crate) fn relink(&mut self) -> Result<u64, (&'static str, String)> {
        let mut relinks = std::mem::take(&mut self.relinks);
        relinks.sort_by_key(|relink| relink.is_root);
        for relink in &relinks {
            // SAFETY: queued with the final addresses of both and a function of their types.
            unsafe { (relink.run)(relink.owner, relink.field, relink.function) }
                .map_err(|problem| (relink.name, problem))?;
        }
        Ok(relinks.len() as u64)
    }
}

impl Drop for Reader<'_> {
    /// Drops what the second pass did not get to, when it was refused or user code unwound. Before
    /// the first pass is done nothing is complete, and all of it leaks instead.
    fn drop(&mut self) {
        if !self.first_pass_done {
            return;
        }
        for (_, (_, work)) in self.second.drain(..) {
            match work {
                // SAFETY: the first pass has completed the staged entries, and nothing moved them.
                Second::Put { staged, count, discard, .. } => unsafe { discard(staged, count) },
                // SAFETY: as above.
                Second::Run { from, discard: Some(discard), .. } => unsafe { discard(from) },
                Second::Run { .. } | Second::Renumber { .. } => {}
            }
        }
    }
}
