//! `neodump schema`: what the image says of its own layout.

use clap::Args;
use neodump_runtime::inspect::{Body, Field, Image, Type};
use serde_json::{Value, json};

use crate::file::{Files, ImageArg, OpenFile};
use crate::output::{Failure, Output, style};

/// Show the schema of all that the image holds, or of one type
///
/// As text it is the section Schema as it stands in the file; its grammar is in docs/format.md.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  neodump schema vm.ndump
  neodump schema vm.ndump FaceTable
  neodump schema vm.ndump --json | jq '.[] | select(.object).name'")]
pub(crate) struct Schema {
    #[command(flatten)]
    image: ImageArg,
    /// Show this type only: its name, or the end of it after `::`
    #[arg(value_name = "TYPE")]
    r#type: Option<String>,
}

impl Schema {
    pub(crate) fn run(&self, files: &dyn Files, out: &mut Output<'_>) -> Result<(), Failure> {
        let file = OpenFile::open(files, &self.image.image)?;
        let image = file.image()?;
        let only = match &self.r#type {
            Some(name) => Some(super::find_type(&image, name)?),
            None => None,
        };
        if out.is_json() {
            let types = image.schema().types();
            let shown: Vec<Value> = match only {
                Some(id) => vec![describe(&image, image.schema().ty(id))],
                None => types.iter().map(|ty| describe(&image, ty)).collect(),
            };
            return out.json(&shown);
        }
        let Some(only) = only else { return Ok(write!(out.text(), "{}", image.schema_text())?) };
        let mut blocks = 0;
        for line in image.schema_text().lines() {
            let head = !line.starts_with(' ');
            blocks += usize::from(head);
            if blocks == only.index() + 1 {
                let bold = if head { style::TITLE } else { anstyle::Style::new() };
                writeln!(out.text(), "{bold}{line}{bold:#}")?;
            }
        }
        Ok(())
    }
}

fn describe(image: &Image<'_>, ty: &Type<'_>) -> Value {
    let name = |id: neodump_runtime::inspect::TypeId| image.schema().ty(id).name();
    let field = |field: &Field<'_>| {
        json!({ "name": field.name, "type": field.ty.map(name), "offset": field.ty.map(|_| field.offset),
                "side": field.side, "policy": field.policy })
    };
    let fields = |fields: &[Field<'_>]| fields.iter().map(field).collect::<Vec<_>>();
    let (kind, body) = match ty.body() {
        Body::Leaf => ("type", json!(null)),
        Body::Word => ("word", json!(null)),
        Body::Struct(all) => ("struct", json!({ "fields": fields(all) })),
        Body::Enum(repr, variants) => {
            let variants = variants.iter().map(|variant| {
                // A discriminant of 128 bits is text.
                let discriminant = i64::try_from(variant.discriminant)
                    .map_or_else(|_| json!(variant.discriminant.to_string()), |number| json!(number));
                json!({ "name": variant.name, "discriminant": discriminant, "fields": fields(&variant.fields) })
            });
            ("enum", json!({ "repr": repr, "variants": variants.collect::<Vec<_>>() }))
        }
    };
    let object = ty.object().map(|object| {
        json!({ "size": object.size, "align": object.align, "kind": object.kind, "side": object.side,
                "tail": object.tail.map(|(offset, stride)| json!({ "offset": offset, "stride": stride })) })
    });
    let section = ty.section().map(|(name, version)| json!({ "name": name, "version": version }));
    let consts = ty.consts().iter().map(|(ty, value)| json!({ "type": ty, "value": value.to_string() }));
    json!({
        "name": ty.name(), "kind": kind, "size": ty.size(), "align": ty.align(),
        "tier": if ty.in_place() { "in place" } else { "hydrated" }, "niche": ty.niche(), "rw": ty.rw(),
        "section": section, "object": object, "notes": ty.notes(), "consts": consts.collect::<Vec<_>>(),
        "body": body, "of": ty.of().iter().map(|id| name(*id)).collect::<Vec<_>>(),
    })
}
