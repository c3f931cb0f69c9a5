//! What is said of a code that is not in the register, or is none.

use super::check::{Check, Reason, shortened};
use super::words::say;
use super::{AreaCode, CodeRules, Malformed};
use crate::model::Verdict;

/// A code that a grammar takes and the register does not have.
#[derive(Debug, Clone, Copy)]
pub struct Absent<'a> {
    pub code: &'a AreaCode,
    pub has_register: bool,
    /// Zones that bear the code in their own papers.
    pub n_zones_bearing: usize,
}

/// That no grammar takes a text.
pub fn judge_malformed(malformed: &Malformed, typed: &str, rules: &CodeRules) -> Vec<Reason> {
    let shown = shortened(typed.trim());
    vec![rules.reason(Check::Malformed, say(format!("“{shown}” không đúng cấu trúc mã số vùng trồng nào"), malformed.message.clone()))]
}

/// Never valid: it is not in the register.
pub fn judge_absent(absent: &Absent, rules: &CodeRules) -> Vec<Reason> {
    let n_zones = absent.n_zones_bearing;
    let code = &absent.code.canonical;
    let mut found = Vec::new();
    let province = absent.code.parts.iter().find(|(name, _)| name == "province").map(|(_, value)| value.as_str());
    let is_ours = province.is_some_and(|province| rules.thresholds.provinces.iter().any(|p| p == province));
    found.push(if !absent.has_register {
        let message = say(
            format!("{code} viết đúng cấu trúc, nhưng chưa có sổ đăng ký mã nào được nạp"),
            format!("{code} is well written, but no register of codes was imported"),
        );
        rules.undecided(Check::Unknown, message)
    } else if n_zones > 0 {
        let message = say(
            format!("{code} ghi trên bản đồ ({n_zones} vùng), nhưng không có trong sổ đăng ký"),
            format!("{code} stands on the map ({n_zones} zones), but is not in the register"),
        );
        Reason { verdict: Verdict::Warning, ..rules.reason(Check::Unknown, message) }
    } else if is_ours {
        let message = say(format!("{code} không có trong sổ đăng ký"), format!("{code} is not in the register"));
        rules.reason(Check::Unknown, message)
    } else {
        let message = say(
            format!("{code} không có trong sổ đăng ký này; mã của tỉnh khác thì phải hỏi tỉnh đó"),
            format!("{code} is not in this register; of a code of another province that province knows"),
        );
        rules.undecided(Check::Unknown, message)
    });
    if n_zones > 1 {
        let message = say(format!("{n_zones} vùng trên bản đồ mang cùng mã này"), format!("{n_zones} zones of the map bear this one code"));
        let reason = rules.reason(Check::DoubleRegistration, message);
        found.push(Reason { figures: vec![("n_zones", n_zones as f64)], ..reason });
    }
    found
}
