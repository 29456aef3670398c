//! The steps of a load, in their order. A step that fails leaves the process as it was.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Instant;

use super::auditor::{Auditor, IndexLoad, MapIndex, Surroundings};
use super::checks::{Checks, run_checks};
use super::memory::{self, ArenaMemory, ArenasMemory, SectionMemory};
use super::reader::Reader;
use super::{LoadReport, SectionLoad, Tier, identity};
use crate::dump::{HEAP, HYDRATION, ImageRoot, ROOT, WORDS, Writer, framework};
use crate::error::{DumpError, Result};
use crate::fingerprint::{self, Strict};
use crate::global::Activation;
use crate::heap::{Image, Slots, Writes};
use crate::image::{Check, ImageHeader, Placement, Region, Source, UnmapGuard, Way};
use crate::native::{self, Bound, Natives};
use crate::record::{At, Fault, render};
use crate::schema::{CheckedTypes, TypeGraph, TypeRef};
use crate::symbols::{Frozen, Interner, Staged};

/// How far the bytes are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Not at all: own memory, checksums, audit.
    Audited,
    /// They are neodump's: mapped, and checked as it says.
    Mapped(Check),
    /// This process has dumped them, and nobody has changed them: nothing is checked but what the machine itself asks of a
    /// machine. What a dump leaves out is not in the bytes, so it can be missing.
    Own,
}

impl Trust {
    /// Whether `validate` runs.
    fn validates(self) -> bool {
        !matches!(self, Self::Mapped(_))
    }
}

pub(super) struct Pipeline<'a> {
    pub(super) natives: &'a Natives,
    pub(super) interner: Option<&'a mut Interner>,
    pub(super) placement: Placement,
    pub(super) trust: Trust,
    pub(super) strict: Option<Strict>,
    /// Whether the machine is not made the active one.
    pub(super) inactive: bool,
    pub(super) report: &'a mut LoadReport,
}

impl Pipeline<'_> {
    /// # Safety
    ///
    /// As [`map`](crate::map), unless the load is audited.
    pub(super) unsafe fn run<R: ImageRoot>(self, source: &Source<'_>) -> Result<R> {
        let started = Instant::now();
        let graph = TypeGraph::of(TypeRef::of::<R>());
        let header = source.header()?;
        identity::check::<R>(source, &header, &graph, self.natives)?;
        fingerprint::check(header.identity().fingerprint, self.strict)?;
        // SAFETY: forwarded from the caller.
        let region = unsafe { self.place(source, &header) }?;
        self.report.place = started.elapsed();

        let started = Instant::now();
        let ArenasMemory { arenas, side_end } = memory::arenas(&region, &header, &graph)?;
        let sections: Vec<SectionMemory> = header
            .sections()
            .iter()
            .map(|placed| SectionMemory::placed(&region, placed))
            .collect::<Result<_>>()?;
        let ordinal = |name: &str| header.sections().iter().position(|placed| placed.spec.name == name);
        let managers: Vec<(&'static str, usize)> = graph
            .root_sections()
            .iter()
            .filter_map(|(section, _)| Some((section.name, ordinal(section.name)?)))
            .collect();
        let imports_section = SectionMemory::of(&region, &header, framework::IMPORTS)?;
        let (imports, bindings) = self.bind_natives(&region, &header, &imports_section)?;
        let frozen = self.frozen(&region, &header)?;
        let staged = match (&self.interner, &frozen) {
            (Some(interner), Some(frozen)) => Some(interner.stage_in_place(frozen)?),
            _ => None,
        };
        self.report.bind = started.elapsed();

        let started = Instant::now();
        let renumber = staged.as_ref().filter(|staged| !staged.is_identity());
        let load = IndexLoad { audited: self.trust == Trust::Audited, renumbered: renumber.is_some() };
        let mut indexes = Vec::new();
        if load.audited || load.renumbered {
            let names: Vec<&str> = header.sections().iter().map(|placed| placed.spec.name.as_str()).collect();
            let surroundings = Surroundings {
                sections: &sections,
                names: &names,
                bytes_section: ordinal(framework::BYTES).unwrap_or(0),
                managers: &managers,
                arenas: &arenas,
                imports: &imports,
                bindings: &bindings,
                imports_start: imports_section.start.addr(),
                symbols: frozen.as_ref().map_or(0, Frozen::len),
                staged: renumber,
                file_len: header.file_len(),
            };
            let audited = audit::<R>(surroundings, &graph, &sections, (&arenas, side_end), load)?;
            self.report.fixups = audited.fixups;
            self.report.rehashed = audited.rehashed;
            indexes = audited.indexes;
        }
        self.report.audit = started.elapsed();
        let imports = Arc::new(Bound::of(&imports, &bindings));
        // SAFETY: the load goes on to hydrate, and the slots of the imports are its own.
        unsafe {
            self.finish(
                region,
                &header,
                arenas,
                &sections,
                &managers,
                imports,
                frozen,
                staged,
                (indexes, load),
                &graph,
            )
        }
    }

    /// Brings the image into memory and moves its words.
    unsafe fn place(&self, source: &Source<'_>, header: &ImageHeader) -> Result<UnmapGuard> {
        let region = match self.trust {
            Trust::Audited => Region::own(source, header, Check::Checksums, self.placement)?,
            // SAFETY: forwarded from the caller.
            Trust::Mapped(check) => unsafe { Region::map(source, header, check, self.placement) }?,
            // SAFETY: forwarded from the caller.
            Trust::Own => unsafe { Region::map(source, header, Check::Trusted, self.placement) }?,
        };
        // SAFETY: until the guard is defused nothing outside the load refers to the image.
        let mut region = unsafe { region.guard() };
        region.relocate(header)?;
        if self.trust == Trust::Audited {
            // SAFETY: nobody writes to the image yet.
            unsafe { crate::image::verify_padding(&region, header) }?;
            // Relocations are not needed at the preferred base; sound they must be everywhere.
            // SAFETY: as above.
            unsafe { region.relocations(header) }?;
        }
        Ok(region)
    }

    /// Binds the natives that the image needs and fills their slots.
    fn bind_natives<'r>(
        &self,
        region: &'r Region,
        header: &ImageHeader,
        slots: &SectionMemory,
    ) -> Result<(Vec<native::Import<'r>>, Vec<native::Binding>)> {
        let table = SectionMemory::of(region, header, native::SECTION)?;
        // SAFETY: `meta` is only read during a load, and stays as long as the region is borrowed.
        let bytes: &'r [u8] = unsafe { table.bytes() };
        let imports = native::decode(bytes).map_err(|error| error.within(table.offset))?;
        if native::slots_len(&imports) as u64 != slots.len {
            return Err(DumpError::format(
                framework::IMPORTS,
                slots.offset,
                format!(
                    "{} bytes, expected {} by the Natives section",
                    slots.len,
                    native::slots_len(&imports)
                ),
            ));
        }
        if native::natives_hash(&imports) != header.identity().natives_hash {
            return Err(DumpError::format(
                native::SECTION,
                table.offset,
                "the natives are not those of the header",
            ));
        }
        let bindings = native::bind(&imports, self.natives)?;
        for binding in &bindings {
            let slot = slots.start.wrapping_add(binding.slot());
            // SAFETY: the slot is in the Imports section, which is as long as all slots, aligned to
            // 64 KiB, and written by the load alone.
            unsafe { binding.fill(slot) };
        }
        Ok((imports, bindings))
    }

    fn frozen(&self, region: &Region, header: &ImageHeader) -> Result<Option<Frozen>> {
        let table = SectionMemory::of(region, header, crate::symbols::SECTION)?;
        if table.len == 0 {
            return Ok(None);
        }
        // SAFETY: `ro` is not written, and stays as long as the image, which outlives its interner
        // unless it is released.
        let frozen = unsafe { Frozen::new(table.start, table.len as usize) };
        let frozen = frozen.map_err(|error| error.within(table.offset))?;
        if self.trust == Trust::Audited {
            frozen.audit().map_err(|error| error.within(table.offset))?;
        }
        Ok(Some(frozen))
    }

    #[expect(clippy::too_many_arguments, reason = "the results of the steps before, each used once")]
    unsafe fn finish<R: ImageRoot>(
        mut self,
        mut region: UnmapGuard,
        header: &ImageHeader,
        arenas: Vec<ArenaMemory>,
        sections: &[SectionMemory],
        managers: &[(&'static str, usize)],
        imports: Arc<Bound>,
        frozen: Option<Frozen>,
        staged: Option<Staged>,
        (indexes, load): (Vec<MapIndex>, IndexLoad),
        graph: &TypeGraph,
    ) -> Result<R> {
        let started = Instant::now();
        let imports_section = SectionMemory::of(&region, header, framework::IMPORTS)?;
        let heap = SectionMemory::of(&region, header, framework::HEAP)?;
        let hydration = SectionMemory::of(&region, header, framework::HYDRATION)?;
        self.fill_report(&region, header, &arenas, &imports_section);
        region.drop_meta()?;
        if self.trust == Trust::Audited {
            region.seal()?;
        }
        let writes = if region.way() == Way::AtBase && self.trust != Trust::Audited {
            Writes::Pages
        } else {
            Writes::Unknown
        };
        let image = Image {
            heap_start: heap.start.addr(),
            heap_bytes: heap.len as usize,
            words: (sections[WORDS as usize].start.addr(), sections[WORDS as usize].len as usize),
            arenas: arenas
                .iter()
                .filter(|arena| !arena.arena.is_empty())
                .map(|arena| arena.arena.clone())
                .collect(),
            imports: Arc::clone(&imports),
            imports_start: imports_section.start.addr(),
            writes,
            // From here on the machine's own code runs, which may keep what it sees: the image
            // stays mapped even if the load is refused.
            region: region.keep(),
        };
        let external = self.interner.is_some();
        let frozen = frozen.filter(|_| !external);
        let checked = if self.trust.validates() { graph.checked() } else { CheckedTypes::default() };
        let mut reader = Reader::new(
            sections,
            managers,
            &imports,
            imports_section.start,
            frozen,
            external,
            image,
            &checked,
        );
        for memory in arenas.iter().filter(|memory| memory.arena.ty.hydrated && !memory.arena.is_empty()) {
            let offsets = memory.offsets();
            // SAFETY: the arena and its side records are in bounds, relocated, and audited or trusted.
            unsafe { (memory.arena.ty.hydrate)(slots(memory, offsets.as_deref(), &hydration), &mut reader) };
        }
        // The root is read into its final place for the load, and moved out when it is complete.
        let root = Box::into_raw(Box::new(MaybeUninit::<R>::uninit())).cast::<R>();
        let at = sections[ROOT as usize].at(0);
        // SAFETY: the record of the root, audited or trusted.
        let shell = unsafe { R::read(at, &mut reader) };
        // SAFETY: the memory is the root's, and empty.
        unsafe { root.write(shell) };
        // SAFETY: the memory is the final address until hydration is done.
        unsafe { R::settle(root, at, &mut reader) };
        reader.first_pass();
        let root = Hydrated(root);
        for index in indexes {
            // SAFETY: the first pass has made every slot valid, and nobody else runs before the second.
            let rehashed = unsafe { index.settle(load) }.map_err(|fault| {
                let names: Vec<&str> =
                    header.sections().iter().map(|placed| placed.spec.name.as_str()).collect();
                refuse(sections, &names, &fault, ROOT as usize, "")
            })?;
            self.report.rehashed += rehashed;
        }
        let refused = |path: &str, problem| DumpError::Deserialization { path: path.to_owned(), problem };
        reader.second_pass().map_err(|problem| refused("conversion", problem))?;
        self.report.fixups += reader.fixups();
        self.report.sections = sections_of::<R>(&mut reader, &arenas, managers, graph);
        self.report.relinked =
            reader.relink().map_err(|(field, problem)| refused(&format!("{field} (relink)"), problem))?;
        drop(reader);
        let mut root = root.take();
        self.report.hydrate = started.elapsed();

        let started = Instant::now();
        if self.trust.validates() {
            validate_values(&root, &arenas, &checked)?;
            validate(&arenas)?;
            root.validate().map_err(|problem| refused("validate", problem))?;
        }
        root.after_load().map_err(|problem| refused("after_load", problem))?;
        let activation = match self.inactive {
            true => None,
            false => Some(Activation::of(&mut root).map_err(|error| {
                let field = format!("{} (global)", error.field());
                refused(&field, error.problem().to_owned())
            })?),
        };
        if let (Some(interner), Some(staged)) = (self.interner, staged)
            && let Err(error) = interner.commit(staged)
        {
            // The machine that was active before is so again.
            if let Some(activation) = activation {
                activation.undo(&mut root);
            }
            return Err(error);
        }
        self.report.hooks = started.elapsed();
        Ok(root)
    }

    fn fill_report(
        &mut self,
        region: &Region,
        header: &ImageHeader,
        arenas: &[ArenaMemory],
        imports: &SectionMemory,
    ) {
        let report = &mut *self.report;
        report.way = Some(region.way());
        report.bytes = header.file_len();
        let counts = |wanted: fn(&ArenaMemory) -> bool| {
            let wanted = arenas.iter().filter(|memory| !memory.arena.is_empty() && wanted(memory));
            wanted.map(|memory| (memory.arena.ty.name(), memory.arena.len())).collect()
        };
        report.objects = counts(|_| true);
        report.hydrated = counts(|memory| memory.arena.ty.hydrated);
        report.import_pages = imports.len.div_ceil(4096);
        let relocated = region.relocated().unwrap_or_default();
        report.relocations = relocated.relocations;
        // Hydrated arenas are contiguous, so their pages are counted from their ends.
        let hydrated: BTreeSet<u64> = arenas
            .iter()
            .filter(|memory| memory.arena.ty.hydrated && !memory.arena.is_empty())
            .flat_map(|memory| {
                memory.offset / 4096..(memory.offset + memory.arena.bytes as u64).div_ceil(4096)
            })
            .collect();
        report.pages_written = relocated.pages_written + hydrated.len() as u64;
    }
}

/// What hydration did for each section.
fn sections_of<R: ImageRoot>(
    reader: &mut Reader<'_>,
    arenas: &[ArenaMemory],
    managers: &[(&'static str, usize)],
    graph: &TypeGraph,
) -> Vec<SectionLoad> {
    let mut line = |name, in_place: bool, own: usize, ordinal| {
        let spent = reader.spent(ordinal);
        // What a record in place owns was not made anew.
        let records = if in_place { 0 } else { own as u64 + spent.values };
        let tier = if in_place { Tier::InPlace } else { Tier::Hydrated };
        SectionLoad { name, tier, records, time: spent.time }
    };
    let objects =
        arenas.iter().filter(|memory| memory.arena.ty.hydrated).map(|memory| memory.arena.len()).sum();
    let mut lines = Vec::with_capacity(managers.len() + 2);
    if objects > 0 {
        lines.push(line(framework::HYDRATION, false, objects, HYDRATION));
    }
    lines.push(line(framework::ROOT, R::RECORD.in_place, 1, ROOT));
    lines.extend(managers.iter().map(|&(name, ordinal)| {
        let in_place = graph.record_of_section(name).is_some_and(|record| record.in_place);
        line(name, in_place, 1, ordinal as u32)
    }));
    lines
}

/// A root that the first pass has completed. It is reached through raw pointers until the second pass
/// is done, and dropped if that is refused.
struct Hydrated<R>(*mut R);

impl<R> Hydrated<R> {
    fn take(self) -> R {
        let root = std::mem::ManuallyDrop::new(self).0;
        // SAFETY: made of a box by the load, complete, and taken once.
        *unsafe { Box::from_raw(root) }
    }
}

impl<R> Drop for Hydrated<R> {
    fn drop(&mut self) {
        // SAFETY: made of a box by the load, complete, and not taken.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

fn slots<'a>(memory: &ArenaMemory, offsets: Option<&'a [u64]>, hydration: &SectionMemory) -> Slots<'a> {
    Slots {
        first: At::new(memory.arena.first),
        count: memory.arena.count,
        stride: memory.arena.stride,
        offsets,
        side: hydration.at(memory.side),
    }
}

/// What an audit found out.
struct Audited {
    /// How many symbols were renumbered.
    fixups: u64,
    /// How many entries of maps were hashed again.
    rehashed: usize,
    /// The indexes of maps that are left for when objects are hydrated.
    indexes: Vec<MapIndex>,
}

/// A fault as an error: at its bytes where it knows them, else at the start of the section `current`.
fn refuse(
    sections: &[SectionMemory],
    names: &[&str],
    fault: &Fault,
    current: usize,
    root: &str,
) -> DumpError {
    let within =
        |section: &SectionMemory| fault.address.wrapping_sub(section.start.addr()) < section.len as usize;
    let section = sections.iter().position(within);
    let inside = section.map_or(0, |section| fault.address - sections[section].start.addr());
    let section = section.unwrap_or(current);
    DumpError::ImageFormat {
        section: names.get(section).copied().unwrap_or_default().to_owned(),
        offset: sections.get(section).map_or(0, |section| section.offset) + inside as u64,
        path: render(root, &fault.steps),
        problem: fault.problem.clone(),
    }
}

/// Audits every record.
fn audit<R: ImageRoot>(
    around: Surroundings<'_>,
    graph: &TypeGraph,
    sections: &[SectionMemory],
    (arenas, side_end): (&[ArenaMemory], u64),
    load: IndexLoad,
) -> Result<Audited> {
    let (none, managers) = (Natives::new(), around.managers);
    let scratch = Writer::without_objects(&none);
    let names = around.names;
    let refuse =
        |fault: Box<Fault>, current: usize, root: &str| refuse(sections, names, &fault, current, root);
    let root_section = sections[ROOT as usize];
    let hydration = sections[HYDRATION as usize];
    let mut auditor = Auditor::new(around, scratch);
    let starts = names.iter().position(|name| *name == framework::STARTS).unwrap_or(0);
    // All starts before any record: words ask them, and read the kind bytes behind them.
    let mut offsets = Vec::with_capacity(arenas.len());
    for memory in arenas {
        let of_arena = memory.offsets();
        if let Some(offsets) = &of_arena {
            let name = memory.arena.ty.short_name();
            auditor.starts(memory, offsets).map_err(|fault| refuse(fault, starts, name))?;
        }
        offsets.push(of_arena);
    }
    for (memory, offsets) in arenas.iter().zip(offsets) {
        let name = memory.arena.ty.short_name();
        auditor.enter(HYDRATION as usize, side_end);
        // SAFETY: `arenas` found the slots and side records in bounds, and `starts` the trailing
        // arrays; the memory is the load's own.
        unsafe { (memory.arena.ty.audit)(slots(memory, offsets.as_deref(), &hydration), &mut auditor) }
            .map_err(|fault| refuse(fault, HEAP as usize, name))?;
    }
    let root_name = R::shape().name.rsplit("::").next().unwrap_or_default().to_lowercase();
    let in_root = |fault, current| refuse(fault, current, &root_name);
    if (root_section.len as usize) < R::RECORD.size {
        let problem = format!("{} bytes, expected {}", root_section.len, R::RECORD.size);
        return Err(in_root(Fault::new(problem), ROOT as usize));
    }
    for &(name, ordinal) in managers {
        let section = sections[ordinal];
        let needed = graph.record_of_section(name).map_or(0, |record| record.size as u64);
        if section.len < needed {
            let problem = format!("{} bytes, expected at least {needed}", section.len);
            return Err(DumpError::format(name, section.offset, problem));
        }
    }
    auditor.enter(ROOT as usize, R::RECORD.size as u64);
    // SAFETY: the record is in bounds.
    unsafe { R::audit(root_section.at(0), &mut auditor) }
        .map_err(|fault| in_root(fault, auditor.current()))?;
    auditor.drain().map_err(|fault| in_root(fault, auditor.current()))?;
    auditor.check_weak().map_err(|fault| in_root(fault, ROOT as usize))?;
    auditor.check_kinds().map_err(|(ty, fault)| refuse(fault, HEAP as usize, ty.short_name()))?;
    let fixups = auditor.check_filled()?;
    let rehashed = auditor.settle_plain_indexes(load).map_err(|fault| refuse(fault, WORDS as usize, ""))?;
    Ok(Audited { fixups, rehashed, indexes: auditor.other_indexes() })
}

/// Runs what `#[dump(validate = ..)]` says of values that are neither objects nor the image: those that objects own,
/// then those that the managers own.
fn validate_values<R: ImageRoot>(root: &R, arenas: &[ArenaMemory], checked: &CheckedTypes) -> Result<()> {
    for memory in arenas.iter().filter(|memory| checked.contains(memory.arena.ty.id)) {
        let ty = memory.arena.ty;
        for object in memory.arena.objects() {
            let walk = |checks: &mut Checks| {
                // SAFETY: a complete object of the arena's type.
                unsafe { (ty.checks)(object, checks) }
            };
            // SAFETY: as above; it stays where it is.
            unsafe { run_checks(walk) }.map_err(|failed| failed.error(ty.short_name(), framework::HEAP))?;
        }
    }
    if checked.contains(TypeId::of::<R::Id>()) {
        let shape = R::shape();
        let name = shape.name.rsplit("::").next().unwrap_or_default().to_lowercase();
        // SAFETY: the machine is complete, and borrowed.
        unsafe { run_checks(|checks| R::walk(root, checks)) }
            .map_err(|failed| failed.error(&name, failed.section_in(shape)))?;
    }
    Ok(())
}

/// Runs what `#[dump(validate = ..)]` says of the objects.
fn validate(arenas: &[ArenaMemory]) -> Result<()> {
    for memory in arenas {
        let Some(validate) = memory.arena.ty.validate else { continue };
        for object in memory.arena.objects() {
            // SAFETY: a hydrated object of the arena's type.
            unsafe { validate(object) }.map_err(|problem| DumpError::Deserialization {
                path: format!("{} (validate)", memory.arena.ty.short_name()),
                problem,
            })?;
        }
    }
    Ok(())
}
