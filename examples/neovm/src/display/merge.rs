//! Faces with all that they inherit.

use super::face::{Attr, Face, Height, Realized};
use super::font::{self, Rgba, WEIGHTS};
use crate::machine::Vm;
use crate::value::Value;

/// How many faces one face may be made of.
const FACES: usize = 200;
/// The height of text that no face gives one, in tenths of a point.
const HEIGHT: i32 = 100;

/// What the upper face specifies, else what the lower does.
fn over<T: Copy>(upper: Attr<T>, lower: Attr<T>) -> Attr<T> {
    if upper.is_specified() { upper } else { lower }
}

/// Two heights, one over the other. A computed height would run Lisp: it counts as the height below.
pub(crate) fn over_height(upper: Attr<Height>, lower: Attr<Height>) -> Attr<Height> {
    match (upper, lower) {
        (Attr::Set(Height::Relative(factor)), Attr::Set(Height::Absolute(n))) => {
            Attr::Set(Height::Absolute((f64::from(n) * factor) as i32))
        }
        (Attr::Set(Height::Relative(factor)), Attr::Set(Height::Relative(other))) => {
            Attr::Set(Height::Relative(factor * other))
        }
        (Attr::Set(Height::Computed(_)), lower @ Attr::Set(_)) => lower,
        _ => over(upper, lower),
    }
}

impl Face {
    /// This face over another one: what it does not specify, the other one decides.
    pub fn over(self, lower: &Face) -> Face {
        // No `..` here, so that a field that is added does not get lost.
        let Face {
            family,
            foundry,
            height,
            weight,
            slant,
            width,
            underline,
            box_border,
            inverse_video,
            foreground,
            background,
            distant_foreground,
            stipple,
            overline,
            overline_color,
            strike_through,
            strike_through_color,
            inherit,
            extend,
            font,
            fontset,
        } = self;
        Face {
            family: over(family, lower.family),
            foundry: over(foundry, lower.foundry),
            height: over_height(height, lower.height),
            weight: over(weight, lower.weight),
            slant: over(slant, lower.slant),
            width: over(width, lower.width),
            underline: over(underline, lower.underline),
            box_border: over(box_border, lower.box_border),
            inverse_video: over(inverse_video, lower.inverse_video),
            foreground: over(foreground, lower.foreground),
            background: over(background, lower.background),
            distant_foreground: over(distant_foreground, lower.distant_foreground),
            stipple: over(stipple, lower.stipple),
            overline: over(overline, lower.overline),
            overline_color: if overline.is_specified() { overline_color } else { lower.overline_color },
            strike_through: over(strike_through, lower.strike_through),
            strike_through_color: if strike_through.is_specified() {
                strike_through_color
            } else {
                lower.strike_through_color
            },
            inherit: over(inherit, lower.inherit),
            extend: over(extend, lower.extend),
            font: over(font, lower.font),
            fontset: over(fontset, lower.fontset),
        }
    }
}

impl Vm {
    /// The face that a name stands for: aliases are followed.
    pub(crate) fn resolve_face(&mut self, name: Value) -> Value {
        let alias = self.intern("face-alias");
        let mut name = name;
        for _ in 0..16 {
            let Some(symbol) = name.as_symbol() else { break };
            match self.get_property(symbol, alias) {
                next if next.is_true() => name = next,
                _ => break,
            }
        }
        name
    }

    /// A face with all that it inherits and what is left from the default face; `None` if it is no face.
    pub(crate) fn realize_face(&mut self, name: Value) -> Option<Realized> {
        if let Some(known) = self.faces.realized(name) {
            return Some(known);
        }
        self.faces.get(name)?;
        let default = self.intern("default");
        let (mut work, mut made_of) = (vec![default, name], Vec::new());
        while let Some(next) = work.pop() {
            let next = self.resolve_face(next);
            // A face that inherits itself adds nothing. The default face is the last.
            let early = next == default && !work.is_empty();
            if early || made_of.contains(&next) || made_of.len() == FACES {
                continue;
            }
            let Some(face) = self.faces.get(next) else { continue };
            made_of.push(next);
            if let Attr::Set(parents) = face.inherit {
                let list =
                    if parents.is_cons() { self.heap.list_elements(parents, FACES) } else { vec![parents] };
                work.extend(list.into_iter().rev().filter(|parent| parent.is_true()));
            }
        }
        let merged = made_of.iter().rev().fold(Face::default(), |lower, name| match self.faces.get(*name) {
            Some(face) => face.over(&lower),
            None => lower,
        });
        let mut realized = Realized {
            foreground: self.color_of(merged.foreground, Rgba([0, 0, 0, 255])),
            background: self.color_of(merged.background, Rgba([255, 255, 255, 255])),
            height: match merged.height {
                Attr::Set(Height::Absolute(n)) => n,
                Attr::Set(Height::Relative(factor)) => (f64::from(HEIGHT) * factor) as i32,
                _ => HEIGHT,
            },
            weight: self.weight_of(merged.weight.value().map(|&weight| Value::symbol(weight))),
            slanted: !matches!(
                merged.slant.value().map(|&slant| self.symbols.name(slant)),
                None | Some(b"normal" | b"roman")
            ),
            underlined: merged.underline.value().is_some_and(|line| line.get().is_some()),
            made_of,
        };
        if merged.inverse_video == Attr::Set(true) {
            std::mem::swap(&mut realized.foreground, &mut realized.background);
        }
        self.faces.keep_realized(name, realized.clone());
        Some(realized)
    }

    fn color_of(&self, color: Attr<Value>, other: Rgba) -> Rgba {
        let name = color.value().and_then(|&name| self.heap.as_bytes(name));
        name.and_then(|name| str::from_utf8(name).ok()).and_then(font::color).unwrap_or(other)
    }

    fn weight_of(&self, weight: Option<Value>) -> u16 {
        weight.and_then(|weight| font::named(WEIGHTS, self.name_bytes(weight))).unwrap_or(80)
    }
}
