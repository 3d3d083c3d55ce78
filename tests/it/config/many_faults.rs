//! Every fault at once, wherever it lies.

use super::support::{LEAST, REAL, Trial, told};

#[test]
fn faults_of_all_sections_are_told_together_in_the_order_of_the_file() {
    let trial = Trial::of(&format!(
        "{LEAST}[server]\nlisten = 1\nlisten_on = 2\ntls = {{}}\n[log]\nformat = true\n[nothing]\n"
    ))
    .set("cache.fresh=soon");
    let told = trial.faults();
    let heads: Vec<&str> = told.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(
        heads,
        [
            "error: `server.listen`: `1` is no address with a port",
            "error: there is no setting `server.listen_on`",
            "error: `server.tls` has no `certificate`",
            "error: `server.tls` has no `key`",
            "error: `log.format` is a word, this is true or false",
            "error: there is no setting `nothing`",
            "error: `cache.fresh`: `soon` is no span of time",
        ]
    );
    assert_eq!(trial.load().unwrap_err().count(), heads.len());
}

#[test]
fn a_faulty_tenant_does_not_hide_the_faults_of_the_next() {
    let text =
        "[store]\nin_memory = true\n[tenants.a]\nmapping = \"moodel\"\n[tenants.b]\nmapping = 1\n";
    let told = told("", text);
    for words in ["`moodel`", "`tenants.a` has no token", "`tenants.b.mapping`", "`tenants.b` has"]
    {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[test]
fn a_faulty_mapping_is_told_as_the_author_would_hear_it() {
    let trial = Trial::of(
        "[tenants.a]\nmapping = \"./mine.toml\"\npath = \"a\"\n\
         tokens = [{ token = \"0123456789abcdef0123456789\" }]\n\
         [tenants.b]\nmapping = \"./mine.toml\"\n\
         tokens = [{ token = \"0123456789abcdef012345678x\" }]\n",
    )
    .file(
        "mine.toml",
        "format = 1\ntitle = \"Mine\"\nextends = \"moodle\"\nuser.id = \"lmss.id\"\n",
    );
    insta::assert_snapshot!(trial.faults().replace("./", ""), @r#"
    error: `tenants.a.path` does not begin with a slash
     --> config.toml:3:8
      |
    3 | path = "a"
      |        ^^^
      |
      = help: write it as in "/school/scim/v2"

    error: there is no `lmss` here
     --> mine.toml:4:12
      |
    4 | user.id = "lmss.id"
      |            ^^^^^^^ unknown name
      |
      = help: did you mean `lms`?
    "#);
}

#[test]
fn a_mapping_beside_the_file_may_extend_another_beside_it() {
    let text = REAL.replace("\"moodle\"", "\"mine.toml\"");
    let trial = Trial::of(&text)
        .file("mine.toml", "extends = \"site\"\ntitle = \"Mine\"\n")
        .file("site.toml", "extends = \"moodle\"\ntitle = \"Ours\"\n");
    assert_eq!(trial.load().unwrap().settings.tenants[0].plan.title, "Mine");
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let sources = matricula::config::Sources {
        file: Some("nowhere.toml".into()),
        ..matricula::config::Sources::default()
    };
    let told = sources.load(jiff::Timestamp::UNIX_EPOCH).unwrap_err().to_string();
    insta::assert_snapshot!(told, @"
    error: `nowhere.toml` cannot be read: No such file or directory (os error 2)
     |
     = help: name the configuration file by --config FILE or MATRICULA_CONFIG
    ");
}
