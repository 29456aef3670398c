//! The chain of a text's markers.

use super::object::{Marker, MarkerChain, Pos};
use crate::heap::Heap;
use crate::object::{Header, Kind};
use crate::value::Value;
use std::cell::Cell;

impl Heap {
    /// Makes a marker that is in no buffer.
    pub fn marker(&mut self) -> Value {
        self.adopt(
            Marker {
                header: Header::new(Kind::Marker),
                buffer: Cell::new(Value::NIL),
                pos: Cell::new(Pos::FIRST),
                advances: Cell::new(false),
                was_placed: Cell::new(false),
                next: Cell::new(Value::NIL),
            },
            0,
        )
    }

    /// Makes a chain without markers.
    pub(crate) fn marker_chain(&mut self) -> Value {
        self.adopt(MarkerChain { header: Header::new(Kind::MarkerChain), first: Cell::new(Value::NIL) }, 0)
    }

    /// The newest marker of a chain, or nil.
    pub(crate) fn first_marker(&self, chain: Value) -> Value {
        self.get::<MarkerChain>(chain).map_or(Value::NIL, |chain| chain.first.get())
    }

    /// The markers of a chain, the newest first.
    pub fn markers(&self, chain: Value) -> impl Iterator<Item = &Marker> {
        let first = self.get::<Marker>(self.first_marker(chain));
        std::iter::successors(first, |marker| self.get::<Marker>(marker.next.get()))
    }

    /// Hangs a marker on a chain.
    pub(crate) fn link(&self, chain: Value, marker: Value) {
        if let (Some(chain), Some(m)) = (self.get::<MarkerChain>(chain), self.get::<Marker>(marker)) {
            m.next.set(chain.first.replace(marker));
        }
    }

    /// Takes those markers off a chain that are not to stay, and touches nothing else.
    pub(crate) fn unlink(&self, chain: Value, mut stays: impl FnMut(Value) -> bool) {
        let Some(chain) = self.get::<MarkerChain>(chain) else { return };
        let mut place = &chain.first;
        while let Some(marker) = self.get::<Marker>(place.get()) {
            if stays(place.get()) {
                place = &marker.next;
            } else {
                place.set(marker.next.replace(Value::NIL));
            }
        }
    }

    /// Takes the markers that the collector did not reach off a chain. A marker of an image is asked about like any
    /// other.
    pub(crate) fn drop_dead_markers(&self, chain: Value) {
        self.unlink(chain, |marker| self.is_marked(marker));
    }
}
