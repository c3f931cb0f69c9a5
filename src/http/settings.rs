//! What a city sets for its server: a small TOML file (`serve --settings FILE`, docs/operations.md).
//!
//! Read as a whole or refused with the line that is wrong. Invariant: an address that gets in here is one that a
//! browser can ask, of one host, and opens that host in the page's policy and no other; so does a host that may frame the map.

use serde::{Deserialize, Serialize};
use toml::Spanned;

/// What the file says; without one everything is as it is without settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    pub basemap: Option<Basemap>,
    /// Under what terms the data may be used: tables that readers take with them say it.
    pub licence: Option<String>,
    /// Scheme, host and port of the sites whose pages may hold the map in a frame; `*` is every site.
    pub embed_origins: Vec<String>,
}

/// A map of somebody else's that may lie below ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Basemap {
    pub url: String,
    pub kind: BasemapKind,
    /// Whose it is, as text for the map's corner.
    pub attribution: String,
    /// Scheme, host and port of `url`, as a policy names them.
    #[serde(skip)]
    pub origin: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BasemapKind {
    /// Pictures by zoom, column and row: `https://host/{z}/{x}/{y}.png`.
    Raster,
    /// A MapLibre style or a TileJSON.
    Vector,
    /// One file, of pictures or vectors.
    Pmtiles,
}

/// What is wrong with the file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct SettingsError {
    pub line: usize,
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    basemap: Option<WrittenBasemap>,
    licence: Option<Spanned<String>>,
    #[serde(default)]
    embed_origins: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBasemap {
    url: Spanned<String>,
    kind: BasemapKind,
    attribution: Spanned<String>,
}

const MOST_URL: usize = 1_000;
const MOST_TEXT: usize = 200;
/// They all stand in one header.
const MOST_ORIGINS: usize = 50;

impl Settings {
    /// Reads the file's text.
    ///
    /// # Errors
    /// The first thing that is wrong: a key that is not known, a value that cannot be, an address that no browser would ask.
    pub fn parse(text: &str) -> Result<Settings, SettingsError> {
        let line_of = |at: usize| text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1;
        let written: Written = toml::from_str(text)
            .map_err(|e| SettingsError { line: line_of(e.span().map_or(0, |span| span.start)), message: e.message().to_owned() })?;
        let checked = |value: &Spanned<String>, key: &str, check: &dyn Fn(&str) -> Result<String, String>| {
            check(value.get_ref().trim())
                .map_err(|why| SettingsError { line: line_of(value.span().start), message: format!("{key}: {why}") })
        };
        let basemap = written.basemap.map(|basemap| {
            let url = basemap.url.get_ref().trim().to_owned();
            let origin = checked(&basemap.url, "basemap.url", &|url| origin_of(url, basemap.kind))?;
            let attribution = checked(&basemap.attribution, "basemap.attribution", &short_text)?;
            Ok(Basemap { url, kind: basemap.kind, attribution, origin })
        });
        let licence = written.licence.map(|licence| checked(&licence, "licence", &short_text));
        if let Some(first_too_many) = written.embed_origins.get(MOST_ORIGINS) {
            let message = format!("embed_origins: at most {MOST_ORIGINS} are taken");
            return Err(SettingsError { line: line_of(first_too_many.span().start), message });
        }
        let embed_origins = written.embed_origins.iter().map(|origin| checked(origin, "embed_origins", &framing_origin));
        Ok(Settings {
            basemap: basemap.transpose()?,
            licence: licence.transpose()?,
            embed_origins: embed_origins.collect::<Result<_, _>>()?,
        })
    }
}

fn short_text(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0 => Err("it is empty; write whose it is, or leave the key out".to_owned()),
        n if n > MOST_TEXT => Err(format!("it has {n} letters, at most {MOST_TEXT} are taken")),
        _ if text.chars().any(char::is_control) => Err("it holds line breaks or control characters".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// A site that may hold the map in a frame: scheme, host and port without a path, or `*`.
fn framing_origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    match split_host(text.strip_suffix('/').unwrap_or(text))? {
        (origin, "") => Ok(origin),
        _ => Err(format!("“{}” names a page; a site is its scheme and host, like https://news.example.vn", start_of(text))),
    }
}

/// Scheme, host and port of an address, and what follows.
fn split_host(url: &str) -> Result<(String, &str), String> {
    if url.len() > MOST_URL {
        return Err(format!("it is longer than {MOST_URL} letters"));
    }
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => (scheme, rest),
        _ => return Err(format!("“{}” does not begin with https:// or http://", start_of(url))),
    };
    if url.chars().any(|c| c.is_whitespace() || c.is_control() || "\"'<>\\`".contains(c)) {
        return Err("it holds spaces, quotation marks or backslashes; write them percent-encoded".to_owned());
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host_and_port, path) = rest.split_at(end);
    if host_and_port.contains('@') {
        return Err("it holds a name or a password, which every reader would see".to_owned());
    }
    let (host, port) = host_and_port.rsplit_once(':').map_or((host_and_port, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if host.len() > 253 || !host.split('.').all(is_label) {
        return Err(format!(
            "“{}” is not a host's name: letters, digits, hyphens and dots, without {{…}} or *; other letters as xn--…",
            start_of(host)
        ));
    }
    if port
        .is_some_and(|port| port.is_empty() || port.len() > 5 || !port.bytes().all(|b| b.is_ascii_digit()) || port.parse::<u16>().is_err())
    {
        return Err("the port is not a number up to 65535".to_owned());
    }
    Ok((format!("{scheme}://{}", host_and_port.to_ascii_lowercase()), path))
}

/// Scheme, host and port of an address that a map of this kind can be asked from.
fn origin_of(url: &str, kind: BasemapKind) -> Result<String, String> {
    let (origin, path) = split_host(url)?;
    let places = ["{z}", "{x}", "{y}"].map(|place| path.matches(place).count());
    match kind {
        BasemapKind::Raster if places != [1, 1, 1] => {
            Err("a raster map has {z}, {x} and {y} once each where zoom, column and row stand, like https://host/{z}/{x}/{y}.png"
                .to_owned())
        }
        BasemapKind::Vector | BasemapKind::Pmtiles if path.contains(['{', '}']) => {
            Err("{…} stands in addresses of kind raster only; a vector map is named by its style or TileJSON, a PMTiles by its file"
                .to_owned())
        }
        _ if path.contains('#') => Err("it holds a #, which is never sent".to_owned()),
        _ => Ok(origin),
    }
}

/// What somebody wrote, in a length that fits a message.
fn start_of(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, kind: &str) -> Result<Settings, SettingsError> {
        Settings::parse(&format!("[basemap]\nkind = \"{kind}\"\nurl = \"{url}\"\nattribution = \"© Hà Nội\"\n"))
    }

    #[test]
    fn nothing_is_set_by_an_empty_file_and_a_whole_one_is_taken_as_it_is() {
        assert_eq!(Settings::parse("# nothing yet\n"), Ok(Settings::default()));
        let settings = Settings::parse(
            "licence = \" CC BY 4.0 \"\n[basemap]\nurl = 'https://Tiles.Example.vn:8443/a/{z}/{x}/{y}.png?key=1'\nkind = 'raster'\nattribution = '© Sở X'\n",
        );
        let basemap = Basemap {
            url: "https://Tiles.Example.vn:8443/a/{z}/{x}/{y}.png?key=1".to_owned(),
            kind: BasemapKind::Raster,
            attribution: "© Sở X".to_owned(),
            origin: "https://tiles.example.vn:8443".to_owned(),
        };
        assert_eq!(settings, Ok(Settings { basemap: Some(basemap), licence: Some("CC BY 4.0".to_owned()), embed_origins: Vec::new() }));
        for (url, kind) in
            [("https://a.vn/style.json", "vector"), ("http://127.0.0.1:9/city.pmtiles", "pmtiles"), ("https://a.vn/{z}/{y}/{x}", "raster")]
        {
            assert!(of(url, kind).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_not_known_or_cannot_be_is_told_with_its_line() {
        let told = |text: &str| Settings::parse(text).unwrap_err().to_string();
        let unknown = told("# ours\n\n[basemap]\nurl = 'https://a.vn/s.json'\nkind = 'vector'\nattribution = 'x'\ncolour = 'red'\n");
        assert!(unknown.starts_with("line 7: ") && unknown.contains("`colour`"), "{unknown}");
        let table = told("licence = 'x'\n[bassemap]\n");
        assert!(table.starts_with("line 2: ") && table.contains("`bassemap`"), "{table}");
        let kind = told("[basemap]\nurl = 'https://a.vn/s.json'\nattribution = 'x'\nkind = 'wms'\n");
        assert!(kind.starts_with("line 4: ") && kind.contains("`wms`"), "{kind}");
        let missing = told("[basemap]\nkind = 'vector'\nurl = 'https://a.vn/s.json'\n");
        assert!(missing.contains("`attribution`"), "{missing}");
        assert!(told("licence = 3\n").starts_with("line 1: "));
        assert!(told("licence = ''\n").contains("licence: it is empty"));
        assert!(told("licence = \"a\\nb\"\n").contains("line breaks"));
    }

    #[test]
    fn sites_that_may_frame_the_map_are_named_without_a_page() {
        let of = |list: &str| Settings::parse(&format!("licence = 'x'\nembed_origins = [{list}]\n"));
        let origins = of("'https://News.Example.vn', 'http://127.0.0.1:8080/', '*'").unwrap().embed_origins;
        assert_eq!(origins, ["https://news.example.vn", "http://127.0.0.1:8080", "*"]);
        for (list, why) in [
            ("'news.example.vn'", "https://"),
            ("'https://*.example.vn'", "host's name"),
            ("'https://a.vn/news'", "names a page"),
            ("'https://a.vn; script-src *'", "spaces"),
            ("'https://me@a.vn'", "password"),
            ("''", "https://"),
        ] {
            let told = of(list).unwrap_err();
            assert!(told.line == 2 && told.message.starts_with("embed_origins: ") && told.message.contains(why), "{list}: {told}");
        }
        assert!(of(&"'https://a.vn',".repeat(51)).is_err());
    }

    #[test]
    fn an_address_that_no_browser_would_ask_or_that_opens_more_than_one_host_is_refused() {
        for (url, kind, why) in [
            ("tiles.example.vn/{z}/{x}/{y}.png", "raster", "https://"),
            ("ftp://a.vn/{z}/{x}/{y}", "raster", "https://"),
            ("javascript:alert(1)", "vector", "https://"),
            ("//a.vn/s.json", "vector", "https://"),
            ("https://*.example.vn/s.json", "vector", "host's name"),
            ("https://{s}.example.vn/{z}/{x}/{y}.png", "raster", "host's name"),
            ("https:///s.json", "vector", "host's name"),
            ("https://a.vn;script-src/s.json", "vector", "host's name"),
            ("https://a..vn/s.json", "vector", "host's name"),
            ("https://đất.vn/s.json", "vector", "host's name"),
            ("https://[::1]/s.json", "vector", "host's name"),
            ("https://me:secret@a.vn/s.json", "vector", "password"),
            ("https://a.vn:99999/s.json", "vector", "port"),
            ("https://a.vn:/s.json", "vector", "port"),
            ("https://a.vn/my style.json", "vector", "spaces"),
            ("https://a.vn/tiles.png", "raster", "{z}, {x} and {y}"),
            ("https://a.vn/{z}/{x}.png", "raster", "{z}, {x} and {y}"),
            ("https://a.vn/{z}/{x}/{y}", "vector", "kind raster only"),
            ("https://a.vn/{z}.pmtiles", "pmtiles", "kind raster only"),
            ("https://a.vn/s.json#x", "vector", "#"),
        ] {
            let told = of(url, kind).unwrap_err();
            assert_eq!(told.line, 3, "{url}");
            assert!(told.message.starts_with("basemap.url: ") && told.message.contains(why), "{url}: {told}");
        }
    }
}
