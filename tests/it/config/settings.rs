//! What settings come to in the rooms.

use std::time::Duration;

use super::support::{LEAST, REAL, Trial};
use matricula::config::{Address, Lms, Settings};
use matricula::provision::{Keep, Match};
use matricula::scim::Unknown;
use matricula::secret::Secret;

fn settings(text: &str) -> Settings {
    Trial::of(text).load().unwrap().settings
}

#[test]
fn a_tenant_has_the_usual_path_and_title_unless_it_says_otherwise() {
    let tenant = &settings(LEAST).tenants[0];
    assert_eq!((tenant.path.as_str(), tenant.title.as_str()), ("/demo/scim/v2", "demo"));
    let own = LEAST.replace("sandbox", "path = \"/hoch/api/scim\"\ntitle = \"Hoch\"\nsandbox");
    let tenant = &settings(&own).tenants[0];
    assert_eq!((tenant.path.as_str(), tenant.title.as_str()), ("/hoch/api/scim", "Hoch"));
}

#[test]
fn one_path_may_begin_with_the_letters_of_another() {
    let text = format!(
        "{}{}",
        LEAST.replace("sandbox", "path = \"/a\"\nsandbox"),
        LEAST.replace("demo", "other").replace("sandbox", "path = \"/ab\"\nsandbox")
    );
    assert_eq!(settings(&text).tenants.len(), 2);
}

#[test]
fn neither_of_two_paths_may_lie_below_the_other() {
    for path in ["/demo", "/demo/scim", "/demo/scim/v2", "/demo/scim/v2/more"] {
        let other = LEAST.replace("demo", "other").replace("sandbox", "path = \"PATH\"\nsandbox");
        let text = format!("{LEAST}{}", other.replace("PATH", path));
        assert_eq!(Trial::of(&text).load().unwrap_err().count(), 1, "{path}");
    }
}

#[test]
fn a_tenant_s_cache_goes_before_the_common_one_key_by_key() {
    let text = format!(
        "{LEAST}[cache]\nfresh = \"9s\"\nmemory = 0\n\
         [tenants.demo.cache]\nfresh = \"3s\"\nmemory = \"1KiB\"\n"
    );
    let caching = settings(&text).tenants[0].provision.caching;
    assert_eq!((caching.bytes, caching.fresh), (1024, Duration::from_secs(3)));
    assert_eq!(caching.missing, Duration::from_secs(5));
}

#[test]
fn a_proxy_in_ipv6_s_disguise_is_the_proxy() {
    let network = "[\"::ffff:10.0.0.0/104\"]";
    let text = format!(
        "{LEAST}[server]\nproxy_protocol = {network}\n[server.forwarded]\ntrusted = {network}\n"
    );
    let server = settings(&text).server;
    for networks in [&server.proxy_protocol, &server.forwarded.trusted] {
        assert_eq!(networks[0].to_string(), "10.0.0.0/8");
    }
}

#[test]
fn a_tenant_reads_as_strictly_as_it_says() {
    let text = LEAST.replace("sandbox", "strict = true\nunmapped = \"reject\"\nsandbox");
    let rules = settings(&text).tenants[0].provision.rules;
    assert_eq!((rules.strict, rules.unknown), (true, Unknown::Reject));
}

#[test]
fn a_tenant_matches_and_keeps_as_it_says() {
    let text =
        LEAST.replace("sandbox", "match = [\"emails\", \"userName\"]\nkeep = \"minimal\"\nsandbox");
    let read = &settings(&text).tenants[0].provision;
    assert_eq!(read.matching, [Match::Emails, Match::UserName]);
    assert_eq!(read.keep, Keep::Minimal);
    let read = &settings(LEAST).tenants[0].provision;
    assert_eq!((read.matching.len(), read.keep), (0, Keep::Full));
}

#[test]
fn the_mapping_says_what_is_usual_for_its_lms() {
    let tenant = &settings(REAL).tenants[0];
    let (name, backend) = &tenant.backends[0];
    assert_eq!((&**name, &*backend.name), ("main", "x"));
    assert_eq!(backend.base, "https://moodle.example");
    // moodle.toml: timeout = 60; the whole is never shorter than one attempt.
    assert_eq!(backend.timing.attempt, Duration::from_mins(1));
    assert_eq!(backend.timing.whole, Duration::from_mins(1));
    let longer = format!("{REAL}[tenants.x.backend]\ntimeouts.attempt = \"90s\"\n");
    let backend = &settings(&longer).tenants[0].backends[0].1;
    assert_eq!(backend.timing.whole, Duration::from_secs(90));
}

#[test]
fn one_backend_goes_before_all_and_all_before_the_mapping() {
    let text = format!(
        "{REAL}[tenants.x.backend]\nconcurrency = 3\nqueue = 5\ntimeouts.attempt = \"9s\"\n\
         rates = [{{ calls = 100, within = \"1m\" }}]\n\
         [tenants.x.backends.main]\nconcurrency = 2\ntimeouts.whole = \"20s\"\n"
    );
    let backend = &settings(&text).tenants[0].backends[0].1;
    assert_eq!((backend.limits.concurrency, backend.limits.queue), (2, 5));
    assert_eq!(backend.timing.attempt, Duration::from_secs(9));
    assert_eq!(backend.timing.whole, Duration::from_secs(20));
    assert_eq!((backend.limits.rates[0].calls, backend.limits.rates[0].span.as_secs()), (100, 60));
}

#[test]
fn certificates_and_authorities_are_found_beside_the_file() {
    let issued = rcgen::generate_simple_self_signed(vec!["gateway.example".to_owned()]).unwrap();
    let trial = Trial::of(&format!(
        "{REAL}[tenants.x.backend]\nca = \"ca.pem\"\nsystem_roots = false\n\
         [server.tls]\ncertificate = \"ca.pem\"\nkey = \"key.pem\"\n"
    ))
    .file("ca.pem", &issued.cert.pem())
    .file("key.pem", &issued.signing_key.serialize_pem());
    let settings = trial.load().unwrap().settings;
    let trust = &settings.tenants[0].backends[0].1.trust;
    assert!(!trust.system && trust.extra == issued.cert.pem().as_bytes());
    assert_eq!(settings.server.tls.unwrap().key, trial.folder().join("key.pem"));
}

#[test]
fn a_sandbox_s_tenant_is_settled_once_the_sandbox_runs() {
    let text = format!("{LEAST}[tenants.demo.lms]\nexternal_id = \"\"\n");
    let tenant = settings(&text).tenants.remove(0);
    assert!(matches!(tenant.lms, Lms::Sandbox(_)));
    let token = Secret::new("hunter2");
    let address = Address { base: "http://127.0.0.1:4711", token: &token };
    let tenant = tenant.moved_into(&address).unwrap();
    let Lms::Real(site) = &tenant.lms else { panic!("still in a sandbox") };
    assert_eq!(tenant.backends[0].1.base, "http://127.0.0.1:4711");
    let shown = format!("{site:?}");
    assert!(shown.contains(r#""external_id":"""#) && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn whether_logs_name_people_is_said_once() {
    let settings = settings(&format!("{LEAST}[log]\npersonal = true\nformat = \"json\"\n"));
    assert!(settings.log.personal && settings.api.personal);
}

#[test]
fn a_public_address_loses_the_slash_at_its_end() {
    let text = format!("{LEAST}[server]\npublic_url = \"https://scim.example/\"\n");
    assert_eq!(settings(&text).api.public_url.as_deref(), Some("https://scim.example"));
}
