//! The simulated Hanoi: made by `city`, kept in a workspace, detected for every year.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::{DetectAsk, EngineError, Progress, Rulebook, detect};
use crate::city::{self, City, UnitPoint};
use crate::crs::Transform;
use crate::formats::{About, Column, ColumnType, Export, Row, Table, Value};
use crate::legend;
use crate::model::{CodeHolder, CodeRecord, Coord, Epoch, EpsgCode, Geometry, PartnerContact, PartnerTable};
use crate::store::{self, Mode, NewLayer, PartnerRow, PrivateStore, Setting, Store, private_path};

/// What every layer of the simulated city says of itself.
const SOURCE: &str = "farmzone demo: simulated, no real place; names, codes and areas of communes are facts";

/// Makes the simulated city's workspace, and beside it `truth.gpkg`, the events that were put into it.
/// Both appear whole or not at all.
pub fn make_demo(workspace: &Path, rulebook: &Rulebook, progress: Progress) -> Result<(), EngineError> {
    let dir = workspace.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |e: std::io::Error| EngineError::unavailable(format!("{}: {e}", dir.display()));
    std::fs::create_dir_all(dir).map_err(failed)?;
    let draft = Draft(dir.join(format!(".making-{}.gpkg", std::process::id())));
    let city = simulated_city(rulebook, progress)?;
    super::init(&draft.0, EpsgCode::HANOI)?;
    fill(&draft.0, &city, &rulebook.demo_targets_text()?, progress)?;
    let rulebook = Arc::new(rulebook.clone());
    let n_epochs = city.land_use.len() as u64;
    for (i, (epoch, _)) in city.land_use.iter().enumerate() {
        progress("detecting", i as u64, n_epochs);
        detect(&draft.0, &rulebook, DetectAsk { epoch: Some(*epoch), ..DetectAsk::default() }, None, &mut |_, _, _| ())?;
    }
    write_truth(&city, &dir.join("truth.gpkg"))?;
    std::fs::rename(&draft.0, workspace).map_err(failed)?;
    write_holders(&city, workspace)
}

/// Who holds the simulated codes, and how the simulated partners are reached: names, numbers and telephones that nobody has.
fn write_holders(city: &City, workspace: &Path) -> Result<(), EngineError> {
    let holder = |n: usize| CodeHolder {
        holder: Some(format!("Người mô phỏng {n}")),
        phone: Some(format!("0000 000 {n:03}")),
        identity_no: Some(format!("000000000{n:03}")),
        farmers: Some(format!("Hộ mô phỏng {n}A; Hộ mô phỏng {n}B")),
    };
    let key = |record: &CodeRecord| (record.code.clone(), record.part.clone().unwrap_or_default());
    let holders = city.codes.iter().enumerate().map(|(n, record)| (key(record), holder(n + 1))).collect();
    let contact = |n: usize| PartnerContact {
        representative: Some(format!("Đại diện mô phỏng {n}")),
        phone: Some(format!("0000 001 {n:03}")),
        identity_no: Some(format!("000000001{n:03}")),
    };
    let contacts = city.behind.partners.iter().enumerate().map(|(n, partner)| (partner.id.clone(), contact(n + 1))).collect();
    let mut private = PrivateStore::open_or_create(&private_path(workspace))?;
    private.put_holders(&holders, true, || Ok::<_, EngineError>(()))?;
    private.put_contacts(&contacts, true, || Ok::<_, EngineError>(()))
}

/// A workspace that is not finished; what is left of it goes with this.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let mut path = self.0.as_os_str().to_owned();
            path.push(ending);
            // Renamed or never made: nothing to remove.
            let _ = std::fs::remove_file(PathBuf::from(path));
        }
    }
}

/// The simulated city with its truth, as `make_demo` writes it.
pub fn simulated_city(rulebook: &Rulebook, progress: Progress) -> Result<City, EngineError> {
    let figures = city::Figures::parse("demo.toml", &rulebook.demo_text()?).map_err(|e| EngineError::invalid(e.to_string()))?;
    let facts = rulebook.units()?;
    let to_metres = Transform::between(EpsgCode::WGS84, EpsgCode::HANOI)?;
    let mut units = Vec::new();
    for fact in &facts.units {
        let at = to_metres.point(Coord { x: fact.lon, y: fact.lat })?;
        units.push(UnitPoint {
            code: fact.code.clone(),
            name: fact.name.clone(),
            full_name: fact.full_name.clone(),
            area_km2: fact.area_km2,
            x: at.x,
            y: at.y,
            formerly: fact.formerly.clone(),
        });
    }
    Ok(city::build(&figures, &units, &mut |step, share| progress(step, (share * 100.0) as u64, 100)))
}

fn fill(path: &Path, city: &City, targets: &str, progress: Progress) -> Result<(), EngineError> {
    let mut store = Store::open(path)?;
    store.set_setting(&Setting::Simulated, SOURCE)?;
    store.set_setting(&Setting::Title, "Hà Nội")?;
    store.set_setting(&Setting::Targets, targets)?;
    write_keeping(&mut store, None, &city.units, &[legend::FORMERLY])?;
    write(&mut store, None, &city.context)?;
    write(&mut store, None, &city.permits)?;
    write(&mut store, None, &city.zones)?;
    write(&mut store, None, &city.codes)?;
    let behind = &city.behind;
    store.put_partners(PartnerTable::Partners, &rows(&behind.partners)?, true)?;
    store.put_partners(PartnerTable::Linkages, &rows(&behind.linkages)?, true)?;
    store.put_partners(PartnerTable::Products, &rows(&behind.products)?, true)?;
    store.put_partners(PartnerTable::Traces, &rows(&behind.traces)?, true)?;
    let n_epochs = city.land_use.len() as u64;
    for (i, (epoch, land_use)) in city.land_use.iter().enumerate() {
        progress("writing land use", i as u64, n_epochs);
        write(&mut store, Some(*epoch), land_use)?;
    }
    Ok(())
}

fn rows<T: Serialize>(records: &[T]) -> Result<Vec<PartnerRow>, EngineError> {
    let row = |record: &T| match serde_json::to_value(record) {
        Ok(Json::Object(row)) => Ok(row),
        _ => Err(EngineError::internal("a row that is no row")),
    };
    records.iter().map(row).collect()
}

fn write<F: store::Feature>(store: &mut Store, epoch: Option<Epoch>, features: &[F]) -> Result<(), EngineError> {
    write_keeping(store, epoch, features, &[])
}

fn write_keeping<F: store::Feature>(store: &mut Store, epoch: Option<Epoch>, features: &[F], keep: &[&str]) -> Result<(), EngineError> {
    let layer = NewLayer {
        epoch,
        source: SOURCE.to_owned(),
        source_crs: EpsgCode::HANOI.to_string(),
        legend: epoch.map(|_| "vn".to_owned()),
        simulated: true,
        keep: keep.iter().map(|name| (*name).to_owned()).collect(),
        ..NewLayer::default()
    };
    let mut writer = store.begin::<F>(layer, Mode::New)?;
    features.iter().try_for_each(|f| writer.write(f))?;
    writer.finish()?;
    Ok(())
}

/// The events as they were put into the city, to measure a detection against.
fn write_truth(city: &City, out: &Path) -> Result<(), EngineError> {
    use ColumnType::{Real, Text};
    let names = [
        ("id", Text),
        ("zone_id", Text),
        ("nature", Text),
        ("group", Text),
        ("code", Text),
        ("since", Text),
        ("right", Text),
        ("area_m2", Real),
    ];
    let columns: Vec<Column> = names.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
    let about = About { source: SOURCE.to_owned(), epoch: None, revision: 0, is_simulated: true, licence: None };
    let mut file = Export::create(out, EpsgCode::HANOI, None)?;
    let rows = city.truth.iter().map(|event| {
        let text = |t: &str| Value::Text(t.to_owned());
        let values = vec![
            text(&event.id),
            text(&event.zone_id),
            text(event.nature.as_str()),
            text(event.group.as_str()),
            text(&event.code),
            text(&event.since.to_string()),
            text(event.right.as_str()),
            Value::Real(event.area_m2),
        ];
        Row { values, shape: Some(Geometry::MultiPolygon(event.shape.clone())) }
    });
    file.layer(&Table { name: "truth", columns: &columns, about: &about, is_polygons: true }, rows)?;
    file.finish()?;
    Ok(())
}
