//! Reading the schema text: a line at a time, without trust.

use std::collections::HashMap;

use super::schema::{Body, Field, HeapObject, Schema, Type, TypeId, Variant};
use crate::bounds::to_u64;
use crate::dump::framework;
use crate::error::{DumpError, Result};

/// A reference to a type that is looked up when all names are known.
type Name<'a> = Option<(&'a str, u64)>;

/// A line of the text.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    /// What is not read of it.
    rest: &'a str,
    /// Where it is in the file.
    offset: u64,
}

/// See [`Schema::parse`].
pub(super) fn schema(text: &str, offset: u64) -> Result<Schema<'_>> {
    let mut parser = Parser { schema: Schema::default(), names: Vec::new() };
    let mut at = offset;
    for text in text.split_inclusive('\n') {
        let Some(line) = text.strip_suffix('\n') else {
            return Err(DumpError::format(framework::SCHEMA, at, "the last line is cut off"));
        };
        parser.line(Line { text: line, rest: line, offset: at })?;
        at = at.saturating_add(to_u64(text.len()));
    }
    parser.finish(offset)
}

struct Parser<'a> {
    schema: Schema<'a>,
    /// For each type the names that its fields and its `of` lines refer to, in order.
    names: Vec<Vec<Name<'a>>>,
}

impl<'a> Parser<'a> {
    fn line(&mut self, mut line: Line<'a>) -> Result<()> {
        if !line.text.starts_with(' ') {
            let ty = line.head()?;
            let id = TypeId(u32::try_from(self.schema.types.len()).unwrap_or(u32::MAX));
            if ty.object.is_some() {
                self.schema.objects.push(id);
            }
            self.schema.by_name.entry(ty.name).or_insert(id);
            self.schema.types.push(ty);
            self.names.push(Vec::new());
            return Ok(());
        }
        let (Some(ty), Some(names)) = (self.schema.types.last_mut(), self.names.last_mut()) else {
            return Err(line.refuse("expected a type"));
        };
        if line.eat("    ") {
            let Body::Enum(_, variants) = &mut ty.body else { return Err(line.refuse("expected an enum")) };
            let (field, name) = line.field()?;
            names.push(name);
            match variants.last_mut() {
                Some(variant) => variant.fields.push(field),
                None => return Err(line.refuse("expected a variant")),
            }
        } else if !line.eat("  ") {
            return Err(line.refuse("expected two or four spaces"));
        } else if line.eat("note ") {
            ty.notes.push(line.rest);
        } else if line.eat("const ") {
            let (name, value) = line.rest.split_once(" = ").ok_or_else(|| line.refuse("expected ` = `"))?;
            let value = value.parse().map_err(|_| line.refuse("expected a number"))?;
            ty.consts.push((name, value));
        } else if line.eat("of ") {
            names.push(Some((line.name()?, line.offset)));
            line.end()?;
            // Filled in when all names are known.
            ty.of.push(TypeId(0));
        } else {
            match &mut ty.body {
                Body::Leaf | Body::Word => return Err(line.refuse("a field of a type without fields")),
                Body::Struct(fields) => {
                    let (field, name) = line.field()?;
                    names.push(name);
                    fields.push(field);
                }
                Body::Enum(repr, variants) => {
                    if repr.is_empty() && line.eat("repr ") {
                        *repr = line.rest;
                    } else {
                        let (name, discriminant) =
                            line.rest.split_once(" = ").ok_or_else(|| line.refuse("expected ` = `"))?;
                        let discriminant =
                            discriminant.parse().map_err(|_| line.refuse("expected a number"))?;
                        variants.push(Variant { name, discriminant, fields: Vec::new() });
                    }
                }
            }
        }
        Ok(())
    }

    /// Finds the type of each name.
    fn finish(mut self, offset: u64) -> Result<Schema<'a>> {
        if self.schema.types.is_empty() {
            return Err(DumpError::format(framework::SCHEMA, offset, "there is no image type"));
        }
        let by_name: &HashMap<&str, TypeId> = &self.schema.by_name;
        for (ty, names) in self.schema.types.iter_mut().zip(&self.names) {
            let mut names = names.iter().map(|name| match name {
                None => Ok(None),
                Some((name, offset)) => by_name.get(name).copied().map(Some).ok_or_else(|| {
                    DumpError::format(framework::SCHEMA, *offset, format!("there is no type {name}"))
                }),
            });
            let mut next = || names.next().unwrap_or(Ok(None));
            match &mut ty.body {
                Body::Leaf | Body::Word => {}
                Body::Struct(fields) => {
                    for field in fields {
                        field.ty = next()?;
                    }
                }
                Body::Enum(_, variants) => {
                    for field in variants.iter_mut().flat_map(|variant| &mut variant.fields) {
                        field.ty = next()?;
                    }
                }
            }
            for of in &mut ty.of {
                if let Some(id) = next()? {
                    *of = id;
                }
            }
        }
        Ok(self.schema)
    }
}

impl<'a> Line<'a> {
    /// The first line of a block.
    fn head(&mut self) -> Result<Type<'a>> {
        let body = if self.eat("type ") {
            Body::Leaf
        } else if self.eat("word ") {
            Body::Word
        } else if self.eat("struct ") {
            Body::Struct(Vec::new())
        } else if self.eat("enum ") {
            Body::Enum("", Vec::new())
        } else {
            return Err(self.refuse("expected type, word, struct or enum"));
        };
        let name = self.name()?;
        let mut section = None;
        if self.eat(" section \"") {
            let end = self.rest.find('"').ok_or_else(|| self.refuse("expected the name of a section"))?;
            let (name, rest) = self.rest.split_at(end);
            self.rest = rest;
            self.expect("\" version ")?;
            let version = self.number()?;
            let version = u32::try_from(version).map_err(|_| self.refuse("the version is too large"))?;
            section = Some((name, version));
        }
        let mut object = None;
        if self.eat(" object size ") {
            let size = self.number()?;
            self.expect(" align ")?;
            let align = self.number()?;
            let kind = self.eat(" kind ").then(|| self.number()).transpose()?;
            let side = if self.eat(" side ") { self.number()? } else { 0 };
            let mut tail = None;
            if self.eat(" tail at ") {
                let offset = self.number()?;
                self.expect(" stride ")?;
                let stride = self.number()?;
                if stride == 0 {
                    return Err(self.refuse("the elements of a trailing array have bytes"));
                }
                tail = Some((offset, stride));
            }
            if size == 0 || !matches!(align, 8 | 16) {
                return Err(self.refuse("an object has bytes and is aligned to 8 or 16"));
            }
            object = Some(HeapObject { size, align, kind, side, tail });
        }
        self.expect(": ")?;
        let size = self.number()?;
        self.expect(" bytes align ")?;
        let align = self.number()?;
        if !align.is_power_of_two() || align > 64 {
            return Err(self.refuse("the alignment is no power of two up to 64"));
        }
        let in_place = self.eat(" in place");
        if !in_place {
            self.expect(" hydrated")?;
        }
        let niche = self.eat(" niche");
        let rw = self.eat(" rw");
        self.end()?;
        Ok(Type {
            name,
            section,
            object,
            size,
            align,
            in_place,
            niche,
            rw,
            notes: Vec::new(),
            consts: Vec::new(),
            body,
            of: Vec::new(),
        })
    }

    /// A field, and the name of its type.
    fn field(&mut self) -> Result<(Field<'a>, Name<'a>)> {
        let end = self.rest.find(": ").ok_or_else(|| self.refuse("expected `: ` after the field"))?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.expect(": ")?;
        let ty = match self.name()? {
            "-" => None,
            ty => Some((ty, self.offset)),
        };
        let offset = if self.eat(" at ") { self.number()? } else { 0 };
        let mut policy = "";
        if self.eat(" [") {
            policy = self.rest.strip_suffix(']').ok_or_else(|| self.refuse("expected `]`"))?;
            self.rest = "";
        }
        self.end()?;
        Ok((Field { name, ty: None, offset, policy }, ty))
    }

    /// The name of a type: up to a space or a colon that is not inside of its parameters.
    fn name(&mut self) -> Result<&'a str> {
        let mut depth = 0_u32;
        let end = self.rest.char_indices().find(|&(at, c)| {
            match c {
                '<' | '(' | '[' => depth += 1,
                '>' | ')' | ']' => depth = depth.saturating_sub(1),
                ' ' => return depth == 0,
                ':' => return depth == 0 && self.rest[at..].starts_with(": "),
                _ => {}
            }
            false
        });
        let (name, rest) = self.rest.split_at(end.map_or(self.rest.len(), |(at, _)| at));
        if name.is_empty() {
            return Err(self.refuse("expected the name of a type"));
        }
        self.rest = rest;
        Ok(name)
    }

    fn number(&mut self) -> Result<u64> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        let number = digits.parse().map_err(|_| self.refuse("expected a number"))?;
        self.rest = rest;
        Ok(number)
    }

    /// Skips `text` if it follows.
    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, text: &str) -> Result<()> {
        if self.eat(text) { Ok(()) } else { Err(self.refuse(&format!("expected `{text}`"))) }
    }

    fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.refuse("expected the end of the line")) }
    }

    fn refuse(&self, problem: &str) -> DumpError {
        let at = to_u64(self.text.len().saturating_sub(self.rest.len()));
        let found: String = self.rest.chars().take(40).collect();
        let problem = format!("{problem}, found `{}`", found.escape_debug());
        DumpError::format(framework::SCHEMA, self.offset.saturating_add(at), problem)
    }
}
