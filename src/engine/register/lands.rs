//! Which land each code stands for, and what the layers say of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::codes::{self, Day, InUnit, Land, Lost, Overlap, Register, Used};
use crate::encroach;
use crate::engine::snapshot::EpochLandUse;
use crate::engine::{EngineError, Snapshot};
use crate::geom;
use crate::index::Index;
use crate::legend::{Words, spelled};
use crate::model::{CodeRecord, Epoch, LayerRole, MultiPolygon};

/// The land of every code of a snapshot, and what their records' texts are compared by.
pub struct CodeLands {
    pub(super) ground: Arc<Ground>,
    /// By the register's entries.
    texts: Vec<EntryTexts>,
    words: OnceLock<Vec<Words>>,
    unit_names: OnceLock<Vec<UnitName>>,
}

/// Where codes lie. Snapshots share it as long as nothing that it rests on is another.
pub(super) struct Ground {
    /// By the register's entries.
    pub lands: Vec<CodeLand>,
    index: Index,
    /// Places of zones by the code in their own papers, made canonical.
    bearing: HashMap<String, Vec<usize>>,
    /// Entries by the zone's place.
    by_zone: HashMap<usize, Vec<usize>>,
}

/// What an entry's texts say, made when first asked for.
#[derive(Default)]
struct EntryTexts {
    sought: OnceLock<Vec<Words>>,
    /// By part, the place of the unit that it states.
    stated: OnceLock<Vec<Option<usize>>>,
}

/// A unit's names as texts are compared with them.
struct UnitName {
    spelled: Vec<String>,
    words: Vec<Words>,
}

/// One code's land.
pub(super) struct CodeLand {
    /// Places of the zones that stand for it.
    pub zones: Vec<usize>,
    /// Of all its parts; empty where nothing says where it is.
    pub shape: MultiPolygon,
    pub bounds: Option<[f64; 4]>,
    measured: OnceLock<Result<Land, String>>,
}

/// Less of an event is none of it.
const LEAST_M2: f64 = 1e-6;

/// A part lies in a zone when this share of it does.
const INSIDE_SHARE: f64 = 0.5;

impl CodeLands {
    fn of(ground: Arc<Ground>, register: &Register) -> CodeLands {
        let texts = register.entries.iter().map(|_| EntryTexts::default()).collect();
        CodeLands { ground, texts, words: OnceLock::new(), unit_names: OnceLock::new() }
    }

    pub(in crate::engine) fn entries_of_zone(&self, zone: usize) -> &[usize] {
        self.ground.by_zone.get(&zone).map_or(&[], Vec::as_slice)
    }

    /// Of all parts of a code, and the places of the zones that stand for them.
    pub(in crate::engine) fn ground_of(&self, entry: usize) -> Option<(&MultiPolygon, &[usize])> {
        self.ground.lands.get(entry).map(|land| (&land.shape, land.zones.as_slice()))
    }

    /// Zones that bear a code in their own papers.
    pub(in crate::engine) fn bearing(&self, canonical: &str) -> &[usize] {
        self.ground.bearing.get(canonical).map_or(&[], Vec::as_slice)
    }

    /// Entries whose land's box meets a box.
    pub(super) fn near(&self, bounds: [f64; 4]) -> Vec<usize> {
        self.ground.index.query_in_order(bounds)
    }

    /// What a search compares with, by entry.
    pub(in crate::engine) fn words(&self, register: &Register) -> &[Words] {
        self.words.get_or_init(|| register.entries.par_iter().map(|entry| Words::new(&entry.code)).collect())
    }

    /// The first zone that stands for a code.
    pub(in crate::engine) fn zone_of(&self, entry: usize) -> Option<usize> {
        self.ground.lands.get(entry)?.zones.first().copied()
    }

    /// What a list's search looks in: the code, old numbers, the area's name, the address, the crop.
    pub(super) fn sought(&self, register: &Register, entry: usize) -> &[Words] {
        let texts = |r: &CodeRecord| {
            let texts = [Some(&r.code), r.area_name.as_ref(), r.address.as_ref(), r.crop.as_ref()];
            texts.into_iter().flatten().chain(&r.legacy_codes).map(|text| Words::new(text)).collect::<Vec<_>>()
        };
        let make = || register.parts(entry).into_iter().flat_map(texts).collect();
        self.texts.get(entry).map_or(&[], |known| known.sought.get_or_init(make).as_slice())
    }

    pub(in crate::engine) fn bounds_of(&self, entry: usize) -> Option<[f64; 4]> {
        self.ground.lands.get(entry)?.bounds
    }
}

impl Snapshot {
    /// Zones that stand for a code: by the register, and by their own papers.
    pub(in crate::engine) fn zones_of_code(&self, canonical: &str) -> Vec<usize> {
        let lands = self.code_lands();
        let of_register = self.codes.place(canonical).and_then(|entry| Some(lands.ground_of(entry)?.1)).unwrap_or_default();
        let zones: BTreeSet<usize> = of_register.iter().chain(lands.bearing(canonical)).copied().collect();
        zones.into_iter().collect()
    }

    pub(in crate::engine) fn code_lands(&self) -> &Arc<CodeLands> {
        self.code_lands.get_or_init(|| Arc::new(CodeLands::of(Arc::new(self.find_ground()), &self.codes)))
    }

    /// Makes what checks rest on, all of which works on many threads: who checks on one of them must have called this before, since
    /// a thread that waits for its own work would wait for ever.
    pub(super) fn expect_checks(&self) -> Result<(), EngineError> {
        self.code_lands();
        if let Some(epoch) = self.epoch(None)? {
            self.land_use(epoch)?.expect_questions();
            self.losses(epoch)?;
        }
        Ok(())
    }

    /// The land of codes as the snapshot before has it, when all is the same that it rests on.
    pub(in crate::engine) fn shared_code_lands(&self, before: &Snapshot) -> Option<Arc<CodeLands>> {
        let known = before.code_lands.get()?;
        let is_same_map = Arc::ptr_eq(&self.zones, &before.zones) && Arc::ptr_eq(&self.units, &before.units);
        let accuracies = |s: &Snapshot| [LayerRole::Codes, LayerRole::Zones].map(|role| s.layer(role).and_then(|layer| layer.accuracy_m));
        if !is_same_map
            || !Arc::ptr_eq(&self.rulebook, &before.rulebook)
            || self.epochs != before.epochs
            || accuracies(self) != accuracies(before)
        {
            return None;
        }
        if let Some(epoch) = self.epochs.last() {
            let (land_use, events) = (self.land_use.get(epoch)?, self.events.get(epoch)?);
            let is_same = Arc::ptr_eq(land_use, before.land_use.get(epoch)?) && Arc::ptr_eq(events, before.events.get(epoch)?);
            // What nobody asked for yet is not worth asking now.
            if !is_same || events.made().is_none() || self.rejected_stamp() != before.rejected_stamp() {
                return None;
            }
        }
        if Arc::ptr_eq(&self.codes, &before.codes) {
            return Some(known.clone());
        }
        let is_same_record = |(a, b): (&CodeRecord, &CodeRecord)| a.zone_ids == b.zone_ids && a.shape == b.shape;
        let is_same_land = |(n, (a, b)): (usize, (&codes::Entry, &codes::Entry))| {
            let (ours, theirs) = (self.codes.parts(n), before.codes.parts(n));
            a.code == b.code && ours.len() == theirs.len() && ours.into_iter().zip(theirs).all(is_same_record)
        };
        let (ours, theirs) = (&self.codes.entries, &before.codes.entries);
        let is_same = ours.len() == theirs.len() && ours.iter().zip(theirs).enumerate().all(is_same_land);
        is_same.then(|| Arc::new(CodeLands::of(known.ground.clone(), &self.codes)))
    }

    fn find_ground(&self) -> Ground {
        let mut bearing: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, view) in self.zones.list.iter().enumerate() {
            let Some(code) = view.zone.code.as_deref() else { continue };
            if let Ok(code) = codes::parse(code, &self.rulebook.schemes) {
                bearing.entry(code.canonical).or_default().push(place);
            }
        }
        let register = &self.codes;
        let land_of = |entry: &codes::Entry| {
            let parts: Vec<&CodeRecord> = entry.records.iter().map(|n| &register.records[*n]).collect();
            self.land_of(&parts, bearing.get(&entry.code).map_or(&[], Vec::as_slice))
        };
        let lands: Vec<CodeLand> = register.entries.par_iter().map(land_of).collect();
        let mut by_zone: HashMap<usize, Vec<usize>> = HashMap::new();
        for (entry, land) in lands.iter().enumerate() {
            land.zones.iter().for_each(|zone| by_zone.entry(*zone).or_default().push(entry));
        }
        let index = Index::new(lands.iter().map(|land| land.bounds));
        Ground { lands, index, bearing, by_zone }
    }

    /// Own land where a part has some; else the zones it names, else those that bear the code.
    fn land_of(&self, parts: &[&CodeRecord], bearing: &[usize]) -> CodeLand {
        let mut zones: BTreeSet<usize> = BTreeSet::new();
        let mut shapes: Vec<&MultiPolygon> = Vec::new();
        for part in parts {
            let stands = self.zones_of_part(part, bearing);
            if part.shape.0.is_empty() {
                shapes.extend(stands.iter().map(|zone| &self.zones.list[*zone].zone.shape));
                zones.extend(stands);
            } else {
                shapes.push(&part.shape);
                zones.extend(part.zone_ids.iter().filter_map(|id| self.zones.by_id(id)));
                zones.extend(self.zones_around(&part.shape));
            }
        }
        let shape = match shapes.as_slice() {
            [] => MultiPolygon::new(Vec::new()),
            [one] => (*one).clone(),
            many => geom::union(many),
        };
        CodeLand { zones: zones.into_iter().collect(), bounds: geom::bounds(&shape), shape, measured: OnceLock::new() }
    }

    /// Zones that stand for a part without own land: those that it names, else those that bear the code.
    pub(in crate::engine) fn zones_of_part(&self, part: &CodeRecord, bearing: &[usize]) -> Vec<usize> {
        let named: Vec<usize> = part.zone_ids.iter().filter_map(|id| self.zones.by_id(id)).collect();
        if named.is_empty() { bearing.to_vec() } else { named }
    }

    /// Zones that a part lies in.
    pub(super) fn zones_around(&self, shape: &MultiPolygon) -> Vec<usize> {
        let near = geom::bounds(shape).map(|bounds| self.zones.within(bounds)).unwrap_or_default();
        let shapes: Vec<&MultiPolygon> = near.iter().map(|zone| &self.zones.list[*zone].zone.shape).collect();
        let area_m2 = geom::area_m2(shape);
        let pairs = encroach::overlay(&[shape], &shapes).into_iter();
        pairs.filter(|pair| pair.area_m2 >= INSIDE_SHARE * area_m2).map(|pair| near[pair.land_use as usize]).collect()
    }

    /// What the layers say of a code's land; none when nothing says where it is.
    pub(in crate::engine) fn measured(&self, entry: usize) -> Result<Option<&Land>, EngineError> {
        let Some(land) = self.code_lands().ground.lands.get(entry).filter(|land| !land.shape.0.is_empty()) else { return Ok(None) };
        if land.measured.get().is_none() {
            // Measured first, and kept then: who measures works on many threads, and must not wait for himself.
            let measured = self.measure(entry, land).map_err(|error| error.to_string());
            let _ = land.measured.set(measured);
        }
        let Some(measured) = land.measured.get() else { return Ok(None) };
        measured.as_ref().map(Some).map_err(|message| EngineError::unavailable(message.clone()))
    }

    fn measure(&self, entry: usize, land: &CodeLand) -> Result<Land, EngineError> {
        let shape = &land.shape;
        let area_m2 = geom::area_m2(shape);
        let epoch = self.epoch(None)?;
        let land_use = epoch.map(|epoch| self.land_use(epoch)).transpose()?;
        let kinds: BTreeSet<&str> = land.zones.iter().map(|zone| self.zones.list[*zone].zone.kind.as_str()).collect();
        Ok(Land {
            area_m2,
            sigma_m2: self.accuracy_of(entry).map(|sigma_m| geom::area_sigma_m2(shape, sigma_m)),
            units: (!self.units.is_empty()).then(|| self.units_of(shape, area_m2)),
            kinds: kinds.into_iter().map(str::to_owned).collect(),
            used: land_use.as_ref().and_then(|land_use| self.used(land_use, shape)),
            lost: epoch.map(|epoch| self.lost_on(land, area_m2, epoch)).transpose()?.flatten(),
            overlaps: self.overlaps(entry, land, area_m2),
        })
    }

    /// How exact the border's vertices are, metres: that of the layer that it comes from.
    fn accuracy_of(&self, entry: usize) -> Option<f64> {
        let is_own = self.codes.parts(entry).iter().any(|part| !part.shape.0.is_empty());
        self.layer(if is_own { LayerRole::Codes } else { LayerRole::Zones })?.accuracy_m
    }

    pub(super) fn units_of(&self, shape: &MultiPolygon, area_m2: f64) -> Vec<InUnit> {
        let Some(bounds) = geom::bounds(shape) else { return Vec::new() };
        let near: Vec<_> = self.units.iter().filter(|unit| geom::box_distance(unit.bounds, bounds) == 0.0).collect();
        let shapes: Vec<&MultiPolygon> = near.iter().map(|unit| &unit.unit.shape).collect();
        let share = |pair: &encroach::Pair| (pair.area_m2 / area_m2).min(1.0);
        let mut units: Vec<InUnit> = encroach::overlay(&[shape], &shapes)
            .iter()
            .map(|pair| (&near[pair.land_use as usize].unit, share(pair)))
            .map(|(unit, share)| InUnit {
                code: unit.code.clone(),
                name: unit.full_name.clone().unwrap_or_else(|| unit.name.clone()),
                share,
            })
            .collect();
        units.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.code.cmp(&b.code)));
        units
    }

    /// Land use by code; none when its legend has none of the codes that crops are lawful on. What is withheld is not there, and
    /// nothing is said of land of which nothing is there.
    fn used(&self, land_use: &EpochLandUse, shape: &MultiPolygon) -> Option<Vec<Used>> {
        let legend = &land_use.legend;
        let lawful = |code: &str| self.rulebook.codes.crops.iter().any(|crop| crop.land_use.iter().any(|c| c == code));
        legend.classes.iter().any(|class| lawful(&class.code)).then_some(())?;
        let near = geom::bounds(shape).map(|bounds| land_use.near(bounds)).unwrap_or_default();
        let shapes: Vec<&MultiPolygon> = near.iter().map(|l| &l.shape).collect();
        let mut by_code: HashMap<&str, f64> = HashMap::new();
        for pair in encroach::overlay(&[shape], &shapes) {
            let used = near[pair.land_use as usize];
            // Labels that the legend does not know are nobody's to judge.
            if let Some(class) = land_use.class(used) {
                *by_code.entry(class.code.as_str()).or_default() += pair.area_m2;
            }
        }
        let stands_for = |code: &str| {
            let successors = legend.class(code).and_then(|class| class.superseded_by.clone()).unwrap_or_default();
            std::iter::once(code.to_owned()).chain(successors).collect()
        };
        let used = |(code, area_m2): (&str, f64)| Used { code: code.to_owned(), stands_for: stands_for(code), area_m2 };
        let mut all: Vec<Used> = by_code.into_iter().map(used).collect();
        all.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then_with(|| a.code.cmp(&b.code)));
        Some(all)
    }

    /// What zones lost on the land; none when most of it lies in no zone, where nothing is watched.
    fn lost_on(&self, land: &CodeLand, area_m2: f64, epoch: Epoch) -> Result<Option<Vec<Lost>>, EngineError> {
        let Some(bounds) = land.bounds else { return Ok(None) };
        let near = self.zones.within(bounds);
        let shapes: Vec<&MultiPolygon> = near.iter().map(|zone| &self.zones.list[*zone].zone.shape).collect();
        let pairs = encroach::overlay(&[&land.shape], &shapes);
        let mut watched_m2: f64 = pairs.iter().map(|pair| pair.area_m2).sum();
        // Land in two zones is watched once.
        if pairs.len() > 1 && watched_m2 >= INSIDE_SHARE * area_m2 {
            let zones: Vec<&MultiPolygon> = pairs.iter().map(|pair| shapes[pair.land_use as usize]).collect();
            watched_m2 = geom::area_m2(&geom::intersection(&land.shape, &geom::union(&zones)));
        }
        if watched_m2 < INSIDE_SHARE * area_m2 {
            return Ok(None);
        }
        let found = self.losses(epoch)?;
        let touches = |shape: &MultiPolygon| geom::bounds(shape).is_some_and(|b| geom::box_distance(b, bounds) == 0.0);
        let events: Vec<_> = near.iter().flat_map(|zone| found.of_zone(*zone)).filter(|event| touches(&event.shape)).collect();
        let shapes: Vec<&MultiPolygon> = events.iter().map(|event| &event.shape).collect();
        let before = |since: Option<Epoch>| since.and_then(|since| self.epochs.iter().rev().find(|epoch| **epoch < since).copied());
        let mut lost: Vec<Lost> = Vec::new();
        let mut counted: Vec<(usize, [f64; 4])> = Vec::new();
        for pair in encroach::overlay(&[&land.shape], &shapes) {
            let at = pair.land_use as usize;
            let (event, Some(bounds)) = (events[at], geom::bounds(shapes[at])) else { continue };
            // One building in two zones is an event of each.
            let is_same = |(other, b): &&(usize, [f64; 4])| {
                let other = events[*other];
                (other.group, other.since) == (event.group, event.since) && geom::box_distance(*b, bounds) == 0.0
            };
            let twins: Vec<&MultiPolygon> = counted.iter().filter(is_same).map(|(other, _)| shapes[*other]).collect();
            let area_m2 = match twins.is_empty() {
                true => pair.area_m2,
                false => geom::area_m2(&geom::difference(&geom::intersection(&land.shape, shapes[at]), &geom::union(&twins))),
            };
            counted.push((at, bounds));
            if area_m2 > LEAST_M2 {
                lost.push(Lost { event: event.id.clone(), group: event.group, since: event.since, before: before(event.since), area_m2 });
            }
        }
        Ok(Some(lost))
    }

    fn overlaps(&self, entry: usize, land: &CodeLand, area_m2: f64) -> Vec<Overlap> {
        let lands = &self.code_lands().ground.lands;
        let near = land.bounds.map(|bounds| self.code_lands().near(bounds)).unwrap_or_default();
        let others: Vec<usize> = near.into_iter().filter(|other| *other != entry).collect();
        let shapes: Vec<&MultiPolygon> = others.iter().map(|other| &lands[*other].shape).collect();
        let overlap = |pair: encroach::Pair| {
            let other = others[pair.land_use as usize];
            let smaller_m2 = area_m2.min(geom::area_m2(&lands[other].shape));
            Overlap { code: self.codes.entries[other].code.clone(), area_m2: pair.area_m2, smaller_m2 }
        };
        encroach::overlay(&[&land.shape], &shapes).into_iter().map(overlap).collect()
    }

    /// By part, code and name of the unit of today that an entry states.
    pub(super) fn stated_units(&self, entry: usize) -> Vec<Option<(&str, &str)>> {
        let make = || self.codes.parts(entry).into_iter().map(|record| self.find_stated_unit(record)).collect();
        let stated: &[Option<usize>] = self.code_lands().texts.get(entry).map_or(&[], |texts| texts.stated.get_or_init(make));
        stated.iter().map(|unit| unit.map(|unit| self.code_and_name(unit))).collect()
    }

    /// Code and name of the unit of today that a record states.
    pub(super) fn stated_unit(&self, record: &CodeRecord) -> Option<(&str, &str)> {
        self.find_stated_unit(record).map(|unit| self.code_and_name(unit))
    }

    fn code_and_name(&self, unit: usize) -> (&str, &str) {
        let unit = &self.units[unit].unit;
        (&unit.code, unit.full_name.as_ref().unwrap_or(&unit.name))
    }

    fn unit_names(&self) -> &[UnitName] {
        let name = |unit: &crate::engine::UnitView| {
            let names = || std::iter::once(&unit.unit.name).chain(&unit.unit.full_name);
            UnitName { spelled: names().map(|name| spelled(name)).collect(), words: names().map(|name| Words::new(name)).collect() }
        };
        self.code_lands().unit_names.get_or_init(|| self.units.iter().map(name).collect())
    }

    /// The place of the unit of today that a register's text states: by code, by name, by the first part of an address.
    fn find_stated_unit(&self, record: &CodeRecord) -> Option<usize> {
        let text = record.unit.as_deref()?.trim();
        if codes::is_old_number(&self.rulebook.codes, record, text) {
            return None;
        }
        let names = self.unit_names();
        let named = |text: &str| {
            let key = spelled(text);
            let is_so = |at: &usize| self.units[*at].unit.code == text || names[*at].spelled.contains(&key);
            let exact: Vec<usize> = (0..names.len()).filter(is_so).collect();
            if let [one] = exact.as_slice() {
                return Some(*one);
            }
            let words = Words::new(text);
            let loose: Vec<usize> = (0..names.len()).filter(|at| names[*at].words.iter().any(|name| words.names(name))).collect();
            (exact.is_empty() && loose.len() == 1).then(|| loose[0])
        };
        let first = text.split([',', ';']).next().unwrap_or_default().trim();
        named(text).or_else(|| named(first))
    }

    /// Whether two codes are live on a day for one market and crop.
    pub(super) fn are_rivals(&self, entry: usize, other: &str, date: Day) -> bool {
        let other = self.codes.place(other);
        other.is_some_and(|other| self.codes.are_rivals(entry, other, date, &self.rulebook.codes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Rulebook;
    use crate::model::{CodeStatus, EpsgCode, Polygon, Zone};
    use crate::store::{Mode, NewLayer, SrsDefinition, Store};

    fn square(x: f64) -> MultiPolygon {
        let corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0), (0.0, 0.0)];
        let ring = corners.iter().map(|(dx, dy)| crate::model::Coord { x: 580_000.0 + x + dx, y: 2_320_000.0 + dy }).collect();
        MultiPolygon::new(vec![Polygon::new(geo_types::LineString::new(ring), Vec::new())])
    }

    #[test]
    fn what_was_measured_stays_until_the_land_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.gpkg");
        let srs = SrsDefinition { name: "VN-2000".to_owned(), wkt: "LOCAL_CS[\"x\"]".to_owned() };
        let mut store = Store::create(&path, EpsgCode::HANOI, srs).unwrap();
        let mut writer = store.begin::<Zone>(NewLayer::default(), Mode::New).unwrap();
        [("a", 0.0), ("b", 200.0)].iter().for_each(|(id, x)| writer.write(&Zone::new(id, "rice", square(*x))).unwrap());
        writer.finish().unwrap();
        let keep = |store: &mut Store, status, zone: &str| {
            let record = CodeRecord { zone_ids: vec![zone.to_owned()], ..CodeRecord::new("VN-HNOR-0001", "export_legacy", status) };
            let mut writer = store.begin::<CodeRecord>(NewLayer::default(), Mode::Update).unwrap();
            writer.write(&record).unwrap();
            writer.finish().unwrap();
        };
        let rulebook = Arc::new(Rulebook::load(None).unwrap());
        let load = |before: Option<&Snapshot>| Snapshot::load(&path, &rulebook, before).unwrap();
        keep(&mut store, CodeStatus::Active, "a");
        let first = load(None);
        assert_eq!(first.measured(0).unwrap().map(|land| land.area_m2), Some(10_000.0));
        keep(&mut store, CodeStatus::Revoked, "a");
        let second = load(Some(&first));
        assert!(!Arc::ptr_eq(&first.codes, &second.codes) && Arc::ptr_eq(&first.code_lands().ground, &second.code_lands().ground));
        assert!(second.code_lands().ground.lands[0].measured.get().is_some(), "it is not measured again");
        keep(&mut store, CodeStatus::Revoked, "b");
        let third = load(Some(&second));
        assert!(third.code_lands().ground.lands[0].measured.get().is_none(), "its land is another");
        assert_eq!(third.code_lands().zone_of(0), Some(1));
    }
}
