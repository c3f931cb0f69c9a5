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

/// The land of every code of a snapshot.
pub struct CodeLands {
    /// By the register's entries.
    pub(super) lands: Vec<CodeLand>,
    index: Index,
    /// Places of zones by the code in their own papers, made canonical.
    bearing: HashMap<String, Vec<usize>>,
    /// Entries by the zone's place.
    by_zone: HashMap<usize, Vec<usize>>,
    words: OnceLock<Vec<Words>>,
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

/// A part lies in a zone when this share of it does.
const INSIDE_SHARE: f64 = 0.5;

impl CodeLands {
    pub(in crate::engine) fn entries_of_zone(&self, zone: usize) -> &[usize] {
        self.by_zone.get(&zone).map_or(&[], Vec::as_slice)
    }

    /// Of all parts of a code, and the places of the zones that stand for them.
    pub(in crate::engine) fn ground_of(&self, entry: usize) -> Option<(&MultiPolygon, &[usize])> {
        self.lands.get(entry).map(|land| (&land.shape, land.zones.as_slice()))
    }

    /// Zones that bear a code in their own papers.
    pub(in crate::engine) fn bearing(&self, canonical: &str) -> &[usize] {
        self.bearing.get(canonical).map_or(&[], Vec::as_slice)
    }

    /// Entries whose land's box meets a box.
    pub(super) fn near(&self, bounds: [f64; 4]) -> Vec<usize> {
        self.index.query_in_order(bounds)
    }

    /// What a search compares with, by entry.
    pub(in crate::engine) fn words(&self, register: &Register) -> &[Words] {
        self.words.get_or_init(|| register.entries.par_iter().map(|entry| Words::new(&entry.code)).collect())
    }

    /// The first zone that stands for a code.
    pub(in crate::engine) fn zone_of(&self, entry: usize) -> Option<usize> {
        self.lands.get(entry)?.zones.first().copied()
    }

    pub(in crate::engine) fn bounds_of(&self, entry: usize) -> Option<[f64; 4]> {
        self.lands.get(entry)?.bounds
    }
}

impl Snapshot {
    pub(in crate::engine) fn code_lands(&self) -> &Arc<CodeLands> {
        self.code_lands.get_or_init(|| Arc::new(self.find_code_lands()))
    }

    fn find_code_lands(&self) -> CodeLands {
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
        CodeLands { lands, index, bearing, by_zone, words: OnceLock::new() }
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
    fn zones_around(&self, shape: &MultiPolygon) -> Vec<usize> {
        let near = geom::bounds(shape).map(|bounds| self.zones.within(bounds)).unwrap_or_default();
        let shapes: Vec<&MultiPolygon> = near.iter().map(|zone| &self.zones.list[*zone].zone.shape).collect();
        let area_m2 = geom::area_m2(shape);
        let pairs = encroach::overlay(&[shape], &shapes).into_iter();
        pairs.filter(|pair| pair.area_m2 >= INSIDE_SHARE * area_m2).map(|pair| near[pair.land_use as usize]).collect()
    }

    /// What the layers say of a code's land; none when nothing says where it is.
    pub(in crate::engine) fn measured(&self, entry: usize) -> Result<Option<&Land>, EngineError> {
        let Some(land) = self.code_lands().lands.get(entry).filter(|land| !land.shape.0.is_empty()) else { return Ok(None) };
        let measured = land.measured.get_or_init(|| self.measure(entry, land).map_err(|error| error.to_string()));
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

    fn units_of(&self, shape: &MultiPolygon, area_m2: f64) -> Vec<InUnit> {
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
        let watched_m2: f64 = encroach::overlay(&[&land.shape], &shapes).iter().map(|pair| pair.area_m2).sum();
        if watched_m2 < INSIDE_SHARE * area_m2 {
            return Ok(None);
        }
        let found = self.losses(epoch)?;
        let touches = |shape: &MultiPolygon| geom::bounds(shape).is_some_and(|b| geom::box_distance(b, bounds) == 0.0);
        let events: Vec<_> = near.iter().flat_map(|zone| found.of_zone(*zone)).filter(|event| touches(&event.shape)).collect();
        let shapes: Vec<&MultiPolygon> = events.iter().map(|event| &event.shape).collect();
        let lost = |pair: encroach::Pair| {
            let event = events[pair.land_use as usize];
            let before = event.since.and_then(|since| self.epochs.iter().rev().find(|epoch| **epoch < since).copied());
            Lost { event: event.id.clone(), group: event.group, since: event.since, before, area_m2: pair.area_m2 }
        };
        Ok(Some(encroach::overlay(&[&land.shape], &shapes).into_iter().map(lost).collect()))
    }

    fn overlaps(&self, entry: usize, land: &CodeLand, area_m2: f64) -> Vec<Overlap> {
        let lands = &self.code_lands().lands;
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

    /// The unit of today that a register's text states: by code, by name, by the first part of an address.
    pub(super) fn stated_unit(&self, record: &CodeRecord) -> Option<(&str, &str)> {
        let text = record.unit.as_deref()?.trim();
        if codes::is_old_number(&self.rulebook.codes, record, text) {
            return None;
        }
        let named = |text: &str| {
            let key = spelled(text);
            let is_so = |unit: &&crate::engine::UnitView| {
                unit.unit.code == text
                    || spelled(&unit.unit.name) == key
                    || unit.unit.full_name.as_deref().is_some_and(|name| spelled(name) == key)
            };
            let exact: Vec<_> = self.units.iter().filter(is_so).collect();
            if exact.len() == 1 {
                return exact.first().copied();
            }
            let words = Words::new(text);
            let loose: Vec<_> = self
                .units
                .iter()
                .filter(|unit| {
                    words.names(&Words::new(&unit.unit.name)) || unit.unit.full_name.as_deref().is_some_and(|n| words.names(&Words::new(n)))
                })
                .collect();
            (exact.is_empty() && loose.len() == 1).then(|| loose[0])
        };
        let first = text.split([',', ';']).next().unwrap_or_default().trim();
        let unit = named(text).or_else(|| named(first))?;
        Some((&unit.unit.code, unit.unit.full_name.as_ref().unwrap_or(&unit.unit.name)))
    }

    /// Whether two codes are live on a day for one market and crop.
    pub(super) fn are_rivals(&self, entry: usize, other: &str, date: Day) -> bool {
        let other = self.codes.place(other);
        other.is_some_and(|other| self.codes.are_rivals(entry, other, date, &self.rulebook.codes))
    }
}
