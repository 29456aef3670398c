//! `neodump dump-section`: all records of a section, decoded.

use clap::Args;
use neodump_runtime::inspect::{Arena, Image, Section, Value};
use serde_json::json;

use super::ShowArgs;
use crate::decode::{self, printable, symbol_name};
use crate::file::{Files, ImageArg, OpenFile};
use crate::output::{Failure, Output, count, offset, style};

/// Bytes on a line of a section that is nothing but bytes.
const LINE: usize = 16;

/// Decode the records of a section
///
/// A manager's section and Root are one record each, HeapImage is all objects, and Hydration those with hydrated fields. Other sections are shown as what they
/// are: symbols, natives, text, or bytes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  neodump dump-section vm.ndump faces
  neodump dump-section vm.ndump HeapImage --type Face --elements 10
  neodump dump-section vm.ndump SymbolTable --json")]
pub(crate) struct DumpSection {
    #[command(flatten)]
    image: ImageArg,
    /// The name of the section: that of a manager, Root, HeapImage, Hydration, SymbolTable, Natives, Schema, or another
    /// one that `inspect` lists, which is shown as bytes
    name: String,
    /// Show only the objects of this type of HeapImage
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
    #[command(flatten)]
    show: ShowArgs,
}

impl DumpSection {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let Some(section) = image.section(&self.name) else {
            let names: Vec<&str> = image.sections().map(|section| section.name).collect();
            let problem = format!("there is no section {}; the image has {}", self.name, names.join(", "));
            return Err(Failure::Not(problem));
        };
        match self.name.as_str() {
            // The fields in side records are shown where they belong: with their objects.
            "HeapImage" | "Hydration" => self.objects(&file, &image, out),
            "Root" => self.record(&file, &image, image.root_value(), out),
            "SymbolTable" => symbols(&image, out),
            "Natives" => natives(&image, out),
            "Schema" if out.is_json() => out.json(&image.schema_text()),
            "Schema" => Ok(write!(out.text(), "{}", image.schema_text())?),
            name => match image.manager_value(name) {
                Some(value) => self.record(&file, &image, value, out),
                None => bytes(&image, section, out),
            },
        }
    }

    fn record(
        &self,
        file: &OpenFile,
        image: &Image<'_>,
        value: Value,
        out: &mut Output<'_>,
    ) -> Result<(), Failure> {
        if out.is_json() {
            return out.json(&decode::json(file, image, value, self.show.limits())?);
        }
        let text = decode::text(file, image, value, self.show.limits())?;
        Ok(writeln!(out.text(), "{text}")?)
    }

    fn objects(&self, file: &OpenFile, image: &Image<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
        let only = match &self.r#type {
            Some(name) => Some(super::find_type(image, name)?),
            None => None,
        };
        let hydrated = self.name == "Hydration";
        let shown = |arena: &&Arena<'_>| {
            only.is_none_or(|only| arena.ty() == only) && (!hydrated || arena.side().length > 0)
        };
        let arenas = image.arenas().iter().filter(shown);
        let mut first = true;
        for object in arenas.flat_map(|arena| arena.objects()) {
            let (value, limits) = (image.object_value(object), self.show.limits());
            let before = if std::mem::take(&mut first) { "[\n" } else { ",\n" };
            if out.is_json() {
                let ty = image.schema().ty(object.ty).name();
                let value = decode::json(file, image, value, limits)?;
                let to = out.text();
                write!(
                    to,
                    "{before}{{\"offset\":{},\"type\":{},\"value\":{value}}}",
                    object.offset,
                    json!(ty)
                )?;
            } else {
                let text = decode::text(file, image, value, limits)?;
                let dim = style::DIM;
                writeln!(out.text(), "{dim}{}{dim:#} {text}", offset(object.offset))?;
            }
        }
        if out.is_json() {
            writeln!(out.text(), "{}", if first { "[]" } else { "\n]" })?;
        }
        Ok(())
    }
}

fn symbols(image: &Image<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
    let ids = 0..image.symbol_count();
    if out.is_json() {
        let all = ids.map(|id| json!({ "id": id, "name": symbol_name(image, id) })).collect::<Vec<_>>();
        return out.json(&all);
    }
    for id in ids {
        writeln!(out.text(), "{id:>8} {}", printable(&symbol_name(image, id)))?;
    }
    Ok(())
}

fn natives(image: &Image<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
    if out.is_json() {
        let all = image.natives().iter().map(|native| {
            json!({ "name": &*native.name, "type": &*native.type_name, "kind": format!("{:?}", native.kind).to_lowercase(),
                    "size": native.size, "slot": native.slot })
        });
        return out.json(&all.collect::<Vec<_>>());
    }
    for native in image.natives() {
        let (name, ty) = (printable(&native.name), printable(&native.type_name));
        writeln!(out.text(), "{:>6}  {name}: {ty}", native.slot)?;
    }
    Ok(())
}

/// A section that the schema says nothing of.
fn bytes(image: &Image<'_>, section: Section<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
    let bytes = image.bytes_at(section.extent).unwrap_or_default();
    if out.is_json() {
        return out.json(&json!({ "offset": section.extent.offset, "bytes": decode::hex(bytes) }));
    }
    for (line, at) in bytes.chunks(LINE).zip((section.extent.offset..).step_by(LINE)) {
        let text: String = line
            .iter()
            .map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' })
            .collect();
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(out.text(), "{at:#010x}  {:<47}  {text}", hex.join(" "))?;
    }
    if bytes.is_empty() {
        writeln!(out.text(), "{} bytes", count(0))?;
    }
    Ok(())
}
