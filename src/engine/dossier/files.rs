//! A dossier's content for programs: a spreadsheet, GeoJSON.

use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::DossierAsk;
use crate::engine::export::spreadsheet;
use crate::engine::figures::geojson;
use crate::engine::{EngineError, Snapshot};
use crate::formats::{About, Column, ColumnType, Row, Table, Value as Cell};
use crate::report::{Dossier, Lang, Subject, facts, hash_of};

/// A sheet has 1,048,576 rows, one of which is its head.
const MOST_ROWS: usize = 1_048_575;

type Sheet = (&'static str, Vec<Column>, Vec<Vec<Cell>>);

fn cell(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn maybe(text: Option<impl Into<String>>) -> Cell {
    text.map_or(Cell::Null, cell)
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Null, Cell::Real)
}

fn columns(names: &[(&str, ColumnType)]) -> Vec<Column> {
    names.iter().map(|(name, kind)| Column::new(name, *kind)).collect()
}

impl Snapshot {
    /// The facts, then a sheet for each table, all rows of each.
    pub(super) fn dossier_sheets(&self, dossier: &Dossier, lang: Lang) -> Result<Vec<u8>, EngineError> {
        let statement = &dossier.statement;
        let source = self.layers.iter().find(|l| l.role == crate::model::LayerRole::Zones).map_or_else(String::new, |l| l.source.clone());
        let about = About { source, epoch: None, revision: self.revision, is_simulated: statement.simulated };
        let sheets = [
            facts_sheet(dossier, lang),
            events(dossier),
            evidence(dossier),
            transitions(dossier),
            checks(dossier),
            sources(dossier),
            vertices(dossier),
        ];
        let sheets: Vec<Sheet> = sheets.into_iter().filter(|(_, _, rows)| !rows.is_empty()).collect();
        let tables = sheets.iter().map(|(name, columns, rows)| {
            let rows = rows.iter().take(MOST_ROWS).map(|values| Row { values: values.clone(), shape: None });
            (Table { name, columns, about: &about, is_polygons: true }, rows.collect())
        });
        spreadsheet(self.place.crs, tables.collect())
    }

    /// A FeatureCollection of the zone and the events (lon/lat), with what is stated: its hash is that of the member
    /// `statement`, written without spaces.
    pub(super) fn dossier_geojson(&self, dossier: &Dossier) -> Result<Vec<u8>, EngineError> {
        let statement = &dossier.statement;
        let zone = self.zones.by_id(&statement.zone.id).map(|i| &self.zones.list[i].zone);
        let zone = zone.ok_or_else(|| EngineError::not_found(format!("no zone “{}”", statement.zone.id)))?;
        let mut properties = json!(statement.zone);
        for (name, value) in json!(statement.areas).as_object().into_iter().flatten() {
            properties[name] = value.clone();
        }
        properties["geodesic_area_m2"] = json!(dossier.geodesic_area_m2);
        let mut features = vec![
            json!({ "type": "Feature", "id": zone.id, "geometry": geojson(&self.place.to_lonlat(&zone.shape)?), "properties": properties }),
        ];
        let found = self.events_to_look_in(None)?;
        for event in &statement.events {
            let shape = &self.event_in(&found, &event.id, None)?.shape;
            features.push(
                json!({ "type": "Feature", "id": event.id, "geometry": geojson(&self.place.to_lonlat(shape)?), "properties": event }),
            );
        }
        let made = dossier.made.format(&Rfc3339).unwrap_or_default();
        let verification = dossier.verification.as_ref();
        let whole = json!({
            "type": "FeatureCollection", "subject": statement.subject, "revision": dossier.revision, "made": made, "simulated": statement.simulated,
            "hash": hash_of(statement).to_hex().to_string(), "verify": verification.map(|v| format!("{}{}", v.address, v.id)),
            "statement": statement, "features": features,
        });
        serde_json::to_vec(&whole).map_err(|e| EngineError::internal(e.to_string()))
    }
}

fn facts_sheet(dossier: &Dossier, lang: Lang) -> Sheet {
    let columns = columns(&[("label", ColumnType::Text), ("value", ColumnType::Text)]);
    ("dossier", columns, facts(dossier, lang).into_iter().map(|[label, value]| vec![cell(label), cell(value)]).collect())
}

fn events(dossier: &Dossier) -> Sheet {
    use ColumnType::{Integer, Real, Text};
    let columns = columns(&[
        ("id", Text),
        ("group", Text),
        ("code", Text),
        ("seen", Text),
        ("since", Text),
        ("change", Text),
        ("right", Text),
        ("severity", Integer),
        ("area_m2", Real),
        ("sigma_m2", Real),
        ("probability", Real),
        ("share", Real),
        ("width_m", Real),
        ("n_sources", Integer),
        ("n_agreeing", Integer),
    ]);
    let row = |e: &crate::report::StatedEvent| {
        vec![
            cell(&e.id),
            cell(e.group.as_str()),
            cell(&e.code),
            cell(e.epoch.to_string()),
            maybe(e.since.map(|s| s.to_string())),
            maybe(e.change.map(|c| c.as_str())),
            cell(e.right.as_str()),
            e.severity.map_or(Cell::Null, |s| Cell::Integer(s.into())),
            Cell::Real(e.area_m2),
            number(e.sigma_m2),
            number(e.probability),
            Cell::Real(e.share),
            Cell::Real(e.width_m),
            Cell::Integer(e.n_sources.into()),
            Cell::Integer(e.n_agreeing.into()),
        ]
    };
    ("events", columns, dossier.statement.events.iter().map(row).collect())
}

fn evidence(dossier: &Dossier) -> Sheet {
    use ColumnType::{Integer, Real, Text};
    let columns = columns(&[
        ("event_id", Text),
        ("kind", Text),
        ("layer", Text),
        ("feature", Text),
        ("label", Text),
        ("area_m2", Real),
        ("date", Text),
        ("counts", Integer),
    ]);
    let rows = dossier.statement.events.iter().flat_map(|event| {
        event.evidence.iter().map(|e| {
            vec![
                cell(&event.id),
                cell(e.kind.as_str()),
                cell(&e.layer),
                cell(&e.feature),
                maybe(e.label.as_ref()),
                Cell::Real(e.area_m2),
                maybe(e.date.as_ref()),
                Cell::Integer(e.counts.into()),
            ]
        })
    });
    ("evidence", columns, rows.collect())
}

fn transitions(dossier: &Dossier) -> Sheet {
    let columns = columns(&[("from_code", ColumnType::Text), ("to_code", ColumnType::Text), ("area_m2", ColumnType::Real)]);
    let row = |t: &crate::report::StatedTransition| vec![cell(&t.from), cell(&t.to), Cell::Real(t.area_m2)];
    ("transitions", columns, dossier.statement.transitions.iter().map(row).collect())
}

fn checks(dossier: &Dossier) -> Sheet {
    use ColumnType::Text;
    let columns = columns(&[
        ("code", Text),
        ("check", Text),
        ("verdict", Text),
        ("reason_vi", Text),
        ("reason_en", Text),
        ("rule_vi", Text),
        ("rule_en", Text),
    ]);
    let row = |c: &crate::report::Check| {
        let rule = c.rule.as_ref();
        vec![
            cell(&c.code),
            cell(&c.check),
            cell(c.verdict.as_str()),
            cell(&c.message.vi),
            cell(&c.message.en),
            maybe(rule.map(|r| &r.vi)),
            maybe(rule.map(|r| &r.en)),
        ]
    };
    ("checks", columns, dossier.statement.checks.iter().map(row).collect())
}

fn sources(dossier: &Dossier) -> Sheet {
    use ColumnType::{Real, Text};
    // `source` and `epoch` are of the row itself: of the layer that it names.
    let columns = columns(&[
        ("layer", Text),
        ("role", Text),
        ("epoch", Text),
        ("source", Text),
        ("source_crs", Text),
        ("operation", Text),
        ("accuracy_m", Real),
        ("imported_at", Text),
    ]);
    let row = |s: &crate::report::StatedSource| {
        vec![
            cell(&s.layer),
            cell(s.role.as_str()),
            maybe(s.epoch.map(|e| e.to_string())),
            cell(&s.source),
            cell(&s.source_crs),
            maybe(s.operation.as_ref()),
            number(s.accuracy_m),
            cell(&s.imported_at),
        ]
    };
    ("sources", columns, dossier.statement.sources.iter().map(row).collect())
}

/// X is northing, Y easting, as Vietnamese tables have it.
fn vertices(dossier: &Dossier) -> Sheet {
    use ColumnType::{Integer, Real};
    let columns =
        columns(&[("part", Integer), ("hole", Integer), ("vertex", Integer), ("x_north_m", Real), ("y_east_m", Real), ("edge_m", Real)]);
    let mut rows = Vec::new();
    let mut of_polygon = (0, 0);
    for ring in &dossier.statement.rings {
        of_polygon = if of_polygon.0 == ring.polygon { (ring.polygon, of_polygon.1 + 1) } else { (ring.polygon, 0) };
        for (i, [x, y]) in ring.vertices.iter().enumerate().take(MOST_ROWS - rows.len().min(MOST_ROWS)) {
            let [next_x, next_y] = ring.vertices[(i + 1) % ring.vertices.len()];
            let edge_m = ((next_x - x).hypot(next_y - y) * 1000.0).round() / 1000.0;
            rows.push(vec![
                Cell::Integer(ring.polygon as i64),
                Cell::Integer(of_polygon.1),
                Cell::Integer(i as i64 + 1),
                Cell::Real(*y),
                Cell::Real(*x),
                Cell::Real(edge_m),
            ]);
        }
    }
    ("vertices", columns, rows)
}

impl DossierAsk {
    /// What a downloaded dossier is called: letters and digits of the subject's id, no more.
    pub fn file_name(&self) -> String {
        let Subject { kind, id } = &self.subject;
        let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).take(60).collect();
        format!("{kind}-{id}.{}", self.file.ending())
    }
}
