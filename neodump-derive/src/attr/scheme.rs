//! The entries of `objects(..)`: which object types stand behind which tag.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Path, Token, Type, braced};

syn::custom_keyword!(by);

/// `Cons`, `Cons = 0b011`, or `Other = 0b101 by kind { Vector, Subr }`.
pub(crate) struct Entry {
    /// The type, or the label of several.
    pub(crate) head: Type,
    pub(crate) tag: Option<Expr>,
    pub(crate) kinds: Option<Kinds>,
}

/// `by kind { Vector, Subr }`.
pub(crate) struct Kinds {
    pub(crate) reader: Path,
    pub(crate) types: Vec<Type>,
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let head = input.parse()?;
        if !input.peek(Token![=]) {
            return Ok(Self { head, tag: None, kinds: None });
        }
        input.parse::<Token![=]>()?;
        let tag = Some(Expr::parse_without_eager_brace(input)?);
        if !input.peek(by) {
            return Ok(Self { head, tag, kinds: None });
        }
        let by = input.parse::<by>()?;
        let reader = input.call(Path::parse_mod_style).map_err(|_| {
            syn::Error::new(
                by.span,
                "`by` takes the path of the function that reads the kind byte: by Header::kind { A, B }",
            )
        })?;
        if !input.peek(syn::token::Brace) {
            return Err(input.error("list the types in braces: by Header::kind { A, B }"));
        }
        let content;
        braced!(content in input);
        let types = Punctuated::<Type, Token![,]>::parse_terminated(&content)?;
        Ok(Self { head, tag, kinds: Some(Kinds { reader, types: types.into_iter().collect() }) })
    }
}
