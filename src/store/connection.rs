//! Connections to the workspace file: how they are opened, what every one of them has.
//!
//! The file is never opened but through SQLite: when any other handle of this process on it closes,
//! the system drops the locks of all of them (POSIX), and a second writer could come in.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::blob;
use super::error::{During, StoreError};
use super::schema::{APPLICATION_ID, VERSION};

/// How long to wait for another writer, before `Busy`.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that writes, to a workspace that was looked over.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    examine(&connection, path)?;
    if connection.is_readonly("main").during(path, "opening it")? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    // QGIS sets the file back to a rollback journal when it closes it; any program may hold it now,
    // and then the old mode, slower and as safe, does.
    match connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())) {
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
        done => done.during(path, "opening it")?,
    }
    let pragmas = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;
        PRAGMA journal_size_limit = 4194304;";
    connection.execute_batch(pragmas).during(path, "opening it")?;
    Ok(connection)
}

/// A connection that changes nothing. It may write all the same, for whoever closes the workspace last
/// tidies its log away, and a connection opened to read could not.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    examine(&connection, path)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY").during(path, "opening it")?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let not = |why| Err(StoreError::NotAGeoPackage { path: path.to_owned(), why });
    match fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(StoreError::NotFound { path: path.to_owned() }),
        Err(e) => return Err(e).during(path, "looking for it"),
        Ok(meta) if meta.is_dir() => return not("it is a folder"),
        Ok(meta) if meta.len() == 0 => return not("it is empty"),
        Ok(_) => {}
    }
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).during(path, "opening it")?;
    connection.busy_timeout(PATIENCE).during(path, "opening it")?;
    register_functions(&connection).during(path, "opening it")?;
    Ok(connection)
}

/// Is it one of ours, whole, and not newer than we are? Nothing is written to it before.
fn examine(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let id: i32 = match connection.query_row("PRAGMA application_id", [], |r| r.get(0)) {
        // In a folder that cannot be written, SQLite cannot make the index of its log.
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::CannotOpen) => return Err(StoreError::ReadOnly { path: path.to_owned() }),
        id => id.during(path, "opening it")?,
    };
    if id != APPLICATION_ID {
        return Err(StoreError::NotAGeoPackage { path: path.to_owned(), why: "it is another program's SQLite database" });
    }
    let has_settings = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'farmzone_settings'";
    if connection.query_row(has_settings, [], |r| r.get::<_, i64>(0)).during(path, "opening it")? == 0 {
        return Err(StoreError::NotAWorkspace { path: path.to_owned() });
    }
    let version = "SELECT value FROM farmzone_settings WHERE \"key\" = 'version'";
    let found: String = connection.query_row(version, [], |r| r.get(0)).during(path, "reading its version")?;
    match found.parse::<u32>() {
        Ok(version) if version <= VERSION => {}
        _ => return Err(StoreError::NewerVersion { path: path.to_owned(), found: found.chars().take(40).collect(), known: VERSION }),
    }
    refuse_truncated(connection, path)
}

/// SQLite notices a file cut at a page's end; one cut inside its last page it reads as zeros.
fn refuse_truncated(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0)).during(path, "opening it");
    let due = pragma("page_count")?.saturating_mul(pragma("page_size")?);
    // Pages that are still in the write-ahead log need not be in the file.
    if fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let length = fs::metadata(path).during(path, "looking at it")?.len();
    if (length as i64) < due {
        let what = format!("truncated: {length} bytes of {due}");
        return Err(StoreError::Damaged { path: path.to_owned(), what });
    }
    Ok(())
}

/// `x.gpkg` → `x.gpkg-wal`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// What the standard's R-tree triggers call; SQLite has none of it.
fn register_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, side) in [("ST_MinX", 0), ("ST_MinY", 1), ("ST_MaxX", 2), ("ST_MaxY", 3)] {
        connection.create_scalar_function(name, 1, flags, move |call| Ok(bounds(call).flatten().map(|bounds| bounds[side])))?;
    }
    connection.create_scalar_function("ST_IsEmpty", 1, flags, |call| Ok(bounds(call).map(|bounds| bounds.is_none())))
}

/// None when the argument is no geometry, `Some(None)` when it is an empty one.
fn bounds(call: &Context<'_>) -> Option<Option<[f64; 4]>> {
    match call.get_raw(0) {
        ValueRef::Blob(bytes) => blob::envelope(bytes).ok(),
        _ => None,
    }
}
