//! A row of a register's file as a record: its cells read one by one, and what is to be said of them.

use std::collections::HashMap;

use super::columns::Mapping;
use super::read::ReadRow;
use crate::codes::{self, Day};
use crate::engine::Rulebook;
use crate::formats;
use crate::legend::fold;
use crate::model::{CodeHolder, CodeRecord, CodeStatus, Issue, LayerRole, MultiPolygon, StatusStep};

/// A code has at most so many letters, and a cell so many.
const MOST_LETTERS: usize = 80;
const MOST_CELL: usize = 4_000;
/// A list of farmers is as long as the cell of a spreadsheet can be.
const MOST_FARMERS: usize = 32_767;

/// Makes records of rows.
pub(super) struct Maker<'a> {
    pub rulebook: &'a Rulebook,
    pub mapping: Mapping,
}

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
struct Row<'a> {
    number: u64,
    mapping: &'a Mapping,
    /// Columns that the file itself says hold decimals; none where it cannot say.
    decimals: Option<Vec<&'static str>>,
    cells: HashMap<&'static str, String>,
    unread: Vec<&'static str>,
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

    fn thousands(&self, column: &str) -> Thousands {
        match &self.decimals {
            None => Thousands::Told,
            Some(decimals) if decimals.contains(&column) => Thousands::Never,
            Some(_) => Thousands::Meant,
        }
    }

    fn take(&mut self, column: &'static str) -> Option<String> {
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
    fn date(&mut self, column: &'static str) -> Option<String> {
        let text = self.take(column)?;
        if let Some(date) = codes::date(&text) {
            return Some(date.to_string());
        }
        // Days since 1899-12-30, as spreadsheets count them.
        if let Some(date) = text.parse::<u32>().ok().filter(|n| (20_000..80_000).contains(n)).and_then(date_of_serial) {
            let written = date.rsplit('-').collect::<Vec<_>>().join("/");
            let vi = format!("Ô “{}” là số {text}; đã đọc thành ngày {written}", self.theirs(column));
            self.note("date_as_number", vi, format!("{column} is the number {text}; it was read as {date}"));
            return Some(date);
        }
        let shown: String = text.chars().take(40).collect();
        let vi = format!("Ô “{}” ghi “{shown}”, không phải ngày (viết 30/6/2024 hoặc 2024-06-30); giữ như đã ghi", self.theirs(column));
        self.note(
            "bad_date",
            vi,
            format!("{column} “{shown}” is no date; write 2024-06-30 or, day first, 30/6/2024; it was kept as written"),
        );
        Some(text)
    }

    /// 0 or more; decimals by a point or a comma. What may as well be thousands is told.
    fn number(&mut self, column: &'static str) -> Option<f64> {
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
    fn whole_number(&mut self, column: &'static str) -> Option<f64> {
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

fn date_of_serial(days: u32) -> Option<String> {
    let date = time::Date::from_calendar_date(1899, time::Month::December, 30).ok()?.checked_add(time::Duration::days(i64::from(days)))?;
    Some(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
}

/// A size: 0 or more.
fn number_of(text: &str) -> Option<f64> {
    formats::number(text).filter(|n| *n >= 0.0 && *n < 1e12)
}

impl Maker<'_> {
    pub fn row(
        &self,
        number: u64,
        values: Vec<Option<String>>,
        kept: Vec<Option<String>>,
        shape: MultiPolygon,
        issues: Vec<Issue>,
        decimals: Option<Vec<&'static str>>,
    ) -> ReadRow {
        let ours = formats::columns::of(LayerRole::Codes).iter().copied();
        let cells = ours.zip(values).filter_map(|(our, value)| Some((our, value?))).collect();
        let mut row = Row { number, mapping: &self.mapping, decimals, cells, unread: Vec::new(), issues };
        let [has_status, has_since, is_part_named] = ["status", "status_since", "part"].map(|column| row.cells.contains_key(column));
        let written = row.cells.remove("code").unwrap_or_default();
        let holder = CodeHolder {
            holder: row.take("holder"),
            phone: row.take("phone"),
            identity_no: row.take("identity_no"),
            farmers: row.take("farmers"),
        };
        let record = self.record(&written, &mut row).map(|record| CodeRecord { kept, shape, ..record });
        let code = written.chars().take(MOST_LETTERS).collect();
        ReadRow { number, code, record, holder, unread: row.unread, has_status, has_since, is_part_named, issues: row.issues }
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
                let vi = format!("“{shown}” không đúng cấu trúc mã số nào{advice_vi} Dòng được để lại");
                row.note("malformed_code", vi, format!("{}{advice} The row was set aside", malformed.message));
                return None;
            }
        };
        let status = self.status(row)?;
        let (since, reason) = (row.date("status_since"), row.take("status_reason"));
        let market = self.market(&code, row);
        let issued = row.date("issued");
        self.tell_other_time(&code, issued.as_deref(), row);
        let declared_m2 = row.whole_number("declared_area_m2");
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
            households: row.whole_number("households").map(|n| n as u32),
            legacy_codes: legacy.collect(),
            ..CodeRecord::new(&code.canonical, &code.scheme, status)
        })
    }

    /// A code that was issued when codes of its grammar were not given out: one of both is wrong.
    fn tell_other_time(&self, code: &codes::AreaCode, issued: Option<&str>, row: &mut Row<'_>) {
        let Some((scheme, issued)) = self.rulebook.schemes.get(&code.scheme).zip(issued.and_then(codes::date)) else { return };
        let is_before = Day::last_of(issued) < Day::first_of(scheme.valid_from);
        let is_after = scheme.valid_to.is_some_and(|to| Day::first_of(issued) > Day::last_of(to));
        if is_before || is_after {
            let until = scheme.valid_to.map_or(String::new(), |to| format!(" until {to}"));
            let (from, name) = (scheme.valid_from, &scheme.name.en);
            let until_vi = scheme.valid_to.map_or(String::new(), |to| format!(" đến {to}"));
            let vi = format!("Cấp ngày {issued}; mã theo cấu trúc này ({}) chỉ được cấp từ {from}{until_vi}", scheme.name.vi);
            row.note("other_time", vi, format!("issued on {issued}; codes of its grammar ({name}) were given out from {from}{until}"));
        }
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
                let vi = format!("Không biết thị trường “{part}”; giữ như đã ghi");
                row.note("unknown_market", vi, format!("“{part}” is no market that is known; it was kept as written"));
                return Some(text);
            }
            Some(Ok(key)) => Some(key),
            None => None,
        };
        let coded = in_code.map(|text| key(text).unwrap_or_else(|text| text));
        if let (Some(said), Some(coded)) = (&said, &coded)
            && !said.split(", ").any(|market| market == coded)
        {
            let vi = format!("Cột ghi {said}, còn trong mã là {coded}; lấy theo cột");
            row.note("other_market", vi, format!("the column says {said}, the code itself {coded}; the column was taken"));
        }
        let domestic = || scheme.is_some_and(|scheme| !scheme.markets.is_empty()).then(|| "VN".to_owned());
        said.or(coded).or_else(domestic)
    }
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
