//! Writes one layer in one transaction: all of it is there afterwards, or nothing changed.
//!
//! A new layer goes in without its index, tree and triggers, which are made at the end in one go;
//! an append or update leaves them on, and they follow row by row.

use std::marker::PhantomData;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Statement, Transaction, TransactionBehavior, params};
use time::OffsetDateTime;
use time::macros::format_description;

use super::error::{During, StoreError};
use super::feature::{Binder, Feature};
use super::layers::{self, Measure};
use super::rtree::{self, Entry};
use super::schema::{self, key_part, quoted};
use super::{Setting, edits};
use crate::model::{Epoch, Layer, LayerRole};

/// What the caller knows of a layer before its features are written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewLayer {
    pub epoch: Option<Epoch>,
    pub source: String,
    pub source_crs: String,
    pub operation: Option<String>,
    pub accuracy_m: Option<f64>,
    pub legend: Option<String>,
    /// The owner's names of the kept columns, in the order of each feature's `kept`.
    pub keep: Vec<String>,
    pub simulated: bool,
}

/// What to do about a layer that is there already; without one, all four make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Refuse with `LayerExists`.
    New,
    /// Take the old one out in the same transaction; ids may come again.
    Replace,
    /// Add; refuse with `IdsExist` when an id is there already.
    Append,
    /// Replace the features whose id is there, add the others.
    Update,
}

/// Takes the features of one layer. Dropped without `finish`, it leaves everything as it was.
pub struct LayerWriter<'s, F> {
    transaction: Transaction<'s>,
    path: &'s Path,
    srs_id: i32,
    layer: Layer,
    target: Target<'s>,
    blob: Vec<u8>,
    feature: PhantomData<F>,
}

/// A table being made, or one that lives.
enum Target<'s> {
    Fresh { insert: Statement<'s>, measure: Measure, entries: Vec<Entry> },
    Append { insert: Statement<'s>, existing: Vec<String>, n_existing: u64 },
    Update { update: Statement<'s>, insert: Statement<'s> },
}

/// So many of the offending ids a message names.
const N_NAMED: usize = 5;

impl<'s, F: Feature> LayerWriter<'s, F> {
    pub(super) fn begin(connection: &'s Connection, path: &'s Path, new: NewLayer, mode: Mode) -> Result<Self, StoreError> {
        let doing = "starting to write a layer";
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate).during(path, doing)?;
        let srs_id = layers::srs_id(connection, path)?;
        let taken: Vec<&str> = F::COLUMNS.iter().map(|column| column.0).collect();
        let keep = schema::column_names(&new.keep, &taken);
        let name = Layer::name_of(F::ROLE, new.epoch);
        let mut layer = described(new, name, keep, F::ROLE);
        let old = layers::all(connection, path)?.into_iter().find(|old| old.name == layer.name);
        let target = match (old, mode) {
            (Some(_), Mode::New) => return Err(StoreError::LayerExists { name: layer.name }),
            (Some(old), Mode::Append | Mode::Update) => {
                let columns = layer.keep.clone();
                join(&mut layer, old);
                add_missing_columns::<F>(connection, path, &layer)?;
                let insert = insert_sql::<F>(&layer.name, &columns, false);
                let prepare = |sql: &str| connection.prepare(sql).during(path, doing);
                match mode {
                    Mode::Append => {
                        let insert = prepare(&format!("{insert} ON CONFLICT DO NOTHING"))?;
                        Target::Append { insert, existing: Vec::new(), n_existing: 0 }
                    }
                    _ => Target::Update { update: prepare(&update_sql::<F>(&layer.name, &columns))?, insert: prepare(&insert)? },
                }
            }
            (old, _) => {
                if old.is_some() {
                    remove(connection, path, &layer.name)?;
                }
                make_table::<F>(connection, path, &layer, srs_id)?;
                let insert = connection.prepare(&insert_sql::<F>(&layer.name, &layer.keep, true)).during(path, doing)?;
                Target::Fresh { insert, measure: Measure::default(), entries: Vec::new() }
            }
        };
        Ok(LayerWriter { transaction, path, srs_id, layer, target, blob: Vec::new(), feature: PhantomData })
    }

    /// Adds one feature (or replaces it, when updating). `kept` follows `NewLayer::keep`.
    pub fn write(&mut self, feature: &F) -> Result<(), StoreError> {
        let bounds = feature.write_blob(self.srs_id, &mut self.blob);
        let done = match &mut self.target {
            Target::Fresh { insert, measure, entries } => {
                measure.add(feature.area_m2(), bounds);
                let fid = measure.n_features as i64;
                entries.extend(bounds.map(|bounds| Entry::new(fid, bounds)));
                put(insert, Some(fid), &self.blob, feature).map(drop)
            }
            Target::Append { insert, existing, n_existing } => put(insert, None, &self.blob, feature).map(|n_rows| {
                if n_rows == 0 {
                    *n_existing += 1;
                    if existing.len() < N_NAMED {
                        existing.push(feature.id().to_owned());
                    }
                }
            }),
            Target::Update { update, insert } => match put(update, None, &self.blob, feature) {
                Ok(0) => put(insert, None, &self.blob, feature).map(drop),
                done => done.map(drop),
            },
        };
        done.during(self.path, "writing a feature")
    }

    /// The layer holds made-up features.
    pub fn mark_simulated(&mut self) {
        self.layer.simulated = true;
    }

    /// Where it comes from, when that is known only now.
    pub fn set_source(&mut self, source: String) {
        self.layer.source = source;
    }

    /// Writes a setting in the layer's transaction.
    pub fn set_setting(&self, setting: &Setting, value: &str) -> Result<(), StoreError> {
        layers::set_setting(&self.transaction, self.path, &setting.key(), value)
    }

    /// Makes everything that was written last, as one revision; the layer as it is now.
    pub fn finish(self) -> Result<Layer, StoreError> {
        let LayerWriter { transaction, path, mut layer, target, .. } = self;
        let is_fresh = matches!(target, Target::Fresh { .. });
        let measure = match target {
            Target::Fresh { insert, measure, entries } => {
                drop(insert);
                complete_table::<F>(&transaction, path, &layer.name, entries)?;
                measure
            }
            Target::Append { existing, n_existing, .. } if n_existing > 0 => {
                return Err(StoreError::IdsExist { name: layer.name, ids: existing, n_ids: n_existing });
            }
            Target::Append { .. } | Target::Update { .. } => layers::measure(&transaction, path, &layer.name)?,
        };
        (layer.n_features, layer.area_m2, layer.extent) = (measure.n_features, measure.area_m2, measure.extent);
        layer.imported_at = now();
        layer.revision = layers::next_revision(&transaction, path)?;
        layers::record(&transaction, path, &layer)?;
        if is_fresh && layer.role == LayerRole::Zones {
            edits::zones_came(&transaction, path, &layer)?;
        }
        transaction.commit().during(path, "committing a layer")?;
        Ok(layer)
    }
}

pub(super) fn described(new: NewLayer, name: String, keep: Vec<String>, role: crate::model::LayerRole) -> Layer {
    Layer {
        name,
        role,
        epoch: new.epoch,
        source: new.source,
        source_crs: new.source_crs,
        operation: new.operation,
        accuracy_m: new.accuracy_m,
        legend: new.legend,
        keep,
        simulated: new.simulated,
        n_features: 0,
        area_m2: 0.0,
        extent: None,
        imported_at: String::new(),
        revision: 0,
        raster: None,
    }
}

/// RFC 3339 to the millisecond in UTC: the one form that `gpkg_contents.last_change` may have.
pub(super) fn now() -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::now_utc().format(&form).unwrap_or_else(|_| "1970-01-01T00:00:00.000Z".to_owned())
}

/// Makes `layer`, about to be added to `old`, say what is true of both.
fn join(layer: &mut Layer, old: Layer) {
    let both = |old: String, new: &str| if old.split("; ").any(|part| part == new) { old } else { format!("{old}; {new}") };
    let either = |old: Option<String>, new: &Option<String>| match (old, new) {
        (Some(old), Some(new)) => Some(both(old, new)),
        (old, new) => old.or_else(|| new.clone()),
    };
    layer.source = both(old.source, &layer.source);
    layer.source_crs = both(old.source_crs, &layer.source_crs);
    layer.operation = either(old.operation, &layer.operation);
    layer.legend = either(old.legend, &layer.legend);
    // Unknown beats known: one source without a stated accuracy leaves the layer without.
    layer.accuracy_m = old.accuracy_m.zip(layer.accuracy_m).map(|(a, b)| a.max(b));
    layer.simulated |= old.simulated;
    let new = std::mem::replace(&mut layer.keep, old.keep);
    for name in new {
        if !layer.keep.iter().any(|kept| kept.eq_ignore_ascii_case(&name)) {
            layer.keep.push(name);
        }
    }
}

/// Adds the columns that a living table lacks: newly kept ones, and ours that somebody took away.
pub(super) fn add_missing_columns<F: Feature>(connection: &Connection, path: &Path, layer: &Layer) -> Result<(), StoreError> {
    let present = columns_of(connection, path, &layer.name)?;
    let ours = F::COLUMNS.iter().map(|&(name, sql_type, _)| (name, sql_type));
    for (name, sql_type) in ours.chain(layer.keep.iter().map(|name| (name.as_str(), "TEXT"))) {
        if !present.iter().any(|column| column.eq_ignore_ascii_case(name)) {
            let sql = format!("ALTER TABLE {} ADD COLUMN {} {sql_type}", quoted(&layer.name), quoted(name));
            connection.execute_batch(&sql).during(path, "adding a column")?;
        }
    }
    Ok(())
}

/// The names of a table's columns; empty when there is no such table.
pub(super) fn columns_of(connection: &Connection, path: &Path, table: &str) -> Result<Vec<String>, StoreError> {
    let doing = "reading a table's columns";
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)").during(path, doing)?;
    let names = statement.query_map([table], |r| r.get(0)).during(path, doing)?;
    names.collect::<rusqlite::Result<_>>().during(path, doing)
}

/// `?1` is the geometry, then ours, then the kept ones; a fid comes last when the caller numbers.
pub(super) fn insert_sql<F: Feature>(table: &str, keep: &[String], with_fid: bool) -> String {
    let ours = F::COLUMNS.iter().map(|column| quoted(column.0));
    let mut names: Vec<String> = std::iter::once("geom".to_owned()).chain(ours).chain(keep.iter().map(|k| quoted(k))).collect();
    if with_fid {
        names.push("fid".to_owned());
    }
    let values: Vec<String> = (1..=names.len()).map(|i| format!("?{i}")).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", quoted(table), names.join(", "), values.join(", "))
}

pub(super) fn update_sql<F: Feature>(table: &str, keep: &[String]) -> String {
    let names = F::COLUMNS.iter().map(|column| column.0).chain(keep.iter().map(String::as_str));
    let set: String = names.enumerate().map(|(i, name)| format!(", {} = ?{}", quoted(name), i + 2)).collect();
    let key = F::COLUMNS.iter().take(F::N_KEY).enumerate();
    let key: Vec<String> =
        key.map(|(i, column)| format!("{} = {}", key_part(column, &quoted(column.0)), key_part(column, &format!("?{}", i + 2)))).collect();
    format!("UPDATE {} SET geom = ?1{set} WHERE {}", quoted(table), key.join(" AND "))
}

/// Binds a feature as `insert_sql` and `update_sql` number it, and runs; how many rows it changed.
pub(super) fn put<F: Feature>(statement: &mut Statement<'_>, fid: Option<i64>, blob: &[u8], feature: &F) -> rusqlite::Result<usize> {
    let n_kept = statement.parameter_count() - 1 - F::COLUMNS.len() - usize::from(fid.is_some());
    let mut cells = Binder::new(statement);
    cells.value(blob)?;
    feature.bind(&mut cells)?;
    let kept = feature.kept();
    (0..n_kept).try_for_each(|i| cells.value(kept.get(i).and_then(Option::as_deref)))?;
    fid.map_or(Ok(()), |fid| cells.value(fid))?;
    statement.raw_execute()
}

fn make_table<F: Feature>(connection: &Connection, path: &Path, layer: &Layer, srs_id: i32) -> Result<(), StoreError> {
    let doing = "making a layer's table";
    let name = &layer.name;
    make_room(connection, path, name)?;
    if F::ROLE == LayerRole::Codes {
        layers::needs_version(connection, path, schema::VERSION_OF_CODES)?;
    }
    let sql = schema::feature_table(name, F::GEOMETRY_TYPE, F::COLUMNS, &layer.keep);
    connection.execute_batch(&sql).during(path, doing)?;
    let sql = "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?1, 'features', ?1, ?2)";
    connection.execute(sql, params![name, srs_id]).during(path, doing)?;
    let sql = "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', ?2, ?3, 0, 0)";
    connection.execute(sql, params![name, F::GEOMETRY_TYPE, srs_id]).during(path, doing).map(drop)
}

/// Refuses a table that is not ours, and takes away what points to one that is gone: somebody may have dropped it by hand.
pub(super) fn make_room(connection: &Connection, path: &Path, name: &str) -> Result<(), StoreError> {
    let present = "SELECT 1 FROM sqlite_master WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')";
    if connection.query_row(present, [name], |_| Ok(())).optional().during(path, "making a layer's table")?.is_some() {
        return Err(StoreError::ForeignTable { path: path.to_owned(), name: name.to_owned() });
    }
    forget(connection, path, name)
}

/// Key index, tree and triggers of a table that has its rows.
fn complete_table<F: Feature>(connection: &Connection, path: &Path, name: &str, entries: Vec<Entry>) -> Result<(), StoreError> {
    let key = &F::COLUMNS[..F::N_KEY];
    match connection.execute_batch(&schema::key_index(name, key)) {
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => return Err(duplicates::<F>(connection, path, name)?),
        done => done.during(path, "indexing ids")?,
    }
    let doing = "indexing geometries";
    connection.execute_batch(&schema::tree_table(name)).during(path, doing)?;
    rtree::fill(connection, &schema::tree(name), entries).during(path, doing)?;
    connection.execute_batch(&schema::tree_triggers(name)).during(path, doing)?;
    let sql = "INSERT INTO gpkg_extensions VALUES (?1, 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec130/#extension_rtree', 'write-only')";
    connection.execute(sql, [name]).during(path, doing).map(drop)
}

fn duplicates<F: Feature>(connection: &Connection, path: &Path, name: &str) -> Result<StoreError, StoreError> {
    let doing = "looking for duplicate ids";
    let columns: Vec<String> = F::COLUMNS.iter().take(F::N_KEY).map(|column| quoted(column.0)).collect();
    let columns = columns.join(", ");
    let groups = format!("FROM {} GROUP BY {columns} HAVING count(*) > 1", quoted(name));
    let id = quoted(F::COLUMNS[0].0);
    let mut statement = connection.prepare(&format!("SELECT {id} {groups} ORDER BY {id} LIMIT {N_NAMED}")).during(path, doing)?;
    let ids = statement.query_map([], |r| r.get(0)).during(path, doing)?.collect::<rusqlite::Result<_>>().during(path, doing)?;
    let n_ids: i64 = connection.query_row(&format!("SELECT count(*) FROM (SELECT 1 {groups})"), [], |r| r.get(0)).during(path, doing)?;
    Ok(StoreError::DuplicateIds { name: name.to_owned(), ids, n_ids: n_ids.max(0) as u64 })
}

/// Takes a layer's tables out, inside a transaction of the caller.
pub(super) fn remove(connection: &Connection, path: &Path, name: &str) -> Result<(), StoreError> {
    let sql = format!("DROP TABLE IF EXISTS {}; DROP TABLE IF EXISTS {};", quoted(&schema::tree(name)), quoted(name));
    connection.execute_batch(&sql).during(path, "dropping a layer")?;
    forget(connection, path, name)
}

/// Takes out all that other tables say of a layer, those of GDAL and QGIS too: its feature count, its
/// metadata. Its styles stay, for a layer that comes again.
pub(super) fn forget(connection: &Connection, path: &Path, name: &str) -> Result<(), StoreError> {
    let doing = "dropping a layer";
    let ours = ["farmzone_layers", "gpkg_extensions", "gpkg_geometry_columns"];
    let others = ["gpkg_ogr_contents", "gpkg_data_columns", "gpkg_metadata_reference"];
    for table in ours.iter().chain(&others).chain(&["gpkg_contents"]) {
        let columns = columns_of(connection, path, table)?;
        if let Some(column) = columns.iter().find(|column| ["table_name", "name"].contains(&column.as_str())) {
            connection.execute(&format!("DELETE FROM {table} WHERE {column} = ?1 COLLATE NOCASE"), [name]).during(path, doing)?;
        }
    }
    Ok(())
}
