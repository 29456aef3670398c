//! Carries a machine through every way of a dump and a load, and checks the same promises on each.
// Every test file compiles its own copy and uses its own part of it.
#![allow(dead_code, unreachable_pub)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use neodump_runtime::image::{Placement, Way};
use neodump_runtime::{Dumper, ImageRoot, LoadOptions, LoadReport, Natives};
pub use neodump_tests::heap::Heap;

/// A machine that can give its image back, so that the next load finds the preferred base free.
pub trait Machine: ImageRoot {
    /// The heap field.
    fn heap(&mut self) -> &mut Heap;
}

/// Tests that load one image at its base wait for each other.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Leaks a value and exposes its address.
pub fn leak<T>(value: T) -> *mut T {
    let pointer = Box::into_raw(Box::new(value));
    pointer.expose_provenance();
    pointer
}

/// The bytes of a dump.
#[track_caller]
pub fn dumped<R: ImageRoot>(vm: &mut R, natives: &Natives) -> Vec<u8> {
    Dumper::new().natives(natives).to_bytes(vm).unwrap_or_else(|error| panic!("{error}")).0
}

/// How a machine is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Bytes,
    BytesElsewhere,
    FileCopied,
    FilePatched,
    Mapped,
    MappedCopied,
    MappedPatched,
    Trusted,
    Restored,
}

pub const WAYS: [How; 9] = [
    How::Bytes,
    How::BytesElsewhere,
    How::FileCopied,
    How::FilePatched,
    How::Mapped,
    How::MappedCopied,
    How::MappedPatched,
    How::Trusted,
    How::Restored,
];

impl How {
    /// Whether the image lies at its preferred base, which must be free.
    pub fn at_base(self) -> bool {
        matches!(self, Self::Bytes | Self::Mapped | Self::Trusted | Self::Restored)
    }

    fn load<R: ImageRoot>(
        self,
        bytes: &[u8],
        natives: &Natives,
        report: &mut LoadReport,
    ) -> neodump_runtime::Result<R> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vm.ndump");
        std::fs::write(&path, bytes).unwrap();
        let options = LoadOptions::new().natives(natives).report(report);
        match self {
            Self::Bytes => options.load_bytes(bytes),
            Self::BytesElsewhere => options.placement(Placement::Elsewhere).load_bytes(bytes),
            Self::FileCopied => options.placement(Placement::Copied).load(&path),
            Self::FilePatched => options.placement(Placement::Patched).load(&path),
            // SAFETY: neodump wrote the bytes just now, and nobody changes the file.
            Self::Mapped => unsafe { options.map(&path) },
            // SAFETY: as above.
            Self::MappedCopied => unsafe { options.placement(Placement::Copied).map(&path) },
            // SAFETY: as above.
            Self::MappedPatched => unsafe { options.placement(Placement::Patched).map(&path) },
            // SAFETY: as above.
            Self::Trusted => unsafe { options.trusted().map(&path) },
            // SAFETY: as above.
            Self::Restored => unsafe { options.restore(bytes) },
        }
    }
}

/// Loads a machine, panicking with the error's text.
#[track_caller]
pub fn loaded<R: ImageRoot>(bytes: &[u8], how: How, natives: &Natives) -> (R, LoadReport) {
    let mut report = LoadReport::default();
    let vm = how.load(bytes, natives, &mut report).unwrap_or_else(|error| panic!("{how:?}: {error}"));
    (vm, report)
}

/// Drops a machine and ends its image.
pub fn release<R: Machine>(mut vm: R) {
    let image = vm.heap().image.take().expect("a loaded machine has an image");
    drop(vm);
    // SAFETY: the machine is gone, and tests keep no reference into its image.
    unsafe { image.release() };
}

/// Carries `vm` through dump and load in every way. After each load `check` looks at the machine and a
/// second dump gives the bytes of the first; then `mutate` changes the machine, and `check_mutated` looks at
/// what comes back of one more dump and load. Gives the report of each way.
#[track_caller]
pub fn carry<R: Machine>(
    vm: &mut R,
    natives: &Natives,
    check: impl Fn(&R),
    mutate: impl Fn(&mut R),
    check_mutated: impl Fn(&R),
) -> Vec<(How, LoadReport)> {
    check(vm);
    let bytes = dumped(vm, natives);
    assert!(bytes == dumped(vm, natives), "a second dump gives other bytes");
    let mut reports = Vec::new();
    for how in WAYS {
        let (mut back, report) = loaded::<R>(&bytes, how, natives);
        assert_eq!(report.way == Some(Way::AtBase), how.at_base(), "{how:?} took the way {:?}", report.way);
        check(&back);
        same(&bytes, &dumped(&mut back, natives), how);
        mutate(&mut back);
        check_mutated(&back);
        let changed = dumped(&mut back, natives);
        release(back);
        let (mut again, _) = loaded::<R>(&changed, how, natives);
        check_mutated(&again);
        same(&changed, &dumped(&mut again, natives), how);
        release(again);
        reports.push((how, report));
    }
    reports
}

#[track_caller]
fn same(first: &[u8], second: &[u8], how: How) {
    let different = first.iter().zip(second).position(|(a, b)| a != b);
    assert!(
        first.len() == second.len() && different.is_none(),
        "{how:?}: {} bytes and {} bytes, different from {different:x?}",
        first.len(),
        second.len()
    );
}

/// A machine around one value.
#[derive(neodump_runtime::Dumpable)]
#[dump(image = "around", version = 1)]
pub struct Around<T> {
    #[dump(heap)]
    pub heap: Heap,
    pub value: T,
}

impl<T: neodump_runtime::Dumpable> Machine for Around<T> {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

/// A machine around a value.
pub fn around<T>(value: T) -> Around<T> {
    Around { heap: Heap::default(), value }
}

/// Carries a value in every way: `check` looks at what comes back with its report, and a second dump gives the
/// bytes of the first.
#[track_caller]
pub fn carried<T: neodump_runtime::Dumpable>(value: T, check: impl Fn(&T, &LoadReport)) {
    let _alone = alone();
    let natives = Natives::new();
    let bytes = dumped(&mut around(value), &natives);
    for how in WAYS {
        let (mut back, report) = loaded::<Around<T>>(&bytes, how, &natives);
        check(&back.value, &report);
        same(&bytes, &dumped(&mut back, &natives), how);
        release(back);
    }
}
