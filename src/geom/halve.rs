//! Large polygons cut into small pieces, so that what happens in one place costs what lies there.
//!
//! A polygon is halved by clipping its rings to half-planes (Sutherland and Hodgman 1974) until a piece has
//! few vertices. The rings of a piece may run back and forth along a cut: their winding number is right
//! everywhere, so areas and non-zero fills are exact, but a piece is not a valid polygon and never leaves the program.

use std::borrow::Cow;

use super::measure::{bounds_of, signed_area_m2};
use crate::model::{Coord, Polygon};

/// A piece with no more vertices than this is not cut.
const FEW_VERTICES: usize = 96;
/// A polygon above this is cut on several threads.
const MANY_VERTICES: usize = 8_192;
const MAX_DEPTH: u32 = 48;
/// Where cuts have multiplied the vertices so often instead of sharing them out (the teeth of a comb), cutting stops.
const MAX_GROWTH: f64 = 4.0;

/// A part of one polygon, or all of it.
#[derive(Debug, Clone)]
pub(crate) struct Piece<'a> {
    /// `[min x, min y, max x, max y]`.
    pub bounds: [f64; 4],
    /// The piece is the whole of its bounds.
    pub is_box: bool,
    /// Closed rings that wind once around the piece's land.
    pub rings: Vec<Cow<'a, [Coord]>>,
}

impl<'a> Piece<'a> {
    /// None for what has no extent.
    fn new(rings: Vec<Cow<'a, [Coord]>>) -> Option<Piece<'a>> {
        let bounds = bounds_of(rings.iter().flat_map(|r| r.iter().copied()))?;
        let [x0, y0, x1, y1] = bounds;
        if x1 <= x0 || y1 <= y0 {
            return None;
        }
        let along = |p: Coord, q: Coord| (p.x == q.x && (p.x == x0 || p.x == x1)) || (p.y == q.y && (p.y == y0 || p.y == y1));
        // Edges on the bounds only: the winding number is one value inside, the box or nothing.
        let bare = rings.iter().all(|r| r.windows(2).all(|w| along(w[0], w[1])));
        if !bare {
            return Some(Piece { bounds, is_box: false, rings });
        }
        let area_m2: f64 = rings.iter().map(|r| signed_area_m2(r)).sum();
        (area_m2 > 0.5 * (x1 - x0) * (y1 - y0)).then(|| Piece::whole_box(bounds))
    }

    /// A box that is covered by one piece.
    pub(crate) fn whole_box(bounds: [f64; 4]) -> Piece<'static> {
        Piece { bounds, is_box: true, rings: vec![Cow::Owned(corners(bounds).to_vec())] }
    }

    fn n_vertices(&self) -> usize {
        self.rings.iter().map(|r| r.len()).sum()
    }
}

/// A box as a closed ring, counter-clockwise from its lower left corner.
pub(super) fn corners([x0, y0, x1, y1]: [f64; 4]) -> [Coord; 5] {
    [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)].map(|(x, y)| Coord { x, y })
}

/// The polygon as pieces of few vertices, in an order that depends on the polygon alone. Its rings may have any direction.
pub(crate) fn halve(polygon: &Polygon) -> Vec<Piece<'_>> {
    let mut rings = Vec::with_capacity(1 + polygon.interiors().len());
    for (position, ring) in std::iter::once(polygon.exterior()).chain(polygon.interiors()).enumerate() {
        let sign = signed_area_m2(&ring.0) * if position == 0 { 1.0 } else { -1.0 };
        if sign > 0.0 {
            rings.push(Cow::Borrowed(ring.0.as_slice()));
        } else if sign < 0.0 {
            rings.push(Cow::Owned(ring.0.iter().rev().copied().collect()));
        }
    }
    let mut pieces = Vec::new();
    if let Some(piece) = Piece::new(rings) {
        halve_into(piece, MAX_DEPTH, 1.0, &mut pieces);
    }
    pieces
}

fn halve_into<'a>(piece: Piece<'a>, depth: u32, growth: f64, out: &mut Vec<Piece<'a>>) {
    let n = piece.n_vertices();
    if n <= FEW_VERTICES || depth == 0 || growth > MAX_GROWTH {
        out.push(piece);
        return;
    }
    let [low, high] = cut(&piece);
    let n_after = low.iter().chain(&high).map(|r| r.len()).sum::<usize>();
    let growth = growth * (n_after as f64 / n as f64).max(1.0);
    drop(piece);
    let deeper = |rings: Vec<Vec<Coord>>| {
        let mut pieces = Vec::new();
        if let Some(piece) = Piece::new(rings.into_iter().map(Cow::Owned).collect()) {
            halve_into(piece, depth - 1, growth, &mut pieces);
        }
        pieces
    };
    if n > MANY_VERTICES {
        let (low, high) = rayon::join(|| deeper(low), || deeper(high));
        out.extend(low.into_iter().chain(high));
    } else {
        for rings in [low, high] {
            if let Some(piece) = Piece::new(rings.into_iter().map(Cow::Owned).collect()) {
                halve_into(piece, depth - 1, growth, out);
            }
        }
    }
}

/// Both halves: across the longer side, unless that crosses many times more edges than the shorter.
fn cut(piece: &Piece) -> [Vec<Vec<Coord>>; 2] {
    let [x0, y0, x1, y1] = piece.bounds;
    let (x, y) = (x0 + (x1 - x0) / 2.0, y0 + (y1 - y0) / 2.0);
    let edges = || piece.rings.iter().flat_map(|r| r.windows(2));
    let n_across_x = edges().filter(|w| (w[0].x < x) != (w[1].x < x)).count();
    let n_across_y = edges().filter(|w| (w[0].y < y) != (w[1].y < y)).count();
    let by_x = if x1 - x0 >= y1 - y0 { n_across_x <= 4 * n_across_y } else { n_across_y > 4 * n_across_x };
    let mut halves = [Vec::new(), Vec::new()];
    for ring in &piece.rings {
        let [low, high] = if by_x {
            cut_ring(ring, |c| c.x, x, |a, b| Coord { x, y: between((a.x, a.y), (b.x, b.y), x) })
        } else {
            cut_ring(ring, |c| c.y, y, |a, b| Coord { x: between((a.y, a.x), (b.y, b.x), y), y })
        };
        halves[0].extend(low);
        halves[1].extend(high);
    }
    halves
}

/// The second value of the line at `at` of the first, the same whichever end comes first.
pub(super) fn between(a: (f64, f64), b: (f64, f64), at: f64) -> f64 {
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    let value = low.1 + (high.1 - low.1) * ((at - low.0) / (high.0 - low.0));
    value.clamp(low.1.min(high.1), low.1.max(high.1))
}

/// One ring on both sides of a line `axis = level`; none where nothing with an extent is left.
pub(super) fn cut_ring(
    ring: &[Coord],
    axis: impl Fn(Coord) -> f64,
    level: f64,
    crossing: impl Fn(Coord, Coord) -> Coord,
) -> [Option<Vec<Coord>>; 2] {
    let (mut low, mut high) = (Vec::new(), Vec::new());
    let push = |side: &mut Vec<Coord>, c: Coord| {
        // Of three points on the cut the middle one says nothing.
        if let [.., a, b] = side[..]
            && axis(a) == level
            && axis(b) == level
            && axis(c) == level
        {
            side.pop();
        }
        if side.last() != Some(&c) {
            side.push(c);
        }
    };
    for w in ring.windows(2) {
        let (from, to) = (axis(w[0]), axis(w[1]));
        if from <= level {
            push(&mut low, w[0]);
        }
        if from >= level {
            push(&mut high, w[0]);
        }
        if (from < level && to > level) || (from > level && to < level) {
            let c = crossing(w[0], w[1]);
            push(&mut low, c);
            push(&mut high, c);
        }
    }
    [low, high].map(|mut side| {
        let first = *side.first()?;
        if side.last() != Some(&first) {
            side.push(first);
        }
        let flat = side.iter().all(|c| axis(*c) == level);
        (side.len() > 3 && !flat).then(|| {
            side.shrink_to_fit();
            side
        })
    })
}
