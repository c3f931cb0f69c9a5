//! Outlines of labelled cells, smoothed: what two classes share is one line, the same in both and in the next tile.
//!
//! A border runs along the sides of cells. Where three or more sides meet is a node and stays. Between nodes a border
//! has a corridor to itself: around each of its corners the square of one cell. The line through it goes straight from
//! the middle of one side to the middle of the farthest that can be seen through the corridor, so that no two lines
//! ever meet but in nodes. Borders are cut at fixed lines, a margin's width apart, so that a line depends on the cells
//! nearby alone: tiles that overlap by the margin draw the same.

use std::collections::{BTreeMap, HashMap};

use super::ring::{GridPoint, clean_ring, twice_area};

/// The label of a cell in which nothing is drawn.
pub(super) const NOTHING: u16 = u16::MAX;

/// Labels of the cells of a tile and a margin around it, as far as there are any.
#[derive(PartialEq)]
pub(super) struct Labelled {
    /// Column and row of the first cell, from the tile's corner; negative in the margin.
    pub begin: [isize; 2],
    pub width: usize,
    /// Row by row.
    pub labels: Vec<u16>,
    /// In cells; a tile's side is a multiple of it.
    pub margin: usize,
    /// log2 of a cell's side in tile units, at least 1.
    pub bits: u32,
}

/// Eighths of a cell: where lines are judged.
type Fine = [i64; 2];
const CELL: i64 = 8;
/// How far a line may pass beside the middle of a side. Less than half a cell keeps neighbours apart.
const LEEWAY: i64 = 3;
/// Outlines of so few sides keep every corner: smoothing would take too much of so little land.
const FEW_SIDES: usize = 16;
/// So does a piece of a border between nodes, corners and fixed lines.
const FEW_BETWEEN: usize = 7;

/// Right, down, left, up: the own cell lies to the right of the way.
const WAYS: [[isize; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];

/// A corner of a border and the way on from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    at: [isize; 2],
    way: usize,
}

impl Step {
    fn end(self) -> [isize; 2] {
        [self.at[0] + WAYS[self.way][0], self.at[1] + WAYS[self.way][1]]
    }

    fn corner(self) -> Fine {
        self.at.map(|v| v as i64 * CELL)
    }

    fn middle(self) -> Fine {
        [0, 1].map(|axis| self.at[axis] as i64 * CELL + WAYS[self.way][axis] as i64 * CELL / 2)
    }

    /// The middle of the side, and how far a line may pass on either hand.
    fn portal(self) -> [Fine; 2] {
        let [x, y] = self.middle();
        if self.way.is_multiple_of(2) { [[x, y - LEEWAY], [x, y + LEEWAY]] } else { [[x - LEEWAY, y], [x + LEEWAY, y]] }
    }
}

/// The polygons of each class that occurs, in order of the class: rings in tile units, each shell (clockwise on the screen)
/// followed by its holes.
pub(super) fn outlines(cells: &Labelled) -> BTreeMap<u16, Vec<Vec<GridPoint>>> {
    let parts = Parts::of(cells);
    let mut seen = vec![false; cells.labels.len()];
    let mut found: BTreeMap<(u16, u32), Vec<Vec<GridPoint>>> = BTreeMap::new();
    let mut loops = Vec::new();
    for cell in 0..cells.labels.len() {
        let class = cells.labels[cell];
        let [column, row] = [cell % cells.width, cell / cells.width];
        let [x, y] = [cells.begin[0] + column as isize, cells.begin[1] + row as isize];
        if class == NOTHING || cells.at(x, y - 1) == class || seen[cell] {
            continue;
        }
        cells.trace(Step { at: [x, y], way: 0 }, &mut seen, &mut loops);
        let rings = found.entry((class, parts.of_cell(column, row))).or_default();
        for border in loops.drain(..) {
            let mut ring = cells.smooth(&border);
            clean_ring(&mut ring);
            if twice_area(&ring) != 0 {
                rings.push(ring);
            }
        }
    }
    let mut by_class: BTreeMap<u16, Vec<Vec<GridPoint>>> = BTreeMap::new();
    for ((class, _), mut rings) in found {
        // The shell first: the one ring of a connected part that runs clockwise.
        rings.sort_by_key(|ring| twice_area(ring) < 0);
        if rings.first().is_some_and(|ring| twice_area(ring) > 0) {
            by_class.entry(class).or_default().append(&mut rings);
        }
    }
    by_class
}

impl Labelled {
    fn place(&self, x: isize, y: isize) -> Option<usize> {
        let [column, row] = [x - self.begin[0], y - self.begin[1]];
        let inside = (0..self.width as isize).contains(&column) && row >= 0;
        inside.then(|| row as usize * self.width + column as usize).filter(|place| *place < self.labels.len())
    }

    fn at(&self, x: isize, y: isize) -> u16 {
        self.place(x, y).map_or(NOTHING, |place| self.labels[place])
    }

    /// The cells to the right and to the left of the way from a corner.
    fn beside(&self, [x, y]: [isize; 2], way: usize) -> (u16, u16) {
        match way {
            0 => (self.at(x, y), self.at(x, y - 1)),
            1 => (self.at(x - 1, y), self.at(x, y)),
            2 => (self.at(x - 1, y - 1), self.at(x - 1, y)),
            _ => (self.at(x, y - 1), self.at(x - 1, y - 1)),
        }
    }

    /// Whether more than two borders meet at a corner.
    fn is_node(&self, [x, y]: [isize; 2]) -> bool {
        let around = [self.at(x - 1, y - 1), self.at(x, y - 1), self.at(x, y), self.at(x - 1, y)];
        (0..4).filter(|&n| around[n] != around[(n + 1) % 4]).count() > 2
    }

    /// Follows a border around, its own cells to the right; where it comes to a corner again it is taken apart, so that
    /// every loop is simple.
    fn trace(&self, start: Step, seen: &mut [bool], loops: &mut Vec<Vec<Step>>) {
        let class = self.beside(start.at, start.way).0;
        let mut steps: Vec<Step> = Vec::new();
        // Nodes that were passed, by their place in `steps`.
        let mut passed: HashMap<[isize; 2], usize> = HashMap::new();
        let mut step = start;
        loop {
            if self.is_node(step.at)
                && let Some(at) = passed.insert(step.at, steps.len())
            {
                loops.push(steps.split_off(at));
                passed.retain(|_, place| *place < at);
                passed.insert(step.at, at);
            }
            if step.way == 0
                && let Some(cell) = self.place(step.at[0], step.at[1])
            {
                seen[cell] = true;
            }
            steps.push(step);
            let at = step.end();
            // Close around the own cell first: cells that only touch in a corner are apart.
            let on = [1, 0, 3].map(|turn| (step.way + turn) % 4).into_iter().find(|&way| {
                let (own, other) = self.beside(at, way);
                own == class && other != class
            });
            let Some(way) = on else { return };
            step = Step { at, way };
            if step == start {
                break;
            }
        }
        loops.push(steps);
    }

    /// Whether a side lies across one of the fixed lines.
    fn is_cut(&self, step: Step) -> bool {
        let axis = step.way % 2;
        let low = step.at[axis].min(step.end()[axis]);
        low.rem_euclid(self.margin as isize) == 0
    }

    fn smooth(&self, border: &[Step]) -> Vec<GridPoint> {
        let n = border.len();
        let before = |i: usize| border[(i + n - 1) % n];
        let nodes: Vec<bool> = border.iter().map(|step| self.is_node(step.at)).collect();
        if n <= FEW_SIDES && !nodes.contains(&true) {
            return border.iter().map(|step| self.in_units(step.corner())).collect();
        }
        // 0 straight on, 1 to the right, 3 to the left.
        let turn = |i: usize| (border[i].way + 4 - before(i).way) % 4;
        // Steps turn one way and then the other: they are of the cells. A corner beside a straight side, or beside one
        // that turns the same way (the end of a strip), is of the land.
        let is_step = |i: usize, beside: usize| turn(beside) != 0 && turn(beside) != turn(i) && !nodes[beside];
        let is_corner = |i: usize| {
            let (back, next) = ((i + n - 1) % n, (i + 1) % n);
            turn(i) != 0 && (self.is_cut(border[back]) || !is_step(i, back)) && (self.is_cut(border[i]) || !is_step(i, next))
        };
        // What stays where it is: corners (even places) and middles of sides (odd).
        let mut anchors: Vec<usize> = Vec::new();
        for i in 0..n {
            if nodes[i] || is_corner(i) {
                anchors.push(2 * i);
            }
            if self.is_cut(border[i]) {
                anchors.push(2 * i + 1);
            }
        }
        if anchors.is_empty() {
            // Whichever way the border runs, the same corner.
            let first = (0..n).min_by_key(|&i| border[i].at).unwrap_or(0);
            anchors.push(2 * first);
        }
        let place =
            |anchor: usize| if anchor.is_multiple_of(2) { border[anchor / 2 % n].corner() } else { border[anchor / 2 % n].middle() };
        let mut ring: Vec<GridPoint> = Vec::new();
        let mut portals: Vec<Step> = Vec::new();
        for (k, &from) in anchors.iter().enumerate() {
            let to = anchors.get(k + 1).copied().unwrap_or(anchors[0] + 2 * n);
            portals.clear();
            // The sides wholly between the two.
            portals.extend((from.div_ceil(2)..to / 2).filter(|side| 2 * side + 1 > from && 2 * side + 1 < to).map(|side| border[side % n]));
            ring.push(self.in_units(place(from)));
            if portals.len() <= FEW_BETWEEN {
                let corners = (from / 2 + 1..to.div_ceil(2)).map(|at| border[at % n].corner());
                ring.extend(corners.map(|p| self.in_units(p)));
            } else {
                let line = straightened(place(from), &portals, place(to));
                ring.extend(line.into_iter().map(|p| self.in_units(p)));
            }
        }
        ring
    }

    fn in_units(&self, p: Fine) -> GridPoint {
        p.map(|v| ((v << self.bits) / CELL) as i32)
    }
}

fn cross(a: Fine, b: Fine) -> i64 {
    a[0] * b[1] - a[1] * b[0]
}

fn from_to(a: Fine, b: Fine) -> Fine {
    [b[0] - a[0], b[1] - a[1]]
}

/// The points between two ends of a line that passes all portals: middles of sides, as few as a look ahead finds. The
/// same points whichever way the border is walked.
fn straightened(from: Fine, portals: &[Step], to: Fine) -> Vec<Fine> {
    let (Some(first), Some(last)) = (portals.first(), portals.last()) else { return Vec::new() };
    if (to, last.middle()) < (from, first.middle()) {
        let backward: Vec<Step> = portals.iter().rev().copied().collect();
        let mut line = ahead(to, &backward, from);
        line.reverse();
        return line;
    }
    ahead(from, portals, to)
}

fn ahead(from: Fine, portals: &[Step], to: Fine) -> Vec<Fine> {
    let mut line = Vec::new();
    let (mut eye, mut next) = (from, 0);
    while next < portals.len() {
        let mut cone: Option<[Fine; 2]> = None;
        let mut seen = next;
        let mut at = next;
        loop {
            let target = from_to(eye, portals.get(at).map_or(to, |portal| portal.middle()));
            if cone.is_none_or(|[low, high]| cross(low, target) >= 0 && cross(target, high) >= 0) {
                seen = at;
            }
            let Some(portal) = portals.get(at) else { break };
            let mut sides = portal.portal().map(|p| from_to(eye, p));
            if cross(sides[0], sides[1]) < 0 {
                sides.swap(0, 1);
            }
            let [low, high] = cone.map_or(sides, |[low, high]| {
                [if cross(low, sides[0]) > 0 { sides[0] } else { low }, if cross(sides[1], high) > 0 { sides[1] } else { high }]
            });
            if cross(low, high) <= 0 {
                break;
            }
            cone = Some([low, high]);
            at += 1;
        }
        let Some(portal) = portals.get(seen) else { break };
        eye = portal.middle();
        line.push(eye);
        next = seen + 1;
    }
    line
}

/// Which cells hang together by their sides: runs of one label, row by row, joined.
struct Parts {
    /// Where each row's runs begin in `starts`.
    rows: Vec<usize>,
    /// First column of each run.
    starts: Vec<u32>,
    parent: Vec<u32>,
}

impl Parts {
    fn of(cells: &Labelled) -> Parts {
        let side = cells.width;
        let mut parts = Parts { rows: Vec::with_capacity(side + 1), starts: Vec::new(), parent: Vec::new() };
        for (y, row) in cells.labels.chunks_exact(side.max(1)).enumerate() {
            let first = parts.starts.len();
            parts.rows.push(first);
            let mut above = y.checked_sub(1).map_or(first, |y| parts.rows[y]);
            let mut x = 0;
            while x < side {
                let end = x + row[x..].iter().take_while(|label| **label == row[x]).count();
                let run = parts.starts.len() as u32;
                parts.starts.push(x as u32);
                parts.parent.push(run);
                // The runs above that reach over this one.
                while above < first {
                    let from = parts.starts[above] as usize;
                    let to = if above + 1 < first { parts.starts[above + 1] as usize } else { side };
                    if from >= end {
                        break;
                    }
                    if to > x && cells.labels[(y - 1) * side + from] == row[x] {
                        parts.join(run, above as u32);
                    }
                    if to > end {
                        break;
                    }
                    above += 1;
                }
                x = end;
            }
        }
        parts.rows.push(parts.starts.len());
        parts
    }

    fn root(&self, mut run: u32) -> u32 {
        while self.parent[run as usize] != run {
            run = self.parent[run as usize];
        }
        run
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    fn of_cell(&self, x: usize, y: usize) -> u32 {
        let row = &self.starts[self.rows[y]..self.rows[y + 1]];
        let run = row.partition_point(|start| *start as usize <= x).saturating_sub(1);
        self.root((self.rows[y] + run) as u32)
    }
}
