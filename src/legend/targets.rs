//! What a plan asks a city to hold of each kind of zone. Each city has its own plan, so this is a setting of the workspace.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{LegendError, Source, parse_toml};
use crate::model::Epoch;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// A key of `kinds.toml`.
    pub kind: String,
    pub hectares: f64,
    /// Which plan says so, since when.
    pub source: Source,
    pub valid_from: Epoch,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Targets {
    pub targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTargets {
    #[serde(default)]
    target: Vec<RawTarget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTarget {
    kind: Spanned<String>,
    hectares: Spanned<f64>,
    source: Source,
    valid_from: Epoch,
}

impl Targets {
    /// Reads blocks of `[[target]]`; `file` names it in errors. A kind has one target, a positive number of hectares.
    pub fn parse(file: &str, text: &str) -> Result<Targets, LegendError> {
        let raw: RawTargets = parse_toml(file, text)?;
        let mut targets: Vec<Target> = Vec::with_capacity(raw.target.len());
        for target in raw.target {
            let (kind, hectares) = (target.kind.get_ref(), *target.hectares.get_ref());
            if targets.iter().any(|t| t.kind == *kind) {
                let message = format!("the target of “{kind}” is there twice; leave one out");
                return Err(LegendError::at(file, text, target.kind.span().start, message));
            }
            if !(hectares.is_finite() && hectares > 0.0) {
                let message = format!("the target of “{kind}” must be a number of hectares above 0; leave the block out when no plan says");
                return Err(LegendError::at(file, text, target.hectares.span().start, message));
            }
            targets.push(Target { kind: target.kind.into_inner(), hectares, source: target.source, valid_from: target.valid_from });
        }
        Ok(Targets { targets })
    }

    pub fn of(&self, kind: &str) -> Option<&Target> {
        self.targets.iter().find(|t| t.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::Kinds;

    const DEMO: &str = include_str!("../../zones/demo_targets.toml");

    #[test]
    fn the_demo_has_the_targets_of_2023_for_known_kinds() {
        let targets = Targets::parse("demo_targets.toml", DEMO).unwrap();
        let kinds = Kinds::parse("kinds.toml", include_str!("../../zones/kinds.toml")).unwrap();
        let hectares: Vec<Option<f64>> = kinds.kinds.iter().map(|k| targets.of(&k.key).map(|t| t.hectares)).collect();
        assert_eq!(hectares[..5], [Some(53360.0), Some(7291.0), None, None, Some(13417.0)]);
        assert_eq!(hectares.iter().flatten().count(), targets.targets.len());
        assert_eq!(Targets::parse("none.toml", "").unwrap(), Targets::default());
    }

    #[test]
    fn a_source_is_a_text_in_both_languages_or_one_for_both() {
        let said = |source: &str| {
            Targets::parse("t.toml", &format!("[[target]]\nkind = \"rice\"\nhectares = 1.0\nsource = {source}\nvalid_from = \"2023\""))
        };
        let text = |source: &str| said(source).unwrap().targets[0].source.0.clone();
        assert_eq!((text("\"QĐ 1\"").vi, text("\"QĐ 1\"").en), ("QĐ 1".to_owned(), "QĐ 1".to_owned()));
        assert_eq!(text("{ vi = \"Kế hoạch\", en = \"Plan\" }").vi, "Kế hoạch");
        for wrong in ["7", "{ vi = \"Kế hoạch\" }"] {
            let told = said(wrong).unwrap_err().to_string();
            assert!(told.starts_with("t.toml: line 4: a text, or { vi"), "{told}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let error = |from: &str, to: &str| {
            assert!(DEMO.contains(from), "{from}");
            Targets::parse("t.toml", &DEMO.replacen(from, to, 1)).unwrap_err().to_string()
        };
        assert_eq!(error("\"fruit\"", "\"rice\""), "t.toml: line 17: the target of “rice” is there twice; leave one out");
        assert!(error("53_360", "-1").starts_with("t.toml: line 6: the target of “rice” must be a number of hectares above 0"));
        assert!(error("hectares", "acres").contains("line 6: unknown field `acres`"));
        assert!(error("source", "# source").contains("missing field `source`"));
    }
}
