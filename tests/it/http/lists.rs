//! Lists in the order that is asked for, a part at a time or all as a table; what a city's settings do.

use farmzone::http::{Readers, Settings};

use super::*;

#[tokio::test]
async fn lists_are_bounded_and_say_so() {
    let page = get_json("/api/v1/zones?limit=1&offset=1").await;
    assert_eq!(page["features"].as_array().unwrap().len(), 1);
    assert_eq!([&page["n_matched"], &page["n_returned"], &page["limit"], &page["offset"]], [2, 1, 1, 1].map(Value::from).each_ref());
    assert_eq!(get_json("/api/v1/zones?bbox=0,0,1,1").await["n_matched"], 0);
    assert_eq!(get_json("/api/v1/encroachments?group=built&right=unknown&zone=b").await["n_matched"], 1);
}

/// The ids of a list, in its order.
async fn ids(path: &str) -> Vec<String> {
    let list = get_json(path).await;
    list["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_comes_in_the_order_that_is_asked_for_page_by_page() {
    for (order, first) in [("name", "b"), ("-name", "a"), ("kind", "a"), ("-kind", "b"), ("code", "a"), ("-code", "a"), ("unit", "a")] {
        let whole = ids(&format!("/api/v1/zones?sort={order}")).await;
        assert_eq!((whole.len(), whole[0].as_str()), (2, first), "{order}");
        let pages = [0, 1].map(|offset| format!("/api/v1/zones?sort={order}&limit=1&offset={offset}"));
        assert_eq!([ids(&pages[0]).await, ids(&pages[1]).await].concat(), whole, "{order}");
    }
    let areas = |list: &Value| {
        list["features"].as_array().unwrap().iter().map(|f| f["properties"]["area_m2"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    let (up, down) = (get_json("/api/v1/encroachments?sort=area").await, get_json("/api/v1/encroachments?sort=-area").await);
    assert!(areas(&up).is_sorted() && areas(&up).len() > 1);
    assert_eq!(areas(&up).into_iter().rev().collect::<Vec<_>>(), areas(&down));
    for path in ["/api/v1/zones?sort=size", "/api/v1/zones?sort=group", "/api/v1/encroachments?sort=-", "/api/v1/zones?geometry=box"] {
        let answer = get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
    }
    assert!(get("/api/v1/zones?sort=size").await.json()["error"]["message"].as_str().unwrap().contains("area, lost, share"));
}

#[tokio::test]
async fn a_list_sums_what_matches_and_tells_boxes_alone_where_no_shape_is_wanted() {
    let whole = get_json("/api/v1/zones?geometry=none&limit=1").await;
    assert_eq!((whole["n_matched"].as_u64(), whole["n_returned"].as_u64()), (Some(2), Some(1)));
    let summary = get_json("/api/v1/summary").await;
    assert_eq!(whole["area_m2"], summary["totals"]["area_m2"], "of both zones, not of the part");
    assert_eq!(whole["lost_m2"], summary["totals"]["lost_m2"]);
    assert_eq!(get_json("/api/v1/encroachments?geometry=none").await["area_m2"], summary["totals"]["lost_m2"], "land is lost once");
    // What is asked of events is what zones lost in them.
    let mut n_less = 0;
    for asked in ["right=unplanned", "right=permitted", "group=built", "change=new", "severity=3", "since=2024"] {
        let list = get_json(&format!("/api/v1/zones?{asked}&sort=-lost&geometry=none")).await;
        let of_asked = get_json(&format!("/api/v1/summary?{asked}")).await;
        assert_eq!(list["lost_m2"], of_asked["totals"]["lost_m2"], "{asked}");
        let n: u64 = list["features"].as_array().unwrap().iter().map(|zone| zone["properties"]["n_events"].as_u64().unwrap()).sum();
        assert_eq!(Some(n), of_asked["totals"]["n_events"].as_u64(), "{asked}");
        n_less += usize::from(list["lost_m2"].as_f64() < summary["totals"]["lost_m2"].as_f64());
    }
    assert!(n_less > 0, "something is left out by one of them");
    let zone = &whole["features"][0];
    assert!(zone["geometry"].is_null() && zone["bbox"].as_array().unwrap().len() == 4, "{zone}");
    let events = get_json("/api/v1/encroachments?geometry=none").await;
    let sum: f64 = events["features"].as_array().unwrap().iter().map(|f| f["properties"]["area_m2"].as_f64().unwrap()).sum();
    assert!(sum > 0.0 && (events["area_m2"].as_f64().unwrap() - sum).abs() < 0.2, "{sum}");
    assert!(events["features"][0]["geometry"].is_null() && events["features"][0]["bbox"].is_array());
}

#[tokio::test]
async fn what_is_typed_finds_events_by_their_zone_and_by_their_own_code() {
    for (typed, n) in [("dai%20thanh", 1), ("buoi", 1), ("ONT", 2), ("nothing", 0)] {
        let list = get_json(&format!("/api/v1/encroachments?q={typed}")).await;
        assert_eq!(list["n_matched"], n, "{typed}: {list}");
    }
    let event = &get_json("/api/v1/encroachments?q=dai%20thanh").await["features"][0]["properties"];
    assert_eq!((&event["zone_name"], &event["unit"]["code"]), (&json!("Vùng lúa Đại Thanh"), &json!("10001")));
}

/// The lines of a CSV that is served, without the mark at its head.
async fn lines(path: &str) -> Vec<String> {
    let answer = get(path).await;
    assert_eq!((answer.status, answer.header(header::CONTENT_TYPE)), (StatusCode::OK, "text/csv; charset=utf-8"), "{path}");
    let text = String::from_utf8(answer.body).unwrap();
    text.strip_prefix('\u{feff}').unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_table_has_the_rows_of_the_list_and_says_where_they_come_from() {
    let zones = lines("/api/v1/zones.csv?sort=-name&lang=en").await;
    assert_eq!(zones.len(), 3);
    let head =
        "id,name,kind,kind_name,unit,unit_name,code,area_m2,lost_m2,lost_share,n_events,licence,source,epoch,revision,date,simulated";
    assert_eq!(zones[0], head);
    assert!(zones[1].starts_with("a,Vùng lúa Đại Thanh,rice,Rice,10001,Đại Thanh,VN-HNOR-0001,40000,"), "{}", zones[1]);
    assert!(zones[1].contains(",2024,3,") && zones[1].ends_with(",0"), "{}", zones[1]);
    assert_eq!(lines("/api/v1/zones.csv?kind=fruit").await.len(), 2);
    assert_eq!(lines("/api/v1/zones.csv?q=nothing").await.len(), 1);
    let events = lines("/api/v1/encroachments.csv?sort=area").await;
    assert_eq!(events.len(), 1 + ids("/api/v1/encroachments").await.len());
    assert!(events[1].contains("Đất xây dựng") && events[1].contains("detected from"), "{}", events[1]);
    assert!(!events.concat().contains("CQP"), "defence land is in no table");
    for path in ["/api/v1/zones.xlsx?sort=-area", "/api/v1/encroachments.xlsx"] {
        let answer = get(path).await;
        assert!(answer.status == StatusCode::OK && answer.body.starts_with(b"PK"), "{path}");
        assert!(answer.header(header::CONTENT_DISPOSITION).contains("attachment; filename="), "{path}");
    }
    for path in ["/api/v1/zones.csv?limit=1", "/api/v1/zones.xlsx?sort=size", "/api/v1/encroachments.csv?kind=none"] {
        assert_eq!(get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn settings_open_one_host_for_the_basemap_and_put_the_licence_into_tables() {
    let settings =
        "licence = 'CC BY 4.0'\n[basemap]\nurl = 'https://tiles.example.vn/{z}/{x}/{y}.png'\nkind = 'raster'\nattribution = '© X'\n";
    let settings = Settings::parse(settings).unwrap();
    let set = router(App::configured(SITE.engine.clone(), 1 << 20, Readers::Direct, None, settings));
    let ask = async |router: &Router, path: &str| send(router, Request::get(path).body(Body::empty()).unwrap()).await;
    let (plain, with) = (ask(&SITE.router, "/styles/light.json").await, ask(&set, "/styles/light.json").await);
    let pinned = ask(&SITE.router, "/styles/light.json?rev=3").await;
    assert!(pinned.header(header::CACHE_CONTROL).contains("immutable"));
    let moves = ask(&set, "/styles/light.json?rev=3").await;
    assert!(!moves.header(header::CACHE_CONTROL).contains("immutable"), "the settings may be others after a start");
    let policy = |answer: &Answer| answer.header(header::CONTENT_SECURITY_POLICY).to_owned();
    let opened = policy(&with).replace(" https://tiles.example.vn;", ";");
    assert_eq!(opened, policy(&plain), "nothing else is opened");
    assert_eq!(policy(&with).matches("https://tiles.example.vn").count(), 2, "{}", policy(&with));
    assert!(plain.json()["metadata"].get("farmzone:basemap").is_none());
    let named = json!({ "url": "https://tiles.example.vn/{z}/{x}/{y}.png", "kind": "raster", "attribution": "© X" });
    let mut style = with.json();
    assert_eq!(style["metadata"].as_object_mut().unwrap().remove("farmzone:basemap"), Some(named));
    assert!(!style.to_string().contains("tiles.example.vn"), "named, and drawn by who wants it");
    let table = String::from_utf8(ask(&set, "/api/v1/zones.csv").await.body).unwrap();
    assert!(table.lines().skip(1).all(|line| line.contains(",CC BY 4.0,")), "{table}");
}

#[test]
fn a_server_with_a_mistake_in_its_settings_does_not_start() {
    let bench = Bench::with_workspace("EPSG:5897");
    let serve = |file: &str| bench.run(&["serve", "w.gpkg", "--bind", "127.0.0.1:0", "--settings", file]);
    bench.write("key.toml", "licence = 'x'\n\n[basemap]\ncolour = 'red'\n");
    serve("key.toml").refused(4, &["key.toml: line 4", "`colour`", "attribution"]);
    bench.write("url.toml", "[basemap]\nkind = 'raster'\nattribution = 'x'\nurl = 'https://*.example.vn/{z}/{x}/{y}.png'\n");
    serve("url.toml").refused(4, &["url.toml: line 4", "basemap.url", "*.example.vn"]);
    bench.write("bytes.toml", [0xff, 0xfe, 0x00]);
    serve("bytes.toml").refused(4, &["bytes.toml"]);
    serve("none.toml").refused(3, &["none.toml"]);
}
