//! `zones/rules.toml`: what encroaches on what, and from which size on.

use serde::{Deserialize, Serialize};

use super::{LegendError, parse_toml};
use crate::model::{Epoch, Group};

/// Thresholds of detection, each with its reason in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub valid_from: Epoch,
    pub source: String,
    /// Groups whose presence in a zone is an event.
    pub groups: Vec<Group>,
    /// A piece smaller than this is a sliver, m².
    pub sliver_area_m2: f64,
    /// A piece narrower than this (mean width) is a sliver, metres, when it is also smaller than `sliver_narrow_area_m2`.
    pub sliver_width_m: f64,
    pub sliver_narrow_area_m2: f64,
    /// Transport narrower than this (mean width) is a field track, part of the farm, metres.
    pub track_width_m: f64,
    /// Water narrower than this (mean width) is a canal, part of the farm, metres; counts where `groups` holds water.
    pub canal_width_m: f64,
    /// Pieces of one group in one zone that are nearer than this are one event, metres.
    pub merge_gap_m: f64,
    /// Share of an event that must lie inside a permit for the permit's right to be the event's, 0 to 1.
    pub permit_cover_share: f64,
    /// Two pieces of two epochs are one event when they share this part of the smaller, 0 to 1.
    pub same_event_share: f64,
    /// A piece that is less probably real than this is uncertain and no event, 0 to 1; says nothing without a stated accuracy.
    pub min_probability: f64,
    pub farm_structure: FarmStructure,
    /// Kinds of zones that the steps of severity are for.
    pub severity_kinds: Vec<String>,
    /// Areas at which severity rises, m², ascending; below the first there is none.
    pub severity_steps_m2: Vec<f64>,
    pub edit: EditRules,
}

/// When an edit of zones is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditRules {
    /// A zone, or land that zones enclose, is at least this large, m².
    pub min_zone_m2: f64,
    /// Land between zones that is narrower than this is a gap, metres.
    pub gap_width_m: f64,
    /// Share of a zone that must lie inside one unit, 0 to 1.
    pub inside_unit_share: f64,
    /// Built land inside what a zone gains is at most this large, m².
    pub max_built_m2: f64,
}

/// What passes as a building that serves the farm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FarmStructure {
    /// Kinds of zones in which it is allowed.
    pub kinds: Vec<String>,
    /// Land-use codes that are something else: dwellings.
    pub except_codes: Vec<String>,
    /// The zone is at least this large, m².
    pub zone_area_m2: f64,
    /// One structure is at most this large, m².
    pub max_area_m2: f64,
    /// All of a zone together, share of its area, 0 to 1.
    pub max_share: f64,
}

impl Rules {
    /// How many steps of severity an area in a zone of a kind reaches; none where the steps are not for the kind.
    pub fn severity(&self, kind: &str, area_m2: f64) -> Option<u8> {
        let n_steps = || self.severity_steps_m2.iter().filter(|step| area_m2 >= **step).count() as u8;
        self.severity_kinds.iter().any(|k| k == kind).then(n_steps)
    }

    /// Whether a piece of land is too small or too narrow (mean width) to mean anything.
    pub fn is_sliver(&self, area_m2: f64, width_m: f64) -> bool {
        area_m2 < self.sliver_area_m2 || (width_m < self.sliver_width_m && area_m2 < self.sliver_narrow_area_m2)
    }

    /// Reads `zones/rules.toml`; `file` names it in errors. Sizes are finite and not negative, the share is
    /// between 0 and 1, the steps ascend, and the groups are such as can be an event.
    pub fn parse(file: &str, text: &str) -> Result<Rules, LegendError> {
        let rules: Rules = parse_toml(file, text)?;
        let refuse = |key: &str, message: &str| Err(LegendError::at(file, text, offset_of_key(text, key), format!("{key} {message}")));
        for (key, value) in [
            ("sliver_area_m2", rules.sliver_area_m2),
            ("sliver_width_m", rules.sliver_width_m),
            ("sliver_narrow_area_m2", rules.sliver_narrow_area_m2),
            ("track_width_m", rules.track_width_m),
            ("canal_width_m", rules.canal_width_m),
            ("merge_gap_m", rules.merge_gap_m),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return refuse(key, "must be a number, 0 or more; 0 switches the rule off");
            }
        }
        for (key, share) in [("permit_cover_share", rules.permit_cover_share), ("same_event_share", rules.same_event_share)] {
            if !(share > 0.0 && share <= 1.0) {
                return refuse(key, "must be above 0 and at most 1");
            }
        }
        if !(0.0..1.0).contains(&rules.min_probability) {
            return refuse("min_probability", "must be 0 or more and below 1; 0 switches the rule off");
        }
        let FarmStructure { zone_area_m2, max_area_m2, max_share, .. } = rules.farm_structure;
        let EditRules { min_zone_m2, gap_width_m, inside_unit_share, max_built_m2 } = rules.edit;
        let is_size = |size: &f64| size.is_finite() && *size >= 0.0;
        if ![min_zone_m2, gap_width_m, max_built_m2].iter().all(is_size) || gap_width_m > 100.0 || !(0.0..=1.0).contains(&inside_unit_share)
        {
            return refuse("[edit]", "sizes must be 0 or more, gap_width_m at most 100, inside_unit_share from 0 to 1");
        }
        if ![zone_area_m2, max_area_m2].iter().all(|m2| m2.is_finite() && *m2 >= 0.0) || !(0.0..=1.0).contains(&max_share) {
            return refuse("[farm_structure]", "areas must be 0 or more, max_share from 0 to 1");
        }
        if !rules.severity_steps_m2.iter().all(|step| step.is_finite() && *step > 0.0)
            || !rules.severity_steps_m2.is_sorted_by(|a, b| a < b)
        {
            return refuse("severity_steps_m2", "must be areas above 0 that ascend");
        }
        if rules.groups.iter().any(|g| matches!(g, Group::None | Group::Unmapped)) {
            return refuse("groups", "may not hold none or unmapped: neither shows that land was lost");
        }
        Ok(rules)
    }
}

/// Where the line of a top-level key begins, for error messages.
fn offset_of_key(text: &str, key: &str) -> usize {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            break;
        }
        offset += line.len();
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = include_str!("../../zones/rules.toml");

    #[test]
    fn built_transport_and_sealed_land_are_events_from_twenty_square_metres_on() {
        let rules = Rules::parse("zones/rules.toml", RULES).unwrap();
        assert_eq!(rules.groups, [Group::Built, Group::Transport, Group::Sealed]);
        assert_eq!([rules.sliver_area_m2, rules.sliver_width_m, rules.merge_gap_m, rules.permit_cover_share], [20.0, 1.5, 1.0, 0.9]);
        assert_eq!(rules.severity_steps_m2, [100.0, 300.0, 500.0, 1e3, 5e3, 1e4, 2e4, 3e4]);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let line = 1 + RULES.lines().position(|l| l.starts_with("sliver_area_m2")).unwrap();
        let error = |from: &str, to: &str| {
            assert!(RULES.contains(from), "{from}");
            Rules::parse("rules.toml", &RULES.replacen(from, to, 1)).unwrap_err().to_string()
        };
        let size = format!("rules.toml: line {line}: sliver_area_m2 must be a number, 0 or more; 0 switches the rule off");
        assert_eq!(error("sliver_area_m2 = 20.0", "sliver_area_m2 = -1.0"), size);
        assert_eq!(error("sliver_area_m2 = 20.0", "sliver_area_m2 = nan"), size);
        assert!(error("sliver_area_m2 = 20.0", "sliver_area = 20.0").starts_with(&format!("rules.toml: line {line}: unknown field")));
        assert!(error("permit_cover_share = 0.9", "permit_cover_share = 90.0").contains("must be above 0 and at most 1"));
        assert!(error("[100.0, 300.0", "[300.0, 300.0").contains("must be areas above 0 that ascend"));
        assert!(error("\"built\", ", "\"none\", ").contains("neither shows that land was lost"));
    }
}
