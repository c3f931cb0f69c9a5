//! What is built inside which zone.
//!
//! `overlay` gives the area that every pair of a zone and a land use shares; `detect` makes events of the land, with when,
//! by what right and how sure; `growth_m2` whether one is still what somebody judged; `transitions` says what became what between two epochs; `raster` gives shares and land of
//! land cover that comes as cells; `landscape` measures what is left, for planning.
//! Pure: the same layers give the same result whatever the number of threads and the order of features.

mod certainty;
mod cover;
mod dates;
mod detect;
mod identity;
mod judged;
mod landscape;
mod overlay;
pub mod raster;
mod rights;
mod transitions;

pub use certainty::Accuracy;
pub use detect::{Basis, Earlier, Finding, Known, LeftOut, Seen, detect, keep_apart, lost_m2};
pub use judged::growth_m2;
pub use landscape::{Fragments, KnownFragments, Landscape, Patches, Reach, fragments, landscape, patches, remaining};
pub use overlay::{LandUsePieces, Pair, overlay};
pub use transitions::{Transition, Used, transitions};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_exactness;
#[cfg(test)]
mod tests_of_landscape;
