//! What a dump refuses and what an audit finds, with the way to it.

use std::fmt;

use crate::schema::VariantShape;

/// One step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A field, by name or position.
    Field(&'static str),
    /// A variant of an enum.
    Variant(&'static str),
    /// An element of a sequence.
    Index(usize),
    /// The value of a map under a key, as the key prints.
    Key(String),
    /// A key of a map.
    KeyOf,
    /// A pointer to an object of the named type.
    Object(String),
}

/// Steps, innermost first, as they are collected on the way out.
///
/// A path through very many objects is shown by its ends.
pub(crate) fn render(root: &str, steps: &[Step]) -> String {
    let mut path = root.to_owned();
    if steps.len() <= 2 * SHOWN {
        render_steps(&mut path, steps);
        return path;
    }
    let is_object = |step: &Step| matches!(step, Step::Object(_));
    // Both ends are cut where an object begins, so that no field stands without its owner.
    let last = steps[..SHOWN].iter().rposition(is_object).map_or(SHOWN, |at| at + 1);
    let first = steps.len() - SHOWN;
    let first = steps[first..].iter().position(is_object).map_or(first, |at| first + at + 1);
    render_steps(&mut path, &steps[first..]);
    let left_out = steps[last..first].iter().filter(|step| is_object(step)).count();
    path.push_str(&format!(" \u{2192} ({left_out} objects more)"));
    render_steps(&mut path, &steps[..last]);
    path
}

/// How many steps at each end of a long path are shown.
const SHOWN: usize = 32;

fn render_steps(path: &mut String, steps: &[Step]) {
    for step in steps.iter().rev() {
        match step {
            Step::Field(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Step::Variant(name) => {
                path.push_str("::");
                path.push_str(name);
            }
            Step::Index(index) => path.push_str(&format!("[{index}]")),
            Step::Key(key) => path.push_str(&format!("[{key}]")),
            Step::KeyOf => path.push_str(".key"),
            Step::Object(name) => {
                path.push_str(" \u{2192} ");
                path.push_str(name);
            }
        }
    }
}

macro_rules! carrier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            pub(crate) problem: String,
            pub(crate) steps: Vec<Step>,
            /// The address of the offending bytes or object, 0 where there is none.
            pub(crate) address: usize,
        }

        impl $name {
            /// Says what is wrong, and what to do about it where there is something to do.
            #[cold]
            pub fn new(problem: impl Into<String>) -> Box<Self> {
                Box::new(Self { problem: problem.into(), steps: Vec::new(), address: 0 })
            }

            /// The same, at the bytes or object at `address`.
            #[must_use]
            pub fn at(mut self: Box<Self>, address: usize) -> Box<Self> {
                if self.address == 0 {
                    self.address = address;
                }
                self
            }

            /// The same, one step further from the root.
            #[cold]
            #[must_use]
            pub fn within(mut self: Box<Self>, step: Step) -> Box<Self> {
                self.steps.push(step);
                self
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}: {}", render("", &self.steps), self.problem)
            }
        }
    };
}

carrier! {
    /// Why a live value cannot be dumped.
    Refusal
}

carrier! {
    /// Which rule the bytes of an image break.
    Fault
}

impl Fault {
    /// The tag of an enum names no variant: `found` is the discriminant where the enum is in place,
    /// else the index of a variant.
    #[cold]
    pub fn no_variant(name: &str, found: i128, variants: &[VariantShape], in_place: bool) -> Box<Self> {
        let known = variants.iter().zip(0i128..).map(|(variant, index)| {
            let tag = if in_place { variant.discriminant } else { index };
            format!("{tag} ({})", variant.name)
        });
        let known: Vec<_> = known.collect();
        Self::new(format!("the tag of {name} is {found}, expected one of {}", known.join(", ")))
    }
}
