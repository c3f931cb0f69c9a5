//! The program as its user runs it: a process, its exit code, its JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A workspace in a folder of its own that is gone with the test.
pub struct Bench {
    pub dir: tempfile::TempDir,
}

pub struct Answer {
    pub code: i32,
    pub json: Value,
    pub stderr: String,
}

impl Answer {
    /// The error's message, or all there is when it did not fail.
    pub fn message(&self) -> String {
        self.json["error"]["message"].as_str().map_or_else(|| format!("no error: {}", self.json), str::to_owned)
    }

    pub fn ok(self) -> Value {
        assert_eq!(self.code, 0, "{} {}", self.json, self.stderr);
        self.json
    }

    /// Fails unless the program refused with this code and a message that holds all these words.
    pub fn refused(self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{} {}", self.json, self.stderr);
        let message = self.message();
        for word in words {
            assert!(message.contains(word), "“{word}” is missing in: {message}");
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

impl Bench {
    pub fn new() -> Bench {
        Bench { dir: tempfile::tempdir().unwrap() }
    }

    /// With an empty workspace `w.gpkg`.
    pub fn with_workspace(crs: &str) -> Bench {
        let bench = Bench::new();
        bench.run(&["init", "w.gpkg", "--crs", crs]).ok();
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn run(&self, args: &[&str]) -> Answer {
        let output = self.command(args).output().unwrap();
        answer(&output)
    }

    /// What a person reads on stdout.
    pub fn text(&self, args: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_farmzone")).current_dir(self.dir.path()).args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farmzone"));
        command.current_dir(self.dir.path()).arg("--json").args(args);
        command
    }

    /// `import w.gpkg FILE --as ROLE …`
    pub fn import(&self, file: &Path, role: &str, more: &[&str]) -> Answer {
        let file = file.to_str().unwrap();
        let mut args = vec!["import", "w.gpkg", file, "--as", role];
        args.extend(more);
        self.run(&args)
    }
}

pub fn answer(output: &Output) -> Answer {
    let stdout = String::from_utf8_lossy(&output.stdout);
    Answer {
        code: output.status.code().unwrap_or(-1),
        json: serde_json::from_str(stdout.lines().last().unwrap_or("null")).unwrap_or(Value::Null),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The folder of real data, or a word that the test is left out.
pub fn real_data(test: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("FARMZONE_TEST_DATA").map(PathBuf::from).filter(|d| d.join("data").is_dir());
    if dir.is_none() {
        println!("{test}: skipped, FARMZONE_TEST_DATA names no folder with data/ in it");
    }
    dir
}

/// A GeoJSON file of polygons: (properties, ring).
pub fn geojson(features: &[(Value, &[[f64; 2]])]) -> String {
    let features: Vec<Value> = features
        .iter()
        .map(|(properties, ring)| serde_json::json!({ "type": "Feature", "properties": properties, "geometry": { "type": "Polygon", "coordinates": [ring] } }))
        .collect();
    serde_json::json!({ "type": "FeatureCollection", "features": features }).to_string()
}

/// The same with coordinates of a projected CRS, as GDAL writes and reads it.
pub fn geojson_in(crs: u32, features: &[(Value, &[[f64; 2]])]) -> String {
    let mut collection: Value = serde_json::from_str(&geojson(features)).unwrap();
    collection["crs"] = serde_json::json!({ "type": "name", "properties": { "name": format!("urn:ogc:def:crs:EPSG::{crs}") } });
    collection.to_string()
}

/// A closed square: its west and south end, its side.
pub fn square(x: f64, y: f64, side: f64) -> [[f64; 2]; 5] {
    [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
}
