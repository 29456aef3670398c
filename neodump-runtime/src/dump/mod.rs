//! Dumping: trace from the root, place, write, and replace the file at once.

mod buffer;
mod link;
mod objects;
mod path;
mod plan;
mod pool;
mod report;
mod root;
mod sections;
mod trace;
mod visited;
mod writer;

use std::path::Path;
use std::time::Instant;

pub(crate) use buffer::prefetch;
pub(crate) use path::{DEEPEST, Find};
pub use report::{DumpReport, Progress};
pub use root::{HookResult, ImageRoot, IntoHookResult, ReturnsNothing};
pub(crate) use sections::framework;
pub use trace::KeyedMap;
pub(crate) use trace::Tracer;
#[cfg(feature = "testing")]
pub(crate) use trace::snake;
pub use writer::Writer;
pub(crate) use writer::{FIRST_MANAGER, HEAP, HYDRATION, REFERENCE_BITS, ROOT, WORDS};

use crate::error::{DumpError, Result};
use crate::fingerprint::{Strict, fingerprint};
use crate::heap::Image;
use crate::image::{self, Replacement};
use crate::native::{ImportId, ImportTable, NativeType, Natives};
use crate::record::{Refusal, Step, render};
use crate::schema::{TypeGraph, TypeRef};
use crate::symbols::Interner;
use link::link_beside;
use objects::Objects;
use plan::Plan;
use sections::Sections;

/// Dumps a machine to a file with the default options.
///
/// The file is written beside its target and renamed over it, so that the target is the old image
/// or the new one, whatever happens. The same state gives the same bytes.
///
/// # Errors
///
/// [`DumpError::Serialization`] for what cannot be dumped, with the path to it, and
/// [`DumpError::Io`]. The machine is as before, but for what `before_dump` did and `after_dump` did not undo.
pub fn dump<R: ImageRoot>(root: &mut R, path: impl AsRef<Path>) -> Result<DumpReport> {
    Dumper::new().to_file(root, path)
}

/// Dumps a machine to bytes with the default options: a snapshot, which loads like a file.
///
/// # Errors
///
/// As [`dump`], without the file.
pub fn dump_to_bytes<R: ImageRoot>(root: &mut R) -> Result<Vec<u8>> {
    Dumper::new().to_bytes(root).map(|(bytes, _)| bytes)
}

/// How to dump.
#[derive(Default)]
pub struct Dumper<'a> {
    pub(crate) natives: Option<&'a Natives>,
    interner: Option<&'a Interner>,
    progress: Option<&'a mut dyn FnMut(Progress)>,
    strict: Option<Strict>,
}

impl<'a> Dumper<'a> {
    /// The default options: no natives, the interner that the machine holds.
    pub fn new() -> Self {
        Self::default()
    }

    /// The host functions and statics that the machine may refer to.
    #[must_use]
    pub fn natives(mut self, natives: &'a Natives) -> Self {
        self.natives = Some(natives);
        self
    }

    /// The interner, for a machine that does not hold its own.
    #[must_use]
    pub fn interner(mut self, interner: &'a Interner) -> Self {
        self.interner = Some(interner);
        self
    }

    /// Is told how far the dump has come.
    #[must_use]
    pub fn progress(mut self, progress: &'a mut dyn FnMut(Progress)) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Lets no executable but this one load the image: see [`fingerprint`](crate::fingerprint).
    ///
    /// A dump by an executable without such a fingerprint is refused.
    #[must_use]
    pub fn strict(mut self, strict: Strict) -> Self {
        self.strict = Some(strict);
        self
    }

    /// Dumps to a file, atomically.
    ///
    /// # Errors
    ///
    /// As [`dump`].
    pub fn to_file<R: ImageRoot>(mut self, root: &mut R, path: impl AsRef<Path>) -> Result<DumpReport> {
        let (sections, mut report) = self.collect(root)?;
        let header = sections.seal(&mut report)?;
        let started = Instant::now();
        report.image_bytes = image::replace_by(path.as_ref(), &header, &sections.layout, &sections.bodies())?;
        report.write = started.elapsed();
        Ok(report)
    }

    /// Dumps into a file that does not take its place yet.
    pub(crate) fn into_replacement<R: ImageRoot>(
        mut self,
        root: &mut R,
        replacement: &mut Replacement,
    ) -> Result<DumpReport> {
        let (sections, mut report) = self.collect(root)?;
        let header = sections.seal(&mut report)?;
        let started = Instant::now();
        report.image_bytes = replacement.write(&header, &sections.layout, &sections.bodies())?;
        report.write = started.elapsed();
        Ok(report)
    }

    /// Dumps to memory.
    ///
    /// # Errors
    ///
    /// As [`dump`], without the file.
    pub fn to_bytes<R: ImageRoot>(mut self, root: &mut R) -> Result<(Vec<u8>, DumpReport)> {
        let (sections, mut report) = self.collect(root)?;
        let header = sections.seal(&mut report)?;
        let started = Instant::now();
        let bytes = image::join(&header, &sections.layout, &sections.bodies());
        report.write = started.elapsed();
        report.image_bytes = bytes.len() as u64;
        Ok((bytes, report))
    }

    fn tell(&mut self, progress: Progress) {
        if let Some(tell) = &mut self.progress {
            tell(progress);
        }
    }

    fn collect<R: ImageRoot>(&mut self, root: &mut R) -> Result<(Sections, DumpReport)> {
        let executable = self.strict.map(fingerprint).transpose()?;
        let machine = Quiesced(root);
        machine.0.before_dump().map_err(|problem| DumpError::Serialization {
            path: format!("{} (before_dump)", root_name::<R>()),
            problem,
        })?;
        let none = Natives::new();
        let natives = self.natives.unwrap_or(&none);
        natives.check()?;
        let graph = TypeGraph::of(TypeRef::of::<R>());
        sections::check_sections(&graph)?;
        let root = &*machine.0;
        let images: Vec<&Image> = root.image().into_iter().collect();
        let at_root = |refusal: Box<Refusal>| refused::<R>(root, &refusal, &[]);

        let started = Instant::now();
        self.tell(Progress::Tracing);
        let managers: Vec<_> = graph.root_sections().iter().map(|(section, _)| section.name).collect();
        let objects = Objects::new(&graph).map_err(at_root)?;
        let mut tracer = Tracer::new(Writer::new(objects, natives, &images, managers));
        if let Err(refusal) = R::walk(root, &mut tracer).and_then(|()| tracer.run()) {
            drop(tracer);
            return Err(explain(root, &graph, natives, &images, refusal));
        }
        let (mut writer, kept) = tracer.into_writer();
        let mut report = DumpReport { trace: started.elapsed(), ..DumpReport::default() };
        report.count(&writer.objects);
        self.tell(Progress::Writing { objects: report.object_count() });

        let started = Instant::now();
        let plan = Plan::new(&writer.objects.arenas)?;
        writer.place(&plan);
        let heap = sections::heap_address::<R>(graph.root_sections().len())?;
        let mut written = writer.take_written();
        let rest = link_beside(&mut written, &plan, heap, || writer.write_arenas(&plan));
        writer.put_back(written);
        if let Err((object, refusal)) = rest {
            drop(writer);
            let steps = steps_to(root, &graph, natives, &images, object.addr());
            return Err(refused::<R>(root, &refusal, &steps));
        }
        let place = writer.root(R::RECORD).map_err(at_root)?;
        R::write(root, place, &mut writer).map_err(at_root)?;
        writer.drain().map_err(at_root)?;
        writer.settle_weak();
        if let Some(interner) = self.interner {
            writer.symbols(interner).map_err(at_root)?;
        }
        if writer.symbols_end > u64::from(writer.symbol_count) {
            return Err(at_root(Refusal::new(format!(
                "symbol {} is not in the interner, which has {}; hold the interner in the machine or give it to \
                 Dumper::interner",
                writer.symbols_end - 1,
                writer.symbol_count
            ))));
        }
        drop(kept);
        let mut sections = Sections::assemble::<R>(&graph, &plan, writer)?;
        sections.identity.fingerprint = executable;
        report.relocations = sections.relocations;
        report.emit = started.elapsed();
        Ok((sections, report))
    }
}

/// A machine that is being dumped: whatever comes of it, the last thing is that it gets back what it has put aside.
struct Quiesced<'r, R: ImageRoot>(&'r mut R);

impl<R: ImageRoot> Drop for Quiesced<'_, R> {
    fn drop(&mut self) {
        self.0.after_dump();
    }
}

/// The name of the root in paths: `vm` for a machine type `Vm`.
pub(crate) fn root_name<R: ImageRoot>() -> String {
    let name = R::shape().name;
    name.rsplit("::").next().unwrap_or(name).to_lowercase()
}

fn refused<R: ImageRoot>(_: &R, refusal: &Refusal, to_object: &[Step]) -> DumpError {
    let steps: Vec<Step> = refusal.steps.iter().chain(to_object).cloned().collect();
    DumpError::Serialization { path: render(&root_name::<R>(), &steps), problem: refusal.problem.clone() }
}

/// Traces again, remembering the way to every object, to say where a refused value is.
fn explain<R: ImageRoot>(
    root: &R,
    graph: &TypeGraph,
    natives: &Natives,
    images: &[&Image],
    refusal: Box<Refusal>,
) -> DumpError {
    let Some(tracer) = again(graph, natives, images) else { return refused(root, &refusal, &[]) };
    let mut tracer = tracer.with_paths(refusal.address, &refusal.problem);
    match R::walk(root, &mut tracer).and_then(|()| tracer.run()) {
        // Not the walk of an object refused, but what wrote it.
        Ok(()) => refused(root, &refusal, &steps_to(root, graph, natives, images, refusal.address)),
        Err(found) => {
            let steps = steps_from(root, &mut tracer);
            refused(root, &found, &steps)
        }
    }
}

/// A second trace, which writes nothing.
fn again<'a>(graph: &TypeGraph, natives: &'a Natives, images: &'a [&'a Image]) -> Option<Tracer<'a>> {
    let objects = Objects::new(graph).ok()?;
    Some(Tracer::new(Writer::new(objects, natives, images, Vec::new())))
}

/// The steps from the root to a traced object.
fn steps_to<R: ImageRoot>(
    root: &R,
    graph: &TypeGraph,
    natives: &Natives,
    images: &[&Image],
    object: usize,
) -> Vec<Step> {
    let Some(tracer) = again(graph, natives, images) else { return Vec::new() };
    let mut tracer = tracer.with_paths(0, "").stopping_at(object);
    match R::walk(root, &mut tracer).and_then(|()| tracer.run()) {
        Ok(()) => Vec::new(),
        Err(_) => steps_from(root, &mut tracer),
    }
}

/// The steps to the object at which a trace with paths stopped, those inside the root included.
fn steps_from<R: ImageRoot>(root: &R, tracer: &mut Tracer<'_>) -> Vec<Step> {
    tracer.release();
    let mut steps = tracer.path_steps();
    if let Some(first) = tracer.outermost() {
        let mut find = Find::new(first);
        let walked = R::walk(root, &mut find);
        steps.extend(find.finish(walked));
    }
    steps
}

/// The import of a native: registered, or an import of the image that the machine was loaded from.
pub(crate) fn import(
    table: &mut ImportTable,
    natives: &Natives,
    images: &[&Image],
    address: usize,
    ty: NativeType,
) -> Result<ImportId, Box<Refusal>> {
    if let Some(id) = table.import(natives, address, ty) {
        return Ok(id);
    }
    let loaded = images.iter().find_map(|image| image.import_at(address));
    let registered = loaded.and_then(|import| natives.address_of(import));
    registered.and_then(|address| table.import(natives, address, ty)).ok_or_else(|| {
        let mut types = natives.types_at(address).collect::<Vec<_>>().join(", ");
        if types.is_empty() {
            types = "nothing".to_owned();
        }
        Refusal::new(format!(
            "native {address:#x} of type {ty} is not registered ({types} is registered there); register it \
             with Natives and give them to Dumper::natives, and if it is, take its pointer from one place or mark it \
             #[inline(never)]: a function that is inlined may have several addresses"
        ))
    })
}
