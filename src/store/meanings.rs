//! What the columns of an exported GeoPackage mean, in the tables that the standard has for it (its schema extension).
//!
//! Not a workspace: a file that was just written, and that nobody else has open.

use std::path::Path;

use rusqlite::{Connection, params};

use super::error::{During, StoreError};

/// As OGC 12-128r19, F.9 writes them.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
        scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
    CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
        mime_type TEXT, constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
        CONSTRAINT gdc_tn UNIQUE (table_name, name));
    CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
        min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
        CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
    INSERT INTO gpkg_extensions SELECT column1, NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write'
        FROM (VALUES ('gpkg_data_columns'), ('gpkg_data_column_constraints'));";

/// Writes the meanings of a table's columns (name, title, the whole) into a GeoPackage that has none yet.
///
/// # Errors
/// `Database`: it is no GeoPackage, has meanings already, or cannot be written.
pub fn explain_columns<'a>(
    path: &Path,
    table: &str,
    meanings: impl IntoIterator<Item = (&'a str, &'a str, String)>,
) -> Result<(), StoreError> {
    const DOING: &str = "writing what its columns mean";
    let mut file = Connection::open(path).during(path, DOING)?;
    let writing = file.transaction().during(path, DOING)?;
    writing.execute_batch(TABLES).during(path, DOING)?;
    for (column, title, meaning) in meanings {
        let row = params![table, column, title, meaning];
        let insert = "INSERT INTO gpkg_data_columns (table_name, column_name, title, description) VALUES (?1, ?2, ?3, ?4)";
        writing.execute(insert, row).during(path, DOING)?;
    }
    writing.commit().during(path, DOING)
}
