//! An edit of zones: operations applied to true geometry, or refused with reasons and ways to mend it.
//!
//! Pure: what lies around comes in (`Ground`), what changed goes out (`Edited`), and the caller keeps it. A border that two
//! zones share has the same vertices in both, bit for bit, after every edit (`knit`). Invariant: an edit that `check` finds
//! nothing wrong with makes no overlap and no gap that was not there before.

mod attributes;
mod check;
mod desk;
mod divide;
mod gaps;
mod knit;
mod operations;
mod plan;
#[cfg(test)]
mod tests;

pub use attributes::attributes_of;
pub use check::{Asked, BadCode, check, overlap_m2};
pub use operations::apply;
pub use plan::{Collision, FieldCollision, collision, differing, mark, mark_of, planned};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::geom;
use crate::index::{ById, Index};
use crate::model::{Coord, MultiPolygon, Polygon, Ring, Text, Zone};

/// A vertex this near to another is meant to be the same, metres.
pub const SNAP_M: f64 = 0.001;

/// More vertices than this are no edit but an import.
pub const MOST_VERTICES: usize = 100_000;

/// Zones that are others than the map's; none: it is not there.
pub type Over = BTreeMap<String, Option<Zone>>;

/// The zones as they are: those of the map in the order of their index, and what a plan lays over them.
pub struct Ground<'a> {
    pub zones: Vec<&'a Zone>,
    pub index: &'a Index,
    pub by_id: &'a ById,
    pub over: &'a Over,
}

impl Ground<'_> {
    pub fn zone(&self, id: &str) -> Option<&Zone> {
        match self.over.get(id) {
            Some(zone) => zone.as_ref(),
            None => self.by_id.get(id).map(|i| self.zones[i]),
        }
    }

    /// Zones whose box meets a box: the map's in its order, then the plan's by id.
    pub fn within(&self, bounds: [f64; 4]) -> Vec<&Zone> {
        let places = self.index.query_in_order(bounds).into_iter();
        let of_map = places.map(|i| self.zones[i]).filter(|zone| !self.over.contains_key(&zone.id));
        let meets = |zone: &&Zone| geom::bounds(&zone.shape).is_some_and(|b| geom::box_distance(b, bounds) == 0.0);
        of_map.chain(self.over.values().flatten().filter(meets)).collect()
    }
}

/// A point as easting and northing, metres.
pub type Point = [f64; 2];
/// Polygons, each its shell and its holes, each ring its points; closed or not.
pub type Rings = Vec<Vec<Vec<Point>>>;

/// One step of an edit. Steps are applied in order; a later one may name a zone that an earlier one made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// A new zone, or what changes of one: members that are absent stay.
    Put {
        #[serde(default)]
        id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        polygons: Option<Rings>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        properties: BTreeMap<String, Value>,
    },
    Remove {
        id: String,
    },
    /// Vertices go elsewhere in every zone that has them, or only in some: then the border is torn.
    Move {
        moves: Vec<Moved>,
        #[serde(default)]
        zones: Option<Vec<String>>,
    },
    /// A new vertex on an edge, in every zone whose border runs there.
    Insert {
        at: Point,
        edge: [Point; 2],
        #[serde(default)]
        zones: Option<Vec<String>>,
    },
    /// Takes a vertex away.
    Delete {
        at: Point,
        #[serde(default)]
        zones: Option<Vec<String>>,
    },
    /// By a line, or by a list of areas along a bearing. The first part keeps the id.
    Split {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<Vec<Point>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        areas_m2: Option<Vec<f64>>,
        /// 0: from south to north; 90: from west to east.
        #[serde(default)]
        bearing_deg: f64,
    },
    /// The first keeps its id and attributes.
    Merge {
        ids: Vec<String>,
    },
    /// Takes land out of a zone.
    CutOut {
        id: String,
        polygons: Rings,
    },
    /// Gives the land between zones that belongs to none to one of them.
    FillGap {
        at: Point,
        into: String,
    },
    /// Draws a zone's border to its neighbours where the land between is narrower than this, metres.
    Extend {
        id: String,
        within_m: f64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    pub from: Point,
    pub to: Point,
}

/// What became of one zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub id: String,
    /// None: it was made.
    pub before: Option<Zone>,
    /// None: it is no more.
    pub after: Option<Zone>,
    /// Zones whose land it was, for one that was split off or merged into.
    pub parents: Vec<String>,
}

impl Change {
    pub fn is_reshaped(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.shape != after.shape,
            _ => true,
        }
    }
}

/// An edit that was applied.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edited {
    /// By id.
    pub changes: Vec<Change>,
    /// The zones that an operation made, by its place in the list.
    pub made: BTreeMap<usize, Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The edit is refused.
    Error,
    /// It may be so; a person should look.
    Warning,
}

/// Something wrong with an edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Stable: `overlap`, `gap`, `invalid` …
    pub code: &'static str,
    pub severity: Severity,
    pub message: Box<Text>,
    pub zones: Vec<String>,
    /// Where, in the workspace's CRS.
    pub at: Option<Coord>,
    pub area_m2: Option<f64>,
    /// The best first.
    pub repairs: Vec<Repair>,
}

impl Fault {
    pub fn error(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Fault {
        let message = Box::new(Text { vi: vi.into(), en: en.into() });
        Fault { code, severity: Severity::Error, message, zones: Vec::new(), at: None, area_m2: None, repairs: Vec::new() }
    }

    pub fn warning(self) -> Fault {
        Fault { severity: Severity::Warning, ..self }
    }

    pub fn of(self, zones: &[&str]) -> Fault {
        Fault { zones: zones.iter().map(|id| (*id).to_owned()).collect(), ..self }
    }

    pub fn at(self, at: Option<Coord>) -> Fault {
        Fault { at, ..self }
    }

    pub fn area(self, area_m2: f64) -> Fault {
        Fault { area_m2: Some(area_m2), ..self }
    }

    pub fn mended_by(mut self, vi: impl Into<String>, en: impl Into<String>, operations: Vec<Operation>) -> Fault {
        self.repairs.push(Repair { text: Text { vi: vi.into(), en: en.into() }, operations });
        self
    }
}

/// A way to mend a fault: operations to add at the end of the edit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Repair {
    pub text: Text,
    pub operations: Vec<Operation>,
}

/// Polygons as they are sent: nothing is known of them.
pub(crate) fn polygons_of(rings: &Rings) -> Vec<Polygon> {
    let ring = |points: &Vec<Point>| {
        let mut points: Vec<Coord> = points.iter().map(|[x, y]| Coord { x: *x, y: *y }).collect();
        if let Some(&first) = points.first().filter(|first| Some(*first) != points.last()) {
            points.push(first);
        }
        Ring::new(points)
    };
    let polygon = |rings: &Vec<Vec<Point>>| {
        let mut rings = rings.iter().map(ring);
        rings.next().map(|shell| Polygon::new(shell, rings.collect()))
    };
    rings.iter().filter_map(polygon).collect()
}

/// The same, to be sent.
pub fn rings_of(shape: &MultiPolygon) -> Rings {
    let ring = |ring: &Ring| ring.0.iter().map(|c| [c.x, c.y]).collect();
    shape.0.iter().map(|p| std::iter::once(p.exterior()).chain(p.interiors()).map(ring).collect()).collect()
}

/// Square metres as people write them: `1.234,5` and `1,234.5`.
fn square_metres(area_m2: f64) -> Text {
    let tenths = format!("{:.1}", area_m2.max(0.1));
    let (whole, part) = tenths.split_once('.').unwrap_or((&tenths, "0"));
    let grouped = |mark: &str| {
        let digits = whole.as_bytes().rchunks(3).rev().map(|chunk| String::from_utf8_lossy(chunk).into_owned());
        digits.collect::<Vec<_>>().join(mark)
    };
    Text { vi: format!("{},{part} m²", grouped(".")), en: format!("{}.{part} m²", grouped(",")) }
}
