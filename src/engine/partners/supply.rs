//! Tonnes that can be counted on from zones, and what encroachment took of them: hectares times what a hectare yields. Of a
//! linkage's zones beside what was signed for, of each kind beside what the city needs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::encroach;
use crate::engine::events::EpochEvents;
use crate::engine::figures::{Filter, rounded_m2, rounded_share};
use crate::engine::{EngineError, Snapshot};
use crate::legend::{Source, Text, Yield};
use crate::model::{Epoch, Event};

/// What is asked of some zones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SupplyOf {
    /// Tonnes a hectare and harvest, harvests a year: stated by a linkage, for all its zones.
    pub yield_t_ha: Option<f64>,
    pub harvests: Option<f64>,
    /// Since when a linkage is in force.
    pub start: Option<Epoch>,
    /// A year.
    pub contracted_t: Option<f64>,
    pub contracted_ha: Option<f64>,
}

/// Zones that are reckoned with one yield.
struct Part<'a> {
    kind: &'a str,
    of: Option<&'a Text>,
    source: Option<&'a Source>,
    valid_from: Option<Epoch>,
    /// Tonnes a hectare and harvest, harvests a year; none where no yield is known.
    t_per_ha: Option<(f64, f64)>,
    variety: Option<&'a str>,
    n_zones: usize,
    area_m2: f64,
    lost_m2: f64,
    not_seen_m2: f64,
    by_since: BTreeMap<Option<Epoch>, f64>,
}

impl Part<'_> {
    fn t(&self, area_m2: f64) -> Option<f64> {
        self.t_per_ha.map(|(t, harvests)| area_m2 / 10_000.0 * t * harvests)
    }

    fn facts(&self) -> Value {
        json!({
            "kind": self.kind, "variety": self.variety, "of": self.of, "yield_t_ha": self.t_per_ha.map(|(t, _)| t),
            "harvests": self.t_per_ha.map(|(_, n)| n), "source": self.source, "valid_from": self.valid_from, "n_zones": self.n_zones,
            "area_m2": rounded_m2(self.area_m2), "lost_m2": rounded_m2(self.lost_m2),
            "supply_t": self.t(self.area_m2 - self.lost_m2).map(rounded_m2), "lost_t": self.t(self.lost_m2).map(rounded_m2),
        })
    }
}

/// What a zone lost, by the epoch that first shows it: land in several events counts in the earliest.
fn lost_by_since(events: &[Event]) -> BTreeMap<Option<Epoch>, f64> {
    let mut sinces: Vec<Option<Epoch>> = events.iter().map(|event| event.since).collect();
    sinces.sort_unstable();
    sinces.dedup();
    let mut before_m2 = 0.0;
    let mut lost = BTreeMap::new();
    for since in sinces {
        let until: Vec<&Event> = events.iter().filter(|event| event.since <= since).collect();
        let lost_m2 = encroach::lost_m2(&until);
        lost.insert(since, (lost_m2 - before_m2).max(0.0));
        before_m2 = lost_m2;
    }
    lost
}

/// Of which kind a part is, and of which variety where that has a yield of its own.
type PartOf<'a> = (&'a str, Option<&'a str>);

impl Snapshot {
    /// Which part a zone belongs to, with the yield that the rules know for it.
    fn part_of(&self, place: usize, ask: SupplyOf) -> (PartOf<'_>, Option<&Yield>) {
        let zone = &self.zones.list[place].zone;
        // A yield that is stated is that of every variety.
        let variety = zone.variety.as_deref().filter(|_| ask.yield_t_ha.is_none());
        let known = self.rulebook.yields.of(&zone.kind, variety);
        ((&zone.kind, known.and_then(|known| known.variety.as_deref())), known)
    }

    /// Zones by their yields, and how many of them the epoch does not show: of these nothing is known to be lost.
    fn parts_of(&self, zones: &[usize], ask: SupplyOf, found: Option<&EpochEvents>) -> (BTreeMap<PartOf<'_>, Part<'_>>, usize) {
        let mut parts: BTreeMap<PartOf, Part> = BTreeMap::new();
        let mut n_not_seen = 0;
        for &place in zones {
            let Some(view) = self.zones.list.get(place) else { continue };
            let ((kind, variety), known) = self.part_of(place, ask);
            let part = parts.entry((kind, variety)).or_insert_with(|| {
                let t_per_ha = ask.yield_t_ha.or(known.map(|known| known.t_per_ha));
                let harvests = ask.harvests.or(known.map(|known| known.harvests)).unwrap_or(1.0);
                let of_ours = known.filter(|_| ask.yield_t_ha.is_none());
                Part {
                    kind,
                    of: known.map(|known| &known.of),
                    source: of_ours.map(|known| &known.source),
                    valid_from: of_ours.map(|known| known.valid_from),
                    t_per_ha: t_per_ha.map(|t| (t, harvests)),
                    variety,
                    n_zones: 0,
                    area_m2: 0.0,
                    lost_m2: 0.0,
                    not_seen_m2: 0.0,
                    by_since: BTreeMap::new(),
                }
            });
            part.n_zones += 1;
            part.area_m2 += view.area_m2;
            let Some(found) = found else { continue };
            part.not_seen_m2 += found.not_seen_m2(place);
            match self.lost_m2(found, place) {
                Some(lost_m2) => part.lost_m2 += lost_m2,
                None => n_not_seen += 1,
            }
        }
        (parts, n_not_seen)
    }

    /// Of zones by their places. Of a zone that the latest epoch does not show nothing is known to be lost.
    pub(super) fn supply_facts(&self, zones: &[usize], ask: SupplyOf) -> Result<Value, EngineError> {
        let epoch = self.epoch(None)?;
        let found = epoch.map(|epoch| self.losses(epoch)).transpose()?;
        let (mut parts, n_not_seen) = self.parts_of(zones, ask, found.as_deref());
        if let Some(found) = &found {
            for &place in zones.iter().filter(|&&place| place < self.zones.list.len() && self.lost_m2(found, place).is_some()) {
                let Some(part) = parts.get_mut(&self.part_of(place, ask).0) else { continue };
                for (since, m2) in lost_by_since(found.of_zone(place)) {
                    *part.by_since.entry(since).or_default() += m2;
                }
            }
        }
        Ok(facts(&parts.into_values().collect::<Vec<_>>(), epoch, n_not_seen, ask))
    }

    /// `GET /api/v1/supply`: of each kind of zone, in the order of the kinds, beside what the whole city needs of it.
    pub fn supply_table(&self, filter: &Filter) -> Result<Value, EngineError> {
        let taken = self.zones_taken(filter)?;
        let epoch = self.epoch(filter.epoch)?;
        let found = epoch.map(|epoch| self.losses(epoch)).transpose()?;
        // What a commune grows is not to be measured by what the city needs.
        let is_city = filter.units.is_empty() && filter.bbox.is_none();
        let mut rows = Vec::new();
        for kind in &self.rulebook.kinds.kinds {
            let zones: Vec<usize> = taken.iter().copied().filter(|&place| self.zones.list[place].zone.kind == kind.key).collect();
            if zones.is_empty() {
                continue;
            }
            let (parts, n_not_seen) = self.parts_of(&zones, SupplyOf::default(), found.as_deref());
            let mut row = facts(&parts.into_values().collect::<Vec<_>>(), epoch, n_not_seen, SupplyOf::default());
            let demand = self.rulebook.demands.of(&kind.key).filter(|_| is_city);
            let alike = demand.filter(|demand| row["of"] == json!(demand.of));
            let share = alike.zip(row["supply_t"].as_f64()).map(|(demand, supply_t)| rounded_share(supply_t / demand.t_per_year));
            for unsaid in ["epoch", "by_since", "contracted_t", "contracted_t_share", "contracted_ha", "contracted_ha_share"] {
                row.as_object_mut().and_then(|row| row.remove(unsaid));
            }
            (row["kind"], row["name"]) = (json!(kind.key), json!(kind.name));
            (row["demand"], row["demand_share"]) = (json!(demand), json!(share));
            rows.push(row);
        }
        Ok(json!({ "revision": self.revision, "epoch": epoch, "rows": rows }))
    }
}

fn facts(parts: &[Part], epoch: Option<Epoch>, n_not_seen: usize, ask: SupplyOf) -> Value {
    let sum = |of: &dyn Fn(&Part) -> f64| parts.iter().map(of).sum::<f64>();
    let (area_m2, lost_m2) = (sum(&|part| part.area_m2), sum(&|part| part.lost_m2));
    // Tonnes of one thing add up; paddy and vegetables do not. What has no yield adds nothing, and a yield that is stated is of one thing.
    let weighed: Vec<&Part> = parts.iter().filter(|part| part.t_per_ha.is_some()).collect();
    let is_alike = weighed.windows(2).all(|pair| pair[0].of == pair[1].of);
    let is_one = is_alike || ask.yield_t_ha.is_some();
    let total = |of: &dyn Fn(&Part) -> Option<f64>| {
        let known: Vec<f64> = parts.iter().filter_map(of).collect();
        (is_one && !known.is_empty()).then(|| known.into_iter().sum::<f64>())
    };
    let (supply_t, lost_t) = (total(&|part| part.t(part.area_m2 - part.lost_m2)), total(&|part| part.t(part.lost_m2)));
    let mut sinces: Vec<Option<Epoch>> = parts.iter().flat_map(|part| part.by_since.keys().copied()).collect();
    sinces.sort_unstable();
    sinces.dedup();
    let lost_in = |part: &Part, since: &Option<Epoch>| part.by_since.get(since).copied().unwrap_or_default();
    let year = |since: &Option<Epoch>| {
        json!({
            "since": since, "lost_m2": rounded_m2(sum(&|part| lost_in(part, since))),
            "lost_t": total(&|part| part.t(lost_in(part, since))).map(rounded_m2),
            "is_since_start": ask.start.zip(*since).map(|(start, since)| start <= since),
        })
    };
    let kept_m2 = area_m2 - lost_m2;
    let share = |part: Option<f64>, whole: Option<f64>| {
        part.zip(whole).filter(|(_, whole)| *whole > 0.0).map(|(part, whole)| rounded_share(part / whole))
    };
    json!({
        "epoch": epoch, "n_zones": parts.iter().map(|part| part.n_zones).sum::<usize>(), "area_m2": rounded_m2(area_m2),
        "kept_m2": rounded_m2(kept_m2), "lost_m2": epoch.map(|_| rounded_m2(lost_m2)),
        "not_seen_m2": epoch.map(|_| rounded_m2(sum(&|part| part.not_seen_m2))), "n_zones_not_seen": n_not_seen,
        "n_zones_without_yield": parts.iter().filter(|part| part.t_per_ha.is_none()).map(|part| part.n_zones).sum::<usize>(),
        "supply_t": supply_t.map(rounded_m2), "lost_t": lost_t.filter(|_| epoch.is_some()).map(rounded_m2),
        "of": weighed.first().filter(|_| is_alike).and_then(|part| part.of), "by": parts.iter().map(Part::facts).collect::<Vec<_>>(),
        "by_since": sinces.iter().map(year).collect::<Vec<_>>(),
        "contracted_t": ask.contracted_t, "contracted_t_share": share(supply_t, ask.contracted_t),
        "contracted_ha": ask.contracted_ha, "contracted_ha_share": share(Some(kept_m2 / 10_000.0), ask.contracted_ha),
    })
}
