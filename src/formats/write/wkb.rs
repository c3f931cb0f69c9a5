//! A shape as well-known binary (OGC 06-103r4, § 8), little-endian.

use crate::model::{Coord, Geometry, Polygon};

pub(super) fn wkb(geometry: &Geometry) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, geometry);
    bytes
}

fn put(bytes: &mut Vec<u8>, geometry: &Geometry) {
    use geo_types::Geometry as G;
    match geometry {
        G::Point(p) => {
            head(bytes, 1);
            coord(bytes, &p.0);
        }
        G::Line(l) => line(bytes, &[l.start, l.end]),
        G::LineString(l) => line(bytes, &l.0),
        G::Polygon(p) => polygon(bytes, p),
        G::Rect(r) => polygon(bytes, &r.to_polygon()),
        G::Triangle(t) => polygon(bytes, &t.to_polygon()),
        G::MultiPoint(points) => {
            head(bytes, 4);
            count(bytes, points.0.len());
            for p in &points.0 {
                head(bytes, 1);
                coord(bytes, &p.0);
            }
        }
        G::MultiLineString(lines) => {
            head(bytes, 5);
            count(bytes, lines.0.len());
            lines.0.iter().for_each(|l| line(bytes, &l.0));
        }
        G::MultiPolygon(polygons) => {
            head(bytes, 6);
            count(bytes, polygons.0.len());
            polygons.0.iter().for_each(|p| polygon(bytes, p));
        }
        G::GeometryCollection(parts) => {
            head(bytes, 7);
            count(bytes, parts.0.len());
            parts.0.iter().for_each(|g| put(bytes, g));
        }
    }
}

fn head(bytes: &mut Vec<u8>, kind: u32) {
    bytes.push(1);
    bytes.extend(kind.to_le_bytes());
}

fn count(bytes: &mut Vec<u8>, n: usize) {
    bytes.extend((n as u32).to_le_bytes());
}

fn coord(bytes: &mut Vec<u8>, c: &Coord) {
    bytes.extend(c.x.to_le_bytes());
    bytes.extend(c.y.to_le_bytes());
}

fn coords(bytes: &mut Vec<u8>, coords: &[Coord]) {
    count(bytes, coords.len());
    coords.iter().for_each(|c| coord(bytes, c));
}

fn line(bytes: &mut Vec<u8>, line: &[Coord]) {
    head(bytes, 2);
    coords(bytes, line);
}

fn polygon(bytes: &mut Vec<u8>, polygon: &Polygon) {
    head(bytes, 3);
    count(bytes, 1 + polygon.interiors().len());
    coords(bytes, &polygon.exterior().0);
    polygon.interiors().iter().for_each(|ring| coords(bytes, &ring.0));
}
