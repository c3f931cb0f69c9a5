//! The fine lattice on which land is dealt out before it gets smooth borders.
//!
//! A cell holds one label (0 is outside the city); a wall between two cells is part of a line (road,
//! dyke, small river) that has a width. Nothing here knows what a label means.
//! Invariant: the outermost cells are outside.

/// Easting and northing, metres.
pub(super) type Point = [f64; 2];

/// Where the cells lie: square, `cell_m` wide, from the corner (`x0`, `y0`) on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lattice {
    pub x0: f64,
    pub y0: f64,
    pub cell_m: f64,
    pub nx: usize,
    pub ny: usize,
}

impl Lattice {
    pub fn n_cells(&self) -> usize {
        self.nx * self.ny
    }

    /// The middle of a cell.
    pub fn center(&self, cell: usize) -> Point {
        let (i, j) = (cell % self.nx, cell / self.nx);
        [self.x0 + (i as f64 + 0.5) * self.cell_m, self.y0 + (j as f64 + 0.5) * self.cell_m]
    }

    /// The cell that holds the point; none outside.
    pub fn cell_at(&self, at: Point) -> Option<usize> {
        let i = ((at[0] - self.x0) / self.cell_m).floor();
        let j = ((at[1] - self.y0) / self.cell_m).floor();
        (i >= 0.0 && j >= 0.0 && i < self.nx as f64 && j < self.ny as f64).then(|| j as usize * self.nx + i as usize)
    }

    /// Where corner (i, j) lies: the lower left one of cell (i, j).
    pub fn corner(&self, i: usize, j: usize) -> Point {
        [self.x0 + i as f64 * self.cell_m, self.y0 + j as f64 * self.cell_m]
    }

    /// Calls `visit` with each cell whose middle lies in the box around `at`.
    pub fn around(&self, at: Point, radius_m: f64, mut visit: impl FnMut(usize, Point)) {
        let span = |v: f64, origin: f64, n: usize| {
            let low = ((v - radius_m - origin) / self.cell_m).floor().clamp(0.0, n as f64) as usize;
            let high = ((v + radius_m - origin) / self.cell_m).ceil().clamp(0.0, n as f64) as usize;
            low..high
        };
        for j in span(at[1], self.y0, self.ny) {
            for i in span(at[0], self.x0, self.nx) {
                let cell = j * self.nx + i;
                visit(cell, self.center(cell));
            }
        }
    }
}

/// Which line runs between two neighbouring cells; 0 is none.
pub(super) struct Walls {
    /// Between cell (i, j) and (i + 1, j).
    pub east: Vec<u16>,
    /// Between cell (i, j) and (i, j + 1).
    pub north: Vec<u16>,
}

impl Walls {
    pub fn new(lattice: &Lattice) -> Self {
        Walls { east: vec![0; lattice.n_cells()], north: vec![0; lattice.n_cells()] }
    }

    /// Lets a line run along the corners nearest to the curve. Of two lines in one place the lower
    /// number stays: lines are built widest first.
    pub fn build(&mut self, lattice: &Lattice, curve: &[Point], line: u16) {
        let nearest =
            |p: Point| (((p[0] - lattice.x0) / lattice.cell_m).round() as i64, ((p[1] - lattice.y0) / lattice.cell_m).round() as i64);
        let mut path: Vec<(i64, i64)> = Vec::new();
        for pair in curve.windows(2) {
            let length = (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
            let n_steps = (length / (lattice.cell_m * 0.4)).ceil().max(1.0);
            for k in 0..=n_steps as usize {
                let t = k as f64 / n_steps;
                let p = [pair[0][0] + (pair[1][0] - pair[0][0]) * t, pair[0][1] + (pair[1][1] - pair[0][1]) * t];
                let next = nearest(p);
                step_to(&mut path, next);
            }
        }
        for pair in path.windows(2) {
            self.set(lattice, pair[0], pair[1], line);
        }
    }

    fn set(&mut self, lattice: &Lattice, a: (i64, i64), b: (i64, i64), line: u16) {
        let (i, j) = (a.0.min(b.0), a.1.min(b.1));
        if i < 1 || j < 1 || i >= lattice.nx as i64 - 1 || j >= lattice.ny as i64 - 1 {
            return;
        }
        let cell = j as usize * lattice.nx + i as usize;
        // A horizontal step has cell (i, j) above it, a vertical one has it to the right.
        let slot = if a.1 == b.1 { &mut self.north[cell - lattice.nx] } else { &mut self.east[cell - 1] };
        if *slot == 0 || line < *slot {
            *slot = line;
        }
    }
}

/// Appends corner steps towards `next`, one axis at a time; a step straight back is taken off again.
fn step_to(path: &mut Vec<(i64, i64)>, next: (i64, i64)) {
    let Some(&last) = path.last() else {
        path.push(next);
        return;
    };
    let mut at = last;
    while at != next {
        let (dx, dy) = (next.0 - at.0, next.1 - at.1);
        at = if dx.abs() >= dy.abs() { (at.0 + dx.signum(), at.1) } else { (at.0, at.1 + dy.signum()) };
        if path.len() > 1 && path[path.len() - 2] == at {
            path.pop();
        } else {
            path.push(at);
        }
    }
}

/// Numbers the 4-connected areas of one key from 1 on; key 0 stays 0. Walls part areas.
/// Returns the label of each cell, and for each label its first cell.
pub(super) fn connected(lattice: &Lattice, keys: &[u64], walls: &Walls) -> (Vec<u32>, Vec<usize>) {
    let nx = lattice.nx;
    let mut labels = vec![0u32; keys.len()];
    let mut first = vec![0usize];
    let mut stack = Vec::new();
    for start in 0..keys.len() {
        if keys[start] == 0 || labels[start] != 0 {
            continue;
        }
        let label = first.len() as u32;
        first.push(start);
        labels[start] = label;
        stack.push(start);
        // The outermost cells have key 0, so every visited cell has four neighbours.
        while let Some(c) = stack.pop() {
            let steps = [(c + 1, walls.east[c]), (c - 1, walls.east[c - 1]), (c + nx, walls.north[c]), (c - nx, walls.north[c - nx])];
            for (next, wall) in steps {
                if wall == 0 && labels[next] == 0 && keys[next] == keys[start] {
                    labels[next] = label;
                    stack.push(next);
                }
            }
        }
    }
    (labels, first)
}

/// Gives areas that are too small or too thin to a neighbour. `kin(a, b)` says how gladly `a` joins
/// `b` (0: never); a border without a wall counts ten times one with. Returns how many were joined.
pub(super) fn join_small(
    lattice: &Lattice,
    labels: &mut [u32],
    walls: &Walls,
    n_labels: usize,
    too_small: impl Fn(u32, f64, f64) -> bool,
    kin: impl Fn(u32, u32) -> f64,
) -> usize {
    let nx = lattice.nx;
    let mut n_joined = 0;
    for _ in 0..6 {
        let (mut cells, mut perimeter) = (vec![0.0f64; n_labels], vec![0.0f64; n_labels]);
        for (c, &label) in labels.iter().enumerate() {
            if label != 0 {
                cells[label as usize] += 1.0;
                perimeter[label as usize] += [c + 1, c - 1, c + nx, c - nx].iter().filter(|&&n| labels[n] != label).count() as f64;
            }
        }
        let small: Vec<bool> =
            (0..n_labels).map(|l| l > 0 && cells[l] > 0.0 && too_small(l as u32, cells[l], 2.0 * cells[l] / perimeter[l])).collect();
        let mut borders: std::collections::BTreeMap<(u32, u32), f64> = Default::default();
        for c in 0..labels.len() - nx {
            for (next, wall) in [(c + 1, walls.east[c]), (c + nx, walls.north[c])] {
                let (a, b) = (labels[c], labels[next]);
                if a != b && a != 0 && b != 0 {
                    let weight = if wall == 0 { 1.0 } else { 0.1 };
                    for (from, to) in [(a, b), (b, a)] {
                        if small[from as usize] {
                            *borders.entry((from, to)).or_default() += weight;
                        }
                    }
                }
            }
        }
        let mut best: std::collections::BTreeMap<u32, (f64, u32)> = Default::default();
        for (&(from, to), &length) in &borders {
            let score = length * kin(from, to);
            let entry = best.entry(from).or_insert((0.0, 0));
            if score > entry.0 {
                *entry = (score, to);
            }
        }
        let mut target: Vec<u32> = (0..n_labels as u32).collect();
        let mut n_round = 0;
        for (&from, &(score, to)) in &best {
            // Two small areas that want each other: the one with the higher number moves.
            let mutual = best.get(&to).is_some_and(|&(_, back)| back == from) && from < to;
            if score > 0.0 && !mutual {
                target[from as usize] = to;
                n_round += 1;
            }
        }
        for label in labels.iter_mut() {
            *label = target[*label as usize];
        }
        n_joined += n_round;
        if n_round == 0 {
            break;
        }
    }
    n_joined
}

/// Takes away corners where one label meets itself diagonally, so that no ring touches itself there.
pub(super) fn part_diagonals(lattice: &Lattice, labels: &mut [u32], kin: impl Fn(u32, u32) -> f64) {
    let nx = lattice.nx;
    for _ in 0..12 {
        let mut n_changed = 0;
        for c in 0..labels.len() - nx - 1 {
            let [a, b, d, e] = [labels[c], labels[c + 1], labels[c + nx], labels[c + nx + 1]];
            let (keep, one, other) = if a == e && b != a && d != a {
                (a, c + 1, c + nx)
            } else if b == d && a != b && e != b {
                (b, c, c + nx + 1)
            } else {
                continue;
            };
            let cell = if kin(labels[one], keep) >= kin(labels[other], keep) { one } else { other };
            if keep == 0 && cell % nx == 0 {
                continue;
            }
            labels[cell] = keep;
            n_changed += 1;
        }
        if n_changed == 0 {
            break;
        }
    }
}

/// Takes away strips one cell thick along walls, which a line's width would swallow: the cell at a
/// wall gets the label of the one behind it.
pub(super) fn clear_walls(lattice: &Lattice, labels: &mut [u32], walls: &Walls, is_wide: impl Fn(u16) -> bool) {
    let nx = lattice.nx;
    for _ in 0..2 {
        for c in 2 * nx + 2..labels.len() - 3 * nx {
            // The cells on either side of a wall, each with the one behind it and what parts the two.
            let east = is_wide(walls.east[c]).then(|| [(c, c - 1, walls.east[c - 1]), (c + 1, c + 2, walls.east[c + 1])]);
            let north = is_wide(walls.north[c]).then(|| [(c, c - nx, walls.north[c - nx]), (c + nx, c + 2 * nx, walls.north[c + nx])]);
            for (near, behind, between) in east.into_iter().chain(north).flatten() {
                if between == 0 && labels[near] != labels[behind] && labels[near] != 0 && labels[behind] != 0 {
                    labels[near] = labels[behind];
                }
            }
        }
    }
}
