//! Stored forms of symbols and of the interner.

use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::Shape;
use crate::symbols::{Interner, Symbol};

// SAFETY: a symbol is its id; the audit accepts those of the symbol table.
unsafe impl Dumpable for Symbol {
    type Id = Self;
    const RECORD: Record = Record::in_place::<Self>().with_rw();
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Symbol", Self::RECORD, &[]) }
    }
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        v.symbol(*this)
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        w.symbol(*this);
        Dumpable::write(&this.id(), at, w)
    }
    unsafe fn read(at: At, _: &mut Reader<'_>) -> Self {
        // SAFETY: the caller promises an audited record.
        unsafe { at.get() }
    }
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises four readable bytes.
        let symbol = unsafe { at.get::<Self>() };
        if let Some(remapped) = a.symbol(symbol)? {
            // SAFETY: the caller promises four writable bytes.
            unsafe { at.as_ptr::<Self>().write(remapped) };
        }
        Ok(())
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.symbol(*this);
    }
    super::changed!(|this, f| super::fields::symbol(this, f), |_| Some(Self::from_id(0)));
    fn label(this: &Self) -> Option<String> {
        Some(format!("symbol {}", this.id()))
    }
}

// SAFETY: no bytes of its own: the interner is the SymbolTable section.
unsafe impl Dumpable for Interner {
    type Id = Self;
    const RECORD: Record = Record::hydrated(0, 1);
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Interner", Self::RECORD, &[]) }
    }
    fn walk<V: Visitor>(_: &Self, _: &mut V) -> Result<(), V::Stop> {
        Ok(())
    }
    fn write(this: &Self, _: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        w.symbols(this)
    }
    unsafe fn read(_: At, r: &mut Reader<'_>) -> Self {
        r.interner()
    }
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    unsafe fn audit(_: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        Ok(())
    }
    super::changed!(
        |this, f| f.leaf(
            this,
            |symbols| format!("{} symbols", symbols.len()),
            |symbols, _| {
                symbols.uninterned("neodump testing");
                Ok(())
            }
        ),
        |_| Some(Self::new())
    );
}
