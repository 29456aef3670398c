//! Breaks one rule of the audit at a time, and checks what is said of it.
#![allow(unreachable_pub)]

use std::ops::Range;
use std::sync::Mutex;

use neodump_runtime::schema::ShapeKind;
use neodump_runtime::{DumpError, Dumpable, LoadOptions, Placement};
use neodump_tests::fixture::{Vm, natives};
use neodump_tests::forge::Forge;

/// Where the objects, records and payloads of an image are in its file.
pub struct Places {
    pub forge: Forge,
    /// Type, first object and count, by arena.
    pub arenas: Vec<(&'static str, Vec<usize>)>,
}

impl Places {
    pub fn new(bytes: &[u8]) -> Self {
        let vm = Vm::load(bytes).expect("loaded");
        let forge = Forge::new(bytes);
        let heap = forge.section("HeapImage").start;
        let arenas = vm.image().expect("an image").arenas();
        let first = arenas[0].objects().next().expect("an object").addr();
        let file = |object: *mut u8| heap + object.addr() - first;
        let arenas = arenas
            .iter()
            .map(|arena| (arena.object_type().short_name(), arena.objects().map(file).collect()));
        let arenas = arenas.collect();
        // SAFETY: the machine is not used again.
        unsafe { vm.release() };
        Self { forge, arenas }
    }

    /// The offset in the file of an object.
    pub fn object(&self, ty: &str, number: usize) -> usize {
        self.arenas.iter().find(|(name, _)| *name == ty).expect("an arena").1[number]
    }

    /// The address of an object at the preferred base.
    pub fn address(&self, ty: &str, number: usize) -> u64 {
        self.forge.address(self.object(ty, number))
    }

    /// The offset in the file of a field of a manager.
    pub fn field<T: Dumpable>(&self, section: &str, field: &str) -> usize {
        self.forge.section(section).start + field_offset::<T>(field)
    }

    /// The offset in the file of the payload behind the reference at `at`.
    pub fn payload(&self, section: &str, at: usize) -> usize {
        self.forge.section(section).start + (self.forge.u64(at) & 0xffff_ffff_ffff) as usize
    }

    /// The offset in the file of the elements of the `ImageVec` at `at`.
    pub fn elements(&self, at: usize) -> usize {
        self.forge.u64(at).wrapping_sub(self.forge.header().preferred_base()) as usize
    }

    /// The offset in the file of the side record of the first object of an arena, by the Arenas section.
    pub fn side(&self, ty: &str) -> usize {
        let first = (self.object(ty, 0) - self.forge.section("HeapImage").start) as u64;
        let mut records = self.forge.section("Arenas").step_by(64);
        let record = records.find(|at| self.forge.u64(at + 8) == first && self.forge.u64(at + 16) > 0);
        self.forge.section("Hydration").start + self.forge.u64(record.expect("a record") + 40) as usize
    }

    /// The record of an arena in the Arenas section.
    pub fn arena(&self, ty: &str) -> usize {
        let first = (self.object(ty, 0) - self.forge.section("HeapImage").start) as u64;
        let mut records = self.forge.section("Arenas").step_by(64);
        records.find(|at| self.forge.u64(at + 8) == first && self.forge.u64(at + 16) > 0).expect("a record")
    }
}

pub fn field_offset<T: Dumpable>(wanted: &str) -> usize {
    let ShapeKind::Struct(fields) = T::shape().kind else { panic!("a struct") };
    fields.iter().find(|field| field.name == wanted).unwrap_or_else(|| panic!("a field {wanted}")).offset
}

/// How one image is broken: what is written where, and what is said of it.
pub struct Case {
    pub name: &'static str,
    pub writes: Vec<(usize, Vec<u8>)>,
    /// The section that the message names.
    pub section: &'static str,
    /// Parts of the message.
    pub says: Vec<String>,
    pub placement: Placement,
}

pub fn word(value: u64) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

macro_rules! cases {
    ($(($name:literal, $section:literal, [$($at:expr => $bytes:expr),*], [$($says:expr),*])),* $(,)?) => {
        vec![$(Case {
            name: $name,
            writes: vec![$(($at, $bytes)),*],
            section: $section,
            says: vec![$($says.to_string()),*],
            placement: Placement::Preferred,
        }),*]
    };
}

/// Tests take turns, so that the preferred base is free for each.
pub static BASE: Mutex<()> = Mutex::new(());

pub fn run(bytes: &[u8], cases: Vec<Case>) {
    let (names, count) = (natives(), cases.len());
    let pristine = Forge::new(bytes);
    let mut failures = Vec::new();
    for case in cases {
        let mut forge = pristine.clone();
        for (at, bytes) in &case.writes {
            forge.bytes()[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        let extent = pristine.section(case.section);
        let options = LoadOptions::new().natives(&names).placement(case.placement);
        match options.load_bytes::<Vm>(forge.sealed()) {
            Ok(_) => failures.push(format!("{}: loaded", case.name)),
            Err(error) => check(&case, &error, extent, &mut failures),
        }
    }
    assert!(failures.is_empty(), "{} of {count} rules:\n{}", failures.len(), failures.join("\n"));
    println!("{count} rules");
}

fn check(case: &Case, error: &DumpError, extent: Range<usize>, failures: &mut Vec<String>) {
    let text = error.to_string();
    if let DumpError::ImageFormat { section, offset, .. } = error {
        if section != case.section {
            failures.push(format!("{}: not in {}: {text}", case.name, case.section));
        } else if !(extent.start..=extent.end).contains(&(*offset as usize)) {
            failures.push(format!("{}: {offset:#x} is not in {extent:x?}: {text}", case.name));
        }
        if !text.ends_with("; dump it again") {
            failures.push(format!("{}: no next action: {text}", case.name));
        }
    } else {
        failures.push(format!("{}: {error:?}", case.name));
    }
    failures.extend(
        case.says
            .iter()
            .filter(|part| !text.contains(part.as_str()))
            .map(|part| format!("{}: {part:?} is not in: {text}", case.name)),
    );
}
