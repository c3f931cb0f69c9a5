//! The register as rows of a file: its public fields, one row a part.

use crate::engine::export::{columns, real, text, with_kept};
use crate::engine::figures::rounded_m2;
use crate::engine::{EngineError, Snapshot};
use crate::formats::{Column, ColumnType, Row, Value};
use crate::model::Geometry;

/// What joins the texts of a list in one cell.
const JOINED: &str = "; ";

pub(in crate::engine) fn rows(snapshot: &Snapshot, keep: &[String]) -> Result<(Vec<Column>, Vec<Row>), EngineError> {
    use ColumnType::{Integer, Real, Text};
    let texts = |names: &'static [&'static str]| names.iter().map(|name| (*name, Text));
    let front = ["code", "part", "raw", "scheme", "zone_ids", "area_name", "address", "unit", "crop", "variety", "market", "status"];
    let dates = [
        "issued",
        "valid_from",
        "valid_to",
        "standard",
        "standard_no",
        "standard_until",
        "authority",
        "decision",
        "last_inspection",
        "next_inspection",
    ];
    let mut names: Vec<(&str, ColumnType)> = front.iter().chain(&dates).map(|name| (*name, Text)).collect();
    names.extend([
        ("declared_area_m2", Real),
        ("measured_area_m2", Real),
        ("yield_t_ha", Real),
        ("harvests", Real),
        ("households", Integer),
    ]);
    names.extend(texts(&["legacy_codes"]));
    let lands = snapshot.code_lands();
    let mut rows = Vec::with_capacity(snapshot.codes.records.len());
    for (entry, place) in snapshot.codes.entries.iter().zip(0..) {
        let land = &lands.ground.lands[place];
        let ids: Vec<&str> = land.zones.iter().map(|zone| snapshot.zones.list[*zone].zone.id.as_str()).collect();
        for r in entry.records.iter().map(|n| &snapshot.codes.records[*n]) {
            let list = |list: &[String]| (!list.is_empty()).then(|| list.join(JOINED));
            let zone_ids = if ids.is_empty() { list(&r.zone_ids) } else { Some(ids.join(JOINED)) };
            let shape = if r.shape.0.is_empty() { &land.shape } else { &r.shape };
            let words = [&r.code, &r.raw, &r.scheme].map(|word| text(Some(word)));
            let [code, raw, scheme] = words;
            let mut values = vec![code, text(r.part.as_deref()), raw, scheme, text(zone_ids.as_deref())];
            let more = [&r.area_name, &r.address, &r.unit, &r.crop, &r.variety, &r.market];
            values.extend(more.map(|value| text(value.as_deref())));
            values.push(text(Some(r.status.as_str())));
            let papers = [&r.issued, &r.valid_from, &r.valid_to, &r.standard, &r.standard_no, &r.standard_until, &r.authority, &r.decision];
            values.extend(papers.map(|value| text(value.as_deref())));
            values.extend([&r.last_inspection, &r.next_inspection].map(|value| text(value.as_deref())));
            let measured_m2 = (!shape.0.is_empty()).then(|| rounded_m2(crate::geom::area_m2(shape)));
            values.extend([real(r.declared_area_m2), real(measured_m2), real(r.yield_t_ha), real(r.harvests)]);
            values.push(r.households.map_or(Value::Null, |n| Value::Integer(n.into())));
            values.push(text(list(&r.legacy_codes).as_deref()));
            let shape = (!shape.0.is_empty()).then(|| Geometry::MultiPolygon(shape.clone()));
            rows.push(Row { values: with_kept(values, &r.kept), shape });
        }
    }
    Ok((columns(&names, keep), rows))
}
