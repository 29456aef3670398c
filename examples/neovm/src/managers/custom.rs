//! User options: what they are, what they may be, and in which groups they are found.

use super::LispString;
use crate::rt::{Dumpable, Symbol};
use crate::value::Value;
use std::collections::HashMap;

/// One of the values that an option may take, as the user sees it.
#[derive(Dumpable, Clone, Debug)]
pub struct Alternative {
    /// What it is called; nothing when its type says enough.
    pub tag: Option<LispString>,
    /// What it may be.
    pub kind: CustomType,
}

/// What values an option may have.
#[derive(Dumpable, Clone, Debug)]
pub enum CustomType {
    /// `t` or nil.
    Boolean,
    /// An integer.
    Integer,
    /// An integer that is not negative.
    Natnum,
    /// A float.
    Float,
    /// An integer or a float.
    Number,
    /// A string.
    String,
    /// A regular expression.
    Regexp,
    /// A character.
    Character,
    /// A symbol.
    Symbol,
    /// A function.
    Function,
    /// The name of a variable.
    Variable,
    /// The name of a face.
    Face,
    /// A list of functions to run.
    Hook,
    /// The name of a file.
    File,
    /// The name of a folder.
    Directory,
    /// The name of a color.
    Color,
    /// Anything.
    Sexp,
    /// This value only.
    Const(Value),
    /// One of these.
    Choice(Vec<Alternative>),
    /// A list of some of these.
    Set(Vec<Alternative>),
    /// A list of one value for each of these.
    List(Vec<Alternative>),
    /// A list of any length of such values.
    Repeat(Box<CustomType>),
    /// A pair.
    Cons(Box<CustomType>, Box<CustomType>),
    /// A list of pairs of key and value.
    Alist {
        /// What the keys are.
        key: Box<CustomType>,
        /// What the values are.
        value: Box<CustomType>,
    },
    /// A value of another type whose usual contents are suggested.
    WithOptions(Box<CustomType>, Vec<Value>),
    /// A type that a program defined; the form as it was written.
    Other(Value),
}

/// A user option.
#[derive(Dumpable, Clone, Debug)]
pub struct CustomVariable {
    /// The form of its standard value, evaluated when it is needed.
    pub standard: Value,
    /// The value that the user saved for other sessions.
    pub saved: Option<Value>,
    /// The value that the user set in this session.
    pub customized: Option<Value>,
    /// What it is for.
    pub docstring: Option<LispString>,
    /// What it may be.
    pub kind: CustomType,
    /// The form of its type as it was written.
    pub form: Value,
    /// The group in which it is found.
    pub group: Option<Symbol>,
    /// Sets it; by default `set-default`.
    pub set: Option<Value>,
    /// Reads it; by default `default-value`.
    pub get: Option<Value>,
    /// Gives it its first value.
    pub initialize: Option<Value>,
    /// What to load before it is set.
    pub requires: Vec<Symbol>,
    /// The version in which its standard value was last changed.
    pub version: Option<LispString>,
    /// Whether it may be risky to let a file set it.
    pub risky: bool,
    /// Whether every buffer has its own as soon as it is set.
    pub local: bool,
}

/// What a group has.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum MemberKind {
    /// A user option.
    Variable,
    /// A group.
    Group,
    /// A face.
    Face,
}

/// A group of user options.
#[derive(Dumpable, Clone, Debug, Default)]
pub struct CustomGroup {
    /// What it is about.
    pub docstring: Option<LispString>,
    /// The group that it was declared in.
    pub parent: Option<Symbol>,
    /// What users call it.
    pub tag: Option<LispString>,
    /// What the names of its members start with.
    pub prefix: Option<LispString>,
    /// What belongs to it, in the order in which it came.
    pub members: Vec<(Symbol, MemberKind)>,
}

/// All user options and groups.
#[derive(Dumpable, Default)]
#[dump(section = "custom", version = 2)]
pub struct Custom {
    /// The options.
    pub variables: HashMap<Symbol, CustomVariable>,
    /// The groups.
    pub groups: HashMap<Symbol, CustomGroup>,
}

impl Custom {
    /// Puts something into a group, which need not have been declared yet.
    pub fn add_member(&mut self, group: Symbol, member: Symbol, kind: MemberKind) {
        let members = &mut self.groups.entry(group).or_default().members;
        if !members.contains(&(member, kind)) {
            members.push((member, kind));
        }
    }
}
