//! Days of the calendar, as dates of a register and of a check are compared.

use std::fmt;
use std::str::FromStr;

use crate::model::{Epoch, NotAWord};

/// A day; orders by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u16, u8, u8);

impl Day {
    /// The first day of a year, month or day.
    pub fn first_of(epoch: Epoch) -> Day {
        Day(epoch.year, epoch.month.unwrap_or(1), epoch.day.unwrap_or(1))
    }

    /// Its last day; of a month 31, which is after every day of it.
    pub fn last_of(epoch: Epoch) -> Day {
        Day(epoch.year, epoch.month.unwrap_or(12), epoch.day.unwrap_or(31))
    }
}

/// `2026-11-22`.
impl FromStr for Day {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Day, NotAWord> {
        let epoch = Epoch::written(text).filter(|(epoch, rest)| rest.is_empty() && epoch.day.is_some());
        epoch.map(|(epoch, _)| Day::first_of(epoch)).ok_or_else(|| NotAWord::new(text, "a date like 2026-11-22"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0, self.1, self.2)
    }
}

/// What a cell of a register says of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written<'a> {
    Nothing,
    Date(Epoch),
    /// No date; the text as it is.
    Unreadable(&'a str),
}

pub(super) fn written(text: &Option<String>) -> Written<'_> {
    match text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        None => Written::Nothing,
        Some(text) => date(text).map_or(Written::Unreadable(text), Written::Date),
    }
}

/// The date of a text that holds one, or one with an hour, and nothing else: what stands beside it may say otherwise.
pub fn date(text: &str) -> Option<Epoch> {
    let is_hour = |rest: &str| {
        let hour = rest.trim_start_matches(['T', ' ']);
        let hour = ["AM", "PM", "SA", "CH"].iter().find_map(|half| hour.strip_suffix(half)).map_or(hour, str::trim_end);
        let is_clock = |c: char| c.is_ascii_digit() || ":.+-Z".contains(c);
        hour.contains(':') && hour.starts_with(|c: char| c.is_ascii_digit()) && hour.chars().all(is_clock)
    };
    Epoch::written(text).filter(|(epoch, rest)| rest.is_empty() || (epoch.day.is_some() && is_hour(rest))).map(|(epoch, _)| epoch)
}

/// The date as people write it: day first in Vietnamese.
pub(super) fn in_vietnamese(epoch: Epoch) -> String {
    match (epoch.month, epoch.day) {
        (Some(month), Some(day)) => format!("{day}/{month}/{}", epoch.year),
        (Some(month), None) => format!("{month}/{}", epoch.year),
        _ => epoch.year.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_begins_with_its_first_day_and_ends_with_its_last() {
        let year: Epoch = "2025".parse().unwrap();
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert!(Day::first_of(year) == day("2025-01-01") && Day::last_of(year) == day("31/12/2025"));
        assert!(day("2024-12-31") < Day::first_of(year) && Day::last_of("2025-02".parse().unwrap()) < day("2025-03-01"));
        let read = |text: &str| matches!(written(&Some(text.to_owned())), Written::Date(_));
        for good in
            ["2027-12-31", "31/12/2027 00:00", "2027-12-31T00:00:00Z", "2027-12-31 07:30:00.000+07:00", "1/2/2027 12:00:00 AM", "2027"]
        {
            assert!(read(good), "{good}");
        }
        for bad in ["01/01/2024 - 31/12/2028", "2027-12-31 (đã thu hồi)", "30/6/2024 31/12/2029", "2027-12-31 gia hạn", "2027-12-31 12"]
        {
            assert!(!read(bad), "{bad} says more than a date");
        }
        for bad in ["2025", "2025-02", "soon", "2025-02-30", "2025-02-03T10:00:00Z"] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }
}
