//! EPSG in, transformation out: which CRS is allowed, what leads from one to another, does a file's CRS
//! fit its coordinates. The only user of PROJ.
//!
//! Invariant: coordinates are always x = easting or longitude, y = northing or latitude, metres or
//! degrees, whatever order an authority states; no point leaves a transformation infinite; a datum shift
//! from or to VN-2000 is a named operation, EPSG:6960 unless another is asked for.

mod binding;
mod mistakes;
mod transform;
mod vn2000;

pub use mistakes::{Mistake, Relocation, flipped_shift_m};
pub use transform::{Operation, Transform};

use crate::model::EpsgCode;
use binding::{Context, Kind, Object};

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CrsError {
    #[error("{0} is no coordinate reference system that PROJ knows")]
    Unknown(String),
    /// Deprecated VN-2000 zones with false easting and northing swapped.
    #[error("{name} is refused: its false easting and northing are swapped (0 and 500,000). {instead}")]
    Refused { name: String, instead: String },
    #[error("{name} is neither projected nor geographic on the Earth; give one that is, like EPSG:5897")]
    NotOfTheGround { name: String },
    #[error("{name} cannot be a workspace's CRS: {reason}. Give a projected one in metres, like EPSG:5897")]
    NotForAWorkspace { name: String, reason: &'static str },
    #[error("there is no way from {from} to {to} without a grid that is not installed")]
    NoWay { from: String, to: String },
    #[error("{operation} cannot be used: {reason}")]
    BadOperation { operation: EpsgCode, reason: String },
    #[error("the point {x} {y} cannot be transformed from {from} to {to}")]
    OutOfReach { x: f64, y: f64, from: String, to: String },
    #[error("libproj gave no context; memory is out")]
    NoContext,
}

/// Which ground the coordinates rest on, as far as an operation depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datum {
    Vn2000,
    Wgs84,
    Other,
}

/// A coordinate reference system that is allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Crs {
    /// What PROJ reads: `EPSG:5897`, WKT or PROJJSON; horizontal, without a bound transformation on VN-2000.
    definition: String,
    pub code: Option<EpsgCode>,
    /// `VN-2000 / TM-3 zone 482`.
    pub name: String,
    pub datum: Datum,
    pub is_geographic: bool,
    /// On WGS 84, but with the projection of this zone of VN-2000: the datum was likely lost on the way.
    pub lost_vn2000: Option<EpsgCode>,
    /// Metres (projected) or radians (geographic) in one unit.
    unit_factor: f64,
    /// The authority states latitude or northing first (GDAL's axis mapping is relative to that).
    pub is_north_first: bool,
    /// West, south, east, north in degrees; the world when none is stated.
    pub area_deg: [f64; 4],
    /// min x, min y, max x, max y in the CRS's own units: nothing that is right lies outside.
    allowed: [f64; 4],
}

const WORLD_DEG: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];

impl Crs {
    /// # Errors
    /// `Unknown`, `Refused`, `NotOfTheGround`.
    pub fn from_epsg(code: EpsgCode) -> Result<Crs, CrsError> {
        if let Some(refused) = vn2000::refused_code(code) {
            return Err(refused);
        }
        Crs::parse(&code.to_string())
    }

    /// From WKT, PROJJSON, a PROJ string or an authority's code.
    pub fn parse(definition: &str) -> Result<Crs, CrsError> {
        let context = Context::new().ok_or(CrsError::NoContext)?;
        let shown = || definition.chars().take(80).collect::<String>();
        let object = context.create(definition).ok_or_else(|| CrsError::Unknown(shown()))?;
        read(&context, object, definition)
    }

    /// A CRS that a workspace can have: projected, metres, areas true to its projection.
    pub fn for_workspace(code: EpsgCode) -> Result<Crs, CrsError> {
        let crs = Crs::from_epsg(code)?;
        let no = |reason| Err(CrsError::NotForAWorkspace { name: crs.label(), reason });
        if crs.is_geographic {
            return no("its unit is the degree");
        }
        if (crs.unit_factor - 1.0).abs() > 1e-12 {
            return no("its unit is not the metre");
        }
        if code == EpsgCode::WEB_MERCATOR || crs.name.contains("Pseudo-Mercator") {
            return no("Web Mercator makes areas too large, in Hanoi by 15 %");
        }
        Ok(crs)
    }

    /// The CRS that this one is but for its datum's name, which old GeoTIFFs lose: Europe's grid of land cover, which
    /// its numbers alone tell. None when the datum is named, or the numbers are others.
    pub fn unnamed_twin(&self) -> Option<Crs> {
        /// Latitude and longitude of origin, false easting and northing of EPSG:3035.
        const EUROPE: [(&str, f64); 4] = [
            ("Latitude of natural origin", 52.0),
            ("Longitude of natural origin", 10.0),
            ("False easting", 4_321_000.0),
            ("False northing", 3_210_000.0),
        ];
        if self.code.is_some() || self.is_geographic || self.datum != Datum::Other {
            return None;
        }
        let context = Context::new()?;
        let object = context.create(&self.definition)?;
        let datum = object.datum()?.name().to_lowercase();
        let conversion = object.operation()?;
        let is_nameless = datum.starts_with("unknown") || datum.starts_with("not specified") || datum.starts_with("not_specified");
        let is_europe = is_nameless
            && conversion.method() == "Lambert Azimuthal Equal Area"
            && EUROPE.iter().all(|(name, value)| conversion.parameter(name).is_some_and(|v| (v - value).abs() < 1e-6));
        is_europe.then(|| Crs::from_epsg(EpsgCode(3035)).ok())?
    }

    /// What `parse` makes this CRS from again: a code, or WKT.
    pub fn definition(&self) -> &str {
        &self.definition
    }

    /// `EPSG:5897 (VN-2000 / TM-3 zone 482)`, or the name alone.
    pub fn label(&self) -> String {
        match self.code {
            Some(code) => format!("{code} ({})", self.name),
            None => self.name.clone(),
        }
    }

    /// `EPSG:5897`, or the name when there is no code: what a layer keeps as its source CRS.
    pub fn short(&self) -> String {
        self.code.map_or_else(|| self.name.clone(), |code| code.to_string())
    }

    /// Whether coordinates with these bounds (min x, min y, max x, max y) can be in this CRS.
    pub fn fits(&self, bounds: [f64; 4]) -> bool {
        let [x0, y0, x1, y1] = self.allowed;
        let inside = bounds[0] >= x0 && bounds[1] >= y0 && bounds[2] <= x1 && bounds[3] <= y1;
        inside && (self.is_geographic || !within(bounds, WORLD_DEG))
    }

    /// What is wrong with declaring this CRS for coordinates with these bounds, and what they are
    /// likely in; none when they fit.
    pub fn contradiction(&self, bounds: [f64; 4]) -> Option<String> {
        (!self.fits(bounds)).then(|| {
            let unit = if self.is_geographic { "degrees" } else { "metres" };
            let [x0, y0, x1, y1] = bounds.map(|v| if v.abs() < 1000.0 { format!("{v:.5}") } else { format!("{v:.0}") });
            format!(
                "the coordinates (x {x0} to {x1}, y {y0} to {y1}) cannot be {unit} of {}: {}",
                self.label(),
                vn2000::likely_truth(self, bounds)
            )
        })
    }

    /// Whether coordinates with these bounds cannot be in this CRS, and can when northing and easting are exchanged.
    pub fn is_likely_swapped(&self, bounds: [f64; 4]) -> bool {
        let [x0, y0, x1, y1] = bounds;
        !self.fits(bounds) && (self.is_geographic || !within(bounds, WORLD_DEG)) && self.fits([y0, x0, y1, x1])
    }

    /// Well-known text 1, as a GeoPackage's list of CRSs wants it.
    pub fn wkt1(&self) -> Result<String, CrsError> {
        let context = Context::new().ok_or(CrsError::NoContext)?;
        context.create(&self.definition).and_then(|object| object.wkt1()).ok_or_else(|| CrsError::Unknown(self.label()))
    }

    /// The definition that browsers' libraries (proj4js) read, with the shift to WGS 84 where it is one of seven parameters.
    pub fn proj4(&self) -> Result<String, CrsError> {
        let context = Context::new().ok_or(CrsError::NoContext)?;
        let object = context.create(&self.definition).ok_or_else(|| CrsError::Unknown(self.label()))?;
        let plain = object.proj4().ok_or_else(|| CrsError::Unknown(self.label()))?;
        let plain = plain.replace(" +type=crs", "");
        let shift = match self.datum {
            Datum::Vn2000 => context.create(&vn2000::urn(vn2000::DEFAULT_OPERATION)).and_then(|o| o.to_wgs84()),
            Datum::Wgs84 => None,
            Datum::Other => {
                let base = object.geodetic();
                let wgs84 = context.create("EPSG:4326");
                base.zip(wgs84)
                    .and_then(|(base, wgs84)| context.operations(&base, &wgs84, Some(self.area_deg)).iter().find_map(Object::to_wgs84))
            }
        };
        Ok(match shift {
            Some(values) if !plain.contains("+towgs84") && !plain.contains("+datum") => {
                let values: Vec<String> = values.iter().map(f64::to_string).collect();
                plain.replace(" +no_defs", &format!(" +towgs84={} +no_defs", values.join(",")))
            }
            _ => plain,
        })
    }
}

/// The one-line definition of a CRS for browsers. See `Crs::proj4`.
pub fn proj4_definition(code: EpsgCode) -> Result<String, CrsError> {
    Crs::from_epsg(code)?.proj4()
}

fn within(inner: [f64; 4], outer: [f64; 4]) -> bool {
    inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3]
}

fn epsg(object: &Object) -> Option<EpsgCode> {
    let (authority, code) = object.id()?;
    (authority == "EPSG").then(|| code.parse().ok().map(EpsgCode)).flatten()
}

fn read(context: &Context, object: Object, definition: &str) -> Result<Crs, CrsError> {
    let mut object = object;
    let mut definition = definition.to_owned();
    let mut to_wgs84 = None;
    let mut bound = None;
    while let Some(inner) = object.inner() {
        if object.kind() == Kind::Bound {
            to_wgs84 = object.operation().and_then(|o| o.to_wgs84());
            bound = Some(definition.clone());
        }
        object = inner;
        definition = object.wkt().unwrap_or_default();
    }
    let mut name = object.name();
    let is_named = !["", "unnamed", "unknown"].contains(&name.to_lowercase().as_str());
    let mut code = epsg(&object);
    if let Some(refused) = code.and_then(vn2000::refused_code) {
        return Err(refused);
    }
    let is_geographic = match object.kind() {
        Kind::Geographic => true,
        Kind::Projected => false,
        _ => return Err(CrsError::NotOfTheGround { name }),
    };
    if !is_geographic && let Some(refused) = vn2000::refused_projection(&name, &object) {
        return Err(refused);
    }
    let base = object.geodetic().ok_or_else(|| CrsError::NotOfTheGround { name: name.clone() })?;
    let datum = vn2000::datum_of(&base, to_wgs84);
    if datum == Datum::Other
        && let Some(bound) = bound
    {
        // The file's own seven parameters are all there is to go by.
        definition = bound;
    }
    let lost_vn2000 = (!is_geographic && code.is_none() && datum == Datum::Wgs84).then(|| vn2000::lost_zone(context, &object, is_named));
    if let Some(code) = code {
        definition = code.to_string();
    } else if !is_geographic {
        // MapInfo, for one, keeps neither code nor name.
        let zone = || (datum == Datum::Vn2000).then(|| vn2000::zone_of(context, &object)).flatten();
        if let Some(known) = zone().or_else(|| object.identified()) {
            (code, name) = (epsg(&known), known.name());
        } else if !is_named {
            name = vn2000::described(&object, &base, datum);
        }
    }
    let axes = object.axes();
    let is_north_first = axes.first().is_some_and(|a| a.direction == "north") && axes.get(1).is_some_and(|a| a.direction == "east");
    let unit_factor = axes.first().map_or(1.0, |a| a.unit_factor);
    let stated = object.area_of_use();
    let area_deg = stated.or_else(|| vn2000::area_without_code(datum, &object)).unwrap_or(WORLD_DEG);
    let mut crs = Crs {
        definition,
        code,
        name,
        datum,
        is_geographic,
        lost_vn2000: lost_vn2000.flatten(),
        unit_factor,
        is_north_first,
        area_deg,
        allowed: [f64::NEG_INFINITY; 4],
    };
    crs.allowed = allowed(context, &object, &base, &crs);
    Ok(crs)
}

/// The area of use with a margin, in the CRS's own units.
fn allowed(context: &Context, object: &Object, base: &Object, crs: &Crs) -> [f64; 4] {
    const EVERYTHING: [f64; 4] = [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY];
    // A TM-3 zone is 3° wide and one cadastre uses one zone; elsewhere whole countries are kept in one UTM zone.
    let margin_deg = match (crs.datum, crs.is_geographic) {
        (Datum::Vn2000, false) => 0.25,
        (Datum::Vn2000, true) => 1.0,
        _ => 4.0,
    };
    let [west, south, east, north] = crs.area_deg;
    if crs.is_geographic {
        let per_unit = 1f64.to_radians() / crs.unit_factor;
        if west > east {
            return [-360.0 * per_unit, -90.0 * per_unit, 360.0 * per_unit, 90.0 * per_unit];
        }
        // Longitudes from 0 to 360 occur in files of the world.
        let (west, east) = if east - west > 350.0 { (-360.0, 360.0) } else { (west - margin_deg, east + margin_deg) };
        return [west, (south - margin_deg).max(-90.0), east, (north + margin_deg).min(90.0)].map(|v| v * per_unit);
    }
    if west > east || crs.area_deg == WORLD_DEG {
        return EVERYTHING;
    }
    let pipeline = context.operations(base, object, None).first().and_then(|o| o.x_first()?.pipeline());
    let Some(mut pipeline) = pipeline.and_then(|p| binding::Pipeline::new(&p)) else { return EVERYTHING };
    // The base CRS's own unit is the degree for all but a few; those are not judged.
    if base.axes().first().is_none_or(|a| (a.unit_factor - 1f64.to_radians()).abs() > 1e-9) {
        return EVERYTHING;
    }
    let [west, south, east, north] =
        [west - margin_deg, (south - margin_deg).max(-89.0), east + margin_deg, (north + margin_deg).min(89.0)];
    let steps = 16;
    let along = |from: f64, to: f64, i: i32| from + (to - from) * f64::from(i) / f64::from(steps);
    let mut points: Vec<_> = (0..=steps)
        .flat_map(|i| (0..=steps).map(move |j| crate::model::Coord { x: along(west, east, i), y: along(south, north, j) }))
        .collect();
    pipeline.run(&mut points, true);
    points
        .iter()
        .filter(|c| c.x.is_finite() && c.y.is_finite())
        .fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |b, c| {
            [b[0].min(c.x), b[1].min(c.y), b[2].max(c.x), b[3].max(c.y)]
        })
}

#[cfg(test)]
mod tests;
