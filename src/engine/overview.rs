//! The whole map as one small picture: drawn from its tiles in the style's colours, for who has nothing to draw with yet.
//!
//! Web Mercator, and exactly as large as what there is (`Snapshot::bounds`), so that a page can lay it where its map will be.

use std::sync::Arc;

use geo_types::{Geometry, LineString, Polygon};
use mlt_core::mvt::mvt_to_tile_layers;
use serde_json::Value;
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

use super::dossier::maps::color;
use super::{EngineError, Snapshot, StyleAsk};
use crate::formats;
use crate::model::Coord;
use crate::tile::{TileCoord, TileFilter, TileFormat, TileLayer, WEB_MERCATOR_HALF_M, lonlat_to_mercator};

/// One colour of the map, opaque, and what has it.
pub struct PlainColor {
    /// `#rrggbb`.
    pub color: String,
    /// None for the ground, which is everywhere.
    pub of: Option<(TileLayer, TileFilter)>,
}

/// Of WebP: lines and small zones are still told apart.
const QUALITY: u8 = 55;
/// One pixel that nobody sees.
const NOTHING: &[u8] =
    &[82, 73, 70, 70, 26, 0, 0, 0, 87, 69, 66, 80, 86, 80, 56, 76, 13, 0, 0, 0, 47, 0, 0, 0, 16, 7, 16, 17, 17, 136, 136, 254, 7, 0];
/// Of the picture's longer side.
const SIDE_PX: f64 = 640.0;
/// What is narrower, in metres of Web Mercator, does not fill the map of a wide page, which goes no closer than zoom 16.
const LEAST_M: f64 = 2_500.0;
/// A tile is drawn at least as wide, up to twice as wide: finer ones show no more.
const TILE_PX: f64 = 512.0;
const EXTENT: f64 = 4096.0;
const LINE_PX: f32 = 1.0;

impl Snapshot {
    /// The map's colours in drawing order, each from the style of a theme; what is drawn through others is mixed with the ground.
    pub fn plain_colors(&self, theme: &'static str) -> Result<Vec<PlainColor>, EngineError> {
        let ask = StyleAsk { theme, lang: "vi", epoch: None, host: String::new(), official_land_use: false };
        plain_colors(self, &self.style(&ask)?)
    }

    /// The whole map as a WebP, transparent where only the ground is; one pixel of it where there is nothing. Made once.
    pub fn overview(&self, theme: &'static str) -> Result<Arc<Vec<u8>>, EngineError> {
        self.tiles.overviews[usize::from(theme == "dark")].get(|| self.draw_overview(theme))
    }

    fn draw_overview(&self, theme: &'static str) -> Result<Vec<u8>, EngineError> {
        let Some(bounds) = self.bounds()? else { return Ok(NOTHING.into()) };
        let (low, high) = (lonlat_to_mercator(bounds[0], bounds[1]), lonlat_to_mercator(bounds[2], bounds[3]));
        let longer_m = (high.x - low.x).max(high.y - low.y);
        if !(longer_m.is_finite() && longer_m >= LEAST_M) {
            return Ok(NOTHING.into());
        }
        let pixels = self.drawn_between(theme, low, high, longer_m / SIDE_PX)?;
        let size = [pixels.width() as usize, pixels.height() as usize];
        Ok(formats::webp(&pixels.take_demultiplied(), size, QUALITY)?)
    }

    /// What lies between two corners, in metres of Web Mercator.
    fn drawn_between(&self, theme: &'static str, low: Coord, high: Coord, m_per_px: f64) -> Result<Pixmap, EngineError> {
        let side = |length_m: f64| (length_m / m_per_px).round().max(1.0) as u32;
        let mut pixels = Pixmap::new(side(high.x - low.x), side(high.y - low.y)).ok_or_else(no_room)?;
        let world_px = 2.0 * WEB_MERCATOR_HALF_M / m_per_px;
        let z = (world_px / TILE_PX).log2().floor().clamp(0.0, f64::from(TileCoord::MAX_ZOOM)) as u8;
        let tile_m = 2.0 * WEB_MERCATOR_HALF_M / f64::from(1_u32 << z);
        let tile_at = |length_m: f64| (length_m / tile_m).floor().clamp(0.0, f64::from((1_u32 << z) - 1)) as u32;
        let columns = tile_at(low.x + WEB_MERCATOR_HALF_M)..=tile_at(high.x + WEB_MERCATOR_HALF_M);
        let rows = tile_at(WEB_MERCATOR_HALF_M - high.y)..=tile_at(WEB_MERCATOR_HALF_M - low.y);
        for PlainColor { color, of } in self.plain_colors(theme)? {
            let Some((layer, filter)) = of else { continue };
            let mut paint = Paint::default();
            paint.set_color(opaque(&color));
            for (x, y) in columns.clone().flat_map(|x| rows.clone().map(move |y| (x, y))) {
                let coord = TileCoord::new(u64::from(z), u64::from(x), u64::from(y)).map_err(|e| EngineError::internal(e.to_string()))?;
                let (areas, lines) = self.paths_of(layer, &filter, coord)?;
                let px = (tile_m / EXTENT / m_per_px) as f32;
                let left = ((f64::from(x) * tile_m - WEB_MERCATOR_HALF_M - low.x) / m_per_px) as f32;
                let top = ((high.y - WEB_MERCATOR_HALF_M + f64::from(y) * tile_m) / m_per_px) as f32;
                let place = Transform::from_row(px, 0.0, 0.0, px, left, top);
                if let Some(areas) = areas {
                    pixels.fill_path(&areas, &paint, FillRule::Winding, place, None);
                }
                if let Some(lines) = lines.and_then(|lines| lines.transform(place)) {
                    let stroke = Stroke { width: LINE_PX, ..Stroke::default() };
                    pixels.stroke_path(&lines, &paint, &stroke, Transform::identity(), None);
                }
            }
        }
        Ok(pixels)
    }

    /// What a tile has of a layer: its areas and its lines, on the tile's grid.
    fn paths_of(&self, layer: TileLayer, filter: &TileFilter, coord: TileCoord) -> Result<(Option<Path>, Option<Path>), EngineError> {
        let bytes = self.tile(&[layer], None, coord, filter, TileFormat::Mvt)?;
        let read = mvt_to_tile_layers(&bytes).map_err(|e| EngineError::internal(format!("tile {coord}: {e}")))?;
        let (mut areas, mut lines) = (PathBuilder::new(), PathBuilder::new());
        for feature in read.iter().flat_map(|layer| layer.features()) {
            match feature.geometry() {
                Geometry::Polygon(polygon) => add_polygon(&mut areas, polygon),
                Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|polygon| add_polygon(&mut areas, polygon)),
                Geometry::LineString(line) => add_line(&mut lines, line),
                Geometry::MultiLineString(of) => of.iter().for_each(|line| add_line(&mut lines, line)),
                _ => {}
            }
        }
        Ok((areas.finish(), lines.finish()))
    }
}

fn add_line(path: &mut PathBuilder, line: &LineString<i32>) {
    for (at, point) in line.0.iter().enumerate() {
        let (x, y) = (point.x as f32, point.y as f32);
        if at == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
}

/// Shells and holes turn opposite ways.
fn add_polygon(path: &mut PathBuilder, polygon: &Polygon<i32>) {
    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
        add_line(path, ring);
        path.close();
    }
}

fn no_room() -> EngineError {
    EngineError::internal("there is no room for a picture of the map")
}

fn plain_colors(snapshot: &Snapshot, style: &Value) -> Result<Vec<PlainColor>, EngineError> {
    let layer = |id: &str| style["layers"].as_array().into_iter().flatten().find(|layer| layer["id"] == id).unwrap_or(&Value::Null);
    let plain = |id: &str, of: &str| match layer(id)["paint"][of].as_str() {
        Some(color) => Ok(color.to_owned()),
        None => Err(EngineError::internal(format!("the style has no plain colour {id}/{of}"))),
    };
    let one_of = |key: &'static str, texts: &[&str]| TileFilter { only: vec![(key, texts.iter().map(|t| (*t).to_owned()).collect())] };
    let city = plain("units-fill", "fill-color")?;
    let mut colors = vec![
        PlainColor { color: plain("background", "background-color")?, of: None },
        PlainColor { color: city.clone(), of: Some((TileLayer::Units, TileFilter::default())) },
        PlainColor {
            color: plain("built-fill", "fill-color")?,
            of: Some((TileLayer::LandUse, one_of("group", &["built", "transport", "sealed", "public"]))),
        },
        PlainColor { color: plain("context-water", "fill-color")?, of: Some((TileLayer::Context, one_of("group", &["water"]))) },
    ];
    let opacity = layer("zones-fill")["paint"]["fill-opacity"].as_f64().unwrap_or(1.0);
    let of_kinds = cases(&layer("zones-fill")["paint"]["fill-color"]);
    let kinds = &snapshot.rulebook.kinds.kinds;
    let of_kind = |key: &str| of_kinds.iter().find(|(texts, _)| texts.contains(&key)).map(|(_, color)| *color);
    if !snapshot.zones.list.iter().all(|view| of_kind(&view.zone.kind).is_some()) {
        // Below the others, which cover it.
        let other = otherwise(&layer("zones-fill")["paint"]["fill-color"]).unwrap_or(&city);
        colors.push(PlainColor { color: mixed(other, &city, opacity), of: Some((TileLayer::Zones, TileFilter::default())) });
    }
    colors.extend(kinds.iter().filter_map(|kind| {
        let color = mixed(of_kind(&kind.key)?, &city, opacity);
        Some(PlainColor { color, of: Some((TileLayer::Zones, one_of("kind", &[&kind.key]))) })
    }));
    colors.push(PlainColor { color: plain("context-road", "line-color")?, of: Some((TileLayer::Context, one_of("group", &["road"]))) });
    let losses = &layer("encroachments-fill")["paint"]["fill-color"];
    let of_rights = cases(losses);
    let Some(of_others) = otherwise(losses).filter(|_| !of_rights.is_empty()) else {
        return Err(EngineError::internal("the style has no colours of lost land"));
    };
    // Of no permit known, say.
    colors.push(PlainColor { color: of_others.to_owned(), of: Some((TileLayer::Encroachments, TileFilter::default())) });
    // The gravest first in the style, and drawn over the others.
    colors.extend(
        of_rights.iter().rev().map(|(rights, color)| PlainColor {
            color: (*color).to_owned(),
            of: Some((TileLayer::Encroachments, one_of("right", rights))),
        }),
    );
    Ok(colors)
}

/// Of `["match", input, texts, color, …, other]`: which texts have which colour.
fn cases(expression: &Value) -> Vec<(Vec<&str>, &str)> {
    let parts = expression.as_array().map_or(&[][..], Vec::as_slice);
    let pairs = parts.get(2..).unwrap_or_default().chunks_exact(2);
    pairs
        .filter_map(|pair| {
            let labels = match &pair[0] {
                Value::Array(labels) => labels.iter().filter_map(Value::as_str).collect(),
                label => vec![label.as_str()?],
            };
            Some((labels, pair[1].as_str()?))
        })
        .collect()
}

/// Of such an expression: the colour of all other texts.
fn otherwise(expression: &Value) -> Option<&str> {
    expression.as_array()?.last()?.as_str()
}

fn opaque(hex: &str) -> Color {
    let [r, g, b] = color(hex);
    Color::from_rgba8(r, g, b, u8::MAX)
}

/// `#rrggbb` over another.
fn mixed(over: &str, under: &str, opacity: f64) -> String {
    let (over, under) = (color(over), color(under));
    let [r, g, b] = std::array::from_fn(|i| (f64::from(over[i]) * opacity + f64::from(under[i]) * (1.0 - opacity)).round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_colour_over_another_is_between_them() {
        assert_eq!(mixed("#ff0000", "#0000ff", 1.0), "#ff0000");
        assert_eq!(mixed("#ff0000", "#0000ff", 0.0), "#0000ff");
        assert_eq!(mixed("#e0c35a", "#f8f6f0", 0.7), "#e7d287");
    }

    #[test]
    fn the_cases_of_an_expression_are_texts_with_their_colour() {
        let matched = json!(["match", ["get", "right"], "unplanned", "#111111", ["planned", "legacy"], "#222222", "#333333"]);
        assert_eq!(cases(&matched), [(vec!["unplanned"], "#111111"), (vec!["planned", "legacy"], "#222222")]);
        assert_eq!(otherwise(&matched), Some("#333333"));
        assert!(cases(&json!("#111111")).is_empty() && cases(&Value::Null).is_empty() && otherwise(&Value::Null).is_none());
    }
}
