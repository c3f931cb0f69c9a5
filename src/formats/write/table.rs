//! CSV (RFC 4180) in UTF-8: the attributes and the shape as WKT in the column `wkt`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::wkt::wkt;
use super::{Column, Row, Value};

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
        if text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
            write!(self.out, "\"{}\"", text.replace('"', "\"\""))
        } else {
            self.out.write_all(text.as_bytes())
        }
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }
}
