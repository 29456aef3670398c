//! `neodump draw`: one page that shows where the bytes of an image are.

mod page;
mod pages;
mod tree;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use self::pages::Pages;
use self::tree::Part;
use crate::file::{Files, ImageArg, OpenFile};
use crate::graph::Graph;
use crate::output::{Failure, Output, Progress, bytes, count, write_file};

/// Draw the image as one page for a browser, which needs no network.
#[derive(Debug, Args)]
pub(crate) struct Draw {
    #[command(flatten)]
    image: ImageArg,
    /// The page to write; `-` for the output. With --json its data is written instead
    #[arg(short, long, value_name = "HTML", default_value = "image.html", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
}

/// What the page draws.
#[derive(Debug, Serialize)]
struct Drawing {
    summary: String,
    tree: Part,
    pages: Pages,
}

impl Draw {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let progress = Progress::new();
        progress.step("checksums");
        image.verify().map_err(|error| file.refuse(error))?;
        let graph = Graph::new(&image, &progress).map_err(|error| file.refuse(error))?;
        let tree = Part::of(&graph).map_err(|error| file.refuse(error))?;
        let pages = Pages::of(&graph, &tree);
        let identity = image.header().identity();
        let summary = format!(
            "version {}, {}, {} objects, {} symbols, {} words that hold addresses",
            identity.version,
            bytes(image.header().file_len()),
            count(image.object_count()),
            count(u64::from(image.symbol_count())),
            count(image.relocations().count())
        );
        drop(progress);
        let drawing = Drawing { summary, tree, pages };
        if out.is_json() {
            return out.json(&drawing);
        }
        let data = serde_json::to_string(&drawing).map_err(std::io::Error::from)?;
        let page = page::with_data(&data);
        if self.output.as_os_str() == "-" {
            return Ok(out.text().write_all(page.as_bytes())?);
        }
        write_file(&self.output, page.as_bytes(), &[&self.image.image])
    }
}
