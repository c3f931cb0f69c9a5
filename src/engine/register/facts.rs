//! The register as JSON, in the shapes of `docs/api.md`.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::verdicts::{CheckAsk, CheckTerms, Checked, MOST_CODES};
use crate::codes::Reason;
use crate::engine::figures::{rounded_m2, rounded_share};
use crate::engine::{EngineError, Page, Snapshot};
use crate::legend::Words;
use crate::model::{CodeHolder, CodeRecord, CodeStatus, Text, Verdict};
use crate::store::{PrivateStore, private_path};

/// Which codes are listed; what is none is not asked for.
#[derive(Debug, Clone, Default)]
pub struct CodesAsk {
    /// In the code, the area's name, the address, the crop, an old number.
    pub text: Option<String>,
    pub statuses: Vec<CodeStatus>,
    /// By key or name.
    pub market: Option<String>,
    pub zone: Option<String>,
    /// A unit's code.
    pub unit: Option<String>,
    pub verdicts: Vec<Verdict>,
}

impl Snapshot {
    /// `GET /api/v1/codes/rules`: what a program needs that asks for codes: markets, and how codes are written.
    pub fn code_rules(&self) -> Value {
        let markets: Vec<Value> =
            self.rulebook.codes.markets.iter().map(|market| json!({ "key": market.key, "name": market.name })).collect();
        let grammar = |scheme: &crate::codes::Scheme| json!({ "id": scheme.id, "name": scheme.name, "pattern": scheme.pattern(), "examples": scheme.examples });
        let grammars: Vec<Value> = self.rulebook.schemes.schemes.iter().map(grammar).collect();
        json!({ "revision": self.revision, "markets": markets, "grammars": grammars })
    }

    /// `GET /api/v1/codes`: a page of the register's codes, by code; each record without what only officers read.
    pub fn codes_list(&self, ask: &CodesAsk, page: Page) -> Result<Value, EngineError> {
        let terms = self.check_terms(&CheckAsk { market: ask.market.clone(), ..CheckAsk::default() })?;
        let words = ask.text.as_deref().map(Words::new);
        self.code_lands();
        let mut taken: Vec<usize> =
            (0..self.codes.entries.len()).filter(|entry| self.may_take_code(*entry, ask, words.as_ref(), &terms)).collect();
        if ask.unit.is_some() || !ask.verdicts.is_empty() {
            self.expect_checks()?;
            let takes = |entry: usize| Ok::<_, EngineError>(self.takes_measured(entry, ask, &terms)?.then_some(entry));
            let found: Result<Vec<Option<usize>>, EngineError> = taken.into_par_iter().map(takes).collect();
            taken = found?.into_iter().flatten().collect();
        }
        let shown = taken.iter().skip(page.offset).take(page.limit);
        let rows: Result<Vec<Value>, EngineError> = shown.map(|entry| self.code_row(*entry, &terms)).collect();
        Ok(
            json!({ "revision": self.revision, "date": terms.date.to_string(), "n": taken.len(), "limit": page.limit, "offset": page.offset, "codes": rows? }),
        )
    }

    /// By what needs no measuring.
    fn may_take_code(&self, entry: usize, ask: &CodesAsk, words: Option<&Words>, terms: &CheckTerms) -> bool {
        let parts = self.codes.parts(entry);
        let lands = self.code_lands();
        let answers = |words: &Words| lands.sought(&self.codes, entry).iter().any(|text| words.found_in(text));
        (ask.statuses.is_empty() || parts.iter().any(|r| ask.statuses.contains(&r.status)))
            && terms.market.as_deref().is_none_or(|market| parts.iter().any(|r| r.markets().any(|m| m == market)))
            && words.is_none_or(answers)
            && ask.zone.as_deref().is_none_or(|id| self.zones.by_id(id).is_some_and(|zone| lands.entries_of_zone(zone).contains(&entry)))
    }

    /// By the unit and the verdict.
    fn takes_measured(&self, entry: usize, ask: &CodesAsk, terms: &CheckTerms) -> Result<bool, EngineError> {
        if let Some(unit) = &ask.unit {
            let real = self.measured(entry)?.and_then(|land| land.units.as_ref()?.first()).map(|unit| unit.code.as_str());
            let stated = || self.stated_units(entry).into_iter().flatten().next().map(|(code, _)| code);
            if real.or_else(stated) != Some(unit) {
                return Ok(false);
            }
        }
        if ask.verdicts.is_empty() {
            return Ok(true);
        }
        let code = &self.codes.entries[entry].code;
        // Which market a list is of says nothing of what is asked of each code.
        let verdict = self.check_entry(entry, code, &CheckTerms { market: None, ..terms.clone() })?.verdict;
        Ok(ask.verdicts.contains(&verdict))
    }

    fn code_row(&self, entry: usize, terms: &CheckTerms) -> Result<Value, EngineError> {
        let parts = self.codes.parts(entry);
        let Some(first) = parts.first() else { return Ok(Value::Null) };
        let checked = self.check_entry(entry, &first.code, &CheckTerms { market: None, ..terms.clone() })?;
        let mut facts = self.record_facts(first, parts.len(), &checked);
        facts.insert("verdict".to_owned(), json!(checked.verdict));
        facts.insert("etag".to_owned(), json!(self.code_etag(entry)));
        Ok(facts.into())
    }

    /// `GET /api/v1/codes/{code}`: every part of a code and what a check says of it; `reads_holders` for who may read who holds codes.
    pub fn code_card(&self, typed: &str, ask: &CheckAsk, reads_holders: bool) -> Result<Value, EngineError> {
        let checked = self.check_code(typed, ask)?;
        let entry = checked.code.as_deref().and_then(|code| self.codes.place(code));
        let Some(entry) = entry else {
            // A code that zones bear is told of, though no register has it.
            if checked.zone_ids.is_empty() {
                let shown: String = typed.chars().take(80).collect();
                let advice = if checked.did_you_mean.is_empty() {
                    String::new()
                } else {
                    format!("; did you mean {}?", checked.did_you_mean.join(" or "))
                };
                return Err(EngineError::not_found(format!("no code “{shown}” in the register{advice}")));
            }
            return Ok(json!({ "revision": self.revision, "code": checked.code, "records": [], "check": self.checked_facts(&checked)? }));
        };
        let holders = if reads_holders { self.holders(&self.codes.entries[entry].code)? } else { BTreeMap::new() };
        let parts = self.codes.parts(entry);
        let records: Vec<Value> = parts
            .iter()
            .map(|record| {
                let mut facts = self.record_facts(record, parts.len(), &checked);
                if reads_holders {
                    let holder = holders.get(record.part.as_deref().unwrap_or_default()).cloned().unwrap_or_default();
                    facts.insert("private".to_owned(), json!(holder));
                }
                facts.into()
            })
            .collect();
        let shape = &self.code_lands().ground.lands[entry].shape;
        let geometry = if shape.0.is_empty() { Value::Null } else { self.geometry(shape)? };
        Ok(json!({
            "revision": self.revision, "code": checked.code, "etag": self.code_etag(entry), "simulated": self.simulated(), "records": records,
            "geometry": geometry, "check": self.checked_facts(&checked)?,
        }))
    }

    /// Who holds a code, by part.
    fn holders(&self, code: &str) -> Result<BTreeMap<String, CodeHolder>, EngineError> {
        match PrivateStore::open(&private_path(&self.path))? {
            Some(store) => Ok(store.holders(code)?),
            None => Ok(BTreeMap::new()),
        }
    }

    /// Marks what the register says of a code: what a change of it rests on.
    pub(in crate::engine) fn code_etag(&self, entry: usize) -> String {
        etag_of(&self.codes.parts(entry))
    }

    fn record_facts(&self, record: &CodeRecord, n_parts: usize, checked: &Checked) -> Map<String, Value> {
        let r = record;
        let facts = json!({
            "code": r.code, "raw": r.raw, "scheme": r.scheme, "zone_ids": checked.zone_ids, "area_name": r.area_name, "address": r.address, "unit": r.unit,
            "crop": r.crop, "variety": r.variety, "market": r.market, "status": r.status, "status_history": r.status_history, "issued": r.issued,
            "valid_from": r.valid_from, "valid_to": r.valid_to, "standard": r.standard, "standard_no": r.standard_no, "standard_until": r.standard_until,
            "authority": r.authority, "decision": r.decision, "last_inspection": r.last_inspection, "next_inspection": r.next_inspection,
            "declared_area_m2": r.declared_area_m2.map(rounded_m2), "yield_t_ha": r.yield_t_ha, "harvests": r.harvests, "households": r.households,
            "legacy_codes": r.legacy_codes, "part": r.part, "n_parts": n_parts, "has_own_land": !r.shape.0.is_empty(),
        });
        match facts {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// Verdicts as they are sent: with the day and the revision that they are of.
    pub fn verdicts(&self, checked: &[Checked], terms: &CheckTerms) -> Result<Value, EngineError> {
        let results: Result<Vec<Value>, EngineError> = checked.iter().map(|one| self.checked_facts(one)).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        checked.iter().for_each(|one| *counts.entry(one.verdict.as_str()).or_default() += 1);
        Ok(json!({
            "revision": self.revision, "date": terms.date.to_string(), "market": terms.market, "simulated": self.simulated(), "n": checked.len(),
            "by_verdict": counts, "results": results?,
        }))
    }

    /// `POST /api/v1/codes/check` with a place.
    pub fn checks_at(&self, at: [f64; 2], accuracy_m: Option<f64>, ask: &CheckAsk) -> Result<Value, EngineError> {
        let terms = self.check_terms(ask)?;
        let checked = self.check_place(at, accuracy_m, ask)?;
        let mut facts = self.verdicts(&checked, &terms)?;
        facts["at"] = json!(at);
        Ok(facts)
    }

    /// One verdict.
    pub fn checked_facts(&self, checked: &Checked) -> Result<Value, EngineError> {
        let mut reasons = Vec::with_capacity(checked.reasons.len());
        for (n, reason) in checked.reasons.iter().enumerate() {
            let evidence = checked.evidence.get(n).and_then(Option::as_ref).map(|shape| self.geometry(shape)).transpose()?;
            reasons.push(reason_facts(reason, evidence));
        }
        let unit = checked.unit.as_ref().map(|(code, name)| json!({ "code": code, "name": name }));
        let mut facts = json!({
            "asked": checked.asked, "code": checked.code, "verdict": checked.verdict, "summary": summary(checked), "market": checked.market,
            "status": checked.status, "zone_id": checked.zone_ids.first(), "zone_ids": checked.zone_ids, "unit": unit, "area_name": checked.area_name,
            "crop": checked.crop, "declared_area_m2": checked.declared_area_m2.map(rounded_m2), "measured_area_m2": checked.measured_area_m2.map(rounded_m2),
            "did_you_mean": checked.did_you_mean, "reasons": reasons,
        });
        if let Some(row) = checked.row {
            facts["row"] = json!(row);
        }
        if let Some(fix) = checked.fix {
            facts["distance_m"] = json!((fix.distance_m * 10.0).round() / 10.0);
            facts["inside"] = json!(fix.is_inside);
            facts["within_accuracy"] = json!(fix.is_within_accuracy);
        }
        Ok(facts)
    }

    /// What a zone's card says of its codes: those of the register, and the one in the zone's own papers.
    pub(in crate::engine) fn codes_of_zone(&self, place: usize) -> Result<Value, EngineError> {
        let Ok(terms) = self.check_terms(&CheckAsk::default()) else { return Ok(json!([])) };
        let lands = self.code_lands();
        let row = |checked: &Checked| json!({ "code": checked.code.as_deref().unwrap_or(&checked.asked), "market": checked.market, "status": checked.status, "verdict": checked.verdict });
        let mut rows = Vec::new();
        for entry in lands.entries_of_zone(place).iter().take(MOST_OF_ZONE) {
            rows.push(row(&self.check_entry(*entry, &self.codes.entries[*entry].code, &terms)?));
        }
        if let Some(own) = self.zones.list[place].zone.code.as_deref() {
            let checked = self.check(own, &terms)?;
            let is_told = checked
                .code
                .as_deref()
                .and_then(|code| self.codes.place(code))
                .is_some_and(|entry| lands.entries_of_zone(place).contains(&entry));
            if !is_told {
                rows.push(row(&checked));
            }
        }
        Ok(rows.into())
    }

    /// At most so many codes are judged at once.
    pub const MOST_CODES: usize = MOST_CODES;
}

/// Of one zone's codes so many are told on its card.
const MOST_OF_ZONE: usize = 50;

/// A mark of records: 16 hexadecimal digits.
pub(super) fn etag_of(parts: &[&CodeRecord]) -> String {
    let mut hash = blake3::Hasher::new();
    for record in parts {
        hash.update(format!("{record:?}").as_bytes());
    }
    hash.finalize().to_hex()[..16].to_owned()
}

fn reason_facts(reason: &Reason, evidence: Option<Value>) -> Value {
    let figure = |name: &str, value: f64| if name.ends_with("share") { rounded_share(value) } else { rounded_m2(value) };
    let figures: Map<String, Value> =
        reason.figures.iter().map(|(name, value)| ((*name).to_owned(), json!(figure(name, *value)))).collect();
    json!({
        "check": reason.check, "verdict": reason.verdict, "message": reason.message, "figures": figures, "evidence": evidence, "rule": reason.rule,
    })
}

/// The verdict in words: what there is to say also of a code with nothing wrong.
pub(super) fn summary(checked: &Checked) -> Text {
    let heaviest = checked.reasons.iter().find(|reason| reason.verdict == checked.verdict);
    let n_open = checked.reasons.iter().filter(|reason| reason.verdict == Verdict::Unknown).count();
    match (checked.verdict, heaviest) {
        (Verdict::Valid, _) => {
            let (vi, en) = if n_open > 0 {
                (format!("; {n_open} kiểm tra chưa thực hiện được"), format!("; {n_open} checks could not be made"))
            } else {
                (String::new(), String::new())
            };
            Text {
                vi: format!("Có trong sổ đăng ký, còn hiệu lực, không thấy vấn đề{vi}"),
                en: format!("In the register, in force, nothing found against it{en}"),
            }
        }
        (_, Some(reason)) => reason.message.clone(),
        (_, None) => Text { vi: "Không kết luận được".to_owned(), en: "It cannot be decided".to_owned() },
    }
}

/// A verdict as a word for people.
pub(super) fn verdict_word(verdict: Verdict) -> Text {
    let (vi, en) = match verdict {
        Verdict::Valid => ("Hợp lệ", "valid"),
        Verdict::Warning => ("Cần xem lại", "warning"),
        Verdict::Invalid => ("Không hợp lệ", "invalid"),
        Verdict::Unknown => ("Không rõ", "unknown"),
    };
    Text { vi: vi.to_owned(), en: en.to_owned() }
}
