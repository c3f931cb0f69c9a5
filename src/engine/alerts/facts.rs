//! What the work list says: alerts, one by one and in sums, in the shapes of `docs/api.md`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::Standing;
use crate::engine::accounts::time_text;
use crate::engine::events::EpochEvents;
use crate::engine::figures::{rounded_m2, rounded_share};
use crate::engine::snapshot::ZoneView;
use crate::engine::{Accounts, EngineError, Filter, Page, Snapshot};
use crate::geom;
use crate::legend::Text;
use crate::model::{AlertRecord, AlertStatus, Change, Coord, Epoch, Event, Group, LayerRole, MultiPolygon, Right};
use crate::store::{AlertDesk, AlertNote, AlertPhoto, AlertStep};

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlertSort {
    /// The largest first.
    #[default]
    Area,
    /// The soonest first, those without a day last.
    Due,
    /// The latest step first.
    Changed,
    /// The gravest first.
    Severity,
    /// First seen the latest first.
    Since,
}

impl AlertSort {
    pub const WORDS: [&str; 5] = ["area", "due", "changed", "severity", "since"];

    pub fn from_word(word: &str) -> Option<AlertSort> {
        use AlertSort::{Area, Changed, Due, Severity, Since};
        let place = AlertSort::WORDS.iter().position(|known| *known == word)?;
        [Area, Due, Changed, Severity, Since].get(place).copied()
    }
}

/// Which alerts are asked for. Empty lists mean all.
#[derive(Debug, Clone, Default)]
pub struct AlertsAsk {
    /// Kinds, units, groups, rights, statuses and first epochs.
    pub filter: Filter,
    /// Whose: an account's name; `Some(None)`: nobody's.
    pub assigned: Option<Option<String>>,
    /// Due before this day.
    pub due_before: Option<Epoch>,
    pub sort: AlertSort,
}

/// An alert: an event of the latest epoch, or one that somebody took a step with.
pub(super) struct Alert<'a> {
    pub id: &'a str,
    /// As the latest epoch shows it; none when it does not.
    pub event: Option<&'a Event>,
    pub record: Option<&'a AlertRecord>,
    pub status: AlertStatus,
    /// New again: land beyond what was judged, m².
    pub grown_m2: Option<f64>,
    pub zone: Option<&'a ZoneView>,
}

impl Alert<'_> {
    /// As it is, else as it was when the last step was taken.
    pub fn shape(&self) -> Option<&MultiPolygon> {
        self.event.map(|event| &event.shape).or(self.record.map(|record| &record.shape))
    }

    fn area_m2(&self) -> f64 {
        self.event.map(|event| event.area_m2).or(self.record.map(|record| record.area_m2)).unwrap_or_default()
    }

    fn group(&self) -> Option<Group> {
        self.event.map(|event| event.group).or(self.record.map(|record| record.group))
    }

    fn right(&self) -> Option<Right> {
        self.event.map(|event| event.right).or(self.record.map(|record| record.right))
    }

    fn since(&self) -> Option<Epoch> {
        self.event.map_or_else(|| self.record.and_then(|record| record.since), |event| event.since)
    }

    pub fn zone_id(&self) -> &str {
        self.event.map(|event| event.zone_id.as_str()).or(self.record.map(|record| record.zone_id.as_str())).unwrap_or_default()
    }

    pub fn n_steps(&self) -> u32 {
        self.record.map_or(0, |record| record.n_steps)
    }

    /// Another when its status, its shape against what was judged, whose it is or until when is another.
    pub fn etag(&self, desk: &AlertDesk) -> String {
        let again = if self.grown_m2.is_some() { "-again" } else { "" };
        format!("{}.{}{again}", self.n_steps(), desk.revision)
    }
}

/// Why an alert that was judged is new again.
pub(super) fn why_again(grown_m2: f64) -> Text {
    Text {
        vi: format!("vùng mất đất đã lan thêm {} m² ngoài phần đã kết luận", rounded_m2(grown_m2)),
        en: format!("it has grown by {} m² beyond what was judged", rounded_m2(grown_m2)),
    }
}

/// The day in Hanoi, seven hours ahead of UTC the whole year.
pub(super) fn today() -> Epoch {
    let now = time::OffsetDateTime::now_utc() + time::Duration::hours(7);
    let (year, month, day) = now.to_calendar_date();
    Epoch { year: u16::try_from(year).unwrap_or(1970), month: Some(month.into()), day: Some(day) }
}

/// When a day began in Viet Nam, in UTC, as what happened then and later is written (no earlier in the alphabet).
fn begin_of(day: Epoch) -> String {
    let month = time::Month::try_from(day.month.unwrap_or(1)).unwrap_or(time::Month::January);
    let date = time::Date::from_calendar_date(day.year.into(), month, day.day.unwrap_or(1));
    let begun = date.map(|date| date.midnight().assume_utc() - time::Duration::hours(7));
    begun.map_or_else(|_| day.to_string(), |at| format!("{}T{:02}:{:02}:{:02}", at.date(), at.hour(), at.minute(), at.second()))
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Sum {
    n: u64,
    area_m2: f64,
}

impl Sum {
    fn add(&mut self, area_m2: f64) {
        (self.n, self.area_m2) = (self.n + 1, self.area_m2 + area_m2);
    }

    fn facts(self) -> Value {
        json!({ "n": self.n, "area_m2": rounded_m2(self.area_m2) })
    }
}

/// What is shared by the alerts of one answer.
pub(super) struct Book {
    latest: Option<Arc<EpochEvents>>,
    standing: Arc<Standing>,
    /// When what is new was found: the latest of the epoch's layers came.
    found: String,
}

impl Snapshot {
    pub(super) fn book(&self) -> Result<Book, EngineError> {
        let latest = self.epoch(None)?.map(|epoch| self.events(epoch)).transpose()?;
        let came = |role| self.layers.iter().filter(move |layer| layer.role == role).map(|layer| layer.imported_at.clone());
        let found = came(LayerRole::LandUse).chain(came(LayerRole::Zones)).max().unwrap_or_default();
        Ok(Book { latest, standing: self.standing()?, found })
    }

    pub(super) fn alert_of<'a>(&'a self, book: &'a Book, id: &'a str) -> Option<Alert<'a>> {
        let known = book.latest.as_ref().and_then(|events| events.by_id(id));
        let event = known.filter(|event| event.change != Some(Change::Gone));
        let record = self.alerts.records.get(id);
        let zone_id = event.map(|event| &event.zone_id).or(record.map(|record| &record.zone_id))?;
        let zone = self.zones.by_id(zone_id).map(|place| &*self.zones.list[place]);
        let grown_m2 = book.standing.grown.get(id).copied();
        Some(Alert { id, event, record, status: book.standing.of(id), grown_m2, zone })
    }

    /// Those of the latest epoch, then those that are gone and have a history.
    fn alerts_in<'a>(&'a self, book: &'a Book) -> Vec<Alert<'a>> {
        let present: Vec<&str> = book.latest.iter().flat_map(|events| events.events()).map(|event| event.id.as_str()).collect();
        let listed: HashSet<&str> = present.iter().copied().collect();
        let gone = self.alerts.records.keys().map(String::as_str).filter(|id| !listed.contains(id));
        present.iter().copied().chain(gone).filter_map(|id| self.alert_of(book, id)).collect()
    }

    pub(super) fn unit_code_of(&self, alert: &Alert) -> Option<&str> {
        alert.zone.and_then(|zone| self.unit_of(zone)).map(|view| view.unit.code.as_str())
    }

    fn takes_alert(&self, ask: &AlertsAsk, alert: &Alert, desk: Option<&AlertDesk>) -> bool {
        // Statuses are left to the caller, who counts them first.
        let Filter { kinds, units, groups, rights, since, zone, .. } = &ask.filter;
        let kind = alert.zone.map(|zone| &zone.zone.kind);
        let due = desk.and_then(|desk| desk.due.as_deref());
        (kinds.is_empty() || kind.is_some_and(|kind| kinds.iter().any(|k| k == kind)))
            && (units.is_empty() || self.unit_code_of(alert).is_some_and(|code| units.iter().any(|unit| unit == code)))
            && (groups.is_empty() || alert.group().is_some_and(|group| groups.contains(&group)))
            && (rights.is_empty() || alert.right().is_some_and(|right| rights.contains(&right)))
            && since.is_none_or(|(from, to)| alert.since().is_some_and(|epoch| from <= epoch && epoch <= to))
            && zone.as_deref().is_none_or(|zone| zone == alert.zone_id())
            && ask.assigned.as_ref().is_none_or(|asked| desk.and_then(|desk| desk.assigned.as_ref()) == asked.as_ref())
            && ask.due_before.is_none_or(|day| due.is_some_and(|due| due < day.to_string().as_str()))
    }

    /// `GET /api/v1/alerts`.
    pub fn alerts_list(&self, ask: &AlertsAsk, page: Page, accounts: &Accounts) -> Result<Value, EngineError> {
        self.known(&ask.filter)?;
        let (book, desks) = (self.book()?, accounts.alert_desks()?);
        let mut taken: Vec<Alert> =
            self.alerts_in(&book).into_iter().filter(|alert| self.takes_alert(ask, alert, desks.get(alert.id))).collect();
        let mut by_status: BTreeMap<&str, u64> = AlertStatus::ALL.iter().map(|status| (status.as_str(), 0)).collect();
        taken.iter().for_each(|alert| *by_status.entry(alert.status.as_str()).or_default() += 1);
        let statuses = &ask.filter.statuses;
        taken.retain(|alert| statuses.is_empty() || statuses.contains(&alert.status));
        let due = |alert: &Alert| desks.get(alert.id).and_then(|desk| desk.due.clone());
        let changed = |alert: &Alert| alert.record.map(|record| record.changed.clone());
        let severity = |alert: &Alert| alert.event.and_then(|event| event.severity);
        taken.sort_by(|a, b| {
            let order = match ask.sort {
                AlertSort::Area => Ordering::Equal,
                AlertSort::Due => due(a).is_none().cmp(&due(b).is_none()).then_with(|| due(a).cmp(&due(b))),
                AlertSort::Changed => changed(b).cmp(&changed(a)),
                AlertSort::Severity => severity(b).cmp(&severity(a)),
                AlertSort::Since => b.since().cmp(&a.since()),
            };
            order.then_with(|| b.area_m2().total_cmp(&a.area_m2())).then_with(|| a.id.cmp(b.id))
        });
        let none = AlertDesk::default();
        let shown = taken.iter().skip(page.offset).take(page.limit);
        let rows: Result<Vec<Value>, EngineError> =
            shown.map(|alert| self.alert_facts(&book, alert, desks.get(alert.id).unwrap_or(&none))).collect();
        let (n, Page { limit, offset }) = (taken.len(), page);
        Ok(json!({ "revision": self.revision, "n": n, "limit": limit, "offset": offset, "by_status": by_status, "alerts": rows? }))
    }

    pub(super) fn alert_facts(&self, book: &Book, alert: &Alert, desk: &AlertDesk) -> Result<Value, EngineError> {
        let at = alert.shape().and_then(geom::pole).map(|at| self.lonlat_point(at)).transpose()?;
        let unit = alert.zone.and_then(|zone| self.unit_of(zone)).map(|view| &view.unit);
        let is_overdue = alert.status.is_open() && desk.due.as_deref().is_some_and(|due| due < today().to_string().as_str());
        let (event, record) = (alert.event, alert.record);
        Ok(json!({
            "event_id": alert.id, "zone_id": alert.zone_id(), "zone_name": alert.zone.and_then(|zone| zone.zone.name.as_ref()),
            "kind": alert.zone.map(|zone| &zone.zone.kind), "unit": unit.map(|unit| &unit.code), "unit_name": unit.map(|unit| &unit.name),
            "group": alert.group(), "code": event.map(|e| &e.code).or(record.map(|r| &r.code)), "since": alert.since(),
            "area_m2": rounded_m2(alert.area_m2()), "sigma_m2": event.and_then(|e| e.sigma_m2).map(rounded_m2),
            "probability": event.and_then(|e| e.probability).map(rounded_share), "right": alert.right(),
            "severity": event.and_then(|e| e.severity), "status": alert.status, "next": alert.status.next(),
            "is_gone": event.is_none(), "note": alert.grown_m2.map(why_again), "assigned": desk.assigned, "due": desk.due,
            "is_overdue": is_overdue, "n_notes": desk.n_notes, "n_photos": desk.n_photos, "at": at,
            "changed": record.map_or(&book.found, |record| &record.changed), "etag": alert.etag(desk),
        }))
    }

    /// `GET /api/v1/alerts/{event}`.
    pub fn alert_card(&self, id: &str, accounts: &Accounts) -> Result<Value, EngineError> {
        let book = self.book()?;
        let alert = self.alert_of(&book, id).ok_or_else(|| none_of_id(id))?;
        let said = accounts.said_of_alert(id, alert.n_steps())?;
        let mut facts = self.alert_facts(&book, &alert, &said.desk)?;
        facts["revision"] = json!(self.revision);
        let step =
            |step: &AlertStep| json!({ "status": step.status, "at": time_text(step.at), "who": who(&step.who), "reason": step.reason });
        let mut steps: Vec<Value> = said.steps.iter().map(step).collect();
        if let Some(grown_m2) = alert.grown_m2 {
            let reason = why_again(grown_m2);
            steps.push(
                json!({ "status": AlertStatus::New, "at": book.found, "who": null, "reason": format!("{} · {}", reason.vi, reason.en) }),
            );
        }
        facts["steps"] = steps.into();
        facts["notes"] = said.notes.iter().map(note_facts).collect();
        facts["photos"] = said.photos.iter().map(|photo| self.photo_facts(photo, alert.shape())).collect();
        Ok(facts)
    }

    pub(super) fn photo_facts(&self, photo: &AlertPhoto, shape: Option<&MultiPolygon>) -> Value {
        // What lies out of the reach of the workspace's CRS is far.
        let place = photo.lonlat.and_then(|[lon, lat]| self.place.point_from_lonlat(Coord { x: lon, y: lat }).ok());
        let distance_m = place.zip(shape).and_then(|(at, shape)| geom::distance_m(shape, at)).filter(|m| m.is_finite());
        json!({
            "id": photo.id, "name": photo.name, "media_type": photo.media_type, "bytes": photo.n_bytes, "taken": photo.taken,
            "at": photo.lonlat, "distance_m": distance_m.map(|m| (m * 10.0).round() / 10.0), "who": photo.who, "sent": time_text(photo.at),
            "original_blake3": blake3::Hash::from(photo.original).to_hex().as_str(),
        })
    }

    /// `GET /api/v1/alerts/digest`: sums by unit, in the order of their names; those in no unit last. `since`: only alerts that are
    /// new since that day in Viet Nam began, or had a step.
    pub fn alerts_digest(&self, filter: &Filter, since: Option<Epoch>, accounts: &Accounts) -> Result<Value, EngineError> {
        self.known(filter)?;
        let (book, desks) = (self.book()?, accounts.alert_desks()?);
        let ask = AlertsAsk { filter: filter.clone(), ..AlertsAsk::default() };
        let (begun, today) = (since.map(begin_of), today().to_string());
        let mut units: BTreeMap<Option<&str>, Vec<Alert>> = BTreeMap::new();
        for alert in self.alerts_in(&book) {
            let changed = alert.record.map_or(&book.found, |record| &record.changed);
            let takes_status = filter.statuses.is_empty() || filter.statuses.contains(&alert.status);
            if takes_status && begun.as_ref().is_none_or(|begun| changed >= begun) && self.takes_alert(&ask, &alert, None) {
                units.entry(self.unit_code_of(&alert)).or_default().push(alert);
            }
        }
        let mut rows: Vec<(bool, String, Value)> = Vec::new();
        for (code, alerts) in &units {
            let view = self.units.iter().find(|view| Some(view.unit.code.as_str()) == *code);
            let name = view.map(|view| view.unit.name.as_str());
            let (mut all, mut by_status, mut by_group) = (Sum::default(), BTreeMap::<&str, Sum>::new(), BTreeMap::<&str, Sum>::new());
            let mut n_overdue = 0u64;
            for alert in alerts {
                all.add(alert.area_m2());
                by_status.entry(alert.status.as_str()).or_default().add(alert.area_m2());
                if let Some(group) = alert.group() {
                    by_group.entry(group.as_str()).or_default().add(alert.area_m2());
                }
                let due = desks.get(alert.id).and_then(|desk| desk.due.as_deref());
                n_overdue += u64::from(alert.status.is_open() && due.is_some_and(|due| due < today.as_str()));
            }
            let sums = |sums: BTreeMap<&str, Sum>| sums.into_iter().map(|(word, sum)| (word.to_owned(), sum.facts())).collect::<Value>();
            let mut row = json!({ "unit": code, "unit_name": name, "n_overdue": n_overdue, "by_status": sums(by_status), "by_group": sums(by_group) });
            (row["n"], row["area_m2"]) = (json!(all.n), json!(rounded_m2(all.area_m2)));
            rows.push((code.is_none(), crate::legend::fold(name.unwrap_or_default()), row));
        }
        rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let rows: Vec<Value> = rows.into_iter().map(|(_, _, row)| row).collect();
        Ok(json!({ "revision": self.revision, "since": since, "units": rows }))
    }
}

/// Nobody is farmzone itself.
fn who(name: &str) -> Option<&str> {
    Some(name).filter(|name| !name.is_empty())
}

pub(super) fn note_facts(note: &AlertNote) -> Value {
    json!({ "id": note.id, "at": time_text(note.at), "who": note.who, "text": note.text })
}

pub(super) fn none_of_id(id: &str) -> EngineError {
    EngineError::not_found(format!("there is no alert “{}”", id.chars().take(80).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_seven_hours_before_it_does_in_utc() {
        let begun = begin_of("2026-11-23".parse().unwrap());
        assert_eq!(begun, "2026-11-22T17:00:00");
        let of_the_day = |moment: &str| moment >= begun.as_str();
        // Half past midnight, and half past eleven in the evening before, by clocks in Viet Nam.
        assert!(of_the_day("2026-11-22T17:30:00.000Z") && of_the_day("2026-11-22T17:00:00Z") && !of_the_day("2026-11-22T16:30:00.000Z"));
        assert_eq!(begin_of("2026".parse().unwrap()), "2025-12-31T17:00:00");
    }
}
