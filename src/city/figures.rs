//! `zones/demo.toml`: every figure the simulated city is made from.
//!
//! Reads and checks the text; the figures' sources stand beside them in the file.

use serde::Deserialize;

use crate::model::Group;

/// A `demo.toml` that could not be understood.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{file}: {message}")]
pub struct FiguresError {
    pub file: String,
    pub message: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    pub seed: u64,
    pub cell_m: f64,
    /// Lower left and upper right, EPSG:5897.
    pub bounds_m: [f64; 4],
    pub center_m: [f64; 2],
    /// Years, in order.
    pub epochs: Vec<u16>,
    pub units_valid_from: String,
    /// In the order in which they choose land.
    #[serde(rename = "kind")]
    pub kinds: Vec<KindFigures>,
    pub register: RegisterFigures,
    pub codes: CodeFigures,
    pub partners: PartnerFigures,
    pub growth: GrowthFigures,
    #[serde(rename = "river")]
    pub rivers: Vec<RiverFigures>,
    #[serde(rename = "stream")]
    pub streams: Vec<StreamFigures>,
    #[serde(rename = "lake")]
    pub lakes: Vec<Blob>,
    #[serde(rename = "hill")]
    pub hills: Vec<Blob>,
    #[serde(rename = "road")]
    pub roads: Vec<RoadFigures>,
}

/// One kind of zone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindFigures {
    pub key: String,
    pub hectares: f64,
    /// In exactly so many units, when given.
    pub units: Option<usize>,
    pub largest_ha: f64,
    pub zone_ha: f64,
    /// Share of zones drawn to at least 50 ha.
    pub large_share: f64,
    pub terrain: Terrain,
    pub pull: Pull,
    /// Land-use codes with weights.
    pub land: Vec<(String, f64)>,
    pub favours: Vec<String>,
    pub title: String,
    pub crop: String,
    pub varieties: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terrain {
    Plain,
    Alluvium,
    Slope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pull {
    Any,
    South,
    West,
    River,
    Low,
    Near,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterFigures {
    pub n_coded: usize,
    pub share_new_grammar: f64,
    pub share_standard: f64,
    pub share_lapsed: f64,
    pub share_mismatch: f64,
    pub share_duplicate_code: f64,
    pub today: String,
    pub linkage_ha: f64,
}

/// Who is behind the zones.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerFigures {
    pub n_farms: usize,
    pub n_buyers: usize,
    pub n_linkages: usize,
    pub n_products: usize,
    pub n_traces: usize,
    pub share_unlinked: f64,
}

/// What is wrong in the register of codes: shares of its records, each with one fault at most.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeFigures {
    pub share_lapsed: f64,
    pub share_suspended: f64,
    pub share_revoked: f64,
    pub share_pending: f64,
    pub share_missing: f64,
    pub share_old_unit: f64,
    pub share_other_unit: f64,
    pub share_area: f64,
    pub share_crop: f64,
    pub share_yield: f64,
    pub share_inspection: f64,
    pub share_standard: f64,
    /// Codes on the land of another.
    pub n_double: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowthFigures {
    pub yearly_loss: f64,
    pub lawful_area: f64,
    pub transport_area: f64,
    pub transport_width_m: [f64; 2],
    pub planned_ha: Sizes,
    pub unplanned_m2: Sizes,
    pub unplanned_reach_m: f64,
    pub ring_weights: [f64; 3],
    pub west_weight: f64,
    pub switch_share: f64,
    pub farm_works_share: f64,
    pub permitted_share: f64,
    pub farm_structures: usize,
    pub legacy_share: f64,
    /// Land-use code, its group, weight.
    pub lawful_uses: Vec<(String, Group, f64)>,
    pub unplanned_uses: Vec<(String, Group, f64)>,
    pub unbuilt_share: f64,
    pub outside_projects: usize,
    pub outside_pieces: usize,
}

/// A log-normal of sizes, cut off at both ends.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    pub median: f64,
    pub sigma: f64,
    #[serde(default)]
    pub smallest: f64,
    pub largest: f64,
}

/// A river with banks of its own and dykes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiverFigures {
    pub name: String,
    pub width_m: [f64; 2],
    pub dykes_m: [f64; 2],
    /// Easting and northing, kilometres.
    pub points: Vec<[f64; 2]>,
}

/// A river so narrow that it is a line with a width.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamFigures {
    pub name: String,
    pub width_m: f64,
    pub points: Vec<[f64; 2]>,
}

/// A lake or a hill: about round.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blob {
    pub name: String,
    /// Easting and northing, kilometres.
    pub at: [f64; 2],
    pub radius_m: f64,
}

/// A road with a name: through communes, or around the center.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoadFigures {
    pub name: String,
    pub width_m: f64,
    #[serde(default)]
    pub via: Vec<String>,
    pub ring_m: Option<f64>,
}

impl Figures {
    /// Reads `zones/demo.toml`; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Figures, FiguresError> {
        let wrong = |message: String| FiguresError { file: file.to_owned(), message };
        let figures: Figures = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let [x0, y0, x1, y1] = figures.bounds_m;
        let ordered = figures.epochs.windows(2).all(|w| w[0] < w[1]);
        if !(figures.cell_m >= 20.0 && figures.cell_m <= 200.0) {
            Err(wrong(format!("cell_m is {}; it must be 20 to 200", figures.cell_m)))
        } else if !(x1 - x0 > 1000.0 && y1 - y0 > 1000.0 && x1 - x0 < 200_000.0 && y1 - y0 < 200_000.0) {
            Err(wrong("bounds_m must be [min E, min N, max E, max N] in metres, 1 to 200 km apart".to_owned()))
        } else if figures.epochs.len() < 2 || !ordered {
            Err(wrong("epochs must be at least two years in order".to_owned()))
        } else if figures.kinds.iter().any(|k| k.land.is_empty() || k.varieties.is_empty() || k.zone_ha <= 0.0) {
            Err(wrong("every kind needs land, varieties and a zone_ha above 0".to_owned()))
        } else {
            Ok(figures)
        }
    }
}
