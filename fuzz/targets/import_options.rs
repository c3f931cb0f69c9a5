//! `farmzone import …`: one word of the command line per line of the input, and the parsers of single options.
#![no_main]

use clap::Parser;
use farmzone::cli::{Cli, Command, field, metres, role};
use farmzone::model::LayerRole;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok((our, theirs)) = field(text) {
        assert!(!our.is_empty() && !theirs.is_empty());
    }
    if let Ok(length_m) = metres(text) {
        assert!(length_m.is_finite() && length_m > 0.0);
    }
    assert!(role(text) != Ok(LayerRole::Encroachments));

    match Cli::try_parse_from(["farmzone", "import"].into_iter().chain(text.split('\n'))) {
        Ok(Cli { command: Command::Import(options), .. }) => {
            assert!([options.replace, options.append, options.update].iter().filter(|on| **on).count() <= 1);
            assert!(options.role != LayerRole::Encroachments);
            assert!(options.field_map().keys().all(|our| !our.is_empty()));
        }
        Ok(_) => panic!("import was read as another command"),
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
});
