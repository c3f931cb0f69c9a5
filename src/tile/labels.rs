//! Where the labels of a layer's features stand: each at one point well inside, so in one tile, the same at every zoom.

use super::memory::{Memory, Places};
use super::merge::shape;
use super::prepare::{Form, Prepared, WorldPoint};
use super::{LayerRules, TileLayer, TileRules};
use crate::geom;
use crate::model::Coord;

/// The labels of a prepared layer. A place is sought when it is first drawn: most labels stand only where few are in view.
#[derive(Debug)]
pub struct Labels {
    pub(super) layer: TileLayer,
    pub(super) rules: LayerRules,
    /// Where the properties of labels are among those of the features.
    pub(super) keys: Vec<usize>,
    from_zoom: Vec<u8>,
    places: Box<dyn Places<WorldPoint>>,
}

impl Labels {
    /// Of a layer's features; none when the layer has no labels.
    pub fn new(prepared: &Prepared, rules: &TileRules, memory: &impl Memory) -> Option<Labels> {
        let layer = TileLayer::ALL.iter().copied().find(|layer| layer.labels() == Some(prepared.layer()))?;
        let names = prepared.layer().keys();
        let keys = layer.keys().iter().filter_map(|key| names.iter().position(|name| name == key)).collect();
        let rules = rules.layer(layer).clone();
        let from_zoom = prepared.items().iter().map(|item| match item.form {
            Form::Line => u8::MAX,
            _ => rules.label_from(item.area).max(item.from_zoom),
        });
        let from_zoom = from_zoom.collect();
        Some(Labels { layer, rules, keys, from_zoom, places: memory.places(prepared.len()) })
    }

    /// Whether an item's label stands at a zoom.
    pub(super) fn stands(&self, place: usize, z: u8) -> bool {
        self.from_zoom[place] <= z
    }

    pub(super) fn place(&self, prepared: &Prepared, place: usize) -> WorldPoint {
        let mut seek = || {
            let item = &prepared.items()[place];
            let [west, north, east, south] = item.bounds;
            let middle = [west.midpoint(east), north.midpoint(south)];
            if item.form == Form::Point {
                return middle;
            }
            let coord = |p: &WorldPoint| Coord { x: f64::from(p[0]) - f64::from(west), y: f64::from(p[1]) - f64::from(north) };
            let pole = geom::pole(&shape(prepared, item, coord));
            pole.map_or(middle, |pole| [west + pole.x.round().max(0.0) as u32, north + pole.y.round().max(0.0) as u32])
        };
        *self.places.get(place, &mut seek)
    }
}
