use super::*;
use crate::legend::{UnitFact, Units};
use crate::model::Coord;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::OnceLock;

/// Gauss–Krüger of EPSG:5897 without datum shift: good enough to place points.
pub(super) fn hanoi_metres(lon: f64, lat: f64) -> (f64, f64) {
    let (a, f, k0) = (6_378_137.0f64, 1.0 / 298.257_223_563, 0.9999);
    let e2: f64 = f * (2.0 - f);
    let (p, dl) = (lat.to_radians(), (lon - 105.0 - 0.00188).to_radians());
    let ep2 = e2 / (1.0 - e2);
    let n = a / (1.0 - e2 * p.sin().powi(2)).sqrt();
    let (t, c, q) = (p.tan().powi(2), ep2 * p.cos().powi(2), dl * p.cos());
    let m = a
        * ((1.0 - e2 / 4.0 - 3.0 * e2 * e2 / 64.0) * p - (3.0 * e2 / 8.0 + 3.0 * e2 * e2 / 32.0) * (2.0 * p).sin()
            + (15.0 * e2 * e2 / 256.0) * (4.0 * p).sin());
    let x = 500_000.0 + k0 * n * (q + (1.0 - t + c) * q.powi(3) / 6.0);
    (x, k0 * (m + n * p.tan() * (q * q / 2.0 + (5.0 - t + 9.0 * c) * q.powi(4) / 24.0)))
}

pub(super) fn units() -> Vec<UnitPoint> {
    let facts = Units::parse("units.csv", include_str!("../../zones/units.csv")).unwrap();
    let point = |fact: UnitFact| {
        let (x, y) = hanoi_metres(fact.lon, fact.lat);
        UnitPoint { code: fact.code, name: fact.name, full_name: fact.full_name, area_km2: fact.area_km2, x, y, formerly: fact.formerly }
    };
    facts.units.into_iter().map(point).collect()
}

fn figures() -> Figures {
    Figures::parse("demo.toml", include_str!("../../zones/demo.toml")).unwrap()
}

/// Built once for all tests.
fn city() -> &'static City {
    static CITY: OnceLock<City> = OnceLock::new();
    CITY.get_or_init(|| build(&figures(), &units(), &mut |_, _| {}))
}

fn hectares(kind: &str) -> Vec<f64> {
    city().zones.iter().filter(|z| z.kind == kind).map(|z| geom::area_m2(&z.shape) / 1e4).collect()
}

fn losses() -> Vec<&'static TrueEvent> {
    city().truth.iter().filter(|e| e.nature == Nature::Loss).collect()
}

fn sum_m2<'a>(shapes: impl Iterator<Item = &'a MultiPolygon>) -> f64 {
    shapes.map(geom::area_m2).sum()
}

/// Pairs of shapes whose boxes meet.
fn neighbours(shapes: &[&MultiPolygon]) -> Vec<(usize, usize)> {
    let mut order: Vec<(usize, [f64; 4])> = shapes.iter().enumerate().map(|(k, s)| (k, geom::bounds(s).unwrap())).collect();
    order.sort_by(|a, b| a.1[0].total_cmp(&b.1[0]));
    let mut pairs = Vec::new();
    for (n, &(k, a)) in order.iter().enumerate() {
        pairs.extend(order[n + 1..].iter().take_while(|(_, b)| b[0] < a[2]).filter(|(_, b)| overlap(a, *b)).map(|&(l, _)| (k, l)));
    }
    pairs
}

/// The first fault of a ring: too few points, open, a repeated point, or two edges that meet.
fn fault(ring: &crate::model::Ring) -> Option<String> {
    let p = &ring.0;
    if p.len() < 4 || p.first() != p.last() {
        return Some(format!("{} points, closed: {}", p.len(), p.first() == p.last()));
    }
    let turn = |a: Coord, b: Coord, c: Coord| (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    let n = p.len() - 1;
    for i in 0..n {
        let (a, b) = (p[i], p[i + 1]);
        if a == b {
            return Some(format!("repeated point {a:?}"));
        }
        for j in i + 2..n {
            let (c, d) = (p[j], p[j + 1]);
            let boxes = a.x.max(b.x) >= c.x.min(d.x)
                && c.x.max(d.x) >= a.x.min(b.x)
                && a.y.max(b.y) >= c.y.min(d.y)
                && c.y.max(d.y) >= a.y.min(b.y);
            let meet = boxes && turn(a, b, c) * turn(a, b, d) <= 0.0 && turn(c, d, a) * turn(c, d, b) <= 0.0;
            if meet && !(i == 0 && j == n - 1) {
                return Some(format!("edges meet near {a:?}"));
            }
        }
    }
    None
}

fn all_valid<'a>(shapes: impl Iterator<Item = (&'a str, &'a MultiPolygon)>) {
    let mut faults = Vec::new();
    for (id, shape) in shapes {
        assert!(geom::area_m2(shape) > 0.0, "{id} is empty");
        for ring in shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())) {
            faults.extend(fault(ring).map(|f| format!("{id}: {f}")));
        }
        if shape.0.iter().any(|p| !geom::validate(&MultiPolygon::new(vec![p.clone()])).is_empty()) {
            faults.push(format!("{id}: {:?}", geom::validate(shape)));
        }
    }
    assert!(faults.is_empty(), "{} faults, first {:?}", faults.len(), &faults[..faults.len().min(5)]);
}

#[test]
fn each_kind_has_the_hectares_that_the_figures_ask_for() {
    for kind in &figures().kinds {
        let total: f64 = hectares(&kind.key).iter().sum();
        assert!((total / kind.hectares - 1.0).abs() < 0.005, "{}: {total} of {} ha", kind.key, kind.hectares);
    }
    let n = city().zones.len();
    assert!((2900..5000).contains(&n), "{n} zones");
    let n_large = hectares("rice").iter().filter(|&&ha| ha >= 50.0).count();
    assert!(n_large > 200, "{n_large} rice areas of at least 50 ha");
    assert!(hectares("mulberry").iter().all(|&ha| (2.0..=50.0).contains(&ha)));
    let n_with_holes = city().zones.iter().filter(|z| z.shape.0.iter().any(|p| !p.interiors().is_empty())).count();
    assert!(n_with_holes >= 100, "{n_with_holes} zones have holes");
}

#[test]
fn livestock_is_in_exactly_76_units() {
    let units: BTreeSet<_> = city().zones.iter().filter(|z| z.kind == "livestock").map(|z| z.unit.clone()).collect();
    assert_eq!(units.len(), 76);
}

#[test]
fn units_cover_the_city_without_gap_or_overlap_and_come_close_to_their_official_areas() {
    let facts = units();
    assert_eq!(city().units.len(), 126);
    let mut n_off = 0;
    for (unit, fact) in city().units.iter().zip(&facts) {
        let km2 = geom::area_m2(&unit.shape) / 1e6;
        assert_eq!(unit.code, fact.code);
        assert!((km2 / fact.area_km2 - 1.0).abs() < 0.30, "{}: {km2} of {} km²", unit.name, fact.area_km2);
        n_off += usize::from((km2 / fact.area_km2 - 1.0).abs() > 0.10);
    }
    assert!(n_off <= 6, "{n_off} units are off by more than a tenth");
    let shapes: Vec<&MultiPolygon> = city().units.iter().map(|u| &u.shape).collect();
    for (a, b) in neighbours(&shapes) {
        let shared_m2 = geom::area_m2(&geom::intersection(shapes[a], shapes[b]));
        assert!(shared_m2 < 1e-3, "{} and {} share {shared_m2} m²", city().units[a].name, city().units[b].name);
    }
    let all = geom::union(&shapes);
    assert!((geom::area_m2(&all) / sum_m2(shapes.iter().copied()) - 1.0).abs() < 1e-9);
    assert!((geom::area_m2(&all) / 3359.2e6 - 1.0).abs() < 0.005);
    assert_eq!((all.0.len(), all.0.iter().map(|p| p.interiors().len()).sum::<usize>()), (1, 0), "one city without holes");
}

#[test]
fn no_two_zones_overlap() {
    let shapes: Vec<&MultiPolygon> = city().zones.iter().map(|z| &z.shape).collect();
    let pairs = neighbours(&shapes);
    assert!(pairs.len() > 3000);
    for (a, b) in pairs {
        let shared_m2 = geom::area_m2(&geom::intersection(shapes[a], shapes[b]));
        assert!(shared_m2 <= 1e-6, "{} and {} share {shared_m2} m²", city().zones[a].id, city().zones[b].id);
    }
}

#[test]
fn neighbouring_zones_share_vertices_to_the_last_bit() {
    let mut owners: BTreeMap<(u64, u64), BTreeSet<usize>> = BTreeMap::new();
    for (k, zone) in city().zones.iter().enumerate() {
        for c in zone.shape.0.iter().flat_map(|p| &p.exterior().0) {
            owners.entry((c.x.to_bits(), c.y.to_bits())).or_default().insert(k);
        }
    }
    let touching: BTreeSet<usize> = owners.values().filter(|o| o.len() > 1).flatten().copied().collect();
    assert!(touching.len() * 10 > city().zones.len() * 7, "{} of {}", touching.len(), city().zones.len());
}

#[test]
fn every_shape_is_valid() {
    all_valid(city().units.iter().map(|u| (u.name.as_str(), &u.shape)));
    all_valid(city().zones.iter().map(|z| (z.id.as_str(), &z.shape)));
    all_valid(city().permits.iter().map(|p| (p.id.as_str(), &p.shape)));
    // What growth has cut is as valid as what `geom` makes of it; the rest is ours.
    let (first, last) = (&city().land_use[0].1, &city().land_use[3].1);
    let later: BTreeMap<&str, &MultiPolygon> = last.iter().map(|l| (l.id.as_str(), &l.shape)).collect();
    let uncut: Vec<_> = first.iter().map(|l| (l.id.as_str(), &l.shape)).filter(|(id, shape)| later.get(id) == Some(shape)).collect();
    assert!(uncut.len() * 10 > first.len() * 8);
    all_valid(uncut.into_iter());
    all_valid(last.iter().filter(|l| !l.id.starts_with('A')).map(|l| (l.id.as_str(), &l.shape)));
}

#[test]
fn land_use_covers_the_city_in_every_epoch_and_stays_small_enough_to_start_fast() {
    let city_m2 = sum_m2(city().units.iter().map(|u| &u.shape));
    for (epoch, rows) in &city().land_use {
        let covered_m2 = sum_m2(rows.iter().map(|l| &l.shape));
        assert!((covered_m2 / city_m2 - 1.0).abs() < 2e-6, "{epoch}: {covered_m2} of {city_m2} m²");
        assert!((20_000..=60_000).contains(&rows.len()), "{epoch}: {} polygons", rows.len());
        let ids: BTreeSet<&str> = rows.iter().map(|l| l.id.as_str()).collect();
        assert_eq!(ids.len(), rows.len());
    }
    let codes: BTreeSet<&str> = city().land_use[3].1.iter().map(|l| l.code.as_str()).collect();
    for code in [
        "LUC", "HNK", "CLN", "NTS", "CNT", "ONT", "ODT", "DGT", "DTL", "DPC", "SON", "MNC", "SKK", "SKN", "TMD", "NTD", "TON", "CQP",
        "CAN", "RSX",
    ] {
        assert!(codes.contains(code), "{code}");
    }
}

#[test]
fn later_epochs_show_the_earlier_losses() {
    let shown = |epoch: usize| -> BTreeSet<&str> {
        city().land_use[epoch].1.iter().map(|l| l.id.as_str()).filter(|id| id.starts_with('E')).collect()
    };
    for epoch in 1..4 {
        assert!(shown(epoch - 1).is_subset(&shown(epoch)) && shown(epoch).len() > shown(epoch - 1).len());
    }
}

#[test]
fn losses_are_as_many_as_large_and_as_lawful_as_the_figures_say() {
    let zones_m2 = sum_m2(city().zones.iter().map(|z| &z.shape));
    let (n, lost_m2) = (losses().len() as f64, losses().iter().map(|e| e.area_m2).sum::<f64>());
    let yearly = lost_m2 / zones_m2 / 11.0;
    assert!((0.005..=0.006).contains(&yearly), "{yearly} a year");
    let lawful = |e: &&&TrueEvent| matches!(e.right, Right::Planned | Right::Permitted);
    let lawful_share = losses().iter().filter(lawful).map(|e| e.area_m2).sum::<f64>() / lost_m2;
    assert!((0.90..=0.95).contains(&lawful_share), "{lawful_share} of the area is lawful");
    let small = losses().iter().filter(|e| matches!(e.right, Right::Unplanned | Right::Legacy)).count() as f64 / n;
    assert!((0.94..=0.97).contains(&small), "{small} of the events are unplanned");
    let mut sizes: Vec<f64> = losses().iter().filter(|e| e.right == Right::Unplanned).map(|e| e.area_m2).collect();
    sizes.sort_by(f64::total_cmp);
    let median_m2 = sizes[sizes.len() / 2];
    assert!((170.0..=260.0).contains(&median_m2), "median {median_m2} m²");
    assert!(sizes[0] >= 59.0 && sizes[sizes.len() - 1] <= 5100.0);
    assert!(losses().iter().all(|e| e.area_m2 < 155e4));
}

#[test]
fn the_city_presses_hardest_near_the_center() {
    let center = figures().center_m;
    let share = |near_km: f64, far_km: f64| {
        let within = |s: &MultiPolygon| {
            let b = geom::bounds(s).unwrap();
            let km = ((b[0] + b[2]) / 2.0 - center[0]).hypot((b[1] + b[3]) / 2.0 - center[1]) / 1000.0;
            km >= near_km && km < far_km
        };
        let zones_m2 = sum_m2(city().zones.iter().map(|z| &z.shape).filter(|s| within(s)));
        losses().iter().filter(|e| within(&e.shape)).map(|e| e.area_m2).sum::<f64>() / zones_m2
    };
    let (inner, middle, outer) = (share(10.0, 20.0), share(20.0, 30.0), share(30.0, 99.0));
    assert!(inner > 1.3 * middle && middle > 1.3 * outer, "{inner} {middle} {outer}");
}

#[test]
fn every_true_event_lies_inside_its_zone() {
    let zones: BTreeMap<&str, &MultiPolygon> = city().zones.iter().map(|z| (z.id.as_str(), &z.shape)).collect();
    for event in &city().truth {
        let outside_m2 = geom::area_m2(&geom::difference(&event.shape, zones[event.zone_id.as_str()]));
        assert!(outside_m2 < 1e-3, "{} reaches {outside_m2} m² out of {}", event.id, event.zone_id);
        assert!((geom::area_m2(&event.shape) - event.area_m2).abs() < 1e-6);
    }
}

#[test]
fn what_is_lawful_lies_inside_a_permit_of_its_right() {
    let shapes: Vec<&MultiPolygon> = city().permits.iter().map(|p| &p.shape).collect();
    let mut n_doubtful = 0;
    for event in losses() {
        let b = geom::bounds(&event.shape).unwrap();
        let near = (0..shapes.len()).filter(|&k| overlap(geom::bounds(shapes[k]).unwrap(), b));
        let mut best: BTreeMap<Right, f64> = BTreeMap::new();
        for k in near {
            let share = geom::area_m2(&geom::intersection(&event.shape, shapes[k])) / event.area_m2;
            let entry = best.entry(city().permits[k].right).or_default();
            *entry = entry.max(share);
        }
        let own = best.remove(&event.right);
        match event.right {
            Right::Planned | Right::Permitted => assert!(own.is_some_and(|share| share > 0.999), "{}: {own:?} {}", event.id, event.right),
            _ => assert!(own.is_none()),
        }
        n_doubtful += usize::from(best.values().any(|&share| share > 0.5));
    }
    assert!(n_doubtful * 200 < losses().len(), "{n_doubtful} pieces lie in a permit of another right");
}

#[test]
fn no_road_house_or_river_laps_over_a_zone_or_a_field_before_growth() {
    let (strips, fields): (Vec<&LandUse>, Vec<&LandUse>) = city().land_use[0].1.iter().partition(|l| l.id.starts_with('L'));
    let fields = fields.into_iter().filter(|l| l.id.starts_with('A')).map(|l| (&l.id, &l.shape));
    let (ids, mut shapes): (Vec<&String>, Vec<&MultiPolygon>) = city().zones.iter().map(|z| (&z.id, &z.shape)).chain(fields).unzip();
    let n = shapes.len();
    shapes.extend(strips.iter().map(|l| &l.shape));
    for (a, b) in neighbours(&shapes).into_iter().map(|(a, b)| (a.min(b), a.max(b))).filter(|&(a, b)| a < n && b >= n) {
        let shared_m2 = geom::area_m2(&geom::intersection(shapes[a], shapes[b]));
        assert!(shared_m2 <= 1e-3, "{} and {} share {shared_m2} m²", ids[a], strips[b - n].id);
    }
}

#[test]
fn mulberry_grows_between_dyke_and_river() {
    let figures = figures();
    let rivers: Vec<waters::River> = figures.rivers.iter().map(|r| waters::River::new(r, figures.center_m, 0)).collect();
    for zone in city().zones.iter().filter(|z| z.kind == "mulberry") {
        let b = geom::bounds(&zone.shape).unwrap();
        let at = [(b[0] + b[2]) / 2.0, (b[1] + b[3]) / 2.0];
        let near = rivers.iter().flat_map(|r| &r.course).map(|&p| curves::distance_m(p, at)).fold(f64::MAX, f64::min);
        assert!(near < 4500.0, "{} is {near} m from any river", zone.id);
    }
    let wet: BTreeSet<&str> = city().zones.iter().filter(|z| z.kind == "mulberry").map(|z| z.id.as_str()).collect();
    assert!(wet.len() >= 15);
}

#[test]
fn registers_have_their_small_errors_and_codes_their_grammars() {
    let zones = &city().zones;
    let coded: Vec<&str> = zones.iter().filter_map(|z| z.code.as_deref()).collect();
    assert_eq!(coded.len(), 150);
    let distinct: BTreeSet<&str> = coded.iter().copied().collect();
    assert_eq!(distinct.len(), 149, "one number is given twice");
    let known = |c: &&str| c.starts_with("VN-HNOR-") || c.starts_with("01-PUC-") || (c.starts_with("01-01-") && c.len() == 14);
    assert!(coded.iter().all(known));
    let off = zones.iter().filter(|z| (z.declared_area_m2.unwrap() / geom::area_m2(&z.shape) - 1.0).abs() > 0.02).count();
    assert!((0.01..=0.03).contains(&(off as f64 / zones.len() as f64)), "{off} zones are declared wrongly");
    let today = figures().register.today;
    let until: Vec<&str> = zones.iter().filter_map(|z| z.standard_until.as_deref()).collect();
    let lapsed = until.iter().filter(|u| **u < today.as_str()).count() as f64 / until.len() as f64;
    assert!((0.04..=0.12).contains(&lapsed), "{lapsed} of the certificates have lapsed");
}

/// A hash of all that a city says, coordinates by their bits.
fn fingerprint(city: &City) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut text = String::new();
    write!(text, "{:?}{:?}{:?}{:?}{:?}{:?}", city.units, city.zones, city.context, city.land_use, city.permits, city.truth).unwrap();
    hasher.update(text.as_bytes());
    hasher.finalize().to_hex().to_string()
}

#[test]
fn the_same_seed_gives_the_same_city_and_another_seed_another() {
    let coarse = Figures { cell_m: 80.0, ..figures() };
    let other = Figures { seed: coarse.seed + 1, ..coarse.clone() };
    let make = |figures: &Figures| fingerprint(&build(figures, &units(), &mut |_, _| {}));
    let first = make(&coarse);
    assert_eq!(first, make(&coarse));
    assert_eq!(first, std::thread::spawn(move || make(&coarse)).join().unwrap());
    assert_ne!(first, fingerprint(&build(&other, &units(), &mut |_, _| {})));
}

#[test]
fn a_city_without_units_or_lines_is_empty_and_no_panic() {
    let figures = Figures { rivers: Vec::new(), streams: Vec::new(), roads: Vec::new(), lakes: Vec::new(), cell_m: 200.0, ..figures() };
    let empty = build(&figures, &[], &mut |_, _| {});
    assert!(empty.units.is_empty() && empty.zones.is_empty() && empty.truth.is_empty());
    let alone = build(&figures, &units()[33..34], &mut |_, _| {});
    assert_eq!(alone.units.len(), 1);
}

#[test]
fn figures_that_make_no_city_are_refused_with_the_reason() {
    let text = include_str!("../../zones/demo.toml");
    let refused = |from: &str, to: &str| Figures::parse("demo.toml", &text.replacen(from, to, 1)).unwrap_err().to_string();
    assert!(refused("cell_m = 30.0", "cell_m = 0.0").contains("cell_m"));
    assert!(refused("epochs = [2014,", "epochs = [2024,").contains("epochs"));
    assert!(refused("seed = ", "sead = ").starts_with("demo.toml: "));
}

#[test]
fn everybody_behind_the_zones_is_made_up_and_says_so_and_few_names_lead_nowhere() {
    let (behind, figures) = (&city().behind, figures());
    let wanted = &figures.partners;
    assert_eq!(
        (behind.linkages.len(), behind.products.len(), behind.traces.len()),
        (wanted.n_linkages, wanted.n_products, wanted.n_traces)
    );
    let is_simulated = behind.partners.iter().all(|p| p.simulated)
        && behind.linkages.iter().all(|l| l.simulated)
        && behind.products.iter().all(|p| p.simulated)
        && behind.traces.iter().all(|t| t.simulated);
    assert!(is_simulated);
    let ids: BTreeSet<&str> = behind.partners.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids.len(), behind.partners.len());
    let names: BTreeSet<&str> = behind.partners.iter().filter_map(|p| p.name.as_deref()).collect();
    assert!(city().zones.iter().filter_map(|z| z.cooperative.as_deref()).all(|name| names.contains(name)));
    let leads_nowhere = |id: &&String| !ids.contains(id.as_str());
    let n_lost = behind.linkages.iter().filter(|l| l.producers.iter().chain(&l.buyers).any(|id| leads_nowhere(&id))).count();
    assert!((1..=20).contains(&n_lost), "{n_lost}");
    assert!(behind.products.iter().all(|p| p.owner.as_deref().is_some_and(|id| ids.contains(id))));
    // The linkage that the zones' papers name is there by that name.
    let j02 = &behind.linkages[0];
    assert!(city().zones.iter().any(|z| z.linkage.is_some() && z.linkage.as_deref() == j02.name.as_deref()));
    let silk: BTreeSet<&str> = behind.linkages[2].zone_ids.iter().map(String::as_str).collect();
    assert!(city().zones.iter().all(|z| (z.kind == "mulberry") == silk.contains(z.id.as_str())));
}
