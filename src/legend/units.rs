//! `zones/units.csv`: the communes and wards of the city as public registers state them.

use super::LegendError;

/// Facts of one administrative unit.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitFact {
    pub code: String,
    pub name: String,
    pub full_name: String,
    pub area_km2: f64,
    /// A point inside, WGS 84 degrees.
    pub lon: f64,
    pub lat: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Units {
    pub units: Vec<UnitFact>,
}

impl Units {
    /// Reads `code,name,full_name,area_km2_official,area_km2_measured,lon,lat`; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Units, LegendError> {
        let _ = text;
        Err(LegendError { file: file.to_owned(), message: "units cannot be read yet".to_owned() })
    }
}
