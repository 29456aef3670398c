//! Faces.

use super::{SubrDesc, subr};
use crate::display::attribute::ATTRIBUTES;
use crate::display::face::Face;
use crate::display::font;
use crate::display::merge::over_height;
use crate::error::LispResult;
use crate::machine::Vm;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 16] = [
    subr("internal-make-lisp-face", 1, 2, |vm, a| {
        let name = vm.check_symbol(a[0])?;
        if vm.faces.create(a[0], Face::default()) {
            let property = vm.intern("face");
            let id = Value::int(vm.faces.created().len() - 1);
            vm.put_property(name, property, id);
        }
        face_vector(vm, &Face::default())
    }),
    subr("internal-lisp-face-p", 1, 2, |vm, a| {
        let name = face_name(vm, a[0])?;
        match vm.faces.get(name).copied() {
            Some(face) if vm.faces.is_created(name) => face_vector(vm, &face),
            _ => Ok(Value::NIL),
        }
    }),
    subr("internal-set-lisp-face-attribute", 3, 4, |vm, a| {
        vm.check_symbol(a[0])?;
        vm.check_symbol(a[1])?;
        let name = vm.resolve_face(a[0]);
        let mut face = face(vm, name)?;
        let default = vm.intern("default");
        vm.set_face_attribute(&mut face, a[1], a[2], name == default)?;
        vm.faces.define(name, face);
        Ok(a[0])
    }),
    subr("internal-get-lisp-face-attribute", 2, 3, |vm, a| {
        vm.check_symbol(a[1])?;
        let name = face_name(vm, a[0])?;
        let face = face(vm, name)?;
        vm.face_attribute(&face, a[1])
    }),
    subr("internal-copy-lisp-face", 2, 4, |vm, a| {
        vm.check_symbol(a[0])?;
        let to = vm.check_symbol(a[1])?;
        let from = vm.resolve_face(a[0]);
        let face = face(vm, from)?;
        if vm.faces.create(a[1], face) {
            let property = vm.intern("face");
            let id = Value::int(vm.faces.created().len() - 1);
            vm.put_property(to, property, id);
        }
        Ok(a[1])
    }),
    subr("internal-lisp-face-equal-p", 2, 3, |vm, a| {
        let (left, right) = (lisp_face(vm, a[0])?, lisp_face(vm, a[1])?);
        Ok(Value::bool(crate::equal::equal(&vm.heap, left, right)))
    }),
    subr("internal-lisp-face-empty-p", 1, 2, |vm, a| {
        let shown = lisp_face(vm, a[0])?;
        let empty = face_vector(vm, &Face::default())?;
        Ok(Value::bool(crate::equal::equal(&vm.heap, shown, empty)))
    }),
    subr("internal-lisp-face-attribute-values", 1, 1, |vm, a| {
        vm.check_symbol(a[0])?;
        let flags: &[&[u8]] =
            &[b":underline", b":overline", b":strike-through", b":inverse-video", b":extend"];
        let is_flag = flags.contains(&vm.name_bytes(a[0]));
        Ok(if is_flag { vm.heap.list(&[Value::T, Value::NIL]) } else { Value::NIL })
    }),
    subr("face-list", 0, 0, |vm, _| {
        let names: Vec<Value> = vm.faces.created().iter().rev().copied().collect();
        Ok(vm.heap.list(&names))
    }),
    subr("face-attribute-relative-p", 2, 2, |vm, a| {
        let unspecified = matches!(vm.name_bytes(a[1]), b"unspecified" | b":ignore-defface");
        let relative = vm.name_bytes(a[0]) == b":height" && a[1].as_fixnum().is_none();
        Ok(Value::bool(unspecified || relative))
    }),
    subr("merge-face-attribute", 3, 3, |vm, a| {
        let [mut upper, mut lower] = [Face::default(); 2];
        if matches!(vm.name_bytes(a[1]), b"unspecified" | b":ignore-defface") {
            return Ok(a[2]);
        }
        if vm.name_bytes(a[0]) != b":height" {
            return Ok(a[1]);
        }
        vm.set_face_attribute(&mut upper, a[0], a[1], false)?;
        vm.set_face_attribute(&mut lower, a[0], a[2], false)?;
        upper.height = over_height(upper.height, lower.height);
        vm.face_attribute(&upper, a[0])
    }),
    subr("face-id", 1, 2, |vm, a| {
        let name = face_name(vm, a[0])?;
        match vm.faces.created().iter().position(|&other| other == name) {
            Some(id) => Ok(Value::int(id)),
            None => Err(vm.error_about("Not a face", a[0])),
        }
    }),
    subr("color-values", 1, 2, |vm, a| {
        let Some(name) = vm.heap.as_bytes(a[0]) else { return Err(vm.wrong_type(sym::stringp, a[0])) };
        let Some(color) = str::from_utf8(name).ok().and_then(font::color) else { return Ok(Value::NIL) };
        // Lisp counts to 65535.
        let parts = [0, 1, 2].map(|at| Value::int(usize::from(color.0[at]) * 257));
        Ok(vm.heap.list(&parts))
    }),
    subr("internal-realized-face", 1, 1, |vm, a| {
        let name = face_name(vm, a[0])?;
        let Some(face) = vm.realize_face(name) else { return Err(vm.error_about("Invalid face", a[0])) };
        let hex = |[r, g, b, _]: [u8; 4]| format!("#{r:02x}{g:02x}{b:02x}");
        let (foreground, background) = (hex(face.foreground.0), hex(face.background.0));
        let made_of = vm.heap.list(&face.made_of);
        let values = [
            (":foreground", vm.heap.string(foreground)),
            (":background", vm.heap.string(background)),
            (":height", vm.heap.integer(face.height.into())),
            (":weight", Value::int(face.weight.into())),
            (":slanted", Value::bool(face.slanted)),
            (":underlined", Value::bool(face.underlined)),
            (":made-of", made_of),
        ];
        let plist: Vec<Value> = values.iter().flat_map(|&(key, value)| [vm.intern(key), value]).collect();
        Ok(vm.heap.list(&plist))
    }),
    subr("internal-realized-faces", 0, 0, |vm, _| Ok(Value::int(vm.faces.realized_count()))),
    subr("clear-face-cache", 0, 1, |vm, _| {
        vm.faces.forget_realized();
        Ok(Value::NIL)
    }),
];

/// The name of a face as given: a symbol or a string, aliases followed.
fn face_name(vm: &mut Vm, v: Value) -> LispResult {
    let name = if v.is_str() {
        let bytes = vm.bytes_of(v)?.to_vec();
        Value::symbol(vm.symbols.intern(bytes))
    } else {
        v
    };
    Ok(vm.resolve_face(name))
}

/// The definition of a face that Lisp made.
fn face(vm: &mut Vm, name: Value) -> LispResult<Face> {
    match vm.faces.get(name).copied() {
        Some(face) if vm.faces.is_created(name) => Ok(face),
        _ => Err(vm.error_about("Invalid face", name)),
    }
}

/// A face as a vector.
fn lisp_face(vm: &mut Vm, v: Value) -> LispResult {
    let name = face_name(vm, v)?;
    let face = face(vm, name)?;
    face_vector(vm, &face)
}

fn face_vector(vm: &mut Vm, face: &Face) -> LispResult {
    let mut slots = vec![vm.intern("face")];
    for keyword in ATTRIBUTES {
        let keyword = vm.intern(keyword);
        slots.push(vm.face_attribute(face, keyword)?);
    }
    Ok(vm.heap.vector(slots))
}
