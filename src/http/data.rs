//! Open data: which layers may be taken along, each as a file, what their fields mean; as JSON and as a page without a script.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::fs::File;
use tokio_stream::StreamExt;
use tokio_util::io::ReaderStream;

use super::answer::matches;
use super::api::{self, Answer};
use super::ask::{Ask, Place};
use super::docs::escaped;
use super::error::ApiError;
use super::pages::{LANGUAGES, Said, each, page};
use super::{App, blocking, permit};
use crate::engine::{DataFile, DataFormat, ErrorKind, Lang, Snapshot};
use crate::model::Revision;

/// Read and sent at a time.
const CHUNK_BYTES: usize = 256 * 1024;
const DICTIONARY: &str = "fields.csv";

/// On the disk, of all files that are kept; who reads one that had to go reads it to its end.
const MOST_KEPT_BYTES: u64 = 1 << 30;

/// Files that were made of the present state, by name. Those of an earlier one go when nobody reads them any more.
#[derive(Default)]
pub(super) struct KeptFiles(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    stamp: String,
    files: BTreeMap<String, Arc<DataFile>>,
}

impl KeptFiles {
    fn get(&self, stamp: &str, name: &str) -> Option<Arc<DataFile>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.stamp == stamp { kept.files.get(name).cloned() } else { None }
    }

    fn put(&self, stamp: &str, name: &str, file: DataFile) -> Arc<DataFile> {
        let file = Arc::new(file);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.stamp != stamp {
            *kept = Kept { stamp: stamp.to_owned(), files: BTreeMap::new() };
        }
        let mut n_bytes: u64 = kept.files.values().map(|file| file.n_bytes).sum();
        while n_bytes + file.n_bytes > MOST_KEPT_BYTES
            && let Some((_, gone)) = kept.files.pop_first()
        {
            n_bytes -= gone.n_bytes;
        }
        kept.files.insert(name.to_owned(), file.clone());
        file
    }
}

/// `GET /api/v1/data`.
pub(super) async fn list(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["rev"])?;
    let (licence, as_of) = (app.0.settings.licence.clone(), ask.rev()?);
    // Never pinned: what was the present revision is a past one later, of which there is less.
    api::answer(app, headers, None, "application/json", move |s| s.data_list(licence.as_deref(), as_of)).await
}

/// `GET /api/v1/data/{layer}.{format}`, and the dictionary `fields.csv`. As many are made at a time as dossiers.
pub(super) async fn file(State(app): State<App>, Place(name): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let as_of = Ask::read(&uri, &["rev"])?.rev()?;
    if name == DICTIONARY {
        let text = app.snapshot().data_dictionary();
        return Ok((attached("text/csv; charset=utf-8", DICTIONARY)?, text).into_response());
    }
    let none = || ApiError::not_found("no such file of data; GET /api/v1/data lists them");
    let (layer, ending) = name.rsplit_once('.').ok_or_else(none)?;
    let (layer, format) = (layer.to_owned(), ending.parse::<DataFormat>().map_err(|_| none())?);
    let snapshot = app.snapshot();
    let (stamp, revision) = (snapshot.data_stamp(), as_of.unwrap_or(snapshot.revision));
    let name = format!("{name} {revision}");
    // The licence, which is in every row, may be another after a start.
    let named = format!("{stamp} {name} {:?}", app.0.settings.licence);
    let etag = HeaderValue::from_str(&format!("W/\"{}\"", &blake3::hash(named.as_bytes()).to_hex()[..24]))
        .map_err(|e| ApiError::internal(e.to_string()))?;
    let may_be_kept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")), (header::ETAG, etag.clone())];
    let is_present = revision == snapshot.revision;
    if is_present && snapshot.data_layers().iter().any(|told| told.name == layer) && matches(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, may_be_kept).into_response());
    }
    let kept = match app.0.data_files.get(&stamp, &name) {
        Some(kept) => kept,
        None => {
            let permit = permit(&app.0.typesetters).await?;
            let (shared, licence) = (app.clone(), app.0.settings.licence.clone());
            blocking(move || {
                let _permit = permit;
                // Who came before may have made it meanwhile.
                match shared.0.data_files.get(&stamp, &name) {
                    Some(kept) => Ok(kept),
                    None => {
                        let made = snapshot.data_file(&layer, format, licence, as_of)?;
                        // Of a state that is over meanwhile nothing is kept.
                        let is_present = shared.snapshot().data_stamp() == stamp;
                        Ok(if is_present { shared.0.data_files.put(&stamp, &name, made) } else { Arc::new(made) })
                    }
                }
            })
            .await?
        }
    };
    if matches(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, may_be_kept).into_response());
    }
    let saved = kept.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let saved = format!("farmzone-{saved}-{revision}.{}", format.ending());
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(kept.n_bytes))];
    Ok((may_be_kept, length, attached(format.media_type(), &saved)?, sent(kept).await?).into_response())
}

type Headers = [(header::HeaderName, HeaderValue); 2];

fn attached(media_type: &'static str, name: &str) -> Result<Headers, ApiError> {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|e| ApiError::internal(e.to_string()))?;
    Ok([(header::CONTENT_TYPE, HeaderValue::from_static(media_type)), (header::CONTENT_DISPOSITION, disposition)])
}

/// A file, piece by piece, as fast as the reader takes it; it is there until all of it is sent.
async fn sent(kept: Arc<DataFile>) -> Result<Body, ApiError> {
    let file = File::open(&kept.path).await.map_err(|e| ApiError::internal(e.to_string()))?;
    let chunks = ReaderStream::with_capacity(file, CHUNK_BYTES);
    Ok(Body::from_stream(chunks.map(move |chunk| {
        let _until_then = &kept;
        chunk
    })))
}

/// `GET /data`: the same for people, without a script.
pub(super) async fn data_page(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Result<Response, ApiError> {
    let ask = Ask::read(&uri, &["lang", "rev"])?;
    let (lang, as_of) = (ask.word("lang", &LANGUAGES)?.parse::<Lang>()?, ask.rev()?);
    let licence = app.0.settings.licence.clone();
    let work = move |s: &Snapshot| match s.data_list(licence.as_deref(), as_of) {
        Ok(list) => Ok((StatusCode::OK, html(Said { lang }, &list, None))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok((StatusCode::NOT_FOUND, html(Said { lang }, &s.data_list(licence.as_deref(), None)?, as_of)))
        }
        Err(error) => Err(error),
    };
    let (status, html) = app.compute(work).await?;
    Ok(page(&headers, status, html))
}

// Writing to a string cannot fail, so the results of `write!` are dropped.
fn html(said: Said, list: &Value, not_known: Option<Revision>) -> String {
    let title = said.of("Dữ liệu mở", "Open data");
    let (revision, present) = (&list["revision"], &list["present_revision"]);
    let is_past = revision != present;
    let here = if is_past { format!("data?rev={revision}") } else { "data".to_owned() };
    let mut out = said.head(title, "", &here, "");
    let _ = writeln!(out, "<p class=\"quiet\">{}</p><h1>{title}</h1>", said.word(&list["title"]));
    if list["simulated"] == true {
        out += &said.simulated();
    }
    let licence = match list["licence"].as_str() {
        Some(licence) => format!("{}: {}", said.of("Giấy phép", "Licence"), escaped(licence)),
        None => said
            .of(
                "Máy chủ này chưa nêu giấy phép: hãy hỏi cơ quan quản lý dữ liệu trước khi dùng lại.",
                "This server states no licence: ask who keeps the data before you use it elsewhere.",
            )
            .to_owned(),
    };
    let _ = write!(out, "<p>{} {revision} · {licence}</p>", said.of("Phiên bản dữ liệu", "Revision of the data"));
    if let Some(revision) = not_known {
        let note = said.of("Không còn biết các vùng của phiên bản", "The zones are not known any more of revision");
        let _ = write!(out, "<p class=\"mark\">{note} {revision}</p>");
    }
    if is_past {
        let note = said.of(
            "Đây là các vùng như ở phiên bản đó; đất đã mất và sử dụng đất chỉ có ở phiên bản hiện tại",
            "These are the zones as that revision had them; lost land and land use are there of the present revision only",
        );
        let _ = write!(out, "<p class=\"mark\">{note}: <a href=\"data?lang={}\">{present}</a></p>", said.lang);
    }
    let _ = write!(
        out,
        "<form action=\"data\"><input type=\"hidden\" name=\"lang\" value=\"{}\"><label>{} <input type=\"number\" name=\"rev\" \
         min=\"1\" max=\"{present}\" value=\"{revision}\" required></label> <button>{}</button></form>",
        said.lang,
        said.of("Các vùng của phiên bản", "Zones of revision"),
        said.of("Xem", "Show"),
    );
    let file = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let shown = match ending {
            "gpkg" => "GeoPackage",
            "geojson" => "GeoJSON",
            _ => "CSV",
        };
        format!("<a href=\"api/v1/data/{}\" download>{shown}</a>", escaped(name))
    };
    let row = |layer: &Value| {
        let files: Vec<String> = each(&layer["files"]).map(file).collect();
        let n = layer["n_features"].as_u64().map_or_else(|| "–".to_owned(), |n| said.count(n as usize));
        let source = said.word(&layer["source"]);
        vec![format!("{}<br><span class=\"quiet\">{source}</span>", said.word(&layer["title"])), n, files.join("<br>")]
    };
    let heads =
        [(said.of("Lớp, nguồn", "Layer, source"), false), (said.of("Số đối tượng", "Features"), true), (said.of("Tệp", "Files"), false)];
    let rows: Vec<Vec<String>> = each(&list["layers"]).map(row).collect();
    if rows.is_empty() {
        let _ = write!(out, "<section><p>{}</p></section>", said.of("Bản đồ chưa có gì.", "The map is empty."));
    }
    let crs = list["crs"].as_str().unwrap_or_default();
    let caption = format!(
        "{} {}",
        said.of("GeoPackage: hệ tọa độ", "GeoPackage: in"),
        escaped(crs) + said.of("; GeoJSON và CSV: WGS 84.", "; GeoJSON and CSV: in WGS 84.")
    );
    said.table(&mut out, said.of("Tải về", "Downloads"), &caption, &heads, &rows);
    dictionary(said, &mut out, list);
    out += "</main></html>\n";
    out
}

/// Fields by layer; layers of several epochs have the same.
fn dictionary(said: Said, out: &mut String, list: &Value) {
    let mut told: Vec<&Value> = Vec::new();
    for layer in each(&list["layers"]) {
        if told.contains(&&layer["role"]) {
            continue;
        }
        told.push(&layer["role"]);
        let row = |field: &Value| {
            vec![format!("<code>{}</code>", said.word(&field["name"])), said.word(&field["unit"]), said.word(&field["meaning"])]
        };
        let rows: Vec<Vec<String>> = each(&layer["fields"]).map(row).collect();
        let heads = [(said.of("Trường", "Field"), false), (said.of("Đơn vị", "Unit"), false), (said.of("Ý nghĩa", "Meaning"), false)];
        let name = said.word(&layer["title"]);
        let name = match layer["epoch"].as_str() {
            Some(epoch) => name.trim_end_matches(epoch).trim().to_owned(),
            None => name,
        };
        said.table(out, &format!("{}: {name}", said.of("Các trường", "Fields")), "", &heads, &rows);
    }
    if !told.is_empty() {
        let _ = write!(
            out,
            "<p><a href=\"api/v1/data/{DICTIONARY}\" download>{}</a> · <a href=\"docs\">API</a></p>",
            said.of("Mọi trường, dưới dạng CSV", "All fields as CSV")
        );
    }
}
