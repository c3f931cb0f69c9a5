//! The rasters of a workspace: files beside it, named by their content, written whole or not at all.
//!
//! A layer's row is the truth: a file without a row is nobody's, and one row or several may name a file. A workspace
//! that was renamed finds its rasters under the old name too.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::error::{During, StoreError};
use super::schema::{self, quoted};
use super::writer::{self, NewLayer};
use super::{Mode, Setting, Store, layers};
use crate::model::{Epoch, Layer, LayerRole, RasterLayer};

/// What the caller knows of a raster when its cells were counted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRaster {
    pub epoch: Epoch,
    pub layer: NewLayer,
    /// `file` and `hash` are given by the draft.
    pub raster: RasterLayer,
    /// Of the cells that have a class.
    pub area_m2: f64,
    pub extent: Option<[f64; 4]>,
}

/// A raster's copy in the making, beside the workspace; removed unless it was put in place.
#[derive(Debug)]
pub struct RasterDraft {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    hash: blake3::Hasher,
}

impl RasterDraft {
    fn beside(workspace: &Path) -> Result<RasterDraft, StoreError> {
        let path = workspace.with_file_name(format!(".{}.{}.raster-draft", stem(workspace), std::process::id()));
        let _ = fs::remove_file(&path);
        let file = File::create_new(&path).during(workspace, "copying a raster beside it")?;
        Ok(RasterDraft { path, file: Some(BufWriter::new(file)), hash: blake3::Hasher::new() })
    }

    /// Everything that was written, flushed to the disk, to be read.
    pub fn complete(&mut self) -> std::io::Result<&Path> {
        if let Some(file) = self.file.take() {
            file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        }
        Ok(&self.path)
    }

    fn hash(&self) -> String {
        self.hash.finalize().to_hex()[..16].to_owned()
    }
}

impl Write for RasterDraft {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let file = self.file.as_mut().ok_or_else(|| std::io::Error::other("the copy is complete"))?;
        let n = file.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for RasterDraft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn stem(workspace: &Path) -> String {
    workspace.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

fn name_of(workspace: &Path, hash: &str) -> String {
    format!("{}.{hash}.tif", stem(workspace))
}

/// Where a layer's raster lies: under the workspace's present name, else under any that ends with its hash, which tells
/// its content.
pub fn raster_path(workspace: &Path, raster: &RasterLayer) -> PathBuf {
    let present = workspace.with_file_name(name_of(workspace, &raster.hash));
    if present.is_file() || raster.hash.len() != 16 {
        return present;
    }
    let ending = format!(".{}.tif", raster.hash);
    let beside = workspace.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let mut others: Vec<PathBuf> =
        beside.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten().map(|e| e.path()).collect();
    others.retain(|path| path.file_name().is_some_and(|n| n.to_string_lossy().ends_with(&ending)));
    others.sort();
    others.into_iter().next().unwrap_or(present)
}

impl Store {
    /// A file to copy a raster to, before `put_raster`.
    pub fn raster_draft(&self) -> Result<RasterDraft, StoreError> {
        RasterDraft::beside(&self.path)
    }

    /// Makes a raster a layer, in place of the one of the same epoch when that is asked for. `legend` is the text of a
    /// legend of the user's own. `LayerExists` when there is one, `Mode::Append` and `Mode::Update` are no different.
    pub fn put_raster(
        &mut self,
        new: NewRaster,
        mut draft: RasterDraft,
        legend: Option<(Setting, &str)>,
        mode: Mode,
    ) -> Result<Layer, StoreError> {
        let doing = "adding a raster";
        let path = self.path.clone();
        draft.complete().during(&path, doing)?;
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).during(&path, doing)?;
        let name = Layer::name_of_raster(new.epoch);
        let old = layers::all(&transaction, &path)?.into_iter().find(|old| old.name == name);
        if old.is_some() && mode != Mode::Replace {
            return Err(StoreError::LayerExists { name });
        }
        if old.is_some() {
            writer::remove(&transaction, &path, &name)?;
        }
        let mut layer = writer::described(NewLayer { epoch: Some(new.epoch), ..new.layer }, name, Vec::new(), LayerRole::LandUse);
        let hash = draft.hash();
        (layer.area_m2, layer.extent) = (new.area_m2, new.extent);
        layer.imported_at = writer::now();
        layer.raster = Some(RasterLayer { file: name_of(&path, &hash), hash, ..new.raster });
        make_table(&transaction, &path, &layer)?;
        layer.revision = layers::next_revision(&transaction, &path)?;
        layers::record(&transaction, &path, &layer)?;
        record(&transaction, &path, &layer)?;
        if let Some((setting, text)) = legend {
            layers::set_setting(&transaction, &path, &setting.key(), text)?;
        }
        // The file first: a row without its file would be a broken layer, a file without a row is only in the way.
        let place = path.with_file_name(layer.raster.as_ref().map_or("", |r| r.file.as_str()));
        let was_there = place.is_file();
        fs::rename(&draft.path, &place).during(&path, doing)?;
        if let Err(error) = transaction.commit().during(&path, doing) {
            if !was_there {
                let _ = fs::remove_file(&place);
            }
            return Err(error);
        }
        self.remove_unused(old.and_then(|old| old.raster));
        Ok(layer)
    }

    /// Removes the file of a raster that is no layer's any more. One under another workspace's name may be that one's:
    /// it stays, and so does what cannot be removed.
    pub(super) fn remove_unused(&self, raster: Option<RasterLayer>) {
        let Some(raster) = raster else { return };
        let is_used = |l: &Layer| l.raster.as_ref().is_some_and(|r| r.hash == raster.hash);
        if self.layers().is_ok_and(|layers| !layers.iter().any(is_used)) {
            let _ = fs::remove_file(self.path.with_file_name(name_of(&self.path, &raster.hash)));
        }
    }
}

/// The table of its classes, which GIS programs list in the raster's place.
fn make_table(connection: &Connection, path: &Path, layer: &Layer) -> Result<(), StoreError> {
    let doing = "adding a raster";
    writer::make_room(connection, path, &layer.name)?;
    connection.execute_batch(&schema::classes_table(&layer.name)).during(path, doing)?;
    let sql = "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?1, 'attributes', ?1, 0)";
    connection.execute(sql, [&layer.name]).during(path, doing)?;
    let sql = format!("INSERT INTO {} (value, label, n_cells) VALUES (?1, ?2, ?3)", quoted(&layer.name));
    for class in layer.raster.iter().flat_map(|r| &r.classes) {
        connection.execute(&sql, params![class.value, class.label, class.n_cells as i64]).during(path, doing)?;
    }
    Ok(())
}

/// Writes what only rasters have. From then on an older farmzone, which would take the layer for polygons, is refused.
fn record(connection: &Connection, path: &Path, layer: &Layer) -> Result<(), StoreError> {
    let doing = "adding a raster";
    if !layers::has_raster_column(connection, path)? {
        connection.execute_batch("ALTER TABLE farmzone_layers ADD COLUMN raster TEXT").during(path, doing)?;
    }
    let text = serde_json::json!(layer.raster).to_string();
    connection.execute("UPDATE farmzone_layers SET raster = ?2 WHERE name = ?1", params![layer.name, text]).during(path, doing)?;
    layers::needs_version(connection, path, schema::VERSION_OF_RASTERS)
}

/// Copies the rasters of a workspace beside its copy, under the copy's name.
pub(super) fn copy_beside(workspace: &Path, layers: &[Layer], out: &Path) -> Result<(), StoreError> {
    let doing = "copying its rasters";
    for raster in layers.iter().filter_map(|l| l.raster.as_ref()) {
        let place = out.with_file_name(name_of(out, &raster.hash));
        if place.is_file() {
            // Named by its content: it is the same.
            continue;
        }
        let mut draft = RasterDraft::beside(out)?;
        let mut source = File::open(raster_path(workspace, raster)).during(workspace, doing)?;
        std::io::copy(&mut source, &mut draft).during(out, doing)?;
        draft.complete().during(out, doing)?;
        fs::rename(&draft.path, &place).during(out, doing)?;
    }
    Ok(())
}
