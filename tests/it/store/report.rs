//! `matricula report match`, as a process beside a gateway that runs: whom it would
//! adopt, make and leave, before it does.

use std::fs;
use std::path::Path;
use std::process::Command;

use matricula::sandbox::{Person, Sandbox};
use serde_json::{Value, json};

use super::crash::{Gateway, ask, school_with};

/// How a process ended: code, stdout, stderr.
type End = (i32, String, String);

fn report(folder: &Path, arguments: &[&str]) -> End {
    let output = Command::new(env!("CARGO_BIN_EXE_matricula"))
        .args(["report", "match"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn account(lms: &Sandbox, name: &str, number: &str) {
    let mail = format!("{name}@hoch.example");
    let person = Person { idnumber: number.to_owned(), ..Person::new(name, "A", "B", &mail) };
    lms.with(|moodle| moodle.people.insert(person).map(|_| ())).unwrap();
}

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_told_of_before_the_first_cycle() {
    let folder = tempfile::tempdir().unwrap();
    let lms = school_with(folder.path(), "").await;
    for (name, number) in
        [("old.hand", "x-1"), ("by.mail", ""), ("twin.a", "x-9"), ("twin.b", "x-9"), ("left", "")]
    {
        account(&lms, name, number);
    }
    let path = folder.path().to_owned();
    let work = move || {
        let gateway = Gateway::start(&path, "");
        let body = json!({
            "userName": "Nina.Berg@Hoch.example", "externalId": "x-2",
            "name": { "givenName": "Nina", "familyName": "Berg" },
            "emails": [{ "type": "work", "value": "nina@hoch.example" }]
        });
        let (status, made) = ask(&gateway.host, "POST", "/Users", &body.to_string()).unwrap();
        assert_eq!(status, 201, "{made}");
        let list = "userPrincipalName,externalId,mail\n\
                    Old.Hand@Hoch.example,x-1,\n\
                    \"Nina.Berg@Hoch.example\",x-2,nina@hoch.example\n\
                    new@hoch.example,x-3,BY.MAIL@hoch.example\n\
                    nobody@hoch.example,x-4,nobody@hoch.example\n\
                    twin@hoch.example,x-9,twin@hoch.example\n\
                    old.hand,x-5,old.hand@hoch.example\n";
        fs::write(path.join("people.csv"), list).unwrap();
        let told = report(&path, &["--tenant", "school", "--file", "people.csv", "--json"]);
        let plain = report(&path, &["--tenant", "school"]);
        (told, plain, made["id"].as_str().unwrap().to_owned())
    };
    let (told, plain, nina) = tokio::task::spawn_blocking(work).await.unwrap();
    let (code, out, talk) = told;
    assert_eq!(code, 1, "{talk}");
    assert!(talk.contains("2 ambiguous") && talk.contains("hint"), "{talk}");
    let told = lines(&out);
    let verdicts: Vec<_> = told[..6].iter().map(|line| line["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["adopt", "known", "adopt", "create", "ambiguous", "ambiguous"], "{out}");
    assert_eq!(told[0]["by"], json!("externalId"));
    assert_eq!((&told[1]["account"], &told[1]["line"]), (&json!(nina), &json!(3)));
    assert_eq!(told[2]["by"], json!("emails[type eq \"work\"].value"));
    assert!(told[4]["reason"].as_str().unwrap().contains("several accounts"), "{out}");
    assert!(told[5]["reason"].as_str().unwrap().contains("another externalId"), "{out}");
    let left: Vec<_> = told.iter().filter(|line| line["verdict"] == "left").collect();
    assert!(left.iter().any(|line| line["name"] == "left"), "{out}");
    assert!(!left.iter().any(|line| line["name"] == "old.hand"), "{out}");
    assert_eq!(told.last().unwrap()["counts"]["adopt"], json!(2));

    let (code, out, _) = plain;
    assert_eq!(code, 1, "{out}");
    assert!(out.contains(&format!("known      {nina}: nina.berg@hoch.example")), "{out}");
    assert!(
        out.contains("new ") && out.contains("another account has the same externalId"),
        "{out}"
    );
    assert_eq!(
        lms.people().iter().filter(|it| it.idnumber == "x-9").count(),
        2,
        "nothing is written"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_reported_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let lms = school_with(folder.path(), "").await;
    let path = folder.path().to_owned();
    let work = move || {
        fs::write(path.join("people.csv"), "a,b\n1,2\n").unwrap();
        let wrong = report(&path, &["--tenant", "other"]);
        (wrong, report(&path, &["--tenant", "school", "--file", "people.csv"]))
    };
    let (stranger, list) = tokio::task::spawn_blocking(work).await.unwrap();
    assert_eq!(stranger.0, 2);
    assert!(stranger.2.contains("no tenant `other`"), "{}", stranger.2);
    assert_eq!((list.0, list.1.as_str()), (1, ""));
    assert!(list.2.contains("neither userName"), "{}", list.2);
    drop(lms);
}
