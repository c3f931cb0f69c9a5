//! `zones/kinds.toml`.

use serde::Deserialize;

use super::{LegendError, Text};

/// A kind of zone: rice, safe vegetables … and any that a city adds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Kind {
    pub key: String,
    pub name: Text,
    /// `#rrggbb` on light and on dark ground.
    pub color_light: String,
    pub color_dark: String,
    /// What the plan asks the city to hold, hectares; none when no plan says.
    pub target_ha: Option<f64>,
    /// Where the target comes from, with its date.
    pub target_source: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Kinds {
    /// In the order in which they are shown.
    #[serde(rename = "kind")]
    pub kinds: Vec<Kind>,
}

impl Kinds {
    /// Reads `zones/kinds.toml`; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Kinds, LegendError> {
        toml::from_str(text).map_err(|e| LegendError { file: file.to_owned(), message: e.to_string() })
    }

    pub fn get(&self, key: &str) -> Option<&Kind> {
        self.kinds.iter().find(|k| k.key == key)
    }
}
