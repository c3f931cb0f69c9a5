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
    /// JSON: the zones that each operation made.
    pub made: String,
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

/// Which edits are asked for; none of it: all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EditFilter {
    pub zone: Option<String>,
    pub who: Option<String>,
    /// The first and the last day (UTC) of when it was recorded: RFC 3339 without the hour.
    pub since: Option<String>,
    pub until: Option<String>,
}

/// What an edit made of one zone.
pub type Version = (Edit, ZoneChange);

/// The revisions of zones: those whose rows changed since the layer came, and that of all others.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ZoneRevisions {
    pub changed: HashMap<String, Revision>,
    pub others: Revision,
    /// Whether every change of a row is noted; else any may have changed with its layer.
    pub is_tracked: bool,
    /// Differs when any table was made otherwise, by whomever.
    pub schema: i64,
    /// Rows of the layer.
    pub n_zones: u64,
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
        layers::needs_version(connection, path, schema::VERSION_OF_EDITS)?;
    }
    // Another program may have made the table anew, or taken a column away.
    super::writer::add_missing_columns::<Zone>(connection, path, zones)?;
    if is_tracked(connection, path, &zones.name)? {
        return Ok(());
    }
    let index = schema::key_index(&zones.name, &Zone::COLUMNS[..Zone::N_KEY]).replacen("INDEX", "INDEX IF NOT EXISTS", 1);
    connection.execute_batch(&index).during(path, doing)?;
    zones_came(connection, path, zones)
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
            None => one_row(path, &change.id, delete.execute([&change.id]).during(path, doing)?)?,
            Some(zone) => {
                let bounds = zone.write_blob(srs_id, &mut bytes);
                let statement = if change.before.is_some() { &mut update } else { &mut insert };
                one_row(path, &change.id, put(statement, None, &bytes, zone).during(path, doing)?)?;
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

/// What is to be changed must be there, and once.
fn one_row(path: &Path, id: &str, n_rows: usize) -> Result<(), StoreError> {
    let damaged = || StoreError::Damaged { path: path.to_owned(), what: format!("the zone “{id}” is there {n_rows} times") };
    if n_rows == 1 { Ok(()) } else { Err(damaged()) }
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
    let sql = "INSERT INTO farmzone_edits (edit, revision, at, who, reason, decision, valid_from, undoes, operations, made)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let Edit { id, revision, at, who, reason, decision, valid_from, undoes, operations, made, changes } = edit;
    let values = params![id, *revision as i64, at, who, reason, decision, valid_from, undoes, operations, made];
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
    let schema = connection.query_row("PRAGMA schema_version", [], |row| row.get(0)).during(path, doing)?;
    let count = format!("SELECT count(*) FROM {}", quoted(&layer.name));
    let n_zones: i64 = connection.query_row(&count, [], |row| row.get(0)).during(path, doing)?;
    Ok(ZoneRevisions { changed, others, is_tracked: true, schema, n_zones: n_zones.unsigned_abs() })
}

const COLUMNS: &str = "edit, revision, at, who, reason, decision, valid_from, undoes, operations, made";

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
        made: row.get(9)?,
        changes: Vec::new(),
    })
}

/// What became of zones, by a condition on `farmzone_zone_changes` with one parameter; with the edit's id.
fn changes_where(
    connection: &Connection,
    path: &Path,
    condition: &str,
    value: &str,
    most: usize,
) -> Result<Vec<(String, ZoneChange)>, StoreError> {
    let doing = "reading an edit";
    let srs_id = layers::srs_id(connection, path)?;
    let sql = format!(
        "SELECT zone, parents, before, before_geom, after, after_geom, edit FROM farmzone_zone_changes
        WHERE {condition} ORDER BY id DESC LIMIT {most}"
    );
    let mut statement = connection.prepare(&sql).during(path, doing)?;
    let mut rows = statement.query([value]).during(path, doing)?;
    let damaged = |what: String| StoreError::Damaged { path: path.to_owned(), what: format!("an edit: {what}") };
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
        let parents = get(1)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let id = row.get(0).during(path, doing)?;
        let change = ZoneChange { id, before: zone(get(2)?, bytes(3)?)?, after: zone(get(4)?, bytes(5)?)?, parents };
        changes.push((row.get(6).during(path, doing)?, change));
    }
    Ok(changes)
}

fn changes_of(connection: &Connection, path: &Path, edit: &str) -> Result<Vec<ZoneChange>, StoreError> {
    let mut changes = changes_where(connection, path, "edit = ?1", edit, usize::MAX >> 1)?;
    changes.sort_by(|a, b| a.1.id.cmp(&b.1.id));
    Ok(changes.into_iter().map(|(_, change)| change).collect())
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

    pub fn has_edit(&self, id: &str) -> Result<bool, StoreError> {
        let (connection, path) = (&self.connection, self.path.as_path());
        if !has_tables(connection, path)? {
            return Ok(false);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM farmzone_edits WHERE edit = ?1)";
        connection.query_row(sql, [id], |row| row.get(0)).during(path, "reading an edit")
    }

    /// How many changes of zones were recorded after a revision.
    pub fn n_changes_after(&self, revision: Revision) -> Result<u64, StoreError> {
        let (connection, path) = (&self.connection, self.path.as_path());
        if !has_tables(connection, path)? {
            return Ok(0);
        }
        let sql = "SELECT count(*) FROM farmzone_zone_changes WHERE edit IN (SELECT edit FROM farmzone_edits WHERE revision > ?1)";
        let n: i64 = connection.query_row(sql, [revision as i64], |row| row.get(0)).during(path, "reading the edits")?;
        Ok(n.unsigned_abs())
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

    /// The revision of the last edit that was recorded at or before a time (RFC 3339); none when there is none.
    pub fn last_edit_until(&self, at: &str) -> Result<Option<Revision>, StoreError> {
        let (connection, path) = (&self.connection, self.path.as_path());
        if !has_tables(connection, path)? {
            return Ok(None);
        }
        let sql = "SELECT max(revision) FROM farmzone_edits WHERE at <= ?1";
        let found: Option<i64> = connection.query_row(sql, [at], |row| row.get(0)).during(path, "reading the edits")?;
        Ok(found.map(|revision| revision.unsigned_abs()))
    }

    /// Each row whose last change no edit tells of: another program made it.
    pub fn has_untold_changes(&self) -> Result<bool, StoreError> {
        let (connection, path) = (&self.connection, self.path.as_path());
        if !has_tables(connection, path)? {
            return Ok(false);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM farmzone_zone_revisions r WHERE NOT EXISTS (SELECT 1 FROM farmzone_zone_changes c
            JOIN farmzone_edits e ON e.edit = c.edit WHERE c.zone = r.zone AND e.revision = r.revision))";
        connection.query_row(sql, [], |row| row.get(0)).during(path, "reading the edits")
    }

    /// What edits made of one zone, the latest first, at most so many, each with its edit; and the zones that its land went to.
    pub fn versions(&self, zone: &str, most: usize) -> Result<(Vec<Version>, Vec<String>), StoreError> {
        let (connection, path, doing) = (&self.connection, self.path.as_path(), "reading a zone's edits");
        if !has_tables(connection, path)? {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut versions = Vec::new();
        let sql = format!("SELECT {COLUMNS} FROM farmzone_edits WHERE edit = ?1");
        let mut statement = connection.prepare(&sql).during(path, doing)?;
        for (edit, change) in changes_where(connection, path, "zone = ?1", zone, most)? {
            versions.push((statement.query_row([edit], read_edit).during(path, doing)?, change));
        }
        let sql = "SELECT DISTINCT zone FROM farmzone_zone_changes WHERE parents <> '[]'
            AND EXISTS (SELECT 1 FROM json_each(parents) WHERE value = ?1) ORDER BY zone LIMIT 1000";
        let mut statement = connection.prepare(sql).during(path, doing)?;
        let children = statement.query_map([zone], |row| row.get(0)).during(path, doing)?;
        let children = children.collect::<rusqlite::Result<_>>().during(path, doing)?;
        Ok((versions, children))
    }

    /// A part of the edits that a filter takes, the latest first; how many there are.
    pub fn edits(&self, which: &EditFilter, limit: usize, offset: usize) -> Result<(Vec<Edit>, u64), StoreError> {
        let (connection, path, doing) = (&self.connection, self.path.as_path(), "reading the edits");
        if !has_tables(connection, path)? {
            return Ok((Vec::new(), 0));
        }
        let wanted = "(?1 IS NULL OR edit IN (SELECT edit FROM farmzone_zone_changes WHERE zone = ?1)) AND (?2 IS NULL OR who = ?2)
            AND (?3 IS NULL OR substr(at, 1, 10) >= ?3) AND (?4 IS NULL OR substr(at, 1, 10) <= ?4)";
        let EditFilter { zone, who, since, until } = which;
        let count = format!("SELECT count(*) FROM farmzone_edits WHERE {wanted}");
        let n: i64 = connection.query_row(&count, params![zone, who, since, until], |row| row.get(0)).during(path, doing)?;
        let sql = format!("SELECT {COLUMNS} FROM farmzone_edits WHERE {wanted} ORDER BY id DESC LIMIT ?5 OFFSET ?6");
        let mut statement = connection.prepare(&sql).during(path, doing)?;
        let values = params![zone, who, since, until, limit as i64, offset as i64];
        let rows = statement.query_map(values, read_edit).during(path, doing)?;
        let mut edits: Vec<Edit> = rows.collect::<rusqlite::Result<_>>().during(path, doing)?;
        for edit in &mut edits {
            edit.changes = changes_of(connection, path, &edit.id)?;
        }
        Ok((edits, n.unsigned_abs()))
    }
}
