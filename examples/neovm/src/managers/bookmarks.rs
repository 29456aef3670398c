//! Bookmarks: places in files, by name.

use super::LispString;
use crate::rt::Dumpable;
use crate::value::Value;
use std::collections::HashMap;

/// The name of a bookmark.
#[derive(Dumpable, Clone, PartialEq, Eq, Hash, Debug)]
#[dump(transparent)]
pub struct BookmarkName(pub LispString);

/// A place. Text and names of files may hold bytes that no encoding explains.
#[derive(Dumpable, Clone, Debug)]
pub struct Bookmark {
    /// The file.
    pub filename: Option<LispString>,
    /// The position in it.
    pub position: i64,
    /// The text behind the position, by which it is found again when the file was changed.
    pub front_context: Option<LispString>,
    /// The text in front of the position.
    pub rear_context: Option<LispString>,
    /// What the user wrote about it.
    pub annotation: Option<LispString>,
    /// The function that goes there, or nil for the usual one.
    pub handler: Value,
}

/// All bookmarks.
#[derive(Dumpable, Default)]
#[dump(section = "bookmarks", version = 2)]
pub struct Bookmarks {
    /// By name.
    pub bookmarks: HashMap<BookmarkName, Bookmark>,
    /// The names, the one that was used last first.
    pub recent: Vec<LispString>,
    /// Whether something was changed since the bookmarks were saved.
    pub modified: bool,
}

impl Bookmarks {
    /// Stores a bookmark, replacing the one of the same name.
    pub fn store(&mut self, name: LispString, bookmark: Bookmark) {
        self.bookmarks.insert(BookmarkName(name.clone()), bookmark);
        self.touch(name);
        self.modified = true;
    }

    /// The bookmark of this name.
    pub fn get(&self, name: &LispString) -> Option<&Bookmark> {
        self.bookmarks.get(&BookmarkName(name.clone()))
    }

    /// Deletes a bookmark; whether there was one.
    pub fn delete(&mut self, name: &LispString) -> bool {
        let was = self.bookmarks.remove(&BookmarkName(name.clone())).is_some();
        self.recent.retain(|other| other != name);
        self.modified |= was;
        was
    }

    /// Gives a bookmark another name, in whose place it stays; whether there was one and the name was free.
    pub fn rename(&mut self, old: &LispString, new: LispString) -> bool {
        if self.get(&new).is_some() {
            return false;
        }
        let Some(bookmark) = self.bookmarks.remove(&BookmarkName(old.clone())) else { return false };
        self.bookmarks.insert(BookmarkName(new.clone()), bookmark);
        if let Some(place) = self.recent.iter_mut().find(|name| *name == old) {
            *place = new;
        }
        self.modified = true;
        true
    }

    /// Makes a name the one that was used last.
    pub fn touch(&mut self, name: LispString) {
        self.recent.retain(|other| *other != name);
        self.recent.insert(0, name);
    }
}
