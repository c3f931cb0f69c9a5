//! The simulated city and its known truth, from a seed.

mod arcs;
mod crossings;
mod curves;
mod dice;
mod figures;
mod ground;
mod lattice;
mod rings;
mod roads;
mod territory;
mod waters;

pub use figures::{Figures, FiguresError};

/// Facts of one commune or ward, its point in EPSG:5897 metres.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitPoint {
    pub code: String,
    pub name: String,
    pub full_name: String,
    pub area_km2: f64,
    pub x: f64,
    pub y: f64,
}

#[cfg(test)]
mod tests;
