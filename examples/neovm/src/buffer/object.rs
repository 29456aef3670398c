//! The heap objects of buffers: markers and the chains they hang on, overlays, and the handles that stand for what has
//! a number: buffers, windows, frames, timers.

use crate::object::{Header, Kind};
use crate::rt::Dumpable;
use crate::value::Value;
use std::cell::Cell;

/// A place in a buffer's text, counted from 1 in characters and in bytes of the internal encoding.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(C)]
pub struct Pos {
    /// In characters.
    pub char: u64,
    /// In bytes.
    pub byte: u64,
}

impl Pos {
    /// The start of every text.
    pub const FIRST: Pos = Pos { char: 1, byte: 1 };
}

/// A place in a buffer that follows the text around it.
///
/// All markers of a text hang on one chain. The chain does not keep them alive: the collector takes the dead ones off
/// it, by the one question that it asks of all objects, so a marker of an image stays on it as long as it is reached.
/// A dump follows the chain. Weak links would not do there: a program that dumps may hold a marker that the image has no
/// other reason to have, and a link that is cut at it would lose all that hang behind it.
#[derive(Dumpable)]
#[dump(object, kind = Kind::Marker as u8)]
#[repr(C)]
pub struct Marker {
    /// The header.
    pub header: Header,
    /// The handle of the buffer it is in, or nil.
    pub buffer: Cell<Value>,
    /// Where it is, or was when it was in a buffer.
    pub pos: Cell<Pos>,
    /// Whether it moves behind text inserted where it is.
    pub advances: Cell<bool>,
    /// Whether `pos` says where it last was: set when its buffer is killed.
    pub was_placed: Cell<bool>,
    /// The next marker of the chain, or nil.
    pub(crate) next: Cell<Value>,
}

/// The markers of one text: where their chain starts. Reached from the text, it does not reach what it holds.
#[derive(Dumpable)]
#[dump(object, kind = Kind::MarkerChain as u8)]
#[repr(C)]
pub struct MarkerChain {
    /// The header.
    pub header: Header,
    /// The first marker, or nil.
    pub(crate) first: Cell<Value>,
}

/// A part of a buffer with properties that the text does not take along. Its buffer keeps it alive.
#[derive(Dumpable)]
#[dump(object, kind = Kind::Overlay as u8)]
#[repr(C)]
pub struct Overlay {
    /// The header.
    pub header: Header,
    /// The properties.
    pub plist: Cell<Value>,
    /// The handle of the buffer it is in, or nil.
    pub buffer: Cell<Value>,
    /// Where it starts, in characters from 1.
    pub start: Cell<u64>,
    /// Where it ends; not before its start.
    pub end: Cell<u64>,
    /// Its number in the order in which overlays were made.
    pub serial: u64,
    /// Whether its start moves behind text inserted there.
    pub front_advance: bool,
    /// Whether its end moves behind text inserted there.
    pub rear_advance: bool,
}

/// What a buffer is to a program: the only object for its number.
#[derive(Dumpable)]
#[dump(object, kind = Kind::BufferHandle as u8)]
#[repr(C)]
pub struct BufferHandle {
    /// The header.
    pub header: Header,
    /// The number of the buffer.
    pub id: u64,
    /// Its name, or nil once it was killed.
    pub name: Cell<Value>,
    /// The name it had when it was killed or renamed, or nil.
    pub last_name: Cell<Value>,
}

macro_rules! numbered {
    ($($(#[$doc:meta])* $type:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Dumpable)]
        #[dump(object, kind = Kind::$type as u8)]
        #[repr(C)]
        pub struct $type {
            /// The header.
            pub header: Header,
            /// The number.
            pub id: u64,
        }

        impl Numbered for $type {
            fn with_id(id: u64) -> $type {
                $type { header: Header::new(Kind::$type), id }
            }
        }
    )*};
}

/// A handle that is nothing but a number.
pub trait Numbered: crate::object::Headed {
    /// The handle of this number.
    fn with_id(id: u64) -> Self;
}

numbered! {
    /// What a window is to a program. An image has no windows, but what refers to one keeps its identity.
    WindowHandle,
    /// What a frame is to a program.
    FrameHandle,
    /// What a timer is to a program.
    TimerHandle,
}
