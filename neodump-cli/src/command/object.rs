//! `neodump object`: one heap object, decoded.

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::ShowArgs;
use crate::decode;
use crate::file::{Files, ImageArg, OpenFile};
use crate::output::{Failure, Output, count, offset, style};
use crate::place::Place;

/// Decode one object
///
/// Its fields are read by the schema in the image, hydrated ones from its side record. References to other objects are
/// shown as Type@offset, which every command takes as the name of an object.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  neodump object vm.ndump 0x1a0f8
  neodump object vm.ndump Face#3 --json")]
pub(crate) struct Object {
    #[command(flatten)]
    image: ImageArg,
    /// The object: an offset in the file, as 0x1a0f8 or 106744, or the number of an object of a type, as Cons#12
    #[arg(value_name = "OBJECT")]
    place: Place,
    #[command(flatten)]
    show: ShowArgs,
}

#[derive(Debug, Serialize)]
struct Report<'i> {
    #[serde(rename = "type")]
    ty: &'i str,
    offset: u64,
    len: u64,
    /// Its place among the objects of its type.
    index: u64,
    side_offset: Option<u64>,
    value: Box<RawValue>,
}

impl Object {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let wanted = self.place.offset(&image)?;
        let Some(object) = image.object_at(wanted) else {
            let place = image.section_at(wanted).map_or_else(
                || "in no section".to_owned(),
                |section| format!("in section {}, not in an arena of HeapImage", section.name),
            );
            return Err(Failure::Not(format!("no object is at {}: it is {place}", offset(wanted))));
        };
        let (value, limits) = (image.object_value(object), self.show.limits());
        let ty = image.schema().ty(object.ty);
        let side = image.side_record(object);
        if out.is_json() {
            let value = decode::json(&file, &image, value, limits)?;
            let side_offset = side.map(|side| side.offset);
            let (offset, len, index) = (object.offset, object.len, object.index);
            return out.json(&Report { ty: ty.name(), offset, len, index, side_offset, value });
        }
        let text = decode::text(&file, &image, value, limits)?;
        let (dim, to) = (style::DIM, out.text());
        write!(
            to,
            "{dim}object {} of {}, {} bytes at {}",
            count(object.index),
            ty.name(),
            count(object.len),
            offset(object.offset)
        )?;
        if let Some(side) = side {
            write!(to, ", side record at {}", offset(side.offset))?;
        }
        Ok(writeln!(to, "{dim:#}\n{text}")?)
    }
}
