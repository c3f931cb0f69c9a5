//! What the labels mean: kinds of zones, land-use codes, rules of encroachment, facts of units.
//!
//! Parsed from the text of `zones/`, which the caller hands in; every value there is dated and
//! sourced. No file is opened here.

mod kinds;
mod landuse;
mod rules;
mod units;

pub use kinds::{Kind, Kinds};
pub use landuse::{LandUseClass, Legend};
pub use rules::Rules;
pub use units::{UnitFact, Units};

/// A text of `zones/` that could not be understood.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{file}: {message}")]
pub struct LegendError {
    pub file: String,
    pub message: String,
}

/// One text in the two languages of the screen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Text {
    pub vi: String,
    pub en: String,
}
