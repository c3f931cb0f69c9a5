//! The words of a dossier in both languages, and how numbers and dates are written in each.
//!
//! A word is declared with both texts at once, so that none can lack one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::{AlertStatus, Change, CodeStatus, EvidenceKind, LayerRole, NotAWord, Text, Verdict, words};

words! {
    /// The language of a dossier.
    Lang, "one of vi, en, both" {
        Vi = "vi",
        En = "en",
        /// Vietnamese, with English beside it.
        Both = "both",
    }
}

/// Something to print: in one language, or in the first with the second beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Said {
    One(String),
    Two([String; 2]),
}

impl From<String> for Said {
    fn from(text: String) -> Said {
        Said::One(text)
    }
}

impl Said {
    pub fn nothing() -> Said {
        Said::One(String::new())
    }
}

/// A text of ours in Vietnamese and English.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word(pub &'static str, pub &'static str);

impl Lang {
    pub(super) fn say(self, Word(vi, en): Word) -> Said {
        self.pair(vi.to_owned(), en.to_owned())
    }

    pub(super) fn text(self, text: &Text) -> Said {
        self.pair(text.vi.clone(), text.en.clone())
    }

    /// A sentence with figures in it, made for each language that is wanted.
    pub(super) fn with(self, make: impl Fn(Lang) -> String) -> Said {
        match self {
            Lang::Both => self.pair(make(Lang::Vi), make(Lang::En)),
            one => Said::One(make(one)),
        }
    }

    fn pair(self, vi: String, en: String) -> Said {
        match self {
            Lang::Vi => Said::One(vi),
            Lang::En => Said::One(en),
            Lang::Both if vi == en => Said::One(vi),
            Lang::Both => Said::Two([vi, en]),
        }
    }

    /// Of one language.
    pub fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        if self == Lang::En { en } else { vi }
    }

    /// A number with so many decimals: 58.412,5 in Vietnamese, 58,412.5 in English.
    pub fn number(self, value: f64, decimals: usize) -> String {
        let text = format!("{:.decimals$}", value.abs());
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        let (thousands, point) = if self == Lang::En { (',', '.') } else { ('.', ',') };
        let mut out = String::new();
        if value < 0.0 && text.contains(|c: char| ('1'..='9').contains(&c)) {
            out.push('−');
        }
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                out.push(thousands);
            }
            out.push(digit);
        }
        if !rest.is_empty() {
            out.push(point);
            out.push_str(rest);
        }
        out
    }

    pub(super) fn m2(self, area_m2: f64) -> String {
        format!("{} m²", self.number(area_m2, 1))
    }

    pub fn percent(self, share: f64) -> String {
        format!("{} %", self.number(share * 100.0, if share < 0.01 { 2 } else { 1 }))
    }

    /// A date as data has it (`2026-11-22`, also with an hour): as people write it, where it is one.
    pub fn date(self, text: &str) -> String {
        let parts: Vec<&str> = text.get(..10).unwrap_or(text).split('-').collect();
        match parts[..] {
            [y, m, d] if self != Lang::En && y.len() == 4 => format!("{d}/{m}/{y}"),
            [y, m] if self != Lang::En && y.len() == 4 => format!("{m}/{y}"),
            _ => text.get(..10).filter(|_| text.contains('T')).unwrap_or(text).to_owned(),
        }
    }

    /// A moment, by the clocks of Viet Nam.
    pub(super) fn moment(self, at: OffsetDateTime) -> String {
        let at = at + time::Duration::hours(7);
        let day = format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day());
        format!("{} {:02}:{:02} (UTC+7)", self.date(&day), at.hour(), at.minute())
    }

    /// The language that a reader's program is told: the first.
    pub fn code(self) -> &'static str {
        self.pick("vi", "en")
    }
}

/// A moment as a Vietnamese dossier writes it.
pub fn moment(at: OffsetDateTime) -> String {
    Lang::Vi.moment(at)
}

pub(super) fn evidence_word(kind: EvidenceKind) -> Word {
    match kind {
        EvidenceKind::LandUse => Word("hiện trạng", "land use"),
        EvidenceKind::Decision => Word("quyết định", "decision"),
        EvidenceKind::Plan => Word("quy hoạch", "plan"),
        EvidenceKind::Raster => Word("ảnh phân loại", "raster"),
    }
}

/// What the screen calls what became of an event.
pub fn change_name(change: Change) -> Text {
    let (vi, en) = match change {
        Change::New => ("Mới", "New"),
        Change::Same => ("Như trước", "As before"),
        Change::Grown => ("Rộng ra", "Grown"),
        Change::Shrunk => ("Thu nhỏ", "Shrunk"),
        Change::Gone => ("Không còn", "Gone"),
    };
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

/// What the screen calls how far officers are with an event.
pub fn alert_status_name(status: AlertStatus) -> Text {
    let (vi, en) = match status {
        AlertStatus::New => ("Mới", "New"),
        AlertStatus::Checked => ("Đã kiểm tra", "Checked"),
        AlertStatus::Confirmed => ("Đã xác nhận", "Confirmed"),
        AlertStatus::Rejected => ("Bác bỏ", "Rejected"),
        AlertStatus::HandedOver => ("Đã chuyển giao", "Handed over"),
        AlertStatus::Closed => ("Đã đóng", "Closed"),
    };
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

/// What the screen calls the status of an area code.
pub fn code_status_name(status: CodeStatus) -> Text {
    let (vi, en) = match status {
        CodeStatus::Pending => ("Đang chờ", "Pending"),
        CodeStatus::Active => ("Đang hiệu lực", "Active"),
        CodeStatus::Suspended => ("Tạm dừng", "Suspended"),
        CodeStatus::Revoked => ("Thu hồi", "Revoked"),
    };
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

/// What the screen calls a verdict.
pub(super) fn verdict_word(verdict: Verdict) -> Word {
    match verdict {
        Verdict::Valid => Word("hợp lệ", "valid"),
        Verdict::Warning => Word("cần xem lại", "to be looked at"),
        Verdict::Invalid => Word("không hợp lệ", "invalid"),
        Verdict::Unknown => Word("chưa rõ", "unknown"),
    }
}

pub fn role_name(role: LayerRole) -> Text {
    let (vi, en) = match role {
        LayerRole::Zones => ("Vùng sản xuất", "Zones"),
        LayerRole::LandUse => ("Hiện trạng sử dụng đất", "Land use"),
        LayerRole::Permits => ("Quyết định, quy hoạch", "Decisions and plans"),
        LayerRole::Boundaries => ("Địa giới hành chính", "Boundaries"),
        LayerRole::Context => ("Bản đồ nền", "Background"),
        LayerRole::Codes => ("Sổ mã số vùng trồng", "Register of codes"),
        LayerRole::Encroachments => ("Vi phạm đã phát hiện", "Detected events"),
    };
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_written_as_each_language_writes_them() {
        assert_eq!(Lang::Vi.number(58_412.5, 1), "58.412,5");
        assert_eq!(Lang::En.number(1_234_567.0, 0), "1,234,567");
        assert_eq!(Lang::Both.number(-0.04, 1), "0,0");
        assert_eq!(
            (Lang::Vi.date("2026-11-22T10:00:00Z"), Lang::En.date("2026-11-22T10:00:00Z")),
            ("22/11/2026".to_owned(), "2026-11-22".to_owned())
        );
        assert_eq!(
            (Lang::Vi.date("2024"), Lang::Vi.date("2024-06"), Lang::Vi.date("soon")),
            ("2024".to_owned(), "06/2024".to_owned(), "soon".to_owned())
        );
        assert_eq!(Lang::Vi.moment(OffsetDateTime::UNIX_EPOCH), "01/01/1970 07:00 (UTC+7)");
    }

    #[test]
    fn both_languages_stand_beside_each_other() {
        assert_eq!(Lang::Both.say(Word("Vùng", "Zone")), Said::Two(["Vùng".to_owned(), "Zone".to_owned()]));
        assert_eq!(Lang::Both.with(|l| l.m2(1.0)), Said::Two(["1,0 m²".to_owned(), "1.0 m²".to_owned()]));
        assert_eq!(Lang::Both.with(|_| "x".to_owned()), Said::One("x".to_owned()));
    }
}
