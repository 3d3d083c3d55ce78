//! The process is killed at any moment: what it acknowledged is there afterwards,
//! and what it did not is made once when the client tries again.

#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there should fail")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use matricula::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::gateway;

const TOKEN: &str = "the-token-of-the-school-0123456789";

const OPERATORS: &str = "the-token-of-the-operators";

/// A gateway that can be killed; the LMS and the store stay.
pub(super) struct Gateway {
    child: Child,
    pub host: String,
    /// Where operators speak to it.
    pub desk: String,
}

impl Gateway {
    pub(super) fn start(folder: &Path, before: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{before} exec \"$0\" serve"), env!("CARGO_BIN_EXE_matricula")])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("serving") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it did not start");
        }
        // Nobody reads on: the log of one test fits into a pipe, and what does not
        // is dropped.
        std::mem::forget(log);
        let at = |name: &str| {
            let told = line.split_once(name).unwrap().1;
            told.split_whitespace().next().unwrap().to_owned()
        };
        Self { child, host: at("scim="), desk: at("admin=") }
    }

    /// One request; nothing, if the connection broke.
    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        ask(&self.host, method, path, body)
    }

    /// SIGKILL: nothing is finished, nothing is flushed.
    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request; nothing, if the connection broke before the whole answer was there.
pub(super) fn ask(host: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    asked(host, TOKEN, (method, &format!("/school/scim/v2{path}"), body))
}

/// The same of an operator.
pub(super) fn ordered(desk: &str, method: &str, path: &str) -> Option<(u16, Value)> {
    asked(desk, OPERATORS, (method, &format!("/api/tenants/school{path}"), ""))
}

fn asked(
    host: &str,
    token: &str,
    (method, path, body): (&str, &str, &str),
) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(host).ok()?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n")?.1;
    match status {
        204 => Some((status, Value::Null)),
        _ => Some((status, serde_json::from_str(body).ok()?)),
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn school(folder: &Path) -> Sandbox {
    school_with(folder, "").await
}

/// An LMS, and the settings of a gateway before it.
pub(super) async fn school_with(folder: &Path, more: &str) -> Sandbox {
    let lms = gateway::sandbox(&gateway::Options::default()).await;
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         token = \"{OPERATORS}\"\n[tenants.school]\nmode = \"sync\"\nguard = false\n\
         deprovision = \"delete\"\nmapping = \"moodle\"\n\
         [tenants.school.lms]\nbase_url = \"{}\"\ntoken = \"{}\"\n\
         [[tenants.school.tokens]]\ntoken = \"{TOKEN}\"\n{more}",
        lms.url(),
        lms.token()
    );
    fs::write(folder.join("config.toml"), config).unwrap();
    lms
}

/// Rewrites the mode of the tenant, for whoever starts next.
pub(super) fn mode(folder: &Path, to: &str) {
    rule(folder, "mode", &format!("mode = \"{to}\""));
}

/// Rewrites a rule of the tenant.
pub(super) fn rule(folder: &Path, name: &str, to: &str) {
    let path = folder.join("config.toml");
    let text = fs::read_to_string(&path).unwrap();
    let begins = format!("{name} = ");
    let line = text.lines().find(|line| line.starts_with(&begins)).unwrap();
    fs::write(path, text.replace(line, to)).unwrap();
}

fn person(number: usize) -> Value {
    json!({
        "userName": format!("Person.{number}@Hoch.example"),
        "title": format!("Lecturer {number}"),
        "name": { "givenName": "Zoë", "familyName": "Meier" },
        "emails": [{ "type": "work", "value": format!("Person.{number}@hoch.example") }]
    })
}

/// As a client does after an error: it looks, and makes who is not there.
fn found_or_made(gateway: &Gateway, number: usize) -> Option<String> {
    let filter = format!("/Users?filter=userName+eq+%22person.{number}@hoch.example%22");
    let (status, found) = gateway.ask("GET", &filter, "")?;
    assert_eq!(status, 200, "{found}");
    if let Some(id) = found["Resources"][0]["id"].as_str() {
        return Some(id.to_owned());
    }
    let (status, made) = gateway.ask("POST", "/Users", &person(number).to_string())?;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_and_nobody_is_made_twice() {
    const PEOPLE: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let lms = school(folder.path()).await;
    let staff = lms.people().len();
    let path = folder.path().to_owned();
    let work = move || {
        let mut acknowledged: Vec<(usize, String)> = Vec::new();
        let mut gateway = Gateway::start(&path, "");
        for number in 0..PEOPLE {
            // Every few people the process is killed while it makes one.
            if number % 6 == 3 {
                let mut stream = TcpStream::connect(&gateway.host).unwrap();
                let body = person(number).to_string();
                let head = format!(
                    "POST /school/scim/v2/Users HTTP/1.1\r\nHost: x\r\n\
                     Authorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(head.as_bytes()).unwrap();
                // How far it comes in the meantime differs from time to time.
                for _ in 0..number % 4 {
                    gateway.ask("GET", "/Users/2", "");
                }
                drop(gateway);
                gateway = Gateway::start(&path, "");
            }
            let id = found_or_made(&gateway, number).unwrap();
            acknowledged.push((number, id));
        }
        for (number, id) in acknowledged {
            let (status, read) = gateway.ask("GET", &format!("/Users/{id}"), "").unwrap();
            assert_eq!(status, 200);
            // Whoever was made by a request that nobody answered is told as the LMS
            // tells it; all others as they were written.
            if number % 6 != 3 {
                assert_eq!(read["userName"], person(number)["userName"]);
                assert_eq!(read["title"], person(number)["title"]);
            }
        }
    };
    tokio::task::spawn_blocking(work).await.unwrap();
    assert_eq!(lms.people().len() - staff, PEOPLE, "somebody is missing, or there twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_503_and_a_mended_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let lms = school(folder.path()).await;
    let path = folder.path().to_owned();
    let work = move || {
        // No file may grow beyond 300 KiB, and whoever tries is told so.
        let gateway = Gateway::start(&path, "trap '' XFSZ; ulimit -f 600;");
        let long = |number: usize| {
            let mut person = person(number);
            person["title"] = json!("x".repeat(20_000));
            person.to_string()
        };
        let answers: Vec<_> =
            (0..20).map(|number| gateway.ask("POST", "/Users", &long(number)).unwrap()).collect();
        let refused: Vec<_> = answers.iter().filter(|(status, _)| *status != 201).collect();
        assert!(!refused.is_empty() && refused.len() < 20, "{}", refused.len());
        for (status, body) in refused {
            assert_eq!((*status, &body["status"]), (503, &json!("503")), "{body}");
        }
        drop(gateway);
        let gateway = Gateway::start(&path, "");
        for (number, (status, made)) in answers.iter().enumerate().filter(|(_, it)| it.0 == 201) {
            let (again, read) = gateway
                .ask("GET", &format!("/Users/{}", made["id"].as_str().unwrap()), "")
                .unwrap();
            assert_eq!((*status, again), (201, 200));
            assert_eq!(read["userName"], person(number)["userName"]);
        }
        for number in 0..20 {
            assert!(found_or_made(&gateway, number).is_some());
        }
    };
    let staff = lms.people().len();
    tokio::task::spawn_blocking(work).await.unwrap();
    assert_eq!(lms.people().len() - staff, 20);
}
