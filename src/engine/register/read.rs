//! A register's file as records: each row becomes one, or is set aside and told why.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::columns::{self, Mapping};
use super::record::Maker;
use crate::crs::Mistake;
use crate::engine::mistakes::Suspects;
use crate::engine::{EngineError, Progress, Rulebook};
use crate::formats::{self, Doubles, FormatError, Request, Sheet, SheetRow};
use crate::model::{CodeHolder, CodeRecord, EpsgCode, Issue, LayerRole, MultiPolygon};

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
    pub correct: Option<Mistake>,
    pub target: EpsgCode,
    /// Of a file that somebody sent: how large it may be when it is unpacked.
    pub most_unpacked_mib: Option<u64>,
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
    /// Columns in which something stands that cannot be read: they say nothing.
    pub unread: Vec<&'static str>,
    /// Whether a cell of its own says the status, since when, which part.
    pub has_status: bool,
    pub has_since: bool,
    pub is_part_named: bool,
    pub issues: Vec<Issue>,
}

/// A file that was read.
#[derive(Default)]
pub(super) struct ReadFile {
    pub layer: String,
    pub driver: String,
    pub columns: Vec<String>,
    /// Ours = theirs, of what is taken.
    pub mapping: Mapping,
    pub rows: Vec<ReadRow>,
    /// About the file as a whole.
    pub issues: Vec<Issue>,
    /// The source's CRS, and what led from it to ours; none for a table.
    pub crs: Option<(String, Option<String>)>,
    pub n_repaired: u64,
    pub area_before_m2: f64,
    pub is_simulated: bool,
    /// What may have gone wrong with its coordinates; none of a table, or when a correction was asked for.
    pub suspects: Option<Suspects>,
}

/// The header stands in one of the first rows.
const HEADER_WITHIN: usize = 40;
/// The column by which an export says that its rows are made up.
const SIMULATED: &str = "simulated";

/// Reads a file.
pub(super) fn read(reading: &Reading, rulebook: &Rulebook, progress: Progress) -> Result<ReadFile, EngineError> {
    progress("reading", 0, 0);
    let sheet = formats::is_sheet(reading.path).then(|| formats::read_sheet(reading.path, reading.layer, reading.encoding)).transpose()?;
    let is_workbook = reading.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx") || e.eq_ignore_ascii_case("xlsm"));
    let has_land = |sheet: &Sheet| (!is_workbook && has_shapes(&sheet.rows)) || formats::holds_vertices(sheet);
    let mut file = match sheet.filter(|sheet| !has_land(sheet)) {
        Some(sheet) => read_sheet(reading, sheet, rulebook, progress)?,
        None => read_shapes(reading, rulebook, progress)?,
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

fn read_sheet(reading: &Reading, sheet: Sheet, rulebook: &Rulebook, progress: Progress) -> Result<ReadFile, EngineError> {
    if let Some(mistake) = reading.correct {
        let message = format!("{}: --correct {mistake} is for land, and this table has none: leave it out", reading.path.display());
        return Err(EngineError::usage(message));
    }
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
        issues: [sheet.issues, about_area(is_guessed)].concat(),
        ..ReadFile::default()
    };
    let n_rows = sheet.rows.len() as u64;
    let maker = Maker { rulebook, mapping: file.mapping.clone() };
    for (n, row) in sheet.rows.into_iter().enumerate().skip(header + 1) {
        let cell = |at: &Option<usize>| at.and_then(|at| row.cells.get(at)?.clone());
        let values = places.iter().map(cell).collect();
        let decimals = ours.iter().zip(&places).filter(|(_, at)| at.is_some_and(|at| row.decimals.contains(&at)));
        let decimals = Some(decimals.map(|(our, _)| *our).collect());
        file.is_simulated |= cell(&simulated).is_some_and(|text| is_yes(&text));
        let kept = kept.iter().map(cell).collect();
        file.rows.push(maker.row(row.number, values, kept, MultiPolygon::new(Vec::new()), row.issues, decimals));
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
        if !theirs.is_empty() && !has(theirs) {
            return Err(lacks(our, theirs, format!("--field {our}=COLUMN")));
        }
    }
    reading.keep.iter().find(|name| !has(name)).map_or(Ok(()), |name| Err(lacks(name, name, "--keep".to_owned())))
}

fn read_shapes(reading: &Reading, rulebook: &Rulebook, progress: Progress) -> Result<ReadFile, EngineError> {
    if let Some(most_mib) = reading.most_unpacked_mib {
        formats::check_sent(reading.path, most_mib)?;
    }
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
            correct: reading.correct,
        })
    };
    let named: Mapping = reading.fields.iter().filter(|(_, theirs)| !theirs.is_empty()).map(|(a, b)| (a.clone(), b.clone())).collect();
    let existing = match open(&named) {
        Ok(source) => source.columns,
        Err(FormatError::MissingColumn { existing, .. }) => existing,
        Err(error) => return Err(error.into()),
    };
    check_fields(reading, &existing)?;
    let named: Vec<Option<String>> = existing.iter().cloned().map(Some).collect();
    let (mut mapping, is_guessed) = columns::mapping(&named, reading.fields);
    if !mapping.contains_key("code") && !reading.fields.contains_key("code") {
        // A placemark of a KML is named by its code.
        let name = existing.iter().find(|column| column.eq_ignore_ascii_case("name")).ok_or_else(|| missing(reading, &existing))?;
        mapping.retain(|_, theirs| theirs != name);
        mapping.insert("code".to_owned(), name.clone());
    }
    if !mapping.contains_key("code") {
        return Err(missing(reading, &existing));
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
        suspects: reading.correct.is_none().then(|| Suspects::of(&source)),
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
        file.rows.push(maker.row(n_read, feature.values, feature.kept, feature.shape.into_polygons(), record.issues, None));
        if n_read.is_multiple_of(512) {
            progress("reading", n_read, total);
        }
        Ok(())
    })?;
    Ok(file)
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
        let mut contrary: HashSet<usize> = HashSet::new();
        for n in places {
            let Some(record) = &rows[n].record else { continue };
            let twin = taken.iter().find(|(part, other)| match (&record.part, part) {
                (Some(a), Some(b)) => a == b,
                (None, None) => !rows[*other].record.as_ref().is_some_and(|other| is_other_land(record, other)),
                _ => false,
            });
            if let Some(place) = twin.map(|(_, first)| *first) {
                let is_other = |one: &CodeRecord| rows[place].record.as_ref().is_some_and(|first| first.status != one.status);
                let is_contrary = rows[n].has_status && rows[place].has_status && is_other(record);
                let (number, first) = (rows[n].number, rows[place].number);
                rows[n].record = None;
                if is_contrary {
                    // Which of two that say otherwise is right, nobody can tell.
                    let message =
                        |other: u64| format!("{code} has another status in row {other}; both rows were set aside: let one of them stay");
                    let vi =
                        |other: u64| format!("{code} có trạng thái khác ở dòng {other}; cả hai dòng được để lại: hãy chỉ giữ một dòng");
                    for (at, number, other) in [(n, number, first), (place, first, number)] {
                        rows[at].record = None;
                        rows[at]
                            .issues
                            .push(Issue::new("contrary_status", Some(&number.to_string()), message(other)).in_vietnamese(vi(other)));
                    }
                    contrary.insert(place);
                } else if contrary.contains(&place) {
                    let message = format!("{code} is in rows that say otherwise of its status (row {first}); this row was set aside too");
                    let vi = format!("{code} có ở những dòng ghi trạng thái khác nhau (dòng {first}); dòng này cũng được để lại");
                    rows[n].issues.push(Issue::new("contrary_status", Some(&number.to_string()), message).in_vietnamese(vi));
                } else {
                    let message = format!("{code} is in row {first} already, with the same part and land; this row was set aside");
                    let vi = format!("{code} đã có ở dòng {first}, cùng phần và cùng đất; dòng này được để lại");
                    rows[n].issues.push(Issue::new("duplicate_code", Some(&number.to_string()), message).in_vietnamese(vi));
                }
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
            correct: None,
            target: EpsgCode::HANOI,
            most_unpacked_mib: None,
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
    fn thousands_of_square_metres_and_households_are_thousands_and_of_hectares_doubtful() {
        let read = rows(
            "code,declared_area_m2,households,yield_t_ha\nVN-HNOR-0001,12.500,1.200,12.500\nVN-HNOR-0002,\"1.250.000\",12,\"12,5\"\n\
             VN-HNOR-0003,0.500,,\nVN-HNOR-0004,12.50,,\n",
        );
        let told = |n: usize| {
            let record = read[n].record.as_ref().unwrap();
            (record.declared_area_m2, record.households, codes_of(&read[n]))
        };
        assert_eq!(told(0), (Some(12_500.0), Some(1_200), vec!["ambiguous_number"]));
        assert_eq!(told(1), (Some(1_250_000.0), Some(12), vec![]));
        assert_eq!((told(2).0, told(3).0), (Some(0.5), Some(12.5)));
        let hectares = rows("code,Diện tích (ha)\nVN-HNOR-0001,12.500\n");
        assert_eq!(
            (hectares[0].record.as_ref().unwrap().declared_area_m2, codes_of(&hectares[0])),
            (Some(125_000.0), vec!["ambiguous_number"])
        );
    }

    #[test]
    fn rows_that_say_otherwise_of_a_status_are_both_set_aside_and_a_long_list_of_farmers_stays() {
        let read = rows(&format!(
            "code,status,farmers\nVN-HNOR-0001,active,\nVN-HNOR-0001,thu hồi,\nVN-HNOR-0001,active,\nVN-HNOR-0002,active,{}\nVN-HNOR-0002,active,\n",
            "An Bình ".repeat(1_000)
        ));
        let told: Vec<String> = read.iter().map(|row| format!("{} {}", row.record.is_some(), codes_of(row).join(","))).collect();
        assert_eq!(told, ["false contrary_status", "false contrary_status", "false contrary_status", "true ", "false duplicate_code"]);
        assert_eq!(read[3].holder.farmers.as_ref().map(|text| text.chars().count()), Some(7_999));
    }

    #[test]
    fn a_code_that_is_younger_or_older_than_its_grammar_is_told() {
        let read = rows(
            "code,issued\nVN-HNOR-0001,2026-01-01\nVN-HNOR-0002,2025-12-31\nVN-HNOR-0003,2017\n01-PUC-RAU01-000001,2024-05-05\nVN-HNOR-0004,\n",
        );
        let told: Vec<_> = read.iter().map(|row| (row.record.is_some(), codes_of(row).join(","))).collect();
        let other = || (true, "other_time".to_owned());
        assert_eq!(told, [other(), (true, String::new()), other(), other(), (true, String::new())]);
    }

    #[test]
    fn a_date_with_more_beside_it_is_told_and_kept_as_written() {
        let read = rows("code,valid_to,issued\nVN-HNOR-0001,30/6/2024 31/12/2029,2024-06-30 00:00:00\n");
        let record = read[0].record.as_ref().unwrap();
        assert_eq!((record.valid_to.as_deref(), record.issued.as_deref()), (Some("30/6/2024 31/12/2029"), Some("2024-06-30")));
        assert_eq!(codes_of(&read[0]), ["bad_date"]);
    }
}
