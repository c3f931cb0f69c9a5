//! What is known of a code's land, measured by who holds the layers.

use crate::model::{Epoch, Group};

/// The land of all parts of a code together, in the workspace's CRS.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Land {
    /// Land of several parts counts once.
    pub area_m2: f64,
    /// Standard deviation of the area from the stated accuracy of its border; none when none is stated.
    pub sigma_m2: Option<f64>,
    /// Units that it lies in, the largest share first; none without boundaries.
    pub units: Option<Vec<InUnit>>,
    /// Kinds of the zones that stand for it or that it lies in.
    pub kinds: Vec<String>,
    /// Land use of the latest epoch on it, without what nobody may see; none when there is none, or none of the national codes.
    pub used: Option<Vec<Used>>,
    /// What was lost on it by the latest epoch; none without land use.
    pub lost: Option<Vec<Lost>>,
    /// Other codes on the same land.
    pub overlaps: Vec<Overlap>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct InUnit {
    pub code: String,
    pub name: String,
    /// Of the code's land, 0 to 1.
    pub share: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    pub code: String,
    /// The code, and those that took its place.
    pub stands_for: Vec<String>,
    pub area_m2: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Lost {
    pub event: String,
    pub group: Group,
    /// The first epoch that shows it; none with one epoch.
    pub since: Option<Epoch>,
    /// The last epoch that does not show it; none when it was there from the first on.
    pub before: Option<Epoch>,
    /// On the code's land, without what another event of the same group and time covers: areas add up.
    pub area_m2: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    pub code: String,
    pub area_m2: f64,
    /// Area of the smaller of both lands.
    pub smaller_m2: f64,
}
