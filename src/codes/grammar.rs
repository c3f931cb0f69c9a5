//! Farming area codes: their grammars, read from `zones/schemes/`, and what a written code says.
//!
//! A code is kept as written beside its canonical form and its parts; case, spaces, dots and the
//! many dashes do not matter. Whether the code exists, is alive and fits its zone is not decided here.
//! Invariant: the canonical form of a code is read again as the same code. Never panics on any text.

use regex::{Captures, Regex, RegexBuilder};
use serde::Deserialize;
use toml::Spanned;
use unicode_normalization::UnicodeNormalization;

use crate::legend::{LegendError, Text, parse_toml};
use crate::model::Epoch;

/// Longer texts are no codes; the longest grammar takes 39 letters.
const MAX_LETTERS: usize = 80;

/// With more look-alikes than this nothing is advised; a code of the longest grammar has about 25.
const MAX_LOOK_ALIKES: usize = 40;

/// One grammar of area codes.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// Kept with each code: `export_legacy`, `decree_38_2026` …
    pub id: String,
    pub name: Text,
    pub examples: Vec<String>,
    /// Names of the parts that hold a market; none when the code does not say it.
    pub markets: Vec<String>,
    pub valid_from: Epoch,
    /// When the last such code was given out; older codes may live on.
    pub valid_to: Option<Epoch>,
    pub source: String,
    pattern: Regex,
    /// Pieces such as `{province}{purpose}`, joined by `separator`; pieces that come out empty are left out.
    canonical: Vec<String>,
    separator: String,
}

/// Named parts of a code in the order of its grammar: `[("province", "HN"), …]`.
pub type Parts = Vec<(String, String)>;

/// The grammars, in the order in which they are tried.
#[derive(Debug, Clone, Default)]
pub struct Schemes {
    pub schemes: Vec<Scheme>,
}

/// A code that a grammar took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaCode {
    /// As written.
    pub raw: String,
    /// The grammar's id.
    pub scheme: String,
    /// The one way to write it: `VN-HNOR-0001`.
    pub canonical: String,
    pub parts: Parts,
}

/// A text that no grammar takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    /// What is wrong and what a code looks like, for a person.
    pub message: String,
    /// A code that differs by letters easily taken for one another (O and 0), or by a missing `VN`.
    pub did_you_mean: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScheme {
    id: String,
    name: Text,
    pattern: Spanned<String>,
    canonical: Vec<Spanned<String>>,
    separator: Spanned<String>,
    examples: Vec<Spanned<String>>,
    markets: Vec<Spanned<String>>,
    valid_from: Epoch,
    valid_to: Option<Epoch>,
    source: String,
}

impl Scheme {
    /// Reads one file of `zones/schemes/`; `file` names it in errors. The pattern takes the whole code, the
    /// canonical form uses parts that the pattern names, and each example is read and written back.
    pub fn parse(file: &str, text: &str) -> Result<Scheme, LegendError> {
        let raw: RawScheme = parse_toml(file, text)?;
        let refuse = |at: usize, message: String| LegendError::at(file, text, at, message);
        let pattern = RegexBuilder::new(raw.pattern.get_ref())
            .size_limit(1 << 20)
            .build()
            .map_err(|e| refuse(raw.pattern.span().start, format!("the pattern cannot be used: {e}")))?;
        if !(raw.pattern.get_ref().starts_with('^') && raw.pattern.get_ref().ends_with('$')) {
            return Err(refuse(
                raw.pattern.span().start,
                "the pattern must begin with ^ and end with $, so that it takes the whole code".to_owned(),
            ));
        }
        let known = |part: &str| pattern.capture_names().flatten().any(|name| name == part);
        for piece in &raw.canonical {
            if let Some(part) = parts_of(piece.get_ref()).find(|part| !known(part)) {
                return Err(refuse(piece.span().start, format!("{{{part}}} is not a part that the pattern names")));
            }
        }
        if let Some(part) = raw.markets.iter().find(|part| !known(part.get_ref())) {
            return Err(refuse(part.span().start, format!("“{}” is not a part that the pattern names", part.get_ref())));
        }
        if !matches!(raw.separator.get_ref().as_str(), "" | "-" | ".") {
            return Err(refuse(raw.separator.span().start, "the separator is -, . or nothing".to_owned()));
        }
        let scheme = Scheme {
            id: raw.id,
            name: raw.name,
            examples: raw.examples.iter().map(|e| e.get_ref().clone()).collect(),
            markets: raw.markets.into_iter().map(Spanned::into_inner).collect(),
            valid_from: raw.valid_from,
            valid_to: raw.valid_to,
            source: raw.source,
            pattern,
            canonical: raw.canonical.into_iter().map(Spanned::into_inner).collect(),
            separator: raw.separator.into_inner(),
        };
        for example in &raw.examples {
            let written = scheme.take(&tidied(example.get_ref())).map(|(canonical, _)| canonical);
            if written.as_ref() != Some(example.get_ref()) {
                let instead = written.map_or("not read at all".to_owned(), |w| format!("written back as {w}"));
                return Err(refuse(example.span().start, format!("the example {} is {instead}", example.get_ref())));
            }
        }
        Ok(scheme)
    }

    /// Of a tidied text: capitals, one hyphen for each run of dashes, dots, spaces and underscores.
    pub fn pattern(&self) -> &str {
        self.pattern.as_str()
    }

    /// The canonical form and the parts of a tidied text, when this grammar takes it.
    fn take(&self, tidied: &str) -> Option<(String, Parts)> {
        let captures = self.pattern.captures(tidied)?;
        let pieces: Vec<String> = self.canonical.iter().map(|piece| filled(piece, &captures)).filter(|piece| !piece.is_empty()).collect();
        let part = |name: &str| captures.name(name).map(|m| (name.to_owned(), m.as_str().to_owned()));
        Some((pieces.join(&self.separator), self.pattern.capture_names().flatten().filter_map(part).collect()))
    }
}

impl Schemes {
    /// Reads the files of `zones/schemes/`, given as (name, text), in the order in which they are to be tried.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Schemes, LegendError> {
        let mut schemes: Vec<Scheme> = Vec::new();
        for (file, text) in files {
            let scheme = Scheme::parse(file, text)?;
            if schemes.iter().any(|s| s.id == scheme.id) {
                return Err(LegendError::of(file, format!("the id “{}” belongs to another scheme already", scheme.id)));
            }
            schemes.push(scheme);
        }
        Ok(Schemes { schemes })
    }

    pub fn get(&self, id: &str) -> Option<&Scheme> {
        self.schemes.iter().find(|s| s.id == id)
    }

    fn take(&self, tidied: &str) -> Option<(&Scheme, String, Parts)> {
        self.schemes.iter().find_map(|scheme| scheme.take(tidied).map(|(canonical, parts)| (scheme, canonical, parts)))
    }
}

/// Whether a text is a code as people write it; says no more, and so takes little time for a text that is none.
pub fn is_code(text: &str, schemes: &Schemes) -> bool {
    text.chars().nth(MAX_LETTERS).is_none() && schemes.take(&tidied(text)).is_some()
}

/// Reads a code as people write it, with advice where it is none.
pub fn parse(text: &str, schemes: &Schemes) -> Result<AreaCode, Malformed> {
    read(text, schemes).map_err(|malformed| {
        let is_short = text.chars().nth(MAX_LETTERS).is_none();
        Malformed { did_you_mean: is_short.then(|| nearest(&tidied(text), schemes)).flatten(), ..malformed }
    })
}

/// The same without advice, which takes far longer than reading does.
pub fn read(text: &str, schemes: &Schemes) -> Result<AreaCode, Malformed> {
    let refuse = |message: String| Err(Malformed { message, did_you_mean: None });
    if text.chars().nth(MAX_LETTERS).is_some() {
        let beginning: String = text.chars().take(20).collect();
        return refuse(format!("“{beginning}…” is too long for an area code (at most {MAX_LETTERS} letters)"));
    }
    let tidied = tidied(text);
    if tidied.is_empty() {
        return refuse("the area code is empty".to_owned());
    }
    if let Some((scheme, canonical, parts)) = schemes.take(&tidied) {
        return Ok(AreaCode { raw: text.to_owned(), scheme: scheme.id.clone(), canonical, parts });
    }
    let examples: Vec<&str> = schemes.schemes.iter().filter_map(|s| s.examples.first()).map(String::as_str).collect();
    let shown = text.trim();
    refuse(format!("“{shown}” is not an area code; codes look like {}", examples.join(" or ")))
}

/// Capitals, full-width letters made plain, and one hyphen for each run of dashes, dots, spaces and underscores.
fn tidied(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for c in text.nfkc().flat_map(char::to_uppercase) {
        match c {
            // Marks that a copied text carries and nobody sees.
            '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{ad}' => {}
            '-' | '.' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{b7}' => separate(&mut tidied),
            c if c.is_whitespace() => separate(&mut tidied),
            c => tidied.push(c),
        }
    }
    tidied.truncate(tidied.trim_end_matches('-').len());
    tidied
}

fn separate(tidied: &mut String) {
    if !tidied.is_empty() && !tidied.ends_with('-') {
        tidied.push('-');
    }
}

/// Letters and digits that are taken for one another in print and by hand.
const LOOK_ALIKES: &[(char, char)] = &[
    ('O', '0'),
    ('0', 'O'),
    ('I', '1'),
    ('1', 'I'),
    ('L', '1'),
    ('S', '5'),
    ('5', 'S'),
    ('B', '8'),
    ('8', 'B'),
    ('Z', '2'),
    ('2', 'Z'),
    ('Q', '0'),
];

/// The canonical form of a code that differs from the text by at most two look-alikes or a missing country.
fn nearest(tidied: &str, schemes: &Schemes) -> Option<String> {
    let read = |letters: &[char]| schemes.take(&letters.iter().collect::<String>()).map(|(_, canonical, _)| canonical);
    let with_country: Vec<char> = "VN-".chars().chain(tidied.chars()).collect();
    // Digits alone are as likely a mistyped pond number as a code without its country.
    if let Some(canonical) = read(&with_country).filter(|_| tidied.contains(char::is_alphabetic)) {
        return Some(canonical);
    }
    let letters: Vec<char> = tidied.chars().collect();
    let swaps: Vec<(usize, char)> = letters
        .iter()
        .enumerate()
        .flat_map(|(i, c)| LOOK_ALIKES.iter().filter(move |(from, _)| from == c).map(move |(_, to)| (i, *to)))
        .collect();
    let swapped = |letters: &[char], (at, to): (usize, char)| {
        letters.iter().enumerate().map(|(i, c)| if i == at { to } else { *c }).collect::<Vec<char>>()
    };
    // What consists of look-alikes only is no slip of the pen, and trying all pairs would take long.
    if swaps.len() > MAX_LOOK_ALIKES {
        return None;
    }
    let once = swaps.iter().find_map(|swap| read(&swapped(&letters, *swap)));
    once.or_else(|| {
        let pairs = swaps.iter().enumerate().flat_map(|(n, a)| swaps.iter().skip(n + 1).map(move |b| (a, b)));
        pairs.filter(|(a, b)| a.0 != b.0).find_map(|(a, b)| read(&swapped(&swapped(&letters, *a), *b)))
    })
}

/// The names in braces of a canonical piece.
fn parts_of(piece: &str) -> impl Iterator<Item = &str> {
    piece.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// The piece with the parts in place of their names.
fn filled(piece: &str, captures: &Captures<'_>) -> String {
    let mut text = String::new();
    let mut rest = piece;
    while let Some((before, (name, after))) = rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        text.push_str(before);
        text.push_str(captures.name(name).map_or("", |m| m.as_str()));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schemes() -> Schemes {
        Schemes::parse([
            ("export_legacy.toml", EXPORT),
            ("decree_38_2026.toml", include_str!("../../zones/schemes/decree_38_2026.toml")),
            ("aquaculture_pond.toml", include_str!("../../zones/schemes/aquaculture_pond.toml")),
            ("composite.toml", include_str!("../../zones/schemes/composite.toml")),
        ])
        .unwrap()
    }

    const EXPORT: &str = include_str!("../../zones/schemes/export_legacy.toml");

    fn canonical(text: &str) -> String {
        parse(text, &schemes()).map_or_else(|e| format!("malformed, {}", e.did_you_mean.unwrap_or("no idea".to_owned())), |c| c.canonical)
    }

    #[test]
    fn each_family_is_read_with_its_parts() {
        let read = |text: &str| {
            let code = parse(text, &schemes()).unwrap();
            format!("{} {}", code.scheme, code.parts.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(read("VN-HNOR-0001"), "export_legacy province=HN purpose=OR serial=0001");
        assert_eq!(read("VN-TGPH-0012"), "export_legacy province=TG purpose=PH serial=0012");
        assert_eq!(read("01-PUC-CHANHDAY01-000001-CHN"), "decree_38_2026 province=01 purpose=PUC area=CHANHDAY01 serial=000001 market=CHN");
        assert_eq!(read("01-01-0001-001"), "aquaculture_pond province=01 species=01 farm=0001 pond=001");
        assert_eq!(read("VN.01.276.10003.0007"), "composite province=01 district=276 commune=10003 serial=0007");
    }

    #[test]
    fn case_spaces_dots_and_dashes_do_not_matter() {
        for text in [
            "vn-hnor-0001",
            "VN HNOR 0001",
            "VN.HNOR.0001",
            "VN–HNOR–0001",
            " VNHNOR0001 ",
            "VN - HN OR - 0001",
            "ＶＮ－ＨＮＯＲ－０００１",
            "vn_hnor_0001\u{200b}",
            "VN-HNOR-0001.",
        ] {
            assert_eq!(canonical(text), "VN-HNOR-0001", "{text}");
        }
        assert_eq!(canonical("01 – puc – chanhday01 – 000001"), "01-PUC-CHANHDAY01-000001");
        assert_eq!(canonical("vn-01-276-10003-0007"), "VN.01.276.10003.0007");
        assert_eq!(canonical("VN-HNOR-123"), "VN-HNOR-123", "three digits are not made four");
    }

    #[test]
    fn what_no_grammar_takes_is_malformed_with_advice() {
        for text in [
            "VN-HNXX-0001",
            "VN-HNOR-00011",
            "VN-HNOR-01",
            "0001",
            "HNOR/0001",
            "01-01-0001-0001",
            "VN.01.276",
            "01.276.10003.0007",
            "abc",
            "🌾",
        ] {
            assert_eq!(canonical(text), "malformed, no idea", "{text}");
        }
        assert_eq!(canonical("VN-HNOR-OOO1"), "malformed, no idea", "three changes are a guess");
        assert_eq!(canonical("VN-HNOR-OO01"), "malformed, VN-HNOR-0001");
        assert_eq!(canonical("VN-HN0R-0001"), "malformed, VN-HNOR-0001");
        assert_eq!(canonical("VN-HN0R-000I"), "malformed, VN-HNOR-0001");
        assert_eq!(canonical("HNOR-0001"), "malformed, VN-HNOR-0001");
        assert_eq!(
            parse("mã số 7", &schemes()).unwrap_err().message,
            "“mã số 7” is not an area code; codes look like VN-HNOR-0001 or 01-PUC-CHANHDAY01-000001-CHN or 01-01-0001-001 or VN.01.276.10003.0007"
        );
        assert_eq!(parse(" - ", &schemes()).unwrap_err().message, "the area code is empty");
        assert_eq!(
            parse(&"0".repeat(81), &schemes()).unwrap_err().message,
            "“00000000000000000000…” is too long for an area code (at most 80 letters)"
        );
    }

    #[test]
    fn whether_a_text_is_a_code_is_told_without_advice() {
        let schemes = schemes();
        for (text, is_one) in
            [("vn hnor 0001", true), ("VN-HN0R-0001", false), ("", false), (&"O".repeat(80), false), (&"1".repeat(81), false)]
        {
            assert_eq!(is_code(text, &schemes), is_one, "{text}");
        }
    }

    #[test]
    fn a_scheme_with_a_mistake_is_refused_with_its_line() {
        let error = |from: &str, to: &str| {
            assert!(EXPORT.contains(from), "{from}");
            Scheme::parse("s.toml", &EXPORT.replacen(from, to, 1)).unwrap_err().to_string()
        };
        assert_eq!(error("{serial}", "{number}"), "s.toml: line 6: {number} is not a part that the pattern names");
        assert_eq!(error("\"VN-HNOR-0001\"", "\"VN-HNOR-01\""), "s.toml: line 8: the example VN-HNOR-01 is not read at all");
        assert_eq!(error("\"VN-HNOR-0001\"", "\"VNHNOR-0001\""), "s.toml: line 8: the example VNHNOR-0001 is written back as VN-HNOR-0001");
        assert!(error("'^VN", "'VN").contains("line 5: the pattern must begin with ^"));
        assert!(error("{3,4}", "{4,3}").contains("line 5: the pattern cannot be used"));
        assert!(error("markets = []", "markets = [\"m\"]").contains("line 9: “m” is not a part"));
        assert!(error("examples", "example").contains("line 8: unknown field `example`"));
        assert_eq!(
            Schemes::parse([("a", EXPORT), ("b", EXPORT)]).unwrap_err().to_string(),
            "b: the id “export_legacy” belongs to another scheme already"
        );
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_read_again_as_the_same_code(text in "(VN[-. –]?[A-Z]{2}(OR|PH)[-. –]?[0-9]{3,4})|([0-9]{2}-(PUC|PHC)-[A-Z0-9]{2,20}-[0-9]{6}(-[A-Z]{3})?)|([0-9]{2}-[0-9]{2}-[0-9]{4}-[0-9]{3})|(VN([.-][0-9]{2,5}){3,4}[.-][0-9]{1,5})") {
            let schemes = schemes();
            let code = parse(&text, &schemes).unwrap();
            let again = parse(&code.canonical, &schemes).unwrap();
            prop_assert_eq!((&again.canonical, &again.scheme, &again.parts), (&code.canonical, &code.scheme, &code.parts));
            let lower = parse(&text.to_lowercase().replace('-', " – "), &schemes).unwrap();
            prop_assert_eq!(lower.canonical, code.canonical);
        }

        #[test]
        fn any_text_is_a_code_or_malformed(text in "\\PC{0,100}") {
            if let Err(Malformed { did_you_mean: Some(code), .. }) = parse(&text, &schemes()) {
                prop_assert!(parse(&code, &schemes()).is_ok());
            }
        }
    }
}
