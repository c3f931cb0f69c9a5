//! The land of codes: tables of vertices, coordinates that went wrong on the way, and buildings that stand in two zones.

use super::*;

/// Vertices of squares by code, each given by its south-western corner; northing first, as tables here have them.
fn vertices(corners: &[(&str, f64, f64)], scale: f64) -> String {
    let mut text = "Mã số,Xã,Đỉnh,X,Y\n".to_owned();
    for (code, x, y) in corners {
        for (n, [east, north]) in square(*x, *y, 20.0).iter().take(4).enumerate() {
            text += &format!("{code},Đại Thanh,{},{:.3},{:.3}\n", n + 1, north * scale, 500_000.0 + (east - 500_000.0) * scale);
        }
    }
    text
}

const CORNERS: [(&str, f64, f64); 3] = [("VN-HNOR-0101", X, Y), ("VN-HNOR-0102", X + 50.0, Y), ("VN-HNOR-0103", X + 100.0, Y)];

#[test]
fn a_table_of_vertices_is_the_land_of_its_codes() {
    let bench = loaded();
    let file = bench.write("vertices.csv", vertices(&CORNERS, 1.0));
    let done = bench.import(&file, "codes", &["--crs", "EPSG:5897"]).ok();
    assert_eq!((&done["n_kept"], &done["n_rejected"], &done["area_after_m2"]), (&json!(3), &json!(0), &json!(1_200.0)), "{done}");
    let card = engine(&bench).snapshot().code_card("VN-HNOR-0102", &CheckAsk::default(), false).unwrap();
    assert_eq!((&card["records"][0]["has_own_land"], &card["check"]["measured_area_m2"]), (&json!(true), &json!(400.0)));
}

#[test]
fn land_that_lies_elsewhere_is_told_with_what_likely_went_wrong_and_set_right_when_asked() {
    let bench = loaded();
    // UTM taken for TM-3: some 700 m too far south.
    let text = vertices(&CORNERS, 0.9996 / 0.9999);
    let file = bench.write("vertices.csv", &text);
    let told = bench.import(&file, "codes", &["--crs", "EPSG:5897", "--dry-run"]).ok();
    let mistake = &told["issues"][0];
    assert!(mistake["code"] == "likely_mistake" && mistake["message"].as_str().unwrap().contains("--correct utm_for_tm3"), "{told}");
    let engine = engine(&bench);
    let ask = RegisterAsk { filename: "a.csv".to_owned(), crs: Some(farmzone::model::EpsgCode(5897)), ..RegisterAsk::default() };
    let looked = engine.import_register(text.as_bytes(), &ask, &officer()).unwrap();
    let told = &looked.review["issues"][0];
    assert_eq!(told["code"], "likely_mistake");
    assert!(told["message"]["vi"].as_str().unwrap().contains("UTM trên VN-2000"), "{told}");
    let right = RegisterAsk { correct: Some("utm_for_tm3".parse().unwrap()), ..ask };
    let looked = engine.import_register(text.as_bytes(), &right, &officer()).unwrap();
    assert!(looked.review["issues"].as_array().unwrap().iter().all(|issue| issue["code"] != "likely_mistake"), "{}", looked.review);
    bench.import(&file, "codes", &["--crs", "EPSG:5897", "--correct", "utm_for_tm3"]).ok();
    let card = engine.snapshot().code_card("VN-HNOR-0101", &CheckAsk::default(), false);
    assert!(card.is_ok() || engine.wait_for_change(0, std::time::Duration::from_secs(5)) > 0);
    let table = bench.write("table.csv", "code,crop\nVN-HNOR-0101,Lúa\n");
    bench.import(&table, "codes", &["--update", "--correct", "swap_axes"]).refused(2, &["--correct swap_axes is for land"]);
}

#[test]
fn a_building_in_two_zones_is_one_building() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = [
        (json!({ "id": "a", "kind": "fruit" }), &square(X, Y, 80.0)[..]),
        (json!({ "id": "b", "kind": "other" }), &square(X, Y, 80.0)[..]),
    ];
    let built = [(json!({ "id": "house", "code": "ODT" }), &square(X + 10.0, Y + 10.0, 7.5)[..])];
    for (name, features, role, more) in
        [("zones.geojson", &zones[..], "zones", &[][..]), ("landuse.geojson", &built[..], "landuse", &["--epoch", "2024"])]
    {
        bench.import(&bench.write(name, geojson_in(5897, features)), role, more).ok();
    }
    bench.import(&bench.write("r.csv", "code,zone_ids\nVN-HNOR-0001,a; b\n"), "codes", &[]).ok();
    let check = || {
        let card = engine(&bench).snapshot().code_card("VN-HNOR-0001", &CheckAsk::default(), false).unwrap();
        let reasons = card["check"]["reasons"].as_array().unwrap().clone();
        reasons.into_iter().find(|r| r["check"] == "encroached")
    };
    assert_eq!(check(), None, "56 m², and not twice that");
    let more = [(json!({ "id": "shed", "code": "ODT" }), &square(X + 40.0, Y + 40.0, 7.5)[..])];
    bench.import(&bench.write("more.geojson", geojson_in(5897, &more)), "landuse", &["--epoch", "2024", "--append"]).ok();
    let found = check().unwrap();
    assert_eq!((&found["figures"]["lost_m2"], &found["figures"]["n_events"]), (&json!(112.5), &json!(2.0)), "{found}");
}
