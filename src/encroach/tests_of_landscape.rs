//! Figures for planning against closed forms.

use std::f64::consts::PI;

use super::landscape::core_by_windows_m2;
use super::{Landscape, Reach, landscape, patches, remaining};
use crate::geom;
use crate::legend::Rules;
use crate::model::{Change, Coord, Epoch, Event, Group, MultiPolygon, Polygon, Right, Ring};

const X: f64 = 588_350.757;
const Y: f64 = 2_326_400.936;

fn ring(points: impl IntoIterator<Item = (f64, f64)>) -> Ring {
    Ring::new(points.into_iter().map(|(x, y)| Coord { x: X + x, y: Y + y }).collect())
}

fn shape(rings: Vec<Ring>) -> MultiPolygon {
    let mut rings = rings.into_iter();
    geom::repair(vec![Polygon::new(rings.next().unwrap(), rings.collect())]).shape
}

fn rect(x: f64, y: f64, w: f64, h: f64) -> MultiPolygon {
    shape(vec![ring([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])])
}

fn circle(radius: f64) -> Ring {
    let n = 7_200;
    ring((0..n).map(|i| (f64::from(i) / f64::from(n) * 2.0 * PI).sin_cos()).map(|(sin, cos)| (radius * cos, radius * sin)))
}

fn event(shape: MultiPolygon) -> Event {
    Event {
        id: String::new(),
        zone_id: String::new(),
        group: Group::Built,
        code: String::new(),
        epoch: Epoch::year(2024),
        since: None,
        change: Some(Change::New),
        right: Right::Unknown,
        severity: None,
        area_m2: geom::area_m2(&shape),
        share: 0.0,
        width_m: 0.0,
        sigma_m2: None,
        probability: None,
        n_sources: 1,
        n_agreeing: 1,
        evidence: vec![],
        shape,
    }
}

fn rules() -> Rules {
    Rules::parse("rules.toml", include_str!("../../zones/rules.toml")).unwrap()
}

/// Zones, each with what is lost in it: the figures of what is left.
fn measured(zones: &[(MultiPolygon, Vec<MultiPolygon>)], reach: Reach) -> Landscape {
    let events: Vec<Vec<Event>> = zones.iter().map(|(_, lost)| lost.iter().cloned().map(event).collect()).collect();
    let left: Vec<_> = zones.iter().zip(&events).map(|((zone, _), lost)| remaining(zone, lost)).collect();
    let left: Vec<&MultiPolygon> = left.iter().collect();
    landscape(&patches(&left, &rules()).list, zones.iter().map(|(zone, _)| geom::area_m2(zone)).sum(), reach)
}

fn assert_near(what: &str, value: f64, expected: f64, relative: f64) {
    assert!((value - expected).abs() <= relative * expected.abs().max(1e-9), "{what}: {value}, not {expected}");
}

#[test]
fn a_square_is_one_patch_with_a_core() {
    let (side, d) = (400.0, 50.0);
    let found = measured(&[(rect(0.0, 0.0, side, side), vec![])], Reach::default());
    assert_eq!(found.n_patches, 1);
    for (what, value, expected) in [
        ("area", found.area_m2, side * side),
        ("mean patch", found.mean_patch_m2, side * side),
        ("largest patch", found.largest_patch_m2, side * side),
        ("its share", found.largest_patch_share, 1.0),
        ("mesh", found.effective_mesh_m2, side * side),
        ("edge", found.edge_m, 4.0 * side),
        ("edge density", found.edge_m_per_ha, 4.0 * side / 16.0),
        ("core", found.core_m2, (side - 2.0 * d).powi(2)),
    ] {
        assert_near(what, value, expected, 1e-8);
    }
    assert_eq!(found.proximity, 0.0);
    let narrow = measured(&[(rect(0.0, 0.0, 99.0, 800.0), vec![])], Reach::default());
    assert_eq!((narrow.n_patches, narrow.core_m2), (1, 0.0));
}

#[test]
fn a_road_through_a_square_makes_two_strips() {
    // What is lost ends at the zone's border, as events do: the cut must leave no bridge there.
    let (w, h, road) = (900.0, 400.0, 20.0);
    let (left, right) = (300.0, w - 300.0 - road);
    let found = measured(&[(rect(0.0, 0.0, w, h), vec![rect(left, 0.0, road, h)])], Reach::default());
    let (a, b) = (left * h, right * h);
    assert_eq!(found.n_patches, 2);
    for (what, value, expected) in [
        ("area", found.area_m2, a + b),
        ("largest patch", found.largest_patch_m2, b),
        ("its share", found.largest_patch_share, b / (w * h)),
        ("mesh", found.effective_mesh_m2, (a * a + b * b) / (w * h)),
        ("edge", found.edge_m, 2.0 * (left + right) + 4.0 * h),
        ("core", found.core_m2, (left - 100.0) * (h - 100.0) + (right - 100.0) * (h - 100.0)),
        ("proximity", found.proximity, (a + b) / 2.0 / (road * road)),
    ] {
        // The cut is 1 mm wider on both sides.
        assert_near(what, value, expected, 2.1e-4);
    }
    let far = measured(&[(rect(0.0, 0.0, w, h), vec![rect(left, 0.0, road, h)])], Reach { search_m: 19.0, ..Reach::default() });
    assert_eq!(far.proximity, 0.0);
}

#[test]
fn an_annulus_has_two_borders_and_a_core_between_them() {
    let (r1, r2, d) = (300.0, 800.0, 50.0);
    let zone = shape(vec![circle(r2)]);
    let found = measured(&[(zone, vec![shape(vec![circle(r1)])])], Reach::default());
    let (area, whole) = (PI * (r2 * r2 - r1 * r1), PI * r2 * r2);
    assert_eq!(found.n_patches, 1);
    for (what, value, expected) in [
        ("area", found.area_m2, area),
        ("mesh", found.effective_mesh_m2, area * area / whole),
        ("edge density", found.edge_m_per_ha, 2.0 * PI * (r1 + r2) / (whole / 1e4)),
        ("core", found.core_m2, PI * ((r2 - d).powi(2) - (r1 + d).powi(2))),
    ] {
        assert_near(what, value, expected, 1e-5);
    }
    // An L: the core's border is an arc around the inner corner.
    let l = shape(vec![ring([(0.0, 0.0), (600.0, 0.0), (600.0, 200.0), (200.0, 200.0), (200.0, 600.0), (0.0, 600.0)])]);
    let found = measured(&[(l, vec![])], Reach { core_m: d, ..Reach::default() });
    let legs = 2.0 * 100.0 * (600.0 - 2.0 * d) - 100.0 * 100.0;
    assert_near("core of an L", found.core_m2, legs + (d * d - PI * d * d / 4.0), 1e-5);
}

#[test]
fn zones_that_share_a_border_are_one_patch() {
    let reach = Reach::default();
    // A corner on the middle of the other's side, as far off as a change of coordinates leaves it.
    let off = 0.002;
    let zones = [
        (rect(0.0, 0.0, 200.0, 400.0), vec![]),
        (rect(200.0, 0.0, 200.0, 150.0), vec![]),
        (rect(200.0 + off, 150.0, 200.0 - off, 250.0), vec![]),
    ];
    let found = measured(&zones, reach);
    assert_eq!(found.n_patches, 1);
    assert_near("area", found.area_m2, 160_000.0, 1e-5);
    assert_near("edge", found.edge_m, 1_600.0, 1e-5);
    assert_near("core", found.core_m2, 90_000.0, 1e-5);
    // Land that touches at a corner is not connected; nor is land across a path.
    let corner = measured(&[(rect(0.0, 0.0, 100.0, 100.0), vec![]), (rect(100.0, 100.0, 100.0, 100.0), vec![])], reach);
    let path = measured(&[(rect(0.0, 0.0, 100.0, 100.0), vec![]), (rect(101.0, 0.0, 100.0, 100.0), vec![])], reach);
    assert_eq!(path.n_patches, 2);
    assert_near("proximity across a path", path.proximity, 10_000.0, 1e-9);
    // A house over the border of both is one hole; it leaves no thread of land along the border.
    let house = |x: f64| rect(x, 40.0, 10.0, 20.0);
    let both = measured(&[(rect(0.0, 0.0, 100.0, 100.0), vec![house(90.0)]), (rect(100.0, 0.0, 100.0, 100.0), vec![house(100.0)])], reach);
    assert_eq!(both.n_patches, 1);
    assert_near("edge with a house", both.edge_m, 600.0 + 80.0, 1e-4);
    assert_eq!(corner.n_patches, 2);
}

#[test]
fn slivers_are_no_patches_and_nothing_is_nothing() {
    let zone = rect(0.0, 0.0, 100.0, 100.0);
    // Drawn half a metre short of the zone's border: what is left there is farmed by nobody.
    let lost = [event(rect(0.5, 0.0, 20.0, 100.0))];
    let found = patches(&[&remaining(&zone, &lost)], &rules());
    assert_eq!((found.list.len(), found.n_slivers), (1, 1));
    assert_near("sliver", found.sliver_area_m2, 50.0, 0.01);
    let all = patches(&[&remaining(&zone, &[event(zone.clone())])], &rules());
    assert_eq!(landscape(&all.list, 10_000.0, Reach::default()), Landscape::default());
    assert_eq!(landscape(&[], 0.0, Reach::default()), Landscape::default());
    assert!(patches(&[&MultiPolygon::new(vec![])], &rules()).list.is_empty());
}

#[test]
fn proximity_of_many_patches_is_the_sum_over_all_pairs_in_bounds() {
    // Fields of 5 m in a net of 10 m.
    let (n, search_m) = (110_i32, 60.0);
    let zones: Vec<MultiPolygon> = (0..n * n).map(|i| rect(f64::from(i % n) * 10.0, f64::from(i / n) * 10.0, 5.0, 5.0)).collect();
    let reach = Reach { search_m, ..Reach::default() };
    let began = std::time::Instant::now();
    let found = landscape(&zones, zones.iter().map(geom::area_m2).sum(), reach);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    let gap = |k: i32| if k == 0 { 0.0 } else { f64::from(k.abs()) * 10.0 - 5.0 };
    let mut expected = 0.0;
    for (i, j) in (-7..=7).flat_map(|i| (-7..=7).map(move |j| (i, j))).filter(|at| *at != (0, 0)) {
        let square = gap(i) * gap(i) + gap(j) * gap(j);
        if square <= search_m * search_m {
            expected += 25.0 / square * f64::from((n - i.abs()) * (n - j.abs()));
        }
    }
    assert_near("proximity", found.proximity * f64::from(n * n), expected, 1e-9);
}

#[test]
fn many_zones_are_joined_in_blocks_as_if_they_were_all_at_once() {
    // More zones than a block holds, with a hole where one is missing and a path 2 m wide through all of them.
    let (n, side) = (70, 30.0);
    let cells = (0..n * n).filter(|i| *i != 35 * n + 35);
    let zone = |i: i32| {
        let (column, row) = (f64::from(i % n), f64::from(i / n));
        rect(column * side + if column < 40.0 { 0.0 } else { 2.0 }, row * side, side, side)
    };
    let zones: Vec<MultiPolygon> = cells.map(zone).collect();
    let found = patches(&zones.iter().collect::<Vec<_>>(), &rules());
    let height = f64::from(n) * side;
    let areas: Vec<f64> = found.list.iter().map(geom::area_m2).collect();
    assert_eq!(areas.len(), 2);
    assert_near("the west", areas[0], 40.0 * side * height - side * side, 1e-8);
    assert_near("the east", areas[1], 30.0 * side * height, 1e-8);
    assert_eq!(found.list[0].0[0].interiors().len(), 1);
}

#[test]
fn a_core_by_windows_is_the_core() {
    // Ponds in land of 3 by 2.4 km, some near the windows' borders: a bent edge each, so that their cores have arcs.
    let pond = |i: u32| {
        let (x, y) = (f64::from(i % 30) * 97.0 + 60.0, f64::from(i / 30) * 83.0 + 55.0);
        let corner = |k: u32| (f64::from(k) / 7.0 * 2.0 * PI).sin_cos();
        ring((0..7).rev().map(corner).map(|(sin, cos)| (x + 9.0 * cos, y + 6.0 * sin)))
    };
    let land =
        shape(std::iter::once(ring([(0.0, 0.0), (3_000.0, 0.0), (3_000.0, 2_400.0), (0.0, 2_400.0)])).chain((0..840).map(pond)).collect());
    for core_m in [20.0, 50.0] {
        let whole_m2 = geom::area_m2(&geom::inset(&land, core_m));
        assert_near("core", core_by_windows_m2(&land, core_m), whole_m2, 1e-8);
    }
    assert!(geom::area_m2(&geom::inset(&land, 20.0)) > 1e6, "the test has a core");
}
