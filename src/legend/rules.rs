//! `zones/rules.toml`: what encroaches on what, and from which size on.

use serde::{Deserialize, Serialize};

use super::LegendError;
use crate::model::Group;

/// Thresholds of detection, each with its source in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Groups whose presence in a zone is an event.
    pub groups: Vec<Group>,
    /// A piece smaller than this is a sliver, m².
    pub sliver_area_m2: f64,
    /// A piece narrower than this (mean width) is a sliver, metres, when it is also smaller than `sliver_narrow_area_m2`.
    pub sliver_width_m: f64,
    pub sliver_narrow_area_m2: f64,
    /// Pieces of one group in one zone that are nearer than this are one event, metres.
    pub merge_gap_m: f64,
}

impl Rules {
    /// Reads `zones/rules.toml`; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Rules, LegendError> {
        toml::from_str(text).map_err(|e| LegendError { file: file.to_owned(), message: e.to_string() })
    }
}
