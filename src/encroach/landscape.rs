//! Figures for planning: how much farmland is left of some zones, and in how many and what kind of pieces.
//!
//! A patch is a connected piece of the land that is left; zones that share a border are one. Sources: effective mesh size:
//! Jaeger 2000, Landscape Ecology 15; proximity: Gustafson & Parker 1992, Landscape Ecology 7, as FRAGSTATS computes it
//! (McGarigal & Marks 1995, PROX); edge density, largest patch and core area: the same, ED, LPI, CORE.

use std::collections::HashMap;

use rayon::prelude::*;

use super::cover::{Cover, Room};
use crate::geom::{self, Outline};
use crate::index::Index;
use crate::legend::Rules;
use crate::model::{Coord, Event, MultiPolygon, Polygon, Ring};

/// Land is taken a little beyond an event's border, metres: where the event ends at the zone's border, rounding would
/// else leave bridges as wide as a rounding error.
const BEYOND_M: f64 = 0.001;

/// Zones nearer to each other than twice this share a border, metres: borders that were drawn as one differ by less after
/// a change of coordinates, and no path between fields is so narrow.
const SAME_BORDER_M: f64 = 0.005;

/// Connected land, the largest patch first.
#[derive(Debug, Clone, Default)]
pub struct Patches {
    pub list: Vec<MultiPolygon>,
    /// Pieces too small or narrow to be farmed: slivers by the rules. They are no patches.
    pub n_slivers: usize,
    pub sliver_area_m2: f64,
}

/// What is measured and how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// Land deeper inside than this is core, metres.
    pub core_m: f64,
    /// Patches within this distance count for proximity, metres.
    pub search_m: f64,
}

impl Default for Reach {
    fn default() -> Self {
        Reach { core_m: 50.0, search_m: 500.0 }
    }
}

/// The shape of the land that is left. Without a patch everything is zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Landscape {
    pub n_patches: usize,
    /// Σ Aᵢ, m².
    pub area_m2: f64,
    /// Σ Aᵢ / n, m².
    pub mean_patch_m2: f64,
    /// max Aᵢ, m².
    pub largest_patch_m2: f64,
    /// max Aᵢ / A, of the zones' whole area.
    pub largest_patch_share: f64,
    /// Σ Aᵢ² / A, m²: the patch in which a random place of the zones lies is so large on average (Jaeger 2000, eq. 4).
    pub effective_mesh_m2: f64,
    /// Length of all borders of the patches, metres.
    pub edge_m: f64,
    /// The same over the zones' whole area, m/ha.
    pub edge_m_per_ha: f64,
    /// Land deeper inside than `Reach::core_m`, m².
    pub core_m2: f64,
    /// Mean over the patches of Σ Aₛ / dₛ² over the other patches within `Reach::search_m`, dₛ from border to border and at least 1 m.
    pub proximity: f64,
}

/// The zone's land without that of its events.
pub fn remaining(zone: &MultiPolygon, events: &[Event]) -> MultiPolygon {
    if events.is_empty() {
        return zone.clone();
    }
    // Events of different groups may overlap; as one list of polygons their land counts once.
    let lost = MultiPolygon::new(events.iter().flat_map(|e| e.shape.0.iter().cloned()).collect());
    geom::difference(zone, &geom::outset(&lost, BEYOND_M))
}

/// How many patches there are and how large, without their shapes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fragments {
    pub n_patches: usize,
    pub area_m2: f64,
    pub largest_patch_m2: f64,
    pub n_slivers: usize,
}

/// Areas of the patches and number of the slivers of land that was looked at before, by a hash of it: what changes touches few.
pub type KnownFragments = HashMap<[u8; 32], (Vec<f64>, usize)>;

/// The same count as `patches`; only land that is not known yet is joined.
pub fn fragments(remaining: &[&MultiPolygon], rules: &Rules, known: &mut KnownFragments) -> Fragments {
    let polygons: Vec<&Polygon> = remaining.iter().flat_map(|shape| &shape.0).collect();
    let keyed: Vec<([u8; 32], Vec<usize>)> =
        clusters(&polygons).into_iter().map(|cluster| (hash_of(&polygons, &cluster), cluster)).collect();
    let new: Vec<&([u8; 32], Vec<usize>)> = keyed.iter().filter(|(hash, _)| !known.contains_key(hash)).collect();
    let sized = |cluster: &[usize]| {
        let patches = joined(&polygons, cluster).0.into_iter().map(|polygon| MultiPolygon::new(vec![polygon]));
        let mut areas = Vec::new();
        let mut n_slivers = 0;
        for patch in patches {
            let area_m2 = geom::area_m2(&patch);
            if rules.is_sliver(area_m2, geom::width_m(&patch)) { n_slivers += 1 } else { areas.push(area_m2) }
        }
        (areas, n_slivers)
    };
    let found: KnownFragments = new.into_par_iter().map(|(hash, cluster)| (*hash, sized(cluster))).collect();
    known.extend(found);
    let mut sum = Fragments::default();
    for (areas, n_slivers) in keyed.iter().filter_map(|(hash, _)| known.get(hash)) {
        sum.n_patches += areas.len();
        sum.n_slivers += n_slivers;
        sum.area_m2 += areas.iter().sum::<f64>();
        sum.largest_patch_m2 = areas.iter().copied().fold(sum.largest_patch_m2, f64::max);
    }
    sum
}

fn hash_of(polygons: &[&Polygon], cluster: &[usize]) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    for ring in cluster.iter().flat_map(|&i| std::iter::once(polygons[i].exterior()).chain(polygons[i].interiors())) {
        hash.update(&ring.0.len().to_le_bytes());
        for at in &ring.0 {
            hash.update(&at.x.to_le_bytes());
            hash.update(&at.y.to_le_bytes());
        }
    }
    *hash.finalize().as_bytes()
}

/// Polygons near each other as the land that they are together: gaps narrower than a drawn border are closed.
fn joined(polygons: &[&Polygon], cluster: &[usize]) -> MultiPolygon {
    let of = |places: &[usize]| MultiPolygon::new(places.iter().map(|&i| polygons[i].clone()).collect());
    if cluster.len() == 1 {
        return of(cluster);
    }
    // What a block's zones share is gone before blocks are joined: a city's borders would else be in memory all at once.
    let wider: Vec<MultiPolygon> =
        blocks(polygons, cluster).into_par_iter().map(|block| geom::outset(&of(&block), SAME_BORDER_M)).collect();
    let wider = if let [one] = &wider[..] { one } else { &geom::union(&wider.iter().collect::<Vec<_>>()) };
    geom::outset(wider, -SAME_BORDER_M)
}

/// Zones that are joined at a time.
const BLOCK: usize = 4096;

/// Places of a cluster, some at a time, those that lie near each other together: strips from west to east, each from south to north.
fn blocks(polygons: &[&Polygon], cluster: &[usize]) -> Vec<Vec<usize>> {
    if cluster.len() <= BLOCK {
        return vec![cluster.to_vec()];
    }
    let corner = |&i: &usize| geom::bounds_of_polygon(polygons[i]).map_or([f64::NAN; 2], |[x, y, ..]| [x, y]);
    let mut placed: Vec<([f64; 2], usize)> = cluster.iter().map(|i| (corner(i), *i)).collect();
    let by = |axis: usize| move |(a, i): &([f64; 2], usize), (b, j): &([f64; 2], usize)| a[axis].total_cmp(&b[axis]).then(i.cmp(j));
    placed.sort_unstable_by(by(0));
    let in_strip = ((placed.len() * BLOCK) as f64).sqrt().ceil() as usize;
    let strips = placed.chunks_mut(in_strip).flat_map(|strip| {
        strip.sort_unstable_by(by(1));
        strip.chunks(BLOCK)
    });
    strips.map(|block| block.iter().map(|(_, i)| *i).collect()).collect()
}

/// The patches of what is left of some zones.
pub fn patches(remaining: &[&MultiPolygon], rules: &Rules) -> Patches {
    let polygons: Vec<&Polygon> = remaining.iter().flat_map(|shape| &shape.0).collect();
    let joined: Vec<MultiPolygon> = clusters(&polygons)
        .into_par_iter()
        .flat_map_iter(|cluster| joined(&polygons, &cluster))
        .map(|polygon| MultiPolygon::new(vec![polygon]))
        .collect();
    let mut found = Patches::default();
    let mut sized: Vec<(f64, MultiPolygon)> = Vec::with_capacity(joined.len());
    for patch in joined {
        let area_m2 = geom::area_m2(&patch);
        if rules.is_sliver(area_m2, geom::width_m(&patch)) {
            found.n_slivers += 1;
            found.sliver_area_m2 += area_m2;
        } else {
            sized.push((area_m2, patch));
        }
    }
    let corner = |patch: &MultiPolygon| geom::bounds(patch).map(|b| (b[0], b[1])).unwrap_or_default();
    sized.sort_by(|(a, p), (b, q)| {
        let (p, q) = (corner(p), corner(q));
        b.total_cmp(a).then(p.0.total_cmp(&q.0)).then(p.1.total_cmp(&q.1))
    });
    found.list = sized.into_iter().map(|(_, patch)| patch).collect();
    found
}

/// Polygons whose boxes are near each other, directly or through others; places in order.
fn clusters(polygons: &[&Polygon]) -> Vec<Vec<usize>> {
    let near = 2.0 * SAME_BORDER_M;
    let bounds: Vec<Option<[f64; 4]>> = polygons.iter().map(|p| geom::bounds_of_polygon(p)).collect();
    let index = Index::new(bounds.iter().copied());
    let mut cluster_of = vec![usize::MAX; polygons.len()];
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    for first in 0..polygons.len() {
        if cluster_of[first] != usize::MAX {
            continue;
        }
        let number = clusters.len();
        cluster_of[first] = number;
        let mut cluster = vec![first];
        let mut next = 0;
        while let Some(&at) = cluster.get(next) {
            next += 1;
            let Some([x0, y0, x1, y1]) = bounds[at] else { continue };
            for other in index.query([x0 - near, y0 - near, x1 + near, y1 + near]) {
                if cluster_of[other] == usize::MAX {
                    cluster_of[other] = number;
                    cluster.push(other);
                }
            }
        }
        cluster.sort_unstable();
        clusters.push(cluster);
    }
    clusters
}

/// Measures patches of zones whose whole area, what was lost included, is `zones_m2`.
pub fn landscape(patches: &[MultiPolygon], zones_m2: f64, reach: Reach) -> Landscape {
    let areas: Vec<f64> = patches.iter().map(geom::area_m2).collect();
    let area_m2: f64 = areas.iter().sum::<f64>() + 0.0;
    if patches.is_empty() || area_m2 <= 0.0 {
        return Landscape::default();
    }
    let zones_m2 = zones_m2.max(area_m2);
    let largest_patch_m2 = areas.iter().copied().fold(0.0, f64::max);
    let edge_m: f64 = patches.iter().map(geom::perimeter_m).sum();
    // In parallel, but added in order: the sum may not depend on the number of threads.
    let cores: Vec<f64> = patches.par_iter().map(|patch| core_m2(patch, reach.core_m)).collect();
    let n = patches.len() as f64;
    Landscape {
        n_patches: patches.len(),
        area_m2,
        mean_patch_m2: area_m2 / n,
        largest_patch_m2,
        largest_patch_share: largest_patch_m2 / zones_m2,
        effective_mesh_m2: areas.iter().map(|a| a * a).sum::<f64>() / zones_m2,
        edge_m,
        edge_m_per_ha: edge_m / (zones_m2 / 10_000.0),
        core_m2: cores.iter().sum::<f64>() + 0.0,
        proximity: proximities(patches, &areas, reach.search_m).iter().sum::<f64>() / n,
    }
}

/// A patch with more vertices is looked at window by window: the arcs along all borders of a city fill gigabytes.
const MANY_VERTICES: usize = 1 << 14;

/// The least side of a window, metres, and the most windows from one side of a patch to the other.
const WINDOW_M: f64 = 1_000.0;
const MOST_WINDOWS: f64 = 256.0;

/// Land of a patch deeper inside than a distance, m².
fn core_m2(patch: &MultiPolygon, core_m: f64) -> f64 {
    let n_vertices: usize = patch.0.iter().flat_map(geom::rings_of_polygon).map(<[Coord]>::len).sum();
    if n_vertices <= MANY_VERTICES { geom::area_m2(&geom::inset(patch, core_m)) } else { core_by_windows_m2(patch, core_m) }
}

/// The same from what lies within a distance of each window, whose border is farther from the window than what counts.
pub(super) fn core_by_windows_m2(patch: &MultiPolygon, core_m: f64) -> f64 {
    let Some([x0, y0, x1, y1]) = geom::bounds(patch) else { return 0.0 };
    let cover = Cover::new(vec![patch]);
    let side_m = WINDOW_M.max(4.0 * core_m).max((x1 - x0).max(y1 - y0) / MOST_WINDOWS);
    let margin_m = core_m + 1.0;
    let [n_across, n_up] = [x1 - x0, y1 - y0].map(|extent| (extent / side_m).ceil().max(1.0) as usize);
    let in_window = |room: &mut Room, n: usize| {
        let [x, y] = [x0 + (n % n_across) as f64 * side_m, y0 + (n / n_across) as f64 * side_m];
        let land = cover.land(&rectangle([x - margin_m, y - margin_m, x + side_m + margin_m, y + side_m + margin_m]), &[0], room);
        geom::area_m2(&geom::clip_to_rect(&geom::inset(&land, core_m), [x, y, x + side_m, y + side_m]))
    };
    let sums: Vec<f64> = (0..n_across * n_up).into_par_iter().map_init(Room::default, in_window).collect();
    sums.iter().sum::<f64>() + 0.0
}

fn rectangle([x0, y0, x1, y1]: [f64; 4]) -> MultiPolygon {
    let corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]].map(|[x, y]| Coord { x, y });
    MultiPolygon::new(vec![Polygon::new(Ring::new(corners.to_vec()), Vec::new())])
}

/// The nearest that two patches count, metres: those that touch at a point would be infinitely near.
const NEAREST_M: f64 = 1.0;

/// Patches whose neighbours are found at a time: what is kept of them is bounded however many there are.
const AT_ONCE: usize = 1024;

/// The proximity index of each patch: Σ Aₛ / dₛ² over the others within `search_m`.
fn proximities(patches: &[MultiPolygon], areas: &[f64], search_m: f64) -> Vec<f64> {
    let bounds: Vec<Option<[f64; 4]>> = patches.iter().map(geom::bounds).collect();
    let index = Index::new(bounds.iter().copied());
    let outlines: Vec<Outline> = patches.par_iter().map(Outline::new).collect();
    // Each pair once, from the patch that comes first.
    let neighbours = |patch: usize| -> Vec<(usize, f64)> {
        let Some([x0, y0, x1, y1]) = bounds[patch] else { return Vec::new() };
        let near = index.query([x0 - search_m, y0 - search_m, x1 + search_m, y1 + search_m]).filter(|other| *other > patch);
        let mut found: Vec<(usize, f64)> =
            near.filter_map(|other| Some((other, outlines[patch].square_within(&outlines[other], search_m * search_m)?))).collect();
        found.sort_unstable_by_key(|(other, _)| *other);
        found
    };
    let mut sums = vec![0.0; patches.len()];
    for from in (0..patches.len()).step_by(AT_ONCE) {
        let some: Vec<usize> = (from..patches.len().min(from + AT_ONCE)).collect();
        // In parallel, but added in order: the sums may not depend on the number of threads.
        let pairs: Vec<Vec<(usize, f64)>> = some.par_iter().map(|patch| neighbours(*patch)).collect();
        for (a, others) in some.into_iter().zip(pairs) {
            for (b, square) in others {
                let square = square.max(NEAREST_M * NEAREST_M);
                sums[a] += areas[b] / square;
                sums[b] += areas[a] / square;
            }
        }
    }
    sums
}
