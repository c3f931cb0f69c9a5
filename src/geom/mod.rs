//! Geometry we trust: validate, repair, area, boolean operations, clip, offset, width, pole, distance.
//!
//! Total functions on planar coordinates in metres: they never panic, and what cannot be
//! answered is an empty shape or `None`. No CRS, no attributes. The only user of `i_overlay`.
//! Invariant: every `MultiPolygon` that leaves this module is valid (OGC simple features), shells
//! counter-clockwise, holes clockwise, rings closed, at least three distinct points.

mod boolean;
mod clip;
mod grid;
mod halve;
mod local;
mod measure;
mod offset;
mod pixels;
mod pole;
mod repair;
mod rings;
mod segments;
mod shared;
mod slice;
mod validity;

pub use boolean::{difference, intersection, union};
pub use clip::clip_to_rect;
pub use grid::enclosed_on_grid;
pub use measure::{
    Outline, area_m2, area_sigma_m2, bounds, bounds_of_geometry, contains, distance_m, geodesic_area_m2, perimeter_m, ring_signed_area_m2,
    translated, width_m,
};
pub use offset::{closed, inset, outset};
pub use pixels::{Coverage, CoveredRun, Window, land_of_runs};
pub use pole::pole;
pub use repair::{Fault, FaultKind, Repaired, repair, repair_rings};
pub use slice::slice;
pub use validity::validate;

// For `encroach`, which adds up what many shapes share without building each.
pub(crate) use boolean::intersection_with_rings;
pub(crate) use halve::{Piece, halve};
pub(crate) use local::{Run, local_rings, runs};
pub(crate) use measure::{bounds_of_polygon, box_distance, polygon_area_m2, square_to_segment};
pub(crate) use pixels::rings_moved;
pub(crate) use rings::rings_of_polygon;
pub(crate) use shared::SharedArea;

#[cfg(test)]
mod tests;
