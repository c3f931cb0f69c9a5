//! `/api/v1` and `/health`: parameters in, the engine's figures out.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::App;
use super::answer::{Coded, Coding, Freshness, json_bytes};
use super::ask::{Ask, Place};
use super::error::ApiError;
use crate::engine::{By, EngineError, FiguresAsk, FiguresBy, Reach, Snapshot, TransitionsAsk};

pub(super) type Answer = Result<Response, ApiError>;

pub(super) const JSON: &str = "application/json";
pub(super) const GEOJSON: &str = "application/geo+json";

/// Computes, codes and writes one JSON answer.
pub(super) async fn answer<W>(app: App, headers: HeaderMap, rev: Option<u64>, content_type: &'static str, work: W) -> Answer
where
    W: FnOnce(&Snapshot) -> Result<Value, EngineError> + Send + 'static,
{
    let coding = Coding::accepted(&headers);
    let work = move |snapshot: &Snapshot| Ok((Coded::new(json_bytes(&work(snapshot)?), coding), snapshot.revision));
    let (coded, revision) = app.compute(work).await?;
    Ok(coded.respond(&headers, content_type, Freshness::of(rev, revision)))
}

pub(super) async fn health(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    Ask::read(&uri, &[])?;
    let snapshot = app.snapshot();
    let (revision, n_unreadable) = (snapshot.revision, snapshot.n_unreadable());
    let body = json!({ "status": "ok", "revision": revision, "n_unreadable": n_unreadable, "version": env!("CARGO_PKG_VERSION") });
    Ok(Coded::new(json_bytes(&body), Coding::Identity).respond(&headers, JSON, Freshness::Ask))
}

pub(super) async fn summary(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["bbox", "kind", "unit", "epoch", "group", "right", "change", "severity", "since", "rev"])?;
    let filter = ask.filter()?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.summary(&filter)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn kinds(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["rev"])?;
    answer(app, headers, ask.rev()?, JSON, |s| Ok(s.kinds_list())).await
}

pub(super) async fn layers(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["rev"])?;
    answer(app, headers, ask.rev()?, JSON, |s| s.layers_list()).await
}

pub(super) async fn units(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["epoch", "rev"])?;
    let epoch = ask.epoch()?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.units_list(epoch)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn unit(State(app): State<App>, Place(code): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["rev"])?;
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.unit_card(&code)).await
}

pub(super) async fn zones(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["bbox", "at", "kind", "unit", "q", "epoch", "limit", "offset", "rev"])?;
    let (filter, page) = (ask.filter()?, ask.page()?);
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.zones_list(&filter, page)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn zone(State(app): State<App>, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["epoch", "rev"])?;
    let epoch = ask.epoch()?;
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.zone_card(&id, epoch)).await
}

pub(super) async fn zone_history(State(app): State<App>, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["rev"])?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.zone_history(&id)).await
}

pub(super) async fn transitions(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["from", "to", "by", "zone", "kind", "unit", "bbox", "rev"])?;
    let by = if ask.word("by", &["code", "group"])? == "group" { By::Group } else { By::Code };
    let wanted = TransitionsAsk { from: ask.epoch_named("from")?, to: ask.epoch_named("to")?, by, filter: ask.filter()? };
    answer(app, headers, ask.rev()?, JSON, move |s| s.transitions_table(&wanted)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn figures(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["by", "kind", "unit", "epoch", "core", "limit", "offset", "rev"])?;
    let by = FiguresBy::from_word(ask.word("by", &FiguresBy::WORDS)?).unwrap_or_default();
    let reach = Reach { core_m: ask.number("core", 50, 1, 1_000)? as f64, ..Reach::default() };
    let (wanted, page) = (FiguresAsk { by, reach, filter: ask.filter()? }, ask.page()?);
    answer(app, headers, ask.rev()?, JSON, move |s| s.figures_table(&wanted, page)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn encroachments(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let allowed =
        ["zone", "unit", "kind", "group", "right", "change", "severity", "since", "status", "epoch", "bbox", "limit", "offset", "rev"];
    let ask = Ask::read(&uri, &allowed)?;
    let (filter, page) = (ask.filter()?, ask.page()?);
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.encroachments_list(&filter, page)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn encroachment(State(app): State<App>, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["epoch", "rev"])?;
    let epoch = ask.epoch()?;
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.encroachment_card(&id, epoch)).await
}

pub(super) async fn search(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["q", "limit", "rev"])?;
    let limit = ask.number("limit", 8, 1, 50)?;
    let query = ask.short_text("q", 200)?.unwrap_or_default().to_owned();
    answer(app, headers, ask.rev()?, JSON, move |s| s.search(&query, limit)).await
}

pub(super) async fn land_use_classes(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["epoch", "rev"])?;
    let epoch = ask.epoch()?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.land_use_classes(epoch)).await.map_err(ApiError::of_parameter)
}
