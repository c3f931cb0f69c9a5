//! Arguments → engine → output, error → exit code.

/// Runs the program; the exit code says how it ended.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
