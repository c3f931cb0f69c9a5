//! Which file inside an archive and which layer inside a file is meant.

use std::path::{Path, PathBuf};

use gdal::Dataset;

use super::super::archive::{self, Candidate};
use super::super::encoding::Encoding;
use super::super::{FormatError, library, vertices};
use super::table::{self, Made};
use super::{damaged, raw, unreadable};

pub(super) struct Place {
    pub dataset: Dataset,
    pub layer_index: usize,
    pub layer: String,
    /// Those with shapes, as a request may name them.
    pub layers: Vec<String>,
    pub driver: String,
    /// Text comes as the file's bytes, because the file does not say how it is encoded.
    pub is_raw_text: bool,
    /// What was made of a table of vertices; the dataset is of it.
    pub made: Option<Made>,
}

struct Opened {
    candidate: Candidate,
    dataset: Dataset,
    driver: String,
    is_raw_text: bool,
    /// Index, name, whether it has shapes.
    layers: Vec<(usize, String, bool)>,
}

/// The one layer that is meant.
///
/// # Errors
/// `NotFound`, `NotSpatial`, `Unreadable`, `Unsupported`, `ChooseLayer`.
pub(super) fn find(path: &Path, wanted: Option<&str>, encoding: Option<&Encoding>, by: Option<&str>) -> Result<Place, FormatError> {
    let candidates = archive::candidates(path)?;
    let several_files = candidates.len() > 1;
    let mut opened = Vec::new();
    let mut reasons = Vec::new();
    for candidate in candidates {
        match open(path, candidate, encoding) {
            Ok(one) => opened.push(one),
            Err(error) if several_files => reasons.push(error),
            Err(error) => return Err(error),
        }
    }
    let name = |o: &Opened, layer: &str| if several_files { format!("{}/{layer}", o.candidate.name) } else { layer.to_owned() };
    let mut spatial = Vec::new();
    let mut names = Vec::new();
    let mut tables = Vec::new();
    for (file, one) in opened.iter().enumerate() {
        for (index, layer, has_shapes) in &one.layers {
            if *has_shapes {
                spatial.push((file, *index));
                names.push(name(one, layer));
            } else {
                tables.push(name(one, layer));
            }
        }
    }
    if wanted.is_none() && spatial.len() > 1 {
        leave_out_empty(&opened, &mut spatial, &mut names);
    }
    if spatial.is_empty()
        && let Some(place) = of_vertices(path, &opened, wanted, encoding, by)
    {
        return place;
    }
    let chosen = match (wanted, spatial.as_slice()) {
        (None, [one]) => *one,
        (None, []) => return Err(reasons.into_iter().next().unwrap_or_else(|| without_shapes(path, &opened, &tables))),
        (None, _) => return Err(FormatError::ChooseLayer { path: path.to_owned(), asked: None, layers: names }),
        (Some(wanted), _) => {
            let matches = matching(wanted, &opened, &spatial);
            match matches.as_slice() {
                [one] => *one,
                [] if tables.iter().any(|t| same(t, wanted)) => return Err(without_shapes(path, &opened, &[wanted.to_owned()])),
                [] if spatial.is_empty() => return Err(without_shapes(path, &opened, &tables)),
                _ => return Err(FormatError::ChooseLayer { path: path.to_owned(), asked: Some(wanted.to_owned()), layers: names }),
            }
        }
    };
    let (file, layer_index) = chosen;
    let Opened { dataset, driver, is_raw_text, layers, .. } = opened.swap_remove(file);
    let layer = layers.into_iter().find(|l| l.0 == layer_index).map(|l| l.1).unwrap_or_default();
    Ok(Place { dataset, layer_index, layer, layers: names, driver, is_raw_text, made: None })
}

/// The one table of vertices in a file that has no shapes; none when there is none.
fn of_vertices(
    path: &Path,
    opened: &[Opened],
    wanted: Option<&str>,
    encoding: Option<&Encoding>,
    by: Option<&str>,
) -> Option<Result<Place, FormatError>> {
    let mut found = Vec::new();
    for one in opened {
        for (index, layer, _) in one.layers.iter().filter(|(_, layer, _)| wanted.is_none_or(|wanted| same(layer, wanted))) {
            let handle = raw::LayerHandle::of(&one.dataset, *index)?;
            let rows = table::rows(&handle, one.is_raw_text, encoding, &one.driver);
            found.extend(vertices::polygons(&rows, by).map(|polygons| (one, layer.clone(), polygons)));
        }
    }
    if found.len() > 1 {
        let layers = found.into_iter().map(|(_, layer, _)| layer).collect();
        return Some(Err(FormatError::ChooseLayer { path: path.to_owned(), asked: None, layers }));
    }
    let (one, layer, polygons) = found.pop()?;
    if polygons.features.is_empty() {
        let told: Vec<&str> = polygons.issues.iter().skip(1).take(3).map(|issue| issue.message.as_str()).collect();
        return Some(Err(unreadable(path, format!("of its table of vertices no polygon can be made: {}", told.join("; ")))));
    }
    let place = Made::new(&polygons).and_then(|made| {
        let dataset = library::open_vector(&made.path, &[SHAPES_AS_TEXT]).map_err(|failures| unreadable(path, failures.join("; ")))?;
        let (driver, layers) = (one.driver.clone(), vec![layer.clone()]);
        Ok(Place { dataset, layer_index: 0, layer, layers, driver, is_raw_text: false, made: Some(made) })
    });
    Some(place)
}

/// Nobody means a layer without features (an empty folder of a KML), unless all are.
fn leave_out_empty(opened: &[Opened], spatial: &mut Vec<(usize, usize)>, names: &mut Vec<String>) {
    // The layers of an OpenStreetMap file come mixed: to know one is to read all.
    let is_full = |(file, index): (usize, usize)| {
        let dataset = &opened[file].dataset;
        opened[file].driver == "OSM" || raw::LayerHandle::of(dataset, index).is_some_and(|layer| !layer.is_empty())
    };
    let full: Vec<bool> = spatial.iter().map(|s| is_full(*s)).collect();
    if full.contains(&true) {
        let mut keep = full.iter();
        spatial.retain(|_| keep.next() == Some(&true));
        let mut keep = full.iter();
        names.retain(|_| keep.next() == Some(&true));
    }
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Layers that a name means: by exact name, without case, by `file/layer`, by the file's name or stem.
fn matching(wanted: &str, opened: &[Opened], spatial: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let layer_of = |(file, index): (usize, usize)| opened[file].layers.iter().find(|l| l.0 == index).map_or("", |l| l.1.as_str());
    let file_of = |(file, _): (usize, usize)| opened[file].candidate.name.as_str();
    let by = |test: &dyn Fn((usize, usize)) -> bool| spatial.iter().copied().filter(|s| test(*s)).collect::<Vec<_>>();
    let stem = |name: &str| Path::new(name).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let base = |name: &str| Path::new(name).file_name().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let tests: [&dyn Fn((usize, usize)) -> bool; 5] = [
        &|s| layer_of(s) == wanted,
        &|s| format!("{}/{}", file_of(s), layer_of(s)) == wanted,
        &|s| same(layer_of(s), wanted),
        &|s| same(file_of(s), wanted) || same(&base(file_of(s)), wanted),
        &|s| same(&stem(file_of(s)), wanted),
    ];
    tests.iter().map(|test| by(test)).find(|found| !found.is_empty()).unwrap_or_default()
}

fn without_shapes(path: &Path, opened: &[Opened], tables: &[String]) -> FormatError {
    let columns: Vec<String> = opened.iter().flat_map(|o| raw::LayerHandle::of(&o.dataset, 0)).flat_map(|l| l.columns()).collect();
    let is_csv = opened.iter().any(|o| o.driver == "CSV");
    let mut reason = format!("no shapes in {} (columns: {})", super::super::listed(tables), super::super::listed(&columns));
    if is_csv {
        reason += ". A table needs a column “wkt” with polygons as text, or a row per vertex with columns X (northing) and Y (easting)";
    }
    FormatError::NotSpatial { path: path.to_owned(), reason }
}

/// The columns of a table that may hold shapes, as GDAL's CSV driver wants them named.
const SHAPES_AS_TEXT: &str = "GEOM_POSSIBLE_NAMES=wkt,geometry,geom,the_geom,wkt_geom,_wkt,shape,geometry_wkt";

/// The column in which a table has its shapes as text.
pub(super) fn shape_column(driver: &str, columns: &[String]) -> Option<usize> {
    let (_, names) = SHAPES_AS_TEXT.split_once('=')?;
    let is_one = |column: &String| names.split(',').any(|name| name.eq_ignore_ascii_case(column));
    columns.iter().position(is_one).filter(|_| driver == "CSV")
}

fn open(path: &Path, mut candidate: Candidate, encoding: Option<&Encoding>) -> Result<Opened, FormatError> {
    if ["dbf", "shx"].iter().any(|ending| candidate.path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending)))
        && let Some(main) = companion(&candidate.path, "shp")
    {
        // Whoever names a part means the whole.
        candidate.name = main.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        candidate.path = main;
    }
    let lower = candidate.name.to_lowercase();
    let is_shapefile = lower.ends_with(".shp");
    if is_shapefile {
        check_companions(path, &candidate)?;
    }
    let is_csv = lower.ends_with(".csv") || lower.ends_with(".tsv");
    if is_csv && raw::first_bytes(&candidate.path, 2).is_some_and(|head| [[0xff, 0xfe], [0xfe, 0xff]].iter().any(|mark| head == mark)) {
        return Err(FormatError::Unsupported {
            what: format!("{}: a table in UTF-16", path.display()),
            convert: "Save it as UTF-8 (Excel: “CSV UTF-8”; on a command line: iconv -f UTF-16 -t UTF-8)".to_owned(),
        });
    }
    // GDAL recodes neither a Shapefile that it is told not to nor a CSV: their bytes are ours to read.
    let is_raw_text = is_csv && encoding.is_some() || is_shapefile && (encoding.is_some() || shapefile_is_silent(&candidate.path));
    let mut options = Vec::new();
    if is_shapefile && is_raw_text {
        options.push("ENCODING=");
    }
    if is_csv {
        options.push(SHAPES_AS_TEXT);
    }
    if lower.ends_with(".gml") || lower.ends_with(".xml") {
        options.push("DOWNLOAD_SCHEMA=NO");
    }
    if raw::is_idle_database(&candidate.path) {
        options.push("IMMUTABLE=YES");
    }
    let side_file = candidate.path.with_extension("gfs");
    let had_side_file = side_file.exists();
    let result = library::open_vector(&candidate.path, &options);
    if !had_side_file && lower.rsplit('.').next().is_some_and(|ending| ["gml", "xml"].contains(&ending)) {
        // GDAL leaves a description beside a GML file; nobody asked for it.
        let _ = std::fs::remove_file(&side_file);
    }
    let dataset = result.map_err(|failures| why_not(path, &candidate, failures))?;
    let driver = dataset.driver().short_name();
    let n_layers = dataset.layer_count();
    let layers = (0..n_layers)
        .filter_map(|i| {
            let layer = raw::LayerHandle::of(&dataset, i)?;
            Some((i, layer.name(), layer.has_shapes()))
        })
        .collect();
    Ok(Opened { candidate, dataset, driver, is_raw_text, layers })
}

fn why_not(path: &Path, candidate: &Candidate, failures: Vec<String>) -> FormatError {
    // GeoPackage and others hold both: a damaged one is damaged, not a raster.
    if library::is_raster(&candidate.path) && library::identify(&candidate.path).is_none() {
        return FormatError::Unsupported {
            what: format!("{}: a raster", path.display()),
            convert: "Turn it into polygons first (QGIS: Raster, Conversion, Polygonize)".to_owned(),
        };
    }
    let unknown =
        |message: &String| message.contains("not recognized as a supported file format") || message.contains("No such file or directory");
    match failures.into_iter().find(|m| !unknown(m)) {
        Some(message) => damaged(path, &message.replace(&candidate.path.display().to_string(), &candidate.name)),
        None => FormatError::NotSpatial { path: path.to_owned(), reason: "no driver knows what it is".to_owned() },
    }
}

/// The file beside, whatever the case of its ending.
fn companion(shp: &Path, ending: &str) -> Option<PathBuf> {
    [ending.to_owned(), ending.to_uppercase()].into_iter().map(|e| shp.with_extension(e)).find(|p| raw::exists(p))
}

/// A Shapefile is three files.
fn check_companions(path: &Path, candidate: &Candidate) -> Result<(), FormatError> {
    for (ending, holds) in [("shx", "the index"), ("dbf", "the attributes")] {
        if companion(&candidate.path, ending).is_none() {
            let stem = Path::new(&candidate.name).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            return Err(unreadable(path, format!("{stem}.{ending} with {holds} is missing; a Shapefile is .shp, .shx and .dbf together")));
        }
    }
    Ok(())
}

/// No .cpg, and a language byte in the .dbf that is unset or says only "ANSI".
fn shapefile_is_silent(shp: &Path) -> bool {
    if companion(shp, "cpg").is_some() {
        return false;
    }
    let language = companion(shp, "dbf").and_then(|dbf| raw::first_bytes(&dbf, 30)).and_then(|head| head.get(29).copied());
    matches!(language, None | Some(0 | 0x57))
}
