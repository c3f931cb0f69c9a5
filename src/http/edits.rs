//! `/api/v1/edits` and `/api/v1/zones/shapes`: true geometry out, edits in.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use serde_json::Value;

use super::answer::{Coded, Coding, Freshness, json_bytes};
use super::api::{Answer, GEOJSON, JSON, answer};
use super::ask::{Ask, Place, sent};
use super::error::ApiError;
use super::session::Who;
use super::{App, WORKER_PATIENCE};
use crate::access::Action;
use crate::engine::{AsOf, EditAsk, EditFilter, Engine, EngineError, Snapshot, UndoAsk};
use crate::model::Epoch;

/// Zones whose shapes are asked for by id.
const MOST_IDS: usize = 200;

pub(super) async fn shapes(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["bbox", "id", "as_of", "time", "rev"])?;
    let ((bbox, ids), moment) = (box_or_ids(&ask)?, as_of(&ask)?);
    let work = move |s: &Snapshot| match moment {
        Some(moment) => s.shapes_as_of(moment, bbox, &ids),
        None => s.shapes(bbox, &ids),
    };
    answer(app, headers, ask.rev()?, JSON, work).await
}

/// Which zones are asked for: those in a box of degrees, or some by id.
pub(super) fn box_or_ids(ask: &Ask) -> Result<(Option<[f64; 4]>, Vec<String>), ApiError> {
    let (filter, ids) = (ask.filter()?, ask.words("id")?);
    if filter.bbox.is_some() == ids.is_empty() {
        return Ok((filter.bbox, ids));
    }
    Err(ApiError::bad_request(format!("give bbox=west,south,east,north or id= with at most {MOST_IDS} ids, one of them")))
}

/// `as_of=17` (a revision) or `as_of=2026-11-22`, a day: by what was recorded, or (`time=valid`) by what held in law.
fn as_of(ask: &Ask) -> Result<Option<AsOf>, ApiError> {
    moment(ask, "as_of")
}

fn moment(ask: &Ask, name: &str) -> Result<Option<AsOf>, ApiError> {
    let time = ask.word("time", &["recorded", "valid"])?;
    let Some(text) = ask.short_text(name, 20)? else { return Ok(None) };
    if let Ok(revision) = text.parse() {
        return Ok(Some(AsOf::Revision(revision)));
    }
    let day = text.parse().map_err(|_| ApiError::bad_request(format!("parameter {name}: give a revision or a day like 2026-11-22")))?;
    Ok(Some(if time == "valid" { AsOf::Valid(day) } else { AsOf::Recorded(day) }))
}

pub(super) async fn versions(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let may_know_who = who.may(Action::ReadEdits).is_ok();
    let ask = Ask::read(&uri, &["rev"])?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.zone_versions(&id, may_know_who)).await
}

pub(super) async fn changes(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["from", "to", "time", "limit", "offset", "rev"])?;
    let given = |name: &str| moment(&ask, name)?.ok_or_else(|| ApiError::bad_request("give two moments, revisions or days: from= and to="));
    let (from, to, page) = (given("from")?, given("to")?, ask.page()?);
    answer(app, headers, ask.rev()?, GEOJSON, move |s| s.changes_between(from, to, page)).await
}

pub(super) async fn make(State(app): State<App>, who: Who, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    who.may(Action::EditZones)?;
    Ask::read(&uri, &[])?;
    let ask: EditAsk = sent(request).await?;
    changed(app, headers, move |engine| engine.edit(&ask, &who.0)).await
}

pub(super) async fn undo(
    State(app): State<App>,
    who: Who,
    Place(id): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::EditZones)?;
    Ask::read(&uri, &[])?;
    let ask: UndoAsk = sent(request).await?;
    changed(app, headers, move |engine| engine.undo(&id, &ask, &who.0)).await
}

pub(super) async fn list(State(app): State<App>, who: Who, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::ReadEdits)?;
    let ask = Ask::read(&uri, &["zone", "who", "since", "until", "limit", "offset"])?;
    let given = |name: &str| ask.short_text(name, 200).map(|text| text.map(str::to_owned));
    let which = EditFilter { zone: given("zone")?, who: given("who")?, since: day(&ask, "since")?, until: day(&ask, "until")? };
    let page = ask.page()?;
    answer(app, headers, None, JSON, move |s| s.edits_list(&which, page)).await
}

/// A whole day, as RFC 3339 begins with it.
pub(super) fn day(ask: &Ask, name: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = ask.short_text(name, 10)? else { return Ok(None) };
    let day: Option<Epoch> = text.parse().ok().filter(|day: &Epoch| day.day.is_some());
    let day = day.ok_or_else(|| ApiError::bad_request(format!("parameter {name}: give a day like 2026-11-22")))?;
    Ok(Some(day.to_string()))
}

pub(super) async fn one(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::ReadEdits)?;
    Ask::read(&uri, &[])?;
    answer(app, headers, None, JSON, move |s| s.edit_card(&id)).await
}

/// Changes the workspace; what comes of it is answered when it is on the disk.
pub(super) async fn changed<W>(app: App, headers: HeaderMap, work: W) -> Answer
where
    W: FnOnce(&Engine) -> Result<Value, EngineError> + Send + 'static,
{
    let done = written(app, work).await?;
    Ok(Coded::new(json_bytes(&done), Coding::accepted(&headers)).respond(&HeaderMap::new(), JSON, Freshness::Ask))
}

/// The same away from the async threads, for any result.
pub(super) async fn written<T, W>(app: App, work: W) -> Result<T, ApiError>
where
    T: Send + 'static,
    W: FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
{
    // Not a reader's place: an edit may have to wait for another.
    let waiting = tokio::time::timeout(WORKER_PATIENCE, app.0.editors.clone().acquire_owned());
    let Ok(Ok(permit)) = waiting.await else {
        return Err(ApiError::unavailable("others are editing; send it again under the same id in a few seconds"));
    };
    let engine = app.0.engine.clone();
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work(&engine)
    });
    Ok(done.await.map_err(|_| ApiError::internal("the edit could not be made"))??)
}
