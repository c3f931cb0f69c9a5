//! One revision of the workspace, ready to be asked. Immutable: readers share it, a change makes another.
//!
//! Zones, units, permits and context are in memory; land use is read when an epoch is first asked for (`expect_changes` asks).
//! Layers that did not change are shared with the snapshot before. What `access` withholds is left out
//! here, before anything is derived from it, so that it is in no figure, tile or export.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rayon::prelude::*;

use super::alerts::Alerts;
use super::detect::Provenance;
use super::events::{EpochEvents, Rested};
use super::partners::{Linked, Partners};
use super::place::Place;
use super::planning::AskedFigures;
use super::plans::PlanFigures;
use super::raster::EpochRaster;
use super::register::CodeLands;
use super::search::Searchable;
use super::tiles::PreparedTiles;
use super::transitions::Matrices;
use super::{EngineError, Rulebook};
use crate::access::{self, Role};
use crate::codes::Register;
use crate::encroach;
use crate::geom;
use crate::index::{ById, Index};
use crate::legend::{self, LandUseClass, Legend, Targets, Text};
use crate::model::{CodeRecord, Context, Coord, Epoch, Issue, LandUse, Layer, LayerRole, MultiPolygon, Permit, Revision, Unit, Zone};
use crate::store::{self, Reader, Setting, ZoneRevisions};

/// A zone with what follows from its shape.
#[derive(Debug)]
pub struct ZoneView {
    pub zone: Zone,
    pub area_m2: f64,
    /// The unit that holds most of it: a place in `Snapshot::units`; none when no unit touches it.
    pub unit: Option<usize>,
    /// Part of its area outside every unit, 0 to 1; 0 when there are no boundaries.
    pub outside_share: f64,
    pub bounds: [f64; 4],
    /// That last changed it.
    pub revision: Revision,
    center: OnceLock<Coord>,
}

impl ZoneView {
    /// A point well inside, workspace CRS. Sought when it is first asked for: a city has many zones.
    pub fn center(&self) -> Coord {
        let seek = || geom::pole(&self.zone.shape).unwrap_or(Coord { x: self.bounds[0], y: self.bounds[1] });
        *self.center.get_or_init(seek)
    }
}

/// A unit with what follows from its shape.
#[derive(Debug)]
pub struct UnitView {
    pub unit: Unit,
    pub area_m2: f64,
    pub center: Coord,
    pub bounds: [f64; 4],
    /// What it was called, or what it was made of: of the columns that an import kept, this one is public.
    pub former_names: Vec<String>,
}

/// The zones of a snapshot: the list, by id, by place.
#[derive(Debug)]
pub struct Zones {
    /// Those that did not change are shared with the snapshot before.
    pub list: Vec<Arc<ZoneView>>,
    /// Made when first asked for: an overlay of a million zones asks for neither.
    by_id: OnceLock<ById>,
    index: OnceLock<Index>,
    /// Of zones that nobody changed since their layer came, and of the tables.
    born: (Revision, i64),
}

/// One epoch's land use, without what is withheld.
#[derive(Debug)]
pub struct EpochLandUse {
    pub epoch: Epoch,
    pub legend: Arc<Legend>,
    pub land_use: Vec<LandUse>,
    /// The codes that occur, in order.
    pub codes: Vec<String>,
    /// Polygons left out because nobody may see them.
    pub n_withheld: usize,
    /// Land that nobody may see: for sums that may not show by what is missing how large it is.
    pub(super) withheld: Vec<MultiPolygon>,
    /// Of `land_use` and of `withheld`, made when first asked for.
    index: OnceLock<Index>,
    withheld_index: OnceLock<Index>,
}

impl EpochLandUse {
    fn new(epoch: Epoch, legend: Arc<Legend>, land_use: Vec<LandUse>, withheld: Vec<MultiPolygon>) -> Self {
        let codes: BTreeSet<&str> = land_use.iter().map(|l| l.code.as_str()).collect();
        let (codes, n_withheld) = (codes.into_iter().map(str::to_owned).collect(), withheld.len());
        let (index, withheld_index) = (OnceLock::new(), OnceLock::new());
        EpochLandUse { epoch, legend, land_use, codes, n_withheld, withheld, index, withheld_index }
    }

    /// The class of a polygon; none when the legend does not know its label.
    pub fn class(&self, land_use: &LandUse) -> Option<&LandUseClass> {
        self.legend.class(&land_use.code)
    }

    /// Land use whose box touches `bounds` (workspace CRS), in the order of the list.
    pub(super) fn near(&self, bounds: [f64; 4]) -> Vec<&LandUse> {
        self.near_any(&[bounds])
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(self.land_use.iter().map(|l| geom::bounds(&l.shape))))
    }

    /// Makes what `near` asks.
    pub(super) fn expect_questions(&self) {
        self.index();
    }

    /// Land use whose box touches one of some boxes, in the order of the list.
    pub(super) fn near_any(&self, boxes: &[[f64; 4]]) -> Vec<&LandUse> {
        let index = self.index();
        let places: BTreeSet<usize> = boxes.iter().flat_map(|bounds| index.query(*bounds)).collect();
        places.into_iter().map(|i| &self.land_use[i]).collect()
    }

    /// The same of what nobody may see.
    pub(super) fn withheld_near(&self, bounds: [f64; 4]) -> Vec<&MultiPolygon> {
        let index = self.withheld_index.get_or_init(|| Index::new(self.withheld.iter().map(geom::bounds)));
        index.query_in_order(bounds).into_iter().map(|i| &self.withheld[i]).collect()
    }
}

impl Zones {
    pub(super) fn new(zones: Vec<Zone>, units: &[UnitView], revisions: &ZoneRevisions) -> Self {
        Zones::of(zone_views(zones, units, revisions), (revisions.others, revisions.schema))
    }

    fn of(list: Vec<Arc<ZoneView>>, born: (Revision, i64)) -> Self {
        Zones { list, by_id: OnceLock::new(), index: OnceLock::new(), born }
    }

    /// These with what changed since a revision, read anew; none when it is not known what changed.
    fn advanced(
        &self,
        reader: &Reader,
        layer: &Layer,
        units: &[UnitView],
        since: Revision,
        revisions: &ZoneRevisions,
    ) -> Result<Option<Zones>, EngineError> {
        if !revisions.is_tracked || (revisions.others, revisions.schema) != self.born {
            return Ok(None);
        }
        let changed: Vec<&str> = revisions.changed.iter().filter(|(_, revision)| **revision > since).map(|(id, _)| id.as_str()).collect();
        if changed.len() > self.list.len() / 4 + 100 {
            return Ok(None);
        }
        let Some(zones) = reader.zones_of(layer, &changed)? else { return Ok(None) };
        let mut new: HashMap<String, Arc<ZoneView>> = HashMap::new();
        for view in zone_views(sound(zones, |z| &mut z.shape), units, revisions) {
            new.insert(view.zone.id.clone(), view);
        }
        let gone: HashSet<&str> = changed.into_iter().filter(|id| !new.contains_key(*id)).collect();
        let mut list = Vec::with_capacity(self.list.len() + new.len());
        for view in self.list.iter().filter(|view| !gone.contains(view.zone.id.as_str())) {
            list.push(new.remove(&view.zone.id).unwrap_or_else(|| view.clone()));
        }
        let mut came: Vec<Arc<ZoneView>> = new.into_values().collect();
        came.sort_by(|a, b| a.zone.id.cmp(&b.zone.id));
        list.append(&mut came);
        // Ids that are there twice, rows that were replaced without a word.
        Ok((list.len() as u64 == revisions.n_zones).then(|| Zones::of(list, self.born)))
    }

    pub fn by_id(&self, id: &str) -> Option<usize> {
        self.ids().get(id)
    }

    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(self.list.iter().map(|z| Some(z.bounds))))
    }

    pub(super) fn ids(&self) -> &ById {
        self.by_id.get_or_init(|| ById::new(self.list.iter().map(|z| z.zone.id.as_str())))
    }

    /// Zones whose box touches `bounds` (workspace CRS), in the order of the list.
    pub fn within(&self, bounds: [f64; 4]) -> Vec<usize> {
        self.index().query_in_order(bounds)
    }
}

const ZONES_AT_A_TIME: usize = 1 << 16;

pub(super) fn zone_views(mut zones: Vec<Zone>, units: &[UnitView], revisions: &ZoneRevisions) -> Vec<Arc<ZoneView>> {
    let shapes: Vec<&MultiPolygon> = zones.iter().map(|z| &z.shape).collect();
    let unit_shapes: Vec<&MultiPolygon> = units.iter().map(|u| &u.unit.shape).collect();
    let mut inside: Vec<(Option<usize>, f64, f64)> = vec![(None, 0.0, 0.0); zones.len()];
    for pair in encroach::overlay(&shapes, &unit_shapes) {
        let entry = &mut inside[pair.zone as usize];
        if pair.area_m2 > entry.1 {
            *entry = (Some(pair.land_use as usize), pair.area_m2, entry.2);
        }
        entry.2 += pair.area_m2;
    }
    let view = |(zone, (unit, _, covered_m2)): (Zone, (Option<usize>, f64, f64))| {
        let area_m2 = geom::area_m2(&zone.shape);
        let outside = if units.is_empty() || area_m2 <= 0.0 { 0.0 } else { (1.0 - covered_m2 / area_m2).clamp(0.0, 1.0) };
        let bounds = geom::bounds(&zone.shape).unwrap_or_default();
        // Two honest borders differ by far more than a ten-thousandth.
        let (outside_share, revision) = (if outside < 1e-4 { 0.0 } else { outside }, revisions.of(&zone.id));
        Arc::new(ZoneView { zone, area_m2, unit, outside_share, bounds, revision, center: OnceLock::new() })
    };
    // From the end, some at a time, so that a million zones are never there twice.
    let mut views = Vec::with_capacity(zones.len());
    while !zones.is_empty() {
        let from = zones.len().saturating_sub(ZONES_AT_A_TIME);
        let (some, theirs) = (zones.split_off(from), inside.split_off(from));
        zones.shrink_to_fit();
        views.par_extend(some.into_par_iter().zip(theirs).map(view).rev());
    }
    views.reverse();
    views
}

/// One revision of the workspace.
pub struct Snapshot {
    pub revision: Revision,
    pub layers: Vec<Layer>,
    pub place: Arc<Place>,
    pub rulebook: Arc<Rulebook>,
    pub zones: Arc<Zones>,
    pub units: Arc<Vec<UnitView>>,
    pub context: Arc<Vec<Context>>,
    pub permits: Arc<Vec<Permit>>,
    /// The register of farming area codes.
    pub codes: Arc<Register>,
    /// Their land, found when it is first asked for.
    pub(super) code_lands: OnceLock<Arc<CodeLands>>,
    /// Who is behind the zones.
    pub(super) partners: Arc<Partners>,
    pub(super) partner_links: Linked,
    /// Epochs of land use, polygons or cells, the oldest first.
    pub epochs: Vec<Epoch>,
    /// Epochs of land use that comes as a raster, the oldest first.
    pub raster_epochs: Vec<Epoch>,
    rasters: BTreeMap<Epoch, Arc<Lazy<EpochRaster>>>,
    pub(super) land_use: BTreeMap<Epoch, Arc<Lazy<EpochLandUse>>>,
    pub(super) events: BTreeMap<Epoch, Arc<Lazy<EpochEvents>>>,
    /// What the events of the snapshot before rest on, for epochs whose events must be looked at again.
    pub(super) rested: Mutex<BTreeMap<Epoch, Rested>>,
    legends: BTreeMap<Epoch, Arc<Legend>>,
    pub(super) path: PathBuf,
    /// Rows that somebody's edit made unreadable, of the layers in memory; they are left out.
    pub issues: Issues,
    searchable: Arc<OnceLock<Searchable>>,
    /// Units and zones together, in the workspace's CRS; none when there are neither.
    pub(super) extent: Option<[f64; 4]>,
    /// The city's name.
    name: Option<String>,
    /// What a plan asks this city to hold.
    pub(super) targets: Targets,
    pub(super) tiles: PreparedTiles,
    pub(super) matrices: Matrices,
    pub(super) asked_figures: AskedFigures,
    pub(super) plan_figures: PlanFigures,
    pub(super) alerts: Alerts,
    /// What kept events rest on; none of a workspace whose events an earlier farmzone kept.
    pub(super) provenances: BTreeMap<Epoch, Provenance>,
}

/// What is to be said of each layer's rows.
pub type Issues = BTreeMap<LayerRole, Vec<Issue>>;

/// Made when first asked for; a failure is not kept, so that the next one who asks tries again.
#[derive(Default)]
pub(super) struct Lazy<T> {
    /// Revisions of the layers it is made from.
    stamp: String,
    value: OnceLock<Arc<T>>,
    making: Mutex<()>,
}

impl<T> Lazy<T> {
    pub(super) fn new(stamp: String) -> Arc<Self> {
        Arc::new(Lazy::alone(stamp))
    }

    pub(super) fn alone(stamp: String) -> Self {
        Lazy { stamp, value: OnceLock::new(), making: Mutex::new(()) }
    }

    /// What was made already.
    pub(super) fn made(&self) -> Option<Arc<T>> {
        self.value.get().cloned()
    }

    pub(super) fn get(&self, make: impl FnOnce() -> Result<T, EngineError>) -> Result<Arc<T>, EngineError> {
        if let Some(value) = self.value.get() {
            return Ok(value.clone());
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(value) = self.value.get() {
            return Ok(value.clone());
        }
        let made = Arc::new(make()?);
        Ok(self.value.get_or_init(|| made).clone())
    }
}

impl Snapshot {
    /// Reads the workspace as it stands. What did not change since `before` is shared with it.
    pub fn load(path: &Path, rulebook: &Arc<Rulebook>, before: Option<&Snapshot>) -> Result<Snapshot, EngineError> {
        Snapshot::load_all_or(true, path, rulebook, before)
    }

    /// All but the zones, for who reads them some at a time.
    pub(super) fn without_zones(path: &Path, rulebook: &Arc<Rulebook>) -> Result<Snapshot, EngineError> {
        Snapshot::load_all_or(false, path, rulebook, None)
    }

    fn load_all_or(with_zones: bool, path: &Path, rulebook: &Arc<Rulebook>, before: Option<&Snapshot>) -> Result<Snapshot, EngineError> {
        let reader = Reader::open(path)?;
        let revision = reader.revision();
        let layers = super::in_order(reader.layers()?);
        let find = |role: LayerRole| layers.iter().find(|l| l.role == role);
        let same = |role: LayerRole| {
            before.filter(|b| {
                let old = b.layer(role).map(|l| (l.revision, &l.name));
                old == find(role).map(|l| (l.revision, &l.name)) && Arc::ptr_eq(&b.rulebook, rulebook)
            })
        };
        // Those of the layers that are shared; the others say theirs when they are read.
        let told = before.iter().flat_map(|b| &b.issues).filter(|(role, _)| same(**role).is_some());
        let mut issues: Issues = told.map(|(role, found)| (*role, found.clone())).collect();
        let place = match before.filter(|b| b.place.crs == reader.crs()) {
            Some(b) => b.place.clone(),
            None => Arc::new(Place::new(reader.crs())?),
        };
        let units = match same(LayerRole::Boundaries) {
            Some(b) => b.units.clone(),
            None => Arc::new(match find(LayerRole::Boundaries) {
                Some(layer) => {
                    let formerly = layer.keep.iter().position(|column| column.eq_ignore_ascii_case(legend::FORMERLY));
                    let units = sound(features::<Unit>(&reader, &layer.name, &mut issues)?, |u| &mut u.shape);
                    units.into_iter().map(|unit| unit_view(unit, formerly)).collect()
                }
                None => Vec::new(),
            }),
        };
        let zones = match same(LayerRole::Zones).filter(|b| Arc::ptr_eq(&b.units, &units)) {
            Some(b) => b.zones.clone(),
            None => Arc::new(match find(LayerRole::Zones).filter(|_| with_zones) {
                Some(layer) => {
                    let revisions = reader.zone_revisions(layer)?;
                    let is_like =
                        |b: &&Snapshot| Arc::ptr_eq(&b.units, &units) && b.layer(LayerRole::Zones).is_some_and(|l| l.keep == layer.keep);
                    let advanced = match before.filter(is_like) {
                        Some(b) => b.zones.advanced(&reader, layer, &units, b.revision, &revisions)?,
                        None => None,
                    };
                    match (advanced, before.and_then(|b| b.issues.get(&LayerRole::Zones))) {
                        (Some(zones), told) => {
                            issues.insert(LayerRole::Zones, told.cloned().unwrap_or_default());
                            zones
                        }
                        _ => {
                            let zones = sound(features::<Zone>(&reader, &layer.name, &mut issues)?, |z| &mut z.shape);
                            Zones::new(zones, &units, &revisions)
                        }
                    }
                }
                None => Zones::new(Vec::new(), &[], &ZoneRevisions::default()),
            }),
        };
        let context = match same(LayerRole::Context) {
            Some(b) => b.context.clone(),
            None => Arc::new(match find(LayerRole::Context) {
                Some(layer) => features(&reader, &layer.name, &mut issues)?,
                None => Vec::new(),
            }),
        };
        let permits = match same(LayerRole::Permits) {
            Some(b) => b.permits.clone(),
            None => Arc::new(match find(LayerRole::Permits) {
                Some(layer) => sound(features::<Permit>(&reader, &layer.name, &mut issues)?, |p| &mut p.shape),
                None => Vec::new(),
            }),
        };
        let codes = match same(LayerRole::Codes) {
            Some(b) => b.codes.clone(),
            None => Arc::new(match find(LayerRole::Codes) {
                Some(layer) => Register::new(sound(features::<CodeRecord>(&reader, &layer.name, &mut issues)?, |c| &mut c.shape)),
                None => Register::default(),
            }),
        };
        let boxes = units.iter().map(|u| u.bounds).chain(zones.list.iter().map(|z| z.bounds));
        let extent = boxes.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
        let shared = before.filter(|b| Arc::ptr_eq(&b.zones, &zones) && Arc::ptr_eq(&b.units, &units));
        let mut snapshot = Snapshot {
            revision,
            place,
            rulebook: rulebook.clone(),
            zones,
            units,
            context,
            permits,
            codes,
            code_lands: OnceLock::new(),
            partners: Partners::load(&reader, before)?,
            partner_links: Linked::new(),
            epochs: layers.iter().filter(|l| l.role == LayerRole::LandUse).filter_map(|l| l.epoch).collect(),
            raster_epochs: layers.iter().filter(|l| l.raster.is_some()).filter_map(|l| l.epoch).collect(),
            rasters: BTreeMap::new(),
            land_use: BTreeMap::new(),
            events: BTreeMap::new(),
            rested: Mutex::default(),
            legends: BTreeMap::new(),
            path: path.to_owned(),
            issues,
            searchable: shared.map_or_else(Arc::default, |b| b.searchable.clone()),
            extent,
            name: reader.setting(&Setting::Title)?,
            targets: super::targets_in(&reader)?,
            tiles: PreparedTiles::default(),
            matrices: Matrices::shared(before),
            asked_figures: AskedFigures::default(),
            plan_figures: PlanFigures::shared(before),
            alerts: Alerts::load(&reader, before)?,
            provenances: provenances(&reader, &layers)?,
            layers,
        };
        snapshot.epochs.sort_unstable();
        snapshot.epochs.dedup();
        snapshot.raster_epochs.sort_unstable();
        let mut read: HashMap<String, Arc<Legend>> = HashMap::new();
        // Where there are both, the polygons' legend is the epoch's.
        let (polygons, rasters) = (|l: &&Layer| l.raster.is_none(), |l: &&Layer| l.raster.is_some());
        let land_use = || snapshot.layers.iter().filter(|l| l.role == LayerRole::LandUse);
        for layer in land_use().filter(rasters).chain(land_use().filter(polygons)) {
            let (Some(epoch), name) = (layer.epoch, legend_name(layer)) else { continue };
            let legend = match read.get(name) {
                Some(legend) => legend.clone(),
                None => Arc::new(legend_of(rulebook, &reader, name)?),
            };
            read.insert(name.to_owned(), legend.clone());
            snapshot.legends.insert(epoch, legend);
        }
        let mut rests: BTreeMap<Epoch, Rested> = BTreeMap::new();
        for &epoch in &snapshot.epochs {
            let stamp = snapshot.land_use_stamp(epoch);
            let kept = before.and_then(|b| b.land_use.get(&epoch)).filter(|l| l.stamp == stamp && same_rules(before, rulebook));
            snapshot.land_use.insert(epoch, kept.cloned().unwrap_or_else(|| Lazy::new(stamp)));
            let stamp = snapshot.detection_stamp(epoch);
            let kept = before.and_then(|b| b.events.get(&epoch)).filter(|l| l.stamp == stamp && same_rules(before, rulebook));
            if let Some(rested) = before.filter(|_| kept.is_none()).and_then(|b| b.rested(epoch)) {
                rests.insert(epoch, rested);
            }
            snapshot.events.insert(epoch, kept.cloned().unwrap_or_else(|| Lazy::new(stamp)));
        }
        snapshot.rested = Mutex::new(rests);
        let shares = |epoch: Epoch| {
            before.is_some_and(|b| b.events.get(&epoch).zip(snapshot.events.get(&epoch)).is_some_and(|(a, b)| Arc::ptr_eq(a, b)))
        };
        let latest = snapshot.epochs.last().map(|epoch| (*epoch, shares(*epoch)));
        snapshot.alerts.settle(latest, &snapshot.epochs, before);
        for &epoch in &snapshot.raster_epochs {
            let stamp = snapshot.stamp_of(&Layer::name_of_raster(epoch));
            let kept = before.and_then(|b| b.rasters.get(&epoch)).filter(|l| l.stamp == stamp && same_rules(before, rulebook));
            snapshot.rasters.insert(epoch, kept.cloned().unwrap_or_else(|| Lazy::new(stamp)));
        }
        snapshot.tiles = PreparedTiles::shared(&snapshot, before);
        if let Some(lands) = before.and_then(|before| snapshot.shared_code_lands(before)) {
            snapshot.code_lands = OnceLock::from(lands);
        }
        if let Some(links) = before.and_then(|before| snapshot.shared_partner_links(before)) {
            snapshot.partner_links = OnceLock::from(links);
        }
        Ok(snapshot)
    }

    pub(super) fn searchable(&self) -> &Searchable {
        self.searchable.get_or_init(|| Searchable::new(&self.units, &self.zones))
    }

    /// Names this state beyond the revision's number, which other workspaces, rules and programs have too:
    /// an address that holds it may be kept for ever.
    pub fn pin(&self) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(env!("CARGO_PKG_VERSION").as_bytes()).update(self.rulebook.digest().as_bytes());
        for layer in &self.layers {
            hash.update(layer.name.as_bytes()).update(layer.imported_at.as_bytes());
        }
        hash.finalize().to_hex()[..8].to_owned()
    }

    /// The layer of a role that has no epochs.
    pub fn layer(&self, role: LayerRole) -> Option<&Layer> {
        self.layers.iter().find(|l| l.role == role)
    }

    pub fn layer_named(&self, name: &str) -> Result<&Layer, EngineError> {
        self.layers.iter().find(|l| l.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.layers.iter().map(|l| l.name.as_str()).collect();
            let known = if known.is_empty() { "the workspace is empty".to_owned() } else { format!("there are {}", known.join(", ")) };
            EngineError::not_found(format!("no layer “{name}”; {known}"))
        })
    }

    /// The epoch that is asked for: the named one, else the latest; none when there is no land use.
    pub fn epoch(&self, asked: Option<Epoch>) -> Result<Option<Epoch>, EngineError> {
        match asked {
            None => Ok(self.epochs.last().copied()),
            Some(epoch) if self.epochs.contains(&epoch) => Ok(Some(epoch)),
            Some(epoch) => {
                let known: Vec<String> = self.epochs.iter().map(Epoch::to_string).collect();
                let known = if known.is_empty() {
                    "the workspace has no land use yet".to_owned()
                } else {
                    format!("there are {}", known.join(", "))
                };
                Err(EngineError::not_found(format!("no land use of epoch {epoch}; {known}")))
            }
        }
    }

    /// What the map is called: what the workspace says, else what every workspace is.
    pub fn title(&self) -> Text {
        let named = |start: &str| self.name.as_ref().map_or(start.to_owned(), |name| format!("{start} {name}"));
        Text {
            vi: named("Vùng sản xuất chuyên canh"),
            en: self.name.as_ref().map_or("Specialised farming zones".to_owned(), |n| format!("Specialised farming zones of {n}")),
        }
    }

    pub fn simulated(&self) -> bool {
        self.layers.iter().any(|l| l.simulated)
    }

    /// What the labels of an epoch's land use mean.
    pub fn legend(&self, epoch: Epoch) -> Option<&Legend> {
        self.legends.get(&epoch).map(|legend| &**legend)
    }

    /// Land use of one epoch, read when first asked for, without what nobody may see.
    pub fn land_use(&self, epoch: Epoch) -> Result<Arc<EpochLandUse>, EngineError> {
        let lazy = self.land_use.get(&epoch).ok_or_else(|| EngineError::not_found(format!("no land use of epoch {epoch}")))?;
        lazy.get(|| {
            let name = Layer::name_of(LayerRole::LandUse, Some(epoch));
            let Some(layer) = self.layers.iter().find(|l| l.name == name) else { return self.land_use_of_raster(epoch) };
            let reader = self.reader_of(layer)?;
            let legend = self.legends.get(&epoch).cloned().ok_or_else(|| EngineError::internal(format!("no legend of epoch {epoch}")))?;
            let all = sound(features::<LandUse>(&reader, &name, &mut Issues::new())?, |l| &mut l.shape);
            let national = self.rulebook.legend("vn")?;
            let codes: BTreeSet<&str> = all.iter().map(|l| l.code.as_str()).collect();
            let secret: HashSet<String> =
                codes.into_iter().filter(|code| !may_be_seen(&legend, &national, code)).map(str::to_owned).collect();
            let (withheld, land_use): (Vec<LandUse>, Vec<LandUse>) = all.into_iter().partition(|l| secret.contains(&l.code));
            Ok(EpochLandUse::new(epoch, legend, land_use, withheld.into_iter().map(|l| l.shape).collect()))
        })
    }

    fn land_use_of_raster(&self, epoch: Epoch) -> Result<EpochLandUse, EngineError> {
        let raster = self.raster(epoch)?;
        let zones = || self.zones.list.iter().map(|z| &z.zone);
        let (land_use, withheld) = (raster.land_use(zones())?, raster.withheld(zones())?);
        let n_withheld = raster.n_withheld;
        Ok(EpochLandUse { n_withheld, ..EpochLandUse::new(epoch, raster.legend.clone(), land_use, withheld) })
    }

    /// The layer that an epoch's land use comes from: polygons, or cells where there are none.
    pub(super) fn land_use_layer(&self, epoch: Epoch) -> Option<&Layer> {
        let name = Layer::name_of(LayerRole::LandUse, Some(epoch));
        self.layers.iter().find(|l| l.name == name).or_else(|| self.raster_layer(epoch))
    }

    pub(super) fn raster_layer(&self, epoch: Epoch) -> Option<&Layer> {
        let name = Layer::name_of_raster(epoch);
        self.layers.iter().find(|l| l.name == name)
    }

    /// The raster of an epoch that has polygons too.
    pub(super) fn raster_beside(&self, epoch: Epoch) -> Option<&Layer> {
        self.raster_layer(epoch).filter(|_| self.land_use_layer(epoch).is_some_and(|l| l.raster.is_none()))
    }

    /// What an epoch's land use rests on; cells are cut out by the zones.
    pub(super) fn land_use_stamp(&self, epoch: Epoch) -> String {
        match self.land_use_layer(epoch) {
            Some(raster) if raster.raster.is_some() => {
                format!("{}, {}", self.stamp_of(&raster.name), self.layer_stamp(LayerRole::Zones, None))
            }
            _ => self.layer_stamp(LayerRole::LandUse, Some(epoch)),
        }
    }

    /// One epoch's raster, without what is withheld; opened when it is first asked for.
    pub fn raster(&self, epoch: Epoch) -> Result<Arc<EpochRaster>, EngineError> {
        let none = || EngineError::not_found(format!("no raster of epoch {epoch}"));
        self.rasters.get(&epoch).ok_or_else(none)?.get(|| {
            let layer = self.layer_named(&Layer::name_of_raster(epoch))?;
            let raster = layer.raster.as_ref().ok_or_else(none)?;
            let legend = Arc::new(legend_of(&self.rulebook, &self.reader_of(layer)?, legend_name(layer))?);
            let national = self.rulebook.legend("vn")?;
            EpochRaster::open(&self.path, self.place.crs, (epoch, raster), legend.clone(), |code| may_be_seen(&legend, &national, code))
        })
    }

    pub(super) fn layer_stamp(&self, role: LayerRole, epoch: Option<Epoch>) -> String {
        self.stamp_of(&Layer::name_of(role, epoch))
    }

    fn stamp_of(&self, name: &str) -> String {
        let revision = self.layers.iter().find(|l| l.name == name).map_or(0, |l| l.revision);
        format!("{name}@{revision}")
    }

    /// A view of the workspace in which this layer is still the one of this revision.
    pub(super) fn reader_of(&self, layer: &Layer) -> Result<Reader, EngineError> {
        let reader = Reader::open(&self.path)?;
        let now = reader.layers()?.into_iter().find(|l| l.name == layer.name).map(|l| l.revision);
        if now == Some(layer.revision) {
            Ok(reader)
        } else {
            Err(EngineError::unavailable(format!("layer {} has just been replaced; ask again", layer.name)))
        }
    }
}

/// What the workspace says that its events rest on; what cannot be read says nothing.
fn provenances(reader: &Reader, layers: &[Layer]) -> Result<BTreeMap<Epoch, Provenance>, EngineError> {
    let mut found = BTreeMap::new();
    for layer in layers.iter().filter(|l| l.role == LayerRole::Encroachments) {
        let text = reader.setting(&Setting::Detection(layer.name.clone()))?;
        let provenance = text.and_then(|text| serde_json::from_str(&text).ok());
        found.extend(layer.epoch.zip(provenance));
    }
    Ok(found)
}

/// The legend that a layer's labels were mapped through: one of ours, or the one kept with the layer.
fn legend_of(rulebook: &Rulebook, reader: &Reader, name: &str) -> Result<Legend, EngineError> {
    match reader.setting(&Setting::Legend(name.to_owned()))? {
        Some(text) => Ok(Legend::parse(name, &text)?),
        None => rulebook.legend(name),
    }
}

fn legend_name(layer: &Layer) -> &str {
    layer.legend.as_deref().unwrap_or("vn")
}

/// Whether land of this code may leave the server. A mixed, misread or free label may still name what is withheld, in
/// the layer's legend or in the country's own.
fn may_be_seen(legend: &Legend, national: &Legend, code: &str) -> bool {
    let named = || [legend, national].into_iter().filter_map(|l| l.secret_in(code)).all(|c| access::may_see_land_use(Role::Viewer, c));
    legend.class(code).map_or_else(named, |class| access::may_see_land_use(Role::Viewer, class))
}

pub(super) fn features<F: store::Feature>(reader: &Reader, name: &str, issues: &mut Issues) -> Result<Vec<F>, EngineError> {
    let (features, found) = reader.features(name)?;
    warn_of(&found);
    issues.insert(F::ROLE, found);
    Ok(features)
}

pub(super) fn warn_of(issues: &[Issue]) {
    for issue in issues {
        tracing::warn!(code = issue.code, feature = issue.feature, "{}", issue.message);
    }
}

/// A workspace is open to other programs, which may draw what crosses itself: the second door for shapes.
pub(super) fn sound<F: Send>(mut features: Vec<F>, shape: impl Fn(&mut F) -> &mut MultiPolygon + Sync) -> Vec<F> {
    features.par_iter_mut().for_each(|feature| {
        let shape = shape(feature);
        let polygons = std::mem::replace(shape, MultiPolygon::new(Vec::new())).0;
        *shape = geom::repair(polygons).shape;
    });
    features
}

fn same_rules(before: Option<&Snapshot>, rulebook: &Arc<Rulebook>) -> bool {
    before.is_some_and(|b| Arc::ptr_eq(&b.rulebook, rulebook))
}

/// `formerly`: which of the columns that were kept has the names that it had.
fn unit_view(unit: Unit, formerly: Option<usize>) -> UnitView {
    let former_names = formerly.and_then(|at| unit.kept.get(at)?.as_deref()).map(legend::former_names).unwrap_or_default();
    let bounds = geom::bounds(&unit.shape).unwrap_or_default();
    let center = geom::pole(&unit.shape).unwrap_or(Coord { x: bounds[0], y: bounds[1] });
    UnitView { area_m2: geom::area_m2(&unit.shape), center, bounds, former_names, unit }
}
