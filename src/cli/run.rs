//! Each command: what it asks the engine, and what it prints.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::args::{Cli, Command, DossierArgs, ImportArgs, TILE_CACHE_MB, TakenAs};
use super::check;
use super::output;
use super::progress::Bar;
use super::user;
use super::view;
use crate::engine::{
    self, Accounts, AlertsAsk, By, DetectAsk, DossierAsk, DossierFile, Engine, EngineError, ExportAsk, FiguresAsk, FiguresBy, Filter,
    Import, Mode, Page, PartnerImport, PyramidAsk, Reach, Rulebook, Subject, SubjectKind, TileLayer, TransitionsAsk,
};
use crate::http::{self, Readers, Serving, Settings};
use crate::model::PartnerTable;

pub fn run(cli: &Cli) -> Result<(), EngineError> {
    log_to_stderr(cli);
    // Also where none is needed: a folder that is misspelt is said at once.
    let rulebook = Rulebook::load(cli.rules.as_deref())?;
    match &cli.command {
        Command::Init { workspace, crs } => {
            engine::init(workspace, *crs)?;
            let text = format!(
                "{}: an empty workspace in {crs}\nnext: farmzone import {} FILE --as zones",
                workspace.display(),
                workspace.display()
            );
            output::result(cli.json, &json!({ "workspace": workspace, "crs": crs }), &text)
        }
        Command::Import(args) => import(cli, args, rulebook),
        Command::Layers { workspace } => {
            let layers = engine::layers(workspace)?;
            output::result(cli.json, &json!({ "layers": layers }), &output::layers(&layers))
        }
        Command::Drop { workspace, layer } => {
            let revision = engine::drop_layer(workspace, layer)?;
            output::result(cli.json, &json!({ "layer": layer, "revision": revision }), &format!("{layer} taken out; revision {revision}"))
        }
        Command::Targets { workspace, file } => {
            let targets = engine::targets(workspace, &rulebook, file.as_deref())?.targets;
            output::result(cli.json, &json!({ "targets": targets }), &output::targets(&targets))
        }
        Command::Backup { workspace, out } => {
            let mut bar = Bar::new();
            let done = engine::backup(workspace, out, &mut |step, done, total| bar.show(step, done, total))?;
            drop(bar);
            let bytes = std::fs::metadata(out).map_or(0, |m| m.len());
            let facts =
                json!({ "workspace": workspace, "out": out, "bytes": bytes, "accounts": done.accounts, "n_accounts": done.n_accounts });
            let accounts = match &done.accounts {
                Some(path) => format!("{}: {} accounts, for your eyes only", path.display(), done.n_accounts),
                None => "no accounts to copy".to_owned(),
            };
            output::result(cli.json, &facts, &format!("{}: {bytes} bytes\n{accounts}", out.display()))
        }
        Command::Overlay { workspace, epoch, raster, out } => {
            let found = engine::overlay(workspace, &Arc::new(rulebook), *epoch, *raster, out.as_deref())?;
            output::result(cli.json, &json!(found), &output::overlay(&found))
        }
        Command::Detect { workspace, epoch, since, kind, out } => {
            let ask = DetectAsk { epoch: *epoch, since: *since, kind: kind.as_deref(), ..DetectAsk::default() };
            let mut bar = Bar::new();
            let found =
                engine::detect(workspace, &Arc::new(rulebook), ask, out.as_deref(), &mut |what, done, total| bar.show(what, done, total))?;
            output::result(cli.json, &json!(found), &output::found(&found))
        }
        Command::Transitions { workspace, since, epoch, kind, by_group, out } => {
            let snapshot = engine::open(workspace, &Arc::new(rulebook))?;
            let by = if *by_group { By::Group } else { By::Code };
            let filter = Filter { kinds: kind.iter().cloned().collect(), ..Filter::default() };
            let ask = TransitionsAsk { from: *since, to: *epoch, by, filter };
            let table = snapshot.transitions_table(&ask)?;
            if let Some(out) = out {
                engine::write_transitions(&snapshot, &ask, out)?;
            }
            output::result(cli.json, &table, &output::transitions(&table))
        }
        Command::Figures { workspace, by, epoch, kind, core, out } => {
            let snapshot = engine::open(workspace, &Arc::new(rulebook))?;
            let filter = Filter { kinds: kind.iter().cloned().collect(), epoch: *epoch, ..Filter::default() };
            let by = FiguresBy::from_word(by).unwrap_or_default();
            let ask = FiguresAsk { by, reach: Reach { core_m: *core, ..Reach::default() }, filter };
            let page = Page { limit: usize::MAX, offset: 0 };
            let found = snapshot.figures(&ask, page)?;
            if let Some(out) = out {
                engine::write_figures(&snapshot, &found, out)?;
            }
            let page = Page { limit: found.rows.len(), ..page };
            output::result(cli.json, &snapshot.figures_facts(&ask, page, &found), &output::figures(&found))
        }
        Command::Check(args) => check::run(cli, args, rulebook),
        Command::Alerts { workspace, status, unit, kind, digest, limit } => {
            let (snapshot, accounts) = (engine::open(workspace, &Arc::new(rulebook))?, Accounts::of(workspace)?);
            let (kinds, units, statuses) = (kind.iter().cloned().collect(), unit.clone(), status.clone());
            let filter = Filter { kinds, units, statuses, ..Filter::default() };
            if *digest {
                let sums = snapshot.alerts_digest(&filter, None, &accounts)?;
                return output::result(cli.json, &sums, &output::alerts_digest(&sums));
            }
            let ask = AlertsAsk { filter, ..AlertsAsk::default() };
            let found = snapshot.alerts_list(&ask, Page { limit: *limit, offset: 0 }, &accounts)?;
            output::result(cli.json, &found, &output::alerts(&found))
        }
        Command::Export { workspace, out, layer, crs, licence, rev } => {
            let mut bar = Bar::new();
            let snapshot = engine::open(workspace, &Arc::new(rulebook))?;
            let ask = ExportAsk { crs: *crs, licence: licence.clone(), only_losses: false, as_of: *rev };
            let done = engine::export(&snapshot, layer, out, &ask, &mut |step, done, total| bar.show(step, done, total))?;
            drop(bar);
            output::result(cli.json, &json!(done), &output::exported(&done))
        }
        Command::Tiles { workspace, out, layer, minzoom, maxzoom, epoch } => {
            let layers = layer.as_deref().map_or(Ok(TileLayer::ALL.to_vec()), TileLayer::parse_list)?;
            let ask = PyramidAsk { layers, min_zoom: *minzoom, max_zoom: *maxzoom, epoch: *epoch };
            let mut bar = Bar::new();
            let done = engine::pyramid(workspace, &Arc::new(rulebook), &ask, out, &mut |step, done, total| bar.show(step, done, total));
            drop(bar);
            let done = done?;
            output::result(cli.json, &json!(done), &output::pyramid(&done))
        }
        Command::Dossier(args) => dossier(cli, args, rulebook),
        Command::View(args) => view::run(cli, args, rulebook),
        Command::Serve { workspace, bind, tile_cache, behind_proxy, public_url, settings } => {
            let readers = if *behind_proxy { Readers::BehindProxy } else { Readers::Direct };
            let settings = settings.as_deref().map_or_else(|| Ok(Settings::default()), settings_of)?;
            let most_tile_bytes = (*tile_cache as usize) << 20;
            let serving = Serving { bind: *bind, most_tile_bytes, readers, public_url: public_url.clone(), settings };
            serve(cli, workspace, serving, &[], rulebook)
        }
        Command::User(command) => user::run(cli.json, command, &rulebook),
        Command::Demo { dir, bind, make_only } => demo(cli, dir, *bind, *make_only, rulebook),
    }
}

fn import(cli: &Cli, args: &ImportArgs, rulebook: Rulebook) -> Result<(), EngineError> {
    let fields = args.field_map().map_err(|name| EngineError::usage(format!("--field {name}=… is given twice: which column is it?")))?;
    let mode = match (args.replace, args.append, args.update) {
        (true, _, _) => Mode::Replace,
        (_, true, _) => Mode::Append,
        (_, _, true) => Mode::Update,
        _ => Mode::New,
    };
    let role = match args.taken_as {
        TakenAs::Layer(role) => role,
        TakenAs::Table(table) => return import_table(cli, args, table, &fields, mode, rulebook),
    };
    let request = Import {
        file: &args.file,
        role,
        layer: args.layer.as_deref(),
        fields: &fields,
        kind: args.kind.as_deref(),
        code: args.code.as_deref(),
        keep: &args.keep,
        epoch: args.epoch,
        legend: &args.legend,
        crs: args.crs,
        operation: args.operation,
        correct: args.correct,
        accuracy_m: args.accuracy,
        source: args.source.as_deref(),
        encoding: args.encoding.as_deref(),
        mode,
        strict: args.strict,
        issues_out: args.issues.as_deref(),
        dry_run: args.dry_run,
        simulated: false,
    };
    let mut bar = Bar::new();
    let done = engine::import(&args.workspace, &rulebook, &request, &mut |step, done, total| bar.show(step, done, total));
    drop(bar);
    let done = done?;
    output::result(cli.json, &json!(done), &output::imported(&done))
}

/// Who is behind zones: a table without land, which most options say nothing of.
fn import_table(
    cli: &Cli,
    args: &ImportArgs,
    table: PartnerTable,
    fields: &BTreeMap<String, String>,
    mode: Mode,
    rulebook: Rulebook,
) -> Result<(), EngineError> {
    let of_land = [
        ("--kind", args.kind.is_some()),
        ("--code", args.code.is_some()),
        ("--keep", !args.keep.is_empty()),
        ("--epoch", args.epoch.is_some()),
        ("--crs", args.crs.is_some()),
        ("--operation", args.operation.is_some()),
        ("--correct", args.correct.is_some()),
        ("--accuracy", args.accuracy.is_some()),
        ("--source", args.source.is_some()),
    ];
    if let Some((option, _)) = of_land.iter().find(|(_, is_given)| *is_given) {
        return Err(EngineError::usage(format!("{option} is for layers; {table} are a table of rows: leave it out")));
    }
    let request = PartnerImport {
        file: &args.file,
        table,
        layer: args.layer.as_deref(),
        fields,
        encoding: args.encoding.as_deref(),
        mode,
        strict: args.strict,
        issues_out: args.issues.as_deref(),
        dry_run: args.dry_run,
    };
    let mut bar = Bar::new();
    let rulebook = Arc::new(rulebook);
    let done = engine::import_partners(&args.workspace, &rulebook, &request, &mut |step, done, total| bar.show(step, done, total));
    drop(bar);
    let done = done?;
    output::result(cli.json, &json!(done), &output::partners_imported(&done))
}

fn dossier(cli: &Cli, args: &DossierArgs, rulebook: Rulebook) -> Result<(), EngineError> {
    let ending = args.out.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let file = DossierFile::ALL.into_iter().find(|file| file.ending() == ending);
    let file = file.ok_or_else(|| EngineError::usage(format!("{}: a dossier is a .pdf, .xlsx or .geojson", args.out.display())))?;
    let subjects = [(SubjectKind::Zone, &args.zone), (SubjectKind::Event, &args.event), (SubjectKind::Code, &args.code)];
    let named = subjects.into_iter().find_map(|(kind, id)| id.clone().map(|id| Subject { kind, id }));
    let subject = named.ok_or_else(|| EngineError::usage("name what the dossier is about: --zone, --event or --code"))?;
    let ask = DossierAsk { subject, lang: args.lang, file, base: args.public_url.clone() };
    let snapshot = engine::open(&args.workspace, &Arc::new(rulebook))?;
    let bytes = engine::write_dossier(&snapshot, &ask, &args.out)?;
    let facts = json!({ "out": args.out, "subject": ask.subject, "bytes": bytes, "revision": snapshot.revision });
    output::result(cli.json, &facts, &format!("{}: {bytes} bytes; revision {}", args.out.display(), snapshot.revision))
}

/// More is no settings file.
const MOST_SETTINGS_BYTES: u64 = 1 << 20;

fn settings_of(path: &Path) -> Result<Settings, EngineError> {
    let named = |why: &dyn std::fmt::Display| EngineError::invalid(format!("settings {}: {why}", path.display()));
    if !path.exists() {
        return Err(EngineError::not_found(format!("no settings file {}", path.display())));
    }
    if std::fs::metadata(path).map_err(|e| named(&e))?.len() > MOST_SETTINGS_BYTES {
        return Err(named(&"it is larger than 1 MiB: is it another file?"));
    }
    Settings::parse(&std::fs::read_to_string(path).map_err(|e| named(&e))?).map_err(|e| named(&e))
}

/// `made` are accounts of which this is the only moment to show the passwords.
fn serve(cli: &Cli, workspace: &Path, serving: Serving, made: &[Value], rulebook: Rulebook) -> Result<(), EngineError> {
    let engine = Engine::serve(workspace, rulebook)?;
    if !engine.accounts().has_administrator()? {
        let how = format!("farmzone user add {} NAME --role administrator", workspace.display());
        tracing::info!(how, "nobody can sign in as administrator yet: make the first on this machine");
    }
    http::serve(engine, serving, |address| {
        let mut facts = json!({ "url": format!("http://{address}/"), "workspace": workspace });
        if !made.is_empty() {
            facts["accounts"] = made.into();
        }
        let text = format!("serving {} on http://{address}/{}", workspace.display(), output::passwords(made));
        let _ = output::result(cli.json, &facts, &text);
    })
}

fn demo(cli: &Cli, dir: &Path, bind: SocketAddr, make_only: bool, rulebook: Rulebook) -> Result<(), EngineError> {
    let workspace: PathBuf = dir.join("hanoi-simulated.gpkg");
    if !workspace.exists() {
        let mut bar = Bar::new();
        engine::make_demo(&workspace, &rulebook, &mut |step, done, total| bar.show(step, done, total))?;
        drop(bar);
        eprintln!("simulated Hanoi made in {}", workspace.display());
    }
    // Printed with the result, never to the log.
    let made = user::demo_accounts(&workspace, &rulebook)?;
    if made.is_empty() {
        eprintln!("accounts are kept: a new password for one by farmzone user password {} NAME", workspace.display());
    }
    if make_only {
        let text = format!("{}{}", workspace.display(), output::passwords(&made));
        return output::result(cli.json, &json!({ "workspace": workspace, "accounts": made }), &text);
    }
    let most_tile_bytes = (TILE_CACHE_MB as usize) << 20;
    let serving = Serving { bind, most_tile_bytes, readers: Readers::Direct, public_url: None, settings: Settings::default() };
    serve(cli, &workspace, serving, &made, rulebook)
}

/// Lines for a person on a terminal, JSON otherwise: warnings, or what `-v` asks for; the server says more.
fn log_to_stderr(cli: &Cli) {
    let serving = matches!(cli.command, Command::Serve { .. } | Command::Demo { .. });
    let level = match (cli.verbose, serving) {
        (0, false) => "warn",
        (0, true) | (1, _) => "info",
        _ => "debug",
    };
    // The viewer's renderer calls each tile that it asks for an error.
    let filter = tracing_subscriber::EnvFilter::new(format!("warn,maplibre=off,farmzone={level}"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second initialisation (tests in one process) keeps the first.
    let _ = if std::io::stderr().is_terminal() { builder.compact().try_init() } else { builder.json().try_init() };
}
