//! One way from a CRS to another: stages of PROJ pipelines, made once, run by any thread.
//!
//! `Transform` is cheap to clone and may be used by many threads at once: each takes a set of pipelines
//! of its own from a pool, or makes one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::binding::{Context, Kind, Object, Pipeline};
use super::{Crs, CrsError, Datum, vn2000};
use crate::model::{Coord, EpsgCode};

/// The datum operation that was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    pub code: Option<EpsgCode>,
    /// `VN-2000 to WGS 84 (2)`.
    pub name: String,
    /// As its authority states it.
    pub accuracy_m: Option<f64>,
    /// PROJ knows no way between the two datums and takes them for one: metres to hundreds of metres off.
    pub is_ballpark: bool,
}

/// `EPSG:6960`, or the name when it has no code.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => code.fmt(f),
            None => f.write_str(&self.name),
        }
    }
}

#[derive(Clone)]
pub struct Transform {
    shared: Arc<Shared>,
}

struct Shared {
    from: String,
    to: String,
    stages: Vec<Stage>,
    operation: Option<Operation>,
    pool: Mutex<Vec<Vec<Pipeline>>>,
}

#[derive(Clone)]
struct Stage {
    pipeline: String,
    forward: bool,
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transform({} → {}, {:?})", self.shared.from, self.shared.to, self.shared.operation)
    }
}

impl Transform {
    /// The way from one CRS to another. Between VN-2000 and another datum it goes through `operation`,
    /// EPSG:6960 by default; elsewhere through `operation` when given, else through what PROJ thinks best
    /// for the source's area of use.
    ///
    /// # Errors
    /// `BadOperation` when `operation` leads elsewhere; `NoWay`.
    pub fn new(from: &Crs, to: &Crs, operation: Option<EpsgCode>) -> Result<Transform, CrsError> {
        let context = Context::new().ok_or(CrsError::NoContext)?;
        let object = |crs: &Crs| context.create(&crs.definition).ok_or_else(|| CrsError::Unknown(crs.label()));
        let (source, target) = (object(from)?, object(to)?);
        let route = Route { context: &context, from, to, source: &source, target: &target };
        let (stages, operation) = route.find(operation)?;
        let stages = stages.into_iter().filter(|s| s.pipeline != "+proj=noop").collect();
        Ok(Transform { shared: Arc::new(Shared { from: from.label(), to: to.label(), stages, operation, pool: Mutex::default() }) })
    }

    /// The same between two codes, with the default operation.
    pub fn between(from: EpsgCode, to: EpsgCode) -> Result<Transform, CrsError> {
        Transform::new(&Crs::from_epsg(from)?, &Crs::from_epsg(to)?, None)
    }

    /// The way back, by the same operation.
    pub fn inverse(&self) -> Transform {
        let Shared { from, to, stages, operation, .. } = self.shared.as_ref();
        let back = |stage: &Stage| Stage { pipeline: stage.pipeline.clone(), forward: !stage.forward };
        let stages = stages.iter().rev().map(back).collect();
        let shared = Shared { from: to.clone(), to: from.clone(), stages, operation: operation.clone(), pool: Mutex::default() };
        Transform { shared: Arc::new(shared) }
    }

    /// The datum operation; none when both CRSs rest on one datum.
    pub fn operation(&self) -> Option<&Operation> {
        self.shared.operation.as_ref()
    }

    /// Whether coordinates come out as they went in.
    pub fn is_identity(&self) -> bool {
        self.shared.stages.is_empty()
    }

    /// Transforms all points in place.
    ///
    /// # Errors
    /// `OutOfReach` with the first point that has no image; the points are then of no use.
    pub fn apply(&self, coords: &mut [Coord]) -> Result<(), CrsError> {
        let lost = |at: Option<&Coord>| {
            let at = at.copied().unwrap_or(Coord { x: f64::NAN, y: f64::NAN });
            CrsError::OutOfReach { x: at.x, y: at.y, from: self.shared.from.clone(), to: self.shared.to.clone() }
        };
        let not_finite = |c: &Coord| !(c.x.is_finite() && c.y.is_finite());
        if let Some(at) = coords.iter().position(not_finite) {
            return Err(lost(coords.get(at)));
        }
        if self.is_identity() || coords.is_empty() {
            return Ok(());
        }
        let mut pipelines = self.take_pipelines()?;
        let first = coords.first().copied();
        let mut failed = false;
        for (pipeline, stage) in pipelines.iter_mut().zip(&self.shared.stages) {
            pipeline.run(coords, stage.forward);
            if coords.iter().any(not_finite) {
                failed = true;
                break;
            }
        }
        self.shared.pool.lock().unwrap_or_else(PoisonError::into_inner).push(pipelines);
        if failed { Err(lost(first.as_ref())) } else { Ok(()) }
    }

    /// The image of one point.
    pub fn point(&self, at: Coord) -> Result<Coord, CrsError> {
        let mut one = [at];
        self.apply(&mut one).map_err(|e| match e {
            CrsError::OutOfReach { from, to, .. } => CrsError::OutOfReach { x: at.x, y: at.y, from, to },
            other => other,
        })?;
        Ok(one[0])
    }

    fn take_pipelines(&self) -> Result<Vec<Pipeline>, CrsError> {
        // The guard lives for this statement only: a pipeline is made with the lock free.
        let idle = self.shared.pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(pipelines) => Ok(pipelines),
            None => self.shared.stages.iter().map(|s| Pipeline::new(&s.pipeline).ok_or(CrsError::NoContext)).collect(),
        }
    }
}

struct Route<'a> {
    context: &'a Context,
    from: &'a Crs,
    to: &'a Crs,
    source: &'a Object<'a>,
    target: &'a Object<'a>,
}

type Found = (Vec<Stage>, Option<Operation>);

impl Route<'_> {
    fn find(&self, wanted: Option<EpsgCode>) -> Result<Found, CrsError> {
        let (from, to) = (self.from, self.to);
        if from.definition == to.definition || self.source.same_crs(self.target) && from.datum == to.datum {
            return Ok((Vec::new(), None));
        }
        let crosses = (from.datum == Datum::Vn2000) != (to.datum == Datum::Vn2000);
        if from.datum == to.datum && from.datum != Datum::Other {
            // Names of one datum vary between files: what is the same ground is not shifted.
            return Ok((vec![self.conversion(self.source, false)?, self.conversion(self.target, true)?], None));
        }
        match wanted.or(crosses.then_some(vn2000::DEFAULT_OPERATION)) {
            Some(code) => self.by_operation(code),
            None => self.by_best(),
        }
    }

    fn no_way(&self) -> CrsError {
        CrsError::NoWay { from: self.from.label(), to: self.to.label() }
    }

    /// Projection to or from a CRS's own longitude and latitude.
    fn conversion(&self, object: &Object, forward: bool) -> Result<Stage, CrsError> {
        if object.kind() == Kind::Geographic {
            // Longitude and latitude in degrees already, but for a CRS in grads or with another prime meridian.
            let own = object.axes().first().map_or(1.0, |a| a.unit_factor) / 1f64.to_radians();
            if (own - 1.0).abs() < 1e-9 {
                return Ok(Stage { pipeline: "+proj=noop".to_owned(), forward });
            }
            return Ok(Stage { pipeline: format!("+proj=affine +s11={own:.17} +s22={own:.17}"), forward: !forward });
        }
        let base = object.geodetic().ok_or_else(|| self.no_way())?;
        let operations = self.context.operations(&base, object, None);
        let pipeline = operations.first().and_then(|o| o.x_first()?.pipeline()).ok_or_else(|| self.no_way())?;
        Ok(Stage { pipeline, forward })
    }

    fn by_operation(&self, code: EpsgCode) -> Result<Found, CrsError> {
        let bad = |reason: String| CrsError::BadOperation { operation: code, reason };
        let operation =
            self.context.create(&vn2000::urn(code)).ok_or_else(|| bad("PROJ knows no coordinate operation of this code".to_owned()))?;
        let ends = operation.source().zip(operation.target()).ok_or_else(|| bad("it is no transformation between two CRSs".to_owned()))?;
        let ends = [ends.0, ends.1];
        let datums = ends.each_ref().map(|end| end.geodetic().map_or(Datum::Other, |base| vn2000::datum_of(&base, None)));
        let rests_on = |crs: &Crs, object: &Object, at: usize| match (crs.datum, datums[at]) {
            (Datum::Other, Datum::Other) => object.geodetic().is_some_and(|base| base.same_crs(&ends[at])),
            (a, b) => a == b,
        };
        let pipeline = operation.x_first().and_then(|o| o.pipeline()).ok_or_else(|| bad("PROJ cannot run it".to_owned()))?;
        let applied = Operation { code: Some(code), name: operation.name(), accuracy_m: operation.accuracy_m(), is_ballpark: false };
        let (starts, arrives) = if rests_on(self.from, self.source, 0) {
            (0, 1)
        } else if rests_on(self.to, self.target, 0) {
            (1, 0)
        } else {
            let reason = format!(
                "{} leads from {} to {}, not from {} to {}",
                operation.name(),
                ends[0].name(),
                ends[1].name(),
                self.from.label(),
                self.to.label()
            );
            return Err(bad(reason));
        };
        let shift = Stage { pipeline, forward: starts == 0 };
        // The other side may rest on a third datum: from WGS 84 on, PROJ finds the way.
        let stages = if starts == 0 {
            vec![self.conversion(self.source, false)?, shift, self.last_leg(&ends[arrives])?]
        } else {
            vec![self.first_leg(&ends[starts])?, shift, self.conversion(self.target, true)?]
        };
        Ok((stages, Some(applied)))
    }

    fn last_leg(&self, from: &Object) -> Result<Stage, CrsError> {
        if self.to.datum == Datum::Wgs84 {
            return self.conversion(self.target, true);
        }
        Ok(Stage { pipeline: self.best(from, self.target, self.to.area_deg)?.1, forward: true })
    }

    fn first_leg(&self, to: &Object) -> Result<Stage, CrsError> {
        if self.from.datum == Datum::Wgs84 {
            return self.conversion(self.source, false);
        }
        Ok(Stage { pipeline: self.best(self.source, to, self.from.area_deg)?.1, forward: true })
    }

    fn by_best(&self) -> Result<Found, CrsError> {
        let (operation, pipeline) = self.best(self.source, self.target, self.from.area_deg)?;
        Ok((vec![Stage { pipeline, forward: true }], describe(&operation)))
    }

    /// The best operation that is no mere guess, else the best there is.
    fn best(&self, from: &Object, to: &Object, area_deg: [f64; 4]) -> Result<(Object<'_>, String), CrsError> {
        let area = (area_deg != super::WORLD_DEG).then_some(area_deg);
        let mut operations = self.context.operations(from, to, area);
        let at = operations.iter().position(|o| !o.is_ballpark()).unwrap_or(0);
        if at >= operations.len() {
            return Err(self.no_way());
        }
        let operation = operations.swap_remove(at);
        let pipeline = operation.x_first().and_then(|o| o.pipeline()).ok_or_else(|| self.no_way())?;
        Ok((operation, pipeline))
    }
}

/// What an operation does to the datum; none when it only projects.
fn describe(operation: &Object) -> Option<Operation> {
    let steps = if operation.kind() == Kind::Concatenated { operation.steps() } else { Vec::new() };
    let transformations: Vec<&Object> = if steps.is_empty() { vec![operation] } else { steps.iter().collect() }
        .into_iter()
        .filter(|s| s.kind() != Kind::Conversion)
        .collect();
    let name = transformations.iter().map(|s| s.name()).collect::<Vec<_>>().join(" + ");
    let code = match transformations.as_slice() {
        [] => return None,
        [one] => one.id().filter(|(authority, _)| authority.contains("EPSG")).and_then(|(_, code)| code.parse().ok().map(EpsgCode)),
        _ => None,
    };
    Some(Operation { code, name, accuracy_m: operation.accuracy_m(), is_ballpark: operation.is_ballpark() })
}
