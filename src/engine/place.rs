//! Where the workspace lies: its CRS, and the way to lon/lat and to the map's Web Mercator.

use serde::Serialize;

use super::EngineError;
use crate::crs::{self, Transform};
use crate::model::{Coord, EpsgCode, MultiPolygon};

/// What a browser needs to show coordinates.
#[derive(Debug, Clone, Serialize)]
pub struct CrsFacts {
    pub code: EpsgCode,
    pub name: String,
    /// For proj4js, with the datum shift written out.
    pub proj4: String,
}

#[derive(Debug)]
pub struct Place {
    pub crs: EpsgCode,
    pub facts: CrsFacts,
    to_lonlat: Transform,
    from_lonlat: Transform,
    to_mercator: Transform,
}

impl Place {
    pub fn new(crs: EpsgCode) -> Result<Place, EngineError> {
        Ok(Place {
            crs,
            facts: CrsFacts { code: crs, name: crs::name(crs)?, proj4: crs::proj4_definition(crs)? },
            to_lonlat: Transform::between(crs, EpsgCode::WGS84)?,
            from_lonlat: Transform::between(EpsgCode::WGS84, crs)?,
            to_mercator: Transform::between(crs, EpsgCode::WEB_MERCATOR)?,
        })
    }

    pub fn to_lonlat(&self, shape: &MultiPolygon) -> Result<MultiPolygon, EngineError> {
        Ok(self.to_lonlat.shape(shape)?)
    }

    pub fn to_mercator(&self) -> &Transform {
        &self.to_mercator
    }

    pub fn point_to_lonlat(&self, at: Coord) -> Result<Coord, EngineError> {
        let mut points = [at];
        self.to_lonlat.convert(&mut points)?;
        Ok(points[0])
    }

    pub fn point_from_lonlat(&self, at: Coord) -> Result<Coord, EngineError> {
        let mut points = [at];
        self.from_lonlat.convert(&mut points)?;
        Ok(points[0])
    }

    /// The box around a box of the workspace's CRS, in degrees.
    pub fn bounds_to_lonlat(&self, bounds: [f64; 4]) -> Result<[f64; 4], EngineError> {
        around(&self.to_lonlat, bounds)
    }

    /// The box around a box of degrees, in the workspace's CRS. What lies outside the CRS's reach is cut off.
    pub fn bounds_from_lonlat(&self, bounds: [f64; 4]) -> Result<[f64; 4], EngineError> {
        around(&self.from_lonlat, bounds)
    }
}

/// A straight edge becomes a curve: points along the edges are taken too.
fn around(transform: &Transform, [x0, y0, x1, y1]: [f64; 4]) -> Result<[f64; 4], EngineError> {
    const STEPS: u32 = 8;
    let mut points = Vec::new();
    for i in 0..=STEPS {
        let t = f64::from(i) / f64::from(STEPS);
        let (x, y) = (x0 + t * (x1 - x0), y0 + t * (y1 - y0));
        points.extend([Coord { x, y: y0 }, Coord { x, y: y1 }, Coord { x: x0, y }, Coord { x: x1, y }]);
    }
    transform.convert(&mut points)?;
    let first = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    Ok(points.iter().fold(first, |b, p| [b[0].min(p.x), b[1].min(p.y), b[2].max(p.x), b[3].max(p.y)]))
}
