//! Secret keys in the private file: made when first asked for, then always the same.

use rusqlite::params;

use super::{PrivateStore, SecretHash, StoreError};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID";

impl PrivateStore {
    /// The key of a name; `new` becomes it where there is none yet.
    pub fn key(&mut self, name: &str, new: &SecretHash) -> Result<SecretHash, StoreError> {
        self.change("reading a key", |c| {
            c.execute_batch(TABLE)?;
            c.execute("INSERT OR IGNORE INTO keys VALUES (?1, ?2)", params![name, new])?;
            c.query_row("SELECT key FROM keys WHERE name = ?1", [name], |row| row.get(0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::private_path;
    use super::*;

    #[test]
    fn a_key_stays_the_same_and_goes_along_with_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let path = private_path(&folder.path().join("a.gpkg"));
        let mut store = PrivateStore::open_or_create(&path).unwrap();
        assert_eq!(store.key("dossier", &[1; 32]).unwrap(), [1; 32]);
        assert_eq!(store.key("dossier", &[2; 32]).unwrap(), [1; 32]);
        assert_eq!(store.key("other", &[2; 32]).unwrap(), [2; 32]);
        let copy = private_path(&folder.path().join("b.gpkg"));
        store.backup(&copy).unwrap();
        assert_eq!(PrivateStore::open(&copy).unwrap().unwrap().key("dossier", &[3; 32]).unwrap(), [1; 32]);
    }
}
