//! What holds for every path, filter, resource and change, not only for the
//! ones that somebody thought of.

use matricula::scim::{AttrName, Filter, Literal, Matcher, Operator, Path, Rules, SchemaUri};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use super::{ENTERPRISE, HOCH, created, outcome, patch_body, put, resource, user, user_type};

/// No seeds are written into the sources; a find becomes a test of its own.
pub(super) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

// Paths and filters.

fn name() -> impl Strategy<Value = AttrName> {
    prop_oneof![
        4 => "[a-zA-Z][a-zA-Z0-9_-]{0,8}",
        1 => select(vec!["$ref", "not", "and", "or", "pr", "eq", "true", "null"])
            .prop_map(str::to_owned),
    ]
    .prop_map(|text| AttrName::parse(&text).unwrap())
}

fn schema() -> impl Strategy<Value = Option<SchemaUri>> {
    let urns = [ENTERPRISE, HOCH, matricula::scim::USER];
    option::weighted(0.3, select(urns.to_vec()).prop_map(|urn| SchemaUri::parse(urn).unwrap()))
}

/// What may follow any operator.
fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(Literal::Quoted),
        "[ -~]{0,12}".prop_map(Literal::Quoted),
        select(vec!["true", "false", "null"]).prop_map(|word| Literal::Bare(word.to_owned())),
        r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?".prop_map(Literal::Bare),
    ]
}

/// What may follow `eq` and `ne` besides: a word without quotation marks.
fn bare_word() -> impl Strategy<Value = Literal> {
    let keyword = |word: &String| ["and", "or"].iter().any(|it| word.eq_ignore_ascii_case(it));
    prop_oneof![Just("True".to_owned()), "[a-zA-Z0-9][a-zA-Z0-9_@.-]{0,8}"]
        .prop_filter("a word of the grammar", move |word| !keyword(word))
        .prop_map(Literal::Bare)
}

fn operator() -> impl Strategy<Value = Operator> {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    select(vec![Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le])
}

/// Trees over single tests.
fn tree(test: BoxedStrategy<Filter>) -> impl Strategy<Value = Filter> {
    test.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::all),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn tests(path: BoxedStrategy<Path>) -> BoxedStrategy<Filter> {
    prop_oneof![
        (path.clone(), operator(), literal())
            .prop_map(|(path, operator, literal)| Filter::Compare(path, operator, literal)),
        (path.clone(), select(vec![Operator::Eq, Operator::Ne]), bare_word())
            .prop_map(|(path, operator, literal)| Filter::Compare(path, operator, literal)),
        path.prop_map(Filter::Present),
    ]
    .boxed()
}

/// The filter between the brackets of a path; brackets do not nest.
fn element() -> impl Strategy<Value = Filter> {
    let path = (name(), option::of(name())).prop_map(|(attr, sub)| Path {
        schema: None,
        attr,
        filter: None,
        sub,
    });
    tree(tests(path.boxed()))
}

fn path() -> impl Strategy<Value = Path> {
    let filter = option::weighted(0.4, element().prop_map(Box::new));
    (schema(), name(), filter, option::of(name())).prop_map(|(schema, attr, filter, sub)| Path {
        schema,
        attr,
        filter,
        sub,
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let whole = (schema(), name(), element()).prop_map(|(schema, attr, filter)| {
        Filter::Element(Path { schema, attr, filter: Some(Box::new(filter)), sub: None })
    });
    tree(prop_oneof![4 => tests(path().boxed()), 1 => whole].boxed())
}

/// Filters that mean something for a person.
fn meaningful() -> impl Strategy<Value = Filter> {
    let texts = [
        r#"userName eq "nina""#,
        r#"title sw "a""#,
        "title pr",
        "name.familyName pr",
        r#"name.familyName gt "b""#,
        "active eq true",
        r#"active ne "False""#,
        r#"emails[type eq "work"]"#,
        r#"emails[type eq "work"].value ew "c""#,
        "emails.primary eq true",
        r#"emails co "b""#,
        "externalId ne null",
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "a""#,
    ];
    let test =
        select(texts.to_vec()).prop_map(|text| Filter::parse(text, user_type().urns()).unwrap());
    tree(test.boxed())
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn a_printed_path_reads_as_the_same_path(path in path()) {
        let text = path.to_string();
        let read = Path::parse(&text, user_type().urns());
        prop_assert_eq!(read, Ok(path), "{}", text);
    }

    #[test]
    fn a_printed_filter_reads_as_the_same_filter(filter in filter()) {
        let text = filter.to_string();
        let read = Filter::parse(&text, user_type().urns());
        prop_assert_eq!(read, Ok(filter), "{}", text);
    }

    #[test]
    fn no_text_is_too_strange_to_be_read_or_refused(text in any::<String>()) {
        let _ = Filter::parse(&text, user_type().urns());
        let _ = Path::parse(&text, user_type().urns());
    }

    #[test]
    fn a_text_of_the_grammar_s_own_words_is_read_or_refused(
        words in prop::collection::vec(select(vec![
            "emails", "userName", "[", "]", "(", ")", "not", "and", "or", "eq", "pr", ".value",
            "\"a\"", " ", "true", "\"", "\\", ".", ":", "urn:",
        ]), 0..20)
    ) {
        let text = words.join(" ");
        if let Ok(filter) = Filter::parse(&text, user_type().urns()) {
            let again = Filter::parse(&filter.to_string(), user_type().urns());
            prop_assert_eq!(again, Ok(filter));
        }
    }

    #[test]
    fn not_finds_exactly_the_others(filter in meaningful(), person in person()) {
        let person = resource(&person);
        let matches = |filter: &Filter| Matcher::bind(filter, &user_type()).unwrap().matches(&person);
        prop_assert_ne!(matches(&filter), matches(&Filter::Not(Box::new(filter.clone()))));
    }

    #[test]
    fn a_bound_filter_prints_as_one_that_finds_the_same(
        filter in meaningful(), person in person()
    ) {
        let resource_type = user_type();
        let matcher = Matcher::bind(&filter, &resource_type).unwrap();
        let printed = Filter::parse(&matcher.to_string(), resource_type.urns()).unwrap();
        let again = Matcher::bind(&printed, &resource_type).unwrap();
        let person = resource(&person);
        prop_assert_eq!(again.matches(&person), matcher.matches(&person));
    }
}

// Resources.

fn word() -> impl Strategy<Value = String> {
    "[abc]{1,2}"
}

/// A list with one element for each label, one of them primary at most.
fn labelled() -> impl Strategy<Value = Value> {
    let labels = subsequence(vec!["work", "home", "other"], 1..=3);
    (labels, prop::collection::vec(word(), 3), 0..6_usize).prop_map(|(labels, words, primary)| {
        let element = |(place, (label, word)): (usize, (&&str, &String))| {
            let mut element = json!({ "type": label, "value": format!("{word}@{label}") });
            if place == primary {
                element["primary"] = json!(true);
            }
            element
        };
        labels.iter().zip(&words).enumerate().map(element).collect()
    })
}

fn optional(
    key: &'static str,
    value: impl Strategy<Value = Value> + 'static,
) -> BoxedStrategy<Option<(String, Value)>> {
    option::of(value.prop_map(move |value| (key.to_owned(), value))).boxed()
}

fn text() -> impl Strategy<Value = Value> {
    word().prop_map(Value::String)
}

/// An object of some of these members, or nothing.
fn object(members: Vec<BoxedStrategy<Option<(String, Value)>>>) -> impl Strategy<Value = Value> {
    members.prop_map(|members| Value::Object(members.into_iter().flatten().collect::<Map<_, _>>()))
}

/// The attributes of a person in the spelling and types of the schema.
pub(super) fn person() -> impl Strategy<Value = Value> {
    let name = object(vec![optional("givenName", text()), optional("familyName", text())]);
    let manager = word().prop_map(|id| json!({ "value": id }));
    let work = object(vec![optional("department", text()), optional("manager", manager)]);
    let parts = vec![
        optional("displayName", text()),
        optional("title", text()),
        optional("externalId", text()),
        optional("active", any::<bool>().prop_map(Value::Bool)),
        optional("name", name),
        optional("emails", labelled()),
        optional("phoneNumbers", labelled()),
        optional(ENTERPRISE, work),
    ];
    object(parts).prop_map(|mut more| {
        // Nothing is stored of an object without members.
        if let Value::Object(map) = &mut more {
            map.retain(|_, value| value.as_object().is_none_or(|parts| !parts.is_empty()));
        }
        user(more)
    })
}

/// One change of one attribute: the path of the legacy dialect and a value.
fn change(path: &'static str) -> BoxedStrategy<(String, Value)> {
    let value = match path {
        "active" => any::<bool>().prop_map(Value::Bool).boxed(),
        _ => text().boxed(),
    };
    value.prop_map(move |value| (path.to_owned(), value)).boxed()
}

pub(super) const DEPARTMENT: &str =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
const WORK_ADDRESS: &str = r#"emails[type eq "work"].value"#;
const MOBILE: &str = r#"phoneNumbers[type eq "mobile"].value"#;

fn changes() -> impl Strategy<Value = Vec<(String, Value)>> {
    let paths = vec![
        "displayName",
        "title",
        "active",
        "name.familyName",
        "name.givenName",
        WORK_ADDRESS,
        MOBILE,
        DEPARTMENT,
    ];
    subsequence(paths, 1..=8)
        .prop_flat_map(|paths| paths.into_iter().map(change).collect::<Vec<_>>())
}

/// The change as text where it is a boolean, as the legacy dialect has it.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Bool(true) => json!("True"),
        Value::Bool(false) => json!("False"),
        other => other.clone(),
    }
}

fn one_by_one(op: &str, changes: &[(String, Value)]) -> Value {
    let operation = |(path, value): &(String, Value)| json!({ "op": op, "path": path, "value": as_text(value) });
    changes.iter().map(operation).collect()
}

/// Slots first, everything else in one object with flattened keys.
fn flattened(changes: &[(String, Value)]) -> Value {
    let (slots, plain): (Vec<_>, Vec<_>) =
        changes.iter().cloned().partition(|(path, _)| path.contains('['));
    let mut operations: Vec<Value> = slots
        .iter()
        .map(|(path, value)| json!({ "op": "replace", "path": path, "value": value }))
        .collect();
    if !plain.is_empty() {
        operations
            .push(json!({ "op": "replace", "value": plain.into_iter().collect::<Map<_, _>>() }));
    }
    operations.into()
}

/// Slots first, everything else in one object of objects.
fn nested(changes: &[(String, Value)]) -> Value {
    let mut value = json!({});
    let mut operations = Vec::new();
    for (path, new) in changes {
        if path.contains('[') {
            operations.push(json!({ "op": "replace", "path": path, "value": new }));
        } else if let Some(part) = path.strip_prefix(ENTERPRISE) {
            value[ENTERPRISE][part.trim_start_matches(':')] = new.clone();
        } else if let Some((attr, part)) = path.split_once('.') {
            value[attr][part] = new.clone();
        } else {
            value[path] = new.clone();
        }
    }
    if value != json!({}) {
        operations.push(json!({ "op": "replace", "value": value }));
    }
    operations.into()
}

fn after(before: &Value, operations: Value) -> Value {
    outcome(before, patch_body(operations), Rules::default()).unwrap().0
}

/// One operation for each of some attributes, of every kind of edit.
fn operations() -> impl Strategy<Value = Value> {
    let list = prop_oneof![labelled(), Just(json!([]))];
    let op = || select(vec!["add", "Replace", "remove", "Remove"]);
    let with_text = |path: &'static str| {
        (op(), prop_oneof![text(), Just(json!(""))])
            .prop_map(move |(op, value)| match op.to_lowercase().as_str() {
                "remove" => json!({ "op": op, "path": path }),
                "add" if value == "" => json!({ "op": op, "path": path, "value": "a" }),
                _ => json!({ "op": op, "path": path, "value": value }),
            })
            .boxed()
    };
    let with_list = move |path: &'static str| {
        (op(), list.clone())
            .prop_map(move |(op, value)| json!({ "op": op, "path": path, "value": value }))
            .boxed()
    };
    let pool = vec![
        with_text("title"),
        with_text("displayName"),
        with_text("name.familyName"),
        with_text(WORK_ADDRESS),
        with_text(DEPARTMENT),
        with_list("phoneNumbers"),
        with_list("roles"),
    ];
    subsequence(pool, 1..=7).prop_flat_map(|operations| operations).prop_map(Value::Array)
}

/// Operations of which nobody knows whether they are any good.
fn doubtful() -> impl Strategy<Value = Value> {
    let op = select(vec!["add", "replace", "remove", "Add", "merge"]);
    let path = select(vec![
        "userName",
        "title",
        "active",
        "emails",
        WORK_ADDRESS,
        "emails[primary eq true]",
        "name",
        "name.familyName",
        "id",
        "groups",
        DEPARTMENT,
        ENTERPRISE,
        "shoeSize",
        "emails[",
        "",
        "members",
        "manager",
        "meta.version",
        r#"emails[value co "a"].display"#,
    ]);
    let value = prop_oneof![
        text(),
        labelled(),
        Just(json!(null)),
        Just(json!("")),
        Just(json!([])),
        Just(json!({})),
        Just(json!(7)),
        Just(json!({ "value": "a" })),
        Just(json!({ "familyName": "b" })),
        any::<bool>().prop_map(Value::Bool),
    ];
    let operation = (op, option::of(path), option::of(value)).prop_map(|(op, path, value)| {
        let mut operation = json!({ "op": op });
        if let Some(path) = path {
            operation["path"] = json!(path);
        }
        if let Some(value) = value {
            operation["value"] = value;
        }
        operation
    });
    prop::collection::vec(operation, 1..5).prop_map(Value::Array)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn the_same_change_twice_is_the_same_as_once(
        before in person(), operations in operations()
    ) {
        let rules = Rules::default();
        let once = outcome(&before, patch_body(operations.clone()), rules).unwrap().0;
        let (twice, changed) = outcome(&once, patch_body(operations), rules).unwrap();
        prop_assert_eq!(&twice, &once);
        prop_assert!(!changed);
    }

    #[test]
    fn a_change_happens_as_a_whole_or_not_at_all(
        before in person(), operations in doubtful(), strict in any::<bool>()
    ) {
        // `outcome` holds a refused resource against what it was.
        let rules = Rules { strict, ..Rules::default() };
        let _ = outcome(&before, patch_body(operations), rules);
    }

    #[test]
    fn what_a_change_leaves_behind_can_be_put_back_as_it_is(
        before in person(), operations in doubtful()
    ) {
        if let Ok((after, _)) = outcome(&before, patch_body(operations), Rules::default()) {
            prop_assert_eq!(put(&after, after.clone()), (after, false));
        }
    }

    #[test]
    fn one_element_at_most_is_primary(before in person(), operations in doubtful()) {
        if let Ok((after, _)) = outcome(&before, patch_body(operations), Rules::default()) {
            let emails = after["emails"].as_array().cloned().unwrap_or_default();
            let primary = emails.iter().filter(|email| email["primary"] == true).count();
            prop_assert!(primary <= 1, "{}", after);
        }
    }

    #[test]
    fn every_dialect_means_the_same(before in person(), changes in changes()) {
        let expected = after(&before, one_by_one("Replace", &changes));
        prop_assert_eq!(&after(&before, one_by_one("Add", &changes)), &expected);
        prop_assert_eq!(&after(&before, one_by_one("replace", &changes)), &expected);
        prop_assert_eq!(&after(&before, flattened(&changes)), &expected);
        prop_assert_eq!(&after(&before, nested(&changes)), &expected);
    }

    #[test]
    fn every_change_is_found_by_a_filter(before in person(), changes in changes()) {
        let after = after(&before, one_by_one("Replace", &changes));
        for (path, value) in changes {
            let filter = format!("{path} eq {value}");
            prop_assert!(super::finds(&filter, after.clone()), "{} in {}", filter, after);
        }
    }

    #[test]
    fn what_was_created_is_what_was_sent(person in person()) {
        prop_assert_eq!(created(person.clone()), person);
    }

    #[test]
    fn putting_the_body_of_the_creation_changes_nothing(person in person()) {
        let created = created(person.clone());
        prop_assert_eq!(put(&created, person), (created, false));
    }

    #[test]
    fn a_put_leaves_what_its_body_says(before in person(), body in person()) {
        let (mut after, _) = put(&before, body.clone());
        if body.get("active").is_none() {
            after.as_object_mut().unwrap().remove("active");
        }
        prop_assert_eq!(after, body);
    }
}
