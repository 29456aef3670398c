//! The image as a tree: segments, sections, types, fields.

use neodump_runtime::bounds::Extent;
use neodump_runtime::image::SegmentKind;
use neodump_runtime::inspect::{Section, Type, TypeId};
use neodump_runtime::schema::{SchemaText, TypeTier, tiers};
use neodump_runtime::{DumpError, Result};
use serde::Serialize;

use crate::command::size::FieldSize;
use crate::command::size::fields;
use crate::graph::{Graph, Owner, Tally};
use crate::output::{count, hash};

/// What a load does to bytes. The numbers are those of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Heat {
    /// Nothing: they are shared, and never written.
    Cold,
    /// Nothing at the preferred base; elsewhere pointers are moved.
    Warm,
    /// They are hydrated.
    Hot,
    /// They are bound.
    Bind,
    /// They are read, then dropped.
    Drop,
}

/// A part of the image.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    name: String,
    kind: &'static str,
    bytes: u64,
    /// Where it starts, if it is in one piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) heat: Option<Heat>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<(&'static str, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<Part>,
}

impl Part {
    fn new(name: impl Into<String>, kind: &'static str, bytes: u64, heat: Option<Heat>) -> Self {
        Self {
            name: name.into(),
            kind,
            bytes,
            at: None,
            length: None,
            heat,
            facts: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn at(mut self, extent: Extent) -> Self {
        (self.at, self.length) = (Some(extent.offset), Some(extent.length));
        self
    }

    fn fact(mut self, what: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((what, value.into()));
        self
    }

    /// The tree of an image.
    pub(super) fn of(graph: &Graph<'_, '_>) -> Result<Self> {
        let image = graph.walker.image();
        let header = image.header();
        let offset = image.section("Schema").map_or(0, |section| section.extent.offset);
        let schema = SchemaText::parse(image.schema_text())
            .map_err(|error| DumpError::format("Schema", offset, error.to_string()))?;
        let drawing = Drawing { graph, tiers: tiers(&schema) };
        let whole = Extent::new(0, header.file_len());
        let mut root = Self::new(header.identity().name.clone(), "image", whole.length, None)
            .fact("preferred base", format!("{:#x}", header.preferred_base()));
        let first = SegmentKind::ALL.iter().map(|kind| header.segment(*kind).offset).min().unwrap_or(0);
        let start = Extent::new(0, first);
        root.parts.push(Self::new("header", "header and tables", first, Some(Heat::Drop)).at(start));
        for kind in SegmentKind::ALL {
            root.parts.push(drawing.segment(kind));
        }
        Ok(root)
    }
}

struct Drawing<'g, 'i, 'a> {
    graph: &'g Graph<'i, 'a>,
    tiers: Vec<TypeTier<'a>>,
}

impl<'a> Drawing<'_, '_, 'a> {
    fn segment(&self, kind: SegmentKind) -> Part {
        let image = self.graph.walker.image();
        let extent = image.header().segment(kind);
        let heat = match kind {
            SegmentKind::Rw => Heat::Warm,
            SegmentKind::Ro => Heat::Cold,
            SegmentKind::Imports => Heat::Bind,
            SegmentKind::Meta => Heat::Drop,
        };
        let mut part = Part::new(kind.name(), "segment", extent.length, Some(heat)).at(extent);
        let mut left = extent.length;
        for section in image.sections().filter(|section| section.segment == kind) {
            left = left.saturating_sub(section.extent.length);
            part.parts.push(self.section(&section, heat));
        }
        part.parts.push(Part::new("(up to the next segment)", "padding", left, Some(heat)));
        part
    }

    fn section(&self, section: &Section<'_>, heat: Heat) -> Part {
        let image = self.graph.walker.image();
        let mut part =
            Part::new(section.name, "section", section.extent.length, Some(heat)).at(section.extent);
        part = part.fact("version", section.version.to_string());
        if section.schema_hash != 0 {
            part = part.fact("schema hash", hash(section.schema_hash));
        }
        part = part.fact("checksum", hash(section.checksum));
        let pointers = self.graph.walker.listed().count(section.extent);
        if pointers > 0 {
            part = part.fact("pointers", count(pointers));
        }
        match section.name {
            "HeapImage" => part.parts = self.arenas(),
            "HeapWords" => {
                part.parts =
                    self.owners(Heat::Warm, |tally| tally.vector_bytes + tally.map_bytes - tally.ro_bytes)
            }
            "HeapBytes" => part.parts = self.owners(Heat::Cold, |tally| tally.ro_bytes),
            "Hydration" => {
                part.heat = Some(Heat::Hot);
                part.parts = self.side_records();
                let payloads = self.owners(Heat::Hot, |tally| tally.hydrated_bytes);
                part.parts.extend(payloads.into_iter().filter(|payload| payload.kind == "owned by type"));
            }
            "Root" => part.parts = self.root_fields(),
            name => {
                let root = self.graph.nodes.roots().iter().find(|root| {
                    let ty = image.schema().types().get(root.ty.index());
                    ty.and_then(|ty| ty.section()).is_some_and(|(own, _)| own == name)
                });
                if let Some((root, ty)) =
                    root.and_then(|root| Some((root, image.schema().types().get(root.ty.index())?)))
                {
                    part.heat = Some(if ty.in_place() { Heat::Warm } else { Heat::Hot });
                    part = self.explained(part, root.ty);
                    let owner = Owner::Field(root.place);
                    let sizes = fields(self.graph, ty, owner, 1, ty.size());
                    part.parts = sizes
                        .iter()
                        .map(|size| field(size, size.record_bytes + size.hydrated_bytes, part.heat))
                        .collect();
                }
            }
        }
        // What no part has is padding between them.
        let inside: u64 = part.parts.iter().map(|part| part.bytes).sum();
        if !part.parts.is_empty() && inside < part.bytes {
            part.parts.push(Part::new("(between)", "padding", part.bytes - inside, part.heat));
        }
        part
    }

    /// The part with what is to be said of the tier of its type.
    fn explained(&self, part: Part, ty: TypeId) -> Part {
        let Some(tier) = self.tiers.get(ty.index()) else { return part };
        let mut part = part.fact("tier", tier.tier.to_string());
        for reason in &tier.reasons {
            part = part.fact("why", reason.to_string());
        }
        part
    }

    fn arenas(&self) -> Vec<Part> {
        let image = self.graph.walker.image();
        let schema = image.schema();
        let mut parts = Vec::new();
        for arena in image.arenas() {
            let Some(ty) = schema.types().get(arena.ty().index()) else { continue };
            let heat = if ty.in_place() { Heat::Warm } else { Heat::Hot };
            let extent = arena.extent();
            let mut part = Part::new(ty.name(), "type", extent.length, Some(heat)).at(extent);
            part = part.fact("objects", count(arena.count()));
            if let Some(stride) = arena.stride() {
                part = part.fact("each", format!("{stride} bytes"));
            }
            let pointers = self.graph.walker.listed().count(extent);
            part = part.fact("pointers", count(pointers));
            part = self.explained(part, arena.ty());
            let sizes = fields(self.graph, ty, Owner::Object(arena.ordinal()), arena.count(), extent.length);
            let in_slot = sizes.iter().filter(|size| {
                let shape = schema.find(size.ty).and_then(|ty| schema.types().get(ty.index()));
                shape.is_none_or(Type::in_place)
            });
            part.parts = in_slot.map(|size| field(size, size.record_bytes, part.heat)).collect();
            parts.push(part);
        }
        parts
    }

    fn side_records(&self) -> Vec<Part> {
        let image = self.graph.walker.image();
        let mut parts = Vec::new();
        for arena in image.arenas().iter().filter(|arena| arena.side().length > 0) {
            let Some(ty) = image.schema().types().get(arena.ty().index()) else { continue };
            let side = arena.side();
            let part = Part::new(ty.name(), "side records", side.length, Some(Heat::Hot)).at(side);
            parts.push(self.explained(part.fact("objects", count(arena.count())), arena.ty()));
        }
        parts
    }

    /// What the types and the roots own in a section that all share.
    fn owners(&self, heat: Heat, bytes: impl Fn(&Tally) -> u64) -> Vec<Part> {
        let schema = self.graph.walker.image().schema();
        let types = schema.objects().iter().enumerate().filter_map(|(ordinal, id)| {
            Some((Owner::Object(ordinal), "owned by type", schema.types().get(id.index())?, None))
        });
        let roots = self.graph.nodes.roots().iter().filter_map(|root| {
            let ty = schema.types().get(root.ty.index())?;
            Some((Owner::Field(root.place), "owned by root", ty, Some(root.field.name)))
        });
        let mut parts = Vec::new();
        for (owner, kind, ty, name) in types.chain(roots) {
            let whole = bytes(&self.graph.tallies.sum(owner));
            if whole == 0 {
                continue;
            }
            let mut part = Part::new(name.unwrap_or(ty.name()), kind, whole, Some(heat));
            for size in fields(self.graph, ty, owner, 0, 0) {
                let tally = Tally {
                    vector_bytes: size.vector_bytes,
                    map_bytes: size.map_bytes,
                    ro_bytes: size.ro_bytes,
                    hydrated_bytes: size.hydrated_bytes,
                    ..Tally::default()
                };
                part.parts.push(field(&size, bytes(&tally), part.heat));
            }
            part.parts.retain(|part| part.bytes > 0);
            parts.push(part);
        }
        parts
    }

    fn root_fields(&self) -> Vec<Part> {
        let schema = self.graph.walker.image().schema();
        let roots = self.graph.nodes.roots().iter().filter(|root| root.section.is_none());
        let parts = roots.filter_map(|root| {
            let ty = schema.types().get(root.ty.index())?;
            let hydrated = self.graph.tallies.sum(Owner::Field(root.place)).hydrated_bytes;
            let heat = if ty.in_place() { Heat::Warm } else { Heat::Hot };
            let part =
                Part::new(root.field.name, "field", root.record.length.saturating_add(hydrated), Some(heat));
            Some(self.explained(part.fact("type", ty.name()), root.ty))
        });
        parts.collect()
    }
}

fn field(size: &FieldSize<'_>, bytes: u64, heat: Option<Heat>) -> Part {
    let mut part = Part::new(size.name.clone(), "field", bytes, heat);
    if !size.ty.is_empty() {
        part = part.fact("type", size.ty);
    }
    part
}
