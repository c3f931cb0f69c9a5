//! A layer made ready to be drawn: its points on one grid over the whole world, its properties as the
//! bytes a tile holds, its features along a space-filling curve so that neighbours are drawn together.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Range;

use foldhash::quality;
use hashbrown::HashTable;

use super::rules::TileRules;
use super::{LayerRules, TileLayer, WEB_MERCATOR_HALF_M, mvt};
use crate::geom;
use crate::index::Index;
use crate::model::{Coord, Geometry, Polygon};

/// A property of a feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Not in the tile.
    Absent,
    Text(Cow<'a, str>),
    Number(f64),
}

impl Hash for Value<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Value::Absent => 0_u8.hash(state),
            Value::Text(text) => (1_u8, text).hash(state),
            Value::Number(number) => (2_u8, number.to_bits()).hash(state),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(text.into())
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Value::Number(number)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Absent, T::into)
    }
}

/// A feature as the caller has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Feature<'a> {
    New {
        /// In Web Mercator metres; polygons valid.
        shape: Geometry,
        /// One per key of the layer, in the order of `TileLayer::keys`.
        values: Vec<Value<'a>>,
        /// The caller's name for the shape with these values, by which a later state finds the feature again.
        source: Option<u64>,
    },
    /// As the state before has it: what `Prepared::kept` gave.
    Kept(u32),
}

/// A point of the world: 2³² steps (9 mm at the equator) from the west and from the north.
pub(super) type WorldPoint = [u32; 2];

pub(super) const NO_VALUE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Point,
    Line,
    Polygon,
}

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub form: Form,
    /// West, north, east, south.
    pub bounds: [u32; 4],
    /// Of a polygon, as a share of the world's square.
    pub area: f64,
    pub from_zoom: u8,
    /// Dust of one class is gathered together: the id of the class's value.
    pub class: u32,
    /// Of its shape and its properties: equal items have equal ones.
    digest: u64,
    source: Option<u64>,
    rings: (u32, u32),
    tags: u32,
}

#[derive(Debug, Clone, Copy)]
struct RingEnd {
    end: u32,
    hole: bool,
}

/// A layer made ready; `Merged` and `Strokes` are made from it for the zooms in use. Immutable; as large as its points
/// (8 bytes each) and its distinct values.
#[derive(Debug)]
pub struct Prepared {
    pub(super) layer: TileLayer,
    pub(super) rules: LayerRules,
    items: Vec<Item>,
    rings: Vec<RingEnd>,
    points: Vec<WorldPoint>,
    tags: Vec<u32>,
    values: Values,
    /// Where blocks of items end that are neighbours and worth making ready together.
    block_ends: Vec<u32>,
    /// Items by their source, where it is one item's alone.
    sources: Vec<(u64, u32)>,
    /// Boxes of the items in steps of the world's grid.
    index: Index,
}

/// A block holds so many items at most, and no further one once it has so many points.
const BLOCK_ITEMS: usize = 256;
const BLOCK_POINTS: usize = 4096;

/// Encoded values by id, one after the other, each but once.
#[derive(Debug, Default)]
struct Values {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Whether more than one feature has it.
    shared: Vec<bool>,
}

impl Values {
    fn get(&self, id: u32) -> &[u8] {
        let at = id as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.bytes[start..self.ends[at] as usize]
    }
}

/// Finds the ids of values again while a layer is made.
#[derive(Default)]
struct Ids {
    ids: HashTable<u32>,
    hash: quality::FixedState,
}

impl Ids {
    /// The id of an encoded value, a new one when it is the first of its kind.
    fn id_of(&mut self, bytes: &[u8], values: &mut Values) -> u32 {
        let hash = |bytes: &[u8]| self.hash.hash_one(bytes);
        let of = hash(bytes);
        if let Some(&id) = self.ids.find(of, |id| values.get(*id) == bytes) {
            values.shared[id as usize] = true;
            return id;
        }
        let id = values.ends.len() as u32;
        values.bytes.extend_from_slice(bytes);
        values.ends.push(values.bytes.len() as u32);
        values.shared.push(false);
        self.ids.insert_unique(of, id, |id| hash(values.get(*id)));
        id
    }
}

impl Prepared {
    /// Makes a layer ready. Points that are not finite are left out; a feature without any is left out;
    /// missing values count as absent. `before` is the state, made by the same rules, that kept features are of.
    pub fn new<'a>(
        layer: TileLayer,
        rules: &TileRules,
        features: impl IntoIterator<Item = Feature<'a>>,
        before: Option<&Prepared>,
    ) -> Prepared {
        let mut maker = Maker::new(layer, rules.layer(layer).clone(), before);
        features.into_iter().for_each(|feature| maker.add(&feature));
        maker.finish()
    }

    /// The feature of a source, if this state has it.
    pub fn kept<'a>(&self, source: u64) -> Option<Feature<'a>> {
        let at = self.sources.binary_search_by_key(&source, |(source, _)| *source).ok()?;
        Some(Feature::Kept(self.sources[at].1))
    }

    pub fn layer(&self) -> TileLayer {
        self.layer
    }

    /// How many features it holds.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether a zoom shows areas of what features have in common.
    pub fn is_merged_at(&self, z: u8) -> bool {
        z < self.rules.merge_below
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn n_blocks(&self) -> usize {
        self.block_ends.len()
    }

    /// The number of the block that holds an item, and the block's items.
    pub(super) fn block_of(&self, place: usize) -> (usize, Range<usize>) {
        let block = self.block_ends.partition_point(|end| *end as usize <= place);
        let start = block.checked_sub(1).map_or(0, |before| self.block_ends[before] as usize);
        (block, start..self.block_ends[block] as usize)
    }

    /// Boxes of the items that one of two states of a layer has and the other has not.
    pub(super) fn differing(&self, other: &Prepared) -> Vec<[u32; 4]> {
        let sorted = |prepared: &Prepared| {
            let mut items: Vec<(u64, [u32; 4])> = prepared.items.iter().map(|item| (item.digest, item.bounds)).collect();
            items.sort_unstable();
            items
        };
        let (ours, theirs) = (sorted(self), sorted(other));
        let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
        let mut boxes = Vec::new();
        loop {
            let order = match (ours.peek(), theirs.peek()) {
                (Some(a), Some(b)) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return boxes,
            };
            let a = ours.next_if(|_| order.is_le());
            let b = theirs.next_if(|_| order.is_ge());
            boxes.extend(a.xor(b).map(|(_, bounds)| bounds));
        }
    }

    /// How many points there are, and the box around them.
    pub(super) fn spread(&self) -> (usize, [u32; 4]) {
        let around = self.items.iter().map(|item| item.bounds).reduce(join);
        (self.points.len(), around.unwrap_or_default())
    }

    /// The encoded value of an id that `tags` gave.
    pub(super) fn value(&self, id: u32) -> &[u8] {
        self.values.get(id)
    }

    /// Whether one feature alone has the value.
    pub(super) fn is_unique(&self, id: u32) -> bool {
        !self.values.shared[id as usize]
    }

    /// Value ids of an item, one per key of the layer.
    pub(super) fn tags(&self, item: &Item) -> &[u32] {
        let start = item.tags as usize;
        self.tags.get(start..start + self.layer.keys().len()).unwrap_or(&[])
    }

    /// The parts of an item: rings, lines or the one point; whether a ring is a hole.
    pub(super) fn parts(&self, item: &Item) -> impl Iterator<Item = (&[WorldPoint], bool)> {
        let (first, end) = (item.rings.0 as usize, item.rings.1 as usize);
        (first..end).map(move |at| {
            let start = if at == 0 { 0 } else { self.rings[at - 1].end as usize };
            let RingEnd { end, hole } = self.rings[at];
            (&self.points[start..end as usize], hole)
        })
    }

    /// Places of the items whose boxes meet a box of world points (west, north, east, south), in the order of the layer.
    pub(super) fn items_in(&self, bounds: [u32; 4]) -> Vec<usize> {
        let mut places: Vec<usize> = self.index.query(bounds.map(f64::from)).collect();
        places.sort_unstable();
        places
    }
}

fn join(a: [u32; 4], b: [u32; 4]) -> [u32; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

fn world(c: Coord) -> Option<WorldPoint> {
    let share = |metres: f64| ((metres / (2.0 * WEB_MERCATOR_HALF_M)) * 4_294_967_296.0).round().clamp(0.0, f64::from(u32::MAX)) as u32;
    (c.x.is_finite() && c.y.is_finite()).then(|| [share(c.x + WEB_MERCATOR_HALF_M), share(WEB_MERCATOR_HALF_M - c.y)])
}

struct Maker<'b> {
    layer: TileLayer,
    rules: LayerRules,
    items: Vec<Item>,
    rings: Vec<RingEnd>,
    points: Vec<WorldPoint>,
    tags: Vec<u32>,
    values: Values,
    ids: Ids,
    before: Option<&'b Prepared>,
    /// By an id of the state before, the one here; `NO_VALUE` before it is asked for.
    same_value: Vec<u32>,
}

impl<'b> Maker<'b> {
    fn new(layer: TileLayer, rules: LayerRules, before: Option<&'b Prepared>) -> Maker<'b> {
        let n_values = before.map_or(0, |before| before.values.ends.len());
        Maker {
            layer,
            rules,
            items: Vec::with_capacity(before.map_or(0, |before| before.items.len())),
            rings: Vec::with_capacity(before.map_or(0, |before| before.rings.len())),
            points: Vec::with_capacity(before.map_or(0, |before| before.points.len())),
            tags: Vec::with_capacity(before.map_or(0, |before| before.tags.len())),
            values: Values::default(),
            ids: Ids { ids: HashTable::with_capacity(n_values), ..Ids::default() },
            before,
            same_value: vec![NO_VALUE; n_values],
        }
    }

    fn add(&mut self, feature: &Feature) {
        let (shape, values, source) = match feature {
            Feature::New { shape, values, source } => (shape, values, source),
            Feature::Kept(place) => return self.add_kept(*place),
        };
        let tags = self.tags.len() as u32;
        for at in 0..self.layer.keys().len() {
            let id = self.value(values.get(at).unwrap_or(&Value::Absent));
            self.tags.push(id);
        }
        let n_items = self.items.len();
        self.add_shape(shape, tags, self.first_zoom(values));
        self.items[n_items..].iter_mut().for_each(|item| item.source = *source);
        match self.items.len() - n_items {
            0 => self.tags.truncate(tags as usize),
            1 => {}
            // Several items with the values of one feature.
            _ => self.tags[tags as usize..].iter().filter(|id| **id != NO_VALUE).for_each(|id| self.values.shared[*id as usize] = true),
        }
    }

    fn value(&mut self, value: &Value) -> u32 {
        let bytes = match value {
            Value::Absent => return NO_VALUE,
            Value::Number(n) if !n.is_finite() => return NO_VALUE,
            Value::Number(n) => mvt::number_value(*n),
            Value::Text(text) => mvt::text_value(text),
        };
        self.ids.id_of(&bytes, &mut self.values)
    }

    /// The zoom from which the rules by group and by width let a feature in.
    fn first_zoom(&self, values: &[Value]) -> u8 {
        let of = |key: &str| self.layer.keys().iter().position(|k| *k == key).and_then(|at| values.get(at));
        let by_group = match of("group") {
            Some(Value::Text(group)) => self.rules.groups_from.get(group.as_ref()).copied().unwrap_or(0),
            _ => 0,
        };
        let by_width = match of("width_m") {
            Some(Value::Number(width_m)) => {
                self.rules.narrow_from.iter().filter(|(limit_m, _)| width_m < limit_m).map(|(_, zoom)| *zoom).max().unwrap_or(0)
            }
            _ => 0,
        };
        by_group.max(by_width).max(self.rules.min_zoom)
    }

    fn add_part(&mut self, form: Form, coords: &[Coord], tags: u32, from_zoom: u8) {
        let first = self.rings.len();
        if let Some(bounds) = self.push_points(coords.iter().copied(), false) {
            self.push_item(form, bounds, first, tags, from_zoom, 0.0);
        }
    }

    fn add_shape(&mut self, shape: &Geometry, tags: u32, from_zoom: u8) {
        match shape {
            Geometry::Point(p) => self.add_part(Form::Point, &[p.0], tags, from_zoom),
            Geometry::MultiPoint(points) => points.0.iter().for_each(|p| self.add_part(Form::Point, &[p.0], tags, from_zoom)),
            Geometry::Line(l) => self.add_part(Form::Line, &[l.start, l.end], tags, from_zoom),
            Geometry::LineString(l) => self.add_part(Form::Line, &l.0, tags, from_zoom),
            Geometry::MultiLineString(lines) => {
                let first = self.rings.len();
                let bounds = lines.0.iter().filter_map(|l| self.push_points(l.0.iter().copied(), false)).reduce(join);
                if let Some(bounds) = bounds {
                    self.push_item(Form::Line, bounds, first, tags, from_zoom, 0.0);
                }
            }
            Geometry::Polygon(p) => self.add_polygons(std::slice::from_ref(p), tags, from_zoom),
            Geometry::MultiPolygon(m) => self.add_polygons(&m.0, tags, from_zoom),
            Geometry::Rect(r) => self.add_polygons(&[r.to_polygon()], tags, from_zoom),
            Geometry::Triangle(t) => self.add_polygons(&[t.to_polygon()], tags, from_zoom),
            Geometry::GeometryCollection(c) => c.0.iter().for_each(|part| self.add_shape(part, tags, from_zoom)),
        }
    }

    fn add_kept(&mut self, place: u32) {
        let Some((before, item)) = self.before.and_then(|before| Some((before, before.items.get(place as usize)?))) else { return };
        let (tags, first_ring) = (self.tags.len() as u32, self.rings.len() as u32);
        for &id in before.tags(item) {
            let same = if id == NO_VALUE { NO_VALUE } else { self.same_value(before, id) };
            self.tags.push(same);
        }
        for (points, hole) in before.parts(item) {
            self.points.extend_from_slice(points);
            self.rings.push(RingEnd { end: self.points.len() as u32, hole });
        }
        let class = self.class_of(tags);
        self.items.push(Item { class, rings: (first_ring, self.rings.len() as u32), tags, ..item.clone() });
    }

    /// The id here of a value of the state before.
    fn same_value(&mut self, before: &Prepared, id: u32) -> u32 {
        let known = self.same_value[id as usize];
        if known != NO_VALUE {
            self.values.shared[known as usize] = true;
            return known;
        }
        let same = self.ids.id_of(before.value(id), &mut self.values);
        self.same_value[id as usize] = same;
        same
    }

    fn add_polygons(&mut self, polygons: &[Polygon], tags: u32, from_zoom: u8) {
        let first = self.rings.len();
        let mut bounds: Option<[u32; 4]> = None;
        let mut area = 0.0;
        for polygon in polygons {
            for (ring, hole) in std::iter::once((polygon.exterior(), false)).chain(polygon.interiors().iter().map(|r| (r, true))) {
                let signed = geom::ring_signed_area_m2(ring);
                let open = ring.0.len().saturating_sub(usize::from(ring.is_closed()));
                let coords = ring.0.iter().take(open).copied();
                // Counter-clockwise on the map is clockwise on a tile, where y grows downwards.
                let pushed = if (signed > 0.0) != hole { self.push_points(coords.rev(), hole) } else { self.push_points(coords, hole) };
                let Some(ring_bounds) = pushed else { break };
                bounds = Some(bounds.map_or(ring_bounds, |b| join(b, ring_bounds)));
                area += if hole { -signed.abs() } else { signed.abs() };
            }
        }
        if let Some(bounds) = bounds {
            let side_m = 2.0 * WEB_MERCATOR_HALF_M;
            self.push_item(Form::Polygon, bounds, first, tags, from_zoom, area.max(0.0) / (side_m * side_m));
        }
    }

    fn push_points(&mut self, coords: impl Iterator<Item = Coord>, hole: bool) -> Option<[u32; 4]> {
        let start = self.points.len();
        self.points.extend(coords.filter_map(world));
        let bounds = self.points[start..].iter().map(|p| [p[0], p[1], p[0], p[1]]).reduce(join)?;
        self.rings.push(RingEnd { end: self.points.len() as u32, hole });
        Some(bounds)
    }

    fn push_item(&mut self, form: Form, bounds: [u32; 4], first_ring: usize, tags: u32, from_zoom: u8, area: f64) {
        let rings = (first_ring as u32, self.rings.len() as u32);
        let (class, digest) = (self.class_of(tags), self.digest(form, first_ring, tags));
        self.items.push(Item { form, bounds, area, from_zoom, class, digest, source: None, rings, tags });
    }

    fn class_of(&self, tags: u32) -> u32 {
        let class_key = self.rules.dust_by.as_deref().and_then(|by| self.layer.keys().iter().position(|key| *key == by));
        class_key.and_then(|at| self.tags.get(tags as usize + at)).copied().unwrap_or(NO_VALUE)
    }

    fn digest(&self, form: Form, first_ring: usize, tags: u32) -> u64 {
        let mut hasher = quality::FixedState::default().build_hasher();
        (form as u8).hash(&mut hasher);
        let mut start = first_ring.checked_sub(1).map_or(0, |before| self.rings[before].end);
        for ring in &self.rings[first_ring..] {
            self.points[start as usize..ring.end as usize].hash(&mut hasher);
            ring.hole.hash(&mut hasher);
            start = ring.end;
        }
        let known = |id: &u32| (*id != NO_VALUE).then(|| self.values.get(*id));
        self.tags[tags as usize..].iter().map(known).for_each(|value| value.hash(&mut hasher));
        hasher.finish()
    }

    fn block_ends(&self) -> Vec<u32> {
        let mut ends: Vec<u32> = Vec::new();
        let (mut n_items, mut n_points) = (0, 0);
        for (place, item) in self.items.iter().enumerate() {
            if n_items == BLOCK_ITEMS || n_points >= BLOCK_POINTS {
                ends.push(place as u32);
                (n_items, n_points) = (0, 0);
            }
            n_items += 1;
            let end = |ring: u32| ring.checked_sub(1).map_or(0, |before| self.rings[before as usize].end);
            n_points += (end(item.rings.1) - end(item.rings.0)) as usize;
        }
        ends.extend((n_items > 0).then_some(self.items.len() as u32));
        ends
    }

    fn finish(mut self) -> Prepared {
        self.items.sort_by_cached_key(|item| {
            let middle = |low: u32, high: u32| ((u64::from(low) + u64::from(high)) / 2) as u32;
            interleave(middle(item.bounds[0], item.bounds[2])) | (interleave(middle(item.bounds[1], item.bounds[3])) << 1)
        });
        let block_ends = self.block_ends();
        let named = self.items.iter().zip(0..);
        let mut sources: Vec<(u64, u32)> = named.filter_map(|(item, place)| Some((item.source?, place))).collect();
        sources.sort_unstable();
        let alone = |same: &[(u64, u32)]| (same.len() == 1).then(|| same[0]);
        let sources = sources.chunk_by(|a, b| a.0 == b.0).filter_map(alone).collect();
        let index = Index::new(self.items.iter().map(|item| Some(item.bounds.map(f64::from))));
        self.points.shrink_to_fit();
        self.values.bytes.shrink_to_fit();
        Prepared {
            layer: self.layer,
            rules: self.rules,
            items: self.items,
            rings: self.rings,
            points: self.points,
            tags: self.tags,
            values: self.values,
            block_ends,
            sources,
            index,
        }
    }
}

/// Pixels in the world's square at a zoom, 512 to a tile's side.
pub(super) fn pixels_at(z: u8) -> f64 {
    let side = f64::from(1_u32 << z.min(22)) * 512.0;
    side * side
}

/// Spreads the bits of a number, a zero between any two (Morton 1966).
fn interleave(n: u32) -> u64 {
    let mut n = u64::from(n);
    n = (n | (n << 16)) & 0x0000_ffff_0000_ffff;
    n = (n | (n << 8)) & 0x00ff_00ff_00ff_00ff;
    n = (n | (n << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    n = (n | (n << 2)) & 0x3333_3333_3333_3333;
    (n | (n << 1)) & 0x5555_5555_5555_5555
}
