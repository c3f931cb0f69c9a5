//! Real files, through the program: farms under towns, Dutch plots, Hanoi's communes, Vietnamese fields.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::program::{Bench, real_data};

/// Shared area by zone, from the table that `overlay --out` writes.
fn area_by_zone(pairs: &Path) -> HashMap<String, f64> {
    let mut by_zone = HashMap::new();
    for line in std::fs::read_to_string(pairs).unwrap().lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        *by_zone.entry(cells[0].to_owned()).or_insert(0.0) += cells[3].parse::<f64>().unwrap();
    }
    by_zone
}

#[test]
fn towns_and_buildings_on_farms_have_the_areas_that_geos_computes() {
    let Some(data) = real_data("towns_and_buildings_on_farms") else { return };
    let oracle: Value = serde_json::from_str(&std::fs::read_to_string(data.join("oracles/farms_urban_buildings.json")).unwrap()).unwrap();
    let folder = data.join("data/encroachment/swellendam");
    let bench = Bench::with_workspace("EPSG:32733");
    let farms = bench.import(&folder.join("farms_33S.shp"), "zones", &["--kind", "other"]).ok();
    assert_eq!((farms["n_read"].as_u64(), farms["n_repaired"].as_u64()), (oracle["farms"].as_u64(), oracle["invalid_farms"].as_u64()));
    let towns = bench.import(&folder.join("urban_33S.shp"), "landuse", &["--epoch", "2019", "--code", "ODT"]).ok();
    assert_eq!((towns["n_kept"].as_u64(), towns["n_repaired"].as_u64()), (Some(6), Some(1)));
    bench.run(&["overlay", "w.gpkg", "--epoch", "2019", "--out", "towns.csv"]).ok();
    let found = area_by_zone(&bench.path("towns.csv"));
    for row in oracle["rows"].as_array().unwrap() {
        let (fid, expected) = (row["fid"].to_string(), row["urban_m2"].as_f64().unwrap());
        let area = found.get(&fid).copied().unwrap_or(0.0);
        assert!((area - expected).abs() <= f64::max(0.01, expected * 1e-6), "farm {fid}: {area}, expected {expected}");
    }
    let listed: f64 = oracle["rows"].as_array().unwrap().iter().map(|r| r["urban_m2"].as_f64().unwrap()).sum();
    let all: f64 = found.values().sum();
    assert!((all - listed).abs() < 1.0, "farms that are not listed have none: {all} against {listed}");
}

#[test]
fn dutch_plots_and_zones_are_loaded_and_overlaid() {
    let Some(data) = real_data("dutch_plots_and_zones") else { return };
    let file = data.join("data/encroachment/nl/nl.gpkg");
    let bench = Bench::with_workspace("EPSG:28992");
    bench.import(&file, "zones", &["--kind", "other"]).refused(4, &["--layer", "plots", "zones"]);
    let plots = bench.import(&file, "zones", &["--layer", "plots", "--kind", "other"]).ok();
    assert_eq!(plots["n_kept"], 316);
    let zones = bench.import(&file, "landuse", &["--layer", "zones", "--epoch", "2020", "--code", "SKK"]).ok();
    assert_eq!((zones["n_kept"].as_u64(), zones["n_repaired"].as_u64()), (Some(91), Some(1)));
    let pairs = bench.run(&["overlay", "w.gpkg"]).ok();
    assert!(pairs["n_pairs"].as_u64().unwrap() > 0);
    let found = bench.run(&["detect", "w.gpkg"]).ok();
    assert!(found["n_events"].as_u64().unwrap() > 0);
}

#[test]
fn hanoi_s_communes_and_vietnamese_fields_land_in_a_vn_2000_workspace() {
    let Some(data) = real_data("hanoi_s_communes") else { return };
    let bench = Bench::with_workspace("EPSG:5897");
    let communes = data.join("data/hanoi/communes_2025.geojson");
    let done = bench.import(&communes, "boundaries", &["--field", "full_name=fullName"]).ok();
    assert_eq!((done["n_kept"].as_u64(), done["n_repaired"].as_u64()), (Some(126), Some(0)));
    assert_eq!(done["crs"]["operation"], "EPSG:6960");
    let area_km2 = done["area_after_m2"].as_f64().unwrap() / 1e6;
    assert!((area_km2 - 3359.2).abs() < 10.0, "{area_km2}");
    let fields = bench.import(&data.join("data/parcels/fiboa/ai4sf/1_vietnam_areas.gpkg"), "zones", &["--kind", "rice"]).ok();
    assert_eq!(fields["n_kept"], 100);
}
