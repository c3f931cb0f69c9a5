//! farmzone: the open GIS of specialised farming zones.
//!
//! The modules in reading order. The first ten are pure: no files, network, clock, environment or
//! shared mutable state; the border modules do I/O; the house puts both together.
//! `docs/architecture.md` tells the way of data; `tests/it/tidy.rs` enforces the edges.

// pure
pub mod access;
pub mod city;
pub mod codes;
pub mod edit;
pub mod encroach;
pub mod geom;
pub mod index;
pub mod legend;
pub mod model;
pub mod tile;
// border
pub mod crs;
pub mod formats;
pub mod store;
// house
pub mod cli;
pub mod engine;
pub mod http;
pub mod report;
#[cfg(feature = "native-viewer")]
pub mod viewer;
