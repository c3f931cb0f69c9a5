//! The map's style and TileJSON for the present snapshot.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::rulebook::PLAIN;
use super::{EngineError, Snapshot, figures, tiles_text};
use crate::model::{Epoch, LayerRole};
use crate::tile::{ClassColor, KindPattern, StyleParts, Theme, TileCoord, TileLayer, TileRules, style};

/// Which style is asked for.
#[derive(Debug, Clone)]
pub struct StyleAsk {
    /// `light`, `dark` or `print`.
    pub theme: &'static str,
    /// `vi` or `en`.
    pub lang: &'static str,
    pub epoch: Option<Epoch>,
    /// Scheme and host of absolute addresses, without a slash at the end.
    pub host: String,
    /// Land use in the legend's official colours instead of the screen's.
    pub official_land_use: bool,
}

fn text(name: &str) -> Result<String, EngineError> {
    tiles_text(name).ok_or_else(|| EngineError::internal(format!("tiles/{name} is not in this build")))
}

impl Snapshot {
    /// `GET /styles/{theme}.json`.
    pub fn style(&self, ask: &StyleAsk) -> Result<Value, EngineError> {
        let internal = |e: crate::tile::StyleError| EngineError::internal(e.to_string());
        let theme = Theme::parse(ask.theme, &text(&format!("styles/{}.toml", ask.theme))?).map_err(internal)?;
        let epoch = self.epoch(ask.epoch)?;
        let kinds = self.rulebook.kinds.kinds.iter().map(|kind| {
            let color = if ask.theme == "dark" { &kind.color_dark } else { &kind.color_light };
            ClassColor { key: kind.key.clone(), color: color.clone() }
        });
        let patterned = self.rulebook.kinds.kinds.iter().filter(|kind| kind.pattern != PLAIN);
        let parts = StyleParts {
            theme: ask.theme.to_owned(),
            lang: ask.lang.to_owned(),
            name: if ask.lang == "en" { "Specialised farming zones" } else { "Vùng sản xuất chuyên canh" }.to_owned(),
            host: ask.host.clone(),
            revision: self.revision,
            pin: self.pin(),
            epoch: epoch.map(|e| e.to_string()),
            bounds: self.bounds_of_style()?,
            attribution: self.attribution(ask.lang),
            kinds: kinds.collect(),
            patterns: patterned.map(|kind| KindPattern { kind: kind.key.clone(), pattern: kind.pattern.clone() }).collect(),
            landuse: if ask.official_land_use { self.official_colors(epoch)? } else { Vec::new() },
        };
        style(&text("styles/template.json")?, &theme, &parts).map_err(internal)
    }

    /// Around all there is, on lines of a twentieth of a degree: a map asks for no tile outside, and may keep its style when
    /// something grows a little.
    pub(super) fn bounds_of_style(&self) -> Result<Option<[f64; 4]>, EngineError> {
        let (down, up) = (|v: f64| (v * 20.0).floor() / 20.0, |v: f64| (v * 20.0).ceil() / 20.0);
        Ok(self.bounds()?.map(|[west, south, east, north]| [down(west), down(south), up(east), up(north)]))
    }

    fn official_colors(&self, epoch: Option<Epoch>) -> Result<Vec<ClassColor>, EngineError> {
        let Some(epoch) = epoch else { return Ok(Vec::new()) };
        let land_use = self.land_use(epoch)?;
        let shown = land_use.legend.classes.iter().filter(|class| !class.secret);
        Ok(shown.map(|class| ClassColor { key: class.code.clone(), color: figures::hex(class.rgb) }).collect())
    }

    /// Whose data the map shows, as the HTML that a map's corner takes.
    pub(super) fn attribution(&self, lang: &str) -> Option<String> {
        let simulated = if lang == "en" { "Simulated data" } else { "Dữ liệu mô phỏng" };
        let shown = self.layers.iter().filter(|l| ![LayerRole::Encroachments, LayerRole::Permits, LayerRole::Codes].contains(&l.role));
        let mut words: Vec<String> = Vec::new();
        for layer in shown {
            let word = if layer.simulated { simulated.to_owned() } else { escaped(&layer.source) };
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        (!words.is_empty()).then(|| words.join(" · "))
    }

    /// `GET /tiles/{layers}.json`: TileJSON 3.
    pub fn tile_json(&self, layers: &[TileLayer], epoch: Option<Epoch>, host: &str) -> Result<Value, EngineError> {
        let epoch = self.epoch(epoch)?;
        let names: Vec<&str> = layers.iter().map(|layer| layer.as_str()).collect();
        let of_epoch = epoch.map(|e| format!("&epoch={e}")).unwrap_or_default();
        let mut tile_json = json!({
            "tilejson": "3.0.0", "name": "farmzone", "scheme": "xyz",
            "tiles": [format!("{host}/tiles/{}/{{z}}/{{x}}/{{y}}?rev={}&pin={}{of_epoch}", names.join(","), self.revision, self.pin())],
            "minzoom": 0, "maxzoom": TileCoord::MAX_ZOOM, "vector_layers": vector_layers(layers, 0..=TileCoord::MAX_ZOOM)?, "revision": self.revision,
        });
        if let Some([west, south, east, north]) = self.bounds()? {
            tile_json["bounds"] = json!([west, south, east, north]);
            tile_json["center"] = json!([(west + east) / 2.0, (south + north) / 2.0, 10]);
        }
        if let Some(attribution) = self.attribution("vi") {
            tile_json["attribution"] = json!(attribution);
        }
        Ok(tile_json)
    }
}

/// The rules of `tiles/layers.toml`.
pub(super) fn tile_rules() -> Result<TileRules, EngineError> {
    TileRules::parse(&text("layers.toml")?).map_err(|e| EngineError::internal(format!("tiles/layers.toml: {e}")))
}

/// What TileJSON 3 says of the layers that are in tiles of these zooms: their fields, from which zoom to which.
pub(super) fn vector_layers(layers: &[TileLayer], zooms: RangeInclusive<u8>) -> Result<Vec<Value>, EngineError> {
    let rules = tile_rules()?;
    let within = |layer: &TileLayer| {
        let rules = rules.layer(*layer);
        let (min, max) = (rules.min_zoom.max(*zooms.start()), rules.max_zoom.min(*zooms.end()));
        let fields: serde_json::Map<String, Value> = layer.keys().iter().map(|key| ((*key).to_owned(), json!(key_type(key)))).collect();
        let mut told = json!({ "id": layer.as_str(), "fields": fields, "minzoom": min, "maxzoom": max });
        if let Some(all_from) = rules.all_labels_from {
            let px2 = rules.label_area_px2;
            told["description"] =
                json!(format!("labels, each from the zoom where its feature covers {px2} px² (512 px a tile); all from {all_from}"));
        }
        (min <= max).then_some(told)
    };
    Ok(layers.iter().filter_map(within).collect())
}

/// What kind of value a property is, as TileJSON tells it.
fn key_type(key: &str) -> &'static str {
    if ["area_ha", "area_m2", "lost_share", "severity", "width_m"].contains(&key) { "Number" } else { "String" }
}

/// A text that a map may set as HTML.
fn escaped(text: &str) -> String {
    text.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
