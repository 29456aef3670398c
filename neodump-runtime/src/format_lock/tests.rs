//! Every way in which a format and its version can move.

use super::{Format, FormatFallback as _, FormatProbe, check};
use crate::{Dumpable, Symbol};

/// Two formats of one machine: `Vm` of module `$module`, with these versions and these extra fields.
macro_rules! machine {
    ($module:ident, image $image:literal, faces $faces:literal,
     vm { $($vm:tt)* } face { $($face:tt)* } cons { $($cons:tt)* }) => {
        mod $module {
            use super::*;

            #[derive(Dumpable, Clone, Copy)]
            #[dump(unsafe(word), objects(Cons = 0b011), immediate(0b010), id = "vm::Value")]
            #[repr(transparent)]
            pub(super) struct Value(usize);

            #[derive(Dumpable)]
            #[dump(object, id = "vm::Cons")]
            #[repr(C, align(8))]
            pub(super) struct Cons {
                car: Value,
                $($cons)*
            }

            #[derive(Dumpable)]
            #[dump(id = "vm::Face")]
            pub(super) struct Face {
                height: u16,
                $($face)*
            }

            #[derive(Dumpable)]
            #[dump(section = "faces", version = $faces, id = "vm::Faces")]
            pub(super) struct Faces {
                faces: Vec<Face>,
                first: Value,
            }

            #[derive(Dumpable)]
            #[dump(image = "vm", version = $image, id = "vm::Vm")]
            pub(super) struct Vm {
                faces: Faces,
                $($vm)*
            }

            #[allow(dead_code)]
            fn fields_are_read(vm: &Vm, cons: &Cons) -> (usize, Value, u16, Value) {
                let face = &vm.faces.faces[0];
                (vm.faces.first.0, cons.car, face.height, vm.faces.first)
            }
        }
    };
}

machine!(first, image 1, faces 3, vm {} face {} cons {});
machine!(face_changed, image 1, faces 3, vm {} face { pub(super) weight: u16, } cons {});
machine!(face_bumped, image 1, faces 4, vm {} face { pub(super) weight: u16, } cons {});
machine!(root_changed, image 1, faces 3, vm { pub(super) name: Symbol, } face {} cons {});
machine!(root_bumped, image 2, faces 3, vm { pub(super) name: Symbol, } face {} cons {});
machine!(cons_changed, image 1, faces 3, vm {} face {} cons { pub(super) cdr: Value, });
machine!(cons_bumped, image 2, faces 3, vm {} face {} cons { pub(super) cdr: Value, });
machine!(version_back, image 0, faces 3, vm {} face {} cons {});

/// A snapshot file as insta writes it.
fn accepted(format: &Format) -> String {
    format!("---\nsource: src/lib.rs\n---\n{}", format.text())
}

#[track_caller]
fn follows(old: &Format, new: &Format, expected: Result<(), &[&str]>) {
    let found = check(Some(&accepted(old)), new);
    match (found, expected) {
        (Ok(()), Ok(())) => {}
        (Err(found), Err(expected)) => assert_eq!(found, expected.join("\n")),
        (found, expected) => panic!("{found:?}, expected {expected:?}"),
    }
}

#[test]
fn a_format_without_snapshot_is_new_and_one_that_is_equal_passes() {
    let format = FormatProbe::<first::Vm>::format();
    assert_eq!(check(None, &format), Ok(()));
    follows(&format, &format, Ok(()));
    let short = format.text();
    assert!(short.starts_with("format of image vm\nversion: 1\nhash: "), "{short}");
    assert!(short.contains("\nsection faces: version 3 hash "), "{short}");
}

#[test]
fn a_section_that_changes_alone_has_to_be_bumped_and_the_image_need_not() {
    let old = FormatProbe::<first::Vm>::format();
    follows(
        &old,
        &FormatProbe::<face_changed::Vm>::format(),
        Err(&[
            "layout of section faces changed but version is still 3: bump it, then run `cargo insta review`",
            "  Face: field \"weight\" added at 2 (u16)",
            "  Face: size 2 bytes -> 4 bytes",
        ]),
    );
    follows(&old, &FormatProbe::<face_bumped::Vm>::format(), Ok(()));
}

#[test]
fn the_root_and_the_objects_belong_to_the_version_of_the_image() {
    let old = FormatProbe::<first::Vm>::format();
    for changed in [FormatProbe::<root_changed::Vm>::format(), FormatProbe::<cons_changed::Vm>::format()] {
        let problem = check(Some(&accepted(&old)), &changed).unwrap_err();
        let first = problem.lines().next();
        let expected =
            "layout of image vm changed but version is still 1: bump it, then run `cargo insta review`";
        assert_eq!(first, Some(expected), "{problem}");
        assert!(!problem.contains("section faces"), "{problem}");
    }
    follows(&old, &FormatProbe::<root_bumped::Vm>::format(), Ok(()));
    follows(&old, &FormatProbe::<cons_bumped::Vm>::format(), Ok(()));
}

#[test]
fn a_section_can_be_locked_by_itself() {
    let old = FormatProbe::<first::Faces>::format();
    let problem = check(Some(&accepted(&old)), &FormatProbe::<face_changed::Faces>::format()).unwrap_err();
    assert!(problem.starts_with("layout of section faces changed but version is still 3"), "{problem}");
    follows(&old, &FormatProbe::<face_bumped::Faces>::format(), Ok(()));
    follows(&old, &FormatProbe::<cons_changed::Faces>::format(), Ok(()));
}

#[test]
fn a_version_never_goes_back() {
    follows(
        &FormatProbe::<first::Vm>::format(),
        &FormatProbe::<version_back::Vm>::format(),
        Err(&["version of image vm went from 1 back to 0: make it 2, then run `cargo insta review`"]),
    );
}

#[test]
fn a_type_without_version_is_left_to_insta() {
    let (old, new) = (FormatProbe::<first::Face>::format(), FormatProbe::<face_changed::Face>::format());
    assert!(old.text().starts_with("format of vm::Face\nversion: -\nhash: "));
    assert_ne!(old.text(), new.text());
    follows(&old, &new, Ok(()));
}

#[test]
fn a_snapshot_that_holds_no_format_is_refused() {
    let format = FormatProbe::<first::Vm>::format();
    for text in ["", "---\nsource: x\n---\nnothing", "format of image vm\nversion: 1\n"] {
        let problem = check(Some(text), &format).unwrap_err();
        assert_eq!(
            problem,
            "the accepted snapshot holds no format; remove it, then run `cargo insta review`"
        );
    }
}
