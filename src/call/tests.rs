//! No value can add, remove or change another parameter, segment, header or key.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Booleans, Encoding, Lists, Style, Target, Unfit, header, pairs};

/// Text that an attacker would try, and anything else.
fn hostile() -> impl Strategy<Value = String> {
    let trick = prop::sample::select(vec![
        "&",
        "=",
        "[",
        "]",
        "%5D",
        "%00",
        "\0",
        "/",
        "..",
        "?",
        "#",
        "\r\n",
        "\"",
        "\\",
        "{",
        "}",
        ";",
        "+",
        "%",
        "users[0][auth]",
        "&wstoken=x",
        "../../admin",
        "\u{202e}",
        "é",
        "😀",
        ",",
    ]);
    let tricks = prop::collection::vec(trick, 0..6).prop_map(|parts| parts.concat());
    prop_oneof![tricks, any::<String>()]
}

/// Reads a form the way PHP and every URL parser do: split, then unescape.
fn parse_form(text: &str) -> Vec<(String, String)> {
    let plain = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " "))
            .decode_utf8()
            .unwrap()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(key, value)| (plain(key), plain(value)))
        .collect()
}

fn styles() -> impl Strategy<Value = Style> {
    let lists = prop::sample::select(vec![Lists::Indexed, Lists::Bracketed, Lists::Repeated]);
    let booleans = prop::sample::select(vec![Booleans::Digits, Booleans::Words]);
    (lists, booleans).prop_map(|(lists, booleans)| Style { nested: true, lists, booleans })
}

fn bytes_of(encoding: &Encoding, tree: &Value) -> String {
    String::from_utf8(encoding.encode(tree).unwrap().unwrap().bytes).unwrap()
}

proptest! {
    #[test]
    fn a_form_keeps_every_value_in_its_own_field(a in hostile(), b in hostile(), style in styles()) {
        let tree = json!({"users": [{"username": a, "custom": [{"type": "t", "value": b}]}], "x": true});
        let text = bytes_of(&Encoding::Form(style), &tree);
        let names: Vec<_> = parse_form(&text).into_iter().map(|(name, _)| name).collect();
        let calm = json!({"users": [{"username": "a", "custom": [{"type": "t", "value": "b"}]}], "x": true});
        let expected: Vec<_> = pairs(&calm, style).unwrap().into_iter().map(|(name, _)| name).collect();
        prop_assert_eq!(names, expected);
        let values = parse_form(&text);
        prop_assert!(values.iter().any(|(name, value)| name.ends_with("[username]") && *value == a));
        prop_assert!(values.iter().any(|(name, value)| name.ends_with("[value]") && *value == b));
    }

    #[test]
    fn json_keeps_every_value_in_its_own_key(a in hostile(), b in hostile()) {
        let tree = json!({"user": {"name": a, "more": [b]}});
        let back: Value = serde_json::from_str(&bytes_of(&Encoding::Json(None), &tree)).unwrap();
        prop_assert_eq!(back, tree);
    }

    #[test]
    fn a_path_value_stays_within_its_segment(value in hostile()) {
        let mut target = Target::new();
        target.written("/users/sis_login_id:");
        match target.value(&value) {
            Ok(()) => {
                target.written("/logins");
                target.ask("per_page", "100");
                let text = target.to_string();
                let (path, query) = text.split_once('?').unwrap();
                prop_assert_eq!(query, "per_page=100");
                let parts: Vec<_> = path.split('/').collect();
                prop_assert_eq!(parts.len(), 4);
                let back = percent_encoding::percent_decode_str(parts[2]).decode_utf8().unwrap().into_owned();
                prop_assert_eq!(back, format!("sis_login_id:{value}"));
                prop_assert!(!path.contains('#') && !path.contains('.'));
            }
            Err(unfit) => {
                prop_assert_eq!(unfit, Unfit::Segment);
                prop_assert!(value.is_empty() || value == "." || value == "..");
            }
        }
    }

    #[test]
    fn a_query_value_stays_within_its_parameter(a in hostile(), b in hostile()) {
        let mut target = Target::new();
        target.written("/users");
        target.ask("filter[login][eq]", a.clone());
        target.ask("page", b.clone());
        let text = target.to_string();
        let query = parse_form(text.split_once('?').unwrap().1);
        prop_assert_eq!(query, vec![("filter[login][eq]".to_owned(), a), ("page".to_owned(), b)]);
        prop_assert!(!text.contains('#'));
    }

    #[test]
    fn a_header_value_cannot_begin_another_header(value in hostile()) {
        if let Ok(kept) = header(&value) {
            prop_assert!(!kept.contains(['\r', '\n', '\0']));
            prop_assert_eq!(kept, value);
        }
    }

    #[test]
    fn a_key_from_data_is_carried_whole_or_refused(key in hostile(), style in styles()) {
        let tree = json!({"users": {key.clone(): "v"}});
        match pairs(&tree, style) {
            Ok(found) => prop_assert_eq!(found, vec![(format!("users[{key}]"), "v".to_owned())]),
            Err(unfit) => prop_assert_eq!(unfit, Unfit::Key(key)),
        }
    }
}

#[test]
fn booleans_and_lists_follow_the_style() {
    let tree = json!({"a": true, "b": [1, 2], "c": null, "d": {"e": false}});
    let php = Style { nested: true, ..Style::default() };
    assert_eq!(bytes_of(&Encoding::Form(php), &tree), "a=1&b%5B0%5D=1&b%5B1%5D=2&d%5Be%5D=0");
    let rails = Style { nested: true, lists: Lists::Bracketed, booleans: Booleans::Words };
    assert_eq!(
        bytes_of(&Encoding::Form(rails), &tree),
        "a=true&b%5B%5D=1&b%5B%5D=2&d%5Be%5D=false"
    );
}

#[test]
fn a_flat_form_refuses_an_object() {
    let tree = json!({"d": {"e": false}});
    assert_eq!(pairs(&tree, Style::default()), Err(Unfit::Shape("d".into())));
}

#[test]
fn a_reply_is_read_by_its_bytes_not_by_its_label() {
    use super::{Format, Reply};
    let read =
        |text: &str| Reply::read(200, &[("Content-Type", "application/json")], text.as_bytes());
    assert_eq!(read("").format(), Format::Empty);
    assert_eq!(read("null").format(), Format::Json);
    assert_eq!(read("<!DOCTYPE html>").format(), Format::Html);
    assert_eq!(read("OK 12").body(), &json!("OK 12"));
    assert_eq!(read("\u{feff}[1]").body(), &json!([1]));
}

#[test]
fn a_list_without_items_has_a_name_where_lists_have_brackets() {
    let tree = json!({"ids": [], "user": {"tags": []}, "x": "y"});
    let text = |lists| {
        let style = Style { nested: true, lists, booleans: Booleans::Digits };
        bytes_of(&Encoding::Form(style), &tree)
    };
    assert_eq!(text(Lists::Bracketed), "ids%5B%5D=&user%5Btags%5D%5B%5D=&x=y");
    assert_eq!(text(Lists::Indexed), "x=y");
    assert_eq!(text(Lists::Repeated), "x=y");
}
