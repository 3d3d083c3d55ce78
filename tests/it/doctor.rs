//! `matricula doctor`, as a process before a sandbox that has something: what it
//! says, and how it ends.

use std::fmt::Write as _;
use std::net::TcpListener as Port;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use matricula::clock::Clock;
use matricula::sandbox::{Fault, Options, Person, Right, Sandbox, Standing, State};
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio_rustls::TlsAcceptor;

/// How a process ended: code, stdout, stderr.
type End = (i32, String, String);

const HEAD: &str = r#"
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
"#;

/// A configuration with one tenant before that LMS.
fn config(base: &str, token: &str) -> String {
    format!(
        r#"{HEAD}
[tenants.school]
mapping = "moodle"
tokens = [{{ token = "0123456789abcdef0123456789" }}]
[tenants.school.lms]
base_url = "{base}"
token = "{token}"
"#
    )
}

/// Runs it over a configuration, with nothing else in its environment.
async fn doctor(config: String, arguments: &'static [&'static str]) -> End {
    let process = move || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_matricula"))
            .arg("doctor")
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    tokio::task::spawn_blocking(process).await.unwrap()
}

async fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).await.unwrap()
}

/// What is said of a sandbox with its own token.
async fn asked(sandbox: &Sandbox) -> End {
    doctor(config(&sandbox.url(), sandbox.token()), &[]).await
}

/// The one line that fails.
fn failure(out: &str) -> &str {
    let mut failing = out.lines().filter(|line| line.starts_with("FAIL"));
    let first = failing.next();
    assert!(first.is_some(), "nothing fails in {out}");
    let first = first.unwrap();
    assert_eq!(failing.next(), None, "{out}");
    first
}

#[tokio::test]
async fn an_lms_that_is_well_is_told_in_a_line_for_each_check_and_is_not_changed() {
    let sandbox = sandbox().await;
    let people = sandbox.people().len();
    let (code, out, talk) = asked(&sandbox).await;
    assert_eq!((code, talk.as_str()), (0, ""), "{out}");
    for line in [
        "ok    configuration: config.toml",
        "ok    clients' port: 127.0.0.1:0 is free",
        "ok    school: tokens of clients: valid, none of them ends",
        "ok    school: answer: HTTP, with status",
        "ok    school: clocks:",
        "ok    school: login and rights: fine",
        "ok    school: functions of the service: fine",
        "ok    school: Moodle's version: fine",
        "ok    school: looking for cohorts: fine",
        "ok    school: the site's own address: fine",
    ] {
        assert!(out.contains(line), "{line} is not in\n{out}");
    }
    assert!(out.lines().all(|line| line.starts_with("ok    ")), "{out}");
    assert_eq!(sandbox.people().len(), people);
}

#[test]
fn a_store_that_cannot_be_written_is_found_by_trying() {
    let folder = tempfile::tempdir().unwrap();
    let within = |name: &str| folder.path().join(name);
    std::fs::create_dir(within("data")).unwrap();
    std::fs::write(within("plain"), "").unwrap();
    let store = |path: &str| {
        let text = format!(
            "{HEAD}[store]\npath = \"{path}\"\n[tenants.school]\nmapping = \"moodle\"\nsandbox = true\n"
        );
        std::fs::write(within("config.toml"), text).unwrap();
        let mut doctor = Command::new(env!("CARGO_BIN_EXE_matricula"));
        let output = doctor.arg("doctor").current_dir(folder.path()).env_clear().output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        out.lines().find(|line| line[6..].starts_with("store: ")).unwrap().to_owned()
    };
    let told = store("data/matricula.db");
    assert!(told.starts_with("ok ") && told.contains("is made by the first start"), "{told}");
    assert_eq!(std::fs::read_dir(within("data")).unwrap().count(), 0, "nothing is left behind");
    for (path, words) in [
        ("data", "data cannot be written"),
        ("plain/matricula.db", "nothing can be written beside"),
        ("nowhere/matricula.db", "nowhere: No such file"),
    ] {
        let told = store(path);
        assert!(told.starts_with("FAIL") && told.contains(words), "{path}: {told}");
    }
}

/// Root may write everything, so somebody else has to be asked.
#[cfg(unix)]
#[test]
fn a_folder_of_somebody_else_is_found_though_its_mode_lets_somebody_write() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let open = |mode| {
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let text = format!("{HEAD}[tenants.school]\nmapping = \"moodle\"\nsandbox = true\n");
    std::fs::write(folder.path().join("config.toml"), text).unwrap();
    open(0o575);
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_matricula"));
    doctor.arg("doctor").current_dir(folder.path()).env_clear();
    // Whoever is not root may not change who they are, and need not.
    let nobody = Command::new("true").uid(65534).status().is_ok();
    if nobody {
        doctor.uid(65534).gid(65534);
    }
    let ended = doctor.output();
    open(0o755);
    // A binary in a home that nobody else may enter cannot be asked.
    let Ok(output) = ended else { return };
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("FAIL  store: nothing can be written beside"), "{out}");
}

#[tokio::test]
async fn functions_that_the_service_lacks_are_named_and_no_others() {
    let sandbox = sandbox().await;
    let lacking = ["core_user_delete_users", "core_cohort_add_cohort_members"];
    let all = [
        "core_user_create_users",
        "core_user_get_users",
        "core_user_get_users_by_field",
        "core_user_update_users",
        "core_cohort_create_cohorts",
        "core_cohort_get_cohorts",
        "core_cohort_search_cohorts",
        "core_cohort_update_cohorts",
        "core_cohort_delete_cohorts",
        "core_cohort_delete_cohort_members",
        "core_cohort_get_cohort_members",
        "core_webservice_get_site_info",
    ];
    sandbox.with(|moodle| {
        let token = moodle.tokens.values_mut().next().unwrap();
        token.functions = Some(all.map(String::from).to_vec());
    });
    let (code, out, talk) = asked(&sandbox).await;
    assert_eq!(code, 1);
    let line = failure(&out);
    assert!(lacking.iter().all(|name| line.contains(name)), "{line}");
    assert!(!all.iter().any(|name| line.contains(&format!("{name},"))), "{line}");
    assert!(line.contains("External services"), "{line}");
    assert!(talk.contains("1 check failed") && talk.contains("hint:"), "{talk}");
}

#[tokio::test]
async fn a_hidden_e_mail_is_a_missing_right() {
    let sandbox = sandbox().await;
    sandbox.with(|moodle| {
        let token = moodle.tokens.values_mut().next().unwrap();
        token.rights.retain(|it| *it != Right::ViewIdentity);
        moodle.people.insert(Person::new("anna", "Anna", "Berg", "anna@hoch.example")).unwrap();
    });
    let (code, out, _) = asked(&sandbox).await;
    assert_eq!(code, 1, "{out}");
    assert!(failure(&out).contains("school: usernames and e-mails"), "{out}");
    assert!(failure(&out).contains("showuseridentity"), "{out}");
}

#[tokio::test]
async fn a_right_to_see_cohorts_that_is_missing_is_told_in_the_words_of_the_lms() {
    let sandbox = sandbox().await;
    sandbox.with(|moodle| {
        let token = moodle.tokens.values_mut().next().unwrap();
        token.rights.retain(|it| !matches!(it, Right::ViewCohorts | Right::ManageCohorts));
    });
    let (code, out, _) = asked(&sandbox).await;
    assert_eq!(code, 1, "{out}");
    assert!(failure(&out).contains("school: looking for cohorts"), "{out}");
    assert!(out.contains("hint: the LMS said"), "{out}");
}

#[tokio::test]
async fn a_token_that_is_wrong_or_has_expired_is_told_once() {
    let sandbox = sandbox().await;
    let (code, out, _) = doctor(config(&sandbox.url(), "mistaken"), &[]).await;
    assert_eq!(code, 1);
    assert!(failure(&out).contains("does not know the web service token"), "{out}");
    sandbox.with(|moodle| {
        moodle.tokens.values_mut().next().unwrap().standing = Standing::Barred;
    });
    let (code, out, _) = asked(&sandbox).await;
    assert_eq!(code, 1);
    assert!(out.contains("FAIL  school: login and rights"), "{out}");
}

#[tokio::test]
async fn a_site_in_maintenance_is_down_and_its_token_is_not_blamed() {
    let sandbox = sandbox().await;
    sandbox.with(|moodle| moodle.site.state = State::CliMaintenance);
    let (code, out, _) = asked(&sandbox).await;
    assert_eq!(code, 1);
    assert!(failure(&out).contains("in maintenance"), "{out}");
}

#[tokio::test]
async fn a_page_in_place_of_json_is_no_lms() {
    let sandbox = sandbox().await;
    sandbox.faults().always(None, Fault::Page);
    let (code, out, _) = asked(&sandbox).await;
    assert_eq!(code, 1);
    assert!(failure(&out).contains("login and rights"), "{out}");
    assert!(!out.contains("<html"), "{out}");
}

#[tokio::test]
async fn an_lms_that_is_not_there_and_a_name_that_is_nobodys_are_two_things() {
    let gone = Port::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, out, _) = doctor(config(&format!("http://{gone}"), "t"), &[]).await;
    assert_eq!(code, 1);
    assert!(failure(&out).contains("school: connection:"), "{out}");
    let (code, out, _) = doctor(config("https://lms.invalid", "t"), &[]).await;
    assert_eq!(code, 1);
    assert!(failure(&out).contains("school: name: `lms.invalid`"), "{out}");
}

/// A listener that ends TLS with a certificate of its own making, and then hangs
/// up: its port, and the certificate as PEM.
async fn secure(days: i64) -> (u16, String) {
    let signing_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let end = Clock::system().now().as_second() + days * 86_400;
    params.not_after = (UNIX_EPOCH + Duration::from_secs(end.unsigned_abs())).into();
    let certificate = params.self_signed(&signing_key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let _ = acceptor.accept(socket).await;
        }
    });
    (port, certificate.pem())
}

#[tokio::test]
async fn an_unknown_authority_is_told_with_the_way_to_name_it() {
    let (port, pem) = secure(300).await;
    let (_, other) = secure(300).await;
    let folder = tempfile::tempdir().unwrap();
    let trusting = |pem: &str| {
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, pem).unwrap();
        let mut text = config(&format!("https://localhost:{port}"), "t");
        let path = file.display();
        write!(text, "[tenants.school.backend]\nca = \"{path}\"\nsystem_roots = false\n").unwrap();
        text
    };
    let (code, out, _) = doctor(trusting(&other), &[]).await;
    assert_eq!(code, 1);
    assert!(failure(&out).contains("school: certificate: TLS with 127.0.0.1"), "{out}");
    assert!(out.contains("named by `ca`"), "{out}");
    let (_, out, _) = doctor(trusting(&pem), &[]).await;
    assert!(out.contains("ok    school: certificate: trusted, until 20"), "{out}");
    assert!(failure(&out).contains("school: answer"), "it hangs up: {out}");
}

#[tokio::test]
async fn a_certificate_that_soon_ends_is_a_warning() {
    let (port, pem) = secure(12).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let mut text = config(&format!("https://localhost:{port}"), "t");
    let path = file.display();
    write!(text, "[tenants.school.backend]\nca = \"{path}\"\nsystem_roots = false\n").unwrap();
    let (_, out, _) = doctor(text, &[]).await;
    assert!(out.contains("warn  school: certificate: ends in 1"), "{out}");
}

#[tokio::test]
async fn what_this_machine_and_its_tokens_say_is_told_too() {
    let taken = Port::bind("127.0.0.1:0").unwrap();
    let text = format!(
        r#"[server]
listen = "{}"
public_url = "http://scim.example"
[admin]
listen = "127.0.0.1:0"
[tenants.demo]
mapping = "moodle"
sandbox = true
tokens = [{{ token = "0123456789abcdef0123456789", expires = "2001-01-01" }}]
"#,
        taken.local_addr().unwrap()
    );
    let (code, out, _) = doctor(text, &[]).await;
    assert_eq!(code, 1);
    assert!(out.contains("warn  clients' port:") && out.contains("is taken"), "{out}");
    assert!(out.contains("warn  public address: http://scim.example"), "{out}");
    assert!(failure(&out).contains("demo: tokens of clients: all have expired"), "{out}");
    assert!(out.contains("ok    demo: LMS: a sandbox"), "{out}");
}

#[tokio::test]
async fn for_machines_it_is_one_line_and_for_one_tenant_only_its_own() {
    let sandbox = sandbox().await;
    let text = config(&sandbox.url(), sandbox.token());
    let (code, out, _) = doctor(text.clone(), &["--json", "--tenant", "school"]).await;
    assert_eq!((code, out.lines().count()), (0, 1));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["ok"], true);
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|it| it["grade"] == "ok"), "{out}");
    assert!(findings.iter().any(|it| it["tenant"] == "school"), "{out}");
    assert!(!out.contains("port") && !out.contains(sandbox.token()), "{out}");
    let (code, out, talk) = doctor(text, &["--tenant", "scool"]).await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(talk.contains("scool") && talk.contains("hint:"), "{talk}");
}

#[tokio::test]
async fn faulty_settings_are_told_and_nobody_is_asked() {
    let (code, out, _) = doctor("[servr]\n".to_owned(), &["--json"]).await;
    assert_eq!(code, 1);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["ok"], false);
    assert!(out.contains("servr") && out.contains("config.toml:1"), "{out}");
}
