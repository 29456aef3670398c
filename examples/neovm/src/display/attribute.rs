//! Attributes of faces as Lisp writes them.

use super::face::{Attr, BoxBorder, BoxStyle, Face, Height, LinePosition, LineStyle, Underline};
use super::font::{self, SLANTS, WEIGHTS, WIDTHS};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::rt::{ImageOption, Symbol};
use crate::symbols::sym;
use crate::value::Value;

/// The attributes in the order in which Lisp shows a face as a vector.
pub const ATTRIBUTES: [&str; 19] = [
    ":family",
    ":foundry",
    ":width",
    ":height",
    ":weight",
    ":slant",
    ":underline",
    ":inverse-video",
    ":foreground",
    ":background",
    ":stipple",
    ":overline",
    ":strike-through",
    ":box",
    ":font",
    ":inherit",
    ":fontset",
    ":distant-foreground",
    ":extend",
];

const LINE_STYLES: &[(&str, LineStyle)] = &[
    ("line", LineStyle::Line),
    ("double-line", LineStyle::Double),
    ("wave", LineStyle::Wave),
    ("dots", LineStyle::Dots),
    ("dashes", LineStyle::Dashes),
];

const BOX_STYLES: &[(&str, BoxStyle)] = &[
    ("released-button", BoxStyle::Released),
    ("pressed-button", BoxStyle::Pressed),
    ("flat-button", BoxStyle::Flat),
];

/// A line above or through text: whether it is there, and its color.
fn line_value(vm: &mut Vm, line: Attr<bool>, color: ImageOption<Value>) -> Value {
    match color.get() {
        Some(color) if line == Attr::Set(true) => color,
        _ => vm.attr_value(line, |_, on| Value::bool(on)),
    }
}

impl Vm {
    /// The name of a symbol; empty for other values.
    pub(crate) fn name_bytes(&self, v: Value) -> &[u8] {
        v.as_symbol().map_or(b"", |symbol| self.symbols.name(symbol))
    }

    /// An error with a message and the value that is wrong.
    #[cold]
    pub(crate) fn error_about(&mut self, message: &str, value: Value) -> crate::error::Flow {
        let message = self.heap.string(message);
        self.signal(sym::error, &[message, value])
    }

    /// An attribute as Lisp shows it.
    fn attr_value<T>(&mut self, attr: Attr<T>, show: impl FnOnce(&mut Vm, T) -> Value) -> Value {
        match attr {
            Attr::Unspecified => self.intern("unspecified"),
            Attr::Ignored => self.intern(":ignore-defface"),
            Attr::Reset => self.intern("reset"),
            Attr::Set(value) => show(self, value),
        }
    }

    /// An attribute that Lisp wrote.
    fn attr<T>(
        &mut self,
        value: Value,
        read: impl FnOnce(&mut Vm, Value) -> LispResult<T>,
    ) -> LispResult<Attr<T>> {
        Ok(match self.name_bytes(value) {
            b"unspecified" => Attr::Unspecified,
            b":ignore-defface" => Attr::Ignored,
            b"reset" => Attr::Reset,
            _ => Attr::Set(read(self, value)?),
        })
    }

    /// What a keyword says of a face.
    pub(crate) fn face_attribute(&mut self, face: &Face, keyword: Value) -> LispResult {
        let value = |attr: Attr<Value>, vm: &mut Vm| vm.attr_value(attr, |_, v| v);
        let symbol = |attr: Attr<Symbol>, vm: &mut Vm| vm.attr_value(attr, |_, s| Value::symbol(s));
        let flag = |attr: Attr<bool>, vm: &mut Vm| vm.attr_value(attr, |_, b| Value::bool(b));
        Ok(match self.name_bytes(keyword) {
            b":family" => value(face.family, self),
            b":foundry" => value(face.foundry, self),
            b":width" => symbol(face.width, self),
            b":height" => self.attr_value(face.height, |vm, height| match height {
                Height::Absolute(n) => vm.heap.integer(n.into()),
                Height::Relative(f) => vm.heap.float(f),
                Height::Computed(function) => function,
            }),
            b":weight" => symbol(face.weight, self),
            b":slant" => symbol(face.slant, self),
            b":underline" => self.attr_value(face.underline, Vm::underline_value),
            b":inverse-video" => flag(face.inverse_video, self),
            b":foreground" => value(face.foreground, self),
            b":background" => value(face.background, self),
            b":stipple" => value(face.stipple, self),
            b":overline" => line_value(self, face.overline, face.overline_color),
            b":strike-through" => line_value(self, face.strike_through, face.strike_through_color),
            b":box" => self.attr_value(face.box_border, Vm::box_value),
            b":font" => value(face.font, self),
            b":inherit" => value(face.inherit, self),
            b":fontset" => value(face.fontset, self),
            b":distant-foreground" => value(face.distant_foreground, self),
            b":extend" => flag(face.extend, self),
            _ => return Err(self.error_about("Invalid face attribute name", keyword)),
        })
    }

    /// Gives an attribute of a face the value that Lisp wrote. `absolute` is for the face that all others stand on.
    pub(crate) fn set_face_attribute(
        &mut self,
        face: &mut Face,
        keyword: Value,
        value: Value,
        absolute: bool,
    ) -> LispResult<()> {
        match self.name_bytes(keyword) {
            b":family" => face.family = self.attr(value, |vm, v| vm.text(v, "Invalid face family"))?,
            b":foundry" => face.foundry = self.attr(value, |vm, v| vm.text(v, "Invalid face foundry"))?,
            b":width" => face.width = self.attr(value, |vm, v| vm.one_of(WIDTHS, v, "Invalid face width"))?,
            b":height" => face.height = self.attr(value, |vm, v| vm.height(v, absolute))?,
            b":weight" => {
                face.weight = self.attr(value, |vm, v| vm.one_of(WEIGHTS, v, "Invalid face weight"))?;
            }
            b":slant" => face.slant = self.attr(value, |vm, v| vm.one_of(SLANTS, v, "Invalid face slant"))?,
            b":bold" => {
                let name = self.intern(if value.is_true() { "bold" } else { "normal" });
                face.weight = Attr::Set(self.check_symbol(name)?);
            }
            b":italic" => {
                let name = self.intern(if value.is_true() { "italic" } else { "normal" });
                face.slant = Attr::Set(self.check_symbol(name)?);
            }
            b":underline" => face.underline = self.attr(value, Vm::underline)?,
            b":inverse-video" | b":reverse-video" => {
                face.inverse_video =
                    self.attr(value, |vm, v| vm.flag(v, "Invalid inverse-video face attribute value"))?;
            }
            b":extend" => {
                face.extend = self.attr(value, |vm, v| vm.flag(v, "Invalid extend face attribute value"))?;
            }
            b":foreground" => {
                face.foreground = self.attr(value, |vm, v| vm.text(v, "Empty foreground color value"))?;
            }
            b":background" => {
                face.background = self.attr(value, |vm, v| vm.text(v, "Empty background color value"))?;
            }
            b":distant-foreground" => {
                face.distant_foreground =
                    self.attr(value, |vm, v| vm.text(v, "Empty distant-foreground color value"))?;
            }
            b":stipple" => face.stipple = self.attr(value, Vm::stipple)?,
            b":overline" => {
                (face.overline, face.overline_color) = self.line(value, "Invalid face overline")?;
            }
            b":strike-through" => {
                (face.strike_through, face.strike_through_color) =
                    self.line(value, "Invalid face strike-through")?;
            }
            b":box" => face.box_border = self.attr(value, Vm::box_border)?,
            b":inherit" => face.inherit = self.attr(value, Vm::inheritance)?,
            b":font" => face.font = self.attr(value, |_, v| Ok(v))?,
            b":fontset" => face.fontset = self.attr(value, |vm, v| vm.text(v, "Invalid fontset name"))?,
            _ => return Err(self.error_about("Invalid face attribute name", keyword)),
        }
        Ok(())
    }

    /// A string that is not empty.
    fn text(&mut self, v: Value, empty: &str) -> LispResult {
        match self.heap.as_bytes(v) {
            Some([]) => Err(self.error_about(empty, v)),
            Some(_) => Ok(v),
            None => Err(self.wrong_type(sym::stringp, v)),
        }
    }

    fn is_text(&self, v: Value) -> bool {
        self.heap.as_bytes(v).is_some_and(|bytes| !bytes.is_empty())
    }

    fn flag(&mut self, v: Value, wrong: &str) -> LispResult<bool> {
        self.check_symbol(v)?;
        if v == Value::NIL || v == Value::T { Ok(v.is_true()) } else { Err(self.error_about(wrong, v)) }
    }

    fn one_of<T: Copy>(&mut self, list: &[(&str, T)], v: Value, wrong: &str) -> LispResult<Symbol> {
        let symbol = self.check_symbol(v)?;
        match font::named(list, self.symbols.name(symbol)) {
            Some(_) => Ok(symbol),
            None => Err(self.error_about(wrong, v)),
        }
    }

    fn height(&mut self, v: Value, absolute: bool) -> LispResult<Height> {
        let number = v.as_fixnum().and_then(|n| i32::try_from(n).ok()).filter(|&n| n > 0);
        match (number, self.heap.as_float(v)) {
            (Some(number), _) => Ok(Height::Absolute(number)),
            _ if absolute => Err(self.error_about("Default face height not absolute and positive", v)),
            (_, Some(factor)) if factor > 0.0 => Ok(Height::Relative(factor)),
            (None, None) if v.as_fixnum().is_none() && self.is_function(v) => Ok(Height::Computed(v)),
            _ => Err(self.error_about("Face height does not produce a positive integer", v)),
        }
    }

    fn stipple(&mut self, v: Value) -> LispResult {
        let parts = self.heap.list_elements(v, 4);
        let bitmap = matches!(parts[..], [w, h, bits] if w.as_fixnum().is_some_and(|n| n > 0)
            && h.as_fixnum().is_some_and(|n| n > 0) && bits.is_str());
        if v.is_nil() || v.is_str() || bitmap {
            Ok(v)
        } else {
            Err(self.error_about("Invalid stipple attribute", v))
        }
    }

    fn inheritance(&mut self, v: Value) -> LispResult {
        let mut rest = v;
        // A list that leads back to itself is followed for so long.
        for _ in 0..1000 {
            if rest.is_symbol() && (rest == v || rest.is_nil()) {
                return Ok(v);
            }
            if !rest.is_cons() || !self.heap.car(rest).is_symbol() {
                break;
            }
            rest = self.heap.cdr(rest);
        }
        Err(self.error_about("Invalid face inheritance", v))
    }

    fn line(&mut self, v: Value, wrong: &str) -> LispResult<(Attr<bool>, ImageOption<Value>)> {
        if self.is_text(v) {
            return Ok((Attr::Set(true), ImageOption::some(v)));
        }
        let line = self.attr(v, |vm, v| match v {
            Value::NIL => Ok(false),
            Value::T => Ok(true),
            _ => Err(vm.error_about(wrong, v)),
        })?;
        Ok((line, ImageOption::none()))
    }

    /// The pairs of a property list; `None` when it is none or does not end.
    fn pairs(&self, list: Value) -> Option<Vec<(Value, Value)>> {
        let elements = self.heap.list_elements(list, 64);
        let complete = list.is_cons() && elements.len() < 64 && elements.len().is_multiple_of(2);
        complete.then(|| elements.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    fn underline(&mut self, v: Value) -> LispResult<ImageOption<Underline>> {
        let mut line =
            Underline { style: LineStyle::Line, color: ImageOption::none(), position: LinePosition::Font };
        match v {
            Value::NIL => return Ok(ImageOption::none()),
            Value::T => return Ok(ImageOption::some(line)),
            v if self.is_text(v) => {
                line.color = ImageOption::some(v);
                return Ok(ImageOption::some(line));
            }
            _ => {}
        }
        let mut valid = false;
        for (key, value) in self.pairs(v).unwrap_or_default() {
            valid = match self.name_bytes(key) {
                b":color" if self.is_text(value) => {
                    line.color = ImageOption::some(value);
                    true
                }
                b":color" => self.name_bytes(value) == b"foreground-color",
                b":style" => match font::named(LINE_STYLES, self.name_bytes(value)) {
                    Some(style) => {
                        line.style = style;
                        true
                    }
                    None => false,
                },
                b":position" => {
                    let pixels = value.as_fixnum().and_then(|n| i32::try_from(n).ok());
                    line.position = match (value, pixels) {
                        (Value::NIL, _) => LinePosition::Font,
                        (_, Some(pixels)) => LinePosition::Pixels(pixels),
                        _ => LinePosition::Descent,
                    };
                    true
                }
                _ => false,
            };
            if !valid {
                break;
            }
        }
        if valid { Ok(ImageOption::some(line)) } else { Err(self.error_about("Invalid face underline", v)) }
    }

    fn underline_value(&mut self, line: ImageOption<Underline>) -> Value {
        let Some(line) = line.get() else { return Value::NIL };
        let plain = line.style == LineStyle::Line && line.position == LinePosition::Font;
        match line.color.get() {
            None if plain => return Value::T,
            Some(color) if plain => return color,
            _ => {}
        }
        let foreground = self.intern("foreground-color");
        let mut list =
            vec![self.intern(":color"), line.color.get().unwrap_or(foreground), self.intern(":style")];
        list.push(self.intern(font::name_of(LINE_STYLES, &line.style)));
        let position = match line.position {
            LinePosition::Font => None,
            LinePosition::Descent => Some(Value::T),
            LinePosition::Pixels(pixels) => Some(self.heap.integer(pixels.into())),
        };
        if let Some(position) = position {
            list.extend([self.intern(":position"), position]);
        }
        self.heap.list(&list)
    }

    fn box_border(&mut self, v: Value) -> LispResult<ImageOption<BoxBorder>> {
        let mut border =
            BoxBorder { vertical: 1, horizontal: 1, color: ImageOption::none(), style: BoxStyle::Line };
        match v {
            Value::NIL => return Ok(ImageOption::none()),
            Value::T => return Ok(ImageOption::some(border)),
            v if self.is_text(v) => {
                border.color = ImageOption::some(v);
                return Ok(ImageOption::some(border));
            }
            v => {
                if let Some((vertical, horizontal)) = self.line_width(v) {
                    (border.vertical, border.horizontal) = (vertical, horizontal);
                    return Ok(ImageOption::some(border));
                }
            }
        }
        let mut valid = false;
        for (key, value) in self.pairs(v).unwrap_or_default() {
            valid = match self.name_bytes(key) {
                b":line-width" => match self.line_width(value) {
                    Some((vertical, horizontal)) => {
                        (border.vertical, border.horizontal) = (vertical, horizontal);
                        true
                    }
                    None => false,
                },
                b":color" if value.is_nil() => true,
                b":color" => {
                    border.color = ImageOption::some(value);
                    self.is_text(value)
                }
                b":style" if value.is_nil() => true,
                b":style" => match font::named(BOX_STYLES, self.name_bytes(value)) {
                    Some(style) => {
                        border.style = style;
                        true
                    }
                    None => false,
                },
                _ => false,
            };
            if !valid {
                break;
            }
        }
        if valid { Ok(ImageOption::some(border)) } else { Err(self.error_about("Invalid face box", v)) }
    }

    /// A width of lines: a number for all, or a pair.
    fn line_width(&self, v: Value) -> Option<(i32, i32)> {
        let width = |v: Value| v.as_fixnum().and_then(|n| i32::try_from(n).ok());
        match width(v) {
            Some(0) => None,
            Some(both) => Some((both, both)),
            None => Some((width(self.heap.car(v))?, width(self.heap.cdr(v))?)),
        }
    }

    fn box_value(&mut self, border: ImageOption<BoxBorder>) -> Value {
        let Some(border) = border.get() else { return Value::NIL };
        let (vertical, horizontal) =
            (Value::fixnum(border.vertical.into()), Value::fixnum(border.horizontal.into()));
        let (vertical, horizontal) = (vertical.unwrap_or_default(), horizontal.unwrap_or_default());
        let width = if vertical == horizontal { vertical } else { self.heap.cons(vertical, horizontal) };
        if border.color.get().is_none() && border.style == BoxStyle::Line {
            return width;
        }
        let mut list = vec![self.intern(":line-width"), width];
        if let Some(color) = border.color.get() {
            list.extend([self.intern(":color"), color]);
        }
        if border.style != BoxStyle::Line {
            list.extend([self.intern(":style"), self.intern(font::name_of(BOX_STYLES, &border.style))]);
        }
        self.heap.list(&list)
    }
}
