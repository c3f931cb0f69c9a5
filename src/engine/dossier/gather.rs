//! What a snapshot says of a subject, and everything else that a dossier prints.

use time::OffsetDateTime;

use super::DossierAsk;
use crate::codes::Day;
use crate::engine::events::EpochEvents;
use crate::engine::figures::{group_name, right_name, rounded_m2, rounded_share};
use crate::engine::snapshot::{Snapshot, ZoneView};
use crate::engine::transitions::Moved;
use crate::engine::{CheckAsk, Checked, EngineError};
use crate::geom;
use crate::model::{AlertStatus, Coord, Epoch, Event, Layer, LayerRole, MultiPolygon, Ring, Text, Verdict};
use crate::report::{
    Areas, Check, Dossier, Names, StatedEvent, StatedRing, StatedSource, StatedSubject, StatedTransition, StatedZone, Statement, Subject,
    SubjectKind, Thresholds, VERDICT, change_name,
};

/// Codes of one zone that are checked.
const MOST_CODES: usize = 50;
/// Events that are stated one by one.
pub(super) const MOST_EVENTS: usize = 2_000;

/// What was found of a subject.
pub(super) struct Gathered {
    pub statement: Statement,
    pub ground: Ground,
    /// Of the subject, when it is an event.
    pub event: Option<Event>,
    /// That the maps show: the earlier and the later; one, or none, where there are no more.
    pub epochs: Vec<Epoch>,
}

/// The land that a dossier is about: of a zone, or of a code.
pub(super) struct Ground {
    /// Workspace CRS; empty where nothing says where it is.
    pub shape: MultiPolygon,
    /// Places in `Zones::list`: the zone itself, or those that stand for the code.
    pub zones: Vec<usize>,
    /// It is one zone's, and all that is watched of it.
    pub is_zone: bool,
    /// What people call it.
    pub name: String,
    /// Where the parts of a code lie, by what tells them apart; of a code with several.
    pub parts: Vec<(String, MultiPolygon)>,
}

impl Snapshot {
    /// What is stated of a subject.
    pub(super) fn gather(&self, subject: &Subject, made: OffsetDateTime) -> Result<Gathered, EngineError> {
        match subject.kind {
            SubjectKind::Zone => {
                let zone = self.zones.by_id(&subject.id).ok_or_else(|| no_zone(&subject.id))?;
                self.gather_zone(subject, zone, None, made)
            }
            SubjectKind::Event => {
                let found = self.events_to_look_in(None)?;
                let event = self.event_in(&found, &subject.id, None)?.clone();
                let zone = self.zones.by_id(&event.zone_id).ok_or_else(|| no_zone(&event.zone_id))?;
                self.gather_zone(subject, zone, Some(event), made)
            }
            SubjectKind::Code => self.gather_code(subject, made),
        }
    }

    fn gather_zone(&self, subject: &Subject, zone: usize, event: Option<Event>, made: OffsetDateTime) -> Result<Gathered, EngineError> {
        let view = &self.zones.list[zone];
        let latest = self.epochs.last().map(|epoch| self.losses(*epoch)).transpose()?;
        let epochs = match &event {
            None => self.first_and_last(),
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
        let standing = self.standing()?;
        let mut codes: Vec<String> =
            view.zone.code.as_deref().filter(|code| !code.trim().is_empty()).into_iter().map(str::to_owned).collect();
        let registered = self.code_lands().entries_of_zone(zone).iter().filter_map(|entry| self.codes.entries.get(*entry));
        codes.extend(registered.map(|entry| entry.code.clone()).take(MOST_CODES));
        let statement = Statement {
            subject: subject.clone(),
            crs: self.place.crs,
            simulated: self.simulated(),
            about: StatedSubject::Zone(Box::new(self.stated_zone(view))),
            areas: self.stated_areas(zone, latest.as_deref()),
            epochs: self.epochs.clone(),
            events: events.into_iter().map(|event| stated_event(event, standing.of(&event.id))).collect(),
            n_events,
            transitions: if event.is_none() { self.stated_transitions(&view.zone.shape)? } else { Vec::new() },
            checks: self.stated_checks(&codes, made)?,
            sources: self.layers.iter().filter(|l| is_source(l)).map(stated_source).collect(),
            rings: rings_of(&view.zone.shape),
        };
        let ground = Ground {
            shape: view.zone.shape.clone(),
            zones: vec![zone],
            is_zone: true,
            name: view.zone.name.as_deref().unwrap_or(&view.zone.id).to_owned(),
            parts: Vec::new(),
        };
        Ok(Gathered { statement, ground, event, epochs })
    }

    /// The epochs before and after; one, or none, where there are no more.
    pub(super) fn first_and_last(&self) -> Vec<Epoch> {
        let last = self.epochs.last().filter(|last| Some(*last) != self.epochs.first());
        self.epochs.first().into_iter().chain(last).copied().collect()
    }

    /// What became something else on land from the first epoch to the last.
    pub(super) fn stated_transitions(&self, land: &MultiPolygon) -> Result<Vec<StatedTransition>, EngineError> {
        let [from, to] = self.first_and_last()[..] else { return Ok(Vec::new()) };
        let stated = |m: Moved| StatedTransition { from: m.from, to: m.to, area_m2: rounded_m2(m.area_m2) };
        Ok(self.moved_on(land, from, to)?.into_iter().map(stated).filter(|t| t.area_m2 > 0.0).collect())
    }

    /// What checks say of codes on the day of the dossier: of each its verdict, then what was found.
    pub(super) fn stated_checks(&self, codes: &[String], made: OffsetDateTime) -> Result<Vec<Check>, EngineError> {
        let local = made + time::Duration::hours(7);
        let day = format!("{:04}-{:02}-{:02}", local.year(), u8::from(local.month()), local.day());
        let ask = CheckAsk { date: day.parse::<Day>().ok(), ..CheckAsk::default() };
        let mut stated: Vec<Check> = Vec::new();
        for checked in self.check_codes(codes, &ask)? {
            let code = checked.code.clone().unwrap_or_else(|| checked.asked.clone());
            // A code that the zone bears may be written otherwise in the register.
            if stated.iter().any(|known| known.code == code) {
                continue;
            }
            let message = in_all(&checked);
            stated.push(Check { code: code.clone(), check: VERDICT.to_owned(), verdict: checked.verdict, message, rule: None });
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
        let zone = &view.zone;
        StatedZone {
            id: zone.id.clone(),
            kind: zone.kind.to_string(),
            name: zone.name.as_deref().map(str::to_owned),
            code: zone.code.as_deref().map(str::to_owned),
            unit: self.unit_of(view).map(|u| [u.unit.code.clone(), u.unit.name.clone()]),
            crop: zone.crop.as_deref().map(str::to_owned),
            variety: zone.variety.as_deref().map(str::to_owned),
            cooperative: zone.cooperative.as_deref().map(str::to_owned),
            linkage: zone.linkage.as_deref().map(str::to_owned),
            products: zone.products.as_deref().map(str::to_owned),
            standard: zone.standard.as_deref().map(str::to_owned),
            standard_no: zone.standard_no.as_deref().map(str::to_owned),
            standard_until: zone.standard_until.as_deref().map(str::to_owned),
            declared_area_m2: zone.declared_area_m2.map(rounded_m2),
            established: zone.established.as_deref().map(str::to_owned),
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
    pub(super) fn printed(&self, found: &Gathered, made: OffsetDateTime, ask: &DossierAsk) -> Result<Dossier, EngineError> {
        let land = &found.ground.shape;
        let center = found.event.as_ref().and_then(|event| geom::pole(&event.shape)).or_else(|| geom::pole(land));
        let center = center.map(|at| self.lonlat_point(at).map(|[lon, lat]| [at.x, at.y, lon, lat])).transpose()?;
        let rules = &self.rulebook.rules;
        // Files beside the document have no maps.
        let (maps, legend) = if ask.file == super::DossierFile::Pdf { self.dossier_maps(found)? } else { Default::default() };
        Ok(Dossier {
            geodesic_area_m2: rounded_m2(geom::geodesic_area_m2(&self.place.to_lonlat(land)?)),
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
            center,
            crs_name: self.place.facts.name.clone(),
            revision: self.revision,
            made,
            verification: None,
            statement: found.statement.clone(),
        })
    }

    /// What the words in a statement are called.
    fn names_in(&self, statement: &Statement) -> Names {
        let mut names = Names::new();
        let kinds: Vec<&str> = match &statement.about {
            StatedSubject::Zone(zone) => vec![&zone.kind],
            StatedSubject::Code(code) => code.zones.iter().map(|zone| zone.kind.as_str()).collect(),
        };
        let kinds = kinds.into_iter().filter_map(|kind| self.rulebook.kinds.get(kind));
        names.extend(kinds.map(|kind| (format!("kind {}", kind.key), kind.name.clone())));
        if let StatedSubject::Code(_) = &statement.about {
            let markets = self.rulebook.codes.markets.iter();
            names.extend(markets.map(|market| (format!("market {}", market.key), market.name.clone())));
        }
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

fn no_zone(id: &str) -> EngineError {
    EngineError::not_found(format!("no zone “{}”", id.chars().take(80).collect::<String>()))
}

/// What follows from all checks of a code.
fn in_all(checked: &Checked) -> Text {
    let (vi, en) = match (checked.verdict, checked.reasons.len()) {
        (_, 0) => ("Không phát hiện sai lệch".to_owned(), "Nothing was found against it".to_owned()),
        (Verdict::Valid, n) => (
            format!("Không phát hiện sai lệch; {n} kiểm tra chưa thực hiện được"),
            format!("Nothing was found against it; checks that could not be made: {n}"),
        ),
        _ => ("Kết luận chung, theo những điều nêu dưới đây".to_owned(), "Overall, by the findings below".to_owned()),
    };
    Text { vi, en }
}

pub(super) fn is_source(layer: &Layer) -> bool {
    matches!(layer.role, LayerRole::Zones | LayerRole::LandUse | LayerRole::Permits | LayerRole::Boundaries)
}

pub(super) fn stated_source(layer: &Layer) -> StatedSource {
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

pub(super) fn stated_event(event: &Event, status: AlertStatus) -> StatedEvent {
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
        on_land_m2: None,
        is_rejected: status == AlertStatus::Rejected,
        status,
    }
}

/// Rings without the vertex that closes them, to the millimetre.
pub(super) fn rings_of(shape: &MultiPolygon) -> Vec<StatedRing> {
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
