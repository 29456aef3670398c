//! Each rule of the audit, broken by one image whose checksums fit: refused, with the section, the
//! offset in the file, the way to the value, and what was found and expected.

#[macro_use]
#[path = "audit_rules/harness.rs"]
mod harness;

use std::mem::offset_of;

use harness::{BASE, Case, Places, field_offset, run, word};
use neodump_runtime::image::{HEADER_FIELDS, SECTION_FIELDS, SectionSpec};
use neodump_runtime::{LoadOptions, Placement};
use neodump_tests::fixture::{
    Cons, Float, Header, Library, Owned, Record, Registers, Scalars, Str, Subr, Table, Value, Vector, Vm,
    natives,
};
use neodump_tests::forge::{Forge, assemble};

const CONS: u64 = 0b011;
const STR: u64 = 0b100;
const VEC_LIKE: u64 = 0b101;

#[test]
fn rules_of_words_and_pointers_are_kept() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let p = Places::new(&bytes);
    let cons = p.object("Cons", 0);
    let subr = p.object("Subr", 0);
    let (at_cons, at_str, at_vector) = (p.address("Cons", 1), p.address("Str", 0), p.address("Vector", 0));
    let cdr = cons + offset_of!(Cons, cdr);
    let first = p.object("Table", 0) + offset_of!(Table, first);
    let data = p.object("Vector", 0) + size_of::<Vector>();
    let slots = p.elements(p.object("Record", 0) + offset_of!(Record, slots));
    let (number, compiler) = (p.side("Subr"), p.side("Subr") + 4);
    let natives = neodump_runtime::native::decode(&bytes[p.forge.section("Natives")]).expect("sound");
    let used = natives[u32::from_le_bytes(bytes[number..number + 4].try_into().expect("4")) as usize - 1]
        .type_name
        .clone();
    let other =
        natives.iter().position(|native| native.type_name.starts_with("fn(") && native.type_name != used);
    let other = other.expect("a function of another type") as u32 + 1;
    let no_function = format!("Subr.function: import {other} is no function of type");
    let mut twins = (0..2).map(|number| p.elements(p.object("Subr", number) + offset_of!(Subr, twin)));
    let twin = twins.find(|at| *at < bytes.len()).expect("a subr with a twin");
    run(
        &bytes,
        cases![
            ("between two objects", "HeapImage", [cdr => word((at_cons + 8) | CONS)], ["Cons.cdr: ", "is no object of"]),
            ("an object of another type", "HeapImage", [cdr => word(at_cons | STR)], ["Cons.cdr: ", "object::Str"]),
            ("outside of the image", "HeapImage", [cdr => word(0x7000_0000_0000 | CONS)], ["is no object of"]),
            ("in the header", "HeapImage", [cdr => word(p.forge.address(0) | CONS)], ["is no object of"]),
            ("behind all objects", "HeapImage", [cdr => word(p.forge.address(p.forge.section("HeapImage").end) | CONS)],
                ["is no object of"]),
            ("a cons behind the tag of kinds", "HeapImage", [cdr => word(at_cons | VEC_LIKE)], ["type behind its tag"]),
            ("inside an object with a tail", "HeapImage", [cdr => word((at_vector + 16) | VEC_LIKE)],
                ["type behind its tag"]),
            ("a kind byte of another type", "HeapImage", [p.object("Record", 0) => vec![1]], ["type behind its tag"]),
            ("a kind byte of no type", "HeapImage", [p.object("Record", 0) => vec![0]], ["type behind its tag"]),
            ("an unlisted tag", "HeapImage", [cdr => word(0b001)], ["Cons.cdr: word 0x0000000000000001 has a tag"]),
            ("a symbol that is not there", "HeapImage", [cdr => word(4 << 3)],
                ["symbol 4, expected one of the 4 in the symbol table"]),
            ("a word in a trailing array", "HeapImage", [data => word(0b001)], ["Vector.data[0]: word"]),
            ("a word in a vector of the image", "HeapImage", [slots => word(0b001)], ["Record.slots[0]: word"]),
            ("a typed pointer to nothing", "HeapImage", [first => word(8)], ["Table.first: 0x8 is no object of"]),
            ("a typed pointer to another type", "HeapImage", [first => word(at_str)], ["Table.first", "object::Cons"]),
            ("a typed pointer inside an object", "HeapImage", [subr + offset_of!(Subr, partner) => word(at_str + 8)],
                ["Subr.partner", "object::Str"]),
            ("a reference to another type", "HeapImage", [subr + offset_of!(Subr, home) => word(at_str)], ["Subr.home"]),
            ("a kind byte that only a typed pointer leads to", "HeapImage", [twin => vec![3]],
                ["Vector: its kind byte is not that of"]),
            ("a function that is no import", "HeapImage", [number => 99_u32.to_le_bytes().to_vec()],
                ["Subr.function: import 99 is no function of type fn("]),
            ("a function of another type", "HeapImage", [number => other.to_le_bytes().to_vec()],
                [no_function.as_str()]),
            ("no function where there must be one", "HeapImage", [number => vec![0; 4]], ["Subr.function: import 0"]),
            ("a static instead of a function", "HeapImage", [compiler => 2_u32.to_le_bytes().to_vec()],
                ["Subr.compiler: import 2"]),
            ("a pointer to no static", "HeapImage", [subr + offset_of!(Subr, descriptor) => word(at_cons)],
                ["Subr.descriptor", "is no import of a static of type"]),
            ("a pointer inside a static", "HeapImage",
                [subr + offset_of!(Subr, descriptor) => word(p.forge.u64(subr + offset_of!(Subr, descriptor)) + 1)],
                ["Subr.descriptor", "is no import of a static of type"]),
            ("a function's slot as a static", "HeapImage",
                [subr + offset_of!(Subr, descriptor) => word(p.forge.address(p.forge.section("Imports").start))],
                ["Subr.descriptor", "is no import of a static of type"]),
            ("a word in the root", "Root", [p.field::<Vm>("Root", "root") => word(0b001)], ["vm.root: word"]),
            ("a symbol in a manager", "scalars", [p.field::<Scalars>("scalars", "symbol") => vec![4, 0, 0, 0]],
                ["vm.scalars.symbol: symbol 4"]),
        ],
    );
}

#[test]
fn rules_of_scalars_are_kept() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let p = Places::new(&bytes);
    let scalar = |name: &str| p.field::<Scalars>("scalars", name);
    let header = p.object("Str", 0);
    let owned = |name: &str| p.field::<Owned>("owned", name);
    run(
        &bytes,
        cases![
            ("a bool of two", "scalars", [scalar("flag") => vec![2]], ["vm.scalars.flag: bool is 2, expected 0 or 1"]),
            ("a surrogate", "scalars", [scalar("letter") => vec![0, 0xd8, 0, 0]], ["scalars.letter: char is 0xd800"]),
            ("a character that is too large", "scalars", [scalar("letter") => vec![0, 0, 0x11, 0]], ["char is 0x110000"]),
            ("an enum without such a tag", "scalars", [scalar("color") => vec![4]],
                ["scalars.color: the tag of Color is 4, expected one of 3 (White), 7 (Gray), 8 (Black)"]),
            ("zero where there is none", "scalars", [scalar("nonzero") => word(0)], ["scalars.nonzero: number is 0"]),
            ("an option with a tag of two", "scalars", [scalar("tagged") => vec![2]],
                ["scalars.tagged: option tag is 2, expected 0 or 1"]),
            ("a character in an option", "scalars", [scalar("tagged") + 4 => vec![0, 0xdc, 0, 0]], ["scalars.tagged: char"]),
            ("an atomic bool", "scalars", [scalar("atomics") + 12 => vec![7]], ["scalars.atomics.2: bool is 7"]),
            ("an enum with payloads", "scalars", [scalar("shape") => vec![1]], ["the tag of Shape is 1"]),
            ("the payload of an enum", "scalars", [scalar("shape") + 8 => word(1)],
                ["scalars.shape::Tagged.value: word 0x0000000000000001 has a tag"]),
            ("an enum with a union", "scalars", [scalar("quirk") => vec![0]], ["the tag of Quirk is 0"]),
            ("the payload of a union", "scalars", [scalar("quirk") + 4 => vec![200, 0, 0, 0]],
                ["scalars.quirk::Name.0: symbol 200"]),
            ("a baked value", "scalars", [scalar("baked") => vec![0x5b]], ["scalars.baked: baked value is [5b, 5a, 5a, 5a]"]),
            ("a baked mark", "HeapImage", [header + offset_of!(Header, mark) => vec![0]], ["Str.header.mark: baked value"]),
            ("a cache that is not empty", "HeapImage", [header + offset_of!(Str, hash) => word(1)], ["Str.hash: baked value"]),
            ("a bool of a header", "HeapImage", [header + offset_of!(Header, pinned) => vec![255]],
                ["Str.header.pinned: bool is 255"]),
            ("an enum of a header", "HeapImage", [header + offset_of!(Header, color) => vec![0]], ["the tag of Color is 0"]),
            ("an enum of a hydrated object", "HeapImage", [p.object("Table", 0) + offset_of!(Table, test) => vec![2]],
                ["Table.test: the tag of Test is 2, expected one of 0 (Eq), 1 (Eql)"]),
            ("an option in an object", "HeapImage", [p.object("Float", 0) + offset_of!(Float, width) => vec![3]],
                ["Float.width: option tag is 3"]),
            ("an option in a manager", "owned", [owned("maybe") => vec![2]], ["vm.owned.maybe: option tag is 2"]),
            ("a bool in an option", "owned", [owned("maybe") + 1 => vec![9]], ["vm.owned.maybe: bool is 9"]),
            ("a cell that is written once", "owned", [owned("once") => vec![4]], ["vm.owned.once: option tag is 4"]),
            ("a hook that is no function", "owned", [owned("hook") => vec![0; 4]], ["vm.owned.hook: import 0"]),
            ("a hook of another type", "owned", [owned("no_hook") => vec![1, 0, 0, 0]],
                ["vm.owned.no_hook: import 1 is no function of type fn(u32) -> u32"]),
            ("a variant that is not there", "registers",
                [p.payload("registers", p.field::<Registers>("registers", "map")) + 8 => vec![6, 0, 0, 0]],
                ["the tag of Register is 6, expected one of 0 (Empty), 1 (Text), 2 (Number), 3 (Val), 4 (Nest), 5 (Many)"]),
            ("a key of a map", "registers",
                [p.payload("registers", p.field::<Registers>("registers", "map")) => vec![0, 0xd8, 0, 0]],
                ["vm.registers", "[0].key: char is 0xd800"]),
        ],
    );
}

#[test]
fn rules_of_the_standard_library_are_kept() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let p = Places::new(&bytes);
    let library = |name: &str| p.field::<Library>("library", name);
    let payload = |name: &str| p.payload("library", library(name));
    run(
        &bytes,
        cases![
            ("a result of two", "library", [library("outcome") => vec![2]],
                ["vm.library.outcome: the tag of Result is 2, expected one of 0 (Ok), 1 (Err)"]),
            ("a success that is none", "library", [library("outcome") + 8 => word(1)],
                ["vm.library.outcome::Ok.0: word 0x0000000000000001 has a tag"]),
            ("a failure that is no text", "library", [payload("failure") + 8 => word(u64::MAX)], ["vm.library"]),
            ("a ring of words", "library", [payload("queue") + 8 => word(1)], ["vm.library.queue[1]: word"]),
            ("a ring of endless length", "library", [library("queue") + 8 => word(u64::MAX)],
                ["vm.library.queue: payload of 18446744073709551615 records"]),
            ("a ring that owns another's", "library", [library("rows") => word(p.forge.u64(library("queue")))],
                ["vm.library.rows: payload at", "owner order"]),
            ("borrowed text that is none", "library", [payload("name") + 9 => vec![0xff]],
                ["vm.library.name: string of 14 bytes is not UTF-8 at byte 9"]),
            ("what a lock guards", "library", [payload("lock") => word(1)], ["vm.library.lock[0]: word"]),
            ("a second of nanoseconds", "library", [library("delay") + 8 => word(1_000_000_000)],
                ["vm.library.delay: duration has 1000000000 nanoseconds, expected fewer than 1000000000"]),
            ("nanoseconds beyond 32 bits", "library", [library("delay") + 8 => word(1 << 32)],
                ["vm.library.delay: duration has 4294967296 nanoseconds"]),
            ("the start of a range", "library", [library("letters") => vec![0, 0xd8, 0, 0]],
                ["vm.library.letters.start: char is 0xd800"]),
            ("the end of a range", "library", [library("letters") + 4 => vec![0, 0, 0x11, 0]],
                ["vm.library.letters.end: char is 0x110000"]),
            ("a bound of three", "library", [library("bounds") + 16 => vec![3]],
                ["vm.library.bounds[2]: the tag of Bound is 3, expected one of 0 (Included), 1 (Excluded), 2 (Unbounded)"]),
            ("what a bound is at", "library", [library("bounds") + 12 => vec![0, 0xd8, 0, 0]],
                ["vm.library.bounds[1]::Excluded.0: char is 0xd800"]),
            ("shared text that is none", "library",
                [p.payload("library", payload("text")) => vec![0xff]],
                ["is not UTF-8 at byte 0"]),
            ("shared text of two", "library", [library("text") + 8 => word(2)],
                ["vm.library.text: shared payload has 2 values, expected 1"]),
            ("shared text that is shared values", "library", [library("same_text") + 8 => word(p.forge.u64(library("shared")))],
                ["shared payload has owners of two types"]),
            ("shared text of endless length", "library", [payload("text") + 8 => word(u64::MAX)],
                ["payload of 18446744073709551615 records"]),
            ("shared words", "library", [p.payload("library", payload("shared")) => word(1)], ["word"]),
            ("a static that is none", "library", [library("descriptor") => word(8)],
                ["vm.library.descriptor: 0x8 is no import of a static of type"]),
            ("a static where there is none", "library",
                [library("no_descriptor") => word(p.forge.address(p.forge.section("Imports").start))],
                ["vm.library.no_descriptor", "is no import of a static of type"]),
        ],
    );
}

#[test]
fn rules_of_vectors_and_references_are_kept() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let p = Places::new(&bytes);
    let text = p.object("Str", 0) + offset_of!(Str, bytes);
    let origin = p.object("Str", 0) + offset_of!(Str, origin);
    let empty = p.object("Str", 2) + offset_of!(Str, bytes);
    let rows = p.object("Record", 0) + offset_of!(Record, rows);
    let lines = p.field::<Owned>("owned", "lines");
    let owned = |name: &str| p.field::<Owned>("owned", name);
    let payload = |name: &str| p.payload("owned", owned(name));
    let (place, stack) = (p.forge.u64(lines), owned("stack"));
    let notes = p.side("Table") + 16;
    run(
        &bytes,
        cases![
            ("a capacity", "HeapImage", [text + 16 => word(1)], ["Str.bytes: capacity is 1, expected 0 in an image"]),
            ("elements of another vector", "HeapImage", [origin => word(p.forge.u64(text))],
                ["Str.origin: payload at 0x0 of its section, expected", "owner order"]),
            ("elements one byte on", "HeapImage", [text => word(p.forge.u64(text) + 1)], ["Str.bytes: payload at 0x1"]),
            ("elements outside", "HeapImage", [text => word(0x1234)], ["Str.bytes: payload at"]),
            ("too many elements", "HeapImage", [text + 8 => word(1 << 40)], ["Str.bytes: payload of 1099511627776 records"]),
            ("the most elements", "HeapImage", [rows + 8 => word(u64::MAX)], ["Record.rows: payload of 18446744073709551615"]),
            ("one element more", "HeapImage", [text + 8 => word(p.forge.u64(text + 8) + 1)], ["owner order"]),
            ("an empty vector somewhere", "HeapImage", [empty => word(8)], ["Str.bytes: empty vector at 0x8, expected 1"]),
            ("an empty vector at null", "HeapImage", [empty => word(0)], ["Str.bytes: empty vector at 0x0, expected 1"]),
            ("text that is none", "HeapImage", [p.elements(origin) => vec![0xff]],
                ["Str.origin: string of 4 bytes is not UTF-8 at byte 0"]),
            ("a row of a record", "HeapWords", [p.elements(rows) + 16 => word(9)], ["[0]: capacity is 9"]),
            ("a reference into another section", "owned", [lines => word(2 << 48)],
                ["vm.owned.lines: payload in section 2, expected 6"]),
            ("a reference to another payload", "owned", [owned("grid") => word(place)], ["vm.owned.grid: payload at", "owner order"]),
            ("a reference that overlaps", "owned", [lines => word(place + 8)], ["vm.owned.lines: payload at"]),
            ("a payload that is too long", "owned", [lines + 8 => word(1 << 30)],
                ["vm.owned.lines: payload of 1073741824 records of 16 bytes"]),
            ("a payload of endless length", "owned", [lines + 8 => word(u64::MAX)], ["vm.owned.lines: payload of"]),
            ("a string that is none", "owned", [p.payload("owned", payload("lines")) => vec![0xc3, 0x28]], ["is not UTF-8"]),
            ("a box of two", "owned",
                [owned("tree") + field_offset::<neodump_tests::fixture::Tree>("first") + 16 => word(2)],
                ["vm.owned.tree.first: box has 2 values, expected 1"]),
            ("a boxed text that is none", "owned", [p.payload("owned", owned("tree")) => vec![0xfe]],
                ["vm.owned.tree.name: string of 4 bytes is not UTF-8"]),
            ("a shared value of two", "owned", [stack + 8 => word(2)],
                ["vm.owned.stack: shared payload has 2 values, expected 1"]),
            ("a shared value that is another's", "owned", [stack => word(p.forge.u64(owned("one")))],
                ["shared payload has owners of two types"]),
            ("a shared value that is not there", "owned", [stack => word(p.forge.u64(stack) + 8)], ["payload in section"]),
            ("notes of an object", "Hydration", [p.payload("Hydration", p.payload("Hydration", notes)) => vec![0xff]],
                ["Table", "is not UTF-8"]),
            ("a reference of an object", "HeapImage", [notes + 8 => word(1 << 33)], ["Table.notes: payload of"]),
        ],
    );
}

#[test]
fn rules_of_arenas_and_object_starts_are_kept() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let p = Places::new(&bytes);
    let (cons, vector) = (p.arena("Cons"), p.arena("Vector"));
    let starts = p.forge.section("ObjectStarts").start;
    let len = p.object("Vector", 0) + offset_of!(Vector, len);
    let last =
        p.arenas.iter().find(|(name, _)| *name == "Vector").map_or(0, |(_, objects)| objects.len() - 1);
    let last = p.object("Vector", last) + offset_of!(Vector, len);
    run(
        &bytes,
        cases![
            ("a type of another number", "Arenas", [cons => word(99)], ["arena of neodump_tests::fixture::object::Cons has type 99"]),
            ("an offset that leaves a gap", "Arenas", [cons + 8 => word(p.forge.u64(cons + 8) + 64)], ["has offset"]),
            ("one object more", "Arenas", [cons + 16 => word(p.forge.u64(cons + 16) + 1)], ["has length"]),
            ("objects without end", "Arenas", [cons + 16 => word(u64::MAX)], ["has length", "expected less"]),
            ("a stride that is none", "Arenas", [cons + 24 => word(0)], ["has stride 0, expected 16"]),
            ("a stride of a type with a tail", "Arenas", [vector + 24 => word(8)], ["has stride 8, expected 0"]),
            ("a length beyond the section", "Arenas", [vector + 32 => word(1 << 50)], ["has length", "expected less"]),
            ("more objects than bytes", "Arenas", [vector + 16 => word(1 << 20)], ["has object count 1048576, expected less"]),
            ("a side record elsewhere", "Arenas", [p.arena("Subr") + 40 => word(16)], ["has side offset 16"]),
            ("starts elsewhere", "Arenas", [vector + 48 => word(8)], ["has starts offset 8, expected 0"]),
            ("a reserved number", "Arenas", [cons + 56 => word(1)], ["has reserved (2) 1, expected 0"]),
            ("one object less", "ObjectStarts", [vector + 16 => word(p.forge.u64(vector + 16) - 1)],
                ["object starts for 3 objects"]),
            ("a start that is missing", "ObjectStarts", [starts => word(p.forge.u64(starts) & !1)], ["Vector: ", "object starts"]),
            ("a start more", "ObjectStarts", [starts => word(p.forge.u64(starts) | 2)], ["object starts"]),
            ("a start that has moved", "ObjectStarts", [starts => word((p.forge.u64(starts) & !1) | 2)],
                ["object starts at 0x8 of its arena, expected 0x0"]),
            ("a tail that is longer", "ObjectStarts", [len => 8_u32.to_le_bytes().to_vec()], ["object starts at"]),
            ("a tail without end", "HeapImage", [len => vec![0xff; 4]], ["trailing array of 4294967295 elements"]),
            ("a last tail that is longer", "HeapImage", [last => vec![9, 0, 0, 0]], ["trailing array of 9 elements ends behind"]),
        ],
    );
    let mut vm = Vm::empty();
    vm.root = vm.heap.vector(&[Value::NIL; 3]);
    let bytes = vm.dump().expect("dumped");
    let len = Places::new(&bytes).object("Vector", 0) + offset_of!(Vector, len);
    run(
        &bytes,
        cases![
            ("a last tail that is shorter", "ObjectStarts", [len => vec![2, 0, 0, 0]], ["Vector: objects end at 0x20"]),
        ],
    );
}

#[test]
fn rules_of_natives_symbols_and_relocations_are_kept() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let p = Places::new(&bytes);
    let natives = p.forge.section("Natives").start;
    let symbols = p.forge.section("SymbolTable").start;
    let relocations = p.forge.section("Relocations").start;
    let (record, half) = (natives + 32, |value: u32| value.to_le_bytes().to_vec());
    let names_at = symbols + p.forge.u64(symbols + 16) as usize;
    let index_at = symbols + p.forge.u64(symbols + 24) as usize;
    let symbols_at = symbols + p.forge.u64(symbols + 32) as usize;
    let full = (index_at..symbols_at).step_by(8).find(|at| p.forge.u64(*at) != 0).expect("an entry");
    let hollow = (index_at..symbols_at).step_by(8).find(|at| p.forge.u64(*at) == 0).expect("an entry");
    run(
        &bytes,
        cases![
            ("natives of another layout", "Natives", [natives => half(2)], ["the layout is 2, expected 1"]),
            ("natives that are not there", "Natives", [natives + 4 => half(1000)], ["1000 imports and"]),
            ("slots of another length", "Natives", [natives + 8 => word(8)], ["slots take"]),
            ("strings of another length", "Natives", [natives + 16 => word(8)], ["8 bytes of strings do not make"]),
            ("a reserved number of natives", "Natives", [natives + 24 => word(1)], ["the reserved number is not zero"]),
            ("a string elsewhere", "Natives", [record => half(3)], ["import 0: a string at 3, expected 0"]),
            ("a name without bytes", "Natives", [record + 4 => half(0)], ["import 0: the string at 0 is empty"]),
            ("a name without end", "Natives", [record + 4 => half(u32::MAX)], ["import 0: ", "are not a string"]),
            ("a native of no kind", "Natives", [record + 16 => half(3)], ["import 0: kind 3, expected 1 (function) or 2 (data)"]),
            ("an alignment that is none", "Natives", [record + 20 => half(3)], ["import 0: alignment 3"]),
            ("a function of another size", "Natives", [record + 24 => word(16)], ["import 0: a function of size 16"]),
            ("a native without bytes", "Natives", [record + 24 => word(0)], ["import 0: size 0"]),
            ("a slot elsewhere", "Natives", [record + 32 => word(64)], ["import 0: slot at 64, expected 0"]),
            ("symbols of another layout", "SymbolTable", [symbols => half(7)], ["the layout is 7, expected 1"]),
            ("more symbols", "SymbolTable", [symbols + 4 => half(1 << 30)], ["the offset of the name bytes is"]),
            ("more names than symbols", "SymbolTable", [symbols + 8 => half(5)], ["5 names for 4 symbols"]),
            ("symbols without end", "SymbolTable", [symbols + 4 => half(u32::MAX)], ["4294967295 symbols, expected at most"]),
            ("a reserved number of symbols", "SymbolTable", [symbols + 12 => half(1)], ["the reserved number is 1"]),
            ("a name elsewhere", "SymbolTable", [names_at => word(1)], ["name 0 lies at 1, expected 0"]),
            ("a long name", "SymbolTable", [names_at + 8 => half(1 << 30)], ["name 0 does not lie in the name bytes"]),
            ("a name of another symbol", "SymbolTable", [names_at + 12 => half(2)], ["name 0 is interned as symbol 1"]),
            ("an entry with another hash", "SymbolTable", [full => half(1)], ["has hash 0x1, expected"]),
            ("an entry with a name too much", "SymbolTable", [full + 4 => half(9)], ["an entry has name 8 of 3"]),
            ("an entry that is missing", "SymbolTable", [full => word(0)], ["has no entry in the index"]),
            ("an empty entry with a hash", "SymbolTable", [hollow => half(5)], ["an empty entry has a hash"]),
            ("two entries of a name", "SymbolTable", [hollow => word(p.forge.u64(full))], ["has a second entry"]),
            ("a symbol without a name", "SymbolTable", [symbols_at => half(3)], ["symbol 0 has name 3, expected at most 0 of 3"]),
            ("relocations with reserved bits", "Relocations", [relocations + 28 => half(1)], ["reserved bytes are not zero"]),
            ("relocations of many classes", "Relocations", [relocations => half(99)], ["found 99"]),
            ("relocations without end", "Relocations", [relocations + 8 => word(u64::MAX)], ["records of"]),
        ],
    );
}

/// What the sections say of themselves, and their lengths: images that are written anew.
#[test]
fn rules_of_sections_are_kept() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let forge = Forge::new(&bytes);
    let (identity, sections) = forge.apart();
    let at = |name: &str| sections.iter().position(|(spec, _)| spec.name == name).expect("a section");
    let cases = [
        ("HeapImage", "by the Arenas section"),
        ("HeapWords", "bytes, of which its owners own"),
        ("Hydration", "bytes, of which its owners own"),
        ("Root", "bytes, of which its owners own"),
        ("owned", "bytes, of which its owners own"),
        ("HeapBytes", "bytes, of which its owners own"),
        ("ObjectStarts", "by the Arenas section"),
        ("Imports", "by the Natives section"),
        ("Arenas", "for 7 types"),
    ];
    for (name, says) in cases {
        let mut changed = sections.clone();
        // Within the padding, so that nothing else moves.
        changed[at(name)].1.push(0);
        let error =
            Vm::load(&assemble(&identity, &changed)).err().unwrap_or_else(|| panic!("{name} was loaded"));
        let text = error.to_string();
        assert!(
            text.contains(&format!("section {name}, offset 0x")) && text.contains(says),
            "{name}: {text}"
        );
    }
    // Sections that end too early, in an image without relocations.
    let (identity, sections) = Forge::new(&Vm::empty().dump().expect("dumped")).apart();
    for (name, says) in [
        ("Root", "bytes, expected"),
        ("scalars", "bytes, expected at least"),
        ("registers", "bytes, expected at least"),
    ] {
        let mut changed = sections.clone();
        let body = &mut changed[at(name)].1;
        // The next section starts where it did: lengths count, places do not.
        let shorter = body.len() / 64 * 64 - if body.len() % 64 == 0 { 63 } else { 0 };
        body.truncate(shorter.max(1));
        let error = Vm::load(&assemble(&identity, &changed)).err().expect("refused").to_string();
        assert!(error.contains(&format!("section {name}")) && error.contains(says), "{name}: {error}");
    }
    let (identity, sections) = forge.apart();
    // Sections that are missing, too many, or in another order.
    let mut missing = sections.clone();
    missing.remove(at("HeapBytes"));
    let mut more = sections.clone();
    more.insert(1, (SectionSpec { name: "more".into(), ..sections[1].0.clone() }, Vec::new()));
    let mut swapped = sections.clone();
    swapped.swap(1, 2);
    for (changed, says) in [
        (missing, "expected HeapBytes in ro"),
        (more, "section 1 is more in rw, expected HeapWords in rw"),
        (swapped, "section 1 is Hydration in rw, expected HeapWords in rw"),
    ] {
        let error = Vm::load(&assemble(&identity, &changed)).err().expect("refused").to_string();
        assert!(error.contains("section section table") && error.contains(says), "{error}");
    }
    // Natives that the header does not know, and padding that hides something.
    let mut other = identity.clone();
    other.natives_hash ^= 1;
    let error = Vm::load(&assemble(&other, &sections)).err().expect("refused").to_string();
    assert!(error.contains("section Natives") && error.contains("not those of the header"), "{error}");
    for (name, section) in forge.contents() {
        let (mut hidden, end) = (forge.clone(), section.end);
        if end.is_multiple_of(64) {
            continue;
        }
        hidden.bytes()[end] = 1;
        let error = Vm::load(hidden.sealed()).err().expect("refused").to_string();
        let says = format!("section {name}, offset {end:#x}: the padding after the section is not zero");
        assert!(error.contains(&says), "{error}");
    }
}

#[test]
fn rules_of_the_header_are_kept() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let field = |name: &str| HEADER_FIELDS.iter().find(|field| field.name == name).expect("a field");
    for (name, value, says) in [
        ("container version", 99, "unsupported container version: the image has 99"),
        ("word size", 4, "unsupported word size: the image has 4"),
        ("byte order", 2, "unsupported byte order: the image has 2"),
        ("preferred base", 0x1000, "expected a multiple of 0x200000"),
        ("preferred base", 0, "expected a multiple of 0x200000"),
        ("preferred base", (1 << 46) - (2 << 20) + (2 << 20), "would end above"),
        ("section count", 5000, "expected at most 4096"),
        ("section count", 3, "section"),
        ("header region length", 1 << 40, "header region length"),
        ("file length", 1 << 40, "truncated"),
        ("reserved (1)", 1, "reserved (1)"),
        ("reserved (2)", 1, "reserved (2)"),
        ("image version", 77, "stale image: image version: 77 in the image"),
        ("root schema hash", 1, "with hash 0000000000000001 in the image"),
        ("natives hash", 1, "the natives are not those of the header"),
    ] {
        let mut forge = Forge::new(&bytes);
        let field = field(name);
        let bytes = u64::to_le_bytes(value);
        forge.bytes()[field.offset..field.offset + field.size.min(8)]
            .copy_from_slice(&bytes[..field.size.min(8)]);
        let error =
            Vm::load(forge.sealed_header()).err().unwrap_or_else(|| panic!("{name} was loaded")).to_string();
        assert!(error.contains(says), "{name}: {error}");
    }
    let section = |name: &str| SECTION_FIELDS.iter().find(|field| field.name == name).expect("a field");
    for (name, value, says) in [
        ("segment", 9, "there is no segment 9"),
        ("segment", 4, "follows one of meta"),
        ("offset", 0, "offset"),
        ("length", 1 << 45, "larger than an image can be"),
        ("length", u64::MAX, "more than an image can hold"),
        ("reserved", 1, "reserved"),
        ("name", 0, "name"),
    ] {
        let mut forge = Forge::new(&bytes);
        let field = section(name);
        let at = 256 + 4 * 32 + field.offset;
        forge.bytes()[at..at + field.size.min(8)]
            .copy_from_slice(&u64::to_le_bytes(value)[..field.size.min(8)]);
        let error =
            Vm::load(forge.sealed_header()).err().unwrap_or_else(|| panic!("{name} was loaded")).to_string();
        assert!(error.contains(says), "section {name}: {error}");
    }
}

#[test]
fn an_image_that_is_refused_at_its_base_is_refused_elsewhere() {
    let _turn = BASE.lock();
    let bytes = Vm::full().dump().expect("dumped");
    let p = Places::new(&bytes);
    let cdr = p.object("Cons", 0) + offset_of!(Cons, cdr);
    for (at, value) in [(cdr, 0b001), (cdr, 8 | CONS), (p.forge.section("Relocations").start, 99)] {
        let (names, mut forge) = (natives(), p.forge.clone());
        forge.put(at, value);
        let sealed = forge.sealed();
        for placement in [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched] {
            let loaded = LoadOptions::new().natives(&names).placement(placement).load_bytes::<Vm>(sealed);
            assert!(loaded.is_err(), "{value:#x} at {at:#x} {placement:?}");
        }
    }
}
