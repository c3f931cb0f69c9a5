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
