//! The words of the model and the comparison of names: what is read is written back and read again.
#![no_main]

use farmzone::legend::{Words, fold, honours, spelled};
use farmzone::model::{ContextGroup, EpsgCode, Epoch, Group, LayerRole, Right, Role};
use libfuzzer_sys::fuzz_target;

fn round_trip<T: std::str::FromStr + std::fmt::Display + PartialEq>(text: &str) {
    if let Ok(word) = text.parse::<T>() {
        assert!(word.to_string().parse::<T>().is_ok_and(|again| again == word));
    }
}

fuzz_target!(|text: &str| {
    round_trip::<EpsgCode>(text);
    round_trip::<Epoch>(text);
    round_trip::<Group>(text);
    round_trip::<Right>(text);
    round_trip::<Role>(text);
    round_trip::<LayerRole>(text);
    round_trip::<ContextGroup>(text);

    assert!(honours(text, text));
    assert!(Words::new(text).names(&Words::new(text)));
    assert!(honours(&fold(text), text));
    assert_eq!(spelled(text), spelled(&format!("  {text} ")));
    if let Some((query, name)) = text.split_once('\n') {
        if Words::new(query).names(&Words::new(name)) {
            assert!(honours(query, name));
        }
    }
});
