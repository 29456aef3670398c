//! The intermediate representation: the type with every attribute resolved. All generators read it, and nothing else.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, Generics, Index, LitInt, LitStr, Member, Pat, Path, Type};

use crate::layout::Repr;

/// The type that derives `Dumpable`.
pub(crate) struct Container {
    pub(crate) ident: Ident,
    /// Its name without `r#`.
    pub(crate) name: String,
    /// Its generics, with the bounds that the generated impls need and without defaults.
    pub(crate) generics: Generics,
    /// Which of its type parameters are `Dumpable` themselves.
    pub(crate) dumpable_params: Vec<Ident>,
    /// `id = ".."`.
    pub(crate) id: Option<LitStr>,
    /// `validate = path`.
    pub(crate) validate: Option<Path>,
    pub(crate) section: Option<Section>,
    /// The type of another crate that it mirrors.
    pub(crate) remote: Option<Path>,
    pub(crate) role: Role,
    pub(crate) repr: Repr,
    pub(crate) data: Data,
}

impl Container {
    /// The fields, if it is a struct.
    pub(crate) fn fields(&self) -> &[Field] {
        match &self.data {
            Data::Struct(fields) => fields,
            Data::Enum(_) => &[],
        }
    }

    /// The trailing array with the field that counts it, if it is an object with one.
    pub(crate) fn tail(&self) -> Option<(&Field, &Tail)> {
        self.fields().iter().find_map(|field| match &field.policy {
            Policy::Tail(tail) => Some((field, tail)),
            _ => None,
        })
    }

    /// Whether places are those of an image root: a field may have a section of its own.
    pub(crate) fn is_image(&self) -> bool {
        matches!(self.role, Role::Image(_))
    }
}

/// What the type is to the image.
pub(crate) enum Role {
    /// A stored record inside others.
    Plain,
    /// A type of one field, stored exactly as that field.
    Transparent,
    /// A heap object type, with its kind byte.
    Object {
        kind: Option<Expr>,
    },
    Word(Word),
    Image(Image),
    /// A union whose fields are selected by a tag of this type.
    Union(Type),
}

/// `section = "faces", version = 3`.
pub(crate) struct Section {
    pub(crate) name: LitStr,
    pub(crate) version: LitInt,
}

/// `image = "neovm", version = 47` and its hooks.
pub(crate) struct Image {
    pub(crate) name: LitStr,
    pub(crate) version: LitInt,
    pub(crate) before_dump: Option<Path>,
    pub(crate) after_dump: Option<Path>,
    pub(crate) after_load: Option<Path>,
}

/// `unsafe(word)` and its scheme.
pub(crate) enum Word {
    /// `Word` is implemented by hand; the types that it names.
    ByHand(Vec<Type>),
    Scheme(Box<Scheme>),
}

/// How the tag of a word says what it is.
pub(crate) struct Scheme {
    pub(crate) groups: Vec<Group>,
    pub(crate) symbol: Option<Expr>,
    pub(crate) immediate: Vec<Expr>,
    pub(crate) bits: u32,
    pub(crate) shift: u32,
}

/// The object types behind one tag.
pub(crate) struct Group {
    /// The label, for messages.
    pub(crate) label: String,
    pub(crate) span: Span,
    pub(crate) tag: Expr,
    /// The function that reads the kind byte, where there may be several types.
    pub(crate) kind: Option<Path>,
    pub(crate) types: Vec<Type>,
}

/// The shape of the type.
pub(crate) enum Data {
    Struct(Vec<Field>),
    Enum(Vec<Variant>),
}

/// One variant of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) discriminant: Option<Expr>,
    pub(crate) fields: Vec<Field>,
}

/// One field of a struct or variant.
pub(crate) struct Field {
    /// Its position.
    pub(crate) index: usize,
    pub(crate) member: Member,
    /// Its name without `r#`, or its position as text.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) policy: Policy,
    /// `getter = path`, of a mirror.
    pub(crate) getter: Option<Path>,
}

/// How a field is dumped, or why not.
pub(crate) enum Policy {
    /// As its type says.
    Plain,
    /// As its type says, and it is said aloud that owners share it.
    Shared,
    /// Not stored.
    Skip {
        default: Option<Expr>,
    },
    /// The image holds this instead of the live value.
    Bake(Expr),
    /// Empty in the image.
    Cache,
    /// Computed at load.
    Derived(Path),
    /// Stored as another type.
    With(Path),
    /// Computed when all else is loaded.
    Relink(Path),
    /// Stored as its type says, and renumbered at load.
    Handle(Path),
    /// Stored where it differs from this table.
    Overlay(Expr),
    Native(Native),
    Tail(Tail),
    /// The heap that adopts the image.
    Heap,
    /// A union whose field this expression over the fields beside it selects.
    Tag(Expr),
    /// The field of a union that these tags select.
    Selected(Pat),
    /// In place, and in the image only if its target is there for another reason.
    Weak {
        empty: Option<Expr>,
    },
    /// As its type says, a collection keyed by identity.
    IdentityKey,
    /// Stored as this mirror of its type.
    Remote(Type),
    /// In this static while the machine is active.
    Global(Path),
}

/// What a native is.
pub(crate) enum Native {
    Function,
    /// A function of this type, or none.
    OptionalFunction(Type),
    /// A static, by reference to this type.
    Static(Type),
    /// A static, by reference to this type, or none.
    OptionalStatic(Type),
}

/// `tail = len` on a field `[element; 0]`.
pub(crate) struct Tail {
    pub(crate) element: Type,
    pub(crate) len: Member,
}

impl Field {
    /// Whether the field is stored, traced and audited as its own type says.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.policy, Policy::Plain | Policy::Shared | Policy::IdentityKey)
    }

    /// Whether an image root may store the field in a section of its own.
    pub(crate) fn may_have_section(&self) -> bool {
        self.is_plain() || matches!(self.policy, Policy::Global(_))
    }

    /// Whether generated code needs `ty: Dumpable`.
    pub(crate) fn needs_dumpable(&self) -> bool {
        matches!(
            self.policy,
            Policy::Plain
                | Policy::Shared
                | Policy::IdentityKey
                | Policy::Bake(_)
                | Policy::Tail(_)
                | Policy::Handle(_)
                | Policy::Weak { .. }
        )
    }

    /// The expression of its attribute, if it has one: it becomes a function of its own, so that it sees
    /// no local of generated code.
    pub(crate) fn value(&self) -> Option<&Expr> {
        match &self.policy {
            Policy::Bake(value)
            | Policy::Skip { default: Some(value) }
            | Policy::Weak { empty: Some(value) } => Some(value),
            _ => None,
        }
    }

    /// What the schema says of the policy.
    pub(crate) fn policy_text(&self) -> String {
        use quote::ToTokens;
        match &self.policy {
            Policy::Plain => String::new(),
            Policy::Shared => "shared".to_owned(),
            Policy::Skip { .. } => "skip".to_owned(),
            Policy::Bake(value) => format!("bake = {}", text(value.to_token_stream())),
            Policy::Cache => "cache".to_owned(),
            Policy::Derived(_) => "derived".to_owned(),
            Policy::With(_) => "with".to_owned(),
            Policy::Relink(_) => "relink".to_owned(),
            Policy::Handle(_) => "handle".to_owned(),
            Policy::Overlay(table) => format!("overlay = {}", text(table.to_token_stream())),
            Policy::Native(_) => format!("native {}", text(self.ty.to_token_stream())),
            Policy::Tail(tail) => format!("tail = {}", member_name(&tail.len)),
            Policy::Heap => "heap".to_owned(),
            Policy::Global(_) => "global".to_owned(),
            Policy::Weak { .. } => "weak".to_owned(),
            Policy::IdentityKey => "identity_key".to_owned(),
            Policy::Remote(_) => "remote".to_owned(),
            Policy::Tag(value) => format!("tag = {}", text(value.to_token_stream())),
            Policy::Selected(pattern) => format!("tag = {}", text(pattern.to_token_stream())),
        }
    }
}

/// The fields that the tag expression of another names.
pub(crate) fn named_by<'a>(tag: &Expr, fields: &'a [Field]) -> Vec<&'a Field> {
    use proc_macro2::TokenTree;
    use quote::ToTokens;
    fn names(tokens: TokenStream, found: &mut Vec<Ident>) {
        // What follows a dot or a path separator is no variable.
        let mut before = ' ';
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => {
                    names(group.stream(), found);
                    before = ' ';
                }
                TokenTree::Ident(ident) => {
                    if before != '.' && before != ':' {
                        found.push(ident);
                    }
                    before = ' ';
                }
                TokenTree::Punct(punct) => before = punct.as_char(),
                TokenTree::Literal(_) => before = ' ',
            }
        }
    }
    let mut found = Vec::new();
    names(tag.to_token_stream(), &mut found);
    let is_named = |field: &&Field| matches!(&field.member, Member::Named(name) if found.contains(name));
    fields.iter().filter(is_named).collect()
}

/// The name of a member without `r#`, or its position as text.
pub(crate) fn member_name(member: &Member) -> String {
    match member {
        Member::Named(ident) => crate::names::plain(ident),
        Member::Unnamed(Index { index, .. }) => index.to_string(),
    }
}

/// Tokens as text that does not depend on how the compiler prints them: spaces stand between words and
/// after separators, nowhere else.
pub(crate) fn text(tokens: TokenStream) -> String {
    let mut out = String::new();
    append(&mut out, tokens);
    out
}

fn append(out: &mut String, tokens: TokenStream) {
    use proc_macro2::{Delimiter, TokenTree};
    // Whether the last token was an identifier or literal, which must not run into the next.
    let mut wordy = false;
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                out.push_str(open);
                append(out, group.stream());
                out.push_str(close);
                wordy = false;
            }
            TokenTree::Punct(punct) => {
                out.push(punct.as_char());
                if matches!(punct.as_char(), ',' | ';') {
                    out.push(' ');
                }
                wordy = false;
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                if wordy {
                    out.push(' ');
                }
                out.push_str(&tree.to_string());
                wordy = true;
            }
        }
    }
}
