//! Nodes of the graph as commands show them.

use neodump_runtime::inspect::Image;
use serde::Serialize;

use crate::graph::{Graph, Node, node_name, root_name};
use crate::output::{Failure, offset};

/// The node that an offset belongs to.
///
/// # Errors
///
/// Where it lies, if that is in no object and no field.
pub(crate) fn owner_of(graph: &Graph<'_, '_>, image: &Image<'_>, at: u64) -> Result<u32, Failure> {
    graph.owner_of(at).ok_or_else(|| {
        let section = image.section_at(at).map_or("between sections", |section| section.name);
        Failure::Not(format!("offset {} belongs to no object and no field: it is {section}", offset(at)))
    })
}

/// What a node is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NodeReport {
    /// `image`, `field`, `object` or `shared`.
    kind: &'static str,
    /// `Cons#12`, `vm.faces`.
    pub(crate) name: String,
    /// The name of its type.
    #[serde(rename = "type")]
    pub(crate) ty: String,
    /// Where its record is in the file.
    pub(crate) offset: u64,
    /// Bytes of the record and of what it alone owns.
    pub(crate) bytes: u64,
}

impl NodeReport {
    /// The report of a node.
    pub(crate) fn of(graph: &Graph<'_, '_>, number: u32) -> Self {
        let image = graph.walker.image();
        let type_name = |id: neodump_runtime::inspect::TypeId| {
            image.schema().types().get(id.index()).map_or("", |ty| ty.name()).to_owned()
        };
        let bytes = graph.own.get(number as usize).copied().unwrap_or(0);
        match graph.nodes.node(number) {
            Node::Root => {
                let ty = image.schema().root().map_or("", |root| root.name()).to_owned();
                let offset = image.section("Root").map_or(0, |section| section.extent.offset);
                Self { kind: "image", name: root_name(image), ty, offset, bytes }
            }
            node @ Node::Field(field) => {
                let root = graph.nodes.roots().get(field);
                let name = format!("{}.{}", root_name(image), node_name(&graph.nodes, image, node));
                let offset = root.map_or(0, |root| root.section.unwrap_or(root.record).offset);
                Self {
                    kind: "field",
                    name,
                    ty: root.map_or_else(String::new, |root| type_name(root.ty)),
                    offset,
                    bytes,
                }
            }
            Node::Object(object) => Self {
                kind: "object",
                name: graph.nodes.object_name(object),
                ty: type_name(object.ty),
                offset: object.offset,
                bytes,
            },
            Node::Shared(shared) => {
                let shared = graph.nodes.shared().get(shared);
                let at = shared.and_then(|shared| graph.walker.offset_of(shared.place)).unwrap_or(0);
                let list = shared.map_or(u32::MAX, |shared| shared.list.0);
                let ty = image.schema().types().get(list as usize).map_or("sequence", |ty| ty.name());
                Self {
                    kind: "shared",
                    name: format!("shared value at {}", offset(at)),
                    ty: ty.to_owned(),
                    offset: at,
                    bytes,
                }
            }
        }
    }

    /// How the node stands in a way: `cons`, `vm.faces`.
    pub(crate) fn in_way(graph: &Graph<'_, '_>, number: u32) -> String {
        let image: &Image<'_> = graph.walker.image();
        match graph.nodes.node(number) {
            node @ Node::Field(_) => format!("{}.{}", root_name(image), node_name(&graph.nodes, image, node)),
            node => node_name(&graph.nodes, image, node),
        }
    }
}
