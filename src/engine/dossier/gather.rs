//! What a snapshot says of a subject, and everything else that a dossier prints.

use time::OffsetDateTime;

use super::DossierAsk;
use crate::codes::Day;
use crate::engine::events::EpochEvents;
use crate::engine::figures::{group_name, right_name, rounded_m2, rounded_share};
use crate::engine::snapshot::{Snapshot, ZoneView};
use crate::engine::{CheckAsk, EngineError};
use crate::geom;
use crate::model::{Coord, Epoch, Event, Layer, LayerRole, MultiPolygon, Ring, Text};
use crate::report::{
    Areas, Check, Dossier, Names, StatedEvent, StatedRing, StatedSource, StatedTransition, StatedZone, Statement, Subject, SubjectKind,
    Thresholds, change_name,
};

/// Codes of one zone that are checked.
const MOST_CODES: usize = 50;
/// Events that are stated one by one.
const MOST_EVENTS: usize = 2_000;

/// What was found of a subject.
pub(super) struct Gathered {
    pub statement: Statement,
    /// Place in `Zones::list`.
    pub zone: usize,
    /// Of the subject, when it is an event.
    pub event: Option<Event>,
    /// That the maps show: the earlier and the later; one, or none, where there are no more.
    pub epochs: Vec<Epoch>,
}

impl Snapshot {
    /// What is stated of a subject.
    pub(super) fn gather(&self, subject: &Subject, made: OffsetDateTime) -> Result<Gathered, EngineError> {
        let (zone, event) = match subject.kind {
            SubjectKind::Zone => (self.zones.by_id(&subject.id), None),
            SubjectKind::Event => {
                let found = self.events_to_look_in(None)?;
                let event = self.event_in(&found, &subject.id, None)?.clone();
                (self.zones.by_id(&event.zone_id), Some(event))
            }
        };
        let zone = zone.ok_or_else(|| EngineError::not_found(format!("no zone “{}”", subject.id.chars().take(80).collect::<String>())))?;
        let view = &self.zones.list[zone];
        let latest = self.epochs.last().map(|epoch| self.losses(*epoch)).transpose()?;
        let epochs = match &event {
            None => self
                .epochs
                .first()
                .into_iter()
                .chain(self.epochs.last().filter(|last| Some(*last) != self.epochs.first()))
                .copied()
                .collect(),
            Some(event) => {
                let first = event.since.unwrap_or(event.epoch);
                let before = self.epochs.iter().rev().copied().find(|epoch| *epoch < first);
                before.into_iter().chain([event.epoch]).collect()
            }
        };
        let (events, n_events): (Vec<&Event>, usize) = match (&event, &latest) {
            (Some(event), _) => (vec![event], 1),
            (None, Some(found)) => (found.of_zone(zone).iter().take(MOST_EVENTS).collect(), found.of_zone(zone).len()),
            (None, None) => (Vec::new(), 0),
        };
        let transitions = match (&event, self.epochs.first(), self.epochs.last()) {
            (None, Some(from), Some(to)) if from < to => self.moved_in_zone(zone, *from, *to)?,
            _ => Vec::new(),
        };
        let statement = Statement {
            subject: subject.clone(),
            crs: self.place.crs,
            simulated: self.simulated(),
            zone: self.stated_zone(view),
            areas: self.stated_areas(zone, latest.as_deref()),
            epochs: self.epochs.clone(),
            events: events.into_iter().map(stated_event).collect(),
            n_events,
            transitions: transitions
                .into_iter()
                .map(|m| StatedTransition { from: m.from, to: m.to, area_m2: rounded_m2(m.area_m2) })
                .filter(|t| t.area_m2 > 0.0)
                .collect(),
            checks: self.stated_checks(zone, made)?,
            sources: self.layers.iter().filter(|l| is_source(l)).map(stated_source).collect(),
            rings: rings_of(&view.zone.shape),
        };
        Ok(Gathered { statement, zone, event, epochs })
    }

    /// What checks say, on the day of the dossier, of the codes that the zone bears or that the register gives it.
    fn stated_checks(&self, zone: usize, made: OffsetDateTime) -> Result<Vec<Check>, EngineError> {
        let local = made + time::Duration::hours(7);
        let day = format!("{:04}-{:02}-{:02}", local.year(), u8::from(local.month()), local.day());
        let ask = CheckAsk { date: day.parse::<Day>().ok(), ..CheckAsk::default() };
        let mut codes: Vec<String> = self.zones.list[zone].zone.code.clone().filter(|code| !code.trim().is_empty()).into_iter().collect();
        let registered = self.code_lands().entries_of_zone(zone).iter().filter_map(|entry| self.codes.entries.get(*entry));
        codes.extend(registered.map(|entry| entry.code.clone()).take(MOST_CODES));
        let mut stated: Vec<Check> = Vec::new();
        for checked in self.check_codes(&codes, &ask)? {
            let code = checked.code.unwrap_or(checked.asked);
            // A code that the zone bears may be written otherwise in the register.
            if stated.iter().any(|known| known.code == code) {
                continue;
            }
            if checked.reasons.is_empty() {
                let message = Text { vi: "Không phát hiện sai lệch".to_owned(), en: "Nothing was found against it".to_owned() };
                stated.push(Check { code: code.clone(), check: "none".to_owned(), verdict: checked.verdict, message, rule: None });
            }
            stated.extend(checked.reasons.into_iter().map(|reason| {
                let rule = &reason.rule;
                let dated = |text: &str| format!("{text} ({}, {})", rule.source, rule.valid_from);
                let rule = Text { vi: dated(&rule.text.vi), en: dated(&rule.text.en) };
                Check {
                    code: code.clone(),
                    check: reason.check.to_string(),
                    verdict: reason.verdict,
                    message: reason.message,
                    rule: Some(rule),
                }
            }));
        }
        Ok(stated)
    }

    fn stated_zone(&self, view: &ZoneView) -> StatedZone {
        let zone = view.zone.clone();
        StatedZone {
            id: zone.id,
            kind: zone.kind,
            name: zone.name,
            code: zone.code,
            unit: self.unit_of(view).map(|u| [u.unit.code.clone(), u.unit.name.clone()]),
            crop: zone.crop,
            variety: zone.variety,
            cooperative: zone.cooperative,
            linkage: zone.linkage,
            products: zone.products,
            standard: zone.standard,
            standard_no: zone.standard_no,
            standard_until: zone.standard_until,
            declared_area_m2: zone.declared_area_m2.map(rounded_m2),
            established: zone.established,
        }
    }

    fn stated_areas(&self, zone: usize, latest: Option<&EpochEvents>) -> Areas {
        let view = &self.zones.list[zone];
        let lost_m2 = latest.and_then(|found| self.lost_m2(found, zone));
        Areas {
            area_m2: rounded_m2(view.area_m2),
            lost_m2: lost_m2.map(rounded_m2),
            // Without land use nothing is known to be lost.
            kept_m2: if latest.is_some() { lost_m2.map(|lost| rounded_m2(view.area_m2 - lost)) } else { Some(rounded_m2(view.area_m2)) },
            not_seen_m2: latest.map(|found| rounded_m2(found.not_seen_m2(zone))),
            outside_share: rounded_share(view.outside_share),
        }
    }

    /// Everything that is printed of what was found.
    pub(super) fn printed(&self, found: Gathered, made: OffsetDateTime, ask: &DossierAsk) -> Result<Dossier, EngineError> {
        let view = &self.zones.list[found.zone];
        let center = match &found.event {
            Some(event) => geom::pole(&event.shape).unwrap_or_else(|| view.center()),
            None => view.center(),
        };
        let [lon, lat] = self.lonlat_point(center)?;
        let rules = &self.rulebook.rules;
        // Files beside the document have no maps.
        let (maps, legend) = if ask.file == super::DossierFile::Pdf { self.dossier_maps(&found)? } else { Default::default() };
        Ok(Dossier {
            geodesic_area_m2: rounded_m2(geom::geodesic_area_m2(&self.place.to_lonlat(&view.zone.shape)?)),
            names: self.names_in(&found.statement),
            thresholds: Thresholds {
                sliver_area_m2: rules.sliver_area_m2,
                sliver_width_m: rules.sliver_width_m,
                track_width_m: rules.track_width_m,
                min_probability: rules.min_probability,
            },
            rules_source: format!("rules.toml, {}", rules.valid_from),
            severity_steps_m2: rules.severity_steps_m2.clone(),
            maps,
            legend,
            center: [center.x, center.y, lon, lat],
            crs_name: self.place.facts.name.clone(),
            revision: self.revision,
            made,
            verification: None,
            statement: found.statement,
        })
    }

    /// What the words in a statement are called.
    fn names_in(&self, statement: &Statement) -> Names {
        let mut names = Names::new();
        let kind = self.rulebook.kinds.get(&statement.zone.kind);
        names.extend(kind.map(|kind| (format!("kind {}", kind.key), kind.name.clone())));
        for event in &statement.events {
            names.insert(format!("group {}", event.group), group_name(event.group));
            names.insert(format!("right {}", event.right), right_name(event.right));
            names.extend(event.change.map(|change| (format!("change {change}"), change_name(change))));
            names.extend(self.class_name(event.epoch, &event.code).map(|name| (format!("class {}", event.code), name)));
        }
        for transition in &statement.transitions {
            for (epoch, code) in [(self.epochs.first(), &transition.from), (self.epochs.last(), &transition.to)] {
                names.extend(epoch.and_then(|epoch| self.class_name(*epoch, code)).map(|name| (format!("class {code}"), name)));
            }
        }
        names
    }

    pub(super) fn class_name(&self, epoch: Epoch, code: &str) -> Option<Text> {
        self.legend(epoch)?.class(code).map(|class| class.name.clone())
    }
}

fn is_source(layer: &Layer) -> bool {
    matches!(layer.role, LayerRole::Zones | LayerRole::LandUse | LayerRole::Permits | LayerRole::Boundaries)
}

fn stated_source(layer: &Layer) -> StatedSource {
    StatedSource {
        layer: layer.name.clone(),
        role: layer.role,
        epoch: layer.epoch,
        source: layer.source.clone(),
        source_crs: layer.source_crs.clone(),
        operation: layer.operation.clone(),
        accuracy_m: layer.accuracy_m,
        imported_at: layer.imported_at.clone(),
    }
}

fn stated_event(event: &Event) -> StatedEvent {
    let evidence = event.evidence.iter().cloned().map(|mut e| {
        e.area_m2 = rounded_m2(e.area_m2);
        e
    });
    StatedEvent {
        id: event.id.clone(),
        group: event.group,
        code: event.code.clone(),
        epoch: event.epoch,
        since: event.since,
        change: event.change,
        right: event.right,
        severity: event.severity,
        area_m2: rounded_m2(event.area_m2),
        sigma_m2: event.sigma_m2.map(rounded_m2),
        probability: event.probability.map(rounded_share),
        share: rounded_share(event.share),
        width_m: rounded_m2(event.width_m),
        n_sources: event.n_sources,
        n_agreeing: event.n_agreeing,
        evidence: evidence.collect(),
    }
}

/// Rings without the vertex that closes them, to the millimetre.
fn rings_of(shape: &MultiPolygon) -> Vec<StatedRing> {
    let millimetres = |v: f64| (v * 1000.0).round() / 1000.0;
    let vertices = |ring: &Ring| -> Vec<[f64; 2]> {
        let open = ring.0.split_last().map_or(&[][..], |(_, open)| open);
        open.iter().map(|Coord { x, y }| [millimetres(*x), millimetres(*y)]).collect()
    };
    let mut rings = Vec::new();
    for (i, polygon) in shape.0.iter().enumerate() {
        rings.push(StatedRing { polygon: i + 1, is_hole: false, vertices: vertices(polygon.exterior()) });
        rings.extend(polygon.interiors().iter().map(|hole| StatedRing { polygon: i + 1, is_hole: true, vertices: vertices(hole) }));
    }
    rings
}
