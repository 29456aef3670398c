//! Generated completeness: a test that no field of your machine gets lost on the way through an image.
//!
//! What the derive writes for a field list cannot miss a field. What people write can: a `with` module that
//! forgets a part of its type, a [`Dumpable`](crate::Dumpable) implemented by hand, a hook that resets more
//! than it should. [`every_field_survives`] finds such losses with no list of fields to keep: it changes each
//! field of the machine in turn, dumps it, loads it, and looks for the change.
//!
//! ```
//! use neodump_runtime::{Dumpable, testing};
//!
//! #[derive(Dumpable)]
//! #[dump(section = "faces", version = 1)]
//! struct Faces { heights: Vec<u16>, default: Option<String> }
//!
//! #[derive(Dumpable)]
//! #[dump(image = "vm", version = 1)]
//! struct Vm { counter: u32, faces: Faces }
//!
//! fn boot() -> Vm {
//!     Vm { counter: 7, faces: Faces { heights: vec![10], default: None } }
//! }
//!
//! // #[test]
//! fn every_field_of_the_machine_survives() {
//!     let report = testing::every_field_survives(boot);
//!     assert_eq!(report.changed.len(), 4, "{report}");
//! }
//! # every_field_of_the_machine_survives();
//! ```
//!
//! The module needs the feature `testing`, which belongs into `[dev-dependencies]`: it compiles a function
//! more for every type. It changes no byte of an image.

mod completeness;
mod report;
mod tested;

pub use completeness::{Completeness, every_field_survives};
pub use report::Report;
