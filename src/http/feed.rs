//! `/api/v1/feed.json` and `/api/v1/feed.rss`: what is new, for whoever follows it with a program of their own.

use std::fmt::Write;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

use super::App;
use super::answer::{Coded, Coding, Freshness};
use super::api::Answer;
use super::ask::Ask;
use super::docs::escaped;
use super::error::ApiError;
use super::maps::site;
use crate::engine::{Feed, FeedItem, Filter};

const PATH: &str = "/api/v1/feed";

pub(super) async fn json_feed(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let site = site(&app, &headers)?;
    feed(app, headers, &uri, "application/feed+json; charset=utf-8", move |feed, query| {
        serde_json::to_vec(&as_json(feed, &site, query)).unwrap_or_default()
    })
    .await
}

pub(super) async fn rss(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let site = site(&app, &headers)?;
    feed(app, headers, &uri, "application/rss+xml; charset=utf-8", move |feed, query| as_rss(feed, &site, query).into_bytes()).await
}

async fn feed<W>(app: App, headers: HeaderMap, uri: &Uri, media_type: &'static str, write: W) -> Answer
where
    W: FnOnce(&Feed, &str) -> Vec<u8> + Send + 'static,
{
    let ask = Ask::read(uri, &["unit", "kind"])?;
    let filter = Filter { units: ask.words("unit")?, kinds: ask.words("kind")?, ..Filter::default() };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let coding = Coding::accepted(&headers);
    let coded = app.compute(move |snapshot| Ok(Coded::new(write(&snapshot.feed(&filter)?, &query), coding)));
    Ok(coded.await.map_err(ApiError::of_parameter)?.respond(&headers, media_type, Freshness::Ask))
}

/// What an address can hold as it is; other bytes with a percent sign.
pub(super) fn encoded(text: &str) -> String {
    let plain = |b: u8| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(plain).collect()
}

/// The page with the card of an event.
fn page_of(site: &str, item: &FeedItem) -> String {
    let id = encoded(&item.event);
    format!("{site}/#event={id}")
}

fn both(text: &crate::engine::Text) -> String {
    format!("{} · {}", text.vi, text.en)
}

/// [JSON Feed 1.1](https://www.jsonfeed.org/version/1.1/).
fn as_json(feed: &Feed, site: &str, query: &str) -> Value {
    let item = |item: &FeedItem| {
        json!({
            "id": page_of(site, item), "url": page_of(site, item), "title": item.title.vi, "content_text": format!("{}\n{}\n{}", item.text.vi, item.title.en, item.text.en),
            "date_published": item.published, "date_modified": item.modified, "tags": [item.facts["group"], item.facts["right"], item.facts["status"]],
            "_farmzone": item.facts,
        })
    };
    json!({
        "version": "https://jsonfeed.org/version/1.1", "title": feed.title.vi, "description": feed.title.en, "language": "vi",
        "home_page_url": format!("{site}/"), "feed_url": format!("{site}{PATH}.json{query}"),
        "items": feed.items.iter().map(item).collect::<Vec<_>>(),
    })
}

/// RSS 2.0.
fn as_rss(feed: &Feed, site: &str, query: &str) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\n",
    );
    let (title, about) = (in_xml(&feed.title.vi), in_xml(&feed.title.en));
    let itself = in_xml(&format!("{site}{PATH}.rss{query}"));
    let _ = writeln!(out, "<title>{title}</title><link>{}/</link><description>{about}</description><language>vi</language>", in_xml(site));
    let _ = writeln!(out, "<atom:link href=\"{itself}\" rel=\"self\" type=\"application/rss+xml\"/>");
    for item in &feed.items {
        let (title, page, text) = (in_xml(&both(&item.title)), in_xml(&page_of(site, item)), in_xml(&both(&item.text)));
        let _ = write!(
            out,
            "<item><title>{title}</title><link>{page}</link><guid isPermaLink=\"true\">{page}</guid><description>{text}</description>"
        );
        for tag in ["group", "right", "status"] {
            let _ = write!(out, "<category>{}</category>", in_xml(item.facts[tag].as_str().unwrap_or_default()));
        }
        let time = OffsetDateTime::parse(&item.modified, &Rfc3339).ok().and_then(|at| at.format(&Rfc2822).ok());
        if let Some(time) = time {
            let _ = write!(out, "<pubDate>{time}</pubDate>");
        }
        out.push_str("</item>\n");
    }
    out.push_str("</channel></rss>\n");
    out
}

/// Text in XML 1.0, which has no control characters, whatever they are written as.
fn in_xml(text: &str) -> String {
    let is_fit = |c: &char| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}') || *c == '\n';
    escaped(&text.chars().filter(is_fit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Text;

    fn feed() -> Feed {
        let text = |vi: &str| Text { vi: vi.to_owned(), en: "en".to_owned() };
        let facts = json!({ "group": "built", "right": "unplanned", "status": "new" });
        let item = FeedItem {
            event: "E/1 & ü".to_owned(),
            title: text("<script>alert(1)</script>"),
            text: text("a\u{0}b"),
            published: "2026-11-22T00:00:00.000Z".to_owned(),
            modified: "1970-01-01T00:00:00.000Z".to_owned(),
            facts,
        };
        Feed { title: text("Đất"), items: vec![item] }
    }

    #[test]
    fn names_are_text_in_rss_and_the_address_of_an_event_is_one() {
        let rss = as_rss(&feed(), "https://map.example", "?unit=1&kind=rice");
        assert!(rss.contains("&lt;script&gt;alert(1)&lt;/script&gt; · en") && !rss.contains("<script>"), "{rss}");
        assert!(rss.contains("<guid isPermaLink=\"true\">https://map.example/#event=E%2F1%20%26%20%C3%BC</guid>"), "{rss}");
        assert!(
            rss.contains("feed.rss?unit=1&amp;kind=rice") && rss.contains("ab · en") && rss.contains("<pubDate>Thu, 01 Jan 1970"),
            "{rss}"
        );
    }

    #[test]
    fn a_json_feed_has_what_its_standard_asks() {
        let json = as_json(&feed(), "https://map.example", "");
        assert_eq!(
            (&json["version"], &json["feed_url"]),
            (&json!("https://jsonfeed.org/version/1.1"), &json!("https://map.example/api/v1/feed.json"))
        );
        assert!(json["items"][0]["id"].is_string() && json["items"][0]["content_text"].is_string());
    }

    #[test]
    fn what_an_address_cannot_hold_is_written_with_percent_signs() {
        assert_eq!(encoded("a-b_c.d~1"), "a-b_c.d~1");
        assert_eq!(encoded("Đ\"<&/?#"), "%C4%90%22%3C%26%2F%3F%23");
    }
}
