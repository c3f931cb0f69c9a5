//! Who may do what, over HTTP and on the command line: every route with every role, and what an attacker tries.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use farmzone::access::{Action, Person, may};
use farmzone::engine::{Engine, Rulebook};
use farmzone::http::{App, Readers, router};
use farmzone::model::Role;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::program::{Bench, geojson_in, square};

mod alerts;
mod register;
mod walk;

const PASSWORD: &str = "lúa nếp cái hoa vàng";
const HOST: &str = "map.example";

/// A workspace of one commune, served without a socket.
struct Site {
    bench: Bench,
    router: Router,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What a browser or a program shows of itself.
#[derive(Debug, Clone, Default)]
struct Shown {
    cookie: Option<String>,
    csrf: Option<String>,
    token: Option<String>,
    more: Vec<(&'static str, String)>,
}

impl Shown {
    fn with(&self, name: &'static str, value: &str) -> Shown {
        let mut shown = self.clone();
        shown.more.push((name, value.to_owned()));
        shown
    }
}

impl Site {
    fn new() -> Site {
        Site::for_readers(Readers::Direct)
    }

    fn for_readers(readers: Readers) -> Site {
        let bench = Bench::with_workspace("EPSG:5897");
        let units = [(json!({ "code": "10001", "name": "Đại Thanh" }), &square(580_000.0, 2_320_000.0, 700.0)[..])];
        bench.import(&bench.write("units.geojson", geojson_in(5897, &units)), "boundaries", &[]).ok();
        Site::serving(bench, readers)
    }

    fn serving(bench: Bench, readers: Readers) -> Site {
        let engine = Engine::serve(&bench.path("w.gpkg"), Rulebook::load(None).unwrap()).unwrap();
        Site { router: router(App::for_readers(engine, 1 << 20, readers, None)), bench }
    }

    /// Made on the command line, while it is served.
    fn add(&self, name: &str, role: &str, more: &[&str]) {
        let mut args = vec!["user", "add", "w.gpkg", name, "--role", role, "--password-stdin"];
        args.extend(more);
        let answer = with_stdin(&self.bench, &args, PASSWORD);
        assert_eq!(answer.code, 0, "{} {}", answer.json, answer.stderr);
    }

    async fn ask(&self, method: &str, path: &str, shown: &Shown, body: Option<&Value>) -> Answer {
        let json = || shown.with("content-type", "application/json");
        let (shown, body) = body.map_or((shown.clone(), Body::empty()), |body| (json(), Body::from(body.to_string())));
        self.send(method, path, &shown, body).await
    }

    async fn send(&self, method: &str, path: &str, shown: &Shown, body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
        let cookie = shown.cookie.as_ref().map(|cookie| ("cookie", cookie.clone()));
        let csrf = shown.csrf.as_ref().map(|csrf| ("x-csrf-token", csrf.clone()));
        let token = shown.token.as_ref().map(|token| ("authorization", format!("Bearer {token}")));
        for (name, value) in cookie.into_iter().chain(csrf).chain(token).chain(shown.more.clone()) {
            request = request.header(name, value);
        }
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4_000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        // The stream of events never ends: its head says all.
        let is_stream = parts.headers.get(header::CONTENT_TYPE).is_some_and(|t| t == "text/event-stream");
        let body = if is_stream { Vec::new() } else { body.collect().await.unwrap().to_bytes().to_vec() };
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    async fn try_sign_in(&self, name: &str, password: &str, shown: &Shown) -> Answer {
        self.ask("POST", "/api/v1/session", shown, Some(&json!({ "name": name, "password": password }))).await
    }

    async fn signed_in(&self, name: &str) -> Shown {
        let answer = self.try_sign_in(name, PASSWORD, &Shown::default()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.message());
        let cookie = answer.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        let csrf = answer.json()["csrf"].as_str().unwrap().to_owned();
        Shown { cookie: Some(cookie), csrf: Some(csrf), ..Shown::default() }
    }

    /// The role that the server sees.
    async fn role_of(&self, shown: &Shown) -> Value {
        self.ask("GET", "/api/v1/session", shown, None).await.json()["role"].clone()
    }

    fn private(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.bench.path("w.private.sqlite")).unwrap()
    }
}

fn with_stdin(bench: &Bench, args: &[&str], line: &str) -> crate::program::Answer {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = bench.command(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses before it reads closes the pipe.
    let _ = writeln!(child.stdin.take().unwrap(), "{line}");
    crate::program::answer(&child.wait_with_output().unwrap())
}

fn nobody() -> Shown {
    Shown::default()
}

#[tokio::test]
async fn who_signs_in_gets_a_cookie_that_no_script_reads_and_signing_out_ends_it() {
    let site = Site::new();
    site.add("Lan", "planner", &["--kind", "rice", "--unit", "10001"]);
    let before = site.ask("GET", "/api/v1/session", &nobody(), None).await;
    let expected = json!({ "role": "viewer", "name": null, "kinds": [], "units": [], "csrf": null, "may": [], "revision": 1 });
    assert_eq!((before.json(), before.header(header::CACHE_CONTROL)), (expected, "no-cache"));
    let answer = site.try_sign_in(" LAN ", PASSWORD, &nobody()).await;
    let cookie = answer.header(header::SET_COOKIE).to_owned();
    let (secret, rest) = cookie.strip_prefix("farmzone_session=").unwrap().split_once("; ").unwrap();
    assert_eq!((secret.len(), rest), (64, "Path=/; HttpOnly; SameSite=Strict; Max-Age=604800"));
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let facts = answer.json();
    assert_eq!(
        facts["may"],
        json!(["read_edits", "edit_zones", "read_plans", "make_plans", "read_alerts", "read_register", "make_tokens"])
    );
    assert_eq!([&facts["name"], &facts["kinds"], &facts["units"]], [&json!("lan"), &json!(["rice"]), &json!(["10001"])]);
    assert!(!facts.to_string().contains(secret), "the secret is in the cookie alone");
    let shown =
        Shown { cookie: Some(format!("a=b; farmzone_session={secret}")), csrf: facts["csrf"].as_str().map(str::to_owned), ..nobody() };
    let again = site.ask("GET", "/api/v1/session", &shown, None).await;
    assert_eq!((again.json(), again.header(header::CACHE_CONTROL)), (facts, "no-store"));
    assert!(!again.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "for no other page");
    let out = site.ask("DELETE", "/api/v1/session", &shown, None).await;
    assert_eq!((out.status, &out.json()["role"]), (200, &json!("viewer")));
    assert!(out.header(header::SET_COOKIE).starts_with("farmzone_session=; ") && out.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(site.role_of(&shown).await, "viewer");
    let https = site.try_sign_in("lan", PASSWORD, &nobody().with("x-forwarded-proto", "https")).await;
    assert!(https.header(header::SET_COOKIE).ends_with("; Secure"));
}

#[tokio::test]
async fn what_another_page_sends_with_the_cookie_changes_nothing() {
    let site = Site::new();
    site.add("lan", "administrator", &[]);
    let ours = site.signed_in("lan").await;
    let new = json!({ "name": "minh", "role": "officer", "password": PASSWORD });
    let without = Shown { csrf: None, ..ours.clone() };
    let wrong = Shown { csrf: Some("0".repeat(64)), ..ours.clone() };
    for (shown, words) in [
        (&without, "X-CSRF-Token"),
        (&wrong, "X-CSRF-Token"),
        (&ours.with("origin", "https://evil.example"), "page of another host"),
        (&ours.with("origin", "null"), "page of another host"),
        (&ours.with("sec-fetch-site", "cross-site"), "page of another host"),
        (&ours.with("sec-fetch-site", "same-site"), "page of another host"),
    ] {
        let answer = site.ask("POST", "/api/v1/users", shown, Some(&new)).await;
        assert_eq!((answer.status, answer.message().contains(words)), (403, true), "{shown:?}: {}", answer.message());
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
    let listed = site.ask("GET", "/api/v1/users", &ours, None).await.json();
    assert_eq!(listed["n_matched"], 1);
    // Nor does another page choose as whom one is signed in.
    let forced = site.try_sign_in("lan", PASSWORD, &nobody().with("origin", "https://evil.example")).await;
    assert_eq!((forced.status, forced.headers.contains_key(header::SET_COOKIE)), (403, false));
    let plain = Request::post("/api/v1/session").header(header::HOST, HOST).header(header::CONTENT_TYPE, "text/plain");
    let plain = plain.body(Body::from(json!({ "name": "lan", "password": PASSWORD }).to_string())).unwrap();
    assert_eq!(site.router.clone().oneshot(plain).await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let own = ours.with("origin", "http://map.example").with("sec-fetch-site", "same-origin");
    assert_eq!(site.ask("POST", "/api/v1/users", &own, Some(&new)).await.status, 201);
}

#[tokio::test]
async fn a_preflight_lets_no_other_page_send_anything_but_reading() {
    let site = Site::new();
    let asked = nobody().with("origin", "https://evil.example").with("access-control-request-method", "POST");
    let answer = site.ask("OPTIONS", "/api/v1/users", &asked, None).await;
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_METHODS), "GET, HEAD");
    assert!(!answer.header(header::ACCESS_CONTROL_ALLOW_HEADERS).to_lowercase().contains("authorization"));
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
}

#[tokio::test]
async fn what_was_taken_away_is_gone_with_the_next_request() {
    let site = Site::new();
    site.add("lan", "administrator", &[]);
    site.add("minh", "administrator", &[]);
    let (lan, minh) = (site.signed_in("lan").await, site.signed_in("minh").await);
    let users = async |shown: &Shown| site.ask("GET", "/api/v1/users", shown, None).await.status;
    assert_eq!(users(&minh).await, 200);
    let patch = async |body: Value| site.ask("PATCH", "/api/v1/users/minh", &lan, Some(&body)).await;
    assert_eq!(patch(json!({ "role": "planner" })).await.json()["role"], "planner");
    assert_eq!((users(&minh).await, site.role_of(&minh).await), (403, json!("planner")));
    // On the command line as well.
    site.bench.run(&["user", "change", "w.gpkg", "minh", "--role", "officer"]).ok();
    assert_eq!(site.role_of(&minh).await, "officer");
    assert_eq!(patch(json!({ "is_disabled": true })).await.status, 200);
    assert_eq!((users(&minh).await, site.role_of(&minh).await), (401, json!("viewer")));
    assert_eq!(site.try_sign_in("minh", PASSWORD, &nobody()).await.message(), "the name or the password is wrong");
    site.bench.run(&["user", "change", "w.gpkg", "minh", "--enable"]).ok();
    assert_eq!(site.role_of(&minh).await, "viewer", "a session does not come back");
    let minh = site.signed_in("minh").await;
    assert_eq!(site.ask("DELETE", "/api/v1/users/minh", &lan, None).await.status, 204);
    assert_eq!(site.role_of(&minh).await, "viewer");
    for body in [json!({ "role": "planner" }), json!({ "is_disabled": true })] {
        let answer = site.ask("PATCH", "/api/v1/users/lan", &lan, Some(&body)).await;
        assert_eq!((answer.status, answer.message().contains("last administrator")), (409, true), "{body}");
    }
    assert_eq!(site.ask("DELETE", "/api/v1/users/lan", &lan, None).await.status, 409);
    // Everybody is out when the file is.
    std::fs::rename(site.bench.path("w.private.sqlite"), site.bench.path("away")).unwrap();
    assert_eq!(site.role_of(&lan).await, "viewer");
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions() {
    let site = Site::new();
    site.add("lan", "administrator", &[]);
    site.add("minh", "officer", &[]);
    let (here, there) = (site.signed_in("minh").await, site.signed_in("minh").await);
    let patch = async |shown: &Shown, body: Value| site.ask("PATCH", "/api/v1/users/minh", shown, Some(&body)).await;
    let new = "a better password";
    assert_eq!(patch(&here, json!({ "password": new })).await.status, 400);
    let wrong = patch(&here, json!({ "password": new, "present_password": "not this one" })).await;
    assert_eq!((wrong.status, wrong.message()), (403, "the present password is wrong".to_owned()));
    assert_eq!(patch(&here, json!({ "password": "short", "present_password": PASSWORD })).await.status, 400);
    assert_eq!(patch(&here, json!({ "role": "administrator" })).await.status, 403, "nobody raises himself");
    assert_eq!(patch(&here, json!({ "password": new, "present_password": PASSWORD })).await.status, 200);
    assert_eq!((site.role_of(&here).await, site.role_of(&there).await), (json!("officer"), json!("viewer")));
    assert_eq!(site.try_sign_in("minh", PASSWORD, &nobody()).await.status, 401);
    assert_eq!(site.try_sign_in("minh", new, &nobody()).await.status, 200);
    // An administrator gives another one without knowing it; then no session is left.
    let lan = site.signed_in("lan").await;
    assert_eq!(patch(&lan, json!({ "password": "yet another one" })).await.status, 200);
    assert_eq!(site.role_of(&here).await, "viewer");
}

#[tokio::test]
async fn failures_are_slowed_by_name_whether_it_exists_or_not_and_told_alike() {
    let site = Site::new();
    site.add("lan", "officer", &[]);
    let try_names = async |name: &str| {
        let mut told = Vec::new();
        for _ in 0..7 {
            let answer = site.try_sign_in(name, "wrong password", &nobody()).await;
            told.push((answer.status, answer.message(), answer.header(header::RETRY_AFTER).to_owned()));
        }
        told
    };
    let (known, unknown) = (try_names("lan").await, try_names("nobody").await);
    assert_eq!(known.iter().map(|(status, _, _)| *status).collect::<Vec<_>>(), [401, 401, 401, 401, 401, 429, 429]);
    assert_eq!(known[..5], unknown[..5]);
    let retry: u64 = known[5].2.parse().unwrap();
    assert!((1..=2).contains(&retry) && known[5].1.contains("try again in"), "{:?}", known[5]);
    // The right password does not help before the time, and the command line does.
    assert_eq!(site.try_sign_in("lan", PASSWORD, &nobody()).await.status, 429);
    with_stdin(&site.bench, &["user", "password", "w.gpkg", "lan", "--password-stdin"], "another password").ok();
    assert_eq!(site.try_sign_in("lan", "another password", &nobody()).await.status, 200);
}

#[tokio::test]
async fn many_attempts_at_once_are_counted_as_many() {
    let site = Site::new();
    site.add("lan", "officer", &[]);
    let shown = nobody();
    let attempts = (0..20).map(|_| site.try_sign_in("lan", "wrong password", &shown));
    let statuses: Vec<u16> = together(attempts.collect()).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
}

/// Polls all of them together.
async fn together<F: Future<Output = Answer>>(futures: Vec<F>) -> Vec<Answer> {
    let mut futures: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in futures.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(answer) = future.as_mut().poll(context) {
                *done = Some(answer);
            }
        }
        if futures.iter().all(|(_, done)| done.is_some()) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn an_address_is_the_one_that_connects_unless_a_proxy_of_ours_says_another() {
    let fail = async |site: &Site, n: usize, forwarded: &dyn Fn(usize) -> String| {
        let mut refused = 0;
        for i in 0..n {
            let shown = nobody().with("x-forwarded-for", &forwarded(i));
            refused += usize::from(site.try_sign_in(&format!("name{i}"), "wrong password", &shown).await.status == 429);
        }
        refused
    };
    // Another name and another made-up address each time.
    let direct = Site::new();
    direct.add("lan", "officer", &[]);
    assert_eq!(fail(&direct, 31, &|i| format!("198.51.100.{i}")).await, 1);
    let behind = Site::for_readers(Readers::BehindProxy);
    behind.add("lan", "officer", &[]);
    assert_eq!(fail(&behind, 31, &|i| format!("203.0.113.9, 198.51.100.{i}")).await, 0);
    assert_eq!(fail(&behind, 31, &|i| format!("198.51.100.{i}, 203.0.113.9")).await, 1, "what a reader wrote himself does not count");
}

#[tokio::test]
async fn a_token_acts_for_its_owner_within_its_scope_until_it_is_revoked() {
    let site = Site::new();
    site.add("lan", "administrator", &[]);
    site.add("minh", "planner", &[]);
    let (lan, minh) = (site.signed_in("lan").await, site.signed_in("minh").await);
    let add = async |shown: &Shown, body: Value| site.ask("POST", "/api/v1/tokens", shown, Some(&body)).await;
    let made = add(&minh, json!({ "label": "<b>report", "scope": ["read_edits"], "expires_days": 30 })).await;
    assert_eq!(made.status, 201, "{}", made.message());
    let (id, text) = (made.json()["id"].as_str().unwrap().to_owned(), made.json()["token"].as_str().unwrap().to_owned());
    assert!(text.starts_with("fz_") && text.len() == 67);
    let token = Shown { token: Some(text.clone()), ..nobody() };
    let session = site.ask("GET", "/api/v1/session", &token, None).await;
    assert_eq!((&session.json()["may"], &session.json()["csrf"]), (&json!(["read_edits"]), &Value::Null));
    // It makes no tokens, changes no password, and a cookie beside it does not help.
    let both = Shown { token: Some(text.clone()), ..lan.clone() };
    for shown in [&token, &both] {
        assert_eq!(add(shown, json!({ "scope": ["read_edits"], "expires_days": 1 })).await.status, 403);
        let change = json!({ "password": "a better password", "present_password": PASSWORD });
        assert_eq!(site.ask("PATCH", "/api/v1/users/minh", shown, Some(&change)).await.status, 403);
    }
    for (body, status) in [
        (json!({ "scope": ["manage_accounts"], "expires_days": 1 }), 403),
        (json!({ "scope": ["make_tokens"], "expires_days": 1 }), 403),
        (json!({ "scope": [], "expires_days": 1 }), 400),
        (json!({ "scope": ["fly"], "expires_days": 1 }), 400),
        (json!({ "scope": ["read_edits"], "expires_days": 0 }), 400),
        (json!({ "scope": ["read_edits"], "expires_days": 367 }), 400),
        (json!({ "scope": ["read_edits"], "expires_days": 1, "owner": "lan" }), 400),
        (json!({ "scope": ["read_edits"], "expires_days": 1, "label": "a".repeat(101) }), 400),
    ] {
        assert_eq!(add(&minh, body.clone()).await.status, status, "{body}");
    }
    for shown in [&minh, &lan] {
        let listed = site.ask("GET", "/api/v1/tokens", shown, None).await;
        assert_eq!((&listed.json()["tokens"][0]["id"], &listed.json()["tokens"][0]["owner"]), (&json!(id), &json!("minh")));
        assert!(!String::from_utf8_lossy(&listed.body).contains(&text));
    }
    // Nobody revokes another's but an administrator.
    site.add("an", "planner", &[]);
    let an = site.signed_in("an").await;
    assert_eq!(site.ask("DELETE", &format!("/api/v1/tokens/{id}"), &an, None).await.status, 404);
    assert_eq!(site.ask("DELETE", &format!("/api/v1/tokens/{id}"), &lan, None).await.status, 204);
    let gone = site.ask("GET", "/api/v1/session", &token, None).await;
    assert_eq!((gone.status, gone.header(header::WWW_AUTHENTICATE)), (401, "Bearer realm=\"farmzone\""));
    let basic = nobody().with("authorization", "Basic bGFuOnB3");
    assert_eq!(site.ask("GET", "/api/v1/session", &basic, None).await.status, 401);
}

#[tokio::test]
async fn what_is_sent_wrongly_is_refused_and_nothing_is_half_made() {
    let site = Site::new();
    site.add("lan", "administrator", &[]);
    let lan = site.signed_in("lan").await;
    for (body, status, words) in [
        (json!({ "name": "minh" }), 400, "missing field `role`"),
        (json!({ "name": "minh", "role": "king", "password": PASSWORD }), 400, "unknown variant"),
        (json!({ "name": "minh", "role": "viewer", "password": PASSWORD }), 400, "everybody without an account is a viewer"),
        (json!({ "name": "<script>alert(1)</script>", "role": "officer", "password": PASSWORD }), 400, "an account's name"),
        (json!({ "name": "minh", "role": "officer", "password": "short" }), 400, "at least 10 characters"),
        (json!({ "name": "minh", "role": "officer", "password": "x".repeat(1_001) }), 400, "at most 1000 bytes"),
        (json!({ "name": "minh", "role": "officer", "password": PASSWORD, "admin": true }), 400, "unknown field"),
        (json!({ "name": "minh", "role": "officer", "password": PASSWORD, "kinds": ["gold"] }), 400, "no kind “gold”"),
        (json!({ "name": "minh", "role": "officer", "password": PASSWORD, "units": ["99999"] }), 400, "99999"),
        (json!({ "name": "LAN", "role": "officer", "password": PASSWORD }), 409, "there is an account “lan” already"),
        (json!({ "name": "minh", "role": "officer", "password": "x".repeat(70_000) }), 413, "too large"),
    ] {
        let answer = site.ask("POST", "/api/v1/users", &lan, Some(&body)).await;
        assert_eq!((answer.status, answer.message().contains(words)), (status, true), "{words}: {}", answer.message());
    }
    assert_eq!(site.ask("GET", "/api/v1/users", &lan, None).await.json()["n_matched"], 1);
    let made = site.ask("POST", "/api/v1/users", &lan, Some(&json!({ "name": "minh", "role": "officer" }))).await.json();
    let password = made["password"].as_str().unwrap();
    assert_eq!(site.try_sign_in("minh", password, &nobody()).await.status, 200);
    assert_eq!(site.ask("PATCH", "/api/v1/users/none", &lan, Some(&json!({ "role": "officer" }))).await.status, 404);
    assert_eq!(site.ask("DELETE", "/api/v1/users/%FF", &lan, None).await.status, 400);
}

#[tokio::test]
async fn the_file_holds_no_secret_and_the_workspace_none_of_it() {
    let site = Site::new();
    site.add("lan", "administrator", &[]);
    let lan = site.signed_in("lan").await;
    let made = site.ask("POST", "/api/v1/tokens", &lan, Some(&json!({ "scope": ["read_edits"], "expires_days": 1 }))).await.json();
    site.try_sign_in("a mistyped password", "x", &nobody()).await;
    let hash: String = site.private().query_row("SELECT password FROM accounts", [], |r| r.get(0)).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    #[cfg(unix)]
    for ending in ["", "-wal", "-shm"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(site.bench.path(&format!("w.private.sqlite{ending}"))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{ending}");
    }
    let secret = lan.cookie.as_deref().unwrap().trim_start_matches("farmzone_session=");
    let secrets = [PASSWORD, secret, lan.csrf.as_deref().unwrap(), made["token"].as_str().unwrap(), "mistyped"];
    assert_eq!(found(site.bench.dir.path(), "w.private", &secrets), Vec::<String>::new());
    assert_eq!(found(site.bench.dir.path(), "w.gpkg", &[&secrets[..], &["argon2", "lan"]].concat()), Vec::<String>::new());
}

/// Which of the words are in files whose names begin so.
fn found(dir: &Path, begins: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(begins) {
            let bytes = std::fs::read(&path).unwrap();
            let holds = |word: &&&str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
            found.extend(words.iter().filter(holds).map(|word| format!("{name}: {word}")));
        }
    }
    found
}

/// The program, serving `w.gpkg` and logging to `log`; ended with the test.
struct Served {
    child: std::process::Child,
    address: String,
}

impl Served {
    fn over(bench: &Bench) -> Served {
        use std::io::BufRead;
        let log = std::fs::File::create(bench.path("log")).unwrap();
        let mut command = bench.command(&["-vv", "serve", "w.gpkg", "--bind", "127.0.0.1:0"]);
        let mut child = command.stdout(std::process::Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url: Value = serde_json::from_str(&line).unwrap();
        let address = url["url"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Served { child, address }
    }

    /// Head and body of the answer.
    fn ask(&self, request: &str, headers: &str, body: &str) -> (String, Value) {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!("{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}", self.address);
        write!(stream, "{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_log_says_how_to_begin_tells_what_was_asked_and_no_secret() {
    let bench = Bench::with_workspace("EPSG:5897");
    let served = Served::over(&bench);
    with_stdin(&bench, &["user", "add", "w.gpkg", "lan", "--role", "administrator", "--password-stdin"], PASSWORD).ok();
    let (head, facts) = served.ask("POST /api/v1/session", "", &json!({ "name": "lan", "password": PASSWORD }).to_string());
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().split(';').next().unwrap();
    let csrf = facts["csrf"].as_str().unwrap();
    served.ask("POST /api/v1/session", "", &json!({ "name": "lan", "password": "wrong password" }).to_string());
    let ours = format!("Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\n");
    let (_, made) = served.ask("POST /api/v1/tokens", &ours, &json!({ "scope": ["read_edits"], "expires_days": 1 }).to_string());
    let text = made["token"].as_str().unwrap();
    let (_, session) = served.ask("GET /api/v1/session", &format!("Authorization: Bearer {text}\r\n"), "");
    assert_eq!(session["name"], "lan");
    let logged = std::fs::read_to_string(bench.path("log")).unwrap();
    assert!(logged.contains("farmzone user add w.gpkg NAME --role administrator"), "{logged}");
    assert!(logged.contains("/api/v1/tokens"), "{logged}");
    for word in [PASSWORD, "wrong password", cookie.trim_start_matches("farmzone_session="), csrf, text, "argon2"] {
        assert!(!logged.contains(word), "{word}: {logged}");
    }
}

#[test]
fn the_command_line_makes_accounts_and_says_what_is_wrong() {
    let bench = Bench::with_workspace("EPSG:5897");
    let missing = bench.run(&["user", "add", "none.gpkg", "lan", "--role", "administrator", "--generate"]);
    missing.refused(3, &["there is no workspace at none.gpkg"]);
    assert_eq!(bench.run(&["user", "list", "w.gpkg"]).ok(), json!({ "users": [], "tokens": [] }));
    assert!(!bench.path("w.private.sqlite").exists(), "looking makes nothing");
    let made = bench.run(&["user", "add", "w.gpkg", "lan", "--role", "administrator", "--generate"]).ok();
    assert_eq!((&made["name"], made["password"].as_str().unwrap().len()), (&json!("lan"), 19));
    bench.run(&["user", "add", "w.gpkg", "lan", "--role", "officer", "--generate"]).refused(5, &["there is an account “lan” already"]);
    bench.run(&["user", "add", "w.gpkg", "minh", "--role", "king", "--generate"]).refused(2, &["king"]);
    bench.run(&["user", "add", "w.gpkg", "minh", "--role", "viewer", "--generate"]).refused(2, &["everybody without an account"]);
    bench.run(&["user", "add", "w.gpkg", "minh", "--role", "planner", "--kind", "gold", "--generate"]).refused(2, &["gold"]);
    bench.run(&["user", "add", "w.gpkg", "minh", "--role", "planner"]).refused(2, &["--password-stdin", "--generate"]);
    with_stdin(&bench, &["user", "add", "w.gpkg", "minh", "--role", "planner", "--password-stdin"], "short").refused(4, &["10 characters"]);
    with_stdin(&bench, &["user", "add", "w.gpkg", "minh", "--role", "planner", "--kind", "rice", "--password-stdin"], PASSWORD).ok();
    bench.run(&["user", "password", "w.gpkg", "none", "--generate"]).refused(3, &["there is no account “none”"]);
    bench.run(&["user", "token", "w.gpkg", "minh", "--scope", "manage_accounts", "--expires", "1"]).refused(8, &["manage_accounts"]);
    bench.run(&["user", "token", "w.gpkg", "minh", "--scope", "edit_zones", "--expires", "400"]).refused(2, &["366"]);
    let token = bench.run(&["user", "token", "w.gpkg", "minh", "--scope", "read_edits,edit_zones", "--expires", "30"]).ok();
    assert!(token["token"].as_str().unwrap().starts_with("fz_"));
    let listed = bench.run(&["user", "list", "w.gpkg"]).ok();
    assert_eq!(listed["users"][1]["kinds"], json!(["rice"]));
    assert_eq!(listed["tokens"][0]["scope"], json!(["read_edits", "edit_zones"]));
    let text = bench.text(&["user", "list", "w.gpkg"]);
    assert!(text.contains("minh  planner  kinds: rice") && !text.contains("argon2") && !text.contains("fz_"), "{text}");
    bench.run(&["user", "revoke", "w.gpkg", token["id"].as_str().unwrap()]).ok();
    bench.run(&["user", "revoke", "w.gpkg", "none"]).refused(3, &["there is no token “none”"]);
    bench.run(&["user", "remove", "w.gpkg", "lan"]).refused(5, &["last administrator"]);
    bench.run(&["user", "remove", "w.gpkg", "minh"]).ok();
}

#[test]
fn a_backup_has_the_accounts_beside_it_and_no_place_gets_those_of_another() {
    let bench = Bench::with_workspace("EPSG:5897");
    let none = bench.run(&["backup", "w.gpkg", "none.gpkg"]).ok();
    assert_eq!((&none["accounts"], &none["n_accounts"]), (&Value::Null, &json!(0)));
    bench.run(&["user", "add", "w.gpkg", "lan", "--role", "administrator", "--generate"]).ok();
    let copied = bench.run(&["backup", "w.gpkg", "copy.gpkg"]).ok();
    assert_eq!((&copied["accounts"], &copied["n_accounts"]), (&json!("copy.private.sqlite"), &json!(1)));
    assert_eq!(bench.run(&["user", "list", "copy.gpkg"]).ok()["users"][0]["name"], "lan");
    std::fs::remove_file(bench.path("copy.gpkg")).unwrap();
    bench.run(&["init", "copy.gpkg"]).refused(5, &["copy.private.sqlite lies there"]);
    bench.run(&["backup", "w.gpkg", "copy.gpkg"]).refused(5, &["copy.private.sqlite lies there"]);
    assert!(!bench.path("copy.gpkg").exists());
}

#[test]
fn an_account_that_was_acknowledged_survives_a_kill() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let bench = Bench::with_workspace("EPSG:5897");
    let mut acknowledged = Vec::new();
    for i in 0..12 {
        let mut command = bench.command(&["user", "add", "w.gpkg", &format!("name{i}"), "--role", "officer", "--generate"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        if i % 3 == 2 {
            // Somewhere in between.
            std::thread::sleep(std::time::Duration::from_millis(7 * i));
        } else {
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            acknowledged.push(format!("name{i}"));
        }
        let _ = child.kill();
        child.wait().unwrap();
    }
    let listed = bench.run(&["user", "list", "w.gpkg"]).ok();
    let names: Vec<&str> = listed["users"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect();
    for name in &acknowledged {
        assert!(names.contains(&name.as_str()), "{name} is not in {names:?}");
    }
}

/// A file as a browser sends it.
async fn dropped(site: &Site, shown: &Shown, query: &str, file: Vec<u8>) -> Answer {
    let mut request = Request::post(format!("/api/v1/drops?{query}")).header(header::HOST, HOST);
    if let (Some(cookie), Some(csrf)) = (&shown.cookie, &shown.csrf) {
        request = request.header(header::COOKIE, cookie).header("x-csrf-token", csrf);
    }
    let response = site.router.clone().oneshot(request.body(Body::from(file)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
}

#[tokio::test]
async fn a_file_is_looked_at_for_who_may_edit_and_a_bad_one_has_its_status() {
    let site = Site::new();
    site.add("lan", "planner", &[]);
    let planner = site.signed_in("lan").await;
    let field = square(580_100.0, 2_320_100.0, 100.0);
    let file = geojson_in(5897, &[(json!({ "loai": "Lúa" }), &field[..])]);
    let good = dropped(&site, &planner, "name=v%C3%B9ng.geojson&field.kind=loai", file.clone().into()).await;
    assert_eq!((good.status, &good.json()["features"][0]["properties"]["kind"]), (200, &json!("rice")));
    assert_eq!(good.header(header::CACHE_CONTROL), "no-store");
    // Whatever a zone knows can come from a column of the file.
    for name in good.json()["features"][0]["properties"].as_object().unwrap().keys() {
        let mapped = dropped(&site, &planner, &format!("name=a.geojson&field.{name}=loai"), file.clone().into()).await;
        assert_eq!(mapped.status, 200, "{name}: {}", mapped.message());
    }
    // Two at once are read one after the other.
    let twice = tokio::join!(
        dropped(&site, &planner, "name=a.geojson", file.clone().into()),
        dropped(&site, &planner, "name=b.geojson", file.clone().into())
    );
    assert_eq!((twice.0.status, twice.1.status), (200, 200));
    for (query, bytes, status, why) in [
        ("name=a.geojson", b"no map".to_vec(), 415, "not_spatial"),
        ("name=a.csv", b"kind,wkt\nrice,\"POLYGON((0 0,9 0,9 9,0 0))\"".to_vec(), 422, "no_crs"),
        ("name=a.geojson&crs=EPSG:4326", file.clone().into(), 422, "wrong_crs"),
    ] {
        let answer = dropped(&site, &planner, query, bytes).await;
        assert_eq!((answer.status, &answer.json()["error"]["why"]), (status, &json!(why)), "{query}: {}", answer.message());
    }
    for (query, status) in [("name=a.geojson&crs=x", 400), ("field.colour=a", 400), ("layer=a&layer=b", 400)] {
        assert_eq!(dropped(&site, &planner, query, file.clone().into()).await.status, status, "{query}");
    }
    let large = dropped(&site, &planner, "name=a.gpkg", vec![b' '; 65 << 20]).await;
    assert_eq!((large.status, &large.json()["error"]["code"]), (413, &json!("too_large")));
    // Signed out in between.
    site.ask("DELETE", "/api/v1/session", &planner, None).await;
    assert_eq!(dropped(&site, &planner, "name=a.geojson", file.into()).await.status, 401);
}
