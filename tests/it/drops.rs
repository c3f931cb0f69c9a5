//! Files that are dropped on the map: what is told of them, what is refused, and that nothing of them stays.

use std::path::PathBuf;

use farmzone::crs::{Crs, Mistake, Transform};
use farmzone::engine::{DropAsk, Engine, EngineError};
use farmzone::model::{Coord, EpsgCode};
use serde_json::{Value, json};

use crate::edits::{X, Y, ask, engine, loaded, planner};
use crate::program::{geojson_in, square};

fn drop_ask(ending: &str) -> DropAsk {
    DropAsk { ending: ending.to_owned(), ..DropAsk::default() }
}

/// With what fills our columns.
fn mapped(ending: &str, fields: &[(&str, &str)]) -> DropAsk {
    let fields = fields.iter().map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned())).collect();
    DropAsk { fields, ..drop_ask(ending) }
}

fn look(engine: &Engine, bytes: impl AsRef<[u8]>, ask: &DropAsk) -> Value {
    engine.snapshot().look_at_dropped(bytes.as_ref(), ask).unwrap()
}

/// Why a file is refused, and in which words.
fn refused(engine: &Engine, bytes: impl AsRef<[u8]>, ask: &DropAsk) -> (&'static str, String) {
    match engine.snapshot().look_at_dropped(bytes.as_ref(), ask).unwrap_err() {
        EngineError::FileRefused { why, message, .. } => {
            assert!(!message.contains("farmzone-drop") && !message.contains("--"), "{message}");
            (why, message)
        }
        other => panic!("{other}"),
    }
}

/// Fields beside the two zones of the workspace.
fn three_fields() -> String {
    let bow_tie = [[X, Y - 300.0], [X + 100.0, Y - 200.0], [X + 100.0, Y - 300.0], [X, Y - 200.0], [X, Y - 300.0]];
    geojson_in(
        5897,
        &[
            (json!({ "loai": "Lúa", "ten": "Đồng <b>Một</b>", "ngay": "30/6/2024" }), &square(X, Y - 150.0, 100.0)[..]),
            (json!({ "loai": "Đất lạ", "ten": "Hai", "ngay": "hôm qua" }), &square(X + 5_000.0, Y, 100.0)[..]),
            (json!({ "loai": "Lúa", "ten": "Ba", "ngay": null }), &bow_tie[..]),
        ],
    )
}

#[test]
fn a_file_is_told_with_its_columns_its_zones_and_what_was_mended() {
    let bench = loaded();
    let engine = engine(&bench);
    let report = look(&engine, three_fields(), &drop_ask("geojson"));
    assert_eq!(
        (&report["n_read"], &report["n_kept"], &report["n_repaired"], &report["n_outside"]),
        (&json!(3), &json!(3), &json!(1), &json!(1))
    );
    assert_eq!((&report["driver"], &report["mapping"]), (&json!("GeoJSON"), &json!({})));
    let ten = report["columns"].as_array().unwrap().iter().find(|c| c["name"] == "ten").unwrap();
    assert_eq!(ten["samples"], json!(["Đồng <b>Một</b>", "Hai", "Ba"]));
    // No column is one of ours: what the zones are is not known yet.
    assert!(report["features"].as_array().unwrap().iter().all(|f| f["properties"]["kind"].is_null() && f["label"].is_null()));

    let report = look(&engine, three_fields(), &mapped("geojson", &[("kind", "loai"), ("name", "ten"), ("established", "ngay")]));
    let of = |i: usize, name: &str| report["features"][i]["properties"][name].clone();
    assert_eq!((of(0, "kind"), of(0, "name"), of(0, "established")), (json!("rice"), json!("Đồng <b>Một</b>"), json!("2024-06-30")));
    assert_eq!((of(1, "kind"), report["features"][1]["label"].clone()), (Value::Null, json!("Đất lạ")));
    let codes = |i: usize| -> Vec<&str> {
        report["features"][i]["issues"].as_array().unwrap().iter().map(|issue| issue["code"].as_str().unwrap()).collect()
    };
    assert_eq!((codes(0), codes(1), codes(2)), (vec![], vec!["bad_date", "outside_boundaries"], vec!["self_intersection"]));
    let bow_tie = &report["features"][2];
    assert_eq!((&bow_tie["is_repaired"], bow_tie["area_m2"].as_f64().unwrap().round()), (&json!(true), 5_000.0));
    // Nothing became of the map.
    assert_eq!(engine.snapshot().zones.list.len(), 2);
}

#[test]
fn texts_of_a_drawing_are_told_by_layer_and_taken_when_asked() {
    let bench = loaded();
    let engine = engine(&bench);
    let field = |x: f64| {
        let corners = square(x, Y, 100.0).map(|[x, y]| format!("10\n{x}\n20\n{y}\n")).concat();
        format!("0\nLWPOLYLINE\n8\nVUNG\n90\n5\n70\n1\n{corners}")
    };
    let text = |layer: &str, x: f64, text: &str| format!("0\nTEXT\n8\n{layer}\n10\n{x}\n20\n{}\n40\n2\n1\n{text}\n", Y + 50.0);
    let parts = [
        field(X),
        field(X + 200.0),
        text("SOTHUA", X + 50.0, "152"),
        text("SOTHUA", X + 250.0, "153"),
        text("LOAI", X + 60.0, "L\\U+00FAa"),
    ];
    let drawing = format!("0\nSECTION\n2\nENTITIES\n{}0\nENDSEC\n0\nEOF\n", parts.concat());
    let asked = |fields| DropAsk { crs: Some(EpsgCode(5897)), ..mapped("dxf", fields) };
    let codes = |report: &Value| -> Vec<String> {
        report["issues"].as_array().unwrap().iter().map(|issue| issue["code"].as_str().unwrap().to_owned()).collect()
    };

    let report = look(&engine, &drawing, &asked(&[]));
    let layers = json!([{ "name": "LOAI", "n": 1, "samples": ["Lúa"] }, { "name": "SOTHUA", "n": 2, "samples": ["152", "153"] }]);
    assert_eq!((&report["text_layers"], codes(&report)), (&layers, vec!["texts".to_owned(), "closed_line".to_owned()]));

    let report = look(&engine, &drawing, &asked(&[("kind", "@text:LOAI"), ("name", "@text:sothua")]));
    assert_eq!(report["mapping"], json!({ "kind": "@text:LOAI", "name": "@text:sothua" }));
    let of = |i: usize, name: &str| report["features"][i]["properties"][name].clone();
    assert_eq!((of(0, "kind"), of(0, "name")), (json!("rice"), json!("152")));
    assert_eq!((of(1, "kind"), of(1, "name")), (Value::Null, json!("153")));
    assert_eq!((codes(&report), report["n_rejected"].clone()), (vec!["texts_taken".to_owned(), "closed_line".to_owned()], json!(0)));
    assert_eq!(report["features"][1]["issues"][0]["code"], "no_text_inside");

    assert_eq!(refused(&engine, &drawing, &asked(&[("name", "@text:NOPE")])).0, "missing_column");
    assert_eq!(look(&engine, three_fields(), &drop_ask("geojson"))["text_layers"], json!([]));
}

#[test]
fn a_few_words_that_stand_for_more_than_anybody_can_read_are_refused_soon() {
    let bench = loaded();
    let engine = engine(&bench);
    // One insertion of a block in 30,000 rows and columns.
    let corners = square(0.0, 0.0, 10.0).map(|[x, y]| format!("10\n{x}\n20\n{y}\n")).concat();
    let field = format!("0\nLWPOLYLINE\n8\nVUNG\n90\n5\n70\n1\n{corners}");
    let text = "0\nTEXT\n8\nTEN\n10\n1\n20\n1\n40\n2\n1\n152\n".to_owned();
    for of in [field, text] {
        let block = format!("0\nSECTION\n2\nBLOCKS\n0\nBLOCK\n8\n0\n2\nB\n70\n0\n10\n0\n20\n0\n3\nB\n{of}0\nENDBLK\n8\n0\n0\nENDSEC\n");
        let array = format!("0\nINSERT\n8\n0\n2\nB\n10\n{X}\n20\n{Y}\n70\n30000\n71\n30000\n44\n1\n45\n1\n");
        let drawing = format!("0\nSECTION\n2\nHEADER\n0\nENDSEC\n{block}0\nSECTION\n2\nENTITIES\n{array}0\nENDSEC\n0\nEOF\n");
        let asked = |fields: &[(&str, &str)]| DropAsk { crs: Some(EpsgCode(5897)), ..mapped("dxf", fields) };
        for fields in [&[][..], &[("name", "@text")]] {
            let (why, message) = refused(&engine, &drawing, &asked(fields));
            assert_eq!(why, "too_many", "{message}");
            assert!(message.contains("more than 10000 features"), "{message}");
        }
    }
}

#[test]
fn what_was_looked_at_becomes_zones_by_an_ordinary_edit() {
    let bench = loaded();
    let engine = engine(&bench);
    let report = look(&engine, three_fields(), &mapped("geojson", &[("kind", "loai"), ("name", "ten")]));
    let put = |id: &str, i: usize| {
        let feature = &report["features"][i];
        json!({ "op": "put", "id": id, "polygons": feature["polygons"], "properties": { "kind": "rice", "name": feature["properties"]["name"] } })
    };
    let answer = engine.edit(&ask("d1", json!({}), json!([put("n1", 0), put("n3", 2)])), &planner()).unwrap();
    assert_eq!((answer["zones"].as_array().unwrap().len(), engine.snapshot().zones.list.len()), (2, 4));
}

/// Four fields in the commune that they state, by what their coordinates are written.
fn four_fields(declared: u32, by: &dyn Fn([f64; 2]) -> [f64; 2]) -> String {
    let field = |i: usize| square(X + 10.0 + 45.0 * i as f64, Y + 10.0, 30.0).map(by);
    let fields: Vec<(Value, [[f64; 2]; 5])> = (0..4).map(|i| (json!({ "kind": "rice", "unit": "Đại Thanh" }), field(i))).collect();
    geojson_in(declared, &fields.iter().map(|(facts, ring)| (facts.clone(), &ring[..])).collect::<Vec<_>>())
}

#[test]
fn what_went_wrong_with_coordinates_is_named_and_set_right_only_when_asked() {
    let bench = loaded();
    let engine = engine(&bench);
    let south_of_truth = |[x, y]: [f64; 2]| {
        let [tm3, utm] = [5897, 3405].map(|code| Crs::from_epsg(EpsgCode(code)).unwrap());
        let at = Transform::new(&tm3, &utm, None).unwrap().point(Coord { x, y }).unwrap();
        [at.x, at.y]
    };
    let file = four_fields(5897, &south_of_truth);
    let report = look(&engine, &file, &drop_ask("geojson"));
    let likely = &report["likely_mistake"];
    assert_eq!((&likely["correct"], &likely["rests_on"], &likely["n_zones"]), (&json!("utm_for_tm3"), &json!("stated_units"), &json!(4)));
    assert_eq!((&likely["as_it_is"], &likely["set_right"]), (&json!(0.0), &json!(1.0)));
    assert!((650.0..750.0).contains(&likely["cost_m"].as_f64().unwrap()), "{likely}");
    assert!(report["n_outside"].as_u64() == Some(4), "nothing is moved unasked");
    let correct = likely["correct"].as_str().unwrap().parse().ok();
    let report = look(&engine, &file, &DropAsk { correct, ..drop_ask("geojson") });
    assert_eq!((&report["likely_mistake"], &report["n_outside"]), (&Value::Null, &json!(0)));
    assert!(report["issues"].as_array().unwrap().iter().any(|issue| issue["code"] == "corrected"), "{}", report["issues"]);
    let right = look(&engine, four_fields(5897, &|at| at), &drop_ask("geojson"));
    assert_eq!((&right["likely_mistake"], &right["n_outside"]), (&Value::Null, &json!(0)));

    // What cannot be is refused with a word by which it can be set right.
    let swapped = four_fields(5897, &|[x, y]| [y, x]);
    assert_eq!(refused(&engine, &swapped, &drop_ask("geojson")).0, "swapped_axes");
    let report = look(&engine, &swapped, &DropAsk { correct: Some(Mistake::SwappedAxes), ..drop_ask("geojson") });
    assert_eq!(report["n_outside"], json!(0));
}

#[test]
fn a_file_whose_zones_are_there_is_compared_with_them() {
    let bench = loaded();
    let engine = engine(&bench);
    let edit = |n: usize| {
        let [x, y] = [X + 10.0 + 45.0 * n as f64, Y + 300.0];
        json!({ "op": "put", "id": format!("n{n}"), "polygons": [[square(x, y, 30.0)]], "properties": { "kind": "rice" } })
    };
    engine.edit(&ask("d1", json!({}), json!([edit(0), edit(1), edit(2)])), &planner()).unwrap();
    let [east, north] = farmzone::crs::flipped_shift_m(Coord { x: 105.77, y: 20.98 });
    let off = |n: usize| square(X + 10.0 + 45.0 * n as f64 - east, Y + 300.0 - north, 30.0);
    let fields: Vec<(Value, [[f64; 2]; 5])> = (0..3).map(|n| (json!({ "id": format!("n{n}"), "kind": "rice" }), off(n))).collect();
    let file = geojson_in(5897, &fields.iter().map(|(facts, ring)| (facts.clone(), &ring[..])).collect::<Vec<_>>());
    let likely = look(&engine, &file, &drop_ask("geojson"))["likely_mistake"].clone();
    assert_eq!((&likely["correct"], &likely["rests_on"], &likely["n_zones"]), (&json!("flipped_datum_shift"), &json!("zones"), &json!(3)));
    assert!((0.6..0.9).contains(&likely["cost_m"].as_f64().unwrap()), "{likely}");
}

#[test]
fn zones_that_are_there_are_found_by_id_and_by_code() {
    let bench = loaded();
    let engine = engine(&bench);
    let base = json!({ "b": engine.snapshot().shapes(None, &["b".to_owned()]).unwrap()["zones"][0]["revision"] });
    let coded = json!([{ "op": "put", "id": "b", "properties": { "code": "VN-HNOR-0001" } }]);
    engine.edit(&ask("c1", base, coded), &planner()).unwrap();
    let file = geojson_in(
        5897,
        &[
            (json!({ "id": "a", "kind": "rice" }), &square(X + 1.0, Y, 199.0)[..]),
            (json!({ "id": "x", "kind": "fruit", "code": "VN-HNOR-0001" }), &square(X + 9_000.0, Y, 50.0)[..]),
            (json!({ "id": "a", "kind": "rice" }), &square(X, Y + 400.0, 10.0)[..]),
        ],
    );
    let report = look(&engine, &file, &drop_ask("json"));
    let same = |i: usize| report["features"][i]["same_as"].clone();
    assert_eq!(same(0), json!({ "id": "a", "by": "id", "name": "Lúa", "lies_there": true }));
    assert_eq!(same(1), json!({ "id": "b", "by": "code", "name": "Bưởi", "lies_there": false }));
    assert_eq!((same(2), &report["features"][2]["issues"][0]["code"]), (Value::Null, &json!("duplicate_id")));
    // A number that the format gives to each feature is nobody's id.
    let without = geojson_in(5897, &[(json!({ "kind": "rice" }), &square(X, Y, 10.0)[..])]);
    assert!(look(&engine, without, &drop_ask("geojson"))["features"][0]["same_as"].is_null());
}

#[test]
fn points_and_lines_are_refused_row_by_row() {
    let bench = loaded();
    let engine = engine(&bench);
    let file = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[105.8,20.9]}},
        {"type":"Feature","properties":{},"geometry":null},
        {"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[105.8,20.9],[105.9,20.9]]}}]}"#;
    let report = look(&engine, file, &drop_ask("geojson"));
    let rows: Vec<(u64, &str)> = report["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["row"].as_u64().unwrap(), r["issues"][0]["code"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [(1, "not_a_polygon"), (2, "no_geometry"), (3, "open_line")]);
    assert_eq!(report["features"], json!([]));
}

#[test]
fn a_table_a_drawing_and_a_zipped_shapefile_are_read_as_an_import_reads_them() {
    let bench = loaded();
    let engine = engine(&bench);
    let wkt = format!("POLYGON(({X} {Y},{} {Y},{} {},{X} {Y}))", X + 10.0, X + 10.0, Y + 10.0);
    let table = format!("kind,name,wkt\nLúa,Một,\"{wkt}\"\nrice,Hai,chữ\n");
    // A table says nothing of its reference system.
    assert_eq!(refused(&engine, &table, &drop_ask("csv")).0, "no_crs");
    let with_crs = DropAsk { crs: Some("EPSG:5897".parse().unwrap()), ..drop_ask("csv") };
    let report = look(&engine, &table, &with_crs);
    assert_eq!(
        (&report["features"][0]["properties"]["kind"], &report["rejected"][0]["issues"][0]["code"]),
        (&json!("rice"), &json!("unreadable_shape"))
    );

    // What the command line exports comes back.
    bench.run(&["export", "w.gpkg", bench.path("z.shp").to_str().unwrap(), "--layer", "zones"]).ok();
    let parts: Vec<(String, Vec<u8>)> =
        ["shp", "shx", "dbf", "prj"].map(|e| (format!("thư mục/z.{e}"), std::fs::read(bench.path(&format!("z.{e}"))).unwrap())).into();
    let report = look(&engine, zip_of(&parts), &drop_ask("zip"));
    assert_eq!((&report["driver"], &report["n_kept"], &report["mapping"]["kind"]), (&json!("ESRI Shapefile"), &json!(2), &json!("kind")));
    assert_eq!(report["features"][0]["same_as"]["by"], "id");
    assert_eq!(refused(&engine, zip_of(&parts[..1]), &drop_ask("zip")).0, "unreadable");
}

#[test]
fn a_file_of_several_layers_asks_for_one() {
    let bench = loaded();
    let engine = engine(&bench);
    let one = geojson_in(5897, &[(json!({ "kind": "rice" }), &square(X, Y, 10.0)[..])]);
    let zip = zip_of(&[("a.geojson".to_owned(), one.clone().into_bytes()), ("b.geojson".to_owned(), one.into_bytes())]);
    let error = engine.snapshot().look_at_dropped(&zip, &drop_ask("zip")).unwrap_err();
    let EngineError::FileRefused { why: "choose_layer", layers, .. } = error else { panic!("{error}") };
    assert_eq!(layers.len(), 2);
    let report = look(&engine, &zip, &DropAsk { layer: Some(layers[1].clone()), ..drop_ask("zip") });
    assert_eq!(report["layers"], json!(layers));
}

#[test]
fn what_cannot_be_shown_is_refused_with_a_word_for_why_and_leaves_nothing() {
    let bench = loaded();
    let engine = engine(&bench);
    let before = left_behind();
    let big = |n: usize| {
        let ring: Vec<[f64; 2]> = (0..=n)
            .map(|i| (i % n) as f64 / n as f64 * std::f64::consts::TAU)
            .map(|a| [X + a.cos() * 900.0, Y + a.sin() * 900.0])
            .collect();
        geojson_in(5897, &[(json!({ "kind": "rice" }), &ring[..])])
    };
    let field = square(X, Y, 10.0);
    let many: Vec<(Value, &[[f64; 2]])> = (0..10_001).map(|_| (json!({ "kind": "rice" }), &field[..])).collect();
    let far = geojson_in(5897, &[(json!({ "kind": "rice" }), &square(1e9, 1e9, 10.0)[..])]);
    let climbing = zip_of(&[("../../etc/a.geojson".to_owned(), b"{}".to_vec())]);
    let vrt = "<OGRVRTDataSource><OGRVRTLayer name=\"a\"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>";
    let mut sqlite = std::fs::read(bench.path("w.private.sqlite")).unwrap_or_default();
    if sqlite.is_empty() {
        bench.run(&["user", "add", "w.gpkg", "lan", "--role", "planner", "--generate"]).ok();
        sqlite = std::fs::read(bench.path("w.private.sqlite")).unwrap();
    }
    for (name, bytes, ending, expected) in [
        ("noise", b"\x00\x01\x02 nothing".to_vec(), "geojson", "not_spatial"),
        ("a text", b"hello".to_vec(), "txt", "not_spatial"),
        ("nothing", Vec::new(), "gpkg", "not_spatial"),
        ("no feature", br#"{"type":"FeatureCollection","features":[]}"#.to_vec(), "geojson", "empty"),
        ("a broken one", three_fields().into_bytes()[..400].to_vec(), "geojson", "unreadable"),
        ("a climbing zip", climbing, "zip", "unreadable"),
        ("a bomb", bomb(), "zip", "too_large"),
        ("another file's name", vrt.into(), "vrt", "not_spatial"),
        ("a database", sqlite.clone(), "gpkg", "unreadable"),
        ("a database by its name", sqlite, "sqlite", "unsupported"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "gz", "unsupported"),
        ("a shape of very many vertices", big(200_000).into_bytes(), "geojson", "too_many"),
        ("many", geojson_in(5897, &many).into_bytes(), "geojson", "too_many"),
        ("far away", far.into_bytes(), "geojson", "wrong_crs"),
    ] {
        let (why, message) = refused(&engine, bytes, &drop_ask(ending));
        assert_eq!(why, expected, "{name}: {message}");
    }
    let unknown = mapped("geojson", &[("name", "no such column")]);
    assert_eq!(refused(&engine, three_fields(), &unknown).0, "missing_column");
    let nowhere = DropAsk { crs: Some("EPSG:99999".parse().unwrap()), ..drop_ask("geojson") };
    assert_eq!(refused(&engine, three_fields(), &nowhere).0, "refused_crs");
    // Other tests drop files at the same time; theirs go away too, only slower.
    let new: Vec<PathBuf> = left_behind().into_iter().filter(|path| !before.contains(path)).collect();
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while new.iter().any(|path| path.exists()) && std::time::Instant::now() < patience {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let left: Vec<&PathBuf> = new.iter().filter(|path| path.exists()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Folders of ours that were not taken away.
fn left_behind() -> Vec<PathBuf> {
    let ours = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("farmzone-drop-"));
    std::fs::read_dir(std::env::temp_dir()).unwrap().map(|e| e.unwrap().path()).filter(ours).collect()
}

/// A stored zip of these entries.
fn zip_of(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    zip_that_says(entries, |bytes| bytes.len() as u32)
}

/// A zip that unpacks to almost four gigabytes, as it says.
fn bomb() -> Vec<u8> {
    zip_that_says(&[("a.geojson".to_owned(), b"{}".to_vec())], |_| u32::MAX - 1)
}

fn zip_that_says(entries: &[(String, Vec<u8>)], size: impl Fn(&[u8]) -> u32) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut head = Vec::new();
        // Version 2.0, names in UTF-8, stored.
        for n in [20_u16, 0x0800, 0, 0, 0x21] {
            head.extend(n.to_le_bytes());
        }
        for n in [crc.sum(), bytes.len() as u32, size(bytes)] {
            head.extend(n.to_le_bytes());
        }
        head.extend((name.len() as u16).to_le_bytes());
        head.extend(0_u16.to_le_bytes());
        let at = zip.len() as u32;
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&head);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
        zip.extend(b"PK\x03\x04");
        zip.extend(&head);
        zip.extend(name.as_bytes());
        zip.extend(bytes);
    }
    let (start, n) = (zip.len() as u32, entries.len() as u16);
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend(n.to_le_bytes());
    zip.extend(n.to_le_bytes());
    zip.extend((directory.len() as u32).to_le_bytes());
    zip.extend(start.to_le_bytes());
    zip.extend([0, 0]);
    zip
}
