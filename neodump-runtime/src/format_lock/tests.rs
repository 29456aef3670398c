//! Every way in which a format and its version can move.

use super::{Format, FormatFallback as _, FormatProbe, Part, check};
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
machine!(both_changed, image 1, faces 3, vm { pub(super) name: Symbol, } face { pub(super) weight: u16, } cons {});
machine!(version_back, image 0, faces 3, vm {} face {} cons {});

/// Snapshot files as insta writes them.
fn accepted(part: &Part) -> String {
    format!("---\nsource: src/lib.rs\n---\n{}", part.text())
}

/// What the lock says of a format that follows another, part by part.
fn problems(old: &Format, new: &Format) -> Vec<String> {
    let before =
        |part: &Part| old.parts().iter().find(|old| old.file_stem() == part.file_stem()).map(accepted);
    new.parts().iter().filter_map(|part| check(before(part).as_deref(), part).err()).collect()
}

#[track_caller]
fn follows(old: &Format, new: &Format, expected: &[&str]) {
    assert_eq!(problems(old, new), expected);
}

fn stems(format: &Format) -> Vec<&str> {
    format.parts().iter().map(Part::file_stem).collect()
}

#[test]
fn a_format_without_snapshot_is_new_and_one_that_is_equal_passes() {
    let format = FormatProbe::<first::Vm>::format();
    for part in format.parts() {
        assert_eq!(check(None, part), Ok(()));
    }
    follows(&format, &format, &[]);
    assert_eq!(stems(&format), ["Vm", "Vm.faces"]);
    let texts: Vec<String> = format.parts().iter().map(Part::text).collect();
    assert!(texts[0].starts_with("format of image vm\nversion: 1\nhash: "), "{}", texts[0]);
    assert!(texts[1].starts_with("format of section faces\nversion: 3\nhash: "), "{}", texts[1]);
}

#[test]
fn each_snapshot_has_the_types_of_its_version_and_no_others() {
    let format = FormatProbe::<first::Vm>::format();
    let heads = |part: &Part| -> Vec<String> {
        let lines = part.schema.lines().filter(|line| !line.starts_with(' '));
        lines.map(|line| line.split([':', '<']).next().unwrap_or("").to_owned()).collect()
    };
    let heads: Vec<Vec<String>> = format.parts().iter().map(heads).collect();
    assert_eq!(heads[0], ["struct vm", "word vm", "struct vm"]);
    assert_eq!(heads[1], ["struct vm", "type Vec", "struct vm", "type u16"]);
    assert!(format.parts()[0].schema.contains("\n  faces: vm::Faces\n"), "{}", format.parts()[0].schema);
    assert!(
        format.parts()[1].schema.contains("\n  first: vm::Value at 16\n"),
        "{}",
        format.parts()[1].schema
    );
}

#[test]
fn a_section_that_changes_alone_has_to_be_bumped_and_the_image_need_not() {
    let old = FormatProbe::<first::Vm>::format();
    let changed = FormatProbe::<face_changed::Vm>::format();
    let expected = "\
layout of section faces changed but version is still 3: bump it, then run `cargo insta review`
  Face: field \"weight\" added at 2 (u16)
  Face: size 2 bytes -> 4 bytes";
    follows(&old, &changed, &[expected]);
    follows(&old, &FormatProbe::<face_bumped::Vm>::format(), &[]);
    // The snapshot of the image is what it was, so a change of one section is a change of one file.
    assert_eq!(old.parts()[0], changed.parts()[0]);
    assert_eq!(old.parts()[0], FormatProbe::<face_bumped::Vm>::format().parts()[0]);
}

#[test]
fn the_root_and_the_objects_belong_to_the_version_of_the_image() {
    let old = FormatProbe::<first::Vm>::format();
    let expected = [
        (FormatProbe::<root_changed::Vm>::format(), "  Vm: field \"name\" added (Symbol)"),
        (FormatProbe::<cons_changed::Vm>::format(), "  Cons: field \"cdr\" added at 8 (vm::Value)"),
    ];
    for (changed, field) in expected {
        let problems = problems(&old, &changed);
        let [problem] = &problems[..] else { panic!("{problems:?}") };
        let (first, changes) = problem.split_once('\n').expect("what changed");
        let expected =
            "layout of image vm changed but version is still 1: bump it, then run `cargo insta review`";
        assert_eq!(first, expected);
        assert!(changes.lines().any(|line| line == field), "{changes}");
        // No section has to be bumped for it.
        assert_eq!(old.parts()[1], changed.parts()[1]);
    }
    follows(&old, &FormatProbe::<root_bumped::Vm>::format(), &[]);
    follows(&old, &FormatProbe::<cons_bumped::Vm>::format(), &[]);
}

#[test]
fn a_section_can_be_locked_by_itself() {
    let old = FormatProbe::<first::Faces>::format();
    assert_eq!(stems(&old), ["Faces"]);
    let problems = problems(&old, &FormatProbe::<face_changed::Faces>::format());
    assert!(
        problems[0].starts_with("layout of section faces changed but version is still 3"),
        "{problems:?}"
    );
    follows(&old, &FormatProbe::<face_bumped::Faces>::format(), &[]);
    follows(&old, &FormatProbe::<cons_changed::Faces>::format(), &[]);
}

#[test]
fn a_version_never_goes_back() {
    follows(
        &FormatProbe::<first::Vm>::format(),
        &FormatProbe::<version_back::Vm>::format(),
        &["version of image vm went from 1 back to 0: make it 2, then run `cargo insta review`"],
    );
}

#[test]
fn a_type_without_version_is_left_to_insta() {
    let (old, new) = (FormatProbe::<first::Face>::format(), FormatProbe::<face_changed::Face>::format());
    assert!(old.parts()[0].text().starts_with("format of vm::Face\nversion: -\nhash: "));
    assert_ne!(old, new);
    follows(&old, &new, &[]);
}

#[test]
fn a_snapshot_that_holds_no_format_or_was_edited_is_refused() {
    let format = FormatProbe::<first::Vm>::format();
    let part = &format.parts()[0];
    let text = accepted(part);
    for none in ["", "---\nsource: x\n---\nnothing", "format of image vm\nversion: 1\n"] {
        let problem = check(Some(none), part).unwrap_err();
        assert_eq!(
            problem,
            "the accepted snapshot holds no format; remove it, then run `cargo insta review`"
        );
    }
    let problem = check(Some(&text.replace("  car", "  caar")), part).unwrap_err();
    assert!(problem.starts_with("the accepted snapshot was edited"), "{problem}");
    let problem = check(Some(&text), &format.parts()[1]).unwrap_err();
    assert!(problem.starts_with("the accepted snapshot is of image vm, not of section faces"), "{problem}");
    assert_eq!(check(Some(&text.replace('\n', "\r\n")), part), Ok(()));
}

#[test]
fn a_snapshot_of_a_section_that_is_gone_is_reported_and_other_snapshots_are_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let format = FormatProbe::<first::Vm>::format();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    for part in format.parts() {
        write(&format!("{}.snap", part.file_stem()), &accepted(part));
    }
    write("Vm.golden.snap", "---\nsource: x\n---\nbytes");
    write("Other.fonts.snap", &accepted(&format.parts()[1]));
    assert_eq!(format.check_in(folder.path()), Ok(()));
    write("Vm.fonts.snap", &accepted(&format.parts()[1]));
    let problem = format.check_in(folder.path()).unwrap_err();
    let expected = "Vm.fonts.snap: image vm has no such section any more: remove the file, and bump the version of the image";
    assert!(problem.ends_with(expected), "{problem}");
    assert_eq!(format.check_in(&folder.path().join("nowhere")), Ok(()));
}

#[test]
fn every_part_that_changed_is_reported_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for part in FormatProbe::<first::Vm>::format().parts() {
        let path = folder.path().join(format!("{}.snap", part.file_stem()));
        std::fs::write(path, accepted(part)).expect("written");
    }
    let problem = FormatProbe::<both_changed::Vm>::format().check_in(folder.path()).unwrap_err();
    assert!(problem.contains("Vm.snap: layout of image vm changed but version is still 1"), "{problem}");
    assert!(
        problem.contains("Vm.faces.snap: layout of section faces changed but version is still 3"),
        "{problem}"
    );
}
