//! Codes out of a file that somebody sends, and verdicts into a spreadsheet.

use std::path::Path;

use super::facts::{summary, verdict_word};
use super::verdicts::{CheckAsk, Checked};
use crate::codes;
use crate::engine::dropped::{Folder, folder_ending, in_our_words};
use crate::engine::{EngineError, Snapshot, ends_with, may_be_written};
use crate::formats::{self, About, Column, ColumnType, Export, Row, Sheet, Table, Value};
use crate::model::Verdict;

/// A file with codes has at most so many letters.
const MOST_UNPACKED_MIB: u64 = 512;

impl Snapshot {
    /// The codes that stand in a file: in the column that is named, else in the one that holds most.
    pub fn codes_in_file(&self, path: &Path, column: Option<&str>) -> Result<Vec<String>, EngineError> {
        if !formats::is_sheet(path) {
            return Err(EngineError::unsupported(format!("{}: codes are read from .xlsx, .csv, .tsv and .txt files", path.display())));
        }
        let sheet = formats::read_sheet(path, None, None)?;
        let is_code = |text: &str| codes::parse(text, &self.rulebook.schemes).is_ok();
        let at = match column {
            Some(name) => Some(column_named(&sheet, name, path)?),
            None => fullest(&sheet, is_code),
        };
        let Some((first, at)) = at else {
            let message = format!("{}: no column of it holds farming area codes; name one with column", path.display());
            return Err(EngineError::invalid(message));
        };
        let cells = sheet.rows.iter().skip(first).filter_map(|row| row.cells.get(at)?.clone());
        Ok(cells.collect())
    }

    /// The same of a file that was sent.
    pub fn codes_in_bytes(&self, bytes: &[u8], filename: &str, column: Option<&str>) -> Result<Vec<String>, EngineError> {
        let folder = Folder::new()?;
        let path = folder.put(bytes, folder_ending(filename))?;
        let told = |error: EngineError| in_our_words(error, &path);
        if ends_with(&path, "xlsx") {
            formats::check_sent(&path, MOST_UNPACKED_MIB).map_err(|error| told(error.into()))?;
        }
        self.codes_in_file(&path, column).map_err(told)
    }

    /// Verdicts of many codes as a spreadsheet.
    pub fn checks_sheet(&self, typed: &[String], ask: &CheckAsk) -> Result<Vec<u8>, EngineError> {
        let checked = self.check_codes(typed, ask)?;
        let folder = Folder::new()?;
        let out = folder.place("xlsx");
        self.write_verdicts(&checked, &out)?;
        std::fs::read(&out).map_err(|e| EngineError::unavailable(format!("the spreadsheet could not be read again: {e}")))
    }

    /// The same into a file that somebody names: .xlsx or .csv.
    pub fn write_checks(&self, checked: &[Checked], out: &Path) -> Result<(), EngineError> {
        may_be_written(out, &self.path)?;
        if !ends_with(out, "xlsx") && !ends_with(out, "csv") {
            return Err(EngineError::usage(format!("{}: verdicts are a table; write them to a .xlsx or .csv file", out.display())));
        }
        self.write_verdicts(checked, out)
    }

    fn write_verdicts(&self, checked: &[Checked], out: &Path) -> Result<(), EngineError> {
        use ColumnType::{Real, Text};
        let names = [
            ("asked", Text),
            ("code", Text),
            ("verdict", Text),
            ("ket_luan", Text),
            ("summary", Text),
            ("tom_tat", Text),
            ("market", Text),
            ("status", Text),
            ("area_name", Text),
            ("crop", Text),
            ("unit", Text),
            ("zone_ids", Text),
            ("declared_area_m2", Real),
            ("measured_area_m2", Real),
            ("did_you_mean", Text),
            ("reasons", Text),
            ("ly_do", Text),
            ("rules", Text),
        ];
        let columns: Vec<Column> = names.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
        let about = About { source: "farmzone check".to_owned(), epoch: None, revision: self.revision, is_simulated: self.simulated() };
        let mut file = Export::create(out, self.place.crs, None)?;
        let table = Table { name: "checks", columns: &columns, about: &about, is_polygons: true };
        file.layer(&table, checked.iter().map(verdict_row))?;
        file.finish()?;
        Ok(())
    }
}

fn verdict_row(checked: &Checked) -> Row {
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::Text(safe(text)) };
    let maybe = |value: &Option<String>| value.as_deref().map_or(Value::Null, text);
    let area = |value: Option<f64>| value.map_or(Value::Null, |m2| Value::Real((m2 * 10.0).round() / 10.0));
    let (word, told) = (verdict_word(checked.verdict), summary(checked));
    let all = |of: &dyn Fn(&codes::Reason) -> String| checked.reasons.iter().map(of).collect::<Vec<_>>().join("; ");
    let values = vec![
        text(&checked.asked),
        maybe(&checked.code),
        text(checked.verdict.as_str()),
        text(&word.vi),
        text(&told.en),
        text(&told.vi),
        maybe(&checked.market),
        text(checked.status.map_or("", |status| status.as_str())),
        maybe(&checked.area_name),
        maybe(&checked.crop),
        checked.unit.as_ref().map_or(Value::Null, |(_, name)| text(name)),
        text(&checked.zone_ids.join("; ")),
        area(checked.declared_area_m2),
        area(checked.measured_area_m2),
        text(&checked.did_you_mean.join("; ")),
        text(&all(&|r| format!("{}: {}", r.check, r.message.en))),
        text(&all(&|r| r.message.vi.clone())),
        text(&all(&|r| format!("{} ({}, {})", r.check, r.rule.source, r.rule.valid_from))),
    ];
    Row { values, shape: None }
}

/// What a spreadsheet program would run as a formula stands as text.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() }
}

/// The first row below the header, and the column.
fn column_named(sheet: &Sheet, name: &str, path: &Path) -> Result<(usize, usize), EngineError> {
    let heads = sheet.rows.iter().take(40).enumerate();
    let found = heads.filter_map(|(n, row)| {
        let at = row.cells.iter().position(|cell| cell.as_deref().is_some_and(|cell| cell.to_lowercase() == name.to_lowercase()))?;
        Some((n + 1, at))
    });
    let existing = || sheet.rows.first().map(|row| row.cells.iter().flatten().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
    let missing = || {
        EngineError::invalid(format!(
            "{}: no column “{}”; it has {}",
            path.display(),
            name.chars().take(80).collect::<String>(),
            existing()
        ))
    };
    found.take(1).next().ok_or_else(missing)
}

/// The column with most codes, and the first row below its header: the row before the first code when that is not the first row.
fn fullest(sheet: &Sheet, is_code: impl Fn(&str) -> bool) -> Option<(usize, usize)> {
    let n_columns = sheet.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let of_column = |at: usize| sheet.rows.iter().filter(|row| row.cells.get(at).and_then(Option::as_deref).is_some_and(&is_code)).count();
    let ranked = (0..n_columns).map(|at| (of_column(at), std::cmp::Reverse(at)));
    let at = ranked.max().filter(|(n, _)| *n > 0)?.1.0;
    let first = sheet.rows.iter().position(|row| row.cells.get(at).and_then(Option::as_deref).is_some_and(&is_code))?;
    // A list without a header may begin with something that is no code.
    Some((first, at))
}

impl Checked {
    /// For the exit of a command: whether any code may not be used.
    pub fn is_refused(&self) -> bool {
        self.verdict != Verdict::Valid
    }
}
