//! A file that comes to a register: what it names changes, what it does not name stays, and only for whose it is to change.

use farmzone::model::Role;

use super::*;

fn record(bench: &Bench, code: &str) -> Value {
    card(bench, code)["records"][0].clone()
}

fn card(bench: &Bench, code: &str) -> Value {
    engine(bench).snapshot().code_card(code, &CheckAsk::default(), true).unwrap()
}

fn update(bench: &Bench, name: &str, content: impl AsRef<[u8]>) -> Value {
    let file = bench.write(name, content);
    bench.import(&file, "codes", &["--update"]).ok()
}

#[test]
fn what_a_file_does_not_name_stays_also_the_status_and_the_land() {
    let bench = registered();
    let before = record(&bench, "VN-HNOR-0002");
    assert_eq!((&before["status"], &before["crop"], &before["market"]), (&json!("revoked"), &json!("Bưởi"), &json!("USA")));
    update(&bench, "dates.csv", "code,issued\nVN-HNOR-0002,2025-03-01\n");
    let after = record(&bench, "VN-HNOR-0002");
    assert_eq!(after["issued"], "2025-03-01");
    for field in ["status", "status_history", "crop", "market", "declared_area_m2", "area_name", "zone_ids", "private"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    // A dossier with its land says nothing of the status either.
    let piece = |code: &str, x: f64| (json!({ "code": code }), square(X + x, Y, 100.0));
    let land = |pieces: &[(Value, [[f64; 2]; 5])]| {
        geojson_in(5897, &pieces.iter().map(|(facts, ring)| (facts.clone(), &ring[..])).collect::<Vec<_>>())
    };
    update(&bench, "dossier.geojson", land(&[piece("VN-HNOR-0002", 200.0)]));
    let after = record(&bench, "VN-HNOR-0002");
    assert_eq!((&after["status"], &after["crop"], &after["has_own_land"]), (&json!("revoked"), &json!("Bưởi"), &json!(true)));
    // Nor does a table wipe the land, and a cell that is no number leaves the figure.
    update(&bench, "table.csv", "code,households,declared_area_ha\nVN-HNOR-0002,12,chín\n");
    let after = record(&bench, "VN-HNOR-0002");
    assert_eq!((&after["households"], &after["declared_area_m2"], &after["has_own_land"]), (&json!(12), &json!(90_000.0), &json!(true)));
    // An empty cell of a status is no status; an empty cell of another column empties it.
    update(&bench, "empty.csv", "code,status,variety,crop,Số điện thoại\nVN-HNOR-0002,,Diễn,,0987\n");
    let after = record(&bench, "VN-HNOR-0002");
    assert_eq!((&after["status"], &after["variety"], &after["crop"]), (&json!("revoked"), &json!("Diễn"), &Value::Null));
    assert_eq!((&after["private"]["holder"], &after["private"]["phone"]), (&json!("Trần Thị Kín"), &json!("0987")));
    // A register that replaces it and has one column of theirs leaves the others.
    let file = bench.write("again.csv", "code,status,Số điện thoại\nVN-HNOR-0002,revoked,0911\n");
    bench.import(&file, "codes", &["--replace"]).ok();
    let after = record(&bench, "VN-HNOR-0002");
    assert_eq!((&after["private"]["holder"], &after["private"]["phone"]), (&json!("Trần Thị Kín"), &json!("0911")));
    update(&bench, "phone.csv", "code,Người đại diện,Số điện thoại\nVN-HNOR-0002,,\n");
    assert!(record(&bench, "VN-HNOR-0002")["private"].as_object().unwrap().values().all(Value::is_null), "what was emptied is gone");
}

#[test]
fn pieces_of_a_code_that_is_there_are_its_parts_and_a_row_without_land_is_of_all_of_them() {
    let bench = registered();
    let pieces = |xs: &[f64]| {
        let rings: Vec<_> = xs.iter().map(|x| square(X + 200.0 + x, Y, 50.0)).collect();
        geojson_in(5897, &rings.iter().map(|ring| (json!({ "code": "VN-HNOR-0002" }), &ring[..])).collect::<Vec<_>>())
    };
    let parts = || {
        let card = card(&bench, "VN-HNOR-0002");
        let one = |r: &Value| {
            format!("{} {} {}", r["part"].as_str().unwrap_or("–"), r["status"].as_str().unwrap(), r["crop"].as_str().unwrap_or("–"))
        };
        card["records"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join("; ")
    };
    for _ in 0..2 {
        update(&bench, "two.geojson", pieces(&[0.0, 100.0]));
        assert_eq!(parts(), "– revoked Bưởi; 2 revoked Bưởi", "also when it comes again");
    }
    update(&bench, "back.csv", "code,status\nVN-HNOR-0002,active\n");
    assert_eq!(parts(), "– active Bưởi; 2 active Bưởi");
}

#[test]
fn of_pieces_that_may_be_of_several_parts_nothing_is_guessed() {
    let bench = registered();
    let pieces = |xs: &[f64]| {
        let rings: Vec<_> = xs.iter().map(|x| square(X + 200.0 + x, Y, 20.0)).collect();
        geojson_in(5897, &rings.iter().map(|ring| (json!({ "code": "VN-HNOR-0002" }), &ring[..])).collect::<Vec<_>>())
    };
    update(&bench, "three.geojson", pieces(&[0.0, 50.0, 100.0]));
    let file = bench.write("two.geojson", pieces(&[5.0, 55.0]));
    bench.import(&file, "codes", &["--update"]).refused(4, &["nothing in it can be kept"]);
    let engine = engine(&bench);
    let ask = RegisterAsk { filename: "two.geojson".to_owned(), ..RegisterAsk::default() };
    let review = engine.import_register(pieces(&[5.0, 55.0]).as_bytes(), &ask, &officer()).unwrap().review;
    assert_eq!((&review["n_set_aside"], &review["rows"][0]["issues"][0]["code"]), (&json!(2), &json!("which_part")));
}

#[test]
fn a_review_names_what_changes_and_is_kept_only_while_the_register_is_as_it_was() {
    let bench = registered();
    let engine = engine(&bench);
    let file = "code,crop,status,Số điện thoại\nVN-HNOR-0001,Lúa,active,0999\nVN-HNOR-0002,Ổi,active,\n";
    let mut ask = RegisterAsk { filename: "more.csv".to_owned(), ..RegisterAsk::default() };
    let review = engine.import_register(file.as_bytes(), &ask, &officer()).unwrap().review;
    let changes = |row: usize| {
        let change = |c: &Value| format!("{} {} → {}", c["field"].as_str().unwrap(), c["before"], c["after"]);
        review["rows"][row]["changes"].as_array().unwrap().iter().map(change).collect::<Vec<_>>()
    };
    assert_eq!(changes(0), ["phone null → null"], "what only officers read is named alone");
    assert!(changes(1).contains(&"status \"revoked\" → \"active\"".to_owned()), "{:?}", changes(1));
    assert!(changes(1).contains(&"crop \"Bưởi\" → \"Ổi\"".to_owned()), "{:?}", changes(1));
    assert!(changes(1).iter().all(|change| !change.contains("market")), "{:?}", changes(1));
    // Somebody suspends a code between the look and the keeping.
    ask.revision = review["revision"].as_u64();
    ask.keep = true;
    let etag = engine.snapshot().code_card("VN-HNOR-0001", &CheckAsk::default(), true).unwrap()["etag"].as_str().unwrap().to_owned();
    let status: StatusAsk = serde_json::from_value(json!({ "status": "suspended", "reason": "kiểm tra" })).unwrap();
    engine.set_code_status("VN-HNOR-0001", &status, &etag, &officer()).unwrap();
    let moved = engine.import_register(file.as_bytes(), &ask, &officer()).err().unwrap();
    assert!(matches!(moved, EngineError::RegisterMoved { .. }), "{moved}");
    let now = engine.import_register(file.as_bytes(), &RegisterAsk { keep: false, ..ask.clone() }, &officer()).unwrap().review;
    ask.revision = now["revision"].as_u64();
    assert_eq!(engine.import_register(file.as_bytes(), &ask, &officer()).unwrap().review["kept"], true);
}

#[test]
fn a_column_that_is_left_out_stays_out() {
    let bench = registered();
    let engine = engine(&bench);
    let file = "code,crop,variety\nVN-HNOR-0001,Ổi,x\n";
    let mapping = std::collections::BTreeMap::from([("crop".to_owned(), String::new())]);
    let mut ask = RegisterAsk { filename: "more.csv".to_owned(), mapping, ..RegisterAsk::default() };
    let review = engine.import_register(file.as_bytes(), &ask, &officer()).unwrap().review;
    assert_eq!((&review["mapping"]["crop"], &review["mapping"]["variety"]), (&json!(""), &json!("variety")));
    // As the page sends it again.
    ask.mapping = serde_json::from_value(review["mapping"].clone()).unwrap();
    (ask.keep, ask.revision) = (true, review["revision"].as_u64());
    engine.import_register(file.as_bytes(), &ask, &officer()).unwrap();
    let card = engine.snapshot().code_card("VN-HNOR-0001", &CheckAsk::default(), true).unwrap();
    assert_eq!((&card["records"][0]["crop"], &card["records"][0]["variety"]), (&json!("Lúa"), &json!("x")));
    let mapping = std::collections::BTreeMap::from([("code".to_owned(), String::new())]);
    let error = engine.import_register(file.as_bytes(), &RegisterAsk { mapping, ..ask }, &officer()).err().unwrap();
    assert!(error.to_string().contains("code"), "{error}");
}

#[test]
fn who_is_limited_changes_codes_of_his_land_alone_and_nobody_limited_replaces_the_register() {
    let bench = registered();
    let engine = engine(&bench);
    let of_unit = |unit: &str| Person { units: vec![unit.to_owned()], ..officer() };
    let of_kind = |kind: &str| Person { kinds: vec![kind.to_owned()], ..officer() };
    let status: StatusAsk = serde_json::from_value(json!({ "status": "suspended", "reason": "kiểm tra" })).unwrap();
    let set = |person: &Person| {
        let card = engine.snapshot().code_card("VN-HNOR-0001", &CheckAsk::default(), true).unwrap();
        engine.set_code_status("VN-HNOR-0001", &status, card["etag"].as_str().unwrap(), person).map(drop).map_err(|e| e.to_string())
    };
    // Its zone is rice in 10001.
    assert!(set(&of_unit("10002")).unwrap_err().contains("an may change codes in the units 10002; VN-HNOR-0001 lies in 10001"));
    assert!(set(&of_kind("fruit")).unwrap_err().contains("is of rice"));
    assert_eq!((set(&of_unit("10001")), set(&of_kind("rice"))), (Ok(()), Ok(())));
    // Also by a file: what is of others is set aside, and a code does not move to where he is.
    let file = "code,crop,zone_ids\nVN-HNOR-0001,Ổi,a\nVN-HNOR-0002,Ổi,b\nVN-HNOR-0011,Ổi,a\nVN-HNOR-0012,Ổi,\n";
    let ask = RegisterAsk { filename: "more.csv".to_owned(), ..RegisterAsk::default() };
    let acts = |person: &Person| {
        let review = engine.import_register(file.as_bytes(), &ask, person).unwrap().review;
        review["rows"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(acts(&of_unit("10001")), "change set_aside add set_aside");
    assert_eq!(acts(&of_unit("10002")), "set_aside change set_aside set_aside");
    assert_eq!(acts(&officer()), "change change add add");
    let replace = RegisterAsk { replace: true, ..ask.clone() };
    let refused = engine.import_register(file.as_bytes(), &replace, &of_unit("10001")).err().unwrap().to_string();
    assert!(refused.contains("may not put a file in place of the whole register"), "{refused}");
    assert!(engine.import_register(file.as_bytes(), &replace, &officer()).is_ok());
    let planner = Person { role: Role::Planner, ..officer() };
    assert!(engine.import_register(file.as_bytes(), &ask, &planner).is_err());
}

#[test]
fn of_many_rows_those_with_faults_are_shown_and_all_faults_are_a_table() {
    let bench = registered();
    let engine = engine(&bench);
    let rows: String = (0..1_500).map(|n| format!("VN-HNOR-{:04},\n", n + 100)).collect();
    let text = format!("code,issued\n{rows}nope,\nVN-HNOR-0001,=soon\n");
    let ask = RegisterAsk { filename: "more.csv".to_owned(), ..RegisterAsk::default() };
    let looked = engine.import_register(text.as_bytes(), &ask, &officer()).unwrap();
    let shown = looked.review["rows"].as_array().unwrap();
    assert_eq!((shown.len(), &looked.review["n_rows"], &looked.review["n_issues"]), (1_000, &json!(1_502), &json!(2)));
    let last: Vec<_> = shown[998..].iter().map(|row| (row["row"].as_u64().unwrap(), row["action"].as_str().unwrap())).collect();
    assert_eq!(last, [(1_502, "set_aside"), (1_503, "change")]);
    let table = String::from_utf8(looked.issues_csv().unwrap()).unwrap();
    assert!(table.contains("malformed_code,1502,") && table.contains("bad_date,1503,"), "{table}");
}

#[test]
fn an_export_of_the_register_runs_no_formula() {
    let bench = loaded();
    bench.import(&bench.write("r.csv", "code,area_name\nVN-HNOR-0001,'=1+1\nVN-HNOR-0002,=HYPERLINK(1)\n"), "codes", &[]).ok();
    bench.run(&["export", "w.gpkg", "codes.csv", "--layer", "codes"]).ok();
    let exported = std::fs::read_to_string(bench.path("codes.csv")).unwrap();
    assert!(exported.contains(",'=HYPERLINK(1),") && !exported.contains(",="), "{exported}");
}

#[test]
fn a_status_is_told_when_it_has_begun() {
    let bench = registered();
    let engine = engine(&bench);
    let card = engine.snapshot().code_card("VN-HNOR-0001", &CheckAsk::default(), true).unwrap();
    let ask: StatusAsk = serde_json::from_value(json!({ "status": "revoked", "reason": "x", "since": "2099-01-01" })).unwrap();
    let error = engine.set_code_status("VN-HNOR-0001", &ask, card["etag"].as_str().unwrap(), &officer()).unwrap_err();
    assert!(error.to_string().contains("2099-01-01 is after today"), "{error}");
}
