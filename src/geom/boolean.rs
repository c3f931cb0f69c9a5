//! Union, intersection, difference: `i_overlay` on a 62-bit grid, so that snapping costs less than
//! the last digits of a coordinate.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::float::single::SingleFloatOverlay;

use crate::model::{Coord, MultiPolygon, Polygon, Ring};

type Rings = Vec<Vec<[f64; 2]>>;

fn rings(shapes: &[&MultiPolygon]) -> Rings {
    let polygons = shapes.iter().flat_map(|s| s.0.iter());
    polygons.flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).map(ring).filter(|r| r.len() > 2).collect()
}

fn ring(ring: &Ring) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = ring.0.iter().map(|c| [c.x, c.y]).collect();
    if points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    points
}

/// `i_overlay`'s shapes (shell, then holes, unclosed) as a multipolygon.
pub(super) fn shapes(shapes: Vec<Vec<Vec<[f64; 2]>>>) -> MultiPolygon {
    let closed = |points: Vec<[f64; 2]>| {
        let mut coords: Vec<Coord> = points.into_iter().map(|[x, y]| Coord { x, y }).collect();
        coords.extend(coords.first().copied());
        Ring::new(coords)
    };
    MultiPolygon::new(
        shapes
            .into_iter()
            .filter_map(|contours| {
                let mut contours = contours.into_iter().map(closed);
                Some(Polygon::new(contours.next()?, contours.collect()))
            })
            .collect(),
    )
}

fn overlay(a: &[&MultiPolygon], b: &[&MultiPolygon], rule: OverlayRule) -> MultiPolygon {
    shapes(rings(a).overlay_as::<i64>(&rings(b), rule, FillRule::NonZero))
}

/// Land that any of the shapes covers.
pub fn union(parts: &[&MultiPolygon]) -> MultiPolygon {
    overlay(parts, &[], OverlayRule::Subject)
}

/// Land that both cover.
pub fn intersection(a: &MultiPolygon, b: &MultiPolygon) -> MultiPolygon {
    overlay(&[a], &[b], OverlayRule::Intersect)
}

/// Land that `a` covers and `b` does not.
pub fn difference(a: &MultiPolygon, b: &MultiPolygon) -> MultiPolygon {
    overlay(&[a], &[b], OverlayRule::Difference)
}
