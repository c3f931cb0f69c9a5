//! From a path to what GDAL can open: what the first bytes say, and what lies inside a zip.
//!
//! A zip is known by its content, whatever it is called, and looked into with all its folders; nothing
//! is unpacked to disk. An entry whose path climbs out of the archive refuses the whole file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{FormatError, library};

/// Something to open: a path GDAL understands, and how it is called in messages.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub path: PathBuf,
    /// The entry's path inside a zip, else the file's name.
    pub name: String,
}

/// What could be opened at `path`: itself, or what lies inside it.
///
/// # Errors
/// `NotFound`, `Unsupported` (7z, Parquet, DWG, DGN V8, encrypted), `Unreadable` (damaged or climbing zip), `NotSpatial`.
pub(super) fn candidates(path: &Path) -> Result<Vec<Candidate>, FormatError> {
    let metadata = std::fs::metadata(path).map_err(|_| FormatError::NotFound { path: path.to_owned() })?;
    // An absolute path keeps GDAL from reading a name like `PG:…` as a connection.
    let absolute = std::fs::canonicalize(path).map_err(|e| unreadable(path, e.to_string()))?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let itself = |path: PathBuf| vec![Candidate { path, name: name.clone() }];
    if metadata.is_dir() {
        return inside_folder(path, &absolute, name);
    }
    let mut head = [0; 16];
    let mut file = File::open(&absolute).map_err(|e| unreadable(path, e.to_string()))?;
    let n = read_up_to(&mut file, &mut head).map_err(|e| unreadable(path, e.to_string()))?;
    let head = &head[..n];
    if head.is_empty() {
        return Err(FormatError::NotSpatial { path: path.to_owned(), reason: "the file is empty".to_owned() });
    }
    if let Some((what, convert)) = unsupported(head, path) {
        return Err(FormatError::Unsupported { what: format!("{}: {what}", path.display()), convert: convert.to_owned() });
    }
    if head.starts_with(b"\x1f\x8b") {
        return Ok(itself(PathBuf::from(format!("/vsigzip/{}", absolute.display()))));
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return inside_zip(path, &absolute, file, &name);
    }
    Ok(itself(absolute))
}

/// Bytes that lie in a zip when it is unpacked; none when the file is no zip, or a damaged one.
pub(super) fn n_unpacked_bytes(path: &Path) -> Option<u64> {
    let mut head = [0; 2];
    let mut file = File::open(path).ok()?;
    let n = read_up_to(&mut file, &mut head).ok()?;
    if &head[..n] != b"PK" {
        return None;
    }
    Some(entries(file).ok()?.iter().map(|entry| entry.n_bytes).sum())
}

/// What may be a raster: the file itself, or each TIFF inside it; none when it cannot be looked into.
pub(super) fn rasters(path: &Path) -> Option<Vec<PathBuf>> {
    let absolute = std::fs::canonicalize(path).ok().filter(|p| p.is_file())?;
    let mut head = [0; 4];
    let mut file = File::open(&absolute).ok()?;
    let n = read_up_to(&mut file, &mut head).ok()?;
    if head[..n].starts_with(b"\x1f\x8b") {
        return Some(vec![PathBuf::from(format!("/vsigzip/{}", absolute.display()))]);
    }
    if !head[..n].starts_with(b"PK\x03\x04") {
        return Some(vec![absolute]);
    }
    let entries = entries(file).ok()?;
    let is_tiff = |name: &str| [".tif", ".tiff"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let usable = |e: &&Entry| is_tiff(&e.name) && !is_side_file(&e.name) && !climbs_out(&e.name) && !e.is_encrypted;
    let inner = |e: &Entry| PathBuf::from(format!("/vsizip/{{{}}}/{}", absolute.display(), e.name));
    Some(entries.iter().filter(usable).take(200).map(inner).collect())
}

fn unreadable(path: &Path, reason: impl Into<String>) -> FormatError {
    FormatError::Unreadable { path: path.to_owned(), reason: reason.into() }
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match file.read(&mut buffer[n..])? {
            0 => break,
            more => n += more,
        }
    }
    Ok(n)
}

/// Formats that are known by their first bytes and cannot be read: what it is, what to do.
fn unsupported(head: &[u8], path: &Path) -> Option<(&'static str, &'static str)> {
    let ends_with = |ending: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
    let is = |magic: &[u8]| head.starts_with(magic);
    if is(b"7z\xbc\xaf\x27\x1c") {
        Some(("a 7z archive", "Unpack it (all its parts) and import the file inside"))
    } else if is(b"Rar!") {
        Some(("a RAR archive", "Unpack it and import the file inside"))
    } else if is(b"PAR1") {
        Some(("a Parquet file", "Convert it to GeoPackage or FlatGeobuf (QGIS, or geopandas' read_parquet and to_file)"))
    } else if is(b"AC10") && !is(b"AC1015") {
        Some(("a DWG drawing of this version", "Save it as DXF (R2000 or later) in the drawing program"))
    } else if is(b"\xd0\xcf\x11\xe0") && ends_with("dgn") {
        Some(("a DGN V8 drawing", "Save it as DGN V7 or DXF in MicroStation"))
    } else {
        None
    }
}

/// Enough for any delivery; one of thousands of files must be taken apart.
const MOST_FILES: usize = 200;

/// A folder that is one dataset (a geodatabase, Shapefiles side by side), else what lies in it, by the rules of a zip.
fn inside_folder(path: &Path, absolute: &Path, name: String) -> Result<Vec<Candidate>, FormatError> {
    let mut names = Vec::new();
    files_in(absolute, "", &mut names).map_err(|e| unreadable(path, e.to_string()))?;
    let is_wanted = |name: &&String| is_geodatabase(name) || !is_side_file(name);
    let known = names.iter().filter(is_wanted).filter(|name| library::identify(&absolute.join(name)).is_some());
    let found: Vec<Candidate> = known.take(MOST_FILES).map(|name| Candidate { path: absolute.join(name), name: name.clone() }).collect();
    let ending = |c: &Candidate| c.path.extension().map(|e| e.to_ascii_lowercase());
    // Beside files of another kind GDAL would take those of one and say nothing of the others.
    let is_of_one_kind = found.windows(2).all(|pair| ending(&pair[0]) == ending(&pair[1]));
    if (is_of_one_kind || is_geodatabase(&name)) && library::opens(absolute) {
        return Ok(vec![Candidate { path: absolute.to_owned(), name }]);
    }
    if found.is_empty() {
        return Err(FormatError::NotSpatial { path: path.to_owned(), reason: format!("the folder holds {}", super::listed(&names)) });
    }
    Ok(found)
}

/// Files by their paths below the folder, in order; a geodatabase is one, however many it holds.
fn files_in(folder: &Path, below: &str, names: &mut Vec<String>) -> std::io::Result<()> {
    const DEEPEST: usize = 5;
    const MOST_NAMES: usize = 10_000;
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.filter_map(Result::ok).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        // A link to a folder may lead back up: not followed.
        let is_folder = entry.file_type()?.is_dir() && !is_geodatabase(&name);
        if is_folder && name.matches('/').count() < DEEPEST {
            files_in(&entry.path(), &format!("{name}/"), names)?;
        } else if !is_folder && names.len() < MOST_NAMES {
            names.push(name);
        }
    }
    Ok(())
}

fn inside_zip(path: &Path, absolute: &Path, file: File, name: &str) -> Result<Vec<Candidate>, FormatError> {
    let entries = entries(file).map_err(|reason| unreadable(path, reason))?;
    if let Some(entry) = entries.iter().find(|e| climbs_out(&e.name)) {
        let shown: String = entry.name.chars().take(80).collect();
        return Err(unreadable(path, format!("the zip holds “{shown}”, a path that leads out of it; it was not opened")));
    }
    if entries.iter().any(|e| e.name == "[Content_Types].xml") || entries.first().is_some_and(|e| e.name == "mimetype") {
        // A spreadsheet is a zip too.
        return Ok(vec![Candidate { path: absolute.to_owned(), name: name.to_owned() }]);
    }
    if entries.iter().any(|e| e.is_encrypted) {
        return Err(FormatError::Unsupported {
            what: format!("{}: an encrypted zip", path.display()),
            convert: "Unpack it with its password first".to_owned(),
        });
    }
    let inner = |entry: &str| PathBuf::from(format!("/vsizip/{{{}}}/{entry}", absolute.display()));
    let mut found: Vec<Candidate> = Vec::new();
    let mut parquet = None;
    for entry in &entries {
        let entry = entry.name.as_str();
        let candidate = match folder_of_a_geodatabase(entry) {
            Some(folder) => folder,
            None if entry.ends_with('/') || is_side_file(entry) => continue,
            None => entry,
        };
        if found.iter().any(|c| c.name == candidate) {
            continue;
        }
        if candidate.to_lowercase().ends_with("parquet") {
            parquet = Some(candidate.to_owned());
            continue;
        }
        if found.len() < MOST_FILES && library::identify(&inner(candidate)).is_some() {
            found.push(Candidate { path: inner(candidate), name: candidate.to_owned() });
        }
    }
    match (found.is_empty(), parquet) {
        (false, _) => Ok(found),
        (true, Some(entry)) => Err(FormatError::Unsupported {
            what: format!("{}: {entry} inside it, a Parquet file,", path.display()),
            convert: "Convert it to GeoPackage or FlatGeobuf".to_owned(),
        }),
        (true, None) => {
            let names: Vec<String> = entries.iter().map(|e| e.name.clone()).filter(|n| !n.ends_with('/')).collect();
            Err(FormatError::NotSpatial { path: path.to_owned(), reason: format!("the zip holds {}", super::listed(&names)) })
        }
    }
}

fn is_geodatabase(name: &str) -> bool {
    name.to_lowercase().ends_with(".gdb")
}

/// `a/b.gdb/a0001.gdbtable` → `a/b.gdb`.
fn folder_of_a_geodatabase(entry: &str) -> Option<&str> {
    let at = entry.to_ascii_lowercase().find(".gdb/")?;
    entry.get(..at + 4)
}

/// Files that accompany others, and what archivers leave behind.
fn is_side_file(entry: &str) -> bool {
    const ENDINGS: [&str; 34] = [
        "dbf", "shx", "prj", "cpg", "qpj", "sbn", "sbx", "qix", "qmd", "qml", "sld", "lyr", "lyrx", "idm", "ind", "id", "map", "dat",
        "mid", "gfs", "xsd", "txt", "pdf", "md", "html", "htm", "jpg", "png", "doc", "docx", "gpkg-wal", "gpkg-shm", "atx", "zip",
    ];
    let lower = entry.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    name.starts_with('.') || lower.starts_with("__macosx/") || name.ends_with(".shp.xml") || ENDINGS.contains(&ending)
}

fn climbs_out(entry: &str) -> bool {
    let mut parts = entry.split(['/', '\\']);
    let is_absolute = entry.starts_with(['/', '\\']) || entry.as_bytes().get(1) == Some(&b':');
    is_absolute || parts.any(|part| part == "..") || entry.contains('\0')
}

#[derive(Debug)]
struct Entry {
    name: String,
    is_encrypted: bool,
    /// Unpacked, as the archive says; four GiB where it is that or more. No more than this is ever unpacked.
    n_bytes: u64,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The central directory of a zip (PKWARE appnote 4.3.12 to 4.3.16): names and whether they are encrypted.
/// GDAL leaves out names it does not like; we want to see them.
fn entries(mut file: impl Read + Seek) -> Result<Vec<Entry>, String> {
    const CUT: &str = "the zip is damaged or cut short (its list of contents is missing)";
    const LARGEST_DIRECTORY: u64 = 64 << 20;
    let length = file.seek(SeekFrom::End(0)).map_err(|e| e.to_string())?;
    let tail_length = length.min(22 + 65_536 + 20);
    let mut tail = vec![0; tail_length as usize];
    file.seek(SeekFrom::Start(length - tail_length)).and_then(|_| file.read_exact(&mut tail)).map_err(|e| e.to_string())?;
    let end = (0..tail.len().saturating_sub(21)).rev().find(|at| tail[*at..].starts_with(b"PK\x05\x06")).ok_or(CUT)?;
    let mut size = u32_at(&tail, end + 12).ok_or(CUT)?;
    let mut start = u32_at(&tail, end + 16).ok_or(CUT)?;
    let needs_64 = size == 0xffff_ffff || start == 0xffff_ffff || u16_at(&tail, end + 10) == Some(0xffff);
    if needs_64 && let Some(locator) = end.checked_sub(20).filter(|at| tail[*at..].starts_with(b"PK\x06\x07")) {
        let mut record = [0; 56];
        let at = u64_at(&tail, locator + 8).ok_or(CUT)?;
        file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut record)).map_err(|_| CUT)?;
        size = u64_at(&record, 40).ok_or(CUT)?;
        start = u64_at(&record, 48).ok_or(CUT)?;
    }
    if size > LARGEST_DIRECTORY || start.checked_add(size).is_none_or(|end| end > length) {
        return Err(CUT.to_owned());
    }
    let mut directory = vec![0; size as usize];
    file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut directory)).map_err(|_| CUT)?;
    let mut entries = Vec::new();
    let mut at = 0;
    while directory.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x01\x02")) {
        let flags = u16_at(&directory, at + 8).ok_or(CUT)?;
        let [name, extra, comment] = [28, 30, 32].map(|field| u16_at(&directory, at + field).unwrap_or(0) as usize);
        let bytes = directory.get(at + 46..at + 46 + name).ok_or(CUT)?;
        entries.push(Entry {
            name: String::from_utf8_lossy(bytes).into_owned(),
            is_encrypted: flags & 1 == 1,
            n_bytes: u32_at(&directory, at + 24).unwrap_or(0),
        });
        at += 46 + name + extra + comment;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_climbs_out_is_seen_in_any_spelling() {
        for bad in ["../a.shp", "a/../../b.shp", "..\\a.shp", "/etc/a.shp", "C:\\a.shp", "a/.."] {
            assert!(climbs_out(bad), "{bad}");
        }
        for good in ["a.shp", "a/b..c.shp", "thửa đất/a.shp", "..a.shp"] {
            assert!(!climbs_out(good), "{good}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_list_or_a_fault(
            mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            size in 0_u32..300,
            start in proptest::prelude::any::<u32>(),
            is_near in proptest::prelude::any::<bool>(),
        ) {
            if let Some(first) = bytes.get_mut(..4) {
                first.copy_from_slice(b"PK\x01\x02");
            }
            bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
            bytes.extend(size.to_le_bytes());
            bytes.extend(if is_near { 0 } else { start }.to_le_bytes());
            bytes.extend([0, 0]);
            let _ = entries(std::io::Cursor::new(bytes));
        }
    }

    #[test]
    fn side_files_are_left_to_their_main_file() {
        for side in ["a.dbf", "x/a.SHX", "__MACOSX/._a.shp", "a.shp.xml", ".DS_Store"] {
            assert!(is_side_file(side), "{side}");
        }
        assert!(!is_side_file("x/a.SHP") && !is_side_file("a.gml") && !is_side_file("no_ending"));
        assert_eq!(folder_of_a_geodatabase("d/x.gdb/a1.gdbtable"), Some("d/x.gdb"));
    }
}
