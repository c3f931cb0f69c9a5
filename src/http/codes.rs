//! `/api/v1/codes`: the register of farming area codes, and checks of codes, lists and places.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::answer::{Coded, Coding, Freshness, json_bytes};
use super::api::{Answer, JSON, XLSX, answer};
use super::ask::{Ask, Place, named_etag, sent};
use super::edits::{changed, written};
use super::error::ApiError;
use super::session::Who;
use super::{App, blocking, file_sent};
use crate::access::Action;
use crate::engine::{CheckAsk, CodeList, CodesAsk, EngineError, RegisterAsk, Snapshot, StatusAsk};
use crate::model::PartnerTable;

const CSV: &str = "text/csv";
/// Of a file's, a column's, a market's name.
const MOST_CHARACTERS: usize = 300;

/// Of codes sent as JSON, which nobody waits in line for: 10,000, far longer than any is.
const MOST_CODES_BYTES: usize = 2 * 1024 * 1024;

/// What is sent to be checked as JSON: codes, or a place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecksAsked {
    #[serde(default)]
    codes: Vec<String>,
    at: Option<[f64; 2]>,
    accuracy_m: Option<f64>,
    market: Option<String>,
    date: Option<String>,
    shipped_t: Option<f64>,
}

pub(super) async fn list(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["q", "status", "market", "zone", "unit", "verdict", "limit", "offset", "rev"])?;
    let wanted = CodesAsk {
        text: ask.short_text("q", 200)?.map(str::to_owned),
        statuses: ask.list("status")?,
        market: ask.short_text("market", 100)?.map(str::to_owned),
        zone: ask.short_text("zone", 200)?.map(str::to_owned),
        unit: ask.short_text("unit", 100)?.map(str::to_owned),
        verdicts: ask.list("verdict")?,
    };
    let page = ask.page()?;
    // A verdict changes with the day: no address pins it.
    answer(app, headers, None, JSON, move |s| s.codes_list(&wanted, page)).await.map_err(ApiError::of_parameter)
}

pub(super) async fn rules(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["rev"])?;
    answer(app, headers, ask.rev()?, JSON, |s| Ok(s.code_rules())).await
}

pub(super) async fn one(State(app): State<App>, who: Who, Place(code): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["market", "date", "shipped_t", "rev"])?;
    let wanted = check_ask(&ask)?;
    let reads_holders = who.may(Action::ReadHolders).is_ok();
    answer(app, headers, None, JSON, move |s| s.code_card(&code, &wanted, reads_holders)).await
}

fn check_ask(ask: &Ask) -> Result<CheckAsk, ApiError> {
    let tonnes =
        |text: &str| text.replace(',', ".").parse::<f64>().map_err(|_| ApiError::bad_request("parameter shipped_t: a number of tonnes"));
    Ok(CheckAsk {
        market: ask.short_text("market", MOST_CHARACTERS)?.map(str::to_owned),
        date: ask.text("date").map(str::parse).transpose().map_err(|e| ApiError::bad_request(format!("parameter date: {e}")))?,
        shipped_t: ask.text("shipped_t").map(tonnes).transpose()?,
    })
}

/// Codes as JSON, a place as JSON, or a file in which codes stand; verdicts as JSON or as a spreadsheet.
pub(super) async fn check(State(app): State<App>, headers: HeaderMap, uri: Uri, mut request: Request) -> Answer {
    let ask = Ask::read(&uri, &["filename", "column", "market", "date", "shipped_t"])?;
    let wants_sheet = headers.get_all(header::ACCEPT).iter().any(|v| v.to_str().is_ok_and(|v| v.contains(XLSX)));
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_json = media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
    if !is_json {
        return check_file(app, headers, &ask, wants_sheet, request).await;
    }
    DefaultBodyLimit::max(MOST_CODES_BYTES).apply(&mut request);
    let sent: ChecksAsked = sent(request).await?;
    let date = sent.date.as_deref().map(str::parse).transpose().map_err(|e| ApiError::bad_request(format!("date: {e}")))?;
    let wanted = CheckAsk { market: sent.market.clone(), date, shipped_t: sent.shipped_t };
    match sent.at {
        Some(_) if !sent.codes.is_empty() => Err(ApiError::bad_request("give codes or a place (at), not both")),
        Some(at) => verdicts(app, headers, move |s| s.checks_at(at, sent.accuracy_m, &wanted)).await,
        None if sent.codes.is_empty() => Err(ApiError::bad_request("there is nothing to check: give codes, or a place (at)")),
        None if sent.codes.len() > Snapshot::MOST_CODES => Err(ApiError::bad_request(format!(
            "{} codes at once are too many: at most {}; send them as a file, or in parts",
            sent.codes.len(),
            Snapshot::MOST_CODES
        ))),
        None if wants_sheet => sheet(app, move |s| s.list_sheet(&CodeList::of(&sent.codes), &wanted)).await,
        None => verdicts(app, headers, move |s| s.check_list(&CodeList::of(&sent.codes), &wanted)).await,
    }
}

async fn verdicts<W>(app: App, headers: HeaderMap, work: W) -> Answer
where
    W: FnOnce(&Snapshot) -> Result<serde_json::Value, EngineError> + Send + 'static,
{
    answer(app, headers, None, JSON, work).await
}

async fn sheet<W>(app: App, work: W) -> Answer
where
    W: FnOnce(&Snapshot) -> Result<Vec<u8>, EngineError> + Send + 'static,
{
    Ok(sheet_answer(app.compute(work).await?))
}

async fn check_file(app: App, headers: HeaderMap, ask: &Ask, wants_sheet: bool, request: Request) -> Answer {
    let wanted = check_ask(ask)?;
    let filename = ask.short_text("filename", MOST_CHARACTERS)?.unwrap_or("codes.csv").to_owned();
    let column = ask.short_text("column", MOST_CHARACTERS)?.map(str::to_owned);
    let (permit, bytes) = file_sent(&app.0.checkers, request).await?;
    let snapshot = app.snapshot();
    let coding = Coding::accepted(&headers);
    let work = move || {
        let _permit = permit;
        let list = snapshot.codes_in_bytes(&bytes, &filename, column.as_deref())?;
        drop(bytes);
        if wants_sheet {
            return Ok((snapshot.list_sheet(&list, &wanted)?, None));
        }
        Ok((Vec::new(), Some(Coded::new(json_bytes(&snapshot.check_list(&list, &wanted)?), coding))))
    };
    match blocking(work).await? {
        (_, Some(coded)) => Ok(coded.respond(&HeaderMap::new(), JSON, Freshness::Ask)),
        (bytes, None) => Ok(sheet_answer(bytes)),
    }
}

fn sheet_answer(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, XLSX),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"codes.xlsx\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, bytes).into_response()
}

pub(super) async fn put_status(
    State(app): State<App>,
    who: Who,
    Place(code): Place<String>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Answer {
    who.may(Action::EditRegister)?;
    Ask::read(&uri, &[])?;
    let etag = named_etag(&headers, "code")?;
    let ask: StatusAsk = sent(request).await?;
    changed(app, headers, move |engine| engine.set_code_status(&code, &ask, &etag, &who.0)).await
}

pub(super) async fn import(State(app): State<App>, who: Who, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    who.may(Action::EditRegister)?;
    let ask =
        Ask::read(&uri, &["as", "filename", "layer", "mapping", "crs", "operation", "encoding", "correct", "keep", "mode", "revision"])?;
    let taken_as = ask.word("as", &["codes", "partners", "linkages", "products", "traces"])?;
    let table: Option<PartnerTable> = taken_as.parse().ok();
    let text = |name: &str| Ok::<_, ApiError>(ask.short_text(name, MOST_CHARACTERS)?.map(str::to_owned));
    let mapping = ask.short_text("mapping", 6_000)?.map(serde_json::from_str).transpose();
    let keep = ask.word("keep", &["false", "true"])? == "true";
    let revision = ask.one("revision")?;
    if keep && revision.is_none() {
        return Err(ApiError::bad_request("parameter revision: look at the file first, and keep it with the revision that the look gave"));
    }
    let wanted = RegisterAsk {
        filename: text("filename")?
            .ok_or_else(|| ApiError::bad_request("parameter filename: say the file's name, by which its format is known"))?,
        layer: text("layer")?,
        mapping: mapping
            .map_err(|e| {
                ApiError::bad_request(format!("parameter mapping: our column to theirs as JSON, like {{\"code\":\"Mã số\"}}: {e}"))
            })?
            .unwrap_or_default(),
        crs: ask.epsg("crs")?,
        operation: ask.epsg("operation")?,
        encoding: text("encoding")?,
        correct: ask.one("correct")?,
        keep,
        revision,
        replace: ask.word("mode", &["update", "replace"])? == "replace",
    };
    let (permit, bytes) = file_sent(&app.0.droppers, request).await?;
    let wants_issues = headers.get_all(header::ACCEPT).iter().any(|v| v.to_str().is_ok_and(|v| v.contains(CSV)));
    if wants_issues && wanted.keep {
        return Err(ApiError::bad_request("the issues as a table are of a look at the file: leave keep out"));
    }
    let looked = written(app, move |engine| {
        let _permit = permit;
        match table {
            Some(table) => engine.import_partner_table(&bytes, table, &wanted, &who.0),
            None => engine.import_register(&bytes, &wanted, &who.0),
        }
    });
    let looked = looked.await?;
    if wants_issues {
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"issues.csv\""),
            (header::CACHE_CONTROL, "no-store"),
        ];
        return Ok((headers, looked.issues_csv()?).into_response());
    }
    let coding = Coding::accepted(&headers);
    Ok(Coded::new(json_bytes(&looked.review), coding).respond(&HeaderMap::new(), JSON, Freshness::Ask))
}
