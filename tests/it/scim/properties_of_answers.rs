//! What holds for every page and every view of a resource.

use matricula::scim::{Page, Projection, Resource, Shown};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use super::properties::{DEPARTMENT, cases, person};
use super::{ENTERPRISE, created, resource, shown, user_type};

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn pages_lose_nobody_and_repeat_nobody(
        total in 0..200_usize, count in 1..50_i64, most in 1..60_usize
    ) {
        let mut seen = Vec::new();
        let mut start = 1;
        loop {
            let window = Page::new(Some(start), Some(count)).at_most(most).window(total);
            if window.is_empty() {
                break;
            }
            start += i64::try_from(window.len()).unwrap();
            seen.extend(window);
        }
        prop_assert_eq!(seen, (0..total).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_never_reaches_beyond_the_list(
        start in any::<i64>(), count in any::<i64>(), total in 0..1_000_usize
    ) {
        let window = Page::new(Some(start), Some(count)).window(total);
        prop_assert!(window.start <= window.end && window.end <= total);
        prop_assert!(window.len() <= usize::try_from(count.max(0)).unwrap());
    }

    #[test]
    fn no_wish_shows_the_password(person in person(), names in names(), excluded in any::<bool>()) {
        let shown = view(&person, &names, excluded);
        prop_assert!(!shown.to_string().contains("secret"), "{}", shown);
    }

    #[test]
    fn an_excluded_attribute_is_not_shown(person in person(), names in names()) {
        let shown = view(&person, &names, true);
        for name in names.iter().filter(|name| !name.contains('.') && !matches!(**name, "id" | "schemas")) {
            prop_assert!(shown.get(name).is_none(), "{} in {}", name, shown);
        }
    }

    #[test]
    fn only_what_was_named_is_shown(person in person(), names in names()) {
        let shown = view(&person, &names, false);
        for key in shown.as_object().unwrap().keys() {
            let named = names.iter().any(|name| {
                *name == key || name.split('.').next() == Some(key) || name.starts_with(&format!("{key}:"))
            });
            prop_assert!(named || key == "id" || key == "schemas", "{} in {}", key, shown);
        }
    }

    #[test]
    fn an_answer_shows_the_id_and_the_schemas(
        person in person(), names in names(), excluded in any::<bool>()
    ) {
        let shown = view(&person, &names, excluded);
        prop_assert_eq!(&shown["id"], "u-1");
        prop_assert!(shown["schemas"].is_array());
    }

    #[test]
    fn without_a_wish_everything_but_the_password_is_shown(person in person()) {
        let person = created(person);
        let projection = Projection::parse(&user_type(), None, None).unwrap();
        let stored = resource(&person);
        let mut view = serde_json::to_value(Shown::new(&stored, &user_type(), &projection)).unwrap();
        view.as_object_mut().unwrap().remove("schemas");
        prop_assert_eq!(view, shown(&stored));
    }
}

fn names() -> impl Strategy<Value = Vec<&'static str>> {
    let names = vec![
        "id",
        "schemas",
        "password",
        "userName",
        "title",
        "active",
        "name",
        "emails",
        "name.familyName",
        "emails.value",
        "externalId",
        ENTERPRISE,
        DEPARTMENT,
    ];
    subsequence(names, 1..6)
}

/// A person with id and password, seen by somebody who asks for these names or
/// for anything but them.
fn view(person: &Value, names: &[&str], excluded: bool) -> Value {
    let resource_type = user_type();
    let mut person = person.clone();
    person["id"] = json!("u-1");
    person["password"] = json!("secret");
    let list = names.join(",");
    let projection = if excluded {
        Projection::parse(&resource_type, None, Some(&list))
    } else {
        Projection::parse(&resource_type, Some(&list), None)
    };
    let person: Resource = resource(&person);
    serde_json::to_value(Shown::new(&person, &resource_type, &projection.unwrap())).unwrap()
}
