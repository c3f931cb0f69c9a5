//! Dossiers through the router and the command line: what they hold, and whether they are known again.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use farmzone::access::{Person, Role};
use farmzone::engine::{Engine, Rulebook, StatusAsk, StepAsk};
use farmzone::http::{App, Readers, router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::program::{Bench, geojson_in, square};

const X: f64 = 580_000.0;
const Y: f64 = 2_320_000.0;

/// One zone with a name that is markup, a house of 2024 half inside, defence land over a part, and a neighbour.
fn workspace() -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let load = |name: &str, features: &[(Value, &[[f64; 2]])], role: &str, more: &[&str]| {
        let file = bench.write(name, geojson_in(5897, features));
        bench.import(&file, role, more).ok();
    };
    let farm = (json!({ "id": "rice", "code": "LUC" }), &square(X - 300.0, Y - 300.0, 900.0)[..]);
    load(
        "boundaries.geojson",
        &[(json!({ "code": "10001", "name": "Đại Thanh" }), &square(X - 500.0, Y - 500.0, 1_500.0)[..])],
        "boundaries",
        &[],
    );
    load("zones.geojson", &zones(200.0), "zones", &[]);
    load("landuse_2019.geojson", std::slice::from_ref(&farm), "landuse", &["--epoch", "2019"]);
    let built = [
        farm,
        (json!({ "id": "house", "code": "ONT" }), &square(X + 190.0, Y + 50.0, 20.0)[..]),
        (json!({ "id": "base", "code": "CQP" }), &square(X, Y, 60.0)[..]),
    ];
    load("landuse.geojson", &built, "landuse", &["--epoch", "2024", "--accuracy", "0.5"]);
    bench
}

const NAME: &str = "Vùng #panic(\"x\") *đậm* $x$ <b>Đại Thanh</b>";

fn zones(side: f64) -> Vec<(Value, &'static [[f64; 2]])> {
    let a: &'static [[f64; 2]] = Box::leak(Box::new(square(X, Y, side)));
    let b: &'static [[f64; 2]] = Box::leak(Box::new(square(X + 250.0, Y, 100.0)));
    vec![
        (json!({ "id": "a", "kind": "rice", "name": NAME, "code": "VN-HNOR-0001", "cooperative": "HTX “Tiền Phong”" }), a),
        (json!({ "id": "b", "kind": "fruit" }), b),
    ]
}

/// Three codes: one of two parts, a zone and own land beside it, with a holder; one with own land where no zone is; one of which
/// nobody knows where it is. Zone b bears a fourth.
fn registered() -> Bench {
    let bench = workspace();
    let zones =
        [zones(200.0).swap_remove(0), (json!({ "id": "b", "kind": "fruit", "code": "VN-HNOR-0004" }), &square(X + 250.0, Y, 100.0)[..])];
    bench.import(&bench.write("zones.geojson", geojson_in(5897, &zones)), "zones", &["--replace"]).ok();
    let table =
        "code,part,status,status_since,status_reason,market,crop,area_name,zone_ids,declared_area_ha,holder,phone,identity_no,farmers
VN-HNOR-0001,A,active,2023-01-01,,CHN,Lúa,Lúa <b>A</b>,a,4,Nguyễn Văn Kín,0912345678,001099000111,Trần Kín
VN-HNOR-0003,,suspended,2024-05-06,chờ kiểm tra lại,VN,Lúa,Không rõ chỗ,,1,Lê Thị Kín,,,
";
    bench.import(&bench.write("register.csv", table), "codes", &[]).ok();
    let own = [
        (json!({ "code": "VN-HNOR-0001", "part": "B", "status": "active" }), &square(X + 200.0, Y, 40.0)[..]),
        (json!({ "code": "VN-HNOR-0002", "status": "active" }), &square(X - 200.0, Y - 200.0, 100.0)[..]),
    ];
    bench.import(&bench.write("own.geojson", geojson_in(5897, &own)), "codes", &["--update"]).ok();
    bench
}

fn officer() -> Person {
    Person { name: "an".to_owned(), role: Role::Officer, ..Person::nobody() }
}

struct Site {
    router: Router,
    engine: Engine,
    bench: Bench,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl Site {
    fn new() -> Site {
        Site::over(workspace())
    }

    fn over(bench: Bench) -> Site {
        let engine = Engine::serve(&bench.path("w.gpkg"), Rulebook::load(None).unwrap()).unwrap();
        Site { router: router(App::new(engine.clone(), 1 << 20)), engine, bench }
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::HOST, "map.example:8080").body(Body::empty()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        Answer { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
    }

    async fn ok(&self, path: &str) -> Answer {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer
    }
}

#[tokio::test]
async fn a_dossier_is_made_in_every_form_and_verified_until_the_data_changes() {
    let site = Site::new();
    let pdf = site.ok("/api/v1/zones/a/dossier.pdf?lang=both").await;
    assert_eq!((pdf.header(header::CONTENT_TYPE), pdf.header(header::CACHE_CONTROL)), ("application/pdf", "no-store"));
    assert_eq!(pdf.header(header::CONTENT_DISPOSITION), "inline; filename=\"zone-a.pdf\"");
    assert!(pdf.body.starts_with(b"%PDF-1.7") && pdf.body.len() > 20_000, "{} bytes", pdf.body.len());
    let sheet = site.ok("/api/v1/zones/a/dossier.xlsx?lang=en").await;
    assert!(sheet.body.starts_with(b"PK") && sheet.header(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"zone-a.xlsx\""));

    let whole = site.ok("/api/v1/zones/a/dossier.geojson").await;
    assert!(!whole.text().contains("CQP"), "defence land is in no dossier");
    let whole = whole.json();
    let statement = &whole["statement"];
    assert_eq!(
        (&statement["zone"]["name"], &statement["areas"]["area_m2"], &statement["areas"]["lost_m2"]),
        (&json!(NAME), &json!(40_000.0), &json!(200.0))
    );
    assert_eq!((statement["rings"][0]["vertices"].as_array().unwrap().len(), &statement["epochs"]), (4, &json!(["2019", "2024"])));
    assert_eq!(statement["transitions"], json!([{ "from": "LUC", "to": "ONT", "area_m2": 200.0 }]));
    // Anybody can take the hash anew.
    let hash = blake3::hash(&serde_json::to_vec(statement).unwrap()).to_hex().to_string();
    assert_eq!(whole["hash"], json!(hash));
    let event = statement["events"][0]["id"].as_str().unwrap();
    assert_eq!(whole["features"][1]["id"], json!(event));

    let address = whole["verify"].as_str().unwrap();
    let path = address.strip_prefix("http://map.example:8080").unwrap();
    let of_event = site.ok(&format!("/api/v1/encroachments/{event}/dossier.geojson")).await.json();
    let path_of_event = of_event["verify"].as_str().unwrap().strip_prefix("http://map.example:8080").unwrap().to_owned();
    assert_eq!(
        (&of_event["statement"]["events"][0]["area_m2"], of_event["statement"]["events"].as_array().unwrap().len()),
        (&json!(200.0), 1)
    );
    assert!(site.ok(&format!("/api/v1/encroachments/{event}/dossier.pdf?lang=en")).await.body.starts_with(b"%PDF"));
    for path in [path, &path_of_event] {
        let page = site.ok(path).await;
        let text = page.text();
        assert!(text.contains("class=\"verdict same\"") && text.contains("Đại Thanh") && text.contains("40.000,0 m²"), "{text}");
        assert!(text.contains("&lt;b&gt;") && !text.contains("<b>") && !text.contains("<script"), "{text}");
        assert!(page.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"));
    }

    // One digit of the figures, and what is no id at all.
    let forged = path.replacen(&path[30..32], if &path[30..32] == "00" { "01" } else { "00" }, 1);
    for bad in [&forged, "/verify/00", "/verify/x", "/verify/%00", &format!("/verify/{}", "A".repeat(5_000))] {
        let answer = site.get(bad).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
        assert!(answer.text().contains("Not a dossier of this server"), "{bad}");
    }

    // The same once more states the same; another border does not.
    let file = site.bench.write("zones.geojson", geojson_in(5897, &zones(180.0)));
    let before = site.ok("/health").await.json()["revision"].clone();
    site.bench.import(&file, "zones", &["--replace"]).ok();
    for _ in 0..200 {
        if site.ok("/health").await.json()["revision"] != before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let changed = site.ok(path).await.text();
    assert!(
        changed.contains("class=\"verdict changed\"") && changed.contains("40.000,0 m²") && changed.contains("32.400,0 m²"),
        "{changed}"
    );
    assert!(site.ok(&path_of_event).await.text().contains("no longer in the data"));
}

#[tokio::test]
async fn a_code_of_several_parts_has_a_dossier_that_holds_until_the_register_changes() {
    let site = Site::over(registered());
    let whole = site.ok("/api/v1/codes/vn%20hnor%200001/dossier.geojson").await;
    for private in ["Kín", "0912345678", "001099000111", "CQP"] {
        assert!(!whole.text().contains(private), "{private}");
    }
    let whole = whole.json();
    let statement = &whole["statement"];
    assert_eq!((&whole["subject"], &statement["zone"]), (&json!({ "kind": "code", "id": "VN-HNOR-0001" }), &Value::Null));
    // The zone of 4 ha, and 40 by 40 m beside it, a part that began as its code was; the house stands half in the zone, half on the other part, where no zone is.
    let code = &statement["code"];
    let parts: Vec<Value> = code["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| json!([p["part"], p["has_own_land"], p["zone_ids"], p["area_m2"], p["area_name"]]))
        .collect();
    assert_eq!(parts, [json!(["A", false, ["a"], 40_000.0, "Lúa <b>A</b>"]), json!(["B", true, [], 1_600.0, "Lúa <b>A</b>"])]);
    assert_eq!((&code["units"][0]["code"], &code["zones"][0]["id"]), (&json!("10001"), &json!("a")));
    assert_eq!(
        (&statement["areas"]["area_m2"], &statement["areas"]["lost_m2"], &statement["areas"]["kept_m2"], &statement["n_events"]),
        (&json!(41_600.0), &json!(200.0), &json!(41_400.0), &json!(1))
    );
    assert_eq!(statement["events"][0]["on_land_m2"], json!(200.0));
    assert_eq!(
        (statement["checks"][0]["check"].as_str(), statement["checks"][0]["code"].as_str()),
        (Some("verdict"), Some("VN-HNOR-0001"))
    );
    assert!(statement["sources"].as_array().unwrap().iter().any(|source| source["role"] == "codes"));
    let hash = blake3::hash(&serde_json::to_vec(statement).unwrap()).to_hex().to_string();
    assert_eq!(whole["hash"], json!(hash));
    let features: Vec<&str> = whole["features"].as_array().unwrap().iter().map(|f| f["geometry"]["type"].as_str().unwrap()).collect();
    assert_eq!(features, ["Polygon", "Polygon", "Polygon", "Polygon"], "the land, its two parts, the house");
    let pdf = site.ok("/api/v1/codes/VN-HNOR-0001/dossier.pdf?lang=both").await;
    assert!(pdf.body.starts_with(b"%PDF") && pdf.header(header::CONTENT_DISPOSITION) == "inline; filename=\"code-VN-HNOR-0001.pdf\"");
    assert!(site.ok("/api/v1/codes/VN-HNOR-0001/dossier.xlsx").await.body.starts_with(b"PK"));

    let path = whole["verify"].as_str().unwrap().strip_prefix("http://map.example:8080").unwrap();
    let page = site.ok(path).await.text();
    assert!(page.contains("class=\"verdict same\"") && page.contains("VN-HNOR-0001") && page.contains("41.600,0 m²"), "{page}");
    assert!(page.contains("Đang hiệu lực") && page.contains("Lúa &lt;b&gt;A") && !page.contains("Kín"), "{page}");
    let ask: StatusAsk = serde_json::from_value(json!({ "status": "revoked", "reason": "bán mã" })).unwrap();
    let etag = site.ok("/api/v1/codes/VN-HNOR-0001").await.json()["etag"].as_str().unwrap().to_owned();
    site.engine.set_code_status("VN-HNOR-0001", &ask, &etag, &officer()).unwrap();
    let page = site.ok(path).await.text();
    assert!(page.contains("class=\"verdict changed\"") && page.contains("Thu hồi"), "{page}");
}

#[tokio::test]
async fn a_code_without_a_zone_or_without_land_and_one_that_only_a_zone_bears_have_dossiers() {
    let site = Site::over(registered());
    let stated = async |code: &str| {
        assert!(site.ok(&format!("/api/v1/codes/{code}/dossier.pdf?lang=en")).await.body.starts_with(b"%PDF"), "{code}");
        assert!(site.ok(&format!("/api/v1/codes/{code}/dossier.xlsx")).await.body.starts_with(b"PK"), "{code}");
        let whole = site.ok(&format!("/api/v1/codes/{code}/dossier.geojson")).await.json();
        let page = site.ok(whole["verify"].as_str().unwrap().strip_prefix("http://map.example:8080").unwrap()).await.text();
        assert!(page.contains("class=\"verdict same\"") && page.contains(code), "{page}");
        whole
    };
    let own = stated("VN-HNOR-0002").await;
    assert_eq!((&own["statement"]["code"]["zones"], &own["statement"]["areas"]["area_m2"]), (&json!([]), &json!(10_000.0)));
    assert_eq!(own["statement"]["areas"]["lost_m2"], Value::Null, "nobody watches land in no zone");
    assert_eq!(own["statement"]["rings"][0]["vertices"].as_array().unwrap().len(), 4);
    let nowhere = stated("VN-HNOR-0003").await;
    assert_eq!((&nowhere["features"][0]["geometry"], &nowhere["statement"]["rings"]), (&Value::Null, &json!([])));
    let steps = &nowhere["statement"]["code"]["parts"][0]["status_history"];
    assert_eq!(steps[0], json!({ "status": "suspended", "since": "2024-05-06", "reason": "chờ kiểm tra lại" }));
    let borne = stated("VN-HNOR-0004").await;
    assert_eq!((&borne["statement"]["code"]["parts"], &borne["statement"]["code"]["zones"][0]["id"]), (&json!([]), &json!("b")));
    assert_eq!((&borne["statement"]["areas"]["area_m2"], &borne["statement"]["areas"]["lost_m2"]), (&json!(10_000.0), &json!(0.0)));
}

#[tokio::test]
async fn a_rejected_event_is_said_to_be_no_loss_and_dossiers_of_before_no_longer_hold() {
    let site = Site::new();
    let whole = site.ok("/api/v1/zones/a/dossier.geojson").await.json();
    let event = whole["statement"]["events"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/encroachments/{event}/dossier.geojson");
    let verify = |whole: &Value| whole["verify"].as_str().unwrap().strip_prefix("http://map.example:8080").unwrap().to_owned();
    let before = site.ok(&path).await.json();
    assert_eq!(before["statement"]["events"][0].get("is_rejected"), None);
    let through = |status: &str| {
        let card = site.engine.snapshot().alert_card(&event, site.engine.accounts()).unwrap();
        let ask: StepAsk = serde_json::from_value(json!({ "status": status, "reason": "nhà màng trồng rau" })).unwrap();
        site.engine.step_alert(&event, card["etag"].as_str().unwrap(), &ask, &officer()).unwrap();
    };
    through("checked");
    let page = site.ok(&verify(&before)).await.text();
    assert!(page.contains("class=\"verdict same\"") && page.contains("Đã kiểm tra"), "a step alone changes nothing on the land: {page}");
    through("rejected");
    let page = site.ok(&verify(&before)).await.text();
    assert!(page.contains("class=\"verdict changed\"") && page.contains("Bác bỏ") && page.contains("không, đã bị bác bỏ"), "{page}");
    let after = site.ok(&path).await;
    assert!(!after.text().contains("nhà màng"), "why it was rejected is for officers");
    let after = after.json();
    let properties = after["features"].as_array().unwrap().iter().find(|f| f["id"] == json!(event)).map(|f| &f["properties"]).unwrap();
    assert_eq!((&properties["is_rejected"], &properties["status"]), (&json!(true), &json!("rejected")));
    let page = site.ok(&verify(&after)).await.text();
    assert!(page.contains("class=\"verdict same\"") && page.contains("không, đã bị bác bỏ"), "{page}");
    assert!(site.ok(&path.replace("geojson", "pdf")).await.body.starts_with(b"%PDF"));
}

#[tokio::test]
async fn every_code_of_a_zone_has_its_verdict_beside_what_was_found() {
    let site = Site::over(registered());
    let checks = site.ok("/api/v1/zones/a/dossier.geojson").await.json()["statement"]["checks"].clone();
    let rows: Vec<(&str, &str)> =
        checks.as_array().unwrap().iter().map(|c| (c["check"].as_str().unwrap(), c["verdict"].as_str().unwrap())).collect();
    let verdict = site.ok("/api/v1/codes/VN-HNOR-0001").await.json()["check"].clone();
    assert!(rows.len() > 1, "{rows:?}");
    assert_eq!(rows[0], ("verdict", verdict["verdict"].as_str().unwrap()));
    assert_eq!(rows.len() - 1, verdict["reasons"].as_array().unwrap().len());
}

#[tokio::test]
async fn what_is_handed_around_names_the_address_that_the_server_was_told() {
    let site = Site::new();
    let app = App::for_readers(site.engine.clone(), 1 << 20, Readers::Direct, Some("https://map.example.vn".to_owned()));
    let told = Site { router: router(app), ..site };
    for path in ["/api/v1/feed.json", "/api/v1/feed.rss", "/api/v1/zones/a/dossier.geojson"] {
        let text = told.ok(path).await.text();
        assert!(text.contains("https://map.example.vn/") && !text.contains("map.example:8080"), "{path}: {text}");
    }
    let site = Site::new();
    assert!(site.ok("/api/v1/feed.json").await.text().contains("http://map.example:8080/"));
}

#[tokio::test]
async fn what_cannot_be_made_is_said() {
    let site = Site::new();
    for (path, status, words) in [
        ("/api/v1/zones/none/dossier.pdf", StatusCode::NOT_FOUND, "no zone “none”"),
        ("/api/v1/encroachments/none/dossier.pdf", StatusCode::NOT_FOUND, "no encroachment “none”"),
        ("/api/v1/codes/VN-HNOR-0009/dossier.pdf", StatusCode::NOT_FOUND, "no code “VN-HNOR-0009”"),
        ("/api/v1/codes/x/dossier.xlsx", StatusCode::NOT_FOUND, "no code “x”"),
        ("/api/v1/zones/a/dossier.pdf?lang=fr", StatusCode::BAD_REQUEST, "vi, en, both"),
        ("/api/v1/zones/a/dossier.pdf?page=2", StatusCode::BAD_REQUEST, "no parameter “page”"),
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains(words), "{path}: {}", answer.text());
    }
}

#[test]
fn the_command_line_writes_the_same_and_names_what_it_lacks() {
    let bench = workspace();
    let made = bench.run(&["dossier", "w.gpkg", "a.geojson", "--zone", "a", "--public-url", "https://map.example.vn/"]).ok();
    assert_eq!((&made["subject"], &made["out"]), (&json!({ "kind": "zone", "id": "a" }), &json!("a.geojson")));
    let whole: Value = serde_json::from_slice(&std::fs::read(bench.path("a.geojson")).unwrap()).unwrap();
    assert!(whole["verify"].as_str().unwrap().starts_with("https://map.example.vn/verify/0"), "{}", whole["verify"]);
    let event = whole["statement"]["events"][0]["id"].as_str().unwrap();
    bench.run(&["dossier", "w.gpkg", "e.pdf", "--event", event, "--lang", "both"]).ok();
    assert!(std::fs::read(bench.path("e.pdf")).unwrap().starts_with(b"%PDF"));
    bench.run(&["dossier", "w.gpkg", "c.pdf", "--code", "VN HNOR 0001"]).ok();
    let made = bench.run(&["dossier", "w.gpkg", "c.xlsx", "--code", "VN-HNOR-0001", "--lang", "en"]).ok();
    assert_eq!(made["subject"], json!({ "kind": "code", "id": "VN-HNOR-0001" }));
    bench.run(&["dossier", "w.gpkg", "c.pdf", "--code", "VN-HNOR-0009"]).refused(3, &["no code “VN-HNOR-0009”"]);
    bench.run(&["dossier", "w.gpkg", "c.pdf", "--code", "VN-HNOR-0001", "--zone", "a"]).refused(2, &["--zone"]);
    bench.run(&["dossier", "w.gpkg", "a.docx", "--zone", "a"]).refused(2, &[".pdf, .xlsx or .geojson"]);
    bench.run(&["dossier", "w.gpkg", "a.pdf"]).refused(2, &["--zone"]);
    bench.run(&["dossier", "w.gpkg", "a.pdf", "--zone", "none"]).refused(3, &["no zone “none”"]);
    bench.run(&["dossier", "w.gpkg", "w.gpkg", "--zone", "a"]).refused(2, &[".pdf, .xlsx or .geojson"]);
}
