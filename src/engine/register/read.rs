//! A register's file as records: each row becomes one, or is set aside and told why.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::columns::{self, Mapping};
use crate::codes;
use crate::engine::{EngineError, Progress, Rulebook};
use crate::formats::{self, Doubles, FormatError, Request, SheetRow};
use crate::legend::fold;
use crate::model::{CodeHolder, CodeRecord, CodeStatus, Epoch, EpsgCode, Issue, LayerRole, MultiPolygon, StatusStep};

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub path: &'a Path,
    pub layer: Option<&'a str>,
    pub fields: &'a Mapping,
    pub keep: &'a [String],
    pub crs: Option<EpsgCode>,
    pub operation: Option<EpsgCode>,
    pub encoding: Option<&'a str>,
    pub target: EpsgCode,
}

/// A row of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadRow {
    /// From 1: the line of a text, the row of a sheet, the feature of a layer.
    pub number: u64,
    /// As written.
    pub code: String,
    /// None: it was set aside, the issues say why.
    pub record: Option<CodeRecord>,
    pub holder: CodeHolder,
    pub issues: Vec<Issue>,
}

/// A file that was read.
#[derive(Debug, Default)]
pub(super) struct ReadFile {
    pub layer: String,
    pub driver: String,
    pub columns: Vec<String>,
    pub mapping: Mapping,
    pub rows: Vec<ReadRow>,
    /// About the file as a whole.
    pub issues: Vec<Issue>,
    /// The source's CRS, and what led from it to ours; none for a table.
    pub crs: Option<(String, Option<String>)>,
    pub n_repaired: u64,
    pub area_before_m2: f64,
    pub is_simulated: bool,
}

/// A code has at most so many letters, and a cell so many.
const MOST_LETTERS: usize = 80;
const MOST_CELL: usize = 4_000;
/// The header stands in one of the first rows.
const HEADER_WITHIN: usize = 40;
/// The column by which an export says that its rows are made up.
const SIMULATED: &str = "simulated";

/// Reads a file.
pub(super) fn read(reading: &Reading, rulebook: &Rulebook, progress: Progress) -> Result<ReadFile, EngineError> {
    let has_wkt = || formats::read_sheet(reading.path, reading.layer, reading.encoding).is_ok_and(|sheet| has_shapes(&sheet.rows));
    let is_workbook = reading.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx") || e.eq_ignore_ascii_case("xlsm"));
    let mut file = if formats::is_sheet(reading.path) && (is_workbook || !has_wkt()) {
        read_sheet(reading, rulebook, progress)?
    } else {
        read_shapes(reading, rulebook, progress)?
    };
    number_parts(&mut file.rows);
    Ok(file)
}

fn has_shapes(rows: &[SheetRow]) -> bool {
    let is_shape = |cell: &String| ["wkt", "geometry", "geom", "the_geom", "wkt_geom"].iter().any(|name| cell.eq_ignore_ascii_case(name));
    rows.first().is_some_and(|row| row.cells.iter().flatten().any(is_shape))
}

fn missing(reading: &Reading, existing: &[String]) -> EngineError {
    let error = FormatError::MissingColumn {
        path: reading.path.to_owned(),
        ours: "code".to_owned(),
        wanted: "code".to_owned(),
        existing: existing.to_vec(),
        option: "--field code=COLUMN".to_owned(),
    };
    error.into()
}

fn read_sheet(reading: &Reading, rulebook: &Rulebook, progress: Progress) -> Result<ReadFile, EngineError> {
    progress("reading", 0, 0);
    let sheet = formats::read_sheet(reading.path, reading.layer, reading.encoding)?;
    let ranked = sheet
        .rows
        .iter()
        .take(HEADER_WITHIN)
        .enumerate()
        .map(|(n, row)| (columns::n_named(&row.cells, reading.fields), std::cmp::Reverse(n)));
    let header = ranked.max().map_or(0, |(_, n)| n.0);
    let names = sheet.rows.get(header).map(|row| row.cells.clone()).unwrap_or_default();
    let existing: Vec<String> = names.iter().flatten().cloned().collect();
    check_fields(reading, &existing)?;
    let (mapping, is_guessed) = columns::mapping(&names, reading.fields);
    if !mapping.contains_key("code") {
        return Err(missing(reading, &existing));
    }
    let place = |theirs: &str| names.iter().position(|name| name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(theirs)));
    let ours = formats::columns::of(LayerRole::Codes);
    let places: Vec<Option<usize>> = ours.iter().map(|our| place(mapping.get(*our)?)).collect();
    let kept: Vec<Option<usize>> = reading.keep.iter().map(|name| place(name)).collect();
    let simulated = place(SIMULATED);
    let mut file = ReadFile {
        layer: sheet.name,
        driver: if reading.path.extension().is_some_and(|e| e.to_string_lossy().to_lowercase().starts_with("xls")) {
            "XLSX"
        } else {
            "CSV"
        }
        .to_owned(),
        columns: existing,
        mapping,
        issues: about_area(is_guessed),
        ..ReadFile::default()
    };
    let n_rows = sheet.rows.len() as u64;
    let maker = Maker { rulebook, mapping: file.mapping.clone() };
    for (n, row) in sheet.rows.into_iter().enumerate().skip(header + 1) {
        let cell = |at: &Option<usize>| at.and_then(|at| row.cells.get(at)?.clone());
        let values = places.iter().map(cell).collect();
        file.is_simulated |= cell(&simulated).is_some_and(|text| is_yes(&text));
        let kept = kept.iter().map(cell).collect();
        file.rows.push(maker.row(row.number, values, kept, MultiPolygon::new(Vec::new()), row.issues));
        if n % 4096 == 0 {
            progress("reading", n as u64, n_rows);
        }
    }
    if file.rows.is_empty() {
        return Err(FormatError::Empty { path: reading.path.to_owned(), layer: file.layer }.into());
    }
    Ok(file)
}

fn is_yes(text: &str) -> bool {
    ["1", "true", "yes"].contains(&text.trim().to_lowercase().as_str())
}

fn about_area(is_guessed: bool) -> Vec<Issue> {
    let message = "the area's column names no unit: it was taken as hectares; say that it is declared_area_m2 when it is m²";
    let vi = "Cột diện tích không ghi đơn vị: đã hiểu là hecta. Nếu là m², hãy chọn cột ấy cho “Diện tích kê khai”.";
    if is_guessed { vec![Issue::new("area_unit", None, message).in_vietnamese(vi)] } else { Vec::new() }
}

/// An option names a column that the file and the register have.
fn check_fields(reading: &Reading, existing: &[String]) -> Result<(), EngineError> {
    let ours = formats::columns::of(LayerRole::Codes);
    let has = |name: &String| existing.iter().any(|column| column.eq_ignore_ascii_case(name));
    let lacks = |ours: &str, wanted: &String, option: String| {
        EngineError::from(FormatError::MissingColumn {
            path: reading.path.to_owned(),
            ours: ours.to_owned(),
            wanted: wanted.clone(),
            existing: existing.to_vec(),
            option,
        })
    };
    for (our, theirs) in reading.fields {
        if !ours.contains(&our.as_str()) {
            let known = ours.iter().map(|name| (*name).to_owned()).collect();
            return Err(FormatError::NotOurColumn { name: our.clone(), role: "codes", known }.into());
        }
        if !has(theirs) {
            return Err(lacks(our, theirs, format!("--field {our}=COLUMN")));
        }
    }
    reading.keep.iter().find(|name| !has(name)).map_or(Ok(()), |name| Err(lacks(name, name, "--keep".to_owned())))
}

fn read_shapes(reading: &Reading, rulebook: &Rulebook, progress: Progress) -> Result<ReadFile, EngineError> {
    let open = |fields: &Mapping| {
        formats::open(&Request {
            path: reading.path,
            layer: reading.layer,
            role: LayerRole::Codes,
            fields,
            keep: reading.keep,
            kind: None,
            code: None,
            crs: reading.crs,
            operation: reading.operation,
            encoding: reading.encoding,
            doubles: Doubles::Renamed,
            target: reading.target,
            correct: None,
        })
    };
    let existing = match open(reading.fields) {
        Ok(source) => source.columns,
        Err(FormatError::MissingColumn { existing, .. }) => existing,
        Err(error) => return Err(error.into()),
    };
    check_fields(reading, &existing)?;
    let named: Vec<Option<String>> = existing.iter().cloned().map(Some).collect();
    let (mut mapping, is_guessed) = columns::mapping(&named, reading.fields);
    if !mapping.contains_key("code") {
        // A placemark of a KML is named by its code.
        let name = existing.iter().find(|column| column.eq_ignore_ascii_case("name")).ok_or_else(|| missing(reading, &existing))?;
        mapping.retain(|_, theirs| theirs != name);
        mapping.insert("code".to_owned(), name.clone());
    }
    let mut source = open(&mapping)?;
    let says_simulated = source.read_along(SIMULATED);
    let mut file = ReadFile {
        layer: source.layer.clone(),
        driver: source.driver.clone(),
        columns: existing,
        mapping,
        issues: about_area(is_guessed),
        crs: Some((source.crs.short(), source.operation.as_ref().map(ToString::to_string))),
        ..ReadFile::default()
    };
    file.issues.extend(source.issues.clone());
    let total = source.n_features.unwrap_or(0);
    let maker = Maker { rulebook, mapping: file.mapping.clone() };
    let mut n_read = 0_u64;
    source.read(|record| {
        n_read += record.n_read;
        let Some(mut feature) = record.feature else {
            match record.n_read {
                0 => file.issues.extend(record.issues),
                _ => file.rows.push(ReadRow { number: n_read, issues: record.issues, ..ReadRow::default() }),
            }
            return Ok::<(), EngineError>(());
        };
        if says_simulated {
            file.is_simulated |= feature.kept.pop().flatten().is_some_and(|text| is_yes(&text));
        }
        file.n_repaired += u64::from(feature.is_repaired);
        file.area_before_m2 += feature.area_before_m2;
        file.rows.push(maker.row(n_read, feature.values, feature.kept, feature.shape.into_polygons(), record.issues));
        if n_read.is_multiple_of(512) {
            progress("reading", n_read, total);
        }
        Ok(())
    })?;
    Ok(file)
}

/// Makes records of rows.
struct Maker<'a> {
    rulebook: &'a Rulebook,
    mapping: Mapping,
}

/// The cells of a row by our columns' names, and what is to be said of them.
struct Row<'a> {
    number: u64,
    mapping: &'a Mapping,
    cells: HashMap<&'static str, String>,
    issues: Vec<Issue>,
}

impl Row<'_> {
    fn note(&mut self, code: &'static str, vi: String, en: String) {
        self.issues.push(Issue::new(code, Some(&self.number.to_string()), en).in_vietnamese(vi));
    }

    /// A column as the file calls it.
    fn theirs(&self, column: &'static str) -> String {
        self.mapping.get(column).map_or(column, String::as_str).to_owned()
    }

    fn take(&mut self, column: &'static str) -> Option<String> {
        let text = self.cells.remove(column)?;
        if text.chars().nth(MOST_CELL).is_some() {
            let theirs = self.theirs(column);
            self.note(
                "too_long",
                format!("Ô “{theirs}” dài hơn {MOST_CELL} chữ; để trống"),
                format!("{column} has more than {MOST_CELL} letters; it was left empty"),
            );
            return None;
        }
        Some(text)
    }

    /// ISO; what is no date stays as written, with an issue.
    fn date(&mut self, column: &'static str) -> Option<String> {
        let text = self.take(column)?;
        if let Some((date, _)) =
            Epoch::written(&text).filter(|(_, rest)| rest.is_empty() || rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            return Some(date.to_string());
        }
        let theirs = self.theirs(column);
        // Days since 1899-12-30, as spreadsheets count them.
        if let Some(date) = text.parse::<u32>().ok().filter(|n| (20_000..80_000).contains(n)).and_then(date_of_serial) {
            self.note(
                "date_as_number",
                format!("Ô “{theirs}” là số {text}; đã đọc thành ngày {}", date.rsplit('-').collect::<Vec<_>>().join("/")),
                format!("{column} is the number {text}; it was read as {date}"),
            );
            return Some(date);
        }
        let shown: String = text.chars().take(40).collect();
        self.note(
            "bad_date",
            format!("Ô “{theirs}” ghi “{shown}”, không phải ngày (viết 30/6/2024 hoặc 2024-06-30); giữ như đã ghi"),
            format!("{column} “{shown}” is no date; write 2024-06-30 or, day first, 30/6/2024; it was kept as written"),
        );
        Some(text)
    }

    /// 0 or more; decimals by a point or a comma.
    fn number(&mut self, column: &'static str) -> Option<f64> {
        let text = self.take(column)?;
        let number = number_of(&text);
        if number.is_none() {
            let shown: String = text.chars().take(40).collect();
            let theirs = self.theirs(column);
            self.note(
                "not_a_number",
                format!("Ô “{theirs}” ghi “{shown}”, không phải số; để trống"),
                format!("{column} “{shown}” is not a number; it was left empty"),
            );
        }
        number
    }
}

fn date_of_serial(days: u32) -> Option<String> {
    let date = time::Date::from_calendar_date(1899, time::Month::December, 30).ok()?.checked_add(time::Duration::days(i64::from(days)))?;
    Some(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
}

/// A size: 0 or more.
fn number_of(text: &str) -> Option<f64> {
    formats::number(text).filter(|n| *n >= 0.0 && *n < 1e12)
}

impl Maker<'_> {
    fn row(&self, number: u64, values: Vec<Option<String>>, kept: Vec<Option<String>>, shape: MultiPolygon, issues: Vec<Issue>) -> ReadRow {
        let ours = formats::columns::of(LayerRole::Codes).iter().copied();
        let cells = ours.zip(values).filter_map(|(our, value)| Some((our, value?))).collect();
        let mut row = Row { number, mapping: &self.mapping, cells, issues };
        let written = row.cells.remove("code").unwrap_or_default();
        let holder = CodeHolder {
            holder: row.take("holder"),
            phone: row.take("phone"),
            identity_no: row.take("identity_no"),
            farmers: row.take("farmers"),
        };
        let record = self.record(&written, &mut row).map(|record| CodeRecord { kept, shape, ..record });
        ReadRow { number, code: written.chars().take(MOST_LETTERS).collect(), record, holder, issues: row.issues }
    }

    fn record(&self, written: &str, row: &mut Row<'_>) -> Option<CodeRecord> {
        if written.trim().is_empty() {
            row.note("missing_code", "Dòng không có mã; để lại".to_owned(), "the row has no code; it was set aside".to_owned());
            return None;
        }
        let code = match codes::parse(written, &self.rulebook.schemes) {
            Ok(code) => code,
            Err(malformed) => {
                let mean = malformed.did_you_mean.as_ref();
                let advice = mean.map(|code| format!("; did you mean {code}?")).unwrap_or_default();
                let advice_vi = mean.map(|code| format!("; có phải là {code}?")).unwrap_or_default();
                let shown: String = written.trim().chars().take(40).collect();
                row.note(
                    "malformed_code",
                    format!("“{shown}” không đúng cấu trúc mã số nào{advice_vi} Dòng được để lại"),
                    format!("{}{advice} The row was set aside", malformed.message),
                );
                return None;
            }
        };
        let status = self.status(row)?;
        let (since, reason) = (row.date("status_since"), row.take("status_reason"));
        let market = self.market(&code, row);
        let issued = row.date("issued");
        let declared_m2 = row.number("declared_area_m2");
        let declared_ha = row.number("declared_area_ha");
        let list = |text: Option<String>| -> Vec<String> {
            let parts = text.unwrap_or_default();
            parts.split([';', ',', '\n']).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
        };
        let legacy = list(row.take("legacy_codes"))
            .into_iter()
            .map(|text| codes::parse(&text, &self.rulebook.schemes).map_or(text, |code| code.canonical));
        Some(CodeRecord {
            raw: code.raw,
            part: row.take("part"),
            zone_ids: list(row.take("zone_ids")),
            area_name: row.take("area_name"),
            address: row.take("address"),
            unit: row.take("unit"),
            crop: row.take("crop"),
            variety: row.take("variety"),
            market,
            status_history: vec![StatusStep {
                status,
                since: since.or_else(|| issued.clone().filter(|_| status == CodeStatus::Active)),
                reason,
            }],
            issued,
            valid_from: row.date("valid_from"),
            valid_to: row.date("valid_to"),
            standard: row.take("standard"),
            standard_no: row.take("standard_no"),
            standard_until: row.date("standard_until"),
            authority: row.take("authority"),
            decision: row.take("decision"),
            last_inspection: row.date("last_inspection"),
            next_inspection: row.date("next_inspection"),
            declared_area_m2: declared_m2.or(declared_ha.map(|ha| (ha * 1e5).round() / 10.0)),
            yield_t_ha: row.number("yield_t_ha"),
            harvests: row.number("harvests"),
            households: row.number("households").map(|n| n as u32),
            legacy_codes: legacy.collect(),
            ..CodeRecord::new(&code.canonical, &code.scheme, status)
        })
    }

    /// A row without a status is of a code that was given out; a word that is none sets the row aside.
    fn status(&self, row: &mut Row<'_>) -> Option<CodeStatus> {
        let Some(text) = row.take("status") else { return Some(CodeStatus::Active) };
        let key: String = fold(&text).split_whitespace().collect::<Vec<_>>().join(" ");
        let called: [(CodeStatus, &[&str]); 4] = [
            (
                CodeStatus::Active,
                &["active", "dang hoat dong", "hoat dong", "con hieu luc", "hieu luc", "da cap", "duy tri", "da phe duyet"],
            ),
            (CodeStatus::Suspended, &["suspended", "tam dung", "tam ngung", "tam dinh chi", "dinh chi"]),
            (CodeStatus::Revoked, &["revoked", "thu hoi", "da thu hoi", "bi thu hoi", "huy", "da huy"]),
            (CodeStatus::Pending, &["pending", "cho duyet", "cho cap", "dang xu ly", "chua cap", "cho phe duyet"]),
        ];
        let found = called.iter().find(|(_, words)| words.contains(&key.as_str())).map(|(status, _)| *status);
        if found.is_none() {
            let shown: String = text.chars().take(40).collect();
            row.note(
                "unknown_status",
                format!("“{shown}” không phải một trạng thái (đang hiệu lực, tạm dừng, thu hồi, đang chờ). Dòng được để lại"),
                format!("“{shown}” is no status; there are active, suspended, revoked, pending. The row was set aside"),
            );
        }
        found
    }

    /// Keys of markets; where the column is empty, the one in the code, else (of a grammar that says it) the domestic one.
    fn market(&self, code: &codes::AreaCode, row: &mut Row<'_>) -> Option<String> {
        let rules = &self.rulebook.codes;
        let scheme = self.rulebook.schemes.get(&code.scheme);
        let in_code =
            scheme.and_then(|scheme| code.parts.iter().find(|(name, _)| scheme.markets.contains(name))).map(|(_, value)| value.as_str());
        let key = |text: &str| match rules.markets_in(text) {
            Ok(found) if !found.is_empty() => Ok(found.iter().map(|market| market.key.clone()).collect::<Vec<_>>().join(", ")),
            Ok(_) => Err(text.to_owned()),
            Err(part) => Err(part),
        };
        let said = match row.take("market").map(|text| key(&text).map_err(|part| (part, text))) {
            Some(Err((part, text))) => {
                row.note(
                    "unknown_market",
                    format!("Không biết thị trường “{part}”; giữ như đã ghi"),
                    format!("“{part}” is no market that is known; it was kept as written"),
                );
                return Some(text);
            }
            Some(Ok(key)) => Some(key),
            None => None,
        };
        let coded = in_code.map(|text| key(text).unwrap_or_else(|text| text));
        if let (Some(said), Some(coded)) = (&said, &coded)
            && !said.split(", ").any(|market| market == coded)
        {
            row.note(
                "other_market",
                format!("Cột ghi {said}, còn trong mã là {coded}; lấy theo cột"),
                format!("the column says {said}, the code itself {coded}; the column was taken"),
            );
        }
        let domestic = || scheme.is_some_and(|scheme| !scheme.markets.is_empty()).then(|| "VN".to_owned());
        said.or(coded).or_else(domestic)
    }
}

/// Tells parts of one code apart, and sets aside what is there twice.
fn number_parts(rows: &mut [ReadRow]) {
    let mut by_code: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (n, row) in rows.iter().enumerate() {
        if let Some(record) = &row.record {
            by_code.entry(record.code.clone()).or_default().push(n);
        }
    }
    for (code, places) in by_code.into_iter().filter(|(_, places)| places.len() > 1) {
        let mut taken: Vec<(Option<String>, usize)> = Vec::new();
        let mut used: HashSet<String> = places.iter().filter_map(|n| rows[*n].record.as_ref()?.part.clone()).collect();
        let mut next = 1;
        for n in places {
            let Some(record) = &rows[n].record else { continue };
            let twin = taken.iter().find(|(part, other)| match (&record.part, part) {
                (Some(a), Some(b)) => a == b,
                (None, None) => !rows[*other].record.as_ref().is_some_and(|other| is_other_land(record, other)),
                _ => false,
            });
            if let Some((_, first)) = twin {
                let (number, first) = (rows[n].number, rows[*first].number);
                let message = format!("{code} is in row {first} already, with the same part and land; this row was set aside");
                let vi = format!("{code} đã có ở dòng {first}, cùng phần và cùng đất; dòng này được để lại");
                rows[n].issues.push(Issue::new("duplicate_code", Some(&number.to_string()), message).in_vietnamese(vi));
                rows[n].record = None;
                continue;
            }
            taken.push((record.part.clone(), n));
        }
        let unnamed: Vec<usize> = taken.iter().filter(|(part, _)| part.is_none()).map(|(_, n)| *n).collect();
        for n in unnamed.iter().filter(|_| taken.len() > 1) {
            while used.contains(&next.to_string()) {
                next += 1;
            }
            used.insert(next.to_string());
            if let Some(record) = &mut rows[*n].record {
                record.part = Some(next.to_string());
            }
        }
    }
}

/// Whether two rows of one code are of two pieces of land.
fn is_other_land(a: &CodeRecord, b: &CodeRecord) -> bool {
    (!a.shape.0.is_empty() && !b.shape.0.is_empty() && a.shape != b.shape)
        || (!a.zone_ids.is_empty() && !b.zone_ids.is_empty() && a.zone_ids != b.zone_ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<ReadRow> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("register.csv");
        std::fs::write(&path, text).unwrap();
        let fields = Mapping::new();
        let reading = Reading {
            path: &path,
            layer: None,
            fields: &fields,
            keep: &[],
            crs: None,
            operation: None,
            encoding: None,
            target: EpsgCode::HANOI,
        };
        read(&reading, &Rulebook::load(None).unwrap(), &mut |_, _, _| {}).unwrap().rows
    }

    fn codes_of(row: &ReadRow) -> Vec<&str> {
        row.issues.iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn a_register_with_titles_dirt_and_doubles_is_read_row_by_row() {
        let long = "V".repeat(10_000);
        let read = rows(&format!(
            "DANH SÁCH MÃ SỐ VÙNG TRỒNG,,,,,,\nnăm 2025,,,,,,\nTT,Mã số vùng trồng,Diện tích (ha),Thị trường,Trạng thái,Ngày cấp,zone_ids\n\
             1,vn hnor 0001,\"12,5\",Trung Quốc,Đang hoạt động,31/12/2024,\n\
             2,VN–HNOR–0001,12,CHN,active,2024-12-31,\n\
             3,VN-HN0R-0002,1,CHN,active,,\n\
             4,{long},1,CHN,active,,\n\
             5,,1,CHN,active,,\n\
             6,VN-HNOR-0003,x,Sao Hỏa,active,45657,\n\
             7,VN-HNOR-0004,1,CHN,lơ lửng,soon,\n\
             8,VN-HNOR-0005,1,CHN,thu hồi,soon,Z1\n\
             9,VN-HNOR-0005,1,CHN,thu hồi,2024,Z2\n\
             10,01-PUC-RAU01-000001,1,,,,\n\
             11,01-PUC-RAU01-000002-CHN,1,USA,,,\n"
        ));
        let told: Vec<String> =
            read.iter().map(|row| format!("{} {} {}", row.number, row.record.is_some(), codes_of(row).join(","))).collect();
        assert_eq!(
            told,
            [
                "4 true ",
                "5 false duplicate_code",
                "6 false malformed_code",
                "7 false malformed_code",
                "8 false missing_code",
                "9 true unknown_market,date_as_number,not_a_number",
                "10 false unknown_status",
                "11 true bad_date",
                "12 true ",
                "13 true ",
                "14 true other_market"
            ]
        );
        let first = read[0].record.as_ref().unwrap();
        assert_eq!((first.code.as_str(), first.raw.as_str(), first.declared_area_m2), ("VN-HNOR-0001", "vn hnor 0001", Some(125_000.0)));
        assert_eq!((first.market.as_deref(), first.issued.as_deref(), first.part.as_deref()), (Some("CHN"), Some("2024-12-31"), None));
        assert_eq!(read[5].record.as_ref().unwrap().issued.as_deref(), Some("2024-12-31"));
        let parts: Vec<_> = read[7..9].iter().map(|row| row.record.as_ref().unwrap().part.clone().unwrap()).collect();
        assert_eq!(parts, ["1", "2"], "two pieces of land of one code");
        assert_eq!(
            read[9].record.as_ref().unwrap().market.as_deref(),
            Some("VN"),
            "a grammar that names markets says domestic by naming none"
        );
        assert!(read[3].code.chars().count() == 80 && read[3].issues[0].message.len() < 400, "what is told of it is short");
    }

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
