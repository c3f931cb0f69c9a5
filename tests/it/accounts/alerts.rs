//! The work list over HTTP: what an officer does from the first look to the end, what others see of it, and what hostile
//! readers send.

use std::time::Duration;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value as Exif};

use super::*;

const X: f64 = 580_000.0;
const Y: f64 = 2_320_000.0;

fn of_square(id: &str, code: &str, x: f64, y: f64, side: f64) -> (Value, [[f64; 2]; 5]) {
    (json!({ "id": id, "code": code }), square(x, y, side))
}

fn land_use(bench: &Bench, epoch: &str, features: &[(Value, [[f64; 2]; 5])], more: &[&str]) -> Value {
    let features: Vec<(Value, &[[f64; 2]])> = features.iter().map(|(facts, ring)| (facts.clone(), &ring[..])).collect();
    let file = bench.write("landuse.geojson", geojson_in(5897, &features));
    bench.import(&file, "landuse", &[&["--epoch", epoch], more].concat()).ok()
}

fn house(side: f64) -> (Value, [[f64; 2]; 5]) {
    of_square("house", "ONT", X + 10.0, Y + 10.0, side)
}

fn road() -> (Value, [[f64; 2]; 5]) {
    of_square("road", "DGT", X + 300.0, Y + 20.0, 40.0)
}

/// Rice in one commune and fruit in another; in 2025 a house stands in the rice and a road goes through the fruit.
fn office() -> Site {
    let bench = Bench::with_workspace("EPSG:5897");
    let units = [
        (json!({ "code": "10001", "name": "Đại Thanh" }), &square(X, Y, 200.0)[..]),
        (json!({ "code": "10002", "name": "Thường Tín" }), &square(X + 200.0, Y, 200.0)[..]),
    ];
    let zones = [
        (json!({ "id": "a", "kind": "rice", "name": "Lúa <b>Đại Thanh</b>" }), &square(X, Y, 200.0)[..]),
        (json!({ "id": "b", "kind": "fruit" }), &square(X + 200.0, Y, 200.0)[..]),
    ];
    bench.import(&bench.write("units.geojson", geojson_in(5897, &units)), "boundaries", &[]).ok();
    bench.import(&bench.write("zones.geojson", geojson_in(5897, &zones)), "zones", &[]).ok();
    let fields = of_square("fields", "LUC", X, Y, 400.0);
    land_use(&bench, "2019", std::slice::from_ref(&fields), &[]);
    land_use(&bench, "2025", &[fields, house(30.0), road()], &[]);
    bench.run(&["detect", "w.gpkg"]).ok();
    Site::serving(bench, Readers::Direct)
}

impl Site {
    async fn get(&self, path: &str, shown: &Shown) -> Value {
        let answer = self.ask("GET", path, shown, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.message());
        answer.json()
    }

    /// The id of the event of a land-use code.
    async fn event(&self, code: &str) -> String {
        let found = self.get("/api/v1/encroachments", &nobody()).await;
        let event = found["features"].as_array().unwrap().iter().find(|e| e["properties"]["code"] == code).unwrap();
        event["id"].as_str().unwrap().to_owned()
    }

    async fn step(&self, shown: &Shown, event: &str, etag: &Value, status: &str, reason: &str) -> Answer {
        let shown = shown.with("if-match", &format!("\"{}\"", etag.as_str().unwrap()));
        let body = json!({ "status": status, "reason": reason });
        self.ask("POST", &format!("/api/v1/alerts/{event}/step"), &shown, Some(&body)).await
    }

    /// Through some statuses, each with a reason; the last card.
    async fn through(&self, shown: &Shown, event: &str, statuses: &[&str]) -> Value {
        let mut card = self.get(&format!("/api/v1/alerts/{event}"), shown).await;
        for status in statuses {
            let answer = self.step(shown, event, &card["etag"], status, "đã xem").await;
            assert_eq!(answer.status, 200, "{status}: {}", answer.message());
            card = answer.json();
        }
        card
    }

    /// Waits until the server shows what a command wrote.
    async fn follows(&self, written: &Value) {
        let revision = written["revision"].as_u64().unwrap();
        for _ in 0..500 {
            if self.get("/health", &nobody()).await["revision"].as_u64().unwrap() >= revision {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not follow");
    }

    async fn lost_m2(&self) -> (Value, Value, Value) {
        let summary = self.get("/api/v1/summary", &nobody()).await;
        let zone = self.get("/api/v1/zones/a", &nobody()).await;
        let figures = self.get("/api/v1/figures?by=city", &nobody()).await;
        (summary["totals"]["lost_m2"].clone(), zone["properties"]["lost_m2"].clone(), figures["rows"][0]["lost_m2"].clone())
    }
}

#[tokio::test]
async fn an_alert_goes_its_way_and_of_two_officers_at_once_one_is_told() {
    let site = office();
    site.add("lan", "officer", &[]);
    site.add("minh", "officer", &[]);
    let (lan, minh) = (site.signed_in("lan").await, site.signed_in("minh").await);
    let event = site.event("ONT").await;
    let path = format!("/api/v1/alerts/{event}");
    let list = site.get("/api/v1/alerts", &lan).await;
    assert_eq!((&list["n"], &list["by_status"]["new"]), (&json!(2), &json!(2)));
    let card = site.get(&path, &lan).await;
    for (name, value) in [
        ("zone_id", json!("a")),
        ("kind", json!("rice")),
        ("unit", json!("10001")),
        ("unit_name", json!("Đại Thanh")),
        ("group", json!("built")),
        ("area_m2", json!(900.0)),
        ("status", json!("new")),
        ("next", json!(["checked"])),
        ("is_gone", json!(false)),
        ("assigned", json!(null)),
        ("is_overdue", json!(false)),
    ] {
        assert_eq!(card[name], value, "{name}");
    }
    // Neither without saying what was seen, nor what is no step, nor without a reason.
    let bare = site.ask("POST", &format!("{path}/step"), &lan, Some(&json!({ "status": "checked" }))).await;
    assert_eq!(bare.status, 428, "{}", bare.message());
    let wrong = site.step(&lan, &event, &card["etag"], "closed", "").await;
    assert_eq!((wrong.status, wrong.message().contains("it can become checked")), (409, true), "{}", wrong.message());
    assert_eq!(site.step(&lan, &event, &card["etag"], "finished", "").await.status, 400);
    // Two have read the same card; the second to write is told what it is now.
    let first = site.step(&lan, &event, &card["etag"], "checked", "").await;
    assert_eq!(first.status, 200, "{}", first.message());
    let second = site.step(&minh, &event, &card["etag"], "checked", "").await;
    assert_eq!((second.status, &second.json()["error"]["etag"]), (412, &first.json()["etag"]), "{}", second.message());
    let checked = first.json();
    let reasonless = site.step(&minh, &event, &checked["etag"], "rejected", "  ").await;
    assert_eq!((reasonless.status, reasonless.message().contains("a reason is needed")), (400, true));
    let closed = site.through(&minh, &event, &["confirmed", "handed_over", "closed"]).await;
    let steps: Vec<(&str, &str)> =
        closed["steps"].as_array().unwrap().iter().map(|s| (s["status"].as_str().unwrap(), s["who"].as_str().unwrap())).collect();
    assert_eq!(steps, [("checked", "lan"), ("confirmed", "minh"), ("handed_over", "minh"), ("closed", "minh")]);
    assert_eq!(closed["steps"][1]["reason"], "đã xem");
    // Everybody sees how far it is, nobody without an account who did what.
    let public = site.get(&format!("/api/v1/encroachments/{event}"), &nobody()).await;
    assert_eq!(public["properties"]["status"], "closed");
    assert!(!public.to_string().contains("minh") && !public.to_string().contains("đã xem"), "{public}");
    let listed = site.get("/api/v1/encroachments?status=closed", &nobody()).await;
    assert_eq!((&listed["n_matched"], &listed["features"][0]["id"]), (&json!(1), &json!(event)));
    let exported = site.bench.run(&["export", "w.gpkg", "e.geojson", "--layer", "encroachments"]).ok();
    let text = std::fs::read_to_string(site.bench.path("e.geojson")).unwrap();
    assert!(exported["n_features"] == 2 && text.contains("\"status\":\"closed\"") && text.contains("\"status\":\"new\""), "{text}");
    let listed = site.bench.run(&["alerts", "w.gpkg", "--status", "closed"]).ok();
    assert_eq!((&listed["n"], &listed["alerts"][0]["event_id"]), (&json!(1), &json!(event)));
    assert!(site.bench.text(&["alerts", "w.gpkg", "--digest"]).contains("Đại Thanh: 1 alerts"));
}

#[tokio::test]
async fn a_rejected_event_is_no_loss_and_stays_rejected_until_it_grows() {
    let site = office();
    site.add("lan", "officer", &[]);
    let register = site.bench.write("register.csv", "code,crop,market,zone_ids,issued\nVN-HNOR-0001,Lúa,CHN,a,2021-01-01\n");
    site.follows(&site.bench.import(&register, "codes", &[]).ok()).await;
    let is_encroached = async || site.get("/api/v1/codes/VN-HNOR-0001", &nobody()).await["check"].to_string().contains("encroached");
    assert!(is_encroached().await);
    let lan = site.signed_in("lan").await;
    let event = site.event("ONT").await;
    let path = format!("/api/v1/alerts/{event}");
    assert_eq!(site.lost_m2().await, (json!(2_500.0), json!(900.0), json!(2_500.0)));
    let tile = |answer: &Answer, words: &str| answer.body.windows(words.len()).any(|part| part == words.as_bytes());
    let center = site.get(&format!("/api/v1/encroachments/{event}"), &nobody()).await["properties"]["center"].clone();
    let [lon, lat] = [0, 1].map(|i| center[i].as_f64().unwrap());
    let address = {
        let n = f64::from(1u32 << 14);
        let y = (1.0 - (lat.to_radians().tan().asinh() / std::f64::consts::PI)) / 2.0;
        format!("/tiles/encroachments/14/{}/{}", ((lon + 180.0) / 360.0 * n) as u32, (y * n) as u32)
    };
    assert!(tile(&site.ask("GET", &address, &nobody(), None).await, &event));
    site.through(&lan, &event, &["checked"]).await;
    assert!(tile(&site.ask("GET", &address, &nobody(), None).await, "checked"));
    site.through(&lan, &event, &["rejected"]).await;
    assert!(!is_encroached().await, "nor is it held against the code");
    let without = (json!(1_600.0), json!(0.0), json!(1_600.0));
    assert_eq!(site.lost_m2().await, without);
    assert!(!tile(&site.ask("GET", &address, &nobody(), None).await, &event), "nor is it on the map");
    let listed = site.get("/api/v1/encroachments", &nobody()).await;
    assert_eq!(listed["n_matched"], 1, "rejected ones are listed when they are asked for");
    assert_eq!(site.get("/api/v1/encroachments?status=rejected,closed", &nobody()).await["features"][0]["id"], json!(event));
    assert!(!site.get("/api/v1/feed.json", &nobody()).await.to_string().contains(&event));
    let data = site.get("/api/v1/data", &nobody()).await;
    let lost = data["layers"].as_array().unwrap().iter().find(|l| l["role"] == "encroachments").unwrap();
    assert_eq!(lost["n_features"], 1, "what is taken along is what the map shows");
    let file = format!("/api/v1/data/{}.csv", lost["layer"].as_str().unwrap());
    let rows = String::from_utf8(site.ask("GET", &file, &nobody(), None).await.body).unwrap();
    assert!(rows.lines().count() == 2 && !rows.contains(&event), "{rows}");

    // Found anew, with another piece elsewhere: it stays what it was judged to be.
    land_use(&site.bench, "2025", &[of_square("shop", "TMD", X + 230.0, Y + 120.0, 20.0)], &["--append"]);
    site.bench.run(&["detect", "w.gpkg"]).ok();
    let layers = site.bench.run(&["layers", "w.gpkg"]).ok();
    let latest = layers["layers"].as_array().unwrap().iter().map(|l| l["revision"].as_u64().unwrap()).max().unwrap();
    site.follows(&json!({ "revision": latest })).await;
    assert_eq!(site.lost_m2().await, (json!(2_000.0), json!(0.0), json!(2_000.0)));
    let card = site.get(&path, &lan).await;
    assert_eq!((&card["status"], &card["note"]), (&json!("rejected"), &json!(null)));

    // Drawn a little otherwise it is the same; with 10 % more land somebody has to look again.
    site.follows(&land_use(&site.bench, "2025", &[house(30.2)], &["--update"])).await;
    assert_eq!(site.get(&path, &lan).await["status"], "rejected");
    site.follows(&land_use(&site.bench, "2025", &[house(31.5)], &["--update"])).await;
    let card = site.get(&path, &lan).await;
    assert_eq!((&card["status"], &card["steps"][2]["status"], &card["steps"][2]["who"]), (&json!("new"), &json!("new"), &json!(null)));
    assert!(card["note"]["vi"].as_str().unwrap().contains("92.3 m²") && card["etag"].as_str().unwrap().ends_with("-again"), "{card}");
    assert_eq!(site.lost_m2().await.1, json!(992.3));
    let card = site.through(&lan, &event, &["checked", "rejected"]).await;
    let statuses: Vec<&str> = card["steps"].as_array().unwrap().iter().map(|step| step["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["checked", "rejected", "new", "checked", "rejected"], "its whole history");
    assert_eq!(site.lost_m2().await.1, json!(0.0));

    // The house is pulled down: the history stays.
    let fields = of_square("fields", "LUC", X, Y, 400.0);
    site.follows(&land_use(&site.bench, "2025", &[fields, road()], &["--replace"])).await;
    let card = site.get(&path, &lan).await;
    assert_eq!((&card["is_gone"], &card["status"], card["steps"].as_array().unwrap().len()), (&json!(true), &json!("rejected"), 5));
    assert_eq!(site.get("/api/v1/alerts?status=rejected", &lan).await["n"], 1);
}

#[tokio::test]
async fn an_alert_is_given_to_who_may_work_on_it_until_a_day_to_come() {
    let site = office();
    for (name, role, more) in [
        ("lan", "officer", &[][..]),
        ("xa", "officer", &["--unit", "10002"]),
        ("tra", "officer", &["--kind", "tea"]),
        ("plan", "planner", &[]),
    ] {
        site.add(name, role, more);
    }
    let (lan, xa) = (site.signed_in("lan").await, site.signed_in("xa").await);
    let (rice, fruit) = (site.event("ONT").await, site.event("DGT").await);
    let patch = async |shown: &Shown, event: &str, body: Value| {
        let etag = site.get(&format!("/api/v1/alerts/{event}"), shown).await["etag"].clone();
        let shown = shown.with("if-match", etag.as_str().unwrap());
        site.ask("PATCH", &format!("/api/v1/alerts/{event}"), &shown, Some(&body)).await
    };
    let far = patch(&xa, &rice, json!({ "assigned": "xa" })).await;
    assert_eq!((far.status, far.message().contains("10002")), (403, true), "{}", far.message());
    for (name, why) in [("tra", "tea"), ("plan", "handle_alerts"), ("nobody", "no account"), ("xa", "10002")] {
        let refused = patch(&lan, &rice, json!({ "assigned": name })).await;
        assert_eq!((refused.status, refused.message().contains(why)), (400, true), "{name}: {}", refused.message());
    }
    for due in ["1970-01-01", "2026-02-30", "soon", "9999-12-31"] {
        assert_eq!(patch(&lan, &rice, json!({ "due": due })).await.status, 400, "{due}");
    }
    assert_eq!(site.ask("PATCH", &format!("/api/v1/alerts/{rice}"), &lan, Some(&json!({}))).await.status, 428);
    let given = patch(&lan, &fruit, json!({ "assigned": "XA", "due": "2099-01-31" })).await;
    assert_eq!((given.status, &given.json()["assigned"], &given.json()["due"]), (200, &json!("xa"), &json!("2099-01-31")));
    let own = site.get("/api/v1/alerts?assigned=xa&due_before=2099-02-01&sort=due", &xa).await;
    assert_eq!((&own["n"], &own["alerts"][0]["event_id"]), (&json!(1), &json!(fruit)));
    assert_eq!(site.get("/api/v1/alerts?assigned=!", &xa).await["n"], 1);
    // Not done in time.
    site.private().execute("UPDATE alerts SET due = '2020-01-01'", []).unwrap();
    assert_eq!(site.get(&format!("/api/v1/alerts/{fruit}"), &xa).await["is_overdue"], true);
    let digest = site.get("/api/v1/alerts/digest", &xa).await;
    let names: Vec<&str> = digest["units"].as_array().unwrap().iter().map(|unit| unit["unit_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Đại Thanh", "Thường Tín"]);
    assert_eq!(
        (&digest["units"][1]["n_overdue"], &digest["units"][1]["by_group"]["transport"]),
        (&json!(1), &json!({ "n": 1, "area_m2": 1600.0 }))
    );
    assert_eq!(site.get("/api/v1/alerts/digest?since=2099-01-01", &xa).await["units"], json!([]));
    let done = patch(&xa, &fruit, json!({ "assigned": null, "due": null })).await.json();
    assert_eq!((&done["assigned"], &done["due"], &done["is_overdue"]), (&json!(null), &json!(null), &json!(false)));
    assert_eq!(site.ask("GET", "/api/v1/alerts?unit=99999", &lan, None).await.status, 400);
    assert_eq!(site.ask("GET", "/api/v1/alerts?due_before=1970", &lan, None).await.status, 400);
}

/// A JPEG of one pixel with a place and a second picture behind its end.
fn photo(lonlat: [f64; 2]) -> Vec<u8> {
    let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
    let text = |text: &str| Exif::Ascii(vec![text.as_bytes().to_vec()]);
    let angle = |degrees: f64| Exif::Rational(vec![Rational { num: (degrees * 1e7).round() as u32, denom: 10_000_000 }]);
    let fields = [
        field(Tag::Make, text("PHONE OF LAN")),
        field(Tag::DateTimeOriginal, text("2026:11:20 09:30:05")),
        field(Tag::GPSLatitudeRef, text("N")),
        field(Tag::GPSLatitude, angle(lonlat[1])),
        field(Tag::GPSLongitudeRef, text("E")),
        field(Tag::GPSLongitude, angle(lonlat[0])),
    ];
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut exif = std::io::Cursor::new(b"Exif\0\0".to_vec());
    exif.set_position(6);
    let mut tiff = std::io::Cursor::new(Vec::new());
    writer.write(&mut tiff, true).unwrap();
    let exif = [exif.into_inner(), tiff.into_inner()].concat();
    let segment = |marker: u8, contents: &[u8]| [&[0xFF, marker][..], &(contents.len() as u16 + 2).to_be_bytes(), contents].concat();
    let picture = [segment(0xC0, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]), segment(0xDA, &[1, 1, 0, 0, 63, 0]), b"\x12\xFF\xD9".to_vec()].concat();
    [&b"\xFF\xD8"[..], &segment(0xE1, &exif), &picture, b"\xFF\xD8", &segment(0xE1, &exif), &picture].concat()
}

#[tokio::test]
async fn photos_tell_their_place_to_the_register_and_to_nobody_else() {
    let site = office();
    site.add("lan", "officer", &[]);
    site.add("plan", "planner", &[]);
    let (lan, plan) = (site.signed_in("lan").await, site.signed_in("plan").await);
    let event = site.event("ONT").await;
    let path = format!("/api/v1/alerts/{event}/photos");
    let center = site.get(&format!("/api/v1/encroachments/{event}"), &nobody()).await["properties"]["center"].clone();
    let at = [0, 1].map(|i| center[i].as_f64().unwrap());
    let sent = site.send("POST", &format!("{path}?filename=nh%C3%A0%2F..%2Fkho.HEIC"), &lan, Body::from(photo(at))).await;
    assert_eq!(sent.status, 200, "{}", sent.message());
    let facts = sent.json();
    assert_eq!(
        (&facts["name"], &facts["media_type"], &facts["taken"]),
        (&json!("kho.jpg"), &json!("image/jpeg"), &json!("2026-11-20T09:30:05"))
    );
    assert_eq!((&facts["distance_m"], &facts["who"]), (&json!(0.0), &json!("lan")));
    let away = site.send("POST", &path, &lan, Body::from(photo([at[0], at[1] + 0.01]))).await.json();
    let distance_m = away["distance_m"].as_f64().unwrap();
    assert!((1_050.0..1_110.0).contains(&distance_m), "a hundredth of a degree, less half a house: {distance_m}");
    assert_eq!(site.send("POST", &path, &lan, Body::from(photo([2.35, 48.85]))).await.json()["at"], json!([2.35, 48.85]));

    let shown = site.ask("GET", &format!("{path}/{}", facts["id"]), &plan, None).await;
    assert_eq!((shown.status, shown.header(header::CONTENT_TYPE), shown.header(header::CACHE_CONTROL)), (200, "image/jpeg", "no-store"));
    for secret in [&b"Exif"[..], b"PHONE", b"2026:"] {
        assert!(!shown.body.windows(secret.len()).any(|part| part == secret), "{}", String::from_utf8_lossy(secret));
    }
    assert_eq!(Some(shown.body.len() as u64), facts["bytes"].as_u64());
    let kept: Vec<u8> = site.private().query_row("SELECT bytes FROM alert_photos WHERE id = 1", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, shown.body, "what is not shown is not kept either");

    // What is no photo, whatever it says it is.
    let page = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for (body, status) in
        [(page.as_bytes().to_vec(), 415), (Vec::new(), 415), (photo(at)[..40].to_vec(), 422), (b"\0\0\0\x18ftypheic".to_vec(), 415)]
    {
        let image = lan.with("content-type", "image/jpeg");
        let refused = site.send("POST", &format!("{path}?filename=a.jpg"), &image, Body::from(body)).await;
        assert_eq!(refused.status, status, "{}", refused.message());
    }
    // 50 MB are refused by what is announced, before any of it comes, and by what comes.
    let announced = lan.with("content-length", "52428800");
    assert_eq!(site.send("POST", &path, &announced, Body::empty()).await.status, 413);
    assert_eq!(site.send("POST", &path, &lan, Body::from(vec![0xFF; 21 << 20])).await.status, 413);
    let card = site.get(&format!("/api/v1/alerts/{event}"), &plan).await;
    assert_eq!((&card["n_photos"], card["photos"].as_array().unwrap().len()), (&json!(3), 3));
    assert_eq!(site.ask("GET", &format!("{path}/99"), &lan, None).await.status, 404);
    assert_eq!(site.ask("GET", &format!("{path}/1%27%20OR%201"), &lan, None).await.status, 404);
}

#[tokio::test]
async fn notes_are_text_bounded_and_for_officers_alone() {
    let site = office();
    site.add("lan", "officer", &[]);
    let lan = site.signed_in("lan").await;
    let event = site.event("ONT").await;
    let path = format!("/api/v1/alerts/{event}/notes");
    let note = async |text: &str| site.ask("POST", &path, &lan, Some(&json!({ "text": text }))).await;
    let script = "<script>alert('x')</script> '; DROP TABLE alerts; --";
    assert_eq!(note(script).await.json()["text"], json!(script));
    for (text, status) in [
        ("", 400),
        ("   ", 400),
        (&"x".repeat(4_001)[..], 400),
        (&"ộ".repeat(10_000)[..], 400),
        ("a\u{0}b", 400),
        (&"x".repeat(70_000)[..], 413),
    ] {
        assert_eq!(note(text).await.status, status, "{} characters", text.chars().count());
    }
    let card = site.get(&format!("/api/v1/alerts/{event}"), &lan).await;
    assert_eq!((&card["n_notes"], &card["notes"][0]["text"], &card["notes"][0]["who"]), (&json!(1), &json!(script), &json!("lan")));
    assert_eq!(site.ask("GET", &format!("/api/v1/alerts/{event}"), &nobody(), None).await.status, 401);
    let public = ["feed.json", "feed.rss", "encroachments", "summary"];
    for path in public {
        let answer = site.ask("GET", &format!("/api/v1/{path}"), &nobody(), None).await;
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert!(answer.status == 200 && !text.contains("alert('x')"), "{path}");
    }
    let rss = site.ask("GET", "/api/v1/feed.rss?kind=rice", &nobody(), None).await;
    let text = String::from_utf8(rss.body.clone()).unwrap();
    assert!(text.contains("Lúa &lt;b&gt;Đại Thanh&lt;/b&gt;") && text.contains(&event) && !text.contains("DGT"), "{text}");
    assert_eq!(rss.header(header::CONTENT_TYPE), "application/rss+xml; charset=utf-8");
    let again = site.ask("GET", "/api/v1/feed.rss?kind=rice", &nobody().with("if-none-match", rss.header(header::ETAG)), None).await;
    assert_eq!(again.status, 304);
    let feed = site.get("/api/v1/feed.json?unit=10002", &nobody()).await;
    assert_eq!((feed["items"].as_array().unwrap().len(), &feed["items"][0]["_farmzone"]["code"]), (1, &json!("DGT")));
}

#[tokio::test]
async fn what_is_kept_of_alerts_goes_into_a_copy_and_stays_with_a_workspace_without_accounts() {
    let site = office();
    site.add("lan", "officer", &[]);
    let lan = site.signed_in("lan").await;
    let event = site.event("ONT").await;
    site.through(&lan, &event, &["checked", "rejected"]).await;
    site.bench.run(&["backup", "w.gpkg", "copy.gpkg"]).ok();
    let card = |workspace: &str| site.bench.run(&["alerts", workspace, "--status", "rejected"]).ok();
    assert_eq!(card("copy.gpkg")["alerts"][0]["event_id"], json!(event));
    std::fs::remove_file(site.bench.path("copy.private.sqlite")).unwrap();
    assert_eq!(card("copy.gpkg")["n"], 1, "the status is the map's");
}
