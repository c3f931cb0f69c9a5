//! A table's file as rows: each becomes one, or is set aside and told why.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Value, json};

use super::columns;
use crate::codes::date;
use crate::engine::import::kind_of;
use crate::engine::register::cells::{Row, shown};
use crate::engine::register::columns::Mapping;
use crate::engine::{EngineError, Progress, Rulebook};
use crate::formats::{self, FormatError};
use crate::legend::{fold, spelled};
use crate::model::{CellKind, Issue, PartnerContact, PartnerKind, PartnerTable};
use crate::store::PartnerRow;

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub path: &'a Path,
    pub table: PartnerTable,
    pub layer: Option<&'a str>,
    /// Ours = theirs.
    pub fields: &'a Mapping,
    pub encoding: Option<&'a str>,
}

/// A row of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadRow {
    /// From 1: the line of a text, the row of a sheet.
    pub number: u64,
    /// As written.
    pub key: String,
    /// None: it was set aside, the issues say why.
    pub row: Option<PartnerRow>,
    pub contact: PartnerContact,
    /// Columns in which something stands that cannot be read: they say nothing.
    pub unread: Vec<&'static str>,
    pub issues: Vec<Issue>,
}

impl ReadRow {
    pub fn set_aside(&mut self, code: &'static str, vi: String, en: String) {
        self.note(code, format!("{vi}. Dòng được để lại"), format!("{en}; the row was set aside"));
        self.row = None;
    }

    pub fn note(&mut self, code: &'static str, vi: String, en: String) {
        self.issues.push(Issue::new(code, Some(&self.number.to_string()), en).in_vietnamese(vi));
    }
}

/// A file that was read.
#[derive(Debug, Default)]
pub(super) struct ReadFile {
    pub layer: String,
    pub driver: &'static str,
    pub columns: Vec<String>,
    /// Ours = theirs, of what is taken.
    pub mapping: Mapping,
    pub rows: Vec<ReadRow>,
    /// About the file as a whole.
    pub issues: Vec<Issue>,
}

/// The header stands in one of the first rows.
const HEADER_WITHIN: usize = 40;
/// Of a table so many rows are read at once.
const MOST_ROWS: usize = 200_000;
const MOST_KEY: usize = 200;
const MOST_LISTED: usize = 1_000;

/// Reads a file.
pub(super) fn read(reading: &Reading, rulebook: &Rulebook, progress: Progress) -> Result<ReadFile, EngineError> {
    let (path, table) = (reading.path, reading.table);
    progress("reading", 0, 0);
    if !formats::is_sheet(path) {
        let message = format!("{}: {table} are read from .xlsx, .csv, .tsv and .txt files", path.display());
        return Err(EngineError::unsupported(message));
    }
    let sheet = formats::read_sheet(path, reading.layer, reading.encoding)?;
    if sheet.rows.len() > MOST_ROWS + HEADER_WITHIN {
        let message = format!("{}: it has {} rows; at most {MOST_ROWS} are read: take it in parts", path.display(), sheet.rows.len());
        return Err(EngineError::invalid(message));
    }
    let heads = sheet.rows.iter().take(HEADER_WITHIN).enumerate();
    let header = heads.map(|(n, row)| (columns::n_named(table, &row.cells, reading.fields), std::cmp::Reverse(n))).max();
    let header = header.map_or(0, |(_, n)| n.0);
    let names = sheet.rows.get(header).map(|row| row.cells.clone()).unwrap_or_default();
    let existing: Vec<String> = names.iter().flatten().cloned().collect();
    let mapping = checked_mapping(reading, &names, &existing)?;
    let place = |theirs: &str| names.iter().position(|name| name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(theirs)));
    let ours = columns::ours(table);
    let places: Vec<Option<usize>> = ours.iter().map(|our| place(mapping.get(*our)?)).collect();
    let is_workbook = path.extension().is_some_and(|ending| ending.to_string_lossy().to_lowercase().starts_with("xls"));
    let mut file = ReadFile {
        layer: sheet.name,
        driver: if is_workbook { "XLSX" } else { "CSV" },
        columns: existing,
        mapping,
        issues: sheet.issues,
        rows: Vec::new(),
    };
    let n_rows = sheet.rows.len() as u64;
    for (n, row) in sheet.rows.into_iter().enumerate().skip(header + 1) {
        let cells = ours.iter().zip(&places).filter_map(|(our, at)| Some((*our, row.cells.get((*at)?)?.clone()?))).collect();
        let decimals = ours.iter().zip(&places).filter(|(_, at)| at.is_some_and(|at| row.decimals.contains(&at))).map(|(our, _)| *our);
        let decimals = Some(decimals.collect());
        let row = Row { number: row.number, mapping: &file.mapping, decimals, cells, unread: Vec::new(), issues: row.issues };
        file.rows.push(read_row(row, table, rulebook));
        if n % 4096 == 0 {
            progress("reading", n as u64, n_rows);
        }
    }
    if file.rows.is_empty() {
        return Err(FormatError::Empty { path: path.to_owned(), layer: file.layer }.into());
    }
    set_doubles_aside(&mut file.rows);
    Ok(file)
}

/// Our columns from theirs; refused when an option names what is not there, or when nothing tells the rows apart.
fn checked_mapping(reading: &Reading, names: &[Option<String>], existing: &[String]) -> Result<Mapping, EngineError> {
    let ours = columns::ours(reading.table);
    let lacks = |our: &str, wanted: &str| {
        EngineError::from(FormatError::MissingColumn {
            path: reading.path.to_owned(),
            ours: our.to_owned(),
            wanted: wanted.to_owned(),
            existing: existing.to_vec(),
            option: format!("--field {our}=COLUMN"),
        })
    };
    for (our, theirs) in reading.fields {
        if !ours.contains(&our.as_str()) {
            let known = ours.iter().map(|name| (*name).to_owned()).collect();
            return Err(FormatError::NotOurColumn { name: our.clone(), role: reading.table.as_str(), known }.into());
        }
        if !theirs.is_empty() && !existing.iter().any(|column| column.eq_ignore_ascii_case(theirs)) {
            return Err(lacks(our, theirs));
        }
    }
    let mapping = columns::mapping(reading.table, names, reading.fields);
    let key = reading.table.key();
    let has_key = mapping.contains_key(key) || (reading.table != PartnerTable::Traces && mapping.contains_key("name"));
    if has_key { Ok(mapping) } else { Err(lacks(key, key)) }
}

fn read_row(mut row: Row<'_>, table: PartnerTable, rulebook: &Rulebook) -> ReadRow {
    let contact =
        PartnerContact { representative: row.take("representative"), phone: row.take("phone"), identity_no: row.take("identity_no") };
    let mut cells = PartnerRow::new();
    for (column, kind) in table.columns() {
        let value = match kind {
            CellKind::Key | CellKind::Text => row.take(column).map(Value::from),
            CellKind::Date => row.strict_date(column).map(Value::from),
            CellKind::Number => row.number(column).map(Value::from),
            CellKind::Count => row.whole_number(column).filter(|n| *n <= f64::from(u32::MAX)).map(|n| Value::from(n as u32)),
            CellKind::List => list(&mut row, column).map(Value::from),
            CellKind::PartnerKind => partner_kind(&mut row, column).map(|kind| json!(kind)),
            CellKind::ZoneKind => zone_kind(&mut row, column, rulebook).map(Value::from),
            CellKind::Stars => stars(&mut row, column).map(Value::from),
            CellKind::Simulated => {
                Some(Value::from(row.take(column).is_some_and(|text| ["1", "true", "yes"].contains(&text.trim().to_lowercase().as_str()))))
            }
        };
        let nothing = if *kind == CellKind::List { json!([]) } else { Value::Null };
        cells.insert((*column).to_owned(), value.unwrap_or(nothing));
    }
    let key = key_of(table, &cells);
    let Row { number, unread, issues, .. } = row;
    let mut read = ReadRow { number, key: shown(&key), row: None, contact, unread, issues };
    if key.is_empty() {
        let [vi, en] = match table {
            PartnerTable::Traces => ["Dòng không có mã", "the row has no code"],
            _ => ["Dòng không có mã và không có tên", "the row has neither an id nor a name"],
        };
        read.set_aside("missing_key", vi.to_owned(), en.to_owned());
        return read;
    }
    if key.contains(char::REPLACEMENT_CHARACTER) || key.chars().count() > MOST_KEY {
        let vi = format!("“{}” bị hỏng chữ hoặc dài hơn {MOST_KEY} chữ", read.key);
        let en = format!("“{}” is mangled, or has more than {MOST_KEY} letters", read.key);
        read.set_aside("mangled_key", vi, en);
        return read;
    }
    let of = |column: &str| cells.get(column).and_then(Value::as_str).and_then(date);
    if let (Some(from), Some(to)) = (of("valid_from"), of("valid_to"))
        && from.to_string() > to.to_string()
    {
        let vi = format!("Bắt đầu {from} sau khi kết thúc {to}; giữ như đã ghi");
        read.note("dates_crossed", vi, format!("it begins on {from}, after it ends on {to}; it was kept as written"));
    }
    cells.insert(table.key().to_owned(), Value::from(key));
    read.row = Some(cells);
    read
}

/// What tells a row apart: its key, else its name; of a product without a key its name and its owner, since two may make the same.
fn key_of(table: PartnerTable, cells: &PartnerRow) -> String {
    let of = |column: &str| cells.get(column).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    match (of(table.key()), of("name"), of("owner")) {
        (Some(key), ..) => key.to_owned(),
        (None, Some(name), Some(owner)) if table == PartnerTable::Products => format!("{name} ({owner})"),
        (None, Some(name), _) if table != PartnerTable::Traces => name.to_owned(),
        _ => String::new(),
    }
}

/// Texts between semicolons or lines: a comma may stand in a name.
fn list(row: &mut Row<'_>, column: &'static str) -> Option<Vec<String>> {
    let text = row.take(column)?;
    let is_ids = column == "zone_ids";
    let parts = text.split(|c: char| c == ';' || c == '\n' || (is_ids && c == ',')).map(str::trim).filter(|part| !part.is_empty());
    let mut seen = HashSet::new();
    let parts: Vec<String> = parts.filter(|part| seen.insert(spelled(part))).map(str::to_owned).collect();
    if parts.len() > MOST_LISTED {
        let vi = format!("Ô “{}” có {} mục, nhiều hơn {MOST_LISTED}; để trống", row.theirs(column), parts.len());
        row.note("too_long", vi, format!("{column} lists {} things, more than {MOST_LISTED}; it was left empty", parts.len()));
        row.unread.push(column);
        return None;
    }
    Some(parts)
}

fn key_words(text: &str) -> String {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn partner_kind(row: &mut Row<'_>, column: &'static str) -> Option<PartnerKind> {
    use PartnerKind::{Buyer, Cooperative, Farm, Group, Household, Other, Processor};
    let text = row.take(column)?;
    let called: [(PartnerKind, &[&str]); 7] = [
        (Cooperative, &["cooperative", "hop tac xa", "htx", "lien hiep hop tac xa", "lien hiep htx"]),
        (Group, &["group", "to hop tac", "tht", "nhom ho"]),
        (Farm, &["farm", "trang trai"]),
        (Household, &["household", "ho", "ho san xuat", "ho gia dinh", "ho kinh doanh"]),
        (Processor, &["processor", "co so che bien", "nha may", "doanh nghiep che bien", "xuong", "co so san xuat"]),
        (
            Buyer,
            &[
                "buyer",
                "ben mua",
                "sieu thi",
                "doanh nghiep thu mua",
                "don vi thu mua",
                "don vi tieu thu",
                "thuong lai",
                "bep an",
                "cua hang",
            ],
        ),
        (Other, &["other", "khac", "doanh nghiep", "cong ty"]),
    ];
    let key = key_words(&text);
    let found = called.iter().find(|(_, names)| names.contains(&key.as_str())).map(|(kind, _)| *kind);
    if found.is_none() {
        let shown = shown(&text);
        let vi =
            format!("“{shown}” không phải một loại hình (hợp tác xã, tổ hợp tác, trang trại, hộ, cơ sở chế biến, bên mua, khác); để trống");
        let known = PartnerKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        row.note("unknown_kind", vi, format!("“{shown}” is no kind of partner; there are {known}; it was left empty"));
        row.unread.push(column);
    }
    found
}

fn zone_kind(row: &mut Row<'_>, column: &'static str, rulebook: &Rulebook) -> Option<String> {
    let text = row.take(column)?;
    let found = kind_of(&rulebook.kinds, &text);
    if found.is_none() {
        let shown = shown(&text);
        let vi = format!("“{shown}” không phải một loại vùng; để trống");
        let known = rulebook.kinds.kinds.iter().map(|kind| kind.key.as_str()).collect::<Vec<_>>().join(", ");
        row.note("unknown_kind", vi, format!("“{shown}” is no kind of zone; there are {known}; it was left empty"));
        row.unread.push(column);
    }
    found
}

/// `4`, `4 sao`, `★★★★`.
fn stars(row: &mut Row<'_>, column: &'static str) -> Option<u8> {
    let text = row.take(column)?;
    let n_drawn = text.chars().filter(|c| ['★', '⭐', '*'].contains(c)).count();
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || ['.', ','].contains(c)).collect();
    let number = formats::number(&digits).filter(|number| number.fract() == 0.0 && (1.0..=5.0).contains(number)).map(|number| number as u8);
    let found = number.or((digits.is_empty() && (1..=5).contains(&n_drawn)).then_some(n_drawn as u8));
    if found.is_none() {
        let shown = shown(&text);
        let vi = format!("“{shown}” không phải số sao từ 1 đến 5; để trống");
        row.note("bad_stars", vi, format!("“{shown}” is no number of stars from 1 to 5; it was left empty"));
        row.unread.push(column);
    }
    found
}

/// Of rows with one key that say the same the first stays; of rows that say otherwise none does: which is right, nobody can tell.
fn set_doubles_aside(rows: &mut [ReadRow]) {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (n, read) in rows.iter().enumerate().filter(|(_, read)| read.row.is_some()) {
        by_key.entry(read.row.as_ref().map(full_key).unwrap_or_default()).or_default().push(n);
    }
    for places in by_key.into_values().filter(|places| places.len() > 1) {
        let (first, rest) = (places[0], &places[1..]);
        let is_same = |n: &usize| rows[*n].row == rows[first].row && rows[*n].contact == rows[first].contact;
        let (all_same, [number, second]) = (rest.iter().all(is_same), [rows[first].number, rows[rest[0]].number]);
        for n in rest {
            let key = rows[*n].key.clone();
            match all_same {
                true => {
                    let en = format!("“{key}” is in row {number} already, and says the same");
                    rows[*n].set_aside("duplicate", format!("“{key}” đã có ở dòng {number}, nội dung như nhau"), en);
                }
                false => contrary(&mut rows[*n], number),
            }
        }
        if !all_same {
            contrary(&mut rows[first], second);
        }
    }
}

fn contrary(row: &mut ReadRow, other: u64) {
    let key = row.key.clone();
    let vi = format!("“{key}” có nội dung khác ở dòng {other}: hãy chỉ giữ một dòng");
    row.set_aside("contrary_rows", vi, format!("“{key}” says otherwise in row {other}: let one of them stay"));
}

/// A row's key as keys are compared.
pub(super) fn full_key(row: &PartnerRow) -> String {
    let key = ["id", "code"].iter().find_map(|column| row.get(*column).and_then(Value::as_str));
    spelled(key.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(table: PartnerTable, text: &str) -> Result<ReadFile, EngineError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        let reading = Reading { path: &path, table, layer: None, fields: &Mapping::new(), encoding: None };
        read(&reading, &Rulebook::load(None).unwrap(), &mut |_, _, _| {})
    }

    fn told(file: &ReadFile) -> Vec<String> {
        let codes = |row: &ReadRow| row.issues.iter().map(|issue| issue.code).collect::<Vec<_>>().join(",");
        file.rows.iter().map(|row| format!("{} {} {}", row.number, row.row.is_some(), codes(row))).collect()
    }

    #[test]
    fn a_table_with_titles_dirt_and_doubles_is_read_row_by_row() {
        let long = "x".repeat(300);
        let file = read_text(
            PartnerTable::Partners,
            &format!(
                "DANH SÁCH HỢP TÁC XÃ,,,,,\nSTT,Mã HTX,Tên HTX,Loại hình,Số thành viên,Ngày thành lập,Số điện thoại,Vùng\n\
                 1,C1,HTX Văn Đức,Hợp tác xã,1.200,15/3/2010,0912345678,\"Z1, Z2; Z1\"\n\
                 2,C2,HTX B,hội quán,x,hôm qua,,\n\
                 3,c1,HTX khác,,,,,\n\
                 4,C3,HTX C,,,,,\n\
                 5,C3,HTX C,,,,,\n\
                 6,,HTX D,,,,,\n\
                 7,,,,,,0900,\n\
                 8,{long},,,,,,\n"
            ),
        )
        .unwrap();
        assert_eq!(
            told(&file),
            [
                "3 false contrary_rows",
                "4 true unknown_kind,not_a_number,bad_date",
                "5 false contrary_rows",
                "6 true ",
                "7 false duplicate",
                "8 true ",
                "9 false missing_key",
                "10 false mangled_key"
            ]
        );
        let row = |n: usize| file.rows[n].row.clone().unwrap();
        assert_eq!((row(5)["id"].clone(), row(1)["founded"].clone()), (json!("HTX D"), Value::Null));
        assert_eq!(file.rows[0].contact.phone.as_deref(), Some("0912345678"));
        assert!(file.rows.iter().all(|row| row.row.as_ref().is_none_or(|row| !row.contains_key("phone"))), "it is in no row");
        assert!(file.rows[7].issues[0].message.len() < 300, "what is told of it is short");
        let one = read_text(PartnerTable::Partners, "id,kind,members,founded,zone_ids\nC1,HTX,1.200,15/3/2010,\"Z1, Z2; Z1\"\n").unwrap();
        let row = one.rows[0].row.clone().unwrap();
        assert_eq!(
            json!([row["kind"], row["members"], row["founded"], row["zone_ids"]]),
            json!(["cooperative", 1200, "2010-03-15", ["Z1", "Z2"]])
        );
    }

    #[test]
    fn stars_kinds_and_spans_are_read_as_people_write_them() {
        let file = read_text(
            PartnerTable::Products,
            "Tên sản phẩm,Hạng sao,Chủ thể,Nhóm\nA,4 sao,HTX X,Lúa\nA,★★★,HTX Y,Rau an toàn\nB,5.0,,\nC,7,,sao chổi\nD,ba,,\nE,,,\n",
        )
        .unwrap();
        let cells = |column: &str| file.rows.iter().map(|row| row.row.as_ref().unwrap()[column].clone()).collect::<Vec<_>>();
        assert_eq!(json!(cells("stars")), json!([4, 3, 5, null, null, null]));
        assert_eq!(json!(&cells("kind")[..4]), json!(["rice", "safe_vegetables", null, null]));
        assert_eq!(json!(&cells("id")[..3]), json!(["A (HTX X)", "A (HTX Y)", "B"]));
        assert_eq!(told(&file)[3..5], ["5 true unknown_kind,bad_stars", "6 true bad_stars"]);
        let spans = read_text(
            PartnerTable::Linkages,
            "id,valid_from,valid_to,contracted_t\nL1,2024-05-01,2023,\"1.250,5\"\nL2,45292,31/12/2026,-3\n",
        )
        .unwrap();
        assert_eq!(told(&spans), ["2 true dates_crossed", "3 true not_a_number,date_as_number"]);
        assert_eq!(spans.rows[0].row.as_ref().unwrap()["contracted_t"], json!(1250.5));
    }

    #[test]
    fn a_file_without_a_key_or_with_too_many_rows_is_refused() {
        let refused = |table, text: &str| read_text(table, text).unwrap_err().to_string();
        assert!(refused(PartnerTable::Traces, "name,owner\na,b\n").contains("code"), "a trace code is told apart by its code alone");
        assert!(refused(PartnerTable::Partners, "a,b\n1,2\n").contains("id"));
        assert!(refused(PartnerTable::Partners, "id,name\n").contains("table.csv"));
        let many = format!("code\n{}", "x\n".repeat(MOST_ROWS + HEADER_WITHIN));
        assert!(refused(PartnerTable::Traces, &many).contains("at most 200000"));
    }
}
