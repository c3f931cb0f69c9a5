//! A served workspace: the current snapshot, and a watch that follows the file, whoever writes to it.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::tiles::TileChanges;
use super::{Accounts, EngineError, FiguresAsk, Page, Rulebook, Snapshot, SupplyAsk};
use crate::model::{Epoch, Revision, Zone};
use crate::store::{Mode, NewLayer, Store, Watch};
use crate::tile::{TileCoord, TileLayer};

/// How often it is asked whether the file changed, which takes a few microseconds.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Handle to a served workspace; clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Live>);

struct Live {
    writing: Mutex<Writing>,
    far: Mutex<Option<Far>>,
    /// The threads that merge for low zooms.
    far_threads: rayon::ThreadPool,
    accounts: Accounts,
    rulebook: Arc<Rulebook>,
    current: RwLock<Arc<Snapshot>>,
    news: Mutex<VecDeque<Arc<News>>>,
    /// As `Writing` has it, for who does not write.
    plans_number: AtomicU64,
    /// Told of news, and of plans.
    changed: Condvar,
}

/// What only one thread at a time does: write, and see what others wrote.
pub(super) struct Writing {
    pub store: Store,
    watch: Watch,
    /// The watch's number when the snapshot was read.
    seen: i64,
    /// The store's, of what is written to plans: the map does not change by it.
    plans_number: u64,
}

/// Zooms at which features are merged follow a while after the others.
struct Far {
    before: Arc<Snapshot>,
    next: Arc<Snapshot>,
    due: Instant,
    /// Another revision came between: what both changed is not known.
    is_coalesced: bool,
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
        let (seen, plans_number) = (watch.data_version()?, store.plans_number()?);
        let snapshot = Snapshot::load(path, &rulebook, None)?;
        let live = Live {
            writing: Mutex::new(Writing { store, watch, seen, plans_number }),
            far: Mutex::default(),
            far_threads: in_the_background()?,
            accounts,
            rulebook,
            current: RwLock::new(Arc::new(snapshot)),
            news: Mutex::default(),
            plans_number: AtomicU64::new(plans_number),
            changed: Condvar::new(),
        };
        let engine = Engine(Arc::new(live));
        engine.repeat("watch", |live| {
            if let Err(error) = live.look(&mut live.writing()) {
                tracing::warn!(%error, "the workspace could not be read; the last revision is still served");
            }
        })?;
        engine.repeat("far", |live| {
            if let Err(error) = live.follow_far() {
                // The revision is served: to look at it once more would not mend this.
                tracing::warn!(%error, "low zooms could not be made ready");
            }
        })?;
        Ok(engine)
    }

    /// Does something again and again, on a thread of its own, while somebody holds the engine.
    fn repeat(&self, name: &str, work: impl Fn(&Live) + Send + 'static) -> Result<(), EngineError> {
        let held = Arc::downgrade(&self.0);
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            loop {
                std::thread::sleep(LOOK_EVERY);
                let Some(live) = held.upgrade() else { return };
                work(&live);
            }
        });
        started.map(drop).map_err(|e| EngineError::internal(format!("no thread to {name}: {e}")))
    }

    /// The current snapshot; it stays as it is while it is held.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.current()
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

    /// A number that is another after each change of a plan; waited for, where it is `known`, at most `patience`.
    pub fn plans_number_after(&self, known: u64, patience: Duration) -> u64 {
        let until = Instant::now() + patience;
        let mut news = self.0.news.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (number, left) = (self.0.plans_number.load(Ordering::Acquire), until.saturating_duration_since(Instant::now()));
            if number != known || left.is_zero() {
                return number;
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

    /// The right to write, waited for.
    pub(super) fn writing(&self) -> MutexGuard<'_, Writing> {
        self.0.writing()
    }

    /// The snapshot of the workspace as it is now, with what other programs wrote.
    pub(super) fn looked(&self, writing: &mut Writing) -> Result<Arc<Snapshot>, EngineError> {
        self.0.look(writing)?;
        Ok(self.snapshot())
    }

    /// The same with a layer to edit.
    pub(super) fn caught_up(&self, writing: &mut Writing) -> Result<Arc<Snapshot>, EngineError> {
        let snapshot = self.looked(writing)?;
        if snapshot.has_zones_layer() {
            return Ok(snapshot);
        }
        let drawn = NewLayer { source: "farmzone".to_owned(), source_crs: snapshot.place.crs.to_string(), ..NewLayer::default() };
        writing.store.begin::<Zone>(drawn, Mode::New)?.finish()?;
        self.looked(writing)
    }

    /// Somebody else wrote: the next look reads it.
    pub(super) fn look_again(&self, writing: &mut Writing) {
        writing.seen = writing.seen.wrapping_sub(1);
    }

    /// Serves what was just written, and says what it changed.
    pub(super) fn publish(&self, writing: &mut Writing, before: &Arc<Snapshot>) -> Result<Arc<Snapshot>, EngineError> {
        self.0.publish(writing, before)
    }

    /// Computes in the background what a first change and the first figures of the city and of plans rest on: they take seconds.
    pub fn expect_questions(&self) -> Result<(), EngineError> {
        let snapshot = self.snapshot();
        snapshot.expect_changes()?;
        self.0.far_threads.install(|| {
            snapshot.figures_of(&BTreeMap::new(), &SupplyAsk::default())?;
            snapshot.figures(&FiguresAsk::default(), Page::default()).map(drop)
        })
    }

    /// Ends cleanly: what the log of the store holds is brought into its file.
    pub fn close(&self) {
        self.0.writing().store.checkpoint();
    }
}

/// Threads that give way to those on which somebody waits for an answer.
fn in_the_background() -> Result<rayon::ThreadPool, EngineError> {
    let give_way = |_| {
        // SAFETY: takes numbers alone, and on Linux changes the calling thread alone. Where it is refused all threads are equal.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
    };
    let threads = rayon::ThreadPoolBuilder::new().thread_name(|n| format!("far-{n}")).start_handler(give_way).build();
    threads.map_err(|e| EngineError::internal(format!("no threads to merge for low zooms: {e}")))
}

impl Live {
    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Arc<Snapshot> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the workspace anew when another program wrote to it.
    fn look(&self, writing: &mut Writing) -> Result<(), EngineError> {
        let now = writing.watch.data_version()?;
        if now == writing.seen {
            return Ok(());
        }
        let before = self.current();
        let store = &mut writing.store;
        if store.settle()?.is_none() && store.revision()? == before.revision {
            let plans_number = store.plans_number()?;
            if plans_number != writing.plans_number {
                writing.seen = now;
                self.tell_of_plans(writing, plans_number);
                return Ok(());
            }
            if store.is_log_empty() {
                writing.seen = writing.watch.data_version()?;
                return Ok(());
            }
            // Another program may have changed rows without a word: every layer may be another.
            store.mark_changed()?;
        }
        self.publish(writing, &before).map(drop)
    }

    /// Reads what the store holds, serves it, and says what it changed since `before`.
    fn publish(&self, writing: &mut Writing, before: &Arc<Snapshot>) -> Result<Arc<Snapshot>, EngineError> {
        let started = Instant::now();
        let now = writing.watch.data_version()?;
        let next = Arc::new(Snapshot::load(writing.store.path(), &self.rulebook, Some(before))?);
        let read = started.elapsed();
        // Nobody waits for the first tile of a new revision; the old one is served meanwhile.
        next.prepare_tiles(TileCoord::MAX_ZOOM)?;
        self.tell(before, &next, next.tile_changes(before), false)?;
        // Who wrote between our commit and this is looked at next.
        writing.seen = if writing.store.is_settled()? { now } else { now.wrapping_sub(1) };
        let plans_number = writing.store.plans_number()?;
        self.tell_of_plans(writing, plans_number);
        let ms = [read, started.elapsed()].map(|took| took.as_millis() as u64);
        tracing::info!(revision = next.revision, read_ms = ms[0], ms = ms[1], "the workspace changed");
        Ok(next)
    }

    fn tell_of_plans(&self, writing: &mut Writing, number: u64) {
        writing.plans_number = number;
        // Held, so that nobody begins to wait between the two.
        let _news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        self.plans_number.store(number, Ordering::Release);
        self.changed.notify_all();
    }

    /// Makes low zooms ready, when it is time.
    fn follow_far(&self) -> Result<(), EngineError> {
        let mut pending = self.far.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Far { before, next, is_coalesced, .. }) = pending.take_if(|far| far.due <= Instant::now()) else { return Ok(()) };
        drop(pending);
        let epoch = next.epoch(None)?;
        self.far_threads.install(|| TileLayer::ALL.iter().try_for_each(|layer| next.prepare_layer(*layer, epoch, 0)))?;
        let changes = if is_coalesced { TileChanges::default() } else { next.tile_changes(&before) };
        self.tell(&before, &next, changes, true)
    }

    /// Serves a snapshot, and says what it changes: who sees the one finds the other. What low zooms show is told of the
    /// snapshot that is served, or not at all: the next one tells it.
    fn tell(&self, before: &Arc<Snapshot>, next: &Arc<Snapshot>, changes: TileChanges, is_far: bool) -> Result<(), EngineError> {
        let epoch = next.epoch(None)?;
        let of_style =
            |s: &Snapshot| Ok::<_, EngineError>((s.epochs.clone(), s.bounds_of_style()?, s.attribution("vi"), s.attribution("en")));
        let is_same_style = of_style(before)? == of_style(next)?;
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut far = self.far.lock().unwrap_or_else(PoisonError::into_inner);
        if is_far && !Arc::ptr_eq(&current, next) {
            far.iter_mut().for_each(|far| far.is_coalesced = true);
            return Ok(());
        }
        if !is_far {
            let is_coalesced = far.is_some();
            // Who looks on asks for the near tiles now.
            *far = Some(Far { before: before.clone(), next: next.clone(), due: Instant::now() + NEAR_FIRST, is_coalesced });
        }
        drop(far);
        *current = next.clone();
        drop(current);
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
