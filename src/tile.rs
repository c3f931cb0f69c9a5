//! Tile arithmetic, generalisation, MVT bytes.
