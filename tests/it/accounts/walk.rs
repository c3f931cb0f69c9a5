//! Every route with every role, against one table. A new route needs a line here before anything passes.

use super::*;

/// Method, path, and the action that it needs; none: everybody may.
const TABLE: &[(&str, &str, Option<Action>)] = &[
    ("GET", "/health", None),
    ("GET", "/metrics", None),
    ("GET", "/openapi.json", None),
    ("GET", "/docs", None),
    ("GET", "/events", None),
    ("GET", "/style.json", None),
    ("GET", "/styles/{name}.json", None),
    ("GET", "/tiles/{layers}.json", None),
    ("GET", "/tiles/{layers}/{z}/{x}/{y}", None),
    ("GET", "/api/v1/session", None),
    ("POST", "/api/v1/session", None),
    ("DELETE", "/api/v1/session", None),
    ("GET", "/api/v1/users", Some(Action::ManageAccounts)),
    ("POST", "/api/v1/users", Some(Action::ManageAccounts)),
    ("PATCH", "/api/v1/users/{name}", Some(Action::ManageAccounts)),
    ("DELETE", "/api/v1/users/{name}", Some(Action::ManageAccounts)),
    ("GET", "/api/v1/tokens", Some(Action::MakeTokens)),
    ("POST", "/api/v1/tokens", Some(Action::MakeTokens)),
    ("DELETE", "/api/v1/tokens/{id}", Some(Action::MakeTokens)),
    ("GET", "/api/v1/summary", None),
    ("GET", "/api/v1/kinds", None),
    ("GET", "/api/v1/layers", None),
    ("GET", "/api/v1/units", None),
    ("GET", "/api/v1/units/{code}", None),
    ("GET", "/api/v1/zones", None),
    ("GET", "/api/v1/zones.csv", None),
    ("GET", "/api/v1/zones.xlsx", None),
    ("GET", "/api/v1/zones/{id}", None),
    ("GET", "/api/v1/zones/{id}/history", None),
    ("GET", "/api/v1/zones/shapes", None),
    ("GET", "/api/v1/zones/{id}/versions", None),
    ("GET", "/api/v1/changes", None),
    ("GET", "/api/v1/edits", Some(Action::ReadEdits)),
    ("POST", "/api/v1/edits", Some(Action::EditZones)),
    ("GET", "/api/v1/edits/{id}", Some(Action::ReadEdits)),
    ("POST", "/api/v1/edits/{id}/undo", Some(Action::EditZones)),
    ("POST", "/api/v1/drops", Some(Action::EditZones)),
    ("GET", "/api/v1/plans", Some(Action::ReadPlans)),
    ("POST", "/api/v1/plans", Some(Action::MakePlans)),
    ("GET", "/api/v1/plans/{id}", Some(Action::ReadPlans)),
    ("PATCH", "/api/v1/plans/{id}", Some(Action::MakePlans)),
    ("DELETE", "/api/v1/plans/{id}", Some(Action::MakePlans)),
    ("POST", "/api/v1/plans/{id}/edits", Some(Action::MakePlans)),
    ("POST", "/api/v1/plans/{id}/edits/{edit}/undo", Some(Action::MakePlans)),
    ("GET", "/api/v1/plans/{id}/shapes", Some(Action::ReadPlans)),
    ("GET", "/api/v1/plans/{id}/changes", Some(Action::ReadPlans)),
    ("GET", "/api/v1/plans/{id}/changes.xlsx", Some(Action::ReadPlans)),
    ("GET", "/api/v1/plans/{id}/figures", Some(Action::ReadPlans)),
    ("POST", "/api/v1/plans/{id}/comments", Some(Action::MakePlans)),
    ("PATCH", "/api/v1/plans/{id}/comments/{n}", Some(Action::MakePlans)),
    ("DELETE", "/api/v1/plans/{id}/comments/{n}", Some(Action::MakePlans)),
    ("POST", "/api/v1/plans/{id}/submit", Some(Action::MakePlans)),
    ("POST", "/api/v1/plans/{id}/return", Some(Action::ApprovePlans)),
    ("POST", "/api/v1/plans/{id}/approve", Some(Action::ApprovePlans)),
    ("POST", "/api/v1/plans/{id}/publish", Some(Action::ApprovePlans)),
    ("POST", "/api/v1/plans/{id}/share", Some(Action::MakePlans)),
    ("DELETE", "/api/v1/plans/{id}/share", Some(Action::MakePlans)),
    ("GET", "/api/v1/codes", None),
    ("GET", "/api/v1/codes/rules", None),
    ("POST", "/api/v1/codes/check", None),
    ("GET", "/api/v1/codes/{code}", None),
    ("PUT", "/api/v1/codes/{code}/status", Some(Action::EditRegister)),
    ("POST", "/api/v1/imports", Some(Action::EditRegister)),
    ("GET", "/api/v1/partners", None),
    ("GET", "/api/v1/partners/{id}", None),
    ("GET", "/api/v1/linkages", None),
    ("GET", "/api/v1/linkages/{id}", None),
    ("GET", "/api/v1/products", None),
    ("GET", "/api/v1/products/{id}", None),
    ("GET", "/api/v1/traces", None),
    ("GET", "/api/v1/traces/{id}", None),
    ("GET", "/api/v1/transitions", None),
    ("GET", "/api/v1/figures", None),
    ("GET", "/api/v1/supply", None),
    ("GET", "/api/v1/encroachments", None),
    ("GET", "/api/v1/encroachments.csv", None),
    ("GET", "/api/v1/encroachments.xlsx", None),
    ("GET", "/api/v1/encroachments/{id}", None),
    ("GET", "/api/v1/alerts", Some(Action::ReadAlerts)),
    ("GET", "/api/v1/alerts/digest", Some(Action::ReadAlerts)),
    ("GET", "/api/v1/alerts/{event}", Some(Action::ReadAlerts)),
    ("PATCH", "/api/v1/alerts/{event}", Some(Action::HandleAlerts)),
    ("POST", "/api/v1/alerts/{event}/step", Some(Action::HandleAlerts)),
    ("POST", "/api/v1/alerts/{event}/notes", Some(Action::HandleAlerts)),
    ("POST", "/api/v1/alerts/{event}/photos", Some(Action::HandleAlerts)),
    ("GET", "/api/v1/alerts/{event}/photos/{n}", Some(Action::ReadAlerts)),
    ("GET", "/api/v1/feed.json", None),
    ("GET", "/api/v1/feed.rss", None),
    ("GET", "/api/v1/zones/{id}/dossier.pdf", None),
    ("GET", "/api/v1/zones/{id}/dossier.xlsx", None),
    ("GET", "/api/v1/zones/{id}/dossier.geojson", None),
    ("GET", "/api/v1/encroachments/{id}/dossier.pdf", None),
    ("GET", "/api/v1/encroachments/{id}/dossier.xlsx", None),
    ("GET", "/api/v1/encroachments/{id}/dossier.geojson", None),
    ("GET", "/api/v1/codes/{code}/dossier.pdf", None),
    ("GET", "/api/v1/codes/{code}/dossier.xlsx", None),
    ("GET", "/api/v1/codes/{code}/dossier.geojson", None),
    ("GET", "/verify/{id}", None),
    ("GET", "/zones", None),
    ("GET", "/data", None),
    ("GET", "/zones/{id}", None),
    ("GET", "/api/v1/search", None),
    ("GET", "/api/v1/landuse/classes", None),
    ("GET", "/api/v1/print.pdf", None),
    ("GET", "/api/v1/print.svg", None),
    ("GET", "/api/v1/overview.webp", None),
    ("GET", "/api/v1/data", None),
    ("GET", "/api/v1/data/{layer}.{format}", None),
];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The methods that each path is described with.
static DESCRIBED: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(include_str!("../../../src/http/openapi.json")).unwrap();
    let methods = |item: &Value| item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
    document["paths"].as_object().unwrap().iter().map(|(path, item)| (path.clone(), methods(item))).collect()
});

/// An address of the path: of the unit that there is, else of things that there are not.
fn address(path: &str) -> String {
    let path = path.replace("/tiles/{layers}/{z}/{x}/{y}", "/tiles/zones/0/0/0").replace("{layers}", "zones");
    let path = path.replace("styles/{name}", "styles/dark").replace("{code}", "10001");
    let path = path.replace("{layer}.{format}", "zones.csv");
    path.replace("{name}", "nobody-of-this-name")
        .replace("{id}", "none")
        .replace("{edit}", "none")
        .replace("{event}", "none")
        .replace("{n}", "1")
}

/// Who asks, and the person that the server should see.
async fn askers(site: &Site) -> Vec<(String, Shown, Person)> {
    let mut askers = vec![("nobody".to_owned(), nobody(), Person::nobody())];
    let person = |name: &str, role| Person { name: name.to_owned(), role, ..Person::nobody() };
    for role in Role::ALL.iter().filter(|role| **role != Role::Viewer) {
        site.add(role.as_str(), role.as_str(), &[]);
        askers.push((role.to_string(), site.signed_in(role.as_str()).await, person(role.as_str(), *role)));
        // As one would have it that was made for something small.
        let scope = ["user", "token", "w.gpkg", role.as_str(), "--scope", "read_edits", "--expires", "1"];
        let text = site.bench.run(&scope).ok()["token"].as_str().unwrap().to_owned();
        let owner = Person { scope: Some(vec![Action::ReadEdits]), ..person(role.as_str(), *role) };
        askers.push((format!("token of {role}"), Shown { token: Some(text), ..nobody() }, owner));
    }
    for name in ["disabled", "expired", "idle"] {
        site.add(name, "administrator", &[]);
        askers.push((name.to_owned(), site.signed_in(name).await, Person::nobody()));
    }
    site.bench.run(&["user", "change", "w.gpkg", "disabled", "--disable"]).ok();
    let age = "UPDATE sessions SET created = created - 7 * 24 * 3600 WHERE account = 'expired'; UPDATE sessions SET seen = seen - 12 * 3600 WHERE account = 'idle'";
    site.private().execute_batch(age).unwrap();
    askers
}

#[tokio::test]
async fn every_route_lets_in_who_may_and_nobody_else() {
    let described: Vec<(String, String)> =
        DESCRIBED.iter().flat_map(|(path, methods)| methods.iter().map(move |method| (path.clone(), method.clone()))).collect();
    let mut listed: Vec<(String, String)> = TABLE.iter().map(|(method, path, _)| ((*path).to_owned(), (*method).to_owned())).collect();
    listed.sort();
    let mut sorted = described.clone();
    sorted.sort();
    assert_eq!(listed, sorted, "the table here and openapi.json");
    let site = Site::new();
    let askers = askers(&site).await;
    // What ends sessions comes last.
    let (last, first): (Vec<_>, Vec<_>) = TABLE.iter().partition(|(method, path, _)| (*method, *path) == ("DELETE", "/api/v1/session"));
    for (method, path, action) in first.into_iter().chain(last) {
        for (who, shown, person) in &askers {
            let status = site.ask(method, &address(path), shown, None).await.status;
            let allowed = action.is_none_or(|action| may(person, action).is_ok());
            let expected = match (allowed, person.is_nobody()) {
                (true, _) => None,
                (false, true) => Some(401),
                (false, false) => Some(403),
            };
            let seen = Some(status).filter(|status| [401, 403].contains(status));
            assert_eq!(seen, expected, "{who}: {method} {path} gives {status}");
        }
    }
}

#[tokio::test]
async fn what_a_path_does_not_do_is_told_with_what_it_does() {
    let site = Site::new();
    for (path, methods) in &*DESCRIBED {
        for method in METHODS.iter().filter(|method| !methods.contains(&(**method).to_owned())) {
            let answer = site.ask(method, &address(path), &nobody(), None).await;
            let mut allowed: Vec<&str> = answer.header(header::ALLOW).split(',').map(str::trim).filter(|m| *m != "HEAD").collect();
            allowed.sort_unstable();
            let mut expected: Vec<&str> = methods.iter().map(String::as_str).collect();
            expected.sort_unstable();
            assert_eq!((answer.status, allowed), (405, expected), "{method} {path}");
        }
    }
}
