//! Whole flows, the command line as a process, the tidy rules.

mod flows;
mod formats;
mod http;
mod program;
mod store;
mod tidy;
