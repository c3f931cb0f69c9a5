//! A point well inside a shape: the pole of inaccessibility of its largest polygon.
//!
//! Squares over the polygon are halved, the most promising first, until none can hold a point that is farther
//! from the border by more than one part in a hundred of the polygon's size.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::measure::{bounds_of, polygon_area_m2, square_to_segment};
use super::segments::ray_crosses;
use crate::model::{Coord, MultiPolygon, Polygon};

/// More looks at a vertex than this are not worth a label's last metre.
const MAX_LOOKS: usize = 20_000_000;

/// A point well inside the shape, for labels and look-ups; none when the shape is empty.
pub fn pole(shape: &MultiPolygon) -> Option<Coord> {
    let polygon = shape.0.iter().max_by(|a, b| polygon_area_m2(a).total_cmp(&polygon_area_m2(b)))?;
    let [x0, y0, x1, y1] = bounds_of(polygon.exterior().0.iter().copied())?;
    let (width, height) = (x1 - x0, y1 - y0);
    let precision = width.max(height) / 100.0;
    let side = width.min(height).max(width.max(height) / 16.0);
    let centre = Coord { x: (x0 + x1) / 2.0, y: (y0 + y1) / 2.0 };
    if !(side > 0.0 && side.is_finite()) {
        return polygon.exterior().0.first().copied();
    }
    let mut best = Square::new(polygon, centre, 0.0);
    let centroid = Square::new(polygon, centroid(polygon).unwrap_or(centre), 0.0);
    if centroid.depth > best.depth {
        best = centroid;
    }
    let half = side / 2.0;
    let mut open = BinaryHeap::new();
    for i in 0..(width / side).ceil().max(1.0) as usize {
        for j in 0..(height / side).ceil().max(1.0) as usize {
            let at = Coord { x: x0 + side * i as f64 + half, y: y0 + side * j as f64 + half };
            open.push(Square::new(polygon, at, half));
        }
    }
    let n_vertices: usize = std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(|r| r.0.len()).sum();
    let max_squares = (MAX_LOOKS / n_vertices.max(1)).clamp(64, 20_000);
    let mut n_squares = open.len();
    while let Some(square) = open.pop() {
        if square.depth > best.depth {
            best = Square { half: 0.0, ..square };
        }
        if square.reach() - best.depth <= precision || n_squares > max_squares {
            break;
        }
        let half = square.half / 2.0;
        for (dx, dy) in [(-half, -half), (half, -half), (-half, half), (half, half)] {
            open.push(Square::new(polygon, Coord { x: square.at.x + dx, y: square.at.y + dy }, half));
        }
        n_squares += 4;
    }
    if best.depth > 0.0 { Some(best.at) } else { between_crossings(polygon) }
}

/// A square by its centre and half its side, and how deep inside the polygon the centre lies (negative outside).
#[derive(Debug, Clone, Copy)]
struct Square {
    at: Coord,
    half: f64,
    depth: f64,
}

impl Square {
    fn new(polygon: &Polygon, at: Coord, half: f64) -> Square {
        let mut inside = false;
        let mut nearest = f64::INFINITY;
        for w in std::iter::once(polygon.exterior()).chain(polygon.interiors()).flat_map(|r| r.0.windows(2)) {
            inside ^= ray_crosses([w[0], w[1]], at);
            nearest = nearest.min(square_to_segment(at, [w[0], w[1]]));
        }
        let nearest = nearest.sqrt();
        Square { at, half, depth: if inside { nearest } else { -nearest } }
    }

    /// No point of the square is deeper than this.
    fn reach(&self) -> f64 {
        self.depth + self.half * std::f64::consts::SQRT_2
    }
}

impl Ord for Square {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |s: &Square| (s.at.x, s.at.y);
        let ((a, b), (c, d)) = (place(self), place(other));
        self.reach().total_cmp(&other.reach()).then(a.total_cmp(&c)).then(b.total_cmp(&d))
    }
}

impl PartialOrd for Square {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Square {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Square {}

fn centroid(polygon: &Polygon) -> Option<Coord> {
    let ring = &polygon.exterior().0;
    let o = *ring.first()?;
    let (mut twice, mut x, mut y) = (0.0, 0.0, 0.0);
    for w in ring.windows(2) {
        let (a, b) = ((w[0].x - o.x, w[0].y - o.y), (w[1].x - o.x, w[1].y - o.y));
        let cross = a.0 * b.1 - b.0 * a.1;
        twice += cross;
        x += (a.0 + b.0) * cross;
        y += (a.1 + b.1) * cross;
    }
    (twice != 0.0).then(|| Coord { x: o.x + x / (3.0 * twice), y: o.y + y / (3.0 * twice) })
}

/// For needles that no square finds: the middle of the longest stretch inside, on the level between two vertices.
fn between_crossings(polygon: &Polygon) -> Option<Coord> {
    let rings = || std::iter::once(polygon.exterior()).chain(polygon.interiors());
    let mut levels: Vec<f64> = rings().flat_map(|r| r.0.iter().map(|c| c.y)).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let (low, high) = levels.windows(2).map(|w| (w[0], w[1])).max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))?;
    let y = low + (high - low) / 2.0;
    let mut crossings: Vec<f64> = rings()
        .flat_map(|r| r.0.windows(2))
        .filter(|w| (w[0].y > y) != (w[1].y > y))
        .map(|w| w[0].x + (w[1].x - w[0].x) * ((y - w[0].y) / (w[1].y - w[0].y)))
        .collect();
    crossings.sort_by(f64::total_cmp);
    let (from, to) = crossings.chunks_exact(2).map(|c| (c[0], c[1])).max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))?;
    Some(Coord { x: from + (to - from) / 2.0, y })
}
