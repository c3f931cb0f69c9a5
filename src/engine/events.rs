//! The events of a snapshot: kept ones read, the others found; after a change only where it can matter.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Instant;

use rayon::prelude::*;

use super::detect::Provenance;
use super::snapshot::{EpochLandUse, Snapshot, Zones};
use super::{EngineError, snapshot};
use crate::encroach::raster::ZoneShares;
use crate::encroach::{self, Accuracy, Basis, Earlier, Finding, Known, LeftOut, Seen};
use crate::geom;
use crate::model::{Change, Epoch, Event, Evidence, EvidenceKind, Group, LandUse, Layer, LayerRole, MultiPolygon, Permit, Zone};

/// What was found in one epoch, by zone.
#[derive(Debug)]
pub struct EpochEvents {
    pub epoch: Epoch,
    pub left_out: LeftOut,
    /// Zones that were looked at after a change; none when all were, or none had to be.
    pub n_looked_again: Option<usize>,
    /// By the zone's place in `Zones::list`; none where nothing was found.
    findings: Vec<Option<Arc<Found>>>,
    /// Where an event stands: its zone, and its place among the zone's.
    by_id: OnceLock<HashMap<Box<str>, (u32, u32)>>,
}

impl EpochEvents {
    fn new(epoch: Epoch, findings: Vec<Option<Arc<Found>>>, left_out: LeftOut) -> Self {
        EpochEvents { epoch, left_out, n_looked_again: None, findings, by_id: OnceLock::new() }
    }

    /// What a detection of all zones found.
    fn found(epoch: Epoch, found: Vec<Finding>) -> Self {
        let mut left_out = LeftOut::default();
        found.iter().for_each(|f| left_out.add(&f.left_out));
        EpochEvents::new(epoch, found.into_par_iter().map(shared).collect(), left_out)
    }

    /// Events of an earlier run, in any order; those of zones that are gone are left out.
    fn kept(epoch: Epoch, events: Vec<Event>, rests_on: Provenance, zones: &Zones) -> Self {
        let mut by_zone: HashMap<usize, Finding> = HashMap::new();
        for event in events {
            let Some(zone) = zones.by_id(&event.zone_id) else { continue };
            let finding = by_zone.entry(zone).or_default();
            let list = if event.change == Some(Change::Gone) { &mut finding.gone } else { &mut finding.events };
            list.push(event);
        }
        by_zone.par_iter_mut().for_each(|(_, finding)| {
            finding.events.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then_with(|| a.id.cmp(&b.id)));
            finding.lost_m2 = encroach::lost_m2(&finding.events);
        });
        for (id, not_seen_m2) in &rests_on.not_seen_m2 {
            if let Some(zone) = zones.by_id(id) {
                by_zone.entry(zone).or_default().not_seen_m2 = *not_seen_m2;
            }
        }
        let mut findings = vec![None; zones.list.len()];
        for (zone, finding) in by_zone {
            findings[zone] = shared(finding);
        }
        EpochEvents::new(epoch, findings, rests_on.left_out)
    }

    /// These without some: what a zone lost is less by their land.
    pub(super) fn without(&self, is_left_out: &(dyn Fn(&Event) -> bool + Sync)) -> EpochEvents {
        let of_zone = |found: &Option<Arc<Found>>| {
            let whole = found.as_ref()?;
            if !whole.events.iter().chain(&whole.gone).any(is_left_out) {
                return found.clone();
            }
            let mut finding = whole.finding.clone();
            finding.events.retain(|event| !is_left_out(event));
            finding.gone.retain(|event| !is_left_out(event));
            finding.lost_m2 = encroach::lost_m2(&finding.events);
            shared(finding)
        };
        let findings = self.findings.par_iter().map(of_zone).collect();
        EpochEvents { n_looked_again: self.n_looked_again, ..EpochEvents::new(self.epoch, findings, self.left_out) }
    }

    /// By zone, the largest of each first.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.findings.iter().flatten().flat_map(|f| &f.events)
    }

    /// What the epoch before shows and this one does not, by zone.
    pub fn gone(&self) -> impl Iterator<Item = &Event> {
        self.findings.iter().flatten().flat_map(|f| &f.gone)
    }

    fn finding(&self, zone: usize) -> Option<&Arc<Found>> {
        self.findings.get(zone)?.as_ref()
    }

    /// The land that a zone of this shape has left; none: all of it.
    pub fn left(&self, zone: usize, shape: &MultiPolygon) -> Option<&MultiPolygon> {
        let found = self.finding(zone).filter(|f| !f.events.is_empty())?;
        Some(found.left.get_or_init(|| encroach::remaining(shape, &found.events)))
    }

    /// The events of one zone, the largest first.
    pub fn of_zone(&self, zone: usize) -> &[Event] {
        self.finding(zone).map_or(&[], |f| &f.events)
    }

    pub fn gone_of_zone(&self, zone: usize) -> &[Event] {
        self.finding(zone).map_or(&[], |f| &f.gone)
    }

    /// What one zone has lost, m²: land in events of several groups counts once.
    pub fn lost_m2(&self, zone: usize) -> f64 {
        self.finding(zone).map_or(0.0, |f| f.lost_m2)
    }

    /// What the epoch does not show of one zone, m².
    pub fn not_seen_m2(&self, zone: usize) -> f64 {
        self.finding(zone).map_or(0.0, |f| f.not_seen_m2)
    }

    pub fn by_id(&self, id: &str) -> Option<&Event> {
        let by_id = self.by_id.get_or_init(|| {
            let mut places = HashMap::new();
            for (zone, finding) in self.findings.iter().enumerate() {
                for (i, event) in finding.iter().flat_map(|f| f.events.iter().chain(&f.gone)).enumerate() {
                    places.entry(event.id.as_str().into()).or_insert((zone as u32, i as u32));
                }
            }
            places
        });
        let &(zone, i) = by_id.get(id)?;
        let finding = self.finding(zone as usize)?;
        finding.events.iter().chain(&finding.gone).nth(i as usize)
    }
}

/// What was found of a zone, shared by every state in which neither the zone nor what it rests on is another.
#[derive(Debug)]
struct Found {
    finding: Finding,
    /// The zone's land without that of its events: made when it is first asked for.
    left: OnceLock<MultiPolygon>,
}

impl std::ops::Deref for Found {
    type Target = Finding;

    fn deref(&self) -> &Finding {
        &self.finding
    }
}

fn shared(finding: Finding) -> Option<Arc<Found>> {
    (finding != Finding::default()).then(|| Arc::new(Found { finding, left: OnceLock::new() }))
}

/// What an epoch's events rested on in the snapshot before: what did not change need not be looked at again.
pub(super) struct Rested {
    zones: Arc<Zones>,
    land_use_stamp: String,
    /// None when nobody asked for it.
    land_use: Option<Arc<EpochLandUse>>,
    permits: Arc<Vec<Permit>>,
    /// Of this epoch, and of those before it.
    events: Arc<EpochEvents>,
    earlier: Vec<Arc<EpochEvents>>,
    circumstances: Circumstances,
}

/// What concerns every zone.
#[derive(PartialEq)]
struct Circumstances {
    rules: String,
    accuracy: Accuracy,
    epochs: Vec<Epoch>,
    has_permits: bool,
    /// The raster beside the polygons, which agrees or not.
    raster: Option<(String, crate::model::Revision)>,
}

/// Kept events that are read at a time.
const EVENTS_AT_A_TIME: usize = 1 << 14;
/// Above this part of the zones everything is looked at anew.
const FEW: f64 = 0.2;

impl Snapshot {
    /// What was found in one epoch: as `detect` kept it when nothing changed since, else found anew where it did.
    pub fn events(&self, epoch: Epoch) -> Result<Arc<EpochEvents>, EngineError> {
        let lazy = self.events.get(&epoch).ok_or_else(|| EngineError::not_found(format!("no land use of epoch {epoch}")))?;
        lazy.get(|| match self.kept_events(epoch)? {
            Some(kept) => Ok(kept),
            None => self.redo(epoch)?.map_or_else(|| self.detect(epoch, None, None), Ok),
        })
    }

    /// Reads what the next change will be compared with, so that the first one does not wait for it: the events that are
    /// kept, and the land use of the last two epochs.
    pub fn expect_changes(&self) -> Result<(), EngineError> {
        self.zones.index();
        for epoch in self.epochs.iter().filter(|epoch| self.kept_layer(**epoch).is_some()) {
            self.events(*epoch)?;
        }
        for epoch in self.epochs.iter().rev().take(2) {
            self.land_use(*epoch)?.expect_questions();
        }
        Ok(())
    }

    /// What this snapshot's events of an epoch rest on, when they are found already: for the snapshot after it.
    pub(super) fn rested(&self, epoch: Epoch) -> Option<Rested> {
        let made = |epoch: &Epoch| self.events.get(epoch)?.made();
        Some(Rested {
            zones: self.zones.clone(),
            land_use_stamp: self.land_use_stamp(epoch),
            land_use: self.land_use.get(&epoch)?.made(),
            permits: self.permits.clone(),
            events: made(&epoch)?,
            earlier: self.epochs.iter().filter(|e| **e < epoch).map(made).collect::<Option<_>>()?,
            circumstances: self.circumstances(epoch),
        })
    }

    fn circumstances(&self, epoch: Epoch) -> Circumstances {
        Circumstances {
            rules: self.rulebook.digest().to_owned(),
            accuracy: self.accuracy(epoch),
            epochs: self.epochs.clone(),
            has_permits: self.layer(LayerRole::Permits).is_some(),
            raster: self.raster_beside(epoch).map(|l| (l.name.clone(), l.revision)),
        }
    }

    /// Looks again at the zones that a change touches; none when too much changed, or what was before is not known.
    fn redo(&self, epoch: Epoch) -> Result<Option<EpochEvents>, EngineError> {
        let started = Instant::now();
        // Asked for once; what was before is let go then.
        let rested = self.rested.lock().unwrap_or_else(PoisonError::into_inner).remove(&epoch);
        let Some(rested) = rested.filter(|r| r.circumstances == self.circumstances(epoch)) else { return Ok(None) };
        let land_use = self.land_use(epoch)?;
        let land_use_before =
            if rested.land_use_stamp == self.land_use_stamp(epoch) { Some(land_use.clone()) } else { rested.land_use.clone() };
        let Some(land_use_before) = land_use_before else { return Ok(None) };
        let mut known = self.earlier_events(epoch)?;
        let mut findings = self.carried(&rested.events, &rested.zones);
        let touched = self.touched(&rested, &known, &land_use_before, &land_use);
        if touched.len() as f64 > FEW * self.zones.list.len() as f64 {
            return Ok(None);
        }
        let mut left_out = rested.events.left_out;
        let was: Vec<&Zone> =
            touched.iter().filter_map(|&z| rested.zones.by_id(&self.zones.list[z].zone.id)).map(|z| &rested.zones.list[z].zone).collect();
        let gone: Vec<&Zone> = rested
            .zones
            .list
            .iter()
            .map(|z| &z.zone)
            .filter(|z| !Arc::ptr_eq(&rested.zones, &self.zones) && self.zones.by_id(&z.id).is_none())
            .collect();
        // What was left out there before is not kept by zone, so it is found once more; names do not matter for it.
        let before: Vec<&Zone> = was.into_iter().chain(gone).collect();
        for finding in self.look(&before, &land_use_before, &rested.permits, &[], None)? {
            left_out.take(&finding.left_out);
        }
        let zones: Vec<&Zone> = touched.iter().map(|&z| &self.zones.list[z].zone).collect();
        // As everywhere, names of an earlier run go on where the workspace keeps them.
        if self.kept_layer(epoch).is_some() {
            known.push(Arc::new(EpochEvents::new(epoch, findings.clone(), left_out)));
        }
        for (&zone, finding) in touched.iter().zip(self.look(&zones, &land_use, &self.permits, &known, None)?) {
            left_out.add(&finding.left_out);
            findings[zone] = shared(finding);
        }
        let ms = started.elapsed().as_millis() as u64;
        tracing::debug!(%epoch, n_zones = touched.len(), ms, "looked again at the zones that a change touches");
        Ok(Some(EpochEvents { n_looked_again: Some(touched.len()), ..EpochEvents::new(epoch, findings, left_out) }))
    }

    /// Findings of the snapshot before, by the zones' places now.
    fn carried(&self, before: &EpochEvents, zones: &Arc<Zones>) -> Vec<Option<Arc<Found>>> {
        if Arc::ptr_eq(zones, &self.zones) {
            return before.findings.clone();
        }
        let was = |z: &Arc<snapshot::ZoneView>| before.finding(zones.by_id(&z.zone.id)?).cloned();
        self.zones.list.iter().map(was).collect()
    }

    /// Zones whose events may differ from those before.
    fn touched(
        &self,
        rested: &Rested,
        earlier: &[Arc<EpochEvents>],
        land_use_before: &Arc<EpochLandUse>,
        land_use: &Arc<EpochLandUse>,
    ) -> Vec<usize> {
        let mut touched: HashSet<usize> = HashSet::new();
        let mut boxes: Vec<[f64; 4]> = Vec::new();
        if !Arc::ptr_eq(land_use_before, land_use) {
            changed(&land_use_before.land_use, &land_use.land_use, |l: &LandUse| &l.id, |l| boxes.extend(geom::bounds(&l.shape)));
            if land_use_before.withheld != land_use.withheld {
                boxes.extend(land_use_before.withheld.iter().chain(&land_use.withheld).filter_map(geom::bounds));
            }
        }
        if !Arc::ptr_eq(&rested.permits, &self.permits) {
            changed(&rested.permits, &self.permits, |p: &Permit| &p.id, |p| boxes.extend(geom::bounds(&p.shape)));
        }
        touched.extend(boxes.into_iter().flat_map(|bounds| self.zones.within(bounds)));
        let same_zones = Arc::ptr_eq(&rested.zones, &self.zones);
        if !same_zones {
            let same = |old: &Arc<snapshot::ZoneView>, z: &Arc<snapshot::ZoneView>| Arc::ptr_eq(old, z) || old.zone == z.zone;
            let differs = |z: &Arc<snapshot::ZoneView>| rested.zones.by_id(&z.zone.id).is_none_or(|old| !same(&rested.zones.list[old], z));
            touched.extend(self.zones.list.iter().enumerate().filter(|(_, z)| differs(z)).map(|(i, _)| i));
        }
        for (before, now) in rested.earlier.iter().zip(earlier).filter(|(before, now)| !Arc::ptr_eq(before, now)) {
            for (i, finding) in now.findings.iter().enumerate() {
                let old = if same_zones { Some(i) } else { rested.zones.by_id(&self.zones.list[i].zone.id) };
                let old = old.and_then(|z| before.finding(z));
                let same = match (old, finding) {
                    (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a.finding == b.finding,
                    (None, None) => true,
                    _ => false,
                };
                if !same {
                    touched.insert(i);
                }
            }
        }
        let mut touched: Vec<usize> = touched.into_iter().collect();
        touched.sort_unstable();
        touched
    }

    /// Finds the events of one epoch, in all zones or in those of one kind; since an earlier epoch only land lost after it.
    pub fn detect(&self, epoch: Epoch, kind: Option<&str>, since: Option<Epoch>) -> Result<EpochEvents, EngineError> {
        let land_use = self.land_use(epoch)?;
        let since = since.map(|epoch| self.land_use(epoch)).transpose()?;
        let mut known = self.earlier_events(epoch)?;
        for other in self.epochs.iter().filter(|e| **e >= epoch) {
            if let Some((events, rests_on)) = self.kept_rows(*other)? {
                known.push(Arc::new(EpochEvents::kept(*other, events, rests_on, &self.zones)));
            }
        }
        let places: Vec<usize> =
            (0..self.zones.list.len()).filter(|&z| kind.is_none_or(|kind| self.zones.list[z].zone.kind == kind)).collect();
        let zones: Vec<&Zone> = places.iter().map(|&z| &self.zones.list[z].zone).collect();
        let found = self.look(&zones, &land_use, &self.permits, &known, since.as_deref())?;
        if kind.is_none() {
            return Ok(EpochEvents::found(epoch, found));
        }
        let mut all: Vec<Finding> = vec![Finding::default(); self.zones.list.len()];
        for (zone, finding) in places.into_iter().zip(found) {
            all[zone] = finding;
        }
        Ok(EpochEvents::found(epoch, all))
    }

    /// Looks at some zones. Land use far from all of them is not even prepared.
    pub(super) fn look(
        &self,
        zones: &[&Zone],
        land_use: &EpochLandUse,
        permits: &[Permit],
        known: &[Arc<EpochEvents>],
        since: Option<&EpochLandUse>,
    ) -> Result<Vec<Finding>, EngineError> {
        if zones.is_empty() {
            return Ok(Vec::new());
        }
        let boxes = boxes_apart(zones, land_use);
        let is_near = |shape: &MultiPolygon| {
            boxes.is_empty() || geom::bounds(shape).is_some_and(|b| boxes.iter().any(|z| geom::box_distance(*z, b) == 0.0))
        };
        let now = seen(land_use, &boxes);
        let then = since.map(|since| seen(since, &boxes));
        let near_permits: Vec<Permit>;
        let permits = if boxes.is_empty() {
            permits
        } else {
            near_permits = permits.iter().filter(|p| is_near(&p.shape)).cloned().collect();
            &near_permits
        };
        let basis = Basis {
            epoch: land_use.epoch,
            layer: self.land_use_layer(land_use.epoch).map_or("landuse", |l| &l.name),
            land_use: &now,
            earlier: since.zip(then.as_deref()).map(|(since, land_use)| Earlier {
                epoch: since.epoch,
                land_use,
                shows_all: self.is_raster(since.epoch),
                withheld: &since.withheld,
            }),
            permits: self.layer(LayerRole::Permits).map(|_| permits),
            rules: &self.rulebook.rules,
            accuracy: self.accuracy(land_use.epoch),
            epochs: &self.epochs,
        };
        let mut by_zone: Known = HashMap::new();
        // Where nothing is known no zone is looked for by its id, which takes long in a million.
        for zone in if known.is_empty() { &[][..] } else { zones } {
            let Some(place) = self.zones.by_id(&zone.id) else { continue };
            let events: Vec<&Event> = known.iter().flat_map(|k| k.of_zone(place)).collect();
            if !events.is_empty() {
                by_zone.insert(zone.id.as_str(), events);
            }
        }
        let mut found = encroach::detect(zones, &basis, &by_zone);
        for (finding, not_seen_m2) in found.iter_mut().zip(self.not_seen_m2(land_use, &zones.iter().map(|z| &z.shape).collect::<Vec<_>>())?)
        {
            finding.not_seen_m2 = not_seen_m2;
        }
        if since.is_none() {
            self.agree(land_use.epoch, zones, &mut found)?;
        }
        Ok(found)
    }

    pub(super) fn is_raster(&self, epoch: Epoch) -> bool {
        self.land_use_layer(epoch).is_some_and(|layer| layer.raster.is_some())
    }

    /// Of each piece of land that of which an epoch shows nothing, m²: where a raster has no class, and where the class is not known.
    /// Polygons often show built land alone, so what they leave out says nothing.
    pub(super) fn not_seen_m2(&self, land_use: &EpochLandUse, lands: &[&MultiPolygon]) -> Result<Vec<f64>, EngineError> {
        if self.is_raster(land_use.epoch) {
            return self.raster(land_use.epoch)?.not_seen_m2(lands);
        }
        let is_unmapped = |l: &&LandUse| land_use.class(l).is_none_or(|c| c.group == Group::Unmapped);
        let all_mapped = |code: &String| land_use.legend.class(code).is_some_and(|c| c.group != Group::Unmapped);
        if land_use.codes.iter().all(all_mapped) {
            return Ok(vec![0.0; lands.len()]);
        }
        let of_land = |land: &&MultiPolygon| -> f64 {
            let near = geom::bounds(land).map(|b| land_use.near(b)).unwrap_or_default();
            let (unmapped, mapped): (Vec<&LandUse>, Vec<&LandUse>) = near.into_iter().partition(is_unmapped);
            if unmapped.is_empty() {
                return 0.0;
            }
            let [unmapped, mapped] = [unmapped, mapped].map(|list| geom::union(&list.iter().map(|l| &l.shape).collect::<Vec<_>>()));
            geom::area_m2(&geom::difference(&geom::intersection(land, &unmapped), &mapped))
        };
        Ok(lands.par_iter().map(of_land).collect())
    }

    /// What a zone has lost by an epoch, m²; none when the epoch shows nothing of it.
    pub(super) fn lost_m2(&self, found: &EpochEvents, zone: usize) -> Option<f64> {
        is_seen(found.not_seen_m2(zone), self.zones.list[zone].area_m2).then(|| found.lost_m2(zone))
    }

    fn accuracy(&self, epoch: Epoch) -> Accuracy {
        let layer = self.land_use_layer(epoch);
        let stated = layer.and_then(|l| l.accuracy_m);
        // A border somewhere in a cell is drawn at the cell's edge: an even error over its width.
        let of_cells = layer.and_then(|l| Some(l.raster.as_ref()?.cell_m(l.area_m2) / 12f64.sqrt()));
        let land_use_m = match (stated, of_cells) {
            (Some(a), Some(b)) => Some(a.hypot(b)),
            (a, b) => a.or(b),
        };
        Accuracy { zones_m: self.layer(LayerRole::Zones).and_then(|l| l.accuracy_m), land_use_m }
    }

    /// Asks the epoch's raster, where there is one beside polygons, whether it shows the events too.
    fn agree(&self, epoch: Epoch, zones: &[&Zone], found: &mut [Finding]) -> Result<(), EngineError> {
        let Some(layer) = self.raster_beside(epoch) else { return Ok(()) };
        let raster = self.raster(epoch)?;
        let counted: HashSet<i32> = (0..raster.codes.len())
            .filter(|&i| raster.class(i).is_some_and(|c| self.rulebook.rules.groups.contains(&c.group)))
            .map(|i| raster.layer.classes[i].value)
            .collect();
        let shapes: Vec<&MultiPolygon> = found.iter().flat_map(|f| &f.events).map(|e| &e.shape).collect();
        let of_events = raster.shares(&shapes)?;
        let zones: Vec<&MultiPolygon> = zones.iter().map(|z| &z.shape).collect();
        let of_zones = raster.shares(&zones)?;
        let lost_m2 = |s: &ZoneShares| s.classes.iter().filter(|(value, _)| counted.contains(value)).fold(0.0, |sum, (_, m2)| sum + m2);
        let mut shares = of_events.iter();
        for (finding, of_zone) in found.iter_mut().zip(&of_zones) {
            let mut agreed_m2 = 0.0;
            for (event, shares) in finding.events.iter_mut().zip(&mut shares) {
                let (lost_m2, seen_m2) = (lost_m2(shares), shares.classes.iter().map(|(_, m2)| m2).sum::<f64>());
                agreed_m2 += lost_m2;
                // A source speaks of a place when it shows most of it, and agrees when it shows most of that as lost.
                if seen_m2 < 0.5 * event.area_m2 {
                    continue;
                }
                event.n_sources += 1;
                event.n_agreeing += u8::from(lost_m2 >= 0.5 * seen_m2);
                event.evidence.push(Evidence {
                    kind: EvidenceKind::Raster,
                    layer: layer.name.clone(),
                    feature: layer.name.clone(),
                    label: None,
                    area_m2: lost_m2,
                    date: None,
                    counts: lost_m2 >= 0.5 * seen_m2,
                });
            }
            finding.left_out.other_source_area_m2 += (lost_m2(of_zone) - agreed_m2).max(0.0);
        }
        Ok(())
    }

    fn earlier_events(&self, epoch: Epoch) -> Result<Vec<Arc<EpochEvents>>, EngineError> {
        self.epochs.iter().filter(|e| **e < epoch).map(|e| self.events(*e)).collect()
    }

    /// The same, but only when nothing must be detected for it.
    pub(super) fn events_at_hand(&self, epoch: Epoch) -> Result<Option<Arc<EpochEvents>>, EngineError> {
        let is_found = self.events.get(&epoch).is_some_and(|lazy| lazy.made().is_some());
        (is_found || self.is_kept(epoch)).then(|| self.events(epoch)).transpose()
    }

    fn kept_events(&self, epoch: Epoch) -> Result<Option<EpochEvents>, EngineError> {
        if !self.is_kept(epoch) {
            return Ok(None);
        }
        let kept = self.kept_rows(epoch)?;
        Ok(kept.map(|(events, rests_on)| EpochEvents::kept(epoch, events, rests_on, &self.zones)))
    }

    fn kept_layer(&self, epoch: Epoch) -> Option<&Layer> {
        let name = Layer::name_of(LayerRole::Encroachments, Some(epoch));
        self.layers.iter().find(|l| l.name == name)
    }

    /// Whether the workspace holds the epoch's events as they would be found now.
    pub(super) fn is_kept(&self, epoch: Epoch) -> bool {
        self.kept_layer(epoch).is_some() && self.provenances.get(&epoch).is_some_and(|p| p.stamp == self.detection_stamp(epoch))
    }

    /// Events of an earlier run in zones that are there, whether they still hold or not.
    fn kept_rows(&self, epoch: Epoch) -> Result<Option<(Vec<Event>, Provenance)>, EngineError> {
        let Some(layer) = self.kept_layer(epoch) else { return Ok(None) };
        let rests_on = self.provenances.get(&epoch).cloned().unwrap_or_default();
        let mut events = Vec::new();
        let issues = self.reader_of(layer)?.in_blocks(&layer.name, EVENTS_AT_A_TIME, |some: Vec<Event>| {
            events.extend(some.into_iter().filter(|event| self.zones.by_id(&event.zone_id).is_some()));
            Ok::<(), EngineError>(())
        })?;
        snapshot::warn_of(&issues);
        Ok(Some((events, rests_on)))
    }

    /// The layers and rules that a detection rests on, with their revisions.
    pub(super) fn detection_stamp(&self, epoch: Epoch) -> String {
        let epochs = self.epochs.iter().filter(|e| **e <= epoch).map(|e| self.land_use_stamp(*e));
        let [zones, permits] = [LayerRole::Zones, LayerRole::Permits].map(|role| self.layer_stamp(role, None));
        let beside = self.raster_beside(epoch).map(|raster| format!("{}@{}", raster.name, raster.revision));
        let stamps: Vec<String> = std::iter::once(zones).chain(epochs).chain([permits]).chain(beside).collect();
        let alone = if self.epochs.len() == 1 { ", one epoch" } else { "" };
        format!("{}{alone}, rules {}", stamps.join(", "), self.rulebook.digest())
    }
}

/// Whether an epoch shows anything of a zone. Two honest borders differ by far more than a ten-thousandth.
pub(super) fn is_seen(not_seen_m2: f64, area_m2: f64) -> bool {
    not_seen_m2 <= area_m2 * (1.0 - 1e-4)
}

/// The boxes of a few zones, the box of many; none when all land use is near them.
fn boxes_apart(zones: &[&Zone], land_use: &EpochLandUse) -> Vec<[f64; 4]> {
    let boxes: Vec<[f64; 4]> = zones.iter().filter_map(|z| geom::bounds(&z.shape)).collect();
    if zones.len() < 64 {
        return boxes;
    }
    let Some(all) = boxes.into_iter().reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]) else {
        return Vec::new();
    };
    let is_near = |l: &LandUse| geom::bounds(&l.shape).is_some_and(|b| geom::box_distance(all, b) == 0.0);
    if land_use.land_use.iter().all(is_near) { Vec::new() } else { vec![all] }
}

/// The land use near some boxes, with what its legend says of it; all of it when there are none.
fn seen<'a>(land_use: &'a EpochLandUse, boxes: &[[f64; 4]]) -> Vec<Seen<'a>> {
    let one = |l: &'a LandUse| {
        let class = land_use.class(l);
        let (group, farm) = class.map_or((Group::Unmapped, false), |c| (c.group, c.farm));
        Seen { id: &l.id, code: &l.code, group, farm, observed: l.observed.as_deref(), shape: &l.shape }
    };
    let near = if boxes.is_empty() { land_use.land_use.iter().collect() } else { land_use.near_any(boxes) };
    near.into_iter().map(one).collect()
}

/// Visits what is in one list and not, or not alike, in the other.
fn changed<'a, F: PartialEq>(before: &'a [F], now: &'a [F], id: impl Fn(&F) -> &String, mut visit: impl FnMut(&'a F)) {
    // Most features stand where they stood.
    let n_same = before.iter().zip(now).take_while(|(a, b)| a == b).count();
    let (before, now) = (&before[n_same..], &now[n_same..]);
    let old: HashMap<&str, &F> = before.iter().map(|f| (id(f).as_str(), f)).collect();
    let mut met: HashSet<&str> = HashSet::new();
    for feature in now {
        met.insert(id(feature));
        match old.get(id(feature).as_str()) {
            Some(same) if **same == *feature => {}
            Some(other) => {
                visit(other);
                visit(feature);
            }
            None => visit(feature),
        }
    }
    before.iter().filter(|f| !met.contains(id(f).as_str())).for_each(visit);
}
