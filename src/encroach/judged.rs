//! Whether an event is still what somebody judged.

use crate::geom;
use crate::model::{Event, MultiPolygon};

/// A redrawn border moves by no more than this part of the area.
const SAME_SHARE: f64 = 0.02;

/// Land of an event beyond the shape that was judged, m²: none when it is no more than drawing explains, which is 2 % of what
/// was judged or `min_area_m2`, whichever is larger.
pub fn growth_m2(event: &Event, judged: &MultiPolygon, min_area_m2: f64) -> Option<f64> {
    if event.shape == *judged {
        return None;
    }
    let beyond_m2 = geom::area_m2(&geom::difference(&event.shape, judged));
    (beyond_m2 > min_area_m2.max(SAME_SHARE * geom::area_m2(judged))).then_some(beyond_m2)
}
