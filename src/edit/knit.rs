//! Borders that run along each other get the same vertices, bit for bit.
//!
//! A vertex that is within a millimetre of another becomes that one; one that lies on a neighbour's edge is put into the
//! neighbour too, and the neighbour's vertices that lie on its edges are put into it. Only what an edit drew is looked at:
//! borders that nobody touched stay as they are, with all their old faults.

use std::collections::{HashMap, HashSet};

use super::SNAP_M;
use super::desk::Desk;
use crate::geom::{self, square_to_segment};
use crate::index::Index;
use crate::model::{Coord, MultiPolygon, Polygon, Ring, Zone};

/// Knits zones that got a new shape to what lies around them.
pub(super) fn knit(desk: &mut Desk, ids: &[String]) {
    for (i, id) in ids.iter().enumerate() {
        if let Some(zone) = desk.find(id).cloned() {
            knit_one(desk, zone, &ids[i + 1..]);
        }
    }
}

/// `pending` are zones whose new vertices are not settled yet: nothing is drawn to them.
fn knit_one(desk: &mut Desk, mut zone: Zone, pending: &[String]) {
    let Some(bounds) = geom::bounds(&zone.shape) else { return };
    let around: Vec<Zone> = desk.near(bounds, SNAP_M).into_iter().filter(|other| other.id != zone.id).cloned().collect();
    let was = desk.ground.zone(&zone.id).map(|z| &z.shape);
    let old: HashSet<Bits> = was.into_iter().flat_map(points).map(bits).collect();
    let settled =
        around.iter().filter_map(|z| if pending.contains(&z.id) { desk.ground.zone(&z.id).map(|z| &z.shape) } else { Some(&z.shape) });
    let mut known = Vertices::new(was.into_iter().chain(settled));
    zone.shape = each_point(&zone.shape, |at| known.nearest_or_new(at));
    // Its new vertices go into the neighbours' edges.
    let old_edges: HashSet<[Bits; 2]> = was.into_iter().flat_map(edges).map(key).collect();
    let new: Vec<Coord> = points(&zone.shape).filter(|at| !old.contains(&bits(*at)) || old_edges.is_empty()).collect();
    let new = Points::new(new);
    for other in around.iter() {
        if let Some(shape) = with_points(&other.shape, &new, |_| true) {
            desk.put(Zone { shape, ..other.clone() });
        }
    }
    // The neighbours' vertices go into its new edges.
    let is_new = |edge: [Coord; 2]| !old_edges.contains(&key(edge));
    let [x0, y0, x1, y1] = bounds;
    let is_near = |at: &Coord| at.x >= x0 - SNAP_M && at.y >= y0 - SNAP_M && at.x <= x1 + SNAP_M && at.y <= y1 + SNAP_M;
    let theirs: Vec<Coord> = around.iter().flat_map(|z| points(&z.shape)).filter(is_near).collect();
    if let Some(shape) = with_points(&zone.shape, &Points::new(theirs), is_new) {
        zone.shape = shape;
    }
    desk.put(zone);
}

/// A vertex at a place in every zone whose border runs there, so that all can be moved together.
pub(super) fn knit_point(desk: &mut Desk, at: Coord) {
    let around: Vec<Zone> = desk.near_point(at, SNAP_M).into_iter().cloned().collect();
    for zone in around {
        if let Some(shape) = with_points(&zone.shape, &Points::new(vec![at]), |_| true) {
            desk.put(Zone { shape, ..zone });
        }
    }
}

pub(super) type Bits = [u64; 2];

pub(super) fn bits(at: Coord) -> Bits {
    // Zero has two forms and one place.
    [(at.x + 0.0).to_bits(), (at.y + 0.0).to_bits()]
}

/// An edge whichever way it is walked.
fn key([a, b]: [Coord; 2]) -> [Bits; 2] {
    let (a, b) = (bits(a), bits(b));
    if a <= b { [a, b] } else { [b, a] }
}

pub(super) fn points(shape: &MultiPolygon) -> impl Iterator<Item = Coord> {
    shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).flat_map(|r| r.0.iter().copied())
}

fn edges(shape: &MultiPolygon) -> impl Iterator<Item = [Coord; 2]> {
    let rings = shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    rings.flat_map(|r| r.0.windows(2).map(|w| [w[0], w[1]]))
}

/// Vertices by place.
pub(super) struct Vertices(HashMap<[i64; 2], Vec<Coord>>);

/// Larger than a snap, so that what is near lies in the same cell or the next.
const CELL_M: f64 = 0.01;

impl Vertices {
    pub fn new<'s>(shapes: impl Iterator<Item = &'s MultiPolygon>) -> Vertices {
        let mut cells: HashMap<[i64; 2], Vec<Coord>> = HashMap::new();
        for at in shapes.flat_map(points) {
            cells.entry(Self::cell(at)).or_default().push(at);
        }
        Vertices(cells)
    }

    fn cell(at: Coord) -> [i64; 2] {
        [(at.x / CELL_M).floor() as i64, (at.y / CELL_M).floor() as i64]
    }

    /// The nearest vertex within a snap; the first of equals.
    pub fn nearest(&self, at: Coord) -> Option<Coord> {
        let [column, row] = Self::cell(at);
        let cells = (-1..=1).flat_map(|i| (-1..=1).map(move |j| [column.saturating_add(i), row.saturating_add(j)]));
        let near = cells.filter_map(|cell| self.0.get(&cell)).flatten().map(|c| (square(*c, at), *c));
        near.filter(|(d, _)| *d <= SNAP_M * SNAP_M).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c)
    }

    /// The same; where there is none, the place itself is a vertex from now on.
    fn nearest_or_new(&mut self, at: Coord) -> Coord {
        self.nearest(at).unwrap_or_else(|| {
            self.0.entry(Self::cell(at)).or_default().push(at);
            at
        })
    }
}

pub(super) fn square(a: Coord, b: Coord) -> f64 {
    (a.x - b.x).powi(2) + (a.y - b.y).powi(2)
}

/// Each point put elsewhere; points that fall together become one, rings that vanish are left out.
pub(super) fn each_point(shape: &MultiPolygon, mut place: impl FnMut(Coord) -> Coord) -> MultiPolygon {
    let mut ring = |r: &Ring| -> Option<Ring> {
        let n_distinct = r.0.len().saturating_sub(1);
        let mut moved: Vec<Coord> = r.0.iter().take(n_distinct).map(|c| place(*c)).collect();
        moved.dedup();
        while moved.len() > 1 && moved.first() == moved.last() {
            moved.pop();
        }
        moved.push(*moved.first()?);
        (moved.len() >= 4).then(|| Ring::new(moved))
    };
    let mut polygons = Vec::with_capacity(shape.0.len());
    for polygon in &shape.0 {
        let Some(shell) = ring(polygon.exterior()) else { continue };
        let holes = polygon.interiors().iter().filter_map(&mut ring).collect();
        polygons.push(Polygon::new(shell, holes));
    }
    MultiPolygon::new(polygons)
}

/// Points by place.
struct Points {
    list: Vec<Coord>,
    index: Index,
}

impl Points {
    fn new(list: Vec<Coord>) -> Points {
        let index = Index::new(list.iter().map(|c| Some([c.x, c.y, c.x, c.y])));
        Points { list, index }
    }
}

/// The shape with those of some points on its border that lie on a wanted edge and at no end of it; none when there is none.
fn with_points(shape: &MultiPolygon, candidates: &Points, wanted: impl Fn([Coord; 2]) -> bool) -> Option<MultiPolygon> {
    let Points { list, index } = candidates;
    if list.is_empty() {
        return None;
    }
    let mut is_changed = false;
    let mut ring = |r: &Ring| -> Ring {
        let mut out: Vec<Coord> = Vec::with_capacity(r.0.len());
        for w in r.0.windows(2) {
            let edge = [w[0], w[1]];
            out.push(w[0]);
            if !wanted(edge) {
                continue;
            }
            let (x0, x1) = (w[0].x.min(w[1].x), w[0].x.max(w[1].x));
            let (y0, y1) = (w[0].y.min(w[1].y), w[0].y.max(w[1].y));
            let near = index.query([x0 - SNAP_M, y0 - SNAP_M, x1 + SNAP_M, y1 + SNAP_M]).map(|i| list[i]);
            let on_edge = |at: &Coord| {
                let is_end = edge.iter().any(|end| square(*end, *at) <= SNAP_M * SNAP_M);
                !is_end && square_to_segment(*at, edge) <= SNAP_M * SNAP_M
            };
            let mut inner: Vec<Coord> = near.filter(on_edge).collect();
            inner.sort_by(|a, b| square(*a, w[0]).total_cmp(&square(*b, w[0])).then(a.x.total_cmp(&b.x)).then(a.y.total_cmp(&b.y)));
            inner.dedup_by(|a, b| square(*a, *b) <= SNAP_M * SNAP_M);
            is_changed |= !inner.is_empty();
            out.extend(inner);
        }
        out.extend(r.0.last());
        Ring::new(out)
    };
    let mut polygons = Vec::with_capacity(shape.0.len());
    for polygon in &shape.0 {
        let shell = ring(polygon.exterior());
        polygons.push(Polygon::new(shell, polygon.interiors().iter().map(&mut ring).collect()));
    }
    is_changed.then(|| MultiPolygon::new(polygons))
}
