//! The HTTP API through `router(…)`, without a socket.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use farmzone::engine::{Engine, Rulebook};
use farmzone::http::{App, ROUTES, router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::program::{Bench, geojson_in, square};

mod below;
mod codes;
mod data;
mod figures;
mod lists;
mod pages;
mod print;
mod search;
mod tiles;

const X: f64 = 580_000.0;
const Y: f64 = 2_320_000.0;

/// Two communes, two zones, houses of 400 m² over the zones' border, defence land over a part of one.
fn workspace() -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let boundaries = [
        (json!({ "code": "10001", "name": "Đại Thanh" }), &square(X - 500.0, Y - 500.0, 700.0)[..]),
        (json!({ "code": "10002", "name": "Thường Tín" }), &square(X + 200.0, Y - 500.0, 700.0)[..]),
    ];
    let zones = [
        (json!({ "id": "a", "kind": "rice", "name": "Vùng lúa Đại Thanh", "code": "VN-HNOR-0001" }), &square(X, Y, 200.0)[..]),
        (json!({ "id": "b", "kind": "fruit", "name": "Vùng bưởi <b>" }), &square(X + 200.0, Y, 200.0)[..]),
    ];
    let built = [
        (json!({ "id": "house", "code": "ONT" }), &square(X + 190.0, Y + 50.0, 20.0)[..]),
        (json!({ "id": "rice", "code": "LUC" }), &square(X, Y, 400.0)[..]),
        (json!({ "id": "base", "code": "CQP" }), &square(X, Y, 100.0)[..]),
        (json!({ "id": "police", "code": "CAN" }), &square(X + 250.0, Y, 100.0)[..]),
    ];
    let load = |name: &str, features: &[(Value, &[[f64; 2]])], role: &str, more: &[&str]| {
        let file = bench.write(name, geojson_in(5897, features));
        bench.import(&file, role, more).ok();
    };
    load("boundaries.geojson", &boundaries, "boundaries", &[]);
    load("zones.geojson", &zones, "zones", &[]);
    load("landuse.geojson", &built, "landuse", &["--epoch", "2024"]);
    bench
}

struct Site {
    router: Router,
    engine: Engine,
    _bench: Bench,
}

impl Site {
    fn over(bench: Bench) -> Site {
        let engine = Engine::serve(&bench.path("w.gpkg"), Rulebook::load(None).unwrap()).unwrap();
        Site { router: router(App::new(engine.clone(), 1 << 20)), engine, _bench: bench }
    }
}

/// Loaded once: nothing here changes it.
static SITE: LazyLock<Site> = LazyLock::new(|| Site::over(workspace()));

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
}

async fn get_with(path: &str, headers: &[(header::HeaderName, &str)]) -> Answer {
    let mut request = Request::get(path).header(header::HOST, "map.example:8080");
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    send(&SITE.router, request.body(Body::empty()).unwrap()).await
}

async fn get(path: &str) -> Answer {
    get_with(path, &[]).await
}

async fn get_json(path: &str) -> Value {
    let answer = get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

/// The address of the tile over the two zones at zoom 14.
async fn tile_over_the_zones() -> String {
    let summary = get_json("/api/v1/summary").await;
    let bounds: Vec<f64> = summary["bounds"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let (lon, lat) = ((bounds[0] + bounds[2]) / 2.0, (bounds[1] + bounds[3]) / 2.0_f64);
    let n = f64::from(1 << 14);
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n;
    format!("14/{}/{}", ((lon + 180.0) / 360.0 * n) as u32, y as u32)
}

#[tokio::test]
async fn the_figures_add_up_and_defence_land_is_in_none_of_them() {
    let summary = get_json("/api/v1/summary").await;
    assert_eq!(summary["totals"]["n_zones"], 2);
    assert_eq!(summary["totals"]["area_m2"], 80_000.0);
    assert_eq!(summary["totals"]["lost_m2"], 400.0);
    assert!(summary["kinds"][0]["target_m2"].is_null() && summary["kinds"][0]["target_source"].is_null(), "no plan was given");
    assert_eq!((&summary["epoch"], &summary["epochs"]), (&json!("2024"), &json!(["2024"])));
    assert_eq!(summary["revision"], get_json("/health").await["revision"]);
    let rice = get_json("/api/v1/summary?kind=rice").await;
    assert_eq!((&rice["totals"]["n_zones"], &rice["totals"]["lost_m2"]), (&json!(1), &json!(200.0)));
    // Filters of events narrow what is called lost, never what is kept.
    let none = get_json("/api/v1/summary?kind=rice&severity=8").await;
    assert_eq!((&none["totals"]["lost_m2"], &none["totals"]["kept_m2"]), (&json!(0.0), &rice["totals"]["kept_m2"]));
    assert_eq!((&none["totals"]["n_events"], &none["rights"]), (&json!(0), &json!([])));
    let some = get_json("/api/v1/summary?kind=rice&group=built&right=unknown&severity=1").await;
    assert_eq!((&some["totals"]["lost_m2"], &some["severities"][0]["severity"]), (&json!(200.0), &json!(1)));
    let unit = get_json("/api/v1/summary?unit=10002").await;
    assert_eq!(unit["kinds"][0]["kind"], "fruit");
}

#[tokio::test]
async fn one_zone_tells_what_it_lost_and_one_that_does_not_exist_is_404() {
    let zone = get_json("/api/v1/zones/a").await;
    assert_eq!(zone["properties"]["events"][0]["area_m2"], 200.0);
    assert_eq!(zone["properties"]["events"][0]["code"], "ONT");
    assert_eq!(zone["properties"]["unit"]["name"], "Đại Thanh");
    let id = zone["properties"]["events"][0]["id"].as_str().unwrap();
    assert_eq!(get_json(&format!("/api/v1/encroachments/{id}")).await["properties"]["zone_id"], "a");
    for path in ["/api/v1/zones/none", "/api/v1/units/none", "/api/v1/encroachments/none"] {
        let answer = get(path).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{path}");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_with_what_is_wrong() {
    let wrong = [
        ("/api/v1/zones?bbox=1,2,3", "bbox: “1,2,3” is not four numbers"),
        ("/api/v1/zones?bbox=a,b,c,d", "bbox"),
        ("/api/v1/zones?bbox=nan,0,1,1", "longitudes must be"),
        ("/api/v1/zones?bbox=0,-91,1,1", "latitudes"),
        ("/api/v1/zones?bbox=2,0,1,1", "west must be less than east"),
        ("/api/v1/zones?limit=0", "limit: “0” is not a whole number from 1 to 1000"),
        ("/api/v1/zones?limit=1001", "1 to 1000"),
        ("/api/v1/zones?limit=ten", "“ten”"),
        ("/api/v1/zones?offset=-1", "offset"),
        ("/api/v1/zones?kind=gold", "gold"),
        ("/api/v1/zones?kind=rice,", "between the commas is empty"),
        ("/api/v1/zones?unit=99999", "99999"),
        ("/api/v1/zones?epoch=2013", "2013"),
        ("/api/v1/zones?epoch=soon", "“soon” is not an epoch"),
        ("/api/v1/zones?kinds=rice", "no parameter “kinds”; there are bbox, at, kind, unit, q"),
        ("/api/v1/zones?kind=rice&kind=fruit", "kind is given twice"),
        ("/api/v1/encroachments?group=gold", "“gold” is not one of built"),
        ("/api/v1/encroachments?right=mine", "“mine” is not one of permitted"),
        ("/api/v1/encroachments?zone=none", "none"),
        ("/api/v1/search?q=a&limit=51", "1 to 50"),
        ("/api/v1/session?x=1", "this path takes none"),
        ("/api/v1/summary?rev=x", "rev"),
        ("/tiles/zones/17/0/0", "zoom 17 is beyond 16"),
        ("/tiles/zones/3/8/0", "x 8 is outside zoom 3, which has x 0 to 7"),
        ("/tiles/zones/3/0/-1", "y of a tile must be a whole number"),
        ("/tiles/zones/3/0/0.mvt", "“0.mvt”"),
        ("/tiles/roads/3/0/0", "“roads” is not one of zones"),
        ("/tiles/zones,zones/3/0/0", "each tile layer once"),
        ("/tiles/zones/3/0/0?epoch=2013", "2013"),
        ("/tiles/roads.json", "“roads”"),
        ("/styles/light.json?lang=fr", "“fr” is not one of vi, en"),
        ("/api/v1/zones/%FF", "no UTF-8"),
        ("/api/v1/zones?q=%ff", "no UTF-8"),
        ("/api/v1/figures?core=0", "core: “0” is not a whole number from 1 to 1000"),
        ("/api/v1/figures?core=12.5", "core"),
    ];
    for (path, words) in wrong {
        let answer = get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let error = &answer.json()["error"];
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{path}: “{words}” is missing in: {message}");
        assert_eq!((&error["code"], &error["issues"]), (&json!("bad_request"), &json!([])), "{path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{path}");
    }
}

#[tokio::test]
async fn other_failures_have_their_status_and_the_same_form() {
    let request = |method: &str, path: &str| Request::builder().method(method).uri(path);
    let long = format!("/api/v1/search?q={}", "a".repeat(9_000));
    let cases = [
        (request("POST", "/api/v1/zones").body(Body::empty()), 405, "method_not_allowed"),
        (request("DELETE", "/").body(Body::empty()), 405, "method_not_allowed"),
        (request("GET", "/api/v1/none").body(Body::empty()), 404, "not_found"),
        (request("GET", "/none").body(Body::empty()), 404, "not_found"),
        (request("GET", "/styles/pink.json").body(Body::empty()), 404, "not_found"),
        (request("GET", "/../Cargo.toml").body(Body::empty()), 404, "not_found"),
        (request("GET", "/api/v1/zones").header(header::CONTENT_LENGTH, "70000").body(Body::empty()), 413, "too_large"),
        (request("GET", &long).body(Body::empty()), 414, "too_large"),
        (request("GET", "/style.json").header(header::HOST, "a<script>").body(Body::empty()), 400, "bad_request"),
    ];
    for (request, status, code) in cases {
        let request = request.unwrap();
        let path: String = request.uri().to_string().chars().take(60).collect();
        let answer = send(&SITE.router, request).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (status, &json!(code)), "{path}");
    }
}

#[tokio::test]
async fn an_answer_has_an_etag_and_is_not_sent_twice() {
    for path in
        ["/api/v1/summary", "/api/v1/zones", "/style.json", "/openapi.json", &format!("/tiles/zones/{}", tile_over_the_zones().await)]
    {
        let first = get(path).await;
        let etag = first.header(header::ETAG).to_owned();
        assert!(etag.starts_with('"') && etag.len() > 20, "{path}: {etag}");
        assert_eq!(first.header(header::CACHE_CONTROL), "no-cache", "{path}");
        let again = get_with(path, &[(header::IF_NONE_MATCH, &etag)]).await;
        assert_eq!((again.status, again.body.len(), again.header(header::ETAG)), (StatusCode::NOT_MODIFIED, 0, etag.as_str()), "{path}");
        let packed = get_with(path, &[(header::ACCEPT_ENCODING, "gzip, br")]).await;
        if packed.header(header::CONTENT_ENCODING) == "gzip" {
            assert_ne!(packed.header(header::ETAG), etag, "{path}");
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut plain).unwrap();
            assert_eq!(plain, first.body, "{path}");
        }
        let is_tile = packed.header(header::CONTENT_TYPE).contains("vector-tile");
        let vary = if is_tile { "Accept, Accept-Encoding" } else { "Accept-Encoding, Host, X-Forwarded-Proto" };
        assert_eq!(packed.header(header::VARY), vary, "{path}");
    }
}

#[tokio::test]
async fn an_address_is_kept_for_ever_only_when_it_names_the_present_revision() {
    let revision = SITE.engine.snapshot().revision;
    let tile = format!("/tiles/zones/{}", tile_over_the_zones().await);
    let keep = |rev: u64| {
        let path = format!("{tile}?rev={rev}");
        async move { get(&path).await.header(header::CACHE_CONTROL).to_owned() }
    };
    assert_eq!(keep(revision).await, "public, max-age=31536000, immutable");
    assert_eq!(keep(revision + 1).await, "no-cache");
    assert_eq!(keep(revision - 1).await, "no-cache");
    let pinned = |pin: String| {
        let path = format!("{tile}?rev={revision}&pin={pin}");
        async move { get(&path).await.header(header::CACHE_CONTROL).to_owned() }
    };
    assert_eq!(pinned(SITE.engine.snapshot().pin()).await, "public, max-age=31536000, immutable");
    assert_eq!(pinned("of-another-workspace".to_owned()).await, "no-cache");
}

#[tokio::test]
async fn a_zone_that_lost_its_shape_elsewhere_is_told() {
    let bench = workspace();
    let edit = "UPDATE zones SET geom = NULL WHERE id = 'b'; UPDATE gpkg_contents SET last_change = '2031-01-01T00:00:00.000Z' WHERE table_name = 'zones'";
    crate::store::outsider(&bench.path("w.gpkg")).execute_batch(edit).unwrap();
    let site = Site::over(bench);
    let ask = async |path: &str| send(&site.router, Request::get(path).body(Body::empty()).unwrap()).await.json();
    assert_eq!(ask("/health").await["n_unreadable"], 1);
    // A change of another layer does not make it forgotten.
    let before = site.engine.snapshot().revision;
    let road = [(json!({ "id": "r", "group": "place" }), &square(X, Y, 10.0)[..])];
    site._bench.import(&site._bench.write("road.geojson", geojson_in(5897, &road)), "context", &[]).ok();
    site.engine.wait_for_change(before, std::time::Duration::from_secs(20));
    let summary = ask("/api/v1/summary").await;
    assert_eq!((&summary["n_unreadable"], &summary["totals"]["n_zones"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn an_event_of_an_older_epoch_is_found_by_its_id_alone() {
    let bench = workspace();
    let built = [(json!({ "id": "barn", "code": "ONT" }), &square(X + 300.0, Y + 100.0, 30.0)[..])];
    bench.import(&bench.write("old.geojson", geojson_in(5897, &built)), "landuse", &["--epoch", "2019"]).ok();
    let site = Site::over(bench);
    let ask = async |path: String| send(&site.router, Request::get(path).body(Body::empty()).unwrap()).await;
    let list = ask("/api/v1/encroachments?epoch=2019".to_owned()).await.json();
    let id = list["features"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ask(format!("/api/v1/encroachments/{id}")).await.status, StatusCode::OK, "found already");
    let fresh = Site::over(workspace_of(&site));
    let ask = async |path: String| send(&fresh.router, Request::get(path).body(Body::empty()).unwrap()).await;
    // What the latest epoch shows rests on the older ones, so they are at hand.
    assert_eq!(ask(format!("/api/v1/encroachments/{id}")).await.status, StatusCode::OK);
    assert_eq!(ask("/api/v1/encroachments/E-000000000000".to_owned()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask(format!("/api/v1/encroachments/{id}?epoch=2019")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn land_in_events_of_two_groups_is_lost_once_in_every_figure() {
    let bench = workspace();
    // A road of 200 × 20 m over `a`, through half of the house's 200 m² there.
    let road = [[X, Y + 60.0], [X + 200.0, Y + 60.0], [X + 200.0, Y + 80.0], [X, Y + 80.0], [X, Y + 60.0]];
    let features = [(json!({ "id": "road", "code": "DGT" }), &road[..])];
    bench.import(&bench.write("road.geojson", geojson_in(5897, &features)), "landuse", &["--epoch", "2024", "--append"]).ok();
    let site = Site::over(bench);
    let ask = async |path: &str| send(&site.router, Request::get(path).body(Body::empty()).unwrap()).await.json();
    let card = ask("/api/v1/zones/a").await;
    assert_eq!(card["properties"]["lost_m2"], 4_100.0);
    let summary = ask("/api/v1/summary?kind=rice").await;
    assert_eq!((&summary["totals"]["lost_m2"], &summary["totals"]["kept_m2"]), (&json!(4_100.0), &json!(35_900.0)));
    assert_eq!(ask("/api/v1/figures?by=kind&kind=rice").await["rows"][0]["lost_m2"], 4_100.0);
    let core = async |m: u32| ask(&format!("/api/v1/figures?core={m}")).await["rows"][0]["core_m2"].as_f64().unwrap();
    assert!(core(1).await > core(50).await && core(1_000).await == 0.0);
    // Each group for itself, and what a filter asks for.
    let sums: Vec<&Value> = summary["groups"].as_array().unwrap().iter().map(|g| &g["area_m2"]).collect();
    assert_eq!(sums, [&json!(200.0), &json!(4_000.0)]);
    let roads = ask("/api/v1/summary?kind=rice&group=transport").await;
    assert_eq!((&roads["totals"]["lost_m2"], &roads["totals"]["kept_m2"]), (&json!(4_000.0), &json!(35_900.0)));
}

/// The same workspace in another file, not yet asked anything.
fn workspace_of(site: &Site) -> Bench {
    let bench = Bench::new();
    site._bench.run(&["backup", "w.gpkg", bench.path("w.gpkg").to_str().unwrap()]).ok();
    bench
}

/// The program, serving a workspace, ended with the test.
pub struct Served {
    pub child: std::process::Child,
    pub address: String,
}

impl Served {
    pub fn over(bench: &Bench) -> Served {
        use std::io::BufRead;
        let mut command = bench.command(&["serve", "w.gpkg", "--bind", "127.0.0.1:0"]);
        let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url: Value = serde_json::from_str(&line).unwrap();
        let address = url["url"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Served { child, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn who_does_not_say_what_he_wants_is_let_go_and_an_open_request_finishes() {
    use std::io::Write;
    let bench = workspace();
    let mut served = Served::over(&bench);
    let connect = || {
        let stream = std::net::TcpStream::connect(&served.address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        stream
    };
    let mut slow = connect();
    slow.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n").unwrap();
    let mut quick = connect();
    quick.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    quick.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"status\":\"ok\""), "{answer}");
    let mut nothing = Vec::new();
    // Closed by the server, with or without a word; a timeout of ours would be an error.
    slow.read_to_end(&mut nothing).unwrap();
    assert!(!String::from_utf8_lossy(&nothing).contains("200 OK"));
    let mut listening = connect();
    listening.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut some = [0; 12];
    listening.read_exact(&mut some).unwrap();
    // Proven: the process is our own child.
    unsafe { libc::kill(served.child.id() as i32, libc::SIGTERM) };
    let began = std::time::Instant::now();
    assert!(served.child.wait().unwrap().success());
    assert!(began.elapsed() < std::time::Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_zone_that_holds_a_point_is_found() {
    let at = async |lon: f64, lat: f64| {
        let found = get_json(&format!("/api/v1/zones?at={lon},{lat}")).await;
        let ids = found["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<String>>()
    };
    for id in ["a", "b"] {
        let zone = get_json(&format!("/api/v1/zones/{id}")).await;
        let center = &zone["properties"]["center"];
        assert_eq!(at(center[0].as_f64().unwrap(), center[1].as_f64().unwrap()).await, [id]);
    }
    assert!(at(0.0, 0.0).await.is_empty());
    for wrong in ["105.8", "105.8,21,3", "a,b", "200,21", "105.8,NaN"] {
        assert_eq!(get(&format!("/api/v1/zones?at={wrong}")).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn secret_land_use_is_in_no_answer() {
    let tile = tile_over_the_zones().await;
    let mut paths: Vec<String> = [
        "/api/v1/summary",
        "/api/v1/layers",
        "/api/v1/units",
        "/api/v1/units/10001",
        "/api/v1/zones",
        "/api/v1/zones/a",
        "/api/v1/zones/b",
        "/api/v1/encroachments",
        "/api/v1/search?q=CQP",
        "/api/v1/landuse/classes",
        "/api/v1/zones/a/history",
        "/api/v1/zones/b/history",
        "/api/v1/transitions",
        "/api/v1/figures?by=zone",
        "/style.json",
        "/styles/dark.json?landuse=official",
        "/metrics",
        "/openapi.json",
    ]
    .map(str::to_owned)
    .into();
    let all = "landuse,context,units,zones,encroachments,unit_labels,zone_labels";
    paths.push(format!("/tiles/{all}.json"));
    paths.push(format!("/tiles/{all}/{tile}"));
    paths.extend((0..14).map(|z| {
        let numbers: Vec<u32> = tile.split('/').skip(1).map(|n| n.parse::<u32>().unwrap() >> (14 - z)).collect();
        format!("/tiles/{all}/{z}/{}/{}", numbers[0], numbers[1])
    }));
    for path in paths {
        let answer = get(&path).await;
        // At low zooms two small zones leave nothing to draw.
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
        let text = String::from_utf8_lossy(&answer.body);
        for secret in ["CQP", "CAN"] {
            let found = text.match_indices(secret).any(|(at, _)| {
                let around = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
                around(text[..at].chars().next_back()) && around(text[at + 3..].chars().next())
            });
            assert!(!found, "{secret} in {path}");
        }
    }
}

/// Land use of three epochs, in squares of 100 m: a base comes in zone a, another goes in zone b.
fn site_with_bases(base: &str, police: &str) -> Site {
    let bench = Bench::with_workspace("EPSG:5897");
    let zones = [
        (json!({ "id": "a", "kind": "rice" }), &square(X, Y, 200.0)[..]),
        (json!({ "id": "b", "kind": "rice" }), &square(X + 200.0, Y, 200.0)[..]),
    ];
    bench.import(&bench.write("zones.geojson", geojson_in(5897, &zones)), "zones", &[]).ok();
    for epoch in ["2014", "2019", "2024"] {
        let places = (0..8).map(|i| (i, square(X + 100.0 * f64::from(i % 4), Y + 100.0 * f64::from(i / 4), 100.0)));
        let squares: Vec<(Value, [[f64; 2]; 5])> = places
            .map(|(i, ring)| {
                let code = match (i, epoch) {
                    (0, "2024") => base,
                    (7, "2014") => police,
                    // Land that no epoch shows stays so.
                    (5, _) => return (json!({ "id": "away", "code": "LUC" }), square(X - 900.0, Y, 100.0)),
                    (1, "2024") => "ONT",
                    (2, _) => "CLN",
                    _ => "LUC",
                };
                (json!({ "id": i.to_string(), "code": code }), ring)
            })
            .collect();
        let squares: Vec<(Value, &[[f64; 2]])> = squares.iter().map(|(facts, ring)| (facts.clone(), &ring[..])).collect();
        let file = bench.write(&format!("{epoch}.geojson"), geojson_in(5897, &squares));
        bench.import(&file, "landuse", &["--epoch", epoch]).ok();
    }
    Site::over(bench)
}

/// An answer without what differs from one workspace to the next.
async fn told(site: &Site, path: &str) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(facts) => {
                ["revision", "data_date", "imported_at"].iter().for_each(|key| drop(facts.remove(*key)));
                facts.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let answer = send(&site.router, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    let mut told = answer.json();
    strip(&mut told);
    told
}

#[tokio::test]
async fn no_number_tells_secret_land_from_the_fields_that_it_was() {
    let (secret, open) = (site_with_bases("CQP", "CAN"), site_with_bases("LUC", "LUC"));
    for path in [
        "/api/v1/summary",
        "/api/v1/summary?epoch=2014",
        "/api/v1/layers",
        "/api/v1/units",
        "/api/v1/zones",
        "/api/v1/zones/a",
        "/api/v1/zones/b?epoch=2014",
        "/api/v1/zones/a/history",
        "/api/v1/zones/b/history",
        "/api/v1/transitions?by=code",
        "/api/v1/transitions?by=group&from=2014",
        "/api/v1/transitions?by=code&zone=b&from=2014&to=2019",
        "/api/v1/figures?by=zone",
        "/api/v1/encroachments",
        "/api/v1/landuse/classes",
    ] {
        assert_eq!(told(&secret, path).await, told(&open, path).await, "{path}");
    }
    let history = told(&secret, "/api/v1/zones/a/history").await;
    assert_eq!(history["epochs"][2]["not_shown_m2"], 10_000.0);
}

#[tokio::test]
async fn a_style_needs_no_other_host_and_its_layers_are_those_of_the_tiles() {
    for theme in ["light", "dark", "print"] {
        let style = get_json(&format!("/styles/{theme}.json?lang=en&epoch=2024")).await;
        let text = style.to_string();
        assert!(text.matches("://").count() == text.matches("http://map.example:8080/").count(), "{theme}");
        let revision = SITE.engine.snapshot().revision;
        let tiles = style["sources"]["farmzone"]["tiles"][0].as_str().unwrap();
        assert!(tiles.contains(&format!("?rev={revision}&pin=")) && tiles.ends_with("&epoch=2024"), "{tiles}");
        let layers: BTreeSet<&str> = style["layers"].as_array().unwrap().iter().filter_map(|l| l["source-layer"].as_str()).collect();
        let tile_json = get_json("/tiles/landuse,context,units,zones,encroachments,unit_labels,zone_labels.json").await;
        let ids: BTreeSet<&str> = tile_json["vector_layers"].as_array().unwrap().iter().filter_map(|l| l["id"].as_str()).collect();
        assert_eq!(layers, ids);
    }
    let behind_tls = get_with("/style.json", &[(header::HeaderName::from_static("x-forwarded-proto"), "https")]).await.json();
    assert!(behind_tls["sources"]["farmzone"]["tiles"][0].as_str().unwrap().starts_with("https://map.example:8080/tiles/"));
    assert_eq!(get("/style.json").await.body, get("/styles/light.json").await.body);
}

#[tokio::test]
async fn every_described_path_answers_and_every_answer_protects_its_reader() {
    let described = get_json("/openapi.json").await;
    let paths: BTreeSet<&str> = described["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(paths, ROUTES.iter().copied().collect());
    let event = get_json("/api/v1/encroachments").await["features"][0]["id"].as_str().unwrap().to_owned();
    let tile = tile_over_the_zones().await;
    for path in ROUTES {
        let path = path
            .replace("/tiles/{layers}/{z}/{x}/{y}", &format!("/tiles/zones/{tile}"))
            .replace("{layers}", "zones")
            .replace("{layer}.{format}", "zones.csv")
            .replace("{name}", "dark");
        let path = path
            .replace("zones/shapes", "zones/shapes?id=a")
            .replace("v1/changes", "v1/changes?from=3&to=3")
            .replace("{code}", "10001")
            .replace("encroachments/{id}", &format!("encroachments/{event}"))
            .replace("{id}", "a")
            .replace("{edit}", "a")
            .replace("{event}", "a")
            .replace("{n}", "1");
        let request = Request::get(&path).body(Body::empty()).unwrap();
        // The stream of events never ends: only its head is looked at.
        let response = SITE.router.clone().oneshot(request).await.unwrap();
        // What is not for everybody is tried with every role in `accounts`.
        let status = match path.as_str() {
            "/api/v1/users" | "/api/v1/tokens" | "/api/v1/edits" | "/api/v1/edits/a" => StatusCode::UNAUTHORIZED,
            "/api/v1/plans" | "/api/v1/plans/a" | "/api/v1/plans/a/shapes" => StatusCode::UNAUTHORIZED,
            "/api/v1/plans/a/changes" | "/api/v1/plans/a/changes.xlsx" | "/api/v1/plans/a/figures" => StatusCode::UNAUTHORIZED,
            "/api/v1/users/dark" | "/api/v1/tokens/a" | "/api/v1/edits/a/undo" | "/api/v1/drops" => StatusCode::METHOD_NOT_ALLOWED,
            "/api/v1/codes/check" | "/api/v1/codes/10001/status" | "/api/v1/imports" => StatusCode::METHOD_NOT_ALLOWED,
            path if path.starts_with("/api/v1/codes/10001") => StatusCode::NOT_FOUND,
            "/api/v1/alerts" | "/api/v1/alerts/digest" | "/api/v1/alerts/a" | "/api/v1/alerts/a/photos/1" => StatusCode::UNAUTHORIZED,
            path if path.starts_with("/api/v1/alerts/") => StatusCode::METHOD_NOT_ALLOWED,
            path if path.starts_with("/api/v1/plans/") => StatusCode::METHOD_NOT_ALLOWED,
            // Nothing has the id “a”; what has one is tried in `dossiers` and `partners`.
            "/verify/a" | "/api/v1/partners/a" | "/api/v1/linkages/a" | "/api/v1/products/a" | "/api/v1/traces/a" => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        assert_eq!(response.status(), status, "{path}");
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("blob:") && !policy.contains("script-src 'unsafe"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("http:") && !policy.contains("https:"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") || ["/docs", "/verify/a"].contains(&path.as_str()), "{path}: {policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
        let open = path.starts_with("/api") || path.starts_with("/tiles") || path.starts_with("/style");
        assert_eq!(
            headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN),
            open || ["/health", "/openapi.json", "/events"].contains(&path.as_str()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn another_page_may_ask_before_it_asks() {
    let request = Request::builder()
        .method("OPTIONS")
        .uri("/api/v1/zones")
        .header(header::ORIGIN, "https://example.org")
        .body(Body::empty())
        .unwrap();
    let answer = send(&SITE.router, request).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    assert!(answer.header(header::ACCESS_CONTROL_ALLOW_HEADERS).contains("If-None-Match"));
    // A map on another host needs what the style names, pictures too.
    for path in ["/sprites/light.json", "/sprites/dark@2x.png"] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN)), (StatusCode::OK, "*"), "{path}");
    }
    assert_eq!(get("/sprites/../styles/light.toml").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_change_by_another_process_is_served_and_told() {
    let site = Site::over(workspace());
    // As `serve` does before it says that it is ready.
    site.engine.snapshot().prepare_tiles(0).unwrap();
    let before = site.engine.snapshot().revision;
    let mut events = site.router.clone().oneshot(Request::get("/events").body(Body::empty()).unwrap()).await.unwrap().into_body();
    let mut next = async || String::from_utf8(events.frame().await.unwrap().unwrap().into_data().unwrap().to_vec()).unwrap();
    assert_eq!(next().await, format!("event: revision\ndata: {{\"revision\":{before}}}\n\n"));
    let more = [(json!({ "id": "c", "kind": "tea" }), &square(X, Y - 200.0, 100.0)[..])];
    let file = site._bench.write("zones.geojson", geojson_in(5897, &more));
    site._bench.import(&file, "zones", &["--append"]).ok();
    let told = tokio::time::timeout(std::time::Duration::from_secs(20), next()).await.unwrap();
    let json_of = |told: &str| serde_json::from_str::<Value>(told.strip_prefix("event: revision\ndata: ").unwrap()).unwrap();
    // First what is drawn zone by zone, then the tiles of zooms that show zones of a kind as one.
    let near = json_of(&told);
    let revision = near["revision"].as_u64().unwrap();
    assert!(
        revision > before && near["since"] == before && near["pin"] == site.engine.snapshot().pin() && near["near_zoom"] == 12,
        "{near}"
    );
    let [west, south, east, north] = serde_json::from_value::<[f64; 4]>(near["bounds"][0].clone()).unwrap();
    let side = 100.0 / 111_000.0;
    assert!((east - west - side).abs() < 1e-4 && (north - south - side).abs() < 1e-4, "{near}");
    let far = json_of(&tokio::time::timeout(std::time::Duration::from_secs(20), next()).await.unwrap());
    assert_eq!((&far["revision"], &far["since"], far["bounds"].is_null()), (&near["revision"], &near["since"], true));
    let n_tiles = |z: u64| far["tiles"].as_array().unwrap().iter().filter(|tile| tile[0] == z).count();
    assert_eq!((0..=12).map(n_tiles).collect::<Vec<_>>(), [[1; 12].as_slice(), &[0]].concat(), "{far}");
    // What the style says too changes with a zone outside of all that was: then it is asked for anew.
    let outside = [(json!({ "id": "d", "kind": "tea" }), &square(X, Y + 9_000.0, 100.0)[..])];
    site._bench.import(&site._bench.write("zones.geojson", geojson_in(5897, &outside)), "zones", &["--append"]).ok();
    let told = tokio::time::timeout(std::time::Duration::from_secs(20), next()).await.unwrap();
    assert_eq!(json_of(&told), json!({ "revision": revision + 1 }));
    let summary = send(&site.router, Request::get("/api/v1/summary").body(Body::empty()).unwrap()).await.json();
    assert_eq!(summary["totals"]["n_zones"], 4);
}

#[tokio::test]
async fn an_empty_workspace_answers_everything_with_nothing() {
    let site = Site::over(Bench::with_workspace("EPSG:5897"));
    let ask = |path: &'static str| {
        let router = site.router.clone();
        async move { send(&router, Request::get(path).body(Body::empty()).unwrap()).await }
    };
    for path in [
        "/health",
        "/api/v1/summary",
        "/api/v1/zones",
        "/api/v1/units",
        "/api/v1/encroachments",
        "/api/v1/layers",
        "/style.json",
        "/tiles/zones.json",
        "/",
    ] {
        assert_eq!(ask(path).await.status, StatusCode::OK, "{path}");
    }
    let summary = ask("/api/v1/summary").await.json();
    assert_eq!([&summary["epoch"], &summary["totals"]["lost_m2"], &summary["totals"]["lost_share"]], [&Value::Null; 3]);
    assert_eq!(ask("/tiles/zones,landuse,encroachments/3/6/3").await.status, StatusCode::NO_CONTENT);
}
