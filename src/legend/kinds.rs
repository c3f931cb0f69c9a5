//! `zones/kinds.toml`: what is grown, how it is shown.

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
    /// Land-use codes on which the kind is grown lawfully or by custom.
    pub land_use: Vec<String>,
    /// Kinds whose zones may lie on the same land; every other pair excludes each other.
    pub may_overlap: Vec<String>,
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
    land_use: Vec<String>,
    #[serde(default)]
    may_overlap: Vec<String>,
}

impl Kinds {
    /// Reads `zones/kinds.toml`; `file` names it in errors. Keys are unique and in snake_case, colours are
    /// `#rrggbb`.
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
            kinds.push(Kind {
                key: kind.key.into_inner(),
                name: kind.name,
                color_light: kind.color_light.into_inner(),
                color_dark: kind.color_dark.into_inner(),
                pattern: kind.pattern,
                land_use: kind.land_use,
                may_overlap: kind.may_overlap,
            });
        }
        let known = |key: &String| kinds.iter().any(|kind| kind.key == *key);
        if let Some(unknown) = kinds.iter().flat_map(|kind| &kind.may_overlap).find(|key| !known(key)) {
            return Err(LegendError::at(
                file,
                text,
                text.find("may_overlap").unwrap_or_default(),
                format!("may_overlap: no kind “{unknown}”"),
            ));
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
    fn the_ten_kinds_come_in_order() {
        let kinds = Kinds::parse("zones/kinds.toml", KINDS).unwrap();
        let keys: Vec<&str> = kinds.kinds.iter().map(|k| k.key.as_str()).collect();
        assert_eq!(
            keys,
            ["rice", "safe_vegetables", "aquaculture", "mulberry", "fruit", "flowers", "tea", "livestock", "craft_material", "other"]
        );
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
        let line = |part: &str| 1 + KINDS.lines().position(|l| l.contains(part)).unwrap();
        let twice = format!("kinds.toml: line {}: the kind “rice” is there twice; give each kind its own key", line("safe_vegetables"));
        assert_eq!(error("key = \"safe_vegetables\"", "key = \"rice\""), twice);
        let color = format!("kinds.toml: line {}: “b99a35” is not a colour; write it as #rrggbb", line("#b99a35"));
        assert_eq!(error("\"#b99a35\"", "\"b99a35\""), color);
        let unknown = format!("kinds.toml: line {}: unknown field `colour_dark`", line("color_dark"));
        assert!(error("color_dark", "colour_dark").starts_with(&unknown));
        assert!(error("pattern = \"dots\"", "pattern = \"dots\"\nmay_overlap = [\"rise\"]").contains("no kind “rise”"));
        assert!(error("key = \"rice\"", "key = \"Rice!\"").contains("a to z, 0 to 9 and _ only"));
    }
}
