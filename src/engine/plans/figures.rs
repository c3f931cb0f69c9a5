//! Figures of a plan while it is drawn: hectares per kind against the target, land lost, fragmentation, supply.
//!
//! What is known of zones and of land that lies together is kept from one question to the next, so that after an edit only
//! what it touched is computed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use serde_json::{Value, json};

use super::{Drawn, PlanReader};
use crate::edit;
use crate::encroach::{self, Finding, Fragments, KnownFragments};
use crate::engine::events::is_seen;
use crate::engine::figures::{rounded_m2, rounded_share};
use crate::engine::{EngineError, Snapshot};
use crate::geom;
use crate::model::{AlertStatus, Epoch, MultiPolygon, PlanZone, Zone};

/// Tonnes of a processor's demand, and what a hectare of each kind yields a year.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SupplyAsk {
    pub yields_t_per_ha: BTreeMap<String, f64>,
    pub demand_t: Option<f64>,
}

/// A zone of a plan that was looked at: what it lost, what is left, and how much of it the epoch does not show.
struct Look {
    lost_m2: f64,
    not_seen_m2: f64,
    left: MultiPolygon,
}

type Looked = Arc<Look>;

impl Look {
    /// Of a zone that lost nothing.
    fn whole(zone: &Zone) -> Look {
        Look { lost_m2: 0.0, not_seen_m2: 0.0, left: zone.shape.clone() }
    }
}

/// What was computed already, in this snapshot and those before.
#[derive(Default)]
pub(in crate::engine) struct PlanFigures {
    /// By what a plan keeps of a zone, its shape, and the land use.
    looked: Arc<Mutex<HashMap<String, Looked>>>,
    fragments: Arc<Mutex<KnownFragments>>,
}

/// When more is known, all is forgotten.
const MOST_KNOWN: usize = 100_000;
/// Zones that are looked at together: land use far from so few is not even prepared.
const AT_ONCE: usize = 32;

impl PlanFigures {
    pub(in crate::engine) fn shared(before: Option<&Snapshot>) -> PlanFigures {
        let Some(before) = before.map(|b| &b.plan_figures) else { return PlanFigures::default() };
        PlanFigures { looked: before.looked.clone(), fragments: before.fragments.clone() }
    }
}

/// Sums over the zones of a kind.
#[derive(Default)]
struct KindSum<'a> {
    n_zones: usize,
    area_m2: f64,
    lost_m2: f64,
    not_seen_m2: f64,
    n_seen: usize,
    left: Vec<&'a MultiPolygon>,
}

impl KindSum<'_> {
    fn add(&mut self, area_m2: f64, lost_m2: f64, not_seen_m2: f64) {
        self.n_zones += 1;
        self.area_m2 += area_m2;
        self.not_seen_m2 += not_seen_m2;
        if is_seen(not_seen_m2, area_m2) {
            self.n_seen += 1;
            self.lost_m2 += lost_m2;
        }
    }

    fn join(&mut self, other: &KindSum) {
        self.n_zones += other.n_zones;
        self.n_seen += other.n_seen;
        self.area_m2 += other.area_m2;
        self.lost_m2 += other.lost_m2;
        self.not_seen_m2 += other.not_seen_m2;
    }

    /// What the zones lost, m²; none when nothing of them is seen.
    fn lost_m2(&self) -> Option<f64> {
        (self.n_zones == 0 || self.n_seen > 0).then_some(self.lost_m2)
    }

    fn remaining_m2(&self) -> Option<f64> {
        Some(self.area_m2 - self.lost_m2()?)
    }
}

impl Snapshot {
    /// Figures of a plan, and beside them those of the map (`map`) or of another plan.
    pub fn plan_figures(&self, id: &str, reader: &PlanReader, with: Option<&str>, ask: &SupplyAsk) -> Result<Value, EngineError> {
        let drawn = self.drawn(id, reader)?;
        if let Some(kind) = ask.yields_t_per_ha.keys().find(|kind| self.rulebook.kinds.get(kind).is_none()) {
            return Err(EngineError::usage(format!("no kind “{kind}” to have a yield")));
        }
        let mut facts = self.figures_of(&drawn.zones, ask)?;
        (facts["plan"], facts["plan_revision"]) = (json!(drawn.plan.id), json!(drawn.plan.revision));
        facts["with"] = match with {
            None => Value::Null,
            Some("map") => self.figures_of(&BTreeMap::new(), ask)?,
            Some(other) => {
                let other: Drawn = self.drawn(other, &PlanReader::Person)?;
                let mut facts = self.figures_of(&other.zones, ask)?;
                (facts["plan"], facts["plan_revision"]) = (json!(other.plan.id), json!(other.plan.revision));
                facts
            }
        };
        Ok(facts)
    }

    pub(in crate::engine) fn figures_of(&self, zones: &BTreeMap<String, PlanZone>, ask: &SupplyAsk) -> Result<Value, EngineError> {
        let epoch = self.epoch(None)?;
        let found = epoch.map(|epoch| self.losses(epoch)).transpose()?;
        let left: Vec<&MultiPolygon> = (0..self.zones.list.len()).into_par_iter().map(|i| self.left_of(i, found.as_deref())).collect();
        let planned: Vec<Zone> =
            zones.values().filter_map(|row| edit::planned(self.official(&row.id).map(|(zone, _)| zone), row)).collect();
        let looked = self.looked_at(&planned, epoch)?;
        let mut kinds: BTreeMap<&str, KindSum> = BTreeMap::new();
        for (i, view) in self.zones.list.iter().enumerate().filter(|(_, view)| !zones.contains_key(&view.zone.id)) {
            let sum = kinds.entry(&view.zone.kind).or_default();
            let (lost_m2, not_seen_m2) = found.as_ref().map_or((0.0, 0.0), |f| (f.lost_m2(i), f.not_seen_m2(i)));
            sum.add(view.area_m2, lost_m2, not_seen_m2);
            sum.left.push(left[i]);
        }
        for (zone, looked) in planned.iter().zip(&looked) {
            let sum = kinds.entry(&zone.kind).or_default();
            sum.add(geom::area_m2(&zone.shape), looked.lost_m2, looked.not_seen_m2);
            sum.left.push(&looked.left);
        }
        let mut known = self.plan_figures.fragments.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MOST_KNOWN {
            known.clear();
        }
        let mut rows = Vec::new();
        let (mut totals, mut supply_t) = (KindSum::default(), 0.0);
        let mut total = Fragments::default();
        for kind in &self.rulebook.kinds.kinds {
            let Some(sum) = kinds.get(kind.key.as_str()) else { continue };
            let fragments = encroach::fragments(&sum.left, &self.rulebook.rules, &mut known);
            let target_m2 = self.targets.of(&kind.key).map(|target| target.hectares * 10_000.0);
            let yield_t = ask.yields_t_per_ha.get(&kind.key).copied();
            let mut row = sum_facts(sum, &fragments, epoch);
            let remaining_m2 = sum.remaining_m2();
            let of_kind_t = remaining_m2.zip(yield_t).map(|(m2, t)| m2 / 10_000.0 * t);
            (row["key"], row["name"]) = (json!(kind.key), json!(kind.name));
            row["target_m2"] = json!(target_m2);
            row["target_share"] = json!(remaining_m2.zip(target_m2).map(|(m2, target)| rounded_share(m2 / target)));
            row["yield_t_per_ha"] = json!(yield_t);
            row["supply_t"] = json!(of_kind_t.map(rounded_m2));
            supply_t += of_kind_t.unwrap_or(0.0);
            rows.push(row);
            totals.join(sum);
            total.n_patches += fragments.n_patches;
            total.n_slivers += fragments.n_slivers;
            total.area_m2 += fragments.area_m2;
            total.largest_patch_m2 = total.largest_patch_m2.max(fragments.largest_patch_m2);
        }
        let has_yields = !ask.yields_t_per_ha.is_empty();
        Ok(json!({
            "revision": self.revision, "epoch": epoch, "plan": null, "plan_revision": null, "rows": rows,
            "totals": sum_facts(&totals, &total, epoch), "supply_t": has_yields.then(|| rounded_m2(supply_t)), "demand_t": ask.demand_t,
            "supply_share": ask.demand_t.filter(|t| has_yields && *t > 0.0).map(|t| rounded_share(supply_t / t)),
        }))
    }

    /// What zones of a plan lost by an epoch and what is left of each, in their order.
    fn looked_at(&self, zones: &[Zone], epoch: Option<Epoch>) -> Result<Vec<Looked>, EngineError> {
        let Some(epoch) = epoch else {
            return Ok(zones.iter().map(|zone| Arc::new(Look::whole(zone))).collect());
        };
        let standing = self.standing()?;
        // What officers rejected is known by its name, which a zone's events take from those of the map.
        let named = if standing.n_rejected > 0 { vec![self.events(epoch)?] } else { Vec::new() };
        let stamp = format!("{}{}", self.land_use_stamp(epoch), self.rejected_stamp());
        let key = |zone: &Zone| format!("{epoch} {stamp} {} {} {:x}", zone.id, zone.kind, edit::mark_of(&zone.shape));
        let keys: Vec<String> = zones.iter().map(key).collect();
        let known = || self.plan_figures.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let at_hand = known();
        let new: Vec<usize> = (0..zones.len()).filter(|&i| !at_hand.contains_key(&keys[i])).collect();
        drop(at_hand);
        if !new.is_empty() {
            let land_use = self.land_use(epoch)?;
            for some in new.chunks(AT_ONCE) {
                let asked: Vec<&Zone> = some.iter().map(|&i| &zones[i]).collect();
                let findings = self.look(&asked, &land_use, &self.permits, &named, None)?;
                let mut known = known();
                if known.len() > MOST_KNOWN {
                    known.clear();
                }
                for (&i, Finding { mut events, not_seen_m2, .. }) in some.iter().zip(findings) {
                    events.retain(|event| standing.of(&event.id) != AlertStatus::Rejected);
                    let left = encroach::remaining(&zones[i].shape, &events);
                    known.insert(keys[i].clone(), Arc::new(Look { lost_m2: encroach::lost_m2(&events), not_seen_m2, left }));
                }
            }
        }
        let at_hand = known();
        let of = |(zone, key): (&Zone, &String)| at_hand.get(key).cloned().unwrap_or_else(|| Arc::new(Look::whole(zone)));
        Ok(zones.iter().zip(&keys).map(of).collect())
    }
}

/// Without an epoch nothing is known to be lost.
fn sum_facts(sum: &KindSum, fragments: &Fragments, epoch: Option<Epoch>) -> Value {
    let mean = |total_m2: f64, n: usize| if n > 0 { rounded_m2(total_m2 / n as f64) } else { 0.0 };
    json!({
        "n_zones": sum.n_zones, "area_m2": rounded_m2(sum.area_m2), "mean_zone_m2": mean(sum.area_m2, sum.n_zones),
        "lost_m2": epoch.and(sum.lost_m2()).map(rounded_m2), "remaining_m2": sum.remaining_m2().map(rounded_m2),
        "not_seen_m2": epoch.map(|_| rounded_m2(sum.not_seen_m2)),
        "n_patches": fragments.n_patches, "mean_patch_m2": mean(fragments.area_m2, fragments.n_patches),
        "largest_patch_m2": rounded_m2(fragments.largest_patch_m2), "n_slivers": fragments.n_slivers,
    })
}
