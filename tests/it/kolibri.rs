//! The gateway before a real Kolibri.
//!
//! `MATRICULA_TEST_KOLIBRI` tells where it is, which facility, and who the gateway is
//! there: `URL FACILITY USERNAME PASSWORD`, as `.ci/kolibri` starts one. Without it,
//! nothing here is shown, and the run says so once.

#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there should fail")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Once;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{self, Program, addresses, command};

const TOKEN: &str = "the-first-token-of-the-school";

/// Of the gateway's account.
const PASSWORD: &str = "the-password-of-the-gateway";

/// A gateway that writes through, and the folder that it works in.
struct House {
    _program: Program,
    folder: TempDir,
    users: String,
    groups: String,
    kolibri: Kolibri,
}

/// The LMS itself, and the account of one test's gateway.
struct Kolibri {
    url: String,
    facility: String,
    /// The cookies of its owner.
    owner: String,
    /// Who the gateway is, and the id of that account.
    gateway: (String, String),
}

/// The server, with an account for a gateway, unless the run goes without.
#[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
fn server(test: &str) -> Option<Kolibri> {
    static TOLD: Once = Once::new();
    let Ok(named) = std::env::var("MATRICULA_TEST_KOLIBRI") else {
        let words = b"SKIPPED: MATRICULA_TEST_KOLIBRI names no Kolibri; see .ci/kolibri\n";
        TOLD.call_once(|| drop(std::io::stderr().write_all(words)));
        return None;
    };
    let mut words = named.split(' ').map(str::to_owned);
    let mut word = || words.next().unwrap();
    let (url, facility, username, password) = (word(), word(), word(), word());
    let gateway = (format!("gateway_of_{test}"), String::new());
    let mut kolibri = Kolibri { url, facility, owner: String::new(), gateway };
    let login = json!({ "username": username, "password": password });
    let (head, _) = kolibri.tell("POST", "session/", &login);
    let cookies = head.lines().filter_map(|line| line.strip_prefix("Set-Cookie:"));
    let cookies: Vec<_> = cookies.filter_map(|cookie| cookie.trim().split(';').next()).collect();
    kolibri.owner = cookies.join("; ");
    let facility = &kolibri.facility;
    let account = json!({ "username": kolibri.gateway.0, "password": PASSWORD, "full_name": "Gateway", "facility": facility });
    let (_, made) = kolibri.tell("POST", "facilityuser/", &account);
    let id = made["id"].as_str().unwrap().to_owned();
    let role = json!({ "user": id, "collection": facility, "kind": "admin" });
    kolibri.tell("POST", "role/", &role);
    kolibri.gateway.1 = id;
    Some(kolibri)
}

impl Kolibri {
    /// One exchange, as its owner: the head of the answer, and its body.
    fn tell(&self, method: &str, path: &str, body: &Value) -> (String, Value) {
        let host = self.url.strip_prefix("http://").unwrap();
        let guard = self.owner.split("kolibri_csrftoken=").nth(1);
        let guard = guard.and_then(|rest| rest.split(';').next()).unwrap_or_default();
        let body = body.to_string();
        let mut socket = TcpStream::connect(host).unwrap();
        write!(
            socket,
            "{method} /api/auth/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Cookie: {}\r\nX-CSRFToken: {guard}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.owner,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
        (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Ends the sessions of the gateway: whoever goes to the bin has none any more.
    fn end_sessions(&self) {
        let id = &self.gateway.1;
        self.tell("DELETE", &format!("facilityuser/{id}/"), &Value::Null);
        self.tell("POST", &format!("deletedfacilityuser/restore/?by_ids={id}"), &json!({}));
    }
}

fn house(test: &str) -> Option<House> {
    let kolibri = server(test)?;
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"

[admin]
listen = "127.0.0.1:0"

[tenants.school]
mapping = "kolibri"
mode = "sync"
deprovision = "delete"
match = ["userName"]
tokens = [{{ title = "entra", token = "{TOKEN}" }}]

[tenants.school.lms]
base_url = "{url}"
facility = "{facility}"
username = "{username}"
password = "{PASSWORD}"
domain = "school.example"
"#,
        url = kolibri.url,
        facility = kolibri.facility,
        username = kolibri.gateway.0,
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, _) = addresses(&program.logged("serving"));
    let base = format!("{scim}/school/scim/v2");
    let (users, groups) = (format!("{base}/Users"), format!("{base}/Groups"));
    Some(House { _program: program, folder, users, groups, kolibri })
}

/// One exchange with the gateway.
fn ask(method: &str, url: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, answer) = program::send(method, url, Some(TOKEN), &body);
    (status, serde_json::from_str(&answer).unwrap_or(Value::Null))
}

/// Somebody whose name nobody else has: all tests share one Kolibri.
fn person(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("{name}@school.example"),
        "externalId": format!("x-{name}"),
        "displayName": "Nina Berg",
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "type": "work", "value": format!("{name}@school.example") }],
        "active": true
    })
}

fn change(op: &str, path: &str, value: &Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": op, "path": path, "value": value }]
    })
}

fn encoded(filter: &str) -> String {
    filter.replace(' ', "+").replace('"', "%22").replace('@', "%40")
}

impl House {
    /// Somebody who was made just now, and where.
    fn made(&self, name: &str) -> (Value, String) {
        let (status, made) = ask("POST", &self.users, &person(name));
        assert_eq!(status, 201, "{made}");
        let url = format!("{}/{}", self.users, made["id"].as_str().unwrap());
        (made, url)
    }

    fn found(&self, filter: &str) -> Value {
        let url = format!("{}?filter={}", self.users, encoded(filter));
        let (status, found) = ask("GET", &url, &Value::Null);
        assert_eq!(status, 200, "{found}");
        found
    }
}

#[test]
fn a_person_is_made_found_renamed_disabled_enabled_and_deleted() {
    let Some(house) = house("journeys") else { return };
    let by_name = r#"userName eq "nina.berg@school.example""#;
    assert_eq!(house.found(by_name)["totalResults"], json!(0));
    let (made, url) = house.made("nina.berg");
    let sent = person("nina.berg");
    for name in ["userName", "externalId", "displayName", "name", "emails", "active"] {
        assert_eq!(made[name], sent[name], "{name}");
    }
    for filter in [by_name, r#"externalId eq "x-nina.berg""#] {
        assert_eq!(house.found(filter)["Resources"][0]["id"], made["id"], "{filter}");
    }
    assert_eq!(ask("POST", &house.users, &sent).0, 409);
    assert_eq!(ask("PATCH", &url, &change("replace", "displayName", &json!("Nina Maier"))).0, 204);
    for active in [false, true] {
        assert_eq!(ask("PATCH", &url, &change("Replace", "active", &json!(active))).0, 204);
        let (status, read) = ask("GET", &url, &Value::Null);
        assert_eq!((status, &read["active"]), (200, &json!(active)), "{read}");
        assert_eq!(read["displayName"], json!("Nina Maier"));
        assert_eq!(house.found(by_name)["Resources"][0]["active"], json!(active));
    }
    let name = json!("nina.maier@school.example");
    assert_eq!(ask("PATCH", &url, &change("replace", "userName", &name)).0, 204);
    assert_eq!(house.found(by_name)["totalResults"], json!(0));
    let by_name = r#"userName eq "nina.maier@school.example""#;
    assert_eq!(house.found(by_name)["totalResults"], json!(1));
    assert_eq!(ask("DELETE", &url, &Value::Null).0, 204);
    assert_eq!(ask("GET", &url, &Value::Null).0, 404);
    assert_eq!(house.found(by_name)["totalResults"], json!(0));
    let (back, _) = house.made("nina.maier");
    assert_eq!(back["active"], json!(true), "{back}");
}

#[test]
fn who_is_disabled_is_renamed_and_stays_disabled() {
    let Some(house) = house("disabled") else { return };
    let (_, url) = house.made("otto");
    assert_eq!(ask("PATCH", &url, &change("replace", "active", &json!(false))).0, 204);
    assert_eq!(ask("PATCH", &url, &change("replace", "displayName", &json!("Otto Kurz"))).0, 204);
    let (_, read) = ask("GET", &url, &Value::Null);
    assert_eq!((&read["active"], &read["displayName"]), (&json!(false), &json!("Otto Kurz")));
    assert_eq!(ask("POST", &house.users, &person("otto")).0, 409, "the name is still taken");
}

#[test]
fn a_class_has_its_members() {
    let Some(house) = house("classes") else { return };
    let ids = ["ada", "bert", "cleo"].map(|name| house.made(name).0["id"].clone());
    let [ada, bert, cleo] = &ids;
    let class = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Algebra",
        "externalId": "x-algebra",
        "members": [{ "value": ada }, { "value": bert }]
    });
    let (status, made) = ask("POST", &house.groups, &class);
    assert_eq!(status, 201, "{made}");
    let url = format!("{}/{}", house.groups, made["id"].as_str().unwrap());
    assert_eq!(ask("PATCH", &url, &change("add", "members", &json!([{ "value": cleo }]))).0, 204);
    let out = change("remove", "members", &json!([{ "value": ada }]));
    assert_eq!(ask("PATCH", &url, &out).0, 204);
    let disabled = format!("{}/{}", house.users, bert.as_str().unwrap());
    assert_eq!(ask("PATCH", &disabled, &change("replace", "active", &json!(false))).0, 204);
    let (_, read) = ask("GET", &url, &Value::Null);
    let mut members: Vec<_> =
        read["members"].as_array().unwrap().iter().map(|it| &it["value"]).collect();
    members.sort_by_key(ToString::to_string);
    let mut expected = [bert, cleo];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(members, expected, "who is disabled stays a member: {read}");
    let filter = encoded(r#"displayName eq "Algebra""#);
    let (_, found) = ask(
        "GET",
        &format!("{}?filter={filter}&excludedAttributes=members", house.groups),
        &Value::Null,
    );
    assert_eq!(found["Resources"][0]["id"], made["id"], "{found}");
    assert_eq!(ask("POST", &house.groups, &class).0, 409);
    assert_eq!(ask("DELETE", &url, &Value::Null).0, 204);
    assert_eq!(ask("GET", &url, &Value::Null).0, 404);
}

/// By the name that Kolibri would make of the client's.
#[test]
fn who_was_there_before_is_taken_over() {
    let Some(house) = house("adoptions") else { return };
    let account = json!({ "username": "vera_lang", "password": "x", "full_name": "Vera", "facility": house.kolibri.facility });
    let (_, before) = house.kolibri.tell("POST", "facilityuser/", &account);
    let (made, _) = house.made("vera.lang");
    assert_eq!((&made["id"], &made["displayName"]), (&before["id"], &json!("Nina Berg")));
}

/// By the name alone, she would be given the account of the one who was there.
#[test]
fn who_is_of_another_domain_takes_nobody_over() {
    let Some(house) = house("domains") else { return };
    let account = json!({ "username": "rosa_lang", "password": "x", "full_name": "Rosa", "facility": house.kolibri.facility });
    let (_, before) = house.kolibri.tell("POST", "facilityuser/", &account);
    let mut other = person("rosa.lang");
    other["userName"] = json!("rosa.lang@other.example");
    let (status, made) = ask("POST", &house.users, &other);
    assert_eq!((status, made["id"] == before["id"]), (201, false), "{made}");
}

/// Kolibri answers those whom it does not know with empty lists and 404.
#[test]
fn a_session_that_is_over_is_no_school_without_people() {
    let Some(house) = house("sessions") else { return };
    let (made, url) = house.made("eva");
    house.kolibri.end_sessions();
    let (status, read) = ask("GET", &format!("{url}?attributes=userName,title"), &Value::Null);
    assert_eq!(status, 200, "{read}");
    house.kolibri.end_sessions();
    let found = house.found(r#"userName eq "EVA@school.example""#);
    assert_eq!(found["Resources"][0]["id"], made["id"], "{found}");
    house.kolibri.end_sessions();
    assert_eq!(ask("PATCH", &url, &change("replace", "active", &json!(false))).0, 204);
    house.kolibri.end_sessions();
    assert_eq!(ask("DELETE", &url, &Value::Null).0, 204);
}

#[test]
fn eight_who_make_the_same_person_make_one() {
    let Some(house) = house("races") else { return };
    for round in 0..5 {
        let name = format!("race.{round}");
        let posts: Vec<_> = (0..8)
            .map(|_| {
                let (users, body) = (house.users.clone(), person(&name));
                thread::spawn(move || ask("POST", &users, &body).0)
            })
            .collect();
        let mut statuses: Vec<_> = posts.into_iter().map(|post| post.join().unwrap()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    }
}

#[test]
fn the_doctor_finds_nothing_wrong() {
    let Some(house) = house("doctors") else { return };
    let (code, told, talk) = command(&["doctor", "--tenant", "school"], house.folder.path());
    assert!(code.success(), "{told} {talk}");
    assert!(told.contains("rights of the gateway's account: fine"), "{told}");
}
