//! Files that appear whole or not at all: written beside their place, then put there.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::EngineError;
use crate::formats::FormatError;

/// A file in the making, `NAME.writing-PROCESS` beside `NAME`; removed unless it was put there.
///
/// Its writer holds a lock on it, so that the next one for the same name knows what a killed one left.
pub(super) struct Draft {
    place: PathBuf,
    path: PathBuf,
    file: File,
}

impl Draft {
    /// Begins an empty file, and removes what killed writers of the same name left.
    ///
    /// # Errors
    /// `CannotWrite`: there is no such folder, nothing may be written in it.
    pub(super) fn beside(place: &Path) -> Result<Draft, EngineError> {
        let begun = || {
            if !folder_of(place).is_dir() {
                return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no folder {}", folder_of(place).display())));
            }
            remove_left_behind(place)?;
            let mut path = begin_of_names(place)?;
            path.push(std::process::id().to_string());
            let path = folder_of(place).join(path);
            let file = File::create_new(&path).map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => io::Error::new(e.kind(), "another farmzone is writing it now"),
                _ => e,
            })?;
            // Not every file system has locks; then a draft left behind stays.
            let _ = file.try_lock();
            Ok(Draft { place: place.to_owned(), path, file })
        };
        begun().map_err(|e| cannot(place, &e))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// For a writer that keeps the file.
    pub(super) fn handle(&self) -> Result<File, EngineError> {
        self.file.try_clone().map_err(|e| cannot(&self.place, &e))
    }

    /// Puts the file in its place, flushed to the disk; what was there before is replaced. Returns its length, bytes.
    ///
    /// # Errors
    /// `CannotWrite`; what was there before is then as it was.
    pub(super) fn put(self) -> Result<u64, EngineError> {
        let put = self.file.sync_all().and_then(|()| fs::rename(&self.path, &self.place)).and_then(|()| self.file.metadata());
        let length = put.map_err(|e| cannot(&self.place, &e))?.len();
        // So that the name survives a power cut as the content does; not every system can.
        if let Ok(folder) = File::open(folder_of(&self.place)) {
            let _ = folder.sync_all();
        }
        Ok(length)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Nothing is there any more when it was put in its place.
        let _ = fs::remove_file(&self.path);
    }
}

pub(super) fn cannot(place: &Path, error: &io::Error) -> EngineError {
    FormatError::CannotWrite { path: place.to_owned(), reason: error.to_string() }.into()
}

fn folder_of(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn begin_of_names(place: &Path) -> io::Result<OsString> {
    let mut name = place.file_name().ok_or(io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?.to_owned();
    name.push(".writing-");
    Ok(name)
}

/// Removes drafts of a name that nobody writes any more.
fn remove_left_behind(place: &Path) -> io::Result<()> {
    let begin = begin_of_names(place)?;
    // Where the folder cannot be listed, drafts can still be written.
    for entry in fs::read_dir(folder_of(place)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.as_encoded_bytes().strip_prefix(begin.as_encoded_bytes());
        let is_named = process.is_some_and(|id| !id.is_empty() && id.iter().all(u8::is_ascii_digit));
        let is_draft = is_named && entry.file_type().is_ok_and(|t| t.is_file());
        if is_draft && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}
