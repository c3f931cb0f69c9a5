//! A shape as well-known text (OGC 06-103r4, § 7), with all digits.

use std::fmt::Write;

use crate::model::{Coord, Geometry, Polygon};

pub(super) fn wkt(geometry: &Geometry) -> String {
    let mut text = String::new();
    put(&mut text, geometry);
    text
}

fn put(text: &mut String, geometry: &Geometry) {
    use geo_types::Geometry as G;
    match geometry {
        G::Point(p) => {
            *text += "POINT ";
            coords(text, &[p.0]);
        }
        G::MultiPoint(points) => {
            *text += "MULTIPOINT ";
            list(text, &points.0, |text, p| coords(text, &[p.0]));
        }
        G::Line(l) => {
            *text += "LINESTRING ";
            coords(text, &[l.start, l.end]);
        }
        G::LineString(l) => {
            *text += "LINESTRING ";
            coords(text, &l.0);
        }
        G::MultiLineString(lines) => {
            *text += "MULTILINESTRING ";
            list(text, &lines.0, |text, l| coords(text, &l.0));
        }
        G::Polygon(p) => {
            *text += "POLYGON ";
            polygon(text, p);
        }
        G::MultiPolygon(polygons) => {
            *text += "MULTIPOLYGON ";
            list(text, &polygons.0, polygon);
        }
        G::GeometryCollection(parts) => {
            *text += "GEOMETRYCOLLECTION ";
            list(text, &parts.0, put);
        }
        G::Rect(r) => put(text, &G::Polygon(r.to_polygon())),
        G::Triangle(t) => put(text, &G::Polygon(t.to_polygon())),
    }
}

fn list<T>(text: &mut String, items: &[T], each: impl Fn(&mut String, &T)) {
    if items.is_empty() {
        *text += "EMPTY";
        return;
    }
    for (i, item) in items.iter().enumerate() {
        *text += if i == 0 { "(" } else { ", " };
        each(text, item);
    }
    *text += ")";
}

fn coords(text: &mut String, coords: &[Coord]) {
    // Writing to a string cannot fail.
    list(text, coords, |text, c| {
        let _ = write!(text, "{} {}", c.x, c.y);
    });
}

fn polygon(text: &mut String, polygon: &Polygon) {
    let rings: Vec<_> = std::iter::once(polygon.exterior()).chain(polygon.interiors()).collect();
    list(text, &rings, |text, ring| coords(text, &ring.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_written_with_their_holes_and_parts() {
        let ring = |points: &[(f64, f64)]| geo_types::LineString::from(points.to_vec());
        let holed = Polygon::new(ring(&[(0.0, 0.0), (9.0, 0.0), (9.0, 9.5)]), vec![ring(&[(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)])]);
        let text = wkt(&Geometry::MultiPolygon(vec![holed].into()));
        assert_eq!(text, "MULTIPOLYGON (((0 0, 9 0, 9 9.5, 0 0), (1 1, 2 1, 2 2, 1 1)))");
        assert_eq!(wkt(&Geometry::Point((1.5, -2.0).into())), "POINT (1.5 -2)");
        assert_eq!(wkt(&Geometry::MultiPolygon(Vec::<Polygon>::new().into())), "MULTIPOLYGON EMPTY");
    }
}
