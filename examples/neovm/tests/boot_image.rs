//! The image of a machine that has just booted: it has something of everything.

use neodump_runtime::image::Source;
use neodump_runtime::{AdoptImage, Dumper, Placement};
use neovm::{Vm, image};

/// A machine started from the image of a boot, and that image.
fn booted() -> (Vm, Vec<u8>) {
    let mut vm = Vm::boot().unwrap();
    let (bytes, _) = Dumper::new().natives(image::natives()).to_bytes(&mut vm).unwrap();
    let vm = image::options().placement(Placement::Elsewhere).load_bytes(&bytes).unwrap();
    (vm, bytes)
}

#[test]
fn the_image_of_a_boot_has_objects_of_every_type_and_something_of_every_manager() {
    let (vm, bytes) = booted();
    let image = vm.heap.image().unwrap();
    // An image has no arena of a type without objects.
    let mut types: Vec<_> = image.arenas().iter().map(|arena| arena.object_type().short_name()).collect();
    types.sort_unstable();
    let all = [
        "Bignum",
        "BoolVector",
        "BufferHandle",
        "ByteCode",
        "CharTable",
        "Cons",
        "Float",
        "Forward",
        "FrameHandle",
        "HashTable",
        "Lambda",
        "LispObarray",
        "LocalVar",
        "Macro",
        "Marker",
        "MarkerChain",
        "Overlay",
        "Record",
        "Str",
        "SubCharTable",
        "Subr",
        "SymbolWithPos",
        "TimerHandle",
        "Vector",
        "WindowHandle",
    ];
    assert_eq!(types, all);
    let header = Source::Bytes(&bytes).header().unwrap();
    for section in header.sections() {
        let name = section.spec.name.as_str();
        // What is hydrated into objects costs each load: every type of object of this machine is in place.
        assert_eq!(section.extent.length == 0, name == "Hydration", "{name}");
    }
    // SAFETY: nothing of the machine was kept.
    unsafe { vm.release() };
}
