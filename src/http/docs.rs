//! `/openapi.json`, and `/docs`: the same for people, as one page without scripts.

use std::fmt::Write;

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use serde_json::Value;

use super::answer::{Coded, Coding, Freshness};
use super::ask::Ask;
use super::error::ApiError;

const OPENAPI: &str = include_str!("openapi.json");

/// The page has its own style in its head and nothing else.
pub(super) const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn openapi(headers: HeaderMap, uri: Uri) -> Result<Response, ApiError> {
    Ask::read(&uri, &[])?;
    let coded = Coded::new(OPENAPI.as_bytes().to_vec(), Coding::accepted(&headers));
    Ok(coded.respond(&headers, "application/json", Freshness::Ask))
}

pub(super) async fn page(headers: HeaderMap, uri: Uri) -> Result<Response, ApiError> {
    Ask::read(&uri, &[])?;
    let document: Value = serde_json::from_str(OPENAPI).map_err(|e| ApiError::internal(format!("openapi.json: {e}")))?;
    let coded = Coded::new(html(&document).into_bytes(), Coding::accepted(&headers));
    let mut response = coded.respond(&headers, "text/html; charset=utf-8", Freshness::Ask);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    Ok(response)
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn words(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

/// A reference within the document, followed; anything else as it is.
fn followed<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
    pointer.and_then(|p| document.pointer(p)).unwrap_or(value)
}

// Writing to a string cannot fail, so the results of `write!` are dropped.
fn html(document: &Value) -> String {
    let mut out = String::new();
    let info = &document["info"];
    let _ = write!(out, "{}", include_str!("docs_head.html"));
    let _ =
        write!(out, "<h1>{} <small>{}</small></h1><p>{}</p>", words(&info["title"]), words(&info["version"]), words(&info["description"]));
    let _ = write!(out, "<p><a href=\"openapi.json\">openapi.json</a> · <a href=\"./\">the map</a></p>");
    for tag in document["tags"].as_array().into_iter().flatten() {
        let _ = write!(out, "<h2>{}</h2><p>{}</p>", words(&tag["name"]), words(&tag["description"]));
        for (path, method, operation) in operations(document).filter(|(_, _, operation)| operation["tags"][0] == tag["name"]) {
            section(&mut out, document, path, method, operation);
        }
    }
    out.push_str("</main></html>\n");
    out
}

/// Path, method in capitals, and what is said of it, in the document's order.
fn operations(document: &Value) -> impl Iterator<Item = (&str, String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.to_uppercase(), operation))
    })
}

fn section(out: &mut String, document: &Value, path: &str, method: String, operation: &Value) {
    let id = words(&operation["operationId"]);
    let path = escaped(path);
    let _ = write!(out, "<section id=\"{id}\"><h3><code>{method} {path}</code></h3><p>{}</p>", words(&operation["summary"]));
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().map(|p| followed(document, p)).collect();
    if !parameters.is_empty() {
        out.push_str("<table><thead><tr><th>parameter</th><th>in</th><th>what</th></tr></thead><tbody>");
        for parameter in parameters {
            let (name, place) = (words(&parameter["name"]), words(&parameter["in"]));
            let _ = write!(
                out,
                "<tr><td><code>{name}</code></td><td>{place}</td><td>{}{}</td></tr>",
                words(&parameter["description"]),
                bounds(parameter)
            );
        }
        out.push_str("</tbody></table>");
    }
    let sent = followed(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
    let members: Vec<String> = sent["properties"].as_object().into_iter().flatten().map(|(name, _)| escaped(name)).collect();
    if !members.is_empty() {
        let _ = write!(out, "<p>JSON: <code>{}</code></p>", members.join("</code>, <code>"));
    }
    out.push_str("<ul>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let response = followed(document, response);
        let media: Vec<String> = response["content"].as_object().into_iter().flatten().map(|(media, _)| escaped(media)).collect();
        let _ = write!(out, "<li><b>{}</b> {} <small>{}</small></li>", escaped(status), words(&response["description"]), media.join(", "));
    }
    out.push_str("</ul></section>");
}

/// What values a parameter takes, in words.
fn bounds(parameter: &Value) -> String {
    let schema = &parameter["schema"];
    let mut said = Vec::new();
    if let Some(values) = schema["enum"].as_array() {
        said.push(values.iter().map(words).collect::<Vec<_>>().join(" or "));
    }
    if let (Some(least), Some(most)) = (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        said.push(format!("{least} to {most}"));
    }
    if !schema["default"].is_null() {
        said.push(format!("default {}", escaped(schema["default"].to_string().trim_matches('"'))));
    }
    if let Some(example) = parameter["example"].as_str() {
        said.push(format!("e.g. <code>{}</code>", escaped(example)));
    }
    if said.is_empty() { String::new() } else { format!(" <small>({})</small>", said.join("; ")) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_described_and_every_description_is_a_route() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let described: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(described, super::super::ROUTES.iter().copied().collect());
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_part_of_a_path_is_described() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        for (path, method, operation) in operations(&document) {
            assert!(operation["requestBody"].is_null() || method != "GET", "{path}");
            let parameters: Vec<&Value> = operation["parameters"].as_array().unwrap().iter().map(|p| followed(&document, p)).collect();
            for parameter in &parameters {
                assert!(parameter["name"].is_string(), "{path}: {parameter}");
            }
            for part in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                assert!(parameters.iter().any(|p| p["name"] == part && p["in"] == "path"), "{path}: {part}");
            }
        }
    }

    #[test]
    fn the_page_shows_every_path_and_escapes_what_it_shows() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let page = html(&document);
        for (path, method, _) in operations(&document) {
            assert!(page.contains(&format!("<code>{method} {path}</code>")), "{method} {path}");
        }
        assert!(page.contains("<code>present_password</code>"));
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
        assert_eq!(escaped("<a b=\"&\">"), "&lt;a b=&quot;&amp;&quot;&gt;");
    }
}
