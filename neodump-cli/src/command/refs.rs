//! `neodump refs`: who refers to an object, and what it refers to.

use clap::Args;
use serde::Serialize;

use super::node::{NodeReport, owner_of};
use crate::file::{Files, ImageArg, OpenFile};
use crate::graph::{Graph, references, way_text};
use crate::output::{Align, Failure, Output, Progress, Table, count, offset, style};
use crate::place::Place;

/// Show who refers to an object, and what it refers to.
#[derive(Debug, Args)]
pub(crate) struct Refs {
    #[command(flatten)]
    image: ImageArg,
    /// An offset in the file (4096, 0x1000), or an object (Cons#12)
    #[arg(value_name = "OFFSET")]
    place: Place,
    /// The most references of each kind that are shown
    #[arg(long, value_name = "COUNT", default_value_t = 40)]
    most: usize,
}

#[derive(Debug, Serialize)]
struct Report {
    target: NodeReport,
    referrers: usize,
    referred_to_by: Vec<Referrer>,
    references: usize,
    refers_to: Vec<Referrer>,
}

#[derive(Debug, Serialize)]
struct Referrer {
    /// The node at the other end.
    node: NodeReport,
    /// From the node that refers to the word: `.cells[3].value`.
    way: String,
    /// Where the word is.
    word: u64,
    /// Whether it keeps nothing.
    weak: bool,
}

impl Refs {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let at = self.place.offset(&image)?;
        let progress = Progress::new();
        progress.step("checksums");
        image.verify().map_err(|error| file.refuse(error))?;
        let mut graph = Graph::new(&image, &progress).map_err(|error| file.refuse(error))?;
        let target = owner_of(&graph, &image, at)?;
        let report = self.report(&mut graph, target).map_err(|error| file.refuse(error))?;
        drop(progress);
        if out.is_json() { out.json(&report) } else { self.text(&report, out) }
    }

    fn report(&self, graph: &mut Graph<'_, '_>, target: u32) -> neodump_runtime::Result<Report> {
        let mut from: Vec<u32> = (0..graph.nodes.count() as u32)
            .filter(|node| *node != 0 && graph.edges.of(*node).contains(&target))
            .chain(graph.weak.iter().filter(|(_, to)| *to == target).map(|(from, _)| *from))
            .collect();
        from.sort_unstable();
        let strong: usize =
            from.iter().map(|node| graph.edges.of(*node).iter().filter(|to| **to == target).count()).sum();
        from.dedup();
        let weak = graph.weak.iter().filter(|(_, to)| *to == target).count();
        let mut referred_to_by = Vec::new();
        for node in from {
            if referred_to_by.len() >= self.most {
                break;
            }
            let left = self.most - referred_to_by.len();
            for found in references(&mut graph.walker, &graph.nodes, node, Some(target), left)? {
                let way = way_text(&graph.walker, found.way);
                let node = NodeReport::of(graph, node);
                referred_to_by.push(Referrer { node, way, word: found.at, weak: found.weak });
            }
        }
        let mut refers_to = Vec::new();
        for found in references(&mut graph.walker, &graph.nodes, target, None, self.most)? {
            let way = way_text(&graph.walker, found.way);
            let node = NodeReport::of(graph, found.to);
            refers_to.push(Referrer { node, way, word: found.at, weak: found.weak });
        }
        let weak_out = graph.weak.iter().filter(|(from, _)| *from == target).count();
        Ok(Report {
            target: NodeReport::of(graph, target),
            referrers: strong + weak,
            referred_to_by,
            references: graph.edges.of(target).len() + weak_out,
            refers_to,
        })
    }

    fn text(&self, report: &Report, out: &mut Output<'_>) -> Result<(), Failure> {
        let to = out.text();
        let (ty, title) = (style::TYPE, style::TITLE);
        writeln!(
            to,
            "{title}{}{title:#} at {}, {ty}{}{ty:#}",
            report.target.name,
            offset(report.target.offset),
            report.target.ty
        )?;
        for (what, all, list, end) in [
            ("referred to by", report.referrers, &report.referred_to_by, "from"),
            ("refers to", report.references, &report.refers_to, "to"),
        ] {
            writeln!(to, "\n{title}{what} {}{title:#}", count(all as u64))?;
            let mut table = Table::new()
                .column(end, Align::Left)
                .styled(style::TYPE)
                .column("at", Align::Right)
                .column("field", Align::Left)
                .column("word", Align::Right)
                .column("", Align::Left)
                .styled(style::DIM);
            for one in list {
                let weak = if one.weak { "weak" } else { "" };
                let at = offset(one.node.offset);
                table.row([one.node.name.clone(), at, one.way.clone(), offset(one.word), weak.to_owned()]);
            }
            if !table.is_empty() {
                table.write(to)?;
            }
            if list.len() < all {
                writeln!(to, "  and {} more: see --most", count((all - list.len()) as u64))?;
            }
        }
        Ok(())
    }
}
