//! Land cover as GeoTIFF, through the program: what is taken, what is refused, what its figures are.

use std::path::{Path, PathBuf};

use gdal::cpl::CslStringListEntry;
use gdal::raster::{Buffer, GdalType, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{DriverManager, Metadata};
use serde_json::{Value, json};

use crate::program::{Bench, geojson_in, real_data, square};

const X: f64 = 580_000.0;
const Y: f64 = 2_320_000.0;

/// A GeoTIFF in the making: 8 × 6 cells of 10 m from (X, Y + 60) on, EPSG:5897, unless told otherwise.
struct Tiff<T> {
    cells: Vec<T>,
    width: usize,
    n_bands: usize,
    nodata: Option<f64>,
    crs: Option<u32>,
    geotransform: Option<[f64; 6]>,
    options: &'static [&'static str],
}

impl<T: Copy + GdalType> Tiff<T> {
    fn new(cells: Vec<T>) -> Self {
        let geotransform = Some([X, 10.0, 0.0, Y + 60.0, 0.0, -10.0]);
        Tiff { cells, width: 8, n_bands: 1, nodata: None, crs: Some(5897), geotransform, options: &[] }
    }

    fn write(self, path: &Path) -> PathBuf {
        let options = RasterCreationOptions::from_iter(self.options.iter().map(|o| CslStringListEntry::from(*o)));
        let size = (self.width, self.cells.len() / self.width);
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let mut dataset = driver.create_with_band_type_with_options::<T, _>(path, size.0, size.1, self.n_bands, &options).unwrap();
        if let Some(g) = self.geotransform {
            dataset.set_geo_transform(&g).unwrap();
        }
        if let Some(crs) = self.crs {
            dataset.set_spatial_ref(&SpatialRef::from_epsg(crs).unwrap()).unwrap();
        }
        for band in 1..=self.n_bands {
            let mut band = dataset.rasterband(band).unwrap();
            if self.nodata.is_some() {
                band.set_no_data_value(self.nodata).unwrap();
            }
            band.write((0, 0), size, &mut Buffer::new(size, self.cells.clone())).unwrap();
        }
        path.to_owned()
    }
}

/// West half 10, east half 50; the last row is `nothing`.
fn halves<T: Copy>(ten: T, fifty: T, nothing: T) -> Vec<T> {
    let cell = |i: usize| match (i / 8, i % 8) {
        (5, _) => nothing,
        (_, 0..4) => ten,
        _ => fifty,
    };
    (0..48).map(cell).collect()
}

fn plain() -> Tiff<u8> {
    Tiff { nodata: Some(0.0), ..Tiff::new(halves(10, 50, 0)) }
}

const LEGEND: &str = r#"
name = "ours"
title = { vi = "x", en = "x" }
valid_from = "2000"
source = "made up"
class = [
  { code = "TREE", vi = "cây", en = "tree", group = "none", rgb = [0, 1, 0], farm = true, aliases = ["10"] },
  { code = "TOWN", vi = "phố", en = "town", group = "built", rgb = [1, 0, 0], aliases = ["50", "Built up"] },
  { code = "BASE", vi = "doanh trại", en = "barracks", group = "public", secret = true, rgb = [9, 9, 9], aliases = ["77"] },
]
"#;

/// `in` lies within the raster over both halves and half of the last row; `edge` sticks out to the east; `off` lies far away.
fn bench() -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = geojson_in(
        5897,
        &[
            (json!({ "id": "in", "kind": "rice" }), &square(X + 35.0, Y + 5.0, 20.0)[..]),
            (json!({ "id": "edge", "kind": "rice" }), &square(X + 75.0, Y + 20.0, 10.0)[..]),
            (json!({ "id": "off", "kind": "fruit" }), &square(X + 1000.0, Y, 10.0)[..]),
        ],
    );
    bench.import(&bench.write("zones.geojson", zones), "zones", &[]).ok();
    bench.write("ours.toml", LEGEND);
    bench
}

fn import(bench: &Bench, file: &Path, epoch: &str, more: &[&str]) -> crate::program::Answer {
    bench.import(file, "landuse", &[&["--epoch", epoch, "--legend", "ours.toml"], more].concat())
}

/// Rows of `overlay`: zone, land use, code, area.
fn rows(bench: &Bench, args: &[&str]) -> Vec<(String, String, String, f64)> {
    bench.run(&[&["overlay", "w.gpkg", "--out", "pairs.csv"], args].concat()).ok();
    let text = std::fs::read_to_string(bench.path("pairs.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[1].to_owned(), cells[2].to_owned(), cells[3].parse().unwrap())
    };
    text.lines().skip(1).map(row).collect()
}

fn expected() -> Vec<(String, String, String, f64)> {
    [
        ("in", "10", "TREE", 5.0 * 15.0),
        ("in", "50", "TOWN", 15.0 * 15.0),
        ("in", "nodata", "", 20.0 * 5.0),
        ("edge", "50", "TOWN", 50.0),
        ("edge", "outside", "", 50.0),
        ("off", "outside", "", 100.0),
    ]
    .map(|(zone, land_use, code, area)| (zone.to_owned(), land_use.to_owned(), code.to_owned(), area))
    .to_vec()
}

fn assert_rows(found: &[(String, String, String, f64)]) {
    let words = |rows: &[(String, String, String, f64)]| rows.iter().map(|r| (r.0.clone(), r.1.clone(), r.2.clone())).collect::<Vec<_>>();
    assert_eq!(words(found), words(&expected()));
    for (found, expected) in found.iter().zip(expected()) {
        assert!((found.3 - expected.3).abs() < 1e-9 * expected.3, "{found:?}, expected {expected:?}");
    }
}

/// Rasters that lie in the bench's folder, by name.
fn tiffs(bench: &Bench) -> Vec<String> {
    let names = std::fs::read_dir(bench.dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|n| n.contains(".tif") || n.contains("draft")).collect();
    names.sort();
    names
}

#[test]
fn a_raster_gives_each_zone_its_shares_and_what_it_does_not_show() {
    let bench = bench();
    let file = plain().write(&bench.path("cover.tif"));
    let before = std::fs::read(&file).unwrap();
    let done = import(&bench, &file, "2020", &["--accuracy", "10"]).ok();
    assert_eq!((&done["layer"], &done["n_read"], &done["n_kept"]), (&json!("landuse_raster_2020"), &json!(48), &json!(40)));
    assert_eq!((&done["raster"]["n_nodata"], &done["raster"]["nodata"]), (&json!(8), &json!("0")));
    assert_eq!((&done["area_after_m2"], &done["issues"]), (&json!(4000.0), &json!([])));
    assert_rows(&rows(&bench, &[]));
    let found = bench.run(&["overlay", "w.gpkg", "--epoch", "2020"]).ok();
    assert_eq!((&found["n_pairs"], &found["n_land_use"], &found["n_zones_partly_seen"]), (&json!(3), &json!(2), &json!(2)));
    assert_eq!(found["n_zones_not_seen"], 1);
    for (key, area) in [("area_m2", 350.0), ("nodata_m2", 100.0), ("outside_m2", 150.0)] {
        assert!((found[key].as_f64().unwrap() - area).abs() < 1e-6, "{key}: {found}");
    }
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    let layer = &layers["layers"][1];
    assert_eq!((&layer["raster"]["pixel_size"], &layer["source"]), (&json!([10.0, 10.0]), &json!("cover.tif")));
    assert_eq!(std::fs::read(&file).unwrap(), before, "the original is as it was");
    assert_eq!(tiffs(&bench), ["cover.tif", layer["raster"]["file"].as_str().unwrap()]);
    // Its copy is all that counts from now on.
    std::fs::remove_file(&file).unwrap();
    assert_rows(&rows(&bench, &[]));
}

#[test]
fn every_type_layout_and_compression_of_the_same_cells_gives_the_same_rows() {
    fn check<T: Copy + GdalType>(cells: Vec<T>, nodata: Option<f64>, options: &'static [&'static str]) {
        let bench = bench();
        let file = Tiff { nodata, options, ..Tiff::new(cells) }.write(&bench.path("cover.tif"));
        import(&bench, &file, "2020", &[]).ok();
        assert_rows(&rows(&bench, &[]));
    }
    check(halves(10_u8, 50, 255), Some(255.0), &["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16", "COMPRESS=LZW"]);
    check(halves(10_u16, 50, 65_535), Some(65_535.0), &["COMPRESS=DEFLATE", "PREDICTOR=2", "BLOCKYSIZE=1"]);
    check(halves(10_i16, 50, -9999), Some(-9999.0), &["BIGTIFF=YES"]);
    check(halves(10_u32, 50, u32::MAX), Some(f64::from(u32::MAX)), &[]);
    check(halves(10_i32, 50, i32::MIN), Some(f64::from(i32::MIN)), &["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"]);
    // Nodata in floating point: NaN, what a type holds at most, and more than any type holds.
    check(halves(10_f32, 50.0, f32::NAN), Some(f64::NAN), &[]);
    check(halves(10_f32, 50.0, f32::MIN), Some(f64::NEG_INFINITY), &[]);
    check(halves(10_f32, 50.0, f32::NEG_INFINITY), Some(f64::from(f32::MIN)), &[]);
    // As programs write it that print more digits than a number has.
    let bench = bench();
    let file = Tiff { nodata: Some(-1.7e308), ..Tiff::new(halves(10_f64, 50.0, f64::MIN)) }.write(&bench.path("cover.tif"));
    let mut bytes = std::fs::read(&file).unwrap();
    let end = bytes.windows(5).position(|w| w == b"e+308").unwrap();
    let begin = bytes[..end].windows(3).rposition(|w| w == b"-1.").unwrap();
    bytes[begin + 3] = b'9';
    import(&bench, &bench.write("beyond.tif", bytes), "2020", &[]).ok();
    assert_rows(&rows(&bench, &[]));
    check(halves(10_f64, 50.0, f64::MIN), Some(f64::NEG_INFINITY), &["COMPRESS=DEFLATE"]);
    check(halves(10_f64, 50.0, f64::NAN), None, &[]);
}

#[test]
fn a_turned_raster_is_read_where_it_lies() {
    let bench = bench();
    // Columns run north, rows run east: the west half of the picture is the south of the ground.
    let g = [X, 0.0, 10.0, Y, 10.0, 0.0];
    let file = Tiff { geotransform: Some(g), ..plain() }.write(&bench.path("turned.tif"));
    import(&bench, &file, "2020", &[]).ok();
    // Zone `in` (x 35 to 55, y 5 to 25): columns 0.5 to 2.5 are all class 10, rows 3.5 to 5.5 end in half a row of nodata.
    let found = rows(&bench, &[]);
    assert_eq!((found[0].2.as_str(), found[1].1.as_str()), ("TREE", "nodata"));
    assert!((found[0].3 - 300.0).abs() < 1e-6 && (found[1].3 - 100.0).abs() < 1e-6, "{found:?}");
}

#[test]
fn a_raster_in_another_crs_gives_the_same_land_and_names_the_operation() {
    let bench = bench();
    // The same place in UTM 48N on WGS 84; one class, so only the zones' outlines count.
    let g = [579_000.0, 30.0, 0.0, 2_322_000.0, 0.0, -30.0];
    let file = Tiff { geotransform: Some(g), crs: Some(32648), width: 100, ..Tiff::new(vec![10_u8; 10_000]) }.write(&bench.path("utm.tif"));
    let done = import(&bench, &file, "2020", &[]).ok();
    assert_eq!(done["crs"], json!({ "source": "EPSG:32648", "operation": "EPSG:6960" }));
    let found = rows(&bench, &[]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!((found[0].3 - 400.0).abs() < 1e-6 && (found[2].3 - 100.0).abs() < 1e-6, "{found:?}");
}

#[test]
fn what_is_no_land_cover_is_refused_with_the_reason_and_nothing_is_left() {
    let bench = bench();
    let at = |name: &str| bench.path(name);
    let refused = |file: &Path, more: &[&str], code: i32, words: &[&str]| {
        import(&bench, file, "2020", more).refused(code, words);
    };
    refused(&Tiff { crs: None, ..plain() }.write(&at("no_crs.tif")), &[], 4, &["--crs"]);
    refused(&Tiff { geotransform: None, ..plain() }.write(&at("nowhere.tif")), &[], 4, &["where on the ground"]);
    refused(&Tiff { n_bands: 3, ..plain() }.write(&at("bands.tif")), &[], 4, &["--layer", "1, 2, 3"]);
    refused(&at("bands.tif"), &["--layer", "4"], 4, &["4", "1, 2, 3"]);
    refused(&Tiff::new(halves(10.0_f32, 50.5, 0.0)).write(&at("share.tif")), &[], 4, &["50.5", "column 4, row 0", "whole numbers"]);
    refused(&Tiff::new(halves(10.0_f64, 3e9, 0.0)).write(&at("large.tif")), &[], 4, &["3000000000"]);
    refused(&Tiff { width: 100, ..Tiff::new((0..10_000_u16).collect()) }.write(&at("height.tif")), &[], 4, &["4096", "measurements"]);
    refused(&Tiff { nodata: Some(7.0), ..Tiff::new(vec![7_u8; 48]) }.write(&at("empty.tif")), &[], 4, &["every cell is nodata"]);
    refused(&Tiff { crs: Some(4326), ..plain() }.write(&at("degrees.tif")), &[], 4, &["degrees"]);
    refused(&plain().write(&at("swapped.tif")), &["--crs", "EPSG:6957"], 4, &["refused"]);
    let whole = std::fs::read(Tiff { width: 100, ..Tiff::new(vec![10_u8; 10_000]) }.write(&at("whole.tif"))).unwrap();
    refused(&bench.write("cut.tif", &whole[..whole.len() / 2]), &[], 4, &["cut.tif", "cannot be read"]);
    refused(&plain().write(&at("ok.tif")), &["--append"], 2, &["--append"]);
    refused(&at("ok.tif"), &["--field", "code=x"], 2, &["--field"]);
    bench.import(&at("ok.tif"), "landuse", &[]).refused(2, &["--epoch"]);
    bench.import(&at("ok.tif"), "permits", &["--kind", "planned"]).refused(6, &["raster"]);
    import(&bench, &at("ok.tif"), "2020", &["--dry-run"]).ok();
    assert_eq!(bench.run(&["layers", "w.gpkg"]).ok()["layers"].as_array().unwrap().len(), 1);
    assert!(tiffs(&bench).iter().all(|n| !n.starts_with("w.") && !n.contains("draft")), "{:?}", tiffs(&bench));
    bench.run(&["overlay", "w.gpkg", "--raster"]).refused(3, &["no raster"]);
    // With what was missing, each is taken.
    import(&bench, &at("no_crs.tif"), "2020", &["--crs", "EPSG:5897"]).ok();
    import(&bench, &at("bands.tif"), "2021", &["--layer", "2"]).ok();
    assert_rows(&rows(&bench, &["--epoch", "2020"]));
    assert_rows(&rows(&bench, &["--epoch", "2021"]));
    bench.run(&["export", "w.gpkg", "out.gpkg", "--layer", "landuse_raster_2020"]).refused(6, &["raster"]);
}

#[test]
fn what_a_person_should_know_comes_as_issues() {
    let bench = bench();
    let codes =
        |done: &Value| done["issues"].as_array().unwrap().iter().map(|i| i["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let mut cells = halves(10_u8, 50, 0);
    cells[0] = 99;
    let file = Tiff { nodata: Some(-9999.0), ..Tiff::new(cells) }.write(&bench.path("a.tif"));
    let done = import(&bench, &file, "2020", &[]).ok();
    // The stated nodata cannot occur, so the zeros of the last row are a class, of which the legend knows nothing.
    assert_eq!(codes(&done), ["nodata_out_of_range", "unmapped_label", "unmapped_label"]);
    assert_eq!(done["unmapped"], json!([{ "label": "0", "n": 8, "area_m2": 800.0 }, { "label": "99", "n": 1, "area_m2": 100.0 }]));
    let g = [X + 5000.0, 10.0, 0.0, Y + 60.0, 0.0, -10.0];
    let file = Tiff { geotransform: Some(g), ..plain() }.write(&bench.path("b.tif"));
    let done = import(&bench, &file, "2021", &[]).ok();
    assert_eq!(codes(&done), ["other_grid", "other_classes", "outside_zones"]);
    assert!(done["issues"][1]["message"].as_str().unwrap().contains("0, 99"), "{done}");
    import(&bench, &file, "2022", &["--strict"]).refused(4, &["--strict"]);
    let file = Tiff { options: &["COMPRESS=JPEG"], ..Tiff::new(vec![50_u8; 48]) }.write(&bench.path("c.tif"));
    assert_eq!(codes(&import(&bench, &file, "2023", &[]).ok())[0], "lossy_compression");
    let found = bench.run(&["overlay", "w.gpkg", "--epoch", "2021"]).ok();
    assert_eq!((&found["n_pairs"], &found["n_zones_not_seen"]), (&json!(0), &json!(3)));
}

#[test]
fn names_beside_the_file_help_a_legend_that_knows_no_number() {
    let bench = bench();
    let file = Tiff { nodata: Some(0.0), ..Tiff::new(halves(10, 2_u8, 0)) }.write(&bench.path("named.tif"));
    let names = "<PAMDataset><PAMRasterBand band=\"1\"><CategoryNames><Category/><Category>Lake</Category><Category>Built up</Category>\
         </CategoryNames></PAMRasterBand></PAMDataset>";
    bench.write("named.tif.aux.xml", names);
    import(&bench, &file, "2020", &[]).ok();
    let found = rows(&bench, &[]);
    assert_eq!((found[0].1.as_str(), found[0].2.as_str()), ("2", "TOWN"));
}

#[test]
fn corines_rasters_have_a_legend_of_their_own_and_the_wrong_one_is_told() {
    let bench = Bench::with_workspace("EPSG:5897");
    let file = Tiff { nodata: Some(48.0), ..Tiff::new(halves(12_u8, 2, 48)) }.write(&bench.path("clc.tif"));
    let wrong = bench.import(&file, "landuse", &["--epoch", "2018", "--legend", "corine"]).ok();
    assert_eq!((&wrong["issues"][0]["code"], wrong["unmapped"].as_array().unwrap().len()), (&json!("corine_grid_codes"), 2));
    assert!(wrong["issues"][0]["message"].as_str().unwrap().contains("--legend corine_grid"), "{}", wrong["issues"][0]);
    let right = bench.import(&file, "landuse", &["--epoch", "2018", "--legend", "corine_grid", "--replace"]).ok();
    assert_eq!((&right["unmapped"], &right["n_issues"]), (&json!([]), &json!(0)), "{right}");
    let three_digits = Tiff { nodata: Some(0.0), ..Tiff::new(halves(211_i16, 112, 0)) }.write(&bench.path("codes.tif"));
    let done = bench.import(&three_digits, "landuse", &["--epoch", "2012", "--legend", "corine"]).ok();
    assert_eq!(done["unmapped"], json!([]), "{done}");
}

#[test]
fn withheld_land_reads_as_nodata_and_is_nowhere_named() {
    let bench = bench();
    let file = Tiff { nodata: Some(0.0), ..Tiff::new(halves(77_u8, 50, 0)) }.write(&bench.path("base.tif"));
    import(&bench, &file, "2020", &[]).ok();
    let found = rows(&bench, &[]);
    assert!(found.iter().all(|r| r.1 != "77" && r.2 != "BASE"), "{found:?}");
    let nodata: f64 = found.iter().filter(|r| r.1 == "nodata").map(|r| r.3).sum();
    assert!((nodata - 175.0).abs() < 1e-6, "{found:?}");
    assert_eq!(bench.run(&["overlay", "w.gpkg"]).ok()["n_land_use"], 1);
}

/// The summary and the cards of zones, as the API tells them.
fn told(bench: &Bench, zones: &[&str]) -> (Value, Vec<Value>) {
    let rulebook = std::sync::Arc::new(farmzone::engine::Rulebook::load(None).unwrap());
    let snapshot = farmzone::engine::open(&bench.path("w.gpkg"), &rulebook).unwrap();
    let card = |id: &&str| snapshot.zone_card(id, None).unwrap()["properties"].clone();
    (snapshot.summary(&Default::default()).unwrap(), zones.iter().map(card).collect())
}

#[test]
fn land_that_the_cells_do_not_show_is_not_told_as_kept() {
    let bench = bench();
    import(&bench, &plain().write(&bench.path("a.tif")), "2020", &[]).ok();
    let facts = |found: &Value| ["not_seen_m2", "n_zones_partly_seen", "n_zones_not_seen"].map(|key| found[key].as_f64().unwrap().round());
    // As found, and as kept.
    for is_kept in [false, true] {
        let found = bench.run(&["detect", "w.gpkg"]).ok();
        assert_eq!((facts(&found), &found["is_unchanged"]), ([250.0, 2.0, 1.0], &json!(is_kept)));
        let (summary, cards) = told(&bench, &["in", "off"]);
        let totals = &summary["totals"];
        assert_eq!((&totals["not_seen_m2"], &totals["n_zones_not_seen"], &totals["lost_m2"]), (&json!(250.0), &json!(1), &json!(225.0)));
        let row = |key: &str| summary["kinds"].as_array().unwrap().iter().find(|k| k["kind"] == key).unwrap().clone();
        assert_eq!((&row("fruit")["lost_m2"], &row("rice")["lost_m2"]), (&Value::Null, &json!(225.0)));
        assert!(summary["layers_present"].as_array().unwrap().contains(&json!("landuse")), "{summary}");
        assert_eq!((&cards[0]["lost_m2"], &cards[0]["not_seen_m2"]), (&json!(225.0), &json!(100.0)));
        for key in ["lost_m2", "lost_share", "kept_m2"] {
            assert_eq!(cards[1][key], Value::Null, "{key}");
        }
    }
    // Withheld land is no such land: it could be measured by it.
    let base = Tiff { nodata: Some(0.0), ..Tiff::new(halves(77_u8, 50, 0)) }.write(&bench.path("base.tif"));
    import(&bench, &base, "2020", &["--replace"]).ok();
    assert_eq!(facts(&bench.run(&["detect", "w.gpkg"]).ok()), [250.0, 2.0, 1.0]);
    assert_eq!(told(&bench, &["in"]).1[0]["not_seen_m2"], 100.0);
}

#[test]
fn land_of_unknown_classes_is_not_told_as_kept() {
    let bench = bench();
    let fields = geojson_in(5897, &[(json!({ "id": "1", "code": "never heard of" }), &square(X, Y, 50.0)[..])]);
    bench.import(&bench.write("fields.geojson", fields), "landuse", &["--epoch", "2020"]).ok();
    let found = bench.run(&["detect", "w.gpkg"]).ok();
    // Most of “in”, but not its last 5 m; polygons that are not there say nothing.
    assert_eq!((found["not_seen_m2"].as_f64().unwrap().round(), &found["n_zones_partly_seen"]), (300.0, &json!(1)));
    assert_eq!(told(&bench, &["off"]).1[0]["lost_m2"], 0.0);
}

#[test]
fn a_raster_s_file_lives_as_long_as_a_layer_uses_it() {
    let bench = bench();
    let a = plain().write(&bench.path("a.tif"));
    let b = Tiff { nodata: Some(0.0), ..Tiff::new(halves(50_u8, 10, 0)) }.write(&bench.path("b.tif"));
    let ours = || tiffs(&bench).into_iter().filter(|n| n.starts_with("w.")).collect::<Vec<_>>();
    import(&bench, &a, "2020", &[]).ok();
    import(&bench, &a, "2021", &[]).ok();
    assert_eq!(ours().len(), 1, "the same content is one file");
    import(&bench, &a, "2021", &[]).refused(5, &["--replace"]);
    import(&bench, &b, "2021", &["--replace"]).ok();
    assert_eq!(ours().len(), 2);
    bench.run(&["backup", "w.gpkg", "copy.gpkg"]).ok();
    bench.run(&["drop", "w.gpkg", "landuse_raster_2020"]).ok();
    assert_eq!(ours().len(), 1);
    bench.run(&["drop", "w.gpkg", "landuse_raster_2021"]).ok();
    assert_eq!(ours(), Vec::<String>::new());
    // The copy has its own; renamed, it finds them still; without them it says what is missing.
    for name in ["copy.gpkg", "renamed.gpkg"] {
        bench.run(&["overlay", name, "--epoch", "2020", "--out", "pairs.csv"]).ok();
        let _ = std::fs::rename(bench.path("copy.gpkg"), bench.path("renamed.gpkg"));
    }
    for file in tiffs(&bench).iter().filter(|n| n.starts_with("copy.")) {
        std::fs::remove_file(bench.path(file)).unwrap();
    }
    bench.run(&["overlay", "renamed.gpkg", "--epoch", "2020"]).refused(3, &[".tif"]);
}

#[test]
fn polygons_and_a_raster_of_one_epoch_stand_side_by_side() {
    let bench = bench();
    let built = geojson_in(5897, &[(json!({ "id": "house", "code": "ONT" }), &square(X + 40.0, Y + 10.0, 5.0)[..])]);
    bench.import(&bench.write("built.geojson", built), "landuse", &["--epoch", "2020"]).ok();
    import(&bench, &plain().write(&bench.path("a.tif")), "2020", &[]).ok();
    let polygons = rows(&bench, &["--epoch", "2020"]);
    assert_eq!((polygons.len(), polygons[0].1.as_str()), (1, "house"));
    assert_rows(&rows(&bench, &["--epoch", "2020", "--raster"]));
    assert_eq!(bench.run(&["detect", "w.gpkg"]).ok()["n_events"], 1);
}

fn events(bench: &Bench, args: &[&str]) -> (Value, Vec<Value>) {
    let found = bench.run(&[&["detect", "w.gpkg", "--out", "events.geojson"], args].concat()).ok();
    let file: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("events.geojson")).unwrap()).unwrap();
    (found, file["features"].as_array().unwrap().iter().map(|f| f["properties"].clone()).collect())
}

#[test]
fn events_are_found_in_cells_as_in_polygons_and_last_from_one_to_the_other() {
    let bench = bench();
    import(&bench, &plain().write(&bench.path("a.tif")), "2020", &[]).ok();
    let (found, cells) = events(&bench, &[]);
    // Five metres along a border say little where cells measure ten.
    assert_eq!((&found["n_events"], &found["n_uncertain"], &found["uncertain_area_m2"]), (&json!(1), &json!(1), &json!(50.0)));
    let told: Vec<(&Value, &Value, &Value)> = cells.iter().map(|e| (&e["zone_id"], &e["code"], &e["area_m2"])).collect();
    assert_eq!(told, [(&json!("in"), &json!("TOWN"), &json!(225.0))]);
    // Borders lie somewhere in their cells of 10 m: the area has an error without anybody stating one.
    assert!(cells[0]["sigma_m2"].as_f64().unwrap() > 10.0 && cells[0]["evidence"].as_str().unwrap().contains("land_use TOWN"));
    let built = geojson_in(5897, &[(json!({ "id": "house", "code": "TOWN" }), &square(X + 40.5, Y + 10.5, 14.5)[..])]);
    import(&bench, &bench.write("built.geojson", built), "2024", &[]).ok();
    let (found, polygons) = events(&bench, &[]);
    assert_eq!((&polygons[0]["id"], &polygons[0]["since"]), (&cells[0]["id"], &json!("2020")));
    assert_eq!((&found["n_gone"], &found["n_new"]), (&json!(0), &json!(0)));
    let moved = bench.run(&["transitions", "w.gpkg"]).ok();
    assert_eq!(moved["rows"].as_array().unwrap().iter().filter(|r| r["from"] == "TREE" && r["to"].is_null()).count(), 1);
}

/// The whole of every zone is built upon in 2024; what 2020 shows is in its cells.
fn built_after_a_raster() -> Bench {
    let bench = bench();
    import(&bench, &plain().write(&bench.path("a.tif")), "2020", &[]).ok();
    let (near, far) = (square(X, Y, 200.0), square(X + 1000.0, Y, 10.0));
    let town = geojson_in(5897, &[(json!({ "id": "t", "code": "TOWN" }), &near[..]), (json!({ "id": "f", "code": "TOWN" }), &far[..])]);
    import(&bench, &bench.write("town.geojson", town), "2024", &[]).ok();
    bench
}

#[test]
fn what_a_raster_did_not_show_is_not_lost_since() {
    let bench = built_after_a_raster();
    let (found, events) = events(&bench, &["--since", "2020"]);
    // Of `in` 75 m² were trees; 100 m² of it, 50 m² of `edge` and all of `off` were not seen, the rest was town already.
    let told: Vec<(&Value, &Value)> = events.iter().map(|e| (&e["zone_id"], &e["area_m2"])).collect();
    assert_eq!(told, [(&json!("in"), &json!(75.0))]);
    assert!((found["not_seen_before_m2"].as_f64().unwrap() - 250.0).abs() < 1e-6, "{found}");
    let text = bench.text(&["detect", "w.gpkg", "--since", "2020"]);
    assert!(text.contains("not seen in 2020: 0.03 ha"), "{text}");
}

#[test]
fn figures_say_of_land_that_is_not_seen_that_it_is_not() {
    let bench = built_after_a_raster();
    let of = |by: &str| bench.run(&["figures", "w.gpkg", "--epoch", "2020", "--by", by, "--out", "figures.csv"]).ok();
    let told = |row: &Value| [&row["lost_m2"], &row["remaining_m2"], &row["not_seen_m2"], &row["area_m2"]].map(Clone::clone);
    let zones = of("zone");
    let row = |key: &str| told(zones["rows"].as_array().unwrap().iter().find(|r| r["key"] == key).unwrap());
    assert_eq!(row("in"), [json!(225.0), json!(175.0), json!(100.0), json!(400.0)]);
    assert_eq!(row("off"), [json!(null), json!(null), json!(100.0), json!(100.0)]);
    let table = std::fs::read_to_string(bench.path("figures.csv")).unwrap();
    assert!(table.lines().any(|line| line.starts_with("off,,1,100,,,100,,")), "{table}");
    let kinds = of("kind");
    assert_eq!(told(&kinds["rows"][1]), [json!(null), json!(null), json!(100.0), json!(100.0)]);
    let city = of("city");
    assert_eq!(told(&city["rows"][0]), [json!(225.0), json!(375.0), json!(250.0), json!(600.0)]);
}

#[test]
fn a_raster_beside_polygons_agrees_or_disagrees_openly() {
    let bench = bench();
    let built = geojson_in(
        5897,
        &[
            (json!({ "id": "shown by both", "code": "TOWN" }), &square(X + 41.0, Y + 11.0, 12.0)[..]),
            (
                json!({ "id": "shown by one", "code": "TOWN" }),
                &[[X + 35.0, Y + 12.0], [X + 39.5, Y + 12.0], [X + 39.5, Y + 24.0], [X + 35.0, Y + 24.0], [X + 35.0, Y + 12.0]][..],
            ),
        ],
    );
    import(&bench, &bench.write("built.geojson", built), "2020", &[]).ok();
    import(&bench, &plain().write(&bench.path("a.tif")), "2020", &[]).ok();
    let (found, events) = events(&bench, &[]);
    let told: Vec<(f64, &Value, &Value)> =
        events.iter().map(|e| (e["area_m2"].as_f64().unwrap(), &e["n_sources"], &e["n_agreeing"])).collect();
    assert_eq!(told, [(144.0, &json!(2), &json!(2)), (54.0, &json!(2), &json!(1))]);
    assert!(
        events[1]["evidence"].as_str().unwrap().contains("raster landuse_raster_2020 (shows no loss): 0.0 m²"),
        "{}",
        events[1]["evidence"]
    );
    // The raster shows 225 m² in `in` and 50 m² in `edge`, the polygons 144 m² of them.
    assert!((found["other_source_area_m2"].as_f64().unwrap() - (225.0 - 144.0 + 50.0)).abs() < 1e-6, "{found}");
}

#[test]
fn rasters_of_other_years_and_grids_give_transitions_of_the_land_itself() {
    let bench = bench();
    import(&bench, &plain().write(&bench.path("a.tif")), "2020", &[]).ok();
    // Cells of 5 m, shifted by 2.5 m; no TREE left.
    let finer = Tiff { width: 20, geotransform: Some([X - 2.5, 5.0, 0.0, Y + 62.5, 0.0, -5.0]), ..Tiff::new(vec![50_u8; 320]) };
    import(&bench, &finer.write(&bench.path("b.tif")), "2024", &[]).ok();
    let moved = bench.run(&["transitions", "w.gpkg"]).ok();
    let area = |from: &str, to: &str| {
        let row = moved["rows"].as_array().unwrap().iter().find(|r| r["from"] == from && r["to"] == to);
        row.map_or(0.0, |r| r["area_m2"].as_f64().unwrap())
    };
    assert!((area("TREE", "TOWN") - 75.0).abs() < 0.11 && (area("TOWN", "TOWN") - 275.0).abs() < 0.11, "{moved}");
}

#[test]
fn a_workspace_from_before_rasters_takes_one_and_other_programs_see_a_clean_geopackage() {
    let bench = bench();
    let old = rusqlite::Connection::open(bench.path("w.gpkg")).unwrap();
    old.execute_batch("ALTER TABLE farmzone_layers DROP COLUMN raster").unwrap();
    drop(old);
    assert_eq!(bench.run(&["layers", "w.gpkg"]).ok()["layers"].as_array().unwrap().len(), 1);
    import(&bench, &plain().write(&bench.path("a.tif")), "2020", &[]).ok();
    assert_rows(&rows(&bench, &[]));
    let now = rusqlite::Connection::open(bench.path("w.gpkg")).unwrap();
    let ask = |sql: &str| now.query_row(sql, [], |r| r.get::<_, String>(0)).unwrap();
    assert_eq!(ask("SELECT value FROM farmzone_settings WHERE \"key\" = 'version'"), "2");
    assert_eq!(ask("SELECT data_type FROM gpkg_contents WHERE table_name = 'landuse_raster_2020'"), "attributes");
    assert_eq!(ask("SELECT count(*) || '' FROM pragma_foreign_key_check"), "0");
    let dataset = gdal::Dataset::open(bench.path("w.gpkg")).unwrap();
    let layer = gdal::vector::LayerAccess::name(&dataset.layer(0).unwrap());
    assert_eq!((layer.as_str(), dataset.description().unwrap().ends_with("w.gpkg")), ("zones", true));
}

#[test]
fn a_raster_in_a_zip_is_taken_out_of_it() {
    let bench = bench();
    let file = plain().write(&bench.path("a.tif"));
    let content = std::fs::read(&file).unwrap();
    bench.write("a.zip", crate::formats::kinds::zip(&[("folder/readme.txt", b"land cover"), ("folder/a.tif", &content)]));
    std::fs::remove_file(file).unwrap();
    import(&bench, &bench.path("a.zip"), "2020", &[]).ok();
    assert_rows(&rows(&bench, &[]));
}

#[test]
fn three_years_of_vaud_lie_on_one_ground_though_two_name_their_crs_in_another_way() {
    let Some(data) = real_data("three_years_of_vaud") else { return };
    let bench = Bench::with_workspace("EPSG:2056");
    let lake = geojson_in(2056, &[(json!({ "id": "lausanne", "kind": "other" }), &square(2_530_000.0, 1_150_000.0, 12_000.0)[..])]);
    bench.import(&bench.write("zones.geojson", lake), "zones", &[]).ok();
    bench.write("ours.toml", LEGEND.replace("\"10\"", "\"2\"").replace("\"50\"", "\"1\""));
    let mut urban = Vec::new();
    for (year, file) in
        [("2000", "vaud_g100_clc00_V18_5.tif"), ("2006", "vaud_g100_clc06_V18_5a.tif"), ("2012", "vaud_g100_clc12_V18_5a.tif")]
    {
        let done = import(&bench, &data.join("data/rasters/vaud_clc").join(file), year, &[]).ok();
        assert_eq!(done["crs"]["source"], "EPSG:3035", "{year}: {done}");
        assert_eq!(done["issues"].as_array().unwrap().len(), usize::from(year != "2012"), "{year}: {done}");
        let found = rows(&bench, &["--epoch", year]);
        let sum: f64 = found.iter().map(|r| r.3).sum();
        assert!((sum - 144e6).abs() < 1e-3, "{year}: {sum}");
        urban.push(found.iter().find(|r| r.2 == "TOWN").map_or(0.0, |r| r.3));
    }
    // The town grows by a little, and only a little.
    assert!(urban[0] > 1e6 && urban.windows(2).all(|w| w[1] >= w[0] * 0.99 && w[1] < w[0] * 1.1), "{urban:?}");
}
