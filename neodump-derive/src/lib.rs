//! `#[derive(Dumpable)]`: one field list gives the writer, the reader, the walker, the schema and the auditor.
//!
//! Use it through `neodump-runtime`, which re-exports it and which the generated code targets.
//!
//! # How it works
//!
//! | step | module |
//! |---|---|
//! | read every `#[dump(..)]` as a list of keys with spans | `attr` |
//! | refuse what cannot be dumped, saying what to write instead | `check` |
//! | resolve the rest into one intermediate representation | `ast`, `layout`, `bound` |
//! | emit each function from it; the generated shape is drawn above its generator | `generate` |
//!
//! Errors accumulate: one run reports all mistakes of a type, each at the smallest token that shows it.

mod ast;
mod attr;
mod bound;
mod check;
mod ctxt;
mod expand;
mod generate;
mod layout;
mod names;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Implements `Dumpable`, and `Object`, `Word` or `ImageRoot` where the type says so.
///
/// Every field is dumped, or says why not. A field that another attribute macro adds behind the derive's
/// back does not compile: generated patterns have no `..`.
///
/// # On a type
///
/// | key | meaning |
/// |---|---|
/// | `object`, `kind = 2` | a heap object type: its values live in an arena; `kind` is the header byte that tells it from others behind the same tag |
/// | `unsafe(word)` | a tagged value of eight bytes; alone (or with `objects(A, B)`) for a `Word` implemented by hand |
/// | `objects(Cons = 0b011, Other = 0b101 by kind { A, B })` | the closed list of object types behind each tag of a word |
/// | `symbol = 0b000`, `immediate(0b010, 0b110)` | the tags of symbols and of immediates |
/// | `bits = 3`, `shift = 0` | how many low bits the tag has, and how far the address is shifted left |
/// | `section = "faces"`, `version = 3` | a manager with a section of its own |
/// | `image = "neovm"`, `version = 47` | the root of an image |
/// | `before_dump = path`, `after_load = path` | hooks of an image: `fn(&mut Self)`, or returning a `Result` |
/// | `after_dump = path` | `fn(&mut Self)` that puts back what `before_dump` put aside, however the dump ended |
/// | `validate = path` | `fn(&Self) -> Result<(), E>` for what must hold between fields, run by an audited load |
/// | `transparent` | a type of one field, stored exactly as that field |
/// | `tag = Type` | of a union: what selects its fields, each with `tag = PATTERN` |
/// | `remote = other::Type` | a mirror of a type of another crate; a private field has `getter = path` |
/// | `bound = "T: Dumpable"` | replaces the inferred bounds of the generated impls |
/// | `crate = path` | where `neodump_runtime` is |
/// | `id = "neovm::Face"` | the name in the schema, pinned over a move |
///
/// # On a field
///
/// | key | meaning |
/// |---|---|
/// | `skip = "reason"`, `default = expr` | not stored; at load `expr`, or the default |
/// | `bake = expr` | the image holds `expr` instead of the live value (in-place types) |
/// | `cache` | not traced, empty in the image |
/// | `derived = path` | computed at load by `fn(&Owner) -> Field` |
/// | `relink = path` | computed at the end of the load by `fn(&Owner) -> Field` |
/// | `handle = path` | an id of the process, renumbered at load by `fn(Field) -> Field` |
/// | `overlay = TABLE` | the values of a static table unless changed |
/// | `global = PATH` | of an image, a `Captured<T>`: state in a static while the machine is active |
/// | `with = module` | stored as `module::Stored`, through `module::to_stored` and `module::from_stored` |
/// | `shared` | `Rc` or `Arc`: its owners share it after the load too |
/// | `native` | a host function or static, stored by name and bound at load |
/// | `unsafe(tail = len)` | the trailing array `[T; 0]` of an object, with as many elements as the field `len` says |
/// | `unsafe(pointer)` | beside others: the raw pointers in the field are null or point at live objects |
/// | `unsafe(tag = expr)` | a union, whose field is selected by `expr` over the fields beside it |
/// | `weak`, `default = expr` | a word or pointer that keeps nothing in the image: stored if its target is there anyway |
/// | `identity_key` | a collection keyed by words, pointers or symbols |
/// | `remote = TypeDef` | a type of another crate, stored as its mirror |
/// | `heap` | of an image: the heap that adopts it |
#[proc_macro_derive(Dumpable, attributes(dump))]
pub fn dumpable(input: TokenStream) -> TokenStream {
    expand::expand(input.into()).into()
}
