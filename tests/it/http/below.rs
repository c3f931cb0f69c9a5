//! A site below a path of its host, as a proxy with other sites has it.

use farmzone::http::Readers;

use super::*;

#[tokio::test]
async fn a_site_below_a_path_answers_with_and_without_it_and_names_addresses_below_it() {
    let public_url = Some("https://map.example.vn/gis/hanoi".to_owned());
    let below = router(App::for_readers(SITE.engine.clone(), 1 << 20, Readers::Direct, public_url));
    let ask =
        async |path: &str| send(&below, Request::get(path).header(header::HOST, "map.example:8080").body(Body::empty()).unwrap()).await;
    let over_the_zones = tile_over_the_zones().await;
    for start in ["", "/gis/hanoi"] {
        assert_eq!(ask(&format!("{start}/health")).await.status, StatusCode::OK);
        assert_eq!(ask(&format!("{start}/")).await.status, StatusCode::OK);
        assert_eq!(ask(&format!("{start}/api/v1/zones?limit=1")).await.json()["n_returned"], 1);
        let style = ask(&format!("{start}/styles/light.json")).await.json();
        let tiles = style["sources"]["farmzone"]["tiles"][0].as_str().unwrap().to_owned();
        assert!(tiles.starts_with("http://map.example:8080/gis/hanoi/tiles/"), "{tiles}");
        let (glyphs, sprite) = (style["font-faces"].to_string(), style["sprite"].to_string());
        assert!([glyphs, sprite].iter().all(|text| text.contains("http://map.example:8080/gis/hanoi/")), "{style}");
        let tile = tiles.split("8080").nth(1).unwrap().replace("{z}/{x}/{y}", &over_the_zones);
        assert_eq!(ask(&tile).await.status, StatusCode::OK, "{tile}");
    }
    let moved = ask("/gis/hanoi").await;
    assert_eq!((moved.status, moved.headers[header::LOCATION].to_str().unwrap()), (StatusCode::PERMANENT_REDIRECT, "/gis/hanoi/"));
    for path in ["/gis", "/gis/hanoia/health", "/gis/hanoi/gis/hanoi/health"] {
        assert_eq!(ask(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
