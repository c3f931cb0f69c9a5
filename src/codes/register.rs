//! The register as it is asked: the records of a code, whether it is live, which codes a mistyped one may mean.

use std::collections::BTreeMap;

use super::suggest::Suggestions;
use super::{CodeRules, Day, status};
use crate::model::CodeRecord;

/// One code with its parts, as places in `Register::records`.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub code: String,
    pub records: Vec<usize>,
}

#[derive(Debug, Clone, Default)]
pub struct Register {
    pub records: Vec<CodeRecord>,
    /// By code.
    pub entries: Vec<Entry>,
    by_code: BTreeMap<String, usize>,
    /// Entries by a number that the code bore before.
    by_legacy: BTreeMap<String, Vec<usize>>,
    suggestions: Suggestions,
}

impl Register {
    pub fn new(records: Vec<CodeRecord>) -> Register {
        let mut by_code: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (n, record) in records.iter().enumerate() {
            by_code.entry(record.code.clone()).or_default().push(n);
        }
        let entries: Vec<Entry> = by_code.into_iter().map(|(code, records)| Entry { code, records }).collect();
        let suggestions = Suggestions::new(entries.iter().map(|entry| entry.code.as_str()));
        let by_code = entries.iter().enumerate().map(|(n, entry)| (entry.code.clone(), n)).collect();
        let mut by_legacy: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (n, entry) in entries.iter().enumerate() {
            for legacy in entry.records.iter().filter_map(|r| records.get(*r)).flat_map(|r| &r.legacy_codes) {
                by_legacy.entry(legacy.clone()).or_default().push(n);
            }
        }
        Register { records, entries, by_code, by_legacy, suggestions }
    }

    /// The place of a code among the entries.
    pub fn place(&self, canonical: &str) -> Option<usize> {
        self.by_code.get(canonical).copied()
    }

    /// The parts of a code, in the register's order.
    pub fn parts(&self, entry: usize) -> Vec<&CodeRecord> {
        self.entries.get(entry).map(|e| e.records.iter().filter_map(|n| self.records.get(*n)).collect()).unwrap_or_default()
    }

    /// Whether any part of a code is in force on a day.
    pub fn is_live(&self, entry: usize, date: Day) -> bool {
        self.parts(entry).iter().any(|record| status::is_live(record, date))
    }

    /// Whether two codes are live on a day, for a market that both have, with the same crop.
    pub fn are_rivals(&self, a: usize, b: usize, date: Day, rules: &CodeRules) -> bool {
        let crop = |r: &CodeRecord| r.crop.as_deref().map(|text| rules.crop_of(text).map_or(text.to_lowercase(), |crop| crop.key.clone()));
        let live = |entry: usize| self.parts(entry).into_iter().filter(|r| status::is_live(r, date)).collect::<Vec<_>>();
        let (ours, theirs) = (live(a), live(b));
        let share_market = |x: &CodeRecord, y: &CodeRecord| match (x.markets().next(), y.markets().next()) {
            (None, None) => true,
            _ => x.markets().any(|market| y.markets().any(|other| other == market)),
        };
        ours.iter().any(|x| theirs.iter().any(|y| share_market(x, y) && crop(x) == crop(y)))
    }

    /// Live codes that a typed text may mean: those that bore it before, then the nearest.
    pub fn near(&self, typed: &str, date: Day) -> Vec<&str> {
        let live = |n: usize| self.entries.get(n).filter(|_| self.is_live(n, date)).map(|entry| entry.code.as_str());
        let mut found: Vec<&str> = self.by_legacy.get(typed).into_iter().flatten().filter_map(|n| live(*n)).collect();
        let near = self.suggestions.near(typed, live);
        found.extend(near.into_iter().filter(|code| !found.contains(code)).collect::<Vec<_>>());
        found
    }
}
