//! Changes each field of a machine in turn, dumps it, loads it, and looks for the change.

use std::any::TypeId;

use super::Report;
use super::tested::{Tested, Told};
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

/// How many objects of a type are tried for a field that the machine lets nobody change in the first of them.
const OBJECTS_TRIED: usize = 4;

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

    /// Leaves the field at a path alone, and all that is inside of it: `vm.faces.heights[0]`; or a field of a type in
    /// all of its values: `crate::Face.height`, as [`Report::untested`] names it.
    pub fn except(mut self, field: impl Into<String>, reason: impl Into<String>) -> Self {
        self.rules.excepted.push((field.into(), reason.into()));
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
        let (mut report, mut tested) = (Report::default(), Tested::of::<R>());
        for (way, policy) in listed.left_out {
            tested.tell(&way, Told::LeftOut);
            report.left_out.push((way.path, policy));
        }
        let mut unused: Vec<&(String, String)> = rules.excepted.iter().collect();
        unused.retain(|(field, _)| !tested.except(field));
        let leaves = listed.leaves.into_iter().map(|way| (way, None));
        for (way, fixed) in listed.fixed.into_iter().map(|(way, why)| (way, Some(why))).chain(leaves) {
            if let Some(excepted) = rules.excepted.iter().find(|(field, _)| tested.is_of(&way, field)) {
                unused.retain(|other| !std::ptr::eq(*other, excepted));
                tested.tell(&way, Told::Excepted);
                report.excepted.push((way.path, excepted.1.clone()));
                continue;
            }
            let became = fixed.map_or_else(|| rules.check(&way.path, &bytes), Became::Unchanged);
            let (list, why) = match became {
                Became::Found => {
                    tested.tell(&way, Told::Tested);
                    report.changed.push(way.path);
                    continue;
                }
                Became::Unchanged(why) => (&mut report.not_changed, why),
                Became::Lost(why) => (&mut report.lost, why),
            };
            tested.tell(&way, Told::Untested(format!("{}: {why}", way.path)));
            list.push((way.path, why));
        }
        if let Some((field, _)) = unused.first() {
            return Err(format!("there is no {field} that could be left alone; take the exception away"));
        }
        (report.fields, report.untested) = tested.into_rest();
        Ok(report)
    }
}

/// What became of a change.
enum Became {
    /// It was found again.
    Found,
    /// There was none, for this reason.
    Unchanged(String),
    /// It was not found again.
    Lost(String),
}

fn cannot_be_dumped_again(error: DumpError) -> String {
    format!("the machine cannot be dumped again after a load: {error}")
}

impl<R: ImageRoot> Rules<'_, R> {
    /// Changes one field, and looks for the change. Of objects, the next one of the type is tried where the machine
    /// refuses the change of one.
    fn check(&self, path: &str, bytes: &[u8]) -> Became {
        let mut became = self.check_one(path, 0, bytes);
        let objects = if path.starts_with(' ') { OBJECTS_TRIED } else { 1 };
        for nth in 1..objects {
            match became {
                Became::Found | Became::Lost(_) => break,
                Became::Unchanged(first) => {
                    became = match self.check_one(path, nth, bytes) {
                        Became::Unchanged(_) => Became::Unchanged(first),
                        other => other,
                    };
                }
            }
        }
        became
    }

    fn check_one(&self, path: &str, nth: usize, bytes: &[u8]) -> Became {
        let mut vm = match self.load(bytes) {
            Ok(vm) => vm,
            Err(error) => return Became::Unchanged(format!("the load refuses: {error}")),
        };
        let mut around = Around::default();
        for make in &self.words {
            let word = make(&mut vm);
            around.words.push(word);
        }
        // Words that were made are part of what is dumped before the change, as of what is dumped after it.
        let before = if self.words.is_empty() { Ok(bytes.to_vec()) } else { self.dump(&mut vm) };
        self.list(&mut vm, &mut around);
        let outcome = self.change(path, nth, &mut vm, &mut around);
        let (from, to) = match outcome {
            Some(Outcome::Changed { before, after }) => (before, after),
            other => {
                // What was refused may not have been taken back, so the machine does nothing more.
                (self.end)(vm);
                return Became::Unchanged(match other {
                    Some(Outcome::Fixed(why)) => why,
                    _ => "it was not found again to be changed".to_owned(),
                });
            }
        };
        let dumped = self.dump(&mut vm);
        (self.end)(vm);
        let changed = format!("changed from {from} to {to}");
        let (dumped, before) = match (dumped, before) {
            (Ok(dumped), Ok(before)) => (dumped, before),
            (Err(error), _) | (_, Err(error)) => {
                return Became::Unchanged(format!("{changed}, the dump refuses: {error}"));
            }
        };
        if dumped == before {
            return Became::Lost(format!("{changed}, the dump is as before"));
        }
        let mut vm = match self.load(&dumped) {
            Ok(vm) => vm,
            Err(error) => return Became::Unchanged(format!("{changed}, the load refuses: {error}")),
        };
        let found = self.tell(path, &mut vm);
        let again = self.dump(&mut vm);
        (self.end)(vm);
        match (found, again) {
            (Some(found), _) if found != to => {
                Became::Lost(format!("{changed}, it is {found} after the load"))
            }
            (_, Ok(again)) if again == dumped => Became::Found,
            (_, Ok(_)) => {
                Became::Lost(format!("{changed}, the loaded machine has another dump than it came from"))
            }
            (_, Err(error)) => {
                Became::Lost(format!("{changed}, the loaded machine cannot be dumped: {error}"))
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

    fn change(&self, path: &str, nth: usize, vm: &mut R, around: &mut Around) -> Option<Outcome> {
        let mut fields = Fields::change(path, nth, &self.natives, around);
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
