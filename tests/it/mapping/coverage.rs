//! Who can answer a filter, known before anybody is asked; and questions whose
//! answers the caller judges.

use std::sync::Arc;

use matricula::call::{Call, Reply};
use matricula::mapping::{Coverage, Moment, Next, Picture, Query, Shipped, Site, Source, Want};
use matricula::scim::{Filter, Kind, Matcher, Resource};
use serde_json::{Map, Value, json};

use super::echo::odd;
use super::people::{moment, moodle};

fn matcher(site: &Site, kind: Kind, text: &str) -> Matcher {
    let plan = site.plan.kinds_of(kind).next().unwrap();
    let filter = Filter::parse(text, plan.resource_type.urns()).unwrap();
    Matcher::bind(&filter, &plan.resource_type).unwrap()
}

fn coverage(site: &Site, kind: Kind, text: &str) -> Coverage {
    site.coverage(kind, Some(&matcher(site, kind, text)))
}

#[test]
fn who_answers_for_users_of_moodle() {
    let site = moodle(&json!({}));
    let bare = moodle(&json!({"external_id": ""}));
    let cases = [
        (&site, r#"userName eq "Eva""#, Coverage::Asked),
        (&site, r#"userName eq "Eva Smit""#, Coverage::Nobody),
        (&site, r#"id eq "7""#, Coverage::Asked),
        (&site, r#"id eq "seven""#, Coverage::Nobody),
        (&site, r#"externalId eq "P-1""#, Coverage::Asked),
        (&bare, r#"externalId eq "P-1""#, Coverage::NoPlace),
        (&site, r#"emails.value eq "x@y""#, Coverage::Divided),
        (&site, r#"emails eq "x@y""#, Coverage::Divided),
        (&site, r#"emails.value eq "x@y" and userName eq "eva""#, Coverage::Asked),
        (&site, r#"emails.value eq "x@y" or userName sw "e""#, Coverage::Scan),
        (&site, r#"emails[type eq "work" and value eq "x@y"]"#, Coverage::Asked),
        (&bare, r#"userName eq "eva" and externalId eq "P-1""#, Coverage::Asked),
        (&bare, r#"externalId eq "P-1" and userName ne "eva""#, Coverage::NoPlace),
        (&bare, r#"userName eq "eva" or externalId eq "P-1""#, Coverage::Divided),
        (&bare, r#"userName eq "e e" or externalId eq "P-1""#, Coverage::NoPlace),
        (&site, r#"userName eq "eva" or externalId eq "P-1""#, Coverage::Asked),
        (&site, r#"externalId sw "P""#, Coverage::Scan),
        (&bare, r#"externalId sw "P""#, Coverage::NoPlace),
        (&site, r#"emails[type eq "work"].value sw "x""#, Coverage::Scan),
        (&site, r#"emails[type eq "home"].value eq "x@y""#, Coverage::NoPlace),
        (&bare, r#"externalId ne "P-1""#, Coverage::Scan),
        (&bare, "not (externalId pr)", Coverage::Scan),
        (&bare, "externalId pr", Coverage::NoPlace),
        (&bare, r#"userName sw "e" or externalId eq "P-1""#, Coverage::Scan),
    ];
    for (site, filter, wanted) in cases {
        assert_eq!(coverage(site, Kind::User, filter), wanted, "{filter}");
    }
    assert_eq!(site.coverage(Kind::User, None), Coverage::Asked);
}

#[test]
fn memory_is_asked_for_nothing_that_the_lms_may_say() {
    let site = moodle(&json!({}));
    let cases = [
        (r#"title eq "a""#, r#"title eq "a""#),
        (r#"title eq "a" and name.familyName eq "b""#, r#"title eq "a""#),
        (r#"name.familyName sw "b" and title eq "a" and not (active eq true)"#, r#"title eq "a""#),
        (
            r#"title eq "a" and userType eq "b" and active eq true"#,
            r#"title eq "a" and userType eq "b""#,
        ),
        (r#"title eq "a" or userName eq "b""#, r#"title eq "a""#),
        (r#"(title eq "a" or userName eq "b") and active eq true"#, r#"title eq "a""#),
        (
            r#"(title eq "a" and active eq true) or userType pr or userName eq "b""#,
            r#"title eq "a" or userType pr"#,
        ),
        (r#"emails eq "a@b" and active eq true"#, r#"emails.value eq "a@b""#),
        (r#"title eq "a" and userName eq "b""#, ""),
        (r#"userName eq "b""#, ""),
        (r#"not (title eq "a")"#, ""),
    ];
    for (filter, part) in cases {
        let kept = site.plan.kinds_of(Kind::User).next().unwrap().resource_type.clone().keeping();
        let asked = Matcher::bind(&Filter::parse(filter, kept.urns()).unwrap(), &kept).unwrap();
        let recalled = site.recalled(Kind::User, &asked);
        assert_eq!(recalled.map(|part| part.to_string()).unwrap_or_default(), part, "{filter}");
    }
}

#[test]
fn groups_of_moodle_may_all_be_read() {
    let site = moodle(&json!({}));
    let cases = [
        (r#"displayName eq "1A""#, Coverage::Asked),
        (r#"displayName sw "1""#, Coverage::Scan),
        (r#"displayName sw "1" and externalId eq "G""#, Coverage::Asked),
        (r#"displayName sw "1" or externalId eq "G""#, Coverage::Scan),
        (r#"not (displayName eq "1A")"#, Coverage::Scan),
    ];
    for (filter, wanted) in cases {
        assert_eq!(coverage(&site, Kind::Group, filter), wanted, "{filter}");
    }
}

#[test]
fn a_kind_that_is_not_mapped_or_cannot_be_listed_is_unanswerable() {
    let site = odd(&json!({}));
    assert_eq!(site.coverage(Kind::Group, None), Coverage::Unanswerable);
    assert_eq!(site.coverage(Kind::User, None), Coverage::Unanswerable);
}

/// Runs a question; the calls it made and whom it found.
fn found(site: &Arc<Site>, query: &Query, reply: impl Fn(&Call) -> Value) -> (u32, Vec<Resource>) {
    let mut all = (0, Vec::new());
    for mut run in site.find(Kind::User, query, &moment()).unwrap() {
        let mut next = run.start();
        loop {
            match next {
                Next::Call(call) => next = run.next(Ok(Reply::json(200, reply(&call)))),
                Next::Done(done) => {
                    let done = done.unwrap();
                    all.0 += done.calls;
                    all.1.extend(done.pictures.into_iter().map(Picture::into_resource));
                    break;
                }
            }
        }
    }
    all
}

fn query(site: &Site, text: &str, loose: bool) -> Query {
    let matcher = Some(matcher(site, Kind::User, text));
    Query { matcher, want: Want::All, enough: None, loose }
}

#[test]
fn a_loose_question_brings_whatever_the_lms_found() {
    let site = moodle(&json!({}));
    let reply = |_: &Call| {
        json!({"users": [
            {"id": 7, "username": "eva", "email": "eva@x.example"},
            {"id": 8, "username": "evb", "email": "other@x.example"},
        ]})
    };
    let text = r#"emails.value eq "eva@x.example""#;
    assert_eq!(found(&site, &query(&site, text, false), reply).1.len(), 1);
    let (calls, loose) = found(&site, &query(&site, text, true), reply);
    assert_eq!((calls, loose.len()), (1, 2));
}

#[test]
fn a_loose_question_does_not_ask_for_what_has_no_place() {
    let site = moodle(&json!({"external_id": ""}));
    let reply = |call: &Call| {
        let body = String::from_utf8(call.encoded().unwrap().unwrap().bytes).unwrap();
        assert!(body.contains("field=username&"), "{body}");
        json!([{"id": 7, "username": "eva"}])
    };
    let both = query(&site, r#"externalId eq "P-1" or userName eq "eva""#, true);
    assert_eq!(found(&site, &both, reply).0, 1);
    let both = query(&site, r#"externalId sw "P" or userName eq "eva""#, true);
    assert_eq!(found(&site, &both, reply).0, 1);
    for text in [r#"externalId eq "P-1" and userName ne "eva""#, r#"externalId sw "P""#] {
        assert_eq!(found(&site, &query(&site, text, true), reply), (0, Vec::new()));
    }
    // A divided part finds too few; the other part finds all who are meant.
    let text = r#"(externalId pr or id eq "9") and userName eq "eva""#;
    assert_eq!(coverage(&site, Kind::User, text), Coverage::Asked);
    assert_eq!(found(&site, &query(&site, text, true), reply).0, 1);
}

#[test]
fn a_moment_is_not_needed_to_know_who_answers() {
    let site = moodle(&json!({}));
    let late = Moment { now: "".into(), lookups: Map::new() };
    let query = query(&site, r#"userName eq "Eva Smit""#, false);
    let mut run = site.find(Kind::User, &query, &late).unwrap().remove(0);
    assert!(matches!(run.start(), Next::Done(Ok(done)) if done.calls == 0));
}

/// An LMS whose fields have numbers, which it tells in a list.
const NUMBERED: &str = r#"
format = 1
title  = "Fields by number"
[settings]
base_url = { required = true, about = "address" }
nick     = { about = "name of the field for nicknames" }
[backend]
base = "{settings.base_url}"
[lookup.fields]
steps = { get = "/fields", keep = { entries = "body" } }
key   = "item.name"
value = "item.number"
[user]
id     = { read = "lms.id" }
scan   = true
refuse = { update = "not here", delete = "not here" }
find   = { "id eq" = { get = "/people/{value}" }, "*" = { get = "/people" } }
[user.attributes]
"userName" = { lms = "login", required = true }
"title"    = "values.{lookup.fields['title']}"
"nickName" = "values.{lookup.fields[settings.nick]}"
[user.create]
post = "/people"
body = "{record}"
keep = { id = "body.id" }
"#;

#[test]
fn a_place_that_the_lms_alone_can_name_has_room() {
    let source = Source::read("numbered.toml", NUMBERED, &Shipped);
    let plan = Arc::new(source.and_then(|it| it.compile()).unwrap());
    let mut settings = Map::from_iter([("base_url".to_owned(), json!("https://lms.example"))]);
    let site = plan.settle(&settings).unwrap();
    // But for one whose name a setting would have to say.
    assert_eq!(coverage(&site, Kind::User, "nickName pr"), Coverage::NoPlace);
    settings.insert("nick".to_owned(), json!("nick"));
    let site = plan.settle(&settings).unwrap();
    assert_eq!(coverage(&site, Kind::User, "nickName pr"), Coverage::Scan);
    for filter in [r#"title sw "D""#, "title pr"] {
        assert_eq!(coverage(&site, Kind::User, filter), Coverage::Scan, "{filter}");
        // So it is asked, whatever list was fetched before.
        let query = query(&site, filter, true);
        let mut run = site.find(Kind::User, &query, &moment()).unwrap().remove(0);
        assert!(matches!(run.start(), Next::Call(_)), "{filter}");
    }
}
