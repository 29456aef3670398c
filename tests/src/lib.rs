//! What the tests share: a machine with every kind of field, and the tools that break its images.

pub mod drops;
pub mod fixture;
pub mod forge;
pub mod heap;
pub mod limit;
pub mod starts;
pub mod survive;
