//! Overlay and detection as flows: snapshot → `encroach` → rows and events, kept in the workspace.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::events::EpochEvents;
use super::export::write_events;
use super::figures::Sum;
use super::snapshot::{self, EpochLandUse, Lazy, Snapshot, Zones};
use super::transitions::{Matrices, Moved, TransitionRow};
use super::{EngineError, Progress, Rulebook};
use crate::encroach::{self, LeftOut, raster::ZoneShares};
use crate::geom;
use crate::legend::Rules;
use crate::model::{Change, Epoch, Event, Issue, Layer, LayerRole, MultiPolygon, Zone};
use crate::store::{LayerWriter, Mode, NewLayer, Setting, Store, ZoneRevisions};

/// One (zone, land-use polygon) pair that shares area.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OverlayRow {
    pub zone_id: String,
    pub landuse_id: String,
    pub code: String,
    pub area_m2: f64,
    /// Of the zone's area, 0 to 1.
    pub share: f64,
}

#[derive(Debug, Serialize)]
pub struct Overlay {
    pub epoch: Epoch,
    pub n_zones: usize,
    pub n_land_use: usize,
    /// Polygons of withheld classes, which no result counts; not told outside this program.
    #[serde(skip)]
    pub n_withheld: usize,
    pub n_pairs: usize,
    pub area_m2: f64,
    /// For a raster: the land of which it shows no class.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub not_seen: Option<NotSeen>,
    /// From geometries in memory to the pairs: cutting, indexing and every preparation included.
    pub duration_ms: f64,
    /// By zone, then land use. A raster's rows also tell what of a zone it does not show: `landuse_id` is `nodata` or
    /// `outside`, and `code` is empty.
    #[serde(skip)]
    pub rows: Vec<OverlayRow>,
}

/// Land of zones that a raster shows no class of. It is never counted as land without encroachment.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct NotSeen {
    /// In cells without a class, or with one that may not be told.
    pub nodata_m2: f64,
    /// Beyond the raster's edge.
    pub outside_m2: f64,
    /// Zones of which more than a ten-thousandth is not seen, and zones of which nothing is.
    pub n_zones_partly_seen: usize,
    pub n_zones_not_seen: usize,
}

/// What `detect` found.
#[derive(Debug, Serialize)]
pub struct Found {
    pub epoch: Epoch,
    /// Only land lost after this epoch counts.
    pub since: Option<Epoch>,
    /// Nothing changed since the events were kept: they were not found again.
    pub is_unchanged: bool,
    #[serde(flatten)]
    pub totals: Totals,
    #[serde(flatten)]
    pub left_out: LeftOut,
    #[serde(skip)]
    pub not_seen_by_zone: BTreeMap<String, f64>,
    #[serde(skip)]
    pub n_withheld: usize,
    /// What became what since the earlier epoch, by group; empty without one.
    pub transitions: Vec<Moved>,
    pub thresholds: Rules,
    /// What a person should know about the file that was written.
    pub issues: Vec<Issue>,
    pub duration_ms: f64,
}

/// What events add up to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Totals {
    pub n_zones: usize,
    pub n_zones_encroached: usize,
    pub n_events: usize,
    pub area_m2: f64,
    /// Against the epoch before; none without one.
    pub n_new: Option<usize>,
    pub n_gone: Option<usize>,
    /// Land of the zones of which the epoch shows nothing: cells without a class, classes that the legend does not know.
    pub not_seen_m2: f64,
    pub n_zones_partly_seen: usize,
    pub n_zones_not_seen: usize,
    pub by_kind: BTreeMap<String, Sum>,
    pub by_group: BTreeMap<String, Sum>,
    pub by_right: BTreeMap<String, Sum>,
}

impl Totals {
    /// Adds those of other zones.
    fn add(&mut self, other: Totals) {
        self.n_zones += other.n_zones;
        self.n_zones_encroached += other.n_zones_encroached;
        self.n_events += other.n_events;
        self.area_m2 += other.area_m2;
        self.n_new = self.n_new.zip(other.n_new).map(|(a, b)| a + b);
        self.n_gone = self.n_gone.zip(other.n_gone).map(|(a, b)| a + b);
        self.not_seen_m2 += other.not_seen_m2;
        self.n_zones_partly_seen += other.n_zones_partly_seen;
        self.n_zones_not_seen += other.n_zones_not_seen;
        for (sums, others) in
            [(&mut self.by_kind, other.by_kind), (&mut self.by_group, other.by_group), (&mut self.by_right, other.by_right)]
        {
            for (key, sum) in others {
                let all = sums.entry(key).or_default();
                (all.n_events, all.area_m2) = (all.n_events + sum.n_events, all.area_m2 + sum.area_m2);
            }
        }
    }
}

impl Found {
    /// Adds what was found in other zones.
    fn add(&mut self, other: Found) {
        self.totals.add(other.totals);
        self.left_out.add(&other.left_out);
        self.not_seen_by_zone.extend(other.not_seen_by_zone);
        for moved in other.transitions {
            match self.transitions.iter_mut().find(|m| (&m.from, &m.to) == (&moved.from, &moved.to)) {
                Some(all) => (all.area_m2, all.n_zones) = (all.area_m2 + moved.area_m2, all.n_zones + moved.n_zones),
                None => self.transitions.push(moved),
            }
        }
        self.transitions.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
        self.duration_ms += other.duration_ms;
    }
}

/// The events that were found in a snapshot's zones, and what they add up to.
pub struct Detection {
    pub found: Found,
    events: Arc<EpochEvents>,
    /// Those that were asked for, by their places.
    zones: Vec<usize>,
}

impl Detection {
    /// By zone, the largest first.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.zones.iter().flat_map(|zone| self.events.of_zone(*zone))
    }

    /// What the epoch before shows and this one does not.
    pub fn gone(&self) -> impl Iterator<Item = &Event> {
        self.zones.iter().flat_map(|zone| self.events.gone_of_zone(*zone))
    }
}

/// Zones that an overlay has in memory at a time.
const ZONES_AT_A_TIME: usize = 1 << 16;

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// A pair that shares no more than this shares a border, not land.
const MIN_SHARED_M2: f64 = 1e-6;

impl NotSeen {
    fn add(&mut self, shares: &ZoneShares, zone_m2: f64) {
        self.nodata_m2 += shares.nodata_m2;
        self.outside_m2 += shares.outside_m2;
        let missing_m2 = shares.nodata_m2 + shares.outside_m2;
        // Two honest borders differ by far more than a ten-thousandth.
        match missing_m2 / zone_m2 {
            _ if shares.classes.is_empty() => self.n_zones_not_seen += 1,
            share if share > 1e-4 => self.n_zones_partly_seen += 1,
            _ => {}
        }
    }
}

impl Snapshot {
    fn zones_or_refuse(&self) -> Result<(), EngineError> {
        if self.layer(LayerRole::Zones).is_none() {
            return Err(EngineError::not_found("the workspace has no zones yet: farmzone import WORKSPACE FILE --as zones"));
        }
        Ok(())
    }

    pub(super) fn epoch_or_refuse(&self, epoch: Option<Epoch>) -> Result<Epoch, EngineError> {
        self.zones_or_refuse()?;
        self.epoch(epoch)?.ok_or_else(|| {
            EngineError::not_found("the workspace has no land use yet: farmzone import WORKSPACE FILE --as landuse --epoch YYYY")
        })
    }

    /// Every pair of zone and land-use polygon that shares more than 1e-6 m², ordered by zone, then land use. Zones are read
    /// some at a time, so that of a million of them few are in memory: the snapshot need not have them.
    pub(super) fn overlay(&self, epoch: Option<Epoch>) -> Result<Overlay, EngineError> {
        let epoch = self.epoch_or_refuse(epoch)?;
        let land_use = self.land_use(epoch)?;
        let layer = self.layer(LayerRole::Zones).ok_or_else(|| EngineError::internal("no zones"))?;
        let shapes: Vec<&MultiPolygon> = land_use.land_use.iter().map(|l| &l.shape).collect();
        let began = Instant::now();
        let pieces = encroach::LandUsePieces::new(&shapes);
        let mut found = Overlay {
            epoch,
            n_zones: 0,
            n_land_use: shapes.len(),
            n_withheld: land_use.n_withheld,
            n_pairs: 0,
            area_m2: 0.0,
            not_seen: None,
            duration_ms: milliseconds(began),
            rows: Vec::new(),
        };
        let issues = self.reader_of(layer)?.in_blocks(&layer.name, ZONES_AT_A_TIME, |zones: Vec<Zone>| {
            let zones = snapshot::sound(zones, |z| &mut z.shape);
            let began = Instant::now();
            let pairs = pieces.pairs(&zones.iter().map(|z| &z.shape).collect::<Vec<_>>());
            found.duration_ms += milliseconds(began);
            found.n_zones += zones.len();
            found.rows.extend(pairs.iter().map(|pair| {
                let (zone, used) = (&zones[pair.zone as usize], &land_use.land_use[pair.land_use as usize]);
                OverlayRow {
                    zone_id: zone.id.clone(),
                    landuse_id: used.id.clone(),
                    code: used.code.clone(),
                    area_m2: pair.area_m2,
                    share: pair.area_m2 / geom::area_m2(&zone.shape),
                }
            }));
            Ok::<(), EngineError>(())
        })?;
        snapshot::warn_of(&issues);
        found.n_pairs = found.rows.len();
        found.area_m2 = found.rows.iter().fold(0.0, |sum, row| sum + row.area_m2);
        Ok(found)
    }

    /// Every pair of zone and raster class that shares more than 1e-6 m², ordered by zone, then class, and what of each
    /// zone the raster does not show. Areas are exact fractions of cells.
    pub fn overlay_raster(&self, epoch: Option<Epoch>) -> Result<Overlay, EngineError> {
        self.zones_or_refuse()?;
        let none =
            || EngineError::not_found("the workspace has no raster yet: farmzone import WORKSPACE FILE.tif --as landuse --epoch YYYY");
        let epoch = epoch.or(self.raster_epochs.last().copied()).ok_or_else(none)?;
        let raster = self.raster(epoch)?;
        let began = Instant::now();
        let zones: Vec<&MultiPolygon> = self.zones.list.iter().map(|z| &z.zone.shape).collect();
        let shares = raster.shares(&zones)?;
        let duration_ms = began.elapsed().as_secs_f64() * 1000.0;
        let codes: HashMap<i32, &str> = raster.layer.classes.iter().map(|c| c.value).zip(raster.codes.iter().map(String::as_str)).collect();
        let mut found = Overlay {
            epoch,
            n_zones: zones.len(),
            n_land_use: raster.codes.len() - raster.n_withheld,
            n_withheld: raster.n_withheld,
            n_pairs: 0,
            area_m2: 0.0,
            not_seen: None,
            duration_ms,
            rows: Vec::new(),
        };
        let mut not_seen = NotSeen::default();
        for (zone, shares) in self.zones.list.iter().zip(shares) {
            let mut row = |landuse_id: String, code: &str, area_m2: f64| {
                let share = area_m2 / zone.area_m2;
                found.rows.push(OverlayRow { zone_id: zone.zone.id.clone(), landuse_id, code: code.to_owned(), area_m2, share });
            };
            for &(value, area_m2) in shares.classes.iter().filter(|c| c.1 > MIN_SHARED_M2) {
                row(value.to_string(), codes.get(&value).copied().unwrap_or_default(), area_m2);
                (found.n_pairs, found.area_m2) = (found.n_pairs + 1, found.area_m2 + area_m2);
            }
            for (what, area_m2) in [("nodata", shares.nodata_m2), ("outside", shares.outside_m2)] {
                if area_m2 > MIN_SHARED_M2 {
                    row(what.to_owned(), "", area_m2);
                }
            }
            not_seen.add(&shares, zone.area_m2);
        }
        found.not_seen = Some(not_seen);
        Ok(found)
    }

    /// The events of one epoch, of all kinds or of one; with `since` only what was lost after that epoch.
    pub fn find_events(&self, epoch: Option<Epoch>, kind: Option<&str>, since: Option<Epoch>) -> Result<Detection, EngineError> {
        let epoch = self.epoch_or_refuse(epoch)?;
        self.known_kind(kind)?;
        if let Some(since) = since {
            self.epoch(Some(since))?;
            if since >= epoch {
                return Err(EngineError::invalid(format!("--since {since} is not before --epoch {epoch}: name an earlier epoch")));
            }
        }
        let land_use = self.land_use(epoch)?;
        since.map(|since| self.land_use(since)).transpose()?;
        let is_unchanged = since.is_none() && kind.is_none() && self.is_kept(epoch);
        // What earlier epochs show is found before the clock starts: it is their detection.
        if let Some(before) = self.epochs.iter().rev().find(|e| **e < epoch) {
            self.events(*before)?;
        }
        let began = Instant::now();
        let found = if is_unchanged { self.events(epoch)? } else { self.detect(epoch, kind, since)?.into() };
        let duration_ms = began.elapsed().as_secs_f64() * 1000.0;
        let mut detection = self.count(found, &land_use, kind, since, duration_ms);
        detection.found.is_unchanged = is_unchanged;
        if let Some(since) = since {
            detection.found.transitions = self.moved_by_group(since, epoch, kind)?;
        }
        Ok(detection)
    }

    /// What the kept events of an epoch add up to, when they would be found so again.
    fn kept_totals(&self, epoch: Epoch) -> Option<Found> {
        let provenance = self.provenances.get(&epoch).filter(|_| self.is_kept(epoch))?;
        let (totals, n_withheld) = provenance.totals.clone()?;
        Some(Found {
            epoch,
            since: None,
            is_unchanged: true,
            totals,
            left_out: provenance.left_out,
            not_seen_by_zone: provenance.not_seen_m2.clone(),
            n_withheld,
            transitions: Vec::new(),
            thresholds: (*self.rulebook.rules).clone(),
            issues: Vec::new(),
            duration_ms: 0.0,
        })
    }

    /// Has other zones from now on, of the same layer; none that it had is asked for any more.
    fn set_zones(&mut self, zones: Vec<Zone>) {
        let zones = snapshot::sound(zones, |z| &mut z.shape);
        self.zones = Arc::new(Zones::new(zones, &[], &ZoneRevisions::default()));
        self.matrices = Matrices::default();
        for epoch in self.epochs.clone() {
            self.events.insert(epoch, Lazy::new(self.detection_stamp(epoch)));
            // Cells are cut out by the zones.
            if self.is_raster(epoch) {
                self.land_use.insert(epoch, Lazy::new(self.land_use_stamp(epoch)));
            }
        }
    }

    pub(super) fn known_kind(&self, kind: Option<&str>) -> Result<(), EngineError> {
        match kind {
            Some(kind) if self.rulebook.kinds.get(kind).is_none() => {
                let known: Vec<&str> = self.rulebook.kinds.kinds.iter().map(|k| k.key.as_str()).collect();
                Err(EngineError::not_found(format!("no kind “{kind}”; there are {}", known.join(", "))))
            }
            _ => Ok(()),
        }
    }

    fn count(
        &self,
        found: Arc<EpochEvents>,
        land_use: &EpochLandUse,
        kind: Option<&str>,
        since: Option<Epoch>,
        duration_ms: f64,
    ) -> Detection {
        let of_kind = |zone: usize| kind.is_none_or(|kind| self.zones.list[zone].zone.kind == kind);
        let zones: Vec<usize> = (0..self.zones.list.len()).filter(|&z| of_kind(z)).collect();
        let mut totals = Totals { n_zones: zones.len(), ..Totals::default() };
        let mut not_seen_by_zone = BTreeMap::new();
        for &zone in &zones {
            let events = found.of_zone(zone);
            totals.n_zones_encroached += usize::from(!events.is_empty());
            let (not_seen_m2, view) = (found.not_seen_m2(zone), &self.zones.list[zone]);
            if not_seen_m2 > 0.0 {
                totals.not_seen_m2 += not_seen_m2;
                not_seen_by_zone.insert(view.zone.id.clone(), not_seen_m2);
                match self.lost_m2(&found, zone) {
                    None => totals.n_zones_not_seen += 1,
                    Some(_) if not_seen_m2 > 1e-4 * view.area_m2 => totals.n_zones_partly_seen += 1,
                    Some(_) => {}
                }
            }
            for event in events {
                let kind = &view.zone.kind;
                for (sums, key) in [
                    (&mut totals.by_kind, kind.as_str()),
                    (&mut totals.by_group, event.group.as_str()),
                    (&mut totals.by_right, event.right.as_str()),
                ] {
                    let sum = sums.entry(key.to_owned()).or_default();
                    sum.n_events += 1;
                    sum.area_m2 += event.area_m2;
                }
                totals.area_m2 += event.area_m2;
                totals.n_events += 1;
            }
        }
        let result = Found {
            epoch: found.epoch,
            since,
            is_unchanged: false,
            totals,
            left_out: found.left_out,
            not_seen_by_zone,
            n_withheld: land_use.n_withheld,
            transitions: Vec::new(),
            thresholds: (*self.rulebook.rules).clone(),
            issues: Vec::new(),
            duration_ms,
        };
        let compares = since.is_none() && self.epochs.iter().any(|e| *e < found.epoch);
        let mut detection = Detection { found: result, events: found, zones };
        // Of land lost since an epoch nothing is compared with the epoch before.
        if compares {
            detection.found.totals.n_new = Some(detection.events().filter(|e| e.change == Some(Change::New)).count());
            detection.found.totals.n_gone = Some(detection.gone().count());
        }
        detection
    }
}

/// What kept events rest on: a later start compares it to know whether they still hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Provenance {
    pub stamp: String,
    pub left_out: LeftOut,
    /// By zone.
    pub not_seen_m2: BTreeMap<String, f64>,
    /// What they add up to, and how many polygons nobody may see; none of what an earlier farmzone kept.
    #[serde(default)]
    totals: Option<(Totals, usize)>,
}

/// What a person reads of kept events: what was left out, in whole square metres.
fn told(found: &Found, land_use: &str) -> String {
    let l = &found.left_out;
    let counted = [
        (l.n_slivers, "sliver", l.sliver_area_m2),
        (l.n_tracks, "field track", l.track_area_m2),
        (l.n_uncertain, "uncertain piece", l.uncertain_area_m2),
    ];
    let left_out: Vec<String> = counted
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, what, area_m2)| format!("{n} {what}{} of {area_m2:.0} m²", if n == 1 { "" } else { "s" }))
        .collect();
    let left_out = if left_out.is_empty() { String::new() } else { format!("; left out: {}", left_out.join(", ")) };
    format!("found in the zones by {land_use}{left_out}")
}

/// What a detection is asked for.
#[derive(Debug, Clone, Copy)]
pub struct DetectAsk<'a> {
    /// The latest, when none is named.
    pub epoch: Option<Epoch>,
    /// Only land lost after it counts.
    pub since: Option<Epoch>,
    /// Only zones of this kind.
    pub kind: Option<&'a str>,
    /// So many are in memory, with their events; for each time the whole land use is made ready once more.
    pub zones_at_a_time: usize,
}

impl Default for DetectAsk<'_> {
    fn default() -> Self {
        DetectAsk { epoch: None, since: None, kind: None, zones_at_a_time: 1 << 17 }
    }
}

/// Finds the events of one epoch, writes them to `out` and, when all land and all kinds were asked for, keeps them in the
/// workspace, unless they are kept already. Zones are read some at a time, so that of a million of them few are in memory,
/// nor are their events; a file of events is written in one piece.
pub fn detect(path: &Path, rulebook: &Arc<Rulebook>, ask: DetectAsk, out: Option<&Path>, progress: Progress) -> Result<Found, EngineError> {
    let mut store = Store::open(path)?;
    store.settle()?;
    let mut some = Snapshot::without_zones(path, rulebook)?;
    let epoch = some.epoch_or_refuse(ask.epoch)?;
    let layer = some.layer(LayerRole::Zones).cloned().ok_or_else(|| EngineError::internal("no zones"))?;
    let is_all = ask.kind.is_none() && ask.since.is_none();
    if is_all
        && out.is_none()
        && let Some(kept) = some.kept_totals(epoch)
    {
        return Ok(kept);
    }
    let at_a_time = if out.is_some() { usize::MAX } else { ask.zones_at_a_time };
    progress("detecting", 0, layer.n_features);
    let (found, transitions) = {
        let mut found: Option<Found> = None;
        let mut room = Some(&mut store);
        let mut keeping: Option<Keeping> = None;
        let issues = some.reader_of(&layer)?.in_blocks(&layer.name, at_a_time, |zones: Vec<Zone>| {
            some.set_zones(zones);
            let mut detection = some.find_events(Some(epoch), ask.kind, ask.since)?;
            // What cannot be written is said before the workspace changes.
            if let Some(out) = out {
                detection.found.issues = write_events(&some, &detection, out)?;
            }
            if is_all
                && !some.is_kept(epoch)
                && let Some(store) = room.take()
            {
                keeping = Some(Keeping::begin(store, &some, epoch)?);
            }
            if let Some(keeping) = &mut keeping {
                keeping.add(&some, &detection)?;
            }
            match &mut found {
                Some(found) => found.add(detection.found),
                None => found = Some(detection.found),
            }
            progress("detecting", found.as_ref().map_or(0, |f| f.totals.n_zones as u64), layer.n_features);
            Ok::<(), EngineError>(())
        })?;
        snapshot::warn_of(&issues);
        let found = found.ok_or_else(|| EngineError::internal("no zones were looked at"))?;
        let transitions = keeping.map(|keeping| keeping.finish(&some, &found)).transpose()?.flatten();
        (found, transitions)
    };
    if let Some((before, rows)) = transitions {
        let rows = rows.iter().map(|r| (r.zone_id.as_str(), r.from_code.as_deref(), r.to_code.as_deref(), r.area_m2));
        store.keep_transitions(before, epoch, rows)?;
    }
    Ok(found)
}

/// Writes events as layer `encroachments_EPOCH`, in place of what was there, while they are found.
struct Keeping<'s> {
    writer: LayerWriter<'s, Event>,
    epoch: Epoch,
    ids: HashSet<String>,
    /// The epoch before, and what became what since then.
    transitions: Option<(Epoch, Vec<TransitionRow>)>,
}

impl<'s> Keeping<'s> {
    fn begin(store: &'s mut Store, snapshot: &Snapshot, epoch: Epoch) -> Result<Self, EngineError> {
        let layer = NewLayer {
            epoch: Some(epoch),
            source_crs: snapshot.place.crs.to_string(),
            simulated: snapshot.simulated(),
            ..NewLayer::default()
        };
        let before = snapshot.epochs.iter().rev().copied().find(|e| *e < epoch);
        let writer = store.begin::<Event>(layer, Mode::Replace)?;
        Ok(Keeping { writer, epoch, ids: HashSet::new(), transitions: before.map(|before| (before, Vec::new())) })
    }

    fn add(&mut self, snapshot: &Snapshot, detection: &Detection) -> Result<(), EngineError> {
        for event in detection.events().chain(detection.gone()) {
            let mut id = event.id.clone();
            // Zones of one id may lie far from each other in their layer.
            encroach::keep_apart(&mut id, &mut self.ids);
            if id == event.id {
                self.writer.write(event)?;
            } else {
                self.writer.write(&Event { id, ..event.clone() })?;
            }
        }
        if let Some((before, rows)) = &mut self.transitions {
            rows.append(&mut snapshot.transition_rows(*before, self.epoch)?);
        }
        Ok(())
    }

    /// What became what since the epoch before is the caller's to keep.
    fn finish(mut self, snapshot: &Snapshot, found: &Found) -> Result<Option<(Epoch, Vec<TransitionRow>)>, EngineError> {
        let stamp = snapshot.detection_stamp(self.epoch);
        let provenance = Provenance {
            stamp,
            left_out: found.left_out,
            not_seen_m2: found.not_seen_by_zone.clone(),
            totals: Some((found.totals.clone(), found.n_withheld)),
        };
        let provenance = serde_json::to_string(&provenance).map_err(|e| EngineError::internal(format!("what events rest on: {e}")))?;
        self.writer.set_source(told(found, snapshot.land_use_layer(self.epoch).map_or("land use", |l| &l.name)));
        let name = Layer::name_of(LayerRole::Encroachments, Some(self.epoch));
        self.writer.set_setting(&Setting::Detection(name), &provenance)?;
        self.writer.finish()?;
        Ok(self.transitions)
    }
}
