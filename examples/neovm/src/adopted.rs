//! The image in a heap, as the collector sees it.

use crate::heap::Heap;
use neodump_runtime::{AdoptImage, Image, Marks};

/// The image whose objects belong to the heap: they are never freed, never moved, and never written by the collector.
pub(crate) struct Adopted {
    pub(crate) image: Image,
    /// Which of its objects the collector has reached.
    pub(crate) marks: Marks,
}

impl Heap {
    /// Forgets the marks of the image's objects. Those of this process are reset by the sweep.
    pub(crate) fn clear_image_marks(&mut self) {
        if let Some(adopted) = &mut self.adopted {
            adopted.marks.clear();
        }
    }

    /// Takes the image away.
    pub(crate) fn take_image(&mut self) -> Option<Image> {
        self.adopted.take().map(|adopted| adopted.image)
    }
}

impl AdoptImage for Heap {
    fn adopt(image: Image) -> Heap {
        let mut heap = Heap::new();
        heap.in_image = image.arenas().iter().map(|arena| arena.len()).sum();
        heap.objects = heap.in_image;
        heap.live = image.arenas().iter().map(|arena| arena.bytes()).sum();
        let marks = image.marks();
        heap.adopted = Some(Adopted { image, marks });
        heap
    }

    fn image(&self) -> Option<&Image> {
        self.adopted.as_ref().map(|adopted| &adopted.image)
    }
}
