//! Pages without a script.

use super::*;

async fn page(path: &str, status: StatusCode) -> String {
    let answer = get(path).await;
    assert_eq!(answer.status, status, "{path}");
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert!(answer.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'; style-src 'self'"));
    String::from_utf8(answer.body).unwrap()
}

#[tokio::test]
async fn a_zone_has_a_page_that_says_what_the_api_says() {
    let card = get_json("/api/v1/zones/a").await;
    let text = page("/zones/a", StatusCode::OK).await;
    for said in
        ["Vùng lúa Đại Thanh", "VN-HNOR-0001", "Đại Thanh", "href=\"../#zone=a\"", "href=\"a?lang=en\"", "<svg role=\"img\"", "2024"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(card["properties"]["lost_m2"], 200.0);
    assert!(text.contains("4,00\u{a0}ha") && text.contains("200\u{a0}m²"), "{text}");
    let event = card["properties"]["events"][0]["id"].as_str().unwrap();
    assert!(text.contains(&format!("../#event={event}")));
    let english = page("/zones/a?lang=en", StatusCode::OK).await;
    assert!(english.contains("4.00\u{a0}ha") && english.contains("What was lost when") && english.contains("<html lang=\"en\">"));
    // Defence land is in none of it.
    assert!(!text.contains("CQP") && !text.contains("CAN"));
}

#[tokio::test]
async fn names_are_text_and_ids_that_never_were_have_a_page_too() {
    let text = page("/zones/b", StatusCode::OK).await;
    assert!(text.contains("Vùng bưởi &lt;b&gt;") && !text.contains("bưởi <b>"), "{text}");
    let none = page("/zones/%22%3E%3Cscript%3E", StatusCode::NOT_FOUND).await;
    assert!(!none.contains("<script") && none.contains("Không có vùng này"), "{none}");
    assert_eq!(get("/zones/a?lang=fr").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(get("/zones/a?x=1").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_list_leads_to_every_zone_and_is_searched_by_a_form() {
    let all = page("/zones", StatusCode::OK).await;
    assert!(all.contains("href=\"zones/a?lang=vi\"") && all.contains("href=\"zones/b?lang=vi\"") && all.contains("1–2 / 2"), "{all}");
    let rice = page("/zones?lang=en&kind=rice&unit=&q=dai%20thanh", StatusCode::OK).await;
    assert!(rice.contains("zones/a?lang=en") && !rice.contains("zones/b?"), "{rice}");
    assert!(rice.contains("<option value=\"rice\" selected>Rice</option>") && rice.contains("value=\"dai thanh\""), "{rice}");
    assert!(page("/zones?q=%3Cb%3Exyzzy", StatusCode::OK).await.contains("Không có vùng nào như vậy."));
    assert_eq!(get("/zones?kind=nothing").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_zone_that_was_retired_is_told_with_where_its_land_is() {
    let site = Site::over(workspace());
    let zones = site.engine.snapshot().shapes(None, &["a", "b"].map(str::to_owned)).unwrap()["zones"].clone();
    let base = json!({ "a": zones[0]["revision"], "b": zones[1]["revision"] });
    let merge = json!({ "id": "m", "reason": "secret reason", "base": base, "operations": [{ "op": "merge", "ids": ["a", "b"] }] });
    let planner =
        farmzone::access::Person { name: "lan".to_owned(), role: farmzone::access::Role::Planner, ..farmzone::access::Person::nobody() };
    site.engine.edit(&serde_json::from_value(merge).unwrap(), &planner).unwrap();
    let ask = async |id: &str| send(&site.router, Request::get(format!("/zones/{id}")).body(Body::empty()).unwrap()).await;
    let answer = ask("b").await;
    let text = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.status, StatusCode::GONE, "{text}");
    assert!(text.contains("Vùng này không còn") && text.contains("<a href=\"a?lang=vi\">a</a>"), "{text}");
    assert!(!text.contains("secret reason") && !text.contains("lan<"), "{text}");
    assert_eq!(ask("a").await.status, StatusCode::OK);
}
