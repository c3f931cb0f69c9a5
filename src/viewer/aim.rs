//! Where the renderer looks: a middle, a zoom, a size, and whether there is anything to see.

use cgmath::Deg;
use maplibre::coords::{LatLon, WorldCoords, Zoom};
use maplibre::view_state::ViewState;
use maplibre::window::WindowSize;

use super::Look;
use crate::engine::{EngineError, Snapshot, TileCoord};

/// Pixels of a side. Four samples a pixel and the depth take 400 MB at the most.
const SIDE: std::ops::RangeInclusive<u32> = 16..=4096;
/// The renderer takes 32 tiles, column by column: at two rows in sight and one beside on each side that is eight columns.
const WIDEST: f64 = 5.0;
/// Web Mercator ends here.
const MOST_LATITUDE: f64 = 85.0;
/// World units that are as high as the picture: its camera stands where 512 of them fill the height, whatever that is in pixels.
pub(super) const UNITS_HIGH: f64 = 512.0;

/// A view of the map in the renderer's terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Aim {
    pub(super) size: [u32; 2],
    center: [f64; 2],
    /// The renderer's zoom, at which `UNITS_HIGH` of 512 · 2^zoom are in sight from top to bottom.
    zoom: f64,
}

/// The deepest zoom of the renderer: beyond there are no tiles, and it draws none larger than they are.
pub(super) fn deepest() -> f64 {
    f64::from(TileCoord::MAX_ZOOM) + 0.99
}

pub(super) fn has_zones(snapshot: &Snapshot) -> Result<(), EngineError> {
    match snapshot.zones.list.is_empty() {
        true => Err(EngineError::not_found("the workspace has no zones to look at yet: farmzone import WORKSPACE FILE --as zones")),
        false => Ok(()),
    }
}

impl Aim {
    /// For a picture of a size that can be drawn.
    pub(super) fn of_picture(snapshot: &Snapshot, look: Look, size: [u32; 2]) -> Result<Aim, EngineError> {
        let [width, height] = size;
        if !size.iter().all(|side| SIDE.contains(side)) {
            let (least, most) = (SIDE.start(), SIDE.end());
            return Err(EngineError::usage(format!(
                "a picture of {width} × {height} pixels cannot be drawn: each side has {least} to {most}"
            )));
        }
        if f64::from(width) > WIDEST * f64::from(height) {
            return Err(EngineError::usage(format!(
                "a picture of {width} × {height} pixels cannot be drawn: it is at most {WIDEST} times as wide as high"
            )));
        }
        Aim::new(snapshot, look, size)
    }

    pub(super) fn new(snapshot: &Snapshot, look: Look, size: [u32; 2]) -> Result<Aim, EngineError> {
        has_zones(snapshot)?;
        let bounds = snapshot.bounds()?.ok_or_else(|| EngineError::not_found("the workspace's zones have no extent"))?;
        let center = look.center.unwrap_or_else(|| middle(bounds));
        if center[1].abs() > MOST_LATITUDE {
            return Err(EngineError::usage(format!("latitude {} is beyond {MOST_LATITUDE}°, where the map ends", center[1])));
        }
        // What is asked for is refused where it cannot be; what is chosen here is brought to what can be.
        let higher = (f64::from(size[1]) / UNITS_HIGH).log2();
        let zoom = match look.zoom {
            None => fitting(bounds, size).clamp(0.0, deepest()),
            Some(asked) if (0.0..=deepest()).contains(&(asked - higher)) => asked - higher,
            Some(asked) => {
                let [least, most] = [higher.max(0.0), deepest() + higher].map(|zoom| (zoom * 100.0).round() / 100.0);
                let height = size[1];
                return Err(EngineError::usage(format!("at a height of {height} pixels the zoom is {least} to {most}, not {asked}")));
            }
        };
        let aim = Aim { size, center, zoom };
        aim.shows_zones(snapshot, bounds)?;
        Ok(aim)
    }

    /// The renderer's own view.
    pub(super) fn view_state(&self, size: WindowSize) -> ViewState {
        let zoom = Zoom::new(self.zoom);
        ViewState::new(size, world(self.center, self.zoom), zoom, Deg(0.0), Deg(110.0))
    }

    /// West, south, east, north of what is in sight.
    fn bounds(&self) -> [f64; 4] {
        let middle = world(self.center, self.zoom);
        let half = [UNITS_HIGH / 2.0 * f64::from(self.size[0]) / f64::from(self.size[1]), UNITS_HIGH / 2.0];
        let [west, north] = degrees([middle.x - half[0], middle.y - half[1]], self.zoom);
        let [east, south] = degrees([middle.x + half[0], middle.y + half[1]], self.zoom);
        [west, south, east, north]
    }

    fn shows_zones(&self, snapshot: &Snapshot, data: [f64; 4]) -> Result<(), EngineError> {
        let seen = self.bounds();
        let [west, south, east, north] = [seen[0].max(data[0]), seen[1].max(data[1]), seen[2].min(data[2]), seen[3].min(data[3])];
        let touch = west <= east && south <= north;
        if touch && !snapshot.zones.within(snapshot.place.bounds_from_lonlat([west, south, east, north])?).is_empty() {
            return Ok(());
        }
        let [lon, lat] = self.center;
        let [west, south, east, north] = data;
        Err(EngineError::not_found(format!(
            "no zones around {lon:.4},{lat:.4}: the workspace lies between {west:.4},{south:.4} and {east:.4},{north:.4}"
        )))
    }
}

fn world([lon, lat]: [f64; 2], zoom: f64) -> WorldCoords {
    WorldCoords::from_lat_lon(LatLon::new(lat, lon), Zoom::new(zoom))
}

/// Longitude and latitude of a place in the world's units.
fn degrees([x, y]: [f64; 2], zoom: f64) -> [f64; 2] {
    let side = 512.0 * zoom.exp2();
    let up = std::f64::consts::PI * (1.0 - 2.0 * y / side);
    [x / side * 360.0 - 180.0, up.sinh().atan().to_degrees()]
}

fn middle([west, south, east, north]: [f64; 4]) -> [f64; 2] {
    [(west + east) / 2.0, (south + north) / 2.0]
}

/// The renderer's zoom at which a box fills the picture, with a little around it.
fn fitting([west, south, east, north]: [f64; 4], [width, height]: [u32; 2]) -> f64 {
    let (low, high) = (world([west, south], 0.0), world([east, north], 0.0));
    let across = (high.x - low.x) * f64::from(height) / f64::from(width);
    let span = across.max(low.y - high.y).max(1e-9) * 1.06;
    (UNITS_HIGH / span).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_sight_is_what_the_size_and_zoom_say() {
        // At 512 pixels the renderer's zoom is that of the web map: zoom 1 shows half of the world's height.
        let aim = Aim { size: [1024, 512], center: [0.0, 0.0], zoom: 1.0 };
        let [west, south, east, north] = aim.bounds();
        assert!((west + 180.0).abs() < 1e-9 && (east - 180.0).abs() < 1e-9, "{west} {east}");
        assert!((north - 66.513_260_443).abs() < 1e-6 && (south + north).abs() < 1e-9, "{south} {north}");
    }

    #[test]
    fn a_box_fits_by_its_longer_side() {
        let around = |zoom, size| Aim { size, center: [105.5, 21.0], zoom }.bounds();
        for size in [[400, 400], [800, 200], [200, 800]] {
            let [west, south, east, north] = around(fitting([105.0, 20.9, 106.0, 21.1], size), size);
            assert!(west < 105.0 && south < 20.9 && east > 106.0 && north > 21.1, "{size:?}");
            assert!(east - west < 1.1 || north - south < 0.25, "{size:?}: {west} {south} {east} {north}");
        }
    }
}
