//! A row of a register's file as a record: its cells read one by one, and what is to be said of them.

use super::cells::Row;
use super::columns::Mapping;
use super::read::ReadRow;
use crate::codes::{self, Day};
use crate::engine::Rulebook;
use crate::formats;
use crate::legend::fold;
use crate::model::{CodeHolder, CodeRecord, CodeStatus, Issue, LayerRole, MultiPolygon, StatusStep};

/// A code has at most so many letters.
const MOST_LETTERS: usize = 80;

/// Makes records of rows.
pub(super) struct Maker<'a> {
    pub rulebook: &'a Rulebook,
    pub mapping: Mapping,
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
