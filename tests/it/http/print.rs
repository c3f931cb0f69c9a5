//! A map on a sheet of paper, and in a frame of another site.

use farmzone::http::{Readers, Settings};

use super::*;

/// In the middle of the zones, degrees.
async fn middle() -> [f64; 2] {
    let bounds = get_json("/api/v1/summary").await["bounds"].clone();
    let at = |i: usize| bounds[i].as_f64().unwrap();
    [(at(0) + at(2)) / 2.0, (at(1) + at(3)) / 2.0]
}

#[tokio::test]
async fn a_map_is_printed_at_a_scale_and_as_it_fits() {
    let [lon, lat] = middle().await;
    for (query, name) in [
        (String::new(), "map.pdf"),
        (
            format!("?center={lon},{lat}&scale=2500&paper=a3&orientation=portrait&layers=zones,encroachments,landuse&epoch=2024"),
            "map-1-2500.pdf",
        ),
        (
            format!("?bbox={},{},{},{}&kind=rice&unit=10001&right=unknown&zone=a&lang=en", lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01),
            "map.pdf",
        ),
        (format!("?center={lon},{lat}&scale=5000000&title=%3Cb%3E%23panic(1)&view=map%3D11/21/105"), "map-1-5000000.pdf"),
    ] {
        let answer = get(&format!("/api/v1/print.pdf{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/pdf");
        assert_eq!(answer.header(header::CONTENT_DISPOSITION), format!("inline; filename=\"{name}\""));
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        assert!(answer.body.starts_with(b"%PDF-1."));
        // A size of paper, in points: vectors on it, and no picture of pixels.
        let text = String::from_utf8_lossy(&answer.body);
        let long = if query.contains("a3") { "1190.5" } else { "841.8" };
        assert!(text.contains("/MediaBox") && text.contains(long), "{query}");
        assert!(!text.contains("/Subtype /Image") && !text.contains("/Subtype/Image"), "{query}");
    }
}

/// Four bytes a pixel, by GDAL, and how wide and high.
fn pixels(webp: &[u8]) -> (Vec<[u8; 4]>, [usize; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.webp");
    std::fs::write(&path, webp).unwrap();
    let read = gdal::Dataset::open(&path).unwrap();
    let (width, height) = read.raster_size();
    let bands: Vec<_> = (1..=4).map(|n| read.rasterband(n).unwrap().read_band_as::<u8>().unwrap()).collect();
    ((0..width * height).map(|at| std::array::from_fn(|n| bands[n].data()[at])).collect(), [width, height])
}

/// A commune four kilometres wide, in it a square kilometre of rice, of which a quarter is built on.
fn wide() -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let load = |role: &str, facts: Value, ring: &[[f64; 2]], more: &[&str]| {
        let file = bench.write(&format!("{role}.geojson"), geojson_in(5897, &[(facts, ring)]));
        bench.import(&file, role, more).ok();
    };
    load("boundaries", json!({ "code": "10001", "name": "Đại Thanh" }), &square(X, Y, 4_000.0), &[]);
    load("zones", json!({ "id": "a", "kind": "rice" }), &square(X + 1_000.0, Y + 1_000.0, 1_000.0), &[]);
    load("landuse", json!({ "id": "house", "code": "ONT" }), &square(X + 1_000.0, Y + 1_000.0, 500.0), &["--epoch", "2024"]);
    bench
}

#[tokio::test]
async fn the_whole_map_is_a_small_picture_in_its_colours() {
    let site = Site::over(wide());
    let ask = async |path: &str| send(&site.router, Request::get(path).body(Body::empty()).unwrap()).await;
    let first = ask("/api/v1/overview.webp").await;
    assert_eq!((first.status, first.header(header::CONTENT_TYPE)), (StatusCode::OK, "image/webp"));
    let again = Request::get("/api/v1/overview.webp?theme=light").header(header::IF_NONE_MATCH, first.header(header::ETAG));
    assert_eq!(send(&site.router, again.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);
    assert_ne!(ask("/api/v1/overview.webp?theme=dark").await.header(header::ETAG), first.header(header::ETAG));
    for wrong in ["theme=print", "width=10"] {
        assert_eq!(ask(&format!("/api/v1/overview.webp?{wrong}")).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }

    let bounds: Vec<f64> = ask("/api/v1/summary").await.json()["bounds"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let mercator = |lat: f64| lat.to_radians().tan().asinh().to_degrees();
    let (wide, high) = (bounds[2] - bounds[0], mercator(bounds[3]) - mercator(bounds[1]));
    let (seen, [width, height]) = pixels(&first.body);
    assert_eq!(width.max(height), 640);
    assert!((width as f64 / height as f64 - wide / high).abs() < 0.005, "{width} × {height} for {wide} × {high}");
    // Metres east and north of the commune's corner.
    let at = |east: f64, north: f64| {
        let [x, y] = [east / 4_000.0 * width as f64, (1.0 - north / 4_000.0) * height as f64];
        seen[y as usize * width + x as usize]
    };
    let style = ask("/styles/light.json").await.json();
    let paint = |id: &str| style["layers"].as_array().unwrap().iter().find(|layer| layer["id"] == id).unwrap()["paint"].clone();
    let channel = |color: &str, i: usize| f64::from(u8::from_str_radix(&color[1 + 2 * i..3 + 2 * i], 16).unwrap());
    let like = |[r, g, b, alpha]: [u8; 4], wanted: [f64; 3], what: &str| {
        assert_eq!(alpha, 255, "{what}");
        let near = [r, g, b].into_iter().zip(wanted).all(|(is, wanted)| (f64::from(is) - wanted).abs() < 12.0);
        assert!(near, "{what}: {:?} for {wanted:?}", [r, g, b]);
    };
    let ground = paint("units-fill")["fill-color"].as_str().unwrap().to_owned();
    like(at(3_000.0, 3_000.0), std::array::from_fn(|i| channel(&ground, i)), "the commune");
    // A zone has its kind's colour over the ground.
    let opacity = paint("zones-fill")["fill-opacity"].as_f64().unwrap();
    let cases = paint("zones-fill")["fill-color"].clone();
    let rice = cases.as_array().unwrap().iter().skip_while(|part| *part != "rice").nth(1).unwrap().as_str().unwrap().to_owned();
    let over = |i| channel(&rice, i) * opacity + channel(&ground, i) * (1.0 - opacity);
    like(at(1_750.0, 1_750.0), std::array::from_fn(over), "rice");
    // Without permits nobody knows by what right it was lost, and it is seen all the same.
    let lost = paint("encroachments-fill")["fill-color"].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    like(at(1_250.0, 1_250.0), std::array::from_fn(|i| channel(&lost, i)), "lost land");

    // Another picture when the map is another; one transparent pixel where there is nothing, or little.
    let more = [(json!({ "id": "b", "kind": "rice" }), &square(X + 2_500.0, Y + 2_500.0, 1_000.0)[..])];
    let before = site.engine.snapshot().revision;
    site._bench.import(&site._bench.write("more.geojson", geojson_in(5897, &more)), "zones", &["--append"]).ok();
    site.engine.wait_for_change(before, std::time::Duration::from_secs(20));
    assert_ne!(ask("/api/v1/overview.webp").await.header(header::ETAG), first.header(header::ETAG));
    for without in [Bench::with_workspace("EPSG:5897"), workspace()] {
        let site = Site::over(without);
        let answer = send(&site.router, Request::get("/api/v1/overview.webp").body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(pixels(&answer.body), (vec![[0, 0, 0, 0]], [1, 1]));
    }
}

#[tokio::test]
async fn a_map_is_a_picture_too_for_a_screen_that_cannot_draw_it() {
    let [lon, lat] = middle().await;
    let path = format!("/api/v1/print.svg?center={lon},{lat}&scale=5000&width=400&height=300&kind=rice&zone=a&lang=en");
    let first = get(&path).await;
    assert_eq!(first.status, StatusCode::OK, "{}", String::from_utf8_lossy(&first.body));
    assert_eq!(first.header(header::CONTENT_TYPE), "image/svg+xml");
    assert!(first.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"));
    let svg = String::from_utf8(first.body.clone()).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("<title>Map of ") && svg.contains("Rice") && !svg.contains("<script"), "{svg}");
    let again = Request::get(&path).header(header::IF_NONE_MATCH, first.header(header::ETAG)).body(Body::empty()).unwrap();
    assert_eq!(send(&SITE.router, again).await.status, StatusCode::NOT_MODIFIED);
    for wrong in ["width=10", "height=100000", "paper=a4", "view=map", "zone=none", "bbox=2,48,3,49"] {
        assert_eq!(get(&format!("/api/v1/print.svg?{wrong}")).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn what_cannot_be_printed_is_refused_with_why() {
    let [lon, lat] = middle().await;
    for (query, said) in [
        ("center=105.8,21".to_owned(), "scale"),
        (format!("center={lon},{lat}&scale=50"), "scale"),
        ("center=2.35,48.85&scale=10000".to_owned(), "nothing of the map lies there"),
        ("bbox=2,48,3,49".to_owned(), "nothing of the map lies there"),
        ("layers=zones,secret".to_owned(), "secret"),
        ("paper=a0".to_owned(), "a4"),
        ("kind=nothing".to_owned(), "nothing"),
        ("unit=99999".to_owned(), "99999"),
        ("zone=none".to_owned(), "none"),
        ("epoch=1999".to_owned(), "1999"),
        ("view=a%20b".to_owned(), "view"),
        (format!("title={}", "x".repeat(200)), "title"),
        ("dpi=300".to_owned(), "dpi"),
    ] {
        let answer = get(&format!("/api/v1/print.pdf?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains(said), "{query}: {}", answer.json());
    }
}

#[tokio::test]
async fn an_empty_map_says_that_there_is_nothing_to_print() {
    let site = Site::over(Bench::with_workspace("EPSG:5897"));
    let answer = send(&site.router, Request::get("/api/v1/print.pdf").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("empty"));
}

#[tokio::test]
async fn the_bare_page_may_be_framed_by_those_whom_the_settings_name_and_nothing_else_by_anybody() {
    let settings = Settings::parse("embed_origins = ['https://news.example.vn', 'http://127.0.0.1:9']\n").unwrap();
    let set = router(App::configured(SITE.engine.clone(), 1 << 20, Readers::Direct, None, settings));
    let ask = async |router: &Router, path: &str| send(router, Request::get(path).body(Body::empty()).unwrap()).await;
    // Without a built page the server's own stands there, with a policy of its own.
    let framed = ask(&set, "/?embed=1").await;
    assert!(!framed.headers.contains_key(header::X_FRAME_OPTIONS));
    if framed.header(header::CONTENT_SECURITY_POLICY).contains("script-src") {
        let policy = framed.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("frame-ancestors https://news.example.vn http://127.0.0.1:9"), "{policy}");
        let plain = ask(&set, "/").await.header(header::CONTENT_SECURITY_POLICY).to_owned();
        assert_eq!(policy.replace("https://news.example.vn http://127.0.0.1:9", "'none'"), plain, "nothing else is opened");
    }
    for path in [
        "/",
        "/?embed=0",
        "/?x=embed=1",
        "/?embed=0&embed=1",
        "/?%65mbed=0&embed=1",
        "/api/v1/summary",
        "/zones?lang=vi",
        "/docs?embed=1",
        "/verify/a",
    ] {
        let answer = ask(&set, path).await;
        assert_eq!(answer.header(header::X_FRAME_OPTIONS), "DENY", "{path}");
        assert!(!answer.header(header::CONTENT_SECURITY_POLICY).contains("news.example.vn"), "{path}");
    }
    assert_eq!(ask(&SITE.router, "/?embed=1").await.header(header::X_FRAME_OPTIONS), "DENY", "nobody is named");
}
