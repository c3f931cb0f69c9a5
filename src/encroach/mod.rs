//! What is built inside which zone.
//!
//! `overlay` gives the area that every pair of a zone and a land use shares; `detect` makes events of it.
//! Pure: the same layers give the same result whatever the number of threads and the order of features.

mod overlay;

pub use overlay::{Pair, overlay};
