//! The map's look: `tiles/styles/template.json` filled with a theme's colours, the kinds' and the
//! request's addresses, as a MapLibre style that needs nothing from another host.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::TileLayer;

/// The template names a value that nobody gave, or a file of `tiles/styles` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StyleError {
    #[error("tiles/styles/{file}: {message}")]
    File { file: String, message: String },
    #[error("tiles/styles/template.json names {name}, which neither the theme nor the request gives")]
    Unknown { name: String },
}

/// A class of features and its colour, `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassColor {
    pub key: String,
    pub color: String,
}

/// A kind and the pattern over its colour; none for `plain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindPattern {
    pub kind: String,
    /// A picture of the sprite, as `tiles/patterns` draws it.
    pub pattern: String,
}

/// `tiles/styles/{light,dark,print}.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    color: BTreeMap<String, String>,
    number: BTreeMap<String, f64>,
    landuse: LandUseColors,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LandUseColors {
    group: BTreeMap<String, String>,
    family: Vec<Family>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    codes: Vec<String>,
    color: String,
}

impl Theme {
    /// Reads a theme; `name` is `light`, `dark` or `print`.
    pub fn parse(name: &str, text: &str) -> Result<Theme, StyleError> {
        let theme: Theme = toml::from_str(text).map_err(|e| StyleError::File { file: format!("{name}.toml"), message: e.to_string() })?;
        let colors = theme.color.values().chain(theme.landuse.group.values()).chain(theme.landuse.family.iter().map(|f| &f.color));
        match colors.into_iter().find(|color| !is_color(color)) {
            Some(bad) => {
                Err(StyleError::File { file: format!("{name}.toml"), message: format!("“{bad}” is not a colour like #1f2a24") })
            }
            None => Ok(theme),
        }
    }

    /// One of its colours by name, as `#rrggbb`.
    pub fn color(&self, name: &str) -> Option<&str> {
        self.color.get(name).map(String::as_str)
    }

    /// The screen's colour of a land-use code: its family's, else its group's; none for a group that is not listed.
    pub fn landuse_color(&self, code: &str, group: &str) -> Option<&str> {
        let family = self.landuse.family.iter().find(|family| family.codes.iter().any(|c| c == code));
        family.map(|f| &f.color).or_else(|| self.landuse.group.get(group)).map(String::as_str)
    }
}

fn is_color(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|b| b.is_ascii_hexdigit())
}

/// What a style is made of besides its theme.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleParts {
    /// `light`, `dark` or `print`.
    pub theme: String,
    /// `vi` or `en`: how numbers are written.
    pub lang: String,
    pub name: String,
    /// Scheme and host, without a slash at the end: `http://127.0.0.1:8080`.
    pub host: String,
    pub revision: u64,
    /// What else names the state that the tiles show.
    pub pin: String,
    pub epoch: Option<String>,
    /// West, south, east, north in degrees; none for an empty workspace.
    pub bounds: Option<[f64; 4]>,
    pub attribution: Option<String>,
    pub kinds: Vec<ClassColor>,
    pub patterns: Vec<KindPattern>,
    /// Colours by land-use code instead of the theme's; empty takes the theme's.
    pub landuse: Vec<ClassColor>,
}

/// Files of the font by what they cover, the special ones first. The ranges are those of the font's own style sheets.
const FONT_FILES: &[(&str, &str)] = &[
    (
        "vietnamese",
        "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,U+0308-0309,U+0323,U+0329,\
         U+1EA0-1EF9,U+20AB",
    ),
    (
        "latin-ext",
        "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,\
         U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF",
    ),
    (
        "latin",
        "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,\
         U+2212,U+2215,U+FEFF,U+FFFD",
    ),
];

/// A MapLibre style: the template with every `"$name"` replaced; a key whose value turns out null is left out.
pub fn style(template: &str, theme: &Theme, parts: &StyleParts) -> Result<Value, StyleError> {
    let template: Value =
        serde_json::from_str(template).map_err(|e| StyleError::File { file: "template.json".to_owned(), message: e.to_string() })?;
    let mut values: BTreeMap<&str, Value> = BTreeMap::new();
    values.extend(theme.color.iter().map(|(key, color)| (key.as_str(), json!(color))));
    values.extend(theme.number.iter().map(|(key, number)| (key.as_str(), json!(number))));
    let other = theme.color.get("zone_unknown").cloned().unwrap_or_else(|| "#9aa0a6".to_owned());
    let (center, zoom) = view(parts.bounds);
    values.extend([
        ("theme", json!(parts.theme)),
        ("lang", json!(parts.lang)),
        ("name", json!(parts.name)),
        ("revision", json!(parts.revision)),
        ("epoch", json!(parts.epoch)),
        ("bounds", json!(parts.bounds)),
        ("center", center),
        ("zoom", zoom),
        ("attribution", json!(parts.attribution)),
        ("tiles", json!(tiles_url(parts))),
        ("font_faces", font_faces(&parts.host)),
        ("sprite", json!(format!("{}/sprites/{}", parts.host, parts.theme))),
        ("patterned", json!(["literal", parts.patterns.iter().map(|p| &p.kind).collect::<Vec<_>>()])),
        ("kind_pattern", match_patterns(&parts.patterns)),
        ("kind_color", match_colors("kind", &parts.kinds, json!(other))),
        ("landuse_color", landuse_color(theme, parts)),
    ]);
    fill(template, &values)
}

/// Where a map gets the tiles of a style: all layers joined, pinned to the revision.
fn tiles_url(parts: &StyleParts) -> String {
    let layers: Vec<&str> = TileLayer::ALL.iter().map(|layer| layer.as_str()).collect();
    let epoch = parts.epoch.as_ref().map(|epoch| format!("&epoch={epoch}")).unwrap_or_default();
    format!("{}/tiles/{}/{{z}}/{{x}}/{{y}}?rev={}&pin={}{epoch}", parts.host, layers.join(","), parts.revision, parts.pin)
}

fn font_faces(host: &str) -> Value {
    let faces = |weight: u32| -> Value {
        let face = |(subset, ranges): &(&str, &str)| {
            let ranges: Vec<&str> = ranges.split(',').collect();
            json!({ "url": format!("{host}/fonts/be-vietnam-pro-{subset}-{weight}-normal.woff2"), "unicode-range": ranges })
        };
        FONT_FILES.iter().map(face).collect()
    };
    json!({ "Be Vietnam Pro Regular": faces(400), "Be Vietnam Pro SemiBold": faces(600) })
}

/// `["match", ["get", key], …]`, or the fallback alone when there is nothing to match.
fn match_colors(key: &str, classes: &[ClassColor], fallback: Value) -> Value {
    if classes.is_empty() {
        return fallback;
    }
    let mut expression = vec![json!("match"), json!(["get", key])];
    expression.extend(classes.iter().flat_map(|class| [json!(class.key), json!(class.color)]));
    expression.push(fallback);
    Value::Array(expression)
}

/// As `match_colors`; what the layer's filter does not let in needs no picture.
fn match_patterns(patterns: &[KindPattern]) -> Value {
    let Some(last) = patterns.last() else { return Value::Null };
    let cases = patterns.iter().flat_map(|p| [json!(p.kind), json!(p.pattern)]);
    [json!("match"), json!(["get", "kind"])].into_iter().chain(cases).chain([json!(last.pattern)]).collect()
}

fn landuse_color(theme: &Theme, parts: &StyleParts) -> Value {
    let of = |(key, color): (&String, &String)| ClassColor { key: key.clone(), color: color.clone() };
    let groups: Vec<ClassColor> = theme.landuse.group.iter().map(of).collect();
    let fallback = theme.landuse.group.get("unmapped").cloned().unwrap_or_else(|| "#9aa0a6".to_owned());
    let by_group = match_colors("group", &groups, json!(fallback));
    if !parts.landuse.is_empty() {
        return match_colors("code", &parts.landuse, by_group);
    }
    let families = theme.landuse.family.iter();
    let codes = families.flat_map(|family| family.codes.iter().map(|code| ClassColor { key: code.clone(), color: family.color.clone() }));
    match_colors("code", &codes.collect::<Vec<_>>(), by_group)
}

/// The middle of the bounds and a zoom at which they fit a window of about 1,000 pixels.
fn view(bounds: Option<[f64; 4]>) -> (Value, Value) {
    let Some([west, south, east, north]) = bounds else { return (Value::Null, Value::Null) };
    let span = (east - west).max((north - south) * 1.1).clamp(1e-4, 360.0);
    let zoom = ((360.0 / span).log2() + (1000.0_f64 / 512.0).log2() - 0.3).clamp(0.0, 16.0);
    (json!([(west + east) / 2.0, (south + north) / 2.0]), json!((zoom * 10.0).round() / 10.0))
}

fn fill(value: Value, values: &BTreeMap<&str, Value>) -> Result<Value, StyleError> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(name) => values.get(name).cloned().ok_or(StyleError::Unknown { name: text.clone() })?,
            None => Value::String(text),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(|item| fill(item, values)).collect::<Result<_, _>>()?),
        Value::Object(entries) => {
            let mut filled = Map::new();
            for (key, entry) in entries {
                let entry = fill(entry, values)?;
                if !entry.is_null() {
                    filled.insert(key, entry);
                }
            }
            Value::Object(filled)
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../tiles/styles/template.json");
    const THEMES: [(&str, &str); 3] = [
        ("light", include_str!("../../tiles/styles/light.toml")),
        ("dark", include_str!("../../tiles/styles/dark.toml")),
        ("print", include_str!("../../tiles/styles/print.toml")),
    ];

    fn parts(theme: &str) -> StyleParts {
        StyleParts {
            theme: theme.to_owned(),
            lang: "vi".to_owned(),
            name: "Vùng chuyên canh".to_owned(),
            host: "http://127.0.0.1:8080".to_owned(),
            revision: 12,
            pin: "5f3a".to_owned(),
            epoch: Some("2025".to_owned()),
            bounds: Some([105.28, 20.56, 106.02, 21.39]),
            attribution: None,
            kinds: vec![ClassColor { key: "rice".to_owned(), color: "#e0c35a".to_owned() }],
            patterns: vec![KindPattern { kind: "rice".to_owned(), pattern: "waves".to_owned() }],
            landuse: Vec::new(),
        }
    }

    #[test]
    fn every_theme_gives_the_layers_that_the_page_switches_in_their_order() {
        for (name, text) in THEMES {
            let style = style(TEMPLATE, &Theme::parse(name, text).unwrap(), &parts(name)).unwrap();
            let layers = style["layers"].as_array().unwrap();
            let ids: Vec<&str> = layers.iter().filter_map(|l| l["id"].as_str()).collect();
            let promised = [
                "background",
                "units-fill",
                "landuse-fill",
                "context-water",
                "context-water-line",
                "units-line",
                "zones-fill",
                "zones-pattern",
                "zones-line",
                "context-road",
                "encroachments-fill",
                "encroachments-line",
                "zones-selected",
                "zone-labels",
                "context-labels",
                "unit-labels",
            ];
            let kept: Vec<&str> = ids.iter().copied().filter(|id| promised.contains(id)).collect();
            assert_eq!(kept, promised, "{name}");
            for layer in layers {
                let switch = layer["metadata"]["farmzone:switch"].as_str().unwrap();
                assert!(["zones", "encroachments", "landuse", "units", "context", "labels"].contains(&switch), "{layer}");
                if let Some(source_layer) = layer["source-layer"].as_str() {
                    assert!(source_layer.parse::<TileLayer>().is_ok(), "{source_layer}");
                }
            }
            assert_eq!(
                style["sources"]["farmzone"]["tiles"][0],
                "http://127.0.0.1:8080/tiles/landuse,context,units,zones,encroachments,unit_labels,zone_labels/{z}/{x}/{y}?rev=12&pin=5f3a&epoch=2025"
            );
            assert!(!style.to_string().contains("\"$"), "{name}: something was not filled in");
            assert!(style["sources"]["farmzone"].get("attribution").is_none());
        }
    }

    #[test]
    fn a_style_names_no_other_host() {
        for (name, text) in THEMES {
            let style = style(TEMPLATE, &Theme::parse(name, text).unwrap(), &parts(name)).unwrap().to_string();
            let hosts: Vec<&str> = style.match_indices("://").map(|(at, _)| &style[at + 3..at + 17]).collect();
            assert!(hosts.iter().all(|host| *host == "127.0.0.1:8080"), "{hosts:?}");
            assert_eq!(hosts.len(), 8, "one of tiles, one of pictures and six of fonts");
        }
    }

    #[test]
    fn all_themes_have_the_same_keys() {
        let [light, others @ ..] = THEMES.map(|(name, text)| Theme::parse(name, text).unwrap());
        let codes = |theme: &Theme| theme.landuse.family.iter().map(|family| family.codes.clone()).collect::<Vec<_>>();
        for other in others {
            assert!(light.color.keys().eq(other.color.keys()) && light.number.keys().eq(other.number.keys()));
            assert!(light.landuse.group.keys().eq(other.landuse.group.keys()));
            assert_eq!(codes(&light), codes(&other));
        }
    }

    #[test]
    fn land_use_takes_its_family_then_its_group_and_the_official_palette_when_asked() {
        let theme = Theme::parse("light", THEMES[0].1).unwrap();
        assert_eq!(theme.landuse_color("LUC", "none"), Some("#f3e6a2"));
        assert_eq!(theme.landuse_color("ONT", "built"), Some("#d08c7f"));
        assert_eq!(theme.landuse_color("ONT", "castle"), None);
        let official = vec![ClassColor { key: "ONT".to_owned(), color: "#ffd0ff".to_owned() }];
        let parts = StyleParts { landuse: official, ..parts("light") };
        let expression = landuse_color(&theme, &parts);
        assert_eq!((&expression[2], &expression[3]), (&json!("ONT"), &json!("#ffd0ff")));
    }

    #[test]
    fn a_name_that_nobody_gives_is_an_error_and_not_a_hole_in_the_map() {
        let theme = Theme::parse("light", THEMES[0].1).unwrap();
        let error = style(r#"{"version": 8, "name": "$nobody"}"#, &theme, &parts("light")).unwrap_err();
        assert_eq!(error.to_string(), "tiles/styles/template.json names $nobody, which neither the theme nor the request gives");
        let error = Theme::parse("light", &THEMES[0].1.replace("#f1eee4", "red")).unwrap_err();
        assert_eq!(error.to_string(), "tiles/styles/light.toml: “red” is not a colour like #1f2a24");
    }
}
