//! Areas of pairs against the shapes that the overlay engine builds, over random coverages with holes, parts, needles and
//! edges that are each other's; 10⁷ m from the origin.

use proptest::prelude::*;
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{Pair, overlay};
use crate::geom;
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

const FAR: f64 = 1e7;

fn ring(points: &[(f64, f64)]) -> Ring {
    Ring::new(points.iter().map(|&(x, y)| Coord { x: FAR + x, y: FAR + y }).collect())
}

fn shape(points: &[(f64, f64)]) -> MultiPolygon {
    geom::repair(vec![Polygon::new(ring(points), vec![])]).shape
}

/// `n` by `n` moved cells of 100 m, each given to one of the classes: shapes of many parts and holes that share every border.
fn coverage(n: usize, n_classes: usize, rng: &mut ChaCha8Rng) -> Vec<MultiPolygon> {
    let mut corner = |i: usize, k: usize| {
        let moved = if i == 0 || i == n || k == 0 || k == n { 0.0 } else { rng.random_range(-45.0..45.0) };
        (i as f64 * 100.0 + moved, k as f64 * 100.0 + moved / 2.0)
    };
    let corners: Vec<Vec<(f64, f64)>> = (0..=n).map(|i| (0..=n).map(|k| corner(i, k)).collect()).collect();
    let mut classes: Vec<Vec<MultiPolygon>> = vec![Vec::new(); n_classes];
    for (i, k) in (0..n).flat_map(|i| (0..n).map(move |k| (i, k))) {
        let cell = shape(&[corners[i][k], corners[i + 1][k], corners[i + 1][k + 1], corners[i][k + 1]]);
        classes[rng.random_range(0..n_classes)].push(cell);
    }
    classes.iter().map(|cells| geom::union(&cells.iter().collect::<Vec<_>>())).filter(|s| !s.0.is_empty()).collect()
}

/// A triangle a kilometre or two long and some millimetres wide.
fn needle(rng: &mut ChaCha8Rng) -> MultiPolygon {
    let mut at = || (rng.random_range(-200.0..1_200.0), rng.random_range(-200.0..1_200.0));
    let (a, b) = (at(), at());
    shape(&[a, b, (b.0 + 0.003, b.1 - 0.002)])
}

/// The same land, every ring from another start and the other way round.
fn turned(shape: &MultiPolygon, by: usize) -> MultiPolygon {
    let ring = |r: &Ring| {
        let mut points = r.0[1..].to_vec();
        let n = points.len();
        points.rotate_left(by % n);
        points.reverse();
        Ring::new(points)
    };
    MultiPolygon::new(shape.0.iter().map(|p| Polygon::new(ring(p.exterior()), p.interiors().iter().map(ring).collect())).collect())
}

fn refs(shapes: &[MultiPolygon]) -> Vec<&MultiPolygon> {
    shapes.iter().collect()
}

fn shared_m2(pairs: &[Pair], zone: usize, land_use: usize) -> f64 {
    pairs.iter().find(|p| (p.zone as usize, p.land_use as usize) == (zone, land_use)).map_or(0.0, |p| p.area_m2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn pairs_share_what_their_shapes_share(seed in any::<u64>(), n_zones in 2usize..9, n_land_use in 2usize..9, n_classes in 1usize..4) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let zones = coverage(n_zones, 3, &mut rng);
        let mut land_use = coverage(n_land_use, n_classes, &mut rng);
        let n_covering = land_use.len();
        // A zone itself, whose every edge is the zone's, and what only touches.
        land_use.push(zones[0].clone());
        land_use.extend((0..3).map(|_| needle(&mut rng)));
        let pairs = overlay(&refs(&zones), &refs(&land_use));
        let (mut sum_m2, mut expected_m2) = (0.0, 0.0);
        for (z, zone) in zones.iter().enumerate() {
            for (l, used) in land_use.iter().enumerate() {
                let (ours, expected) = (shared_m2(&pairs, z, l), geom::area_m2(&geom::intersection(zone, used)));
                prop_assert!((ours - expected).abs() <= 1e-4, "zone {} land use {}: {} {}", z, l, ours, expected);
                sum_m2 += ours;
                expected_m2 += expected;
            }
            // Inside and outside of a coverage are the zone.
            let inside_m2: f64 = (0..n_covering).map(|l| shared_m2(&pairs, z, l)).sum();
            let outside = geom::difference(zone, &geom::union(&refs(&land_use[..n_covering])));
            let zone_m2 = geom::area_m2(zone);
            prop_assert!((inside_m2 + geom::area_m2(&outside) - zone_m2).abs() <= 1e-9 * zone_m2, "zone {z}: {inside_m2} of {zone_m2}");
        }
        prop_assert!((sum_m2 - expected_m2).abs() <= 1e-9 * expected_m2, "{} {}", sum_m2, expected_m2);
    }

    #[test]
    fn order_and_the_way_rings_are_written_change_nothing(seed in any::<u64>(), n in 2usize..8, by in 1usize..50) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (zones, land_use) = (coverage(n, 3, &mut rng), coverage(n + 1, 2, &mut rng));
        let pairs = overlay(&refs(&zones), &refs(&land_use));
        let (mut z, mut l) = (refs(&zones), refs(&land_use));
        z.reverse();
        l.reverse();
        let back = overlay(&z, &l);
        let turned_zones: Vec<MultiPolygon> = zones.iter().map(|s| turned(s, by)).collect();
        let turned_use: Vec<MultiPolygon> = land_use.iter().map(|s| turned(s, by + 1)).collect();
        let other = overlay(&refs(&turned_zones), &refs(&turned_use));
        prop_assert_eq!(other.len(), pairs.len());
        for p in &pairs {
            let (z, l) = (p.zone as usize, p.land_use as usize);
            prop_assert_eq!(shared_m2(&back, zones.len() - 1 - z, land_use.len() - 1 - l), p.area_m2);
            prop_assert!((shared_m2(&other, z, l) - p.area_m2).abs() <= 1e-9 * geom::area_m2(&zones[z]));
        }
    }
}

#[test]
fn a_polygon_with_a_hundred_thousand_holes_is_measured_in_bounds() {
    let (n, step) = (320, 10.0);
    let hole = |i: usize| {
        let (x, y) = ((i % n) as f64 * step + 2.0, (i / n) as f64 * step + 2.0);
        ring(&[(x, y), (x, y + 5.0), (x + 5.0, y + 5.0), (x + 5.0, y)])
    };
    let side = n as f64 * step;
    let shell = ring(&[(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)]);
    let sieve = [MultiPolygon::new(vec![Polygon::new(shell, (0..n * n).map(hole).collect())])];
    assert_eq!(geom::validate(&sieve[0]), []);
    let expected_m2 = side * side - (n * n) as f64 * 25.0;
    assert!((geom::area_m2(&sieve[0]) - expected_m2).abs() < 1e-3);
    // A frame around everything, a slanting one over a part, and the sieve itself.
    let zones = [shape(&[(-9.0, -9.0), (side + 9.0, -9.0), (side + 9.0, side + 9.0), (-9.0, side + 9.0)]), sieve[0].clone()];
    for pair in overlay(&refs(&zones), &refs(&sieve)) {
        assert!((pair.area_m2 - expected_m2).abs() <= 1e-9 * expected_m2, "{pair:?}");
    }
    let slanting = [shape(&[(100.0, 0.0), (900.0, 300.0), (200.0, 1_000.0)])];
    let [pair] = overlay(&refs(&slanting), &refs(&sieve))[..] else { panic!("one pair") };
    let both_m2 = geom::area_m2(&geom::intersection(&slanting[0], &sieve[0]));
    assert!((pair.area_m2 - both_m2).abs() <= 1e-4, "{} {both_m2}", pair.area_m2);
}
