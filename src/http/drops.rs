//! `POST /api/v1/drops`: a file in, what is in it out; nothing of it is kept.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};

use super::answer::{Coded, Coding, Freshness, json_bytes};
use super::api::{Answer, JSON};
use super::ask::Ask;
use super::error::ApiError;
use super::session::Who;
use super::{App, blocking, file_sent};
use crate::access::Action;
use crate::engine::DropAsk;

/// `field.name=ten`: our column, and the file's that fills it.
const PARAMETERS: [&str; 21] = [
    "name",
    "layer",
    "crs",
    "operation",
    "correct",
    "encoding",
    "field.id",
    "field.kind",
    "field.name",
    "field.code",
    "field.unit",
    "field.crop",
    "field.variety",
    "field.cooperative",
    "field.linkage",
    "field.products",
    "field.standard",
    "field.standard_no",
    "field.standard_until",
    "field.declared_area_m2",
    "field.established",
];
/// Of a layer's, a column's or a file's name.
const MOST_CHARACTERS: usize = 300;

pub(super) async fn look(State(app): State<App>, who: Who, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    who.may(Action::EditZones)?;
    let ask = drop_ask(&Ask::read(&uri, &PARAMETERS)?)?;
    let (permit, bytes) = file_sent(&app.0.droppers, request).await?;
    let coding = Coding::accepted(&headers);
    let snapshot = app.snapshot();
    let coded = blocking(move || {
        let _permit = permit;
        let report = snapshot.look_at_dropped(&bytes, &ask)?;
        Ok(Coded::new(json_bytes(&report), coding))
    });
    Ok(coded.await?.respond(&HeaderMap::new(), JSON, Freshness::Ask))
}

fn drop_ask(ask: &Ask) -> Result<DropAsk, ApiError> {
    let text = |name: &str| Ok::<_, ApiError>(ask.short_text(name, MOST_CHARACTERS)?.map(str::to_owned));
    let name = text("name")?.unwrap_or_default();
    let mut fields = std::collections::BTreeMap::new();
    for parameter in PARAMETERS {
        if let (Some(ours), Some(theirs)) = (parameter.strip_prefix("field."), text(parameter)?) {
            fields.insert(ours.to_owned(), theirs);
        }
    }
    Ok(DropAsk {
        ending: name.rsplit_once('.').map_or("", |(_, ending)| ending).to_owned(),
        layer: text("layer")?,
        fields,
        crs: ask.epsg("crs")?,
        operation: ask.epsg("operation")?,
        correct: ask.one("correct")?,
        encoding: text("encoding")?,
    })
}
