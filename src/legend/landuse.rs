//! `zones/legends/*.toml`: land-use labels and what they mean.

use std::collections::HashMap;

use serde::Deserialize;
use toml::Spanned;
use unicode_normalization::UnicodeNormalization;

use super::{LegendError, fold, parse_toml, spelled};
use crate::model::{Epoch, Group, LandUseClass, Text};

/// A land-use legend: labels as files write them → classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Legend {
    /// `vn`, `osm`, `corine`, `corine_grid`, `worldcover`, or the file's stem.
    pub name: String,
    pub title: Text,
    pub source: String,
    pub valid_from: Epoch,
    pub classes: Vec<LandUseClass>,
    /// Spelling of a code, alias or official name → place in `classes`.
    by_label: HashMap<String, usize>,
    by_code: HashMap<String, usize>,
    secrets: Secrets,
}

/// What gives a secret class away in a label that stands for no class; words are folded unless said otherwise.
#[derive(Debug, Clone, PartialEq, Default)]
struct Secrets {
    /// Phrases with the place of their class in `classes`; one that occurs in a label is a hit.
    phrases: Vec<(Phrase, usize)>,
    /// Names; one that is the whole label is a hit.
    names: Vec<(Vec<String>, usize)>,
    /// Phrases that look like a hit and are none, with the diacritics with which they are that.
    innocent: Vec<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Phrase {
    words: Vec<String>,
    /// One word without diacritics: a word with some is another one (CAN, Cần).
    is_bare: bool,
}

impl Secrets {
    fn add(&mut self, class: usize, raw: &RawClass) {
        let labels = raw.aliases.iter().map(|a| a.get_ref()).chain([raw.code.get_ref()]).chain(&raw.words);
        for label in labels {
            let words = words_of(label);
            if words.is_empty() {
                continue;
            }
            let glued = words.iter().map(|w| w.folded.as_str()).collect::<String>();
            let is_bare = words.len() == 1 && words[0].is_bare();
            let folded = words.into_iter().map(|w| w.folded).collect::<Vec<_>>();
            // Drawings glue words: DATQUOCPHONG, from “đất”, land.
            let variants = [folded, vec![format!("dat{glued}")], vec![glued]];
            self.phrases.extend(variants.map(|words| (Phrase { words, is_bare }, class)));
        }
        let names = [&raw.vi, &raw.en].map(|name| (folded_words(name), class));
        self.names.extend(names.into_iter().filter(|(words, _)| !words.is_empty()));
        let innocent = raw.innocent.iter().map(|phrase| words_of(phrase).into_iter().map(|w| w.spelled).collect::<Vec<_>>());
        self.innocent.extend(innocent.filter(|words| !words.is_empty()));
    }

    /// The class that a label gives away.
    fn find(&self, label: &str) -> Option<usize> {
        let mut words = words_of(label);
        if let Some((_, class)) = self.names.iter().find(|(name, _)| name.iter().eq(words.iter().map(|w| &w.folded))) {
            return Some(*class);
        }
        for phrase in &self.innocent {
            let is_at = |window: &[Word]| phrase.iter().eq(window.iter().map(|w| &w.spelled));
            while let Some(at) = words.windows(phrase.len()).position(is_at) {
                // What stood on either side does not come together.
                words.splice(at..at + phrase.len(), [Word::default()]);
            }
        }
        let occurs = |phrase: &Phrase| {
            let is_at = |window: &[Word]| phrase.words.iter().eq(window.iter().map(|w| &w.folded));
            words.windows(phrase.words.len()).any(|window| is_at(window) && (!phrase.is_bare || window[0].is_bare()))
        };
        self.phrases.iter().find(|(phrase, _)| occurs(phrase)).map(|(_, class)| *class)
    }
}

#[derive(Debug, Clone, Default)]
struct Word {
    /// Without diacritics, in lower case, and with them.
    folded: String,
    spelled: String,
}

impl Word {
    /// Written without diacritics.
    fn is_bare(&self) -> bool {
        self.folded == self.spelled
    }
}

/// Words of a label, without numbers at their ends; letters one by one are one word (C.Q.P).
fn words_of(label: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_letter_before = false;
    // Composed, so that marks do not part a word.
    let composed: String = label.nfc().collect();
    for part in composed.split(|c: char| !c.is_alphanumeric()) {
        let part = part.trim_matches(char::is_numeric);
        let (folded, spelled) = (fold(part), spelled(part));
        if folded.is_empty() {
            continue;
        }
        let is_letter = part.chars().count() == 1;
        match words.last_mut().filter(|_| is_letter && is_letter_before) {
            Some(word) => {
                word.folded += &folded;
                word.spelled += &spelled;
            }
            None => words.push(Word { folded, spelled }),
        }
        is_letter_before = is_letter;
    }
    words
}

fn folded_words(text: &str) -> Vec<String> {
    words_of(text).into_iter().map(|w| w.folded).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLegend {
    name: String,
    title: Text,
    valid_from: Epoch,
    source: String,
    names_are_labels: Option<Language>,
    class: Vec<RawClass>,
}

/// The language whose names are official, so that files may use them instead of the codes.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Language {
    Vi,
    En,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClass {
    code: Spanned<String>,
    vi: String,
    en: String,
    group: Group,
    rgb: [u8; 3],
    #[serde(default)]
    farm: bool,
    #[serde(default)]
    secret: bool,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    /// Of a secret class: what gives it away within a label that stands for no class, and what looks so and is not.
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    innocent: Vec<String>,
    superseded_by: Option<Vec<Spanned<String>>>,
}

impl Legend {
    /// Reads a legend's TOML; `file` names it in errors. No label may stand for two classes; a successor
    /// is a code in use; what is secret is in group `public`, so that no figure betrays it.
    pub fn parse(file: &str, text: &str) -> Result<Legend, LegendError> {
        let raw: RawLegend = parse_toml(file, text)?;
        let mut by_label = HashMap::with_capacity(2 * raw.class.len());
        let in_use: HashMap<&str, bool> = raw.class.iter().map(|c| (c.code.get_ref().as_str(), c.superseded_by.is_none())).collect();
        for (i, class) in raw.class.iter().enumerate() {
            let code = class.code.get_ref();
            let refuse = |at: usize, message: String| Err(LegendError::at(file, text, at, message));
            let name = match raw.names_are_labels {
                None => None,
                Some(Language::Vi) => Some((&class.vi, class.code.span())),
                Some(Language::En) => Some((&class.en, class.code.span())),
            };
            let labels = std::iter::once(&class.code).chain(&class.aliases).map(|label| (label.get_ref(), label.span())).chain(name);
            for (label, span) in labels {
                let key = spelled(label);
                if key.is_empty() {
                    return refuse(span.start, "a label is empty; write the code as files do".to_owned());
                }
                if let Some(other) = by_label.insert(key, i) {
                    let other = raw.class.get(other).map_or("", |c| c.code.get_ref());
                    return refuse(
                        span.start,
                        format!("the label “{label}” of {code} already stands for {other}; take it out of one of them"),
                    );
                }
            }
            for successor in class.superseded_by.iter().flatten() {
                if in_use.get(successor.get_ref().as_str()) != Some(&true) {
                    return refuse(
                        successor.span().start,
                        format!("{code} is superseded by “{}”, which is not a code in use", successor.get_ref()),
                    );
                }
            }
            if !class.secret && class.words.iter().chain(&class.innocent).next().is_some() {
                return refuse(
                    class.code.span().start,
                    format!("{code} is not secret, and words and innocent are for what is; take them out, or write aliases"),
                );
            }
            if class.secret && class.group != Group::Public {
                return refuse(
                    class.code.span().start,
                    format!("{code} is secret and must be in group public, so that no figure betrays it"),
                );
            }
        }
        let mut secrets = Secrets::default();
        raw.class.iter().enumerate().filter(|(_, class)| class.secret).for_each(|(i, class)| secrets.add(i, class));
        let by_code = raw.class.iter().enumerate().map(|(i, class)| (class.code.get_ref().clone(), i)).collect();
        let classes = raw.class.into_iter().map(|c| LandUseClass {
            code: c.code.into_inner(),
            name: Text { vi: c.vi, en: c.en },
            group: c.group,
            farm: c.farm,
            secret: c.secret,
            rgb: c.rgb,
            superseded_by: c.superseded_by.map(|codes| codes.into_iter().map(Spanned::into_inner).collect()),
        });
        Ok(Legend {
            name: raw.name,
            title: raw.title,
            source: raw.source,
            valid_from: raw.valid_from,
            classes: classes.collect(),
            by_label,
            by_code,
            secrets,
        })
    }

    /// The secret class that a label without a class gives away, as free names of drawings do: `Đất QP`, `DAT_QUOC_PHONG`,
    /// `LUC+CAN`. Case, diacritics and punctuation do not matter; a word counts whole.
    pub fn secret_in(&self, label: &str) -> Option<&LandUseClass> {
        self.secrets.find(label).and_then(|i| self.classes.get(i))
    }

    /// The class of a label as a file writes it, none when unmapped. A code, an alias or an official name;
    /// case, spaces and the Unicode form do not matter. Nothing is guessed: `LUC+ONT` has no class.
    pub fn class(&self, label: &str) -> Option<&LandUseClass> {
        // Most labels are codes as they are written here.
        let known = self.by_code.get(label).or_else(|| self.by_label.get(&spelled(label)));
        known.and_then(|i| self.classes.get(*i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VN: &str = include_str!("../../zones/legends/vn.toml");
    const OSM: &str = include_str!("../../zones/legends/osm.toml");
    const CORINE: &str = include_str!("../../zones/legends/corine.toml");
    const CORINE_GRID: &str = include_str!("../../zones/legends/corine_grid.toml");
    const WORLDCOVER: &str = include_str!("../../zones/legends/worldcover.toml");

    fn vn() -> Legend {
        Legend::parse("zones/legends/vn.toml", VN).unwrap()
    }

    /// Codes of domain.md § 2 by group, as its table gives them.
    const TABLE: &[(Group, &str)] = &[
        (Group::None, "LUA LUC LUK LUN HNK BHK NHK CLN LNC LNQ LNK RSX RPH RDD NTS TSN TSL CNT LMU NKH BCS DCS NCS CGT MCS"),
        (Group::Built, "ONT ODT TSC DTS DVH DXH DYT DGD DTT DKH DMT DKT DNG DSK SKK SKN SKT SCT TMD SKC DKV DSH DCH DBV DNL DCK PNK"),
        (Group::Public, "CQP CAN DDD DDT DDL TON TIN"),
        (Group::Sealed, "SKS SKX DPC DRA NTD"),
        (Group::Transport, "DGT"),
        (Group::Water, "DTL DCT SON MNC SMN"),
        (Group::Unmapped, "NNP CHN LNP PNN OTC DSN CSK CCC CSD TVC"),
    ];

    #[test]
    fn every_code_of_the_circulars_is_known_in_its_group_and_no_other() {
        let legend = vn();
        let mut n_codes = 0;
        for (group, codes) in TABLE {
            for code in codes.split(' ') {
                assert_eq!(legend.class(code).map(|c| (c.code.as_str(), c.group)), Some((code, *group)));
                n_codes += 1;
            }
        }
        assert_eq!(legend.classes.len(), n_codes);
    }

    #[test]
    fn superseded_codes_name_their_successors() {
        let legend = vn();
        let successors = |code: &str| legend.class(code).and_then(|c| c.superseded_by.clone()).map(|codes| codes.join(" "));
        let expected = "BHK HNK,NHK HNK,LUN LUK,LNC CLN,LNQ CLN,LNK CLN,TSN NTS,TSL NTS,SMN SON MNC,DDT DDD,DDL DDD,DSH DKV,SKT SKK,DTS DSK,SKX SKC SKS,DCK ";
        for pair in expected.split(',') {
            let (code, codes) = pair.split_once(' ').unwrap();
            assert_eq!(successors(code).as_deref(), Some(codes), "{code}");
        }
        assert_eq!(legend.classes.iter().filter(|c| c.superseded_by.is_some()).count(), expected.split(',').count());
    }

    #[test]
    fn only_defence_and_security_are_secret_and_only_the_agricultural_group_is_farmland() {
        let legend = vn();
        let codes =
            |of: fn(&LandUseClass) -> bool| legend.classes.iter().filter(|c| of(c)).map(|c| c.code.as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!(codes(|c| c.secret), "CQP CAN");
        assert_eq!(codes(|c| c.farm), "LUA LUC LUK LUN HNK BHK NHK CLN LNC LNQ LNK RSX RPH RDD NTS TSN TSL CNT LMU NKH");
        assert_eq!([legend.class("LUC").unwrap().rgb, legend.class("NCS").unwrap().rgb], [[255, 252, 140], [230, 230, 200]]);
    }

    #[test]
    fn a_label_matches_whatever_its_case_spaces_and_unicode_form() {
        let legend = vn();
        let code = |label: &str| legend.class(label).map(|c| c.code.clone());
        for label in [" luc ", "Luc", "Đất chuyên trồng lúa", "ĐẤT CHUYÊN  TRỒNG LÚA NƯỚC", "Đâ\u{301}t chuyên trồng lúa"]
        {
            assert_eq!(code(label).as_deref(), Some("LUC"), "{label}");
        }
        assert_eq!(code("Đất nuôi trồng thuỷ sản").as_deref(), Some("NTS"));
    }

    #[test]
    fn what_is_mixed_old_or_free_is_unmapped_and_never_guessed() {
        let legend = vn();
        for label in ["LUC+ONT", "ONT+LNK", "T", "2L", "AO", "", " ", "dat o", "Dat chuyen trong lua", "LUCX", "Layer 1", "nhà"] {
            assert_eq!(legend.class(label), None, "{label}");
        }
    }

    #[test]
    fn a_free_name_gives_away_what_is_secret_by_whole_words_only() {
        let legend = vn();
        let found = |label: &str| legend.secret_in(label).map(|c| c.code.as_str());
        for label in [
            "Quốc phòng",
            "dat quoc phong",
            "DAT_QUOC_PHONG",
            "DatQuocPhong",
            "Đất QP",
            "QP",
            "qp2",
            "C.Q.P",
            "LUC+CQP",
            "CQP_1",
            "military",
            "Khu quân sự",
            "Defence",
            "Ðâ\u{301}t Quô\u{301}c pho\u{300}ng - thao trươ\u{300}ng",
        ] {
            assert_eq!(found(label), Some("CQP"), "{label}");
        }
        for label in
            ["an ninh", "Đất an ninh (mới)", "DAT-AN-NINH", "ANNINH", "LUC/CAN", "Dat CAN", "C.A.N", "Trụ sở Công an xã", "Security"]
        {
            assert_eq!(found(label), Some("CAN"), "{label}");
        }
        for label in [
            "Cần Thơ",
            "CAN THO",
            "Căn hộ",
            "khu can ho",
            "ao cạn",
            "SQPX",
            "CANAL",
            "scan",
            "Rau an toàn",
            "Ninh An",
            "An ninh lương thực",
            "Chùa Quán Sứ",
            "thi công an toàn",
            "Quốc lộ 1",
            "phòng học",
            "flood defence",
            "LUC+ONT",
            "",
            " . ",
        ] {
            assert_eq!(found(label), None, "{label}");
        }
        assert_eq!(legend.secret_in("CAN THO, CAN").map(|c| c.code.as_str()), Some("CAN"));
        let osm = Legend::parse("osm.toml", OSM).unwrap();
        assert!(osm.secret_in("landuse=military").is_some() && osm.secret_in("residential").is_none());
    }

    #[test]
    fn the_other_legends_know_their_classes() {
        let groups = |legend: &Legend, labels: &[&str]| {
            labels.iter().map(|l| legend.class(l).map_or("-", |c| c.group.as_str())).collect::<Vec<_>>().join(" ")
        };
        let osm = Legend::parse("osm.toml", OSM).unwrap();
        assert_eq!(
            groups(&osm, &["residential", "yes", "railway", "quarry", "reservoir", "religious", "farmland", "nothing"]),
            "built built transport sealed water public none -"
        );
        assert!(osm.class("military").unwrap().secret && !osm.class("commercial").unwrap().secret);
        let corine = Legend::parse("corine.toml", CORINE).unwrap();
        assert_eq!(
            groups(&corine, &["112", "discontinuous urban fabric", "122", "131", "213", "512", "600"]),
            "built built transport sealed none water -"
        );
        assert_eq!(corine.classes.len(), 44);
        let grid = Legend::parse("corine_grid.toml", CORINE_GRID).unwrap();
        let facts = |c: &LandUseClass| (c.name.clone(), c.group, c.farm, c.rgb);
        assert!(corine.classes.iter().map(facts).eq(grid.classes.iter().map(facts)), "the same classes in the same order");
        assert!(grid.classes.iter().map(|c| c.code.clone()).eq((1..=44).map(|n| n.to_string())));
        assert_eq!(groups(&grid, &["1", "12", "14", "41", "44", "111", "48", "Rice fields"]), "built none none water water - - none");
        let worldcover = Legend::parse("worldcover.toml", WORLDCOVER).unwrap();
        assert_eq!(groups(&worldcover, &["50", "Built-up", "80", "40", "0"]), "built built water none -");
        assert_eq!(worldcover.classes.iter().map(|c| c.code.as_str()).collect::<Vec<_>>().join(" "), "10 20 30 40 50 60 70 80 90 95 100");
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let error = |class: &str| {
            let text = format!(
                "name = \"x\"\ntitle = {{ vi = \"\", en = \"\" }}\nvalid_from = \"2024\"\nsource = \"\"\nclass = [\n  {{ code = \"A\", vi = \"\", en = \"\", group = \"none\", rgb = [0, 0, 0] }},\n  {{ {class} }},\n]\n"
            );
            Legend::parse("x.toml", &text).unwrap_err().to_string()
        };
        let rest = "vi = \"\", en = \"\", group = \"built\", rgb = [0, 0, 0]";
        assert_eq!(
            error(&format!("code = \"a\", {rest}")),
            "x.toml: line 7: the label “a” of a already stands for A; take it out of one of them"
        );
        assert_eq!(
            error(&format!("code = \"B\", superseded_by = [\"C\"], {rest}")),
            "x.toml: line 7: B is superseded by “C”, which is not a code in use"
        );
        assert_eq!(
            error(&format!("code = \"B\", secret = true, {rest}")),
            "x.toml: line 7: B is secret and must be in group public, so that no figure betrays it"
        );
        assert_eq!(
            error(&format!("code = \"B\", words = [\"b\"], {rest}")),
            "x.toml: line 7: B is not secret, and words and innocent are for what is; take them out, or write aliases"
        );
        assert_eq!(error(&format!("code = \" \", {rest}")), "x.toml: line 7: a label is empty; write the code as files do");
        assert!(error(&format!("code = \"B\", colour = 1, {rest}")).starts_with("x.toml: line 7: unknown field `colour`"));
        assert!(error(&format!("code = \"B\", {}", rest.replace("built", "bulit"))).contains("line 7: unknown variant `bulit`"));
        assert!(error(&format!("code = \"B\", {}", rest.replace("[0,", "[256,"))).starts_with("x.toml: line 7"));
    }
}
