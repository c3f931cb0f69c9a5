//! How much a city needs a year of what each kind of zone yields: `zones/demand.toml`.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{LegendError, Source, parse_toml};
use crate::model::{Epoch, Text};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Demand {
    /// A key of `kinds.toml`.
    pub kind: String,
    /// What is weighed; it is compared with a yield of the same alone.
    pub of: Text,
    /// Tonnes a year, of the whole city.
    pub t_per_year: f64,
    /// The figure is an estimate, or reckoned from one.
    pub is_uncertain: bool,
    pub source: Source,
    pub valid_from: Epoch,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Demands {
    pub demands: Vec<Demand>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDemands {
    #[serde(default, rename = "demand")]
    demands: Vec<RawDemand>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDemand {
    kind: Spanned<String>,
    of: Text,
    t_per_year: Spanned<f64>,
    #[serde(default)]
    is_uncertain: bool,
    source: Spanned<Source>,
    valid_from: Epoch,
}

/// More than mankind grows of anything.
const MOST_T: f64 = 1e10;

impl Demands {
    /// Reads blocks of `[[demand]]`; `file` names it in errors. A kind has one demand, a positive number of tonnes with a source.
    pub fn parse(file: &str, text: &str) -> Result<Demands, LegendError> {
        let raw: RawDemands = parse_toml(file, text)?;
        let mut demands: Vec<Demand> = Vec::with_capacity(raw.demands.len());
        for one in raw.demands {
            let (kind, t) = (one.kind.get_ref(), *one.t_per_year.get_ref());
            if demands.iter().any(|d| d.kind == *kind) {
                let message = format!("the demand for “{kind}” is there twice; leave one out");
                return Err(LegendError::at(file, text, one.kind.span().start, message));
            }
            if !(t.is_finite() && t > 0.0 && t < MOST_T) {
                let message = format!("the demand for “{kind}” must be tonnes a year above 0; leave the block out when none is known");
                return Err(LegendError::at(file, text, one.t_per_year.span().start, message));
            }
            if one.source.get_ref().is_empty() {
                let message = format!("the demand for “{kind}” needs a source: who says so, and when");
                return Err(LegendError::at(file, text, one.source.span().start, message));
            }
            demands.push(Demand {
                kind: one.kind.into_inner(),
                of: one.of,
                t_per_year: t,
                is_uncertain: one.is_uncertain,
                source: one.source.into_inner(),
                valid_from: one.valid_from,
            });
        }
        Ok(Demands { demands })
    }

    pub fn of(&self, kind: &str) -> Option<&Demand> {
        self.demands.iter().find(|d| d.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::{Kinds, Yields};

    const OURS: &str = include_str!("../../zones/demand.toml");

    #[test]
    fn ours_are_of_known_kinds_and_weigh_what_their_yields_weigh() {
        let demands = Demands::parse("demand.toml", OURS).unwrap();
        let kinds = Kinds::parse("kinds.toml", include_str!("../../zones/kinds.toml")).unwrap();
        let yields = Yields::parse("yields.toml", include_str!("../../zones/yields.toml")).unwrap();
        for demand in &demands.demands {
            assert!(kinds.get(&demand.kind).is_some(), "{}", demand.kind);
            assert_eq!(yields.of(&demand.kind, None).map(|y| &y.of), Some(&demand.of), "{}", demand.kind);
        }
        assert_eq!(demands.of("safe_vegetables").map(|d| d.t_per_year), Some(1_260_000.0));
        assert_eq!(demands.of("flowers"), None);
        assert_eq!(Demands::parse("none.toml", "").unwrap(), Demands::default());
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let error = |from: &str, to: &str| {
            assert!(OURS.contains(from), "{from}");
            Demands::parse("d.toml", &OURS.replacen(from, to, 1)).unwrap_err().to_string()
        };
        assert_eq!(error("\"safe_vegetables\"", "\"rice\""), "d.toml: line 19: the demand for “rice” is there twice; leave one out");
        for wrong in ["0.0", "-1.0", "nan", "inf", "1e30"] {
            let told = error("1_744_600.0", wrong);
            assert!(told.starts_with("d.toml: line 13: the demand for “rice” must be tonnes a year above 0"), "{told}");
        }
        assert!(error("\nt_per_year", "\nkg_per_year").contains("line 13: unknown field `kg_per_year`"));
        assert!(error("is_uncertain = true", "is_uncertain = \"?\"").contains("line 14"));
        let no_source = OURS.lines().map(|line| if line.starts_with("source") { "source = \" \"" } else { line }).collect::<Vec<_>>();
        let told = Demands::parse("d.toml", &no_source.join("\n")).unwrap_err().to_string();
        assert_eq!(told, "d.toml: line 15: the demand for “rice” needs a source: who says so, and when");
    }
}
