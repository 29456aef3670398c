//! Changes each field of a machine in turn, dumps it, loads it, and looks for the change.

use std::any::TypeId;

use super::Report;
use crate::Dumpable;
use crate::dump::{Dumper, ImageRoot};
use crate::error::DumpError;
use crate::heap::Word;
use crate::load::LoadOptions;
use crate::native::Natives;
use crate::record::Fields;
use crate::record::fields::{Around, Listed, Outcome};

/// How many objects of each type are looked at: the first of the image that has a field stands for all.
const OBJECTS: usize = 64;

/// Checks that a change of any field of a machine is in the machine that is loaded from its dump.
///
/// `boot` makes the machine; the more it holds, the more is checked. What a test needs besides (natives,
/// fields to be left alone, the fields of heap objects) is told to [`Completeness`].
///
/// # Panics
///
/// If a change got lost, with the paths of all fields that lose theirs, or if the machine cannot be dumped
/// and loaded as it is.
#[track_caller]
pub fn every_field_survives<R: ImageRoot>(boot: impl FnOnce() -> R) -> Report {
    Completeness::of(boot).run()
}

/// Makes another word in a machine, and says of which type it is.
type MakeWord<'a, R> = Box<dyn Fn(&mut R) -> (TypeId, u64) + 'a>;

/// A test of completeness with all that can be said about it.
///
/// ```
/// # use neodump_runtime::{Dumpable, Natives, testing::Completeness};
/// # #[derive(Dumpable)]
/// # #[dump(image = "vm", version = 1)]
/// # struct Vm { counter: u32, scratch: u32, #[dump(native)] hook: fn(u32) -> u32 }
/// # #[inline(never)] fn double(n: u32) -> u32 { n * 2 }
/// # #[inline(never)] fn square(n: u32) -> u32 { n * n }
/// # fn boot() -> Vm { Vm { counter: 7, scratch: 0, hook: double } }
/// let natives = Natives::new()
///     .function("double", double as fn(u32) -> u32)
///     .function("square", square as fn(u32) -> u32);
/// let report = Completeness::of(boot)
///     .natives(&natives)
///     .except("vm.scratch", "overwritten by every instruction")
///     .run();
/// assert!(report.has_changed("vm.hook"));
/// ```
#[must_use = "nothing is tested before `run`"]
pub struct Completeness<'a, R> {
    boot: Box<dyn FnOnce() -> R + 'a>,
    rules: Rules<'a, R>,
}

/// What is the same for every field.
struct Rules<'a, R> {
    natives: Natives,
    words: Vec<MakeWord<'a, R>>,
    excepted: Vec<(String, String)>,
    end: Box<dyn Fn(R) + 'a>,
    objects: bool,
}

impl<'a, R: ImageRoot + 'a> Completeness<'a, R> {
    /// A test of the machine that `boot` makes.
    pub fn of(boot: impl FnOnce() -> R + 'a) -> Self {
        let rules = Rules {
            natives: Natives::new(),
            words: Vec::new(),
            excepted: Vec::new(),
            end: Box::new(drop),
            objects: false,
        };
        Self { boot: Box::new(boot), rules }
    }

    /// The natives of the machine: for dumps and loads, and to change native fields to one another.
    pub fn natives(mut self, natives: &Natives) -> Self {
        self.rules.natives = natives.clone();
        self
    }

    /// How to make a word that a field may be changed to. Without it a word becomes another one that the
    /// machine has.
    pub fn word<W: Word + Dumpable>(mut self, make: impl Fn(&mut R) -> W + 'a) -> Self {
        self.rules.words.push(Box::new(move |vm| (TypeId::of::<W::Id>(), make(vm).to_bits())));
        self
    }

    /// Leaves the field at a path alone, and all that is inside of it.
    pub fn except(mut self, path: impl Into<String>, reason: impl Into<String>) -> Self {
        self.rules.excepted.push((path.into(), reason.into()));
        self
    }

    /// How a machine ends: a test loads two for every field. Without it machines are dropped, and their images
    /// stay mapped, as those of any machine that does not release its own.
    pub fn ended_by(mut self, end: impl Fn(R) + 'a) -> Self {
        self.rules.end = Box::new(end);
        self
    }

    /// Changes the fields of heap objects too: of each type, the fields of the first objects in the image.
    ///
    /// # Safety
    ///
    /// A machine that was just loaded has no reference to a part of an object that is not in a cell and that
    /// it uses again: it reaches its objects through words and pointers. And its hooks and its collector bear
    /// with whatever fields an object of an image may have that the audit accepts, as those of every machine
    /// have to that loads files from anywhere.
    pub unsafe fn objects(mut self) -> Self {
        self.rules.objects = true;
        self
    }

    /// Runs the test.
    ///
    /// # Panics
    ///
    /// As [`every_field_survives`].
    #[track_caller]
    pub fn run(self) -> Report {
        let report = self.try_run().unwrap_or_else(|problem| panic!("{problem}"));
        assert!(report.lost.is_empty(), "{} changes got lost\n{report}", report.lost.len());
        report
    }

    /// As [`run`](Self::run), for whoever looks at the losses themselves.
    ///
    /// # Errors
    ///
    /// Why the machine cannot be dumped and loaded as it is.
    pub fn try_run(self) -> Result<Report, String> {
        let Self { boot, rules } = self;
        let mut vm = boot();
        let booted = rules.dump(&mut vm).map_err(|error| format!("the machine cannot be dumped: {error}"))?;
        drop(vm);
        let mut vm = rules.load(&booted).map_err(|error| format!("the machine cannot be loaded: {error}"))?;
        let bytes = rules.dump(&mut vm).map_err(cannot_be_dumped_again)?;
        let listed = rules.list(&mut vm, &mut Around::default());
        (rules.end)(vm);
        let mut vm =
            rules.load(&bytes).map_err(|error| format!("the machine cannot be loaded again: {error}"))?;
        let again = rules.dump(&mut vm).map_err(cannot_be_dumped_again)?;
        (rules.end)(vm);
        if bytes != again {
            return Err(
                "a load changes what the next dump has, without any change of the machine: nothing can \
                        be said of its fields"
                    .to_owned(),
            );
        }
        let mut report = Report { left_out: listed.left_out, not_changed: listed.fixed, ..Report::default() };
        for path in listed.leaves {
            match rules.excepted.iter().find(|(excepted, _)| is_inside(&path, excepted)) {
                Some((_, reason)) => report.excepted.push((path, reason.clone())),
                None => rules.check(path, &bytes, &mut report),
            }
        }
        Ok(report)
    }
}

fn cannot_be_dumped_again(error: DumpError) -> String {
    format!("the machine cannot be dumped again after a load: {error}")
}

impl<R: ImageRoot> Rules<'_, R> {
    /// Changes one field, and looks for the change.
    fn check(&self, path: String, bytes: &[u8], report: &mut Report) {
        let mut vm = match self.load(bytes) {
            Ok(vm) => vm,
            Err(error) => return report.not_changed.push((path, format!("the load refuses: {error}"))),
        };
        let mut around = Around::default();
        for make in &self.words {
            let word = make(&mut vm);
            around.words.push(word);
        }
        // Words that were made are part of what is dumped before the change, as of what is dumped after it.
        let before = if self.words.is_empty() { Ok(bytes.to_vec()) } else { self.dump(&mut vm) };
        self.list(&mut vm, &mut around);
        let outcome = self.change(&path, &mut vm, &mut around);
        let dumped = self.dump(&mut vm);
        (self.end)(vm);
        let (from, to) = match outcome {
            Some(Outcome::Changed { before, after }) => (before, after),
            Some(Outcome::Fixed(why)) => return report.not_changed.push((path, why)),
            None => {
                return report.not_changed.push((path, "it was not found again to be changed".to_owned()));
            }
        };
        let changed = format!("changed from {from} to {to}");
        let (dumped, before) = match (dumped, before) {
            (Ok(dumped), Ok(before)) => (dumped, before),
            (Err(error), _) | (_, Err(error)) => {
                return report.not_changed.push((path, format!("{changed}, the dump refuses: {error}")));
            }
        };
        if dumped == before {
            return report.lost.push((path, format!("{changed}, the dump is as before")));
        }
        let mut vm = match self.load(&dumped) {
            Ok(vm) => vm,
            Err(error) => {
                return report.not_changed.push((path, format!("{changed}, the load refuses: {error}")));
            }
        };
        let found = self.tell(&path, &mut vm);
        let again = self.dump(&mut vm);
        (self.end)(vm);
        match (found, again) {
            (Some(found), _) if found != to => {
                report.lost.push((path, format!("{changed}, it is {found} after the load")));
            }
            (_, Ok(again)) if again == dumped => report.changed.push(path),
            (_, Ok(_)) => {
                report.lost.push((
                    path,
                    format!("{changed}, the loaded machine has another dump than it came from"),
                ));
            }
            (_, Err(error)) => {
                report.lost.push((path, format!("{changed}, the loaded machine cannot be dumped: {error}")));
            }
        }
    }

    fn dump(&self, vm: &mut R) -> Result<Vec<u8>, DumpError> {
        Dumper::new().natives(&self.natives).to_bytes(vm).map(|(bytes, _)| bytes)
    }

    /// A machine with all of its state in it, none in statics.
    fn load(&self, bytes: &[u8]) -> Result<R, String> {
        let vm: Result<R, DumpError> = LoadOptions::new().natives(&self.natives).load_bytes(bytes);
        let mut vm = vm.map_err(|error| error.to_string())?;
        crate::global::deactivate(&mut vm).map_err(|error| error.to_string())?;
        Ok(vm)
    }

    /// Lists the fields of a machine that was just loaded, and takes note of what they may be changed to.
    fn list(&self, vm: &mut R, around: &mut Around) -> Listed {
        if let Some(image) = vm.image() {
            for arena in image.arenas() {
                let ty = arena.object_type();
                around.objects.extend(arena.objects().take(OBJECTS).map(|object| (object, ty)));
            }
        }
        let mut fields = Fields::list(&self.natives, around);
        self.show(vm, &mut fields);
        fields.into_listed()
    }

    fn change(&self, path: &str, vm: &mut R, around: &mut Around) -> Option<Outcome> {
        let mut fields = Fields::change(path, &self.natives, around);
        self.show(vm, &mut fields);
        fields.into_outcome()
    }

    /// What the field at a path holds; nothing for one of an object, which may be another one by now.
    fn tell(&self, path: &str, vm: &mut R) -> Option<String> {
        let mut around = Around::default();
        let mut fields = Fields::tell(path, &self.natives, &mut around);
        // SAFETY: the caller has the machine to itself.
        unsafe { fields.machine(&raw mut *vm) };
        fields.into_text()
    }

    fn show(&self, vm: &mut R, fields: &mut Fields<'_>) {
        // SAFETY: the caller has the machine to itself.
        unsafe { fields.machine(&raw mut *vm) };
        if !self.objects {
            return;
        }
        for (object, ty) in fields.objects() {
            // SAFETY: an object of the image of a machine that was just loaded; `objects` was promised that
            // nobody else looks at it.
            unsafe { fields.object(object, ty) };
        }
    }
}

/// Whether a path is that of a field or of a part of it.
fn is_inside(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ':']))
}
