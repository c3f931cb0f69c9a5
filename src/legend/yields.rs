//! What a hectare of each kind yields: `zones/yields.toml`.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{LegendError, Source, parse_toml, spelled};
use crate::model::{Epoch, Text};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Yield {
    /// A key of `kinds.toml`.
    pub kind: String,
    /// Of zones of this variety alone.
    pub variety: Option<String>,
    /// What is weighed.
    pub of: Text,
    /// Tonnes a hectare and harvest.
    pub t_per_ha: f64,
    /// A year.
    pub harvests: f64,
    pub source: Source,
    pub valid_from: Epoch,
}

impl Yield {
    /// Tonnes a hectare and year.
    pub fn t_per_ha_year(&self) -> f64 {
        self.t_per_ha * self.harvests
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Yields {
    pub yields: Vec<Yield>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawYields {
    #[serde(default, rename = "yield")]
    yields: Vec<RawYield>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawYield {
    kind: Spanned<String>,
    variety: Option<String>,
    of: Text,
    t_per_ha: Spanned<f64>,
    harvests: Spanned<f64>,
    source: Source,
    valid_from: Epoch,
}

impl Yields {
    /// Reads blocks of `[[yield]]`; `file` names it in errors. A kind, or a kind's variety, has one yield, a positive number.
    pub fn parse(file: &str, text: &str) -> Result<Yields, LegendError> {
        let raw: RawYields = parse_toml(file, text)?;
        let mut yields: Vec<Yield> = Vec::with_capacity(raw.yields.len());
        for one in raw.yields {
            let kind = one.kind.get_ref();
            let is_same = |a: &Option<String>, b: &Option<String>| a.as_deref().map(spelled) == b.as_deref().map(spelled);
            if yields.iter().any(|y| y.kind == *kind && is_same(&y.variety, &one.variety)) {
                let message = format!("the yield of “{kind}” is there twice; leave one out");
                return Err(LegendError::at(file, text, one.kind.span().start, message));
            }
            for number in [&one.t_per_ha, &one.harvests] {
                if !(number.get_ref().is_finite() && *number.get_ref() > 0.0 && *number.get_ref() < 1_000.0) {
                    let message = format!("the yield of “{kind}” must be above 0 and below 1000; leave the block out when none is known");
                    return Err(LegendError::at(file, text, number.span().start, message));
                }
            }
            yields.push(Yield {
                kind: one.kind.into_inner(),
                variety: one.variety,
                of: one.of,
                t_per_ha: one.t_per_ha.into_inner(),
                harvests: one.harvests.into_inner(),
                source: one.source,
                valid_from: one.valid_from,
            });
        }
        Ok(Yields { yields })
    }

    /// That of the variety, else that of the kind; none where none is known.
    pub fn of(&self, kind: &str, variety: Option<&str>) -> Option<&Yield> {
        let variety = variety.map(spelled);
        let of_kind = || self.yields.iter().filter(|y| y.kind == kind);
        let of_variety = || of_kind().find(|y| y.variety.as_deref().map(spelled) == variety);
        variety.as_ref().and_then(|_| of_variety()).or_else(|| of_kind().find(|y| y.variety.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::Kinds;

    const OURS: &str = include_str!("../../zones/yields.toml");

    #[test]
    fn ours_are_of_known_kinds_and_a_variety_wins_over_its_kind() {
        let yields = Yields::parse("yields.toml", OURS).unwrap();
        let kinds = Kinds::parse("kinds.toml", include_str!("../../zones/kinds.toml")).unwrap();
        assert!(yields.yields.iter().all(|y| kinds.get(&y.kind).is_some()));
        let year = |kind: &str, variety: Option<&str>| yields.of(kind, variety).map(Yield::t_per_ha_year);
        assert_eq!([year("rice", Some("j02")), year("rice", Some("ST25")), year("rice", None)], [Some(12.5), Some(12.0), Some(12.0)]);
        assert_eq!([year("mulberry", None), year("flowers", None)], [Some(31.0), None]);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let error = |from: &str, to: &str| Yields::parse("y.toml", &OURS.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error("variety = \"J02\"\n", "").starts_with("y.toml: line 18: the yield of “rice” is there twice"));
        assert!(error("t_per_ha = 6.0", "t_per_ha = 0.0").starts_with("y.toml: line 12: the yield of “rice” must be above 0"));
        assert!(error("harvests = 2", "crops = 2").contains("line 13: unknown field `crops`"));
    }
}
