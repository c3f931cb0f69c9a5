//! Codes are checked for everybody, so that little is taken at once.

use super::*;

#[tokio::test]
async fn markets_and_grammars_are_those_of_the_rules() {
    let request = Request::get("/api/v1/codes/rules").body(Body::empty()).unwrap();
    let rules = send(&SITE.router, request).await.json();
    let list =
        |of: &str, field: &str| rules[of].as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert!(list("markets", "key").starts_with(&["VN".to_owned(), "CHN".to_owned()]), "{rules}");
    assert_eq!(list("grammars", "id").len(), 4);
    assert!(list("grammars", "pattern").iter().all(|pattern| pattern.starts_with('^') && pattern.ends_with('$')), "{rules}");
}

#[tokio::test]
async fn what_anybody_may_send_is_bounded_and_a_list_more_than_a_file() {
    let check = async |media: &str, body: Vec<u8>| {
        let request = Request::post("/api/v1/codes/check").header(header::CONTENT_TYPE, media).body(Body::from(body)).unwrap();
        send(&SITE.router, request).await
    };
    let list = |n: usize| serde_json::to_vec(&json!({ "codes": vec!["VN-HNOR-0001 "; n] })).unwrap();
    for (media, body) in [("application/json", vec![b' '; 3 << 20]), ("text/csv", vec![b'x'; 17 << 20])] {
        let answer = check(media, body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (413, &json!("too_large")), "{media}");
    }
    assert_eq!(check("application/json", list(10_001)).await.status, 400);
    let most = check("application/json", list(10_000)).await;
    assert_eq!((most.status.as_u16(), most.json()["by_verdict"].clone()), (200, json!({ "unknown": 10_000 })), "there is no register");
    let file = async |n: usize| check("text/csv", format!("mã\n{}", "VN-HNOR-0001\n".repeat(n)).into_bytes()).await;
    let longest = file(200_000).await;
    assert_eq!((longest.status.as_u16(), longest.json()["by_verdict"].clone()), (200, json!({ "unknown": 200_000 })));
    assert_eq!((longest.json()["n"].clone(), longest.json()["results"].as_array().unwrap().len()), (json!(200_000), 10_000));
    assert_eq!(file(200_001).await.status, 400, "more than two hundred thousand");
    // The page refuses what the server would.
    let page = [include_str!("../../../assets/src/api/codes.ts"), include_str!("../../../assets/src/core/officer/codes.ts")].concat();
    for bound in ["MOST_CHECK_BYTES = 16 * 1024 * 1024;", "MOST_CODES = 10_000;", "MOST_LISTED = 200_000;", "'.xlsx,.xlsm,.csv,.tsv,.txt'"]
    {
        assert!(page.contains(bound), "{bound}");
    }
}
