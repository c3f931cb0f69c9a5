//! Dates as sources write them, compared as spans of days.

use crate::model::Epoch;

/// First and last day that a date can mean, counted so that later is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub first: i32,
    pub last: i32,
}

impl From<Epoch> for Span {
    fn from(epoch: Epoch) -> Span {
        // Days of a calendar whose months have 31 days: only the order counts.
        let day = |month: u8, day: u8| (i32::from(epoch.year) * 12 + i32::from(month) - 1) * 31 + i32::from(day);
        let (first, last) = match (epoch.month, epoch.day) {
            (None, _) => (day(1, 1), day(12, 31)),
            (Some(m), None) => (day(m, 1), day(m, 31)),
            (Some(m), Some(d)) => (day(m, d), day(m, d)),
        };
        Span { first, last }
    }
}

/// `2024`, `2024-06`, `2024-06-30`, and as Vietnamese tables have it `30/6/2024`; a time of day is ignored.
pub(super) fn date(text: &str) -> Option<Span> {
    Epoch::written(text).map(|(epoch, _)| Span::from(epoch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_as_iso_or_as_written_in_vietnam() {
        let span = |text: &str| Span::from(text.parse::<Epoch>().unwrap());
        for (text, iso) in [
            ("30/6/2024", "2024-06-30"),
            ("2024-06-30T07:00:00Z", "2024-06-30"),
            ("06/2024", "2024-06"),
            ("2024/6/30", "2024-06-30"),
            ("2024", "2024"),
        ] {
            assert_eq!(date(text), Some(span(iso)), "{text}");
        }
        for bad in ["", "31/2/2024", "soon", "2024/13/01"] {
            assert_eq!(date(bad), None, "{bad}");
        }
        assert!(span("2024-12").first > span("2024-11-30").last && span("2024").last >= span("2024-12-31").last);
    }
}
