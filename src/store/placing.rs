//! Files that appear whole or not at all: made under a temporary name, then put in place.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::connection::beside;
use super::error::{During, StoreError};

/// A file in the making beside its place; removed unless it was put there.
pub(super) struct Draft<'p> {
    place: &'p Path,
    draft: PathBuf,
}

impl<'p> Draft<'p> {
    /// Refuses a place that is taken, also by the log of a database that was there.
    pub(super) fn beside(place: &'p Path) -> Result<Draft<'p>, StoreError> {
        for path in [place.to_owned(), beside(place, "-wal"), beside(place, "-journal")] {
            // SQLite would play a log that lies there into the new file.
            if fs::symlink_metadata(&path).is_ok() {
                return Err(StoreError::FileExists { path });
            }
        }
        let (Some(folder), Some(name)) = (folder_of(place), place.file_name()) else {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "it names no file")).during(place, "making it");
        };
        if !folder.is_dir() {
            let missing = std::io::Error::new(std::io::ErrorKind::NotFound, format!("there is no folder {}", folder.display()));
            return Err(missing).during(place, "making it");
        }
        let draft = folder.join(format!(".{}.{}.draft", name.to_string_lossy(), std::process::id()));
        let draft = Draft { place, draft };
        draft.remove();
        Ok(draft)
    }

    pub(super) fn open(&self) -> Result<Connection, StoreError> {
        // Made here first, because the system says better than SQLite why it cannot be made.
        fs::File::create_new(&self.draft).during(self.place, "making it")?;
        Connection::open(&self.draft).during(self.place, "making it")
    }

    /// The same for what only its owner may read, from its first moment on. What SQLite puts beside it is no more open.
    pub(super) fn open_private(&self) -> Result<Connection, StoreError> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.draft).during(self.place, "making it")?;
        Connection::open(&self.draft).during(self.place, "making it")
    }

    /// Puts the finished, closed file in its place, where still nothing may be.
    pub(super) fn put(self) -> Result<(), StoreError> {
        let doing = "putting it in place";
        match fs::hard_link(&self.draft, self.place) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Err(e).during(self.place, doing),
            // A file system without links; the name was free a moment ago.
            Err(_) if fs::symlink_metadata(self.place).is_err() => fs::rename(&self.draft, self.place).during(self.place, doing)?,
            Err(e) => return Err(e).during(self.place, doing),
        }
        // So that the name survives a power cut as the content does; not every system can.
        if let Some(folder) = folder_of(self.place).and_then(|folder| fs::File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    fn remove(&self) {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(beside(&self.draft, ending));
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

/// Pages copied between two reports of progress: 4 MB.
const PAGES_PER_STEP: i32 = 1024;

/// Copies what `source` sees (it holds a read transaction, so the copy is of one moment) to `out`.
pub(super) fn copy(source: &Connection, out: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
    let draft = Draft::beside(out)?;
    let target = copied(source, draft.open()?, out, progress)?;
    target.close().map_err(|(_, e)| e).during(out, COPYING)?;
    draft.put()
}

/// The same for what only its owner may read, less what `without` deletes.
pub(super) fn copy_private(source: &Connection, out: &Path, without: &str) -> Result<(), StoreError> {
    let draft = Draft::beside(out)?;
    let target = copied(source, draft.open_private()?, out, &mut |_, _| {})?;
    target.execute_batch(without).during(out, COPYING)?;
    target.close().map_err(|(_, e)| e).during(out, COPYING)?;
    draft.put()
}

const COPYING: &str = "copying it";

fn copied(source: &Connection, mut target: Connection, out: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Connection, StoreError> {
    {
        let backup = Backup::new(source, &mut target).during(out, COPYING)?;
        loop {
            let step = backup.step(PAGES_PER_STEP).during(out, COPYING)?;
            let pages = backup.progress();
            let n_pages = pages.pagecount.max(0) as u64;
            progress(n_pages - pages.remaining.max(0) as u64, n_pages);
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(StoreError::Busy { path: out.to_owned() }),
            }
        }
    }
    Ok(target)
}
