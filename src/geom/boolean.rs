//! Union, intersection, difference: `i_overlay` on an integer grid as fine as the coordinates.
//!
//! The grid's step is one unit in the last place of the largest coordinate, a power of two per axis.
//! So an input vertex keeps its bits, what comes back is exactly what the integer engine made, and
//! its topology is not disturbed by a second rounding.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::i_float::int::point::IntPoint;

use super::rings::{is_usable, rings_of};
use super::validity::{renest, validate};
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

/// Land that any of the shapes covers.
pub fn union(parts: &[&MultiPolygon]) -> MultiPolygon {
    union_of_rings(parts.iter().flat_map(|s| rings_of(s)))
}

/// Land that both cover.
pub fn intersection(a: &MultiPolygon, b: &MultiPolygon) -> MultiPolygon {
    intersection_with_rings(a, rings_of(b))
}

/// Land that `a` covers and `b` does not.
pub fn difference(a: &MultiPolygon, b: &MultiPolygon) -> MultiPolygon {
    overlay(rings_of(a), rings_of(b), OverlayRule::Difference, FillRule::NonZero)
}

/// Land that any of the rings winds around: shells and holes of many shapes, holes against their shell.
pub(super) fn union_of_rings<'a>(rings: impl Iterator<Item = &'a [Coord]> + Clone) -> MultiPolygon {
    overlay(rings, std::iter::empty(), OverlayRule::Subject, FillRule::NonZero)
}

/// The part of `a` that any of the rings winds around; the rings may be bags of pieces (`halve`).
pub(crate) fn intersection_with_rings<'a>(a: &'a MultiPolygon, b: impl Iterator<Item = &'a [Coord]> + Clone) -> MultiPolygon {
    overlay(rings_of(a), b, OverlayRule::Intersect, FillRule::NonZero)
}

/// What the rings enclose by the even-odd rule, whatever they cross.
pub(super) fn even_odd<'a>(rings: impl Iterator<Item = &'a [Coord]> + Clone) -> MultiPolygon {
    overlay(rings, std::iter::empty(), OverlayRule::Subject, FillRule::EvenOdd)
}

fn overlay<'a>(
    subject: impl Iterator<Item = &'a [Coord]> + Clone,
    clip: impl Iterator<Item = &'a [Coord]> + Clone,
    rule: OverlayRule,
    fill: FillRule,
) -> MultiPolygon {
    let grid = Grid::of(subject.clone().chain(clip.clone()).flatten());
    let n_points = subject.clone().chain(clip.clone()).map(<[Coord]>::len).sum();
    let mut engine: Overlay<i64> = Overlay::new_custom(n_points, IntOverlayOptions::ogc(), Solver::AUTO);
    for (rings, side) in [(Side::A(subject), ShapeType::Subject), (Side::B(clip), ShapeType::Clip)] {
        rings.each(|ring| engine.add_path_iter(ring.iter().filter(|c| is_usable(**c)).map(|c| grid.to_int(*c)), side));
    }
    settled(grid, engine.overlay(rule, fill))
}

/// Two iterators of different types, looped over by the same code.
enum Side<A, B> {
    A(A),
    B(B),
}

impl<'a, A: Iterator<Item = &'a [Coord]>, B: Iterator<Item = &'a [Coord]>> Side<A, B> {
    fn each(self, mut visit: impl FnMut(&'a [Coord])) {
        match self {
            Side::A(rings) => rings.for_each(&mut visit),
            Side::B(rings) => rings.for_each(&mut visit),
        }
    }
}

/// Grids tried for a result that is not valid, each sixteen times as coarse as the one before: a needle's crossing is a step
/// wide, so that a little coarser is nearly always enough, and areas hardly change.
const COARSER_GRIDS: usize = 7;

pub(super) type IntShapes = Vec<Vec<Vec<IntPoint<i64>>>>;

/// The engine's result as valid polygons. It may give a hole to the wrong shell. Snapping can in rare needles leave a crossing one step wide:
/// then the result is made again on a coarser grid, and what is still not valid after that is left out.
pub(super) fn settled(mut grid: Grid, mut shapes: IntShapes) -> MultiPolygon {
    for _ in 0..COARSER_GRIDS {
        let mut shape = grid.to_shape(&shapes);
        if validate(&shape).is_empty() {
            return shape;
        }
        shape = renest(shape);
        if validate(&shape).is_empty() {
            return shape;
        }
        grid = grid.coarser();
        let mut engine: Overlay<i64> = Overlay::new_custom(0, IntOverlayOptions::ogc(), Solver::AUTO);
        for ring in shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())) {
            engine.add_path_iter(ring.0.iter().map(|c| grid.to_int(*c)), ShapeType::Subject);
        }
        shapes = engine.overlay(OverlayRule::Subject, FillRule::EvenOdd);
    }
    let shape = renest(grid.to_shape(&shapes));
    if validate(&shape).is_empty() {
        return shape;
    }
    let mut kept = MultiPolygon::new(Vec::new());
    for polygon in shape {
        kept.0.push(polygon);
        if !validate(&kept).is_empty() {
            kept.0.pop();
        }
    }
    kept
}

/// Multiplying by a power of two turns a coordinate into an integer of at most 53 bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub x: f64,
    pub y: f64,
}

impl Grid {
    pub(super) fn of<'a>(coords: impl Iterator<Item = &'a Coord>) -> Grid {
        let (mut x, mut y) = (1.0f64, 1.0f64);
        for c in coords.filter(|c| is_usable(**c)) {
            x = x.max(c.x.abs());
            y = y.max(c.y.abs());
        }
        // log2 of a value from 1 to MAX_COORDINATE: the exponent is small and positive.
        let scale = |largest: f64| 2f64.powi(52 - largest.log2().floor() as i32);
        Grid { x: scale(x), y: scale(y) }
    }

    fn coarser(self) -> Grid {
        Grid { x: self.x / 16.0, y: self.y / 16.0 }
    }

    pub(super) fn to_int(self, c: Coord) -> IntPoint<i64> {
        IntPoint { x: (c.x * self.x).round() as i64, y: (c.y * self.y).round() as i64 }
    }

    fn to_shape(self, shapes: &IntShapes) -> MultiPolygon {
        let ring = |points: &Vec<IntPoint<i64>>| -> Ring {
            Ring::new(points.iter().chain(points.first()).map(|p| Coord { x: p.x as f64 / self.x, y: p.y as f64 / self.y }).collect())
        };
        let polygon = |contours: &Vec<Vec<IntPoint<i64>>>| {
            let mut rings = contours.iter().map(ring);
            Some(Polygon::new(rings.next()?, rings.collect()))
        };
        MultiPolygon::new(shapes.iter().filter_map(polygon).collect())
    }
}
