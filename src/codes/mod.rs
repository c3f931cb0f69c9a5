//! Farming area codes: how they are written, what the register says of them, and what is wrong with them.
//!
//! `grammar` reads a code, `rules` the dated data of `zones/codes/`, `register` finds records and advises on typing mistakes,
//! `check` judges a code by its records and by what is known of its land, `partners` says who is behind which zone. Pure: what was
//! measured is handed in.
//! Invariant: a code that equals no live code of the register is never valid.

mod absent;
mod check;
mod day;
mod grammar;
mod land;
mod partners;
mod register;
mod rules;
mod status;
mod suggest;
mod words;

pub use absent::{Absent, judge_absent, judge_malformed};
pub use check::{Asked, Case, Check, Reason, Rule, Shown, declared_m2, is_old_number, judge, weigh};
pub use day::{Day, date};
pub use grammar::{AreaCode, Malformed, Parts, Scheme, Schemes, is_code, parse, read};
pub use land::{InUnit, Land, Lost, Overlap, Used};
pub use partners::{LinkedBy, PartnerLinks, PartnerRef, PartnerTables, Unlinked, ZonePapers};
pub use register::{Entry, Register};
pub use rules::{CodeRules, Crop, Market, RuleTexts, Thresholds};
pub use status::{Standing, standing};
pub use words::{hectares, number};

#[cfg(test)]
mod tests;
