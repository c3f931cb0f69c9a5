//! One feature through the door: coordinates into the workspace's CRS, closed lines to polygons, faults
//! repaired, each with its issue. Pure but for the transformation; runs on many threads.

use super::raw::Parts;
use super::stream::Record;
use crate::crs::{Crs, Relocation, Transform};
use crate::geom::{self, FaultKind};
use crate::model::{Coord, Geometry, Issue, Kept, MultiPolygon, Polygon, Ring};

/// A feature that can be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// From the id column, else the source's feature id; distinct within the layer.
    pub id: String,
    /// In the order of `columns::of(role)`; none for NULL, blank, and a column the file does not have.
    pub values: Vec<Option<String>>,
    pub kept: Kept,
    pub shape: Shape,
    pub is_repaired: bool,
    /// Absolute signed area of the rings as read and of the shape as kept, in the workspace's CRS; 0 for lines and points.
    pub area_before_m2: f64,
    pub area_after_m2: f64,
}

/// A shape in the workspace's CRS: valid polygons for every role but context, which takes any.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Polygons(MultiPolygon),
    Any(Geometry),
}

impl Shape {
    /// The polygons; empty when a context feature has none.
    pub fn into_polygons(self) -> MultiPolygon {
        match self {
            Shape::Polygons(polygons) | Shape::Any(Geometry::MultiPolygon(polygons)) => polygons,
            Shape::Any(Geometry::Polygon(polygon)) => MultiPolygon::new(vec![polygon]),
            Shape::Any(_) => MultiPolygon::new(Vec::new()),
        }
    }

    pub fn into_geometry(self) -> Geometry {
        match self {
            Shape::Polygons(polygons) => Geometry::MultiPolygon(polygons),
            Shape::Any(geometry) => geometry,
        }
    }
}

/// A feature as read.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    pub fid: i64,
    pub id: Option<String>,
    pub values: Vec<Option<String>>,
    pub kept: Kept,
    pub parts: Option<Parts>,
    /// What a table has in place of a shape, when it cannot be read as one.
    pub shape_text: Option<String>,
}

/// What does not change from feature to feature.
pub(super) struct Door<'a> {
    pub crs: &'a Crs,
    pub transform: &'a Transform,
    pub is_swapped: bool,
    /// What moves shapes after the transformation.
    pub moved: Option<&'a Relocation>,
    /// Context takes lines and points.
    pub takes_any: bool,
    /// A record of a register is kept without land too.
    pub may_lack_land: bool,
    pub is_cad: bool,
}

impl Door<'_> {
    /// The feature in the workspace's CRS, or the reason why it was set aside.
    pub(super) fn pass(&self, unfinished: Unfinished) -> Passed {
        let name = unfinished.id.clone().unwrap_or_else(|| unfinished.fid.to_string());
        let mut passed = Passed::default();
        passed.record.n_read = 1;
        match self.shape(&name, unfinished.parts, unfinished.shape_text.as_deref(), &mut passed) {
            Ok((shape, is_repaired, area_before_m2, area_after_m2)) => {
                passed.has_id = unfinished.id.is_some();
                let feature = Feature {
                    id: name,
                    values: unfinished.values,
                    kept: unfinished.kept,
                    shape,
                    is_repaired,
                    area_before_m2,
                    area_after_m2,
                };
                passed.record.feature = Some(feature);
            }
            Err(mut issue) if self.may_lack_land && issue.code != "outside_crs" => {
                passed.has_id = unfinished.id.is_some();
                let shape = Shape::Polygons(MultiPolygon::new(Vec::new()));
                let (values, kept) = (unfinished.values, unfinished.kept);
                passed.record.feature =
                    Some(Feature { id: name, values, kept, shape, is_repaired: false, area_before_m2: 0.0, area_after_m2: 0.0 });
                if issue.code != "no_geometry" {
                    issue.message = issue.message.replace("; set aside", "; kept without land");
                    passed.record.issues.push(*issue);
                }
            }
            Err(issue) => passed.record.issues.push(*issue),
        }
        passed
    }

    fn shape(
        &self,
        id: &str,
        parts: Option<Parts>,
        shape_text: Option<&str>,
        passed: &mut Passed,
    ) -> Result<(Shape, bool, f64, f64), Box<Issue>> {
        let aside = |code, message: &str| Box::new(Issue::new(code, Some(id), format!("{message}; set aside")));
        let mut parts = match (parts, shape_text) {
            (Some(parts), _) => parts,
            (None, None) => return Err(aside("no_geometry", "the feature has no shape")),
            (None, Some(text)) => {
                let shown: String = text.chars().take(40).collect();
                let message = format!("the text “{shown}” cannot be read as a shape; write it as WKT, such as POLYGON((x y, x y, …))");
                return Err(aside("unreadable_shape", &message));
            }
        };
        if parts.is_empty() {
            return Err(aside("empty_geometry", "the shape is empty"));
        }
        let bounds = match self.bounds(&mut parts) {
            Some(bounds) => bounds,
            None => return Err(aside("not_finite", "a coordinate is not a finite number")),
        };
        if !self.crs.fits(bounds) {
            passed.outside = Some(bounds);
            return Err(aside("outside_crs", "the shape lies where the coordinate reference system cannot be used"));
        }
        if let Err(error) = self.each_ring(&mut parts, |coords| self.transform.apply(coords)) {
            return Err(aside("not_transformable", &error.to_string()));
        }
        if let Some(moved) = self.moved {
            let each = |coords: &mut [Coord]| {
                coords.iter_mut().for_each(|c| *c = moved.of(*c).unwrap_or(*c));
                Ok::<(), std::convert::Infallible>(())
            };
            let Ok(()) = self.each_ring(&mut parts, each);
        }
        let issues = &mut passed.record.issues;
        if parts.n_unclosed > 0 {
            issues.push(Issue::new("unclosed_ring", Some(id), "a ring did not end where it began; closed"));
        }
        self.close_lines(id, &mut parts, &mut passed.closed_lines, issues);
        if parts.polygons.is_empty() && !self.takes_any {
            return Err(match (parts.lines.is_empty(), parts.points.is_empty()) {
                (false, _) => {
                    Box::new(Issue { at: first(&parts.lines[0]), ..*aside("open_line", "the shape is an open line, not an area") })
                }
                (_, false) => {
                    let at = parts.points.first().map(|c| [c.x, c.y]);
                    Box::new(Issue { at, ..*aside("not_a_polygon", "the shape is a point, not an area") })
                }
                _ => aside("empty_geometry", "the shape is empty"),
            });
        }
        let has_others = !parts.lines.is_empty() || !parts.points.is_empty();
        if has_others && !self.takes_any {
            let n = parts.lines.len() + parts.points.len();
            issues.push(Issue::new("parts_left_out", Some(id), format!("{n} lines or points beside the polygons were left out")));
        }
        let repaired = geom::repair(std::mem::take(&mut parts.polygons));
        let (before, after) = (repaired.area_before_m2, repaired.area_after_m2);
        let is_repaired = !repaired.faults.is_empty() || parts.n_unclosed > 0;
        for issue in issues.iter_mut().filter(|i| i.code == "unclosed_ring") {
            (issue.area_before_m2, issue.area_after_m2) = (Some(before), Some(after));
        }
        issues.extend(faults(id, &repaired));
        if self.takes_any {
            let geometry =
                any(repaired.shape, parts).ok_or_else(|| aside("nothing_left", "nothing is left of the shape after its repair"))?;
            return Ok((Shape::Any(geometry), is_repaired, before, after));
        }
        if repaired.shape.0.is_empty() || after <= 0.0 {
            let mut issue = aside("nothing_left", "the shape encloses no area");
            (issue.area_before_m2, issue.area_after_m2) = (Some(before), Some(0.0));
            return Err(issue);
        }
        Ok((Shape::Polygons(repaired.shape), is_repaired, before, after))
    }

    /// Bounds as the CRS has them, after the axes were put right; none when a coordinate is not finite.
    fn bounds(&self, parts: &mut Parts) -> Option<[f64; 4]> {
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let mut is_finite = true;
        let swap = self.is_swapped;
        let result: Result<(), std::convert::Infallible> = self.each_ring(parts, |coords| {
            for c in coords {
                if swap {
                    (c.x, c.y) = (c.y, c.x);
                }
                is_finite &= c.x.is_finite() && c.y.is_finite();
                bounds = [bounds[0].min(c.x), bounds[1].min(c.y), bounds[2].max(c.x), bounds[3].max(c.y)];
            }
            Ok(())
        });
        result.ok().filter(|()| is_finite).map(|()| bounds)
    }

    /// Runs over the coordinates of every ring, line and point; rings stay closed because equal points stay equal.
    fn each_ring<E>(&self, parts: &mut Parts, mut run: impl FnMut(&mut [Coord]) -> Result<(), E>) -> Result<(), E> {
        for polygon in &mut parts.polygons {
            polygon.try_exterior_mut(|ring| run(&mut ring.0))?;
            polygon.try_interiors_mut(|rings| rings.iter_mut().try_for_each(|ring| run(&mut ring.0)))?;
        }
        for line in &mut parts.lines {
            run(&mut line.0)?;
        }
        run(&mut parts.points)
    }

    /// Closed lines are polygons, unless any line is welcome.
    fn close_lines(&self, id: &str, parts: &mut Parts, n_closed: &mut usize, issues: &mut Vec<Issue>) {
        if self.takes_any {
            return;
        }
        let is_closed = |line: &Ring| line.0.len() >= 4 && line.0.first() == line.0.last();
        let (closed, open): (Vec<Ring>, Vec<Ring>) = std::mem::take(&mut parts.lines).into_iter().partition(is_closed);
        parts.lines = open;
        if closed.is_empty() {
            return;
        }
        *n_closed += closed.len();
        // In a drawing every polygon is a closed line: said once for the file.
        if !self.is_cad {
            issues.push(Issue::new("closed_line", Some(id), "a closed line was taken as a polygon"));
        }
        parts.polygons.extend(closed.into_iter().map(|ring| Polygon::new(ring, Vec::new())));
    }
}

/// What became of a feature, with what is counted over the file.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub record: Record,
    /// The id is one that a column gave.
    pub has_id: bool,
    /// Bounds that the CRS cannot have.
    pub outside: Option<[f64; 4]>,
    pub closed_lines: usize,
    /// CAD layers whose texts were joined into one value; empty when they are of one.
    pub text_layers: Vec<String>,
}

fn first(line: &Ring) -> Option<[f64; 2]> {
    line.0.first().map(|c| [c.x, c.y])
}

fn any(polygons: MultiPolygon, parts: Parts) -> Option<Geometry> {
    let mut geometries = Vec::new();
    match polygons.0.len() {
        0 => {}
        _ => geometries.push(Geometry::MultiPolygon(polygons)),
    }
    let mut lines: Vec<Ring> = parts.lines.into_iter().filter(|l| l.0.len() >= 2).collect();
    match lines.len() {
        0 => {}
        1 => geometries.extend(lines.pop().map(Geometry::LineString)),
        _ => geometries.push(Geometry::MultiLineString(geo_types::MultiLineString::new(lines))),
    }
    let mut points: Vec<geo_types::Point<f64>> = parts.points.into_iter().map(geo_types::Point::from).collect();
    match points.len() {
        0 => {}
        1 => geometries.extend(points.pop().map(Geometry::Point)),
        _ => geometries.push(Geometry::MultiPoint(geo_types::MultiPoint::new(points))),
    }
    match geometries.len() {
        0 | 1 => geometries.pop(),
        _ => Some(Geometry::GeometryCollection(geo_types::GeometryCollection::from(geometries))),
    }
}

/// One issue for each kind of fault, at its first place.
fn faults(id: &str, repaired: &geom::Repaired) -> Vec<Issue> {
    let mut kinds: Vec<FaultKind> = Vec::new();
    let mut issues = Vec::new();
    for fault in &repaired.faults {
        if kinds.contains(&fault.kind) {
            continue;
        }
        kinds.push(fault.kind);
        let n = repaired.faults.iter().filter(|f| f.kind == fault.kind).count();
        let (code, what) = match fault.kind {
            FaultKind::NotFinite => ("not_finite", "a coordinate is not a finite number"),
            FaultKind::Unclosed => ("unclosed_ring", "a ring does not end where it begins"),
            FaultKind::TooFewPoints => ("too_few_points", "a ring has fewer than three distinct points"),
            FaultKind::RepeatedPoints => ("repeated_points", "a point is repeated"),
            FaultKind::SelfIntersection => ("self_intersection", "a ring crosses or touches itself"),
            FaultKind::RingsIntersect => ("rings_intersect", "two rings cross"),
            FaultKind::HoleOutsideShell => ("hole_outside_shell", "a hole lies outside its shell"),
            FaultKind::NestedHoles => ("nested_holes", "a hole lies inside another"),
            FaultKind::DuplicateRing => ("duplicate_ring", "a ring is there twice"),
            FaultKind::InteriorNotConnected => ("interior_not_connected", "holes that touch cut the polygon in two"),
            FaultKind::PolygonsOverlap => ("polygons_overlap", "parts of the shape overlap each other"),
        };
        let times = if n > 1 { format!(" ({n} times)") } else { String::new() };
        let mut issue = Issue::new(
            code,
            Some(id),
            format!("{what}{times}; repaired, area {:.1} m² as read, {:.1} m² as kept", repaired.area_before_m2, repaired.area_after_m2),
        );
        issue.at = fault.at.map(|c| [c.x, c.y]);
        (issue.area_before_m2, issue.area_after_m2) = (Some(repaired.area_before_m2), Some(repaired.area_after_m2));
        issues.push(issue);
    }
    issues
}
