//! The checks through their one face, and the promise that no mistyped code is valid.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::rules::tests::rules;
use super::*;
use crate::legend::LegendError;
use crate::model::{CodeRecord, CodeStatus, Group, StatusStep, Text, Verdict};

fn schemes() -> Schemes {
    let files: [(&str, &str); 4] = [
        ("export_legacy.toml", include_str!("../../zones/schemes/export_legacy.toml")),
        ("decree_38_2026.toml", include_str!("../../zones/schemes/decree_38_2026.toml")),
        ("aquaculture_pond.toml", include_str!("../../zones/schemes/aquaculture_pond.toml")),
        ("composite.toml", include_str!("../../zones/schemes/composite.toml")),
    ];
    let schemes: Result<Schemes, LegendError> = Schemes::parse(files);
    schemes.unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Nothing is wrong with it.
fn good() -> CodeRecord {
    CodeRecord {
        unit: some("Xã Ứng Hòa"),
        crop: some("Bưởi Diễn"),
        market: some("CHN"),
        issued: some("2025-08-01"),
        valid_from: some("2025-08-01"),
        valid_to: some("2027-12-31"),
        standard: some("VietGAP"),
        standard_until: some("2027-01-31"),
        next_inspection: some("2027-02"),
        declared_area_m2: Some(20_000.0),
        yield_t_ha: Some(20.0),
        harvests: Some(1.0),
        ..CodeRecord::new("VN-HNOR-0001", "export_legacy", CodeStatus::Active)
    }
}

fn land() -> Land {
    Land {
        area_m2: 20_100.0,
        sigma_m2: None,
        units: Some(vec![InUnit { code: "10000".to_owned(), name: "Xã Ứng Hòa".to_owned(), share: 0.97 }]),
        kinds: vec!["fruit".to_owned()],
        used: Some(vec![Used { code: "LNQ".to_owned(), stands_for: vec!["LNQ".to_owned(), "CLN".to_owned()], area_m2: 20_000.0 }]),
        lost: Some(Vec::new()),
        overlaps: Vec::new(),
    }
}

const ASKED: fn() -> Asked<'static> = || Asked { date: day("2026-11-22"), market: Some("CHN"), shipped_t: None };

struct Circumstances {
    units: Vec<Option<(&'static str, &'static str)>>,
    has_units: bool,
    rivals: Vec<&'static str>,
    n_zones_bearing: usize,
}

impl Default for Circumstances {
    fn default() -> Self {
        Circumstances { units: vec![Some(("10000", "Xã Ứng Hòa"))], has_units: true, rivals: Vec::new(), n_zones_bearing: 1 }
    }
}

/// Verdict, then each finding with its weight.
fn said_in(records: &[&CodeRecord], land: Option<&Land>, asked: &Asked, around: &Circumstances) -> (String, Vec<Reason>) {
    let is_rival = |code: &str| around.rivals.contains(&code);
    let name_of_kind = |key: &str| Text { vi: format!("tên của {key}"), en: format!("the name of {key}") };
    let case = Case {
        records,
        land,
        stated_units: &around.units,
        has_units: around.has_units,
        is_rival: &is_rival,
        n_zones_bearing: around.n_zones_bearing,
        name_of_kind: &name_of_kind,
    };
    let reasons = judge(&case, asked, &rules());
    for reason in &reasons {
        assert!(!reason.message.vi.is_empty() && !reason.message.en.is_empty() && !reason.rule.source.is_empty(), "{reason:?}");
    }
    let found: Vec<String> = reasons.iter().map(|r| format!("{}:{}", r.check, r.verdict)).collect();
    (format!("{} {}", weigh(&reasons), found.join(" ")).trim_end().to_owned(), reasons)
}

fn said(record: &CodeRecord, land: &Land) -> String {
    said_in(&[record], Some(land), &ASKED(), &Circumstances::default()).0
}

#[test]
fn nothing_is_said_against_a_code_with_nothing_wrong() {
    assert_eq!(said(&good(), &land()), "valid");
}

#[test]
fn standing_and_dates_are_judged_on_the_day_and_for_the_market_asked() {
    let with = |change: fn(&mut CodeRecord)| {
        let mut record = good();
        change(&mut record);
        said(&record, &land())
    };
    assert_eq!(with(|r| r.valid_to = some("2026-11-21")), "invalid lapsed:invalid");
    assert_eq!(with(|r| r.valid_to = some("2026-11-22")), "valid", "its last day");
    assert_eq!(with(|r| r.valid_to = some("2026")), "valid", "to the year's end");
    assert_eq!(with(|r| r.valid_to = some("soon")), "unknown lapsed:unknown", "never valid by a date that nobody can read");
    assert_eq!(with(|r| r.valid_from = some("2027-01-01")), "invalid pending:invalid");
    assert_eq!(with(|r| r.status = CodeStatus::Pending), "invalid pending:invalid");
    assert_eq!(with(|r| r.status = CodeStatus::Suspended), "invalid suspended:invalid");
    assert_eq!(with(|r| r.status = CodeStatus::Revoked), "invalid revoked:invalid");
    assert_eq!(with(|r| r.market = some("USA, EU")), "invalid market:invalid");
    assert_eq!(with(|r| r.market = some("USA, CHN")), "valid");
    assert_eq!(with(|r| r.market = None), "unknown market:unknown");
    assert_eq!(with(|r| r.standard_until = some("2026-10")), "warning standard_lapsed:warning");
    assert_eq!(with(|r| r.next_inspection = some("2026-01-31")), "warning inspection_due:warning");
    let mut record = good();
    record.status = CodeStatus::Revoked;
    record.status_history = vec![StatusStep { status: CodeStatus::Revoked, since: some("2026-03-05"), reason: some("mượn mã") }];
    let (_, reasons) = said_in(&[&record], Some(&land()), &ASKED(), &Circumstances::default());
    assert_eq!(reasons[0].message.vi, "Mã đã bị thu hồi từ 5/3/2026: mượn mã");
}

#[test]
fn the_land_is_judged_with_figures() {
    let with = |change: fn(&mut Land)| {
        let mut land = land();
        change(&mut land);
        said_in(&[&good()], Some(&land), &ASKED(), &Circumstances::default())
    };
    assert_eq!(with(|l| l.area_m2 = 19_500.0).0, "warning area_mismatch:warning");
    assert_eq!(
        with(|l| (l.area_m2, l.sigma_m2) = (19_500.0, Some(200.0))).0,
        "valid",
        "three standard deviations of a coarse survey explain it"
    );
    assert_eq!(with(|l| l.area_m2 = 19_500.0).1[0].figures, [("declared_m2", 20_000.0), ("measured_m2", 19_500.0), ("allowed_m2", 390.0)]);
    assert_eq!(with(|l| l.units.as_mut().unwrap()[0].share = 0.94).0, "warning outside_unit:warning");
    assert_eq!(with(|l| l.units.as_mut().unwrap()[0].share = 0.95).0, "valid");
    assert_eq!(with(|l| l.units = None).0, "valid outside_unit:unknown", "what cannot be checked is told and weighs nothing");
    let (kind, reasons) = with(|l| l.kinds = vec!["rice".to_owned()]);
    assert_eq!(kind, "warning kind:warning");
    // A kind is told by its name, not by its key.
    assert!(reasons[0].message.vi.ends_with("là loại “tên của rice”") && reasons[0].message.en.ends_with("“the name of rice”"));
    let used = |code: &str, area_m2| Used { code: code.to_owned(), stands_for: vec![code.to_owned()], area_m2 };
    let mut mixed = land();
    mixed.used = Some(vec![used("CLN", 17_000.0), used("LUC", 3_000.0)]);
    let (told, reasons) = said_in(&[&good()], Some(&mixed), &ASKED(), &Circumstances::default());
    assert_eq!(told, "warning crop:warning");
    assert!(reasons[0].message.en.contains("LUC 3,000 m²") && reasons[0].shown == Shown::LandUse(vec!["LUC".to_owned()]), "{reasons:?}");
    mixed.used = Some(vec![used("CLN", 19_500.0), used("LUC", 600.0)]);
    assert_eq!(said(&good(), &mixed), "valid", "a field's edge");
    mixed.used = Some(vec![used("CLN", 19_800.0), used("ONT", 200.0)]);
    assert_eq!(said(&good(), &mixed), "warning dwellings:warning");
    mixed.used = None;
    mixed.lost = None;
    assert_eq!(said(&good(), &mixed), "valid crop:unknown encroached:unknown");
}

#[test]
fn built_land_counts_from_the_day_of_issue_on() {
    let lost = |group, since: Option<&str>, before: Option<&str>, area_m2| {
        let epoch = |text: &str| text.parse().unwrap();
        let mut land = land();
        land.lost = Some(vec![Lost { event: "e1".to_owned(), group, since: since.map(epoch), before: before.map(epoch), area_m2 }]);
        said(&good(), &land)
    };
    assert_eq!(lost(Group::Built, Some("2026"), Some("2025"), 120.0), "warning encroached:warning");
    assert_eq!(lost(Group::Built, Some("2024"), Some("2019"), 900.0), "valid", "it was there when the code was issued");
    assert_eq!(lost(Group::Built, Some("2014"), None, 900.0), "valid", "it was there from the first epoch on");
    assert_eq!(lost(Group::Built, Some("2026"), Some("2025"), 60.0), "valid");
    assert_eq!(lost(Group::Water, Some("2026"), Some("2025"), 900.0), "valid");
    let mut old = land();
    let epoch = |text: &str| text.parse().unwrap();
    old.lost = Some(vec![Lost {
        event: "e1".to_owned(),
        group: Group::Built,
        since: Some(epoch("2024")),
        before: Some(epoch("2019")),
        area_m2: 900.0,
    }]);
    let undated = CodeRecord { issued: None, ..good() };
    assert_eq!(said(&undated, &old), "valid", "in force since 2025: that day counts where none of issue is known");
    assert_eq!(said(&CodeRecord { valid_from: None, ..undated }, &old), "warning encroached:warning");
}

#[test]
fn two_live_codes_on_one_land_and_one_code_on_two_zones_are_told() {
    let mut shared = land();
    shared.overlaps = vec![
        Overlap { code: "VN-HNOR-0002".to_owned(), area_m2: 600.0, smaller_m2: 20_000.0 },
        Overlap { code: "VN-HNOR-0003".to_owned(), area_m2: 450.0, smaller_m2: 5_000.0 },
        Overlap { code: "VN-HNOR-0004".to_owned(), area_m2: 20_000.0, smaller_m2: 20_000.0 },
    ];
    let rivals = vec!["VN-HNOR-0002", "VN-HNOR-0003"];
    let (told, reasons) = said_in(&[&good()], Some(&shared), &ASKED(), &Circumstances { rivals, ..Circumstances::default() });
    assert_eq!(told, "warning double_registration:warning", "0003 shares too little, 0004 is of another market");
    assert_eq!(reasons[0].shown, Shown::SharedWith("VN-HNOR-0002".to_owned()));
    let (told, _) = said_in(&[&good()], Some(&land()), &ASKED(), &Circumstances { n_zones_bearing: 2, ..Circumstances::default() });
    assert_eq!(told, "warning double_registration:warning");
}

#[test]
fn a_day_is_judged_by_the_status_that_held_then() {
    let step = |status, since: Option<&str>| StatusStep { status, since: since.map(str::to_owned), reason: None };
    let on = |record: &CodeRecord, date: &str| {
        let asked = Asked { date: day(date), ..ASKED() };
        said_in(&[record], Some(&land()), &asked, &Circumstances::default()).0
    };
    let history = vec![
        step(CodeStatus::Active, Some("2024-09-01")),
        step(CodeStatus::Suspended, Some("2025-03-01")),
        step(CodeStatus::Active, Some("2025-06-30")),
    ];
    let restored = CodeRecord { status_history: history, valid_from: None, issued: some("2024-09-01"), ..good() };
    assert_eq!(on(&restored, "2025-04-15"), "invalid suspended:invalid");
    assert_eq!([on(&restored, "2025-02-28"), on(&restored, "2026-11-22")], ["valid", "valid"]);
    assert_eq!(on(&restored, "2024-08-31"), "invalid pending:invalid", "it was not given out yet");
    let mut planned = restored.clone();
    planned.status = CodeStatus::Suspended;
    planned.status_history.push(step(CodeStatus::Suspended, Some("2099-01-01")));
    assert_eq!(on(&planned, "2026-11-22"), "valid", "it will be suspended");
    let revoked = CodeRecord { status: CodeStatus::Revoked, status_history: vec![step(CodeStatus::Revoked, Some("2026-03"))], ..good() };
    assert_eq!([on(&revoked, "2026-03-01"), on(&revoked, "2026-02-28")], ["invalid revoked:invalid", "unknown revoked:unknown"]);
    let undated = CodeRecord { status: CodeStatus::Revoked, status_history: vec![step(CodeStatus::Revoked, None)], ..good() };
    assert_eq!(on(&undated, "2025-09-01"), "invalid revoked:invalid", "a step without a day held always");
    let by_hand = CodeRecord { status: CodeStatus::Revoked, status_history: vec![step(CodeStatus::Active, None)], ..good() };
    assert_eq!(on(&by_hand, "2026-11-22"), "invalid revoked:invalid", "the status was written by another program");
    let register = Register::new(vec![restored]);
    assert_eq!([day("2025-04-15"), day("2025-07-01")].map(|date| register.is_live(0, date)), [false, true]);
}

#[test]
fn what_was_no_rule_yet_finds_nothing() {
    let record = CodeRecord { unit: some("Xã Cao Thành, huyện Ứng Hòa"), issued: some("2024-09-01"), valid_from: None, ..good() };
    let on = |date: &str| {
        let asked = Asked { date: day(date), ..ASKED() };
        said_in(&[&record], Some(&land()), &asked, &Circumstances { units: vec![None], ..Circumstances::default() }).0
    };
    assert_eq!([on("2025-06-30"), on("2025-07-01")], ["valid", "warning stale_unit:warning"]);
}

#[test]
fn what_cannot_be_decided_of_the_standing_is_no_better_for_another_fault() {
    let mut record = good();
    record.valid_to = some("01/01/2024 - 31/12/2028");
    assert_eq!(said(&record, &land()), "unknown lapsed:unknown", "a date with a tail is none");
    record.next_inspection = some("2026-01-31");
    assert_eq!(said(&record, &land()), "unknown inspection_due:warning lapsed:unknown");
    record.status = CodeStatus::Revoked;
    assert!(said(&record, &land()).starts_with("invalid "));
}

#[test]
fn parts_in_two_communes_lie_in_both() {
    let part = |n: &str, unit: &str| CodeRecord { part: some(n), unit: some(unit), declared_area_m2: Some(10_050.0), ..good() };
    let (one, two) = (part("1", "Xã Ứng Hòa"), part("2", "Xã Hòa Xá"));
    let mut halves = land();
    halves.units = Some(vec![
        InUnit { code: "10000".to_owned(), name: "Xã Ứng Hòa".to_owned(), share: 0.5 },
        InUnit { code: "10001".to_owned(), name: "Xã Hòa Xá".to_owned(), share: 0.5 },
    ]);
    let both =
        || Circumstances { units: vec![Some(("10000", "Xã Ứng Hòa")), Some(("10001", "Xã Hòa Xá"))], ..Circumstances::default() };
    assert_eq!(said_in(&[&one, &two], Some(&halves), &ASKED(), &both()).0, "valid");
    let (told, reasons) =
        said_in(&[&one, &one], Some(&halves), &ASKED(), &Circumstances { units: vec![Some(("10000", "Xã Ứng Hòa")); 2], ..both() });
    assert_eq!((told.as_str(), &reasons[0].shown), ("warning outside_unit:warning", &Shown::OutsideOf(vec!["10000".to_owned()])));
    // One of them states a unit that is none of today's: that is told, and nothing of where both lie.
    let stale = Circumstances { units: vec![Some(("10000", "Xã Ứng Hòa")), None], ..both() };
    assert_eq!(said_in(&[&one, &two], Some(&halves), &ASKED(), &stale).0, "warning stale_unit:warning");
}

#[test]
fn without_boundaries_no_commune_is_none_of_today() {
    let around = Circumstances { units: vec![None], has_units: false, ..Circumstances::default() };
    assert_eq!(said_in(&[&good()], None, &ASKED(), &around).0, "warning no_geometry:warning");
    let around = Circumstances { units: vec![None], ..Circumstances::default() };
    assert_eq!(said_in(&[&good()], None, &ASKED(), &around).0, "warning stale_unit:warning no_geometry:warning");
}

#[test]
fn tonnes_that_the_land_cannot_give_mean_a_borrowed_code() {
    let asked = |shipped_t| Asked { shipped_t: Some(shipped_t), ..ASKED() };
    // 2.01 ha × 40 t/ha × 1 harvest.
    assert_eq!(said_in(&[&good()], Some(&land()), &asked(80.0), &Circumstances::default()).0, "valid");
    assert_eq!(said_in(&[&good()], Some(&land()), &asked(80.5), &Circumstances::default()).0, "invalid over_delivery:invalid");
    let boasting = CodeRecord { yield_t_ha: Some(90.0), ..good() };
    assert_eq!(said(&boasting, &land()), "invalid over_delivery:invalid");
    let odd = CodeRecord { crop: some("Sâm"), ..good() };
    assert_eq!(said_in(&[&odd], Some(&land()), &asked(1e6), &Circumstances::default()).0, "valid crop:unknown over_delivery:unknown");
}

#[test]
fn a_unit_of_before_july_2025_is_stale_and_the_one_of_today_is_named() {
    let none = || Circumstances { units: vec![None], ..Circumstances::default() };
    let told = |unit: &str, issued: &str| {
        let record = CodeRecord { unit: some(unit), issued: some(issued), valid_from: None, ..good() };
        let (told, reasons) = said_in(&[&record], Some(&land()), &ASKED(), &none());
        (told, reasons.into_iter().map(|r| r.message.vi).next().unwrap_or_default())
    };
    let (weight, words) = told("Xã Cao Thành, huyện Ứng Hòa", "2025-08-01");
    assert_eq!((weight.as_str(), words.contains("30/6/2025; nay thuộc Xã Ứng Hòa")), ("warning stale_unit:warning", true), "{words}");
    assert!(told("Xã Cao Thành", "2025-08-01").1.contains("không phải xã, phường hiện nay"));
    assert!(told("10000", "2024-01-01").1.contains("cùng mã số có thể chỉ một xã khác"));
}

#[test]
fn a_code_without_land_says_so_and_parts_are_one_code() {
    assert_eq!(said_in(&[&good()], None, &ASKED(), &Circumstances::default()).0, "warning no_geometry:warning");
    let part = |n: &str| CodeRecord { part: some(n), declared_area_m2: Some(10_050.0), ..good() };
    let (one, two) = (part("1"), part("2"));
    assert_eq!(said_in(&[&one, &two], Some(&land()), &ASKED(), &Circumstances::default()).0, "valid", "their areas add up");
    let whole = |n: &str| CodeRecord { part: some(n), ..good() };
    let (one, two) = (whole("1"), whole("2"));
    assert_eq!(said_in(&[&one, &two], Some(&land()), &ASKED(), &Circumstances::default()).0, "valid", "each states the whole");
    let revoked = CodeRecord { status: CodeStatus::Revoked, ..part("2") };
    assert_eq!(said_in(&[&part("1"), &revoked], Some(&land()), &ASKED(), &Circumstances::default()).0, "invalid revoked:invalid");
}

#[test]
fn what_is_not_in_the_register_is_never_valid() {
    let schemes = schemes();
    let told = |text: &str, has_register, n_zones_bearing| {
        let code = parse(text, &schemes).unwrap();
        let reasons = judge_absent(&Absent { code: &code, has_register, n_zones_bearing }, &rules());
        format!("{} {}", weigh(&reasons), reasons.iter().map(|r| r.check.as_str()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(told("VN-HNOR-0009", true, 0), "invalid unknown");
    assert_eq!(told("VN-TGPH-0012", true, 0), "unknown unknown", "another province's");
    assert_eq!(told("VN-HNOR-0009", false, 1), "unknown unknown", "there is no register");
    assert_eq!(told("VN-HNOR-0009", true, 1), "warning unknown");
    assert_eq!(told("VN-HNOR-0009", true, 2), "warning unknown double_registration");
}

/// A register of the three living grammars.
fn register() -> Register {
    let codes = (1..=400).map(|n| match n % 4 {
        0 => format!("01-PUC-RAU{:02}-{:06}-CHN", n % 20, n),
        1 => format!("01-01-{:04}-{:03}", n, n % 7 + 1),
        2 => format!("VN-HNPH-{:03}", n),
        _ => format!("VN-HNOR-{n:04}"),
    });
    Register::new(codes.map(|code| CodeRecord { valid_to: None, ..CodeRecord::new(&code, "x", CodeStatus::Active) }).collect())
}

/// One to three slips of a hand.
fn mistyped(code: &str, dice: &mut ChaCha8Rng) -> String {
    let mut letters: Vec<char> = code.chars().collect();
    let mut below = |n: usize| (dice.next_u32() as usize) % n.max(1);
    const KEYS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-. ";
    for _ in 0..1 + below(3) {
        let at = below(letters.len());
        match below(5) {
            0 if letters.len() > 1 => drop(letters.remove(at)),
            1 => letters.insert(at, char::from(KEYS[below(KEYS.len())])),
            2 if at + 1 < letters.len() => letters.swap(at, at + 1),
            3 => {
                let swap = [('0', 'O'), ('O', '0'), ('1', 'I'), ('I', '1'), ('5', 'S'), ('-', '–'), ('8', 'B'), ('2', 'Z')];
                if let Some((_, to)) = swap.iter().find(|(from, _)| *from == letters[at]) {
                    letters[at] = *to;
                }
            }
            _ => letters[at] = char::from(KEYS[below(KEYS.len())]),
        }
    }
    letters.into_iter().collect()
}

#[test]
fn of_a_hundred_thousand_mistyped_codes_none_that_equals_no_live_code_is_valid() {
    let (schemes, rules, register) = (schemes(), rules(), register());
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    let date = day("2026-11-22");
    let letters = |code: &str| code.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase();
    let live: std::collections::HashSet<String> = register.entries.iter().map(|entry| letters(&entry.code)).collect();
    let (mut n, mut n_valid_by_equality, mut n_advised) = (0, 0, 0);
    while n < 100_000 {
        let code = &register.entries[(dice.next_u32() as usize) % register.entries.len()].code;
        let typed = mistyped(code, &mut dice);
        let parsed = parse(&typed, &schemes);
        let entry = parsed.as_ref().ok().and_then(|code| register.place(&code.canonical));
        if live.contains(&letters(&typed)) {
            n_valid_by_equality += usize::from(entry.is_some());
            continue;
        }
        n += 1;
        let verdict = match (&parsed, entry) {
            (Err(malformed), _) => weigh(&judge_malformed(malformed, &typed, &rules)),
            (Ok(code), None) => weigh(&judge_absent(&Absent { code, has_register: true, n_zones_bearing: 0 }, &rules)),
            (Ok(_), Some(_)) => Verdict::Valid,
        };
        assert_ne!(verdict, Verdict::Valid, "{typed:?} was taken for a live code");
        let advised = register.near(&typed, date);
        assert!(advised.iter().all(|code| register.place(code).is_some()));
        n_advised += usize::from(advised.contains(&code.as_str()));
    }
    assert!(n_valid_by_equality > 100, "dashes and spaces alone make no other code");
    assert!(n_advised > 25_000, "{n_advised} of the mistyped are led back to what was meant");
}

#[test]
fn advice_is_of_live_codes_alone() {
    let record = |code: &str, valid_to: Option<&str>| CodeRecord {
        valid_to: valid_to.map(str::to_owned),
        ..CodeRecord::new(code, "x", CodeStatus::Active)
    };
    let mut moved = record("VN-HNOR-0107", None);
    moved.legacy_codes = vec!["VN-HNOR-9999".to_owned()];
    let register = Register::new(vec![record("VN-HNOR-0001", Some("2026-01-01")), record("VN-HNOR-0002", None), moved]);
    assert_eq!(register.near("VN-HNOR-O001", day("2026-11-22")), ["VN-HNOR-0002"], "the nearer one has lapsed");
    assert_eq!(register.near("VN-HNOR-O001", day("2025-11-22"))[0], "VN-HNOR-0001");
    assert_eq!(register.near("VN-HNOR-9999", day("2026-11-22")), ["VN-HNOR-0107"], "its old number");
}
