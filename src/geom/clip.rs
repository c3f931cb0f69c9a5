//! The part of a shape inside a box.

use std::borrow::Cow;

use super::boolean::{union, union_of_rings};
use super::halve::{between, cut_ring};
use super::measure::bounds_of;
use super::rings::rings_of_polygon;
use super::validity::validate;
use crate::model::{Coord, MultiPolygon, Polygon};

/// The part of a valid shape inside `[min x, min y, max x, max y]`: valid; empty when nothing with an area is inside.
pub fn clip_to_rect(shape: &MultiPolygon, rect: [f64; 4]) -> MultiPolygon {
    let [x0, y0, x1, y1] = rect;
    let mut inside: Vec<Polygon> = Vec::new();
    let mut across: Vec<Cow<[Coord]>> = Vec::new();
    for polygon in &shape.0 {
        let Some(b) = bounds_of(polygon.exterior().0.iter().copied()) else { continue };
        if b[0] >= x0 && b[1] >= y0 && b[2] <= x1 && b[3] <= y1 {
            inside.push(polygon.clone());
        } else if b[2] > x0 && b[3] > y0 && b[0] < x1 && b[1] < y1 {
            across.extend(rings_of_polygon(polygon).filter_map(|ring| clip_ring(ring, rect)));
        }
    }
    let mut clipped = if across.is_empty() { MultiPolygon::new(Vec::new()) } else { union_of_rings(across.iter().map(|r| r.as_ref())) };
    let is_mixed = !clipped.0.is_empty() && !inside.is_empty();
    clipped.0.extend(inside);
    // What was cut lies on a grid now; where it touches what was not, it may reach over by the last digit.
    if is_mixed && !validate(&clipped).is_empty() { union(&[&clipped]) } else { clipped }
}

fn clip_ring(ring: &[Coord], [x0, y0, x1, y1]: [f64; 4]) -> Option<Cow<'_, [Coord]>> {
    let by_x = |ring: &[Coord], x: f64| cut_ring(ring, |c| c.x, x, |a, b| Coord { x, y: between((a.x, a.y), (b.x, b.y), x) });
    let by_y = |ring: &[Coord], y: f64| cut_ring(ring, |c| c.y, y, |a, b| Coord { x: between((a.y, a.x), (b.y, b.x), y), y });
    let mut kept = Cow::Borrowed(ring);
    if kept.iter().any(|c| c.x < x0) {
        let [_, high] = by_x(&kept, x0);
        kept = Cow::Owned(high?);
    }
    if kept.iter().any(|c| c.x > x1) {
        let [low, _] = by_x(&kept, x1);
        kept = Cow::Owned(low?);
    }
    if kept.iter().any(|c| c.y < y0) {
        let [_, high] = by_y(&kept, y0);
        kept = Cow::Owned(high?);
    }
    if kept.iter().any(|c| c.y > y1) {
        let [low, _] = by_y(&kept, y1);
        kept = Cow::Owned(low?);
    }
    Some(kept)
}
