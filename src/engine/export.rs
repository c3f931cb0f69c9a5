//! Out again: a layer of a snapshot as a file, with where it comes from inside.

use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::accounts::new_secret;
use super::alerts::Standing;
use super::detect::{Detection, Overlay};
use super::draft::{Draft, cannot};
use super::figures::rounded_m2;
use super::planning::{Figures, FiguresRow};
use super::transitions::TransitionsAsk;
use super::{EngineError, Progress, Snapshot};
use crate::formats::{About, Column, ColumnType, Export, Row, Table, Value, csv_cell};
use crate::model::{
    Change, Epoch, EpsgCode, Event, Evidence, EvidenceKind, Geometry, Issue, Kept, Layer, LayerRole, MultiPolygon, Revision,
};

#[derive(Debug, Serialize)]
pub struct Exported {
    pub out: String,
    pub layer: String,
    pub n_features: u64,
    pub issues: Vec<Issue>,
}

/// How a layer is written.
#[derive(Debug, Clone, Default)]
pub struct ExportAsk {
    /// The file's coordinate system; none: the workspace's, or what the format asks for.
    pub crs: Option<EpsgCode>,
    /// Under what terms the data may be used: each row says it.
    pub licence: Option<String>,
    /// Of events only what counts as lost, as the map shows it: not those that were rejected.
    pub only_losses: bool,
    /// Of zones those of a past revision. What they had lost then is not kept.
    pub as_of: Option<Revision>,
}

impl ExportAsk {
    /// The revision that is asked for, when it is not the present one.
    fn past(&self, snapshot: &Snapshot) -> Option<Revision> {
        self.as_of.filter(|revision| *revision != snapshot.revision)
    }
}

/// Writes one layer. `name` is a layer's name, or `encroachments`, `landuse` (the latest epoch), `units`, `codes`.
pub fn export(snapshot: &Snapshot, name: &str, out: &Path, ask: &ExportAsk, progress: Progress) -> Result<Exported, EngineError> {
    super::may_be_written(out, &snapshot.path)?;
    let (role, epoch) = layer_asked(snapshot, name)?;
    let name = Layer::name_of(role, epoch);
    let keep = snapshot.layers.iter().find(|l| l.name == name).map_or(&[][..], |l| &l.keep);
    write_layer(snapshot, (role, epoch), keep, out, ask, progress)
}

/// The same of a layer that is known to be there, with those columns of its file that were kept and are named. Values of others
/// come after the last column, where a file has no place for them.
pub(super) fn write_layer(
    snapshot: &Snapshot,
    (role, epoch): (LayerRole, Option<Epoch>),
    keep: &[String],
    out: &Path,
    ask: &ExportAsk,
    progress: Progress,
) -> Result<Exported, EngineError> {
    let past = ask.past(snapshot);
    if past.is_some() && role != LayerRole::Zones {
        return Err(EngineError::not_found("of an earlier revision only the zones are kept: leave the revision out for what is there now"));
    }
    let (columns, rows) = rows(snapshot, role, epoch, keep, ask)?;
    let name = Layer::name_of(role, epoch);
    let layer = snapshot.layers.iter().find(|l| l.name == name);
    let about = About {
        source: match (role, epoch) {
            // Found anew when the kept ones no longer hold.
            (LayerRole::Encroachments, Some(epoch)) => format!("detected from {}", snapshot.detection_stamp(epoch)),
            _ => layer.map_or_else(String::new, |l| l.source.clone()),
        },
        // What zones have lost, they have lost by the latest epoch.
        epoch: if role == LayerRole::Zones && past.is_none() { snapshot.epoch(None)? } else { epoch },
        revision: past.unwrap_or(snapshot.revision),
        is_simulated: snapshot.simulated(),
        licence: ask.licence.clone(),
    };
    let table = Table { name: &name, columns: &columns, about: &about, is_polygons: role != LayerRole::Context };
    let mut file = Export::create(out, snapshot.place.crs, ask.crs)?;
    let total = rows.len() as u64;
    let counted = rows.into_iter().enumerate().map(|(i, row)| {
        if i % 512 == 0 {
            progress("writing", i as u64, total);
        }
        row
    });
    let n_features = file.layer(&table, counted)?;
    Ok(Exported { out: out.display().to_string(), layer: table.name.to_owned(), n_features, issues: file.finish()? })
}

fn layer_asked(snapshot: &Snapshot, name: &str) -> Result<(LayerRole, Option<Epoch>), EngineError> {
    match name {
        "encroachments" | "landuse" => match snapshot.epoch(None)? {
            Some(epoch) if name == "landuse" => Ok((LayerRole::LandUse, Some(epoch))),
            Some(epoch) => Ok((LayerRole::Encroachments, Some(epoch))),
            None => Err(EngineError::not_found("the workspace has no land use yet")),
        },
        "units" if snapshot.layer(LayerRole::Boundaries).is_some() => Ok((LayerRole::Boundaries, None)),
        "codes" if snapshot.layer(LayerRole::Codes).is_some() => Ok((LayerRole::Codes, None)),
        name => {
            let layer = snapshot.layer_named(name)?;
            if let Some(raster) = &layer.raster {
                let message =
                    format!("{name} is a raster, and only features are exported: take the file {} beside the workspace", raster.file);
                return Err(EngineError::unsupported(message));
            }
            Ok((layer.role, layer.epoch))
        }
    }
}

pub(super) fn text(value: Option<&str>) -> Value {
    value.map_or(Value::Null, |v| Value::Text(v.to_owned()))
}

pub(super) fn real(value: Option<f64>) -> Value {
    value.map_or(Value::Null, Value::Real)
}

fn shape(shape: &MultiPolygon) -> Option<Geometry> {
    Some(Geometry::MultiPolygon(shape.clone()))
}

pub(super) fn columns(names: &[(&str, ColumnType)], keep: &[String]) -> Vec<Column> {
    let ours = names.iter().map(|(name, kind)| Column::new(name, *kind));
    ours.chain(keep.iter().map(|name| Column::new(name, ColumnType::Text))).collect()
}

pub(super) fn with_kept(mut values: Vec<Value>, kept: &Kept) -> Vec<Value> {
    values.extend(kept.iter().map(|k| text(k.as_deref())));
    values
}

fn rows(
    snapshot: &Snapshot,
    role: LayerRole,
    epoch: Option<Epoch>,
    keep: &[String],
    ask: &ExportAsk,
) -> Result<(Vec<Column>, Vec<Row>), EngineError> {
    use ColumnType::{Integer, Real, Text};
    let past = ask.past(snapshot).map(|revision| snapshot.zones_at(revision)).transpose()?;
    let zones = past.as_ref().unwrap_or(&snapshot.zones.list);
    let tells_losses = role == LayerRole::Zones && past.is_none();
    let found = snapshot.epoch(None)?.filter(|_| tells_losses).map(|e| snapshot.losses(e)).transpose()?;
    let (columns, rows) = match (role, epoch) {
        (LayerRole::Zones, _) => (
            columns(
                &[
                    ("id", Text),
                    ("kind", Text),
                    ("name", Text),
                    ("code", Text),
                    ("unit", Text),
                    ("unit_name", Text),
                    ("crop", Text),
                    ("variety", Text),
                    ("cooperative", Text),
                    ("linkage", Text),
                    ("products", Text),
                    ("standard", Text),
                    ("standard_no", Text),
                    ("standard_until", Text),
                    ("declared_area_m2", Real),
                    ("established", Text),
                    ("area_m2", Real),
                    ("lost_m2", Real),
                    ("n_events", Integer),
                ],
                keep,
            ),
            zones
                .iter()
                .enumerate()
                .map(|(i, view)| {
                    let zone = &view.zone;
                    let unit = view.unit.and_then(|u| snapshot.units.get(u));
                    let values = vec![
                        text(Some(&zone.id)),
                        text(Some(&zone.kind)),
                        text(zone.name.as_deref()),
                        text(zone.code.as_deref()),
                        text(unit.map(|u| u.unit.code.as_str()).or(zone.unit.as_deref())),
                        text(unit.map(|u| u.unit.name.as_str())),
                        text(zone.crop.as_deref()),
                        text(zone.variety.as_deref()),
                        text(zone.cooperative.as_deref()),
                        text(zone.linkage.as_deref()),
                        text(zone.products.as_deref()),
                        text(zone.standard.as_deref()),
                        text(zone.standard_no.as_deref()),
                        text(zone.standard_until.as_deref()),
                        real(zone.declared_area_m2),
                        text(zone.established.as_deref()),
                        Value::Real(rounded_m2(view.area_m2)),
                        real(found.as_ref().map(|f| rounded_m2(f.lost_m2(i)))),
                        found.as_ref().map_or(Value::Null, |f| Value::Integer(f.of_zone(i).len() as i64)),
                    ];
                    Row { values: with_kept(values, &zone.kept), shape: shape(&zone.shape) }
                })
                .collect(),
        ),
        (LayerRole::LandUse, Some(epoch)) => {
            let land_use = snapshot.land_use(epoch)?;
            let rows = land_use.land_use.iter().map(|used| {
                let group = land_use.class(used).map_or("unmapped", |c| c.group.as_str());
                let values = vec![text(Some(&used.id)), text(Some(&used.code)), text(Some(group)), text(used.observed.as_deref())];
                Row { values: with_kept(values, &used.kept), shape: shape(&used.shape) }
            });
            (columns(&[("id", Text), ("code", Text), ("group", Text), ("observed", Text)], keep), rows.collect())
        }
        (LayerRole::Encroachments, Some(epoch)) => {
            let standing = snapshot.standing()?;
            let found = if ask.only_losses { snapshot.losses(epoch)? } else { snapshot.events(epoch)? };
            (event_columns(), found.events().map(|event| event_row(event, &standing)).collect())
        }
        (LayerRole::Boundaries, _) => (
            columns(&[("code", Text), ("name", Text), ("full_name", Text), ("valid_from", Text), ("area_m2", Real)], keep),
            snapshot
                .units
                .iter()
                .map(|view| {
                    let unit = &view.unit;
                    let values = vec![
                        text(Some(&unit.code)),
                        text(Some(&unit.name)),
                        text(unit.full_name.as_deref()),
                        text(unit.valid_from.as_deref()),
                        Value::Real(rounded_m2(view.area_m2)),
                    ];
                    Row { values: with_kept(values, &unit.kept), shape: shape(&unit.shape) }
                })
                .collect(),
        ),
        (LayerRole::Permits, _) => (
            columns(&[("id", Text), ("right", Text), ("decision", Text), ("decided", Text), ("valid_to", Text)], keep),
            snapshot
                .permits
                .iter()
                .map(|permit| {
                    let values = vec![
                        text(Some(&permit.id)),
                        text(Some(permit.right.as_str())),
                        text(permit.decision.as_deref()),
                        text(permit.decided.as_deref()),
                        text(permit.valid_to.as_deref()),
                    ];
                    Row { values: with_kept(values, &permit.kept), shape: shape(&permit.shape) }
                })
                .collect(),
        ),
        (LayerRole::Context, _) => (
            columns(&[("id", Text), ("group", Text), ("name", Text), ("width_m", Real)], keep),
            snapshot
                .context
                .iter()
                .map(|context| {
                    let values = vec![
                        text(Some(&context.id)),
                        text(Some(context.group.as_str())),
                        text(context.name.as_deref()),
                        real(context.width_m),
                    ];
                    Row { values: with_kept(values, &context.kept), shape: Some(context.shape.clone()) }
                })
                .collect(),
        ),
        (LayerRole::Codes, _) => super::register::rows(snapshot, keep)?,
        (LayerRole::LandUse | LayerRole::Encroachments, None) => {
            return Err(EngineError::internal(format!("layer {} has no epoch", Layer::name_of(role, epoch))));
        }
    };
    Ok((super::fields::explained(role, columns), rows))
}

fn event_columns() -> Vec<Column> {
    use ColumnType::{Integer, Real, Text};
    columns(
        &[
            ("id", Text),
            ("zone_id", Text),
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
            ("evidence", Text),
            ("status", Text),
        ],
        &[],
    )
}

/// `decision 123/QĐ-UBND of 2018-05-02: 480.0 m²; …`
fn evidence_text(evidence: &[Evidence]) -> String {
    let one = |e: &Evidence| {
        let label = e.label.as_deref().unwrap_or(&e.feature);
        let date = e.date.as_deref().map(|d| format!(" of {d}")).unwrap_or_default();
        let not = match (e.counts, e.kind) {
            (true, _) => "",
            (false, EvidenceKind::Raster) => " (shows no loss)",
            (false, _) => " (not in force)",
        };
        format!("{} {label}{date}{not}: {:.1} m²", e.kind, e.area_m2)
    };
    evidence.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn event_row(event: &Event, standing: &Standing) -> Row {
    let values = vec![
        text(Some(&event.id)),
        text(Some(&event.zone_id)),
        text(Some(event.group.as_str())),
        text(Some(&event.code)),
        text(Some(&event.epoch.to_string())),
        text(event.since.map(|e| e.to_string()).as_deref()),
        text(event.change.map(Change::as_str)),
        text(Some(event.right.as_str())),
        event.severity.map_or(Value::Null, |steps| Value::Integer(steps.into())),
        Value::Real(rounded_m2(event.area_m2)),
        event.sigma_m2.map_or(Value::Null, |m2| Value::Real(rounded_m2(m2))),
        event.probability.map_or(Value::Null, Value::Real),
        Value::Real(event.share),
        Value::Real(event.width_m),
        Value::Integer(event.n_sources.into()),
        Value::Integer(event.n_agreeing.into()),
        text(Some(&evidence_text(&event.evidence))),
        text(Some(standing.of(&event.id).as_str())),
    ];
    Row { values, shape: shape(&event.shape) }
}

/// Writes the events that `detect` found.
pub fn write_events(snapshot: &Snapshot, detection: &Detection, out: &Path) -> Result<Vec<Issue>, EngineError> {
    super::may_be_written(out, &snapshot.path)?;
    let about = About {
        source: "farmzone detect".to_owned(),
        epoch: Some(detection.found.epoch),
        revision: snapshot.revision,
        is_simulated: snapshot.simulated(),
        licence: None,
    };
    let columns = event_columns();
    let mut file = Export::create(out, snapshot.place.crs, None)?;
    let standing = snapshot.standing()?;
    let rows = detection.events().map(|event| event_row(event, &standing));
    file.layer(&Table { name: "encroachments", columns: &columns, about: &about, is_polygons: true }, rows)?;
    Ok(file.finish()?)
}

/// Writes the pairs of an overlay: `zone_id,landuse_id,code,area_m2,share`.
pub(super) fn write_overlay(found: &Overlay, out: &Path) -> Result<(), EngineError> {
    write_text(out, |file| {
        writeln!(file, "zone_id,landuse_id,code,area_m2,share")?;
        for row in &found.rows {
            let [zone, land_use, code] = [&row.zone_id, &row.landuse_id, &row.code].map(|text| csv_cell(text));
            writeln!(file, "{zone},{land_use},{code},{},{}", row.area_m2, row.share)?;
        }
        Ok(())
    })
}

/// Writes what became what in every zone: `zone_id,from_epoch,to_epoch,from_code,to_code,area_m2`.
pub fn write_transitions(snapshot: &Snapshot, ask: &TransitionsAsk, out: &Path) -> Result<(), EngineError> {
    super::table_may_be_written(out, &snapshot.path)?;
    let (from, to, rows) = snapshot.transitions_of_zones(ask)?;
    write_text(out, |file| {
        writeln!(file, "zone_id,from_epoch,to_epoch,from_code,to_code,area_m2")?;
        for row in &rows {
            let [zone, before, after] =
                [Some(&row.zone_id), row.from_code.as_ref(), row.to_code.as_ref()].map(|text| csv_cell(text.map_or("", String::as_str)));
            writeln!(file, "{zone},{from},{to},{before},{after},{}", row.area_m2)?;
        }
        Ok(())
    })
}

/// Writes a picture of the workspace, which the viewer drew.
#[cfg(feature = "native-viewer")]
pub fn write_picture(snapshot: &Snapshot, png: &[u8], out: &Path) -> Result<(), EngineError> {
    super::may_be_written(out, &snapshot.path)?;
    write_text(out, |file| file.write_all(png))
}

/// Writes figures for planning, a row each, areas in m².
pub fn write_figures(snapshot: &Snapshot, figures: &Figures, out: &Path) -> Result<(), EngineError> {
    super::table_may_be_written(out, &snapshot.path)?;
    let optional = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    let line = |row: &FiguresRow| {
        let l = &row.landscape;
        let numbers = [
            row.n_zones.to_string(),
            row.area_m2.to_string(),
            optional(row.lost_m2),
            optional(row.remaining_m2),
            optional(row.not_seen_m2),
            optional(row.target_m2),
            l.n_patches.to_string(),
            l.mean_patch_m2.to_string(),
            l.largest_patch_m2.to_string(),
            l.largest_patch_share.to_string(),
            l.effective_mesh_m2.to_string(),
            l.edge_m_per_ha.to_string(),
            l.core_m2.to_string(),
            l.proximity.to_string(),
        ];
        format!("{},{},{}", csv_cell(&row.key), csv_cell(&row.name_for_people()), numbers.join(","))
    };
    write_text(out, |file| {
        writeln!(
            file,
            "key,name,n_zones,area_m2,lost_m2,remaining_m2,not_seen_m2,target_m2,n_patches,mean_patch_m2,largest_patch_m2,largest_patch_share,effective_mesh_m2,edge_m_per_ha,core_m2,proximity"
        )?;
        figures.rows.iter().try_for_each(|row| writeln!(file, "{}", line(row)))
    })
}

/// Tables as the bytes of a spreadsheet, a sheet each.
pub(super) fn spreadsheet(crs: EpsgCode, tables: Vec<(Table<'_>, Vec<Row>)>) -> Result<Vec<u8>, EngineError> {
    let folder = std::env::temp_dir().join(format!("farmzone-{}", new_secret()?));
    let failed = |e: std::io::Error| EngineError::unavailable(format!("the spreadsheet could not be written: {e}"));
    std::fs::create_dir(&folder).map_err(failed)?;
    let out = folder.join("sheets.xlsx");
    let write = || -> Result<Vec<u8>, EngineError> {
        let mut file = Export::create(&out, crs, None)?;
        for (table, rows) in tables {
            file.layer(&table, rows)?;
        }
        file.finish()?;
        std::fs::read(&out).map_err(failed)
    };
    let written = write();
    // What stays behind is the system's to tidy.
    let _ = std::fs::remove_dir_all(&folder);
    written
}

/// Writes a text file whole or not at all.
pub(super) fn write_text(out: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), EngineError> {
    let draft = Draft::beside(out)?;
    let mut file = BufWriter::new(draft.file());
    write(&mut file).and_then(|()| file.flush()).map_err(|e| cannot(out, &e))?;
    drop(file);
    draft.put()?;
    Ok(())
}
