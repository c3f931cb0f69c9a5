//! `tiles/layers.toml`: what goes into a tile at which zoom.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TileLayer;
use super::prepare::pixels_at;

/// A pixel is 1/512 of a tile's side, as maps draw tiles 512 pixels wide.
pub(super) const UNITS_PER_PIXEL: i64 = 8;

/// From this zoom on no layer is merged.
pub const NEAR_ZOOM: u8 = 12;

/// What one layer shows at which zoom.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerRules {
    pub min_zoom: u8,
    pub max_zoom: u8,
    /// How far shapes reach beyond the tile, pixels, so that borders join.
    #[serde(default)]
    pub buffer_px: u32,
    /// Polygons smaller than this are dust: not drawn one by one, px².
    #[serde(default)]
    pub min_area_px2: f64,
    /// Dust of one class is gathered until it fills a square of this side, which is drawn in its place, pixels.
    #[serde(default)]
    pub dust_side_px: Option<u32>,
    /// The property whose values are the classes of dust.
    #[serde(default)]
    pub dust_by: Option<String>,
    /// Below this zoom features are not drawn one by one: neighbours that agree in `merge_by` are one area.
    #[serde(default)]
    pub merge_below: u8,
    /// From a zoom on, the properties by which features are merged, and which the areas have.
    #[serde(default)]
    pub merge_by: BTreeMap<String, Vec<String>>,
    /// A label stands from the zoom on at which its feature covers this many px².
    #[serde(default)]
    pub label_area_px2: f64,
    /// From this zoom on every label stands.
    #[serde(default)]
    pub all_labels_from: Option<u8>,
    /// Grid that vertices snap to from a zoom on, in 1/4096 of the tile: a power of two.
    #[serde(default)]
    pub grid: BTreeMap<String, u32>,
    /// Properties that appear only from a zoom on.
    #[serde(default)]
    pub properties_from: BTreeMap<String, u8>,
    /// Features of a `group` that appear only from a zoom on.
    #[serde(default)]
    pub groups_from: BTreeMap<String, u8>,
    /// Features narrower than this many metres appear only from a zoom on: pairs `[width_m, zoom]`.
    #[serde(default)]
    pub narrow_from: Vec<(f64, u8)>,
}

impl LayerRules {
    /// Whether the layer is in tiles of a zoom.
    pub(super) fn is_drawn_at(&self, z: u8) -> bool {
        (self.min_zoom..=self.max_zoom).contains(&z)
    }

    /// The properties by which features are merged at a zoom; none when they are drawn one by one.
    pub(super) fn merged_by(&self, z: u8) -> Option<&[String]> {
        let begun = self.merge_by.iter().filter_map(|(from, keys)| Some((from.parse::<u8>().ok()?, keys)));
        let found = begun.filter(|(from, _)| *from <= z).max_by_key(|(from, _)| *from);
        found.filter(|_| z < self.merge_below).map(|(_, keys)| keys.as_slice())
    }

    /// The zoom from which a label stands. `area`: of what it names, as a share of the world's square; 0 for a place.
    pub(super) fn label_from(&self, area: f64) -> u8 {
        let limit = self.all_labels_from.unwrap_or(self.max_zoom);
        let wide_enough = |z: &u8| area <= 0.0 || area * pixels_at(*z) >= self.label_area_px2;
        (0..limit).find(wide_enough).unwrap_or(limit)
    }

    /// log2 of the grid at a zoom.
    pub(super) fn grid_bits(&self, z: u8) -> u32 {
        let at = |(from, units): (&String, &u32)| Some((from.parse::<u8>().ok()?, *units));
        let units = self.grid.iter().filter_map(at).filter(|(from, _)| *from <= z).max_by_key(|(from, _)| *from);
        units.map_or(0, |(_, units)| units.max(1).trailing_zeros())
    }
}

/// The rules of every layer.
#[derive(Debug, Clone, PartialEq)]
pub struct TileRules {
    layers: BTreeMap<TileLayer, LayerRules>,
}

impl TileRules {
    /// Reads `tiles/layers.toml`. Every layer must be there, and nothing else. The error says what is wrong in the file.
    pub fn parse(text: &str) -> Result<TileRules, String> {
        let tables: BTreeMap<String, LayerRules> = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut layers = BTreeMap::new();
        for (name, rules) in tables {
            let layer: TileLayer = name.parse().map_err(|e: crate::model::NotAWord| e.to_string())?;
            let wrong = |what: &str| Err(format!("{name}: {what}"));
            if rules.min_zoom > rules.max_zoom || rules.max_zoom > super::TileCoord::MAX_ZOOM {
                return wrong("zooms must be 0 to 16, the least first");
            }
            if rules.buffer_px > 128 {
                return wrong("buffer_px must be at most 128");
            }
            if rules.dust_side_px.is_some_and(|side| !(1..=64).contains(&side)) {
                return wrong("dust_side_px must be 1 to 64");
            }
            if rules.grid.iter().any(|(from, units)| from.parse::<u8>().is_err() || !units.is_power_of_two() || *units > 64) {
                return wrong("grid must name zooms, and powers of two up to 64");
            }
            let is_key = |key: &String| layer.keys().contains(&key.as_str());
            if rules.merge_by.iter().any(|(from, keys)| from.parse::<u8>().is_err() || !keys.iter().all(is_key)) {
                return wrong("merge_by must name zooms, and properties of the layer");
            }
            let mut merge_by: Vec<(u8, &Vec<String>)> =
                rules.merge_by.iter().filter_map(|(from, keys)| Some((from.parse().ok()?, keys))).collect();
            merge_by.sort_unstable();
            if rules.merge_below > 0 && merge_by.first().is_none_or(|(from, _)| *from > 0) {
                return wrong("merge_by must begin with zoom 0");
            }
            if rules.merge_below > NEAR_ZOOM {
                return wrong("merge_below must be 12 at most");
            }
            if merge_by.windows(2).any(|pair| !pair[0].1.iter().all(|key| pair[1].1.contains(key))) {
                return wrong("merge_by must keep at each zoom the properties of the zooms before");
            }
            layers.insert(layer, rules);
        }
        match TileLayer::ALL.iter().find(|layer| !layers.contains_key(layer)) {
            Some(missing) => Err(format!("{missing} is missing")),
            None => Ok(TileRules { layers }),
        }
    }

    /// The rules of one layer.
    pub fn layer(&self, layer: TileLayer) -> &LayerRules {
        // `parse` is the only maker and refuses a file in which a layer is missing.
        &self.layers[&layer]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../tiles/layers.toml");

    #[test]
    fn the_file_of_the_project_is_read() {
        let rules = TileRules::parse(FILE).unwrap();
        for layer in TileLayer::ALL {
            assert_eq!(rules.layer(*layer).max_zoom, 16, "{layer}");
        }
    }

    #[test]
    fn the_grid_of_a_zoom_is_the_last_that_began() {
        let rules = TileRules::parse(FILE).unwrap().layer(TileLayer::Zones).clone();
        let rules = LayerRules { grid: [("0".to_owned(), 4), ("12".to_owned(), 2), ("14".to_owned(), 1)].into(), ..rules };
        assert_eq!([0, 11, 12, 13, 14, 16].map(|z| rules.grid_bits(z)), [2, 2, 1, 1, 0, 0]);
    }

    #[test]
    fn a_wrong_file_says_what_is_wrong() {
        assert_eq!(TileRules::parse("").unwrap_err(), "landuse is missing");
        let message = TileRules::parse("[zones]\nmin_zoom = 3\nmax_zoom = 2").unwrap_err();
        assert_eq!(message, "zones: zooms must be 0 to 16, the least first");
        assert!(TileRules::parse("[roads]\nmin_zoom = 0\nmax_zoom = 1").unwrap_err().contains("“roads” is not one of"));
        assert!(TileRules::parse("[zones]\nmin_zoom = 0\nmax_zoom = 1\nbufer_px = 1").unwrap_err().contains("bufer_px"));
    }
}
