//! Epochs: events that last, grow and go; transitions; only what a change touches is looked at again.

use std::sync::Arc;

use farmzone::engine::{self, By, Engine, FiguresAsk, FiguresBy, Filter, Page, Rulebook, TransitionsAsk};
use farmzone::model::{Change, Epoch};
use serde_json::{Value, json};

use crate::program::{Bench, geojson_in, square};

const X: f64 = 580_000.0;
const Y: f64 = 2_320_000.0;

/// Two zones on rice land; in 2019 a house stands and a shed, in 2024 the house has grown, the shed is gone, a road came.
fn three_epochs() -> Bench {
    three_epochs_among(0)
}

/// The same with more zones to the north, each with a house that stood from 2019 on.
fn three_epochs_among(n_others: usize) -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let place = |i: usize| (X + 100.0 * i as f64, Y + 1_000.0);
    let plots: Vec<[[f64; 2]; 5]> = (0..n_others).map(place).map(|(x, y)| square(x, y, 80.0)).collect();
    let houses: Vec<[[f64; 2]; 5]> = (0..n_others).map(place).map(|(x, y)| square(x + 20.0, y + 20.0, 15.0)).collect();
    let (a, b) = (square(X, Y, 200.0), square(X + 200.0, Y, 200.0));
    let mut zones = vec![(json!({ "id": "a", "kind": "rice" }), &a[..]), (json!({ "id": "b", "kind": "fruit" }), &b[..])];
    zones.extend(plots.iter().enumerate().map(|(i, plot)| (json!({ "id": format!("other {i}"), "kind": "tea" }), &plot[..])));
    let load = |name: &str, features: &[(Value, &[[f64; 2]])], role: &str, more: &[&str]| {
        let file = bench.write(name, geojson_in(5897, features));
        bench.import(&file, role, more).ok();
    };
    let house = |side: f64| square(X + 10.0, Y + 10.0, side);
    let (small, large, shed) = (house(20.0), house(30.0), square(X + 100.0, Y + 100.0, 12.0));
    let (road, fields) = (square(X + 300.0, Y + 20.0, 40.0), square(X, Y, 400.0));
    load("zones.geojson", &zones, "zones", &[]);
    let fields = (json!({ "id": "fields", "code": "LUC" }), &fields[..]);
    let epoch = |features: &[(Value, &[[f64; 2]])], year: &str| {
        let mut all = [std::slice::from_ref(&fields), features].concat();
        if year != "2014" {
            all.extend(houses.iter().enumerate().map(|(i, h)| (json!({ "id": format!("house {i}"), "code": "ONT" }), &h[..])));
        }
        load(&format!("{year}.geojson"), &all, "landuse", &["--epoch", year]);
    };
    epoch(&[], "2014");
    epoch(&[(json!({ "id": "house", "code": "ONT" }), &small[..]), (json!({ "id": "shed", "code": "SKC" }), &shed[..])], "2019");
    epoch(&[(json!({ "id": "house", "code": "ONT" }), &large[..]), (json!({ "id": "road", "code": "DGT" }), &road[..])], "2024");
    bench
}

fn events(bench: &Bench, args: &[&str]) -> Vec<Value> {
    bench.run(&[&["detect", "w.gpkg", "--out", "events.geojson"], args].concat()).ok();
    let file: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("events.geojson")).unwrap()).unwrap();
    file["features"].as_array().unwrap().iter().map(|f| f["properties"].clone()).collect()
}

#[test]
fn an_event_has_one_name_in_every_epoch_whatever_is_detected_first() {
    let bench = three_epochs();
    let later = events(&bench, &["--epoch", "2024"]);
    let earlier = events(&bench, &["--epoch", "2019"]);
    let house = |rows: &[Value]| rows.iter().find(|e| e["code"] == "ONT").unwrap().clone();
    let (then, now) = (house(&earlier), house(&later));
    assert_eq!(then["id"], now["id"]);
    assert_eq!((&then["since"], &then["change"], &then["area_m2"]), (&json!("2019"), &json!("new"), &json!(400.0)));
    assert_eq!(
        (&now["since"], &now["change"], &now["area_m2"], &now["severity"]),
        (&json!("2019"), &json!("grown"), &json!(900.0), &json!(3))
    );
    assert!(now["evidence"].as_str().unwrap().starts_with("land_use ONT: 900.0 m²"), "{now}");
    let road = later.iter().find(|e| e["code"] == "DGT").unwrap();
    assert_eq!((&road["since"], &road["change"]), (&json!("2024"), &json!("new")));

    let again = bench.run(&["detect", "w.gpkg"]).ok();
    assert_eq!(
        (&again["is_unchanged"], &again["n_events"], &again["n_new"], &again["n_gone"]),
        (&json!(true), &json!(2), &json!(1), &json!(1))
    );
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    let revision = |layers: &Value| layers["layers"].as_array().unwrap().iter().map(|l| l["revision"].as_u64().unwrap()).max();
    assert_eq!(again["epoch"], "2024");
    assert_eq!(revision(&bench.run(&["layers", "w.gpkg"]).ok()), revision(&layers));
}

#[test]
fn what_kept_events_rest_on_is_for_the_program_and_people_read_a_short_text() {
    let bench = three_epochs();
    let speck = [(json!({ "id": "speck", "code": "ONT" }), &square(X + 150.0, Y + 150.0, 1.0 + 1.0 / 3.0)[..])];
    bench.import(&bench.write("speck.geojson", geojson_in(5897, &speck)), "landuse", &["--epoch", "2024", "--append"]).ok();
    let first = events(&bench, &[]);
    let source = |bench: &Bench| {
        let layers = bench.run(&["layers", "w.gpkg"]).ok();
        let layers = layers["layers"].as_array().unwrap().clone();
        layers.iter().find(|l| l["name"] == "encroachments_2024").unwrap()["source"].clone()
    };
    assert_eq!(source(&bench), "found in the zones by landuse_2024; left out: 1 sliver of 2 m²");
    // As an earlier farmzone kept them: in the text, and every severity a number.
    let old = rusqlite::Connection::open(bench.path("w.gpkg")).unwrap();
    old.execute_batch(
        "DELETE FROM farmzone_settings WHERE \"key\" LIKE 'detection:%';
         UPDATE farmzone_layers SET source = 'detected from zones@1, rules 3fa2; left out: 1 slivers of 1.7777777 m²'
         WHERE name = 'encroachments_2024'",
    )
    .unwrap();
    drop(old);
    let found = bench.run(&["detect", "w.gpkg"]).ok();
    assert_eq!((&found["is_unchanged"], &found["n_slivers"]), (&json!(false), &json!(1)));
    assert_eq!(bench.run(&["detect", "w.gpkg"]).ok()["is_unchanged"], true);
    let ids = |rows: &[Value]| rows.iter().map(|e| e["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&events(&bench, &[])), ids(&first));
}

#[test]
fn names_outlive_a_new_survey_of_the_same_epoch() {
    let bench = three_epochs();
    let first = events(&bench, &[]);
    let redrawn = [
        (json!({ "id": "1", "code": "ONT" }), &square(X + 10.4, Y + 9.8, 30.0)[..]),
        (json!({ "id": "2", "code": "DGT" }), &square(X + 299.7, Y + 20.2, 40.0)[..]),
    ];
    let file = bench.write("redrawn.geojson", geojson_in(5897, &redrawn));
    bench.import(&file, "landuse", &["--epoch", "2024", "--replace"]).ok();
    let second = events(&bench, &[]);
    let ids = |rows: &[Value]| rows.iter().map(|e| e["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second));
}

#[test]
fn since_an_epoch_only_what_was_lost_after_it_counts_by_transitions() {
    let bench = three_epochs();
    let found = bench.run(&["detect", "w.gpkg", "--since", "2019"]).ok();
    assert_eq!((&found["since"], &found["n_events"], &found["area_m2"]), (&json!("2019"), &json!(2), &json!(2100.0)));
    let moved: Vec<(String, String, f64)> = found["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["from"].as_str().unwrap().into(), m["to"].as_str().unwrap().into(), m["area_m2"].as_f64().unwrap().round()))
        .collect();
    let row = |from: &str, to: &str, m2: f64| (from.to_owned(), to.to_owned(), m2);
    // What was lost before is not gone, and a part of an event has not shrunk.
    assert_eq!((&found["n_new"], &found["n_gone"]), (&Value::Null, &Value::Null));
    assert!(events(&bench, &["--since", "2019"]).iter().all(|e| e["change"].is_null()));
    // The shed became a field again: both directions are told.
    assert_eq!(
        moved,
        [
            row("none", "none", 77_356.0),
            row("none", "transport", 1_600.0),
            row("none", "built", 500.0),
            row("built", "built", 400.0),
            row("built", "none", 144.0)
        ]
    );
    // It is a report: nothing was kept.
    assert_eq!(bench.run(&["layers", "w.gpkg"]).ok()["layers"].as_array().unwrap().len(), 4);
    bench.run(&["detect", "w.gpkg", "--since", "2024"]).refused(4, &["2024", "before"]);
    bench.run(&["detect", "w.gpkg", "--epoch", "2014", "--since", "2019"]).refused(4, &["2019", "2014"]);
    bench.run(&["detect", "w.gpkg", "--since", "2016"]).refused(3, &["2016", "2014, 2019, 2024"]);
}

#[test]
fn transitions_are_kept_for_other_programs_and_written_as_a_table() {
    let bench = three_epochs();
    bench.run(&["detect", "w.gpkg"]).ok();
    let table = bench.run(&["transitions", "w.gpkg", "--since", "2014", "--out", "moved.csv"]).ok();
    assert_eq!((&table["from"], &table["to"], &table["changed_m2"]), (&json!("2014"), &json!("2024"), &json!(2500.0)));
    assert_eq!(table["rows"][1]["from"], "LUC");
    let rows = std::fs::read_to_string(bench.path("moved.csv")).unwrap();
    assert!(rows.contains("\na,2014,2024,LUC,ONT,900"), "{rows}");
    bench.run(&["transitions", "w.gpkg", "--epoch", "2014"]).refused(3, &["two epochs"]);
    let kept = std::process::Command::new("ogrinfo")
        .args(["-ro", "-al", "-q"])
        .arg(bench.path("w.gpkg"))
        .arg("farmzone_transitions")
        .output()
        .unwrap();
    let kept = String::from_utf8_lossy(&kept.stdout).into_owned() + &String::from_utf8_lossy(&kept.stderr);
    assert!(kept.contains("from_code (String) = ONT") && !kept.contains("Warning"), "{kept}");
}

#[test]
fn zones_that_are_looked_at_some_at_a_time_give_what_all_at_once_give() {
    let (whole, parts) = (three_epochs_among(20), three_epochs_among(20));
    let rulebook = Arc::new(Rulebook::load(None).unwrap());
    let detected = |bench: &Bench, since: Option<Epoch>, zones_at_a_time: usize| {
        let told = [2019, 2024].map(|year| {
            let ask = engine::DetectAsk { epoch: Some(Epoch::year(year)), since, zones_at_a_time, ..Default::default() };
            let since_is_before = since.is_none_or(|since| since < Epoch::year(year));
            let found = since_is_before.then(|| engine::detect(&bench.path("w.gpkg"), &rulebook, ask, None, &mut |_, _, _| ()).unwrap());
            let mut told = json!(found);
            told.as_object_mut().map(|told| told.remove("duration_ms"));
            told
        });
        json!(told)
    };
    // What is found first, and found to be there already; what was lost since an epoch.
    for since in [None, None, Some(Epoch::year(2014)), Some(Epoch::year(2019))] {
        assert_eq!(detected(&whole, since, usize::MAX), detected(&parts, since, 3), "since {since:?}");
    }
    let [whole, parts] = [whole, parts].map(|bench| {
        let snapshot = engine::open(&bench.path("w.gpkg"), &rulebook).unwrap();
        let store = rusqlite::Connection::open(bench.path("w.gpkg")).unwrap();
        let rows = |sql: &str| -> Vec<String> {
            let mut rows = store.prepare(sql).unwrap();
            rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let kept = rows(
            "SELECT id || zone_id || coalesce(since, '') || coalesce(change, '') || \"right\" || hex(geom) FROM encroachments_2024 ORDER BY id",
        );
        let moved =
            rows("SELECT zone_id || from_epoch || to_epoch || coalesce(from_code, '') || coalesce(to_code, '') || area_m2 FROM farmzone_transitions");
        let source = snapshot.layer_named("encroachments_2024").unwrap().source.clone();
        (kept, moved, source)
    });
    assert!(whole.0.len() > 20 && !whole.1.is_empty(), "{whole:?}");
    assert_eq!(whole, parts);
}

#[test]
fn a_change_is_looked_at_where_it_is_and_gives_what_looking_everywhere_gives() {
    let bench = three_epochs_among(20);
    let rulebook = Rulebook::load(None).unwrap();
    let path = bench.path("w.gpkg");
    for epoch in ["2014", "2019", "2024"] {
        bench.run(&["detect", "w.gpkg", "--epoch", epoch]).ok();
    }
    let engine = Engine::serve(&path, rulebook.clone()).unwrap();
    let epochs = [2014, 2019, 2024].map(Epoch::year);
    let told = |snapshot: &engine::Snapshot| {
        epochs.map(|e| {
            let found = snapshot.events(e).unwrap();
            let rows: Vec<_> = found.events().chain(found.gone()).cloned().collect();
            (rows, found.left_out)
        })
    };
    let before = told(&engine.snapshot());
    assert_eq!(before[2].0.iter().filter(|e| e.change == Some(Change::Gone)).count(), 1);
    type Edit<'a> = (&'a str, &'a str, Vec<&'a str>, Vec<(Value, [[f64; 2]; 5])>);
    let feature = |id: &str, code: &str, ring: [[f64; 2]; 5]| vec![(json!({ "id": id, "code": code }), ring)];
    let zone = |id: &str, kind: &str, ring: [[f64; 2]; 5]| (json!({ "id": id, "kind": kind }), ring);
    let permit = |id: &str, x: f64| vec![(json!({ "id": id, "right": "permitted" }), square(x, Y, 100.0))];
    let in_2024 = |how| vec!["--epoch", "2024", how];
    let mut in_another_order: Vec<(Value, [[f64; 2]; 5])> =
        (0..20).rev().map(|i| zone(&format!("other {i}"), "tea", square(X + 100.0 * f64::from(i), Y + 1_000.0, 80.0))).collect();
    in_another_order.push(zone("b", "fruit", square(X + 200.0, Y, 150.0)));
    in_another_order.push(zone("a", "rice", square(X, Y, 200.0)));
    let changes: Vec<Edit> = vec![
        ("barn", "landuse", vec!["--epoch", "2019", "--append"], feature("barn", "SKC", square(X + 350.0, Y + 150.0, 15.0))),
        ("speck", "landuse", in_2024("--append"), feature("speck", "ONT", square(X + 150.0, Y + 150.0, 2.0))),
        ("road redrawn", "landuse", in_2024("--update"), feature("road", "DGT", square(X + 305.0, Y + 23.0, 40.0))),
        ("zone", "zones", vec!["--update"], vec![zone("b", "fruit", square(X + 200.0, Y, 140.0))]),
        ("new zone", "zones", vec!["--append"], vec![zone("c", "rice", square(X + 340.0, Y, 60.0))]),
        ("zones in another order", "zones", vec!["--replace"], in_another_order),
        ("permits, the first", "permits", vec![], permit("p", X)),
        ("permit", "permits", vec!["--append"], permit("q", X + 300.0)),
    ];
    for (name, role, args, features) in &changes {
        let features: Vec<(Value, &[[f64; 2]])> = features.iter().map(|(facts, ring)| (facts.clone(), &ring[..])).collect();
        let file = bench.write(&format!("{name}.geojson"), geojson_in(5897, &features));
        let revision = bench.import(&file, role, args).ok()["revision"].as_u64().unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while engine.snapshot().revision < revision && std::time::Instant::now() < until {
            engine.wait_for_change(engine.snapshot().revision, std::time::Duration::from_secs(1));
        }
        let served = engine.snapshot();
        told(&served);
        let n_looked = epochs.map(|e| served.events(e).unwrap().n_looked_again);
        // That there are permits at all concerns every zone.
        let everywhere = *name == "permits, the first";
        assert!(n_looked[2].is_some_and(|n| n <= 3) != everywhere, "{name}: {n_looked:?}");
        let fresh = engine::open(&path, &Arc::new(rulebook.clone())).unwrap();
        for ((again, left_again), (anew, left_anew)) in told(&served).into_iter().zip(told(&fresh)) {
            assert_eq!(again, anew, "{name}");
            assert_eq!((left_again.n_slivers, left_again.n_tracks), (left_anew.n_slivers, left_anew.n_tracks), "{name}");
            assert!((left_again.sliver_area_m2 - left_anew.sliver_area_m2).abs() < 1e-6, "{name}");
        }
    }
}

#[test]
fn the_history_of_a_zone_agrees_with_its_transitions() {
    let bench = three_epochs();
    let snapshot = engine::open(&bench.path("w.gpkg"), &Arc::new(Rulebook::load(None).unwrap())).unwrap();
    let history = snapshot.zone_history("a").unwrap();
    assert_eq!(history["first_seen"], "2019");
    assert_eq!(history["net_loss_m2_per_year"], 90.0);
    let lost: Vec<&Value> = history["epochs"].as_array().unwrap().iter().map(|e| &e["lost_m2"]).collect();
    assert_eq!(lost, [&json!(0.0), &json!(544.0), &json!(900.0)]);
    assert_eq!(history["epochs"][2]["classes"][0]["area_m2"], 39_100.0);
    assert_eq!(
        history["transitions"][1]["rows"],
        json!([
            { "from": "LUC", "to": "ONT", "area_m2": 500.0 },
            { "from": "SKC", "to": "LUC", "area_m2": 144.0 },
        ])
    );
    let ask = TransitionsAsk { by: By::Group, filter: Filter { zone: Some("a".into()), ..Filter::default() }, ..TransitionsAsk::default() };
    let table = snapshot.transitions_table(&ask).unwrap();
    assert_eq!((&table["area_m2"], &table["changed_m2"]), (&json!(40_000.0), &json!(644.0)));
    let early = TransitionsAsk { from: Some(Epoch::year(2014)), to: Some(Epoch::year(2019)), ..ask };
    let b = TransitionsAsk { filter: Filter { zone: Some("b".into()), ..Filter::default() }, ..early };
    // Nothing, and not “-0.0”.
    assert_eq!(snapshot.transitions_table(&b).unwrap()["changed_m2"].to_string(), "0.0");
    let house = snapshot.events(Epoch::year(2024)).unwrap().of_zone(0)[0].id.clone();
    let card = snapshot.encroachment_card(&house, None).unwrap();
    assert_eq!(
        card["properties"]["epochs"],
        json!([
            { "epoch": "2019", "change": "new", "area_m2": 400.0 },
            { "epoch": "2024", "change": "grown", "area_m2": 900.0 },
        ])
    );
    assert_eq!(card["properties"]["evidence"][0]["feature"], "house");
}

#[test]
fn figures_for_planning_are_of_what_is_left() {
    let bench = three_epochs();
    // A plan is one city's: without its targets there is none to compare with.
    let without = bench.run(&["figures", "w.gpkg"]).ok();
    assert_eq!((&without["rows"][0]["target_m2"], &without["rows"][0]["target_share"]), (&json!(null), &json!(null)));
    assert_eq!(bench.run(&["targets", "w.gpkg"]).ok()["targets"], json!([]));
    let block = |kind: &str| format!("[[target]]\nkind = \"{kind}\"\nhectares = 53_360\nsource = \"plan 7\"\nvalid_from = \"2023\"\n");
    bench.write("wheat.toml", block("wheat"));
    bench.run(&["targets", "w.gpkg", "wheat.toml"]).refused(4, &["no kind “wheat”", "rice"]);
    bench.run(&["targets", "w.gpkg", "none.toml"]).refused(3, &["none.toml"]);
    bench.write("plan.toml", block("rice"));
    bench.run(&["targets", "w.gpkg", "plan.toml"]).ok();
    assert_eq!(bench.run(&["targets", "w.gpkg"]).ok()["targets"][0]["hectares"], json!(53360.0));
    let by_kind = bench.run(&["figures", "w.gpkg", "--out", "figures.csv"]).ok();
    assert_eq!((&by_kind["epoch"], &by_kind["by"], &by_kind["n_matched"]), (&json!("2024"), &json!("kind"), &json!(2)));
    // A house of 900 m² in the corner's middle of one zone, a road of 1,600 m² inside the other.
    let rice = &by_kind["rows"][0];
    assert_eq!((&rice["key"], &rice["n_patches"], &rice["remaining_m2"]), (&json!("rice"), &json!(1), &json!(39_100.0)));
    assert_eq!(rice["target_share"], json!(0.000073));
    let near =
        |value: &Value, expected: f64| assert!((value.as_f64().unwrap() - expected).abs() < 2e-4 * expected, "{value}, not {expected}");
    near(&rice["edge_m"], 800.0 + 120.0);
    near(&rice["effective_mesh_m2"], 39_100.0 * 39_100.0 / 40_000.0);
    // Both zones share a border: one patch.
    let city = bench.run(&["figures", "w.gpkg", "--by", "city", "--core", "10"]).ok();
    assert_eq!((&city["rows"][0]["n_patches"], &city["core_m"]), (&json!(1), &json!(10.0)));
    near(&city["rows"][0]["edge_m"], 1_200.0 + 120.0 + 160.0);
    let before = bench.run(&["figures", "w.gpkg", "--by", "zone", "--epoch", "2014", "--kind", "fruit"]).ok();
    assert_eq!((&before["rows"][0]["key"], &before["rows"][0]["lost_m2"]), (&json!("b"), &json!(0.0)));
    let table = std::fs::read_to_string(bench.path("figures.csv")).unwrap();
    assert!(table.starts_with("key,name,n_zones,area_m2") && table.lines().count() == 3, "{table}");
    bench.run(&["figures", "w.gpkg", "--kind", "ricee"]).refused(3, &["ricee"]);
    bench.run(&["figures", "w.gpkg", "--out", "figures.txt"]).refused(2, &[".csv"]);
    // Asked twice, answered the same; a page holds what it asks for.
    let snapshot = engine::open(&bench.path("w.gpkg"), &Arc::new(Rulebook::load(None).unwrap())).unwrap();
    let ask = FiguresAsk { by: FiguresBy::Zone, ..FiguresAsk::default() };
    let page = |offset: usize| snapshot.figures_table(&ask, Page { limit: 1, offset }).unwrap();
    assert_eq!(page(1), page(1));
    assert_eq!((&page(1)["n_matched"], &page(1)["n_returned"], &page(1)["rows"][0]["key"]), (&json!(2), &json!(1), &json!("b")));
}

#[test]
fn commands_that_only_read_make_no_revision_of_a_served_workspace() {
    let bench = three_epochs();
    let engine = Engine::serve(&bench.path("w.gpkg"), Rulebook::load(None).unwrap()).unwrap();
    let revision = engine.snapshot().revision;
    bench.run(&["layers", "w.gpkg"]).ok();
    bench.run(&["overlay", "w.gpkg"]).ok();
    bench.run(&["detect", "w.gpkg", "--kind", "rice"]).ok();
    assert_eq!(engine.wait_for_change(revision, std::time::Duration::from_secs(2)), revision);
    // One that writes makes its own, and bringing the log into the file makes no other.
    let barn = geojson_in(5897, &[(json!({ "id": "barn", "code": "SKC" }), &square(X + 350.0, Y + 150.0, 15.0))]);
    let written = bench.import(&bench.write("barn.geojson", barn), "landuse", &["--epoch", "2024", "--append"]).ok();
    let written = written["revision"].as_u64().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(engine.snapshot().revision, written);
}

#[test]
fn withheld_land_has_no_class_of_its_own_in_a_zone_without_farmland() {
    let bench = Bench::with_workspace("EPSG:5897");
    let zone = bench.write("zones.geojson", geojson_in(5897, &[(json!({ "id": "a", "kind": "rice" }), &square(X, Y, 100.0)[..])]));
    bench.import(&zone, "zones", &[]).ok();
    let (houses, secret) = (square(X, Y, 50.0), square(X + 60.0, Y + 60.0, 30.0));
    let used = [(json!({ "code": "ODT" }), &houses[..]), (json!({ "code": "CQP" }), &secret[..])];
    bench.import(&bench.write("used.geojson", geojson_in(5897, &used)), "landuse", &["--epoch", "2024"]).ok();
    let snapshot = engine::open(&bench.path("w.gpkg"), &Arc::new(Rulebook::load(None).unwrap())).unwrap();
    let history = snapshot.zone_history("a").unwrap();
    let classes = history["epochs"][0]["classes"].as_array().unwrap();
    assert_eq!((classes.len(), &classes[0]["code"], &classes[0]["area_m2"]), (1, &json!("ODT"), &json!(3_400.0)), "{history}");
}
