//! Dossiers as files, and the page that says whether one still holds.

use std::fmt::Write;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};

use super::api::Answer;
use super::ask::{Ask, Place};
use super::docs::{PAGE_POLICY, escaped};
use super::error::ApiError;
use super::{App, blocking, maps, permit};
use crate::engine::{DossierAsk, DossierFile, Lang, Seal, Stated, Subject, SubjectKind, Verified, day_and_hour};

/// `GET …/dossier.pdf`, `.xlsx`, `.geojson` of a kind of subject.
pub(super) fn of(kind: SubjectKind, file: DossierFile) -> MethodRouter<App> {
    get(move |State(app): State<App>, Place(id): Place<String>, headers: HeaderMap, uri: Uri| {
        make(app, Subject { kind, id }, file, headers, uri)
    })
}

async fn make(app: App, subject: Subject, file: DossierFile, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["lang"])?;
    let lang = ask.word("lang", &["vi", "en", "both"])?.parse::<Lang>()?;
    let ask = DossierAsk { subject, lang, file, base: Some(maps::site(&app, &headers)?) };
    let name = ask.file_name();
    let permit = permit(&app.0.typesetters).await?;
    let engine = app.0.engine.clone();
    let bytes = blocking(move || {
        let _permit = permit;
        engine.dossier(&ask)
    })
    .await?;
    let how = if file == DossierFile::Pdf { "inline" } else { "attachment" };
    let disposition = HeaderValue::from_str(&format!("{how}; filename=\"{name}\"")).map_err(|e| ApiError::internal(e.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.media_type())),
        (header::CONTENT_DISPOSITION, disposition),
        // It names the moment at which it was made, and the address by which it was asked for.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /verify/{id}`: for people, without a script. An id that was not made here is 404, on a page too.
pub(super) async fn verify(State(app): State<App>, Place(id): Place<String>, uri: Uri) -> Answer {
    Ask::read(&uri, &[])?;
    let permit = permit(&app.0.typesetters).await?;
    let engine = app.0.engine.clone();
    let found = blocking(move || {
        let _permit = permit;
        match engine.verify(&id) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == crate::engine::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    })
    .await?;
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((status, headers, page(found.as_ref())).into_response())
}

/// Two languages, the second quieter.
fn pair(vi: &str, en: &str) -> String {
    format!("{} <small lang=\"en\">{}</small>", escaped(vi), escaped(en))
}

fn m2(tenths: Option<u64>) -> String {
    let Some(tenths) = tenths else { return "–".to_owned() };
    let whole = (tenths / 10).to_string();
    let groups: Vec<&str> = whole.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("{},{} m²", groups.join("."), tenths % 10)
}

// Writing to a string cannot fail, so the results of `write!` are dropped.
fn page(found: Option<&(Seal, Verified)>) -> String {
    let mut out = include_str!("verify_head.html").to_owned();
    match found {
        None => verdict(
            &mut out,
            "unknown",
            ("Không phải hồ sơ của máy chủ này", "Not a dossier of this server"),
            (
                "Mã kiểm tra sai, bị sửa, hoặc hồ sơ do máy chủ khác lập. Không nên tin vào tờ giấy có mã này.",
                "The id is wrong, was changed, or another server made the dossier. Do not rely on the paper that carries it.",
            ),
        ),
        Some((seal, verified)) => {
            let (class, title, text) = match (verified.is_same, &verified.now) {
                (true, _) => (
                    "same",
                    ("Hồ sơ đúng với dữ liệu hiện nay", "The dossier says what the data says now"),
                    (
                        "Hồ sơ do máy chủ này lập; nội dung của nó vẫn trùng với dữ liệu hiện nay.",
                        "This server made the dossier, and what it states is what the data states now.",
                    ),
                ),
                (false, Some(_)) => (
                    "changed",
                    ("Dữ liệu đã thay đổi sau khi lập hồ sơ", "The data changed since the dossier was made"),
                    (
                        "Hồ sơ do máy chủ này lập, nhưng dữ liệu hiện nay không còn như hồ sơ nêu. Hãy lập hồ sơ mới.",
                        "This server made the dossier, but the data no longer states what it says. Make a new one.",
                    ),
                ),
                (false, None) => (
                    "changed",
                    ("Đối tượng của hồ sơ không còn trong dữ liệu", "What the dossier is about is no longer in the data"),
                    (
                        "Hồ sơ do máy chủ này lập; vùng, biến động hoặc mã số mà nó nêu đã bị xóa hoặc thay bằng cái khác.",
                        "This server made the dossier; the zone, change or code that it is about was removed or replaced.",
                    ),
                ),
            };
            verdict(&mut out, class, title, text);
            stated(&mut out, seal, verified);
        }
    }
    let _ = writeln!(out, "<p><a href=\"../\">{}</a></p></main></html>", pair("Mở bản đồ", "Open the map"));
    out
}

fn verdict(out: &mut String, class: &str, (vi, en): (&str, &str), (text_vi, text_en): (&str, &str)) {
    let _ = write!(
        out,
        "<section class=\"verdict {class}\"><h2>{}</h2><p>{}</p><p lang=\"en\">{}</p></section>",
        pair(vi, en),
        escaped(text_vi),
        escaped(text_en)
    );
}

fn stated(out: &mut String, seal: &Seal, verified: &Verified) {
    let now = verified.now;
    let kind = seal.subject.kind;
    let is_event = kind == SubjectKind::Event;
    let _ = write!(
        out,
        "<section><table><thead><tr><th></th><th>{}</th><th>{}</th></tr></thead><tbody>",
        pair("Hồ sơ", "The dossier"),
        pair("Hiện nay", "Now")
    );
    let mut row = |label: String, then: String, now: String| {
        let mark = if now.is_empty() || then == now { "" } else { " class=\"differs\"" };
        let _ = write!(out, "<tr{mark}><th scope=\"row\">{label}</th><td>{then}</td><td>{now}</td></tr>");
    };
    let [subject, area] = match kind {
        SubjectKind::Event => [pair("Biến động", "Change"), pair("Diện tích vùng", "Area of the zone")],
        SubjectKind::Zone => [pair("Vùng sản xuất", "Zone"), pair("Diện tích vùng", "Area of the zone")],
        SubjectKind::Code => [pair("Mã số vùng trồng", "Area code"), pair("Diện tích đất của mã", "Area of the code’s land")],
    };
    row(subject, escaped(&seal.subject.id), String::new());
    row(pair("Tên vùng", "Name of the zone"), String::new(), escaped(verified.name.as_deref().unwrap_or("–")));
    if let Some(status) = &verified.status {
        row(pair("Trạng thái", "Status"), String::new(), pair(&status.vi, &status.en));
    }
    row(pair("Xã, phường", "Commune"), String::new(), escaped(verified.unit_name.as_deref().unwrap_or("–")));
    let then_and_now = |of: &dyn Fn(Stated) -> String| (of(seal.stated), now.map(of).unwrap_or_default());
    let areas = then_and_now(&|s| m2(Some(s.area_dm2)));
    row(area, areas.0, areas.1);
    let lost = then_and_now(&|s| m2(s.lost_dm2));
    row(if is_event { pair("Diện tích biến động", "Area of the change") } else { pair("Đã mất", "Lost") }, lost.0, lost.1);
    if is_event {
        let counts =
            |s: Stated| if s.n_events > 0 { pair("có", "yes") } else { pair("không, đã bị bác bỏ", "no, it was rejected") };
        let counts = then_and_now(&counts);
        row(pair("Tính là đất bị mất", "Counts as lost land"), counts.0, counts.1);
    } else {
        let events = then_and_now(&|s| s.n_events.to_string());
        row(pair("Số biến động", "Changes"), events.0, events.1);
    }
    row(pair("Phiên bản dữ liệu", "Data revision"), seal.revision.to_string(), String::new());
    row(pair("Ngày lập", "Made"), escaped(&day_and_hour(seal.made)), String::new());
    row(
        pair("Mã băm", "Hash"),
        format!("<code>{}…</code>", seal.hash_text()),
        verified.hash.as_ref().map_or_else(String::new, |hash| format!("<code>{hash}</code>")),
    );
    out.push_str("</tbody></table>");
    if verified.is_simulated {
        let _ = write!(
            out,
            "<p class=\"simulated\">{}</p>",
            pair("Dữ liệu mô phỏng – không phải đất có thật", "Simulated data – no real land")
        );
    }
    out.push_str("</section>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_written_as_vietnamese_does() {
        assert_eq!(
            [m2(None), m2(Some(0)), m2(Some(12_345_678)), m2(Some(9_995))],
            ["–", "0,0 m²", "1.234.567,8 m²", "999,5 m²"].map(str::to_owned)
        );
    }

    #[test]
    fn names_are_escaped_and_the_page_asks_for_nothing() {
        let seal = Seal {
            subject: Subject { kind: SubjectKind::Zone, id: "<script>alert(1)</script>".to_owned() },
            revision: 7,
            made: 1_795_379_000,
            stated: Stated { area_dm2: 10, lost_dm2: Some(5), n_events: 1 },
            hash: [7; 16],
        };
        let now = Some(Stated { area_dm2: 11, lost_dm2: Some(5), n_events: 1 });
        let name = Some("<img src=x onerror=alert(1)>".to_owned());
        let verified =
            Verified { is_same: false, now, hash: Some("ab".repeat(32)), name, status: None, unit_name: None, is_simulated: true };
        let shown = page(Some(&(seal, verified)));
        assert!(!shown.contains("<script") && !shown.contains("<img") && !shown.contains("http:") && !shown.contains("https:"), "{shown}");
        assert!(shown.contains("&lt;script&gt;") && shown.contains("Simulated data") && shown.contains("class=\"differs\""));
        assert!(page(None).contains("Not a dossier of this server"));
    }
}
