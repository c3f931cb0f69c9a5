//! `/api/v1/plans`: scenarios beside the map.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::IntoResponse;

use super::App;
use super::api::{Answer, GEOJSON, JSON, XLSX, answer};
use super::ask::{Ask, Place, sent};
use super::edits::{box_or_ids, changed, written};
use super::error::ApiError;
use super::session::Who;
use crate::access::Action;
use crate::engine::{
    CommentAsk, CommentChange, DecideAsk, EditAsk, Engine, EngineError, PlanAsk, PlanPatch, PlanReader, SupplyAsk, UndoAsk,
};
use crate::model::PlanState;

/// Who reads: anybody with the plan's link, else whoever may read plans.
fn reader(who: &Who, ask: &Ask) -> Result<PlanReader, ApiError> {
    match ask.short_text("share", 200)? {
        Some(secret) => Ok(PlanReader::Link(secret.to_owned())),
        None => who.may(Action::ReadPlans).map(|()| PlanReader::Person),
    }
}

/// The plan's revision that a change rests on.
fn revision(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
    number.map(Some).ok_or_else(|| ApiError::bad_request("If-Match is not a plan's revision, like \"7\""))
}

/// The same, which must be said.
fn named_revision(headers: &HeaderMap) -> Result<u64, ApiError> {
    revision(headers)?.ok_or_else(|| ApiError::without_precondition("say which revision of the plan you change: If-Match: \"7\""))
}

pub(super) async fn list(State(app): State<App>, who: Who, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::ReadPlans)?;
    let page = Ask::read(&uri, &["limit", "offset"])?.page()?;
    answer(app, headers, None, JSON, move |s| s.plans_list(page)).await
}

pub(super) async fn make(State(app): State<App>, who: Who, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    let ask: PlanAsk = sent(request).await?;
    changed(app, headers, move |engine| engine.make_plan(&ask, &who.0)).await
}

pub(super) async fn one(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let reader = reader(&who, &Ask::read(&uri, &["share"])?)?;
    answer(app, headers, None, JSON, move |s| s.plan_card(&id, &reader)).await
}

pub(super) async fn patch(
    State(app): State<App>,
    who: Who,
    Place(id): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    let expected = named_revision(&headers)?;
    let patch: PlanPatch = sent(request).await?;
    changed(app, headers, move |engine| engine.patch_plan(&id, expected, &patch, &who.0)).await
}

pub(super) async fn remove(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    let expected = named_revision(&headers)?;
    gone(app, move |engine| engine.remove_plan(&id, expected, &who.0)).await
}

pub(super) async fn edit(
    State(app): State<App>,
    who: Who,
    Place(id): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    let ask: EditAsk = sent(request).await?;
    changed(app, headers, move |engine| engine.edit_plan(&id, &ask, &who.0)).await
}

pub(super) async fn undo(
    State(app): State<App>,
    who: Who,
    Place((id, edit)): Place<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    let ask: UndoAsk = sent(request).await?;
    changed(app, headers, move |engine| engine.undo_in_plan(&id, &edit, &ask, &who.0)).await
}

pub(super) async fn shapes(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["bbox", "id", "share"])?;
    let reader = reader(&who, &ask)?;
    let (bbox, ids) = box_or_ids(&ask)?;
    answer(app, headers, None, JSON, move |s| s.plan_shapes(&id, &reader, bbox, &ids)).await
}

pub(super) async fn changes(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["with", "share"])?;
    let reader = reader(&who, &ask)?;
    let with = ask.short_text("with", 100)?.map(str::to_owned);
    // A link shows its own plan and no other.
    if with.is_some() {
        who.may(Action::ReadPlans)?;
    }
    answer(app, headers, None, GEOJSON, move |s| s.plan_changes(&id, &reader, with.as_deref())).await
}

pub(super) async fn changes_sheet(State(app): State<App>, who: Who, Place(id): Place<String>, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["with", "share"])?;
    let reader = reader(&who, &ask)?;
    let with = ask.short_text("with", 100)?.map(str::to_owned);
    if with.is_some() {
        who.may(Action::ReadPlans)?;
    }
    let bytes = app.compute(move |s| s.plan_changes_sheet(&id, &reader, with.as_deref())).await?;
    let headers = [
        (header::CONTENT_TYPE, XLSX),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"changes.xlsx\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, bytes).into_response())
}

pub(super) async fn figures(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["with", "yields", "demand_t", "share"])?;
    let reader = reader(&who, &ask)?;
    let with = ask.short_text("with", 100)?.map(str::to_owned);
    if with.as_deref().is_some_and(|with| with != "map") {
        who.may(Action::ReadPlans)?;
    }
    let tonnes = |text: &str| text.parse::<f64>().ok().filter(|t| t.is_finite() && *t >= 0.0 && *t < 1e12);
    let mut supply = SupplyAsk::default();
    for pair in ask.words("yields")? {
        let found = pair.split_once(':').and_then(|(kind, t)| Some((kind.to_owned(), tonnes(t)?)));
        let (kind, yield_t) =
            found.ok_or_else(|| ApiError::bad_request("parameter yields: tonnes a hectare by kind, like rice:6.2,tea:2"))?;
        supply.yields_t_per_ha.insert(kind, yield_t);
    }
    if let Some(text) = ask.text("demand_t") {
        supply.demand_t = Some(tonnes(text).ok_or_else(|| ApiError::bad_request("parameter demand_t: a number of tonnes"))?);
    }
    answer(app, headers, None, JSON, move |s| s.plan_figures(&id, &reader, with.as_deref(), &supply)).await
}

pub(super) async fn comment(
    State(app): State<App>,
    who: Who,
    Place(id): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    let ask: CommentAsk = sent(request).await?;
    changed(app, headers, move |engine| engine.comment_on_plan(&id, &ask, &who.0)).await
}

pub(super) async fn change_comment(
    State(app): State<App>,
    who: Who,
    Place((id, n)): Place<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    let n = number_of_comment(&n)?;
    let change: CommentChange = sent(request).await?;
    changed(app, headers, move |engine| engine.change_comment(&id, n, &change, &who.0)).await
}

pub(super) async fn remove_comment(State(app): State<App>, who: Who, Place((id, n)): Place<(String, String)>, uri: Uri) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    let n = number_of_comment(&n)?;
    gone(app, move |engine| engine.remove_comment(&id, n, &who.0)).await
}

fn number_of_comment(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| ApiError::not_found("a comment is named by its number"))
}

pub(super) async fn submit(state: State<App>, who: Who, place: Place<String>, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    who.may(Action::MakePlans)?;
    decide(state, who, place, headers, uri, request, PlanState::Submitted).await
}

pub(super) async fn give_back(state: State<App>, who: Who, place: Place<String>, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    who.may(Action::ApprovePlans)?;
    decide(state, who, place, headers, uri, request, PlanState::Returned).await
}

pub(super) async fn approve(state: State<App>, who: Who, place: Place<String>, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    who.may(Action::ApprovePlans)?;
    decide(state, who, place, headers, uri, request, PlanState::Approved).await
}

pub(super) async fn publish(state: State<App>, who: Who, place: Place<String>, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    who.may(Action::ApprovePlans)?;
    decide(state, who, place, headers, uri, request, PlanState::Published).await
}

async fn decide(
    State(app): State<App>,
    who: Who,
    Place(id): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
    to: PlanState,
) -> Answer {
    Ask::read(&uri, &[])?;
    let expected = revision(&headers)?;
    let ask: DecideAsk = sent(request).await?;
    changed(app, headers, move |engine| match to {
        PlanState::Published => engine.publish_plan(&id, &ask, expected, &who.0),
        to => engine.decide_plan(&id, to, &ask, expected, &who.0),
    })
    .await
}

pub(super) async fn share(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    changed(app, headers, move |engine| engine.share_plan(&id, &who.0)).await
}

pub(super) async fn unshare(State(app): State<App>, who: Who, Place(id): Place<String>, uri: Uri) -> Answer {
    who.may(Action::MakePlans)?;
    Ask::read(&uri, &[])?;
    gone(app, move |engine| engine.unshare_plan(&id, &who.0)).await
}

/// Takes something away; there is nothing to tell of it.
async fn gone<W>(app: App, work: W) -> Answer
where
    W: FnOnce(&Engine) -> Result<(), EngineError> + Send + 'static,
{
    written(app, work).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
