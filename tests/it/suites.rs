//! `.ci/run`, `make test` and `tests/run-suites` beside tools that only pretend: what is run and what is said when a suite is red.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A checkout with our Makefile, in which `cargo test`, the web app's units and its browser tests are these scripts.
struct Checkout(TempDir);

impl Checkout {
    fn new(rust: &str, web_unit: &str, browser: &str) -> Checkout {
        let checkout = Checkout(tempfile::tempdir().unwrap());
        let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in ["Makefile", ".ci/run", "tests/run-suites"] {
            checkout.script(file, &std::fs::read_to_string(ours.join(file)).unwrap());
        }
        let shell = |text: &str| format!("#!/bin/sh\n{text}\n");
        checkout.script("bin/cargo", &shell(&format!("case $1 in test) {rust};; esac")));
        checkout.script("bin/npm", &shell(":"));
        checkout.script("bin/dpkg-query", &shell("echo install ok installed"));
        checkout.script("assets/with-node", &shell(&format!("case \"$*\" in *test:web) {browser};; *test) {web_unit};; esac")));
        checkout.script("src/http/web_app.rs", "");
        checkout
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Whether it went well, and all that was printed, errors among it.
    fn run(&self, command: &str) -> (bool, String) {
        let path = format!("{}:{}", self.0.path().join("bin").display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-c", &format!("{command} 2>&1")])
            .current_dir(&self.0)
            .env("PATH", path)
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    fn last_line(&self) -> (bool, String) {
        let (is_well, said) = self.run(".ci/run");
        (is_well, said.lines().last().unwrap_or_default().to_owned())
    }
}

const RUST: &str = "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'";
const UNITS: &str = "echo '      Tests  2 passed (2)'";
const BROWSER: &str = "echo '# pass 4'; echo '# fail 0'";

#[test]
fn green_suites_are_added_up_in_the_last_line() {
    assert_eq!(Checkout::new(RUST, UNITS, BROWSER).last_line(), (true, "9 passed, 0 failed".to_owned()));
}

#[test]
fn a_red_suite_stops_no_other_and_the_last_line_counts_all_three() {
    let red = "echo 'test result: FAILED. 2 passed; 1 failed; 0 ignored'; exit 101";
    let checkout = Checkout::new(red, UNITS, BROWSER);
    assert_eq!(checkout.last_line(), (false, "8 passed, 1 failed".to_owned()));
    let (is_well, said) = checkout.run("make test");
    assert!(!is_well && said.contains("8 passed, 1 failed") && said.contains("✓ testing the page in a browser"), "{said}");
    let red = "echo '# pass 3'; echo '# fail 1'; exit 1";
    assert_eq!(Checkout::new(RUST, UNITS, red).last_line(), (false, "8 passed, 1 failed".to_owned()));
}

#[test]
fn a_suite_that_crashed_or_in_which_no_test_ran_is_a_failure() {
    assert_eq!(Checkout::new(&format!("{RUST}; exit 139"), UNITS, BROWSER).last_line(), (false, "9 passed, 1 failed".to_owned()));
    assert_eq!(Checkout::new("exit 101", UNITS, BROWSER).last_line(), (false, "6 passed, 1 failed".to_owned()));
    assert_eq!(Checkout::new(RUST, ":", BROWSER).last_line(), (false, "7 passed, 1 failed".to_owned()));
}

#[test]
fn what_was_not_built_or_did_not_pass_the_check_is_not_green() {
    let checkout = Checkout::new(RUST, UNITS, BROWSER);
    checkout.script("bin/cargo", &format!("#!/bin/sh\ncase $1 in test) {RUST};; build) echo 'error: no'; exit 101;; esac"));
    assert_eq!(checkout.last_line(), (false, "9 passed, 1 failed".to_owned()));
    checkout.script("bin/cargo", &format!("#!/bin/sh\ncase $1 in test) {RUST};; fmt) exit 1;; esac"));
    assert_eq!(checkout.last_line(), (false, "9 passed, 0 failed".to_owned()));
}
