//! `neodump why`: what keeps an object in the image.

use clap::Args;
use serde::Serialize;

use super::node::{NodeReport, owner_of};
use crate::file::{Files, ImageArg, OpenFile};
use crate::graph::{Graph, Paths, references, way_text};
use crate::output::{Align, Failure, Output, Progress, Table, count, offset, style};
use crate::place::Place;

/// Steps at each end of a long way that are shown without `--all`.
const SHOWN: usize = 32;
/// References from one node to the next that are looked at: all of them lead there.
const LOOKED_AT: usize = 1024;

/// Show the shortest way from a root to an object: why it is in the image.
#[derive(Debug, Args)]
pub(crate) struct Why {
    #[command(flatten)]
    image: ImageArg,
    /// An offset in the file (4096, 0x1000), or an object (Cons#12)
    #[arg(value_name = "OFFSET")]
    place: Place,
    /// Show all of a long way, not only its ends
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    target: NodeReport,
    /// As in errors: `vm.faces['bold'] → face.next`.
    way: String,
    /// How many references the way has.
    len: usize,
    /// How many of them `steps` leaves out in the middle.
    left_out: usize,
    steps: Vec<StepReport>,
}

#[derive(Debug, Serialize)]
struct StepReport {
    /// From the node to the word: `.faces['bold']`.
    way: String,
    /// Where the word is that leads on.
    word: u64,
    to: NodeReport,
}

impl Why {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let at = self.place.offset(&image)?;
        let progress = Progress::new();
        progress.step("checksums");
        image.verify().map_err(|error| file.refuse(error))?;
        let mut graph = Graph::new(&image, &progress).map_err(|error| file.refuse(error))?;
        let target = owner_of(&graph, &image, at)?;
        progress.step("ways");
        let way = Paths::new(&graph.edges, 0).to(target);
        let report = self.report(&mut graph, target, &way).map_err(|error| file.refuse(error))?;
        drop(progress);
        let Some(report) = report else {
            let name = NodeReport::of(&graph, target).name;
            return Err(Failure::Not(format!("nothing keeps {name}: only weak references lead to it")));
        };
        if out.is_json() { out.json(&report) } else { text(&report, out) }
    }

    fn report(
        &self,
        graph: &mut Graph<'_, '_>,
        target: u32,
        way: &[u32],
    ) -> neodump_runtime::Result<Option<Report>> {
        let Some((&start, _)) = way.split_first() else { return Ok(None) };
        // The first reference is from the image type to its field, which is a part of the field's name.
        let shown = way.get(1..).unwrap_or(&[]);
        let left_out = if self.all { 0 } else { shown.len().saturating_sub(2 * SHOWN + 1) };
        let mut text = NodeReport::in_way(graph, shown.first().copied().unwrap_or(start));
        let mut steps = Vec::new();
        for (index, pair) in shown.windows(2).enumerate() {
            let [from, to] = *pair else { continue };
            if left_out > 0 && (SHOWN..SHOWN + left_out).contains(&index) {
                if index == SHOWN {
                    text.push_str(&format!(" \u{2192} ({left_out} objects more)"));
                }
                continue;
            }
            let found = references(&mut graph.walker, &graph.nodes, from, Some(to), LOOKED_AT)?;
            let Some(found) = found.iter().find(|found| !found.weak) else { continue };
            let inside = way_text(&graph.walker, found.way);
            if left_out > 0 && index == SHOWN + left_out {
                text.push_str(&format!(" \u{2192} {}", NodeReport::in_way(graph, from)));
            }
            text.push_str(&inside);
            text.push_str(&format!(" \u{2192} {}", NodeReport::in_way(graph, to)));
            steps.push(StepReport { way: inside, word: found.at, to: NodeReport::of(graph, to) });
        }
        let target = NodeReport::of(graph, target);
        Ok(Some(Report { target, way: text, len: shown.len().saturating_sub(1), left_out, steps }))
    }
}

fn text(report: &Report, out: &mut Output<'_>) -> Result<(), Failure> {
    let to = out.text();
    let (ty, title) = (style::TYPE, style::TITLE);
    writeln!(
        to,
        "{title}{}{title:#} at {}, {ty}{}{ty:#}, is kept by a way of {} {}",
        report.target.name,
        offset(report.target.offset),
        report.target.ty,
        count(report.len as u64),
        if report.len == 1 { "reference" } else { "references" }
    )?;
    writeln!(to, "\n  {}\n", report.way)?;
    let mut table = Table::new()
        .column("word", Align::Right)
        .column("field", Align::Left)
        .column("leads to", Align::Left)
        .styled(style::TYPE)
        .column("at", Align::Right);
    for step in &report.steps {
        table.row([offset(step.word), step.way.clone(), step.to.name.clone(), offset(step.to.offset)]);
    }
    if !table.is_empty() {
        table.write(to)?;
    }
    if report.left_out > 0 {
        writeln!(
            to,
            "\n  {} steps in the middle are left out: --all shows them",
            count(report.left_out as u64)
        )?;
    }
    Ok(())
}
