//! What officers say of alerts: who took which step and why, whose an alert is and until when, notes, photos.
//!
//! A step is written here first, then its status in the workspace: one of a higher number than the workspace has was never
//! taken, is not shown, and gives way to the next.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};

use super::PrivateStore;
use crate::model::AlertStatus;
use crate::store::error::{During, StoreError};

pub(super) const TABLES: &str = "
CREATE TABLE alerts (
  event TEXT PRIMARY KEY, revision INTEGER NOT NULL, assigned TEXT REFERENCES accounts(name) ON DELETE SET NULL, due TEXT)
  STRICT, WITHOUT ROWID;
CREATE TABLE alert_steps (
  event TEXT NOT NULL, n INTEGER NOT NULL, status TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (event, n)) STRICT, WITHOUT ROWID;
CREATE TABLE alert_notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX alert_notes_event ON alert_notes(event);
CREATE TABLE alert_photos (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL,
  media_type TEXT NOT NULL, taken TEXT, lon REAL, lat REAL, original BLOB NOT NULL, n_bytes INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX alert_photos_event ON alert_photos(event);";

/// Whose an alert is, and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertDesk {
    /// Grows by one with every change of whose it is and until when.
    pub revision: u32,
    /// An account's name.
    pub assigned: Option<String>,
    /// `YYYY-MM-DD`.
    pub due: Option<String>,
    pub n_notes: u32,
    pub n_photos: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertStep {
    /// From 1.
    pub n: u32,
    pub status: AlertStatus,
    /// Seconds since 1970.
    pub at: i64,
    /// An account's name; empty when farmzone itself took it.
    pub who: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertNote {
    pub id: i64,
    pub at: i64,
    pub who: String,
    pub text: String,
}

/// A photo, its bytes apart.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertPhoto {
    pub id: i64,
    pub at: i64,
    pub who: String,
    pub name: String,
    pub media_type: String,
    /// As the camera has it, ISO 8601.
    pub taken: Option<String>,
    /// Degrees.
    pub lonlat: Option<[f64; 2]>,
    /// BLAKE3 of the file as it was sent.
    pub original: [u8; 32],
    /// Of what is kept.
    pub n_bytes: u64,
}

const PHOTO: &str = "id, at, who, name, media_type, taken, lon, lat, original, n_bytes";

impl PrivateStore {
    /// Of every alert that somebody said something of.
    pub fn alert_desks(&self) -> Result<BTreeMap<String, AlertDesk>, StoreError> {
        let mut desks: BTreeMap<String, AlertDesk> = BTreeMap::new();
        let doing = "reading the alerts";
        let mut each = |sql: &str, put: &dyn Fn(&mut AlertDesk, &Row<'_>) -> rusqlite::Result<()>| -> Result<(), StoreError> {
            let mut statement = self.connection.prepare(sql).during(&self.path, doing)?;
            let mut rows = statement.query([]).during(&self.path, doing)?;
            while let Some(row) = rows.next().during(&self.path, doing)? {
                let event = row.get(0).during(&self.path, doing)?;
                put(desks.entry(event).or_default(), row).during(&self.path, doing)?;
            }
            Ok(())
        };
        each("SELECT event, revision, assigned, due FROM alerts", &|desk, row| {
            (desk.revision, desk.assigned, desk.due) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(())
        })?;
        each("SELECT event, count(*) FROM alert_notes GROUP BY event", &|desk, row| {
            desk.n_notes = row.get(1)?;
            Ok(())
        })?;
        each("SELECT event, count(*) FROM alert_photos GROUP BY event", &|desk, row| {
            desk.n_photos = row.get(1)?;
            Ok(())
        })?;
        Ok(desks)
    }

    pub fn alert_desk(&self, event: &str) -> Result<AlertDesk, StoreError> {
        let sql = "SELECT coalesce(revision, 0), assigned, due, (SELECT count(*) FROM alert_notes n WHERE n.event = e.event),
            (SELECT count(*) FROM alert_photos p WHERE p.event = e.event) FROM (SELECT ?1 AS event) e LEFT JOIN alerts a ON a.event = e.event";
        let desk = |row: &Row<'_>| {
            let (revision, assigned, due) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(AlertDesk { revision, assigned, due, n_notes: row.get(3)?, n_photos: row.get(4)? })
        };
        self.connection.query_row(sql, [event], desk).during(&self.path, "reading an alert")
    }

    /// Says whose an alert is and until when; false, and nothing written, when it is of another revision by now.
    pub fn assign_alert(&mut self, event: &str, expected: u32, assigned: Option<&str>, due: Option<&str>) -> Result<bool, StoreError> {
        let done = self.try_change("assigning an alert", |c| {
            let found = c.query_row("SELECT revision FROM alerts WHERE event = ?1", [event], |row| row.get::<_, u32>(0)).optional()?;
            if found.unwrap_or(0) != expected {
                return Ok(Err(()));
            }
            let sql = "INSERT OR REPLACE INTO alerts (event, revision, assigned, due) VALUES (?1, ?2, ?3, ?4)";
            c.execute(sql, params![event, expected + 1, assigned, due]).map(|_| Ok(()))
        })?;
        Ok(done.is_ok())
    }

    /// In place of steps of the same numbers, which were never taken.
    pub fn add_alert_steps(&mut self, event: &str, steps: &[AlertStep]) -> Result<(), StoreError> {
        self.change("writing a step", |c| {
            let first = steps.iter().map(|step| step.n).min().unwrap_or(u32::MAX);
            c.execute("DELETE FROM alert_steps WHERE event = ?1 AND n >= ?2", params![event, first])?;
            let mut insert = c.prepare("INSERT INTO alert_steps (event, n, status, at, who, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            for AlertStep { n, status, at, who, reason } in steps {
                insert.execute(params![event, n, status.as_str(), at, who, reason])?;
            }
            Ok(())
        })
    }

    /// The first `n_steps` of them.
    pub fn alert_steps(&self, event: &str, n_steps: u32) -> Result<Vec<AlertStep>, StoreError> {
        let sql = "SELECT n, status, at, who, reason FROM alert_steps WHERE event = ?1 AND n <= ?2 ORDER BY n";
        let step = |row: &Row<'_>| {
            let status: String = row.get(1)?;
            // A status of a later version is one that somebody looks at.
            let status = status.parse().unwrap_or(AlertStatus::Checked);
            Ok(AlertStep { n: row.get(0)?, status, at: row.get(2)?, who: row.get(3)?, reason: row.get(4)? })
        };
        self.list_of_alert(sql, params![event, n_steps], step)
    }

    /// The note's number; none when the alert has `most` notes already.
    pub fn add_alert_note(&mut self, event: &str, note: &AlertNote, most: u32) -> Result<Option<i64>, StoreError> {
        self.change("writing a note", |c| {
            let sql = "INSERT INTO alert_notes (event, at, who, text) SELECT ?1, ?2, ?3, ?4
                WHERE (SELECT count(*) FROM alert_notes WHERE event = ?1) < ?5";
            let n = c.execute(sql, params![event, note.at, note.who, note.text, most])?;
            Ok((n == 1).then(|| c.last_insert_rowid()))
        })
    }

    /// The oldest first.
    pub fn alert_notes(&self, event: &str) -> Result<Vec<AlertNote>, StoreError> {
        let sql = "SELECT id, at, who, text FROM alert_notes WHERE event = ?1 ORDER BY id";
        let note = |row: &Row<'_>| Ok(AlertNote { id: row.get(0)?, at: row.get(1)?, who: row.get(2)?, text: row.get(3)? });
        self.list_of_alert(sql, params![event], note)
    }

    /// The photo's number; none when the alert has `most` photos already.
    pub fn add_alert_photo(&mut self, event: &str, photo: &AlertPhoto, bytes: &[u8], most: u32) -> Result<Option<i64>, StoreError> {
        self.change("keeping a photo", |c| {
            let sql = "INSERT INTO alert_photos (event, at, who, name, media_type, taken, lon, lat, original, n_bytes, bytes)
                SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE (SELECT count(*) FROM alert_photos WHERE event = ?1) < ?12";
            let AlertPhoto { at, who, name, media_type, taken, lonlat, original, .. } = photo;
            let (lon, lat) = (lonlat.map(|at| at[0]), lonlat.map(|at| at[1]));
            let row = params![event, at, who, name, media_type, taken, lon, lat, original, bytes.len() as i64, bytes, most];
            let n = c.execute(sql, row)?;
            Ok((n == 1).then(|| c.last_insert_rowid()))
        })
    }

    /// The oldest first.
    pub fn alert_photos(&self, event: &str) -> Result<Vec<AlertPhoto>, StoreError> {
        self.list_of_alert(&format!("SELECT {PHOTO} FROM alert_photos WHERE event = ?1 ORDER BY id"), params![event], photo)
    }

    pub fn alert_photo(&self, event: &str, id: i64) -> Result<Option<(AlertPhoto, Vec<u8>)>, StoreError> {
        let sql = format!("SELECT {PHOTO}, bytes FROM alert_photos WHERE event = ?1 AND id = ?2");
        let found = self.connection.query_row(&sql, params![event, id], |row| Ok((photo(row)?, row.get(10)?))).optional();
        found.during(&self.path, "reading a photo")
    }

    fn list_of_alert<T>(
        &self,
        sql: &str,
        values: &[&dyn rusqlite::ToSql],
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let doing = "reading an alert";
        let mut statement = self.connection.prepare(sql).during(&self.path, doing)?;
        let rows = statement.query_map(values, read).during(&self.path, doing)?;
        rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)
    }
}

fn photo(row: &Row<'_>) -> rusqlite::Result<AlertPhoto> {
    let lonlat = row.get::<_, Option<f64>>(6)?.zip(row.get::<_, Option<f64>>(7)?).map(|(lon, lat)| [lon, lat]);
    Ok(AlertPhoto {
        id: row.get(0)?,
        at: row.get(1)?,
        who: row.get(2)?,
        name: row.get(3)?,
        media_type: row.get(4)?,
        taken: row.get(5)?,
        lonlat,
        original: row.get(8)?,
        n_bytes: row.get::<_, i64>(9)?.unsigned_abs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;
    use crate::store::Account;

    fn store() -> (tempfile::TempDir, PrivateStore) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = PrivateStore::open_or_create(&dir.path().join("w.private.sqlite")).unwrap();
        let lan =
            Account { name: "lan".to_owned(), role: Role::Officer, kinds: Vec::new(), units: Vec::new(), created: 0, is_disabled: false };
        store.add_account(&lan, "phc").unwrap();
        (dir, store)
    }

    fn step(n: u32, status: AlertStatus) -> AlertStep {
        AlertStep { n, status, at: i64::from(n), who: "lan".to_owned(), reason: String::new() }
    }

    #[test]
    fn a_step_that_the_workspace_does_not_have_is_not_shown_and_gives_way_to_the_next() {
        let (_dir, mut store) = store();
        store.add_alert_steps("e", &[step(1, AlertStatus::Checked)]).unwrap();
        store.add_alert_steps("e", &[step(2, AlertStatus::New), step(3, AlertStatus::Checked)]).unwrap();
        assert_eq!(store.alert_steps("e", 1).unwrap(), [step(1, AlertStatus::Checked)]);
        store.add_alert_steps("e", &[step(2, AlertStatus::Rejected)]).unwrap();
        assert_eq!(store.alert_steps("e", 9).unwrap(), [step(1, AlertStatus::Checked), step(2, AlertStatus::Rejected)]);
    }

    #[test]
    fn of_two_who_assign_at_once_one_is_told_and_who_is_removed_has_nothing_to_do() {
        let (_dir, mut store) = store();
        assert!(store.assign_alert("e", 0, Some("lan"), Some("2026-12-01")).unwrap());
        assert!(!store.assign_alert("e", 0, None, None).unwrap());
        let desk = AlertDesk { revision: 1, assigned: Some("lan".to_owned()), due: Some("2026-12-01".to_owned()), n_notes: 0, n_photos: 0 };
        assert_eq!(store.alert_desk("e").unwrap(), desk);
        store.remove_account("lan").unwrap();
        assert_eq!(store.alert_desks().unwrap()["e"].assigned, None);
        assert_eq!(store.alert_desk("other").unwrap(), AlertDesk::default());
    }

    #[test]
    fn notes_and_photos_are_counted_bounded_and_come_back_as_they_were() {
        let (_dir, mut store) = store();
        let note = AlertNote { id: 1, at: 7, who: "lan".to_owned(), text: "<b>nhà kho</b>".to_owned() };
        assert_eq!(store.add_alert_note("e", &note, 1).unwrap(), Some(1));
        assert_eq!(store.add_alert_note("e", &note, 1).unwrap(), None);
        let photo = AlertPhoto {
            id: 1,
            at: 8,
            who: "lan".to_owned(),
            name: "a.jpg".to_owned(),
            media_type: "image/jpeg".to_owned(),
            taken: None,
            lonlat: Some([105.8, 21.0]),
            original: [3; 32],
            n_bytes: 3,
        };
        assert_eq!(store.add_alert_photo("e", &photo, &[1, 2, 3], 1).unwrap(), Some(1));
        assert_eq!(store.add_alert_photo("e", &photo, &[1, 2, 3], 1).unwrap(), None);
        assert_eq!((store.alert_notes("e").unwrap(), store.alert_photos("e").unwrap()), (vec![note], vec![photo.clone()]));
        assert_eq!(store.alert_photo("e", 1).unwrap(), Some((photo, vec![1, 2, 3])));
        assert_eq!(store.alert_photo("other", 1).unwrap(), None, "a photo is that of its alert");
        let desk = store.alert_desk("e").unwrap();
        assert_eq!((desk.n_notes, desk.n_photos, &store.alert_desks().unwrap()["e"]), (1, 1, &desk));
    }

    #[test]
    fn a_file_of_the_first_version_gets_the_tables_and_keeps_its_accounts() {
        let (dir, store) = store();
        let old = "DROP TABLE alerts; DROP TABLE alert_steps; DROP TABLE alert_notes; DROP TABLE alert_photos; PRAGMA user_version = 1;";
        store.connection.execute_batch(old).unwrap();
        drop(store);
        let mut store = PrivateStore::open(&dir.path().join("w.private.sqlite")).unwrap().unwrap();
        assert_eq!(store.accounts().unwrap().len(), 1);
        assert!(store.assign_alert("e", 0, Some("lan"), None).unwrap());
    }
}
