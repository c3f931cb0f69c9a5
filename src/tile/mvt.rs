//! Mapbox Vector Tile 2.1 bytes: a small protobuf writer and the layer around features.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::TileLayer;
use super::prepare::{NO_VALUE, Prepared};
use super::ring::GridPoint;

pub(super) const EXTENT: u32 = 4096;

fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n as u8) | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn put_number(out: &mut Vec<u8>, field: u64, n: u64) {
    put_varint(out, field << 3);
    put_varint(out, n);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, (field << 3) | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_packed(out: &mut Vec<u8>, scratch: &mut Vec<u8>, field: u64, numbers: &[u32]) {
    scratch.clear();
    numbers.iter().for_each(|n| put_varint(scratch, u64::from(*n)));
    put_bytes(out, field, scratch);
}

/// A text as a tile's `Value`.
pub(super) fn text_value(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 3);
    put_bytes(&mut out, 1, text.as_bytes());
    out
}

/// A number as a tile's `Value`: the shortest of the forms that hold it exactly.
pub(super) fn number_value(n: f64) -> Vec<u8> {
    let mut out = Vec::with_capacity(9);
    if n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0 {
        if n >= 0.0 { put_number(&mut out, 5, n as u64) } else { put_number(&mut out, 6, zigzag(n as i64)) }
    } else if f64::from(n as f32) == n {
        out.push((2 << 3) | 5);
        out.extend_from_slice(&(n as f32).to_le_bytes());
    } else {
        out.push((3 << 3) | 1);
        out.extend_from_slice(&n.to_le_bytes());
    }
    out
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GeometryType {
    Point = 1,
    Line = 2,
    Polygon = 3,
}

/// The geometry of one feature as a tile's commands.
#[derive(Default)]
pub(super) struct Commands {
    numbers: Vec<u32>,
    at: GridPoint,
}

impl Commands {
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.at = [0, 0];
    }

    fn step(&mut self, to: GridPoint) {
        for (to, at) in to.into_iter().zip(self.at) {
            self.numbers.push(zigzag(i64::from(to) - i64::from(at)) as u32);
        }
        self.at = to;
    }

    /// Points of one feature: all in one command.
    pub(super) fn point(&mut self, point: GridPoint) {
        self.numbers.push((1 << 3) | 1);
        self.step(point);
    }

    /// A line of two points or more.
    pub(super) fn line(&mut self, points: &[GridPoint]) {
        let Some((&first, rest)) = points.split_first() else { return };
        self.point(first);
        self.numbers.push(((rest.len() as u32) << 3) | 2);
        rest.iter().for_each(|p| self.step(*p));
    }

    /// An open ring of three points or more.
    pub(super) fn ring(&mut self, points: &[GridPoint]) {
        self.line(points);
        self.numbers.push((1 << 3) | 7);
    }
}

/// Value ids are small and dense: one multiplication spreads them (Knuth's golden ratio).
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u32(u32::from(*b)));
    }

    fn write_u32(&mut self, n: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(n)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// One layer of a tile while its features come in.
pub(super) struct LayerBytes<'a> {
    prepared: &'a Prepared,
    /// For each key of the layer: whether this zoom shows it, and its place in the tile once used.
    keys: Vec<(bool, Option<u32>)>,
    n_keys: u32,
    key_bytes: Vec<u8>,
    values: HashMap<u32, u32, BuildHasherDefault<IdHasher>>,
    value_bytes: Vec<u8>,
    features: Vec<u8>,
    feature: Vec<u8>,
    tags: Vec<u32>,
    scratch: Vec<u8>,
}

impl<'a> LayerBytes<'a> {
    pub(super) fn new(prepared: &'a Prepared, z: u8) -> Self {
        let shown = |key: &&str| prepared.rules.properties_from.get(*key).is_none_or(|from| *from <= z);
        LayerBytes {
            prepared,
            keys: prepared.layer.keys().iter().map(|key| (shown(key), None)).collect(),
            n_keys: 0,
            key_bytes: Vec::new(),
            values: HashMap::default(),
            value_bytes: Vec::new(),
            features: Vec::new(),
            feature: Vec::new(),
            tags: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Adds a feature with the value ids of its properties.
    pub(super) fn add(&mut self, form: GeometryType, value_ids: &[u32], commands: &Commands) {
        self.tags.clear();
        for (at, &id) in value_ids.iter().enumerate() {
            let Some((true, place)) = self.keys.get_mut(at).filter(|_| id != NO_VALUE) else { continue };
            let key = *place.get_or_insert_with(|| {
                put_bytes(&mut self.key_bytes, 3, self.prepared.layer.keys()[at].as_bytes());
                self.n_keys += 1;
                self.n_keys - 1
            });
            let n_values = self.values.len() as u32;
            let value = *self.values.entry(id).or_insert_with(|| {
                put_bytes(&mut self.value_bytes, 4, self.prepared.value(id));
                n_values
            });
            self.tags.extend([key, value]);
        }
        self.feature.clear();
        put_packed(&mut self.feature, &mut self.scratch, 2, &self.tags);
        put_number(&mut self.feature, 3, form as u64);
        put_packed(&mut self.feature, &mut self.scratch, 4, &commands.numbers);
        put_bytes(&mut self.features, 2, &self.feature);
    }

    /// Appends the layer to a tile; nothing when it has no feature.
    pub(super) fn finish(self, layer: TileLayer, tile: &mut Vec<u8>) {
        if self.features.is_empty() {
            return;
        }
        let mut bytes = Vec::with_capacity(self.features.len() + self.key_bytes.len() + self.value_bytes.len() + 32);
        put_number(&mut bytes, 15, 2);
        put_bytes(&mut bytes, 1, layer.as_str().as_bytes());
        bytes.extend_from_slice(&self.features);
        bytes.extend_from_slice(&self.key_bytes);
        bytes.extend_from_slice(&self.value_bytes);
        put_number(&mut bytes, 5, u64::from(EXTENT));
        put_bytes(tile, 3, &bytes);
    }
}
