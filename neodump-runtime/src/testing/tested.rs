//! What is known of every field of every type that an image has a place for.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};

use crate::dump::ImageRoot;
use crate::record::fields::{FieldOf, Way};
use crate::schema::{FieldShape, ShapeKind, TypeGraph, TypeRef};

/// What is known of a field; of two things the later one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// The test was told to leave it alone, wherever it was met.
    Excepted,
    /// No change of it was found again, for this reason.
    Untested(String),
    /// A change of it was found again.
    Tested,
    /// It is not stored.
    LeftOut,
}

/// The fields of all types in a schema.
pub(super) struct Tested {
    /// Those that an image has a place for, in the order of the schema, with their names.
    fields: Vec<(FieldOf, String)>,
    names: HashMap<FieldOf, usize>,
    told: HashMap<FieldOf, Told>,
}

impl Tested {
    /// The fields of the types of a machine.
    pub(super) fn of<R: ImageRoot>() -> Self {
        let root = TypeRef::of::<R>();
        let (mut fields, reached) = (Vec::new(), reached(root));
        let mut add = |id: TypeId, name: &str, variant: Option<&'static str>, all: &[FieldShape]| {
            for field in all.iter().filter(|field| is_stored(field)) {
                let variant_name = variant.map(|variant| format!("::{variant}")).unwrap_or_default();
                fields.push(((id, variant, field.name), format!("{name}{variant_name}.{}", field.name)));
            }
        };
        for (id, name, shape) in
            TypeGraph::of(root).named().into_iter().filter(|(id, ..)| reached.contains(id))
        {
            match shape.kind {
                ShapeKind::Leaf | ShapeKind::Word => {}
                ShapeKind::Struct(fields) => add(id, &name, None, fields),
                ShapeKind::Enum { variants, .. } => {
                    variants.iter().for_each(|one| add(id, &name, Some(one.name), one.fields));
                }
            }
        }
        let names = fields.iter().enumerate().map(|(index, (field, _))| (*field, index)).collect();
        Self { fields, names, told: HashMap::new() }
    }

    /// Leaves a field of a type alone; whether there is one of this name.
    pub(super) fn except(&mut self, name: &str) -> bool {
        let found = self.fields.iter().find(|(_, own)| own == name);
        found.is_some_and(|(field, _)| {
            self.told.entry(*field).or_insert(Told::Excepted);
            true
        })
    }

    /// Whether a way leads to, or through, a field, which is named by a way or by its type.
    pub(super) fn is_of(&self, way: &Way, name: &str) -> bool {
        let rest = way.path.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ':']))
            || way.fields.iter().any(|field| {
                self.names
                    .get(field)
                    .and_then(|index| self.fields.get(*index))
                    .is_some_and(|(_, own)| own == name)
            })
    }

    /// Takes note of what became of the place at the end of a way: it says something of all fields that lead there,
    /// unless it is not stored at all.
    pub(super) fn tell(&mut self, way: &Way, told: Told) {
        let from = if told == Told::LeftOut { way.fields.len().saturating_sub(1) } else { 0 };
        for field in way.fields.get(from..).unwrap_or_default() {
            let known = self.told.entry(*field).or_insert(Told::Excepted);
            if *known < told {
                known.clone_from(&told);
            }
        }
    }

    /// How many stored fields there are, and those that nothing was tested of, with the reasons.
    pub(super) fn into_rest(mut self) -> (usize, Vec<(String, String)>) {
        let (mut count, mut untested) = (0, Vec::new());
        for (field, name) in self.fields {
            let why = match self.told.remove(&field) {
                Some(Told::LeftOut) => continue,
                Some(Told::Tested | Told::Excepted) => None,
                Some(Told::Untested(why)) => Some(why),
                None => Some("the machine has no value of it".to_owned()),
            };
            count += 1;
            untested.extend(why.map(|why| (name, why)));
        }
        (count, untested)
    }
}

/// Whether an image has a place for a field that may hold this or that.
fn is_stored(field: &FieldShape) -> bool {
    field.ty.map_or(field.policy.starts_with("native"), |ty| ty.shape().name != "PhantomData")
}

/// The types whose values are shown as they are. What a field is converted to for an image is not among them.
fn reached(root: TypeRef) -> HashSet<TypeId> {
    let (mut reached, mut left) = (HashSet::new(), vec![root]);
    while let Some(ty) = left.pop() {
        if !reached.insert(ty.id()) {
            continue;
        }
        let shape = ty.shape();
        let variants = match shape.kind {
            ShapeKind::Leaf | ShapeKind::Word => Vec::new(),
            ShapeKind::Struct(fields) => vec![fields],
            ShapeKind::Enum { variants, .. } => variants.iter().map(|variant| variant.fields).collect(),
        };
        let is_converted =
            |field: &&FieldShape| ["overlay", "with"].iter().any(|policy| field.policy.starts_with(policy));
        let fields = variants.into_iter().flatten().filter(|field| !is_converted(field));
        left.extend(fields.filter_map(|field| field.ty));
        left.extend(shape.params);
    }
    reached
}
