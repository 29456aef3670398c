//! Damaged and forged tables: refused, or at least harmless.

use super::{encode, frozen};
use crate::symbols::{Interner, Symbol, hash_name, layout};

fn table() -> Vec<u8> {
    let mut interner = Interner::with_names(&["nil", "t", "", "car", "a\0b"]);
    interner.uninterned("g");
    interner.uninterned("car");
    let gone = interner.intern("gone");
    interner.unintern(gone);
    encode(&interner)
}

/// Calls everything that reads the table. Nothing may panic, hang or (under a sanitizer) stray.
fn use_everything(bytes: &[u8]) -> Result<(), crate::error::DumpError> {
    let table = frozen(bytes)?;
    let ids = || (0..table.len().min(64)).chain([u32::MAX - 1, u32::MAX]).map(Symbol::from_id);
    for symbol in ids() {
        let name = table.name(symbol);
        table.is_interned(symbol);
        if let Some(name) = name {
            table.lookup(name);
        }
    }
    table.lookup(b"");
    table.lookup(b"no such name");
    assert!(table.iter().count() <= table.len() as usize);
    let mut interner = Interner::from_frozen(table);
    for symbol in ids() {
        interner.get_name(symbol);
        interner.is_interned(symbol);
    }
    let _ = interner.encode();
    let car = interner.intern("car");
    interner.is_interned(car);
    interner.unintern(car);
    interner.uninterned("t");
    let _ = interner.encode();
    let mut host = Interner::with_names(&["t", "nil"]);
    for staged in [host.stage(&table), host.stage_in_place(&table)].into_iter().flatten() {
        assert!(ids().filter_map(|symbol| staged.remap(symbol)).count() <= table.len() as usize);
        let _ = host.commit(staged);
    }
    let audit = table.audit();
    if audit.is_ok() {
        check_sound(bytes);
    }
    audit
}

/// What the audit promises, checked the slow way.
fn check_sound(bytes: &[u8]) {
    let table = frozen(bytes).unwrap();
    let all: Vec<_> = table.iter().collect();
    assert_eq!(all.len(), table.len() as usize);
    for &(symbol, name) in &all {
        let interned: Vec<_> = all.iter().filter(|one| one.1 == name && table.is_interned(one.0)).collect();
        assert!(interned.len() <= 1);
        assert_eq!(table.lookup(name), interned.first().map(|one| one.0));
        assert_eq!(table.is_interned(symbol), table.lookup(name) == Some(symbol));
    }
    let again = encode(&Interner::from_frozen(table));
    assert_eq!(again.len(), bytes.len());
    frozen(&again).unwrap().audit().unwrap();
}

#[test]
fn every_changed_bit_is_refused_or_gives_another_sound_table() {
    let bytes = table();
    use_everything(&bytes).unwrap();
    let mut sound = 0;
    for at in 0..bytes.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            sound += usize::from(use_everything(&bytes).is_ok());
        }
    }
    // Only a symbol's name id, and a name's interned symbol, can change into something sound.
    assert!(sound < 100, "{sound} changes passed the audit");
}

#[test]
fn every_number_set_to_an_extreme_is_refused_or_harmless() {
    let bytes = table();
    for at in (0..bytes.len() - 4).step_by(4) {
        for value in [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX - 1, u32::MAX] {
            let mut bytes = bytes.clone();
            layout::put_u32(&mut bytes, at, value);
            let _ = use_everything(&bytes);
        }
    }
}

#[test]
fn every_truncation_and_every_extension_is_refused() {
    let bytes = table();
    for len in 0..bytes.len() {
        assert!(use_everything(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(use_everything(&longer).is_err());
}

#[test]
fn no_bytes_at_all_are_refused_even_without_an_address() {
    // SAFETY: no byte is read from zero bytes.
    let table = unsafe { crate::symbols::Frozen::new(std::ptr::null(), 0) };
    assert!(table.is_err());
}

#[test]
fn a_table_may_lie_at_any_address() {
    let bytes = table();
    for shift in 0..8 {
        let mut moved = vec![0; shift];
        moved.extend_from_slice(&bytes);
        use_everything(&moved[shift..]).unwrap();
    }
}

/// A table of uninterned symbols with these names, one symbol a name, equal or not, whose index is
/// filled in order.
fn forge(names: &[&[u8]]) -> Vec<u8> {
    let len = names.iter().map(|name| name.len()).sum();
    let count = names.len() as u32;
    let layout = layout::Layout::of(count, count, len).unwrap();
    let mut bytes = layout.header().to_vec();
    bytes.resize(layout.bytes_at, 0);
    for (id, name) in names.iter().enumerate() {
        let record = layout.names_at + id * layout::NAME;
        let offset = bytes.len() - layout.bytes_at;
        layout::put_u64(&mut bytes, record, offset as u64);
        layout::put_u32(&mut bytes, record + 8, name.len() as u32);
        layout::put_u32(&mut bytes, record + 12, id as u32 + 1);
        layout::put_u32(&mut bytes, layout.symbols_at + id * layout::SYMBOL, id as u32);
        let mut at = hash_name(name) as usize & (layout.entries - 1);
        while bytes[layout.index_at + at * layout::ENTRY + 4] != 0 {
            at = (at + 1) & (layout.entries - 1);
        }
        layout::put_u32(&mut bytes, layout.index_at + at * layout::ENTRY, (hash_name(name) >> 32) as u32);
        layout::put_u32(&mut bytes, layout.index_at + at * layout::ENTRY + 4, id as u32 + 1);
        bytes.extend_from_slice(name);
    }
    bytes
}

#[test]
fn two_interned_symbols_of_one_name_are_refused() {
    use_everything(&forge(&[b"one", b"two", b"three"])).unwrap();
    for names in [[&b"one"[..], b"two", b"one"], [b"", b"x", b""]] {
        let error = use_everything(&forge(&names)).unwrap_err().to_string();
        assert!(error.contains("names 0 and 2 are equal"), "{error}");
    }
}

#[test]
fn a_full_index_ends_every_probe() {
    let mut bytes = forge(&[b"one", b"two"]);
    let table = *frozen(&bytes).unwrap().layout();
    for at in 0..table.entries {
        layout::put_u64(&mut bytes, table.index_at + at * layout::ENTRY, 1 << 32);
    }
    assert_eq!(frozen(&bytes).unwrap().lookup(b"absent"), None);
    assert!(use_everything(&bytes).is_err());
}

#[test]
fn a_huge_count_is_refused_before_anything_is_allocated() {
    let mut bytes = encode(&Interner::new());
    layout::put_u32(&mut bytes, layout::header::SYMBOLS, u32::MAX);
    assert!(frozen(&bytes).is_err());
    layout::put_u32(&mut bytes, layout::header::SYMBOLS, u32::MAX - 1);
    layout::put_u32(&mut bytes, layout::header::NAMES, u32::MAX - 1);
    assert!(frozen(&bytes).is_err());
    layout::put_u64(&mut bytes, layout::header::BYTES_LEN, u64::MAX);
    assert!(frozen(&bytes).is_err());
}
