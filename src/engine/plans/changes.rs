//! What a plan makes another: zone by zone, against the map or against another plan.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Drawn, PlanReader};
use crate::edit::Change;
use crate::engine::export::spreadsheet;
use crate::engine::sheet::is_knit;
use crate::engine::{EngineError, Snapshot};
use crate::formats::{About, Column, ColumnType, Row, Table, Value as Cell};
use crate::geom;

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
        // A vertex that a neighbour's edit put on the border makes it no other border.
        let differing = changes.iter().filter(|change| !is_knit(&change.before, &change.after));
        let features = differing.map(|change| self.change_facts(change)).collect::<Result<Vec<Value>, _>>()?;
        let (collisions, faults, _) = if with.is_none() { self.against(&drawn)? } else { Default::default() };
        let issues: Vec<Value> = faults.iter().map(|fault| self.fault_facts(fault)).collect();
        Ok(json!({
            "type": "FeatureCollection", "revision": self.revision, "plan": drawn.plan.id, "plan_revision": drawn.plan.revision,
            "with": with, "n_matched": features.len(), "features": features, "collisions": collisions, "issues": issues,
        }))
    }

    /// The same as a spreadsheet, a row for each zone.
    pub fn plan_changes_sheet(&self, id: &str, reader: &PlanReader, with: Option<&str>) -> Result<Vec<u8>, EngineError> {
        let drawn = self.drawn(id, reader)?;
        let changes = self.plan_changes(id, reader, with)?;
        let names = ["id", "change", "kind_before", "kind", "name", "attributes"];
        let areas = ["area_before_m2", "area_after_m2", "gained_m2", "lost_m2"];
        let columns: Vec<Column> = names
            .iter()
            .map(|name| Column::new(name, ColumnType::Text))
            .chain(areas.iter().map(|name| Column::new(name, ColumnType::Real)))
            .collect();
        let row = |feature: &Value| {
            let of = &feature["properties"];
            let written = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let became = |a: &Value| format!("{}: {} → {}", written(&a["field"]), written(&a["before"]), written(&a["after"]));
            let attributes: Vec<String> = of["attributes"].as_array().into_iter().flatten().map(became).collect();
            let text = |name: &&str| match *name {
                "attributes" => Cell::Text(attributes.join("; ")),
                name => of[name].as_str().map_or(Cell::Null, |text| Cell::Text(text.to_owned())),
            };
            let area = |name: &&str| of[*name].as_f64().map_or(Cell::Null, Cell::Real);
            Row { values: names.iter().map(text).chain(areas.iter().map(area)).collect(), shape: None }
        };
        let rows: Vec<Row> = changes["features"].as_array().into_iter().flatten().map(row).collect();
        let source = format!("plan {}: {}", drawn.plan.id, drawn.plan.name);
        let about = About { source, epoch: None, revision: self.revision, is_simulated: self.simulated(), licence: None };
        let table = Table { name: "changes", columns: &columns, about: &about, is_polygons: true };
        spreadsheet(self.place.crs, vec![(table, rows)])
    }

    /// From one plan to another.
    fn between(&self, from: &Drawn, to: &Drawn) -> Vec<Change> {
        let (before, after) = (from.sheet(self), to.sheet(self));
        let ids: BTreeSet<&String> = from.zones.keys().chain(to.zones.keys()).collect();
        let change = |id: &String| {
            let [before, after] = [&before, &after].map(|sheet| sheet.zone(id).map(|(zone, _)| zone));
            (before != after).then(|| Change { id: id.clone(), before: before.cloned(), after: after.cloned(), parents: Vec::new() })
        };
        ids.into_iter().filter_map(change).collect()
    }

    fn change_facts(&self, change: &Change) -> Result<Value, EngineError> {
        let (old, new) = (change.before.as_ref(), change.after.as_ref());
        let mut facts = self.difference_facts(&change.id, old, new)?;
        if let (false, Some(zone)) = (change.is_reshaped(), new) {
            // Where only attributes differ the whole zone is shown.
            facts["geometry"] = self.geometry(&zone.shape)?;
        }
        let properties = &mut facts["properties"];
        properties["is_reshaped"] = json!(change.is_reshaped());
        properties["parents"] = json!(change.parents);
        Ok(facts)
    }
}
