//! Edits of zones: judged against the current snapshot, kept by the store, shown by the next snapshot.
//!
//! One edit at a time. What was judged by a revision is kept on that revision or judged again; the answer comes when it is
//! on the disk and served. Invariant: an edit that is refused changed nothing, and the same id makes one edit only.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::live::Engine;
use super::{EngineError, Page, Snapshot};
use crate::access::{self, Person};
use crate::edit::{self, Asked, BadCode, Edited, Fault, Ground, Operation, Severity};
use crate::geom;
use crate::model::{Coord, Epoch, LayerRole, MultiPolygon, Revision, Unit, Zone};
use crate::store::{Edit, Reader, ZoneChange};

/// What a planner asks for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditAsk {
    /// Chosen by who asks; the same id again is answered with what the first made.
    pub id: String,
    pub reason: String,
    #[serde(default)]
    pub decision: Option<String>,
    /// From when on it holds in law.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// The revision of every zone that the operations name.
    #[serde(default)]
    pub base: BTreeMap<String, Revision>,
    pub operations: Vec<Operation>,
    /// Judged and answered, not kept.
    #[serde(default)]
    pub is_dry_run: bool,
}

/// What takes an edit back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoAsk {
    pub id: String,
    pub reason: String,
}

const MOST_ID: usize = 64;
const MOST_REASON: usize = 1_000;
const MOST_DECISION: usize = 200;
/// A view of this many zones is not for editing.
const MOST_SHAPES: usize = 2_000;
/// So often an edit is judged again because somebody else was quicker.
const MOST_TRIES: usize = 20;

/// An edit that was judged: what it does, and what a person should look at.
struct Judged {
    edited: Edited,
    warnings: Vec<Fault>,
}

impl Engine {
    /// Applies an edit for a person who may edit, within what the person may touch.
    pub fn edit(&self, ask: &EditAsk, person: &Person) -> Result<Value, EngineError> {
        check_words(&ask.id, &ask.reason, ask.decision.as_deref(), ask.valid_from.as_deref())?;
        let new = Edit {
            id: ask.id.clone(),
            who: person.name.clone(),
            reason: ask.reason.trim().to_owned(),
            decision: ask.decision.clone().filter(|text| !text.trim().is_empty()),
            valid_from: ask.valid_from.clone(),
            operations: serde_json::to_string(&ask.operations).unwrap_or_default(),
            ..Edit::default()
        };
        self.make(new, ask.is_dry_run, |snapshot| snapshot.judge(ask, person))
    }

    /// Takes an edit back: an ordinary edit that makes every zone what it was, when nothing changed them since.
    pub fn undo(&self, edit: &str, ask: &UndoAsk, person: &Person) -> Result<Value, EngineError> {
        check_words(&ask.id, &ask.reason, None, None)?;
        let old = self.snapshot().kept_edit(edit)?;
        let new = Edit {
            id: ask.id.clone(),
            who: person.name.clone(),
            reason: ask.reason.trim().to_owned(),
            undoes: Some(old.id.clone()),
            // What it takes back does not hold from the day on which that would have.
            valid_from: old.valid_from.clone().or_else(|| old.at.get(..10).map(str::to_owned)),
            operations: json!([{ "op": "undo", "edit": old.id }]).to_string(),
            ..Edit::default()
        };
        self.make(new, false, |snapshot| snapshot.judge_undo(&old, person))
    }

    fn make(&self, new: Edit, is_dry_run: bool, judge: impl Fn(&Snapshot) -> Result<Judged, EngineError>) -> Result<Value, EngineError> {
        if is_dry_run {
            let snapshot = self.snapshot();
            let Judged { edited, warnings } = judge(&snapshot)?;
            return Ok(snapshot.edit_answer(&kept_as(&new, edited), &warnings, true));
        }
        for n_tries in 0..MOST_TRIES {
            let judged_by = self.snapshot();
            // Most are judged while others write; who was overtaken again and again is judged while nobody can.
            let is_free = n_tries < MOST_TRIES / 2;
            let judged = if is_free && !judged_by.has_edit(&new.id)? { Some(judge(&judged_by)?) } else { None };
            let mut writing = self.writing();
            if let Some(kept) = writing.store.edit(&new.id)? {
                return self.answer_again(&kept, &new);
            }
            let snapshot = self.caught_up(&mut writing)?;
            let is_overtaken = snapshot.revision != judged_by.revision;
            if is_overtaken && is_free {
                continue;
            }
            let Judged { edited, warnings } = match judged.filter(|_| !is_overtaken) {
                Some(judged) => judged,
                None => judge(&snapshot)?,
            };
            let edit = kept_as(&new, edited);
            if edit.changes.is_empty() {
                return Ok(snapshot.edit_answer(&edit, &warnings, true));
            }
            if let Some(kept) = writing.store.edit_zones(edit, snapshot.revision)? {
                let next = self.publish(&mut writing, &snapshot)?;
                return Ok(next.edit_answer(&kept, &warnings, false));
            }
            self.look_again(&mut writing);
        }
        Err(EngineError::unavailable("other programs change the workspace all the time: try again in a while"))
    }

    /// Of an id that was there already: what it made, when it is the same edit.
    fn answer_again(&self, kept: &Edit, new: &Edit) -> Result<Value, EngineError> {
        if (&kept.who, &kept.operations, &kept.undoes) != (&new.who, &new.operations, &new.undoes) {
            return Err(EngineError::conflict(format!("there is another edit “{}” already: choose another id", new.id)));
        }
        Ok(self.snapshot().edit_answer(kept, &[], false))
    }
}

fn kept_as(new: &Edit, edited: Edited) -> Edit {
    let change = |c: edit::Change| ZoneChange { id: c.id, before: c.before, after: c.after, parents: c.parents };
    let made = serde_json::to_string(&edited.made).unwrap_or_default();
    Edit { made, changes: edited.changes.into_iter().map(change).collect(), ..new.clone() }
}

fn check_words(id: &str, reason: &str, decision: Option<&str>, valid_from: Option<&str>) -> Result<(), EngineError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > MOST_ID || !id.chars().all(is_plain) {
        return Err(EngineError::usage(format!("the id of an edit is 1 to {MOST_ID} letters a to z, digits, “-” and “_”")));
    }
    let reason_length = reason.trim().chars().count();
    if reason_length == 0 || reason_length > MOST_REASON {
        return Err(EngineError::usage(format!("the reason of an edit has 1 to {MOST_REASON} characters")));
    }
    if decision.is_some_and(|text| text.chars().count() > MOST_DECISION) {
        return Err(EngineError::usage(format!("the decision has at most {MOST_DECISION} characters")));
    }
    match valid_from.map(Epoch::written) {
        Some(None) => Err(EngineError::usage("valid_from is no date; write it like 2026-11-22")),
        Some(Some((_, rest))) if !rest.is_empty() => Err(EngineError::usage("valid_from is a date without an hour, like 2026-11-22")),
        _ => Ok(()),
    }
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

impl Snapshot {
    fn ground(&self) -> Ground<'_> {
        Ground { zones: self.zones.list.iter().map(|view| &view.zone).collect(), index: self.zones.index(), by_id: self.zones.ids() }
    }

    fn judge(&self, ask: &EditAsk, person: &Person) -> Result<Judged, EngineError> {
        self.check_base(ask)?;
        let ground = self.ground();
        let mut n = 0;
        let new_id = || {
            n += 1;
            format!("z-{}", &blake3::hash(format!("{} {n}", ask.id).as_bytes()).to_hex()[..10])
        };
        let edited = edit::apply(&ground, &ask.operations, new_id).map_err(|fault| self.refused(&[fault]))?;
        self.check_edited(&ground, edited, person)
    }

    fn judge_undo(&self, old: &Edit, person: &Person) -> Result<Judged, EngineError> {
        let ground = self.ground();
        let now = |id: &str| ground.zone(id);
        let moved_on: Vec<&str> = old.changes.iter().filter(|c| now(&c.id) != c.after.as_ref()).map(|c| c.id.as_str()).collect();
        if !moved_on.is_empty() {
            let message = format!("edit {} cannot be taken back: {} changed since", old.id, moved_on.join(", "));
            return Err(self.stale(message, &moved_on)?);
        }
        let change =
            |c: &ZoneChange| edit::Change { id: c.id.clone(), before: c.after.clone(), after: c.before.clone(), parents: Vec::new() };
        let edited = Edited { changes: old.changes.iter().map(change).collect(), ..Edited::default() };
        self.check_rights(&edited, person)?;
        // What was so before was accepted then; wrong is only what it would do to zones that came or changed since.
        let is_old = |id: &String| old.changes.iter().any(|c| c.id == *id);
        let is_newer = |id: &String| !is_old(id) && self.zones.by_id(id).is_some_and(|i| self.zones.list[i].revision > old.revision);
        let is_wrong = |fault: &Fault| ["overlap", "gap"].contains(&fault.code) && fault.zones.iter().any(is_newer);
        let (errors, warnings): (Vec<Fault>, Vec<Fault>) = self.faults(&ground, &edited)?.into_iter().partition(is_wrong);
        let warnings = warnings.into_iter().map(Fault::warning).collect();
        if errors.is_empty() { Ok(Judged { edited, warnings }) } else { Err(self.refused(&errors)) }
    }

    /// What the edit rests on must be what is there.
    fn check_base(&self, ask: &EditAsk) -> Result<(), EngineError> {
        let is_there = |id: &&str| self.zones.by_id(id).is_some();
        let wanted: BTreeSet<&str> = ask.operations.iter().flat_map(named).filter(is_there).collect();
        if let Some(id) = wanted.iter().find(|id| !ask.base.contains_key(**id)) {
            return Err(EngineError::usage(format!("base lacks the revision of zone “{id}”, which the operations name")));
        }
        let is_stale =
            |(id, revision): &(&String, &Revision)| self.zones.by_id(id).is_none_or(|i| self.zones.list[i].revision != **revision);
        let stale: Vec<&str> = ask.base.iter().filter(is_stale).map(|(id, _)| id.as_str()).collect();
        if stale.is_empty() {
            return Ok(());
        }
        Err(self.stale(format!("{} changed since you read it: look at what is there now, then try again", stale.join(", ")), &stale)?)
    }

    fn stale(&self, message: String, ids: &[&str]) -> Result<EngineError, EngineError> {
        let there = ids.iter().filter_map(|id| self.zones.by_id(id));
        let zones = there.map(|i| self.shape_facts(&self.zones.list[i].zone, self.zones.list[i].revision)).collect::<Vec<Value>>();
        let missing: Vec<&&str> = ids.iter().filter(|id| self.zones.by_id(id).is_none()).collect();
        let details = json!({ "zones": zones, "missing": missing });
        Ok(EngineError::EditStale { message, details })
    }

    fn refused(&self, faults: &[Fault]) -> EngineError {
        let first = faults.first().map_or("", |fault| fault.message.en.as_str());
        let more = faults.len().saturating_sub(1);
        let message = if more == 0 { first.to_owned() } else { format!("{first} And {more} more.") };
        EngineError::EditRefused { message, issues: faults.iter().map(|fault| self.fault_facts(fault)).collect() }
    }

    fn check_edited(&self, ground: &Ground, edited: Edited, person: &Person) -> Result<Judged, EngineError> {
        self.check_rights(&edited, person)?;
        let (errors, warnings): (Vec<Fault>, Vec<Fault>) =
            self.faults(ground, &edited)?.into_iter().partition(|fault| fault.severity == Severity::Error);
        if errors.is_empty() { Ok(Judged { edited, warnings }) } else { Err(self.refused(&[errors, warnings].concat())) }
    }

    /// What is wrong with an edit by geometry, by rules, by codes, and by what is built.
    fn faults(&self, ground: &Ground, edited: &Edited) -> Result<Vec<Fault>, EngineError> {
        let near = |b: [f64; 4]| -> Vec<&Unit> {
            let meets = |u: &[f64; 4]| u[0] <= b[2] && u[1] <= b[3] && u[2] >= b[0] && u[3] >= b[1];
            self.units.iter().filter(|unit| meets(&unit.bounds)).map(|unit| &unit.unit).collect()
        };
        let bad_code = |code: &str| {
            let malformed = crate::codes::parse(code, &self.rulebook.schemes).err()?;
            Some(BadCode { message: malformed.message, did_you_mean: malformed.did_you_mean })
        };
        let rules = &self.rulebook.rules.edit;
        let mut faults = edit::check(ground, edited, &Asked { kinds: &self.rulebook.kinds, code: &bad_code, rules, units: &near });
        faults.extend(self.built_inside(edited)?);
        faults.extend(self.shared_codes(edited));
        Ok(faults)
    }

    /// The person's limits to kinds and units hold for what a zone was and for what it becomes.
    fn check_rights(&self, edited: &Edited, person: &Person) -> Result<(), EngineError> {
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
    fn unit_at(&self, shape: &MultiPolygon) -> Option<&Unit> {
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

    /// Codes that another zone has too: possible (one code, several parts), and often a slip.
    fn shared_codes(&self, edited: &Edited) -> Vec<Fault> {
        let mut faults = Vec::new();
        for change in &edited.changes {
            let code = |zone: &Option<Zone>| zone.as_ref().and_then(|z| z.code.clone());
            let Some(after) = code(&change.after).filter(|after| Some(after) != code(&change.before).as_ref()) else { continue };
            let other = self.zones.list.iter().find(|v| v.zone.code.as_ref() == Some(&after) && v.zone.id != change.id);
            if let Some(other) = other.map(|v| v.zone.id.as_str()) {
                let (vi, en) = (format!("Mã {after} cũng là của vùng {other}."), format!("{other} has the code {after} too."));
                faults.push(Fault::error("code_shared", vi, en).of(&[&change.id, other]).warning());
            }
        }
        faults
    }

    fn fault_facts(&self, fault: &Fault) -> Value {
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
        let properties = serde_json::to_value(bare(zone)).unwrap_or_default();
        let unit = self.unit_at(&zone.shape).map(|unit| unit.code.clone());
        json!({
            "id": zone.id, "revision": revision, "area_m2": geom::area_m2(&zone.shape), "unit": unit,
            "polygons": edit::rings_of(&zone.shape), "properties": properties,
        })
    }

    /// The zones in a box (degrees) or with these ids, to be edited.
    pub fn shapes(&self, bbox: Option<[f64; 4]>, ids: &[String]) -> Result<Value, EngineError> {
        let places: Vec<usize> = match bbox {
            Some(bbox) => self.zones.within(self.place.bounds_from_lonlat(bbox)?),
            None => ids.iter().filter_map(|id| self.zones.by_id(id)).collect(),
        };
        let views = places.iter().map(|i| &self.zones.list[*i]);
        Ok(self.shapes_of(places.len(), views.map(|view| (&view.zone, view.revision))))
    }

    pub(super) fn shapes_of<'z>(&self, n_matched: usize, zones: impl Iterator<Item = (&'z Zone, Revision)>) -> Value {
        let zones: Vec<Value> = zones.take(MOST_SHAPES).map(|(zone, revision)| self.shape_facts(zone, revision)).collect();
        json!({
            "revision": self.revision, "crs": self.place.crs, "n_matched": n_matched, "is_complete": zones.len() == n_matched,
            "zones": zones,
        })
    }

    fn edit_answer(&self, edit: &Edit, warnings: &[Fault], is_dry_run: bool) -> Value {
        let revision = |id: &str| self.zones.by_id(id).map_or(edit.revision, |i| self.zones.list[i].revision);
        let after = edit.changes.iter().filter_map(|c| c.after.as_ref());
        let zones: Vec<Value> =
            after.map(|zone| self.shape_facts(zone, if is_dry_run { revision(&zone.id) } else { edit.revision })).collect();
        let removed: Vec<&String> = edit.changes.iter().filter(|c| c.after.is_none()).map(|c| &c.id).collect();
        let issues: Vec<Value> = warnings.iter().map(|fault| self.fault_facts(fault)).collect();
        let made: Value = serde_json::from_str(&edit.made).unwrap_or_else(|_| json!({}));
        json!({
            "id": edit.id, "revision": (!is_dry_run).then_some(edit.revision), "zones": zones, "removed": removed, "made": made,
            "issues": issues,
        })
    }

    fn has_edit(&self, id: &str) -> Result<bool, EngineError> {
        Ok(Reader::open(&self.path)?.has_edit(id)?)
    }

    fn kept_edit(&self, id: &str) -> Result<Edit, EngineError> {
        let edit = Reader::open(&self.path)?.edit(id)?;
        edit.ok_or_else(|| EngineError::not_found(format!("there is no edit “{}”", id.chars().take(80).collect::<String>())))
    }

    /// The edits, of one zone or of all, the latest first.
    pub fn edits_list(&self, zone: Option<&str>, page: Page) -> Result<Value, EngineError> {
        let (edits, n_matched) = Reader::open(&self.path)?.edits(zone, page.limit, page.offset)?;
        Ok(json!({ "n_matched": n_matched, "edits": edits.iter().map(edit_facts).collect::<Vec<_>>() }))
    }

    /// One edit, with every zone before and after it.
    pub fn edit_card(&self, id: &str) -> Result<Value, EngineError> {
        let edit = self.kept_edit(id)?;
        let mut facts = edit_facts(&edit);
        let of = |zone: &Option<Zone>| zone.as_ref().map(|zone| self.shape_facts(zone, edit.revision));
        let both = edit.changes.iter().map(|c| json!({ "id": c.id, "before": of(&c.before), "after": of(&c.after), "parents": c.parents }));
        facts["zones"] = both.collect();
        facts["operations"] = serde_json::from_str(&edit.operations).unwrap_or_default();
        Ok(facts)
    }

    /// Whether the workspace has zones to edit; the store makes the layer with the first.
    pub(super) fn has_zones_layer(&self) -> bool {
        self.layer(LayerRole::Zones).is_some()
    }
}

/// Whether a zone only got a vertex on its border, because a neighbour has one there.
pub(super) fn is_knit(before: &Option<Zone>, after: &Option<Zone>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    // A vertex is put where it is meant to be, at most a snap beside the edge.
    let most_m2 = edit::SNAP_M * geom::perimeter_m(&before.shape);
    let apart_m2 = |a: &Zone, b: &Zone| geom::area_m2(&geom::difference(&a.shape, &b.shape));
    bare(before) == bare(after) && apart_m2(before, after) <= most_m2 && apart_m2(after, before) <= most_m2
}

/// A zone's attributes, without its shape and what the owner's columns hold.
pub(super) fn bare(zone: &Zone) -> Value {
    let alone = Zone { shape: MultiPolygon::new(Vec::new()), kept: Vec::new(), ..zone.clone() };
    let mut value = serde_json::to_value(alone).unwrap_or_default();
    if let Some(properties) = value.as_object_mut() {
        properties.remove("id");
    }
    value
}

pub(super) fn edit_facts(edit: &Edit) -> Value {
    let area = |zone: &Option<Zone>| zone.as_ref().map(|z| geom::area_m2(&z.shape));
    let zones: Vec<Value> = edit
        .changes
        .iter()
        .map(|c| {
            let change = match (&c.before, &c.after) {
                (None, _) => "made",
                (_, None) => "removed",
                _ => "changed",
            };
            json!({ "id": c.id, "change": change, "area_before_m2": area(&c.before), "area_after_m2": area(&c.after), "parents": c.parents })
        })
        .collect();
    json!({
        "id": edit.id, "revision": edit.revision, "at": edit.at, "who": edit.who, "reason": edit.reason, "decision": edit.decision,
        "valid_from": edit.valid_from, "undoes": edit.undoes, "n_zones": zones.len(), "zones": zones,
    })
}
