//! What a large polygon's border does near one place, from its own edges.
//!
//! Cutting a border at a line moves it by a rounding error, and neighbours that shared the border no longer do. So where
//! shapes are built, the border's edges near the place are taken as they are, chained, and closed outside of it.

use super::halve::{Piece, corners};
use super::measure::bounds_of;
use super::rings::rings_of_polygon;
use super::shared::SharedArea;
use crate::model::{Coord, Polygon};

const EDGES_IN_RUN: usize = 16;

/// Consecutive edges of one ring of a polygon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    ring: u32,
    from: u32,
    to: u32,
}

/// A polygon's border in runs, with their bounds.
pub(crate) fn runs(polygon: &Polygon) -> Vec<(Run, [f64; 4])> {
    let mut runs = Vec::new();
    for (ring, points) in rings_of_polygon(polygon).enumerate() {
        let last = points.len().saturating_sub(1);
        for from in (0..last).step_by(EDGES_IN_RUN) {
            let to = (from + EDGES_IN_RUN).min(last);
            if let Some(bounds) = bounds_of(points[from..=to].iter().copied()) {
                runs.push((Run { ring: ring as u32, from: from as u32, to: to as u32 }, bounds));
            }
        }
    }
    runs
}

/// Closed rings whose winding number inside the frame is the polygon's; outside it they mean nothing.
///
/// `near` are the polygon's runs whose bounds meet the frame, in order; `area_m2` is the polygon's area inside the frame.
/// The polygon is valid, its shell counter-clockwise.
pub(crate) fn local_rings(polygon: &Polygon, near: &[Run], frame: [f64; 4], area_m2: f64) -> Vec<Vec<Coord>> {
    let mut rings: Vec<Vec<Coord>> = Vec::new();
    let borders: Vec<&[Coord]> = rings_of_polygon(polygon).collect();
    let mut chain: Vec<Coord> = Vec::new();
    let mut end = None;
    for run in near {
        let Some(edges) = borders.get(run.ring as usize).and_then(|b| b.get(run.from as usize..=run.to as usize)) else { continue };
        if end != Some((run.ring, run.from)) {
            close(std::mem::take(&mut chain), frame, &mut rings);
        }
        chain.extend_from_slice(if chain.is_empty() { edges } else { &edges[1..] });
        end = Some((run.ring, run.to));
    }
    close(chain, frame, &mut rings);
    let corners = corners(frame);
    let frame_m2 = (frame[2] - frame[0]) * (frame[3] - frame[1]);
    let drawn_m2 = drawn_area_m2(&rings, frame);
    // The rings are right up to a whole number of turns around the frame.
    let turns = ((area_m2 - drawn_m2) / frame_m2).round() as i64;
    let around: Vec<Coord> = if turns > 0 { corners.to_vec() } else { corners.iter().rev().copied().collect() };
    // No more turns than chains that were closed around the frame, and one for the land itself.
    let n_turns = turns.unsigned_abs().min(rings.len() as u64 + 1);
    rings.extend((0..n_turns).map(|_| around.clone()));
    rings
}

/// Closes a chain of edges outside the frame: from its end to the frame's border, along it, and back to its start.
fn close(mut chain: Vec<Coord>, frame: [f64; 4], rings: &mut Vec<Vec<Coord>>) {
    let (Some(&first), Some(&last)) = (chain.first(), chain.last()) else { return };
    if first != last {
        let (from, to) = (on_frame(last, frame), on_frame(first, frame));
        chain.push(from);
        let (mut side, goal) = (side_of(from, frame), side_of(to, frame));
        let corners = corners(frame);
        while side != goal {
            chain.push(corners[side + 1]);
            side = (side + 1) % 4;
        }
        chain.extend([to, first]);
    }
    chain.dedup();
    rings.push(chain);
}

/// The nearest point of the frame's border for a point outside, which the way there does not cross; for one inside the
/// nearest side's.
fn on_frame(c: Coord, [x0, y0, x1, y1]: [f64; 4]) -> Coord {
    let inside = c.x > x0 && c.x < x1 && c.y > y0 && c.y < y1;
    if !inside {
        return Coord { x: c.x.clamp(x0, x1), y: c.y.clamp(y0, y1) };
    }
    let gaps = [c.y - y0, x1 - c.x, y1 - c.y, c.x - x0];
    let nearest = (0..4).fold(0, |best, i| if gaps[i] < gaps[best] { i } else { best });
    match nearest {
        0 => Coord { x: c.x, y: y0 },
        1 => Coord { x: x1, y: c.y },
        2 => Coord { x: c.x, y: y1 },
        _ => Coord { x: x0, y: c.y },
    }
}

/// Sides counter-clockwise from the lower one; a corner belongs to the side that starts there.
fn side_of(c: Coord, [x0, y0, x1, y1]: [f64; 4]) -> usize {
    if c.y == y0 && c.x < x1 {
        0
    } else if c.x == x1 && c.y < y1 {
        1
    } else if c.y == y1 && c.x > x0 {
        2
    } else {
        3
    }
}

/// Signed area of the rings inside the frame, m².
fn drawn_area_m2(rings: &[Vec<Coord>], frame: [f64; 4]) -> f64 {
    let drawn = Piece { bounds: frame, is_box: false, rings: rings.iter().map(|r| r.as_slice().into()).collect() };
    SharedArea::default().of(&drawn, &Piece::whole_box(frame))
}
