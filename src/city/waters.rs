//! Rivers: their course with changing width, the alluvium along them, the dykes.

use super::curves::{Nearest, distance_m, nearest_on_segment, through};
use super::dice::noise;
use super::figures::RiverFigures;
use super::lattice::{Lattice, Point};

/// A river's middle line, metres, with its width and how far the dykes stand.
pub(super) struct River {
    pub course: Vec<Point>,
    along_m: Vec<f64>,
    width_m: [f64; 2],
    dykes_m: [f64; 2],
    seed: u64,
}

/// What a cell sees of the nearest river.
#[derive(Clone, Copy)]
pub(super) struct RiverView {
    pub river: u8,
    pub distance_m: f32,
    pub along_m: f32,
    pub left: bool,
    pub in_water: bool,
    /// Outside the dykes: between dyke and water.
    pub on_alluvium: bool,
}

impl River {
    pub fn new(figures: &RiverFigures, center: Point, seed: u64) -> River {
        let points: Vec<Point> = figures.points.iter().map(|p| [p[0] * 1000.0, p[1] * 1000.0]).collect();
        let smooth = through(&points, 280.0);
        // Meanders: pushed sideways by slow noise, less in the inner city, where banks are fixed.
        let course: Vec<Point> = smooth
            .iter()
            .enumerate()
            .map(|(k, &p)| {
                let (a, b) = (smooth[k.saturating_sub(1)], smooth[(k + 1).min(smooth.len() - 1)]);
                let length = distance_m(a, b).max(1e-9);
                let calm = (distance_m(p, center) / 9000.0).clamp(0.15, 1.0);
                let push = calm * figures.width_m[1] * (0.75 * noise(seed, p, 5200.0) + 0.2 * noise(seed + 1, p, 2100.0));
                [p[0] - (b[1] - a[1]) / length * push, p[1] + (b[0] - a[0]) / length * push]
            })
            .collect();
        let mut along_m = vec![0.0];
        for pair in course.windows(2) {
            along_m.push(along_m[along_m.len() - 1] + distance_m(pair[0], pair[1]));
        }
        River { course, along_m, width_m: figures.width_m, dykes_m: figures.dykes_m, seed }
    }

    fn between(range: [f64; 2], share: f64) -> f64 {
        range[0] + (range[1] - range[0]) * share.clamp(0.0, 1.0)
    }

    /// From the middle line to the bank.
    fn half_width_m(&self, along_m: f64) -> f64 {
        let share = 0.5 + 0.75 * noise(self.seed + 2, [along_m, 0.0], 4200.0);
        Self::between(self.width_m, share) / 2.0 + 14.0 * noise(self.seed + 3, [along_m, 9.0], 420.0)
    }

    /// From the bank to the dyke, on one side.
    fn alluvium_m(&self, along_m: f64, left: bool, at: Point, center: Point) -> f64 {
        let side = if left { 100.0 } else { 900.0 };
        let share = 0.42 + 0.75 * noise(self.seed + 4, [along_m, side], 6500.0) + 0.2 * noise(self.seed + 5, [along_m, side], 2600.0);
        let open = (distance_m(at, center) / 11_000.0).clamp(0.25, 1.0);
        Self::between(self.dykes_m, share * open)
    }
}

/// By cell, what it sees of the nearest river, as far as its dykes can stand.
pub(super) fn survey(lattice: &Lattice, rivers: &[River], center: Point) -> Vec<Option<RiverView>> {
    let mut nearest: Vec<Option<(u8, Nearest)>> = vec![None; lattice.n_cells()];
    for (number, river) in rivers.iter().enumerate() {
        let reach_m = river.width_m[1] / 2.0 + river.dykes_m[1] + 60.0;
        for (k, pair) in river.course.windows(2).enumerate() {
            let middle = [(pair[0][0] + pair[1][0]) / 2.0, (pair[0][1] + pair[1][1]) / 2.0];
            lattice.around(middle, reach_m + distance_m(pair[0], pair[1]) / 2.0, |cell, at| {
                let found = nearest_on_segment(at, pair[0], pair[1], river.along_m[k]);
                if found.distance_m < reach_m && nearest[cell].is_none_or(|(_, n)| found.distance_m < n.distance_m) {
                    nearest[cell] = Some((number as u8, found));
                }
            });
        }
    }
    nearest
        .iter()
        .enumerate()
        .map(|(cell, found)| {
            found.map(|(number, n)| {
                let river = &rivers[number as usize];
                let (half, left) = (river.half_width_m(n.along_m), n.side > 0.0);
                let dyke = half + river.alluvium_m(n.along_m, left, lattice.center(cell), center);
                RiverView {
                    river: number,
                    distance_m: n.distance_m as f32,
                    along_m: n.along_m as f32,
                    left,
                    in_water: n.distance_m < half,
                    on_alluvium: n.distance_m >= half && n.distance_m < dyke,
                }
            })
        })
        .collect()
}
