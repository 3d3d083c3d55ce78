//! `matricula demo`: a conversation with Entra, from creating a person to
//! finding her disabled. Every answer is worked out as it is printed.

use crate::scim::{
    ETag, Edits, Error, Kind, ListResponse, Parameters, Path, Place, Projection, Resource,
    ResourceId, ResourceType, Rules, Shown,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};

const BASE: &str = "http://127.0.0.1:8080/demo/scim/v2";

/// The value is a random one each time that Entra asks.
const PROBE: &str = r#"userName eq "4f8a2b1e-6d0c-4b7f-9a55-0c1f7d3be812""#;

/// What a mapping would have to know before it can send a change on.
const SLOTS: [&str; 5] = [
    "name.familyName",
    r#"emails[type eq "work"].value"#,
    r#"phoneNumbers[type eq "mobile"].value"#,
    "displayName",
    "active",
];

pub(super) fn run(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "A conversation with Microsoft Entra ID, as the gateway understands it.\n")?;
    let mut directory = Directory { user: ResourceType::user(), people: Vec::new() };
    directory.find(out, "Test Connection: a person nobody knows", &[("filter", PROBE)])?;
    directory.create(out, "Create Nina; `active` comes as a string", nina())?;
    directory.create(out, "The same userName again, in another case", twin())?;
    directory.change(out, "A rename, one operation an attribute", &one_each())?;
    directory.change(out, "The same kind of change with aadOptscim062020", &all_in_one())?;
    directory.change(out, "A mistake changes nothing and says what to do", &mistaken())?;
    directory.change(out, "Disable her", &json!([replace("active", &json!("False"))]))?;
    let work = r#"emails[type eq "work"].value eq "NINA.BERG-HOFER@hoch.example""#;
    directory.find(out, "Disabled people are still found, in any case", &[("filter", work)])
}

fn nina() -> Value {
    json!({
        "userName": "Nina.Berg@hoch.example",
        "externalId": "6f0f6c2e",
        "active": "True",
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "type": "work", "primary": true, "value": "nina.berg@hoch.example" }],
        "roles": []
    })
}

fn twin() -> Value {
    json!({ "userName": "nina.berg@HOCH.example" })
}

fn replace(path: &str, value: &Value) -> Value {
    json!({ "op": "Replace", "path": path, "value": value })
}

fn one_each() -> Value {
    json!([
        replace("name.familyName", &json!("Berg-Hofer")),
        replace(r#"emails[type eq "work"].value"#, &json!("nina.berg-hofer@hoch.example")),
        { "op": "Add", "path": r#"phoneNumbers[type eq "mobile"].value"#, "value": "+41 79 111 11 11" }
    ])
}

fn all_in_one() -> Value {
    json!([{ "op": "replace", "value": {
        "displayName": "Nina Berg-Hofer",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Physics"
    } }])
}

fn mistaken() -> Value {
    json!([replace("title", &json!("Professor")), replace("active", &json!("perhaps"))])
}

/// The people of the demo.
struct Directory {
    user: ResourceType,
    people: Vec<Resource>,
}

impl Directory {
    fn find(&self, out: &mut dyn Write, title: &str, pairs: &[(&str, &str)]) -> io::Result<()> {
        heading(out, title)?;
        let asked: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        writeln!(out, "GET /Users?{}", asked.join("&"))?;
        let query = Parameters::from_pairs(pairs.iter().copied())
            .and_then(|parameters| parameters.bind(&self.user));
        let query = match query {
            Ok(query) => query,
            Err(error) => return refusal(out, &error),
        };
        let matches = |one: &&Resource| query.filter.as_ref().is_none_or(|it| it.matches(one));
        let found: Vec<_> = self.people.iter().filter(matches).collect();
        let window = query.page.window(found.len());
        let page = found.get(window).unwrap_or_default();
        let shown = page.iter().map(|one| Shown::new(one, &self.user, &query.projection));
        answer(out, 200, &ListResponse::new(found.len(), query.page, shown.collect()))
    }

    fn create(&mut self, out: &mut dyn Write, title: &str, body: Value) -> io::Result<()> {
        heading(out, title)?;
        writeln!(out, "POST /Users {body}")?;
        match self.created(body) {
            Ok(resource) => {
                let projection = Projection::default();
                answer(out, 201, &Shown::new(&resource, &self.user, &projection))?;
                self.people.push(resource);
                Ok(())
            }
            Err(error) => refusal(out, &error),
        }
    }

    fn created(&self, body: Value) -> Result<Resource, Error> {
        let mut resource = self.user.create(body, Rules::default())?;
        let name = resource.attributes().get("userName").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let filter = format!("userName eq {}", json!(name));
        let twin = Parameters::from_pairs([("filter", filter)])?.bind(&self.user)?;
        if self.people.iter().any(|one| twin.filter.as_ref().is_some_and(|it| it.matches(one))) {
            return Err(Error::uniqueness(format!("userName '{name}' is already used.")));
        }
        if let Some(id) = ResourceId::parse(&(self.people.len() + 1).to_string()) {
            resource.set_meta("location", format!("{BASE}{}/{id}", Kind::User.endpoint()));
            resource.set_id(&id);
        }
        stamp(&mut resource);
        Ok(resource)
    }

    fn change(&mut self, out: &mut dyn Write, title: &str, operations: &Value) -> io::Result<()> {
        heading(out, title)?;
        writeln!(out, "PATCH /Users/1 {}", json!({ "Operations": operations }))?;
        let body = json!({ "Operations": operations });
        let patched = self.user.patch(body, None, Rules::default());
        let changed = patched.and_then(|edits| Ok((self.applied(&edits)?, edits)));
        match (changed, self.people.first()) {
            (Ok((changed, edits)), Some(nina)) => {
                let reads = edits.needs(&self.slots()).len();
                writeln!(out, "understood: {edits:?}; to read first: {reads}; changed: {changed}")?;
                let projection = Projection::default();
                answer(out, 200, &Shown::new(nina, &self.user, &projection))
            }
            (Err(error), _) => refusal(out, &error),
            (Ok(_), None) => refusal(out, &Error::not_found("There is no such person.")),
        }
    }

    fn slots(&self) -> Vec<Place> {
        let place = |text: &&str| self.user.place(&Path::parse(text, self.user.urns()).ok()?).ok();
        SLOTS.iter().filter_map(place).collect()
    }

    fn applied(&mut self, edits: &Edits) -> Result<bool, Error> {
        let Some(nina) = self.people.first_mut() else { return Ok(false) };
        let changed = edits.apply(&self.user, nina)?;
        stamp(nina);
        Ok(changed)
    }
}

fn stamp(resource: &mut Resource) {
    let version = ETag::of(resource).to_string();
    resource.set_meta("version", version);
}

fn heading(out: &mut dyn Write, title: &str) -> io::Result<()> {
    writeln!(out, "── {title}")
}

fn refusal(out: &mut dyn Write, error: &Error) -> io::Result<()> {
    answer(out, error.status(), error)
}

fn answer(out: &mut dyn Write, status: u16, body: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{status} {}\n", serde_json::to_string_pretty(body)?)
}
