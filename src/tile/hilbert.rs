//! The order in which a pyramid is written: along the Hilbert curve, so that tiles near each other on
//! the map lie near each other in the file.

use super::TileCoord;

/// The tiles of zoom `z` along the Hilbert curve (Hilbert 1891), in the order of tile ids of PMTiles 3.
///
/// `wanted` is asked about tiles of zoom 0 to `z`; where it says no, everything below is left out. It must
/// say yes to a tile that holds a wanted one.
pub fn along_hilbert(z: u8, wanted: impl Fn(TileCoord) -> bool) -> impl Iterator<Item = TileCoord> {
    let root = TileCoord::new(0, 0, 0).map(|coord| Quadrant { coord, swapped: false, turned: false });
    let mut waiting: Vec<Quadrant> = root.into_iter().collect();
    std::iter::from_fn(move || {
        while let Some(quadrant) = waiting.pop() {
            if !wanted(quadrant.coord) {
                continue;
            }
            if quadrant.coord.z() >= z.min(TileCoord::MAX_ZOOM) {
                return Some(quadrant.coord);
            }
            // The last first: the next one is taken from the end.
            waiting.extend(quadrant.quarters().into_iter().rev().flatten());
        }
        None
    })
}

/// A tile, and how the curve lies in it: as in the whole world, with its axes swapped, turned by half a turn, or both.
#[derive(Clone, Copy)]
struct Quadrant {
    coord: TileCoord,
    swapped: bool,
    turned: bool,
}

impl Quadrant {
    /// The four tiles below it, as the curve comes by.
    fn quarters(self) -> [Option<Quadrant>; 4] {
        // Down, right, up in the world; swapped in the first quarter, swapped and turned in the last.
        [(0, 0, true, false), (0, 1, false, false), (1, 1, false, false), (1, 0, true, true)].map(|(x, y, swaps, turns)| {
            let (x, y) = if self.swapped { (y, x) } else { (x, y) };
            let (x, y) = if self.turned { (1 - x, 1 - y) } else { (x, y) };
            let (z, column, row) = (self.coord.z(), u64::from(self.coord.x()), u64::from(self.coord.y()));
            let coord = TileCoord::new(u64::from(z) + 1, 2 * column + x, 2 * row + y).ok()?;
            Some(Quadrant { coord, swapped: self.swapped != swaps, turned: self.turned != turns })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(z: u8) -> Vec<TileCoord> {
        along_hilbert(z, |_| true).collect()
    }

    #[test]
    fn the_first_tiles_come_in_the_order_of_pmtiles() {
        // Ids 1 to 4 and 5 to 20 of the specification.
        let names = |z| all(z).iter().map(|c| format!("{},{}", c.x(), c.y())).collect::<Vec<_>>().join(" ");
        assert_eq!(names(0), "0,0");
        assert_eq!(names(1), "0,0 0,1 1,1 1,0");
        assert_eq!(names(2), "0,0 1,0 1,1 0,1 0,2 0,3 1,3 1,2 2,2 2,3 3,3 3,2 3,1 2,1 2,0 3,0");
    }

    #[test]
    fn every_tile_comes_once_and_next_to_the_one_before() {
        for z in 0..=6 {
            let tiles = all(z);
            assert_eq!(tiles.len(), 1 << (2 * z), "{z}");
            for pair in tiles.windows(2) {
                assert_eq!(pair[0].x().abs_diff(pair[1].x()) + pair[0].y().abs_diff(pair[1].y()), 1, "{} {}", pair[0], pair[1]);
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_not_wanted_is_left_out_and_nothing_else(z in 0_u8..=5, x in 0_u32..32, y in 0_u32..32, width in 0_u32..32, height in 0_u32..32) {
            let last = (1_u32 << z) - 1;
            let (west, north) = (x.min(last), y.min(last));
            let (east, south) = ((west + width).min(last), (north + height).min(last));
            let holds = |c: TileCoord| {
                let below = z - c.z();
                (west >> below..=east >> below).contains(&c.x()) && (north >> below..=south >> below).contains(&c.y())
            };
            let expected: Vec<TileCoord> = all(z).into_iter().filter(|c| holds(*c)).collect();
            prop_assert_eq!(along_hilbert(z, holds).collect::<Vec<_>>(), expected);
        }
    }
}
