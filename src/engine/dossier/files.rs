//! A dossier's content for programs: a spreadsheet, GeoJSON.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::DossierAsk;
use super::gather::Ground;
use crate::engine::export::spreadsheet;
use crate::engine::figures::geojson;
use crate::engine::{EngineError, Snapshot};
use crate::formats::{About, Column, ColumnType, Row, Table, Value as Cell};
use crate::model::MultiPolygon;
use crate::report::{Dossier, Lang, StatedPart, StatedSubject, Subject, facts, hash_of};

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
        let about = About { source, epoch: None, revision: self.revision, is_simulated: statement.simulated, licence: None };
        let sheets = [
            facts_sheet(dossier, lang),
            parts(dossier),
            status_history(dossier),
            zones(dossier),
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

    /// A FeatureCollection of the zone, or of the code and its parts, and of the events (lon/lat), with what is stated: its hash is that of the member
    /// `statement`, written without spaces.
    pub(super) fn dossier_geojson(&self, dossier: &Dossier, ground: &Ground) -> Result<Vec<u8>, EngineError> {
        let statement = &dossier.statement;
        let geometry = |shape: &MultiPolygon| match shape.0.is_empty() {
            true => Ok::<Value, EngineError>(Value::Null),
            false => Ok(geojson(&self.place.to_lonlat(shape)?)),
        };
        let (id, mut properties) = match &statement.about {
            StatedSubject::Zone(zone) => (&zone.id, json!(zone)),
            StatedSubject::Code(code) => (&code.code, json!(code)),
        };
        for (name, value) in json!(statement.areas).as_object().into_iter().flatten() {
            properties[name] = value.clone();
        }
        properties["geodesic_area_m2"] = json!(dossier.geodesic_area_m2);
        let mut features = vec![json!({ "type": "Feature", "id": id, "geometry": geometry(&ground.shape)?, "properties": properties })];
        for ((_, shape), part) in ground.parts.iter().zip(parts_of(dossier)) {
            features.push(json!({ "type": "Feature", "geometry": geometry(shape)?, "properties": part }));
        }
        let found = self.events_to_look_in(None)?;
        for event in &statement.events {
            let shape = &self.event_in(&found, &event.id, None)?.shape;
            let mut properties = json!(event);
            properties["status"] = json!(event.status);
            features.push(json!({ "type": "Feature", "id": event.id, "geometry": geometry(shape)?, "properties": properties }));
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

fn parts_of(dossier: &Dossier) -> &[StatedPart] {
    if let StatedSubject::Code(code) = &dossier.statement.about { &code.parts } else { &[] }
}

/// What the register says of a code, in its columns.
fn parts(dossier: &Dossier) -> Sheet {
    use ColumnType::{Integer, Real, Text};
    let columns = columns(&[
        ("part", Text),
        ("status", Text),
        ("area_name", Text),
        ("address", Text),
        ("unit", Text),
        ("crop", Text),
        ("variety", Text),
        ("market", Text),
        ("issued", Text),
        ("valid_from", Text),
        ("valid_to", Text),
        ("authority", Text),
        ("decision", Text),
        ("standard", Text),
        ("standard_no", Text),
        ("standard_until", Text),
        ("last_inspection", Text),
        ("next_inspection", Text),
        ("declared_area_m2", Real),
        ("yield_t_ha", Real),
        ("harvests", Real),
        ("households", Integer),
        ("legacy_codes", Text),
        ("has_own_land", Integer),
        ("zone_ids", Text),
        ("area_m2", Real),
    ]);
    let row = |p: &StatedPart| {
        vec![
            maybe(p.part.as_ref()),
            cell(p.status.as_str()),
            maybe(p.area_name.as_ref()),
            maybe(p.address.as_ref()),
            maybe(p.unit.as_ref()),
            maybe(p.crop.as_ref()),
            maybe(p.variety.as_ref()),
            maybe(p.market.as_ref()),
            maybe(p.issued.as_ref()),
            maybe(p.valid_from.as_ref()),
            maybe(p.valid_to.as_ref()),
            maybe(p.authority.as_ref()),
            maybe(p.decision.as_ref()),
            maybe(p.standard.as_ref()),
            maybe(p.standard_no.as_ref()),
            maybe(p.standard_until.as_ref()),
            maybe(p.last_inspection.as_ref()),
            maybe(p.next_inspection.as_ref()),
            number(p.declared_area_m2),
            number(p.yield_t_ha),
            number(p.harvests),
            p.households.map_or(Cell::Null, |n| Cell::Integer(n.into())),
            cell(p.legacy_codes.join("; ")),
            Cell::Integer(p.has_own_land.into()),
            cell(p.zone_ids.join("; ")),
            number(p.area_m2),
        ]
    };
    ("register", columns, parts_of(dossier).iter().map(row).collect())
}

fn status_history(dossier: &Dossier) -> Sheet {
    use ColumnType::Text;
    let columns = columns(&[("part", Text), ("status", Text), ("since", Text), ("reason", Text)]);
    let steps = parts_of(dossier).iter().flat_map(|part| part.status_history.iter().map(move |step| (part, step)));
    let row = |(part, step): (&StatedPart, &crate::model::StatusStep)| {
        vec![maybe(part.part.as_ref()), cell(step.status.as_str()), maybe(step.since.as_ref()), maybe(step.reason.as_ref())]
    };
    ("status_history", columns, steps.map(row).collect())
}

/// Those that stand for a code, or that it lies in.
fn zones(dossier: &Dossier) -> Sheet {
    use ColumnType::{Real, Text};
    let columns = columns(&[("id", Text), ("name", Text), ("kind", Text), ("unit", Text), ("unit_name", Text), ("area_m2", Real)]);
    let of_code = if let StatedSubject::Code(code) = &dossier.statement.about { code.zones.as_slice() } else { &[] };
    let row = |zone: &crate::report::ZoneOfCode| {
        let [code, name] = [0, 1].map(|i| maybe(zone.unit.as_ref().map(|unit| &unit[i])));
        vec![cell(&zone.id), maybe(zone.name.as_ref()), cell(&zone.kind), code, name, Cell::Real(zone.area_m2)]
    };
    ("zones", columns, of_code.iter().map(row).collect())
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
        ("status", Text),
        ("on_land_m2", Real),
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
            cell(e.status.as_str()),
            number(e.on_land_m2),
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
