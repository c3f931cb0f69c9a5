//! PMTiles 3: a pyramid of vector tiles in one file, which a browser reads by ranges; the only user of `pmtiles`.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::pmtiles::{Compression, PmTilesStreamWriter, PmTilesWriter, PmtError, TileCoord, TileType};

use super::cannot;
use crate::formats::FormatError;

/// What the head of the file says.
#[derive(Debug, Clone, PartialEq)]
pub struct PmTilesHead {
    pub min_zoom: u8,
    pub max_zoom: u8,
    /// West, south, east, north, degrees.
    pub bounds: [f64; 4],
    /// Where a map opens: degrees, and the zoom.
    pub center: [f64; 2],
    pub center_zoom: u8,
    /// A JSON object with `vector_layers`, as in TileJSON 3.
    pub metadata: String,
}

/// A pyramid being written. Tiles of the same bytes are kept once.
pub struct PmTiles {
    /// For messages: where the file will be in the end.
    place: PathBuf,
    writer: PmTilesStreamWriter<File>,
}

impl PmTiles {
    /// Begins a pyramid in an empty file that can be sought in.
    ///
    /// # Errors
    /// `CannotWrite`, naming `place`.
    pub fn create(file: File, place: &Path, head: &PmTilesHead) -> Result<PmTiles, FormatError> {
        let [west, south, east, north] = head.bounds;
        let writer = PmTilesWriter::new(TileType::Mvt)
            .precompressed(Compression::Gzip)
            .min_zoom(head.min_zoom)
            .max_zoom(head.max_zoom)
            .bounds(west, south, east, north)
            .center(head.center[0], head.center[1])
            .center_zoom(head.center_zoom)
            .metadata(head.metadata.as_str())
            .create(file)
            .map_err(|e| failed(place, e))?;
        Ok(PmTiles { place: place.to_owned(), writer })
    }

    /// Adds a tile, an MVT in gzip. Tiles come by zoom, then along the Hilbert curve.
    ///
    /// # Errors
    /// `CannotWrite`, also when the disk is full or there is no such tile.
    pub fn add(&mut self, z: u8, x: u32, y: u32, gzip: &[u8]) -> Result<(), FormatError> {
        TileCoord::new(z, x, y).and_then(|coord| self.writer.add_tile(coord, gzip)).map_err(|e| failed(&self.place, e))
    }

    /// Writes the directories and the head.
    ///
    /// # Errors
    /// `CannotWrite`.
    pub fn finish(self) -> Result<(), FormatError> {
        self.writer.finalize().map_err(|e| failed(&self.place, e))
    }
}

fn failed(place: &Path, error: PmtError) -> FormatError {
    match error {
        PmtError::Reading(error) => cannot(place, error.to_string()),
        error => cannot(place, error.to_string()),
    }
}
