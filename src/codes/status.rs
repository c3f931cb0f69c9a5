//! Whether a code may be used on a day for a market: its status, its dates, its certificate, its inspections.

use super::check::{Check, Reason, shortened};
use super::day::{Written, in_vietnamese, written};
use super::words::say;
use super::{Asked, CodeRules, Day};
use crate::model::{CodeRecord, CodeStatus, Epoch, StatusStep, Text};

/// What the records of a code say of its standing; each check once.
pub(super) fn judge(records: &[&CodeRecord], asked: &Asked, rules: &CodeRules) -> Vec<Reason> {
    let mut found: Vec<Reason> = Vec::new();
    for record in records {
        let reasons =
            [status(record, asked, rules), begun(record, asked, rules), ended(record, asked, rules), market(record, asked, rules)];
        let papers = [standard(record, asked, rules), inspection(record, asked, rules)];
        for reason in reasons.into_iter().chain(papers).flatten() {
            if !found.iter().any(|other| other.check == reason.check) {
                found.push(reason);
            }
        }
    }
    found
}

/// How a code stood on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing<'a> {
    /// With the step of its history that led there, when one did.
    Known(CodeStatus, Option<&'a StatusStep>),
    /// Its first status began later, on this day.
    Before(Epoch),
    /// It came to this status later; how it stood before the register does not say.
    Unknown(CodeStatus, Epoch),
}

/// How a record stood on a day, by its history: the last step that had begun. A step without a date had. What another program wrote
/// to the status alone, without a step, holds.
pub fn standing(record: &CodeRecord, date: Day) -> Standing<'_> {
    let steps = &record.status_history;
    if steps.last().is_none_or(|last| last.status != record.status) {
        return Standing::Known(record.status, steps.iter().rev().find(|step| step.status == record.status));
    }
    let since = |step: &StatusStep| match written(&step.since) {
        Written::Date(since) => Some(since),
        _ => None,
    };
    let has_begun = |step: &&StatusStep| since(step).is_none_or(|since| Day::first_of(since) <= date);
    if let Some(step) = steps.iter().rev().find(has_begun) {
        return Standing::Known(step.status, Some(step));
    }
    match steps.iter().filter_map(|step| Some((since(step)?, step.status))).min_by_key(|(since, _)| Day::first_of(*since)) {
        Some((since, CodeStatus::Active | CodeStatus::Pending)) => Standing::Before(since),
        Some((since, status)) => Standing::Unknown(status, since),
        None => Standing::Known(record.status, None),
    }
}

/// Whether a record is in force on a day: active, begun, not ended. An unreadable date is no force.
pub(super) fn is_live(record: &CodeRecord, date: Day) -> bool {
    let begun = match written(&record.valid_from) {
        Written::Nothing => true,
        Written::Date(from) => Day::first_of(from) <= date,
        Written::Unreadable(_) => false,
    };
    let lasts = match written(&record.valid_to) {
        Written::Nothing => true,
        Written::Date(to) => date <= Day::last_of(to),
        Written::Unreadable(_) => false,
    };
    matches!(standing(record, date), Standing::Known(CodeStatus::Active, _)) && begun && lasts
}

fn status(record: &CodeRecord, asked: &Asked, rules: &CodeRules) -> Option<Reason> {
    let (status, step) = match standing(record, asked.date) {
        Standing::Known(status, step) => (status, step),
        Standing::Before(since) => {
            let message = say(
                format!("Mã được cấp từ {}, sau ngày kiểm tra {}", in_vietnamese(since), asked.date),
                format!("The code was given out on {since}, after the day asked for ({})", asked.date),
            );
            return Some(rules.reason(Check::Pending, message));
        }
        Standing::Unknown(status, since) => {
            let check = if status == CodeStatus::Revoked { Check::Revoked } else { Check::Suspended };
            let message = say(
                format!("Sổ ghi trạng thái {status} từ {}, không ghi trạng thái của mã ngày {}", in_vietnamese(since), asked.date),
                format!("The register says {status} since {since}, and not how the code stood on {}", asked.date),
            );
            return Some(rules.undecided(check, message));
        }
    };
    let since = step.and_then(|step| step.since.as_deref()).unwrap_or_default();
    let why = step.and_then(|step| step.reason.as_deref()).map(|why| format!(": {why}")).unwrap_or_default();
    let when = |vi: bool| match (written(&Some(since.to_owned())), vi) {
        (Written::Date(date), true) => format!(" từ {}", in_vietnamese(date)),
        (Written::Date(date), false) => format!(" since {date}"),
        _ => String::new(),
    };
    let (check, vi, en) = match status {
        CodeStatus::Active => return None,
        CodeStatus::Pending => (Check::Pending, "Mã chưa được cấp, đang chờ duyệt", "The code is not issued yet, it is being decided on"),
        CodeStatus::Suspended => (Check::Suspended, "Mã đang bị tạm dừng", "The code is suspended"),
        CodeStatus::Revoked => (Check::Revoked, "Mã đã bị thu hồi", "The code is revoked"),
    };
    Some(rules.reason(check, say(format!("{vi}{}{why}", when(true)), format!("{en}{}{why}", when(false)))))
}

fn begun(record: &CodeRecord, asked: &Asked, rules: &CodeRules) -> Option<Reason> {
    match written(&record.valid_from) {
        Written::Nothing => None,
        Written::Date(from) => (Day::first_of(from) > asked.date).then(|| {
            let message = say(
                format!("Mã có hiệu lực từ {}, sau ngày kiểm tra {}", in_vietnamese(from), asked.date),
                format!("The code is in force from {from}, after the day asked for ({})", asked.date),
            );
            rules.reason(Check::Pending, message)
        }),
        Written::Unreadable(text) => {
            Some(rules.undecided(Check::Pending, unreadable("ngày bắt đầu hiệu lực", "the day from which it is in force", text)))
        }
    }
}

fn ended(record: &CodeRecord, asked: &Asked, rules: &CodeRules) -> Option<Reason> {
    match written(&record.valid_to) {
        Written::Nothing => None,
        Written::Date(to) => (Day::last_of(to) < asked.date).then(|| {
            let message = say(
                format!("Mã hết hiệu lực ngày {}, trước ngày kiểm tra {}", in_vietnamese(to), asked.date),
                format!("The code ended on {to}, before the day asked for ({})", asked.date),
            );
            rules.reason(Check::Lapsed, message)
        }),
        Written::Unreadable(text) => {
            Some(rules.undecided(Check::Lapsed, unreadable("ngày hết hiệu lực", "the day on which it ends", text)))
        }
    }
}

fn market(record: &CodeRecord, asked: &Asked, rules: &CodeRules) -> Option<Reason> {
    let wanted = asked.market?;
    if record.markets().any(|market| market == wanted) {
        return None;
    }
    let name = |key: &str| rules.market(key).map_or_else(|| say(key, key), |market| market.name.clone());
    let asked_for = name(wanted);
    if record.markets().next().is_none() {
        let message = say(
            format!("Sổ không ghi thị trường của mã: không biết có dùng được cho {} không", asked_for.vi),
            format!("The register states no market: it is not known whether the code is for {}", asked_for.en),
        );
        return Some(rules.undecided(Check::Market, message));
    }
    let names: Vec<Text> = record.markets().map(name).collect();
    let of = |vi: bool| names.iter().map(|text| if vi { text.vi.as_str() } else { text.en.as_str() }).collect::<Vec<_>>().join(", ");
    let message = say(
        format!("Mã cấp cho thị trường {}, không phải {}", of(true), asked_for.vi),
        format!("The code was issued for {}, not for {}", of(false), asked_for.en),
    );
    Some(rules.reason(Check::Market, message))
}

fn standard(record: &CodeRecord, asked: &Asked, rules: &CodeRules) -> Option<Reason> {
    let name = record.standard.as_deref().unwrap_or("?");
    match written(&record.standard_until) {
        Written::Nothing => None,
        Written::Date(until) => (Day::last_of(until) < asked.date).then(|| {
            let message =
                say(format!("Chứng nhận {name} hết hạn ngày {}", in_vietnamese(until)), format!("The certificate {name} ended on {until}"));
            rules.reason(Check::StandardLapsed, message)
        }),
        Written::Unreadable(text) => Some(
            rules.undecided(Check::StandardLapsed, unreadable("ngày hết hạn chứng nhận", "the day on which the certificate ends", text)),
        ),
    }
}

fn inspection(record: &CodeRecord, asked: &Asked, rules: &CodeRules) -> Option<Reason> {
    match written(&record.next_inspection) {
        Written::Nothing => None,
        Written::Date(next) => (Day::last_of(next) < asked.date).then(|| {
            let message =
                say(format!("Đã quá kỳ kiểm tra giám sát {}", in_vietnamese(next)), format!("The inspection of {next} is overdue"));
            rules.reason(Check::InspectionDue, message)
        }),
        Written::Unreadable(text) => {
            Some(rules.undecided(Check::InspectionDue, unreadable("kỳ kiểm tra tiếp theo", "the next inspection", text)))
        }
    }
}

fn unreadable(vi: &str, en: &str, text: &str) -> Text {
    let shown = shortened(text);
    say(format!("Không đọc được {vi} trong sổ: “{shown}”"), format!("The register states {en} as “{shown}”, which is no date"))
}
