//! Passwords: what is taken as one, how it is kept, how it is compared. The only user of `argon2`.
//!
//! Kept is what argon2id makes of it, in the PHC form, with the parameters that OWASP recommends; a hash says by
//! which parameters it was made, so that others can be chosen later. Invariant: comparing takes as long for a name
//! that does not exist as for one that does.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

use super::EngineError;

const FEWEST_CHARACTERS: usize = 10;
/// Longer ones are no safer, and hashing them would cost who is asked.
const MOST_BYTES: usize = 1_000;

/// OWASP, Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1. Takes some 20 ms.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Of no password: `matches` is given it for names that do not exist. Parameters as above.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZmFybXpvbmUtbm9ib2R5cw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The same text however it was typed.
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

fn argon2id() -> Result<Argon2<'static>, EngineError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|e| EngineError::internal(format!("argon2id has no such parameters: {e}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// What is kept of a new password. CPU work, and 19 MiB.
pub(super) fn kept(password: &str) -> Result<String, EngineError> {
    if password.len() > MOST_BYTES {
        return Err(EngineError::invalid(format!("a password has at most {MOST_BYTES} bytes")));
    }
    let password = normal(password);
    if password.chars().count() < FEWEST_CHARACTERS {
        return Err(EngineError::invalid(format!(
            "a password has at least {FEWEST_CHARACTERS} characters; several words are easy to keep"
        )));
    }
    let salt: [u8; 16] = random()?;
    let hash = argon2id()?.hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|e| EngineError::internal(format!("the password could not be hashed: {e}")))?.to_string())
}

/// Whether it is the password of which `kept` is kept; never when there is none, and as late. CPU work, and 19 MiB.
pub(super) fn matches(password: &str, kept: Option<&str>) -> bool {
    if password.len() > MOST_BYTES {
        return false;
    }
    let password = normal(password);
    let is_same = |kept: &str| {
        let hash = PasswordHash::new(kept);
        hash.is_ok_and(|hash| argon2id().is_ok_and(|argon2id| argon2id.verify_password(password.as_bytes(), &hash).is_ok()))
    };
    match kept {
        Some(kept) => is_same(kept),
        None => {
            is_same(NOBODYS);
            false
        }
    }
}

/// From the system's generator.
pub(super) fn random<const N: usize>() -> Result<[u8; N], EngineError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| EngineError::unavailable(format!("the system gives no random numbers: {e}")))?;
    Ok(bytes)
}

/// A password of 80 random bits that can be read out: four groups of four, without signs that look alike.
pub fn generated_password() -> Result<String, EngineError> {
    const SIGNS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
    let bytes: [u8; 16] = random()?;
    // 32 signs: every remainder is as likely.
    let signs: Vec<char> = bytes.iter().map(|b| char::from(SIGNS[usize::from(b % 32)])).collect();
    Ok(signs.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_as_argon2id_and_only_it_matches_however_it_is_typed() {
        let kept = kept("lúa nếp cái hoa vàng").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(matches("lúa nếp cái hoa vàng", Some(&kept)));
        assert!(matches("lu\u{301}a nê\u{301}p ca\u{301}i hoa va\u{300}ng", Some(&kept)));
        assert!(!matches("lúa nếp cái hoa vang", Some(&kept)));
        assert!(!matches("", Some(&kept)) && !matches("lúa nếp cái hoa vàng", None) && !matches("lúa nếp", Some("$argon2id$broken")));
        assert_ne!(kept, super::kept("lúa nếp cái hoa vàng").unwrap(), "a salt of its own");
    }

    #[test]
    fn what_is_compared_for_nobody_costs_what_it_costs_for_somebody() {
        let parts = |phc: &str| {
            let hash = PasswordHash::new(phc).unwrap();
            let (salt, output) = (hash.salt.unwrap().len(), hash.hash.unwrap().len());
            (hash.algorithm.to_string(), hash.version, Params::try_from(&hash).unwrap(), salt, output)
        };
        assert_eq!(parts(NOBODYS), parts(&kept("0123456789").unwrap()));
    }

    #[test]
    fn a_password_is_ten_characters_to_a_thousand_bytes() {
        assert!(kept("123456789").unwrap_err().to_string().contains("at least 10 characters"));
        // Nine letters, each with its mark apart.
        assert!(kept(&"e\u{301}".repeat(9)).is_err());
        assert!(kept(&"é".repeat(501)).unwrap_err().to_string().contains("at most 1000 bytes"));
        assert!(kept(&"é".repeat(500)).is_ok());
    }

    #[test]
    fn a_generated_password_is_taken_and_never_the_same() {
        let (one, other) = (generated_password().unwrap(), generated_password().unwrap());
        assert!(one != other && one.len() == 19 && kept(&one).is_ok(), "{one}");
    }
}
