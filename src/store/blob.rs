//! GeoPackage geometry blobs: header (`GP`, envelope) and well-known binary, written and read.
//!
//! Writes little-endian XY. Reads either byte order, any envelope, Z and M (left out), POLYGON where
//! MULTIPOLYGON is due. Total on any bytes: what does not fit is a `BlobFault`, never a panic, and a
//! count in the blob never makes it allocate more than a few times the blob's length.

use crate::geom;
use crate::model::{Coord, Geometry, MultiPolygon, Polygon, Ring};

/// What is wrong with a geometry blob, in words for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobFault {
    #[error("is missing")]
    Missing,
    #[error("is not in GeoPackage's form")]
    NotABlob,
    #[error("ends too early")]
    TooShort,
    #[error("holds a coordinate that is not a number")]
    NotFinite,
    #[error("is of a type that is not read here (WKB type {0}); polygons, lines and points are")]
    UnknownType(u32),
    #[error("is not a polygon")]
    NotAPolygon,
    #[error("is nested too deep")]
    TooDeep,
    #[error("is stated in another coordinate system (srs_id {0}) than its layer")]
    OtherSrs(i32),
}

const POINT: u32 = 1;
const LINE_STRING: u32 = 2;
const POLYGON: u32 = 3;
const MULTI_POINT: u32 = 4;
const MULTI_LINE_STRING: u32 = 5;
const MULTI_POLYGON: u32 = 6;
const GEOMETRY_COLLECTION: u32 = 7;
/// Collections inside collections: more than anybody draws, far less than a stack holds.
const MAX_DEPTH: u8 = 16;

/// Writes `shape` over what `out` holds; returns its bounds, none when it is empty.
pub(super) fn write_shape(shape: &MultiPolygon, srs_id: i32, out: &mut Vec<u8>) -> Option<[f64; 4]> {
    let bounds = geom::bounds(shape);
    header(bounds, srs_id, out);
    write_multi_polygon(shape, out);
    bounds
}

/// The same for any geometry.
pub(super) fn write_geometry(geometry: &Geometry, srs_id: i32, out: &mut Vec<u8>) -> Option<[f64; 4]> {
    let bounds = geom::bounds_of_geometry(geometry);
    header(bounds, srs_id, out);
    write_wkb(geometry, out);
    bounds
}

fn header(bounds: Option<[f64; 4]>, srs_id: i32, out: &mut Vec<u8>) {
    out.clear();
    // Flags: bit 0 little-endian, bits 1–3 the envelope's kind (1 is XY), bit 4 empty.
    out.extend([b'G', b'P', 0, if bounds.is_some() { 0b0000_0011 } else { 0b0001_0001 }]);
    out.extend(srs_id.to_le_bytes());
    if let Some([min_x, min_y, max_x, max_y]) = bounds {
        [min_x, max_x, min_y, max_y].iter().for_each(|v| out.extend(v.to_le_bytes()));
    }
}

fn start(kind: u32, out: &mut Vec<u8>) {
    out.push(1);
    out.extend(kind.to_le_bytes());
}

fn count(n: usize, out: &mut Vec<u8>) {
    // A blob of more than 2^32 parts would be larger than SQLite stores.
    out.extend(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
}

fn write_coords(coords: &[Coord], out: &mut Vec<u8>) {
    count(coords.len(), out);
    out.reserve(coords.len() * 16);
    for c in coords {
        out.extend(c.x.to_le_bytes());
        out.extend(c.y.to_le_bytes());
    }
}

fn write_point(c: Coord, out: &mut Vec<u8>) {
    start(POINT, out);
    out.extend(c.x.to_le_bytes());
    out.extend(c.y.to_le_bytes());
}

fn write_line(line: &Ring, out: &mut Vec<u8>) {
    start(LINE_STRING, out);
    write_coords(&line.0, out);
}

fn write_polygon(polygon: &Polygon, out: &mut Vec<u8>) {
    start(POLYGON, out);
    if polygon.exterior().0.is_empty() {
        return count(0, out);
    }
    count(1 + polygon.interiors().len(), out);
    write_coords(&polygon.exterior().0, out);
    polygon.interiors().iter().for_each(|ring| write_coords(&ring.0, out));
}

fn write_multi_polygon(shape: &MultiPolygon, out: &mut Vec<u8>) {
    start(MULTI_POLYGON, out);
    count(shape.0.len(), out);
    shape.0.iter().for_each(|polygon| write_polygon(polygon, out));
}

fn write_wkb(geometry: &Geometry, out: &mut Vec<u8>) {
    match geometry {
        Geometry::Point(p) => write_point(p.0, out),
        Geometry::Line(l) => write_line(&Ring::new(vec![l.start, l.end]), out),
        Geometry::LineString(l) => write_line(l, out),
        Geometry::Polygon(p) => write_polygon(p, out),
        Geometry::MultiPolygon(m) => write_multi_polygon(m, out),
        Geometry::Rect(r) => write_polygon(&r.to_polygon(), out),
        Geometry::Triangle(t) => write_polygon(&t.to_polygon(), out),
        Geometry::MultiPoint(m) => {
            start(MULTI_POINT, out);
            count(m.0.len(), out);
            m.0.iter().for_each(|p| write_point(p.0, out));
        }
        Geometry::MultiLineString(m) => {
            start(MULTI_LINE_STRING, out);
            count(m.0.len(), out);
            m.0.iter().for_each(|l| write_line(l, out));
        }
        Geometry::GeometryCollection(c) => {
            start(GEOMETRY_COLLECTION, out);
            count(c.0.len(), out);
            c.0.iter().for_each(|g| write_wkb(g, out));
        }
    }
}

/// The polygons of a blob. A collection of polygons counts as one shape; lines and points do not.
pub(super) fn read_shape(blob: &[u8], srs_id: i32) -> Result<MultiPolygon, BlobFault> {
    let mut bytes = Bytes::after_header(blob, srs_id)?;
    // Most are one polygon; room for four, as a list grows, would be held a million times.
    let mut polygons = Vec::with_capacity(1);
    bytes.polygons_into(&mut polygons, MAX_DEPTH)?;
    Ok(MultiPolygon::new(polygons))
}

/// Any geometry; an empty point (not-a-number coordinates) reads as a multipoint of none.
pub(super) fn read_geometry(blob: &[u8], srs_id: i32) -> Result<Geometry, BlobFault> {
    Bytes::after_header(blob, srs_id)?.geometry(MAX_DEPTH)
}

/// The bounds of a blob `[min x, min y, max x, max y]`, from its envelope when it states one; none when empty.
pub(super) fn envelope(blob: &[u8]) -> Result<Option<[f64; 4]>, BlobFault> {
    let head = Header::read(blob)?;
    if head.is_empty {
        return Ok(None);
    }
    match head.envelope {
        Some([min_x, max_x, min_y, max_y]) if [min_x, max_x, min_y, max_y].iter().all(|v| v.is_finite()) => {
            Ok(Some([min_x, min_y, max_x, max_y]))
        }
        _ => read_geometry(blob, head.srs_id).map(|g| geom::bounds_of_geometry(&g)),
    }
}

struct Header {
    srs_id: i32,
    is_empty: bool,
    /// min x, max x, min y, max y
    envelope: Option<[f64; 4]>,
    length: usize,
}

impl Header {
    fn read(blob: &[u8]) -> Result<Header, BlobFault> {
        if blob.is_empty() {
            return Err(BlobFault::Missing);
        }
        let (Some(b"GP"), Some(&flags)) = (blob.get(..2), blob.get(3)) else { return Err(BlobFault::NotABlob) };
        let mut bytes = Bytes { rest: &blob[4..], little: flags & 1 == 1 };
        let srs_id = bytes.u32()? as i32;
        let n_values = match (flags >> 1) & 7 {
            0 => 0,
            1 => 4,
            2 | 3 => 6,
            4 => 8,
            _ => return Err(BlobFault::NotABlob),
        };
        let mut envelope = [0.0; 8];
        for value in envelope.iter_mut().take(n_values) {
            *value = bytes.f64()?;
        }
        let [min_x, max_x, min_y, max_y, ..] = envelope;
        let envelope = (n_values > 0).then_some([min_x, max_x, min_y, max_y]);
        Ok(Header { srs_id, is_empty: flags & 0b0001_0000 != 0, envelope, length: 8 + 8 * n_values })
    }
}

struct Bytes<'b> {
    rest: &'b [u8],
    little: bool,
}

impl<'b> Bytes<'b> {
    /// `srs_id` is what the layer has; blobs that state none (0, −1) are taken as the layer's.
    fn after_header(blob: &'b [u8], srs_id: i32) -> Result<Bytes<'b>, BlobFault> {
        let head = Header::read(blob)?;
        if ![srs_id, 0, -1].contains(&head.srs_id) {
            return Err(BlobFault::OtherSrs(head.srs_id));
        }
        Ok(Bytes { rest: blob.get(head.length..).ok_or(BlobFault::TooShort)?, little: true })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BlobFault> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(BlobFault::TooShort)?;
        self.rest = rest;
        Ok(*head)
    }

    fn u32(&mut self) -> Result<u32, BlobFault> {
        let bytes = self.take()?;
        Ok(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn f64(&mut self) -> Result<f64, BlobFault> {
        let bytes = self.take()?;
        Ok(if self.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    /// A count of things that take at least `size` bytes each: no more than the rest can hold.
    fn count(&mut self, size: usize) -> Result<usize, BlobFault> {
        let n = self.u32()? as usize;
        if n.saturating_mul(size) > self.rest.len() { Err(BlobFault::TooShort) } else { Ok(n) }
    }

    /// Byte order and type of the next geometry; the number of values in each of its points.
    fn kind(&mut self) -> Result<(u32, usize), BlobFault> {
        self.little = self.take::<1>()? == [1];
        let code = self.u32()?;
        // Z and M are told by thousands (ISO) or by high bits (extended WKB).
        let (iso, high) = ((code & 0x0FFF_FFFF) / 1000, code & 0xC000_0000);
        let n_values = match (iso, high) {
            (0, 0) => 2,
            (1 | 2, 0) | (0, 0x8000_0000) | (0, 0x4000_0000) => 3,
            (3, 0) | (0, 0xC000_0000) => 4,
            _ => return Err(BlobFault::UnknownType(code)),
        };
        if code & 0x2000_0000 != 0 {
            self.u32()?; // the srid of extended WKB
        }
        Ok(((code & 0x0FFF_FFFF) % 1000, n_values))
    }

    fn coord(&mut self, n_values: usize) -> Result<Coord, BlobFault> {
        let (x, y) = (self.f64()?, self.f64()?);
        for _ in 2..n_values {
            self.f64()?;
        }
        Ok(Coord { x, y })
    }

    fn line(&mut self, n_values: usize) -> Result<Ring, BlobFault> {
        let n = self.count(8 * n_values)?;
        let mut coords = Vec::with_capacity(n);
        for _ in 0..n {
            let c = self.coord(n_values)?;
            if !(c.x.is_finite() && c.y.is_finite()) {
                return Err(BlobFault::NotFinite);
            }
            coords.push(c);
        }
        Ok(Ring::new(coords))
    }

    fn polygon(&mut self, n_values: usize) -> Result<Polygon, BlobFault> {
        let n_rings = self.count(4)?;
        if n_rings == 0 {
            return Ok(Polygon::new(Ring::new(Vec::new()), Vec::new()));
        }
        let shell = self.line(n_values)?;
        let mut holes = Vec::with_capacity(n_rings - 1);
        for _ in 1..n_rings {
            holes.push(self.line(n_values)?);
        }
        Ok(Polygon::new(shell, holes))
    }

    fn polygons_into(&mut self, polygons: &mut Vec<Polygon>, depth: u8) -> Result<(), BlobFault> {
        let (kind, n_values) = self.kind()?;
        match kind {
            POLYGON => polygons.push(self.polygon(n_values)?),
            MULTI_POLYGON | GEOMETRY_COLLECTION => {
                let depth = depth.checked_sub(1).ok_or(BlobFault::TooDeep)?;
                let n = self.count(5)?;
                // Nearly every shape has one part: room for it, not for the vector's first four.
                polygons.reserve_exact(n.min(self.rest.len() / 9));
                for _ in 0..n {
                    self.polygons_into(polygons, depth)?;
                }
            }
            POINT | LINE_STRING | MULTI_POINT | MULTI_LINE_STRING => return Err(BlobFault::NotAPolygon),
            other => return Err(BlobFault::UnknownType(other)),
        }
        Ok(())
    }

    fn geometry(&mut self, depth: u8) -> Result<Geometry, BlobFault> {
        let (kind, n_values) = self.kind()?;
        Ok(match kind {
            POINT => {
                let c = self.coord(n_values)?;
                match (c.x.is_nan() && c.y.is_nan(), c.x.is_finite() && c.y.is_finite()) {
                    (true, _) => Geometry::MultiPoint(geo_types::MultiPoint::new(Vec::new())),
                    (_, true) => Geometry::Point(c.into()),
                    _ => return Err(BlobFault::NotFinite),
                }
            }
            LINE_STRING => Geometry::LineString(self.line(n_values)?),
            POLYGON => Geometry::Polygon(self.polygon(n_values)?),
            MULTI_POINT => Geometry::MultiPoint(geo_types::MultiPoint::new(self.parts(depth, |part| match part {
                Geometry::Point(point) => Some(point),
                _ => None,
            })?)),
            MULTI_LINE_STRING => Geometry::MultiLineString(geo_types::MultiLineString::new(self.parts(depth, |part| match part {
                Geometry::LineString(line) => Some(line),
                _ => None,
            })?)),
            MULTI_POLYGON => Geometry::MultiPolygon(MultiPolygon::new(self.parts(depth, |part| match part {
                Geometry::Polygon(polygon) => Some(polygon),
                _ => None,
            })?)),
            GEOMETRY_COLLECTION => Geometry::GeometryCollection(geo_types::GeometryCollection::new_from(self.parts(depth, Some)?)),
            other => return Err(BlobFault::UnknownType(other)),
        })
    }

    /// The parts of a collection; `as_part` is none for what may not be in it.
    fn parts<T>(&mut self, depth: u8, as_part: impl Fn(Geometry) -> Option<T>) -> Result<Vec<T>, BlobFault> {
        let depth = depth.checked_sub(1).ok_or(BlobFault::TooDeep)?;
        let n = self.count(5)?;
        let mut parts = Vec::new();
        for _ in 0..n {
            parts.push(as_part(self.geometry(depth)?).ok_or(BlobFault::NotABlob)?);
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: String = text.split_whitespace().collect();
        (0..digits.len() / 2).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap()).collect()
    }

    fn square() -> MultiPolygon {
        let corners = [(0., 0.), (1., 0.), (1., 2.), (0., 0.)].map(|(x, y)| Coord { x, y });
        MultiPolygon::new(vec![Polygon::new(Ring::new(corners.to_vec()), vec![])])
    }

    #[test]
    fn a_shape_is_written_as_the_standard_says() {
        let mut blob = Vec::new();
        assert_eq!(write_shape(&square(), 5897, &mut blob), Some([0., 0., 1., 2.]));
        let expected = "4750 00 03 09170000
            0000000000000000 000000000000f03f 0000000000000000 0000000000000040
            01 06000000 01000000 01 03000000 01000000 04000000
            0000000000000000 0000000000000000 000000000000f03f 0000000000000000
            000000000000f03f 0000000000000040 0000000000000000 0000000000000000";
        assert_eq!(blob, hex(expected));
    }

    #[test]
    fn a_big_endian_polygon_with_z_and_no_envelope_is_read() {
        let blob = hex("4750 00 00 00001709 00 000003EB 00000001 00000004
            0000000000000000 0000000000000000 4000000000000000
            3FF0000000000000 0000000000000000 4000000000000000
            3FF0000000000000 4000000000000000 4000000000000000
            0000000000000000 0000000000000000 4000000000000000");
        assert_eq!(read_shape(&blob, 5897), Ok(square()));
        assert_eq!(envelope(&blob), Ok(Some([0., 0., 1., 2.])));
    }

    #[test]
    fn a_blob_of_another_coordinate_system_is_not_taken_as_ours() {
        let mut blob = Vec::new();
        write_shape(&square(), 4326, &mut blob);
        assert_eq!(read_shape(&blob, 5897), Err(BlobFault::OtherSrs(4326)));
        write_shape(&square(), 0, &mut blob);
        assert_eq!(read_shape(&blob, 5897), Ok(square()));
    }

    #[test]
    fn bytes_that_promise_more_than_they_hold_are_refused() {
        let mut blob = Vec::new();
        write_shape(&square(), 5897, &mut blob);
        for length in 1..blob.len() {
            assert!(read_shape(&blob[..length], 5897).is_err(), "{length}");
        }
        let n_points_at = blob.len() - 64 - 4;
        blob[n_points_at..n_points_at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read_shape(&blob, 5897), Err(BlobFault::TooShort));
        assert_eq!(read_shape(&[], 5897), Err(BlobFault::Missing));
    }

    #[test]
    fn collections_in_collections_end_somewhere() {
        let mut blob = hex("4750 00 01 09170000");
        for _ in 0..100_000 {
            blob.extend(hex("01 07000000 01000000"));
        }
        assert_eq!(read_geometry(&blob, 5897), Err(BlobFault::TooDeep));
        assert_eq!(read_shape(&blob, 5897), Err(BlobFault::TooDeep));
    }

    fn coords(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Coord>> {
        prop::collection::vec((-1e7..1e7f64, -1e7..1e7f64).prop_map(|(x, y)| Coord { x, y }), n)
    }

    fn polygon() -> impl Strategy<Value = Polygon> {
        (coords(3..9), prop::collection::vec(coords(3..6), 0..3))
            .prop_map(|(shell, holes)| Polygon::new(Ring::new(shell), holes.into_iter().map(Ring::new).collect()))
    }

    fn geometry() -> impl Strategy<Value = Geometry> {
        let line = || coords(0..6).prop_map(Ring::new);
        let leaf = prop_oneof![
            coords(1..2).prop_map(|c| Geometry::Point(c[0].into())),
            line().prop_map(Geometry::LineString),
            polygon().prop_map(Geometry::Polygon),
            coords(0..5).prop_map(|cs| Geometry::MultiPoint(cs.into_iter().map(geo_types::Point).collect())),
            prop::collection::vec(line(), 0..4).prop_map(|ls| Geometry::MultiLineString(geo_types::MultiLineString::new(ls))),
            prop::collection::vec(polygon(), 0..4).prop_map(|ps| Geometry::MultiPolygon(MultiPolygon::new(ps))),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop::collection::vec(inner, 0..3).prop_map(|gs| Geometry::GeometryCollection(geo_types::GeometryCollection::new_from(gs)))
        })
    }

    proptest! {
        #[test]
        fn a_geometry_comes_back_as_it_went(geometry in geometry()) {
            let mut blob = Vec::new();
            let bounds = write_geometry(&geometry, 5897, &mut blob);
            prop_assert_eq!(envelope(&blob), Ok(bounds));
            prop_assert_eq!(read_geometry(&blob, 5897), Ok(geometry));
        }

        #[test]
        fn any_bytes_after_a_header_are_read_or_refused(tail in prop::collection::vec(any::<u8>(), 0..200), flags in any::<u8>()) {
            let blob = [&[b'G', b'P', 0, flags, 0x09, 0x17, 0, 0], &tail[..]].concat();
            let _ = (read_geometry(&blob, 5897), read_shape(&blob, 5897), envelope(&blob));
        }

        #[test]
        fn a_damaged_blob_never_panics(geometry in geometry(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut blob = Vec::new();
            write_geometry(&geometry, 5897, &mut blob);
            let i = at.index(blob.len());
            blob[i] = byte;
            let _ = (read_geometry(&blob, 5897), read_shape(&blob, 5897), envelope(&blob));
        }
    }
}
