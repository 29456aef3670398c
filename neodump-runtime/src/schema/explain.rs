//! Which tier each type got, why, and what its author can do about it.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use super::text::{FieldText, SchemaText, TypeKind, TypeText};
use super::{TypeGraph, TypeRef, short_name as short};
use crate::record::Dumpable;

/// What a type got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Its stored form is its memory form: a load does nothing for it.
    InPlace,
    /// A heap object that lies in the image, with fields that the load makes in its slot.
    InPlaceWithWork,
    /// The load makes values of its stored form.
    Hydrated,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InPlace => "in place",
            Self::InPlaceWithWork => "in place with load work",
            Self::Hydrated => "hydrated",
        })
    }
}

/// The tier of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeTier<'a> {
    /// The qualified name of the type, with its parameters.
    pub name: &'a str,
    /// What it got.
    pub tier: Tier,
    /// Why it is not in place; nothing for a type that is.
    pub reasons: Vec<Reason>,
}

/// One thing that keeps a type from being in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The field, with its variant: `map`, `Set::0`; empty where it is the type itself.
    pub field: String,
    /// The type of the field as the schema has it, without paths; empty where it is not stored.
    pub ty: String,
    /// What the load has to do.
    pub why: &'static str,
    /// What to write in its place, where there is something.
    pub next: Option<String>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.field.as_str(), self.ty.as_str()) {
            ("", _) => f.write_str(self.why)?,
            (field, "") => write!(f, "{field}: {}", self.why)?,
            (field, ty) => write!(f, "{field}: {ty}: {}", self.why)?,
        }
        match &self.next {
            Some(next) => write!(f, "; {next}"),
            None => Ok(()),
        }
    }
}

/// The tier of every type of a schema, in the order of its text.
pub fn tiers<'a>(schema: &SchemaText<'a>) -> Vec<TypeTier<'a>> {
    let by_name: HashMap<&str, &TypeText<'_>> = schema.types.iter().map(|ty| (ty.name, ty)).collect();
    let all = schema.types.iter().map(|ty| {
        let tier = match (ty.in_place, ty.object.is_some()) {
            (true, _) => Tier::InPlace,
            (false, true) => Tier::InPlaceWithWork,
            (false, false) => Tier::Hydrated,
        };
        let reasons = if ty.in_place { Vec::new() } else { reasons(ty, &by_name) };
        TypeTier { name: ty.name, tier, reasons }
    });
    all.collect()
}

/// Says of `T`, and of every type that it is made of, which tier it got, why, and what to write to change it.
///
/// The text is for people, and the tool `neodump` says the same of an image; a test that wants to hold a type in place
/// compares the first line.
///
/// ```
/// use std::collections::HashMap;
/// use neodump_runtime::Dumpable;
///
/// #[derive(Dumpable)]
/// struct Marks {
///     line: u32,
///     names: HashMap<String, u32>,
/// }
///
/// let text = neodump_runtime::explain::<Marks>();
/// assert!(text.starts_with("Marks: hydrated\n"), "{text}");
/// assert!(text.contains("names: HashMap<String, u32>: "), "{text}");
/// assert!(text.contains("write `ImageMap` in place of `HashMap`"), "{text}");
/// ```
pub fn explain<T: Dumpable>() -> String {
    let text = TypeGraph::of(TypeRef::of::<T>()).text();
    let mut said = String::new();
    // The text was made by the code beside its reader, so it is never refused.
    let Ok(schema) = SchemaText::parse(&text) else { return said };
    for (index, (ty, tier)) in schema.types.iter().zip(tiers(&schema)).enumerate() {
        // Types of the framework are explained where they are used.
        if index > 0 && (ty.kind == TypeKind::Leaf || tier.tier == Tier::InPlace) {
            continue;
        }
        // Writing to a `String` cannot fail.
        let _ = writeln!(said, "{}: {}", short(ty.name), tier.tier);
        for reason in &tier.reasons {
            let _ = writeln!(said, "  {reason}");
        }
    }
    said
}

fn reasons(ty: &TypeText<'_>, types: &HashMap<&str, &TypeText<'_>>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (variant, fields) in ty.field_lists() {
        for field in fields {
            if let Some((why, next)) = of_field(ty, field, types) {
                let path = variant.map_or(String::new(), |variant| format!("{variant}::"));
                let ty = field.ty.map_or(String::new(), short);
                reasons.push(Reason { field: path + field.name, ty, why, next });
            }
        }
    }
    if ty.kind == TypeKind::Enum && ty.repr == Some("Rust") {
        let has_fields = ty.variants.iter().any(|variant| !variant.fields.is_empty());
        let repr = if has_fields { "#[repr(C, u8)]" } else { "#[repr(u8)]" };
        let next = Some(format!("write {repr} on it"));
        let why = "the compiler lays the enum out as it likes";
        reasons.push(Reason { field: String::new(), ty: String::new(), why, next });
    }
    if reasons.is_empty() {
        let (why, next) = of_leaf(ty.name, types);
        reasons.push(Reason { field: String::new(), ty: String::new(), why, next });
    }
    reasons
}

type Why = (&'static str, Option<String>);

/// Why a field needs work, if it does.
fn of_field(
    owner: &TypeText<'_>,
    field: &FieldText<'_>,
    types: &HashMap<&str, &TypeText<'_>>,
) -> Option<Why> {
    let baked = |next: &str| owner.object.is_some().then(|| next.to_owned());
    match field.policy.split(' ').next().unwrap_or_default() {
        "heap" => return None,
        "skip" => {
            return Some(("made new at every load", baked("`bake = ..` gives it a value in the image")));
        }
        "cache" => return Some(("made empty at every load", None)),
        "derived" => return Some(("computed at every load", None)),
        "relink" => return Some(("put right at every load", None)),
        "with" | "remote" => return Some(("converted at every load", None)),
        "handle" => return Some(("renumbered at every load", None)),
        "overlay" => return Some(("put over a table of the program at every load", None)),
        // A static is a pointer to its slot in the image.
        "native" if field.ty.and_then(|ty| types.get(ty)).is_some_and(|ty| ty.in_place) => return None,
        "native" => {
            let next = "point at a `&'static` table of functions, which is bound once";
            return Some(("bound at every load", baked(next)));
        }
        _ => {}
    }
    let name = field.ty?;
    let ty = types.get(name)?;
    if ty.in_place || ty.section.is_some() || base(name) == "Interner" {
        return None;
    }
    match ty.kind {
        TypeKind::Leaf => Some(of_leaf(name, types)),
        _ => Some(("hydrated", Some(format!("see {}", short(name))))),
    }
}

/// Why a type of the framework is hydrated, and what to write in its place.
fn of_leaf(name: &str, types: &HashMap<&str, &TypeText<'_>>) -> Why {
    let instead = |flat: &str| Some(format!("write `{flat}` in place of `{}`", base(name)));
    let params = types.get(name).map_or(&[][..], |ty| &ty.params);
    let hydrated = params.iter().filter_map(|inner| types.get(inner)).find(|inner| !inner.in_place);
    let elements = |flat: &str| match hydrated {
        Some(inner) => Some(format!(
            "make {} in place, then write `{flat}` in place of `{}`",
            short(inner.name),
            base(name)
        )),
        None => instead(flat),
    };
    match base(name) {
        "Vec" | "VecDeque" | "Box<[]>" => ("its elements are allocated at every load", elements("ImageVec")),
        "String" | "Box<str>" => ("allocated at every load", instead("ImageStr")),
        "OsString" | "PathBuf" => ("allocated at every load", instead("ImageVec<u8>")),
        "HashMap" | "BTreeMap" => ("filled entry by entry at every load", elements("ImageMap")),
        "HashSet" | "BTreeSet" => ("filled key by key at every load", elements("ImageSet")),
        "Option" | "OnceCell" | "OnceLock" => {
            ("only Rust knows how its `None` is stored", elements("ImageOption"))
        }
        "Box" => {
            ("allocated at every load", Some("make it a heap object, or hold the value itself".to_owned()))
        }
        "Rc" | "Arc" | "Rc<[]>" | "Arc<[]>" | "Rc<str>" | "Arc<str>" => {
            ("allocated at every load, once for all owners", Some("make it a heap object".to_owned()))
        }
        "RefCell" | "Mutex" | "RwLock" => (
            "only Rust knows how its lock is stored",
            Some("hold the value in a `Cell`, if it can be".to_owned()),
        ),
        "Cow" => ("made owned at every load", Some("hold what it borrows".to_owned())),
        "Duration" => ("only Rust knows how it is stored", Some("hold its nanoseconds".to_owned())),
        "Interner" => ("its names are read where they lie", None),
        _ => ("only Rust knows how it is stored", None),
    }
}

/// The name of a type of the framework without its parameters.
fn base(name: &str) -> &str {
    let whole = ["Box<[]>", "Box<str>", "Rc<[]>", "Arc<[]>", "Rc<str>", "Arc<str>"];
    match whole.iter().find(|whole| name.starts_with(**whole)) {
        Some(whole) => whole,
        None => name.split(['<', '#']).next().unwrap_or(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_that_is_not_in_place_has_a_reason_and_the_others_have_none() {
        type All = (
            (Vec<u8>, Box<[u16]>, String, Box<str>, Option<u32>, std::cell::RefCell<u8>),
            (std::rc::Rc<u8>, std::rc::Rc<[u8]>, std::rc::Rc<str>, Box<u8>, std::time::Duration),
            (std::collections::HashMap<u8, u8>, std::collections::BTreeSet<u8>, std::path::PathBuf),
            (u8, [u32; 3], std::cell::Cell<u8>, std::ops::Range<u8>, std::ops::RangeInclusive<u8>),
        );
        let text = TypeGraph::of(TypeRef::of::<All>()).text();
        let schema = SchemaText::parse(&text).expect("our own text");
        for tier in tiers(&schema) {
            assert_eq!(tier.tier == Tier::InPlace, tier.reasons.is_empty(), "{tier:?}");
        }
    }

    #[test]
    fn what_holds_values_that_are_hydrated_says_what_comes_first() {
        let text = explain::<(Vec<String>, u8)>();
        assert!(text.contains("make String in place, then write `ImageVec` in place of `Vec`"), "{text}");
    }
}
