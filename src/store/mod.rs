//! The workspace: a GeoPackage that QGIS opens, with SQLite's transactions; the only user of `rusqlite`.
//!
//! Keeps layers and what is known of them; knows no meaning beyond `model`. One `Store` writes, any
//! number of `Reader`s each see one consistent state, a `Watch` tells that somebody committed.
//! Invariant: a change and the revision it makes are committed together, flushed to the disk, or not
//! at all; a process killed at any instruction leaves the last committed state.

mod alerts;
mod blob;
mod codes;
mod connection;
mod edits;
mod error;
mod feature;
mod keys;
mod layers;
mod mbtiles;
mod meanings;
mod packed;
mod partners;
mod placing;
mod plans;
mod private;
mod raster;
mod reader;
mod rtree;
mod schema;
mod transitions;
mod writer;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::model::{EpsgCode, Layer, Revision};
pub use codes::HolderKey;
pub use edits::{Edit, EditFilter, ZoneChange, ZoneRevisions};
use error::During;
pub use error::StoreError;
pub use feature::Feature;
pub use mbtiles::MbTiles;
pub use meanings::explain_columns;
pub use partners::PartnerRow;
pub use plans::{Plan, PlanChange, PlanComment, PlanEdit, PlanStep};
pub use private::{
    Account, AlertDesk, AlertNote, AlertPhoto, AlertStep, Counted, PrivateStore, SESSION_LASTS_S, SecretHash, Token, private_path,
};
pub use raster::{NewRaster, RasterDraft, raster_path};
pub use reader::{Reader, Watch};
pub use writer::{LayerWriter, Mode, NewLayer};

/// What GIS programs read about the workspace's CRS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrsDefinition {
    /// `VN-2000 / TM-3 105-00`
    pub name: String,
    /// Well-known text 1, as the standard wants it.
    pub wkt: String,
}

/// What a workspace says of itself beside its layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    Title,
    /// Anything but empty: everything in it is made up, and what says so.
    Simulated,
    /// What a plan asks to hold of each kind: a text of `[[target]]` blocks.
    Targets,
    /// The text of a legend of the user's own, by the name that layers refer to.
    Legend(String),
    /// What the events of a layer rest on, by the layer's name; for the program alone.
    Detection(String),
}

impl Setting {
    fn key(&self) -> Cow<'static, str> {
        match self {
            Setting::Title => "title".into(),
            Setting::Simulated => "simulated".into(),
            Setting::Targets => "targets".into(),
            Setting::Legend(name) => format!("legend:{name}").into(),
            Setting::Detection(layer) => format!("detection:{layer}").into(),
        }
    }
}

/// An open workspace and its one writing connection.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    crs: EpsgCode,
}

impl Store {
    /// Makes an empty workspace; `FileExists` when there is a file. It appears whole or not at all.
    pub fn create(path: &Path, crs: EpsgCode, srs: SrsDefinition) -> Result<Store, StoreError> {
        let doing = "making it";
        let draft = placing::Draft::beside(path)?;
        let connection = draft.open()?;
        connection.execute_batch(&format!("BEGIN; {} COMMIT;", schema::workspace(crs))).during(path, doing)?;
        let sql = "INSERT OR REPLACE INTO gpkg_spatial_ref_sys VALUES (?1, ?2, 'EPSG', ?2, ?3, NULL)";
        connection.execute(sql, params![srs.name, crs.0, srs.wkt]).during(path, doing)?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).during(path, doing)?;
        connection.close().map_err(|(_, e)| e).during(path, doing)?;
        draft.put()?;
        Store::open(path)
    }

    /// Opens a workspace to write. Says apart: no file, no GeoPackage, none of ours, of a newer
    /// version, damaged, in a place that cannot be written.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let connection = connection::writer(path)?;
        let crs = EpsgCode(layers::srs_id(&connection, path)?.unsigned_abs());
        // What is damaged deeper shows here, or when it is read.
        layers::revision(&connection, path)?;
        Ok(Store { connection, path: path.to_owned(), crs })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn crs(&self) -> EpsgCode {
        self.crs
    }

    /// The present revision, also when another program made it.
    pub fn revision(&self) -> Result<Revision, StoreError> {
        layers::revision(&self.connection, &self.path)
    }

    /// The layers by name.
    pub fn layers(&self) -> Result<Vec<Layer>, StoreError> {
        layers::all(&self.connection, &self.path)
    }

    /// A view of the present state that later writes do not change.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.path)
    }

    pub fn watch(&self) -> Result<Watch, StoreError> {
        Watch::open(&self.path)
    }

    /// Starts writing a layer of `F`s; waits for other writers, then `Busy`. Nothing changes before
    /// the writer's `finish`.
    pub fn begin<F: Feature>(&mut self, layer: NewLayer, mode: Mode) -> Result<LayerWriter<'_, F>, StoreError> {
        LayerWriter::begin(&self.connection, &self.path, layer, mode)
    }

    /// Takes a layer out; `NoSuchLayer` says which there are.
    pub fn drop_layer(&mut self, name: &str) -> Result<Revision, StoreError> {
        let layer = layers::named(&self.connection, &self.path, name)?;
        let revision = self.change("dropping a layer", |connection, path| {
            let layer = layers::named(connection, path, name)?;
            writer::remove(connection, path, &layer.name)
        })?;
        self.remove_unused(layer.raster);
        Ok(revision)
    }

    pub fn setting(&self, setting: &Setting) -> Result<Option<String>, StoreError> {
        layers::setting(&self.connection, &self.path, &setting.key())
    }

    pub fn set_setting(&mut self, setting: &Setting, value: &str) -> Result<Revision, StoreError> {
        self.change("writing its settings", |connection, path| layers::set_setting(connection, path, &setting.key(), value))
    }

    /// Makes a new revision of what is there, all layers measured anew: for a server that sees (by its
    /// `Watch`) that another program changed features without a new revision, as QGIS does.
    pub fn mark_changed(&mut self) -> Result<Revision, StoreError> {
        self.change("marking a change", |connection, path| {
            let next = layers::revision(connection, path)? + 1;
            partners::note_change(connection, path)?;
            layers::measure_all(connection, path, next)
        })
    }

    /// Whether no other program changed features since they were measured.
    pub fn is_settled(&self) -> Result<bool, StoreError> {
        layers::are_settled(&self.connection, &self.path)
    }

    /// Makes a new revision when another program changed features since they were measured; none when
    /// everything is as it was.
    pub fn settle(&mut self) -> Result<Option<Revision>, StoreError> {
        if layers::are_settled(&self.connection, &self.path)? { Ok(None) } else { self.mark_changed().map(Some) }
    }

    /// Copies the present state to `out`, which must not exist, while others may write. `progress` is
    /// given pages done and pages in all.
    pub fn backup(&self, out: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
        let source = connection::reader(&self.path)?;
        source.execute_batch("BEGIN").during(&self.path, "starting to copy")?;
        layers::revision(&source, &self.path)?;
        placing::copy(&source, out, progress)?;
        // Before the copy's rasters no workspace would be whole; after it they are there to be taken.
        raster::copy_beside(&self.path, &layers::all(&source, &self.path)?, out)
    }

    fn change(
        &mut self,
        doing: &'static str,
        deed: impl FnOnce(&Connection, &Path) -> Result<(), StoreError>,
    ) -> Result<Revision, StoreError> {
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).during(&self.path, doing)?;
        deed(&transaction, &self.path)?;
        let revision = layers::next_revision(&transaction, &self.path)?;
        transaction.commit().during(&self.path, doing)?;
        Ok(revision)
    }
}

impl Store {
    /// Whether the log holds nothing: what others see as a change may then be that it was brought into the file.
    pub fn is_log_empty(&self) -> bool {
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        std::fs::metadata(PathBuf::from(log)).is_ok_and(|m| m.len() == 0)
    }

    /// Brings the log into the file, so that a copy of the one file is complete; readers may prevent
    /// it, and the log then stays beside it, as safe.
    pub fn checkpoint(&self) {
        let _ = self.connection.busy_timeout(Duration::from_millis(200));
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Who only read leaves the log alone: others would take its end for a change.
        if self.connection.total_changes() > 0 {
            self.checkpoint();
        }
    }
}
