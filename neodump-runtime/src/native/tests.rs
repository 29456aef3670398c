//! Promises of the natives: found by name and type, and nothing in a file is trusted.

use std::mem::MaybeUninit;

use proptest::prelude::*;

use super::{
    Import, ImportKind, ImportTable, MAX_ALIGN, NativeType, Natives, SLOT_ALIGN, bind, decode, encode,
    import_at, natives_hash, slots_len,
};
use crate::error::DumpError;

struct Vm {
    calls: u32,
}

type Car = fn(&mut Vm, u64) -> u64;

// Not inlined: a function that is may have several addresses, and under Miri has.
#[inline(never)]
fn car(vm: &mut Vm, word: u64) -> u64 {
    vm.calls += 1;
    word + 1
}

#[inline(never)]
fn cdr(vm: &mut Vm, word: u64) -> u64 {
    vm.calls += 10;
    word + 2
}

#[inline(never)]
unsafe extern "C" fn raw(_: *const u8) {}

/// Has padding, a pointer and a function.
#[derive(Clone, Copy)]
#[repr(C)]
struct Vtable {
    kind: u8,
    name: &'static str,
    call: Car,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Wide([u8; 64]);

static VTABLE: Vtable = Vtable { kind: 7, name: "vtable", call: cdr };
static WIDE: Wide = Wide([9; 64]);
static BYTE: u8 = 3;

fn natives() -> Natives {
    Natives::new()
        .function("car", car as Car)
        .function("raw", raw as unsafe extern "C" fn(*const u8))
        .data("vtable", &VTABLE)
        .data("wide", &WIDE)
        .data("byte", &BYTE)
}

fn address<T>(data: &'static T) -> usize {
    (&raw const *data).addr()
}

/// A table that imports everything.
fn table(natives: &Natives) -> ImportTable {
    let mut table = ImportTable::new();
    table.import(natives, address(&BYTE), NativeType::of::<u8>()).unwrap();
    table.import(natives, car as Car as usize, NativeType::of::<Car>()).unwrap();
    table.import(natives, address(&VTABLE), NativeType::of::<Vtable>()).unwrap();
    table.import(natives, address(&WIDE), NativeType::of::<Wide>()).unwrap();
    table
}

fn changes(error: DumpError) -> Vec<String> {
    match error {
        DumpError::FingerprintMismatch { what, changes, .. } if what == "natives" => changes,
        error => panic!("another error: {error}"),
    }
}

#[test]
fn a_native_is_imported_once_and_gets_an_aligned_slot_of_its_own() {
    let natives = natives();
    let mut table = table(&natives);
    let first = table.import(&natives, address(&BYTE), NativeType::of::<u8>()).unwrap();
    assert_eq!(first.0, 0);
    assert_eq!(table.imports().len(), 4);
    let mut end = 0;
    for import in table.imports() {
        assert!(import.slot >= end && import.slot.is_multiple_of(import.align.max(SLOT_ALIGN)));
        end = import.slot + import.size;
        assert_eq!(import_at(table.imports(), import.slot).unwrap().1, import);
        assert_eq!(import_at(table.imports(), import.slot + 1), None);
    }
    assert_eq!(table.slots_len(), end);
    assert_eq!(table.get(first).unwrap().name, "byte");
}

#[test]
fn an_address_of_another_type_or_of_no_native_is_not_imported() {
    let (natives, mut table) = (natives(), ImportTable::new());
    assert_eq!(table.import(&natives, address(&BYTE), NativeType::of::<i8>()), None);
    assert_eq!(table.import(&natives, address(&BYTE) + 1, NativeType::of::<u8>()), None);
    assert_eq!(table.import(&natives, cdr as Car as usize, NativeType::of::<Car>()), None);
    assert!(table.imports().is_empty());
    assert_eq!(natives.types_at(address(&BYTE)).collect::<Vec<_>>(), ["u8"]);
}

#[test]
fn slots_are_filled_with_functions_that_can_be_called_and_copies_that_can_be_read() {
    let natives = natives();
    let table = table(&natives);
    let bytes = table.encode();
    let imports = decode(&bytes).unwrap();
    assert_eq!(imports, table.imports());
    let mut slots = vec![MaybeUninit::<Wide>::zeroed(); slots_len(&imports).div_ceil(size_of::<Wide>())];
    let base = slots.as_mut_ptr().cast::<u8>();
    for binding in bind(&imports, &natives).unwrap() {
        let slot = base.wrapping_add(binding.slot());
        assert!(slot.addr().is_multiple_of(binding.align()));
        // SAFETY: `slots` is as long as the slots and belongs to this test.
        unsafe { binding.fill(slot) };
    }
    let slot =
        |name: &str| base.wrapping_add(imports.iter().find(|import| import.name == name).unwrap().slot);
    // SAFETY: the slot was filled with a function of this type.
    let called = unsafe { slot("car").cast::<Car>().read() };
    let mut vm = Vm { calls: 0 };
    assert_eq!((called(&mut vm, 1), vm.calls), (2, 1));
    // SAFETY: the slot was filled with a copy of a static of this type.
    let vtable = unsafe { slot("vtable").cast::<Vtable>().read() };
    assert_eq!((vtable.kind, vtable.name), (7, "vtable"));
    assert_eq!(((vtable.call)(&mut vm, 1), vm.calls), (3, 11));
    // SAFETY: the slot was filled with a copy of a static of this type.
    let wide = unsafe { slot("wide").cast::<Wide>().read() };
    assert_eq!(wide.0, [9; 64]);
    // SAFETY: the slot was filled with a copy of a static of this type.
    assert_eq!(unsafe { slot("byte").read() }, 3);
}

#[test]
fn every_native_that_is_missing_or_has_another_type_is_listed() {
    let imports = table(&natives()).imports().to_vec();
    let other = Natives::new().data("byte", &0i8).function("car", car as Car).data("wide", &WIDE);
    let error = bind(&imports, &other).unwrap_err();
    assert!(error.is_stale());
    let changes = changes(error);
    assert_eq!(changes.len(), 3);
    assert_eq!(changes[2], "list them in `Natives` under these names and with these types");
    assert_eq!(changes[0], "native \"byte\" has another type: u8 in the image, i8 in this build");
    assert!(
        changes[1].starts_with("native \"vtable\" is missing: expected ") && changes[1].ends_with("Vtable")
    );
}

#[test]
fn a_type_of_another_size_is_refused_even_under_the_same_name() {
    let natives = natives();
    let mut imports = table(&natives).imports().to_vec();
    imports[0].size = 2;
    let changes = changes(bind(&imports, &natives).unwrap_err());
    let expected = "native \"byte\": Data u8 of size 2 and alignment 1 -> Data u8 of size 1 and alignment 1";
    assert_eq!(changes[0], expected);
    assert_eq!(changes.len(), 2);
}

#[test]
fn what_is_wrong_with_a_list_is_reported_by_dump_and_load() {
    let lists = [
        (natives().function("car", cdr as Car), "native \"car\" is listed twice"),
        (natives().data("vtable", &BYTE), "native \"vtable\" is listed twice"),
        (natives().function("eight", 8u64), "u64 is not a function pointer"),
        (natives().data("nothing", &()), "() has size 0"),
        (natives().data("", &BYTE), "a native of type u8 has an empty name"),
        (natives().extend(&natives()), "native \"wide\" is listed twice"),
    ];
    for (list, problem) in lists {
        let dump = list.check().unwrap_err().to_string();
        assert!(dump.starts_with("cannot dump natives: ") && dump.contains(problem), "{dump}");
        let load = bind(&[], &list).unwrap_err().to_string();
        assert!(load.starts_with("cannot load natives: ") && load.contains(problem), "{load}");
    }
    assert!(natives().check().is_ok());
    assert!(natives().extend(&Natives::new().data("two", &2u8)).check().is_ok());
}

#[test]
fn all_kinds_of_function_pointers_are_functions_and_nothing_else_is() {
    extern "C" fn plain() {}
    let natives = Natives::new()
        .function("plain", plain as extern "C" fn())
        .function("closure", (|x| x) as fn(u8) -> u8)
        .function("borrows", str::trim as for<'a> fn(&'a str) -> &'a str)
        .function("two", str::eq as for<'a, 'b> fn(&'a str, &'b str) -> bool)
        .function("raw", raw as unsafe extern "C" fn(*const u8))
        .function("nested", (|_| ()) as fn(for<'a> fn(&'a u8)));
    assert!(natives.check().is_ok(), "{:?}", natives.check());
    let byte: &'static u8 = &BYTE;
    let wrong = Natives::new()
        .function("a", byte)
        .function("b", Some(car as Car))
        .function("c", [1u32, 2])
        .function("d", (1u32, 2u8))
        .function("e", 1.0f64);
    assert!(wrong.is_empty());
}

#[test]
fn of_several_names_of_one_native_the_first_in_order_is_imported() {
    let lists = [
        Natives::new().function("first", car as Car).function("car", car as Car),
        Natives::new().function("car", car as Car).function("first", car as Car),
    ];
    for natives in lists {
        assert_eq!(natives.name_at(car as Car as usize, NativeType::of::<Car>()), Some("car"));
        let mut table = ImportTable::new();
        let id = table.import(&natives, car as Car as usize, NativeType::of::<Car>()).unwrap();
        assert_eq!(table.get(id).unwrap().name, "car");
        assert_eq!(natives.names().collect::<Vec<_>>(), ["car", "first"]);
    }
}

#[test]
fn the_hash_covers_names_and_types_but_not_the_order() {
    let mut imports = table(&natives()).imports().to_vec();
    let hash = natives_hash(&imports);
    imports.reverse();
    assert_eq!(natives_hash(&imports), hash);
    for change in [
        |import: &mut Import<'_>| import.name.to_mut().push('x'),
        |import: &mut Import<'_>| import.type_name.to_mut().push('x'),
        |import: &mut Import<'_>| import.size += 1,
    ] {
        let mut imports = imports.clone();
        change(&mut imports[0]);
        assert_ne!(natives_hash(&imports), hash);
    }
    assert_ne!(natives_hash(&imports[1..]), hash);
}

/// What `decode` promises of whatever it accepts.
fn check_sound(bytes: &[u8]) {
    let Ok(imports) = decode(bytes) else { return };
    let mut end = 0;
    for import in &imports {
        assert!(import.slot >= end && import.slot.is_multiple_of(import.align.max(SLOT_ALIGN)));
        assert!(import.align <= MAX_ALIGN && import.size > 0);
        end = import.slot + import.size;
    }
    let mut names: Vec<_> = imports.iter().map(|import| &import.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), imports.len());
    assert_eq!(slots_len(&imports), end);
    assert_eq!(encode(&imports), bytes);
    natives_hash(&imports);
    let _ = bind(&imports, &natives());
}

#[test]
fn every_changed_byte_is_refused_or_gives_other_sound_imports() {
    let bytes = table(&natives()).encode();
    check_sound(&bytes);
    for at in 0..bytes.len() {
        for value in 0..=255 {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            check_sound(&bytes);
        }
    }
}

#[test]
fn every_truncation_and_every_extension_is_refused() {
    let bytes = table(&natives()).encode();
    for len in 0..bytes.len() {
        assert!(decode(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
    }
    assert!(decode(&[&bytes[..], &[0]].concat()).is_err());
    assert!(decode(&ImportTable::new().encode()).unwrap().is_empty());
}

#[test]
fn two_imports_of_one_name_are_refused() {
    let mut imports = table(&natives()).imports().to_vec();
    imports[2].name = imports[0].name.clone();
    let error = decode(&encode(&imports)).unwrap_err().to_string();
    assert!(error.contains("import 2: \"byte\" is there twice"), "{error}");
}

fn import() -> impl Strategy<Value = (String, String, Option<u32>, usize)> {
    (".{1,12}", ".{1,20}", prop::option::of(0u32..17), 1usize..5)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn imports_come_back_as_they_were(list in prop::collection::vec(import(), 0..20)) {
        let mut imports: Vec<Import<'_>> = Vec::new();
        for (name, type_name, align, times) in list {
            if imports.iter().any(|import| import.name == name) {
                continue;
            }
            let (kind, align, times) = match align {
                Some(align) => (ImportKind::Data, 1 << align, times),
                None => (ImportKind::Function, 8, 1),
            };
            let slot = Import::place(slots_len(&imports), align).unwrap();
            let (name, type_name) = (name.into(), type_name.into());
            imports.push(Import { name, type_name, kind, size: align * times, align, slot });
        }
        let bytes = encode(&imports);
        prop_assert_eq!(decode(&bytes).unwrap(), imports);
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_sound(&bytes);
    }
}
