//! Area, bounds, width, point in polygon, distance.

use std::borrow::Cow;

use geographiclib_rs::{Geodesic, PolygonArea, Winding};

use super::rings::rings_of;
use super::segments::{Meeting, Segments, meeting, orientation, ray_crosses};
use crate::model::{Coord, Geometry, MultiPolygon, Polygon, Ring};

/// Signed area of one ring, m²: positive when counter-clockwise. Taken from its first point, so
/// that coordinates far from the origin lose no digits. An unclosed ring counts as closed.
pub fn ring_signed_area_m2(ring: &Ring) -> f64 {
    signed_area_m2(&ring.0)
}

pub(super) fn signed_area_m2(ring: &[Coord]) -> f64 {
    let Some(&o) = ring.first() else { return 0.0 };
    let mut twice = 0.0;
    for w in ring.windows(2) {
        twice += (w[0].x - o.x) * (w[1].y - o.y) - (w[1].x - o.x) * (w[0].y - o.y);
    }
    twice / 2.0
}

pub(crate) fn polygon_area_m2(polygon: &Polygon) -> f64 {
    let holes: f64 = polygon.interiors().iter().map(|r| ring_signed_area_m2(r).abs()).sum();
    ring_signed_area_m2(polygon.exterior()).abs() - holes
}

/// Planar area, m²: shells less holes, whatever their direction.
pub fn area_m2(shape: &MultiPolygon) -> f64 {
    // The sum of nothing is −0 in Rust, which a reader should not meet.
    shape.0.iter().map(polygon_area_m2).sum::<f64>() + 0.0
}

/// Standard deviation of a shape's area when every vertex lies off by independent normal errors of `sigma_m` in x and y:
/// ½·σ·√Σ|P(i+1) − P(i−1)|² (the cadastral formula, by error propagation through the shoelace sum).
pub fn area_sigma_m2(shape: &MultiPolygon, sigma_m: f64) -> f64 {
    let of_ring = |ring: &[Coord]| -> f64 {
        let n = ring.len().saturating_sub(1);
        (0..n).map(|i| (ring[(i + n - 1) % n], ring[(i + 1) % n])).map(|(a, b)| (b.x - a.x).powi(2) + (b.y - a.y).powi(2)).sum()
    };
    let rings = shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    0.5 * sigma_m * rings.map(|ring| of_ring(&ring.0)).sum::<f64>().sqrt()
}

/// Area on the WGS 84 ellipsoid, m², of a shape in longitude and latitude, degrees (Karney 2013).
pub fn geodesic_area_m2(lon_lat: &MultiPolygon) -> f64 {
    let ellipsoid = Geodesic::wgs84();
    let ring_m2 = |ring: &Ring| {
        let mut area = PolygonArea::new(&ellipsoid, Winding::CounterClockwise);
        let n_distinct = ring.0.len().saturating_sub(1);
        for c in &ring.0[..n_distinct] {
            area.add_point(c.y, c.x);
        }
        if n_distinct < 3 { 0.0 } else { area.compute(true).1.abs() }
    };
    lon_lat.0.iter().map(|p| ring_m2(p.exterior()) - p.interiors().iter().map(ring_m2).sum::<f64>()).sum()
}

/// The shape moved by `dx`, `dy` metres.
pub fn translated(shape: &MultiPolygon, dx: f64, dy: f64) -> MultiPolygon {
    let ring = |r: &Ring| Ring::new(r.0.iter().map(|c| Coord { x: c.x + dx, y: c.y + dy }).collect());
    let polygon = |p: &Polygon| Polygon::new(ring(p.exterior()), p.interiors().iter().map(ring).collect());
    MultiPolygon::new(shape.0.iter().map(polygon).collect())
}

/// `[min x, min y, max x, max y]`; none when there is no point.
pub fn bounds(shape: &MultiPolygon) -> Option<[f64; 4]> {
    bounds_of(shape.0.iter().flat_map(|p| p.exterior().0.iter().copied()))
}

/// The same for one polygon.
pub(crate) fn bounds_of_polygon(polygon: &Polygon) -> Option<[f64; 4]> {
    bounds_of(polygon.exterior().0.iter().copied())
}

/// The same for any geometry.
pub fn bounds_of_geometry(geometry: &Geometry) -> Option<[f64; 4]> {
    use geo_types::Geometry as G;
    match geometry {
        G::Point(p) => bounds_of([p.0]),
        G::MultiPoint(ps) => bounds_of(ps.0.iter().map(|p| p.0)),
        G::Line(l) => bounds_of([l.start, l.end]),
        G::LineString(l) => bounds_of(l.0.iter().copied()),
        G::MultiLineString(ls) => bounds_of(ls.0.iter().flat_map(|l| l.0.iter().copied())),
        G::Polygon(p) => bounds_of(p.exterior().0.iter().copied()),
        G::MultiPolygon(m) => bounds(m),
        G::Rect(r) => Some([r.min().x, r.min().y, r.max().x, r.max().y]),
        G::Triangle(t) => bounds_of(t.to_array()),
        G::GeometryCollection(c) => {
            c.0.iter().filter_map(bounds_of_geometry).reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
        }
    }
}

pub(super) fn bounds_of(coords: impl IntoIterator<Item = Coord>) -> Option<[f64; 4]> {
    coords.into_iter().fold(None, |b: Option<[f64; 4]>, c| {
        let b = b.unwrap_or([c.x, c.y, c.x, c.y]);
        Some([b[0].min(c.x), b[1].min(c.y), b[2].max(c.x), b[3].max(c.y)])
    })
}

/// Length of all rings, metres.
pub fn perimeter_m(shape: &MultiPolygon) -> f64 {
    rings_of(shape).flat_map(|r| r.windows(2)).map(|w| (w[1].x - w[0].x).hypot(w[1].y - w[0].y)).sum::<f64>() + 0.0
}

/// Mean width, metres: twice the area over the perimeter. A long strip's width, a disc's radius, a square's half side.
pub fn width_m(shape: &MultiPolygon) -> f64 {
    let perimeter_m = perimeter_m(shape);
    if perimeter_m > 0.0 { 2.0 * area_m2(shape) / perimeter_m } else { 0.0 }
}

/// Whether the point lies inside or on the border: exact.
pub fn contains(shape: &MultiPolygon, at: Coord) -> bool {
    let mut inside = false;
    for w in rings_of(shape).flat_map(|r| r.windows(2)) {
        let segment = [w[0], w[1]];
        if on_segment(segment, at) {
            return true;
        }
        inside ^= ray_crosses(segment, at);
    }
    inside
}

/// How far a point is from a shape, metres: 0 inside and on the border, none from an empty shape.
pub fn distance_m(shape: &MultiPolygon, at: Coord) -> Option<f64> {
    if contains(shape, at) {
        return Some(0.0);
    }
    let squares = rings_of(shape).flat_map(|r| r.windows(2)).map(|w| square_to_segment(at, [w[0], w[1]]));
    squares.reduce(f64::min).map(f64::sqrt)
}

fn on_segment([a, b]: [Coord; 2], at: Coord) -> bool {
    let boxed = a.x.min(b.x) <= at.x && at.x <= a.x.max(b.x) && a.y.min(b.y) <= at.y && at.y <= a.y.max(b.y);
    boxed && orientation(a, b, at) == 0.0
}

/// A shape's edges, ready to be asked how near they come to another's.
pub struct Outline<'a>(Segments<'a>);

impl<'a> Outline<'a> {
    pub fn new(shape: &'a MultiPolygon) -> Self {
        Outline(Segments::with_tree(rings_of(shape).map(Cow::Borrowed).collect()))
    }

    /// Whether the shapes come nearer to each other than `gap_m`; land in common is no distance. Empty shapes are near nothing.
    pub fn is_nearer_than(&self, other: &Outline, gap_m: f64) -> bool {
        self.0.come_nearer(&other.0, gap_m) || self.goes_around(other) || other.goes_around(self)
    }

    /// The square of the least distance between borders that do not cross, when it is at most `most`.
    pub fn square_within(&self, other: &Outline, most: f64) -> Option<f64> {
        self.0.square_within(&other.0, most)
    }

    /// Whether the other's first point lies in this shape.
    fn goes_around(&self, other: &Outline) -> bool {
        other.0.first_point().is_some_and(|at| !self.0.rings_around(at).len().is_multiple_of(2))
    }
}

pub(super) fn box_of([a, b]: [Coord; 2]) -> [f64; 4] {
    [a.x.min(b.x), a.y.min(b.y), a.x.max(b.x), a.y.max(b.y)]
}

/// Distance between two boxes `[min x, min y, max x, max y]`, zero when they meet.
pub(crate) fn box_distance(a: [f64; 4], b: [f64; 4]) -> f64 {
    let gap = |i: usize| (a[i] - b[i + 2]).max(b[i] - a[i + 2]).max(0.0);
    gap(0).hypot(gap(1))
}

/// The square of it.
pub(super) fn box_square(a: [f64; 4], b: [f64; 4]) -> f64 {
    let gap = |i: usize| (a[i] - b[i + 2]).max(b[i] - a[i + 2]).max(0.0);
    gap(0) * gap(0) + gap(1) * gap(1)
}

/// Zero when they share a point.
pub(super) fn segments_distance(p: [Coord; 2], q: [Coord; 2]) -> f64 {
    if meeting(p, q) != Meeting::Apart {
        return 0.0;
    }
    let ends = [(p[0], q), (p[1], q), (q[0], p), (q[1], p)];
    ends.into_iter().map(|(at, s)| point_to_segment(at, s)).fold(f64::INFINITY, f64::min)
}

fn point_to_segment(at: Coord, segment: [Coord; 2]) -> f64 {
    square_to_segment(at, segment).sqrt()
}

/// The square of the distance.
pub(crate) fn square_to_segment(at: Coord, [a, b]: [Coord; 2]) -> f64 {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let square = dx * dx + dy * dy;
    let t = if square > 0.0 { (((at.x - a.x) * dx + (at.y - a.y) * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
    let (ex, ey) = (at.x - (a.x + t * dx), at.y - (a.y + t * dy));
    ex * ex + ey * ey
}
