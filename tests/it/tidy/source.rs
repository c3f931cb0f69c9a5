//! Reads the project's sources for the tidy rules: which file, which module, which lines are code.

use std::path::Path;

/// A source file, as it is and with everything blanked that is no code of the program.
pub struct Source {
    /// From the project's folder, with `/`: `src/geom/boolean.rs`.
    pub path: String,
    pub text: String,
    /// Rust only: comments, texts and test code replaced by spaces; lines stay where they are.
    pub code: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let in_tests = path.ends_with("/tests.rs") || path.split('/').rev().skip(1).any(|folder| folder == "tests");
        let code = match path.ends_with(".rs") {
            _ if in_tests => text.chars().map(blank).collect(),
            true => without_tests(&without_comments_and_texts(text)),
            false => String::new(),
        };
        Source { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// The module of `src/lib.rs` that the file belongs to; none for lib.rs, main.rs and files elsewhere.
    pub fn module(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (!matches!(name, "lib" | "main")).then_some(name)
    }

    /// How many `super::` lead from the file to the crate's root.
    pub fn depth(&self) -> usize {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').count() - usize::from(inside.ends_with("/mod.rs"))
    }

    /// Where the files of the modules lie that this file declares: `src/geom` for `src/geom.rs` and `src/geom/mod.rs`.
    fn folder_of_modules(&self) -> &str {
        let own = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        ["/mod", "/lib", "/main"].iter().find_map(|name| own.strip_suffix(name)).unwrap_or(own)
    }

    /// `src/geom/mod.rs:12` of a byte of `code` or `text`.
    pub fn place(&self, offset: usize) -> String {
        let line = 1 + self.text.bytes().take(offset).filter(|b| *b == b'\n').count();
        format!("{}:{line}", self.path)
    }
}

/// All files below `folder` of the project with one of the endings, sorted; nothing when it does not exist.
pub fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    collect(Path::new(&root), &Path::new(&root).join(folder), endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    without_test_files(found)
}

/// Blanks the code of files that another file takes in as `#[cfg(test)] mod name;`.
pub fn without_test_files(mut sources: Vec<Source>) -> Vec<Source> {
    let taken_in = regex::Regex::new(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;").unwrap();
    let test_modules: Vec<String> =
        sources.iter().flat_map(|s| taken_in.captures_iter(&s.text).map(|hit| format!("{}/{}", s.folder_of_modules(), &hit[1]))).collect();
    for source in &mut sources {
        let inside = |module: &String| source.path == format!("{module}.rs") || source.path.starts_with(&format!("{module}/"));
        if test_modules.iter().any(inside) {
            source.code = source.text.chars().map(blank).collect();
        }
    }
    sources
}

/// The text of one file of the project, none when it does not exist.
pub fn text_of(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(&root()).join(path)).ok()
}

fn root() -> String {
    std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned())
}

fn collect(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "node_modules" | "dist" | "target" | "out" | "corpus") {
            collect(root, &path, endings, found);
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let text = std::fs::read_to_string(&path).unwrap();
            let inside = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            found.push(Source::new(&inside, &text));
        }
    }
}

fn blank(c: char) -> char {
    if c == '\n' { '\n' } else { ' ' }
}

/// Each byte of the text, blank where it is a comment or inside quotation marks. Byte for byte, so that
/// places stay the same.
fn without_comments_and_texts(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut i = 0;
    while i < bytes.len() {
        let end = match bytes[i] {
            b'/' if bytes[i..].starts_with(b"//") => i + bytes[i..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - i),
            b'/' if bytes[i..].starts_with(b"/*") => end_of_comment(bytes, i),
            b'"' => end_of_text(bytes, i),
            b'r' if !continues_a_word(bytes, i) => end_of_raw_text(bytes, i).unwrap_or(i),
            b'\'' => end_of_letter(bytes, i).unwrap_or(i),
            _ => i,
        };
        for byte in &mut code[i..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        i = end.max(i + 1);
    }
    String::from_utf8(code).unwrap()
}

fn continues_a_word(bytes: &[u8], i: usize) -> bool {
    // `br"…"` and `cr"…"` are raw texts as well.
    let before = |n: usize| i.checked_sub(n).map_or(b' ', |j| bytes[j]);
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let begins_a_literal = matches!(before(1), b'b' | b'c') && !word(before(2));
    word(before(1)) && !begins_a_literal
}

fn end_of_comment(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut i) = (0, start);
    while i < bytes.len() {
        if bytes[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if bytes[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    i
}

fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    while i < bytes.len() && bytes[i] != b'"' {
        i += 1 + usize::from(bytes[i] == b'\\');
    }
    (i + 1).min(bytes.len())
}

fn end_of_raw_text(bytes: &[u8], start: usize) -> Option<usize> {
    let n_marks = bytes[start + 1..].iter().take_while(|b| **b == b'#').count();
    let open = start + 1 + n_marks;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', n_marks)).collect();
    let inside = bytes[open + 1..].windows(close.len()).position(|w| w == close)?;
    Some(open + 1 + inside + close.len())
}

/// The end of a letter in quotation marks; none for a lifetime.
fn end_of_letter(bytes: &[u8], start: usize) -> Option<usize> {
    if bytes.get(start + 1) == Some(&b'\\') {
        return bytes[start + 3..].iter().position(|b| *b == b'\'').map(|n| start + 4 + n);
    }
    let rest = std::str::from_utf8(&bytes[start + 1..]).ok()?;
    let letter = rest.chars().next()?.len_utf8();
    (rest.as_bytes().get(letter) == Some(&b'\'')).then_some(start + 2 + letter)
}

/// Blanks what is marked `#[cfg(test)]` or `#[test]`, up to the end of its item.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    for mark in ["#[cfg(test)]", "#[cfg(all(test", "#[cfg(any(test", "#[test]"] {
        while let Some(start) = out.find(mark) {
            let end = end_of_item(out.as_bytes(), start);
            let blanked: String = out[start..end].bytes().map(|b| blank(b as char)).collect();
            out.replace_range(start..end, &blanked);
        }
    }
    out
}

/// The end of the item that begins with attributes at `start`: the brace that closes it, or its semicolon.
fn end_of_item(code: &[u8], start: usize) -> usize {
    let mut depth = 0;
    for (i, byte) in code.iter().enumerate().skip(start) {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b']' | b')' => depth -= 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            b';' if depth == 0 => return i + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_texts_and_tests_are_no_code() {
    let source = Source::new(
        "src/a/b.rs",
        "let a = \"crate::x \\\" }\"; // crate::y\n/* { /* */ crate::z */ fn f<'a>(c: &'a str) -> char { '\"' }\nlet r = br#\"{ \" crate::w\"#; let q = '\\''; fn g() { crate::seen }\n#[cfg(test)]\nmod tests { fn h() { crate::t(\"}\") } }\nuse crate::after;\n#[cfg(test)] use crate::u;\nlet end = 'é';",
    );
    assert_eq!(source.code.lines().count(), source.text.lines().count());
    let found: Vec<&str> = source.code.match_indices("crate::").map(|(i, _)| &source.code[i..i + 10]).collect();
    assert_eq!(found, ["crate::see", "crate::aft"]);
    assert_eq!(source.place(source.code.find("crate::after").unwrap()), "src/a/b.rs:6");
    assert_eq!((source.module(), source.depth()), (Some("a"), 2));
    let files = [("src/a.rs", "#[cfg(test)]\nmod oracle;\nmod kept;"), ("src/a/oracle.rs", "crate::x"), ("src/a/kept.rs", "crate::y")];
    let files = without_test_files(files.map(|(path, text)| Source::new(path, text)).into());
    assert_eq!(files.iter().map(|f| f.code.trim()).collect::<Vec<_>>(), ["mod kept;", "", "crate::y"]);
    assert_eq!(Source::new("src/a/tests.rs", "crate::x").code.trim(), "");
}
