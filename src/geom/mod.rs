//! Geometry we trust: validate, repair, area, boolean operations, clip, width, simplify.
//!
//! Total functions on finite planar coordinates in metres: they never panic, and what cannot be
//! answered is an empty shape or `None`. No CRS, no attributes. The only user of `i_overlay`.
//! Invariant: every `MultiPolygon` that leaves this module is valid (OGC simple features), shells
//! counter-clockwise, holes clockwise, rings closed, at least three distinct points.

mod boolean;
mod grid;
mod measure;
mod repair;

pub use boolean::{difference, intersection, union};
pub use grid::enclosed_on_grid;
pub use measure::{area_m2, bounds, bounds_of_geometry, contains, pole, ring_signed_area_m2, width_m};
pub use repair::{Fault, FaultKind, Repaired, repair, validate};
