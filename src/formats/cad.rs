//! Texts of a drawing, joined to the polygons they lie in; and how a DXF writes letters beyond ASCII.

use std::borrow::Cow;
use std::collections::BTreeSet;

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

    /// The CAD layers (levels) that have texts.
    pub(super) fn layers(&self) -> BTreeSet<&str> {
        self.texts.iter().map(|t| t.layer.as_str()).collect()
    }

    pub(super) fn are_on(&self, layer: &str) -> bool {
        self.texts.iter().any(|t| t.layer.to_lowercase() == layer.to_lowercase())
    }

    /// The texts inside, in the file's order, joined by a space, and the CAD layers (levels) they are on; with `only`, those of one.
    pub(super) fn inside(&self, shape: &MultiPolygon, only: Option<&str>) -> Option<(String, BTreeSet<&str>)> {
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
        (!joined.is_empty()).then(|| (joined, found.iter().map(|t| t.layer.as_str()).collect()))
    }
}

/// The letters that a DXF writes as `\U+XXXX`; what is no letter stays as it is.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    const MARK: &str = "\\U+";
    if !text.contains(MARK) {
        return text.into();
    }
    let mut parts = text.split(MARK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let letter = part.get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match letter.and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?)) {
            Some(letter) => {
                out.push(letter);
                out += &part[4..];
            }
            None => {
                out += MARK;
                out += part;
            }
        }
    }
    out.into()
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
        assert_eq!(texts.inside(&square, None), Some(("LUC 152".to_owned(), BTreeSet::from(["13", "2"]))));
        assert_eq!(texts.inside(&square, Some("2")), Some(("LUC".to_owned(), BTreeSet::from(["2"]))));
        assert_eq!(texts.inside(&square, Some("9")), None);
    }

    #[test]
    fn escaped_letters_are_read_and_what_only_looks_so_stays() {
        assert_eq!(unescaped("\\U+0110\\U+1EA5t l\\U+00FAa"), "Đất lúa");
        for other in ["LUC", "\\U+", "\\U+12", "\\U+ZZZZ", "\\U+D800x", "\\U+12é45", "\\u+0110"] {
            assert_eq!(unescaped(other), other);
        }
    }
}
