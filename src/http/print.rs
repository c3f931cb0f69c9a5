//! A map on a sheet of paper, as a PDF; and alone, as an SVG.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::IntoResponse;
use time::OffsetDateTime;

use super::answer::{Coded, Coding, Freshness};
use super::api::Answer;
use super::ask::Ask;
use super::error::ApiError;
use super::{App, blocking, maps, permit};
use crate::engine::{Lang, PrintAsk, PrintLayer, PrintPlace, Snapshot};

/// Where the map lies and what it shows.
const SHOWN: [&str; 14] =
    ["center", "scale", "bbox", "layers", "epoch", "kind", "unit", "group", "right", "change", "severity", "since", "zone", "lang"];
/// What else a sheet has, and what else a picture.
const OF_A_SHEET: [&str; 4] = ["paper", "orientation", "title", "view"];
const OF_A_PICTURE: [&str; 3] = ["width", "height", "rev"];
/// Pixels of CSS, of which a millimetre has as many as this.
const PX_PER_MM: f64 = 96.0 / 25.4;
const SIDES_PX: [usize; 2] = [160, 2_000];
/// A picture loads nothing and runs nothing, wherever it is opened.
const PICTURE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// What the page's map shows before anybody switches.
const LAYERS: [PrintLayer; 5] = [PrintLayer::Zones, PrintLayer::Encroachments, PrintLayer::Units, PrintLayer::Context, PrintLayer::Labels];
const MOST_TITLE: usize = 120;
const MOST_VIEW: usize = 2_000;

/// `GET /api/v1/print.pdf`: two are made at one time, dossiers counted in.
pub(super) async fn pdf(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let asked = Ask::read(&uri, &[SHOWN.as_slice(), &OF_A_SHEET].concat())?;
    let ask = read(&asked, maps::site(&app, &headers)?, app.0.settings.licence.clone())?;
    let name = match ask.place {
        PrintPlace::At(_, scale) => format!("map-1-{scale}.pdf"),
        PrintPlace::Whole | PrintPlace::Box(_) => "map.pdf".to_owned(),
    };
    let permit = permit(&app.0.typesetters).await?;
    let snapshot = app.snapshot();
    let bytes = blocking(move || {
        let _permit = permit;
        snapshot.print(&ask, OffsetDateTime::now_utc())
    })
    .await
    .map_err(ApiError::of_parameter)?;
    let disposition = HeaderValue::from_str(&format!("inline; filename=\"{name}\"")).map_err(|e| ApiError::internal(e.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, disposition),
        // It names the moment at which it was made, and the address by which it was asked for.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /api/v1/print.svg`: the map alone, for a screen that cannot draw it.
pub(super) async fn svg(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let asked = Ask::read(&uri, &[SHOWN.as_slice(), &OF_A_PICTURE].concat())?;
    // It only makes the address another, so that a page asks anew.
    asked.rev()?;
    let [least, most] = SIDES_PX;
    let size_px = [asked.number("width", 800, least, most)?, asked.number("height", 500, least, most)?];
    let ask = read(&asked, String::new(), None)?;
    let coding = Coding::accepted(&headers);
    let work = move |s: &Snapshot| Ok(Coded::new(s.picture(&ask, size_px.map(|px| px as f64 / PX_PER_MM))?.into_bytes(), coding));
    let coded = app.compute_in(&app.0.typesetters, work).await.map_err(ApiError::of_parameter)?;
    let mut response = coded.respond(&headers, "image/svg+xml", Freshness::Ask);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PICTURE_POLICY));
    Ok(response)
}

/// `GET /api/v1/overview.webp`: the whole map, for a page whose own is still on its way.
pub(super) async fn overview(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let theme = Ask::read(&uri, &["theme"])?.word("theme", &["light", "dark"])?;
    let work = move |s: &Snapshot| Ok(Coded::new(s.overview(theme)?.to_vec(), Coding::Identity));
    Ok(app.draw(work).await?.respond(&headers, "image/webp", Freshness::Ask))
}

fn read(ask: &Ask, site: String, licence: Option<String>) -> Result<PrintAsk, ApiError> {
    let mut filter = ask.filter()?;
    let (bbox, zone) = (filter.bbox.take(), filter.zone.take());
    let scales = PrintAsk::SCALES;
    let scale = ask.text("scale").map(|_| ask.number("scale", 0, *scales.start() as usize, *scales.end() as usize)).transpose()?;
    let place = match (ask.point("center")?, scale, bbox) {
        (None, None, None) => PrintPlace::Whole,
        (None, None, Some(bbox)) => PrintPlace::Box(bbox),
        (Some(center), Some(scale), None) => PrintPlace::At(center, scale as u32),
        _ => {
            return Err(ApiError::bad_request(
                "say where the map lies by center=lon,lat and scale=N (1 : N), or by bbox=west,south,east,north, which takes the scale that fits",
            ));
        }
    };
    let layers = ask.list("layers")?;
    let title = ask.short_text("title", MOST_TITLE)?.map(one_line).filter(|title| !title.is_empty());
    Ok(PrintAsk {
        place,
        paper: ask.word("paper", &["a4", "a3"])?.parse()?,
        orientation: ask.word("orientation", &["landscape", "portrait"])?.parse()?,
        layers: if layers.is_empty() { LAYERS.to_vec() } else { layers },
        filter,
        zone,
        title,
        lang: ask.word("lang", &["vi", "en"])?.parse::<Lang>()?,
        licence,
        address: format!("{site}/{}", ask.short_text("view", MOST_VIEW)?.map(fragment).transpose()?.unwrap_or_default()),
    })
}

/// A title that somebody typed, without what breaks a line or turns its direction.
fn one_line(text: &str) -> String {
    let is_plain = |c: &char| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(c) && !('\u{2066}'..='\u{2069}').contains(c);
    text.chars().filter(is_plain).collect::<String>().trim().to_owned()
}

/// The part of the page's address behind `#`: what such a part may hold, and nothing else.
fn fragment(view: &str) -> Result<String, ApiError> {
    let view = view.trim_start_matches('#');
    let may_stand = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&b);
    if view.bytes().all(may_stand) {
        Ok(format!("#{view}"))
    } else {
        Err(ApiError::bad_request("parameter view: it is the part of the page’s address behind “#”, percent-encoded"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<PrintAsk, ApiError> {
        let uri: Uri = format!("/api/v1/print.pdf?{query}").parse().unwrap();
        read(&Ask::read(&uri, &[SHOWN.as_slice(), &OF_A_SHEET].concat())?, "https://map.example.vn".to_owned(), None)
    }

    #[test]
    fn a_place_is_said_in_one_way() {
        assert_eq!(asked("").unwrap().place, PrintPlace::Whole);
        assert_eq!(asked("center=105.85,21.03&scale=10000").unwrap().place, PrintPlace::At([105.85, 21.03], 10_000));
        assert_eq!(asked("bbox=105,20,106,21").unwrap().place, PrintPlace::Box([105.0, 20.0, 106.0, 21.0]));
        for wrong in ["center=105.85,21.03", "scale=10000", "bbox=105,20,106,21&scale=5000", "center=1,2&scale=1", "center=x&scale=500"] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
        for wrong in ["paper=a0", "orientation=up", "layers=zones,secret", "lang=fr", "view=%23map%3D1%22%3E", "title=", "x=1"] {
            assert_eq!(asked(wrong).is_err(), wrong != "title=", "{wrong}");
        }
    }

    #[test]
    fn the_address_of_the_view_is_ours_whatever_is_asked() {
        let address = |view: &str| asked(&format!("view={view}")).unwrap().address;
        assert_eq!(address(""), "https://map.example.vn/");
        assert_eq!(address("%23map=11/21.03/105.85%26kind=rice"), "https://map.example.vn/#map=11/21.03/105.85&kind=rice");
        assert_eq!(address("https://evil.example/"), "https://map.example.vn/#https://evil.example/");
        assert_eq!(asked("title=%E2%80%AEa%0Ab").unwrap().title.as_deref(), Some("ab"));
    }
}
