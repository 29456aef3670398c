//! Expansions, pinned one snapshot a shape, and errors, checked as text.

mod errors;
mod shapes;

use proc_macro2::TokenStream;

/// The expansion as a file.
#[track_caller]
fn parsed(input: &str) -> syn::File {
    let tokens: TokenStream = input.parse().expect("the input is Rust");
    let expansion = crate::expand::expand(tokens);
    syn::parse2(expansion.clone()).unwrap_or_else(|error| panic!("{error} in\n{expansion}"))
}

/// The expansion, printed.
#[track_caller]
fn expansion(input: &str) -> String {
    prettyplease::unparse(&parsed(input))
}

/// The messages of all errors in the expansion.
#[track_caller]
fn messages(input: &str) -> Vec<String> {
    let file = parsed(input);
    let messages = file.items.iter().filter_map(|item| match item {
        syn::Item::Macro(item) => {
            let text: syn::LitStr = item.mac.parse_body().expect("compile_error takes a string");
            Some(text.value())
        }
        _ => None,
    });
    messages.collect()
}
