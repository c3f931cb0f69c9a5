//! What can go wrong with a workspace, each with what to do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no workspace at {path}: make one with `farmzone init {path}`")]
    NotFound { path: PathBuf },
    #[error("{path} exists already: choose another name, or move it away first")]
    FileExists { path: PathBuf },
    #[error("{path} is not a GeoPackage: {why}")]
    NotAGeoPackage { path: PathBuf, why: &'static str },
    #[error("{path} is a GeoPackage, but not a farmzone workspace: make one with `farmzone init`, then import this file into it")]
    NotAWorkspace { path: PathBuf },
    #[error("{path} was made by a newer farmzone (version {found}; this one knows up to {known}): use that farmzone, or a newer one")]
    NewerVersion { path: PathBuf, found: String, known: u32 },
    #[error("{path} is damaged ({what}): go back to a copy made with `farmzone backup`")]
    Damaged { path: PathBuf, what: String },
    #[error("{path} cannot be written: its file or folder is read-only, and a workspace needs both writable")]
    ReadOnly { path: PathBuf },
    #[error("{path} is being changed by another program: try again when that has finished")]
    Busy { path: PathBuf },
    #[error("{path} could not grow: the disk is full, or a limit on file sizes is reached. The workspace is as it was before")]
    Full { path: PathBuf },
    #[error("the layer “{name}” exists already: take --replace (the whole layer), --append or --update (by id)")]
    LayerExists { name: String },
    #[error("{path} has a table “{name}” that farmzone did not make: rename or delete it (in QGIS, say), then try again")]
    ForeignTable { path: PathBuf, name: String },
    #[error("there is no layer “{name}”; {}", there_is(present))]
    NoSuchLayer { name: String, present: Vec<String> },
    #[error("the layer “{name}” holds {holds}, not {asked}")]
    OtherRole { name: String, holds: &'static str, asked: &'static str },
    #[error("{n_ids} of the ids are in the layer “{name}” already ({}): take --update to replace those features, or --replace", some(ids, *n_ids))]
    IdsExist { name: String, ids: Vec<String>, n_ids: u64 },
    #[error("{n_ids} ids occur more than once ({}): an id must be unique in the layer “{name}”", some(ids, *n_ids))]
    DuplicateIds { name: String, ids: Vec<String>, n_ids: u64 },
    #[error("{path} is not farmzone's file of accounts: {why}. Move it away, or put a copy made with `farmzone backup` in its place")]
    NotAccounts { path: PathBuf, why: &'static str },
    #[error(
        "{path} holds passwords' hashes and can be read by other users of this machine (mode {mode:04o}): its owner must `chmod 600` it"
    )]
    Exposed { path: PathBuf, mode: u32 },
    #[error("there is an account “{name}” already: choose another name, or change that one")]
    AccountExists { name: String },
    #[error("there is no account “{name}”")]
    NoSuchAccount { name: String },
    #[error("there is no token “{id}”")]
    NoSuchToken { id: String },
    #[error("“{name}” is the last administrator: make another one first")]
    LastAdministrator { name: String },
    #[error("{path}: cannot be written: {reason}")]
    CannotWrite { path: PathBuf, reason: String },
    #[error("{path}: {doing} failed")]
    File { path: PathBuf, doing: &'static str, source: std::io::Error },
    #[error("{path}: {doing} failed")]
    Database { path: PathBuf, doing: &'static str, source: rusqlite::Error },
}

fn there_is(present: &[String]) -> String {
    if present.is_empty() { "the workspace has none yet".to_owned() } else { format!("there is: {}", present.join(", ")) }
}

fn some(ids: &[String], n_ids: u64) -> String {
    let named = ids.iter().map(|id| id.chars().take(40).collect::<String>()).collect::<Vec<_>>().join(", ");
    if n_ids > ids.len() as u64 { format!("{named}, …") } else { named }
}

/// Gives an error of SQLite the file and the deed it belongs to.
pub(super) trait During<T> {
    fn during(self, path: &Path, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> During<T> for rusqlite::Result<T> {
    fn during(self, path: &Path, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| {
            let path = path.to_owned();
            match source.sqlite_error().map(|e| (e.code, e.extended_code)) {
                Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _)) => StoreError::Busy { path },
                Some((ErrorCode::DiskFull, _)) => StoreError::Full { path },
                // A write that the system refused: over the limit on file sizes, or over the quota.
                Some((_, rusqlite::ffi::SQLITE_IOERR_WRITE)) => StoreError::Full { path },
                Some((ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _)) => StoreError::ReadOnly { path },
                Some((ErrorCode::DatabaseCorrupt, _)) => StoreError::Damaged { path, what: source.to_string() },
                Some((ErrorCode::NotADatabase, _)) => StoreError::NotAGeoPackage { path, why: "it is no SQLite database" },
                _ => StoreError::Database { path, doing, source },
            }
        })
    }
}

impl<T> During<T> for std::io::Result<T> {
    fn during(self, path: &Path, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| {
            let path = path.to_owned();
            match source.kind() {
                std::io::ErrorKind::AlreadyExists => StoreError::FileExists { path },
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::FileTooLarge | std::io::ErrorKind::QuotaExceeded => {
                    StoreError::Full { path }
                }
                std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => StoreError::ReadOnly { path },
                _ => StoreError::File { path, doing, source },
            }
        })
    }
}
