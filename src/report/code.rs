//! What a dossier of an area code prints beside what every dossier has: the register's facts, parts, zones, how its status went.

use super::sections::{Dossier, Section};
use super::statement::{StatedCode, StatedPart, VERDICT};
use super::words::{Lang, Said, Word, code_status_name, verdict_word};
use crate::model::Text;

/// Rows of a table that are printed.
const MOST_ROWS: usize = 200;
/// Of one fact that differs from part to part.
const MOST_VALUES: usize = 6;

impl Dossier {
    /// Facts of the register: what parts say differently stands side by side.
    pub(super) fn facts_of_code(&self, code: &StatedCode, lang: Lang) -> Vec<[Said; 2]> {
        let mut facts: Vec<[Said; 2]> = Vec::new();
        let mut tell = |word: Word, value: Option<Said>| facts.extend(value.map(|value| [lang.say(word), value]));
        let of_parts =
            |of: &dyn Fn(&StatedPart) -> Option<Text>| side_by_side(code.parts.iter().filter_map(of)).map(|text| lang.text(&text));
        let text = |of: fn(&StatedPart) -> &Option<String>| of_parts(&|part| of(part).as_deref().map(same));
        let date = |of: fn(&StatedPart) -> &Option<String>| {
            of_parts(&|part| of(part).as_deref().map(|date| Text { vi: Lang::Vi.date(date), en: Lang::En.date(date) }))
        };
        let number = |of: fn(&StatedPart) -> Option<f64>| {
            of_parts(&|part| of(part).map(|n| Text { vi: Lang::Vi.number(n, decimals(n)), en: Lang::En.number(n, decimals(n)) }))
        };
        let verdict = self.statement.checks.iter().find(|check| check.check == VERDICT && check.code == code.code);
        tell(Word("Mã số vùng trồng", "Area code"), Some(code.code.clone().into()));
        tell(Word("Kết luận kiểm tra", "Verdict"), verdict.map(|check| lang.say(verdict_word(check.verdict))));
        let status = of_parts(&|part| Some(code_status_name(part.status)));
        tell(Word("Trạng thái", "Status"), Some(status.unwrap_or_else(|| lang.say(Word("không có trong sổ", "not in the register")))));
        let markets = |part: &StatedPart| {
            let keys = part.market.as_deref()?.split(',').map(str::trim).filter(|key| !key.is_empty());
            side_by_side(keys.map(|key| self.name("market", key)))
        };
        tell(Word("Thị trường", "Market"), of_parts(&markets));
        tell(Word("Tên vùng", "Name of the area"), text(|part| &part.area_name));
        tell(Word("Địa chỉ", "Address"), text(|part| &part.address));
        tell(Word("Xã, phường theo sổ", "Commune, as registered"), text(|part| &part.unit));
        let units = code.units.iter().map(|unit| format!("{} ({}) ", unit.name, unit.code)).zip(&code.units);
        let units =
            units.map(|(name, unit)| Text { vi: name.clone() + &Lang::Vi.percent(unit.share), en: name + &Lang::En.percent(unit.share) });
        tell(Word("Nằm tại", "Lies in"), side_by_side(units).map(|text| lang.text(&text)));
        tell(Word("Cây trồng", "Crop"), text(|part| &part.crop));
        tell(Word("Giống", "Variety"), text(|part| &part.variety));
        tell(Word("Ngày cấp", "Issued"), date(|part| &part.issued));
        tell(Word("Có hiệu lực từ", "Valid from"), date(|part| &part.valid_from));
        tell(Word("Có hiệu lực đến", "Valid until"), date(|part| &part.valid_to));
        tell(Word("Nơi cấp", "Issued by"), text(|part| &part.authority));
        tell(Word("Quyết định", "Decision"), text(|part| &part.decision));
        tell(Word("Tiêu chuẩn", "Standard"), text(|part| &part.standard));
        tell(Word("Số chứng nhận", "Certificate number"), text(|part| &part.standard_no));
        tell(Word("Chứng nhận đến", "Certified until"), date(|part| &part.standard_until));
        tell(Word("Kiểm tra gần nhất", "Last inspection"), date(|part| &part.last_inspection));
        tell(Word("Kiểm tra tới", "Next inspection"), date(|part| &part.next_inspection));
        tell(Word("Năng suất (tấn/ha)", "Yield (t/ha)"), number(|part| part.yield_t_ha));
        tell(Word("Số vụ mỗi năm", "Harvests a year"), number(|part| part.harvests));
        tell(Word("Số hộ", "Households"), number(|part| part.households.map(f64::from)));
        tell(
            Word("Mã cũ", "Older codes"),
            side_by_side(code.parts.iter().flat_map(|part| &part.legacy_codes).map(|old| same(old))).map(|old| lang.text(&old)),
        );
        tell(Word("Diện tích kê khai", "Declared area"), code.declared_area_m2.map(|m2| lang.m2(m2).into()));
        facts
    }

    pub(super) fn sections_of_code(&self, code: &StatedCode, lang: Lang) -> Vec<Section> {
        let sections = [self.parts(code, lang), self.zones(code, lang), history(code, lang)];
        sections.into_iter().filter(|section| !section.rows.is_empty()).collect()
    }

    /// Why no change is told of a code's land where there is land use.
    pub(super) fn why_no_events_of_code(&self) -> Word {
        if !self.has_land() {
            return Word("Không có gì cho biết đất của mã này ở đâu.", "Nothing says where the land of this code is.");
        }
        match self.statement.areas.lost_m2 {
            Some(_) => Word("Không phát hiện biến động nào trên đất của mã này.", "No change was found on this code’s land."),
            None => Word(
                "Phần lớn đất của mã này không thuộc vùng nào được theo dõi, hoặc không quan sát được: chưa biết đất có bị mất hay không.",
                "Most of this code’s land lies in no zone that is watched, or is not seen: it is not known whether land was lost.",
            ),
        }
    }

    fn parts(&self, code: &StatedCode, lang: Lang) -> Section {
        let mut section = Section::new(
            lang.say(Word("Các phần của mã", "Parts of the code")),
            &[
                (lang.say(Word("Phần", "Part")), false, 0),
                (lang.say(Word("Trạng thái", "Status")), false, 0),
                (lang.say(Word("Tên vùng", "Name of the area")), false, 4),
                (lang.say(Word("Ranh giới", "Border")), false, 5),
                (lang.say(Word("Kê khai, m²", "Declared, m²")), true, 0),
                (lang.say(Word("Đo, m²", "Measured, m²")), true, 0),
            ],
        );
        let m2 = |m2: Option<f64>| Said::One(m2.map_or("–".to_owned(), |m2| lang.number(m2, 1)));
        let border = |part: &StatedPart| match (part.has_own_land, part.zone_ids.is_empty()) {
            (true, _) => lang.say(Word("của hồ sơ mã", "came with the code")),
            (false, true) => lang.say(Word("chưa có", "none")),
            (false, false) => lang.with(|l| format!("{} {}", l.pick("của vùng", "of the zone"), listed(&part.zone_ids))),
        };
        let row = |(i, part): (usize, &StatedPart)| {
            let name = part.part.clone().unwrap_or_else(|| (i + 1).to_string());
            let area_name = part.area_name.clone().unwrap_or_default();
            let status = lang.text(&code_status_name(part.status));
            vec![name.into(), status, area_name.into(), border(part), m2(part.declared_area_m2), m2(part.area_m2)]
        };
        section.rows = code.parts.iter().enumerate().take(MOST_ROWS).map(row).collect();
        section.lead = match code.parts.len() {
            0 | 1 => None,
            n => Some(lang.with(|l| match l {
                Lang::En => format!(
                    "{n} parts{}; on the maps “P” and what the register calls the part. Land of several parts counts once.",
                    first_of(n, l)
                ),
                _ => {
                    format!("{n} phần{}; trên bản đồ ghi “P” và tên phần trong sổ. Đất thuộc nhiều phần chỉ tính một lần.", first_of(n, l))
                }
            })),
        };
        section
    }

    fn zones(&self, code: &StatedCode, lang: Lang) -> Section {
        let mut section = Section::new(
            lang.say(Word("Vùng sản xuất của mã", "Zones of the code")),
            &[
                (lang.say(Word("Số hiệu", "Id")), false, 3),
                (lang.say(Word("Tên", "Name")), false, 5),
                (lang.say(Word("Loại vùng", "Kind")), false, 3),
                (lang.say(Word("Xã, phường", "Commune")), false, 4),
                (lang.say(Word("Diện tích, m²", "Area, m²")), true, 0),
            ],
        );
        let row = |zone: &super::ZoneOfCode| {
            let unit = zone.unit.as_ref().map_or("–".to_owned(), |[_, name]| name.clone());
            let kind = lang.text(&self.name("kind", &zone.kind));
            vec![
                zone.id.clone().into(),
                zone.name.clone().unwrap_or_default().into(),
                kind,
                unit.into(),
                lang.number(zone.area_m2, 1).into(),
            ]
        };
        section.rows = code.zones.iter().take(MOST_ROWS).map(row).collect();
        let n = code.zones.len();
        section.lead = (n > MOST_ROWS).then(|| lang.with(|l| format!("{n}{}", first_of(n, l))));
        section
    }
}

fn history(code: &StatedCode, lang: Lang) -> Section {
    let mut section = Section::new(
        lang.say(Word("Diễn biến trạng thái", "How its status went")),
        &[
            (lang.say(Word("Phần", "Part")), false, 0),
            (lang.say(Word("Trạng thái", "Status")), false, 0),
            (lang.say(Word("Từ ngày", "Since")), false, 0),
            (lang.say(Word("Lý do", "Reason")), false, 1),
        ],
    );
    let steps = code.parts.iter().enumerate().flat_map(|(i, part)| part.status_history.iter().map(move |step| (i, part, step)));
    section.rows = steps
        .take(MOST_ROWS)
        .map(|(i, part, step)| {
            let name = part.part.clone().unwrap_or_else(|| (i + 1).to_string());
            let since = step.since.as_deref().map_or("–".to_owned(), |since| lang.date(since));
            let reason = step.reason.clone().unwrap_or_default();
            vec![name.into(), lang.text(&code_status_name(step.status)), since.into(), reason.into()]
        })
        .collect();
    section
}

fn same(text: &str) -> Text {
    Text { vi: text.to_owned(), en: text.to_owned() }
}

/// What is said, each once, the first of them; none when nothing is.
fn side_by_side(texts: impl Iterator<Item = Text>) -> Option<Text> {
    let mut said: Vec<Text> = Vec::new();
    for text in texts {
        if !text.vi.trim().is_empty() && !said.contains(&text) {
            said.push(text);
        }
    }
    let more = if said.len() > MOST_VALUES { format!("; … (+{})", said.len() - MOST_VALUES) } else { String::new() };
    said.truncate(MOST_VALUES);
    let of = |pick: fn(&Text) -> &str| said.iter().map(pick).collect::<Vec<_>>().join("; ") + &more;
    (!said.is_empty()).then(|| Text { vi: of(|text| &text.vi), en: of(|text| &text.en) })
}

fn listed(ids: &[String]) -> String {
    let more = if ids.len() > MOST_VALUES { format!(", … (+{})", ids.len() - MOST_VALUES) } else { String::new() };
    ids.iter().take(MOST_VALUES).map(String::as_str).collect::<Vec<_>>().join(", ") + &more
}

fn first_of(n: usize, lang: Lang) -> String {
    if n <= MOST_ROWS {
        return String::new();
    }
    lang.pick(
        ", in 200 đầu tiên; đầy đủ trong tệp XLSX và GeoJSON",
        ", of which the first 200 are printed; all are in the XLSX and GeoJSON files",
    )
    .to_owned()
}

fn decimals(value: f64) -> usize {
    if value.fract() == 0.0 { 0 } else { 2 }
}
