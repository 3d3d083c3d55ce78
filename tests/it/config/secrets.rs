//! Secrets come in three forms, and none is ever shown.

use super::support::{LEAST, REAL, SILENT, Trial, told};
use matricula::store::Digest;

const SECRET: &str = "hunter2-hunter2-hunter2";

fn with_token(form: &str) -> Trial {
    Trial::of(&format!("{SILENT}tokens = [{{ {form} }}]\n"))
}

fn knows_it(trial: &Trial) -> bool {
    let settings = trial.load().unwrap().settings;
    settings.tenants.iter().any(|it| it.tokens.find(Digest::of(SECRET)).is_some())
}

#[test]
fn a_secret_is_itself_or_a_variable_or_a_file() {
    assert!(knows_it(&with_token(&format!("token = \"{SECRET}\""))));
    assert!(knows_it(&with_token("token = { env = \"ENTRA\" }").variable("ENTRA", SECRET)));
    let file = with_token("token = { file = \"entra\" }").file("entra", &format!("{SECRET}\r\n"));
    assert!(knows_it(&file));
    let digest = "87cbd53e4b8ee62c4ed1bb06a6a9e5bcda4ac5e8ff92e2f7d6fb37e6b8dbaeb3";
    let other = with_token(&format!("sha256 = \"{digest}\""));
    assert!(!knows_it(&other));
}

#[test]
fn a_setting_of_the_mapping_that_is_secret_takes_the_forms_too() {
    let text = REAL.replace("\"hunter2hunter2\"", "{ file = \"moodle-token\" }");
    let trial = Trial::of(&text).file("moodle-token", SECRET);
    assert!(trial.load().is_ok());
    let shown = format!("{:?}", trial.load().unwrap().settings);
    assert!(shown.contains("moodle.example") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn settings_show_no_secret() {
    let trial = Trial::of(&format!("{REAL}[admin]\ntoken = \"{SECRET}\"\n"));
    let shown = format!("{:?}", trial.load().unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains("0123456789abcdef"), "{shown}");
}

#[test]
fn no_fault_shows_a_secret_however_it_was_misplaced() {
    let places = [
        "[admin]\ntoken = \"hunter2\"",
        "[admin]\ntokn = \"hunter2\"",
        "[admin]\ntoken = { value = \"hunter2\" }",
        "[admin]\ntoken = [\"hunter2\"]",
        "admin = { token = \"hunter2\", listn = 1 }",
        "token = \"hunter2\"",
        "[tenants.a]\ntoken = \"hunter2\"",
        "[tenants.a]\ntokens = \"hunter2\"",
        "[tenants.a]\ntokens = [\"hunter2\"]",
        "[tenants.a]\ntokens = { token = \"hunter2\" }",
        "[tenants.a]\ntokens = [{ titel = 1, token = \"hunter2\" }]",
        "[tenants.a]\nmapping = \"moodle\"\nlms = { toke = \"hunter2\" }",
        "[tenants.a]\nmapping = \"moodle\"\nlms = { wstoken = \"hunter2\", batch = true }",
        "[tenants.a]\nmapping = \"moodel\"\nlms = { key = \"hunter2\" }",
        "[tenants.a]\nlms = \"hunter2\"",
        "[tenants.a]\nmapping = \"moodle\"\nlms = [\"hunter2\"]",
        "tenants = [{ token = \"hunter2\" }]",
        "[admin]\ntoken = \"hunter2",
        "[admin]\ntoken = hunter2",
        "[admin]\ntoken = \"\"\"\nhunter2\n",
        "[admin]\ntoken = \"\"\"\nhunter2 = \\q hunter2\n\"\"\"",
        "[admin]\n\"hunter2\" hunter2",
        "[tenants]\na = { mapping = \"moodel\", lms = { key = \"hunter2\" } }",
        "[tenants.a.lms\ntoken = \"hunter2\"",
        "tokens = [\n  \"hunter2\"",
        "[admin]\ntoken = \"hunter2\"\ntoken = \"hunter2\"",
        "[store]\npostgres = \"postgres://m:hunter2@db.example/m\"",
        "[store.postgres]\nurll = \"postgres://m:hunter2@db.example/m\"",
        "[store.postgres]\nurl = \"postgres://m:hunter2@db.example/m?sslmode=prefer\"",
        "[store.postgres]\nurl = \"hunter2\"",
        "store = { postgres = { url = \"hunter2\", password = 7, pool = 1 } }",
        "[store]\nkey = \"hunter2\"",
        "[store]\nkye = \"hunter2\"",
        "[store]\nkey = { vault = \"hunter2\" }",
        "store = { key = \"hunter2\", pth = 1 }",
        "store = { key = \"hunter2-hunter2-hunter2\", path = 1 }",
        "stoer = { key = \"hunter2\" }",
        "[store.postgres]\nurl = \"postgres://m@h/d\"\npwd = \"hunter2\"",
        "[tenants.a]\ntokens = [{ sha256 = \"hunter2\" }]",
        "[tenants.a]\ntokens = [{ sha256 = \"hunter2\", titel = 1 }]",
        "[[tenants.a.tokens]]\nsha265 = \"hunter2\"",
    ];
    for text in places {
        let told = told("", &format!("{text}\n"));
        assert!(!told.contains("hunter2"), "{text} gives {told}");
    }
}

#[test]
fn a_fault_does_not_tell_how_long_a_hidden_secret_is() {
    let line = |secret: &str| format!("admin = {{ token = \"{secret}\", listn = 1 }}\n");
    let short = told("", &format!("{}{LEAST}", line("0123456789abcdef0123456789")));
    let long = told("", &format!("{}{LEAST}", line(&"0123456789".repeat(9))));
    assert_eq!(short, long);
    insta::assert_snapshot!(short, @r#"
    error: there is no setting `admin.listn`
     --> config.toml:1:26
      |
    1 | admin = { token = "***", listn = *** }
      |                          ^^^^^ unknown key
      |
      = help: did you mean `listen`?
    "#);
}

#[test]
fn a_password_in_the_address_of_an_lms_is_refused_and_not_shown() {
    for address in [
        "https://svc:hunter2@moodle.example",
        "https://hunter2@moodle.example/path",
        "https://svc:p/hunter2@moodle.example",
        "https://svc:12/hunter2@moodle.example",
        "https://svc:p hunter2@moodle.example",
        "svc:hunter2@moodle.example",
    ] {
        let text = REAL.replace("https://moodle.example", address);
        let told = Trial::of(&text).faults();
        assert!(told.contains("names a user") && !told.contains("hunter2"), "{address}: {told}");
        let word = Trial::of(REAL).set(&format!("tenants.x.lms.base_url={address}")).faults();
        assert!(word.contains("names a user") && !word.contains("hunter2"), "{address}: {word}");
    }
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_everybody_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let trial = with_token("token = { file = \"entra\" }").file("entra", SECRET);
    let path = trial.folder().join("entra");
    let allow = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(0o640);
    assert_eq!(trial.warnings(), "");
    allow(0o644);
    insta::assert_snapshot!(trial.warnings(), @r#"
    warning: every user of this machine can read `entra`
     --> config.toml:4:30
      |
    4 | tokens = [{ token = { file = "entra" } }]
      |                              ^^^^^^^
      |
      = help: take the right away: chmod o-r, or 0400 and the gateway's user
    "#);
}
