//! Arguments → engine → output, error → exit code.
//!
//! Results go to stdout, progress and errors to stderr as text; with `--json` one JSON object goes to
//! stdout, also for an error. Nothing is computed here.

mod args;
mod check;
mod output;
mod progress;
mod run;
mod user;
mod view;

pub use args::{Cli, Command, ImportArgs, TakenAs, field, metres, pixels, taken_as};

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as Clap;

use crate::engine::ErrorKind;

/// Runs the program; the exit code says how it ended.
pub fn main() -> ExitCode {
    // A limit on file sizes must come back as an error of the write, not end the process.
    // Proven: no handler of ours or of a library is replaced, this is the first statement of the program.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), Clap::DisplayHelp | Clap::DisplayVersion);
            if !asked && std::env::args_os().any(|a| a == "--json") {
                let text = error.to_string();
                let words: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Usage:")).collect();
                output::json_error(ErrorKind::Usage, words.join(" ").trim_start_matches("error: "), &[]);
            }
            // A closed pipe is the reader's choice.
            let _ = error.print();
            return exit_code(if asked { None } else { Some(ErrorKind::Usage) });
        }
    };
    match run::run(&cli) {
        Ok(()) => exit_code(None),
        Err(error) => {
            output::error(cli.json, &error);
            exit_code(Some(error.kind()))
        }
    }
}

/// The one table from kinds of failure to exit codes.
fn exit_code(failure: Option<ErrorKind>) -> ExitCode {
    ExitCode::from(match failure {
        None => 0,
        Some(ErrorKind::Internal) => 1,
        Some(ErrorKind::Usage) => 2,
        Some(ErrorKind::NotFound) => 3,
        Some(ErrorKind::Invalid) => 4,
        Some(ErrorKind::Conflict) => 5,
        Some(ErrorKind::Unsupported) => 6,
        Some(ErrorKind::Unavailable) => 7,
        Some(ErrorKind::NotAllowed) => 8,
    })
}
