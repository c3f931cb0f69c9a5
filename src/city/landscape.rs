//! The finished map of the land before anything grows: areas with shapes, lines, neighbours, context.

use super::arcs::{Arcs, NO_NODE};
use super::dice::{hash_unit, noise};
use super::figures::Figures;
use super::ground::{Area, Class, Ground};
use super::growth::Front;
use super::lattice::{Lattice, Point};
use super::rings::{Edge, shapes};
use super::roads::{Line, LineKind};
use super::waters::RiverView;
use super::zoning::Plot;
use super::{UnitPoint, rings};
use crate::geom;
use crate::model::{Context, ContextGroup, Coord, Geometry, MultiPolygon};

pub(super) struct Landscape {
    /// By label; 0 means nothing.
    pub areas: Vec<Area>,
    /// By label.
    pub shapes: Vec<MultiPolygon>,
    pub arcs: Arcs,
    pub lines: Vec<Line>,
}

impl Landscape {
    pub fn new(lattice: &Lattice, ground: Ground, lines: Vec<Line>) -> Landscape {
        let widths: Vec<f64> = std::iter::once(0.0).chain(lines.iter().map(|l| l.width_m)).collect();
        let arcs = Arcs::trace(lattice, &ground.labels, &ground.walls, &widths);
        let every: Vec<u32> = (0..ground.areas.len() as u32).collect();
        let shapes = shapes(&arcs, &every, every.len(), Edge::Side);
        Landscape { areas: ground.areas, shapes, arcs, lines }
    }

    /// Administrative borders: by unit.
    pub fn unit_shapes(&self, n_units: usize) -> Vec<MultiPolygon> {
        let unit_of: Vec<u32> = self.areas.iter().enumerate().map(|(k, a)| if k == 0 { 0 } else { a.unit as u32 + 1 }).collect();
        shapes(&self.arcs, &unit_of, n_units, Edge::Center).into_iter().skip(1).collect()
    }

    /// The line an arc belongs to.
    pub fn line(&self, number: u16) -> Option<&Line> {
        self.lines.get(usize::from(number).checked_sub(1)?)
    }

    /// The field blocks, with their neighbours.
    pub fn plots(&self, lattice: &Lattice, views: &[Option<RiverView>]) -> Vec<Plot> {
        let mut plot_of = vec![usize::MAX; self.areas.len()];
        let mut plots: Vec<Plot> = Vec::new();
        for (label, (area, shape)) in self.areas.iter().zip(&self.shapes).enumerate().skip(1) {
            let (Some(b), true) = (geom::bounds(shape), area.class.is_farm() && shape.0.len() == 1) else { continue };
            let middle = [(b[0] + b[2]) / 2.0, (b[1] + b[3]) / 2.0];
            let river = lattice.cell_at(middle).and_then(|c| views[c]).filter(|v| v.river == 0);
            plot_of[label] = plots.len();
            plots.push(Plot {
                label: label as u32,
                area_m2: geom::area_m2(shape),
                middle,
                unit: area.unit,
                class: area.class,
                stretch: area.stretch,
                river_m: river.map(|v| f64::from(v.distance_m)),
                neighbours: Vec::new(),
            });
        }
        for arc in self.arcs.arcs.iter().filter(|a| a.line == 0) {
            let (a, b) = (plot_of[arc.left as usize], plot_of[arc.right as usize]);
            if a != usize::MAX && b != usize::MAX && a != b {
                let length: f64 = arc.center.windows(2).map(|w| super::curves::distance_m(w[0], w[1])).sum();
                plots[a].neighbours.push((b, length));
                plots[b].neighbours.push((a, length));
            }
        }
        plots
    }

    /// By group (from 1 on), the borders that have a road or houses behind them.
    pub fn fronts(&self, group_of: &[u32], n_groups: usize) -> Vec<Vec<Front>> {
        let mut fronts = vec![Vec::new(); n_groups + 1];
        for arc in &self.arcs.arcs {
            let is_road = self.line(arc.line).is_some_and(|l| l.kind == LineKind::Road || l.kind == LineKind::Dyke);
            let mut add = |own: u32, other: u32, copy: &mut dyn Iterator<Item = (Point, Point)>| {
                let group = group_of[own as usize];
                if group != 0 && (is_road || self.areas[other as usize].class.is_settled()) && group_of[other as usize] != group {
                    fronts[group as usize].extend(copy.map(|(a, b)| Front { a, b, is_road }));
                }
            };
            if arc.left != 0 && arc.right != 0 {
                add(arc.left, arc.right, &mut arc.left_side.windows(2).map(|w| (w[0], w[1])));
                add(arc.right, arc.left, &mut arc.right_side.windows(2).rev().map(|w| (w[1], w[0])));
            }
        }
        fronts
    }

    /// The land-use code of an area that is no zone.
    pub fn land_code(&self, figures: &Figures, label: usize, is_ward: bool) -> &'static str {
        let area = &self.areas[label];
        let (seed, salt) = (figures.seed ^ 0x1a4d, label as i64);
        let chance = hash_unit(seed, salt, 1);
        let pick = |table: &[(&'static str, f64)]| {
            let mut left = chance * table.iter().map(|t| t.1).sum::<f64>();
            table
                .iter()
                .find(|t| {
                    left -= t.1;
                    left < 0.0
                })
                .map_or("BCS", |t| t.0)
        };
        match area.class {
            Class::River => "SON",
            Class::Lake | Class::Pond => "MNC",
            Class::Urban => pick(&[
                ("ODT", 66.0),
                ("TMD", 8.0),
                ("DGD", 6.0),
                ("DKV", 6.0),
                ("TSC", 4.0),
                ("SKC", 3.0),
                ("DYT", 2.0),
                ("DTT", 1.5),
                ("TON", 1.5),
                ("CQP", 1.5),
                ("CAN", 0.5),
            ]),
            Class::Village if is_ward => pick(&[("ODT", 95.0), ("TON", 2.0), ("DGD", 3.0)]),
            Class::Village => pick(&[("ONT", 94.0), ("TON", 1.5), ("TIN", 1.5), ("DGD", 3.0)]),
            Class::Industry => pick(&[("SKK", 55.0), ("SKN", 45.0)]),
            Class::Forest => pick(&[("RSX", 50.0), ("RPH", 25.0), ("RDD", 25.0)]),
            Class::Military => pick(&[("CQP", 80.0), ("CAN", 20.0)]),
            Class::Cemetery => "NTD",
            Class::Slope => pick(&[("CLN", 50.0), ("RSX", 30.0), ("HNK", 20.0)]),
            Class::Alluvium => pick(&[("HNK", 70.0), ("BCS", 20.0), ("CLN", 10.0)]),
            Class::Farm => {
                let middle = self.arcs_middle(label);
                match 0.5 + 0.5 * noise(seed, middle, 2600.0) + 0.25 * (chance - 0.5) {
                    x if x < 0.62 => "LUC",
                    x if x < 0.70 => "LUK",
                    x if x < 0.84 => "HNK",
                    x if x < 0.95 => "CLN",
                    _ => "NTS",
                }
            }
        }
    }

    fn arcs_middle(&self, label: usize) -> Point {
        geom::bounds(&self.shapes[label]).map_or([0.0; 2], |b| [(b[0] + b[2]) / 2.0, (b[1] + b[3]) / 2.0])
    }

    /// Roads, rivers, lakes, places.
    pub fn context(&self, figures: &Figures, units: &[UnitPoint]) -> Vec<Context> {
        let mut context = Vec::new();
        let mut add = |group: ContextGroup, name: &str, width_m: Option<f64>, shape: Geometry| {
            let id = format!(
                "{}{:04}",
                match group {
                    ContextGroup::Road => "R",
                    ContextGroup::Water => "W",
                    ContextGroup::Place => "P",
                },
                context.len() + 1
            );
            context.push(Context { id, group, name: Some(name.to_owned()), width_m, kept: Vec::new(), shape });
        };
        let water_names: Vec<&str> =
            figures.rivers.iter().map(|r| r.name.as_str()).chain(figures.lakes.iter().map(|l| l.name.as_str())).collect();
        let water_of: Vec<u32> = self
            .areas
            .iter()
            .enumerate()
            .map(|(k, a)| match (k, a.class, a.water) {
                (0, _, _) => 0,
                (_, Class::River | Class::Lake, Some(w)) => w as u32 + 1,
                (_, Class::Pond, _) => water_names.len() as u32 + 1,
                _ => 0,
            })
            .collect();
        for (k, shape) in shapes(&self.arcs, &water_of, water_names.len() + 1, Edge::Center).into_iter().enumerate().skip(1) {
            if !shape.0.is_empty() {
                add(ContextGroup::Water, water_names.get(k - 1).copied().unwrap_or("Ao, hồ"), None, Geometry::MultiPolygon(shape));
            }
        }
        for (k, line) in self.lines.iter().enumerate() {
            let group = match line.kind {
                LineKind::Stream => ContextGroup::Water,
                LineKind::Road => ContextGroup::Road,
                LineKind::Dyke | LineKind::Canal => continue,
            };
            let pieces = self.pieces_of_line(k as u16 + 1);
            if !pieces.is_empty() {
                let lines =
                    pieces.into_iter().map(|p| geo_types::LineString::new(p.into_iter().map(|[x, y]| Coord { x, y }).collect())).collect();
                add(group, &line.name, Some(line.width_m), Geometry::MultiLineString(geo_types::MultiLineString::new(lines)));
            }
        }
        for unit in units {
            add(ContextGroup::Place, &unit.name, None, Geometry::Point(geo_types::Point::new(unit.x, unit.y)));
        }
        for hill in &figures.hills {
            add(ContextGroup::Place, &hill.name, None, Geometry::Point(geo_types::Point::new(hill.at[0] * 1000.0, hill.at[1] * 1000.0)));
        }
        context
    }

    /// A line's arcs, joined end to end where nothing else of the line branches off.
    fn pieces_of_line(&self, line: u16) -> Vec<Vec<Point>> {
        let arcs = &self.arcs.arcs;
        let own: Vec<u32> = (0..arcs.len() as u32).filter(|&a| arcs[a as usize].line == line).collect();
        let mut done: std::collections::BTreeSet<u32> = Default::default();
        let others = |node: u32, arc: u32| -> Vec<u32> {
            if node == NO_NODE {
                return Vec::new();
            }
            let at = self.arcs.nodes[node as usize].arcs.iter().flatten().map(|&(a, _)| a);
            at.filter(|&a| a != arc && arcs[a as usize].line == line).collect()
        };
        let mut pieces = Vec::new();
        for &start in &own {
            if !done.insert(start) {
                continue;
            }
            let mut piece = arcs[start as usize].center.clone();
            for _ in 0..2 {
                // Forward from the end, then turned round and forward from the other end.
                let (mut at, mut node) = (
                    start,
                    if piece.first() == arcs[start as usize].center.first() { arcs[start as usize].to } else { arcs[start as usize].from },
                );
                while let [next] = others(node, at)[..] {
                    if !done.insert(next) {
                        break;
                    }
                    let arc = &arcs[next as usize];
                    if arc.from == node {
                        piece.extend(arc.center.iter().skip(1));
                        node = arc.to;
                    } else {
                        piece.extend(arc.center.iter().rev().skip(1));
                        node = arc.from;
                    }
                    at = next;
                }
                piece.reverse();
                if arcs[start as usize].from == NO_NODE {
                    break;
                }
                // The second round starts at the first arc's own start.
                if piece.last() != arcs[start as usize].center.first() {
                    break;
                }
            }
            pieces.push(piece);
        }
        pieces
    }

    /// The land under lines: (arc, land-use code, shape).
    pub fn strips(&self) -> Vec<(u32, &'static str, MultiPolygon)> {
        rings::strips(&self.arcs)
            .into_iter()
            .map(|(arc, shape)| {
                let kind = self.line(self.arcs.arcs[arc as usize].line).map(|l| l.kind);
                let code = match kind {
                    Some(LineKind::Road) | None => "DGT",
                    Some(LineKind::Stream) => "SON",
                    Some(LineKind::Dyke) => "DPC",
                    Some(LineKind::Canal) => "DTL",
                };
                (arc, code, shape)
            })
            .collect()
    }
}
