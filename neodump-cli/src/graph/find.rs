//! The ways inside of one node to the nodes that it refers to.

use neodump_runtime::Result;
use neodump_runtime::bounds::Extent;
use neodump_runtime::inspect::TypeId;

use super::nodes::{Node, Nodes, Shared};
use super::walk::{At, SharedAt, Visit, Walker};
use super::way::Way;

/// A reference out of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference {
    pub(crate) to: u32,
    pub(crate) weak: bool,
    /// The offset of the word.
    pub(crate) at: u64,
    pub(crate) way: Way,
}

/// The references out of `node`, at most `most` of them: those to `wanted` alone, if it is asked for.
///
/// # Errors
///
/// [`DumpError::ImageFormat`](neodump_runtime::DumpError) for what breaks the format.
pub(crate) fn references(
    walker: &mut Walker<'_, '_>,
    nodes: &Nodes<'_, '_>,
    node: u32,
    wanted: Option<u32>,
    most: usize,
) -> Result<Vec<Reference>> {
    walker.restart();
    let mut find = Find { nodes, wanted, most, found: Vec::new() };
    match nodes.node(node) {
        Node::Root => {}
        Node::Field(field) => {
            if let Some(root) = nodes.roots().get(field) {
                walker.record(root.list(), root.record.offset, &mut find)?;
            }
        }
        Node::Object(object) => {
            let ordinal = nodes.ordinal(node).unwrap_or(usize::MAX);
            let side: Option<Extent> = walker.image().side_record(object);
            walker.object(ordinal, object.extent(), side, &mut find)?;
        }
        Node::Shared(shared) => {
            if let Some(&Shared { place, list, .. }) = nodes.shared().get(shared) {
                walker.shared(place, list, &mut find)?;
            }
        }
    }
    Ok(find.found)
}

struct Find<'n, 'i, 'a> {
    nodes: &'n Nodes<'i, 'a>,
    wanted: Option<u32>,
    most: usize,
    found: Vec<Reference>,
}

impl Find<'_, '_, '_> {
    fn take(&mut self, to: Option<u32>, at: At, weak: bool) {
        let Some(to) = to.filter(|to| self.wanted.is_none_or(|wanted| wanted == *to)) else { return };
        if self.found.len() < self.most {
            self.found.push(Reference { to, weak, at: at.offset, way: at.way });
        }
    }
}

impl Visit for Find<'_, '_, '_> {
    const WAYS: bool = true;

    fn reference(&mut self, at: At, _: Option<TypeId>, target: Option<u64>, weak: bool) -> Result<()> {
        self.take(target.and_then(|target| self.nodes.at(target)), at, weak);
        Ok(())
    }

    fn shared(&mut self, at: At, _: u32, shared: SharedAt) -> Result<()> {
        self.take(self.nodes.of_shared(shared.place, shared.list), at, shared.weak);
        Ok(())
    }
}
