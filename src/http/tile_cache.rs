//! Tiles that were drawn lately, bounded by their bytes; the one that was not asked for longest goes first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::answer::{Coded, Coding};
use crate::engine::{TileCoord, TileFilter, TileFormat, TileLayer};
use crate::model::{Epoch, Revision};

/// All that a tile's bytes depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct TileKey {
    pub layers: Vec<TileLayer>,
    pub epoch: Option<Epoch>,
    pub coord: TileCoord,
    pub filter: TileFilter,
    pub format: TileFormat,
    pub coding: Coding,
}

/// What a kept tile costs besides its bytes, about.
const ENTRY_BYTES: usize = 256;

#[derive(Debug)]
pub(super) struct TileCache {
    most_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The revision that is served.
    revision: Revision,
    tiles: HashMap<TileKey, Tile>,
    /// By the time of the last use: a counter.
    order: BTreeMap<u64, TileKey>,
    now: u64,
    n_bytes: usize,
    n_hits: u64,
    n_misses: u64,
}

#[derive(Debug)]
struct Tile {
    coded: Coded,
    /// What it shows is of this revision, and perhaps of later ones.
    revision: Revision,
    used: u64,
}

/// For the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CacheCounts {
    pub n_tiles: usize,
    pub n_bytes: usize,
    pub n_hits: u64,
    pub n_misses: u64,
}

impl TileCache {
    pub(super) fn new(most_bytes: usize, revision: Revision) -> TileCache {
        TileCache { most_bytes, kept: Mutex::new(Kept { revision, ..Kept::default() }) }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a revision is the one that `advance` was last told of.
    pub(super) fn is_at(&self, revision: Revision) -> bool {
        self.kept().revision == revision
    }

    /// The tile as a revision shows it.
    pub(super) fn get(&self, key: &TileKey, revision: Revision) -> Option<Coded> {
        let mut kept = self.kept();
        let Kept { tiles, order, now, n_hits, n_misses, .. } = &mut *kept;
        let Some(tile) = tiles.get_mut(key).filter(|tile| tile.revision == revision) else {
            *n_misses += 1;
            return None;
        };
        *n_hits += 1;
        *now += 1;
        if let Some(key) = order.remove(&tile.used) {
            order.insert(*now, key);
        }
        tile.used = *now;
        Some(tile.coded.clone())
    }

    /// Goes from the revision that was served to the next. `touches` says whether it draws a tile otherwise: such a tile
    /// is let go; what is not known yet waits until this is called again.
    pub(super) fn advance(&self, since: Revision, revision: Revision, touches: impl Fn(&TileKey) -> Option<bool>) {
        let mut kept = self.kept();
        let Kept { tiles, order, n_bytes, revision: served, .. } = &mut *kept;
        *served = revision;
        tiles.retain(|key, tile| {
            let keep = match tile.revision {
                of if of == revision => true,
                of if of == since => match touches(key) {
                    Some(false) => {
                        tile.revision = revision;
                        true
                    }
                    touched => touched.is_none(),
                },
                _ => false,
            };
            if !keep {
                *n_bytes -= tile.coded.bytes.len() + ENTRY_BYTES;
                order.remove(&tile.used);
            }
            keep
        });
    }

    /// Keeps a tile that was drawn of a revision.
    pub(super) fn put(&self, key: TileKey, coded: Coded, revision: Revision) {
        let n_bytes = coded.bytes.len() + ENTRY_BYTES;
        if n_bytes > self.most_bytes / 8 {
            return;
        }
        let mut kept = self.kept();
        let kept = &mut *kept;
        // Of a revision that is gone, or of one that `advance` was not told of yet.
        if revision != kept.revision {
            return;
        }
        kept.now += 1;
        if let Some(old) = kept.tiles.insert(key.clone(), Tile { coded, revision, used: kept.now }) {
            kept.n_bytes -= old.coded.bytes.len() + ENTRY_BYTES;
            kept.order.remove(&old.used);
        }
        kept.order.insert(kept.now, key);
        kept.n_bytes += n_bytes;
        while kept.n_bytes > self.most_bytes {
            let Some((_, oldest)) = kept.order.pop_first() else { break };
            if let Some(old) = kept.tiles.remove(&oldest) {
                kept.n_bytes -= old.coded.bytes.len() + ENTRY_BYTES;
            }
        }
    }

    pub(super) fn counts(&self) -> CacheCounts {
        let kept = self.kept();
        CacheCounts { n_tiles: kept.tiles.len(), n_bytes: kept.n_bytes, n_hits: kept.n_hits, n_misses: kept.n_misses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(x: u64) -> TileKey {
        let coord = TileCoord::new(10, x, 0).unwrap();
        TileKey {
            layers: vec![TileLayer::Zones],
            epoch: None,
            coord,
            filter: TileFilter::default(),
            format: TileFormat::Mvt,
            coding: Coding::Identity,
        }
    }

    fn cache(most_bytes: usize) -> TileCache {
        TileCache::new(most_bytes, 1)
    }

    fn plain(bytes: Vec<u8>) -> Coded {
        Coded::new(bytes, Coding::Identity)
    }

    #[test]
    fn the_tile_that_was_not_asked_for_longest_goes_first() {
        let cache = cache(10 * (ENTRY_BYTES + 100));
        for x in 0..10 {
            cache.put(key(x), plain(vec![x as u8; 100]), 1);
        }
        assert!(cache.get(&key(0), 1).is_some());
        cache.put(key(10), plain(vec![10; 100]), 1);
        assert!(cache.get(&key(1), 1).is_none());
        assert_eq!(cache.get(&key(0), 1).unwrap().bytes, vec![0; 100]);
        assert_eq!(cache.counts(), CacheCounts { n_tiles: 10, n_bytes: 10 * (ENTRY_BYTES + 100), n_hits: 2, n_misses: 1 });
    }

    #[test]
    fn a_tile_put_twice_counts_once_and_a_huge_one_is_not_kept() {
        let cache = cache(8_000);
        cache.put(key(0), plain(vec![0; 100]), 1);
        cache.put(key(0), plain(vec![0; 300]), 1);
        cache.put(key(1), plain(vec![0; 5_000]), 1);
        assert_eq!((cache.counts().n_tiles, cache.counts().n_bytes), (1, 300 + ENTRY_BYTES));
    }

    #[test]
    fn a_change_lets_go_of_what_it_touches_keeps_the_rest_and_waits_for_what_is_not_known() {
        let cache = cache(100_000);
        (0..3).for_each(|x| cache.put(key(x), plain(vec![0; 100]), 1));
        let verdict = |not_known: Option<bool>| move |key: &TileKey| [Some(false), Some(true), not_known][key.coord.x() as usize];
        cache.advance(1, 2, verdict(None));
        let of_two = |x: u64| cache.get(&key(x), 2).is_some();
        assert_eq!([of_two(0), of_two(1), of_two(2)], [true, false, false]);
        cache.advance(1, 2, verdict(Some(false)));
        assert!(of_two(2) && cache.get(&key(2), 1).is_none());
        assert_eq!((cache.counts().n_tiles, cache.counts().n_bytes), (2, 2 * (ENTRY_BYTES + 100)));
        // What was drawn of a revision that is gone comes too late; what is old enough goes whatever touches it.
        cache.put(key(1), plain(vec![0; 100]), 1);
        assert!(cache.get(&key(1), 1).is_none() && !of_two(1));
        cache.advance(3, 4, |_| Some(false));
        assert_eq!((cache.counts().n_tiles, cache.counts().n_bytes), (0, 0));
    }
}
