//! Land between zones that belongs to none: holes that zones enclose, and strips too narrow to be anything.

use super::desk::Desk;
use super::knit::{Vertices, each_point, points};
use super::{Fault, Operation, SNAP_M, overlap_m2, rings_of, square_metres};
use crate::geom;
use crate::legend::EditRules;
use crate::model::{Coord, MultiPolygon, Polygon, Ring, Zone};

/// So far around a place zones are looked at at first, metres; each time nothing encloses it, four times as far.
const FIRST_REACH_M: f64 = 200.0;
const REACHES: u32 = 4;
/// What more zones than this enclose is no gap.
const MOST_AROUND: usize = 2_000;
/// Less than this is a rounding error, m².
const LEAST_M2: f64 = 1e-6;
/// Strips are found on a grid of micrometres: less than this says nothing, m².
const LEAST_STRIP_M2: f64 = 0.01;
/// Moving borders out and in again leaves a skin on them, metres: it is no land between them.
const SKIN_M: f64 = 2e-4;
/// Zones this near to a strip lie beside it, metres.
const BESIDE_M: f64 = 0.01;

fn empty() -> MultiPolygon {
    MultiPolygon::new(Vec::new())
}

fn union_of(zones: &[&Zone]) -> MultiPolygon {
    geom::union(&zones.iter().map(|z| &z.shape).collect::<Vec<_>>())
}

/// The holes of a shape as land of their own.
fn holes_of(shape: &MultiPolygon) -> Vec<MultiPolygon> {
    let turned = |hole: &Ring| Polygon::new(Ring::new(hole.0.iter().rev().copied().collect()), Vec::new());
    let alone = |hole: &Ring| {
        let land = MultiPolygon::new(vec![turned(hole)]);
        // What lies in the hole, an island of other zones, is no gap.
        geom::difference(&land, shape)
    };
    shape.0.iter().flat_map(|p| p.interiors().iter().map(alone)).collect()
}

/// The gap at a place: the hole that zones enclose there.
pub(super) fn around(desk: &Desk, at: Coord) -> Option<MultiPolygon> {
    let mut reach_m = FIRST_REACH_M;
    for _ in 0..REACHES {
        let zones = desk.near_point(at, reach_m);
        if zones.len() > MOST_AROUND {
            return None;
        }
        let holes = holes_of(&union_of(&zones));
        let here = holes.iter().flat_map(|hole| &hole.0).map(|p| MultiPolygon::new(vec![p.clone()])).find(|p| geom::contains(p, at));
        if here.is_some() {
            return here;
        }
        reach_m *= 4.0;
    }
    None
}

/// Land narrower than this between a zone and its neighbours, less a skin on their borders.
pub(super) fn strips_beside(desk: &Desk, zone: &Zone, within_m: f64) -> MultiPolygon {
    let Some(bounds) = geom::bounds(&zone.shape) else { return empty() };
    let zones = desk.near(bounds, within_m);
    let strips = strips_between(&zones, bounds, within_m, SKIN_M);
    let beside = |p: &&Polygon| {
        let near = geom::outset(&MultiPolygon::new(vec![(*p).clone()]), BESIDE_M);
        let touches = |z: &&&Zone| !geom::intersection(&z.shape, &near).0.is_empty();
        touches(&&zone) && zones.iter().filter(|z| z.id != zone.id).any(|z| touches(&z))
    };
    MultiPolygon::new(strips.0.iter().filter(beside).cloned().collect())
}

/// The zone with strips beside it, up to the borders of the others, but for those that overlap it already. What their making left of itself is taken away: tongues, parts and holes thinner than a snap,
/// and vertices straight on a border that no zone has.
pub(super) fn with_strips(desk: &Desk, zone: &Zone, strips: &MultiPolygon) -> MultiPolygon {
    let grown = geom::union(&[&zone.shape, &geom::outset(strips, 2.0 * SKIN_M)]);
    let around = geom::bounds(&grown).map_or(Vec::new(), |bounds| desk.near(bounds, SNAP_M));
    let others: Vec<&Zone> = around.iter().copied().filter(|z| z.id != zone.id && overlap_m2(&z.shape, &zone.shape) == 0.0).collect();
    let shape = geom::difference(&grown, &union_of(&others));
    let known = Vertices::new(around.iter().map(|z| &z.shape));
    let clean = |ring: &Ring| {
        let ring = without_tongues(ring, |at| known.nearest(at).is_some());
        (geom::width_m(&MultiPolygon::new(vec![Polygon::new(ring.clone(), Vec::new())])) > SNAP_M).then_some(ring)
    };
    let polygon = |p: &Polygon| Some(Polygon::new(clean(p.exterior())?, p.interiors().iter().filter_map(clean).collect()));
    let cleaned = |shape: &MultiPolygon| MultiPolygon::new(shape.0.iter().filter_map(polygon).collect());
    // On the vertices that are there already parts may meet.
    let settled = each_point(&cleaned(&shape), |at| known.nearest(at).unwrap_or(at));
    cleaned(&geom::repair(settled.0).shape)
}

/// The ring without vertices that lie straight between their neighbours, or from which it comes back the way it went.
fn without_tongues(ring: &Ring, stays: impl Fn(Coord) -> bool) -> Ring {
    let is_on = |at: Coord, edge: [Coord; 2]| geom::square_to_segment(at, edge) <= SNAP_M * SNAP_M;
    let mut kept: Vec<Coord> = ring.0.iter().skip(1).copied().collect();
    loop {
        let n = kept.len();
        let needless = (0..n).find(|i| {
            let (a, at, b) = (kept[(i + n - 1) % n], kept[*i], kept[(i + 1) % n]);
            is_on(b, [a, at]) || is_on(a, [at, b]) || (is_on(at, [a, b]) && !stays(at))
        });
        match needless {
            Some(i) if n > 3 => drop(kept.remove(i)),
            _ => break,
        }
    }
    kept.extend(kept.first().copied());
    Ring::new(kept)
}

/// Land inside a box that is narrower than this and lies between zones; what is within `skin_m` of them is left out.
fn strips_between(zones: &[&Zone], [x0, y0, x1, y1]: [f64; 4], within_m: f64, skin_m: f64) -> MultiPolygon {
    let margin_m = 4.0 * within_m;
    let frame = [x0 - margin_m, y0 - margin_m, x1 + margin_m, y1 + margin_m];
    let mut land = empty();
    for zone in zones {
        land.0.extend(geom::clip_to_rect(&zone.shape, frame).0);
    }
    let land = geom::union(&[&land]);
    let narrow = geom::difference(&geom::closed(&land, within_m / 2.0), &geom::outset(&land, skin_m));
    let is_strip = |p: &Polygon| {
        let alone = MultiPolygon::new(vec![p.clone()]);
        geom::area_m2(&alone) > LEAST_STRIP_M2 && geom::width_m(&alone) > 1e-4
    };
    MultiPolygon::new(narrow.0.into_iter().filter(is_strip).collect())
}

/// Gaps that an edit made: holes too small or too narrow to be left open, and strips between two zones or more.
pub(super) fn opened(desk: &Desk, changed: &[&Zone], moved: &[&MultiPolygon], rules: &EditRules) -> Vec<Fault> {
    let margin_m = rules.gap_width_m + 1.0;
    let boxes = moved.iter().flat_map(|shape| &shape.0).filter_map(geom::bounds_of_polygon);
    let places = grouped(boxes.collect(), 2.0 * margin_m);
    places.into_iter().flat_map(|bounds| opened_at(desk, changed, moved, rules, bounds, margin_m)).collect()
}

/// Boxes that come near to each other made one: places far apart are looked at one by one.
fn grouped(boxes: Vec<[f64; 4]>, near_m: f64) -> Vec<[f64; 4]> {
    let join = |a: [f64; 4], b: [f64; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
    let mut groups: Vec<[f64; 4]> = Vec::new();
    for mut group in boxes {
        loop {
            let n_before = groups.len();
            groups.retain(|other| {
                let is_apart = geom::box_distance(group, *other) > near_m;
                if !is_apart {
                    group = join(group, *other);
                }
                is_apart
            });
            if groups.len() == n_before {
                break;
            }
        }
        groups.push(group);
    }
    groups
}

fn opened_at(desk: &Desk, changed: &[&Zone], moved: &[&MultiPolygon], rules: &EditRules, bounds: [f64; 4], margin_m: f64) -> Vec<Fault> {
    let (before, after) = (desk.near_before(bounds, margin_m), desk.near(bounds, margin_m));
    let (covered_before, covered_after) = (union_of(&before), union_of(&after));
    let known = union_of_shapes(&holes_of(&covered_before));
    let mut found: Vec<MultiPolygon> = Vec::new();
    for hole in holes_of(&covered_after) {
        let new = geom::difference(&hole, &known);
        let is_gap = geom::width_m(&hole) < rules.gap_width_m || geom::area_m2(&hole) < rules.min_zone_m2;
        if geom::area_m2(&new) > LEAST_M2 && is_gap {
            found.push(hole);
        }
    }
    if rules.gap_width_m > 0.0 {
        let old = strips_between(&before, bounds, rules.gap_width_m, 0.0);
        let old = geom::outset(&old, BESIDE_M);
        let strips = strips_between(&after, bounds, rules.gap_width_m, 0.0);
        for strip in geom::difference(&strips, &old) {
            let strip = MultiPolygon::new(vec![strip]);
            let (area_m2, length_m) = (geom::area_m2(&strip), geom::perimeter_m(&strip) / 2.0);
            // Where two borders part at an angle, the land between begins narrow: its tip is no gap.
            let is_tip = area_m2 < 4.0 * rules.gap_width_m * rules.gap_width_m && length_m < 8.0 * rules.gap_width_m;
            let is_new = area_m2 > LEAST_STRIP_M2 && geom::width_m(&strip) > 1e-3 && !is_tip;
            let is_told = found.iter().any(|gap| !geom::intersection(gap, &strip).0.is_empty());
            if is_new && !is_told && beside(&after, &strip).len() > 1 {
                found.push(strip);
            }
        }
    }
    let is_ours = |gap: &MultiPolygon| {
        beside(&after, gap).iter().any(|z| changed.iter().any(|c| c.id == z.id))
            || moved.iter().any(|s| !geom::intersection(s, gap).0.is_empty())
    };
    found.iter().filter(|gap| is_ours(gap)).map(|gap| told(gap, &beside(&after, gap))).collect()
}

fn union_of_shapes(shapes: &[MultiPolygon]) -> MultiPolygon {
    geom::union(&shapes.iter().collect::<Vec<_>>())
}

/// Zones that touch a gap, the one with the longest border first.
fn beside<'z>(zones: &[&'z Zone], gap: &MultiPolygon) -> Vec<&'z Zone> {
    let near = geom::outset(gap, BESIDE_M);
    let shared_m2 = |z: &Zone| geom::area_m2(&geom::intersection(&z.shape, &near));
    let mut found: Vec<(f64, &Zone)> = zones.iter().map(|z| (shared_m2(z), *z)).filter(|(m2, _)| *m2 > BESIDE_M * BESIDE_M).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, z)| z).collect()
}

/// At most so many zones a gap is offered to.
const MOST_OFFERS: usize = 3;

fn told(gap: &MultiPolygon, beside: &[&Zone]) -> Fault {
    let area_m2 = geom::area_m2(gap);
    let ids: Vec<&str> = beside.iter().map(|z| z.id.as_str()).collect();
    let (shown, area) = (ids.join(", "), square_metres(area_m2));
    let vi = format!("Để hở {} giữa các vùng {shown}.", area.vi);
    let mut fault = Fault::error("gap", vi, format!("{} is left open between {shown}.", area.en));
    fault = fault.of(&ids).at(geom::pole(gap).or(points(gap).next())).area(area_m2);
    for zone in beside.iter().take(MOST_OFFERS) {
        let id = &zone.id;
        let shape = rings_of(&geom::union(&[&zone.shape, gap]));
        let put = Operation::Put { id: Some(id.clone()), polygons: Some(shape), properties: Default::default() };
        fault = fault.mended_by(format!("Nhập phần hở vào {id}"), format!("Give the land to {id}"), vec![put]);
    }
    fault
}
