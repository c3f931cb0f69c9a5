//! The zones as they were: of a revision, or of a day, by what was recorded or by what held in law; what became of one zone;
//! what differs between two moments.
//!
//! What edits changed is known to the last bit. What came as a file, or what another program wrote, is known from then on:
//! of an earlier moment the answer is that it is not known, never a guess.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::edits::edit_facts;
use super::sheet::is_knit;
use super::snapshot::{ZoneView, zone_views};
use super::{EngineError, Page, Snapshot};
use crate::edit;
use crate::geom;
use crate::model::{Epoch, Layer, LayerRole, MultiPolygon, Revision, Zone};
use crate::store::{Edit, Reader, ZoneChange, ZoneRevisions};

/// Which moment of the past.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AsOf {
    Revision(Revision),
    /// The end of a day (UTC), by when it was recorded.
    Recorded(Epoch),
    /// A day, by when it holds in law; an edit that does not say holds from the day on which it was recorded.
    Valid(Epoch),
}

impl AsOf {
    /// As it was asked for: the number of a revision, or a day.
    fn told(self) -> Value {
        match self {
            AsOf::Revision(revision) => json!(revision),
            AsOf::Recorded(day) | AsOf::Valid(day) => json!(day.to_string()),
        }
    }
}

/// Zones that were otherwise than they are now, by id, each with the revision that made it so; none: it was not.
type Past = BTreeMap<String, Option<(Zone, Revision)>>;

/// More changes than this are not taken back for one answer.
const MOST_CHANGES: u64 = 20_000;
const MOST_VERSIONS: usize = 200;

impl Snapshot {
    /// The zones of the past in a box (degrees) or with these ids, as `shapes` gives those of today.
    pub fn shapes_as_of(&self, moment: AsOf, bbox: Option<[f64; 4]>, ids: &[String]) -> Result<Value, EngineError> {
        let past = self.past(moment)?;
        let bounds = bbox.map(|bbox| self.place.bounds_from_lonlat(bbox)).transpose()?;
        let is_wanted = |zone: &Zone| match (bounds, geom::bounds(&zone.shape)) {
            (Some(w), Some(b)) => b[0] <= w[2] && b[1] <= w[3] && b[2] >= w[0] && b[3] >= w[1],
            (Some(_), None) => false,
            (None, _) => ids.contains(&zone.id),
        };
        let places: Vec<usize> = match bounds {
            Some(bounds) => self.zones.within(bounds),
            None => ids.iter().filter_map(|id| self.zones.by_id(id)).collect(),
        };
        let present = places.into_iter().map(|i| &self.zones.list[i]).filter(|view| !past.contains_key(&view.zone.id));
        let present = present.map(|view| (&view.zone, view.revision));
        let other = past.values().flatten().filter(|(zone, _)| is_wanted(zone)).map(|(zone, revision)| (zone, *revision));
        let mut wanted: Vec<(&Zone, Revision)> = present.chain(other).collect();
        wanted.sort_by(|a, b| a.0.id.cmp(&b.0.id));
        Ok(self.shapes_of(wanted.len(), wanted.into_iter()))
    }

    /// All zones of a revision, those that changed since at the end.
    pub(super) fn zones_at(&self, revision: Revision) -> Result<Vec<Arc<ZoneView>>, EngineError> {
        let past = self.past(AsOf::Revision(revision))?;
        let mut zones: Vec<Arc<ZoneView>> = self.zones.list.iter().filter(|view| !past.contains_key(&view.zone.id)).cloned().collect();
        let other = past.into_values().flatten().map(|(zone, _)| zone).collect();
        zones.extend(zone_views(other, &self.units, &ZoneRevisions::default()));
        Ok(zones)
    }

    fn past(&self, moment: AsOf) -> Result<Past, EngineError> {
        let reader = Reader::open(&self.path)?;
        let layer = self.layer(LayerRole::Zones).ok_or_else(|| EngineError::not_found("the workspace has no zones"))?;
        let came = reader.zone_revisions(layer)?.others;
        match moment {
            AsOf::Revision(revision) if revision > self.revision => {
                Err(EngineError::not_found(format!("there is no revision {revision} yet; the present one is {}", self.revision)))
            }
            AsOf::Revision(revision) => self.back_to(&reader, layer, revision),
            // Of what another program changed it is not known on which day.
            AsOf::Recorded(day) | AsOf::Valid(day) if !is_known_on(layer, day) || reader.has_untold_changes()? => Err(not_known(layer)),
            AsOf::Recorded(day) => {
                let last = reader.last_edit_until(&format!("{day}T23:59:59.999Z"))?;
                self.back_to(&reader, layer, last.unwrap_or_default().max(came))
            }
            AsOf::Valid(day) => self.valid_on(&reader, layer, day, came),
        }
    }

    /// Takes back what came after a revision, the latest first.
    fn back_to(&self, reader: &Reader, layer: &Layer, revision: Revision) -> Result<Past, EngineError> {
        let revisions = reader.zone_revisions(layer)?;
        if revisions.others > revision {
            return Err(not_known(layer));
        }
        let edits = edits_after(reader, revision)?;
        let told: BTreeSet<(&str, Revision)> =
            edits.iter().flat_map(|edit| edit.changes.iter().map(|change| (change.id.as_str(), edit.revision))).collect();
        let is_told = |(id, changed): (&String, &Revision)| *changed <= revision || told.contains(&(id.as_str(), *changed));
        if !revisions.changed.iter().all(is_told) {
            return Err(not_known(layer));
        }
        let mut past = Past::new();
        for change in edits.iter().rev().flat_map(|edit| &edit.changes) {
            past.insert(change.id.clone(), change.before.clone().map(|zone| (zone, revision)));
        }
        Ok(past)
    }

    /// Each zone as the last edit that held on a day made it.
    fn valid_on(&self, reader: &Reader, layer: &Layer, day: Epoch, came: Revision) -> Result<Past, EngineError> {
        let edits = edits_after(reader, came)?;
        let mut of_zone: BTreeMap<&str, Vec<(Epoch, &Edit, usize)>> = BTreeMap::new();
        for edit in &edits {
            let from = held_from(edit).ok_or_else(|| not_known(layer))?;
            // A vertex that a neighbour's edit put on the border is no version in law.
            for (i, change) in edit.changes.iter().enumerate().filter(|(_, c)| !is_knit(&c.before, &c.after)) {
                of_zone.entry(change.id.as_str()).or_default().push((from, edit, i));
            }
        }
        let mut past = Past::new();
        for (id, mut versions) in of_zone {
            let first = versions[0];
            // Of two that hold from one day the one recorded later counts.
            versions.sort_by_key(|(from, edit, _)| (*from, edit.revision));
            let held = versions.iter().rev().find(|(from, _, _)| *from <= day);
            let zone = match held {
                Some((_, edit, i)) => edit.changes[*i].after.clone().map(|zone| (zone, edit.revision)),
                None => first.1.changes[first.2].before.clone().map(|zone| (zone, came)),
            };
            past.insert(id.to_owned(), zone);
        }
        Ok(past)
    }

    /// What became of one zone: each edit that touched it, the latest first, where its land came from and where it went. Who and
    /// why only for those who may know.
    pub fn zone_versions(&self, id: &str, may_know_who: bool) -> Result<Value, EngineError> {
        let (found, children) = Reader::open(&self.path)?.versions(id, MOST_VERSIONS)?;
        if found.is_empty() && self.zones.by_id(id).is_none() {
            return Err(EngineError::not_found(format!("there is no zone “{}” and never was", id.chars().take(80).collect::<String>())));
        }
        let parents: BTreeSet<&String> = found.iter().flat_map(|(_, change)| &change.parents).collect();
        let version = |(edit, change): &(Edit, ZoneChange)| {
            let mut facts = edit_facts(edit);
            if let Some(facts) = facts.as_object_mut() {
                facts.retain(|name, _| {
                    !["zones", "n_zones"].contains(&name.as_str()) && (may_know_who || !["who", "reason"].contains(&name.as_str()))
                });
            }
            let shape = |zone: &Option<Zone>| zone.as_ref().map(|zone| self.shape_facts(zone, edit.revision));
            (facts["before"], facts["after"]) = (shape(&change.before).into(), shape(&change.after).into());
            facts
        };
        let versions: Vec<Value> = found.iter().map(version).collect();
        Ok(json!({ "id": id, "is_there": self.zones.by_id(id).is_some(), "parents": parents, "children": children, "versions": versions }))
    }

    /// What differs between two moments: each zone that came, went or changed, with the land that it gained and lost.
    pub fn changes_between(&self, from: AsOf, to: AsOf, page: Page) -> Result<Value, EngineError> {
        let (before, after) = (self.past(from)?, self.past(to)?);
        let at = |past: &Past, id: &str| match past.get(id) {
            Some(zone) => zone.as_ref().map(|(zone, _)| zone.clone()),
            None => self.zones.by_id(id).map(|i| self.zones.list[i].zone.clone()),
        };
        let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let is_other = |id: &&String| {
            let [was, is] = [at(&before, id), at(&after, id)];
            was != is && !is_knit(&was, &is)
        };
        let differ: Vec<&String> = ids.into_iter().filter(is_other).collect();
        let mut features = Vec::new();
        for id in differ.iter().skip(page.offset).take(page.limit) {
            features.push(self.difference_facts(id, at(&before, id).as_ref(), at(&after, id).as_ref())?);
        }
        Ok(json!({
            "type": "FeatureCollection", "from": from.told(), "to": to.told(), "n_matched": differ.len(), "n_returned": features.len(),
            "limit": page.limit, "offset": page.offset, "features": features,
        }))
    }

    /// A zone before and after, with the land that it gained and lost.
    pub(super) fn difference_facts(&self, id: &str, old: Option<&Zone>, new: Option<&Zone>) -> Result<Value, EngineError> {
        let nothing = MultiPolygon::new(Vec::new());
        let shape = |zone: Option<&Zone>| zone.map_or(nothing.clone(), |z| z.shape.clone());
        let (was, is) = (shape(old), shape(new));
        let (gained, lost) = (geom::difference(&is, &was), geom::difference(&was, &is));
        let attributes: Vec<Value> = match (old.map(edit::attributes_of), new.map(edit::attributes_of)) {
            (Some(old), Some(new)) => {
                let differs = new.iter().filter(|(name, value)| old.get(*name) != Some(value));
                differs.map(|(name, value)| json!({ "field": name, "before": old.get(name), "after": value })).collect()
            }
            _ => Vec::new(),
        };
        let fields: Vec<&Value> = attributes.iter().map(|attribute| &attribute["field"]).collect();
        let change = match (old, new) {
            (None, _) => "made",
            (_, None) => "removed",
            _ => "changed",
        };
        let properties = json!({
            "id": id, "change": change, "fields": fields, "attributes": attributes, "name": new.or(old).and_then(|z| z.name.clone()),
            "kind": new.or(old).map(|z| z.kind.clone()), "kind_before": old.map(|z| z.kind.clone()),
            "area_before_m2": old.map(|z| geom::area_m2(&z.shape)), "area_after_m2": new.map(|z| geom::area_m2(&z.shape)),
            "gained_m2": geom::area_m2(&gained), "lost_m2": geom::area_m2(&lost),
            "overlap_m2": edit::overlap_m2(&was, &is),
        });
        let mut differs = gained;
        differs.0.extend(lost.0);
        Ok(json!({ "type": "Feature", "id": id, "geometry": self.geometry(&differs)?, "properties": properties }))
    }
}

fn not_known(layer: &Layer) -> EngineError {
    EngineError::not_found(format!(
        "the zones of that moment are not known: they came from {} ({}), or another program changed them since",
        layer.source, layer.imported_at
    ))
}

/// Whether the layer was there at the end of a day.
fn is_known_on(layer: &Layer, day: Epoch) -> bool {
    day.day.is_some() && day_of(&layer.imported_at).is_some_and(|came| came <= day)
}

fn edits_after(reader: &Reader, revision: Revision) -> Result<Vec<Edit>, EngineError> {
    let n_changes = reader.n_changes_after(revision)?;
    if n_changes > MOST_CHANGES {
        let message =
            format!("{n_changes} changes of zones came since; {MOST_CHANGES} are taken back for one answer: ask for a later moment");
        return Err(EngineError::unsupported(message));
    }
    Ok(reader.edits_after(revision)?)
}

fn day_of(at: &str) -> Option<Epoch> {
    at.get(..10).and_then(|day| day.parse().ok())
}

/// The day from which on an edit holds.
fn held_from(edit: &Edit) -> Option<Epoch> {
    edit.valid_from.as_deref().and_then(Epoch::written).map(|(day, _)| day).or_else(|| day_of(&edit.at))
}
