//! A plan beside the map: what of each zone differs, how the zone looks in the plan, and what both changed.
//!
//! Only what differs is kept, attribute by attribute and the shape apart, each with what it was when the plan changed it.
//! What a plan did not touch follows the map. Invariants: `planned` of what `differing` gives is the zone it was given;
//! where there is no `collision`, what the plan shows holds every change of the map and every change of the plan.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attributes::{attributes_of, with_values};
use super::{Change, knit};
use crate::model::{MultiPolygon, PlanZone, Revision, Zone};

/// A zone that a plan and the map both changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Collision {
    pub zone: String,
    /// `changed` by both; `gone` from the map; `removed` by the plan and changed on the map; `made` by both under one id.
    pub what: &'static str,
    /// What both made another.
    pub fields: Vec<FieldCollision>,
}

/// An attribute, or `shape`, of which no values are told.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldCollision {
    pub field: String,
    pub base: Value,
    pub theirs: Value,
    pub ours: Value,
}

/// What a plan keeps of a zone after an edit: `official` as the map has it now, `known` as the plan had it. None: nothing
/// differs from the map.
pub fn differing(official: Option<(&Zone, Revision)>, known: Option<&PlanZone>, change: &Change) -> Option<PlanZone> {
    let parents = || {
        let known = known.map_or(&[][..], |row| &row.parents);
        let more = change.parents.iter().filter(|parent| !known.contains(parent));
        known.iter().chain(more).cloned().collect()
    };
    let id = change.id.clone();
    let Some(after) = &change.after else {
        let removed = |(_, revision)| PlanZone { id, base: Some(revision), is_removed: true, ..PlanZone::default() };
        return official.map(removed);
    };
    // What it was is what the plan took it from first.
    let known = known.filter(|row| !row.is_removed);
    let made = known.is_some_and(|row| row.base.is_none());
    let official = official.filter(|_| !made);
    let (now, becomes) = (official.map(|(zone, _)| attributes_of(zone)).unwrap_or_default(), attributes_of(after));
    let mut attributes = BTreeMap::new();
    for (name, ours) in becomes {
        let base = known.and_then(|row| row.attributes.get(&name)).map(|[base, _]| base).or(now.get(&name)).cloned().unwrap_or_default();
        if base != ours {
            attributes.insert(name, [base, ours]);
        }
    }
    let drawn_from = known.filter(|row| row.shape.is_some()).and_then(|row| row.base_shape);
    let base_shape = drawn_from.or(official.map(|(zone, _)| mark_of(&zone.shape)));
    let is_drawn = base_shape != Some(mark_of(&after.shape));
    if attributes.is_empty() && !is_drawn {
        return None;
    }
    let base = known.map_or(official.map(|(_, revision)| revision), |row| row.base);
    let shape = is_drawn.then(|| after.shape.clone());
    Some(PlanZone { id, base, is_removed: false, attributes, base_shape: base_shape.filter(|_| is_drawn), shape, parents: parents() })
}

/// The zone as the plan has it; none when it is not in it, or when the map lost what the plan only changed.
pub fn planned(official: Option<&Zone>, row: &PlanZone) -> Option<Zone> {
    if row.is_removed {
        return None;
    }
    let zone = match row.base {
        None => Zone::new(&row.id, "", MultiPolygon::new(Vec::new())),
        Some(_) => official?.clone(),
    };
    let mut zone = with_values(zone, row.attributes.iter().map(|(name, [_, ours])| (name.clone(), ours.clone())));
    if let Some(shape) = &row.shape {
        zone.shape = shape.clone();
    }
    Some(zone)
}

/// What a plan and the map both made of a zone, each in its own way.
pub fn collision(official: Option<(&Zone, Revision)>, row: &PlanZone) -> Option<Collision> {
    let told = |what, fields| Some(Collision { zone: row.id.clone(), what, fields });
    let (official, base) = match (official, row.base) {
        (Some(_), None) => return told("made", Vec::new()),
        (None, Some(_)) if !row.is_removed => return told("gone", Vec::new()),
        (None, _) => return None,
        (Some((_, now)), Some(base)) if row.is_removed => return if now == base { None } else { told("removed", Vec::new()) },
        (Some((zone, _)), Some(_)) => (zone, attributes_of(zone)),
    };
    let mut fields = Vec::new();
    for (name, [was, ours]) in &row.attributes {
        let theirs = base.get(name).cloned().unwrap_or_default();
        if theirs != *was && theirs != *ours {
            fields.push(FieldCollision { field: name.clone(), base: was.clone(), theirs, ours: ours.clone() });
        }
    }
    let theirs = mark_of(&official.shape);
    if row.shape.as_ref().is_some_and(|ours| row.base_shape != Some(theirs) && mark_of(ours) != theirs) {
        fields.push(FieldCollision { field: "shape".to_owned(), base: Value::Null, theirs: Value::Null, ours: Value::Null });
    }
    if fields.is_empty() { None } else { told("changed", fields) }
}

/// A number that marks what a plan keeps of a zone, to see whether it is still the same.
pub fn mark(row: &PlanZone) -> u64 {
    let mut hash = blake3::Hasher::new();
    hash.update(format!("{} {:?} {} {:?} {:?}", row.id, row.base, row.is_removed, row.attributes, row.base_shape).as_bytes());
    hash.update(&row.shape.as_ref().map_or(0, mark_of).to_le_bytes());
    short(&hash)
}

/// The same of a shape.
pub fn mark_of(shape: &MultiPolygon) -> u64 {
    let mut hash = blake3::Hasher::new();
    for polygon in &shape.0 {
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            hash.update(&ring.0.len().to_le_bytes());
            for bits in ring.0.iter().flat_map(|at| knit::bits(*at)) {
                hash.update(&bits.to_le_bytes());
            }
        }
        hash.update(b"polygon");
    }
    short(&hash)
}

/// Fits SQL's integers and a number of JavaScript.
fn short(hash: &blake3::Hasher) -> u64 {
    let bytes = hash.finalize();
    bytes.as_bytes().iter().take(6).fold(0, |n, byte| n << 8 | u64::from(*byte))
}
