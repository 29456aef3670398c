//! The heap of machines that only have one because their images need an owner.

use neodump_runtime::{AdoptImage, Image};

/// A heap that frees nothing, and keeps the image that it is loaded from.
#[derive(Default, Debug)]
pub struct Heap {
    /// The image, if it was loaded from one.
    pub image: Option<Image>,
}

impl AdoptImage for Heap {
    fn adopt(image: Image) -> Self {
        Self { image: Some(image) }
    }

    fn image(&self) -> Option<&Image> {
        self.image.as_ref()
    }
}
