//! Shapes made smaller or larger by a distance: `i_overlay`'s outline on a grid that is the same in both directions.
//!
//! A shape is worked on near the origin, in steps of about a micrometre: a distance means nothing on a grid whose
//! steps differ by axis. Results are valid; their vertices lie within a step or two of the true ones.

use i_overlay::core::overlay::IntOverlayOptions;
use i_overlay::i_float::int::angle::Angle;
use i_overlay::i_float::int::point::IntPoint;
use i_overlay::mesh::int::arc::ArcOptions;
use i_overlay::mesh::int::outline::offset::IntOutlineOffset;
use i_overlay::mesh::int::style::{IntLineJoin, IntOutlineStyle};

use super::boolean::{Grid, settled};
use super::measure::{bounds, translated};
use super::rings::{is_usable, rings_of};
use crate::model::{Coord, MultiPolygon};

/// Beyond this a distance is taken as this, metres.
const MAX_DISTANCE_M: f64 = 1e6;

/// One full turn has 2³² parts. Arcs in steps of a 256th of a turn: a corner's arc of radius r lies within r·7.5e-5 of the true one.
const ARC_STEP: Angle = Angle::from_bits(1 << 24);

/// Edges shorter than this part of the distance are left out: a rounding error's edge has any direction, and its offset
/// would be a spike to be cut off again.
const NEGLIGIBLE: f64 = 1e-4;

/// Corners sharper than 20° (2³² / 18) are cut off, not drawn out.
const SHARPEST: Angle = Angle::from_bits((1 << 31) / 9);

/// Land deeper inside than `distance_m`, metres: the shape less what lies within that distance of its border.
pub fn inset(shape: &MultiPolygon, distance_m: f64) -> MultiPolygon {
    let round = ArcOptions { max_step: ARC_STEP, ..ArcOptions::default() };
    moved_border(shape, -distance_m, IntLineJoin::Round(round))
}

/// The shape with its border moved outward by a small distance, metres, or inward by a negative one; corners stay corners.
pub fn outset(shape: &MultiPolygon, distance_m: f64) -> MultiPolygon {
    moved_border(shape, distance_m, IntLineJoin::Miter(SHARPEST))
}

/// One shape of polygons that may touch or overlap, gaps narrower than twice `distance_m` between and in them closed.
pub fn closed(polygons: &MultiPolygon, distance_m: f64) -> MultiPolygon {
    outset(&outset(polygons, distance_m), -distance_m)
}

fn moved_border(shape: &MultiPolygon, distance_m: f64, join: IntLineJoin) -> MultiPolygon {
    let distance_m = distance_m.clamp(-MAX_DISTANCE_M, MAX_DISTANCE_M);
    let Some([x0, y0, x1, y1]) = bounds(shape).filter(|b| b.iter().all(|v| v.is_finite())) else { return MultiPolygon::new(Vec::new()) };
    if distance_m == 0.0 || distance_m.is_nan() {
        return shape.clone();
    }
    // Whole metres, so that a result near the origin is moved back without rounding.
    let (x, y) = (x0.floor(), y0.floor());
    let reach = [x0, y0, x1, y1].iter().fold(1.0, |reach: f64, v| reach.max(v.abs())) + MAX_DISTANCE_M;
    let steps = 2f64.powi((51 - reach.log2().ceil() as i32).clamp(0, 20));
    let grid = Grid { x: steps, y: steps };
    let least_m = distance_m.abs() * NEGLIGIBLE;
    let path = |ring: &[Coord]| thinned(ring, least_m).into_iter().map(|c| grid.to_int(Coord { x: c.x - x, y: c.y - y })).collect();
    let paths: Vec<Vec<IntPoint<i64>>> = rings_of(shape).map(path).collect();
    let style = IntOutlineStyle::new((distance_m * steps).round() as i64).line_join(join);
    let shapes = paths.outline_custom(&style, IntOverlayOptions::ogc()).unwrap_or_default();
    translated(&settled(grid, shapes), x, y)
}

/// The points of a ring, the first not repeated, without those nearer than this to the one before.
fn thinned(ring: &[Coord], least_m: f64) -> Vec<Coord> {
    let mut kept: Vec<Coord> = Vec::with_capacity(ring.len());
    let is_far = |a: &Coord, b: &Coord| (a.x - b.x).hypot(a.y - b.y) > least_m;
    for at in ring.iter().filter(|c| is_usable(**c)) {
        if kept.last().is_none_or(|last| is_far(last, at)) {
            kept.push(*at);
        }
    }
    while kept.len() > 1 && !is_far(&kept[0], &kept[kept.len() - 1]) {
        kept.pop();
    }
    kept
}
