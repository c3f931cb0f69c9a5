//! Who is behind zones, as rows without shapes: cooperatives and buyers, linkages, OCOP products, trace codes; and beside the
//! workspace how partners are reached, which only officers read.
//!
//! A table is made when the first rows come; a farmzone of before passes it by. Invariant: rows and the revision that shows them
//! are committed together.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use serde_json::{Map, Value};

use super::error::{During, StoreError};
use super::private::PrivateStore;
use super::schema::quoted;
use super::writer::{columns_of, forget, now};
use super::{Reader, Store, layers};
use crate::model::{CellKind, PartnerContact, PartnerTable, Revision};

/// A row by its columns, as JSON has it: texts, numbers, lists of texts, whether it is simulated.
pub type PartnerRow = Map<String, Value>;

/// What joins the texts of a list in one cell.
const JOINED: &str = "; ";
/// The workspace's revision that last wrote to these tables.
const NUMBER: &str = "partners";

fn sql_type(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Number => "REAL",
        CellKind::Count | CellKind::Stars => "INTEGER",
        CellKind::Simulated => "BOOLEAN",
        _ => "TEXT",
    }
}

/// The table and its line among the contents, so that QGIS lists it.
fn made(table: PartnerTable) -> String {
    let name = table.table_name();
    let columns = table.columns().iter().map(|(column, kind)| {
        let rule = if *kind == CellKind::Key { " NOT NULL UNIQUE" } else { "" };
        format!(", {} {}{rule}", quoted(column), sql_type(*kind))
    });
    format!(
        "CREATE TABLE IF NOT EXISTS {name} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL{});
        INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
          VALUES ('{name}', 'attributes', '{name}', 'farmzone: who is behind zones ({table})', 0);",
        columns.collect::<String>()
    )
}

fn bound(value: Option<&Value>) -> ToSqlOutput<'_> {
    match value {
        Some(Value::String(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Some(Value::Bool(yes)) => ToSqlOutput::from(*yes),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(whole) => ToSqlOutput::from(whole),
            None => ToSqlOutput::from(number.as_f64().unwrap_or_default()),
        },
        Some(Value::Array(texts)) if !texts.is_empty() => {
            ToSqlOutput::from(texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(JOINED))
        }
        _ => ToSqlOutput::Borrowed(ValueRef::Null),
    }
}

/// A cell as anybody may have left it; null where it holds what its column cannot.
fn value(cell: ValueRef<'_>, kind: CellKind) -> Value {
    let text = || match cell {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Integer(n) => Some(n.to_string()),
        ValueRef::Real(x) => Some(x.to_string()),
        ValueRef::Null => None,
    };
    let number = || match cell {
        ValueRef::Integer(n) => Some(n as f64),
        ValueRef::Real(x) => Some(x),
        _ => text().and_then(|text| text.trim().parse().ok()),
    };
    let positive = || number().filter(|x: &f64| x.is_finite() && *x >= 0.0);
    match kind {
        CellKind::Number => positive().map_or(Value::Null, Value::from),
        CellKind::Count | CellKind::Stars => positive().map_or(Value::Null, |x| Value::from(x as u32)),
        CellKind::Simulated => Value::from(number().is_some_and(|x| x != 0.0)),
        CellKind::List => {
            let text = text().unwrap_or_default();
            text.split(';').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().into()
        }
        _ => text().filter(|text| !text.trim().is_empty()).map_or(Value::Null, Value::from),
    }
}

impl Store {
    /// Writes rows of one table: in place of all that there were, or of those of the same key.
    pub fn put_partners(&mut self, table: PartnerTable, rows: &[PartnerRow], replace: bool) -> Result<Revision, StoreError> {
        let doing = "writing who is behind zones";
        self.change(doing, |connection, path| {
            connection.execute_batch(&made(table)).during(path, doing)?;
            let name = table.table_name();
            if replace {
                connection.execute(&format!("DELETE FROM {name}"), []).during(path, doing)?;
            }
            let columns: Vec<String> = table.columns().iter().map(|(column, _)| quoted(column)).collect();
            let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
            let key = quoted(table.key());
            let changed: Vec<String> = columns.iter().skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
            let sql = format!(
                "INSERT INTO {name} ({}) VALUES ({}) ON CONFLICT ({key}) DO UPDATE SET {}",
                columns.join(", "),
                places.join(", "),
                changed.join(", ")
            );
            let mut insert = connection.prepare(&sql).during(path, doing)?;
            for row in rows {
                let cells = table.columns().iter().map(|(column, _)| bound(row.get(*column)));
                insert.execute(params_from_iter(cells)).during(path, doing)?;
            }
            let sql = "UPDATE gpkg_contents SET last_change = ?2 WHERE table_name = ?1";
            connection.execute(sql, params![name, now()]).during(path, doing)?;
            note_writing(connection, path)
        })
    }

    /// Takes a table out with its rows; `NoSuchLayer` where it was never made.
    pub fn drop_partners(&mut self, table: PartnerTable) -> Result<Revision, StoreError> {
        let doing = "dropping who is behind zones";
        self.change(doing, |connection, path| {
            let name = table.table_name();
            if !exists(connection, table).during(path, doing)? {
                let present = layers::all(connection, path)?.into_iter().map(|layer| layer.name).collect();
                return Err(StoreError::NoSuchLayer { name: name.to_owned(), present });
            }
            connection.execute_batch(&format!("DROP TABLE {name}")).during(path, doing)?;
            forget(connection, path, name)?;
            note_writing(connection, path)
        })
    }
}

/// The revision that the caller's transaction makes.
fn note_writing(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let next = layers::revision(connection, path)? + 1;
    layers::set_setting(connection, path, NUMBER, &next.to_string())
}

/// Somebody changed features or rows past us: these tables may be others, too, where there are any.
pub(super) fn note_change(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    if layers::setting(connection, path, NUMBER)?.is_some() { note_writing(connection, path) } else { Ok(()) }
}

fn exists(connection: &Connection, table: PartnerTable) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1)";
    connection.query_row(sql, [table.table_name()], |row| row.get(0))
}

impl Reader {
    /// Differs when one of the tables was written since: by us, or by a program whose change a server saw.
    pub fn partners_stamp(&self) -> Result<String, StoreError> {
        let doing = "looking for who is behind zones";
        let mut stamp = layers::setting(&self.connection, &self.path, NUMBER)?.unwrap_or_default();
        for table in PartnerTable::ALL {
            let sql = "SELECT last_change FROM gpkg_contents WHERE table_name = ?1";
            let at: Option<String> =
                self.connection.query_row(sql, [table.table_name()], |row| row.get(0)).optional().during(&self.path, doing)?;
            stamp.push('/');
            stamp.push_str(at.as_deref().unwrap_or_default());
        }
        Ok(stamp)
    }

    /// The rows of a table in the order in which they came; none of one that was never written. A column that somebody took away is empty.
    pub fn partner_rows(&self, table: PartnerTable) -> Result<Vec<PartnerRow>, StoreError> {
        let doing = "reading who is behind zones";
        if !exists(&self.connection, table).during(&self.path, doing)? {
            return Ok(Vec::new());
        }
        let there = columns_of(&self.connection, &self.path, table.table_name())?;
        let columns: Vec<String> = table
            .columns()
            .iter()
            .map(|(column, _)| if there.iter().any(|name| name == column) { quoted(column) } else { "NULL".to_owned() })
            .collect();
        let sql = format!("SELECT {} FROM {} ORDER BY fid", columns.join(", "), table.table_name());
        let mut statement = self.connection.prepare(&sql).during(&self.path, doing)?;
        let row = |row: &rusqlite::Row<'_>| {
            let cells = table.columns().iter().enumerate();
            cells.map(|(n, (column, kind))| Ok(((*column).to_owned(), value(row.get_ref(n)?, *kind)))).collect::<rusqlite::Result<_>>()
        };
        let rows = statement.query_map([], row).during(&self.path, doing)?;
        rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)
    }
}

/// Makes the table that a file of an earlier version lacks.
pub(super) const CONTACTS: &str = "
CREATE TABLE IF NOT EXISTS partner_contacts (
  partner TEXT PRIMARY KEY, representative TEXT, phone TEXT, identity_no TEXT) STRICT, WITHOUT ROWID;";

/// How partners are reached.
impl PrivateStore {
    /// None of whom nothing is kept.
    pub fn contact(&self, partner: &str) -> Result<Option<PartnerContact>, StoreError> {
        let sql = "SELECT representative, phone, identity_no FROM partner_contacts WHERE partner = ?1";
        let contact =
            |row: &rusqlite::Row<'_>| Ok(PartnerContact { representative: row.get(0)?, phone: row.get(1)?, identity_no: row.get(2)? });
        self.connection.query_row(sql, [partner], contact).optional().during(&self.path, "reading how a partner is reached")
    }

    /// Writes contacts, in place of all that there were or beside them (what is empty goes), and then does `then`; when that fails
    /// nothing is changed here.
    pub fn put_contacts<T, E: From<StoreError>>(
        &mut self,
        contacts: &BTreeMap<String, PartnerContact>,
        replace: bool,
        then: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let done = self.try_change("writing how partners are reached", |c| {
            if replace {
                c.execute("DELETE FROM partner_contacts", [])?;
            }
            let mut insert = c.prepare("INSERT OR REPLACE INTO partner_contacts VALUES (?1, ?2, ?3, ?4)")?;
            let mut remove = c.prepare("DELETE FROM partner_contacts WHERE partner = ?1")?;
            for (partner, contact) in contacts {
                match contact.is_empty() {
                    true => remove.execute([partner])?,
                    false => insert.execute(params![partner, contact.representative, contact.phone, contact.identity_no])?,
                };
            }
            Ok(then())
        });
        done.map_err(E::from)?
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SrsDefinition, private_path};
    use super::*;
    use crate::model::{EpsgCode, Linkage};

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let srs = SrsDefinition { name: "VN-2000".to_owned(), wkt: "LOCAL_CS[\"x\"]".to_owned() };
        let store = Store::create(&dir.path().join("w.gpkg"), EpsgCode::HANOI, srs).unwrap();
        (dir, store)
    }

    fn row(linkage: &Linkage) -> PartnerRow {
        serde_json::to_value(linkage).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn rows_come_back_as_they_were_and_others_see_a_table_of_attributes() {
        let (_dir, mut store) = store();
        let full = Linkage {
            id: "L1".to_owned(),
            name: Some("Rau Văn Đức; “siêu thị”".to_owned()),
            producers: vec!["HTX A".to_owned(), "HTX B".to_owned()],
            contracted_t: Some(1200.0),
            yield_t_ha: Some(6.25),
            valid_from: Some("2024-01".to_owned()),
            simulated: true,
            ..Linkage::default()
        };
        let bare = Linkage { id: "L2".to_owned(), ..Linkage::default() };
        let before = store.reader().unwrap().partners_stamp().unwrap();
        assert_eq!(store.reader().unwrap().partner_rows(PartnerTable::Linkages).unwrap(), Vec::<PartnerRow>::new());
        let revision = store.put_partners(PartnerTable::Linkages, &[row(&full), row(&bare)], false).unwrap();
        assert_eq!(store.revision().unwrap(), revision);
        let read = |store: &Store| -> Vec<Linkage> {
            let rows = store.reader().unwrap().partner_rows(PartnerTable::Linkages).unwrap();
            rows.into_iter().map(|row| serde_json::from_value(row.into()).unwrap()).collect()
        };
        assert_eq!(read(&store), [full.clone(), bare.clone()]);
        let changed = Linkage { contracted_t: None, ..full.clone() };
        store.put_partners(PartnerTable::Linkages, &[row(&changed)], false).unwrap();
        assert_eq!(read(&store), [changed, bare.clone()], "the row of the same key is another, the others stay");
        store.put_partners(PartnerTable::Linkages, &[row(&bare)], true).unwrap();
        assert_eq!(read(&store), [bare]);
        assert_ne!(store.reader().unwrap().partners_stamp().unwrap(), before);
        assert!(matches!(store.drop_partners(PartnerTable::Traces), Err(StoreError::NoSuchLayer { .. })));
        let sql = "SELECT data_type, (SELECT count(*) FROM gpkg_geometry_columns WHERE table_name = 'farmzone_linkages')
            FROM gpkg_contents WHERE table_name = 'farmzone_linkages'";
        let (data_type, n_shapes): (String, i64) = store.connection.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        assert_eq!((data_type.as_str(), n_shapes), ("attributes", 0));
        let (stamp, revision) = (store.reader().unwrap().partners_stamp().unwrap(), store.revision().unwrap());
        assert_eq!(store.drop_partners(PartnerTable::Linkages).unwrap(), revision + 1);
        assert_eq!(read(&store), Vec::new());
        assert_ne!(store.reader().unwrap().partners_stamp().unwrap(), stamp);
    }

    #[test]
    fn what_another_program_left_is_read_as_far_as_it_can_be() {
        let (_dir, mut store) = store();
        store.put_partners(PartnerTable::Products, &[], false).unwrap();
        let before = store.reader().unwrap().partners_stamp().unwrap();
        let sql = "ALTER TABLE farmzone_products DROP COLUMN decision;
            INSERT INTO farmzone_products (id, name, stars, zone_ids) VALUES ('P1', '', 'bốn', ' Z1;; Z2 '), ('P2', 7, 4.0, NULL);
            UPDATE gpkg_contents SET last_change = '2099-01-01T00:00:00.000Z' WHERE table_name = 'farmzone_products';";
        store.connection.execute_batch(sql).unwrap();
        let rows = store.reader().unwrap().partner_rows(PartnerTable::Products).unwrap();
        let cell = |n: usize, name: &str| rows[n][name].to_string();
        assert_eq!(
            [cell(0, "name"), cell(0, "stars"), cell(0, "zone_ids"), cell(0, "decision")],
            ["null", "null", r#"["Z1","Z2"]"#, "null"]
        );
        assert_eq!([cell(1, "name"), cell(1, "stars"), cell(1, "zone_ids")], ["\"7\"", "4", "[]"]);
        assert_ne!(store.reader().unwrap().partners_stamp().unwrap(), before);
        // Somebody who says nothing of it is seen by a server, which marks it.
        let before = store.reader().unwrap().partners_stamp().unwrap();
        store.connection.execute_batch("UPDATE farmzone_products SET name = 'x'").unwrap();
        store.mark_changed().unwrap();
        assert_ne!(store.reader().unwrap().partners_stamp().unwrap(), before);
    }

    #[test]
    fn contacts_lie_beside_the_workspace_and_a_failure_leaves_them_as_they_were() {
        let (_dir, store) = store();
        let mut private = PrivateStore::open_or_create(&private_path(store.path())).unwrap();
        let contact = PartnerContact { phone: Some("0900 000 001".to_owned()), ..PartnerContact::default() };
        let one = |contact: PartnerContact| BTreeMap::from([("HTX A".to_owned(), contact)]);
        private.put_contacts(&one(contact.clone()), false, || Ok::<_, StoreError>(())).unwrap();
        assert_eq!(private.contact("HTX A").unwrap(), Some(contact.clone()));
        let failed = private.put_contacts(&BTreeMap::new(), true, || Err::<(), _>(StoreError::NoSuchAccount { name: "x".to_owned() }));
        assert!(failed.is_err());
        assert_eq!(private.contact("HTX A").unwrap(), Some(contact));
        private.put_contacts(&one(PartnerContact::default()), false, || Ok::<_, StoreError>(())).unwrap();
        assert_eq!(private.contact("HTX A").unwrap(), None);
    }
}
