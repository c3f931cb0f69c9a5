//! `farmzone check`: codes, a file of them or a place, judged by the register.

use std::sync::Arc;

use serde_json::{Value, json};

use super::args::{CheckArgs, Cli};
use super::output;
use crate::engine::{self, CheckAsk, CodeList, EngineError, Rulebook};

/// So many verdicts text shows in full.
const SHOWN: usize = 50;

pub fn run(cli: &Cli, args: &CheckArgs, rulebook: Rulebook) -> Result<(), EngineError> {
    let n_asked = usize::from(!args.codes.is_empty()) + usize::from(args.file.is_some()) + usize::from(args.at.is_some());
    if n_asked != 1 {
        return Err(EngineError::usage("say what to check: CODE…, --file FILE or --at LON,LAT, one of them"));
    }
    let snapshot = engine::open(&args.workspace, &Arc::new(rulebook))?;
    let ask = CheckAsk { market: args.market.clone(), date: args.date, shipped_t: args.shipped };
    let terms = snapshot.check_terms(&ask)?;
    let facts = match (&args.file, args.at) {
        (_, Some(at)) => {
            let checked = snapshot.check_place(at, args.accuracy, &ask)?;
            if let Some(out) = &args.out {
                snapshot.write_checks(&checked, out)?;
            }
            snapshot.verdicts(&checked, &terms)?
        }
        (file, None) => {
            let list = match file {
                Some(file) => snapshot.codes_in_file(file, args.column.as_deref())?,
                None => CodeList::of(&args.codes),
            };
            if let Some(out) = &args.out {
                snapshot.write_list(&list, &ask, out)?;
            }
            snapshot.check_list(&list, &ask)?
        }
    };
    output::result(cli.json, &facts, &text(&facts, args))
}

fn text(facts: &Value, args: &CheckArgs) -> String {
    let results = facts["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut text = String::new();
    if results.is_empty() {
        text += "no code of the register has land here or near by\n";
    }
    for result in results.iter().take(SHOWN) {
        if let Some(row) = result["row"].as_u64() {
            text += &format!("row {row}: ");
        }
        let name = if result["code"].is_null() { word(&result["asked"]) } else { word(&result["code"]) };
        text += &format!("{name}: {} · {}\n", word(&result["verdict"]), word(&result["summary"]["en"]));
        if let Some(distance) = result["distance_m"].as_f64() {
            let side = if result["inside"] == json!(true) { "inside" } else { "outside" };
            let sure = if result["within_accuracy"] == json!(true) { ", nearer to the border than the place is exact" } else { "" };
            text += &format!("  {side}, {distance:.1} m from the border{sure}\n");
        }
        for reason in result["reasons"].as_array().into_iter().flatten() {
            text += &format!("  {} · {}: {}\n", word(&reason["verdict"]), word(&reason["check"]), word(&reason["message"]["en"]));
            text += &format!(
                "    {} ({}, since {})\n",
                word(&reason["rule"]["text"]["en"]),
                word(&reason["rule"]["source"]),
                word(&reason["rule"]["valid_from"])
            );
        }
        let advised: Vec<String> = result["did_you_mean"].as_array().into_iter().flatten().map(word).collect();
        if !advised.is_empty() {
            text += &format!("  did you mean {}?\n", advised.join(" or "));
        }
    }
    let n = facts["n"].as_u64().unwrap_or_default() as usize;
    if n > SHOWN {
        text += &format!("… and {} more; all of them with --out FILE.xlsx\n", n - SHOWN);
    }
    let counts = facts["by_verdict"].as_object().into_iter().flatten().map(|(verdict, n)| format!("{n} {verdict}"));
    text += &format!("{} on {}", counts.collect::<Vec<_>>().join(", "), word(&facts["date"]));
    if let Some(out) = &args.out {
        text += &format!("\n{}", out.display());
    }
    text
}
