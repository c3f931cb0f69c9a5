//! Laws of the module, through its face.

use proptest::prelude::*;

use super::*;
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

/// A shape from rings of `x y, x y, …`; polygons are separated by `|`, rings by `;`. Rings close themselves.
fn shape(text: &str) -> MultiPolygon {
    let ring = |text: &str| -> Ring {
        let number = |n: &str| n.parse::<f64>().unwrap();
        let point = |p: &str| p.trim().split_once(' ').map(|(x, y)| Coord { x: number(x), y: number(y) }).unwrap();
        Ring::new(text.split(',').map(point).collect())
    };
    let polygon = |text: &str| {
        let mut rings: Vec<Ring> = text.split(';').map(ring).collect();
        let holes = rings.split_off(1);
        Polygon::new(rings.remove(0), holes)
    };
    MultiPolygon::new(text.split('|').map(polygon).collect())
}

fn kinds(text: &str) -> Vec<FaultKind> {
    let mut kinds: Vec<FaultKind> = validate(&shape(text)).into_iter().map(|f| f.kind).collect();
    kinds.dedup();
    kinds
}

fn repaired_m2(text: &str) -> f64 {
    let repaired = repair(shape(text).0);
    assert_eq!(validate(&repaired.shape), [], "{text}");
    repaired.area_after_m2
}

#[test]
fn rings_that_touch_at_points_are_valid_and_keep_their_bits() {
    for text in [
        "0 0, 4 0, 4 4, 0 4",
        // A hole that touches its shell with a corner, on a corner and on an edge.
        "0 0, 4 0, 4 4, 0 4; 0 0, 1 2, 2 1",
        "0 0, 4 0, 4 4, 0 4; 2 0, 1 1, 3 1",
        // Two holes that touch each other.
        "0 0, 8 0, 8 8, 0 8; 1 1, 3 3, 1 3; 3 3, 5 5, 3 5",
        // Polygons that touch at a corner, at two, and one in the hole of another.
        "0 0, 1 0, 1 1, 0 1 | 1 1, 2 1, 2 2, 1 2",
        "0 0, 2 0, 2 2 | 0 0, 2 2, 1 2",
        "0 0, 8 0, 8 8, 0 8; 1 1, 7 1, 7 7, 1 7 | 2 2, 6 2, 6 6, 2 6",
        "0 0, 8 0, 8 8, 0 8; 1 1, 7 1, 7 7, 1 7 | 1 1, 6 2, 6 6, 2 6",
        // Repeated points.
        "0 0, 0 0, 4 0, 4 0, 4 4, 0 4",
    ] {
        let valid = shape(text);
        if text.contains("| 0 0, 2 2, 1 2") {
            // These share an edge: the one that is not valid.
            assert_eq!(kinds(text), [FaultKind::PolygonsOverlap]);
            continue;
        }
        assert_eq!(validate(&valid), [], "{text}");
        let repaired = repair(valid.0.clone());
        assert_eq!(repaired.faults, []);
        assert_eq!(repaired.area_before_m2, repaired.area_after_m2);
        for (a, b) in valid.0.iter().zip(&repaired.shape.0) {
            let points = |p: &Polygon| {
                let mut points: Vec<[u64; 2]> = rings_of_polygon(p).flatten().map(|c| [c.x.to_bits(), c.y.to_bits()]).collect();
                points.sort_unstable();
                points.dedup();
                points
            };
            assert_eq!(points(a), points(b), "{text}");
            assert!(ring_signed_area_m2(b.exterior()) > 0.0 && b.interiors().iter().all(|r| ring_signed_area_m2(r) < 0.0));
        }
    }
}

#[test]
fn every_fault_has_its_name() {
    use FaultKind::*;
    for (text, kind) in [
        ("0 0, 4 4, 4 0, 0 4", SelfIntersection),
        // A spike, a ring that touches itself, a ring that is only a line.
        ("0 0, 4 0, 4 4, 4 6, 4 4, 0 4", SelfIntersection),
        ("0 0, 4 0, 2 2, 4 4, 0 4, 2 2", SelfIntersection),
        ("0 0, 1 0, 4 0", SelfIntersection),
        ("0 0, 4 0, 4 0", TooFewPoints),
        ("0 0, 4 0, 4 4, 0 4; 2 2, 6 2, 6 3", RingsIntersect),
        ("0 0, 4 0, 4 4, 0 4; 0 1, 0 3, 2 2", RingsIntersect),
        ("0 0, 4 0, 4 4, 0 4; 5 5, 6 5, 6 6", HoleOutsideShell),
        ("0 0, 4 0, 4 4, 0 4; 4 2, 6 1, 6 3", HoleOutsideShell),
        ("0 0, 9 0, 9 9, 0 9; 1 1, 8 1, 8 8, 1 8; 2 2, 3 2, 3 3", NestedHoles),
        ("0 0, 4 0, 4 4, 0 4; 1 1, 2 1, 2 2; 2 2, 1 1, 2 1", DuplicateRing),
        // A hole from wall to wall; three holes in a circle.
        ("0 0, 4 0, 4 4, 0 4; 2 0, 3 2, 2 4, 1 2", InteriorNotConnected),
        ("0 0, 9 0, 9 9, 0 9; 2 2, 6 2, 4 1; 2 2, 4 6, 1 4; 6 2, 4 6, 7 5", InteriorNotConnected),
        ("0 0, 4 0, 4 4, 0 4 | 2 2, 6 2, 6 6, 2 6", PolygonsOverlap),
        ("0 0, 4 0, 4 4, 0 4 | 1 1, 2 1, 2 2", PolygonsOverlap),
        ("0 0, 4 0, 4 4, 0 4 | 4 0, 8 0, 8 4, 4 4", PolygonsOverlap),
        // Through each other at a common corner, without any two edges that cross.
        ("0 0, 4 0, 2 2, 4 4, 0 4 | 2 2, 0 2, 3 2", PolygonsOverlap),
        ("0 0, 4 0, 4 inf, 0 4", NotFinite),
        ("0 0, 4 0, NaN 2, 4 4, 0 4", NotFinite),
    ] {
        assert!(kinds(text).contains(&kind), "{text}: {:?}", kinds(text));
    }
    let unclosed = repair_rings(vec![vec![Ring::new(vec![(0.0, 0.0).into(), (2.0, 0.0).into(), (2.0, 2.0).into()])]]);
    assert_eq!(unclosed.faults.iter().map(|f| f.kind).collect::<Vec<_>>(), [Unclosed]);
    assert_eq!((unclosed.area_before_m2, unclosed.area_after_m2), (2.0, 2.0));
}

/// Expected areas by GEOS 3.14, `make_valid` with method linework.
#[test]
fn repair_keeps_the_parts_that_crossing_rings_enclose() {
    for (text, area_m2) in [
        ("0 0, 4 4, 4 0, 0 4", 8.0),
        // A ring with a loop that overlaps itself: twice around is outside.
        ("0 0, 4 0, 4 4, 1 4, 1 1, 3 1, 3 3, 0 3", 11.0),
        ("0 0, 2 0, 2 2, 0 2 | 1 1, 3 1, 3 3, 1 3", 6.0),
        ("0 0, 4 0, 4 4, 0 4 | 1 1, 2 1, 2 2, 1 2", 15.0),
        ("0 0, 2 0, 2 2, 0 2; 3 3, 4 3, 4 4, 3 4", 5.0),
        ("0 0, 2 0, 2 2, 0 2; 1 1, 3 1, 3 3, 1 3", 6.0),
        ("0 0, 4 0, 4 4, 0 4; 1 1, 3 1, 3 3, 1 3; 2 2, 3.5 2, 3.5 3.5, 2 3.5", 11.75),
        ("0 0, 2 0, 2 2, 0 2 | 2 0, 4 0, 4 2, 2 2", 8.0),
        // Drawn twice counts once: shells, holes, and a ring that runs round twice.
        ("0 0, 2 0, 2 2, 0 2 | 2 2, 0 2, 0 0, 2 0", 4.0),
        ("0 0, 4 0, 4 4, 0 4; 1 1, 2 1, 2 2, 1 2; 1 1, 2 1, 2 2, 1 2", 15.0),
        ("0 0, 2 0, 2 2, 0 2, 0 0, 2 0, 2 2, 0 2", 4.0),
        ("0 0, 4 0, 4 4, 4 6, 4 4, 0 4", 16.0),
        ("0 0, 1 0, 4 0", 0.0),
        ("NaN NaN, 4 0, 4 4", 0.0),
        ("0 0, 4 0, NaN 9, 4 4, 0 4", 16.0),
    ] {
        assert_eq!(repaired_m2(text), area_m2, "{text}");
    }
    let bow_tie = repair(shape("0 0, 4 4, 4 0, 0 4").0);
    assert_eq!((bow_tie.area_before_m2, bow_tie.area_after_m2, bow_tie.shape.0.len()), (0.0, 8.0, 2));
}

#[test]
fn a_large_polygon_is_checked_as_the_small_one() {
    let n = 200_000;
    let circle = |radius: f64, dent: Option<usize>| {
        let point = |i: usize| {
            let angle = i as f64 / n as f64 * std::f64::consts::TAU;
            let r = if dent == Some(i) { -1.1 * radius } else { radius + (i % 2) as f64 * 0.01 };
            Coord { x: 1e7 + r * angle.cos(), y: 1e7 + r * angle.sin() }
        };
        Ring::new((0..n).map(point).collect())
    };
    let ring = |shell, hole| MultiPolygon::new(vec![Polygon::new(shell, vec![hole])]);
    assert_eq!(validate(&ring(circle(5_000.0, None), circle(4_000.0, None))), []);
    let faults = validate(&ring(circle(5_000.0, Some(77)), circle(4_000.0, None)));
    assert!(faults.iter().any(|f| f.kind == FaultKind::SelfIntersection), "{faults:?}");
    assert!(faults.iter().any(|f| f.kind == FaultKind::RingsIntersect) || faults.len() == 16, "{faults:?}");
    let swapped = validate(&ring(circle(4_000.0, None), circle(5_000.0, None)));
    assert_eq!(swapped.iter().map(|f| f.kind).collect::<Vec<_>>(), [FaultKind::HoleOutsideShell]);
}

#[test]
fn the_pole_lies_deep_inside() {
    let deep = |text: &str| pole(&shape(text)).unwrap();
    assert_eq!(deep("0 0, 4 0, 4 4, 0 4"), Coord { x: 2.0, y: 2.0 });
    // In the thick end of an L, not in its corner; not in a hole; in the larger of two.
    let l = deep("0 0, 10 0, 10 1, 4 1, 4 4, 0 4");
    assert!(l.x < 3.0 && l.y > 1.0, "{l:?}");
    let donut = shape("0 0, 9 0, 9 9, 0 9; 2 2, 7 2, 7 7, 2 7");
    assert!(contains(&donut, pole(&donut).unwrap()));
    assert!(deep("0 0, 1 0, 1 1 | 50 50, 60 50, 60 60, 50 60").x > 50.0);
    let needle = shape("1000000 1000000, 1100000 1000000.001, 1100000 1000000.002");
    assert!(contains(&needle, pole(&needle).unwrap()));
    assert_eq!(pole(&MultiPolygon::new(vec![])), None);
}

#[test]
fn measures_of_known_shapes() {
    let strip = shape("0 0, 1000 0, 1000 2, 0 2");
    assert!((width_m(&strip) - 1.996).abs() < 1e-3);
    assert_eq!(width_m(&shape("0 0, 4 0, 4 4, 0 4")), 2.0);
    let nearer = |a: &MultiPolygon, b: &MultiPolygon, gap_m: f64| Outline::new(a).is_nearer_than(&Outline::new(b), gap_m);
    let (low, high) = (shape("0 0, 1 0, 1 1, 0 1"), shape("4 5, 9 5, 9 9"));
    assert!(!nearer(&low, &high, 5.0) && nearer(&low, &high, 5.000_001) && nearer(&high, &low, 6.0));
    let (around, within) = (shape("0 0, 9 0, 9 9, 0 9"), shape("4 5, 5 5, 5 6"));
    assert!(nearer(&around, &within, 0.1) && nearer(&within, &around, 0.1));
    assert!(!nearer(&around, &MultiPolygon::new(vec![]), 1e9));
    // One square degree at the equator (Karney's Planimeter, 12308778361.469452 m²).
    assert!((geodesic_area_m2(&shape("0 0, 1 0, 1 1, 0 1")) - 12_308_778_361.469).abs() < 0.001);
    let square = shape("0 0, 4 0, 4 4, 0 4; 1 1, 1 2, 2 2, 2 1");
    for (x, y, inside) in [(0.5, 0.5, true), (1.5, 1.5, false), (4.0, 2.0, true), (4.1, 2.0, false), (0.0, 0.0, true)] {
        assert_eq!(contains(&square, Coord { x, y }), inside, "{x} {y}");
    }
}

/// Rings of a few points on a small grid cross, touch, repeat and overlap in every way.
fn garbage() -> impl Strategy<Value = Vec<Polygon>> {
    let number = prop_oneof![60 => (0..8i32).prop_map(f64::from), 30 => 0.0..8.0f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(1e300)];
    let point = (number.clone(), number).prop_map(|(x, y)| Coord { x, y });
    let ring = prop::collection::vec(point, 0..9).prop_map(Ring::new);
    let polygon = prop::collection::vec(ring, 1..4).prop_map(|mut rings| {
        let holes = rings.split_off(1);
        Polygon::new(rings.remove(0), holes)
    });
    prop::collection::vec(polygon, 0..4)
}

/// Area that an odd number of rings surrounds, by cutting the plane into slabs between all heights at which anything
/// happens: a second way to the same number.
fn even_odd_m2(rings: &[Vec<Coord>]) -> f64 {
    let edges: Vec<[Coord; 2]> = rings.iter().flat_map(|r| r.windows(2).map(|w| [w[0], w[1]])).collect();
    let mut levels: Vec<f64> = edges.iter().flatten().map(|c| c.y).collect();
    for (i, p) in edges.iter().enumerate() {
        for q in &edges[i + 1..] {
            let (d, e) = ((p[1].x - p[0].x, p[1].y - p[0].y), (q[1].x - q[0].x, q[1].y - q[0].y));
            let cross = d.0 * e.1 - d.1 * e.0;
            let t = ((q[0].x - p[0].x) * e.1 - (q[0].y - p[0].y) * e.0) / cross;
            if t > 0.0 && t < 1.0 {
                levels.push(p[0].y + t * d.1);
            }
        }
    }
    levels.sort_by(f64::total_cmp);
    let mut area_m2 = 0.0;
    for slab in levels.windows(2) {
        let y = (slab[0] + slab[1]) / 2.0;
        let crosses = edges.iter().filter(|e| (e[0].y > y) != (e[1].y > y));
        let mut xs: Vec<f64> = crosses.map(|e| e[0].x + (e[1].x - e[0].x) * (y - e[0].y) / (e[1].y - e[0].y)).collect();
        xs.sort_by(f64::total_cmp);
        area_m2 += xs.chunks_exact(2).map(|x| x[1] - x[0]).sum::<f64>() * (slab[1] - slab[0]);
    }
    area_m2
}

/// The same shapes where Hanoi lies: no coordinate is a round number there, every crossing is rounded.
fn moved(polygons: Vec<Polygon>) -> Vec<Polygon> {
    let to = |c: &Coord| Coord { x: c.x * 1.1 + 588_350.757, y: c.y * 0.9 + c.x * 0.3 + 2_326_400.936 };
    let ring = |r: &[Coord]| Ring::new(r.iter().map(to).collect());
    let polygon = |p: &Polygon| Polygon::new(ring(&p.exterior().0), p.interiors().iter().map(|r| ring(&r.0)).collect());
    polygons.iter().map(polygon).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn far_from_the_origin_results_are_valid_too(a in garbage(), b in garbage()) {
        let (a, b) = (repair(moved(a)).shape, repair(moved(b)).shape);
        let (both, either, only) = (intersection(&a, &b), union(&[&a, &b]), difference(&a, &b));
        for s in [&a, &b, &both, &either, &only] {
            prop_assert_eq!(validate(s), vec![]);
        }
        // Seven digits before the point leave nine behind it; slivers that thin may collapse. An overlay
        // calls a shared area of 1e-6 m² nothing.
        let near = |p: f64, q: f64| (p - q).abs() < 1e-6;
        prop_assert!(near(area_m2(&both) + area_m2(&only), area_m2(&a)));
        prop_assert!(near(area_m2(&either) + area_m2(&both), area_m2(&a) + area_m2(&b)));
    }

    #[test]
    fn repair_makes_anything_valid_and_loses_nothing(polygons in garbage()) {
        let repaired = repair(polygons.clone());
        prop_assert_eq!(validate(&repaired.shape), vec![]);
        let mut rings: Vec<Vec<Coord>> = Vec::new();
        for p in &polygons {
            let mut clean: Vec<Option<Vec<Coord>>> = Vec::new();
            for r in rings_of_polygon(p) {
                clean.push(super::rings::clean(r, &mut Vec::new()).map(|r| r.into_owned()));
            }
            if clean[0].is_some() {
                rings.extend(clean.into_iter().flatten());
            }
        }
        let distinct: std::collections::HashSet<Vec<[u64; 2]>> = rings.iter().map(|r| {
            let mut points: Vec<[u64; 2]> = r[1..].iter().map(|c| [c.x.to_bits(), c.y.to_bits()]).collect();
            points.sort_unstable();
            points
        }).collect();
        // Rings of the same points may count once; the rest is even-odd.
        if distinct.len() == rings.len() && distinct.iter().all(|r| r.windows(2).all(|w| w[0] != w[1])) {
            let expected = even_odd_m2(&rings);
            prop_assert!((repaired.area_after_m2 - expected).abs() < 1e-9, "{} instead of {expected}", repaired.area_after_m2);
        }
        // Once valid, it stays as it is.
        let again = repair(repaired.shape.0.clone());
        prop_assert_eq!(again.shape, repaired.shape);
    }

    #[test]
    fn boolean_operations_are_valid_and_their_areas_add_up(a in garbage(), b in garbage(), x in -2.0..9.0f64, y in -2.0..9.0f64, w in 0.0..9.0f64) {
        let (a, b) = (repair(a).shape, repair(b).shape);
        let (both, either, only) = (intersection(&a, &b), union(&[&a, &b]), difference(&a, &b));
        for s in [&both, &either, &only] {
            prop_assert_eq!(validate(s), vec![]);
        }
        let near = |p: f64, q: f64| (p - q).abs() < 1e-9;
        prop_assert!(near(area_m2(&both) + area_m2(&only), area_m2(&a)));
        prop_assert!(near(area_m2(&either) + area_m2(&both), area_m2(&a) + area_m2(&b)));
        let window = [x, y, x + w, y + w];
        let clipped = clip_to_rect(&a, window);
        prop_assert_eq!(validate(&clipped), vec![]);
        let frame = shape(&format!("{x} {y}, {} {y}, {} {}, {x} {}", window[2], window[2], window[3], window[3]));
        prop_assert!(near(area_m2(&clipped), area_m2(&intersection(&a, &frame))));
        if let Some(at) = pole(&a) {
            prop_assert!(contains(&a, at));
        }
    }
}

#[test]
fn a_hole_goes_to_the_shell_it_lies_in() {
    // The integer engine gives a hole of this union to a neighbour of its shell.
    let a = "2 0,2 5,3 0,2 0;2 3,1 1,2 5.2023328273190605,0.762701752521583 0|1 2,0 3,3 1;1.4195660855162284 3,0.41451523180152416 3,3 2.099772863850778,0 5,0 2";
    let b = "1 2,2 5,2 0;2 5.707816048415789,0 0,3 0";
    let (a, b) = (repair(shape(a).0).shape, repair(shape(b).0).shape);
    let either = union(&[&a, &b]);
    assert_eq!(validate(&either), []);
    // GEOS 3.14
    assert!((area_m2(&either) - 9.146741072404424).abs() < 1e-12);
}
