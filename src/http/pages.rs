//! Pages for readers without a script: what happened to one zone, and a list that leads to all of them.
//!
//! Written from what the API says, in one language at a time. Texts of the data are escaped where they enter.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::Value;

use super::App;
use super::answer::{Coded, Coding, Freshness};
use super::ask::{Ask, Place};
use super::docs::escaped;
use super::error::ApiError;
use super::feed::encoded;
use crate::engine::{ErrorKind, Lang, ListAsk, Page, PageMap, Places, PresentZone, Snapshot, Text, ZonePage, ZoneSort};

type Answer = Result<Response, ApiError>;

/// The style sheet is ours, and so is where a form leads; nothing else is loaded.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Zones on a page of the list.
const ROWS: usize = 100;
/// Rows of what became what, from one epoch to the next.
const MOST_STEPS: usize = 12;
pub(super) const LANGUAGES: [&str; 2] = ["vi", "en"];

/// `GET /zones/{id}`: 410 with a page for a zone that was retired, 404 for one that never was.
pub(super) async fn zone(State(app): State<App>, Place(id): Place<String>, headers: HeaderMap, uri: Uri) -> Answer {
    let lang = Ask::read(&uri, &["lang"])?.word("lang", &LANGUAGES)?.parse::<Lang>()?;
    let licence = app.0.settings.licence.clone();
    let work = move |s: &Snapshot| {
        let said = Said { lang };
        match s.zone_page(&id) {
            Ok(page) => {
                let status = if page.present.is_some() { StatusCode::OK } else { StatusCode::GONE };
                Ok((status, said.zone_page(&page, licence.as_deref())))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok((StatusCode::NOT_FOUND, said.no_zone(&id))),
            Err(error) => Err(error),
        }
    };
    // Its maps are drawn as those of a dossier: a flood of such pages leaves the map alone.
    let (status, html) = app.compute_in(&app.0.typesetters, work).await?;
    Ok(page(&headers, status, html))
}

/// `GET /zones`: zones by name, a hundred at a time.
pub(super) async fn zones(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let ask = Ask::read(&uri, &["lang", "kind", "unit", "q", "offset"])?;
    let (lang, filter) = (ask.word("lang", &LANGUAGES)?.parse::<Lang>()?, ask.filter()?);
    let order = "name".parse().map_err(|_| ApiError::internal("zones have names"))?;
    let list = ListAsk { order: Some(order), page: Page { limit: ROWS, ..ask.page()? }, places: Places::Boxes };
    let asked: Asked = ["kind", "unit", "q"].map(|name| (name, ask.text(name).unwrap_or_default().to_owned()));
    let work = move |s: &Snapshot| {
        let list: &ListAsk<ZoneSort> = &list;
        Ok(Said { lang }.list_page(s, &s.zones_list(&filter, list)?, &asked))
    };
    let html = app.compute(work).await.map_err(ApiError::of_parameter)?;
    Ok(page(&headers, StatusCode::OK, html))
}

type Asked = [(&'static str, String); 3];

pub(super) fn page(headers: &HeaderMap, status: StatusCode, html: String) -> Response {
    let mut response =
        Coded::new(html.into_bytes(), Coding::accepted(headers)).respond(headers, "text/html; charset=utf-8", Freshness::Ask);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if status != StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

/// Words and numbers in one language.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub lang: Lang,
}

// Writing to a string cannot fail, so the results of `write!` are dropped.
impl Said {
    pub fn of<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(vi, en)
    }

    fn text(self, text: &Text) -> &str {
        self.of(&text.vi, &text.en)
    }

    /// Of a value `{"vi", "en"}`, or a text as it is; escaped.
    pub fn word(self, value: &Value) -> String {
        escaped(value[self.lang.code()].as_str().or(value.as_str()).unwrap_or_default())
    }

    pub fn count(self, n: usize) -> String {
        self.lang.number(n as f64, 0)
    }

    /// A day, or the day of a moment; escaped.
    fn day(self, value: &Value) -> String {
        escaped(&self.lang.date(value.as_str().map_or("", |text| text.split('T').next().unwrap_or_default())))
    }

    /// Hectares from a hectare on, else square metres; a dash where nothing is known.
    fn area(self, area_m2: &Value) -> String {
        match area_m2.as_f64() {
            None => "–".to_owned(),
            Some(m2) if m2.abs() >= 10_000.0 => format!("{}\u{a0}ha", self.lang.number(m2 / 10_000.0, 2)),
            Some(m2) => format!("{}\u{a0}m²", self.lang.number(m2, 0)),
        }
    }

    fn percent(self, share: &Value) -> Option<String> {
        share.as_f64().map(|share| self.lang.percent(share))
    }

    /// The beginning of a page; `up` leads from it to the site's own address, `here` is its own without the language.
    pub fn head(self, title: &str, up: &str, here: &str, map: &str) -> String {
        let (lang, other) = (self.lang, self.of("en", "vi"));
        let join = if here.contains('?') { "&amp;" } else { "?" };
        let title = escaped(title);
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} · farmzone</title>\n<link rel=\"icon\" href=\"{up}favicon.svg\">\n<link rel=\"stylesheet\" href=\"{up}pages.css\">\n\
             <link rel=\"alternate\" hreflang=\"{other}\" href=\"{here}{join}lang={other}\">\n<main>\n\
             <nav aria-label=\"{}\"><span><a href=\"{up}{map}\">{}</a> · <a href=\"{up}zones?lang={lang}\">{}</a></span>\
             <a href=\"{here}{join}lang={other}\" hreflang=\"{other}\" lang=\"{other}\">{}</a></nav>\n",
            self.of("Trang", "Pages"),
            self.of("Xem trên bản đồ", "See it on the map"),
            self.of("Mọi vùng", "All zones"),
            self.of("English", "Tiếng Việt"),
        )
    }

    pub fn simulated(self) -> String {
        format!("<p class=\"mark\">{}</p>\n", self.of("Dữ liệu mô phỏng", "Simulated data"))
    }

    fn no_zone(self, id: &str) -> String {
        let mut out = self.head(self.of("Không có vùng này", "No such zone"), "../", &encoded(id), "");
        let _ = writeln!(
            out,
            "<h1>{}</h1><section><p>{}</p></section></main></html>",
            self.of("Không có vùng này", "No such zone"),
            self.of(
                "Chưa từng có vùng nào mang mã này. Xem lại địa chỉ.",
                "No zone has this id, and none had it. Look at the address again."
            ),
        );
        out
    }

    fn zone_page(self, page: &ZonePage, licence: Option<&str>) -> String {
        let facts = page.present.as_ref().map_or(&Value::Null, |zone| &zone.card["properties"]);
        let last = page.versions["versions"].as_array().into_iter().flatten().find_map(|v| {
            let zone = [&v["after"], &v["before"]].into_iter().find(|zone| !zone.is_null())?;
            zone["properties"]["name"].as_str()
        });
        let name = facts["name"].as_str().or(last).unwrap_or(&page.id);
        let map = format!("#zone={}", encoded(&page.id));
        let mut out = self.head(name, "../", &encoded(&page.id), &map);
        let _ = writeln!(out, "<p class=\"quiet\">{}</p><h1>{}</h1>", escaped(self.text(&page.title)), escaped(name));
        if page.simulated {
            out += &self.simulated();
        }
        match &page.present {
            Some(zone) => self.present(&mut out, zone),
            None => self.retired(&mut out, page),
        }
        self.edits(&mut out, &page.versions);
        self.sources(&mut out, page, licence);
        out += "</main></html>\n";
        out
    }

    fn present(self, out: &mut String, zone: &PresentZone) {
        let (facts, history) = (&zone.card["properties"], &zone.history);
        let unit = facts["unit"]["name"].as_str().unwrap_or_default();
        let kind = [self.word(&facts["kind_name"]), escaped(unit)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let _ = write!(out, "<p>{}</p>\n<section><dl class=\"figures\">", kind.join(" · "));
        let mut fact = |label: &str, value: String, class: &str| {
            if !value.is_empty() && value != "–" {
                let _ = write!(out, "<div><dt>{label}</dt><dd{class}>{value}</dd></div>");
            }
        };
        fact(self.of("Diện tích", "Area"), self.area(&facts["area_m2"]), "");
        let share = self.percent(&facts["lost_share"]).map_or_else(String::new, |share| format!(" ({share})"));
        let lost = self.area(&facts["lost_m2"]);
        if lost != "–" {
            fact(self.of("Đã mất", "Lost"), lost + &share, " class=\"loss\"");
        }
        fact(self.of("Còn giữ", "Kept"), self.area(&facts["kept_m2"]), "");
        fact(self.of("Mất ròng mỗi năm", "Net loss a year"), self.area(&history["net_loss_m2_per_year"]), "");
        fact(self.of("Mã vùng", "Code"), self.word(&facts["code"]), "");
        for (name, vi, en) in [
            ("crop", "Cây, con", "Crop"),
            ("variety", "Giống", "Variety"),
            ("cooperative", "Hợp tác xã", "Cooperative"),
            ("linkage", "Liên kết", "Linkage"),
            ("products", "Sản phẩm OCOP", "OCOP products"),
            ("standard", "Tiêu chuẩn", "Standard"),
        ] {
            fact(self.of(vi, en), self.word(&facts[name]), "");
        }
        fact(self.of("Lập từ", "Established"), self.day(&facts["established"]), "");
        *out += "</dl></section>\n";
        self.maps(out, zone);
        let names = class_names(history);
        self.epochs(out, history, &names);
        self.pieces(out, facts);
        self.steps(out, history, &names);
    }

    fn maps(self, out: &mut String, zone: &PresentZone) {
        let _ = write!(out, "<section><h2>{}</h2><div class=\"maps\">", self.of("Vùng qua các năm", "The zone through the years"));
        for (n, PageMap { epoch, svg, alt, width_mm, bar_m, bar_mm }) in zone.maps.iter().enumerate() {
            // Each drawing has names of its own for what it clips with.
            let svg = svg.replace("id=\"f\"", &format!("id=\"f{n}\"")).replace("url(#f)", &format!("url(#f{n})"));
            let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(self.text(alt))), 1);
            let shown = epoch.map_or_else(String::new, |epoch| epoch.to_string());
            let _ = write!(
                out,
                "<figure><figcaption>{shown}</figcaption>{svg}<svg class=\"bar\" viewBox=\"0 0 {width_mm} 4\" preserveAspectRatio=\"xMinYMid meet\" aria-hidden=\"true\">\
                 <path d=\"M.3 .5v3M.3 2h{bar_mm}M{} .5v3\" fill=\"none\" stroke=\"#888\" stroke-width=\".6\"/></svg><p class=\"quiet\">{}\u{a0}m</p></figure>",
                0.3 + bar_mm,
                self.lang.number(*bar_m, 0),
            );
        }
        *out += "</div><ul class=\"legend\">";
        for (swatch, text) in &zone.legend {
            let swatch = swatch.replacen("<svg ", "<svg aria-hidden=\"true\" ", 1);
            let _ = write!(out, "<li>{swatch}{}</li>", escaped(self.text(text)));
        }
        *out += "</ul></section>\n";
    }

    /// Columns, the last of them numbers; nothing where there are no rows.
    pub fn table(self, out: &mut String, title: &str, caption: &str, heads: &[(&str, bool)], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        let class = |is_number: bool| if is_number { " class=\"number\"" } else { "" };
        // What is wider than a phone is moved with the arrow keys too.
        let _ = write!(out, "<section class=\"wide\" tabindex=\"0\" aria-label=\"{title}\"><h2>{title}</h2><table>");
        if !caption.is_empty() {
            let _ = write!(out, "<caption>{caption}</caption>");
        }
        *out += "<thead><tr>";
        for (head, is_number) in heads {
            let _ = write!(out, "<th scope=\"col\"{}>{head}</th>", class(*is_number));
        }
        *out += "</tr></thead><tbody>";
        for row in rows {
            *out += "<tr>";
            for (cell, (_, is_number)) in row.iter().zip(heads) {
                let _ = write!(out, "<td{}>{cell}</td>", class(*is_number));
            }
            *out += "</tr>";
        }
        *out += "</tbody></table></section>\n";
    }

    fn epochs(self, out: &mut String, history: &Value, names: &BTreeMap<&str, &Value>) {
        let new_m2 = |epoch: &Value| -> f64 {
            let seen = each(&history["events"]).flat_map(|event| each(&event["epochs"]));
            seen.filter(|s| s["epoch"] == *epoch && s["change"] == "new").filter_map(|s| s["area_m2"].as_f64()).sum()
        };
        let row = |state: &Value| {
            let classes = each(&state["classes"]).take(3).map(|class| {
                let code = class["code"].as_str().unwrap_or_default();
                format!("{} {}", self.class(names, code), self.area(&class["area_m2"]))
            });
            let new_m2 = new_m2(&state["epoch"]);
            vec![
                self.word(&state["epoch"]),
                self.area(&state["lost_m2"]),
                if new_m2 > 0.0 { self.area(&Value::from(new_m2)) } else { String::new() },
                state["n_events"].to_string(),
                classes.collect::<Vec<_>>().join(", "),
            ]
        };
        let heads = [
            (self.of("Năm", "Year"), false),
            (self.of("Đã mất", "Lost"), true),
            (self.of("Mảnh mới", "In new pieces"), true),
            (self.of("Số mảnh", "Pieces"), true),
            (self.of("Đất là gì, nhiều nhất", "What the land was, most of it"), false),
        ];
        let rows: Vec<Vec<String>> = each(&history["epochs"]).map(row).collect();
        self.table(out, self.of("Năm nào mất bao nhiêu", "What was lost when"), "", &heads, &rows);
    }

    /// What a class is called; land that nothing is said of has no code.
    fn class(self, names: &BTreeMap<&str, &Value>, code: &str) -> String {
        match names.get(code).map(|name| self.word(name)).filter(|name| !name.is_empty()) {
            Some(name) => name,
            None if code.is_empty() => self.of("không rõ", "not shown").to_owned(),
            None => escaped(code),
        }
    }

    fn pieces(self, out: &mut String, facts: &Value) {
        let row = |event: &Value| {
            let sure = self.percent(&event["probability"]);
            let sigma = event["sigma_m2"].as_f64().map(|_| format!(" ± {}", self.area(&event["sigma_m2"])));
            let what = [self.word(&event["code_name"]), self.word(&event["group_name"])].into_iter().find(|word| !word.is_empty());
            let id = event["id"].as_str().unwrap_or_default();
            vec![
                format!("<a href=\"../#event={}\">{}</a>", encoded(id), what.unwrap_or_default()),
                self.word(&event["since"]),
                self.word(&event["right_name"]),
                sure.unwrap_or_else(|| "–".to_owned()),
                self.area(&event["area_m2"]) + &sigma.unwrap_or_default(),
            ]
        };
        let heads = [
            (self.of("Thành gì", "What it became"), false),
            (self.of("Thấy từ", "Seen since"), false),
            (self.of("Căn cứ", "By what right"), false),
            (self.of("Chắc chắn", "How sure"), true),
            (self.of("Diện tích", "Area"), true),
        ];
        let rows: Vec<Vec<String>> = each(&facts["events"]).map(row).collect();
        let n = facts["n_events"].as_u64().unwrap_or_default();
        let epoch = self.word(&facts["epoch"]);
        let caption = match self.lang {
            Lang::En => format!("{} pieces in {epoch}, the largest first", self.count(n as usize)),
            _ => format!("{} mảnh năm {epoch}, lớn nhất trước", self.count(n as usize)),
        };
        self.table(out, self.of("Các mảnh đất đã mất", "The pieces of land lost"), &caption, &heads, &rows);
    }

    fn steps(self, out: &mut String, history: &Value, names: &BTreeMap<&str, &Value>) {
        let rows = each(&history["transitions"]).flat_map(|step| {
            each(&step["rows"]).take(MOST_STEPS).map(move |row| {
                let code = |name: &str| row[name].as_str().unwrap_or_default();
                vec![
                    format!("{}–{}", self.word(&step["from_epoch"]), self.word(&step["to_epoch"])),
                    self.class(names, code("from")),
                    self.class(names, code("to")),
                    self.area(&row["area_m2"]),
                ]
            })
        });
        let heads = [
            (self.of("Từ năm–đến năm", "From–to"), false),
            (self.of("Trước là", "It was"), false),
            (self.of("Sau là", "It became"), false),
            (self.of("Diện tích", "Area"), true),
        ];
        self.table(out, self.of("Cái gì thành cái gì", "What became what"), "", &heads, &rows.collect::<Vec<_>>());
    }

    fn retired(self, out: &mut String, page: &ZonePage) {
        let last = &page.versions["versions"][0];
        let day = self.day(&last["at"]);
        let text = match self.lang {
            Lang::En => format!("It was retired on {day}."),
            _ => format!("Vùng này đã bỏ ngày {day}."),
        };
        let _ = write!(out, "<section><h2>{}</h2><p>{text}</p>", self.of("Vùng này không còn", "This zone is no longer there"));
        for (name, vi, en) in
            [("children", "Đất của vùng nay thuộc", "Its land is now of"), ("parents", "Đất của vùng lấy từ", "Its land came from")]
        {
            let ids: Vec<&str> = each(&page.versions[name]).filter_map(Value::as_str).collect();
            if ids.is_empty() {
                continue;
            }
            let _ = write!(out, "<p>{}</p><ul>", self.of(vi, en));
            for id in ids {
                let _ = write!(out, "<li><a href=\"{}?lang={}\">{}</a></li>", encoded(id), self.lang, escaped(id));
            }
            *out += "</ul>";
        }
        *out += "</section>\n";
    }

    fn edits(self, out: &mut String, versions: &Value) {
        let row = |version: &Value| {
            let what = match (version["before"].is_null(), version["after"].is_null()) {
                (true, _) => self.of("lập", "made"),
                (_, true) => self.of("bỏ", "removed"),
                _ => self.of("sửa", "changed"),
            };
            vec![
                self.day(&version["at"]),
                what.to_owned(),
                self.word(&version["decision"]),
                self.area(&version["before"]["area_m2"]),
                self.area(&version["after"]["area_m2"]),
                version["revision"].to_string(),
            ]
        };
        let heads = [
            (self.of("Ngày", "Day"), false),
            (self.of("Việc", "What"), false),
            (self.of("Quyết định", "Decision"), false),
            (self.of("Trước", "Before"), true),
            (self.of("Sau", "After"), true),
            (self.of("Phiên bản", "Revision"), true),
        ];
        let rows: Vec<Vec<String>> = each(&versions["versions"]).map(row).collect();
        self.table(out, self.of("Các lần sửa vùng", "Edits of the zone"), "", &heads, &rows);
    }

    fn sources(self, out: &mut String, page: &ZonePage, licence: Option<&str>) {
        let rows: Vec<Vec<String>> = page
            .sources
            .iter()
            .map(|s| vec![escaped(&s.layer), escaped(&s.source), self.day(&Value::from(s.imported_at.as_str()))])
            .collect();
        let heads = [(self.of("Lớp", "Layer"), false), (self.of("Nguồn", "Source"), false), (self.of("Nhập ngày", "Imported on"), false)];
        let licence = licence.map_or_else(String::new, |licence| format!(" · {}: {}", self.of("giấy phép", "licence"), escaped(licence)));
        let caption = format!("{} {}{licence}", self.of("Phiên bản dữ liệu", "Revision of the data"), page.revision);
        self.table(out, self.of("Nguồn dữ liệu", "Sources"), &caption, &heads, &rows);
    }

    fn list_page(self, snapshot: &Snapshot, found: &Value, asked: &Asked) -> String {
        let (kinds, title) = (&snapshot.kinds_list(), &snapshot.title());
        let given: Vec<String> = asked.iter().filter(|(_, v)| !v.is_empty()).map(|(name, v)| format!("{name}={}", encoded(v))).collect();
        let [n, from] = ["n_matched", "offset"].map(|name| found[name].as_u64().unwrap_or_default() as usize);
        let address = |offset: usize| {
            let offset = Some(format!("offset={offset}")).filter(|_| offset > 0);
            let query: Vec<String> = given.iter().cloned().chain(offset).collect();
            if query.is_empty() { "zones".to_owned() } else { format!("zones?{}", query.join("&amp;")) }
        };
        let mut out = self.head(self.text(title), "", &address(from), "");
        let _ = writeln!(out, "<h1>{}</h1>", escaped(self.text(title)));
        if snapshot.simulated() {
            out += &self.simulated();
        }
        let units = snapshot.units_by_name().into_iter().map(|place| &snapshot.units[place].unit);
        let units = units.map(|unit| (escaped(&unit.code), escaped(&unit.name))).collect();
        self.form(&mut out, asked, kinds, units);
        let row = |feature: &Value| {
            let facts = &feature["properties"];
            let id = facts["id"].as_str().unwrap_or_default();
            let name = facts["name"].as_str().unwrap_or(id);
            let kind = each(&kinds["kinds"]).find(|k| k["kind"] == facts["kind"]).map(|k| self.word(&k["name"]));
            vec![
                format!("<a href=\"zones/{}?lang={}\">{}</a>", encoded(id), self.lang, escaped(name)),
                kind.unwrap_or_default(),
                self.word(&facts["unit"]["name"]),
                self.word(&facts["code"]),
                self.area(&facts["area_m2"]),
                self.area(&facts["lost_m2"]),
            ]
        };
        let heads = [
            (self.of("Vùng", "Zone"), false),
            (self.of("Loại", "Kind"), false),
            (self.of("Xã, phường", "Commune"), false),
            (self.of("Mã vùng", "Code"), false),
            (self.of("Diện tích", "Area"), true),
            (self.of("Đã mất", "Lost"), true),
        ];
        let rows: Vec<Vec<String>> = each(&found["features"]).map(row).collect();
        let caption = format!("{}–{} / {}", self.count((from + 1).min(n)), self.count((from + rows.len()).min(n)), self.count(n));
        self.table(&mut out, self.of("Danh sách vùng", "Zones"), &caption, &heads, &rows);
        if rows.is_empty() {
            let _ = write!(out, "<section><p>{}</p></section>", self.of("Không có vùng nào như vậy.", "There is no such zone."));
        }
        let part = |offset: usize, text: &str| {
            let here = address(offset);
            let join = if here.contains('?') { "&amp;" } else { "?" };
            format!("<a href=\"{here}{join}lang={}\">{text}</a>", self.lang)
        };
        let before = if from > 0 { part(from.saturating_sub(ROWS), self.of("← Trước", "← Before")) } else { String::new() };
        let after = if from + rows.len() < n { part(from + ROWS, self.of("Tiếp →", "Next →")) } else { String::new() };
        let _ =
            writeln!(out, "<nav aria-label=\"{}\">{before} {after}</nav></main></html>", self.of("Trang danh sách", "Pages of the list"));
        out
    }

    fn form(self, out: &mut String, [(_, kind), (_, unit), (_, words)]: &Asked, kinds: &Value, units: Vec<(String, String)>) {
        let options = |chosen: &str, all: Vec<(String, String)>| {
            let mut options = format!("<option value=\"\">{}</option>", self.of("Tất cả", "All"));
            for (value, name) in all {
                let is_chosen = if value == escaped(chosen) { " selected" } else { "" };
                let _ = write!(options, "<option value=\"{value}\"{is_chosen}>{name}</option>");
            }
            options
        };
        let kinds = each(&kinds["kinds"]).map(|k| (self.word(&k["kind"]), self.word(&k["name"]))).collect();
        let _ = writeln!(
            out,
            "<section><form action=\"zones\" method=\"get\"><input type=\"hidden\" name=\"lang\" value=\"{}\">\
             <label>{}<input type=\"search\" name=\"q\" maxlength=\"200\" value=\"{}\"></label>\
             <label>{}<select name=\"kind\">{}</select></label><label>{}<select name=\"unit\">{}</select></label>\
             <button type=\"submit\">{}</button></form></section>",
            self.lang,
            self.of("Tên, mã, hợp tác xã", "Name, code, cooperative"),
            escaped(words),
            self.of("Loại", "Kind"),
            options(kind, kinds),
            self.of("Xã, phường", "Commune"),
            options(unit, units),
            self.of("Tìm", "Find"),
        );
    }
}

pub(super) fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Classes of all epochs, by code.
fn class_names(history: &Value) -> BTreeMap<&str, &Value> {
    let classes = each(&history["epochs"]).flat_map(|state| each(&state["classes"]));
    classes.filter_map(|class| Some((class["code"].as_str()?, &class["name"]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_and_days_are_written_as_the_language_writes_them() {
        let area = |m2: f64| [Lang::Vi, Lang::En].map(|lang| Said { lang }.area(&Value::from(m2)));
        assert_eq!(area(9_999.4), ["9.999\u{a0}m²", "9,999\u{a0}m²"]);
        assert_eq!(area(12_345_678.0), ["1.234,57\u{a0}ha", "1,234.57\u{a0}ha"]);
        assert_eq!(Said { lang: Lang::Vi }.area(&Value::Null), "–");
        let day = |text: &str| [Lang::Vi, Lang::En].map(|lang| Said { lang }.day(&Value::from(text)));
        assert_eq!(day("2026-11-23T10:00:00Z"), ["23/11/2026", "2026-11-23"]);
        assert_eq!([day("2024"), day("")], [["2024", "2024"], ["", ""]]);
    }
}
