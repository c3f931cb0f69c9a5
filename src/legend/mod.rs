//! What the labels mean: kinds of zones and what a plan asks of them, land-use codes, rules of encroachment,
//! facts of units, what a hectare yields and how much a city needs.
//!
//! Parsed from the text of `zones/`, which the caller hands in; every value there is dated and
//! sourced. No file is opened here. A text is taken whole or refused with file, line and advice: an
//! unknown key is refused, so that a typing mistake is seen. Invariant: what was parsed is consistent
//! (keys unique, colours colours, thresholds in order), so that nobody checks again.
//! `text` holds how names are compared, which labels, units and the search share.

mod demand;
mod kinds;
mod landuse;
mod rules;
mod targets;
mod text;
mod units;
mod yields;

pub use demand::{Demand, Demands};
pub use kinds::{Kind, Kinds};
pub use landuse::Legend;
pub use rules::{EditRules, Rules};
pub use targets::{Target, Targets};
pub use text::{Words, fold, spelled};
pub use units::{FORMERLY, UnitFact, Units, former_names};
pub use yields::{Yield, Yields};

pub use crate::model::{LandUseClass, Text};

/// Who says so, and when: a text in both languages; one text alone stands for both.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "AsWritten")]
pub struct Source(pub Text);

impl Source {
    /// Whether a language has nothing.
    pub fn is_empty(&self) -> bool {
        self.0.vi.trim().is_empty() || self.0.en.trim().is_empty()
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "a text, or { vi = \"…\", en = \"…\" }")]
enum AsWritten {
    One(String),
    Both(Text),
}

impl From<AsWritten> for Source {
    fn from(written: AsWritten) -> Source {
        match written {
            AsWritten::One(text) => Source(Text { vi: text.clone(), en: text }),
            AsWritten::Both(text) => Source(text),
        }
    }
}

/// A text of `zones/` that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct LegendError {
    pub file: String,
    /// Starts with the line, where there is one: `line 12: …`.
    pub message: String,
}

impl LegendError {
    /// An error at byte `offset` of `text`.
    pub(crate) fn at(file: &str, text: &str, offset: usize, message: impl std::fmt::Display) -> LegendError {
        let line = 1 + text.bytes().take(offset).filter(|b| *b == b'\n').count();
        LegendError { file: file.to_owned(), message: format!("line {line}: {message}") }
    }

    /// An error about the whole text.
    pub(crate) fn of(file: &str, message: impl std::fmt::Display) -> LegendError {
        LegendError { file: file.to_owned(), message: message.to_string() }
    }
}

/// Reads TOML into `T`; what does not fit is told with its line.
pub(crate) fn parse_toml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, LegendError> {
    // Editors on Windows put a byte-order mark in front, which is no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    toml::from_str(text).map_err(|e| match e.span() {
        Some(span) => LegendError::at(file, text, span.start, e.message()),
        None => LegendError::of(file, e.message()),
    })
}
