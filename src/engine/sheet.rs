//! What an edit is drawn on and judged by: the zones of the map, or those of a plan over them.
//!
//! Knows nothing of how an edit is kept. Invariant: an edit of a plan is judged as one of the map is, by the same checks
//! and the same limits of the person.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{EditAsk, EngineError, Snapshot};
use crate::access::{self, Person};
use crate::edit::{self, Asked, BadCode, Edited, Fault, Ground, Operation, Over, Severity};
use crate::geom;
use crate::model::{Coord, LayerRole, MultiPolygon, Revision, Unit, Zone};

/// A view of this many zones is not for editing.
const MOST_SHAPES: usize = 2_000;

/// What a draft may have wrong until it is published: all but shapes that have no land and values that have no meaning.
const DRAFTABLE: [&str; 7] = ["overlap", "gap", "too_small", "outside_unit", "built_inside", "code", "code_shared"];

/// The zones that an edit is drawn on.
pub(super) struct Sheet<'a> {
    pub snapshot: &'a Snapshot,
    /// Those that are others than the map's, as a plan has them.
    pub over: Over,
    /// The revisions of these.
    pub revisions: BTreeMap<String, Revision>,
}

/// An edit that was judged: what it does, and what a person should look at.
pub(super) struct Judged {
    pub edited: Edited,
    pub issues: Vec<Fault>,
}

/// Zones that an operation names; those it makes are none yet.
fn named(operation: &Operation) -> Vec<&str> {
    match operation {
        Operation::Put { id, .. } => id.iter().map(String::as_str).collect(),
        Operation::Remove { id } | Operation::Split { id, .. } | Operation::CutOut { id, .. } | Operation::Extend { id, .. } => vec![id],
        Operation::FillGap { into, .. } => vec![into],
        Operation::Merge { ids } => ids.iter().map(String::as_str).collect(),
        Operation::Move { zones, .. } | Operation::Insert { zones, .. } | Operation::Delete { zones, .. } => {
            zones.iter().flatten().map(String::as_str).collect()
        }
    }
}

impl<'a> Sheet<'a> {
    pub fn of_map(snapshot: &'a Snapshot) -> Sheet<'a> {
        Sheet { snapshot, over: Over::new(), revisions: BTreeMap::new() }
    }

    pub fn ground(&self) -> Ground<'_> {
        let zones = &self.snapshot.zones;
        let list = zones.list.iter().map(|view| &view.zone).collect();
        Ground { zones: list, index: zones.index(), by_id: zones.ids(), over: &self.over }
    }

    /// A zone with its revision.
    pub fn zone(&self, id: &str) -> Option<(&Zone, Revision)> {
        match self.over.get(id) {
            Some(zone) => Some((zone.as_ref()?, self.revisions.get(id).copied()?)),
            None => self.snapshot.official(id),
        }
    }

    /// `seed` names the zones that are made: the same for the same edit.
    pub fn judge(&self, ask: &EditAsk, seed: &str, person: &Person) -> Result<Judged, EngineError> {
        self.check_base(ask)?;
        let ground = self.ground();
        let mut n = 0;
        let new_id = || {
            n += 1;
            format!("z-{}", &blake3::hash(format!("{seed} {n}").as_bytes()).to_hex()[..10])
        };
        let edited = edit::apply(&ground, &ask.operations, new_id).map_err(|fault| self.snapshot.refused(&[fault]))?;
        self.check_edited(&ground, edited, person, ask.despite.is_some())
    }

    /// What the edit rests on must be what is there.
    fn check_base(&self, ask: &EditAsk) -> Result<(), EngineError> {
        let is_there = |id: &&str| self.zone(id).is_some();
        let wanted: BTreeSet<&str> = ask.operations.iter().flat_map(named).filter(is_there).collect();
        if let Some(id) = wanted.iter().find(|id| !ask.base.contains_key(**id)) {
            return Err(EngineError::usage(format!("base lacks the revision of zone “{id}”, which the operations name")));
        }
        let is_stale = |(id, revision): &(&String, &Revision)| self.zone(id).is_none_or(|(_, now)| now != **revision);
        let stale: Vec<&str> = ask.base.iter().filter(is_stale).map(|(id, _)| id.as_str()).collect();
        if stale.is_empty() {
            return Ok(());
        }
        Err(self.stale(format!("{} changed since you read it: look at what is there now, then try again", stale.join(", ")), &stale)?)
    }

    pub fn stale(&self, message: String, ids: &[&str]) -> Result<EngineError, EngineError> {
        let there = ids.iter().filter_map(|id| self.zone(id));
        let zones = there.map(|(zone, revision)| self.snapshot.shape_facts(zone, revision)).collect::<Vec<Value>>();
        let missing: Vec<&&str> = ids.iter().filter(|id| self.zone(id).is_none()).collect();
        let details = json!({ "zones": zones, "missing": missing });
        Ok(EngineError::EditStale { message, details })
    }

    /// A draft may have the faults of `DRAFTABLE`.
    pub fn check_edited(&self, ground: &Ground, edited: Edited, person: &Person, is_draft: bool) -> Result<Judged, EngineError> {
        self.snapshot.check_rights(&edited, person)?;
        let refuses = |fault: &Fault| fault.severity == Severity::Error && !(is_draft && DRAFTABLE.contains(&fault.code));
        let (errors, issues): (Vec<Fault>, Vec<Fault>) = self.faults(ground, &edited)?.into_iter().partition(refuses);
        if errors.is_empty() { Ok(Judged { edited, issues }) } else { Err(self.snapshot.refused(&[errors, issues].concat())) }
    }

    /// Everything wrong with an edit that was not wrong before.
    pub fn faults(&self, ground: &Ground, edited: &Edited) -> Result<Vec<Fault>, EngineError> {
        let snapshot = self.snapshot;
        let near = |b: [f64; 4]| -> Vec<&Unit> {
            let meets = |u: &[f64; 4]| u[0] <= b[2] && u[1] <= b[3] && u[2] >= b[0] && u[3] >= b[1];
            snapshot.units.iter().filter(|unit| meets(&unit.bounds)).map(|unit| &unit.unit).collect()
        };
        let bad_code = |code: &str| {
            let malformed = crate::codes::parse(code, &snapshot.rulebook.schemes).err()?;
            Some(BadCode { message: malformed.message, did_you_mean: malformed.did_you_mean })
        };
        let rules = &snapshot.rulebook.rules.edit;
        let mut faults = edit::check(ground, edited, &Asked { kinds: &snapshot.rulebook.kinds, code: &bad_code, rules, units: &near });
        faults.extend(snapshot.built_inside(edited)?);
        faults.extend(shared_codes(ground, edited));
        Ok(faults)
    }

    /// The zones in a box (degrees) or with these ids, to be edited.
    pub fn shapes(&self, bbox: Option<[f64; 4]>, ids: &[String]) -> Result<Value, EngineError> {
        let ground = self.ground();
        let found: Vec<&Zone> = match bbox {
            Some(bbox) => ground.within(self.snapshot.place.bounds_from_lonlat(bbox)?),
            None => ids.iter().filter_map(|id| ground.zone(id)).collect(),
        };
        Ok(self.snapshot.shapes_of(found.len(), found.iter().filter_map(|zone| self.zone(&zone.id))))
    }
}

impl Snapshot {
    /// A zone of the map with its revision.
    pub(super) fn official(&self, id: &str) -> Option<(&Zone, Revision)> {
        self.zones.by_id(id).map(|i| (&self.zones.list[i].zone, self.zones.list[i].revision))
    }

    /// The zones of the map in a box (degrees) or with these ids, to be edited.
    pub fn shapes(&self, bbox: Option<[f64; 4]>, ids: &[String]) -> Result<Value, EngineError> {
        Sheet::of_map(self).shapes(bbox, ids)
    }

    pub(super) fn shapes_of<'z>(&self, n_matched: usize, zones: impl Iterator<Item = (&'z Zone, Revision)>) -> Value {
        let zones: Vec<Value> = zones.take(MOST_SHAPES).map(|(zone, revision)| self.shape_facts(zone, revision)).collect();
        json!({
            "revision": self.revision, "crs": self.place.crs, "n_matched": n_matched, "is_complete": zones.len() == n_matched,
            "zones": zones,
        })
    }

    pub(super) fn refused(&self, faults: &[Fault]) -> EngineError {
        let first = faults.first().map_or("", |fault| fault.message.en.as_str());
        let more = faults.len().saturating_sub(1);
        let message = if more == 0 { first.to_owned() } else { format!("{first} And {more} more.") };
        EngineError::EditRefused { message, issues: faults.iter().map(|fault| self.fault_facts(fault)).collect() }
    }

    /// The person's limits to kinds and units hold for what a zone was and for what it becomes.
    pub(super) fn check_rights(&self, edited: &Edited, person: &Person) -> Result<(), EngineError> {
        for change in &edited.changes {
            if is_knit(&change.before, &change.after) {
                continue;
            }
            for zone in change.before.iter().chain(&change.after) {
                access::may_touch(person, &zone.kind, self.unit_at(&zone.shape).map(|unit| unit.code.as_str()))?;
            }
        }
        Ok(())
    }

    /// The unit that holds most of a shape.
    pub(super) fn unit_at(&self, shape: &MultiPolygon) -> Option<&Unit> {
        let bounds = geom::bounds(shape)?;
        let meets = |b: &[f64; 4]| b[0] <= bounds[2] && b[1] <= bounds[3] && b[2] >= bounds[0] && b[3] >= bounds[1];
        let near = self.units.iter().filter(|unit| meets(&unit.bounds)).map(|unit| (edit::overlap_m2(shape, &unit.unit.shape), &unit.unit));
        near.filter(|(m2, _)| *m2 > 0.0).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, unit)| unit)
    }

    /// Land that the latest epoch shows as built, inside what zones gain.
    fn built_inside(&self, edited: &Edited) -> Result<Vec<Fault>, EngineError> {
        let polygons = self.layers.iter().filter(|l| l.role == LayerRole::LandUse && l.raster.is_none());
        let Some(epoch) = polygons.filter_map(|l| l.epoch).max() else { return Ok(Vec::new()) };
        let rules = &self.rulebook.rules;
        // Land that changes hands between zones is no new land.
        let before = geom::union(&edited.changes.iter().filter_map(|c| c.before.as_ref()).map(|z| &z.shape).collect::<Vec<_>>());
        let mut faults = Vec::new();
        for zone in edited.changes.iter().filter(|c| c.is_reshaped()).filter_map(|c| c.after.as_ref()) {
            let gained = geom::difference(&zone.shape, &before);
            let Some(bounds) = geom::bounds(&gained).filter(|_| geom::area_m2(&gained) > 1.0) else { continue };
            let land_use = self.land_use(epoch)?;
            let is_built = |code: &str| land_use.legend.class(code).is_some_and(|class| rules.groups.contains(&class.group));
            let built: Vec<&MultiPolygon> = land_use.near(bounds).into_iter().filter(|l| is_built(&l.code)).map(|l| &l.shape).collect();
            let built = geom::intersection(&gained, &geom::union(&built));
            let area_m2 = geom::area_m2(&built);
            if area_m2 <= rules.edit.max_built_m2 {
                continue;
            }
            let id = &zone.id;
            let vi = format!("{:.0} m² trong phần đất mới của {id} đã xây dựng ({epoch}).", area_m2);
            let en = format!("{area_m2:.0} m² of the land that {id} gains is built on ({epoch}).");
            let cut = Operation::CutOut { id: id.clone(), polygons: edit::rings_of(&built) };
            let fault = Fault::error("built_inside", vi, en).of(&[id]).at(geom::pole(&built)).area(area_m2);
            faults.push(fault.mended_by(format!("Cắt phần đã xây dựng khỏi {id}"), format!("Cut what is built out of {id}"), vec![cut]));
        }
        Ok(faults)
    }

    pub(super) fn fault_facts(&self, fault: &Fault) -> Value {
        let lonlat = |at: Coord| self.place.point_to_lonlat(at).ok().map(|at| json!([at.x, at.y]));
        let repairs = fault.repairs.iter().map(|repair| json!({ "text": repair.text, "operations": repair.operations }));
        json!({
            "code": fault.code, "severity": fault.severity, "message": fault.message, "zones": fault.zones,
            "at": fault.at.and_then(lonlat), "at_xy": fault.at.map(|at| [at.x, at.y]), "area_m2": fault.area_m2,
            "repairs": repairs.collect::<Vec<_>>(),
        })
    }

    /// A zone as it is edited: its shape to the last bit, in the workspace's CRS.
    pub(super) fn shape_facts(&self, zone: &Zone, revision: Revision) -> Value {
        let properties = edit::attributes_of(zone);
        let unit = self.unit_at(&zone.shape).map(|unit| unit.code.clone());
        json!({
            "id": zone.id, "revision": revision, "area_m2": geom::area_m2(&zone.shape), "unit": unit,
            "polygons": edit::rings_of(&zone.shape), "properties": properties,
        })
    }
}

/// Codes that another zone has too: possible (one code, several parts), and often a slip.
fn shared_codes(ground: &Ground, edited: &Edited) -> Vec<Fault> {
    let mut faults = Vec::new();
    for change in &edited.changes {
        let code = |zone: &Option<Zone>| zone.as_ref().and_then(|z| z.code.clone());
        let Some(after) = code(&change.after).filter(|after| Some(after) != code(&change.before).as_ref()) else { continue };
        let of_map = ground.zones.iter().copied().filter(|zone| !ground.over.contains_key(&zone.id));
        let mut all = of_map.chain(ground.over.values().flatten());
        if let Some(other) = all.find(|zone| zone.code.as_ref() == Some(&after) && zone.id != change.id).map(|zone| zone.id.as_str()) {
            let (vi, en) = (format!("Mã {after} cũng là của vùng {other}."), format!("{other} has the code {after} too."));
            faults.push(Fault::error("code_shared", vi, en).of(&[&change.id, other]).warning());
        }
    }
    faults
}

/// Whether a zone only got a vertex on its border, because a neighbour has one there.
pub(super) fn is_knit(before: &Option<Zone>, after: &Option<Zone>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    // A vertex is put where it is meant to be, at most a snap beside the edge.
    let most_m2 = edit::SNAP_M * geom::perimeter_m(&before.shape);
    let apart_m2 = |a: &Zone, b: &Zone| geom::area_m2(&geom::difference(&a.shape, &b.shape));
    edit::attributes_of(before) == edit::attributes_of(after) && apart_m2(before, after) <= most_m2 && apart_m2(after, before) <= most_m2
}
