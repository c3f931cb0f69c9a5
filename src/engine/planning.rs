//! Figures for planning: land, loss and fragmentation for the city, a kind, a unit, a zone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::EngineError;
use super::events::EpochEvents;
use super::figures::{Filter, Page, rounded_m2, rounded_share};
use super::snapshot::Snapshot;
use crate::encroach::{self, Landscape, Patches, Reach};
use crate::legend;
use crate::model::{Epoch, MultiPolygon};

/// What a row of figures is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FiguresBy {
    City,
    #[default]
    Kind,
    Unit,
    Zone,
}

impl FiguresBy {
    pub const WORDS: [&'static str; 4] = ["kind", "unit", "zone", "city"];

    /// One of `WORDS`.
    pub fn from_word(word: &str) -> Option<FiguresBy> {
        Some(match word {
            "city" => FiguresBy::City,
            "kind" => FiguresBy::Kind,
            "unit" => FiguresBy::Unit,
            "zone" => FiguresBy::Zone,
            _ => return None,
        })
    }
}

/// Which figures are asked for. Of the filter, epoch, kinds, units and the box count.
#[derive(Debug, Clone, Default)]
pub struct FiguresAsk {
    pub by: FiguresBy,
    pub reach: Reach,
    pub filter: Filter,
}

/// One row, unrounded.
#[derive(Debug, Clone)]
pub struct FiguresRow {
    /// `city`, a kind, a unit's code (empty: zones of no unit) or a zone's id.
    pub key: String,
    pub name: Value,
    pub n_zones: usize,
    /// Sum over the zones, m².
    pub area_m2: f64,
    /// Sum over the zones that are seen, m²; none when nothing is, and without land use.
    pub lost_m2: Option<f64>,
    /// What the zones have left, m²: none when nothing of them is seen; without land use all of it.
    pub remaining_m2: Option<f64>,
    /// Land of the zones of which the epoch shows nothing, m²; none without land use.
    pub not_seen_m2: Option<f64>,
    /// What a plan asks the kind to hold, m².
    pub target_m2: Option<f64>,
    pub landscape: Landscape,
    pub n_slivers: usize,
    pub sliver_area_m2: f64,
}

impl FiguresRow {
    /// The part of the target that remains.
    pub fn target_share(&self) -> Option<f64> {
        Some(self.remaining_m2? / self.target_m2.filter(|target| *target > 0.0)?)
    }

    /// The name in English where there are two.
    pub fn name_for_people(&self) -> String {
        self.name.as_str().or(self.name["en"].as_str()).unwrap_or_default().to_owned()
    }

    fn facts(&self) -> Value {
        let l = &self.landscape;
        json!({
            "key": self.key, "name": self.name, "n_zones": self.n_zones, "area_m2": rounded_m2(self.area_m2),
            "lost_m2": self.lost_m2.map(rounded_m2), "remaining_m2": self.remaining_m2.map(rounded_m2),
            "not_seen_m2": self.not_seen_m2.map(rounded_m2), "target_m2": self.target_m2, "target_share": self.target_share().map(rounded_share),
            "n_patches": l.n_patches, "patches_m2": rounded_m2(l.area_m2), "mean_patch_m2": rounded_m2(l.mean_patch_m2),
            "largest_patch_m2": rounded_m2(l.largest_patch_m2), "largest_patch_share": rounded_share(l.largest_patch_share),
            "effective_mesh_m2": rounded_m2(l.effective_mesh_m2), "edge_m": rounded_m2(l.edge_m), "edge_m_per_ha": rounded_m2(l.edge_m_per_ha),
            "core_m2": rounded_m2(l.core_m2), "proximity": rounded_m2(l.proximity),
            "n_slivers": self.n_slivers, "sliver_area_m2": rounded_m2(self.sliver_area_m2),
        })
    }
}

/// The figures that were asked for, of one epoch.
#[derive(Debug)]
pub struct Figures {
    pub epoch: Option<Epoch>,
    pub n_matched: usize,
    pub rows: Vec<FiguresRow>,
}

/// Figures that a snapshot was asked for already, by the question: those of a city take seconds.
#[derive(Default)]
pub(super) struct AskedFigures(Mutex<HashMap<String, Arc<Figures>>>);

/// Answers that are kept; a page of the map asks for a few.
const MOST_QUESTIONS: usize = 64;

/// Zones (places in `Snapshot::zones`) that make one row.
struct RowOf {
    key: String,
    name: Value,
    target_m2: Option<f64>,
    zones: Vec<usize>,
}

impl Snapshot {
    /// Rows in the order in which kinds, units and zones are listed; only those of the page are computed.
    pub fn figures(&self, ask: &FiguresAsk, page: Page) -> Result<Arc<Figures>, EngineError> {
        let question = format!("{ask:?} {page:?}");
        let known = self.asked_figures.0.lock().unwrap_or_else(PoisonError::into_inner).get(&question).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let figures = Arc::new(self.new_figures(ask, page)?);
        let mut asked = self.asked_figures.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= MOST_QUESTIONS {
            asked.clear();
        }
        asked.insert(question, figures.clone());
        Ok(figures)
    }

    fn new_figures(&self, ask: &FiguresAsk, page: Page) -> Result<Figures, EngineError> {
        let epoch = self.epoch(ask.filter.epoch)?;
        let found = epoch.map(|epoch| self.losses(epoch)).transpose()?;
        let mut all = self.rows_of(ask.by, self.zones_taken(&ask.filter)?);
        if !ask.filter.units.is_empty() || ask.filter.bbox.is_some() {
            // A target is the whole city's.
            all.iter_mut().for_each(|row| row.target_m2 = None);
        }
        let n_matched = all.len();
        let shown: Vec<RowOf> = all.into_iter().skip(page.offset).take(page.limit).collect();
        let rows = shown.into_par_iter().map(|row| self.figures_row(row, found.as_deref(), ask.reach)).collect();
        Ok(Figures { epoch, n_matched, rows })
    }

    fn rows_of(&self, by: FiguresBy, zones: Vec<usize>) -> Vec<RowOf> {
        let place = |i: &usize| &self.zones.list[*i];
        match by {
            FiguresBy::City => {
                let row = RowOf { key: "city".to_owned(), name: json!(self.title()), target_m2: None, zones };
                vec![row].into_iter().filter(|r| !r.zones.is_empty()).collect()
            }
            FiguresBy::Kind => {
                let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
                zones.into_iter().for_each(|i| by_kind.entry(&place(&i).zone.kind).or_default().push(i));
                let kinds = self.rulebook.kinds.kinds.iter();
                let row = |kind: &legend::Kind| {
                    let zones = by_kind.remove(kind.key.as_str())?;
                    let target_m2 = self.targets.of(&kind.key).map(|t| t.hectares * 10_000.0);
                    Some(RowOf { key: kind.key.clone(), name: json!(kind.name), target_m2, zones })
                };
                kinds.filter_map(row).collect()
            }
            FiguresBy::Unit => {
                let mut by_unit: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
                zones.into_iter().for_each(|i| by_unit.entry(place(&i).unit).or_default().push(i));
                let mut rows: Vec<(bool, String, RowOf)> = Vec::new();
                for (unit, zones) in by_unit {
                    let unit = unit.and_then(|u| self.units.get(u)).map(|u| &u.unit);
                    let (key, name) = unit.map_or((String::new(), Value::Null), |u| (u.code.clone(), json!(u.name)));
                    let order = unit.map(|u| legend::fold(&u.name)).unwrap_or_default();
                    rows.push((unit.is_none(), order, RowOf { key, name, target_m2: None, zones }));
                }
                // By name, zones of no unit last.
                rows.sort_by(|a, b| (a.0, &a.1, &a.2.key).cmp(&(b.0, &b.1, &b.2.key)));
                rows.into_iter().map(|(_, _, row)| row).collect()
            }
            FiguresBy::Zone => zones
                .into_iter()
                .map(|i| {
                    let zone = &place(&i).zone;
                    RowOf { key: zone.id.clone(), name: json!(zone.name), target_m2: None, zones: vec![i] }
                })
                .collect(),
        }
    }

    /// The land that a zone has left.
    pub(super) fn left_of<'a>(&'a self, zone: usize, found: Option<&'a EpochEvents>) -> &'a MultiPolygon {
        let shape = &self.zones.list[zone].zone.shape;
        found.and_then(|f| f.left(zone, shape)).unwrap_or(shape)
    }

    fn figures_row(&self, row: RowOf, found: Option<&EpochEvents>, reach: Reach) -> FiguresRow {
        let left: Vec<&MultiPolygon> = row.zones.par_iter().map(|&i| self.left_of(i, found)).collect();
        let Patches { list, n_slivers, sliver_area_m2 } = encroach::patches(&left, &self.rulebook.rules);
        let area_m2: f64 = row.zones.iter().map(|&i| self.zones.list[i].area_m2).sum();
        let seen = |found: &EpochEvents| {
            let lost: Vec<f64> = row.zones.iter().filter_map(|&i| self.lost_m2(found, i)).collect();
            (!lost.is_empty() || row.zones.is_empty()).then(|| lost.iter().fold(0.0, |sum, m2| sum + m2))
        };
        let lost_m2 = found.and_then(seen);
        let not_seen_m2 = found.map(|f| row.zones.iter().fold(0.0, |sum, &i| sum + f.not_seen_m2(i)));
        FiguresRow {
            key: row.key,
            name: row.name,
            n_zones: row.zones.len(),
            area_m2,
            lost_m2,
            remaining_m2: if found.is_some() { lost_m2.map(|lost| area_m2 - lost) } else { Some(area_m2) },
            not_seen_m2,
            target_m2: row.target_m2,
            landscape: encroach::landscape(&list, area_m2, reach),
            n_slivers,
            sliver_area_m2,
        }
    }

    /// `GET /api/v1/figures`.
    pub fn figures_table(&self, ask: &FiguresAsk, page: Page) -> Result<Value, EngineError> {
        let figures = self.figures(ask, page)?;
        Ok(self.figures_facts(ask, page, &figures))
    }

    /// The same for figures at hand.
    pub fn figures_facts(&self, ask: &FiguresAsk, page: Page, figures: &Figures) -> Value {
        let rows: Vec<Value> = figures.rows.iter().map(FiguresRow::facts).collect();
        json!({
            "revision": self.revision, "epoch": figures.epoch, "by": ask.by, "core_m": ask.reach.core_m, "search_m": ask.reach.search_m,
            "n_matched": figures.n_matched, "n_returned": rows.len(), "limit": page.limit, "offset": page.offset, "rows": rows,
        })
    }
}
