//! The managers: what the machine keeps beside its objects, one noun a file, each a section of the image.

mod abbrevs;
mod autoloads;
mod bookmarks;
mod custom;
mod interactive;
mod kmacro;
mod lisp_string;
mod modes;
mod rectangle;
mod registers;
mod roots;
mod watchers;

pub use abbrevs::{Abbrev, AbbrevTable, Abbrevs};
pub use autoloads::{Autoload, AutoloadKind, Autoloads, Awaited, Obsolete, base_name};
pub use bookmarks::{Bookmark, BookmarkName, Bookmarks};
pub use custom::{Alternative, Custom, CustomGroup, CustomType, CustomVariable, MemberKind};
pub use interactive::{Interactive, InteractiveSpec};
pub use kmacro::Kmacro;
pub use lisp_string::LispString;
pub use modes::{FontLock, FontLockKeyword, MajorMode, MinorMode, Modes};
pub use rectangle::Rectangle;
pub use registers::{Register, Registers};
pub use roots::{Roots, SYNTAX_CLASSES};
pub use watchers::{Watcher, Watchers};
