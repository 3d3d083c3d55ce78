//! What an operator sees of the work that waits, and finds in it.

use std::fs;
use std::process::Command;

use super::program::{CONFIG, Program, addresses, command, dry_config, json, send};

fn person(name: &str, password: &str) -> String {
    format!(
        r#"{{"userName": "{name}", "name": {{"givenName": "E\u001b[2J", "familyName": "F"}},
            "emails": [{{"type": "work", "value": "{name}@hoch.example"}}],
            "password": "{password}"}}"#
    )
}

#[test]
fn what_waits_is_counted_found_by_name_and_shown_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let second = CONFIG.split_once("[tenants.school]").unwrap().1;
    let second = second.replace("school", "other").replace("sync", "confirm");
    fs::write(
        folder.path().join("config.toml"),
        format!("{}[tenants.other]{second}", dry_config()),
    )
    .unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, admin) = addresses(&program.logged("serving"));
    let make = |tenant: &str, name: &str, password: &str| {
        let (users, token) =
            (format!("{scim}/{tenant}/scim/v2/Users"), format!("the-first-token-of-the-{tenant}"));
        let (status, told) = send("POST", &users, Some(&token), &person(name, password));
        assert_eq!(status, 201, "{told}");
    };
    // The LMS alone knows that some are too weak.
    for (name, password) in [("eva", "weak"), ("nina", "weak"), ("tom", "s3cret-Word")] {
        make("school", name, password);
    }
    make("other", "zoe", "s3cret-Word");
    let pending = |words: &[&str]| {
        let words = [&["pending"], words, &["--admin", &admin]].concat();
        let (status, told, talk) = command(&words, folder.path());
        (status.code(), told, talk)
    };
    let (code, told, talk) = pending(&["count"]);
    assert_eq!(code, Some(0), "{talk}");
    for words in ["school  dry-run  3     0", "other   confirm  1     0"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let (code, _, talk) = pending(&["list"]);
    assert!(code == Some(2) && talk.contains("other, school"), "{talk}");
    let (_, told, talk) = pending(&["list", "--tenant", "school", "--brief", "--limit", "2"]);
    assert!(told.lines().count() == 2 && talk.contains("--after 2"), "{told}{talk}");
    let (_, told, talk) = pending(&["list", "--tenant", "school", "--brief", "--after", "2"]);
    assert!(told.starts_with("3  create User ") && told.contains(" tom  dry-run  since"), "{told}");
    assert_eq!((told.lines().count(), talk.as_str()), (1, ""));
    for name in ["NINA", "nina@hoch.example"] {
        let (_, told, _) = pending(&["list", "--tenant", "school", "--name", name, "--json"]);
        assert_eq!(json(&told)["sequence"], 2, "{name}");
    }
    let (_, told, _) = pending(&["list", "--tenant", "school"]);
    assert!(!told.contains('\u{1b}') && told.contains("users[0][firstname]=E"), "{told}");
    assert_eq!(pending(&["list", "--tenant", "school", "--kind", "group"]).1, "");
    assert_eq!(pending(&["apply", "--tenant", "school", "--kind", "user"]).0, Some(1));
    let (_, told, _) = pending(&["count", "--tenant", "school", "--json"]);
    let told = json(&told);
    assert_eq!(
        (&told[0]["counts"][0]["failed"], &told[0]["failures"][0]["count"]),
        (&2.into(), &2.into())
    );
    let (_, told, _) = pending(&["count"]);
    assert!(told.contains("school: what failed last") && told.contains("      2  "), "{told}");
    let (_, told, _) = pending(&["list", "--tenant", "school", "--failed", "--brief"]);
    assert!(told.lines().count() == 2 && told.contains("failed 1 times"), "{told}");
    let (code, _, talk) = pending(&["apply", "--tenant", "school", "--failed"]);
    assert!(code == Some(1) && talk.contains("2 of 2"), "it is tried again: {talk}");
    assert_eq!(pending(&["drop", "--tenant", "school", "--failed"]).1, "dropped: 2\n");
    assert_eq!(pending(&["list", "--tenant", "no such"]).0, Some(2));
}

#[test]
fn operators_behind_tls_are_answered_by_commands_too() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.path().join("own.pem"), own.cert.pem()).unwrap();
    fs::write(folder.path().join("own.key"), own.signing_key.serialize_pem()).unwrap();
    let tls = "[admin.tls]\ncertificate = \"own.pem\"\nkey = \"own.key\"\n";
    fs::write(folder.path().join("config.toml"), format!("{}{tls}", dry_config())).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (_, admin) = addresses(&program.logged("serving"));
    let address = admin.replace("http:", "https:");
    let (status, told, talk) = command(&["pending", "count", "--admin", &address], folder.path());
    assert!(status.success() && told == "nothing waits\n", "{told}{talk}");
    let other = address.replace("127.0.0.1", "localhost");
    let (status, _, talk) = command(&["pending", "count", "--admin", &other], folder.path());
    assert!(status.code() == Some(1) && talk.contains("as its certificate does"), "{talk}");
    // And where the configuration knows of no TLS, as before a proxy.
    fs::write(folder.path().join("config.toml"), dry_config()).unwrap();
    let own = folder.path().join("own.pem");
    let asked = Command::new(env!("CARGO_BIN_EXE_matricula"))
        .args(["pending", "count", "--admin", &address])
        .current_dir(folder.path())
        .env("SSL_CERT_FILE", own)
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
}
