//! Tile arithmetic, generalisation, MVT and MLT bytes, map styles.
//!
//! A layer is prepared once (`Prepared::new`, from shapes in Web Mercator metres), then for the zooms in use (`Merged`,
//! `Strokes`), and asked for tiles many times (`tile`). Drawing is a function of these and the address alone; what is made once
//! is kept by the caller (`Memory`).
//! What a tile shows at which zoom stands in `tiles/layers.toml`, colours in `tiles/styles/`.
//! Not here: transformation of coordinates, compression, HTTP.
//! Invariant: every polygon that leaves is valid on the tile's grid (extent 4096), shells clockwise on
//! the screen; a vertex shared by two features lands on the same grid point in both and in every tile.

mod cells;
mod coord;
mod draw;
mod hilbert;
mod labels;
mod memory;
mod merge;
mod mlt;
mod mvt;
mod nodes;
mod outline;
mod prepare;
mod ring;
mod rules;
mod simple;
mod strokes;
mod style;
#[cfg(test)]
mod tests_of_drawing;
mod touched;

pub use coord::{TileCoord, TileError, WEB_MERCATOR_HALF_M, lonlat_to_mercator};
pub use draw::{Shown, TileFilter, tile};
pub use hilbert::along_hilbert;
pub use labels::Labels;
pub use memory::{Lately, Memory, Places};
pub use merge::Merged;
pub use mlt::TileFormat;
pub use prepare::{Feature, Prepared, Value};
pub use rules::{LayerRules, NEAR_ZOOM, TileRules};
pub use strokes::Strokes;
pub use style::{ClassColor, KindPattern, StyleError, StyleParts, Theme, style};
pub use touched::Touched;

use crate::model::NotAWord;

/// What a tile can hold; a tile's address names one or more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TileLayer {
    LandUse,
    Context,
    Units,
    Zones,
    Encroachments,
    UnitLabels,
    ZoneLabels,
}

impl TileLayer {
    /// In the order in which a map draws them.
    pub const ALL: &'static [TileLayer] = &[
        TileLayer::LandUse,
        TileLayer::Context,
        TileLayer::Units,
        TileLayer::Zones,
        TileLayer::Encroachments,
        TileLayer::UnitLabels,
        TileLayer::ZoneLabels,
    ];

    /// The layer's name in addresses, tiles and `layers.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            TileLayer::LandUse => "landuse",
            TileLayer::Context => "context",
            TileLayer::Units => "units",
            TileLayer::Zones => "zones",
            TileLayer::Encroachments => "encroachments",
            TileLayer::UnitLabels => "unit_labels",
            TileLayer::ZoneLabels => "zone_labels",
        }
    }

    /// The properties of its features, in the order in which a `Feature` has them.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            TileLayer::LandUse => &["code", "group", "epoch"],
            TileLayer::Context => &["group", "name", "width_m"],
            TileLayer::Units | TileLayer::UnitLabels => &["code", "name"],
            TileLayer::Zones => &["id", "kind", "name", "code", "unit", "area_ha", "lost_share"],
            TileLayer::ZoneLabels => &["id", "kind", "name", "area_ha", "unit"],
            TileLayer::Encroachments => {
                &["id", "zone_id", "kind", "unit", "group", "code", "since", "change", "severity", "area_m2", "right", "status"]
            }
        }
    }

    /// Whether what it shows depends on the epoch that was asked for.
    pub fn has_epochs(self) -> bool {
        matches!(self, TileLayer::LandUse | TileLayer::Zones | TileLayer::Encroachments)
    }

    /// The layer for whose features it draws a point each, wherever the feature's shape is wide.
    pub fn labels(self) -> Option<TileLayer> {
        match self {
            TileLayer::UnitLabels => Some(TileLayer::Units),
            TileLayer::ZoneLabels => Some(TileLayer::Zones),
            _ => None,
        }
    }

    /// Reads `zones,units`: each layer once, in any order; the answer is in drawing order.
    pub fn parse_list(text: &str) -> Result<Vec<TileLayer>, NotAWord> {
        let mut layers = text.split(',').map(str::parse).collect::<Result<Vec<TileLayer>, _>>()?;
        layers.sort();
        if layers.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(NotAWord::new(text, "a list that names each tile layer once"));
        }
        Ok(layers)
    }
}

impl std::str::FromStr for TileLayer {
    type Err = NotAWord;
    fn from_str(text: &str) -> Result<Self, NotAWord> {
        TileLayer::ALL
            .iter()
            .copied()
            .find(|layer| layer.as_str() == text)
            .ok_or_else(|| NotAWord::new(text, "one of zones, zone_labels, encroachments, landuse, units, unit_labels, context"))
    }
}

impl std::fmt::Display for TileLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_layers_is_read_in_any_order_and_each_only_once() {
        assert_eq!(TileLayer::parse_list("zones,units"), Ok(vec![TileLayer::Units, TileLayer::Zones]));
        assert_eq!(TileLayer::parse_list("units,zones"), Ok(vec![TileLayer::Units, TileLayer::Zones]));
        for bad in ["", ",", "zones,", "zones,zones", "Zones", "zones,roads", " zones"] {
            assert!(TileLayer::parse_list(bad).is_err(), "{bad}");
        }
        assert_eq!(
            TileLayer::parse_list("roads").unwrap_err().to_string(),
            "“roads” is not one of zones, zone_labels, encroachments, landuse, units, unit_labels, context"
        );
    }

    #[test]
    fn every_layer_is_found_by_its_name_and_named_in_the_message() {
        let message = TileLayer::parse_list("?").unwrap_err().to_string();
        for layer in TileLayer::ALL {
            assert_eq!(layer.as_str().parse(), Ok(*layer));
            assert!(message.contains(layer.as_str()), "{layer}");
        }
    }
}
