//! A workspace that the first version of the program made, under the present one.

use std::collections::BTreeSet;
use std::io::Read;

use farmzone::engine::{Engine, Rulebook};
use serde_json::json;

use crate::edits::{ask, planner};
use crate::program::Bench;
use crate::store::outsider;

/// `tests/data/README.md` says what is in it.
const FIRST: &[u8] = include_bytes!("../data/workspace_v1.gpkg.gz");

fn first() -> Bench {
    let bench = Bench::new();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(FIRST).read_to_end(&mut bytes).unwrap();
    bench.write("w.gpkg", bytes);
    bench
}

fn version(bench: &Bench) -> String {
    outsider(&bench.path("w.gpkg")).query_row("SELECT value FROM farmzone_settings WHERE key = 'version'", [], |row| row.get(0)).unwrap()
}

fn events(bench: &Bench) -> BTreeSet<(String, i64)> {
    let connection = outsider(&bench.path("w.gpkg"));
    let mut statement = connection.prepare("SELECT id, round(area_m2 * 1000) FROM encroachments_2024").unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, f64>(1)? as i64))).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_workspace_of_the_first_version_is_read_and_keeps_its_version_until_it_keeps_something_new() {
    let bench = first();
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    assert_eq!(layers["layers"].as_array().unwrap().len(), 6, "{layers}");
    let overlay = bench.run(&["overlay", "w.gpkg"]).ok();
    assert_eq!((&overlay["n_pairs"], overlay["area_m2"].as_f64().unwrap().round()), (&json!(3), 3683.0));
    let before = events(&bench);
    assert_eq!(before.len(), 3);
    let found = bench.run(&["detect", "w.gpkg"]).ok();
    // By what right is told anew; which events there are, and what they are called, stays.
    assert_eq!((&found["n_events"], &found["by_right"]["permitted"]["n_events"]), (&json!(3), &json!(1)), "{found}");
    assert_eq!(events(&bench), before);
    assert_eq!(version(&bench), "1");
    bench.run(&["backup", "w.gpkg", "copy.gpkg"]).ok();
    bench.run(&["export", "w.gpkg", "zones.csv"]).ok();
    assert!(std::fs::read_to_string(bench.path("zones.csv")).unwrap().contains("Vùng lúa Đại Thanh"));
}

#[test]
fn it_is_served_edited_and_taken_back() {
    let bench = first();
    let engine = Engine::serve(&bench.path("w.gpkg"), Rulebook::load(None).unwrap()).unwrap();
    let card = engine.snapshot().zone_card("a", None).unwrap();
    assert_eq!((&card["properties"]["unit"]["name"], &card["properties"]["n_events"]), (&json!("Đại Thanh"), &json!(2)), "{card}");
    let revision = engine.snapshot().shapes(None, &["a".to_owned()]).unwrap()["zones"][0]["revision"].clone();
    let put = json!([{ "op": "put", "id": "a", "properties": { "name": "Tên mới" } }]);
    engine.edit(&ask("e1", json!({ "a": revision }), put), &planner()).unwrap();
    assert_eq!(engine.snapshot().zone_card("a", None).unwrap()["properties"]["name"], "Tên mới");
    assert_eq!(version(&bench), "3", "edits are kept since version 3");
    engine.undo("e1", &serde_json::from_value(json!({ "id": "u1", "reason": "slip" })).unwrap(), &planner()).unwrap();
    assert_eq!(engine.snapshot().zone_card("a", None).unwrap()["properties"]["name"], "Vùng lúa Đại Thanh");
    engine.close();
    // And again, by a later start.
    let engine = Engine::serve(&bench.path("w.gpkg"), Rulebook::load(None).unwrap()).unwrap();
    assert_eq!(engine.snapshot().zone_versions("a", true).unwrap()["versions"].as_array().unwrap().len(), 2);
}
