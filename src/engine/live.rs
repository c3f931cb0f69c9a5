//! A served workspace: the current snapshot, and a watch that follows the file, whoever writes to it.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::{EngineError, Rulebook, Snapshot};
use crate::model::Revision;
use crate::store::{Store, Watch};

/// How often the file is looked at: a change by another process is shown well within two seconds.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Handle to a served workspace; clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Live>);

struct Live {
    store: Mutex<Store>,
    rulebook: Arc<Rulebook>,
    current: RwLock<Arc<Snapshot>>,
    revision: Mutex<Revision>,
    changed: Condvar,
}

impl Engine {
    /// Opens the workspace, reads it, and starts to follow it.
    pub fn serve(path: &Path, rulebook: Rulebook) -> Result<Engine, EngineError> {
        let mut store = Store::open(path)?;
        store.settle()?;
        let watch = store.watch()?;
        let rulebook = Arc::new(rulebook);
        let seen = watch.data_version()?;
        let snapshot = Snapshot::load(path, &rulebook, None)?;
        let revision = snapshot.revision;
        let live = Live {
            store: Mutex::new(store),
            rulebook,
            current: RwLock::new(Arc::new(snapshot)),
            revision: Mutex::new(revision),
            changed: Condvar::new(),
        };
        let engine = Engine(Arc::new(live));
        let watched = Arc::downgrade(&engine.0);
        let started = std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let mut seen = seen;
            loop {
                std::thread::sleep(LOOK_EVERY);
                let Some(live) = watched.upgrade() else { return };
                match live.look(&watch, seen) {
                    Ok(now) => seen = now,
                    Err(error) => tracing::warn!(%error, "the workspace could not be read; the last revision is still served"),
                }
            }
        });
        started.map_err(|e| EngineError::internal(format!("no thread to watch the workspace: {e}")))?;
        Ok(engine)
    }

    /// The current snapshot; it stays as it is while it is held.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the revision is another than `known`, at most `patience`; the present revision.
    pub fn wait_for_change(&self, known: Revision, patience: Duration) -> Revision {
        let until = Instant::now() + patience;
        let mut revision = self.0.revision.lock().unwrap_or_else(PoisonError::into_inner);
        while *revision == known {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            revision = self.0.changed.wait_timeout(revision, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *revision
    }

    /// Ends cleanly: what the log of the store holds is brought into its file.
    pub fn close(&self) {
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner).checkpoint();
    }
}

impl Live {
    /// Reads the workspace anew when it is another than `seen`; what is seen now.
    fn look(&self, watch: &Watch, seen: i64) -> Result<i64, EngineError> {
        let now = watch.data_version()?;
        if now == seen {
            return Ok(now);
        }
        let before = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if store.settle()?.is_none() && store.revision()? == before.revision {
            if store.is_log_empty() {
                return Ok(watch.data_version()?);
            }
            // Another program may have changed rows without a word: every layer may be another.
            store.mark_changed()?;
        }
        let now = watch.data_version()?;
        let next = Snapshot::load(store.path(), &self.rulebook, Some(&before))?;
        let revision = next.revision;
        // Nobody waits for the first tile of a new revision; the old one is served meanwhile.
        next.prepare_tiles()?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        *self.revision.lock().unwrap_or_else(PoisonError::into_inner) = revision;
        self.changed.notify_all();
        tracing::info!(revision, "the workspace changed");
        Ok(now)
    }
}
