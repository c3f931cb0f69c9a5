//! A snapshot's layers, made ready to be drawn as tiles when they are first asked for.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use rayon::prelude::*;

use super::snapshot::{Lazy, Snapshot, UnitView, ZoneView};
use super::{EngineError, figures, maps};
use crate::legend;
use crate::model::{Context, ContextGroup, Epoch, Event, Geometry, Group, LandUse, LayerRole, MultiPolygon};
use crate::tile::{
    Feature, Labels, Lately, Memory, Merged, Places, Prepared, Shown, Strokes, TileCoord, TileFilter, TileFormat, TileLayer, TileRules,
    Touched, Value, tile,
};

/// Labels are prepared with what they name.
type Key = (TileLayer, Option<Epoch>);

/// One prepared layer: made once, by the first who asks; the others wait for it.
struct Slot {
    stamp: String,
    layer: OnceLock<Arc<LayerOfTiles>>,
    making: Mutex<()>,
}

/// A prepared layer, and what its zooms show, made when it is first asked for.
struct LayerOfTiles {
    prepared: Prepared,
    merged: OnceLock<Option<Merged>>,
    strokes: [OnceLock<Strokes>; TileCoord::MAX_ZOOM as usize + 1],
    labels: Option<Labels>,
}

impl LayerOfTiles {
    fn new(prepared: Prepared, rules: &TileRules) -> Self {
        let (merged, strokes) = (OnceLock::new(), std::array::from_fn(|_| OnceLock::new()));
        LayerOfTiles { labels: Labels::new(&prepared, rules, &Remembering), prepared, merged, strokes }
    }

    fn touched_since(&self, before: &LayerOfTiles) -> Touched {
        let touched = Touched::between(&before.prepared, &self.prepared, self.labels.as_ref());
        match before.merged.get().zip(self.merged.get()) {
            Some((was, is)) => touched.with_merged((&before.prepared, was.as_ref()), (&self.prepared, is.as_ref())),
            None => touched,
        }
    }

    /// Merged areas are made on all threads of `rayon`. Who draws on one of them must have asked before: a thread that waits
    /// for its own work would wait for ever.
    fn shown(&self, layer: TileLayer, z: u8) -> Shown<'_> {
        if let Some(labels) = self.labels.as_ref().filter(|_| layer.labels().is_some()) {
            return Shown::Labels(labels);
        }
        let merge = || {
            let started = Instant::now();
            let merged = Merged::new(&self.prepared, &Remembering);
            tracing::debug!(%layer, ms = started.elapsed().as_millis() as u64, "merged for low zooms");
            merged
        };
        let merged = || self.merged.get_or_init(merge).as_ref();
        match self.prepared.is_merged_at(z).then(merged).flatten() {
            Some(merged) => Shown::Merged(merged),
            None => Shown::Strokes(self.strokes[usize::from(z)].get_or_init(|| Strokes::new(&self.prepared, z, &Remembering))),
        }
    }
}

/// The memory of layers: each thing is made by the first who asks for it.
struct Remembering;

impl Memory for Remembering {
    fn places<T: Debug + Send + Sync + 'static>(&self, n: usize) -> Box<dyn Places<T>> {
        Box::new(MadeOnce((0..n).map(|_| OnceLock::new()).collect()))
    }

    fn lately<T: Debug + Send + Sync + 'static>(&self) -> Box<dyn Lately<T>> {
        Box::new(MadeLately(Mutex::default()))
    }
}

#[derive(Debug)]
struct MadeOnce<T>(Box<[OnceLock<T>]>);

impl<T: Debug + Send + Sync> Places<T> for MadeOnce<T> {
    fn get(&self, number: usize, make: &mut dyn FnMut() -> T) -> &T {
        self.0[number].get_or_init(make)
    }
}

/// The latest at the end.
#[derive(Debug)]
struct MadeLately<T>(Mutex<VecDeque<(u64, Arc<T>)>>);

/// As many as a few threads need for what is beside what they draw.
const MOST_LATELY: usize = 64;

impl<T: Debug + Send + Sync> Lately<T> for MadeLately<T> {
    fn get(&self, number: u64, make: &mut dyn FnMut() -> T) -> Arc<T> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, thing)) = kept().iter().find(|(of, _)| *of == number) {
            return thing.clone();
        }
        // Two who ask at once both make it: neither waits.
        let thing = Arc::new(make());
        let mut kept = kept();
        if kept.len() >= MOST_LATELY {
            kept.pop_front();
        }
        kept.push_back((number, thing.clone()));
        thing
    }
}

/// The prepared layers of one snapshot, shared with the snapshots before and after where nothing changed.
#[derive(Default)]
pub(super) struct PreparedTiles {
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
    /// Layers of the snapshot before that changed: most of their shapes are still the same.
    before: Mutex<HashMap<Key, Arc<LayerOfTiles>>>,
    /// The whole as a picture, light and dark.
    pub(super) overviews: [Lazy<Vec<u8>>; 2],
}

impl PreparedTiles {
    /// Takes over from the snapshot before what still holds.
    pub(super) fn shared(snapshot: &Snapshot, before: Option<&Snapshot>) -> PreparedTiles {
        let Some(before) = before else { return PreparedTiles::default() };
        let old = before.tiles.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let still = old.iter().filter(|((layer, epoch), slot)| slot.stamp == snapshot.tile_stamp(*layer, *epoch));
        let kept: HashMap<Key, Arc<Slot>> = still.map(|(key, slot)| (*key, slot.clone())).collect();
        let same_crs = Arc::ptr_eq(&snapshot.place, &before.place);
        let changed = old.iter().filter(|(key, _)| same_crs && !kept.contains_key(*key));
        let changed = changed.filter_map(|(key, slot)| Some((*key, slot.layer.get()?.clone()))).collect();
        PreparedTiles { slots: Mutex::new(kept), before: Mutex::new(changed), overviews: Default::default() }
    }

    fn slot(&self, key: Key, stamp: impl FnOnce() -> String) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(key).or_insert_with(|| Arc::new(Slot { stamp: stamp(), layer: OnceLock::new(), making: Mutex::new(()) }));
        slot.clone()
    }
}

/// So many neighbours of a list are transformed at once.
const AT_ONCE: usize = 512;
/// Beyond so many changed features the whole layer counts as changed.
const MOST_CHANGES: usize = 1_000;

/// Which tiles a snapshot draws otherwise than the one before it.
#[derive(Debug, Clone, Default)]
pub struct TileChanges {
    /// Layers that are prepared in both and differ; where tiles of none of the others differ.
    touched: HashMap<Key, Touched>,
    /// Layers of which nothing is known but that they differ.
    unknown: HashSet<Key>,
    known: HashSet<Key>,
}

impl TileChanges {
    fn key(layer: TileLayer, epoch: Option<Epoch>) -> Key {
        let layer = layer.labels().unwrap_or(layer);
        (layer, epoch.filter(|_| layer.has_epochs()))
    }

    /// Whether a tile of some layers is touched; none when that is not known yet.
    pub fn touches(&self, layers: &[TileLayer], epoch: Option<Epoch>, tile: TileCoord) -> Option<bool> {
        let mut known = Some(false);
        for (layer, key) in layers.iter().map(|layer| (*layer, TileChanges::key(*layer, epoch))) {
            let touches = match self.touched.get(&key) {
                Some(touched) if layer.labels().is_some() => Some(touched.touches_labels(tile)),
                Some(touched) => touched.touches(tile),
                None => Some(!self.known.contains(&key) || self.unknown.contains(&key)),
            };
            if touches == Some(true) {
                return touches;
            }
            known = known.zip(touches).map(|_| false);
        }
        known
    }

    /// What the map of an epoch shows otherwise; none when all of it may.
    pub fn of_map(&self, epoch: Option<Epoch>) -> Option<Vec<&Touched>> {
        let keys: HashSet<Key> = TileLayer::ALL.iter().map(|layer| TileChanges::key(*layer, epoch)).collect();
        let is_known = keys.iter().all(|key| self.known.contains(key) && !self.unknown.contains(key));
        is_known.then(|| self.touched.iter().filter(|(key, _)| keys.contains(key)).map(|(_, touched)| touched).collect())
    }
}

impl Snapshot {
    /// Which tiles differ from those of the snapshot before; of zooms that are not merged in both that is not known.
    pub fn tile_changes(&self, before: &Snapshot) -> TileChanges {
        let slots = |snapshot: &Snapshot| snapshot.tiles.slots.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (was, now) = (slots(before), slots(self));
        let (mut touched, mut unknown) = (HashMap::new(), HashSet::new());
        for (key, old) in &was {
            let new = now.get(key);
            if new.is_some_and(|new| Arc::ptr_eq(new, old)) {
                continue;
            }
            let both = old.layer.get().zip(new.and_then(|new| new.layer.get()));
            match both.map(|(old, new)| new.touched_since(old)) {
                Some(found) if found.n_boxes() == 0 => {}
                Some(found) if found.n_boxes() <= MOST_CHANGES => drop(touched.insert(*key, found)),
                _ => drop(unknown.insert(*key)),
            }
        }
        TileChanges { touched, unknown, known: was.into_keys().collect() }
    }

    /// The layers at an address, uncompressed; empty when there is nothing to show.
    pub fn tile(
        &self,
        layers: &[TileLayer],
        epoch: Option<Epoch>,
        coord: TileCoord,
        filter: &TileFilter,
        format: TileFormat,
    ) -> Result<Vec<u8>, EngineError> {
        let epoch = self.epoch(epoch)?;
        let of = |layer: &TileLayer| Ok((*layer, self.layer_of_tiles(*layer, epoch)?));
        let layers = layers.iter().map(of).collect::<Result<Vec<_>, EngineError>>()?;
        let shown: Vec<(&Prepared, Shown)> = layers.iter().map(|(name, of)| (&of.prepared, of.shown(*name, coord.z()))).collect();
        format.of_mvt(tile(&shown, coord, filter)).map_err(|e| EngineError::internal(format!("tile {coord}: {e}")))
    }

    /// Makes ready what tiles of the latest epoch rest on, from a zoom on: nobody waits for a tile.
    pub fn prepare_tiles(&self, from_zoom: u8) -> Result<(), EngineError> {
        let epoch = self.epoch(None)?;
        std::thread::scope(|threads| {
            let prepare = |layer: &TileLayer| self.prepare_layer(*layer, epoch, from_zoom);
            let layers: Vec<_> = TileLayer::ALL.iter().map(|layer| threads.spawn(move || prepare(layer))).collect();
            let ended = layers.into_iter().map(|layer| layer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            ended.collect::<Result<Vec<()>, _>>().map(|_| ())
        })
    }

    /// Makes ready what all tiles of a layer from a zoom on rest on.
    pub(super) fn prepare_layer(&self, layer: TileLayer, epoch: Option<Epoch>, from_zoom: u8) -> Result<(), EngineError> {
        self.layer_of_tiles(layer, epoch)?.shown(layer, from_zoom);
        Ok(())
    }

    fn layer_of_tiles(&self, layer: TileLayer, epoch: Option<Epoch>) -> Result<Arc<LayerOfTiles>, EngineError> {
        let layer = layer.labels().unwrap_or(layer);
        let epoch = epoch.filter(|_| layer.has_epochs());
        let slot = self.tiles.slot((layer, epoch), || self.tile_stamp(layer, epoch));
        if let Some(layer) = slot.layer.get() {
            return Ok(layer.clone());
        }
        let _one_at_a_time = slot.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(layer) = slot.layer.get() {
            return Ok(layer.clone());
        }
        let (started, rules) = (Instant::now(), maps::tile_rules()?);
        let before = self.tiles.before.lock().unwrap_or_else(PoisonError::into_inner).remove(&(layer, epoch));
        let before = before.as_ref().map(|before| &before.prepared);
        let made = LayerOfTiles::new(self.prepared(layer, epoch, &rules, before)?, &rules);
        tracing::debug!(%layer, n_features = made.prepared.len(), ms = started.elapsed().as_millis() as u64, "prepared for tiles");
        Ok(slot.layer.get_or_init(|| Arc::new(made)).clone())
    }

    /// A filter of tiles by kind and by group. The error names what there is.
    pub fn tile_filter(&self, kinds: &[String], groups: &[String]) -> Result<TileFilter, EngineError> {
        if kinds.is_empty() && groups.is_empty() {
            return Ok(TileFilter::default());
        }
        let known_kinds: Vec<&str> = self.rulebook.kinds.kinds.iter().map(|kind| kind.key.as_str()).collect();
        let land_use = Group::ALL.iter().map(|group| group.as_str());
        // Of both there is a “water”.
        let context = ContextGroup::ALL.iter().map(|group| group.as_str());
        let known_groups: Vec<&str> = land_use.clone().chain(context.filter(|name| !land_use.clone().any(|n| n == *name))).collect();
        let mut only = Vec::new();
        for (name, asked, known) in [("kind", kinds, known_kinds), ("group", groups, known_groups)] {
            if let Some(unknown) = asked.iter().find(|text| !known.contains(&text.as_str())) {
                return Err(EngineError::not_found(format!("no {name} “{unknown}”; there are {}", known.join(", "))));
            }
            if !asked.is_empty() {
                only.push((name, asked.to_vec()));
            }
        }
        Ok(TileFilter { only })
    }

    /// What a prepared layer rests on.
    fn tile_stamp(&self, layer: TileLayer, epoch: Option<Epoch>) -> String {
        let of = |role, epoch| self.layer_stamp(role, epoch);
        match (layer, epoch) {
            (TileLayer::LandUse, epoch) => epoch.map_or_else(String::new, |epoch| self.land_use_stamp(epoch)),
            (TileLayer::Context, _) => format!("{} {}", of(LayerRole::Context, None), of(LayerRole::Boundaries, None)),
            (TileLayer::Units | TileLayer::UnitLabels, _) => of(LayerRole::Boundaries, None),
            (TileLayer::Zones | TileLayer::ZoneLabels | TileLayer::Encroachments, None) => {
                format!("{} {}", of(LayerRole::Zones, None), of(LayerRole::Boundaries, None))
            }
            (TileLayer::Zones | TileLayer::ZoneLabels | TileLayer::Encroachments, Some(epoch)) => {
                let alerts = if layer == TileLayer::Encroachments { self.alerts_stamp() } else { self.rejected_stamp() };
                format!("{} {}{alerts}", self.detection_stamp(epoch), of(LayerRole::Boundaries, None))
            }
        }
    }

    /// A layer made ready; features that the state before has already are not made again.
    fn prepared(
        &self,
        layer: TileLayer,
        epoch: Option<Epoch>,
        rules: &TileRules,
        before: Option<&Prepared>,
    ) -> Result<Prepared, EngineError> {
        let events = epoch.filter(|_| layer != TileLayer::LandUse).map(|epoch| self.losses(epoch)).transpose()?;
        let standing = self.standing()?;
        let unit_code = |zone: &Arc<ZoneView>| zone.unit.and_then(|u| self.units.get(u)).map(|u| u.unit.code.as_str());
        let make = |features: Result<Vec<Feature<'_>>, EngineError>| Ok(Prepared::new(layer, rules, features?, before));
        match layer {
            TileLayer::Zones => make(self.polygons(before, &self.zones.list, |at, view: &Arc<ZoneView>| {
                let (zone, lost_m2) = (&view.zone, events.as_ref().and_then(|e| self.lost_m2(e, at)));
                let values = vec![
                    zone.id.as_str().into(),
                    zone.kind.as_str().into(),
                    zone.name.as_deref().into(),
                    zone.code.as_deref().into(),
                    unit_code(view).into(),
                    ((view.area_m2 / 1000.0).round() / 10.0).into(),
                    lost_m2.map(|lost_m2| (lost_m2 / view.area_m2 * 1e4).round() / 1e4).into(),
                ];
                (&zone.shape, values)
            })),
            TileLayer::Encroachments => {
                let list: Vec<&Event> = events.iter().flat_map(|e| e.events()).collect();
                make(self.polygons(before, &list, |_, event: &&Event| {
                    let zone = self.zones.by_id(&event.zone_id).map(|i| &self.zones.list[i]);
                    let values = vec![
                        event.id.as_str().into(),
                        event.zone_id.as_str().into(),
                        zone.map(|z| z.zone.kind.as_str()).into(),
                        zone.and_then(unit_code).into(),
                        event.group.as_str().into(),
                        event.code.as_str().into(),
                        event.since.map(|since| since.to_string()).into(),
                        event.change.map(|c| c.as_str()).into(),
                        event.severity.map(f64::from).into(),
                        figures::rounded_m2(event.area_m2).into(),
                        event.right.as_str().into(),
                        standing.of(&event.id).as_str().into(),
                    ];
                    (&event.shape, values)
                }))
            }
            TileLayer::LandUse => {
                let Some(epoch) = epoch else { return make(Ok(Vec::new())) };
                let (land_use, shown) = (self.land_use(epoch)?, epoch.to_string());
                make(self.polygons(before, &land_use.land_use, |_, used: &LandUse| {
                    let group = land_use.class(used).map_or("unmapped", |c| c.group.as_str());
                    (&used.shape, vec![used.code.as_str().into(), group.into(), shown.as_str().into()])
                }))
            }
            TileLayer::Units => make(self.polygons(before, &self.units, |_, view: &UnitView| {
                (&view.unit.shape, vec![view.unit.code.as_str().into(), view.unit.name.as_str().into()])
            })),
            // They are drawn from what they name.
            TileLayer::UnitLabels | TileLayer::ZoneLabels => make(Ok(Vec::new())),
            TileLayer::Context => {
                let shown = self.context.iter().filter(|context| !self.repeats_a_unit(context));
                make(
                    shown
                        .map(|context| {
                            let values = vec![context.group.as_str().into(), context.name.as_deref().into(), context.width_m.into()];
                            Ok(Feature::New { shape: self.place.to_mercator(&context.shape)?, values, source: None })
                        })
                        .collect(),
                )
            }
        }
    }

    /// Features of polygons, each with its shape and values by its place in the list; of those that the state before has, no shape is transformed.
    fn polygons<'a, T: Sync>(
        &self,
        before: Option<&Prepared>,
        list: &'a [T],
        of: impl Fn(usize, &'a T) -> (&'a MultiPolygon, Vec<Value<'a>>) + Sync,
    ) -> Result<Vec<Feature<'a>>, EngineError> {
        let some = |(first, some): (usize, &'a [T])| {
            let mut features = Vec::with_capacity(some.len());
            let mut new: Vec<(usize, &MultiPolygon)> = Vec::new();
            for (at, one) in some.iter().enumerate() {
                let (shape, values) = of(first * AT_ONCE + at, one);
                let source = source_of(shape, &values);
                features.push(before.and_then(|before| before.kept(source)).unwrap_or_else(|| {
                    new.push((at, shape));
                    Feature::New { shape: MultiPolygon::new(Vec::new()).into(), values, source: Some(source) }
                }));
            }
            let shapes = self.place.polygons_to_mercator(&new.iter().map(|(_, shape)| *shape).collect::<Vec<_>>())?;
            for ((at, _), there) in new.into_iter().zip(shapes) {
                if let Feature::New { shape, .. } = &mut features[at] {
                    *shape = Geometry::MultiPolygon(there);
                }
            }
            Ok(features)
        };
        let made: Vec<Vec<Feature>> = list.par_chunks(AT_ONCE).enumerate().map(some).collect::<Result<_, EngineError>>()?;
        Ok(made.into_iter().flatten().collect())
    }

    /// Whether it is a place that bears the name of the unit around it: the unit's own label says it already.
    fn repeats_a_unit(&self, context: &Context) -> bool {
        let (Some(name), Geometry::Point(at)) = (context.name.as_deref(), &context.shape) else { return false };
        let name = legend::fold(name);
        // A place may stand a little outside: at the end of the road that it lends its name to.
        let around = |[x0, y0, x1, y1]: [f64; 4]| {
            let (dx, dy) = ((x1 - x0) / 2.0, (y1 - y0) / 2.0);
            (x0 - dx..=x1 + dx).contains(&at.x()) && (y0 - dy..=y1 + dy).contains(&at.y())
        };
        self.units.iter().any(|u| around(u.bounds) && legend::fold(&u.unit.name) == name)
    }
}

/// A name for a shape with its values: equal ones have the same, others another one (64 bits: one in 10¹⁹ may not).
fn source_of(shape: &MultiPolygon, values: &[Value]) -> u64 {
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    values.hash(&mut hasher);
    for polygon in shape {
        polygon.interiors().len().hash(&mut hasher);
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            ring.0.len().hash(&mut hasher);
            ring.0.iter().for_each(|c| (c.x.to_bits(), c.y.to_bits()).hash(&mut hasher));
        }
    }
    hasher.finish()
}
