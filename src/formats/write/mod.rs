//! Rows into files: the format is the one that the file's ending names.
//!
//! Everything is written into a folder beside the target and moved into place by `finish`, after the
//! file was read back and its rows counted: under the final name there is the old file or the whole new
//! one. Every row says where it comes from: source, epoch, revision, simulated. A pyramid (`PmTiles`) is put
//! in place by who asked for it.

mod geojson;
mod kml;
mod pmtiles;
mod table;
mod vector;
mod webp;
mod wkb;
mod wkt;

pub use pmtiles::{PmTiles, PmTilesHead};
pub use table::{csv_cell, csv_table};
pub use webp::webp;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::FormatError;
use crate::crs::{Crs, Transform};
use crate::model::{Coord, Epoch, EpsgCode, Geometry, Issue, Revision};

/// Endings that can be written, for messages and `--help`.
pub fn endings() -> &'static [&'static str] {
    &["gpkg", "geojson", "json", "fgb", "shp", "kml", "csv", "xlsx"]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Real,
    Integer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: ColumnType,
    /// For people; written where the format has a place for it (GeoJSON).
    pub meaning: Option<String>,
}

impl Column {
    pub fn new(name: &str, kind: ColumnType) -> Column {
        Column { name: name.to_owned(), kind, meaning: None }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Text(String),
    Real(f64),
    Integer(i64),
}

/// One row: a value for each column, and a shape in the workspace's CRS.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub values: Vec<Value>,
    pub shape: Option<Geometry>,
}

/// What every row of a layer says about itself, as columns `source`, `epoch`, `revision`, `simulated`, the day it was written as `date`, and `licence`
/// where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub source: String,
    pub epoch: Option<Epoch>,
    pub revision: Revision,
    pub is_simulated: bool,
    /// Under what terms the data may be used, where somebody says so.
    pub licence: Option<String>,
}

/// A layer to be written.
#[derive(Debug, Clone)]
pub struct Table<'a> {
    pub name: &'a str,
    pub columns: &'a [Column],
    pub about: &'a About,
    /// Every shape is a multipolygon; else any (context).
    pub is_polygons: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    GeoPackage,
    GeoJson,
    FlatGeobuf,
    Shapefile,
    Kml,
    Csv,
    Xlsx,
}

impl Format {
    fn of(path: &Path) -> Result<Format, FormatError> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "gpkg" => Ok(Format::GeoPackage),
            "geojson" | "json" => Ok(Format::GeoJson),
            "fgb" => Ok(Format::FlatGeobuf),
            "shp" => Ok(Format::Shapefile),
            "kml" => Ok(Format::Kml),
            "csv" => Ok(Format::Csv),
            "xlsx" => Ok(Format::Xlsx),
            _ => Err(FormatError::Unsupported {
                what: format!("the ending “{ending}” of {}", path.display()),
                convert: format!("Use one of: .{}", endings().join(", .")),
            }),
        }
    }

    fn holds_several_layers(self) -> bool {
        matches!(self, Format::GeoPackage | Format::Kml | Format::Xlsx)
    }
}

enum Sink {
    Vector(vector::VectorSink),
    GeoJson(geojson::GeoJsonSink),
    Kml(kml::KmlSink),
    Csv(table::CsvSink),
}

/// A file being written. Dropped without `finish`, it leaves nothing behind.
pub struct Export {
    target: PathBuf,
    folder: Folder,
    format: Format,
    sink: Option<Sink>,
    transform: Transform,
    layers: Vec<(String, u64)>,
    issues: Vec<Issue>,
}

/// The folder beside the target; gone when dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is no reason to fail what was done.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Export {
    /// Begins a file. `workspace` is the CRS of the rows; `crs` that of the file, the workspace's by
    /// default; GeoJSON and KML are always WGS 84. The ending chooses the format (see `endings`).
    ///
    /// # Errors
    /// `Unsupported` ending or CRS, `RefusedCrs`, `CannotWrite`.
    pub fn create(path: &Path, workspace: EpsgCode, crs: Option<EpsgCode>) -> Result<Export, FormatError> {
        super::library::setup();
        let format = Format::of(path)?;
        let is_lonlat = matches!(format, Format::GeoJson | Format::Kml);
        let to = match crs {
            Some(code) if is_lonlat && code != EpsgCode::WGS84 => {
                return Err(FormatError::Unsupported {
                    what: format!("{code} in {}", path.display()),
                    convert: "GeoJSON (RFC 7946) and KML are always in EPSG:4326; use GeoPackage for another".to_owned(),
                });
            }
            None if is_lonlat => EpsgCode::WGS84,
            Some(code) => code,
            None => workspace,
        };
        let refused = |source| FormatError::RefusedCrs { path: path.to_owned(), source };
        let target_crs = Crs::from_epsg(to).map_err(refused)?;
        let transform = Transform::new(&Crs::from_epsg(workspace).map_err(refused)?, &target_crs, None).map_err(refused)?;
        let folder = beside(path)?;
        let inner = folder.0.join(path.file_name().ok_or_else(|| cannot(path, "it names no file"))?);
        let sink = match format {
            Format::GeoJson => Sink::GeoJson(geojson::GeoJsonSink::create(&inner).map_err(|e| cannot(path, e.to_string()))?),
            Format::Kml => Sink::Kml(kml::KmlSink::create(&inner).map_err(|e| cannot(path, e.to_string()))?),
            Format::Csv => Sink::Csv(table::CsvSink::create(&inner).map_err(|e| cannot(path, e.to_string()))?),
            _ => Sink::Vector(vector::VectorSink::create(&inner, format, to).map_err(|reason| cannot(path, reason))?),
        };
        Ok(Export { target: path.to_owned(), folder, format, sink: Some(sink), transform, layers: Vec::new(), issues: Vec::new() })
    }

    /// Writes one layer; returns how many rows.
    ///
    /// # Errors
    /// `Unsupported` for a second layer where the format holds one, for several kinds of shapes in a Shapefile; `CannotWrite`, also when the disk is full.
    pub fn layer(&mut self, table: &Table, rows: impl IntoIterator<Item = Row>) -> Result<u64, FormatError> {
        let path = self.target.clone();
        if !self.layers.is_empty() && !self.format.holds_several_layers() {
            return Err(FormatError::Unsupported {
                what: format!("more than one layer in {}", path.display()),
                convert: "Choose one with --layer, or write a .gpkg".to_owned(),
            });
        }
        let sink = self.sink.as_mut().ok_or_else(|| cannot(&path, "it was closed"))?;
        let columns = with_about(table);
        let about = about_values(table);
        match sink {
            Sink::Vector(sink) => sink.begin(table, &columns, &mut self.issues),
            Sink::GeoJson(sink) => sink.begin(table).map_err(|e| e.to_string()),
            Sink::Kml(sink) => sink.begin(table, &columns).map_err(|e| e.to_string()),
            Sink::Csv(sink) => sink.begin(&columns).map_err(|e| e.to_string()),
        }
        .map_err(|reason| cannot(&path, reason))?;
        let mut n = 0;
        let mut kind_of_shape = None;
        for mut row in rows {
            if self.format == Format::Shapefile
                && let Some(shape) = &row.shape
                && *kind_of_shape.get_or_insert(dimension(shape)) != dimension(shape)
            {
                return Err(FormatError::Unsupported {
                    what: format!("{}: a layer with points, lines and areas", path.display()),
                    convert: "A Shapefile holds one kind of shape: write a .gpkg instead".to_owned(),
                });
            }
            row.values.resize(table.columns.len(), Value::Null);
            row.values.extend(about.iter().cloned());
            if let Some(shape) = &mut row.shape {
                transform(shape, &self.transform).map_err(|source| FormatError::RefusedCrs { path: path.clone(), source })?;
            }
            match sink {
                Sink::Vector(sink) => sink.row(&row),
                Sink::GeoJson(sink) => sink.row(&columns, &row).map_err(|e| e.to_string()),
                Sink::Kml(sink) => sink.row(&row).map_err(|e| e.to_string()),
                Sink::Csv(sink) => sink.row(&row).map_err(|e| e.to_string()),
            }
            .map_err(|reason| cannot(&path, reason))?;
            n += 1;
        }
        self.layers.push((table.name.to_owned(), n));
        Ok(n)
    }

    /// Closes, reads back, and moves the file into place. Returns what a person should know about it
    /// (`shortened_names`, `cut_text` for Shapefile).
    ///
    /// # Errors
    /// `CannotWrite`; the file under the final name is then as it was.
    pub fn finish(mut self) -> Result<Vec<Issue>, FormatError> {
        let path = self.target.clone();
        let failed = |e: std::io::Error| cannot(&path, e.to_string());
        match self.sink.take() {
            Some(Sink::Vector(sink)) => sink.finish(&self.layers, &mut self.issues).map_err(|reason| cannot(&path, reason))?,
            Some(Sink::GeoJson(sink)) => sink.finish().map_err(failed)?,
            Some(Sink::Kml(sink)) => sink.finish().map_err(failed)?,
            Some(Sink::Csv(sink)) => sink.finish().map_err(failed)?,
            None => {}
        }
        let parent = parent(&path);
        let main = path.file_name().unwrap_or_default().to_owned();
        let mut files: Vec<PathBuf> = std::fs::read_dir(&self.folder.0).map_err(failed)?.filter_map(|e| Some(e.ok()?.path())).collect();
        // The main file last: whoever sees it finds its companions.
        files.sort_by_key(|f| f.file_name() == Some(&main));
        for file in &files {
            File::open(file).and_then(|f| f.sync_all()).map_err(failed)?;
        }
        for file in &files {
            let name = file.file_name().unwrap_or_default();
            std::fs::rename(file, parent.join(name)).map_err(failed)?;
        }
        if self.format == Format::Shapefile {
            for stale in ["qix", "sbn", "sbx", "qpj"] {
                // Indexes of the file that was replaced.
                let _ = std::fs::remove_file(path.with_extension(stale));
            }
        }
        Ok(std::mem::take(&mut self.issues))
    }
}

fn cannot(path: &Path, reason: impl Into<String>) -> FormatError {
    FormatError::CannotWrite { path: path.to_owned(), reason: reason.into() }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A fresh folder on the target's disk.
fn beside(path: &Path) -> Result<Folder, FormatError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if path.is_dir() {
        return Err(cannot(path, "it is a folder"));
    }
    if !parent(path).is_dir() {
        return Err(cannot(path, format!("there is no folder {}", parent(path).display())));
    }
    // No ending in its name: GDAL takes `x.xlsx/` in a path for an archive.
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = parent(path).join(format!(".farmzone-writing-{}-{n}", std::process::id()));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(Folder(folder)),
            // Left by a killed process of the same number.
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && n < 10_000 => {}
            Err(e) => return Err(cannot(path, e.to_string())),
        }
    }
}

/// The column of the terms under which the data may be used.
pub const LICENCE: &str = "licence";

const ABOUT: [(&str, ColumnType); 6] = [
    ("source", ColumnType::Text),
    ("epoch", ColumnType::Text),
    ("revision", ColumnType::Integer),
    ("date", ColumnType::Text),
    ("simulated", ColumnType::Integer),
    (LICENCE, ColumnType::Text),
];

/// The day a file is written, UTC.
fn today() -> String {
    time::OffsetDateTime::now_utc().date().to_string()
}

fn is_there(columns: &[Column], name: &str) -> bool {
    columns.iter().any(|c| c.name.eq_ignore_ascii_case(name))
}

/// Whether a column about the layer is added to a table's own.
fn is_added(table: &Table, name: &str) -> bool {
    !is_there(table.columns, name) && (name != LICENCE || table.about.licence.is_some())
}

/// The columns with those about the layer that are not among them.
fn with_about(table: &Table) -> Vec<Column> {
    let about = ABOUT.iter().filter(|(name, _)| is_added(table, name)).map(|(name, kind)| Column::new(name, *kind));
    table.columns.iter().cloned().chain(about).collect()
}

fn about_values(table: &Table) -> Vec<Value> {
    let about = table.about;
    let values = [
        Value::Text(about.source.clone()),
        about.epoch.map_or(Value::Null, |e| Value::Text(e.to_string())),
        Value::Integer(about.revision as i64),
        Value::Text(today()),
        Value::Integer(i64::from(about.is_simulated)),
        about.licence.clone().map_or(Value::Null, Value::Text),
    ];
    ABOUT.iter().zip(values).filter(|((name, _), _)| is_added(table, name)).map(|(_, value)| value).collect()
}

/// The about of a table as one sentence, for formats that describe a layer.
fn description(table: &Table) -> String {
    let about = table.about;
    let mut text = format!("source: {}; revision {}; written {}", about.source, about.revision, today());
    if let Some(epoch) = about.epoch {
        text += &format!("; epoch {epoch}");
    }
    if about.is_simulated {
        text += "; simulated data, no real place";
    }
    if let Some(licence) = &about.licence {
        text += &format!("; licence: {licence}");
    }
    text
}

fn transform(geometry: &mut Geometry, transform: &Transform) -> Result<(), crate::crs::CrsError> {
    use geo_types::Geometry as G;
    if transform.is_identity() {
        return Ok(());
    }
    let mut run = |coords: &mut [Coord]| transform.apply(coords);
    let polygon = |p: &mut crate::model::Polygon, run: &mut dyn FnMut(&mut [Coord]) -> Result<(), crate::crs::CrsError>| {
        p.try_exterior_mut(|ring| run(&mut ring.0))?;
        p.try_interiors_mut(|rings| rings.iter_mut().try_for_each(|ring| run(&mut ring.0)))
    };
    match geometry {
        G::Point(p) => {
            p.0 = transform.point(p.0)?;
            Ok(())
        }
        G::MultiPoint(points) => points.0.iter_mut().try_for_each(|p| {
            p.0 = transform.point(p.0)?;
            Ok(())
        }),
        G::LineString(line) => run(&mut line.0),
        G::MultiLineString(lines) => lines.0.iter_mut().try_for_each(|l| run(&mut l.0)),
        G::Polygon(p) => polygon(p, &mut run),
        G::MultiPolygon(m) => m.0.iter_mut().try_for_each(|p| polygon(p, &mut run)),
        G::GeometryCollection(parts) => parts.0.iter_mut().try_for_each(|g| self::transform(g, transform)),
        G::Line(line) => {
            let (start, end) = (transform.point(line.start)?, transform.point(line.end)?);
            *line = geo_types::Line::new(start, end);
            Ok(())
        }
        // Boxes do not stay boxes: as polygons they pass.
        G::Rect(rect) => {
            *geometry = G::Polygon(rect.to_polygon());
            self::transform(geometry, transform)
        }
        G::Triangle(triangle) => {
            *geometry = G::Polygon(triangle.to_polygon());
            self::transform(geometry, transform)
        }
    }
}

/// 0 points, 1 lines, 2 areas, 3 mixed.
fn dimension(geometry: &Geometry) -> u8 {
    use geo_types::Geometry as G;
    match geometry {
        G::Point(_) | G::MultiPoint(_) => 0,
        G::Line(_) | G::LineString(_) | G::MultiLineString(_) => 1,
        G::Polygon(_) | G::MultiPolygon(_) | G::Rect(_) | G::Triangle(_) => 2,
        G::GeometryCollection(_) => 3,
    }
}
