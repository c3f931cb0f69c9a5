//! Bytes in gzip, for tiles in a file and for answers.

use std::cell::RefCell;

use libdeflater::{CompressionLvl, Compressor};

/// How much time smallness is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gzip {
    /// Somebody waits: level 1, as small as zlib's 2 in half its time.
    Quick,
    /// Packed once, read often: level 5, as small as zlib's 9 in the time of its 2.
    Small,
}

thread_local! {
    // A compressor's tables are large: one of each for a thread.
    static QUICK: RefCell<Compressor> = RefCell::new(compressor(1));
    static SMALL: RefCell<Compressor> = RefCell::new(compressor(5));
}

/// `CompressionLvl::fastest` would not compress at all.
fn compressor(level: i32) -> Compressor {
    Compressor::new(CompressionLvl::new(level).unwrap_or_default())
}

/// The bytes in gzip.
pub fn gzip(bytes: &[u8], how: Gzip) -> Vec<u8> {
    let packer = match how {
        Gzip::Quick => &QUICK,
        Gzip::Small => &SMALL,
    };
    packer.with_borrow_mut(|compressor| {
        let mut packed = vec![0; compressor.gzip_compress_bound(bytes.len())];
        // It fails only without room, and there is room for the worst case.
        let n_bytes = compressor.gzip_compress(bytes, &mut packed).unwrap_or(0);
        packed.truncate(n_bytes);
        packed.shrink_to_fit();
        packed
    })
}
