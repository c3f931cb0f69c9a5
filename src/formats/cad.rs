//! Texts of a drawing, joined to the polygons they lie in.

use crate::geom;
use crate::model::{Coord, MultiPolygon};

/// Texts with their places in the workspace's CRS, sorted by x.
#[derive(Debug, Default)]
pub(super) struct Texts {
    texts: Vec<Text>,
}

#[derive(Debug)]
struct Text {
    at: Coord,
    /// Order in the file.
    order: usize,
    layer: String,
    text: String,
}

impl Texts {
    pub(super) fn add(&mut self, at: Coord, layer: &str, text: String) {
        let order = self.texts.len();
        self.texts.push(Text { at, order, layer: layer.to_owned(), text });
    }

    /// To be called once all are there.
    pub(super) fn sort(&mut self) {
        self.texts.sort_by(|a, b| a.at.x.total_cmp(&b.at.x));
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The texts inside, in the file's order, joined by a space; with `only`, those of one CAD layer or level.
    pub(super) fn inside(&self, shape: &MultiPolygon, only: Option<&str>) -> Option<String> {
        let [x0, y0, x1, y1] = geom::bounds(shape)?;
        let from = self.texts.partition_point(|t| t.at.x < x0);
        let mut found: Vec<&Text> = self
            .texts
            .iter()
            .skip(from)
            .take_while(|t| t.at.x <= x1)
            .filter(|t| (y0..=y1).contains(&t.at.y) && only.is_none_or(|layer| t.layer.to_lowercase() == layer.to_lowercase()))
            .filter(|t| geom::contains(shape, t.at))
            .collect();
        found.sort_by_key(|t| t.order);
        let joined = found.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ");
        (!joined.is_empty()).then_some(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Polygon, Ring};

    #[test]
    fn texts_inside_a_polygon_are_joined_in_the_files_order() {
        let mut texts = Texts::default();
        for (x, y, layer, text) in [(8.0, 5.0, "2", "LUC"), (2.0, 5.0, "13", "152"), (20.0, 5.0, "2", "ONT"), (5.0, 20.0, "2", "HNK")] {
            texts.add(Coord { x, y }, layer, text.to_owned());
        }
        texts.sort();
        let square = MultiPolygon::new(vec![Polygon::new(Ring::from(vec![(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]), vec![])]);
        assert_eq!(texts.inside(&square, None).as_deref(), Some("LUC 152"));
        assert_eq!(texts.inside(&square, Some("2")).as_deref(), Some("LUC"));
        assert_eq!(texts.inside(&square, Some("9")), None);
    }
}
