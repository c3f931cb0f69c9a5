//! Edits of zones: the zones themselves and what became of each, in one transaction.
//!
//! History is a list of edits with every zone before and after. A zone's revision is that of the last change of its row,
//! whoever made it: triggers note it, also when QGIS writes. The tables are made with the first edit; a workspace
//! without them has zones of the revision of their layer.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::error::{During, StoreError};
use super::feature::{AsRow, Cells};
use super::schema::quoted;
use super::writer::{insert_sql, now, put, update_sql};
use super::{Store, blob, layers, schema};
use crate::geom;
use crate::model::{Layer, LayerRole, MultiPolygon, Revision, Zone};

/// An edit as it is kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edit {
    /// Unique: who sends it names it, so that the same one is not made twice.
    pub id: String,
    /// The workspace's revision that it made.
    pub revision: Revision,
    /// When it was recorded: RFC 3339, UTC.
    pub at: String,
    /// The account's name.
    pub who: String,
    pub reason: String,
    pub decision: Option<String>,
    /// From when on it holds in law, as it was given.
    pub valid_from: Option<String>,
    /// The edit that this one takes back.
    pub undoes: Option<String>,
    /// JSON, as it was asked for.
    pub operations: String,
    pub changes: Vec<ZoneChange>,
}

/// One zone before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneChange {
    pub id: String,
    pub before: Option<Zone>,
    pub after: Option<Zone>,
    pub parents: Vec<String>,
}

/// The revisions of zones: those whose rows changed since the layer came, and that of all others.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ZoneRevisions {
    pub changed: HashMap<String, Revision>,
    pub others: Revision,
    /// Whether every change of a row is noted; else any may have changed with its layer.
    pub is_tracked: bool,
}

impl ZoneRevisions {
    pub fn of(&self, id: &str) -> Revision {
        self.changed.get(id).copied().unwrap_or(self.others)
    }
}

/// The revision of zones that nobody changed since their layer came.
const BORN: &str = "zones_born";

impl Store {
    /// Keeps an edit and makes its zones so. `expected` is the revision that the edit was judged by: when the workspace is
    /// another by now, nothing is written and the answer is none. `edit.revision` and `edit.at` are set here.
    pub fn edit_zones(&mut self, edit: Edit, expected: Revision) -> Result<Option<Edit>, StoreError> {
        let (connection, path) = (&self.connection, self.path.as_path());
        let doing = "writing an edit";
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate).during(path, doing)?;
        let kept = keep(&transaction, path, edit, expected)?;
        if kept.is_some() {
            transaction.commit().during(path, doing)?;
        }
        Ok(kept)
    }

    /// An edit by its id, with its changes.
    pub fn edit(&self, id: &str) -> Result<Option<Edit>, StoreError> {
        edit(&self.connection, &self.path, id)
    }
}

/// Keeps an edit inside a transaction of the caller.
pub(super) fn keep(connection: &Connection, path: &Path, mut edit: Edit, expected: Revision) -> Result<Option<Edit>, StoreError> {
    if layers::revision(connection, path)? != expected || !layers::are_settled(connection, path)? {
        return Ok(None);
    }
    let mut layer = layers::named(connection, path, &Layer::name_of(LayerRole::Zones, None))?;
    prepare(connection, path, &layer)?;
    let srs_id = layers::srs_id(connection, path)?;
    write_zones(connection, path, &mut layer, srs_id, &edit.changes)?;
    edit.revision = layers::next_revision(connection, path)?;
    edit.at = now();
    layer.revision = edit.revision;
    layers::record_change(connection, path, &layer, &edit.at)?;
    write_edit(connection, path, srs_id, &edit)?;
    Ok(Some(edit))
}

fn has_tables(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'farmzone_zone_revisions')";
    connection.query_row(sql, [], |row| row.get(0)).during(path, "looking for edits")
}

/// Whether the triggers are there: another program that made the table anew took them away.
fn is_tracked(connection: &Connection, path: &Path, zones: &str) -> Result<bool, StoreError> {
    let sql =
        "SELECT count(*) = 3 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 AND name LIKE '%\\_revision\\_%' ESCAPE '\\'";
    connection.query_row(sql, [zones], |row| row.get(0)).during(path, "looking for edits")
}

/// Makes the tables and the triggers where they are missing.
fn prepare(connection: &Connection, path: &Path, zones: &Layer) -> Result<(), StoreError> {
    let doing = "making room for edits";
    if !has_tables(connection, path)? {
        connection.execute_batch(schema::EDITS).during(path, doing)?;
        // A farmzone from before these tables would change zones without a word.
        layers::needs_version(connection, path, schema::VERSION)?;
    }
    if is_tracked(connection, path, &zones.name)? { Ok(()) } else { zones_came(connection, path, zones) }
}

/// The zones came anew, all of `revision`: what was noted of their rows is of others.
pub(super) fn zones_came(connection: &Connection, path: &Path, layer: &Layer) -> Result<(), StoreError> {
    if !has_tables(connection, path)? {
        return Ok(());
    }
    connection.execute("DELETE FROM farmzone_zone_revisions", []).during(path, "noting new zones")?;
    layers::set_setting(connection, path, BORN, &layer.revision.to_string())?;
    connection.execute_batch(&schema::revision_triggers(&layer.name)).during(path, "noting new zones")
}

fn write_zones(connection: &Connection, path: &Path, layer: &mut Layer, srs_id: i32, changes: &[ZoneChange]) -> Result<(), StoreError> {
    let doing = "writing zones";
    let mut update = connection.prepare(&update_sql::<Zone>(&layer.name, &layer.keep)).during(path, doing)?;
    let mut insert = connection.prepare(&insert_sql::<Zone>(&layer.name, &layer.keep, false)).during(path, doing)?;
    let mut delete = connection.prepare(&format!("DELETE FROM {} WHERE id = ?1", quoted(&layer.name))).during(path, doing)?;
    let area_of = |zone: &Option<Zone>| zone.as_ref().map_or(0.0, |z| geom::area_m2(&z.shape));
    let mut bytes = Vec::new();
    for change in changes {
        match &change.after {
            None => drop(delete.execute([&change.id]).during(path, doing)?),
            Some(zone) => {
                let bounds = zone.write_blob(srs_id, &mut bytes);
                let statement = if change.before.is_some() { &mut update } else { &mut insert };
                put(statement, None, &bytes, zone).during(path, doing)?;
                // A box that is too large is still one that holds all.
                layer.extent = match (layer.extent, bounds) {
                    (Some(a), Some(b)) => Some([a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]),
                    (one, other) => one.or(other),
                };
            }
        }
        layer.area_m2 += area_of(&change.after) - area_of(&change.before);
        layer.n_features += u64::from(change.before.is_none());
        layer.n_features -= u64::from(change.after.is_none()).min(layer.n_features);
    }
    Ok(())
}

/// A zone's attributes and shape as two cells.
fn cells(zone: &Option<Zone>, srs_id: i32) -> (Option<String>, Option<Vec<u8>>) {
    let Some(zone) = zone else { return (None, None) };
    let mut bytes = Vec::new();
    blob::write_shape(&zone.shape, srs_id, &mut bytes);
    (serde_json::to_string(zone).ok(), Some(bytes))
}

fn write_edit(connection: &Connection, path: &Path, srs_id: i32, edit: &Edit) -> Result<(), StoreError> {
    let doing = "writing an edit";
    let sql = "INSERT INTO farmzone_edits (edit, revision, at, who, reason, decision, valid_from, undoes, operations)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let Edit { id, revision, at, who, reason, decision, valid_from, undoes, operations, changes } = edit;
    let values = params![id, *revision as i64, at, who, reason, decision, valid_from, undoes, operations];
    connection.execute(sql, values).during(path, doing)?;
    let sql = "INSERT INTO farmzone_zone_changes (edit, zone, before, before_geom, after, after_geom, parents)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut insert = connection.prepare(sql).during(path, doing)?;
    for ZoneChange { id: zone, before, after, parents } in changes {
        let ((before, before_geom), (after, after_geom)) = (cells(before, srs_id), cells(after, srs_id));
        let parents = serde_json::json!(parents).to_string();
        insert.execute(params![id, zone, before, before_geom, after, after_geom, parents]).during(path, doing)?;
    }
    Ok(())
}

/// The revision of every zone of this state.
pub(super) fn zone_revisions(connection: &Connection, path: &Path, layer: &Layer) -> Result<ZoneRevisions, StoreError> {
    let others = layer.revision;
    if !has_tables(connection, path)? || !is_tracked(connection, path, &layer.name)? {
        return Ok(ZoneRevisions { others, ..ZoneRevisions::default() });
    }
    let doing = "reading the revisions of zones";
    let others = layers::setting(connection, path, BORN)?.and_then(|text| text.parse().ok()).unwrap_or(others);
    let mut statement = connection.prepare("SELECT zone, revision FROM farmzone_zone_revisions").during(path, doing)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0) as Revision))).during(path, doing)?;
    let changed = rows.collect::<rusqlite::Result<_>>().during(path, doing)?;
    Ok(ZoneRevisions { changed, others, is_tracked: true })
}

const COLUMNS: &str = "edit, revision, at, who, reason, decision, valid_from, undoes, operations";

fn read_edit(row: &Row<'_>) -> rusqlite::Result<Edit> {
    Ok(Edit {
        id: row.get(0)?,
        revision: row.get::<_, i64>(1)?.max(0) as Revision,
        at: row.get(2)?,
        who: row.get(3)?,
        reason: row.get(4)?,
        decision: row.get(5)?,
        valid_from: row.get(6)?,
        undoes: row.get(7)?,
        operations: row.get(8)?,
        changes: Vec::new(),
    })
}

fn changes_of(connection: &Connection, path: &Path, edit: &str) -> Result<Vec<ZoneChange>, StoreError> {
    let doing = "reading an edit";
    let srs_id = layers::srs_id(connection, path)?;
    let sql = "SELECT zone, before, before_geom, after, after_geom, parents FROM farmzone_zone_changes WHERE edit = ?1 ORDER BY zone";
    let mut statement = connection.prepare(sql).during(path, doing)?;
    let mut rows = statement.query([edit]).during(path, doing)?;
    let damaged = |what: String| StoreError::Damaged { path: path.to_owned(), what: format!("edit {edit}: {what}") };
    let zone = |text: Option<String>, bytes: Option<Vec<u8>>| -> Result<Option<Zone>, StoreError> {
        let Some(text) = text else { return Ok(None) };
        let mut zone: Zone = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        zone.shape = match bytes {
            Some(bytes) => blob::read_shape(&bytes, srs_id).map_err(|e| damaged(e.to_string()))?,
            None => MultiPolygon::new(Vec::new()),
        };
        Ok(Some(zone))
    };
    let mut changes = Vec::new();
    while let Some(row) = rows.next().during(path, doing)? {
        let get = |i: usize| row.get::<_, Option<String>>(i).during(path, doing);
        let bytes = |i: usize| row.get::<_, Option<Vec<u8>>>(i).during(path, doing);
        let parents: String = row.get(5).during(path, doing)?;
        changes.push(ZoneChange {
            id: row.get(0).during(path, doing)?,
            before: zone(get(1)?, bytes(2)?)?,
            after: zone(get(3)?, bytes(4)?)?,
            parents: serde_json::from_str(&parents).unwrap_or_default(),
        });
    }
    Ok(changes)
}

fn edit(connection: &Connection, path: &Path, id: &str) -> Result<Option<Edit>, StoreError> {
    if !has_tables(connection, path)? {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS} FROM farmzone_edits WHERE edit = ?1");
    let found = connection.query_row(&sql, [id], read_edit).optional().during(path, "reading an edit")?;
    let Some(mut edit) = found else { return Ok(None) };
    edit.changes = changes_of(connection, path, id)?;
    Ok(Some(edit))
}

impl super::Reader {
    /// The revision of every zone.
    pub fn zone_revisions(&self, layer: &Layer) -> Result<ZoneRevisions, StoreError> {
        zone_revisions(&self.connection, &self.path, layer)
    }

    /// The zones with these ids, those that are there; none when one of them cannot be read.
    pub fn zones_of(&self, layer: &Layer, ids: &[&str]) -> Result<Option<Vec<Zone>>, StoreError> {
        let doing = "reading zones";
        let sql = self.select_where::<Zone>(layer, "id = ?1")?;
        let mut statement = self.connection.prepare(&sql).during(&self.path, doing)?;
        let mut zones = Vec::new();
        for id in ids {
            let mut rows = statement.query([id]).during(&self.path, doing)?;
            while let Some(row) = rows.next().during(&self.path, doing)? {
                match Zone::read(&mut Cells::new(row, layer.keep.len(), self.srs_id)) {
                    Ok(zone) => zones.push(zone),
                    Err(_) => return Ok(None),
                }
            }
        }
        Ok(Some(zones))
    }

    pub fn edit(&self, id: &str) -> Result<Option<Edit>, StoreError> {
        edit(&self.connection, &self.path, id)
    }

    /// The edits after a revision, the earliest first, with their changes.
    pub fn edits_after(&self, revision: Revision) -> Result<Vec<Edit>, StoreError> {
        let (connection, path, doing) = (&self.connection, self.path.as_path(), "reading the edits");
        if !has_tables(connection, path)? {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {COLUMNS} FROM farmzone_edits WHERE revision > ?1 ORDER BY id");
        let mut statement = connection.prepare(&sql).during(path, doing)?;
        let rows = statement.query_map([revision as i64], read_edit).during(path, doing)?;
        let mut edits: Vec<Edit> = rows.collect::<rusqlite::Result<_>>().during(path, doing)?;
        for edit in &mut edits {
            edit.changes = changes_of(connection, path, &edit.id)?;
        }
        Ok(edits)
    }

    /// A part of the edits, of one zone or of all, the latest first; how many there are.
    pub fn edits(&self, zone: Option<&str>, limit: usize, offset: usize) -> Result<(Vec<Edit>, u64), StoreError> {
        let (connection, path, doing) = (&self.connection, self.path.as_path(), "reading the edits");
        if !has_tables(connection, path)? {
            return Ok((Vec::new(), 0));
        }
        let wanted = "?1 IS NULL OR edit IN (SELECT edit FROM farmzone_zone_changes WHERE zone = ?1)";
        let count = format!("SELECT count(*) FROM farmzone_edits WHERE {wanted}");
        let n: i64 = connection.query_row(&count, [zone], |row| row.get(0)).during(path, doing)?;
        let sql = format!("SELECT {COLUMNS} FROM farmzone_edits WHERE {wanted} ORDER BY id DESC LIMIT ?2 OFFSET ?3");
        let mut statement = connection.prepare(&sql).during(path, doing)?;
        let rows = statement.query_map(params![zone, limit as i64, offset as i64], read_edit).during(path, doing)?;
        let mut edits: Vec<Edit> = rows.collect::<rusqlite::Result<_>>().during(path, doing)?;
        for edit in &mut edits {
            edit.changes = changes_of(connection, path, &edit.id)?;
        }
        Ok((edits, n.unsigned_abs()))
    }
}
