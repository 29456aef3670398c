//! The values that keys take. Each reader is given an example to show to who wrote something else.

use proc_macro2::{Ident, Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, LitInt, LitStr, Pat, Path, Token, parenthesized};

/// Nothing.
pub(super) fn flag(key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(input.error(format!("`{key}` takes no value")))
}

/// `= value`.
pub(super) fn value<T: Parse>(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<T> {
    equals(key, input, example)?;
    let start = input.span();
    input.parse().map_err(|error| {
        let span = if input.is_empty() { start } else { error.span() };
        syn::Error::new(span, format!("`{key}`: {error}; write {example}"))
    })
}

/// `= "text"`.
pub(super) fn string(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<LitStr> {
    equals(key, input, example)?;
    if !input.peek(LitStr) {
        return Err(wrong(key, input, "takes a string", example));
    }
    input.parse()
}

/// `= 3`.
pub(super) fn int(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<LitInt> {
    equals(key, input, example)?;
    if !input.peek(LitInt) {
        return Err(wrong(key, input, "takes a number", example));
    }
    input.parse()
}

/// `= path::to::something`.
pub(super) fn path(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<Path> {
    equals(key, input, example)?;
    if input.peek(Lit) {
        return Err(wrong(key, input, "takes a path without quotes", example));
    }
    if input.peek(Token![|]) || input.peek(Token![move]) {
        return Err(wrong(key, input, "takes the path of a function, not a closure", example));
    }
    input.parse().map_err(|_| wrong(key, input, "takes a path", example))
}

/// `= name`, or a position in a tuple struct.
pub(super) fn ident(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<Ident> {
    equals(key, input, example)?;
    if !input.peek(Ident::peek_any) {
        return Err(wrong(key, input, "takes the name of a field", example));
    }
    input.call(Ident::parse_any)
}

/// `(item, item)`.
pub(super) fn list<T: Parse>(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<Vec<T>> {
    if !input.peek(syn::token::Paren) {
        let span = if at_end(input) { key.span() } else { input.span() };
        return Err(syn::Error::new(span, format!("`{key}` takes a list in parentheses: {example}")));
    }
    let content;
    parenthesized!(content in input);
    if content.is_empty() {
        return Err(syn::Error::new(key.span(), format!("`{key}` lists nothing: {example}")));
    }
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

/// `(word)` after `unsafe`.
pub(super) fn word(key: &Ident, input: ParseStream<'_>) -> syn::Result<(Ident, ())> {
    let error = |span: Span| syn::Error::new(span, "only a word is unsafe: write unsafe(word)");
    if !input.peek(syn::token::Paren) {
        return Err(error(key.span()));
    }
    let content;
    parenthesized!(content in input);
    let word = content.call(Ident::parse_any).map_err(|_| error(key.span()))?;
    if word != "word" || !content.is_empty() {
        return Err(error(word.span()));
    }
    Ok((word, ()))
}

/// What a field promises: `unsafe(pointer)`, `unsafe(tag = expr)`, `unsafe(tail = len)`.
pub(super) enum Promise {
    Tag(Ident, Expr),
    Tail(Ident, Ident),
    Pointer(Ident),
}

/// `(pointer)`, `(tag = expr)` or `(tail = len)` after `unsafe`, on a field.
pub(super) fn promise(key: &Ident, input: ParseStream<'_>) -> syn::Result<Promise> {
    let error = |span: Span| {
        syn::Error::new(
            span,
            "a field promises what it points at, what a tag selects, or what a count counts: write unsafe(pointer), \
             unsafe(tag = expr) or unsafe(tail = len)",
        )
    };
    if !input.peek(syn::token::Paren) {
        return Err(error(key.span()));
    }
    let content;
    parenthesized!(content in input);
    let inner = content.call(Ident::parse_any).map_err(|_| error(key.span()))?;
    let promise = match inner.to_string().as_str() {
        "tag" => {
            value(&inner, &content, "unsafe(tag = redirect)").map(|tag| Promise::Tag(inner.clone(), tag))
        }
        "tail" => ident(&inner, &content, "unsafe(tail = len)").map(|len| Promise::Tail(inner.clone(), len)),
        "pointer" => flag(&inner, &content).map(|()| Promise::Pointer(inner.clone())),
        _ => Err(error(inner.span())),
    };
    let promise = promise.and_then(|promise| match content.is_empty() {
        true => Ok(promise),
        false => Err(content.error(format!("expected `)` after `{inner}`"))),
    });
    // What is left would be answered once more.
    while !content.is_empty() {
        content.parse::<TokenTree>()?;
    }
    promise
}

/// `= A | B`, the pattern of a field of a union; whatever else it is, it stands on a field that is none.
pub(super) fn pattern(key: &Ident, input: ParseStream<'_>) -> syn::Result<Option<Pat>> {
    equals(key, input, "tag = Redirect::Plain")?;
    let ahead = input.fork();
    let is_pattern = Pat::parse_multi_with_leading_vert(&ahead).is_ok() && at_end(&ahead);
    if is_pattern {
        return Pat::parse_multi_with_leading_vert(input).map(Some);
    }
    while !at_end(input) {
        input.parse::<TokenTree>()?;
    }
    Ok(None)
}

fn equals(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<()> {
    if at_end(input) {
        return Err(syn::Error::new(key.span(), format!("`{key}` needs a value: {example}")));
    }
    if !input.peek(Token![=]) {
        return Err(input.error(format!("write {example}")));
    }
    input.parse::<Token![=]>()?;
    if at_end(input) {
        return Err(syn::Error::new(key.span(), format!("`{key}` needs a value: {example}")));
    }
    Ok(())
}

fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

fn wrong(key: &Ident, input: ParseStream<'_>, what: &str, example: &str) -> syn::Error {
    input.error(format!("`{key}` {what}: {example}"))
}
