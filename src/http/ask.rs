//! What a request asks for: its parameters, each known, given once, read and bounded.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::engine::{Filter, Page, Words};
use crate::model::{Epoch, EpsgCode};

/// The parts of an address that a route names.
pub(super) struct Place<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Place<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(place)) => Ok(Place(place)),
            Err(_) => Err(ApiError::bad_request("the address holds bytes that are no UTF-8 text; write it percent-encoded")),
        }
    }
}

/// What a request holds, as JSON. Read after it is known that the asker may send it.
pub(super) async fn sent<T: DeserializeOwned>(request: Request) -> Result<T, ApiError> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = content_type.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::unsupported("what is sent here is JSON, with the header Content-Type: application/json"));
    }
    serde_json::from_slice(&received(request).await?).map_err(|e| ApiError::bad_request(format!("the request is not as it should be: {e}")))
}

/// What a request holds, whatever it is.
pub(super) async fn received(request: Request) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, &()).await.map_err(|rejected| match rejected.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large("the request is too large"),
        _ => ApiError::bad_request("the request broke off"),
    })
}

/// The ETag that a change rests on, as it is or in quotation marks; `what` is being changed.
pub(super) fn named_etag(headers: &HeaderMap, what: &str) -> Result<String, ApiError> {
    let missing = || ApiError::without_precondition(format!("say which state of the {what} you change: If-Match: its “etag”"));
    let text = headers.get(header::IF_MATCH).ok_or_else(missing)?.to_str().unwrap_or_default().trim();
    Ok(text.trim_start_matches("W/").trim_matches('"').to_owned())
}

/// The parameters of a request that are allowed where it went.
#[derive(Debug)]
pub(super) struct Ask {
    pairs: Vec<(String, String)>,
}

/// A part of a list has at most this many rows.
const MOST_ROWS: usize = 1_000;
const MOST_NAMES: usize = 200;

/// Whether a query is UTF-8 once its percent signs are read. A “%” that nothing readable follows stands for itself.
fn is_text(query: &str) -> bool {
    let mut rest = query.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&first, others)) = rest.split_first() {
        let digits = others.get(..2).filter(|d| first == b'%' && d.iter().all(u8::is_ascii_hexdigit));
        let code = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &others[2..] } else { others };
    }
    std::str::from_utf8(&bytes).is_ok()
}

impl Ask {
    /// Reads the query of `uri`. Parameters that are not in `allowed` are refused, and those given twice.
    pub(super) fn read(uri: &Uri, allowed: &[&str]) -> Result<Ask, ApiError> {
        if !is_text(uri.query().unwrap_or_default()) {
            return Err(ApiError::bad_request("a parameter holds bytes that are no UTF-8 text; write it percent-encoded"));
        }
        let query: Query<Vec<(String, String)>> =
            Query::try_from_uri(uri).map_err(|_| ApiError::bad_request("the query is not name=value pairs joined by “&”"))?;
        let pairs = query.0;
        for (n, (name, _)) in pairs.iter().enumerate() {
            if !allowed.contains(&name.as_str()) {
                let known =
                    if allowed.is_empty() { "this path takes none".to_owned() } else { format!("there are {}", allowed.join(", ")) };
                return Err(ApiError::bad_request(format!("no parameter “{}”; {known}", short(name))));
            }
            if pairs.iter().take(n).any(|(before, _)| before == name) {
                return Err(ApiError::bad_request(format!("parameter {name} is given twice; join values by commas")));
            }
        }
        Ok(Ask { pairs })
    }

    /// A parameter's text; an empty one counts as not given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same, with at most so many characters.
    pub(super) fn short_text(&self, name: &str, most: usize) -> Result<Option<&str>, ApiError> {
        match self.text(name) {
            Some(text) if text.chars().count() > most => Err(wrong(name, format!("at most {most} characters are taken"))),
            text => Ok(text),
        }
    }

    pub(super) fn one<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.text(name).map(|text| text.parse().map_err(|e| wrong(name, e))).transpose()
    }

    pub(super) fn list<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Vec<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(Vec::new()) };
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.len() > MOST_NAMES {
            return Err(wrong(name, format!("at most {MOST_NAMES} values are taken")));
        }
        if parts.contains(&"") {
            return Err(wrong(name, "a value between the commas is empty"));
        }
        parts.into_iter().map(|part| part.parse().map_err(|e| wrong(name, e))).collect()
    }

    /// A coordinate reference system or operation.
    pub(super) fn epsg(&self, name: &str) -> Result<Option<EpsgCode>, ApiError> {
        self.one(name)
    }

    /// A list of texts.
    pub(super) fn words(&self, name: &str) -> Result<Vec<String>, ApiError> {
        self.list(name)
    }

    pub(super) fn epoch(&self) -> Result<Option<Epoch>, ApiError> {
        self.one("epoch")
    }

    /// A whole number within bounds; `default` when it is not given.
    pub(super) fn number(&self, name: &str, default: usize, least: usize, most: usize) -> Result<usize, ApiError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<usize>().ok()).flatten();
        let bounds = format!("“{}” is not a whole number from {least} to {most}", short(text));
        number.filter(|n| (least..=most).contains(n)).ok_or_else(|| wrong(name, bounds))
    }

    pub(super) fn page(&self) -> Result<Page, ApiError> {
        let Page { limit, offset } = Page::default();
        Ok(Page { limit: self.number("limit", limit, 1, MOST_ROWS)?, offset: self.number("offset", offset, 0, 100_000_000)? })
    }

    fn bbox(&self) -> Result<Option<[f64; 4]>, ApiError> {
        let Some(text) = self.text("bbox") else { return Ok(None) };
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
        let Some([west, south, east, north]) = numbers.ok().and_then(|n| <[f64; 4]>::try_from(n).ok()) else {
            return Err(wrong("bbox", format!("“{}” is not four numbers: west,south,east,north in degrees", short(text))));
        };
        let longitude = |v: f64| (-180.0..=180.0).contains(&v);
        let latitude = |v: f64| (-90.0..=90.0).contains(&v);
        if !(longitude(west) && longitude(east) && latitude(south) && latitude(north)) {
            return Err(wrong("bbox", "longitudes must be −180 to 180 and latitudes −90 to 90, as west,south,east,north"));
        }
        if west >= east || south >= north {
            return Err(wrong("bbox", "west must be less than east, and south less than north"));
        }
        Ok(Some([west, south, east, north]))
    }

    /// Longitude and latitude.
    pub(super) fn point(&self, name: &str) -> Result<Option<[f64; 2]>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
        let point = numbers.ok().and_then(|n| <[f64; 2]>::try_from(n).ok());
        let on_earth = |[lon, lat]: &[f64; 2]| (-180.0..=180.0).contains(lon) && (-90.0..=90.0).contains(lat);
        let told = || wrong(name, format!("“{}” is not lon,lat in degrees, like 105.85,21.03", short(text)));
        point.filter(on_earth).map(Some).ok_or_else(told)
    }

    /// The filters that are given, of those that the path allows.
    pub(super) fn filter(&self) -> Result<Filter, ApiError> {
        Ok(Filter {
            bbox: self.bbox()?,
            at: self.point("at")?,
            kinds: self.list("kind")?,
            units: self.list("unit")?,
            text: self.short_text("q", 200)?.map(Words::new),
            epoch: self.epoch()?,
            zone: self.short_text("zone", 200)?.map(str::to_owned),
            groups: self.list("group")?,
            rights: self.list("right")?,
            changes: self.list("change")?,
            min_severity: self.text("severity").map(|_| self.number("severity", 0, 0, 255)).transpose()?.map(|n| n as u8),
            since: self.since()?,
            statuses: self.list("status")?,
        })
    }

    /// `2019`, or from–to as `2019..2024`, both included.
    fn since(&self) -> Result<Option<(Epoch, Epoch)>, ApiError> {
        let Some(text) = self.text("since") else { return Ok(None) };
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let epoch = |text: &str| text.parse::<Epoch>().map_err(|e| wrong("since", e));
        let (from, to) = (epoch(from)?, epoch(to)?);
        if from > to {
            return Err(wrong("since", format!("{from} is after {to}: write the earlier epoch first")));
        }
        Ok(Some((from, to)))
    }

    /// An epoch under a name of its own.
    pub(super) fn epoch_named(&self, name: &str) -> Result<Option<Epoch>, ApiError> {
        self.one(name)
    }

    /// One of a few words; the first when it is not given.
    pub(super) fn word(&self, name: &str, words: &[&'static str]) -> Result<&'static str, ApiError> {
        let asked = self.text(name).or(words.first().copied());
        let found = words.iter().find(|word| Some(**word) == asked);
        found.copied().ok_or_else(|| wrong(name, format!("“{}” is not one of {}", short(asked.unwrap_or_default()), words.join(", "))))
    }

    /// The revision that an address is pinned to.
    pub(super) fn rev(&self) -> Result<Option<u64>, ApiError> {
        self.text("rev")
            .map(|text| text.parse().map_err(|_| wrong("rev", format!("“{}” is not a revision's number", short(text)))))
            .transpose()
    }
}

fn wrong(name: &str, why: impl Display) -> ApiError {
    ApiError::bad_request(format!("parameter {name}: {why}"))
}

/// What somebody sent, in a length that fits a message.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
