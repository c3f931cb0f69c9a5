//! Codes out of a file that somebody sends, and verdicts into a spreadsheet, however many: judged part by part, so that no more
//! than a part is in memory at once.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use serde_json::{Value as Json, json};

use super::facts::{summary, verdict_word};
use super::verdicts::{CheckAsk, CheckTerms, Checked, MOST_CODES};
use crate::codes;
use crate::engine::dropped::{Folder, folder_ending, in_our_words};
use crate::engine::{EngineError, Snapshot, ends_with, may_be_written};
use crate::formats::{self, About, Column, ColumnType, Export, Row, Sheet, Table, Value};
use crate::model::Issue;

/// A file with codes has at most so many letters.
const MOST_UNPACKED_MIB: u64 = 512;
/// What anybody may send holds at most so many codes.
const MOST_LISTED: usize = 200_000;
/// So many are judged at once.
const PART: usize = 5_000;
/// The column with codes is sought in the first rows.
const SOUGHT_ROWS: usize = 1_000;
const ISSUES_SHOWN: usize = 1_000;

/// A code as it stands in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Of the file, from 1; none when no file has it.
    pub row: Option<u64>,
    pub typed: String,
}

/// The codes of a file, and what is to be said of its rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CodeList {
    pub codes: Vec<Listed>,
    pub issues: Vec<Issue>,
}

impl CodeList {
    /// Codes that somebody typed.
    pub fn of(typed: &[String]) -> CodeList {
        let codes = typed.iter().map(|typed| Listed { row: None, typed: typed.clone() }).collect();
        CodeList { codes, issues: Vec::new() }
    }
}

impl Snapshot {
    /// What anybody may send holds at most so many codes.
    pub const MOST_LISTED: usize = MOST_LISTED;

    /// The codes that stand in a file: in the column that is named, else in the one that holds most.
    pub fn codes_in_file(&self, path: &Path, column: Option<&str>) -> Result<CodeList, EngineError> {
        if !formats::is_sheet(path) {
            return Err(EngineError::unsupported(format!("{}: codes are read from .xlsx, .csv, .tsv and .txt files", path.display())));
        }
        let sheet = formats::read_sheet(path, None, None)?;
        let is_code = |text: &str| codes::is_code(text, &self.rulebook.schemes);
        let at = match column {
            Some(name) => Some(column_named(&sheet, name, path)?),
            None => fullest(&sheet, is_code),
        };
        let Some((first, at)) = at else {
            let message = format!("{}: no column of it holds farming area codes; name one with column", path.display());
            return Err(EngineError::invalid(message));
        };
        let mut list = CodeList::default();
        for row in sheet.rows.into_iter().skip(first) {
            let Some(typed) = row.cells.get(at).cloned().flatten() else { continue };
            list.codes.push(Listed { row: Some(row.number), typed });
            list.issues.extend(row.issues);
        }
        Ok(list)
    }

    /// The same of a file that was sent.
    pub fn codes_in_bytes(&self, bytes: &[u8], filename: &str, column: Option<&str>) -> Result<CodeList, EngineError> {
        let folder = Folder::new()?;
        let path = folder.put(bytes, folder_ending(filename))?;
        let told = |error: EngineError| in_our_words(error, &path);
        if ends_with(&path, "xlsx") {
            formats::check_sent(&path, MOST_UNPACKED_MIB).map_err(|error| told(error.into()))?;
        }
        let list = self.codes_in_file(&path, column).map_err(told)?;
        match list.codes.len() {
            n if n > MOST_LISTED => {
                Err(EngineError::usage(format!("{n} codes in one file are too many: at most {MOST_LISTED}; send it in parts")))
            }
            _ => Ok(list),
        }
    }

    /// Verdicts of a list in its order, a part of it after the other.
    fn judge_list<'a>(
        &'a self,
        list: &'a CodeList,
        terms: &'a CheckTerms,
    ) -> Result<impl Iterator<Item = Result<Vec<Checked>, EngineError>> + 'a, EngineError> {
        self.expect_checks()?;
        let schemes = &self.rulebook.schemes;
        let judge = move |(n, part): (usize, &'a [Listed])| {
            // Advice on what may have been meant takes far longer than a verdict: the first get some.
            let read = if n * PART < MOST_CODES { codes::parse } else { codes::read };
            let one = |listed: &Listed| {
                let checked = self.check_read(&listed.typed, read(&listed.typed, schemes), terms)?;
                Ok(Checked { row: listed.row, ..checked })
            };
            part.par_iter().map(one).collect()
        };
        Ok(list.codes.chunks(PART).enumerate().map(judge))
    }

    /// Verdicts of a list: how many of each, and the first ten thousand. A list of one code has its evidence, when no file holds it.
    pub fn check_list(&self, list: &CodeList, ask: &CheckAsk) -> Result<Json, EngineError> {
        let terms = self.check_terms(ask)?;
        if let [Listed { row: None, typed }] = list.codes.as_slice() {
            return self.verdicts(&[self.check_code(typed, ask)?], &terms);
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut results = Vec::new();
        for part in self.judge_list(list, &terms)? {
            for checked in part? {
                *counts.entry(checked.verdict.as_str()).or_default() += 1;
                if results.len() < MOST_CODES {
                    results.push(self.checked_facts(&checked)?);
                }
            }
        }
        let mut facts = self.verdicts(&[], &terms)?;
        facts["n"] = json!(list.codes.len());
        facts["by_verdict"] = json!(counts);
        facts["results"] = results.into();
        facts["issues"] = json!(list.issues.iter().take(ISSUES_SHOWN).collect::<Vec<_>>());
        Ok(facts)
    }

    /// Verdicts of a list as a spreadsheet.
    pub fn list_sheet(&self, list: &CodeList, ask: &CheckAsk) -> Result<Vec<u8>, EngineError> {
        let folder = Folder::new()?;
        let out = folder.place("xlsx");
        self.write_verdicts(list, &self.check_terms(ask)?, &out)?;
        std::fs::read(&out).map_err(|e| EngineError::unavailable(format!("the spreadsheet could not be read again: {e}")))
    }

    /// The same into a file that somebody names: .xlsx or .csv.
    pub fn write_list(&self, list: &CodeList, ask: &CheckAsk, out: &Path) -> Result<(), EngineError> {
        may_be_written_as_table(self, out)?;
        self.write_verdicts(list, &self.check_terms(ask)?, out)
    }

    /// Verdicts that are there already, as a table: those of a place.
    pub fn write_checks(&self, checked: &[Checked], out: &Path) -> Result<(), EngineError> {
        may_be_written_as_table(self, out)?;
        self.write_rows(checked.iter().map(verdict_row), out)
    }

    fn write_verdicts(&self, list: &CodeList, terms: &CheckTerms, out: &Path) -> Result<(), EngineError> {
        let mut failure = None;
        let parts = self.judge_list(list, terms)?.map_while(|part| part.map_err(|error| failure = Some(error)).ok());
        self.write_rows(parts.flatten().map(|checked| verdict_row(&checked)), out)?;
        failure.map_or(Ok(()), Err)
    }

    fn write_rows(&self, rows: impl Iterator<Item = Row>, out: &Path) -> Result<(), EngineError> {
        use ColumnType::{Integer, Real, Text};
        let names = [
            ("row", Integer),
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
        let about = About {
            source: "farmzone check".to_owned(),
            epoch: None,
            revision: self.revision,
            is_simulated: self.simulated(),
            licence: None,
        };
        let mut file = Export::create(out, self.place.crs, None)?;
        let table = Table { name: "checks", columns: &columns, about: &about, is_polygons: true };
        file.layer(&table, rows)?;
        file.finish()?;
        Ok(())
    }
}

fn may_be_written_as_table(snapshot: &Snapshot, out: &Path) -> Result<(), EngineError> {
    may_be_written(out, &snapshot.path)?;
    if !ends_with(out, "xlsx") && !ends_with(out, "csv") {
        return Err(EngineError::usage(format!("{}: verdicts are a table; write them to a .xlsx or .csv file", out.display())));
    }
    Ok(())
}

fn verdict_row(checked: &Checked) -> Row {
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::Text(safe(text)) };
    let maybe = |value: &Option<String>| value.as_deref().map_or(Value::Null, text);
    let area = |value: Option<f64>| value.map_or(Value::Null, |m2| Value::Real((m2 * 10.0).round() / 10.0));
    let (word, told) = (verdict_word(checked.verdict), summary(checked));
    let all = |of: &dyn Fn(&codes::Reason) -> String| checked.reasons.iter().map(of).collect::<Vec<_>>().join("; ");
    let values = vec![
        checked.row.map_or(Value::Null, |row| Value::Integer(row as i64)),
        text(&checked.asked),
        maybe(&checked.code),
        text(checked.verdict.as_str()),
        text(&word.vi),
        text(&told.en),
        text(&told.vi),
        maybe(&checked.market),
        checked.status.map_or(Value::Null, |status| text(status.as_str())),
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

/// The column with most codes in the first rows, and the first row below its heading: of the cells above the first code those that
/// look like a heading, without any digit, are left out.
fn fullest(sheet: &Sheet, is_code: impl Fn(&str) -> bool) -> Option<(usize, usize)> {
    let sought = &sheet.rows[..sheet.rows.len().min(SOUGHT_ROWS)];
    let n_columns = sought.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let cell = |row: usize, at: usize| sheet.rows.get(row)?.cells.get(at)?.as_deref();
    let of_column = |at: usize| (0..sought.len()).filter(|row| cell(*row, at).is_some_and(&is_code)).count();
    let ranked = (0..n_columns).map(|at| (of_column(at), std::cmp::Reverse(at)));
    let at = ranked.max().filter(|(n, _)| *n > 0)?.1.0;
    let is_heading = |row: &usize| cell(*row, at).is_none_or(|text| !text.contains(|c: char| c.is_ascii_digit()));
    let first = (0..sheet.rows.len()).find(|row| !is_heading(row))?;
    Some((first, at))
}
