//! Which tiles a change of a layer touches.

use std::collections::{BTreeSet, HashSet};

use super::labels::Labels;
use super::merge::Merged;
use super::mvt::EXTENT;
use super::prepare::Prepared;
use super::rules::UNITS_PER_PIXEL;
use super::{TileCoord, WEB_MERCATOR_HALF_M};

/// The tiles in which a layer may be drawn otherwise than before.
#[derive(Debug, Clone, PartialEq)]
pub struct Touched {
    /// Around features that came, went or changed, in steps of the world's grid: west, north, east, south.
    boxes: Vec<[u32; 4]>,
    /// How far features reach beyond their tile, tile units.
    reach: u32,
    far: Far,
    /// The zoom from which the layer's features have labels, whatever else is drawn of them.
    labels_from: Option<u8>,
}

/// Tiles of zooms at which features are merged.
#[derive(Debug, Clone, PartialEq)]
enum Far {
    /// There are none: the boxes hold for every zoom.
    AsNear,
    /// Of zooms below this one it is not known yet.
    Unknown(u8),
    Known(u8, HashSet<TileCoord>),
}

impl Touched {
    /// What differs between two states of a layer. What its merged zooms show is not known before both are merged.
    pub fn between(before: &Prepared, now: &Prepared, labels: Option<&Labels>) -> Touched {
        let step = now.rules.grid.values().copied().max().unwrap_or(1);
        let reach = now.rules.buffer_px * UNITS_PER_PIXEL as u32 + step;
        let far = if now.rules.merge_below > 0 { Far::Unknown(now.rules.merge_below) } else { Far::AsNear };
        Touched { boxes: now.differing(before), reach, far, labels_from: labels.map(|labels| labels.rules.min_zoom) }
    }

    /// The same when the merged zooms are known; none of them when a state has too much to be merged.
    pub fn with_merged(self, before: (&Prepared, Option<&Merged>), now: (&Prepared, Option<&Merged>)) -> Touched {
        let far = match (self.far, before.1, now.1) {
            (Far::Unknown(below), Some(was), Some(is)) => Far::Known(below, is.differing(now.0, was, before.0)),
            (Far::Unknown(_), None, None) => Far::AsNear,
            (far, ..) => far,
        };
        Touched { far, ..self }
    }

    /// How many features came, went or changed.
    pub fn n_boxes(&self) -> usize {
        self.boxes.len()
    }

    /// Whether nothing is unknown.
    pub fn is_whole(&self) -> bool {
        self.boxes.is_empty() || !matches!(self.far, Far::Unknown(_))
    }

    /// Whether the labels in a tile may be others.
    pub fn touches_labels(&self, tile: TileCoord) -> bool {
        self.boxes.iter().any(|around| self.meets(tile, *around))
    }

    /// Whether a tile is touched, but for labels; none when that is not known yet.
    pub fn touches(&self, tile: TileCoord) -> Option<bool> {
        match &self.far {
            _ if self.boxes.is_empty() => Some(false),
            Far::Unknown(below) if tile.z() < *below => None,
            Far::Known(below, tiles) if tile.z() < *below => Some(tiles.contains(&tile)),
            _ => Some(self.touches_labels(tile)),
        }
    }

    fn meets(&self, tile: TileCoord, around: [u32; 4]) -> bool {
        let [first, last] = self.across(tile.z(), around);
        (first[0]..=last[0]).contains(&tile.x()) && (first[1]..=last[1]).contains(&tile.y())
    }

    /// The first and the last column and row of the tiles of a zoom that a box reaches into.
    fn across(&self, z: u8, [west, north, east, south]: [u32; 4]) -> [[u32; 2]; 2] {
        let unit = 20 - u32::from(z);
        let reach = i64::from(self.reach) << unit;
        let tile = |w: i64| (w.clamp(0, i64::from(u32::MAX)) >> (unit + EXTENT.trailing_zeros())) as u32;
        let [first, last] = [[west, north].map(|w| tile(i64::from(w) - reach)), [east, south].map(|w| tile(i64::from(w) + reach))];
        [first, last]
    }

    /// Adds the touched tiles of zooms below one, as far as they are known; false when there are more than `most`.
    pub fn tiles_below(&self, zoom: u8, most: usize, tiles: &mut BTreeSet<TileCoord>) -> bool {
        if self.boxes.len() > most {
            return false;
        }
        for z in 0..zoom {
            let by_boxes = match &self.far {
                Far::Unknown(below) if z < *below => false,
                Far::Known(below, known) if z < *below => {
                    tiles.extend(known.iter().filter(|tile| tile.z() == z));
                    false
                }
                _ => true,
            };
            if by_boxes || self.labels_from.is_some_and(|from| from <= z) {
                for [first, last] in self.boxes.iter().map(|around| self.across(z, *around)) {
                    let n_tiles = (u64::from(last[0] - first[0]) + 1) * (u64::from(last[1] - first[1]) + 1);
                    if n_tiles > most as u64 {
                        return false;
                    }
                    let columns = (first[0]..=last[0]).flat_map(|x| (first[1]..=last[1]).map(move |y| (x, y)));
                    tiles.extend(columns.filter_map(|(x, y)| TileCoord::new(z.into(), x.into(), y.into()).ok()));
                }
            }
            if tiles.len() > most {
                return false;
            }
        }
        true
    }

    /// West, south, east, north of what came, went or changed, degrees.
    pub fn boxes_lonlat(&self) -> impl Iterator<Item = [f64; 4]> {
        let world = 2_f64.powi(32);
        let lon = move |w: u32| f64::from(w) / world * 360.0 - 180.0;
        let lat = move |w: u32| {
            let y_m = WEB_MERCATOR_HALF_M * (1.0 - 2.0 * f64::from(w) / world);
            (y_m / WEB_MERCATOR_HALF_M * std::f64::consts::PI).sinh().atan().to_degrees()
        };
        self.boxes.iter().map(move |[west, north, east, south]| [lon(*west), lat(*south), lon(*east), lat(*north)])
    }
}
