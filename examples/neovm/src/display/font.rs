//! What the parts of a font are called, and what colors mean.

use crate::rt::{Dumpable, ImageOption, ImageVec, Symbol};

/// A color as a display needs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rgba(pub [u8; 4]);

/// Names of weights and the number of each; the first name of a number is the one it is printed with.
pub const WEIGHTS: &[(&str, u16)] = &[
    ("thin", 0),
    ("ultra-light", 40),
    ("extra-light", 40),
    ("light", 50),
    ("semi-light", 55),
    ("demilight", 55),
    ("book", 75),
    ("normal", 80),
    ("regular", 80),
    ("medium", 100),
    ("semi-bold", 180),
    ("demibold", 180),
    ("demi-bold", 180),
    ("bold", 200),
    ("extra-bold", 205),
    ("ultra-bold", 205),
    ("black", 210),
    ("heavy", 210),
    ("ultra-heavy", 250),
];

/// Names of slants.
pub const SLANTS: &[(&str, Slant)] = &[
    ("normal", Slant::Normal),
    ("roman", Slant::Normal),
    ("italic", Slant::Italic),
    ("oblique", Slant::Oblique),
    ("reverse-italic", Slant::ReverseItalic),
    ("reverse-oblique", Slant::ReverseOblique),
];

/// Names of widths.
pub const WIDTHS: &[(&str, Width)] = &[
    ("ultra-condensed", Width::UltraCondensed),
    ("extra-condensed", Width::ExtraCondensed),
    ("condensed", Width::Condensed),
    ("compressed", Width::Condensed),
    ("narrow", Width::Condensed),
    ("semi-condensed", Width::SemiCondensed),
    ("demicondensed", Width::SemiCondensed),
    ("normal", Width::Normal),
    ("regular", Width::Normal),
    ("medium", Width::Normal),
    ("semi-expanded", Width::SemiExpanded),
    ("demiexpanded", Width::SemiExpanded),
    ("expanded", Width::Expanded),
    ("extra-expanded", Width::ExtraExpanded),
    ("ultra-expanded", Width::UltraExpanded),
    ("wide", Width::UltraExpanded),
];

/// How heavy a font is.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Weight(pub u16);

/// How a font leans.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Slant {
    Normal,
    Italic,
    Oblique,
    ReverseItalic,
    ReverseOblique,
}

/// How wide a font is.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Width {
    UltraCondensed,
    ExtraCondensed,
    Condensed,
    SemiCondensed,
    Normal,
    SemiExpanded,
    Expanded,
    ExtraExpanded,
    UltraExpanded,
}

/// The characters that a font is for.
#[derive(Dumpable, Clone, PartialEq, Debug, Default)]
#[repr(C, u8)]
pub enum Repertory {
    /// Any.
    #[default]
    Any,
    /// Those of a charset.
    Charset(Symbol),
    /// Those from one to another, both among them.
    Ranges(ImageVec<(u32, u32)>),
}

/// Which fonts a fontset takes.
#[derive(Dumpable, Clone, Debug, Default)]
#[repr(C)]
pub struct FontSpec {
    /// The family.
    pub family: ImageOption<Symbol>,
    /// The registry and encoding.
    pub registry: ImageOption<Symbol>,
    /// The language.
    pub lang: ImageOption<Symbol>,
    /// How heavy it is.
    pub weight: ImageOption<Weight>,
    /// How it leans.
    pub slant: ImageOption<Slant>,
    /// How wide it is.
    pub width: ImageOption<Width>,
    /// What it is for.
    pub repertory: Repertory,
}

/// What a name stands for in one of the lists of this file.
pub fn named<T: Copy>(list: &[(&str, T)], name: &[u8]) -> Option<T> {
    list.iter().find(|(known, _)| known.as_bytes() == name).map(|&(_, value)| value)
}

/// The name of a value in one of the lists of this file.
pub fn name_of<T: PartialEq>(list: &[(&'static str, T)], value: &T) -> &'static str {
    list.iter().find(|(_, known)| known == value).map_or("normal", |(name, _)| name)
}

/// Colors by name, as all displays have them.
const COLORS: &[(&str, [u8; 3])] = &[
    ("black", [0, 0, 0]),
    ("white", [255, 255, 255]),
    ("red", [255, 0, 0]),
    ("green", [0, 255, 0]),
    ("blue", [0, 0, 255]),
    ("yellow", [255, 255, 0]),
    ("cyan", [0, 255, 255]),
    ("magenta", [255, 0, 255]),
    ("gray", [190, 190, 190]),
    ("grey", [190, 190, 190]),
    ("orange", [255, 165, 0]),
    ("brown", [165, 42, 42]),
    ("purple", [160, 32, 240]),
    ("pink", [255, 192, 203]),
    ("firebrick", [178, 34, 34]),
    ("forestgreen", [34, 139, 34]),
    ("darkgreen", [0, 100, 0]),
    ("darkblue", [0, 0, 139]),
    ("mediumblue", [0, 0, 205]),
    ("darkcyan", [0, 139, 139]),
    ("darkmagenta", [139, 0, 139]),
    ("darkred", [139, 0, 0]),
    ("darkorange", [255, 140, 0]),
    ("darkslategray", [47, 79, 79]),
    ("steelblue", [70, 130, 180]),
    ("royalblue", [65, 105, 225]),
    ("lightgoldenrod", [238, 221, 130]),
    ("goldenrod", [218, 165, 32]),
    ("paleturquoise", [175, 238, 238]),
    ("turquoise", [64, 224, 208]),
    ("violetred", [208, 32, 144]),
    ("tomato", [255, 99, 71]),
    ("salmon", [250, 128, 114]),
    ("navy", [0, 0, 128]),
];

/// The color of a name, `#RGB` or `#RRGGBB`. Names have no case and no blanks.
pub fn color(name: &str) -> Option<Rgba> {
    if let Some(digits) = name.strip_prefix('#') {
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [b, g, r, _] = number.to_le_bytes();
        return match digits.len() {
            3 => {
                let part = |shift: u32| (number >> shift & 0xF) as u8 * 0x11;
                Some(Rgba([part(8), part(4), part(0), 255]))
            }
            6 => Some(Rgba([r, g, b, 255])),
            _ => None,
        };
    }
    // Names of grays count up to 100.
    let name: String = name.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase()).collect();
    if let Some(percent) =
        name.strip_prefix("gray").or(name.strip_prefix("grey")).and_then(|n| n.parse().ok())
        && let 0..=100 = percent
    {
        let level = (percent * 255 + 50) / 100;
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        return Some(Rgba([level, level, level, 255]));
    }
    let [r, g, b] = named(COLORS, name.as_bytes())?;
    Some(Rgba([r, g, b, 255]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_known_by_name_gray_level_and_digits() {
        assert_eq!(color("Forest Green"), Some(Rgba([34, 139, 34, 255])));
        assert_eq!(color("grey75"), Some(Rgba([191, 191, 191, 255])));
        assert_eq!(color("#f0a"), Some(Rgba([255, 0, 170, 255])));
        assert_eq!(color("#102030"), Some(Rgba([16, 32, 48, 255])));
        assert_eq!((color("#1020"), color("gray101"), color("")), (None, None, None));
    }
}
