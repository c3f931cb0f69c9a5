//! The register of farming area codes in a snapshot: which land each code stands for, what a check says of it, how a file
//! becomes the register, how a status is changed.
//!
//! What is found of a code's land is kept for as long as the snapshot: a thousand codes are judged by what was measured once.
//! Invariant: what of a code only officers read is not in the snapshot; it is asked for by who may read it.

pub(super) mod cells;
pub(super) mod columns;
mod evidence;
mod facts;
pub(super) mod import;
mod lands;
pub(super) mod merge;
mod place;
mod read;
mod record;
mod rights;
mod rows;
mod sheets;
mod status;
mod verdicts;

pub use facts::CodesAsk;
pub(super) use import::import_codes;
pub use import::{Looked, RegisterAsk};
pub(super) use lands::CodeLands;
pub(super) use rows::rows;
pub use sheets::CodeList;
pub use status::StatusAsk;
pub use verdicts::{CheckAsk, CheckTerms, Checked};

use time::{OffsetDateTime, UtcOffset};

use super::{EngineError, Rulebook};
use crate::codes::Day;

/// Today in Viet Nam. A clock that is before the rules themselves is wrong, and a verdict by it would be.
fn today(rulebook: &Rulebook) -> Result<Day, EngineError> {
    let local = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
    day_of(OffsetDateTime::now_utc().to_offset(local), rulebook)
}

fn day_of(now: OffsetDateTime, rulebook: &Rulebook) -> Result<Day, EngineError> {
    let date = now.date();
    let text = format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day());
    let day: Option<Day> = text.parse().ok();
    day.filter(|day| *day >= Day::first_of(rulebook.codes.valid_from)).ok_or_else(|| {
        EngineError::unavailable(format!(
            "the clock of this machine says {text}, which cannot be: set it, or say the day of the check (--date, “date”)"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_1970_judges_nothing() {
        let rulebook = Rulebook::load(None).unwrap();
        let told = day_of(OffsetDateTime::UNIX_EPOCH, &rulebook).unwrap_err().to_string();
        assert!(told.contains("1970-01-01") && told.contains("--date"), "{told}");
        assert!(today(&rulebook).is_ok());
    }
}
