//! Files as they come: fonts of before Unicode, tables of vertices, coordinates that something went wrong with, old communes.

use farmzone::crs::{Crs, Transform};
use farmzone::formats::{About, Column, ColumnType, Export, Row, Table, Value as Cell};
use farmzone::model::{Coord, EpsgCode};
use serde_json::{Value, json};

use crate::program::{Bench, geojson, geojson_in, square};

const X: f64 = 588_000.0;
const Y: f64 = 2_326_000.0;

/// Four communes of 200 m beside each other, in force since July 2025.
fn city() -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let rings: Vec<[[f64; 2]; 5]> = (0..4).map(|i| square(X + 200.0 * f64::from(i), Y, 200.0)).collect();
    let names = ["Đại Thanh", "Thường Tín", "Ứng Hòa", "Sóc Sơn"];
    let units: Vec<(Value, &[[f64; 2]])> = rings
        .iter()
        .zip(names)
        .enumerate()
        .map(|(i, (ring, name))| (json!({ "code": format!("1000{i}"), "name": name, "valid_from": "2025-07-01" }), &ring[..]))
        .collect();
    bench.import(&bench.write("units.geojson", geojson_in(5897, &units)), "boundaries", &[]).ok();
    bench
}

/// Zones of 40 m in the middle of each commune, which each states.
fn zones(move_ring: &dyn Fn([f64; 2]) -> [f64; 2]) -> Vec<(Value, Vec<[f64; 2]>)> {
    let ring = |i: i32| square(X + 80.0 + 200.0 * f64::from(i), Y + 80.0, 40.0).map(move_ring).to_vec();
    (0..4).map(|i| (json!({ "id": format!("z{i}"), "kind": "rice", "unit": format!("1000{i}") }), ring(i))).collect()
}

fn by_way(from: u32, to: u32) -> impl Fn([f64; 2]) -> [f64; 2] {
    let crs = |code| Crs::from_epsg(EpsgCode(code)).unwrap();
    let way = Transform::new(&crs(from), &crs(to), None).unwrap();
    move |[x, y]| {
        let at = way.point(Coord { x, y }).unwrap();
        [at.x, at.y]
    }
}

fn file(bench: &Bench, crs: Option<u32>, zones: &[(Value, Vec<[f64; 2]>)]) -> std::path::PathBuf {
    let features: Vec<(Value, &[[f64; 2]])> = zones.iter().map(|(facts, ring)| (facts.clone(), &ring[..])).collect();
    bench.write("zones.geojson", crs.map_or_else(|| geojson(&features), |crs| geojson_in(crs, &features)))
}

fn issue<'a>(done: &'a Value, code: &str) -> Option<&'a str> {
    done["issues"].as_array().unwrap().iter().find(|i| i["code"] == code).map(|i| i["message"].as_str().unwrap())
}

fn exported(bench: &Bench) -> Vec<Value> {
    let _ = std::fs::remove_file(bench.path("out.geojson"));
    bench.run(&["export", "w.gpkg", "out.geojson"]).ok();
    let file: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("out.geojson")).unwrap()).unwrap();
    file["features"].as_array().unwrap().iter().map(|f| f["properties"].clone()).collect()
}

#[test]
fn what_went_wrong_with_coordinates_is_named_with_its_metres_and_set_right_only_when_asked() {
    // The coordinates as they truly are, what they were taken for, the mistake, what it costs.
    for (truly, declared, mistake, cost_m) in [
        (3405, 5897, "utm_for_tm3", 650..750),
        (5897, 3405, "tm3_for_utm", 650..750),
        (32648, 3405, "no_datum_shift", 220..228),
        (4756, 4326, "no_datum_shift", 220..228),
        (9209, 5897, "zone:EPSG:9209", 51_000..53_000),
    ] {
        let bench = city();
        let file = file(&bench, Some(declared), &zones(&by_way(5897, truly)));
        let done = bench.import(&file, "zones", &[]).ok();
        let told = issue(&done, "likely_mistake").unwrap_or_else(|| panic!("{mistake}: {done}"));
        assert!(
            told.contains(&format!("--correct {mistake}")) && told.contains("0 % of 4 zones lie in the commune that they state"),
            "{told}"
        );
        let metres: i32 = told.split("that costs ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(cost_m.contains(&metres), "{told}");
        let names = ["Đại Thanh", "Thường Tín", "Ứng Hòa", "Sóc Sơn"];
        assert!(exported(&bench).iter().zip(names).all(|(zone, name)| zone["unit_name"] != name), "kept where the file says");
        let done = bench.import(&file, "zones", &["--replace", "--correct", mistake]).ok();
        assert!(issue(&done, "likely_mistake").is_none() && issue(&done, "other_unit").is_none(), "{mistake}: {done}");
        assert!(issue(&done, "corrected").unwrap().contains(mistake));
        assert!(exported(&bench).iter().zip(names).all(|(zone, name)| zone["unit_name"] == name), "{mistake}");
    }
}

#[test]
fn axes_that_are_exchanged_refuse_the_file_with_the_way_on_and_right_ones_are_left_alone() {
    let bench = city();
    let swapped = file(&bench, Some(5897), &zones(&|[x, y]| [y, x]));
    bench.import(&swapped, "zones", &[]).refused(4, &["swapped", "--correct swap_axes"]);
    let done = bench.import(&swapped, "zones", &["--correct", "swap_axes"]).ok();
    assert_eq!((&done["n_kept"], &done["n_outside"]), (&json!(4), &json!(0)));
    let right = file(&bench, Some(5897), &zones(&|at| at));
    let done = bench.import(&right, "zones", &["--replace"]).ok();
    assert_eq!(done["n_issues"], 0, "{done}");
    bench.import(&right, "zones", &["--replace", "--correct", "tm3_for_utm"]).refused(4, &["says nothing of coordinates in EPSG:5897"]);
    assert_eq!(bench.import(&right, "zones", &["--correct", "magic"]).code, 2);
    let other_zone = file(&bench, Some(5897), &zones(&by_way(5897, 5898)));
    bench.import(&other_zone, "zones", &["--replace"]).refused(4, &["say which with --crs"]);
}

#[test]
fn a_shift_with_the_wrong_sign_shows_against_the_zones_that_are_there() {
    let bench = city();
    bench.import(&file(&bench, Some(5897), &zones(&|at| at)), "zones", &[]).ok();
    // 0.75 m off, all alike.
    let shift = farmzone::crs::flipped_shift_m(Coord { x: 105.85, y: 21.03 });
    let off = file(&bench, Some(5897), &zones(&|[x, y]| [x - shift[0], y - shift[1]]));
    let done = bench.import(&off, "zones", &["--update"]).ok();
    let told = issue(&done, "likely_mistake").unwrap_or_else(|| panic!("{done}"));
    assert!(told.contains("flipped_datum_shift") && told.contains("0.7"), "{told}");
    assert!(issue(&bench.import(&off, "zones", &["--update"]).ok(), "likely_mistake").is_none(), "they lie there now");
    let done = bench.import(&off, "zones", &["--update", "--correct", "flipped_datum_shift"]).ok();
    assert!(issue(&done, "corrected").is_some());
    let again = bench.import(&file(&bench, Some(5897), &zones(&|at| at)), "zones", &["--update"]).ok();
    assert!(issue(&again, "likely_mistake").is_none(), "{again}");
}

#[test]
fn a_commune_of_before_july_2025_counts_where_the_zone_lies_and_is_kept_as_stated() {
    let bench = city();
    let mut old = zones(&|at| at);
    old[0].0["unit"] = json!("00292");
    old[1].0["unit"] = json!("xã Thường Tín cũ");
    old[2].0["unit"] = json!("10003");
    old[3].0["unit"] = json!("sóc sơn");
    let done = bench.import(&file(&bench, Some(5897), &old), "zones", &[]).ok();
    let told: Vec<(&str, &str)> = done["issues"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["code"] == "other_unit")
        .map(|i| (i["feature"].as_str().unwrap(), i["message"].as_str().unwrap()))
        .collect();
    assert_eq!(told.iter().map(|(zone, _)| *zone).collect::<Vec<_>>(), ["z0", "z1", "z2"]);
    assert!(told[0].1.contains("“00292”") && told[0].1.contains("counts in Đại Thanh (10000), in force from 2025-07-01"), "{told:?}");
    assert!(told[2].1.contains("the code of Sóc Sơn today"), "{told:?}");
    let stated = rusqlite::Connection::open(bench.path("w.gpkg")).unwrap();
    let stated: String = stated.query_row("SELECT unit FROM zones WHERE id = 'z0'", [], |row| row.get(0)).unwrap();
    assert_eq!((stated.as_str(), &exported(&bench)[0]["unit"]), ("00292", &json!("10000")));
}

#[test]
fn text_of_fonts_of_before_unicode_is_found_and_converted_and_right_text_is_left_alone() {
    let bench = city();
    let names = |names: [&str; 4]| {
        let mut made = zones(&|at| at);
        made.iter_mut().zip(names).for_each(|(zone, name)| zone.0["name"] = json!(name));
        made
    };
    let kept = |bench: &Bench| exported(bench).iter().map(|zone| zone["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let right = ["Hà Nội", "Đường Lâm", "Zone 12", "Văn Đức"];
    for (font, written) in
        [("TCVN3", ["Hµ Néi", "§\u{ad}êng L©m", "Zone 12", "V¨n §øc"]), ("VNI", ["Haø Noäi", "Ñöôøng Laâm", "Zone 12", "Vaên Ñöùc"])]
    {
        let done = bench.import(&file(&bench, Some(5897), &names(written)), "zones", &["--replace"]);
        let done = if done.code == 3 { bench.import(&file(&bench, Some(5897), &names(written)), "zones", &[]).ok() } else { done.ok() };
        let told = issue(&done, "text_converted").unwrap_or_else(|| panic!("{font}: {done}"));
        assert!(told.contains(font) && told.contains("” is “") && kept(&bench) == right, "{told} {:?}", kept(&bench));
        bench.import(&file(&bench, Some(5897), &names(written)), "zones", &["--replace", "--encoding", "UTF-8"]).ok();
        assert_eq!(kept(&bench), written, "as it stands, when that is said");
        let one = [written[0], "B", "C", "D"];
        bench.import(&file(&bench, Some(5897), &names(one)), "zones", &["--replace", "--encoding", font]).ok();
        assert_eq!(kept(&bench)[0], "Hà Nội", "said by hand");
    }
    // Decomposed letters are composed; a foreign word among Vietnamese ones is no font.
    let mixed = ["Hà No\u{302}\u{323}i", "Đường Lâm", "Café Zürich", "Văn Đức"];
    let done = bench.import(&file(&bench, Some(5897), &names(mixed)), "zones", &["--replace"]).ok();
    assert_eq!(
        (kept(&bench), done["n_issues"].clone()),
        (vec!["Hà Nội".into(), "Đường Lâm".into(), "Café Zürich".into(), "Văn Đức".into()], json!(0))
    );
    // A table in the bytes of TCVN3, which says nothing.
    let wkt = |i: i32| {
        format!("\"POLYGON(({0} {Y},{1} {Y},{1} {2},{0} {Y}))\"", X + 200.0 * f64::from(i), X + 100.0 + 200.0 * f64::from(i), Y + 90.0)
    };
    let mut csv = format!("id,kind,name,wkt\na,rice,H\u{b5} N\u{e9}i,{}\nb,rice,V\u{a8}n \u{a7}\u{f8}c,{}\n", wkt(0), wkt(1))
        .chars()
        .map(|c| c as u32 as u8)
        .collect::<Vec<u8>>();
    csv.retain(|byte| *byte != 0);
    let done = bench.import(&bench.write("t.csv", csv), "zones", &["--replace", "--crs", "EPSG:5897"]).ok();
    assert!(issue(&done, "encoding_assumed").unwrap().contains("TCVN3"), "{done}");
    assert_eq!(kept(&bench), ["Hà Nội", "Văn Đức"]);
}

#[test]
fn a_table_of_vertices_in_csv_is_polygons_and_what_is_wrong_is_told_by_row() {
    let bench = city();
    let csv = "Mã số;kind;Đỉnh;X (m);Y (m);Cạnh\n\
        VN-1;rice;1;2326010,5;588010,25;80,0\n;;2;2326090,5;588010,25;80,0\n;;3;2326090,5;588090,25;80,0\n;;4;2326010,5;588090,25;80,0\n\
        VN-2;rice;1;2326010;588210;\n;;2;2326090;588210;\n;;3;không rõ;588290;\n\
        VN-3;rice;1;2326010;588410;\n;;2;2326090;588410;\n;;3;2326090;588490;\n;;1;2326010;588410;\n";
    let path = bench.write("ranh.csv", csv);
    bench.import(&path, "zones", &["--field", "id=Mã số"]).refused(4, &["--crs"]);
    let done = bench.import(&path, "zones", &["--field", "id=Mã số", "--crs", "EPSG:5897"]).ok();
    assert_eq!((&done["n_kept"], &done["driver"], &done["n_outside"]), (&json!(2), &json!("CSV"), &json!(0)), "{done}");
    assert!(issue(&done, "vertex_table").unwrap().contains("“X (m)” was taken as the northing"));
    assert!(issue(&done, "bad_vertices").unwrap().starts_with("row 8: X “không rõ”"), "{done}");
    assert!(issue(&done, "unclosed_ring").is_some());
    let zones = exported(&bench);
    assert_eq!(
        zones.iter().map(|z| (z["id"].as_str().unwrap(), z["area_m2"].as_f64().unwrap())).collect::<Vec<_>>(),
        [("VN-1", 6_400.0), ("VN-3", 3_200.0)]
    );
    assert_eq!(zones[0]["unit_name"], "Đại Thanh");
    bench
        .import(&bench.write("bad.csv", "X,Y\n1,2\n3,x\n"), "zones", &["--replace", "--crs", "EPSG:5897", "--kind", "rice"])
        .refused(4, &["northing"]);
    let none = bench.import(
        &bench.write("short.csv", "zone,X,Y\na,2326010,588010\na,2326090,588010\nb,2326090,588090\n"),
        "zones",
        &["--replace", "--field", "id=zone", "--crs", "EPSG:5897", "--kind", "rice"],
    );
    none.refused(4, &["no polygon can be made", "vertices enclose no land"]);
}

#[test]
fn a_certificates_spreadsheet_with_a_title_and_text_for_numbers_is_a_polygon() {
    let bench = city();
    let columns: Vec<Column> = ["Bảng liệt kê tọa độ góc ranh", "", " "].iter().map(|name| Column::new(name, ColumnType::Text)).collect();
    let row = |cells: [&str; 3]| Row { values: cells.map(|cell| Cell::Text(cell.to_owned())).to_vec(), shape: None };
    let rows = [
        ["Số hiệu điểm", "X (m)", "Y (m)"],
        ["1", "2.326.010,50", "588.010,25"],
        ["2", "2.326.090,50", "588.010,25"],
        ["3", "2.326.090,50", "588.090,25"],
        ["4", "2.326.010,50", "588.090,25"],
    ];
    let about = About { source: String::new(), epoch: None, revision: 1, is_simulated: false, licence: None };
    let path = bench.path("so-do.xlsx");
    let mut out = Export::create(&path, EpsgCode(5897), None).unwrap();
    out.layer(&Table { name: "so do", columns: &columns, about: &about, is_polygons: true }, rows.into_iter().map(row)).unwrap();
    out.finish().unwrap();
    let done = bench.import(&path, "zones", &["--crs", "EPSG:5897", "--kind", "rice"]).ok();
    assert_eq!((&done["n_kept"], &done["driver"]), (&json!(1), &json!("XLSX")), "{done}");
    assert_eq!(exported(&bench)[0]["area_m2"], 6_400.0);
}
