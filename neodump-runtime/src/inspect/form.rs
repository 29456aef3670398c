//! How the stored record of a type is read: what `docs/format.md` says of the names of the schema.

use super::schema::{Body, Type, TypeId};

/// How a stored record is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Nothing is stored.
    Nothing,
    /// 0 or 1.
    Bool,
    /// A number in all bytes of the record.
    Unsigned,
    /// The same, with a sign.
    Signed,
    /// The bits of an `f32` or `f64`.
    Float,
    /// A Unicode scalar value.
    Char,
    /// Seconds and nanoseconds.
    Duration,
    /// The id of a symbol.
    Symbol,
    /// A tagged word.
    Word(Scheme),
    /// The address of an object, or zero.
    Pointer,
    /// Zeros: an address of the process that dumped.
    ProcessPointer,
    /// The number of an import, or zero.
    NativeFunction,
    /// The address of a slot in `Imports`, or zero.
    NativeStatic,
    /// As its one parameter: `Cell`, `Mutex`, `Cow`, a transparent type.
    Same,
    /// Its one parameter or zeros.
    Niche,
    /// A tag byte and its one parameter.
    Tagged,
    /// Its one parameter so many times.
    Array(u64),
    /// A reference to one value of its parameter.
    Boxed,
    /// A reference to values of its parameter.
    Sequence,
    /// A reference to UTF-8.
    Text,
    /// A reference to bytes in the encoding of the system.
    SystemText,
    /// A reference to entries: its first parameter is the key, its second, if there is one, the value.
    Keyed,
    /// A reference to one value of its parameter, for all owners.
    Shared,
    /// The same, of a reference to values of its parameter.
    SharedSequence,
    /// The same, of a reference to UTF-8.
    SharedText,
    /// As [`Shared`](Self::Shared), without owning: zeros where nothing is stored.
    Weak,
    /// Values of its parameter in `HeapWords` or `HeapBytes`.
    ImageVec,
    /// UTF-8 in `HeapBytes`.
    ImageStr,
    /// Entries in `HeapWords`: as [`Keyed`](Self::Keyed).
    ImageMap,
    /// Fields at offsets.
    Struct,
    /// A variant: the discriminant in so many bytes, or the index of the variant as a `u32`.
    Enum(Discriminant),
    /// What a `Dumpable` that was written by hand stores: bytes that the schema does not explain.
    Opaque,
}

/// Where an enum says which variant it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discriminant {
    /// In the integer of its `repr`: so many bytes, with a sign or without.
    Repr(u64, bool),
    /// By the place of the variant in the declaration, as a `u32`.
    Index,
}

/// What the tags of a word say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scheme {
    /// The number of tag bits, 0 for a scheme that was written by hand.
    pub bits: u32,
    /// The tags of objects, each with the types behind it.
    pub objects: Vec<(u64, Vec<TypeId>)>,
    /// The tag of symbols.
    pub symbol: Option<u64>,
    /// The tags of immediates.
    pub immediate: Vec<u64>,
}

impl Form {
    pub(super) fn of(ty: &Type<'_>) -> Self {
        match ty.body() {
            Body::Word => Self::Word(Scheme::of(ty)),
            Body::Struct(_) => Self::Struct,
            Body::Enum(repr, _) if ty.in_place() => {
                // C's `int`, unless the `repr` names an integer.
                let (size, signed) = integer(repr.rsplit(", ").next().unwrap_or("")).unwrap_or((4, true));
                Self::Enum(Discriminant::Repr(size, signed))
            }
            Body::Enum(..) => Self::Enum(Discriminant::Index),
            Body::Leaf if ty.notes().contains(&"transparent") => Self::Same,
            Body::Leaf => Self::of_leaf(ty),
        }
    }

    fn of_leaf(ty: &Type<'_>) -> Self {
        let name = ty.name();
        // A number at the end tells types of one name apart.
        let name = name.rsplit_once('#').map_or(name, |(name, _)| name);
        let unsized_name =
            |kind: &str, content: &str| name.strip_prefix(kind).is_some_and(|rest| rest.starts_with(content));
        for kind in ["Box", "Rc", "Arc"] {
            let shared = kind != "Box";
            if unsized_name(kind, "<str>") {
                return if shared { Self::SharedText } else { Self::Text };
            }
            if unsized_name(kind, "<[]>") {
                return if shared { Self::SharedSequence } else { Self::Sequence };
            }
        }
        if let Some(inner) = name.strip_prefix("NonZero<").and_then(|rest| rest.strip_suffix('>')) {
            return Self::of_integer(inner);
        }
        let base = name.split_once('<').map_or(name, |(base, _)| base);
        match base {
            "()" | "PhantomData" | "Interner" => Self::Nothing,
            "bool" | "AtomicBool" => Self::Bool,
            "f32" | "f64" => Self::Float,
            "char" => Self::Char,
            "Duration" => Self::Duration,
            "Symbol" => Self::Symbol,
            "&" | "NonNull" | "*const" | "*mut" | "AtomicPtr" => Self::Pointer,
            "ProcessPtr" => Self::ProcessPointer,
            "NativeFunction" => Self::NativeFunction,
            "NativeStatic" => Self::NativeStatic,
            "Cell" | "UnsafeCell" | "RefCell" | "Mutex" | "RwLock" | "Cow" => Self::Same,
            "Option" if ty.in_place() => Self::Niche,
            "Option" | "ImageOption" | "OnceCell" | "OnceLock" => Self::Tagged,
            "array" => match ty.consts() {
                [(_, len)] => u64::try_from(*len).map_or(Self::Opaque, Self::Array),
                _ => Self::Opaque,
            },
            "Box" => Self::Boxed,
            "Vec" | "VecDeque" => Self::Sequence,
            "String" => Self::Text,
            "OsString" | "PathBuf" => Self::SystemText,
            "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" => Self::Keyed,
            "Rc" | "Arc" => Self::Shared,
            "rc::Weak" | "sync::Weak" => Self::Weak,
            "ImageVec" => Self::ImageVec,
            "ImageStr" => Self::ImageStr,
            "ImageMap" | "ImageSet" => Self::ImageMap,
            _ => Self::of_integer(base),
        }
    }

    fn of_integer(name: &str) -> Self {
        let atomic = name.strip_prefix("Atomic").map(str::to_ascii_lowercase);
        match integer(atomic.as_deref().unwrap_or(name)) {
            Some((_, true)) => Self::Signed,
            Some((_, false)) => Self::Unsigned,
            None => Self::Opaque,
        }
    }

    /// Whether the record holds one of its parameter, or of its fields' types, in its own bytes.
    pub(super) fn contains_parameter(&self) -> bool {
        matches!(self, Self::Same | Self::Niche | Self::Tagged | Self::Array(_))
    }
}

/// Bytes of an integer type, and whether it has a sign.
fn integer(name: &str) -> Option<(u64, bool)> {
    let (signed, bits) = match (name.strip_prefix('u'), name.strip_prefix('i')) {
        (Some(bits), _) => (false, bits),
        (_, Some(bits)) => (true, bits),
        _ => return None,
    };
    match bits {
        "8" => Some((1, signed)),
        "16" => Some((2, signed)),
        "32" => Some((4, signed)),
        "64" | "size" => Some((8, signed)),
        "128" => Some((16, signed)),
        _ => None,
    }
}

impl Scheme {
    /// The scheme in the notes of a word; one without tags if it was written by hand.
    fn of(ty: &Type<'_>) -> Self {
        let mut scheme = Self::default();
        let mut types = ty.of().iter().copied();
        let tag = |text: &str| {
            let constant = ty.consts().iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
            constant.and_then(|value| u64::try_from(value).ok()).or_else(|| literal(text))
        };
        for note in ty.notes() {
            if let Some(rest) = note.strip_prefix("bits = ") {
                let bits = rest.split(',').next().and_then(|bits| bits.parse().ok());
                // More tag bits than bits are no scheme.
                scheme.bits = bits.filter(|bits| *bits < 64).unwrap_or(0);
            } else if let Some(rest) = note.strip_prefix("immediate(").and_then(|r| r.strip_suffix(')')) {
                scheme.immediate = rest.split(", ").filter_map(tag).collect();
            } else if let Some((label, rest)) = note.split_once(" = ") {
                if label == "symbol" {
                    scheme.symbol = tag(rest);
                } else if label != "validate" && label != "remote" {
                    let (value, count) = match rest.split_once(" by kind {") {
                        Some((value, kinds)) => (value, listed(kinds)),
                        None => (rest, 1),
                    };
                    let behind = types.by_ref().take(count).collect();
                    scheme.objects.extend(tag(value).map(|value| (value, behind)));
                }
            }
        }
        scheme
    }

    /// The bits of a word that are its tag.
    pub fn mask(&self) -> u64 {
        (1 << self.bits) - 1
    }

    /// The tag of a word.
    pub fn tag(&self, word: u64) -> u64 {
        word & self.mask()
    }

    /// The id of the symbol that a word is, if its tag says so.
    pub fn symbol_of(&self, word: u64) -> Option<u32> {
        if self.bits == 0 || self.symbol != Some(self.tag(word)) {
            return None;
        }
        u32::try_from(word >> self.bits).ok()
    }

    /// The types of the objects that a word with this tag may point at; `None` where the tag is none of objects,
    /// or the scheme was written by hand.
    pub fn types_of(&self, word: u64) -> Option<&[TypeId]> {
        let tag = self.tag(word);
        let found = self.objects.iter().find(|(known, _)| self.bits > 0 && *known == tag)?;
        Some(&found.1)
    }
}

/// How many types a list names, whose own parameters are inside of brackets.
fn listed(list: &str) -> usize {
    let mut depth = 0_u32;
    let mut commas = 0;
    for c in list.chars() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => commas += 1,
            _ => {}
        }
    }
    commas + 1
}

/// A number as Rust's source has it.
fn literal(text: &str) -> Option<u64> {
    let text = text.replace('_', "");
    let text =
        ["u64", "usize", "u32", "u16", "u8"].iter().find_map(|s| text.strip_suffix(s)).unwrap_or(&text);
    let (digits, radix) = match text.get(..2) {
        Some("0b") => (text.get(2..)?, 2),
        Some("0o") => (text.get(2..)?, 8),
        Some("0x") => (text.get(2..)?, 16),
        _ => (text, 10),
    };
    u64::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::super::Schema;
    use super::*;

    #[test]
    fn the_scheme_of_a_word_is_read_with_literals_and_constants() {
        let text = "word vm::Value: 8 bytes align 8 in place rw\n  note bits = 3, shift = 0\n  note Cons = 0b011\n  \
                    note VecLike = 0x5 by kind { A, B }\n  note symbol = SYMBOL\n  note immediate(0b010, 6)\n  \
                    const SYMBOL = 0\n  of vm::C\n  of vm::A\n  of vm::B\ntype vm::C: 8 bytes align 8 in place\n\
                    type vm::A: 8 bytes align 8 in place\ntype vm::B: 8 bytes align 8 in place\n";
        let schema = Schema::parse(text, 0).expect("a schema");
        let word = &schema.types()[0];
        let Form::Word(scheme) = word.form() else { panic!("{word:?}") };
        assert_eq!(scheme.bits, 3);
        assert_eq!(scheme.symbol_of(5 << 3), Some(5));
        assert_eq!(scheme.symbol_of(5 << 3 | 2), None);
        assert_eq!(scheme.types_of(0x1003), Some(&word.of()[..1]));
        assert_eq!(scheme.types_of(0x1005), Some(&word.of()[1..]));
        assert_eq!(scheme.immediate, [2, 6]);
    }

    #[test]
    fn a_number_is_read_in_each_notation() {
        assert_eq!(
            ["0b01_1", "0o17", "0x1f", "1_0u64", "x"].map(literal),
            [Some(3), Some(15), Some(31), Some(10), None]
        );
    }
}
