//! A workspace of the made-up layers, and how long a change of it takes to be looked at again.

use std::path::Path;
use std::time::{Duration, Instant};

use farmzone::engine::{self, Engine, Rulebook};
use farmzone::model::{Epoch, EpsgCode, LandUse, MultiPolygon, Zone};
use farmzone::store::{Mode, NewLayer, Store};

const EPOCH: Epoch = Epoch { year: 2024, month: None, day: None };

/// Writes both layers into a new workspace.
pub fn write(path: &Path, zones: Vec<MultiPolygon>, built: Vec<MultiPolygon>) {
    let zones = zones.into_iter().enumerate().map(|(i, shape)| super::zone(i, shape)).collect();
    fill(path, zones, built);
}

fn fill(path: &Path, zones: Vec<Zone>, built: Vec<MultiPolygon>) -> Store {
    let mut store = engine::init(path, EpsgCode::HANOI).expect("the folder can be written");
    put(&mut store, NewLayer { source: "made up".into(), source_crs: "EPSG:5897".into(), ..NewLayer::default() }, Mode::New, zones);
    let land_use = built.into_iter().enumerate().map(|(i, shape)| used(&i.to_string(), shape)).collect();
    put(&mut store, land_use_layer(), Mode::New, land_use);
    store
}

fn land_use_layer() -> NewLayer {
    NewLayer {
        epoch: Some(EPOCH),
        source: "made up".into(),
        source_crs: "EPSG:5897".into(),
        legend: Some("vn".into()),
        ..NewLayer::default()
    }
}

fn used(id: &str, shape: MultiPolygon) -> LandUse {
    LandUse { id: id.to_owned(), code: "ODT".to_owned(), observed: None, kept: Vec::new(), shape }
}

fn put<F: farmzone::store::Feature>(store: &mut Store, layer: NewLayer, mode: Mode, features: Vec<F>) {
    let mut writer = store.begin(layer, mode).expect("nobody else writes");
    features.iter().for_each(|f| writer.write(f).expect("there is room"));
    writer.finish().expect("there is room");
}

/// A served workspace gets one new building: the time to the events that hold it, reading it not counted.
pub fn look_again(zones: Vec<Zone>, built: Vec<MultiPolygon>) {
    let folder = tempfile::tempdir().expect("there is a folder for drafts");
    let path = folder.path().join("w.gpkg");
    let at = zones[zones.len() / 2].shape.0[0].exterior().0[0];
    let mut store = fill(&path, zones, built);
    let engine = Engine::serve(&path, Rulebook::load(None).expect("our own rules are valid")).expect("it can be served");
    let before = engine.snapshot();
    let n_before = before.events(EPOCH).expect("it can be detected").events().count();
    let house = super::coverage::house(at.x + 10.0, at.y + 10.0);
    put(&mut store, land_use_layer(), Mode::Append, vec![used("new", house)]);
    let revision = store.revision().expect("it can be read");
    while engine.snapshot().revision < revision {
        engine.wait_for_change(engine.snapshot().revision, Duration::from_secs(5));
    }
    let now = engine.snapshot();
    now.land_use(EPOCH).expect("it can be read");
    let started = Instant::now();
    let n_now = now.events(EPOCH).expect("it can be detected").events().count();
    println!(
        "looking again after one new building: {:.1} ms ({n_before} events before, {n_now} after)",
        started.elapsed().as_secs_f64() * 1e3
    );
}
