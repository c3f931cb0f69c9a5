//! `farmzone import …`: one word of the command line per line of the input, and the parsers of single options.
#![no_main]

use clap::Parser;
use farmzone::cli::{Cli, Command, TakenAs, field, metres, taken_as};
use farmzone::model::LayerRole;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok((our, theirs)) = field(text) {
        assert!(!our.is_empty() && !theirs.is_empty());
    }
    if let Ok(length_m) = metres(text) {
        assert!(length_m.is_finite() && length_m > 0.0);
    }
    assert!(taken_as(text) != Ok(TakenAs::Layer(LayerRole::Encroachments)));

    match Cli::try_parse_from(["farmzone", "import"].into_iter().chain(text.split('\n'))) {
        Ok(Cli { command: Command::Import(options), .. }) => {
            assert!([options.replace, options.append, options.update].iter().filter(|on| **on).count() <= 1);
            assert!(options.taken_as != TakenAs::Layer(LayerRole::Encroachments));
            assert!(options.field_map().unwrap_or_default().keys().all(|our| !our.is_empty()));
        }
        Ok(_) => panic!("import was read as another command"),
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
});
