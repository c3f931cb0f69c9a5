//! The register of farming area codes: imported, checked, changed, exported, by the command line and by a served workspace.

use farmzone::access::{Person, Role};
use farmzone::engine::{CheckAsk, EngineError, RegisterAsk, StatusAsk};
use serde_json::{Value, json};

use crate::edits::{X, Y, engine, loaded};
use crate::program::{Bench, geojson_in, square};

mod land;
mod lists;
mod update;

const REGISTER: &str = "DANH SÁCH MÃ SỐ VÙNG TRỒNG,,,,,,,,
Mã số vùng trồng,Tên vùng,Diện tích (ha),Cây trồng,Thị trường,Trạng thái,Ngày cấp,Đến ngày,zone_ids,Người đại diện,Số điện thoại
vn hnor 0001,Lúa A,\"4,01\",Lúa,Trung Quốc,Đang hoạt động,31/12/2025,2027-12-31,a,Nguyễn Văn Kín,0912345678
VN-HNOR-0002,Bưởi B,9,Bưởi,Mỹ,thu hồi,2025-01-01,,b,Trần Thị Kín,
VN-HNOR-0001,Lúa A,4,Lúa,CHN,active,,,a,,
HNOR/3,x,1,Lúa,CHN,active,,,,,
";

fn registered() -> Bench {
    let bench = loaded();
    let file = bench.write("register.csv", REGISTER);
    let done = bench.import(&file, "codes", &[]).ok();
    assert_eq!((&done["n_read"], &done["n_kept"], &done["n_rejected"]), (&json!(4), &json!(2), &json!(2)));
    let codes: Vec<&str> = done["issues"].as_array().unwrap().iter().map(|issue| issue["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["duplicate_code", "malformed_code"]);
    bench
}

fn officer() -> Person {
    Person { name: "an".to_owned(), role: Role::Officer, ..Person::nobody() }
}

fn verdicts(answer: &Value) -> Vec<String> {
    let checks = |result: &Value| {
        result["reasons"].as_array().unwrap().iter().map(|r| r["check"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(",")
    };
    let one =
        |result: &Value| format!("{} {} {}", result["code"].as_str().unwrap_or("–"), result["verdict"].as_str().unwrap(), checks(result));
    answer["results"].as_array().unwrap().iter().map(|result| one(result).trim_end().to_owned()).collect()
}

#[test]
fn a_register_is_imported_checked_and_exported_on_the_command_line() {
    let bench = registered();
    let check = |args: &[&str]| bench.run(&[&["check", "w.gpkg", "--date", "2026-11-22"], args].concat()).ok();
    let both = check(&["VN-HNOR-0001", "VN HNOR 0002", "VN-HNOR-0O01", "VN-HNOR-0007", "VN-TGPH-0012"]);
    assert_eq!(
        verdicts(&both),
        [
            "VN-HNOR-0001 valid",
            "VN-HNOR-0002 invalid revoked,area_mismatch",
            "– invalid malformed",
            "VN-HNOR-0007 invalid unknown",
            "VN-TGPH-0012 unknown unknown"
        ]
    );
    assert_eq!(both["results"][2]["did_you_mean"], json!(["VN-HNOR-0001"]));
    let other_market = check(&["VN-HNOR-0001", "--market", "Mỹ", "--shipped", "1000"]);
    assert_eq!(verdicts(&other_market), ["VN-HNOR-0001 invalid market,over_delivery"]);
    let area = &check(&["VN-HNOR-0002"])["results"][0]["reasons"][1];
    assert_eq!((area["figures"]["measured_m2"].as_f64(), area["evidence"]["type"].as_str()), (Some(40_000.0), Some("Polygon")));
    let list = bench.write("list.txt", "mã\nVN-HNOR-0001\nVN-HNOR-0002\n");
    let listed = check(&["--file", list.to_str().unwrap(), "--out", "verdicts.csv"]);
    assert_eq!(listed["by_verdict"], json!({ "invalid": 1, "valid": 1 }));
    let table = std::fs::read_to_string(bench.path("verdicts.csv")).unwrap();
    assert!(table.contains("Mã đã bị thu hồi") && !table.contains("Kín") && !table.contains("0912345678"), "{table}");
    bench.run(&["check", "w.gpkg"]).refused(2, &["say what to check"]);
    bench.run(&["check", "w.gpkg", "A", "--market", "Sao Hỏa"]).refused(3, &["no market", "CHN"]);
    bench.run(&["export", "w.gpkg", "codes.csv", "--layer", "codes"]).ok();
    let exported = std::fs::read_to_string(bench.path("codes.csv")).unwrap();
    assert!(exported.contains("VN-HNOR-0002") && !exported.contains("Kín"), "{exported}");
    let workspace = std::fs::read(bench.path("w.gpkg")).unwrap();
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(holds(&workspace, "VN-HNOR-0002") && !holds(&workspace, "0912345678"), "a telephone is in the workspace");
    let layers = bench.run(&["layers", "w.gpkg"]).ok();
    assert!(layers["layers"].as_array().unwrap().iter().any(|l| l["name"] == "farmzone_codes" && l["n_features"] == 2));
}

#[test]
fn the_ways_of_import_and_land_of_a_dossier() {
    let bench = registered();
    let file = bench.write("more.csv", "code,status,issued\nVN-HNOR-0002,active,2025-01-01\nVN-HNOR-0005,active,\n");
    bench.import(&file, "codes", &[]).refused(5, &["--replace", "--update"]);
    bench.import(&file, "codes", &["--update", "--strict", "--dry-run"]).ok();
    bench.import(&file, "codes", &["--append"]).refused(5, &["VN-HNOR-0002"]);
    bench.import(&file, "codes", &["--update"]).ok();
    let card = engine(&bench).snapshot().code_card("VN-HNOR-0002", &CheckAsk::default(), true).unwrap();
    let record = &card["records"][0];
    let steps: Vec<&str> = record["status_history"].as_array().unwrap().iter().map(|s| s["status"].as_str().unwrap()).collect();
    assert_eq!((steps, record["private"]["holder"].as_str()), (vec!["revoked", "active"], Some("Trần Thị Kín")), "what was known goes on");
    // Two pieces of land of one code, one of them on the land of another.
    let pieces = [
        (json!({ "code": "VN-HNOR-0100", "crop": "Lúa", "market": "CHN" }), &square(X + 10.0, Y + 10.0, 100.0)[..]),
        (json!({ "code": "VN-HNOR-0100", "crop": "Lúa", "market": "CHN" }), &square(X + 250.0, Y, 50.0)[..]),
    ];
    let dossier = bench.write("dossier.geojson", geojson_in(5897, &pieces));
    bench.import(&dossier, "codes", &["--update"]).ok();
    let engine = engine(&bench);
    let snapshot = engine.snapshot();
    let ask = CheckAsk { date: Some("2026-11-22".parse().unwrap()), ..CheckAsk::default() };
    let card = snapshot.code_card("VN-HNOR-0100", &ask, false).unwrap();
    assert_eq!((card["records"].as_array().unwrap().len(), card["check"]["measured_area_m2"].as_f64()), (2, Some(12_500.0)));
    assert!(card["records"][0].get("private").is_none());
    let reasons = card["check"]["reasons"].as_array().unwrap();
    let double = reasons.iter().find(|r| r["check"] == "double_registration").unwrap();
    assert_eq!(double["figures"]["overlap_m2"], 10_000.0);
    assert!(double["message"]["vi"].as_str().unwrap().contains("VN-HNOR-0001"), "{double}");
    let zone = snapshot.zone_card("a", None).unwrap();
    assert_eq!(zone["properties"]["codes"].as_array().unwrap().len(), 2, "{}", zone["properties"]["codes"]);
    assert_eq!(snapshot.search("VN-HNOR-0100", 5).unwrap()["results"][0]["type"], "zone");
}

#[test]
fn a_place_a_status_and_a_review_in_a_served_workspace() {
    let bench = registered();
    let engine = engine(&bench);
    let snapshot = engine.snapshot();
    let center = snapshot.zone_card("a", None).unwrap()["properties"]["center"].clone();
    let at = [center[0].as_f64().unwrap(), center[1].as_f64().unwrap()];
    let here = snapshot.checks_at(at, Some(5.0), &CheckAsk::default()).unwrap();
    let first = &here["results"][0];
    assert_eq!((first["code"].as_str(), &first["inside"], &first["within_accuracy"]), (Some("VN-HNOR-0001"), &json!(true), &json!(false)));
    assert!((first["distance_m"].as_f64().unwrap() - 100.0).abs() < 1.0, "{first}");
    assert_eq!(snapshot.checks_at([0.0, 0.0], None, &CheckAsk::default()).unwrap()["results"], json!([]));
    // A status rests on what was read.
    let etag = snapshot.code_card("VN-HNOR-0001", &CheckAsk::default(), true).unwrap()["etag"].as_str().unwrap().to_owned();
    let ask: StatusAsk = serde_json::from_value(json!({ "status": "suspended", "reason": "kiểm tra", "since": "2026-11-01" })).unwrap();
    let card = engine.set_code_status("vn hnor 0001", &ask, &etag, &officer()).unwrap();
    assert_eq!((&card["records"][0]["status"], card["records"][0]["private"]["phone"].as_str()), (&json!("suspended"), Some("0912345678")));
    let again = engine.set_code_status("VN-HNOR-0001", &ask, &etag, &officer()).unwrap_err();
    assert!(matches!(again, EngineError::CodeMoved { .. }), "{again}");
    let planner = Person { role: Role::Planner, ..officer() };
    assert!(engine.set_code_status("VN-HNOR-0001", &ask, &etag, &planner).is_err());
    // A review changes nothing until it is kept.
    let file = "code,status,zone_ids\nVN-HNOR-0009,active,b\nVN-HNOR-0002,active,b\nnope,active,\n";
    let mut ask = RegisterAsk { filename: "more.csv".to_owned(), ..RegisterAsk::default() };
    let review = engine.import_register(file.as_bytes(), &ask, &officer()).unwrap().review;
    let n = |name: &str| review[name].as_u64().unwrap();
    assert_eq!((n("n_add"), n("n_change"), n("n_set_aside"), &review["kept"]), (1, 1, 1, &json!(false)));
    assert_eq!((&review["rows"][2]["row"], &review["rows"][2]["action"]), (&json!(4), &json!("set_aside")));
    assert_eq!(engine.snapshot().codes.entries.len(), 2);
    ask.keep = true;
    engine.import_register(file.as_bytes(), &ask, &officer()).unwrap();
    assert_eq!(engine.snapshot().codes.entries.len(), 3, "what is not in the file stays");
    let broken = engine.import_register(b"PK", &RegisterAsk { filename: "a.xlsx".to_owned(), ..ask }, &officer()).err().unwrap();
    assert!(!broken.to_string().contains("/tmp"), "{broken}");
}
