//! The area that every pair of a zone and a land use shares.
//!
//! Both layers are cut into pieces of few vertices, the land use's pieces are indexed, and the areas of the pieces are
//! added up. No shapes are built: see `geom::shared`.

use rayon::prelude::*;

use super::cover::{MIN_SHARED_M2, Pieces, Room, cut};
use crate::model::MultiPolygon;

/// A zone and a land use, by their positions, and the area both cover.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub zone: u32,
    pub land_use: u32,
    pub area_m2: f64,
}

/// Zones that are in pieces at a time: the pieces of a million zones would take more memory than the zones.
const N_ZONES_AT_ONCE: usize = 1 << 16;
/// Zone pieces that one thread takes at a time.
const N_PIECES_AT_ONCE: usize = 512;

/// Every pair that shares more than 1e-6 m², by zone, then by land use. Shapes are valid; all preparation is in here.
pub fn overlay(zones: &[&MultiPolygon], land_use: &[&MultiPolygon]) -> Vec<Pair> {
    let land_use = LandUsePieces::new(land_use);
    let some = zones.chunks(N_ZONES_AT_ONCE).enumerate();
    let placed = |(n, zones): (usize, &[&MultiPolygon])| {
        let first = (n * N_ZONES_AT_ONCE) as u32;
        land_use.pairs(zones).into_iter().map(move |pair| Pair { zone: first + pair.zone, ..pair })
    };
    some.flat_map(placed).collect()
}

/// Land use made ready for an overlay with zones that come some at a time.
pub struct LandUsePieces<'a>(Pieces<'a>);

impl<'a> LandUsePieces<'a> {
    pub fn new(land_use: &[&'a MultiPolygon]) -> Self {
        LandUsePieces(Pieces::new(land_use))
    }

    /// The pairs of some zones, as `overlay` gives them.
    pub fn pairs(&self, zones: &[&MultiPolygon]) -> Vec<Pair> {
        let chunks: Vec<Vec<Pair>> = cut(zones)
            .par_chunks(N_PIECES_AT_ONCE)
            .map_init(
                || (Room::default(), Vec::new()),
                |(room, shared), zones| {
                    let mut pairs = Vec::new();
                    for (zone, piece) in zones {
                        shared.clear();
                        self.0.shared_with(piece, room, shared);
                        pairs.extend(shared.iter().map(|s| Pair { zone: zone.shape, land_use: s.shape, area_m2: s.area_m2 }));
                    }
                    pairs
                },
            )
            .collect();
        one_of_each(chunks.concat())
    }
}

/// Parts of pairs, added up.
fn one_of_each(mut parts: Vec<Pair>) -> Vec<Pair> {
    // Stable: the parts of one pair are added in the order of its pieces, whatever else is in the layers.
    parts.sort_by_key(|p| (p.zone, p.land_use));
    parts.dedup_by(|next, sum| {
        let same = (next.zone, next.land_use) == (sum.zone, sum.land_use);
        if same {
            sum.area_m2 += next.area_m2;
        }
        same
    });
    parts.retain(|p| p.area_m2 > MIN_SHARED_M2);
    parts
}
