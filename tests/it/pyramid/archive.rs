//! PMTiles 3 and MBTiles read by hand, by their specifications.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

/// Zoom, column from the west, row from the north.
pub type Address = (u8, u32, u32);

pub fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

pub struct Head {
    pub n_addressed: u64,
    pub n_entries: u64,
    pub n_contents: u64,
    pub is_clustered: bool,
    pub min_zoom: u8,
    pub max_zoom: u8,
    pub bounds: [f64; 4],
    pub center_zoom: u8,
    pub center: [f64; 2],
}

pub struct Entry {
    pub id: u64,
    pub run: u64,
    pub offset: u64,
    pub length: u64,
}

pub struct PmTiles {
    pub head: Head,
    pub metadata: Value,
    pub entries: Vec<Entry>,
    /// As they are in the file: in gzip.
    pub tiles: BTreeMap<Address, Vec<u8>>,
}

impl PmTiles {
    pub fn read(path: &Path) -> PmTiles {
        let file = std::fs::read(path).unwrap();
        assert_eq!(&file[..8], b"PMTiles\x03");
        let u64_at = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
        let degrees = |at: usize| f64::from(i32::from_le_bytes(file[at..at + 4].try_into().unwrap())) / 1e7;
        let part = |offset: u64, length: u64| &file[offset as usize..(offset + length) as usize];
        let [root, metadata, leaves, tiles] = [8, 24, 40, 56].map(|at| (u64_at(at), u64_at(at + 8)));
        assert!(root.0 + root.1 <= 16_384, "the first directory comes with the head");
        // Directories and tiles in gzip, tiles of the type MVT.
        assert_eq!(file[97..100], [2, 2, 1]);
        let head = Head {
            n_addressed: u64_at(72),
            n_entries: u64_at(80),
            n_contents: u64_at(88),
            is_clustered: file[96] == 1,
            min_zoom: file[100],
            max_zoom: file[101],
            bounds: [102, 106, 110, 114].map(degrees),
            center_zoom: file[118],
            center: [119, 123].map(degrees),
        };
        let mut entries = Vec::new();
        for entry in directory(part(root.0, root.1)) {
            if entry.run == 0 {
                entries.extend(directory(part(leaves.0 + entry.offset, entry.length)));
            } else {
                entries.push(entry);
            }
        }
        assert_eq!(entries.len() as u64, head.n_entries);
        let mut found = BTreeMap::new();
        for entry in &entries {
            assert!(entry.offset + entry.length <= tiles.1);
            for id in entry.id..entry.id + entry.run {
                found.insert(address(id), part(tiles.0 + entry.offset, entry.length).to_vec());
            }
        }
        let metadata = serde_json::from_slice(&gunzip(part(metadata.0, metadata.1))).unwrap();
        PmTiles { head, metadata, entries, tiles: found }
    }
}

fn directory(bytes: &[u8]) -> Vec<Entry> {
    let bytes = gunzip(bytes);
    let mut rest = bytes.iter();
    let mut number = || {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = *rest.next().unwrap();
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    };
    let n = number() as usize;
    let mut id = 0;
    let mut entries: Vec<Entry> = (0..n)
        .map(|_| {
            id += number();
            Entry { id, run: 0, offset: 0, length: 0 }
        })
        .collect();
    entries.iter_mut().for_each(|entry| entry.run = number());
    entries.iter_mut().for_each(|entry| entry.length = number());
    for i in 0..n {
        entries[i].offset = match number() {
            0 => entries[i - 1].offset + entries[i - 1].length,
            offset => offset - 1,
        };
    }
    entries
}

/// The specification's walk from the deepest digit of an id up.
fn address(id: u64) -> Address {
    let (mut z, mut before) = (0, 0);
    while id >= before + (1_u64 << (2 * z)) {
        before += 1 << (2 * z);
        z += 1;
    }
    let mut rest = id - before;
    let (mut x, mut y) = (0_u64, 0_u64);
    for level in 0..z {
        let side = 1 << level;
        let right = 1 & (rest / 2);
        let down = 1 & (rest ^ right);
        if down == 0 {
            if right == 1 {
                (x, y) = (side - 1 - x, side - 1 - y);
            }
            (x, y) = (y, x);
        }
        x += side * right;
        y += side * down;
        rest /= 4;
    }
    (z, x as u32, y as u32)
}

/// The tiles of an MBTiles, by addresses that count rows from the north.
pub fn mbtiles(path: &Path) -> BTreeMap<Address, Vec<u8>> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut rows = connection.prepare("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles").unwrap();
    let tile = |row: &rusqlite::Row<'_>| {
        let (z, x, south): (u8, u32, u32) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(((z, x, (1 << z) - 1 - south), row.get(3)?))
    };
    rows.query_map([], tile).unwrap().map(Result::unwrap).collect()
}

pub fn metadata_of_mbtiles(path: &Path) -> BTreeMap<String, String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut rows = connection.prepare("SELECT name, value FROM metadata").unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}
