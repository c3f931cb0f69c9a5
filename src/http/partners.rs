//! `/api/v1/partners`, `/linkages`, `/products`, `/traces`: who is behind zones.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};

use super::App;
use super::api::{Answer, JSON, answer};
use super::ask::{Ask, Place};
use super::error::ApiError;
use super::session::Who;
use crate::access::Action;
use crate::engine::PartnersAsk;
use crate::model::PartnerTable;

async fn list(table: PartnerTable, app: App, headers: HeaderMap, uri: Uri) -> Answer {
    let is_of_partners = table == PartnerTable::Partners;
    let allowed = ["q", "zone", "limit", "offset", "rev", "kind"];
    let ask = Ask::read(&uri, if is_of_partners { &allowed } else { &allowed[..5] })?;
    let wanted = PartnersAsk {
        text: ask.short_text("q", 200)?.map(str::to_owned),
        kinds: if is_of_partners { ask.list("kind")? } else { Vec::new() },
        zone: ask.short_text("zone", 200)?.map(str::to_owned),
    };
    let page = ask.page()?;
    answer(app, headers, ask.rev()?, JSON, move |s| s.partners_list(table, &wanted, page)).await.map_err(ApiError::of_parameter)
}

async fn card(table: PartnerTable, app: App, who: Who, id: String, headers: HeaderMap, uri: Uri) -> Answer {
    Ask::read(&uri, &["rev"])?;
    let reads_holders = who.may(Action::ReadHolders).is_ok();
    // What only some may read is in no answer that an address pins.
    answer(app, headers, None, JSON, move |s| s.partner_card(table, &id, reads_holders)).await
}

pub(super) async fn partners(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    list(PartnerTable::Partners, app, headers, uri).await
}

pub(super) async fn linkages(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    list(PartnerTable::Linkages, app, headers, uri).await
}

pub(super) async fn products(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    list(PartnerTable::Products, app, headers, uri).await
}

pub(super) async fn traces(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    list(PartnerTable::Traces, app, headers, uri).await
}

pub(super) async fn partner(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    card(PartnerTable::Partners, app, who, id, headers, uri).await
}

pub(super) async fn linkage(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    card(PartnerTable::Linkages, app, who, id, headers, uri).await
}

pub(super) async fn product(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    card(PartnerTable::Products, app, who, id, headers, uri).await
}

pub(super) async fn trace(State(app): State<App>, who: Who, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    card(PartnerTable::Traces, app, who, id, headers, uri).await
}
