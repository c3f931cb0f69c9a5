//! Open data: what may be taken along, as what, with what its fields mean, and nothing that is not public.

use farmzone::http::{Readers, Settings};

use super::*;

async fn ask(router: &Router, path: &str) -> Answer {
    send(router, Request::get(path).body(Body::empty()).unwrap()).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[tokio::test]
async fn every_layer_that_is_told_comes_in_every_format_with_the_fields_that_are_told() {
    let settings = Settings::parse("licence = 'CC BY 4.0'\n").unwrap();
    let set = router(App::configured(SITE.engine.clone(), 1 << 20, Readers::Direct, None, settings));
    let list = ask(&set, "/api/v1/data").await.json();
    assert_eq!(list["licence"], "CC BY 4.0");
    let names: Vec<&str> = list["layers"].as_array().unwrap().iter().map(|layer| layer["layer"].as_str().unwrap()).collect();
    assert_eq!(names, ["zones", "encroachments_2024", "landuse_2024", "units"]);
    let dictionary = text(&ask(&set, "/api/v1/data/fields.csv").await);
    for layer in list["layers"].as_array().unwrap() {
        let name = layer["layer"].as_str().unwrap();
        let fields: Vec<&str> = layer["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
        for field in layer["fields"].as_array().unwrap() {
            let [name_of_field, vi, en] = [&field["name"], &field["meaning"]["vi"], &field["meaning"]["en"]].map(|v| v.as_str().unwrap());
            assert!(!vi.is_empty() && !en.is_empty() && vi != en, "{name} {name_of_field}");
            assert!(dictionary.contains(&format!("{name},{name_of_field},")), "{name} {name_of_field}");
        }
        for file in layer["files"].as_array().unwrap() {
            let file = file.as_str().unwrap();
            let answer = ask(&set, &format!("/api/v1/data/{file}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{file}");
            assert_eq!(answer.header(header::CONTENT_LENGTH), answer.body.len().to_string(), "{file}");
            let saved = answer.header(header::CONTENT_DISPOSITION);
            assert!(saved.contains(&format!("filename=\"farmzone-{name}-")) && saved.contains("attachment"), "{saved}");
            if file.ends_with(".csv") {
                let table = text(&answer);
                let head: Vec<&str> = table.lines().next().unwrap().trim_end_matches(",wkt").split(',').collect();
                assert_eq!(head, fields, "{file}: the dictionary is that of the file");
                assert!(table.lines().skip(1).all(|line| line.contains(",CC BY 4.0,")), "{table}");
            } else if file.ends_with(".geojson") {
                let read = answer.json();
                assert_eq!(read["about"]["licence"], "CC BY 4.0");
                assert!(read["fields"].as_object().unwrap().values().all(|meaning| meaning.as_str().unwrap().contains(" / ")));
                let n = read["features"].as_array().unwrap().len() as u64;
                assert!(layer["n_features"].is_null() && name.starts_with("landuse") || layer["n_features"] == n, "{file}: {n}");
            } else {
                assert!(answer.body.starts_with(b"SQLite format 3\0"), "{file}");
            }
        }
    }
}

#[tokio::test]
async fn a_geopackage_says_what_its_fields_mean_and_under_what_terms_it_is() {
    let settings = Settings::parse("licence = 'CC BY 4.0'\n").unwrap();
    let set = router(App::configured(SITE.engine.clone(), 1 << 20, Readers::Direct, None, settings));
    let bytes = ask(&set, "/api/v1/data/zones.gpkg").await.body;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zones.gpkg");
    std::fs::write(&path, bytes).unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    let one = |sql: &str| file.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let meaning = one("SELECT description FROM gpkg_data_columns WHERE table_name = 'zones' AND column_name = 'lost_m2'");
    assert!(meaning.contains("Lost by the latest epoch") && meaning.contains("(m²)"), "{meaning}");
    let n_unexplained = "SELECT count(*) FROM pragma_table_info('zones') WHERE name NOT IN ('fid', 'geom')
        AND name NOT IN (SELECT column_name FROM gpkg_data_columns WHERE table_name = 'zones')";
    assert_eq!(file.query_row(n_unexplained, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    assert_eq!(one("SELECT DISTINCT extension_name FROM gpkg_extensions WHERE table_name = 'gpkg_data_columns'"), "gpkg_schema");
    assert!(one("SELECT description FROM gpkg_contents WHERE table_name = 'zones'").contains("licence: CC BY 4.0"));
    assert_eq!(one("SELECT DISTINCT licence FROM zones"), "CC BY 4.0");
}

#[tokio::test]
async fn what_is_not_public_is_in_no_file_and_what_is_not_there_is_told() {
    for file in ["landuse_2024.geojson", "landuse_2024.csv", "zones.geojson", "encroachments_2024.csv"] {
        let data = text(&get(&format!("/api/v1/data/{file}")).await);
        assert!(!data.contains("CQP") && !data.contains("CAN\"") && !data.contains(",CAN,"), "{file}");
    }
    let list = get_json("/api/v1/data").await;
    assert_eq!(list["licence"], Value::Null);
    assert!(!text(&get("/api/v1/data/zones.csv").await).lines().next().unwrap().contains("licence"), "nobody states one");
    for name in
        ["codes.csv", "permits.gpkg", "farmzone_edits.csv", "zones.exe", "zones", "..%2Fw.gpkg", "landuse_1999.csv", "zones.csv.gpkg"]
    {
        let answer = get(&format!("/api/v1/data/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
    }
    assert_eq!(get("/api/v1/data/zones.csv?crs=3857").await.status, StatusCode::BAD_REQUEST);
    let whatever = Request::get("/api/v1/data/codes.csv").header(header::IF_NONE_MATCH, "*").body(Body::empty()).unwrap();
    assert_eq!(send(&SITE.router, whatever).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_is_made_once_for_a_state_of_the_data() {
    let first = get("/api/v1/data/zones.geojson").await;
    let again = Request::get("/api/v1/data/zones.geojson").header(header::IF_NONE_MATCH, first.header(header::ETAG));
    let answer = send(&SITE.router, again.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(get("/api/v1/data/zones.geojson").await.body, first.body);
    // Other terms stand in every row.
    let settings = Settings::parse("licence = 'Another'\n").unwrap();
    let other = router(App::configured(SITE.engine.clone(), 1 << 20, Readers::Direct, None, settings));
    assert_ne!(ask(&other, "/api/v1/data/zones.geojson").await.header(header::ETAG), first.header(header::ETAG));
}

#[tokio::test]
async fn the_page_of_data_leads_to_every_file_in_both_languages() {
    let list = get_json("/api/v1/data").await;
    for (lang, said) in
        [("vi", ["Dữ liệu mở", "Máy chủ này chưa nêu giấy phép", "Ý nghĩa"]), ("en", ["Open data", "states no licence", "Meaning"])]
    {
        let answer = get(&format!("/data?lang={lang}")).await;
        assert!(answer.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'; style-src 'self'"));
        let page = text(&answer);
        for file in list["layers"].as_array().unwrap().iter().flat_map(|layer| layer["files"].as_array().unwrap()) {
            assert!(page.contains(&format!("href=\"api/v1/data/{}\"", file.as_str().unwrap())), "{file}");
        }
        assert!(said.iter().all(|said| page.contains(said)) && page.contains("<code>lost_m2</code>"), "{page}");
    }
    assert_eq!(get("/data?lang=fr").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn zones_of_a_past_revision_come_as_they_were() {
    let bench = crate::edits::loaded();
    let engine = crate::edits::engine(&bench);
    let rev = engine.snapshot().revision;
    let before = engine.snapshot().shapes(None, &["a".to_owned()]).unwrap();
    let edit = crate::edits::ask(
        "e1",
        json!({ "a": before["zones"][0]["revision"] }),
        json!([{ "op": "put", "id": "a", "properties": { "name": "Đồng mới" } }]),
    );
    engine.edit(&edit, &crate::edits::planner()).unwrap();
    let site = router(App::configured(engine, 1 << 20, Readers::Direct, None, Settings::default()));
    let names = |answer: &Answer| -> Vec<Value> {
        answer.json()["features"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["properties"]["id"] == "a")
            .map(|f| f["properties"]["name"].clone())
            .collect()
    };
    let (now, then) = (ask(&site, "/api/v1/data/zones.geojson").await, ask(&site, &format!("/api/v1/data/zones.geojson?rev={rev}")).await);
    assert_eq!((names(&now), names(&then).len()), (vec![json!("Đồng mới")], 1));
    assert_ne!(names(&now), names(&then));
    assert_eq!((&then.json()["about"]["revision"], &now.json()["about"]["revision"]), (&json!(rev), &json!(rev + 1)));
    assert_eq!(then.json()["features"].as_array().unwrap().len(), now.json()["features"].as_array().unwrap().len());
    assert_ne!(then.header(header::ETAG), now.header(header::ETAG));
    let again = Request::get(format!("/api/v1/data/zones.geojson?rev={rev}")).header(header::IF_NONE_MATCH, then.header(header::ETAG));
    assert_eq!(send(&site, again.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);
    let list = ask(&site, &format!("/api/v1/data?rev={rev}")).await.json();
    assert_eq!((&list["revision"], &list["present_revision"], list["layers"].as_array().unwrap().len()), (&json!(rev), &json!(rev + 1), 1));
    assert_eq!(list["layers"][0]["files"][0], format!("zones.gpkg?rev={rev}"));
    // What is the present revision now will be a past one, of which there is less to tell.
    let present = ask(&site, &format!("/api/v1/data?rev={}", rev + 1)).await;
    assert_eq!((present.header(header::CACHE_CONTROL), present.json()["layers"].as_array().unwrap().len() > 1), ("no-cache", true));
    let page = text(&ask(&site, &format!("/data?lang=en&rev={rev}")).await);
    assert!(page.contains("as that revision had them") && page.contains(&format!("zones.csv?rev={rev}\"")), "{page}");
    // What is not known is told, as a page too; nothing is guessed.
    for (path, status) in [
        (format!("/api/v1/data/units.geojson?rev={rev}"), StatusCode::NOT_FOUND),
        (format!("/api/v1/data/zones.geojson?rev={}", rev + 9), StatusCode::NOT_FOUND),
        ("/api/v1/data/zones.geojson?rev=0".to_owned(), StatusCode::NOT_FOUND),
        ("/api/v1/data/zones.geojson?rev=x".to_owned(), StatusCode::BAD_REQUEST),
        (format!("/data?rev={}", rev + 9), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(ask(&site, &path).await.status, status, "{path}");
    }
    let out = bench.path("then.csv");
    bench.run(&["export", "w.gpkg", out.to_str().unwrap(), "--rev", &rev.to_string()]).ok();
    assert!(!std::fs::read_to_string(out).unwrap().contains("Đồng mới"));
}
