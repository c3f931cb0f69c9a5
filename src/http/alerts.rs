//! `/api/v1/alerts`: the work list on lost land.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{Coded, Coding, Freshness, json_bytes};
use super::api::{Answer, JSON};
use super::ask::{Ask, Place, named_etag, sent};
use super::edits::{changed, day};
use super::error::ApiError;
use super::session::Who;
use super::{App, blocking, file_sent, permit};
use crate::access::{Action, Person};
use crate::engine::{AlertPatch, AlertSort, AlertsAsk, Engine, EngineError, NoteAsk, StepAsk};
use crate::model::Epoch;

const FILTERS: [&str; 5] = ["unit", "kind", "group", "right", "zone"];
/// In `assigned=`: nobody's. No account has such a name.
const NOBODY: &str = "!";

/// Asks the engine for something that only those who are known may read.
async fn told<W>(app: App, headers: HeaderMap, work: W) -> Answer
where
    W: FnOnce(&Engine) -> Result<Value, EngineError> + Send + 'static,
{
    let (permit, engine, coding) = (permit(&app.0.workers).await?, app.0.engine.clone(), Coding::accepted(&headers));
    let coded = blocking(move || {
        let _permit = permit;
        Ok(Coded::new(json_bytes(&work(&engine)?), coding))
    });
    Ok(coded.await?.respond(&headers, JSON, Freshness::Ask))
}

pub(super) async fn list(State(app): State<App>, who: Who, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::ReadAlerts)?;
    let more = ["status", "since", "assigned", "due_before", "sort", "limit", "offset"];
    let ask = Ask::read(&uri, &[&FILTERS[..], &more].concat())?;
    let assigned = ask.short_text("assigned", 64)?.map(|name| (name != NOBODY).then(|| name.to_owned()));
    let due_before: Option<Epoch> = day(&ask, "due_before")?.and_then(|day| day.parse().ok());
    let sort = AlertSort::from_word(ask.word("sort", &AlertSort::WORDS)?).unwrap_or_default();
    let (wanted, page) = (AlertsAsk { filter: ask.filter()?, assigned, due_before, sort }, ask.page()?);
    told(app, headers, move |engine| engine.snapshot().alerts_list(&wanted, page, engine.accounts())).await.map_err(ApiError::of_parameter)
}

pub(super) async fn digest(State(app): State<App>, who: Who, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::ReadAlerts)?;
    let ask = Ask::read(&uri, &["unit", "kind", "since"])?;
    let since = day(&ask, "since")?.and_then(|day| day.parse().ok());
    let filter = crate::engine::Filter { units: ask.words("unit")?, kinds: ask.words("kind")?, ..Default::default() };
    told(app, headers, move |engine| engine.snapshot().alerts_digest(&filter, since, engine.accounts()))
        .await
        .map_err(ApiError::of_parameter)
}

pub(super) async fn one(State(app): State<App>, who: Who, Place(event): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::ReadAlerts)?;
    Ask::read(&uri, &[])?;
    told(app, headers, move |engine| engine.snapshot().alert_card(&event, engine.accounts())).await
}

/// Does what is asked of an alert, in the name of who asks.
async fn handled<A, W>(app: App, who: Who, headers: HeaderMap, uri: Uri, request: Request, work: W) -> Answer
where
    A: DeserializeOwned + Send + 'static,
    W: FnOnce(&Engine, &A, &Person) -> Result<Value, EngineError> + Send + 'static,
{
    Ask::read(&uri, &[])?;
    let ask: A = sent(request).await?;
    changed(app, headers, move |engine| work(engine, &ask, &who.0)).await
}

pub(super) async fn step(
    State(app): State<App>,
    who: Who,
    Place(event): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::HandleAlerts)?;
    let etag = named_etag(&headers, "alert")?;
    handled(app, who, headers, uri, request, move |engine, ask: &StepAsk, person| engine.step_alert(&event, &etag, ask, person)).await
}

pub(super) async fn patch(
    State(app): State<App>,
    who: Who,
    Place(event): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::HandleAlerts)?;
    let etag = named_etag(&headers, "alert")?;
    handled(app, who, headers, uri, request, move |engine, ask: &AlertPatch, person| engine.patch_alert(&event, &etag, ask, person)).await
}

pub(super) async fn note(
    State(app): State<App>,
    who: Who,
    Place(event): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::HandleAlerts)?;
    handled(app, who, headers, uri, request, move |engine, ask: &NoteAsk, person| engine.note_on_alert(&event, ask, person)).await
}

pub(super) async fn add_photo(
    State(app): State<App>,
    who: Who,
    Place(event): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::HandleAlerts)?;
    let name = Ask::read(&uri, &["filename"])?.short_text("filename", 300)?.unwrap_or_default().to_owned();
    let (permit, bytes) = file_sent(&app.0.droppers, request).await?;
    changed(app, headers, move |engine| {
        let _permit = permit;
        engine.add_photo_to_alert(&event, &name, &bytes, &who.0)
    })
    .await
}

pub(super) async fn photo(State(app): State<App>, who: Who, Place((event, n)): Place<(String, String)>, uri: Uri) -> Answer {
    who.may(Action::ReadAlerts)?;
    Ask::read(&uri, &[])?;
    let n: i64 = n.parse().map_err(|_| ApiError::not_found("a photo is named by its number"))?;
    let (permit, engine) = (permit(&app.0.workers).await?, app.0.engine.clone());
    let (media_type, bytes) = blocking(move || {
        let _permit = permit;
        engine.photo_of_alert(&event, n)
    })
    .await?;
    // One of three that we write ourselves.
    let media_type = HeaderValue::from_str(&media_type).map_err(|_| ApiError::internal("a photo of no media type"))?;
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}
