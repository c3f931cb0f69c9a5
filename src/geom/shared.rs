//! The area that two pieces share, without building its shape.
//!
//! A piece is the signed sum of the strips below its edges. Two strips share the strip below the lower of both edges, so
//! the shared area is the signed sum over pairs of edges of the integral of the lower one: nothing is decided by a
//! predicate, so touching, equal and needle-like edges need no care, and the error is a rounding error of each strip.

use super::halve::Piece;
use crate::model::Coord;

/// A part of an edge inside the common box, relative to its lower left corner.
#[derive(Debug, Clone, Copy)]
struct Edge {
    left: f64,
    right: f64,
    left_height: f64,
    right_height: f64,
    slope: f64,
    /// +1 where the land lies below, −1 where it lies above.
    sign: f64,
}

impl Edge {
    fn between(&self, left: f64, right: f64) -> Edge {
        Edge { left, right, left_height: self.height_at(left), right_height: self.height_at(right), ..*self }
    }

    fn height_at(&self, x: f64) -> f64 {
        // From the nearer end, so that both ends are met exactly.
        if x - self.left <= self.right - x {
            self.left_height + (x - self.left) * self.slope
        } else {
            self.right_height - (self.right - x) * self.slope
        }
    }
}

/// Room for the edges of two pieces, kept from one pair to the next.
#[derive(Debug, Default)]
pub(crate) struct SharedArea {
    a: Vec<Edge>,
    b: Vec<Edge>,
    c: Vec<Edge>,
}

impl SharedArea {
    /// Area that both pieces cover, m².
    pub(crate) fn of(&mut self, a: &Piece, b: &Piece) -> f64 {
        let frame = common(a.bounds, b.bounds);
        let (width, height) = (frame[2] - frame[0], frame[3] - frame[1]);
        if !(width > 0.0 && height > 0.0) {
            return 0.0;
        }
        if a.is_box && b.is_box {
            return width * height;
        }
        strips(b, frame, &mut self.b);
        if self.b.is_empty() {
            return 0.0;
        }
        strips(a, frame, &mut self.a);
        let mut area_m2 = 0.0;
        for p in &self.a {
            let mut column = 0.0;
            for q in &self.b {
                let (left, right) = (p.left.max(q.left), p.right.min(q.right));
                if left < right {
                    column += q.sign * below_both(p, q, left, right);
                }
            }
            area_m2 += p.sign * column;
        }
        area_m2
    }
}

impl SharedArea {
    /// Area that three pieces cover, m².
    pub(crate) fn of_three(&mut self, a: &Piece, b: &Piece, c: &Piece) -> f64 {
        let frame = common(common(a.bounds, b.bounds), c.bounds);
        if !(frame[2] > frame[0] && frame[3] > frame[1]) {
            return 0.0;
        }
        for (piece, edges) in [(a, &mut self.a), (b, &mut self.b), (c, &mut self.c)] {
            strips(piece, frame, edges);
            if edges.is_empty() {
                return 0.0;
            }
        }
        let mut area_m2 = 0.0;
        for p in &self.a {
            for q in &self.b {
                let (left, right) = (p.left.max(q.left), p.right.min(q.right));
                if left < right {
                    let strips = lower_of(p, q, left, right);
                    let below: f64 = strips.iter().flatten().map(|low| below_all(low, &self.c)).sum();
                    area_m2 += p.sign * q.sign * below;
                }
            }
        }
        area_m2
    }
}

fn common(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]
}

/// Signed integral of what is below one edge and below each of the others.
fn below_all(p: &Edge, others: &[Edge]) -> f64 {
    let mut sum = 0.0;
    for q in others {
        let (left, right) = (p.left.max(q.left), p.right.min(q.right));
        if left < right {
            sum += q.sign * below_both(p, q, left, right);
        }
    }
    sum
}

/// The lower of two edges from `left` to `right`: one edge, or two that meet where the edges cross.
fn lower_of(p: &Edge, q: &Edge, left: f64, right: f64) -> [Option<Edge>; 2] {
    let (d_left, d_right) = (p.height_at(left) - q.height_at(left), p.height_at(right) - q.height_at(right));
    if d_left <= 0.0 && d_right <= 0.0 {
        return [Some(p.between(left, right)), None];
    }
    if d_left >= 0.0 && d_right >= 0.0 {
        return [Some(q.between(left, right)), None];
    }
    let crossing = (left + (right - left) * (d_left / (d_left - d_right))).clamp(left, right);
    let (first, second) = if d_left < 0.0 { (p, q) } else { (q, p) };
    [Some(first.between(left, crossing)), Some(second.between(crossing, right))]
}

/// Integral of the lower of two edges from `left` to `right`.
fn below_both(p: &Edge, q: &Edge, left: f64, right: f64) -> f64 {
    let (p_left, p_right) = (p.height_at(left), p.height_at(right));
    let (d_left, d_right) = (p_left - q.height_at(left), p_right - q.height_at(right));
    // The strip below p less the triangle or trapezium by which p is above q.
    let above = if d_left >= 0.0 && d_right >= 0.0 {
        d_left + d_right
    } else if d_left <= 0.0 && d_right <= 0.0 {
        0.0
    } else {
        let positive = d_left.max(d_right);
        positive * positive / (d_left.abs() + d_right.abs())
    };
    (p_left + p_right - above) * 0.5 * (right - left)
}

/// The piece's edges inside the frame: what is below is dropped, what is above becomes the frame's upper side.
fn strips(piece: &Piece, frame: [f64; 4], out: &mut Vec<Edge>) {
    out.clear();
    let mut clip = Clip { frame, height: frame[3] - frame[1], top: None, out };
    for ring in &piece.rings {
        for w in ring.windows(2) {
            clip.edge(w[0], w[1]);
        }
        clip.flush();
    }
}

struct Clip<'a> {
    frame: [f64; 4],
    height: f64,
    /// A walk above the frame, from x to x: only its ends count.
    top: Option<(f64, f64)>,
    out: &'a mut Vec<Edge>,
}

impl Clip<'_> {
    #[inline]
    fn edge(&mut self, p: Coord, q: Coord) {
        let [x0, y0, x1, y1] = self.frame;
        if (p.y <= y0 && q.y <= y0) || (p.x <= x0 && q.x <= x0) || (p.x >= x1 && q.x >= x1) || p.x == q.x {
            return;
        }
        if p.y >= y1 && q.y >= y1 {
            return self.walk_above(p.x.clamp(x0, x1) - x0, q.x.clamp(x0, x1) - x0);
        }
        self.cross(p, q);
    }

    fn walk_above(&mut self, from: f64, to: f64) {
        match &mut self.top {
            Some(top) if top.1 == from => top.1 = to,
            _ => {
                self.flush();
                self.top = Some((from, to));
            }
        }
    }

    fn flush(&mut self) {
        if let Some((from, to)) = self.top.take()
            && from != to
        {
            let (left, right, sign) = if to < from { (to, from, 1.0) } else { (from, to, -1.0) };
            self.out.push(Edge { left, right, left_height: self.height, right_height: self.height, slope: 0.0, sign });
        }
    }

    /// An edge that may lie partly outside.
    fn cross(&mut self, p: Coord, q: Coord) {
        let [x0, y0, x1, _] = self.frame;
        let sign = if q.x < p.x { 1.0 } else { -1.0 };
        let (l, r) = if q.x < p.x { (q, p) } else { (p, q) };
        let slope = (r.y - l.y) / (r.x - l.x);
        let (mut left, mut left_height) = (l.x - x0, l.y - y0);
        let (mut right, mut right_height) = (r.x - x0, r.y - y0);
        if left < 0.0 {
            left_height -= left * slope;
            left = 0.0;
        }
        let width = x1 - x0;
        if right > width {
            right_height -= (right - width) * slope;
            right = width;
        }
        if left >= right || (left_height <= 0.0 && right_height <= 0.0) {
            return;
        }
        let at = |level: f64| (left + (right - left) * ((level - left_height) / (right_height - left_height))).clamp(left, right);
        let (from, to) = (at(0.0), at(self.height));
        let (mut cut_left, mut cut_right) = (left, right);
        let (mut cut_left_height, mut cut_right_height) = (left_height, right_height);
        if left_height < 0.0 {
            (cut_left, cut_left_height) = (from, 0.0);
        } else if right_height < 0.0 {
            (cut_right, cut_right_height) = (from, 0.0);
        }
        if left_height > self.height {
            let reach = if right_height >= self.height { right } else { to };
            self.walk(left, reach, sign);
            (cut_left, cut_left_height) = (reach, self.height);
        }
        if right_height > self.height && left_height <= self.height {
            self.walk(to, right, sign);
            (cut_right, cut_right_height) = (to, self.height);
        }
        if cut_left < cut_right {
            self.out.push(Edge {
                left: cut_left,
                right: cut_right,
                left_height: cut_left_height,
                right_height: cut_right_height,
                slope,
                sign,
            });
        }
    }

    /// A walk above in the edge's direction.
    fn walk(&mut self, left: f64, right: f64, sign: f64) {
        if sign > 0.0 { self.walk_above(right, left) } else { self.walk_above(left, right) }
    }
}
