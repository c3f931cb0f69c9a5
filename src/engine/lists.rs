//! Zones and events as lists: what the filter takes, in the order that is asked for, a part at a time, or all of it as a
//! table for a spreadsheet.
//!
//! Invariant: a table has the rows of the list of the same filter and order, whatever part of it was read.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::EngineError;
use super::events::EpochEvents;
use super::export::{columns, real, spreadsheet, text};
use super::figures::{Filter, Page, group_name, right_name, rounded_m2, rounded_share, touch};
use super::snapshot::Snapshot;
use crate::encroach;
use crate::formats::{About, Column, ColumnType, Row, Table, Value as Cell, csv_table};
use crate::geom;
use crate::legend::{self, Text, Words};
use crate::model::{AlertStatus, Change, Epoch, Event, LayerRole, NotAWord, words};

words! {
    /// What a list of zones is put in order by.
    ZoneSort, "one of name, kind, unit, code, area, lost, share, pieces, with a minus before it from the last to the first" {
        Name = "name",
        /// As `kinds.toml` has them.
        Kind = "kind",
        /// The commune's name.
        Unit = "unit",
        Code = "code",
        Area = "area",
        Lost = "lost",
        /// What of it is lost.
        Share = "share",
        /// How many events it has.
        Pieces = "pieces",
    }
}

words! {
    /// What a list of events is put in order by.
    EventSort, "one of zone, kind, unit, group, code, right, since, change, severity, area, share, status, with a minus before it from the last to the first" {
        /// The zone's name.
        Zone = "zone",
        Kind = "kind",
        Unit = "unit",
        Group = "group",
        Code = "code",
        Right = "right",
        Since = "since",
        Change = "change",
        Severity = "severity",
        Area = "area",
        Share = "share",
        Status = "status",
    }
}

/// What a list is put in order by, and which way: `area`, `-area`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<By> {
    pub by: By,
    pub descends: bool,
}

impl<By: FromStr<Err = NotAWord>> FromStr for Order<By> {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let (word, descends) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
        Ok(Order { by: word.parse()?, descends })
    }
}

/// Whether a list tells where each of its features lies, or where its box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Places {
    #[default]
    Shapes,
    /// The box alone: for tables.
    Boxes,
}

/// Which part of a list is asked for, and how.
#[derive(Debug, Clone, Copy)]
pub struct ListAsk<By> {
    /// None: zones as the workspace has them, events with the largest first.
    pub order: Option<Order<By>>,
    pub page: Page,
    pub places: Places,
}

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFile {
    Csv,
    Xlsx,
}

/// A list as a table.
#[derive(Debug, Clone)]
pub struct TableAsk<By> {
    pub order: Option<Order<By>>,
    pub file: TableFile,
    /// `vi` or `en`: of what names kinds, groups and rights for people.
    pub lang: &'static str,
    /// Under what terms the data may be used, where somebody says so.
    pub licence: Option<String>,
}

/// A larger table is for `farmzone export`, which streams.
const MOST_ROWS: usize = 200_000;

/// What a row is put in its place by; nothing comes last, whichever way.
#[derive(Debug, Clone, PartialEq)]
enum Key {
    Number(f64),
    /// Without marks first, so that Đ stands by D.
    Words(String, String),
    Nothing,
}

impl Key {
    fn words(text: Option<&str>) -> Key {
        text.map_or(Key::Nothing, |text| Key::Words(legend::fold(text), text.to_owned()))
    }

    fn number(number: Option<f64>) -> Key {
        number.map_or(Key::Nothing, Key::Number)
    }

    fn place<T: PartialEq>(list: &[T], of: &T) -> Key {
        Key::number(list.iter().position(|item| item == of).map(|place| place as f64))
    }

    fn compare(&self, other: &Key, descends: bool) -> Ordering {
        let ordering = match (self, other) {
            (Key::Number(a), Key::Number(b)) => a.total_cmp(b),
            (Key::Words(a, x), Key::Words(b, y)) => a.cmp(b).then_with(|| x.cmp(y)),
            (Key::Nothing, Key::Nothing) => Ordering::Equal,
            (Key::Nothing, _) => return Ordering::Greater,
            (_, Key::Nothing) => return Ordering::Less,
            // One list has keys of one sort.
            (Key::Number(_), Key::Words(..)) => Ordering::Less,
            (Key::Words(..), Key::Number(_)) => Ordering::Greater,
        };
        if descends { ordering.reverse() } else { ordering }
    }
}

/// Puts `list` in order; what is alike stays as it was.
fn put_in_order<T: Copy>(list: &mut [T], descends: bool, key: impl Fn(T) -> Key) {
    let mut keyed: Vec<(Key, T)> = list.iter().map(|&item| (key(item), item)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.compare(b, descends));
    for (place, (_, item)) in list.iter_mut().zip(keyed) {
        *place = item;
    }
}

fn in_lang(text: Text, lang: &str) -> String {
    if lang == "en" { text.en } else { text.vi }
}

impl Snapshot {
    /// `GET /api/v1/zones`.
    pub fn zones_list(&self, filter: &Filter, ask: &ListAsk<ZoneSort>) -> Result<Value, EngineError> {
        let found = self.losses_at(filter.epoch)?;
        let taken = self.zones_in_order(filter, ask.order, found.as_deref())?;
        let rows = taken.iter().skip(ask.page.offset).take(ask.page.limit).map(|&i| {
            let view = &self.zones.list[i];
            let (n_events, lost_m2) = self.asked_of_zone(filter, found.as_deref(), i);
            let properties = json!({
                "id": view.zone.id, "kind": view.zone.kind, "name": view.zone.name, "code": view.zone.code, "unit": self.unit_words(view),
                "area_m2": rounded_m2(view.area_m2), "lost_m2": lost_m2.map(rounded_m2),
                "lost_share": lost_m2.map(|lost| rounded_share(lost / view.area_m2)), "n_events": n_events,
            });
            Ok(match ask.places {
                Places::Shapes => json!({ "type": "Feature", "id": view.zone.id, "geometry": self.geometry(&view.zone.shape)?, "properties": properties }),
                Places::Boxes => {
                    json!({ "type": "Feature", "id": view.zone.id, "bbox": self.lonlat_bounds(view.bounds)?, "geometry": null, "properties": properties })
                }
            })
        });
        let area_m2: f64 = taken.iter().map(|&i| self.zones.list[i].area_m2).sum();
        let lost_m2 = found.as_ref().map(|found| taken.iter().filter_map(|&i| self.asked_of_zone(filter, Some(found), i).1).sum::<f64>());
        self.collection(taken.len(), area_m2, lost_m2, ask.page, rows)
    }

    /// `GET /api/v1/encroachments`.
    pub fn encroachments_list(&self, filter: &Filter, ask: &ListAsk<EventSort>) -> Result<Value, EngineError> {
        let found = self.events_of(filter)?;
        let taken = self.events_in_order(filter, ask.order, found.as_deref())?;
        let rows = taken.iter().skip(ask.page.offset).take(ask.page.limit).map(|event| match ask.places {
            Places::Shapes => self.event_feature(event),
            Places::Boxes => {
                let bounds = geom::bounds(&event.shape).map(|bounds| self.lonlat_bounds(bounds)).transpose()?;
                Ok(json!({ "type": "Feature", "id": event.id, "bbox": bounds, "geometry": null, "properties": self.event_facts(event)? }))
            }
        });
        // Land in events of several groups is lost once.
        let mut by_zone: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        taken.iter().for_each(|event| by_zone.entry(&event.zone_id).or_default().push(event));
        let area_m2 = by_zone.values().map(|events| encroach::lost_m2(events)).sum();
        self.collection(taken.len(), area_m2, None, ask.page, rows)
    }

    /// How many of a zone's events are asked for, and what it lost in them; none where the epoch does not show it.
    fn asked_of_zone(&self, filter: &Filter, found: Option<&EpochEvents>, zone: usize) -> (usize, Option<f64>) {
        let Some(found) = found else { return (0, None) };
        let (asked_for, lost_m2) = Self::asked_for(filter, found, zone);
        (asked_for.len(), self.lost_m2(found, zone).map(|_| lost_m2))
    }

    fn collection(
        &self,
        n_matched: usize,
        area_m2: f64,
        lost_m2: Option<f64>,
        page: Page,
        rows: impl Iterator<Item = Result<Value, EngineError>>,
    ) -> Result<Value, EngineError> {
        let features = rows.collect::<Result<Vec<Value>, EngineError>>()?;
        Ok(json!({
            "type": "FeatureCollection", "revision": self.revision, "n_matched": n_matched, "n_returned": features.len(),
            "limit": page.limit, "offset": page.offset, "area_m2": rounded_m2(area_m2), "lost_m2": lost_m2.map(rounded_m2), "features": features,
        }))
    }

    /// Places (in `zones.list`) of the zones that the filter takes.
    fn zones_in_order(
        &self,
        filter: &Filter,
        order: Option<Order<ZoneSort>>,
        found: Option<&EpochEvents>,
    ) -> Result<Vec<usize>, EngineError> {
        let mut taken = self.zones_taken(filter)?;
        let Some(Order { by, descends }) = order else { return Ok(taken) };
        let kinds: Vec<&str> = self.rulebook.kinds.kinds.iter().map(|kind| kind.key.as_str()).collect();
        let asked = |i: usize| self.asked_of_zone(filter, found, i);
        put_in_order(&mut taken, descends, |i| {
            let view = &self.zones.list[i];
            match by {
                ZoneSort::Name => Key::words(view.zone.name.as_deref()),
                ZoneSort::Kind => Key::place(&kinds, &view.zone.kind.as_str()),
                ZoneSort::Unit => Key::words(self.unit_of(view).map(|unit| unit.unit.name.as_str())),
                ZoneSort::Code => Key::words(view.zone.code.as_deref()),
                ZoneSort::Area => Key::Number(view.area_m2),
                ZoneSort::Lost => Key::number(asked(i).1),
                ZoneSort::Share => Key::number(asked(i).1.map(|lost| lost / view.area_m2)),
                ZoneSort::Pieces => Key::number(found.map(|_| asked(i).0 as f64)),
            }
        });
        Ok(taken)
    }

    /// What was found in the epoch that is asked for; none without land use.
    fn events_of(&self, filter: &Filter) -> Result<Option<Arc<EpochEvents>>, EngineError> {
        self.known(filter)?;
        self.epoch(filter.epoch)?.map(|epoch| self.events(epoch)).transpose()
    }

    fn events_in_order<'f>(
        &self,
        filter: &Filter,
        order: Option<Order<EventSort>>,
        found: Option<&'f EpochEvents>,
    ) -> Result<Vec<&'f Event>, EngineError> {
        let Some(found) = found else { return Ok(Vec::new()) };
        let standing = self.standing()?;
        let takes_status = |event: &Event| match standing.of(&event.id) {
            status if filter.statuses.is_empty() => status != AlertStatus::Rejected,
            status => filter.statuses.contains(&status),
        };
        let bounds = match filter.bbox {
            Some(bbox) => match self.metric(bbox)? {
                Some(bounds) => Some(bounds),
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        if let Some(id) = filter.zone.as_deref()
            && self.zones.by_id(id).is_none()
        {
            return Err(EngineError::not_found(format!("no zone “{id}”")));
        }
        // What was typed may be the zone's, or the event's own id or code of land use.
        let of_zone = Filter { text: None, ..filter.clone() };
        let answers = |event: &Event, zone: usize, typed: &Words| {
            self.searchable().answers(zone, typed) || typed.found_in(&Words::new(&event.id)) || typed.found_in(&Words::new(&event.code))
        };
        let takes_text = |event: &Event, zone: usize| filter.text.as_ref().is_none_or(|typed| answers(event, zone, typed));
        let wants_gone = filter.changes.contains(&Change::Gone);
        let gone = found.gone().filter(|_| wants_gone);
        let mut taken: Vec<&Event> = found
            .events()
            .chain(gone)
            .filter(|e| takes_status(e) && Self::takes_event(filter, e))
            .filter(|e| filter.zone.as_deref().is_none_or(|zone| zone == e.zone_id))
            .filter(|e| bounds.is_none_or(|b| geom::bounds(&e.shape).is_some_and(|s| touch(b, s))))
            .filter(|e| self.zones.by_id(&e.zone_id).is_some_and(|i| self.takes_zone(&of_zone, i) && takes_text(e, i)))
            .collect();
        taken.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then_with(|| a.id.cmp(&b.id)));
        let Some(Order { by, descends }) = order else { return Ok(taken) };
        let kinds: Vec<&str> = self.rulebook.kinds.kinds.iter().map(|kind| kind.key.as_str()).collect();
        put_in_order(&mut taken, descends, |event| {
            let zone = self.zone_of(event);
            match by {
                EventSort::Zone => Key::words(zone.and_then(|view| view.zone.name.as_deref())),
                EventSort::Kind => zone.map_or(Key::Nothing, |view| Key::place(&kinds, &view.zone.kind.as_str())),
                EventSort::Unit => Key::words(zone.and_then(|view| self.unit_of(view)).map(|unit| unit.unit.name.as_str())),
                EventSort::Group => Key::Number(f64::from(event.group as u8)),
                EventSort::Code => Key::words(Some(&event.code)),
                EventSort::Right => Key::Number(f64::from(event.right as u8)),
                // Epochs are years, months or days, which sort as their texts do.
                EventSort::Since => Key::words(event.since.map(|since| since.to_string()).as_deref()),
                EventSort::Change => Key::number(event.change.map(|change| f64::from(change as u8))),
                EventSort::Severity => Key::number(event.severity.map(f64::from)),
                EventSort::Area => Key::Number(event.area_m2),
                EventSort::Share => Key::Number(event.share),
                EventSort::Status => Key::Number(f64::from(standing.of(&event.id) as u8)),
            }
        });
        Ok(taken)
    }

    /// `GET /api/v1/zones.csv` and `.xlsx`: every zone of the list, without its shape.
    pub fn zones_table(&self, filter: &Filter, ask: &TableAsk<ZoneSort>) -> Result<Vec<u8>, EngineError> {
        use ColumnType::{Integer, Real, Text};
        let found = self.losses_at(filter.epoch)?;
        let taken = self.zones_in_order(filter, ask.order, found.as_deref())?;
        let names = columns(
            &[
                ("id", Text),
                ("name", Text),
                ("kind", Text),
                ("kind_name", Text),
                ("unit", Text),
                ("unit_name", Text),
                ("code", Text),
                ("area_m2", Real),
                ("lost_m2", Real),
                ("lost_share", Real),
                ("n_events", Integer),
                ("licence", Text),
            ],
            &[],
        );
        let row = |&i: &usize| {
            let view = &self.zones.list[i];
            let (zone, unit) = (&view.zone, self.unit_of(view).map(|unit| &unit.unit));
            let (n_events, lost_m2) = self.asked_of_zone(filter, found.as_deref(), i);
            let values = vec![
                text(Some(&zone.id)),
                text(zone.name.as_deref()),
                text(Some(&zone.kind)),
                text(self.kind_in(&zone.kind, ask.lang).as_deref()),
                text(unit.map(|unit| unit.code.as_str()).or(zone.unit.as_deref())),
                text(unit.map(|unit| unit.name.as_str())),
                text(zone.code.as_deref()),
                Cell::Real(rounded_m2(view.area_m2)),
                real(lost_m2.map(rounded_m2)),
                real(lost_m2.map(|lost| rounded_share(lost / view.area_m2))),
                found.as_ref().map_or(Cell::Null, |_| Cell::Integer(n_events as i64)),
                text(ask.licence.as_deref()),
            ];
            Row { values, shape: None }
        };
        let source = self.layer(LayerRole::Zones).map_or_else(String::new, |layer| layer.source.clone());
        self.table("zones", source, found.as_ref().map(|f| f.epoch), &names, taken.len(), taken.iter().map(row), ask.file)
    }

    /// `GET /api/v1/encroachments.csv` and `.xlsx`: every event of the list, without its shape.
    pub fn encroachments_table(&self, filter: &Filter, ask: &TableAsk<EventSort>) -> Result<Vec<u8>, EngineError> {
        use ColumnType::{Integer, Real, Text};
        let found = self.events_of(filter)?;
        let taken = self.events_in_order(filter, ask.order, found.as_deref())?;
        let standing = self.standing()?;
        let names = columns(
            &[
                ("id", Text),
                ("zone_id", Text),
                ("zone_name", Text),
                ("kind", Text),
                ("kind_name", Text),
                ("unit", Text),
                ("unit_name", Text),
                ("group", Text),
                ("group_name", Text),
                ("code", Text),
                ("right", Text),
                ("right_name", Text),
                ("since", Text),
                ("change", Text),
                ("severity", Integer),
                ("area_m2", Real),
                ("share", Real),
                ("status", Text),
                ("licence", Text),
            ],
            &[],
        );
        let row = |event: &&Event| {
            let zone = self.zone_of(event);
            let unit = zone.and_then(|view| self.unit_of(view)).map(|unit| &unit.unit);
            let kind = zone.map(|view| view.zone.kind.as_str());
            let values = vec![
                text(Some(&event.id)),
                text(Some(&event.zone_id)),
                text(zone.and_then(|view| view.zone.name.as_deref())),
                text(kind),
                text(kind.and_then(|kind| self.kind_in(kind, ask.lang)).as_deref()),
                text(unit.map(|unit| unit.code.as_str())),
                text(unit.map(|unit| unit.name.as_str())),
                text(Some(event.group.as_str())),
                text(Some(&in_lang(group_name(event.group), ask.lang))),
                text(Some(&event.code)),
                text(Some(event.right.as_str())),
                text(Some(&in_lang(right_name(event.right), ask.lang))),
                text(event.since.map(|epoch| epoch.to_string()).as_deref()),
                text(event.change.map(Change::as_str)),
                event.severity.map_or(Cell::Null, |steps| Cell::Integer(steps.into())),
                Cell::Real(rounded_m2(event.area_m2)),
                Cell::Real(rounded_share(event.share)),
                text(Some(standing.of(&event.id).as_str())),
                text(ask.licence.as_deref()),
            ];
            Row { values, shape: None }
        };
        let epoch = found.as_ref().map(|f| f.epoch);
        let source = epoch.map_or_else(String::new, |epoch| format!("detected from {}", self.detection_stamp(epoch)));
        self.table("encroachments", source, epoch, &names, taken.len(), taken.iter().map(row), ask.file)
    }

    fn kind_in(&self, kind: &str, lang: &str) -> Option<String> {
        self.rulebook.kinds.get(kind).map(|kind| in_lang(kind.name.clone(), lang))
    }

    #[allow(clippy::too_many_arguments)] // What a table says of itself, and its rows.
    fn table(
        &self,
        name: &str,
        source: String,
        epoch: Option<Epoch>,
        columns: &[Column],
        n_rows: usize,
        rows: impl Iterator<Item = Row>,
        file: TableFile,
    ) -> Result<Vec<u8>, EngineError> {
        if n_rows > MOST_ROWS {
            let message = format!(
                "{n_rows} rows are more than a table holds ({MOST_ROWS}): filter them, or come nearer; `farmzone export` writes all of a layer"
            );
            return Err(EngineError::invalid(message));
        }
        let about = About { source, epoch, revision: self.revision, is_simulated: self.simulated(), licence: None };
        let table = Table { name, columns, about: &about, is_polygons: true };
        match file {
            TableFile::Csv => Ok(csv_table(&table, rows)),
            TableFile::Xlsx => spreadsheet(self.place.crs, vec![(table, rows.collect())]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_word_with_or_without_a_minus() {
        let order = |text: &str| text.parse::<Order<ZoneSort>>();
        assert_eq!(order("area"), Ok(Order { by: ZoneSort::Area, descends: false }));
        assert_eq!(order("-lost"), Ok(Order { by: ZoneSort::Lost, descends: true }));
        for bad in ["", "-", "--area", "Area", "size", "area,name"] {
            assert!(order(bad).is_err_and(|e| e.to_string().contains("name, kind, unit")), "{bad}");
        }
        assert!("group".parse::<Order<EventSort>>().is_ok() && order("group").is_err());
    }

    #[test]
    fn words_go_by_their_letters_what_is_alike_stays_and_nothing_is_last_both_ways() {
        let names = [Some("Định Công"), None, Some("Dục Tú"), Some("An Khánh"), Some("Đa Sỹ"), None];
        let sorted = |descends: bool| {
            let mut places: Vec<usize> = (0..names.len()).collect();
            put_in_order(&mut places, descends, |i| Key::words(names[i]));
            places
        };
        assert_eq!(sorted(false), [3, 4, 0, 2, 1, 5], "Đ among the Ds");
        assert_eq!(sorted(true), [2, 0, 4, 3, 1, 5]);
        let mut numbers = [2.0, f64::NAN, -1.0];
        put_in_order(&mut numbers, false, |n| Key::number((!n.is_nan()).then_some(n)));
        assert_eq!(numbers[..2], [-1.0, 2.0]);
    }
}
