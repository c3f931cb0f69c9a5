//! The cells of one row of a table, read one by one: texts, dates, numbers, and what is to be said of each.

use std::collections::HashMap;

use super::columns::Mapping;
use crate::codes;
use crate::formats;
use crate::model::Issue;

/// A cell has at most so many letters.
const MOST_CELL: usize = 4_000;
/// A list of farmers is as long as the cell of a spreadsheet can be.
const MOST_FARMERS: usize = 32_767;

/// Whether `12.500` of square metres, or of households, is twelve thousand and five hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thousands {
    Meant,
    /// It is, and is told: the file may have meant a decimal.
    Told,
    /// The file itself says that it is a decimal.
    Never,
}

/// The cells of a row by our columns' names, and what is to be said of them.
pub(in crate::engine) struct Row<'a> {
    pub number: u64,
    pub mapping: &'a Mapping,
    /// Columns that the file itself says hold decimals; none where it cannot say.
    pub decimals: Option<Vec<&'static str>>,
    pub cells: HashMap<&'static str, String>,
    pub unread: Vec<&'static str>,
    pub issues: Vec<Issue>,
}

impl Row<'_> {
    pub fn note(&mut self, code: &'static str, vi: String, en: String) {
        self.issues.push(Issue::new(code, Some(&self.number.to_string()), en).in_vietnamese(vi));
    }

    /// A column as the file calls it.
    pub fn theirs(&self, column: &'static str) -> String {
        self.mapping.get(column).map_or(column, String::as_str).to_owned()
    }

    fn thousands(&self, column: &str) -> Thousands {
        match &self.decimals {
            None => Thousands::Told,
            Some(decimals) if decimals.contains(&column) => Thousands::Never,
            Some(_) => Thousands::Meant,
        }
    }

    pub fn take(&mut self, column: &'static str) -> Option<String> {
        let text = self.cells.remove(column)?;
        let most = if column == "farmers" { MOST_FARMERS } else { MOST_CELL };
        if text.chars().nth(most).is_some() {
            let vi = format!("Ô “{}” dài hơn {most} chữ; để trống", self.theirs(column));
            self.note("too_long", vi, format!("{column} has more than {most} letters; it was left empty"));
            self.unread.push(column);
            return None;
        }
        Some(text)
    }

    /// ISO; what is no date stays as written, with an issue.
    pub fn date(&mut self, column: &'static str) -> Option<String> {
        let text = self.take(column)?;
        if let Some(date) = self.read_date(column, &text) {
            return Some(date);
        }
        let (shown, theirs) = (shown(&text), self.theirs(column));
        let vi = format!("Ô “{theirs}” ghi “{shown}”, không phải ngày (viết 30/6/2024 hoặc 2024-06-30); giữ như đã ghi");
        self.note(
            "bad_date",
            vi,
            format!("{column} “{shown}” is no date; write 2024-06-30 or, day first, 30/6/2024; it was kept as written"),
        );
        Some(text)
    }

    /// ISO; what is no date is left empty, with an issue.
    pub fn strict_date(&mut self, column: &'static str) -> Option<String> {
        let text = self.take(column)?;
        let date = self.read_date(column, &text);
        if date.is_none() {
            let (shown, theirs) = (shown(&text), self.theirs(column));
            let vi = format!("Ô “{theirs}” ghi “{shown}”, không phải ngày (viết 30/6/2024 hoặc 2024-06-30); để trống");
            self.note(
                "bad_date",
                vi,
                format!("{column} “{shown}” is no date; write 2024-06-30 or, day first, 30/6/2024; it was left empty"),
            );
            self.unread.push(column);
        }
        date
    }

    fn read_date(&mut self, column: &'static str, text: &str) -> Option<String> {
        if let Some(date) = codes::date(text) {
            return Some(date.to_string());
        }
        // Days since 1899-12-30, as spreadsheets count them.
        let date = text.parse::<u32>().ok().filter(|n| (20_000..80_000).contains(n)).and_then(date_of_serial)?;
        let written = date.rsplit('-').collect::<Vec<_>>().join("/");
        let vi = format!("Ô “{}” là số {text}; đã đọc thành ngày {written}", self.theirs(column));
        self.note("date_as_number", vi, format!("{column} is the number {text}; it was read as {date}"));
        Some(date)
    }

    /// 0 or more; decimals by a point or a comma. What may as well be thousands is told.
    pub fn number(&mut self, column: &'static str) -> Option<f64> {
        let text = self.take(column)?;
        if formats::is_thousands(&text) && text.matches(['.', ',']).count() == 1 && self.thousands(column) != Thousands::Never {
            let vi = format!("Ô “{}” ghi “{text}”: đã đọc là số lẻ; nếu là hàng nghìn, hãy viết không có dấu", self.theirs(column));
            self.note(
                "ambiguous_number",
                vi,
                format!("{column} “{text}” was read as a number with decimals; write thousands without a sign"),
            );
        }
        self.read_number(column, &text)
    }

    /// The same of square metres and of counts, where three digits after each sign are thousands.
    pub fn whole_number(&mut self, column: &'static str) -> Option<f64> {
        let text = self.take(column)?;
        if !formats::is_thousands(&text) || self.thousands(column) == Thousands::Never {
            return self.read_number(column, &text);
        }
        if self.thousands(column) == Thousands::Told {
            let vi = format!("Ô “{}” ghi “{text}”: đã đọc là hàng nghìn; nếu là số lẻ, hãy viết số chữ số khác ba", self.theirs(column));
            self.note(
                "ambiguous_number",
                vi,
                format!("{column} “{text}” was read as thousands; write decimals with another number of digits"),
            );
        }
        self.read_number(column, &text.replace(['.', ','], ""))
    }

    fn read_number(&mut self, column: &'static str, text: &str) -> Option<f64> {
        let number = number_of(text);
        if number.is_none() {
            let shown: String = text.chars().take(40).collect();
            let vi = format!("Ô “{}” ghi “{shown}”, không phải số; để trống", self.theirs(column));
            self.note("not_a_number", vi, format!("{column} “{shown}” is not a number; it was left empty"));
            self.unread.push(column);
        }
        number
    }
}

/// What somebody wrote, in a length that fits a message.
pub(in crate::engine) fn shown(text: &str) -> String {
    text.trim().chars().take(40).collect()
}

fn date_of_serial(days: u32) -> Option<String> {
    let date = time::Date::from_calendar_date(1899, time::Month::December, 30).ok()?.checked_add(time::Duration::days(i64::from(days)))?;
    Some(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
}

/// A size: 0 or more.
fn number_of(text: &str) -> Option<f64> {
    formats::number(text).filter(|n| *n >= 0.0 && *n < 1e12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_here_write_them() {
        for (text, number) in
            [("1.250,5", 1250.5), ("1,250.5", 1250.5), ("12,5", 12.5), ("12.5", 12.5), ("1 250", 1250.0), ("1.250.000", 1_250_000.0)]
        {
            assert_eq!(number_of(text), Some(number), "{text}");
        }
        for bad in ["", "x", "-1", "NaN", "inf", "1e99"] {
            assert_eq!(number_of(bad), None, "{bad}");
        }
    }
}
