//! Made-up layers: a gap-free mesh of crooked cells, of which fields keep some, and built-up land that dissolves others
//! into blobs with holes. Everything follows from the seed.

use farmzone::geom;
use farmzone::model::{Coord, MultiPolygon, Polygon, Ring};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Easting and northing of the lower left corner, as in Hanoi.
const ORIGIN: Coord = Coord { x: 530_000.0, y: 2_275_000.0 };

/// Cells with shared, moved corners and edge midpoints. Corner (i, j) of the grid of half cells.
struct Mesh {
    nx: usize,
    ny: usize,
    points: Vec<Coord>,
}

impl Mesh {
    fn new(width_m: f64, height_m: f64, cell_m: f64, jitter: f64, rng: &mut ChaCha8Rng) -> Mesh {
        let (nx, ny) = ((width_m / cell_m) as usize, (height_m / cell_m) as usize);
        let mut points = Vec::with_capacity((2 * nx + 1) * (2 * ny + 1));
        for j in 0..=2 * ny {
            for i in 0..=2 * nx {
                let mut moved = |at: usize| {
                    let place = at as f64 * cell_m / 2.0 + rng.random_range(-jitter..=jitter) * cell_m;
                    (place * 1000.0).round() / 1000.0
                };
                points.push(Coord { x: ORIGIN.x + moved(i), y: ORIGIN.y + moved(j) });
            }
        }
        Mesh { nx, ny, points }
    }

    fn point(&self, i: usize, j: usize) -> Coord {
        self.points[j * (2 * self.nx + 1) + i]
    }

    fn cell(&self, i: usize, j: usize) -> MultiPolygon {
        let ring = [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0)];
        let ring = ring.map(|(a, b)| self.point(2 * i + a, 2 * j + b));
        MultiPolygon::new(vec![Polygon::new(Ring::new(ring.to_vec()), vec![])])
    }
}

/// Smooth noise: random values on a coarse grid, blended, for each (cells per value, weight).
fn noise(nx: usize, ny: usize, layers: &[(f64, f64)], rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut out = vec![0.0; nx * ny];
    for &(step, weight) in layers {
        let (w, h) = ((nx as f64 / step).ceil() as usize + 2, (ny as f64 / step).ceil() as usize + 2);
        let values: Vec<f64> = (0..w * h).map(|_| rng.random_range(0.0..1.0)).collect();
        let ease = |t: f64| t * t * (3.0 - 2.0 * t);
        for j in 0..ny {
            for i in 0..nx {
                let (x, y) = (i as f64 / step, j as f64 / step);
                let (x0, y0) = (x as usize, y as usize);
                let (fx, fy) = (ease(x.fract()), ease(y.fract()));
                let at = |a: usize, b: usize| values[(y0 + b) * w + x0 + a];
                let low = at(0, 0) * (1.0 - fx) + at(1, 0) * fx;
                let high = at(0, 1) * (1.0 - fx) + at(1, 1) * fx;
                out[j * nx + i] += weight * (low * (1.0 - fy) + high * fy);
            }
        }
    }
    out
}

/// Marks the cells whose noise lies above the share.
fn above(values: &[f64], share: f64) -> Vec<bool> {
    let mut sorted = values.to_vec();
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len() - 1);
    let (_, level, _) = sorted.select_nth_unstable_by(at, f64::total_cmp);
    let level = *level;
    values.iter().map(|v| *v > level).collect()
}

/// Fields: 58 % of the mesh's cells, in patches.
pub fn zones(width_m: f64, height_m: f64, cell_m: f64, seed: u64) -> Vec<MultiPolygon> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mesh = Mesh::new(width_m, height_m, cell_m, 0.12, &mut rng);
    let n = mesh.nx as f64;
    let kept = above(&noise(mesh.nx, mesh.ny, &[((n / 12.0).max(2.0), 1.0), ((n / 40.0).max(2.0), 0.5)], &mut rng), 0.42);
    let cells = (0..mesh.ny).flat_map(|j| (0..mesh.nx).map(move |i| (i, j)));
    cells.filter(|&(i, j)| kept[j * mesh.nx + i]).map(|(i, j)| mesh.cell(i, j)).collect()
}

/// Built-up land: a fifth of the mesh's cells, each connected patch one shape, cut at blocks of 512 cells.
pub fn built(width_m: f64, height_m: f64, cell_m: f64, seed: u64) -> Vec<MultiPolygon> {
    const BLOCK: usize = 512;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mesh = Mesh::new(width_m, height_m, cell_m, 0.2, &mut rng);
    let n = mesh.nx as f64;
    let layers = [((n / 8.0).max(2.0), 1.0), ((n / 30.0).max(2.0), 0.6), (6.0, 0.35), (2.5, 0.25)];
    let is_built = above(&noise(mesh.nx, mesh.ny, &layers, &mut rng), 0.80);
    let mut shapes = Vec::new();
    for y in (0..mesh.ny).step_by(BLOCK) {
        for x in (0..mesh.nx).step_by(BLOCK) {
            let (x1, y1) = ((x + BLOCK).min(mesh.nx), (y + BLOCK).min(mesh.ny));
            let cells: Vec<MultiPolygon> = (y..y1)
                .flat_map(|j| (x..x1).map(move |i| (i, j)))
                .filter(|&(i, j)| is_built[j * mesh.nx + i])
                .map(|(i, j)| mesh.cell(i, j))
                .collect();
            let block = geom::union(&cells.iter().collect::<Vec<_>>());
            shapes.extend(block.0.into_iter().map(|p| MultiPolygon::new(vec![p])));
        }
    }
    shapes
}

/// A house of 12 by 9 m.
pub fn house(x: f64, y: f64) -> MultiPolygon {
    let ring = [(0.0, 0.0), (12.0, 0.0), (12.0, 9.0), (0.0, 9.0), (0.0, 0.0)].map(|(u, v)| Coord { x: x + u, y: y + v });
    MultiPolygon::new(vec![Polygon::new(Ring::new(ring.to_vec()), vec![])])
}
