//! `/api/v1` and `/health`: parameters in, the engine's figures out.

use std::str::FromStr;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde_json::{Value, json};

use super::App;
use super::answer::{Coded, Coding, Freshness, json_bytes};
use super::ask::{Ask, Place};
use super::error::ApiError;
use crate::engine::{By, EngineError, FiguresAsk, FiguresBy, ListAsk, Places, Reach, Snapshot, TableAsk, TableFile, TransitionsAsk};
use crate::model::NotAWord;

pub(super) type Answer = Result<Response, ApiError>;

pub(super) const JSON: &str = "application/json";
pub(super) const GEOJSON: &str = "application/geo+json";
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

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
    let ask = Ask::read(&uri, &["kind", "epoch", "group", "right", "change", "severity", "since", "rev"])?;
    let filter = ask.filter()?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.units_list(&filter)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn unit(State(app): State<App>, Place(code): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["rev"])?;
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.unit_card(&code)).await
}

/// What zones are listed by.
const OF_ZONES: [&str; 13] = ["bbox", "at", "kind", "unit", "q", "group", "right", "change", "severity", "since", "epoch", "sort", "rev"];
const OF_EVENTS: [&str; 14] =
    ["zone", "unit", "kind", "q", "group", "right", "change", "severity", "since", "status", "epoch", "bbox", "sort", "rev"];

/// Which part of a list is asked for, and how.
fn list_ask<By: FromStr<Err = NotAWord>>(ask: &Ask) -> Result<ListAsk<By>, ApiError> {
    let places = if ask.word("geometry", &["shape", "none"])? == "none" { Places::Boxes } else { Places::Shapes };
    Ok(ListAsk { order: ask.one("sort")?, page: ask.page()?, places })
}

pub(super) async fn zones(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &[&OF_ZONES[..], &["geometry", "limit", "offset"]].concat())?;
    let (filter, list) = (ask.filter()?, list_ask(&ask)?);
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.zones_list(&filter, &list)).await.map_err(ApiError::of_parameter)
}

/// `GET /api/v1/zones.csv`, `.xlsx`.
pub(super) fn zones_table(file: TableFile) -> MethodRouter<App> {
    get(move |State(app): State<App>, uri: Uri| async move {
        let ask = Ask::read(&uri, &[&OF_ZONES[..], &["lang"]].concat())?;
        let (filter, wanted) = (ask.filter()?, table_ask(&app, &ask, file)?);
        table(app, "zones", file, move |s| s.zones_table(&filter, &wanted)).await
    })
}

/// `GET /api/v1/encroachments.csv`, `.xlsx`.
pub(super) fn encroachments_table(file: TableFile) -> MethodRouter<App> {
    get(move |State(app): State<App>, uri: Uri| async move {
        let ask = Ask::read(&uri, &[&OF_EVENTS[..], &["lang"]].concat())?;
        let (filter, wanted) = (ask.filter()?, table_ask(&app, &ask, file)?);
        table(app, "encroachments", file, move |s| s.encroachments_table(&filter, &wanted)).await
    })
}

fn table_ask<By: FromStr<Err = NotAWord>>(app: &App, ask: &Ask, file: TableFile) -> Result<TableAsk<By>, ApiError> {
    Ok(TableAsk { order: ask.one("sort")?, file, lang: ask.word("lang", &["vi", "en"])?, licence: app.0.settings.licence.clone() })
}

/// A file with all rows of a list. A large one takes as long as a dossier, and as many are made at a time.
async fn table<W>(app: App, name: &str, file: TableFile, work: W) -> Answer
where
    W: FnOnce(&Snapshot) -> Result<Vec<u8>, EngineError> + Send + 'static,
{
    let bytes = app.compute_in(&app.0.typesetters, work).await.map_err(ApiError::of_parameter)?;
    let (ending, media_type) = match file {
        TableFile::Csv => ("csv", "text/csv; charset=utf-8"),
        TableFile::Xlsx => ("xlsx", XLSX),
    };
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition.map_err(|e| ApiError::internal(e.to_string()))?),
        // It names the day on which it was made.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
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

pub(super) async fn supply(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["kind", "unit", "epoch", "rev"])?;
    let filter = ask.filter()?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.supply_table(&filter)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn encroachments(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &[&OF_EVENTS[..], &["geometry", "limit", "offset"]].concat())?;
    let (filter, list) = (ask.filter()?, list_ask(&ask)?);
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.encroachments_list(&filter, &list)).await.map_err(ApiError::of_parameter)
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
