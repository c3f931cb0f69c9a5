//! What a dossier prints, in the order in which it is read: every table as finished texts.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use super::drawing::{Map, Swatch, swatch_svg};
use super::map_on_page::{MapOnPage, map_on_page};
use super::qr::qr_svg;
use super::statement::{Check, StatedEvent, StatedSource, StatedSubject, StatedZone, Statement, SubjectKind, VERDICT};
use super::words::{Lang, Said, Word, alert_status_name, evidence_word, role_name, verdict_word};
use crate::model::{Revision, Text};

/// Vertices that are printed; of more, the rest is in the files beside.
const MOST_VERTICES: usize = 3_000;
/// Events that are printed.
const MOST_EVENTS: usize = 200;
/// Of one event.
const MOST_EVIDENCE: usize = 12;

const HASH: Word = Word("Mã băm nội dung (BLAKE3)", "Hash of the content (BLAKE3)");

/// What words of the data are called: `kind rice`, `group built`, `right planned`, `class LUC`, `change new`, `market CHN`.
pub type Names = BTreeMap<String, Text>;

/// When a piece is too small or too narrow to be an event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Thresholds {
    pub sliver_area_m2: f64,
    pub sliver_width_m: f64,
    pub track_width_m: f64,
    pub min_probability: f64,
}

/// Where it can be asked whether the dossier still holds.
#[derive(Debug, Clone)]
pub struct Verification {
    /// `https://host/verify/`; the id follows.
    pub address: String,
    pub id: String,
}

/// Everything that a dossier prints.
#[derive(Debug, Clone)]
pub struct Dossier {
    pub statement: Statement,
    /// Beside the planar one.
    pub geodesic_area_m2: f64,
    pub names: Names,
    pub thresholds: Thresholds,
    /// Where the thresholds and steps come from.
    pub rules_source: String,
    /// The areas at which severity rises, m².
    pub severity_steps_m2: Vec<f64>,
    /// Before and after; one where there is only one epoch.
    pub maps: Vec<Map>,
    pub legend: Vec<Swatch>,
    /// A point well inside the subject: easting, northing, longitude, latitude; none of a code without land.
    pub center: Option<[f64; 4]>,
    pub crs_name: String,
    pub revision: Revision,
    pub made: OffsetDateTime,
    pub verification: Option<Verification>,
}

/// What the template sets.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    lang: &'static str,
    kicker: Said,
    title: String,
    subtitle: Vec<Said>,
    simulated: Option<Said>,
    /// What must be known before all else.
    notice: Option<Said>,
    figures: Vec<Figure>,
    facts: Vec<[Said; 2]>,
    maps: Vec<MapOnPage>,
    maps_title: Said,
    legend: Vec<(String, Said)>,
    legend_title: Said,
    notes: Vec<Said>,
    /// Before the maps, and after them.
    first_sections: Vec<Section>,
    sections: Vec<Section>,
    vertices: Section,
    qr: Option<String>,
    qr_words: Said,
    address: String,
    seal: Vec<[Said; 2]>,
    foot: Said,
    page_word: Said,
}

#[derive(Debug, Serialize)]
pub(super) struct Figure {
    pub value: String,
    pub unit: String,
    pub label: Said,
    pub is_loss: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Section {
    title: Said,
    pub lead: Option<Said>,
    columns: Vec<Column>,
    pub rows: Vec<Vec<Said>>,
}

#[derive(Debug, Serialize)]
struct Column {
    title: Said,
    is_number: bool,
    /// Share of the free width; 0: as wide as what is in it.
    weight: u8,
}

impl Section {
    pub fn new(title: Said, columns: &[(Said, bool, u8)]) -> Section {
        let column =
            |(title, is_number, weight): &(Said, bool, u8)| Column { title: title.clone(), is_number: *is_number, weight: *weight };
        Section { title, lead: None, columns: columns.iter().map(column).collect(), rows: Vec::new() }
    }
}

impl Dossier {
    pub(super) fn name(&self, word: &str, key: &str) -> Text {
        self.names.get(&format!("{word} {key}")).cloned().unwrap_or_else(|| Text { vi: key.to_owned(), en: key.to_owned() })
    }

    /// What is printed, in a language; each value is text.
    pub(super) fn page(&self, lang: Lang) -> Page {
        let statement = &self.statement;
        let hash = super::hash_of(statement).to_hex();
        let kicker = match statement.subject.kind {
            SubjectKind::Zone => Word("HỒ SƠ VÙNG SẢN XUẤT CHUYÊN CANH", "DOSSIER OF A SPECIALISED FARMING ZONE"),
            SubjectKind::Event => Word("HỒ SƠ BIẾN ĐỘNG TRONG VÙNG SẢN XUẤT", "DOSSIER OF A CHANGE INSIDE A FARMING ZONE"),
            SubjectKind::Code => Word("HỒ SƠ MÃ SỐ VÙNG TRỒNG", "DOSSIER OF A FARMING AREA CODE"),
        };
        let simulated = Word("DỮ LIỆU MÔ PHỎNG – KHÔNG PHẢI ĐẤT CÓ THẬT", "SIMULATED DATA – NO REAL LAND");
        let title = match &statement.about {
            StatedSubject::Zone(zone) => statement.about.name().unwrap_or(&zone.id).to_owned(),
            StatedSubject::Code(code) => code.code.clone(),
        };
        let foot = |l: Lang| {
            format!(
                "{} {} · {} {}",
                l.pick("Phiên bản dữ liệu", "Data revision"),
                self.revision,
                l.pick("lập", "made"),
                l.moment(self.made)
            )
        };
        let (first_sections, sections) = self.sections(lang);
        Page {
            lang: lang.code(),
            kicker: lang.say(kicker),
            title,
            subtitle: self.subtitle(lang),
            simulated: statement.simulated.then(|| lang.say(simulated)),
            notice: self.notice(lang),
            figures: self.figures(lang),
            facts: self.facts(lang),
            maps: self.maps.iter().map(|map| map_on_page(map, lang)).collect(),
            maps_title: lang.say(Word("Bản đồ trước và sau", "Maps before and after")),
            legend: self.legend.iter().map(|s| (swatch_svg(&s.paint), lang.text(&s.text))).collect(),
            legend_title: lang.say(Word("Chú giải", "Legend")),
            notes: self.notes(lang),
            first_sections,
            sections,
            vertices: self.vertices(lang),
            qr: self.verification.as_ref().and_then(|v| qr_svg(&v.address, &v.id)),
            qr_words: lang.say(Word("Quét để kiểm tra hồ sơ", "Scan to verify")),
            address: self.verification.as_ref().map_or_else(String::new, |v| v.address.clone()),
            seal: vec![
                [lang.say(HASH), hash.to_string().into()],
                [
                    lang.say(Word("Mã kiểm tra", "Verification id")),
                    self.verification.as_ref().map_or("–".to_owned(), |v| in_groups(&v.id)).into(),
                ],
            ],
            foot: lang.with(foot),
            page_word: lang.say(Word("Trang", "Page")),
        }
    }

    fn subtitle(&self, lang: Lang) -> Vec<Said> {
        let about = &self.statement.about;
        let mut parts = match about {
            StatedSubject::Zone(zone) => vec![lang.text(&self.name("kind", &zone.kind))],
            StatedSubject::Code(_) => about.name().map(|name| Said::One(name.to_owned())).into_iter().collect(),
        };
        parts.extend(about.unit_name().map(|name| Said::One(name.to_owned())));
        parts
    }

    fn notice(&self, lang: Lang) -> Option<Said> {
        let is_rejected = self.statement.subject.kind == SubjectKind::Event && self.statement.events.first().is_some_and(|e| e.is_rejected);
        is_rejected.then(|| {
            lang.say(Word(
                "ĐÃ BỊ BÁC BỎ: cán bộ đã xem và xác định đây không phải là đất bị mất; không số liệu nào tính đến.",
                "REJECTED: officers looked at it and found that no land was lost; no figure counts it.",
            ))
        })
    }

    fn figures(&self, lang: Lang) -> Vec<Figure> {
        let areas = &self.statement.areas;
        let ha = |m2: Option<f64>| m2.map_or("–".to_owned(), |m2| lang.number(m2 / 10_000.0, 2));
        let figure =
            |value: String, unit: &str, word: Word, is_loss| Figure { value, unit: unit.to_owned(), label: lang.say(word), is_loss };
        if let StatedSubject::Code(code) = &self.statement.about {
            let area_m2 = Some(areas.area_m2).filter(|_| self.has_land());
            return vec![
                figure(ha(area_m2), "ha", Word("Diện tích đo", "Measured area"), false),
                figure(ha(code.declared_area_m2), "ha", Word("Diện tích kê khai", "Declared area"), false),
                figure(ha(areas.lost_m2), "ha", Word("Đã mất", "Lost"), true),
                figure(
                    areas.lost_m2.map_or("–".to_owned(), |_| lang.number(self.statement.n_events as f64, 0)),
                    "",
                    Word("Biến động", "Changes found"),
                    false,
                ),
            ];
        }
        if let (SubjectKind::Event, Some(event)) = (self.statement.subject.kind, self.statement.events.first()) {
            let sigma = event.sigma_m2.map_or("–".to_owned(), |s| format!("± {}", lang.number(s, 1)));
            let sure = event.probability.map_or("–".to_owned(), |p| lang.number(p * 100.0, 1));
            return vec![
                figure(lang.number(event.area_m2, 1), "m²", Word("Diện tích biến động", "Area of the change"), !event.is_rejected),
                figure(sigma, "m²", Word("Độ lệch chuẩn", "Standard deviation"), false),
                figure(sure, "%", Word("Độ chắc chắn", "How sure"), false),
                figure(lang.percent(event.share).replace(" %", ""), "%", Word("Phần của vùng", "Share of the zone"), false),
            ];
        }
        vec![
            figure(ha(Some(areas.area_m2)), "ha", Word("Diện tích pháp lý", "Legal area"), false),
            figure(ha(areas.kept_m2), "ha", Word("Còn lại", "Kept"), false),
            figure(ha(areas.lost_m2), "ha", Word("Đã mất", "Lost"), true),
            figure(lang.number(self.statement.n_events as f64, 0), "", Word("Biến động", "Changes found"), false),
        ]
    }

    /// Facts that are known, with their labels.
    fn facts(&self, lang: Lang) -> Vec<[Said; 2]> {
        let mut facts = match &self.statement.about {
            StatedSubject::Zone(zone) => self.facts_of_zone(zone, lang),
            StatedSubject::Code(code) => self.facts_of_code(code, lang),
        };
        let areas = &self.statement.areas;
        let mut tell = |word: Word, value: Option<Said>| facts.extend(value.map(|value| [lang.say(word), value]));
        let m2 = |value: Option<f64>| value.map(|m2| Said::One(lang.m2(m2)));
        let of_land = |m2: f64| Some(m2).filter(|_| self.has_land());
        tell(Word("Diện tích phẳng (pháp lý)", "Planar area (legal)"), m2(of_land(areas.area_m2)));
        tell(Word("Diện tích trắc địa", "Geodesic area"), m2(of_land(self.geodesic_area_m2)));
        tell(Word("Đã mất", "Lost"), m2(areas.lost_m2));
        tell(Word("Không quan sát được", "Not seen"), m2(areas.not_seen_m2.filter(|m2| *m2 > 0.0)));
        tell(
            Word("Ngoài địa giới", "Outside every commune"),
            Some(areas.outside_share).filter(|s| *s > 0.0).map(|s| Said::One(lang.percent(s))),
        );
        if let Some([x, y, lon, lat]) = self.center {
            let metres = format!("X {} · Y {}", lang.number(y, 1), lang.number(x, 1));
            tell(Word("Điểm bên trong, VN-2000", "Point inside, VN-2000"), Some(metres.into()));
            tell(Word("Điểm bên trong, WGS 84", "Point inside, WGS 84"), Some(format!("{lat:.6}, {lon:.6}").into()));
        }
        facts
    }

    /// Whether anything says where the subject is.
    pub(super) fn has_land(&self) -> bool {
        !self.statement.rings.is_empty()
    }

    fn facts_of_zone(&self, zone: &StatedZone, lang: Lang) -> Vec<[Said; 2]> {
        let mut facts: Vec<[Said; 2]> = Vec::new();
        let mut tell = |word: Word, value: Option<Said>| facts.extend(value.map(|value| [lang.say(word), value]));
        let text = |value: &Option<String>| value.clone().filter(|v| !v.trim().is_empty()).map(Said::One);
        let date = |value: &Option<String>| value.as_ref().map(|d| Said::One(lang.date(d)));
        let m2 = |value: Option<f64>| value.map(|m2| Said::One(lang.m2(m2)));
        if self.statement.subject.kind == SubjectKind::Event {
            tell(Word("Số hiệu biến động", "Id of the change"), Some(self.statement.subject.id.clone().into()));
            let status = self.statement.events.first().map(|event| lang.text(&alert_status_name(event.status)));
            tell(Word("Tình trạng xử lý", "How far officers are"), status);
        }
        tell(Word("Số hiệu vùng", "Zone id"), Some(zone.id.clone().into()));
        tell(Word("Mã số vùng trồng", "Area code"), Some(text(&zone.code).unwrap_or_else(|| lang.say(Word("chưa có", "none")))));
        tell(Word("Loại vùng", "Kind"), Some(lang.text(&self.name("kind", &zone.kind))));
        tell(Word("Xã, phường", "Commune"), zone.unit.as_ref().map(|[code, name]| Said::One(format!("{name} ({code})"))));
        tell(Word("Cây trồng, vật nuôi", "Crop"), text(&zone.crop));
        tell(Word("Giống", "Variety"), text(&zone.variety));
        tell(Word("Hợp tác xã", "Cooperative"), text(&zone.cooperative));
        tell(Word("Liên kết tiêu thụ", "Linkage"), text(&zone.linkage));
        tell(Word("Sản phẩm", "Products"), text(&zone.products));
        tell(Word("Tiêu chuẩn", "Standard"), text(&zone.standard));
        tell(Word("Số chứng nhận", "Certificate"), text(&zone.standard_no));
        tell(Word("Chứng nhận đến", "Certified until"), date(&zone.standard_until));
        tell(Word("Thành lập", "Established"), date(&zone.established));
        tell(Word("Diện tích khai báo", "Declared area"), m2(zone.declared_area_m2));
        facts
    }

    fn sections(&self, lang: Lang) -> (Vec<Section>, Vec<Section>) {
        let statement = &self.statement;
        let checks = (!statement.checks.is_empty()).then(|| checks(&statement.checks, lang));
        let transitions = (!statement.transitions.is_empty()).then(|| self.transitions(lang));
        let (events, sources) = (self.events(lang), sources(&statement.sources, lang));
        match &statement.about {
            StatedSubject::Zone(_) => (vec![events], transitions.into_iter().chain(checks).chain([sources]).collect()),
            // Of a code it matters first whether it may be used.
            StatedSubject::Code(code) => (
                checks.into_iter().chain(self.sections_of_code(code, lang)).collect(),
                std::iter::once(events).chain(transitions).chain([sources]).collect(),
            ),
        }
    }

    fn events(&self, lang: Lang) -> Section {
        let mut section = Section::new(
            lang.say(Word("Biến động và căn cứ", "Changes and what they rest on")),
            &[
                (Said::One("#".to_owned()), true, 0),
                (lang.say(Word("Biến động", "Change")), false, 4),
                (lang.say(Word("Từ", "Since")), false, 0),
                (lang.say(Word("Diện tích, m²", "Area, m²")), true, 0),
                (lang.say(Word("Mức", "Step")), true, 0),
                (lang.say(Word("Căn cứ pháp lý", "By what right")), false, 3),
                (lang.say(Word("Chứng cứ", "Evidence")), false, 6),
            ],
        );
        let events = &self.statement.events;
        section.rows = events.iter().take(MOST_EVENTS).enumerate().map(|(i, event)| self.event_row(i + 1, event, lang)).collect();
        section.lead = if self.statement.n_events == 0 {
            Some(lang.say(match &self.statement.about {
                _ if self.statement.epochs.is_empty() => {
                    Word("Chưa có dữ liệu hiện trạng sử dụng đất.", "There is no land use to compare with.")
                }
                StatedSubject::Zone(_) => Word("Không phát hiện biến động nào trong vùng.", "No change was found inside the zone."),
                StatedSubject::Code(_) => self.why_no_events_of_code(),
            }))
        } else if self.statement.n_events > section.rows.len() {
            let (shown, all) = (section.rows.len(), self.statement.n_events);
            Some(lang.with(|l| match l {
                Lang::En => format!("The largest {shown} of {all}; more are in the XLSX and GeoJSON files beside this dossier."),
                _ => format!("{shown} biến động lớn nhất trong {all}; xem thêm trong tệp XLSX và GeoJSON kèm theo."),
            }))
        } else {
            None
        };
        section
    }

    fn event_row(&self, n: usize, event: &StatedEvent, lang: Lang) -> Vec<Said> {
        let what = lang.with(|l| {
            let (group, class) = (self.name("group", event.group.as_str()), self.name("class", &event.code));
            format!("{} ({} {})", l.pick(&group.vi, &group.en), event.code, l.pick(&class.vi, &class.en))
        });
        let sigma = event.sigma_m2.map_or_else(String::new, |s| format!("\n± {}", lang.number(s, 1)));
        let sure = event.probability.map_or_else(String::new, |p| format!("\n{}", lang.percent(p)));
        // Of a code: what of the piece lies on its land, where that is not all.
        let on_land = event.on_land_m2.filter(|m2| (m2 - event.area_m2).abs() > 0.05);
        let on_land = on_land.map_or_else(String::new, |m2| format!("\n({})", lang.number(m2, 1)));
        let area = Said::One(format!("{}{on_land}{sigma}{sure}", lang.number(event.area_m2, 1)));
        let step = match event.severity {
            None => "–".to_owned(),
            Some(0) => "0".to_owned(),
            Some(n) => match self.severity_steps_m2.get(usize::from(n) - 1) {
                Some(m2) => format!("{n}\n(≥ {})", lang.number(*m2, 0)),
                None => n.to_string(),
            },
        };
        let since = event.since.unwrap_or(event.epoch);
        let change = event.change.map_or_else(String::new, |change| {
            let name = super::change_name(change);
            let second = if lang == Lang::Both { format!("\n{}", name.en) } else { String::new() };
            format!("\n{}{second}", lang.pick(&name.vi, &name.en))
        });
        let since = Said::One(format!("{since}{change}"));
        let right = lang.text(&self.name("right", event.right.as_str()));
        vec![n.to_string().into(), what, since, area, step.into(), right, lang.with(|l| evidence(event, l))]
    }

    fn transitions(&self, lang: Lang) -> Section {
        let epochs = &self.statement.epochs;
        let [from, to] = [epochs.first(), epochs.last()].map(|e| e.map_or_else(String::new, |e| e.to_string()));
        let title = |l: Lang| match l {
            Lang::En => format!("What became what, {from} to {to}"),
            _ => format!("Chuyển loại đất từ {from} đến {to}"),
        };
        let mut section = Section::new(
            lang.with(title),
            &[
                (lang.say(Word("Từ loại đất", "From")), false, 5),
                (lang.say(Word("Sang loại đất", "To")), false, 5),
                (lang.say(Word("Diện tích, m²", "Area, m²")), true, 0),
                (lang.say(Word("Tỷ lệ", "Share")), true, 0),
            ],
        );
        let class = |code: &str| {
            if code.is_empty() {
                return lang.say(Word("không quan sát được", "not seen"));
            }
            let name = self.name("class", code);
            lang.with(|l| if name.vi == code { code.to_owned() } else { format!("{code} – {}", l.pick(&name.vi, &name.en)) })
        };
        let area_m2 = self.statement.areas.area_m2.max(f64::MIN_POSITIVE);
        let row = |t: &super::StatedTransition| {
            vec![class(&t.from), class(&t.to), lang.number(t.area_m2, 1).into(), lang.percent(t.area_m2 / area_m2).into()]
        };
        section.rows = self.statement.transitions.iter().map(row).collect();
        section
    }

    fn vertices(&self, lang: Lang) -> Section {
        let mut section = Section::new(
            lang.say(Word("Tọa độ đỉnh ranh giới", "Vertices of the border")),
            &[
                (lang.say(Word("Đỉnh", "Vertex")), true, 0),
                (lang.say(Word("X (Bắc), m", "X (north), m")), true, 0),
                (lang.say(Word("Y (Đông), m", "Y (east), m")), true, 0),
                (lang.say(Word("Cạnh, m", "Edge, m")), true, 0),
            ],
        );
        let rings = &self.statement.rings;
        let n_vertices: usize = rings.iter().map(|r| r.vertices.len()).sum();
        'all: for ring in rings {
            let is_alone = rings.len() == 1;
            for (i, [x, y]) in ring.vertices.iter().enumerate() {
                if section.rows.len() >= MOST_VERTICES {
                    break 'all;
                }
                let [next_x, next_y] = ring.vertices[(i + 1) % ring.vertices.len()];
                let name = match (is_alone, ring.is_hole) {
                    (true, _) => format!("{}", i + 1),
                    (false, false) => format!("{}.{}", ring.polygon, i + 1),
                    (false, true) => format!("{}–{}", ring.polygon, i + 1),
                };
                let edge_m = (next_x - x).hypot(next_y - y);
                section.rows.push([name, lang.number(*y, 3), lang.number(*x, 3), lang.number(edge_m, 2)].map(Said::One).to_vec());
            }
        }
        let shown = section.rows.len();
        let crs = format!("{} ({})", self.crs_name, self.statement.crs);
        section.lead = Some(lang.with(|l| {
            let cut = match (shown < n_vertices, l) {
                (false, _) => String::new(),
                (true, Lang::En) => format!(" The first {} of {} vertices; all of them are in the XLSX and GeoJSON files beside this dossier.", l.number(shown as f64, 0), l.number(n_vertices as f64, 0)),
                (true, _) => format!(" {} đỉnh đầu trong {} đỉnh; đầy đủ trong tệp XLSX và GeoJSON kèm theo.", l.number(shown as f64, 0), l.number(n_vertices as f64, 0)),
            };
            match l {
                Lang::En => format!("{crs}. X is northing, Y is easting. An edge goes to the next vertex; “2.5” is vertex 5 of part 2, “2–5” that of a hole in it.{cut}"),
                _ => format!("{crs}. X hướng Bắc, Y hướng Đông. Cạnh nối đến đỉnh kế tiếp; “2.5” là đỉnh 5 của phần 2, “2–5” là đỉnh của phần khoét trong đó.{cut}"),
            }
        }));
        section
    }

    fn notes(&self, lang: Lang) -> Vec<Said> {
        let t = &self.thresholds;
        let crs = self.statement.crs;
        let areas = |l: Lang| match l {
            Lang::En => format!(
                "Areas are planar in {crs}, rounded to 0.1 m²; the geodesic area on the ellipsoid is beside. “±” is one standard deviation that follows from the stated accuracy of the layers; “how sure” is the probability that a piece is more than an error of drawing."
            ),
            _ => format!(
                "Diện tích tính trên mặt phẳng {crs}, làm tròn 0,1 m²; bên cạnh là diện tích trắc địa trên ellipsoid. “±” là một độ lệch chuẩn suy từ độ chính xác của các lớp dữ liệu; “độ chắc chắn” là xác suất biến động không phải do sai số vẽ."
            ),
        };
        let found = |l: Lang| match l {
            Lang::En => format!(
                "A change is farmland of the zone that a later epoch shows as built on, as transport or as otherwise lost. Left out are pieces below {} m² or narrower than {} m, field tracks narrower than {} m, and pieces less than {} sure. Rules: {}.",
                l.number(t.sliver_area_m2, 0),
                l.number(t.sliver_width_m, 1),
                l.number(t.track_width_m, 1),
                l.percent(t.min_probability),
                self.rules_source
            ),
            _ => format!(
                "Biến động là đất nông nghiệp trong vùng mà kỳ sau cho thấy đã xây dựng, làm giao thông hoặc mất theo cách khác. Không tính mảnh nhỏ hơn {} m² hoặc hẹp hơn {} m, đường nội đồng hẹp hơn {} m, và mảnh có độ chắc chắn dưới {}. Quy tắc: {}.",
                l.number(t.sliver_area_m2, 0),
                l.number(t.sliver_width_m, 1),
                l.number(t.track_width_m, 1),
                l.percent(t.min_probability),
                self.rules_source
            ),
        };
        let right = Word(
            "“Căn cứ pháp lý” nêu quyết định hoặc quy hoạch tìm thấy trong dữ liệu; đó là chứng cứ để xem xét, không phải kết luận vi phạm.",
            "“By what right” names the decision or plan that the data holds; it is evidence to be looked at, never a verdict of guilt.",
        );
        let maps = Word(
            "Bản đồ đúng tỷ lệ khi in ở 100 %. Đỉnh cách nhau dưới 0,01 mm trên giấy được vẽ làm một; bảng tọa độ không bị giản lược.",
            "The maps are true to scale when printed at 100 %. Vertices nearer than 0.01 mm on paper are drawn as one; the table of vertices is not simplified.",
        );
        let hash = Word(
            "Mã băm là của nội dung nêu trong hồ sơ (số liệu, tọa độ, biến động, nguồn), không phải của tệp PDF. Trang kiểm tra cho biết dữ liệu hiện nay có còn như vậy không.",
            "The hash is that of what the dossier states (figures, coordinates, changes, sources), not of the PDF file. The verification page says whether the present data still states it.",
        );
        vec![lang.with(areas), lang.with(found), lang.say(right), lang.say(maps), lang.say(hash)]
    }
}

/// Eight signs and a space, so that a line can be broken and an eye does not lose its place.
fn in_groups(id: &str) -> String {
    let signs: Vec<char> = id.chars().collect();
    signs.chunks(8).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

/// The facts of a dossier as label and value, each one text.
pub fn facts(dossier: &Dossier, lang: Lang) -> Vec<[String; 2]> {
    let one = |said: Said| match said {
        Said::One(text) => text,
        Said::Two([first, second]) => format!("{first} / {second}"),
    };
    let hash = [lang.say(HASH), super::hash_of(&dossier.statement).to_hex().to_string().into()];
    let revision = [lang.say(Word("Phiên bản dữ liệu", "Data revision")), dossier.revision.to_string().into()];
    let made = [lang.say(Word("Ngày lập", "Made")), lang.moment(dossier.made).into()];
    let verify = dossier
        .verification
        .iter()
        .map(|v| [lang.say(Word("Trang kiểm tra", "Verification page")), format!("{}{}", v.address, v.id).into()]);
    dossier.facts(lang).into_iter().chain([revision, made, hash]).chain(verify).map(|fact| fact.map(one)).collect()
}

fn evidence(event: &StatedEvent, lang: Lang) -> String {
    let line = |e: &crate::model::Evidence| {
        let Word(vi, en) = evidence_word(e.kind);
        let label = e.label.as_deref().unwrap_or(&e.feature);
        let date = e.date.as_ref().map(|d| format!(", {}", lang.date(d))).unwrap_or_default();
        let not = if e.counts { "" } else { lang.pick(" – không tính", " – does not count") };
        format!("{} {label}{date}: {}{not}", lang.pick(vi, en), lang.m2(e.area_m2))
    };
    let mut lines: Vec<String> = event.evidence.iter().take(MOST_EVIDENCE).map(line).collect();
    if event.evidence.len() > MOST_EVIDENCE {
        lines.push(format!("… (+{})", event.evidence.len() - MOST_EVIDENCE));
    }
    if event.n_sources > 1 {
        let (n, all) = (event.n_agreeing, event.n_sources);
        lines.push(match lang {
            Lang::En => format!("{n} of {all} sources agree"),
            _ => format!("{n}/{all} nguồn trùng khớp"),
        });
    }
    lines.join("\n")
}

fn checks(checks: &[Check], lang: Lang) -> Section {
    let mut section = Section::new(
        lang.say(Word("Kiểm tra mã số vùng trồng", "Checks of the area code")),
        &[
            (lang.say(Word("Mã", "Code")), false, 0),
            (lang.say(Word("Kết luận", "Verdict")), false, 0),
            (lang.say(Word("Lý do", "Reason")), false, 6),
            (lang.say(Word("Quy định", "Rule")), false, 4),
        ],
    );
    let verdict = |check: &Check| {
        let Word(vi, en) = verdict_word(check.verdict);
        // What follows from all checks stands out.
        if check.check == VERDICT { lang.text(&Text { vi: vi.to_uppercase(), en: en.to_uppercase() }) } else { lang.say(Word(vi, en)) }
    };
    let rule = |check: &Check| check.rule.as_ref().map_or_else(Said::nothing, |rule| lang.text(rule));
    section.rows = checks.iter().map(|c| vec![c.code.clone().into(), verdict(c), lang.text(&c.message), rule(c)]).collect();
    section
}

fn sources(sources: &[StatedSource], lang: Lang) -> Section {
    let mut section = Section::new(
        lang.say(Word("Nguồn dữ liệu", "Sources")),
        &[
            (lang.say(Word("Lớp", "Layer")), false, 3),
            (lang.say(Word("Thời điểm", "Epoch")), false, 0),
            (lang.say(Word("Nguồn", "Source")), false, 4),
            (lang.say(Word("Hệ tọa độ, phép chuyển", "CRS, operation")), false, 3),
            (lang.say(Word("Độ chính xác", "Accuracy")), true, 0),
            (lang.say(Word("Nhập ngày", "Imported")), true, 0),
        ],
    );
    let row = |s: &StatedSource| {
        let operation = s.operation.as_ref().map_or_else(String::new, |o| format!(", {o}"));
        vec![
            lang.text(&role_name(s.role)),
            s.epoch.map_or("–".to_owned(), |e| e.to_string()).into(),
            s.source.clone().into(),
            format!("{}{operation}", s.source_crs).into(),
            s.accuracy_m.map_or("–".to_owned(), |m| format!("± {} m", lang.number(m, 1))).into(),
            lang.date(&s.imported_at).into(),
        ]
    };
    section.rows = sources.iter().map(row).collect();
    section
}
