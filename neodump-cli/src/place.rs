//! What a command is about inside of an image, as an argument.

use std::str::FromStr;

use neodump_runtime::inspect::Image;
use neodump_runtime::schema::base_name;

use crate::output::Failure;

/// An offset in the file, or an object by type and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `4096`, `0x1000`, or `Cons@0x1000`.
    Offset(u64),
    /// `Cons#12`: the object with this number in the arena of its type.
    Object(String, u64),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((name, index)) = text.rsplit_once('#').filter(|(name, _)| !name.is_empty()) {
            return match index.parse() {
                Ok(index) => Ok(Self::Object(name.to_owned(), index)),
                Err(_) => Err(format!("`{index}` is not the number of an object")),
            };
        }
        // `Cons@0x1000`, as decoded values have it.
        let digits = text.rsplit_once('@').map_or(text, |(_, offset)| offset).replace('_', "");
        let number = match digits.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        let expected = "expected an offset as 4096 or 0x1000, or an object as Cons#12 or Cons@0x1000";
        number.map(Self::Offset).map_err(|_| expected.to_owned())
    }
}

impl Place {
    /// The offset in the file.
    ///
    /// # Errors
    ///
    /// [`Failure::Not`] if the image does not have it.
    pub(crate) fn offset(&self, image: &Image<'_>) -> Result<u64, Failure> {
        match self {
            Self::Offset(offset) if *offset < image.header().file_len() => Ok(*offset),
            Self::Offset(offset) => Err(Failure::Not(format!(
                "offset {offset:#x} is behind the end of the image, {:#x}",
                image.header().file_len()
            ))),
            Self::Object(name, index) => {
                let name_of = |id: neodump_runtime::inspect::TypeId| {
                    image.schema().types().get(id.index()).map_or("", |ty| ty.name())
                };
                let exact = image.arenas().iter().find(|arena| name_of(arena.ty()) == name);
                let mut short = image.arenas().iter().filter(|arena| base_name(name_of(arena.ty())) == name);
                let found = match (exact, short.next()) {
                    (Some(arena), _) => arena,
                    (None, Some(_)) if short.next().is_some() => {
                        let problem = format!("several types are called {name}: write the whole path of one");
                        return Err(Failure::Not(problem));
                    }
                    (None, Some(arena)) => arena,
                    (None, None) => {
                        return Err(Failure::Not(format!("the image has no objects of a type {name}")));
                    }
                };
                let object = found.object(*index).map(|object| object.offset);
                let count = found.count();
                object.ok_or_else(|| {
                    Failure::Not(format!("the image has {count} objects of type {name}, from 0 on"))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        assert_eq!("4096".parse(), Ok(Place::Offset(4096)));
        assert_eq!("0x1_000".parse(), Ok(Place::Offset(4096)));
        assert_eq!("Cons@0x1000".parse(), Ok(Place::Offset(4096)));
        assert_eq!("Cons#12".parse(), Ok(Place::Object("Cons".into(), 12)));
        assert_eq!("vm::Vec<u8>#2#0".parse(), Ok(Place::Object("vm::Vec<u8>#2".into(), 0)));
        for wrong in ["", "#1", "cons", "0x", "Cons#", "-1", "0xg"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
