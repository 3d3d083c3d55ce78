//! The program as its users start it: a process, its output, its signals.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;

/// A process that ends with the test.
pub(super) struct Program {
    pub(super) child: Child,
    out: BufReader<ChildStdout>,
    talk: BufReader<ChildStderr>,
}

impl Program {
    pub(super) fn start(words: &[&str], folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_matricula"))
            .args(words)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let talk = BufReader::new(child.stderr.take().unwrap());
        Self { child, out, talk }
    }

    pub(super) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// Reads the log up to a line that holds these words.
    pub(super) fn logged(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.talk.read_line(&mut line).unwrap(), 0, "it ended without {words}");
            if line.contains(words) {
                return line;
            }
        }
    }

    pub(super) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for the end, and gives what was left to read of the log.
    pub(super) fn talked(&mut self) -> String {
        let mut rest = String::new();
        self.talk.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Waits for the end, and gives what was left to read on stdout.
    pub(super) fn end(&mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One exchange with a server at `http://host:port/path`.
pub(super) fn ask(method: &str, url: &str, token: Option<&str>) -> (u16, String) {
    send(method, url, token, "")
}

pub(super) fn send(method: &str, url: &str, token: Option<&str>, content: &str) -> (u16, String) {
    let mut stream = begin(method, url, token, content);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, body.to_owned())
}

/// A request that was sent, before its answer.
pub(super) fn begin(method: &str, url: &str, token: Option<&str>, content: &str) -> TcpStream {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).unwrap();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\n{token}Connection: close\r\n\
         Content-Length: {}\r\n\r\n{content}",
        content.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn the_demo_tells_scripts_one_line_answers_and_ends_well() {
    let mut demo = Program::start(&["demo", "--json", "--listen", "127.0.0.1:0"], Path::new("."));
    let told: Value = serde_json::from_str(&demo.line()).unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let names: Vec<_> = told.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["adminUrl", "lmsToken", "lmsUrl", "tenantUrl", "token"]);
    let probe = format!("{}/Users?filter=userName+eq+%22nobody%22", text("tenantUrl"));
    let (status, body) = ask("GET", &probe, Some(&text("token")));
    assert_eq!(status, 200);
    assert!(body.contains("\"totalResults\":0"), "{body}");
    assert_eq!(ask("GET", &probe, Some("mistaken")).0, 401);
    let (status, body) = ask("GET", &format!("{}/ready", text("adminUrl")), None);
    assert!(status == 200 && body.contains("\"ready\":true"), "{body}");
    assert_eq!(ask("GET", &text("lmsUrl"), None).0 / 100, 4, "the sandbox is there");
    demo.signal("INT");
    let (status, rest) = demo.end();
    assert!(status.success(), "{status}");
    assert_eq!(rest, "", "nothing but the one line");
}

#[test]
fn the_demo_takes_the_token_it_is_given_and_shows_people_what_to_paste() {
    let token = "a-token-that-was-given-to-it";
    let mut demo =
        Program::start(&["demo", "--listen", "127.0.0.1:0", "--token", token], Path::new("."));
    let mut told = String::new();
    while !told.contains("Ctrl-C") {
        told.push_str(&demo.line());
    }
    let tenant = told.lines().next().unwrap().split_whitespace().last().unwrap().to_owned();
    assert_eq!(told.matches("curl -H 'Authorization: Bearer a-token-that").count(), 3, "{told}");
    assert_eq!(ask("GET", &format!("{tenant}/Users"), Some(token)).0, 200);
}

#[test]
fn a_demo_keeps_its_data_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    let words = ["demo", "--json", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let mut demo = Program::start(&words, Path::new("."));
    demo.line();
    assert!(data.join("matricula.db").is_file());
}

#[test]
fn a_demo_before_an_lms_that_is_not_there_says_so_by_503() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{gone}");
    let words = ["demo", "--json", "--listen", "127.0.0.1:0", "--lms", &url, "--lms-token", "t"];
    let mut demo = Program::start(&words, Path::new("."));
    let told: Value = serde_json::from_str(&demo.line()).unwrap();
    assert_eq!(told["lmsUrl"].as_str().unwrap(), url);
    let users = format!("{}/Users/7", told["tenantUrl"].as_str().unwrap());
    assert_eq!(ask("GET", &users, told["token"].as_str()).0, 503);
}

pub(super) const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"

[admin]
listen = "127.0.0.1:0"

[tenants.school]
mapping = "moodle"
mode = "sync"
sandbox = true

[[tenants.school.tokens]]
title = "first"
token = "the-first-token-of-the-school"
"#;

/// The same, run dry, with what is written of it in the store.
pub(super) fn dry_config() -> String {
    let config = CONFIG.replace("mode = \"sync\"", "mode = \"dry-run\"");
    format!("{config}[store]\nsandboxes = true\n")
}

const SECOND: &str = r#"
[[tenants.school.tokens]]
title = "second"
token = "the-second-token-of-the-school"
"#;

/// The addresses that the log tells.
pub(super) fn addresses(line: &str) -> (String, String) {
    let after = |name: &str| {
        let rest = line.split_once(name).unwrap().1;
        format!("http://{}", rest.split_whitespace().next().unwrap())
    };
    (after("scim="), after("admin="))
}

#[test]
fn a_reload_takes_what_is_new_and_refuses_what_is_faulty() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, CONFIG).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, admin) = addresses(&program.logged("serving"));
    let users = format!("{scim}/school/scim/v2/Users");
    let second = Some("the-second-token-of-the-school");
    assert_eq!(ask("GET", &users, Some("the-first-token-of-the-school")).0, 200);
    assert_eq!(ask("GET", &users, second).0, 401);
    fs::write(&file, format!("{CONFIG}{SECOND}")).unwrap();
    program.signal("HUP");
    program.logged("the configuration was read again");
    assert_eq!(ask("GET", &users, second).0, 200);
    fs::write(&file, format!("{CONFIG}\n[tenants.school.tokns]\n")).unwrap();
    let (status, faults) = ask("POST", &format!("{admin}/reload"), None);
    assert!(status == 422 && faults.contains("tokns"), "{status} {faults}");
    assert_eq!(ask("GET", &users, second).0, 200, "the old configuration goes on");
    let (_, metrics) = ask("GET", &format!("{admin}/metrics"), None);
    for line in [
        "matricula_reload_last_successful 0",
        "matricula_reload_total{outcome=\"ok\"} 1",
        "matricula_reload_total{outcome=\"refused\"} 1",
        "matricula_tenant_info{",
    ] {
        assert!(metrics.contains(line), "{line}");
    }
    program.signal("TERM");
    assert!(program.end().0.success());
}

#[test]
fn a_faulty_configuration_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "[servr]\n").unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let line = program.logged("servr");
    assert!(line.contains("servr"));
    assert_eq!(program.end().0.code(), Some(1));
}

#[test]
fn a_demo_whose_lms_is_no_address_says_so_and_opens_nothing() {
    let words = ["demo", "--listen", "127.0.0.1:0", "--lms", "moodle", "--lms-token", "t\"'\\"];
    let mut demo = Program::start(&words, Path::new("."));
    let (status, told) = demo.end();
    assert_eq!((status.code(), told.as_str()), (Some(1), ""));
}

pub(super) const SILENT: &str = r#"
[server]
listen = "127.0.0.1:0"

[admin]
listen = "127.0.0.1:0"

[tenants.school]
mapping = "moodle"
sandbox = true
"#;

/// A command that ends by itself: its status, what it printed, what it said.
pub(super) fn command(words: &[&str], folder: &Path) -> (ExitStatus, String, String) {
    let mut program = Program::start(words, folder);
    let (mut out, mut talk) = (String::new(), String::new());
    program.out.read_to_string(&mut out).unwrap();
    program.talk.read_to_string(&mut talk).unwrap();
    (program.child.wait().unwrap(), out, talk)
}

#[test]
fn tokens_are_made_and_revoked_beside_a_running_gateway() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), SILENT).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, _) = addresses(&program.logged("serving"));
    let told = program.logged("nobody can speak to this tenant");
    assert!(told.contains("matricula token create --tenant school"), "{told}");
    let users = format!("{scim}/school/scim/v2/Users?count=1");
    let words = ["token", "create", "--tenant", "school", "--title", "entra", "--expires", "90d"];
    let (status, out, talk) = command(&words, folder.path());
    assert!(status.success() && talk.contains("/school/scim/v2"), "{talk}");
    let token = out.trim();
    assert!(token.starts_with("matricula_") && token.len() == 59, "{out}");
    assert_eq!(ask("GET", &users, Some(token)).0, 200);
    let (_, list, _) = command(&["token", "list"], folder.path());
    assert!(list.contains("entra") && !list.contains(token), "{list}");
    let (status, out, _) = command(&["token", "rotate", "1", "--json"], folder.path());
    assert!(status.success());
    let rotated: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&rotated["id"], &rotated["title"]), (&2.into(), &"entra".into()));
    let second = rotated["token"].as_str().unwrap();
    assert_eq!(ask("GET", &users, Some(token)).0, 200, "the old one goes on");
    assert_eq!(ask("GET", &users, Some(second)).0, 200);
    assert!(command(&["token", "revoke", "1"], folder.path()).0.success());
    // It looks twice a second; so many questions take longer than that.
    let mut asked = (0..100_000).map(|_| ask("GET", &users, Some(token)).0);
    assert!(asked.any(|status| status == 401), "a revoked token goes on");
    assert_eq!(ask("GET", &users, Some(second)).0, 200);
    let (status, _, talk) = command(&["token", "revoke", "1"], folder.path());
    assert!(status.code() == Some(1) && talk.contains("hint:"), "{talk}");
}

#[test]
fn a_lost_key_is_said_at_the_start_and_can_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), SILENT).unwrap();
    let create = ["token", "create", "--tenant", "school"];
    assert!(command(&create, folder.path()).0.success());
    fs::remove_file(folder.path().join("matricula.key")).unwrap();
    let (status, _, talk) = command(&["serve"], folder.path());
    assert!(status.code() == Some(1) && talk.contains("token new-key"), "{talk}");
    let words = ["token", "new-key", "--end-all-tokens"];
    let (status, _, talk) = command(&words, folder.path());
    assert!(status.success() && talk.contains("1 tokens ended"), "{talk}");
    assert!(command(&create, folder.path()).0.success());
    let (_, list, _) = command(&["token", "list", "--all"], folder.path());
    assert!(list.contains("revoked") && list.contains("valid"), "{list}");
    for (words, code) in [
        (["token", "create", "--tenant", "nobody"], 2),
        (["token", "create", "--tenant", "school --from x"], 2),
    ] {
        let (status, _, talk) = command(&words, folder.path());
        assert_eq!(status.code(), Some(code), "{talk}");
    }
}

pub(super) const OPERATED: &str = r#"
[server]
listen = "127.0.0.1:0"

[admin]
listen = "127.0.0.1:0"
token = "the-token-of-the-operators"

[tenants.school]
mapping = "moodle"
mode = "sync"
sandbox = true
"#;

pub(super) const OPERATORS: Option<&str> = Some("the-token-of-the-operators");

pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn one_call_sets_a_tenant_up_and_a_second_leaves_one_token_to_last() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), OPERATED).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, admin) = addresses(&program.logged("serving"));
    let tenant = format!("{admin}/api/tenants/school");
    let set_up = || {
        let (status, body) = ask("PUT", &format!("{tenant}/scim"), OPERATORS);
        assert_eq!(status, 200, "{body}");
        json(&body)
    };
    let (first, second) = (set_up(), set_up());
    assert_eq!(first["baseUrl"], format!("{scim}/school/scim/v2"));
    for answer in [&first, &second] {
        let users = format!("{}/Users?count=1", answer["baseUrl"].as_str().unwrap());
        assert_eq!(ask("GET", &users, answer["apiToken"].as_str()).0, 200);
    }
    let (_, listed) = ask("GET", &format!("{tenant}/tokens"), OPERATORS);
    let listed = json(&listed);
    let ends: Vec<_> = listed["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["expires"].as_str().unwrap())
        .collect();
    assert!(ends[0] < ends[1], "the first ends soon: {ends:?}");
    let wish =
        r#"{"title":"okta","scope":["users","read-only"],"expires":"30d","from":["127.0.0.0/8"]}"#;
    let (status, made) = send("POST", &format!("{tenant}/tokens"), OPERATORS, wish);
    let made = json(&made);
    assert_eq!((status, &made["scope"]), (201, &"users,read-only".into()), "{made}");
    let users = format!("{scim}/school/scim/v2/Users");
    assert_eq!(ask("GET", &users, made["token"].as_str()).0, 200);
    assert_eq!(ask("POST", &users, made["token"].as_str()).0, 403);
    let own = format!("{tenant}/tokens/{}", made["id"]);
    assert_eq!(ask("DELETE", &own, OPERATORS), (204, String::new()));
    assert_eq!(ask("GET", &users, made["token"].as_str()).0, 401, "at once");
    for (method, path, content, status) in [
        ("DELETE", "school/tokens/99", "", 404),
        ("PUT", "nobody/scim", "", 404),
        ("POST", "school/tokens", r#"{"expires":"soon"}"#, 400),
        ("POST", "school/tokens", r#"{"from":["campus"]}"#, 400),
        ("POST", "school/tokens", r#"{"tittle":"x"}"#, 400),
        ("POST", "school/tokens", r#"{"title":"a\nb"}"#, 400),
    ] {
        let (told, body) = send(method, &format!("{admin}/api/tenants/{path}"), OPERATORS, content);
        assert_eq!(told, status, "{method} {path}: {body}");
    }
}

#[test]
fn the_trail_is_read_and_proven_beside_a_running_gateway() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), OPERATED).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (_, admin) = addresses(&program.logged("serving"));
    let (_, set_up) = ask("PUT", &format!("{admin}/api/tenants/school/scim"), OPERATORS);
    let set_up = json(&set_up);
    let users = format!("{}/Users", set_up["baseUrl"].as_str().unwrap());
    for number in 0..3 {
        let person = format!(
            r#"{{"userName":"nina{number}","name":{{"givenName":"Nina","familyName":"Berg"}},"emails":[{{"type":"work","value":"nina{number}@hoch.example"}}]}}"#
        );
        let (status, body) = send("POST", &users, set_up["apiToken"].as_str(), &person);
        assert_eq!(status, 201, "{body}");
    }
    let (status, out, talk) = command(&["audit", "--json", "--tenant", "school"], folder.path());
    assert!(status.success(), "{talk}");
    let records: Vec<Value> = out.lines().map(json).collect();
    let told: Vec<_> = records.iter().map(|it| it["operation"].as_str().unwrap()).collect();
    assert_eq!(told, ["token.create", "user.create", "user.create", "user.create"]);
    assert!(
        !out.contains("Berg") && records[3]["seq"] == 4 && records[3]["who"] == "scim",
        "{out}"
    );
    let (_, out, _) = command(&["audit", "--limit", "1"], folder.path());
    assert!(out.starts_with("4  ") && out.contains("core_user_create_users ok"), "{out}");
    let (status, out, _) = command(&["audit", "verify"], folder.path());
    assert!(status.success() && out.contains("4 records, 1 to 4"), "{out}");
    let head = out.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(command(&["audit", "verify", "--head", &head], folder.path()).0.success());
    let other = format!("4:{}", "0".repeat(64));
    assert!(!command(&["audit", "verify", "--head", &other], folder.path()).0.success());
    let mut follower = Program::start(&["audit", "--follow", "--limit", "1"], folder.path());
    assert!(follower.line().starts_with("4  "), "from here on it follows");
    program.signal("TERM");
    // It is told at the start, too, and that may have been after the first record.
    assert!(program.logged(&head).contains("the audit trail stands here"));
    assert!(program.end().0.success());
    let file = rusqlite::Connection::open(folder.path().join("matricula.db")).unwrap();
    let (_, made, talk) = command(&["token", "create", "--tenant", "school"], folder.path());
    assert!(made.starts_with("matricula_"), "{talk}");
    let next = follower.line();
    assert!(next.starts_with("5  "), "{next}");
    file.execute("UPDATE trail SET body = replace(body, 'done', 'failed') WHERE seq = 3", [])
        .unwrap();
    let (status, out, talk) = command(&["audit", "verify", "--json"], folder.path());
    assert_eq!(status.code(), Some(1));
    assert!(talk.contains("record 3 was altered"), "{talk}");
    assert_eq!((&json(&out)["ok"], &json(&out)["last"]), (&false.into(), &2.into()));
    file.execute("DELETE FROM trail WHERE seq >= 2", []).unwrap();
    let (_, _, talk) = command(&["audit", "verify"], folder.path());
    assert!(talk.contains("ends with record 1, and its head says 5"), "{talk}");
}
