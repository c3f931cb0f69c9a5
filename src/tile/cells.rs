//! Which class a cell shows, when zones are smaller than what can be drawn: the one that holds most of it, but so that
//! each class is shown in as many cells as it has land.
//!
//! Block by block every class is owed the land it has there and what blocks before left owing. Where most-of-the-cell
//! shows too little of a class or too much, the cells change that are nearest to a tie. So strips and grains too small
//! for a cell of their own are gathered, and areas stay true.

use super::outline::NOTHING;

/// How much of each cell of a part of a tile each class covers.
pub(super) struct Shares {
    part: Part,
    /// The class that came first to a cell, and its share: most cells know but one.
    first: Vec<(u16, f32)>,
    /// All others: cell, class, share.
    more: Vec<(u32, u16, f32)>,
}

/// Land is owed in blocks of so many cells a side.
const BLOCK: u32 = 32;
/// A share of less is a rounding error.
const LEAST: f32 = 1e-6;

/// The cells of a tile in which there is something: whole blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Column and row of the first cell.
    pub begin: [u32; 2],
    /// Columns and rows.
    pub size: [u32; 2],
}

impl Part {
    /// The blocks that meet some cells, `end` not included, of a tile so many cells wide.
    pub(super) fn around(begin: [u32; 2], end: [u32; 2], side: u32) -> Part {
        let begin = begin.map(|v| v.min(side.saturating_sub(1)) / BLOCK * BLOCK);
        let size = [0, 1].map(|axis| end[axis].clamp(begin[axis] + 1, side).next_multiple_of(BLOCK).min(side) - begin[axis]);
        Part { begin, size }
    }

    pub(super) fn n_cells(self) -> usize {
        self.size[0] as usize * self.size[1] as usize
    }

    fn cell(self, column: u32, row: u32) -> usize {
        (row - self.begin[1]) as usize * self.size[0] as usize + (column - self.begin[0]) as usize
    }

    /// The tile's column and row of a cell.
    fn place(self, cell: usize) -> [u32; 2] {
        let width = self.size[0] as usize;
        [self.begin[0] + (cell % width) as u32, self.begin[1] + (cell / width) as u32]
    }
}

impl Shares {
    pub(super) fn new(part: Part) -> Shares {
        Shares { part, first: vec![(NOTHING, 0.0); part.n_cells()], more: Vec::new() }
    }

    pub(super) fn part(&self) -> Part {
        self.part
    }

    /// Adds what a class covers of some cells of a row; they lie in the part.
    pub(super) fn add(&mut self, row: u32, columns: std::ops::Range<u32>, class: u16, share: f32) {
        columns.for_each(|column| self.add_to(self.part.cell(column, row), class, share));
    }

    fn add_to(&mut self, cell: usize, class: u16, share: f32) {
        let first = &mut self.first[cell];
        if first.0 == NOTHING || first.0 == class {
            *first = (class, first.1 + share);
        } else {
            self.more.push((cell as u32, class, share));
        }
    }

    /// What each of so many classes covers in all, weighted by the tile's row.
    pub(super) fn totals(&self, n_classes: usize, weight: impl Fn(u32) -> f64) -> Vec<f64> {
        let mut totals = vec![0.0; n_classes];
        for (y, row) in (self.part.begin[1]..).zip(self.first.chunks_exact(self.part.size[0].max(1) as usize)) {
            let weight = weight(y);
            for same in row.chunk_by(|a, b| a.0 == b.0).filter(|same| same[0].0 != NOTHING) {
                totals[usize::from(same[0].0)] += same.iter().map(|(_, share)| f64::from(*share)).sum::<f64>() * weight;
            }
        }
        for &(cell, class, share) in &self.more {
            totals[usize::from(class)] += f64::from(share) * weight(self.part.place(cell as usize)[1]);
        }
        totals
    }

    /// Brings what was added to a cell of one class together.
    pub(super) fn settle(&mut self) {
        self.more.sort_unstable_by_key(|(cell, class, _)| (*cell, *class));
        self.more.dedup_by(|later, kept| {
            let same = (later.0, later.1) == (kept.0, kept.1);
            if same {
                kept.2 += later.2;
            }
            same
        });
    }

    /// Adds a quarter of a tile so many cells wide: of `parts`, as many to a side of one cell here as 2 to the power of
    /// `folds`. `class` says which class here is one there.
    pub(super) fn fold(&mut self, parts: &Shares, quarter: [u32; 2], side: u32, folds: u32, class: &[u16]) {
        let part = 1.0 / (1_u32 << (2 * folds)) as f32;
        let place = |begin: u32, at: usize, axis: usize| quarter[axis] * side / 2 + ((begin + at as u32) >> folds);
        let Part { begin, size: [width, _] } = parts.part;
        for (y, row) in parts.first.chunks_exact(width.max(1) as usize).enumerate() {
            let first = self.part.cell(self.part.begin[0], place(begin[1], y, 1));
            for (x, &(of, share)) in row.iter().enumerate().filter(|(_, (of, _))| *of != NOTHING) {
                let column = place(begin[0], x, 0) - self.part.begin[0];
                self.add_to(first + column as usize, class[usize::from(of)], share * part);
            }
        }
        for &(cell, of, share) in &parts.more {
            let [column, row] = within(parts.part.place(cell as usize), quarter, side, folds);
            self.add_to(self.part.cell(column, row), class[usize::from(of)], share * part);
        }
        self.settle();
    }

    /// The label of each cell of the part, row by row, of so many classes; `settle`d before.
    pub(super) fn labels(&self, n_classes: usize) -> Vec<u16> {
        let mut labels = vec![NOTHING; self.part.n_cells()];
        let mut account =
            Account { owed: vec![0.0; n_classes], land: vec![0.0; n_classes], missing: vec![0; n_classes], classes: Vec::new() };
        let [nx, ny] = self.part.size.map(|size| size.div_ceil(BLOCK) as usize);
        for by in 0..ny {
            // Back and forth, so that what is owed is paid nearby.
            for step in 0..nx {
                let bx = if by.is_multiple_of(2) { step } else { nx - 1 - step };
                self.label_block([bx, by].map(|at| at * BLOCK as usize), &mut labels, &mut account);
            }
        }
        labels
    }

    fn label_block(&self, [x0, y0]: [usize; 2], labels: &mut [u16], account: &mut Account) {
        let mut changes: Vec<Change> = Vec::new();
        let mut choices: Vec<(u16, f32)> = Vec::new();
        let [width, height] = self.part.size.map(|size| size as usize);
        let [x1, y1] = [(x0 + BLOCK as usize).min(width), (y0 + BLOCK as usize).min(height)];
        for y in y0..y1 {
            let row = y * width;
            let mut next = self.more.partition_point(|(cell, ..)| (*cell as usize) < row + x0);
            let mut cell = row + x0;
            while cell < row + x1 {
                let (class, share) = self.first[cell];
                let shared_at = self.more.get(next).map_or(row + x1, |(at, ..)| (*at as usize).min(row + x1));
                // Most of a block is whole cells of one class, or of none.
                let is_same = |(of, share): &&(u16, f32)| *of == class && (class == NOTHING || *share >= 1.0 - LEAST);
                let n_same = self.first[cell..shared_at].iter().take_while(is_same).count();
                if n_same > 0 {
                    labels[cell..cell + n_same].fill(class);
                    account.add(class, n_same as f64);
                    cell += n_same;
                    continue;
                }
                choices.clear();
                choices.push((class, share));
                while let Some(&(_, class, share)) = self.more.get(next).filter(|(at, ..)| *at as usize == cell) {
                    choices.push((class, share));
                    next += 1;
                }
                let sum: f32 = choices.iter().map(|(_, share)| share).sum();
                // Where features overlap, a cell is still one cell.
                let scale = 1.0 / sum.max(1.0);
                choices.retain_mut(|(_, share)| {
                    *share *= scale;
                    *share > LEAST
                });
                choices.iter().for_each(|(class, share)| account.add(*class, f64::from(*share)));
                if 1.0 - sum > LEAST {
                    choices.push((NOTHING, 1.0 - sum));
                }
                if let Some(&(most, share)) = choices.iter().reduce(|a, b| if b.1 > a.1 { b } else { a }) {
                    labels[cell] = most;
                    let others = choices.iter().filter(|(class, _)| *class != most);
                    changes.extend(others.map(|(to, less)| Change { loss: share - less, cell: cell as u32, to: *to }));
                }
                cell += 1;
            }
        }
        account.open();
        for y in y0..y1 {
            let row = labels[y * width + x0..y * width + x1].chunk_by(|a, b| a == b);
            row.for_each(|same| account.pay(same[0], same.len() as i64));
        }
        if account.is_uneven() {
            changes.sort_by(|a, b| a.loss.total_cmp(&b.loss).then(a.cell.cmp(&b.cell)).then(a.to.cmp(&b.to)));
            // First those that help both classes, then those that help one.
            for both in [true, false] {
                for &Change { cell, to, .. } in &changes {
                    let label = &mut labels[cell as usize];
                    let from = *label;
                    let (gives, takes) = (account.lacks(from) < 0, account.lacks(to) > 0);
                    let helps = match (from, to) {
                        (NOTHING, _) => takes,
                        (_, NOTHING) => gives,
                        _ if both => gives && takes,
                        _ => false,
                    };
                    if from == to || !helps {
                        continue;
                    }
                    *label = to;
                    account.pay(from, -1);
                    account.pay(to, 1);
                }
            }
        }
        account.close();
    }
}

/// What classes are owed in a block, and by the blocks before; by class.
struct Account {
    owed: Vec<f64>,
    /// Cells' worth that the block has and was owed, less what is paid.
    land: Vec<f64>,
    /// Whole cells still to be given; to be taken when negative.
    missing: Vec<i64>,
    /// Those that the block has.
    classes: Vec<u16>,
}

impl Account {
    fn add(&mut self, class: u16, share: f64) {
        if class == NOTHING {
            return;
        }
        let land = &mut self.land[usize::from(class)];
        if *land == 0.0 {
            self.classes.push(class);
        }
        *land += share;
    }

    fn open(&mut self) {
        for class in self.classes.iter().map(|class| usize::from(*class)) {
            self.land[class] += std::mem::take(&mut self.owed[class]);
            self.missing[class] = self.land[class].round() as i64;
        }
    }

    fn pay(&mut self, class: u16, n_cells: i64) {
        if class != NOTHING {
            self.missing[usize::from(class)] -= n_cells;
            self.land[usize::from(class)] -= n_cells as f64;
        }
    }

    fn lacks(&self, class: u16) -> i64 {
        if class == NOTHING { 0 } else { self.missing[usize::from(class)] }
    }

    fn is_uneven(&self) -> bool {
        self.classes.iter().any(|class| self.missing[usize::from(*class)] != 0)
    }

    fn close(&mut self) {
        for class in self.classes.drain(..).map(usize::from) {
            self.owed[class] = std::mem::take(&mut self.land[class]);
            self.missing[class] = 0;
        }
    }
}

/// The cell of a tile that holds a cell of one of its quarters.
pub(super) fn within(place: [u32; 2], quarter: [u32; 2], side: u32, folds: u32) -> [u32; 2] {
    [0, 1].map(|axis| quarter[axis] * side / 2 + (place[axis] >> folds))
}

/// Another label for a cell, and how much less of the cell it has.
#[derive(Debug, Clone, Copy)]
struct Change {
    loss: f32,
    cell: u32,
    to: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(labels: &[u16], class: u16) -> usize {
        labels.iter().filter(|label| **label == class).count()
    }

    #[test]
    fn what_fills_most_of_a_cell_is_shown_in_it() {
        let mut shares = Shares::new(Part::around([0, 0], [64, 64], 64));
        for row in 0..10 {
            shares.add(row, 0..20, 3, 0.75);
            shares.add(row, 0..20, 4, 0.25);
            shares.add(row, 20..30, 4, 1.0);
        }
        shares.settle();
        let labels = shares.labels(10);
        assert_eq!((count(&labels, 3), count(&labels, 4)), (150, 150));
        assert_eq!(labels[25], 4);
    }

    #[test]
    fn grains_too_small_for_a_cell_are_gathered_and_keep_their_land() {
        for share in [0.02, 0.1, 0.3, 0.49, 0.51, 0.9] {
            let mut shares = Shares::new(Part::around([0, 0], [128, 128], 128));
            (0..128).for_each(|row| shares.add(row, 0..128, 0, share));
            shares.settle();
            let (drawn, land) = (count(&shares.labels(1), 0) as f64, 128.0 * 128.0 * f64::from(share));
            assert!((drawn - land).abs() <= 1.0, "{drawn} cells drawn of {land}");
        }
    }

    #[test]
    fn what_a_block_cannot_show_the_next_one_does() {
        let mut shares = Shares::new(Part::around([0, 0], [128, 128], 128));
        // One grain of a tenth of a cell in each block: sixteen blocks, two cells.
        for block in 0..16 {
            shares.add(32 * (block / 4) + 5, 32 * (block % 4) + 7..32 * (block % 4) + 8, 9, 0.1);
        }
        shares.settle();
        assert_eq!(count(&shares.labels(10), 9), 2);
    }

    #[test]
    fn overlapping_land_fills_no_more_than_the_cells_there_are() {
        let mut shares = Shares::new(Part::around([0, 0], [32, 32], 32));
        (0..32).for_each(|row| (0..3).for_each(|class| shares.add(row, 0..32, class, 1.0)));
        shares.settle();
        let labels = shares.labels(10);
        assert_eq!(count(&labels, NOTHING), 0);
        (0..3).for_each(|class| assert!(count(&labels, class).abs_diff(341) <= 1));
    }

    #[test]
    fn totals_are_the_land_whatever_is_drawn() {
        let mut shares = Shares::new(Part::around([0, 0], [32, 32], 32));
        shares.add(0, 0..4, 1, 0.3);
        shares.add(1, 0..4, 2, 0.5);
        shares.add(1, 0..4, 1, 0.25);
        let totals = shares.totals(3, |row| if row == 0 { 1.0 } else { 2.0 });
        assert!((totals[1] - (1.2 + 2.0)).abs() < 1e-6 && (totals[2] - 4.0).abs() < 1e-6);
    }
}
