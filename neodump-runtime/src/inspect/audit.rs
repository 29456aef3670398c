//! The audit of an image without its machine: all rules that the schema in the file is enough for.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::form::{Form, Scheme};
use super::image::Image;
use super::schema::TypeId;
use super::value::{Node, Value};
use super::walk::Event;
use crate::bounds::{Extent, align_up, is_aligned, is_zero};
use crate::dump::framework;
use crate::error::{DumpError, Result};
use crate::image::SECTION_ALIGN;

/// Objects between two calls of the function that is told of progress.
const STEP: u64 = 1 << 12;

/// What an audit has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Objects.
    pub objects: u64,
    /// Values in objects and managers, those inside of other values too.
    pub values: u64,
    /// Words and pointers that hold addresses.
    pub addresses: u64,
    /// Runs of bytes that values own elsewhere.
    pub payloads: u64,
    /// What only the machine can check, because the schema does not say what the bytes mean.
    pub not_checked: BTreeSet<String>,
}

impl Image<'_> {
    /// Checks, beyond [`verify`](Self::verify), all rules of the format for which the schema in the file is enough:
    /// the symbol table; that every record decodes, with its options, variants, characters, text and counts; that
    /// each address lands on the start of an object of an allowed type and is listed in the relocations, and these list
    /// no other word; that trailing arrays fill their objects; and that payloads fill their sections, so that no byte
    /// has two owners.
    ///
    /// An image that passes may still be refused by a load, which knows the machine's own rules: `validate`, baked
    /// values, kind bytes, the hashes of keys, unions, types with a form of their own. `progress` is told how many objects of all are done.
    ///
    /// # Errors
    ///
    /// [`DumpError::ImageFormat`], with the path to the first value that breaks a rule.
    pub fn audit(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<AuditReport> {
        self.verify()?;
        self.audit_symbols()?;
        let mut audit = Audit {
            image: self,
            report: AuditReport::default(),
            payloads: BTreeMap::new(),
            shared: HashSet::new(),
            weak: Vec::new(),
            explained: true,
        };
        audit.walk("", self.root_value())?;
        let all = self.object_count();
        for object in self.objects() {
            audit.object(object)?;
            if audit.report.objects.is_multiple_of(STEP) {
                progress(audit.report.objects, all);
            }
        }
        audit.check_gaps()?;
        audit.check_weak()?;
        if audit.explained {
            audit.check_payloads()?;
            audit.check_count()?;
        }
        Ok(audit.report)
    }
}

struct Audit<'i, 'a> {
    image: &'i Image<'a>,
    report: AuditReport,
    /// What values own, with its alignment, by the section that it is in.
    payloads: BTreeMap<u32, Vec<(Extent, u64)>>,
    /// Shared values that were met.
    shared: HashSet<u64>,
    /// Weak references and what they refer to, whose owners may come later.
    weak: Vec<(u64, u64)>,
    /// Whether the schema says of all bytes what they are.
    explained: bool,
}

impl<'a> Audit<'_, 'a> {
    fn object(&mut self, object: super::Object) -> Result<()> {
        let ty = self.image.schema().ty(object.ty);
        let (Some(of), name) = (ty.object(), ty.name()) else { return Ok(()) };
        self.report.objects += 1;
        if !object.offset.is_multiple_of(of.align) {
            return Err(self
                .image
                .refuse(object.offset, format!("{name} starts off its alignment of {}", of.align)));
        }
        if let Some(tail) = self.image.tail_of(object)? {
            let end = tail.extent.end().unwrap_or(u64::MAX).wrapping_sub(object.offset);
            let expected = align_up(end.max(of.size), of.align);
            if expected != Some(object.len) {
                let problem = format!("{name} of {} bytes with {} elements", object.len, tail.count);
                return Err(self.image.refuse(object.offset, problem));
            }
        }
        self.walk(name, self.image.object_value(object))
    }

    /// Checks a value and all that it owns.
    fn walk(&mut self, name: &str, value: Value) -> Result<()> {
        let image = self.image;
        let mut walk = image.walk(value);
        let place = |error: DumpError, path: String| match error {
            DumpError::ImageFormat { section, offset, path: known, problem } => {
                let path = if known.is_empty() { path } else { known };
                let path = if name.is_empty() { path } else { format!("{name}: {path}") };
                DumpError::ImageFormat { section, offset, path, problem }
            }
            other => other,
        };
        loop {
            match walk.next() {
                Ok(None) => return Ok(()),
                Ok(Some(Event::Value { step, value: Some(value), node, .. })) => {
                    self.value(value, &node).map_err(|error| place(error, walk.path_to(step)))?;
                }
                Ok(Some(_)) => {}
                Err(error) => return Err(place(error, String::new())),
            }
        }
    }

    fn value(&mut self, value: Value, node: &Node<'a>) -> Result<()> {
        self.report.values += 1;
        if Image::is_union(value) {
            let name = self.image.type_of(value)?.name().to_owned();
            return self.unexplained(format!("{name}: a union, whose tag only the machine can read"));
        }
        let value = self.image.content(value)?;
        let ty = self.image.type_of(value)?;
        match ty.form() {
            Form::Word(scheme) => self.word(value, node, scheme, ty.of())?,
            Form::Pointer => self.pointer(value, node, ty.of())?,
            Form::NativeStatic if *node != Node::None => self.relocated(value.offset)?,
            Form::ProcessPointer if self.image.number_at(value.offset) != Some(0) => {
                return Err(self
                    .image
                    .refuse(value.offset, "a pointer of the process that dumped is not zero"));
            }
            Form::Opaque => {
                let problem = format!("{}: a form of its own", ty.name());
                self.unexplained(problem)?;
            }
            _ => {}
        }
        if let Node::Weak(at) = node {
            self.weak.push((value.offset, *at));
        }
        if let Node::Shared(at, _) = node
            && !self.shared.insert(*at)
        {
            return Ok(());
        }
        let payloads = self.image.payloads(value)?;
        if let (Form::ImageMap, Node::Entries(entries)) = (ty.form(), node)
            && let [_, (index, _)] = *payloads
            && entries.count > 0
        {
            self.image.check_index(value, index, entries.count)?;
        }
        let in_image = matches!(ty.form(), Form::ImageVec | Form::ImageStr | Form::ImageMap);
        for &(extent, align) in &payloads {
            if extent.length == 0 {
                continue;
            }
            let Some(section) = self.image.section_at(extent.offset) else { continue };
            self.payloads.entry(section.number).or_default().push((extent, align));
            self.report.payloads += 1;
        }
        if in_image && payloads.iter().any(|(extent, _)| extent.length > 0) {
            self.relocated(value.offset)?;
            if ty.form() == &Form::ImageMap {
                self.relocated(value.offset.saturating_add(16))?;
                self.relocated(value.offset.saturating_add(24))?;
            }
        }
        Ok(())
    }

    /// Notes that something is not checked.
    fn unexplained(&mut self, what: String) -> Result<()> {
        self.explained = false;
        self.report.not_checked.insert(what);
        Ok(())
    }

    fn relocated(&mut self, offset: u64) -> Result<()> {
        if self.image.relocated_at(offset).is_none() {
            return Err(self.image.refuse(offset, "the address is not listed in the relocations"));
        }
        self.report.addresses += 1;
        Ok(())
    }

    fn word(&mut self, value: Value, node: &Node<'_>, scheme: &Scheme, types: &[TypeId]) -> Result<()> {
        let image = self.image;
        let bits = image.number_at(value.offset).unwrap_or(0);
        let refuse = |problem: String| Err(image.refuse(value.offset, problem));
        match node {
            Node::Object(object) => {
                let name = image.schema().ty(object.ty).name();
                let allowed = if scheme.bits > 0 { scheme.types_of(bits).unwrap_or(&[]) } else { types };
                if !allowed.contains(&object.ty) {
                    return refuse(format!(
                        "word {bits:#x} points at {name}, which its tag does not stand for"
                    ));
                }
                let shift = image.relocated_at(value.offset).map_or(0, |word| word.class.shift);
                let address = (bits & !scheme.mask()) >> shift;
                let expected = object.offset.wrapping_add(image.header().preferred_base());
                if scheme.bits > 0 && address != expected {
                    return refuse(format!("word {bits:#x} points into the middle of {name}"));
                }
                self.report.addresses += 1;
                Ok(())
            }
            Node::Address(target) => {
                refuse(format!("word {bits:#x} points at {target:#x}, which is no object"))
            }
            Node::Immediate(_) if scheme.bits > 0 && !scheme.immediate.contains(&scheme.tag(bits)) => {
                refuse(format!("word {bits:#x} has a tag that is no symbol's and no immediate's"))
            }
            _ => Ok(()),
        }
    }

    fn pointer(&mut self, value: Value, node: &Node<'_>, types: &[TypeId]) -> Result<()> {
        match node {
            Node::None => Ok(()),
            Node::Object(object) if types.first() == Some(&object.ty) => self.relocated(value.offset),
            Node::Object(object) => {
                let name = self.image.schema().ty(object.ty).name();
                Err(self.image.refuse(value.offset, format!("the pointer is to an object of type {name}")))
            }
            _ => Err(self.image.refuse(value.offset, "the pointer is not to the start of an object")),
        }
    }

    /// Weak references are to values that have owners.
    fn check_weak(&self) -> Result<()> {
        match self.weak.iter().find(|(_, target)| !self.shared.contains(target)) {
            Some((offset, _)) if self.explained => {
                Err(self.image.refuse(*offset, "the weak reference is to a value without an owner"))
            }
            _ => Ok(()),
        }
    }

    /// Between arenas there are zeros.
    fn check_gaps(&self) -> Result<()> {
        let arenas = self.image.arenas();
        for (arena, next) in arenas.iter().zip(arenas.iter().skip(1)) {
            let gap = arena.extent().end().and_then(|end| Extent::between(end, next.extent().offset));
            self.check_zero(gap.unwrap_or_default(), "the bytes between two arenas")?;
        }
        Ok(())
    }

    /// Payloads follow each other without gaps and fill their sections.
    fn check_payloads(&mut self) -> Result<()> {
        let schema = self.image.schema();
        for section in self.image.sections() {
            let record = match section.name {
                framework::WORDS | framework::BYTES => 0,
                framework::HYDRATION => self.image.payloads_start().saturating_sub(section.extent.offset),
                framework::ROOT => schema.root().map_or(0, |root| root.size()),
                name => match schema.managers().find(|(manager, _)| *manager == name) {
                    Some((_, ty)) => schema.ty(ty).size(),
                    None => continue,
                },
            };
            let mut found = self.payloads.remove(&section.number).unwrap_or_default();
            found.sort_unstable_by_key(|(extent, _)| (extent.offset, extent.length));
            let mut end = section.extent.offset.saturating_add(record);
            for (extent, align) in found {
                // Sections start at multiples of 64, so this is an alignment in the section too.
                let gap = Extent::between(end, extent.offset).filter(|gap| gap.length < SECTION_ALIGN);
                let Some(gap) = gap.filter(|_| is_aligned(extent.offset, align)) else {
                    let problem = format!("a payload at {:#x}, expected behind {end:#x}", extent.offset);
                    return Err(self.image.refuse(extent.offset, problem));
                };
                self.check_zero(gap, "the bytes before a payload")?;
                end = extent.end().unwrap_or(u64::MAX);
            }
            // A payload without bytes may have asked for an alignment too.
            let rest = section.extent.end().and_then(|last| Extent::between(end, last));
            let Some(rest) = rest.filter(|rest| rest.length < SECTION_ALIGN) else {
                let problem = format!(
                    "{} bytes, of which its owners own {}",
                    section.extent.length,
                    end.saturating_sub(section.extent.offset)
                );
                return Err(DumpError::format(section.name, end, problem));
            };
            self.check_zero(rest, "the bytes behind the last payload")?;
        }
        Ok(())
    }

    fn check_zero(&self, gap: Extent, what: &str) -> Result<()> {
        match self.image.bytes_at(gap).is_some_and(is_zero) {
            true => Ok(()),
            false => Err(self.image.refuse(gap.offset, format!("{what} are not zero"))),
        }
    }

    /// The relocations list the addresses of values, and no other word.
    fn check_count(&self) -> Result<()> {
        let listed = self.image.relocations().count();
        if listed == self.report.addresses {
            return Ok(());
        }
        let problem = format!("{listed} words are listed, values hold {} addresses", self.report.addresses);
        let at = self.image.section(crate::reloc::SECTION).map_or(0, |section| section.extent.offset);
        Err(DumpError::format(crate::reloc::SECTION, at, problem))
    }
}
