//! The same for people nobody thought of: odd spellings, odd numbers, fields
//! hidden, emptied and changed. What Moodle holds is worked out from the calls
//! of a create, so that the mapping's way back is not its own witness.

use std::sync::{Arc, LazyLock};

use matricula::mapping::{Picture, Site};
use matricula::scim::{Kind, Resource};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use super::people::{answer, moment, moodle, picture, sent, stored};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

static SITE: LazyLock<Arc<Site>> = LazyLock::new(|| {
    let settings = json!({"cost_center": "costcentre", "extended_usernames": true, "auth": "oidc"});
    moodle(&settings)
});

fn name() -> impl Strategy<Value = String> {
    let odd = ["  Ada ", "Zoe\u{308}", "\u{738b}\u{5c0f}\u{660e}", "O'Neil & \"Sons\"", "\u{130}"];
    let names = prop_oneof![select(odd.to_vec()).prop_map(str::to_owned), "[^<\\p{Cc}]{1,20}"];
    names.prop_filter("Moodle takes no blank names", |name| !name.trim().is_empty())
}

fn user_name() -> impl Strategy<Value = String> {
    ("[ ]{0,2}", "[A-Za-z\u{c0}-\u{17f}0-9@._-]{1,30}", "[ ]{0,1}")
        .prop_map(|(before, name, after)| format!("{before}{name}{after}"))
}

fn phone() -> impl Strategy<Value = String> {
    let odd = ["+49 (0)30 / 12 34", " 112 ", "tel:+31-20-1234567", "0", "call Ada"];
    prop_oneof![select(odd.to_vec()).prop_map(str::to_owned), "[0-9+() /-]{1,20}"]
}

fn element(
    kind: &'static str,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = Value> {
    let label = prop_oneof![Just(kind.to_owned()), Just(kind.to_uppercase())];
    let primary = any::<Option<bool>>().prop_map(move |it| it.filter(|_| kind == "work"));
    (label, value, primary).prop_map(|(kind, value, primary)| {
        let mut element = json!({"type": kind, "value": value});
        if let (Some(primary), Some(parts)) = (primary, element.as_object_mut()) {
            parts.insert("primary".into(), json!(primary));
        }
        element
    })
}

/// The attributes that a client may or may not send.
fn more() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let text = |name: &'static str, values: &'static [&'static str]| {
        select(values).prop_map(move |value| (name, json!(value))).boxed()
    };
    let phones = proptest::collection::vec(phone(), 0..3).prop_map(|phones| {
        let kinds = ["work", "mobile", "home"];
        let phones = kinds.iter().zip(phones);
        ("phoneNumbers", phones.map(|(kind, it)| json!({"type": kind, "value": it})).collect())
    });
    let address = ("[A-Za-z ]{1,12}", select(vec!["de", "DE", " nl ", "Germany", "D"])).prop_map(
        |(city, country)| {
            let address = json!({"type": "work", "locality": city, "country": country});
            ("addresses", json!([address]))
        },
    );
    let extension = (name(), name()).prop_map(|(department, center)| {
        let parts =
            json!({"department": department, "costCenter": center, "manager": {"value": "9"}});
        (ENTERPRISE, parts)
    });
    let all = [
        text("displayName", &["Smit, Eva", "  ", "Eva Smit (ICU)"]),
        text("preferredLanguage", &["en", "en-US", "de-DE", "EN", "tlh"]),
        text("externalId", &["P-0042", "00", " p 1", "{guid}"]),
        text("timezone", &["Europe/Berlin", "99"]),
        text("title", &["Dr"]),
        any::<bool>().prop_map(|active| ("active", json!(active))).boxed(),
        phones.boxed(),
        address.boxed(),
        extension.boxed(),
    ];
    let each = all.map(proptest::option::of).to_vec();
    each.prop_map(|all| all.into_iter().flatten().collect())
}

fn person() -> impl Strategy<Value = Resource> {
    let mail = "[A-Za-z0-9.+]{1,20}@[A-Za-z]{1,10}\\.example ?";
    let home = proptest::option::of(element("home", mail));
    let mails = (element("work", mail), home, any::<bool>()).prop_map(|(work, home, first)| {
        let mut mails: Vec<Value> = [Some(work), home].into_iter().flatten().collect();
        if first {
            mails.reverse();
        }
        Value::Array(mails)
    });
    (user_name(), (name(), name()), mails, more()).prop_map(
        |(user, (given, family), mails, more)| {
            let mut body = Map::from_iter([
                ("userName".to_owned(), json!(user)),
                ("name".to_owned(), json!({"givenName": given, "familyName": family})),
                ("emails".to_owned(), mails),
            ]);
            body.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
            sent(&SITE, &Value::Object(body))
        },
    )
}

/// A field of Moodle, another value of it, and where SCIM shows it.
fn change() -> impl Strategy<Value = (&'static str, Value, &'static [&'static str])> {
    select(vec![
        ("username", json!("somebody.else"), &["userName"] as &[_]),
        ("firstname", json!("Grace"), &["name", "givenName"]),
        ("lastname", json!("Hopper"), &["name", "familyName"]),
        ("email", json!("else@changed.example"), &["emails", "work", "value"]),
        ("phone1", json!("001"), &["phoneNumbers", "work", "value"]),
        ("phone2", json!("002"), &["phoneNumbers", "mobile", "value"]),
        ("city", json!("Delft, NL"), &["addresses", "work", "locality"]),
        ("idnumber", json!("changed"), &["externalId"]),
        ("department", json!("Changed"), &[ENTERPRISE, "department"]),
        ("institution", json!("Changed"), &[ENTERPRISE, "organization"]),
    ])
}

/// Puts a value where a change belongs, beside whatever is there.
fn put(at: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *at = value;
        return;
    };
    if matches!(*first, "work" | "mobile") {
        if !at.is_array() {
            *at = json!([]);
        }
        let items = at.as_array_mut().unwrap();
        let is =
            |item: &Value| item["type"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(first));
        let index = items.iter().position(is).unwrap_or_else(|| {
            items.push(json!({"type": first}));
            items.len() - 1
        });
        return put(items.get_mut(index).unwrap(), rest, value);
    }
    if !at.is_object() {
        *at = json!({});
    }
    put(at.as_object_mut().unwrap().entry(*first).or_insert(Value::Null), rest, value);
}

/// Whether `whole` says everything that `part` says, and in the same words.
fn says(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|it| says(it, value)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(one, other)| says(one, other))
        }
        (whole, part) => whole == part,
    }
}

fn attributes(resource: &Resource) -> Value {
    Value::Object(resource.attributes().clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_was_sent_comes_back(sent in person()) {
        let echo = SITE.echo(&sent, &moment());
        let same = SITE.blend(&sent, &Picture::from(echo), &moment()).into_resource();
        prop_assert_eq!(attributes(&same), attributes(&sent));
        let told = answer(&SITE, &sent, &stored(&SITE, &sent));
        prop_assert!(says(&told, &attributes(&sent)), "{} {}", told, attributes(&sent));
    }

    #[test]
    fn one_field_changed_is_one_slot_changed(sent in person(), change in change()) {
        let (field, value, path) = change;
        let mut object = stored(&SITE, &sent);
        let before = answer(&SITE, &sent, &object);
        object[field] = value.clone();
        let mut wanted = before;
        put(&mut wanted, path, value);
        prop_assert_eq!(answer(&SITE, &sent, &object), wanted);
    }

    #[test]
    fn whoever_keeps_only_the_essence_answers_the_same(
        sent in person(),
        change in proptest::option::of(change()),
    ) {
        let mut object = stored(&SITE, &sent);
        let essence = picture(&SITE, &object).essence(&sent).unwrap();
        if let Some((field, value, _)) = change {
            object[field] = value;
        }
        prop_assert_eq!(answer(&SITE, &essence, &object), answer(&SITE, &sent, &object));
        prop_assert_eq!(picture(&SITE, &stored(&SITE, &sent)).essence(&essence), None);
    }

    #[test]
    fn an_account_switched_over_is_answered_so(sent in person()) {
        let mut object = stored(&SITE, &sent);
        let suspended = object["suspended"] == json!(true);
        let mut wanted = answer(&SITE, &sent, &object);
        object["suspended"] = json!(!suspended);
        wanted["active"] = json!(suspended);
        prop_assert_eq!(answer(&SITE, &sent, &object), wanted);
    }

    #[test]
    fn hidden_fields_change_nothing_that_was_sent(
        sent in person(),
        hidden in proptest::collection::vec(any::<Index>(), 0..20),
    ) {
        let mut object = stored(&SITE, &sent);
        for index in hidden {
            let fields = object.as_object_mut().unwrap();
            let name = index.get(&fields.keys().cloned().collect::<Vec<_>>()).clone();
            if name != "id" {
                fields.remove(&name);
            }
        }
        let told = answer(&SITE, &sent, &object);
        prop_assert!(says(&told, &attributes(&sent)), "{} {}", told, object);
    }

    #[test]
    fn an_answer_blended_again_stays_as_it_is(
        sent in person(),
        change in change(),
        emptied in select(vec!["department", "phone1", "theme"]),
    ) {
        let mut object = stored(&SITE, &sent);
        object[change.0] = change.1;
        object[emptied] = json!("");
        let once = answer(&SITE, &sent, &object);
        let again = Resource::from_attributes(Kind::User, once.as_object().unwrap().clone());
        prop_assert_eq!(answer(&SITE, &again, &object), once);
    }

    #[test]
    fn nothing_that_was_not_sent_is_cleared(sent in person()) {
        let shown = picture(&SITE, &stored(&SITE, &sent));
        let bare = Resource::new(Kind::User);
        let told = SITE.blend(&bare, &shown, &moment()).into_resource();
        prop_assert_eq!(told, shown.into_resource());
    }
}
