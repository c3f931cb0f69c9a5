//! Which field blocks become specialised zones, and of which kind.
//!
//! Kinds choose in the order of `demo.toml` until each has its hectares; blocks of one kind that share
//! a border grow together into zones.

use super::curves::distance_m;
use super::dice::{Dice, hash_unit, noise};
use super::figures::{Figures, KindFigures, Pull, Terrain};
use super::ground::Class;
use super::lattice::Point;

/// A field block.
pub(super) struct Plot {
    pub label: u32,
    pub area_m2: f64,
    pub middle: Point,
    pub unit: usize,
    pub class: Class,
    pub stretch: u32,
    /// Distance to the Red River's middle line when near, m.
    pub river_m: Option<f64>,
    /// Other plots that share a border without a road or canal, with its length, m.
    pub neighbours: Vec<(usize, f64)>,
}

/// A zone: plots of one kind.
pub(super) struct Draft {
    pub kind: usize,
    pub unit: usize,
    pub plots: Vec<usize>,
    pub area_m2: f64,
}

/// Zones with their plots, and the kind of each plot (none: ordinary farmland).
pub(super) fn zones(figures: &Figures, unit_names: &[&str], plots: &[Plot]) -> Vec<Draft> {
    let mut kind_of: Vec<Option<usize>> = vec![None; plots.len()];
    for (kind, wanted) in figures.kinds.iter().enumerate() {
        choose(figures, unit_names, plots, kind, wanted, &mut kind_of);
    }
    grow(figures, plots, &kind_of)
}

fn choose(figures: &Figures, unit_names: &[&str], plots: &[Plot], kind: usize, wanted: &KindFigures, kind_of: &mut [Option<usize>]) {
    let seed = figures.seed ^ ((kind as u64 + 1) << 40);
    let favoured: Vec<bool> = unit_names.iter().map(|n| wanted.favours.iter().any(|f| f == n)).collect();
    let fits = |p: &Plot| match wanted.terrain {
        Terrain::Alluvium => p.class == Class::Alluvium,
        Terrain::Slope => p.class == Class::Slope,
        Terrain::Plain => p.class == Class::Farm || (wanted.pull == Pull::River && p.class == Class::Alluvium),
    };
    let mut order: Vec<(f64, usize)> = (0..plots.len())
        .filter(|&k| kind_of[k].is_none() && fits(&plots[k]) && plots[k].area_m2 < wanted.largest_ha * 1e4)
        .map(|k| (score(figures, &plots[k], wanted, favoured[plots[k].unit], seed), k))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut left_m2 = wanted.hectares * 1e4;
    let mut allowed: Option<Vec<bool>> = None;
    if let Some(n_units) = wanted.units {
        // One plot in each of so many units first, the best-placed units first; more only there.
        let mut taken = vec![false; unit_names.len()];
        let mut n_taken = 0;
        for &(_, k) in &order {
            let p = &plots[k];
            if n_taken < n_units && !taken[p.unit] && p.area_m2 < 14e4 && p.area_m2 > 4e4 {
                taken[p.unit] = true;
                n_taken += 1;
                kind_of[k] = Some(kind);
                left_m2 -= p.area_m2;
            }
        }
        allowed = Some(taken);
    }
    for &(_, k) in &order {
        let p = &plots[k];
        let here = allowed.as_ref().is_none_or(|a| a[p.unit]);
        if here && kind_of[k].is_none() && p.area_m2 <= left_m2 {
            kind_of[k] = Some(kind);
            left_m2 -= p.area_m2;
        }
    }
    // What is missing is smaller than any plot still in order; the one that comes nearest closes the sum.
    let missing = |k: usize| (plots[k].area_m2 - left_m2).abs();
    let open = order.iter().map(|o| o.1).filter(|&k| kind_of[k].is_none() && allowed.as_ref().is_none_or(|a| a[plots[k].unit]));
    if let Some(last) = open.min_by(|&a, &b| missing(a).total_cmp(&missing(b))).filter(|&k| missing(k) < left_m2) {
        kind_of[last] = Some(kind);
    }
}

/// How well a plot suits a kind: place, neighbourhood and chance, so that kinds lie together in patches.
fn score(figures: &Figures, plot: &Plot, kind: &KindFigures, favoured: bool, seed: u64) -> f64 {
    let from_center = [(plot.middle[0] - figures.center_m[0]) / 1000.0, (plot.middle[1] - figures.center_m[1]) / 1000.0];
    let far_km = from_center[0].hypot(from_center[1]);
    let pull = match kind.pull {
        Pull::Any => 0.0,
        Pull::South => (-from_center[1] / 70.0).clamp(0.0, 0.45) + if from_center[1] > 12.0 { 0.2 } else { 0.0 },
        Pull::West => (-from_center[0] / 50.0).clamp(-0.5, 0.5),
        Pull::River => 0.5 - (plot.river_m.unwrap_or(6000.0) / 6000.0).min(1.0) * 0.5 - (far_km / 60.0).min(0.8),
        Pull::Low => (-from_center[1] / 60.0).clamp(-0.1, 0.5),
        Pull::Near => 0.8 - (far_km / 25.0),
    };
    let patch = 0.8 * noise(seed, plot.middle, 4200.0) + 0.5 * noise(seed + 1, plot.middle, 1700.0);
    let field = 0.5 * hash_unit(seed + 2, i64::from(plot.stretch), 0);
    pull + patch + field + 0.06 * hash_unit(seed + 3, i64::from(plot.label), 0) + if favoured { 0.4 } else { 0.0 }
}

fn grow(figures: &Figures, plots: &[Plot], kind_of: &[Option<usize>]) -> Vec<Draft> {
    let mut dice = Dice::new(figures.seed, "zones");
    let mut free: Vec<bool> = kind_of.iter().map(Option::is_some).collect();
    let mut drafts = Vec::new();
    // Large zones first, as long as there is open land; one draw per plot keeps the order of draws fixed.
    let draws: Vec<(f64, f64)> = plots.iter().map(|_| (dice.unit(), dice.log_normal(1.0, 0.55))).collect();
    for large in [true, false] {
        for start in 0..plots.len() {
            let Some(kind) = kind_of[start] else { continue };
            let figures = &figures.kinds[kind];
            let (chance, size) = draws[start];
            // Most large zones take six plots or more, some run out of land.
            if !free[start] || (large && chance > figures.large_share) {
                continue;
            }
            let wanted_ha = if large { 51.0 + 28.0 * size.min(4.0) } else { figures.zone_ha * size };
            let draft = one(plots, kind_of, &mut free, start, kind, wanted_ha.min(figures.largest_ha) * 1e4, figures.largest_ha * 1e4);
            if large && draft.area_m2 < 50e4 {
                // Too little open land around for a large zone: small ones then.
                draft.plots.iter().for_each(|&p| free[p] = true);
                continue;
            }
            drafts.push(draft);
        }
    }
    drafts
}

/// Grows one zone over the longest common borders until it is large enough.
fn one(plots: &[Plot], kind_of: &[Option<usize>], free: &mut [bool], start: usize, kind: usize, wanted_m2: f64, most_m2: f64) -> Draft {
    let unit = plots[start].unit;
    let mut draft = Draft { kind, unit, plots: vec![start], area_m2: plots[start].area_m2 };
    free[start] = false;
    let mut rim: std::collections::BTreeMap<usize, f64> = Default::default();
    let mut newest = start;
    while draft.area_m2 < wanted_m2 {
        for &(n, length) in &plots[newest].neighbours {
            if free[n] && kind_of[n] == Some(kind) && plots[n].unit == unit {
                *rim.entry(n).or_default() += length;
            }
        }
        // Compact: much common border for its size, near the start.
        let near = |n: usize| rim[&n] / plots[n].area_m2.sqrt() - distance_m(plots[n].middle, plots[start].middle) / 1500.0;
        let Some(next) = rim
            .keys()
            .copied()
            .filter(|&n| draft.area_m2 + plots[n].area_m2 <= most_m2)
            .max_by(|&a, &b| near(a).total_cmp(&near(b)).then(b.cmp(&a)))
        else {
            break;
        };
        rim.remove(&next);
        free[next] = false;
        draft.area_m2 += plots[next].area_m2;
        draft.plots.push(next);
        newest = next;
    }
    draft
}
