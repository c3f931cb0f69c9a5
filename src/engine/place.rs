//! Where the workspace lies: its CRS, and the way to lon/lat and to the map's Web Mercator.

use std::collections::HashMap;

use serde::Serialize;

use super::EngineError;
use crate::crs::{Crs, Transform};
use crate::model::{Coord, EpsgCode, Geometry, MultiPolygon, Polygon};

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
        let known = Crs::from_epsg(crs)?;
        Ok(Place {
            crs,
            facts: CrsFacts { code: crs, name: known.name.clone(), proj4: known.proj4()? },
            to_lonlat: Transform::between(crs, EpsgCode::WGS84)?,
            from_lonlat: Transform::between(EpsgCode::WGS84, crs)?,
            to_mercator: Transform::between(crs, EpsgCode::WEB_MERCATOR)?,
        })
    }

    pub fn to_lonlat(&self, shape: &MultiPolygon) -> Result<MultiPolygon, EngineError> {
        transformed(&self.to_lonlat, shape)
    }

    /// Any geometry in Web Mercator metres.
    pub fn to_mercator(&self, shape: &Geometry) -> Result<Geometry, EngineError> {
        let mut shape = shape.clone();
        each_run(&mut shape, &mut |run| self.to_mercator.apply(run))?;
        Ok(shape)
    }

    /// Points that several shapes have are transformed once.
    pub fn polygons_to_mercator(&self, shapes: &[&MultiPolygon]) -> Result<Vec<MultiPolygon>, EngineError> {
        let mut shapes: Vec<MultiPolygon> = shapes.iter().map(|shape| (*shape).clone()).collect();
        let mut numbers: HashMap<[u64; 2], usize, foldhash::fast::RandomState> = HashMap::default();
        let (mut points, mut order) = (Vec::new(), Vec::new());
        each_run_of(&mut shapes, &mut |run| {
            order.extend(run.iter().map(|c| {
                *numbers.entry([c.x.to_bits(), c.y.to_bits()]).or_insert_with(|| {
                    points.push(*c);
                    points.len() - 1
                })
            }));
            Ok(())
        })?;
        self.to_mercator.apply(&mut points)?;
        let mut transformed = order.into_iter().map(|number| points[number]);
        each_run_of(&mut shapes, &mut |run| {
            run.iter_mut().zip(&mut transformed).for_each(|(c, there)| *c = there);
            Ok(())
        })?;
        Ok(shapes)
    }

    pub fn point_to_lonlat(&self, at: Coord) -> Result<Coord, EngineError> {
        Ok(self.to_lonlat.point(at)?)
    }

    pub fn point_from_lonlat(&self, at: Coord) -> Result<Coord, EngineError> {
        Ok(self.from_lonlat.point(at)?)
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
    transform.apply(&mut points)?;
    let first = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    Ok(points.iter().fold(first, |b, p| [b[0].min(p.x), b[1].min(p.y), b[2].max(p.x), b[3].max(p.y)]))
}

fn transformed(transform: &Transform, shape: &MultiPolygon) -> Result<MultiPolygon, EngineError> {
    let mut shape = shape.clone();
    for polygon in &mut shape.0 {
        polygon_runs(polygon, &mut |run| transform.apply(run))?;
    }
    Ok(shape)
}

fn each_run_of(shapes: &mut [MultiPolygon], each: Each) -> Result<(), EngineError> {
    shapes.iter_mut().flat_map(|shape| &mut shape.0).try_for_each(|polygon| polygon_runs(polygon, each))
}

type Each<'a> = &'a mut dyn FnMut(&mut [Coord]) -> Result<(), crate::crs::CrsError>;

fn polygon_runs(polygon: &mut Polygon, each: Each) -> Result<(), EngineError> {
    let mut result = Ok(());
    polygon.exterior_mut(|ring| result = each(&mut ring.0));
    result?;
    let mut result = Ok(());
    polygon.interiors_mut(|rings| result = rings.iter_mut().try_for_each(|ring| each(&mut ring.0)));
    Ok(result?)
}

/// Hands each run of points of a geometry to `each`.
fn each_run(shape: &mut Geometry, each: Each) -> Result<(), EngineError> {
    use geo_types::Geometry as G;
    match shape {
        G::Point(point) => each(std::slice::from_mut(&mut point.0))?,
        G::MultiPoint(points) => points.0.iter_mut().try_for_each(|p| each(std::slice::from_mut(&mut p.0)))?,
        G::LineString(line) => each(&mut line.0)?,
        G::MultiLineString(lines) => lines.0.iter_mut().try_for_each(|l| each(&mut l.0))?,
        G::Polygon(polygon) => polygon_runs(polygon, each)?,
        G::MultiPolygon(polygons) => polygons.0.iter_mut().try_for_each(|p| polygon_runs(p, each))?,
        G::GeometryCollection(parts) => parts.0.iter_mut().try_for_each(|g| each_run(g, each))?,
        // Never read from a file or a store.
        G::Line(_) | G::Rect(_) | G::Triangle(_) => {}
    }
    Ok(())
}
