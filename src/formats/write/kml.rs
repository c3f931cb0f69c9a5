//! KML 2.2: a folder for each layer, the attributes as typed data, longitude and latitude with 7 decimals.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{Column, ColumnType, Row, Table, Value, description};
use crate::model::{Coord, Geometry, Polygon};

pub(super) struct KmlSink {
    out: BufWriter<File>,
    n_layers: usize,
    columns: Vec<Column>,
}

impl KmlSink {
    pub(super) fn create(path: &Path) -> io::Result<KmlSink> {
        let mut out = BufWriter::new(File::create(path)?);
        out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n<Document>\n")?;
        Ok(KmlSink { out, n_layers: 0, columns: Vec::new() })
    }

    pub(super) fn begin(&mut self, table: &Table, columns: &[Column]) -> io::Result<()> {
        if self.n_layers > 0 {
            self.out.write_all(b"</Folder>\n")?;
        }
        self.n_layers += 1;
        self.columns = columns.to_vec();
        writeln!(self.out, "<Schema name=\"{}\" id=\"layer{}\">", escaped(table.name), self.n_layers)?;
        // `name` is the placemark's own.
        for column in columns.iter().filter(|c| c.name != "name") {
            let kind = match column.kind {
                ColumnType::Text => "string",
                ColumnType::Real => "double",
                ColumnType::Integer => "int",
            };
            writeln!(self.out, "<SimpleField name=\"{}\" type=\"{kind}\"/>", escaped(&column.name))?;
        }
        writeln!(self.out, "</Schema>")?;
        writeln!(self.out, "<Folder><name>{}</name><description>{}</description>", escaped(table.name), escaped(&description(table)))
    }

    pub(super) fn row(&mut self, row: &Row) -> io::Result<()> {
        self.out.write_all(b"<Placemark>")?;
        for (column, value) in self.columns.iter().zip(&row.values) {
            if let (true, Value::Text(name)) = (column.name == "name", value) {
                write!(self.out, "<name>{}</name>", escaped(name))?;
            }
        }
        write!(self.out, "<ExtendedData><SchemaData schemaUrl=\"#layer{}\">", self.n_layers)?;
        for (column, value) in self.columns.iter().zip(&row.values).filter(|(c, _)| c.name != "name") {
            let text = match value {
                Value::Null => continue,
                Value::Text(text) => escaped(text),
                Value::Real(number) => number.to_string(),
                Value::Integer(number) => number.to_string(),
            };
            write!(self.out, "<SimpleData name=\"{}\">{text}</SimpleData>", escaped(&column.name))?;
        }
        self.out.write_all(b"</SchemaData></ExtendedData>")?;
        if let Some(shape) = &row.shape {
            self.shape(shape)?;
        }
        self.out.write_all(b"</Placemark>\n")
    }

    fn shape(&mut self, geometry: &Geometry) -> io::Result<()> {
        use geo_types::Geometry as G;
        match geometry {
            G::Point(p) => self.element("Point", &[p.0]),
            G::Line(l) => self.element("LineString", &[l.start, l.end]),
            G::LineString(l) => self.element("LineString", &l.0),
            G::Polygon(p) => self.polygon(p),
            G::Rect(r) => self.polygon(&r.to_polygon()),
            G::Triangle(t) => self.polygon(&t.to_polygon()),
            G::MultiPoint(points) => self.multi(&points.0, |sink, p| sink.element("Point", &[p.0])),
            G::MultiLineString(lines) => self.multi(&lines.0, |sink, l| sink.element("LineString", &l.0)),
            G::MultiPolygon(polygons) => self.multi(&polygons.0, Self::polygon),
            G::GeometryCollection(parts) => self.multi(&parts.0, Self::shape),
        }
    }

    fn multi<T>(&mut self, parts: &[T], each: impl Fn(&mut Self, &T) -> io::Result<()>) -> io::Result<()> {
        self.out.write_all(b"<MultiGeometry>")?;
        parts.iter().try_for_each(|part| each(self, part))?;
        self.out.write_all(b"</MultiGeometry>")
    }

    fn polygon(&mut self, polygon: &Polygon) -> io::Result<()> {
        self.out.write_all(b"<Polygon><outerBoundaryIs>")?;
        self.element("LinearRing", &polygon.exterior().0)?;
        self.out.write_all(b"</outerBoundaryIs>")?;
        for hole in polygon.interiors() {
            self.out.write_all(b"<innerBoundaryIs>")?;
            self.element("LinearRing", &hole.0)?;
            self.out.write_all(b"</innerBoundaryIs>")?;
        }
        self.out.write_all(b"</Polygon>")
    }

    fn element(&mut self, name: &str, coords: &[Coord]) -> io::Result<()> {
        write!(self.out, "<{name}><coordinates>")?;
        for (i, c) in coords.iter().enumerate() {
            let round = |v: f64| (v * 1e7).round() / 1e7;
            write!(self.out, "{}{},{}", if i == 0 { "" } else { " " }, round(c.x), round(c.y))?;
        }
        write!(self.out, "</coordinates></{name}>")
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.n_layers > 0 {
            self.out.write_all(b"</Folder>\n")?;
        }
        self.out.write_all(b"</Document>\n</kml>\n")?;
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }
}

/// Text for XML; what XML 1.0 cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\t' | '\n' | '\r' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
