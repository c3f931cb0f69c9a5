//! The register over HTTP: who reads who holds a code, and that a file is kept against what was looked at.

use super::*;

#[tokio::test]
async fn a_file_is_kept_against_the_register_that_was_looked_at_and_holders_are_for_officers_and_administrators() {
    let site = Site::new();
    let mut people = Vec::new();
    for role in ["officer", "planner", "approver", "administrator"] {
        site.add(role, role, &[]);
        people.push((role, site.signed_in(role).await));
    }
    let officer = &people[0].1;
    let file = "code,crop,Số điện thoại\nVN-HNOR-0001,Lúa,0912345678\nnope,,\n";
    let send = async |more: &str, shown: &Shown| {
        let path = format!("/api/v1/imports?as=codes&filename=r.csv{more}");
        site.send("POST", &path, shown, Body::from(file)).await
    };
    let look = send("", officer).await.json();
    assert_eq!((&look["n_add"], &look["kept"]), (&json!(1), &json!(false)));
    let without = send("&keep=true", officer).await;
    assert!(without.status == 400 && without.message().contains("revision"), "{}", without.message());
    let keep = format!("&keep=true&revision={}", look["revision"]);
    assert_eq!(send(&keep, officer).await.json()["kept"], true);
    let again = send(&keep, officer).await;
    assert_eq!((again.status, again.json()["error"]["code"].clone()), (409, json!("conflict")), "it was looked at before that");
    assert!(again.json()["error"]["revision"].as_u64() > look["revision"].as_u64());
    let issues = send("", &officer.with("accept", "text/csv")).await;
    assert!(String::from_utf8(issues.body).unwrap().contains("malformed_code,3,"));
    for (role, shown) in &people {
        let card = site.ask("GET", "/api/v1/codes/VN-HNOR-0001", shown, None).await.json();
        let phone = &card["records"][0]["private"]["phone"];
        let reads = ["officer", "administrator"].contains(role);
        assert_eq!((phone == "0912345678", card["records"][0].get("private").is_some()), (reads, reads), "{role}");
        assert_eq!(card["records"][0]["crop"], "Lúa", "{role}");
    }
}

#[tokio::test]
async fn how_a_partner_is_reached_is_for_officers_and_administrators() {
    let site = Site::new();
    let mut people = vec![("viewer", nobody())];
    for role in ["officer", "planner", "approver", "administrator"] {
        site.add(role, role, &[]);
        people.push((role, site.signed_in(role).await));
    }
    let file = "id,name,Số điện thoại,CCCD\nC1,HTX A,0912345678,001099000123\n";
    let officer = &people[1].1;
    let path = "/api/v1/imports?as=partners&filename=p.csv";
    let look = site.send("POST", path, officer, Body::from(file)).await.json();
    assert_eq!((&look["n_add"], &look["kept"]), (&json!(1), &json!(false)), "{look}");
    let keep = format!("{path}&keep=true&revision={}", look["revision"]);
    assert_eq!(site.send("POST", &keep, officer, Body::from(file)).await.json()["kept"], true);
    assert_eq!(site.send("POST", &keep, officer, Body::from(file)).await.status, 409, "it was looked at before that");
    for (role, shown) in &people {
        for path in ["/api/v1/partners/C1", "/api/v1/partners", "/api/v1/search?q=0912345678"] {
            let answer = site.ask("GET", path, shown, None).await;
            let reads = ["officer", "administrator"].contains(role) && path.ends_with("C1");
            let text = answer.json().to_string();
            assert_eq!((answer.status, text.contains("0912345678"), text.contains("001099000123")), (200, reads, reads), "{role} {path}");
        }
    }
}
