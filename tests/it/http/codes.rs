//! Codes are checked for everybody, so that little is taken at once.

use super::*;

#[tokio::test]
async fn what_anybody_may_send_is_bounded_and_a_list_more_than_a_file() {
    let check = async |media: &str, body: Vec<u8>| {
        let request = Request::post("/api/v1/codes/check").header(header::CONTENT_TYPE, media).body(Body::from(body)).unwrap();
        send(&SITE.router, request).await
    };
    let list = |n: usize| serde_json::to_vec(&json!({ "codes": vec!["VN-HNOR-0001 "; n] })).unwrap();
    for (media, body) in [("application/json", vec![b' '; 3 << 20]), ("text/csv", vec![b'x'; 9 << 20])] {
        let answer = check(media, body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (413, &json!("too_large")), "{media}");
    }
    assert_eq!(check("application/json", list(10_001)).await.status, 400);
    let most = check("application/json", list(10_000)).await;
    assert_eq!((most.status.as_u16(), most.json()["by_verdict"].clone()), (200, json!({ "unknown": 10_000 })), "there is no register");
    let file = check("text/csv", "mã\nVN-HNOR-0001\n".repeat(100_000).into_bytes()).await;
    assert_eq!(file.status, 400, "more than ten thousand");
}
