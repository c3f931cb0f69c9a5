//! Which commune each cell of the lattice lies in.
//!
//! A power diagram of the communes' points, its weights fitted until the areas come close to the
//! official ones, with borders roughened like real ones. Shapes are invented; points and areas are facts.

use super::UnitPoint;
use super::dice::{noise, rough_noise};
use super::lattice::{Lattice, Point};

/// Cells of the coarse lattice on which weights are fitted, in fine cells.
const COARSE: usize = 8;
const N_CANDIDATES: usize = 14;
const N_ROUNDS: usize = 70;

/// By cell: 0 outside, else 1 + the unit's place in `units`.
pub(super) fn deal(lattice: &Lattice, units: &[UnitPoint], bounds_m: [f64; 4], center: Point, seed: u64) -> Vec<u8> {
    let coarse = Lattice {
        x0: lattice.x0,
        y0: lattice.y0,
        cell_m: lattice.cell_m * COARSE as f64,
        nx: lattice.nx.div_ceil(COARSE),
        ny: lattice.ny.div_ceil(COARSE),
    };
    let inside = |p: Point| p[0] > bounds_m[0] && p[1] > bounds_m[1] && p[0] < bounds_m[2] && p[1] < bounds_m[3];
    let (density, limit) = outline(&coarse, units, &inside, seed);
    let power = |p: Point, k: u8, weights: &[f64]| {
        (p[0] - units[k as usize].x).powi(2) + (p[1] - units[k as usize].y).powi(2) - weights[k as usize]
    };
    let circles: Vec<f64> = units.iter().map(|u| u.area_km2 * 1e6 / std::f64::consts::PI).collect();
    let candidates: Vec<Vec<u8>> = (0..coarse.n_cells())
        .map(|cell| {
            if density[cell] < limit * 0.4 {
                return Vec::new();
            }
            let p = coarse.center(cell);
            let mut order: Vec<(f64, u8)> = (0..units.len() as u8).map(|k| (power(p, k, &circles), k)).collect();
            if order.len() > N_CANDIDATES {
                order.select_nth_unstable_by(N_CANDIDATES, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                order.truncate(N_CANDIDATES);
            }
            order.into_iter().map(|(_, k)| k).collect()
        })
        .collect();
    let own: Vec<usize> = (0..coarse.n_cells()).filter(|&c| density[c] >= limit).collect();
    let weights = fit(&coarse, units, &candidates, &own, circles);
    (0..lattice.n_cells())
        .map(|cell| {
            let coarse_cell = (cell / lattice.nx / COARSE) * coarse.nx + (cell % lattice.nx) / COARSE;
            let p = lattice.center(cell);
            if !inside(p) || candidates[coarse_cell].is_empty() {
                return 0;
            }
            let here = between(&coarse, &density, p) / limit;
            if here < 0.95 || (here < 1.05 && here < 1.0 + 0.05 * noise(seed ^ 0x52, p, 520.0)) {
                return 0;
            }
            let warped = warp(p, center, seed);
            let nearest = candidates[coarse_cell].iter().map(|&k| (power(warped, k, &weights), k)).min_by(|a, b| a.0.total_cmp(&b.0));
            nearest.map_or(0, |(_, k)| k + 1)
        })
        .collect()
}

/// Bilinear between the middles of coarse cells.
fn between(coarse: &Lattice, values: &[f64], at: Point) -> f64 {
    let place = |v: f64, origin: f64, n: usize| {
        let t = ((v - origin) / coarse.cell_m - 0.5).clamp(0.0, n as f64 - 1.001);
        (t as usize, t.fract())
    };
    let ((i, u), (j, v)) = (place(at[0], coarse.x0, coarse.nx), place(at[1], coarse.y0, coarse.ny));
    let row = |j: usize| values[j * coarse.nx + i] * (1.0 - u) + values[j * coarse.nx + i + 1] * u;
    row(j) * (1.0 - v) + row(j + 1) * v
}

/// Bends borders: gently in the small wards, more in the wide communes.
fn warp(p: Point, center: Point, seed: u64) -> Point {
    let far = ((p[0] - center[0]).hypot(p[1] - center[1]) / 16_000.0).clamp(0.18, 1.0);
    let push = |s: u64| far * (360.0 * noise(seed ^ s, p, 2600.0) + 200.0 * rough_noise(seed ^ (s + 8), p, 760.0));
    [p[0] + push(0x71), p[1] + push(0x81)]
}

/// How much commune there is around each coarse cell (about 1 inside), and the least of it that is
/// inside the city, so that the city's area is the sum of its communes'.
fn outline(coarse: &Lattice, units: &[UnitPoint], inside: &impl Fn(Point) -> bool, seed: u64) -> (Vec<f64>, f64) {
    let density: Vec<f64> = (0..coarse.n_cells())
        .map(|cell| {
            let p = coarse.center(cell);
            if !inside(p) {
                return 0.0;
            }
            let push = |s: u64| 900.0 * noise(seed ^ s, p, 6000.0) + 420.0 * rough_noise(seed ^ (s + 8), p, 2100.0);
            let p = [p[0] + push(0x51), p[1] + push(0x61)];
            units
                .iter()
                .map(|u| {
                    // A commune spread like a bell as wide as itself.
                    let spread_m2 = u.area_km2 * 1e6 / std::f64::consts::PI * 0.95;
                    let d2 = (p[0] - u.x).powi(2) + (p[1] - u.y).powi(2);
                    if d2 > 16.0 * spread_m2 {
                        0.0
                    } else {
                        u.area_km2 * 1e6 / (std::f64::consts::TAU * spread_m2) * (-d2 / (2.0 * spread_m2)).exp()
                    }
                })
                .sum()
        })
        .collect();
    let total_m2: f64 = units.iter().map(|u| u.area_km2 * 1e6).sum();
    let n_wanted = (total_m2 / coarse.cell_m.powi(2)) as usize;
    let mut order = density.clone();
    order.sort_by(|a, b| b.total_cmp(a));
    let limit = order.get(n_wanted).or(order.last()).copied().unwrap_or(0.0).max(1e-9);
    (density, limit)
}

/// Weights (m²) with which each unit's share of the cells comes close to its official area.
fn fit(coarse: &Lattice, units: &[UnitPoint], candidates: &[Vec<u8>], cells: &[usize], mut weights: Vec<f64>) -> Vec<f64> {
    let cell_m2 = coarse.cell_m.powi(2);
    let own = cells.len() as f64 * cell_m2 / units.iter().map(|u| u.area_km2 * 1e6).sum::<f64>().max(1.0);
    for round in 0..N_ROUNDS {
        let mut area_m2 = vec![0.0; units.len()];
        for &cell in cells {
            let p = coarse.center(cell);
            let power = |k: u8| (p[0] - units[k as usize].x).powi(2) + (p[1] - units[k as usize].y).powi(2) - weights[k as usize];
            let nearest = candidates[cell].iter().map(|&k| (power(k), k)).min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((_, k)) = nearest {
                area_m2[k as usize] += cell_m2;
            }
        }
        let step = if round < N_ROUNDS / 2 { 0.6 } else { 0.3 };
        for (k, unit) in units.iter().enumerate() {
            weights[k] += step * (unit.area_km2 * 1e6 * own - area_m2[k]);
        }
    }
    weights
}
