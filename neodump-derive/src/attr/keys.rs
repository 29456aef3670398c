//! Which keys there are, where each belongs, and what to do instead of those that are yet to come.

use proc_macro2::Ident;

/// Where an attribute stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Type,
    Variant,
    Field,
}

const ON_TYPES: &[&str] = &[
    "object",
    "kind",
    "unsafe",
    "objects",
    "symbol",
    "immediate",
    "bits",
    "shift",
    "section",
    "version",
    "image",
    "before_dump",
    "after_dump",
    "after_load",
    "validate",
    "transparent",
    "remote",
    "tag",
    "bound",
    "crate",
    "id",
];

const ON_FIELDS: &[&str] = &[
    "skip",
    "default",
    "bake",
    "cache",
    "derived",
    "relink",
    "with",
    "remote",
    "getter",
    "weak",
    "identity_key",
    "handle",
    "overlay",
    "global",
    "shared",
    "native",
    "heap",
    "unsafe",
];

/// Keys of fields that stand inside `unsafe(..)`; without it they are answered when they are checked.
const PROMISED: &[&str] = &["tag", "tail"];

impl Level {
    /// The list of known keys, for messages.
    pub(super) fn known(self) -> String {
        match self {
            Self::Type => format!("a type takes {}", listed(ON_TYPES, "unsafe(word)")),
            Self::Variant => "a variant takes no keys".to_owned(),
            Self::Field => format!(
                "a field takes {}",
                listed(ON_FIELDS, "unsafe(pointer)`, `unsafe(tag = ..)`, `unsafe(tail = ..)")
            ),
        }
    }

    /// Refuses a key that does not belong here.
    pub(super) fn judge(self, key: &Ident) -> syn::Result<()> {
        let name = key.to_string();
        let on_type = ON_TYPES.contains(&name.as_str());
        let on_field = ON_FIELDS.contains(&name.as_str()) || PROMISED.contains(&name.as_str());
        if (self == Self::Type && on_type) || (self == Self::Field && on_field) {
            return Ok(());
        }
        let message = if self == Self::Field && name == "pointer" {
            "a pointer that dangles is undefined behaviour at the dump, which follows it: write unsafe(pointer)".to_owned()
        } else if name == "word" {
            "the compiler cannot check a word's scheme, and dereferences rest on it: write unsafe(word)"
                .to_owned()
        } else if on_type {
            format!("`{name}` belongs on the type, not on a {}", self.noun())
        } else if on_field {
            format!("`{name}` belongs on a field, not on the {}", self.noun())
        } else {
            match self.nearest(&name) {
                Some(near) => format!("unknown key `{name}`: did you mean `{near}`?"),
                None => format!("unknown key `{name}`; {}", self.known()),
            }
        };
        Err(syn::Error::new(key.span(), message))
    }

    /// The known key that is a slip of the pen away.
    fn nearest(self, name: &str) -> Option<&'static str> {
        let known = match self {
            Self::Type => ON_TYPES,
            Self::Variant => &[],
            Self::Field => ON_FIELDS,
        };
        let near = known.iter().map(|key| (distance(key, name), *key)).min()?;
        (near.0 <= 2 && near.0 < name.len()).then_some(near.1)
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Variant => "variant",
            Self::Field => "field",
        }
    }
}

fn listed(keys: &[&str], promise: &str) -> String {
    let quoted = keys.iter().map(|key| format!("`{}`", if *key == "unsafe" { promise } else { key }));
    quoted.collect::<Vec<_>>().join(", ")
}

/// How many letters have to be put in, taken out or replaced to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let replaced = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
