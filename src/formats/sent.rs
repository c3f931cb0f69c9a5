//! What a file that comes from somewhere else must be before it is opened: of a kind that names no other file, and of a bounded
//! size when it is unpacked.

use std::path::Path;

use super::{FormatError, archive, library};

/// Drivers of formats that are one file, or one archive of files.
const ALONE: [&str; 18] = [
    "GPKG",
    "ESRI Shapefile",
    "MapInfo File",
    "GeoJSON",
    "GeoJSONSeq",
    "ESRIJSON",
    "TopoJSON",
    "KML",
    "LIBKML",
    "GML",
    "GPX",
    "DXF",
    "DGN",
    "CSV",
    "XLSX",
    "ODS",
    "FlatGeobuf",
    "OpenFileGDB",
];

/// Refuses what is not safe to be opened when nobody knows who made it.
///
/// # Errors
/// `TooLarge`, `Unsupported`, and those of a file that cannot be looked into: `NotFound`, `NotSpatial`, `Unreadable`.
pub fn check_sent(path: &Path, most_mib: u64) -> Result<(), FormatError> {
    library::setup();
    if archive::n_unpacked_bytes(path).is_some_and(|bytes| bytes > most_mib << 20) {
        return Err(FormatError::TooLarge { path: path.to_owned(), most_mib });
    }
    let unsupported =
        |what: &str, convert: &str| FormatError::Unsupported { what: format!("{}: {what}", path.display()), convert: convert.to_owned() };
    for candidate in archive::candidates(path)? {
        if candidate.path.starts_with("/vsigzip") {
            // It does not say how large it is.
            return Err(unsupported("a gzip file", "Unpack it, or pack it as a zip"));
        }
        if let Some(driver) = library::identify(&candidate.path).filter(|driver| !ALONE.contains(&driver.as_str())) {
            return Err(unsupported(&format!("a file of the format {driver}"), "Convert it to GeoPackage or GeoJSON"));
        }
    }
    Ok(())
}
