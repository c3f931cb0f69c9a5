//! `zones/kinds.toml`: what is grown, how it is shown, what the plan asks for.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{LegendError, Text, parse_toml};
use crate::model::Epoch;

/// A kind of zone: rice, safe vegetables … and any that a city adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kind {
    pub key: String,
    pub name: Text,
    /// `#rrggbb` on light and on dark ground.
    pub color_light: String,
    pub color_dark: String,
    /// What is drawn over the colour in the accessible style (`dots`, `hatch`, `plain` …).
    pub pattern: String,
    /// What the plan asks the city to hold, hectares; none when no plan says.
    pub target_ha: Option<f64>,
    /// Where the target comes from.
    pub target_source: Option<String>,
    pub target_valid_from: Option<Epoch>,
    /// Land-use codes on which the kind is grown lawfully or by custom.
    pub land_use: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Kinds {
    /// In the order in which they are shown.
    pub kinds: Vec<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKinds {
    #[serde(rename = "valid_from")]
    _valid_from: Epoch,
    #[serde(rename = "source")]
    _source: String,
    kind: Vec<RawKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKind {
    key: Spanned<String>,
    name: Text,
    color_light: Spanned<String>,
    color_dark: Spanned<String>,
    pattern: String,
    target_ha: Option<Spanned<f64>>,
    target_source: Option<String>,
    target_valid_from: Option<Epoch>,
    land_use: Vec<String>,
}

impl Kinds {
    /// Reads `zones/kinds.toml`; `file` names it in errors. Keys are unique and in snake_case, colours are
    /// `#rrggbb`, a target is a positive number of hectares with its source.
    pub fn parse(file: &str, text: &str) -> Result<Kinds, LegendError> {
        let raw: RawKinds = parse_toml(file, text)?;
        let mut kinds: Vec<Kind> = Vec::with_capacity(raw.kind.len());
        for kind in raw.kind {
            let key = kind.key.get_ref();
            let refuse = |span: std::ops::Range<usize>, message: String| Err(LegendError::at(file, text, span.start, message));
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
                return refuse(kind.key.span(), format!("the key “{key}” of a kind is written with a to z, 0 to 9 and _ only"));
            }
            if kinds.iter().any(|k| k.key == *key) {
                return refuse(kind.key.span(), format!("the kind “{key}” is there twice; give each kind its own key"));
            }
            for color in [&kind.color_light, &kind.color_dark] {
                if !is_color(color.get_ref()) {
                    return refuse(color.span(), format!("“{}” is not a colour; write it as #rrggbb", color.get_ref()));
                }
            }
            if let Some(target) = &kind.target_ha {
                if !(target.get_ref().is_finite() && *target.get_ref() > 0.0) {
                    return refuse(
                        target.span(),
                        format!("the target of “{key}” must be a number of hectares above 0; leave it out when no plan says"),
                    );
                }
                if kind.target_source.is_none() || kind.target_valid_from.is_none() {
                    return refuse(target.span(), format!("the target of “{key}” needs target_source and target_valid_from"));
                }
            }
            kinds.push(Kind {
                key: kind.key.into_inner(),
                name: kind.name,
                color_light: kind.color_light.into_inner(),
                color_dark: kind.color_dark.into_inner(),
                pattern: kind.pattern,
                target_ha: kind.target_ha.map(Spanned::into_inner),
                target_source: kind.target_source,
                target_valid_from: kind.target_valid_from,
                land_use: kind.land_use,
            });
        }
        Ok(Kinds { kinds })
    }

    pub fn get(&self, key: &str) -> Option<&Kind> {
        self.kinds.iter().find(|k| k.key == key)
    }
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::Legend;

    const KINDS: &str = include_str!("../../zones/kinds.toml");

    #[test]
    fn the_ten_kinds_come_in_order_with_the_targets_of_2023() {
        let kinds = Kinds::parse("zones/kinds.toml", KINDS).unwrap();
        let keys: Vec<&str> = kinds.kinds.iter().map(|k| k.key.as_str()).collect();
        assert_eq!(
            keys,
            ["rice", "safe_vegetables", "aquaculture", "mulberry", "fruit", "flowers", "tea", "livestock", "craft_material", "other"]
        );
        let targets: Vec<Option<f64>> = kinds.kinds.iter().map(|k| k.target_ha).collect();
        assert_eq!(targets[..5], [Some(53360.0), Some(7291.0), None, None, Some(13417.0)]);
        assert!(targets[5..].iter().all(Option::is_none));
        let rice = kinds.get("rice").unwrap();
        assert_eq!((rice.name.vi.as_str(), rice.name.en.as_str(), rice.color_light.as_str()), ("Lúa", "Rice", "#e0c35a"));
        assert!(kinds.get("Rice").is_none());
    }

    #[test]
    fn each_kind_has_its_own_pattern_and_known_land_use_codes() {
        let kinds = Kinds::parse("zones/kinds.toml", KINDS).unwrap();
        let legend = Legend::parse("vn.toml", include_str!("../../zones/legends/vn.toml")).unwrap();
        let mut patterns: Vec<&str> = kinds.kinds.iter().map(|k| k.pattern.as_str()).collect();
        patterns.sort();
        patterns.dedup();
        assert_eq!(patterns.len(), kinds.kinds.len());
        for code in kinds.kinds.iter().flat_map(|k| &k.land_use) {
            assert!(legend.class(code).is_some_and(|c| c.code == *code && c.superseded_by.is_none()), "{code}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let error = |from: &str, to: &str| {
            assert!(KINDS.contains(from), "{from}");
            Kinds::parse("kinds.toml", &KINDS.replacen(from, to, 1)).unwrap_err().to_string()
        };
        assert_eq!(
            error("key = \"safe_vegetables\"", "key = \"rice\""),
            "kinds.toml: line 24: the kind “rice” is there twice; give each kind its own key"
        );
        assert_eq!(error("\"#b99a35\"", "\"b99a35\""), "kinds.toml: line 16: “b99a35” is not a colour; write it as #rrggbb");
        assert!(error("color_dark", "colour_dark").starts_with("kinds.toml: line 16: unknown field `colour_dark`"));
        assert!(error("target_ha = 53_360", "target_ha = -1").contains("line 18: the target of “rice” must be"));
        assert!(error("target_source =", "# ").contains("line 18: the target of “rice” needs target_source"));
        assert!(error("key = \"rice\"", "key = \"Rice!\"").contains("a to z, 0 to 9 and _ only"));
    }
}
