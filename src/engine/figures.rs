//! What the API says: figures, cards and lists as plain structures, in the shapes of `docs/api.md`.
//! Lon/lat appears here and in exports only.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::EngineError;
use super::events::EpochEvents;
use super::snapshot::{Snapshot, UnitView, ZoneView};
use crate::encroach;
use crate::geom;
use crate::legend::{self, Text, Words};
use crate::model::{AlertStatus, Change, Coord, Epoch, Event, Evidence, Group, LayerRole, Right};

/// Which zones and events are asked for. Empty lists mean all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// West, south, east, north, degrees.
    pub bbox: Option<[f64; 4]>,
    /// Longitude and latitude: only zones that hold the point.
    pub at: Option<[f64; 2]>,
    pub kinds: Vec<String>,
    /// Codes of communes.
    pub units: Vec<String>,
    /// Matched against name, code, id, cooperative, linkage and products.
    pub text: Option<Words>,
    pub epoch: Option<Epoch>,
    pub zone: Option<String>,
    pub groups: Vec<Group>,
    pub rights: Vec<Right>,
    /// What became of an event since the epoch before; `gone` ones are only listed when asked for.
    pub changes: Vec<Change>,
    /// At least this many steps of severity.
    pub min_severity: Option<u8>,
    /// First seen in one of these epochs, both included.
    pub since: Option<(Epoch, Epoch)>,
    /// How far officers are with an event; rejected ones are only listed when asked for.
    pub statuses: Vec<AlertStatus>,
}

/// A part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub limit: usize,
    pub offset: usize,
}

impl Default for Page {
    fn default() -> Self {
        Page { limit: 100, offset: 0 }
    }
}

/// Rounded as the law asks: 0.1 m².
pub fn rounded_m2(area_m2: f64) -> f64 {
    without_minus((area_m2 * 10.0).round() / 10.0)
}

/// Nothing is nothing: an empty sum and a small loss round to −0, which no reader expects.
fn without_minus(value: f64) -> f64 {
    value + 0.0
}

pub(super) fn rounded_share(share: f64) -> f64 {
    without_minus((share * 1e6).round() / 1e6)
}

/// Degrees with seven decimals: about a centimetre.
fn degrees(value: f64) -> f64 {
    without_minus((value * 1e7).round() / 1e7)
}

/// What the screen calls a group.
pub fn group_name(group: Group) -> Text {
    let (vi, en) = match group {
        Group::Built => ("Đất xây dựng", "Built-up land"),
        Group::Transport => ("Giao thông", "Transport"),
        Group::Sealed => ("Đất bị mất khác", "Other lost soil"),
        Group::Water => ("Mặt nước, thủy lợi", "Water and irrigation"),
        Group::Public => ("Công cộng, tôn giáo", "Public and religious"),
        Group::None => ("Không lấn", "No encroachment"),
        Group::Unmapped => ("Chưa phân loại", "Unmapped"),
    };
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

/// What the screen calls a right: what it rests on, never a verdict.
pub fn right_name(right: Right) -> Text {
    let (vi, en) = match right {
        Right::Permitted => ("Theo quyết định", "By a decision"),
        Right::Planned => ("Theo quy hoạch", "In a plan"),
        Right::FarmStructure => ("Công trình nông nghiệp", "Farm structure"),
        Right::Legacy => ("Có từ trước", "From before the baseline"),
        Right::Unplanned => ("Chưa rõ căn cứ", "No decision or plan found"),
        Right::Unknown => ("Thiếu dữ liệu căn cứ", "No layer to tell"),
    };
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

fn evidence_facts(evidence: &Evidence) -> Value {
    json!({
        "kind": evidence.kind, "layer": evidence.layer, "feature": evidence.feature, "label": evidence.label,
        "area_m2": rounded_m2(evidence.area_m2), "date": evidence.date, "counts": evidence.counts,
    })
}

/// One row of figures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sum {
    pub n_events: u64,
    pub area_m2: f64,
}

impl Sum {
    fn add(&mut self, area_m2: f64) {
        self.n_events += 1;
        self.area_m2 += area_m2;
    }
}

#[derive(Debug, Default)]
struct KindSum {
    n_zones: u64,
    area_m2: f64,
    kept_m2: f64,
    lost: Sum,
    not_seen_m2: f64,
    n_not_seen: u64,
}

impl KindSum {
    /// Of what no zone shows nothing is said.
    fn is_told(&self) -> bool {
        self.n_zones == 0 || self.n_not_seen < self.n_zones
    }
}

impl Snapshot {
    /// Refuses kinds and units that do not exist, so that a typo does not look like an empty answer.
    pub(super) fn known(&self, filter: &Filter) -> Result<(), EngineError> {
        for kind in &filter.kinds {
            if self.rulebook.kinds.get(kind).is_none() {
                let known: Vec<&str> = self.rulebook.kinds.kinds.iter().map(|k| k.key.as_str()).collect();
                return Err(EngineError::not_found(format!("no kind “{kind}”; there are {}", known.join(", "))));
            }
        }
        for unit in &filter.units {
            if !self.units.iter().any(|u| u.unit.code == *unit) {
                return Err(EngineError::not_found(format!("no unit “{unit}”; GET /api/v1/units lists them")));
            }
        }
        Ok(())
    }

    pub(super) fn unit_of(&self, zone: &ZoneView) -> Option<&UnitView> {
        zone.unit.and_then(|u| self.units.get(u))
    }

    pub(super) fn takes_zone(&self, filter: &Filter, place: usize) -> bool {
        let zone = &self.zones.list[place];
        let unit = || self.unit_of(zone).map(|u| u.unit.code.as_str());
        (filter.kinds.is_empty() || filter.kinds.iter().any(|kind| *kind == zone.zone.kind))
            && (filter.units.is_empty() || unit().is_some_and(|code| filter.units.iter().any(|u| u == code)))
            && filter.text.as_ref().is_none_or(|text| self.searchable().answers(place, text))
    }

    /// Places (in `zones.list`) of the zones that the filter takes.
    pub(super) fn zones_taken(&self, filter: &Filter) -> Result<Vec<usize>, EngineError> {
        self.known(filter)?;
        let mut candidates = match filter.bbox {
            Some(bbox) => self.metric(bbox)?.map_or_else(Vec::new, |bounds| self.zones.within(bounds)),
            None => (0..self.zones.list.len()).collect(),
        };
        if let Some([lon, lat]) = filter.at {
            let here = self.metric([lon, lat, lon, lat])?;
            let point = here.map(|[x0, y0, x1, y1]| Coord { x: (x0 + x1) / 2.0, y: (y0 + y1) / 2.0 });
            let holds = |i: &usize| point.is_some_and(|at| geom::contains(&self.zones.list[*i].zone.shape, at));
            let near = here.map(|bounds| self.zones.within(bounds)).unwrap_or_default();
            candidates.retain(|i| near.binary_search(i).is_ok() && holds(i));
        }
        Ok(candidates.into_iter().filter(|&i| self.takes_zone(filter, i)).collect())
    }

    /// Whether the filter takes an event, its zone and place aside.
    pub(super) fn takes_event(filter: &Filter, event: &Event) -> bool {
        (filter.changes.is_empty() || event.change.is_some_and(|c| filter.changes.contains(&c)))
            && filter.min_severity.is_none_or(|step| event.severity.unwrap_or(0) >= step)
            && filter.since.is_none_or(|(from, to)| event.since.is_some_and(|s| from <= s && s <= to))
            && (filter.groups.is_empty() || filter.groups.contains(&event.group))
            && (filter.rights.is_empty() || filter.rights.contains(&event.right))
    }

    /// A zone's events that are asked for, and what it lost in them, m²: land in events of several groups is lost once.
    pub(super) fn asked_for<'f>(filter: &Filter, found: &'f EpochEvents, zone: usize) -> (Vec<&'f Event>, f64) {
        let events = found.of_zone(zone);
        let asked_for: Vec<&Event> = events.iter().filter(|e| Self::takes_event(filter, e)).collect();
        let lost_m2 = if asked_for.len() == events.len() { found.lost_m2(zone) } else { encroach::lost_m2(&asked_for) };
        (asked_for, lost_m2)
    }

    /// The events that count: rejected ones are no loss.
    pub(super) fn losses_at(&self, epoch: Option<Epoch>) -> Result<Option<Arc<EpochEvents>>, EngineError> {
        self.epoch(epoch)?.map(|epoch| self.losses(epoch)).transpose()
    }

    /// `GET /api/v1/summary`.
    pub fn summary(&self, filter: &Filter) -> Result<Value, EngineError> {
        let taken = self.zones_taken(filter)?;
        let found = self.losses_at(filter.epoch)?;
        let mut kinds: BTreeMap<&str, KindSum> = BTreeMap::new();
        let mut groups: BTreeMap<Group, Sum> = BTreeMap::new();
        let mut rights: BTreeMap<Right, Sum> = BTreeMap::new();
        let mut changes: BTreeMap<Change, Sum> = BTreeMap::new();
        let mut sinces: BTreeMap<Epoch, Sum> = BTreeMap::new();
        let mut severities: BTreeMap<u8, Sum> = BTreeMap::new();
        let mut codes: BTreeMap<(Group, &str), Sum> = BTreeMap::new();
        let (mut n_encroached, mut total) = (0u64, KindSum::default());
        for &i in &taken {
            let zone = &self.zones.list[i];
            let kind = kinds.entry(&zone.zone.kind).or_default();
            kind.n_zones += 1;
            kind.area_m2 += zone.area_m2;
            total.n_zones += 1;
            total.area_m2 += zone.area_m2;
            // What a zone keeps is less by all that it lost, whichever events are asked for.
            let lost_m2 = found.as_ref().map_or(0.0, |f| f.lost_m2(i));
            kind.kept_m2 += zone.area_m2 - lost_m2;
            total.kept_m2 += zone.area_m2 - lost_m2;
            let (asked_for, asked_m2) = found.as_ref().map_or_else(Default::default, |f| Self::asked_for(filter, f, i));
            n_encroached += u64::from(!asked_for.is_empty());
            let not_seen_m2 = found.as_ref().map_or(0.0, |f| f.not_seen_m2(i));
            let is_seen = found.as_ref().is_none_or(|f| self.lost_m2(f, i).is_some());
            for sum in [kind, &mut total] {
                sum.lost.n_events += asked_for.len() as u64;
                sum.lost.area_m2 += asked_m2;
                sum.not_seen_m2 += not_seen_m2;
                sum.n_not_seen += u64::from(!is_seen);
            }
            for event in asked_for {
                groups.entry(event.group).or_default().add(event.area_m2);
                rights.entry(event.right).or_default().add(event.area_m2);
                codes.entry((event.group, &event.code)).or_default().add(event.area_m2);
                if let Some(severity) = event.severity {
                    severities.entry(severity).or_default().add(event.area_m2);
                }
                if let Some(change) = event.change {
                    changes.entry(change).or_default().add(event.area_m2);
                }
                if let Some(since) = event.since {
                    sinces.entry(since).or_default().add(event.area_m2);
                }
            }
            let gone = found.as_ref().map_or(&[][..], |f| f.gone_of_zone(i));
            for event in gone.iter().filter(|e| Self::takes_event(filter, e)) {
                changes.entry(Change::Gone).or_default().add(event.area_m2);
            }
        }
        let lost = |sum: &KindSum| found.as_ref().filter(|_| sum.is_told()).map(|_| rounded_m2(sum.lost.area_m2));
        let not_seen = |sum: &KindSum| found.as_ref().map(|_| rounded_m2(sum.not_seen_m2));
        let lost_share = if total.area_m2 > 0.0 { total.lost.area_m2 / total.area_m2 } else { 0.0 };
        let kind_rows: Vec<Value> = self
            .rulebook
            .kinds
            .kinds
            .iter()
            .filter_map(|kind| Some((kind, kinds.get(kind.key.as_str())?)))
            .map(|(kind, sum)| {
                let target = self.targets.of(&kind.key);
                json!({
                    "kind": kind.key, "name": kind.name, "color_light": kind.color_light, "color_dark": kind.color_dark,
                    "n_zones": sum.n_zones, "area_m2": rounded_m2(sum.area_m2), "lost_m2": lost(sum),
                    "kept_m2": rounded_m2(sum.kept_m2), "not_seen_m2": not_seen(sum), "n_events": sum.lost.n_events,
                    "target_m2": target.map(|t| t.hectares * 10_000.0), "target_source": target.map(|t| &t.source),
                })
            })
            .collect();
        let mut codes: Vec<((Group, &str), Sum)> = codes.into_iter().collect();
        codes.sort_by(|(_, a), (_, b)| b.area_m2.total_cmp(&a.area_m2));
        let legend = found.as_ref().and_then(|f| self.legend(f.epoch));
        let code_rows: Vec<Value> = codes
            .iter()
            .map(|((group, code), sum)| {
                let name = legend.and_then(|legend| legend.class(code)).map(|class| &class.name);
                json!({ "code": code, "name": name, "group": group, "n_events": sum.n_events, "area_m2": rounded_m2(sum.area_m2) })
            })
            .collect();
        let data_date = self.layers.iter().map(|l| l.imported_at.as_str()).max();
        let rules = &self.rulebook.rules;
        Ok(json!({
            "revision": self.revision,
            "title": self.title(),
            "simulated": self.simulated(),
            "crs": self.place.facts,
            "bounds": self.bounds()?,
            "epoch": found.as_ref().map(|f| f.epoch),
            "epochs": self.epochs,
            "data_date": data_date,
            "layers_present": self.roles_present(),
            "n_unreadable": self.n_unreadable(),
            "totals": {
                "n_zones": total.n_zones, "area_m2": rounded_m2(total.area_m2), "lost_m2": lost(&total),
                "kept_m2": rounded_m2(total.kept_m2), "not_seen_m2": not_seen(&total), "n_zones_not_seen": total.n_not_seen,
                "lost_share": found.as_ref().filter(|_| total.is_told()).map(|_| rounded_share(lost_share)),
                "n_events": total.lost.n_events, "n_zones_encroached": n_encroached, "n_units": self.units.len(),
            },
            "kinds": kind_rows,
            "groups": groups.iter().map(|(g, s)| json!({ "group": g, "name": group_name(*g), "n_events": s.n_events, "area_m2": rounded_m2(s.area_m2) })).collect::<Vec<_>>(),
            "codes": code_rows,
            "rights": rights.iter().map(|(r, s)| json!({ "right": r, "name": right_name(*r), "n_events": s.n_events, "area_m2": rounded_m2(s.area_m2) })).collect::<Vec<_>>(),
            "changes": changes.iter().map(|(c, s)| json!({ "change": c, "n_events": s.n_events, "area_m2": rounded_m2(s.area_m2) })).collect::<Vec<_>>(),
            "since": sinces.iter().map(|(e, s)| json!({ "since": e, "n_events": s.n_events, "area_m2": rounded_m2(s.area_m2) })).collect::<Vec<_>>(),
            "severities": severities.iter().map(|(step, s)| json!({ "severity": step, "n_events": s.n_events, "area_m2": rounded_m2(s.area_m2) })).collect::<Vec<_>>(),
            "severity_steps_m2": rules.severity_steps_m2,
            "loss_groups": rules.groups,
            "thresholds": { "sliver_area_m2": rules.sliver_area_m2, "sliver_width_m": rules.sliver_width_m, "sliver_narrow_area_m2": rules.sliver_narrow_area_m2, "merge_gap_m": rules.merge_gap_m },
            "n_slivers": found.as_ref().map(|f| f.left_out.n_slivers),
            "sliver_area_m2": found.as_ref().map(|f| rounded_m2(f.left_out.sliver_area_m2)),
            "n_tracks": found.as_ref().map(|f| f.left_out.n_tracks),
            "track_area_m2": found.as_ref().map(|f| rounded_m2(f.left_out.track_area_m2)),
            "n_uncertain": found.as_ref().map(|f| f.left_out.n_uncertain),
            "uncertain_area_m2": found.as_ref().map(|f| rounded_m2(f.left_out.uncertain_area_m2)),
            "other_source_area_m2": found.as_ref().map(|f| rounded_m2(f.left_out.other_source_area_m2)),
            "overlap_area_m2": found.as_ref().map(|f| rounded_m2(f.left_out.overlap_area_m2)),
        }))
    }

    /// Features that another program's edit left without a shape or otherwise unreadable: no figure counts them.
    pub fn n_unreadable(&self) -> usize {
        self.issues.values().map(Vec::len).sum()
    }

    fn roles_present(&self) -> Vec<&'static str> {
        LayerRole::ALL.iter().filter(|role| self.layers.iter().any(|l| l.role == **role)).map(|r| r.as_str()).collect()
    }

    /// West, south, east, north of units and zones together; none when there are neither.
    pub fn bounds(&self) -> Result<Option<[f64; 4]>, EngineError> {
        self.extent.map(|bounds| self.lonlat_bounds(bounds)).transpose()
    }

    /// A box of degrees in the workspace's CRS, no larger than the data; none when the data lies elsewhere.
    pub(super) fn metric(&self, bbox: [f64; 4]) -> Result<Option<[f64; 4]>, EngineError> {
        let Some(data) = self.bounds()?.filter(|data| touch(*data, bbox)) else { return Ok(None) };
        let [w, s, e, n] = [bbox[0].max(data[0]), bbox[1].max(data[1]), bbox[2].min(data[2]), bbox[3].min(data[3])];
        Ok(Some(self.place.bounds_from_lonlat([w, s, e, n])?))
    }

    pub(super) fn lonlat_bounds(&self, bounds: [f64; 4]) -> Result<[f64; 4], EngineError> {
        Ok(self.place.bounds_to_lonlat(bounds)?.map(degrees))
    }

    pub(super) fn lonlat_point(&self, at: crate::model::Coord) -> Result<[f64; 2], EngineError> {
        let at = self.place.point_to_lonlat(at)?;
        Ok([degrees(at.x), degrees(at.y)])
    }

    pub(super) fn geometry(&self, shape: &crate::model::MultiPolygon) -> Result<Value, EngineError> {
        Ok(geojson(&self.place.to_lonlat(shape)?))
    }

    /// `GET /api/v1/layers`.
    pub fn layers_list(&self) -> Result<Value, EngineError> {
        let rows: Result<Vec<Value>, EngineError> = self
            .layers
            .iter()
            .map(|l| {
                // What is withheld may not be found by subtraction.
                let shown = l.role != LayerRole::LandUse;
                Ok(json!({
                    "name": l.name, "role": l.role, "epoch": l.epoch, "source": l.source, "source_crs": l.source_crs, "operation": l.operation,
                    "pixel_size": l.raster.as_ref().map(|r| r.pixel_size), "accuracy_m": l.accuracy_m, "legend": l.legend, "simulated": l.simulated,
                    "n_features": shown.then_some(l.n_features), "area_m2": shown.then_some(rounded_m2(l.area_m2)),
                    "bounds": l.extent.filter(|_| shown).map(|e| self.lonlat_bounds(e)).transpose()?,
                    "imported_at": l.imported_at, "revision": l.revision,
                }))
            })
            .collect();
        Ok(json!({ "revision": self.revision, "layers": rows? }))
    }

    /// `GET /api/v1/units`: all of them, with the zones and events that the filter takes.
    pub fn units_list(&self, filter: &Filter) -> Result<Value, EngineError> {
        let taken = self.zones_taken(filter)?;
        let found = self.losses_at(filter.epoch)?;
        let mut sums: Vec<KindSum> = self.units.iter().map(|_| KindSum::default()).collect();
        for i in taken {
            let zone = &self.zones.list[i];
            let Some(sum) = zone.unit.and_then(|u| sums.get_mut(u)) else { continue };
            sum.n_zones += 1;
            sum.area_m2 += zone.area_m2;
            // Less by all that was lost, whichever events are asked for.
            sum.kept_m2 += zone.area_m2 - found.as_ref().map_or(0.0, |f| f.lost_m2(i));
            if let Some(found) = &found {
                let (asked_for, asked_m2) = Self::asked_for(filter, found, i);
                sum.lost.n_events += asked_for.len() as u64;
                sum.lost.area_m2 += asked_m2;
                sum.n_not_seen += u64::from(self.lost_m2(found, i).is_none());
            }
        }
        let rows: Result<Vec<Value>, EngineError> = self
            .units_by_name()
            .into_iter()
            .map(|i| {
                let (view, sum) = (&self.units[i], &sums[i]);
                let lost_m2 = found.as_ref().filter(|_| sum.is_told()).map(|_| sum.lost.area_m2);
                let mut row = self.unit_facts(view)?;
                row["n_zones"] = json!(sum.n_zones);
                row["zones_area_m2"] = json!(rounded_m2(sum.area_m2));
                row["kept_m2"] = json!(rounded_m2(sum.kept_m2));
                row["lost_m2"] = json!(lost_m2.map(rounded_m2));
                row["lost_share"] = json!(lost_m2.filter(|_| sum.area_m2 > 0.0).map(|lost| rounded_share(lost / sum.area_m2)));
                row["n_events"] = json!(sum.lost.n_events);
                Ok(row)
            })
            .collect();
        Ok(json!({ "revision": self.revision, "epoch": found.map(|f| f.epoch), "units": rows? }))
    }

    /// Their places in `units`.
    pub fn units_by_name(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        order.sort_by_cached_key(|&i| legend::fold(&self.units[i].unit.name));
        order
    }

    fn unit_facts(&self, view: &UnitView) -> Result<Value, EngineError> {
        let unit = &view.unit;
        Ok(json!({
            "code": unit.code, "name": unit.name, "full_name": unit.full_name, "former_names": view.former_names, "valid_from": unit.valid_from, "area_m2": rounded_m2(view.area_m2),
            "bounds": self.lonlat_bounds(view.bounds)?, "center": self.lonlat_point(view.center)?,
        }))
    }

    /// `GET /api/v1/units/{code}`.
    pub fn unit_card(&self, code: &str) -> Result<Value, EngineError> {
        let view = self.units.iter().find(|u| u.unit.code == code).ok_or_else(|| EngineError::not_found(format!("no unit “{code}”")))?;
        Ok(
            json!({ "type": "Feature", "id": code, "bbox": self.lonlat_bounds(view.bounds)?, "geometry": self.geometry(&view.unit.shape)?, "properties": self.unit_facts(view)?, "revision": self.revision }),
        )
    }

    /// Every kind that a zone can be, also those of which there is none.
    pub fn kinds_list(&self) -> Value {
        let kinds = self.rulebook.kinds.kinds.iter();
        let kinds: Vec<Value> =
            kinds.map(|k| json!({ "kind": k.key, "name": k.name, "color_light": k.color_light, "color_dark": k.color_dark })).collect();
        json!({ "revision": self.revision, "kinds": kinds })
    }

    pub(super) fn unit_words(&self, view: &ZoneView) -> Option<Value> {
        self.unit_of(view).map(|u| json!({ "code": u.unit.code, "name": u.unit.name }))
    }

    /// `GET /api/v1/zones/{id}`.
    pub fn zone_card(&self, id: &str, epoch: Option<Epoch>) -> Result<Value, EngineError> {
        let place = self.zones.by_id(id).ok_or_else(|| EngineError::not_found(format!("no zone “{id}”")))?;
        let found = self.losses_at(epoch)?;
        let view = &self.zones.list[place];
        let zone = &view.zone;
        let lonlat = self.place.to_lonlat(&zone.shape)?;
        let lost_m2 = found.as_ref().and_then(|f| self.lost_m2(f, place));
        // Nothing is known to be lost without land use; of a zone that the epoch does not show nothing is said.
        let kept_m2 = if found.is_some() { lost_m2.map(|lost| view.area_m2 - lost) } else { Some(view.area_m2) };
        let events = found.as_ref().map_or(&[][..], |f| f.of_zone(place));
        let shown: Result<Vec<Value>, EngineError> = events.iter().take(200).map(|e| self.event_facts(e)).collect();
        let layer = self.layer(LayerRole::Zones);
        let properties = json!({
            "id": zone.id, "kind": zone.kind, "kind_name": self.rulebook.kinds.get(&zone.kind).map(|k| k.name.clone()), "name": zone.name, "code": zone.code,
            "unit": self.unit_words(view), "crop": zone.crop, "variety": zone.variety, "cooperative": zone.cooperative, "linkage": zone.linkage,
            "products": zone.products, "standard": zone.standard, "standard_no": zone.standard_no, "standard_until": zone.standard_until, "declared_area_m2": zone.declared_area_m2.map(rounded_m2),
            "established": zone.established, "area_m2": rounded_m2(view.area_m2), "geodesic_area_m2": rounded_m2(geom::geodesic_area_m2(&lonlat)),
            "kept_m2": kept_m2.map(rounded_m2), "not_seen_m2": found.as_ref().map(|f| rounded_m2(f.not_seen_m2(place))), "lost_m2": lost_m2.map(rounded_m2),
            "lost_share": lost_m2.map(|lost| rounded_share(lost / view.area_m2)), "outside_share": rounded_share(view.outside_share),
            "center": self.lonlat_point(view.center())?, "epoch": found.as_ref().map(|f| f.epoch), "source": layer.map(|l| l.source.clone()),
            "simulated": layer.is_some_and(|l| l.simulated), "revision": view.revision, "events": shown?, "n_events": events.len(),
            "codes": self.codes_of_zone(place)?, "behind": self.behind_facts(place),
        });
        Ok(
            json!({ "type": "Feature", "id": zone.id, "bbox": self.lonlat_bounds(view.bounds)?, "geometry": geojson(&lonlat), "properties": properties, "revision": self.revision }),
        )
    }

    pub(super) fn zone_of(&self, event: &Event) -> Option<&ZoneView> {
        self.zones.by_id(&event.zone_id).map(|i| &*self.zones.list[i])
    }

    pub(super) fn event_facts(&self, event: &Event) -> Result<Value, EngineError> {
        let class = self.legend(event.epoch).and_then(|legend| legend.class(&event.code));
        let center = geom::pole(&event.shape).map(|at| self.lonlat_point(at)).transpose()?;
        let zone = self.zone_of(event);
        Ok(json!({
            "id": event.id, "zone_id": event.zone_id, "zone_name": zone.and_then(|view| view.zone.name.as_deref()),
            "kind": zone.map(|view| &view.zone.kind), "unit": zone.and_then(|view| self.unit_words(view)),
            "group": event.group, "group_name": group_name(event.group), "code": event.code, "code_name": class.map(|c| c.name.clone()),
            "epoch": event.epoch, "since": event.since, "change": event.change, "right": event.right, "right_name": right_name(event.right),
            "severity": event.severity, "status": self.standing()?.of(&event.id), "area_m2": rounded_m2(event.area_m2), "share": rounded_share(event.share), "width_m": rounded_m2(event.width_m), "center": center,
            "sigma_m2": event.sigma_m2.map(rounded_m2), "probability": event.probability.map(rounded_share),
            "n_sources": event.n_sources, "n_agreeing": event.n_agreeing,
        }))
    }

    /// What every epoch that is at hand shows of an event.
    fn sightings(&self, id: &str) -> Result<Value, EngineError> {
        let mut seen = Vec::new();
        for &epoch in &self.epochs {
            if let Some(e) = self.events_at_hand(epoch)?.as_ref().and_then(|events| events.by_id(id)) {
                seen.push(json!({ "epoch": epoch, "change": e.change, "area_m2": rounded_m2(e.area_m2) }));
            }
        }
        Ok(seen.into())
    }

    pub(super) fn event_feature(&self, event: &Event) -> Result<Value, EngineError> {
        Ok(json!({ "type": "Feature", "id": event.id, "geometry": self.geometry(&event.shape)?, "properties": self.event_facts(event)? }))
    }

    /// `GET /api/v1/encroachments/{id}`: of the epoch that is named, else of the latest or one that is at hand; a made-up id makes nobody detect.
    pub fn encroachment_card(&self, id: &str, asked: Option<Epoch>) -> Result<Value, EngineError> {
        let found = self.events_to_look_in(asked)?;
        let event = self.event_in(&found, id, asked)?;
        let mut feature = self.event_feature(event)?;
        feature["properties"]["evidence"] = event.evidence.iter().map(evidence_facts).collect();
        feature["properties"]["epochs"] = self.sightings(id)?;
        feature["revision"] = json!(self.revision);
        Ok(feature)
    }

    /// What was found in the epoch that is named, else in the latest one and in those at hand, the latest first.
    pub(super) fn events_to_look_in(&self, asked: Option<Epoch>) -> Result<Vec<Arc<EpochEvents>>, EngineError> {
        let mut found = vec![self.epoch(asked)?.map(|epoch| self.events(epoch)).transpose()?];
        for &epoch in self.epochs.iter().rev().filter(|_| asked.is_none()) {
            found.push(self.events_at_hand(epoch)?);
        }
        Ok(found.into_iter().flatten().collect())
    }

    pub(super) fn event_in<'e>(&self, found: &'e [Arc<EpochEvents>], id: &str, asked: Option<Epoch>) -> Result<&'e Event, EngineError> {
        found.iter().find_map(|events| events.by_id(id)).ok_or_else(|| {
            let hint = if asked.is_none() && self.epochs.len() > 1 { "; of an older epoch? Name it with ?epoch=" } else { "" };
            EngineError::not_found(format!("no encroachment “{id}”{hint}"))
        })
    }

    /// `GET /api/v1/landuse/classes`.
    pub fn land_use_classes(&self, epoch: Option<Epoch>) -> Result<Value, EngineError> {
        let Some(epoch) = self.epoch(epoch)? else { return Ok(json!({ "revision": self.revision, "legend": null, "classes": [] })) };
        let land_use = self.land_use(epoch)?;
        let classes: Vec<Value> = land_use
            .codes
            .iter()
            .map(|code| match land_use.legend.class(code) {
                Some(class) => json!({ "code": class.code, "name": class.name, "group": class.group, "color": hex(class.rgb) }),
                None => json!({ "code": code, "name": { "vi": code, "en": code }, "group": Group::Unmapped, "color": "#9aa0a6" }),
            })
            .collect();
        Ok(json!({ "revision": self.revision, "epoch": epoch, "legend": land_use.legend.name, "classes": classes }))
    }
}

pub(super) fn touch(a: [f64; 4], b: [f64; 4]) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// `#rrggbb`.
pub fn hex(rgb: [u8; 3]) -> String {
    format!("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2])
}

/// A lon/lat multipolygon as GeoJSON: a Polygon when it is one, seven decimals.
pub fn geojson(shape: &crate::model::MultiPolygon) -> Value {
    let ring = |r: &crate::model::Ring| r.0.iter().map(|c| json!([degrees(c.x), degrees(c.y)])).collect::<Vec<Value>>();
    let polygon = |p: &crate::model::Polygon| std::iter::once(p.exterior()).chain(p.interiors()).map(ring).collect::<Vec<_>>();
    match shape.0.as_slice() {
        [one] => json!({ "type": "Polygon", "coordinates": polygon(one) }),
        many => json!({ "type": "MultiPolygon", "coordinates": many.iter().map(polygon).collect::<Vec<_>>() }),
    }
}
