//! Members of groups: who can be one, and what an LMS is told of many or none.

use std::sync::Arc;

use matricula::call::{Call, Failure, Kind, Reply};
use matricula::mapping::{Next, Request, Shipped, Site, Source};
use serde_json::{Map, Value, json};

use super::people::moment;
use super::support::talk;

const SINGLY: &str = r#"
add    = { post = "/groups/{id}/members", body = { users = "{added}" } }
remove = { post = "/groups/{id}/gone", body = { users = "{removed}" } }
"#;

const WHOLE: &str = r#"set = { put = "/groups/{id}/members", body = { users = "{members}" } }"#;

/// An LMS with groups whose members are written like that.
fn site(members: &str) -> Arc<Site> {
    let read = r#"read = { get = "/groups/{id}/members", keep = { members = "body" } }"#;
    site_with(members, read)
}

fn site_with(members: &str, read: &str) -> Arc<Site> {
    let text = format!(
        r#"
format = 1
title  = "groups"
[backend]
base  = "https://lms.example"
lists = "bracketed"
[group]
id         = {{ read = "lms.id", type = "number" }}
attributes = {{ displayName = "name" }}
create     = {{ post = "/groups", body = "{{record}}", keep = {{ id = "body.id" }} }}
update     = {{ patch = "/groups/{{id}}", body = "{{record}}" }}
delete     = {{ delete = "/groups/{{id}}" }}
find       = {{ "id eq" = {{ get = "/groups/{{value}}" }} }}
[group.members]
type = "number"
{read}
{members}
"#
    );
    let source = Source::read("groups.toml", &text, &Shipped);
    let plan = Arc::new(source.and_then(|it| it.compile()).unwrap());
    plan.settle(&Map::new()).unwrap()
}

/// The calls that a request makes of an LMS in which 4 and 5 are in every group.
fn calls(site: &Arc<Site>, line: &str, body: Value) -> Result<Vec<Call>, Failure> {
    let request = Request::read(&site.plan, line, Some(body)).unwrap();
    let mut run = request.runs(site, None, &moment())?.remove(0);
    let mut made = Vec::new();
    let mut next = run.start();
    loop {
        match next {
            Next::Done(done) => return done.map(|_| made),
            Next::Call(call) => {
                let listed = call.target.to_string().ends_with("/members");
                made.push(*call);
                let reply = if listed { json!([4, 5]) } else { json!({"id": 9}) };
                next = run.next(Ok(Reply::json(200, reply)));
            }
        }
    }
}

fn edit(op: &str, members: &Value) -> Value {
    json!({ "Operations": [
        { "op": op, "path": "members", "value": members },
        { "op": "replace", "path": "displayName", "value": "Staff" }
    ]})
}

#[test]
fn a_group_is_refused_as_a_member_before_anything_is_written() {
    let spelled = [
        json!({ "value": "4", "type": "Group" }),
        json!({ "value": "4", "type": "group" }),
        json!({ "value": "4", "$ref": "https://scim.example/v2/Groups/4" }),
    ];
    for members in [SINGLY, WHOLE] {
        let site = site(members);
        for nested in &spelled {
            let group = json!({ "displayName": "Staff", "members": [nested] });
            for (line, body) in [
                ("PATCH /Groups/7", edit("add", &json!([nested]))),
                ("PATCH /Groups/7", edit("replace", &json!([nested]))),
                ("PUT /Groups/7", group.clone()),
                ("POST /Groups", group),
            ] {
                let failure = calls(&site, line, body).unwrap_err();
                assert_eq!(failure.kind, Kind::Invalid, "{line} {nested}");
                assert_eq!(failure.attribute.as_deref(), Some("members"), "{line} {nested}");
                assert!(!failure.lost, "{line} {nested}");
            }
        }
    }
}

#[test]
fn the_removal_of_a_group_removes_nobody() {
    let nested = json!([{ "value": "4", "type": "Group" }]);
    let gone = json!({ "Operations": [{ "op": "remove", "path": "members", "value": nested }] });
    assert_eq!(calls(&site(SINGLY), "PATCH /Groups/7", gone.clone()).unwrap(), []);
    let made = calls(&site(WHOLE), "PATCH /Groups/7", gone).unwrap();
    assert_eq!(made.last().unwrap().body, Some(json!({ "users": [4, 5] })));
}

#[test]
fn replaced_members_are_told_once_each_and_in_their_order() {
    let listed: Vec<Value> = [8, 5, 6, 8, 7].map(|id| json!({ "value": id.to_string() })).to_vec();
    let body = json!({ "Operations": [{ "op": "replace", "path": "members", "value": listed }] });
    let made = calls(&site(SINGLY), "PATCH /Groups/7", body).unwrap();
    let told: Vec<_> = made.iter().filter_map(|call| call.body.clone()).collect();
    assert_eq!(told, [json!({ "users": [8, 6, 7] }), json!({ "users": [4] })]);
}

#[test]
fn a_list_of_members_that_grows_too_long_for_a_text_is_not_sent_without_it() {
    let site = site(
        r#"set = { put = "/groups/{id}/members", body = { why = "scim", users = "{members | join(',')}" } }"#,
    );
    let listed = |count: u32| -> Value {
        (1_000_000..1_000_000 + count).map(|id| json!({ "value": id.to_string() })).collect()
    };
    let replace = |members: Value| {
        let body =
            json!({ "Operations": [{ "op": "replace", "path": "members", "value": members }] });
        calls(&site, "PATCH /Groups/7", body)
    };
    assert_eq!(replace(listed(30_000)).unwrap().len(), 1);
    assert_eq!(replace(listed(40_000)).unwrap_err().kind, Kind::Invalid);
}

#[test]
fn an_empty_list_of_members_reaches_a_form() {
    let site = site(
        r#"set = { put = "/groups/{id}", encode = "form.nested", body = { members = "{members}" } }"#,
    );
    let nobody = json!({ "Operations": [{ "op": "replace", "path": "members", "value": [] }] });
    let made = calls(&site, "PATCH /Groups/7", nobody).unwrap();
    let sent = made[0].encoded().unwrap().unwrap();
    assert_eq!(String::from_utf8(sent.bytes).unwrap(), "members%5B%5D=");
}

/// What a PUT and a GET come to in a group whose members the LMS shows like that.
fn shown(site: &Arc<Site>, members: &Reply) -> [Result<usize, Kind>; 2] {
    let put = json!({ "displayName": "Staff", "members": [] });
    let answer = |call: &str| {
        if call == "GET /groups/7/members" {
            members.clone()
        } else {
            Reply::json(200, json!({ "id": 7, "name": "Staff" }))
        }
    };
    [("PUT /Groups/7", put), ("GET /Groups/7", json!(null))].map(|request| {
        let (said, done) = talk(site, request, answer);
        done.map(|_| said.len()).map_err(|failure| failure.kind)
    })
}

#[test]
fn what_is_no_list_of_members_is_neither_shown_nor_compared() {
    let minimal = super::people::site("mappings/minimal-rest.toml", &json!({}));
    let odd = |items: Value| Reply::json(200, json!({ "items": items }));
    for reply in [
        Reply::json(200, json!({ "error": "busy" })),
        odd(json!(null)),
        odd(json!({})),
        odd(json!("none")),
        odd(json!([{ "name": "Eva" }])),
        odd(json!([{ "id": null }])),
        odd(json!([{ "id": { "value": 1 } }])),
        odd(json!([{ "id": "" }])),
    ] {
        assert_eq!(shown(&minimal, &reply), [Err(Kind::Garbled); 2], "{:?}", reply.body());
    }
    assert_eq!(shown(&minimal, &odd(json!([{ "id": 4 }]))), [Ok(3), Ok(2)]);
    assert_eq!(shown(&minimal, &odd(json!([]))), [Ok(2), Ok(2)]);
}

#[test]
fn a_group_that_was_shown_is_there_though_its_members_are_not() {
    let minimal = super::people::site("mappings/minimal-rest.toml", &json!({}));
    let [_, read] = shown(&minimal, &Reply::json(404, json!({})));
    assert_eq!(read, Err(Kind::Garbled));
}

#[test]
fn members_for_whom_there_is_no_way_are_refused_before_anything_is_written() {
    let read_only = "";
    let add = r#"add = { post = "/groups/{id}/members", body = { users = "{added}" } }"#;
    let remove = r#"remove = { post = "/groups/{id}/gone", body = { users = "{removed}" } }"#;
    for (steps, op) in [(read_only, "add"), (read_only, "remove"), (add, "remove"), (remove, "add")]
    {
        let refused = calls(&site(steps), "PATCH /Groups/7", edit(op, &json!([{ "value": "4" }])));
        let failure = refused.unwrap_err();
        assert_eq!(failure.kind, Kind::Unsupported, "{op}, {steps}");
        assert_eq!(failure.attribute.as_deref(), Some("members"));
    }
    // What a PUT takes out is known only once the members are read.
    let put = json!({ "displayName": "Staff", "members": [{ "value": "4" }] });
    let refused = calls(&site(add), "PUT /Groups/7", put);
    assert_eq!(refused.unwrap_err().kind, Kind::Unsupported);
}

#[test]
fn who_is_taken_out_is_left_out_of_the_whole_where_there_is_no_other_way() {
    let steps = format!("{WHOLE}\nadd = {{ put = \"/more\", body = {{ users = \"{{added}}\" }} }}");
    let gone = edit("remove", &json!([{ "value": "4" }]));
    let made = calls(&site(&steps), "PATCH /Groups/7", gone).unwrap();
    assert_eq!(made.last().unwrap().body, Some(json!({ "users": [5] })));
    let come = edit("add", &json!([{ "value": "6" }]));
    let made = calls(&site(&steps), "PATCH /Groups/7", come).unwrap();
    assert_eq!(made.last().unwrap().target.to_string(), "/more");
}

#[test]
fn whatever_counts_as_true_cuts_a_list_off() {
    let text = |more: &str| {
        format!(
            r#"truncated = "more"
            read = {{ get = "/groups/{{id}}/members", keep = {{ members = "body", more = "{more}" }} }}"#
        )
    };
    for (more, cut) in [("true", true), ("1", true), ("'/next'", true), ("0", false), ("''", false)]
    {
        let site = site_with(SINGLY, &text(more));
        let put = json!({ "displayName": "Staff", "members": [{ "value": "4" }] });
        assert_eq!(calls(&site, "PUT /Groups/7", put).is_err(), cut, "{more}");
    }
}
