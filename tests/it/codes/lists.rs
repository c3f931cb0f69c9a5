//! Lists of codes: every row of a file is judged and told with its row, however many, in bounded time.

use std::time::{Duration, Instant};

use farmzone::engine::{CodeList, Rulebook};

use super::*;

#[test]
fn bad_codes_at_the_top_of_a_list_are_told_with_their_rows() {
    let bench = registered();
    let check = |name: &str, text: &str| {
        let file = bench.write(name, text);
        let told = bench.run(&["check", "w.gpkg", "--date", "2026-11-22", "--file", file.to_str().unwrap(), "--out", "v.csv"]).ok();
        let one = |r: &Value| format!("{} {} {}", r["row"], r["asked"].as_str().unwrap(), r["verdict"].as_str().unwrap());
        told["results"].as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let with_heading = check("a.csv", "STT,Mã số\n1,VN-HN0R-0001\n2,HNOR/7\n3,VN-HNOR-0001\n");
    assert_eq!(with_heading, ["2 VN-HN0R-0001 invalid", "3 HNOR/7 invalid", "4 VN-HNOR-0001 valid"]);
    let without = check("b.txt", "VN-HN0R-0001\nVN-HNOR-0001\nx\n");
    assert_eq!(without, ["1 VN-HN0R-0001 invalid", "2 VN-HNOR-0001 valid", "3 x invalid"]);
    let table = std::fs::read_to_string(bench.path("v.csv")).unwrap();
    assert!(table.starts_with("row,asked,") && table.contains("\r\n3,x,"), "{table}");
    // What is wrong with a row of the file is told too.
    let bytes = [b"m\xe3\nVN-HNOR-0001\n".as_slice(), b"VN-HNOR-0002 \xcc\n"].concat();
    let engine = engine(&bench);
    let list = engine.snapshot().codes_in_bytes(&bytes, "a.csv", None).unwrap();
    assert_eq!(list.issues.iter().map(|issue| issue.code).collect::<Vec<_>>(), ["encoding"]);
    assert_eq!(engine.snapshot().check_list(&list, &CheckAsk::default()).unwrap()["issues"][0]["feature"], "3");
}

#[test]
fn what_looks_like_codes_and_is_none_takes_little_time() {
    let bench = registered();
    let engine = engine(&bench);
    let snapshot = engine.snapshot();
    // Fifty columns of forty look-alikes, and one code.
    let row = vec!["O".repeat(40); 50].join(",");
    let text = format!("{}\nVN-HNOR-0001{}\n", vec![row; 5_000].join("\n"), ",".repeat(49));
    let started = Instant::now();
    assert!(snapshot.codes_in_bytes(text.as_bytes(), "a.csv", None).is_err(), "there is no code in the first thousand rows");
    // Nor does a long list of them, of which the first are advised on.
    let bad = format!("VN-HNOR-0001\n{}", "OS5B8Z2Q0IL1OS5B8Z2Q0IL1OS5B8Z2Q0IL1OS5B\n".repeat(20_000));
    let list = snapshot.codes_in_bytes(bad.as_bytes(), "a.csv", None).unwrap();
    assert_eq!(snapshot.check_list(&list, &CheckAsk::default()).unwrap()["by_verdict"]["invalid"], 20_000);
    assert!(started.elapsed() < Duration::from_secs(90), "{:?}", started.elapsed());
}

#[test]
fn two_hundred_thousand_codes_are_judged_and_ten_thousand_shown() {
    let bench = registered();
    let engine = engine(&bench);
    let snapshot = engine.snapshot();
    let codes: Vec<String> = (0..200_000).map(|n| format!("VN-HNOR-{:04}", n % 10_000)).collect();
    let list = snapshot.codes_in_bytes(format!("mã\n{}\n", codes.join("\n")).as_bytes(), "a.csv", None).unwrap();
    let ask = CheckAsk { date: Some("2026-11-22".parse().unwrap()), ..CheckAsk::default() };
    let told = snapshot.check_list(&list, &ask).unwrap();
    assert_eq!((&told["n"], told["results"].as_array().unwrap().len()), (&json!(200_000), 10_000));
    assert_eq!(told["by_verdict"], json!({ "invalid": 199_980, "valid": 20 }));
    let most = format!("mã\n{}\nVN-HNOR-0001\n", codes.join("\n"));
    let error = snapshot.codes_in_bytes(most.as_bytes(), "a.csv", None).unwrap_err();
    assert!(error.to_string().contains("at most 200000"), "{error}");
}

/// A thread that waits for its own work would wait for ever: many codes are judged on few threads, of snapshots that nobody asked.
#[test]
fn many_codes_are_judged_on_few_threads() {
    let bench = loaded();
    let rows: String = (0..60).map(|n| format!("VN-HNOR-{n:04},{}\n", if n % 2 == 0 { "a" } else { "b" })).collect();
    let file = bench.write("register.csv", format!("code,zone_ids\n{rows}"));
    bench.import(&file, "codes", &[]).ok();
    let path = bench.path("w.gpkg");
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let rulebook = std::sync::Arc::new(Rulebook::load(None).unwrap());
        let typed: Vec<String> = (0..60).map(|n| format!("VN-HNOR-{n:04}")).collect();
        let threads = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
        for _ in 0..40 {
            let snapshot = farmzone::engine::open(&path, &rulebook).unwrap();
            let told = threads.install(|| snapshot.check_list(&CodeList::of(&typed), &CheckAsk::default()).unwrap());
            assert_eq!(told["n"], 60);
        }
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(Duration::from_secs(120)).is_ok(), "threads wait for one another");
}
