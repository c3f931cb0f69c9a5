//! Chance that repeats: named random streams from one seed, and smooth noise over the plane.
//!
//! Each subject of the city draws from its own stream, so that more draws in one never change another.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::lattice::Point;

/// One random stream.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream that `subject` has under this seed.
    pub fn new(seed: u64, subject: &str) -> Self {
        Dice(ChaCha8Rng::seed_from_u64(subject.bytes().fold(seed, |h, b| mix(h ^ u64::from(b)))))
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        to_unit(self.0.next_u64())
    }

    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Below `n`; 0 when `n` is 0.
    pub fn index(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Log-normal by its median and the standard deviation of its logarithm.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// An index, each with the probability of its weight; the last one when all weights are 0.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (i, weight) in weights.enumerate() {
            last = i;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }
}

/// A well-mixed 64-bit number (the finaliser of splitmix64).
pub(super) fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn to_unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// In [0, 1), fixed by three numbers.
pub(super) fn hash_unit(seed: u64, a: i64, b: i64) -> f64 {
    to_unit(mix(mix(seed ^ (a as u64).wrapping_mul(0x9e37_79b9)) ^ (b as u64)))
}

/// Smooth noise in [-1, 1] with one bump per `wavelength_m`.
pub(super) fn noise(seed: u64, at: Point, wavelength_m: f64) -> f64 {
    let (x, y) = (at[0] / wavelength_m, at[1] / wavelength_m);
    let (i, j) = (x.floor(), y.floor());
    let fade = |t: f64| t * t * (3.0 - 2.0 * t);
    let (u, v) = (fade(x - i), fade(y - j));
    let (i, j) = (i as i64, j as i64);
    let low = hash_unit(seed, i, j) * (1.0 - u) + hash_unit(seed, i + 1, j) * u;
    let high = hash_unit(seed, i, j + 1) * (1.0 - u) + hash_unit(seed, i + 1, j + 1) * u;
    2.0 * (low * (1.0 - v) + high * v) - 1.0
}

/// Noise of three octaves, in about [-1, 1].
pub(super) fn rough_noise(seed: u64, at: Point, wavelength_m: f64) -> f64 {
    (noise(seed, at, wavelength_m) + 0.5 * noise(seed + 1, at, wavelength_m * 0.47) + 0.25 * noise(seed + 2, at, wavelength_m * 0.21)) / 1.5
}
