//! The area that every pair of a zone and a land use shares.
//!
//! Both layers are cut into pieces of few vertices, the land use's pieces are indexed, and the areas of the pieces are
//! added up. No shapes are built: see `geom::shared`.

use rayon::prelude::*;

use crate::geom::{Piece, SharedArea, halve};
use crate::index::Index;
use crate::model::MultiPolygon;

/// A pair that shares no more than this shares a border, not land.
const MIN_SHARED_M2: f64 = 1e-6;

/// A zone and a land use, by their positions, and the area both cover.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub zone: u32,
    pub land_use: u32,
    pub area_m2: f64,
}

/// Every pair that shares more than 1e-6 m², by zone, then by land use.
pub fn overlay(zones: &[&MultiPolygon], land_use: &[&MultiPolygon]) -> Vec<Pair> {
    let (zones, land_use) = (pieces(zones), pieces(land_use));
    let index = Index::new(land_use.iter().map(|(_, p)| Some(p.bounds)));
    let chunks: Vec<Vec<Pair>> = zones
        .par_chunks(512)
        .map_init(
            || (SharedArea::default(), Vec::new()),
            |(shared, near), zones| {
                let mut parts = Vec::new();
                for (zone, piece) in zones {
                    near.clear();
                    near.extend(index.query(piece.bounds));
                    near.sort_unstable();
                    for &i in near.iter() {
                        let (land_use, other) = &land_use[i];
                        let area_m2 = shared.of(piece, other);
                        if area_m2 != 0.0 {
                            parts.push(Pair { zone: *zone, land_use: *land_use, area_m2 });
                        }
                    }
                }
                parts
            },
        )
        .collect();
    let mut parts = chunks.concat();
    // Stable: the parts of one pair are added in the order of its pieces.
    parts.sort_by_key(|p| (p.zone, p.land_use));
    let mut pairs: Vec<Pair> = Vec::with_capacity(parts.len());
    for part in parts {
        match pairs.last_mut() {
            Some(last) if (last.zone, last.land_use) == (part.zone, part.land_use) => last.area_m2 += part.area_m2,
            _ => pairs.push(part),
        }
    }
    pairs.retain(|p| p.area_m2 > MIN_SHARED_M2);
    pairs
}

/// Every shape cut into pieces, with its position.
fn pieces<'a>(shapes: &[&'a MultiPolygon]) -> Vec<(u32, Piece<'a>)> {
    let cut = |(position, shape): (usize, &&'a MultiPolygon)| {
        shape.0.iter().flat_map(halve).map(|p| (position as u32, p)).collect::<Vec<_>>()
    };
    shapes.par_iter().enumerate().flat_map_iter(cut).collect()
}
