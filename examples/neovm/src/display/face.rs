//! Faces: how text may look, as Lisp defined it.

use super::font::Rgba;
use super::table::Table;
use crate::rt::{Dumpable, ImageOption, ImageVec, Symbol};
use crate::value::Value;
use std::cell::RefCell;
use std::collections::HashMap;

/// An attribute of a face. Most faces leave most attributes to others.
#[derive(Dumpable, Clone, Copy, PartialEq, Debug, Default)]
#[repr(C, u8)]
pub enum Attr<T> {
    /// Another face decides: `unspecified`.
    #[default]
    Unspecified,
    /// Even the default for new frames does not decide: `:ignore-defface`.
    Ignored,
    /// What the default face has: `reset`.
    Reset,
    /// This value.
    Set(T),
}

impl<T> Attr<T> {
    /// Whether the face decides on the attribute.
    pub fn is_specified(&self) -> bool {
        !matches!(self, Attr::Unspecified | Attr::Ignored)
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Attr::Set(value) => Some(value),
            _ => None,
        }
    }
}

/// How tall the font is.
#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(C, u8)]
pub enum Height {
    /// In tenths of a point.
    Absolute(i32),
    /// In heights of the face below.
    Relative(f64),
    /// A function from the height of the face below.
    Computed(Value),
}

/// What draws a line under text.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum LineStyle {
    /// One line.
    Line,
    /// Two lines.
    Double,
    /// A wave.
    Wave,
    /// Dots.
    Dots,
    /// Dashes.
    Dashes,
}

/// Where an underline is.
#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(C, u8)]
pub enum LinePosition {
    /// Where the font says.
    Font,
    /// At the descent of the text.
    Descent,
    /// So many pixels above the descent.
    Pixels(i32),
}

/// An underline.
#[derive(Dumpable, Clone, Copy, Debug)]
#[repr(C)]
pub struct Underline {
    /// What draws it.
    pub style: LineStyle,
    /// Its color, a string; that of the text if there is none.
    pub color: ImageOption<Value>,
    /// Where it is.
    pub position: LinePosition,
}

/// How a box is drawn.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum BoxStyle {
    /// A line.
    Line,
    /// A button that is not pressed.
    Released,
    /// A pressed button.
    Pressed,
    /// A button without relief.
    Flat,
}

/// A box around text.
#[derive(Dumpable, Clone, Copy, Debug)]
#[repr(C)]
pub struct BoxBorder {
    /// Width in pixels of the lines at the left and right; below zero for lines inside of the text's area.
    pub vertical: i32,
    /// Width in pixels of the lines above and below.
    pub horizontal: i32,
    /// Its color, a string; that of the text if there is none.
    pub color: ImageOption<Value>,
    /// How it is drawn.
    pub style: BoxStyle,
}

/// How text may look. Colors are strings as they were given; what they mean depends on the display.
#[derive(Dumpable, Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Face {
    /// The font's family, a string.
    pub family: Attr<Value>,
    /// The font's foundry, a string.
    pub foundry: Attr<Value>,
    /// The font's height.
    pub height: Attr<Height>,
    /// The font's weight, as named in [`super::font::WEIGHTS`].
    pub weight: Attr<Symbol>,
    /// The font's slant, as named in [`super::font::SLANTS`].
    pub slant: Attr<Symbol>,
    /// The font's width, as named in [`super::font::WIDTHS`].
    pub width: Attr<Symbol>,
    /// The line under the text; set to none where a face below has one and this one has not.
    pub underline: Attr<ImageOption<Underline>>,
    /// The box around the text; set to none as an underline.
    pub box_border: Attr<ImageOption<BoxBorder>>,
    /// Whether foreground and background change places.
    pub inverse_video: Attr<bool>,
    /// The color of the text.
    pub foreground: Attr<Value>,
    /// The color behind the text.
    pub background: Attr<Value>,
    /// The color of text that would look like its background.
    pub distant_foreground: Attr<Value>,
    /// The pattern behind the text: a file name, or (WIDTH HEIGHT BITS).
    pub stipple: Attr<Value>,
    /// Whether a line is above the text.
    pub overline: Attr<bool>,
    /// The color of that line; that of the text if there is none.
    pub overline_color: ImageOption<Value>,
    /// Whether a line is through the text.
    pub strike_through: Attr<bool>,
    /// The color of that line; that of the text if there is none.
    pub strike_through_color: ImageOption<Value>,
    /// What decides on all that this face does not specify: a face or a list of faces.
    pub inherit: Attr<Value>,
    /// Whether the face goes on behind the end of a line.
    pub extend: Attr<bool>,
    /// The font: a string or a font spec.
    pub font: Attr<Value>,
    /// The fontset, a string.
    pub fontset: Attr<Value>,
}

/// A face with all that it inherits, as a display needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Realized {
    /// The color of the text.
    pub foreground: Rgba,
    /// The color behind the text.
    pub background: Rgba,
    /// Tenths of a point.
    pub height: i32,
    /// As in a font spec.
    pub weight: u16,
    /// Whether the font leans.
    pub slanted: bool,
    /// Whether a line is under the text.
    pub underlined: bool,
    /// The names of all faces it was made of, itself first.
    pub made_of: Vec<Value>,
}

/// All faces.
#[derive(Dumpable, Default)]
#[dump(section = "faces", version = 1)]
pub struct Faces {
    /// By name: a symbol for the faces that Lisp names, any value for faces that a display makes up.
    faces: Table<Value, Face>,
    /// The faces that Lisp has made, in the order in which it did. A face that has only a definition of the machine's
    /// own is not among them, and Lisp does not take its name for a face.
    created: ImageVec<Value>,
    /// The faces that were asked for, with all they inherit.
    #[dump(cache)]
    realized: RefCell<HashMap<Value, Realized>>,
}

impl Faces {
    /// The definition of a face.
    pub fn get(&self, name: Value) -> Option<&Face> {
        self.faces.get(&name)
    }

    /// Defines a face.
    pub fn define(&mut self, name: Value, face: Face) {
        self.forget_realized();
        self.faces.insert(name, face);
    }

    /// Defines a face as Lisp's, and says whether it was not yet.
    pub fn create(&mut self, name: Value, face: Face) -> bool {
        self.define(name, face);
        let new = !self.is_created(name);
        if new {
            self.created.push(name);
        }
        new
    }

    /// Whether Lisp made this face.
    pub fn is_created(&self, name: Value) -> bool {
        self.created.contains(&name)
    }

    /// The faces that Lisp made, the oldest first. The place of a face is its number.
    pub fn created(&self) -> &[Value] {
        &self.created
    }

    /// All names that have a definition, the oldest first.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = Value> {
        self.faces.iter().map(|(name, _)| *name)
    }

    /// A realized face, if it was asked for since a face changed.
    pub fn realized(&self, name: Value) -> Option<Realized> {
        self.realized.borrow().get(&name).cloned()
    }

    /// Keeps a realized face until a face changes.
    pub fn keep_realized(&self, name: Value, face: Realized) {
        self.realized.borrow_mut().insert(name, face);
    }

    /// How many realized faces are kept.
    pub fn realized_count(&self) -> usize {
        self.realized.borrow().len()
    }

    /// Gives up all realized faces.
    pub fn forget_realized(&mut self) {
        self.realized.get_mut().clear();
    }
}
