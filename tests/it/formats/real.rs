//! Real files of agencies, read where they lie; skipped, with a word, where they are not.

use std::path::{Path, PathBuf};

use farmzone::model::{EpsgCode, LayerRole};

use super::{Import, zones};

/// The folder of real data, or a word that it is not there.
fn data() -> Option<PathBuf> {
    let named = std::env::var_os("FARMZONE_TEST_DATA").filter(|f| !f.is_empty());
    let folder = named.map(|f| PathBuf::from(f).join("data"));
    if folder.is_none() {
        eprintln!("skipped: FARMZONE_TEST_DATA is not set");
    }
    folder
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn every_published_parcel_file_is_read_or_refused_with_a_reason() {
    let Some(data) = data() else { return };
    let mut n_read = 0;
    let folders = ["parcels/fiboa", "suites/shp", "suites/eudr-geojson-fixtures", "encroachment", "hanoi", "suites/tilejson"];
    for path in folders.iter().flat_map(|f| files_below(&data.join(f))) {
        let name = path.strip_prefix(&data).unwrap().display().to_string();
        match (Import { kind: Some("other"), target: EpsgCode(3035), ..zones(&path) }).run() {
            Ok(got) => {
                n_read += 1;
                eprintln!("{name}: {} {} {:?} {:?} {:?}", got.driver, got.crs, got.operation, got.counts, got.issues.first());
            }
            Err(error) => eprintln!("{name}: REFUSED {error}"),
        }
    }
    assert!(n_read >= 25, "{n_read}");
}

#[test]
fn the_fields_of_the_red_river_delta_go_into_a_vn_2000_workspace_by_the_named_operation() {
    let Some(data) = data() else { return };
    let path = data.join("parcels/fiboa/ai4sf/1_vietnam_areas.gpkg");
    let got = Import { kind: Some("rice"), fields: &[("id", "fid")], ..zones(&path) }.run().unwrap();
    assert_eq!((got.counts.n_read, got.counts.n_kept, got.counts.n_rejected), (100, 100, 0));
    assert_eq!((got.crs.as_str(), got.operation.as_deref()), ("EPSG:32648", Some("EPSG:6960")));
    let hectares = got.counts.area_after_m2 / 1e4;
    assert!((40.0..70.0).contains(&hectares), "{hectares}");
}

#[test]
fn the_communes_of_hanoi_are_boundaries() {
    let Some(data) = data() else { return };
    let path = data.join("hanoi/communes_2025.geojson");
    let boundaries = Import { role: LayerRole::Boundaries, ..zones(&path) };
    let got = boundaries.run().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((got.counts.n_kept, got.counts.n_repaired), (126, 0));
    assert!((got.counts.area_after_m2 / 1e6 - 3359.2).abs() < 3.0, "{}", got.counts.area_after_m2);
    assert!(!got.codes().contains(&"far_from_workspace"));
}

#[test]
fn dutch_plots_and_south_african_farms_keep_their_crs() {
    let Some(data) = data() else { return };
    let plots = data.join("encroachment/nl/nl.gpkg");
    let got = Import { kind: Some("other"), layer: Some("plots"), target: EpsgCode(28992), ..zones(&plots) }.run().unwrap();
    assert_eq!((got.counts.n_kept, got.operation.as_deref()), (316, None));
    let farms = data.join("encroachment/swellendam/farms_33S.shp");
    let got = Import { kind: Some("other"), target: EpsgCode(32733), ..zones(&farms) }.run().unwrap();
    assert_eq!((got.counts.n_read, got.counts.n_kept, got.operation.as_deref()), (2008, 2008, None));
    assert_eq!(got.ids()[..2], ["0", "1"]);
    assert_eq!(got.counts.n_repaired, 16);
    let training = data.join("encroachment/swellendam/training_data.gpkg");
    let got = Import { code: Some("ONT"), layer: Some("buildings"), target: EpsgCode(32733), ..super::landuse(&training) }.run().unwrap();
    assert_eq!(got.counts.n_read, 4708);
}

#[test]
fn a_large_layer_streams() {
    let Some(path) = std::env::var_os("FARMZONE_BENCH_GPKG").map(PathBuf::from) else { return };
    for layer in ["zones", "landuse"] {
        let began = std::time::Instant::now();
        let fields = std::collections::BTreeMap::new();
        let request = farmzone::formats::Request {
            path: &path,
            layer: Some(layer),
            role: LayerRole::Zones,
            fields: &fields,
            keep: &[],
            kind: Some("rice"),
            code: None,
            crs: None,
            operation: None,
            correct: None,
            encoding: None,
            doubles: farmzone::formats::Doubles::Renamed,
            target: EpsgCode::HANOI,
        };
        let source = farmzone::formats::open(&request).unwrap();
        let counts = source.read(|_| Ok::<_, farmzone::formats::FormatError>(())).unwrap();
        eprintln!("{layer}: {:?} {counts:?}", began.elapsed());
    }
}
