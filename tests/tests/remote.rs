//! `remote`: a type of another crate is stored as its mirror.

mod shapes;

use std::collections::BTreeMap;
use std::time::Duration;

use neodump_runtime::Dumpable;
use shapes::carried;

/// Stands for another crate.
mod other {
    #[derive(Debug, Clone, PartialEq, Default)]
    pub(crate) struct Font {
        pub(crate) name: String,
        pub(crate) size: (u16, char),
        pub(crate) style: Style,
    }

    #[derive(Debug, Clone, PartialEq, Default)]
    pub(crate) enum Style {
        #[default]
        Upright,
        Slanted {
            degrees: i8,
        },
        Both(Box<Style>, u32),
    }

    #[derive(Debug, Clone, PartialEq, Default)]
    pub(crate) struct Range<T> {
        from: T,
        to: T,
        pub(crate) name: String,
    }

    impl<T: Copy> Range<T> {
        pub(crate) fn new(from: T, to: T, name: &str) -> Self {
            Self { from, to, name: name.to_owned() }
        }

        pub(crate) fn from(&self) -> T {
            self.from
        }

        pub(crate) fn to(&self) -> &T {
            &self.to
        }
    }
}

#[derive(Dumpable)]
#[dump(remote = other::Font)]
struct FontDef {
    name: String,
    size: (u16, char),
    #[dump(remote = StyleDef)]
    style: other::Style,
}

#[derive(Dumpable)]
#[dump(remote = other::Style)]
enum StyleDef {
    Upright,
    Slanted { degrees: i8 },
    Both(#[dump(with = boxed)] Box<other::Style>, u32),
}

/// A box of a foreign type: its mirror in a box.
#[expect(clippy::borrowed_box, clippy::boxed_local, reason = "the field is a box")]
mod boxed {
    use super::{StyleDef, other};
    use neodump_runtime::record::Remote;

    pub(super) type Stored = Box<StyleDef>;
    pub(super) fn to_stored(style: &Box<other::Style>) -> Stored {
        Box::new(StyleDef::to_stored(style))
    }
    pub(super) fn from_stored(stored: Stored) -> Result<Box<other::Style>, std::convert::Infallible> {
        Ok(Box::new(StyleDef::from_stored(*stored)?))
    }
}

/// Private fields are read by getters, and the way back is a conversion.
#[derive(Dumpable)]
#[dump(remote = other::Range<u32>)]
struct RangeDef {
    #[dump(getter = other::Range::from)]
    from: u32,
    #[dump(getter = other::Range::to)]
    to: u32,
    name: String,
}

impl From<RangeDef> for other::Range<u32> {
    fn from(def: RangeDef) -> Self {
        Self::new(def.from, def.to, &def.name)
    }
}

#[derive(Dumpable)]
#[dump(remote = Duration)]
struct DurationDef {
    #[dump(getter = Duration::as_secs)]
    seconds: u64,
    #[dump(getter = Duration::subsec_nanos)]
    nanoseconds: u32,
}

impl From<DurationDef> for Duration {
    fn from(def: DurationDef) -> Self {
        Self::new(def.seconds, def.nanoseconds)
    }
}

#[derive(Dumpable)]
struct Fonts {
    #[dump(remote = FontDef)]
    default: other::Font,
    by_number: BTreeMap<u8, Styled>,
    every: Timer,
    #[dump(remote = RangeDef)]
    range: other::Range<u32>,
}

#[derive(Dumpable)]
struct Styled(#[dump(remote = StyleDef)] other::Style);

#[derive(Dumpable)]
enum Timer {
    Every(#[dump(remote = DurationDef)] Duration),
}

#[test]
fn values_of_foreign_types_come_back_wherever_they_stand() {
    let style = other::Style::Both(Box::new(other::Style::Slanted { degrees: -12 }), 7);
    let fonts = Fonts {
        default: other::Font { name: "mono".to_owned(), size: (12, 'x'), style: style.clone() },
        by_number: BTreeMap::from([(1, Styled(other::Style::Upright)), (2, Styled(style.clone()))]),
        every: Timer::Every(Duration::new(u64::MAX, 999_999_999)),
        range: other::Range::new(3, 9, "range"),
    };
    carried(fonts, |fonts, _| {
        let font = other::Font { name: "mono".to_owned(), size: (12, 'x'), style: style.clone() };
        assert_eq!(fonts.default, font);
        assert_eq!((&fonts.by_number[&1].0, &fonts.by_number[&2].0), (&other::Style::Upright, &style));
        let Timer::Every(every) = fonts.every;
        assert_eq!(every, Duration::new(u64::MAX, 999_999_999));
        assert_eq!(fonts.range, other::Range::new(3, 9, "range"));
    });
}

#[test]
fn a_mirror_is_a_type_of_its_own_in_the_schema() {
    let shape = FontDef::shape();
    assert_eq!(shape.notes, ["remote = other::Font"]);
    assert!(shape.name.ends_with("::FontDef"));
    let neodump_runtime::schema::ShapeKind::Struct(fields) = Fonts::shape().kind else { panic!("a struct") };
    assert_eq!((fields[0].policy, fields[0].ty.map(|ty| ty.shape().name)), ("remote", Some(shape.name)));
}
