//! `cargo bench --bench accuracy`: how right detection is, measured on the simulated city, whose truth is known.
//!
//! Names, first epochs and rights on a replay of its years; false events when an epoch lies off by its accuracy; buildings
//! put in and found again; how often the stated interval of an area holds the true one. Deterministic: seeds are below.

use std::collections::HashMap;

use farmzone::city::{City, TrueEvent};
use farmzone::encroach::{Accuracy, Basis, Earlier, Finding, Known, Seen, detect};
use farmzone::engine::{Rulebook, simulated_city};
use farmzone::geom;
use farmzone::legend::{Legend, Rules};
use farmzone::model::{Change, Coord, Epoch, Event, LandUse, MultiPolygon, Polygon, Right, Ring, Zone};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SEEDS: std::ops::Range<u64> = 1..6;
const ACCURACIES_M: [f64; 3] = [0.5, 1.0, 2.0];
/// Half of the interval that holds four of five normal errors, in standard deviations.
const FOUR_OF_FIVE: f64 = 1.281_551_6;

fn main() {
    let rulebook = Rulebook::load(None).expect("our own rules are valid");
    let legend = rulebook.legend("vn").expect("our own legend is valid");
    let city = simulated_city(&rulebook, &mut |_, _, _| ()).expect("our own figures are valid");
    let bench = Bench { epochs: city.land_use.iter().map(|(epoch, _)| *epoch).collect(), city, legend, rules: (*rulebook.rules).clone() };
    bench.replay();
    bench.shifted();
    bench.intervals();
}

struct Bench {
    city: City,
    legend: Legend,
    rules: Rules,
    epochs: Vec<Epoch>,
}

impl Bench {
    fn seen<'a>(&'a self, land_use: &'a [LandUse]) -> Vec<Seen<'a>> {
        let one = |l: &'a LandUse| {
            let class = self.legend.class(&l.code);
            let (group, farm) = class.map_or((farmzone::model::Group::Unmapped, false), |c| (c.group, c.farm));
            Seen { id: &l.id, code: &l.code, group, farm, observed: None, shape: &l.shape }
        };
        land_use.iter().map(one).collect()
    }

    fn basis<'a>(&'a self, epoch: Epoch, land_use: &'a [Seen<'a>]) -> Basis<'a> {
        Basis { permits: Some(&self.city.permits), epochs: &self.epochs, ..Basis::new(epoch, land_use, &self.rules) }
    }

    /// The four years in turn.
    fn replay(&self) {
        let mut all: Vec<Vec<Finding>> = Vec::new();
        for (epoch, land_use) in &self.city.land_use {
            let known = known(&self.city.zones, all.iter().flatten());
            let seen = self.seen(land_use);
            let found = detect(&self.city.zones, &self.basis(*epoch, &seen), &known);
            all.push(found);
        }
        let by_zone: HashMap<&str, usize> = self.city.zones.iter().enumerate().map(|(i, z)| (z.id.as_str(), i)).collect();
        let (mut n, mut n_found, mut n_named, mut n_since, mut n_right) = (0, 0, 0, 0, 0);
        let mut wrong: HashMap<(Right, Right), usize> = HashMap::new();
        for truth in self.city.truth.iter().filter(|t| t.nature.as_str() == "loss" && t.area_m2 >= self.rules.sliver_area_m2) {
            n += 1;
            let zone = by_zone[truth.zone_id.as_str()];
            let epochs = self.epochs.iter().zip(&all).filter(|(epoch, _)| **epoch >= truth.since);
            let seen: Vec<&Event> = epochs.clone().filter_map(|(_, found)| event_of(truth, &found[zone])).collect();
            if seen.len() < epochs.count() {
                continue;
            }
            n_found += 1;
            n_named += usize::from(seen.iter().all(|e| e.id == seen[0].id));
            n_since += usize::from(seen.iter().all(|e| e.since == Some(truth.since)));
            if seen.iter().all(|e| e.right == truth.right) {
                n_right += 1;
            } else {
                *wrong.entry((truth.right, seen[seen.len() - 1].right)).or_default() += 1;
            }
        }
        let share = |k: usize| 100.0 * k as f64 / n_found as f64;
        println!("replay of {} epochs: {n} true losses, {n_found} seen in every epoch that shows them", self.epochs.len());
        println!(
            "  one name through all epochs: {:.2} %, right first epoch: {:.2} %, right by the truth: {:.2} %",
            share(n_named),
            share(n_since),
            share(n_right)
        );
        let mut wrong: Vec<_> = wrong.into_iter().collect();
        wrong.sort();
        for ((truth, told), k) in wrong {
            println!("    {k} {truth} told as {told}");
        }
        let gone: usize = all.iter().flatten().map(|f| f.gone.len()).sum();
        println!("  told as gone: {gone}");
    }

    /// One epoch moved by its stated accuracy, with and without new buildings.
    fn shifted(&self) {
        let (before, land_use) = &self.city.land_use[self.city.land_use.len() - 2];
        let now = self.epochs[self.epochs.len() - 1];
        let then = self.seen(land_use);
        for accuracy_m in ACCURACIES_M {
            let accuracy = Accuracy { zones_m: None, land_use_m: Some(accuracy_m) };
            let first = detect(&self.city.zones, &Basis { accuracy, ..self.basis(*before, &then) }, &Known::new());
            let known = known(&self.city.zones, &first);
            let (mut n_false, mut n_new, mut n_in, mut n_out) = (0, 0, 0, 0);
            for seed in SEEDS {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let angle = rng.random_range(0.0..std::f64::consts::TAU);
                let moved: Vec<LandUse> = land_use
                    .iter()
                    .map(|l| LandUse { shape: geom::translated(&l.shape, accuracy_m * angle.cos(), accuracy_m * angle.sin()), ..l.clone() })
                    .collect();
                let seen = self.seen(&moved);
                let basis = Basis { accuracy, ..self.basis(now, &seen) };
                let again = detect(&self.city.zones, &basis, &known);
                n_new += again.iter().flat_map(|f| &f.events).filter(|e| e.change == Some(Change::New)).count();
                let since = Basis { earlier: Some(Earlier::new(*before, &then)), ..basis };
                n_false += detect(&self.city.zones, &since, &known).iter().map(|f| f.events.len()).sum::<usize>();

                let put_in = self.buildings(&seen, accuracy_m, &mut rng);
                let shapes: Vec<LandUse> = put_in
                    .iter()
                    .map(|(_, shape)| LandUse { id: "new".into(), code: "ONT".into(), observed: None, kept: vec![], shape: shape.clone() })
                    .collect();
                let all: Vec<Seen> = seen.iter().copied().chain(self.seen(&shapes)).collect();
                let found = detect(&self.city.zones, &Basis { land_use: &all, ..since }, &known);
                n_in += put_in.len();
                n_out +=
                    put_in.iter().filter(|(zone, shape)| covered(shape, found[*zone].events.iter()) >= 0.5 * geom::area_m2(shape)).count();
            }
            println!(
                "an epoch that lies {accuracy_m} m off, {} times: {n_new} new events, {n_false} of land lost since; {n_out} of {n_in} buildings put in are found ({:.2} %)",
                SEEDS.count(),
                100.0 * n_out as f64 / n_in as f64
            );
        }
    }

    /// Buildings inside zones, off what is built there: at least the least area, wider than twice the accuracy.
    fn buildings(&self, seen: &[Seen], accuracy_m: f64, rng: &mut ChaCha8Rng) -> Vec<(usize, MultiPolygon)> {
        let built: Vec<&Seen> = seen.iter().filter(|s| self.rules.groups.contains(&s.group)).collect();
        let index = farmzone::index::Index::new(built.iter().map(|s| geom::bounds(s.shape)));
        let mut put_in = Vec::new();
        for (i, zone) in self.city.zones.iter().enumerate() {
            let Some([x0, y0, x1, y1]) = geom::bounds(&zone.shape) else { continue };
            for _ in 0..20 {
                let width = rng.random_range(2.0 * accuracy_m * 1.01..2.0 * accuracy_m + 12.0).max(1.6);
                let length = (self.rules.sliver_area_m2 / width * rng.random_range(1.01..12.0)).max(width);
                let (x, y, angle) = (rng.random_range(x0..x1), rng.random_range(y0..y1), rng.random_range(0.0..std::f64::consts::TAU));
                let shape = rectangle(x, y, width, length, angle);
                let inside = (geom::area_m2(&geom::intersection(&shape, &zone.shape)) - width * length).abs() < 1e-6;
                let Some([a, b, c, d]) = geom::bounds(&shape) else { continue };
                let free = index.query([a - 3.0, b - 3.0, c + 3.0, d + 3.0]).next().is_none();
                if inside && free {
                    put_in.push((i, shape));
                    break;
                }
            }
        }
        put_in
    }

    /// Every vertex of what is built drawn off its place, each time anew: does the interval hold the truth?
    fn intervals(&self) {
        let (epoch, land_use) = &self.city.land_use[self.city.land_use.len() - 1];
        let truth: HashMap<&str, &TrueEvent> = self.city.truth.iter().map(|t| (t.id.as_str(), t)).collect();
        let by_zone: HashMap<&str, usize> = self.city.zones.iter().enumerate().map(|(i, z)| (z.id.as_str(), i)).collect();
        for accuracy_m in ACCURACIES_M {
            let (mut n, mut n_held) = (0, 0);
            for seed in SEEDS {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let drawn: Vec<LandUse> = land_use
                    .iter()
                    .filter(|l| truth.get(l.id.as_str()).is_some_and(|t| t.nature.as_str() == "loss"))
                    .map(|l| LandUse { shape: drawn(&l.shape, accuracy_m, &mut rng), ..l.clone() })
                    .collect();
                let seen = self.seen(&drawn);
                let accuracy = Accuracy { zones_m: None, land_use_m: Some(accuracy_m) };
                let found = detect(&self.city.zones, &Basis { accuracy, ..self.basis(*epoch, &seen) }, &Known::new());
                for l in &drawn {
                    let t = truth[l.id.as_str()];
                    let Some(event) = event_of(t, &found[by_zone[t.zone_id.as_str()]]) else { continue };
                    let sigma_m2 = event.sigma_m2.unwrap_or(0.0);
                    n += 1;
                    n_held += usize::from((event.area_m2 - t.area_m2).abs() <= FOUR_OF_FIVE * sigma_m2);
                }
            }
            println!(
                "intervals of 80 % with vertices {accuracy_m} m off: {:.2} % of {n} hold the true area",
                100.0 * n_held as f64 / n as f64
            );
        }
    }
}

fn known<'a>(zones: &'a [Zone], found: impl IntoIterator<Item = &'a Finding>) -> Known<'a> {
    let mut known = Known::new();
    for event in found.into_iter().flat_map(|f| &f.events) {
        known.entry(event.zone_id.as_str()).or_default().push(event);
    }
    assert!(known.len() <= zones.len());
    known
}

/// The event of the zone that shows the true one.
fn event_of<'a>(truth: &TrueEvent, found: &'a Finding) -> Option<&'a Event> {
    let bounds = geom::bounds(&truth.shape)?;
    found
        .events
        .iter()
        .filter(|e| {
            e.group == truth.group
                && geom::bounds(&e.shape).is_some_and(|b| b[0] <= bounds[2] && bounds[0] <= b[2] && b[1] <= bounds[3] && bounds[1] <= b[3])
        })
        .find(|e| geom::area_m2(&geom::intersection(&e.shape, &truth.shape)) >= 0.5 * truth.area_m2)
}

fn covered<'a>(shape: &MultiPolygon, events: impl Iterator<Item = &'a Event>) -> f64 {
    events.map(|e| geom::area_m2(&geom::intersection(&e.shape, shape))).sum()
}

fn rectangle(x: f64, y: f64, width: f64, length: f64, angle: f64) -> MultiPolygon {
    let (s, c) = angle.sin_cos();
    let corner = |u: f64, v: f64| Coord { x: x + u * c - v * s, y: y + u * s + v * c };
    let ring = [(0.0, 0.0), (length, 0.0), (length, width), (0.0, width)].map(|(u, v)| corner(u, v));
    geom::repair(vec![Polygon::new(Ring::new(ring.to_vec()), vec![])]).shape
}

/// The shape as somebody draws it whose points lie off by normal errors.
fn drawn(shape: &MultiPolygon, sigma_m: f64, rng: &mut ChaCha8Rng) -> MultiPolygon {
    let mut normal = || {
        let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random_range(0.0..1.0));
        sigma_m * (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let mut ring = |r: &Ring| {
        let points = &r.0[..r.0.len() - 1];
        Ring::new(points.iter().map(|c| Coord { x: c.x + normal(), y: c.y + normal() }).collect())
    };
    let mut polygons = Vec::new();
    for p in &shape.0 {
        polygons.push(Polygon::new(ring(p.exterior()), p.interiors().iter().map(&mut ring).collect()));
    }
    geom::repair(polygons).shape
}
