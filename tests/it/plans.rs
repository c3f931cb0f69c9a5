//! Plans beside the map: drawn, undone, submitted, decided on, published or refused, read by a link.

mod served;

use farmzone::access::{Person, Role};
use farmzone::engine::{DecideAsk, EditAsk, Engine, EngineError, ErrorKind, Page, PlanAsk, PlanPatch, PlanReader, UndoAsk};
use farmzone::model::PlanState;
use serde_json::{Value, json};

use crate::edits::{X, Y, ask, count, engine, loaded, moved, planner};
use crate::program::{Bench, square};
use crate::store::outsider;

const ALL: [f64; 4] = [105.0, 20.0, 107.0, 22.0];

/// With the accounts of those who draw and decide.
fn city() -> (Bench, Engine) {
    let bench = loaded();
    for (name, role) in [("lan", "planner"), ("minh", "approver"), ("hoa", "approver")] {
        bench.run(&["user", "add", "w.gpkg", name, "--role", role, "--generate"]).ok();
    }
    let engine = engine(&bench);
    (bench, engine)
}

fn approver() -> Person {
    Person { name: "minh".to_owned(), role: Role::Approver, ..Person::nobody() }
}

fn plan(engine: &Engine, id: &str) -> Value {
    engine.make_plan(&PlanAsk { id: Some(id.into()), name: "Vùng lúa mới".into(), note: String::new() }, &planner()).unwrap()
}

fn card(engine: &Engine, id: &str) -> Value {
    engine.snapshot().plan_card(id, &PlanReader::Person).unwrap()
}

/// Every zone as a plan has it, by id.
fn view(engine: &Engine, id: &str) -> Vec<Value> {
    by_id(engine.snapshot().plan_shapes(id, &PlanReader::Person, Some(ALL), &[]).unwrap())
}

fn map(engine: &Engine) -> Vec<Value> {
    by_id(engine.snapshot().shapes(Some(ALL), &[]).unwrap())
}

fn by_id(shapes: Value) -> Vec<Value> {
    let mut zones = shapes["zones"].as_array().unwrap().clone();
    zones.sort_by_key(|zone| zone["id"].as_str().unwrap().to_owned());
    zones
}

fn is_same(a: &[Value], b: &[Value]) -> bool {
    let same = |a: &Value, b: &Value| ["id", "polygons", "properties"].iter().all(|name| a[name] == b[name]);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

/// The revision of a zone in a plan.
fn revision_of(engine: &Engine, plan: &str, zone: &str) -> Value {
    view(engine, plan).into_iter().find(|z| z["id"] == zone).unwrap()["revision"].clone()
}

/// Sets attributes of a zone in a plan.
fn put(engine: &Engine, plan: &str, id: &str, zone: &str, properties: Value) -> Result<Value, EngineError> {
    let base = json!({ zone: revision_of(engine, plan, zone) });
    engine.edit_plan(plan, &ask(id, base, json!([{ "op": "put", "id": zone, "properties": properties }])), &planner())
}

/// The same on the map.
fn put_on_map(engine: &Engine, id: &str, zone: &str, properties: Value) {
    let base = map(engine).into_iter().find(|z| z["id"] == zone).unwrap()["revision"].clone();
    let edit = ask(id, json!({ zone: base }), json!([{ "op": "put", "id": zone, "properties": properties }]));
    engine.edit(&edit, &planner()).unwrap();
}

fn decided() -> DecideAsk {
    DecideAsk { note: "đã xem".into(), decision: Some("QĐ 12/2026".into()) }
}

fn approve(engine: &Engine, plan: &str) {
    engine.decide_plan(plan, PlanState::Submitted, &DecideAsk::default(), None, &planner()).unwrap();
    engine.decide_plan(plan, PlanState::Approved, &decided(), None, &approver()).unwrap();
}

fn publish(engine: &Engine, plan: &str) -> Result<Value, EngineError> {
    engine.publish_plan(plan, &decided(), None, &approver())
}

fn collisions(error: EngineError) -> Value {
    match error {
        EngineError::EditStale { details, .. } => details["collisions"].clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_drawn_in_a_plan_is_seen_there_and_nowhere_else_and_can_be_taken_back_and_again() {
    let (bench, engine) = city();
    let before = map(&engine);
    let revision = engine.snapshot().revision;
    assert_eq!((&plan(&engine, "p1")["state"], &plan(&engine, "p1")["revision"]), (&json!("draft"), &json!(1)));
    assert!(is_same(&view(&engine, "p1"), &before));
    let answer = engine.edit_plan("p1", &ask("e1", json!({}), moved(-5.0)), &planner()).unwrap();
    assert_eq!((answer["zones"].as_array().unwrap().len(), &answer["revision"]), (2, &json!(2)));
    let drawn = view(&engine, "p1");
    assert_eq!((&drawn[0]["area_m2"], &drawn[1]["area_m2"]), (&json!(39_000.0), &json!(41_000.0)));
    assert!(is_same(&map(&engine), &before) && engine.snapshot().revision == revision, "the map stays");
    // The same edit again is one edit.
    let again = engine.edit_plan("p1", &ask("e1", json!({}), moved(-5.0)), &planner()).unwrap();
    assert_eq!((&again["revision"], count(&bench, "farmzone_plan_edits")), (&json!(2), 1));
    // Under its id nothing else is made, nor said to be.
    let taken = engine.undo_in_plan("p1", "e1", &UndoAsk { id: "e1".into(), reason: "test".into() }, &planner());
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Conflict);
    let undo = |id: &str, edit: &str| engine.undo_in_plan("p1", edit, &UndoAsk { id: id.into(), reason: "thử".into() }, &planner());
    undo("u1", "e1").unwrap();
    assert!(is_same(&view(&engine, "p1"), &before));
    assert_eq!((count(&bench, "farmzone_plan_zones"), &card(&engine, "p1")["n_zones"]), (0, &json!(0)));
    undo("r1", "u1").unwrap();
    assert!(is_same(&view(&engine, "p1"), &drawn));
    put(&engine, "p1", "e2", "a", json!({ "name": "Khác" })).unwrap();
    assert!(matches!(undo("u2", "e1"), Err(EngineError::EditStale { .. })), "something came after it");
    undo("u3", "e2").unwrap();
    undo("u4", "e1").unwrap();
    assert!(is_same(&view(&engine, "p1"), &before));
    // The server that watches takes none of it for a change of the map, and a later one reads it.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(engine.snapshot().revision, revision);
    undo("u5", "u4").unwrap();
    drop(engine);
    assert!(is_same(&view(&crate::edits::engine(&bench), "p1"), &drawn));
}

#[test]
fn a_plan_keeps_only_what_differs_and_follows_the_map_in_all_else() {
    let (bench, engine) = city();
    plan(&engine, "p1");
    put(&engine, "p1", "e1", "a", json!({ "kind": "tea" })).unwrap();
    let kept: (String, Option<Vec<u8>>) = outsider(&bench.path("w.gpkg"))
        .query_row("SELECT attributes, shape FROM farmzone_plan_zones", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(kept, (r#"{"kind":["rice","tea"]}"#.to_owned(), None));
    let old = revision_of(&engine, "p1", "a");
    put_on_map(&engine, "m1", "a", json!({ "crop": "chè xanh" }));
    put_on_map(&engine, "m2", "b", json!({ "name": "Bưởi Diễn" }));
    let now = view(&engine, "p1");
    assert_eq!(
        [&now[0]["properties"]["kind"], &now[0]["properties"]["crop"], &now[1]["properties"]["name"]],
        [&json!("tea"), &json!("chè xanh"), &json!("Bưởi Diễn")]
    );
    // Who drew on what it was before is told.
    let stale = ask("e2", json!({ "a": old }), json!([{ "op": "put", "id": "a", "properties": { "name": "X" } }]));
    let error = engine.edit_plan("p1", &stale, &planner()).unwrap_err();
    assert!(matches!(&error, EngineError::EditStale { details, .. } if details["zones"][0]["properties"]["crop"] == "chè xanh"));
    // What was put back as the map has it is kept no more.
    put(&engine, "p1", "e3", "a", json!({ "kind": "rice" })).unwrap();
    assert_eq!(count(&bench, "farmzone_plan_zones"), 0);
    assert_eq!(revision_of(&engine, "p1", "a"), map(&engine)[0]["revision"]);
}

#[test]
fn edits_of_a_plan_are_judged_as_those_of_the_map_and_by_the_persons_limits() {
    let (_bench, engine) = city();
    plan(&engine, "p1");
    let over = |id: &str, x: f64| {
        ask(id, json!({}), json!([{ "op": "put", "id": id, "polygons": [[square(x, Y, 50.0)]], "properties": { "kind": "rice" } }]))
    };
    let error = engine.edit_plan("p1", &over("n1", X + 10.0), &planner()).unwrap_err();
    assert!(matches!(&error, EngineError::EditRefused { issues, .. } if issues[0]["code"] == "overlap"), "{error}");
    engine.edit_plan("p1", &over("n2", X - 200.0), &planner()).unwrap();
    let error = engine.edit_plan("p1", &over("n3", X - 180.0), &planner()).unwrap_err();
    assert!(matches!(&error, EngineError::EditRefused { issues, .. } if issues[0]["zones"] == json!(["n2", "n3"])), "{error}");
    // The map knows nothing of it.
    engine.edit(&over("n3", X - 180.0), &planner()).unwrap();
    let limited = Person { units: vec!["10002".into()], ..planner() };
    assert_eq!(engine.edit_plan("p1", &over("n4", X - 300.0), &limited).unwrap_err().kind(), ErrorKind::NotAllowed);
    let other = Person { name: "hoa".into(), ..planner() };
    assert_eq!(engine.edit_plan("p1", &over("n5", X - 300.0), &other).unwrap_err().kind(), ErrorKind::NotAllowed);
    for (plan, edit) in [("none", over("n6", X - 300.0)), ("p1", ask("n7", json!({}), json!([{ "op": "remove", "id": "none" }])))] {
        let error = engine.edit_plan(plan, &edit, &planner()).unwrap_err();
        assert!([ErrorKind::NotFound, ErrorKind::Invalid].contains(&error.kind()), "{error}");
    }
    let trial = EditAsk { is_dry_run: true, ..over("n8", X - 300.0) };
    assert!(engine.edit_plan("p1", &trial, &planner()).unwrap()["revision"].is_null());
    assert_eq!(view(&engine, "p1").len(), 4, "a, b, n2 and n3, which came to the map");
}

#[test]
fn a_draft_is_kept_with_its_faults_and_a_reason_and_publishing_judges_it() {
    let (_bench, engine) = city();
    plan(&engine, "p1");
    let over = |id: &str, ring: Value, despite: Option<&str>| EditAsk {
        despite: despite.map(str::to_owned),
        ..ask(id, json!({}), json!([{ "op": "put", "id": id, "polygons": [[ring]], "properties": { "kind": "rice" } }]))
    };
    let land = |x: f64| json!([[x, Y], [x + 50.0, Y], [x + 50.0, Y + 50.0], [x, Y + 50.0], [x, Y]]);
    let edit = |ask: &EditAsk| engine.edit_plan("p1", ask, &planner());
    let refused = |error: EngineError, code: &str| {
        assert!(matches!(&error, EngineError::EditRefused { issues, .. } if issues.iter().any(|i| i["code"] == code)), "{error}");
    };
    refused(edit(&over("n1", land(X + 10.0), None)).unwrap_err(), "overlap");
    let kept = edit(&over("n1", land(X + 10.0), Some(" ranh giới đang đo lại "))).unwrap();
    assert_eq!((&kept["issues"][0]["code"], &kept["issues"][0]["severity"]), (&json!("overlap"), &json!("error")));
    assert_eq!(card(&engine, "p1")["edits"][0]["despite"], "ranh giới đang đo lại");
    // What has no meaning is no draft either, and a reason is one.
    let crossed = json!([[X, Y - 300.0], [X + 50.0, Y - 250.0], [X + 50.0, Y - 300.0], [X, Y - 250.0], [X, Y - 300.0]]);
    refused(edit(&over("n2", crossed, Some("thử"))).unwrap_err(), "invalid");
    assert_eq!(edit(&over("n3", land(X - 300.0), Some(" "))).unwrap_err().kind(), ErrorKind::Usage);
    // Its faults do not keep anybody from taking back what came after, or it.
    let undo = |id: &str, edit: &str| engine.undo_in_plan("p1", edit, &UndoAsk { id: id.into(), reason: "thử".into() }, &planner());
    let undone = undo("u1", "n1").and_then(|_| undo("u2", "u1")).unwrap();
    assert_eq!(undone["issues"][0]["code"], "overlap");
    // The map takes none of it.
    assert_eq!(engine.edit(&over("n4", land(X + 10.0), Some("thử")), &planner()).unwrap_err().kind(), ErrorKind::Usage);
    approve(&engine, "p1");
    assert_eq!(collisions(publish(&engine, "p1").unwrap_err())[0]["what"], "overlap");
    assert_eq!(map(&engine).len(), 2);
}

#[test]
fn a_plan_is_published_by_somebody_else_once_and_gives_exactly_what_it_showed() {
    let (bench, engine) = city();
    plan(&engine, "p1");
    engine.edit_plan("p1", &ask("e1", json!({}), moved(-5.0)), &planner()).unwrap();
    let base = json!({ "a": revision_of(&engine, "p1", "a") });
    let split = json!([{ "op": "split", "id": "a", "areas_m2": [9_000.0] }]);
    engine.edit_plan("p1", &ask("e2", base, split), &planner()).unwrap();
    put(&engine, "p1", "e3", "b", json!({ "kind": "tea", "name": "<script>alert(1)</script>" })).unwrap();
    let drawn = view(&engine, "p1");
    assert_eq!(publish(&engine, "p1").unwrap_err().kind(), ErrorKind::Conflict, "it was not approved");
    let own = Person { role: Role::Administrator, ..planner() };
    engine.decide_plan("p1", PlanState::Submitted, &DecideAsk::default(), None, &planner()).unwrap();
    assert_eq!(put(&engine, "p1", "e4", "b", json!({ "name": "x" })).unwrap_err().kind(), ErrorKind::Conflict, "it was submitted");
    for error in [
        engine.decide_plan("p1", PlanState::Approved, &decided(), None, &own),
        engine.decide_plan("p1", PlanState::Approved, &decided(), None, &planner()),
    ] {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::NotAllowed);
    }
    let error = engine.decide_plan("p1", PlanState::Returned, &DecideAsk::default(), None, &approver()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "it says why");
    engine.decide_plan("p1", PlanState::Returned, &decided(), None, &approver()).unwrap();
    approve(&engine, "p1");
    assert_eq!(engine.publish_plan("p1", &decided(), None, &own).unwrap_err().kind(), ErrorKind::NotAllowed);
    let results = std::thread::scope(|threads| {
        let both = [0, 1].map(|_| threads.spawn(|| publish(&engine, "p1")));
        both.map(|thread| thread.join().unwrap().map_err(|error| error.kind()))
    });
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    assert!(results.iter().any(|r| r.as_ref().is_err_and(|kind| *kind == ErrorKind::Conflict)));
    assert!(is_same(&map(&engine), &drawn));
    assert_eq!(count(&bench, "farmzone_edits"), 1);
    let edits = engine.snapshot().edits_list(&Default::default(), Page { limit: 10, offset: 0 }).unwrap();
    assert_eq!((&edits["edits"][0]["who"], &edits["edits"][0]["decision"]), (&json!("minh"), &json!("QĐ 12/2026")));
    let made = edits["edits"][0]["zones"].as_array().unwrap().iter().find(|zone| zone["change"] == "made").unwrap();
    assert_eq!(made["parents"], json!(["a"]), "its lineage is kept");
    let states: Vec<String> =
        card(&engine, "p1")["steps"].as_array().unwrap().iter().map(|s| s["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["draft", "submitted", "returned", "submitted", "approved", "published"]);
    assert!(engine.remove_plan("p1", 99, &planner()).is_err(), "what was published stays");
}

#[test]
fn what_the_map_changed_elsewhere_is_taken_over_and_what_both_changed_is_listed_by_field_and_by_ground() {
    let (_bench, engine) = city();
    for id in ["fields", "shapes", "ground", "gone", "fine"] {
        plan(&engine, id);
    }
    put(&engine, "fields", "e1", "a", json!({ "name": "Của ta", "crop": "ngô" })).unwrap();
    engine.edit_plan("shapes", &ask("e1", json!({}), moved(-5.0)), &planner()).unwrap();
    let west = |id: &str, x: f64| {
        ask(id, json!({}), json!([{ "op": "put", "id": id, "polygons": [[square(x, Y + 150.0, 50.0)]], "properties": { "kind": "rice" } }]))
    };
    engine.edit_plan("ground", &west("n1", X - 200.0), &planner()).unwrap();
    put(&engine, "gone", "e1", "b", json!({ "name": "Mất" })).unwrap();
    put(&engine, "fine", "e1", "a", json!({ "variety": "J02" })).unwrap();
    put_on_map(&engine, "m1", "a", json!({ "name": "Của họ", "crop": "ngô" }));
    engine.edit(&ask("m2", json!({}), moved(-8.0)), &planner()).unwrap();
    engine.edit(&west("n2", X - 170.0), &planner()).unwrap();
    for id in ["fields", "shapes", "ground", "fine"] {
        approve(&engine, id);
    }
    let before = map(&engine);
    let found = collisions(publish(&engine, "fields").unwrap_err());
    let field = json!([{ "field": "name", "base": "Lúa", "theirs": "Của họ", "ours": "Của ta" }]);
    assert_eq!((&found[0]["what"], &found[0]["zone"], &found[0]["fields"]), (&json!("changed"), &json!("a"), &field));
    let found = collisions(publish(&engine, "shapes").unwrap_err());
    assert_eq!((found.as_array().unwrap().len(), &found[0]["fields"][0]["field"]), (2, &json!("shape")), "{found}");
    let found = collisions(publish(&engine, "ground").unwrap_err());
    assert_eq!((&found[0]["what"], &found[0]["zones"], &found[0]["area_m2"]), (&json!("overlap"), &json!(["n1", "n2"]), &json!(1_000.0)));
    let told = engine.snapshot().plan_changes("ground", &PlanReader::Person, None).unwrap();
    assert_eq!(told["collisions"], found, "it is told before somebody tries");
    assert!(is_same(&map(&engine), &before), "nothing was done by halves");
    publish(&engine, "fine").unwrap();
    let a = &map(&engine)[0];
    assert_eq!([&a["properties"]["variety"], &a["properties"]["name"]], [&json!("J02"), &json!("Của họ")]);
    let base = json!({ "b": map(&engine)[1]["revision"] });
    engine.edit(&ask("m3", base, json!([{ "op": "remove", "id": "b" }])), &planner()).unwrap();
    approve(&engine, "gone");
    assert_eq!(collisions(publish(&engine, "gone").unwrap_err())[0]["what"], "gone");
}

#[test]
fn rights_that_were_taken_away_since_are_gone_at_publication() {
    let (bench, engine) = city();
    for id in ["p1", "p2", "p3"] {
        plan(&engine, id);
        put(&engine, id, "e1", "a", json!({ "name": id })).unwrap();
        approve(&engine, id);
    }
    let change = |more: &[&str]| bench.run(&[&["user", "change", "w.gpkg", "lan"], more].concat()).ok();
    change(&["--unit", "10002"]);
    let error = publish(&engine, "p1").unwrap_err();
    assert!(error.kind() == ErrorKind::NotAllowed && error.to_string().contains("lan"), "{error}");
    change(&["--no-limits", "--role", "officer"]);
    assert_eq!(publish(&engine, "p1").unwrap_err().kind(), ErrorKind::NotAllowed);
    change(&["--role", "planner", "--disable"]);
    assert_eq!(publish(&engine, "p1").unwrap_err().kind(), ErrorKind::NotAllowed);
    let limited = Person { kinds: vec!["tea".into()], ..approver() };
    change(&["--enable"]);
    assert_eq!(engine.publish_plan("p1", &decided(), None, &limited).unwrap_err().kind(), ErrorKind::NotAllowed);
    publish(&engine, "p1").unwrap();
    assert_eq!(collisions(publish(&engine, "p2").unwrap_err())[0]["fields"][0]["theirs"], "p1");
}

#[test]
fn a_change_names_the_plans_revision_and_texts_are_bounded() {
    let (_bench, engine) = city();
    plan(&engine, "p1");
    let patch = |name: &str| PlanPatch { name: Some(name.to_owned()), note: None };
    assert_eq!(engine.patch_plan("p1", 1, &patch(" Khác "), &planner()).unwrap()["name"], "Khác");
    assert!(matches!(engine.patch_plan("p1", 1, &patch("x"), &planner()), Err(EngineError::PlanMoved { now: 2 })));
    assert!(matches!(engine.remove_plan("p1", 1, &planner()), Err(EngineError::PlanMoved { now: 2 })));
    let long = "x".repeat(201);
    for bad in ["", " ", "a\u{7}", &long] {
        assert_eq!(engine.patch_plan("p1", 2, &patch(bad), &planner()).unwrap_err().kind(), ErrorKind::Usage, "{bad:?}");
    }
    for bad in ["", "a b", "../x", &"x".repeat(41)] {
        let ask = PlanAsk { id: Some(bad.to_owned()), name: "x".into(), note: String::new() };
        assert_eq!(engine.make_plan(&ask, &planner()).unwrap_err().kind(), ErrorKind::Usage, "{bad:?}");
    }
    let theirs = PlanAsk { id: Some("p1".into()), name: "x".into(), note: String::new() };
    assert_eq!(engine.make_plan(&theirs, &approver()).unwrap_err().kind(), ErrorKind::Conflict);
    engine.remove_plan("p1", 2, &planner()).unwrap();
    assert_eq!(engine.snapshot().plan_card("p1", &PlanReader::Person).unwrap_err().kind(), ErrorKind::NotFound);
}

/// A grid of squares of two kinds, numbered from the south-west.
fn grid(n: usize) -> (Bench, Engine) {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones: Vec<(Value, [[f64; 2]; 5])> = (0..n * n)
        .map(|i| {
            let properties =
                json!({ "id": format!("g{i:02}"), "kind": if i % 2 == 0 { "rice" } else { "fruit" }, "name": format!("Vùng {i}") });
            (properties, square(X + 100.0 * (i % n) as f64, Y + 100.0 * (i / n) as f64, 100.0))
        })
        .collect();
    let features: Vec<(Value, &[[f64; 2]])> = zones.iter().map(|(properties, ring)| (properties.clone(), &ring[..])).collect();
    bench.import(&bench.write("zones.geojson", crate::program::geojson_in(5897, &features)), "zones", &[]).ok();
    for (name, role) in [("lan", "planner"), ("minh", "approver")] {
        bench.run(&["user", "add", "w.gpkg", name, "--role", role, "--generate"]).ok();
    }
    let engine = engine(&bench);
    (bench, engine)
}

/// Operations on zones as they are shown, and the revisions that they rest on.
fn random_edit(random: &mut impl rand::RngExt, zones: &[Value], id: &str) -> EditAsk {
    let zone = &zones[random.random_range(0..zones.len())];
    let other = &zones[random.random_range(0..zones.len())];
    let corners = zone["polygons"][0][0].as_array().unwrap();
    let corner = &corners[random.random_range(0..corners.len() - 1)];
    let mut step = |most: f64| random.random_range(-most..most);
    let to = [corner[0].as_f64().unwrap() + step(15.0), corner[1].as_f64().unwrap() + step(15.0)];
    let operation = match step(1.0) {
        s if s < -0.4 => json!({ "op": "move", "moves": [{ "from": corner, "to": to }] }),
        s if s < 0.1 => json!({ "op": "put", "id": zone["id"], "properties": { "name": format!("Tên {id}"), "kind": "tea" } }),
        s if s < 0.4 => json!({ "op": "split", "id": zone["id"], "areas_m2": [1_500.0], "bearing_deg": if s < 0.25 { 0.0 } else { 90.0 } }),
        s if s < 0.7 => json!({ "op": "merge", "ids": [zone["id"], other["id"]] }),
        s if s < 0.85 => json!({ "op": "remove", "id": zone["id"] }),
        _ => {
            json!({ "op": "put", "polygons": [[square(X - 150.0 + 30.0 * step(3.0).round(), Y + 40.0 * step(5.0).round(), 25.0)]], "properties": { "kind": "rice" } })
        }
    };
    let base: serde_json::Map<String, Value> =
        [zone, other].iter().map(|z| (z["id"].as_str().unwrap().to_owned(), z["revision"].clone())).collect();
    ask(id, Value::Object(base), json!([operation]))
}

/// Pairs of zones of the map that share land, m².
fn overlaps_m2(engine: &Engine) -> f64 {
    let snapshot = engine.snapshot();
    let shapes: Vec<_> = snapshot.zones.list.iter().map(|view| &view.zone.shape).collect();
    let pairs = (0..shapes.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs.map(|(i, j)| farmzone::edit::overlap_m2(shapes[i], shapes[j])).sum()
}

#[test]
fn any_plan_published_onto_the_map_it_was_drawn_on_is_the_map_then_and_onto_another_it_collides_or_overlaps_nothing() {
    use rand::SeedableRng;
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(11);
    let (_bench, engine) = grid(6);
    let (mut n_kept, mut n_collided, mut n_rebased) = (0, 0, 0);
    for round in 0..12 {
        let id = format!("p{round}");
        plan(&engine, &id);
        for n in 0..8 {
            let edit = random_edit(&mut random, &view(&engine, &id), &format!("{id}e{n}"));
            n_kept += usize::from(engine.edit_plan(&id, &edit, &planner()).is_ok());
        }
        let moves = round % 2 == 1;
        for n in 0..if moves { 2 } else { 0 } {
            let _ = engine.edit(&random_edit(&mut random, &map(&engine), &format!("{id}m{n}")), &planner());
        }
        let (drawn, before) = (view(&engine, &id), map(&engine));
        approve(&engine, &id);
        match publish(&engine, &id) {
            Ok(_) => {
                n_rebased += usize::from(moves);
                assert!(is_same(&map(&engine), &drawn), "round {round}");
            }
            Err(error) => {
                assert!(moves, "round {round}: {error}");
                assert!(matches!(error, EngineError::EditStale { .. } | EngineError::EditRefused { .. }), "{error}");
                n_collided += 1;
                assert!(is_same(&map(&engine), &before), "round {round}: nothing was done by halves");
            }
        }
        assert!(overlaps_m2(&engine) < 1e-3, "round {round}");
    }
    assert!(n_kept > 30 && n_collided > 0, "{n_kept} edits kept, {n_collided} plans collided, {n_rebased} did not");
}

#[test]
fn figures_of_a_plan_are_those_of_the_map_with_what_differs() {
    let (_bench, engine) = grid(4);
    plan(&engine, "p1");
    let figures = |with: Option<&str>, ask: &farmzone::engine::SupplyAsk| {
        engine.snapshot().plan_figures("p1", &PlanReader::Person, with, ask).unwrap()
    };
    let none = farmzone::engine::SupplyAsk::default();
    let row =
        |facts: &Value, kind: &str| facts["rows"].as_array().unwrap().iter().find(|row| row["key"] == kind).cloned().unwrap_or_default();
    let before = figures(Some("map"), &none);
    assert_eq!(before["rows"], before["with"]["rows"]);
    // The same count as the slow way.
    let ask = farmzone::engine::FiguresAsk::default();
    let slow = engine.snapshot().figures(&ask, Page { limit: 50, offset: 0 }).unwrap();
    for one in &slow.rows {
        let ours = row(&before, &one.key);
        assert_eq!(ours["n_patches"], one.landscape.n_patches, "{}", one.key);
        assert!((ours["largest_patch_m2"].as_f64().unwrap() - one.landscape.largest_patch_m2).abs() < 0.1);
    }
    put(&engine, "p1", "e1", "g00", json!({ "kind": "tea" })).unwrap();
    let supply = farmzone::engine::SupplyAsk { yields_t_per_ha: [("tea".to_owned(), 2.5)].into(), demand_t: Some(10.0) };
    let after = figures(Some("map"), &supply);
    assert_eq!((&row(&after, "tea")["area_m2"], &row(&after, "tea")["n_patches"]), (&json!(10_000.0), &json!(1)));
    assert_eq!([&after["supply_t"], &after["supply_share"]], [&json!(2.5), &json!(0.25)]);
    assert_eq!(row(&after, "rice")["n_zones"].as_u64(), row(&after["with"], "rice")["n_zones"].as_u64().map(|n| n - 1));
    let strange = farmzone::engine::SupplyAsk { yields_t_per_ha: [("gold".to_owned(), 1.0)].into(), demand_t: None };
    let error = engine.snapshot().plan_figures("p1", &PlanReader::Person, None, &strange).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn of_what_nobody_sees_a_plan_says_neither_lost_nor_left() {
    let (bench, engine) = grid(2);
    // Both rice zones lie under a class that no legend knows, the others beside it.
    let clouds = [[X, Y], [X + 100.0, Y], [X + 100.0, Y + 200.0], [X, Y + 200.0], [X, Y]];
    let land_use = crate::program::geojson_in(5897, &[(json!({ "id": "c", "code": "clouds" }), &clouds[..])]);
    drop(engine);
    bench.import(&bench.write("clouds.geojson", land_use), "landuse", &["--epoch", "2024"]).ok();
    let engine = crate::edits::engine(&bench);
    plan(&engine, "p1");
    put(&engine, "p1", "e1", "g00", json!({ "kind": "tea" })).unwrap();
    let ask = farmzone::engine::SupplyAsk { yields_t_per_ha: [("tea".to_owned(), 2.0), ("fruit".to_owned(), 1.0)].into(), demand_t: None };
    let figures = engine.snapshot().plan_figures("p1", &PlanReader::Person, None, &ask).unwrap();
    let told = |row: &Value| ["lost_m2", "remaining_m2", "not_seen_m2", "supply_t"].map(|name| row[name].clone());
    let of = |kind: &str| told(figures["rows"].as_array().unwrap().iter().find(|row| row["key"] == kind).unwrap());
    let not_seen = [json!(null), json!(null), json!(10_000.0), json!(null)];
    assert_eq!((of("rice"), of("tea")), (not_seen.clone(), not_seen));
    assert_eq!(of("fruit"), [json!(0.0), json!(20_000.0), json!(0.0), json!(2.0)]);
    assert_eq!(told(&figures["totals"])[..3], [json!(0.0), json!(40_000.0), json!(20_000.0)]);
    assert_eq!(figures["supply_t"], 2.0);
}

#[test]
fn what_officers_rejected_is_no_loss_in_a_plan_either() {
    let (bench, engine) = grid(2);
    drop(engine);
    let house = [[X + 20.0, Y + 20.0], [X + 40.0, Y + 20.0], [X + 40.0, Y + 40.0], [X + 20.0, Y + 40.0], [X + 20.0, Y + 20.0]];
    let land_use = crate::program::geojson_in(5897, &[(json!({ "id": "h", "code": "ONT" }), &house[..])]);
    bench.import(&bench.write("houses.geojson", land_use), "landuse", &["--epoch", "2024"]).ok();
    bench.run(&["detect", "w.gpkg"]).ok();
    let engine = crate::edits::engine(&bench);
    plan(&engine, "p1");
    put(&engine, "p1", "e1", "g00", json!({ "kind": "tea" })).unwrap();
    let lost = || {
        let facts = engine.snapshot().plan_figures("p1", &PlanReader::Person, None, &farmzone::engine::SupplyAsk::default()).unwrap();
        let tea = facts["rows"].as_array().unwrap().iter().find(|row| row["key"] == "tea").unwrap();
        (tea["lost_m2"].clone(), facts["totals"]["lost_m2"].clone())
    };
    assert_eq!(lost(), (json!(400.0), json!(400.0)));
    let event = engine.snapshot().losses(farmzone::model::Epoch::year(2024)).unwrap().events().next().unwrap().id.clone();
    let officer = Person { name: "an".to_owned(), role: Role::Officer, ..Person::nobody() };
    for status in ["checked", "rejected"] {
        let card = engine.snapshot().alert_card(&event, engine.accounts()).unwrap();
        let step = serde_json::from_value(json!({ "status": status, "reason": "nhà màng trồng rau" })).unwrap();
        engine.step_alert(&event, card["etag"].as_str().unwrap(), &step, &officer).unwrap();
    }
    assert_eq!(lost(), (json!(0.0), json!(0.0)));
}

#[test]
fn a_link_shows_one_plan_to_anybody_without_a_name_until_it_is_taken_back() {
    let (bench, engine) = city();
    plan(&engine, "p1");
    plan(&engine, "p2");
    put(&engine, "p1", "e1", "a", json!({ "kind": "tea" })).unwrap();
    let comment = farmzone::engine::CommentAsk { text: "Lan ơi".into(), at_xy: Some([X, Y]) };
    engine.comment_on_plan("p1", &comment, &approver()).unwrap();
    let secret = engine.share_plan("p1", &planner()).unwrap()["share"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 64, "256 bits");
    let kept: Vec<u8> =
        outsider(&bench.path("w.gpkg")).query_row("SELECT share FROM farmzone_plans WHERE plan = 'p1'", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, blake3::hash(secret.as_bytes()).as_bytes());
    let link = PlanReader::Link(secret.clone());
    let snapshot = engine.snapshot();
    let shown = snapshot.plan_card("p1", &link).unwrap();
    let all =
        [shown.clone(), snapshot.plan_changes("p1", &link, None).unwrap(), snapshot.plan_shapes("p1", &link, Some(ALL), &[]).unwrap()];
    for text in all.iter().map(Value::to_string) {
        assert!(!text.contains("\"lan\"") && !text.contains("minh") && !text.contains("Lan ơi"), "{text}");
    }
    assert_eq!(shown["name"], "Vùng lúa mới");
    for (plan, secret) in [("p2", &secret[..]), ("p1", ""), ("p1", "x"), ("none", &secret)] {
        let error = snapshot.plan_card(plan, &PlanReader::Link(secret.to_owned())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    assert_eq!(engine.share_plan("p1", &approver()).unwrap_err().kind(), ErrorKind::NotAllowed);
    engine.unshare_plan("p1", &planner()).unwrap();
    assert_eq!(snapshot.plan_card("p1", &link).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn two_plans_are_compared_zone_by_zone_on_the_map_and_in_a_spreadsheet() {
    let (bench, engine) = city();
    plan(&engine, "p1");
    plan(&engine, "p2");
    engine.edit_plan("p1", &ask("e1", json!({}), moved(-5.0)), &planner()).unwrap();
    put(&engine, "p2", "e1", "a", json!({ "kind": "tea", "name": "=1+1" })).unwrap();
    let changes = |with| engine.snapshot().plan_changes("p2", &PlanReader::Person, with).unwrap()["features"].clone();
    let against_map = changes(None);
    assert_eq!(against_map.as_array().unwrap().len(), 1);
    let a = &against_map[0]["properties"];
    assert_eq!(
        (&a["kind_before"], &a["kind"], &a["gained_m2"], &a["fields"]),
        (&json!("rice"), &json!("tea"), &json!(0.0), &json!(["kind", "name"]))
    );
    let between = changes(Some("p1"));
    assert_eq!(between.as_array().unwrap().len(), 2);
    assert_eq!((&between[0]["properties"]["gained_m2"], &between[1]["properties"]["lost_m2"]), (&json!(1_000.0), &json!(1_000.0)));
    let sheet = engine.snapshot().plan_changes_sheet("p2", &PlanReader::Person, Some("p1")).unwrap();
    assert!(sheet.starts_with(b"PK"), "a spreadsheet is an archive");
    bench.write("changes.xlsx", &sheet);
    let unzipped = std::process::Command::new("unzip").arg("-p").arg(bench.path("changes.xlsx")).output();
    if let Ok(output) = unzipped {
        assert!(!String::from_utf8_lossy(&output.stdout).contains("<f>"), "a name is never a formula");
    }
}

#[test]
fn comments_are_their_authors_and_the_owner_says_that_they_are_resolved() {
    let (_bench, engine) = city();
    plan(&engine, "p1");
    let ask = |text: &str| farmzone::engine::CommentAsk { text: text.to_owned(), at_xy: Some([X + 10.0, Y + 10.0]) };
    let change = |text: Option<&str>, is_resolved| farmzone::engine::CommentChange { text: text.map(str::to_owned), is_resolved };
    let n = engine.comment_on_plan("p1", &ask("<b>Sao cắt</b> ở đây?\nKhông rõ."), &approver()).unwrap()["n"].as_i64().unwrap();
    let kept = card(&engine, "p1")["comments"][0].clone();
    assert_eq!(
        [&kept["text"], &kept["who"], &kept["is_resolved"]],
        [&json!("<b>Sao cắt</b> ở đây?\nKhông rõ."), &json!("minh"), &json!(false)]
    );
    assert!(kept["place"][0].as_f64().is_some_and(|lon| (105.0..107.0).contains(&lon)));
    assert_eq!(card(&engine, "p1")["revision"], 1, "a comment changes no plan");
    assert_eq!(engine.change_comment("p1", n, &change(Some("x"), None), &planner()).unwrap_err().kind(), ErrorKind::NotAllowed);
    assert_eq!(engine.change_comment("p1", n, &change(None, Some(true)), &planner()).unwrap()["is_resolved"], true);
    assert_eq!(engine.remove_comment("p1", n, &planner()).unwrap_err().kind(), ErrorKind::NotAllowed);
    for bad in ["", "a\u{0}b", &"x".repeat(2_001)] {
        assert_eq!(engine.comment_on_plan("p1", &ask(bad), &planner()).unwrap_err().kind(), ErrorKind::Usage);
    }
    engine.remove_comment("p1", n, &approver()).unwrap();
    assert_eq!(engine.remove_comment("p1", n, &approver()).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn what_fifty_plans_cost_is_what_differs() {
    let (bench, engine) = grid(8);
    let size = || std::fs::metadata(bench.path("w.gpkg")).unwrap().len();
    engine.close();
    let before = size();
    for n in 0..10 {
        let id = format!("p{n}");
        plan(&engine, &id);
        let operations: Vec<Value> =
            (0..64).map(|i| json!({ "op": "put", "id": format!("g{i:02}"), "properties": { "kind": "tea" } })).collect();
        let base: serde_json::Map<String, Value> =
            map(&engine).iter().map(|zone| (zone["id"].as_str().unwrap().to_owned(), zone["revision"].clone())).collect();
        engine.edit_plan(&id, &ask("e1", Value::Object(base), Value::Array(operations)), &planner()).unwrap();
    }
    engine.close();
    let bytes = (size() - before) / 640;
    assert!(bytes < 300, "{bytes} bytes a changed zone, operations and tables included");
}
