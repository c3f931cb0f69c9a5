//! What a plan makes another: zone by zone, against the map or against another plan.

use serde_json::{Value, json};

use super::{Drawn, PlanReader};
use crate::edit::Change;
use crate::engine::{EngineError, Snapshot};
use crate::geom;
use crate::model::{MultiPolygon, Zone};

impl Snapshot {
    /// West, south, east, north of all that a plan changes; none when it changes nothing.
    pub(super) fn plan_bounds(&self, drawn: &Drawn) -> Result<Option<[f64; 4]>, EngineError> {
        let sheet = drawn.sheet(self);
        let planned = sheet.over.values().flatten();
        let official = drawn.zones.keys().filter_map(|id| self.official(id)).map(|(zone, _)| zone);
        let boxes = planned.chain(official).filter_map(|zone| geom::bounds(&zone.shape));
        let all = boxes.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
        all.map(|bounds| self.lonlat_bounds(bounds)).transpose()
    }

    /// The zones in which a plan differs from the map as it is now, or from another plan, with the land that differs; and what
    /// stands against publishing it now.
    pub fn plan_changes(&self, id: &str, reader: &PlanReader, with: Option<&str>) -> Result<Value, EngineError> {
        let drawn = self.drawn(id, reader)?;
        let changes = match with {
            None => self.difference(&drawn).changes,
            Some(other) => self.between(&self.drawn(other, &PlanReader::Person)?, &drawn),
        };
        let features = changes.iter().map(|change| self.change_facts(change)).collect::<Result<Vec<Value>, _>>()?;
        let (collisions, faults, _) = if with.is_none() { self.against(&drawn)? } else { Default::default() };
        let issues: Vec<Value> = faults.iter().map(|fault| self.fault_facts(fault)).collect();
        Ok(json!({
            "type": "FeatureCollection", "revision": self.revision, "plan": drawn.plan.id, "plan_revision": drawn.plan.revision,
            "with": with, "n_matched": features.len(), "features": features, "collisions": collisions, "issues": issues,
        }))
    }

    /// From one plan to another.
    fn between(&self, from: &Drawn, to: &Drawn) -> Vec<Change> {
        let (before, after) = (from.sheet(self), to.sheet(self));
        let ids: std::collections::BTreeSet<&String> = from.zones.keys().chain(to.zones.keys()).collect();
        let change = |id: &String| {
            let [before, after] = [&before, &after].map(|sheet| sheet.zone(id).map(|(zone, _)| zone));
            (before != after).then(|| Change { id: id.clone(), before: before.cloned(), after: after.cloned(), parents: Vec::new() })
        };
        ids.into_iter().filter_map(change).collect()
    }

    fn change_facts(&self, change: &Change) -> Result<Value, EngineError> {
        let area = |zone: &Option<Zone>| zone.as_ref().map(|zone| geom::area_m2(&zone.shape));
        let nothing = MultiPolygon::new(Vec::new());
        let shape = |zone: &Option<Zone>| zone.as_ref().map_or_else(|| nothing.clone(), |zone| zone.shape.clone());
        let (before, after) = (shape(&change.before), shape(&change.after));
        let what = match (&change.before, &change.after) {
            (None, _) => "made",
            (_, None) => "removed",
            _ => "changed",
        };
        let attributes = |zone: &Option<Zone>| zone.as_ref().map(crate::edit::attributes_of).unwrap_or_default();
        let (old, new) = (attributes(&change.before), attributes(&change.after));
        let differs = new.iter().filter(|(name, value)| what == "changed" && old.get(*name) != Some(value));
        let fields: Vec<Value> = differs.map(|(name, value)| json!({ "field": name, "before": old.get(name), "after": value })).collect();
        let kind = change.after.as_ref().or(change.before.as_ref()).map(|zone| &zone.kind);
        let [gained, lost] =
            [(&after, &before), (&before, &after)].map(|(a, b)| if a == b { nothing.clone() } else { geom::difference(a, b) });
        // Where only attributes differ the whole zone is shown.
        let shown = if before == after { after.clone() } else { MultiPolygon::new([&gained.0[..], &lost.0[..]].concat()) };
        Ok(json!({
            "type": "Feature", "id": change.id, "geometry": self.geometry(&shown)?,
            "properties": {
                "id": change.id, "change": what, "kind": kind, "kind_before": change.before.as_ref().map(|zone| &zone.kind),
                "name": change.after.as_ref().or(change.before.as_ref()).and_then(|zone| zone.name.as_ref()),
                "area_before_m2": area(&change.before), "area_after_m2": area(&change.after), "gained_m2": geom::area_m2(&gained),
                "lost_m2": geom::area_m2(&lost), "is_reshaped": change.is_reshaped(), "fields": fields, "parents": change.parents,
            },
        }))
    }
}
