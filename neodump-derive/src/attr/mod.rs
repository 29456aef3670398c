//! Reading `#[dump(..)]`: a list of keys, each with its span, nothing judged yet but spelling and place.

mod keys;
mod scheme;
mod value;

pub(crate) use scheme::Entry;

use proc_macro2::{Ident, Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, LitInt, LitStr, Meta, Pat, Path, Token, Type, WherePredicate};

use crate::ctxt::Ctxt;
use keys::Level;
use value::{Promise, flag, int, list, path, string, value};

/// A value with the key that gave it.
pub(crate) struct Keyed<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

impl<T> Keyed<T> {
    pub(crate) fn span(&self) -> Span {
        self.key.span()
    }
}

type Slot<T> = Option<Keyed<T>>;

/// The keys on a type.
#[derive(Default)]
pub(crate) struct TypeAttrs {
    pub(crate) object: Slot<()>,
    pub(crate) kind: Slot<Expr>,
    pub(crate) word: Slot<()>,
    pub(crate) objects: Slot<Vec<Entry>>,
    pub(crate) symbol: Slot<Expr>,
    pub(crate) immediate: Slot<Vec<Expr>>,
    pub(crate) bits: Slot<LitInt>,
    pub(crate) shift: Slot<LitInt>,
    pub(crate) section: Slot<LitStr>,
    pub(crate) version: Slot<LitInt>,
    pub(crate) image: Slot<LitStr>,
    pub(crate) before_dump: Slot<Path>,
    pub(crate) after_dump: Slot<Path>,
    pub(crate) after_load: Slot<Path>,
    pub(crate) validate: Slot<Path>,
    pub(crate) transparent: Slot<()>,
    pub(crate) remote: Slot<Path>,
    /// The type of the tag of a union.
    pub(crate) tag: Slot<Type>,
    pub(crate) bound: Slot<Vec<WherePredicate>>,
    pub(crate) krate: Slot<Path>,
    pub(crate) id: Slot<LitStr>,
    /// All keys in the order of the source.
    pub(crate) order: Vec<Ident>,
}

/// The keys on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) skip: Slot<LitStr>,
    pub(crate) default: Slot<Expr>,
    pub(crate) bake: Slot<Expr>,
    pub(crate) cache: Slot<()>,
    pub(crate) derived: Slot<Path>,
    pub(crate) relink: Slot<Path>,
    pub(crate) with: Slot<Path>,
    pub(crate) handle: Slot<Path>,
    pub(crate) overlay: Slot<Expr>,
    pub(crate) global: Slot<Path>,
    pub(crate) weak: Slot<()>,
    pub(crate) identity_key: Slot<()>,
    pub(crate) remote: Slot<Type>,
    /// Of a field of a mirror.
    pub(crate) getter: Slot<Path>,
    /// `unsafe(tag = expr)`.
    pub(crate) tag: Slot<Expr>,
    /// `tag = PATTERN`, or something else that belongs elsewhere.
    pub(crate) selected: Slot<Option<Pat>>,
    pub(crate) shared: Slot<()>,
    pub(crate) native: Slot<()>,
    /// `unsafe(tail = len)`.
    pub(crate) tail: Slot<Ident>,
    /// `tail = len`, without the promise.
    pub(crate) bare_tail: Slot<Ident>,
    /// `unsafe(pointer)`, beside what else there is.
    pub(crate) pointer: Slot<()>,
    pub(crate) heap: Slot<()>,
    /// All keys in the order of the source.
    pub(crate) order: Vec<Ident>,
    /// Whether a key could not be read: what it says of the field is not known.
    pub(crate) is_broken: bool,
}

impl TypeAttrs {
    pub(crate) fn parse(ctxt: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut this = Self::default();
        let order = each_key(ctxt, attrs, Level::Type, |key, input| match key.to_string().as_str() {
            "object" => set(&mut this.object, key, flag(key, input)?),
            "kind" => set(&mut this.kind, key, value(key, input, "kind = 2")?),
            "unsafe" => {
                let (word, ()) = value::word(key, input)?;
                set(&mut this.word, &word, ())
            }
            "objects" => set(&mut this.objects, key, list(key, input, "objects(Cons = 0b011, Str = 0b100)")?),
            "symbol" => set(&mut this.symbol, key, value(key, input, "symbol = 0b000")?),
            "immediate" => set(&mut this.immediate, key, list(key, input, "immediate(0b010, 0b110)")?),
            "bits" => set(&mut this.bits, key, int(key, input, "bits = 3")?),
            "shift" => set(&mut this.shift, key, int(key, input, "shift = 8")?),
            "section" => set(&mut this.section, key, string(key, input, "section = \"faces\"")?),
            "version" => set(&mut this.version, key, int(key, input, "version = 3")?),
            "image" => set(&mut this.image, key, string(key, input, "image = \"neovm\"")?),
            "before_dump" => {
                set(&mut this.before_dump, key, path(key, input, "before_dump = Self::quiesce")?)
            }
            "after_dump" => set(&mut this.after_dump, key, path(key, input, "after_dump = Self::put_back")?),
            "after_load" => set(&mut this.after_load, key, path(key, input, "after_load = Self::resume")?),
            "validate" => set(&mut this.validate, key, path(key, input, "validate = Self::check")?),
            "remote" => set(&mut this.remote, key, path(key, input, "remote = other::Type")?),
            "tag" => set(&mut this.tag, key, value(key, input, "tag = Redirect")?),
            "transparent" => set(&mut this.transparent, key, flag(key, input)?),
            "bound" => {
                let text = string(key, input, "bound = \"T: Dumpable\"")?;
                let predicates =
                    text.parse_with(Punctuated::<WherePredicate, Token![,]>::parse_terminated)?;
                set(&mut this.bound, key, predicates.into_iter().collect())
            }
            "crate" => set(&mut this.krate, key, path(key, input, "crate = path::to::neodump_runtime")?),
            "id" => set(&mut this.id, key, string(key, input, "id = \"neovm::Face\"")?),
            other => Err(syn::Error::new(key.span(), format!("`{other}` is not read on a type"))),
        });
        this.order = order;
        this
    }
}

impl FieldAttrs {
    pub(crate) fn parse(ctxt: &Ctxt, attrs: &[Attribute]) -> Self {
        let (mut this, before) = (Self::default(), ctxt.count());
        let mut promised = Vec::new();
        let order = each_key(ctxt, attrs, Level::Field, |key, input| match key.to_string().as_str() {
            "skip" => set(&mut this.skip, key, string(key, input, "skip = \"belongs to the process\"")?),
            "default" => set(&mut this.default, key, value(key, input, "default = Terminal::closed()")?),
            "bake" => set(&mut this.bake, key, value(key, input, "bake = Color::Black")?),
            "cache" => set(&mut this.cache, key, flag(key, input)?),
            "derived" => set(&mut this.derived, key, path(key, input, "derived = Self::count_faces")?),
            "relink" => set(&mut this.relink, key, path(key, input, "relink = Self::first_marker")?),
            "handle" => set(&mut this.handle, key, path(key, input, "handle = windows::reopen")?),
            "global" => set(&mut this.global, key, path(key, input, "global = CHARSETS")?),
            "overlay" => set(&mut this.overlay, key, value(key, input, "overlay = SLOTS")?),
            "with" => set(&mut this.with, key, path(key, input, "with = my_module")?),
            "weak" => set(&mut this.weak, key, flag(key, input)?),
            "identity_key" => set(&mut this.identity_key, key, flag(key, input)?),
            "remote" => set(&mut this.remote, key, value(key, input, "remote = TypeDef")?),
            "getter" => set(&mut this.getter, key, path(key, input, "getter = Type::field")?),
            "tag" => set(&mut this.selected, key, value::pattern(key, input)?),
            "unsafe" => match value::promise(key, input)? {
                Promise::Tag(key, value) => {
                    promised.push(key.clone());
                    set(&mut this.tag, &key, value)
                }
                Promise::Tail(key, value) => {
                    promised.push(key.clone());
                    set(&mut this.tail, &key, value)
                }
                Promise::Pointer(key) => {
                    promised.push(key.clone());
                    set(&mut this.pointer, &key, ())
                }
            },
            "shared" => set(&mut this.shared, key, flag(key, input)?),
            "native" => set(&mut this.native, key, flag(key, input)?),
            "tail" => set(&mut this.bare_tail, key, value::ident(key, input, "unsafe(tail = len)")?),
            "heap" => set(&mut this.heap, key, flag(key, input)?),
            other => Err(syn::Error::new(key.span(), format!("`{other}` is not read on a field"))),
        });
        // What is promised stands for its `unsafe`.
        let mut promised = promised.into_iter();
        let name = |key: Ident| if key == "unsafe" { promised.next().unwrap_or(key) } else { key };
        this.order = order.into_iter().map(name).collect();
        this.is_broken = ctxt.count() > before;
        this
    }
}

/// Refuses every key on a variant.
pub(crate) fn refuse_on_variant(ctxt: &Ctxt, attrs: &[Attribute]) {
    each_key(ctxt, attrs, Level::Variant, |_, _| Ok(()));
}

fn set<T>(slot: &mut Slot<T>, key: &Ident, value: T) -> syn::Result<()> {
    if slot.is_some() {
        return Err(syn::Error::new(key.span(), format!("duplicate `{key}`: give it once")));
    }
    *slot = Some(Keyed { key: key.clone(), value });
    Ok(())
}

/// Calls `take` for each known key; what it leaves is skipped up to the next comma, so that every key is
/// judged. Gives the keys that were taken, in the order of the source.
fn each_key(
    ctxt: &Ctxt,
    attrs: &[Attribute],
    level: Level,
    mut take: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) -> Vec<Ident> {
    let mut order = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("dump")) {
        let Meta::List(list) = &attr.meta else {
            ctxt.error_over(
                &attr.meta,
                format!("write #[dump(..)] with keys in parentheses; {}", level.known()),
            );
            continue;
        };
        if list.tokens.is_empty() {
            ctxt.error_over(&attr.meta, format!("#[dump()] says nothing: remove it; {}", level.known()));
            continue;
        }
        let read = list.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = one_key(input, level, &mut order, &mut take) {
                    ctxt.push(error);
                    skip_to_comma(input)?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        });
        if let Err(error) = read {
            ctxt.push(error);
        }
    }
    order
}

fn one_key(
    input: ParseStream<'_>,
    level: Level,
    order: &mut Vec<Ident>,
    take: &mut impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(format!("expected a key; {}", level.known())));
    }
    let key = input.call(Ident::parse_any)?;
    level.judge(&key)?;
    take(&key, input)?;
    order.push(key.clone());
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(input.error(format!("expected `,` after `{key}`")))
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
