//! `zones/codes/`: thresholds and weights of the checks, markets, crops, and the districts that ended in 2025.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Day;
use super::check::Check;
use crate::legend::{LegendError, Text, fold, parse_toml, spelled};
use crate::model::{Epoch, Group, Verdict};

/// When a finding is one. Each is explained in `zones/codes/checks.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    pub area_share: f64,
    pub area_sigmas: f64,
    pub overlap_share: f64,
    pub overlap_m2: f64,
    pub inside_unit_share: f64,
    pub encroached_share: f64,
    pub encroached_m2: f64,
    pub encroached_groups: Vec<Group>,
    pub unlawful_share: f64,
    pub unlawful_m2: f64,
    pub dwelling_codes: Vec<String>,
    pub dwelling_m2: f64,
    pub fix_accuracy_m: f64,
    pub units_since: Epoch,
    /// Values of a code's part `province` that this register covers.
    pub provinces: Vec<String>,
}

/// One check's weight, and what it rests on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckRule {
    pub key: Check,
    pub verdict: Verdict,
    pub rule: Text,
    pub source: String,
    pub valid_from: Epoch,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    pub key: String,
    pub name: Text,
    /// Spelled, and what it is without diacritics.
    also: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    pub key: String,
    /// The first is what it is called.
    pub names: Vec<String>,
    /// Codes that it is lawful on.
    pub land_use: Vec<String>,
    /// Kinds of zones that it is grown in.
    pub kinds: Vec<String>,
    /// Tonnes a hectare and harvest that are not exceeded; none where tonnes say nothing.
    pub max_t_ha: Option<f64>,
    /// A year.
    pub max_harvests: Option<f64>,
}

/// A crop's name as texts are compared with it.
#[derive(Debug, Clone, PartialEq)]
struct CropName {
    /// A place in `CodeRules::crops`.
    crop: usize,
    words: Vec<String>,
    folded: Vec<String>,
    /// Written without diacritics, as in “Rau”.
    is_plain: bool,
}

/// The texts of `zones/codes/`.
#[derive(Debug, Clone, Copy)]
pub struct RuleTexts<'a> {
    pub checks: &'a str,
    pub markets: &'a str,
    pub crops: &'a str,
    pub districts: &'a str,
}

/// What codes are judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeRules {
    pub valid_from: Epoch,
    pub thresholds: Thresholds,
    pub markets: Vec<Market>,
    pub crops: Vec<Crop>,
    /// Names of crops, the words of each.
    crop_names: Vec<CropName>,
    pub(super) checks: BTreeMap<Check, CheckRule>,
    district_words: Vec<String>,
    /// Spelled.
    districts: Vec<String>,
    pub districts_until: Epoch,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChecks {
    valid_from: Epoch,
    thresholds: Thresholds,
    check: Vec<CheckRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMarkets {
    #[serde(rename = "valid_from")]
    _valid_from: Epoch,
    #[serde(rename = "source")]
    _source: String,
    market: Vec<RawMarket>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMarket {
    key: String,
    vi: String,
    en: String,
    also: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCrops {
    #[serde(rename = "valid_from")]
    _valid_from: Epoch,
    #[serde(rename = "source")]
    _source: String,
    crop: Vec<Crop>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDistricts {
    valid_to: Epoch,
    #[serde(rename = "source")]
    _source: String,
    words: Vec<String>,
    district: Vec<RawDistrict>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDistrict {
    #[serde(rename = "code")]
    _code: String,
    name: String,
}

impl CodeRules {
    /// Reads the four texts; the files' names stand in errors. Every check has its rule, shares lie between 0 and 1, keys are unique.
    pub fn parse(texts: &RuleTexts) -> Result<CodeRules, LegendError> {
        let file = "codes/checks.toml";
        let raw: RawChecks = parse_toml(file, texts.checks)?;
        let refuse = |message: String| Err(LegendError::of(file, message));
        let mut checks: BTreeMap<Check, CheckRule> = BTreeMap::new();
        for rule in raw.check {
            if let Some(twice) = checks.insert(rule.key, rule) {
                return refuse(format!("the check {} is there twice", twice.key));
            }
        }
        if let Some(missing) = Check::ALL.iter().find(|check| !checks.contains_key(check)) {
            return refuse(format!("the check {missing} is missing"));
        }
        if let Some(rule) = checks.values().find(|rule| rule.verdict == Verdict::Valid) {
            return refuse(format!("the check {} cannot weigh “valid”: it is a finding", rule.key));
        }
        let t = &raw.thresholds;
        let shares = [t.area_share, t.overlap_share, t.inside_unit_share, t.encroached_share, t.unlawful_share];
        let sizes = [t.area_sigmas, t.overlap_m2, t.encroached_m2, t.unlawful_m2, t.dwelling_m2, t.fix_accuracy_m];
        if !shares.iter().all(|share| (0.0..=1.0).contains(share)) || !sizes.iter().all(|m| m.is_finite() && *m >= 0.0) {
            return refuse("[thresholds]: shares lie between 0 and 1, the others are 0 or more".to_owned());
        }
        let crops = crops("codes/crops.toml", texts.crops)?;
        let names = crops.iter().enumerate().flat_map(|(n, crop)| crop.names.iter().map(move |name| (n, name)));
        let crop_name = |(crop, name): (usize, &String)| CropName {
            crop,
            words: words(&spelled(name)),
            folded: words(&fold(name)),
            is_plain: name.is_ascii(),
        };
        let crop_names = names.map(crop_name).collect();
        let districts: RawDistricts = parse_toml("codes/districts.toml", texts.districts)?;
        Ok(CodeRules {
            valid_from: raw.valid_from,
            thresholds: raw.thresholds,
            checks,
            markets: markets("codes/markets.toml", texts.markets)?,
            crops,
            crop_names,
            district_words: districts.words.iter().map(|word| spelled(word)).collect(),
            districts: districts.district.iter().map(|district| spelled(&district.name)).collect(),
            districts_until: districts.valid_to,
        })
    }

    /// The markets that a text names: `CHN`, `Trung Quốc; Mỹ`. What is no market is told.
    pub fn markets_in(&self, text: &str) -> Result<Vec<&Market>, String> {
        let parts = text.split([',', ';', '/', '+', '\n']).map(str::trim).filter(|part| !part.is_empty());
        let mut found: Vec<&Market> = Vec::new();
        for part in parts {
            let key = spelled(part);
            let market = self.markets.iter().find(|m| m.also.contains(&key)).ok_or_else(|| part.chars().take(40).collect::<String>())?;
            if !found.contains(&market) {
                found.push(market);
            }
        }
        Ok(found)
    }

    pub fn market(&self, key: &str) -> Option<&Market> {
        self.markets.iter().find(|market| market.key == key)
    }

    /// The crop that a register's words mean: the longest name found in them, word by word. Where no diacritics were typed, a name
    /// that has some is the whole text or is not meant: “Ca phe” is no “Cá”.
    pub fn crop_of(&self, text: &str) -> Option<&Crop> {
        let (asked, is_ascii) = (words(&spelled(text)), text.is_ascii());
        let is_in = |name: &&CropName| {
            let holds = || asked.windows(name.words.len().max(1)).any(|run| run == name.words);
            if is_ascii { name.folded == asked || (name.is_plain && holds()) } else { holds() }
        };
        let best = self.crop_names.iter().filter(is_in).max_by_key(|name| (name.words.len(), std::cmp::Reverse(name.crop)));
        best.and_then(|name| self.crops.get(name.crop))
    }

    /// The district that a text names with its word in front: `huyện Ứng Hòa`.
    pub fn district_in(&self, text: &str) -> Option<String> {
        text.split([',', ';', '-', '\n']).find_map(|part| {
            let key = spelled(part);
            let rest = self.district_words.iter().find_map(|word| key.strip_prefix(word.as_str())?.strip_prefix(['.', ' ']))?;
            self.districts.iter().any(|district| district == rest.trim()).then(|| part.trim().to_owned())
        })
    }

    /// The first day on which the communes of today existed.
    pub(super) fn units_since(&self) -> Day {
        Day::first_of(self.thresholds.units_since)
    }
}

fn words(key: &str) -> Vec<String> {
    key.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn markets(file: &str, text: &str) -> Result<Vec<Market>, LegendError> {
    let raw: RawMarkets = parse_toml(file, text)?;
    let mut markets: Vec<Market> = Vec::new();
    for RawMarket { key, vi, en, also } in raw.market {
        let names = [&key, &vi, &en].into_iter().chain(&also);
        let also: Vec<String> = names.flat_map(|name| [spelled(name), fold(name)]).collect();
        if markets.iter().any(|other| other.also.iter().any(|name| also.contains(name))) {
            return Err(LegendError::of(file, format!("the market {key}, or another name of it, is there twice")));
        }
        markets.push(Market { key, name: Text { vi, en }, also });
    }
    Ok(markets)
}

fn crops(file: &str, text: &str) -> Result<Vec<Crop>, LegendError> {
    let raw: RawCrops = parse_toml(file, text)?;
    for (n, crop) in raw.crop.iter().enumerate() {
        let is_size = |size: Option<f64>| size.is_none_or(|size| size.is_finite() && size > 0.0);
        if crop.names.is_empty() || raw.crop[..n].iter().any(|other| other.key == crop.key) {
            return Err(LegendError::of(file, format!("the crop {} is there twice, or has no name", crop.key)));
        }
        if !is_size(crop.max_t_ha) || !is_size(crop.max_harvests) {
            return Err(LegendError::of(file, format!("the crop {}: max_t_ha and max_harvests are above 0", crop.key)));
        }
    }
    Ok(raw.crop)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn rules() -> CodeRules {
        CodeRules::parse(&TEXTS).unwrap()
    }

    const TEXTS: RuleTexts = RuleTexts {
        checks: include_str!("../../zones/codes/checks.toml"),
        markets: include_str!("../../zones/codes/markets.toml"),
        crops: include_str!("../../zones/codes/crops.toml"),
        districts: include_str!("../../zones/codes/districts.toml"),
    };

    #[test]
    fn a_market_is_known_by_what_registers_call_it() {
        let rules = rules();
        let keys = |text: &str| rules.markets_in(text).map(|found| found.iter().map(|m| m.key.clone()).collect::<Vec<_>>().join(","));
        assert_eq!(keys("Trung Quốc; Mỹ"), Ok("CHN,USA".to_owned()));
        assert_eq!(keys("trung quoc / EU"), Ok("CHN,EU".to_owned()));
        assert_eq!(keys("Nội địa"), Ok("VN".to_owned()));
        assert_eq!(keys("CHN, CN"), Ok("CHN".to_owned()));
        assert_eq!(keys("Sao Hỏa"), Err("Sao Hỏa".to_owned()));
    }

    #[test]
    fn a_crop_is_the_longest_name_in_the_words() {
        let rules = rules();
        let key = |text: &str| rules.crop_of(text).map(|crop| crop.key.as_str());
        assert_eq!(key("Bưởi Diễn"), Some("pomelo"));
        assert_eq!(key("Cà chua bi"), Some("vegetables"));
        assert_eq!(key("Cá rô phi"), Some("fish"));
        assert_eq!(key("Buoi dien"), Some("pomelo"));
        assert_eq!(key("Rau an toàn"), Some("vegetables"));
        assert_eq!(key("Hoa Cúc"), Some("flowers"));
        assert_eq!((key("Hòa"), key("Sâm"), key("")), (None, None, None));
        assert_eq!((key("Ca phe"), key("Cà phê"), key("Dau tuong"), key("Hoa mau")), (None, None, None, Some("vegetables")));
        assert_eq!([key("Hoa quả"), key("hoa qua"), key("Hoa màu")], [Some("fruit"), Some("fruit"), Some("vegetables")]);
        assert_eq!(
            [key("Lua"), key("Rau muong"), key("Cam Canh"), key("Ca")],
            [Some("rice"), Some("vegetables"), Some("citrus"), Some("fish")]
        );
    }

    #[test]
    fn a_district_is_named_with_its_word_alone() {
        let rules = rules();
        for text in ["xã Cao Thành, huyện Ứng Hòa, Hà Nội", "H. Sóc Sơn", "quận Hà Đông", "TX Sơn Tây", "Huyện Ứng Hoà"]
        {
            assert!(rules.district_in(text).is_some(), "{text}");
        }
        for text in ["Xã Sóc Sơn", "Thanh Trì", "huyện Thanh Liêm", "", "H"] {
            assert_eq!(rules.district_in(text), None, "{text}");
        }
    }

    #[test]
    fn a_mistake_in_the_rules_is_told() {
        let told = |from: &str, to: &str| {
            assert!(TEXTS.checks.contains(from), "{from}");
            CodeRules::parse(&RuleTexts { checks: &TEXTS.checks.replacen(from, to, 1), ..TEXTS }).unwrap_err().to_string()
        };
        assert!(told("key = \"lapsed\"", "key = \"revoked\"").contains("the check revoked is there twice"));
        assert!(told("area_share = 0.02", "area_share = 2.0").contains("shares lie between 0 and 1"));
        assert!(told("verdict = \"invalid\"", "verdict = \"valid\"").contains("cannot weigh"));
        assert!(told("area_share", "area_shares").contains("unknown field"));
    }
}
