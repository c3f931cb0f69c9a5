//! Which codes of the register a mistyped one may mean: look-alikes, missing zeros, one letter off.
//!
//! Deletions of one letter are hashed, so that a code one edit away meets the typed one in a common form (Garbe's symmetric
//! deletes). Two codes that are advised on differ from what was typed by look-alikes, zeros in front, or one edit.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// Letters and digits that are taken for one another become one.
fn alike(c: char) -> char {
    match c {
        'O' | 'Q' => '0',
        'I' | 'L' => '1',
        'S' => '5',
        'B' => '8',
        'Z' => '2',
        c => c,
    }
}

/// The letters that tell codes apart, look-alikes made one: capitals and digits without what separates them.
fn skeleton(code: &str) -> Vec<char> {
    code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).map(alike).collect()
}

/// The same without zeros at the front of a number.
fn without_zeros(skeleton: &[char]) -> Vec<char> {
    let mut out: Vec<char> = Vec::with_capacity(skeleton.len());
    for c in skeleton {
        let is_first_zero = *c == '0' && !out.last().is_some_and(char::is_ascii_digit);
        if !is_first_zero {
            out.push(*c);
        }
    }
    out
}

/// More advice is none.
const MOST_ADVISED: usize = 5;
/// A longer text is no code.
const MOST_LETTERS: usize = 80;

/// Forms of every code, by their hash.
#[derive(Debug, Clone, Default)]
pub(super) struct Suggestions {
    by_form: HashMap<u64, Vec<u32>, FixedState>,
}

fn hash(form: impl Iterator<Item = char>) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    form.for_each(|c| hasher.write_u32(c as u32));
    hasher.finish()
}

/// The skeleton, and all that one deletion makes of it.
fn forms(skeleton: &[char]) -> Vec<u64> {
    let without = |at: usize| hash(skeleton.iter().enumerate().filter(move |(i, _)| *i != at).map(|(_, c)| *c));
    std::iter::once(hash(skeleton.iter().copied())).chain((0..skeleton.len()).map(without)).collect()
}

impl Suggestions {
    pub fn new<'a>(codes: impl Iterator<Item = &'a str>) -> Suggestions {
        let mut by_form: HashMap<u64, Vec<u32>, FixedState> = HashMap::default();
        for (n, code) in codes.enumerate() {
            let skeleton = skeleton(code);
            let mut all = forms(&skeleton);
            all.push(hash(without_zeros(&skeleton).into_iter()));
            all.sort_unstable();
            all.dedup();
            for form in all {
                by_form.entry(form).or_default().push(n as u32);
            }
        }
        Suggestions { by_form }
    }

    /// Places of codes that a typed text may mean, the nearest first; `code` gives the code at a place, none to leave it out.
    pub fn near<'a>(&self, typed: &str, code: impl Fn(usize) -> Option<&'a str>) -> Vec<&'a str> {
        if typed.chars().nth(MOST_LETTERS).is_some() {
            return Vec::new();
        }
        let asked = skeleton(typed);
        if asked.len() < 4 {
            return Vec::new();
        }
        let zeroless = without_zeros(&asked);
        let mut wanted = forms(&asked);
        wanted.push(hash(zeroless.iter().copied()));
        let mut places: Vec<u32> = wanted.iter().filter_map(|form| self.by_form.get(form)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        let ranked = places.into_iter().filter_map(|n| {
            let code = code(n as usize)?;
            let there = skeleton(code);
            let rank = if there == asked {
                0
            } else if without_zeros(&there) == zeroless {
                1
            } else if is_one_off(&there, &asked) {
                2
            } else {
                return None;
            };
            Some((rank, code))
        });
        let mut ranked: Vec<(u8, &str)> = ranked.collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, code)| code).take(MOST_ADVISED).collect()
    }
}

/// Whether one letter put in, left out or changed, or two neighbours exchanged, makes one of the other.
fn is_one_off(a: &[char], b: &[char]) -> bool {
    let n_front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let n_back = a[n_front..].iter().rev().zip(b[n_front..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[n_front..a.len() - n_back], &b[n_front..b.len() - n_back]);
    matches!((a, b), ([], []) | ([_], []) | ([], [_]) | ([_], [_])) || matches!((a, b), ([w, x], [y, z]) if w == z && x == y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_one_slip_away_is_advised_and_nothing_else() {
        let codes = ["VN-HNOR-0001", "VN-HNOR-0012", "VN-HNOR-0102", "01-PUC-RAU01-000007-CHN", "01-01-0001-001"];
        let suggestions = Suggestions::new(codes.iter().copied());
        let near = |typed: &str| suggestions.near(typed, |n| Some(codes[n]));
        assert_eq!(near("VN-HN0R-OOO1")[0], "VN-HNOR-0001", "look-alikes first");
        assert_eq!(near("VN-HNOR-12")[0], "VN-HNOR-0012", "missing zeros");
        assert_eq!(near("VNHNOR1"), ["VN-HNOR-0001"]);
        assert!(near("VN-HNOR-0021").contains(&"VN-HNOR-0012"), "neighbours exchanged");
        assert!(near("VN-HNOR-00012").contains(&"VN-HNOR-0012"), "one too many");
        assert_eq!(near("01PUCRAU01000007CHM"), ["01-PUC-RAU01-000007-CHN"]);
        assert_eq!(near("VN-TGOR-0001"), Vec::<&str>::new(), "two letters off");
        assert_eq!(near("0001"), Vec::<&str>::new());
        assert_eq!(near(&"V".repeat(10_000)), Vec::<&str>::new());
        assert_eq!(suggestions.near("VN-HNOR-12", |n| (n != 1).then_some(codes[n])), Vec::<&str>::new(), "not what is left out");
    }
}
