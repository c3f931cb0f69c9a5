//! A shape cut by lines into polygons that share the cut, bit for bit.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::IntOverlayOptions;
use i_overlay::i_float::int::point::IntPoint;
use i_overlay::string::overlay::StringOverlay;
use i_overlay::string::rule::StringRule;

use super::boolean::{Grid, settled};
use super::rings::{is_usable, rings_of};
use crate::model::{Coord, MultiPolygon};

/// The polygons into which open lines cut a valid shape, each on its own; one per polygon of the shape where nothing is cut.
/// Vertices of the shape keep their bits, and a crossing is the same point in both parts that meet there.
pub fn slice(shape: &MultiPolygon, lines: &[Vec<Coord>]) -> Vec<MultiPolygon> {
    let grid = Grid::of(rings_of(shape).chain(lines.iter().map(Vec::as_slice)).flatten());
    let path = |run: &[Coord]| -> Vec<IntPoint<i64>> { run.iter().filter(|c| is_usable(**c)).map(|c| grid.to_int(*c)).collect() };
    let rings: Vec<Vec<IntPoint<i64>>> = rings_of(shape).map(path).collect();
    let mut engine = StringOverlay::<i64>::from_shape_custom(&rings, IntOverlayOptions::ogc());
    for line in lines {
        engine.add_string_path(&path(line));
    }
    let cut =
        engine.build_graph_view(FillRule::NonZero).map(|graph| graph.extract_shapes_custom(StringRule::Slice, IntOverlayOptions::ogc()));
    cut.unwrap_or_default().into_iter().map(|polygon| settled(grid, vec![polygon])).filter(|part| !part.0.is_empty()).collect()
}
