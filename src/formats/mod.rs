//! Read and write files: the only user of GDAL, of `pmtiles`, of `calamine`, and of what reads photos (`img-parts`, `exif`).
//!
//! `read` takes any vector file the system's GDAL reads, zipped or not, and hands out features in the
//! workspace's CRS, valid, with NFC text, each with the issues a person should know; `raster` reads land
//! cover that comes as cells; `write` puts rows into the format that the file's ending names. No legend, no store: labels pass as they are.
//!
//! Invariant: what comes out of `read` is complete or an error; nothing is half read, nothing is dropped
//! without an issue. What `write` leaves under the final name is whole.

mod archive;
mod cad;
pub mod columns;
mod encoding;
mod fonts;
mod library;
pub mod photo;
pub mod raster;
mod read;
mod sent;
mod sheet;
mod syllables;
mod vertices;
mod write;

pub use read::{Counts, Doubles, Feature, Limits, Record, Request, Shape, Source, TEXTS_SET_ASIDE, TEXTS_TAKEN, TextLayer, open};
pub use sent::check_sent;
pub use sheet::{Sheet, SheetRow, holds_vertices, is_sheet, read_sheet};
pub use vertices::{is_thousands, number};
pub use write::{About, Column, ColumnType, Export, LICENCE, PmTiles, PmTilesHead, Row, Table, Value, csv_cell, csv_table, endings, webp};

use std::path::PathBuf;

use crate::crs::CrsError;

#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error("{}: no such file", path.display())]
    NotFound { path: PathBuf },
    /// No driver knows it, or it holds tables without shapes.
    #[error("{}: not a spatial file: {reason}", path.display())]
    NotSpatial { path: PathBuf, reason: String },
    /// Damaged, cut short, or not allowed to be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{what} cannot be read or written here. {convert}")]
    Unsupported { what: String, convert: String },
    #[error("{}: it does not say which coordinate reference system it is in; say it with --crs (Hanoi: --crs EPSG:5897)", path.display())]
    NoCrs { path: PathBuf },
    #[error("{}: {source}", path.display())]
    RefusedCrs { path: PathBuf, source: CrsError },
    #[error("{}: {message}", path.display())]
    ContradictingCrs {
        path: PathBuf,
        message: String,
        /// They fit when northing and easting are exchanged.
        is_swapped: bool,
    },
    #[error(
        "{}: no column “{wanted}”{}. It has: {}. Name the column with {option}",
        path.display(),
        if wanted.eq_ignore_ascii_case(ours) { String::new() } else { format!(" for our “{ours}”") },
        listed(existing)
    )]
    MissingColumn { path: PathBuf, ours: String, wanted: String, existing: Vec<String>, option: String },
    #[error("{}: no texts on a CAD layer “{wanted}”; there are some on: {}", path.display(), listed(layers))]
    NoTextsOn { path: PathBuf, wanted: String, layers: Vec<String> },
    #[error("a layer of {role} has no column “{name}”; ours are: {}", listed(known))]
    NotOurColumn { name: String, role: &'static str, known: Vec<String> },
    #[error("{}: {}; choose with --layer: {}", path.display(), match asked { Some(name) => format!("no layer “{name}”"), None => "it has several layers".to_owned() }, listed(layers))]
    ChooseLayer { path: PathBuf, asked: Option<String>, layers: Vec<String> },
    #[error("{}: the layer “{layer}” is empty", path.display())]
    Empty { path: PathBuf, layer: String },
    /// A raster whose cells cannot be taken as classes of land cover.
    #[error("{}: no land cover: {reason}", path.display())]
    NotLandCover { path: PathBuf, reason: String },
    #[error("{}: unpacked it has more than {most_mib} MiB", path.display())]
    TooLarge { path: PathBuf, most_mib: u64 },
    /// More than may be read of it (`Limits`).
    #[error("{}: {what}", path.display())]
    TooMuch { path: PathBuf, what: String },
    #[error("the encoding “{name}” is not known; use one like UTF-8, CP1258, TCVN3, VNI, CP1252 or ISO-8859-1")]
    UnknownEncoding { name: String },
    #[error("{}: cannot be written: {reason}", path.display())]
    CannotWrite { path: PathBuf, reason: String },
}

/// At most forty names, so that a message stays readable.
fn listed(names: &[String]) -> String {
    const MOST: usize = 40;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "nothing".to_owned(),
        n if n > MOST => format!("{shown} and {} more", n - MOST),
        _ => shown,
    }
}
