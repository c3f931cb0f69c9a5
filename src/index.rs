//! A layer you can ask: which features lie near a box (R*-tree), which one has this id.
//!
//! Immutable once built; knows boxes and numbers, not features. The only user of `rstar`.
//! Items are named by their position in the layer.

use std::collections::HashMap;

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RStarInsertionStrategy, RTree, RTreeParams};

/// Wider nodes than rstar's own: fewer allocations, and a query reads them in order.
#[derive(Debug, Clone)]
struct Wide;

impl RTreeParams for Wide {
    const MIN_SIZE: usize = 6;
    const MAX_SIZE: usize = 16;
    const REINSERTION_COUNT: usize = 4;
    type DefaultInsertionStrategy = RStarInsertionStrategy;
}

type Entry = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// Boxes `[min x, min y, max x, max y]` by the position of their feature.
#[derive(Debug, Clone)]
pub struct Index {
    tree: RTree<Entry, Wide>,
}

impl Index {
    /// `bounds` in the layer's order; `None` and boxes that are no box (an empty shape) are never found.
    pub fn new(bounds: impl IntoIterator<Item = Option<[f64; 4]>>) -> Index {
        let entry = |(position, bounds): (usize, Option<[f64; 4]>)| {
            let [x0, y0, x1, y1] = bounds?;
            let is_box = x0 <= x1 && y0 <= y1;
            is_box.then(|| Entry::new(Rectangle::from_corners([x0, y0], [x1, y1]), position as u32))
        };
        Index { tree: RTree::bulk_load_with_params(bounds.into_iter().enumerate().filter_map(entry).collect()) }
    }

    /// Positions of the items whose box meets this one (a shared border is enough), in no order that means anything.
    pub fn query(&self, bounds: [f64; 4]) -> impl Iterator<Item = usize> {
        let [x0, y0, x1, y1] = bounds;
        self.tree.locate_in_envelope_intersecting(AABB::from_corners([x0, y0], [x1, y1])).map(|e| e.data as usize)
    }

    /// The same in the layer's order.
    pub fn query_in_order(&self, bounds: [f64; 4]) -> Vec<usize> {
        let mut found: Vec<usize> = self.query(bounds).collect();
        found.sort_unstable();
        found
    }

    pub fn len(&self) -> usize {
        self.tree.size()
    }

    pub fn is_empty(&self) -> bool {
        self.tree.size() == 0
    }
}

/// Positions by id; of equal ids the first.
#[derive(Debug, Clone, Default)]
pub struct ById {
    positions: HashMap<Box<str>, u32>,
}

impl ById {
    pub fn new<'a>(ids: impl IntoIterator<Item = &'a str>) -> ById {
        let mut positions = HashMap::new();
        for (position, id) in ids.into_iter().enumerate() {
            positions.entry(Box::from(id)).or_insert(position as u32);
        }
        ById { positions }
    }

    pub fn get(&self, id: &str) -> Option<usize> {
        self.positions.get(id).map(|&p| p as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_finds_the_boxes_that_meet_and_no_others() {
        let boxes = (0..100).map(|i| Some([f64::from(i % 10), f64::from(i / 10), f64::from(i % 10) + 0.5, f64::from(i / 10) + 0.5]));
        let index = Index::new(boxes);
        let mut found: Vec<usize> = index.query([2.5, 3.1, 3.0, 3.2]).collect();
        found.sort_unstable();
        assert_eq!(found, [32, 33]);
        assert_eq!(index.query([0.6, 0.6, 0.9, 0.9]).count(), 0);
        assert_eq!(index.len(), 100);
    }

    #[test]
    fn an_empty_shape_is_never_found_and_shifts_no_position() {
        let index = Index::new([None, Some([0.0, 0.0, 1.0, 1.0]), Some([f64::NAN, 0.0, 1.0, 1.0])]);
        assert_eq!(index.query([-9.0, -9.0, 9.0, 9.0]).collect::<Vec<_>>(), [1]);
        assert!(Index::new([]).is_empty());
    }

    #[test]
    fn an_id_names_the_first_that_has_it() {
        let by_id = ById::new(["a", "b", "a"]);
        assert_eq!((by_id.get("a"), by_id.get("b"), by_id.get("c")), (Some(0), Some(1), None));
    }
}
