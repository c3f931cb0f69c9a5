//! `zones/legends/*.toml`: land-use labels and what they mean.

use super::{LegendError, Text};
use crate::model::Group;

/// One class of a legend.
#[derive(Debug, Clone, PartialEq)]
pub struct LandUseClass {
    pub code: String,
    pub name: Text,
    pub group: Group,
    /// Whether land of this class is farmland, so that leaving it can be a loss.
    pub farm: bool,
    /// Defence and security: never leaves the server.
    pub secret: bool,
    /// The official colour.
    pub rgb: [u8; 3],
}

/// A land-use legend: labels as files write them → classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Legend {
    /// `vn`, `osm`, `corine`, `worldcover`, or the file's stem.
    pub name: String,
    pub title: Text,
    pub source: String,
    pub classes: Vec<LandUseClass>,
}

impl Legend {
    /// Reads a legend's TOML; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Legend, LegendError> {
        let _ = text;
        Err(LegendError { file: file.to_owned(), message: "legends cannot be read yet".to_owned() })
    }

    /// The class of a label as a file writes it (case and spaces around do not matter); none when unmapped.
    pub fn class(&self, label: &str) -> Option<&LandUseClass> {
        let label = label.trim();
        self.classes.iter().find(|c| c.code.eq_ignore_ascii_case(label))
    }
}
