//! Whole flows, the command line as a process, the tidy rules.

mod accounts;
mod codes;
mod dirt;
mod dossiers;
mod drops;
mod edits;
mod flows;
mod formats;
mod http;
mod jts;
mod partners;
mod plans;
mod program;
mod pyramid;
mod rasters;
mod real;
mod store;
mod suites;
mod tidy;
mod time;
mod upgrade;
mod viewer;
