//! The command line's words. Names are fixed: scripts rely on them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::user::UserCommand;
use crate::engine::{Day, FiguresBy, Lang, Mistake};
use crate::model::{AlertStatus, Epoch, EpsgCode, LayerRole, NotAWord, PartnerTable};

/// The open GIS of specialised farming zones.
#[derive(Debug, Parser)]
#[command(name = "farmzone", version, about, max_term_width = 110, after_help = EXIT_CODES)]
pub struct Cli {
    /// Print one JSON object on stdout instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more about what is going on (twice: debugging).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Folder whose files replace those of the built-in zones/ (kinds, legends, rules), file by file.
    #[arg(long, global = true, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 internal · 2 usage · 3 not found · 4 invalid input · 5 conflict · 6 unsupported · 7 unavailable · 8 not allowed";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an empty workspace (a GeoPackage).
    Init {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The workspace's projected, metric coordinate system.
        #[arg(long, default_value = "EPSG:5897", value_name = "EPSG:N")]
        crs: EpsgCode,
    },
    /// Read zones, land use, permits, boundaries, context or the register of codes from any vector file that GDAL reads, land use also from a GeoTIFF, codes also from a table; who is behind zones from tables.
    Import(Box<ImportArgs>),
    /// List what is in a workspace.
    Layers {
        /// The workspace (.gpkg).
        workspace: PathBuf,
    },
    /// Take a layer out of a workspace.
    Drop {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// As `layers` lists it: zones, landuse_2024, …; or a table of who is behind zones: farmzone_partners, …
        layer: String,
    },
    /// What a plan asks the city to hold of each kind: list it, or take it from a file of [[target]] blocks (kind, hectares, source, valid_from).
    Targets {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        #[arg(value_name = "FILE.toml")]
        file: Option<PathBuf>,
    },
    /// Copy a workspace consistently, also while it is served; its accounts are copied beside.
    Backup {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The file to make.
        out: PathBuf,
    },
    /// Every pair of zone and land-use polygon (or class of a raster) that shares area.
    Overlay {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The land use's epoch; the latest without it.
        #[arg(long, value_name = "YYYY[-MM[-DD]]")]
        epoch: Option<Epoch>,
        /// Take the epoch's raster where there are polygons too.
        #[arg(long)]
        raster: bool,
        /// Write the pairs: zone_id, landuse_id, code, area_m2, share.
        #[arg(long, value_name = "FILE.csv")]
        out: Option<PathBuf>,
    },
    /// Find what is built inside the zones, and keep it in the workspace.
    Detect {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The land use's epoch; the latest without it.
        #[arg(long, value_name = "YYYY[-MM[-DD]]")]
        epoch: Option<Epoch>,
        /// Only land lost after this earlier epoch, with what became what (nothing is kept then).
        #[arg(long, value_name = "YYYY[-MM[-DD]]")]
        since: Option<Epoch>,
        /// Only zones of this kind (nothing is kept then).
        #[arg(long)]
        kind: Option<String>,
        /// Write the events; the ending chooses the format (.csv, .gpkg, .geojson, .fgb, .shp, .kml, .xlsx).
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// What became what in the zones between two epochs: land-use code to land-use code, m².
    Transitions {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The earlier epoch; the one before the later without it.
        #[arg(long, value_name = "YYYY[-MM[-DD]]")]
        since: Option<Epoch>,
        /// The later epoch; the latest without it.
        #[arg(long, value_name = "YYYY[-MM[-DD]]")]
        epoch: Option<Epoch>,
        /// Only zones of this kind.
        #[arg(long)]
        kind: Option<String>,
        /// Sum by encroachment group, not by code.
        #[arg(long)]
        by_group: bool,
        /// Write what became what in every zone.
        #[arg(long, value_name = "FILE.csv")]
        out: Option<PathBuf>,
    },
    /// Figures for planning: land, loss, and how what is left lies (patches, mesh size, edges, core).
    Figures {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// What a row is of.
        #[arg(long, default_value = "kind", value_parser = FiguresBy::WORDS)]
        by: String,
        /// The land use's epoch; the latest without it.
        #[arg(long, value_name = "YYYY[-MM[-DD]]")]
        epoch: Option<Epoch>,
        /// Only zones of this kind.
        #[arg(long)]
        kind: Option<String>,
        /// Land deeper inside than this is core.
        #[arg(long, default_value = "50", value_name = "METRES", value_parser = metres)]
        core: f64,
        /// Write the rows, areas in m².
        #[arg(long, value_name = "FILE.csv")]
        out: Option<PathBuf>,
    },
    /// Judge farming area codes by the register: some codes, a file of them, or a place.
    Check(Box<CheckArgs>),
    /// The work list on lost land: which events are new, checked, confirmed, rejected, handed over, closed, whose and until when.
    Alerts {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// Only of these statuses, joined by commas.
        #[arg(long, value_name = "STATUS[,STATUS]", value_delimiter = ',')]
        status: Vec<AlertStatus>,
        /// Only in these units, by code, joined by commas.
        #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
        unit: Vec<String>,
        /// Only in zones of this kind.
        #[arg(long)]
        kind: Option<String>,
        /// Sums by unit, in place of the alerts.
        #[arg(long)]
        digest: bool,
        /// Rows at most.
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
    },
    /// Write a layer to a file; the ending chooses the format (.gpkg, .geojson, .fgb, .shp, .kml, .csv, .xlsx).
    Export {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The file to write.
        out: PathBuf,
        /// One of the workspace's layers, `codes`, or `encroachments` and `landuse` for the latest epoch.
        #[arg(long, default_value = "zones")]
        layer: String,
        /// The file's coordinate system; the workspace's without it (WGS 84 for GeoJSON and KML).
        #[arg(long, value_name = "EPSG:N")]
        crs: Option<EpsgCode>,
        /// Under what terms the data may be used: each row says it, in the column `licence`.
        #[arg(long, value_name = "TEXT")]
        licence: Option<String>,
        /// The zones as a past revision had them; what they had lost then is not kept.
        #[arg(long, value_name = "N")]
        rev: Option<u64>,
    },
    /// Write all tiles to one file for a map without a server; the ending chooses the format (.pmtiles, .mbtiles).
    Tiles {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The file to write.
        #[arg(value_name = "OUT.pmtiles|.mbtiles")]
        out: PathBuf,
        /// Tile layers, joined by commas; all of them without it.
        #[arg(long, value_name = "LAYER[,LAYER]")]
        layer: Option<String>,
        /// The first zoom, 0 to 16.
        #[arg(long, default_value_t = 6, value_name = "Z")]
        minzoom: u8,
        /// The deepest zoom, 0 to 16; a map draws deeper ones from it.
        #[arg(long, default_value_t = 14, value_name = "Z")]
        maxzoom: u8,
        /// The land use's epoch; the latest without it.
        #[arg(long, value_name = "YYYY[-MM[-DD]]")]
        epoch: Option<Epoch>,
    },
    /// A document to hand around about one zone or one piece of lost land: maps, coordinates, evidence, sources.
    Dossier(DossierArgs),
    /// Look at the zones in a window of the desktop, or draw them into a PNG, without a server (a build with `make viewer`).
    View(ViewArgs),
    /// Serve the API, the tiles and the web map.
    Serve {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// Where to listen; 0.0.0.0:8080 lets other machines in.
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
        bind: SocketAddr,
        /// Memory for tiles drawn lately; 0 keeps none.
        #[arg(long, default_value_t = TILE_CACHE_MB, value_name = "MB", value_parser = clap::value_parser!(u32).range(0..=65_536))]
        tile_cache: u32,
        /// Readers come through a proxy that writes their address at the end of X-Forwarded-For.
        #[arg(long)]
        behind_proxy: bool,
        /// The address under which readers know the server; dossiers and the feed carry it. Without it each carries the one it was asked for by.
        #[arg(long, value_name = "URL", value_parser = public_url)]
        public_url: Option<String>,
        /// What the city sets, such as a basemap (docs/operations.md).
        #[arg(long, value_name = "FILE.toml")]
        settings: Option<PathBuf>,
    },
    /// Accounts for those who change something, and tokens for their programs.
    #[command(subcommand)]
    User(UserCommand),
    /// Make the simulated Hanoi if it is not there yet, and serve it.
    Demo {
        /// Where the simulated workspace is kept.
        #[arg(long, default_value = "demo")]
        dir: PathBuf,
        /// Where to listen; 0.0.0.0:8080 lets other machines in.
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
        bind: SocketAddr,
        /// Make it and stop, without serving.
        #[arg(long)]
        make_only: bool,
    },
}

/// What `serve` and `demo` keep of drawn tiles: a city's map as people look at it.
pub const TILE_CACHE_MB: u32 = 64;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("subject").required(true))]
pub struct DossierArgs {
    /// The workspace (.gpkg).
    pub workspace: PathBuf,
    /// The file to write.
    #[arg(value_name = "OUT.pdf|.xlsx|.geojson")]
    pub out: PathBuf,
    /// Of the zone with this id.
    #[arg(long, value_name = "ID", group = "subject")]
    pub zone: Option<String>,
    /// Of the piece of lost land with this id.
    #[arg(long, value_name = "ID", group = "subject")]
    pub event: Option<String>,
    /// Of this area code.
    #[arg(long, value_name = "CODE", group = "subject")]
    pub code: Option<String>,
    /// vi, en, or both.
    #[arg(long, default_value = "vi", value_name = "vi|en|both")]
    pub lang: Lang,
    /// The server at which the dossier can be verified; without it the document has no QR code.
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub public_url: Option<String>,
}

#[derive(Debug, Args)]
pub struct ViewArgs {
    /// The workspace (.gpkg).
    pub workspace: PathBuf,
    /// Draw into this file in place of a window.
    #[arg(long, value_name = "OUT.png")]
    pub png: Option<PathBuf>,
    /// The middle, in degrees; that of the workspace without it.
    #[arg(long, value_name = "LON,LAT", value_parser = place, allow_hyphen_values = true)]
    pub center: Option<[f64; 2]>,
    /// As on the web map; as much as shows the whole workspace without it.
    #[arg(long, value_name = "Z", allow_hyphen_values = true)]
    pub zoom: Option<f64>,
    /// Pixels of the picture.
    #[arg(long, default_value = "1024x768", value_name = "WxH", value_parser = pixels)]
    pub size: [u32; 2],
    /// The window's title: vi or en.
    #[arg(long, default_value = "vi", value_name = "vi|en")]
    pub lang: Lang,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The workspace (.gpkg).
    pub workspace: PathBuf,
    /// A file, a folder, or a zip with one of them inside.
    pub file: PathBuf,
    /// What to take it as: zones, landuse, permits, boundaries, context or codes; or a table of who is behind zones: partners, linkages,
    /// products or traces.
    #[arg(long = "as", value_name = "ROLE", value_parser = taken_as)]
    pub taken_as: TakenAs,
    /// The layer inside FILE (of a raster the band), when it has several.
    #[arg(long, value_name = "NAME")]
    pub layer: Option<String>,
    /// Our column from theirs: --field name=TEN_VUNG. `@layer` is a drawing’s layer, `@text` the texts inside a polygon (`@text:LAYER`: of one CAD layer).
    #[arg(long = "field", value_name = "OUR=THEIRS", value_parser = field)]
    pub fields: Vec<(String, String)>,
    /// The kind of every zone (for context the group, for permits the right), when FILE has no such column.
    #[arg(long)]
    pub kind: Option<String>,
    /// The code of every feature, when FILE has no such column.
    #[arg(long)]
    pub code: Option<String>,
    /// Keep this column of FILE too (all others are left out).
    #[arg(long, value_name = "COLUMN")]
    pub keep: Vec<String>,
    /// When the land use was seen; needed for landuse.
    #[arg(long, value_name = "YYYY[-MM[-DD]]")]
    pub epoch: Option<Epoch>,
    /// How land-use labels are read: vn, osm, corine, corine_grid (rasters with the values 1 to 44), worldcover, or a legend of your own.
    #[arg(long, default_value = "vn", value_name = "NAME|FILE.toml")]
    pub legend: String,
    /// The file's coordinate system, when it does not say or says it wrong.
    #[arg(long, value_name = "EPSG:N")]
    pub crs: Option<EpsgCode>,
    /// The datum operation between VN-2000 and WGS 84.
    #[arg(long, value_name = "EPSG:6960|EPSG:5194", value_parser = operation)]
    pub operation: Option<EpsgCode>,
    /// Set right what went wrong on the way to the file, as an import names it: swap_axes, utm_for_tm3, tm3_for_utm, no_datum_shift,
    /// flipped_datum_shift, zone:EPSG:N. Nothing is set right unasked.
    #[arg(long, value_name = "MISTAKE")]
    pub correct: Option<Mistake>,
    /// How exact a vertex is, metres (standard deviation).
    #[arg(long, value_name = "METRES", value_parser = metres)]
    pub accuracy: Option<f64>,
    /// Where the data comes from; the file's name without it.
    #[arg(long, value_name = "TEXT")]
    pub source: Option<String>,
    /// The text encoding, when the file does not say it or says it wrong: UTF-8, CP1258, TCVN3, VNI, … Without it that is told by
    /// the syllables of the text.
    #[arg(long)]
    pub encoding: Option<String>,
    /// Put the file in place of the layer that is there.
    #[arg(long, conflicts_with_all = ["append", "update"])]
    pub replace: bool,
    /// Add the file's features to the layer.
    #[arg(long, conflicts_with = "update")]
    pub append: bool,
    /// Replace features of the same id, add the others.
    #[arg(long)]
    pub update: bool,
    /// Refuse the file when any feature has an issue.
    #[arg(long)]
    pub strict: bool,
    /// Write all issues to a table.
    #[arg(long, value_name = "FILE.csv")]
    pub issues: Option<PathBuf>,
    /// Read and check everything, change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The workspace (.gpkg).
    pub workspace: PathBuf,
    /// Codes as they are written.
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,
    /// The codes of a file (.xlsx, .csv, .tsv, .txt): of the column that holds most.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The column of FILE.
    #[arg(long, value_name = "NAME", requires = "file")]
    pub column: Option<String>,
    /// The codes of a place, in degrees.
    #[arg(long, value_name = "LON,LAT", value_parser = place, allow_hyphen_values = true)]
    pub at: Option<[f64; 2]>,
    /// How exact the place is.
    #[arg(long, value_name = "METRES", value_parser = metres, requires = "at")]
    pub accuracy: Option<f64>,
    /// The market that the code is used for: CHN, USA, EU … or its name.
    #[arg(long)]
    pub market: Option<String>,
    /// The day of the check; today without it.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<Day>,
    /// Tonnes that were delivered under the code within a year.
    #[arg(long, value_name = "TONNES", value_parser = tonnes)]
    pub shipped: Option<f64>,
    /// Write the verdicts with their reasons.
    #[arg(long, value_name = "FILE.xlsx|.csv")]
    pub out: Option<PathBuf>,
}

impl ImportArgs {
    /// `--field` as a map.
    ///
    /// # Errors
    /// The name that is given twice.
    pub fn field_map(&self) -> Result<BTreeMap<String, String>, String> {
        let mut map = BTreeMap::new();
        for (ours, theirs) in &self.fields {
            if map.insert(ours.clone(), theirs.clone()).is_some() {
                return Err(ours.clone());
            }
        }
        Ok(map)
    }
}

/// `OUR=THEIRS`. Never panics, whatever the text.
pub fn field(text: &str) -> Result<(String, String), NotAWord> {
    match text.split_once('=') {
        Some((our, theirs)) if !our.trim().is_empty() && !theirs.trim().is_empty() => {
            Ok((our.trim().to_lowercase(), theirs.trim().to_owned()))
        }
        _ => Err(NotAWord::new(text, "of the form OUR=THEIRS, such as name=TEN_VUNG")),
    }
}

/// What a file is taken as: a layer, or a table of who is behind zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenAs {
    Layer(LayerRole),
    Table(PartnerTable),
}

/// What a file can be taken as.
pub fn taken_as(text: &str) -> Result<TakenAs, NotAWord> {
    match (text.parse(), text.parse()) {
        (_, Ok(table)) => Ok(TakenAs::Table(table)),
        (Ok(LayerRole::Encroachments) | Err(_), _) => {
            Err(NotAWord::new(text, "one of zones, landuse, permits, boundaries, context, codes, partners, linkages, products, traces"))
        }
        (Ok(role), _) => Ok(TakenAs::Layer(role)),
    }
}

/// The code of a coordinate operation; whether there is one of this code is for `crs` to say.
pub fn operation(text: &str) -> Result<EpsgCode, NotAWord> {
    text.parse()
        .map_err(|_| NotAWord::new(text, "a known coordinate operation; between VN-2000 and WGS 84 there are EPSG:6960 and EPSG:5194"))
}

/// Longitude and latitude.
pub fn place(text: &str) -> Result<[f64; 2], NotAWord> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
    let point = numbers.ok().and_then(|numbers| <[f64; 2]>::try_from(numbers).ok());
    let on_earth = |[lon, lat]: &[f64; 2]| (-180.0..=180.0).contains(lon) && (-90.0..=90.0).contains(lat);
    point.filter(on_earth).ok_or_else(|| NotAWord::new(text, "a place: longitude and latitude in degrees, like 105.85,21.03"))
}

/// Width and height; how large they may be is for the viewer to say.
pub fn pixels(text: &str) -> Result<[u32; 2], NotAWord> {
    let sides = text.trim().split_once(['x', 'X', '×']);
    let sides = sides.and_then(|(width, height)| Some([width.trim().parse().ok()?, height.trim().parse().ok()?]));
    sides.ok_or_else(|| NotAWord::new(text, "a width and a height in pixels, like 1024x768"))
}

/// A weight, 0 or more.
pub fn tonnes(text: &str) -> Result<f64, NotAWord> {
    let number = text.trim().replace(',', ".").parse::<f64>().ok();
    number.filter(|t| t.is_finite() && *t >= 0.0).ok_or_else(|| NotAWord::new(text, "a number of tonnes, 0 or more"))
}

/// `https://host`, with a port or a path where there is one; without the slash at the end.
pub fn public_url(text: &str) -> Result<String, NotAWord> {
    let url = text.trim().trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/[]".contains(&b);
    // A browser takes `..` and empty pieces out of a path; marks of a port belong to the host.
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let is_piece = |piece: &str| !["", ".", ".."].contains(&piece) && !piece.contains([':', '[', ']']);
    if host.is_empty()
        || host.starts_with(':')
        || !path.is_none_or(|path| path.split('/').all(is_piece))
        || url.len() > 200
        || !rest.bytes().all(is_plain)
    {
        return Err(NotAWord::new(text, "an address like https://map.example.vn, at most 200 letters"));
    }
    Ok(url.to_owned())
}

/// A positive length.
pub fn metres(text: &str) -> Result<f64, NotAWord> {
    match text.trim().parse::<f64>() {
        Ok(m) if m.is_finite() && m > 0.0 && m < 10_000.0 => Ok(m),
        _ => Err(NotAWord::new(text, "a length in metres between 0 and 10000")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_field_names_our_column_and_theirs() {
        assert_eq!(field("Name=TEN_VUNG"), Ok(("name".to_owned(), "TEN_VUNG".to_owned())));
        assert_eq!(field("code=@text"), Ok(("code".to_owned(), "@text".to_owned())));
        for bad in ["", "=", "name", "name=", "=x", " = "] {
            assert!(field(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_size_is_two_numbers() {
        assert_eq!(pixels("800x600"), Ok([800, 600]));
        assert_eq!(pixels(" 0 × 100000 "), Ok([0, 100_000]));
        for bad in ["", "x", "800", "800x", "x600", "800x600x3", "-1x5", "1.5x2", "99999999999x1"] {
            assert!(pixels(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_operation_that_cannot_be_is_not_called_a_crs() {
        assert_eq!(operation("EPSG:6960"), Ok(EpsgCode(6960)));
        let told = operation("EPSG:1").unwrap_err().to_string();
        assert!(told.contains("“EPSG:1” is not a known coordinate operation") && told.contains("EPSG:6960"), "{told}");
    }

    #[test]
    fn an_address_is_one_that_a_reader_can_open() {
        assert_eq!(public_url("https://map.example.vn:8443/zones/"), Ok("https://map.example.vn:8443/zones".to_owned()));
        for bad in [
            "",
            "map.example.vn",
            "ftp://x",
            "https://",
            "https:///x",
            "https://a b",
            "https://a?b",
            "https://a//b",
            "https://a/../b",
            "https://a/:b",
            "https://a/[b]",
            "javascript:alert(1)",
            &format!("https://{}", "x".repeat(200)),
        ] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn events_are_not_a_thing_to_import() {
        assert!(taken_as("encroachments").is_err());
        assert_eq!(taken_as("landuse"), Ok(TakenAs::Layer(LayerRole::LandUse)));
        assert_eq!(taken_as("linkages"), Ok(TakenAs::Table(PartnerTable::Linkages)));
    }
}
