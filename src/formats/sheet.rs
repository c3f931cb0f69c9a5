//! Tables without shapes, cell by cell: XLSX, and text with separators. The only user of `calamine`.
//!
//! Cells come as composed text, dates as ISO, a merged cell's value in every row that it covers; what a person should know of a
//! row is told with it. Bounded: a sheet of more cells than any register has is refused before it fills the memory.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::BufReader;
use std::path::Path;

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, open_workbook};

use super::FormatError;
use super::encoding::{ASSUMED, Encoding, clean};
use super::fonts::{self, Evidence};
use super::vertices;
use crate::model::Issue;

/// A row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetRow {
    /// From 1; of a text the line it begins on.
    pub number: u64,
    pub cells: Vec<Option<String>>,
    /// Columns of numbers with three decimals: a text like theirs may mean thousands.
    pub decimals: Vec<usize>,
    pub issues: Vec<Issue>,
}

/// A table as it stands in a file, its title and header rows included.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    pub name: String,
    /// All of the file.
    pub names: Vec<String>,
    /// Rows with at least one cell, in order.
    pub rows: Vec<SheetRow>,
    /// About the file as a whole.
    pub issues: Vec<Issue>,
}

const MOST_ROWS: u32 = 300_000;
const MOST_COLUMNS: u32 = 256;
const MOST_CELLS: usize = 12_000_000;
const MOST_BYTES: u64 = 512 << 20;

/// Whether a file is read here by its ending: `xlsx`, `xlsm`, `csv`, `tsv`, `txt`.
pub fn is_sheet(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    ["xlsx", "xlsm", "csv", "tsv", "txt"].contains(&ending.as_str())
}

/// Reads a table; of a workbook the sheet that is named, else the first with rows.
///
/// # Errors
/// `NotFound`, `Unreadable`, `ChooseLayer`, `UnknownEncoding`.
pub fn read_sheet(path: &Path, layer: Option<&str>, encoding: Option<&str>) -> Result<Sheet, FormatError> {
    let not = |reason: &str| FormatError::Unreadable { path: path.to_owned(), reason: reason.to_owned() };
    match fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(FormatError::NotFound { path: path.to_owned() }),
        Err(e) => return Err(not(&e.to_string())),
        Ok(meta) if meta.is_dir() => return Err(not("it is a folder")),
        Ok(meta) if meta.len() > MOST_BYTES => return Err(FormatError::TooLarge { path: path.to_owned(), most_mib: MOST_BYTES >> 20 }),
        Ok(_) => {}
    }
    let named =
        encoding.map(|name| Encoding::named(name).ok_or_else(|| FormatError::UnknownEncoding { name: name.to_owned() })).transpose()?;
    let is_workbook = path.extension().is_some_and(|e| ["xlsx", "xlsm"].iter().any(|x| e.eq_ignore_ascii_case(x)));
    let mut sheet = if is_workbook { workbook(path, layer)? } else { text(path, named.as_ref())? };
    mend_fonts(&mut sheet, named.as_ref());
    Ok(sheet)
}

/// Text of a font of before Unicode, which a workbook or a UTF-8 text holds as Western letters: in the font that was named, else in the
/// one by which its words are Vietnamese.
fn mend_fonts(sheet: &mut Sheet, named: Option<&Encoding>) {
    let font = match named {
        Some(named) => named.is_of_a_font().then(|| named.clone()),
        None => {
            let mut evidence = Evidence::new();
            let cells = sheet.rows.iter().flat_map(|row| row.cells.iter().flatten());
            cells.filter_map(|text| fonts::western_bytes(text)).for_each(|bytes| evidence.look(&bytes));
            let found = evidence.verdict();
            sheet.issues.extend(found.as_ref().map(|(font, share)| fonts::told(&evidence, font, *share)));
            found.map(|(font, _)| font)
        }
    };
    let Some(font) = font else { return };
    for cell in sheet.rows.iter_mut().flat_map(|row| row.cells.iter_mut().flatten()) {
        if let Some(text) = fonts::converted(cell, &font) {
            *cell = clean(&text).unwrap_or_default();
        }
    }
}

/// Whether a table is one of vertices, by which polygons are drawn.
pub fn holds_vertices(sheet: &Sheet) -> bool {
    let row = |row: &SheetRow| -> vertices::Row {
        (row.number as usize, row.cells.iter().map(|cell| cell.clone().unwrap_or_default()).collect())
    };
    let first: Vec<vertices::Row> = sheet.rows.iter().take(vertices::MOST_ROWS_ABOVE).map(row).collect();
    if !vertices::has_heading(&first) {
        return false;
    }
    let rows: Vec<vertices::Row> = sheet.rows.iter().map(row).collect();
    vertices::polygons(&rows, None).is_some_and(|polygons| !polygons.features.is_empty())
}

fn too_many(path: &Path) -> FormatError {
    let reason = format!("it has more than {MOST_ROWS} rows, {MOST_COLUMNS} columns or {MOST_CELLS} cells: take a part of it");
    FormatError::Unreadable { path: path.to_owned(), reason }
}

fn workbook(path: &Path, layer: Option<&str>) -> Result<Sheet, FormatError> {
    let failed = |e: calamine::XlsxError| FormatError::Unreadable {
        path: path.to_owned(),
        reason: format!("{e}. Open it in a spreadsheet program and save it anew"),
    };
    if super::archive::n_unpacked_bytes(path).is_some_and(|bytes| bytes > MOST_BYTES) {
        return Err(FormatError::TooLarge { path: path.to_owned(), most_mib: MOST_BYTES >> 20 });
    }
    let mut book: Xlsx<BufReader<fs::File>> = open_workbook(path).map_err(failed)?;
    let names = book.sheet_names();
    let choose =
        |asked: Option<&str>| FormatError::ChooseLayer { path: path.to_owned(), asked: asked.map(str::to_owned), layers: names.clone() };
    let wanted: Vec<String> = match layer {
        Some(name) => vec![names.iter().find(|n| n.to_lowercase() == name.to_lowercase()).cloned().ok_or_else(|| choose(layer))?],
        None => names.clone(),
    };
    for name in wanted {
        let rows = sheet_rows(path, &mut book, &name)?;
        if !rows.is_empty() {
            return Ok(Sheet { name, names, rows, issues: Vec::new() });
        }
    }
    Err(FormatError::Empty { path: path.to_owned(), layer: layer.unwrap_or_default().to_owned() })
}

fn sheet_rows(path: &Path, book: &mut Xlsx<BufReader<fs::File>>, name: &str) -> Result<Vec<SheetRow>, FormatError> {
    let failed = |e: calamine::XlsxError| FormatError::Unreadable { path: path.to_owned(), reason: format!("the sheet “{name}”: {e}") };
    let mut rows: BTreeMap<u32, SheetRow> = BTreeMap::new();
    let mut n_cells = 0;
    let mut reader = book.worksheet_cells_reader(name).map_err(failed)?;
    while let Some(cell) = reader.next_cell().map_err(failed)? {
        let (row, column) = cell.get_position();
        let (value, issue) = cell_text(cell.get_value());
        if value.is_none() && issue.is_none() {
            continue;
        }
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            return Err(too_many(path));
        }
        let entry = rows.entry(row).or_insert_with(|| SheetRow { number: u64::from(row) + 1, ..SheetRow::default() });
        // A cell far to the right takes room for all before it.
        n_cells += (column as usize + 1).saturating_sub(entry.cells.len());
        if n_cells > MOST_CELLS {
            return Err(too_many(path));
        }
        put(entry, column as usize, value);
        if is_ambiguous_decimal(cell.get_value()) {
            entry.decimals.push(column as usize);
        }
        let id = entry.number.to_string();
        entry.issues.extend(issue.map(|error| {
            let cell = format!("{}{}", letters(column), row + 1);
            let message = format!("the cell {cell}: the spreadsheet says {error} in place of a value; it was left empty");
            Issue::new("cell_error", Some(&id), message).in_vietnamese(format!("Ô {cell} báo lỗi {error} thay cho giá trị; để trống"))
        }));
    }
    drop(reader);
    let mut reader = book.worksheet_cells_reader(name).map_err(failed)?;
    let mut formulas: HashMap<u32, Vec<u32>> = HashMap::new();
    while let Some(cell) = reader.next_formula().map_err(failed)? {
        let (row, column) = cell.get_position();
        if rows.contains_key(&row) && !cell.get_value().is_empty() {
            formulas.entry(row).or_default().push(column);
        }
    }
    drop(reader);
    for (row, columns) in formulas {
        let Some(entry) = rows.get_mut(&row) else { continue };
        let cells: Vec<String> = columns.iter().take(8).map(|column| format!("{}{}", letters(*column), row + 1)).collect();
        let id = entry.number.to_string();
        let cells = cells.join(", ");
        let message = format!("formulas in {cells}: the values that were saved with them were taken");
        let vi = format!("Có công thức ở {cells}: lấy giá trị đã lưu cùng");
        entry.issues.push(Issue::new("formula", Some(&id), message).in_vietnamese(vi));
    }
    for merged in book.merge_cells_by_sheet_name(name).unwrap_or_default() {
        n_cells += fill_merged(&mut rows, merged.start, merged.end, MOST_CELLS.saturating_sub(n_cells)).ok_or_else(|| too_many(path))?;
    }
    Ok(rows.into_values().filter(|row| row.cells.iter().any(Option::is_some)).collect())
}

/// A merged cell has its value in the first row alone: the rows below get it too, and say so. How many cells that took; none when
/// more than `most`.
fn fill_merged(rows: &mut BTreeMap<u32, SheetRow>, start: (u32, u32), end: (u32, u32), most: usize) -> Option<usize> {
    let mut n_cells = 0;
    let Some(value) = rows.get(&start.0).and_then(|row| row.cells.get(start.1 as usize)).cloned().flatten() else { return Some(0) };
    for (row, entry) in rows.range_mut(start.0 + 1..=end.0.max(start.0 + 1)).filter(|(row, _)| **row <= end.0) {
        if entry.cells.get(start.1 as usize).is_none_or(Option::is_none) {
            n_cells += (start.1 as usize + 1).saturating_sub(entry.cells.len());
            if n_cells > most {
                return None;
            }
            put(entry, start.1 as usize, Some(value.clone()));
            let id = entry.number.to_string();
            let (cell, first) = (format!("{}{}", letters(start.1), row + 1), start.0 + 1);
            let message = format!("the cell {cell} is merged with row {first}: its value was taken");
            let vi = format!("Ô {cell} gộp với dòng {first}: lấy giá trị của dòng ấy");
            entry.issues.push(Issue::new("merged_cells", Some(&id), message).in_vietnamese(vi));
        }
    }
    Some(n_cells)
}

fn put(row: &mut SheetRow, column: usize, value: Option<String>) {
    if row.cells.len() <= column {
        row.cells.resize(column + 1, None);
    }
    row.cells[column] = value;
}

/// `A`, `B`, … `AA`.
fn letters(column: u32) -> String {
    let mut n = column + 1;
    let mut name = Vec::new();
    while n > 0 {
        let digit = (n - 1) % 26;
        name.push(char::from(b'A' + digit as u8));
        n = (n - 1) / 26;
    }
    name.iter().rev().collect()
}

/// A cell's text, and what is wrong with it.
fn cell_text(value: &DataRef<'_>) -> (Option<String>, Option<String>) {
    match value {
        DataRef::Empty => (None, None),
        DataRef::String(text) => (clean(text), None),
        DataRef::SharedString(text) => (clean(text), None),
        DataRef::Int(n) => (Some(n.to_string()), None),
        DataRef::Float(x) => (Some(number_text(*x)), None),
        DataRef::Bool(b) => (Some(b.to_string()), None),
        DataRef::DateTime(date) => (Some(date_text(date)), None),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => (clean(text), None),
        DataRef::Error(error) => (None, Some(error.to_string())),
    }
}

fn is_ambiguous_decimal(value: &DataRef<'_>) -> bool {
    matches!(value, DataRef::Float(x) if super::is_thousands(&number_text(*x)))
}

/// Whole numbers without a point.
fn number_text(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e15 { format!("{x:.0}") } else { x.to_string() }
}

fn date_text(date: &ExcelDateTime) -> String {
    if date.is_duration() {
        return number_text(date.as_f64());
    }
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02}")
}

fn text(path: &Path, named: Option<&Encoding>) -> Result<Sheet, FormatError> {
    let bytes = fs::read(path).map_err(|e| FormatError::Unreadable { path: path.to_owned(), reason: e.to_string() })?;
    let bytes = match wide(&bytes) {
        Some(text) => text.into_bytes(),
        None => bytes.strip_prefix(b"\xef\xbb\xbf").map_or_else(|| bytes.clone(), <[u8]>::to_vec),
    };
    let is_plain = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("txt"));
    let rows = split(&bytes, separator(&bytes, is_plain)).ok_or_else(|| too_many(path))?;
    let assumed = named.cloned().or_else(|| Encoding::named(ASSUMED)).unwrap_or_else(Encoding::latin1);
    let rows: Vec<SheetRow> = rows
        .into_iter()
        .map(|(number, cells)| decoded(number, cells, named, &assumed))
        .filter(|row| row.cells.iter().any(Option::is_some))
        .collect();
    if rows.is_empty() {
        return Err(FormatError::Empty { path: path.to_owned(), layer: String::new() });
    }
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Sheet { names: vec![name.clone()], name, rows, issues: Vec::new() })
}

/// UTF-16 with its mark in front.
fn wide(bytes: &[u8]) -> Option<String> {
    let is_little = match bytes.get(..2)? {
        [0xff, 0xfe] => true,
        [0xfe, 0xff] => false,
        _ => return None,
    };
    let unit = |pair: &[u8]| if is_little { u16::from_le_bytes([pair[0], pair[1]]) } else { u16::from_be_bytes([pair[0], pair[1]]) };
    let units: Vec<u16> = bytes[2..].chunks_exact(2).map(unit).collect();
    Some(String::from_utf16_lossy(&units))
}

/// What stands between the cells: of the usual ones the one that the first lines have most of.
fn separator(bytes: &[u8], is_plain: bool) -> u8 {
    let head: Vec<&[u8]> = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).take(20).collect();
    let count = |mark: u8| head.iter().map(|line| line.iter().filter(|b| **b == mark).count()).sum::<usize>();
    let marks: &[u8] = if is_plain { b"\t;,|" } else { b",;\t|" };
    marks.iter().copied().map(|mark| (count(mark), mark)).fold((0, marks[0]), |best, one| if one.0 > best.0 { one } else { best }).1
}

type RawRow = (u64, Vec<Vec<u8>>);

/// RFC 4180, with any separator; a quotation mark that is not closed ends with the file. None of more rows, columns or cells than
/// any register has.
fn split(bytes: &[u8], separator: u8) -> Option<Vec<RawRow>> {
    let mut rows = Vec::new();
    let mut n_cells = 0;
    let (mut line, mut begin) = (1_u64, 1_u64);
    let mut cells: Vec<Vec<u8>> = Vec::new();
    let mut cell: Vec<u8> = Vec::new();
    let (mut is_quoted, mut i) = (false, 0);
    while i < bytes.len() {
        let byte = bytes[i];
        match byte {
            b'"' if is_quoted && bytes.get(i + 1) == Some(&b'"') => {
                cell.push(b'"');
                i += 1;
            }
            b'"' if is_quoted => is_quoted = false,
            b'"' if cell.is_empty() => is_quoted = true,
            b'\n' if !is_quoted => {
                if cell.last() == Some(&b'\r') {
                    cell.pop();
                }
                cells.push(std::mem::take(&mut cell));
                n_cells += cells.len();
                rows.push((begin, std::mem::take(&mut cells)));
                if rows.len() > MOST_ROWS as usize || n_cells > MOST_CELLS {
                    return None;
                }
                line += 1;
                begin = line;
            }
            byte if byte == separator && !is_quoted => {
                cells.push(std::mem::take(&mut cell));
                if cells.len() >= MOST_COLUMNS as usize {
                    return None;
                }
            }
            byte => {
                line += u64::from(byte == b'\n');
                cell.push(byte);
            }
        }
        i += 1;
    }
    if !(cells.is_empty() && cell.is_empty()) {
        cells.push(cell);
        rows.push((begin, cells));
    }
    Some(rows)
}

/// UTF-8 where a row is that, else the encoding that was named or is usual here; said of the row when nobody named it.
fn decoded(number: u64, cells: Vec<Vec<u8>>, named: Option<&Encoding>, assumed: &Encoding) -> SheetRow {
    let is_utf8 = cells.iter().all(|cell| std::str::from_utf8(cell).is_ok());
    let read = |cell: Vec<u8>| {
        if is_utf8 && named.is_none_or(|named| named.is_utf8() || cell.is_ascii()) {
            return clean(&String::from_utf8_lossy(&cell));
        }
        let bytes: Vec<u8> = cell.into_iter().filter(|b| *b != 0).collect();
        std::ffi::CString::new(bytes).ok().and_then(|bytes| clean(&assumed.decode(&bytes)))
    };
    let cells = cells.into_iter().map(read).collect();
    let mut issues = Vec::new();
    if !is_utf8 && named.is_none() {
        let message = format!("the row is not UTF-8; it was read as {ASSUMED}: name another with --encoding when letters are wrong");
        let vi = format!(
            "Dòng không phải UTF-8; đã đọc theo {ASSUMED}. Nếu sai chữ, hãy chọn bảng mã khác, hoặc lưu tệp thành UTF-8 rồi nạp lại."
        );
        issues.push(Issue::new("encoding", Some(&number.to_string()), message).in_vietnamese(vi));
    }
    SheetRow { number, cells, decimals: Vec::new(), issues }
}

#[cfg(test)]
mod tests {
    use super::super::{About, Column, ColumnType, Export, Row, Table, Value};
    use super::*;
    use crate::model::EpsgCode;

    fn read(name: &str, bytes: &[u8], encoding: Option<&str>) -> Result<Sheet, FormatError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        read_sheet(&path, None, encoding)
    }

    fn cells(sheet: &Sheet) -> Vec<Vec<&str>> {
        sheet.rows.iter().map(|row| row.cells.iter().map(|c| c.as_deref().unwrap_or("–")).collect()).collect()
    }

    #[test]
    fn a_table_of_text_is_read_with_any_separator_and_each_row_in_its_encoding() {
        let sheet = read("a.csv", b"ma;ten\r\n\"A;1\";\"x\ny \"\"z\"\"\"\r\n\r\nB;Ho\xcca\n", None).unwrap();
        assert_eq!(cells(&sheet), [vec!["ma", "ten"], vec!["A;1", "x\ny \"z\""], vec!["B", "Hòa"]]);
        assert_eq!(sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 5]);
        assert_eq!(sheet.rows.iter().map(|row| row.issues.len()).collect::<Vec<_>>(), [0, 0, 1]);
        assert!(sheet.rows[2].issues[0].message.contains("CP1258"));
        let tcvn = read("a.csv", b"ma\n\xd8nh\n", Some("TCVN3")).unwrap();
        assert!(tcvn.rows[1].issues.is_empty());
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain("Ứ\tb".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(cells(&read("a.tsv", &wide, None).unwrap()), [["Ứ", "b"]]);
    }

    #[test]
    fn what_is_no_table_is_told() {
        assert!(matches!(read("a.csv", b"\n\n", None), Err(FormatError::Empty { .. })));
        assert!(matches!(read("a.xlsx", b"no workbook", None), Err(FormatError::Unreadable { .. })));
        assert!(matches!(read("a.csv", b"a", Some("nonsense-17")), Err(FormatError::UnknownEncoding { .. })));
        assert!(matches!(read_sheet(Path::new("/nowhere/a.csv"), None, None), Err(FormatError::NotFound { .. })));
        let wide = vec![b','; 300];
        assert!(read("a.csv", &wide, None).unwrap_err().to_string().contains("256 columns"));
    }

    fn workbook_of(columns: &[Column], rows: impl Iterator<Item = Row>) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.xlsx");
        let about = About { source: String::new(), epoch: None, revision: 1, is_simulated: false, licence: None };
        let mut file = Export::create(&path, EpsgCode::HANOI, None).unwrap();
        file.layer(&Table { name: "a", columns, about: &about, is_polygons: true }, rows).unwrap();
        file.finish().unwrap();
        (dir, path)
    }

    #[test]
    fn cells_far_to_the_right_count_with_all_before_them() {
        // With the five about the layer 256 columns, of which few hold anything.
        let columns: Vec<Column> = (0..251).map(|n| Column::new(&format!("c{n}"), ColumnType::Text)).collect();
        let (_dir, path) = workbook_of(&columns, (0..47_000).map(|_| Row { values: Vec::new(), shape: None }));
        let error = read_sheet(&path, None, None).unwrap_err().to_string();
        assert!(error.contains("12000000 cells"), "{error}");
        let rows = "a,b\n".repeat(300_001);
        assert!(read("a.csv", rows.as_bytes(), None).is_err());
    }

    #[test]
    fn a_number_of_a_workbook_is_no_thousand_and_its_fonts_become_unicode() {
        let columns = [Column::new("ten", ColumnType::Text), Column::new("dien tich", ColumnType::Real)];
        let names = ["Hµ Néi", "§\u{ad}êng L©m", "øng Hßa"];
        let rows = names.iter().map(|name| Row { values: vec![Value::Text((*name).to_owned()), Value::Real(950.125)], shape: None });
        let (_dir, path) = workbook_of(&columns, rows);
        let sheet = read_sheet(&path, None, None).unwrap();
        let names: Vec<&str> = sheet.rows[1..].iter().map(|row| row.cells[0].as_deref().unwrap()).collect();
        assert_eq!(names, ["Hà Nội", "Đường Lâm", "ứng Hòa"]);
        assert_eq!(sheet.issues.iter().map(|issue| issue.code).collect::<Vec<_>>(), ["text_converted"]);
        assert_eq!(sheet.rows[1].decimals, [1]);
        let text = read("a.csv", "ten\nHµ Néi\n§\u{ad}êng L©m\nøng Hßa\n".as_bytes(), None).unwrap();
        assert_eq!((text.rows[1].cells[0].as_deref(), text.issues.len()), (Some("Hà Nội"), 1));
        let as_it_is = read("a.csv", "ten\nHµ Néi\n".as_bytes(), Some("UTF-8")).unwrap();
        assert_eq!(as_it_is.rows[1].cells[0].as_deref(), Some("Hµ Néi"));
    }

    #[test]
    fn a_column_has_the_letters_of_a_spreadsheet() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"].map(str::to_owned));
    }
}
