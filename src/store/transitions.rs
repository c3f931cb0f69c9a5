//! The table of transitions: what became what in each zone, for QGIS and spreadsheets. Rows without shapes.

use rusqlite::params;

use super::error::During;
use super::{Store, StoreError};
use crate::model::{Epoch, Revision};

/// One row: zone, code before, code after (none: not shown), m².
pub type TransitionRow<'a> = (&'a str, Option<&'a str>, Option<&'a str>, f64);

const TABLE: &str = r#"
CREATE TABLE IF NOT EXISTS farmzone_transitions (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, zone_id TEXT NOT NULL, from_epoch TEXT NOT NULL, to_epoch TEXT NOT NULL,
  from_code TEXT, to_code TEXT, area_m2 REAL NOT NULL);
INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
  VALUES ('farmzone_transitions', 'attributes', 'farmzone_transitions', 'farmzone: what became what in each zone', 0);
"#;

impl Store {
    /// Keeps the transitions between two epochs, in place of those that were kept.
    pub fn keep_transitions<'a>(
        &mut self,
        from: Epoch,
        to: Epoch,
        rows: impl Iterator<Item = TransitionRow<'a>>,
    ) -> Result<Revision, StoreError> {
        self.change("keeping transitions", |connection, path| {
            let doing = "keeping transitions";
            connection.execute_batch(TABLE).during(path, doing)?;
            let epochs = [from.to_string(), to.to_string()];
            connection
                .execute("DELETE FROM farmzone_transitions WHERE from_epoch = ?1 AND to_epoch = ?2", params![epochs[0], epochs[1]])
                .during(path, doing)?;
            let sql =
                "INSERT INTO farmzone_transitions (zone_id, from_epoch, to_epoch, from_code, to_code, area_m2) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let mut insert = connection.prepare(sql).during(path, doing)?;
            for (zone, from_code, to_code, area_m2) in rows {
                insert.execute(params![zone, epochs[0], epochs[1], from_code, to_code, area_m2]).during(path, doing)?;
            }
            let sql = "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = 'farmzone_transitions'";
            connection.execute(sql, []).during(path, doing)?;
            Ok(())
        })
    }
}
