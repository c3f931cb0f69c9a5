//! CSV (RFC 4180) in UTF-8: the attributes and the shape as WKT in the column `wkt`.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::wkt::wkt;
use super::{Column, Row, Table, Value, about_values, with_about};

pub(super) struct CsvSink {
    out: BufWriter<File>,
}

impl CsvSink {
    pub(super) fn create(path: &Path) -> io::Result<CsvSink> {
        Ok(CsvSink { out: BufWriter::new(File::create(path)?) })
    }

    pub(super) fn begin(&mut self, columns: &[Column]) -> io::Result<()> {
        for column in columns {
            self.text(&column.name)?;
            self.out.write_all(b",")?;
        }
        self.out.write_all(b"wkt\r\n")
    }

    pub(super) fn row(&mut self, row: &Row) -> io::Result<()> {
        for value in &row.values {
            match value {
                Value::Null => {}
                Value::Text(text) => self.text(text)?,
                Value::Real(number) => write!(self.out, "{number}")?,
                Value::Integer(number) => write!(self.out, "{number}")?,
            }
            self.out.write_all(b",")?;
        }
        if let Some(shape) = &row.shape {
            self.text(&wkt(shape))?;
        }
        self.out.write_all(b"\r\n")
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(csv_cell(text).as_bytes())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }
}

/// A table without shapes as a CSV file, with the mark by which spreadsheets know UTF-8.
pub fn csv_table(table: &Table, rows: impl IntoIterator<Item = Row>) -> Vec<u8> {
    let (columns, about) = (with_about(table), about_values(table));
    let names: Vec<Cow<str>> = columns.iter().map(|column| csv_cell(&column.name)).collect();
    let mut out = format!("\u{feff}{}\r\n", names.join(","));
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::Text(text) => csv_cell(text).into_owned(),
        Value::Real(number) => number.to_string(),
        Value::Integer(number) => number.to_string(),
    };
    for row in rows {
        let cells: Vec<String> = row.values.iter().chain(&about).map(cell).collect();
        out += &cells.join(",");
        out += "\r\n";
    }
    out.into_bytes()
}

/// A text as a cell of a CSV file, quoted where it must be. A spreadsheet must not take it for a formula:
/// an apostrophe stands before what begins like one and is no number.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let is_number = || text.replace(',', ".").parse::<f64>().is_ok();
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number();
    let must_be_quoted = text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ');
    match (is_formula, must_be_quoted) {
        (false, false) => text.into(),
        (true, false) => format!("'{text}").into(),
        (_, true) => format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\"")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_a_number_stays_a_number() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+84 912", "'+84 912"),
            ("-cmd|x", "'-cmd|x"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("=a,\"b\"", "\"'=a,\"\"b\"\"\""),
            ("-12.5", "-12.5"),
            ("-12,5", "\"-12,5\""),
            ("+3", "+3"),
            ("a=b", "a=b"),
            ("Lúa, màu", "\"Lúa, màu\""),
            (" a", "\" a\""),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }
}
