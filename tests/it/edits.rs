//! Edits through the served workspace: kept, undone, refused, at the same time, beside other programs, through a kill.

use farmzone::access::{Person, Role};
use farmzone::engine::{EditAsk, Engine, EngineError, ErrorKind, Rulebook, UndoAsk};
use farmzone::store::EditFilter;
use serde_json::{Value, json};

use crate::program::{Bench, geojson_in, square};
use crate::store::outsider;

pub const X: f64 = 580_000.0;
pub const Y: f64 = 2_320_000.0;

/// Two zones side by side in one commune, a house beside them.
pub fn loaded() -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = [
        (json!({ "id": "a", "kind": "rice", "name": "Lúa" }), &square(X, Y, 200.0)[..]),
        (json!({ "id": "b", "kind": "fruit", "name": "Bưởi" }), &square(X + 200.0, Y, 200.0)[..]),
    ];
    let communes = [
        (json!({ "code": "10001", "name": "Đại Thanh" }), &square(X - 500.0, Y - 500.0, 700.0)[..]),
        (json!({ "code": "10002", "name": "Thường Tín" }), &square(X + 200.0, Y - 500.0, 700.0)[..]),
    ];
    let built = [(json!({ "id": "house", "code": "ONT" }), &square(X - 50.0, Y + 50.0, 20.0)[..])];
    for (name, features, role, more) in [
        ("boundaries.geojson", &communes[..], "boundaries", &[][..]),
        ("zones.geojson", &zones[..], "zones", &[]),
        ("landuse.geojson", &built[..], "landuse", &["--epoch", "2024"]),
    ] {
        let file = bench.write(name, geojson_in(5897, features));
        bench.import(&file, role, more).ok();
    }
    bench
}

pub fn engine(bench: &Bench) -> Engine {
    Engine::serve(&bench.path("w.gpkg"), Rulebook::load(None).unwrap()).unwrap()
}

pub fn planner() -> Person {
    Person { name: "lan".to_owned(), role: Role::Planner, ..Person::nobody() }
}

pub fn ask(id: &str, base: Value, operations: Value) -> EditAsk {
    serde_json::from_value(json!({ "id": id, "reason": "test", "base": base, "operations": operations })).unwrap()
}

fn shapes(engine: &Engine) -> Vec<Value> {
    let ids = ["a", "b"].map(str::to_owned);
    engine.snapshot().shapes(None, &ids).unwrap()["zones"].as_array().unwrap().clone()
}

fn revision_of(engine: &Engine, id: &str) -> u64 {
    engine.snapshot().shapes(None, &[id.to_owned()]).unwrap()["zones"][0]["revision"].as_u64().unwrap()
}

pub fn count(bench: &Bench, table: &str) -> i64 {
    outsider(&bench.path("w.gpkg")).query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// Moves the border that both zones share.
pub fn moved(by: f64) -> Value {
    json!([{ "op": "move", "moves": [{ "from": [X + 200.0, Y], "to": [X + 200.0 + by, Y] }, { "from": [X + 200.0, Y + 200.0], "to": [X + 200.0 + by, Y + 200.0] }] }])
}

#[test]
fn a_border_is_moved_kept_told_and_taken_back_and_again() {
    let bench = loaded();
    let engine = engine(&bench);
    let before = shapes(&engine);
    let answer = engine.edit(&ask("e1", json!({}), moved(-5.0)), &planner()).unwrap();
    assert_eq!(answer["zones"].as_array().unwrap().len(), 2);
    assert_eq!(answer["revision"], engine.snapshot().revision);
    let after = shapes(&engine);
    assert_eq!((after[0]["area_m2"].as_f64(), after[1]["area_m2"].as_f64()), (Some(39_000.0), Some(41_000.0)));
    assert_eq!(after[0]["revision"], answer["revision"]);
    // The same id again is the same edit.
    assert_eq!(engine.edit(&ask("e1", json!({}), moved(-5.0)), &planner()).unwrap()["revision"], answer["revision"]);
    let other = Person { name: "minh".to_owned(), ..planner() };
    assert_eq!(engine.edit(&ask("e1", json!({}), moved(-5.0)), &other).unwrap_err().kind(), ErrorKind::Conflict);
    // Another process, and another program, see it.
    assert_eq!(count(&bench, "zones"), 2);
    let undone = engine.undo("e1", &UndoAsk { id: "u1".into(), reason: "slip".into() }, &planner()).unwrap();
    let same = |a: &Value, b: &Value| a["polygons"] == b["polygons"] && a["properties"] == b["properties"];
    assert!(before.iter().zip(&shapes(&engine)).all(|(a, b)| same(a, b)));
    engine.undo("u1", &UndoAsk { id: "r1".into(), reason: "no".into() }, &planner()).unwrap();
    assert!(after.iter().zip(&shapes(&engine)).all(|(a, b)| same(a, b)));
    assert!(engine.undo("e1", &UndoAsk { id: "u9".into(), reason: "x".into() }, &planner()).is_ok());
    let of_a = EditFilter { zone: Some("a".to_owned()), ..EditFilter::default() };
    let history = engine.snapshot().edits_list(&of_a, farmzone::engine::Page { limit: 10, offset: 0 }).unwrap();
    let ids: Vec<&str> = history["edits"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["u9", "r1", "u1", "e1"]);
    assert_eq!((&history["edits"][2]["undoes"], &history["edits"][3]["who"]), (&json!("e1"), &json!("lan")));
    assert!(undone["revision"].as_u64() > answer["revision"].as_u64());
    let n_of = |which: EditFilter| {
        engine.snapshot().edits_list(&which, farmzone::engine::Page { limit: 1, offset: 0 }).unwrap()["n_matched"].as_u64()
    };
    let day = |text: &str| Some(text.to_owned());
    assert_eq!(n_of(EditFilter { who: Some("lan".to_owned()), since: day("2020-01-01"), ..EditFilter::default() }), Some(4));
    assert_eq!(n_of(EditFilter { who: Some("minh".to_owned()), ..EditFilter::default() }), Some(0));
    assert_eq!(n_of(EditFilter { until: day("2020-01-01"), ..EditFilter::default() }), Some(0));
    // It is there after a restart, with each zone's revision.
    let revision = revision_of(&engine, "a");
    drop(engine);
    let again = self::engine(&bench);
    assert_eq!(revision_of(&again, "a"), revision);
}

#[test]
fn what_rests_on_an_old_revision_is_refused_with_what_is_there_now() {
    let bench = loaded();
    let engine = engine(&bench);
    let old = revision_of(&engine, "a");
    let rename = |id: &str, name: &str, base: u64| {
        ask(id, json!({ "a": base }), json!([{ "op": "put", "id": "a", "properties": { "name": name } }]))
    };
    engine.edit(&rename("e1", "Một", old), &planner()).unwrap();
    let error = engine.edit(&rename("e2", "Hai", old), &planner()).unwrap_err();
    let EngineError::EditStale { details, .. } = &error else { panic!("{error}") };
    assert_eq!((error.kind(), &details["zones"][0]["properties"]["name"]), (ErrorKind::Conflict, &json!("Một")));
    // The neighbour was not touched: its revision is the one it came with.
    assert_eq!(revision_of(&engine, "b"), old);
    let gone = ask("e3", json!({ "a": revision_of(&engine, "a"), "x": 3 }), json!([{ "op": "remove", "id": "a" }]));
    let error = engine.edit(&gone, &planner()).unwrap_err();
    assert!(matches!(&error, EngineError::EditStale { details, .. } if details["missing"] == json!(["x"])));
    assert_eq!(
        engine.edit(&ask("e4", json!({}), json!([{ "op": "remove", "id": "a" }])), &planner()).unwrap_err().kind(),
        ErrorKind::Usage
    );
    // Undone only while nothing came after it.
    engine.edit(&rename("e5", "Ba", revision_of(&engine, "a")), &planner()).unwrap();
    let error = engine.undo("e1", &UndoAsk { id: "u1".into(), reason: "x".into() }, &planner()).unwrap_err();
    assert!(matches!(error, EngineError::EditStale { .. }));
}

#[test]
fn what_another_program_changed_is_seen_by_the_next_edit() {
    let bench = loaded();
    let engine = engine(&bench);
    engine.edit(&ask("e1", json!({}), moved(-5.0)), &planner()).unwrap();
    let old = revision_of(&engine, "b");
    let qgis = outsider(&bench.path("w.gpkg"));
    qgis.execute_batch("UPDATE zones SET name = 'QGIS' WHERE id = 'b'; UPDATE gpkg_contents SET last_change = '2030-01-01T00:00:00.000Z' WHERE table_name = 'zones'").unwrap();
    let edit = ask("e2", json!({ "b": old }), json!([{ "op": "put", "id": "b", "properties": { "crop": "x" } }]));
    assert!(matches!(engine.edit(&edit, &planner()), Err(EngineError::EditStale { .. })));
    let now = revision_of(&engine, "b");
    let edit = ask("e3", json!({ "b": now }), json!([{ "op": "put", "id": "b", "properties": { "crop": "x" } }]));
    let answer = engine.edit(&edit, &planner()).unwrap();
    assert_eq!(answer["zones"][0]["properties"]["name"], "QGIS");
}

#[test]
fn a_person_is_held_to_kinds_and_units_and_a_new_vertex_on_a_neighbours_border_is_no_trespass() {
    let bench = loaded();
    let engine = engine(&bench);
    let of_unit = Person { units: vec!["10001".into()], ..planner() };
    let error = engine.edit(&ask("e1", json!({}), moved(-5.0)), &of_unit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAllowed);
    let split = |id: &str| {
        ask(
            id,
            json!({ "a": revision_of(&engine, "a") }),
            json!([{ "op": "split", "id": "a", "line": [[X - 10.0, Y + 77.7], [X + 210.0, Y + 80.3]] }]),
        )
    };
    let of_kind = Person { kinds: vec!["fruit".into()], ..planner() };
    assert_eq!(engine.edit(&split("e2"), &of_kind).unwrap_err().kind(), ErrorKind::NotAllowed);
    let answer = engine.edit(&split("e3"), &of_unit).unwrap();
    assert_eq!(answer["zones"].as_array().unwrap().len(), 3, "the neighbour has the new vertex");
}

#[test]
fn built_land_a_strange_commune_and_a_malformed_code_are_refused_with_repairs() {
    let bench = loaded();
    let engine = engine(&bench);
    let ring = |x: f64, y: f64, side: f64| json!([[square(x, y, side)]]);
    let put =
        |id: &str, polygons: Value| ask(id, json!({}), json!([{ "op": "put", "polygons": polygons, "properties": { "kind": "rice" } }]));
    let codes = |error: EngineError| match error {
        EngineError::EditRefused { issues, .. } => issues,
        other => panic!("{other}"),
    };
    let built = codes(engine.edit(&put("e1", ring(X - 100.0, Y, 100.0)), &planner()).unwrap_err());
    assert_eq!((&built[0]["code"], &built[0]["area_m2"]), (&json!("built_inside"), &json!(400.0)));
    assert!(built[0]["at"][0].as_f64().is_some_and(|lon| (105.0..107.0).contains(&lon)));
    // Sent again under the same id, the zone that is made has the same id too.
    let mut mended = put("e1", ring(X - 100.0, Y, 100.0));
    mended
        .operations
        .extend(serde_json::from_value::<Vec<farmzone::edit::Operation>>(built[0]["repairs"][0]["operations"].clone()).unwrap());
    let answer = engine.edit(&mended, &planner()).unwrap();
    let made = answer["zones"].as_array().unwrap().iter().find(|z| z["id"] == built[0]["zones"][0]).unwrap();
    assert_eq!((&made["area_m2"], &answer["made"]["0"][0]), (&json!(9_600.0), &made["id"]));
    let abroad = codes(engine.edit(&put("e3", ring(X + 150.0, Y - 200.0, 100.0)), &planner()).unwrap_err());
    assert_eq!(abroad[0]["code"], "outside_unit");
    let code =
        ask("e4", json!({ "b": revision_of(&engine, "b") }), json!([{ "op": "put", "id": "b", "properties": { "code": "VN-HNOR-OOO1" } }]));
    let code = codes(engine.edit(&code, &planner()).unwrap_err());
    assert_eq!(code[0]["code"], "code");
    // A dry run says what would be and changes nothing.
    let revision = engine.snapshot().revision;
    let trial = EditAsk { is_dry_run: true, ..ask("e5", json!({}), moved(-5.0)) };
    let answer = engine.edit(&trial, &planner()).unwrap();
    assert!(answer["revision"].is_null() && answer["zones"].as_array().unwrap().len() == 2);
    assert_eq!(engine.snapshot().revision, revision);
    for (id, reason) in [("", "x"), ("a b", "x"), ("e9", " "), (&"x".repeat(65)[..], "x")] {
        let bad = EditAsk { id: id.to_owned(), reason: reason.to_owned(), ..ask("x", json!({}), moved(1.0)) };
        assert_eq!(engine.edit(&bad, &planner()).unwrap_err().kind(), ErrorKind::Usage, "{id:?} {reason:?}");
    }
}

#[test]
fn the_past_is_shown_by_revision_by_day_and_by_what_held_in_law_and_what_is_not_known_is_told() {
    use farmzone::engine::AsOf;
    let bench = loaded();
    let engine = engine(&bench);
    let first = engine.snapshot().revision;
    let dated = |id: &str, from: &str, by: f64, at: f64| {
        let moves = json!([{ "op": "move", "moves": [{ "from": [X + 200.0 + at, Y], "to": [X + 200.0 + by, Y] }, { "from": [X + 200.0 + at, Y + 200.0], "to": [X + 200.0 + by, Y + 200.0] }] }]);
        EditAsk { valid_from: Some(from.to_owned()), ..ask(id, json!({}), moves) }
    };
    // The one that is recorded first holds in law later.
    let one = engine.edit(&dated("e1", "2031-01-01", -5.0, 0.0), &planner()).unwrap()["revision"].as_u64().unwrap();
    engine.edit(&dated("e2", "2030-01-01", -1.0, -5.0), &planner()).unwrap();
    let split = json!([{ "op": "split", "id": "b", "line": [[X + 190.0, Y + 77.0], [X + 410.0, Y + 77.0]] }]);
    let split = engine.edit(&ask("e3", json!({ "b": revision_of(&engine, "b") }), split), &planner()).unwrap();
    let new = split["made"]["0"][0].as_str().unwrap().to_owned();
    let area = |moment: AsOf, id: &str| {
        let found = engine.snapshot().shapes_as_of(moment, None, &[id.to_owned()]).unwrap();
        found["zones"][0]["area_m2"].as_f64()
    };
    assert_eq!(
        [area(AsOf::Revision(first), "a"), area(AsOf::Revision(one), "a"), area(AsOf::Revision(one + 1), "a")],
        [Some(40_000.0), Some(39_000.0), Some(39_800.0)]
    );
    assert_eq!((area(AsOf::Revision(one), &new), area(AsOf::Recorded("2199-01-01".parse().unwrap()), "a")), (None, Some(39_800.0)));
    let law = |day: &str| area(AsOf::Valid(day.parse().unwrap()), "a");
    assert_eq!([law("2029-06-01"), law("2030-06-01"), law("2031-06-01")], [Some(40_000.0), Some(39_800.0), Some(39_000.0)]);
    assert!(
        engine.snapshot().shapes_as_of(AsOf::Revision(0), None, &[]).is_err()
            && engine.snapshot().shapes_as_of(AsOf::Revision(99), None, &[]).is_err()
    );
    let between = |from, to| engine.snapshot().changes_between(from, to, farmzone::engine::Page { limit: 10, offset: 0 }).unwrap();
    let changes = between(AsOf::Revision(first), AsOf::Revision(one));
    assert_eq!((&changes["n_matched"], &changes["features"][0]["properties"]["lost_m2"]), (&json!(2), &json!(1_000.0)));
    assert_eq!(changes["features"][0]["properties"]["kind_before"], json!("rice"));
    // A day of the far future is today, and one in law may differ from it.
    assert_eq!(between(AsOf::Recorded("2199-01-01".parse().unwrap()), AsOf::Revision(engine.snapshot().revision))["n_matched"], json!(0));
    let in_law = between(AsOf::Valid("2029-06-01".parse().unwrap()), AsOf::Revision(one + 1));
    assert_eq!((&in_law["from"], &in_law["features"][0]["properties"]["area_before_m2"]), (&json!("2029-06-01"), &json!(40_000.0)));
    // Where land came from and went to.
    let lineage = engine.snapshot().zone_versions(&new, false).unwrap();
    assert_eq!((&lineage["parents"], &lineage["versions"][0]["who"]), (&json!(["b"]), &Value::Null));
    let lineage = engine.snapshot().zone_versions("b", true).unwrap();
    assert_eq!((&lineage["children"], &lineage["versions"][0]["who"]), (&json!([new]), &json!("lan")));
    // What another program changed was not told, and the past before it is not known.
    outsider(&bench.path("w.gpkg")).execute_batch("UPDATE zones SET name = 'QGIS' WHERE id = 'a'").unwrap();
    engine
        .edit(
            &ask("e4", json!({ "b": revision_of(&engine, "b") }), json!([{ "op": "put", "id": "b", "properties": { "crop": "x" } }])),
            &planner(),
        )
        .unwrap();
    assert!(engine.snapshot().shapes_as_of(AsOf::Revision(one), None, &[]).is_err());
}

#[test]
fn what_was_accepted_once_can_be_taken_back_with_all_that_was_wrong_with_it() {
    let bench = loaded();
    // Zones as they come: built on, in two communes, over each other.
    let more = [
        (json!({ "id": "c", "kind": "rice" }), &square(X - 100.0, Y, 100.0)[..]),
        (json!({ "id": "d", "kind": "rice" }), &square(X + 150.0, Y - 300.0, 100.0)[..]),
        (json!({ "id": "e", "kind": "rice" }), &square(X + 240.0, Y - 300.0, 100.0)[..]),
    ];
    let file = bench.write("more.geojson", geojson_in(5897, &more));
    bench.import(&file, "zones", &["--append"]).ok();
    let engine = engine(&bench);
    for id in ["c", "d"] {
        let base = json!({ id: revision_of(&engine, id) });
        engine.edit(&ask(&format!("remove-{id}"), base, json!([{ "op": "remove", "id": id }])), &planner()).unwrap();
        engine.undo(&format!("remove-{id}"), &UndoAsk { id: format!("back-{id}"), reason: "slip".into() }, &planner()).unwrap();
        assert!(revision_of(&engine, id) > 0);
    }
    // But not onto land that somebody else took meanwhile.
    engine.edit(&ask("r", json!({ "c": revision_of(&engine, "c") }), json!([{ "op": "remove", "id": "c" }])), &planner()).unwrap();
    let put = json!([{ "op": "put", "id": "new", "polygons": [[square(X - 90.0, Y + 80.0, 15.0)]], "properties": { "kind": "rice" } }]);
    engine.edit(&ask("n", json!({}), put), &planner()).unwrap();
    let error = engine.undo("r", &UndoAsk { id: "u".into(), reason: "slip".into() }, &planner()).unwrap_err();
    assert!(matches!(&error, EngineError::EditRefused { issues, .. } if issues[0]["code"] == "overlap"), "{error}");
}

#[test]
fn an_id_that_names_another_edit_is_refused_and_an_undo_holds_from_the_day_of_what_it_takes_back() {
    use farmzone::engine::AsOf;
    let bench = loaded();
    let engine = engine(&bench);
    let edit = EditAsk { valid_from: Some("2031-01-01".into()), ..ask("e1", json!({}), moved(-5.0)) };
    engine.edit(&edit, &planner()).unwrap();
    assert_eq!(engine.edit(&ask("e1", json!({}), moved(-6.0)), &planner()).unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(engine.undo("e1", &UndoAsk { id: "e1".into(), reason: "x".into() }, &planner()).unwrap_err().kind(), ErrorKind::Conflict);
    engine.undo("e1", &UndoAsk { id: "u1".into(), reason: "x".into() }, &planner()).unwrap();
    for day in ["2030-01-01", "2032-01-01"] {
        let found = engine.snapshot().shapes_as_of(AsOf::Valid(day.parse().unwrap()), None, &["a".to_owned()]).unwrap();
        assert_eq!(found["zones"][0]["area_m2"], 40_000.0, "{day}");
    }
}

#[test]
fn numbers_come_back_to_the_last_bit_and_a_column_that_was_taken_away_comes_back() {
    let bench = loaded();
    let engine = engine(&bench);
    let put = |id: &str, area: Value| {
        ask(id, json!({ "a": revision_of(&engine, "a") }), json!([{ "op": "put", "id": "a", "properties": { "declared_area_m2": area } }]))
    };
    engine.edit(&put("e1", json!(12_345.678_901_234_567)), &planner()).unwrap();
    engine.edit(&put("e2", json!(0.1 + 0.2)), &planner()).unwrap();
    engine.undo("e2", &UndoAsk { id: "u2".into(), reason: "x".into() }, &planner()).unwrap();
    engine.undo("e1", &UndoAsk { id: "u1".into(), reason: "x".into() }, &planner()).unwrap();
    outsider(&bench.path("w.gpkg")).execute_batch("ALTER TABLE zones DROP COLUMN variety").unwrap();
    let variety =
        ask("e3", json!({ "a": revision_of(&engine, "a") }), json!([{ "op": "put", "id": "a", "properties": { "variety": "J02" } }]));
    assert_eq!(engine.edit(&variety, &planner()).unwrap()["zones"][0]["properties"]["variety"], "J02");
}

#[test]
fn edits_at_the_same_time_come_one_after_the_other_and_none_is_lost() {
    let bench = loaded();
    let engine = engine(&bench);
    std::thread::scope(|threads| {
        for t in 0..4 {
            let engine = engine.clone();
            threads.spawn(move || {
                for n in 0..10 {
                    let (x, y) = (X - 480.0 + 40.0 * n as f64, Y - 480.0 + 40.0 * t as f64);
                    let put = json!([{ "op": "put", "id": format!("t{t}n{n}"), "polygons": [[square(x, y, 30.0)]], "properties": { "kind": "rice" } }]);
                    engine.edit(&ask(&format!("t{t}n{n}"), json!({}), put), &planner()).unwrap();
                }
            });
        }
    });
    assert_eq!(count(&bench, "zones"), 42);
    assert_eq!(count(&bench, "farmzone_edits"), 40);
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    let zones = layers["layers"].as_array().unwrap().iter().find(|l| l["role"] == "zones").unwrap().clone();
    assert_eq!((&zones["n_features"], zones["area_m2"].as_f64().unwrap().round()), (&json!(42), 80_000.0 + 40.0 * 900.0));
}

#[test]
fn the_first_zone_of_an_empty_workspace_can_be_drawn() {
    let bench = Bench::with_workspace("EPSG:5897");
    let engine = engine(&bench);
    let put = json!([{ "op": "put", "id": "first", "polygons": [[square(X, Y, 50.0)]], "properties": { "kind": "tea" } }]);
    engine.edit(&ask("e1", json!({}), put), &planner()).unwrap();
    assert_eq!(engine.snapshot().zones.list.len(), 1);
}

/// Sends one edit to a server; its answer's first line, none when the connection broke off.
fn sent(address: &str, token: &str, body: &Value) -> Option<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    let body = body.to_string();
    let head = format!(
        "POST /api/v1/edits HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    // An answer that was cut off acknowledges nothing.
    let is_whole = answer.split_once("\r\n\r\n").is_some_and(|(_, body)| serde_json::from_str::<Value>(body).is_ok());
    is_whole.then(|| answer.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn whatever_was_acknowledged_before_a_kill_is_there_and_nothing_is_half_there() {
    let bench = loaded();
    let add = ["user", "add", "w.gpkg", "lan", "--role", "planner", "--generate"];
    bench.run(&add).ok();
    let token = bench.run(&["user", "token", "w.gpkg", "lan", "--scope", "edit_zones", "--expires", "1"]).ok();
    let token = token["token"].as_str().unwrap();
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..3 {
        let mut served = crate::http::Served::over(&bench);
        let address = served.address.clone();
        let found = std::thread::scope(|threads| {
            let writers: Vec<_> = (0..8)
                .map(|t| {
                    let address = &address;
                    threads.spawn(move || {
                        let mut acknowledged = Vec::new();
                        // Each edit makes two zones that share a border: one without the other would be half an edit.
                        for n in 0..125 {
                            let name = format!("r{round}t{t}n{n}");
                            let (x, y) = (X + 5_000.0 + 30.0 * n as f64, Y - 500.0 * round as f64 - 25.0 * t as f64);
                            let put = |side: &str, dx: f64| json!({ "op": "put", "id": format!("{name}{side}"), "polygons": [[[[x + dx, y], [x + dx + 12.0, y], [x + dx + 12.0, y + 20.0], [x + dx, y + 20.0]]]], "properties": { "kind": "other" } });
                            let body = json!({ "id": name, "reason": "kill", "operations": [put("w", 0.0), put("e", 12.0)] });
                            match sent(address, token, &body) {
                                Some(status) if status.contains(" 200 ") => acknowledged.push(name),
                                Some(status) => panic!("{status}"),
                                None => break,
                            }
                        }
                        acknowledged
                    })
                })
                .collect();
            std::thread::sleep(std::time::Duration::from_millis(1_500 + 400 * round));
            served.child.kill().unwrap();
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<String>>()
        });
        assert!(found.len() > 5, "{} edits were acknowledged in round {round}", found.len());
        acknowledged.extend(found);
    }
    let workspace = outsider(&bench.path("w.gpkg"));
    for name in &acknowledged {
        let sql = "SELECT (SELECT count(*) FROM zones WHERE id IN (?1 || 'w', ?1 || 'e')) = 2 AND EXISTS (SELECT 1 FROM farmzone_edits WHERE edit = ?1)";
        assert!(workspace.query_row(sql, [name], |row| row.get::<_, bool>(0)).unwrap(), "{name} is gone");
    }
    let (n_edits, n_zones) = (count(&bench, "farmzone_edits"), count(&bench, "zones"));
    assert_eq!(n_zones, 2 + 2 * n_edits, "every edit made two zones");
    assert_eq!(count(&bench, "farmzone_zone_changes"), 2 * n_edits);
    assert!(n_edits >= acknowledged.len() as i64);
}
