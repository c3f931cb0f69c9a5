//! The nearest shape we can trust.

use std::borrow::Cow;

use super::boolean::even_odd;
use super::measure::{area_m2, signed_area_m2};
use super::rings::clean;
use super::validity::{Outline, faults_of, same_ring};
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

/// What is wrong with a polygon, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub kind: FaultKind,
    pub at: Option<Coord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A coordinate that is no number, or beyond any place; the point is dropped.
    NotFinite,
    Unclosed,
    /// Fewer than three distinct points; the ring is dropped.
    TooFewPoints,
    RepeatedPoints,
    SelfIntersection,
    RingsIntersect,
    HoleOutsideShell,
    NestedHoles,
    DuplicateRing,
    /// Holes that touch each other or their shell cut the polygon in two.
    InteriorNotConnected,
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

/// The shape as it came when it is valid, else the land its rings enclose by the even-odd rule.
pub fn repair(polygons: Vec<Polygon>) -> Repaired {
    repair_rings(
        polygons
            .into_iter()
            .map(|p| {
                let (shell, holes) = p.into_inner();
                std::iter::once(shell).chain(holes).collect()
            })
            .collect(),
    )
}

/// The same for polygons as lists of rings, shell first, that may not be closed (`Polygon` always is).
pub fn repair_rings(polygons: Vec<Vec<Ring>>) -> Repaired {
    let mut faults = Vec::new();
    let mut area_before_m2 = 0.0;
    let mut outlines: Vec<Outline> = Vec::with_capacity(polygons.len());
    for (polygon, rings) in polygons.iter().enumerate() {
        let mut area_m2 = 0.0;
        for (position, ring) in rings.iter().enumerate() {
            let Some(points) = clean(&ring.0, &mut faults) else {
                if position == 0 {
                    // A polygon without a shell has no land.
                    break;
                }
                continue;
            };
            let ring_m2 = signed_area_m2(&points).abs();
            area_m2 += if position == 0 { ring_m2 } else { -ring_m2 };
            outlines.push(Outline { polygon: polygon as u32, is_shell: position == 0, points });
        }
        area_before_m2 += area_m2.abs();
    }
    let structural = faults_of(&outlines);
    let shape = if structural.is_empty() { as_read(outlines) } else { enclosed(outlines) };
    faults.extend(structural);
    let area_after_m2 = area_m2(&shape);
    Repaired { shape, faults, area_before_m2, area_after_m2 }
}

/// The rings unchanged but for their direction.
fn as_read(outlines: Vec<Outline>) -> MultiPolygon {
    let mut polygons: Vec<Polygon> = Vec::with_capacity(outlines.len());
    let mut rings = outlines.into_iter().peekable();
    while let Some(shell) = rings.next() {
        let mut holes = Vec::new();
        while let Some(hole) = rings.next_if(|r| !r.is_shell) {
            holes.push(turned(hole.points, -1.0));
        }
        polygons.push(Polygon::new(turned(shell.points, 1.0), holes));
    }
    MultiPolygon::new(polygons)
}

/// The ring in the direction of the sign: counter-clockwise when positive.
fn turned(points: Cow<[Coord]>, sign: f64) -> Ring {
    let wrong = signed_area_m2(&points) * sign < 0.0;
    let mut points = points.into_owned();
    if wrong {
        points.reverse();
    }
    Ring::new(points)
}

/// What the rings enclose by the even-odd rule. A ring that is drawn again, in the same polygon or as the shell of
/// another, or that runs round several times, counts once.
fn enclosed(outlines: Vec<Outline>) -> MultiPolygon {
    let mut rings: Vec<Outline> = Vec::with_capacity(outlines.len());
    // By size and place, so that only rings that may be the same are compared.
    let key = |o: &Outline| {
        let low = o.points.iter().fold((f64::INFINITY, f64::INFINITY), |m, c| (m.0.min(c.x), m.1.min(c.y)));
        (o.points.len(), low.0.to_bits(), low.1.to_bits())
    };
    let mut seen: std::collections::HashMap<(usize, u64, u64), Vec<usize>> = std::collections::HashMap::new();
    for mut outline in outlines {
        once_round(&mut outline.points);
        let alike = seen.entry(key(&outline)).or_default();
        let again = alike.iter().any(|&i| {
            let other = &rings[i];
            (other.polygon == outline.polygon || (other.is_shell && outline.is_shell)) && same_ring(&other.points, &outline.points)
        });
        if !again {
            alike.push(rings.len());
            rings.push(outline);
        }
    }
    even_odd(rings.iter().map(|r| r.points.as_ref()))
}

/// Cuts a ring that runs round the same points several times to one round.
fn once_round(points: &mut Cow<[Coord]>) {
    let n = points.len().saturating_sub(1);
    let Some(first) = points.first().copied() else { return };
    for round in 3..=n / 2 {
        if n.is_multiple_of(round) && points[round] == first && (round..n).all(|i| points[i] == points[i - round]) {
            points.to_mut().truncate(round + 1);
            return;
        }
    }
}
