//! Where a value stands in a resource, by the path that Entra names it with.
//! Element filters are of one form: `emails[type eq "work"].value`.

use serde_json::{Map, Value, json};

/// The enterprise extension, where manager and department live.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The path of the manager.
pub(crate) const MANAGER: &str =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// A path taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    extension: Option<&'a str>,
    name: &'a str,
    element: Option<(&'a str, &'a str)>,
    sub: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Takes a path apart; one that is none is a mistake of the test.
    pub(crate) fn parse(path: &'a str) -> Self {
        let urn = if path.starts_with("urn:") { path.rsplit_once(':') } else { None };
        let (extension, rest) = urn.map_or((None, path), |(urn, rest)| (Some(urn), rest));
        let Some((name, filtered)) = rest.split_once('[') else {
            let (name, sub) = rest.split_once('.').map_or((rest, None), |(n, s)| (n, Some(s)));
            return Self { extension, name, element: None, sub };
        };
        let (filter, sub) = filtered.split_once("].").expect("a sub-attribute after the filter");
        let (key, value) = filter.split_once(" eq ").expect("an `eq` within the filter");
        Self { extension, name, element: Some((key, value.trim_matches('"'))), sub: Some(sub) }
    }

    /// Whether the path goes through a filter.
    pub(crate) fn is_filtered(&self) -> bool {
        self.element.is_some()
    }

    /// The value there.
    pub(crate) fn read(&self, resource: &'a Value) -> Option<&'a Value> {
        let home = match self.extension {
            Some(urn) => member(resource, urn)?,
            None => resource,
        };
        let mut found = member(home, self.name)?;
        if let Some(wanted) = self.element {
            found = found.as_array()?.iter().find(|element| is_it(element, wanted))?;
        }
        self.sub.map_or(Some(found), |sub| member(found, sub))
    }

    /// Puts a value there, with all that has to be around it.
    pub(crate) fn write(&self, resource: &mut Value, value: Value) {
        let mut home = resource;
        if let Some(urn) = self.extension {
            home = slot(home, urn, json!({}));
        }
        if let Some((key, wanted)) = self.element {
            let elements = slot(home, self.name, json!([]));
            home = element(elements.as_array_mut().expect("a list"), key, wanted);
        } else if self.sub.is_some() {
            home = slot(home, self.name, json!({}));
        }
        *slot(home, self.sub.unwrap_or(self.name), Value::Null) = value;
    }
}

/// A member by its name in any case: Microsoft's own table writes `.Value`.
fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut members = object.as_object()?.iter();
    members.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
}

fn slot<'a>(object: &'a mut Value, name: &str, empty: Value) -> &'a mut Value {
    let object: &mut Map<String, Value> = object.as_object_mut().expect("an object");
    let known = object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
    object.entry(known.unwrap_or_else(|| name.to_owned())).or_insert(empty)
}

fn element<'a>(elements: &'a mut Vec<Value>, key: &str, wanted: &str) -> &'a mut Value {
    let at = elements.iter().position(|element| is_it(element, (key, wanted)));
    let at = at.unwrap_or_else(|| {
        let label = if key == "primary" { json!(true) } else { json!(wanted) };
        elements.push(json!({ key: label }));
        elements.len() - 1
    });
    &mut elements[at]
}

/// `primary eq "True"` means the boolean.
fn is_it(element: &Value, (key, wanted): (&str, &str)) -> bool {
    match element.get(key) {
        Some(Value::Bool(set)) => set.to_string().eq_ignore_ascii_case(wanted),
        Some(Value::String(text)) => text.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

#[test]
fn what_is_written_at_a_path_is_read_there() {
    let mut resource = json!({ "emails": [{ "type": "home", "value": "h" }] });
    let paths = [
        "title",
        "name.givenName",
        r#"emails[type eq "work"].value"#,
        r#"roles[primary eq "True"].display"#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    ];
    for path in paths {
        assert_eq!(Target::parse(path).read(&resource), None, "{path}");
        Target::parse(path).write(&mut resource, json!(path));
    }
    for path in paths {
        assert_eq!(Target::parse(path).read(&resource), Some(&json!(path)), "{path}");
    }
    assert_eq!(resource["emails"][0]["value"], "h");
    assert_eq!(resource["roles"][0]["primary"], true);
    assert_eq!(Target::parse("EMAILS[Type eq \"HOME\"].Value").read(&resource), None);
}
