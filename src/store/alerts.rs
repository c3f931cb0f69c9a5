//! What everybody may know of the alerts: `farmzone_alerts`, one row per event that a step was taken with.
//!
//! The table is made with the first step. Who took it and why is in `NAME.private.sqlite`. Invariant: a step and the revision
//! that shows it are committed together.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::error::{During, StoreError};
use super::writer::now;
use super::{Reader, Store, layers, packed};
use crate::model::{AlertRecord, Revision};

const TABLE: &str = r#"CREATE TABLE IF NOT EXISTS farmzone_alerts (event TEXT PRIMARY KEY NOT NULL, status TEXT NOT NULL,
    n_steps INTEGER NOT NULL, changed TEXT NOT NULL, zone_id TEXT NOT NULL, "group" TEXT NOT NULL, code TEXT NOT NULL,
    epoch TEXT NOT NULL, since TEXT, "right" TEXT NOT NULL, area_m2 REAL NOT NULL, shape BLOB NOT NULL)"#;

/// The workspace's revision that the last step made.
const NUMBER: &str = "alerts";

impl Store {
    /// Keeps what an alert has become by a step, in place of what it was after `expected` steps. None, and nothing written, when it
    /// has had another number of steps by now. `record.changed` is set here.
    pub fn step_alert(&mut self, record: &AlertRecord, expected: u32) -> Result<Option<Revision>, StoreError> {
        let (path, doing) = (self.path.as_path(), "writing an alert");
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).during(path, doing)?;
        transaction.execute_batch(TABLE).during(path, "making room for alerts")?;
        let n_steps = "SELECT n_steps FROM farmzone_alerts WHERE event = ?1";
        let found: Option<u32> = transaction.query_row(n_steps, [&record.event], |row| row.get(0)).optional().during(path, doing)?;
        if found.unwrap_or(0) != expected {
            return Ok(None);
        }
        write(&transaction, record).during(path, doing)?;
        let revision = layers::next_revision(&transaction, path)?;
        layers::set_setting(&transaction, path, NUMBER, &revision.to_string())?;
        transaction.commit().during(path, doing)?;
        Ok(Some(revision))
    }
}

fn write(connection: &Connection, record: &AlertRecord) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO farmzone_alerts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let (epoch, since) = (record.epoch.to_string(), record.since.map(|epoch| epoch.to_string()));
    let AlertRecord { event, status, n_steps, zone_id, group, code, right, area_m2, .. } = record;
    let (status, group, right, shape) = (status.as_str(), group.as_str(), right.as_str(), packed::pack(&record.shape));
    connection.execute(sql, params![event, status, n_steps, now(), zone_id, group, code, epoch, since, right, area_m2, shape]).map(drop)
}

impl Reader {
    /// Differs when a step was taken since; 0 before the first.
    pub fn alerts_number(&self) -> Result<Revision, StoreError> {
        let text = layers::setting(&self.connection, &self.path, NUMBER)?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
    }

    /// By event. A row that somebody's edit made unreadable is left out: its event is new again.
    pub fn alerts(&self) -> Result<Vec<AlertRecord>, StoreError> {
        let doing = "reading the alerts";
        if !has_table(&self.connection, &self.path)? {
            return Ok(Vec::new());
        }
        let sql = r#"SELECT event, status, n_steps, changed, zone_id, "group", code, epoch, since, "right", area_m2, shape
            FROM farmzone_alerts ORDER BY event"#;
        let mut statement = self.connection.prepare(sql).during(&self.path, doing)?;
        let rows = statement.query_map([], |row| Ok(record(row))).during(&self.path, doing)?;
        let rows: Vec<Option<AlertRecord>> = rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)?;
        let n_unreadable = rows.iter().filter(|row| row.is_none()).count();
        if n_unreadable > 0 {
            tracing::warn!(n_unreadable, "rows of farmzone_alerts that cannot be read are left out");
        }
        Ok(rows.into_iter().flatten().collect())
    }
}

fn has_table(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'farmzone_alerts')";
    connection.query_row(sql, [], |row| row.get(0)).during(path, "looking for alerts")
}

/// None when a cell holds what we never write.
fn record(row: &Row<'_>) -> Option<AlertRecord> {
    let text = |at: usize| row.get::<_, String>(at).ok();
    let shape: Vec<u8> = row.get(11).ok()?;
    Some(AlertRecord {
        event: text(0)?,
        status: text(1)?.parse().ok()?,
        n_steps: row.get(2).ok()?,
        changed: text(3)?,
        zone_id: text(4)?,
        group: text(5)?.parse().ok()?,
        code: text(6)?,
        epoch: text(7)?.parse().ok()?,
        since: row.get::<_, Option<String>>(8).ok()?.map(|epoch| epoch.parse()).transpose().ok()?,
        right: text(9)?.parse().ok()?,
        area_m2: row.get(10).ok()?,
        shape: packed::unpack(&shape)?,
    })
}
