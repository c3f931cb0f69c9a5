//! Many shapes prepared for the question: which of them cover how much of this place, and what is their border there?

use rayon::prelude::*;

use crate::geom::{self, Piece, Run, SharedArea};
use crate::index::Index;
use crate::model::{Coord, MultiPolygon, Polygon};

/// A pair that shares no more than this shares a border, not land.
pub(super) const MIN_SHARED_M2: f64 = 1e-6;

/// A polygon by the position of its shape and its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub shape: u32,
    pub polygon: u32,
}

/// A shape by its position, and the area it shares with what was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shared {
    pub shape: u32,
    pub area_m2: f64,
}

/// Buffers kept from one question to the next.
#[derive(Default)]
pub(super) struct Room {
    shared: SharedArea,
    near: Vec<usize>,
}

/// Shapes cut into pieces, with the pieces' index.
pub(super) struct Pieces<'a> {
    all: Vec<(Part, Piece<'a>)>,
    index: Index,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(shapes: &[&'a MultiPolygon]) -> Self {
        let all = cut(shapes);
        let index = Index::new(all.iter().map(|(_, p)| Some(p.bounds)));
        Pieces { all, index }
    }

    /// Adds what each piece of each shape shares with this piece, in order.
    pub(super) fn shared_with(&self, piece: &Piece, room: &mut Room, out: &mut Vec<Shared>) {
        room.near.clear();
        room.near.extend(self.index.query(piece.bounds));
        room.near.sort_unstable();
        for &i in &room.near {
            let (part, other) = &self.all[i];
            let area_m2 = room.shared.of(piece, other);
            if area_m2 != 0.0 {
                out.push(Shared { shape: part.shape, area_m2 });
            }
        }
    }

    /// The pieces whose box meets this one, in order.
    pub(super) fn near(&self, bounds: [f64; 4], room: &mut Room) -> Vec<&(Part, Piece<'a>)> {
        room.near.clear();
        room.near.extend(self.index.query(bounds));
        room.near.sort_unstable();
        room.near.iter().map(|&i| &self.all[i]).collect()
    }

    /// The polygons of the shapes (positions in order) near a box, with the area they have in it.
    fn areas_in(&self, frame: [f64; 4], shapes: &[u32], room: &mut Room) -> Vec<(Part, f64)> {
        let frame_piece = Piece::whole_box(frame);
        room.near.clear();
        room.near.extend(self.index.query(frame));
        room.near.sort_unstable();
        let mut areas: Vec<(Part, f64)> = Vec::new();
        for (part, piece) in room.near.iter().map(|&i| &self.all[i]) {
            if shapes.binary_search(&part.shape).is_err() {
                continue;
            }
            let area_m2 = room.shared.of(piece, &frame_piece);
            match areas.last_mut() {
                Some((last, sum_m2)) if last == part => *sum_m2 += area_m2,
                _ => areas.push((*part, area_m2)),
            }
        }
        areas
    }
}

/// Every polygon of every shape in pieces, in the order of the shapes.
pub(super) fn cut<'a>(shapes: &[&'a MultiPolygon]) -> Vec<(Part, Piece<'a>)> {
    let pieces = |(shape, polygons): (usize, &&'a MultiPolygon)| {
        let of_polygon = |(polygon, p): (usize, &'a Polygon)| {
            let part = Part { shape: shape as u32, polygon: polygon as u32 };
            geom::halve(p).into_iter().map(move |piece| (part, piece))
        };
        polygons.0.iter().enumerate().flat_map(of_polygon).collect::<Vec<_>>()
    };
    shapes.par_iter().enumerate().flat_map_iter(pieces).collect()
}

/// Shapes that can also be asked for their border near a place. They are valid, shells counter-clockwise.
pub(super) struct Cover<'a> {
    shapes: Vec<&'a MultiPolygon>,
    pieces: Pieces<'a>,
    /// Of polygons too large to be taken whole, in order.
    runs: Vec<(Part, Run)>,
    runs_index: Index,
}

/// Polygons with no more vertices are taken whole.
const FEW_VERTICES: usize = 48;

impl<'a> Cover<'a> {
    pub(super) fn new(shapes: Vec<&'a MultiPolygon>) -> Self {
        let pieces = Pieces::new(&shapes);
        let runs_of = |(s, shape): (usize, &&'a MultiPolygon)| {
            let large = shape.0.iter().enumerate().filter(|(_, p)| !has_few_vertices(p));
            large.flat_map(move |(p, polygon)| {
                let part = Part { shape: s as u32, polygon: p as u32 };
                geom::runs(polygon).into_iter().map(move |(run, bounds)| ((part, run), Some(bounds)))
            })
        };
        let (runs, bounds): (Vec<_>, Vec<_>) = shapes.par_iter().enumerate().flat_map_iter(runs_of).unzip();
        Cover { shapes, pieces, runs, runs_index: Index::new(bounds) }
    }

    pub(super) fn shape(&self, place: u32) -> &'a MultiPolygon {
        self.shapes[place as usize]
    }

    /// The shapes that share more than 1e-6 m² with a place, in order.
    pub(super) fn over(&self, place: &MultiPolygon, room: &mut Room) -> Vec<Shared> {
        let mut shared = Vec::new();
        for piece in place.0.iter().flat_map(geom::halve) {
            self.pieces.shared_with(&piece, room, &mut shared);
        }
        shared.sort_by_key(|p| p.shape);
        shared.dedup_by(|next, sum| {
            let same = next.shape == sum.shape;
            if same {
                sum.area_m2 += next.area_m2;
            }
            same
        });
        shared.retain(|p| p.area_m2 > MIN_SHARED_M2);
        shared
    }

    /// The land of a place that any of the shapes (positions in order) covers: valid, without crumbs of less than 1e-6 m².
    pub(super) fn land(&self, place: &MultiPolygon, shapes: &[u32], room: &mut Room) -> MultiPolygon {
        let Some([x0, y0, x1, y1]) = geom::bounds(place) else { return MultiPolygon::new(Vec::new()) };
        // What closes a border lies outside of the place, at a distance from which no rounding brings it back.
        let margin = ((x1 - x0).max(y1 - y0) * 0.01).max(1.0);
        let frame = [x0 - margin, y0 - margin, x1 + margin, y1 + margin];
        let mut near: Vec<(Part, Run)> =
            self.runs_index.query(frame).map(|i| self.runs[i]).filter(|(part, _)| shapes.binary_search(&part.shape).is_ok()).collect();
        near.sort_unstable();
        let mut local: Vec<Vec<Coord>> = Vec::new();
        let mut whole: Vec<&[Coord]> = Vec::new();
        for (part, area_m2) in self.pieces.areas_in(frame, shapes, room) {
            let polygon = &self.shapes[part.shape as usize].0[part.polygon as usize];
            if has_few_vertices(polygon) {
                whole.extend(geom::rings_of_polygon(polygon));
            } else {
                let from = near.partition_point(|(other, _)| *other < part);
                let to = near.partition_point(|(other, _)| *other <= part);
                let runs: Vec<Run> = near[from..to].iter().map(|(_, run)| *run).collect();
                local.extend(geom::local_rings(polygon, &runs, frame, area_m2));
            }
        }
        let mut land = geom::intersection_with_rings(place, whole.into_iter().chain(local.iter().map(Vec::as_slice)));
        land.0.retain(|p| geom::polygon_area_m2(p) > MIN_SHARED_M2);
        land
    }
}

fn has_few_vertices(polygon: &Polygon) -> bool {
    geom::rings_of_polygon(polygon).map(<[Coord]>::len).sum::<usize>() <= FEW_VERTICES
}
