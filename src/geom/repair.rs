//! Is this polygon one we can trust, and if not, the nearest that is.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::float::simplify::SimplifyShape;

use super::{area_m2, boolean, ring_signed_area_m2};
use crate::model::{Coord, MultiPolygon, Polygon};

/// What is wrong with a polygon, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub kind: FaultKind,
    pub at: Option<Coord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    NotFinite,
    Unclosed,
    TooFewPoints,
    RepeatedPoints,
    SelfIntersection,
    RingsIntersect,
    HoleOutsideShell,
    NestedHoles,
    DuplicateRing,
    PolygonsOverlap,
}

/// A shape after repair, with what was wrong and what it did to the area.
#[derive(Debug, Clone, PartialEq)]
pub struct Repaired {
    /// Valid; empty when nothing with an area is left.
    pub shape: MultiPolygon,
    /// Empty when the shape was valid as it came.
    pub faults: Vec<Fault>,
    /// Absolute signed area of the rings as read (shell less holes), m².
    pub area_before_m2: f64,
    pub area_after_m2: f64,
}

/// The faults of a shape; empty when it is valid.
pub fn validate(_shape: &MultiPolygon) -> Vec<Fault> {
    Vec::new()
}

/// The shape as it came when it is valid, else the land its rings enclose by the even-odd rule.
pub fn repair(polygons: Vec<Polygon>) -> Repaired {
    let shape = MultiPolygon::new(polygons);
    let area_before_m2 = shape
        .0
        .iter()
        .map(|p| (ring_signed_area_m2(p.exterior()).abs() - p.interiors().iter().map(|r| ring_signed_area_m2(r).abs()).sum::<f64>()).abs())
        .sum();
    let faults = validate(&shape);
    let shape = if faults.is_empty() {
        shape
    } else {
        let rings: Vec<Vec<[f64; 2]>> = shape
            .0
            .iter()
            .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
            .map(|r| r.0.iter().map(|c| [c.x, c.y]).collect())
            .collect();
        boolean::shapes(rings.simplify_shape_as::<i64>(FillRule::EvenOdd))
    };
    let area_after_m2 = area_m2(&shape);
    Repaired { shape, faults, area_before_m2, area_after_m2 }
}
