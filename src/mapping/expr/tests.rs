//! The language, example by example, and its bounds.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Expr, Fuel, Names, Scope, parse};

fn eval(text: &str) -> Option<Value> {
    let user = json!({
        "userName": "Eva.Smit", "n": 7, "big": 9_007_199_254_740_993_u64, "no": false, "blank": "",
        "tags": ["b", "a", "b"], "nothing": null,
        "logins": [{"id": 1, "provider": "cas"}, {"id": 2, "provider": "saml"}],
    });
    let names = [("user", &user)];
    let fuel = Fuel::new();
    let expr = parse(text).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"));
    expr.eval(&Scope::new(&names, &fuel)).map(std::borrow::Cow::into_owned)
}

#[test]
fn expressions_mean_what_they_say() {
    let cases = [
        ("user.userName | lower | trim", json!("eva.smit")),
        ("user.n == 7 and not user.no", json!(true)),
        ("user.missing ?? 'x'", json!("x")),
        ("user.nothing ?? 'x'", json!("x")),
        ("user.blank | default('x')", json!("x")),
        ("user.n > 5 ? 'many' : 'few'", json!("many")),
        ("'a' in user.tags", json!(true)),
        ("user.tags | unique | sort | join(',')", json!("a,b")),
        (
            "(user.logins | where(item.provider == 'saml') | first)",
            json!({"id": 2, "provider": "saml"}),
        ),
        ("user.logins[-1].id", json!(2)),
        ("user.logins | map(item.id)", json!([1, 2])),
        ("user.logins | any(item.provider in ['saml', 'oidc'])", json!(true)),
        ("{a: user.n, b: user.missing}", json!({"a": 7})),
        ("[user.n, user.missing]", json!([7])),
        ("user.missing | known", json!(false)),
        ("user.nothing | known", json!(true)),
        ("user.big", json!(9_007_199_254_740_993_u64)),
        ("'42' | number", json!(42)),
        ("'Zoë Ågård' | ascii", json!("Zoe Agard")),
        ("'İbrahim Nguyễn' | ascii", json!("Ibrahim Nguyen")),
        ("'Łukasz ǦAMAL Ẽẞǽ' | ascii", json!("Lukasz GAMAL ESsae")),
        ("'Zoe\u{308} 北京' | ascii", json!("Zoe ")),
        ("'a/ b//c' | split('/')", json!(["a", "b", "c"])),
        ("'a-b-c' | replace('-', '+')", json!("a+b+c")),
        ("'a1b22' | replace_all('[0-9]+', '#')", json!("a#b#")),
        ("'key' | basic('')", json!("Basic a2V5Og==")),
        ("'o\\'neil' | odata", json!("'o''neil'")),
        ("'a-b' | matches('^[a-z-]+$')", json!(true)),
        ("'/Users/12' | extract('/([0-9]+)$')", json!("12")),
        ("0 | date('%d-%m-%Y')", json!("01-01-1970")),
        (
            "'21/05/2024, 10:00:00' | parse_date('%d/%m/%Y, %H:%M:%S')",
            json!("2024-05-21T10:00:00Z"),
        ),
        ("'2026-11-21T10:00:00Z' | plus_days(-1) | date('%d-%m-%Y')", json!("20-11-2026")),
        ("{a: {b: 1}} | over({a: {c: 2}, d: 3})", json!({"a": {"b": 1, "c": 2}, "d": 3})),
        (
            "'<https://x/a?page=2>; rel=\"next\", <https://x/b>; rel=\"last\"' | link('next')",
            json!("https://x/a?page=2"),
        ),
        ("'a=1; Path=/\nsid=abc; HttpOnly' | cookie('sid')", json!("abc")),
        ("'sid=deleted; Max-Age=0\nsid=abc\nb=2' | cookie('sid')", json!("abc")),
        ("user['userName']", json!("Eva.Smit")),
        ("true ? false ? 1 : 2 : 3", json!(2)),
    ];
    for (text, wanted) in cases {
        assert_eq!(eval(text), Some(wanted), "{text}");
    }
}

#[test]
fn what_cannot_be_is_absent() {
    for text in ["user.n | split(',')[0]", "user.tags | lower", "'x' | number", "user.logins[9].id"]
    {
        if let Ok(expr) = parse(text) {
            let user = json!({"n": 1, "tags": [], "logins": []});
            let (names, fuel) = ([("user", &user)], Fuel::new());
            assert_eq!(expr.eval(&Scope::new(&names, &fuel)), None, "{text}");
        }
    }
}

#[test]
fn mistakes_have_a_place_and_a_hint() {
    let mistake = parse("value | lowr").unwrap_err();
    assert_eq!((mistake.offset, mistake.length), (8, 4));
    assert_eq!(mistake.hint.as_deref(), Some("did you mean `lower`?"));
    assert_eq!(parse("a = 1").unwrap_err().hint.as_deref(), Some("equality is written `==`"));
    assert!(parse("'x").unwrap_err().message.contains("no end"));
    assert!(parse("a b").is_err() && parse("").is_err() && parse("a |").is_err());
    assert!(parse("x | truncate").unwrap_err().message.contains("one argument"));
    assert!(parse("x | matches('(')").unwrap_err().message.contains("pattern"));
}

#[test]
fn unknown_names_are_found_before_anything_runs() {
    let mut names = Names::of(&["body"]);
    names.add_closed("settings", vec!["token".into()]);
    let misuse = |text: &str| names.check(&parse(text).unwrap());
    assert_eq!(misuse("body.x and settings.token"), []);
    assert_eq!(misuse("settings.tokn")[0].hint.as_deref(), Some("did you mean `token`?"));
    assert_eq!(misuse("bdy.x")[0].hint.as_deref(), Some("did you mean `body`?"));
    assert_eq!(misuse("body | map(item.id)"), []);
    assert_eq!(misuse("item.id").len(), 1);
}

#[test]
fn an_expression_cannot_run_away() {
    let list: Value = (0..200).collect();
    let names = [("list", &list)];
    let fuel = Fuel::of(10_000);
    let text = "list | map(list | map(list | map(1)))";
    let scope = Scope::new(&names, &fuel);
    parse(text).unwrap().eval(&scope);
    assert!(scope.dry());
    assert!(parse(&"(".repeat(100)).is_err());
    assert!(parse(&format!("x{}", " | lower".repeat(1000))).is_err());
    assert!(parse(&"not ".repeat(400)).is_err());
}

#[test]
fn a_text_that_grows_too_long_is_absent_and_not_forgotten() {
    let long = json!("x".repeat(200_000));
    let names = [("long", &long)];
    for text in [
        "long | prefix(long)",
        "long | replace('x', 'xx')",
        "long | replace_all('x', 'xx')",
        "'x' | pad(9000000, '0')",
        "[long, long] | join(',')",
        "[long, long] | json",
    ] {
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let expr = parse(text).unwrap();
        assert_eq!(expr.eval(&scope), None, "{text}");
        assert!(scope.dry(), "{text}");
        // What else is there is read as before.
        assert!(parse("long | lower").unwrap().eval(&scope).is_some());
    }
}

proptest! {
    #[test]
    fn any_text_parses_or_is_refused(text in "[a-z.|()\\[\\]{}?:='\"0-9, <>!-]{0,60}") {
        if let Ok(expr) = parse(&text) {
            let value = json!({"a": [1, "x"]});
            let (names, fuel) = ([("a", &value)], Fuel::of(10_000));
            let _: Option<_> = Expr::eval(&expr, &Scope::new(&names, &fuel));
        }
    }
}

#[test]
fn an_expression_is_never_true_without_what_it_needs() {
    let needy = [
        "body.code",
        "body.code == 'a'",
        "'a' == body.code",
        "body.code in ['a', 'b']",
        "'a' in body.code",
        "body.code | text | starts('a')",
        "body.code | any(item == 1)",
        "body.code.deep > 1",
        "1 <= body.code",
        "body.code == 'a' and body.other",
        "status == 1 and body.code",
        "body.code == 'a' or body.code == 'b'",
        "body.code | matches('^a')",
    ];
    let bodies =
        [json!({}), json!({ "other": 1 }), json!([]), json!(null), json!("code"), json!(7)];
    for text in needy {
        let expr = parse(text).unwrap();
        assert_eq!(expr.needs_of("body"), Some("code"), "{text}");
        for body in &bodies {
            let status = json!(1);
            let names = [("body", body), ("status", &status)];
            assert!(!expr.holds(&Scope::new(&names, &Fuel::new())), "{text} of {body}");
        }
    }
    let free = [
        "body.code != 'a'",
        "body.code == null",
        "not body.code",
        "body.code in ['a', null]",
        "body.code in body.other",
        "body.code == body.other",
        "body.code or body.other",
        "body.code ?? true",
        "body.code | known",
        "body.code | default('x')",
        "body[0]",
        "status == 1",
    ];
    for text in free {
        let expr = parse(text).unwrap();
        assert_ne!(expr.needs_of("body"), Some("code"), "{text}");
    }
}
