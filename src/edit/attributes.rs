//! What is known of a zone beside its shape: set by name, each checked.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use super::check::BadCode;
use super::{Asked, Fault};
use crate::model::{Epoch, MultiPolygon, Zone};

type Attribute = fn(&Zone) -> Option<&str>;

/// A text of a zone has at most so many characters.
const MOST_CHARACTERS: usize = 200;

/// What is known of a zone, by name, without its id and what the owner's columns hold.
pub fn attributes_of(zone: &Zone) -> Map<String, Value> {
    let alone = Zone { shape: MultiPolygon::new(Vec::new()), kept: Vec::new(), ..zone.clone() };
    let mut known = match serde_json::to_value(alone) {
        Ok(Value::Object(known)) => known,
        _ => Map::new(),
    };
    known.remove("id");
    known
}

/// The zone with these in place of some of its attributes; as it was when they are of another type.
pub(super) fn with_values(zone: Zone, values: impl IntoIterator<Item = (String, Value)>) -> Zone {
    let mut known = attributes_of(&zone);
    known.insert("id".to_owned(), Value::String(zone.id.clone()));
    known.extend(values);
    match serde_json::from_value::<Zone>(Value::Object(known)) {
        Ok(changed) => Zone { kept: zone.kept, shape: zone.shape, ..changed },
        Err(_) => zone,
    }
}

/// A zone with some of its attributes set; `null` takes one away.
pub(super) fn set(zone: &Zone, properties: &BTreeMap<String, Value>) -> Result<Zone, Fault> {
    if properties.is_empty() {
        return Ok(zone.clone());
    }
    let wrong = |name: &str, vi: &str, en: &str| {
        Fault::error("attribute", format!("Thuộc tính {name}: {vi}."), format!("Attribute {name}: {en}.")).of(&[&zone.id])
    };
    let Ok(Value::Object(mut known)) = serde_json::to_value(Zone { kept: Vec::new(), ..zone.clone() }) else {
        return Err(wrong("?", "không đọc được", "cannot be read"));
    };
    for (name, value) in properties {
        if name == "id" || !known.contains_key(name) {
            let names: Vec<&str> = known.keys().map(String::as_str).filter(|n| *n != "id").collect();
            let names = names.join(", ");
            return Err(wrong(&shortened(name), &format!("không có; có {names}"), &format!("there is none; there are {names}")));
        }
        let value = match value {
            Value::String(text) => match text.trim().nfc().collect::<String>() {
                text if text.chars().count() > MOST_CHARACTERS => {
                    let vi = format!("dài quá {MOST_CHARACTERS} ký tự");
                    return Err(wrong(name, &vi, &format!("is longer than {MOST_CHARACTERS} characters")));
                }
                text if text.chars().any(char::is_control) => {
                    return Err(wrong(name, "có ký tự điều khiển", "holds a control character"));
                }
                text if text.is_empty() => Value::Null,
                text => Value::String(text),
            },
            other => other.clone(),
        };
        known.insert(name.clone(), value);
    }
    let mut changed: Zone = serde_json::from_value(Value::Object(known)).map_err(|_| {
        let expected = "kind is a text; declared_area_m2 a number or null; all others a text or null";
        wrong("?", "sai kiểu dữ liệu: declared_area_m2 là số hoặc null, kind là chữ, còn lại là chữ hoặc null", expected)
    })?;
    (changed.kept, changed.shape) = (zone.kept.clone(), zone.shape.clone());
    Ok(changed)
}

/// What is wrong with attributes that were set; what was so before is inherited.
pub(super) fn faults(before: Option<&Zone>, after: &Zone, asked: &Asked) -> Vec<Fault> {
    let mut faults = Vec::new();
    let is_new = |of: Attribute| before.is_none_or(|b| of(b) != of(after));
    if is_new(|z| Some(&z.kind)) && asked.kinds.get(&after.kind).is_none() {
        let known = asked.kinds.kinds.iter().map(|k| k.key.as_str()).collect::<Vec<_>>().join(", ");
        let kind = shortened(&after.kind);
        let fault = Fault::error(
            "kind",
            format!("Không có loại vùng “{kind}”; có {known}."),
            format!("There is no kind “{kind}”; there are {known}."),
        );
        faults.push(fault.of(&[&after.id]));
    }
    if let Some(code) = after.code.as_deref().filter(|_| is_new(|z| z.code.as_deref()))
        && let Some(BadCode { message, did_you_mean }) = (asked.code)(code)
    {
        let vi = format!("“{}” không đúng mẫu mã số vùng trồng nào.", shortened(code));
        let mut fault = Fault::error("code", vi, format!("{message}.")).of(&[&after.id]);
        if let Some(meant) = did_you_mean {
            let put = super::Operation::Put {
                id: Some(after.id.clone()),
                polygons: None,
                properties: BTreeMap::from([("code".to_owned(), Value::String(meant.clone()))]),
            };
            fault = fault.mended_by(format!("Viết {meant}"), format!("Write {meant}"), vec![put]);
        }
        faults.push(fault);
    }
    let dates: [(&str, Attribute); 2] =
        [("standard_until", |z| z.standard_until.as_deref()), ("established", |z| z.established.as_deref())];
    for (name, of) in dates {
        if let Some(text) = of(after).filter(|_| is_new(of))
            && Epoch::written(text).is_none_or(|(_, rest)| !rest.is_empty())
        {
            let text = shortened(text);
            let vi = format!("{name}: “{text}” không phải ngày; viết như 2026-11-22 hoặc 22/11/2026.");
            faults.push(Fault::error("date", vi, format!("{name}: “{text}” is no date; write it like 2026-11-22.")).of(&[&after.id]));
        }
    }
    if after.declared_area_m2.is_some_and(|m2| !(m2.is_finite() && m2 > 0.0)) {
        let fault = Fault::error("attribute", "Diện tích khai báo phải lớn hơn 0.", "The declared area must be above 0.");
        faults.push(fault.of(&[&after.id]));
    }
    faults
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
