//! What a person or a script reads: text or one JSON object.

use std::io::Write;

use serde_json::{Value, json};

use crate::engine::{
    EngineError, ErrorKind, Exported, Figures, Found, Imported, Listed, Overlay, PartnersImported, Pyramid, RasterFacts, Target,
};
use crate::model::{Issue, Revision};

/// How many issues text shows before it points to `--issues`.
const SHOWN_ISSUES: usize = 20;

/// A result: the JSON object, or the lines for a person.
pub fn result(as_json: bool, value: &Value, text: &str) -> Result<(), EngineError> {
    let mut out = std::io::stdout().lock();
    let written = if as_json { writeln!(out, "{value}") } else { writeln!(out, "{}", text.trim_end()) };
    match written {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(EngineError::unavailable(format!("the result could not be written: {e}")))
        }
        _ => Ok(()),
    }
}

/// Accounts that were just made, with their passwords, on lines of their own; nothing when there are none.
pub fn passwords(made: &[Value]) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = made.iter().map(|account| format!("\n  {:<14} {}", word(&account["name"]), word(&account["password"])));
    if made.is_empty() { String::new() } else { format!("\naccounts and their passwords, shown once:{}", lines.collect::<String>()) }
}

pub fn error(as_json: bool, error: &EngineError) {
    if as_json {
        json_error(error.kind(), &error.chain(), error.issues());
    }
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "error: {}", error.chain());
    for issue in error.issues().iter().take(SHOWN_ISSUES) {
        let _ = writeln!(err, "  {}", issue_line(issue));
    }
}

pub fn json_error(kind: ErrorKind, message: &str, issues: &[Issue]) {
    let _ = writeln!(std::io::stdout().lock(), "{}", json!({ "error": { "code": kind.as_str(), "message": message, "issues": issues } }));
}

fn issue_line(issue: &Issue) -> String {
    match &issue.feature {
        Some(feature) => format!("{} · {}: {}", issue.code, feature, issue.message),
        None => format!("{} · {}", issue.code, issue.message),
    }
}

/// Hectares with two decimals and thousands apart.
pub fn hectares(area_m2: f64) -> String {
    format!("{} ha", grouped(area_m2 / 10_000.0, 2))
}

/// Thousands apart by a comma.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    // What rounds to zero has no sign.
    let is_below = value < 0.0 && text.contains(|c: char| ('1'..='9').contains(&c));
    format!("{}{out}{rest}", if is_below { "−" } else { "" })
}

/// A line per alert, then how many there are of each status.
pub fn alerts(found: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let mut text = String::new();
    for alert in found["alerts"].as_array().into_iter().flatten() {
        let area = grouped(alert["area_m2"].as_f64().unwrap_or_default(), 1);
        let late = if alert["is_overdue"] == true { ", overdue" } else { "" };
        let whose = alert["assigned"].as_str().map(|name| format!(" · {name}")).unwrap_or_default();
        let due = alert["due"].as_str().map(|day| format!(" until {day}{late}")).unwrap_or_default();
        let [id, status, group, zone, unit] = ["event_id", "status", "group", "zone_id", "unit_name"].map(|name| word(&alert[name]));
        text += &format!("{id}  {status:<11} {area:>12} m²  {group:<9} {zone} ({unit}){whose}{due}\n");
    }
    let counts = found["by_status"].as_object().into_iter().flatten().map(|(status, n)| format!("{status} {n}"));
    format!("{text}{} of {}: {}", found["alerts"].as_array().map_or(0, Vec::len), found["n"], counts.collect::<Vec<_>>().join(", "))
}

/// A line per unit.
pub fn alerts_digest(sums: &Value) -> String {
    let line = |row: &Value| {
        let statuses = row["by_status"].as_object().into_iter().flatten().map(|(status, sum)| format!("{status} {}", sum["n"]));
        let area = grouped(row["area_m2"].as_f64().unwrap_or_default(), 1);
        let name = row["unit_name"].as_str().unwrap_or("outside of all units");
        format!("{name}: {} alerts, {area} m² ({}), {} overdue", row["n"], statuses.collect::<Vec<_>>().join(", "), row["n_overdue"])
    };
    sums["units"].as_array().into_iter().flatten().map(line).collect::<Vec<_>>().join("\n")
}

pub fn imported(done: &Imported) -> String {
    if let Some(raster) = &done.raster {
        return imported_raster(done, raster);
    }
    let mut text =
        format!("{}: {} read, {} kept, {} repaired, {} set aside", done.layer, done.n_read, done.n_kept, done.n_repaired, done.n_rejected);
    text += &format!("\narea {} as read, {} as kept", hectares(done.area_before_m2), hectares(done.area_after_m2));
    text += &format!("\nCRS {}", done.crs.source);
    if let Some(operation) = &done.crs.operation {
        text += &format!(", by {operation}");
    }
    for label in done.unmapped.iter().take(SHOWN_ISSUES) {
        text += &format!("\nunmapped label “{}”: {} polygons, {}", label.label, label.n, hectares(label.area_m2));
    }
    text + &noted(done)
}

fn imported_raster(done: &Imported, raster: &RasterFacts) -> String {
    let mut text = format!(
        "{}: {} × {} cells of {}, {} classes",
        done.layer,
        grouped(f64::from(raster.width), 0),
        grouped(f64::from(raster.height), 0),
        cell(raster.pixel_size),
        raster.n_classes
    );
    text += &format!("\nabout {} with a class; {} cells without", hectares(done.area_after_m2), grouped(raster.n_nodata as f64, 0));
    text += &raster.nodata.as_ref().map_or(String::new(), |nodata| format!(" (nodata {nodata})"));
    text += &format!("\nCRS {}", done.crs.source);
    if let Some(operation) = &done.crs.operation {
        text += &format!(", by {operation}");
    }
    for label in done.unmapped.iter().take(SHOWN_ISSUES) {
        text += &format!("\nunmapped value “{}”: {} cells, about {}", label.label, grouped(label.n as f64, 0), hectares(label.area_m2));
    }
    text + &noted(done)
}

/// Width by height in the raster's own unit.
fn cell([width, height]: [f64; 2]) -> String {
    format!("{width} × {height}")
}

/// What import says of every file in the end.
fn noted(done: &Imported) -> String {
    let mut text = String::new();
    if done.n_outside > 0 {
        text += &format!("\n{} zones lie wholly or partly outside the boundaries (kept, marked)", done.n_outside);
    }
    text + &issues(done.n_issues, &done.issues) + &kept_as(done.dry_run, done.revision)
}

fn issues(n_issues: usize, issues: &[Issue]) -> String {
    let mut text = String::new();
    if n_issues > 0 {
        text += &format!("\n{n_issues} issues");
        for issue in issues.iter().take(SHOWN_ISSUES) {
            text += &format!("\n  {}", issue_line(issue));
        }
        if n_issues > SHOWN_ISSUES {
            text += "\n  … all of them with --issues FILE.csv";
        }
    }
    text
}

fn kept_as(dry_run: bool, revision: Revision) -> String {
    if dry_run { "\nnothing was changed (--dry-run)".to_owned() } else { format!("\nrevision {revision}") }
}

pub fn partners_imported(done: &PartnersImported) -> String {
    let mut text = format!(
        "{}: {} read, {} new, {} changed, {} as they were, {} set aside",
        done.layer, done.n_read, done.n_add, done.n_change, done.n_same, done.n_rejected
    );
    if done.n_unlinked > 0 {
        text += &format!("\n{} rows name what is not there, or there more than once (kept, linked when it comes)", done.n_unlinked);
    }
    text + &issues(done.n_issues, &done.issues) + &kept_as(done.dry_run, done.revision)
}

pub fn layers(layers: &[Listed]) -> String {
    if layers.is_empty() {
        return "the workspace is empty: farmzone import WORKSPACE FILE --as zones".to_owned();
    }
    let head = ["layer", "features", "area", "epoch", "CRS of the source", "operation", "accuracy", "source"].map(str::to_owned);
    let rows = layers.iter().map(|Listed { layer: l, .. }| {
        [
            l.name.clone(),
            l.raster.as_ref().map_or_else(|| grouped(l.n_features as f64, 0), |r| format!("cells of {}", cell(r.pixel_size))),
            hectares(l.area_m2),
            l.epoch.map_or("–".to_owned(), |e| e.to_string()),
            l.source_crs.clone(),
            l.operation.clone().unwrap_or("–".to_owned()),
            l.accuracy_m.map_or("–".to_owned(), |m| format!("{m} m")),
            format!("{}{}", if l.simulated { "(simulated) " } else { "" }, l.source),
        ]
    });
    let rows: Vec<[String; 8]> = std::iter::once(head).chain(rows).collect();
    let bare = layers.iter().filter(|l| l.n_without_shape > 0);
    let warnings = bare.map(|l| {
        let n = grouped(l.n_without_shape as f64, 0);
        format!("{}: {n} of its features have no shape (another program took it away); no result counts them", l.layer.name)
    });
    std::iter::once(aligned(&rows, |column| column == 1 || column == 2)).chain(warnings).collect::<Vec<_>>().join("\n")
}

pub fn targets(targets: &[Target]) -> String {
    if targets.is_empty() {
        return "no plan asks for anything: farmzone targets WORKSPACE FILE.toml".to_owned();
    }
    let line = |t: &Target| format!("{}: {} ha ({}, {})", t.kind, grouped(t.hectares, 2), t.source.0.en, t.valid_from);
    targets.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub fn overlay(found: &Overlay) -> String {
    let mut text = format!(
        "{} zones × {} {} of {}: {} pairs share {} in {:.0} ms",
        grouped(found.n_zones as f64, 0),
        grouped(found.n_land_use as f64, 0),
        if found.not_seen.is_some() { "raster classes" } else { "land-use polygons" },
        found.epoch,
        grouped(found.n_pairs as f64, 0),
        hectares(found.area_m2),
        found.duration_ms
    );
    if let Some(not_seen) = found.not_seen {
        text += &format!(
            "\nnot seen: {} in cells without a class, {} outside of the raster ({} zones in part, {} wholly)",
            hectares(not_seen.nodata_m2),
            hectares(not_seen.outside_m2),
            grouped(not_seen.n_zones_partly_seen as f64, 0),
            grouped(not_seen.n_zones_not_seen as f64, 0)
        );
    }
    text += &withheld(found.n_withheld);
    text
}

fn withheld(n: usize) -> String {
    if n == 0 { String::new() } else { "\ndefence and security land is left out of every result".to_owned() }
}

pub fn found(found: &Found) -> String {
    let totals = &found.totals;
    let since = found.since.map(|since| format!(" since {since}")).unwrap_or_default();
    let mut text = format!(
        "{}{since}: {} of {} zones encroached, {} events, {} in {:.0} ms",
        found.epoch,
        grouped(totals.n_zones_encroached as f64, 0),
        grouped(totals.n_zones as f64, 0),
        grouped(totals.n_events as f64, 0),
        hectares(totals.area_m2),
        found.duration_ms
    );
    for (title, sums) in [("kind", &totals.by_kind), ("group", &totals.by_group), ("right", &totals.by_right)] {
        for (key, sum) in sums {
            text += &format!("\n  {title} {key}: {} events, {}", grouped(sum.n_events as f64, 0), hectares(sum.area_m2));
        }
    }
    let t = &found.thresholds;
    text += &format!(
        "\nleft out as slivers: {} pieces, {} m² (smaller than {} m², or narrower than {} m and smaller than {} m²); pieces nearer than {} m are one event",
        found.left_out.n_slivers,
        grouped(found.left_out.sliver_area_m2, 1),
        t.sliver_area_m2,
        t.sliver_width_m,
        t.sliver_narrow_area_m2,
        t.merge_gap_m
    );
    if found.left_out.n_tracks > 0 {
        text += &format!(
            "\nleft out as field tracks (narrower than {} m): {}, {} m²",
            t.track_width_m,
            found.left_out.n_tracks,
            grouped(found.left_out.track_area_m2, 1)
        );
    }
    let l = &found.left_out;
    if l.n_uncertain > 0 {
        let sure = t.min_probability * 100.0;
        text += &format!(
            "\nleft out as uncertain (errors of drawing explain them; less than {sure} % sure): {}, {} m²",
            l.n_uncertain,
            grouped(l.uncertain_area_m2, 1)
        );
    }
    if l.overlap_area_m2 > 0.0 {
        text += &format!("\nland use overlaps itself by {} m² in the zones: counted once", grouped(l.overlap_area_m2, 1));
    }
    if l.other_source_area_m2 > 0.0 {
        text += &format!("\nthe raster shows {} m² more as lost, which the polygons do not", grouped(l.other_source_area_m2, 1));
    }
    if let Some(since) = found.since.filter(|_| l.not_seen_before_m2 > 0.0) {
        text += &format!("\nnot seen in {since}: {} of what is shown as lost now; it is no event", hectares(l.not_seen_before_m2));
    }
    if totals.n_zones_partly_seen + totals.n_zones_not_seen > 0 {
        text += &format!(
            "\nnot seen: {} of the zones, of which {} shows no known class ({} zones in part, {} wholly); nothing is said of them",
            hectares(totals.not_seen_m2),
            found.epoch,
            grouped(totals.n_zones_partly_seen as f64, 0),
            grouped(totals.n_zones_not_seen as f64, 0)
        );
    }
    if let (Some(new), Some(gone)) = (totals.n_new, totals.n_gone) {
        text += &format!("\nagainst the epoch before: {} new, {} gone", grouped(new as f64, 0), grouped(gone as f64, 0));
    }
    for moved in found.transitions.iter().filter(|m| m.from != m.to) {
        text += &format!("\n  {} → {}: {}", or_dash(&moved.from), or_dash(&moved.to), hectares(moved.area_m2));
    }
    if found.is_unchanged {
        text += "\nnothing changed since these were kept";
    }
    for issue in &found.issues {
        text += &format!("\n{}", issue_line(issue));
    }
    text += &withheld(found.n_withheld);
    text
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "not shown" } else { text }
}

/// The table of transitions as lines, the largest first.
pub fn transitions(table: &serde_json::Value) -> String {
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("not shown").to_owned();
    let m2 = |value: &serde_json::Value| hectares(value.as_f64().unwrap_or_default());
    if table["from"].is_null() {
        let there = table["to"].as_str().map_or("there is none".to_owned(), |epoch| format!("there is only {epoch}"));
        return format!(
            "what became what takes land use of two epochs, and {there}: farmzone import WORKSPACE FILE --as landuse --epoch YYYY"
        );
    }
    let mut text =
        format!("{} to {}: {} of {} changed", word(&table["from"]), word(&table["to"]), m2(&table["changed_m2"]), m2(&table["area_m2"]));
    for row in table["rows"].as_array().into_iter().flatten().filter(|r| r["from"] != r["to"]) {
        text += &format!("\n  {} → {}: {} in {} zones", word(&row["from"]), word(&row["to"]), m2(&row["area_m2"]), row["n_zones"]);
    }
    text
}

/// Figures for planning, a line each, hectares.
pub fn figures(figures: &Figures) -> String {
    if figures.rows.is_empty() {
        return "no zones".to_owned();
    }
    let head = [
        "",
        "zones",
        "ha",
        "lost ha",
        "left ha",
        "not seen ha",
        "of target",
        "patches",
        "mean ha",
        "largest ha",
        "mesh ha",
        "edge m/ha",
        "core ha",
        "proximity",
    ];
    let ha = |m2: f64| grouped(m2 / 10_000.0, 2);
    let rows = figures.rows.iter().map(|row| {
        let l = &row.landscape;
        let name = row.name_for_people();
        let or_unknown = |m2: Option<f64>| m2.map_or("–".to_owned(), ha);
        let of_target = row.target_share().map(|share| format!("{:.1} %", share * 100.0));
        [
            if name.is_empty() { row.key.clone() } else { name },
            grouped(row.n_zones as f64, 0),
            ha(row.area_m2),
            or_unknown(row.lost_m2),
            or_unknown(row.remaining_m2),
            or_unknown(row.not_seen_m2.filter(|m2| *m2 > 0.0)),
            of_target.unwrap_or("–".to_owned()),
            grouped(l.n_patches as f64, 0),
            ha(l.mean_patch_m2),
            ha(l.largest_patch_m2),
            ha(l.effective_mesh_m2),
            grouped(l.edge_m_per_ha, 1),
            ha(l.core_m2),
            grouped(l.proximity, 1),
        ]
    });
    aligned(&std::iter::once(head.map(str::to_owned)).chain(rows).collect::<Vec<_>>(), |column| column > 0)
}

/// Rows as columns two spaces apart; those that are numbers end at the same place.
fn aligned<const N: usize>(rows: &[[String; N]], is_number: impl Fn(usize) -> bool) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).enumerate().map(|(i, (cell, width))| {
            let space = " ".repeat(width - cell.chars().count());
            if is_number(i) { format!("{space}{cell}") } else { format!("{cell}{space}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub fn exported(done: &Exported) -> String {
    let mut text = format!("{} features", done.n_features);
    for issue in &done.issues {
        text += &format!("\n  {}", issue_line(issue));
    }
    text
}

pub fn pyramid(done: &Pyramid) -> String {
    format!(
        "{}: {} tiles, zoom {} to {}, {} bytes in {:.1} s",
        done.out,
        grouped(done.n_tiles as f64, 0),
        done.minzoom,
        done.maxzoom,
        grouped(done.bytes as f64, 0),
        done.duration_ms / 1e3
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people_have_their_thousands_apart() {
        assert_eq!(grouped(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(grouped(-999.0, 0), "−999");
        assert_eq!([grouped(-0.0, 0), grouped(-0.001, 2)], ["0", "0.00"]);
        assert_eq!(hectares(12_345.0), "1.23 ha");
    }
}
