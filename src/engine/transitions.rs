//! What became what between two epochs: for the city, a kind, a unit, one zone.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};

use super::EngineError;
use super::events::EpochEvents;
use super::figures::{Filter, group_name, rounded_m2};
use super::snapshot::{EpochLandUse, Snapshot};
use crate::encroach::{self, Transition, Used};
use crate::geom;
use crate::model::{Epoch, Event, Group, LandUse, LayerRole, MultiPolygon};

/// Land of one class that is of another, or of the same; an empty class is land that the epoch does not show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    pub from: String,
    pub to: String,
    pub area_m2: f64,
    pub n_zones: usize,
}

/// What rows are summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    #[default]
    Code,
    Group,
}

impl By {
    fn as_str(self) -> &'static str {
        match self {
            By::Code => "code",
            By::Group => "group",
        }
    }
}

/// Which transitions are asked for.
#[derive(Debug, Clone, Default)]
pub struct TransitionsAsk {
    pub from: Option<Epoch>,
    pub to: Option<Epoch>,
    pub by: By,
    pub filter: Filter,
}

/// One row as the workspace keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitionRow {
    pub zone_id: String,
    pub from_code: Option<String>,
    pub to_code: Option<String>,
    pub area_m2: f64,
}

/// Transitions of all zones between two epochs, with the codes that the classes stand for.
#[derive(Debug)]
pub(super) struct Matrix {
    stamp: String,
    codes: Vec<String>,
    /// Of each code, in the earlier and in the later legend.
    groups: [Vec<Group>; 2],
    rows: Vec<Transition>,
}

/// Matrices found already, by their epochs.
#[derive(Debug, Default)]
pub(super) struct Matrices(Mutex<BTreeMap<(Epoch, Epoch), Arc<Matrix>>>);

impl Matrices {
    /// Those that the snapshot before had; each is looked at again when its stamp no longer fits.
    pub(super) fn shared(before: Option<&Snapshot>) -> Matrices {
        let kept = before.map(|b| b.matrices.0.lock().unwrap_or_else(PoisonError::into_inner).clone());
        Matrices(Mutex::new(kept.unwrap_or_default()))
    }
}

/// Land of an epoch, with its code.
type Shown<'a> = (Cow<'a, str>, Cow<'a, MultiPolygon>);

impl Snapshot {
    /// Names in one list: codes of both epochs, those that count as lost first, so that where features overlap the
    /// loss is what is seen.
    fn classes(&self, layers: [&EpochLandUse; 2], mut codes: Vec<&str>) -> (Vec<String>, [Vec<Group>; 2]) {
        let rank = |code: &str| {
            let groups = &self.rulebook.rules.groups;
            layers
                .iter()
                .filter_map(|l| groups.iter().position(|g| Some(*g) == l.legend.class(code).map(|c| c.group)))
                .min()
                .unwrap_or(usize::MAX)
        };
        codes.sort_unstable();
        codes.dedup();
        codes.sort_by_key(|code| rank(code));
        let group = |layer: &EpochLandUse, code: &str| layer.legend.class(code).map_or(Group::Unmapped, |c| c.group);
        let groups = layers.map(|layer| codes.iter().map(|code| group(layer, code)).collect());
        (codes.into_iter().map(str::to_owned).collect(), groups)
    }

    /// What an epoch shows near some zones, by code. Withheld land counts as farmland, as it does in what a zone keeps.
    fn shown<'a>(&self, layer: &'a EpochLandUse, zones: &[&MultiPolygon]) -> Result<Vec<Shown<'a>>, EngineError> {
        let frame =
            zones.iter().filter_map(|z| geom::bounds(z)).reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
        let Some(frame) = frame else { return Ok(Vec::new()) };
        let near = layer.near(frame).into_iter();
        let mut shown: Vec<Shown> = near.map(|l| (Cow::Borrowed(l.code.as_str()), Cow::Borrowed(&l.shape))).collect();
        let hidden = self.withheld_as_farmland(layer, zones)?;
        shown.extend(hidden.into_iter().map(|(code, land)| (Cow::Owned(code), Cow::Owned(land))));
        Ok(shown)
    }

    /// Withheld land inside zones, as the farmland that it was in the first epoch that shows it so, else as what
    /// the zone shows most of, farmland before all else: left out, it could be measured by what is missing.
    fn withheld_as_farmland(&self, layer: &EpochLandUse, zones: &[&MultiPolygon]) -> Result<Vec<(String, MultiPolygon)>, EngineError> {
        let mut found = Vec::new();
        for zone in zones {
            let Some(bounds) = geom::bounds(zone) else { continue };
            let withheld = layer.withheld_near(bounds);
            if withheld.is_empty() {
                continue;
            }
            let mut rest = geom::intersection(zone, &geom::union(&withheld));
            let mut take = |rest: &mut MultiPolygon, code: Option<&str>, shape: &MultiPolygon| {
                let part = geom::intersection(rest, shape);
                if geom::area_m2(&part) > 0.0 {
                    *rest = geom::difference(rest, shape);
                    found.extend(code.map(|code| (code.to_owned(), part)));
                }
            };
            // What the epoch shows of the same land is told already.
            for shown in layer.near(bounds) {
                take(&mut rest, None, &shown.shape);
            }
            for epoch in &self.epochs {
                if rest.0.is_empty() {
                    break;
                }
                let other = self.land_use(*epoch)?;
                for farmed in other.near(bounds).into_iter().filter(|l| other.legend.name == layer.legend.name && is_farmed(&other, l)) {
                    take(&mut rest, Some(&farmed.code), &farmed.shape);
                }
            }
            if !rest.0.is_empty() {
                // A class that the zone shows nothing of would be the withheld land by another name.
                let code = most_shown(layer, zone, bounds, |l| is_farmed(layer, l)).or_else(|| most_shown(layer, zone, bounds, |_| true));
                let first = || layer.legend.classes.iter().find(|c| c.farm).map(|c| c.code.clone());
                found.extend(code.or_else(first).map(|code| (code, rest)));
            }
        }
        Ok(found)
    }

    fn matrix(&self, from: Epoch, to: Epoch) -> Result<Arc<Matrix>, EngineError> {
        // Every epoch: what is withheld in one counts as what another shows.
        let layers = self.epochs.iter().map(|epoch| self.land_use_stamp(*epoch));
        let stamp = std::iter::once(self.layer_stamp(LayerRole::Zones, None)).chain(layers).collect::<Vec<_>>().join(", ");
        let found = self.matrices.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(from, to)).cloned();
        if let Some(matrix) = found.filter(|m| m.stamp == stamp) {
            return Ok(matrix);
        }
        let layers = [self.land_use(from)?, self.land_use(to)?];
        let zones: Vec<&MultiPolygon> = self.zones.list.iter().map(|z| &z.zone.shape).collect();
        let matrix = Arc::new(self.matrix_of(&zones, [&layers[0], &layers[1]], stamp)?);
        self.matrices.0.lock().unwrap_or_else(PoisonError::into_inner).insert((from, to), matrix.clone());
        Ok(matrix)
    }

    fn matrix_of(&self, zones: &[&MultiPolygon], layers: [&EpochLandUse; 2], stamp: String) -> Result<Matrix, EngineError> {
        let shown = [self.shown(layers[0], zones)?, self.shown(layers[1], zones)?];
        let (codes, groups) = self.classes(layers, shown.iter().flatten().map(|(code, _)| &**code).collect());
        let number: HashMap<&str, u32> = codes.iter().enumerate().map(|(i, code)| (code.as_str(), i as u32)).collect();
        let [from, to] = shown
            .each_ref()
            .map(|shown| -> Vec<Used> { shown.iter().map(|(code, shape)| Used { class: number[&**code], shape }).collect() });
        let rows = encroach::transitions(zones, &from, &to);
        Ok(Matrix { stamp, codes, groups, rows })
    }

    /// What the workspace keeps of the transitions between two epochs.
    pub(super) fn transition_rows(&self, from: Epoch, to: Epoch) -> Result<Vec<TransitionRow>, EngineError> {
        let matrix = self.matrix(from, to)?;
        let code = |class: Option<u32>| class.map(|c| matrix.codes[c as usize].clone());
        let row = |t: &Transition| TransitionRow {
            zone_id: self.zones.list[t.zone as usize].zone.id.clone(),
            from_code: code(t.from),
            to_code: code(t.to),
            area_m2: t.area_m2,
        };
        Ok(matrix.rows.iter().map(row).collect())
    }

    /// The same for what is asked for, with both epochs.
    pub(super) fn transitions_of_zones(&self, ask: &TransitionsAsk) -> Result<(Epoch, Epoch, Vec<TransitionRow>), EngineError> {
        let (from, to) = self.two_epochs(ask.from, ask.to)?;
        let zones: std::collections::HashSet<&str> =
            self.zones_taken(&ask.filter)?.into_iter().map(|z| self.zones.list[z].zone.id.as_str()).collect();
        let mut rows = self.transition_rows(from, to)?;
        rows.retain(|r| zones.contains(r.zone_id.as_str()));
        Ok((from, to, rows))
    }

    /// By group, of all kinds or of one.
    pub(super) fn moved_by_group(&self, from: Epoch, to: Epoch, kind: Option<&str>) -> Result<Vec<Moved>, EngineError> {
        let filter = Filter { kinds: kind.map(str::to_owned).into_iter().collect(), ..Filter::default() };
        let matrix = self.matrix(from, to)?;
        self.moved(&matrix, By::Group, &filter)
    }

    fn moved(&self, matrix: &Matrix, by: By, filter: &Filter) -> Result<Vec<Moved>, EngineError> {
        let mut taken = vec![false; self.zones.list.len()];
        for zone in self.zones_taken(filter)? {
            taken[zone] = filter.zone.as_ref().is_none_or(|id| *id == self.zones.list[zone].zone.id);
        }
        let mut sums: BTreeMap<(String, String), (f64, usize, u32)> = BTreeMap::new();
        for row in matrix.rows.iter().filter(|r| taken[r.zone as usize]) {
            let sum = sums.entry((matrix.name(by, 0, row.from), matrix.name(by, 1, row.to))).or_insert((0.0, 0, u32::MAX));
            sum.0 += row.area_m2;
            // Rows of one zone stand together.
            sum.1 += usize::from(sum.2 != row.zone);
            sum.2 = row.zone;
        }
        let mut moved: Vec<Moved> =
            sums.into_iter().map(|((from, to), (area_m2, n_zones, _))| Moved { from, to, area_m2, n_zones }).collect();
        moved.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
        Ok(moved)
    }

    /// Both epochs of a question: those named, else the latest and the one before it.
    fn two_epochs(&self, from: Option<Epoch>, to: Option<Epoch>) -> Result<(Epoch, Epoch), EngineError> {
        let none =
            || EngineError::not_found("transitions need land use of two epochs: farmzone import WORKSPACE FILE --as landuse --epoch YYYY");
        let to = self.epoch(to)?.ok_or_else(none)?;
        let before = || self.epochs.iter().rev().copied().find(|e| *e < to).ok_or_else(none);
        let from = match from {
            Some(from) => self.epoch(Some(from))?.ok_or_else(none)?,
            None => before()?,
        };
        if from >= to {
            return Err(EngineError::invalid(format!("epoch {from} is not before {to}: name an earlier epoch first")));
        }
        Ok((from, to))
    }

    /// `GET /api/v1/transitions`.
    pub fn transitions_table(&self, ask: &TransitionsAsk) -> Result<Value, EngineError> {
        if self.epochs.len() < 2 && ask.from.is_none() && ask.to.is_none() {
            return Ok(json!({
                "revision": self.revision, "from": null, "to": self.epochs.last(), "by": ask.by.as_str(), "area_m2": 0.0, "changed_m2": 0.0, "rows": [],
            }));
        }
        let (from, to) = self.two_epochs(ask.from, ask.to)?;
        let matrix = self.matrix(from, to)?;
        let moved = self.moved(&matrix, ask.by, &ask.filter)?;
        let name = |epoch: Epoch, key: &str| match ask.by {
            By::Group => key.parse::<Group>().ok().map(|g| json!(group_name(g))),
            By::Code => self.legend(epoch).and_then(|l| l.class(key)).map(|c| json!(c.name)),
        };
        let total_m2: f64 = moved.iter().map(|m| m.area_m2).sum();
        let changed_m2: f64 = moved.iter().filter(|m| m.from != m.to).map(|m| m.area_m2).sum();
        let rows: Vec<Value> = moved
            .iter()
            .map(|m| {
                json!({
                    "from": non_empty(&m.from), "from_name": name(from, &m.from), "to": non_empty(&m.to), "to_name": name(to, &m.to),
                    "area_m2": rounded_m2(m.area_m2), "n_zones": m.n_zones,
                })
            })
            .collect();
        Ok(json!({
            "revision": self.revision, "from": from, "to": to, "by": ask.by.as_str(),
            "area_m2": rounded_m2(total_m2), "changed_m2": rounded_m2(changed_m2), "rows": rows,
        }))
    }

    /// `GET /api/v1/zones/{id}/history`.
    pub fn zone_history(&self, id: &str) -> Result<Value, EngineError> {
        let place = self.zones.by_id(id).ok_or_else(|| EngineError::not_found(format!("no zone “{id}”")))?;
        let view = &self.zones.list[place];
        let found: Vec<Arc<EpochEvents>> = self.epochs.iter().map(|e| self.losses(*e)).collect::<Result<_, _>>()?;
        let mut steps = Vec::new();
        for pair in self.epochs.windows(2) {
            steps.push(self.steps_of(place, pair[0], pair[1])?);
        }
        let states: Vec<Value> = found.iter().map(|f| self.state(place, f)).collect::<Result<_, _>>()?;
        let rate = match (self.epochs.first(), self.epochs.last()) {
            (Some(first), Some(last)) if last.year > first.year => {
                let lost_m2 = found[found.len() - 1].lost_m2(place) - found[0].lost_m2(place);
                Some(rounded_m2(lost_m2 / f64::from(last.year - first.year)))
            }
            _ => None,
        };
        let first_seen = found.iter().flat_map(|f| f.of_zone(place)).filter_map(|e| e.since).min();
        Ok(json!({
            "revision": self.revision, "zone_id": id, "area_m2": rounded_m2(view.area_m2), "first_seen": first_seen,
            "net_loss_m2_per_year": rate, "epochs": states, "transitions": steps, "events": events_over_time(&found, place),
        }))
    }

    /// What one epoch shows of a zone: its classes, and what is lost.
    fn state(&self, place: usize, found: &EpochEvents) -> Result<Value, EngineError> {
        let view = &self.zones.list[place];
        let land_use = self.land_use(found.epoch)?;
        let matrix = self.matrix_of(&[&view.zone.shape], [&land_use, &land_use], String::new())?;
        let covered_m2: f64 = matrix.rows.iter().map(|r| r.area_m2).sum();
        let mut classes: Vec<&Transition> = matrix.rows.iter().collect();
        classes.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
        let classes: Vec<Value> = classes
            .into_iter()
            .filter_map(|r| r.to.map(|class| (class as usize, r.area_m2)))
            .map(|(class, area_m2)| {
                let code = &matrix.codes[class];
                let name = land_use.legend.class(code).map(|c| c.name.clone());
                json!({ "code": code, "name": name, "group": matrix.groups[1][class], "area_m2": rounded_m2(area_m2) })
            })
            .collect();
        Ok(json!({
            "epoch": found.epoch, "lost_m2": self.lost_m2(found, place).map(rounded_m2), "n_events": found.of_zone(place).len(),
            "n_gone": found.gone_of_zone(place).len(), "not_shown_m2": rounded_m2((view.area_m2 - covered_m2).max(0.0)), "classes": classes,
            "layer": self.land_use_layer(found.epoch).map(|l| l.name.as_str()),
        }))
    }

    fn steps_of(&self, place: usize, from: Epoch, to: Epoch) -> Result<Value, EngineError> {
        let rows = self.moved_on(&self.zones.list[place].zone.shape, from, to)?;
        let rows: Vec<Value> =
            rows.iter().map(|m| json!({ "from": non_empty(&m.from), "to": non_empty(&m.to), "area_m2": rounded_m2(m.area_m2) })).collect();
        Ok(json!({ "from_epoch": from, "to_epoch": to, "rows": rows }))
    }

    /// What became something else on land, the largest first.
    pub(super) fn moved_on(&self, land: &MultiPolygon, from: Epoch, to: Epoch) -> Result<Vec<Moved>, EngineError> {
        let layers = [self.land_use(from)?, self.land_use(to)?];
        let matrix = self.matrix_of(&[land], [&layers[0], &layers[1]], String::new())?;
        let mut rows: Vec<&Transition> = matrix.rows.iter().filter(|r| r.from != r.to).collect();
        rows.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
        let code = |class: Option<u32>| class.map_or_else(String::new, |c| matrix.codes[c as usize].clone());
        Ok(rows.iter().map(|r| Moved { from: code(r.from), to: code(r.to), area_m2: r.area_m2, n_zones: 1 }).collect())
    }
}

impl Matrix {
    /// What a class is called on one side (0 before, 1 after).
    fn name(&self, by: By, side: usize, class: Option<u32>) -> String {
        match (class, by) {
            (None, _) => String::new(),
            (Some(class), By::Code) => self.codes[class as usize].clone(),
            (Some(class), By::Group) => self.groups[side][class as usize].as_str().to_owned(),
        }
    }
}

fn is_farmed(layer: &EpochLandUse, land_use: &LandUse) -> bool {
    layer.class(land_use).is_some_and(|class| class.farm)
}

/// Of what an epoch shows in a zone, the code that has most of it.
fn most_shown(layer: &EpochLandUse, zone: &MultiPolygon, bounds: [f64; 4], is_meant: impl Fn(&LandUse) -> bool) -> Option<String> {
    let shown: Vec<&LandUse> = layer.near(bounds).into_iter().filter(|l| is_meant(l)).collect();
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for pair in encroach::overlay(&[zone], &shown.iter().map(|l| &l.shape).collect::<Vec<_>>()) {
        *sums.entry(&shown[pair.land_use as usize].code).or_default() += pair.area_m2;
    }
    let most = sums.into_iter().reduce(|most, next| if next.1 > most.1 { next } else { most });
    most.map(|(code, _)| code.to_owned())
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Each event of a zone with what every epoch shows of it.
fn events_over_time(found: &[Arc<EpochEvents>], place: usize) -> Value {
    let mut by_id: BTreeMap<&str, (Option<Epoch>, &Event, Vec<Value>)> = BTreeMap::new();
    for epoch in found {
        for event in epoch.of_zone(place).iter().chain(epoch.gone_of_zone(place)) {
            let entry = by_id.entry(&event.id).or_insert((event.since, event, Vec::new()));
            entry.1 = event;
            entry.2.push(json!({ "epoch": epoch.epoch, "change": event.change, "area_m2": rounded_m2(event.area_m2) }));
        }
    }
    let rows = by_id.into_iter().map(|(id, (since, event, epochs))| {
        json!({ "id": id, "group": event.group, "code": event.code, "right": event.right, "since": since, "epochs": epochs })
    });
    rows.collect::<Vec<Value>>().into()
}
