//! Who asks: the session's cookie or a token; signing in and out.
//!
//! Invariants: what a person asks for by cookie changes nothing unless the page that asks shows that it is ours; an
//! answer to somebody who is known is kept by nobody; who somebody is, is asked anew with every request.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Coded, Coding, Freshness, json_bytes};
use super::ask::{Ask, sent};
use super::error::ApiError;
use super::{App, Readers};
use crate::access::{self, Action, Person};
use crate::engine::{NotIn, SESSION_LASTS_S, csrf_of, is_csrf};

pub(super) const COOKIE: &str = "farmzone_session";
const CSRF_HEADER: &str = "x-csrf-token";

/// Set when a request is answered to somebody who is known.
#[derive(Debug, Clone, Default)]
pub(super) struct IsKnown(pub Arc<AtomicBool>);

/// The person behind a request; nobody's when nothing was shown, or a session that has ended.
#[derive(Debug, Clone)]
pub(super) struct Who(pub Person);

impl Who {
    /// The first line of a handler that is not for everybody.
    pub(super) fn may(&self, action: Action) -> Result<(), ApiError> {
        Ok(access::may(&self.0, action)?)
    }
}

/// The same with the secret of the session by which it is known, when it is one.
pub(super) struct Caller {
    pub who: Who,
    pub session: Option<String>,
}

impl FromRequestParts<App> for Who {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(Caller::from_request_parts(parts, app).await?.who)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = if let Some(shown) = parts.headers.get(header::AUTHORIZATION) {
            by_token(app, shown).await?
        } else {
            by_cookie(app, &parts.method, &parts.headers).await?
        };
        if let Some(known) = parts.extensions.get::<IsKnown>() {
            known.0.fetch_or(!caller.who.0.is_nobody(), Ordering::Relaxed);
        }
        Ok(caller)
    }
}

/// A token that is shown and is none is refused, and never taken for nobody's.
async fn by_token(app: &App, shown: &HeaderValue) -> Result<Caller, ApiError> {
    let text = shown.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, text)) = text else {
        return Err(ApiError::not_signed_in("the header Authorization is not of the form “Bearer fz_…”"));
    };
    let text = text.trim().to_owned();
    let person = app.ask_accounts(move |accounts| accounts.of_token(&text)).await?;
    let person = person.ok_or_else(|| ApiError::not_signed_in("the token is unknown, expired or revoked, or its account is disabled"))?;
    Ok(Caller { who: Who(person), session: None })
}

async fn by_cookie(app: &App, method: &Method, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let nobody = Caller { who: Who(Person::nobody()), session: None };
    let Some(secret) = cookie(headers) else { return Ok(nobody) };
    let asked = secret.clone();
    let Some(person) = app.ask_accounts(move |accounts| accounts.of_session(&asked)).await? else { return Ok(nobody) };
    if method != Method::GET && method != Method::HEAD {
        from_our_page(headers)?;
        let shown = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !is_csrf(&secret, shown) {
            return Err(ApiError::forbidden("the header X-CSRF-Token is not the “csrf” of GET /api/v1/session"));
        }
    }
    Ok(Caller { who: Who(person), session: Some(secret) })
}

/// Refuses what a browser says comes from a page of another host.
fn from_our_page(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_other_site = text("sec-fetch-site").is_some_and(|site| site != "same-origin");
    let host = text("host").unwrap_or_default();
    let is_other_host = text("origin").is_some_and(|origin| {
        let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        authority.is_none_or(|authority| host.is_empty() || !authority.eq_ignore_ascii_case(host))
    });
    if is_other_site || is_other_host {
        return Err(ApiError::forbidden(
            "the request comes from a page of another host; a proxy in front must leave the header Host as it is",
        ));
    }
    Ok(())
}

/// The session's cookie. None when there are several: another host of the same domain may have put one there.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('=')).filter(|(n, _)| *n == COOKIE);
    match (ours.next(), ours.next()) {
        (Some((_, secret)), None) => Some(secret.to_owned()),
        _ => None,
    }
}

/// What makes a browser keep the secret, where no script can read it, or forget it. `below`: the path of the site, so that
/// two on one host have a session each.
fn set_cookie(below: &str, headers: &HeaderMap, secret: &str) -> HeaderValue {
    let max_age = if secret.is_empty() { 0 } else { SESSION_LASTS_S };
    let is_https = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let secure = if is_https { "; Secure" } else { "" };
    let text = format!("{COOKIE}={secret}; Path={below}/; HttpOnly; SameSite=Strict; Max-Age={max_age}{secure}");
    // A secret is hexadecimal: always a valid header.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Where the reader is, for counting failures; none when it is not known.
pub(super) struct Address(pub Option<IpAddr>);

impl FromRequestParts<App> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        // What the nearest proxy wrote stands last; all before it the reader may have written himself.
        let last = forwarded.and_then(|list| list.split(',').next_back()).and_then(|text| text.trim().parse().ok());
        Ok(Address(match app.0.readers {
            Readers::Direct => peer,
            Readers::BehindProxy => last.or(peer),
        }))
    }
}

/// An answer about a person: kept by nobody.
pub(super) fn personal(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")];
    (status, headers, json_bytes(body)).into_response()
}

/// How somebody who is not let in is told.
pub(super) fn not_in(why: NotIn, wrong: ApiError) -> ApiError {
    match why {
        NotIn::Wrong => wrong,
        NotIn::Wait(seconds) => {
            tracing::warn!(seconds, "attempts to sign in are slowed down");
            ApiError::too_many(format!("too many failures; try again in {seconds} seconds")).after(seconds)
        }
    }
}

fn facts(app: &App, person: &Person, csrf: Option<String>) -> Value {
    let name = (!person.is_nobody()).then_some(&person.name);
    let (kinds, units, may) = (&person.kinds, &person.units, person.actions());
    json!({ "role": person.role, "name": name, "kinds": kinds, "units": units, "csrf": csrf, "may": may, "revision": app.snapshot().revision })
}

pub(super) async fn show(State(app): State<App>, caller: Caller, headers: HeaderMap, uri: Uri) -> Result<Response, ApiError> {
    Ask::read(&uri, &[])?;
    let person = &caller.who.0;
    let body = facts(&app, person, caller.session.as_deref().map(csrf_of));
    if !person.is_nobody() {
        return Ok(personal(StatusCode::OK, &body));
    }
    let mut response = Coded::new(json_bytes(&body), Coding::Identity).respond(&headers, "application/json", Freshness::Ask);
    if headers.contains_key(header::COOKIE) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(header::SET_COOKIE, set_cookie(app.below(), &headers, ""));
    }
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    name: String,
    password: String,
}

pub(super) async fn sign_in(State(app): State<App>, Address(address): Address, request: Request) -> Result<Response, ApiError> {
    Ask::read(request.uri(), &[])?;
    let headers = request.headers().clone();
    // Nobody may be signed in under a name that another page chose.
    from_our_page(&headers)?;
    let SignIn { name, password } = sent(request).await?;
    let began = app.prove(move |accounts| accounts.sign_in(&name, &password, address)).await?;
    if let Ok(session) = &began {
        tracing::info!(name = session.person.name, "signed in");
    }
    let began = began.map_err(|why| not_in(why, ApiError::not_signed_in("the name or the password is wrong")))?;
    if let Some(earlier) = cookie(&headers) {
        app.ask_accounts(move |accounts| accounts.sign_out(&earlier)).await?;
    }
    let mut response = personal(StatusCode::OK, &facts(&app, &began.person, Some(csrf_of(&began.secret))));
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(app.below(), &headers, &began.secret));
    Ok(response)
}

pub(super) async fn sign_out(State(app): State<App>, caller: Caller, headers: HeaderMap, uri: Uri) -> Result<Response, ApiError> {
    Ask::read(&uri, &[])?;
    if let Some(secret) = caller.session {
        app.ask_accounts(move |accounts| accounts.sign_out(&secret)).await?;
    }
    let mut response = personal(StatusCode::OK, &facts(&app, &Person::nobody(), None));
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(app.below(), &headers, ""));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_cookie_is_read_among_others_and_not_when_there_are_two() {
        assert_eq!(cookie(&headers(&[("cookie", "a=1; farmzone_session=abc; b=2")])).as_deref(), Some("abc"));
        assert_eq!(cookie(&headers(&[("cookie", "farmzone_session=abc; farmzone_session=def")])), None);
        assert_eq!(cookie(&headers(&[("cookie", "xfarmzone_session=abc")])), None);
    }

    #[test]
    fn only_our_own_page_may_change_something() {
        for ours in [
            &[("host", "map.example"), ("origin", "https://map.example"), ("sec-fetch-site", "same-origin")][..],
            &[("host", "Map.example:8080"), ("origin", "http://map.example:8080")],
            &[("host", "map.example")],
        ] {
            assert!(from_our_page(&headers(ours)).is_ok(), "{ours:?}");
        }
        for other in [
            &[("host", "map.example"), ("origin", "https://evil.example")][..],
            &[("host", "map.example"), ("origin", "null")],
            &[("host", "map.example"), ("origin", "https://map.example.evil.example")],
            &[("host", "map.example"), ("origin", "https://map.example:444")],
            &[("host", "map.example"), ("sec-fetch-site", "cross-site")],
            &[("host", "map.example"), ("sec-fetch-site", "same-site")],
            &[("origin", "https://")],
        ] {
            assert!(from_our_page(&headers(other)).is_err(), "{other:?}");
        }
    }

    #[test]
    fn no_script_reads_the_cookie_no_other_site_sends_it_and_by_https_it_stays_there() {
        let plain = set_cookie("", &HeaderMap::new(), "abc");
        assert_eq!(plain, "farmzone_session=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800");
        let secure = set_cookie("/hanoi", &headers(&[("x-forwarded-proto", "https")]), "");
        assert_eq!(secure, "farmzone_session=; Path=/hanoi/; HttpOnly; SameSite=Strict; Max-Age=0; Secure");
    }
}
