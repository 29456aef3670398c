//! What a machine that was made of hostile bytes has to survive.

use neodump_runtime::DumpError;

use crate::fixture::Vm;

/// Walks, changes, collects and dumps a machine that was made of hostile bytes, which `what` tells.
///
/// # Panics
///
/// If it is not as sound as any other.
pub fn use_machine(mut vm: Vm, what: &dyn Fn() -> String) {
    let before = vm.collect();
    let text = vm.describe();
    if let Some(image) = vm.image() {
        for arena in image.arenas() {
            for object in arena.objects() {
                assert!(image.is_object(object));
                let mut edges = 0;
                // SAFETY: an object of the image.
                unsafe { image.walk(object, &mut |_, _| edges += 1) };
            }
        }
    }
    match vm.dump() {
        Err(DumpError::Serialization { .. }) => {}
        Err(error) => panic!("{}: {error}", what()),
        Ok(again) => {
            let back = Vm::load(&again).unwrap_or_else(|error| panic!("{}: dumped again: {error}", what()));
            assert_eq!(back.describe(), text, "{}", what());
            // SAFETY: the machine is the only one that knows the image.
            unsafe { back.release() };
        }
    }
    vm.mutate(300);
    let after = vm.collect();
    assert!(after.own > 0 && after.in_image <= before.in_image + 1, "{}: {before:?} {after:?}", what());
    if let Ok(bytes) = vm.dump() {
        match Vm::load(&bytes) {
            // SAFETY: the machine is the only one that knows the image.
            Ok(back) => unsafe { back.release() },
            Err(error) => assert!(vm.list.len() > 1000, "{}: {error}", what()),
        }
    }
    // SAFETY: as above; the objects of this process go with the machine.
    unsafe { vm.release() };
}
