//! Plans over HTTP: what a change must name, what a link shows, what listeners are told, and a kill while plans are published.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{approve, city, plan};
use crate::edits::{X, Y, ask, planner};
use crate::http::Served;
use crate::program::Bench;
use crate::store::outsider;

fn token(bench: &Bench, name: &str, scope: &str) -> String {
    let made = bench.run(&["user", "token", "w.gpkg", name, "--scope", scope, "--expires", "1"]).ok();
    format!("Authorization: Bearer {}\r\n", made["token"].as_str().unwrap())
}

/// Status and body of an answer; none when the connection broke off before all of it was here.
fn asked(address: &str, request: &str, headers: &str, body: &Value) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let (body, mut answer) = (body.to_string(), String::new());
    let length = body.len();
    let head = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}");
    stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).ok()?;
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    // A 204 has no body and no length.
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).or((status == 204).then_some("0"))?;
    (length == body.len().to_string()).then(|| (status, serde_json::from_str(body).unwrap_or(Value::Null)))
}

#[test]
fn a_change_over_http_names_the_revision_a_link_shows_its_plan_and_listeners_are_told() {
    let (bench, engine) = city();
    plan(&engine, "p1");
    plan(&engine, "p2");
    drop(engine);
    let planner = token(&bench, "lan", "make_plans,read_plans");
    let served = Served::over(&bench);
    let status = |request: &str, headers: &str, body: Value| asked(&served.address, request, headers, &body).unwrap().0;

    let mut listening = TcpStream::connect(&served.address).unwrap();
    listening.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    listening.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut told = BufReader::new(listening).lines().map_while(Result::ok);
    told.find(|line| line == "event: revision").expect("the present revision");

    let rename = |headers: &str| status("PATCH /api/v1/plans/p1", &format!("{planner}{headers}"), json!({ "name": "Khác" }));
    assert_eq!(rename(""), 428);
    assert_eq!(rename("If-Match: \"9\"\r\n"), 412);
    assert_eq!(rename("If-Match: seven\r\n"), 400);
    assert_eq!(rename("If-Match: \"1\"\r\n"), 200);
    // What a plan is called is nobody's business who only listens: a number is all that is told.
    assert!(told.any(|line| line == "event: plans"), "listeners are not told");
    assert_eq!(told.next().unwrap(), "data: {\"number\":3}");
    assert_eq!(rename("If-Match: \"1\"\r\n"), 412, "what was read is another by now");
    let submit = format!("{planner}If-Match: \"2\"\r\n");
    assert_eq!(status("POST /api/v1/plans/p1/submit", &submit, json!({})), 409, "it changes nothing yet");
    let remove = |headers: &str| status("DELETE /api/v1/plans/p2", &format!("{planner}{headers}"), json!({}));
    assert_eq!((remove(""), remove("If-Match: \"2\"\r\n")), (428, 412));

    let (_, shared) = asked(&served.address, "POST /api/v1/plans/p1/share", &planner, &json!({})).unwrap();
    let secret = shared["share"].as_str().unwrap();
    let read = |plan: &str, rest: &str| asked(&served.address, &format!("GET /api/v1/plans/{plan}{rest}"), "", &Value::Null).unwrap();
    for rest in ["", "/shapes?bbox=105,20,107,22", "/changes", "/figures"] {
        let and = if rest.contains('?') { '&' } else { '?' };
        assert_eq!(read("p1", rest).0, 401, "{rest} without the link");
        assert_eq!(read("p1", &format!("{rest}{and}share={secret}")).0, 200, "{rest}");
        assert_eq!(read("p1", &format!("{rest}{and}share={}", secret.replace(|_: char| true, "0"))).0, 404, "{rest}");
        assert_eq!(read("p2", &format!("{rest}{and}share={secret}")).0, 404, "{rest} of another plan");
    }
    let (_, shown) = read("p1", &format!("?share={secret}"));
    assert_eq!((&shown["name"], &shown["owner"], &shown["comments"]), (&json!("Khác"), &Value::Null, &Value::Null));
    assert_eq!(read("p1", &format!("/changes?with=p2&share={secret}")).0, 401, "a link shows no other plan");
    assert_eq!(status(&format!("PATCH /api/v1/plans/p1?share={secret}"), "If-Match: \"2\"\r\n", json!({ "name": "x" })), 401);
    assert_eq!(status("DELETE /api/v1/plans/p1/share", &planner, json!({})), 204);
    assert_eq!(read("p1", &format!("?share={secret}")).0, 404, "taken back");
}

#[test]
fn a_plan_is_published_whole_or_not_at_all_whenever_the_server_is_killed() {
    let (bench, engine) = city();
    // So many that none of the rounds publishes the last before it is killed, however quick the machine.
    const N_PLANS: usize = 64;
    for n in 0..N_PLANS {
        let id = format!("p{n}");
        plan(&engine, &id);
        // Two zones that share a border: one without the other would be half a plan.
        let (x, y) = (X + 5_000.0, Y + 100.0 * n as f64);
        let put = |side: &str, dx: f64| {
            let ring = [[x + dx, y], [x + dx + 40.0, y], [x + dx + 40.0, y + 40.0], [x + dx, y + 40.0]];
            json!({ "op": "put", "id": format!("{id}{side}"), "polygons": [[ring]], "properties": { "kind": "rice" } })
        };
        engine.edit_plan(&id, &ask("e1", json!({}), json!([put("w", 0.0), put("e", 40.0)])), &planner()).unwrap();
        approve(&engine, &id);
    }
    engine.close();
    drop(engine);
    let approver = token(&bench, "minh", "approve_plans,read_plans");
    let mut acknowledged = Vec::new();
    let mut next = 0;
    for round in 0..4 {
        let mut served = Served::over(&bench);
        let address = served.address.clone();
        let (tell, answers) = std::sync::mpsc::channel();
        let writer = std::thread::spawn({
            let approver = approver.clone();
            move || {
                while next < N_PLANS {
                    let request = format!("POST /api/v1/plans/p{next}/publish");
                    match asked(&address, &request, &approver, &json!({ "decision": "QĐ 12/2026" })) {
                        Some((200, _)) => tell.send(next).unwrap(),
                        // It was published before, and the answer was lost with the server.
                        Some((409, _)) => {}
                        Some((status, body)) => panic!("{status}: {body}"),
                        None => break,
                    }
                    next += 1;
                }
                next
            }
        });
        // The first is there; the kill comes somewhere in the next.
        acknowledged.push(answers.recv_timeout(Duration::from_secs(60)).unwrap());
        std::thread::sleep(Duration::from_millis(7 + 23 * round));
        served.child.kill().unwrap();
        next = writer.join().unwrap();
        acknowledged.extend(answers.try_iter());
        assert!(next < N_PLANS, "nothing was left to be killed");
    }
    let workspace = outsider(&bench.path("w.gpkg"));
    let is_published = |n: usize| -> bool {
        let count = |sql: &str| workspace.query_row(sql, [format!("p{n}")], |row| row.get::<_, i64>(0)).unwrap();
        let n_zones = count("SELECT count(*) FROM zones WHERE id IN (?1 || 'w', ?1 || 'e')");
        let n_edits = count("SELECT count(*) FROM farmzone_edits WHERE edit GLOB 'plan-' || ?1 || '-*'");
        let n_states = count("SELECT count(*) FROM farmzone_plans WHERE plan = ?1 AND state = 'published'");
        assert_eq!((n_zones, n_edits), (2 * n_states, n_states), "p{n} is half there");
        n_states == 1
    };
    let published: Vec<usize> = (0..N_PLANS).filter(|n| is_published(*n)).collect();
    assert!(acknowledged.iter().all(|n| published.contains(n)), "{acknowledged:?} were acknowledged, {published:?} are there");
    assert!(published.len() <= acknowledged.len() + 4, "each kill may cost one answer");
}
