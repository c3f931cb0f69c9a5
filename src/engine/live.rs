//! A served workspace: the current snapshot, and a watch that follows the file, whoever writes to it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::tiles::TileChanges;
use super::{Accounts, EngineError, Rulebook, Snapshot};
use crate::model::{Epoch, Revision};
use crate::store::{Store, Watch};
use crate::tile::TileCoord;

/// How often it is asked whether the file changed, which takes a few microseconds. Between two revisions low zooms are merged.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Handle to a served workspace; clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Live>);

struct Live {
    store: Mutex<Store>,
    accounts: Accounts,
    rulebook: Arc<Rulebook>,
    current: RwLock<Arc<Snapshot>>,
    news: Mutex<VecDeque<Arc<News>>>,
    changed: Condvar,
}

/// What a revision changed in the tiles. It is told twice: as soon as it is served, and when it is known what zooms at
/// which features are merged show of it.
#[derive(Debug)]
pub struct News {
    /// Grows by one.
    pub number: u64,
    pub revision: Revision,
    /// The revision that was served before.
    pub since: Revision,
    /// Of the snapshot, as addresses of tiles carry it.
    pub pin: String,
    /// The latest epoch, which maps show.
    pub epoch: Option<Epoch>,
    pub changes: TileChanges,
    /// Whether merged zooms are told of, else the others.
    pub is_far: bool,
    /// Whether a style of the revision before still says what one of now would, but for the revision.
    pub is_same_style: bool,
}

/// Merging for low zooms takes all cores for a while.
const NEAR_FIRST: Duration = Duration::from_millis(150);
/// Who does not ask for so long misses some.
const MOST_NEWS: usize = 64;

impl Engine {
    /// Opens the workspace, reads it, and starts to follow it.
    pub fn serve(path: &Path, rulebook: Rulebook) -> Result<Engine, EngineError> {
        let mut store = Store::open(path)?;
        store.settle()?;
        let accounts = Accounts::of(path)?;
        let watch = store.watch()?;
        let rulebook = Arc::new(rulebook);
        let seen = watch.data_version()?;
        let snapshot = Snapshot::load(path, &rulebook, None)?;
        let live = Live {
            store: Mutex::new(store),
            accounts,
            rulebook,
            current: RwLock::new(Arc::new(snapshot)),
            news: Mutex::default(),
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

    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// News after the one of a number (0: all that is kept), waited for at most `patience`.
    pub fn news_after(&self, number: u64, patience: Duration) -> Vec<Arc<News>> {
        let until = Instant::now() + patience;
        let mut news = self.0.news.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if news.back().is_some_and(|last| last.number > number) || left.is_zero() {
                return news.iter().filter(|one| one.number > number).cloned().collect();
            }
            news = self.0.changed.wait_timeout(news, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the revision is another than `known`, at most `patience`; the present revision.
    pub fn wait_for_change(&self, known: Revision, patience: Duration) -> Revision {
        let until = Instant::now() + patience;
        let mut number = 0;
        loop {
            let (revision, left) = (self.snapshot().revision, until.saturating_duration_since(Instant::now()));
            if revision != known || left.is_zero() {
                return revision;
            }
            number = self.news_after(number, left).last().map_or(number, |news| news.number);
        }
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
        let started = Instant::now();
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
        let next = Arc::new(Snapshot::load(store.path(), &self.rulebook, Some(&before))?);
        drop(store);
        let read = started.elapsed();
        // Nobody waits for the first tile of a new revision; the old one is served meanwhile.
        next.prepare_tiles(TileCoord::MAX_ZOOM)?;
        self.tell(&before, &next, next.tile_changes(&before), false)?;
        let ms = [read, started.elapsed()].map(|took| took.as_millis() as u64);
        tracing::info!(revision = next.revision, read_ms = ms[0], ms = ms[1], "the workspace changed");
        // Who looks on asks for the near tiles now.
        std::thread::sleep(NEAR_FIRST);
        let far = next.prepare_tiles(0).and_then(|()| self.tell(&before, &next, next.tile_changes(&before), true));
        if let Err(error) = far {
            // The revision is served: to look at it once more would not mend this.
            tracing::warn!(%error, "low zooms could not be made ready");
        }
        Ok(now)
    }

    /// Serves a snapshot, and says what it changes: who sees the one finds the other.
    fn tell(&self, before: &Snapshot, next: &Arc<Snapshot>, changes: TileChanges, is_far: bool) -> Result<(), EngineError> {
        let epoch = next.epoch(None)?;
        let of_style =
            |s: &Snapshot| Ok::<_, EngineError>((s.epochs.clone(), s.bounds_of_style()?, s.attribution("vi"), s.attribution("en")));
        let is_same_style = of_style(before)? == of_style(next)?;
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next.clone();
        let number = news.back().map_or(0, |last| last.number) + 1;
        if news.len() == MOST_NEWS {
            news.pop_front();
        }
        let (revision, since, pin) = (next.revision, before.revision, next.pin());
        news.push_back(Arc::new(News { number, revision, since, pin, epoch, changes, is_far, is_same_style }));
        self.changed.notify_all();
        Ok(())
    }
}
