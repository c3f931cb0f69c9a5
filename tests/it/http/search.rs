//! What the search box finds.

use super::*;

#[tokio::test]
async fn the_best_comes_first_and_a_guess_is_called_one() {
    let found = async |typed: &str| {
        let answer = get_json(&format!("/api/v1/search?q={}", typed.replace(' ', "%20"))).await;
        let first = answer["results"].get(0).map(|first| first["type"].clone());
        (first, answer["is_guess"].as_bool().unwrap())
    };
    let (unit, zone) = (Some(json!("unit")), Some(json!("zone")));
    assert_eq!(found("dai thanh").await, (unit.clone(), false));
    for mistyped in ["dai thnah", "daithanhh", "đai  thahn"] {
        assert_eq!(found(mistyped).await, (unit.clone(), true), "{mistyped}");
    }
    assert_eq!(found("VNHNOR0001").await, (zone, true));
    for nothing in ["VN-HNOR-0009", "dai txyah", "xyzzy", "d", "---"] {
        assert_eq!(found(nothing).await, (if nothing == "d" { unit.clone() } else { None }, false), "{nothing}");
    }
}

#[tokio::test]
async fn a_commune_is_found_by_those_that_it_was_made_of() {
    let bench = Bench::with_workspace("EPSG:5897");
    let units = [
        (json!({ "code": "10001", "name": "Mê Linh", "formerly": "Tráng Việt; Mê Linh", "phone": "0912345678" }), &square(X, Y, 500.0)[..]),
        (json!({ "code": "10002", "name": "Tráng An", "formerly": null, "phone": null }), &square(X + 500.0, Y, 500.0)[..]),
    ];
    let file = bench.write("boundaries.geojson", geojson_in(5897, &units));
    bench.import(&file, "boundaries", &["--keep", "phone", "--keep", "formerly"]).ok();
    let site = Site::over(bench);
    let found = async |typed: &str| {
        let asked = Request::get(format!("/api/v1/search?q={typed}")).body(Body::empty()).unwrap();
        let answer: Value = serde_json::from_slice(&send(&site.router, asked).await.body).unwrap();
        let told = |hit: &Value| (hit["id"].as_str().unwrap().to_owned(), hit["found_by"].as_str().map(str::to_owned));
        answer["results"].as_array().unwrap().iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(found("trang%20viet").await, [("10001".to_owned(), Some("Tráng Việt".to_owned()))]);
    assert_eq!(found("me%20linh").await, [("10001".to_owned(), None)]);
    assert_eq!(found("trang").await, [("10002".to_owned(), None), ("10001".to_owned(), Some("Tráng Việt".to_owned()))]);
    // What was meant says it too, and what was kept beside says nothing and is found by nobody.
    assert_eq!(found("trag%20viet").await, [("10001".to_owned(), Some("Tráng Việt".to_owned()))]);
    assert_eq!(found("me%20lnih").await, [("10001".to_owned(), None)]);
    assert!(found("0912345678").await.is_empty());
    let asked = Request::get("/api/v1/units").body(Body::empty()).unwrap();
    let units: Value = serde_json::from_slice(&send(&site.router, asked).await.body).unwrap();
    let names = units["units"].as_array().unwrap().iter().map(|u| u["former_names"].clone()).collect::<Vec<_>>();
    assert_eq!(names, [json!(["Tráng Việt", "Mê Linh"]), json!([])]);
    assert!(!units.to_string().contains("0912345678"));
}
