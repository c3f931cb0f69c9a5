//! The files of `zones/` and `tiles/`, compiled into the binary, so that it runs from any folder.
//! `--rules DIR` replaces those of `zones/` file by file.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rust_embed::RustEmbed;

use super::EngineError;
use crate::codes::{CodeRules, RuleTexts, Schemes};
use crate::legend::{Demands, Kinds, Legend, Rules, Units, Yields};

#[derive(RustEmbed)]
#[folder = "zones/"]
struct ZoneFiles;

#[derive(RustEmbed)]
#[folder = "tiles/"]
struct TileFiles;

/// The pattern of a kind that has none.
pub(super) const PLAIN: &str = "plain";

/// What the labels, codes and thresholds mean in this city.
#[derive(Debug, Clone)]
pub struct Rulebook {
    pub kinds: Arc<Kinds>,
    pub rules: Arc<Rules>,
    pub schemes: Arc<Schemes>,
    /// What codes are judged by.
    pub codes: Arc<CodeRules>,
    /// What a hectare of each kind yields.
    pub yields: Arc<Yields>,
    /// What the city needs of what each kind yields.
    pub demands: Arc<Demands>,
    dir: Option<PathBuf>,
    digest: String,
}

impl Rulebook {
    /// The embedded files, each replaced by the file of the same name in `dir` where there is one.
    pub fn load(dir: Option<&Path>) -> Result<Rulebook, EngineError> {
        if let Some(dir) = dir
            && !dir.is_dir()
        {
            return Err(EngineError::not_found(format!("--rules {}: no such folder", dir.display())));
        }
        let text = |name: &str| zone_text(dir, name);
        let kinds = Kinds::parse("kinds.toml", &text("kinds.toml")?)?;
        let pictures: serde_json::Map<String, serde_json::Value> =
            tiles_text("sprites/light.json").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        if let Some(kind) = kinds.kinds.iter().find(|kind| kind.pattern != PLAIN && !pictures.contains_key(&kind.pattern)) {
            let known: Vec<&str> = pictures.keys().map(String::as_str).chain([PLAIN]).collect();
            let message = format!("kinds.toml: {} has the pattern “{}”; there are {}", kind.key, kind.pattern, known.join(", "));
            return Err(EngineError::invalid(message));
        }
        let rules = Rules::parse("rules.toml", &text("rules.toml")?)?;
        let mut schemes = Vec::new();
        for name in names(dir, "schemes/", ".toml") {
            schemes.push((name.clone(), text(&name)?.into_owned()));
        }
        let schemes = Schemes::parse(schemes.iter().map(|(name, text)| (name.as_str(), text.as_str())))?;
        let [checks, markets, crops, districts] =
            ["checks", "markets", "crops", "districts"].map(|name| text(&format!("codes/{name}.toml")));
        let (checks, markets, crops, districts) = (checks?, markets?, crops?, districts?);
        let codes = CodeRules::parse(&RuleTexts { checks: &checks, markets: &markets, crops: &crops, districts: &districts })?;
        let yields = Yields::parse("yields.toml", &text("yields.toml")?)?;
        if let Some(one) = yields.yields.iter().find(|one| kinds.get(&one.kind).is_none()) {
            return Err(EngineError::invalid(format!("yields.toml: no kind “{}” in kinds.toml to have a yield", one.kind)));
        }
        let demands = Demands::parse("demand.toml", &text("demand.toml")?)?;
        if let Some(one) = demands.demands.iter().find(|one| kinds.get(&one.kind).is_none()) {
            return Err(EngineError::invalid(format!("demand.toml: no kind “{}” in kinds.toml to be in demand", one.kind)));
        }
        let mut hash = blake3::Hasher::new();
        hash.update(text("rules.toml")?.as_bytes());
        for name in names(dir, "legends/", ".toml") {
            hash.update(text(&name)?.as_bytes());
        }
        let digest = hash.finalize().to_hex()[..12].to_owned();
        let (kinds, rules, schemes, codes) = (Arc::new(kinds), Arc::new(rules), Arc::new(schemes), Arc::new(codes));
        let (yields, demands) = (Arc::new(yields), Arc::new(demands));
        Ok(Rulebook { kinds, rules, schemes, codes, yields, demands, dir: dir.map(Path::to_owned), digest })
    }

    /// Of the rules and legends: what was detected under others does not hold.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// One of the legends in `zones/legends/`.
    pub fn legend(&self, name: &str) -> Result<Legend, EngineError> {
        let known = self.legends();
        if !known.iter().any(|k| k == name) {
            return Err(EngineError::not_found(format!("no legend “{name}”; there are {}, or name a .toml file", known.join(", "))));
        }
        let file = format!("legends/{name}.toml");
        Ok(Legend::parse(&file, &zone_text(self.dir.as_deref(), &file)?)?)
    }

    /// The names of the legends in `zones/legends/`.
    pub fn legends(&self) -> Vec<String> {
        let files = names(self.dir.as_deref(), "legends/", ".toml");
        files.iter().filter_map(|f| f.strip_prefix("legends/")?.strip_suffix(".toml").map(str::to_owned)).collect()
    }

    pub fn units(&self) -> Result<Units, EngineError> {
        Ok(Units::parse("units.csv", &zone_text(self.dir.as_deref(), "units.csv")?)?)
    }

    /// `zones/demo.toml`, the figures of the simulated city.
    pub fn demo_text(&self) -> Result<String, EngineError> {
        Ok(zone_text(self.dir.as_deref(), "demo.toml")?.into_owned())
    }

    /// `zones/demo_targets.toml`, what a plan asks the simulated city to hold.
    pub fn demo_targets_text(&self) -> Result<String, EngineError> {
        Ok(zone_text(self.dir.as_deref(), "demo_targets.toml")?.into_owned())
    }
}

/// A file of `tiles/`, by its path in that folder.
pub fn tiles_file(name: &str) -> Option<rust_embed::EmbeddedFile> {
    TileFiles::get(name)
}

/// A text of `tiles/`, by its path in that folder.
pub fn tiles_text(name: &str) -> Option<String> {
    tiles_file(name).and_then(|f| String::from_utf8(f.data.into_owned()).ok())
}

fn zone_text(dir: Option<&Path>, name: &str) -> Result<Cow<'static, str>, EngineError> {
    if let Some(path) = dir.map(|d| d.join(name)).filter(|p| p.is_file()) {
        let text = std::fs::read_to_string(&path).map_err(|e| EngineError::invalid(format!("{}: {e}", path.display())))?;
        return Ok(Cow::Owned(text));
    }
    let file = ZoneFiles::get(name).ok_or_else(|| EngineError::internal(format!("zones/{name} is not in this build")))?;
    let text = String::from_utf8(file.data.into_owned()).map_err(|_| EngineError::internal(format!("zones/{name} is not UTF-8")))?;
    Ok(Cow::Owned(text))
}

/// Files of one folder of `zones/`, embedded or in `dir`, each once, in order.
fn names(dir: Option<&Path>, folder: &str, ending: &str) -> Vec<String> {
    let mut names: Vec<String> = ZoneFiles::iter().map(Cow::into_owned).filter(|n| n.starts_with(folder) && n.ends_with(ending)).collect();
    if let Some(entries) = dir.and_then(|d| std::fs::read_dir(d.join(folder)).ok()) {
        let found = entries.flatten().filter_map(|e| e.file_name().into_string().ok());
        names.extend(found.filter(|n| n.ends_with(ending)).map(|n| format!("{folder}{n}")));
    }
    names.sort();
    names.dedup();
    names
}
