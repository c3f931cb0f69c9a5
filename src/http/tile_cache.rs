//! Tiles that were drawn lately, bounded by their bytes; the one that was not asked for longest goes first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::answer::{Coded, Coding};
use crate::engine::{TileCoord, TileFilter, TileLayer};
use crate::model::Epoch;

/// All that a tile's bytes depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct TileKey {
    /// Of the workspace's layers that the tile shows: another change leaves it as it is.
    pub stamp: String,
    pub layers: Vec<TileLayer>,
    pub epoch: Option<Epoch>,
    pub coord: TileCoord,
    pub filter: TileFilter,
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
    tiles: HashMap<TileKey, (Coded, u64)>,
    /// By the time of the last use: a counter.
    order: BTreeMap<u64, TileKey>,
    now: u64,
    n_bytes: usize,
    n_hits: u64,
    n_misses: u64,
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
    pub(super) fn new(most_bytes: usize) -> TileCache {
        TileCache { most_bytes, kept: Mutex::default() }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, key: &TileKey) -> Option<Coded> {
        let mut kept = self.kept();
        let Kept { tiles, order, now, n_hits, n_misses, .. } = &mut *kept;
        let Some((coded, used)) = tiles.get_mut(key) else {
            *n_misses += 1;
            return None;
        };
        *n_hits += 1;
        *now += 1;
        if let Some(key) = order.remove(used) {
            order.insert(*now, key);
        }
        *used = *now;
        Some(coded.clone())
    }

    pub(super) fn put(&self, key: TileKey, coded: Coded) {
        let n_bytes = coded.bytes.len() + ENTRY_BYTES;
        if n_bytes > self.most_bytes / 8 {
            return;
        }
        let mut kept = self.kept();
        let kept = &mut *kept;
        kept.now += 1;
        if let Some((old, used)) = kept.tiles.insert(key.clone(), (coded, kept.now)) {
            kept.n_bytes -= old.bytes.len() + ENTRY_BYTES;
            kept.order.remove(&used);
        }
        kept.order.insert(kept.now, key);
        kept.n_bytes += n_bytes;
        while kept.n_bytes > self.most_bytes {
            let Some((_, oldest)) = kept.order.pop_first() else { break };
            if let Some((old, _)) = kept.tiles.remove(&oldest) {
                kept.n_bytes -= old.bytes.len() + ENTRY_BYTES;
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
            stamp: "zones@1".to_owned(),
            layers: vec![TileLayer::Zones],
            epoch: None,
            coord,
            filter: TileFilter::default(),
            coding: Coding::Identity,
        }
    }

    #[test]
    fn the_tile_that_was_not_asked_for_longest_goes_first() {
        let cache = TileCache::new(10 * (ENTRY_BYTES + 100));
        for x in 0..10 {
            cache.put(key(x), Coded::new(vec![x as u8; 100], Coding::Identity));
        }
        assert!(cache.get(&key(0)).is_some());
        cache.put(key(10), Coded::new(vec![10; 100], Coding::Identity));
        assert!(cache.get(&key(1)).is_none());
        assert_eq!(cache.get(&key(0)).unwrap().bytes, vec![0; 100]);
        assert_eq!(cache.counts(), CacheCounts { n_tiles: 10, n_bytes: 10 * (ENTRY_BYTES + 100), n_hits: 2, n_misses: 1 });
    }

    #[test]
    fn a_tile_put_twice_counts_once_and_a_huge_one_is_not_kept() {
        let cache = TileCache::new(8_000);
        cache.put(key(0), Coded::new(vec![0; 100], Coding::Identity));
        cache.put(key(0), Coded::new(vec![0; 300], Coding::Identity));
        cache.put(key(1), Coded::new(vec![0; 5_000], Coding::Identity));
        assert_eq!((cache.counts().n_tiles, cache.counts().n_bytes), (1, 300 + ENTRY_BYTES));
    }
}
