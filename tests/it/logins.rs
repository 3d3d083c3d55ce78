//! A gateway that has to log in to its LMS: what it shows there, and what it tells its
//! clients when that is refused.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::program::{Program, addresses, ask, command, send};

const MAPPING: &str = r#"
format = 1
title  = "A plain API behind OAuth"

[settings]
base_url = { required = true, about = "address" }
refresh  = { default = "r0", about = "the first refresh token" }

[backend]
base  = "{settings.base_url}"
probe = [{ get = "/me" }]

[backend.login]
steps   = { post = "/token", encode = "form", body = { refresh_token = "{session.refresh ?? settings.refresh}" }, keep = { token = "body.access_token", refresh = "body.refresh_token", seconds = "body.expires_in" } }
headers = { Authorization = "Bearer {session.token}" }
life    = "session.seconds"
durable = ["refresh"]

[user]
id         = "lms.id"
attributes = { userName = { lms = "login", required = true, unique = true }, active = "active" }
create     = { post = "/users", body = "{record}", keep = { id = "body.id" } }
update     = { patch = "/users/{id}", body = "{record}" }
delete     = { delete = "/users/{id}" }

[user.find]
"id eq"       = { get = "/users/{value}" }
"userName eq" = { get = "/users-named/{value}" }
"#;

const TOKEN: Option<&str> = Some("the-first-token-of-the-school");

/// An answer: its status and its body.
type Answer = (u16, String);

/// A folder with the settings of a gateway before that LMS.
fn folder(lms: &str, mapping: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"

[admin]
listen = "127.0.0.1:0"

[tenants.school]
mapping = "./lms.toml"
mode = "sync"
deprovision = "delete"

[[tenants.school.tokens]]
title = "first"
token = "the-first-token-of-the-school"

[tenants.school.lms]
base_url = "{lms}"
"#
    );
    fs::write(folder.path().join("lms.toml"), mapping).unwrap();
    fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}

/// A gateway in that folder, and where its people are.
fn serving(folder: &tempfile::TempDir) -> (Program, String) {
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, _) = addresses(&program.logged("serving"));
    (program, format!("{scim}/school/scim/v2/Users"))
}

/// An LMS whose only person is 7, `eva`. To a refresh token it answers as `grant` says.
fn lms(grant: impl Fn(&str) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let grant = Arc::new(grant);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let grant = Arc::clone(&grant);
            thread::spawn(move || answer(stream.unwrap(), &*grant));
        }
    });
    format!("http://{address}")
}

fn answer(stream: TcpStream, grant: &dyn Fn(&str) -> Answer) {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        line.make_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).is_err() {
        return;
    }
    let (status, text) = if head.starts_with("post /token") {
        grant(String::from_utf8(body).unwrap().rsplit('=').next().unwrap())
    } else if head.contains("authorization: bearer t") {
        let eva = r#"{ "id": "7", "login": "eva", "active": true }"#;
        let all = head.starts_with("get /everybody");
        (200, if all { format!("[{eva}]") } else { eva.to_owned() })
    } else {
        (401, "{}".to_owned())
    };
    // Whoever asked may have left.
    let _ = write!(
        stream.get_mut(),
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{text}",
        text.len()
    );
}

fn refused() -> Answer {
    (400, r#"{ "error": "invalid_grant" }"#.to_owned())
}

fn granted(number: usize) -> Answer {
    let text = r#"{ "access_token": "tN", "refresh_token": "rN", "expires_in": 600 }"#;
    (200, text.replace('N', &number.to_string()))
}

/// An LMS whose refresh tokens r0, r1 … are good once, and only the newest; and those
/// that were shown to it.
fn rotating() -> (String, Arc<Mutex<Vec<String>>>) {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&shown);
    let good = Mutex::new(0);
    let lms = lms(move |refresh| {
        seen.lock().unwrap().push(refresh.to_owned());
        let mut good = good.lock().unwrap();
        if refresh != format!("r{good}") {
            return refused();
        }
        *good += 1;
        granted(*good)
    });
    (lms, shown)
}

#[test]
fn a_login_that_fails_is_never_told_as_if_it_were_about_a_person() {
    let answers = [
        (404, r#"{ "error": "no such endpoint" }"#),
        (404, "not found"),
        (400, r#"{ "error": "invalid_grant" }"#),
        (403, "{}"),
        (409, "{}"),
        (405, "{}"),
    ];
    for (status, text) in answers {
        let lms = lms(move |_| (status, text.to_owned()));
        let folder = folder(&lms, MAPPING);
        let (mut program, users) = serving(&folder);
        let max =
            r#"{ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "max" }"#;
        let told = [
            ask("GET", &format!("{users}?filter=userName+eq+%22eva%22"), TOKEN),
            ask("GET", &format!("{users}/7"), TOKEN),
            send("POST", &users, TOKEN, max),
            ask("DELETE", &format!("{users}/7"), TOKEN),
        ];
        for (answer, body) in told {
            assert_eq!(answer, 503, "the login was answered by {status}: {body}");
            assert!(body.contains("ogging in to the LMS failed"), "{body}");
        }
        let logged = program.logged("lms.login_failed");
        assert!(logged.contains("kind=\"login\""), "{logged}");
        assert!(logged.contains(&format!("status={status}")), "{logged}");
    }
}

#[test]
fn doctor_does_not_use_up_what_the_gateway_logs_in_with() {
    let (lms, shown) = rotating();
    let folder = folder(&lms, MAPPING);
    let doctor = || command(&["doctor"], folder.path()).1;
    let told = doctor();
    assert!(told.contains("warn  school: login and rights: not tried"), "{told}");
    assert_eq!(shown.lock().unwrap().len(), 0, "nothing is there that would keep the next one");
    // The first token of a client makes the store.
    let create = ["token", "create", "--tenant", "school"];
    assert!(command(&create, folder.path()).0.success());
    for _ in 0..2 {
        let told = doctor();
        assert!(told.contains("ok    school: login and rights: fine"), "{told}");
    }
    let (_program, users) = serving(&folder);
    let read = ask("GET", &format!("{users}/7"), TOKEN);
    assert_eq!(read.0, 200, "{read:?}");
    let told = doctor();
    assert!(told.contains("ok    school: login and rights: fine"), "{told}");
    assert_eq!(*shown.lock().unwrap(), ["r0", "r1", "r2", "r3"]);
}

#[test]
fn a_report_does_not_use_up_what_the_gateway_logs_in_with() {
    let (lms, shown) = rotating();
    let listed =
        MAPPING.replace("[user.find]\n", "[user.find]\n\"*\" = { get = \"/everybody\" }\n");
    let folder = folder(&lms, &listed);
    let report = ["report", "match", "--tenant", "school"];
    for _ in 0..2 {
        let (status, _, talk) = command(&report, folder.path());
        assert!(status.success(), "{talk}");
    }
    let (_program, users) = serving(&folder);
    assert_eq!(ask("GET", &format!("{users}/7"), TOKEN).0, 200);
    assert_eq!(*shown.lock().unwrap(), ["r0", "r1", "r2"]);
}

/// An LMS that takes a refresh token back at once, and answers when it is told to: it
/// tells of each that is shown.
fn slow() -> (String, Receiver<String>, Arc<Mutex<()>>) {
    let (tell, told) = channel();
    let held = Arc::new(Mutex::new(()));
    let (used, gate) = (Mutex::new(HashSet::new()), Arc::clone(&held));
    let lms = lms(move |refresh| {
        let fresh = used.lock().unwrap().insert(refresh.to_owned());
        tell.send(refresh.to_owned()).unwrap();
        let number: usize = refresh.trim_start_matches('r').parse().unwrap();
        let _gate = gate.lock().unwrap();
        if fresh { granted(number + 1) } else { refused() }
    });
    (lms, told, held)
}

#[test]
fn a_reload_during_a_login_shows_no_refresh_token_twice() {
    let (lms, told, held) = slow();
    let folder = folder(&lms, MAPPING);
    let (mut program, users) = serving(&folder);
    let user = format!("{users}/7");
    let read = || {
        let user = user.clone();
        thread::spawn(move || ask("GET", &user, TOKEN).0)
    };
    let gate = held.lock().unwrap();
    let first = read();
    assert_eq!(told.recv().unwrap(), "r0");
    program.signal("HUP");
    program.logged("the configuration was read again");
    let second = read();
    drop(gate);
    assert_eq!((first.join().unwrap(), second.join().unwrap()), (200, 200));
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["r1"]);
}

#[test]
fn a_reload_does_not_ask_the_lms_more_than_its_rate_bears() {
    let lms = lms(|_| refused());
    let (before, rest) = MAPPING.split_once("probe").unwrap();
    let (_, rest) = rest.split_once("durable = [\"refresh\"]\n").unwrap();
    let own = "headers = { Authorization = \"Bearer t{settings.refresh}\" }\n\
               limits = { rates = [{ calls = 1, seconds = 60 }] }\n";
    let folder = folder(&lms, &format!("{before}{own}{rest}"));
    let (mut program, users) = serving(&folder);
    let mut told = Vec::new();
    for number in 7..10 {
        told.push(ask("GET", &format!("{users}/{number}"), TOKEN).0);
        program.signal("HUP");
        program.logged("the configuration was read again");
    }
    assert_eq!(told, [200, 503, 503], "one call a minute");
}

/// Shown once more it may lock the account, and it is the same password though the time
/// beside it is another.
#[test]
fn a_password_that_is_refused_is_shown_once_also_where_the_time_stands_beside_it() {
    let shown = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&shown);
    let lms = lms(move |_| {
        let mut shown = seen.lock().unwrap();
        *shown += 1;
        if *shown == 1 { (200, granted(1).1.replace("600", "0")) } else { refused() }
    });
    let timed = MAPPING
        .replace("refresh_token = \"{session.refresh ?? settings.refresh}\"", "at = \"{now}\"")
        .replace("durable = [\"refresh\"]\n", "");
    let folder = folder(&lms, &timed);
    let (_program, users) = serving(&folder);
    // Its session is over as soon as it was used.
    assert_eq!(ask("GET", &format!("{users}/7"), TOKEN).0, 200);
    assert_eq!(ask("GET", &format!("{users}/8"), TOKEN).0, 503);
    assert_eq!(*shown.lock().unwrap(), 2);
}
