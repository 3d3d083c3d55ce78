//! What operators do with a gateway that runs, and what they can rely on.

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;

use serde_json::Value;

use super::program::{
    CONFIG, OPERATED, OPERATORS, Program, addresses, ask, begin, command, dry_config, json, send,
};

fn serving(folder: &Path, config: &str) -> (Program, String, String) {
    fs::write(folder.join("config.toml"), config).unwrap();
    let mut program = Program::start(&["serve"], folder);
    let (scim, admin) = addresses(&program.logged("serving"));
    (program, scim, admin)
}

#[test]
fn a_new_token_of_the_operators_ends_the_old_one_with_the_reload() {
    let folder = tempfile::tempdir().unwrap();
    let (_program, _, admin) = serving(folder.path(), OPERATED);
    let metrics = |token: &str| ask("GET", &format!("{admin}/metrics"), Some(token)).0;
    let (old, new) = (OPERATORS.unwrap(), "another-token-of-the-operators");
    assert_eq!((metrics(old), metrics(new)), (200, 401));
    fs::write(folder.path().join("config.toml"), OPERATED.replace(old, new)).unwrap();
    assert_eq!(ask("POST", &format!("{admin}/reload"), Some(old)).0, 200);
    assert_eq!((metrics(old), metrics(new)), (401, 200));
}

#[test]
fn a_socket_that_stands_open_does_not_lose_its_lock() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = |listen: &str, token: &str| {
        OPERATED
            .replace(
                "\n[admin]\nlisten = \"127.0.0.1:0\"\n",
                &format!("\n[admin]\nlisten = \"{listen}\"\n"),
            )
            .replace("token = \"the-token-of-the-operators\"\n", token)
    };
    let open = elsewhere("0.0.0.0:0", "token = \"the-token-of-the-operators\"\n");
    let (_program, _, admin) = serving(folder.path(), &open);
    let admin = admin.replace("0.0.0.0", "127.0.0.1");
    fs::write(folder.path().join("config.toml"), elsewhere("127.0.0.1:0", "")).unwrap();
    let (status, told) = ask("POST", &format!("{admin}/reload"), OPERATORS);
    assert!(status == 200 && told.contains("[admin] listen has changed"), "{told}");
    assert_eq!(ask("GET", &format!("{admin}/metrics"), None).0, 401);
    assert_eq!(ask("GET", &format!("{admin}/metrics"), OPERATORS).0, 200);
}

#[test]
fn a_tenant_that_is_gone_is_measured_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let second = CONFIG.split_once("[tenants.school]").unwrap().1.replace("school", "gone");
    let (_program, scim, admin) =
        serving(folder.path(), &format!("{CONFIG}\n[tenants.gone]{second}"));
    for name in ["school", "gone"] {
        let users = format!("{scim}/{name}/scim/v2/Users");
        assert_eq!(ask("GET", &users, Some(&format!("the-first-token-of-the-{name}"))).0, 200);
    }
    let standing = |name: &str| {
        let (_, metrics) = ask("GET", &format!("{admin}/metrics"), None);
        let gauges = [
            "matricula_lms_breaker_state{",
            "matricula_lms_retry_budget{",
            "matricula_cache_entries{",
        ];
        gauges.map(|gauge| {
            metrics
                .lines()
                .any(|line| line.starts_with(gauge) && line.contains(&format!("\"{name}")))
        })
    };
    assert_eq!((standing("school"), standing("gone")), ([true; 3], [true; 3]));
    fs::write(folder.path().join("config.toml"), CONFIG).unwrap();
    let (status, told) = ask("POST", &format!("{admin}/reload"), None);
    assert!(status == 200 && told.contains("tenant `gone` is gone"), "{told}");
    assert_eq!((standing("school"), standing("gone")), ([true; 3], [false; 3]));
}

#[test]
fn a_release_is_shown_beforehand_as_it_will_be_and_is_in_the_trail() {
    let folder = tempfile::tempdir().unwrap();
    let (_program, scim, admin) = serving(folder.path(), &dry_config());
    let body = r#"{"userName": "eva", "password": "s3cret-Word", "name": {"givenName": "E", "familyName": "F"},
                   "emails": [{"type": "work", "value": "eva@hoch.example"}]}"#;
    let token = Some("the-first-token-of-the-school");
    let (status, made) = send("POST", &format!("{scim}/school/scim/v2/Users"), token, body);
    assert_eq!(status, 201, "{made}");
    let made = json(&made);
    let change = r#"{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
        {"op": "replace", "path": "password", "value": "another-s3cret"}]}"#;
    let path = format!("{scim}/school/scim/v2/Users/{}", made["id"].as_str().unwrap());
    assert_eq!(send("PATCH", &path, token, change).0, 204);
    let (_, listed, talk) =
        command(&["pending", "list", "--json", "--admin", &admin], folder.path());
    let first = json(listed.lines().next().unwrap());
    let call = first["call"]["body"].to_string();
    assert!(call.contains("[password]=***") && !call.contains("createpassword"), "{call} {talk}");
    assert!(!listed.contains("s3cret"), "{listed}");
    let released = command(&["pending", "apply", "--all", "--admin", &admin], folder.path());
    assert!(released.1.starts_with("released: "), "{released:?}");
    let (_, told, _) = command(&["audit", "--json", "--tenant", "school"], folder.path());
    let records: Vec<Value> = told.lines().map(json).collect();
    let release = records.iter().find(|it| it["operation"] == "pending.release").unwrap();
    assert_eq!((&release["who"], &release["outcome"]), (&"operator".into(), &"done".into()));
    assert_eq!(release["changes"][0]["act"], "release");
    assert!(release["changes"][0]["count"].as_u64() >= Some(1), "{release}");
    assert_eq!(release["changes"][0]["attribute"], "all");
}

#[test]
fn a_second_signal_ends_it_though_a_write_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let (url, hears) = mute();
    let words = ["demo", "--json", "--listen", "127.0.0.1:0", "--lms", &url, "--lms-token", "T"];
    let mut program = Program::start(&words, folder.path());
    let about = json(&program.line());
    let users = format!("{}/Users", about["tenantUrl"].as_str().unwrap());
    let body = r#"{"userName": "eva", "name": {"givenName": "E", "familyName": "F"},
                   "emails": [{"type": "work", "value": "eva@hoch.example"}]}"#;
    let client = begin("POST", &users, about["token"].as_str(), body);
    hears.recv().unwrap();
    drop(client);
    program.signal("TERM");
    program.logged("draining");
    program.signal("TERM");
    let left = program.talked();
    assert!(left.contains("ended") && !left.contains("under way at the deadline"), "{left}");
}

/// An LMS that takes whatever comes and never answers; tells of each connection.
fn mute() -> (String, std::sync::mpsc::Receiver<()>) {
    let lms = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", lms.local_addr().unwrap());
    let (asked, hears) = channel();
    thread::spawn(move || {
        let mut held: Vec<TcpStream> = Vec::new();
        for mut stream in lms.incoming().flatten() {
            let _ = stream.read(&mut [0; 64]);
            held.push(stream);
            let _ = asked.send(());
        }
    });
    (url, hears)
}

#[test]
fn a_reload_while_it_drains_keeps_nothing_from_ending() {
    let folder = tempfile::tempdir().unwrap();
    let (url, hears) = mute();
    let lms = format!("[tenants.school.lms]\nbase_url = \"{url}\"\ntoken = \"T\"\n");
    let (head, tokens) = CONFIG.split_once("sandbox = true\n").unwrap();
    let config = format!("{head}{lms}{tokens}");
    let (mut program, scim, admin) = serving(folder.path(), &config);
    let body = r#"{"userName": "eva", "name": {"givenName": "E", "familyName": "F"},
                   "emails": [{"type": "work", "value": "eva@hoch.example"}]}"#;
    let users = format!("{scim}/school/scim/v2/Users");
    let _client = begin("POST", &users, Some("the-first-token-of-the-school"), body);
    hears.recv().unwrap();
    program.signal("TERM");
    program.logged("draining");
    program.signal("HUP");
    let (status, told) = ask("POST", &format!("{admin}/reload"), None);
    assert!(status == 200 && told.contains("is set up anew"), "{told}");
    assert_eq!(ask("GET", &format!("{admin}/ready"), None).0, 503, "it drains on");
    program.signal("TERM");
    assert!(program.talked().contains("ended"));
    assert!(program.end().0.success());
}

#[test]
fn no_client_is_sent_to_an_address_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let open = OPERATED.replacen("listen = \"127.0.0.1:0\"", "listen = \"0.0.0.0:0\"", 1);
    let (program, _, admin) = serving(folder.path(), &open);
    let set_up = |admin: &str| ask("PUT", &format!("{admin}/api/tenants/school/scim"), OPERATORS);
    let (status, told) = set_up(&admin);
    assert!(status == 409 && told.contains("server.public_url"), "{told}");
    assert_eq!(ask("GET", &format!("{admin}/api/tenants/school/tokens"), OPERATORS).0, 200);
    drop(program);
    let public =
        open.replacen("[server]\n", "[server]\npublic_url = \"https://scim.hoch.example\"\n", 1);
    let (_program, _, admin) = serving(folder.path(), &public);
    let (status, told) = set_up(&admin);
    assert_eq!(status, 200, "{told}");
    assert_eq!(json(&told)["baseUrl"], "https://scim.hoch.example/school/scim/v2");
}

#[test]
fn work_that_waits_is_listed_released_and_dropped_from_another_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), dry_config()).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, admin) = addresses(&program.logged("serving"));
    let users = format!("{scim}/school/scim/v2/Users");
    let made = |name: &str| {
        let body = format!(
            r#"{{"userName": "{name}", "password": "s3cret-Word", "name": {{"givenName": "E", "familyName": "F"}},
                "emails": [{{"type": "work", "value": "{name}@hoch.example"}}]}}"#
        );
        let (status, told) = send("POST", &users, Some("the-first-token-of-the-school"), &body);
        assert_eq!(status, 201, "{told}");
        serde_json::from_str::<Value>(&told).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (eva, nina) = (made("eva"), made("nina"));
    let files =
        fs::read_dir(folder.path()).unwrap().map(|it| fs::read(it.unwrap().path()).unwrap());
    let files = files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect::<String>();
    assert!(files.contains("eva@hoch.example") && !files.contains("s3cret"), "as it came");
    let pending = |words: &[&str]| {
        let words: Vec<_> =
            ["pending"].iter().chain(words).chain(&["--admin", &admin]).copied().collect();
        let (status, told, talk) = command(&words, folder.path());
        (status.code(), told, talk)
    };
    let (code, listed, _) = pending(&["list"]);
    assert_eq!(code, Some(0));
    for words in [&eva, &nina, "dry-run", "core_user_create_users", "first"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    assert!(!listed.contains("s3cret"), "{listed}");
    let (code, _, talk) = pending(&["apply"]);
    assert!(code == Some(2) && talk.contains("hint:"), "{talk}");
    let (code, told, _) = pending(&["apply", "--resource", &eva]);
    assert_eq!((code, told.as_str()), (Some(0), "released: 1\n"));
    let left = loop {
        let (_, left, _) = pending(&["list", "--json"]);
        if !left.contains(&eva) {
            break left;
        }
    };
    assert_eq!(left.lines().count(), 1, "{left}");
    let (code, told, _) = pending(&["drop", "--all"]);
    assert_eq!((code, told.as_str()), (Some(0), "dropped: 1\n"));
    assert_eq!(pending(&["list"]).1, "");
    let read =
        |id: &str| ask("GET", &format!("{users}/{id}"), Some("the-first-token-of-the-school")).0;
    assert_eq!((read(&eva), read(&nina)), (200, 404));
    assert_eq!(pending(&["list", "--tenant", "nobody"]).0, Some(2));
}
