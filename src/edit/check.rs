//! What is wrong with an edit that was not wrong before.

use std::collections::BTreeSet;

use super::desk::Desk;
use super::{Change, Edited, Fault, Ground, Operation, attributes, gaps, operations, rings_of, square_metres};
use crate::geom;
use crate::legend::{EditRules, Kinds};
use crate::model::{MultiPolygon, Unit, Zone};

/// Shared land that is less is none, m²: as in an overlay.
const LEAST_M2: f64 = 1e-6;
/// The same beside land that was shared before: its border is found anew, with rounding errors along it.
const LEAST_BESIDE_M2: f64 = 1e-4;
/// Less land than this outside a unit is none, m².
const LEAST_OUTSIDE_M2: f64 = 1.0;

/// What an edit is measured against.
pub struct Asked<'a> {
    pub kinds: &'a Kinds,
    /// What is wrong with a farming area code.
    pub code: &'a dyn Fn(&str) -> Option<BadCode>,
    pub rules: &'a EditRules,
    /// Units whose box meets a box, workspace CRS.
    pub units: &'a dyn Fn([f64; 4]) -> Vec<&'a Unit>,
}

/// A text that is no farming area code.
pub struct BadCode {
    pub message: String,
    pub did_you_mean: Option<String>,
}

/// Faults that an edit makes: of attributes, validity, size, overlaps, gaps, units. What was wrong before and is no worse is
/// inherited and not told.
pub fn check(ground: &Ground, edited: &Edited, asked: &Asked) -> Vec<Fault> {
    let desk = Desk::of(ground, edited);
    let mut faults = Vec::new();
    for change in &edited.changes {
        if let Some(after) = &change.after {
            faults.extend(attributes::faults(change.before.as_ref(), after, asked));
        }
    }
    let reshaped: Vec<&Change> = edited.changes.iter().filter(|c| c.is_reshaped()).collect();
    let mut is_sound = true;
    for (change, after) in reshaped.iter().filter_map(|c| Some((c, c.after.as_ref()?))) {
        match geom::validate(&after.shape).first() {
            Some(fault) if change.before.as_ref().is_none_or(|b| geom::validate(&b.shape).is_empty()) => {
                faults.push(invalid(after, fault));
                is_sound = false;
            }
            _ => faults.extend(too_small(change, after, asked.rules)),
        }
    }
    // Crossed rings have no land to compare.
    if !is_sound {
        return faults;
    }
    let kind_of = |zone: &Option<Zone>| zone.as_ref().map(|z| z.kind.clone());
    let judged = edited.changes.iter().filter(|c| c.is_reshaped() || kind_of(&c.before) != kind_of(&c.after)).collect::<Vec<_>>();
    faults.extend(overlaps(&desk, edited, &judged, asked));
    let changed: Vec<&Zone> = reshaped.iter().filter_map(|c| c.after.as_ref()).collect();
    let shapes: Vec<MultiPolygon> = reshaped.iter().map(|c| moved_land(c)).collect();
    faults.extend(gaps::opened(&desk, &changed, &shapes.iter().filter(|s| !s.0.is_empty()).collect::<Vec<_>>(), asked.rules));
    for change in &reshaped {
        faults.extend(outside_unit(ground, change, asked));
    }
    faults
}

/// The land that a zone, and the zones that its land came from, had before: whatever was wrong there is inherited.
fn land_before(ground: &Ground, id: &str, parents: &[String]) -> MultiPolygon {
    let shapes: Vec<&MultiPolygon> =
        std::iter::once(id).chain(parents.iter().map(String::as_str)).filter_map(|id| ground.zone(id)).map(|z| &z.shape).collect();
    match shapes[..] {
        [only] => only.clone(),
        _ => geom::union(&shapes),
    }
}

/// Land that came or went.
fn moved_land(change: &Change) -> MultiPolygon {
    let nothing = MultiPolygon::new(Vec::new());
    let shape = |zone: &Option<Zone>| zone.as_ref().map_or_else(|| nothing.clone(), |z| z.shape.clone());
    let (before, after) = (shape(&change.before), shape(&change.after));
    if before.0.is_empty() || after.0.is_empty() {
        return if before.0.is_empty() { after } else { before };
    }
    let mut moved = geom::difference(&before, &after);
    moved.0.extend(geom::difference(&after, &before).0);
    moved
}

fn invalid(zone: &Zone, fault: &geom::Fault) -> Fault {
    let told = operations::invalid(fault, &zone.id);
    let repaired = geom::repair(zone.shape.0.clone());
    if repaired.shape.0.is_empty() {
        return told;
    }
    let put = Operation::Put { id: Some(zone.id.clone()), polygons: Some(rings_of(&repaired.shape)), properties: Default::default() };
    let area = square_metres(repaired.area_after_m2);
    told.mended_by(
        format!("Giữ phần đất mà các đường bao quanh ({})", area.vi),
        format!("Keep the land that the lines enclose ({})", area.en),
        vec![put],
    )
}

fn too_small(change: &Change, after: &Zone, rules: &EditRules) -> Option<Fault> {
    let area_m2 = geom::area_m2(&after.shape);
    let was_small = change.before.as_ref().is_some_and(|b| geom::area_m2(&b.shape) < rules.min_zone_m2);
    if area_m2 >= rules.min_zone_m2 || was_small {
        return None;
    }
    let (has, least) = (square_metres(area_m2), square_metres(rules.min_zone_m2));
    let id = &after.id;
    let vi = format!("Vùng {id} chỉ còn {}; nhỏ nhất là {}.", has.vi, least.vi);
    let fault = Fault::error("too_small", vi, format!("{id} has only {}; the least is {}.", has.en, least.en));
    let fault = fault.of(&[id]).at(geom::pole(&after.shape)).area(area_m2);
    Some(fault.mended_by(format!("Xóa vùng {id}"), format!("Remove {id}"), vec![Operation::Remove { id: id.clone() }]))
}

/// Area that two shapes share, m².
pub fn overlap_m2(a: &MultiPolygon, b: &MultiPolygon) -> f64 {
    geom::area_m2(&geom::intersection(a, b))
}

fn overlaps(desk: &Desk, edited: &Edited, judged: &[&Change], asked: &Asked) -> Vec<Fault> {
    let mut faults = Vec::new();
    let parents = |zone: &Zone| edited.changes.iter().find(|c| c.id == zone.id).map_or(&[][..], |c| &c.parents);
    let before = |zone: &Zone| land_before(desk.ground, &zone.id, parents(zone));
    let kind_before = |zone: &Zone| desk.ground.zone(&zone.id).unwrap_or(zone).kind.clone();
    let mut seen: BTreeSet<[&str; 2]> = BTreeSet::new();
    for zone in judged.iter().filter_map(|c| c.after.as_ref()) {
        let Some(bounds) = geom::bounds(&zone.shape) else { continue };
        for other in desk.near(bounds, 0.0) {
            let pair = if zone.id < other.id { [zone.id.as_str(), &other.id] } else { [other.id.as_str(), &zone.id] };
            if zone.id == other.id || !seen.insert(pair) || may_overlap(asked.kinds, zone, other) {
                continue;
            }
            let shared = geom::intersection(&zone.shape, &other.shape);
            let area_m2 = geom::area_m2(&shared);
            if area_m2 <= LEAST_M2 {
                continue;
            }
            // Land that both had before, and might, is inherited.
            let might = asked.kinds.get(&kind_before(zone)).zip(asked.kinds.get(&kind_before(other)));
            let was_allowed = might.is_some_and(|(a, b)| a.may_overlap.contains(&b.key) || b.may_overlap.contains(&a.key));
            let inherited = if was_allowed { MultiPolygon::new(Vec::new()) } else { geom::intersection(&before(zone), &before(other)) };
            let new = if inherited.0.is_empty() { shared } else { geom::difference(&shared, &inherited) };
            let new_m2 = geom::area_m2(&new);
            if new_m2 > if inherited.0.is_empty() { LEAST_M2 } else { LEAST_BESIDE_M2 } {
                faults.push(overlap(zone, other, &new, new_m2));
            }
        }
    }
    faults
}

fn may_overlap(kinds: &Kinds, a: &Zone, b: &Zone) -> bool {
    let allows = |a: &Zone, b: &Zone| kinds.get(&a.kind).is_some_and(|kind| kind.may_overlap.iter().any(|other| *other == b.kind));
    allows(a, b) || allows(b, a)
}

fn overlap(zone: &Zone, other: &Zone, shared: &MultiPolygon, area_m2: f64) -> Fault {
    let (a, b) = (&zone.id, &other.id);
    let area = square_metres(area_m2);
    let vi = format!("Vùng {a} chồng lên vùng {b}: {}.", area.vi);
    let fault = Fault::error("overlap", vi, format!("{a} overlaps {b} by {}.", area.en));
    let mut fault = fault.of(&[a, b]).at(geom::pole(shared)).area(area_m2);
    // From the zone that was drawn first: the other was there.
    for from in [zone, other] {
        let id = &from.id;
        if geom::area_m2(&geom::difference(&from.shape, shared)) > LEAST_M2 {
            let cut = Operation::CutOut { id: id.clone(), polygons: rings_of(shared) };
            fault = fault.mended_by(format!("Cắt phần chồng khỏi {id}"), format!("Cut it out of {id}"), vec![cut]);
        } else {
            let remove = Operation::Remove { id: id.clone() };
            fault = fault.mended_by(
                format!("Xóa vùng {id}, nằm trọn trong vùng kia"),
                format!("Remove {id}, which lies wholly inside"),
                vec![remove],
            );
        }
    }
    fault
}

fn outside_unit(ground: &Ground, change: &Change, asked: &Asked) -> Option<Fault> {
    let after = change.after.as_ref()?;
    let (inside, unit) = inside_unit(&after.shape, asked)?;
    if inside >= asked.rules.inside_unit_share {
        return None;
    }
    let gained = geom::difference(&after.shape, &land_before(ground, &change.id, &change.parents));
    if geom::area_m2(&geom::difference(&gained, &unit.shape)) <= LEAST_OUTSIDE_M2 {
        return None;
    }
    let id = &after.id;
    let outside = geom::difference(&after.shape, &unit.shape);
    let area_m2 = geom::area_m2(&outside);
    let area = square_metres(area_m2);
    let name = &unit.name;
    let vi = format!("{} của vùng {id} nằm ngoài {name}.", area.vi);
    let fault = Fault::error("outside_unit", vi, format!("{} of {id} lies outside {name}.", area.en));
    let cut = Operation::CutOut { id: id.clone(), polygons: rings_of(&outside) };
    let fault = fault.of(&[id]).at(geom::pole(&outside)).area(area_m2);
    Some(fault.mended_by(format!("Cắt theo ranh giới {name}"), format!("Cut it off at the border of {name}"), vec![cut]))
}

/// The unit that holds most of a shape, and how much of it, 0 to 1; none where there are no boundaries.
fn inside_unit<'a>(shape: &MultiPolygon, asked: &Asked<'a>) -> Option<(f64, &'a Unit)> {
    let units = (asked.units)(geom::bounds(shape)?);
    let area_m2 = geom::area_m2(shape);
    let shares = units.into_iter().map(|unit| (overlap_m2(shape, &unit.shape) / area_m2, unit));
    shares.filter(|(share, _)| *share > 0.0).max_by(|a, b| a.0.total_cmp(&b.0))
}
