//! `neodump diff`: what changed from one image to another.

mod bytes;
mod pair;

use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use neodump_runtime::inspect::Image;
use neodump_runtime::schema;
use serde::Serialize;

use self::bytes::Bytes;
use self::pair::{Fate, Side, fates};
use crate::command::node::NodeReport;
use crate::file::{Files, OpenFile};
use crate::graph::{Digests, Graph};
use crate::output::{Align, Failure, Output, Progress, Table, count, offset, style};

/// Show what changed from one image to another: schema, then content by section and type.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the images hold the same, 1 they differ or one is refused, 2 the command line is wrong."
)]
pub(crate) struct Diff {
    /// The image before
    #[arg(value_name = "A", value_hint = clap::ValueHint::FilePath)]
    old: PathBuf,
    /// The image after
    #[arg(value_name = "B", value_hint = clap::ValueHint::FilePath)]
    new: PathBuf,
    /// How many objects of each type are named that were added, removed or changed
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    most: usize,
}

#[derive(Debug, Serialize)]
struct Report {
    equal: bool,
    /// The identity of each image, where they differ.
    identity: Vec<String>,
    /// The changes of the schema, line by line.
    schema: Vec<String>,
    symbols: Names,
    natives: Names,
    sections: Vec<SectionDiff>,
    /// The types of which something differs.
    types: Vec<TypeDiff>,
}

/// Names that only one of the images has.
#[derive(Debug, Default, Serialize)]
struct Names {
    added: u64,
    removed: u64,
    /// The first of them.
    some_added: Vec<String>,
    some_removed: Vec<String>,
}

#[derive(Debug, Serialize)]
struct SectionDiff {
    name: String,
    #[serde(flatten)]
    bytes: Bytes,
}

#[derive(Debug, Serialize)]
struct TypeDiff {
    /// The name of the type; that of a field of the image type after a dot.
    #[serde(rename = "type")]
    ty: String,
    same: u64,
    added: u64,
    removed: u64,
    changed: u64,
    /// Those that hold the same, and lead to other objects than before.
    relinked: u64,
    /// Of the arena, compared from its start.
    bytes: Option<Bytes>,
    examples: Vec<Example>,
}

#[derive(Debug, Serialize)]
struct Example {
    /// `added`, `removed`, `changed` or `relinked`.
    what: &'static str,
    old: Option<NodeReport>,
    new: Option<NodeReport>,
}

impl Diff {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let (old_file, new_file) = (OpenFile::open(files, &self.old)?, OpenFile::open(files, &self.new)?);
        let (old, new) = (old_file.image()?, new_file.image()?);
        let progress = Progress::new();
        progress.step("checksums");
        old.verify().map_err(|error| old_file.refuse(error))?;
        new.verify().map_err(|error| new_file.refuse(error))?;
        let mut report = outline(&old, &new);
        if !report.equal {
            // One image a processor.
            let (one, other) = std::thread::scope(|threads| {
                let one = threads.spawn(|| read(&old));
                let other = read(&new);
                (one.join(), other)
            });
            let Ok(one) = one else {
                return Err(Failure::Not("the first image could not be read".to_owned()));
            };
            let (old_graph, old_digests) = one.map_err(|error| old_file.refuse(error))?;
            let (new_graph, new_digests) = other.map_err(|error| new_file.refuse(error))?;
            progress.step("pairs");
            let a = Side { graph: &old_graph, digests: &old_digests };
            let b = Side { graph: &new_graph, digests: &new_digests };
            report.types = self.types(&a, &b);
        }
        drop(progress);
        if out.is_json() {
            out.json(&report)?;
        } else {
            text(&report, out.text())?;
        }
        if report.equal { Ok(()) } else { Err(Failure::Differs) }
    }

    fn types(&self, a: &Side<'_, '_, '_>, b: &Side<'_, '_, '_>) -> Vec<TypeDiff> {
        let mut types = Vec::new();
        for (name, fate) in fates(a, b) {
            let Fate { same, added, removed, changed, relinked } = &fate;
            if added.is_empty() && removed.is_empty() && changed.is_empty() && relinked.is_empty() {
                continue;
            }
            let arena = |image: &Image<'_>| {
                let ty = image.schema().find(&name)?;
                Some(image.arena_of(ty)?.extent())
            };
            let (old, new) = (a.graph.walker.image(), b.graph.walker.image());
            let extents = (arena(old), arena(new));
            let bytes = (extents != (None, None)).then(|| Bytes::compare(old, extents.0, new, extents.1));
            let was = |node: &u32| NodeReport::of(a.graph, *node);
            let is = |node: &u32| NodeReport::of(b.graph, *node);
            let mut examples = Vec::new();
            let mut pairs = |what, list: &[(u32, u32)]| {
                let one = |(old, new): &(u32, u32)| Example { what, old: Some(was(old)), new: Some(is(new)) };
                examples.extend(list.iter().take(self.most).map(one));
            };
            pairs("changed", changed);
            pairs("relinked", relinked);
            let gone = removed.iter().take(self.most);
            examples.extend(gone.map(|node| Example { what: "removed", old: Some(was(node)), new: None }));
            let come = added.iter().take(self.most);
            examples.extend(come.map(|node| Example { what: "added", old: None, new: Some(is(node)) }));
            types.push(TypeDiff {
                same: *same,
                added: added.len() as u64,
                removed: removed.len() as u64,
                changed: changed.len() as u64,
                relinked: relinked.len() as u64,
                ty: name,
                bytes,
                examples,
            });
        }
        types
    }
}

/// The graph of an image and the digests of its nodes.
fn read<'i, 'a>(image: &'i Image<'a>) -> neodump_runtime::Result<(Graph<'i, 'a>, Digests)> {
    let progress = Progress::new();
    let graph = Graph::new(image, &progress)?;
    let digests = Digests::new(&graph, &progress)?;
    Ok((graph, digests))
}

/// What is told without reading objects.
fn outline(old: &Image<'_>, new: &Image<'_>) -> Report {
    let (was, is) = (old.header().identity(), new.header().identity());
    let mut identity = Vec::new();
    if was.name != is.name {
        identity.push(format!("image {} \u{2192} {}", was.name, is.name));
    }
    if was.version != is.version {
        identity.push(format!("version {} \u{2192} {}", was.version, is.version));
    }
    if was.fingerprint != is.fingerprint {
        identity.push("the fingerprints of the executables differ".to_owned());
    }
    let names: Vec<&str> = {
        let all = old.sections().map(|section| section.name);
        let known: Vec<&str> = all.collect();
        let more = new.sections().map(|section| section.name).filter(|name| !known.contains(name));
        let more: Vec<&str> = more.collect();
        known.into_iter().chain(more).collect()
    };
    let sections = names.into_iter().map(|name| {
        let extent = |image: &Image<'_>| image.section(name).map(|section| section.extent);
        SectionDiff { name: name.to_owned(), bytes: Bytes::compare(old, extent(old), new, extent(new)) }
    });
    let sections: Vec<SectionDiff> = sections.collect();
    let schema = if old.schema_text() == new.schema_text() {
        Vec::new()
    } else {
        schema::diff(old.schema_text(), new.schema_text()).lines()
    };
    let equal = identity.is_empty() && sections.iter().all(|section| section.bytes.differ == 0);
    let symbols = |image: &Image<'_>| -> HashSet<Vec<u8>> {
        let ids = (0..image.symbol_count()).filter(|id| image.is_interned(*id));
        ids.filter_map(|id| image.symbol(id).map(<[u8]>::to_vec)).collect()
    };
    let natives = |image: &Image<'_>| -> HashSet<Vec<u8>> {
        image.natives().iter().map(|native| native.name.as_bytes().to_vec()).collect()
    };
    let (symbols, natives) = if equal {
        (Names::default(), Names::default())
    } else {
        (Names::of(&symbols(old), &symbols(new)), Names::of(&natives(old), &natives(new)))
    };
    Report { equal, identity, schema, symbols, natives, sections, types: Vec::new() }
}

impl Names {
    /// How many names are told.
    const TOLD: usize = 10;

    fn of(old: &HashSet<Vec<u8>>, new: &HashSet<Vec<u8>>) -> Self {
        let only = |of: &HashSet<Vec<u8>>, than: &HashSet<Vec<u8>>| {
            let mut names: Vec<String> = of
                .difference(than)
                .map(|name| String::from_utf8_lossy(name).escape_debug().to_string())
                .collect();
            names.sort_unstable();
            let count = names.len() as u64;
            names.truncate(Self::TOLD);
            (count, names)
        };
        let (added, some_added) = only(new, old);
        let (removed, some_removed) = only(old, new);
        Self { added, removed, some_added, some_removed }
    }

    fn text(&self, what: &str, to: &mut dyn Write) -> Result<(), Failure> {
        for (sign, all, some) in
            [('+', self.added, &self.some_added), ('-', self.removed, &self.some_removed)]
        {
            if all > 0 {
                let more = if all > some.len() as u64 { ", .." } else { "" };
                writeln!(to, "  {sign} {what} ({}): {}{more}", count(all), some.join(", "))?;
            }
        }
        Ok(())
    }
}

fn text(report: &Report, to: &mut dyn Write) -> Result<(), Failure> {
    let (title, good) = (style::TITLE, style::GOOD);
    if report.equal {
        writeln!(to, "{good}equal{good:#}: the images hold the same")?;
        return Ok(());
    }
    for line in &report.identity {
        writeln!(to, "{line}")?;
    }
    writeln!(to, "{title}schema{title:#}")?;
    if report.schema.is_empty() {
        writeln!(to, "  the same")?;
    }
    for line in &report.schema {
        writeln!(to, "  {line}")?;
    }
    report.symbols.text("symbols", to)?;
    report.natives.text("natives", to)?;
    writeln!(to, "\n{title}bytes that differ, from the start of each section{title:#}")?;
    let mut table = Table::new()
        .column("section", Align::Left)
        .column("before", Align::Right)
        .column("after", Align::Right)
        .column("differ", Align::Right)
        .column("pages", Align::Right);
    for SectionDiff { name, bytes } in report.sections.iter().filter(|section| section.bytes.differ > 0) {
        table.row([
            name.clone(),
            count(bytes.old),
            count(bytes.new),
            count(bytes.differ),
            count(bytes.pages),
        ]);
    }
    table.write(to)?;
    writeln!(to, "\n{title}objects and roots, by what they hold{title:#}")?;
    if report.types.is_empty() {
        writeln!(to, "  the same: they lie elsewhere")?;
        return Ok(());
    }
    let mut table = Table::new()
        .column("type", Align::Left)
        .styled(style::TYPE)
        .column("same", Align::Right)
        .column("added", Align::Right)
        .column("removed", Align::Right)
        .column("changed", Align::Right)
        .column("relinked", Align::Right)
        .column("bytes", Align::Right)
        .column("pages", Align::Right);
    let number = |number: u64| if number == 0 { String::new() } else { count(number) };
    for ty in &report.types {
        let bytes = ty.bytes.unwrap_or_default();
        table.row([
            ty.ty.clone(),
            number(ty.same),
            number(ty.added),
            number(ty.removed),
            number(ty.changed),
            number(ty.relinked),
            number(bytes.differ),
            number(bytes.pages),
        ]);
    }
    table.write(to)?;
    writeln!(to)?;
    for ty in &report.types {
        for Example { what, old, new } in &ty.examples {
            let node = |node: &NodeReport| format!("{} at {}", node.name, offset(node.offset));
            match (old, new) {
                (Some(old), Some(new)) => writeln!(to, "  {what}: {} \u{2192} {}", node(old), node(new))?,
                (Some(one), None) | (None, Some(one)) => writeln!(to, "  {what}: {}", node(one))?,
                (None, None) => {}
            }
        }
    }
    Ok(())
}
