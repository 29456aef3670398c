//! Registers: what the user put aside under a character.

use super::LispString;
use crate::rt::Dumpable;
use crate::value::Value;
use std::collections::HashMap;

/// What a register holds.
#[derive(Dumpable, Clone, Debug)]
pub enum Register {
    /// Text to insert.
    Text(LispString),
    /// A number to insert or to count with.
    Number(i64),
    /// A place to go to: a marker, or what stands for one.
    Marker(Value),
    /// A rectangle to insert, its lines from the top.
    Rectangle(Vec<LispString>),
    /// How the windows were laid out.
    FrameConfig(Value),
    /// A file to visit.
    File(LispString),
    /// Keys to type.
    KbdMacro(Vec<Value>),
}

/// All registers.
#[derive(Dumpable, Default)]
#[dump(section = "registers", version = 2)]
pub struct Registers {
    /// By the character that names them.
    pub registers: HashMap<char, Register>,
}
