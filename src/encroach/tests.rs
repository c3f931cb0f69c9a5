//! Laws of overlay and detection over random coverages.

use proptest::prelude::*;
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{Accuracy, Basis, Earlier, Finding, Known, LeftOut, Pair, Seen, Used, detect, overlay, transitions};
use crate::geom;
use crate::legend::Rules;
use crate::model::{Change, Coord, Epoch, Event, Group, MultiPolygon, Permit, Polygon, Right, Ring, Zone};

const FAR: Coord = Coord { x: 1e7, y: 1e7 };

fn ring(points: &[(f64, f64)]) -> Ring {
    Ring::new(points.iter().map(|&(x, y)| Coord { x: FAR.x + x, y: FAR.y + y }).collect())
}

fn shape(points: &[(f64, f64)]) -> MultiPolygon {
    geom::repair(vec![Polygon::new(ring(points), vec![])]).shape
}

fn rect(x: f64, y: f64, w: f64, h: f64) -> MultiPolygon {
    shape(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
}

/// `n` by `n` cells of 100 m with shared, moved corners: a coverage without gaps of 100·n m a side.
fn mesh(n: usize, seed: u64, jitter: f64) -> Vec<MultiPolygon> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let cell = 100.0;
    let mut corners = vec![vec![(0.0, 0.0); n + 1]; n + 1];
    for (j, row) in corners.iter_mut().enumerate() {
        for (i, c) in row.iter_mut().enumerate() {
            let mut moved = |k: usize| if k == 0 || k == n { 0.0 } else { rng.random_range(-jitter..=jitter) * cell };
            *c = (i as f64 * cell + moved(i), j as f64 * cell + moved(j));
        }
    }
    let mut cells = Vec::new();
    for j in 0..n {
        for i in 0..n {
            cells.push(shape(&[corners[j][i], corners[j][i + 1], corners[j + 1][i + 1], corners[j + 1][i]]));
        }
    }
    cells
}

/// The mesh's cells dissolved into a part that is built and a part that is not: large polygons with holes and borders
/// that are each other's.
fn halves(n: usize, seed: u64) -> [MultiPolygon; 2] {
    let cells = mesh(n, seed, 0.45);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 77);
    let (built, open): (Vec<_>, Vec<_>) = cells.iter().partition(|_| rng.random_bool(0.5));
    [geom::union(&built), geom::union(&open)]
}

fn refs(shapes: &[MultiPolygon]) -> Vec<&MultiPolygon> {
    shapes.iter().collect()
}

/// A ring of `n` points around a centre, wavy, with a hole in it.
fn blob(n: usize, x: f64, y: f64, radius: f64) -> MultiPolygon {
    let around = |radius: f64| -> Vec<(f64, f64)> {
        let at = |i: usize| {
            let angle = i as f64 / n as f64 * std::f64::consts::TAU;
            let r = radius * (1.0 + 0.1 * (angle * 17.0).sin() + 0.01 * (i % 3) as f64);
            (x + r * angle.cos(), y + r * angle.sin())
        };
        (0..n).map(at).collect()
    };
    MultiPolygon::new(vec![Polygon::new(ring(&around(radius)), vec![ring(&around(radius / 3.0)).into_iter().rev().collect()])])
}

fn sum(pairs: &[Pair]) -> f64 {
    pairs.iter().map(|p| p.area_m2).sum()
}

fn assert_near(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * b.abs().max(1.0), "{a} and {b} differ by {:e}", (a - b).abs());
}

#[test]
fn a_coverage_without_gaps_shares_all_of_every_zone() {
    let zones = mesh(12, 1, 0.45);
    let [built, open] = halves(24, 2);
    // The land use reaches to 2400 m, so over every zone.
    let both = [built, open];
    let pairs = overlay(&refs(&zones), &refs(&both));
    for (i, zone) in zones.iter().enumerate() {
        let of_zone: Vec<Pair> = pairs.iter().copied().filter(|p| p.zone == i as u32).collect();
        assert_near(sum(&of_zone), geom::area_m2(zone), 1e-9);
    }
    let by_shapes: f64 = zones.iter().map(|z| geom::area_m2(&geom::intersection(z, &both[0]))).sum();
    let built: Vec<Pair> = pairs.iter().copied().filter(|p| p.land_use == 0).collect();
    assert_near(sum(&built), by_shapes, 1e-9);
}

#[test]
fn large_polygons_on_both_sides_share_what_their_shapes_share() {
    let zones = [blob(20_000, 0.0, 0.0, 1_000.0), blob(3_000, 900.0, 200.0, 700.0)];
    let land_use = [blob(30_000, 300.0, 100.0, 1_100.0), rect(-400.0, -400.0, 700.0, 300.0)];
    let pairs = overlay(&refs(&zones), &refs(&land_use));
    assert_eq!(pairs.iter().map(|p| (p.zone, p.land_use)).collect::<Vec<_>>(), [(0, 0), (0, 1), (1, 0), (1, 1)][..pairs.len()]);
    for p in &pairs {
        let both = geom::intersection(&zones[p.zone as usize], &land_use[p.land_use as usize]);
        assert_near(p.area_m2, geom::area_m2(&both), 1e-9);
    }
}

#[test]
fn a_polygon_of_a_million_vertices_is_cut_in_bounds() {
    let zones = mesh(10, 3, 0.4);
    let big = [blob(500_000, 500.0, 500.0, 400.0)];
    let pairs = overlay(&refs(&zones), &refs(&big));
    assert_near(sum(&pairs), geom::area_m2(&big[0]), 1e-9);
    // A comb, upright and slanting: many long teeth that no cut can share out.
    for slant in [0.0, 1_000.0] {
        let n = 20_000;
        let width = 1_000.0;
        let tooth = |i: usize| {
            let x = i as f64 * width / n as f64;
            if i.is_multiple_of(2) { (x, 0.0) } else { (x + slant, 1_000.0) }
        };
        let mut points: Vec<(f64, f64)> = (0..n).map(tooth).collect();
        points.extend([(width, -1.0), (0.0, -1.0)]);
        let comb = [MultiPolygon::new(vec![Polygon::new(Ring::new(ring(&points).into_iter().rev().collect()), vec![])])];
        let zone = [rect(-10.0, -10.0, 3_000.0, 3_000.0)];
        assert_near(sum(&overlay(&refs(&zone), &refs(&comb))), geom::area_m2(&comb[0]), 1e-9);
    }
}

#[test]
fn a_comb_of_many_vertices_is_taken_apart_in_bounds() {
    // Slanting teeth, each of a thousand vertices, whose boxes all meet; the zone cuts off the comb's back.
    let (n, n_points) = (200, 500);
    let along = |i: usize, k: usize, dx: f64| {
        let up = k as f64 / n_points as f64;
        (i as f64 * 10.0 + dx + up * 2_000.0 + if k.is_multiple_of(2) { 0.0 } else { 0.5 }, up * 1_000.0)
    };
    let mut points: Vec<(f64, f64)> = Vec::new();
    for i in 0..n {
        points.extend((0..n_points).map(|k| along(i, k, 0.0)));
        points.extend((0..n_points).rev().map(|k| along(i, k, 5.0)));
    }
    points.extend([(n as f64 * 10.0, -1.0), (0.0, -1.0)]);
    let comb = shape(&points);
    let zones = [zone("Z", rect(-10.0, 5.0, 5_000.0, 980.0))];
    let began = std::time::Instant::now();
    let found = look(&zones, &[Seen::new("ONT", Group::Built, &comb)], None, &rules(), year(2024));
    assert_eq!(found.events.len(), n);
    // Every edge with every other would take many minutes.
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn borders_and_needles_share_no_land() {
    let zone = [rect(0.0, 0.0, 100.0, 100.0)];
    let touching = [rect(100.0, 0.0, 50.0, 100.0), rect(100.0, 100.0, 5.0, 5.0), rect(20.0, -50.0, 10.0, 50.0)];
    assert_eq!(overlay(&zone.each_ref(), &touching.each_ref()), []);
    let needle = [shape(&[(-1000.0, 50.0), (1000.0, 50.0), (1000.0, 50.001)])];
    let pairs = overlay(&zone.each_ref(), &needle.each_ref());
    assert_near(sum(&pairs), 100.0 * 0.001 * (1_050.0 / 2_000.0), 1e-6);
    let same = overlay(&zone.each_ref(), &zone.each_ref());
    assert_eq!(same, [Pair { zone: 0, land_use: 0, area_m2: 10_000.0 }]);
    assert_eq!(overlay(&[&MultiPolygon::new(vec![])], &zone.each_ref()), []);
}

#[test]
fn threads_and_order_change_nothing() {
    let zones = mesh(15, 5, 0.45);
    let [a, b] = halves(20, 6);
    let land_use = [a, b, blob(5_000, 700.0, 700.0, 500.0)];
    let on = |n: usize| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
    let run = || overlay(&refs(&zones), &refs(&land_use));
    let one = on(1).install(run);
    assert_eq!(on(2).install(run), one);
    // Backwards, the same pairs to the last bit.
    let (mut z, mut l) = (refs(&zones), refs(&land_use));
    z.reverse();
    l.reverse();
    let mut back = overlay(&z, &l);
    for p in &mut back {
        (p.zone, p.land_use) = (zones.len() as u32 - 1 - p.zone, land_use.len() as u32 - 1 - p.land_use);
    }
    back.sort_by_key(|p| (p.zone, p.land_use));
    assert_eq!(back, one);
    // Rings that start elsewhere and run the other way: the same to rounding.
    let turned: Vec<MultiPolygon> = zones
        .iter()
        .map(|z| {
            let mut points: Vec<Coord> = z.0[0].exterior().0[1..].to_vec();
            points.rotate_left(2);
            points.reverse();
            MultiPolygon::new(vec![Polygon::new(Ring::new(points), vec![])])
        })
        .collect();
    let turned = overlay(&refs(&turned), &refs(&land_use));
    assert_eq!(turned.len(), one.len());
    for (a, b) in turned.iter().zip(&one) {
        assert_near(a.area_m2, b.area_m2, 1e-11);
    }
    let seen: Vec<Seen> = land_use.iter().map(|shape| Seen::new("ONT", Group::Built, shape)).collect();
    let zones: Vec<Zone> = zones.into_iter().enumerate().map(|(i, shape)| zone(&i.to_string(), shape)).collect();
    let run = || detect(&zones, &Basis::new(Epoch::year(2024), &seen, &rules()), &Known::new());
    assert_eq!(on(1).install(run), on(2).install(run));
}

/// What was found in all zones.
struct Found {
    events: Vec<Event>,
    left_out: LeftOut,
    n_zones_encroached: usize,
}

fn found(findings: Vec<Finding>) -> Found {
    let mut left_out = LeftOut::default();
    findings.iter().for_each(|f| left_out.add(&f.left_out));
    let n_zones_encroached = findings.iter().filter(|f| !f.events.is_empty()).count();
    Found { events: findings.into_iter().flat_map(|f| f.events).collect(), left_out, n_zones_encroached }
}

fn look(zones: &[Zone], seen: &[Seen], permits: Option<&[Permit]>, rules: &Rules, epoch: Epoch) -> Found {
    found(detect(zones, &Basis { permits, ..Basis::new(epoch, seen, rules) }, &Known::new()))
}

fn rules() -> Rules {
    Rules::parse("rules.toml", include_str!("../../zones/rules.toml")).unwrap()
}

fn zone(id: &str, shape: MultiPolygon) -> Zone {
    Zone::new(id, "rice", shape)
}

fn permit(right: Right, shape: MultiPolygon) -> Permit {
    Permit { id: String::new(), right, decision: None, decided: None, valid_to: None, kept: vec![], shape }
}

#[test]
fn an_event_is_one_connected_piece_of_one_group() {
    let zones = [zone("Z1", rect(0.0, 0.0, 200.0, 100.0)), zone("Z2", rect(1_000.0, 0.0, 50.0, 50.0))];
    let shapes = [
        // Two that overlap and reach out of the zone; the second has the larger part inside.
        ("ONT", Group::Built, rect(-10.0, 10.0, 30.0, 10.0)),
        ("SKC", Group::Built, rect(15.0, 10.0, 25.0, 10.0)),
        // Half a metre beside them: the same event. Two metres: another.
        ("TMD", Group::Built, rect(40.5, 10.0, 9.5, 10.0)),
        ("ONT", Group::Built, rect(52.0, 10.0, 10.0, 10.0)),
        // A road over them, a field track, a sliver of a house, a pond.
        ("DGT", Group::Transport, rect(0.0, 5.0, 200.0, 20.0)),
        ("DGT", Group::Transport, rect(0.0, 50.0, 200.0, 3.0)),
        ("ONT", Group::Built, rect(195.0, 90.0, 20.0, 1.0)),
        ("NTS", Group::Water, rect(0.0, 60.0, 50.0, 30.0)),
    ];
    let seen: Vec<Seen> = shapes.iter().map(|(code, group, shape)| Seen::new(code, *group, shape)).collect();
    let found = look(&zones, &seen, None, &rules(), Epoch::year(2024));
    let told: Vec<(&str, Group, &str, f64)> =
        found.events.iter().map(|e| (e.zone_id.as_str(), e.group, e.code.as_str(), e.area_m2.round())).collect();
    assert_eq!(told, [("Z1", Group::Transport, "DGT", 4_000.0), ("Z1", Group::Built, "SKC", 495.0), ("Z1", Group::Built, "ONT", 100.0)]);
    assert_eq!(found.n_zones_encroached, 1);
    assert_eq!((found.left_out.n_slivers, found.left_out.sliver_area_m2.round()), (1, 5.0));
    assert_eq!((found.left_out.n_tracks, found.left_out.track_area_m2.round()), (1, 600.0));
    let first = &found.events[1];
    assert_eq!((first.right, first.since, first.epoch), (Right::Unknown, None, Epoch::year(2024)));
    assert_near(first.share, 495.0 / 20_000.0, 1e-9);
    for event in &found.events {
        assert_eq!(geom::validate(&event.shape), []);
        assert!(event.id.len() == 14 && event.id.starts_with("E-"), "{}", event.id);
    }
}

#[test]
fn a_covered_zone_is_its_own_event_and_ids_stay() {
    let [built, open] = halves(30, 9);
    let all = geom::union(&[&built, &open]);
    let zones: Vec<Zone> = mesh(10, 4, 0.4).into_iter().enumerate().map(|(i, s)| zone(&format!("Z{i}"), s)).collect();
    let everywhere = [Seen::new("ODT", Group::Built, &all)];
    let found = look(&zones, &everywhere, None, &rules(), Epoch::year(2024));
    assert_eq!(found.events.len(), zones.len());
    assert!(found.events.iter().zip(&zones).all(|(e, z)| e.shape == z.shape && e.share == 1.0));
    let again = look(&zones[3..], &everywhere, None, &rules(), Epoch::year(2024));
    assert_eq!(again.events[0].id, found.events[3].id);
    let other_year = look(&zones[3..], &everywhere, None, &rules(), Epoch::year(2025));
    assert_ne!(other_year.events[0].id, found.events[3].id);
    // The same zone twice: the ids still differ.
    let twins = [zone("Z", rect(0.0, 0.0, 50.0, 50.0)), zone("Z", rect(0.0, 0.0, 50.0, 50.0))];
    let found = look(&twins, &everywhere, None, &rules(), Epoch::year(2024));
    assert_ne!(found.events[0].id, found.events[1].id);
}

#[test]
fn a_right_rests_on_how_much_of_the_event_is_covered() {
    let zones = [zone("Z", rect(0.0, 0.0, 100.0, 100.0))];
    let house = rect(10.0, 10.0, 20.0, 20.0);
    let seen = [Seen::new("ONT", Group::Built, &house)];
    let right = |permits: &[Permit]| look(&zones, &seen, Some(permits), &rules(), Epoch::year(2024)).events[0].right;
    assert_eq!(right(&[]), Right::Unplanned);
    assert_eq!(right(&[permit(Right::Permitted, rect(0.0, 0.0, 28.5, 50.0))]), Right::Permitted);
    assert_eq!(right(&[permit(Right::Permitted, rect(0.0, 0.0, 20.0, 50.0))]), Right::Unplanned);
    assert_eq!(right(&[permit(Right::Planned, rect(0.0, 0.0, 50.0, 50.0))]), Right::Planned);
    // The same half twice is half; two halves are all.
    let half = permit(Right::Permitted, rect(0.0, 0.0, 20.0, 50.0));
    assert_eq!(right(&[half.clone(), half.clone()]), Right::Unplanned);
    assert_eq!(right(&[half.clone(), permit(Right::Permitted, rect(20.0, 0.0, 20.0, 50.0))]), Right::Permitted);
    assert_eq!(right(&[half, permit(Right::Planned, rect(20.0, 0.0, 20.0, 50.0))]), Right::Planned);
}

fn year(year: u16) -> Epoch {
    Epoch::year(year)
}

const YEARS: [Epoch; 3] = [
    Epoch { year: 2014, month: None, day: None },
    Epoch { year: 2019, month: None, day: None },
    Epoch { year: 2024, month: None, day: None },
];

/// Looks at one zone in each year in turn, as a workspace with all of them would.
fn through_the_years(zone: &Zone, layers: &[Vec<Seen>; 3], permits: Option<&[Permit]>) -> Vec<Finding> {
    let rules = rules();
    let mut all: Vec<Finding> = Vec::new();
    for (epoch, seen) in YEARS.into_iter().zip(layers) {
        let earlier: Vec<&Event> = all.iter().flat_map(|f| &f.events).collect();
        let known = Known::from([(zone.id.as_str(), earlier)]);
        let basis = Basis { permits, epochs: &YEARS, ..Basis::new(epoch, seen, &rules) };
        let found = detect(std::slice::from_ref(zone), &basis, &known).remove(0);
        all.push(found);
    }
    all
}

#[test]
fn an_event_keeps_its_name_while_it_grows_splits_and_goes() {
    let zone = zone("Z", rect(0.0, 0.0, 500.0, 500.0));
    let shapes = [
        // 2014: a house and a yard.
        vec![rect(10.0, 10.0, 20.0, 20.0), rect(200.0, 200.0, 60.0, 20.0)],
        // 2019: the house has grown, the yard is as it was but redrawn a little, a barn is new.
        vec![rect(10.0, 10.0, 30.0, 20.0), rect(200.3, 200.2, 60.0, 20.0), rect(400.0, 10.0, 15.0, 15.0)],
        // 2024: the house is as it was, the yard's middle is a field again, the barn is gone.
        vec![rect(10.0, 10.0, 30.0, 20.0), rect(200.0, 200.0, 30.0, 20.0), rect(240.0, 200.0, 20.0, 20.0)],
    ];
    let layers = [0, 1, 2].map(|i: usize| shapes[i].iter().map(|s| Seen::new("ONT", Group::Built, s)).collect::<Vec<Seen>>());
    let found = through_the_years(&zone, &layers, None);
    let told = |f: &Finding| {
        let mut rows: Vec<_> = f.events.iter().map(|e| (e.area_m2.round() as i64, e.since.unwrap().year, e.change)).collect();
        rows.sort_by_key(|r| (-r.0, r.2));
        rows
    };
    assert_eq!(told(&found[0]), [(1_200, 2014, None), (400, 2014, None)]);
    assert_eq!(told(&found[1]), [(1_200, 2014, Some(Change::Same)), (600, 2014, Some(Change::Grown)), (225, 2019, Some(Change::New))]);
    assert_eq!(told(&found[2]), [(600, 2014, Some(Change::Same)), (600, 2014, Some(Change::Shrunk)), (400, 2014, Some(Change::Shrunk))]);
    let id = |f: &Finding, area: f64| f.events.iter().find(|e| (e.area_m2 - area).abs() < 1.0).unwrap().id.clone();
    assert_eq!(id(&found[1], 1_200.0), id(&found[0], 1_200.0));
    assert_eq!(id(&found[1], 600.0), id(&found[0], 400.0));
    // The larger part of what split has the name.
    let yard = found[2].events.iter().find(|e| e.shape.0[0].exterior().0[0].x - FAR.x > 100.0 && e.area_m2 > 500.0).unwrap();
    assert_eq!(yard.id, id(&found[0], 1_200.0));
    assert_eq!(
        found[2].gone.iter().map(|e| (e.area_m2.round(), e.id.clone(), e.change)).collect::<Vec<_>>(),
        [(225.0, id(&found[1], 225.0), Some(Change::Gone))]
    );
    let ids: std::collections::HashSet<&String> = found[2].events.iter().map(|e| &e.id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_right_holds_only_while_it_was_in_force() {
    let zone = zone("Z", rect(0.0, 0.0, 1_000.0, 1_000.0));
    let (old, house, barn) = (rect(10.0, 10.0, 30.0, 30.0), rect(100.0, 10.0, 30.0, 30.0), rect(200.0, 10.0, 20.0, 20.0));
    let layers = [
        vec![Seen::new("ONT", Group::Built, &old)],
        vec![Seen::new("ONT", Group::Built, &old)],
        vec![Seen::new("ONT", Group::Built, &old), Seen::new("ONT", Group::Built, &house), Seen::new("SKC", Group::Built, &barn)],
    ];
    let permit = |decided: &str, valid_to: &str| Permit {
        decision: Some("12/QĐ-UBND".to_owned()),
        decided: Some(decided.to_owned()).filter(|d| !d.is_empty()),
        valid_to: Some(valid_to.to_owned()).filter(|d| !d.is_empty()),
        ..permit(Right::Permitted, rect(90.0, 0.0, 60.0, 60.0))
    };
    let rights = |permits: Option<&[Permit]>| {
        let mut events = through_the_years(&zone, &layers, permits).remove(2).events;
        events.sort_by(|a, b| a.shape.0[0].exterior().0[0].x.total_cmp(&b.shape.0[0].exterior().0[0].x));
        events
    };
    let told = |permits: Option<&[Permit]>| rights(permits).iter().map(|e| e.right).collect::<Vec<_>>();
    use Right::{FarmStructure, Legacy, Permitted, Unknown, Unplanned};
    assert_eq!(told(None), [Legacy, Unknown, Unknown]);
    // The barn is small enough for a farm building on 100 ha of rice; the house of 900 m² is not.
    assert_eq!(told(Some(&[])), [Legacy, Unplanned, FarmStructure]);
    assert_eq!(told(Some(&[permit("", "")])), [Legacy, Permitted, FarmStructure]);
    assert_eq!(told(Some(&[permit("5/6/2022", "31/12/2023")])), [Legacy, Permitted, FarmStructure]);
    assert_eq!(told(Some(&[permit("2025-01-02", "")])), [Legacy, Unplanned, FarmStructure]);
    assert_eq!(told(Some(&[permit("2012-01-02", "2018-12-31")])), [Legacy, Unplanned, FarmStructure]);
    let late = rights(Some(&[permit("2025-01-02", "")]));
    let paper = &late[1].evidence[1];
    assert_eq!(
        (paper.layer.as_str(), paper.label.as_deref(), paper.counts, paper.area_m2.round()),
        ("permits", Some("12/QĐ-UBND"), false, 900.0)
    );
    assert_eq!((late[1].severity, late[2].severity), (Some(3), Some(2)));
    // The steps are those of rice land.
    let tea = Zone::new("T", "tea", zone.shape.clone());
    assert!(look(&[tea], &layers[2], None, &rules(), year(2024)).events.iter().all(|e| e.severity.is_none()));
}

#[test]
fn farm_buildings_are_the_oldest_first_and_never_dwellings() {
    // 100 ha of rice: farm buildings may take 1,000 m² of it.
    let zone = zone("Z", rect(0.0, 0.0, 1_000.0, 1_000.0));
    let (old, house) = (rect(10.0, 10.0, 45.0, 10.0), rect(100.0, 10.0, 20.0, 10.0));
    let (small, large) = (rect(200.0, 10.0, 30.0, 10.0), rect(300.0, 10.0, 40.0, 10.0));
    let barn = |shape| Seen::new("SKC", Group::Built, shape);
    let now = vec![barn(&old), barn(&small), barn(&large), Seen::new("ONT", Group::Built, &house)];
    let layers = [vec![], vec![barn(&old)], now];
    let found = through_the_years(&zone, &layers, Some(&[])).remove(2);
    let told: Vec<(f64, Right)> = found.events.iter().map(|e| (e.area_m2.round(), e.right)).collect();
    use Right::{FarmStructure, Unplanned};
    assert_eq!(told, [(450.0, FarmStructure), (400.0, Unplanned), (300.0, FarmStructure), (200.0, Unplanned)]);
}

#[test]
fn the_right_is_that_of_the_land_and_not_of_its_oldest_corner() {
    let zone = zone("Z", rect(0.0, 0.0, 1_000.0, 1_000.0));
    let house = rect(10.0, 10.0, 10.0, 10.0);
    let beside = rect(20.5, 0.0, 250.0, 200.0);
    let around = rect(5.0, 5.0, 200.0, 200.0);
    let built = |shape| Seen::new("SKC", Group::Built, shape);
    let in_2022 = |shape: &MultiPolygon| Permit { decided: Some("2022-03-01".to_owned()), ..permit(Right::Permitted, shape.clone()) };
    let last = |layers: &[Vec<Seen>; 3], permits: Option<&[Permit]>| {
        let mut found = through_the_years(&zone, layers, permits).remove(2);
        assert_eq!(found.events.len(), 1);
        let event = found.events.remove(0);
        (event.since.unwrap().year, event.right)
    };
    // A house of before, with a factory beside it.
    let factory = [vec![built(&house)], vec![built(&house)], vec![built(&house), built(&beside)]];
    assert_eq!(last(&factory, Some(&[])), (2014, Right::Unplanned));
    assert_eq!(last(&factory, None), (2014, Right::Unknown));
    assert_eq!(last(&factory, Some(&[in_2022(&beside)])), (2014, Right::Permitted));
    // A small beginning without a decision, and the works that were decided since.
    let works = [vec![], vec![built(&house)], vec![built(&around)]];
    assert_eq!(last(&works, Some(&[in_2022(&around)])), (2019, Right::Permitted));
    // A large house of before and a room for which there is a decision.
    let (old, whole, room) = (rect(0.0, 0.0, 30.0, 20.0), rect(0.0, 0.0, 40.0, 20.0), rect(29.0, 0.0, 12.0, 21.0));
    let extended = [vec![built(&old)], vec![built(&old)], vec![built(&whole)]];
    assert_eq!(last(&extended, Some(&[in_2022(&room)])), (2014, Right::Permitted));
    assert_eq!(last(&extended, Some(&[])), (2014, Right::Unplanned));
    let little = rect(0.0, 0.0, 32.0, 20.0);
    assert_eq!(last(&[vec![built(&old)], vec![built(&old)], vec![built(&little)]], Some(&[])), (2014, Right::Legacy));
}

#[test]
fn land_lost_since_an_epoch_was_not_there_before() {
    let zone = zone("Z", rect(0.0, 0.0, 1_000.0, 1_000.0));
    let (house, field) = (rect(10.0, 10.0, 30.0, 30.0), rect(0.0, 0.0, 1_000.0, 1_000.0));
    let farmed = [Seen { farm: true, ..Seen::new("LUC", Group::None, &field) }];
    let built = vec![Seen::new("ONT", Group::Built, &house)];
    // Built in 2014, a field again in 2019, built again in 2024.
    let layers = [built.clone(), farmed.to_vec(), built.clone()];
    let before = through_the_years(&zone, &layers, Some(&[]));
    let known = Known::from([("Z", before[..2].iter().flat_map(|f| &f.events).collect())]);
    let decided =
        |day: &str| Permit { decided: Some(day.to_owned()), valid_to: Some(day.to_owned()), ..permit(Right::Permitted, house.clone()) };
    let rules = rules();
    let right = |permits: &[Permit]| {
        let basis = Basis {
            earlier: Some(Earlier::new(year(2019), &farmed)),
            permits: Some(permits),
            epochs: &YEARS,
            ..Basis::new(year(2024), &built, &rules)
        };
        detect(std::slice::from_ref(&zone), &basis, &known)[0].events[0].right
    };
    assert_eq!(right(&[]), Right::Unplanned);
    assert_eq!(right(&[decided("2013-05-01")]), Right::Unplanned);
    assert_eq!(right(&[decided("2022-05-01")]), Right::Permitted);
}

#[test]
fn since_an_epoch_counts_land_that_was_farmland_then() {
    let zones = [zone("Z", rect(0.0, 0.0, 200.0, 200.0))];
    let field = rect(0.0, 0.0, 200.0, 100.0);
    let lake = rect(0.0, 100.0, 200.0, 100.0);
    let (house, yard) = (rect(10.0, 10.0, 20.0, 20.0), rect(10.0, 10.0, 20.0, 60.0));
    let on_the_lake = rect(100.0, 90.0, 30.0, 30.0);
    let then = [
        Seen { farm: true, ..Seen::new("LUC", Group::None, &field) },
        Seen::new("MNC", Group::Water, &lake),
        Seen::new("ONT", Group::Built, &house),
    ];
    let now = [Seen::new("ONT", Group::Built, &yard), Seen::new("TMD", Group::Built, &on_the_lake)];
    let rules = rules();
    let basis = Basis { earlier: Some(Earlier::new(year(2019), &then)), ..Basis::new(year(2024), &now, &rules) };
    let found = found(detect(&zones, &basis, &Known::new()));
    let told: Vec<(&str, f64)> = found.events.iter().map(|e| (e.code.as_str(), e.area_m2.round())).collect();
    assert_eq!(told, [("ONT", 800.0), ("TMD", 300.0)]);
}

#[test]
fn of_land_that_was_not_seen_then_nothing_is_said_to_be_lost_since() {
    let zones = [zone("Z", rect(0.0, 0.0, 200.0, 200.0))];
    let (west, clouds) = (rect(0.0, 0.0, 100.0, 200.0), rect(100.0, 0.0, 50.0, 200.0));
    let (house, withheld) = (rect(80.0, 10.0, 100.0, 20.0), [rect(160.0, 0.0, 10.0, 200.0)]);
    let then = [Seen { farm: true, ..Seen::new("LUC", Group::None, &west) }, Seen::new("?", Group::Unmapped, &clouds)];
    let now = [Seen::new("ONT", Group::Built, &house)];
    let rules = rules();
    let since = |earlier: Earlier| {
        let basis = Basis { earlier: Some(earlier), ..Basis::new(year(2024), &now, &rules) };
        let found = found(detect(&zones, &basis, &Known::new()));
        (found.events.iter().map(|e| e.area_m2.round()).collect::<Vec<_>>(), found.left_out.not_seen_before_m2.round())
    };
    let polygons = Earlier::new(year(2019), &then);
    // Beside the clouds the polygons leave out what was not built; cells that are missing were not seen.
    assert_eq!(since(polygons), (vec![600.0, 400.0], 1_000.0));
    assert_eq!(since(Earlier { shows_all: true, ..polygons }), (vec![400.0], 1_600.0));
    // What may not be told is not to be measured by what is missing.
    assert_eq!(since(Earlier { shows_all: true, withheld: &withheld, ..polygons }), (vec![400.0, 200.0], 1_400.0));
    let (whole, covered) = (rect(0.0, 0.0, 200.0, 200.0), rect(0.0, 0.0, 200.0, 200.0));
    let seen = [Seen { farm: true, ..Seen::new("LUC", Group::None, &whole) }, Seen::new("?", Group::Unmapped, &covered)];
    assert_eq!(since(Earlier::new(year(2019), &seen)), (vec![2_000.0], 0.0));
}

#[test]
fn an_epoch_that_lies_off_by_its_accuracy_shows_nothing_new() {
    let blocks = mesh(10, 11, 0.3);
    let zones: Vec<Zone> = blocks.iter().step_by(2).enumerate().map(|(i, s)| zone(&i.to_string(), s.clone())).collect();
    let built: Vec<MultiPolygon> = blocks
        .iter()
        .skip(1)
        .step_by(2)
        .cloned()
        .chain((0..40).map(|i| {
            let (x, y) = (f64::from(i % 8) * 120.0 + 31.0, f64::from(i / 8) * 190.0 + 17.0);
            rect(x, y, 12.0 + f64::from(i % 5), 9.0)
        }))
        .collect();
    let shifted: Vec<MultiPolygon> = built.iter().map(|s| geom::translated(s, 1.2, -1.6)).collect();
    let injected: Vec<MultiPolygon> = (0..8).map(|i| rect(f64::from(i) * 115.0 + 70.0, 150.0, 25.0, 4.5)).collect();
    let rules = rules();
    let then: Vec<Seen> = built.iter().map(|s| Seen::new("ONT", Group::Built, s)).collect();
    let now: Vec<Seen> = shifted.iter().map(|s| Seen::new("ONT", Group::Built, s)).collect();
    let accuracy = Accuracy { zones_m: None, land_use_m: Some(2.0) };
    let epochs = [year(2019), year(2024)];
    let first = detect(&zones, &Basis { accuracy, epochs: &epochs, ..Basis::new(year(2019), &then, &rules) }, &Known::new());
    let known: Known = zones.iter().zip(&first).map(|(z, f)| (z.id.as_str(), f.events.iter().collect())).collect();
    let basis = Basis { accuracy, epochs: &epochs, ..Basis::new(year(2024), &now, &rules) };
    let second = found(detect(&zones, &basis, &known));
    assert!(
        second.events.iter().all(|e| e.change == Some(Change::Same)),
        "{:?}",
        second.events.iter().filter(|e| e.change != Some(Change::Same)).collect::<Vec<_>>()
    );
    // Corners of houses that the shift takes across a border come and go; nothing else does.
    let n_first = first.iter().map(|f| f.events.len()).sum::<usize>();
    assert!(second.events.len() + 3 >= n_first && n_first > 20, "{} {n_first}", second.events.len());
    let since = Basis { earlier: Some(Earlier::new(year(2019), &then)), ..basis };
    assert_eq!(found(detect(&zones, &since, &known)).events, []);
    // What is really new is found, though it is little wider than twice the accuracy.
    let with_new: Vec<Seen> = now.iter().copied().chain(injected.iter().map(|s| Seen::new("ONT", Group::Built, s))).collect();
    let since = Basis { land_use: &with_new, ..since };
    let seen = found(detect(&zones, &since, &known)).events;
    let all = geom::union(&shifted.iter().chain(&built).collect::<Vec<_>>());
    let mut n_parts = 0;
    for (z, s) in zones.iter().flat_map(|z| injected.iter().map(move |s| (z, s))) {
        let part = geom::difference(&geom::intersection(&z.shape, s), &all);
        if geom::area_m2(&part) < 60.0 {
            continue;
        }
        n_parts += 1;
        let of_zone: Vec<&MultiPolygon> = seen.iter().filter(|e| e.zone_id == z.id).map(|e| &e.shape).collect();
        let shared_m2 = geom::area_m2(&geom::intersection(&part, &geom::union(&of_zone)));
        assert!(shared_m2 > 0.95 * geom::area_m2(&part), "{part:?}");
    }
    assert!(n_parts >= 4, "{n_parts}");
    let real = |e: &Event| injected.iter().any(|s| geom::area_m2(&geom::intersection(&e.shape, s)) > 10.0);
    assert!(seen.iter().all(real));
}

#[test]
fn transitions_account_for_every_part_of_a_zone() {
    let zones = mesh(6, 21, 0.4);
    let [a, b] = halves(14, 22);
    let [c, d] = halves(11, 23);
    let (from, to) =
        ([Used { class: 0, shape: &a }, Used { class: 1, shape: &b }], [Used { class: 0, shape: &c }, Used { class: 2, shape: &d }]);
    let rows = transitions(&refs(&zones), &from, &to);
    for (i, zone) in zones.iter().enumerate() {
        let of_zone: f64 = rows.iter().filter(|r| r.zone == i as u32).map(|r| r.area_m2).sum();
        assert_near(of_zone, geom::area_m2(zone), 1e-9);
        for r in rows.iter().filter(|r| r.zone == i as u32) {
            let before = [&a, &b][r.from.unwrap() as usize];
            let after = if r.to == Some(0) { &c } else { &d };
            let both = geom::intersection(&geom::intersection(zone, before), after);
            assert!((r.area_m2 - geom::area_m2(&both)).abs() < 1e-5, "{r:?} {}", geom::area_m2(&both));
        }
    }
    // Both directions, from the land: what goes there is what comes from here the other way round.
    let back = transitions(&refs(&zones), &to, &from);
    assert_eq!(back.len(), rows.len());
    // Nothing changed: no row leaves its class.
    let same = transitions(&refs(&zones), &from, &from);
    assert!(same.iter().all(|r| r.from == r.to));
}

#[test]
fn land_use_that_overlaps_itself_is_counted_once() {
    let zone = [rect(0.0, 0.0, 100.0, 100.0)];
    let (all, part, twin) = (rect(0.0, 0.0, 100.0, 100.0), rect(0.0, 0.0, 50.0, 100.0), rect(0.0, 0.0, 100.0, 100.0));
    let from = [Used { class: 1, shape: &all }, Used { class: 1, shape: &twin }];
    let to = [Used { class: 1, shape: &all }, Used { class: 0, shape: &part }];
    let rows: Vec<(Option<u32>, Option<u32>, f64)> =
        transitions(&zone.each_ref(), &from, &to).iter().map(|r| (r.from, r.to, r.area_m2.round())).collect();
    assert_eq!(rows, [(Some(1), Some(0), 5_000.0), (Some(1), Some(1), 5_000.0)]);
    // Half of the zone is not shown before.
    let rows: Vec<(Option<u32>, Option<u32>, f64)> = transitions(&zone.each_ref(), &[Used { class: 3, shape: &part }], &from[..1])
        .iter()
        .map(|r| (r.from, r.to, r.area_m2.round()))
        .collect();
    assert_eq!(rows, [(None, Some(1), 5_000.0), (Some(3), Some(1), 5_000.0)]);
    let zones = [self::zone("Z", zone[0].clone())];
    let seen = [Seen::new("ONT", Group::Built, &all), Seen::new("ODT", Group::Built, &part)];
    let found = look(&zones, &seen, None, &rules(), year(2024));
    assert_eq!((found.events[0].area_m2.round(), found.left_out.overlap_area_m2.round()), (10_000.0, 5_000.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pieces_found_inside_and_land_outside_make_up_the_zone(seed in 0u64..1_000_000, n in 4usize..30) {
        let zones: Vec<Zone> = mesh(6, seed, 0.49).into_iter().enumerate().map(|(i, s)| zone(&i.to_string(), s)).collect();
        let [built, open] = halves(n, seed ^ 5);
        let wavy = blob(400, 300.0, 300.0, 200.0);
        let layers = [(&built, "ODT"), (&wavy, "ONT")];
        let seen: Vec<Seen> = layers.iter().map(|(shape, code)| Seen::new(code, Group::Built, shape)).collect();
        let keep_all = Rules { sliver_area_m2: 0.0, sliver_width_m: 0.0, ..rules() };
        let found = look(&zones, &seen, None, &keep_all, Epoch::year(2024));
        prop_assert_eq!(found.left_out.n_slivers, 0);
        let covered = geom::union(&[&built, &wavy]);
        for z in &zones {
            let of_zone: f64 = found.events.iter().filter(|e| e.zone_id == z.id).map(|e| e.area_m2).sum();
            let expected = geom::area_m2(&geom::intersection(&z.shape, &covered));
            prop_assert!((of_zone - expected).abs() < 1e-5, "{} {of_zone} {expected}", z.id);
        }
        for e in &found.events {
            prop_assert_eq!(geom::validate(&e.shape), vec![]);
        }
        // Neighbours that share borders exactly leave no hairlines between them.
        let both = [Seen::new("ODT", Group::Built, &built), Seen::new("ONT", Group::Built, &open)];
        for e in look(&zones, &both, None, &keep_all, Epoch::year(2024)).events {
            let inside = n as f64 * 100.0;
            let [_, _, x1, y1] = geom::bounds(&e.shape).unwrap();
            if x1 - FAR.x < inside && y1 - FAR.y < inside {
                let zone = zones.iter().find(|z| z.id == e.zone_id).unwrap();
                prop_assert_eq!(e.shape.0.len(), 1);
                prop_assert!((geom::width_m(&e.shape) - geom::width_m(&zone.shape)).abs() < 1e-6, "{:?}", e.shape);
            }
        }
    }
}
