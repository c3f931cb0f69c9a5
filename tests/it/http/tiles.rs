//! Tiles over HTTP: what is in them, in which coding, for how long.

use super::*;

#[tokio::test]
async fn a_tile_holds_what_lies_there_and_is_204_where_nothing_does() {
    let address = tile_over_the_zones().await;
    let answer = get(&format!("/tiles/zones,encroachments,units,landuse/{address}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/vnd.mapbox-vector-tile");
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    for word in ["zones", "encroachments", "units", "landuse", "rice", "ONT", "Vùng lúa Đại Thanh", "10001", "unknown", "severity"] {
        assert!(text.contains(word), "{word}");
    }
    let nothing = get("/tiles/zones,units/14/0/0").await;
    assert_eq!((nothing.status, nothing.body.len()), (StatusCode::NO_CONTENT, 0));
}

#[tokio::test]
async fn a_tile_is_filtered_by_kind_and_group_and_by_nothing_else() {
    let address = tile_over_the_zones().await;
    let text = async |layers: &str, query: &str| {
        let answer = get(&format!("/tiles/{layers}/{address}?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", String::from_utf8_lossy(&answer.body));
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    let rice = text("zones,landuse", "kind=rice").await;
    assert!(rice.contains("rice") && rice.contains("ONT") && !rice.contains("fruit"));
    let both = text("zones", "kind=rice,fruit").await;
    assert_eq!(both, text("zones", "").await);
    let built = text("landuse,zones", "group=built&kind=fruit").await;
    assert!(built.contains("ONT") && !built.contains("LUC") && built.contains("fruit") && !built.contains("VN-HNOR-0001"));
    assert_eq!(get(&format!("/tiles/zones/{address}?kind=tea")).await.status, StatusCode::NO_CONTENT);
    let no_group = "no group “castle”; there are built, transport, sealed, water, public, none, unmapped, road, place";
    for (query, what) in [("kind=silk", "no kind “silk”"), ("group=castle", no_group), ("unit=10001", "no parameter “unit”")] {
        let refused = get(&format!("/tiles/zones/{address}?{query}")).await;
        let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(refused.status == StatusCode::BAD_REQUEST && message.contains(what), "{query}: {message}");
        assert!(message.matches("water").count() <= 1, "{message}");
    }
}

#[tokio::test]
async fn a_tile_comes_in_the_coding_that_the_reader_likes_best() {
    let path = format!("/tiles/zones,units,landuse,encroachments/{}", tile_over_the_zones().await);
    let plain = get(&path).await;
    for (accepted, coding) in [("gzip, deflate, br, zstd", "zstd"), ("gzip", "gzip"), ("br", "br")] {
        let coded = get_with(&path, &[(header::ACCEPT_ENCODING, accepted)]).await;
        assert_eq!(coded.header(header::CONTENT_ENCODING), coding);
        assert_ne!((coded.header(header::ETAG), &coded.body), (plain.header(header::ETAG), &plain.body));
        let etag = coded.header(header::ETAG).to_owned();
        let again = get_with(&path, &[(header::ACCEPT_ENCODING, accepted), (header::IF_NONE_MATCH, &etag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{coding}");
    }
    for rubbish in ["", "\"", "W/", "*x", "\"a\", \"b", "\u{1}"] {
        let Ok(value) = header::HeaderValue::from_str(rubbish) else { continue };
        let answer = get_with(&path, &[(header::IF_NONE_MATCH, value.to_str().unwrap())]).await;
        assert_eq!(answer.status, StatusCode::OK, "{rubbish:?}");
    }
}

#[tokio::test]
async fn a_place_that_bears_its_units_name_is_left_to_the_units_label() {
    let bench = workspace();
    let place = |name: &str| json!({ "type": "Feature", "properties": { "group": "place", "name": name }, "geometry": { "type": "Point", "coordinates": [X + 50.0, Y + 50.0] } });
    let mut places: Value = serde_json::from_str(&geojson_in(5897, &[])).unwrap();
    places["features"] = json!([place("Đại Thanh"), place("Làng Vạc")]);
    bench.import(&bench.write("places.geojson", places.to_string()), "context", &[]).ok();
    let site = Site::over(bench);
    let address = format!("/tiles/context/{}", tile_over_the_zones().await);
    let answer = send(&site.router, Request::get(address).body(Body::empty()).unwrap()).await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("Làng Vạc") && !text.contains("Đại Thanh"), "{text}");
}

#[tokio::test]
async fn a_tile_stays_in_memory_when_the_change_was_elsewhere() {
    let site = Site::over(workspace());
    let tile = tile_over_the_zones().await;
    let ask = async |path: String| send(&site.router, Request::get(path).body(Body::empty()).unwrap()).await;
    let n_drawn = async || {
        let metrics = String::from_utf8(ask("/metrics".to_owned()).await.body).unwrap();
        metrics.lines().find_map(|l| l.strip_prefix("farmzone_tile_cache_misses_total ").map(str::to_owned)).unwrap()
    };
    let units = ask(format!("/tiles/units/{tile}")).await;
    ask(format!("/tiles/zones/{tile}")).await;
    assert_eq!(n_drawn().await, "2");
    let before = site.engine.snapshot().revision;
    let more = [(json!({ "id": "c", "kind": "tea" }), &square(X, Y + 200.0, 100.0)[..])];
    site._bench.import(&site._bench.write("more.geojson", geojson_in(5897, &more)), "zones", &["--append"]).ok();
    let revision = site.engine.wait_for_change(before, std::time::Duration::from_secs(20));
    let again = ask(format!("/tiles/units/{tile}?rev={revision}")).await;
    assert_eq!((n_drawn().await.as_str(), &again.body), ("2", &units.body));
    assert!(again.header(header::CACHE_CONTROL).contains("immutable"));
    assert!(String::from_utf8_lossy(&ask(format!("/tiles/zones/{tile}")).await.body).contains("tea"));
    assert_eq!(n_drawn().await, "3");
}

#[tokio::test]
async fn a_pinned_tile_is_of_the_revision_that_its_address_names() {
    let site = Site::over(workspace());
    let address = |json: Value| json["tiles"][0].as_str().unwrap().replace("http://127.0.0.1", "");
    let tile_json = async || send(&site.router, Request::get("/tiles/zones.json").body(Body::empty()).unwrap()).await.json();
    let tile = tile_over_the_zones().await;
    let ask = async |address: &str| {
        let path = address.replace("{z}/{x}/{y}", &tile);
        send(&site.router, Request::get(path).body(Body::empty()).unwrap()).await
    };
    let old = address(tile_json().await);
    assert!(ask(&old).await.header(header::CACHE_CONTROL).contains("immutable"));
    let before = site.engine.snapshot().revision;
    let more = [(json!({ "id": "c", "kind": "tea" }), &square(X, Y + 200.0, 100.0)[..])];
    site._bench.import(&site._bench.write("more.geojson", geojson_in(5897, &more)), "zones", &["--append"]).ok();
    let revision = site.engine.wait_for_change(before, std::time::Duration::from_secs(20));
    let new = address(tile_json().await);
    assert!(new != old && new.contains(&format!("rev={revision}&pin={}", site.engine.snapshot().pin())), "{new}");
    let stale = ask(&old).await;
    assert_eq!(stale.header(header::CACHE_CONTROL), "no-cache", "what it shows is not what the address names");
    let fresh = ask(&new).await;
    assert!(fresh.header(header::CACHE_CONTROL).contains("immutable"));
    assert!(String::from_utf8_lossy(&fresh.body).contains("tea"));
}

#[tokio::test]
async fn who_names_maplibre_tiles_gets_the_same_features_as_such() {
    use mlt_core::{Decoder, Layer, Parser, mvt::mvt_to_tile_layers};
    // Labels in an address are layers too, and a layer where nothing lies has no features.
    let path = format!("/tiles/zones,encroachments,units,landuse,context,zone_labels/{}", tile_over_the_zones().await);
    let mvt = get(&path).await;
    let mlt = get_with(&path, &[(header::ACCEPT, "application/vnd.maplibre-tile")]).await;
    assert_eq!((mlt.status, mlt.header(header::CONTENT_TYPE)), (StatusCode::OK, "application/vnd.maplibre-tile"));
    assert_ne!(mlt.header(header::ETAG), mvt.header(header::ETAG));
    let mut decoder = Decoder::default();
    let layers = Parser::default().parse_layers(&mlt.body).unwrap();
    let mut n_features = 0;
    for (layer, drawn) in layers.into_iter().zip(mvt_to_tile_layers(&mvt.body).unwrap()) {
        let Layer::Tag01(layer) = layer else { panic!("a layer that nobody wrote") };
        let layer = layer.into_tile(&mut decoder).unwrap();
        assert_eq!((layer.name(), layer.extent(), layer.feature_count()), (drawn.name(), drawn.extent(), drawn.feature_count()));
        for (feature, drawn) in layer.features().iter().zip(drawn.features()) {
            assert_eq!(feature.geometry(), drawn.geometry());
            n_features += 1;
        }
    }
    assert!(n_features > 4, "{n_features}");
    // A city's land in words: what the columns hold.
    for word in ["rice", "ONT", "10001"] {
        assert!(String::from_utf8_lossy(&mlt.body).contains(word), "{word}");
    }
    let mvt_type = "application/vnd.mapbox-vector-tile";
    for (accepted, given) in [
        ("*/*", mvt_type),
        ("application/vnd.maplibre-tile;q=0", mvt_type),
        ("application/vnd.maplibre-tile;q=0.5, application/vnd.mapbox-vector-tile", mvt_type),
        ("Application/vnd.maplibre-tile, */*;q=0.1", "application/vnd.maplibre-tile"),
    ] {
        assert_eq!(get_with(&path, &[(header::ACCEPT, accepted)]).await.header(header::CONTENT_TYPE), given, "{accepted}");
    }
    let nothing = get_with("/tiles/zones,units/14/0/0", &[(header::ACCEPT, "application/vnd.maplibre-tile")]).await;
    assert_eq!((nothing.status, nothing.body.len()), (StatusCode::NO_CONTENT, 0));
}
