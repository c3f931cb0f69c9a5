//! Fills a new R-tree of SQLite in one go, packed (sort-tile-recursive), instead of row by row.
//!
//! Writes the module's three tables (`_node`, `_rowid`, `_parent`) in their documented layout: a node
//! is its depth (root only) and count as 16-bit numbers, then cells of a 64-bit id and four 32-bit
//! floats, big-endian. `rtreecheck()` of SQLite agrees with the result (tested).

use rusqlite::{Connection, params};

/// One box of the tree: min x, max x, min y, max y, rounded outwards to 32 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entry {
    id: i64,
    sides: [f32; 4],
}

impl Entry {
    /// `bounds`: min x, min y, max x, max y.
    pub(super) fn new(id: i64, [min_x, min_y, max_x, max_y]: [f64; 4]) -> Entry {
        Entry { id, sides: [not_above(min_x), not_below(max_x), not_above(min_y), not_below(max_y)] }
    }

    fn around(id: i64, cells: &[Entry]) -> Entry {
        let start = [f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY, f32::NEG_INFINITY];
        let sides = cells.iter().fold(start, |a, Entry { sides: b, .. }| [a[0].min(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].max(b[3])]);
        Entry { id, sides }
    }
}

fn not_above(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) > value { near.next_down() } else { near }
}

fn not_below(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}

const BYTES_PER_CELL: usize = 24;
const ROOT: i64 = 1;

/// `tree` is the quoted-safe name of an R-tree that was just created and never written to.
pub(super) fn fill(connection: &Connection, tree: &str, entries: Vec<Entry>) -> rusqlite::Result<()> {
    let size = format!(r#"SELECT length(data) FROM "{tree}_node" WHERE nodeno = {ROOT}"#);
    let node_size = connection.query_row(&size, [], |r| r.get::<_, u32>(0))? as usize;
    let capacity = node_size.saturating_sub(4) / BYTES_PER_CELL;
    let mut add_node = connection.prepare(&format!(r#"REPLACE INTO "{tree}_node" VALUES (?1, ?2)"#))?;
    let mut add_parent = connection.prepare(&format!(r#"INSERT INTO "{tree}_parent" VALUES (?1, ?2)"#))?;
    let mut leaves: Vec<(i64, i64)> = Vec::with_capacity(entries.len());
    let (mut level, mut depth, mut last_node) = (entries, 0u16, ROOT);
    let mut blob = Vec::with_capacity(node_size);
    loop {
        let is_root = level.len() <= capacity;
        let mut above = Vec::new();
        for cells in if is_root { vec![level.as_slice()] } else { tiles(&mut level, capacity * 9 / 10) } {
            let node = if is_root { ROOT } else { last_node + 1 };
            last_node = last_node.max(node);
            write_node(cells, if is_root { depth } else { 0 }, node_size, &mut blob);
            add_node.execute(params![node, blob])?;
            for cell in cells {
                if depth == 0 {
                    leaves.push((cell.id, node));
                } else {
                    add_parent.execute([cell.id, node])?;
                }
            }
            above.push(Entry::around(node, cells));
        }
        if is_root {
            break;
        }
        (level, depth) = (above, depth + 1);
    }
    // In the order of the ids the b-tree only grows at its end.
    leaves.sort_unstable();
    let mut add_leaf = connection.prepare(&format!(r#"INSERT INTO "{tree}_rowid" VALUES (?1, ?2)"#))?;
    leaves.into_iter().try_for_each(|(id, node)| add_leaf.execute([id, node]).map(drop))
}

/// Groups of at most `fill` neighbours, all about equally full: slices by x, cut by y.
fn tiles(entries: &mut [Entry], fill: usize) -> Vec<&[Entry]> {
    let n_tiles = entries.len().div_ceil(fill);
    let n_slices = (n_tiles as f64).sqrt().ceil() as usize;
    entries.sort_unstable_by(|a, b| (a.sides[0] + a.sides[1]).total_cmp(&(b.sides[0] + b.sides[1])));
    let mut tiles = Vec::with_capacity(n_tiles + n_slices);
    let mut rest = entries;
    for i in 0..n_slices {
        let (slice, after) = rest.split_at_mut(rest.len() / (n_slices - i));
        rest = after;
        slice.sort_unstable_by(|a, b| (a.sides[2] + a.sides[3]).total_cmp(&(b.sides[2] + b.sides[3])));
        let mut slice: &[Entry] = slice;
        let n_parts = slice.len().div_ceil(fill);
        for j in 0..n_parts {
            let (tile, after) = slice.split_at(slice.len() / (n_parts - j));
            slice = after;
            tiles.push(tile);
        }
    }
    tiles
}

fn write_node(cells: &[Entry], depth: u16, node_size: usize, blob: &mut Vec<u8>) {
    blob.clear();
    blob.extend(depth.to_be_bytes());
    blob.extend((cells.len() as u16).to_be_bytes());
    for cell in cells {
        blob.extend(cell.id.to_be_bytes());
        cell.sides.iter().for_each(|side| blob.extend(side.to_be_bytes()));
    }
    blob.resize(node_size, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_finds_the_packed_tree_sound_and_finds_everything_in_it() {
        for n in [0, 1, 51, 52, 200, 2_500, 6_000] {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE VIRTUAL TABLE t USING rtree(id, minx, maxx, miny, maxy)").unwrap();
            let bounds = |i: i64| {
                let (x, y) = (530_000.1 + (i * 7919 % 75_000) as f64, 2_275_000.3 + (i * 104_729 % 91_000) as f64);
                [x, y, x + 130.7, y + 95.2]
            };
            fill(&connection, "t", (1..=n).map(|i| Entry::new(i, bounds(i))).collect()).unwrap();

            assert_eq!(connection.query_row("SELECT rtreecheck('t')", [], |r| r.get::<_, String>(0)).unwrap(), "ok", "{n}");
            assert_eq!(connection.query_row("SELECT count(*) FROM t", [], |r| r.get::<_, i64>(0)).unwrap(), n);
            for i in 1..=n {
                let [x0, y0, x1, y1] = bounds(i);
                let holds = "SELECT count(*) FROM t WHERE id = ?1 AND minx <= ?2 AND miny <= ?3 AND maxx >= ?4 AND maxy >= ?5";
                assert_eq!(connection.query_row(holds, params![i, x0, y0, x1, y1], |r| r.get::<_, i64>(0)).unwrap(), 1, "{i} of {n}");
            }
            // It goes on living as any other: everything can be moved and taken out again.
            connection.execute_batch("UPDATE t SET minx = minx - 1000 WHERE id % 3 = 0; DELETE FROM t WHERE id % 2 = 0").unwrap();
            assert_eq!(connection.query_row("SELECT rtreecheck('t')", [], |r| r.get::<_, String>(0)).unwrap(), "ok", "{n}");
            connection.execute_batch("DELETE FROM t").unwrap();
            assert_eq!(connection.query_row("SELECT rtreecheck('t')", [], |r| r.get::<_, String>(0)).unwrap(), "ok", "{n}");
        }
    }

    #[test]
    fn a_box_never_shrinks_when_it_is_rounded() {
        for v in [0.1, -0.1, 588_350.757, 2_326_400.936, -1e-40, 16_777_217.0] {
            assert!(f64::from(not_above(v)) <= v && v <= f64::from(not_below(v)), "{v}");
        }
    }
}
