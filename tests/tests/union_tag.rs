//! `unsafe(tag = expr)`: of a union, the field that is alive is dumped, and no other.

mod shapes;

use std::cell::Cell;
use std::ptr::NonNull;

use neodump_runtime::record::Tagged;
use neodump_runtime::{Dumpable, ImageVec, Interner, LoadOptions, Natives, Symbol};
use neodump_tests::forge::Forge;
use shapes::{alone, around, carried, dumped, leak, release};

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Redirect {
    Plain = 0,
    Alias = 1,
    Local = 2,
    Forwarded = 3,
}

/// The value cell of a symbol.
#[derive(Dumpable, Clone, Copy)]
#[dump(tag = Redirect)]
#[repr(C)]
union Value {
    #[dump(tag = Redirect::Plain)]
    #[dump(unsafe(pointer))]
    plain: Option<NonNull<Box64>>,
    #[dump(tag = Redirect::Alias)]
    alias: u32,
    /// Narrower than the union, and not valid for all bytes.
    #[dump(tag = Redirect::Local)]
    flags: (bool, char),
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Box64 {
    number: u64,
    redirect: Cell<Redirect>,
    #[dump(unsafe(tag = redirect.get()))]
    value: Value,
}

/// A row of the obarray: hydrated, as it has a name, with the union before its tag.
#[derive(Dumpable)]
struct Row {
    #[dump(unsafe(tag = redirect))]
    value: Value,
    name: String,
    redirect: Redirect,
}

/// In place.
#[derive(Dumpable, Clone, Copy)]
#[repr(C)]
struct Packed {
    flags: u16,
    #[dump(unsafe(tag = Redirect::of(*flags)))]
    value: Value,
}

impl Redirect {
    fn of(flags: u16) -> Self {
        [Self::Plain, Self::Alias, Self::Local, Self::Forwarded][usize::from(flags >> 4 & 3)]
    }
}

fn boxed(number: u64, redirect: Redirect, value: Value) -> NonNull<Box64> {
    NonNull::new(leak(Box64 { number, redirect: Cell::new(redirect), value })).expect("a box is not null")
}

fn row(name: &str, redirect: Redirect, value: Value) -> Row {
    Row { name: name.to_owned(), redirect, value }
}

/// What the field that is alive says.
fn text(redirect: Redirect, value: &Value) -> String {
    // SAFETY: of each field its tag says that it is alive.
    unsafe {
        match redirect {
            Redirect::Plain => value.plain.map_or("none".to_owned(), at),
            Redirect::Alias => format!("alias of {}", value.alias),
            Redirect::Local => format!("{:?}", value.flags),
            Redirect::Forwarded => "forwarded".to_owned(),
        }
    }
}

fn at(object: NonNull<Box64>) -> String {
    // SAFETY: a live object.
    let object = unsafe { object.as_ref() };
    format!("{} ({})", object.number, text(object.redirect.get(), &object.value))
}

type All = (Vec<Row>, ImageVec<Packed>, NonNull<Box64>);

fn all() -> All {
    let inner = boxed(1, Redirect::Local, Value { flags: (true, 'x') });
    let outer = boxed(2, Redirect::Plain, Value { plain: Some(inner) });
    let rows = vec![
        row("car", Redirect::Plain, Value { plain: Some(outer) }),
        row("nil", Redirect::Plain, Value { plain: None }),
        row("kar", Redirect::Alias, Value { alias: 7 }),
        row("cdr", Redirect::Local, Value { flags: (false, '\u{10ffff}') }),
    ];
    let packed = vec![
        Packed { flags: 0x0f, value: Value { plain: Some(inner) } },
        Packed { flags: 0x1f, value: Value { alias: u32::MAX } },
        Packed { flags: 0x2f, value: Value { flags: (true, 'y') } },
    ];
    (rows, packed.into(), outer)
}

#[test]
fn the_field_that_is_alive_comes_back_wherever_the_union_stands() {
    const { assert!(Packed::RECORD.in_place && Value::RECORD.size == 8) };
    carried(all(), |(rows, packed, object), _| {
        let texts: Vec<_> = rows.iter().map(|row| text(row.redirect, &row.value)).collect();
        assert_eq!(texts, ["2 (1 ((true, 'x')))", "none", "alias of 7", "(false, '\\u{10ffff}')"]);
        let texts: Vec<_> = packed.iter().map(|one| text(Redirect::of(one.flags), &one.value)).collect();
        assert_eq!(texts, ["1 ((true, 'x'))", "alias of 4294967295", "(true, 'y')"]);
        assert_eq!(at(*object), "2 (1 ((true, 'x')))");
    });
}

#[test]
fn bytes_of_fields_that_are_not_alive_are_not_in_the_image() {
    let _alone = alone();
    let image = |fill: u8| {
        // SAFETY: all bytes are valid for a union.
        let mut value = unsafe { std::mem::transmute::<[u8; 8], Value>([fill; 8]) };
        value.alias = 9;
        dumped(&mut around(vec![row("one", Redirect::Alias, value)]), &Natives::new())
    };
    assert!(image(0) == image(0xff), "only the four bytes of the alias count");
}

#[test]
fn a_tag_that_selects_no_field_is_refused_at_the_dump_with_the_way_to_it() {
    let _alone = alone();
    let bad = || Value { alias: 0 };
    let rows = vec![row("one", Redirect::Alias, bad()), row("two", Redirect::Forwarded, bad())];
    let refused = neodump_runtime::dump_to_bytes(&mut around(rows)).expect_err("refused").to_string();
    assert!(
        refused.contains("value[1].value") && refused.contains("selects no field of union Value"),
        "{refused}"
    );
    let object = around(boxed(1, Redirect::Forwarded, bad()));
    let refused = neodump_runtime::dump_to_bytes(&mut { object }).expect_err("refused").to_string();
    assert!(refused.contains("box64.value"), "{refused}");
}

#[test]
fn hostile_tags_and_contents_are_refused_by_the_audit() {
    let _alone = alone();
    let rows = vec![row("one", Redirect::Alias, Value { alias: 9 })];
    let bytes = dumped(&mut around(rows), &Natives::new());
    let pristine = Forge::new(&bytes);
    // The only row: the union first, and the tag last in the record.
    let row = pristine.section("Root").start + around_record();
    let tag = row + Row::RECORD.size - Row::RECORD.align;
    let refused = |writes: &[(usize, u8)]| {
        let mut forge = pristine.clone();
        for (at, byte) in writes {
            forge.bytes()[*at] = *byte;
        }
        let loaded = LoadOptions::new().load_bytes::<shapes::Around<Vec<Row>>>(forge.sealed());
        loaded.map(release).err().map(|error| error.to_string())
    };
    assert_eq!(refused(&[]), None);
    let at = |writes: &[(usize, u8)], says: &str| {
        let refused = refused(writes).expect("refused");
        assert!(refused.contains(says), "{says}: {refused}");
    };
    at(&[(tag, 4)], "value[0].redirect: the tag of Redirect is 4");
    at(&[(tag, 3)], "value[0].value: the tag selects no field of union Value");
    at(&[(tag, 0)], "value[0].value.plain");
    at(&[(tag, 2)], "value[0].value.flags");
    assert_eq!(refused(&[(tag, 2), (row, 1)]), None, "a flag, and the letter NUL");
}

/// The size of the root's own record, behind which its payloads lie.
fn around_record() -> usize {
    <shapes::Around<Vec<Row>> as Dumpable>::RECORD.size
}

#[test]
fn a_word_in_a_union_is_moved_and_a_symbol_renumbered() {
    #[derive(Dumpable)]
    #[dump(tag = u8)]
    #[repr(C)]
    union Cell {
        #[dump(tag = 0..=9 | 200)]
        symbol: Symbol,
        #[dump(tag = 10)]
        number: u64,
    }
    #[derive(Dumpable)]
    #[repr(C)]
    struct Slot {
        kind: u8,
        #[dump(unsafe(tag = *kind))]
        cell: Cell,
    }
    #[derive(Dumpable)]
    #[dump(image = "cells", version = 1)]
    struct Vm {
        slots: ImageVec<Slot>,
    }
    let mut interner = Interner::new();
    let slots = vec![
        Slot { kind: 9, cell: Cell { symbol: interner.intern(b"name") } },
        Slot { kind: 10, cell: Cell { number: u64::MAX } },
    ];
    let dumper = neodump_runtime::Dumper::new().interner(&interner);
    let (bytes, _) = dumper.to_bytes(&mut Vm { slots: slots.into() }).expect("dumps");
    let mut other = Interner::new();
    for name in ["a", "b", "c"] {
        other.intern(name.as_bytes());
    }
    let back: Vm = LoadOptions::new().interner(&mut other).load_bytes(&bytes).expect("loads");
    // SAFETY: the tag says that it is alive.
    let symbol = unsafe { back.slots[0].cell.symbol };
    // SAFETY: as above.
    let number = unsafe { back.slots[1].cell.number };
    assert_eq!((symbol, number), (other.intern(b"name"), u64::MAX));
}
