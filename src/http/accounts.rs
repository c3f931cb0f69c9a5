//! `/api/v1/users` and `/api/v1/tokens`: accounts for who looks after them, tokens for their owners.

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::ask::{Ask, Place, sent};
use super::error::ApiError;
use super::session::{Address, Caller, Who, not_in, personal};
use crate::access::{self, Action};
use crate::engine::{Account, AccountChange, Limits, NewAccount, NewToken, Page, Token, account_facts, token_facts};
use crate::model::Role;

type Answer = Result<Response, ApiError>;

/// A part of a list, and how much there is.
fn listed<T>(name: &str, all: &[T], page: Page, facts: impl Fn(&T) -> Value) -> Response {
    let rows: Vec<Value> = all.iter().skip(page.offset).take(page.limit).map(facts).collect();
    let mut body = json!({ "n_matched": all.len(), "n_returned": rows.len(), "limit": page.limit, "offset": page.offset });
    body[name] = rows.into();
    personal(StatusCode::OK, &body)
}

fn no_content() -> Response {
    (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

pub(super) async fn users(State(app): State<App>, who: Who, uri: Uri) -> Answer {
    who.may(Action::ManageAccounts)?;
    let page = Ask::read(&uri, &["limit", "offset"])?.page()?;
    let accounts = app.ask_accounts(|accounts| accounts.list()).await?;
    Ok(listed::<Account>("users", &accounts, page, account_facts))
}

pub(super) async fn add_user(State(app): State<App>, who: Who, request: Request) -> Answer {
    who.may(Action::ManageAccounts)?;
    Ask::read(request.uri(), &[])?;
    let new: NewAccount = sent(request).await?;
    let snapshot = app.snapshot();
    let (account, password) = app.prove(move |accounts| accounts.add(new, &Limits::of_snapshot(&snapshot))).await?;
    tracing::info!(by = who.0.name, name = account.name, role = %account.role, "account made");
    let mut body = account_facts(&account);
    if let Some(password) = password {
        body["password"] = password.into();
    }
    Ok(personal(StatusCode::CREATED, &body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    role: Option<Role>,
    kinds: Option<Vec<String>>,
    units: Option<Vec<String>>,
    is_disabled: Option<bool>,
    password: Option<String>,
    /// With a new password of one's own.
    present_password: Option<String>,
}

/// One's own password, with the present one; anything else is an administrator's.
pub(super) async fn change_user(
    State(app): State<App>,
    Place(name): Place<String>,
    caller: Caller,
    Address(address): Address,
    request: Request,
) -> Answer {
    let person = &caller.who.0;
    let is_own = caller.session.is_some() && access::account_name(&name).is_ok_and(|name| name == person.name);
    if !is_own {
        caller.who.may(Action::ManageAccounts)?;
    }
    Ask::read(request.uri(), &[])?;
    let Patch { role, kinds, units, is_disabled, password, present_password } = sent(request).await?;
    if role.is_some() || kinds.is_some() || units.is_some() || is_disabled.is_some() {
        caller.who.may(Action::ManageAccounts)?;
    }
    if is_own && password.is_some() {
        let Some(present) = present_password else {
            return Err(ApiError::bad_request("present_password is missing: a new password of one's own needs the present one"));
        };
        let own = person.name.clone();
        let proven = app.prove(move |accounts| accounts.is_password(&own, &present, address)).await?;
        proven.map_err(|why| not_in(why, ApiError::forbidden("the present password is wrong")))?;
    }
    let change = AccountChange { role, kinds, units, is_disabled, password };
    let snapshot = app.snapshot();
    let kept = caller.session.filter(|_| is_own);
    let work = app.prove(move |accounts| accounts.change(&name, change, &Limits::of_snapshot(&snapshot), kept.as_deref()));
    let account = work.await?;
    tracing::info!(by = person.name, name = account.name, role = %account.role, is_disabled = account.is_disabled, "account changed");
    Ok(personal(StatusCode::OK, &account_facts(&account)))
}

pub(super) async fn remove_user(State(app): State<App>, Place(name): Place<String>, who: Who, uri: Uri) -> Answer {
    who.may(Action::ManageAccounts)?;
    Ask::read(&uri, &[])?;
    let removed = name.clone();
    app.ask_accounts(move |accounts| accounts.remove(&removed)).await?;
    tracing::info!(by = who.0.name, name, "account removed");
    Ok(no_content())
}

/// Whose tokens somebody may see and revoke: his own, or (none) everybody's.
fn owner(who: &Who) -> Result<Option<String>, ApiError> {
    who.may(Action::MakeTokens)?;
    Ok(if who.may(Action::ManageAccounts).is_ok() { None } else { Some(who.0.name.clone()) })
}

pub(super) async fn tokens(State(app): State<App>, who: Who, uri: Uri) -> Answer {
    let owner = owner(&who)?;
    let page = Ask::read(&uri, &["limit", "offset"])?.page()?;
    let tokens = app.ask_accounts(move |accounts| accounts.tokens(owner.as_deref())).await?;
    Ok(listed::<Token>("tokens", &tokens, page, token_facts))
}

pub(super) async fn add_token(State(app): State<App>, who: Who, request: Request) -> Answer {
    who.may(Action::MakeTokens)?;
    Ask::read(request.uri(), &[])?;
    let new: NewToken = sent(request).await?;
    let (token, text) = app.ask_accounts(move |accounts| accounts.add_token(&who.0, new)).await?;
    tracing::info!(by = token.owner, id = token.id, scope = token.scope.join(","), "token made");
    let mut body = token_facts(&token);
    body["token"] = text.into();
    Ok(personal(StatusCode::CREATED, &body))
}

pub(super) async fn remove_token(State(app): State<App>, Place(id): Place<String>, who: Who, uri: Uri) -> Answer {
    let owner = owner(&who)?;
    Ask::read(&uri, &[])?;
    let removed = id.clone();
    app.ask_accounts(move |accounts| accounts.remove_token(&removed, owner.as_deref())).await?;
    tracing::info!(by = who.0.name, id, "token revoked");
    Ok(no_content())
}
