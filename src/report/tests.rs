use time::OffsetDateTime;
use typst::layout::{Frame as Laid, FrameItem};

use super::typeset::laid_out;
use super::words::Said;
use super::*;
use crate::model::{
    AlertStatus, CodeStatus, Coord, Epoch, EpsgCode, Evidence, EvidenceKind, Group, LayerRole, MultiPolygon, Polygon, Right, Ring,
    StatusStep, Text, Verdict,
};

const NAME: &str = "Vùng #panic(\"x\") *đậm* $x$ // <b>Đường Lâm</b>";

fn text(vi: &str, en: &str) -> Text {
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

fn shape(ring: &[[f64; 2]]) -> MultiPolygon {
    let ring: Vec<Coord> = ring.iter().chain(ring.first()).map(|[x, y]| Coord { x: *x, y: *y }).collect();
    MultiPolygon::new(vec![Polygon::new(Ring::new(ring), Vec::new())])
}

/// A five-sided zone of 800 by 400 m.
const ZONE: [[f64; 2]; 5] =
    [[588_000.0, 2_326_000.0], [588_800.0, 2_326_000.0], [588_800.0, 2_326_300.0], [588_500.0, 2_326_400.0], [588_000.0, 2_326_400.0]];
const BORDER: Color = [11, 79, 60];

fn dossier_of(ring: &[[f64; 2]]) -> Dossier {
    let land = shape(ring);
    let frame = Frame::around(crate::geom::bounds(&land).unwrap(), [162.0, 94.0], 500);
    let border = Paint { fill: None, ink: BORDER, hatch: None, line_mm: 0.7, is_dashed: false };
    let field = Paint { fill: Some([243, 230, 162]), ink: [150, 146, 134], hatch: None, line_mm: 0.07, is_dashed: false };
    let lost = Paint { fill: None, ink: [179, 0, 27], hatch: Some(Hatch::Crossed), line_mm: 0.35, is_dashed: false };
    let map = |title: Text| Map {
        title,
        frame,
        corners: Corners([[105.85, 21.02], [105.866, 21.02], [105.85, 21.0285], [105.866, 21.0285]]),
        shapes: vec![
            Drawn {
                shape: shape(&[[587_000.0, 2_325_000.0], [590_000.0, 2_325_000.0], [590_000.0, 2_328_000.0], [587_000.0, 2_328_000.0]])
                    .into(),
                paint: field.clone(),
            },
            Drawn {
                shape: shape(&[[588_100.0, 2_326_100.0], [588_130.0, 2_326_100.0], [588_130.0, 2_326_130.0], [588_100.0, 2_326_130.0]])
                    .into(),
                paint: lost.clone(),
            },
            Drawn { shape: land.clone().into(), paint: border.clone() },
        ],
        labels: vec![Label { at: Coord { x: 588_115.0, y: 2_326_115.0 }, text: "1".to_owned(), is_subject: true }],
        alt: text("Bản đồ", "Map"),
    };
    let evidence = Evidence {
        kind: EvidenceKind::Decision,
        layer: "permits".to_owned(),
        feature: "12".to_owned(),
        label: Some("123/QĐ-UBND".to_owned()),
        area_m2: 480.0,
        date: Some("2018-05-02".to_owned()),
        counts: false,
    };
    let event = StatedEvent {
        id: "e-1".to_owned(),
        group: Group::Built,
        code: "ONT".to_owned(),
        epoch: Epoch::year(2024),
        since: Some(Epoch::year(2019)),
        change: None,
        right: Right::Planned,
        severity: Some(2),
        area_m2: 900.0,
        sigma_m2: Some(12.3),
        probability: Some(0.987),
        share: 0.003,
        width_m: 15.0,
        n_sources: 2,
        n_agreeing: 1,
        evidence: vec![evidence],
        on_land_m2: None,
        is_rejected: false,
        status: AlertStatus::Confirmed,
    };
    let statement = Statement {
        subject: Subject { kind: SubjectKind::Zone, id: "z-1".to_owned() },
        crs: EpsgCode::HANOI,
        simulated: true,
        about: StatedSubject::Zone(Box::new(StatedZone {
            id: "z-1".to_owned(),
            kind: "rice".to_owned(),
            name: Some(NAME.to_owned()),
            ..StatedZone::default()
        })),
        areas: Areas { area_m2: 305_000.0, lost_m2: Some(900.0), kept_m2: Some(304_100.0), not_seen_m2: Some(0.0), outside_share: 0.0 },
        epochs: vec![Epoch::year(2019), Epoch::year(2024)],
        events: vec![event],
        n_events: 1,
        transitions: vec![StatedTransition { from: "LUC".to_owned(), to: "ONT".to_owned(), area_m2: 900.0 }],
        checks: vec![Check {
            code: "VN-HNOR-0001".to_owned(),
            check: "lapsed".to_owned(),
            verdict: Verdict::Invalid,
            message: text("Mã đã hết hạn", "The code has lapsed"),
            rule: None,
        }],
        sources: vec![StatedSource {
            layer: "zones".to_owned(),
            role: LayerRole::Zones,
            epoch: None,
            source: "Sở NN&MT".to_owned(),
            source_crs: "EPSG:3405".to_owned(),
            operation: Some("EPSG:6960".to_owned()),
            accuracy_m: Some(0.5),
            imported_at: "2026-11-22T10:00:00Z".to_owned(),
        }],
        rings: vec![StatedRing { polygon: 1, is_hole: false, vertices: ring.to_vec() }],
    };
    let names = [
        ("kind rice", text("Lúa", "Rice")),
        ("group built", text("Đất xây dựng", "Built-up land")),
        ("class ONT", text("ở nông thôn", "rural")),
        ("right planned", text("Theo quy hoạch", "In a plan")),
    ];
    Dossier {
        statement,
        geodesic_area_m2: 305_060.4,
        names: names.into_iter().map(|(key, name)| (key.to_owned(), name)).collect(),
        thresholds: Thresholds { sliver_area_m2: 20.0, sliver_width_m: 1.5, track_width_m: 3.5, min_probability: 0.95 },
        rules_source: "rules.toml, 2026-01-01".to_owned(),
        severity_steps_m2: vec![100.0, 300.0],
        maps: vec![map(text("Trước · 2019", "Before · 2019")), map(text("Sau · 2024", "After · 2024"))],
        legend: vec![Swatch { paint: border, text: text("Ranh giới vùng này", "Border of this zone") }],
        center: Some([588_400.0, 2_326_200.0, 105.8545, 21.0241]),
        crs_name: "VN-2000 / TM-3 105-00".to_owned(),
        revision: 42,
        made: OffsetDateTime::from_unix_timestamp(1_795_379_000).unwrap(),
        verification: Some(Verification { address: "https://map.example.vn/verify/".to_owned(), id: "01AB".repeat(30) }),
    }
}

/// Every text that is printed, in the order of the pages.
fn printed(dossier: &Dossier, lang: Lang) -> String {
    fn walk(frame: &Laid, out: &mut String) {
        for (_, item) in frame.items() {
            match item {
                FrameItem::Group(group) => walk(&group.frame, out),
                FrameItem::Text(text) => {
                    out.push_str(&text.text);
                    out.push('\u{1f}');
                }
                _ => {}
            }
        }
    }
    let mut out = String::new();
    laid_out(dossier, lang).unwrap().pages().iter().for_each(|page| walk(&page.frame, &mut out));
    // Lines are broken where they are full.
    out.replace('\u{1f}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_dossier_prints_all_that_it_states_in_each_language_and_reads_no_name_as_markup() {
    let dossier = dossier_of(&ZONE);
    let in_both = [
        NAME,
        "z-1",
        "2.326.400,000",
        "588.800,000",
        "123/QĐ-UBND",
        "EPSG:3405, EPSG:6960",
        "VN-HNOR-0001",
        &hash_of(&dossier.statement).to_hex()[..16],
        "588.400,0",
        "21.024100, 105.854500",
    ];
    let vi = [
        "HỒ SƠ VÙNG SẢN XUẤT CHUYÊN CANH",
        "DỮ LIỆU MÔ PHỎNG",
        "305.000,0 m²",
        "305.060,4 m²",
        "Tỷ lệ 1 : 10.000",
        "Mã đã hết hạn",
        "không tính",
        "02/05/2018",
        "Trước · 2019",
        "Trang",
    ];
    let en = [
        "DOSSIER OF A SPECIALISED FARMING ZONE",
        "SIMULATED DATA",
        "305,000.0 m²",
        "Scale 1 : 10,000",
        "The code has lapsed",
        "does not count",
        "2018-05-02",
        "After · 2024",
        "2,326,400.000",
    ];
    let has = |page: &str, words: &[&str], lang: Lang| {
        for word in words {
            let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(page.contains(&word), "{lang}: “{word}” is not in {page}");
        }
    };
    let [page_vi, page_en, page_both] = [Lang::Vi, Lang::En, Lang::Both].map(|lang| printed(&dossier, lang));
    has(&page_vi, &[&in_both[..], &vi[..]].concat(), Lang::Vi);
    has(&page_en, &en, Lang::En);
    has(
        &page_both,
        &[&in_both[..], &["Mã đã hết hạn", "The code has lapsed", "Ranh giới vùng này", "Border of this zone"][..]].concat(),
        Lang::Both,
    );
    assert!(!page_vi.contains("Rice") && !page_en.contains("Lúa") && !page_vi.contains("Border of") && !page_en.contains("Ranh giới"));
}

#[test]
fn texts_of_any_kind_are_set_and_the_same_dossier_gives_the_same_bytes() {
    let mut dossier = dossier_of(&ZONE);
    assert!(pdf(&dossier, Lang::Vi).unwrap() == pdf(&dossier, Lang::Vi).unwrap());
    let archival = |bytes: &[u8]| bytes.windows(11).any(|w| w == b"pdfaid:part");
    assert!(archival(&pdf(&dossier, Lang::Both).unwrap()), "PDF/A");
    for name in
        ["", " ", "\u{202e}đảo ngược\u{0}", "漢字 🌾 العربية", "#import \"/etc/passwd\"", "a\n\n= b", &"dài".repeat(2_000), "\\u{41}"]
    {
        let zone = StatedZone { name: Some(name.to_owned()), cooperative: Some(name.to_owned()), ..StatedZone::default() };
        dossier.statement.about = StatedSubject::Zone(Box::new(zone));
        assert!(pdf(&dossier, Lang::Vi).unwrap().starts_with(b"%PDF"), "{name:?}");
    }
}

/// Sizes of the pictures that are at least so wide, as they lie on the pages, mm.
fn pictures(dossier: &Dossier, least_mm: f64) -> Vec<[f64; 2]> {
    fn walk(frame: &Laid, out: &mut Vec<[f64; 2]>) {
        for (_, item) in frame.items() {
            match item {
                FrameItem::Group(group) => {
                    // Nothing scales what is inside.
                    let transform = group.transform;
                    let is_turned = transform.sx.get().abs() < 1e-9;
                    assert!(is_turned || (transform.sx.get(), transform.sy.get()) == (1.0, 1.0), "{transform:?}");
                    walk(&group.frame, out);
                }
                FrameItem::Image(_, size, _) => out.push([size.x.to_mm(), size.y.to_mm()]),
                _ => {}
            }
        }
    }
    let mut out = Vec::new();
    laid_out(dossier, Lang::Vi).unwrap().pages().iter().for_each(|page| walk(&page.frame, &mut out));
    out.retain(|[width, _]| *width >= least_mm);
    out
}

/// Corners of the path in a picture that has this ink and no more, millimetres.
fn outline(svg: &str, ink: &str) -> Vec<[f64; 2]> {
    let drawn = svg.split("<path ").find(|path| path.contains(&format!("stroke=\"{ink}\""))).unwrap();
    let numbers = drawn.strip_prefix("d=\"M").and_then(|rest| rest.split_once("z\"")).unwrap().0;
    let corner = |text: &str| -> [f64; 2] {
        let (x, y) = text.split_once(' ').unwrap();
        [x, y].map(|v| v.parse().unwrap())
    };
    numbers.split('L').map(corner).collect()
}

#[test]
fn the_border_on_the_page_is_as_long_as_the_scale_says() {
    let dossier = dossier_of(&ZONE);
    assert_eq!(pictures(&dossier, 100.0).len(), 2);
    for (map, [width_mm, height_mm]) in dossier.maps.iter().zip(pictures(&dossier, 100.0)) {
        // The picture is as large as its own millimetres say …
        let (svg, n_left_out) = map.svg();
        assert!((width_mm - 162.0).abs() < 1e-5 && (height_mm - 94.0).abs() < 1e-5, "{width_mm} × {height_mm}");
        assert!(svg.contains("viewBox=\"0 0 162 94\"") && n_left_out == 0);
        // … and in it the border as long as the ground is by the scale, north up.
        let (drawn, scale) = (outline(&svg, "#0b4f3c"), f64::from(map.frame.scale));
        assert_eq!(drawn.len(), ZONE.len());
        for i in 0..ZONE.len() {
            let next = (i + 1) % ZONE.len();
            for axis in [0, 1] {
                let mm = drawn[next][axis] - drawn[i][axis];
                let true_mm = (ZONE[next][axis] - ZONE[i][axis]) * 1000.0 / scale * if axis == 1 { -1.0 } else { 1.0 };
                assert!((mm - true_mm).abs() < 0.01, "edge {i}: {mm} mm for {true_mm} mm");
            }
        }
    }
}

#[test]
fn a_border_of_a_hundred_thousand_vertices_is_set_and_its_table_cut_with_a_word() {
    let n = 100_000;
    let angle = |i: usize| i as f64 / n as f64 * std::f64::consts::TAU;
    let ring: Vec<[f64; 2]> = (0..n).map(|i| [588_000.0 + 900.0 * angle(i).cos(), 2_326_000.0 + 900.0 * angle(i).sin()]).collect();
    let dossier = dossier_of(&ring);
    let page = printed(&dossier, Lang::En);
    assert!(page.contains("The first 3,000 of 100,000 vertices"), "{}", &page[..2_000]);
    assert!(pdf(&dossier, Lang::En).unwrap().len() < 4_000_000);
}

#[test]
fn the_hash_is_that_of_what_is_stated_and_of_nothing_else() {
    let dossier = dossier_of(&ZONE);
    let hash = hash_of(&dossier.statement);
    // Whoever changes what is stated changes what older dossiers are compared with: a reason to look twice.
    assert_eq!(hash.to_hex()[..16].to_owned(), "a44144c8f555029c");
    let mut worded = dossier.statement.clone();
    worded.checks[0].message = text("khác", "other");
    assert_eq!(hash_of(&worded), hash);
    let mut moved = dossier.statement.clone();
    moved.rings[0].vertices[0][0] += 0.001;
    assert_ne!(hash_of(&moved), hash);
}

/// A code of two parts: one with own land, one of the zone; nobody knows by which word its market goes.
fn dossier_of_code() -> Dossier {
    let part = |name: &str, status: CodeStatus, has_own_land: bool| StatedPart {
        part: Some(name.to_owned()),
        status,
        status_history: vec![StatusStep { status, since: Some("2025-03-01".to_owned()), reason: Some("#panic(\"y\")".to_owned()) }],
        area_name: Some("Vùng rau <b>Đông Anh</b>".to_owned()),
        address: None,
        unit: Some("Xã Đông Anh".to_owned()),
        crop: Some(format!("Rau {name}")),
        variety: None,
        market: Some("CHN, XYZ".to_owned()),
        issued: Some("2024-02-03".to_owned()),
        valid_from: None,
        valid_to: Some("khi có thông báo".to_owned()),
        authority: Some("Chi cục TT&BVTV".to_owned()),
        decision: None,
        standard: None,
        standard_no: None,
        standard_until: None,
        last_inspection: None,
        next_inspection: None,
        declared_area_m2: Some(12_345.6),
        yield_t_ha: Some(4.25),
        harvests: Some(2.0),
        households: Some(1_200),
        legacy_codes: vec!["HN-01".to_owned()],
        has_own_land,
        zone_ids: if has_own_land { Vec::new() } else { vec!["z-1".to_owned()] },
        area_m2: Some(12_000.0),
    };
    let mut dossier = dossier_of(&ZONE);
    dossier.names.insert("market CHN".to_owned(), text("Trung Quốc", "China"));
    let statement = &mut dossier.statement;
    statement.subject = Subject { kind: SubjectKind::Code, id: "VN-HNOR-0001".to_owned() };
    statement.events[0].on_land_m2 = Some(321.5);
    let verdict = text("Kết luận chung", "Overall");
    let row = Check { check: VERDICT.to_owned(), message: verdict, ..statement.checks[0].clone() };
    statement.checks.insert(0, row);
    statement.about = StatedSubject::Code(StatedCode {
        code: "VN-HNOR-0001".to_owned(),
        declared_area_m2: Some(24_691.2),
        units: vec![StatedUnit { code: "10001".to_owned(), name: "Đông Anh".to_owned(), share: 0.976 }],
        parts: vec![part("A", CodeStatus::Active, true), part("B", CodeStatus::Suspended, false)],
        zones: vec![ZoneOfCode {
            id: "z-1".to_owned(),
            name: Some(NAME.to_owned()),
            kind: "rice".to_owned(),
            unit: None,
            area_m2: 305_000.0,
        }],
    });
    dossier
}

#[test]
fn a_dossier_of_a_code_prints_the_register_its_parts_and_its_land_in_each_language() {
    let dossier = dossier_of_code();
    let [vi, en, both] = [Lang::Vi, Lang::En, Lang::Both].map(|lang| printed(&dossier, lang));
    let has = |page: &str, words: &[&str]| words.iter().for_each(|word| assert!(page.contains(word), "“{word}” is not in {page}"));
    has(
        &vi,
        &[
            "HỒ SƠ MÃ SỐ VÙNG TRỒNG",
            "VN-HNOR-0001",
            "Đang hiệu lực; Tạm dừng",
            "Trung Quốc; XYZ",
            "Vùng rau <b>Đông Anh</b>",
            "Rau A; Rau B",
            "03/02/2024",
            "khi có thông báo",
            "Đông Anh (10001) 97,6 %",
            "#panic(\"y\")",
            "24.691,2 m²",
            "4,25",
            "1.200",
            "HN-01",
            "của hồ sơ mã",
            "của vùng z-1",
            "(321,5)",
            "KHÔNG HỢP LỆ",
            "Kết luận chung",
            "Mã đã hết hạn",
            "2.326.400,000",
        ],
    );
    has(&en, &["DOSSIER OF A FARMING AREA CODE", "Active; Suspended", "China; XYZ", "Parts of the code", "INVALID", "came with the code"]);
    has(&both, &["Trung Quốc; XYZ / China; XYZ", "Parts of the code", "How its status went"]);
    assert!(!vi.contains("Suspended") && !en.contains("Tạm dừng") && !vi.contains("China"));
    assert!(pdf(&dossier, Lang::Both).unwrap().starts_with(b"%PDF"));
}

#[test]
fn a_code_of_which_nobody_knows_where_it_is_has_a_dossier_without_maps_and_figures_of_land() {
    let mut dossier = dossier_of_code();
    (dossier.maps, dossier.legend, dossier.center, dossier.geodesic_area_m2) = (Vec::new(), Vec::new(), None, 0.0);
    let statement = &mut dossier.statement;
    (statement.rings, statement.events, statement.n_events, statement.transitions) = (Vec::new(), Vec::new(), 0, Vec::new());
    statement.areas = Areas::default();
    let page = printed(&dossier, Lang::En);
    assert!(page.contains("Nothing says where the land of this code is."), "{page}");
    assert!(!page.contains("Planar area") && !page.contains("Vertices of the border") && !page.contains("Maps before"), "{page}");
}

#[test]
fn a_rejected_event_says_so_before_all_else_and_states_another_thing() {
    let mut dossier = dossier_of(&ZONE);
    dossier.statement.subject = Subject { kind: SubjectKind::Event, id: "e-1".to_owned() };
    assert!(printed(&dossier, Lang::Vi).contains("Tình trạng xử lý Đã xác nhận"));
    let hash = hash_of(&dossier.statement);
    dossier.statement.events[0].status = AlertStatus::Closed;
    assert_eq!(hash_of(&dossier.statement), hash, "a step of the work changes nothing on the land");
    (dossier.statement.events[0].status, dossier.statement.events[0].is_rejected) = (AlertStatus::Rejected, true);
    assert_ne!(hash_of(&dossier.statement), hash);
    let [vi, en] = [Lang::Vi, Lang::En].map(|lang| printed(&dossier, lang));
    let place = |page: &str, word: &str| page.find(word).unwrap_or_else(|| panic!("“{word}” is not in {page}"));
    assert!(place(&vi, "ĐÃ BỊ BÁC BỎ") < place(&vi, "Diện tích biến động") && vi.contains("Tình trạng xử lý Bác bỏ"));
    assert!(place(&en, "REJECTED: officers") < place(&en, "Area of the change"));
}

#[test]
fn facts_are_told_in_one_text_each() {
    let facts = facts(&dossier_of(&ZONE), Lang::Both);
    assert!(facts.iter().all(|[label, _]| !label.is_empty()));
    assert!(facts.contains(&["Loại vùng / Kind".to_owned(), "Lúa / Rice".to_owned()]), "{facts:?}");
    assert_eq!(Said::from("x".to_owned()), Said::One("x".to_owned()));
}
