//! `neodump size`: what takes the bytes of an image, who keeps them, and what a load does for them.

mod report;

use std::io::Write;

use clap::Args;
use neodump_runtime::schema::base_name;

pub(crate) use self::report::{FieldSize, fields};
use self::report::{Load, Report, report};
use crate::file::{Files, ImageArg, OpenFile};
use crate::graph::cost;
use crate::output::{
    Align, Failure, Output, Progress, Table, bytes, count, nanoseconds, offset, percent, style,
};

/// Types and roots that are shown without `--all`.
const SHOWN: usize = 20;
/// The share of the image from which on the fields of a type are shown without `--all`.
const WORTH_FIELDS: u64 = 20;

/// Show bytes by section, type and field, what each root keeps, and what hydration adds to a load.
#[derive(Debug, Args)]
pub(crate) struct Size {
    #[command(flatten)]
    image: ImageArg,
    /// Show all types, roots and fields, not only the large ones
    #[arg(long)]
    all: bool,
}

impl Size {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let progress = Progress::new();
        progress.step("checksums");
        image.verify().map_err(|error| file.refuse(error))?;
        let report = report(&image, &progress).map_err(|error| file.refuse(error))?;
        drop(progress);
        if out.is_json() {
            return out.json(&report);
        }
        let to = out.text();
        let title = style::TITLE;
        writeln!(to, "{title}{}{title:#}, version {}: {}", report.name, report.version, bytes(report.bytes))?;
        sections(&report, to)?;
        self.types(&report, to)?;
        self.roots(&report, to)?;
        largest(&report, to)?;
        self.work(&report, to)
    }

    fn types(&self, report: &Report<'_>, to: &mut dyn Write) -> Result<(), Failure> {
        let title = style::TITLE;
        writeln!(to, "\n{title}by type and field{title:#}")?;
        let mut table = Table::new()
            .column("type", Align::Left)
            .styled(style::TYPE)
            .column("objects", Align::Right)
            .column("bytes", Align::Right)
            .column("", Align::Right)
            .styled(style::DIM)
            .column("in records", Align::Right)
            .column("outside", Align::Right)
            .column("tier", Align::Left);
        let used: Vec<_> = report.types.iter().filter(|ty| self.all || ty.objects > 0).collect();
        let shown = if self.all { used.len() } else { used.len().min(SHOWN) };
        for ty in used.iter().take(shown) {
            table.row([
                ty.ty.to_owned(),
                count(ty.objects),
                count(ty.bytes),
                percent(ty.bytes, report.bytes),
                count(ty.record_bytes),
                count(ty.bytes - ty.record_bytes),
                ty.tier.clone(),
            ]);
            if self.all || ty.bytes.saturating_mul(WORTH_FIELDS) > report.bytes {
                for field in &ty.fields {
                    field_row(&mut table, field, report.bytes);
                }
            }
        }
        table.write(to)?;
        if shown < used.len() {
            writeln!(to, "  and {} smaller types: --all shows them", used.len() - shown)?;
        }
        Ok(())
    }

    fn roots(&self, report: &Report<'_>, to: &mut dyn Write) -> Result<(), Failure> {
        let title = style::TITLE;
        writeln!(to, "\n{title}by root{title:#}")?;
        let mut table = Table::new()
            .column("root", Align::Left)
            .styled(style::TYPE)
            .column("own bytes", Align::Right)
            .column("keeps alone", Align::Right)
            .column("", Align::Right)
            .styled(style::DIM)
            .column("tier", Align::Left);
        let shown = if self.all { report.roots.len() } else { report.roots.len().min(SHOWN) };
        for root in report.roots.iter().take(shown) {
            let share = percent(root.retained, report.bytes);
            table.row([
                root.field.clone(),
                count(root.bytes),
                count(root.retained),
                share,
                root.tier.clone(),
            ]);
        }
        let several = "(several roots together)".to_owned();
        let share = percent(report.kept_by_several, report.bytes);
        table.row([several, String::new(), count(report.kept_by_several), share, String::new()]);
        table.write(to)?;
        if shown < report.roots.len() {
            writeln!(to, "  and {} smaller roots: --all shows them", report.roots.len() - shown)?;
        }
        if report.unreached > 0 {
            writeln!(
                to,
                "  {} objects are kept by nothing but weak references",
                count(report.unreached as u64)
            )?;
        }
        Ok(())
    }

    /// What a load hydrates, and what to write for it to lie in the image.
    fn work(&self, report: &Report<'_>, to: &mut dyn Write) -> Result<(), Failure> {
        let (title, ty_style) = (style::TITLE, style::TYPE);
        writeln!(
            to,
            "\n{title}work at a load{title:#}: about {} for hydration ({} ns a value, {} ns an entry, {} ns an object, {} bytes a ns)",
            nanoseconds(report.load_nanoseconds),
            cost::VALUE,
            cost::ENTRY,
            cost::SLOT,
            cost::BYTES
        )?;
        let types = report.types.iter().filter(|ty| ty.objects > 0);
        let types = types.map(|ty| (ty.ty, format!("{} objects", count(ty.objects)), &ty.load));
        let roots =
            report.roots.iter().map(|root| (root.field.as_str(), base_name(root.ty).to_owned(), &root.load));
        let mut all: Vec<(&str, String, &Load)> = types
            .chain(roots)
            .filter(|(_, _, load)| load.nanoseconds > 0 || self.all && !load.reasons.is_empty())
            .collect();
        // Stable: what costs the same stands in the order of the tables above.
        all.sort_by_key(|(_, _, load)| std::cmp::Reverse(load.nanoseconds));
        if all.is_empty() {
            writeln!(to, "  nothing is hydrated")?;
        }
        for (name, what, load) in all {
            writeln!(
                to,
                "  {ty_style}{name}{ty_style:#}, {what}: {} (values: {}, entries: {})",
                nanoseconds(load.nanoseconds),
                count(load.values),
                count(load.entries)
            )?;
            for reason in &load.reasons {
                let field =
                    if reason.field.is_empty() { String::new() } else { format!("{}: ", reason.field) };
                let ty = if reason.ty.is_empty() { String::new() } else { format!("{}: ", reason.ty) };
                let next = reason.next.as_ref().map_or(String::new(), |next| format!("; {next}"));
                writeln!(to, "    {field}{ty}{}{next}", reason.why)?;
            }
        }
        Ok(())
    }
}

fn sections(report: &Report<'_>, to: &mut dyn Write) -> Result<(), Failure> {
    let title = style::TITLE;
    writeln!(to, "\n{title}by section{title:#}")?;
    let mut table = Table::new()
        .column("section", Align::Left)
        .column("segment", Align::Left)
        .column("bytes", Align::Right)
        .column("", Align::Right)
        .styled(style::DIM);
    for section in report.sections.iter().filter(|section| section.bytes > 0) {
        let share = percent(section.bytes, report.bytes);
        table.row([section.name.clone(), section.segment.to_owned(), count(section.bytes), share]);
    }
    Ok(table.write(to)?)
}

fn field_row(table: &mut Table, field: &FieldSize<'_>, all: u64) {
    let outside = field.vector_bytes + field.map_bytes + field.hydrated_bytes;
    table.row([
        format!("  {}", field.name),
        String::new(),
        count(field.record_bytes.saturating_add(outside)),
        percent(field.record_bytes.saturating_add(outside), all),
        count(field.record_bytes),
        if outside > 0 { count(outside) } else { String::new() },
        base_name(field.ty).to_owned(),
    ]);
}

fn largest(report: &Report<'_>, to: &mut dyn Write) -> Result<(), Failure> {
    if report.largest.is_empty() {
        return Ok(());
    }
    let title = style::TITLE;
    writeln!(to, "\n{title}objects that keep most{title:#}")?;
    let mut table = Table::new()
        .column("object", Align::Left)
        .styled(style::TYPE)
        .column("at", Align::Right)
        .column("own bytes", Align::Right)
        .column("keeps alone", Align::Right)
        .column("", Align::Right)
        .styled(style::DIM);
    for kept in &report.largest {
        table.row([
            kept.node.name.clone(),
            offset(kept.node.offset),
            count(kept.node.bytes),
            count(kept.retained),
            percent(kept.retained, report.bytes),
        ]);
    }
    Ok(table.write(to)?)
}
