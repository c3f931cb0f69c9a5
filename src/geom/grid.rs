//! The land that rings on a whole-number grid enclose, as valid rings on the same grid.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;

/// Land around which open rings run more often with positive signed area (x dy − y dx > 0) than against:
/// a part that came to lie inside out is no land. Each polygon is its shell (positive), then its holes
/// (negative); rings are open. Coordinates must lie within ±2²⁹.
pub fn enclosed_on_grid(rings: &[Vec<[i32; 2]>]) -> Vec<Vec<Vec<[i32; 2]>>> {
    let n_points = rings.iter().map(Vec::len).sum();
    let mut overlay: Overlay<i32> = Overlay::new_custom(n_points, IntOverlayOptions::ogc(), Default::default());
    for ring in rings {
        overlay.add_path_iter(ring.iter().map(|[x, y]| IntPoint::new(*x, *y)), ShapeType::Subject);
    }
    let shapes = overlay.overlay(OverlayRule::Subject, FillRule::Positive);
    let open = |contour: Vec<IntPoint<i32>>| contour.into_iter().map(|p| [p.x, p.y]).collect();
    shapes.into_iter().map(|shape| shape.into_iter().map(open).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_that_crosses_itself_keeps_its_land_and_loses_what_is_inside_out() {
        let bow = vec![[0, 0], [10, 10], [10, 0], [0, 10]];
        let land = enclosed_on_grid(&[bow]);
        assert_eq!(land.len(), 1);
        let mut shell = land[0][0].clone();
        shell.sort();
        assert!(shell.contains(&[5, 5]) && shell.len() == 3, "{shell:?}");
    }

    #[test]
    fn parts_joined_along_a_border_come_apart() {
        let ring = vec![[0, 0], [10, 0], [4, 4], [10, 4], [10, 10], [10, 0], [10, 10], [0, 10]];
        for polygon in enclosed_on_grid(&[ring]) {
            for ring in polygon {
                assert!(ring.len() >= 3);
            }
        }
    }
}
