//! Whether a word is a Vietnamese syllable: by that, text read in the right encoding is told from text read in a wrong one.
//! Pure.

use unicode_normalization::UnicodeNormalization;

/// Consonants that begin a syllable, the longest first.
const ONSETS: [&str; 28] = [
    "ngh", "ng", "nh", "gh", "gi", "kh", "ph", "th", "tr", "ch", "qu", "b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "r", "s",
    "t", "v", "x", "",
];

/// What follows, without its tone.
const RIMES: &str = " a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et ê êch êm \
    ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn \
    oăng oăt oc oe oem oen oeo oet oi om on ong ooc oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch \
    uênh uêu ui um un ung uôc uôi uôm uôn uông uôt uơ up ut uy uya uych uyên uyêt uyn uynh uyt uyu ư ưa ưc ưi ưng ươc ươi ươm ươn ương ươp \
    ươt ươu ưt ưu y ych yêm yên yêng yêt yêu ym yn ynh yt ";

const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Whether the word, in any case and composition, can be one.
pub(super) fn is_syllable(word: &str) -> bool {
    let mut tones = word.nfd().filter(|c| TONES.contains(c));
    let tone = tones.next();
    if tones.next().is_some() {
        return false;
    }
    let plain: String = word.nfd().filter(|c| !TONES.contains(c)).nfc().flat_map(char::to_lowercase).collect();
    let fits = |onset: &&&str| {
        let rime = plain.strip_prefix(**onset).filter(|rime| !rime.is_empty());
        rime.is_some_and(|rime| RIMES.contains(&format!(" {rime} ")) && may_have(tone, rime))
    };
    ONSETS.iter().any(|onset| fits(&onset))
}

/// A syllable that ends in a stop is short: its tone rises or falls sharply.
fn may_have(tone: Option<char>, rime: &str) -> bool {
    !rime.ends_with(['c', 'p', 't']) && !rime.ends_with("ch") || matches!(tone, Some('\u{301}' | '\u{323}'))
}

/// The words of a text that have a letter beyond ASCII: how many, and how many of them are syllables.
pub(super) fn counted(text: &str) -> (usize, usize) {
    let words = text.split(|c: char| !c.is_alphabetic() && !('\u{300}'..='\u{36f}').contains(&c) && c.is_ascii() || c.is_whitespace());
    let words: Vec<&str> = words.filter(|word| !word.is_ascii()).collect();
    (words.len(), words.iter().filter(|word| is_syllable(word)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_are_told_from_what_a_wrong_encoding_makes_of_them() {
        for word in
            ["Hòa", "Hoà", "Đường", "Ứng", "Nội", "giếng", "gì", "quỳnh", "nghiêng", "Thượng", "Cát", "xã", "ĐẤT", "ye\u{302}\u{301}n"]
        {
            assert!(is_syllable(word), "{word}");
        }
        for word in ["Hµ", "Néi", "Haø", "Noäi", "HoÌa", "§\u{ad}êng", "café", "Zürich", "Ðông", "càt", "ngà¡", ""] {
            assert!(!is_syllable(word), "{word}");
        }
    }

    #[test]
    fn only_words_with_more_than_ascii_are_counted() {
        assert_eq!(counted("Xã Đại Thanh, huyện X (HTX)"), (3, 3));
        assert_eq!(counted("Hµ Néi 2024"), (2, 0));
        assert_eq!(counted("Zone 12"), (0, 0));
    }
}
