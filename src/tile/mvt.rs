//! Mapbox Vector Tile 2.1 bytes: a small protobuf writer and the layer around features.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::prepare::{NO_VALUE, Prepared};
use super::ring::GridPoint;
use super::{LayerRules, TileLayer};

pub(super) const EXTENT: u32 = 4096;

pub(super) fn put_varint(out: &mut Vec<u8>, mut n: u64) {
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

pub(super) fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GeometryType {
    Point = 1,
    Line = 2,
    Polygon = 3,
}

/// The geometry of one feature as a tile's commands, in the bytes of a tile.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pub(super) bytes: Vec<u8>,
    at: GridPoint,
}

impl Commands {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.at = [0, 0];
    }

    /// Starts at a place instead of the tile's corner: what follows is the same in every tile.
    pub(super) fn clear_at(&mut self, at: GridPoint) {
        self.bytes.clear();
        self.at = at;
    }

    fn step(&mut self, to: GridPoint) {
        for (to, at) in to.into_iter().zip(self.at) {
            put_varint(&mut self.bytes, zigzag(i64::from(to) - i64::from(at)));
        }
        self.at = to;
    }

    /// Points of one feature: all in one command.
    pub(super) fn point(&mut self, point: GridPoint) {
        put_varint(&mut self.bytes, (1 << 3) | 1);
        self.step(point);
    }

    /// The rest of a line, from where the last command ended.
    pub(super) fn line_on(&mut self, points: &[GridPoint]) {
        put_varint(&mut self.bytes, ((points.len() as u64) << 3) | 2);
        points.iter().for_each(|p| self.step(*p));
    }

    /// Ends a ring.
    pub(super) fn close(&mut self) {
        put_varint(&mut self.bytes, (1 << 3) | 7);
    }

    /// A line of two points or more.
    pub(super) fn line(&mut self, points: &[GridPoint]) {
        let Some((&first, rest)) = points.split_first() else { return };
        self.point(first);
        self.line_on(rest);
    }

    /// An open ring of three points or more.
    pub(super) fn ring(&mut self, points: &[GridPoint]) {
        self.line(points);
        self.close();
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

/// Reads parts back that `Commands` wrote after their first point: rings open, lines as they are.
pub(super) fn parts(mut bytes: &[u8], mut at: GridPoint) -> Vec<Vec<GridPoint>> {
    let mut parts: Vec<Vec<GridPoint>> = vec![vec![at]];
    while let Some(command) = varint(&mut bytes) {
        if command & 7 == 7 {
            continue;
        }
        if command & 7 == 1 {
            parts.push(Vec::with_capacity(16));
        }
        for _ in 0..command >> 3 {
            for value in &mut at {
                let Some(n) = varint(&mut bytes) else { return parts };
                *value += (n >> 1) as i32 ^ -((n & 1) as i32);
            }
            if let Some(part) = parts.last_mut() {
                part.push(at);
            }
        }
    }
    parts
}

/// Value ids are small and dense: one multiplication spreads them (Knuth's golden ratio).
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u32(u32::from(*b)));
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// One layer of a tile while its features come in.
pub(super) struct LayerBytes<'a> {
    prepared: &'a Prepared,
    layer: TileLayer,
    /// For each key of the layer: whether this zoom shows it, and its place in the tile once used.
    keys: Vec<(bool, Option<u32>)>,
    n_keys: u32,
    key_bytes: Vec<u8>,
    values: HashMap<u32, u32, BuildHasherDefault<IdHasher>>,
    numbers: HashMap<u64, u32, BuildHasherDefault<IdHasher>>,
    n_values: u32,
    value_bytes: Vec<u8>,
    features: Vec<u8>,
    tags: Vec<u8>,
}

impl<'a> LayerBytes<'a> {
    pub(super) fn new(prepared: &'a Prepared, layer: TileLayer, rules: &LayerRules, z: u8) -> Self {
        let shown = |key: &&str| rules.properties_from.get(*key).is_none_or(|from| *from <= z);
        LayerBytes {
            prepared,
            layer,
            keys: layer.keys().iter().map(|key| (shown(key), None)).collect(),
            n_keys: 0,
            key_bytes: Vec::new(),
            values: HashMap::default(),
            numbers: HashMap::default(),
            n_values: 0,
            value_bytes: Vec::new(),
            features: Vec::new(),
            tags: Vec::new(),
        }
    }

    fn key(&mut self, at: usize) -> Option<u32> {
        let (true, place) = self.keys.get_mut(at)? else { return None };
        Some(*place.get_or_insert_with(|| {
            put_bytes(&mut self.key_bytes, 3, self.layer.keys()[at].as_bytes());
            self.n_keys += 1;
            self.n_keys - 1
        }))
    }

    fn new_value(&mut self, bytes: &[u8]) -> u32 {
        put_bytes(&mut self.value_bytes, 4, bytes);
        self.n_values += 1;
        self.n_values - 1
    }

    /// A property of the feature that `add` will add: its key's place in the layer, its value's id.
    pub(super) fn tag(&mut self, key: usize, id: u32) {
        if id == NO_VALUE {
            return;
        }
        let Some(key) = self.key(key) else { return };
        let value = match self.prepared.is_unique(id) {
            true => self.new_value(self.prepared.value(id)),
            false => match self.values.get(&id) {
                Some(&value) => value,
                None => {
                    let value = self.new_value(self.prepared.value(id));
                    self.values.insert(id, value);
                    value
                }
            },
        };
        put_varint(&mut self.tags, key.into());
        put_varint(&mut self.tags, value.into());
    }

    /// A number that is not among the layer's values.
    pub(super) fn tag_number(&mut self, key: usize, number: f64) {
        let Some(key) = self.key(key) else { return };
        let value = match self.numbers.get(&number.to_bits()) {
            Some(&value) => value,
            None => {
                let value = self.new_value(&number_value(number));
                self.numbers.insert(number.to_bits(), value);
                value
            }
        };
        put_varint(&mut self.tags, key.into());
        put_varint(&mut self.tags, value.into());
    }

    /// Adds a feature with the properties that `tag` was told since the last: the start of its geometry and the rest.
    pub(super) fn add(&mut self, form: GeometryType, start: &[u8], rest: &[u8]) {
        let n_geometry = start.len() + rest.len();
        // Tags and geometry with their field and length, and the form's two bytes.
        let n_bytes = 1 + n_varint(self.tags.len()) + self.tags.len() + 2 + 1 + n_varint(n_geometry) + n_geometry;
        put_varint(&mut self.features, (2 << 3) | 2);
        put_varint(&mut self.features, n_bytes as u64);
        put_bytes(&mut self.features, 2, &self.tags);
        put_number(&mut self.features, 3, form as u64);
        put_varint(&mut self.features, (4 << 3) | 2);
        put_varint(&mut self.features, n_geometry as u64);
        self.features.extend_from_slice(start);
        self.features.extend_from_slice(rest);
        self.tags.clear();
    }

    /// Appends the layer to a tile; nothing when it has no feature.
    pub(super) fn finish(self, tile: &mut Vec<u8>) {
        if self.features.is_empty() {
            return;
        }
        let mut head = Vec::with_capacity(32);
        put_number(&mut head, 15, 2);
        put_bytes(&mut head, 1, self.layer.as_str().as_bytes());
        let mut tail = Vec::with_capacity(4);
        put_number(&mut tail, 5, u64::from(EXTENT));
        let parts = [&head, &self.features, &self.key_bytes, &self.value_bytes, &tail];
        let n_bytes: usize = parts.iter().map(|part| part.len()).sum();
        tile.reserve(n_bytes + 8);
        put_varint(tile, (3 << 3) | 2);
        put_varint(tile, n_bytes as u64);
        parts.iter().for_each(|part| tile.extend_from_slice(part));
    }
}

fn n_varint(n: usize) -> usize {
    (usize::BITS - (n | 1).leading_zeros()).div_ceil(7) as usize
}
