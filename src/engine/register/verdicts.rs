//! Codes that somebody asks about: one with its evidence, or thousands without.

use rayon::prelude::*;

use crate::codes::{self, Absent, AreaCode, Asked, Case, Check, Day, Malformed, Reason};
use crate::engine::{EngineError, Snapshot};
use crate::model::{CodeRecord, CodeStatus, MultiPolygon, Text, Verdict};

use super::place::Fix;

/// How codes are asked about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CheckAsk {
    /// By key or by name; none: any.
    pub market: Option<String>,
    /// None: today.
    pub date: Option<Day>,
    /// Tonnes delivered under the code within a year.
    pub shipped_t: Option<f64>,
}

/// The same, understood.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckTerms {
    pub date: Day,
    pub market: Option<String>,
    pub shipped_t: Option<f64>,
}

/// What came of one code.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Of the file that it stands in.
    pub row: Option<u64>,
    /// As it was typed.
    pub asked: String,
    /// The one way to write it; none for what is no code.
    pub code: Option<String>,
    pub verdict: Verdict,
    pub market: Option<String>,
    pub status: Option<CodeStatus>,
    pub zone_ids: Vec<String>,
    /// Code and name of the unit that holds most of it, else as the register states it.
    pub unit: Option<(Option<String>, String)>,
    pub area_name: Option<String>,
    pub crop: Option<String>,
    pub declared_area_m2: Option<f64>,
    pub measured_area_m2: Option<f64>,
    pub did_you_mean: Vec<String>,
    pub reasons: Vec<Reason>,
    /// Beside the reasons, workspace CRS; empty when many were asked for.
    pub evidence: Vec<Option<MultiPolygon>>,
    /// Where a place lies to the code's land.
    pub fix: Option<Fix>,
}

/// So many codes are judged at once.
pub(super) const MOST_CODES: usize = 10_000;
/// Of a text that is no code so much is told again.
const MOST_TOLD: usize = 200;

impl Snapshot {
    /// What is asked, with the market's key and the day.
    pub fn check_terms(&self, ask: &CheckAsk) -> Result<CheckTerms, EngineError> {
        let rules = &self.rulebook.codes;
        let market =
            ask.market.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(|text| match rules.markets_in(text).as_deref() {
                Ok([one]) => Ok(one.key.clone()),
                _ => {
                    let known: Vec<&str> = rules.markets.iter().map(|market| market.key.as_str()).collect();
                    let shown: String = text.chars().take(40).collect();
                    Err(EngineError::not_found(format!("no market “{shown}”; there are {}", known.join(", "))))
                }
            });
        if ask.shipped_t.is_some_and(|t| !(t.is_finite() && t >= 0.0)) {
            return Err(EngineError::usage("the shipped tonnage is a number, 0 or more"));
        }
        let date = ask.date.map_or_else(|| super::today(&self.rulebook), Ok)?;
        Ok(CheckTerms { date, market: market.transpose()?, shipped_t: ask.shipped_t })
    }

    /// Judges codes as they were typed, each on its own; at most ten thousand.
    pub fn check_codes(&self, typed: &[String], ask: &CheckAsk) -> Result<Vec<Checked>, EngineError> {
        if typed.len() > MOST_CODES {
            let message = format!("{} codes at once are too many: at most {MOST_CODES}; send them in parts", typed.len());
            return Err(EngineError::usage(message));
        }
        let terms = self.check_terms(ask)?;
        self.expect_checks()?;
        typed.par_iter().map(|text| self.check(text, &terms)).collect()
    }

    /// Judges one code, with the land that shows each finding.
    pub fn check_code(&self, typed: &str, ask: &CheckAsk) -> Result<Checked, EngineError> {
        let mut checked = self.check(typed, &self.check_terms(ask)?)?;
        checked.evidence = self.evidence(&checked)?;
        Ok(checked)
    }

    pub(super) fn check(&self, typed: &str, terms: &CheckTerms) -> Result<Checked, EngineError> {
        self.check_read(typed, codes::parse(typed, &self.rulebook.schemes), terms)
    }

    /// Judges a text that was read as a code, or is none.
    pub(super) fn check_read(&self, typed: &str, read: Result<AreaCode, Malformed>, terms: &CheckTerms) -> Result<Checked, EngineError> {
        let rules = &self.rulebook.codes;
        let code = match read {
            Ok(code) => code,
            Err(malformed) => {
                let mut advised = self.advised(typed, terms);
                let told = malformed
                    .did_you_mean
                    .as_deref()
                    .and_then(|code| self.codes.place(code))
                    .filter(|e| self.codes.is_live(*e, terms.date));
                if let Some(code) = told.map(|entry| self.codes.entries[entry].code.clone()).filter(|code| !advised.contains(code)) {
                    advised.insert(0, code);
                }
                return Ok(undecorated(typed, None, codes::judge_malformed(&malformed, typed, rules), advised));
            }
        };
        if let Some(entry) = self.codes.place(&code.canonical) {
            return self.check_entry(entry, typed, terms);
        }
        let bearing = self.code_lands().bearing(&code.canonical);
        let has_register = !self.codes.records.is_empty();
        let reasons = codes::judge_absent(&Absent { code: &code, has_register, n_zones_bearing: bearing.len() }, rules);
        let mut checked = undecorated(typed, Some(code.canonical.clone()), reasons, self.advised(&code.canonical, terms));
        checked.zone_ids = bearing.iter().map(|zone| self.zones.list[*zone].zone.id.clone()).collect();
        if let Some(view) = bearing.first().map(|zone| &self.zones.list[*zone]) {
            checked.unit =
                self.unit_of(view).map(|u| (Some(u.unit.code.clone()), u.unit.full_name.clone().unwrap_or_else(|| u.unit.name.clone())));
            checked.area_name = view.zone.name.as_deref().map(str::to_owned);
            checked.crop = view.zone.crop.as_deref().map(str::to_owned);
            checked.declared_area_m2 = view.zone.declared_area_m2;
            checked.measured_area_m2 = (bearing.len() == 1).then_some(view.area_m2);
        }
        Ok(checked)
    }

    /// Judges a code of the register.
    pub(super) fn check_entry(&self, entry: usize, typed: &str, terms: &CheckTerms) -> Result<Checked, EngineError> {
        let parts: Vec<&CodeRecord> = self.codes.parts(entry);
        let land = self.measured(entry)?;
        let lands = self.code_lands();
        let code = &self.codes.entries[entry].code;
        let stated_units: Vec<Option<(&str, &str)>> = self.stated_units(entry);
        let case = Case {
            records: &parts,
            land,
            stated_units: &stated_units,
            has_units: !self.units.is_empty(),
            is_rival: &|other| self.are_rivals(entry, other, terms.date),
            n_zones_bearing: lands.bearing(code).len(),
            name_of_kind: &|key| {
                let unknown = || Text { vi: key.to_owned(), en: key.to_owned() };
                self.rulebook.kinds.get(key).map_or_else(unknown, |kind| kind.name.clone())
            },
        };
        let asked = Asked { date: terms.date, market: terms.market.as_deref(), shipped_t: terms.shipped_t };
        let reasons = codes::judge(&case, &asked, &self.rulebook.codes);
        let real = land.and_then(|land| land.units.as_ref()?.first()).map(|unit| (Some(unit.code.clone()), unit.name.clone()));
        let stated = || parts.iter().find_map(|record| record.unit.clone()).map(|unit| (None, unit));
        let first = |of: fn(&CodeRecord) -> &Option<String>| parts.iter().find_map(|record| of(record).clone());
        Ok(Checked {
            verdict: codes::weigh(&reasons),
            market: first(|r| &r.market),
            status: parts.iter().map(|record| status_on(record, terms.date)).max_by_key(|status| status.gravity()),
            zone_ids: lands.ground.lands[entry].zones.iter().map(|zone| self.zones.list[*zone].zone.id.clone()).collect(),
            unit: real.or_else(stated),
            area_name: first(|r| &r.area_name),
            crop: first(|r| &r.crop),
            declared_area_m2: codes::declared_m2(&parts, land.map(|land| land.area_m2)),
            measured_area_m2: land.map(|land| land.area_m2),
            ..undecorated(typed, Some(code.clone()), reasons, Vec::new())
        })
    }

    fn advised(&self, typed: &str, terms: &CheckTerms) -> Vec<String> {
        self.codes.near(typed, terms.date).into_iter().map(str::to_owned).collect()
    }
}

/// As the code stood on the day asked; as the register has it where that is not known.
fn status_on(record: &CodeRecord, date: Day) -> CodeStatus {
    match codes::standing(record, date) {
        codes::Standing::Known(status, _) => status,
        codes::Standing::Before(_) => CodeStatus::Pending,
        codes::Standing::Unknown(..) => record.status,
    }
}

fn undecorated(typed: &str, code: Option<String>, reasons: Vec<Reason>, did_you_mean: Vec<String>) -> Checked {
    Checked {
        row: None,
        asked: typed.chars().take(MOST_TOLD).collect(),
        code,
        verdict: codes::weigh(&reasons),
        market: None,
        status: None,
        zone_ids: Vec::new(),
        unit: None,
        area_name: None,
        crop: None,
        declared_area_m2: None,
        measured_area_m2: None,
        did_you_mean,
        reasons,
        evidence: Vec::new(),
        fix: None,
    }
}

impl Checked {
    /// Whether a check found something.
    pub fn has(&self, check: Check) -> bool {
        self.reasons.iter().any(|reason| reason.check == check)
    }
}
