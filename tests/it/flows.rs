//! Whole flows on small input of our own: what a planner does, and what must be refused.

use serde_json::{Value, json};

use crate::program::{Bench, geojson_in, square};
use crate::store::outsider;

const X: f64 = 580_000.0;
const Y: f64 = 2_320_000.0;

fn two_zones() -> String {
    geojson_in(
        5897,
        &[
            (json!({ "id": "a", "kind": "rice", "name": "Vùng lúa Đại Thanh" }), &square(X, Y, 200.0)),
            (json!({ "id": "b", "kind": "fruit", "name": "Vùng bưởi" }), &square(X + 200.0, Y, 200.0)),
        ],
    )
}

/// A house of 20 × 20 m over the border of both zones, a shed in `b`, a sliver in `a`, defence land over all.
fn built() -> String {
    geojson_in(
        5897,
        &[
            (json!({ "id": "house", "code": "ONT" }), &square(X + 190.0, Y + 50.0, 20.0)),
            (json!({ "id": "road", "code": "DGT" }), &square(X + 300.0, Y + 100.0, 30.0)),
            (json!({ "id": "speck", "code": "ODT" }), &square(X + 10.0, Y + 10.0, 1.0)),
            (json!({ "id": "rice", "code": "LUC" }), &square(X, Y, 400.0)),
            (json!({ "id": "base", "code": "CQP" }), &square(X, Y, 100.0)),
            (json!({ "id": "strange", "code": "LUC+ONT" }), &square(X + 100.0, Y + 100.0, 10.0)),
        ],
    )
}

fn loaded() -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = bench.write("zones.geojson", two_zones());
    let land_use = bench.write("landuse.geojson", built());
    bench.import(&zones, "zones", &[]).ok();
    bench.import(&land_use, "landuse", &["--epoch", "2024"]).ok();
    bench
}

#[test]
fn zones_and_land_use_are_loaded_overlaid_and_detected() {
    let bench = loaded();
    let overlay = bench.run(&["overlay", "w.gpkg", "--out", "pairs.csv"]).ok();
    // house × a, house × b, road × b, speck × a, rice × a and b, strange × a; defence land is withheld.
    assert_eq!(overlay["n_pairs"], 7);
    let area = overlay["area_m2"].as_f64().unwrap();
    assert!((area - (200.0 + 200.0 + 900.0 + 1.0 + 80_000.0 + 100.0)).abs() < 1e-3, "{area}");
    let pairs = std::fs::read_to_string(bench.path("pairs.csv")).unwrap();
    assert!(pairs.starts_with("zone_id,landuse_id,code,area_m2,share"), "{pairs}");
    assert_eq!(pairs.lines().count(), 8);
    assert!(!pairs.contains("CQP"));

    let found = bench.run(&["detect", "w.gpkg", "--out", "events.geojson"]).ok();
    assert_eq!(found["n_zones"], 2);
    assert_eq!(found["n_zones_encroached"], 2);
    assert_eq!(found["n_events"], 3);
    assert!((found["area_m2"].as_f64().unwrap() - 1300.0).abs() < 1e-3);
    assert_eq!(found["n_slivers"], 1);
    assert_eq!(found["by_group"]["built"]["n_events"], 2);
    assert_eq!(found["by_group"]["transport"]["n_events"], 1);
    assert_eq!(found["by_right"]["unknown"]["n_events"], 3);
    assert_eq!(found["by_kind"]["rice"]["n_events"], 1);
    let events: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("events.geojson")).unwrap()).unwrap();
    assert_eq!(events["features"].as_array().unwrap().len(), 3);

    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    let names: Vec<&str> = layers["layers"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["zones", "landuse_2024", "encroachments_2024"]);
}

#[test]
fn detecting_again_gives_the_same_events_under_the_same_ids() {
    let bench = loaded();
    let ids = |file: &str| {
        bench.run(&["detect", "w.gpkg", "--out", file]).ok();
        let events: Value = serde_json::from_str(&std::fs::read_to_string(bench.path(file)).unwrap()).unwrap();
        events["features"].as_array().unwrap().iter().map(|f| f["properties"]["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("one.geojson"), ids("two.geojson"));
}

#[test]
fn a_kind_asked_for_alone_is_counted_alone_and_not_kept() {
    let bench = loaded();
    let found = bench.run(&["detect", "w.gpkg", "--kind", "fruit"]).ok();
    assert_eq!((found["n_zones"].clone(), found["n_events"].clone()), (json!(1), json!(2)));
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    assert_eq!(layers["layers"].as_array().unwrap().len(), 2);
    bench.run(&["detect", "w.gpkg", "--kind", "ricee"]).refused(3, &["ricee", "rice", "fruit"]);
}

#[test]
fn an_unmapped_label_is_listed_with_its_area_and_never_counted_as_built() {
    let bench = Bench::with_workspace("EPSG:5897");
    let land_use = bench.write("landuse.geojson", built());
    let done = bench.import(&land_use, "landuse", &["--epoch", "2024"]).ok();
    assert_eq!(done["unmapped"], json!([{ "label": "LUC+ONT", "n": 1, "area_m2": 100.0 }]));
    assert_eq!((done["n_read"].clone(), done["n_kept"].clone(), done["n_rejected"].clone()), (json!(6), json!(6), json!(0)));
}

#[test]
fn the_same_layer_again_is_a_conflict_that_names_the_three_ways_on() {
    let bench = loaded();
    let zones = bench.path("zones.geojson");
    bench.import(&zones, "zones", &[]).refused(5, &["--replace", "--append", "--update"]);
    bench.import(&zones, "zones", &["--replace"]).ok();
    bench.import(&zones, "zones", &["--append"]).refused(5, &["a"]);
    let updated = bench.import(&zones, "zones", &["--update"]).ok();
    assert_eq!(updated["n_kept"], 2);
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    assert_eq!((layers["layers"][0]["name"].clone(), layers["layers"][0]["n_features"].clone()), (json!("zones"), json!(2)));
}

#[test]
fn a_dry_run_and_a_strict_refusal_change_nothing() {
    let bench = Bench::with_workspace("EPSG:5897");
    let bad = [[X, Y], [X + 10.0, Y + 10.0], [X + 10.0, Y], [X, Y + 10.0], [X, Y]];
    let file = bench.write("zones.geojson", geojson_in(5897, &[(json!({ "id": "bow", "kind": "rice" }), &bad)]));
    let tried = bench.import(&file, "zones", &["--dry-run"]).ok();
    assert_eq!(tried["n_repaired"], 1);
    bench.import(&file, "zones", &["--strict"]).refused(4, &["--strict"]);
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    assert_eq!(layers["layers"], json!([]));
    // Repaired, it keeps both halves of the bow: 25 m² each.
    let kept = bench.import(&file, "zones", &[]).ok();
    assert!((kept["area_after_m2"].as_f64().unwrap() - 50.0).abs() < 1e-6, "{kept}");
    assert!(kept["area_before_m2"].as_f64().unwrap().abs() < 1e-6, "{kept}");
    assert_eq!(kept["issues"][0]["feature"], "bow");
}

#[test]
fn land_use_needs_an_epoch_and_a_known_legend() {
    let bench = Bench::with_workspace("EPSG:5897");
    let file = bench.write("landuse.geojson", built());
    bench.import(&file, "landuse", &[]).refused(2, &["--epoch"]);
    bench.import(&file, "landuse", &["--epoch", "2024-13"]).refused(2, &[]);
    bench.import(&file, "landuse", &["--epoch", "2024", "--legend", "moon"]).refused(3, &["moon", "vn", "osm", "corine", "worldcover"]);
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let bench = loaded();
    bench.run(&["overlay", "w.gpkg", "--epoch", "1999"]).refused(3, &["1999", "2024"]);
    bench.run(&["drop", "w.gpkg", "moon"]).refused(3, &["moon", "zones"]);
    bench.run(&["export", "w.gpkg", "x.geojson", "--layer", "moon"]).refused(3, &["moon", "zones"]);
    bench.run(&["layers", "none.gpkg"]).refused(3, &["none.gpkg"]);
    bench.run(&["init", "w.gpkg"]).refused(5, &["w.gpkg"]);
    bench.run(&["export", "w.gpkg", "x.moon"]).refused(6, &["moon", "geojson"]);
    bench.run(&["nonsense"]).refused(2, &[]);
    assert!(!bench.path("x.geojson").exists());
}

#[test]
fn zones_of_an_unknown_kind_are_set_aside_and_listed() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = [
        (json!({ "id": "a", "kind": "rice" }), &square(X, Y, 100.0)[..]),
        (json!({ "id": "b", "kind": "moon dust" }), &square(X + 200.0, Y, 100.0)[..]),
    ];
    let file = bench.write("zones.geojson", geojson_in(5897, &zones));
    let done = bench.import(&file, "zones", &["--issues", "issues.csv"]).ok();
    assert_eq!((done["n_kept"].clone(), done["n_rejected"].clone()), (json!(1), json!(1)));
    assert_eq!(done["issues"][0]["code"], "unknown_kind");
    assert!(std::fs::read_to_string(bench.path("issues.csv")).unwrap().contains("moon dust"));
    bench.import(&file, "zones", &["--replace", "--kind", "moon"]).refused(4, &["moon", "rice"]);
}

#[test]
fn zones_outside_the_boundaries_are_kept_and_marked() {
    let bench = Bench::with_workspace("EPSG:5897");
    let commune = bench.write("c.geojson", geojson_in(5897, &[(json!({ "code": "00001", "name": "Xã Thử" }), &square(X, Y, 300.0))]));
    let zones = bench.write("zones.geojson", two_zones());
    bench.import(&commune, "boundaries", &[]).ok();
    let done = bench.import(&zones, "zones", &[]).ok();
    assert_eq!((done["n_kept"].clone(), done["n_outside"].clone()), (json!(2), json!(1)));
    let issue = done["issues"].as_array().unwrap().iter().find(|i| i["code"] == "outside_boundaries").unwrap();
    assert_eq!(issue["feature"], "b");
}

#[test]
fn events_written_as_a_shapefile_tell_which_names_were_shortened() {
    let bench = loaded();
    let found = bench.run(&["detect", "w.gpkg", "--out", "events.shp"]).ok();
    assert_eq!(found["issues"][0]["code"], "shortened_names");
    assert!(found["issues"][0]["message"].as_str().unwrap().contains("probability → probabilit"), "{}", found["issues"]);
    assert!(bench.text(&["detect", "w.gpkg", "--out", "events.shp"]).contains("probability → probabilit"));
    assert_eq!(bench.run(&["detect", "w.gpkg", "--out", "events.gpkg"]).ok()["issues"], json!([]));
}

#[test]
fn messages_say_what_is_wrong_and_what_to_do() {
    let bench = loaded();
    let told = bench.text(&["transitions", "w.gpkg"]);
    assert!(told.contains("two epochs") && told.contains("only 2024") && !told.contains("0.00 ha"), "{told}");
    let zones = bench.path("zones.geojson");
    bench.import(&zones, "zones", &["--operation", "EPSG:1", "--replace"]).refused(2, &["known coordinate operation", "EPSG:6960"]);
    let of = |group: &str, geometry: Value| json!({ "type": "Feature", "properties": { "group": group }, "geometry": geometry });
    let mut mixed: Value = serde_json::from_str(&geojson_in(5897, &[])).unwrap();
    mixed["features"] = json!([
        of("place", json!({ "type": "Point", "coordinates": [X, Y] })),
        of("road", json!({ "type": "LineString", "coordinates": [[X, Y], [X + 9.0, Y]] }))
    ]);
    bench.import(&bench.write("mixed.geojson", mixed.to_string()), "context", &[]).ok();
    bench.run(&["export", "w.gpkg", "context.shp", "--layer", "context"]).refused(6, &["one kind of shape", ".gpkg"]);
    assert!(!bench.path("context.shp").exists());
}

#[test]
fn what_is_exported_comes_back_as_it_was() {
    let bench = loaded();
    for name in ["out.gpkg", "out.geojson", "out.fgb", "out.shp", "out.kml", "out.csv"] {
        let done = bench.run(&["export", "w.gpkg", name, "--layer", "zones"]).ok();
        assert_eq!(done["n_features"], 2, "{name}");
        let again = Bench::with_workspace("EPSG:5897");
        let crs: &[&str] = if name.ends_with("csv") { &["--crs", "EPSG:5897"] } else { &[] };
        let read = again.import(&bench.path(name), "zones", crs).ok();
        assert_eq!(read["n_kept"], 2, "{name} {read}");
        let area = read["area_after_m2"].as_f64().unwrap();
        // GeoJSON and KML have seven decimals of a degree, a centimetre on a border of 1,600 m; the others keep all digits.
        let tolerance_m2 = if name.ends_with("geojson") || name.ends_with("kml") { 8.0 } else { 0.1 };
        assert!((area - 80_000.0).abs() < tolerance_m2, "{name}: {area}");
    }
    bench.run(&["export", "w.gpkg", "out.xlsx", "--layer", "zones"]).ok();
    bench.run(&["detect", "w.gpkg"]).ok();
    bench.run(&["export", "w.gpkg", "lost.fgb", "--layer", "encroachments"]).ok();
    let land_use = bench.run(&["export", "w.gpkg", "used.geojson", "--layer", "landuse"]).ok();
    assert_eq!(land_use["n_features"], 5);
    assert!(!std::fs::read_to_string(bench.path("used.geojson")).unwrap().contains("CQP"), "defence land must not leave");
}

#[test]
fn a_result_is_never_written_over_a_workspace_or_what_is_no_plain_file() {
    let bench = loaded();
    bench.run(&["init", "other.gpkg"]).ok();
    for args in [
        &["overlay", "w.gpkg", "--out", "w.gpkg"][..],
        &["detect", "w.gpkg", "--out", "./w.gpkg"],
        &["export", "w.gpkg", "w.gpkg"],
        &["export", "w.gpkg", "other.gpkg"],
        &["import", "w.gpkg", "zones.geojson", "--as", "zones", "--replace", "--issues", "w.gpkg"],
    ] {
        bench.run(args).refused(5, &["another file"]);
    }
    std::os::unix::fs::symlink("w.gpkg", bench.path("link.csv")).unwrap();
    bench.run(&["overlay", "w.gpkg", "--out", "link.csv"]).refused(5, &["link.csv"]);
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    assert_eq!(layers["layers"].as_array().unwrap().len(), 2, "nothing was lost, nothing was kept");
}

#[test]
fn what_cannot_be_written_leaves_the_workspace_as_it_was() {
    let bench = loaded();
    let revision = |bench: &Bench| bench.run(&["layers", "w.gpkg"]).ok();
    let before = revision(&bench);
    bench.run(&["detect", "w.gpkg", "--out", "nowhere/e.csv"]).refused(7, &["nowhere"]);
    bench.run(&["detect", "w.gpkg", "--out", "e.moon"]).refused(6, &["moon"]);
    bench.import(&bench.path("zones.geojson"), "zones", &["--replace", "--issues", "nowhere/i.csv"]).refused(7, &["nowhere"]);
    assert_eq!(revision(&bench), before);
}

#[test]
fn what_is_read_is_not_written_over_and_a_field_is_named_once() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = bench.write("zones.geojson", two_zones());
    let before = std::fs::read(&zones).unwrap();
    for table in ["zones.geojson", "./zones.geojson"] {
        bench.import(&zones, "zones", &["--issues", table]).refused(5, &["belongs to the file that is read"]);
    }
    bench.write("zones.csv", "somebody's");
    bench.import(&zones, "zones", &["--issues", "zones.csv"]).refused(5, &["zones.csv"]);
    assert_eq!(std::fs::read(&zones).unwrap(), before);
    bench.import(&zones, "zones", &["--field", "name=a", "--field", "name=b"]).refused(2, &["--field name", "twice"]);
    bench.import(&zones, "zones", &["--issues", "issues.csv"]).ok();
    bench.run(&["export", "w.gpkg", "none/out.gpkg"]).refused(7, &["there is no folder"]);
}

#[test]
fn only_land_use_has_epochs() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = bench.write("zones.geojson", two_zones());
    bench.import(&zones, "zones", &["--epoch", "2024"]).refused(2, &["--epoch", "zones"]);
}

#[test]
fn a_mixed_or_free_label_that_names_defence_land_is_withheld_too() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = bench.write("zones.geojson", two_zones());
    let mixed = [
        (json!({ "code": "LUC+CQP" }), &square(X, Y, 50.0)[..]),
        (json!({ "code": "cqp1" }), &square(X, Y, 50.0)[..]),
        (json!({ "code": "Đất QP" }), &square(X, Y, 50.0)[..]),
        (json!({ "code": "DAT_QUOC_PHONG" }), &square(X, Y, 50.0)[..]),
        (json!({ "code": "military" }), &square(X, Y, 50.0)[..]),
        (json!({ "code": "an ninh" }), &square(X, Y, 50.0)[..]),
        (json!({ "code": "ONT" }), &square(X, Y, 50.0)[..]),
        (json!({ "code": "Chợ Cần Thơ" }), &square(X, Y, 50.0)[..]),
    ];
    let land_use = bench.write("landuse.geojson", geojson_in(5897, &mixed));
    bench.import(&zones, "zones", &[]).ok();
    bench.import(&land_use, "landuse", &["--epoch", "2024"]).ok();
    assert_eq!(bench.run(&["overlay", "w.gpkg"]).ok()["n_pairs"], 2);
    assert_eq!(bench.run(&["export", "w.gpkg", "used.geojson", "--layer", "landuse"]).ok()["n_features"], 2);
}

#[test]
fn a_road_drawn_over_built_land_is_lost_once() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = bench.write("zones.geojson", two_zones());
    let both = [(json!({ "code": "ONT" }), &square(X, Y, 50.0)[..]), (json!({ "code": "DGT" }), &square(X, Y, 40.0)[..])];
    let land_use = bench.write("landuse.geojson", geojson_in(5897, &both));
    bench.import(&zones, "zones", &[]).ok();
    bench.import(&land_use, "landuse", &["--epoch", "2024"]).ok();
    bench.run(&["export", "w.gpkg", "zones.csv", "--layer", "zones"]).ok();
    let table = std::fs::read_to_string(bench.path("zones.csv")).unwrap();
    let mut rows = table.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let lost = rows.next().unwrap().iter().position(|c| *c == "lost_m2").unwrap();
    let row = rows.find(|r| r.contains(&"a")).unwrap();
    assert!((row[lost].parse::<f64>().unwrap() - 2500.0).abs() < 1e-3, "{table}");
}

#[test]
fn simulated_data_stays_marked_when_it_comes_back() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zone = [(json!({ "id": "a", "kind": "rice", "simulated": 1 }), &square(X, Y, 100.0)[..])];
    let file = bench.write("zones.geojson", geojson_in(5897, &zone));
    bench.import(&file, "zones", &[]).ok();
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    assert_eq!((layers["layers"][0]["simulated"].clone(), layers["layers"][0]["keep"].clone()), (json!(true), json!([])));
}

#[test]
fn a_damaged_geopackage_is_told_as_damaged() {
    let bench = loaded();
    bench.run(&["export", "w.gpkg", "whole.gpkg"]).ok();
    let whole = std::fs::read(bench.path("whole.gpkg")).unwrap();
    for share in [10, 40, 80] {
        let cut = bench.write("cut.gpkg", &whole[..whole.len() * share / 100]);
        let again = Bench::with_workspace("EPSG:5897");
        let answer = again.import(&cut, "zones", &[]);
        assert_eq!(answer.code, 4, "{share} %: {} {}", answer.json, answer.stderr);
    }
}

/// What QGIS leaves behind: rows changed, `last_change` too, no word to farmzone.
fn edit_elsewhere(bench: &Bench, sql: &str) {
    let change = "UPDATE gpkg_contents SET last_change = '2031-01-01T00:00:00.000Z' WHERE table_name = 'zones'";
    outsider(&bench.path("w.gpkg")).execute_batch(&format!("BEGIN; {sql}; {change}; COMMIT")).unwrap();
}

#[test]
fn an_edit_by_another_program_gets_a_revision_of_its_own() {
    let bench = loaded();
    bench.run(&["detect", "w.gpkg"]).ok();
    let revisions = || -> Vec<u64> {
        let layers = bench.run(&["layers", "w.gpkg"]).ok();
        layers["layers"].as_array().unwrap().iter().map(|l| l["revision"].as_u64().unwrap()).collect()
    };
    assert_eq!(revisions(), [1, 2, 3]);
    edit_elsewhere(&bench, "DELETE FROM zones WHERE id = 'b'");
    // What was detected before does not hold any more.
    assert_eq!(bench.run(&["export", "w.gpkg", "lost.csv", "--layer", "encroachments"]).ok()["n_features"], 1);
    assert_eq!(revisions(), [4, 4, 4]);
    bench.run(&["overlay", "w.gpkg"]).ok();
    assert_eq!(revisions(), [4, 4, 4], "said once");
}

#[test]
fn a_zone_that_lost_its_shape_elsewhere_is_told() {
    let bench = loaded();
    let zones = || bench.run(&["layers", "w.gpkg"]).ok()["layers"][0].clone();
    assert_eq!((&zones()["n_features"], &zones()["n_without_shape"]), (&json!(2), &json!(0)));
    edit_elsewhere(&bench, "UPDATE zones SET geom = NULL WHERE id = 'b'");
    assert_eq!((&zones()["n_features"], &zones()["n_without_shape"]), (&json!(2), &json!(1)));
    let text = std::process::Command::new(env!("CARGO_BIN_EXE_farmzone")).arg("layers").arg(bench.path("w.gpkg")).output().unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).contains("zones: 1 of its features have no shape"), "{text:?}");
}

#[test]
fn land_use_of_another_legend_is_not_added_to_a_layer() {
    let bench = loaded();
    let land_use = bench.path("landuse.geojson");
    for mode in ["--append", "--update"] {
        bench.import(&land_use, "landuse", &["--epoch", "2024", "--legend", "osm", mode]).refused(5, &["osm", "vn", "--replace"]);
    }
    bench.import(&land_use, "landuse", &["--epoch", "2024", "--legend", "osm", "--replace"]).ok();
}

#[test]
fn zones_of_one_shape_are_told() {
    let bench = Bench::with_workspace("EPSG:5897");
    let mut turned = square(X, Y, 100.0).to_vec();
    turned.pop();
    turned.rotate_left(2);
    turned.push(turned[0]);
    turned.reverse();
    let zones = [
        (json!({ "id": "a", "kind": "rice" }), &square(X, Y, 100.0)[..]),
        (json!({ "id": "b", "kind": "fruit" }), &turned[..]),
        (json!({ "id": "c", "kind": "fruit" }), &square(X, Y, 50.0)[..]),
    ];
    let done = bench.import(&bench.write("zones.geojson", geojson_in(5897, &zones)), "zones", &[]).ok();
    assert_eq!((&done["n_kept"], &done["n_issues"]), (&json!(3), &json!(1)));
    assert_eq!((&done["issues"][0]["code"], &done["issues"][0]["feature"]), (&json!("identical_shape"), &json!("b")));
    assert!(done["issues"][0]["message"].as_str().unwrap().contains("“a”"), "{done}");
}

#[test]
fn an_update_takes_the_first_of_two_features_of_one_id() {
    let bench = loaded();
    let twice =
        [(json!({ "id": "a", "kind": "tea" }), &square(X, Y, 100.0)[..]), (json!({ "id": "a", "kind": "fruit" }), &square(X, Y, 50.0)[..])];
    let file = bench.write("twice.geojson", geojson_in(5897, &twice));
    let done = bench.import(&file, "zones", &["--update"]).ok();
    assert_eq!((&done["n_kept"], &done["n_rejected"]), (&json!(1), &json!(1)));
    assert_eq!((&done["issues"][0]["code"], &done["issues"][0]["feature"]), (&json!("duplicate_id"), &json!("a")));
    bench.run(&["export", "w.gpkg", "zones.geojson"]).ok();
    let zones: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("zones.geojson")).unwrap()).unwrap();
    let kinds: Vec<_> = zones["features"].as_array().unwrap().iter().map(|f| [&f["properties"]["id"], &f["properties"]["kind"]]).collect();
    assert_eq!(kinds, [["a", "tea"], ["b", "fruit"]]);
}

#[test]
fn a_date_that_is_none_is_kept_and_told() {
    let bench = Bench::with_workspace("EPSG:5897");
    let dates = ["2024-02-30", "31/12/2024", "12/31/2024", "1/6/24", "2024-06-30", "2024", "2024-06-30T10:00:00Z", "soon"];
    let zone = |(i, d): (usize, &&str)| {
        (json!({ "id": d, "kind": "rice", "established": d, "standard_until": d }), square(X + 10.0 * i as f64, Y, 10.0))
    };
    let zones: Vec<_> = dates.iter().enumerate().map(zone).collect();
    let zones: Vec<_> = zones.iter().map(|(p, ring)| (p.clone(), &ring[..])).collect();
    let done = bench.import(&bench.write("zones.geojson", geojson_in(5897, &zones)), "zones", &[]).ok();
    let told: Vec<&str> = done["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| {
            assert_eq!(i["code"], "bad_date");
            i["feature"].as_str().unwrap()
        })
        .collect();
    assert_eq!(told, ["2024-02-30", "2024-02-30", "12/31/2024", "12/31/2024", "1/6/24", "1/6/24", "soon", "soon"]);
    assert!(done["issues"][2]["message"].as_str().unwrap().contains("day first, 30/6/2024"), "{}", done["issues"][2]);
    bench.run(&["export", "w.gpkg", "zones.csv"]).ok();
    let table = std::fs::read_to_string(bench.path("zones.csv")).unwrap();
    assert!(table.contains(",2024-12-31,") && !table.contains(",31/12/2024,") && table.contains(",12/31/2024,"), "{table}");
    for (role, properties, bad) in [
        ("permits", json!({ "id": "p", "right": "permitted", "decided": "1.6.2024", "valid_to": "never" }), 1),
        ("boundaries", json!({ "code": "1", "name": "Xã Thử", "valid_from": "July" }), 1),
    ] {
        let file = bench.write("more.geojson", geojson_in(5897, &[(properties, &square(X, Y, 10.0))]));
        let done = bench.import(&file, role, &[]).ok();
        assert_eq!((&done["n_issues"], &done["issues"][0]["code"]), (&json!(bad), &json!("bad_date")), "{role}");
    }
}

#[test]
fn no_exported_cell_is_a_formula() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = [
        (json!({ "id": "=1+1", "kind": "rice", "name": "+cmd|' /C calc'!A0", "note": "-12.5" }), &square(X, Y, 100.0)[..]),
        (json!({ "id": "-7", "kind": "rice", "name": "@SUM(A1)", "note": "-a" }), &square(X, Y, 100.0)[..]),
    ];
    bench.import(&bench.write("zones.geojson", geojson_in(5897, &zones)), "zones", &["--keep", "note"]).ok();
    bench.import(&bench.write("used.geojson", built()), "landuse", &["--epoch", "2024"]).ok();
    bench.run(&["export", "w.gpkg", "zones.csv"]).ok();
    bench.run(&["overlay", "w.gpkg", "--out", "pairs.csv"]).ok();
    for name in ["zones.csv", "pairs.csv"] {
        let table = std::fs::read_to_string(bench.path(name)).unwrap();
        let cells = || table.lines().skip(1).flat_map(|line| line.split(','));
        assert!(cells().any(|c| c == "'=1+1") && cells().any(|c| c == "-7"), "{table}");
        let formula = cells().find(|c| c.starts_with(['=', '+', '-', '@']) && c.parse::<f64>().is_err());
        assert_eq!(formula, None, "{table}");
    }
}

#[test]
fn what_is_named_wrongly_is_refused_before_anything_is_made() {
    let bench = loaded();
    bench.run(&["init", "b.shp"]).refused(2, &["b.shp", "b.gpkg"]);
    bench.run(&["overlay", "w.gpkg", "--out", "x.geojson"]).refused(2, &["x.geojson", ".csv"]);
    assert!(!bench.path("b.shp").exists() && !bench.path("x.geojson").exists());
    for command in [&["layers", "w.gpkg"][..], &["overlay", "w.gpkg"], &["backup", "w.gpkg", "copy.gpkg"], &["init", "c.gpkg"]] {
        bench.run(&[&["--rules", "nowhere"], command].concat()).refused(3, &["nowhere"]);
    }
    assert!(!bench.path("copy.gpkg").exists() && !bench.path("c.gpkg").exists());
}

#[test]
fn an_area_of_nothing_has_no_sign() {
    let bench = Bench::with_workspace("EPSG:5897");
    // A line that goes and comes back on itself encloses nothing.
    let flat = [[X, Y], [X + 10.0, Y], [X + 20.0, Y], [X, Y]];
    let places =
        [(json!({ "id": "flat", "group": "place" }), &flat[..]), (json!({ "id": "square", "group": "place" }), &square(X, Y, 10.0)[..])];
    let done = bench.import(&bench.write("context.geojson", geojson_in(5897, &places)), "context", &[]).ok();
    assert!(done["n_issues"].as_u64() > Some(0) && !done.to_string().contains("-0.0"), "{done}");
    bench.import(&bench.write("zones.geojson", two_zones()), "zones", &[]).ok();
    let far = [(json!({ "code": "ONT" }), &square(X + 5_000.0, Y, 10.0)[..])];
    bench.import(&bench.write("used.geojson", geojson_in(5897, &far)), "landuse", &["--epoch", "2024"]).ok();
    assert_eq!(bench.run(&["overlay", "w.gpkg"]).ok()["area_m2"].to_string(), "0.0");
}
