//! What `neodump size` says, as data.

use neodump_runtime::DumpError;
use neodump_runtime::inspect::{Body, Image, Type};
use neodump_runtime::schema::{SchemaText, Tier, TypeTier, tiers};
use serde::Serialize;

use crate::command::node::NodeReport;
use crate::graph::{Dominators, Graph, Owner, RootField, cost, root_name};
use crate::output::Progress;

/// How many of the objects that keep most are told.
const LARGEST: usize = 10;

#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) bytes: u64,
    pub(super) sections: Vec<SectionSize>,
    /// By bytes, the largest first.
    pub(super) types: Vec<TypeSize<'a>>,
    /// The fields of the image type, by what they keep.
    pub(super) roots: Vec<RootSize<'a>>,
    /// Bytes of objects that several roots keep together.
    pub(super) kept_by_several: u64,
    /// Objects that no root leads to, but by weak references.
    pub(super) unreached: usize,
    /// The objects that keep most.
    pub(super) largest: Vec<Kept>,
    /// Estimated time of a load that hydration takes.
    pub(super) load_nanoseconds: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct SectionSize {
    pub(super) name: String,
    pub(super) segment: &'static str,
    pub(super) bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct TypeSize<'a> {
    #[serde(rename = "type")]
    pub(super) ty: &'a str,
    pub(super) tier: String,
    pub(super) objects: u64,
    /// All bytes: records, and what they own outside of them.
    pub(super) bytes: u64,
    pub(super) record_bytes: u64,
    pub(super) fields: Vec<FieldSize<'a>>,
    pub(super) load: Load,
}

#[derive(Debug, Serialize)]
pub(crate) struct FieldSize<'a> {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) ty: &'a str,
    /// Bytes inside of the records.
    pub(crate) record_bytes: u64,
    /// Bytes of vectors and strings that it owns elsewhere in the image.
    pub(crate) vector_bytes: u64,
    /// Bytes of maps that lie in the image, and of their indexes.
    pub(crate) map_bytes: u64,
    /// Those of the bytes of vectors and maps that are in segment `ro`.
    pub(crate) ro_bytes: u64,
    /// Bytes that are read into values which Rust owns.
    pub(crate) hydrated_bytes: u64,
    pub(crate) hydrated_values: u64,
    pub(crate) hydrated_entries: u64,
    pub(crate) load_nanoseconds: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct RootSize<'a> {
    pub(super) field: String,
    #[serde(rename = "type")]
    pub(super) ty: &'a str,
    pub(super) tier: String,
    /// Bytes of the field itself, with its section if it has one.
    pub(super) bytes: u64,
    /// Bytes that would be gone without the field.
    pub(super) retained: u64,
    pub(super) fields: Vec<FieldSize<'a>>,
    pub(super) load: Load,
}

/// What a load does for a type or field.
#[derive(Debug, Serialize)]
pub(super) struct Load {
    pub(super) nanoseconds: u64,
    pub(super) values: u64,
    pub(super) entries: u64,
    pub(super) reasons: Vec<Why>,
}

#[derive(Debug, Serialize)]
pub(super) struct Why {
    pub(super) field: String,
    #[serde(rename = "type")]
    pub(super) ty: String,
    pub(super) why: &'static str,
    pub(super) next: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Kept {
    pub(super) node: NodeReport,
    pub(super) retained: u64,
}

/// What `size` says of an image.
pub(super) fn report<'a>(image: &Image<'a>, progress: &Progress) -> neodump_runtime::Result<Report<'a>> {
    let offset = image.section("Schema").map_or(0, |section| section.extent.offset);
    let schema = SchemaText::parse(image.schema_text())
        .map_err(|error| DumpError::format("Schema", offset, error.to_string()))?;
    let tiers = tiers(&schema);
    let graph = Graph::new(image, progress)?;
    progress.step("what keeps what");
    let dominators = Dominators::new(&graph.edges, &graph.edges.reversed(), 0);
    let retained = dominators.sums(&graph.own);
    let types = types(&graph, &tiers);
    let roots = roots(&graph, &tiers, &retained);
    let identity = image.header().identity();
    let kept = retained.first().copied().unwrap_or(0);
    let by_one: u64 = roots.iter().map(|root| root.retained).sum();
    let loads = types.iter().map(|ty| &ty.load).chain(roots.iter().map(|root| &root.load));
    let load_nanoseconds = loads.map(|load| load.nanoseconds).sum();
    Ok(Report {
        name: identity.name.clone(),
        version: identity.version,
        bytes: image.header().file_len(),
        sections: sections(image),
        kept_by_several: kept.saturating_sub(by_one).saturating_sub(graph.own.first().copied().unwrap_or(0)),
        // Every object has bytes of its own, and what is reached keeps at least those.
        unreached: graph
            .own
            .iter()
            .zip(&retained)
            .skip(1)
            .filter(|(own, kept)| **own > 0 && **kept == 0)
            .count(),
        largest: largest(&graph, &dominators, &retained),
        types,
        roots,
        load_nanoseconds,
    })
}

fn sections(image: &Image<'_>) -> Vec<SectionSize> {
    let all = image.sections().map(|section| SectionSize {
        name: section.name.to_owned(),
        segment: section.segment.name(),
        bytes: section.extent.length,
    });
    all.collect()
}

fn types<'a>(graph: &Graph<'_, 'a>, tiers: &[TypeTier<'a>]) -> Vec<TypeSize<'a>> {
    let image = graph.walker.image();
    let schema = image.schema();
    let mut types = Vec::new();
    for (ordinal, id) in schema.objects().iter().enumerate() {
        let Some(ty) = schema.types().get(id.index()) else { continue };
        let Some(arena) = image.arena_of(*id) else { continue };
        let owner = Owner::Object(ordinal);
        let record_bytes = arena.extent().length.saturating_add(arena.side().length);
        let sum = graph.tallies.sum(owner);
        let tier = tiers.get(id.index());
        let is_hydrated = tier.is_some_and(|tier| tier.tier != Tier::InPlace);
        types.push(TypeSize {
            ty: ty.name(),
            tier: tier.map_or_else(String::new, |tier| tier.tier.to_string()),
            objects: arena.count(),
            bytes: record_bytes.saturating_add(sum.bytes()),
            record_bytes,
            fields: fields(graph, ty, owner, arena.count(), record_bytes),
            load: load(graph, tier, owner, if is_hydrated { arena.count() } else { 0 }),
        });
    }
    types.sort_by(|a, b| b.bytes.cmp(&a.bytes).then(a.ty.cmp(b.ty)));
    types
}

/// The fields of a type of which there are `count` records with `record_bytes` together.
pub(crate) fn fields<'a>(
    graph: &Graph<'_, 'a>,
    ty: &Type<'a>,
    owner: Owner,
    count: u64,
    record_bytes: u64,
) -> Vec<FieldSize<'a>> {
    let schema = graph.walker.image().schema();
    let lists: Vec<(Option<&str>, &[_])> = match ty.body() {
        Body::Struct(fields) => vec![(None, fields.as_slice())],
        Body::Enum(_, variants) => {
            variants.iter().map(|variant| (Some(variant.name), variant.fields.as_slice())).collect()
        }
        // What a word or a type of the framework owns stands for itself.
        Body::Leaf | Body::Word => Vec::new(),
    };
    let mut sizes = Vec::new();
    let mut inside = 0_u64;
    let all = lists.iter().flat_map(|(variant, fields)| fields.iter().map(move |field| (variant, field)));
    for (place, (variant, field)) in all.enumerate() {
        let shape = field.ty.and_then(|ty| schema.types().get(ty.index()));
        let tally = graph.tallies.of_field(owner, place);
        let is_tail = field.policy.starts_with("tail = ");
        // A variant's fields are in some of the records; a manager's are in its own section.
        let size = shape.filter(|shape| variant.is_none() && shape.section().is_none() && !is_tail);
        let record = count.saturating_mul(size.map_or(0, Type::size));
        inside = inside.saturating_add(record);
        if shape.is_none() {
            continue;
        }
        let name = variant.map_or(String::new(), |variant| format!("{variant}::")) + field.name;
        sizes.push(FieldSize {
            name,
            ty: shape.map_or("", |shape| shape.name()),
            record_bytes: record,
            vector_bytes: tally.vector_bytes,
            map_bytes: tally.map_bytes,
            ro_bytes: tally.ro_bytes,
            hydrated_bytes: tally.hydrated_bytes,
            hydrated_values: tally.hydrated_values,
            hydrated_entries: tally.hydrated_entries,
            load_nanoseconds: cost::nanoseconds(&tally, 0),
        });
    }
    // A trailing array is what is left of the records, apart from padding.
    let has_tail = ty.object().is_some_and(|object| object.tail.is_some());
    let tail = ty.fields().iter().find(|field| field.policy.starts_with("tail = "));
    if let (true, Some(tail)) = (has_tail, tail) {
        if let Some(size) = sizes.iter_mut().find(|size| size.name == tail.name) {
            size.record_bytes = record_bytes.saturating_sub(inside);
        }
    } else if ty.object().is_some() && record_bytes > inside {
        sizes.push(FieldSize {
            name: "(padding, natives)".to_owned(),
            ty: "",
            record_bytes: record_bytes - inside,
            vector_bytes: 0,
            map_bytes: 0,
            ro_bytes: 0,
            hydrated_bytes: 0,
            hydrated_values: 0,
            hydrated_entries: 0,
            load_nanoseconds: 0,
        });
    }
    sizes
}

fn load(graph: &Graph<'_, '_>, tier: Option<&TypeTier<'_>>, owner: Owner, slots: u64) -> Load {
    let sum = graph.tallies.sum(owner);
    let reasons = tier.map_or(&[][..], |tier| &tier.reasons);
    Load {
        nanoseconds: cost::nanoseconds(&sum, slots),
        values: sum.hydrated_values,
        entries: sum.hydrated_entries,
        reasons: reasons
            .iter()
            .map(|reason| Why {
                field: reason.field.clone(),
                ty: reason.ty.clone(),
                why: reason.why,
                next: reason.next.clone(),
            })
            .collect(),
    }
}

fn roots<'a>(graph: &Graph<'_, 'a>, tiers: &[TypeTier<'a>], retained: &[u64]) -> Vec<RootSize<'a>> {
    let image = graph.walker.image();
    let mut roots: Vec<RootSize<'a>> = Vec::new();
    for (number, root) in (1_usize..).zip(graph.nodes.roots()) {
        let RootField { place, field, ty, .. } = root;
        let Some(shape) = image.schema().types().get(ty.index()) else { continue };
        let owner = Owner::Field(*place);
        let tier = tiers.get(ty.index());
        roots.push(RootSize {
            field: format!("{}.{}", root_name(image), field.name),
            ty: shape.name(),
            tier: tier.map_or_else(String::new, |tier| tier.tier.to_string()),
            bytes: graph.own.get(number).copied().unwrap_or(0),
            retained: retained.get(number).copied().unwrap_or(0),
            fields: fields(graph, shape, owner, 1, shape.size()),
            load: load(graph, tier, owner, 0),
        });
    }
    roots.sort_by(|a, b| b.retained.cmp(&a.retained).then_with(|| a.field.cmp(&b.field)));
    roots
}

/// The objects that keep most. Of a list, whose every link keeps the rest, the first link is told alone.
fn largest(graph: &Graph<'_, '_>, dominators: &Dominators, retained: &[u64]) -> Vec<Kept> {
    let first = graph.nodes.roots().len() as u64 + 1;
    let kept_by = |node: u32| retained.get(node as usize).copied().unwrap_or(0);
    let mut largest: Vec<(u64, u32)> = Vec::with_capacity(LARGEST + 1);
    for (node, up) in dominators.pairs() {
        let kept = kept_by(node);
        let is_link = u64::from(up) >= first && kept.saturating_mul(2) > kept_by(up);
        let is_less = largest.len() == LARGEST && largest.last().is_some_and(|(least, _)| kept <= *least);
        if u64::from(node) < first || is_link || is_less {
            continue;
        }
        let at = largest.partition_point(|(known, _)| *known >= kept);
        largest.insert(at, (kept, node));
        largest.truncate(LARGEST);
    }
    let kept = largest.into_iter();
    kept.map(|(retained, number)| Kept { node: NodeReport::of(graph, number), retained }).collect()
}
