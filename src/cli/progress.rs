//! A bar on a terminal, nothing in a pipe.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows a flow's steps on stderr. The bar is gone when it is dropped.
pub struct Bar {
    bar: ProgressBar,
    step: String,
}

impl Bar {
    pub fn new() -> Bar {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        bar.enable_steady_tick(Duration::from_millis(120));
        Bar { bar, step: String::new() }
    }

    /// `total` is 0 when nobody knows how far it will go.
    pub fn show(&mut self, step: &str, done: u64, total: u64) {
        if self.step != step {
            self.step = step.to_owned();
            let template =
                if total > 0 { "{msg} {wide_bar:.green} {human_pos}/{human_len} {eta}" } else { "{spinner} {msg} {human_pos} {elapsed}" };
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
            self.bar.set_message(step.to_owned());
            self.bar.reset_eta();
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
