//! The id of a dossier: what it stated in short, with a proof that it was made here.

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::model::{Revision, Text};
use crate::report::{StatedSubject, Statement, Subject, SubjectKind, alert_status_name, code_status_name, hash_of};

/// Of the layout below.
const VERSION: u8 = 1;
/// Bytes of the statement's hash, and of the proof, that an id carries: 128 bits each.
const N_HASH: usize = 16;
/// An id that is longer, in digits, is none.
const LONGEST: usize = 1_200;
/// Bytes of a subject's id; one that is longer gets no seal.
const LONGEST_SUBJECT: usize = 400;
/// Keeps these proofs apart from any other use of the key.
const CONTEXT: &[u8] = b"farmzone dossier\0";

/// The figures that an id carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// Tenths of a square metre.
    pub area_dm2: u64,
    /// The same; none where it was not known.
    pub lost_dm2: Option<u64>,
    /// That count as lost land: of an event 1, or 0 when it was rejected.
    pub n_events: u64,
}

/// What a dossier says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    pub subject: Subject,
    pub revision: Revision,
    /// Seconds since 1970.
    pub made: i64,
    pub stated: Stated,
    /// The first half of the statement's hash.
    pub hash: [u8; N_HASH],
}

/// What becomes of a seal when the data is looked at now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub is_same: bool,
    /// What is stated now; none when the subject is gone.
    pub now: Option<Stated>,
    /// The whole hash of what is stated now.
    pub hash: Option<String>,
    pub name: Option<String>,
    /// How far officers are with an event, or how a code stands with the authority, now.
    pub status: Option<Text>,
    pub unit_name: Option<String>,
    pub is_simulated: bool,
}

fn tenths(area_m2: f64) -> u64 {
    // Areas are rounded to a tenth, and no zone has 2^53 of them.
    (area_m2 * 10.0).round().max(0.0) as u64
}

impl Stated {
    fn of(statement: &Statement) -> Stated {
        let (areas, event) = (&statement.areas, statement.events.first());
        match (statement.subject.kind, event) {
            (SubjectKind::Event, Some(event)) => {
                Stated { area_dm2: tenths(areas.area_m2), lost_dm2: Some(tenths(event.area_m2)), n_events: u64::from(!event.is_rejected) }
            }
            _ => Stated { area_dm2: tenths(areas.area_m2), lost_dm2: areas.lost_m2.map(tenths), n_events: statement.n_events as u64 },
        }
    }
}

fn half(hash: &blake3::Hash) -> [u8; N_HASH] {
    std::array::from_fn(|i| hash.as_bytes()[i])
}

impl Seal {
    pub fn of(statement: &Statement, revision: Revision, made: OffsetDateTime) -> Seal {
        let (subject, stated) = (statement.subject.clone(), Stated::of(statement));
        Seal { subject, revision, made: made.unix_timestamp(), stated, hash: half(&hash_of(statement)) }
    }

    /// As digits and capitals; none for a subject whose id is too long to be carried.
    pub fn written(&self, key: &[u8; 32]) -> Option<String> {
        let id = self.subject.id.as_bytes();
        if id.len() > LONGEST_SUBJECT {
            return None;
        }
        let kind = SubjectKind::ALL.iter().position(|kind| *kind == self.subject.kind)? as u64;
        let mut bytes = vec![VERSION];
        let made = u64::try_from(self.made).ok()?;
        let Stated { area_dm2, lost_dm2, n_events } = self.stated;
        for number in [kind, self.revision, made, area_dm2, lost_dm2.map_or(0, |m2| m2 + 1), n_events, id.len() as u64] {
            put(&mut bytes, number);
        }
        bytes.extend(id);
        bytes.extend(self.hash);
        bytes.extend(proof(key, &bytes));
        Some(bytes.iter().map(|byte| format!("{byte:02X}")).collect())
    }

    /// None when it was not made with this key. Spaces and dashes, which people put in, do not matter, nor does the case.
    pub fn read(id: &str, key: &[u8; 32]) -> Option<Seal> {
        let bytes = bytes_of(id)?;
        let (told, proven) = bytes.split_at_checked(bytes.len().checked_sub(N_HASH)?)?;
        let differing = proof(key, told).iter().zip(proven).fold(0, |sum, (a, b)| sum | (a ^ b));
        if differing != 0 {
            return None;
        }
        let mut rest = told.strip_prefix(&[VERSION])?;
        let mut next = || take(&mut rest);
        let (kind, revision, made, area_dm2, lost, n_events, length) = (next()?, next()?, next()?, next()?, next()?, next()?, next()?);
        let (id, hash) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let kind = *SubjectKind::ALL.get(usize::try_from(kind).ok()?)?;
        let subject = Subject { kind, id: std::str::from_utf8(id).ok()?.to_owned() };
        let stated = Stated { area_dm2, lost_dm2: lost.checked_sub(1), n_events };
        Some(Seal { subject, revision, made: i64::try_from(made).ok()?, stated, hash: hash.try_into().ok()? })
    }

    pub fn hash_text(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Verified {
    pub(super) fn of(seal: &Seal, now: Option<&Statement>) -> Verified {
        let hash = now.map(hash_of);
        Verified {
            is_same: hash.as_ref().is_some_and(|hash| half(hash) == seal.hash),
            now: now.map(Stated::of),
            hash: hash.map(|hash| hash.to_hex().to_string()),
            name: now.and_then(|s| s.about.name()).map(str::to_owned),
            status: now.and_then(status_of),
            unit_name: now.and_then(|s| s.about.unit_name()).map(str::to_owned),
            is_simulated: now.is_some_and(|s| s.simulated),
        }
    }
}

fn status_of(statement: &Statement) -> Option<Text> {
    match (&statement.about, statement.subject.kind) {
        // Of several parts the one that matters most.
        (StatedSubject::Code(code), _) => {
            code.parts.iter().map(|part| part.status).max_by_key(|status| status.gravity()).map(code_status_name)
        }
        (StatedSubject::Zone(_), SubjectKind::Event) => statement.events.first().map(|event| alert_status_name(event.status)),
        (StatedSubject::Zone(_), _) => None,
    }
}

fn proof(key: &[u8; 32], told: &[u8]) -> [u8; N_HASH] {
    half(&blake3::Hasher::new_keyed(key).update(CONTEXT).update(told).finalize())
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, others) = rest.split_first()?;
        *rest = others;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn bytes_of(id: &str) -> Option<Vec<u8>> {
    if id.len() > LONGEST {
        return None;
    }
    let is_space = |c: char| c.is_whitespace() || c == '-';
    let digits: Cow<str> = if id.contains(is_space) { id.replace(is_space, "").into() } else { id.into() };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|d| d as u8);
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(pair.first()?)? << 4) | digit(pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal {
            subject: Subject { kind: SubjectKind::Zone, id: "vùng-0042".to_owned() },
            revision: 1_234,
            made: 1_795_379_000,
            stated: Stated { area_dm2: 5_841_225, lost_dm2: None, n_events: 3 },
            hash: [7; N_HASH],
        }
    }

    #[test]
    fn an_id_is_read_again_however_it_is_copied() {
        let (key, seal) = ([1; 32], seal());
        let id = seal.written(&key).unwrap();
        assert!(id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()), "{id}");
        let spaced: String =
            id.to_lowercase().chars().enumerate().flat_map(|(i, c)| (i % 8 == 7).then_some('-').into_iter().chain([c])).collect();
        for id in [&id, &spaced] {
            assert_eq!(Seal::read(id, &key).as_ref(), Some(&seal), "{id}");
        }
        let lost = Seal {
            stated: Stated { lost_dm2: Some(0), ..seal.stated },
            subject: Subject { kind: SubjectKind::Event, ..seal.subject.clone() },
            ..seal
        };
        assert_eq!(Seal::read(&lost.written(&key).unwrap(), &key), Some(lost));
    }

    #[test]
    fn no_changed_id_is_taken_and_none_of_another_key() {
        let key = [1; 32];
        let id = seal().written(&key).unwrap();
        for i in 0..id.len() {
            let mut forged = id.clone().into_bytes();
            forged[i] = if forged[i] == b'0' { b'1' } else { b'0' };
            assert_eq!(Seal::read(std::str::from_utf8(&forged).unwrap(), &key), None, "digit {i}");
        }
        for cut in 0..id.len() {
            assert_eq!(Seal::read(&id[..cut], &key), None, "cut at {cut}");
        }
        assert_eq!(Seal::read(&id, &[2; 32]), None);
        for junk in ["", "é", "zz", &"0".repeat(100_000), "../../etc/passwd", "\u{0}"] {
            assert_eq!(Seal::read(junk, &key), None);
        }
    }

    #[test]
    fn a_subject_with_a_giant_id_gets_no_seal() {
        let subject = Subject { kind: SubjectKind::Zone, id: "x".repeat(LONGEST_SUBJECT + 1) };
        assert_eq!(Seal { subject, ..seal() }.written(&[1; 32]), None);
    }
}
