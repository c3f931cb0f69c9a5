//! Whatever is handed to `--rules` or `--legend` is read or refused in words, never a panic.
//! The first byte chooses the parser.
#![no_main]

use farmzone::codes::Scheme;
use farmzone::legend::{Kinds, Legend, Rules, Units};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let mut chars = input.chars();
    let chosen = chars.next();
    let text = chars.as_str();
    let refusal = match chosen {
        Some('k') => Kinds::parse("f", text).err(),
        Some('r') => Rules::parse("f", text).err(),
        Some('u') => Units::parse("f", text).err(),
        Some('s') => Scheme::parse("f", text).err(),
        _ => match Legend::parse("f", text) {
            Ok(legend) => {
                for class in &legend.classes {
                    assert!(legend.class(&class.code).is_some_and(|c| c.code == class.code));
                }
                None
            }
            Err(refusal) => Some(refusal),
        },
    };
    if let Some(refusal) = refusal {
        assert!(!refusal.message.is_empty());
    }
});
