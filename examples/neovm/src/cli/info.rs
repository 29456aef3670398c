//! `neovm info`: what an image says of itself.

use super::{Failure, say};
use crate::image;
use crate::machine::Vm;
use neodump_runtime::image::{ImageHeader, SegmentKind, Source};
use neodump_runtime::native::{self, Import};
use neodump_runtime::schema::{Shape, ShapeKind};
use neodump_runtime::{AdoptImage, DumpError, Dumpable, LoadReport, SectionLoad, Tier};
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

/// What is told of an image.
struct Info {
    header: ImageHeader,
    natives: Vec<Import<'static>>,
    /// Type, objects, bytes.
    arenas: Vec<(&'static str, usize, usize)>,
    symbols: usize,
    /// Objects that the load had to write, by type.
    hydrated: Vec<(&'static str, usize)>,
    /// What the load did for each section.
    sections: Vec<SectionLoad>,
    /// Managers by section, with the fields for which a load has work.
    managers: Vec<(&'static str, Vec<&'static str>)>,
}

/// The managers of the machine: what has a section of its own.
fn managers() -> Vec<(&'static str, Vec<&'static str>)> {
    let fields = |shape: &'static Shape| match shape.kind {
        ShapeKind::Struct(fields) => fields,
        _ => &[],
    };
    let managers = fields(Vm::shape()).iter().filter_map(|field| {
        let shape = field.ty?.shape();
        let work = fields(shape).iter().filter(|field| field.ty.is_none_or(|ty| !ty.shape().record.in_place));
        let work = if shape.record.in_place { Vec::new() } else { work.map(|field| field.name).collect() };
        Some((shape.section?.name, work))
    });
    managers.collect()
}

pub(super) fn run(path: &str, json: bool) -> Result<(), Failure> {
    let info = Info::of(path.as_ref()).map_err(|error| format!("{path}: {error}"))?;
    let told = if json { info.json(path) } else { info.text(path) };
    say(told.map_err(|error| error.to_string())?.trim_end());
    Ok(())
}

impl Info {
    /// Reads the header and the natives from the file, and loads it for the rest: the objects are counted by their own
    /// types, after the audit has found the image sound.
    fn of(path: &Path) -> Result<Info, DumpError> {
        let file = File::open(path).map_err(|error| DumpError::io("open", path.to_path_buf(), error))?;
        let source = Source::File { file: &file, path };
        let header = source.header()?;
        let mut report = LoadReport::default();
        let vm: Vm = image::options().report(&mut report).load(path)?;
        let mut natives = Vec::new();
        if let Some(section) = header.section(native::SECTION) {
            let mut bytes = vec![0; section.extent.length as usize];
            source.read_at(section.extent.offset, &mut bytes)?;
            natives = native::decode(&bytes)?.into_iter().map(Import::into_owned).collect();
        }
        let arenas = vm.heap.image().map_or(&[][..], |image| image.arenas());
        let arenas = arenas.iter().map(|a| (a.object_type().short_name(), a.len(), a.bytes())).collect();
        let symbols = vm.symbols.len();
        // SAFETY: nothing of the machine was kept.
        unsafe { vm.release() };
        let (hydrated, sections) = (report.hydrated, report.sections);
        Ok(Info { header, natives, arenas, symbols, hydrated, sections, managers: managers() })
    }

    /// The fields of a manager for which a load has work.
    fn work_in(&self, section: &str) -> &[&'static str] {
        let of = |(name, _): &&(&str, _)| *name == section;
        self.managers.iter().find(of).map_or(&[], |(_, fields)| fields)
    }

    fn text(&self, path: &str) -> Result<String, std::fmt::Error> {
        let (mut out, identity) = (String::new(), self.header.identity());
        writeln!(out, "{path}: image {} version {}", identity.name, identity.version)?;
        writeln!(
            out,
            "{} bytes, made for {:#x}, root schema {:016x}, natives {:016x}",
            self.header.file_len(),
            self.header.preferred_base(),
            identity.root_hash,
            identity.natives_hash
        )?;
        for kind in SegmentKind::ALL {
            let extent = self.header.segment(kind);
            writeln!(out, "\nsegment {kind}: {} bytes at {:#x}", extent.length, extent.offset)?;
            for (section, _) in self.header.sections_of(kind) {
                let (spec, extent) = (&section.spec, section.extent);
                write!(out, "  {:<20} {:>12} bytes at {:#010x}", spec.name, extent.length, extent.offset)?;
                writeln!(out, "  version {} schema {:016x}", spec.version, spec.schema_hash)?;
            }
        }
        writeln!(out, "\nobjects")?;
        for (name, count, bytes) in &self.arenas {
            writeln!(out, "  {name:<20} {count:>12} in {bytes} bytes")?;
        }
        let work = self.sections.iter().filter(|section| section.tier == Tier::Hydrated);
        writeln!(
            out,
            "\nload work: {} objects hydrated, {} of {} sections",
            self.hydrated.iter().map(|(_, count)| count).sum::<usize>(),
            work.clone().count(),
            self.sections.len()
        )?;
        for (name, count) in &self.hydrated {
            writeln!(out, "  {name:<20} {count:>12} objects")?;
        }
        for section in &self.sections {
            let (name, tier, micros) = (section.name, section.tier.to_string(), section.time.as_micros());
            write!(out, "  {name:<20} {:>12} records in {micros:>6} us, {tier}", section.records)?;
            match self.work_in(name) {
                [] => writeln!(out)?,
                fields => writeln!(out, ": {}", fields.join(", "))?,
            }
        }
        writeln!(out, "symbols {}, natives {}", self.symbols, self.natives.len())?;
        for native in &self.natives {
            writeln!(out, "  {} ({})", native.name, native.type_name)?;
        }
        Ok(out)
    }

    fn json(&self, path: &str) -> Result<String, std::fmt::Error> {
        let (mut out, identity) = (String::new(), self.header.identity());
        write!(
            out,
            r#"{{"file":{},"bytes":{},"name":{},"version":{},"preferred_base":"{:#x}","root_hash":"{:016x}","natives_hash":"{:016x}","segments":["#,
            quoted(path),
            self.header.file_len(),
            quoted(&identity.name),
            identity.version,
            self.header.preferred_base(),
            identity.root_hash,
            identity.natives_hash
        )?;
        for (nth, kind) in SegmentKind::ALL.into_iter().enumerate() {
            let (comma, extent) = (comma(nth), self.header.segment(kind));
            let (offset, length) = (extent.offset, extent.length);
            write!(out, r#"{comma}{{"name":"{kind}","offset":{offset},"length":{length}}}"#)?;
        }
        write!(out, r#"],"sections":["#)?;
        for (nth, section) in self.header.sections().iter().enumerate() {
            let (spec, extent) = (&section.spec, section.extent);
            write!(
                out,
                r#"{}{{"name":{},"segment":"{}","offset":{},"length":{},"version":{},"schema_hash":"{:016x}"}}"#,
                comma(nth),
                quoted(&spec.name),
                spec.segment,
                extent.offset,
                extent.length,
                spec.version,
                spec.schema_hash
            )?;
        }
        write!(out, r#"],"arenas":["#)?;
        for (nth, (name, count, bytes)) in self.arenas.iter().enumerate() {
            let (comma, name) = (comma(nth), quoted(name));
            write!(out, r#"{comma}{{"type":{name},"objects":{count},"bytes":{bytes}}}"#)?;
        }
        write!(out, r#"],"hydrated":["#)?;
        for (nth, (name, count)) in self.hydrated.iter().enumerate() {
            write!(out, r#"{}{{"type":{},"objects":{count}}}"#, comma(nth), quoted(name))?;
        }
        write!(out, r#"],"load":["#)?;
        for (nth, section) in self.sections.iter().enumerate() {
            let fields: Vec<String> = self.work_in(section.name).iter().map(|field| quoted(field)).collect();
            write!(
                out,
                r#"{}{{"section":{},"tier":"{}","records":{},"microseconds":{},"fields":[{}]}}"#,
                comma(nth),
                quoted(section.name),
                section.tier,
                section.records,
                section.time.as_micros(),
                fields.join(",")
            )?;
        }
        write!(out, r#"],"symbols":{},"natives":["#, self.symbols)?;
        for (nth, native) in self.natives.iter().enumerate() {
            let (comma, name, of) = (comma(nth), quoted(&native.name), quoted(&native.type_name));
            write!(out, r#"{comma}{{"name":{name},"type":{of}}}"#)?;
        }
        write!(out, "]}}")?;
        Ok(out)
    }
}

fn comma(nth: usize) -> &'static str {
    if nth == 0 { "" } else { "," }
}

/// The text as a JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_quoted_as_json_has_it() {
        assert_eq!(super::quoted("a\"b\\c\n\u{e9}"), "\"a\\\"b\\\\c\\u000a\u{e9}\"");
    }
}
