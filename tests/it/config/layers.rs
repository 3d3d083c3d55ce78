//! Defaults, the file, the environment, flags: what is said later goes first, and
//! each fault names the layer it comes from.

use super::support::{LEAST, REAL, Trial};

fn listen(trial: &Trial) -> String {
    trial.load().unwrap().settings.server.listen.to_string()
}

#[test]
fn what_is_said_later_goes_first() {
    assert_eq!(listen(&Trial::of(LEAST)), "127.0.0.1:8080");
    let trial = Trial::of(&format!("{LEAST}[server]\nlisten = \"127.0.0.1:1\""));
    assert_eq!(listen(&trial), "127.0.0.1:1");
    let trial = trial.variable("MATRICULA_SERVER__LISTEN", "127.0.0.1:2");
    assert_eq!(listen(&trial), "127.0.0.1:2");
    let trial = trial.set("server.listen=127.0.0.1:3");
    assert_eq!(listen(&trial), "127.0.0.1:3");
    assert_eq!(listen(&trial.set("server.listen = '127.0.0.1:4'")), "127.0.0.1:4");
}

#[test]
fn a_layer_changes_one_key_and_leaves_its_neighbours() {
    let trial = Trial::of(&format!("{LEAST}[server.timeouts]\nidle = \"7s\""))
        .set("server.timeouts.body=9s");
    let timeouts = trial.load().unwrap().settings.server.timeouts;
    assert_eq!((timeouts.idle.as_secs(), timeouts.body.as_secs()), (7, 9));
}

#[test]
fn words_become_what_the_setting_wants() {
    let settings = Trial::of(LEAST)
        .variable("MATRICULA_SERVER__CONCURRENCY", "7")
        .variable("MATRICULA_SERVER__COMPRESS", "false")
        .variable("MATRICULA_SERVER__PROXY_PROTOCOL", r#"["10.0.0.0/8"]"#)
        .variable("MATRICULA_SERVER__BODY", "2MiB")
        .variable("MATRICULA_TENANTS__DEMO__TITLE", "1984")
        .variable("MATRICULA_TENANTS__DEMO__LMS__BATCH", "50")
        .variable("MATRICULA_TENANTS__DEMO__LMS__COHORT_CATEGORY", "5")
        .load()
        .unwrap()
        .settings;
    assert_eq!((settings.api.concurrency, settings.api.compress), (7, false));
    assert_eq!((settings.server.proxy_protocol.len(), settings.api.body), (1, 2 * 1024 * 1024));
    assert_eq!(settings.tenants[0].title, "1984");
    let matricula::config::Lms::Sandbox(given) = &settings.tenants[0].lms else { unreachable!() };
    assert_eq!(given["batch"], 50);
    assert_eq!(given["cohort_category"], "5");
}

#[test]
fn an_underscore_in_a_variable_stands_for_the_hyphen_of_a_tenant() {
    let trial = Trial::of(&LEAST.replace("demo", "north-school"))
        .variable("MATRICULA_TENANTS__NORTH_SCHOOL__TITLE", "North");
    assert_eq!(trial.load().unwrap().settings.tenants[0].title, "North");
}

#[test]
fn everything_can_be_said_by_the_environment() {
    let trial = Trial::of("")
        .variable("MATRICULA_TENANTS__A__MAPPING", "moodle")
        .variable("MATRICULA_TENANTS__A__SANDBOX", "true")
        .variable("MATRICULA_TENANTS__A__TOKENS", r#"[{ token = { env = "ENTRA" } }]"#)
        .variable("ENTRA", "0123456789abcdef0123456789");
    assert_eq!(trial.load().unwrap().settings.tenants.len(), 1);
}

#[test]
fn variables_that_others_set_are_none_of_ours() {
    let trial = Trial::of(LEAST)
        .variable("MATRICULA_SERVICE_HOST", "10.0.0.1")
        .variable("MATRICULA_PORT_8080_TCP__ADDR", "10.0.0.1")
        .variable("MATRICULA_CONFIG", "elsewhere.toml")
        .variable("LISTEN", "0.0.0.0:1");
    assert_eq!(listen(&trial), "127.0.0.1:8080");
    assert_eq!(trial.warnings(), "");
}

#[test]
fn a_faulty_variable_is_named_and_not_shown() {
    let trial = Trial::of(LEAST)
        .variable("MATRICULA_SERVER__LISEN", "hunter2")
        .variable("MATRICULA_SERVER__COMPRESS", "hunter2")
        .variable("MATRICULA_ADMIN__TOKEN", "hunter2");
    insta::assert_snapshot!(trial.faults(), @"
    error: `server.compress` is true or false, this is a text
    --> environment variable MATRICULA_SERVER__COMPRESS

    error: there is no setting `server.lisen`
    --> environment variable MATRICULA_SERVER__LISEN
     = help: did you mean `listen`?

    error: `admin`: the token is shorter than 16 characters
    --> environment variable MATRICULA_ADMIN__TOKEN
     = help: `openssl rand -hex 32` makes a good one
    ");
}

#[test]
fn a_faulty_flag_is_named() {
    let trial = Trial::of(LEAST)
        .set("server.deadline=soon")
        .set("tenants.demo.tokens=[{ sha256 = 'hunter2' }]");
    insta::assert_snapshot!(trial.faults(), @r#"
    error: `server.deadline`: `soon` is no span of time
    --> flag --set server.deadline
     = help: write a number with its unit, as in "30s", "5m" or "250ms"

    error: `tenants.demo.tokens[0].sha256` is no SHA-256 digest
    --> flag --set tenants.demo.tokens
     = help: 64 hexadecimal digits: printf %s "$TOKEN" | sha256sum
    "#);
}

#[test]
fn a_fault_of_the_file_stays_one_where_others_speak_beside_it() {
    let trial = Trial::of(&format!("{REAL}external_id = \"idnumbr\"\n"))
        .variable("MATRICULA_TENANTS__X__LMS__BATCH", "many");
    insta::assert_snapshot!(trial.faults(), @r#"
    error: `tenants.x.lms.external_id` is none of the values it can have
     --> config.toml:7:15
      |
    7 | external_id = "idnumbr"
      |               ^^^^^^^^^
      |
      = help: one of "idnumber", ""

    error: `tenants.x.lms.batch` is a number, this is a text
    --> environment variable MATRICULA_TENANTS__X__LMS__BATCH
     = help: records per call; lower it when PHP's max_input_vars is below 1000
    "#);
}

#[test]
fn a_fault_in_place_of_a_good_value_is_put_to_whoever_said_it() {
    let trial = Trial::of(&format!("{LEAST}[server]\ncompress = true\n"))
        .variable("MATRICULA_SERVER__COMPRESS", "yes");
    assert!(trial.faults().contains("MATRICULA_SERVER__COMPRESS"), "{}", trial.faults());
}

#[test]
fn only_words_are_read_loosely() {
    for line in ["concurrency = \"8\"", "compress = \"true\"", "proxy_protocol = \"[]\""] {
        let trial = Trial::of(&format!("{LEAST}[server]\n{line}\n"));
        assert!(trial.faults().contains("this is a text"), "{line}");
    }
}

#[test]
fn a_word_cannot_smuggle_in_further_keys() {
    let trial = Trial::of(LEAST).set("server.proxy_protocol=[]\nlisten = '0.0.0.0:1'");
    assert!(trial.faults().contains("`server.proxy_protocol` is a list"), "{}", trial.faults());
}
