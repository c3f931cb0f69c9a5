//! Rings as they are read: which points can be used, and what a clean ring is.

use std::borrow::Cow;

use super::{Fault, FaultKind};
use crate::model::{Coord, MultiPolygon, Polygon};

/// Beyond this no coordinate means a place, and products of differences would lose their digits.
const MAX_COORDINATE: f64 = 1e12;

pub(super) fn is_usable(c: Coord) -> bool {
    // NaN compares false.
    c.x.abs() <= MAX_COORDINATE && c.y.abs() <= MAX_COORDINATE
}

/// Every ring of a shape: shell, then holes, polygon after polygon.
pub(super) fn rings_of(shape: &MultiPolygon) -> impl Iterator<Item = &[Coord]> + Clone {
    shape.0.iter().flat_map(rings_of_polygon)
}

/// Shell, then holes.
pub(crate) fn rings_of_polygon(polygon: &Polygon) -> impl Iterator<Item = &[Coord]> + Clone {
    std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(|r| r.0.as_slice())
}

/// The ring without points that cannot be used and without consecutive repetitions, closed; borrowed when it
/// came so. Faults are added; none when fewer than three distinct points are left.
pub(super) fn clean<'a>(ring: &'a [Coord], faults: &mut Vec<Fault>) -> Option<Cow<'a, [Coord]>> {
    let closed = matches!((ring.first(), ring.last()), (Some(a), Some(b)) if a == b);
    let tidy = closed && ring.iter().all(|c| is_usable(*c)) && ring.windows(2).all(|w| w[0] != w[1]);
    let ring: Cow<[Coord]> = if tidy {
        Cow::Borrowed(ring)
    } else {
        let mut points: Vec<Coord> = ring.iter().copied().filter(|c| is_usable(*c)).collect();
        if points.len() < ring.len() {
            let after = points.first().copied();
            faults.push(Fault { kind: FaultKind::NotFinite, at: after });
        }
        points.dedup();
        if let Some(&first) = points.first()
            && points.last() != Some(&first)
        {
            // A closed ring whose first or last point was dropped is not unclosed.
            if points.len() > 1 && ring.first().zip(ring.last()).is_some_and(|(a, b)| is_usable(*a) && is_usable(*b)) {
                faults.push(Fault { kind: FaultKind::Unclosed, at: points.last().copied() });
            }
            points.push(first);
        }
        Cow::Owned(points)
    };
    // Closed and without repetitions: four points are three distinct ones, or A B A B … which a segment test finds.
    let third_distinct = ring.first().zip(ring.get(1)).is_some_and(|(a, b)| ring.iter().any(|c| c != a && c != b));
    if ring.len() < 4 || !third_distinct {
        faults.push(Fault { kind: FaultKind::TooFewPoints, at: ring.first().copied() });
        return None;
    }
    Some(ring)
}
