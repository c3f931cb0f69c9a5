//! Whole flows, the command line as a process, the tidy rules.
mod formats;
