//! GeoJSON (RFC 7946): longitude and latitude with 7 decimals (a centimetre), one feature a line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::{Column, LICENCE, Row, Table, Value};
use crate::model::{Coord, Geometry, Polygon};

pub(super) struct GeoJsonSink {
    out: BufWriter<File>,
    is_first: bool,
}

impl GeoJsonSink {
    pub(super) fn create(path: &Path) -> io::Result<GeoJsonSink> {
        Ok(GeoJsonSink { out: BufWriter::new(File::create(path)?), is_first: true })
    }

    pub(super) fn begin(&mut self, table: &Table) -> io::Result<()> {
        let about = table.about;
        writeln!(self.out, "{{\"type\":\"FeatureCollection\",")?;
        writeln!(self.out, "\"name\":{},", json!(table.name))?;
        let (date, simulated) = (super::today(), about.is_simulated);
        let licence = about.licence.clone();
        let mut about =
            json!({"source": about.source, "epoch": about.epoch, "revision": about.revision, "date": date, "simulated": simulated});
        if let Some(licence) = licence {
            about[LICENCE] = json!(licence);
        }
        writeln!(self.out, "\"about\":{about},")?;
        let meanings: Map<String, Json> =
            table.columns.iter().filter_map(|column| Some((column.name.clone(), json!(column.meaning.as_ref()?)))).collect();
        if !meanings.is_empty() {
            writeln!(self.out, "\"fields\":{},", Json::Object(meanings))?;
        }
        write!(self.out, "\"features\":[")
    }

    pub(super) fn row(&mut self, columns: &[Column], row: &Row) -> io::Result<()> {
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        let properties: Map<String, Json> =
            columns.iter().zip(&row.values).map(|(c, v)| (c.name.clone(), json_value(&c.name, v))).collect();
        self.out.write_all(b"{\"type\":\"Feature\",\"properties\":")?;
        serde_json::to_writer(&mut self.out, &properties)?;
        self.out.write_all(b",\"geometry\":")?;
        match &row.shape {
            Some(shape) => serde_json::to_writer(&mut self.out, &json_shape(shape))?,
            None => self.out.write_all(b"null")?,
        }
        self.out.write_all(b"}")
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.is_first {
            // No layer was begun, or one without rows.
            self.out.write_all(b"\n")?;
        }
        self.out.write_all(b"]}\n")?;
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }
}

fn json_value(name: &str, value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Text(text) => json!(text),
        Value::Real(number) => json!(number),
        Value::Integer(number) if name == "simulated" => json!(*number != 0),
        Value::Integer(number) => json!(number),
    }
}

fn json_coord(c: &Coord) -> Json {
    let round = |v: f64| (v * 1e7).round() / 1e7;
    json!([round(c.x), round(c.y)])
}

fn json_line(coords: &[Coord]) -> Json {
    coords.iter().map(json_coord).collect()
}

fn json_polygon(polygon: &Polygon) -> Json {
    std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(|ring| json_line(&ring.0)).collect()
}

fn json_shape(geometry: &Geometry) -> Json {
    use geo_types::Geometry as G;
    let of = |kind: &str, coordinates: Json| json!({"type": kind, "coordinates": coordinates});
    match geometry {
        G::Point(p) => of("Point", json_coord(&p.0)),
        G::MultiPoint(points) => of("MultiPoint", points.0.iter().map(|p| json_coord(&p.0)).collect()),
        G::Line(l) => of("LineString", json_line(&[l.start, l.end])),
        G::LineString(l) => of("LineString", json_line(&l.0)),
        G::MultiLineString(lines) => of("MultiLineString", lines.0.iter().map(|l| json_line(&l.0)).collect()),
        G::Polygon(p) => of("Polygon", json_polygon(p)),
        G::MultiPolygon(m) => of("MultiPolygon", m.0.iter().map(json_polygon).collect()),
        G::Rect(r) => of("Polygon", json_polygon(&r.to_polygon())),
        G::Triangle(t) => of("Polygon", json_polygon(&t.to_polygon())),
        G::GeometryCollection(parts) => {
            json!({"type": "GeometryCollection", "geometries": parts.0.iter().map(json_shape).collect::<Vec<_>>()})
        }
    }
}
