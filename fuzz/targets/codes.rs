//! Any text is an area code or malformed; a code's canonical form is read again as the same code.
#![no_main]

use std::sync::LazyLock;

use farmzone::codes::{Schemes, parse};
use libfuzzer_sys::fuzz_target;

static SCHEMES: LazyLock<Schemes> = LazyLock::new(|| {
    Schemes::parse([
        ("export_legacy.toml", include_str!("../../zones/schemes/export_legacy.toml")),
        ("decree_38_2026.toml", include_str!("../../zones/schemes/decree_38_2026.toml")),
        ("aquaculture_pond.toml", include_str!("../../zones/schemes/aquaculture_pond.toml")),
        ("composite.toml", include_str!("../../zones/schemes/composite.toml")),
    ])
    .expect("the schemes of zones/ are good")
});

fuzz_target!(|text: &str| {
    match parse(text, &SCHEMES) {
        Ok(code) => {
            let again = parse(&code.canonical, &SCHEMES).expect("a canonical form is a code");
            assert_eq!((again.canonical, again.scheme, again.parts), (code.canonical, code.scheme, code.parts));
        }
        Err(malformed) => {
            assert!(malformed.message.len() < 2_000);
            if let Some(code) = malformed.did_you_mean {
                assert!(parse(&code, &SCHEMES).is_ok(), "{code}");
            }
        }
    }
});
