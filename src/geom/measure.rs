//! Area, bounds, width, point in polygon.

use crate::model::{Coord, Geometry, MultiPolygon, Polygon, Ring};

/// Signed area of one ring, m²: positive when counter-clockwise. Taken from its first point, so
/// that coordinates far from the origin lose no digits. An unclosed ring counts as closed.
pub fn ring_signed_area_m2(ring: &Ring) -> f64 {
    let Some(&o) = ring.0.first() else { return 0.0 };
    let mut twice = 0.0;
    for w in ring.0.windows(2) {
        twice += (w[0].x - o.x) * (w[1].y - o.y) - (w[1].x - o.x) * (w[0].y - o.y);
    }
    twice / 2.0
}

fn polygon_area_m2(polygon: &Polygon) -> f64 {
    let holes: f64 = polygon.interiors().iter().map(|r| ring_signed_area_m2(r).abs()).sum();
    ring_signed_area_m2(polygon.exterior()).abs() - holes
}

/// Planar area, m²: shells less holes, whatever their direction.
pub fn area_m2(shape: &MultiPolygon) -> f64 {
    shape.0.iter().map(polygon_area_m2).sum()
}

/// `[min x, min y, max x, max y]`; none when there is no point.
pub fn bounds(shape: &MultiPolygon) -> Option<[f64; 4]> {
    bounds_of(shape.0.iter().flat_map(|p| p.exterior().0.iter().copied()))
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

fn bounds_of(coords: impl IntoIterator<Item = Coord>) -> Option<[f64; 4]> {
    coords.into_iter().fold(None, |b: Option<[f64; 4]>, c| {
        let b = b.unwrap_or([c.x, c.y, c.x, c.y]);
        Some([b[0].min(c.x), b[1].min(c.y), b[2].max(c.x), b[3].max(c.y)])
    })
}

/// Mean width, metres: twice the area over the perimeter (a strip's width, half a disc's radius … a square's half side).
pub fn width_m(shape: &MultiPolygon) -> f64 {
    let rings = shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    let perimeter: f64 = rings.flat_map(|r| r.0.windows(2)).map(|w| (w[1].x - w[0].x).hypot(w[1].y - w[0].y)).sum();
    if perimeter > 0.0 { 2.0 * area_m2(shape) / perimeter } else { 0.0 }
}

/// Whether the point lies inside (even-odd; a point on the border may go either way).
pub fn contains(shape: &MultiPolygon, at: Coord) -> bool {
    let mut inside = false;
    for ring in shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())) {
        for w in ring.0.windows(2) {
            if (w[0].y > at.y) != (w[1].y > at.y) && at.x < (w[1].x - w[0].x) * (at.y - w[0].y) / (w[1].y - w[0].y) + w[0].x {
                inside = !inside;
            }
        }
    }
    inside
}

/// A point well inside the shape, for labels and look-ups; none when the shape is empty.
pub fn pole(shape: &MultiPolygon) -> Option<Coord> {
    let polygon = shape.0.iter().max_by(|a, b| polygon_area_m2(a).total_cmp(&polygon_area_m2(b)))?;
    let [x0, y0, x1, y1] = bounds(&MultiPolygon::new(vec![polygon.clone()]))?;
    Some(Coord { x: (x0 + x1) / 2.0, y: (y0 + y1) / 2.0 })
}
