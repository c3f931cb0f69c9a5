//! What a map asks for: styles, TileJSON, tiles.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::answer::{Coded, Coding, Freshness, json_bytes, weights};
use super::ask::{Ask, Place};
use super::error::ApiError;
use super::tile_cache::TileKey;
use super::{App, events};
use crate::engine::{Snapshot, StyleAsk, TileCoord, TileFormat, TileLayer};

type Answer = Result<Response, ApiError>;

pub(super) async fn style_of_the_house(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    style_named(app, "light", headers, uri).await
}

pub(super) async fn style(State(app): State<App>, Place(name): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    match name.as_str() {
        "light.json" => style_named(app, "light", headers, uri).await,
        "dark.json" => style_named(app, "dark", headers, uri).await,
        "print.json" => style_named(app, "print", headers, uri).await,
        _ => Err(ApiError::not_found("there are three styles: /styles/light.json, /styles/dark.json and /styles/print.json")),
    }
}

async fn style_named(app: App, theme: &'static str, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["lang", "epoch", "landuse", "rev"])?;
    let style = StyleAsk {
        theme,
        lang: ask.word("lang", &["vi", "en"])?,
        epoch: ask.epoch()?,
        host: host(&app, &headers)?,
        official_land_use: ask.word("landuse", &["screen", "official"])? == "official",
    };
    let basemap = app.0.settings.basemap.clone();
    // What the settings name may be another after a start, at the same revision.
    let rev = ask.rev()?.filter(|_| basemap.is_none());
    let work = move |s: &Snapshot| {
        let mut style = s.style(&style)?;
        // Named, not drawn: who takes the style needs no other host for it.
        if let Some(basemap) = &basemap {
            style["metadata"]["farmzone:basemap"] = serde_json::json!(basemap);
        }
        Ok(style)
    };
    json(app, headers, rev, work).await.map_err(ApiError::of_parameter)
}

pub(super) async fn tile_json(State(app): State<App>, Place(name): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let Some(list) = name.strip_suffix(".json") else {
        return Err(ApiError::not_found("tiles are at /tiles/{layers}/{z}/{x}/{y}, their TileJSON at /tiles/{layers}.json"));
    };
    let layers = TileLayer::parse_list(list)?;
    let ask = Ask::read(&uri, &["epoch", "rev"])?;
    let (epoch, host) = (ask.epoch()?, host(&app, &headers)?);
    json(app, headers, ask.rev()?, move |s| s.tile_json(&layers, epoch, &host)).await.map_err(ApiError::of_parameter)
}

async fn json<W>(app: App, headers: HeaderMap, rev: Option<u64>, work: W) -> Answer
where
    W: FnOnce(&Snapshot) -> Result<serde_json::Value, crate::engine::EngineError> + Send + 'static,
{
    let coding = Coding::accepted(&headers);
    let work = move |s: &Snapshot| Ok((Coded::new(json_bytes(&work(s)?), coding), s.revision));
    let (coded, revision) = app.compute(work).await?;
    Ok(coded.respond(&headers, "application/json", Freshness::of(rev, revision)))
}

pub(super) async fn tile(
    State(app): State<App>,
    Place((layers, z, x, y)): Place<(String, String, String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let layers = TileLayer::parse_list(&layers)?;
    let coord = TileCoord::parse(&z, &x, &y).map_err(|e| ApiError::bad_request(e.to_string()))?;
    let ask = Ask::read(&uri, &["kind", "group", "epoch", "rev", "pin"])?;
    let asked_epoch = ask.epoch()?;
    let snapshot = app.snapshot();
    // A revision of the same number, but of another workspace, is another.
    let rev = ask.rev()?.filter(|_| ask.text("pin").is_none_or(|pin| pin == snapshot.pin()));
    let epoch = snapshot.epoch(asked_epoch).map_err(|e| ApiError::from(e).of_parameter())?;
    let filter = snapshot.tile_filter(&ask.words("kind")?, &ask.words("group")?).map_err(|e| ApiError::from(e).of_parameter())?;
    let revision = snapshot.revision;
    let key = TileKey { layers, epoch, coord, filter, format: format_accepted(&headers), coding: Coding::accepted(&headers) };
    let media_type = key.format.media_type();
    drop(snapshot);
    if !app.0.tiles.is_at(revision) {
        events::catch_up(&app.0);
    }
    let (coded, revision) = match app.0.tiles.get(&key, revision) {
        Some(coded) => (coded, revision),
        None => draw(&app, key).await?,
    };
    let freshness = Freshness::of(rev, revision);
    // A tile is the same by whatever name the server is asked.
    let vary = HeaderValue::from_static("Accept, Accept-Encoding");
    if coded.bytes.is_empty() {
        return Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, freshness.header()), (header::VARY, vary)]).into_response());
    }
    let mut response = coded.respond(&headers, media_type, freshness);
    response.headers_mut().insert(header::VARY, vary);
    Ok(response)
}

/// MLT for who names it, as MapLibre does for a source of that encoding; MVT for all others.
fn format_accepted(headers: &HeaderMap) -> TileFormat {
    let [mlt, mvt] = [TileFormat::Mlt, TileFormat::Mvt].map(TileFormat::media_type);
    let ([mlt, mvt], _) = weights(headers, &header::ACCEPT, [mlt, mvt]);
    if mlt.is_some_and(|mlt| mlt > 0.0 && mlt >= mvt.unwrap_or(0.0)) { TileFormat::Mlt } else { TileFormat::Mvt }
}

/// The tile, and the revision that it shows.
async fn draw(app: &App, key: TileKey) -> Result<(Coded, u64), ApiError> {
    let (asked, coding) = (key.clone(), key.coding);
    let draw = move |s: &Snapshot| s.tile(&asked.layers, asked.epoch, asked.coord, &asked.filter, asked.format);
    let work = move |s: &Snapshot| Ok((Coded::new(draw(s)?, coding), s.revision));
    // The snapshot may have changed while the tile waited for its turn.
    let (coded, revision) = app.draw(work).await?;
    app.0.tiles.put(key, coded.clone(), revision);
    Ok((coded, revision))
}

/// The address under which readers know this server, for what is handed around: the one that it was told, else the one by
/// which the reader came.
pub(super) fn site(app: &App, headers: &HeaderMap) -> Result<String, ApiError> {
    app.0.public_url.clone().map_or_else(|| host(app, headers), Ok)
}

/// Scheme and host by which the reader came, and the path that the site lies below, for absolute addresses. Behind a proxy
/// that ends TLS, `X-Forwarded-Proto: https` says so.
fn host(app: &App, headers: &HeaderMap) -> Result<String, ApiError> {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("127.0.0.1");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]_".contains(&b);
    if host.is_empty() || host.len() > 255 || !host.bytes().all(plain) {
        return Err(ApiError::bad_request("the Host header is not a host name with an optional port"));
    }
    let forwarded = headers.get("x-forwarded-proto").and_then(|v| v.to_str().ok());
    let scheme = if forwarded == Some("https") { "https" } else { "http" };
    Ok(format!("{scheme}://{host}{}", app.below()))
}
