//! What a snapshot says of an area code: what everybody may read of it in the register, and what happened on its land.

use time::OffsetDateTime;

use super::gather::{Gathered, Ground, MOST_EVENTS, is_source, rings_of, stated_event, stated_source};
use crate::codes;
use crate::encroach;
use crate::engine::events::is_seen;
use crate::engine::figures::{rounded_m2, rounded_share};
use crate::engine::{EngineError, Snapshot};
use crate::geom;
use crate::model::{CodeRecord, Epoch, Event, LayerRole, MultiPolygon};
use crate::report::{Areas, StatedCode, StatedEvent, StatedPart, StatedSubject, StatedUnit, Statement, Subject, ZoneOfCode};

/// What a code stands for.
struct Asked<'a> {
    /// The one way to write it.
    code: String,
    /// In the register; none of a code that only zones bear.
    entry: Option<usize>,
    parts: Vec<&'a CodeRecord>,
    /// Zones that bear it in their own papers.
    bearing: &'a [usize],
}

impl Snapshot {
    pub(super) fn gather_code(&self, subject: &Subject, made: OffsetDateTime) -> Result<Gathered, EngineError> {
        let asked = self.asked_code(&subject.id)?;
        let parts: Vec<(Vec<usize>, MultiPolygon)> = asked.parts.iter().map(|part| self.ground_of_part(part, asked.bearing)).collect();
        let (shape, zones) = match asked.entry.and_then(|entry| self.code_lands().ground_of(entry)) {
            Some((shape, zones)) => (shape.clone(), zones.to_vec()),
            None => (self.land_of_zones(asked.bearing), asked.bearing.to_vec()),
        };
        let area_m2 = geom::area_m2(&shape);
        let measured = asked.entry.map(|entry| self.measured(entry)).transpose()?.flatten();
        // Where most of the land lies in no zone nobody watches it.
        let is_watched = if asked.entry.is_some() { measured.is_some_and(|land| land.lost.is_some()) } else { area_m2 > 0.0 };
        let latest = self.epochs.last().copied().filter(|_| is_watched);
        let events = latest.map(|epoch| self.events_on(&shape, epoch)).transpose()?.unwrap_or_default();
        let units = measured.and_then(|land| land.units.as_ref());
        let outside_share = units.map_or(0.0, |units| 1.0 - units.iter().map(|unit| unit.share).sum::<f64>()).max(0.0);
        let stated_parts = asked.parts.iter().zip(&parts).map(|(record, (zones, shape))| self.stated_part(record, zones, shape));
        let stated = StatedCode {
            code: asked.code.clone(),
            declared_area_m2: codes::declared_m2(&asked.parts, measured.map(|land| land.area_m2)).map(rounded_m2),
            units: units.into_iter().flatten().map(stated_unit).collect(),
            parts: stated_parts.collect(),
            zones: zones.iter().map(|zone| self.zone_of_code(*zone)).collect(),
        };
        let standing = self.standing()?;
        let stated_one = |(event, on_land_m2): &(Event, f64)| StatedEvent {
            share: rounded_share(on_land_m2 / area_m2),
            on_land_m2: Some(rounded_m2(*on_land_m2)),
            ..stated_event(event, standing.of(&event.id))
        };
        let statement = Statement {
            subject: Subject { kind: subject.kind, id: asked.code.clone() },
            crs: self.place.crs,
            simulated: self.simulated(),
            areas: self.areas_of_code(&shape, &events, latest, outside_share)?,
            epochs: self.epochs.clone(),
            events: events.iter().take(MOST_EVENTS).map(stated_one).collect(),
            n_events: events.len(),
            transitions: if shape.0.is_empty() { Vec::new() } else { self.stated_transitions(&shape)? },
            checks: self.stated_checks(std::slice::from_ref(&asked.code), made)?,
            sources: self.layers.iter().filter(|l| is_source(l) || l.role == LayerRole::Codes).map(stated_source).collect(),
            rings: rings_of(&shape),
            about: StatedSubject::Code(stated),
        };
        let name = statement.about.name().map_or_else(|| asked.code.clone(), |name| format!("{} · {name}", asked.code));
        let labelled = asked.parts.iter().zip(parts).enumerate();
        let parts = labelled.map(|(i, (record, (_, shape)))| (record.part.clone().unwrap_or_else(|| (i + 1).to_string()), shape));
        let parts: Vec<(String, MultiPolygon)> = if asked.parts.len() > 1 { parts.collect() } else { Vec::new() };
        Ok(Gathered { statement, ground: Ground { shape, zones, is_zone: false, name, parts }, event: None, epochs: self.first_and_last() })
    }

    fn asked_code(&self, typed: &str) -> Result<Asked<'_>, EngineError> {
        let none = || EngineError::not_found(format!("no code “{}” in the register", typed.chars().take(80).collect::<String>()));
        let code = codes::parse(typed, &self.rulebook.schemes).map_err(|_| none())?.canonical;
        let (entry, bearing) = (self.codes.place(&code), self.code_lands().bearing(&code));
        if entry.is_none() && bearing.is_empty() {
            return Err(none());
        }
        Ok(Asked { entry, parts: entry.map(|entry| self.codes.parts(entry)).unwrap_or_default(), code, bearing })
    }

    /// Where one part lies, and the zones that stand for it.
    fn ground_of_part(&self, part: &CodeRecord, bearing: &[usize]) -> (Vec<usize>, MultiPolygon) {
        if !part.shape.0.is_empty() {
            return (Vec::new(), part.shape.clone());
        }
        let zones = self.zones_of_part(part, bearing);
        let shape = self.land_of_zones(&zones);
        (zones, shape)
    }

    fn land_of_zones(&self, zones: &[usize]) -> MultiPolygon {
        match zones {
            [] => MultiPolygon::new(Vec::new()),
            [one] => self.zones.list[*one].zone.shape.clone(),
            many => geom::union(&many.iter().map(|zone| &self.zones.list[*zone].zone.shape).collect::<Vec<_>>()),
        }
    }

    fn stated_part(&self, record: &CodeRecord, zones: &[usize], shape: &MultiPolygon) -> StatedPart {
        let r = record.clone();
        StatedPart {
            part: r.part,
            status: r.status,
            status_history: r.status_history,
            area_name: r.area_name,
            address: r.address,
            unit: r.unit,
            crop: r.crop,
            variety: r.variety,
            market: r.market,
            issued: r.issued,
            valid_from: r.valid_from,
            valid_to: r.valid_to,
            authority: r.authority,
            decision: r.decision,
            standard: r.standard,
            standard_no: r.standard_no,
            standard_until: r.standard_until,
            last_inspection: r.last_inspection,
            next_inspection: r.next_inspection,
            declared_area_m2: r.declared_area_m2.map(rounded_m2),
            yield_t_ha: r.yield_t_ha,
            harvests: r.harvests,
            households: r.households,
            legacy_codes: r.legacy_codes,
            has_own_land: !record.shape.0.is_empty(),
            zone_ids: zones.iter().map(|zone| self.zones.list[*zone].zone.id.clone()).collect(),
            area_m2: (!shape.0.is_empty()).then(|| rounded_m2(geom::area_m2(shape))),
        }
    }

    fn zone_of_code(&self, zone: usize) -> ZoneOfCode {
        let view = &self.zones.list[zone];
        ZoneOfCode {
            id: view.zone.id.clone(),
            name: view.zone.name.as_deref().map(str::to_owned),
            kind: view.zone.kind.to_string(),
            unit: self.unit_of(view).map(|u| [u.unit.code.clone(), u.unit.name.clone()]),
            area_m2: rounded_m2(view.area_m2),
        }
    }

    /// `latest`: none where nobody watches the land.
    fn areas_of_code(
        &self,
        shape: &MultiPolygon,
        events: &[(Event, f64)],
        latest: Option<Epoch>,
        outside_share: f64,
    ) -> Result<Areas, EngineError> {
        let area_m2 = geom::area_m2(shape);
        let not_seen_m2 = match latest {
            Some(epoch) => self.not_seen_m2(&*self.land_use(epoch)?, &[shape])?.first().copied(),
            None => None,
        };
        // Land in events of several groups, or of zones that overlap, counts once.
        let lost = || geom::intersection(shape, &geom::union(&events.iter().map(|(event, _)| &event.shape).collect::<Vec<_>>()));
        let lost_m2 = not_seen_m2.filter(|not_seen_m2| is_seen(*not_seen_m2, area_m2)).map(|_| geom::area_m2(&lost()));
        Ok(Areas {
            area_m2: rounded_m2(area_m2),
            lost_m2: lost_m2.map(rounded_m2),
            kept_m2: lost_m2.map(|lost_m2| rounded_m2(area_m2 - lost_m2)),
            not_seen_m2: not_seen_m2.map(rounded_m2),
            outside_share: rounded_share(outside_share),
        })
    }

    /// What an epoch shows as lost on land, with how much of each piece lies on it; the largest first.
    pub(super) fn events_on(&self, land: &MultiPolygon, epoch: Epoch) -> Result<Vec<(Event, f64)>, EngineError> {
        let Some(bounds) = geom::bounds(land) else { return Ok(Vec::new()) };
        let found = self.losses(epoch)?;
        let near: Vec<&Event> = self.zones.within(bounds).into_iter().flat_map(|zone| found.of_zone(zone)).collect();
        let pairs = encroach::overlay(&[land], &near.iter().map(|event| &event.shape).collect::<Vec<_>>());
        let mut events: Vec<(Event, f64)> = pairs.iter().map(|pair| (near[pair.land_use as usize].clone(), pair.area_m2)).collect();
        events.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.id.cmp(&b.0.id)));
        Ok(events)
    }
}

fn stated_unit(unit: &codes::InUnit) -> StatedUnit {
    StatedUnit { code: unit.code.clone(), name: unit.name.clone(), share: rounded_share(unit.share) }
}
