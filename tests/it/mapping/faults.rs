//! Broken mappings, one mistake each: the message alone has to tell a person
//! how to mend it.

use std::fs;

use matricula::mapping::{Fault, Shipped, Source};

/// What is changed in the minimal mapping, and into what.
const MISTAKES: [(&str, &str, &str); 44] = [
    ("no-format", "format = 1\n", ""),
    ("not-toml", "[user]\n", "[user\n"),
    ("unknown-table", "[group.members]", "[group.membres]"),
    ("unknown-key", "unique = true", "uniqe = true"),
    ("wrong-type", "required = true, unique", "required = \"yes\", unique"),
    ("unknown-attribute", "\"name.givenName\"", "\"name.givenNam\""),
    ("unknown-label", "'emails[type eq \"work\"].value'", "'emails[type sw \"w\"].value'"),
    ("unknown-setting", "{settings.token}", "{settings.tokn}"),
    ("unknown-name", "/users/{value}\" }\n\"userName", "/users/{vlaue}\" }\n\"userName"),
    ("unknown-record-field", "body = \"{record}\"\nkeep", "body = \"{record.logni}\"\nkeep"),
    ("unknown-function", "items | map", "items | mapp"),
    ("wrong-arguments", "body.items | map(item.id ?? null)", "body.items | map"),
    (
        "bad-pattern",
        "\"external_id\"\n",
        "{ lms = \"external_id\", check = { pattern = \"[a-\" } }\n",
    ),
    ("open-hole", "\"/users/{id}\"\nbody", "\"/users/{id\"\nbody"),
    ("single-equals", "status == 422", "status = 422"),
    ("unknown-class", "is = \"duplicate\"", "is = \"duplicated\""),
    ("unreachable-rule", "errors  = [{", "errors  = [{ when = true, is = \"invalid\" }, {"),
    ("secret-in-plain-text", "\"Bearer {settings.token}\"", "\"Bearer 0123456789abcdef\""),
    ("secret-with-default", "required = true, secret = true", "secret = true, default = \"x\""),
    ("unknown-operator", "\"userName eq\"", "\"userName is\""),
    ("no-read", "\"id eq\"         = { get = \"/users/{value}\" }\n", ""),
    ("no-delete", "[user.delete]\ndelete = \"/users/{id}\"\n", ""),
    ("two-calls", "patch = \"/users/{id}\"\n", "patch = \"/users/{id}\"\nput = \"/users/{id}\"\n"),
    ("other-host", "post = \"/users\"", "post = \"https://other.example/users\""),
    ("unknown-paging", "by = \"number\"", "by = \"nummer\""),
    ("unknown-culprit", "attribute = \"userName\"", "attribute = \"usrName\""),
    (
        "invented-name",
        "\"name.givenName\"  = \"first_name\"",
        "\"name.givenName\" = { lms = \"first_name\", absent = \"invent\" }",
    ),
    ("kept-and-written", "unique = true", "kept = true"),
    ("mapped-twice", "\"name.givenName\"", "\"USERNAME\" = \"nick\"\n\"name.givenName\""),
    ("own-id", "\"name.givenName\"", "\"id\" = { read = \"number\" }\n\"name.givenName\""),
    (
        "own-date",
        "\"name.givenName\"",
        "\"meta.created\" = { read = \"made\" }\n\"name.givenName\"",
    ),
    ("members-unkept", "keep = { members =", "keep = { member ="),
    ("headers-no-table", "headers = { Authorization", "headers = \"Authorization\" #"),
    ("query-no-table", "query = { login = \"{value}\" }", "query = \"login={value}\""),
    ("keep-no-table", "keep = { id = \"body.id\", object = \"body\" }", "keep = \"body.id\""),
    ("attributes-no-table", "attributes = { displayName", "attributes = [\"name\"] #"),
    ("refuse-no-text", "[user.find]", "[user.refuse]\nread = true\n[user.find]"),
    ("id-unkept", "keep = { id = \"body.id\", object = \"body\" }", ""),
    ("delete-does-nothing", "delete = { delete = \"/groups/{id}\" }", "delete = []"),
    (
        "asked-twice",
        "\"externalId eq\" =",
        "\"username EQ\" = { get = \"/people\" }\n\"externalId eq\" =",
    ),
    ("many-of-one", "\"userName eq\"   = {", "\"userName eq\"   = { many = 50,"),
    ("no-slash", "post = \"/users\"", "post = \"users\""),
    ("too-long", "[user]\n", "[backend.limits]\ntimeout = 9223372036854775807\n[user]\n"),
    ("no-rate", "[user]\n", "[backend.limits]\nrates = [{ calls = 0, seconds = 1 }]\n[user]\n"),
];

#[test]
fn a_mistake_is_told_with_place_and_hint() {
    let good = fs::read_to_string("mappings/minimal-rest.toml").unwrap();
    for (name, from, to) in MISTAKES {
        assert!(good.contains(from), "{name}: the mapping has no `{from}` to break");
        let broken = good.replacen(from, to, 1);
        let compiled =
            Source::read("mine.toml", &broken, &Shipped).and_then(|source| source.compile());
        let faults = compiled.err().unwrap_or_else(|| panic!("{name} is no mistake"));
        let told: Vec<String> = faults.iter().map(Fault::render).collect();
        insta::assert_snapshot!(name, told.join("\n\n"));
    }
}

#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let mut text = fs::read_to_string("mappings/minimal-rest.toml").unwrap();
    for (from, to) in [
        ("unique = true", "uniqe = true"),
        ("{settings.token}", "{settings.tokn}"),
        ("is = \"duplicate\"", "is = \"duplicated\""),
        ("\"userName eq\"", "\"userName is\""),
    ] {
        text = text.replacen(from, to, 1);
    }
    let faults = Source::read("mine.toml", &text, &Shipped)
        .and_then(|source| source.compile())
        .err()
        .unwrap_or_default();
    let places: Vec<String> = faults.iter().map(|fault| fault.span.to_string()).collect();
    assert_eq!(places.len(), 4, "{places:?}");
}

#[test]
fn a_mapping_that_extends_nothing_known_is_told_what_there_is() {
    let faults = Source::read("mine.toml", "format = 1\nextends = \"moodel\"\n", &Shipped)
        .err()
        .unwrap_or_default();
    assert_eq!(faults[0].hint.as_deref(), Some("did you mean `moodle`?"));
}
