//! What the page of figures is made of: losses by land-use code, communes of some kinds, supply beside what the city needs.

use super::*;

#[tokio::test]
async fn losses_by_code_add_up_to_those_by_group_and_follow_the_filters() {
    let summary = get_json("/api/v1/summary").await;
    let sum = |rows: &Value| rows.as_array().unwrap().iter().map(|row| row["area_m2"].as_f64().unwrap()).sum::<f64>();
    assert_eq!(sum(&summary["codes"]), sum(&summary["groups"]));
    let code = &summary["codes"][0];
    assert_eq!(
        (&code["code"], &code["group"], &code["n_events"], &code["area_m2"]),
        (&json!("ONT"), &json!("built"), &json!(2), &json!(400.0))
    );
    assert!(code["name"]["vi"].as_str().unwrap().contains("nông thôn"), "{code}");
    assert_eq!(summary["loss_groups"], json!(["built", "transport", "sealed"]));
    assert_eq!(get_json("/api/v1/summary?kind=rice").await["codes"][0]["area_m2"], 200.0);
    assert_eq!(get_json("/api/v1/summary?group=transport").await["codes"], json!([]));
}

#[tokio::test]
async fn communes_are_all_there_with_the_zones_and_events_that_are_asked_for() {
    let rows = async |query: &str| {
        let units = get_json(&format!("/api/v1/units{query}")).await["units"].clone();
        let row = |unit: &Value| (unit["code"].clone(), unit["n_zones"].clone(), unit["lost_m2"].clone(), unit["lost_share"].clone());
        units.as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    let (a, b) = (json!("10001"), json!("10002"));
    assert_eq!(rows("").await, [(a.clone(), json!(1), json!(200.0), json!(0.005)), (b.clone(), json!(1), json!(200.0), json!(0.005))]);
    let of_rice = [(a.clone(), json!(1), json!(200.0), json!(0.005)), (b.clone(), json!(0), json!(0.0), Value::Null)];
    assert_eq!(rows("?kind=rice").await, of_rice);
    let of_roads = [(a, json!(1), json!(0.0), json!(0.0)), (b, json!(1), json!(0.0), json!(0.0))];
    assert_eq!(rows("?group=transport").await, of_roads);
    let kept = get_json("/api/v1/units?group=transport").await["units"][0]["kept_m2"].clone();
    assert_eq!(kept, 39_800.0, "what is kept is less by all that was lost");
    assert_eq!(get("/api/v1/units?kind=ricee").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(get("/api/v1/units?unit=10001").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn supply_stands_beside_what_the_whole_city_needs_and_never_beside_a_part_of_it() {
    let supply = get_json("/api/v1/supply").await;
    assert_eq!((&supply["epoch"], supply["rows"].as_array().unwrap().len()), (&json!("2024"), 2));
    let rice = &supply["rows"][0];
    // 3.98 of 4 ha are left, 12 t of paddy a hectare and year.
    assert_eq!(
        (&rice["kind"], &rice["of"]["en"], &rice["supply_t"], &rice["lost_t"]),
        (&json!("rice"), &json!("paddy"), &json!(47.8), &json!(0.2))
    );
    assert_eq!((&rice["by"][0]["yield_t_ha"], &rice["by"][0]["harvests"]), (&json!(6.0), &json!(2.0)));
    assert_eq!((&rice["demand"]["t_per_year"], &rice["demand"]["is_uncertain"]), (&json!(1_744_600.0), &json!(true)));
    assert_eq!(rice["demand_share"], 0.000027);
    let part = get_json("/api/v1/supply?unit=10001").await;
    assert_eq!((&part["rows"][0]["supply_t"], &part["rows"][0]["demand"]), (&json!(47.8), &Value::Null));
    assert_eq!(get("/api/v1/supply?group=built").await.status, StatusCode::BAD_REQUEST);
}

/// What the rules of a folder say that holds this file.
fn ruled(name: &str, text: &str) -> Result<Rulebook, String> {
    let bench = Bench::new();
    std::fs::write(bench.path(name), text).unwrap();
    Rulebook::load(Some(&bench.path("."))).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_city_states_its_own_demand_and_a_mistake_is_refused_with_its_line() {
    let block = |kind: &str, of: &str, t: &str| {
        format!(
            "[[demand]]\nkind = \"{kind}\"\nof = {{ vi = \"{of}\", en = \"{of}\" }}\nt_per_year = {t}\nsource = \"A plan\"\nvalid_from = \"2026\"\n"
        )
    };
    let rulebook = ruled("demand.toml", &[block("rice", "x", "10.0"), block("tea", "x", "1.0")].concat()).unwrap();
    let engine = Engine::serve(&SITE._bench.path("w.gpkg"), rulebook).unwrap();
    let supply = engine.snapshot().supply_table(&Default::default()).unwrap();
    let (rice, fruit) = (&supply["rows"][0], &supply["rows"][1]);
    assert_eq!(
        (&rice["demand"]["t_per_year"], &rice["demand_share"]),
        (&json!(10.0), &Value::Null),
        "paddy is not measured by something else"
    );
    assert_eq!((&fruit["supply_t"], &fruit["demand"]), (&json!(71.6), &Value::Null));
    let refused = |text: String| ruled("demand.toml", &text).unwrap_err();
    assert!(refused(block("rice", "x", "-1.0")).contains("demand.toml: line 4: the demand for “rice” must be tonnes a year above 0"));
    assert!(refused(block("rise", "x", "1.0")).contains("demand.toml: no kind “rise”"));
}
