//! `matricula check`, as a process: what it says where, and how it ends.

use std::fs;
use std::process::Command;

use super::support::{LEAST, REAL, Trial};
use serde_json::Value;

/// How a process ended: code, stdout, stderr.
type End = (i32, String, String);

/// Runs it in the folder of a trial, with nothing else in its environment.
fn check(trial: &Trial, arguments: &[&str], environment: &[(&str, &str)]) -> End {
    let output = Command::new(env!("CARGO_BIN_EXE_matricula"))
        .arg("check")
        .args(arguments)
        .current_dir(trial.folder())
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn settings_that_hold_are_summed_up() {
    let (code, out, talk) = check(&Trial::of(&format!("{REAL}{LEAST}")), &[], &[]);
    assert_eq!((code, talk.as_str()), (0, ""));
    insta::assert_snapshot!(out, @r#"
    config.toml
      clients    http://127.0.0.1:8080
      operators  127.0.0.1:9090

    demo: demo
      path       /demo/scim/v2
      mapping    moodle (Moodle 3.9 to 5.x, REST web services: users, and cohorts as groups)
      LMS        a sandbox
      token      "token 1": users and groups, never expires

    x: x
      path       /x/scim/v2
      mapping    moodle (Moodle 3.9 to 5.x, REST web services: users, and cohorts as groups)
      LMS        https://moodle.example
      token      "token 1": users and groups, never expires
    "#);
}

#[test]
fn for_machines_it_is_one_line() {
    let (code, out, talk) = check(&Trial::of(LEAST), &["--json"], &[]);
    assert_eq!((code, out.lines().count(), talk.as_str()), (0, 1, ""));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["ok"], true);
    assert_eq!(report["tenants"][0]["path"], "/demo/scim/v2");
    assert!(!out.contains("0123456789abcdef"), "{out}");
}

#[test]
fn faults_go_to_stderr_and_end_with_their_number() {
    let trial = Trial::of(&format!("{LEAST}[serve]\n[logs]\n"));
    let (code, out, talk) = check(&trial, &[], &[]);
    assert_eq!((code, out.as_str()), (1, ""));
    insta::assert_snapshot!(talk, @"
    error: there is no setting `serve`
     --> config.toml:6:2
      |
    6 | [serve]
      |  ^^^^^ unknown key
      |
      = help: did you mean `server`?

    error: there is no setting `logs`
     --> config.toml:7:2
      |
    7 | [logs]
      |  ^^^^ unknown key
      |
      = help: did you mean `log`?

    error: 2 faults; nothing would start
    ");
}

#[test]
fn faults_for_machines_have_place_and_hint() {
    let trial = Trial::of(&format!("admin = {{ token = \"hunter2\", listn = 1 }}\n{LEAST}"));
    let (code, out, _) = check(&trial, &["--json", "--set", "cache.fresh=soon"], &[]);
    assert_eq!(code, 1);
    let report: Value = serde_json::from_str(&out).unwrap();
    insta::assert_json_snapshot!(report["faults"], @r#"
    [
      {
        "hint": "`openssl rand -hex 32` makes a good one",
        "message": "`admin`: the token is shorter than 16 characters",
        "place": "config.toml:1:19"
      },
      {
        "hint": "did you mean `listen`?",
        "message": "there is no setting `admin.listn`",
        "place": "config.toml:1:26"
      },
      {
        "hint": "write a number with its unit, as in \"30s\", \"5m\" or \"250ms\"",
        "message": "`cache.fresh`: `soon` is no span of time",
        "place": "flag --set cache.fresh"
      }
    ]
    "#);
}

#[test]
fn warnings_do_not_make_it_fail() {
    let trial = Trial::of(LEAST);
    let (code, out, talk) = check(&trial, &["--set", "server.listen=[::]:8080"], &[]);
    assert_eq!(code, 0);
    assert!(out.contains("http://[::]:8080") && talk.contains("warning: tokens"), "{out}{talk}");
}

#[test]
fn a_flag_that_sets_nothing_is_an_argument_that_makes_no_sense() {
    for nonsense in ["server.listen", "=1", "a..b=1"] {
        let (code, out, talk) = check(&Trial::of(LEAST), &["--set", nonsense], &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{nonsense}");
        assert!(talk.contains(nonsense), "{talk}");
    }
}

#[test]
fn the_file_is_that_of_the_flag_or_of_the_variable_or_config_toml() {
    let trial = Trial::of(LEAST)
        .file("variable.toml", &LEAST.replace("demo", "variable"))
        .file("flag.toml", &LEAST.replace("demo", "flag"));
    let tenant = |arguments: &[&str], environment: &[(&str, &str)]| {
        let (code, out, talk) = check(&trial, arguments, environment);
        assert_eq!(code, 0, "{talk}");
        out.split("\n\n").nth(1).unwrap().split(':').next().unwrap().to_owned()
    };
    let variable = [("MATRICULA_CONFIG", "variable.toml")];
    assert_eq!(tenant(&[], &[]), "demo");
    assert_eq!(tenant(&[], &variable), "variable");
    assert_eq!(tenant(&["--config", "flag.toml"], &variable), "flag");
}

#[test]
fn without_a_file_the_environment_can_say_it_all() {
    let trial = Trial::of("");
    fs::remove_file(trial.folder().join("config.toml")).unwrap();
    let (code, _, talk) = check(&trial, &[], &[]);
    assert_eq!(code, 1);
    assert!(talk.contains("there is no tenant"), "{talk}");
    let tenants =
        r#"{ a = { mapping = "moodle", sandbox = true, tokens = [{ token = { env = "T" } }] } }"#;
    let word = format!("tenants={tenants}");
    let (code, _, talk) = check(&trial, &["--set", &word], &[("T", "0123456789abcdef0123")]);
    assert_eq!((code, talk.as_str()), (0, ""));
}

#[test]
fn the_cases_beside_a_mapping_are_played() {
    let case = "[[case]]\nname = \"nobody\"\nrequest = 'GET /Users/x'\nfails = \"missing\"\n";
    let trial = Trial::of(&LEAST.replace("\"moodle\"", "\"./mine.toml\""))
        .file("mine.toml", "extends = \"moodle\"\ntitle = \"Mine\"\n")
        .file(
            "mine.cases.toml",
            &format!("[settings]\nbase_url = \"https://x\"\ntoken = \"t\"\n{case}"),
        );
    let (code, out, talk) = check(&trial, &[], &[]);
    assert_eq!(code, 0, "{talk}");
    assert!(out.contains("1 passed, 0 failed"), "{out}");
    let wrong = fs::read_to_string(trial.folder().join("mine.cases.toml")).unwrap();
    let trial = trial.file("mine.cases.toml", &wrong.replace("missing", "denied"));
    let (code, out, talk) = check(&trial, &["--json"], &[]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["ok"]), (1, &Value::Bool(false)));
    assert!(talk.contains("mine.cases.toml") && talk.contains("1 case failed"), "{talk}");
}

#[test]
fn files_of_cases_that_are_broken_are_told_all_and_the_others_are_played() {
    let good = "[settings]\nbase_url = \"https://x\"\ntoken = \"t\"\n[[case]]\nname = \"nobody\"\nrequest = 'GET /Users/x'\nfails = \"missing\"\n";
    let trial = Trial::of(&LEAST.replace("\"moodle\"", "\"./mine.toml\""))
        .file("mine.toml", "extends = \"moodle\"\ntitle = \"Mine\"\n");
    let cases = trial.folder().join("mine/cases");
    fs::create_dir_all(&cases).unwrap();
    for (name, text) in [("a", "[[case]\n"), ("b", good), ("c", "[[caes]]\n")] {
        fs::write(cases.join(format!("{name}.toml")), text).unwrap();
    }
    fs::write(cases.join("d.toml"), b"\xff").unwrap();
    let (code, out, talk) = check(&trial, &["--json"], &[]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["ok"]), (1, &Value::Bool(false)));
    assert_eq!(report["tenants"][0]["cases"]["passed"], 1);
    let faults = report["faults"].as_array().unwrap();
    for name in ["cases/a.toml", "cases/c.toml", "cases/d.toml"] {
        let place = |fault: &Value| fault["place"].as_str().unwrap().contains(name);
        assert!(faults.iter().any(place) && talk.contains(name), "{name}: {out}{talk}");
    }
}
