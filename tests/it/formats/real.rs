//! Real files of agencies, read where they lie; skipped, with a word, where they are not.

use std::path::{Path, PathBuf};

use farmzone::model::EpsgCode;

use super::{Import, zones};

/// The folder of real data, or a word that it is not there.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("FARMZONE_TEST_DATA").map(|f| PathBuf::from(f).join("data"));
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
