//! An image with any changes, its checksums made to fit: `load` refuses it, or gives a machine that walks, mutates,
//! collects and dumps again.

#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use neodump_runtime::inspect::Image;
use neodump_runtime::{LoadOptions, Natives, Placement};
use neodump_tests::fixture::{Vm, natives};
use neodump_tests::forge::Forge;
use neodump_tests::survive;

/// A change of the image. Places are taken modulo its length.
#[derive(Arbitrary, Debug)]
enum Change {
    Byte {
        at: u32,
        value: u8,
    },
    Add {
        at: u32,
        value: i8,
    },
    Number {
        at: u32,
        value: u64,
    },
    /// A valid word, reference or offset where another one belongs.
    Copy {
        at: u32,
        from: u32,
    },
}

#[derive(Arbitrary, Debug)]
struct Input {
    elsewhere: bool,
    changes: Vec<Change>,
}

static IMAGE: LazyLock<Forge> = LazyLock::new(|| Forge::new(&Vm::full().dump().expect("dumped")));
static NATIVES: LazyLock<Natives> = LazyLock::new(natives);

fuzz_target!(|input: Input| {
    let mut forge = IMAGE.clone();
    let bytes = forge.bytes();
    let numbers = bytes.len() / 8;
    for change in &input.changes {
        let number = |at: u32| at as usize % numbers * 8;
        match *change {
            Change::Byte { at, value } => bytes[at as usize % (numbers * 8)] = value,
            Change::Add { at, value } => {
                let at = at as usize % bytes.len();
                bytes[at] = bytes[at].wrapping_add_signed(value);
            }
            Change::Number { at, value } => bytes[number(at)..][..8].copy_from_slice(&value.to_le_bytes()),
            Change::Copy { at, from } => bytes.copy_within(number(from)..number(from) + 8, number(at)),
        }
    }
    // What needs no machine ends on any bytes: the audit walks all that there is.
    if let Ok(image) = Image::of(forge.sealed()) {
        let _ = image.audit(&mut |_, _| ());
    }
    let placement = if input.elsewhere { Placement::Elsewhere } else { Placement::Preferred };
    let options = LoadOptions::new().natives(&NATIVES).placement(placement);
    if let Ok(vm) = options.load_bytes::<Vm>(forge.sealed()) {
        survive::use_machine(vm, &|| format!("{input:?}"));
    }
});
