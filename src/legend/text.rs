//! How names are compared: Vietnamese with, without and with some of its diacritics.
//!
//! A Vietnamese syllable carries marks on letters (ă â ê ô ơ ư đ) and at most one tone. Where the tone
//! is written is a matter of taste (Hòa, Hoà), so it belongs to the syllable here, not to a letter.
//! Composed and decomposed Unicode, both cases, Đ and the look-alike Ð are the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The stroke through đ, as the combining character that Unicode does not use for it.
const STROKE: char = '\u{335}';

/// Lower case, decomposed, đ and its look-alikes as d + stroke.
fn decomposed(text: &str) -> impl Iterator<Item = char> + '_ {
    // Decomposed before as well: some letters (𝕊) are capitals only once taken apart.
    text.nfkd().flat_map(char::to_lowercase).nfkd().flat_map(|c| match c {
        'đ' | 'ð' | 'ɖ' => ['d', STROKE].into_iter().take(2),
        other => [other, ' '].into_iter().take(1),
    })
}

/// grave, acute, tilde, hook above, dot below
fn is_tone(c: char) -> bool {
    matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}')
}

/// The text in lower case without any diacritics: `Đường Lâm` → `duong lam`.
pub fn fold(text: &str) -> String {
    decomposed(text).filter(|c| !is_combining_mark(*c)).collect()
}

/// A key that is equal exactly for texts that a reader calls the same spelling: case, Unicode form,
/// place of the tone and runs of spaces do not matter; letters, marks, tones and punctuation do.
pub fn spelled(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 8);
    let mut tone = None;
    for c in decomposed(text) {
        if is_tone(c) {
            tone = Some(c);
        } else if c.is_alphanumeric() || is_combining_mark(c) {
            key.push(c);
        } else {
            key.extend(tone.take());
            match c.is_whitespace() {
                true if key.is_empty() || key.ends_with(' ') => {}
                true => key.push(' '),
                false => key.push(c),
            }
        }
    }
    key.extend(tone);
    key.truncate(key.trim_end().len());
    key
}

/// The letters of words without their marks, as one.
fn bases(words: &[Word]) -> Vec<char> {
    words.iter().flat_map(|word| &word.letters).map(|letter| letter.base).collect()
}

/// How many mistakes make one of the other; none when they are too many for its length.
fn mistakes(typed: &[char], given: &[char]) -> Option<usize> {
    let most = match typed.len() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    let digits = |letters: &[char]| letters.iter().copied().filter(char::is_ascii_digit).collect::<Vec<_>>();
    if typed.len().abs_diff(given.len()) > most || digits(typed) != digits(given) {
        return None;
    }
    let [typed, given] = [typed, given].map(|letters| letters.iter().collect::<String>());
    Some(strsim::osa_distance(&typed, &given)).filter(|n| *n <= most)
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Letter {
    base: char,
    mark: Option<char>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Word {
    letters: Vec<Letter>,
    tone: Option<char>,
}

impl Word {
    /// Whether this word, as typed, stands for the beginning of `other`.
    fn begins(&self, other: &Word) -> bool {
        self.letters.len() <= other.letters.len()
            && (self.tone.is_none() || self.tone == other.tone)
            && self.letters.iter().zip(&other.letters).all(|(a, b)| a.base == b.base && (a.mark.is_none() || a.mark == b.mark))
    }

    fn stands_for(&self, other: &Word) -> bool {
        self.letters.len() == other.letters.len() && self.begins(other)
    }
}

/// A text taken apart into words (runs of letters and digits), ready to be compared many times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words(Vec<Word>);

impl Words {
    pub fn new(text: &str) -> Words {
        let mut words = Vec::new();
        let mut word = Word::default();
        for c in decomposed(text) {
            if is_tone(c) {
                word.tone = Some(c);
            } else if is_combining_mark(c) {
                if let Some(letter) = word.letters.last_mut() {
                    letter.mark = Some(c);
                }
            } else if c.is_alphanumeric() {
                word.letters.push(Letter { base: c, mark: None });
            } else {
                let done = std::mem::take(&mut word);
                words.extend((!done.letters.is_empty()).then_some(done));
            }
        }
        words.extend((!word.letters.is_empty()).then_some(word));
        Words(words)
    }

    /// How many words there are.
    pub fn n_words(&self) -> usize {
        self.0.len()
    }

    /// Whether `text` answers this query: its words occur in `text` in the same order, others may stand
    /// between; the last may be the beginning of one, since people are still typing. Diacritics that were
    /// not typed do not matter, those that were do. A query without words asks for nothing: true.
    pub fn found_in(&self, text: &Words) -> bool {
        let Some((last, before)) = self.0.split_last() else { return true };
        let mut rest = text.0.iter();
        before.iter().all(|word| rest.any(|other| word.stands_for(other))) && rest.any(|other| last.begins(other))
    }

    /// How many typing mistakes lie between this query and `text`: letters left out, put in, changed or swapped, and spaces,
    /// which cost nothing; diacritics are not looked at. None beyond one mistake in four letters, two from eight on, and where
    /// digits differ: another number is another thing.
    pub fn mistakes_in(&self, text: &Words) -> Option<usize> {
        mistakes(&bases(&self.0), &bases(&text.0)).or_else(|| {
            let (mut rest, mut n_mistakes) = (text.0.iter(), 0);
            for word in self.0.chunks(1) {
                let typed = bases(word);
                n_mistakes += rest.find_map(|other| mistakes(&typed, &bases(std::slice::from_ref(other))))?;
            }
            (!self.0.is_empty() && n_mistakes <= 2).then_some(n_mistakes)
        })
    }

    /// Whether this query names exactly `text`, word for word, by the same rule for diacritics.
    pub fn names(&self, text: &Words) -> bool {
        self.0.len() == text.0.len() && self.0.iter().zip(&text.0).all(|(a, b)| a.stands_for(b))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether `text` answers the search `query`.
    fn honours(query: &str, text: &str) -> bool {
        Words::new(query).found_in(&Words::new(text))
    }

    #[test]
    fn typing_mistakes_are_forgiven_by_the_length_of_a_word() {
        let mistakes = |typed: &str, text: &str| Words::new(typed).mistakes_in(&Words::new(text));
        assert_eq!(mistakes("Văn Đứcc", "Xã Văn Đức"), Some(1));
        assert_eq!(mistakes("daithnah", "Đại Thanh"), Some(1));
        assert_eq!(mistakes("duogn lam", "Đường Lâm"), Some(1));
        assert_eq!(mistakes("vnhnor0001", "VN-HNOR-0001"), Some(0));
        for (typed, text) in
            [("Ba V", "Ba Vì"), ("VN-HNOR-0002", "VN-HNOR-0001"), ("sen", "sên chua"), ("duogn lan", "Đường Lâm 2"), ("", "x")]
        {
            assert_eq!(mistakes(typed, text).filter(|n| *n > 0), None, "{typed}");
        }
        assert_eq!(mistakes("hoa lac", "Hòa Bình"), None);
    }

    #[test]
    fn folding_takes_every_diacritic_and_the_case_away() {
        assert_eq!(fold("Đường Lâm, Ứng Hòa"), "duong lam, ung hoa");
        assert_eq!(fold("ĐẠI MỖ — Ðông Ngạc"), "dai mo — dong ngac");
        assert_eq!(fold("Phu\u{301} Xuye\u{302}n"), "phu xuyen");
        assert_eq!(fold("VN-HNOR-0001"), "vn-hnor-0001");
    }

    #[test]
    fn a_search_ignores_diacritics_that_were_not_typed() {
        for query in ["ung hoa", "UNG HOA", "ung h", "ứng hoa", "ưng hoa", "hoa", "ung", "  ung   hoa ", ""] {
            assert!(honours(query, "Ứng Hòa"), "{query}");
        }
        assert!(honours("dong anh", "Đông Anh"));
        assert!(honours("lua 3", "Vùng lúa Đông Anh 3"));
        assert!(honours("0001", "VN-HNOR-0001"));
    }

    #[test]
    fn a_search_honours_diacritics_that_were_typed() {
        assert!(!honours("ứng hóa", "Ứng Hòa"));
        assert!(!honours("ưng hỏa", "Ứng Hòa"));
        assert!(!honours("đong", "Dong Anh"));
        assert!(!honours("ơng", "Ông Đình"));
        assert!(honours("đong", "Đông Anh"));
        assert!(!honours("anh dong", "Đông Anh"));
        assert!(!honours("ung hoa x", "Ứng Hòa"));
        assert!(!honours("ng", "Ứng Hòa"), "a word is found from its beginning");
        assert!(!honours("un hoa", "Ứng Hòa"), "only the last word may be unfinished");
    }

    #[test]
    fn the_place_of_the_tone_is_a_matter_of_taste() {
        for (a, b) in [("Hoà Xá", "Hòa Xá"), ("Thuỵ Khuê", "Thụy Khuê"), ("thuỷ sản", "thủy sản")] {
            assert!(honours(a, b) && honours(b, a), "{a} {b}");
            assert_eq!(spelled(a), spelled(b));
        }
    }

    #[test]
    fn one_spelling_has_one_key_and_another_spelling_another() {
        assert_eq!(spelled("  ĐẤT  ở\u{a0}tại đô thị "), spelled("đất ở tại đô thị"));
        assert_eq!(spelled("Ðất"), spelled("đất"));
        assert_eq!(spelled("Phú Xuyên"), spelled("Phu\u{301} Xuye\u{302}n"));
        for (a, b) in [("LUC+ONT", "LUC ONT"), ("hoa", "hòa"), ("ma", "mà"), ("o", "ô"), ("dong", "đong"), ("5 0", "50")] {
            assert_ne!(spelled(a), spelled(b));
        }
    }

    #[test]
    fn a_name_is_named_word_for_word() {
        let names = |query: &str, text: &str| Words::new(query).names(&Words::new(text));
        assert!(names("ba dinh", "Ba Đình") && names("Ba Đình", "Ba Đình"));
        assert!(!names("ba", "Ba Đình") && !names("ba din", "Ba Đình") && !names("ba đỉnh", "Ba Đình"));
    }

    proptest! {
        #[test]
        fn every_text_answers_to_itself_and_to_its_folded_form(text in "\\PC{0,40}") {
            prop_assert!(honours(&text, &text));
            prop_assert!(honours(&fold(&text), &text));
        }

        #[test]
        fn folding_and_spelling_are_done_once(text in "[a-zA-ZàáảãạăằâầđĐơờưữýỷ ,0-9]{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
            prop_assert_eq!(spelled(&text.to_uppercase()), spelled(&text));
        }
    }
}
