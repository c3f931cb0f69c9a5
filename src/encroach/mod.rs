//! What is built inside which zone.
//!
//! `overlay` gives the area that every pair of a zone and a land use shares; `detect` makes events of the land; `raster`
//! does the first for land cover that comes as cells, and gives the land that the second needs.
//! Pure: the same layers give the same result whatever the number of threads and the order of features.

mod cover;
mod detect;
mod overlay;
pub mod raster;

pub use detect::{Detection, Seen, detect};
pub use overlay::{Pair, overlay};

#[cfg(test)]
mod tests;
