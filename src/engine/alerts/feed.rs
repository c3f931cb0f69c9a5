//! What is new, for whoever follows the map without an account: public facts only, a bounded number of them.

use serde_json::{Value, json};

use crate::engine::figures::rounded_m2;
use crate::engine::{EngineError, Filter, Snapshot, group_name, right_name};
use crate::geom;
use crate::legend::Text;
use crate::model::{AlertStatus, Change, Event};

/// Items of a feed.
const MOST_ITEMS: usize = 100;

/// Events that are new or have grown in the latest epoch, and those that a step was taken with, what changed last first.
pub struct Feed {
    pub title: Text,
    pub items: Vec<FeedItem>,
}

pub struct FeedItem {
    pub event: String,
    pub title: Text,
    pub text: Text,
    /// RFC 3339.
    pub published: String,
    pub modified: String,
    /// The same facts as the API's, for programs.
    pub facts: Value,
}

impl Snapshot {
    /// The feed of the kinds and units of a filter.
    pub fn feed(&self, filter: &Filter) -> Result<Feed, EngineError> {
        let title = Text {
            vi: format!("Đất nông nghiệp bị mất · {}", self.title().vi),
            en: format!("Lost farmland · {}", self.title().en),
        };
        let Some(epoch) = self.epoch(filter.epoch)? else { return Ok(Feed { title, items: Vec::new() }) };
        let (found, standing) = (self.losses(epoch)?, self.standing()?);
        let published = self.land_use_layer(epoch).map(|layer| layer.imported_at.clone()).unwrap_or_default();
        let modified = |event: &Event| self.alerts.records.get(&event.id).map_or(&published, |record| &record.changed);
        let places = self.zones_taken(filter)?;
        let is_news =
            |event: &&Event| !matches!(event.change, Some(Change::Same | Change::Shrunk)) || self.alerts.records.contains_key(&event.id);
        let mut events: Vec<&Event> = places.iter().flat_map(|&place| found.of_zone(place)).filter(is_news).collect();
        let order = |a: &&Event, b: &&Event| {
            modified(b).cmp(modified(a)).then_with(|| b.area_m2.total_cmp(&a.area_m2)).then_with(|| a.id.cmp(&b.id))
        };
        events.sort_by(order);
        let item = |event: &&Event| self.feed_item(event, standing.of(&event.id), &published, modified(event));
        Ok(Feed { title, items: events.iter().take(MOST_ITEMS).map(item).collect::<Result<_, _>>()? })
    }

    fn feed_item(&self, event: &Event, status: AlertStatus, published: &str, modified: &str) -> Result<FeedItem, EngineError> {
        let zone = self.zones.by_id(&event.zone_id).map(|place| &self.zones.list[place]);
        let unit = zone.and_then(|zone| self.unit_of(zone)).map(|view| &view.unit);
        let name = zone.and_then(|zone| zone.zone.name.as_deref()).unwrap_or(&event.zone_id);
        let where_ = unit.map_or(name.to_owned(), |unit| format!("{name}, {}", unit.name));
        let (area_m2, group, right) = (rounded_m2(event.area_m2), group_name(event.group), right_name(event.right));
        let since = event.since.unwrap_or(event.epoch);
        let at = geom::pole(&event.shape).map(|at| self.lonlat_point(at)).transpose()?;
        Ok(FeedItem {
            event: event.id.clone(),
            title: Text { vi: format!("{}: {area_m2} m², {where_}", group.vi), en: format!("{}: {area_m2} m², {where_}", group.en) },
            text: Text {
                vi: format!("Thấy từ {since}. Căn cứ: {}. Mã đất: {}.", right.vi, event.code),
                en: format!("Seen since {since}. By what right: {}. Land-use code: {}.", right.en, event.code),
            },
            published: published.to_owned(),
            modified: modified.to_owned(),
            facts: json!({
                "event_id": event.id, "zone_id": event.zone_id, "kind": zone.map(|zone| &zone.zone.kind), "unit": unit.map(|unit| &unit.code),
                "group": event.group, "code": event.code, "epoch": event.epoch, "since": event.since, "change": event.change,
                "area_m2": area_m2, "right": event.right, "severity": event.severity, "status": status, "center": at,
            }),
        })
    }
}
