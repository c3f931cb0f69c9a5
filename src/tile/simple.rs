//! Are these rings simple? An exact test in whole numbers, so that what is already clean costs little.

use super::ring::{GridPoint, turn, twice_area};
use crate::index::Index;

/// Of so many edges each is compared with those near it alone.
const MANY_EDGES: usize = 2_000;

#[derive(Clone, Copy)]
struct Edge {
    a: GridPoint,
    b: GridPoint,
    ring: u32,
    at: u32,
    n_in_ring: u32,
}

impl Edge {
    fn low(&self, axis: usize) -> i32 {
        self.a[axis].min(self.b[axis])
    }

    fn high(&self, axis: usize) -> i32 {
        self.a[axis].max(self.b[axis])
    }

    fn follows(&self, other: &Edge) -> bool {
        self.ring == other.ring && ((self.at + 1) % self.n_in_ring == other.at || (other.at + 1) % self.n_in_ring == self.at)
    }
}

/// Whether no two edges share a point but where one follows the other, shells (clockwise) lie outside
/// or inside an even number of other rings and holes inside an odd number. Rings are open and cleaned
/// (`ring::clean_ring`). Stricter than validity, which allows some touching.
pub(super) fn is_simple(rings: &[Vec<GridPoint>]) -> bool {
    let mut edges: Vec<Edge> = Vec::with_capacity(rings.iter().map(Vec::len).sum());
    for (ring, points) in rings.iter().enumerate() {
        let ends = points.iter().copied().cycle().skip(1);
        edges.extend(points.iter().copied().zip(ends).enumerate().map(|(at, (a, b))| Edge {
            a,
            b,
            ring: ring as u32,
            at: at as u32,
            n_in_ring: points.len() as u32,
        }));
    }
    if edges.len() > MANY_EDGES {
        return are_simple(rings, &edges);
    }
    let apart = if edges.len() <= 24 { all_apart(&edges) } else { all_apart_in_order(edges) };
    apart && (rings.len() == 1 || well_nested(rings))
}

/// The same for very many edges, by an index of their boxes.
fn are_simple(rings: &[Vec<GridPoint>], edges: &[Edge]) -> bool {
    let bounds = |e: &Edge| [e.low(0), e.low(1), e.high(0), e.high(1)].map(f64::from);
    let index = Index::new(edges.iter().map(|e| Some(bounds(e))));
    let apart = |(n, e): (usize, &Edge)| index.query(bounds(e)).all(|m| m <= n || e.follows(&edges[m]) || !share_a_point(e, &edges[m]));
    let east = edges.iter().map(|e| e.high(0)).max().unwrap_or_default();
    // Every ring around a point has an odd number of edges east of it, every other one an even number.
    let nested = |(n, ring): (usize, &Vec<GridPoint>)| {
        let Some(&p) = ring.first() else { return false };
        let [x, y] = p.map(f64::from);
        let others = index.query([x, y, f64::from(east), y]).map(|m| &edges[m]).filter(|e| e.ring as usize != n);
        let n_passed = others.filter(|e| is_east_of(e.a, e.b, p)).count();
        n_passed.is_multiple_of(2) == (twice_area(ring) > 0)
    };
    edges.iter().enumerate().all(apart) && (rings.len() == 1 || rings.iter().enumerate().all(nested))
}

fn all_apart(edges: &[Edge]) -> bool {
    edges.iter().enumerate().all(|(n, e)| edges[n + 1..].iter().all(|f| e.follows(f) || !share_a_point(e, f)))
}

/// The same for many edges: from left to right, each against those it overlaps in x.
fn all_apart_in_order(mut edges: Vec<Edge>) -> bool {
    edges.sort_unstable_by_key(|e| e.low(0));
    let mut active: Vec<usize> = Vec::new();
    for (n, edge) in edges.iter().enumerate() {
        let left = edge.low(0);
        active.retain(|&m| edges[m].high(0) >= left);
        if active.iter().any(|&m| !edge.follows(&edges[m]) && share_a_point(edge, &edges[m])) {
            return false;
        }
        active.push(n);
    }
    true
}

fn share_a_point(e: &Edge, f: &Edge) -> bool {
    if e.high(0) < f.low(0) || f.high(0) < e.low(0) || e.high(1) < f.low(1) || f.high(1) < e.low(1) {
        return false;
    }
    let one_side = |p: i64, q: i64| (p > 0 && q > 0) || (p < 0 && q < 0);
    // On one line and with boxes that meet, they overlap: then all four are zero.
    !one_side(turn(e.a, e.b, f.a), turn(e.a, e.b, f.b)) && !one_side(turn(f.a, f.b, e.a), turn(f.a, f.b, e.b))
}

fn well_nested(rings: &[Vec<GridPoint>]) -> bool {
    let boxes: Vec<[i32; 4]> = rings.iter().map(|ring| box_of(ring)).collect();
    rings.iter().enumerate().all(|(n, ring)| {
        let Some(&p) = ring.first() else { return false };
        let around = |m: &usize| *m != n && in_box(p, boxes[*m]) && encloses(&rings[*m], p);
        let depth = (0..rings.len()).filter(around).count();
        depth.is_multiple_of(2) == (twice_area(ring) > 0)
    })
}

fn box_of(ring: &[GridPoint]) -> [i32; 4] {
    ring.iter().fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |b, p| [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])])
}

fn in_box(p: GridPoint, b: [i32; 4]) -> bool {
    b[0] <= p[0] && p[0] <= b[2] && b[1] <= p[1] && p[1] <= b[3]
}

/// Whether a point that is not on the ring lies inside it.
pub(super) fn encloses(ring: &[GridPoint], p: GridPoint) -> bool {
    let ends = ring.iter().cycle().skip(1);
    ring.iter().zip(ends).filter(|&(&a, &b)| is_east_of(a, b, p)).count() % 2 == 1
}

/// Whether a way due east from a point passes this edge.
fn is_east_of(a: GridPoint, b: GridPoint, p: GridPoint) -> bool {
    (a[1] > p[1]) != (b[1] > p[1]) && (turn(a, b, p) > 0) == (b[1] > a[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [GridPoint; 4] = [[0, 0], [10, 0], [10, 10], [0, 10]];

    #[test]
    fn squares_with_holes_are_simple_and_crossings_touches_and_strays_are_not() {
        let hole = vec![[2, 2], [2, 4], [4, 4], [4, 2]];
        assert!(is_simple(&[SQUARE.to_vec()]));
        assert!(is_simple(&[SQUARE.to_vec(), hole.clone()]));
        assert!(is_simple(&[SQUARE.to_vec(), vec![[20, 0], [30, 0], [25, 5]]]));
        let wrong = [
            vec![vec![[0, 0], [10, 10], [10, 0], [0, 10]]],                    // crosses itself
            vec![vec![[0, 0], [10, 0], [5, 5], [10, 10], [0, 10], [5, 5]]],    // touches itself
            vec![SQUARE.to_vec(), vec![[0, 2], [0, 4], [4, 4], [4, 2]]],       // hole along the shell
            vec![SQUARE.to_vec(), vec![[12, 2], [12, 4], [14, 4], [14, 2]]],   // hole outside
            vec![SQUARE.to_vec(), vec![[2, 2], [4, 2], [4, 4], [2, 4]]],       // shell in a shell
            vec![SQUARE.to_vec(), vec![[5, 5], [15, 5], [15, 15], [5, 15]]],   // parts overlap
            vec![SQUARE.to_vec(), vec![[1, 1], [1, 9], [9, 9], [9, 1]], hole], // hole in a hole
        ];
        for rings in wrong {
            assert!(!is_simple(&rings), "{rings:?}");
        }
    }

    #[test]
    fn many_edges_are_judged_like_few() {
        let comb = |n: i32| -> Vec<GridPoint> {
            let teeth = (0..n).flat_map(|i| [[4 * i, 0], [4 * i + 2, 50]]);
            teeth.chain([[4 * n, 0], [4 * n, -5], [0, -5]]).collect()
        };
        assert!(is_simple(&[comb(100)]));
        let mut crossed = comb(100);
        crossed[50] = [crossed[50][0] + 30, 40];
        assert!(!is_simple(&[crossed]));
    }

    #[test]
    fn very_many_holes_are_judged_like_few() {
        let hole = |x: i32, y: i32| vec![[x, y], [x, y + 2], [x + 2, y + 2], [x + 2, y]];
        let side = 4 * 40;
        let mut rings = vec![vec![[0, 0], [side, 0], [side, side], [0, side]]];
        rings.extend((0..40 * 40).map(|i| hole(4 * (i % 40) + 1, 4 * (i / 40) + 1)));
        assert!(is_simple(&rings));
        let with = |ring: Vec<GridPoint>| is_simple(&[rings.clone(), vec![ring]].concat());
        assert!(with(hole(0, 0).into_iter().map(|[x, y]| [10 * side + y, x]).collect()), "a shell far away");
        assert!(!with(hole(side + 1, 5)), "a hole outside");
        assert!(!with(hole(2, 2)), "a hole on a hole");
        assert!(!with(hole(0, 4).into_iter().map(|[x, y]| [y + 4, x]).collect()), "a shell on the shell");
    }
}
