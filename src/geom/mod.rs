//! Geometry we trust: validate, repair, area, boolean operations, clip, width, simplify.
//!
//! Total functions on planar coordinates in metres: they never panic, and what cannot be
//! answered is an empty shape or `None`. No CRS, no attributes. The only user of `i_overlay`.
//! Invariant: every `MultiPolygon` that leaves this module is valid (OGC simple features), shells
//! counter-clockwise, holes clockwise, rings closed, at least three distinct points.

mod boolean;
mod grid;
mod halve;
mod measure;
mod pole;
mod repair;
mod rings;
mod segments;
mod shared;
mod validity;

pub(crate) use halve::{Piece, halve};
pub(crate) use shared::SharedArea;
pub use boolean::{difference, intersection, union};
pub use grid::enclosed_on_grid;
pub use measure::{area_m2, bounds, bounds_of_geometry, contains, distance_m, geodesic_area_m2, ring_signed_area_m2, width_m};
pub use pole::pole;
pub use repair::{Fault, FaultKind, Repaired, repair, repair_rings};
pub use validity::validate;
