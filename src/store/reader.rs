//! Reads one consistent state of the workspace, whatever others write meanwhile.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connection;
use super::error::{During, StoreError};
use super::feature::{Cells, Feature};
use super::schema::quoted;
use super::writer::columns_of;
use super::{Setting, layers};
use crate::model::{EpsgCode, Issue, Layer, Revision};

/// One state of the workspace, on a connection of its own. Short-lived: while it lives, the log of
/// later writes can only grow.
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) srs_id: i32,
    revision: Revision,
}

impl Reader {
    /// Says apart what is wrong as `Store::open` does.
    pub fn open(path: &Path) -> Result<Reader, StoreError> {
        let connection = connection::reader(path)?;
        connection.execute_batch("BEGIN").during(path, "starting to read")?;
        // The first look fixes what this reader sees from now on.
        let revision = layers::revision(&connection, path)?;
        let srs_id = layers::srs_id(&connection, path)?;
        Ok(Reader { connection, path: path.to_owned(), srs_id, revision })
    }

    /// The workspace's CRS.
    pub fn crs(&self) -> EpsgCode {
        EpsgCode(self.srs_id.unsigned_abs())
    }

    pub fn revision(&self) -> Revision {
        self.revision
    }

    pub fn setting(&self, setting: &Setting) -> Result<Option<String>, StoreError> {
        layers::setting(&self.connection, &self.path, &setting.key())
    }

    /// The layers by name.
    pub fn layers(&self) -> Result<Vec<Layer>, StoreError> {
        layers::all(&self.connection, &self.path)
    }

    /// All features of a layer in the order they came in. A row that cannot be read (after somebody's
    /// edit) is left out and told in an issue.
    pub fn features<F: Feature>(&self, name: &str) -> Result<(Vec<F>, Vec<Issue>), StoreError> {
        let mut features = Vec::new();
        let issues = self.in_blocks(name, usize::MAX, |all| {
            features = all;
            Ok::<(), StoreError>(())
        })?;
        Ok((features, issues))
    }

    /// The same, at most `n` features at a time, so that a layer need not be in memory whole.
    pub fn in_blocks<F: Feature, E: From<StoreError>>(
        &self,
        name: &str,
        n: usize,
        mut take: impl FnMut(Vec<F>) -> Result<(), E>,
    ) -> Result<Vec<Issue>, E> {
        let layer = layers::named(&self.connection, &self.path, name)?;
        if layer.role != F::ROLE {
            return Err(StoreError::OtherRole { name: layer.name, holds: layer.role.as_str(), asked: F::ROLE.as_str() }.into());
        }
        if layer.raster.is_some() {
            return Err(StoreError::OtherRole { name: layer.name, holds: "a raster", asked: F::ROLE.as_str() }.into());
        }
        let doing = "reading a layer";
        let mut statement = self.connection.prepare(&self.select::<F>(&layer)?).during(&self.path, doing)?;
        let mut rows = statement.query([]).during(&self.path, doing)?;
        let mut features = Vec::new();
        let mut issues = Vec::new();
        while let Some(row) = rows.next().during(&self.path, doing)? {
            match F::read(&mut Cells::new(row, layer.keep.len(), self.srs_id)) {
                Ok(feature) => features.push(feature),
                Err(fault) => {
                    let fid: i64 = row.get(0).during(&self.path, doing)?;
                    let message = format!("feature {fid} of the layer “{name}” was left out: {fault}");
                    issues.push(Issue::new("unreadable_feature", Some(&fid.to_string()), message));
                }
            }
            if features.len() == n {
                take(std::mem::take(&mut features))?;
            }
        }
        take(features)?;
        Ok(issues)
    }

    /// Rows that have no geometry (after somebody's edit): `features` leaves them out.
    pub fn n_without_shape(&self, layer: &Layer) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {} WHERE geom IS NULL", quoted(&layer.name));
        let n: i64 = self.connection.query_row(&sql, [], |row| row.get(0)).during(&self.path, "reading a layer")?;
        Ok(n.unsigned_abs())
    }

    /// fid, geom, our columns, the kept ones; those that somebody took away read as null.
    fn select<F: Feature>(&self, layer: &Layer) -> Result<String, StoreError> {
        self.select_where::<F>(layer, "TRUE")
    }

    /// The same of the rows that a condition in SQL takes.
    pub(super) fn select_where<F: Feature>(&self, layer: &Layer, condition: &str) -> Result<String, StoreError> {
        let present = columns_of(&self.connection, &self.path, &layer.name)?;
        let wanted = F::COLUMNS.iter().map(|column| column.0).chain(layer.keep.iter().map(String::as_str));
        let column = |name: &str| if present.iter().any(|p| p.eq_ignore_ascii_case(name)) { quoted(name) } else { "NULL".to_owned() };
        let columns: Vec<String> = ["fid", "geom"].into_iter().chain(wanted).map(column).collect();
        Ok(format!("SELECT {} FROM {} WHERE {condition} ORDER BY fid", columns.join(", "), quoted(&layer.name)))
    }
}

/// Tells that the workspace changed, whoever changed it: this program, another one, QGIS.
pub struct Watch {
    connection: Connection,
    path: PathBuf,
}

impl Watch {
    /// Says apart what is wrong as `Store::open` does.
    pub fn open(path: &Path) -> Result<Watch, StoreError> {
        Ok(Watch { connection: connection::reader(path)?, path: path.to_owned() })
    }

    /// A number that differs from the last one this watch gave when anything was committed since.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.connection.query_row("PRAGMA data_version", [], |r| r.get(0)).during(&self.path, "looking for changes")
    }
}
