//! `/api/v1/edits` and `/api/v1/zones/shapes`: true geometry out, edits in.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use serde_json::Value;

use super::App;
use super::answer::{Coded, Coding, Freshness, json_bytes};
use super::api::{Answer, JSON, answer};
use super::ask::{Ask, Place, sent};
use super::error::ApiError;
use super::session::Who;
use crate::access::Action;
use crate::engine::{EditAsk, Engine, EngineError, UndoAsk};

/// Zones whose shapes are asked for by id.
const MOST_IDS: usize = 200;

pub(super) async fn shapes(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["bbox", "id", "rev"])?;
    let (bbox, ids) = box_or_ids(&ask)?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.shapes(bbox, &ids)).await
}

/// Which zones are asked for: those in a box of degrees, or some by id.
pub(super) fn box_or_ids(ask: &Ask) -> Result<(Option<[f64; 4]>, Vec<String>), ApiError> {
    let (filter, ids) = (ask.filter()?, ask.words("id")?);
    if filter.bbox.is_some() == ids.is_empty() {
        return Ok((filter.bbox, ids));
    }
    Err(ApiError::bad_request(format!("give bbox=west,south,east,north or id= with at most {MOST_IDS} ids, one of them")))
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
    let ask = Ask::read(&uri, &["zone", "limit", "offset"])?;
    let (zone, page) = (ask.short_text("zone", 200)?.map(str::to_owned), ask.page()?);
    answer(app, headers, None, JSON, move |s| s.edits_list(zone.as_deref(), page)).await
}

pub(super) async fn one(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::ReadEdits)?;
    Ask::read(&uri, &[])?;
    answer(app, headers, None, JSON, move |s| s.edit_card(&id)).await
}

/// Changes the workspace away from the async threads; the answer comes when it is on the disk.
pub(super) async fn changed<W>(app: App, headers: HeaderMap, work: W) -> Answer
where
    W: FnOnce(&Engine) -> Result<Value, EngineError> + Send + 'static,
{
    let engine = app.0.engine.clone();
    let done = app.compute(move |_| work(&engine)).await?;
    Ok(Coded::new(json_bytes(&done), Coding::accepted(&headers)).respond(&HeaderMap::new(), JSON, Freshness::Ask))
}
