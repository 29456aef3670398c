//! `neodump find`: the objects that mention a symbol or a text.

use clap::{ArgGroup, Args};
use neodump_runtime::inspect::{Event, Image, Node, Object, Value};
use serde::Serialize;

use crate::decode::object_name;
use crate::file::{Files, ImageArg, OpenFile};
use crate::output::{Failure, Output, count, style};

/// Find the objects and managers that mention a symbol or hold a text
///
/// Shows the path from the object or manager to each value that does. Text is found in strings and in sequences of
/// bytes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  neodump find vm.ndump --symbol load-path
  neodump find vm.ndump --string /usr/share --limit 1000")]
#[command(group = ArgGroup::new("what").required(true).args(["symbol", "string"]))]
pub(crate) struct Find {
    #[command(flatten)]
    image: ImageArg,
    /// Find what refers to the symbols of this name
    #[arg(long, value_name = "NAME")]
    symbol: Option<String>,
    /// Find what holds this text, also as a part of a longer one
    #[arg(long, value_name = "TEXT")]
    string: Option<String>,
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, Serialize)]
struct Found<'i> {
    /// The section of a manager, or HeapImage.
    section: &'i str,
    #[serde(rename = "type")]
    ty: &'i str,
    /// The object; nothing for a manager.
    object: Option<u64>,
    path: String,
    offset: u64,
}

enum Wanted<'f> {
    Symbols(Vec<u32>),
    Text(&'f [u8]),
}

impl Find {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let wanted = self.wanted(&image)?;
        let mut found = Vec::new();
        let roots =
            image.schema().managers().filter_map(|(name, _)| Some((name, image.manager_value(name)?)));
        for (section, value) in [("Root", image.root_value())].into_iter().chain(roots) {
            self.search(&file, &image, section, value, &wanted, &mut found)?;
        }
        for object in image.objects() {
            if found.len() >= self.limit {
                break;
            }
            self.search(&file, &image, "HeapImage", image.object_value(object), &wanted, &mut found)?;
        }
        found.truncate(self.limit);
        if out.is_json() {
            return out.json(&found);
        }
        let ty = style::TYPE;
        for found in &found {
            let at = found.object.and_then(|offset| image.object_at(offset));
            let name =
                at.map_or_else(|| found.section.to_owned(), |object: Object| object_name(&image, object));
            writeln!(out.text(), "{ty}{name}{ty:#} {}", found.path)?;
        }
        let dim = style::DIM;
        let more = if found.len() == self.limit { ", --limit shows more" } else { "" };
        writeln!(out.text(), "{dim}{} found{more}{dim:#}", count(found.len() as u64))?;
        Ok(())
    }

    fn wanted(&self, image: &Image<'_>) -> Result<Wanted<'_>, Failure> {
        if let Some(text) = &self.string {
            return Ok(Wanted::Text(text.as_bytes()));
        }
        let name = self.symbol.as_deref().unwrap_or_default();
        let ids = (0..image.symbol_count()).filter(|id| image.symbol(*id) == Some(name.as_bytes()));
        let ids: Vec<u32> = ids.collect();
        if ids.is_empty() {
            return Err(Failure::Not(format!("the image has no symbol {name}")));
        }
        Ok(Wanted::Symbols(ids))
    }

    fn search<'i>(
        &self,
        file: &OpenFile,
        image: &'i Image<'_>,
        section: &'i str,
        start: Value,
        wanted: &Wanted<'_>,
        found: &mut Vec<Found<'i>>,
    ) -> Result<(), Failure> {
        let mut walk = image.walk(start);
        // Managers are searched for themselves, not as parts of the image type.
        let mut elsewhere = Vec::new();
        while let Some(event) = walk.next().map_err(|error| file.refuse(error))? {
            match event {
                Event::Close => {
                    elsewhere.pop();
                }
                Event::Value { value, node, open, step } => {
                    let is_manager =
                        value.is_some_and(|value| image.schema().ty(value.ty).section().is_some());
                    let hidden = elsewhere.last() == Some(&true) || (section == "Root" && is_manager);
                    if !hidden && found.len() < self.limit && wanted.is(&node) {
                        let ty = image.schema().ty(start.ty).name();
                        let object = image.object_of(start).map(|object| object.offset);
                        let offset = value.map_or(start.offset, |value| value.offset);
                        found.push(Found { section, ty, object, path: walk.path_to(step), offset });
                    }
                    if open {
                        elsewhere.push(hidden);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Wanted<'_> {
    fn is(&self, node: &Node<'_>) -> bool {
        match (self, node) {
            (Self::Symbols(ids), Node::Symbol(id)) => ids.contains(id),
            (Self::Text(text), Node::Text(bytes) | Node::Bytes(bytes)) => {
                text.is_empty() || bytes.windows(text.len()).any(|part| part == *text)
            }
            _ => false,
        }
    }
}
