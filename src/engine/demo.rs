//! The simulated Hanoi: made once, loaded into a workspace, detected.

use std::path::Path;

use super::{EngineError, Progress, Rulebook};

/// Makes the simulated city's workspace. It appears whole or not at all.
pub fn make_demo(_dir: &Path, _workspace: &Path, _rulebook: &Rulebook, _progress: Progress) -> Result<(), EngineError> {
    Err(EngineError::unavailable("the simulated city is not joined yet"))
}
