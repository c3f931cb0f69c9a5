//! The rules of the house, read from its sources: edges between modules, purity, one door per library,
//! names, sizes, no panics. Each rule is a function of sources, so that it can be shown to fail.

mod source;

use std::collections::BTreeSet;

use regex::Regex;
use source::{Source, sources, text_of};

/// The table of modules in docs/architecture.md, row by row; the table is the rule.
struct Table {
    rows: Vec<Row>,
}

struct Row {
    module: String,
    /// What the cell says: a list of modules, or “all above”.
    imports: Vec<String>,
    pure: bool,
    /// Line in docs/architecture.md.
    line: usize,
}

impl Table {
    /// Reads rows of the form | `module` | purpose | imports |; those before the row *border* are pure.
    fn of(architecture: &str) -> Table {
        let mut rows: Vec<Row> = Vec::new();
        let mut pure = true;
        for (i, line) in architecture.lines().enumerate() {
            let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
            let [module, _purpose, imports] = cells[..] else { continue };
            pure &= module != "*border*";
            let Some(module) = module.strip_prefix('`').and_then(|m| m.strip_suffix('`')) else { continue };
            let imports = match imports.replace(['`', ','], " ").trim() {
                "–" => Vec::new(),
                "all above" => rows.iter().map(|row| row.module.clone()).collect(),
                names => names.split_whitespace().map(str::to_owned).collect(),
            };
            rows.push(Row { module: module.to_owned(), imports, pure, line: i + 1 });
        }
        Table { rows }
    }

    fn row(&self, module: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.module == module)
    }
}

/// What a pure module has no business with: files, network, clock, environment, async, shared mutable state.
const IMPURE: &str = r"\bstd::(fs|net|env|process|thread)\b|\b(SystemTime|Instant|UtcDateTime::now|OffsetDateTime::now_\w+)\b|\btokio\b|\basync\b|\.await\b|\bstatic\s+mut\b|\b(Mutex|RwLock|OnceLock|OnceCell|LazyLock|LazyCell|thread_local!|Condvar)|\bAtomic[A-Z]\w*|\be?print(ln)?!|\bdbg!";

/// Foreign libraries with one door: crates → the module that may name them.
const DOORS: &[(&str, &str)] = &[
    ("gdal|gdal_sys", "formats"),
    ("proj|proj_sys", "crs"),
    ("pmtiles|calamine", "formats"),
    ("libdeflater", "engine"),
    ("argon2|getrandom", "engine"),
    ("rusqlite|libsqlite3_sys", "store"),
    ("rstar", "index"),
    ("i_overlay|i_float|i_shape", "geom"),
    ("axum|tower|tower_http|tokio|tokio_stream|tokio_util", "http"),
    ("typst|typst_layout|typst_pdf|qrcodegen", "report"),
    ("maplibre|maplibre_winit|wgpu|cgmath", "viewer"),
    ("clap|console", "cli"),
];

/// Packages of the web app with one door: package → its folder.
const WEB_DOORS: &[(&str, &str)] = &[("maplibre-gl", "assets/src/map/"), ("terra-draw", "assets/src/draw/")];

const MAX_LINES: usize = 700;

fn rust() -> Vec<Source> {
    sources("src", &[".rs"])
}

fn architecture() -> String {
    text_of("docs/architecture.md").unwrap()
}

fn table() -> Table {
    Table::of(&architecture())
}

fn web() -> Vec<Source> {
    sources("assets/src", &[".ts", ".svelte", ".css"])
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

/// Fails with the list of what was found, one per line.
fn nothing(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Each module of the crate that a file names, with the place: `crate::x`, `crate::{x, y::z}`, `super::x` from its top.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let root = regex(r"\bcrate::|\bfarmzone::|\b(?:super::)+");
    let mut found = Vec::new();
    for hit in root.find_iter(&source.code) {
        if hit.as_str().starts_with("super") && hit.as_str().matches("super").count() < source.depth() {
            continue;
        }
        found.extend(names_after(&source.code[hit.end()..]).into_iter().map(|name| (hit.start(), name)));
    }
    found
}

/// The first names of a path or of each path of a group in braces.
fn names_after(code: &str) -> Vec<String> {
    let Some(group) = code.strip_prefix('{') else { return first_name(code).into_iter().collect() };
    let mut names = Vec::new();
    let (mut depth, mut begin) = (0_i32, 0);
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                names.extend(first_name(&group[begin..i]));
                begin = i + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> Option<String> {
    let name: String = path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

fn forbidden_edges(table: &Table, sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let (module, allowed) = match source.module() {
            None if source.path.ends_with("main.rs") => ("main.rs", vec!["cli".to_owned()]),
            None => continue,
            Some(module) => match table.row(module) {
                Some(row) => (module, row.imports.clone()),
                None => {
                    found.push(format!("{}: {module} is not in the table of docs/architecture.md", source.path));
                    continue;
                }
            },
        };
        for (offset, name) in imports(source) {
            if table.row(&name).is_some() && name != module && !allowed.contains(&name) {
                let list = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
                found.push(format!("{}: {module} may import {list}, not {name}", source.place(offset)));
            }
        }
    }
    found
}

fn impurities(table: &Table, sources: &[Source]) -> Vec<String> {
    let impure = regex(IMPURE);
    let pure = sources.iter().filter(|s| s.module().and_then(|m| table.row(m)).is_some_and(|row| row.pure));
    pure.flat_map(|s| impure.find_iter(&s.code).map(|hit| format!("{}: a pure module has no {}", s.place(hit.start()), hit.as_str())))
        .collect()
}

fn wrong_doors(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for (crates, door) in DOORS {
        // A path of ours may hold a module of the same name: only the beginning of a path is a crate.
        let named = regex(&format!(r"(?:^|[^:\w])({crates})\s*::|\b(?:use|extern crate)\s+({crates})\b"));
        for source in sources.iter().filter(|s| s.module() != Some(door)) {
            for hit in named.captures_iter(&source.code) {
                let name = hit.get(1).or(hit.get(2)).unwrap();
                found.push(format!("{}: {} is used by {door} only", source.place(name.start()), name.as_str()));
            }
        }
    }
    found
}

fn stray_async(sources: &[Source]) -> Vec<String> {
    let hints = regex(r"\basync\b|\.await\b");
    let sync = sources.iter().filter(|s| s.module() != Some("http"));
    sync.flat_map(|s| hints.find_iter(&s.code).map(|hit| format!("{}: async lives in http only", s.place(hit.start())))).collect()
}

fn wrong_web_doors(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for (package, folder) in WEB_DOORS {
        let named = regex(&format!(r#"['"]{package}(?:/[^'"]*)?['"]"#));
        for source in sources.iter().filter(|s| !s.path.starts_with(folder)) {
            found.extend(
                named
                    .find_iter(&source.text)
                    .map(|hit| format!("{}: {package} is imported under {folder} only", source.place(hit.start()))),
            );
        }
    }
    found
}

fn empty_names(sources: &[Source]) -> Vec<String> {
    let is_empty = |name: &str| matches!(name, "util" | "utils" | "common" | "helper" | "helpers" | "misc");
    let inline = regex(r"\bmod\s+(\w+)");
    let mut found = Vec::new();
    for source in sources {
        let named = source.path.split('/').map(|part| part.split('.').next().unwrap_or(part)).find(|name| is_empty(name));
        found.extend(named.map(|name| format!("{}: “{name}” says nothing about what is inside", source.path)));
        let modules = inline.captures_iter(&source.code).filter_map(|hit| hit.get(1)).filter(|m| is_empty(m.as_str()));
        found.extend(modules.map(|m| format!("{}: the module name “{}” says nothing", source.place(m.start()), m.as_str())));
    }
    found
}

fn long_files(sources: &[Source]) -> Vec<String> {
    let long = sources.iter().map(|s| (s, s.text.lines().count())).filter(|(_, n)| *n > MAX_LINES);
    long.map(|(s, n)| format!("{}:{n}: a file holds at most {MAX_LINES} lines; make a folder with its second subject", s.path)).collect()
}

/// A call that can panic is allowed below a comment line `// Proven: why it cannot`, which stands directly
/// above the line of the call or above the line on which its statement begins.
fn unproven_panics(sources: &[Source]) -> Vec<String> {
    let panics = regex(r"\.unwrap\(\)|\.unwrap_err\(\)|\.expect\(|\.expect_err\(|\b(?:panic|todo|unimplemented|unreachable)!");
    let mut found = Vec::new();
    for source in sources {
        let code: Vec<&str> = source.code.lines().collect();
        let text: Vec<&str> = source.text.lines().collect();
        for (i, line) in code.iter().enumerate() {
            for hit in panics.find_iter(line) {
                if !is_proven(&code, &text, i) {
                    found.push(format!("{}:{}: {} without “// Proven: …” above it", source.path, i + 1, hit.as_str()));
                }
            }
        }
    }
    found
}

fn is_proven(code: &[&str], text: &[&str], line: usize) -> bool {
    let comment_above = |line: usize| {
        let above = text[..line].iter().rev().map(|l| l.trim()).take_while(|l| l.starts_with("//"));
        above.filter_map(|l| l.strip_prefix("// Proven: ")).any(|why| !why.is_empty())
    };
    let ends_before = |line: &str| line.is_empty() || line.ends_with([';', '{', '}', ',']);
    let mut begin = line;
    while begin > 0 && !ends_before(code[begin - 1].trim()) {
        begin -= 1;
    }
    comment_above(line) || comment_above(begin)
}

fn modules_of_lib(lib: &str) -> Vec<String> {
    regex(r"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;").captures_iter(lib).map(|hit| hit[1].to_owned()).collect()
}

/// What is wrong with docs/architecture.md itself: its length, modules it forgets or makes up, edges that lead upward.
fn faults_of_architecture(architecture: &str, lib: &str) -> Vec<String> {
    let mut found = Vec::new();
    let n_lines = architecture.lines().count();
    if n_lines > 150 {
        found.push(format!("docs/architecture.md:{n_lines}: at most 150 lines"));
    }
    let (table, modules) = (Table::of(architecture), modules_of_lib(lib));
    for module in modules.iter().filter(|m| table.row(m).is_none()) {
        found.push(format!("docs/architecture.md: the table has no row for `{module}`, a module of src/lib.rs"));
    }
    for (i, row) in table.rows.iter().enumerate() {
        let place = format!("docs/architecture.md:{}", row.line);
        if !modules.contains(&row.module) {
            found.push(format!("{place}: {} is not a module of src/lib.rs", row.module));
        }
        let above = &table.rows[..i];
        let upward = row.imports.iter().filter(|name| !above.iter().any(|other| other.module == **name));
        found.extend(
            upward.map(|name| format!("{place}: {} may import {name}, which is not above it; edges lead downward only", row.module)),
        );
    }
    found
}

/// Keys that one of the two languages lacks.
fn lonely_keys(vi: &str, en: &str) -> Vec<String> {
    let key = regex(r#"(?m)^\s+['"]?([\w.-]+)['"]?\s*:"#);
    let keys = |text: &str| -> BTreeSet<String> { key.captures_iter(text).map(|hit| hit[1].to_owned()).collect() };
    let (vi, en) = (keys(vi), keys(en));
    let lacks = |language: &str, key: &String| format!("assets/src/i18n: {language} lacks the key {key}");
    vi.difference(&en).map(|k| lacks("en", k)).chain(en.difference(&vi).map(|k| lacks("vi", k))).collect()
}

#[test]
fn modules_import_only_what_the_table_of_the_architecture_allows() {
    nothing(forbidden_edges(&table(), &rust()));
}

#[test]
fn pure_modules_have_no_files_network_clock_environment_async_or_shared_state() {
    nothing(impurities(&table(), &rust()));
}

#[test]
fn each_foreign_library_has_one_door() {
    nothing(wrong_doors(&rust()));
    nothing(wrong_web_doors(&web()));
}

#[test]
fn async_lives_in_http_only() {
    nothing(stray_async(&rust()));
}

#[test]
fn names_say_what_is_inside() {
    nothing(empty_names(&rust()));
    nothing(empty_names(&web()));
}

#[test]
fn no_file_is_longer_than_seven_hundred_lines() {
    for folder in ["src", "tests", "benches", "fuzz", "assets/src"] {
        nothing(long_files(&sources(folder, &[".rs", ".ts", ".svelte", ".css"])));
    }
}

#[test]
fn nothing_panics_without_a_proof_above_it() {
    nothing(unproven_panics(&rust()));
}

#[test]
fn the_architecture_is_short_and_its_table_holds_every_module_with_edges_that_lead_downward() {
    let lib = text_of("src/lib.rs").unwrap();
    assert!(modules_of_lib(&lib).len() > 10, "lib.rs names its modules one per line");
    nothing(faults_of_architecture(&architecture(), &lib));
}

#[test]
fn both_languages_have_the_same_keys() {
    let words = |language: &str| ["ts", "json"].iter().find_map(|e| text_of(&format!("assets/src/i18n/{language}.{e}")));
    match (words("vi"), words("en")) {
        (None, None) => println!("skipped: there is no web app yet"),
        (vi, en) => nothing(lonely_keys(&vi.unwrap_or_default(), &en.unwrap_or_default())),
    }
}

mod the_rules_can_fail {
    use super::*;

    const ARCHITECTURE: &str = "| module | one purpose | may import |
|---|---|---|
| `model` | the words | – |
| `geom` | shapes | – |
| `legend` | labels | `model` |
| `tile` | bytes | model geom |
| *border* | | |
| `store` | keeps | model, geom |
| *house* | | |
| `engine` | flows | all above |
| `http` | routes | model engine |
| `cli` | words | model http |";

    /// What a rule finds in one made-up file.
    fn found(rule: fn(&[Source]) -> Vec<String>, path: &str, text: &str) -> String {
        rule(&[Source::new(path, text)]).join("; ")
    }

    #[test]
    fn an_edge_is_seen_in_every_form_it_is_written() {
        let edges = |path: &str, text: &str| forbidden_edges(&Table::of(ARCHITECTURE), &[Source::new(path, text)]).join("; ");
        assert_eq!(edges("src/geom/area.rs", "use crate::model::Coord;"), "src/geom/area.rs:1: geom may import nothing, not model");
        assert_eq!(
            edges("src/legend/a.rs", "\nuse crate::{\n  model::{Group, Text},\n  geom,\n};"),
            "src/legend/a.rs:2: legend may import model, not geom"
        );
        assert_eq!(edges("src/legend.rs", "use super::geom;"), "src/legend.rs:1: legend may import model, not geom");
        assert_eq!(
            edges("src/http/tiles.rs", "super::super::store::open()"),
            "src/http/tiles.rs:1: http may import model, engine, not store"
        );
        assert_eq!(edges("src/main.rs", "farmzone::engine::run()"), "src/main.rs:1: main.rs may import cli, not engine");
        assert_eq!(edges("src/weather.rs", ""), "src/weather.rs: weather is not in the table of docs/architecture.md");
        for fine in [
            "use crate::geom::union;",
            "use super::store;",
            "// crate::store",
            "\"crate::store\"",
            "#[cfg(test)]\nmod tests { use crate::store; }",
        ] {
            assert_eq!(edges("src/tile/mvt.rs", fine), "", "{fine}");
        }
        assert_eq!(edges("src/engine/mod.rs", "use crate::{store, legend, tile};"), "");
        assert!(edges("src/engine/mod.rs", "use crate::http::router;").contains("not http"));
    }

    #[test]
    fn impurity_is_seen_in_pure_modules_only() {
        let impurities = |path: &str, text: &str| impurities(&Table::of(ARCHITECTURE), &[Source::new(path, text)]).join("; ");
        for impure in [
            "std::fs::read(p)",
            "use std::time::Instant;",
            "SystemTime::now()",
            "async fn f() {}",
            "static mut N: u8 = 0;",
            "Mutex::new(1)",
            "OnceLock::new()",
            "std::env::var(x)",
            "println!()",
            "AtomicU64::new(0)",
        ] {
            assert!(impurities("src/tile.rs", impure).starts_with("src/tile.rs:1: a pure module has no "), "{impure}");
            assert_eq!(impurities("src/store/mod.rs", impure), "");
        }
        assert_eq!(
            impurities("src/tile.rs", "#[test]\nfn t() { std::fs::read(p); }\n// Instant\nlet instant = env!(\"CARGO_PKG_VERSION\");"),
            ""
        );
    }

    #[test]
    fn a_library_is_seen_beside_its_door() {
        assert_eq!(found(wrong_doors, "src/engine.rs", "\nuse gdal::Dataset;"), "src/engine.rs:2: gdal is used by formats only");
        assert_eq!(found(wrong_doors, "src/cli.rs", "let p = proj::Proj::new(a);"), "src/cli.rs:1: proj is used by crs only");
        assert_eq!(found(wrong_doors, "src/engine.rs", "use axum;"), "src/engine.rs:1: axum is used by http only");
        assert_eq!(found(wrong_doors, "src/formats/gdal.rs", "use gdal::Dataset; use rayon::prelude::*;"), "");
        assert_eq!(found(wrong_doors, "src/engine.rs", "crate::formats::gdal::open(p)"), "");
        assert_eq!(found(stray_async, "src/engine.rs", "x.await"), "src/engine.rs:1: async lives in http only");
        assert_eq!(found(stray_async, "src/http/mod.rs", "x.await"), "");
        let import = "import { Map } from 'maplibre-gl';\nimport 'maplibre-gl/dist/maplibre-gl.css';";
        assert_eq!(wrong_web_doors(&[Source::new("assets/src/ui/Panel.svelte", import)]).len(), 2);
        assert_eq!(found(wrong_web_doors, "assets/src/map/view.ts", import), "");
        assert!(found(wrong_web_doors, "assets/src/map/view.ts", "import x from \"terra-draw\"").contains("assets/src/draw/ only"));
    }

    #[test]
    fn empty_names_and_long_files_are_seen() {
        for path in ["src/utils.rs", "src/geom/common/mod.rs", "assets/src/core/helpers.ts", "assets/src/core/utils.test.ts"] {
            assert!(found(empty_names, path, "").contains("says nothing"), "{path}");
        }
        assert_eq!(found(empty_names, "src/geom.rs", "\nmod helpers {}"), "src/geom.rs:2: the module name “helpers” says nothing");
        assert_eq!(found(empty_names, "src/geom.rs", "mod commons; // utils"), "");
        assert!(found(long_files, "src/a.rs", &"\n".repeat(701)).starts_with("src/a.rs:701: "));
        assert_eq!(found(long_files, "src/a.rs", &"\n".repeat(700)), "");
    }

    #[test]
    fn a_panic_is_allowed_below_its_proof_only() {
        let panics = |text: &str| found(unproven_panics, "src/a.rs", text);
        assert_eq!(panics("fn f() {\n  x.unwrap();\n}"), "src/a.rs:2: .unwrap() without “// Proven: …” above it");
        for bad in [
            "x.expect(\"y\")",
            "todo!()",
            "panic!(\"no\")",
            "unreachable!()",
            "// Proven: \nx.unwrap()",
            "// proven: yes\nx.unwrap()",
            "// Proven: a\n\nx.unwrap()",
            "// Proven: a\na();\nx.unwrap()",
        ] {
            assert!(panics(bad).contains("without"), "{bad}");
        }
        for fine in [
            "// Proven: a ring has a point\nx.unwrap()",
            "// Proven: of\n// two lines\nlet a = b\n  .c()\n  .unwrap();",
            "x.unwrap_or(1)",
            "// x.unwrap()",
            "#[cfg(test)]\nmod tests { fn f() { x.unwrap() } }",
            "self.expecting(f)",
        ] {
            assert_eq!(panics(fine), "", "{fine}");
        }
    }

    #[test]
    fn an_architecture_that_forgets_makes_up_or_leads_upward_is_seen() {
        let lib = "pub mod model;\npub mod geom;\npub mod legend;\npub mod tile;\npub mod store;\nmod engine;\npub mod http;\npub mod cli;";
        let faults = |architecture: &str, lib: &str| faults_of_architecture(architecture, lib).join("; ");
        assert_eq!(faults(ARCHITECTURE, lib), "");
        assert_eq!(
            faults(ARCHITECTURE, &format!("{lib}\nmod edit;")),
            "docs/architecture.md: the table has no row for `edit`, a module of src/lib.rs"
        );
        assert_eq!(faults(ARCHITECTURE, &lib.replace("pub mod cli;", "")), "docs/architecture.md:12: cli is not a module of src/lib.rs");
        assert_eq!(
            faults(&ARCHITECTURE.replace("| model engine |", "| model engine cli |"), lib),
            "docs/architecture.md:11: http may import cli, which is not above it; edges lead downward only"
        );
        assert_eq!(faults(&format!("{ARCHITECTURE}{}", "\n.".repeat(150)), lib), "docs/architecture.md:162: at most 150 lines");
    }

    #[test]
    fn a_key_of_one_language_only_is_seen() {
        let vi = "export const vi = {\n  a: 'x',\n  'b-c': 'y',\n};";
        assert_eq!(lonely_keys(vi, vi), Vec::<String>::new());
        assert_eq!(
            lonely_keys(vi, "{\n  \"a\": 1,\n  d: 2\n}"),
            ["assets/src/i18n: en lacks the key b-c", "assets/src/i18n: vi lacks the key d"]
        );
    }
}
