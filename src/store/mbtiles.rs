//! MBTiles 1.3: a pyramid of vector tiles as an SQLite database, for programs that read no PMTiles.
//!
//! Not a workspace: written once, by one connection, under a name that is not its final one; whoever
//! makes that file puts it in place when it is complete. So there is no journal.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, ffi, params};

use super::connection::beside;
use super::error::StoreError;

/// `MPBX`, by which `file` and GDAL know an MBTiles.
const APPLICATION_ID: i32 = 0x4d50_4258;

/// Each content once, and a view that reads as the specification says.
const SCHEMA: &str = "
    CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE images (tile_id INTEGER PRIMARY KEY, tile_data BLOB NOT NULL);
    CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_id INTEGER NOT NULL,
        PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID;
    CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data FROM map JOIN images USING (tile_id);";

/// A pyramid being written. Tiles of the same bytes are kept once.
pub struct MbTiles {
    /// For messages: where the file will be in the end.
    place: PathBuf,
    connection: Connection,
    /// Where the tiles of these hashes are.
    images: HashMap<[u8; 16], i64>,
}

impl MbTiles {
    /// Begins a pyramid in an empty file, `draft`, that will be put at `place`. `metadata` are rows of name and value.
    ///
    /// # Errors
    /// `FileExists` when the log of a database lies at `place`, which SQLite would play into the new file; `CannotWrite`.
    pub fn create(draft: &Path, place: &Path, metadata: &[(&str, String)]) -> Result<MbTiles, StoreError> {
        for log in [beside(place, "-wal"), beside(place, "-journal")] {
            if std::fs::symlink_metadata(&log).is_ok() {
                return Err(StoreError::FileExists { path: log });
            }
        }
        let begun = Connection::open(draft).and_then(|connection| {
            connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")?;
            connection.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; BEGIN; {SCHEMA}"))?;
            for (name, value) in metadata {
                connection.execute("INSERT INTO metadata VALUES (?1, ?2)", params![name, value])?;
            }
            Ok(connection)
        });
        let connection = begun.map_err(|e| failed(place, &e))?;
        Ok(MbTiles { place: place.to_owned(), connection, images: HashMap::new() })
    }

    /// Adds a tile, an MVT in gzip; `y` counts from the north, as in addresses.
    ///
    /// # Errors
    /// `CannotWrite`, also when the disk is full.
    pub fn add(&mut self, z: u8, x: u32, y: u32, gzip: &[u8]) -> Result<(), StoreError> {
        self.insert(z, x, y, gzip).map_err(|e| failed(&self.place, &e))
    }

    fn insert(&mut self, z: u8, x: u32, y: u32, gzip: &[u8]) -> rusqlite::Result<()> {
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::hash(gzip).as_bytes()[..16]);
        let next = self.images.len() as i64;
        let id = match self.images.entry(hash) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.connection.execute("INSERT INTO images VALUES (?1, ?2)", params![next, gzip])?;
                *new.insert(next)
            }
        };
        // Rows of MBTiles count from the south.
        let row = (1_i64 << z) - 1 - i64::from(y);
        self.connection.execute("INSERT INTO map VALUES (?1, ?2, ?3, ?4)", params![z, x, row, id])?;
        Ok(())
    }

    /// Closes the file, complete.
    ///
    /// # Errors
    /// `CannotWrite`.
    pub fn finish(self) -> Result<(), StoreError> {
        let closed = self.connection.execute_batch("COMMIT").and_then(|()| self.connection.close().map_err(|(_, e)| e));
        closed.map_err(|e| failed(&self.place, &e))
    }
}

fn failed(place: &Path, error: &rusqlite::Error) -> StoreError {
    let is_full = match error.sqlite_error() {
        // A write that the system refused: over the limit on file sizes, or over the quota.
        Some(e) => e.code == ErrorCode::DiskFull || e.extended_code == ffi::SQLITE_IOERR_WRITE,
        None => false,
    };
    let reason = if is_full { "the disk is full, or a limit on file sizes is reached".to_owned() } else { error.to_string() };
    StoreError::CannotWrite { path: place.to_owned(), reason }
}
